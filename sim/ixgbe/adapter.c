/*
 * The adapter half as a whole: life, ports, and the run that moves frames.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"
#include "spec/ixgbe_ipsec_regs.h"

#define WIRE_BUDGET 256

bool ixgbe_adapter_vt(const IxgbeAdapter *a)
{
    return reg(a, IXGBE_VT_CTL) & IXGBE_VT_CTL_ENA;
}

unsigned ixgbe_adapter_default_pool(const IxgbeAdapter *a)
{
    return reg(a, IXGBE_VT_CTL) >> IXGBE_VT_CTL_POOL_SHIFT & 0x3f;
}

IxgbeAdapterPort *ixgbe_adapter_pool_port(const IxgbeAdapter *a, unsigned pool)
{
    return pool < a->num_vfs && ixgbe_adapter_vt(a) ? a->vf[pool] : a->pf;
}

void ixgbe_adapter_schedule(IxgbeAdapter *a)
{
    if (!a->scheduled) {
        a->scheduled = true;
        if (!a->batch) {
            a->ops->schedule(a->opaque);
        }
    }
}

void ixgbe_adapter_queued(IxgbeAdapter *a)
{
    if (!a->running) {
        ixgbe_adapter_schedule(a);
    }
}

void ixgbe_adapter_wake_at(IxgbeAdapter *a, uint64_t ns)
{
    if (ns < a->timer_ns) {
        a->timer_ns = ns;
        a->ops->set_timer(a->opaque, ns);
    }
}

/* The n-th port of 65, NULL if nothing is attached there. */
static IxgbeAdapterPort *port_at(const IxgbeAdapter *a, unsigned n)
{
    return n < IXGBE_POOLS ? a->vf[n] : a->pf;
}

void ixgbe_adapter_state_stale(IxgbeAdapter *a, uint64_t pools)
{
    for (unsigned n = 0; n < IXGBE_POOLS; n++) {
        if (a->vf[n] && (pools & POOL_BIT(n))) {
            a->vf[n]->state_stale = true;
        }
    }
    if (a->pf) {
        a->pf->state_stale = true;
    }
    a->states_stale = true;
    ixgbe_adapter_schedule(a);
}

/*
 * 4.2.1: everything of the adapter but the cable and the functions' own.  The
 * NVM's part for this port is read again; only CTRL.LRST and power take the
 * link down.
 */
void ixgbe_adapter_soft_reset(IxgbeAdapter *a, IxgbeResetKind kind)
{
    trace_ixgbe_adapter_reset(kind);
    ixgbe_regs_reset(&a->regs, kind);
    ixgbe_nvm_auto_read(a);
    ixgbe_timers_restart(a, 0);
    if (kind & (IXGBE_RESET_LINK | IXGBE_RESET_POWER)) {
        ixgbe_link_drop(a);
    }
    ixgbe_mailbox_reset(a);
    ixgbe_rate_clear(a);
    memset(a->drop_en, 0, sizeof(a->drop_en));
    ixgbe_fdir_start(a);
    for (unsigned n = 0; n <= IXGBE_POOLS; n++) {
        if (port_at(a, n)) {
            ixgbe_pktbuf_flush(port_at(a, n));
        }
    }
    ixgbe_txsched_reset(a);
    ixgbe_flow_reset(a);
    ixgbe_ipsec_reset(a);
    a->stale = STALE_ALL;
    ixgbe_link_update(a);
    ixgbe_timesync_reset(a);
    ixgbe_adapter_state_stale(a, UINT64_MAX);
    if (kind & (IXGBE_RESET_SW | IXGBE_RESET_LINK) && a->ops->reset) {
        a->ops->reset(a->opaque);
    }
}

IxgbeAdapter *ixgbe_adapter_new(const IxgbeAdapterConfig *config,
                                const IxgbeAdapterOps *ops, void *opaque)
{
    IxgbeAdapter *a = g_new0(IxgbeAdapter, 1);

    a->config = *config;
    a->ops = ops;
    a->opaque = opaque;
    a->timer_ns = UINT64_MAX;
    a->tcp_deadline = UINT64_MAX;
    frame_queue_init(&a->flow.out, 0, 0);
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        frame_queue_init(&a->wire[tc], 0, 0);
    }
    a->ipsec = ixgbe_ipsec_new();
    ixgbe_regs_init(&a->regs, ixgbe_adapter_regmap(), a);
    ixgbe_nvm_init(a);
    ixgbe_sfp_insert(a);
    ixgbe_nvm_auto_read(a);
    ixgbe_timesync_reset(a);
    a->stale = STALE_ALL;
    return a;
}

