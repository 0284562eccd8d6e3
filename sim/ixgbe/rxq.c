/*
 * A receive queue: descriptors, buffers, write-back.  Datasheet 7.1.5 to
 * 7.1.10.
 *
 * A frame is written whole or not at all: the descriptors it needs are counted
 * before the first is used.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"

#include "iovlab/checksum.h"
#include "iovlab-trace.h"

#define STATE_VERSION 1
/* 15.5 KB in buffers of 1 KB, and one for a header of its own. */
#define RX_DESCS_MAX 17
/* 8.2.3.11: relaxed ordering on, and bit 12, which drivers must clear. */
#define DCA_RXCTRL_RESET 0xb200
#define SRRCTL_RESET 0x402

/* One frame on its way into the ring. */
typedef struct RxJob {
    const uint8_t *data;
    size_t len;
    const IxgbeRxMeta *meta;
    FrameInfo info;
    bool legacy;
    bool vlan;
    uint16_t tci;
    CsumResult csum;
    size_t header;              /* bytes for the header buffer */
    bool split;                 /* SPH: the header was recognised */
    bool header_overflow;       /* HBO: too long for its buffer */
    size_t buffer;              /* size of a packet buffer */
    unsigned count;             /* descriptors */
    uint64_t packet_addr[RX_DESCS_MAX];
    uint64_t header_addr;
} RxJob;

static void set_idle(IxgbeRxq *q, IxgbeRxIdle idle)
{
    if (q->idle != idle) {
        trace_ixgbe_rxq_idle(q->fn, q->index, q->idle, idle);
        q->idle = idle;
    }
}

