/*
 * The hypervisor's private memory and the second-stage tables in it.
 *
 * A table maps guest RAM, and nothing else, at HVR_SPA_OFFSET, with the
 * largest pages that alignment allows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/hypervisor_private.h"
#include "iovlab-trace.h"

#define ENTRIES 512

uint64_t hypervisor_read64(Hypervisor *hv, uint64_t spa)
{
    uint8_t raw[8];

    if (!hv->ops->spa_read(hv->opaque, spa, raw, sizeof(raw))) {
        trace_hypervisor_memory_error(spa);
        return 0;
    }
    return rd_le64(raw);
}

void hypervisor_write64(Hypervisor *hv, uint64_t spa, uint64_t value)
{
    uint8_t raw[8];

    wr_le64(raw, value);
    if (!hv->ops->spa_write(hv->opaque, spa, raw, sizeof(raw))) {
        trace_hypervisor_memory_error(spa);
    }
}

uint64_t hypervisor_page_new(Hypervisor *hv)
{
    static const uint8_t zeroes[VTD_PAGE_SIZE];
    uint64_t page;

    if (!hv->free_pages->len) {
        return 0;
    }
    page = g_array_index(hv->free_pages, uint64_t, hv->free_pages->len - 1);
    g_array_set_size(hv->free_pages, hv->free_pages->len - 1);
    if (!hv->ops->spa_write(hv->opaque, page, zeroes, sizeof(zeroes))) {
        trace_hypervisor_memory_error(page);
    }
    return page;
}

void hypervisor_page_free(Hypervisor *hv, uint64_t page)
{
    g_array_append_val(hv->free_pages, page);
}

static unsigned level_shift(unsigned level)
{
    return VTD_PAGE_SHIFT + 9 * (level - 1);
}

static void free_level(Hypervisor *hv, uint64_t table, unsigned level)
{
    for (unsigned i = 0; level > 1 && i < ENTRIES; i++) {
        uint64_t entry = hypervisor_read64(hv, table + i * 8);

        if ((entry & (VTD_SS_R | VTD_SS_W)) && !(entry & VTD_SS_PS)) {
            free_level(hv, entry & VTD_PAGE_MASK, level - 1);
        }
    }
    hypervisor_page_free(hv, table);
    hv->table_pages--;
}

void hypervisor_table_free(Hypervisor *hv, uint64_t table)
{
    free_level(hv, table, HVR_LEVELS);
}

static uint64_t table_page(Hypervisor *hv)
{
    uint64_t page = hypervisor_page_new(hv);

    if (page) {
        hv->table_pages++;
    }
    return page;
}

/* One leaf at @level, with the tables above it. */
static bool map_leaf(Hypervisor *hv, uint64_t table, uint64_t gpa,
                     unsigned level, uint64_t rights)
{
    uint64_t leaf = (gpa + HVR_SPA_OFFSET) | rights |
                    (level > 1 ? VTD_SS_PS : 0);

    for (unsigned l = HVR_LEVELS; l > level; l--) {
        uint64_t at = table + (gpa >> level_shift(l) & (ENTRIES - 1)) * 8;
        uint64_t entry = hypervisor_read64(hv, at);

        if (!entry) {
            uint64_t page = table_page(hv);

            if (!page) {
                return false;
            }
            entry = page | VTD_SS_R | VTD_SS_W;
            hypervisor_write64(hv, at, entry);
        } else if (entry & VTD_SS_PS) {
            /* Overlapping RAM: what is mapped stays. */
            return true;
        }
        table = entry & VTD_PAGE_MASK;
    }
    hypervisor_write64(hv, table + (gpa >> level_shift(level) &
                                    (ENTRIES - 1)) * 8, leaf);
    return true;
}

static bool map_ram(Hypervisor *hv, uint64_t table, const HvrRam *ram)
{
    uint64_t rights = VTD_SS_R | (ram->writable ? VTD_SS_W : 0);
    uint64_t gpa = ram->gpa, left = ram->size;

    while (left) {
        unsigned level = 3;

        while (level > 1 && (gpa & ((1ULL << level_shift(level)) - 1) ||
                             left < 1ULL << level_shift(level))) {
            level--;
        }
        if (!map_leaf(hv, table, gpa, level, rights)) {
            return false;
        }
        gpa += 1ULL << level_shift(level);
        left -= 1ULL << level_shift(level);
    }
    return true;
}

uint64_t hypervisor_table_new(Hypervisor *hv)
{
    uint64_t table = table_page(hv);

    for (size_t i = 0; table && i < hv->ram_count; i++) {
        if (!map_ram(hv, table, &hv->ram[i])) {
            hypervisor_table_free(hv, table);
            return 0;
        }
    }
    return table;
}
