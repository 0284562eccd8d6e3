/*
 * What the write-back says of a frame, 7.1.6.2, and how it is cut: tag, FCS,
 * header split (7.1.10).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/rx_packet.h"

#include "iovlab/checksum.h"
#include "iovlab/crc32c.h"

#define TAG_AT (2 * FRAME_ADDR_LEN)
#define TYPE_ETQF_INDEX_SHIFT 4
#define UDP_CSUM 6
#define SCTP_CSUM 8

static uint16_t or_default(uint16_t type)
{
    return type ? type : FRAME_TYPE_VLAN;
}

/* --- tags and FCS ---------------------------------------------------------- */

static void add_piece(IxgbeRxPacket *p, unsigned n, const uint8_t *data,
                      size_t len)
{
    p->piece[n].data = data;
    p->piece[n].len = len;
    p->len += len;
}

/* 7.4: with two tags the inner one is the one that is looked at and taken. */
static void cut(IxgbeRxPacket *p, const IxgbeRxq *q, size_t len)
{
    const IxgbePortState *state = &q->fn->state;
    const uint8_t *frame = p->frame;
    size_t at = TAG_AT;

    if ((state->rx_flags & IXGBE_RX_TWO_TAGS) &&
        len >= at + FRAME_VLAN_LEN + 2 &&
        rd_be16(frame + at) == or_default(state->outer_type)) {
        p->status |= IXGBE_RXS_VEXT;
        at += FRAME_VLAN_LEN;
    }
    if (len >= at + FRAME_VLAN_LEN + 2 &&
        rd_be16(frame + at) == or_default(state->vlan_type)) {
        p->status |= IXGBE_RXS_VP;
        if (q->ring.ctl & IXGBE_RXDCTL_VME) {
            p->stripped = FRAME_VLAN_LEN;
            p->tci = rd_be16(frame + at + 2);
        }
    }
    add_piece(p, 0, frame, at);
    add_piece(p, 1, frame + at + p->stripped, len - at - p->stripped);
    if (state->rx_flags & IXGBE_RX_KEEP_CRC) {
        wr_le32(p->fcs, frame_fcs(frame, len));
        add_piece(p, 2, p->fcs, FRAME_FCS_LEN);
    }
}

bool ixgbe_rx_packet_write(IxgbeFunction *fn, const IxgbeRxPacket *p,
                           uint64_t address, size_t offset, size_t len)
{
    for (unsigned n = 0; n < RX_PIECES && len; n++) {
        const uint8_t *data = p->piece[n].data;
        size_t room = p->piece[n].len;
        size_t part;

        if (n == 0 && !p->stripped) {
            room += p->piece[++n].len;      /* nothing is between the two */
        }
        if (offset >= room) {
            offset -= room;
            continue;
        }
        part = MIN(len, room - offset);
        if (!ixgbe_dma_write(fn, address, data + offset, part)) {
            return false;
        }
        address += part;
        len -= part;
        offset = 0;
    }
    return true;
}

/* --- packet type ------------------------------------------------------------- */

/* Drivers find by it the SA of what the security block decrypted. */
static uint32_t ipsec_bits(const FrameInfo *info)
{
    if (!info->ip_version || info->fragment) {
        return 0;
    }
    return info->protocol == FRAME_PROTO_ESP ? IXGBE_RXI_ESP :
           info->protocol == FRAME_PROTO_AH ? IXGBE_RXI_AH : 0;
}

static uint32_t l4_bits(const FrameInfo *info)
{
    switch (info->l4 ? info->protocol : 0) {
    case FRAME_PROTO_TCP:
        return IXGBE_RXI_TCP;
    case FRAME_PROTO_UDP:
        return IXGBE_RXI_UDP;
    case FRAME_PROTO_SCTP:
        return IXGBE_RXI_SCTP;
    default:
        return ipsec_bits(info);
    }
}

static uint32_t ip_bits(const FrameInfo *info)
{
    if (info->ip_version == 4) {
        return IXGBE_RXI_IPV4 | (info->ip_options ? IXGBE_RXI_IPV4E : 0);
    }
    if (info->ip_version == 6) {
        return IXGBE_RXI_IPV6 | (info->ip_options ? IXGBE_RXI_IPV6E : 0);
    }
    return 0;
}