void ixgbe_rxq_reset(IxgbeRxq *q, IxgbeResetKind kind)
{
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

void ixgbe_rxq_signalled(IxgbeRxq *q, unsigned vector)
{
    if (q->vector == vector && q->idle == IXGBE_RX_WRITTEN) {
        set_idle(q, IXGBE_RX_SIGNALLED);
    }
}

void ixgbe_rxq_unmasked(IxgbeRxq *q, uint64_t vectors)
{
    if (q->idle == IXGBE_RX_SIGNALLED && q->vector < IXGBE_MAX_VECTORS &&
        (vectors >> q->vector & 1)) {
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

static void stop(IxgbeRxq *q)
{
    q->ring.failed = true;
    set_idle(q, IXGBE_RX_IDLE);
    ixgbe_function_check_drain(q->fn);
}

/* 7.1.10: how much of the frame is header, by PSRTYPE; 0: not recognised. */
static size_t header_length(const IxgbeRxq *q, const RxJob *job)
{
    uint32_t types = ixgbe_rxq_psrtype(q);
    const FrameInfo *info = &job->info;
    uint32_t l4_type = info->protocol == FRAME_PROTO_TCP ?
                       IXGBE_PSRTYPE_TCPHDR : IXGBE_PSRTYPE_UDPHDR;
    uint32_t l3_type = info->ip_version == 4 ? IXGBE_PSRTYPE_IPV4HDR :
                                               IXGBE_PSRTYPE_IPV6HDR;

    if (info->payload && (types & l4_type)) {
        return info->payload;
    }
    if (info->ip_version && (types & l3_type)) {
        if (info->l4) {
            return info->l4;
        }
        return info->ip_version == 4 ?
               info->l3 + (job->data[info->l3] & 15) * 4 : info->l3 + 40;
    }
    if (types & IXGBE_PSRTYPE_L2HDR) {
        return info->l3 ? info->l3 : FRAME_ETH_LEN;
    }
    return 0;
}

static void plan_split(IxgbeRxq *q, RxJob *job)
{
    uint32_t type = q->srrctl & IXGBE_SRRCTL_DESCTYPE;
    size_t room = ((q->srrctl & IXGBE_SRRCTL_BSIZEHDR) >>
                   IXGBE_SRRCTL_BSIZEHDR_SHIFT) * 64;
    size_t header;

    if (type != IXGBE_SRRCTL_SPLIT && type != IXGBE_SRRCTL_SPLIT_ALWAYS) {
        return;
    }
    header = MIN(header_length(q, job), job->len);
    if (header > 0 && header <= MIN(room, IXGBE_RXI_HDR_LEN_MAX)) {
        job->split = true;
        job->header = header;
    } else {
        job->header_overflow = header > 0;
        if (type == IXGBE_SRRCTL_SPLIT_ALWAYS) {
            job->header = MIN(MIN(room, job->len), IXGBE_RXI_HDR_LEN_MAX);
        }
    }
}

/* Takes the tag off, looks at the headers, counts the descriptors. */
static bool plan(IxgbeRxq *q, RxJob *job)
{
    uint32_t type = q->srrctl & IXGBE_SRRCTL_DESCTYPE;
    FrameInfo info;

    if (!frame_parse(job->data, job->len, &info)) {
        return false;
    }
    job->info = info;
    if (info.tagged && (q->ring.ctl & IXGBE_RXDCTL_VME) &&
        rd_be16(job->data + 2 * FRAME_ADDR_LEN) == FRAME_TYPE_VLAN) {
        uint8_t *copy = q->fn->rx_frame;

        memcpy(copy, job->data, job->len);
        job->len = frame_vlan_strip(copy, job->len, &job->vlan, &job->tci);
        job->data = copy;
        if (!frame_parse(job->data, job->len, &job->info)) {
            return false;
        }
    }
    csum_validate(job->data, job->len, &job->info, &job->csum);
    job->legacy = type == IXGBE_SRRCTL_LEGACY;
    job->buffer = (q->srrctl & IXGBE_SRRCTL_BSIZEPKT) * 1024;
    plan_split(q, job);
    if (job->buffer == 0) {
        return false;
    }
    job->count = (job->len - job->header + job->buffer - 1) / job->buffer;
    job->count = MAX(job->count, 1);
    return job->count <= RX_DESCS_MAX;
}

static uint64_t desc_addr(const IxgbeRxq *q, uint32_t i)
{
    return ixgbe_ring_base(&q->ring) + (uint64_t)i * IXGBE_DESC_SIZE;
}

static uint32_t slot(const IxgbeRxq *q, unsigned n)
{
    return (q->ring.head + n) % ixgbe_ring_size(&q->ring);
}

/* The descriptors, each read once. */
static bool fetch(IxgbeRxq *q, RxJob *job)
{
    for (unsigned n = 0; n < job->count; n++) {
        IxgbeRxAdvRead desc;

        if (!ixgbe_dma_read(q->fn, desc_addr(q, slot(q, n)), &desc,
                            sizeof(desc))) {
            return false;
        }
        job->packet_addr[n] = rd_le64(&desc.packet);
        if (n == 0) {
            job->header_addr = rd_le64(&desc.header) & ~1ull;
        }
        if (!job->legacy) {
            job->packet_addr[n] &= ~1ull;       /* NSE */
        }
    }
    return true;
}

static size_t piece(const RxJob *job, unsigned n)
{
    size_t done = job->header + n * job->buffer;

    return done < job->len ? MIN(job->buffer, job->len - done) : 0;
}

static bool write_data(IxgbeRxq *q, const RxJob *job)
{
    if (job->header &&
        !ixgbe_dma_write(q->fn, job->header_addr, job->data, job->header)) {
        return false;
    }
    for (unsigned n = 0; n < job->count; n++) {
        size_t len = piece(job, n);

        if (len && !ixgbe_dma_write(q->fn, job->packet_addr[n],
                                    job->data + job->header + n * job->buffer,
                                    len)) {
            return false;
        }
    }
    return true;
}

static uint32_t packet_type(const FrameInfo *info)
{
    uint32_t type = 0;

    if (info->ip_version == 4) {
        type |= IXGBE_RXI_IPV4 | (info->ip_options ? IXGBE_RXI_IPV4E : 0);
    } else if (info->ip_version == 6) {
        type |= IXGBE_RXI_IPV6 | (info->ip_options ? IXGBE_RXI_IPV6E : 0);
    }
    if (info->l4) {
        switch (info->protocol) {
        case FRAME_PROTO_TCP:
            type |= IXGBE_RXI_TCP;
            break;
        case FRAME_PROTO_UDP:
            type |= IXGBE_RXI_UDP;
            break;
        case FRAME_PROTO_SCTP:
            type |= IXGBE_RXI_SCTP;
            break;
        }
    }
    return type;
}

static uint32_t status_bits(const RxJob *job, bool last)
{
    uint32_t status = IXGBE_RXS_DD;

    if (!last) {
        return status;
    }
    status |= IXGBE_RXS_EOP;
    status |= job->vlan ? IXGBE_RXS_VP : 0;
    status |= job->meta->loopback ? IXGBE_RXS_LB : 0;
    status |= job->header_overflow ? IXGBE_RXS_ERR_HBO : 0;
    status |= job->csum.ip != CSUM_NONE ? IXGBE_RXS_IPCS : 0;
    status |= job->csum.ip == CSUM_BAD ? IXGBE_RXS_ERR_IPE : 0;
    status |= job->csum.l4 != CSUM_NONE ? IXGBE_RXS_L4CS : 0;
    status |= job->csum.l4 == CSUM_BAD ? IXGBE_RXS_ERR_L4E : 0;
    return status;
}

static void fill_advanced(const IxgbeRxq *q, const RxJob *job, unsigned n,
                          IxgbeRxAdvWb *wb)
{
    bool hash = !q->fn->packet_checksum &&
                !(q->fn->state.rx_flags & IXGBE_RX_CHECKSUM);
    uint32_t info = packet_type(&job->info);

    info |= hash ? job->meta->rss_type & 15 : 0;
    if (n == 0) {
        info |= (uint32_t)job->header << IXGBE_RXI_HDR_LEN_SHIFT;
        info |= job->split ? IXGBE_RXI_SPH : 0;
    }
    wr_le32(&wb->info, info);
    wr_le32(&wb->hash, hash ? job->meta->rss_hash : 0);
    wr_le32(&wb->status_error, status_bits(job, n + 1 == job->count));
    wr_le16(&wb->length, piece(job, n));
    wr_le16(&wb->vlan, job->vlan ? job->tci : 0);
}

static void fill_legacy(const RxJob *job, unsigned n, IxgbeRxLegacy *wb)
{
    uint32_t status = status_bits(job, n + 1 == job->count);

    wr_le64(&wb->address, job->packet_addr[n]);
    wr_le16(&wb->length, piece(job, n));
    wr_le16(&wb->checksum, 0);
    wb->status = status;
    wb->errors = status >> 24 & (IXGBE_RXL_ERR_IPE | IXGBE_RXL_ERR_L4E);
    wr_le16(&wb->vlan, job->vlan ? job->tci : 0);
}

/*
 * Drivers look at the second half for "done": it is written last, and each
 * half at once.
 */
static bool write_back(IxgbeRxq *q, const RxJob *job)
{
    for (unsigned n = 0; n < job->count; n++) {
        uint64_t addr = desc_addr(q, slot(q, n));
        uint8_t wb[IXGBE_DESC_SIZE] = { 0 };

        if (job->legacy) {
            fill_legacy(job, n, (IxgbeRxLegacy *)wb);
        } else {
            fill_advanced(q, job, n, (IxgbeRxAdvWb *)wb);
        }
        if (!ixgbe_dma_write(q->fn, addr, wb, 8) ||
            !ixgbe_dma_write(q->fn, addr + 8, wb + 8, 8)) {
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

IxgbeRxResult ixgbe_rxq_receive(IxgbeRxq *q, const uint8_t *frame, size_t len,
                                const IxgbeRxMeta *meta)
{
    IxgbeFunction *fn = q->fn;
    RxJob job = { .data = frame, .len = len, .meta = meta };

    q->waiting = false;
    if (!enabled(q) || q->ring.failed) {
        return drop(q, len, "queue is off");
    }
    if (!plan(q, &job) || job.count >= ixgbe_ring_size(&q->ring)) {
        return drop(q, len, "does not fit the ring's set-up");
    }
    if (job.count > ixgbe_ring_owned(&q->ring)) {
        if (!fn->config.wait_for_room && (q->srrctl & IXGBE_SRRCTL_DROP_EN)) {
            return drop(q, len, "no descriptor");
        }
        trace_ixgbe_rxq_wait(fn, q->index, len);
        ixgbe_function_rx_wait(q);
        return IXGBE_RX_WAIT;
    }
    if (!fetch(q, &job) || !write_data(q, &job) || !write_back(q, &job)) {
        stop(q);
        return drop(q, len, "DMA fault");
    }
    trace_ixgbe_rxq_receive(fn, q->index, len, q->ring.head, job.count);
    count_frame(q, len, meta);
    if ((job.csum.ip == CSUM_BAD || job.csum.l4 == CSUM_BAD) &&
        fn->port_ops && fn->port_ops->bad_checksum) {
        fn->port_ops->bad_checksum(fn->port);
    }
    q->last = slot(q, job.count - 1);
    q->ring.head = slot(q, job.count);
    set_idle(q, IXGBE_RX_WRITTEN);
    ixgbe_intr_raise(&fn->intr, q->vector);
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
