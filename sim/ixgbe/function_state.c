/*
 * The function half in a migration stream.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"

#define STATE_VERSION 4

static void save_rules(const IxgbeTxRules *rules, StateWriter *w)
{
    state_put_u16(w, rules->tcp_first);
    state_put_u16(w, rules->tcp_middle);
    state_put_u16(w, rules->tcp_last);
    state_put_u16(w, rules->vlan_type);
    state_put_u16(w, rules->outer_type);
    state_put_bool(w, rules->pad);
}

static void load_rules(IxgbeTxRules *rules, StateReader *r)
{
    rules->tcp_first = state_get_u16(r);
    rules->tcp_middle = state_get_u16(r);
    rules->tcp_last = state_get_u16(r);
    rules->vlan_type = state_get_u16(r);
    rules->outer_type = state_get_u16(r);
    rules->pad = state_get_bool(r);
}

static void save_port(const IxgbeFunction *fn, StateWriter *w)
{
    state_put_u32(w, fn->state.links);
    state_put_bool(w, fn->state.rx_enable);
    state_put_bool(w, fn->state.tx_enable);
    state_put_bool(w, fn->state.tx_vlan_insert);
    state_put_bool(w, fn->state.pf_reset_done);
    state_put_u8(w, fn->state.rx_flags);
    state_put_u16(w, fn->state.vlan_type);
    state_put_u16(w, fn->state.outer_type);
    save_rules(&fn->state.tx_rules, w);
    for (unsigned i = 0; i < IXGBE_MBX_DWORDS; i++) {
        state_put_u32(w, fn->state.mbmem[i]);
    }
    state_put_u32(w, fn->vfmailbox);
}

static void load_port(IxgbeFunction *fn, StateReader *r)
{
    fn->state.links = state_get_u32(r);
    fn->state.rx_enable = state_get_bool(r);
    fn->state.tx_enable = state_get_bool(r);
    fn->state.tx_vlan_insert = state_get_bool(r);
    fn->state.pf_reset_done = state_get_bool(r);
    fn->state.rx_flags = state_get_u8(r) & IXGBE_RX_FLAGS;
    fn->state.vlan_type = state_get_u16(r);
    fn->state.outer_type = state_get_u16(r);
    load_rules(&fn->state.tx_rules, r);
    for (unsigned i = 0; i < IXGBE_MBX_DWORDS; i++) {
        fn->state.mbmem[i] = state_get_u32(r);
    }
    fn->vfmailbox = state_get_u32(r) &
                    (IXGBE_VFMAILBOX_VFU | IXGBE_VFMAILBOX_PFU |
                     IXGBE_VFMAILBOX_PFSTS | IXGBE_VFMAILBOX_PFACK |
                     IXGBE_VFMAILBOX_RSTD);
}

static void save_stats(const IxgbeFunctionStats *s, StateWriter *w)
{
    state_put_u64(w, s->rx_frames);
    state_put_u64(w, s->rx_bytes);
    state_put_u64(w, s->rx_multicast);
    state_put_u64(w, s->rx_dropped);
    state_put_u64(w, s->tx_frames);
    state_put_u64(w, s->tx_bytes);
    state_put_u64(w, s->tx_dropped);
    state_put_u64(w, s->dma_faults);
}

static void load_stats(IxgbeFunctionStats *s, StateReader *r)
{
    s->rx_frames = state_get_u64(r);
    s->rx_bytes = state_get_u64(r);
    s->rx_multicast = state_get_u64(r);
    s->rx_dropped = state_get_u64(r);
    s->tx_frames = state_get_u64(r);
    s->tx_bytes = state_get_u64(r);
    s->tx_dropped = state_get_u64(r);
    s->dma_faults = state_get_u64(r);
}

static unsigned psrtypes(const IxgbeFunction *fn)
{
    return fn->kind == IXGBE_KIND_PF ? IXGBE_POOLS :
           fn->kind == IXGBE_KIND_VF ? 1 : 0;
}

/* What a window shows is in its PF's state. */
static void save_queues(const IxgbeFunction *fn, StateWriter *w)
{
    unsigned queues = fn->kind == IXGBE_KIND_WINDOW ? 0 : fn->queues;

    state_put_u8(w, fn->kind);
    state_put_u32(w, queues);
    for (unsigned i = 0; i < queues; i++) {
        ixgbe_rxq_save(&fn->rx[i], w);
        ixgbe_txq_save(&fn->tx[i], w);
    }
    for (unsigned i = 0; i < psrtypes(fn); i++) {
        state_put_u32(w, fn->psrtype[i]);
    }
    state_put_u8(w, fn->vfs);
    state_put_u8(w, fn->pool_queues);
}

static void load_queues(IxgbeFunction *fn, StateReader *r)
{
    unsigned queues = fn->kind == IXGBE_KIND_WINDOW ? 0 : fn->queues;
    unsigned vfs, pool_queues;

    if (state_get_u8(r) != fn->kind || state_get_u32(r) != queues) {
        state_fail(r, "the function has %u queue pairs here", queues);
    }
    for (unsigned i = 0; i < queues && state_ok(r); i++) {
        ixgbe_rxq_load(&fn->rx[i], r);
        ixgbe_txq_load(&fn->tx[i], r);
        fn->tx[i].blocked = false;
    }
    for (unsigned i = 0; i < psrtypes(fn); i++) {
        fn->psrtype[i] = state_get_u32(r);
    }
    vfs = state_get_u8(r);
    pool_queues = state_get_u8(r);
    if (!ixgbe_pf_pools_valid(vfs, pool_queues) ||
        (vfs && fn->kind != IXGBE_KIND_PF)) {
        state_fail(r, "no layout has %u VFs of %u queues", vfs, pool_queues);
    }
    if (state_ok(r)) {
        fn->vfs = vfs;
        fn->pool_queues = pool_queues;
    }
}

void ixgbe_function_save(const IxgbeFunction *fn, StateWriter *w)
{
    state_put_section(w, "IXFN", STATE_VERSION);
    save_queues(fn, w);
    ixgbe_regs_save(&fn->regs, w);
    ixgbe_intr_save(&fn->intr, w);
    save_port(fn, w);
    save_stats(&fn->stats, w);
    state_put_bool(w, fn->bus_master);
}

static bool load(IxgbeFunction *fn, StateReader *r)
{
    state_get_section_only(r, "IXFN", STATE_VERSION);
    load_queues(fn, r);
    if (!state_ok(r) || !ixgbe_regs_load(&fn->regs, r)) {
        return false;
    }
    ixgbe_intr_load(&fn->intr, r);
    load_port(fn, r);
    load_stats(&fn->stats, r);
    fn->bus_master = state_get_bool(r);
    return state_ok(r);
}

bool ixgbe_function_load(IxgbeFunction *fn, StateReader *r)
{
    if (!load(fn, r)) {
        ixgbe_function_power_reset(fn);
        return false;
    }
    if (fn->kind == IXGBE_KIND_PF) {
        ixgbe_pf_apply_rxcsum(fn);
        ixgbe_pf_apply_pools(fn);
    } else {
        ixgbe_vf_apply_ivar(fn);
    }
    fn->rx_waiting = true;
    ixgbe_function_tx_kick_all(fn);
    return true;
}
