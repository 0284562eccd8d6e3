/*
 * What the files of the adapter half share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_ADAPTER_H
#define SIM_IXGBE_ADAPTER_H

#include "iovlab/eth.h"
#include "iovlab/ixgbe_adapter.h"
#include "ixgbe/nvm.h"
#include "ixgbe/regs.h"
#include "ixgbe/sfp.h"
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
    STALE_ALL  = 0xf,
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
    size_t buffer_size;         /* receive packet buffer, bytes */
} IxgbeFilters;

struct IxgbeAdapterPort {
    IxgbeAdapter *adapter;
    int function;
    const IxgbeAdapterPortOps *ops;
    void *fn;
    FrameQueue rx;              /* its share of the packet buffer */
    bool rx_blocked;            /* the function said WAIT */
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

struct IxgbeAdapter {
    IxgbeAdapterConfig config;
    const IxgbeAdapterOps *ops;
    void *opaque;
    IxgbeRegs regs;
    unsigned num_vfs;
    bool cable;
    bool link_up;
    bool scheduled;

    unsigned stale;
    IxgbeFilters filters;

    IxgbeAdapterPort *vf[IXGBE_POOLS];
    IxgbeAdapterPort *pf;
    size_t rx_bytes;            /* in all rx queues */
    FrameQueue wire;            /* transmit packet buffer */
    bool wire_blocked;
    uint64_t drop_en[2];        /* QDE.ENABLE by queue */
    IxgbeMailbox mailbox[IXGBE_POOLS];
    IxgbeRate rate[IXGBE_QUEUES];
    uint64_t timer_ns;          /* UINT64_MAX: none */

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

/* veb.c */
bool ixgbe_veb_transmit(IxgbeAdapter *a, unsigned pool, unsigned queue,
                        Frame *frame);
void ixgbe_veb_receive(IxgbeAdapter *a, Frame *frame);

/* spoof.c: whether the pool may send it; counts if not. */
bool ixgbe_spoof_check(IxgbeAdapter *a, unsigned pool, const Frame *frame);

/* rate.c */
void ixgbe_rate_write(IxgbeAdapter *a, uint32_t bcnrc);
uint32_t ixgbe_rate_read(const IxgbeAdapter *a);
bool ixgbe_rate_allows(IxgbeAdapter *a, unsigned queue);
void ixgbe_rate_charge(IxgbeAdapter *a, unsigned queue, size_t len);
void ixgbe_rate_clear(IxgbeAdapter *a);

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
bool ixgbe_link_frame_fits(const IxgbeAdapter *a, const Frame *frame);

/* pins.c */
bool ixgbe_link_laser_off(const IxgbeAdapter *a);

/* timers.c; @left: ns that TCPTIMER has still to count */
void ixgbe_timers_run(IxgbeAdapter *a);
uint64_t ixgbe_timers_left(const IxgbeAdapter *a);
void ixgbe_timers_restart(IxgbeAdapter *a, uint64_t left);

/* rss.c */
void ixgbe_rss_refresh(IxgbeAdapter *a);
/* Fills queue within the pool, hash and type. */
void ixgbe_rss_queue(const IxgbeAdapter *a, const Frame *frame,
                     IxgbeRxMeta *meta);

/* pktbuf.c */
typedef enum PktbufResult {
    PKTBUF_STORED,
    PKTBUF_DROPPED,
    PKTBUF_FULL,                /* only if @wait */
} PktbufResult;
PktbufResult ixgbe_pktbuf_put(IxgbeAdapter *a, unsigned pool, Frame *frame,
                              const IxgbeRxMeta *meta, bool wait);
void ixgbe_pktbuf_run(IxgbeAdapter *a, IxgbeAdapterPort *port);
void ixgbe_pktbuf_refresh(IxgbeAdapter *a);
bool ixgbe_pktbuf_has_work(const IxgbeAdapterPort *port);
void ixgbe_pktbuf_flush(IxgbeAdapterPort *port);
bool ixgbe_pktbuf_drop_enabled(const IxgbeAdapter *a, unsigned pool);
IxgbeRegWrite ixgbe_qde_write;
IxgbeRegRead ixgbe_qde_read;

/* stats.c */
void ixgbe_stats_wire_rx(IxgbeAdapter *a, const Frame *frame, bool good);
void ixgbe_stats_wire_tx(IxgbeAdapter *a, const Frame *frame);
void ixgbe_stats_queue_rx(IxgbeAdapter *a, unsigned queue, size_t len);
void ixgbe_stats_queue_drop(IxgbeAdapter *a, unsigned queue);
void ixgbe_stats_queue_tx(IxgbeAdapter *a, unsigned queue, size_t len);

#endif
