/*
 * NetVSP: the port as its owner sets and sees it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#include "iovlab-trace.h"

/* Has the guest told of a change, from the channel's next turn. */
static void kick(Netvsp *n)
{
    if (n->state != NETVSP_CLOSED) {
        vmbus_channel_schedule(n->queues[0]->ch);
    }
}

bool netvsp_link_is_up(const Netvsp *n)
{
    return n->link_up && !n->leaving;
}

uint32_t netvsp_link_speed(const Netvsp *n)
{
    return MIN((uint64_t)n->speed_mbps * 10000, UINT32_MAX);
}

void netvsp_set_link(Netvsp *n, bool up)
{
    if (n->link_up == up) {
        return;
    }
    n->link_up = up;
    netvsp_status_changed(n);
    kick(n);
}

void netvsp_set_speed(Netvsp *n, uint32_t mbps)
{
    n->speed_mbps = mbps;
    kick(n);
}

void netvsp_set_mac_spoofing(Netvsp *n, bool allowed)
{
    n->mac_spoofing = allowed;
}

void netvsp_set_rsc(Netvsp *n, bool allowed)
{
    n->rsc_allowed = allowed;
}

void netvsp_set_mac(Netvsp *n, const uint8_t mac[6])
{
    bool own = memcmp(n->mac, n->permanent_mac, sizeof(n->mac)) != 0;

    memcpy(n->permanent_mac, mac, sizeof(n->permanent_mac));
    if (!own) {
        memcpy(n->mac, mac, sizeof(n->mac));
    }
    netvsp_status_changed(n);
}

void netvsp_set_mtu(Netvsp *n, uint16_t mtu)
{
    n->port_mtu = CLAMP(mtu ? mtu : NETVSP_DEFAULT_MTU, NETVSP_MTU_MIN,
                        NETVSP_MTU_MAX);
}

void netvsp_announce(Netvsp *n)
{
    n->announce = true;
    kick(n);
}

void netvsp_set_vf(Netvsp *n, bool allocated, uint32_t serial)
{
    n->vf_allocated = allocated;
    n->vf_serial = serial;
    kick(n);
}

void netvsp_datapath_done(Netvsp *n, uint64_t cookie)
{
    if (n->datapath.state != NETVSP_SWITCH_ASKED ||
        n->datapath.cookie != cookie) {
        trace_netvsp_datapath_stray(n, cookie);
        return;
    }
    n->datapath.state = NETVSP_SWITCH_ANSWERED;
    n->datapath.vf = n->datapath.to_vf;
    netvsp_status_changed(n);
    kick(n);
}

void netvsp_resume(Netvsp *n)
{
    if (n->datapath.state == NETVSP_SWITCH_ASKED && n->ops->switch_datapath) {
        n->ops->switch_datapath(n->opaque, n->datapath.cookie,
                                n->datapath.to_vf);
    }
    netvsp_tx_ready(n);
    kick(n);
}

void netvsp_get_status(const Netvsp *n, NetvspStatus *status)
{
    *status = (NetvspStatus) {
        .connected = n->state >= NETVSP_INITIALIZED,
        .sriov = n->version >= NVSP_VERSION_4 &&
                 n->capabilities & NVSP_CAP_SRIOV,
        .datapath_vf = n->datapath.vf,
        .link_up = n->link_up,
        .nvsp_version = n->version,
        .packet_filter = n->filter,
        .mtu = n->guest_mtu,
        .link_events = n->link_events,
    };
    memcpy(status->mac, n->mac, sizeof(status->mac));
    for (unsigned i = 1; i < NETVSP_CHANNELS_MAX; i++) {
        status->sub_channels += n->queues[i] && n->queues[i]->open;
    }
}

const NetvspCounters *netvsp_rx_counters(const Netvsp *n)
{
    return &n->rx;
}

const NetvspCounters *netvsp_tx_counters(const Netvsp *n)
{
    return &n->tx;
}

void netvsp_count(NetvspCounters *c, const uint8_t *frame, size_t len)
{
    c->frames++;
    c->bytes += len;
    if (frame_is_broadcast(frame)) {
        c->broadcast_frames++;
        c->broadcast_bytes += len;
    } else if (frame_is_multicast(frame)) {
        c->multicast_frames++;
        c->multicast_bytes += len;
    } else {
        c->directed_frames++;
        c->directed_bytes += len;
    }
}
