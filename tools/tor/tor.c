/*
 * The process of the top-of-rack switch.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tor/tor.h"

#include "base/control.h"
#include "base/daemon.h"
#include "base/frame-stream.h"
#include "base/jsonline.h"
#include "base/pcapng.h"
#include "base/rundir.h"
#include "base/stream.h"
#include "client.h"
#include "host/mac.h"
#include "iovlab/vswitch.h"

#include <glib-unix.h>
#include <signal.h>

enum {
    QUEUE_FRAMES = 65536,
    QUEUE_BYTES = 256 * 1024 * 1024,
    PORTS_MAX = 256,
};

typedef struct Tor Tor;

typedef struct TorPort {
    Tor *tor;
    char *name;
    Listener *listener;
    FrameStream *stream;    /* NULL: nobody is connected */
    VswitchPort *port;
    Pcapng *pcap;
} TorPort;

struct Tor {
    ControlServer *control;
    GMainLoop *loop;
    Vswitch *vswitch;
    guint idle;
    GList *ports;
};

/* --- the switch's world ------------------------------------------------ */

static uint64_t tor_clock(void *opaque)
{
    return g_get_monotonic_time() * 1000;
}

static gboolean tor_idle(gpointer opaque)
{
    Tor *tor = opaque;

    tor->idle = 0;
    vswitch_run(tor->vswitch);
    return G_SOURCE_REMOVE;
}

static void tor_schedule(void *opaque)
{
    Tor *tor = opaque;

    if (!tor->idle) {
        tor->idle = g_idle_add_full(G_PRIORITY_DEFAULT, tor_idle, tor, NULL);
    }
}

static void tor_conflict(void *opaque, const uint8_t mac[6], VswitchPort *at,
                         VswitchPort *other)
{
    Tor *tor = opaque;
    g_autofree char *text = mac_format(mac);
    g_autoptr(JsonObject) object =
        iov_args("s:event", "mac-conflict", "s:host", "tor", "s:mac", text,
                 "s:at", vswitch_port_name(at), "s:other",
                 vswitch_port_name(other), NULL);

    json_object_set_double_member(object, "t_ms",
                                  g_get_monotonic_time() / 1000.0);
    daemon_log("mac-conflict %s at %s and %s", text, vswitch_port_name(at),
               vswitch_port_name(other));
    control_emit(tor->control, object);
}

static const VswitchOps tor_ops = {
    .clock_ns = tor_clock,
    .schedule = tor_schedule,
    .conflict = tor_conflict,
};

static void tor_event(Tor *tor, const char *event, const char *port)
{
    g_autoptr(JsonObject) object = iov_args("s:event", event, "s:host", "tor",
                                            "s:port", port, NULL);

    json_object_set_double_member(object, "t_ms",
                                  g_get_monotonic_time() / 1000.0);
    daemon_log("%s %s", event, port);
    control_emit(tor->control, object);
}

/* --- ports ------------------------------------------------------------- */

static void port_capture(TorPort *port, bool in, const uint8_t *data,
                         size_t len)
{
    if (port->pcap) {
        pcapng_write(port->pcap, in ? PCAPNG_INBOUND : PCAPNG_OUTBOUND, data,
                     len);
    }
}

static bool port_deliver(void *opaque, Frame *frame)
{
    TorPort *port = opaque;

    if (!port->stream) {
        return true;
    }
    if (!frame_stream_has_room(port->stream)) {
        return false;
    }
    port_capture(port, false, frame->data, frame->len);
    frame_stream_send(port->stream, frame->data, frame->len);
    return true;
}

static const VswitchPortOps port_ops = {
    .deliver = port_deliver,
};

static void port_connected(TorPort *port, bool connected)
{
    const VswitchPortConfig config = {
        .connected = connected,
        .filter = VSWITCH_FILTER_PROMISCUOUS,
        .queue_frames = QUEUE_FRAMES,
        .queue_bytes = QUEUE_BYTES,
    };

    if (port->port) {
        vswitch_port_configure(port->port, &config);
    } else {
        port->port = vswitch_port_new(port->tor->vswitch, port->name, &config,
                                      &port_ops, port);
    }
}

