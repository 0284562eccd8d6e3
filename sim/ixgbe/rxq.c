/*
 * A receive queue: descriptors, buffers, write-back.  Datasheet 7.1.5 to
 * 7.1.10.
 *
 * A frame is written whole or not at all: the descriptors it needs are counted
 * before the first is used.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/rx_packet.h"

#include "iovlab-trace.h"

#define STATE_VERSION 1
/* 8.2.3.11: relaxed ordering on, and bit 12, which drivers must clear. */
#define DCA_RXCTRL_RESET 0xb200
#define SRRCTL_RESET 0x402
#define LOW_STEP 64                     /* SRRCTL.RDMTS, descriptors */

static void set_idle(IxgbeRxq *q, IxgbeRxIdle idle)
{
    if (q->idle != idle) {
        trace_ixgbe_rxq_idle(q->fn, q->index, q->idle, idle);
        q->idle = idle;
    }
}

void ixgbe_rxq_reset(IxgbeRxq *q, IxgbeResetKind kind)
{
    ixgbe_rsc_drop(q);
    ixgbe_ring_reset(&q->ring, kind, DCA_RXCTRL_RESET);
    if (kind == IXGBE_RESET_POWER) {
        q->srrctl = SRRCTL_RESET;
    }
    q->rscctl = 0;
    q->vector = IXGBE_NO_VECTOR;
    q->last = 0;
    set_idle(q, IXGBE_RX_IDLE);
    if (q->waiting) {
        /* Whoever holds the frame has to hear that it is to be dropped. */
        ixgbe_function_schedule(q->fn);
    }
}

static bool enabled(const IxgbeRxq *q)
{
    return q->ring.ctl & IXGBE_RXDCTL_ENABLE;
}

void ixgbe_rxq_set_control(IxgbeRxq *q, uint32_t value)
{
    bool was = enabled(q);

    q->ring.ctl = value & ~IXGBE_RXDCTL_SWFLSH;
    if (was == enabled(q)) {
        return;
    }
    trace_ixgbe_rxq_enable(q->fn, q->index, !was);
    ixgbe_rsc_drop(q);
    q->ring.failed = false;
    /* What a queue that is off held, the guest gave up. */
    set_idle(q, IXGBE_RX_IDLE);
    ixgbe_function_check_drain(q->fn);
    if (q->waiting) {
        ixgbe_function_schedule(q->fn);
    }
}

/* Is @i in [from, to) of a ring? */
static bool in_ring_range(uint32_t i, uint32_t from, uint32_t to)
{
    return from <= to ? i >= from && i < to : i >= from || i < to;
}

void ixgbe_rxq_set_tail(IxgbeRxq *q, uint32_t value)
{
    uint32_t old = q->ring.tail;

    q->ring.tail = value;
    if (q->idle != IXGBE_RX_IDLE && in_ring_range(q->last, old, value)) {
        set_idle(q, IXGBE_RX_IDLE);
        ixgbe_function_check_drain(q->fn);
    }
    if (q->waiting) {
        ixgbe_function_schedule(q->fn);
    }
}

void ixgbe_rxq_signalled(IxgbeRxq *q)
{
    if (q->idle == IXGBE_RX_WRITTEN) {
        set_idle(q, IXGBE_RX_SIGNALLED);
    }
}

void ixgbe_rxq_unmasked(IxgbeRxq *q)
{
    if (q->idle == IXGBE_RX_SIGNALLED) {
        set_idle(q, IXGBE_RX_IDLE);
    }
}

bool ixgbe_rxq_consumed(const IxgbeRxq *q)
{
    return q->idle == IXGBE_RX_IDLE;
}

static IxgbeRxResult drop(IxgbeRxq *q, size_t len, const char *why)
{
    trace_ixgbe_rxq_drop(q->fn, q->index, len, why);
    q->fn->stats.rx_dropped++;
    return IXGBE_RX_DROPPED;
}

void ixgbe_rxq_stop(IxgbeRxq *q)
{
    ixgbe_rsc_drop(q);
    q->ring.failed = true;
    set_idle(q, IXGBE_RX_IDLE);
    ixgbe_function_check_drain(q->fn);
}

/* --- the ring --------------------------------------------------------------- */

bool ixgbe_rxq_fetch(IxgbeRxq *q, uint32_t i, uint64_t *packet,
                     uint64_t *header)
{
    IxgbeRxAdvRead desc;

    if (!ixgbe_dma_read(q->fn, ixgbe_ring_desc(&q->ring, i), &desc,
                        sizeof(desc))) {
        return false;
    }
    *packet = rd_le64(&desc.packet);
    if (!ixgbe_rxq_legacy(q)) {
        *packet &= ~1ull;               /* NSE */
    }
    if (header) {
        *header = rd_le64(&desc.header) & ~1ull;
    }
    return true;
}

