/*
 * The MAC's link, 3.6 and 3.7: cable and LINKS, sizes of frames.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"

/* LINKS bit 7: up at the last read; never differs here. */
#define LINKS_STATUS 0x00000080u
#define FCS_LEN 4
#define STANDARD_MAX 1518

uint32_t ixgbe_link_links(const IxgbeAdapter *a)
{
    return a->link_up ? IXGBE_LINKS_UP | IXGBE_LINKS_SPEED_10G | LINKS_STATUS
                      : 0;
}

void ixgbe_link_update(IxgbeAdapter *a)
{
    bool up = a->cable &&
              !(reg(a, IXGBE_AUTOC2) & IXGBE_AUTOC2_LINK_DISABLE);

    if (up == a->link_up) {
        return;
    }
    a->link_up = up;
    trace_ixgbe_link_state(up);
    ixgbe_adapter_state_stale(a, UINT64_MAX);
    a->ops->cause(a->opaque, IXGBE_EICR_LSC);
}

void ixgbe_adapter_set_cable(IxgbeAdapter *a, bool plugged)
{
    a->cable = plugged;
    ixgbe_link_update(a);
}

bool ixgbe_adapter_link_up(const IxgbeAdapter *a)
{
    return a->link_up;
}

/* 8.2.3.22.13: MAXFRS counts the FCS but not a VLAN tag. */
bool ixgbe_link_frame_fits(const IxgbeAdapter *a, const Frame *frame)
{
    size_t max = STANDARD_MAX;
    uint16_t vid;

    if (reg(a, IXGBE_HLREG0) & IXGBE_HLREG0_JUMBOEN) {
        max = reg(a, IXGBE_MAXFRS) >> 16;
    }
    if (ixgbe_frame_vlan(a, frame, &vid)) {
        max += FRAME_VLAN_LEN;
    }
    if (frame->len < FRAME_MIN) {
        ++*reg_at(a, IXGBE_RUC);
        return false;
    }
    if (frame->len + FCS_LEN > max) {
        ++*reg_at(a, IXGBE_ROC);
        return false;
    }
    return true;
}
