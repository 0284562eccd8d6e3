/*
 * What the files of the adapter half share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_ADAPTER_H
#define SIM_IXGBE_ADAPTER_H

#include "iovlab/eth.h"
#include "iovlab/ixgbe_adapter.h"
#include "ixgbe/fdir.h"
#include "ixgbe/nvm.h"
#include "ixgbe/regs.h"
#include "ixgbe/sfp.h"
#include "spec/ixgbe_desc.h"
#include "spec/ixgbe_filter_regs.h"
#include "spec/ixgbe_pf_regs.h"
#include "spec/ixgbe_regs.h"

#define POOL_BIT(pool) (1ull << (pool))
#define MIRROR_RULES 4
/* Of the address table: twice the entries, so that probing ends early. */
#define MAC_SLOTS 256

/* What a register write made stale; rebuilt before the next frame. */
enum {
    STALE_MAC  = 1 << 0,
    STALE_VLAN = 1 << 1,
    STALE_POOL = 1 << 2,
    STALE_RSS  = 1 << 3,
    STALE_RX   = 1 << 4,        /* rules of rxclass.c */
    STALE_TUPLE = 1 << 5,
    STALE_ALL  = 0x3f,
};

typedef struct MacSlot {
    uint64_t mac;               /* 0: free */
    uint64_t pools;
} MacSlot;

/* The filters in the form that a frame needs. */
typedef struct IxgbeFilters {
    MacSlot mac[MAC_SLOTS];
    uint8_t vlan_slot[4096];    /* 1 + entry of vlan_pools, 0: none */
    uint64_t vlan_pools[IXGBE_VLVF_ENTRIES];
    uint64_t aupe, rompe, rope, bam, mpe;   /* VMOLR by bit, a pool each */
    uint64_t rx_pools;          /* VFRE */
    uint64_t mac_spoof, vlan_spoof;
    bool mirrors;               /* a mirror rule is on */
    unsigned queues_per_pool;
    unsigned rss_types;         /* RSS_HASH_* */
    uint8_t rss_key[40];
    uint8_t reta[128];
    /* Receive packet buffers, bytes; one unless MRQC has traffic classes. */
    size_t buffer_size[IXGBE_TRAFFIC_CLASSES];
} IxgbeFilters;

/* 5-tuple filters: sets of them, as bits by rank; see tuple.c. */
#define TUPLE_SLOTS (2 * IXGBE_TUPLE_FILTERS)

typedef struct TupleSet {
    uint64_t bits[IXGBE_TUPLE_FILTERS / 64];
} TupleSet;

typedef struct TupleSlot {
    bool used;
    uint32_t key;
    TupleSet set;
} TupleSlot;

typedef struct TupleField {
    TupleSet any;               /* do not compare this field */
    TupleSlot slot[TUPLE_SLOTS];
} TupleField;

typedef struct IxgbeTuples {
    unsigned count;
    TupleField src, dst, sport, dport, protocol, pool;
    TupleSet lli;
    uint8_t queue[IXGBE_TUPLE_FILTERS];     /* by rank */
} IxgbeTuples;

typedef struct IxgbeFdir {
    FdirTable table;
    FdirMasks masks;
} IxgbeFdir;

/* How queues are chosen, in the form that a frame needs; see rxclass.c. */
typedef struct IxgbeRxRules {
    bool etypes, syn;           /* there are such filters */
    bool look;                  /* somebody looks behind the ethertype */
    bool vt_rss;
    unsigned classes;           /* 1, 4 or 8 */
    unsigned class_queues;      /* of a class, without pools */
    uint8_t up_class[8];
    uint8_t rss_mask[IXGBE_TRAFFIC_CLASSES];
} IxgbeRxRules;

/* What is found of a frame once, whatever pools it goes to. */
typedef struct IxgbeRxClass {
    bool loopback, multicast;
    uint8_t priority;
    uint8_t traffic_class;
    uint8_t etqf;               /* as in IxgbeRxMeta */
    uint8_t rss_index, rss_type;
    uint32_t rss_hash;
    bool syn, tuple, fdir;      /* candidates for these filters */
    bool fdir_counted;
    TupleSet tuples;
    FdirFlow flow;
    uint32_t status;            /* as in IxgbeRxMeta */
} IxgbeRxClass;

