/*
 * A DMA request's way through the unit.
 *
 * Source: VT-d 4.1, 3.4 to 3.7, 3.15 (interrupt range), 7.1.3 (reasons).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"

static bool blocked(VtdUnit *u, const VtdRequest *request, VtdFault *fault,
                    bool fpd)
{
    if (!request->probe) {
        vtd_fault_block(u, fault, fpd);
    }
    return false;
}

/* The address stays; the domain is the caller's to fill in. */
static bool untouched(VtdTranslation *out)
{
    out->address = 0;
    out->mask = ~0ULL;
    out->read = true;
    out->write = true;
    return true;
}

/* Where the entry that the cached page came from is, for the message. */
static void tell_cached(const VtdPage *page, VtdFault *fault)
{
    fault->entry = VTD_ENTRY_PAGING;
    fault->level = page->level;
    fault->entry_address = page->entry_address;
    fault->value.lo = page->value;
    fault->cached = true;
}

static bool permitted(const VtdPage *page, const VtdRequest *request)
{
    if (request->write) {
        return page->write;
    }
    return page->read || (request->zero_length && page->write);
}

static const VtdPage *find_page(VtdUnit *u, const VtdContext *ctx,
                                const VtdRequest *request, VtdPage *walked,
                                VtdFault *fault)
{
    const VtdPage *page = vtd_iotlb_find(u, ctx->domain, request->address);

    if (page) {
        u->stats.iotlb_hits++;
        if (!page->reason && permitted(page, request)) {
            return page;
        }
        tell_cached(page, fault);
        fault->reason = request->write ? VTD_FR_WRITE : VTD_FR_READ;
        return NULL;
    }
    u->stats.iotlb_misses++;
    if (vtd_walk(u, ctx, request, walked, fault)) {
        vtd_iotlb_insert(u, ctx->domain, request->address, walked);
        return walked;
    }
    /* 6.1: with caching mode what is absent may be cached, so here it is. */
    if (u->cfg.caching_mode &&
        !(fault->value.lo & (VTD_SS_R | VTD_SS_W)) &&
        fault->reason != VTD_FR_PAGING_ACCESS) {
        VtdPage absent = {
            .level = fault->level,
            .reason = fault->reason,
            .entry_address = fault->entry_address,
            .value = fault->value.lo,
        };

        vtd_iotlb_insert(u, ctx->domain, request->address, &absent);
    }
    return NULL;
}

static bool translate(VtdUnit *u, const VtdRequest *request,
                      VtdTranslation *out, VtdFault *fault)
{
    VtdContext ctx;
    VtdPage walked;
    const VtdPage *page;
    uint64_t mask;

    if (!vtd_context_get(u, request->sid, &ctx, fault)) {
        return blocked(u, request, fault, ctx.fpd);
    }
    if (!ctx.levels) {
        out->domain = ctx.domain;
        return untouched(out);
    }
    /* An AW that the unit has is never above its MGAW but for 39 bits. */
    if (request->address >> MIN(vtd_levels_to_width(ctx.levels),
                                u->cfg.aw_bits)) {
        fault->reason = VTD_FR_BEYOND_MGAW;
        return blocked(u, request, fault, ctx.fpd);
    }
    page = find_page(u, &ctx, request, &walked, fault);
    if (!page) {
        return blocked(u, request, fault, ctx.fpd);
    }
    mask = (1ULL << vtd_level_shift(page->level)) - 1;
    if (page->target <= VTD_INTR_LAST &&
        page->target + mask >= VTD_INTR_FIRST) {
        uint64_t end = page->target | (request->address & mask);

        if (vtd_is_interrupt_address(end)) {
            tell_cached(page, fault);
            fault->cached = page != &walked;
            fault->reason = VTD_FR_INTERRUPT_RANGE;
            return blocked(u, request, fault, ctx.fpd);
        }
        /* The rest of the page is not good for what is near. */
        mask = VTD_PAGE_SIZE - 1;
        *out = (VtdTranslation) { .address = end & ~mask };
    } else {
        *out = (VtdTranslation) { .address = page->target };
    }
    out->mask = mask;
    out->read = page->read;
    out->write = page->write;
    out->domain = ctx.domain;
    return true;
}

/*
 * What nearly every request is: requester and page are cached and allow it.
 * False: take the long way, which finds out the same and more.
 */
static bool hit(VtdUnit *u, const VtdRequest *request, VtdTranslation *out)
{
    int32_t slot = vtd_cache_find(&u->contexts, vtd_tag_context(request->sid));
    const VtdContext *ctx;
    const VtdPage *page;
    uint64_t mask;

    if (slot < 0 || vtd_is_interrupt_address(request->address)) {
        return false;
    }
    ctx = vtd_cache_payload(&u->contexts, slot);
    if (ctx->reason) {
        return false;
    }
    if (!ctx->levels) {
        u->stats.context_hits++;
        out->domain = ctx->domain;
        return untouched(out);
    }
    if (request->address >> MIN(vtd_levels_to_width(ctx->levels),
                                u->cfg.aw_bits)) {
        return false;
    }
    page = vtd_iotlb_find(u, ctx->domain, request->address);
    if (!page || page->reason || !permitted(page, request)) {
        return false;
    }
    mask = (1ULL << vtd_level_shift(page->level)) - 1;
    if (page->target <= VTD_INTR_LAST &&
        page->target + mask >= VTD_INTR_FIRST) {
        return false;
    }
    u->stats.context_hits++;
    u->stats.iotlb_hits++;
    out->address = page->target;
    out->mask = mask;
    out->read = page->read;
    out->write = page->write;
    out->domain = ctx->domain;
    return true;
}

bool vtd_unit_translate(VtdUnit *u, const VtdRequest *request,
                        VtdTranslation *out, VtdFault *fault)
{
    VtdFault local;

    if (u->te && u->root_mode == VTD_TTM_LEGACY && hit(u, request, out)) {
        return true;
    }

    fault = fault ? fault : &local;
    *fault = (VtdFault) {
        .sid = request->sid,
        .write = request->write,
        .address = request->address,
    };
    if (!u->te) {
        out->domain = 0;
        return untouched(out);
    }
    if (u->root_mode == VTD_TTM_ABORT) {
        /* 11.4.5: aborted without a record. */
        fault->reason = VTD_FR_ROOT_NOT_PRESENT;
        return blocked(u, request, fault, true);
    }
    if (vtd_is_interrupt_address(request->address)) {
        /* Writes there are interrupts and come by vtd_unit_remap(). */
        fault->reason = VTD_FR_INTERRUPT_RANGE;
        return blocked(u, request, fault, false);
    }
    return translate(u, request, out, fault);
}
