/*
 * One VT-d remapping unit: registers, translation, interrupt remapping.
 *
 * The unit has the register interface and in-memory tables of the VT-d
 * specification and no owner of its own: a guest's driver or the simulated
 * hypervisor (iovlab/hypervisor.h) programs it.  Its caches hold what they
 * were filled with until it is invalidated, as silicon's do, so that a driver
 * that forgets to flush is found out.
 *
 * Requests come from devices through vtd_unit_translate() and
 * vtd_unit_remap().  Neither allocates.  A request that is blocked has been
 * recorded (unless fault processing is disabled for the entry) before the
 * call returns.
 *
 * Everything runs in one thread.  The unit may be entered again from its own
 * callbacks (an event interrupt may lead to a register access).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_VTD_UNIT_H
#define IOVLAB_VTD_UNIT_H

#include "iovlab/bytes.h"
#include "iovlab/state.h"
#include "spec/vtd.h"

typedef struct VtdUnit VtdUnit;

typedef struct VtdUnitConfig {
    uint8_t aw_bits;            /* guest address width: 39, 48 or 57 */
    uint8_t haw_bits;           /* host address width, 32..52 */
    bool interrupt_remapping;
    bool eim;                   /* 32-bit APIC ids */
    bool caching_mode;          /* absent entries are cached as well */
    bool pass_through;
    bool snoop_control;
    bool coherent;              /* table walks snoop CPU caches */
    bool dma_drain;             /* DRD, DWD */
    bool write_buffer;          /* RWBF: software must flush it */
    bool set_root_invalidates;  /* ESRTPS, ESIRTPS */
    bool protected_memory;      /* PLMR, PHMR */
    bool fault_log;             /* AFL: faults to a log in memory */
    bool compress_faults;       /* one pending record for each requester */
    bool scalable_mode;         /* SMTS with PASID, second stage, A/D bits */
    bool first_stage;           /* FSTS, NEST; with scalable_mode */
    bool device_tlb;            /* DT: ATS */
    bool page_requests;         /* PRS; with both of these */
    uint16_t fault_records;     /* 1..VTD_FRCD_MAX */
    /* Caches: entries and ways, powers of two, ways <= entries, 16 at most. */
    uint32_t iotlb_entries;
    uint32_t iotlb_ways;
    uint32_t context_entries;
    uint32_t context_ways;
    uint32_t irte_entries;
    uint32_t irte_ways;
    uint32_t structure_entries; /* 0: no paging-structure cache */
    uint32_t structure_ways;
} VtdUnitConfig;

/* Sensible values for all of it: 48 bits, everything offered, 8 records. */
void vtd_unit_config_default(VtdUnitConfig *config);
/* NULL if the values can be built, otherwise a sentence (caller frees). */
char *vtd_unit_config_check(const VtdUnitConfig *config);

/* The entry that decided about a request. */
typedef enum VtdEntryKind {
    VTD_ENTRY_NONE,             /* the request itself */
    VTD_ENTRY_ROOT,
    VTD_ENTRY_CONTEXT,
    VTD_ENTRY_PAGING,           /* level says which */
    VTD_ENTRY_IRTE,
    VTD_ENTRY_DIRECTORY,        /* of PASIDs */
    VTD_ENTRY_PASID,
    VTD_ENTRY_FIRST_PAGING,     /* level says which */
} VtdEntryKind;

typedef struct VtdFault {
    VtdFaultReason reason;
    uint16_t sid;
    bool has_pasid;
    bool privileged;
    uint8_t at;                 /* VTD_AT_* of the request */
    uint32_t pasid;
    bool write;
    bool page_request;          /* not DMA */
    bool recorded;              /* for software; otherwise FPD, overflow... */
    uint64_t address;           /* DMA address, or index of the interrupt */
    VtdEntryKind entry;
    uint8_t level;              /* paging level, 1 = 4K */
    bool cached;                /* the entry came out of a cache */
    uint64_t entry_address;     /* where the entry is in memory */
    VtdEntry value;             /* what it holds; hi unused for paging */
} VtdFault;

/* Reason in words, e.g. "no write permission"; never NULL. */
const char *vtd_fault_reason_text(uint8_t reason);
/* A whole sentence without the device's name; caller frees. */
char *vtd_fault_describe(const VtdFault *fault);

/* An invalidation that a device's own TLB has to obey (ATS). */
typedef struct VtdDeviceInvalidation {
    uint16_t sid;
    bool has_pasid;
    bool all_pasids;            /* with has_pasid: whatever the PASID */
    uint32_t pasid;
    uint64_t address;           /* first byte */
    uint64_t last;              /* last byte */
} VtdDeviceInvalidation;

