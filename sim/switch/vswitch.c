/*
 * A switch's ports and their queues.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "switch-internal.h"
#include "iovlab-trace.h"

#define DEFAULT_AGING_NS (300 * 1000000000ull)
/* Frames of one port in one run, so that each port has its turn. */
#define RUN_BUDGET 64

Vswitch *vswitch_new(VswitchKind kind, const VswitchOps *ops, void *opaque)
{
    Vswitch *sw = g_new0(Vswitch, 1);

    sw->kind = kind;
    sw->ops = ops;
    sw->opaque = opaque;
    sw->ports = g_ptr_array_new();
    sw->owners = g_hash_table_new(g_int64_hash, g_int64_equal);
    sw->learned = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
                                        g_free);
    sw->aging = DEFAULT_AGING_NS;
    return sw;
}

void vswitch_free(Vswitch *sw)
{
    if (!sw) {
        return;
    }
    while (sw->ports->len) {
        vswitch_port_free(g_ptr_array_index(sw->ports, sw->ports->len - 1));
    }
    g_ptr_array_unref(sw->ports);
    g_hash_table_unref(sw->owners);
    g_hash_table_unref(sw->learned);
    g_free(sw);
}

void vswitch_set_aging(Vswitch *sw, uint64_t ns)
{
    sw->aging = ns;
}

void vswitch_schedule(Vswitch *sw)
{
    if (!sw->scheduled) {
        sw->scheduled = true;
        sw->ops->schedule(sw->opaque);
    }
}

static bool has_work(const VswitchPort *port)
{
    return port->queue.count && !port->held && !port->blocked;
}

static void deliver(VswitchPort *port)
{
    for (unsigned n = 0; n < RUN_BUDGET && has_work(port); n++) {
        /* Copied: the owner may put more behind it from within deliver(). */
        FrameSlot slot = *frame_queue_peek(&port->queue);
        Frame *frame = slot.frame;

        if (!port->ops->deliver(port->opaque, frame)) {
            port->blocked = true;
            return;
        }
        frame_queue_take(&port->queue, NULL);
        port->stats.out_frames++;
        port->stats.out_bytes += frame->len;
        if (port->config.uplink && port->sw->weighted) {
            vswitch_share_sent(port->sw, slot.tag, frame->len);
        }
        if (port->ops->tap) {
            port->ops->tap(port->opaque, frame, false);
        }
        frame_unref(frame);
    }
}

void vswitch_run(Vswitch *sw)
{
    bool more = false;

    sw->scheduled = false;
    for (guint i = 0; i < sw->ports->len; i++) {
        deliver(g_ptr_array_index(sw->ports, i));
    }
    for (guint i = 0; i < sw->ports->len; i++) {
        more = more || has_work(g_ptr_array_index(sw->ports, i));
    }
    if (more) {
        vswitch_schedule(sw);
    }
}

VswitchPort *vswitch_port_new(Vswitch *sw, const char *name,
                              const VswitchPortConfig *config,
                              const VswitchPortOps *ops, void *opaque)
{
    VswitchPort *port = g_new0(VswitchPort, 1);

    port->sw = sw;
    port->name = g_strdup(name);
    port->ops = ops;
    port->opaque = opaque;
    port->id = ++sw->next_id;
    frame_queue_init(&port->queue, 0, 0);
    g_ptr_array_add(sw->ports, port);
    vswitch_port_configure(port, config);
    return port;
}

/* What two ports have is the other's when the one lets go of it. */
static void release_address(VswitchPort *port)
{
    Vswitch *sw = port->sw;
    VswitchPort *heir = NULL;

    if (port->address &&
        g_hash_table_lookup(sw->owners, &port->address) == port) {
        g_hash_table_remove(sw->owners, &port->address);
        for (guint i = 0; i < sw->ports->len; i++) {
            VswitchPort *other = g_ptr_array_index(sw->ports, i);

            if (other != port && other->address == port->address &&
                (!heir || other->config.connected)) {
                heir = other;
            }
        }
    }
    port->address = 0;
    if (heir) {
        g_hash_table_replace(sw->owners, &heir->address, heir);
    }
}

