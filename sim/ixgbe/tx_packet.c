/*
 * Transmit offloads of one packet: checksums, segmentation, VLAN tag.
 * Datasheet 7.2.3.2 (descriptors), 7.2.4 (segmentation), 7.2.5 (checksums),
 * 7.4 (tag insertion).
 *
 * The hardware knows a packet's headers only by the lengths in its context, and
 * so does this file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/tx_packet.h"

#include "iovlab/checksum.h"
#include "iovlab/crc32c.h"
#include "iovlab/fcs.h"
#include "iovlab/frame.h"
#include "iovlab/segment.h"

/* Of a segment, for padding and what ESP puts behind it. */
#define SEGMENT_ROOM 64

static IxgbeTxHeaders parse_context(const IxgbeTxPacket *pkt)
{
    const IxgbeTxContext *context = &pkt->context;
    uint32_t lens = rd_le32(&context->vlan_macip_lens);
    uint32_t tucmd = rd_le32(&context->type_tucmd);
    uint32_t mss = rd_le32(&context->mss_l4len_idx);
    bool ipsec = pkt->olinfo & IXGBE_TXD_IPSEC;

    return (IxgbeTxHeaders) {
        .tag = lens >> 16,
        .l2 = lens >> 9 & 0x7f,
        .l3 = lens & 0x1ff,
        .l4 = mss >> 8 & 0xff,
        .mss = mss >> 16,
        .ipv4 = tucmd & IXGBE_TXC_IPV4,
        .protocol = tucmd & IXGBE_TXC_L4T,
        .ipsec = ipsec,
        .esp = ipsec && (tucmd & IXGBE_TXC_IPSEC_ESP),
        .esp_len = ipsec ? tucmd & IXGBE_TXC_ESP_LEN : 0,
    };
}

static IxgbeTxMeta adapter_meta(const IxgbeTxPacket *pkt)
{
    uint32_t tucmd = rd_le32(&pkt->context.type_tucmd);

    if (!pkt->advanced) {
        return (IxgbeTxMeta) { 0 };
    }
    return (IxgbeTxMeta) {
        .timestamp = pkt->cmd & IXGBE_TXD_MAC_1588,
        .ipsec = pkt->olinfo & IXGBE_TXD_IPSEC,
        .esp = tucmd & IXGBE_TXC_IPSEC_ESP,
        .encrypt = tucmd & IXGBE_TXC_IPSEC_ENCRYPT,
        .sa = rd_le32(&pkt->context.saidx_seqnum) & IXGBE_TXC_SA,
    };
}

/*
 * Puts the tag into the headroom: the packet starts 4 bytes earlier.  With
 * double VLAN (7.4.5) the packet has its outer tag already, and the one that
 * is inserted goes behind it.
 */
static bool insert_tag(const IxgbeTxRules *rules, IxgbeTxPacket *pkt,
                       uint16_t tag)
{
    uint8_t *start = pkt->data - FRAME_VLAN_LEN;
    size_t at = 2 * FRAME_ADDR_LEN;

    if (pkt->len < FRAME_ETH_LEN) {
        return false;
    }
    if (rules->outer_type && rd_be16(pkt->data + at) == rules->outer_type) {
        at += FRAME_VLAN_LEN;
    }
    if (pkt->len < at + 2) {
        return false;
    }
    memmove(start, pkt->data, at);
    wr_be16(start + at, rules->vlan_type);
    wr_be16(start + at + 2, tag);
    pkt->data = start;
    pkt->len += FRAME_VLAN_LEN;
    return true;
}

static bool count_sent(IxgbeFunction *fn, size_t len, bool sent)
{
    if (sent) {
        fn->stats.tx_frames++;
        fn->stats.tx_bytes += len;
    }
    return sent;
}

static bool send_frame(IxgbeFunction *fn, unsigned queue, uint8_t *frame,
                       size_t len, const IxgbeTxMeta *meta)
{
    if (fn->state.tx_rules.pad) {
        len = frame_pad(frame, len, IXGBE_FRAME_MAX);
    }
    return count_sent(fn, len, fn->port_ops &&
                      fn->port_ops->tx(fn->port, queue, frame, len, meta));
}

