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

typedef enum VtdStep {
    VTD_STEP_DONE,              /* go on with the next descriptor */
    VTD_STEP_DRAIN,             /* stay here until vtd_unit_drained() */
    VTD_STEP_DEVICES,           /* stay here until devices have answered */
    VTD_STEP_ERROR,             /* stay here until IQE is cleared */
} VtdStep;

/* Scalable mode has descriptors of 256 bits. */
static bool wide(const VtdUnit *u)
{
    return vtd_reg64(u, VTD_IQA) & VTD_IQA_DW;
}

static uint32_t descriptor_size(const VtdUnit *u)
{
    return wide(u) ? 32 : 16;
}

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
                              hi & VTD_DESC_IOTLB_AM_MASK,
                              hi & VTD_DESC_IOTLB_IH)) {
        return fail(u, VTD_IQEI_RESERVED);
    }
    /* From version 2 on the flags DR and DW do not count (6.5.2.3). */
    return vtd_invalidate_drain(u, true) ? VTD_STEP_DONE : VTD_STEP_DRAIN;
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

static VtdStep do_pasid_iotlb(VtdUnit *u, uint64_t lo, uint64_t hi)
{
    if ((lo & VTD_DESC_PIOTLB_RSVD_LO) || (hi & VTD_DESC_PIOTLB_RSVD_HI) ||
        !vtd_invalidate_pasid_iotlb(u, lo >> VTD_DESC_G_SHIFT & 3,
                                    lo >> VTD_DESC_DID_SHIFT,
                                    lo >> VTD_DESC_PASID_SHIFT & VTD_PASID_MAX,
                                    hi & VTD_PAGE_MASK,
                                    hi & VTD_DESC_IOTLB_AM_MASK,
                                    hi & VTD_DESC_IOTLB_IH)) {
        return fail(u, VTD_IQEI_RESERVED);
    }
    /* This kind drains always (6.5.4). */
    return vtd_invalidate_drain(u, true) ? VTD_STEP_DONE : VTD_STEP_DRAIN;
}

static VtdStep do_pasid_cache(VtdUnit *u, uint64_t lo, uint64_t hi)
{
    if ((lo & VTD_DESC_PC_RSVD_LO) || hi ||
        !vtd_invalidate_pasid_cache(u, lo >> VTD_DESC_G_SHIFT & 3,
                                    lo >> VTD_DESC_DID_SHIFT,
                                    lo >> VTD_DESC_PASID_SHIFT &
                                    VTD_PASID_MAX)) {
        return fail(u, VTD_IQEI_RESERVED);
    }
    return VTD_STEP_DONE;
}

/* The lowest clear bit of the address tells the size (6.5.2.5). */
static void device_range(VtdDeviceInvalidation *what, uint64_t address,
                         bool sized)
{
    uint64_t page = address >> VTD_PAGE_SHIFT;
    unsigned ones = 0;

    while (sized && ones < 52 && (page >> ones & 1)) {
        ones++;
    }
    if (ones >= 51) {
        what->address = 0;
        what->last = ~0ULL;
    } else {
        uint64_t size = VTD_PAGE_SIZE << (sized ? ones + 1 : 0);

        what->address = address & ~(size - 1);
        what->last = what->address + size - 1;
    }
}

static VtdStep do_device_tlb(VtdUnit *u, uint64_t lo, uint64_t hi)
{
    VtdDeviceInvalidation what = { .sid = lo >> VTD_DESC_DT_SID_SHIFT };

    if ((lo & VTD_DESC_DT_RSVD_LO) || (hi & VTD_DESC_DT_RSVD_HI)) {
        return fail(u, VTD_IQEI_RESERVED);
    }
    device_range(&what, hi & VTD_PAGE_MASK, hi & VTD_DESC_DT_S);
    vtd_invalidate_device(u, &what);
    return VTD_STEP_DONE;
}

static VtdStep do_pasid_device_tlb(VtdUnit *u, uint64_t lo, uint64_t hi)
{
    VtdDeviceInvalidation what = {
        .sid = lo >> VTD_DESC_PDT_SID_SHIFT,
        .has_pasid = true,
        .all_pasids = hi & VTD_DESC_PDT_G,
        .pasid = lo >> VTD_DESC_PASID_SHIFT & VTD_PASID_MAX,
    };

    if (hi & VTD_DESC_PDT_RSVD_HI) {
        return fail(u, VTD_IQEI_RESERVED);
    }
    device_range(&what, hi & VTD_PAGE_MASK, hi & VTD_DESC_PDT_S);
    vtd_invalidate_device(u, &what);
    return VTD_STEP_DONE;
}

