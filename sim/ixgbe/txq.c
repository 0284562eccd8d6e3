/*
 * A transmit queue: gathers packets from the ring and reports them done.
 * Datasheet 7.2.3.
 *
 * A packet is looked at only when its last descriptor is there, and leaves the
 * ring only when its last segment went out.  A packet that was sent in part is
 * gathered again later (or elsewhere); only the number of segments is kept.
 * One whose end was not there is gathered again when it is: else each
 * descriptor that a driver adds would cost as much as all before it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"

#include "iovlab-trace.h"

#define STATE_VERSION 1
#define FETCH 16
/* 7.2 allows 40; a packet of more than this stops the queue. */
#define PACKET_DESCS_MAX 256
/* 8.2.3.11: relaxed ordering on. */
#define DCA_TXCTRL_RESET 0x2a00

void ixgbe_txq_reset(IxgbeTxq *q, IxgbeResetKind kind)
{
    ixgbe_ring_reset(&q->ring, kind, DCA_TXCTRL_RESET);
    if (kind == IXGBE_RESET_POWER) {
        q->wbal = 0;
        q->wbah = 0;
    }
    memset(q->context, 0, sizeof(q->context));
    q->vector = IXGBE_NO_VECTOR;
    q->blocked = false;
    q->segments_sent = 0;
    q->open = 0;
    q->done_count = 0;
}

static bool enabled(const IxgbeTxq *q)
{
    return q->ring.ctl & IXGBE_TXDCTL_ENABLE;
}

static void stop(IxgbeTxq *q, const char *why)
{
    trace_ixgbe_txq_stopped(q->fn, q->index, why);
    q->ring.failed = true;
    q->segments_sent = 0;
    q->done_count = 0;
}

/* --- reporting ------------------------------------------------------------ */

static bool write_done(IxgbeTxq *q, uint32_t i)
{
    uint8_t status[4];

    wr_le32(status, IXGBE_TXD_DD);
    return ixgbe_dma_write(q->fn, ixgbe_ring_desc(&q->ring, i) + 12, status,
                           sizeof(status));
}

static bool write_head(IxgbeTxq *q)
{
    uint64_t addr = (uint64_t)q->wbah << 32 | (q->wbal & IXGBE_TDWBAL_ADDR);
    uint8_t head[4];

    wr_le32(head, q->ring.head);
    return ixgbe_dma_write(q->fn, addr, head, sizeof(head));
}

/* 7.2.3.5: what waits for WTHRESH is written at once. */
static void flush_done(IxgbeTxq *q)
{
    bool ok = true;

    if (q->done_count == 0) {
        return;
    }
    if (q->wbal & IXGBE_TDWBAL_EN) {
        ok = write_head(q);
    } else {
        for (unsigned n = 0; ok && n < q->done_count; n++) {
            ok = write_done(q, q->done[n]);
        }
    }
    q->done_count = 0;
    if (!ok) {
        stop(q, "write-back faulted");
        return;
    }
    ixgbe_intr_raise(&q->fn->intr, q->vector);
}

static void note_done(IxgbeTxq *q, uint32_t i)
{
    if (q->done_count == G_N_ELEMENTS(q->done)) {
        flush_done(q);
    }
    q->done[q->done_count++] = i;
}

static void flush_if_due(IxgbeTxq *q)
{
    unsigned threshold = (q->ring.ctl & IXGBE_TXDCTL_WTHRESH) >>
                         IXGBE_TXDCTL_WTHRESH_SHIFT;

    if (q->done_count >= MAX(threshold, 1)) {
        flush_done(q);
    }
}

void ixgbe_txq_set_control(IxgbeTxq *q, uint32_t value)
{
    bool was = enabled(q);

    if (was && !(value & IXGBE_TXDCTL_ENABLE)) {
        ixgbe_doorbell_flush(q->fn);
    }
    q->ring.ctl = value & ~IXGBE_TXDCTL_SWFLSH;
    if (was && (value & IXGBE_TXDCTL_SWFLSH)) {
        flush_done(q);
    }
    if (was != enabled(q)) {
        trace_ixgbe_txq_enable(q->fn, q->index, !was);
        q->ring.failed = false;
        q->segments_sent = 0;
        q->open = 0;
        q->done_count = 0;
        q->blocked = false;
    }
    if (enabled(q)) {
        ixgbe_function_tx_kick(q);
    }
}

void ixgbe_txq_set_tail(IxgbeTxq *q, uint32_t value)
{
    uint32_t before = ixgbe_ring_owned(&q->ring);
    uint32_t owned;

    q->ring.tail = value;
    owned = ixgbe_ring_owned(&q->ring);
    if (owned < q->open) {
        q->open = 0;
    }
    if (enabled(q)) {
        ixgbe_function_doorbell(q, owned - MIN(owned, before));
    }
}