void ixgbe_adapter_power_reset(IxgbeAdapter *a)
{
    a->num_vfs = 0;
    ixgbe_adapter_soft_reset(a, IXGBE_RESET_POWER);
}

void ixgbe_adapter_free(IxgbeAdapter *a)
{
    if (!a) {
        return;
    }
    for (unsigned n = 0; n <= IXGBE_POOLS; n++) {
        if (port_at(a, n)) {
            ixgbe_adapter_detach(port_at(a, n));
        }
    }
    ixgbe_txsched_reset(a);
    ixgbe_flow_reset(a);
    g_free(a->ipsec);
    fdir_table_clear(&a->fdir.table);
    ixgbe_regs_clear(&a->regs);
    g_free(a);
}

bool ixgbe_adapter_decodes(const IxgbeAdapter *a, uint64_t offset)
{
    unsigned index;

    return offset < IXGBE_PF_BAR0_SIZE &&
           ixgbe_regmap_find(ixgbe_adapter_regmap(), offset, &index);
}

uint64_t ixgbe_adapter_mmio_read(IxgbeAdapter *a, uint64_t offset,
                                 unsigned size)
{
    return ixgbe_regs_read(&a->regs, offset, size);
}

void ixgbe_adapter_mmio_write(IxgbeAdapter *a, uint64_t offset,
                              uint64_t value, unsigned size)
{
    ixgbe_regs_write(&a->regs, offset, value, size);
}

unsigned ixgbe_adapter_pool_queues(IxgbeAdapter *a)
{
    ixgbe_filters_refresh(a);
    return ixgbe_adapter_vt(a) ? a->filters.queues_per_pool : 0;
}

void ixgbe_adapter_set_num_vfs(IxgbeAdapter *a, unsigned count)
{
    a->num_vfs = MIN(count, IXGBE_POOLS);
    ixgbe_adapter_state_stale(a, UINT64_MAX);
}

/* --- ports --------------------------------------------------------------- */

IxgbeAdapterPort *ixgbe_adapter_attach(IxgbeAdapter *a, int function,
                                       const IxgbeAdapterPortOps *ops,
                                       void *fn)
{
    IxgbeAdapterPort **place;
    IxgbeAdapterPort *port;

    if (function < IXGBE_FUNCTION_PF || function >= IXGBE_POOLS) {
        return NULL;
    }
    place = function == IXGBE_FUNCTION_PF ? &a->pf : &a->vf[function];
    if (*place) {
        return NULL;
    }
    port = g_new0(IxgbeAdapterPort, 1);
    port->adapter = a;
    port->function = function;
    port->ops = ops;
    port->fn = fn;
    port->state_stale = true;
    a->states_stale = true;
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        frame_queue_init(&port->rx[tc], 0, 0);
    }
    *place = port;
    ixgbe_adapter_schedule(a);
    return port;
}

void ixgbe_adapter_detach(IxgbeAdapterPort *port)
{
    IxgbeAdapter *a = port->adapter;

    ixgbe_pktbuf_flush(port);
    if (port->function == IXGBE_FUNCTION_PF) {
        a->pf = NULL;
    } else {
        a->vf[port->function] = NULL;
    }
    g_free(port);
}

bool ixgbe_adapter_port_tx(IxgbeAdapterPort *port, unsigned queue,
                           Frame *frame, const IxgbeTxMeta *meta)
{
    static const IxgbeTxMeta nothing;
    IxgbeAdapter *a = port->adapter;
    unsigned pool = 0;

    ixgbe_filters_refresh(a);
    if (port->function >= 0) {
        pool = port->function;
        queue = pool * a->filters.queues_per_pool +
                queue % a->filters.queues_per_pool;
    } else if (ixgbe_adapter_vt(a)) {
        pool = queue / a->filters.queues_per_pool % IXGBE_POOLS;
        if (pool < a->num_vfs) {
            /* The PF has no queue there: it sends as the default pool. */
            pool = ixgbe_adapter_default_pool(a);
            queue = pool * a->filters.queues_per_pool;
        }
    }
    if (!ixgbe_veb_transmit(a, pool, queue % IXGBE_QUEUES, frame,
                            meta ? meta : &nothing)) {
        port->tx_blocked = true;
        a->senders_wait = true;
        return false;
    }
    return true;
}

