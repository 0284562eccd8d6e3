/*
 * Streams in the main loop: what a peer that reads slowly makes us keep.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/stream.h"

#include <malloc.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, BEHIND = 512 * 1024, ROUNDS = 1000 };

static gssize no_input(void *opaque, const uint8_t *data, size_t len)
{
    return len;
}

static void closed(void *opaque, const char *why)
{
    *(bool *)opaque = true;
}

static const StreamOps ops = { .input = no_input, .closed = closed };

static void turn(void)
{
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}

/* Reads a chunk, whose bytes count on from *next. */
static void take(int fd, uint8_t *next)
{
    static uint8_t buf[CHUNK];
    ssize_t n = 0;

    while (n < CHUNK) {
        ssize_t got = read(fd, buf + n, CHUNK - n);

        g_assert_cmpint(got, >, 0);
        n += got;
        turn();
    }
    for (size_t i = 0; i < CHUNK; i++) {
        g_assert_cmpuint(buf[i], ==, (*next)++);
    }
}

/* A peer that is always behind gets all in order, and memory stays bounded. */
static void test_always_behind(void)
{
    g_autoptr(GSocket) socket = NULL;
    uint8_t chunk[CHUNK], next = 0;
    bool ended = false;
    size_t before;
    Stream *s;
    int fds[2];

    for (size_t i = 0; i < CHUNK; i++) {
        chunk[i] = i;
    }
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    socket = g_socket_new_from_fd(fds[0], NULL);
    s = stream_new(socket, &ops, &ended);
    while (stream_pending(s) < BEHIND) {
        g_assert_true(stream_write(s, chunk, CHUNK));
    }
    before = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (unsigned i = 0; i < ROUNDS; i++) {
        take(fds[1], &next);
        g_assert_true(stream_write(s, chunk, CHUNK));
        g_assert_cmpuint(stream_pending(s), >, 0);
    }
    g_assert_cmpuint(mallinfo2().uordblks + mallinfo2().hblkhd, <,
                     before + 8 * BEHIND);
    while (stream_pending(s)) {
        take(fds[1], &next);
    }
    stream_free(s);
    close(fds[1]);
    g_assert_false(ended);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream/always-behind", test_always_behind);
    return g_test_run();
}
