/*
 * NetVSP transmit: RNDIS packet messages of the guest become frames.
 *
 * One ring packet carries one or more RNDIS messages, in a section of the send
 * buffer, in guest pages (GPA-direct), or both, one behind the other.  A large
 * send becomes several frames.  The packet leaves the ring when all its frames
 * were handed over; NetvspQueue.tx_done counts those that were, so that a frame
 * refused half-way is tried again without sending the ones before it twice.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#include "iovlab-trace.h"
#include "iovlab/checksum.h"
#include "iovlab/segment.h"

/* Per-packet information records looked at in one message. */
#define PPI_MAX 32
/* Frames of one large send; what is beyond has an absurd segment size. */
#define SEGMENTS_MAX 2048

/* One RNDIS_MSG_PACKET, taken apart. */
typedef struct TxMessage {
    uint8_t *frame;
    size_t len;
    bool has_checksum;
    uint32_t checksum;
    bool has_lso;
    uint32_t lso;
    bool has_vlan;
    uint32_t vlan;
} TxMessage;

/* Frames of one ring packet on their way out. */
typedef struct TxRun {
    NetvspQueue *q;
    uint32_t skip;              /* were handed over before */
    uint32_t index;             /* of the next frame */
} TxRun;

/* Reads the ring packet's RNDIS bytes.  NULL: good, else what is wrong. */
static const char *gather(NetvspQueue *q, const VmbusPacket *pkt, size_t *len)
{
    const NvspRndisPacket *m = (const NvspRndisPacket *)pkt->payload;
    Netvsp *n = q->n;
    uint32_t section = rd_le32(&m->section);
    uint32_t bytes = rd_le32(&m->section_bytes);
    VmbusGpaRange range;

    *len = 0;
    if (section != NVSP_NO_SECTION) {
        if (!n->send.gpadl || section >= n->send.sections ||
            bytes > n->send.section_size) {
            return "send buffer section";
        }
        if (!vmbus_gpadl_read(n->send.gpadl,
                              (uint64_t)section * n->send.section_size,
                              n->tx_buf, bytes)) {
            return "send buffer memory";
        }
        *len = bytes;
    }
    if (pkt->type == VM_PKT_DATA_USING_GPA_DIRECT) {
        if (!vmbus_packet_gpa_range(q->ch, pkt, &range) ||
            range.size > NETVSP_TX_BYTES - *len) {
            return "page ranges";
        }
        if (!vmbus_gpa_range_read(&range, 0, n->tx_buf + *len, range.size)) {
            return "page memory";
        }
        *len += range.size;
    }
    return *len < sizeof(RndisHeader) ? "no RNDIS message" : NULL;
}

static bool read_ppi(TxMessage *tx, const uint8_t *ppi, size_t len)
{
    for (unsigned i = 0; len && i < PPI_MAX; i++) {
        const RndisPpi *p = (const RndisPpi *)ppi;
        uint32_t size, offset, value;

        if (len < sizeof(*p)) {
            return false;
        }
        size = rd_le32(&p->size);
        offset = rd_le32(&p->offset);
        if (size < sizeof(*p) || size > len ||
            !iov_in_range(offset, sizeof(value), size)) {
            return false;
        }
        value = rd_le32(ppi + offset);
        switch (rd_le32(&p->type)) {
        case RNDIS_PPI_CHECKSUM:
            tx->has_checksum = true;
            tx->checksum = value;
            break;
        case RNDIS_PPI_LSO:
            tx->has_lso = true;
            tx->lso = value;
            break;
        case RNDIS_PPI_VLAN:
            tx->has_vlan = true;
            tx->vlan = value;
            break;
        default:
            break;
        }
        ppi += size;
        len -= size;
    }
    return true;
}

/* @msg: one message of @len bytes, header included. */
static bool parse_message(TxMessage *tx, uint8_t *msg, size_t len)
{
    uint8_t *body = msg + sizeof(RndisHeader);
    const RndisPacket *p = (const RndisPacket *)body;
    uint32_t offset, ppi, ppi_len;

    *tx = (TxMessage) { 0 };
    if (len < sizeof(RndisHeader) + sizeof(*p)) {
        return false;
    }
    len -= sizeof(RndisHeader);
    offset = rd_le32(&p->data_offset);
    tx->len = rd_le32(&p->data_length);
    ppi = rd_le32(&p->ppi_offset);
    ppi_len = rd_le32(&p->ppi_length);
    /* The tag may later go in front of the frame, over the RNDIS header. */
    if (!iov_in_range(offset, tx->len, len) || tx->len < FRAME_ETH_LEN ||
        offset < sizeof(*p)) {
        return false;
    }
    tx->frame = body + offset;
    if (ppi_len && !iov_in_range(ppi, ppi_len, len)) {
        return false;
    }
    return read_ppi(tx, body + ppi, ppi_len);
}

