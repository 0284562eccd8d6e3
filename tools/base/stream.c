/*
 * Non-blocking stream sockets in the main loop.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/stream.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/un.h>

#define READ_CHUNK 65536
/* Output that is sent and still in memory. */
#define OUT_SENT_MAX 65536

struct Stream {
    gatomicrefcount refs;
    GSocket *socket;
    const StreamOps *ops;
    void *opaque;
    GByteArray *in;
    GByteArray *out;
    size_t out_pos;
    GSource *in_source;
    GSource *out_source;
    bool freed;             /* owner let go: no more callbacks */
    bool dead;              /* socket closed */
    bool paused;
    bool linger;            /* freed once the output is gone */
};

static void stream_want_out(Stream *s);

static void source_clear(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

static void stream_unref(Stream *s)
{
    if (!g_atomic_ref_count_dec(&s->refs)) {
        return;
    }
    source_clear(&s->in_source);
    source_clear(&s->out_source);
    g_byte_array_unref(s->in);
    g_byte_array_unref(s->out);
    g_object_unref(s->socket);
    g_free(s);
}

static void stream_shut(Stream *s)
{
    source_clear(&s->in_source);
    source_clear(&s->out_source);
    if (!s->dead) {
        s->dead = true;
        g_socket_close(s->socket, NULL);
    }
}

static void stream_die(Stream *s, const char *why)
{
    bool told = s->dead;

    stream_shut(s);
    if (s->linger) {
        s->linger = false;
        stream_unref(s);
    } else if (!told && !s->freed) {
        s->ops->closed(s->opaque, why);
    }
}

/* Hands the bytes to the owner until it takes no more. */
static void stream_deliver(Stream *s)
{
    size_t pos = 0;

    while (pos < s->in->len && !s->freed && !s->dead && !s->paused) {
        gssize used = s->ops->input(s->opaque, s->in->data + pos,
                                    s->in->len - pos);

        if (used < 0) {
            stream_die(s, "protocol error");
            return;
        }
        if (used == 0) {
            break;
        }
        pos += MIN((size_t)used, s->in->len - pos);
    }
    g_byte_array_remove_range(s->in, 0, pos);
}

static bool stream_read(Stream *s)
{
    g_autoptr(GError) error = NULL;
    guint old = s->in->len;
    gssize n;

    g_atomic_ref_count_inc(&s->refs);
    g_byte_array_set_size(s->in, old + READ_CHUNK);
    n = g_socket_receive(s->socket, (char *)s->in->data + old, READ_CHUNK, NULL,
                         &error);
    g_byte_array_set_size(s->in, old + MAX(n, 0));
    if (n > 0) {
        stream_deliver(s);
    } else if (n == 0) {
        stream_die(s, "closed by peer");
    } else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
        stream_die(s, error->message);
    }
    stream_unref(s);
    return n > 0;
}

static gboolean stream_readable(GSocket *socket, GIOCondition cond,
                                gpointer opaque)
{
    stream_read(opaque);
    return G_SOURCE_CONTINUE;
}

bool stream_read_now(Stream *s)
{
    return !s->dead && !s->freed && !s->paused && stream_read(s);
}

static void stream_want_in(Stream *s)
{
    if (!s->in_source && !s->dead) {
        s->in_source = g_socket_create_source(s->socket, G_IO_IN, NULL);
        g_source_set_callback(s->in_source, G_SOURCE_FUNC(stream_readable), s,
                              NULL);
        g_source_attach(s->in_source, NULL);
    }
}

/* Sends what the socket takes.  False if the stream died. */
static bool stream_flush(Stream *s)
{
    while (s->out_pos < s->out->len) {
        g_autoptr(GError) error = NULL;
        gssize n = g_socket_send(s->socket, (char *)s->out->data + s->out_pos,
                                 s->out->len - s->out_pos, NULL, &error);

        if (n < 0) {
            if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
                stream_want_out(s);
                return true;
            }
            stream_die(s, error->message);
            return false;
        }
        s->out_pos += n;
    }
    g_byte_array_set_size(s->out, 0);
    s->out_pos = 0;
    source_clear(&s->out_source);
    return true;
}

static gboolean stream_writable(GSocket *socket, GIOCondition cond,
                                gpointer opaque)
{
    Stream *s = opaque;
    bool was_linger = s->linger;

    g_atomic_ref_count_inc(&s->refs);
    if (stream_flush(s) && s->out->len == 0) {
        if (was_linger) {
            stream_die(s, "done");
        } else if (!s->freed && s->ops->room) {
            s->ops->room(s->opaque);
        }
    }
    stream_unref(s);
    return G_SOURCE_CONTINUE;
}

static void stream_want_out(Stream *s)
{
    if (!s->out_source && !s->dead) {
        s->out_source = g_socket_create_source(s->socket, G_IO_OUT, NULL);
        g_source_set_callback(s->out_source, G_SOURCE_FUNC(stream_writable), s,
                              NULL);
        g_source_attach(s->out_source, NULL);
    }
}

