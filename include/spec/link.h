/*
 * The link protocol: between a device of a VM (in its QEMU process) and the
 * host process that owns the adapter and the switches.
 *
 * One connection (a stream socket) per device: `hv-net` speaks the NIC role,
 * `ixgbe-vf` the VF role.  The VM side connects and says HELLO; the host
 * answers WELCOME, or ERROR and closes.  Afterwards each side sends messages
 * as it likes.  All fields are little-endian.  Each side treats the other as
 * hostile: an unknown type, a wrong length or a value out of range closes the
 * connection with ERROR, and nothing else happens.
 *
 * Frames and their ownership
 * --------------------------
 * Host to VM: FRAME messages bear consecutive sequence numbers from 1, per
 * session (WELCOME).  The VM side acknowledges (ACK, cumulative) once a frame
 * is in the guest's ring or was dropped by a rule of the device; until then
 * the host owns it, may take it back with RECALL or when the connection ends,
 * and delivers it elsewhere.  At most `rx_window` frames are unacknowledged.
 * A VM remembers the session and the last frame it took, also through a
 * migration, and tells them to the next host it meets (`last` in HELLO, or in
 * RUNSTATE if the state was loaded after HELLO): a frame whose ACK was lost is
 * then not delivered twice.
 *
 * VM to host: frames are numbered in the same way by counting.  At most
 * `tx_window` frames may be beyond the host's CREDIT (cumulative); what does
 * not fit stays in the guest's ring.  Neither direction's frames ever hold up
 * the other's, or a control message.
 *
 * Draining
 * --------
 * DRAIN: the VM answers DRAINED with the same cookie once the guest has
 * consumed every frame sent before it; one DRAIN at a time.  RECALL: the VM
 * forgets the frames that are not in the ring (and an unanswered DRAIN),
 * answers ACK and then DRAINED with RECALL's cookie; the host sends no frame in
 * between, and numbers the next one ACK + 1.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_LINK_H
#define SPEC_LINK_H

#include "iovlab/bytes.h"
#include "iovlab/ixgbe_port.h"

#define LINK_MAGIC   0x4b4e4c56u        /* "VLNK" */
#define LINK_VERSION 2
#define LINK_NAME_MAX 64
#define LINK_TEXT_MAX 256
#define LINK_BODY_MAX 16384             /* of any message, header excluded */

typedef enum LinkType {
    /* both directions */
    LINK_ERROR           = 1,   /* LinkError; sender closes */
    LINK_FRAME           = 2,   /* LinkFrame + frame bytes */
    LINK_PING            = 3,   /* u64 cookie */
    LINK_PONG            = 4,   /* the same cookie */
    /* VM to host, both roles */
    LINK_HELLO           = 16,  /* LinkHello, first message */
    LINK_ACK             = 17,  /* u64 last sequence number taken */
    LINK_RUNSTATE        = 18,  /* LinkRunstate */
    LINK_DRAINED         = 19,  /* u64 cookie of DRAIN */
    /* host to VM, both roles */
    LINK_WELCOME         = 32,  /* LinkWelcome */
    LINK_DRAIN           = 33,  /* u64 cookie: answer DRAINED once the guest has
                                   consumed every frame sent before this */
    LINK_RECALL          = 34,  /* u64 cookie: forget frames not yet in the
                                   ring; answer ACK, then DRAINED */
    LINK_CREDIT          = 35,  /* u64 number of frames taken from the VM */
    /* NIC role, host to VM */
    LINK_NIC_CONFIG      = 48,  /* LinkNicConfig; again whenever it changes */
    LINK_NIC_VF          = 49,  /* LinkNicVf: NVSP VF_ASSOCIATION */
    LINK_NIC_DATAPATH_DONE = 50,/* LinkDatapath, answers a switch */
    LINK_NIC_ANNOUNCE    = 51,  /* no body: the guest shall announce itself */
    LINK_NIC_VF_SETTLED  = 52,  /* no body: VF_SETTLED came; transmit goes on */
    /* NIC role, VM to host */
    LINK_NIC_STATUS      = 64,  /* LinkNicStatus; on every change */
    LINK_NIC_DATAPATH    = 65,  /* LinkDatapath: the guest asks to switch */
    LINK_NIC_HELD        = 66,  /* no body: after a switch to the VF, the
                                   guest's transmit queues have stopped */
    /* VF role, host to VM */
    LINK_VF_STATE        = 80,  /* LinkVfState; on every change */
    /* VF role, VM to host */
    LINK_VF_RESET        = 96,  /* u32: 1 FLR, 0 VFCTRL.RST */
    LINK_VF_MAILBOX      = 97,  /* u32: VFMAILBOX as written */
    LINK_VF_MBMEM        = 98,  /* LinkVfMbmem */
    LINK_VF_BUS_MASTER   = 99,  /* u32: 0 or 1 */
    LINK_VF_STATS        = 100, /* LinkVfStats; about once a second */
    LINK_VF_FAULT        = 101, /* LinkVfFault: the IOMMU blocked something */
    LINK_VF_SETTLED      = 102, /* no body: the guest saw the link come up and
                                   had time to act on it */
} LinkType;

