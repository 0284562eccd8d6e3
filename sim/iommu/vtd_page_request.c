/*
 * Page requests (PRI): a queue in memory from devices to software.
 *
 * Source: VT-d 4.1, 7.4 (requests), 7.5 (event), 11.4.11 (registers).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

static void answer(VtdUnit *u, const VtdPageRequest *r, uint8_t code)
{
    VtdPageResponse response = {
        .sid = r->sid,
        .has_pasid = r->has_pasid,
        .pasid = r->pasid,
        .group = r->group,
        .code = code,
    };

    if (r->last && u->ops->page_response) {
        u->ops->page_response(u->opaque, &response);
    }
}

static bool refuse(VtdUnit *u, const VtdPageRequest *r, const VtdFault *why,
                   bool fpd)
{
    VtdFault fault = {
        .reason = why->reason,
        .sid = r->sid,
        .has_pasid = r->has_pasid,
        .privileged = r->privileged,
        .pasid = r->pasid,
        .write = r->write,
        .page_request = true,
        .address = r->address,
        .entry = why->entry,
        .entry_address = why->entry_address,
        .value = why->value,
        .cached = why->cached,
    };

    vtd_fault_block(u, &fault, fpd);
    answer(u, r, VTD_PGR_INVALID);
    return false;
}

static void flag(VtdUnit *u, uint32_t bit)
{
    uint32_t prs = vtd_reg32(u, VTD_PRS);

    vtd_set32(u, VTD_PRS, prs | bit);
    if (!(prs & (VTD_PRS_PPR | VTD_PRS_PRO))) {
        vtd_event_raise(u, VTD_PECTL);
    }
}

static bool queue(VtdUnit *u, const VtdPageRequest *r)
{
    uint64_t pqa = vtd_reg64(u, VTD_PQA);
    uint32_t size = 4096U << (pqa & VTD_PQA_QS_MASK);
    uint32_t tail = vtd_reg32(u, VTD_PQT) & VTD_PQ_PTR_MASK;
    uint32_t next = tail + VTD_PAGE_REQUEST_SIZE;
    uint8_t raw[VTD_PAGE_REQUEST_SIZE] = { 0 };

    next = next >= size ? 0 : next;
    if (tail >= size || next == (vtd_reg32(u, VTD_PQH) & VTD_PQ_PTR_MASK) ||
        (vtd_reg32(u, VTD_PRS) & VTD_PRS_PRO)) {
        return false;
    }
    wr_le64(raw, VTD_PRQ_TYPE | (uint64_t)r->sid << VTD_PRQ_RID_SHIFT |
            (r->has_pasid ? VTD_PRQ_PASID_PRESENT |
             (uint64_t)(r->pasid & VTD_PASID_MAX) << VTD_PRQ_PASID_SHIFT : 0) |
            (r->privileged ? VTD_PRQ_PRIVILEGED : 0));
    wr_le64(raw + 8, (r->address & VTD_PAGE_MASK) |
            (uint64_t)(r->group & 511) << VTD_PRQ_INDEX_SHIFT |
            (r->read ? VTD_PRQ_READ : 0) | (r->write ? VTD_PRQ_WRITE : 0) |
            (r->last ? VTD_PRQ_LAST : 0));
    if (!u->ops->mem_write(u->opaque, (pqa & VTD_PAGE_MASK) + tail, raw,
                           sizeof(raw))) {
        return false;
    }
    vtd_set64(u, VTD_PQT, next);
    return true;
}

/*
 * 6.5.3.1: software need not invalidate what it grants more rights to, so the
 * request takes out what the unit remembers of the page.
 */
static void forget_page(VtdUnit *u, const VtdContext *ctx, uint64_t address)
{
    if (ctx->stages == VTD_STAGES_FIRST) {
        vtd_iotlb_flush_pages(u, ctx->space, address, 0, false);
    } else if (ctx->stages == VTD_STAGES_NESTED) {
        vtd_iotlb_flush_domain(u, ctx->domain);
    } else {
        vtd_iotlb_flush_second(u, ctx->domain, address, 0, false);
    }
}

bool vtd_unit_page_request(VtdUnit *u, const VtdPageRequest *r)
{
    VtdRequest request = {
        .sid = r->sid, .has_pasid = r->has_pasid, .pasid = r->pasid,
    };
    VtdFault why = { .reason = VTD_FR_SM_TTM_PAGE };
    VtdContext ctx;
    VtdDevice d;

    if (!u->te || !u->cfg.page_requests || u->root_mode == VTD_TTM_ABORT) {
        answer(u, r, VTD_PGR_INVALID);
        return false;
    }
    if (u->root_mode == VTD_TTM_LEGACY) {
        return refuse(u, r, &why, false);
    }
    if (vtd_scalable(u) && vtd_scalable_device(u, r->sid, false, &d) &&
        !d.page_requests) {
        why = (VtdFault) {
            .reason = VTD_FR_SM_NO_PRE,
            .entry = d.entry,
            .entry_address = d.entry_address,
            .value = d.value,
        };
        return refuse(u, r, &why, d.fpd);
    }
    if (!vtd_context_get(u, &request, &ctx, &why)) {
        return refuse(u, r, &why, ctx.fpd);
    }
    forget_page(u, &ctx, r->address);
    u->stats.page_requests++;
    trace_vtd_unit_page_request(r->sid, r->pasid, r->address, r->group,
                                r->last);
    if (!queue(u, r)) {
        /* 7.4.2: lost; the device may ask again. */
        flag(u, VTD_PRS_PRO);
        answer(u, r, VTD_PGR_SUCCESS);
        return false;
    }
    flag(u, VTD_PRS_PPR);
    return true;
}

/* IP goes with the last condition that software has serviced (11.4.11.5). */
void vtd_page_request_status_written(VtdUnit *u)
{
    if (!(vtd_reg32(u, VTD_PRS) & (VTD_PRS_PPR | VTD_PRS_PRO))) {
        vtd_set32(u, VTD_PECTL, vtd_reg32(u, VTD_PECTL) & ~VTD_ECTL_IP);
    }
}