Stream *stream_new(GSocket *socket, const StreamOps *ops, void *opaque)
{
    Stream *s = g_new0(Stream, 1);

    g_atomic_ref_count_init(&s->refs);
    s->socket = g_object_ref(socket);
    s->ops = ops;
    s->opaque = opaque;
    s->in = g_byte_array_new();
    s->out = g_byte_array_new();
    g_socket_set_blocking(socket, FALSE);
    stream_want_in(s);
    return s;
}

GSocket *unix_connect(const char *path, GError **error)
{
    g_autoptr(GSocketAddress) address = NULL;
    g_autoptr(GSocket) socket = NULL;

    if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
                    "%s: path is too long for a socket", path);
        return NULL;
    }
    address = g_unix_socket_address_new(path);
    socket = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                          G_SOCKET_PROTOCOL_DEFAULT, error);
    if (!socket || !g_socket_connect(socket, address, NULL, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    return g_steal_pointer(&socket);
}

Stream *stream_connect_unix(const char *path, const StreamOps *ops,
                            void *opaque, GError **error)
{
    g_autoptr(GSocket) socket = unix_connect(path, error);

    return socket ? stream_new(socket, ops, opaque) : NULL;
}

void stream_free(Stream *s)
{
    if (s) {
        s->freed = true;
        stream_shut(s);
        stream_unref(s);
    }
}

void stream_free_later(Stream *s)
{
    if (s && !s->dead && stream_pending(s)) {
        s->freed = true;
        s->linger = true;
        source_clear(&s->in_source);
        stream_want_out(s);
    } else {
        stream_free(s);
    }
}

bool stream_write(Stream *s, const void *data, size_t len)
{
    bool idle = stream_pending(s) == 0;
    bool ok;

    if (s->dead || s->freed) {
        return false;
    }
    /* A peer that is always a little behind never lets it run empty. */
    if (s->out_pos >= OUT_SENT_MAX && s->out_pos >= s->out->len / 2) {
        g_byte_array_remove_range(s->out, 0, s->out_pos);
        s->out_pos = 0;
    }
    g_byte_array_append(s->out, data, len);
    if (!idle) {
        return true;
    }
    g_atomic_ref_count_inc(&s->refs);
    ok = stream_flush(s);
    stream_unref(s);
    return ok;
}

size_t stream_pending(const Stream *s)
{
    return s->out->len - s->out_pos;
}

static gboolean stream_resume(gpointer opaque)
{
    Stream *s = opaque;

    stream_deliver(s);
    stream_unref(s);
    return G_SOURCE_REMOVE;
}

void stream_pause(Stream *s, bool pause)
{
    if (s->paused == pause || s->dead) {
        return;
    }
    s->paused = pause;
    if (pause) {
        source_clear(&s->in_source);
    } else {
        stream_want_in(s);
        g_atomic_ref_count_inc(&s->refs);
        g_idle_add(stream_resume, s);
    }
}

GSocket *stream_socket(Stream *s)
{
    return s->socket;
}

/* --- listening --------------------------------------------------------- */

struct Listener {
    GSocket *socket;
    GSource *source;
    char *path;
    ListenerAccept accept;
    void *opaque;
};

static gboolean listener_ready(GSocket *socket, GIOCondition cond,
                               gpointer opaque)
{
    Listener *l = opaque;
    g_autoptr(GSocket) peer = g_socket_accept(socket, NULL, NULL);

    if (peer) {
        l->accept(l->opaque, peer);
    }
    return G_SOURCE_CONTINUE;
}

Listener *listener_new(const char *path, ListenerAccept accept, void *opaque,
                       GError **error)
{
    g_autoptr(GSocketAddress) address = NULL;
    g_autoptr(GSocket) socket = NULL;
    g_autoptr(GSocket) probe = unix_connect(path, NULL);
    Listener *l;

    if (probe) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                    "%s: another process listens there", path);
        return NULL;
    }
    if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
                    "%s: path is too long for a socket; set IOVLAB_RUN to a "
                    "shorter directory", path);
        return NULL;
    }
    g_unlink(path);
    address = g_unix_socket_address_new(path);
    socket = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                          G_SOCKET_PROTOCOL_DEFAULT, error);
    if (!socket || !g_socket_bind(socket, address, FALSE, error) ||
        !g_socket_listen(socket, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    g_socket_set_blocking(socket, FALSE);
    l = g_new0(Listener, 1);
    l->socket = g_steal_pointer(&socket);
    l->path = g_strdup(path);
    l->accept = accept;
    l->opaque = opaque;
    l->source = g_socket_create_source(l->socket, G_IO_IN, NULL);
    g_source_set_callback(l->source, G_SOURCE_FUNC(listener_ready), l, NULL);
    g_source_attach(l->source, NULL);
    return l;
}

void listener_free(Listener *l)
{
    if (l) {
        source_clear(&l->source);
        g_socket_close(l->socket, NULL);
        g_object_unref(l->socket);
        g_unlink(l->path);
        g_free(l->path);
        g_free(l);
    }
}
