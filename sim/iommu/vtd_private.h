/*
 * The remapping unit's insides, shared by the files of sim/iommu/vtd_*.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_VTD_PRIVATE_H
#define SIM_VTD_PRIVATE_H

#include "iovlab/vtd_unit.h"
#include "iommu/vtd_cache.h"

/* What a requester's root and context entry (or their absence) come to. */
typedef struct VtdContext {
    uint64_t table;             /* top of the second stage */
    uint16_t domain;
    uint8_t levels;             /* 0: pass-through */
    bool fpd;                   /* faults are not recorded */
    uint8_t reason;             /* caching mode: the entry is known absent */
    VtdEntryKind entry;
    uint64_t entry_address;
    VtdEntry value;
} VtdContext;

/* A translated page. */
typedef struct VtdPage {
    uint64_t target;            /* start of the page at its destination */
    uint8_t level;              /* 1: 4K, 2: 2M, 3: 1G */
    bool read;
    bool write;
    uint8_t reason;             /* caching mode: the page is known absent */
    uint64_t entry_address;     /* the deciding entry, for messages */
    uint64_t value;
} VtdPage;

#define VTD_LEAF_LEVELS 3

typedef enum VtdDrain {
    VTD_DRAIN_NONE,             /* no invalidation waits */
    VTD_DRAIN_QUEUE,            /* the descriptor at the head waits */
    VTD_DRAIN_IOTLB_REG,        /* IOTLB.IVT is set until it is over */
} VtdDrain;

struct VtdUnit {
    VtdUnitConfig cfg;
    const VtdUnitOps *ops;
    void *opaque;

    uint8_t regs[VTD_MMIO_SIZE];
    uint8_t row_of[VTD_MMIO_SIZE / 4];  /* register table row of each dword */

    /* Latched by SRTP and SIRTP (11.4.4.1). */
    uint64_t root_table;
    unsigned root_mode;                 /* VTD_TTM_* */
    uint64_t irt_table;
    uint32_t irt_entries;
    bool eime;

    /* Copies of GSTS bits for the translation paths. */
    bool te;
    bool ire;
    bool cfi;

    unsigned next_record;               /* where the next fault goes */
    bool queue_running;
    VtdDrain drain;

    VtdCache contexts;
    VtdCache pages;
    VtdCache irtes;
    uint32_t pages_of_level[VTD_LEAF_LEVELS + 1];

    VtdUnitStats stats;
};

/* Registers (vtd_regs.c). */
void vtd_regs_init(VtdUnit *u);
void vtd_regs_reset(VtdUnit *u);
/* Copies of CAP and ECAP from the configuration. */
uint64_t vtd_regs_cap(const VtdUnitConfig *cfg);
uint64_t vtd_regs_ecap(const VtdUnitConfig *cfg);

static inline uint32_t vtd_reg32(const VtdUnit *u, unsigned offset)
{
    return rd_le32(u->regs + offset);
}

static inline uint64_t vtd_reg64(const VtdUnit *u, unsigned offset)
{
    return rd_le64(u->regs + offset);
}

static inline void vtd_set32(VtdUnit *u, unsigned offset, uint32_t v)
{
    wr_le32(u->regs + offset, v);
}

static inline void vtd_set64(VtdUnit *u, unsigned offset, uint64_t v)
{
    wr_le64(u->regs + offset, v);
}

/* Bits of an address that the host cannot have. */
static inline uint64_t vtd_beyond_haw(const VtdUnit *u)
{
    return ~((1ULL << u->cfg.haw_bits) - 1);
}

/* Commands (vtd_unit.c). */
void vtd_command(VtdUnit *u, uint32_t value);
/* Takes te, ire, cfi from GSTS. */
void vtd_status_latch(VtdUnit *u);

/* Event interrupts (vtd_event.c): FECTL or IECTL and the three behind it. */
void vtd_event_raise(VtdUnit *u, unsigned ctl);
void vtd_event_control_written(VtdUnit *u, unsigned ctl);

/* Faults (vtd_fault.c). */
void vtd_fault_block(VtdUnit *u, VtdFault *fault, bool fpd);
void vtd_fault_record_cleared(VtdUnit *u);
void vtd_fault_status_written(VtdUnit *u, uint32_t old);
/* Sets an error bit of FSTS, with the event that goes with it. */
void vtd_fault_status_raise(VtdUnit *u, uint32_t bit);

/*
 * Resolving a requester (vtd_context.c) and walking its table (vtd_walk.c).
 * False: *fault has reason, entry, level; nothing is recorded yet.
 */
bool vtd_context_get(VtdUnit *u, uint16_t sid, VtdContext *ctx,
                     VtdFault *fault);
bool vtd_walk(VtdUnit *u, const VtdContext *ctx, const VtdRequest *request,
              VtdPage *page, VtdFault *fault);

/* The caches' tags.  Never 0, which marks an empty slot. */
static inline uint64_t vtd_tag_context(uint16_t sid)
{
    return (uint64_t)sid << 1 | 1;
}

static inline uint64_t vtd_tag_irte(uint32_t index)
{
    return (uint64_t)index << 1 | 1;
}

static inline unsigned vtd_level_shift(unsigned level)
{
    return VTD_PAGE_SHIFT + 9 * (level - 1);
}

static inline uint64_t vtd_tag_page(uint16_t domain, uint64_t address,
                                    unsigned level)
{
    return address >> vtd_level_shift(level) << 19 |
           (uint64_t)domain << 3 | level << 1 | 1;
}

static inline uint16_t vtd_tag_page_domain(uint64_t tag)
{
    return tag >> 3;
}

static inline unsigned vtd_tag_page_level(uint64_t tag)
{
    return tag >> 1 & 3;
}

static inline uint64_t vtd_tag_page_address(uint64_t tag)
{
    return tag >> 19 << vtd_level_shift(vtd_tag_page_level(tag));
}

/* IOTLB (vtd_iotlb.c).  The pointer is valid until the next insertion. */
const VtdPage *vtd_iotlb_find(VtdUnit *u, uint16_t domain, uint64_t address);
void vtd_iotlb_insert(VtdUnit *u, uint16_t domain, uint64_t address,
                      const VtdPage *page);
void vtd_iotlb_flush_all(VtdUnit *u);
void vtd_iotlb_flush_domain(VtdUnit *u, uint16_t domain);
/* 2^am pages of 4K, @address taken down to that alignment. */
void vtd_iotlb_flush_pages(VtdUnit *u, uint16_t domain, uint64_t address,
                           unsigned am);

/* Invalidations with everything that follows (vtd_invalidate.c). */
bool vtd_invalidate_context(VtdUnit *u, unsigned granularity, uint16_t domain,
                            uint16_t sid, unsigned function_mask);
bool vtd_invalidate_iotlb(VtdUnit *u, unsigned granularity, uint16_t domain,
                          uint64_t address, unsigned am);
void vtd_invalidate_irte(VtdUnit *u, bool all, uint16_t index, unsigned mask);
/* False if the end of the drain will be told by vtd_unit_drained(). */
bool vtd_invalidate_drain(VtdUnit *u, bool wanted);
void vtd_context_command(VtdUnit *u);
void vtd_iotlb_command(VtdUnit *u);
void vtd_iotlb_command_done(VtdUnit *u);

/* Queued invalidation (vtd_queue.c). */
void vtd_queue_enable(VtdUnit *u, bool on);
void vtd_queue_run(VtdUnit *u);
void vtd_queue_drained(VtdUnit *u);
/* The tail was written: false bits and bounds are errors. */
void vtd_queue_tail_written(VtdUnit *u);

#endif
