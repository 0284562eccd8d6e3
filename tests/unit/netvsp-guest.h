/*
 * The guest's side of NVSP and RNDIS on top of the fake guest, for tests and
 * fuzzers.  It does what Linux's driver does, in the same order.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef NETVSP_GUEST_H
#define NETVSP_GUEST_H

#include "fake-guest.h"
#include "iovlab/eth.h"
#include "iovlab/netvsp.h"
#include "spec/nvsp.h"
#include "spec/rndis.h"

#define NG_RING_PAGES 4
#define NG_RECV_BYTES (256 * 1024)
#define NG_SEND_BYTES (64 * 1024)
#define NG_FILTER (NDIS_PACKET_DIRECTED | NDIS_PACKET_BROADCAST | \
                   NDIS_PACKET_ALL_MULTICAST)

/* What the NIC's owner saw. */
typedef struct NetvspOwner {
    GPtrArray *frames;          /* of GBytes */
    unsigned tx_room;           /* frames accepted from now on */
    unsigned rx_ready;
    unsigned rx_waits;
    unsigned statuses;
    unsigned drained;
    unsigned released;
    unsigned switches;
    uint64_t cookie;
    bool to_vf;
} NetvspOwner;

typedef struct NetvspGuest {
    FakeGuest *g;
    Netvsp *nic;
    NetvspOwner owner;
    NetvspConfig config;
    FakeChannel *ch;
    FakeChannel *sub[NETVSP_CHANNELS_MAX];
    FakeGpadl *recv;
    FakeGpadl *send;
    uint32_t version;
    uint32_t section_size;
    uint32_t sections;
    uint32_t send_section_size;
    uint32_t request_id;
    uint64_t trans_id;
} NetvspGuest;

extern const uint8_t ng_mac[6];
extern const NetvspOps ng_owner_ops;

/* A machine with one NIC, connected to the bus; the channel is not open. */
NetvspGuest *ng_new(void);
void ng_free(NetvspGuest *ng);
void ng_run(NetvspGuest *ng);

/* Steps of Linux's probe.  ng_up() does them all, with this NVSP version. */
void ng_open(NetvspGuest *ng);
NvspStatus ng_init(NetvspGuest *ng, uint32_t version);
void ng_config(NetvspGuest *ng, uint32_t mtu, uint64_t capabilities);
void ng_buffers(NetvspGuest *ng);
void ng_up(NetvspGuest *ng, uint32_t version);
/* Asks for sub-channels and opens those granted; returns their number. */
unsigned ng_subchannels(NetvspGuest *ng, uint32_t wanted);
/* Closes sub-channels and primary, and releases what is rescinded. */
void ng_close(NetvspGuest *ng);
/* Frees the guest's view of its channels without a word to the host. */
void ng_forget_channels(NetvspGuest *ng);

/* Sends an in-band message; does not run the bus. */
uint64_t ng_send(NetvspGuest *ng, const void *msg, size_t len, bool complete);
/* The next packet, which must be of this type; the bus is run before. */
FakePacket *ng_expect(NetvspGuest *ng, FakeChannel *ch, uint16_t type);
bool ng_quiet(NetvspGuest *ng, FakeChannel *ch);

/*
 * RNDIS control: sends a request and returns the answer's body (behind the
 * header), of which *len bytes are there; owned by the caller.
 */
uint8_t *ng_request(NetvspGuest *ng, uint32_t type, const void *body,
                    size_t body_len, size_t *len);
uint32_t ng_query(NetvspGuest *ng, uint32_t oid, const void *in,
                  size_t in_len, uint8_t *out, size_t *out_len);
uint32_t ng_set(NetvspGuest *ng, uint32_t oid, const void *in, size_t len);
/* The next indication's status, 0 if none waits. */
uint32_t ng_indication(NetvspGuest *ng);

/* A transfer-page packet's RNDIS message; completes it if @complete. */
uint8_t *ng_receive(NetvspGuest *ng, FakeChannel *ch, bool complete,
                    uint64_t *trans_id, size_t *len);
void ng_complete(NetvspGuest *ng, FakeChannel *ch, uint64_t trans_id);

/* Builds one RNDIS packet message; returns its length. */
typedef struct NgPpi {
    uint32_t type;
    uint32_t value;
} NgPpi;
size_t ng_rndis(uint8_t *out, const void *frame, size_t len, const NgPpi *ppi,
                unsigned ppis);
/* Sends RNDIS bytes in a section of the send buffer, or in pages. */
uint64_t ng_tx_section(NetvspGuest *ng, FakeChannel *ch, uint32_t section,
                       const void *rndis, size_t len);
uint64_t ng_tx_pages(NetvspGuest *ng, FakeChannel *ch, const void *rndis,
                     size_t len, uint32_t channel);
/* Takes a transmit completion; returns its status. */
uint32_t ng_tx_status(NetvspGuest *ng, FakeChannel *ch, uint64_t trans_id);

/* Frames for tests: IPv4 TCP or UDP with right checksums; returns length. */
size_t ng_frame(uint8_t *out, const uint8_t dst[6], uint8_t protocol,
                uint16_t port, size_t payload);
/* @count TCP segments of one flow, in order; true if the NIC took them all. */
bool ng_segments(Netvsp *nic, unsigned count, size_t payload);

#endif
