/*
 * The parent partition's own port at an internal switch: a socket.  Who
 * connects to it is on the port, one at a time, as at a port of the top-of-rack
 * switch (docs/control-protocol.md).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/stream.h"

#include <glib/gstdio.h>

static void peer_frame(void *opaque, const uint8_t *data, size_t len)
{
    Switch *sw = opaque;
    Frame *frame = len >= FRAME_MIN ? frame_new(data, len) : NULL;

    if (frame) {
        vswitch_port_input(sw->host_port, frame);
        frame_unref(frame);
    }
}

static void peer_room(void *opaque)
{
    vswitch_port_room(((Switch *)opaque)->host_port);
}

static void peer_closed(void *opaque, const char *why)
{
    Switch *sw = opaque;

    frame_stream_free(sw->host_peer);
    sw->host_peer = NULL;
    vswitch_port_room(sw->host_port);
}

static const FrameStreamOps peer_ops = {
    .frame = peer_frame,
    .room = peer_room,
    .closed = peer_closed,
};

static void peer_accept(void *opaque, GSocket *socket)
{
    Switch *sw = opaque;

    if (!sw->host_peer) {
        sw->host_peer = frame_stream_new(socket, &peer_ops, sw);
    }
}

static bool deliver(void *opaque, Frame *frame)
{
    Switch *sw = opaque;

    if (sw->host_peer && !frame_stream_has_room(sw->host_peer)) {
        return false;
    }
    if (sw->host_peer) {
        frame_stream_send(sw->host_peer, frame->data, frame->len);
    }
    return true;
}

static const VswitchPortOps port_ops = {
    .deliver = deliver,
};

char *switch_host_socket(const Switch *sw)
{
    g_autofree char *file = g_strdup_printf("switch-%s.sock", sw->name);

    return host_path(sw->host, file);
}

bool switch_host_port(Switch *sw, PropError *error)
{
    /* The parent partition's addresses are its own affair: any, learned. */
    const VswitchPortConfig config = {
        .connected = true,
        .spoofing = true,
        .queue_frames = DATAPATH_QUEUE_FRAMES,
        .queue_bytes = DATAPATH_QUEUE_BYTES,
        .filter = VSWITCH_FILTER_PROMISCUOUS,
    };
    g_autofree char *path = switch_host_socket(sw);
    g_autoptr(GError) wrong = NULL;

    sw->host_listener = listener_new(path, peer_accept, sw, &wrong);
    if (!sw->host_listener) {
        return prop_fail(error, ERR_FAILED, "%s", wrong->message);
    }
    sw->host_port = vswitch_port_new(sw->vswitch, "host", &config, &port_ops,
                                     sw);
    return true;
}

void switch_host_port_end(Switch *sw)
{
    g_autofree char *path = switch_host_socket(sw);

    if (sw->host_listener) {
        g_clear_pointer(&sw->host_listener, listener_free);
        g_unlink(path);
    }
    g_clear_pointer(&sw->host_peer, frame_stream_free);
    g_clear_pointer(&sw->host_port, vswitch_port_free);
}
