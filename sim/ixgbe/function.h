/*
 * Inside the function half: the objects that register views show.
 *
 * Queues and the interrupt block know nothing of register offsets; a view
 * (vf_regs.c, pf_regs.c) is a table of rows over them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_FUNCTION_H
#define SIM_IXGBE_FUNCTION_H

#include "iovlab/ixgbe_function.h"
#include "ixgbe/regs.h"
#include "spec/ixgbe_desc.h"
#include "spec/ixgbe_regs.h"

#define IXGBE_MAX_VECTORS 64
#define IXGBE_NO_VECTOR 0xff
/* 7.2.4: PAYLEN has 18 bits; headers come on top. */
#define IXGBE_TX_PACKET_MAX (256 * 1024 + 1024)
/* Room for the tag in front of a packet. */
#define IXGBE_TX_HEADROOM 4

/* What receive and transmit rings have in common (8.2.3.8, 8.2.3.9). */
typedef struct IxgbeRing {
    uint32_t bal;
    uint32_t bah;
    uint32_t len;               /* bytes */
    uint32_t head;
    uint32_t tail;
    uint32_t ctl;               /* RXDCTL, TXDCTL */
    uint32_t dca;
    bool failed;                /* DMA fault or broken ring: off until reset
                                   or a new enable */
} IxgbeRing;

/* Has the guest consumed what was written to the ring? */
typedef enum IxgbeRxIdle {
    IXGBE_RX_IDLE,              /* yes, or nothing was written */
    IXGBE_RX_WRITTEN,           /* written; its interrupt was not sent yet */
    IXGBE_RX_SIGNALLED,         /* interrupt sent; the driver is at work */
} IxgbeRxIdle;

/* Contexts of receive side coalescing; see rsc.c. */
typedef struct IxgbeRsc IxgbeRsc;

typedef struct IxgbeRxq {
    IxgbeFunction *fn;
    unsigned index;             /* within the function */
    IxgbeRing ring;
    uint32_t srrctl;
    uint32_t rscctl;
    uint8_t vector;
    uint8_t idle;               /* IxgbeRxIdle */
    uint32_t last;              /* descriptor of the last write-back */
    bool waiting;               /* a frame waits for descriptors */
    IxgbeRsc *rsc;              /* NULL without a PF */
    unsigned rsc_open;          /* contexts of this queue */
} IxgbeRxq;

typedef struct IxgbeTxq {
    IxgbeFunction *fn;
    unsigned index;
    IxgbeRing ring;
    uint32_t wbal;
    uint32_t wbah;
    uint8_t vector;
    bool blocked;               /* the port had no room */
    IxgbeTxContext context[2];  /* kept over packets, 7.2.3.3 */
    uint32_t segments_sent;     /* of the packet at head */
    uint32_t open;              /* descriptors from head on without an end */
    uint64_t open_at;           /* where the first of them is */
    uint8_t done_count;         /* descriptors whose DD waits for WTHRESH */
    uint16_t done[128];
} IxgbeTxq;

/* Causes that are not a queue's: EICR 31:16 of the PF (8.2.3.5.1). */
typedef struct IxgbeOtherCauses {
    uint32_t eicr;
    uint32_t eims;
    uint32_t eiac;
    uint32_t eiam;
    uint32_t event;
    uint8_t vector;
    uint8_t timer_vector;       /* of the TCP timer */
} IxgbeOtherCauses;

typedef struct IxgbeIntr {
    IxgbeFunction *fn;
    unsigned vectors;
    /* Causes of queues: one bit for each vector. */
    uint64_t eicr;
    uint64_t eims;
    uint64_t eiac;
    uint64_t eiam;
    uint64_t event;             /* causes raised since their last message */
    IxgbeOtherCauses other;
    /* GPIE of the PF, 7.3.1.3; a VF always has vectors and auto-mask. */
    bool single;                /* one message, or line, for all causes */
    bool auto_mask;             /* a message masks what EIAM selects */
    bool keep_other;            /* a read of EICR clears queue causes only */
    bool eics_at_once;          /* EICS does not wait for EITR */
    bool line;                  /* level of the INTx line */
    uint32_t eitr[IXGBE_MAX_VECTORS];
    /* Receive queues of each vector, by the IVARs. */
    uint64_t rx_of[IXGBE_MAX_VECTORS][IXGBE_QUEUES / 64];
    uint64_t quiet_until[IXGBE_MAX_VECTORS];
    /* Of the host's adaptive moderation: not state, it is measured anew. */
    uint64_t measured_at;
    uint64_t measured_frames;
    uint64_t adaptive_ns;
    uint64_t timer;             /* deadline that is set, or UINT64_MAX */
} IxgbeIntr;

