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

IxgbeFunction *ixgbe_function_alloc(IxgbeFunctionKind kind,
                                    const IxgbeVfConfig *config,
                                    const IxgbeFunctionOps *ops, void *opaque)
{
    IxgbeFunction *fn = g_new0(IxgbeFunction, 1);

    fn->kind = kind;
    fn->config = *config;
    fn->ops = ops;
    fn->opaque = opaque;
    fn->state.tx_rules = (IxgbeTxRules)IXGBE_TX_RULES_RESET;
    fn->intr.fn = fn;
    fn->intr.timer = UINT64_MAX;
    ixgbe_doorbell_reset(&fn->bell);
    fn->tx_packet = g_malloc(IXGBE_TX_HEADROOM + IXGBE_TX_PACKET_MAX);
    return fn;
}

static void own_queues(IxgbeFunction *fn, unsigned queues)
{
    fn->queues = queues;
    fn->rx = g_new0(IxgbeRxq, queues);
    fn->tx = g_new0(IxgbeTxq, queues);
    for (unsigned i = 0; i < queues; i++) {
        fn->rx[i].fn = fn->tx[i].fn = fn;
        fn->rx[i].index = fn->tx[i].index = i;
    }
}

IxgbeFunction *ixgbe_vf_new(const IxgbeVfConfig *config,
                            const IxgbeFunctionOps *ops, void *opaque)
{
    IxgbeFunction *fn = ixgbe_function_alloc(IXGBE_KIND_VF, config, ops,
                                             opaque);

    own_queues(fn, CLAMP(config->queues, 1, IXGBE_VF_QUEUES));
    fn->psrtype = g_new0(uint32_t, 1);
    fn->intr.vectors = IXGBE_VF_VECTORS;
    ixgbe_regs_init(&fn->regs, ixgbe_vf_regmap(), fn);
    ixgbe_function_reset(fn, IXGBE_RESET_POWER);
    return fn;
}

IxgbeFunction *ixgbe_pf_new(const IxgbeFunctionOps *ops, void *opaque)
{
    static const IxgbeVfConfig config = { .queues = IXGBE_QUEUES };
    IxgbeFunction *pf = ixgbe_function_alloc(IXGBE_KIND_PF, &config, ops,
                                             opaque);

    own_queues(pf, IXGBE_QUEUES);
    pf->rsc = ixgbe_rsc_new();
    for (unsigned i = 0; i < IXGBE_QUEUES; i++) {
        pf->rx[i].rsc = pf->rsc;
    }
    pf->psrtype = g_new0(uint32_t, IXGBE_POOLS);
    pf->intr.vectors = IXGBE_MAX_VECTORS;
    ixgbe_regs_init(&pf->regs, ixgbe_pf_regmap(), pf);
    ixgbe_function_reset(pf, IXGBE_RESET_POWER);
    return pf;
}

void ixgbe_function_free(IxgbeFunction *fn)
{
    if (!fn) {
        return;
    }
    if (fn->kind == IXGBE_KIND_WINDOW) {
        fn->pf->window[fn->vf] = NULL;
        ixgbe_pf_apply_pools(fn->pf);
    } else {
        g_free(fn->rx);
        g_free(fn->tx);
        g_free(fn->psrtype);
    }
    ixgbe_regs_clear(&fn->regs);
    g_free(fn->tx_packet);
    g_free(fn->rsc);
    g_free(fn);
}

void ixgbe_function_set_port(IxgbeFunction *fn, const IxgbePortOps *ops,
                             void *port)
{
    fn->port_ops = ops;
    fn->port = port;
}

/* --- DMA, register access ------------------------------------------------- */

/* The function's DMA or message came back to it. */
static bool in_dma(const IxgbeFunction *fn)
{
    return ixgbe_function_counter(fn)->busy;
}

bool ixgbe_function_is_busy(const IxgbeFunction *fn)
{
    return in_dma(fn) || ixgbe_function_counter(fn)->ringing;
}

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

    ixgbe_function_enter(fn);
    ok = fn->ops->dma_read(fn->opaque, address, buf, len);
    ixgbe_function_leave(fn);
    return dma_done(fn, address, len, ok);
}