typedef enum VtdDeviceAnswer {
    VTD_DEVICE_DONE,            /* completed */
    VTD_DEVICE_PENDING,         /* vtd_unit_device_answered() will tell */
    VTD_DEVICE_ABSENT,          /* no such device: it will never complete */
} VtdDeviceAnswer;

typedef struct VtdPageResponse {
    uint16_t sid;
    bool has_pasid;
    uint32_t pasid;
    uint16_t group;
    uint8_t code;               /* VTD_PGR_* */
} VtdPageResponse;

/* What an invalidation covered, for users of earlier translations. */
typedef struct VtdInvalidated {
    enum { VTD_INV_ALL, VTD_INV_DOMAIN, VTD_INV_PAGES, VTD_INV_DEVICE } what;
    uint16_t domain;
    uint16_t sid;               /* VTD_INV_DEVICE, with sid_mask bits ignored */
    uint16_t sid_mask;
    uint64_t address;           /* VTD_INV_PAGES: start and size in bytes */
    uint64_t size;
} VtdInvalidated;

typedef struct VtdUnitOps {
    /* Tables and queues: false if any byte is not memory. */
    bool (*mem_read)(void *opaque, uint64_t addr, void *buf, size_t len);
    bool (*mem_write)(void *opaque, uint64_t addr, const void *buf, size_t len);
    /*
     * Sets bits of an entry, atomically: false if it is not memory.  *now is
     * what the entry holds then: @old unless somebody changed it, in which
     * case nothing was written.  NULL: a plain write.
     */
    bool (*mem_update)(void *opaque, uint64_t addr, uint64_t old, uint64_t new,
                       uint64_t *now);
    /* The unit's own event interrupts.  They are never remapped (7.3). */
    void (*send_msi)(void *opaque, uint64_t address, uint32_t data);
    /*
     * May one be sent now?  If not it stays pending (IP), and the callback
     * sees to it that vtd_unit_send_events() is called.  NULL: always.
     */
    bool (*can_send)(void *opaque);
    /*
     * Wait for requests that were translated earlier to reach memory.  True
     * when that is so now; false if vtd_unit_drained() will be called later,
     * until when the invalidation is not complete.  NULL: always so.
     */
    bool (*drain)(void *opaque);
    /* Every blocked request, recorded or not.  May be NULL. */
    void (*fault)(void *opaque, const VtdFault *fault);
    /* Translations changed (QEMU's IOMMU notifiers).  May be NULL. */
    void (*invalidated)(void *opaque, const VtdInvalidated *what);
    /* Interrupt entries changed; count 0: all of them.  May be NULL. */
    void (*irte_invalidated)(void *opaque, uint32_t index, uint32_t count);
    /* ATS and page requests.  NULL: no device has them. */
    VtdDeviceAnswer (*device_invalidate)(void *opaque,
                                         const VtdDeviceInvalidation *what);
    void (*page_response)(void *opaque, const VtdPageResponse *response);
} VtdUnitOps;

/* @config must have passed vtd_unit_config_check(). */
VtdUnit *vtd_unit_new(const VtdUnitConfig *config, const VtdUnitOps *ops,
                      void *opaque);
void vtd_unit_free(VtdUnit *u);
/* Power-on state: everything off, caches empty, faults gone. */
void vtd_unit_reset(VtdUnit *u);
/* A drain that the callback put off is over. */
void vtd_unit_drained(VtdUnit *u);
/* Event interrupts that the callback put off are sent. */
void vtd_unit_send_events(VtdUnit *u);

/*
 * Register access, @size 4 or 8, naturally aligned.  Others read as zero and
 * are ignored on write (11.2), and traced.
 */
uint64_t vtd_unit_mmio_read(VtdUnit *u, uint64_t offset, unsigned size);
void vtd_unit_mmio_write(VtdUnit *u, uint64_t offset, uint64_t value,
                         unsigned size);

/* The address type of a request (PCIe's AT field). */
typedef enum VtdAddressType {
    VTD_AT_UNTRANSLATED = 0,
    VTD_AT_REQUEST = 1,         /* a translation request: for messages */
    VTD_AT_TRANSLATED = 2,      /* from the device's own TLB */
} VtdAddressType;

/* The registers as a page for docs/; caller frees. */
char *vtd_unit_register_page(void);