typedef struct IOV_PACKED LinkHeader {
    uint32_t len;               /* of the body */
    uint16_t type;              /* LinkType */
    uint16_t flags;             /* 0 */
} LinkHeader;
IOV_SIZE_CHECK(LinkHeader, 8);

typedef struct IOV_PACKED LinkError {
    uint32_t code;              /* LinkErrorCode */
    char text[LINK_TEXT_MAX];   /* NUL-terminated, for a person */
} LinkError;
IOV_SIZE_CHECK(LinkError, 260);

typedef enum LinkErrorCode {
    LINK_ERR_PROTOCOL   = 1,    /* malformed or unexpected message */
    LINK_ERR_VERSION    = 2,
    LINK_ERR_UNKNOWN    = 3,    /* no such VM, NIC or VF here */
    LINK_ERR_BUSY       = 4,    /* already connected */
    LINK_ERR_REVOKED    = 5,    /* the host took the VF away */
} LinkErrorCode;

enum { LINK_ROLE_NIC = 1, LINK_ROLE_VF = 2 };

/* How far a VM had come in an earlier session; all 0: none. */
typedef struct IOV_PACKED LinkLast {
    uint64_t session;
    uint64_t taken;             /* last sequence number taken there */
} LinkLast;
IOV_SIZE_CHECK(LinkLast, 16);

typedef struct IOV_PACKED LinkHello {
    uint32_t magic;
    uint16_t version;
    uint16_t role;              /* LINK_ROLE_* */
    char vm[LINK_NAME_MAX];     /* name of the VM, NUL-terminated */
    uint32_t index;             /* NIC: its number in the VM; VF: VF number */
    uint8_t incoming;           /* 1: VM waits for its migration stream */
    uint8_t reserved[3];
    LinkLast last;
} LinkHello;
IOV_SIZE_CHECK(LinkHello, 96);

typedef struct IOV_PACKED LinkWelcome {
    uint16_t version;
    uint16_t rx_window;         /* frames to the VM, >= 1 */
    uint16_t tx_window;         /* frames from the VM, >= 1 */
    uint16_t reserved;
    uint64_t session;           /* unique among hosts, not 0 */
} LinkWelcome;
IOV_SIZE_CHECK(LinkWelcome, 16);

/*
 * Followed by 14..IXGBE_FRAME_MAX bytes.  From the VM: seq and meta are 0.
 * IxgbeTxMeta does not cross: a host's PF driver offers a VF neither time
 * stamps nor IPsec.
 */
typedef struct IOV_PACKED LinkFrame {
    uint64_t seq;
    uint8_t queue;              /* IxgbeRxMeta, VF role only */
    uint8_t meta;               /* LINK_META_* */
    uint8_t rss_type;
    uint8_t etqf;
    uint32_t rss_hash;
    uint32_t status;            /* IXGBE_RX_STATUS */
    uint8_t rss_mask;
    uint8_t events;
    uint8_t reserved[2];
} LinkFrame;
IOV_SIZE_CHECK(LinkFrame, 24);
enum { LINK_META_LOOPBACK = 1, LINK_META_MULTICAST = 2 };

/*
 * A VM that is not running takes no frame; the ACK of all it took comes before
 * this message, and so does every frame it sent.
 */
