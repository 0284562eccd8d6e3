/*
 * The MAC's link, 3.6 and 3.7: cable, module, link mode and LINKS; sizes of
 * frames.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"
#include "spec/ixgbe_board_regs.h"

/* LINKS bit 7: up at the last read; never differs here. */
#define LINKS_STATUS 0x00000080u
#define FCS_LEN 4
#define STANDARD_MAX 1518
/* ANLP1's arbitration state, as in IEEE 802.3 figure 73-11. */
#define AN_TRANSMIT_DISABLE 1
#define AN_ABILITY_DETECT 2

/* Mb/s of the mode that AUTOC chose; 0: none that an SFP+ module speaks. */
static unsigned mode_speed(const IxgbeAdapter *a)
{
    switch ((reg(a, IXGBE_AUTOC) & IXGBE_AUTOC_LMS) >>
            IXGBE_AUTOC_LMS_SHIFT) {
    case IXGBE_LMS_1G:
    case IXGBE_LMS_1G_AN:
        return 1000;
    case IXGBE_LMS_10G_SERIAL:
        return (reg(a, IXGBE_AUTOC2) & IXGBE_AUTOC2_10G_PMA) ==
               IXGBE_AUTOC2_SFI ? 10000 : 0;
    default:
        return 0;
    }
}

/* The one speed of the module and of who is at the cable's other end. */
static unsigned partner_speed(const IxgbeAdapter *a)
{
    return a->config.link_speed == 1000 ? 1000 : 10000;
}

static bool link_is_good(const IxgbeAdapter *a)
{
    return a->cable && ixgbe_sfp_present(a) && !ixgbe_link_laser_off(a) &&
           !(reg(a, IXGBE_AUTOC2) & IXGBE_AUTOC2_LINK_DISABLE) &&
           mode_speed(a) == partner_speed(a);
}

uint32_t ixgbe_link_links(const IxgbeAdapter *a)
{
    if (!a->link_up) {
        return 0;
    }
    return IXGBE_LINKS_UP | LINKS_STATUS |
           (mode_speed(a) == 1000 ? IXGBE_LINKS_SPEED_1G
                                  : IXGBE_LINKS_SPEED_10G);
}

/* Of the MAC's clock, which runs as at 10 Gb/s when there is no link. */
unsigned ixgbe_link_mbps(const IxgbeAdapter *a)
{
    switch (ixgbe_link_links(a) & IXGBE_LINKS_SPEED_MASK) {
    case IXGBE_LINKS_SPEED_1G:
        return 1000;
    case IXGBE_LINKS_SPEED_100M:
        return 100;
    default:
        return 10000;
    }
}

/*
 * 3.7.4.2: the arbitration state that drivers wait for after they restarted
 * the pipeline.  Nobody at the other end negotiates: it stays where it looks
 * for abilities, and in modes without negotiation where it has just begun.
 */
void ixgbe_link_restart(IxgbeAdapter *a)
{
    uint32_t lms = (reg(a, IXGBE_AUTOC) & IXGBE_AUTOC_LMS) >>
                   IXGBE_AUTOC_LMS_SHIFT;
    bool negotiates = lms == IXGBE_LMS_KX4_KX_KR ||
                      lms == IXGBE_LMS_KX4_KX_KR_1G ||
                      lms == IXGBE_LMS_KX4_KX_KR_SGMII;

    *reg_at(a, IXGBE_ANLP1) = (negotiates ? AN_ABILITY_DETECT
                                          : AN_TRANSMIT_DISABLE) <<
                              IXGBE_ANLP1_STATE_SHIFT;
    ixgbe_link_update(a);
}

/* CTRL.LRST: the link goes down; the update that follows brings it back. */
void ixgbe_link_drop(IxgbeAdapter *a)
{
    a->link_up = false;
}

void ixgbe_link_update(IxgbeAdapter *a)
{
    bool up = link_is_good(a) || (reg(a, IXGBE_AUTOC) & IXGBE_AUTOC_FLU);

    if (up == a->link_up) {
        return;
    }
    a->link_up = up;
    ixgbe_timesync_link(a);
    if (!up) {
        ixgbe_stats_add(a, IXGBE_MLFC, 1);
    }
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
bool ixgbe_link_frame_fits(IxgbeAdapter *a, const Frame *frame)
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
        ixgbe_stats_add(a, IXGBE_RUC, 1);
        return false;
    }
    if (frame->len + FCS_LEN > max) {
        ixgbe_stats_add(a, IXGBE_ROC, 1);
        return false;
    }
    return true;
}
