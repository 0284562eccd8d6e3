/*
 * From a requester id to its domain: root table, context table, and the cache
 * of what they said.
 *
 * Legacy mode (VT-d 4.1, 3.4.3).  A table of another mode is one more resolver
 * beside legacy_resolve(); what comes out is the same VtdContext.
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

/* False if it is not in memory. */
static bool read_entry(VtdUnit *u, uint64_t address, VtdContext *ctx,
                       VtdEntryKind kind)
{
    uint8_t raw[VTD_ENTRY_SIZE];

    ctx->entry = kind;
    ctx->entry_address = address;
    ctx->value = (VtdEntry) { 0 };
    u->stats.walk_reads++;
    if (!u->ops->mem_read(u->opaque, address, raw, sizeof(raw))) {
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
    ctx->table = lo & VTD_PAGE_MASK;
    ctx->levels = levels;
    if ((lo & (VTD_CTX_RSVD_LO | vtd_beyond_haw(u))) ||
        (hi & VTD_CTX_RSVD_HI)) {
        return blocked(ctx, VTD_FR_CONTEXT_RESERVED);
    }
    if (levels < 3 || levels > 5 ||
        vtd_levels_to_width(levels) > MAX(u->cfg.aw_bits, 39)) {
        return blocked(ctx, VTD_FR_CONTEXT_INVALID);
    }
    switch (tt) {
    case VTD_TT_UNTRANSLATED:
        return true;
    case VTD_TT_PASS_THROUGH:
        ctx->levels = 0;
        return u->cfg.pass_through || blocked(ctx, VTD_FR_CONTEXT_INVALID);
    default:
        /* ATS needs ECAP.DT, which is not offered. */
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

static void remember(VtdUnit *u, uint16_t sid, const VtdContext *ctx)
{
    uint64_t evicted;
    uint32_t slot = vtd_cache_insert(&u->contexts, vtd_tag_context(sid),
                                     &evicted);

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

bool vtd_context_get(VtdUnit *u, uint16_t sid, VtdContext *ctx,
                     VtdFault *fault)
{
    int32_t slot = vtd_cache_find(&u->contexts, vtd_tag_context(sid));
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
    *ctx = (VtdContext) { 0 };
    ok = legacy_resolve(u, sid, ctx);
    trace_vtd_unit_context_walk(sid, ctx->entry_address, ctx->value.lo,
                                ctx->value.hi, ctx->reason);
    if (ok) {
        remember(u, sid, ctx);
        return true;
    }
    tell(ctx, false, fault);
    if (u->cfg.caching_mode && (ctx->reason == VTD_FR_ROOT_NOT_PRESENT ||
                                ctx->reason == VTD_FR_CONTEXT_NOT_PRESENT)) {
        /* 6.1: absent entries are tagged with domain 0. */
        ctx->domain = 0;
        remember(u, sid, ctx);
    }
    return false;
}
