/*
 * The TCP transfer: a known byte stream each way over one connection, paced
 * outward, checked byte by byte inward.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    int fd;
    bool connected, finishing, shut, peer_done;
    unsigned bytes_per_ms;
    uint64_t budget;            /* bytes that may be sent now */
    uint64_t last_tick_ns;
    uint64_t seed_out, seed_in;
    uint64_t sent, received;
    uint64_t bad_at;            /* offset of the first wrong byte */
    bool bad;
    int error;
} xfer = { .fd = -1 };

bool transfer_start(const char *address, unsigned port, unsigned kbytes_per_s,
                    uint64_t seed_out, uint64_t seed_in)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };

    if (xfer.fd >= 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1) {
        return false;
    }
    memset(&xfer, 0, sizeof(xfer));
    xfer.bytes_per_ms = kbytes_per_s;
    xfer.seed_out = seed_out;
    xfer.seed_in = seed_in;
    xfer.last_tick_ns = agent_now_ns();
    xfer.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (xfer.fd < 0) {
        return false;
    }
    if (connect(xfer.fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
        errno != EINPROGRESS) {
        xfer.error = errno;
        close(xfer.fd);
        xfer.fd = -1;
        return false;
    }
    return true;
}

void transfer_finish(void)
{
    xfer.finishing = true;
}

int transfer_fd(void)
{
    return xfer.shut && xfer.peer_done ? -1 : xfer.fd;
}

/* The end of what comes is an event that would come for ever. */
bool transfer_wants_read(void)
{
    return !xfer.peer_done;
}

bool transfer_wants_write(void)
{
    return !xfer.shut && (!xfer.connected || xfer.budget || xfer.finishing);
}

void transfer_tick(uint64_t now_ns)
{
    uint64_t ms = (now_ns - xfer.last_tick_ns) / 1000000;

    if (ms) {
        xfer.budget += ms * xfer.bytes_per_ms;
        if (xfer.budget > 256 * xfer.bytes_per_ms) {
            xfer.budget = 256 * xfer.bytes_per_ms;
        }
        xfer.last_tick_ns += ms * 1000000;
    }
}

static void fail(void)
{
    if (errno == EAGAIN || errno == EINTR) {
        return;
    }
    xfer.error = errno;
    xfer.shut = xfer.peer_done = true;
}

static void send_some(void)
{
    uint8_t buf[16384];
    size_t len = xfer.budget < sizeof(buf) ? xfer.budget : sizeof(buf);
    ssize_t n;

    xfer.connected = true;
    if (xfer.finishing) {
        shutdown(xfer.fd, SHUT_WR);
        xfer.shut = true;
        return;
    }
    for (size_t i = 0; i < len; i++) {
        buf[i] = stream_tcp_byte(xfer.seed_out, xfer.sent + i);
    }
    n = send(xfer.fd, buf, len, MSG_NOSIGNAL);
    if (n < 0) {
        fail();
        return;
    }
    xfer.sent += n;
    xfer.budget -= n;
}

static void receive_some(void)
{
    uint8_t buf[65536];
    ssize_t n = recv(xfer.fd, buf, sizeof(buf), 0);

    if (n < 0) {
        fail();
        return;
    }
    if (n == 0) {
        xfer.peer_done = true;
    }
    for (ssize_t i = 0; i < n && !xfer.bad; i++) {
        if (buf[i] != stream_tcp_byte(xfer.seed_in, xfer.received + i)) {
            xfer.bad = true;
            xfer.bad_at = xfer.received + i;
        }
    }
    xfer.received += n;
}

void transfer_io(bool readable, bool writable)
{
    if (writable) {
        send_some();
    }
    if (readable && !xfer.peer_done) {
        receive_some();
    }
    if (xfer.shut && xfer.peer_done && xfer.error) {
        close(xfer.fd);
        xfer.fd = -1;
    }
}

void transfer_report(FILE *out)
{
    fprintf(out, "\"tcp\":{\"sent\":%" PRIu64 ",\"received\":%" PRIu64
            ",\"intact\":%s,\"done\":%s,\"error\":%d", xfer.sent,
            xfer.received, xfer.bad ? "false" : "true",
            xfer.shut && xfer.peer_done ? "true" : "false", xfer.error);
    if (xfer.bad) {
        fprintf(out, ",\"bad_at\":%" PRIu64, xfer.bad_at);
    }
    fputc('}', out);
}
