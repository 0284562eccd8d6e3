/*
 * Queued invalidation: a ring of descriptors in memory.
 *
 * The queue runs when its tail is written, is stopped by an error until
 * software has cleared it, and waits at a descriptor whose drain is not over.
 * Source: VT-d 4.1, 6.5.2 (descriptors), 11.4.9 (registers).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

#define DESC_SIZE 16

typedef enum VtdStep {
    VTD_STEP_DONE,              /* go on with the next descriptor */
    VTD_STEP_DRAIN,             /* stay here until vtd_unit_drained() */
    VTD_STEP_ERROR,             /* stay here until IQE is cleared */
} VtdStep;

static uint32_t queue_size(const VtdUnit *u)
{
    return 4096U << (vtd_reg64(u, VTD_IQA) & VTD_IQA_QS_MASK);
}

static VtdStep fail(VtdUnit *u, unsigned iqei)
{
    uint64_t iqercd = vtd_reg64(u, VTD_IQERCD) & ~VTD_IQERCD_IQEI_MASK;

    vtd_set64(u, VTD_IQERCD, iqercd | iqei);
    trace_vtd_unit_queue_error(vtd_reg32(u, VTD_IQH), iqei);
    vtd_fault_status_raise(u, VTD_FSTS_IQE);
    return VTD_STEP_ERROR;
}

static VtdStep do_context(VtdUnit *u, uint64_t lo, uint64_t hi)
{
    if ((lo & VTD_DESC_CC_RSVD_LO) || hi ||
        !vtd_invalidate_context(u, lo >> VTD_DESC_G_SHIFT & 3,
                                lo >> VTD_DESC_DID_SHIFT,
                                lo >> VTD_DESC_CC_SID_SHIFT,
                                lo >> VTD_DESC_CC_FM_SHIFT & 3)) {
        return fail(u, VTD_IQEI_RESERVED);
    }
    return VTD_STEP_DONE;
}

static VtdStep do_iotlb(VtdUnit *u, uint64_t lo, uint64_t hi)
{
    if ((lo & VTD_DESC_IOTLB_RSVD_LO) || (hi & VTD_DESC_IOTLB_RSVD_HI) ||
        !vtd_invalidate_iotlb(u, lo >> VTD_DESC_G_SHIFT & 3,
                              lo >> VTD_DESC_DID_SHIFT, hi & VTD_PAGE_MASK,
                              hi & VTD_DESC_IOTLB_AM_MASK)) {
        return fail(u, VTD_IQEI_RESERVED);
    }
    return vtd_invalidate_drain(u, lo & (VTD_DESC_IOTLB_DR | VTD_DESC_IOTLB_DW))
           ? VTD_STEP_DONE : VTD_STEP_DRAIN;
}

static VtdStep do_irte(VtdUnit *u, uint64_t lo, uint64_t hi)
{
    unsigned mask = lo >> VTD_DESC_IEC_IM_SHIFT & 31;

    if ((lo & VTD_DESC_IEC_RSVD_LO) || hi || mask > VTD_MHMV) {
        return fail(u, VTD_IQEI_RESERVED);
    }
    vtd_invalidate_irte(u, !(lo & VTD_DESC_IEC_SELECTIVE),
                        lo >> VTD_DESC_IEC_INDEX_SHIFT, mask);
    return VTD_STEP_DONE;
}

/* Descriptors complete in order, so a fence asks for nothing more. */
static VtdStep do_wait(VtdUnit *u, uint64_t lo, uint64_t hi)
{
    if ((lo & (VTD_DESC_WAIT_RSVD_LO | VTD_DESC_WAIT_PD)) ||
        (hi & VTD_DESC_WAIT_RSVD_HI)) {
        return fail(u, VTD_IQEI_RESERVED);
    }
    if (lo & VTD_DESC_WAIT_SW) {
        uint8_t status[4];

        wr_le32(status, lo >> VTD_DESC_WAIT_DATA_SHIFT);
        if (!u->ops->mem_write(u->opaque, hi, status, sizeof(status))) {
            /* 6.5.2.8 names no error; software waits in vain. */
            trace_vtd_unit_queue_status_lost(hi);
        }
    }
    if ((lo & VTD_DESC_WAIT_IF) && !(vtd_reg32(u, VTD_ICS) & VTD_ICS_IWC)) {
        vtd_set32(u, VTD_ICS, VTD_ICS_IWC);
        vtd_event_raise(u, VTD_IECTL);
    }
    return VTD_STEP_DONE;
}

