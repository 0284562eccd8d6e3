/*
 * The paging-structure cache: entries that lead to tables, so that a walk need
 * not begin at the top.
 *
 * An entry is known by its space, its level and the address bits that chose
 * it, and holds what the walk had come to below it.  It stays until an
 * invalidation that covers it, unless that says that only leaves changed (IH).
 * Nested translation uses it for the second stage alone.  Source: VT-d 4.1,
 * 6.2.3, 6.5.2.3.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"

#define LOWEST 2                /* level 1 leads to no table */
#define HIGHEST 5

static VtdTag tag_of(uint64_t space, uint64_t address, unsigned level)
{
    return (VtdTag) {
        .key = (address & VTD_ADDRESS_MASK) >> vtd_level_shift(level) << 4 |
               level << 1 | 1,
        .space = space,
    };
}

static unsigned level_of(VtdTag tag)
{
    return tag.key >> 1 & 7;
}

void vtd_structure_start(VtdUnit *u, uint64_t space, uint64_t address,
                         VtdTable *table)
{
    for (unsigned level = LOWEST; u->tables.used && level <= table->level;
         level++) {
        int32_t slot = vtd_cache_find(&u->tables,
                                      tag_of(space, address, level));

        if (slot >= 0) {
            *table = *(VtdTable *)vtd_cache_payload(&u->tables, slot);
            u->stats.structure_hits++;
            return;
        }
    }
}

void vtd_structure_insert(VtdUnit *u, uint64_t space, uint64_t address,
                          const VtdTable *table)
{
    VtdTag evicted;
    uint32_t slot;

    if (u->tables.entries) {
        slot = vtd_cache_insert(&u->tables,
                                tag_of(space, address, table->level + 1),
                                &evicted);
        *(VtdTable *)vtd_cache_payload(&u->tables, slot) = *table;
    }
}

void vtd_structure_flush_path(VtdUnit *u, uint64_t space, uint64_t address)
{
    for (unsigned level = LOWEST; u->tables.used && level <= HIGHEST;
         level++) {
        int32_t slot = vtd_cache_find(&u->tables,
                                      tag_of(space, address, level));

        if (slot >= 0) {
            vtd_cache_drop(&u->tables, slot);
            u->stats.invalidated++;
        }
    }
}

void vtd_structure_flush_all(VtdUnit *u)
{
    u->stats.invalidated += vtd_cache_clear(&u->tables);
}

void vtd_structure_flush(VtdUnit *u, VtdMatch *match, uint64_t wanted,
                         uint64_t first, uint64_t last)
{
    for (uint32_t slot = 0; u->tables.used && slot < u->tables.entries;
         slot++) {
        VtdTag tag = u->tables.tags[slot];
        unsigned shift = vtd_level_shift(level_of(tag));

        if (tag.key && match(tag.space, wanted) &&
            first >> shift <= tag.key >> 4 && tag.key >> 4 <= last >> shift) {
            vtd_cache_drop(&u->tables, slot);
            u->stats.invalidated++;
        }
    }
}
