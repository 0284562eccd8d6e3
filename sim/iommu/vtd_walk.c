/*
 * The second-stage table walk: three, four or five levels, pages of 4K, 2M, 1G.
 *
 * Source: VT-d 4.1, 3.7 (walk), 9.8 (entries).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

static bool is_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || (level <= VTD_LEAF_LEVELS && (entry & VTD_SS_PS));
}

static bool reserved_set(const VtdUnit *u, uint64_t entry, unsigned level)
{
    /* Bits 63:52 are the software's or ignored. */
    uint64_t reserved = vtd_beyond_haw(u) & ((1ULL << 52) - 1);

    if (level > VTD_LEAF_LEVELS) {
        reserved |= VTD_SS_PS;
    } else if (is_leaf(entry, level)) {
        reserved |= ((1ULL << vtd_level_shift(level)) - 1) & VTD_PAGE_MASK;
        reserved |= u->cfg.snoop_control ? 0 : VTD_SS_SNP;
    }
    return entry & reserved;
}

bool vtd_walk(VtdUnit *u, const VtdContext *ctx, const VtdRequest *request,
              VtdPage *page, VtdFault *fault)
{
    const uint64_t frame = ((1ULL << 52) - 1) & VTD_PAGE_MASK;
    uint64_t table = ctx->table;
    bool read = true, write = true;

    fault->entry = VTD_ENTRY_PAGING;
    for (unsigned level = ctx->levels; level >= 1; level--) {
        unsigned shift = vtd_level_shift(level);
        uint64_t address = table + (request->address >> shift & 511) * 8;
        uint8_t raw[8];
        uint64_t entry;

        fault->level = level;
        fault->entry_address = address;
        fault->value = (VtdEntry) { 0 };
        u->stats.walk_reads++;
        if (!u->ops->mem_read(u->opaque, address, raw, sizeof(raw))) {
            fault->reason = VTD_FR_PAGING_ACCESS;
            return false;
        }
        entry = rd_le64(raw);
        fault->value.lo = entry;
        trace_vtd_unit_walk_level(request->sid, request->address, level,
                                  address, entry);
        read = read && (entry & VTD_SS_R);
        write = write && (entry & VTD_SS_W);
        if ((entry & (VTD_SS_R | VTD_SS_W)) && reserved_set(u, entry, level)) {
            fault->reason = VTD_FR_PAGING_RESERVED;
            return false;
        }
        /* ZLR: reading nothing is allowed where one may only write. */
        if (request->write ? !write
                           : !read && !(request->zero_length && write)) {
            fault->reason = request->write ? VTD_FR_WRITE : VTD_FR_READ;
            return false;
        }
        if (is_leaf(entry, level)) {
            *page = (VtdPage) {
                .target = entry & frame,
                .level = level,
                .read = read,
                .write = write,
                .entry_address = address,
                .value = entry,
            };
            return true;
        }
        table = entry & frame;
    }
    /* Not reached: level 1 is a leaf. */
    fault->reason = VTD_FR_PAGING_ACCESS;
    return false;
}
