/*
 * Frames as they are given, from a packet socket: what a guest sends that wants
 * to be more than a station.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agent.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MAX = 9018, COUNT_MAX = 1000000 };

static int digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Bytes of @hex, or 0 if it is none. */
static size_t parse(const char *hex, unsigned char *frame)
{
    size_t len = strlen(hex) / 2;

    if (strlen(hex) % 2 || len < 14 || len > FRAME_MAX) {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

        if (high < 0 || low < 0) {
            return 0;
        }
        frame[i] = high << 4 | low;
    }
    return len;
}

int raw_send(int argc, char **argv)
{
    static unsigned char frame[FRAME_MAX];
    struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = 6 };
    long count = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    long rate = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    size_t len = argc > 1 ? parse(argv[1], frame) : 0;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    long sent = 0;

    to.sll_ifindex = argc > 0 ? (int)if_nametoindex(argv[0]) : 0;
    if (fd < 0 || !len || !to.sll_ifindex || count < 1 || count > COUNT_MAX) {
        fprintf(stderr, "iovlab-agent: frame NIC HEX [COUNT [RATE]]\n");
        return 2;
    }
    for (long i = 0; i < count; i++) {
        sent += sendto(fd, frame, len, 0, (struct sockaddr *)&to,
                       sizeof(to)) == (ssize_t)len;
        if (rate > 0) {
            usleep(1000000 / rate);
        }
    }
    close(fd);
    printf("%ld\n", sent);
    return sent ? 0 : 1;
}