static VtdStep do_page_response(VtdUnit *u, uint64_t lo, uint64_t hi)
{
    VtdPageResponse response = {
        .sid = lo >> VTD_DESC_PGR_RID_SHIFT,
        .has_pasid = lo & VTD_DESC_PGR_PP,
        .pasid = lo >> VTD_DESC_PASID_SHIFT & VTD_PASID_MAX,
        .group = hi >> VTD_DESC_PGR_INDEX_SHIFT & 511,
        .code = lo >> VTD_DESC_PGR_CODE_SHIFT & 15,
    };

    if ((lo & VTD_DESC_PGR_RSVD_LO) || (hi & VTD_DESC_PGR_RSVD_HI)) {
        return fail(u, VTD_IQEI_RESERVED);
    }
    if (u->ops->page_response) {
        u->ops->page_response(u->opaque, &response);
    }
    return VTD_STEP_DONE;
}

/*
 * 6.5.2.11: a device never answered.  The wait descriptor is given up, and no
 * other is fetched until software has cleared the error.
 */
static VtdStep time_out(VtdUnit *u)
{
    uint64_t iqercd = vtd_reg64(u, VTD_IQERCD) & 0xffff0000ffffffffULL;

    u->device_lost = false;
    vtd_set64(u, VTD_IQERCD, iqercd | (uint64_t)u->device_lost_sid <<
                                      VTD_IQERCD_ITESID_SHIFT);
    trace_vtd_unit_queue_time_out(u->device_lost_sid);
    vtd_fault_status_raise(u, VTD_FSTS_ITE);
    return VTD_STEP_DONE;
}

/* Descriptors complete in order, so a fence asks for nothing more. */
static VtdStep do_wait(VtdUnit *u, uint64_t lo, uint64_t hi)
{
    uint64_t reserved = VTD_DESC_WAIT_RSVD_LO;

    /* No page request waits anywhere but in the queue, so draining is free. */
    reserved |= u->cfg.page_requests ? 0 : VTD_DESC_WAIT_PD;
    if ((lo & reserved) || (hi & VTD_DESC_WAIT_RSVD_HI)) {
        return fail(u, VTD_IQEI_RESERVED);
    }
    if (u->device_lost) {
        return time_out(u);
    }
    if (u->devices_pending) {
        return VTD_STEP_DEVICES;
    }
    if (lo & VTD_DESC_WAIT_SW) {
        uint8_t status[4];

        wr_le32(status, lo >> VTD_DESC_WAIT_DATA_SHIFT);
        hi &= ~vtd_beyond_haw(u);
        if (!u->ops->mem_write(u->opaque, hi, status, sizeof(status))) {
            /* 6.5.2.9 names no error; software waits in vain. */
            trace_vtd_unit_queue_status_lost(hi);
        }
    }
    if ((lo & VTD_DESC_WAIT_IF) && !(vtd_reg32(u, VTD_ICS) & VTD_ICS_IWC)) {
        vtd_set32(u, VTD_ICS, VTD_ICS_IWC);
        vtd_event_raise(u, VTD_IECTL);
    }
    return VTD_STEP_DONE;
}

typedef struct VtdKind {
    uint8_t type;
    bool wide_only;             /* of 256 bits, and not in legacy mode */
    VtdStep (*run)(VtdUnit *u, uint64_t lo, uint64_t hi);
} VtdKind;

static const VtdKind kinds[] = {
    { VTD_DESC_CONTEXT, false, do_context },
    { VTD_DESC_IOTLB, false, do_iotlb },
    { VTD_DESC_DEVICE_TLB, false, do_device_tlb },
    { VTD_DESC_IEC, false, do_irte },
    { VTD_DESC_WAIT, false, do_wait },
    { VTD_DESC_PASID_IOTLB, true, do_pasid_iotlb },
    { VTD_DESC_PASID_CACHE, true, do_pasid_cache },
    { VTD_DESC_PASID_DEVICE_TLB, true, do_pasid_device_tlb },
    { VTD_DESC_PAGE_RESPONSE, true, do_page_response },
};