/* Doorbells of few descriptors; see doorbell.c.  Not state: it begins anew. */
typedef struct IxgbeDoorbell {
    unsigned count;             /* since the pace was measured */
    uint64_t since;             /* when that was */
    bool streaming;
    unsigned gathered;          /* wait to be sent together */
    uint64_t deadline;          /* until then, or UINT64_MAX */
} IxgbeDoorbell;

/* Whose view of queues and interrupts a function is. */
typedef enum IxgbeFunctionKind {
    IXGBE_KIND_VF,              /* a VF with queues of its own */
    IXGBE_KIND_PF,              /* all 128 queues of an adapter */
    IXGBE_KIND_WINDOW,          /* a VF that shows the PF's queues of a pool */
} IxgbeFunctionKind;

/*
 * A queue is one object, whoever looks at it.  It belongs to one function
 * (q->fn), which does its DMA and gets its interrupts: by default the PF, and
 * with pools the VF whose pool it is in (pf_pools.c).
 */
struct IxgbeFunction {
    IxgbeFunctionKind kind;
    IxgbeFunction *pf;          /* of a window */
    unsigned vf;                /* number of a window */
    IxgbeVfConfig config;
    const IxgbeFunctionOps *ops;
    void *opaque;
    const IxgbePortOps *port_ops;
    void *port;

    IxgbeRegs regs;
    unsigned queues;            /* that rx and tx show */
    IxgbeRxq *rx;
    IxgbeTxq *tx;
    IxgbeIntr intr;
    uint8_t other_vector;       /* of a VF: mailbox, link */
    uint32_t *psrtype;          /* the PF: one for each pool */
    bool packet_checksum;       /* RXCSUM.PCSD is 0: no hash in write-backs */

    /* PF: pools below vfs are VFs'; without pools both are 0. */
    unsigned vfs;
    unsigned pool_queues;
    IxgbeFunction *window[IXGBE_POOLS];

    IxgbePortState state;
    bool link_seen;             /* VFLINKS was read while up */
    uint32_t vfmailbox;
    IxgbeFunctionStats stats;

    bool bus_master;
    bool held;
    bool scheduled;
    unsigned busy;              /* in DMA, or sending an interrupt; a window
                                   counts at its PF */
    unsigned ringing;           /* sending in a register write; likewise */
    uint64_t noted;             /* windows whose interrupts wait for its end */
    bool noted_self;
    uint64_t gather_ns;         /* how long a doorbell may wait; likewise */
    bool asked;                 /* a frame came since the last doorbell */
    IxgbeDoorbell bell;
    bool rx_waiting;            /* somebody behind the port waits for room */
    uint64_t tx_ready[IXGBE_QUEUES / 64];   /* queues that may have work */
    unsigned next_tx;           /* queue that transmits first */
    int tx_budget;              /* work left in this run */
    bool tx_short;              /* no run: segmentations, and what is behind
                                   them, are left for one */

    void (*drain_done)(void *opaque);
    void *drain_opaque;

    uint8_t *tx_packet;         /* IXGBE_TX_HEADROOM + IXGBE_TX_PACKET_MAX */
    IxgbeRsc *rsc;              /* of a PF; VFs coalesce nothing */
};

/* function.c */
bool ixgbe_dma_read(IxgbeFunction *fn, uint64_t address, void *buf,
                    size_t len);
bool ixgbe_dma_write(IxgbeFunction *fn, uint64_t address, const void *buf,
                     size_t len);
void ixgbe_function_schedule(IxgbeFunction *fn);
/* Where busy and ringing count: a window shares its PF's queues. */
static inline IxgbeFunction *ixgbe_function_counter(const IxgbeFunction *fn)
{
    return fn->pf ? fn->pf : (IxgbeFunction *)fn;
}

/* Around DMA and interrupts. */
static inline void ixgbe_function_enter(IxgbeFunction *fn)
{
    ixgbe_function_counter(fn)->busy++;
}

static inline void ixgbe_function_leave(IxgbeFunction *fn)
{
    ixgbe_function_counter(fn)->busy--;
}

/* Sends what is ready, within @budget. */
void ixgbe_function_transmit(IxgbeFunction *fn, int budget);
/* Whether that may be outside of a run. */
bool ixgbe_function_may_send(const IxgbeFunction *fn);
/* @q may have work, for whoever transmits next. */
static inline void ixgbe_function_tx_ready(IxgbeTxq *q)
{
    q->fn->tx_ready[q->index / 64] |= 1ull << (q->index % 64);
}

/* A transmit queue, or every one of the function's, may have work. */
void ixgbe_function_tx_kick(IxgbeTxq *q);
void ixgbe_function_tx_kick_all(IxgbeFunction *fn);
/* A frame has to wait for @q. */
void ixgbe_function_rx_wait(IxgbeRxq *q);
/* Buffers and interrupt block, for what makes functions. */
IxgbeFunction *ixgbe_function_alloc(IxgbeFunctionKind kind,
                                    const IxgbeVfConfig *config,
                                    const IxgbeFunctionOps *ops,
                                    void *opaque);
