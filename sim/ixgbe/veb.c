/*
 * The embedded switch, 7.10.3: between pools, and between pools and the wire.
 *
 * Nothing is delivered from here: frames go into the packet buffers, so a
 * frame of a VF cannot come back into the VF's own call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"
#include "spec/ixgbe_desc.h"

typedef struct Route {
    uint64_t pools;             /* local copies */
    bool wire;
    bool dropped;
} Route;

/* 8.2.3.27 VMVIR: the port VLAN's tag.  The result has its own reference. */
static Frame *insert_port_vlan(const IxgbeAdapter *a, unsigned pool,
                               Frame *frame)
{
    uint32_t vmvir = reg(a, IXGBE_VMVIR(pool));
    Frame *tagged;

    if ((vmvir & IXGBE_VMVIR_ACTION) != IXGBE_VMVIR_DEFAULT) {
        return frame_ref(frame);
    }
    tagged = frame_alloc(frame->len + FRAME_VLAN_LEN);
    if (tagged) {
        memcpy(tagged->data, frame->data, 12);
        wr_be16(tagged->data + 12,
                reg(a, IXGBE_DMATXCTL) >> IXGBE_DMATXCTL_VT_SHIFT);
        wr_be16(tagged->data + 14, vmvir);
        memcpy(tagged->data + 16, frame->data + 12, frame->len - 12);
    }
    return tagged;
}

/*
 * 7.10.3.4: a frame goes to the pools that want it, unicast then not to the
 * wire.  The sender's own pool is left out, unless it alone has the address
 * and PFVMTXSW lets it (the effect of that register is taken from the same
 * bits of Intel's 82580 family).
 */
static Route route(IxgbeAdapter *a, unsigned pool, const Frame *frame)
{
    bool multicast = frame_is_multicast(frame->data);
    Route r = { .wire = true };
    uint64_t self = POOL_BIT(pool);
    uint64_t pools;

    if (!ixgbe_adapter_vt(a) ||
        !(reg(a, IXGBE_PFDTXGSWC) & IXGBE_PFDTXGSWC_LBE)) {
        return r;
    }
    pools = ixgbe_pools_local(a, frame);
    r.pools = pools & ~self & a->filters.rx_pools;
    if (multicast) {
        return r;
    }
    r.wire = !pools;
    if (pools == self) {
        if (reg(a, IXGBE_PFVMTXSW(pool / 32)) >> (pool % 32) & 1) {
            r.pools = self & a->filters.rx_pools;
        } else {
            r.dropped = true;
        }
    }
    return r;
}

static PktbufResult store(IxgbeAdapter *a, unsigned pool, Frame *frame,
                          IxgbeRxClass *c, bool wait)
{
    IxgbeRxMeta meta;

    ixgbe_rx_meta(a, c, pool, true, &meta);
    return ixgbe_pktbuf_put(a, pool, c->traffic_class, frame, &meta, wait);
}

static void store_all(IxgbeAdapter *a, uint64_t pools, Frame *frame,
                      IxgbeRxClass *c)
{
    for (; pools; pools &= pools - 1) {
        store(a, __builtin_ctzll(pools), frame, c, false);
    }
}

/* Filters choose no queue for a mirrored copy (7.1.2.3). */
static void store_mirrored(IxgbeAdapter *a, uint64_t pools, Frame *frame,
                           IxgbeRxClass *c)
{
    for (; pools; pools &= pools - 1) {
        unsigned pool = __builtin_ctzll(pools);
        IxgbeRxMeta meta;

        ixgbe_rx_meta(a, c, pool, false, &meta);
        ixgbe_pktbuf_put(a, pool, c->traffic_class, frame, &meta, false);
    }
}

typedef struct Seen {
    uint64_t pools;             /* that got or sent it */
    bool from_wire;
    bool to_wire;
} Seen;

