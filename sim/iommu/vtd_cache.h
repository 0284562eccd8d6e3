/*
 * A set-associative cache: tags of two words, one payload for each slot.
 *
 * Tags lie together so that a look-up of four ways touches one cache line of
 * the host.  The replacement is round robin within a set: deterministic, and
 * no bookkeeping on a hit.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_VTD_CACHE_H
#define SIM_VTD_CACHE_H

#include "iovlab/bytes.h"

#define VTD_CACHE_MAX_ENTRIES (1U << 20)
#define VTD_CACHE_MAX_WAYS 16

typedef struct VtdTag {
    uint64_t key;               /* 0: empty */
    uint64_t space;             /* what the key is to be understood in */
} VtdTag;

typedef struct VtdCache {
    VtdTag *tags;
    uint8_t *payload;
    uint8_t *victim;            /* of each set, the way to replace next */
    size_t payload_size;
    uint32_t entries;
    uint32_t ways;
    unsigned set_shift;         /* the hash's upper bits choose the set */
    uint32_t used;
} VtdCache;

bool vtd_cache_geometry_ok(uint32_t entries, uint32_t ways);
void vtd_cache_init(VtdCache *c, uint32_t entries, uint32_t ways,
                    size_t payload_size);
void vtd_cache_destroy(VtdCache *c);
/* Takes every entry out; returns how many there were. */
uint32_t vtd_cache_clear(VtdCache *c);
void vtd_cache_drop(VtdCache *c, uint32_t slot);
/*
 * A slot for @tag, whose payload the caller writes.  *evicted is the tag that
 * had to go, with key 0 if none had to.
 */
uint32_t vtd_cache_insert(VtdCache *c, VtdTag tag, VtdTag *evicted);

static inline uint32_t vtd_cache_set(const VtdCache *c, VtdTag tag)
{
    uint64_t mixed = (tag.key ^ tag.space * 0xff51afd7ed558ccdULL) *
                     0x9e3779b97f4a7c15ULL;

    /* A shift by 64 would be undefined: one set uses bit 63 twice. */
    return (mixed >> 1 >> (c->set_shift - 1)) * c->ways;
}

/* The slot, or -1. */
static inline int32_t vtd_cache_find(const VtdCache *c, VtdTag tag)
{
    uint32_t first = vtd_cache_set(c, tag);

    for (uint32_t way = 0; way < c->ways; way++) {
        if (c->tags[first + way].key == tag.key &&
            c->tags[first + way].space == tag.space) {
            return first + way;
        }
    }
    return -1;
}

static inline void *vtd_cache_payload(const VtdCache *c, uint32_t slot)
{
    return c->payload + slot * c->payload_size;
}

#endif