static bool give_frame(IxgbeFunction *fn, unsigned queue, Frame *frame,
                       const IxgbeTxMeta *meta)
{
    const IxgbePortOps *ops = fn->port_ops;

    if (ops && ops->tx_frame) {
        return ops->tx_frame(fn->port, queue, frame, meta);
    }
    return ops && ops->tx(fn->port, queue, frame->data, frame->len, meta);
}

/*
 * 7.2.5: the driver left the sum of the pseudo header in the field; hardware
 * adds from the L4 header to the end, which is in front of an ESP trailer.
 */
static void insert_checksums(IxgbeTxPacket *pkt, const IxgbeTxHeaders *h)
{
    size_t l4 = h->l2 + h->l3;
    size_t end = pkt->len - MIN(h->esp_len, pkt->len);

    if ((pkt->olinfo & IXGBE_TXD_IXSM) && h->ipv4) {
        if (h->ipsec) {
            ixgbe_tx_esp_ip_checksum(pkt->data, pkt->len, h->l2);
        } else {
            csum_insert_range(pkt->data, pkt->len, h->l2, l4, h->l2 + 10,
                              false);
        }
    }
    if (!(pkt->olinfo & IXGBE_TXD_TXSM)) {
        return;
    }
    switch (h->protocol) {
    case IXGBE_TXC_L4T_TCP:
        csum_insert_range(pkt->data, pkt->len, l4, end, l4 + 16, false);
        break;
    case IXGBE_TXC_L4T_UDP:
        csum_insert_range(pkt->data, pkt->len, l4, end, l4 + 6, true);
        break;
    case IXGBE_TXC_L4T_SCTP:
        if (iov_in_range(l4, 12, end)) {
            wr_le32(pkt->data + l4 + 8,
                    crc32c_sctp(pkt->data + l4, end - l4));
        }
        break;
    }
}

static bool segmenter_begin(IxgbeFunction *fn, IxgbeTxPacket *pkt,
                            const IxgbeTxHeaders *h, Segmenter *segmenter)
{
    const IxgbeTxRules *rules = &fn->state.tx_rules;
    SegmentLayout layout = {
        .l3 = h->l2,
        .l4 = h->l2 + h->l3,
        .payload = h->l2 + h->l3 + h->l4,
        .ip_version = h->ipv4 ? 4 : 6,
        .protocol = h->protocol == IXGBE_TXC_L4T_UDP ? FRAME_PROTO_UDP :
                                                       FRAME_PROTO_TCP,
        .keep_ip_csum = h->esp || !(pkt->olinfo & IXGBE_TXD_IXSM),
        .keep_l4_csum = !(pkt->olinfo & IXGBE_TXD_TXSM),
        .seeded = true,
        .keep_first = rules->tcp_first,
        .keep_middle = rules->tcp_middle,
        .keep_last = rules->tcp_last,
    };

    /* 7.2.4: PAYLEN says how much payload there is, not the buffers. */
    layout.end = layout.payload + (pkt->olinfo >> IXGBE_TXD_PAYLEN_SHIFT);
    return h->protocol != IXGBE_TXC_L4T_SCTP &&
           segment_begin(segmenter, pkt->data, pkt->len, &layout, h->mss) &&
           segment_length(segmenter, 0) <= IXGBE_FRAME_MAX;
}

/* Built where it stays until it is in another's ring. */
static IxgbeTxResult send_segment(IxgbeFunction *fn, unsigned queue,
                                  const Segmenter *segmenter,
                                  const IxgbeTxHeaders *h, uint32_t index,
                                  const IxgbeTxMeta *meta)
{
    size_t len = segment_length(segmenter, index) + SEGMENT_ROOM;
    Frame *frame = frame_alloc(MIN(len, FRAME_MAX));
    bool sent = true;

    len = segment_build(segmenter, index, frame->data, frame->size);
    if (h->esp) {
        len = ixgbe_tx_esp_segment(frame->data, len, frame->size, h, index);
    }
    if (len && fn->state.tx_rules.pad) {
        len = frame_pad(frame->data, len, frame->size);
    }
    frame->len = len;
    if (len) {
        sent = count_sent(fn, len, give_frame(fn, queue, frame, meta));
    }
    frame_unref(frame);
    return len == 0 ? IXGBE_TX_MALFORMED :
           sent ? IXGBE_TX_SENT : IXGBE_TX_NO_ROOM;
}