/*
 * Drivers look at the second half for "done": it is written last, and each
 * half at once.
 */
bool ixgbe_rxq_write_back(IxgbeRxq *q, uint32_t i, const void *wb)
{
    uint64_t addr = ixgbe_ring_desc(&q->ring, i);
    const uint8_t *half = wb;

    return ixgbe_dma_write(q->fn, addr, half, 8) &&
           ixgbe_dma_write(q->fn, addr + 8, half + 8, 8);
}

void ixgbe_rxq_written(IxgbeRxq *q, uint32_t last)
{
    q->last = last;
    set_idle(q, IXGBE_RX_WRITTEN);
    ixgbe_intr_raise(&q->fn->intr, q->vector);
}

/* --- one frame -------------------------------------------------------------- */

/* The descriptors, each read once. */
static bool fetch(IxgbeRxq *q, const IxgbeRxPacket *p, uint64_t *packet,
                  uint64_t *header)
{
    for (unsigned n = 0; n < p->count; n++) {
        if (!ixgbe_rxq_fetch(q, ixgbe_ring_slot(&q->ring, n), &packet[n],
                             n == 0 ? header : NULL)) {
            return false;
        }
    }
    return true;
}

static size_t length_in(const IxgbeRxPacket *p, unsigned n)
{
    size_t done = p->header + n * p->buffer;

    return done < p->len ? MIN(p->buffer, p->len - done) : 0;
}

static bool write_data(IxgbeRxq *q, const IxgbeRxPacket *p,
                       const uint64_t *packet, uint64_t header)
{
    if (p->header &&
        !ixgbe_rx_packet_write(q->fn, p, header, 0, p->header)) {
        return false;
    }
    for (unsigned n = 0; n < p->count; n++) {
        if (!ixgbe_rx_packet_write(q->fn, p, packet[n],
                                   p->header + n * p->buffer,
                                   length_in(p, n))) {
            return false;
        }
    }
    return true;
}

static void fill_advanced(const IxgbeRxPacket *p, unsigned n,
                          IxgbeRxAdvWb *wb)
{
    bool last = n + 1 == p->count;

    wr_le32(&wb->info, p->type | (n == 0 ? p->header_bits : 0));
    wr_le32(&wb->hash, p->hash);
    wr_le32(&wb->status_error,
            IXGBE_RXS_DD | (last ? p->status | IXGBE_RXS_EOP : 0));
    wr_le16(&wb->length, length_in(p, n));
    wr_le16(&wb->vlan, p->tci);
}

static void fill_legacy(const IxgbeRxPacket *p, unsigned n, uint64_t address,
                        IxgbeRxLegacy *wb)
{
    bool last = n + 1 == p->count;
    uint32_t status = last ? p->status | IXGBE_RXS_EOP : 0;

    wr_le64(&wb->address, address);
    wr_le16(&wb->length, length_in(p, n));
    wr_le16(&wb->checksum, last ? p->hash : 0);
    wb->status = (status & 0xff & ~IXGBE_RXS_FLM) | IXGBE_RXS_DD;
    wb->errors = status >> 24 & (IXGBE_RXL_ERR_IPE | IXGBE_RXL_ERR_L4E);
    wb->errors |= status & IXGBE_RXS_ERR_RXE ? IXGBE_RXL_ERR_RXE : 0;
    wr_le16(&wb->vlan, p->tci);
}

static bool write_back(IxgbeRxq *q, const IxgbeRxPacket *p,
                       const uint64_t *packet)
{
    for (unsigned n = 0; n < p->count; n++) {
        uint8_t wb[IXGBE_DESC_SIZE] = { 0 };

        if (ixgbe_rxq_legacy(q)) {
            fill_legacy(p, n, packet[n], (IxgbeRxLegacy *)wb);
        } else {
            fill_advanced(p, n, (IxgbeRxAdvWb *)wb);
        }
        if (!ixgbe_rxq_write_back(q, ixgbe_ring_slot(&q->ring, n), wb)) {
            return false;
        }
    }
    return true;
}

static void count_frame(IxgbeRxq *q, size_t len, const IxgbeRxMeta *meta)
{
    IxgbeFunctionStats *stats = &q->fn->stats;

    stats->rx_frames++;
    stats->rx_bytes += len;
    stats->rx_multicast += meta->multicast;
}