/* Of tunnels only IPv6 in IPv4 is parsed. */
static uint32_t packet_type(const IxgbeRxPacket *p, size_t len)
{
    FrameInfo inner;

    if (p->meta->etqf) {
        return IXGBE_RXI_ETQF |
               (uint32_t)((p->meta->etqf - 1) & 7) << TYPE_ETQF_INDEX_SHIFT;
    }
    if (p->info.ip_version == 4 && p->info.protocol == FRAME_PROTO_IPV6 &&
        frame_parse_inner(p->frame, len, &p->info, &inner)) {
        return ip_bits(&p->info) | ip_bits(&inner) | l4_bits(&inner);
    }
    return ip_bits(&p->info) | l4_bits(&p->info);
}

/* --- checksums ------------------------------------------------------------------ */

/* 7.1.11: as the sum says, but that UDP over IPv6 has to have one. */
static CsumVerdict l4_verdict(const IxgbeRxPacket *p, CsumVerdict sum)
{
    const FrameInfo *info = &p->info;
    const uint8_t *l4 = p->frame + info->l4;
    size_t len = info->end - info->l4;

    if (!info->l4) {
        return CSUM_NONE;
    }
    if (info->protocol == FRAME_PROTO_SCTP) {
        return rd_le32(l4 + SCTP_CSUM) == crc32c_sctp(l4, len) ? CSUM_GOOD
                                                               : CSUM_BAD;
    }
    if (info->protocol == FRAME_PROTO_UDP && info->ip_version == 6 &&
        rd_be16(l4 + UDP_CSUM) == 0) {
        return CSUM_BAD;
    }
    return sum;
}

static void check_sums(IxgbeRxPacket *p, size_t len)
{
    CsumResult result;
    CsumVerdict l4;

    csum_validate(p->frame, len, &p->info, &result);
    l4 = l4_verdict(p, result.l4);
    if (result.ip != CSUM_NONE) {
        p->status |= IXGBE_RXS_IPCS;
        p->status |= result.ip == CSUM_BAD ? IXGBE_RXS_ERR_IPE : 0;
    }
    if (l4 != CSUM_NONE) {
        p->status |= IXGBE_RXS_L4CS;
        p->status |= p->info.protocol == FRAME_PROTO_UDP ? IXGBE_RXS_UDPCS
                                                         : 0;
        p->status |= l4 == CSUM_BAD ? IXGBE_RXS_ERR_L4E : 0;
    }
}

static size_t ipv4_payload(const IxgbeRxPacket *p)
{
    return p->info.l3 + (p->frame[p->info.l3] & 15) * 4;
}

/* The sum of what is behind the IPv4 header, not complemented. */
static uint16_t payload_sum(const IxgbeRxPacket *p)
{
    size_t from = ipv4_payload(p);

    return csum_fold(csum_add(0, p->frame + from, p->info.end - from));
}

/* 7.1.13: fragments of UDP over IPv4 get the sum of their payload. */
static void fragment_sum(IxgbeRxPacket *p)
{
    const FrameInfo *info = &p->info;
    const uint8_t *ip = p->frame + info->l3;
    size_t from;

    if (info->ip_version != 4) {
        return;
    }
    p->hash = rd_be16(ip + 4);
    if (!info->fragment || info->protocol != FRAME_PROTO_UDP) {
        return;
    }
    from = ipv4_payload(p);
    if ((rd_be16(ip + 6) & 0x1fff) == 0) {
        if (info->end - from < 8 ||
            rd_be16(p->frame + from + UDP_CSUM) == 0) {
            return;
        }
        p->status |= IXGBE_RXS_UDPV;
    }
    p->hash |= (uint32_t)payload_sum(p) << 16;
}

/* --- header split ------------------------------------------------------------- */

