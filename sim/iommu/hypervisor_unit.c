/*
 * How the hypervisor drives the remapping unit: registers, context entries,
 * the invalidation queue, the interrupt remapping table.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/hypervisor_private.h"
#include "iovlab-trace.h"

#define QUEUE_SIZE 4096
#define DESC_SIZE 16

static uint64_t page_at(const Hypervisor *hv, unsigned index)
{
    return hv->base + index * VTD_PAGE_SIZE;
}

static uint32_t reg32(Hypervisor *hv, unsigned offset)
{
    return vtd_unit_mmio_read(hv->unit, offset, 4);
}

static void set32(Hypervisor *hv, unsigned offset, uint32_t value)
{
    vtd_unit_mmio_write(hv->unit, offset, value, 4);
}

static void set64(Hypervisor *hv, unsigned offset, uint64_t value)
{
    vtd_unit_mmio_write(hv->unit, offset, value, 8);
}

/* Sets bits of GCMD and leaves the levels that GSTS shows. */
static void command(Hypervisor *hv, uint32_t bits)
{
    uint32_t levels = VTD_GCMD_TE | VTD_GCMD_QIE | VTD_GCMD_IRE;

    set32(hv, VTD_GCMD, (reg32(hv, VTD_GSTS) & levels) | bits);
}

/*
 * The queue stops only at what the unit does not know; then it is a fault of
 * this file.  Rather than hang, go on behind the bad descriptor.
 */
static void recover(Hypervisor *hv)
{
    uint64_t head = vtd_unit_mmio_read(hv->unit, VTD_IQH, 8);

    trace_hypervisor_queue_error(head);
    hypervisor_write64(hv, page_at(hv, HVR_PAGE_QUEUE) + head, VTD_DESC_WAIT);
    hypervisor_write64(hv, page_at(hv, HVR_PAGE_QUEUE) + head + 8, 0);
    set32(hv, VTD_FSTS, VTD_FSTS_IQE);
}

static void submit(Hypervisor *hv, uint64_t lo, uint64_t hi)
{
    uint64_t at = page_at(hv, HVR_PAGE_QUEUE) + hv->tail;

    hypervisor_write64(hv, at, lo);
    hypervisor_write64(hv, at + 8, hi);
    hv->tail = (hv->tail + DESC_SIZE) % QUEUE_SIZE;
    set64(hv, VTD_IQT, hv->tail);
    if (reg32(hv, VTD_FSTS) & VTD_FSTS_IQE) {
        recover(hv);
    }
}

uint32_t hypervisor_sync(Hypervisor *hv)
{
    uint32_t sequence = ++hv->sequence;

    submit(hv, VTD_DESC_WAIT | VTD_DESC_WAIT_SW | VTD_DESC_WAIT_FN |
           (uint64_t)sequence << VTD_DESC_WAIT_DATA_SHIFT,
           page_at(hv, HVR_PAGE_STATUS));
    return sequence;
}

bool hypervisor_synced(Hypervisor *hv, uint32_t sequence)
{
    uint32_t done = hypervisor_read64(hv, page_at(hv, HVR_PAGE_STATUS));

    return (int32_t)(done - sequence) >= 0;
}

static uint64_t context_entry(Hypervisor *hv, uint16_t rid)
{
    uint64_t root = hypervisor_read64(hv, page_at(hv, HVR_PAGE_ROOT) +
                                      (rid >> 8) * VTD_ENTRY_SIZE);

    return root & VTD_ROOT_P
           ? (root & VTD_PAGE_MASK) + (rid & 0xff) * VTD_ENTRY_SIZE : 0;
}

bool hypervisor_context_set(Hypervisor *hv, uint16_t rid, uint16_t domain,
                            uint64_t table)
{
    uint64_t entry = context_entry(hv, rid);

    if (!entry) {
        uint64_t page = hypervisor_page_new(hv);

        if (!page) {
            return false;
        }
        /* Context tables stay: a bus that had a VF will have one again. */
        hypervisor_write64(hv, page_at(hv, HVR_PAGE_ROOT) +
                           (rid >> 8) * VTD_ENTRY_SIZE, page | VTD_ROOT_P);
        entry = context_entry(hv, rid);
    }
    hypervisor_write64(hv, entry + 8,
                       (uint64_t)domain << VTD_CTX_DID_SHIFT | VTD_AW_4LEVEL);
    hypervisor_write64(hv, entry, table | VTD_CTX_P |
                       VTD_TT_UNTRANSLATED << VTD_CTX_TT_SHIFT);
    return true;
}

void hypervisor_context_clear(Hypervisor *hv, uint16_t rid)
{
    uint64_t entry = context_entry(hv, rid);

    if (entry) {
        hypervisor_write64(hv, entry, 0);
        hypervisor_write64(hv, entry + 8, 0);
    }
}