void ixgbe_function_reset(IxgbeFunction *fn, IxgbeResetKind kind);
/* Calls the drain's owner if every queue is idle. */
void ixgbe_function_check_drain(IxgbeFunction *fn);
void ixgbe_vf_mailbox_write(IxgbeFunction *fn, uint32_t value);
uint32_t ixgbe_vf_mailbox_read(IxgbeFunction *fn);

static inline uint64_t ixgbe_ring_base(const IxgbeRing *ring)
{
    return (uint64_t)ring->bah << 32 | ring->bal;
}

static inline uint32_t ixgbe_ring_size(const IxgbeRing *ring)
{
    return ring->len / IXGBE_DESC_SIZE;
}

/* The descriptor @n behind the head. */
static inline uint32_t ixgbe_ring_slot(const IxgbeRing *ring, uint32_t n)
{
    uint32_t size = ixgbe_ring_size(ring);
    uint32_t at = ring->head + n;

    return at < size ? at : at % size;
}

/* The address of descriptor @i. */
static inline uint64_t ixgbe_ring_desc(const IxgbeRing *ring, uint32_t i)
{
    return ixgbe_ring_base(ring) + (uint64_t)i * IXGBE_DESC_SIZE;
}

/* doorbell.c */
/* The driver moved the queue's tail by @added descriptors. */
void ixgbe_function_doorbell(IxgbeTxq *q, uint32_t added);
/* The driver asks for an interrupt: what waits is sent before it. */
void ixgbe_doorbell_settle(IxgbeFunction *fn);
void ixgbe_doorbell_reset(IxgbeDoorbell *bell);
/* Sends what was gathered. */
void ixgbe_doorbell_flush(IxgbeFunction *fn);
/* All that is ready is being sent. */
void ixgbe_doorbell_ran(IxgbeDoorbell *bell);
/* Sends what was gathered if it waited long enough. */
void ixgbe_doorbell_expire(IxgbeFunction *fn, uint64_t now);

/* ring.c */
/* Descriptors from head up to tail; 0 if head or tail is absurd. */
uint32_t ixgbe_ring_owned(const IxgbeRing *ring);
/* Keeps what 8.3's clarification says a VF's FLR leaves alone. */
void ixgbe_ring_reset(IxgbeRing *ring, IxgbeResetKind kind, uint32_t dca);
void ixgbe_ring_save(const IxgbeRing *ring, StateWriter *w);
void ixgbe_ring_load(IxgbeRing *ring, StateReader *r);

/* rxq.c */
void ixgbe_rxq_reset(IxgbeRxq *q, IxgbeResetKind kind);
void ixgbe_rxq_set_control(IxgbeRxq *q, uint32_t value);
void ixgbe_rxq_set_tail(IxgbeRxq *q, uint32_t value);
IxgbeRxResult ixgbe_rxq_receive(IxgbeRxq *q, const uint8_t *frame, size_t len,
                                const IxgbeRxMeta *meta);
/* The message of its vector was sent; the driver unmasked its vector. */
void ixgbe_rxq_signalled(IxgbeRxq *q);
void ixgbe_rxq_unmasked(IxgbeRxq *q);
bool ixgbe_rxq_consumed(const IxgbeRxq *q);
void ixgbe_rxq_save(const IxgbeRxq *q, StateWriter *w);
void ixgbe_rxq_load(IxgbeRxq *q, StateReader *r);

/* rsc.c */
struct IxgbeRxPacket;
IxgbeRsc *ixgbe_rsc_new(void);
bool ixgbe_rsc_wanted(const IxgbeRxq *q);
/* True if the packet is now part of one that is open. */
bool ixgbe_rsc_append(IxgbeRxq *q, const struct IxgbeRxPacket *p);
/*
 * True if the packet, whose data was written into the descriptors at the head,
 * may grow: its write-back follows later.
 */
bool ixgbe_rsc_open(IxgbeRxq *q, const struct IxgbeRxPacket *p,
                    const uint64_t *packet, uint64_t header);
/* A message of @vector is about to be sent; negative: of all. */
void ixgbe_rsc_close_vector(IxgbeRsc *rsc, int vector);
void ixgbe_rsc_expire(IxgbeRsc *rsc, uint64_t now);
/* When the first expires; UINT64_MAX: none is open. */
uint64_t ixgbe_rsc_deadline(const IxgbeRsc *rsc);
/* The queue is off: its contexts are gone. */
void ixgbe_rsc_drop(IxgbeRxq *q);