static VtdStep step(VtdUnit *u)
{
    uint64_t address = (vtd_reg64(u, VTD_IQA) & VTD_PAGE_MASK) +
                       vtd_reg64(u, VTD_IQH);
    uint8_t raw[DESC_SIZE];
    uint64_t lo, hi;

    if (!u->ops->mem_read(u->opaque, address, raw, sizeof(raw))) {
        return fail(u, VTD_IQEI_FETCH);
    }
    lo = rd_le64(raw);
    hi = rd_le64(raw + 8);
    u->stats.descriptors++;
    trace_vtd_unit_queue_descriptor(address, lo, hi);
    switch (VTD_DESC_TYPE(lo)) {
    case VTD_DESC_CONTEXT:
        return do_context(u, lo, hi);
    case VTD_DESC_IOTLB:
        return do_iotlb(u, lo, hi);
    case VTD_DESC_IEC:
        return u->cfg.interrupt_remapping ? do_irte(u, lo, hi)
                                          : fail(u, VTD_IQEI_TYPE);
    case VTD_DESC_WAIT:
        return do_wait(u, lo, hi);
    case VTD_DESC_DEVICE_TLB:
    case VTD_DESC_PASID_IOTLB:
    case VTD_DESC_PASID_CACHE:
    case VTD_DESC_PASID_DEVICE_TLB:
    case VTD_DESC_PAGE_RESPONSE:
        /* Known, but ECAP offers neither DT, SMTS nor PRS. */
    default:
        return fail(u, VTD_IQEI_TYPE);
    }
}

static void advance(VtdUnit *u)
{
    uint32_t head = vtd_reg32(u, VTD_IQH) + DESC_SIZE;

    vtd_set64(u, VTD_IQH, head >= queue_size(u) ? 0 : head);
}

static bool runnable(const VtdUnit *u)
{
    return (vtd_reg32(u, VTD_GSTS) & VTD_GCMD_QIE) &&
           !(vtd_reg32(u, VTD_FSTS) & VTD_FSTS_IQE) &&
           u->drain == VTD_DRAIN_NONE &&
           vtd_reg32(u, VTD_IQH) != vtd_reg32(u, VTD_IQT);
}

void vtd_queue_run(VtdUnit *u)
{
    /* Software can write IQA at any time: once round is enough for all. */
    uint32_t budget = queue_size(u) / DESC_SIZE;

    if (u->queue_running) {
        return;
    }
    u->queue_running = true;
    while (budget-- && runnable(u)) {
        VtdStep result;

        if (vtd_reg32(u, VTD_IQT) >= queue_size(u)) {
            fail(u, VTD_IQEI_TAIL);
            break;
        }
        result = step(u);
        if (result == VTD_STEP_DRAIN) {
            u->drain = VTD_DRAIN_QUEUE;
        } else if (result == VTD_STEP_DONE) {
            advance(u);
        }
    }
    u->queue_running = false;
}

void vtd_queue_drained(VtdUnit *u)
{
    if (vtd_reg32(u, VTD_GSTS) & VTD_GCMD_QIE) {
        advance(u);
        vtd_queue_run(u);
    }
}

void vtd_queue_tail_written(VtdUnit *u)
{
    vtd_queue_run(u);
}

void vtd_queue_enable(VtdUnit *u, bool on)
{
    vtd_set64(u, VTD_IQH, 0);
    if (!on && u->drain == VTD_DRAIN_QUEUE) {
        u->drain = VTD_DRAIN_NONE;
    }
    if (on) {
        vtd_queue_run(u);
    }
}
