/*
 * The remapping unit's insides, shared by the files of sim/iommu/vtd_*.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_VTD_PRIVATE_H
#define SIM_VTD_PRIVATE_H

#include "iovlab/vtd_unit.h"
#include "iommu/vtd_cache.h"

typedef enum VtdStages {
    VTD_STAGES_NONE,            /* pass-through */
    VTD_STAGES_SECOND,
    VTD_STAGES_FIRST,
    VTD_STAGES_NESTED,          /* first, whose output second translates */
} VtdStages;

/*
 * What the tables (or what is missing in them) say about a requester, in
 * scalable mode about a requester and a PASID.
 */
typedef struct VtdContext {
    uint64_t second;            /* tops of the stages */
    uint64_t first;
    uint64_t space;             /* of its pages in the IOTLB */
    uint32_t pasid;             /* of the entry used: RID_PASID without one */
    uint16_t domain;
    uint8_t stages;             /* VTD_STAGES_* */
    uint8_t second_levels;
    uint8_t first_levels;
    uint8_t width;              /* of the input address, bits */
    bool scalable;
    bool fpd;                   /* faults are not recorded */
    bool ats;                   /* translation requests are allowed */
    bool supervisor;            /* SRE */
    bool rid_privileged;        /* requests without PASID are privileged */
    bool write_protect;         /* WPE */
    bool no_execute;            /* NXE */
    bool extended_accessed;     /* EAFE */
    bool second_dirty;          /* SSADE */
    bool snooped;               /* PWSNP: walks may set bits */
    uint8_t reason;             /* not 0: requests are blocked */
    VtdEntryKind entry;
    uint64_t entry_address;
    VtdEntry value;
} VtdContext;

/* Scalable mode: a device's context entry, which its PASIDs share. */
typedef struct VtdDevice {
    uint64_t directory;
    uint32_t rid_pasid;
    uint32_t pasids;            /* as many as the directory has room for */
    bool rid_privileged;
    bool fpd;
    bool ats;
    bool pasid_enabled;
    bool page_requests;
    uint8_t reason;
    VtdEntryKind entry;
    uint64_t entry_address;
    VtdEntry value;
} VtdDevice;

/* A translated page. */
typedef struct VtdPage {
    uint64_t target;            /* start of the page at its destination */
    uint8_t level;              /* 1: 4K, 2: 2M, 3: 1G */
    bool read;
    bool write;
    bool dirty;                 /* a write has nothing left to set dirty */
    bool user;                  /* not for privileged requests only */
    bool supervisor_write;      /* write, for a privileged request */
    VtdEntryKind entry;         /* the deciding entry, for messages */
    uint8_t entry_level;
    uint8_t reason;             /* caching mode: the page is known absent */
    uint64_t entry_address;
    uint64_t value;
} VtdPage;

#define VTD_LEAF_LEVELS 3

/* Where a walk goes on: a table, and what the entries above it allow. */
typedef struct VtdTable {
    uint64_t address;
    uint8_t level;              /* of the table's entries */
    bool read;
    bool write;
    bool user;
} VtdTable;

typedef enum VtdDrain {
    VTD_DRAIN_NONE,             /* no invalidation waits */
    VTD_DRAIN_QUEUE,            /* the descriptor at the head waits */
    VTD_DRAIN_IOTLB_REG,        /* IOTLB.IVT is set until it is over */
    VTD_DRAIN_DEVICES,          /* a wait descriptor waits for devices' TLBs */
} VtdDrain;

#define VTD_DRAIN_LAST VTD_DRAIN_DEVICES

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
    bool protecting;                    /* PMEN.PRS */

    unsigned next_record;               /* where the next fault goes */
    /* Latched by SFL: the log, and how many records it has room for, has. */
    uint64_t fault_log;
    uint32_t fault_log_records;
    uint32_t fault_log_next;
    bool queue_running;
    bool loaded;                        /* and not resumed */
    VtdDrain drain;
    /* Invalidations of devices' TLBs that have not been answered. */
    unsigned devices_pending;
    bool device_lost;                   /* one never will be */
    uint16_t device_lost_sid;

    VtdCache devices;
    VtdCache contexts;
    VtdCache pages;
    VtdCache irtes;
    VtdCache tables;
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

