/*
 * The peer's TCP: libslirp terminates the guest's connection at PEER_TCP_IP
 * and opens one of its own to the service that listens here on loopback.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "peer_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <libslirp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "iovlab/bytes.h"

typedef struct SlirpTimer {
    SlirpTimerCb cb;
    void *opaque;
    int64_t due_ms;             /* -1: off */
    PeerService *service;
} SlirpTimer;

struct PeerService {
    Peer *peer;
    Slirp *slirp;
    GPtrArray *timers;
    GArray *fds;                /* during fill and poll only */
    int listener;
    uint16_t port;
    int fd;                     /* the one connection, -1 */
    unsigned bytes_per_ms;
    uint64_t budget;
    int64_t last_ns;
    uint64_t seed_out, seed_in;
    bool finish, shut;
    PeerTcp tcp;
};

static ssize_t slirp_output(const void *frame, size_t len, void *opaque)
{
    PeerService *s = opaque;

    peer_transmit(s->peer, frame, len);
    return len;
}

static void slirp_guest_error(const char *msg, void *opaque)
{
    g_debug("slirp: %s", msg);
}

static int64_t slirp_clock(void *opaque)
{
    return peer_now_ns();
}

static void *slirp_timer_new(SlirpTimerCb cb, void *cb_opaque, void *opaque)
{
    PeerService *s = opaque;
    SlirpTimer *t = g_new0(SlirpTimer, 1);

    *t = (SlirpTimer) { cb, cb_opaque, -1, s };
    g_ptr_array_add(s->timers, t);
    return t;
}

static void slirp_timer_free(void *timer, void *opaque)
{
    PeerService *s = opaque;

    g_ptr_array_remove(s->timers, timer);
}

static void slirp_timer_mod(void *timer, int64_t expire_ms, void *opaque)
{
    ((SlirpTimer *)timer)->due_ms = expire_ms;
}

static void slirp_ignore_fd(int fd, void *opaque)
{
}

static void slirp_ignore(void *opaque)
{
}

static const SlirpCb slirp_callbacks = {
    .send_packet = slirp_output,
    .guest_error = slirp_guest_error,
    .clock_get_ns = slirp_clock,
    .timer_new = slirp_timer_new,
    .timer_free = slirp_timer_free,
    .timer_mod = slirp_timer_mod,
    .register_poll_fd = slirp_ignore_fd,
    .unregister_poll_fd = slirp_ignore_fd,
    .notify = slirp_ignore,
};

static int listen_loopback(uint16_t *port)
{
    struct sockaddr_in sin = {
        .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) },
    };
    socklen_t len = sizeof(sin);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0 ||
        listen(fd, 1) < 0 ||
        getsockname(fd, (struct sockaddr *)&sin, &len) < 0) {
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    *port = ntohs(sin.sin_port);
    return fd;
}

PeerService *peer_service_new(Peer *peer, GError **error)
{
    SlirpConfig cfg = { .version = 1, .in_enabled = true };
    PeerService *s = g_new0(PeerService, 1);

    s->peer = peer;
    s->fd = -1;
    s->timers = g_ptr_array_new_with_free_func(g_free);
    s->tcp.intact = true;
    s->listener = listen_loopback(&s->port);
    if (s->listener < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "cannot listen on loopback: %s", g_strerror(errno));
        peer_service_free(s);
        return NULL;
    }
    inet_pton(AF_INET, "10.77.0.0", &cfg.vnetwork);
    inet_pton(AF_INET, "255.255.0.0", &cfg.vnetmask);
    inet_pton(AF_INET, PEER_TCP_IP, &cfg.vhost);
    inet_pton(AF_INET, "10.77.200.1", &cfg.vdhcp_start);
    inet_pton(AF_INET, "10.77.0.3", &cfg.vnameserver);
    s->slirp = slirp_new(&cfg, &slirp_callbacks, s);
    return s;
}

void peer_service_free(PeerService *s)
{
    if (s->slirp) {
        slirp_cleanup(s->slirp);
    }
    if (s->listener >= 0) {
        close(s->listener);
    }
    if (s->fd >= 0) {
        close(s->fd);
    }
    g_ptr_array_unref(s->timers);
    g_free(s);
}

void peer_service_input(PeerService *s, const uint8_t *frame, size_t len)
{
    slirp_input(s->slirp, frame, len);
}