static bool mirror_wants(const IxgbeAdapter *a, unsigned rule, uint32_t ctl,
                         const Seen *seen, unsigned vlan_slot)
{
    uint64_t pools = (uint64_t)reg(a, IXGBE_VMRVM(rule + 4)) << 32 |
                     reg(a, IXGBE_VMRVM(rule));
    uint64_t vlans = (uint64_t)reg(a, IXGBE_VMRVLAN(rule + 4)) << 32 |
                     reg(a, IXGBE_VMRVLAN(rule));

    return ((ctl & IXGBE_MRCTL_VPME) && (seen->pools & pools)) ||
           ((ctl & IXGBE_MRCTL_UPME) && seen->from_wire) ||
           ((ctl & IXGBE_MRCTL_DPME) && seen->to_wire) ||
           ((ctl & IXGBE_MRCTL_VLME) && vlan_slot &&
            (vlans >> (vlan_slot - 1) & 1));
}

/* 7.10.3.8: a copy to the mirror pool, unless it has the frame anyway. */
static void mirror(IxgbeAdapter *a, const Seen *seen, Frame *frame,
                   IxgbeRxClass *c)
{
    uint64_t targets = 0;
    unsigned vlan_slot = 0;
    uint16_t vid;

    if (!a->filters.mirrors) {
        return;
    }
    if (ixgbe_frame_vlan(a, frame, &vid)) {
        vlan_slot = a->filters.vlan_slot[vid];
    }
    for (unsigned rule = 0; rule < MIRROR_RULES; rule++) {
        uint32_t ctl = reg(a, IXGBE_MRCTL(rule));

        if (mirror_wants(a, rule, ctl, seen, vlan_slot)) {
            targets |= POOL_BIT(ctl >> IXGBE_MRCTL_POOL_SHIFT & 0x3f);
        }
    }
    store_mirrored(a, targets & ~seen->pools & a->filters.rx_pools, frame, c);
}

/* Local copies.  False if the one pool that a frame is for has no room. */
static bool send_local(IxgbeAdapter *a, unsigned pool, const Route *r,
                       Frame *frame)
{
    IxgbeRxClass class;
    Seen seen = { .pools = r->pools | POOL_BIT(pool), .to_wire = r->wire };

    if (!r->pools && !a->filters.mirrors) {
        return true;
    }
    ixgbe_rx_classify(a, frame, true, &class);
    if (r->pools && !(r->pools & (r->pools - 1)) && !r->wire) {
        if (store(a, __builtin_ctzll(r->pools), frame, &class, true) ==
            PKTBUF_FULL) {
            return false;
        }
    } else {
        store_all(a, r->pools, frame, &class);
    }
    a->stats.local_frames += __builtin_popcountll(r->pools);
    for (uint64_t left = r->pools; left; left &= left - 1) {
        ixgbe_stats_local(a, frame->len);
    }
    mirror(a, &seen, frame, &class);
    return true;
}

static bool transmit_enabled(const IxgbeAdapter *a, unsigned pool)
{
    return (reg(a, IXGBE_DMATXCTL) & IXGBE_DMATXCTL_TE) &&
           (!ixgbe_adapter_vt(a) ||
            (reg(a, IXGBE_VFTE(pool / 32)) >> (pool % 32) & 1));
}

/* Behind the switch: security block, packet buffer of the class. */
static void send_wire(IxgbeAdapter *a, unsigned tc, Frame *frame,
                      const IxgbeTxMeta *meta)
{
    Frame *out = ixgbe_ipsec_transmit(a, frame, meta);

    if (out) {
        ixgbe_txsched_push(a, tc, out,
                           meta->timestamp ? IXGBE_WIRE_TIMESTAMP : 0);
    }
    frame_unref(out);
}