/* --- gathering -------------------------------------------------------------- */

/* Descriptors of one run, copied once: those from slot @first on. */
typedef struct Fetched {
    IxgbeTxDesc desc[FETCH];
    uint32_t first;
    uint32_t count;
} Fetched;

typedef struct Gather {
    Fetched *fetched;
    uint32_t used;              /* descriptors of the packet so far */
    uint16_t report[PACKET_DESCS_MAX];  /* those with RS */
    uint32_t reports;
    bool started;               /* a data descriptor was seen */
    bool complete;
    bool too_long;
    IxgbeTxPacket pkt;
} Gather;

/*
 * Descriptor @n after head.  A run does not come to a slot twice: the tail
 * stays where it is.
 */
static const IxgbeTxDesc *fetch(IxgbeTxq *q, Fetched *f, uint32_t n,
                                uint32_t owned)
{
    uint32_t at = ixgbe_ring_slot(&q->ring, n);

    if (at >= f->first && at - f->first < f->count) {
        return &f->desc[at - f->first];
    }
    f->count = 0;
    f->first = at;
    n = MIN(MIN(owned - n, FETCH), ixgbe_ring_size(&q->ring) - at);
    if (!ixgbe_dma_read(q->fn, ixgbe_ring_desc(&q->ring, at), f->desc,
                        n * IXGBE_DESC_SIZE)) {
        return NULL;
    }
    f->count = n;
    return &f->desc[0];
}

static bool take_data(IxgbeTxq *q, Gather *g, const IxgbeTxDesc *desc,
                      uint32_t cmd)
{
    size_t len = cmd & IXGBE_TXD_LENGTH;

    if (!g->started) {
        g->started = true;
        g->pkt.cmd = cmd;
        g->pkt.olinfo = rd_le32(&desc->olinfo_status);
        g->pkt.advanced = cmd & IXGBE_TXD_DEXT;
        g->pkt.context =
            q->context[g->pkt.olinfo & IXGBE_TXD_IDX ? 1 : 0];
    }
    /* Drivers set it in all descriptors, or in the last alone. */
    g->pkt.cmd |= cmd & IXGBE_TXD_IFCS;
    g->complete = cmd & IXGBE_TXD_EOP;
    if (len > IXGBE_TX_PACKET_MAX - g->pkt.len) {
        g->too_long = true;
    }
    if (len == 0 || g->too_long) {
        return true;
    }
    if (!ixgbe_dma_read(q->fn, rd_le64(&desc->address),
                        g->pkt.data + g->pkt.len, len)) {
        return false;
    }
    g->pkt.len += len;
    return true;
}

static bool is_context(uint32_t cmd)
{
    return (cmd & IXGBE_TXD_DEXT) &&
           (cmd & IXGBE_TXD_DTYP) == IXGBE_TXD_DTYP_CONTEXT;
}

/* Is it time to gather the packet at head? */
static bool end_came(IxgbeTxq *q, Fetched *fetched, uint32_t owned)
{
    if (q->open_at != ixgbe_ring_desc(&q->ring, q->ring.head)) {
        q->open = 0;
    }
    /* The first time all is looked at at once. */
    for (; q->open && q->open < MIN(owned, PACKET_DESCS_MAX); q->open++) {
        const IxgbeTxDesc *desc = fetch(q, fetched, q->open, owned);
        uint32_t cmd = desc ? rd_le32(&desc->cmd_type_len) : IXGBE_TXD_EOP;

        q->fn->tx_budget--;
        if (!is_context(cmd) && (cmd & IXGBE_TXD_EOP)) {
            q->open = 0;
            break;
        }
    }
    return !q->open || q->open == PACKET_DESCS_MAX ||
           owned + 1 >= ixgbe_ring_size(&q->ring);
}

static void take_context(IxgbeTxq *q, const IxgbeTxDesc *desc)
{
    IxgbeTxContext context;
    unsigned which;

    memcpy(&context, desc, sizeof(context));
    which = rd_le32(&context.mss_l4len_idx) & IXGBE_TXC_IDX ? 1 : 0;
    q->context[which] = context;
}