static bool offered(const VtdUnitConfig *c, uint8_t type)
{
    switch (type) {
    case VTD_DESC_DEVICE_TLB:
        return c->device_tlb;
    case VTD_DESC_IEC:
        return c->interrupt_remapping;
    case VTD_DESC_PASID_IOTLB:
    case VTD_DESC_PASID_CACHE:
        return c->scalable_mode;
    case VTD_DESC_PASID_DEVICE_TLB:
        return c->scalable_mode && c->device_tlb;
    case VTD_DESC_PAGE_RESPONSE:
        return c->page_requests;
    default:
        return true;
    }
}

static VtdStep step(VtdUnit *u)
{
    uint64_t address = (vtd_reg64(u, VTD_IQA) & VTD_PAGE_MASK) +
                       vtd_reg64(u, VTD_IQH);
    uint8_t raw[32] = { 0 };
    uint64_t lo, hi;

    if (u->root_mode == VTD_TTM_RESERVED) {
        return fail(u, VTD_IQEI_TTM);
    }
    if (!wide(u) && u->root_mode != VTD_TTM_LEGACY) {
        return fail(u, VTD_IQEI_WIDTH);
    }
    if (!u->ops->mem_read(u->opaque, address, raw, descriptor_size(u))) {
        return fail(u, VTD_IQEI_FETCH);
    }
    lo = rd_le64(raw);
    hi = rd_le64(raw + 8);
    u->stats.descriptors++;
    trace_vtd_unit_queue_descriptor(address, lo, hi);
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const VtdKind *kind = &kinds[i];

        if (kind->type != VTD_DESC_TYPE(lo) || !offered(&u->cfg, kind->type)) {
            continue;
        }
        if (kind->wide_only && u->root_mode == VTD_TTM_LEGACY) {
            /* 6.5.2.11: which types there are in which mode. */
            return fail(u, VTD_IQEI_TYPE);
        }
        /* A page response has private data there, which goes nowhere. */
        if (kind->type != VTD_DESC_PAGE_RESPONSE &&
            (rd_le64(raw + 16) || rd_le64(raw + 24))) {
            return fail(u, VTD_IQEI_RESERVED);
        }
        return kind->run(u, lo, hi);
    }
    return fail(u, VTD_IQEI_TYPE);
}

static void advance(VtdUnit *u)
{
    uint32_t head = vtd_reg32(u, VTD_IQH) + descriptor_size(u);

    vtd_set64(u, VTD_IQH, head >= queue_size(u) ? 0 : head);
}

static bool enabled(const VtdUnit *u)
{
    return vtd_reg32(u, VTD_GSTS) & VTD_GCMD_QIE;
}

static bool runnable(const VtdUnit *u)
{
    return enabled(u) &&
           !(vtd_reg32(u, VTD_FSTS) & (VTD_FSTS_IQE | VTD_FSTS_ITE)) &&
           u->drain == VTD_DRAIN_NONE &&
           vtd_reg32(u, VTD_IQH) != vtd_reg32(u, VTD_IQT);
}

void vtd_queue_run(VtdUnit *u)
{
    /* Software can write IQA at any time: once round is enough for all. */
    uint32_t budget = queue_size(u) / descriptor_size(u);

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
        if ((vtd_reg32(u, VTD_IQT) | vtd_reg32(u, VTD_IQH)) %
            descriptor_size(u)) {
            fail(u, VTD_IQEI_TAIL_ALIGN);
            break;
        }
        result = step(u);
        if (result == VTD_STEP_DRAIN) {
            u->drain = VTD_DRAIN_QUEUE;
        } else if (result == VTD_STEP_DEVICES) {
            u->drain = VTD_DRAIN_DEVICES;
        } else if (result == VTD_STEP_DONE && enabled(u)) {
            /* An event may have led to the command that switches it off. */
            advance(u);
        }
    }
    u->queue_running = false;
}

void vtd_queue_drained(VtdUnit *u)
{
    if (enabled(u)) {
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
    if (!on && (u->drain == VTD_DRAIN_QUEUE ||
                u->drain == VTD_DRAIN_DEVICES)) {
        u->drain = VTD_DRAIN_NONE;
    }
    if (on) {
        vtd_queue_run(u);
    }
}