static bool port_tx(void *opaque, unsigned queue, const uint8_t *data,
                    size_t len, const IxgbeTxMeta *meta)
{
    Frame *frame = frame_new(data, len);
    bool sent;

    if (!frame) {
        return true;
    }
    sent = ixgbe_adapter_port_tx(opaque, queue, frame, meta);
    frame_unref(frame);
    return sent;
}

static bool port_tx_frame(void *opaque, unsigned queue, Frame *frame,
                          const IxgbeTxMeta *meta)
{
    return ixgbe_adapter_port_tx(opaque, queue, frame, meta);
}

static void port_rx_room(void *opaque)
{
    IxgbeAdapterPort *port = opaque;

    port->rx_blocked = 0;
    if (port->rx_filled) {
        ixgbe_adapter_schedule(port->adapter);
    }
}

static void port_reset(void *opaque, bool flr)
{
    IxgbeAdapterPort *port = opaque;

    trace_ixgbe_adapter_function_reset(port->function, flr);
    ixgbe_pktbuf_flush(port);
    /* A VF that SR-IOV is about to enable is no news to the PF. */
    if (port->function >= 0 && port->function < (int)port->adapter->num_vfs) {
        ixgbe_mailbox_vf_reset(port->adapter, port->function);
    }
}

static void port_mailbox(void *opaque, uint32_t value)
{
    IxgbeAdapterPort *port = opaque;

    if (port->function >= 0) {
        ixgbe_mailbox_from_vf(port->adapter, port->function, value);
    }
}

static void port_mailbox_mem(void *opaque, unsigned index, uint32_t value)
{
    IxgbeAdapterPort *port = opaque;

    if (port->function >= 0) {
        ixgbe_mailbox_mem_from_vf(port->adapter, port->function, index,
                                  value);
    }
}

static void port_bad_checksum(void *opaque)
{
    ixgbe_stats_add(((IxgbeAdapterPort *)opaque)->adapter, IXGBE_XEC, 1);
}

static void port_bus_master(void *opaque, bool on)
{
    /* The function itself does no DMA then: nothing is the adapter's. */
}

static bool port_begin(void *opaque)
{
    return ixgbe_adapter_begin(((IxgbeAdapterPort *)opaque)->adapter);
}

static void port_end(void *opaque)
{
    ixgbe_adapter_end(((IxgbeAdapterPort *)opaque)->adapter);
}

const IxgbePortOps ixgbe_adapter_port_ops = {
    .tx = port_tx,
    .tx_frame = port_tx_frame,
    .begin = port_begin,
    .end = port_end,
    .rx_room = port_rx_room,
    .reset = port_reset,
    .mailbox = port_mailbox,
    .mailbox_mem = port_mailbox_mem,
    .bad_checksum = port_bad_checksum,
    .bus_master = port_bus_master,
};

/* --- run ----------------------------------------------------------------- */

static bool pool_bit(const IxgbeAdapter *a, uint32_t table, unsigned pool)
{
    return reg_at(a, table)[pool / 32] >> (pool % 32) & 1;
}

static uint8_t rx_flags(const IxgbeAdapter *a)
{
    bool strip = reg(a, IXGBE_HLREG0) & IXGBE_HLREG0_RXCRCSTRP;

    return (strip ? 0 : IXGBE_RX_KEEP_CRC) |
           (ixgbe_adapter_two_tags(a) ? IXGBE_RX_TWO_TAGS : 0) |
           (reg(a, IXGBE_RFCTL) & IXGBE_RFCTL_RSC_DIS ? 0 : IXGBE_RX_RSC);
}