static void insert_tag(TxMessage *tx)
{
    uint16_t tci = ndis_vlan_to_tci(tx->vlan);

    memmove(tx->frame - FRAME_VLAN_LEN, tx->frame, 2 * FRAME_ADDR_LEN);
    tx->frame -= FRAME_VLAN_LEN;
    tx->len += FRAME_VLAN_LEN;
    wr_be16(tx->frame + 2 * FRAME_ADDR_LEN, FRAME_TYPE_VLAN);
    wr_be16(tx->frame + 2 * FRAME_ADDR_LEN + 2, tci);
}

static void insert_checksums(TxMessage *tx)
{
    uint32_t flags = tx->checksum;
    uint32_t l4 = flags >> NDIS_TXCSUM_L4_SHIFT & NDIS_TXCSUM_L4_MASK;
    bool udp = flags & NDIS_TXCSUM_UDP;
    FrameInfo info;

    frame_parse(tx->frame, tx->len, &info);
    if (flags & NDIS_TXCSUM_IP_HEADER) {
        csum_insert_ip(tx->frame, &info);
    }
    if (!(flags & (NDIS_TXCSUM_TCP | NDIS_TXCSUM_UDP)) ||
        csum_insert_l4(tx->frame, &info)) {
        return;
    }
    /* Not what we can parse: the guest left the pseudo header's sum there. */
    if (l4) {
        l4 += tx->has_vlan ? FRAME_VLAN_LEN : 0;
        csum_insert_range(tx->frame, tx->len, l4, tx->len,
                          l4 + csum_field_offset(udp ? FRAME_PROTO_UDP
                                                     : FRAME_PROTO_TCP),
                          udp);
    }
}

/* Hands a frame over unless it was before.  False: refused. */
static bool put_frame(TxRun *run, const uint8_t *frame, size_t len)
{
    Netvsp *n = run->q->n;

    if (run->index++ < run->skip) {
        return true;
    }
    if (len > n->port_mtu + FRAME_ETH_LEN + FRAME_VLAN_LEN) {
        trace_netvsp_tx_refuse(n, "frame longer than the port carries");
        n->tx.errors++;
    } else if (!n->ops->tx_frame(n->opaque, frame, len)) {
        run->q->tx_blocked = true;
        return false;
    } else {
        netvsp_count(&n->tx, frame, len);
    }
    run->q->tx_done = run->index;
    return true;
}

static bool put_large(TxRun *run, TxMessage *tx)
{
    Netvsp *n = run->q->n;
    uint32_t mss = tx->lso & NDIS_LSO_MSS_MASK;
    uint32_t first;
    SegmentLayout layout;
    FrameInfo info;
    Segmenter s;

    frame_parse(tx->frame, tx->len, &info);
    if (tx->lso & NDIS_LSO_V2 && info.ip_version) {
        /* The length field is not the guest's to fill (LSOv2): ignore it. */
        wr_be16(tx->frame + info.l3 + (info.ip_version == 4 ? 2 : 4), 0);
        frame_parse(tx->frame, tx->len, &info);
    }
    if (info.protocol != FRAME_PROTO_TCP || !segment_layout(&info, &layout) ||
        !segment_begin(&s, tx->frame, tx->len, &layout, mss) ||
        s.count > SEGMENTS_MAX) {
        trace_netvsp_tx_refuse(n, "large send that is not TCP");
        if (run->index++ >= run->skip) {
            n->tx.errors++;
            run->q->tx_done = run->index;
        }
        return true;
    }
    first = MIN(run->skip > run->index ? run->skip - run->index : 0, s.count);
    run->index += first;
    for (uint32_t i = first; i < s.count; i++) {
        size_t len = segment_build(&s, i, n->frame_buf, NETVSP_FRAME_MAX);

        if (!put_frame(run, n->frame_buf, len ? len : SIZE_MAX)) {
            return false;
        }
    }
    return true;
}

/* False: refused, the ring packet stays.  *bad: the message is malformed. */
static bool put_message(TxRun *run, uint8_t *msg, size_t len, bool *bad)
{
    TxMessage tx;

    if (!parse_message(&tx, msg, len)) {
        *bad = true;
        return true;
    }
    if (tx.has_vlan) {
        insert_tag(&tx);
    }
    if (tx.has_lso && tx.lso & NDIS_LSO_MSS_MASK) {
        return put_large(run, &tx);
    }
    if (tx.has_checksum) {
        insert_checksums(&tx);
    }
    return put_frame(run, tx.frame, tx.len);
}

