/*
 * NetVSP: what its files share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef NETVSP_INTERNAL_H
#define NETVSP_INTERNAL_H

#include "iovlab/checksum.h"
#include "iovlab/eth.h"
#include "iovlab/netvsp.h"
#include "iovlab/toeplitz.h"
#include "spec/nvsp.h"
#include "spec/rndis.h"
#include "spec/vmbus.h"

/* Per-packet information of a received frame: id, checksum, VLAN, hash. */
#define NETVSP_RX_PPI_BYTES (4 * (sizeof(RndisPpi) + 4))
#define NETVSP_RX_HEADROOM \
    (sizeof(RndisHeader) + sizeof(RndisPacket) + NETVSP_RX_PPI_BYTES)
/* Also enough for any control message. */
#define NETVSP_SECTION_MIN 1728
#define NETVSP_SECTIONS_MAX 32767
/* Receive sections that frames leave to control messages. */
#define NETVSP_CONTROL_SECTIONS 4
/* Control messages that wait for a section; beyond it requests fail. */
#define NETVSP_CONTROL_WAIT_MAX 64
#define NETVSP_CONTROL_BYTES (NETVSP_SECTION_MIN)
#define NETVSP_SEND_SECTION 6144
/* RNDIS bytes of one packet: the largest large send and its headers. */
#define NETVSP_TX_BYTES (256 * 1024)
#define NETVSP_TX_MESSAGES 8            /* per packet, told to the guest */
#define NETVSP_LSO_MAX 61440
#define NETVSP_FRAME_MAX (NETVSP_MTU_MAX + FRAME_ETH_LEN + FRAME_VLAN_LEN)
#define NETVSP_DEFAULT_MTU 1500
#define NETVSP_MTU_MIN 68
#define NETVSP_MULTICAST_MAX 32
#define NETVSP_RSS_TABLE 128
#define NETVSP_RUN_BUDGET 64            /* packets per turn of a channel */
/* Segments of one coalesced packet: 64 KiB of the usual size. */
#define NETVSP_RSC_SEGMENTS 48
/* Ethernet, IPv6, TCP with time stamps. */
#define NETVSP_RSC_HEADER_MAX (FRAME_ETH_LEN + 40 + 32)

typedef enum NetvspState {
    NETVSP_CLOSED,          /* the primary channel is not open */
    NETVSP_OPEN,            /* open; no NVSP version is agreed */
    NETVSP_NEGOTIATED,      /* a version is agreed; RNDIS is not initialised */
    NETVSP_INITIALIZED,     /* RNDIS answers; the packet filter is empty */
    NETVSP_OPERATIONAL,     /* the packet filter lets frames through */
    NETVSP_STATES
} NetvspState;

typedef enum NetvspEvent {
    NETVSP_EV_OPEN,
    NETVSP_EV_INIT,
    NETVSP_EV_RNDIS_INITIALIZE,
    NETVSP_EV_FILTER_SET,
    NETVSP_EV_FILTER_CLEARED,
    NETVSP_EV_HALT,
    NETVSP_EV_CLOSE,
    NETVSP_EVENTS
} NetvspEvent;

typedef struct NetvspQueue {
    Netvsp *n;
    VmbusChannel *ch;
    uint16_t index;             /* 0: primary */
    bool open;
    bool tx_blocked;            /* the owner refused a frame */
    /* Frames of the packet at the ring's head that are done with. */
    uint32_t tx_done;
    bool tx_waiting;            /* held, and a packet met the hold */
} NetvspQueue;

typedef struct NetvspRecvBuf {
    VmbusGpadl *gpadl;          /* NULL: none */
    uint32_t section_size;
    uint32_t sections;
    /*
     * Per section: 0, or the queue's index + 1 while the guest has it, with
     * NETVSP_SECTION_PART if its packet began in another one.
     */
    uint8_t *owner;
    uint16_t *next;             /* of the packet: number + 1, or 0 */
    bool *draining;             /* netvsp_drain() waits for it */
    uint32_t drain_left;
    uint16_t *free;             /* a stack */
    uint32_t free_count;
} NetvspRecvBuf;

