/*
 * Port mirroring: what a source port sends and receives is copied to every
 * destination port of the switch, in the form that it has outside the source
 * port.  The destination's own policies and filter do not look at the copies.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "switch-internal.h"

void vswitch_mirror(VswitchPort *from, Frame *frame)
{
    Vswitch *sw = from->sw;

    for (guint i = 0; sw->mirrors && i < sw->ports->len; i++) {
        VswitchPort *port = g_ptr_array_index(sw->ports, i);

        if (port == from || !port->policy || !port->config.connected ||
            port->policy->set.mirror != VSWITCH_MIRROR_DESTINATION) {
            continue;
        }
        if (frame_queue_push(&port->queue, frame, NULL, 0)) {
            port->stats.out_mirrored++;
            vswitch_schedule(sw);
        } else {
            port->stats.out_dropped++;
        }
    }
}
