/*
 * The simulated hypervisor's insides: private memory, the unit's driver, the
 * tables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_HYPERVISOR_PRIVATE_H
#define SIM_HYPERVISOR_PRIVATE_H

#include "iovlab/hypervisor.h"
#include "iovlab/vtd_unit.h"

/* Fixed pages at the start of the private memory. */
enum {
    HVR_PAGE_ROOT = 0,
    HVR_PAGE_QUEUE = 1,
    HVR_PAGE_STATUS = 2,
    HVR_PAGE_IRT = 3,
    HVR_IRT_PAGES = 16,
    HVR_FIXED_PAGES = HVR_PAGE_IRT + HVR_IRT_PAGES,
};
#define HVR_IRTES (HVR_IRT_PAGES * 4096 / VTD_ENTRY_SIZE)
#define HVR_IRTA_S 11           /* 2^12 entries */
#define HVR_IRTE_BLOCK 32       /* largest consecutive allocation */

/* Four levels: guest addresses of 48 bits. */
#define HVR_LEVELS 4
/* Above it an SPA would not fit the unit's host address width. */
#define HVR_GPA_LIMIT (1ULL << 45)

/* The fault event's message, as the hypervisor's processors would get it. */
#define HVR_FAULT_ADDRESS 0xfee00000
#define HVR_FAULT_DATA 0x4b

typedef struct HvrDomain {
    uint16_t rid;
    uint16_t id;
    uint64_t table;
} HvrDomain;

/* Waits until the unit has let go of it. */
typedef struct HvrRetired {
    uint32_t sequence;          /* of the wait descriptor behind its flush */
    uint64_t table;
    uint16_t domain;            /* 0: only the table goes */
} HvrRetired;

typedef struct HvrIrte {
    bool used;
    bool set;
    uint16_t rid;
    HvrInterrupt irq;
} HvrIrte;

struct Hypervisor {
    VtdUnit *unit;
    const HypervisorOps *ops;
    void *opaque;

    uint64_t base;              /* of the private memory */
    GArray *free_pages;         /* uint64_t */
    unsigned table_pages;       /* second-stage pages in use */

    uint32_t tail;              /* of the queue, bytes */
    uint32_t sequence;          /* of the last wait descriptor */

    HvrRam *ram;
    size_t ram_count;

    GHashTable *domains;        /* rid -> HvrDomain */
    uint8_t domain_used[65536 / 8];
    uint16_t next_domain;
    GArray *retired;            /* HvrRetired */

    HvrIrte irtes[HVR_IRTES];
    unsigned next_irte;
    unsigned irtes_used;
};

/* Memory (hypervisor_table.c). */
uint64_t hypervisor_read64(Hypervisor *hv, uint64_t spa);
void hypervisor_write64(Hypervisor *hv, uint64_t spa, uint64_t value);
/* A zeroed page; 0 if there is none. */
uint64_t hypervisor_page_new(Hypervisor *hv);
void hypervisor_page_free(Hypervisor *hv, uint64_t page);
/* A second-stage table of the RAM; 0 if pages ran out. */
uint64_t hypervisor_table_new(Hypervisor *hv);
void hypervisor_table_free(Hypervisor *hv, uint64_t table);

/* Driving the unit (hypervisor_unit.c). */
void hypervisor_unit_start(Hypervisor *hv);
/* False if there is no page for the context table of the bus. */
bool hypervisor_context_set(Hypervisor *hv, uint16_t rid, uint16_t domain,
                            uint64_t table);
void hypervisor_context_clear(Hypervisor *hv, uint16_t rid);
/* Nothing of @rid and @domain is cached or in flight behind the sync. */
void hypervisor_flush_domain(Hypervisor *hv, uint16_t rid, uint16_t domain);
void hypervisor_irte_write(Hypervisor *hv, unsigned index, uint64_t lo,
                           uint64_t hi);
/* 2^mask entries. */
void hypervisor_flush_irtes(Hypervisor *hv, unsigned index, unsigned mask);
/* Takes the free entry @index for @rid. */
void hypervisor_irte_restore(Hypervisor *hv, unsigned index, uint16_t rid);
/* Queues a wait; returns its sequence number. */
uint32_t hypervisor_sync(Hypervisor *hv);
bool hypervisor_synced(Hypervisor *hv, uint32_t sequence);

#endif
