/*
 * From a requester id to its domain: root table, context table, and the cache
 * of what they said.
 *
 * Legacy mode (VT-d 4.1, 3.4.3); scalable mode's resolver is in vtd_scalable.c.
 * What comes out is the same VtdContext.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

static bool blocked(VtdContext *ctx, VtdFaultReason reason)
{
    ctx->reason = reason;
    return false;
}

bool vtd_read_entry(VtdUnit *u, uint64_t address, void *raw, size_t len)
{
    u->stats.walk_reads++;
    return u->ops->mem_read(u->opaque, address, raw, len);
}

/* False if it is not in memory. */
static bool read_entry(VtdUnit *u, uint64_t address, VtdContext *ctx,
                       VtdEntryKind kind)
{
    uint8_t raw[VTD_ENTRY_SIZE];

    ctx->entry = kind;
    ctx->entry_address = address;
    ctx->value = (VtdEntry) { 0 };
    if (!vtd_read_entry(u, address, raw, sizeof(raw))) {
        return false;
    }
    ctx->value.lo = rd_le64(raw);
    ctx->value.hi = rd_le64(raw + 8);
    return true;
}

/* The fields of a present context entry (9.3). */
static bool decode_context(VtdUnit *u, VtdContext *ctx)
{
    uint64_t lo = ctx->value.lo, hi = ctx->value.hi;
    unsigned tt = lo >> VTD_CTX_TT_SHIFT & 3;
    unsigned levels = (hi & VTD_CTX_AW_MASK) + 2;

    ctx->domain = hi >> VTD_CTX_DID_SHIFT;
    ctx->second = lo & VTD_PAGE_MASK;
    ctx->second_levels = levels;
    ctx->stages = VTD_STAGES_SECOND;
    ctx->space = vtd_space(VTD_STAGES_SECOND, ctx->domain, 0);
    if ((lo & (VTD_CTX_RSVD_LO | vtd_beyond_haw(u))) ||
        (hi & VTD_CTX_RSVD_HI)) {
        return blocked(ctx, VTD_FR_CONTEXT_RESERVED);
    }
    if (levels < 3 || levels > 5 ||
        vtd_levels_to_width(levels) > MAX(u->cfg.aw_bits, 39)) {
        return blocked(ctx, VTD_FR_CONTEXT_INVALID);
    }
    /* An AW that the unit has is never above its MGAW but for 39 bits. */
    ctx->width = MIN(vtd_levels_to_width(levels), u->cfg.aw_bits);
    switch (tt) {
    case VTD_TT_UNTRANSLATED:
        return true;
    case VTD_TT_ATS:
        ctx->ats = true;
        return u->cfg.device_tlb || blocked(ctx, VTD_FR_CONTEXT_INVALID);
    case VTD_TT_PASS_THROUGH:
        ctx->stages = VTD_STAGES_NONE;
        ctx->width = MIN(ctx->width, u->cfg.haw_bits);
        return u->cfg.pass_through || blocked(ctx, VTD_FR_CONTEXT_INVALID);
    default:
        return blocked(ctx, VTD_FR_CONTEXT_INVALID);
    }
}

static bool legacy_resolve(VtdUnit *u, uint16_t sid, VtdContext *ctx)
{
    uint64_t address = u->root_table + (sid >> 8) * VTD_ENTRY_SIZE;

    if (!read_entry(u, address, ctx, VTD_ENTRY_ROOT)) {
        return blocked(ctx, VTD_FR_ROOT_ACCESS);
    }
    if (!(ctx->value.lo & VTD_ROOT_P)) {
        return blocked(ctx, VTD_FR_ROOT_NOT_PRESENT);
    }
    if ((ctx->value.lo & (VTD_ROOT_RSVD_LO | vtd_beyond_haw(u))) ||
        ctx->value.hi) {
        return blocked(ctx, VTD_FR_ROOT_RESERVED);
    }
    address = (ctx->value.lo & VTD_PAGE_MASK) + (sid & 0xff) * VTD_ENTRY_SIZE;
    if (!read_entry(u, address, ctx, VTD_ENTRY_CONTEXT)) {
        return blocked(ctx, VTD_FR_CONTEXT_ACCESS);
    }
    ctx->fpd = ctx->value.lo & VTD_CTX_FPD;
    if (!(ctx->value.lo & VTD_CTX_P)) {
        return blocked(ctx, VTD_FR_CONTEXT_NOT_PRESENT);
    }
    return decode_context(u, ctx);
}

static void remember(VtdUnit *u, const VtdRequest *request,
                     const VtdContext *ctx)
{
    VtdTag evicted;
    uint32_t slot;

    if (request->probe) {
        return;
    }
    slot = vtd_cache_insert(&u->contexts, vtd_tag_context(request), &evicted);
    memcpy(vtd_cache_payload(&u->contexts, slot), ctx, sizeof(*ctx));
}

static void tell(const VtdContext *ctx, bool cached, VtdFault *fault)
{
    fault->reason = ctx->reason;
    fault->entry = ctx->entry;
    fault->entry_address = ctx->entry_address;
    fault->value = ctx->value;
    fault->cached = cached;
}

/* 6.1: what caching mode may remember. */
static bool is_absent(VtdFaultReason reason)
{
    switch (reason) {
    case VTD_FR_ROOT_NOT_PRESENT:
    case VTD_FR_CONTEXT_NOT_PRESENT:
    case VTD_FR_SM_ROOT_NOT_PRESENT:
    case VTD_FR_SM_CONTEXT_NOT_PRESENT:
    case VTD_FR_SM_DIRECTORY_NOT_PRESENT:
    case VTD_FR_SM_PASID_NOT_PRESENT:
        return true;
    default:
        return false;
    }
}

bool vtd_context_get(VtdUnit *u, const VtdRequest *request, VtdContext *ctx,
                     VtdFault *fault)
{
    int32_t slot = vtd_cache_find(&u->contexts, vtd_tag_context(request));
    bool ok;

    if (slot >= 0) {
        u->stats.context_hits++;
        memcpy(ctx, vtd_cache_payload(&u->contexts, slot), sizeof(*ctx));
        if (ctx->reason) {
            tell(ctx, true, fault);
        }
        return !ctx->reason;
    }
    u->stats.context_misses++;
    *ctx = (VtdContext) { .scalable = vtd_scalable(u) };
    if (u->root_mode == VTD_TTM_RESERVED) {
        ctx->scalable = true;
        ok = blocked(ctx, VTD_FR_SM_TTM_RESERVED);
    } else if (ctx->scalable) {
        ok = vtd_scalable_resolve(u, request, ctx);
    } else if (request->has_pasid) {
        ok = blocked(ctx, VTD_FR_SM_TTM);
    } else {
        ok = legacy_resolve(u, request->sid, ctx);
    }
    trace_vtd_unit_context_walk(request->sid, ctx->entry_address,
                                ctx->value.lo, ctx->value.hi, ctx->reason);
    if (ok) {
        remember(u, request, ctx);
        return true;
    }
    tell(ctx, false, fault);
    if (u->cfg.caching_mode && is_absent(ctx->reason)) {
        /* 6.1: absent entries are tagged with domain 0. */
        ctx->domain = 0;
        remember(u, request, ctx);
    }
    return false;
}