void hypervisor_flush_domain(Hypervisor *hv, uint16_t rid, uint16_t domain)
{
    uint64_t did = (uint64_t)domain << VTD_DESC_DID_SHIFT;

    submit(hv, VTD_DESC_CONTEXT | VTD_GRAN_SELECTIVE << VTD_DESC_G_SHIFT |
           did | (uint64_t)rid << VTD_DESC_CC_SID_SHIFT, 0);
    submit(hv, VTD_DESC_IOTLB | VTD_GRAN_DOMAIN << VTD_DESC_G_SHIFT | did |
           VTD_DESC_IOTLB_DR | VTD_DESC_IOTLB_DW, 0);
}

void hypervisor_irte_write(Hypervisor *hv, unsigned index, uint64_t lo,
                           uint64_t hi)
{
    uint64_t at = page_at(hv, HVR_PAGE_IRT) + index * VTD_ENTRY_SIZE;

    /* The half with the present bit last, or first when it goes away. */
    if (!(lo & VTD_IRTE_P)) {
        hypervisor_write64(hv, at, lo);
    }
    hypervisor_write64(hv, at + 8, hi);
    if (lo & VTD_IRTE_P) {
        hypervisor_write64(hv, at, lo);
    }
}

void hypervisor_flush_irtes(Hypervisor *hv, unsigned index, unsigned mask)
{
    submit(hv, VTD_DESC_IEC | VTD_DESC_IEC_SELECTIVE |
           (uint64_t)mask << VTD_DESC_IEC_IM_SHIFT |
           (uint64_t)index << VTD_DESC_IEC_INDEX_SHIFT, 0);
}

void hypervisor_unit_start(Hypervisor *hv)
{
    set32(hv, VTD_FSTS, VTD_FSTS_PFO | VTD_FSTS_IQE);
    set32(hv, VTD_FEDATA, HVR_FAULT_DATA);
    set32(hv, VTD_FEADDR, HVR_FAULT_ADDRESS);
    set32(hv, VTD_FEUADDR, 0);
    set32(hv, VTD_FECTL, 0);

    set64(hv, VTD_IQA, page_at(hv, HVR_PAGE_QUEUE));
    set64(hv, VTD_IQT, 0);
    hv->tail = 0;
    command(hv, VTD_GCMD_QIE);

    set64(hv, VTD_IRTA, page_at(hv, HVR_PAGE_IRT) | VTD_IRTA_EIME |
          HVR_IRTA_S);
    command(hv, VTD_GCMD_SIRTP);
    submit(hv, VTD_DESC_IEC, 0);
    command(hv, VTD_GCMD_IRE);

    set64(hv, VTD_RTADDR, page_at(hv, HVR_PAGE_ROOT));
    command(hv, VTD_GCMD_SRTP);
    submit(hv, VTD_DESC_CONTEXT | VTD_GRAN_GLOBAL << VTD_DESC_G_SHIFT, 0);
    submit(hv, VTD_DESC_IOTLB | VTD_GRAN_GLOBAL << VTD_DESC_G_SHIFT, 0);
    command(hv, VTD_GCMD_TE);
    hypervisor_sync(hv);
}

/* Primary fault logging: from the record that FRI names, round the ring. */
void hypervisor_interrupt(Hypervisor *hv, uint32_t data)
{
    unsigned n = (vtd_unit_mmio_read(hv->unit, VTD_CAP, 8) >>
                  VTD_CAP_NFR_SHIFT & 0xff) + 1;
    unsigned index;

    if (data != HVR_FAULT_DATA) {
        return;
    }
    index = (reg32(hv, VTD_FSTS) & VTD_FSTS_FRI_MASK) >> VTD_FSTS_FRI_SHIFT;
    for (unsigned i = 0; i < n; i++, index = (index + 1) % n) {
        unsigned offset = VTD_FRCD + 16 * index;
        uint64_t lo = vtd_unit_mmio_read(hv->unit, offset, 8);
        uint64_t hi = vtd_unit_mmio_read(hv->unit, offset + 8, 8);
        HvrFault fault = {
            .rid = hi,
            .reason = hi >> VTD_FRCD_FR_SHIFT,
            .write = !(hi & VTD_FRCD_T_READ),
            .address = lo,
        };

        if (!(hi & VTD_FRCD_F)) {
            break;
        }
        set64(hv, offset + 8, VTD_FRCD_F);
        fault.interrupt = VTD_FR_IS_INTERRUPT(fault.reason);
        if (fault.interrupt) {
            fault.address = lo >> VTD_FRCD_INDEX_SHIFT;
        }
        trace_hypervisor_fault(fault.rid, fault.reason, fault.address);
        if (hv->ops->on_fault) {
            hv->ops->on_fault(hv->opaque, &fault);
        }
    }
    set32(hv, VTD_FSTS, VTD_FSTS_PFO);
}
