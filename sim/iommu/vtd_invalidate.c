/*
 * Invalidation of the caches, and the registers that ask for it.
 *
 * The queue (vtd_queue.c) ends here too.  Source: VT-d 4.1, 6.5.1 (registers),
 * 6.5.2 (granularities), 6.5.4 (drain).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

static void announce(VtdUnit *u, const VtdInvalidated *what)
{
    if (u->ops->invalidated) {
        u->ops->invalidated(u->opaque, what);
    }
}

/* FM chooses function bits that do not count: none, 2, 2:1, 2:0 (9.3). */
static uint16_t function_bits(unsigned function_mask)
{
    static const uint16_t bits[] = { 0, 4, 6, 7 };

    return bits[function_mask & 3];
}

static void drop_context(VtdUnit *u, VtdCache *cache, uint32_t slot)
{
    vtd_cache_drop(cache, slot);
    u->stats.invalidated++;
}

static bool same_device(VtdTag tag, uint16_t sid, uint16_t ignored)
{
    return !(((uint16_t)(tag.key >> 1) ^ sid) & ~ignored);
}

static void invalidate_legacy(VtdUnit *u, unsigned granularity,
                              uint16_t domain, uint16_t sid, uint16_t ignored)
{
    for (uint32_t slot = 0; slot < u->contexts.entries; slot++) {
        const VtdContext *ctx = vtd_cache_payload(&u->contexts, slot);
        VtdTag tag = u->contexts.tags[slot];

        if (tag.key &&
            (granularity < VTD_GRAN_DOMAIN || ctx->domain == domain) &&
            (granularity != VTD_GRAN_SELECTIVE ||
             same_device(tag, sid, ignored))) {
            drop_context(u, &u->contexts, slot);
        }
    }
}

/*
 * Scalable mode's context entries are in no domain.  What a request without
 * PASID came to is partly theirs (RID_PASID), so it goes as well; other PASID
 * entries stay until they are invalidated.
 */
static void invalidate_scalable(VtdUnit *u, bool all, uint16_t sid,
                                uint16_t ignored)
{
    const uint64_t no_pasid =
        vtd_tag_context(&(VtdRequest) { .sid = 0 }).space;

    for (uint32_t slot = 0; slot < u->devices.entries; slot++) {
        VtdTag tag = u->devices.tags[slot];

        if (tag.key && (all || same_device(tag, sid, ignored))) {
            drop_context(u, &u->devices, slot);
        }
    }
    for (uint32_t slot = 0; slot < u->contexts.entries; slot++) {
        VtdTag tag = u->contexts.tags[slot];

        if (tag.key && tag.space == no_pasid &&
            (all || same_device(tag, sid, ignored))) {
            drop_context(u, &u->contexts, slot);
        }
    }
}

bool vtd_invalidate_context(VtdUnit *u, unsigned granularity, uint16_t domain,
                            uint16_t sid, unsigned function_mask)
{
    uint16_t ignored = function_bits(function_mask);
    VtdInvalidated what = { .what = VTD_INV_ALL };

    if (granularity == VTD_GRAN_NONE) {
        return false;
    }
    trace_vtd_unit_context_invalidate(granularity, domain, sid, ignored);
    if (vtd_scalable(u)) {
        invalidate_scalable(u, granularity != VTD_GRAN_SELECTIVE, sid,
                            ignored);
    } else {
        invalidate_legacy(u, granularity, domain, sid, ignored);
    }
    if (granularity == VTD_GRAN_DOMAIN) {
        what.what = VTD_INV_DOMAIN;
    } else if (granularity == VTD_GRAN_SELECTIVE) {
        what.what = VTD_INV_DEVICE;
    }
    what.domain = domain;
    what.sid = sid;
    what.sid_mask = ignored;
    announce(u, &what);
    return true;
}

/*
 * An absent entry is in domain 0, but what makes it present names the new
 * domain (Linux does), so a PASID's absence is in every one.
 */
static bool in_pasid_domain(const VtdContext *ctx, uint16_t domain,
                            unsigned granularity)
{
    return ctx->domain == domain ||
           (ctx->reason && granularity == VTD_PC_PASID);
}