static int add_poll(int fd, int events, void *opaque)
{
    PeerService *s = opaque;
    struct pollfd p = { .fd = fd };

    p.events = (events & SLIRP_POLL_IN ? POLLIN : 0) |
               (events & SLIRP_POLL_OUT ? POLLOUT : 0) |
               (events & SLIRP_POLL_PRI ? POLLPRI : 0);
    g_array_append_val(s->fds, p);
    return s->fds->len - 1;
}

static int get_revents(int index, void *opaque)
{
    PeerService *s = opaque;
    int r = g_array_index(s->fds, struct pollfd, index).revents;

    return (r & POLLIN ? SLIRP_POLL_IN : 0) |
           (r & POLLOUT ? SLIRP_POLL_OUT : 0) |
           (r & POLLPRI ? SLIRP_POLL_PRI : 0) |
           (r & POLLERR ? SLIRP_POLL_ERR : 0) |
           (r & POLLHUP ? SLIRP_POLL_HUP : 0);
}

void peer_service_fill(PeerService *s, GArray *fds, uint32_t *timeout)
{
    s->fds = fds;
    slirp_pollfds_fill(s->slirp, timeout, add_poll, s);
}

static void run_timers(PeerService *s)
{
    int64_t now_ms = peer_now_ns() / 1000000;

    for (guint i = 0; i < s->timers->len; i++) {
        SlirpTimer *t = g_ptr_array_index(s->timers, i);

        if (t->due_ms >= 0 && t->due_ms <= now_ms) {
            t->due_ms = -1;
            t->cb(t->opaque);
        }
    }
}

static void send_some(PeerService *s)
{
    uint8_t buf[16384];
    size_t len = MIN(s->budget, sizeof(buf));
    ssize_t n;

    if (s->finish && !s->shut) {
        shutdown(s->fd, SHUT_WR);
        s->shut = true;
    }
    if (s->shut || len == 0) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        buf[i] = stream_tcp_byte(s->seed_out, s->tcp.sent + i);
    }
    n = send(s->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
        s->tcp.sent += n;
        s->budget -= n;
    }
}

static void receive_some(PeerService *s)
{
    uint8_t buf[65536];
    ssize_t n = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT);

    if (n == 0) {
        s->tcp.done = s->shut;
    }
    for (ssize_t i = 0; i < n && s->tcp.intact; i++) {
        if (buf[i] != stream_tcp_byte(s->seed_in, s->tcp.received + i)) {
            s->tcp.intact = false;
            s->tcp.bad_at = s->tcp.received + i;
        }
    }
    if (n > 0) {
        s->tcp.received += n;
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        s->tcp.intact = false;
        close(s->fd);
        s->fd = -1;
    }
}

static void run_transfer(PeerService *s)
{
    int64_t now = peer_now_ns();
    int64_t ms = (now - s->last_ns) / 1000000;

    if (s->fd < 0 && !s->tcp.connected) {
        s->fd = accept4(s->listener, NULL, NULL,
                        SOCK_NONBLOCK | SOCK_CLOEXEC);
        s->tcp.connected = s->fd >= 0;
        s->last_ns = now;
        return;
    }
    if (s->fd < 0) {
        return;
    }
    s->budget = MIN(s->budget + ms * s->bytes_per_ms, 256 * s->bytes_per_ms);
    s->last_ns += ms * 1000000;
    send_some(s);
    receive_some(s);
}

void peer_service_poll(PeerService *s, GArray *fds)
{
    s->fds = fds;
    slirp_pollfds_poll(s->slirp, 0, get_revents, s);
    run_timers(s);
    run_transfer(s);
}

uint64_t peer_service_bytes(PeerService *s)
{
    return s->tcp.sent + s->tcp.received;
}

uint16_t peer_tcp_port(Peer *peer)
{
    return peer->service->port;
}

void peer_tcp_config(Peer *peer, unsigned kbytes_per_s, uint64_t seed_out,
                     uint64_t seed_in)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&peer->lock);

    peer->service->bytes_per_ms = kbytes_per_s;
    peer->service->seed_out = seed_out;
    peer->service->seed_in = seed_in;
}

void peer_tcp_finish(Peer *peer)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&peer->lock);

    peer->service->finish = true;
}

void peer_tcp_get(Peer *peer, PeerTcp *tcp)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&peer->lock);

    *tcp = peer->service->tcp;
}
