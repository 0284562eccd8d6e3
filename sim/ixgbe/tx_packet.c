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
#include "ixgbe/function.h"

#include "iovlab/checksum.h"
#include "iovlab/crc32c.h"
#include "iovlab/segment.h"

/* A context descriptor, taken apart. */
typedef struct Headers {
    uint16_t tag;
    size_t l2;                  /* length of the MAC header */
    size_t l3;                  /* of the IP header with all extensions */
    size_t l4;                  /* of the TCP or UDP header; segmentation */
    uint32_t mss;
    bool ipv4;
    uint32_t protocol;          /* IXGBE_TXC_L4T_* */
} Headers;

static Headers parse_context(const IxgbeTxContext *context)
{
    uint32_t lens = rd_le32(&context->vlan_macip_lens);
    uint32_t tucmd = rd_le32(&context->type_tucmd);
    uint32_t mss = rd_le32(&context->mss_l4len_idx);

    return (Headers) {
        .tag = lens >> 16,
        .l2 = lens >> 9 & 0x7f,
        .l3 = lens & 0x1ff,
        .l4 = mss >> 8 & 0xff,
        .mss = mss >> 16,
        .ipv4 = tucmd & IXGBE_TXC_IPV4,
        .protocol = tucmd & IXGBE_TXC_L4T,
    };
}

/* Puts the tag into the headroom: the packet starts 4 bytes earlier. */
static bool insert_tag(IxgbeTxPacket *pkt, uint16_t tag)
{
    uint8_t *start = pkt->data - FRAME_VLAN_LEN;

    if (pkt->len < 2 * FRAME_ADDR_LEN) {
        return false;
    }
    memmove(start, pkt->data, 2 * FRAME_ADDR_LEN);
    wr_be16(start + 2 * FRAME_ADDR_LEN, FRAME_TYPE_VLAN);
    wr_be16(start + 2 * FRAME_ADDR_LEN + 2, tag);
    pkt->data = start;
    pkt->len += FRAME_VLAN_LEN;
    return true;
}

static bool send_frame(IxgbeFunction *fn, unsigned queue, uint8_t *frame,
                       size_t len)
{
    len = frame_pad(frame, len, IXGBE_FRAME_MAX);
    if (!fn->port_ops || !fn->port_ops->tx(fn->port, queue, frame, len)) {
        return false;
    }
    fn->stats.tx_frames++;
    fn->stats.tx_bytes += len;
    return true;
}

/*
 * 7.2.5: the driver left the sum of the pseudo header in the field; hardware
 * adds from the L4 header to the end.
 */
static void insert_checksums(IxgbeTxPacket *pkt, const Headers *h)
{
    size_t l4 = h->l2 + h->l3;

    if ((pkt->olinfo & IXGBE_TXD_IXSM) && h->ipv4) {
        csum_insert_range(pkt->data, pkt->len, h->l2, l4, h->l2 + 10, false);
    }
    if (!(pkt->olinfo & IXGBE_TXD_TXSM)) {
        return;
    }
    switch (h->protocol) {
    case IXGBE_TXC_L4T_TCP:
        csum_insert_range(pkt->data, pkt->len, l4, pkt->len, l4 + 16, false);
        break;
    case IXGBE_TXC_L4T_UDP:
        csum_insert_range(pkt->data, pkt->len, l4, pkt->len, l4 + 6, true);
        break;
    case IXGBE_TXC_L4T_SCTP:
        if (iov_in_range(l4, 12, pkt->len)) {
            wr_le32(pkt->data + l4 + 8,
                    crc32c_sctp(pkt->data + l4, pkt->len - l4));
        }
        break;
    }
}