/* Largest address mask of a page-selective invalidation. */
static inline unsigned vtd_mamv(const VtdUnitConfig *cfg)
{
    return cfg->scalable_mode ? VTD_MAMV_SCALABLE : VTD_MAMV;
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

/* Protected memory (vtd_protect.c): true if no untranslated DMA may be there. */
bool vtd_protected(const VtdUnit *u, uint64_t address);
void vtd_protect_written(VtdUnit *u);
void vtd_protect_latch(VtdUnit *u);

/* Event interrupts (vtd_event.c): FECTL or IECTL and the three behind it. */
void vtd_event_raise(VtdUnit *u, unsigned ctl);
void vtd_event_control_written(VtdUnit *u, unsigned ctl);

/* Faults (vtd_fault.c). */
void vtd_fault_block(VtdUnit *u, VtdFault *fault, bool fpd);
void vtd_fault_record_cleared(VtdUnit *u);
void vtd_fault_status_written(VtdUnit *u, uint32_t old);
/* Sets an error bit of FSTS, with the event that goes with it. */
void vtd_fault_status_raise(VtdUnit *u, uint32_t bit);

/* The fault log in memory (vtd_fault_log.c). */
void vtd_fault_log_set(VtdUnit *u);
bool vtd_fault_log_active(const VtdUnit *u);
#define VTD_FAULT_LOG_MAX (VTD_PAGE_SIZE / VTD_ENTRY_SIZE << 7)
/* False if it is not there; *event is the bit of FSTS to set, 0 for none. */
bool vtd_fault_log_append(VtdUnit *u, uint64_t lo, uint64_t hi,
                          uint32_t *event);

/*
 * Resolving a requester (vtd_context.c, vtd_scalable.c) and walking its tables
 * (vtd_walk.c, vtd_first.c).  False: *fault has reason, entry, level; nothing
 * is recorded yet.
 */
bool vtd_context_get(VtdUnit *u, const VtdRequest *request, VtdContext *ctx,
                     VtdFault *fault);
/* The entry of a requester in memory; ctx->reason says why not. */
bool vtd_scalable_resolve(VtdUnit *u, const VtdRequest *request,
                          VtdContext *ctx);
/* Scalable mode's context entry, from cache or memory; a probe caches none. */
bool vtd_scalable_device(VtdUnit *u, uint16_t sid, bool probe,
                         VtdDevice *device);
/* The page that @request wants, whatever stages there are. */
bool vtd_walk(VtdUnit *u, const VtdContext *ctx, const VtdRequest *request,
              VtdPage *page, VtdFault *fault);
/* The second stage alone, of @address, which may be another one's output. */
bool vtd_walk_second(VtdUnit *u, const VtdContext *ctx, uint64_t address,
                     const VtdRequest *request, VtdPage *page,
                     VtdFault *fault);
bool vtd_walk_first(VtdUnit *u, const VtdContext *ctx,
                    const VtdRequest *request, VtdPage *page,
                    VtdFault *fault);
/*
 * Sets @bits of an entry in memory whose value is *entry; @retry is true if
 * somebody changed it meanwhile.  False if it is not memory.
 */
bool vtd_entry_set_bits(VtdUnit *u, uint64_t address, uint64_t *entry,
                        uint64_t bits, bool *retry);
bool vtd_read_entry(VtdUnit *u, uint64_t address, void *raw, size_t len);

static inline bool vtd_scalable(const VtdUnit *u)
{
    return u->root_mode == VTD_TTM_SCALABLE;
}

static inline bool vtd_privileged(const VtdContext *ctx,
                                  const VtdRequest *request)
{
    return request->has_pasid ? request->privileged : ctx->rid_privileged;
}

/* The page lets the request through. */
static inline bool vtd_page_permits(const VtdPage *page, const VtdContext *ctx,
                                    const VtdRequest *request)
{
    bool privileged = vtd_privileged(ctx, request);

    if (!page->user && !privileged) {
        return false;
    }
    if (request->write) {
        return privileged ? page->supervisor_write : page->write;
    }
    return page->read || (request->zero_length && page->write);
}

/* The caches' tags.  A key is never 0, which marks an empty slot. */
static inline VtdTag vtd_tag_device(uint16_t sid)
{
    return (VtdTag) { .key = (uint64_t)sid << 1 | 1 };
}

/* Bit 20 says that the request had no PASID. */
static inline VtdTag vtd_tag_context(const VtdRequest *request)
{
    return (VtdTag) {
        .key = (uint64_t)request->sid << 1 | 1,
        .space = request->has_pasid ? request->pasid : 1U << 20,
    };
}

static inline VtdTag vtd_tag_irte(uint32_t index)
{
    return (VtdTag) { .key = (uint64_t)index << 1 | 1 };
}

static inline unsigned vtd_level_shift(unsigned level)
{
    return VTD_PAGE_SHIFT + 9 * (level - 1);
}

/*
 * A space of pages: a domain's second stage, or the first stage of a PASID in
 * a domain, alone or nested (6.2.4).
 */
static inline uint64_t vtd_space(VtdStages stages, uint16_t domain,
                                 uint32_t pasid)
{
    uint64_t tagged = stages == VTD_STAGES_SECOND ? 0 : pasid;

    return domain | tagged << 16 | (uint64_t)stages << 36;
}

static inline uint16_t vtd_space_domain(uint64_t space)
{
    return space;
}

static inline uint32_t vtd_space_pasid(uint64_t space)
{
    return space >> 16 & VTD_PASID_MAX;
}

static inline VtdStages vtd_space_stages(uint64_t space)
{
    return space >> 36 & 3;
}

/* Addresses have 57 bits; what is above is a copy of the last or 0. */
#define VTD_ADDRESS_MASK ((1ULL << 57) - 1)

static inline VtdTag vtd_tag_page(uint64_t space, uint64_t address,
                                  unsigned level)
{
    return (VtdTag) {
        .key = (address & VTD_ADDRESS_MASK) >> vtd_level_shift(level) << 3 |
               level << 1 | 1,
        .space = space,
    };
}

static inline unsigned vtd_tag_page_level(VtdTag tag)
{
    return tag.key >> 1 & 3;
}

static inline uint64_t vtd_tag_page_address(VtdTag tag)
{
    return tag.key >> 3 << vtd_level_shift(vtd_tag_page_level(tag));
}

/* Does an entry's space belong to what is invalidated? */
typedef bool VtdMatch(uint64_t space, uint64_t wanted);

/* IOTLB (vtd_iotlb.c).  The pointer is valid until the next insertion. */
const VtdPage *vtd_iotlb_find(VtdUnit *u, uint64_t space, uint64_t address);
void vtd_iotlb_insert(VtdUnit *u, uint64_t space, uint64_t address,
                      const VtdPage *page);
/* These take the paging-structure cache along, unless only @leaves changed. */
void vtd_iotlb_flush_all(VtdUnit *u);
void vtd_iotlb_flush_domain(VtdUnit *u, uint16_t domain);
/* First-stage and nested pages of a PASID. */
void vtd_iotlb_flush_pasid(VtdUnit *u, uint16_t domain, uint32_t pasid);
/* 2^am pages of 4K in one space, @address taken down to that alignment. */
void vtd_iotlb_flush_pages(VtdUnit *u, uint64_t space, uint64_t address,
                           unsigned am, bool leaves);
/*
 * As vtd_iotlb_flush_pages() of a domain's second stage; what the first stage
 * has a part in goes all, with its tables, since it is not known by the address
 * between the stages (6.5.2.3).
 */
void vtd_iotlb_flush_second(VtdUnit *u, uint16_t domain, uint64_t address,
                            unsigned am, bool leaves);

/*
 * Paging-structure cache (vtd_structure.c): *table is where the walk would
 * start, and becomes the lowest table that is known.
 */
void vtd_structure_start(VtdUnit *u, uint64_t space, uint64_t address,
                         VtdTable *table);
/* @table is what the entry above it, of @address, led to. */
void vtd_structure_insert(VtdUnit *u, uint64_t space, uint64_t address,
                          const VtdTable *table);
void vtd_structure_flush_all(VtdUnit *u);
/* Entries on the way to @address, of each level. */
void vtd_structure_flush_path(VtdUnit *u, uint64_t space, uint64_t address);
/* Entries on the way to @first..@last in spaces that match. */
void vtd_structure_flush(VtdUnit *u, VtdMatch *match, uint64_t wanted,
                         uint64_t first, uint64_t last);

/* Invalidations with everything that follows (vtd_invalidate.c). */
bool vtd_invalidate_context(VtdUnit *u, unsigned granularity, uint16_t domain,
                            uint16_t sid, unsigned function_mask);
bool vtd_invalidate_iotlb(VtdUnit *u, unsigned granularity, uint16_t domain,
                          uint64_t address, unsigned am, bool leaves);
bool vtd_invalidate_pasid_iotlb(VtdUnit *u, unsigned granularity,
                                uint16_t domain, uint32_t pasid,
                                uint64_t address, unsigned am, bool leaves);
bool vtd_invalidate_pasid_cache(VtdUnit *u, unsigned granularity,
                                uint16_t domain, uint32_t pasid);
void vtd_invalidate_device(VtdUnit *u, const VtdDeviceInvalidation *what);
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

/* Page requests (vtd_page_request.c). */
void vtd_page_request_status_written(VtdUnit *u);

#endif
