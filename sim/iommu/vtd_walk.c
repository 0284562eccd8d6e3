/*
 * Table walks: which stages there are, and the second one, of three, four or
 * five levels, with pages of 4K, 2M, 1G.
 *
 * Source: VT-d 4.1, 3.7 (walk), 3.7.2 (accessed and dirty bits), 9.8 (entries).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

/* How often an entry is read again because a processor changed it. */
#define UPDATE_TRIES 16

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

bool vtd_entry_set_bits(VtdUnit *u, uint64_t address, uint64_t *entry,
                        uint64_t bits, bool *retry)
{
    uint64_t wanted = *entry | bits, now = *entry;
    uint8_t raw[8];
    bool ok;

    *retry = false;
    if (wanted == *entry) {
        return true;
    }
    if (u->ops->mem_update) {
        ok = u->ops->mem_update(u->opaque, address, *entry, wanted, &now);
    } else {
        wr_le64(raw, wanted);
        ok = u->ops->mem_write(u->opaque, address, raw, sizeof(raw));
    }
    *retry = ok && now != *entry;
    if (ok && !*retry) {
        u->stats.entry_updates++;
        *entry = wanted;
    }
    return ok;
}

/* One entry of the second stage on a request's way down. */
typedef struct VtdStep2 {
    uint64_t address;
    uint64_t entry;
    unsigned level;
    bool read, write;           /* of this entry and all above */
} VtdStep2;

/* What is wrong with it, VTD_FR_NONE if nothing is. */
static VtdFaultReason judge(const VtdUnit *u, const VtdContext *ctx,
                            const VtdRequest *request, const VtdStep2 *step)
{
    bool present = step->entry & (VTD_SS_R | VTD_SS_W);
    bool sm = ctx->scalable;

    if (present && reserved_set(u, step->entry, step->level)) {
        return sm ? VTD_FR_SM_SECOND_RESERVED : VTD_FR_PAGING_RESERVED;
    }
    if (sm && !present) {
        return VTD_FR_SM_SECOND_NOT_PRESENT;
    }
    if (request->write && !step->write) {
        return sm ? VTD_FR_SM_WRITE : VTD_FR_WRITE;
    }
    /* ZLR: reading nothing is allowed where one may only write. */
    if (!request->write && !step->read &&
        !(request->zero_length && step->write)) {
        return sm ? VTD_FR_SM_READ : VTD_FR_READ;
    }
    return VTD_FR_NONE;
}

/* The top table is the context entry's fault, or the PASID entry's. */
static VtdFaultReason no_entry(const VtdContext *ctx, const VtdStep2 *step)
{
    if (step->level == ctx->second_levels) {
        return ctx->scalable ? VTD_FR_SM_SECOND_TABLE : VTD_FR_CONTEXT_INVALID;
    }
    return ctx->scalable ? VTD_FR_SM_SECOND_ACCESS : VTD_FR_PAGING_ACCESS;
}

/* Reads the entry, checks it and sets what is to be set in it. */
static VtdFaultReason take_step(VtdUnit *u, const VtdContext *ctx,
                                const VtdRequest *request, VtdStep2 *step,
                                VtdFault *fault)
{
    const bool read = step->read, write = step->write;

    for (unsigned tries = 0; tries < UPDATE_TRIES; tries++) {
        VtdFaultReason reason;
        uint64_t bits = VTD_SS_A;
        uint8_t raw[8];
        bool retry;

        if (!vtd_read_entry(u, step->address, raw, sizeof(raw))) {
            return no_entry(ctx, step);
        }
        step->entry = rd_le64(raw);
        fault->value.lo = step->entry;
        step->read = read && (step->entry & VTD_SS_R);
        step->write = write && (step->entry & VTD_SS_W);
        reason = judge(u, ctx, request, step);
        if (reason || !ctx->second_dirty || request->probe) {
            return reason;
        }
        if (request->write && is_leaf(step->entry, step->level)) {
            bits |= VTD_SS_D;
        }
        if ((step->entry & bits) != bits && !ctx->snooped) {
            return VTD_FR_SM_SECOND_NO_SNOOP;
        }
        if (!vtd_entry_set_bits(u, step->address, &step->entry, bits,
                                &retry)) {
            return VTD_FR_SM_SECOND_UPDATE;
        }
        if (!retry) {
            return VTD_FR_NONE;
        }
    }
    return VTD_FR_SM_SECOND_UPDATE;
}

bool vtd_walk_second(VtdUnit *u, const VtdContext *ctx, uint64_t address,
                     const VtdRequest *request, VtdPage *page, VtdFault *fault)
{
    const uint64_t frame = ((1ULL << 52) - 1) & VTD_PAGE_MASK;
    const uint64_t space = vtd_space(VTD_STAGES_SECOND, ctx->domain, 0);
    VtdTable table = {
        .address = ctx->second,
        .level = ctx->second_levels,
        .read = true,
        .write = true,
    };
    VtdStep2 step;

    fault->entry = VTD_ENTRY_PAGING;
    vtd_structure_start(u, space, address, &table);
    step = (VtdStep2) { .read = table.read, .write = table.write };
    for (unsigned level = table.level; level >= 1; level--) {
        step.level = level;
        step.address = table.address +
                       (address >> vtd_level_shift(level) & 511) * 8;
        fault->level = level;
        fault->entry_address = step.address;
        fault->value = (VtdEntry) { 0 };
        fault->reason = take_step(u, ctx, request, &step, fault);
        trace_vtd_unit_walk_level(request->sid, address, level, step.address,
                                  step.entry);
        if (fault->reason) {
            return false;
        }
        if (is_leaf(step.entry, level)) {
            *page = (VtdPage) {
                .target = step.entry & frame,
                .level = level,
                .read = step.read,
                .write = step.write,
                .dirty = !ctx->second_dirty || (step.entry & VTD_SS_D),
                .user = true,
                .supervisor_write = step.write,
                .entry = VTD_ENTRY_PAGING,
                .entry_level = level,
                .entry_address = step.address,
                .value = step.entry,
            };
            return true;
        }
        table = (VtdTable) {
            .address = step.entry & frame,
            .level = level - 1,
            .read = step.read,
            .write = step.write,
        };
        if (!request->probe) {
            vtd_structure_insert(u, space, address, &table);
        }
    }
    /* Not reached: level 1 is a leaf. */
    fault->reason = VTD_FR_PAGING_ACCESS;
    return false;
}

bool vtd_walk(VtdUnit *u, const VtdContext *ctx, const VtdRequest *request,
              VtdPage *page, VtdFault *fault)
{
    if (ctx->stages == VTD_STAGES_SECOND) {
        return vtd_walk_second(u, ctx, request->address, request, page, fault);
    }
    return vtd_walk_first(u, ctx, request, page, fault);
}
