/*
 * Where a frame goes: the parent partition's switch and the plain bridge.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "switch-internal.h"
#include "iovlab-trace.h"

static bool dropped_by(VswitchPort *port, VswitchDrop drop)
{
    if (drop == VSWITCH_DROP_NONE) {
        return false;
    }
    port->stats.policy[drop]++;
    trace_vswitch_frame_drop(port->name, vswitch_drop_name(drop));
    return true;
}

static bool inbound_passes(VswitchPort *port, Frame *frame)
{
    if (dropped_by(port, policy_inbound(port->policy, frame->data,
                                        frame->len))) {
        return false;
    }
    if (port->policy->set.mirror == VSWITCH_MIRROR_SOURCE) {
        vswitch_mirror(port, frame);
    }
    return true;
}

/* Which of a port's policies a frame has to pass. */
typedef enum InputPolicies {
    POLICIES_ALL,
    POLICIES_LAST,      /* all, the bandwidth is only counted */
    POLICIES_NONE,
} InputPolicies;

static bool outbound_passes(VswitchPort *port, Frame *frame, bool last)
{
    Vswitch *sw = port->sw;

    if (dropped_by(port, policy_outbound(port->policy, frame->data, frame->len,
                                         sw->ops->clock_ns(sw->opaque),
                                         last))) {
        return false;
    }
    if (port->policy->set.mirror == VSWITCH_MIRROR_SOURCE) {
        vswitch_mirror(port, frame);
    }
    return true;
}

static void enqueue(VswitchPort *port, VswitchFrame *vf)
{
    Frame *frame;

    if (!port->config.connected || !vswitch_frame_member(vf, port)) {
        return;
    }
    frame = vswitch_frame_leave(vf, port);
    if (frame && port->policy && !inbound_passes(port, frame)) {
        return;
    }
    if (!frame ||
        !frame_queue_push(&port->queue, frame, NULL, vf->from->id)) {
        port->stats.out_dropped++;
        trace_vswitch_frame_drop(port->name, "queue full");
        return;
    }
    if (port->config.uplink && vf->from->policy) {
        vswitch_share_add(vf->from, frame->len);
    }
    if (vf->flooded) {
        port->stats.out_flooded++;
    }
    vswitch_schedule(port->sw);
}

static bool is_leaf(const VswitchPort *port)
{
    return port->sw->kind == VSWITCH_HOST && !port->config.uplink;
}

/* The guest's packet filter; a plain port has none. */
static bool filter_passes(const VswitchPort *port, const uint8_t *dst)
{
    uint32_t filter = port->config.filter;

    if (!is_leaf(port) || (filter & VSWITCH_FILTER_PROMISCUOUS)) {
        return true;
    }
    if (frame_is_broadcast(dst)) {
        return filter & VSWITCH_FILTER_BROADCAST;
    }
    if (frame_is_multicast(dst)) {
        return filter & (VSWITCH_FILTER_MULTICAST |
                         VSWITCH_FILTER_ALL_MULTICAST);
    }
    return filter & VSWITCH_FILTER_DIRECTED;
}

/*
 * A VM whose traffic is on its VF sees its own broadcast come back through
 * the uplink: not for it.
 */
static bool is_own(const VswitchPort *port, const uint8_t *src)
{
    return port->address && port->address == vswitch_key(src, 0);
}

static void flood_multicast(VswitchPort *from, VswitchFrame *vf,
                            const uint8_t *data)
{
    GPtrArray *ports = from->sw->ports;

    for (guint i = 0; i < ports->len; i++) {
        VswitchPort *port = g_ptr_array_index(ports, i);

        if (port == from || is_own(port, data + 6) ||
            !filter_passes(port, data) ||
            (port->config.uplink && from->config.uplink)) {
            continue;
        }
        enqueue(port, vf);
    }
}

static void flood_unknown(VswitchPort *from, VswitchFrame *vf)
{
    GPtrArray *ports = from->sw->ports;

    vf->flooded = true;
    for (guint i = 0; i < ports->len; i++) {
        VswitchPort *port = g_ptr_array_index(ports, i);

        if (port == from ||
            (port->config.uplink && from->config.uplink)) {
            continue;
        }
        if (is_leaf(port) &&
            !(port->config.spoofing &&
              (port->config.filter & VSWITCH_FILTER_PROMISCUOUS))) {
            continue;
        }
        enqueue(port, vf);
    }
}