struct IxgbeAdapterPort {
    IxgbeAdapter *adapter;
    int function;
    const IxgbeAdapterPortOps *ops;
    void *fn;
    /* Its share of the packet buffers, one for each traffic class. */
    FrameQueue rx[IXGBE_TRAFFIC_CLASSES];
    uint8_t rx_filled;          /* classes with frames */
    uint8_t rx_blocked;         /* classes whose first frame has to wait */
    bool tx_blocked;            /* waits for tx_room() */
    bool state_stale;
};

typedef struct IxgbeMailbox {
    bool vfu;                   /* the VF owns the buffer */
    bool pfu;                   /* the PF owns it */
    uint32_t edges;             /* PFSTS, PFACK not yet told to the VF */
} IxgbeMailbox;

/* 7.7.2.4: a queue may send again at next_ns. */
typedef struct IxgbeRate {
    uint32_t bcnrc;
    uint64_t next_ns;
} IxgbeRate;

/* timesync.c: the clock of 1588 was at value when the host's was at at_ns. */
typedef struct IxgbeTimesync {
    uint64_t value;             /* SYSTIM */
    uint64_t at_ns;
    uint64_t rest_ps;           /* of time that made no whole increment */
    uint64_t period_ps;         /* of the link's speed */
    uint32_t timinca;           /* rate since at_ns */
    uint32_t high;              /* SYSTIMH as of the last read of SYSTIML */
    bool latched;
} IxgbeTimesync;

/* flowctl.c, by traffic class */
typedef struct IxgbeFlow {
    uint64_t until_ns[IXGBE_TRAFFIC_CLASSES];       /* the peer wants no frames */
    bool off[IXGBE_TRAFFIC_CLASSES];                /* we want none: XOFF was sent */
    uint64_t refresh_ns[IXGBE_TRAFFIC_CLASSES];     /* when to say so again */
    FrameQueue out;                     /* PAUSE frames to send */
} IxgbeFlow;

typedef struct IxgbeIpsec IxgbeIpsec;

struct IxgbeAdapter {
    IxgbeAdapterConfig config;
    const IxgbeAdapterOps *ops;
    void *opaque;
    IxgbeRegs regs;
    unsigned num_vfs;
    bool cable;
    bool link_up;
    bool scheduled;
    bool running;               /* frames on their way are seen at its end */
    unsigned batch;             /* begin() without its end() */
    bool queued_before;         /* the batch met frames that wait for a run */

    unsigned stale;
    IxgbeFilters filters;
    IxgbeRxRules rules;
    IxgbeTuples tuples;
    IxgbeFdir fdir;

    IxgbeAdapterPort *vf[IXGBE_POOLS];
    IxgbeAdapterPort *pf;
    /* Of a run, so that it need not look at each port. */
    bool states_stale;          /* some port's state */
    bool senders_wait;          /* some port's tx_blocked */
    uint64_t filled;            /* VFs with rx_filled, by number */
    size_t rx_bytes[IXGBE_TRAFFIC_CLASSES]; /* in all ports' queues */
    FrameQueue wire[IXGBE_TRAFFIC_CLASSES]; /* transmit packet buffers */
    int32_t credit[IXGBE_TRAFFIC_CLASSES];  /* bytes that a class may still send */
    unsigned next_tc;
    bool wire_blocked;
    uint64_t drop_en[2];        /* QDE.ENABLE by queue */
    IxgbeMailbox mailbox[IXGBE_POOLS];
    IxgbeRate rate[IXGBE_QUEUES];
    uint64_t timer_ns;          /* UINT64_MAX: none */
    IxgbeFlow flow;
    IxgbeTimesync timesync;
    IxgbeIpsec *ipsec;

    IxgbeNvm nvm;
    uint32_t nvm_pins;          /* as the EEPROM sees them, bits of EEC */
    IxgbeSfp sfp;
    uint64_t tcp_deadline;      /* of TCPTIMER; UINT64_MAX: it stands */
    uint64_t tcp_left;          /* ns, while it stands */