bool vtd_invalidate_pasid_cache(VtdUnit *u, unsigned granularity,
                                uint16_t domain, uint32_t pasid)
{
    VtdInvalidated what = { .what = VTD_INV_DOMAIN, .domain = domain };

    if (granularity != VTD_PC_DOMAIN && granularity != VTD_PC_PASID &&
        granularity != VTD_PC_GLOBAL) {
        return false;
    }
    trace_vtd_unit_pasid_invalidate(granularity, domain, pasid);
    for (uint32_t slot = 0; slot < u->contexts.entries; slot++) {
        const VtdContext *ctx = vtd_cache_payload(&u->contexts, slot);

        if (u->contexts.tags[slot].key &&
            (granularity == VTD_PC_GLOBAL ||
             (in_pasid_domain(ctx, domain, granularity) &&
              (granularity == VTD_PC_DOMAIN || ctx->pasid == pasid)))) {
            drop_context(u, &u->contexts, slot);
        }
    }
    if (granularity == VTD_PC_GLOBAL) {
        what.what = VTD_INV_ALL;
    }
    announce(u, &what);
    return true;
}

static void tell_pages(VtdInvalidated *what, uint64_t address, unsigned am)
{
    what->what = VTD_INV_PAGES;
    what->size = VTD_PAGE_SIZE << am;
    what->address = address & ~(what->size - 1);
}

bool vtd_invalidate_iotlb(VtdUnit *u, unsigned granularity, uint16_t domain,
                          uint64_t address, unsigned am, bool leaves)
{
    VtdInvalidated what = { .what = VTD_INV_ALL, .domain = domain };

    trace_vtd_unit_iotlb_invalidate(granularity, domain, address, am);
    switch (granularity) {
    case VTD_GRAN_GLOBAL:
        vtd_iotlb_flush_all(u);
        break;
    case VTD_GRAN_DOMAIN:
        vtd_iotlb_flush_domain(u, domain);
        what.what = VTD_INV_DOMAIN;
        break;
    case VTD_GRAN_SELECTIVE:
        if (am > vtd_mamv(&u->cfg)) {
            return false;
        }
        vtd_iotlb_flush_second(u, domain, address, am, leaves);
        tell_pages(&what, address, am);
        break;
    default:
        return false;
    }
    announce(u, &what);
    return true;
}

bool vtd_invalidate_pasid_iotlb(VtdUnit *u, unsigned granularity,
                                uint16_t domain, uint32_t pasid,
                                uint64_t address, unsigned am, bool leaves)
{
    VtdInvalidated what = { .what = VTD_INV_DOMAIN, .domain = domain };

    trace_vtd_unit_iotlb_invalidate(granularity, domain, address, am);
    if (granularity == VTD_PIOTLB_PASID) {
        vtd_iotlb_flush_pasid(u, domain, pasid);
    } else if (granularity == VTD_PIOTLB_PAGES && am <= vtd_mamv(&u->cfg)) {
        vtd_iotlb_flush_pages(u, vtd_space(VTD_STAGES_FIRST, domain, pasid),
                              address, am, leaves);
        vtd_iotlb_flush_pages(u, vtd_space(VTD_STAGES_NESTED, domain, pasid),
                              address, am, leaves);
        tell_pages(&what, address, am);
    } else {
        return false;
    }
    announce(u, &what);
    return true;
}

void vtd_invalidate_device(VtdUnit *u, const VtdDeviceInvalidation *what)
{
    VtdDeviceAnswer answer = u->ops->device_invalidate
                             ? u->ops->device_invalidate(u->opaque, what)
                             : VTD_DEVICE_ABSENT;

    u->stats.device_invalidations++;
    trace_vtd_unit_device_invalidate(what->sid, what->pasid, what->address,
                                     what->last, answer);
    if (answer == VTD_DEVICE_PENDING) {
        u->devices_pending++;
    } else if (answer == VTD_DEVICE_ABSENT) {
        u->device_lost = true;
        u->device_lost_sid = what->sid;
    }
}

/* ICE, 11.4.7.1: the queue goes on, and the first such device is named. */
void vtd_unit_device_unexpected(VtdUnit *u, uint16_t sid)
{
    if (!u->cfg.device_tlb) {
        return;
    }
    if (!(vtd_reg32(u, VTD_FSTS) & VTD_FSTS_ICE)) {
        uint64_t iqercd = vtd_reg64(u, VTD_IQERCD) & 0x0000ffffffffffffULL;

        vtd_set64(u, VTD_IQERCD,
                  iqercd | (uint64_t)sid << VTD_IQERCD_ICESID_SHIFT);
    }
    trace_vtd_unit_device_unexpected(sid);
    vtd_fault_status_raise(u, VTD_FSTS_ICE);
}

void vtd_unit_device_answered(VtdUnit *u, uint16_t sid, bool lost)
{
    if (!u->devices_pending) {
        if (!lost) {
            vtd_unit_device_unexpected(u, sid);
        }
        return;
    }
    u->devices_pending--;
    if (lost) {
        u->device_lost = true;
        u->device_lost_sid = sid;
    }
    if (u->drain == VTD_DRAIN_DEVICES && (lost || !u->devices_pending)) {
        vtd_unit_drained(u);
    }
}