static void to_uplinks(VswitchPort *from, VswitchFrame *vf)
{
    GPtrArray *ports = from->sw->ports;

    for (guint i = 0; i < ports->len; i++) {
        VswitchPort *port = g_ptr_array_index(ports, i);

        if (port->config.uplink && port != from) {
            enqueue(port, vf);
        }
    }
}

static VswitchPort *owner_of(Vswitch *sw, const uint8_t *mac)
{
    uint64_t key = vswitch_key(mac, 0);

    return g_hash_table_lookup(sw->owners, &key);
}

VswitchPort *vswitch_lookup(Vswitch *sw, const uint8_t mac[6], uint16_t vid)
{
    VswitchPort *owner = owner_of(sw, mac);
    VswitchPort *learned;

    if (owner && !owner->config.n_team) {
        return owner;
    }
    /* An address of a team is where the team last used it. */
    learned = vswitch_learned_port(sw, mac, vid);
    return learned ? learned : owner;
}

static void forward_unicast(VswitchPort *from, VswitchFrame *vf,
                            const uint8_t *dst)
{
    VswitchPort *port = vswitch_lookup(from->sw, dst, vf->vid);

    if (port == from) {
        return;
    }
    if (!port) {
        flood_unknown(from, vf);
    } else if (port->config.datapath_vf && !from->config.uplink) {
        to_uplinks(from, vf);
    } else if (filter_passes(port, dst)) {
        enqueue(port, vf);
    }
}

static bool is_team(const VswitchPort *port, const uint8_t *src)
{
    for (unsigned i = 0; i < port->config.n_team; i++) {
        if (memcmp(port->config.team[i], src, 6) == 0) {
            return true;
        }
    }
    return false;
}

static bool source_allowed(VswitchPort *port, const uint8_t *src)
{
    if (frame_is_multicast(src)) {
        return false;
    }
    return !is_leaf(port) || port->config.spoofing || is_own(port, src) ||
           is_team(port, src);
}

static bool learns(VswitchPort *port, const uint8_t *src)
{
    Vswitch *sw = port->sw;
    VswitchPort *owner;

    if (sw->kind == VSWITCH_TOR || port->config.n_team) {
        return true;
    }
    if (!port->config.uplink && !port->config.spoofing) {
        return false;
    }
    owner = owner_of(sw, src);
    if (owner && owner != port && owner->config.connected &&
        sw->ops->conflict) {
        sw->ops->conflict(sw->opaque, src, owner, port);
    }
    return !owner;
}

static void input(VswitchPort *port, Frame *frame, InputPolicies policies)
{
    const uint8_t *dst = frame->data, *src = frame->data + 6;
    VswitchFrame vf;

    if (port->ops->tap) {
        port->ops->tap(port->opaque, frame, true);
    }
    if (!port->config.connected || frame->len < FRAME_MIN) {
        port->stats.in_dropped++;
        return;
    }
    if (!source_allowed(port, src)) {
        port->stats.in_spoofed++;
        trace_vswitch_frame_drop(port->name, "source address");
        return;
    }
    if (!vswitch_frame_enter(&vf, port, frame)) {
        port->stats.in_vlan++;
        trace_vswitch_frame_drop(port->name, "VLAN");
        vswitch_frame_clear(&vf);
        return;
    }
    if (port->policy && policies != POLICIES_NONE &&
        !outbound_passes(port, frame, policies == POLICIES_LAST)) {
        vswitch_frame_clear(&vf);
        return;
    }
    port->stats.in_frames++;
    port->stats.in_bytes += frame->len;
    if (learns(port, src)) {
        vswitch_learn(port, src, vf.vid);
    }
    if (frame_is_multicast(dst)) {
        flood_multicast(port, &vf, frame->data);
    } else {
        forward_unicast(port, &vf, dst);
    }
    vswitch_frame_clear(&vf);
}

void vswitch_port_input(VswitchPort *port, Frame *frame)
{
    input(port, frame, POLICIES_ALL);
}

void vswitch_port_input_last(VswitchPort *port, Frame *frame)
{
    input(port, frame, POLICIES_LAST);
}

void vswitch_port_announce(VswitchPort *port, Frame *frame)
{
    input(port, frame, POLICIES_NONE);
}