#define NETVSP_SECTION_PART 0x80

/* A received frame on its way to the guest. */
typedef struct NetvspRxFrame {
    const uint8_t *data;
    size_t len;
    FrameInfo info;
    bool strip;                 /* its tag goes to per-packet information */
    bool hashed;
    uint32_t hash;
    bool checked;
    CsumResult csum;            /* if checked */
    NetvspQueue *q;
} NetvspRxFrame;

/* Segments that came one behind the other, and no packet yet. */
typedef struct NetvspRsc {
    NetvspQueue *q;             /* NULL: none */
    unsigned count;
    uint16_t section[NETVSP_RSC_SEGMENTS];
    uint16_t bytes[NETVSP_RSC_SEGMENTS];    /* RNDIS bytes in it */
    uint32_t next_seq;
    uint32_t payload;
    uint64_t sum;               /* of the payload */
    bool tagged;
    uint16_t tci;
    uint8_t ip_version;
    /* The first section's bytes up to the payload. */
    uint8_t head[NETVSP_RX_HEADROOM + NETVSP_RSC_HEADER_MAX];
    uint32_t l2, l3, l4, end;   /* in it */
} NetvspRsc;

typedef struct NetvspRscCounters {
    uint64_t packets;
    uint64_t octets;
    uint64_t events;
    uint64_t aborts;
} NetvspRscCounters;

typedef struct NetvspSendBuf {
    VmbusGpadl *gpadl;          /* NULL: none */
    uint32_t section_size;
    uint32_t sections;
} NetvspSendBuf;

typedef enum NetvspSwitch {
    NETVSP_SWITCH_IDLE,         /* nothing asked */
    NETVSP_SWITCH_ASKED,        /* the owner has not answered */
    NETVSP_SWITCH_ANSWERED,     /* the guest's completion waits for room */
    NETVSP_SWITCHES
} NetvspSwitch;

typedef struct NetvspDatapath {
    bool vf;                    /* where the guest's traffic is */
    NetvspSwitch state;
    bool to_vf;
    uint64_t trans_id;
    uint64_t cookie;
} NetvspDatapath;

/* Receive checks that the guest wants results of. */
typedef struct NetvspOffload {
    bool rx_ip4;
    bool rx_tcp4;
    bool rx_udp4;
    bool rx_tcp6;
    bool rx_udp6;
    bool rsc_ip4;
    bool rsc_ip6;
} NetvspOffload;

typedef struct NetvspRss {
    bool enabled;
    uint32_t hash_information;  /* NDIS_HASH_* */
    uint8_t key[TOEPLITZ_KEY_LEN];
    uint16_t table[NETVSP_RSS_TABLE];
    uint16_t entries;
} NetvspRss;

typedef enum NetvspLinkTold {
    NETVSP_LINK_UNTOLD,         /* the guest did not ask */
    NETVSP_LINK_DOWN,
    NETVSP_LINK_UP,
} NetvspLinkTold;

struct Netvsp {
    VmbusBus *bus;
    const NetvspOps *ops;
    void *opaque;
    VmbusGuid instance_id;
    char *name;
    uint16_t max_channels;

    /* The port. */
    uint8_t permanent_mac[6];
    bool mac_spoofing;
    bool rsc_allowed;
    bool link_up;
    uint32_t speed_mbps;
    uint32_t port_mtu;
    bool vf_allocated;
    uint32_t vf_serial;
    bool announce;              /* wanted and not yet sent */

