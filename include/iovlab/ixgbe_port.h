/*
 * The seam of the 82599: function half and adapter half.
 *
 * The silicon is one adapter with many functions.  What a *function* owns (its
 * registers, queue pairs, descriptors, DMA, interrupts) is IxgbeFunction; what
 * the *adapter* owns (filters, pools, embedded switch, wire, mailbox memory,
 * resource counts) is IxgbeAdapter.  In the bare-metal view both are in one
 * QEMU process and call each other through this file.  In the child-partition
 * view a VF is in the VM's QEMU process and the adapter in the host process;
 * each call below is then one message of the link protocol (spec/link.h).
 *
 * Frames cross the seam whole: offloads of transmit (checksums, segmentation,
 * VLAN tag insertion asked for by the descriptor) are done by the function
 * before, offloads of receive (checksum validation, VLAN strip) after.  A
 * frame has no FCS.  Lengths are bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_IXGBE_PORT_H
#define IOVLAB_IXGBE_PORT_H

#include "iovlab/bytes.h"

/* Largest frame without FCS that the adapter handles (8.2.3.22.13 MAXFRS). */
#define IXGBE_FRAME_MAX 15868
#define IXGBE_POOLS 64
#define IXGBE_QUEUES 128
#define IXGBE_MBX_DWORDS 16

/* What the adapter's filters know of a frame that a function receives. */
typedef struct IxgbeRxMeta {
    uint8_t queue;            /* within the VF; the PF's is the adapter's */
    uint8_t rss_mask;         /* low bits of queue that are an RSS index, which
                                 PSRTYPE.RQPL may narrow; 0: a filter chose */
    bool loopback;            /* came through the embedded switch (STAT.LB) */
    bool multicast;           /* counted in VFMPRC */
    uint8_t rss_type;         /* 7.1.2.8.1; 0: no hash; 15: rss_hash is the
                                 flow director's filter ID */
    uint32_t rss_hash;
    uint8_t etqf;             /* 1 + ethertype filter that matched; 0: none */
    uint8_t events;           /* IXGBE_RX_EVENT_* */
    uint32_t status;          /* IXGBE_RX_STATUS bits of the write-back */
} IxgbeRxMeta;

/*
 * What the adapter may say in the write-back's status and error bits (7.1.6.2):
 * FLM, TS, SECP, FDIRERR, SECERR, RXE.
 */
#define IXGBE_RX_STATUS 0x38730004u

/* IxgbeRxMeta.events */
enum {
    IXGBE_RX_EVENT_LLI = 1,   /* a filter asks for an immediate interrupt */
};

/*
 * IxgbePortState.rx_flags: registers of the adapter that shape what a function
 * writes to its ring.
 */
enum {
    IXGBE_RX_KEEP_CRC   = 1 << 0,   /* HLREG0.RXCRCSTRP is 0 */
    IXGBE_RX_TWO_TAGS   = 1 << 1,   /* CTRL_EXT.EXTENDED_VLAN */
    IXGBE_RX_RSC        = 1 << 2,   /* RFCTL.RSC_DIS is 0 */
    IXGBE_RX_FLAGS      = 0x7,
};

typedef enum IxgbeRxResult {
    IXGBE_RX_DONE,            /* in the ring */
    IXGBE_RX_DROPPED,         /* queue off, or no descriptor and drop-enabled:
                                 the function counted it too */
    IXGBE_RX_WAIT,            /* no descriptor and not drop-enabled: offer the
                                 same frame again after room() */
} IxgbeRxResult;

/* What a transmit descriptor asks of the adapter, behind the switch. */
typedef struct IxgbeTxMeta {
    bool timestamp;           /* 7.9: latch the time at which it leaves */
    bool ipsec;               /* 7.12: the frame is an ESP or AH packet... */
    bool esp;
    bool encrypt;             /* ... ESP: not only authenticated */
    uint16_t sa;              /* entry of the transmit SA table */
} IxgbeTxMeta;

struct Frame;                 /* iovlab/frame.h */