/* False: the packet is not whole, not for this run, or the queue stopped. */
static bool gather(IxgbeTxq *q, Gather *g, uint32_t owned)
{
    while (g->used < MIN(owned, PACKET_DESCS_MAX) && !g->complete) {
        const IxgbeTxDesc *desc = fetch(q, g->fetched, g->used, owned);
        uint32_t cmd;

        if (!desc) {
            stop(q, "descriptor fetch faulted");
            return false;
        }
        cmd = rd_le32(&desc->cmd_type_len);
        if (is_context(cmd)) {
            take_context(q, desc);
        } else if (!g->started && q->fn->tx_short &&
                   (cmd & IXGBE_TXD_DEXT) && (cmd & IXGBE_TXD_TSE)) {
            ixgbe_function_tx_kick(q);
            return false;
        } else if (!take_data(q, g, desc, cmd)) {
            stop(q, "packet buffer faulted");
            return false;
        }
        if (cmd & IXGBE_TXD_RS) {
            g->report[g->reports++] = ixgbe_ring_slot(&q->ring, g->used);
        }
        g->used++;
        if (!g->started) {
            /* A context on its own: it is done as soon as it was read. */
            g->complete = true;
        }
    }
    if (!g->complete && (g->used == PACKET_DESCS_MAX ||
                         owned + 1 >= ixgbe_ring_size(&q->ring))) {
        stop(q, "too many descriptors without EOP");
        return false;
    }
    q->open = g->complete ? 0 : g->used;
    q->open_at = ixgbe_ring_desc(&q->ring, q->ring.head);
    return g->complete;
}

/* Takes the packet's descriptors out of the ring. */
static void retire(IxgbeTxq *q, const Gather *g)
{
    q->ring.head = ixgbe_ring_slot(&q->ring, g->used);
    q->segments_sent = 0;
    for (uint32_t n = 0; n < g->reports; n++) {
        note_done(q, g->report[n]);
    }
}

static bool send_one(IxgbeTxq *q, Fetched *fetched, uint32_t owned)
{
    Gather g;

    g.fetched = fetched;
    g.used = g.reports = 0;
    g.started = g.complete = g.too_long = false;
    g.pkt = (IxgbeTxPacket) {
        .data = q->fn->tx_packet + IXGBE_TX_HEADROOM,
        .queue = q->index,
    };
    if (!end_came(q, fetched, owned) || !gather(q, &g, owned)) {
        q->fn->tx_budget -= g.used / 8 + g.pkt.len / 4096;
        return false;
    }
    q->fn->tx_budget -= 1 + g.used / 8 + g.pkt.len / 4096;
    if (g.started) {
        IxgbeTxResult result = g.too_long ? IXGBE_TX_MALFORMED :
            ixgbe_tx_packet_send(q->fn, &g.pkt, &q->segments_sent);

        if (result == IXGBE_TX_NO_ROOM || result == IXGBE_TX_AGAIN) {
            q->blocked = result == IXGBE_TX_NO_ROOM;
            return false;
        }
        if (result == IXGBE_TX_MALFORMED) {
            trace_ixgbe_txq_malformed(q->fn, q->index, q->ring.head,
                                      "packet dropped");
            q->fn->stats.tx_dropped++;
        }
        trace_ixgbe_txq_packet(q->fn, q->index, g.pkt.len, q->ring.head,
                               g.used);
    }
    retire(q, &g);
    return true;
}

bool ixgbe_txq_run(IxgbeTxq *q, unsigned turn)
{
    Fetched fetched;
    uint32_t owned = 0;

    fetched.first = fetched.count = 0;
    while (enabled(q) && !q->ring.failed && !q->blocked) {
        owned = ixgbe_ring_owned(&q->ring);
        if (owned > 0 && (turn == 0 || q->fn->tx_budget <= 0)) {
            return true;
        }
        /* No run may come after an empty ring: what was done is told now. */
        if (owned == 0 || !send_one(q, &fetched, owned)) {
            break;
        }
        turn--;
        flush_if_due(q);
    }
    flush_done(q);
    return owned > 0 && q->fn->tx_budget <= 0 && !q->blocked;
}

void ixgbe_txq_save(const IxgbeTxq *q, StateWriter *w)
{
    state_put_section(w, "TXQ ", STATE_VERSION);
    ixgbe_ring_save(&q->ring, w);
    state_put_u32(w, q->wbal);
    state_put_u32(w, q->wbah);
    state_put_bytes(w, q->context, sizeof(q->context));
    state_put_u32(w, q->segments_sent);
    state_put_u8(w, q->done_count);
    for (unsigned n = 0; n < q->done_count; n++) {
        state_put_u16(w, q->done[n]);
    }
}

void ixgbe_txq_load(IxgbeTxq *q, StateReader *r)
{
    unsigned count;

    state_get_section(r, "TXQ ", STATE_VERSION);
    ixgbe_ring_load(&q->ring, r);
    q->wbal = state_get_u32(r) & (IXGBE_TDWBAL_ADDR | IXGBE_TDWBAL_EN);
    q->wbah = state_get_u32(r);
    state_get_bytes(r, q->context, sizeof(q->context));
    q->segments_sent = state_get_u32(r);
    q->open = 0;
    count = state_get_u8(r);
    if (count > G_N_ELEMENTS(q->done)) {
        state_fail(r, "transmit queue %u has %u write-backs", q->index, count);
        count = 0;
    }
    q->done_count = count;
    for (unsigned n = 0; n < count; n++) {
        q->done[n] = state_get_u16(r);
    }
}