    IxgbePoolStats pool_stats[IXGBE_POOLS];
    IxgbeAdapterStats stats;
};

static inline uint32_t reg(const IxgbeAdapter *a, uint32_t offset)
{
    return *ixgbe_regs_at(&a->regs, offset);
}

static inline uint32_t *reg_at(const IxgbeAdapter *a, uint32_t offset)
{
    return ixgbe_regs_at(&a->regs, offset);
}

static inline uint64_t mac_key(const uint8_t *mac)
{
    return (uint64_t)rd_be16(mac) << 32 | rd_be32(mac + 2);
}

/* adapter.c */
void ixgbe_adapter_schedule(IxgbeAdapter *a);
/* Frames were queued. */
void ixgbe_adapter_queued(IxgbeAdapter *a);
/* A run at this time at the latest. */
void ixgbe_adapter_wake_at(IxgbeAdapter *a, uint64_t ns);
void ixgbe_adapter_state_stale(IxgbeAdapter *a, uint64_t pools);
void ixgbe_adapter_soft_reset(IxgbeAdapter *a, IxgbeResetKind kind);
IxgbeAdapterPort *ixgbe_adapter_pool_port(const IxgbeAdapter *a,
                                          unsigned pool);
bool ixgbe_adapter_vt(const IxgbeAdapter *a);
unsigned ixgbe_adapter_default_pool(const IxgbeAdapter *a);

/* adapter_regs.c */
const IxgbeRegMap *ixgbe_adapter_regmap(void);

/* pools.c */
void ixgbe_filters_refresh(IxgbeAdapter *a);
/* Pools for a frame, before VFRE; 0: nobody's, or filtered. */
uint64_t ixgbe_pools_from_wire(IxgbeAdapter *a, const Frame *frame);
uint64_t ixgbe_pools_local(IxgbeAdapter *a, const Frame *frame);
uint64_t ixgbe_mac_pools(const IxgbeAdapter *a, uint64_t mac);
bool ixgbe_frame_vlan(const IxgbeAdapter *a, const Frame *frame,
                      uint16_t *vid);
/* The tag that filters look at; with two tags the inner one (7.4.5). */
bool ixgbe_frame_tag(const IxgbeAdapter *a, const Frame *frame,
                     uint16_t *tci);
bool ixgbe_adapter_two_tags(const IxgbeAdapter *a);

/* veb.c */
bool ixgbe_veb_transmit(IxgbeAdapter *a, unsigned pool, unsigned queue,
                        Frame *frame, const IxgbeTxMeta *meta);
void ixgbe_veb_receive(IxgbeAdapter *a, Frame *frame);

/* spoof.c: whether the pool may send it; counts if not. */
bool ixgbe_spoof_check(IxgbeAdapter *a, unsigned pool, const Frame *frame);

/* rate.c */
void ixgbe_rate_write(IxgbeAdapter *a, uint32_t bcnrc);
uint32_t ixgbe_rate_read(const IxgbeAdapter *a);
bool ixgbe_rate_allows(IxgbeAdapter *a, unsigned queue);
void ixgbe_rate_charge(IxgbeAdapter *a, unsigned queue, size_t len);
void ixgbe_rate_clear(IxgbeAdapter *a);

/* txsched.c: transmit packet buffers, by class */
enum { IXGBE_WIRE_TIMESTAMP = 1 };      /* tag of a frame */
unsigned ixgbe_txsched_tc(const IxgbeAdapter *a, unsigned queue);
unsigned ixgbe_tx_tc_of_priority(const IxgbeAdapter *a, unsigned up);
bool ixgbe_txsched_has_room(const IxgbeAdapter *a, unsigned tc, size_t len);
void ixgbe_txsched_push(IxgbeAdapter *a, unsigned tc, Frame *frame,
                        uint64_t tag);
/* The class whose first frame goes next; -1: none may. */
int ixgbe_txsched_next(IxgbeAdapter *a);
void ixgbe_txsched_sent(IxgbeAdapter *a, unsigned tc, size_t len);
bool ixgbe_txsched_has_work(IxgbeAdapter *a);
bool ixgbe_txsched_empty(const IxgbeAdapter *a);
void ixgbe_txsched_reset(IxgbeAdapter *a);

