/*
 * The function half as a whole: life, DMA, port, mailbox, draining.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"

#include "iovlab/eth.h"
#include "iovlab-trace.h"

/* Packets of one queue in a turn, so that queues share. */
#define TX_TURN 16
/* Work of one run, about a frame a unit; the rest in the next. */
#define TX_BUDGET 256

IxgbeFunction *ixgbe_vf_new(const IxgbeVfConfig *config,
                            const IxgbeFunctionOps *ops, void *opaque)
{
    IxgbeFunction *fn = g_new0(IxgbeFunction, 1);

    fn->config = *config;
    fn->ops = ops;
    fn->opaque = opaque;
    fn->queues = CLAMP(config->queues, 1, IXGBE_VF_QUEUES);
    fn->rx = g_new0(IxgbeRxq, fn->queues);
    fn->tx = g_new0(IxgbeTxq, fn->queues);
    for (unsigned i = 0; i < fn->queues; i++) {
        fn->rx[i].fn = fn->tx[i].fn = fn;
        fn->rx[i].index = fn->tx[i].index = i;
    }
    fn->intr.fn = fn;
    fn->intr.vectors = IXGBE_VF_VECTORS;
    fn->intr.timer = UINT64_MAX;
    fn->tx_packet = g_malloc(IXGBE_TX_HEADROOM + IXGBE_TX_PACKET_MAX);
    fn->tx_frame = g_malloc(IXGBE_FRAME_MAX);
    fn->rx_frame = g_malloc(IXGBE_FRAME_MAX);
    ixgbe_regs_init(&fn->regs, ixgbe_vf_regmap(), fn);
    ixgbe_function_reset(fn, IXGBE_RESET_POWER);
    return fn;
}

void ixgbe_function_free(IxgbeFunction *fn)
{
    if (!fn) {
        return;
    }
    ixgbe_regs_clear(&fn->regs);
    g_free(fn->tx_packet);
    g_free(fn->tx_frame);
    g_free(fn->rx_frame);
    g_free(fn->rx);
    g_free(fn->tx);
    g_free(fn);
}

void ixgbe_function_set_port(IxgbeFunction *fn, const IxgbePortOps *ops,
                             void *port)
{
    fn->port_ops = ops;
    fn->port = port;
}

/* --- DMA, register access ------------------------------------------------- */

static bool dma_done(IxgbeFunction *fn, uint64_t address, size_t len, bool ok)
{
    if (!ok) {
        trace_ixgbe_function_dma_fault(fn, address, len);
        fn->stats.dma_faults++;
    }
    return ok;
}

bool ixgbe_dma_read(IxgbeFunction *fn, uint64_t address, void *buf,
                    size_t len)
{
    bool ok;

    fn->busy++;
    ok = fn->ops->dma_read(fn->opaque, address, buf, len);
    fn->busy--;
    return dma_done(fn, address, len, ok);
}

bool ixgbe_dma_write(IxgbeFunction *fn, uint64_t address, const void *buf,
                     size_t len)
{
    bool ok;

    fn->busy++;
    ok = fn->ops->dma_write(fn->opaque, address, buf, len);
    fn->busy--;
    return dma_done(fn, address, len, ok);
}

uint64_t ixgbe_function_mmio_read(IxgbeFunction *fn, uint64_t offset,
                                  unsigned size)
{
    if (fn->busy) {
        trace_ixgbe_function_reentry(fn, offset);
        return 0;
    }
    return ixgbe_regs_read(&fn->regs, offset, size);
}

void ixgbe_function_mmio_write(IxgbeFunction *fn, uint64_t offset,
                               uint64_t value, unsigned size)
{
    if (fn->busy) {
        trace_ixgbe_function_reentry(fn, offset);
        return;
    }
    ixgbe_regs_write(&fn->regs, offset, value, size);
}

/* --- reset ------------------------------------------------------------------ */

/* 4.2: queues and interrupts; the mailbox outlives all but power. */
void ixgbe_function_reset(IxgbeFunction *fn, IxgbeResetKind kind)
{
    trace_ixgbe_function_reset(fn, kind);
    ixgbe_regs_reset(&fn->regs, kind);
    for (unsigned i = 0; i < fn->queues; i++) {
        ixgbe_rxq_reset(&fn->rx[i], kind);
        ixgbe_txq_reset(&fn->tx[i], kind);
    }
    fn->other_vector = IXGBE_NO_VECTOR;
    fn->link_seen = false;
    ixgbe_intr_reset(&fn->intr);
    if (kind == IXGBE_RESET_POWER) {
        fn->psrtype = 0;
        fn->vfmailbox = 0;
        memset(fn->state.mbmem, 0, sizeof(fn->state.mbmem));
    }
    if (kind != IXGBE_RESET_SW) {
        memset(&fn->stats, 0, sizeof(fn->stats));
    }
    /* The lock is dropped with whatever held it. */
    fn->vfmailbox &= ~IXGBE_VFMAILBOX_VFU;
    if (fn->port_ops) {
        fn->port_ops->reset(fn->port, kind != IXGBE_RESET_SW);
    }
    ixgbe_function_check_drain(fn);
}

