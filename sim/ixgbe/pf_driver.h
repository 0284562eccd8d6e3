/*
 * What the files of the PF driver share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_PF_DRIVER_H
#define SIM_IXGBE_PF_DRIVER_H

#include "iovlab/ixgbe_pf_driver.h"
#include "spec/ixgbe_pf_regs.h"
#include "spec/ixgbe_mbx.h"

#define PF_MAX_VFS 63
#define PF_PLACE_NONE (-2)
#define PF_MAX_FRAME 9728
#define PF_MC_HASHES 30

typedef struct PfVf {
    IxgbePfVfInfo info;
    bool mac_fixed;             /* by the owner: the VF may not change it */
    bool clear_to_send;
    bool rx_off;                /* a frame size that the VF may not have */
    bool query_rss;
    bool check_rests;           /* see ixgbe_pf_driver_filter() */
    bool macvlans;              /* the VF has filters of its own */
    bool ping;                  /* to be sent when the mailbox is free */
    uint32_t xcast;
    uint16_t hashes[PF_MC_HASHES];
    unsigned hash_count;
} PfVf;

/* An address entry and who wants it. */
typedef struct PfAddress {
    uint8_t mac[6];
    int place;                  /* the owner's: VF, default, none */
    uint64_t own;               /* pools of VFs that asked for it */
} PfAddress;

struct IxgbePfDriver {
    const IxgbePfDriverOps *ops;
    void *opaque;
    unsigned num_vfs;
    unsigned pool;              /* the default pool */
    unsigned queues_per_pool;
    bool link_up;
    uint64_t spoofed;
    PfVf vf[PF_MAX_VFS];
    PfAddress address[IXGBE_RAR_ENTRIES];
    uint16_t mta_users[4096];
    uint64_t uplink_vlans[64];
    struct {
        uint16_t vid;
        uint64_t pools;         /* 0: free */
    } vlvf[IXGBE_VLVF_ENTRIES];
};

static inline uint32_t pf_read(IxgbePfDriver *pf, uint32_t offset)
{
    return pf->ops->read(pf->opaque, offset);
}

static inline void pf_write(IxgbePfDriver *pf, uint32_t offset, uint32_t value)
{
    pf->ops->write(pf->opaque, offset, value);
}

static inline void pf_set_bit(IxgbePfDriver *pf, uint32_t table, unsigned bit,
                              bool on)
{
    uint32_t offset = table + bit / 32 * 4;
    uint32_t value = pf_read(pf, offset);
    uint32_t mask = 1u << (bit % 32);

    pf_write(pf, offset, on ? value | mask : value & ~mask);
}

/* pf_driver.c */
void pf_vf_apply_enable(IxgbePfDriver *pf, unsigned vf);
void pf_vf_apply_policy(IxgbePfDriver *pf, unsigned vf);
void pf_vf_apply_spoof(IxgbePfDriver *pf, unsigned vf);

/* pf_filters.c */
bool pf_address_own(IxgbePfDriver *pf, const uint8_t *mac, unsigned vf,
                    bool on);
void pf_address_own_clear(IxgbePfDriver *pf, unsigned vf);
void pf_address_leave_vf(IxgbePfDriver *pf, unsigned vf);
bool pf_vlan_member(IxgbePfDriver *pf, unsigned vid, unsigned vf, bool on);
void pf_vlan_clear(IxgbePfDriver *pf, unsigned vf);
/* A VLAN that the VF's driver asks for, or gives up; false: not allowed. */
bool pf_vlan_own(IxgbePfDriver *pf, unsigned vid, unsigned vf, bool on);
/* The VF is in its port VLAN, whoever has to leave the table for it. */
void pf_vlan_port(IxgbePfDriver *pf, unsigned vf);
void pf_multicast_set(IxgbePfDriver *pf, unsigned vf, const uint16_t *hashes,
                      unsigned count);

/* pf_mailbox.c */
void pf_mailbox_task(IxgbePfDriver *pf);
void pf_mailbox_ping(IxgbePfDriver *pf, unsigned vf);
void pf_vf_reset(IxgbePfDriver *pf, unsigned vf);

#endif
