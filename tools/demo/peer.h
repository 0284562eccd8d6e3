/*
 * The traffic peer: a station at the top-of-rack switch.
 *
 * It has an address of its own (PEER_IP) for the sequence-numbered streams and
 * for pings, and a TCP service (PEER_TCP_IP) behind libslirp's TCP, whose
 * content is checked.  It runs in a thread of its own; every function here may
 * be called from another thread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DEMO_PEER_H
#define DEMO_PEER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define PEER_NET "10.77.0.0/16"
#define PEER_PREFIX 16
#define PEER_IP "10.77.0.1"
#define PEER_TCP_IP "10.77.0.2"
#define PEER_MAC "02:00:00:77:00:01"
#define PEER_STREAMS 16
#define PEER_SAMPLE_MS 100

typedef struct Peer Peer;

/* What happened in one PEER_SAMPLE_MS interval. */
typedef struct PeerSample {
    int64_t t_us;               /* end of the interval, g_get_monotonic_time */
    uint32_t to_guest;          /* stream frames sent */
    uint32_t from_guest;        /* stream frames received */
    uint32_t tcp_kbytes;        /* both directions */
    int32_t rtt_us;             /* latest ping, -1 if none came back */
} PeerSample;

typedef struct PeerStream {
    uint64_t sent;
    uint64_t received;
    uint64_t duplicated;
    uint64_t reordered;
    uint64_t next_seq;
    uint64_t longest_gap_ns;
    uint64_t first_missing, end_missing;    /* equal: none missing */
} PeerStream;

typedef struct PeerTcp {
    uint64_t sent;
    uint64_t received;
    bool connected;
    bool intact;                /* all received bytes were right */
    bool done;                  /* both sides closed in order */
    uint64_t bad_at;
} PeerTcp;

/* Connects to the switch's socket and starts the thread. */
Peer *peer_new(const char *tor_socket, GError **error);
void peer_free(Peer *peer);

/* Starts stream @id to a station; pings go to the first station named. */
bool peer_stream_start(Peer *peer, unsigned id, const char *ip,
                       const char *mac, unsigned rate, unsigned size);
void peer_stream_stop(Peer *peer, unsigned id);
/* Goes on with the next number after a stop. */
void peer_stream_resume(Peer *peer, unsigned id);
/* Both directions of the number @id: what was sent, what was received. */
void peer_stream_get(Peer *peer, unsigned id, PeerStream *stream);

/* Port on PEER_TCP_IP where the service listens. */
uint16_t peer_tcp_port(Peer *peer);
void peer_tcp_config(Peer *peer, unsigned kbytes_per_s, uint64_t seed_out,
                     uint64_t seed_in);
/* No more to send: half-closes after what is under way. */
void peer_tcp_finish(Peer *peer);
void peer_tcp_get(Peer *peer, PeerTcp *tcp);

/* Samples since the start: PeerSample elements, owned by the caller. */
GArray *peer_samples(Peer *peer);
/* Set once if the switch went away; owned by the peer. */
const char *peer_failure(Peer *peer);

#endif
