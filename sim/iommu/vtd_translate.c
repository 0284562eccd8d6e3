/*
 * A DMA request's way through the unit.
 *
 * Source: VT-d 4.1, 3.4 to 3.8, 3.15 (interrupt range), 7.1.3 (reasons).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"

static bool blocked(VtdUnit *u, const VtdRequest *request, VtdFault *fault,
                    bool fpd)
{
    if (!request->probe && !request->silent) {
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

/*
 * A request that nothing translates.  What protected memory blocks is no
 * remapping fault and not recorded (11.4.8.1).
 */
static bool pass(VtdUnit *u, const VtdRequest *request, VtdTranslation *out,
                 VtdFault *fault)
{
    if (vtd_protected(u, request->address)) {
        fault->reason = VTD_FR_NONE;
        return blocked(u, request, fault, true);
    }
    untouched(out);
    if (u->protecting) {
        out->mask = VTD_PAGE_SIZE - 1;
        out->address = request->address & ~out->mask;
    }
    return true;
}

static inline bool in_range(const VtdContext *ctx, uint64_t address)
{
    if (ctx->stages >= VTD_STAGES_FIRST) {
        unsigned unused = 64 - ctx->width;

        return (uint64_t)((int64_t)(address << unused) >> unused) == address;
    }
    return !(address >> ctx->width);
}

static VtdFaultReason out_of_range(const VtdContext *ctx)
{
    return ctx->stages >= VTD_STAGES_FIRST ? VTD_FR_SM_CANONICAL
           : !ctx->scalable ? VTD_FR_BEYOND_MGAW
           : ctx->stages ? VTD_FR_SM_SECOND_RANGE : VTD_FR_SM_HAW;
}

/* Where the entry that the page came from is, for the message. */
static void tell_page(const VtdPage *page, bool cached, VtdFault *fault)
{
    fault->entry = page->entry;
    fault->level = page->entry_level;
    fault->entry_address = page->entry_address;
    fault->value.lo = page->value;
    fault->cached = cached;
}

static VtdFaultReason forbidden(const VtdPage *page, const VtdContext *ctx,
                                const VtdRequest *request)
{
    if (!ctx->scalable) {
        return request->write ? VTD_FR_WRITE : VTD_FR_READ;
    }
    if (page->reason) {
        return page->reason;
    }
    if (!page->user && !vtd_privileged(ctx, request)) {
        return VTD_FR_SM_PRIVILEGE;
    }
    return request->write ? VTD_FR_SM_WRITE : VTD_FR_SM_READ;
}

/*
 * 6.1: with caching mode what is absent may be cached, so here it is.  Not so
 * of the first stage, to which caching mode does not apply (6.2.5.5).
 */
static void cache_absence(VtdUnit *u, const VtdContext *ctx,
                          const VtdRequest *request, const VtdFault *fault)
{
    VtdPage absent = {
        .level = fault->level,
        .reason = fault->reason,
        .entry = fault->entry,
        .entry_level = fault->level,
        .entry_address = fault->entry_address,
        .value = fault->value.lo,
    };

    if (u->cfg.caching_mode && !request->probe &&
        !(fault->value.lo & (VTD_SS_R | VTD_SS_W)) &&
        (fault->reason == VTD_FR_READ || fault->reason == VTD_FR_WRITE ||
         fault->reason == VTD_FR_SM_SECOND_NOT_PRESENT)) {
        vtd_iotlb_insert(u, ctx->space, request->address, &absent);
    }
}

static const VtdPage *find_page(VtdUnit *u, const VtdContext *ctx,
                                const VtdRequest *request, VtdPage *walked,
                                VtdFault *fault)
{
    const VtdPage *page = vtd_iotlb_find(u, ctx->space, request->address);
    bool allowed = page && !page->reason &&
                   vtd_page_permits(page, ctx, request);

    /* A first write walks the tables again to set the dirty bit. */
    if (page && !(allowed && request->write && !page->dirty)) {
        u->stats.iotlb_hits++;
        if (allowed) {
            return page;
        }
        tell_page(page, true, fault);
        fault->reason = forbidden(page, ctx, request);
        return NULL;
    }
    u->stats.iotlb_misses++;
    if (vtd_walk(u, ctx, request, walked, fault)) {
        if (!request->probe) {
            vtd_iotlb_insert(u, ctx->space, request->address, walked);
        }
        return walked;
    }
    cache_absence(u, ctx, request, fault);
    return NULL;
}

/* Permissions as they are without another walk. */
static void permissions(const VtdPage *page, const VtdContext *ctx,
                        const VtdRequest *request, VtdTranslation *out)
{
    bool privileged = vtd_privileged(ctx, request);

    out->read = page->read;
    out->write = page->dirty && (privileged ? page->supervisor_write
                                            : page->write);
    out->domain = ctx->domain;
}

static VtdFaultReason interrupt_range(const VtdContext *ctx)
{
    return ctx->scalable ? VTD_FR_SM_INTERRUPT_RANGE : VTD_FR_INTERRUPT_RANGE;
}

