/*
 * A set-associative cache: see vtd_cache.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_cache.h"

static bool power_of_two(uint32_t v)
{
    return v && !(v & (v - 1));
}

bool vtd_cache_geometry_ok(uint32_t entries, uint32_t ways)
{
    return power_of_two(entries) && power_of_two(ways) && ways <= entries &&
           entries <= VTD_CACHE_MAX_ENTRIES && ways <= VTD_CACHE_MAX_WAYS;
}

void vtd_cache_init(VtdCache *c, uint32_t entries, uint32_t ways,
                    size_t payload_size)
{
    uint32_t sets = entries / ways;

    *c = (VtdCache) {
        .tags = g_new0(VtdTag, entries),
        .payload = g_malloc0_n(entries, payload_size),
        .victim = g_new0(uint8_t, sets),
        .payload_size = payload_size,
        .entries = entries,
        .ways = ways,
        .set_shift = 64 - (g_bit_storage(sets) - 1),
    };
}

void vtd_cache_destroy(VtdCache *c)
{
    g_clear_pointer(&c->tags, g_free);
    g_clear_pointer(&c->payload, g_free);
    g_clear_pointer(&c->victim, g_free);
}

uint32_t vtd_cache_clear(VtdCache *c)
{
    uint32_t used = c->used;

    if (used) {
        memset(c->tags, 0, sizeof(c->tags[0]) * c->entries);
        c->used = 0;
    }
    return used;
}

void vtd_cache_drop(VtdCache *c, uint32_t slot)
{
    if (c->tags[slot].key) {
        c->tags[slot].key = 0;
        c->used--;
    }
}

uint32_t vtd_cache_insert(VtdCache *c, VtdTag tag, VtdTag *evicted)
{
    uint32_t first = vtd_cache_set(c, tag);
    int32_t slot = vtd_cache_find(c, tag);

    *evicted = (VtdTag) { 0 };
    for (uint32_t way = 0; slot < 0 && way < c->ways; way++) {
        if (!c->tags[first + way].key) {
            slot = first + way;
            c->used++;
        }
    }
    if (slot < 0) {
        uint8_t *victim = &c->victim[first / c->ways];

        slot = first + *victim;
        *victim = (*victim + 1) & (c->ways - 1);
        *evicted = c->tags[slot];
    }
    c->tags[slot] = tag;
    return slot;
}