bool ixgbe_dma_write(IxgbeFunction *fn, uint64_t address, const void *buf,
                     size_t len)
{
    bool ok;

    ixgbe_function_enter(fn);
    ok = fn->ops->dma_write(fn->opaque, address, buf, len);
    ixgbe_function_leave(fn);
    return dma_done(fn, address, len, ok);
}

bool ixgbe_function_decodes(const IxgbeFunction *fn, uint64_t offset)
{
    unsigned index;

    return offset < ixgbe_regmap_size(fn->regs.map) &&
           ixgbe_regmap_find(fn->regs.map, offset, &index);
}

uint64_t ixgbe_function_mmio_read(IxgbeFunction *fn, uint64_t offset,
                                  unsigned size)
{
    if (ixgbe_function_is_busy(fn)) {
        trace_ixgbe_function_reentry(fn, offset);
        return 0;
    }
    return ixgbe_regs_read(&fn->regs, offset, size);
}

void ixgbe_function_mmio_write(IxgbeFunction *fn, uint64_t offset,
                               uint64_t value, unsigned size)
{
    if (ixgbe_function_is_busy(fn)) {
        trace_ixgbe_function_reentry(fn, offset);
        return;
    }
    ixgbe_regs_write(&fn->regs, offset, value, size);
}

/* --- reset ------------------------------------------------------------------ */

static void reset_queues(IxgbeFunction *fn, IxgbeResetKind kind)
{
    for (unsigned i = 0; i < fn->queues; i++) {
        ixgbe_rxq_reset(&fn->rx[i], kind);
        ixgbe_txq_reset(&fn->tx[i], kind);
    }
}

/* 4.2.2: also the queues of VFs, whose interrupt blocks stay as they are. */
static void reset_pf(IxgbeFunction *pf)
{
    reset_queues(pf, IXGBE_RESET_POWER);
    memset(pf->psrtype, 0, IXGBE_POOLS * sizeof(*pf->psrtype));
    pf->packet_checksum = false;
    ixgbe_intr_reset(&pf->intr);
    ixgbe_pf_apply_pools(pf);
}

/* 4.2.2.2: queues and interrupts; the mailbox outlives all but power. */
static void reset_vf(IxgbeFunction *fn, IxgbeResetKind kind)
{
    reset_queues(fn, kind);
    fn->other_vector = IXGBE_NO_VECTOR;
    fn->link_seen = false;
    ixgbe_intr_reset(&fn->intr);
    if (kind == IXGBE_RESET_POWER) {
        if (fn->queues) {
            *fn->psrtype = 0;
        }
        fn->vfmailbox = 0;
        memset(fn->state.mbmem, 0, sizeof(fn->state.mbmem));
    }
    /* The lock is dropped with whatever held it. */
    fn->vfmailbox &= ~IXGBE_VFMAILBOX_VFU;
}

