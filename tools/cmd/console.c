/*
 * The terminal as a VM's console.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmd/cmd.h"

#include "base/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE 0x1d                     /* Ctrl-] */

static struct termios saved;

static bool terminal_raw(void)
{
    struct termios raw;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved) != 0) {
        return false;
    }
    raw = saved;
    cfmakeraw(&raw);
    raw.c_oflag |= OPOST;
    return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static bool write_all(int fd, const char *data, ssize_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        data += MAX(n, 0);
        len -= MAX(n, 0);
    }
    return true;
}

/* Copies until the VM ends, or the escape key.  Input may end before. */
static void copy(int fd)
{
    struct pollfd fds[2] = {
        { .fd = fd, .events = POLLIN },
        { .fd = STDIN_FILENO, .events = POLLIN },
    };
    char buf[4096];
    ssize_t n;

    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
        if (fds[0].revents) {
            n = read(fd, buf, sizeof(buf));
            if (n <= 0 || !write_all(STDOUT_FILENO, buf, n)) {
                return;
            }
        }
        if (fds[1].revents) {
            n = read(STDIN_FILENO, buf, sizeof(buf));
            if (n <= 0) {
                fds[1].fd = -1;
                fds[1].revents = 0;
            } else if (n == 1 && buf[0] == ESCAPE) {
                return;
            } else if (!write_all(fd, buf, n)) {
                return;
            }
        }
    }
}

int console_attach(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = unix_connect(path, &error);
    bool raw;

    if (!socket) {
        cmd_fail(EXIT_FAILED, "the console cannot be joined: %s",
                 error->message);
    }
    if (isatty(STDIN_FILENO)) {
        fputs("iovlab: console joined; Ctrl-] leaves it\n", stderr);
    }
    raw = terminal_raw();
    copy(g_socket_get_fd(socket));
    if (raw) {
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    }
    return EXIT_DONE;
}
