/*
 * The traffic peer's thread and its port at the switch.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "peer_private.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "iovlab/bytes.h"

enum { FRAME_HEADER = 4, FRAME_LIMIT = 65536, TICK_MS = 1 };

int64_t peer_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void fail(Peer *peer, const char *why)
{
    if (!peer->failure) {
        peer->failure = g_strdup(why);
    }
}

static void flush(Peer *peer)
{
    while (peer->out->len && !peer->failure) {
        ssize_t n = send(peer->fd, peer->out->data, peer->out->len,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                fail(peer, g_strerror(errno));
            }
            return;
        }
        g_byte_array_remove_range(peer->out, 0, n);
    }
}

void peer_transmit(Peer *peer, const uint8_t *frame, size_t len)
{
    uint8_t header[FRAME_HEADER];

    wr_be32(header, len);
    g_byte_array_append(peer->out, header, sizeof(header));
    g_byte_array_append(peer->out, frame, len);
}

static void receive_frames(Peer *peer)
{
    size_t pos = 0;

    while (peer->in->len - pos >= FRAME_HEADER) {
        const uint8_t *p = peer->in->data + pos;
        uint32_t len = rd_be32(p);

        if (len > FRAME_LIMIT) {
            fail(peer, "the switch sent an impossible frame length");
            return;
        }
        if (peer->in->len - pos - FRAME_HEADER < len) {
            break;
        }
        peer_stack_input(peer, p + FRAME_HEADER, len);
        peer_service_input(peer->service, p + FRAME_HEADER, len);
        pos += FRAME_HEADER + len;
    }
    g_byte_array_remove_range(peer->in, 0, pos);
}

static void read_socket(Peer *peer)
{
    uint8_t buf[65536];
    ssize_t n = recv(peer->fd, buf, sizeof(buf), MSG_DONTWAIT);

    if (n > 0) {
        g_byte_array_append(peer->in, buf, n);
        receive_frames(peer);
    } else if (n == 0) {
        fail(peer, "the top-of-rack switch closed the connection");
    } else if (errno != EAGAIN && errno != EINTR) {
        fail(peer, g_strerror(errno));
    }
}

static void take_sample(Peer *peer)
{
    int64_t now = g_get_monotonic_time();
    uint64_t tcp = peer_service_bytes(peer->service);
    PeerSample sample = {
        .t_us = now,
        .to_guest = peer->stack.frames_out - peer->sampled_out,
        .from_guest = peer->stack.frames_in - peer->sampled_in,
        .tcp_kbytes = (tcp - peer->sampled_tcp) / 1024,
        .rtt_us = peer->stack.rtt_us,
    };

    if (now < peer->sample_due_us) {
        return;
    }
    g_array_append_val(peer->samples, sample);
    peer->sampled_out = peer->stack.frames_out;
    peer->sampled_in = peer->stack.frames_in;
    peer->sampled_tcp = tcp;
    peer->stack.rtt_us = -1;
    peer->sample_due_us = now + PEER_SAMPLE_MS * 1000;
}

static void *peer_thread(void *opaque)
{
    Peer *peer = opaque;
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));

    g_mutex_lock(&peer->lock);
    while (!peer->quit && !peer->failure) {
        struct pollfd own[] = {
            { .fd = peer->fd,
              .events = POLLIN | (peer->out->len ? POLLOUT : 0) },
            { .fd = peer->wake[0], .events = POLLIN },
        };
        uint32_t timeout = TICK_MS;

        g_array_set_size(fds, 0);
        g_array_append_vals(fds, own, G_N_ELEMENTS(own));
        peer_service_fill(peer->service, fds, &timeout);
        g_mutex_unlock(&peer->lock);
        poll((struct pollfd *)fds->data, fds->len, timeout);
        g_mutex_lock(&peer->lock);

        read_socket(peer);
        peer_service_poll(peer->service, fds);
        peer_stack_tick(peer, peer_now_ns());
        take_sample(peer);
        flush(peer);
    }
    g_mutex_unlock(&peer->lock);
    return NULL;
}

static int connect_switch(const char *path, GError **error)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd;

    if (g_strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
        sizeof(sun.sun_path)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
                    "%s: too long for a socket's path", path);
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "cannot reach the top-of-rack switch at %s: %s", path,
                    g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

Peer *peer_new(const char *tor_socket, GError **error)
{
    int fd = connect_switch(tor_socket, error);
    Peer *peer;

    if (fd < 0) {
        return NULL;
    }
    peer = g_new0(Peer, 1);
    peer->fd = fd;
    peer->in = g_byte_array_new();
    peer->out = g_byte_array_new();
    peer->samples = g_array_new(FALSE, FALSE, sizeof(PeerSample));
    peer->stack.rtt_us = -1;
    peer->sample_due_us = g_get_monotonic_time() + PEER_SAMPLE_MS * 1000;
    g_mutex_init(&peer->lock);
    if (pipe2(peer->wake, O_CLOEXEC) < 0) {
        peer->wake[0] = peer->wake[1] = -1;
    }
    peer->service = peer_service_new(peer, error);
    if (!peer->service) {
        peer_free(peer);
        return NULL;
    }
    peer->thread = g_thread_new("peer", peer_thread, peer);
    return peer;
}

void peer_free(Peer *peer)
{
    if (!peer) {
        return;
    }
    if (peer->thread) {
        g_mutex_lock(&peer->lock);
        peer->quit = true;
        g_mutex_unlock(&peer->lock);
        if (write(peer->wake[1], "", 1) < 0) {
            g_warning("peer: %s", g_strerror(errno));
        }
        g_thread_join(peer->thread);
    }
    g_clear_pointer(&peer->service, peer_service_free);
    for (unsigned i = 0; i < PEER_STREAMS; i++) {
        stream_tracker_clear(&peer->stack.trackers[i]);
    }
    g_byte_array_unref(peer->in);
    g_byte_array_unref(peer->out);
    g_array_unref(peer->samples);
    g_mutex_clear(&peer->lock);
    close(peer->fd);
    close(peer->wake[0]);
    close(peer->wake[1]);
    g_free(peer->failure);
    g_free(peer);
}

GArray *peer_samples(Peer *peer)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&peer->lock);

    return g_array_copy(peer->samples);
}

const char *peer_failure(Peer *peer)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&peer->lock);

    return peer->failure;
}