void ixgbe_function_reset(IxgbeFunction *fn, IxgbeResetKind kind)
{
    trace_ixgbe_function_reset(fn, kind);
    ixgbe_doorbell_reset(&fn->bell);
    ixgbe_regs_reset(&fn->regs, kind);
    if (fn->kind == IXGBE_KIND_PF) {
        reset_pf(fn);
    } else {
        reset_vf(fn, kind);
    }
    if (kind != IXGBE_RESET_SW) {
        memset(&fn->stats, 0, sizeof(fn->stats));
    }
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

void ixgbe_pf_soft_reset(IxgbeFunction *pf)
{
    ixgbe_function_reset(pf, IXGBE_RESET_SW);
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
    ixgbe_function_tx_kick_all(fn);
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

void ixgbe_function_tx_kick(IxgbeTxq *q)
{
    ixgbe_function_tx_ready(q);
    ixgbe_function_schedule(q->fn);
}

void ixgbe_function_tx_kick_all(IxgbeFunction *fn)
{
    memset(fn->tx_ready, 0, sizeof(fn->tx_ready));
    for (unsigned i = 0; i < fn->queues; i++) {
        if (fn->tx[i].fn == fn) {
            ixgbe_function_tx_ready(&fn->tx[i]);
        }
    }
    ixgbe_function_schedule(fn);
}

/* The next queue in turn that may have work. */
static bool next_ready(const IxgbeFunction *fn, unsigned *index)
{
    const unsigned words = G_N_ELEMENTS(fn->tx_ready);
    unsigned from = fn->next_tx / 64;

    for (unsigned n = 0; n <= words; n++) {
        unsigned word = (from + n) % words;
        uint64_t ready = fn->tx_ready[word];

        if (n == 0) {
            ready &= UINT64_MAX << (fn->next_tx % 64);
        }
        if (ready) {
            *index = word * 64 + __builtin_ctzll(ready);
            return *index < fn->queues;
        }
    }
    return false;
}

void ixgbe_function_transmit(IxgbeFunction *fn, int budget)
{
    unsigned i = 0;

    ixgbe_doorbell_ran(&fn->bell);
    fn->tx_budget = budget;
    while (fn->tx_budget > 0 && may_transmit(fn) &&
           !(fn->tx_short && fn->scheduled) && next_ready(fn, &i)) {
        uint64_t bit = 1ull << (i % 64);

        fn->tx_ready[i / 64] &= ~bit;
        fn->next_tx = (i + 1) % IXGBE_QUEUES;
        if (fn->tx[i].fn == fn && ixgbe_txq_run(&fn->tx[i], TX_TURN)) {
            fn->tx_ready[i / 64] |= bit;
        }
    }
    if (may_transmit(fn) && next_ready(fn, &i)) {
        ixgbe_function_schedule(fn);
    }
}

void ixgbe_function_rx_wait(IxgbeRxq *q)
{
    q->waiting = true;
    q->fn->rx_waiting = true;
}

static void offer_again(IxgbeFunction *fn)
{
    if (!fn->rx_waiting) {
        return;
    }
    fn->rx_waiting = false;
    for (unsigned i = 0; i < fn->queues; i++) {
        if (fn->rx[i].fn == fn) {
            fn->rx[i].waiting = false;
        }
    }
    if (fn->port_ops) {
        fn->port_ops->rx_room(fn->port);
    }
}

void ixgbe_function_run(IxgbeFunction *fn)
{
    bool batch;

    fn->scheduled = false;
    if (fn->held || ixgbe_function_is_busy(fn)) {
        return;
    }
    offer_again(fn);
    batch = fn->port_ops && fn->port_ops->begin;
    if (batch) {
        fn->port_ops->begin(fn->port);
    }
    ixgbe_function_transmit(fn, TX_BUDGET);
    if (batch) {
        fn->port_ops->end(fn->port);
    }
}

bool ixgbe_function_may_send(const IxgbeFunction *fn)
{
    return may_transmit(fn) && !in_dma(fn) && fn->port_ops->begin;
}

void ixgbe_function_timer(IxgbeFunction *fn)
{
    uint64_t now = fn->ops->clock_ns(fn->opaque);

    fn->intr.timer = UINT64_MAX;
    ixgbe_doorbell_expire(fn, now);
    ixgbe_rsc_expire(fn->rsc, now);
    ixgbe_intr_evaluate(&fn->intr);
}

void ixgbe_function_hold(IxgbeFunction *fn, bool hold)
{
    if (fn->held == hold) {
        return;
    }
    if (hold) {
        /* What is open would have no place in saved state. */
        ixgbe_rsc_expire(fn->rsc, UINT64_MAX);
        ixgbe_doorbell_reset(&fn->bell);
    }
    fn->held = hold;
    fn->scheduled = false;
    if (!hold) {
        /* Whoever was told to wait while the VM stood still. */
        fn->rx_waiting = true;
        ixgbe_function_tx_kick_all(fn);
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
    unsigned used;

    if (fn->kind == IXGBE_KIND_PF) {
        return ixgbe_pf_rss_queue(fn, meta);
    }
    used = 1u << (*fn->psrtype >> IXGBE_PSRTYPE_RQPL_SHIFT);
    return meta->queue & ~(meta->rss_mask & ~(used - 1));
}

IxgbeRxResult ixgbe_function_rx(IxgbeFunction *fn, const uint8_t *frame,
                                size_t len, const IxgbeRxMeta *meta)
{
    unsigned queue = rss_queue(fn, meta);

    if (fn->held || in_dma(fn)) {
        fn->rx_waiting = true;
        if (!fn->held) {
            ixgbe_function_schedule(fn);
        }
        return IXGBE_RX_WAIT;
    }
    if (!fn->bus_master || !fn->state.rx_enable ||
        queue >= fn->queues || fn->rx[queue].fn != fn ||
        len < FRAME_ETH_LEN || len > IXGBE_FRAME_MAX) {
        trace_ixgbe_rxq_drop(fn, queue, len, "function is off");
        fn->stats.rx_dropped++;
        return IXGBE_RX_DROPPED;
    }
    fn->asked = true;
    return ixgbe_rxq_receive(&fn->rx[queue], frame, len, meta);
}

void ixgbe_function_tx_room(IxgbeFunction *fn)
{
    for (unsigned i = 0; i < fn->queues; i++) {
        IxgbeTxq *q = &fn->tx[i];

        if (q->fn == fn && q->blocked) {
            q->blocked = false;
            ixgbe_function_tx_kick(q);
        }
    }
}

#define MAILBOX_EDGES (IXGBE_VFMAILBOX_PFSTS | IXGBE_VFMAILBOX_PFACK)
#define MAILBOX_LEVELS (IXGBE_VFMAILBOX_VFU | IXGBE_VFMAILBOX_PFU)

void ixgbe_function_set_mailbox(IxgbeFunction *fn, uint32_t levels)
{
    fn->vfmailbox = (fn->vfmailbox & ~MAILBOX_LEVELS) |
                    (levels & MAILBOX_LEVELS);
}

/* A VF's mailbox bits; whether it is to be told. */
static bool take_mailbox(IxgbeFunction *fn, const IxgbePortState *state)
{
    bool tell = state->vfmailbox & MAILBOX_EDGES;

    ixgbe_function_set_mailbox(fn, state->vfmailbox);
    fn->vfmailbox |= state->vfmailbox & MAILBOX_EDGES;
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
    return tell;
}

void ixgbe_function_set_state(IxgbeFunction *fn, const IxgbePortState *state)
{
    bool tell;

    trace_ixgbe_function_state(fn, state->links, state->rx_enable,
                               state->tx_enable, state->pf_reset_done,
                               state->vfmailbox);
    tell = fn->kind != IXGBE_KIND_PF && take_mailbox(fn, state);
    fn->state = *state;
    if (tell) {
        ixgbe_intr_raise(&fn->intr, fn->other_vector);
    }
    ixgbe_function_tx_kick_all(fn);
}

void ixgbe_pf_cause(IxgbeFunction *pf, uint32_t eicr)
{
    uint32_t gpie = *ixgbe_regs_at(&pf->regs, IXGBE_GPIE);

    /* 8.2.3.5.16: SDP pins are causes only where GPIE says so. */
    eicr &= ~IXGBE_EICR_SDPS |
            (gpie & IXGBE_GPIE_SDP) << IXGBE_EICR_SDPS_SHIFT;
    ixgbe_intr_raise_mask(&pf->intr, 0, eicr & 0xffff0000u);
}

void ixgbe_function_apply_ivar(IxgbeFunction *fn)
{
    if (fn->kind == IXGBE_KIND_PF) {
        ixgbe_pf_apply_ivar(fn);
    } else {
        ixgbe_vf_apply_ivar(fn);
    }
}

bool ixgbe_function_link_seen(const IxgbeFunction *fn)
{
    return fn->link_seen;
}

void ixgbe_function_link_remind(IxgbeFunction *fn)
{
    if (fn->config.link_interrupt && !fn->link_seen &&
        (fn->state.links & IXGBE_LINKS_UP)) {
        ixgbe_intr_raise(&fn->intr, fn->other_vector);
    }
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
        if (fn->rx[i].fn == fn && !ixgbe_rxq_consumed(&fn->rx[i])) {
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
