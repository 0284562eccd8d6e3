/*
 * Event interrupts: fault event and invalidation event.
 *
 * Both have a control register, then data, address and upper address in the
 * three registers behind it.  Source: VT-d 4.1, 7.3, 11.4.7.2, 11.4.9.5.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

static void event_pend(VtdUnit *u, unsigned ctl)
{
    vtd_set32(u, ctl, vtd_reg32(u, ctl) | VTD_ECTL_IP);
}

static void event_send(VtdUnit *u, unsigned ctl)
{
    uint64_t address = (uint64_t)vtd_reg32(u, ctl + 12) << 32 |
                       vtd_reg32(u, ctl + 8);
    uint32_t data = vtd_reg32(u, ctl + 4);

    if (u->ops->can_send && !u->ops->can_send(u->opaque)) {
        event_pend(u, ctl);
        return;
    }
    vtd_set32(u, ctl, vtd_reg32(u, ctl) & ~VTD_ECTL_IP);
    trace_vtd_unit_event_send(ctl, address, data);
    u->ops->send_msi(u->opaque, address, data);
}

void vtd_event_raise(VtdUnit *u, unsigned ctl)
{
    if (vtd_reg32(u, ctl) & VTD_ECTL_IM) {
        event_pend(u, ctl);
    } else {
        event_send(u, ctl);
    }
}

void vtd_event_control_written(VtdUnit *u, unsigned ctl)
{
    if ((vtd_reg32(u, ctl) & (VTD_ECTL_IM | VTD_ECTL_IP)) == VTD_ECTL_IP) {
        event_send(u, ctl);
    }
}

void vtd_unit_send_events(VtdUnit *u)
{
    vtd_event_control_written(u, VTD_FECTL);
    vtd_event_control_written(u, VTD_IECTL);
    vtd_event_control_written(u, VTD_PECTL);
}
