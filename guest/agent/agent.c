/*
 * Main loop and commands of the guest's agent: see agent.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static FILE *out;

uint64_t agent_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void report(void)
{
    fprintf(out, "\"now_ns\":%" PRIu64 ",", agent_now_ns());
    streams_report(out);
    fputc(',', out);
    transfer_report(out);
    fputc(',', out);
    netdev_report(out);
}

static void answer(bool ok)
{
    fputs(ok ? "\"ok\":true" : "\"ok\":false", out);
}

/* Prints the members of the answer. */
static void command(const char *line)
{
    char address[64];
    unsigned a, b, c;
    uint64_t seed_out, seed_in;

    if (strcmp(line, "ping") == 0) {
        struct utsname name;

        uname(&name);
        fprintf(out, "\"ok\":true,\"kernel\":\"%s\"", name.release);
    } else if (strcmp(line, "report") == 0) {
        report();
    } else if (sscanf(line, "send %u %63s %u %u", &a, address, &b, &c) == 4) {
        answer(streams_start(a, address, b, c));
    } else if (sscanf(line, "stop %u", &a) == 1) {
        answer(streams_stop(a));
    } else if (sscanf(line, "tcp %63s %u %u %" SCNu64 " %" SCNu64, address,
                      &a, &b, &seed_out, &seed_in) == 5) {
        answer(transfer_start(address, a, b, seed_out, seed_in));
    } else if (strcmp(line, "tcp-finish") == 0) {
        transfer_finish();
        answer(true);
    } else if (sscanf(line, "freeze %u", &a) == 1) {
        answer(freeze_start(a));
    } else {
        fputs("\"ok\":false,\"error\":\"unknown command\"", out);
    }
}

/* "NUMBER COMMAND": the answer bears the number, so that none is mistaken. */
static void request(char *line)
{
    char *rest;
    unsigned long id = strtoul(line, &rest, 10);

    if (rest == line || *rest != ' ') {
        return;
    }
    fprintf(out, "{\"id\":%lu,", id);
    command(rest + 1);
    fputs("}\n", out);
    fflush(out);
}

static void commands_read(int fd)
{
    static char line[256];
    static size_t len;
    char c;

    while (read(fd, &c, 1) == 1) {
        if (c == '\n' || c == '\r') {
            line[len] = 0;
            request(line);
            len = 0;
        } else if (len < sizeof(line) - 1) {
            line[len++] = c;
        }
    }
}

static int open_port(const char *path)
{
    struct termios tio;
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && tcgetattr(fd, &tio) == 0) {
        cfmakeraw(&tio);
        cfsetspeed(&tio, B115200);
        tcsetattr(fd, TCSANOW, &tio);
    }
    return fd;
}

/* Reports leave by a blocking descriptor of their own. */
static FILE *open_output(const char *path)
{
    int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);

    return fd < 0 ? NULL : fdopen(fd, "w");
}

static void loop(int port, int udp, int timer)
{
    for (;;) {
        struct pollfd fds[4] = {
            { .fd = port, .events = POLLIN },
            { .fd = udp, .events = POLLIN },
            { .fd = timer, .events = POLLIN },
            { .fd = transfer_fd(),
              .events = (transfer_wants_read() ? POLLIN : 0) |
                        (transfer_wants_write() ? POLLOUT : 0) },
        };
        uint64_t ticks;

        if (poll(fds, 4, -1) < 0 && errno != EINTR) {
            return;
        }
        if (fds[0].revents) {
            commands_read(port);
        }
        if (fds[1].revents) {
            streams_receive();
        }
        if (fds[2].revents && read(timer, &ticks, sizeof(ticks)) > 0) {
            uint64_t now = agent_now_ns();

            streams_tick(now);
            transfer_tick(now);
            freeze_tick(now);
        }
        if (fds[3].revents) {
            transfer_io(fds[3].revents & (POLLIN | POLLHUP | POLLERR),
                        fds[3].revents & POLLOUT);
        }
    }
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "/dev/ttyS1";
    struct itimerspec every = { .it_interval = { .tv_nsec = AGENT_TICK_NS },
                                .it_value = { .tv_nsec = AGENT_TICK_NS } };
    int port, udp, timer;

    if (argc > 1 && strcmp(argv[1], "frame") == 0) {
        return raw_send(argc - 2, argv + 2);
    }
    port = open_port(path);
    udp = streams_open();
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    out = open_output(path);
    if (port < 0 || !out || udp < 0 || timer < 0 ||
        timerfd_settime(timer, 0, &every, NULL) < 0) {
        fprintf(stderr, "iovlab-agent: cannot start on %s: %s\n", path,
                strerror(errno));
        return 1;
    }
    fputs("{\"hello\":\"iovlab-agent\",\"version\":1}\n", out);
    fflush(out);
    loop(port, udp, timer);
    return 1;
}
