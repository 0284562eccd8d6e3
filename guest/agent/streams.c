/*
 * The UDP streams: paced senders and one receiver.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER (64 << 20)
#define LOOK_NS 5000000             /* between looks at the ARP table */
#define RESOLVE_NS 30000000000ULL   /* then send, and let the loss show */

typedef struct Sender {
    bool active;
    bool resolved;              /* the receiver's hardware address is known */
    uint64_t look_ns;           /* next look whether it is, until then */
    uint64_t give_up_ns;
    struct sockaddr_in to;
    unsigned size;              /* UDP payload, bytes */
    uint64_t interval_ns;
    uint64_t due_ns;
    uint64_t sent;
    uint64_t would_block;       /* times the socket had no room */
} Sender;

static int udp = -1;
static Sender senders[AGENT_STREAMS];
static StreamTracker trackers[AGENT_STREAMS];

int streams_open(void)
{
    struct sockaddr_in any = {
        .sin_family = AF_INET,
        .sin_port = htons(STREAM_UDP_PORT),
    };
    int size = RECEIVE_BUFFER;

    udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (udp < 0 || bind(udp, (struct sockaddr *)&any, sizeof(any)) < 0) {
        return -1;
    }
    /* The kernel's own buffer must not be what loses a frame. */
    setsockopt(udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    return udp;
}

/* Whether the ARP table has a complete entry (ATF_COM) for the address. */
static bool neighbour_known(struct in_addr address)
{
    FILE *f = fopen("/proc/net/arp", "re");
    char line[200];
    char ip[32];
    unsigned flags;
    bool known = false;

    while (f && !known && fgets(line, sizeof(line), f)) {
        known = sscanf(line, "%31s %*s %x", ip, &flags) == 2 &&
                (flags & ATF_COM) && inet_addr(ip) == address.s_addr;
    }
    if (f) {
        fclose(f);
    }
    return known;
}

/*
 * While it asks for a neighbour's address the kernel keeps only some 200 KiB
 * of frames for it and drops the oldest: a loss, in a guest that is starved
 * for time, that no network has to do with.  So a stream begins when its
 * receiver is known; an empty datagram makes the kernel ask.
 */
static bool resolved(Sender *s, uint64_t now_ns)
{
    if (!s->resolved && now_ns >= s->look_ns) {
        s->look_ns = now_ns + LOOK_NS;
        s->resolved = neighbour_known(s->to.sin_addr) ||
                      now_ns >= s->give_up_ns;
        s->due_ns = now_ns;
    }
    return s->resolved;
}

bool streams_start(uint32_t id, const char *address, unsigned rate,
                   unsigned size)
{
    Sender *s = &senders[id % AGENT_STREAMS];

    if (id >= AGENT_STREAMS || s->active || rate == 0 || rate > 1000000 ||
        size < sizeof(StreamHeader) || size > 1472) {
        return false;
    }
    *s = (Sender) {
        .give_up_ns = agent_now_ns() + RESOLVE_NS,
        .to = { .sin_family = AF_INET, .sin_port = htons(STREAM_UDP_PORT) },
        .size = size,
        .interval_ns = 1000000000ULL / rate,
        .active = true,
    };
    if (inet_pton(AF_INET, address, &s->to.sin_addr) != 1) {
        s->active = false;
        return false;
    }
    (void)!sendto(udp, NULL, 0, 0, (struct sockaddr *)&s->to, sizeof(s->to));
    return true;
}

bool streams_stop(uint32_t id)
{
    if (id >= AGENT_STREAMS || !senders[id].active) {
        return false;
    }
    senders[id].active = false;
    return true;
}

static bool send_one(Sender *s, uint32_t id)
{
    uint8_t packet[1472] = { 0 };
    StreamHeader *h = (StreamHeader *)packet;

    h->magic = STREAM_MAGIC;
    h->stream = id;
    h->seq = s->sent;
    h->sent_ns = agent_now_ns();
    if (sendto(udp, packet, s->size, 0, (struct sockaddr *)&s->to,
               sizeof(s->to)) < 0) {
        s->would_block++;
        return false;
    }
    s->sent++;
    return true;
}

void streams_tick(uint64_t now_ns)
{
    for (uint32_t id = 0; id < AGENT_STREAMS; id++) {
        Sender *s = &senders[id];

        if (!s->active || !resolved(s, now_ns)) {
            continue;
        }
        /* After a stall the schedule moves on rather than flood. */
        if (now_ns > s->due_ns + AGENT_BURST * s->interval_ns) {
            s->due_ns = now_ns - AGENT_BURST * s->interval_ns;
        }
        while (s->due_ns <= now_ns && send_one(s, id)) {
            s->due_ns += s->interval_ns;
        }
    }
}

void streams_receive(void)
{
    for (int i = 0; i < 512; i++) {
        StreamHeader h;
        ssize_t n = recv(udp, &h, sizeof(h), MSG_TRUNC);

        if (n < 0) {
            return;
        }
        if ((size_t)n >= sizeof(h) && h.magic == STREAM_MAGIC &&
            h.stream < AGENT_STREAMS) {
            stream_tracker_frame(&trackers[h.stream], h.seq, agent_now_ns());
        }
    }
}

void streams_report(FILE *out)
{
    const char *sep = "";

    fputs("\"senders\":[", out);
    for (uint32_t id = 0; id < AGENT_STREAMS; id++) {
        Sender *s = &senders[id];

        if (s->sent) {
            fprintf(out, "%s{\"stream\":%u,\"active\":%s,\"sent\":%" PRIu64
                    ",\"would_block\":%" PRIu64 "}", sep, id,
                    s->active ? "true" : "false", s->sent, s->would_block);
            sep = ",";
        }
    }
    fputs("],\"receivers\":[", out);
    sep = "";
    for (uint32_t id = 0; id < AGENT_STREAMS; id++) {
        StreamTracker *t = &trackers[id];
        uint64_t first = 0, end = 0;

        if (!t->next_seq) {
            continue;
        }
        fprintf(out, "%s{\"stream\":%u,\"received\":%" PRIu64
                ",\"duplicated\":%" PRIu64 ",\"reordered\":%" PRIu64
                ",\"next_seq\":%" PRIu64 ",\"longest_gap_ns\":%" PRIu64,
                sep, id, t->received, t->duplicated, t->reordered,
                t->next_seq, t->longest_gap_ns);
        if (stream_tracker_missing(t, t->next_seq, &first, &end)) {
            fprintf(out, ",\"first_missing\":[%" PRIu64 ",%" PRIu64 "]",
                    first, end);
        }
        fputc('}', out);
        sep = ",";
    }
    fputc(']', out);
}
