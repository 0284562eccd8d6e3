/*
 * Primary fault logging: a ring of records, its status and its event.  (A log
 * in memory in place of it: vtd_fault_log.c.)
 *
 * Source: VT-d 4.1, 7.2.1 (logging), 7.3 (event), 11.4.7.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

#define FSTS_STATUS (VTD_FSTS_PFO | VTD_FSTS_PPF | VTD_FSTS_AFO | \
                     VTD_FSTS_APF | VTD_FSTS_IQE | VTD_FSTS_ICE | \
                     VTD_FSTS_ITE)

static unsigned record_offset(unsigned index)
{
    return VTD_FRCD + 16 * index;
}

static bool record_pending(const VtdUnit *u, unsigned index)
{
    return vtd_reg64(u, record_offset(index) + 8) & VTD_FRCD_F;
}

/* No event while any status bit waits for software (11.4.7.2). */
void vtd_fault_status_raise(VtdUnit *u, uint32_t bit)
{
    uint32_t fsts = vtd_reg32(u, VTD_FSTS);

    vtd_set32(u, VTD_FSTS, fsts | bit);
    if (!(fsts & FSTS_STATUS)) {
        vtd_event_raise(u, VTD_FECTL);
    }
}

static bool requester_pending(const VtdUnit *u, uint16_t sid)
{
    for (unsigned i = 0; i < u->cfg.fault_records; i++) {
        if (record_pending(u, i) &&
            (uint16_t)vtd_reg64(u, record_offset(i) + 8) == sid) {
            return true;
        }
    }
    return false;
}

/* Compatibility format has no index, so it is 0 there. */
static uint64_t low_half(const VtdFault *f)
{
    if (f->reason == VTD_FR_IR_COMPATIBILITY) {
        return 0;
    }
    return VTD_FR_IS_INTERRUPT(f->reason) ? f->address << VTD_FRCD_INDEX_SHIFT
                                          : f->address & VTD_PAGE_MASK;
}

static uint64_t request_type(const VtdFault *f)
{
    return f->page_request ? VTD_FRCD_T2 : f->write ? 0 : VTD_FRCD_T_READ;
}

static uint64_t high_half(const VtdFault *f)
{
    uint64_t pasid = f->pasid & VTD_PASID_MAX;

    return VTD_FRCD_F | request_type(f) |
           (uint64_t)(f->at & 3) << VTD_FRCD_AT_SHIFT |
           (f->has_pasid ? VTD_FRCD_PP | pasid << VTD_FRCD_PV_SHIFT : 0) |
           (f->privileged ? VTD_FRCD_PRIV : 0) |
           (uint64_t)f->reason << VTD_FRCD_FR_SHIFT | f->sid;
}

/*
 * Writes the record; false if there is no room (overflow) or no need.  *event
 * is the bit of FSTS that it calls for, 0 for none.
 */
static bool record(VtdUnit *u, const VtdFault *f, uint32_t *event)
{
    unsigned index = u->next_record;
    unsigned offset = record_offset(index);
    uint32_t fsts = vtd_reg32(u, VTD_FSTS);

    if (vtd_fault_log_active(u)) {
        return vtd_fault_log_append(u, low_half(f), high_half(f), event);
    }
    *event = 0;
    if (fsts & VTD_FSTS_PFO) {
        u->stats.faults_lost++;
        return false;
    }
    if (u->cfg.compress_faults && requester_pending(u, f->sid)) {
        return false;
    }
    if (record_pending(u, index)) {
        vtd_set32(u, VTD_FSTS, fsts | VTD_FSTS_PFO);
        u->stats.faults_lost++;
        trace_vtd_unit_fault_overflow();
        return false;
    }
    vtd_set64(u, offset, low_half(f));
    vtd_set64(u, offset + 8, high_half(f));
    *event = VTD_FSTS_PPF;
    u->next_record = (index + 1) % u->cfg.fault_records;
    return true;
}

void vtd_fault_block(VtdUnit *u, VtdFault *f, bool fpd)
{
    uint32_t fsts = vtd_reg32(u, VTD_FSTS), event = 0;
    unsigned index = u->next_record;

    u->stats.faults++;
    f->recorded = !fpd && record(u, f, &event);
    trace_vtd_unit_fault(f->sid, f->reason, f->address, f->write,
                         f->recorded);
    /* Before the event: whoever handles it may cause the next fault. */
    if (u->ops->fault) {
        u->ops->fault(u->opaque, f);
    }
    if (!event || (fsts & event)) {
        return;
    }
    if (event == VTD_FSTS_PPF) {
        fsts = vtd_reg32(u, VTD_FSTS) & ~VTD_FSTS_FRI_MASK;
        vtd_set32(u, VTD_FSTS, fsts | index << VTD_FSTS_FRI_SHIFT);
    }
    vtd_fault_status_raise(u, event);
}

/* IP goes with the last condition that software has serviced (11.4.7.2). */
static void event_serviced(VtdUnit *u)
{
    if (!(vtd_reg32(u, VTD_FSTS) & FSTS_STATUS)) {
        vtd_set32(u, VTD_FECTL, vtd_reg32(u, VTD_FECTL) & ~VTD_ECTL_IP);
    }
}

/* PPF is the OR of the records' F bits; FRI names the oldest of them. */
void vtd_fault_record_cleared(VtdUnit *u)
{
    uint32_t fsts = vtd_reg32(u, VTD_FSTS);
    unsigned n = u->cfg.fault_records;
    unsigned first = (fsts & VTD_FSTS_FRI_MASK) >> VTD_FSTS_FRI_SHIFT;

    for (unsigned i = 0; i < n; i++) {
        unsigned index = (first + i) % n;

        if (record_pending(u, index)) {
            fsts &= ~VTD_FSTS_FRI_MASK;
            vtd_set32(u, VTD_FSTS, fsts | index << VTD_FSTS_FRI_SHIFT);
            return;
        }
    }
    vtd_set32(u, VTD_FSTS, fsts & ~VTD_FSTS_PPF);
    event_serviced(u);
}

void vtd_fault_status_written(VtdUnit *u, uint32_t old)
{
    uint32_t fsts = vtd_reg32(u, VTD_FSTS);

    event_serviced(u);
    if (old & ~fsts & VTD_FSTS_IQE) {
        vtd_set64(u, VTD_IQERCD,
                  vtd_reg64(u, VTD_IQERCD) & ~VTD_IQERCD_IQEI_MASK);
    }
    if (old & ~fsts & (VTD_FSTS_IQE | VTD_FSTS_ITE)) {
        vtd_queue_run(u);
    }
}
