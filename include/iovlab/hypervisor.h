/*
 * The simulated hypervisor's use of the IOMMU (owner=hypervisor).
 *
 * The guest never sees this unit.  Its tables live in memory that no guest
 * address reaches, and guest RAM lives at a system physical address (SPA)
 * that differs from its guest physical address (GPA) by HVR_SPA_OFFSET: DMA
 * that escaped translation would go nowhere.
 *
 * A device is known by its 16-bit requester id.  Granting it maps the guest's
 * RAM into a domain of its own and points its context entry there; revoking
 * takes both away, invalidates with drain, and frees its interrupt entries.
 * Everything goes through the unit's registers and in-memory tables, as a
 * hypervisor would do it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_HYPERVISOR_H
#define IOVLAB_HYPERVISOR_H

#include "iovlab/bytes.h"
#include "iovlab/state.h"

#define HVR_SPA_OFFSET 0x4000000000ULL      /* 256 GiB */

typedef struct Hypervisor Hypervisor;
struct VtdUnit;

typedef struct HvrRam {
    uint64_t gpa;
    uint64_t size;
    bool writable;
} HvrRam;

typedef struct HvrFault {
    uint16_t rid;
    uint8_t reason;           /* VT-d fault reason, spec/vtd.h */
    bool write;
    bool interrupt;
    uint64_t address;         /* DMA address, or index of the entry */
} HvrFault;

/* An interrupt as the guest's PCI driver asks for it. */
typedef struct HvrInterrupt {
    uint32_t dest_apic_id;
    uint8_t vector;
    bool logical;
    bool lowest_priority;
} HvrInterrupt;

/*
 * @unit is owned by the caller and outlives the hypervisor.  @spa_read and
 * @spa_write reach the private tables.  @on_fault (may be NULL) hears of each
 * record taken from the unit.
 */
typedef struct HypervisorOps {
    bool (*spa_read)(void *opaque, uint64_t spa, void *buf, size_t len);
    bool (*spa_write)(void *opaque, uint64_t spa, const void *buf, size_t len);
    void (*on_fault)(void *opaque, const HvrFault *fault);
} HypervisorOps;

/* Tables are placed in [table_spa, table_spa + table_size). */
Hypervisor *hypervisor_new(struct VtdUnit *unit, uint64_t table_spa,
                           uint64_t table_size, const HypervisorOps *ops,
                           void *opaque);
void hypervisor_free(Hypervisor *hv);

/* Guest RAM layout: new grants map it; call again when it changes. */
void hypervisor_set_ram(Hypervisor *hv, const HvrRam *ram, size_t count);

/* False with *error set (owned by the caller) if tables are full. */
bool hypervisor_grant(Hypervisor *hv, uint16_t rid, char **error);
void hypervisor_revoke(Hypervisor *hv, uint16_t rid);
bool hypervisor_granted(const Hypervisor *hv, uint16_t rid);

/*
 * Allocates @count consecutive interrupt entries (count a power of two, at
 * most 32) for @rid; returns the index of the first, or -1.  Vector i uses
 * entry index + i.
 */
int hypervisor_irte_alloc(Hypervisor *hv, uint16_t rid, unsigned count);
bool hypervisor_irte_set(Hypervisor *hv, int index, const HvrInterrupt *irq);
void hypervisor_irte_free(Hypervisor *hv, int index, unsigned count);
/* The remappable-format MSI (VT-d 5.1.2.2) that reaches entry @index. */
void hypervisor_irte_msi(int index, uint64_t *address, uint32_t *data);

/*
 * The unit's event interrupt: @data of a message that VtdUnitOps.send_msi got.
 * Takes the fault records and calls on_fault for each.
 */
void hypervisor_interrupt(Hypervisor *hv, uint32_t data);

/*
 * Migration: which requester ids are granted, which entries are allocated and
 * what they hold.  Loading builds tables anew for the RAM of this machine; on
 * error (in the reader) nothing is granted.
 */
void hypervisor_save(const Hypervisor *hv, StateWriter *w);
bool hypervisor_load(Hypervisor *hv, StateReader *r);
/* Machine reset: every grant and interrupt entry is taken back. */
void hypervisor_reset(Hypervisor *hv);

/* For leak checks: all zero when nothing is granted. */
typedef struct HypervisorUse {
    unsigned domains;
    unsigned table_pages;     /* beyond the fixed root, context, IRT, queue */
    unsigned irtes;
} HypervisorUse;
void hypervisor_use(const Hypervisor *hv, HypervisorUse *use);

#endif
