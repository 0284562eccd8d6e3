/*
 * A PF driver for the simulated host.
 *
 * It knows the adapter only through PF registers, and programs them as a
 * driver for the hardware with SR-IOV on would: VFs have pools 0..N-1, the PF
 * has pool N, the default pool, where everything goes that is no VF's.  It
 * answers the VFs' mailbox (API 1.0 to 1.5).
 *
 * Policy is the owner's: which VF has which address, whether a VM's address is
 * served by its VF's pool or by the default pool (the data path), and so on.
 * A VF pool carries unicast; broadcast and multicast go to the default pool,
 * except for a VF with multicast allowed (a VM without a synthetic NIC).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_IXGBE_PF_DRIVER_H
#define IOVLAB_IXGBE_PF_DRIVER_H

#include "iovlab/bytes.h"
#include "iovlab/state.h"

typedef struct IxgbePfDriver IxgbePfDriver;

typedef enum IxgbePfEvent {
    IXGBE_PF_VF_RESET,          /* FLR or VFCTRL.RST was seen and served */
    IXGBE_PF_VF_READY,          /* the VF driver sent RESET: it is there */
    IXGBE_PF_VF_MAC,            /* the VF took another address */
    IXGBE_PF_LINK,              /* link up or down; vf is 0 */
    IXGBE_PF_SPOOFED,           /* anti-spoofing dropped frames; vf is 0, the
                                   register does not say whose */
} IxgbePfEvent;

typedef struct IxgbePfDriverOps {
    uint32_t (*read)(void *opaque, uint32_t offset);
    void (*write)(void *opaque, uint32_t offset, uint32_t value);
    /* NumVFs and VF Enable of the SR-IOV capability. */
    void (*set_num_vfs)(void *opaque, unsigned count);
    void (*event)(void *opaque, IxgbePfEvent event, unsigned vf);
} IxgbePfDriverOps;

/*
 * Resets the adapter and brings it up with @num_vfs VFs (0..63), none of them
 * assigned.  With 0 the adapter has no SR-IOV: everything is the PF's.
 */
IxgbePfDriver *ixgbe_pf_driver_new(unsigned num_vfs,
                                   const IxgbePfDriverOps *ops, void *opaque);
/* Stops the adapter; VFs see the PF go. */
void ixgbe_pf_driver_free(IxgbePfDriver *pf);

/* EICR causes came up.  Call it from the main loop, not from inside a write. */
void ixgbe_pf_driver_interrupt(IxgbePfDriver *pf, uint32_t eicr);
/* About once a second: anti-spoofing counters. */
void ixgbe_pf_driver_watchdog(IxgbePfDriver *pf);

unsigned ixgbe_pf_driver_num_vfs(const IxgbePfDriver *pf);
unsigned ixgbe_pf_driver_default_pool(const IxgbePfDriver *pf);
bool ixgbe_pf_driver_link_up(const IxgbePfDriver *pf);

/* --- VFs ----------------------------------------------------------------- */

/* A free VF, now assigned and disabled; -1 if there is none. */
int ixgbe_pf_driver_vf_assign(IxgbePfDriver *pf);
/* A VF by number; false if it is assigned or does not exist. */
bool ixgbe_pf_driver_vf_assign_number(IxgbePfDriver *pf, unsigned vf);
/* Disables it, takes its filters away, resets its settings. */
void ixgbe_pf_driver_vf_free(IxgbePfDriver *pf, unsigned vf);
unsigned ixgbe_pf_driver_vfs_free(const IxgbePfDriver *pf);

/*
 * Address of the VF, told to a mailbox driver and required by anti-spoofing.
 * It is no receive filter by itself: see ixgbe_pf_driver_filter().
 */
void ixgbe_pf_driver_vf_set_mac(IxgbePfDriver *pf, unsigned vf,
                                const uint8_t mac[6]);
void ixgbe_pf_driver_vf_mac(const IxgbePfDriver *pf, unsigned vf,
                            uint8_t mac[6]);
/* Pool's VFRE and VFTE. */
void ixgbe_pf_driver_vf_enable(IxgbePfDriver *pf, unsigned vf, bool on);
/* Port VLAN (0: none) and its priority. */
void ixgbe_pf_driver_vf_set_vlan(IxgbePfDriver *pf, unsigned vf, uint16_t vid,
                                 uint8_t qos);
