/*
 * The UDP streams: paced senders and one receiver.
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

#define RECEIVE_BUFFER (64 << 20)

typedef struct Sender {
    bool active;
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

bool streams_start(uint32_t id, const char *address, unsigned rate,
                   unsigned size)
{
    Sender *s = &senders[id % AGENT_STREAMS];

    if (id >= AGENT_STREAMS || s->active || rate == 0 || rate > 1000000 ||
        size < sizeof(StreamHeader) || size > 1472) {
        return false;
    }
    *s = (Sender) {
        .to = { .sin_family = AF_INET, .sin_port = htons(STREAM_UDP_PORT) },
        .size = size,
        .interval_ns = 1000000000ULL / rate,
        .due_ns = agent_now_ns(),
        .active = true,
    };
    return inet_pton(AF_INET, address, &s->to.sin_addr) == 1;
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

        if (!s->active) {
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