void vswitch_port_free(VswitchPort *port)
{
    if (!port) {
        return;
    }
    vswitch_forget(port->sw, port);
    vswitch_port_set_policy(port, &(VswitchPolicy) { 0 });
    release_address(port);
    g_ptr_array_remove(port->sw->ports, port);
    frame_queue_clear(&port->queue);
    g_free(port->name);
    g_free(port);
}

void vswitch_port_configure(VswitchPort *port,
                            const VswitchPortConfig *config)
{
    Vswitch *sw = port->sw;

    if (config->vids && config->vids != port->vids) {
        memcpy(port->vids, config->vids, sizeof(port->vids));
    }
    release_address(port);
    port->config = *config;
    if (config->vids) {
        port->config.vids = port->vids;
    }
    port->queue.max_frames = config->queue_frames;
    port->queue.max_bytes = config->queue_bytes;
    port->address = vswitch_key(config->mac, 0);
    if (port->address) {
        uint64_t key = port->address;

        VswitchPort *owner = g_hash_table_lookup(sw->owners, &key);
        bool live = owner && owner->config.connected;

        /* The switch knows better than what it once learned. */
        g_hash_table_remove(sw->learned, &key);
        if (live && config->connected && sw->ops->conflict) {
            sw->ops->conflict(sw->opaque, config->mac, owner, port);
        }
        if (!live || config->connected) {
            g_hash_table_replace(sw->owners, &port->address, port);
        }
    }
    if (!config->connected) {
        vswitch_forget(sw, port);
    }
    vswitch_port_room(port);
}

const VswitchPortConfig *vswitch_port_config(const VswitchPort *port)
{
    return &port->config;
}

void vswitch_port_set_policy(VswitchPort *port, const VswitchPolicy *policy)
{
    Vswitch *sw = port->sw;
    const VswitchPolicy *was = port->policy ? &port->policy->set : NULL;

    if (was) {
        sw->mirrors -= was->mirror == VSWITCH_MIRROR_DESTINATION;
        sw->weighted -= was->minimum_weight != 0;
    }
    sw->mirrors += policy->mirror == VSWITCH_MIRROR_DESTINATION;
    sw->weighted += policy->minimum_weight != 0;
    if (!policy->minimum_weight) {
        port->waiting = 0;
    }
    port->policy = policy_set(port->policy, policy,
                              sw->ops->clock_ns(sw->opaque));
    vswitch_port_room(port);
}

const VswitchAcl *vswitch_port_acls(const VswitchPort *port, unsigned *count)
{
    *count = port->policy ? port->policy->n_acls : 0;
    return port->policy ? port->policy->acls : NULL;
}

uint64_t vswitch_port_send_wait(const VswitchPort *port)
{
    Vswitch *sw = port->sw;

    if (!port->policy) {
        return 0;
    }
    if (sw->weighted && !vswitch_share_left(port)) {
        return UINT64_MAX;
    }
    return policy_bandwidth_wait(port->policy,
                                 sw->ops->clock_ns(sw->opaque));
}

const char *vswitch_port_name(const VswitchPort *port)
{
    return port->name;
}

void vswitch_port_room(VswitchPort *port)
{
    port->blocked = false;
    if (has_work(port)) {
        vswitch_schedule(port->sw);
    }
}

void vswitch_port_hold(VswitchPort *port, bool hold)
{
    if (port->held != hold) {
        trace_vswitch_port_hold(port->name, hold, port->queue.count);
    }
    port->held = hold;
    vswitch_port_room(port);
}

bool vswitch_port_held(const VswitchPort *port)
{
    return port->held;
}

FrameQueue *vswitch_port_queue(VswitchPort *port)
{
    return &port->queue;
}

void vswitch_port_stats(const VswitchPort *port, VswitchPortStats *stats)
{
    *stats = port->stats;
}
