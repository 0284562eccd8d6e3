/*
 * What the parts of the traffic peer share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DEMO_PEER_PRIVATE_H
#define DEMO_PEER_PRIVATE_H

#include <poll.h>

#include "peer.h"
#include "../../traffic/tracker.h"
#include "spec/stream.h"

#define PEER_FRAME_MAX 1518

typedef struct PeerSender {
    bool active;
    uint8_t mac[6];
    uint32_t ip;                /* big-endian */
    unsigned size;              /* UDP payload, bytes */
    int64_t interval_ns;
    int64_t due_ns;
    uint64_t sent;
} PeerSender;

typedef struct PeerStack {
    PeerSender senders[PEER_STREAMS];
    StreamTracker trackers[PEER_STREAMS];
    uint8_t ping_mac[6];
    uint32_t ping_ip;           /* 0: nobody to ping yet */
    int64_t ping_due_ns;
    uint16_t ping_seq;
    int32_t rtt_us;
    uint16_t ip_id;
    uint64_t frames_in, frames_out;     /* of streams, for samples */
} PeerStack;

typedef struct PeerService PeerService;

struct Peer {
    GMutex lock;                /* everything below; the thread drops it only
                                   to sleep */
    GThread *thread;
    bool quit;
    int wake[2];
    int fd;                     /* to the switch */
    GByteArray *in;
    GByteArray *out;
    char *failure;
    PeerStack stack;
    PeerService *service;
    GArray *samples;
    int64_t sample_due_us;
    uint64_t sampled_in, sampled_out, sampled_tcp;
};

int64_t peer_now_ns(void);
/* Queues one Ethernet frame for the switch. */
void peer_transmit(Peer *peer, const uint8_t *frame, size_t len);

/* peer_stack.c: ARP, ping and streams of PEER_IP. */
void peer_stack_input(Peer *peer, const uint8_t *frame, size_t len);
void peer_stack_tick(Peer *peer, int64_t now_ns);

/* peer_service.c: libslirp and the TCP service behind it. */
PeerService *peer_service_new(Peer *peer, GError **error);
void peer_service_free(PeerService *service);
void peer_service_input(PeerService *service, const uint8_t *frame,
                        size_t len);
/* Adds its descriptors to @fds (GArray of struct pollfd). */
void peer_service_fill(PeerService *service, GArray *fds, uint32_t *timeout);
void peer_service_poll(PeerService *service, GArray *fds);
uint64_t peer_service_bytes(PeerService *service);

#endif