static IxgbeTxResult send_segments(IxgbeFunction *fn, IxgbeTxPacket *pkt,
                                   const Headers *h, uint32_t *sent)
{
    size_t shift = pkt->cmd & IXGBE_TXD_VLE ? FRAME_VLAN_LEN : 0;
    SegmentLayout layout = {
        .l3 = h->l2 + shift,
        .l4 = h->l2 + shift + h->l3,
        .payload = h->l2 + shift + h->l3 + h->l4,
        .ip_version = h->ipv4 ? 4 : 6,
        .protocol = h->protocol == IXGBE_TXC_L4T_UDP ? FRAME_PROTO_UDP :
                                                       FRAME_PROTO_TCP,
        .keep_ip_csum = !(pkt->olinfo & IXGBE_TXD_IXSM),
        .keep_l4_csum = !(pkt->olinfo & IXGBE_TXD_TXSM),
        .seeded = true,
    };
    Segmenter segmenter;

    if (shift && !insert_tag(pkt, h->tag)) {
        return IXGBE_TX_MALFORMED;
    }
    layout.end = pkt->len;
    if (h->protocol == IXGBE_TXC_L4T_SCTP ||
        !segment_begin(&segmenter, pkt->data, pkt->len, &layout, h->mss) ||
        segment_length(&segmenter, 0) > IXGBE_FRAME_MAX) {
        return IXGBE_TX_MALFORMED;
    }
    while (*sent < segmenter.count) {
        size_t len = segment_build(&segmenter, *sent, fn->tx_frame,
                                   IXGBE_FRAME_MAX);

        if (len && !send_frame(fn, pkt->queue, fn->tx_frame, len)) {
            return IXGBE_TX_NO_ROOM;
        }
        (*sent)++;
        if (--fn->tx_budget <= 0 && *sent < segmenter.count) {
            return IXGBE_TX_AGAIN;
        }
    }
    return IXGBE_TX_SENT;
}

static IxgbeTxResult send_advanced(IxgbeFunction *fn, IxgbeTxPacket *pkt,
                                   uint32_t *sent)
{
    Headers h = parse_context(&pkt->context);

    if (pkt->cmd & IXGBE_TXD_TSE) {
        return send_segments(fn, pkt, &h, sent);
    }
    insert_checksums(pkt, &h);
    if ((pkt->cmd & IXGBE_TXD_VLE) && !insert_tag(pkt, h.tag)) {
        return IXGBE_TX_MALFORMED;
    }
    return IXGBE_TX_SENT;
}

static IxgbeTxResult prepare_legacy(IxgbeTxPacket *pkt)
{
    if (pkt->cmd & IXGBE_TXD_IC) {
        size_t start = pkt->olinfo >> IXGBE_TXL_CSS_SHIFT & 0xff;
        size_t field = pkt->cmd >> IXGBE_TXL_CSO_SHIFT & 0xff;

        csum_insert_range(pkt->data, pkt->len, start, pkt->len, field, false);
    }
    if ((pkt->cmd & IXGBE_TXD_VLE) &&
        !insert_tag(pkt, pkt->olinfo >> IXGBE_TXL_VLAN_SHIFT)) {
        return IXGBE_TX_MALFORMED;
    }
    return IXGBE_TX_SENT;
}

IxgbeTxResult ixgbe_tx_packet_send(IxgbeFunction *fn, IxgbeTxPacket *pkt,
                                   uint32_t *sent)
{
    IxgbeTxResult result;

    if (pkt->len < FRAME_ETH_LEN) {
        return IXGBE_TX_MALFORMED;
    }
    if (!fn->state.tx_vlan_insert) {
        pkt->cmd &= ~IXGBE_TXD_VLE;
    }
    if (pkt->advanced && (pkt->cmd & IXGBE_TXD_TSE)) {
        return send_advanced(fn, pkt, sent);
    }
    if (pkt->len > IXGBE_FRAME_MAX - FRAME_VLAN_LEN) {
        return IXGBE_TX_MALFORMED;
    }
    result = pkt->advanced ? send_advanced(fn, pkt, sent) :
                             prepare_legacy(pkt);
    if (result == IXGBE_TX_SENT &&
        !send_frame(fn, pkt->queue, pkt->data, pkt->len)) {
        return IXGBE_TX_NO_ROOM;
    }
    return result;
}