static void port_frame(void *opaque, const uint8_t *data, size_t len)
{
    TorPort *port = opaque;
    Frame *frame = len >= FRAME_MIN ? frame_new(data, len) : NULL;

    if (frame) {
        port_capture(port, true, data, len);
        vswitch_port_input(port->port, frame);
        frame_unref(frame);
    }
}

static void port_room(void *opaque)
{
    TorPort *port = opaque;

    vswitch_port_room(port->port);
}

static void port_closed(void *opaque, const char *why)
{
    TorPort *port = opaque;

    frame_stream_free(port->stream);
    port->stream = NULL;
    vswitch_forget(port->tor->vswitch, port->port);
    port_connected(port, false);
    tor_event(port->tor, "port-down", port->name);
}

static const FrameStreamOps stream_ops = {
    .frame = port_frame,
    .room = port_room,
    .closed = port_closed,
};

static void port_accept(void *opaque, GSocket *socket)
{
    TorPort *port = opaque;

    if (port->stream) {
        /* One cable per port. */
        return;
    }
    port->stream = frame_stream_new(socket, &stream_ops, port);
    port_connected(port, true);
    tor_event(port->tor, "port-up", port->name);
}

static TorPort *port_find(Tor *tor, const char *name)
{
    for (GList *l = tor->ports; l; l = l->next) {
        TorPort *port = l->data;

        if (g_str_equal(port->name, name)) {
            return port;
        }
    }
    return NULL;
}

static TorPort *port_add(Tor *tor, const char *name, GError **error)
{
    g_autofree char *file = g_strconcat(name, ".sock", NULL);
    g_autofree char *path = rundir_path("tor", file, NULL);
    TorPort *port = g_new0(TorPort, 1);

    port->tor = tor;
    port->listener = listener_new(path, port_accept, port, error);
    if (!port->listener) {
        g_free(port);
        return NULL;
    }
    port->name = g_strdup(name);
    port_connected(port, false);
    tor->ports = g_list_append(tor->ports, port);
    return port;
}

static void port_free(TorPort *port)
{
    port->tor->ports = g_list_remove(port->tor->ports, port);
    listener_free(port->listener);
    frame_stream_free(port->stream);
    vswitch_port_free(port->port);
    if (port->pcap) {
        pcapng_close(port->pcap, NULL);
    }
    g_free(port->name);
    g_free(port);
}

/* --- commands ---------------------------------------------------------- */

static char *port_path(const TorPort *port)
{
    g_autofree char *file = g_strconcat(port->name, ".sock", NULL);

    return rundir_path("tor", file, NULL);
}

static void cmd_port_add(void *opaque, ControlRequest *request,
                         JsonObject *args)
{
    Tor *tor = opaque;
    const char *name = json_str(args, "port", "");
    TorPort *port = port_find(tor, name);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;

    if (g_str_equal(name, "control") ||
        g_list_length(tor->ports) >= PORTS_MAX) {
        control_fail(request, ERR_BAD_ARGUMENT, "no port '%s' can be added",
                     name);
        return;
    }
    port = port ? port : port_add(tor, name, &error);
    if (!port) {
        control_fail(request, ERR_FAILED, "%s", error->message);
        return;
    }
    path = port_path(port);
    control_reply_object(request, iov_args("s:port", name, "s:socket", path,
                                           NULL));
}

static TorPort *find_port(Tor *tor, ControlRequest *request, JsonObject *args)
{
    const char *name = json_str(args, "port", "");
    TorPort *port = port_find(tor, name);

    if (!port) {
        control_fail(request, ERR_NOT_FOUND,
                     "the top-of-rack switch has no port '%s'", name);
    }
    return port;
}

static void cmd_port_remove(void *opaque, ControlRequest *request,
                            JsonObject *args)
{
    TorPort *port = find_port(opaque, request, args);

    if (port) {
        port_free(port);
        control_reply(request, NULL);
    }
}