void ixgbe_function_flr(IxgbeFunction *fn)
{
    ixgbe_function_reset(fn, IXGBE_RESET_FLR);
}

void ixgbe_function_power_reset(IxgbeFunction *fn)
{
    ixgbe_function_reset(fn, IXGBE_RESET_POWER);
}

void ixgbe_function_set_bus_master(IxgbeFunction *fn, bool on)
{
    if (fn->bus_master == on) {
        return;
    }
    fn->bus_master = on;
    if (fn->port_ops) {
        fn->port_ops->bus_master(fn->port, on);
    }
    /* Transmit may go on, or a frame that waits is to be dropped. */
    ixgbe_function_schedule(fn);
}

/* --- running ------------------------------------------------------------------ */

void ixgbe_function_schedule(IxgbeFunction *fn)
{
    if (!fn->scheduled && !fn->held) {
        fn->scheduled = true;
        fn->ops->schedule(fn->opaque);
    }
}

static bool may_transmit(const IxgbeFunction *fn)
{
    return fn->bus_master && fn->state.tx_enable && fn->port_ops && !fn->held;
}

static void run_transmit(IxgbeFunction *fn)
{
    unsigned idle = 0;

    fn->tx_budget = TX_BUDGET;
    while (fn->tx_budget > 0 && idle < fn->queues && may_transmit(fn)) {
        bool more = ixgbe_txq_run(&fn->tx[fn->next_tx], TX_TURN);

        fn->next_tx = (fn->next_tx + 1) % fn->queues;
        idle = more ? 0 : idle + 1;
    }
    if (fn->tx_budget <= 0 && may_transmit(fn)) {
        ixgbe_function_schedule(fn);
    }
}

static void offer_again(IxgbeFunction *fn)
{
    bool waiting = false;

    for (unsigned i = 0; i < fn->queues; i++) {
        waiting |= fn->rx[i].waiting;
        fn->rx[i].waiting = false;
    }
    if (waiting && fn->port_ops) {
        fn->port_ops->rx_room(fn->port);
    }
}

void ixgbe_function_run(IxgbeFunction *fn)
{
    fn->scheduled = false;
    if (fn->held || fn->busy) {
        return;
    }
    offer_again(fn);
    run_transmit(fn);
}

void ixgbe_function_timer(IxgbeFunction *fn)
{
    fn->intr.timer = UINT64_MAX;
    ixgbe_intr_evaluate(&fn->intr);
}

void ixgbe_function_hold(IxgbeFunction *fn, bool hold)
{
    if (fn->held == hold) {
        return;
    }
    fn->held = hold;
    fn->scheduled = false;
    if (!hold) {
        /* Whoever was told to wait while the VM stood still. */
        fn->rx[0].waiting = true;
        ixgbe_function_schedule(fn);
    }
    ixgbe_intr_evaluate(&fn->intr);
}

/* --- port ------------------------------------------------------------------------ */

/*
 * 7.10.3.2: RSS spreads a pool's frames over 2^RQPL queues.  The adapter
 * knows how many queues a pool has; how many of them its driver uses is in
 * PSRTYPE, which the function has.
 */
static unsigned rss_queue(const IxgbeFunction *fn, const IxgbeRxMeta *meta)
{
    unsigned used = 1u << (fn->psrtype >> IXGBE_PSRTYPE_RQPL_SHIFT);

    return meta->queue & ~(meta->rss_mask & ~(used - 1));
}

IxgbeRxResult ixgbe_function_rx(IxgbeFunction *fn, const uint8_t *frame,
                                size_t len, const IxgbeRxMeta *meta)
{
    unsigned queue = rss_queue(fn, meta);

    if (fn->held || fn->busy) {
        fn->rx[0].waiting = true;
        if (fn->busy) {
            ixgbe_function_schedule(fn);
        }
        return IXGBE_RX_WAIT;
    }
    if (!fn->bus_master || !fn->state.rx_enable ||
        queue >= fn->queues || len < FRAME_ETH_LEN ||
        len > IXGBE_FRAME_MAX) {
        trace_ixgbe_rxq_drop(fn, queue, len, "function is off");
        fn->stats.rx_dropped++;
        return IXGBE_RX_DONE;
    }
    return ixgbe_rxq_receive(&fn->rx[queue], frame, len, meta);
}