    /* The guest's side of the conversation: gone at close. */
    NetvspState state;
    uint32_t version;           /* NVSP, 0 before INIT */
    uint32_t ndis_version;      /* major << 16 | minor */
    uint16_t guest_mtu;         /* 0: not told */
    uint64_t capabilities;      /* NVSP_CAP_* */
    NetvspRecvBuf recv;
    NetvspSendBuf send;
    NetvspDatapath datapath;
    uint64_t next_cookie;
    uint8_t mac[6];
    uint32_t filter;
    uint8_t multicast[NETVSP_MULTICAST_MAX][6];
    unsigned multicasts;
    NetvspOffload offload;
    NetvspRss rss;
    NetvspLinkTold link_told;
    bool link_told_early;       /* before the guest would listen */
    uint32_t speed_told;
    uint32_t link_events;       /* NetvspStatus; the owner's, not saved */
    bool vf_told;               /* allocated, as the guest knows */
    uint32_t vf_told_serial;
    bool table_due;             /* send indirection table */
    uint16_t sub_channels;      /* granted */
    GQueue control;             /* GBytes: RNDIS messages to the guest */

    NetvspQueue *queues[NETVSP_CHANNELS_MAX];
    GPtrArray *dying;           /* rescinded sub-channels' queues */
    bool rescinded;
    bool leaving;               /* to be rescinded soon */
    uint64_t activity;          /* openings and packets of the guest */
    bool withdraw_due;          /* rescinded, but the guest is not told yet */
    bool rx_blocked;
    uint16_t rx_blocked_queue;
    bool drain_wanted;          /* drained() is owed */
    bool tx_held;               /* netvsp_hold_tx() */
    NetvspCounters rx;
    NetvspCounters tx;
    NetvspRscCounters rsc_counters;
    NetvspRsc rsc;              /* nothing waits while the VM stands still */
    uint8_t *tx_buf;            /* RNDIS messages of one packet */
    uint8_t *frame_buf;         /* one segment */
};

typedef enum NetvspVerdict {
    NETVSP_DONE,                /* the packet is consumed */
    NETVSP_HOLD,                /* it stays in the ring */
} NetvspVerdict;

/* netvsp.c */
extern const VmbusChannelOps netvsp_channel_ops;
/* Forgets all that the guest set up over the channel. */
void netvsp_reset_conversation(Netvsp *n);
bool netvsp_event(Netvsp *n, NetvspEvent event);
void netvsp_status_changed(Netvsp *n);
/* Sends what waits for room or for the guest to be ready. */
void netvsp_flush(Netvsp *n);
/* Completes a guest's packet, if it asked for that.  False: no room. */
bool netvsp_complete(NetvspQueue *q, const VmbusPacket *pkt, const void *msg,
                     size_t len);
bool netvsp_complete_rndis(NetvspQueue *q, const VmbusPacket *pkt,
                           NvspStatus status);
/* Sends an NVSP message in-band.  False: no room. */
bool netvsp_send_message(Netvsp *n, const void *msg, size_t len);
size_t netvsp_message_size(const Netvsp *n);

/* nvsp.c */
bool nvsp_version_known(uint32_t version);
/* Takes over the reference. */
void netvsp_send_buf_set(Netvsp *n, VmbusGpadl *gpadl);
NetvspVerdict nvsp_message(NetvspQueue *q, const VmbusPacket *pkt);

/* subchannel.c */
NetvspQueue *netvsp_queue_new(Netvsp *n, uint16_t index);
bool netvsp_queue_offer(NetvspQueue *q, bool adopt);
unsigned netvsp_subchannels_grant(Netvsp *n, uint32_t wanted);
/* @end is vmbus_channel_rescind, or _withdraw to let traffic run out. */
void netvsp_subchannels_end(Netvsp *n, void (*end)(VmbusChannel *ch));
bool netvsp_send_table(Netvsp *n);

/* recvbuf.c */
uint32_t netvsp_section_size(const Netvsp *n);
bool netvsp_recv_buf_set(Netvsp *n, VmbusGpadl *gpadl, uint32_t section_size);
void netvsp_recv_buf_drop(Netvsp *n);
/* A free section, or -1; frames leave some to control messages. */
int netvsp_section_get(Netvsp *n, bool control);
void netvsp_section_use(Netvsp *n, int section, const NetvspQueue *q);
void netvsp_section_unget(Netvsp *n, int section);
/*
 * The guest completed the packet that began in it.  False: none did that is
 * out on this queue.
 */
