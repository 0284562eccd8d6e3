/*
 * Blocked requests: a line for a person, and the list behind the faults
 * property.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/timer.h"
#include "iommu/vtd-iommu-int.h"
#include "iovlab-trace.h"

/* Lines for one requester; after them only each doubling is told. */
#define LINES 8

static uint64_t count_of(VtdIommu *s, uint16_t rid)
{
    gpointer key = GUINT_TO_POINTER(rid);
    uintptr_t count = (uintptr_t)g_hash_table_lookup(s->faults_of, key) + 1;

    g_hash_table_insert(s->faults_of, key, (gpointer)count);
    return count;
}

void vtd_iommu_fault(void *opaque, const VtdFault *fault)
{
    VtdIommu *s = opaque;
    uint64_t count = count_of(s, fault->sid);
    VtdLoggedFault *slot = &s->log[s->fault_count % VTD_IOMMU_FAULT_LOG];
    g_autofree char *name = NULL, *text = NULL;

    slot->fault = *fault;
    slot->time_ms = qemu_clock_get_ms(QEMU_CLOCK_VIRTUAL);
    s->fault_count++;
    trace_vtd_iommu_fault(fault->sid, fault->reason, fault->address, count);
    if (count > LINES && (count & (count - 1))) {
        return;
    }
    name = vtd_iommu_requester_name(s, fault->sid);
    text = vtd_fault_describe(fault);
    if (count > LINES) {
        warn_report("vtd-iommu: %s: %s [%" PRIu64 " faults so far]", name,
                    text, count);
    } else {
        warn_report("vtd-iommu: %s: %s", name, text);
    }
}
