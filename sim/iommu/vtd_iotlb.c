/*
 * The IOTLB: translated pages, tagged with their space (a domain, in the first
 * stage also a PASID), address and page size.
 *
 * Nothing leaves it but by invalidation or for want of room.  Source: VT-d
 * 4.1, 6.2.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"

const VtdPage *vtd_iotlb_find(VtdUnit *u, uint64_t space, uint64_t address)
{
    for (unsigned level = 1; level <= VTD_LEAF_LEVELS; level++) {
        int32_t slot;

        if (!u->pages_of_level[level]) {
            continue;
        }
        slot = vtd_cache_find(&u->pages, vtd_tag_page(space, address, level));
        if (slot >= 0) {
            return vtd_cache_payload(&u->pages, slot);
        }
    }
    return NULL;
}

void vtd_iotlb_insert(VtdUnit *u, uint64_t space, uint64_t address,
                      const VtdPage *page)
{
    /* An absent page is remembered as one of 4K, whatever level said so. */
    unsigned level = page->reason ? 1 : page->level;
    VtdTag tag = vtd_tag_page(space, address, level);
    bool present = vtd_cache_find(&u->pages, tag) >= 0;
    VtdTag evicted;
    uint32_t slot = vtd_cache_insert(&u->pages, tag, &evicted);

    memcpy(vtd_cache_payload(&u->pages, slot), page, sizeof(*page));
    if (evicted.key) {
        u->pages_of_level[vtd_tag_page_level(evicted)]--;
    }
    if (!present) {
        u->pages_of_level[level]++;
    }
}

static void drop(VtdUnit *u, uint32_t slot)
{
    u->pages_of_level[vtd_tag_page_level(u->pages.tags[slot])]--;
    u->stats.invalidated++;
    vtd_cache_drop(&u->pages, slot);
}

void vtd_iotlb_flush_all(VtdUnit *u)
{
    u->stats.invalidated += vtd_cache_clear(&u->pages);
    memset(u->pages_of_level, 0, sizeof(u->pages_of_level));
    vtd_structure_flush_all(u);
}

static bool in_domain(uint64_t space, uint64_t wanted)
{
    return vtd_space_domain(space) == vtd_space_domain(wanted);
}

static bool in_pasid(uint64_t space, uint64_t wanted)
{
    return in_domain(space, wanted) &&
           vtd_space_stages(space) != VTD_STAGES_SECOND &&
           vtd_space_pasid(space) == vtd_space_pasid(wanted);
}

static bool in_space(uint64_t space, uint64_t wanted)
{
    return space == wanted;
}

static bool first_in_domain(uint64_t space, uint64_t wanted)
{
    return in_domain(space, wanted) &&
           vtd_space_stages(space) != VTD_STAGES_SECOND;
}

static void flush_spaces(VtdUnit *u, VtdMatch *match, uint64_t wanted)
{
    for (uint32_t slot = 0; u->pages.used && slot < u->pages.entries; slot++) {
        VtdTag tag = u->pages.tags[slot];

        if (tag.key && match(tag.space, wanted)) {
            drop(u, slot);
        }
    }
}

void vtd_iotlb_flush_domain(VtdUnit *u, uint16_t domain)
{
    flush_spaces(u, in_domain, domain);
    vtd_structure_flush(u, in_domain, domain, 0, VTD_ADDRESS_MASK);
}

void vtd_iotlb_flush_pasid(VtdUnit *u, uint16_t domain, uint32_t pasid)
{
    uint64_t wanted = vtd_space(VTD_STAGES_FIRST, domain, pasid);

    flush_spaces(u, in_pasid, wanted);
    vtd_structure_flush(u, in_pasid, wanted, 0, VTD_ADDRESS_MASK);
}

/* A few pages are looked up one by one, many are found by a scan. */
#define LOOK_UP_AM 5

static void look_up_pages(VtdUnit *u, uint64_t space, uint64_t first,
                          uint64_t size)
{
    for (unsigned level = 1; level <= VTD_LEAF_LEVELS; level++) {
        uint64_t step = 1ULL << vtd_level_shift(level);

        if (!u->pages_of_level[level]) {
            continue;
        }
        for (uint64_t a = first & ~(step - 1); a - first < size || a < first;
             a += step) {
            int32_t slot = vtd_cache_find(&u->pages,
                                          vtd_tag_page(space, a, level));

            if (slot >= 0) {
                drop(u, slot);
            }
        }
    }
}

void vtd_iotlb_flush_pages(VtdUnit *u, uint64_t space, uint64_t address,
                           unsigned am, bool leaves)
{
    uint64_t size = VTD_PAGE_SIZE << am;
    uint64_t first = address & ~(size - 1) & VTD_ADDRESS_MASK;

    if (!leaves && size <= 1ULL << vtd_level_shift(2)) {
        vtd_structure_flush_path(u, space, first);
    } else if (!leaves) {
        vtd_structure_flush(u, in_space, space, first, first + size - 1);
    }
    if (am <= LOOK_UP_AM) {
        look_up_pages(u, space, first, size);
        return;
    }
    for (uint32_t slot = 0; u->pages.used && slot < u->pages.entries; slot++) {
        VtdTag tag = u->pages.tags[slot];
        uint64_t start, length;

        if (!tag.key || tag.space != space) {
            continue;
        }
        start = vtd_tag_page_address(tag);
        length = 1ULL << vtd_level_shift(vtd_tag_page_level(tag));
        if (start < first + size && first < start + length) {
            drop(u, slot);
        }
    }
}

void vtd_iotlb_flush_second(VtdUnit *u, uint16_t domain, uint64_t address,
                            unsigned am, bool leaves)
{
    vtd_iotlb_flush_pages(u, vtd_space(VTD_STAGES_SECOND, domain, 0), address,
                          am, leaves);
    if (vtd_scalable(u)) {
        flush_spaces(u, first_in_domain, domain);
        vtd_structure_flush(u, first_in_domain, domain, 0, VTD_ADDRESS_MASK);
    }
}