static IxgbeTxRules tx_rules(const IxgbeAdapter *a)
{
    uint32_t dmatxctl = reg(a, IXGBE_DMATXCTL);

    return (IxgbeTxRules) {
        .tcp_first = reg(a, IXGBE_DTXTCPFLGL) & IXGBE_DTXTCPFLG_MASK,
        .tcp_middle = reg(a, IXGBE_DTXTCPFLGL) >> 16 & IXGBE_DTXTCPFLG_MASK,
        .tcp_last = reg(a, IXGBE_DTXTCPFLGH) & IXGBE_DTXTCPFLG_MASK,
        .vlan_type = dmatxctl >> IXGBE_DMATXCTL_VT_SHIFT,
        .outer_type = dmatxctl & IXGBE_DMATXCTL_GDV
                      ? reg(a, IXGBE_EXVET) >> 16 : 0,
        .pad = reg(a, IXGBE_HLREG0) & IXGBE_HLREG0_TXPADEN,
    };
}

/* Descriptors are fetched: 8.2.3.9, 8.2.3.10 (arbiter), 8.2.3.13. */
static bool transmits(const IxgbeAdapter *a)
{
    return (reg(a, IXGBE_DMATXCTL) & IXGBE_DMATXCTL_TE) &&
           !(reg(a, IXGBE_RTTDCS) & IXGBE_RTTDCS_ARBDIS) &&
           !(reg(a, IXGBE_SECTXCTRL) & IXGBE_SECTXCTRL_TX_DIS);
}

static void tell_state(IxgbeAdapterPort *port)
{
    IxgbeAdapter *a = port->adapter;
    bool is_vf = port->function >= 0;
    unsigned pool = is_vf ? (unsigned)port->function
                          : ixgbe_adapter_default_pool(a);
    IxgbePortState state = {
        .links = ixgbe_link_links(a),
        .rx_enable = reg(a, IXGBE_RXCTRL) & IXGBE_RXCTRL_RXEN,
        .tx_enable = transmits(a),
        .tx_vlan_insert = !(reg(a, IXGBE_VMVIR(pool)) & IXGBE_VMVIR_ACTION),
        .pf_reset_done = !is_vf ||
                         (reg(a, IXGBE_CTRL_EXT) & IXGBE_CTRL_EXT_PFRSTD),
        .vlan_type = reg(a, IXGBE_VLNCTRL) & IXGBE_VLNCTRL_VET,
        .outer_type = reg(a, IXGBE_EXVET) >> 16,
        .rx_flags = rx_flags(a),
        .tx_rules = tx_rules(a),
    };

    port->state_stale = false;
    if (is_vf) {
        state.rx_enable &= pool_bit(a, IXGBE_VFRE(0), pool);
        state.tx_enable &= pool_bit(a, IXGBE_VFTE(0), pool);
        state.vfmailbox = ixgbe_mailbox_take_state(a, pool, state.mbmem);
    }
    port->ops->state(port->fn, &state);
}

static bool loops_back(const IxgbeAdapter *a)
{
    return reg(a, IXGBE_HLREG0) & IXGBE_HLREG0_LPBK;
}

/* A wire that takes nothing does not stop what never goes there. */
static bool wire_stopped(const IxgbeAdapter *a)
{
    return a->wire_blocked && !loops_back(a);
}

static bool wire_has_work(IxgbeAdapter *a)
{
    return !wire_stopped(a) &&
           (a->flow.out.count || ixgbe_txsched_has_work(a));
}

/* MAC loopback, 8.2.3.22: back in instead of out. */
static bool put_on_wire(IxgbeAdapter *a, Frame *frame)
{
    if (loops_back(a)) {
        ixgbe_veb_receive(a, frame);
        return true;
    }
    a->wire_blocked = !a->ops->wire_tx(a->opaque, frame);
    return !a->wire_blocked;
}

/* PAUSE frames go before all others, and stop for nothing. */
static void run_control(IxgbeAdapter *a)
{
    while (a->flow.out.count && !wire_stopped(a)) {
        Frame *frame = frame_ref(frame_queue_peek(&a->flow.out)->frame);

        if (put_on_wire(a, frame)) {
            frame_queue_pop(&a->flow.out);
            ixgbe_stats_control_tx(a);
        }
        frame_unref(frame);
    }
}