typedef struct IOV_PACKED LinkRunstate {
    uint8_t running;
    uint8_t reserved[7];
    LinkLast last;              /* of the state loaded after HELLO, or 0 */
} LinkRunstate;
IOV_SIZE_CHECK(LinkRunstate, 24);

typedef struct IOV_PACKED LinkNicConfig {
    uint8_t mac[6];
    uint8_t link_up;
    uint8_t mac_spoofing;       /* guest may change its address */
    uint32_t speed_mbps;
    uint16_t mtu;               /* largest the port carries */
    uint8_t rsc;                /* receive segments may be coalesced */
    uint8_t reserved;
} LinkNicConfig;
IOV_SIZE_CHECK(LinkNicConfig, 16);

typedef struct IOV_PACKED LinkNicVf {
    uint8_t allocated;
    uint8_t queues;             /* transmit queues of the VF, 0: not told */
    uint8_t reserved[2];
    uint32_t serial;            /* PCI slot name in the guest */
} LinkNicVf;
IOV_SIZE_CHECK(LinkNicVf, 8);

typedef struct IOV_PACKED LinkDatapath {
    uint64_t cookie;            /* chosen by the VM side, echoed */
    uint8_t to_vf;
    uint8_t reserved[7];
} LinkDatapath;
IOV_SIZE_CHECK(LinkDatapath, 16);

typedef struct IOV_PACKED LinkNicStatus {
    uint8_t mac[6];             /* as the guest set it */
    uint8_t connected;          /* NVSP and RNDIS are up: the guest listens */
    uint8_t sriov;              /* guest said it can take a VF (NDIS_CONFIG) */
    uint32_t nvsp_version;      /* 0 before INIT */
    uint32_t packet_filter;     /* NDIS_PACKET_TYPE_* */
    uint16_t mtu;
    uint8_t datapath_vf;        /* the guest's traffic is on the VF */
    uint8_t sub_channels;
    uint64_t rx_frames;         /* taken by the guest on the synthetic path */
    uint64_t tx_frames;
} LinkNicStatus;
IOV_SIZE_CHECK(LinkNicStatus, 36);

/*
 * IxgbePortState on the wire.  In vfmailbox PFSTS and PFACK are edges (set
 * since the last VF_STATE), VFU and PFU levels.
 */
typedef struct IOV_PACKED LinkVfState {
    uint8_t mac[6];             /* address the host gave this VF */
    uint8_t rx_enable;
    uint8_t tx_enable;
    uint8_t pf_reset_done;
    uint8_t tx_vlan_insert;
    uint8_t rx_flags;
    uint8_t tx_pad;             /* IxgbeTxRules, with the tx_ fields below */
    uint16_t vlan_type;
    uint16_t outer_type;
    uint32_t links;
    uint32_t vfmailbox;
    uint32_t mbmem[IXGBE_MBX_DWORDS];
    uint16_t tx_tcp_first;
    uint16_t tx_tcp_middle;
    uint16_t tx_tcp_last;
    uint16_t tx_vlan_type;
    uint16_t tx_outer_type;
    uint8_t moderation;         /* IxgbeModeration */
    uint8_t reserved;
} LinkVfState;
IOV_SIZE_CHECK(LinkVfState, 100);

typedef struct IOV_PACKED LinkVfMbmem {
    uint32_t index;
    uint32_t value;
} LinkVfMbmem;
IOV_SIZE_CHECK(LinkVfMbmem, 8);

typedef struct IOV_PACKED LinkVfStats {
    uint64_t rx_frames;
    uint64_t rx_bytes;
    uint64_t rx_multicast;
    uint64_t tx_frames;
    uint64_t tx_bytes;
    uint64_t rx_dropped;
} LinkVfStats;
IOV_SIZE_CHECK(LinkVfStats, 48);

typedef struct IOV_PACKED LinkVfFault {
    uint16_t rid;
    uint8_t reason;             /* spec/vtd.h */
    uint8_t kind;               /* bit 0: write, bit 1: interrupt */
    uint32_t count;             /* of equal faults that this one stands for */
    uint64_t address;
} LinkVfFault;
IOV_SIZE_CHECK(LinkVfFault, 16);

#endif
