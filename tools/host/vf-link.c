/*
 * When a VF shows its link as up.
 *
 * A Linux guest sends on the VF as soon as its carrier is on and the data path
 * was moved, but activates the VF's transmit queues only a moment after the
 * carrier, from another thread; what it sends between is lost in the guest.  So
 * the link comes up a little after the data path moved, while hv-net holds the
 * guest's transmit back (hw/vmbus/hv-net-link.c) until the VF says that it has
 * settled, and goes when it moved away.
 * A guest that never moves the data path gets its link all the same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "spec/ixgbe_regs.h"

enum {
    AFTER_SWITCH_MS = 30,
    WITHOUT_SWITCH_MS = 3000,
};

uint32_t vf_link_register(const VmNic *nic)
{
    uint32_t links = nic->vf_state.links;

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

static gboolean link_due(gpointer opaque)
{
    VmNic *nic = opaque;

    nic->vf_link_timer = 0;
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
    if (on_vf && !nic->vf_link) {
        up_after(nic, AFTER_SWITCH_MS);
    } else if (!on_vf) {
        set_link(nic, false);
    }
}

void vf_link_clear(VmNic *nic)
{
    nic->vf_link = false;
    g_clear_handle_id(&nic->vf_link_timer, g_source_remove);
}