static IxgbeTxResult send_segments(IxgbeFunction *fn, IxgbeTxPacket *pkt,
                                   IxgbeTxHeaders *h, uint32_t *sent)
{
    IxgbeTxMeta meta = adapter_meta(pkt);
    Segmenter segmenter;

    if (pkt->cmd & IXGBE_TXD_VLE) {
        if (!insert_tag(&fn->state.tx_rules, pkt, h->tag)) {
            return IXGBE_TX_MALFORMED;
        }
        h->l2 += FRAME_VLAN_LEN;
    }
    if (!segmenter_begin(fn, pkt, h, &segmenter)) {
        return IXGBE_TX_MALFORMED;
    }
    while (*sent < segmenter.count) {
        IxgbeTxResult result = send_segment(fn, pkt->queue, &segmenter, h,
                                            *sent, &meta);

        if (result != IXGBE_TX_SENT) {
            return result;
        }
        /* One stamp for the whole: that of the first segment. */
        meta.timestamp = false;
        (*sent)++;
        if (--fn->tx_budget <= 0 && *sent < segmenter.count) {
            return IXGBE_TX_AGAIN;
        }
    }
    return IXGBE_TX_SENT;
}

/* Offloads of a packet that is one frame; false if it is malformed. */
static bool prepare_advanced(IxgbeFunction *fn, IxgbeTxPacket *pkt)
{
    IxgbeTxHeaders h = parse_context(pkt);

    insert_checksums(pkt, &h);
    return !(pkt->cmd & IXGBE_TXD_VLE) ||
           insert_tag(&fn->state.tx_rules, pkt, h.tag);
}

static bool prepare_legacy(IxgbeFunction *fn, IxgbeTxPacket *pkt)
{
    if (pkt->cmd & IXGBE_TXD_IC) {
        size_t start = pkt->olinfo >> IXGBE_TXL_CSS_SHIFT & 0xff;
        size_t field = pkt->cmd >> IXGBE_TXL_CSO_SHIFT & 0xff;

        csum_insert_range(pkt->data, pkt->len, start, pkt->len, field, false);
    }
    return !(pkt->cmd & IXGBE_TXD_VLE) ||
           insert_tag(&fn->state.tx_rules, pkt,
                      pkt->olinfo >> IXGBE_TXL_VLAN_SHIFT);
}

/*
 * 7.2.3.2: without IFCS the packet brings its FCS.  Frames have none here; one
 * with a wrong FCS is a frame that no receiver would take.
 */
static bool take_fcs_off(IxgbeTxPacket *pkt)
{
    if (pkt->cmd & IXGBE_TXD_IFCS) {
        return true;
    }
    if (pkt->len < FRAME_ETH_LEN + FRAME_FCS_LEN) {
        return false;
    }
    pkt->len -= FRAME_FCS_LEN;
    return rd_le32(pkt->data + pkt->len) == frame_fcs(pkt->data, pkt->len);
}

IxgbeTxResult ixgbe_tx_packet_send(IxgbeFunction *fn, IxgbeTxPacket *pkt,
                                   uint32_t *sent)
{
    IxgbeTxMeta meta = adapter_meta(pkt);
    size_t tag;

    if (pkt->len < FRAME_ETH_LEN) {
        return IXGBE_TX_MALFORMED;
    }
    if (!fn->state.tx_vlan_insert) {
        pkt->cmd &= ~IXGBE_TXD_VLE;
    }
    if (pkt->advanced && (pkt->cmd & IXGBE_TXD_TSE)) {
        IxgbeTxHeaders h = parse_context(pkt);

        return send_segments(fn, pkt, &h, sent);
    }
    tag = pkt->cmd & IXGBE_TXD_VLE ? FRAME_VLAN_LEN : 0;
    if (!take_fcs_off(pkt) || pkt->len > IXGBE_FRAME_MAX - tag ||
        !(pkt->advanced ? prepare_advanced(fn, pkt) :
                          prepare_legacy(fn, pkt))) {
        return IXGBE_TX_MALFORMED;
    }
    return send_frame(fn, pkt->queue, pkt->data, pkt->len, &meta) ?
           IXGBE_TX_SENT : IXGBE_TX_NO_ROOM;
}
