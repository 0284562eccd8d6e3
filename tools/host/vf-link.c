/*
 * When a VF shows its link as up.
 *
 * A Linux guest sends on the VF as soon as its carrier is on and the data path
 * was moved, but activates the VF's transmit queues only a moment after the
 * carrier, from another thread; what it sends between is lost in the guest.  So
 * once the data path has moved, hv-net holds the guest's transmit back
 * (hw/vmbus/hv-net-link.c); the link comes up when the guest's queues have met
 * that and stopped, and the hold ends when the VF has settled.  The link goes
 * when the data path moves away.
 * A guest that never moves the data path gets its link all the same, late: only
 * a driver that said it would move it is given a VF.
 *
 * When the adapter's cable is pulled, a guest that may have a team hears of it
 * from the synthetic NIC first: netvsc puts a link event off by two seconds if
 * the network lock is taken when it comes, and Linux takes that lock for any
 * interface whose link went, such as the VF.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "spec/ixgbe_regs.h"

enum {
    AFTER_HELD_MS = 20,
    HELD_LIMIT_MS = 2000,       /* HELD does not come: an older hv-net */
    WITHOUT_SWITCH_MS = 20000,
    AFTER_NIC_MS = 300,         /* the synthetic NIC's link went */
};

uint32_t vf_link_register(const VmNic *nic)
{
    uint32_t links = nic->vf_link_lag ? nic->vf_link_old : nic->vf_state.links;

    return nic->vf_link ? links : links & ~IXGBE_LINKS_UP;
}

static void set_link(VmNic *nic, bool up)
{
    g_clear_handle_id(&nic->vf_link_timer, g_source_remove);
    if (nic->vf_link != up) {
        nic->vf_link = up;
        nic_send_vf_state(nic);
    }
}

static gboolean lag_over(gpointer opaque)
{
    VmNic *nic = opaque;

    nic->vf_link_lag = 0;
    nic_send_vf_state(nic);
    /* The flavour with a mailbox looks when it is asked to. */
    ixgbe_pf_driver_vf_ping(nic->adapter->pf, nic->vf);
    return G_SOURCE_REMOVE;
}

void vf_link_changed(VmNic *nic, uint32_t before)
{
    if (nic->vf_state.links & IXGBE_LINKS_UP) {
        g_clear_handle_id(&nic->vf_link_lag, g_source_remove);
    } else if (before & IXGBE_LINKS_UP && nic->config->port.allow_teaming &&
               nic->vf >= 0) {
        nic->vf_link_old = before;
        nic->vf_link_lag = g_timeout_add(AFTER_NIC_MS, lag_over, nic);
    }
}

static gboolean link_due(gpointer opaque)
{
    VmNic *nic = opaque;

    nic->vf_link_timer = 0;
    nic->vf_link_early = !datapath_on_vf(nic->dp);
    nic->vf_link_wait_held = false;
    set_link(nic, true);
    return G_SOURCE_REMOVE;
}

static void up_after(VmNic *nic, unsigned ms)
{
    g_clear_handle_id(&nic->vf_link_timer, g_source_remove);
    nic->vf_link_timer = g_timeout_add(ms, link_due, nic);
}

void vf_link_connected(VmNic *nic)
{
    if (datapath_on_vf(nic->dp)) {
        /* The host process was away; the guest was not. */
        set_link(nic, true);
    } else if (!nic->vf_link) {
        up_after(nic, WITHOUT_SWITCH_MS);
    }
}

void vf_link_switched(VmNic *nic, bool on_vf)
{
    if (!on_vf || nic->vf_link_early) {
        set_link(nic, false);
        nic->vf_link_early = false;
    }
    nic->vf_link_wait_held = on_vf && !nic->vf_link;
    if (nic->vf_link_wait_held) {
        up_after(nic, HELD_LIMIT_MS);
    }
}

void vf_link_held(VmNic *nic)
{
    if (nic->vf_link_wait_held) {
        nic->vf_link_wait_held = false;
        up_after(nic, AFTER_HELD_MS);
    }
}

void vf_link_clear(VmNic *nic)
{
    nic->vf_link = nic->vf_link_early = nic->vf_link_wait_held = false;
    g_clear_handle_id(&nic->vf_link_timer, g_source_remove);
    g_clear_handle_id(&nic->vf_link_lag, g_source_remove);
}

void vf_link_withdraw(VmNic *nic)
{
    /* A link that is up settles by itself; before that the VF would lose. */
    if (!nic->vf_link) {
        g_clear_handle_id(&nic->vf_link_timer, g_source_remove);
        nic->vf_link_wait_held = false;
        nic_send_vf_settled(nic);
    }
}
