/*
 * Anti-spoofing, 7.10.3.9.2: a VF may only send from addresses and in VLANs
 * that its pool has.
 *
 * An untagged frame passes the VLAN check: the sources agree that drivers turn
 * the check on without a filter for VLAN 0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"

static bool mac_allowed(const IxgbeAdapter *a, unsigned pool,
                        const Frame *frame)
{
    return ixgbe_mac_pools(a, mac_key(frame->data + 6)) & POOL_BIT(pool);
}

static bool vlan_allowed(const IxgbeAdapter *a, unsigned pool,
                         const Frame *frame)
{
    const IxgbeFilters *f = &a->filters;
    uint16_t vid;

    if (!ixgbe_frame_vlan(a, frame, &vid)) {
        return true;
    }
    return f->vlan_slot[vid] &&
           (f->vlan_pools[f->vlan_slot[vid] - 1] & POOL_BIT(pool));
}

bool ixgbe_spoof_check(IxgbeAdapter *a, unsigned pool, const Frame *frame)
{
    const IxgbeFilters *f = &a->filters;
    bool mac_bad, vlan_bad;

    if (!((f->mac_spoof | f->vlan_spoof) & POOL_BIT(pool))) {
        return true;
    }
    mac_bad = (f->mac_spoof & POOL_BIT(pool)) && !mac_allowed(a, pool, frame);
    vlan_bad = (f->vlan_spoof & POOL_BIT(pool)) &&
               !vlan_allowed(a, pool, frame);
    if (!mac_bad && !vlan_bad) {
        return true;
    }
    trace_ixgbe_spoof_frame_drop(pool, mac_bad, vlan_bad);
    a->pool_stats[pool].tx_spoofed++;
    if (reg(a, IXGBE_VMECM(pool / 32)) >> (pool % 32) & 1) {
        ixgbe_stats_add(a, IXGBE_SSVPC, 1);
    }
    return false;
}