/* flowctl.c */
/* A frame from the wire, which may be a PAUSE frame. */
void ixgbe_flow_receive(IxgbeAdapter *a, const Frame *frame);
bool ixgbe_flow_paused(IxgbeAdapter *a, unsigned tc);
uint64_t ixgbe_flow_paused_until(const IxgbeAdapter *a, unsigned tc);
/* Compares the packet buffers with their thresholds; queues PAUSE frames. */
void ixgbe_flow_check(IxgbeAdapter *a);
void ixgbe_flow_reset(IxgbeAdapter *a);
void ixgbe_flow_save(const IxgbeAdapter *a, StateWriter *w);
void ixgbe_flow_load(IxgbeAdapter *a, StateReader *r);

/* timesync.c */
void ixgbe_timesync_reset(IxgbeAdapter *a);
void ixgbe_timesync_link(IxgbeAdapter *a);
/* SYSTIM. */
uint64_t ixgbe_timesync_now(IxgbeAdapter *a);
/* A marked frame has left; @at: SYSTIM when it began to. */
void ixgbe_timesync_tx(IxgbeAdapter *a, uint64_t at);
/* A frame arrived: whether it was stamped.  The filters are up to date. */
bool ixgbe_timesync_rx(IxgbeAdapter *a, const Frame *frame);
void ixgbe_timesync_save(const IxgbeAdapter *a, StateWriter *w);
void ixgbe_timesync_load(IxgbeAdapter *a, StateReader *r);

/* ipsec.c, ipsec_regs.c; the frames returned have a reference of their own */
Frame *ixgbe_ipsec_transmit(IxgbeAdapter *a, Frame *frame,
                            const IxgbeTxMeta *meta);
/* Sets the security bits of the write-back's status. */
Frame *ixgbe_ipsec_receive(IxgbeAdapter *a, Frame *frame, uint32_t *status);
IxgbeIpsec *ixgbe_ipsec_new(void);
void ixgbe_ipsec_reset(IxgbeAdapter *a);
void ixgbe_ipsec_save(const IxgbeAdapter *a, StateWriter *w);
void ixgbe_ipsec_load(IxgbeAdapter *a, StateReader *r);

/* mailbox.c */
void ixgbe_mailbox_from_vf(IxgbeAdapter *a, unsigned vf, uint32_t value);
void ixgbe_mailbox_mem_from_vf(IxgbeAdapter *a, unsigned vf, unsigned index,
                               uint32_t value);
void ixgbe_mailbox_vf_reset(IxgbeAdapter *a, unsigned vf);
uint32_t ixgbe_mailbox_take_state(IxgbeAdapter *a, unsigned vf,
                                  uint32_t mem[IXGBE_MBX_DWORDS]);
void ixgbe_mailbox_reset(IxgbeAdapter *a);
IxgbeRegRead ixgbe_mailbox_read;
IxgbeRegWrite ixgbe_mailbox_write, ixgbe_mailbox_mem_write,
    ixgbe_mailbox_vflrec_write;

/* maclink.c */
void ixgbe_link_update(IxgbeAdapter *a);
void ixgbe_link_restart(IxgbeAdapter *a);
void ixgbe_link_drop(IxgbeAdapter *a);
uint32_t ixgbe_link_links(const IxgbeAdapter *a);
unsigned ixgbe_link_mbps(const IxgbeAdapter *a);
bool ixgbe_link_frame_fits(IxgbeAdapter *a, const Frame *frame);

/* pins.c */
bool ixgbe_link_laser_off(const IxgbeAdapter *a);

/* timers.c; @left: ns that TCPTIMER has still to count */
void ixgbe_timers_run(IxgbeAdapter *a);
uint64_t ixgbe_timers_left(const IxgbeAdapter *a);
void ixgbe_timers_restart(IxgbeAdapter *a, uint64_t left);