/* What the context says of the request before its address is looked at. */
static VtdFaultReason admit(const VtdUnit *u, const VtdContext *ctx,
                            const VtdRequest *request)
{
    if (request->at == VTD_AT_TRANSLATED) {
        if (!ctx->ats) {
            return ctx->scalable ? VTD_FR_SM_NO_DTE : VTD_FR_TYPE_BLOCKED;
        }
        if (request->address & vtd_beyond_haw(u)) {
            return ctx->scalable ? VTD_FR_SM_HAW : VTD_FR_BEYOND_MGAW;
        }
        return vtd_is_interrupt_address(request->address)
               ? interrupt_range(ctx) : VTD_FR_NONE;
    }
    if (vtd_privileged(ctx, request) && !ctx->supervisor) {
        return VTD_FR_SM_NO_SRE;
    }
    if (!in_range(ctx, request->address)) {
        return out_of_range(ctx);
    }
    return VTD_FR_NONE;
}

static bool translate(VtdUnit *u, const VtdRequest *request,
                      VtdTranslation *out, VtdFault *fault)
{
    VtdContext ctx;
    VtdPage walked;
    const VtdPage *page;
    uint64_t mask;

    if (!vtd_context_get(u, request, &ctx, fault)) {
        return blocked(u, request, fault, ctx.fpd);
    }
    fault->reason = admit(u, &ctx, request);
    if (fault->reason) {
        fault->entry = ctx.entry;
        fault->entry_address = ctx.entry_address;
        fault->value = ctx.value;
        return blocked(u, request, fault, ctx.fpd);
    }
    if (!ctx.stages || request->at == VTD_AT_TRANSLATED) {
        out->domain = ctx.domain;
        return pass(u, request, out, fault);
    }
    page = find_page(u, &ctx, request, &walked, fault);
    if (!page) {
        return blocked(u, request, fault, ctx.fpd);
    }
    mask = (1ULL << vtd_level_shift(page->level)) - 1;
    *out = (VtdTranslation) { .address = page->target, .mask = mask };
    if (page->target <= VTD_INTR_LAST &&
        page->target + mask >= VTD_INTR_FIRST) {
        uint64_t end = page->target | (request->address & mask);

        if (vtd_is_interrupt_address(end)) {
            tell_page(page, page != &walked, fault);
            fault->reason = interrupt_range(&ctx);
            return blocked(u, request, fault, ctx.fpd);
        }
        /* The rest of the page is not good for what is near. */
        out->mask = VTD_PAGE_SIZE - 1;
        out->address = end & ~out->mask;
    }
    permissions(page, &ctx, request, out);
    return true;
}

/*
 * What nearly every request is: requester and page are cached and allow it.
 * False: take the long way, which finds out the same and more.
 */
static bool hit(VtdUnit *u, const VtdRequest *request, VtdTranslation *out)
{
    int32_t slot = vtd_cache_find(&u->contexts, vtd_tag_context(request));
    const VtdContext *ctx;
    const VtdPage *page;
    uint64_t mask;

    if (slot < 0 || vtd_is_interrupt_address(request->address)) {
        return false;
    }
    ctx = vtd_cache_payload(&u->contexts, slot);
    if (ctx->reason || (vtd_privileged(ctx, request) && !ctx->supervisor) ||
        !in_range(ctx, request->address)) {
        return false;
    }
    if (!ctx->stages) {
        if (u->protecting) {
            return false;
        }
        u->stats.context_hits++;
        out->domain = ctx->domain;
        return untouched(out);
    }
    page = vtd_iotlb_find(u, ctx->space, request->address);
    if (!page || page->reason || !vtd_page_permits(page, ctx, request) ||
        (request->write && !page->dirty)) {
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
    permissions(page, ctx, request, out);
    return true;
}

bool vtd_unit_translate(VtdUnit *u, const VtdRequest *request,
                        VtdTranslation *out, VtdFault *fault)
{
    VtdFault local;

    if (u->te && u->root_mode != VTD_TTM_ABORT &&
        request->at == VTD_AT_UNTRANSLATED && hit(u, request, out)) {
        return true;
    }

    fault = fault ? fault : &local;
    *fault = (VtdFault) {
        .sid = request->sid,
        .has_pasid = request->has_pasid,
        .privileged = request->privileged,
        .pasid = request->pasid,
        .at = request->at,
        .write = request->write,
        .address = request->address,
    };
    if (!u->te) {
        out->domain = 0;
        return pass(u, request, out, fault);
    }
    if (u->root_mode == VTD_TTM_ABORT) {
        /* 11.4.5: aborted without a record. */
        fault->reason = VTD_FR_ROOT_NOT_PRESENT;
        return blocked(u, request, fault, true);
    }
    if (vtd_is_interrupt_address(request->address) && !request->has_pasid) {
        /* Writes there are interrupts and come by vtd_unit_remap(). */
        fault->reason = vtd_scalable(u) ? VTD_FR_SM_INTERRUPT_RANGE
                                        : VTD_FR_INTERRUPT_RANGE;
        return blocked(u, request, fault, false);
    }
    return translate(u, request, out, fault);
}
