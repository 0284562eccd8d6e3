/*
 * The flow director's table.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_FDIR_H
#define SIM_IXGBE_FDIR_H

#include "iovlab/eth.h"
#include "iovlab/state.h"

/*
 * The fields that filters look at, as the datasheet's stream of 42 bytes has
 * them (7.1.2.7.11), masked; in words whose bits 31:24 are first on the wire.
 */
enum {
    FDIR_EDGE,                  /* pool 31:24, type 23:16, VLAN tag 15:0 */
    FDIR_SRC,                   /* 4 words; IPv4 in the first */
    FDIR_DST = FDIR_SRC + 4,    /* likewise */
    FDIR_PORTS = FDIR_DST + 4,
    FDIR_FLEX,                  /* flexible bytes 31:16 */
    FDIR_WORDS,
};

typedef struct FdirFlow {
    uint32_t word[FDIR_WORDS];
} FdirFlow;

/* 7.1.2.7.11: the 15-bit hash of a flow with one of the two keys. */
uint32_t ixgbe_fdir_hash(const FdirFlow *flow, uint32_t key);

typedef struct FdirMasks {
    uint32_t fdirm;
    uint32_t src4, dst4;        /* bits to keep */
    uint32_t tcp, udp, sctp;
    uint32_t src6[4], dst6[4];
    uint8_t local6[16];         /* IP6AT */
    bool has_local6;
    unsigned flex;              /* bytes from the start of the frame */
    bool perfect;
} FdirMasks;

/* What the table says of a frame. */
typedef struct FdirMatch {
    bool found;
    int queue;                  /* -1: none chosen */
    bool lli;
    uint32_t status;            /* bits of the write-back */
    bool report;                /* filter_id instead of the RSS hash */
    uint32_t filter_id;
} FdirMatch;

/* False if no filter looks at such a frame.  The pool is left out. */
bool ixgbe_fdir_extract(const FdirMasks *m, const uint8_t *frame, size_t len,
                        const FrameInfo *info, FdirFlow *flow);

/*
 * A filter.  Filters of a bucket are a chain in the order of programming;
 * those whose identity has the same slot in the index are another.
 */
typedef struct FdirEntry {
    FdirFlow flow;              /* perfect match */
    uint32_t action;            /* FDIRCMD */
    uint16_t bucket;
    uint16_t id;                /* signature, or software index */
    uint16_t position;          /* in the bucket, from 0 */
    uint16_t next, same_slot;   /* 1 + entry, 0: end */
    bool collided;
} FdirEntry;

typedef struct FdirTable {
    uint8_t alloc;              /* FDIRCTRL.PBALLOC when it was made */
    bool perfect;
    unsigned size;              /* filters, a power of two less one */
    unsigned bucket_mask;
    unsigned count, collided;
    uint32_t seed;              /* of the index: chains cannot be aimed at */
    FdirEntry *entry;
    uint16_t *free;             /* stack of unused entries */
    uint16_t *slot;             /* the index by identity: 1 + entry */
    uint16_t *head, *tail, *length;     /* of buckets */
} FdirTable;

/* @alloc is FDIRCTRL.PBALLOC; 0 leaves no table. */
void fdir_table_init(FdirTable *t, unsigned alloc, bool perfect);
void fdir_table_clear(FdirTable *t);
/* The filter of a signature, or of a flow; NULL if there is none. */
FdirEntry *fdir_table_match(const FdirTable *t, const FdirFlow *flow,
                            unsigned bucket, unsigned id);
/* The filter that the driver means by bucket and number. */
FdirEntry *fdir_table_find(const FdirTable *t, unsigned bucket, unsigned id);
/* NULL if the table is full.  There must be no such filter. */
FdirEntry *fdir_table_add(FdirTable *t, const FdirFlow *flow, unsigned bucket,
                          unsigned id);
void fdir_table_remove(FdirTable *t, FdirEntry *e);
void fdir_table_save(const FdirTable *t, StateWriter *w);
/* Its size and mode, too: FDIRCTRL may say something else by now. */
void fdir_table_load(FdirTable *t, StateReader *r);

#endif