void ixgbe_pf_driver_vf_set_spoof_check(IxgbePfDriver *pf, unsigned vf,
                                        bool on);
/* Queue pairs that GET_QUEUES tells the VF; no more than its pool has. */
void ixgbe_pf_driver_vf_set_queues(IxgbePfDriver *pf, unsigned vf,
                                   unsigned pairs);
/* A trusted VF may ask for all multicast and change its address. */
void ixgbe_pf_driver_vf_set_trust(IxgbePfDriver *pf, unsigned vf, bool on);
/* Megabits a second, 0: no limit.  False if the link is too slow for it. */
bool ixgbe_pf_driver_vf_set_rate(IxgbePfDriver *pf, unsigned vf,
                                 unsigned mbps);
typedef enum IxgbePfLinkState {
    IXGBE_PF_LINK_AUTO,         /* as the PF's */
    IXGBE_PF_LINK_ENABLE,
    IXGBE_PF_LINK_DISABLE,
} IxgbePfLinkState;
void ixgbe_pf_driver_vf_set_link_state(IxgbePfDriver *pf, unsigned vf,
                                       IxgbePfLinkState state);
/* Broadcast and multicast into the VF's pool as well. */
void ixgbe_pf_driver_vf_set_multicast(IxgbePfDriver *pf, unsigned vf, bool on);
void ixgbe_pf_driver_vf_set_query_rss(IxgbePfDriver *pf, unsigned vf, bool on);
/* Tells a mailbox driver to start over. */
/* All VFs' anti-spoofing drops that the watchdog has seen. */
uint64_t ixgbe_pf_driver_spoofed(const IxgbePfDriver *pf);
void ixgbe_pf_driver_vf_ping(IxgbePfDriver *pf, unsigned vf);

typedef struct IxgbePfVfInfo {
    bool assigned;
    bool enabled;
    bool ready;                 /* a mailbox driver is talking */
    bool spoof_check;
    bool trusted;
    bool multicast;
    uint8_t mac[6];
    uint8_t qos;
    uint16_t vid;
    unsigned rate_mbps;
    IxgbePfLinkState link_state;
    unsigned queues;            /* told to it; 0: all of its pool's */
    unsigned api;               /* negotiated, as in the mailbox message */
} IxgbePfVfInfo;

void ixgbe_pf_driver_vf_info(const IxgbePfDriver *pf, unsigned vf,
                             IxgbePfVfInfo *info);

/* --- filters: the data path ---------------------------------------------- */

#define IXGBE_PF_DEFAULT_POOL (-1)

/*
 * Frames for @mac go to the pool of @vf, or to the default pool.  One address
 * has one place: a second call moves it, and no frame finds it nowhere in
 * between.  False if the filter table is full.
 *
 * Leaving a VF's pool, the address would at once be a forged one for what its
 * guest has still to send there: the VF's address check rests until
 * ixgbe_pf_driver_vf_check_again(), or until the VF has the filter again or is
 * freed.
 */
bool ixgbe_pf_driver_filter(IxgbePfDriver *pf, const uint8_t mac[6], int vf);
void ixgbe_pf_driver_vf_check_again(IxgbePfDriver *pf, unsigned vf);
void ixgbe_pf_driver_filter_remove(IxgbePfDriver *pf, const uint8_t mac[6]);
/* The VF whose pool has it, IXGBE_PF_DEFAULT_POOL, or -2 if nobody. */
int ixgbe_pf_driver_filter_place(const IxgbePfDriver *pf,
                                 const uint8_t mac[6]);
/* VLAN membership of the default pool. */
bool ixgbe_pf_driver_uplink_vlan(IxgbePfDriver *pf, uint16_t vid, bool on);

/*
 * What the driver knows beside the registers, which are the adapter's to save.
 * Load after ixgbe_adapter_load(), with the same number of VFs; nothing is
 * written to registers.  On failure the driver is as it was.
 */
void ixgbe_pf_driver_save(const IxgbePfDriver *pf, StateWriter *w);
bool ixgbe_pf_driver_load(IxgbePfDriver *pf, StateReader *r);

#endif
