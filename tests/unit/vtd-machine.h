/*
 * A remapping unit on plain memory, with the helpers that its tests share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TEST_VTD_MACHINE_H
#define TEST_VTD_MACHINE_H

#include "iovlab/vtd_unit.h"

#define VM_MEM_SIZE 0x100000ULL

/* Where the tests put things; free memory starts at VM_FREE. */
enum {
    VM_ROOT = 0x1000,
    VM_IRT = 0x10000,
    VM_QUEUE = 0x20000,
    VM_STATUS = 0x30000,
    VM_FREE = 0x40000,
};

typedef struct VtdMachine {
    VtdUnit *unit;
    uint8_t *mem;
    uint64_t free;              /* next free table page */
    uint32_t tail;              /* of the queue, bytes */
    bool wide;                  /* its descriptors have 256 bits */
    unsigned msis;
    uint64_t msi_address;
    uint32_t msi_data;
    bool hold_msis;
    void (*on_msi)(struct VtdMachine *m);       /* what its handler does */
    VtdFault last_fault;
    unsigned faults;
    bool hold_drain;
    unsigned drains;
    VtdInvalidated last_invalidated;
    unsigned race_updates;      /* updates that find the entry changed */
    VtdDeviceAnswer device_answer;
    VtdDeviceInvalidation last_device;
    unsigned device_invalidations;
    VtdPageResponse last_response;
    unsigned responses;
} VtdMachine;

void vm_init(VtdMachine *m, const VtdUnitConfig *config);
/* As vm_init(), with caches so small that they are quickly made and full. */
void vm_init_small(VtdMachine *m, VtdUnitConfig *config);
void vm_destroy(VtdMachine *m);

uint32_t vm_read32(VtdMachine *m, unsigned offset);
uint64_t vm_read64(VtdMachine *m, unsigned offset);
void vm_write32(VtdMachine *m, unsigned offset, uint32_t value);
void vm_write64(VtdMachine *m, unsigned offset, uint64_t value);
void vm_poke64(VtdMachine *m, uint64_t address, uint64_t value);
uint64_t vm_peek64(VtdMachine *m, uint64_t address);
uint64_t vm_page(VtdMachine *m);

/* Root table set, translation on. */
void vm_enable(VtdMachine *m);
/* Interrupt table of 256 entries set, remapping on. */
void vm_enable_ir(VtdMachine *m, bool eime);
/* Queue of 256 descriptors on. */
void vm_enable_queue(VtdMachine *m);
/* Sets level bits of GCMD on top of what GSTS has. */
void vm_command(VtdMachine *m, uint32_t set);

/* Context entry for @sid; makes the context table if there is none. */
uint64_t vm_context(VtdMachine *m, uint16_t sid, uint64_t lo, uint64_t hi);
/* A device of @domain with a fresh table of @levels; returns the table. */
uint64_t vm_device(VtdMachine *m, uint16_t sid, uint16_t domain,
                   unsigned levels);
/* Maps a leaf at @level; returns the address of its entry. */
uint64_t vm_map(VtdMachine *m, uint64_t table, unsigned levels, uint64_t iova,
                uint64_t entry, unsigned level);
void vm_irte(VtdMachine *m, unsigned index, uint64_t lo, uint64_t hi);

/*
 * Scalable mode: a root table in that mode, queue of 256-bit descriptors.  A
 * device gets a PASID directory; its entry's three quadwords are the caller's.
 */
void vm_enable_scalable(VtdMachine *m);
void vm_enable_wide_queue(VtdMachine *m);
uint64_t vm_scalable_device(VtdMachine *m, uint16_t sid, uint64_t bits,
                            uint64_t rid_pasid);
/* The entry's address. */
uint64_t vm_pasid(VtdMachine *m, uint64_t directory, uint32_t pasid,
                  uint64_t lo, uint64_t second, uint64_t third);
/* First-stage tables: as vm_map(), @entry with its own bits. */
uint64_t vm_map_first(VtdMachine *m, uint64_t table, unsigned levels,
                      uint64_t iova, uint64_t entry, unsigned level);
/* No reason of the specification's: protected memory blocked it. */
#define VM_PROTECTED 0xff
/* A request in full; the reason, VTD_FR_NONE if it went through. */
VtdFaultReason vm_request(VtdMachine *m, const VtdRequest *request,
                          uint64_t *out);

/* One request; the reason, VTD_FR_NONE if it went through. */
VtdFaultReason vm_dma(VtdMachine *m, uint16_t sid, uint64_t address,
                      bool write, uint64_t *out);
VtdFaultReason vm_msi(VtdMachine *m, uint16_t sid, unsigned index,
                      VtdInterrupt *out);

/* One descriptor at the tail, of the queue's width. */
void vm_queue(VtdMachine *m, uint64_t lo, uint64_t hi);

/* The record at @index as software reads it; clears it. */
typedef struct VmRecord {
    bool pending;
    uint16_t sid;
    uint8_t reason;
    bool read;
    bool page_request;
    bool has_pasid;
    uint32_t pasid;
    uint64_t info;
} VmRecord;
VmRecord vm_take_record(VtdMachine *m, unsigned index);

#endif