static void drop_irte(VtdUnit *u, uint32_t slot)
{
    vtd_cache_drop(&u->irtes, slot);
    u->stats.invalidated++;
}

static void scan_irtes(VtdUnit *u, uint32_t first, uint32_t count)
{
    for (uint32_t slot = 0; slot < u->irtes.entries && u->irtes.used; slot++) {
        uint64_t key = u->irtes.tags[slot].key;

        if (key && (key >> 1) - first < count) {
            drop_irte(u, slot);
        }
    }
}

/* By look-up or by a scan, whichever is less: a guest can ask for it often. */
static void drop_irtes(VtdUnit *u, uint32_t first, uint32_t count)
{
    if (count > u->irtes.entries) {
        scan_irtes(u, first, count);
        return;
    }
    for (uint32_t i = 0; i < count && u->irtes.used; i++) {
        int32_t slot = vtd_cache_find(&u->irtes, vtd_tag_irte(first + i));

        if (slot >= 0) {
            drop_irte(u, slot);
        }
    }
}

void vtd_invalidate_irte(VtdUnit *u, bool all, uint16_t index, unsigned mask)
{
    uint32_t count = 1U << mask;
    uint32_t first = index & ~(count - 1);

    trace_vtd_unit_irte_invalidate(all, index, mask);
    if (all) {
        u->stats.invalidated += vtd_cache_clear(&u->irtes);
        first = count = 0;
    }
    drop_irtes(u, first, count);
    if (u->ops->irte_invalidated) {
        u->ops->irte_invalidated(u->opaque, first, count);
    }
}

bool vtd_invalidate_drain(VtdUnit *u, bool wanted)
{
    return !wanted || !u->cfg.dma_drain || !u->ops->drain ||
           u->ops->drain(u->opaque);
}

static bool queue_in_use(const VtdUnit *u)
{
    return vtd_reg32(u, VTD_GSTS) & VTD_GCMD_QIE;
}

/*
 * The registers' requests are wrong while the queue is enabled, and in other
 * modes than legacy (6.5): they are for units before version 6 and that mode.
 */
static bool registers_refused(const VtdUnit *u)
{
    return queue_in_use(u) || u->root_mode != VTD_TTM_LEGACY;
}

/* 11.4.6.1.  Granularity 0 in the answer says that the request was wrong. */
void vtd_context_command(VtdUnit *u)
{
    uint64_t ccmd = vtd_reg64(u, VTD_CCMD);
    uint64_t granularity = ccmd >> VTD_CCMD_CIRG_SHIFT & 3;

    if (registers_refused(u) ||
        !vtd_invalidate_context(u, granularity, ccmd,
                                ccmd >> VTD_CCMD_SID_SHIFT,
                                ccmd >> VTD_CCMD_FM_SHIFT & 3)) {
        granularity = VTD_GRAN_NONE;
    }
    ccmd &= ~(VTD_CCMD_ICC | VTD_CCMD_CAIG_MASK);
    vtd_set64(u, VTD_CCMD, ccmd | granularity << VTD_CCMD_CAIG_SHIFT);
}

void vtd_iotlb_command_done(VtdUnit *u)
{
    vtd_set64(u, VTD_IOTLB, vtd_reg64(u, VTD_IOTLB) & ~VTD_IOTLB_IVT);
}

/* 11.4.6.2.2.  While the queue is on, a drain under way is the queue's. */
void vtd_iotlb_command(VtdUnit *u)
{
    uint64_t cmd = vtd_reg64(u, VTD_IOTLB);
    uint64_t iva = vtd_reg64(u, VTD_IVA);
    uint64_t granularity = cmd >> VTD_IOTLB_IIRG_SHIFT & 3;
    bool refused = registers_refused(u);
    bool drain = !refused && (cmd & (VTD_IOTLB_DR | VTD_IOTLB_DW));

    if (refused ||
        !vtd_invalidate_iotlb(u, granularity, cmd >> VTD_IOTLB_DID_SHIFT,
                              iva & VTD_PAGE_MASK, iva & VTD_IVA_AM_MASK,
                              iva & VTD_IVA_IH)) {
        granularity = VTD_GRAN_NONE;
    }
    cmd &= ~VTD_IOTLB_IAIG_MASK;
    vtd_set64(u, VTD_IOTLB, cmd | granularity << VTD_IOTLB_IAIG_SHIFT);
    if (vtd_invalidate_drain(u, drain)) {
        vtd_iotlb_command_done(u);
    } else {
        u->drain = VTD_DRAIN_IOTLB_REG;
    }
}