static void cmd_capture(void *opaque, ControlRequest *request,
                        JsonObject *args)
{
    TorPort *port = find_port(opaque, request, args);
    const char *file = json_str(args, "file", NULL);
    g_autoptr(GError) error = NULL;

    if (!port) {
        return;
    }
    if (port->pcap) {
        pcapng_close(g_steal_pointer(&port->pcap), &error);
    }
    if (file && !error) {
        port->pcap = pcapng_open(file, port->name, &error);
    }
    if (error) {
        control_fail(request, ERR_FAILED, "%s", error->message);
    } else {
        control_reply(request, NULL);
    }
}

static JsonObject *show_port(const TorPort *port)
{
    g_autofree char *path = port_path(port);
    JsonObject *object = iov_args("s:Name", port->name, "b:Connected",
                                  port->stream != NULL, "b:Capturing",
                                  port->pcap != NULL, "s:Socket", path, NULL);
    VswitchPortStats stats;

    vswitch_port_stats(port->port, &stats);
    json_object_set_int_member(object, "InFrames", stats.in_frames);
    json_object_set_int_member(object, "OutFrames", stats.out_frames);
    json_object_set_int_member(object, "OutFlooded", stats.out_flooded);
    json_object_set_int_member(object, "OutDropped", stats.out_dropped);
    return object;
}

static void cmd_show(void *opaque, ControlRequest *request, JsonObject *args)
{
    Tor *tor = opaque;
    JsonObject *object = json_object_new();
    JsonArray *ports = json_array_new();

    for (GList *l = tor->ports; l; l = l->next) {
        json_array_add_object_element(ports, show_port(l->data));
    }
    json_object_set_array_member(object, "ports", ports);
    json_object_set_int_member(object, "LearnedAddresses",
                               vswitch_learned(tor->vswitch));
    json_object_set_int_member(object, "Moves", vswitch_moves(tor->vswitch));
    control_reply_object(request, object);
}

static void cmd_quit(void *opaque, ControlRequest *request, JsonObject *args)
{
    Tor *tor = opaque;

    control_reply(request, NULL);
    g_main_loop_quit(tor->loop);
}

static const ControlArg port_arg[] = {
    { "port", CONTROL_NAME, true },
    { NULL },
};
static const ControlArg capture_args[] = {
    { "port", CONTROL_NAME, true },
    { "file", CONTROL_TEXT },
    { NULL },
};

static const ControlCommand commands[] = {
    { "show", NULL, cmd_show, "Ports and counters" },
    { "port-add", port_arg, cmd_port_add, "Make a port, if it is not there" },
    { "port-remove", port_arg, cmd_port_remove, "Remove a port" },
    { "capture", capture_args, cmd_capture,
      "Capture a port to a file, or stop (no file)" },
    { "quit", NULL, cmd_quit, "End the switch" },
    { NULL },
};
static const ControlCommand *const tables[] = { commands, NULL };

/* --- the process ------------------------------------------------------- */

static gboolean on_signal(gpointer opaque)
{
    Tor *tor = opaque;

    g_main_loop_quit(tor->loop);
    return G_SOURCE_CONTINUE;
}

int tor_main(void)
{
    Tor tor = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = rundir_path("tor", NULL);
    g_autofree char *path = rundir_path("tor", "control.sock", NULL);

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);   /* of a capture: the write fails */
    tor.loop = g_main_loop_new(NULL, FALSE);
    if (rundir_make(dir, &error)) {
        tor.control = control_server_new(path, tables, &tor, &error);
    }
    if (!tor.control) {
        daemon_failed("the top-of-rack switch does not start: %s",
                      error->message);
    }
    tor.vswitch = vswitch_new(VSWITCH_TOR, &tor_ops, &tor);
    g_unix_signal_add(SIGTERM, on_signal, &tor);
    g_unix_signal_add(SIGINT, on_signal, &tor);
    daemon_ready();
    g_main_loop_run(tor.loop);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    while (tor.ports) {
        port_free(tor.ports->data);
    }
    g_clear_handle_id(&tor.idle, g_source_remove);
    vswitch_free(tor.vswitch);
    control_server_free(tor.control);
    g_main_loop_unref(tor.loop);
    return 0;
}