/* How much of the frame, as it goes out, is header; 0: not recognised. */
static size_t header_length(const IxgbeRxPacket *p, const IxgbeRxq *q)
{
    uint32_t types = ixgbe_rxq_psrtype(q);
    const FrameInfo *info = &p->info;
    bool tcp = info->protocol == FRAME_PROTO_TCP;
    bool udp = info->protocol == FRAME_PROTO_UDP;
    uint32_t l3_type = info->ip_version == 4 ? IXGBE_PSRTYPE_IPV4HDR :
                                               IXGBE_PSRTYPE_IPV6HDR;
    size_t header = 0;

    if (p->meta->etqf || info->protocol == FRAME_PROTO_IPV6) {
        return 0;
    }
    if (info->payload && ((tcp && (types & IXGBE_PSRTYPE_TCPHDR)) ||
                          (udp && (types & IXGBE_PSRTYPE_UDPHDR)))) {
        header = info->payload;
    } else if (info->ip_version && (types & l3_type)) {
        header = info->l4 ? info->l4 :
                 info->ip_version == 4 ? ipv4_payload(p) : info->l3 + 40;
    } else if (info->ip_version && (types & IXGBE_PSRTYPE_L2HDR)) {
        header = info->l3;
    }
    return header > p->stripped ? header - p->stripped : 0;
}

/* Table "behaviour in header split modes". */
static void split(IxgbeRxPacket *p, const IxgbeRxq *q)
{
    uint32_t type = q->srrctl & IXGBE_SRRCTL_DESCTYPE;
    bool always = type == IXGBE_SRRCTL_SPLIT_ALWAYS;
    size_t room = ((q->srrctl & IXGBE_SRRCTL_BSIZEHDR) >>
                   IXGBE_SRRCTL_BSIZEHDR_SHIFT) * 64;
    size_t header;

    if (type != IXGBE_SRRCTL_SPLIT && !always) {
        return;
    }
    header = header_length(p, q);
    if (header > IXGBE_RXI_HDR_LEN_MAX) {
        header = 0;
    }
    if (header && header <= room) {
        p->header = header;
    } else if (always) {
        p->header = MIN(room, p->len);
    }
    if (header) {
        p->header_bits = IXGBE_RXI_SPH | header << IXGBE_RXI_HDR_LEN_SHIFT;
        p->status |= header > room ? IXGBE_RXS_ERR_HBO : 0;
    } else {
        p->header_bits = MIN(p->header, IXGBE_RXI_HDR_LEN_MAX) <<
                         IXGBE_RXI_HDR_LEN_SHIFT;
    }
}

/* --- all of it ------------------------------------------------------------------ */

static void describe(IxgbeRxPacket *p, const IxgbeRxq *q, size_t len)
{
    const IxgbeRxMeta *meta = p->meta;

    p->status |= meta->status & IXGBE_RX_STATUS;
    p->status |= meta->loopback ? IXGBE_RXS_LB : 0;
    p->status |= frame_is_multicast(p->frame) ? IXGBE_RXS_PIF : 0;
    p->type = packet_type(p, len);
    check_sums(p, len);
    if (ixgbe_rxq_legacy(q)) {
        p->hash = p->info.ip_version == 4 ? payload_sum(p) : 0;
    } else if (q->fn->packet_checksum) {
        fragment_sum(p);
    } else {
        p->type |= meta->rss_type & 15;
        p->hash = meta->rss_hash;
    }
}

bool ixgbe_rx_packet_init(IxgbeRxPacket *p, const IxgbeRxq *q,
                          const uint8_t *frame, size_t len,
                          const IxgbeRxMeta *meta)
{
    memset(p, 0, sizeof(*p));
    p->meta = meta;
    p->frame = frame;
    p->buffer = (q->srrctl & IXGBE_SRRCTL_BSIZEPKT) * 1024;
    if (p->buffer == 0 || !frame_parse(frame, len, &p->info)) {
        return false;
    }
    cut(p, q, len);
    describe(p, q, len);
    split(p, q);
    p->count = (p->len - p->header + p->buffer - 1) / p->buffer;
    p->count = MAX(p->count, 1);
    return p->count <= IXGBE_RX_DESCS_MAX;
}