static void run_wire(IxgbeAdapter *a)
{
    int tc;

    run_control(a);
    for (unsigned n = 0; n < WIRE_BUDGET && !wire_stopped(a) &&
         (tc = ixgbe_txsched_next(a)) >= 0; n++) {
        FrameSlot *slot = frame_queue_peek(&a->wire[tc]);
        Frame *frame = frame_ref(slot->frame);
        bool stamped = slot->tag & IXGBE_WIRE_TIMESTAMP;
        uint64_t start = stamped ? ixgbe_timesync_now(a) : 0;

        if (put_on_wire(a, frame)) {
            frame_queue_pop(&a->wire[tc]);
            ixgbe_txsched_sent(a, tc, frame->len);
            ixgbe_stats_wire_tx(a, frame);
            if (stamped) {
                ixgbe_timesync_tx(a, start);
            }
        }
        frame_unref(frame);
    }
}

/* Room may have come: whoever was refused tries again. */
static void wake_senders(IxgbeAdapter *a)
{
    if (!a->senders_wait) {
        return;
    }
    a->senders_wait = false;
    for (unsigned n = 0; n <= IXGBE_POOLS; n++) {
        IxgbeAdapterPort *port = port_at(a, n);

        if (port && port->tx_blocked) {
            port->tx_blocked = false;
            port->ops->tx_room(port->fn);
        }
    }
}

static bool has_work(IxgbeAdapter *a)
{
    bool more = wire_has_work(a) || (a->pf && ixgbe_pktbuf_has_work(a->pf));

    for (uint64_t vfs = a->filled; vfs && !more; vfs &= vfs - 1) {
        more = ixgbe_pktbuf_has_work(a->vf[__builtin_ctzll(vfs)]);
    }
    return more;
}

static void tell_states(IxgbeAdapter *a)
{
    if (!a->states_stale) {
        return;
    }
    a->states_stale = false;
    for (unsigned n = 0; n <= IXGBE_POOLS; n++) {
        if (port_at(a, n) && port_at(a, n)->state_stale) {
            tell_state(port_at(a, n));
        }
    }
}

void ixgbe_adapter_tell(IxgbeAdapter *a)
{
    if (a->states_stale && !a->running) {
        ixgbe_filters_refresh(a);
        tell_states(a);
    }
}

static void give_received(IxgbeAdapter *a)
{
    for (uint64_t vfs = a->filled; vfs; vfs &= vfs - 1) {
        IxgbeAdapterPort *port = a->vf[__builtin_ctzll(vfs)];

        if (port) {
            ixgbe_pktbuf_run(a, port);
        }
    }
    if (a->pf) {
        ixgbe_pktbuf_run(a, a->pf);
    }
}

void ixgbe_adapter_run(IxgbeAdapter *a)
{
    a->scheduled = false;
    a->running = true;
    ixgbe_timers_run(a);
    ixgbe_filters_refresh(a);
    tell_states(a);
    run_wire(a);
    give_received(a);
    ixgbe_flow_check(a);
    wake_senders(a);
    a->running = false;
    if (has_work(a)) {
        ixgbe_adapter_schedule(a);
    }
}

/* Within a run, as when the wire answers at once, the run's end sees to it. */
bool ixgbe_adapter_begin(IxgbeAdapter *a)
{
    if (a->running) {
        return false;
    }
    if (a->batch++ == 0) {
        a->queued_before = a->scheduled;
    }
    return !a->queued_before;
}

void ixgbe_adapter_end(IxgbeAdapter *a)
{
    bool last = a->batch == 1 && !a->queued_before;

    if (a->running) {
        return;
    }
    if (last && a->scheduled) {
        ixgbe_adapter_run(a);
    }
    a->batch--;
    if (last && a->scheduled) {
        a->ops->schedule(a->opaque);
    }
}

void ixgbe_adapter_timer(IxgbeAdapter *a)
{
    a->timer_ns = UINT64_MAX;
    ixgbe_adapter_schedule(a);
}

void ixgbe_adapter_wire_rx(IxgbeAdapter *a, Frame *frame)
{
    if (a->link_up && !loops_back(a)) {
        ixgbe_veb_receive(a, frame);
        ixgbe_flow_check(a);
    }
}

void ixgbe_adapter_wire_room(IxgbeAdapter *a)
{
    a->wire_blocked = false;
    ixgbe_adapter_schedule(a);
}