static bool veb_send(IxgbeAdapter *a, unsigned pool, unsigned queue,
                     Frame *frame, const IxgbeTxMeta *meta)
{
    unsigned tc = ixgbe_txsched_tc(a, queue);
    Route r = route(a, pool, frame);

    if (r.wire && !ixgbe_txsched_has_room(a, tc, frame->len)) {
        return false;
    }
    if (!send_local(a, pool, &r, frame)) {
        return false;
    }
    if (r.wire && a->link_up) {
        send_wire(a, tc, frame, meta);
    } else if (r.wire || r.dropped) {
        a->pool_stats[pool].tx_dropped++;
    }
    trace_ixgbe_veb_frame_send(pool, r.pools, r.wire);
    return true;
}

bool ixgbe_veb_transmit(IxgbeAdapter *a, unsigned pool, unsigned queue,
                        Frame *frame, const IxgbeTxMeta *meta)
{
    IxgbePoolStats *stats = &a->pool_stats[pool];
    Frame *out;
    bool sent = true;

    ixgbe_filters_refresh(a);
    if (frame->len < FRAME_MIN || !transmit_enabled(a, pool)) {
        stats->tx_dropped++;
        return true;
    }
    if (!ixgbe_rate_allows(a, queue)) {
        return false;
    }
    out = insert_port_vlan(a, pool, frame);
    if (!out) {
        stats->tx_dropped++;
        return true;
    }
    if (ixgbe_spoof_check(a, pool, out)) {
        sent = veb_send(a, pool, queue, out, meta);
    }
    if (sent) {
        stats->tx_frames++;
        stats->tx_bytes += out->len;
        ixgbe_stats_queue_tx(a, queue, out->len);
        ixgbe_rate_charge(a, queue, out->len);
    }
    frame_unref(out);
    return sent;
}

/* 8.2.3.7 FCTRL.SBP: bad frames are stored all the same, and marked. */
static bool stored_though_bad(const IxgbeAdapter *a, const Frame *frame)
{
    return (reg(a, IXGBE_FCTRL) & IXGBE_FCTRL_SBP) && frame->len >= FRAME_MIN;
}

/* A frame that the MAC took: @status is what it knows for the write-back. */
static void receive_from_mac(IxgbeAdapter *a, Frame *frame, uint32_t status)
{
    Seen seen = { .from_wire = true };
    IxgbeRxClass class;

    seen.pools = ixgbe_pools_from_wire(a, frame);
    if (seen.pools && !(status & IXGBE_RXS_ERR_RXE)) {
        ixgbe_stats_wire_good(a, frame);
    }
    if (!seen.pools && !a->filters.mirrors) {
        a->stats.wire_rx_filtered++;
        return;
    }
    ixgbe_rx_classify(a, frame, false, &class);
    class.status |= status;
    seen.pools = ixgbe_rx_divert(a, &class, seen.pools);
    if (ixgbe_adapter_vt(a)) {
        seen.pools &= a->filters.rx_pools;
    }
    a->stats.wire_rx_filtered += !seen.pools;
    trace_ixgbe_veb_frame_receive(frame->len, seen.pools);
    store_all(a, seen.pools, frame, &class);
    mirror(a, &seen, frame, &class);
}

void ixgbe_veb_receive(IxgbeAdapter *a, Frame *frame)
{
    uint32_t status = 0;

    ixgbe_filters_refresh(a);
    if (!(reg(a, IXGBE_RXCTRL) & IXGBE_RXCTRL_RXEN)) {
        return;
    }
    ixgbe_stats_wire_rx(a, frame);
    if (!ixgbe_link_frame_fits(a, frame)) {
        if (stored_though_bad(a, frame)) {
            receive_from_mac(a, frame, IXGBE_RXS_ERR_RXE);
        }
        return;
    }
    ixgbe_stats_wire_unfiltered(a, frame);
    ixgbe_flow_receive(a, frame);
    if (ixgbe_timesync_rx(a, frame)) {
        status |= IXGBE_RXS_TS;
    }
    frame = ixgbe_ipsec_receive(a, frame, &status);
    receive_from_mac(a, frame, status);
    frame_unref(frame);
}