/* Walks the messages in tx_buf.  False: the ring packet stays. */
static bool put_data(NetvspQueue *q, size_t len, NvspStatus *status)
{
    Netvsp *n = q->n;
    TxRun run = { .q = q, .skip = q->tx_done };
    size_t at = 0;

    while (len - at >= sizeof(RndisHeader)) {
        uint8_t *msg = n->tx_buf + at;
        size_t msg_len = rd_le32(msg + 4);
        bool bad = rd_le32(msg) != RNDIS_MSG_PACKET;

        if (msg_len < sizeof(RndisHeader) || msg_len > len - at) {
            bad = true;
            msg_len = len - at;
        }
        if (!bad && !put_message(&run, msg, msg_len, &bad)) {
            return false;
        }
        if (bad) {
            trace_netvsp_tx_refuse(n, "malformed RNDIS message");
            *status = NVSP_STATUS_INVALID_RNDIS_PKT;
            if (run.index++ >= run.skip) {
                n->tx.errors++;
                q->tx_done = run.index;
            }
        }
        at += msg_len;
    }
    return true;
}

static NetvspVerdict control_packet(NetvspQueue *q, const VmbusPacket *pkt,
                                    const uint8_t *msg, size_t len)
{
    size_t msg_len = rd_le32(msg + 4);

    if (q->index != 0 || msg_len < sizeof(RndisHeader) || msg_len > len ||
        g_queue_get_length(&q->n->control) >= NETVSP_CONTROL_WAIT_MAX) {
        trace_netvsp_tx_refuse(q->n, "control message");
        netvsp_complete_rndis(q, pkt, NVSP_STATUS_INVALID_RNDIS_PKT);
        return NETVSP_DONE;
    }
    netvsp_complete_rndis(q, pkt, NVSP_STATUS_SUCCESS);
    rndis_control(q->n, msg, msg_len);
    netvsp_flush(q->n);
    return NETVSP_DONE;
}

/* There is room for the completion when this is called. */
NetvspVerdict netvsp_tx_packet(NetvspQueue *q, const VmbusPacket *pkt)
{
    const NvspRndisPacket *m = (const NvspRndisPacket *)pkt->payload;
    Netvsp *n = q->n;
    NvspStatus status = NVSP_STATUS_SUCCESS;
    const char *why = NULL;
    size_t len = 0;

    if (pkt->len < sizeof(*m) || n->state < NETVSP_NEGOTIATED) {
        why = "short, or before INIT";
    } else {
        why = gather(q, pkt, &len);
    }
    if (!why && rd_le32(&m->channel) == NVSP_CHANNEL_CONTROL) {
        return control_packet(q, pkt, n->tx_buf, len);
    }
    if (!why && n->state < NETVSP_INITIALIZED) {
        why = "data before RNDIS is initialised";
    }
    if (why) {
        trace_netvsp_tx_refuse(n, why);
        n->tx.errors++;
        netvsp_complete_rndis(q, pkt, NVSP_STATUS_INVALID_RNDIS_PKT);
        return NETVSP_DONE;
    }
    if (n->leaving) {
        n->tx.discards++;
        return netvsp_complete_rndis(q, pkt, status) ? NETVSP_DONE
                                                     : NETVSP_HOLD;
    }
    if (n->tx_held && !q->tx_done) {
        q->tx_waiting = true;
        vmbus_channel_crowd(q->ch, true);
        return NETVSP_HOLD;
    }
    if (!put_data(q, len, &status)) {
        trace_netvsp_tx_hold(n, q->index, q->tx_done);
        return NETVSP_HOLD;
    }
    /*
     * A frame that came back to this NIC from within tx_frame() may have used
     * the room: then all frames count as done and only this is tried again.
     */
    return netvsp_complete_rndis(q, pkt, status) ? NETVSP_DONE : NETVSP_HOLD;
}

void netvsp_hold_tx(Netvsp *n, bool hold)
{
    bool begins = hold && !n->tx_held;

    if (!hold && !n->tx_held) {
        return;
    }
    n->tx_held = hold;
    for (unsigned i = 0; i < NETVSP_CHANNELS_MAX; i++) {
        NetvspQueue *q = n->queues[i];

        if (!q || !q->open) {
            continue;
        }
        if (begins || !hold) {
            q->tx_waiting = false;
        }
        vmbus_channel_crowd(q->ch, hold);
        if (hold) {
            vmbus_channel_schedule(q->ch);
        }
    }
}

bool netvsp_tx_stopped(const Netvsp *n, unsigned queues)
{
    for (unsigned i = 0; i < MIN(queues, NETVSP_CHANNELS_MAX); i++) {
        const NetvspQueue *q = n->queues[i];

        if (q && q->open && !q->tx_waiting) {
            return false;
        }
    }
    return n->tx_held;
}