/* Function to adapter. */
typedef struct IxgbePortOps {
    /*
     * Transmit; the queue is numbered as in IxgbeRxMeta.  False: no room, the
     * frame stays the function's and tx_room() on the function follows.
     */
    bool (*tx)(void *port, unsigned queue, const uint8_t *frame, size_t len,
               const IxgbeTxMeta *meta);
    /*
     * As tx(), without a copy: the port takes a reference to keep the frame.
     * NULL: it wants tx().
     */
    bool (*tx_frame)(void *port, unsigned queue, struct Frame *frame,
                     const IxgbeTxMeta *meta);
    /*
     * What is sent from begin() to end() belongs together, and is delivered at
     * the end as far as a run of the adapter takes it, unless frames wait that
     * came before; then begin() says false.  Both NULL: it goes its way later.
     */
    bool (*begin)(void *port);
    void (*end)(void *port);
    /* Receive may go on after IXGBE_RX_WAIT. */
    void (*rx_room)(void *port);
    /* VFCTRL.RST or FLR (4.2.2): the adapter sets VFLRE, drops mailbox locks. */
    void (*reset)(void *port, bool flr);
    /* VFMAILBOX written: REQ, ACK, VFU bits as the VF wrote them. */
    void (*mailbox)(void *port, uint32_t vfmailbox);
    /* VFMBMEM dword written. */
    void (*mailbox_mem)(void *port, unsigned index, uint32_t value);
    /* A frame's IP or L4 checksum was wrong; NULL if nobody counts. */
    void (*bad_checksum)(void *port);
    /* Bus mastering of the function went on or off. */
    void (*bus_master)(void *port, bool on);
} IxgbePortOps;

/*
 * What the host says of a VF's interrupt moderation, whatever its driver wrote
 * to VTEITR: as it wrote; by the traffic; none; at least so much.
 */
typedef enum IxgbeModeration {
    IXGBE_MODERATION_DEFAULT,
    IXGBE_MODERATION_ADAPTIVE,
    IXGBE_MODERATION_OFF,
    IXGBE_MODERATION_LOW,     /* 20 us */
    IXGBE_MODERATION_MEDIUM,  /* 100 us */
    IXGBE_MODERATION_HIGH,    /* 250 us */
    IXGBE_MODERATIONS,
} IxgbeModeration;

/*
 * How packets are made of descriptors: set by the PF, the same for all
 * functions.
 */
typedef struct IxgbeTxRules {
    /* DTXTCPFLGL/H: TCP flags kept in the first, middle and last segment */
    uint16_t tcp_first, tcp_middle, tcp_last;
    uint16_t vlan_type;       /* DMATXCTL.VT, of the tag that is inserted */
    uint16_t outer_type;      /* EXVET; 0: no double VLAN (DMATXCTL.GDV) */
    bool pad;                 /* HLREG0.TXPADEN: short frames are padded */
} IxgbeTxRules;

/* As after a reset, 8.2.3.9. */
#define IXGBE_TX_RULES_RESET { \
    .tcp_first = 0xff6, .tcp_middle = 0xf76, .tcp_last = 0xf7f, \
    .vlan_type = 0x8100, .pad = true }

/* State that the adapter pushes to a function; a VF's registers mirror it. */
typedef struct IxgbePortState {
    uint32_t links;           /* LINKS as the VF reads it in VFLINKS */
    bool rx_enable;           /* VFRE and RXCTRL.RXEN */
    bool tx_enable;           /* VFTE and DMATXCTL.TE */
    bool tx_vlan_insert;      /* VMVIR lets descriptors ask for a tag */
    bool pf_reset_done;       /* CTRL_EXT.PFRSTD: RSTD, not RSTI */
    uint8_t rx_flags;         /* IXGBE_RX_* */
    uint16_t vlan_type;       /* VLNCTRL.VET; 0: 0x8100 */
    uint16_t outer_type;      /* EXVET, likewise; with IXGBE_RX_TWO_TAGS */
    IxgbeModeration moderation;
    IxgbeTxRules tx_rules;
    /* VFU, PFU: levels.  PFSTS, PFACK: set since the state was last told. */
    uint32_t vfmailbox;
    uint32_t mbmem[IXGBE_MBX_DWORDS];
} IxgbePortState;

#endif