bool netvsp_section_done(NetvspQueue *q, uint64_t trans_id);
void netvsp_sections_release(NetvspQueue *q);
void netvsp_check_drained(Netvsp *n);
/* Writes RNDIS bytes to a section and tells the guest. */
bool netvsp_send_section(NetvspQueue *q, int section, uint32_t channel,
                         const void *data, size_t len);
void netvsp_section_write(Netvsp *n, unsigned section, size_t offset,
                          const void *data, size_t len);
/* Room for a packet of so many sections. */
bool netvsp_can_send_sections(const NetvspQueue *q, unsigned count);
/* Tells the guest of a packet in sections, which are given back if it fails. */
bool netvsp_tell_sections(NetvspQueue *q, uint32_t channel,
                          const uint16_t *section, const uint16_t *bytes,
                          unsigned count);

/* rx.c */
/* An RNDIS packet message; the frame's bytes stay where they are. */
typedef struct NetvspRxMessage {
    /* RNDIS, per-packet information, addresses in front of a stripped tag. */
    uint8_t head[NETVSP_RX_HEADROOM + 2 * FRAME_ADDR_LEN];
    uint32_t head_len;
    const uint8_t *data;        /* behind it */
    uint32_t data_len;
} NetvspRxMessage;

/* @id: flags of the packet id (RNDIS_ID_*), 0 for none. */
void netvsp_rx_message(const Netvsp *n, const NetvspRxFrame *f, uint8_t id,
                       NetvspRxMessage *m);
/* Returns the bytes it takes of the section. */
uint16_t netvsp_rx_write(Netvsp *n, unsigned section, const NetvspRxMessage *m);

/* rsc.c */
/* Whether the guest is told that there is coalescing. */
bool netvsp_rsc_offered(const Netvsp *n);
/* Takes a segment that can wait for more; false: it is to be sent by itself. */
bool netvsp_rsc_take(Netvsp *n, const NetvspRxFrame *f);
/* The sections are gone, or nobody is there to be told. */
void netvsp_rsc_forget(Netvsp *n);
size_t rndis_rsc_statistics(const Netvsp *n, uint8_t *out);

/* rndis.c */
void rndis_control(Netvsp *n, const uint8_t *msg, size_t len);
void rndis_indicate(Netvsp *n, uint32_t status, const void *data, size_t len);
void netvsp_control_reset(Netvsp *n);

/* oid.c */
/* Returns RNDIS_STATUS_*; *len is the room, then the length. */
uint32_t rndis_oid_query(Netvsp *n, uint32_t oid, const uint8_t *in,
                         size_t in_len, uint8_t *out, size_t *len);
uint32_t rndis_oid_set(Netvsp *n, uint32_t oid, const uint8_t *in,
                       size_t len);

/* offload.c */
/* What can be turned on, or @current: what is. */
size_t rndis_offload_query(const Netvsp *n, const uint8_t *in, size_t in_len,
                           bool current, uint8_t *out);
uint32_t rndis_offload_set(Netvsp *n, const uint8_t *in, size_t len);

/* rss.c */
size_t rndis_rss_query(const Netvsp *n, uint8_t *out);
uint32_t rndis_rss_set(Netvsp *n, const uint8_t *in, size_t len);
/* The queue of a frame, and its hash; *hashed is false if it has none. */
NetvspQueue *netvsp_rss_queue(Netvsp *n, const uint8_t *frame,
                              const FrameInfo *info, bool *hashed,
                              uint32_t *hash);

/* tx.c */
NetvspVerdict netvsp_tx_packet(NetvspQueue *q, const VmbusPacket *pkt);

/* port.c */
/* As the guest is to see it. */
bool netvsp_link_is_up(const Netvsp *n);
/* In units of 100 bit/s (OID_GEN_LINK_SPEED), at most what 32 bits hold. */
uint32_t netvsp_link_speed(const Netvsp *n);
void netvsp_count(NetvspCounters *c, const uint8_t *frame, size_t len);

#endif
