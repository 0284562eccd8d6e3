/*
 * MinimumBandwidthWeight: the ports' parts of a busy uplink.
 *
 * What waits at the uplink leaves in turn.  So a port gets that part of the
 * uplink's rate which its frames are of all that wait; a port that has a weight
 * may therefore have as much of the queue as its weight is of the weights of
 * those that have something in it.  An uplink with little waiting is not busy,
 * and nobody is kept.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "switch-internal.h"

#define SHARED_BYTES (512 * 1024)
#define BUSY_BYTES (64 * 1024)
/* A port with a small weight still has a frame on its way. */
#define LEAST_BYTES (2 * 9018)

static unsigned weight_of(const VswitchPort *port)
{
    return port->policy ? port->policy->set.minimum_weight : 0;
}

void vswitch_share_add(VswitchPort *from, size_t len)
{
    if (weight_of(from)) {
        from->waiting += len;
    }
}

void vswitch_share_sent(Vswitch *sw, uint64_t id, size_t len)
{
    for (guint i = 0; i < sw->ports->len; i++) {
        VswitchPort *port = g_ptr_array_index(sw->ports, i);

        if (port->id == id) {
            port->waiting -= MIN(port->waiting, len);
            return;
        }
    }
}

bool vswitch_is_shared(const Vswitch *sw)
{
    return sw->weighted > 0;
}

bool vswitch_share_left(const VswitchPort *port)
{
    const Vswitch *sw = port->sw;
    unsigned weights = weight_of(port);
    uint64_t busy = 0;

    if (!weights) {
        return true;
    }
    for (guint i = 0; i < sw->ports->len; i++) {
        const VswitchPort *other = g_ptr_array_index(sw->ports, i);

        if (other->config.uplink) {
            busy += other->queue.bytes;
        } else if (other != port && other->waiting) {
            weights += weight_of(other);
        }
    }
    return busy < BUSY_BYTES ||
           port->waiting < MAX((uint64_t)SHARED_BYTES * weight_of(port) /
                               weights, LEAST_BYTES);
}