void ixgbe_function_tx_room(IxgbeFunction *fn)
{
    for (unsigned i = 0; i < fn->queues; i++) {
        fn->tx[i].blocked = false;
    }
    ixgbe_function_schedule(fn);
}

#define MAILBOX_EDGES (IXGBE_VFMAILBOX_PFSTS | IXGBE_VFMAILBOX_PFACK)
#define MAILBOX_LEVELS (IXGBE_VFMAILBOX_VFU | IXGBE_VFMAILBOX_PFU)

void ixgbe_function_set_state(IxgbeFunction *fn, const IxgbePortState *state)
{
    bool tell = state->vfmailbox & MAILBOX_EDGES;

    trace_ixgbe_function_state(fn, state->links, state->rx_enable,
                               state->tx_enable, state->pf_reset_done,
                               state->vfmailbox);
    fn->vfmailbox = (fn->vfmailbox & ~MAILBOX_LEVELS) |
                    (state->vfmailbox & (MAILBOX_LEVELS | MAILBOX_EDGES));
    if (state->pf_reset_done && !fn->state.pf_reset_done) {
        fn->vfmailbox |= IXGBE_VFMAILBOX_RSTD;
        tell = true;
    } else if (!state->pf_reset_done && fn->state.pf_reset_done) {
        fn->vfmailbox &= ~IXGBE_VFMAILBOX_RSTD;
        tell = true;
    }
    if (fn->config.link_interrupt && state->links != fn->state.links) {
        tell = true;
    }
    fn->link_seen &= !!(state->links & IXGBE_LINKS_UP);
    fn->state = *state;
    if (tell) {
        ixgbe_intr_raise(&fn->intr, fn->other_vector);
    }
    ixgbe_function_schedule(fn);
}

bool ixgbe_function_link_seen(const IxgbeFunction *fn)
{
    return fn->link_seen;
}

/* 8.3.5 VFMAILBOX; RSTI is a level: the PF driver is not up. */
uint32_t ixgbe_vf_mailbox_read(IxgbeFunction *fn)
{
    uint32_t value = fn->vfmailbox;

    if (!fn->state.pf_reset_done) {
        value |= IXGBE_VFMAILBOX_RSTI;
    }
    fn->vfmailbox &= MAILBOX_LEVELS;
    return value;
}

/* VFU is granted only while the PF does not hold the buffer. */
void ixgbe_vf_mailbox_write(IxgbeFunction *fn, uint32_t value)
{
    uint32_t bits = value & (IXGBE_VFMAILBOX_REQ | IXGBE_VFMAILBOX_ACK);

    if (!(value & IXGBE_VFMAILBOX_VFU)) {
        fn->vfmailbox &= ~IXGBE_VFMAILBOX_VFU;
    } else if (!(fn->vfmailbox & IXGBE_VFMAILBOX_PFU)) {
        fn->vfmailbox |= IXGBE_VFMAILBOX_VFU;
    }
    if (fn->port_ops) {
        fn->port_ops->mailbox(fn->port, bits | (fn->vfmailbox &
                                                IXGBE_VFMAILBOX_VFU));
    }
}

/* --- draining ---------------------------------------------------------------------- */

void ixgbe_function_drain(IxgbeFunction *fn, void (*done)(void *opaque),
                          void *opaque)
{
    fn->drain_done = done;
    fn->drain_opaque = opaque;
    ixgbe_function_check_drain(fn);
}

void ixgbe_function_drain_cancel(IxgbeFunction *fn)
{
    fn->drain_done = NULL;
}

void ixgbe_function_check_drain(IxgbeFunction *fn)
{
    void (*done)(void *opaque) = fn->drain_done;

    if (!done) {
        return;
    }
    for (unsigned i = 0; i < fn->queues; i++) {
        if (!ixgbe_rxq_consumed(&fn->rx[i])) {
            return;
        }
    }
    trace_ixgbe_function_drained(fn);
    fn->drain_done = NULL;
    done(fn->drain_opaque);
}

void ixgbe_function_stats(const IxgbeFunction *fn, IxgbeFunctionStats *stats)
{
    *stats = fn->stats;
}
