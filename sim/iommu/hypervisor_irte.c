/*
 * Interrupt entries: allocation, contents, and the message that reaches them.
 *
 * An entry accepts only the requester id it was allocated for (SVT 1, SQ 0).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/hypervisor_private.h"
#include "iovlab-trace.h"

static bool power_of_two(unsigned v)
{
    return v && !(v & (v - 1));
}

static bool range_ok(int index, unsigned count)
{
    return index >= 0 && iov_in_range(index, count, HVR_IRTES);
}

static bool block_free(const Hypervisor *hv, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (hv->irtes[first + i].used) {
            return false;
        }
    }
    return true;
}

static void take(Hypervisor *hv, uint16_t rid, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        hv->irtes[first + i] = (HvrIrte) { .used = true, .rid = rid };
    }
    hv->irtes_used += count;
}

/*
 * Aligned, so that a subhandle counts within the block.  The search goes on
 * where the last one ended: an index that was just freed stays blocked for a
 * while, and a late message to it is seen.
 */
int hypervisor_irte_alloc(Hypervisor *hv, uint16_t rid, unsigned count)
{
    unsigned start;

    if (!power_of_two(count) || count > HVR_IRTE_BLOCK) {
        return -1;
    }
    start = (hv->next_irte + count - 1) & ~(count - 1);
    for (unsigned i = 0; i < HVR_IRTES; i += count) {
        unsigned first = (start + i) % HVR_IRTES;

        if (block_free(hv, first, count)) {
            take(hv, rid, first, count);
            hv->next_irte = (first + count) % HVR_IRTES;
            trace_hypervisor_irte_alloc(rid, first, count);
            return first;
        }
    }
    return -1;
}

bool hypervisor_irte_set(Hypervisor *hv, int index, const HvrInterrupt *irq)
{
    HvrIrte *e;
    uint64_t lo;

    if (!range_ok(index, 1) || !hv->irtes[index].used) {
        return false;
    }
    e = &hv->irtes[index];
    e->set = true;
    e->irq = *irq;
    lo = VTD_IRTE_P | (irq->logical ? VTD_IRTE_DM : 0) |
         (irq->lowest_priority
          ? VTD_IRTE_RH | VTD_DLM_LOWEST << VTD_IRTE_DLM_SHIFT : 0) |
         (uint64_t)irq->vector << VTD_IRTE_VECTOR_SHIFT |
         (uint64_t)irq->dest_apic_id << VTD_IRTE_DST_SHIFT;
    hypervisor_irte_write(hv, index, lo,
                          VTD_SVT_SID << VTD_IRTE_SVT_SHIFT | e->rid);
    hypervisor_flush_irtes(hv, index, 0);
    hypervisor_sync(hv);
    trace_hypervisor_irte_set(index, e->rid, irq->vector, irq->dest_apic_id);
    return true;
}

void hypervisor_irte_free(Hypervisor *hv, int index, unsigned count)
{
    if (!range_ok(index, count)) {
        return;
    }
    for (unsigned i = index; i < index + count; i++) {
        if (hv->irtes[i].used) {
            hv->irtes[i] = (HvrIrte) { 0 };
            hv->irtes_used--;
            hypervisor_irte_write(hv, i, 0, 0);
            hypervisor_flush_irtes(hv, i, 0);
        }
    }
    hypervisor_sync(hv);
}

void hypervisor_irte_msi(int index, uint64_t *address, uint32_t *data)
{
    /* SHV: a function with several messages counts them in the data. */
    *address = VTD_MSI_BASE | VTD_MSI_REMAPPABLE | VTD_MSI_SHV |
               (index & 0x7fff) << VTD_MSI_HANDLE_SHIFT |
               (index & 0x8000 ? VTD_MSI_HANDLE_15 : 0);
    *data = 0;
}

void hypervisor_irte_restore(Hypervisor *hv, unsigned index, uint16_t rid)
{
    take(hv, rid, index, 1);
}