/* A DMA request. */
typedef struct VtdRequest {
    uint16_t sid;               /* requester id */
    uint8_t at;                 /* VTD_AT_UNTRANSLATED or _TRANSLATED */
    bool has_pasid;
    bool privileged;            /* with a PASID */
    uint32_t pasid;
    bool write;
    bool zero_length;           /* a read of no bytes (a flush) */
    bool probe;                 /* records, sets, caches nothing: a debugger */
    bool silent;                /* a fault is the caller's to record */
    uint64_t address;
} VtdRequest;

typedef struct VtdTranslation {
    uint64_t address;           /* of the page or, with mask ~0, everything */
    uint64_t mask;              /* size of the region - 1 */
    bool read;
    bool write;
    uint16_t domain;
} VtdTranslation;

/*
 * True: allowed.  The request's address is translated to
 * (address & ~mask) | (request & mask).  False: blocked; *fault (may be NULL)
 * says why.
 */
bool vtd_unit_translate(VtdUnit *u, const VtdRequest *request,
                        VtdTranslation *out, VtdFault *fault);

/*
 * A translation request of a device (ATS).  False: unsupported request, with
 * a fault.  True: answered; *out has no permission at all if the page is
 * absent, which is no fault.  request->write: the device wants to write.
 */
bool vtd_unit_ats(VtdUnit *u, const VtdRequest *request, VtdTranslation *out,
                  VtdFault *fault);

/* The device has obeyed one pending invalidation, or never will (@lost). */
void vtd_unit_device_answered(VtdUnit *u, uint16_t sid, bool lost);

/* The device has sent a completion that nothing waits for. */
void vtd_unit_device_unexpected(VtdUnit *u, uint16_t sid);

/* A device asks software for a page (PRI). */
typedef struct VtdPageRequest {
    uint16_t sid;
    bool has_pasid;
    bool privileged;
    bool read;
    bool write;
    bool last;                  /* of its group: wants an answer */
    uint32_t pasid;
    uint16_t group;             /* 0..511 */
    uint64_t address;
} VtdPageRequest;

/*
 * Puts it into the page request queue.  False: refused (a fault), or lost for
 * want of room.  A lost last one has been answered before the call returns.
 */
bool vtd_unit_page_request(VtdUnit *u, const VtdPageRequest *request);

/* An interrupt as it reaches the processors. */
typedef struct VtdInterrupt {
    uint32_t dest;              /* APIC id or logical destination */
    uint8_t vector;
    uint8_t delivery_mode;      /* VTD_DLM_* */
    bool logical;
    bool redirection_hint;
    bool level;
    bool level_assert;
    bool remapped;              /* false: let through in its own format */
} VtdInterrupt;

/* A write of @data to @address in the interrupt window by @sid. */
bool vtd_unit_remap(VtdUnit *u, uint16_t sid, uint64_t address, uint32_t data,
                    VtdInterrupt *out, VtdFault *fault);

/* True while DMA of any device is translated. */
bool vtd_unit_translating(const VtdUnit *u);
/* True while interrupts are remapped. */
bool vtd_unit_remapping(const VtdUnit *u);

typedef struct VtdUnitStats {
    uint64_t iotlb_hits;
    uint64_t iotlb_misses;
    uint64_t context_hits;
    uint64_t context_misses;
    uint64_t device_invalidations;      /* sent to devices' TLBs */
    uint64_t page_requests;
    uint64_t entry_updates;     /* accessed and dirty bits set */
    uint64_t irte_hits;
    uint64_t irte_misses;
    uint64_t structure_hits;    /* walks that did not begin at the top */
    uint64_t walk_reads;        /* entries read from memory */
    uint64_t first_walks;       /* walks of a first stage, also nested */
    uint64_t faults;            /* blocked requests */
    uint64_t faults_lost;       /* of these, not recorded for want of room */
    uint64_t descriptors;       /* of the invalidation queue */
    uint64_t invalidated;       /* cache entries taken out by invalidations */
    uint32_t iotlb_used;        /* entries in use now */
    bool scalable;              /* the root table is in scalable mode */
} VtdUnitStats;

void vtd_unit_stats(const VtdUnit *u, VtdUnitStats *stats);

/*
 * Migration.  Caches are not carried: they start empty, which silicon may do
 * at any time.  Load takes hostile input, leaves the unit reset on error, and
 * reports through the reader.  It touches nothing but the unit: an invalidation
 * that waited and events that were put off go on with vtd_unit_resume(), when
 * memory and processors are there.
 */
void vtd_unit_save(const VtdUnit *u, StateWriter *w);
bool vtd_unit_load(VtdUnit *u, StateReader *r);
/* The machine runs; no effect but for the first time after a load. */
void vtd_unit_resume(VtdUnit *u);

#endif
