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

bool vtd_invalidate_context(VtdUnit *u, unsigned granularity, uint16_t domain,
                            uint16_t sid, unsigned function_mask)
{
    uint16_t ignored = function_bits(function_mask);
    VtdInvalidated what = { .what = VTD_INV_ALL };

    if (granularity == VTD_GRAN_NONE) {
        return false;
    }
    trace_vtd_unit_context_invalidate(granularity, domain, sid, ignored);
    for (uint32_t slot = 0; slot < u->contexts.entries; slot++) {
        const VtdContext *ctx = vtd_cache_payload(&u->contexts, slot);
        uint16_t tag_sid = u->contexts.tags[slot] >> 1;

        if (!u->contexts.tags[slot] ||
            (granularity >= VTD_GRAN_DOMAIN && ctx->domain != domain) ||
            (granularity == VTD_GRAN_SELECTIVE &&
             ((tag_sid ^ sid) & ~ignored))) {
            continue;
        }
        vtd_cache_drop(&u->contexts, slot);
        u->stats.invalidated++;
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

bool vtd_invalidate_iotlb(VtdUnit *u, unsigned granularity, uint16_t domain,
                          uint64_t address, unsigned am)
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
        if (am > VTD_MAMV) {
            return false;
        }
        vtd_iotlb_flush_pages(u, domain, address, am);
        what.what = VTD_INV_PAGES;
        what.size = VTD_PAGE_SIZE << am;
        what.address = address & ~(what.size - 1);
        break;
    default:
        return false;
    }
    announce(u, &what);
    return true;
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
    for (uint32_t i = 0; i < count && u->irtes.used; i++) {
        int32_t slot = vtd_cache_find(&u->irtes, vtd_tag_irte(first + i));

        if (slot >= 0) {
            vtd_cache_drop(&u->irtes, slot);
            u->stats.invalidated++;
        }
    }
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
 * 11.4.6.1.  Granularity 0 in the answer says that the request was wrong; so
 * it is while the queue is enabled (6.5).
 */
void vtd_context_command(VtdUnit *u)
{
    uint64_t ccmd = vtd_reg64(u, VTD_CCMD);
    uint64_t granularity = ccmd >> VTD_CCMD_CIRG_SHIFT & 3;

    if (queue_in_use(u) ||
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

/* 11.4.6.2.2. */
void vtd_iotlb_command(VtdUnit *u)
{
    uint64_t cmd = vtd_reg64(u, VTD_IOTLB);
    uint64_t iva = vtd_reg64(u, VTD_IVA);
    uint64_t granularity = cmd >> VTD_IOTLB_IIRG_SHIFT & 3;

    if (queue_in_use(u) ||
        !vtd_invalidate_iotlb(u, granularity, cmd >> VTD_IOTLB_DID_SHIFT,
                              iva & VTD_PAGE_MASK, iva & VTD_IVA_AM_MASK)) {
        granularity = VTD_GRAN_NONE;
    }
    cmd &= ~VTD_IOTLB_IAIG_MASK;
    vtd_set64(u, VTD_IOTLB, cmd | granularity << VTD_IOTLB_IAIG_SHIFT);
    if (vtd_invalidate_drain(u, cmd & (VTD_IOTLB_DR | VTD_IOTLB_DW))) {
        vtd_iotlb_command_done(u);
    } else {
        u->drain = VTD_DRAIN_IOTLB_REG;
    }
}
