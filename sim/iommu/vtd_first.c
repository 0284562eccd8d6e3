/*
 * The first-stage table walk: the processor's page tables of four or five
 * levels, alone or nested in the second stage, which then translates the
 * address of each entry and of the page.
 *
 * Source: VT-d 4.1, 3.6 (walk), 3.6.2 (accessed, dirty), 3.8 (nested), 9.7
 * (entries).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

#define UPDATE_TRIES 16
#define FRAME (((1ULL << 52) - 1) & VTD_PAGE_MASK)

typedef struct VtdFirst {
    VtdUnit *u;
    const VtdContext *ctx;
    const VtdRequest *request;
    VtdFault *fault;
    unsigned level;
    uint64_t gpa;               /* of the entry, as the tables have it */
    uint64_t address;           /* of the entry in memory */
    uint64_t entry;
    bool write, user;           /* of this entry and all above */
} VtdFirst;

static bool is_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || (level <= VTD_LEAF_LEVELS && (entry & VTD_FS_PS));
}

static bool is_top(const VtdFirst *f)
{
    return f->level == f->ctx->first_levels;
}

/* Where the entry is; with a second stage it may be read, or written. */
static VtdFaultReason locate(VtdFirst *f, bool write)
{
    VtdRequest request = {
        .sid = f->request->sid,
        .probe = f->request->probe,
        .write = write,
    };
    VtdPage page;

    f->address = f->gpa;
    if (f->ctx->stages != VTD_STAGES_NESTED) {
        return VTD_FR_NONE;
    }
    if (f->gpa >> MIN(vtd_levels_to_width(f->ctx->second_levels),
                      f->u->cfg.aw_bits)) {
        return VTD_FR_SM_NESTED_MGAW;
    }
    if (!vtd_walk_second(f->u, f->ctx, f->gpa, &request, &page, f->fault)) {
        switch (f->fault->reason) {
        case VTD_FR_SM_READ:
            return is_top(f) ? VTD_FR_SM_NESTED_TOP_READ
                             : VTD_FR_SM_NESTED_READ;
        case VTD_FR_SM_WRITE:
            return VTD_FR_SM_NESTED_WRITE;
        default:
            return f->fault->reason;
        }
    }
    f->address = page.target |
                 (f->gpa & ((1ULL << vtd_level_shift(page.level)) - 1));
    return VTD_FR_NONE;
}

static bool reserved_set(const VtdFirst *f)
{
    uint64_t reserved = f->ctx->no_execute ? 0 : VTD_FS_XD;

    /* Nested, it is the second stage that knows which addresses exist. */
    if (f->ctx->stages == VTD_STAGES_FIRST) {
        reserved |= vtd_beyond_haw(f->u) & ((1ULL << 52) - 1);
    }
    if (f->level > VTD_LEAF_LEVELS) {
        reserved |= VTD_FS_PS;
    } else if (f->level > 1 && (f->entry & VTD_FS_PS)) {
        reserved |= ((1ULL << vtd_level_shift(f->level)) - 1) &
                    VTD_PAGE_MASK & ~VTD_FS_PAT_LARGE;
    }
    return f->entry & reserved;
}

static VtdFaultReason judge(VtdFirst *f, bool write, bool user)
{
    bool privileged = vtd_privileged(f->ctx, f->request);

    if (!(f->entry & VTD_FS_P)) {
        return VTD_FR_SM_FIRST_NOT_PRESENT;
    }
    if (reserved_set(f)) {
        return VTD_FR_SM_FIRST_RESERVED;
    }
    f->write = write && (f->entry & VTD_FS_W);
    f->user = user && (f->entry & VTD_FS_U);
    if (!f->user && !privileged) {
        return VTD_FR_SM_PRIVILEGE;
    }
    if (f->request->write && !f->write &&
        !(privileged && !f->ctx->write_protect)) {
        return VTD_FR_SM_WRITE;
    }
    return VTD_FR_NONE;
}

/* Accessed and dirty bits of the entry; *retry if it changed meanwhile. */
static VtdFaultReason update(VtdFirst *f, bool *retry)
{
    uint64_t bits = VTD_FS_A | (f->ctx->extended_accessed ? VTD_FS_EA : 0);
    VtdFaultReason reason;

    *retry = false;
    if (f->request->write && is_leaf(f->entry, f->level)) {
        bits |= VTD_FS_D;
    }
    if (f->request->probe || (f->entry & bits) == bits) {
        return VTD_FR_NONE;
    }
    if (!f->ctx->snooped) {
        return VTD_FR_SM_FIRST_NO_SNOOP;
    }
    reason = locate(f, true);
    if (reason) {
        return reason;
    }
    return vtd_entry_set_bits(f->u, f->address, &f->entry, bits, retry)
           ? VTD_FR_NONE : VTD_FR_SM_FIRST_UPDATE;
}