static void tell_bad_checksum(const IxgbeRxq *q, const IxgbeRxPacket *p)
{
    const IxgbeFunction *fn = q->fn;

    if ((p->status & (IXGBE_RXS_ERR_IPE | IXGBE_RXS_ERR_L4E)) &&
        fn->port_ops && fn->port_ops->bad_checksum) {
        fn->port_ops->bad_checksum(fn->port);
    }
}

/* 7.1.7.1: few descriptors are left.  Also what filters want told at once. */
static void raise_at_once(IxgbeRxq *q, const IxgbeRxMeta *meta)
{
    unsigned low = (q->srrctl & IXGBE_SRRCTL_RDMTS) >>
                   IXGBE_SRRCTL_RDMTS_SHIFT;

    if ((meta->events & IXGBE_RX_EVENT_LLI) ||
        (low && ixgbe_ring_owned(&q->ring) <= low * LOW_STEP)) {
        ixgbe_intr_at_once(&q->fn->intr, q->vector);
    }
}

/* Into the descriptors at the head, of which there are enough. */
static bool store(IxgbeRxq *q, const IxgbeRxPacket *p)
{
    uint64_t packet[IXGBE_RX_DESCS_MAX], header = 0;
    bool open;

    if (!fetch(q, p, packet, &header) || !write_data(q, p, packet, header)) {
        return false;
    }
    open = ixgbe_rsc_wanted(q) && ixgbe_rsc_open(q, p, packet, header);
    if (!open && !write_back(q, p, packet)) {
        return false;
    }
    trace_ixgbe_rxq_receive(q->fn, q->index, p->len, q->ring.head, p->count);
    q->last = ixgbe_ring_slot(&q->ring, p->count - 1);
    q->ring.head = ixgbe_ring_slot(&q->ring, p->count);
    return true;
}

IxgbeRxResult ixgbe_rxq_receive(IxgbeRxq *q, const uint8_t *frame, size_t len,
                                const IxgbeRxMeta *meta)
{
    IxgbeRxPacket p;

    q->waiting = false;
    if (!enabled(q) || q->ring.failed) {
        return drop(q, len, "queue is off");
    }
    if (!ixgbe_rx_packet_init(&p, q, frame, len, meta) ||
        p.count >= ixgbe_ring_size(&q->ring)) {
        return drop(q, len, "does not fit the ring's set-up");
    }
    if (q->rsc_open) {
        bool joined = ixgbe_rsc_append(q, &p);

        if (q->ring.failed) {
            return drop(q, len, "DMA fault");
        }
        if (joined) {
            count_frame(q, len, meta);
            return IXGBE_RX_DONE;
        }
    }
    if (p.count > ixgbe_ring_owned(&q->ring)) {
        if (!q->fn->config.wait_for_room &&
            (q->srrctl & IXGBE_SRRCTL_DROP_EN)) {
            return drop(q, len, "no descriptor");
        }
        trace_ixgbe_rxq_wait(q->fn, q->index, len);
        ixgbe_function_rx_wait(q);
        return IXGBE_RX_WAIT;
    }
    if (!store(q, &p)) {
        ixgbe_rxq_stop(q);
        return drop(q, len, "DMA fault");
    }
    count_frame(q, len, meta);
    tell_bad_checksum(q, &p);
    ixgbe_rxq_written(q, q->last);
    raise_at_once(q, meta);
    if (q->rsc_open) {
        ixgbe_intr_evaluate(&q->fn->intr);      /* it has a deadline */
    }
    return IXGBE_RX_DONE;
}

void ixgbe_rxq_save(const IxgbeRxq *q, StateWriter *w)
{
    state_put_section(w, "RXQ ", STATE_VERSION);
    ixgbe_ring_save(&q->ring, w);
    state_put_u32(w, q->srrctl);
    state_put_u32(w, q->rscctl);
    state_put_u8(w, q->idle);
    state_put_u32(w, q->last);
}

void ixgbe_rxq_load(IxgbeRxq *q, StateReader *r)
{
    state_get_section(r, "RXQ ", STATE_VERSION);
    ixgbe_ring_load(&q->ring, r);
    q->srrctl = state_get_u32(r);
    q->rscctl = state_get_u32(r);
    q->idle = state_get_u8(r);
    q->last = state_get_u32(r);
    if (q->idle > IXGBE_RX_SIGNALLED) {
        state_fail(r, "receive queue %u has no idle state %u", q->index,
                   q->idle);
        q->idle = IXGBE_RX_IDLE;
    }
}