/* txq.c */
void ixgbe_txq_reset(IxgbeTxq *q, IxgbeResetKind kind);
void ixgbe_txq_set_control(IxgbeTxq *q, uint32_t value);
void ixgbe_txq_set_tail(IxgbeTxq *q, uint32_t value);
/*
 * Up to @turn packets, or until fn->tx_budget is used up; returns whether the
 * queue may have more.
 */
bool ixgbe_txq_run(IxgbeTxq *q, unsigned turn);
void ixgbe_txq_save(const IxgbeTxq *q, StateWriter *w);
void ixgbe_txq_load(IxgbeTxq *q, StateReader *r);

/* tx_packet.c: one packet, gathered from the ring */
typedef struct IxgbeTxPacket {
    uint8_t *data;              /* IXGBE_TX_HEADROOM bytes are before it */
    size_t len;
    unsigned queue;
    bool advanced;
    uint32_t cmd;               /* first descriptor's cmd_type_len */
    uint32_t olinfo;            /* and olinfo_status */
    IxgbeTxContext context;     /* that it uses */
} IxgbeTxPacket;

typedef enum IxgbeTxResult {
    IXGBE_TX_SENT,
    IXGBE_TX_NO_ROOM,           /* *sent says how many segments went out */
    IXGBE_TX_AGAIN,             /* likewise, but the budget is used up */
    IXGBE_TX_MALFORMED,
} IxgbeTxResult;

/* Applies the offloads and sends, from segment *sent on. */
IxgbeTxResult ixgbe_tx_packet_send(IxgbeFunction *fn, IxgbeTxPacket *pkt,
                                   uint32_t *sent);

/* intr.c; @other is in the bits of EICR. */
void ixgbe_intr_reset(IxgbeIntr *intr);
/* The function's queues have other vectors. */
void ixgbe_intr_map_queues(IxgbeIntr *intr);
void ixgbe_intr_raise(IxgbeIntr *intr, uint8_t vector);
void ixgbe_intr_raise_mask(IxgbeIntr *intr, uint64_t vectors, uint32_t other);
/* As the driver's EICS does. */
void ixgbe_intr_raise_soft(IxgbeIntr *intr, uint64_t vectors, uint32_t other);
void ixgbe_intr_mask(IxgbeIntr *intr, uint64_t vectors, uint32_t other);
void ixgbe_intr_unmask(IxgbeIntr *intr, uint64_t vectors, uint32_t other);
/* EICR is read: returns and clears; a mask of causes is cleared. */
uint32_t ixgbe_intr_read_causes(IxgbeIntr *intr);
void ixgbe_intr_clear_causes(IxgbeIntr *intr, uint64_t vectors,
                             uint32_t other);
void ixgbe_intr_set_throttle(IxgbeIntr *intr, unsigned vector,
                             uint32_t value);
/* Raises and does not wait for moderation (7.3.2.1, low latency). */
void ixgbe_intr_at_once(IxgbeIntr *intr, uint8_t vector);
/* When moderation lets @vector send; 0: it is not moderated. */
uint64_t ixgbe_intr_quiet_end(const IxgbeIntr *intr, uint8_t vector);
/* Sends what is due and sets the timer for the rest. */
void ixgbe_intr_evaluate(IxgbeIntr *intr);
/* Of a PF and its windows, or a VF alone: what waited for a doorbell's end. */
void ixgbe_intr_evaluate_noted(IxgbeFunction *counter);
void ixgbe_intr_save(const IxgbeIntr *intr, StateWriter *w);
void ixgbe_intr_load(IxgbeIntr *intr, StateReader *r);

/* The vectors of the function's queues and other causes, from its IVARs. */
void ixgbe_function_apply_ivar(IxgbeFunction *fn);

/* vf_regs.c */
const IxgbeRegMap *ixgbe_vf_regmap(void);
void ixgbe_vf_apply_ivar(IxgbeFunction *fn);

/* pf_regs.c */
const IxgbeRegMap *ixgbe_pf_regmap(void);
void ixgbe_pf_apply_rxcsum(IxgbeFunction *pf);

/* pf_intr_regs.c; also what GPIE says */
void ixgbe_pf_apply_ivar(IxgbeFunction *pf);

/* pf_pools.c: once more, whatever was set up before */
void ixgbe_pf_apply_pools(IxgbeFunction *pf);
bool ixgbe_pf_pools_valid(unsigned vfs, unsigned pool_queues);
/* 7.10.3.2: the queue of @meta, narrowed to those that PSRTYPE uses. */
unsigned ixgbe_pf_rss_queue(const IxgbeFunction *pf, const IxgbeRxMeta *meta);
/* PSRTYPE for the queue's pool. */
uint32_t ixgbe_rxq_psrtype(const IxgbeRxq *q);

#endif