static VtdFaultReason take_step(VtdFirst *f)
{
    const bool write = f->write, user = f->user;
    VtdFaultReason reason = locate(f, false);

    for (unsigned tries = 0; !reason && tries < UPDATE_TRIES; tries++) {
        uint8_t raw[8];
        bool retry;

        f->fault->entry = VTD_ENTRY_FIRST_PAGING;
        f->fault->level = f->level;
        f->fault->entry_address = f->address;
        f->fault->value = (VtdEntry) { 0 };
        if (!vtd_read_entry(f->u, f->address, raw, sizeof(raw))) {
            return is_top(f) ? VTD_FR_SM_FIRST_TABLE : VTD_FR_SM_FIRST_ACCESS;
        }
        f->entry = f->fault->value.lo = rd_le64(raw);
        trace_vtd_unit_walk_level(f->request->sid, f->request->address,
                                  f->level, f->address, f->entry);
        reason = judge(f, write, user);
        if (!reason) {
            reason = update(f, &retry);
            if (!reason && !retry) {
                return VTD_FR_NONE;
            }
        }
    }
    return reason ? reason : VTD_FR_SM_FIRST_UPDATE;
}

static void fill(const VtdFirst *f, VtdPage *page)
{
    *page = (VtdPage) {
        .target = f->entry & FRAME & ~((1ULL << vtd_level_shift(f->level)) - 1),
        .level = f->level,
        .read = true,
        .write = f->write,
        .dirty = f->entry & VTD_FS_D,
        .user = f->user,
        .supervisor_write = f->write || !f->ctx->write_protect,
        .entry = VTD_ENTRY_FIRST_PAGING,
        .entry_level = f->level,
        .entry_address = f->address,
        .value = f->entry,
    };
}

/* The page's own address through the second stage; the smaller page counts. */
static VtdFaultReason nest(VtdFirst *f, VtdPage *page)
{
    uint64_t inside = (1ULL << vtd_level_shift(page->level)) - 1;
    uint64_t gpa = page->target | (f->request->address & inside);
    VtdPage second;

    if (gpa >> MIN(vtd_levels_to_width(f->ctx->second_levels),
                   f->u->cfg.aw_bits)) {
        return VTD_FR_SM_SECOND_RANGE;
    }
    if (!vtd_walk_second(f->u, f->ctx, gpa, f->request, &second, f->fault)) {
        return f->fault->reason;
    }
    if (second.level < page->level) {
        page->target = second.target;
        page->level = second.level;
    } else {
        page->target = second.target |
                       (page->target &
                        ((1ULL << vtd_level_shift(second.level)) - 1));
    }
    page->read = page->read && second.read;
    page->write = page->write && second.write;
    page->supervisor_write = page->supervisor_write && second.write;
    page->dirty = page->dirty && second.dirty;
    return VTD_FR_NONE;
}

bool vtd_walk_first(VtdUnit *u, const VtdContext *ctx,
                    const VtdRequest *request, VtdPage *page, VtdFault *fault)
{
    VtdTable table = {
        .address = ctx->first,
        .level = ctx->first_levels,
        .read = true,
        .write = true,
        .user = true,
    };
    VtdFirst f = {
        .u = u,
        .ctx = ctx,
        .request = request,
        .fault = fault,
    };
    bool cache = ctx->stages == VTD_STAGES_FIRST;

    u->stats.first_walks++;
    if (cache) {
        vtd_structure_start(u, ctx->space, request->address, &table);
    }
    f.write = table.write;
    f.user = table.user;
    for (f.level = table.level; f.level >= 1; f.level--) {
        f.gpa = table.address +
                (request->address >> vtd_level_shift(f.level) & 511) * 8;
        fault->reason = take_step(&f);
        if (fault->reason) {
            return false;
        }
        if (is_leaf(f.entry, f.level)) {
            fill(&f, page);
            if (ctx->stages == VTD_STAGES_NESTED) {
                fault->reason = nest(&f, page);
            }
            return !fault->reason;
        }
        table = (VtdTable) {
            .address = f.entry & FRAME,
            .level = f.level - 1,
            .read = true,
            .write = f.write,
            .user = f.user,
        };
        if (cache && !request->probe) {
            vtd_structure_insert(u, ctx->space, request->address, &table);
        }
    }
    /* Not reached: level 1 is a leaf. */
    fault->reason = VTD_FR_SM_FIRST_ACCESS;
    return false;
}