/* rss.c */
void ixgbe_rss_refresh(IxgbeAdapter *a);
/* Fills index, hash and type. */
void ixgbe_rss_hash(const IxgbeAdapter *a, const Frame *frame,
                    const FrameInfo *info, IxgbeRxClass *c);

/* rxclass.c */
void ixgbe_rx_rules_refresh(IxgbeAdapter *a);
void ixgbe_rx_classify(IxgbeAdapter *a, const Frame *frame, bool loopback,
                       IxgbeRxClass *c);
/* 7.1.2.3: an ethertype filter with a pool takes the frame there. */
uint64_t ixgbe_rx_divert(const IxgbeAdapter *a, const IxgbeRxClass *c,
                         uint64_t pools);
/* For the copy of a pool; filters do not choose for a mirrored one. */
void ixgbe_rx_meta(IxgbeAdapter *a, IxgbeRxClass *c, unsigned pool,
                   bool original, IxgbeRxMeta *meta);

/* tuple.c */
void ixgbe_tuple_refresh(IxgbeAdapter *a);
bool ixgbe_tuple_match(IxgbeAdapter *a, const uint8_t *frame,
                       const FrameInfo *info, TupleSet *hits);
/* -1: none of the @candidates is for the pool. */
int ixgbe_tuple_queue(IxgbeAdapter *a, const TupleSet *candidates,
                      unsigned pool, bool *lli);

/* fdir.c */
void ixgbe_fdir_refresh(IxgbeAdapter *a);
/* An empty table as FDIRCTRL has it. */
void ixgbe_fdir_start(IxgbeAdapter *a);
bool ixgbe_fdir_enabled(const IxgbeAdapter *a);
void ixgbe_fdir_lookup(const IxgbeAdapter *a, const FdirFlow *flow,
                       unsigned pool, FdirMatch *match);
void ixgbe_fdir_count(IxgbeAdapter *a, bool found);

/* pktbuf.c */
typedef enum PktbufResult {
    PKTBUF_STORED,
    PKTBUF_DROPPED,
    PKTBUF_FULL,                /* only if @wait */
} PktbufResult;
PktbufResult ixgbe_pktbuf_put(IxgbeAdapter *a, unsigned pool, unsigned tc,
                              Frame *frame, const IxgbeRxMeta *meta,
                              bool wait);
void ixgbe_pktbuf_run(IxgbeAdapter *a, IxgbeAdapterPort *port);
void ixgbe_pktbuf_refresh(IxgbeAdapter *a);
bool ixgbe_pktbuf_has_work(const IxgbeAdapterPort *port);
void ixgbe_pktbuf_flush(IxgbeAdapterPort *port);
/* The port has frames of class @tc. */
void ixgbe_pktbuf_mark(IxgbeAdapterPort *port, unsigned tc);
bool ixgbe_pktbuf_drop_enabled(const IxgbeAdapter *a, unsigned pool);
IxgbeRegWrite ixgbe_qde_write;
IxgbeRegRead ixgbe_qde_read;

/* stats.c */
/* Counters stop at their largest value. */
void ixgbe_stats_add(IxgbeAdapter *a, uint32_t offset, uint32_t n);
/* Any frame that arrived; of these, the good ones; of these, those that passed
 * the filters. */
void ixgbe_stats_wire_rx(IxgbeAdapter *a, const Frame *frame);
void ixgbe_stats_wire_unfiltered(IxgbeAdapter *a, const Frame *frame);
void ixgbe_stats_wire_good(IxgbeAdapter *a, const Frame *frame);
void ixgbe_stats_wire_tx(IxgbeAdapter *a, const Frame *frame);
/* A PAUSE frame of the MAC's own. */
void ixgbe_stats_control_tx(IxgbeAdapter *a);
/* A copy from one pool to another. */
void ixgbe_stats_local(IxgbeAdapter *a, size_t len);
void ixgbe_stats_queue_rx(IxgbeAdapter *a, unsigned queue, size_t len,
                          bool loopback);
void ixgbe_stats_queue_drop(IxgbeAdapter *a, unsigned queue, size_t len);
void ixgbe_stats_queue_tx(IxgbeAdapter *a, unsigned queue, size_t len);

#endif
