/*
 * Frame headers: see iovlab/eth.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/eth.h"

enum {
    TAGS_MAX = 2,
    IPV4_MIN = 20,
    IPV6_LEN = 40,
    TCP_MIN = 20,
    UDP_LEN = 8,
    SCTP_LEN = 12,
    EXT_MAX = 16,               /* extension headers looked at */
};

/* IPv6 extension headers (RFC 8200, 4). */
enum {
    EXT_HOP_BY_HOP = 0,
    EXT_ROUTING = 43,
    EXT_FRAGMENT = 44,
    EXT_DESTINATION = 60,
};

static void parse_l4(const uint8_t *frame, FrameInfo *info, uint32_t at)
{
    uint32_t room = info->end > at ? info->end - at : 0;
    uint32_t header;

    switch (info->protocol) {
    case FRAME_PROTO_TCP:
        if (room < TCP_MIN) {
            return;
        }
        header = (frame[at + 12] >> 4) * 4;
        if (header < TCP_MIN || header > room) {
            return;
        }
        break;
    case FRAME_PROTO_UDP:
        if (room < UDP_LEN) {
            return;
        }
        header = UDP_LEN;
        break;
    case FRAME_PROTO_SCTP:
        if (room < SCTP_LEN) {
            return;
        }
        header = SCTP_LEN;
        break;
    default:
        return;
    }
    info->l4 = at;
    info->payload = at + header;
}

static void parse_ipv4(const uint8_t *frame, size_t len, FrameInfo *info,
                       uint32_t at)
{
    const uint8_t *ip = frame + at;
    uint32_t room = len - at;
    uint32_t header;
    uint32_t total;

    if (room < IPV4_MIN || ip[0] >> 4 != 4) {
        return;
    }
    header = (ip[0] & 0xf) * 4;
    total = rd_be16(ip + 2);
    if (header < IPV4_MIN || header > room) {
        return;
    }
    if (total != 0 && total < header) {
        return;
    }
    info->ip_version = 4;
    info->l3 = at;
    info->ip_options = header > IPV4_MIN;
    info->protocol = ip[9];
    info->fragment = rd_be16(ip + 6) & 0x3fff;
    info->end = total && total < room ? at + total : len;
    /* A packet cut short has no L4 that could be checked. */
    if (!info->fragment && total <= room) {
        parse_l4(frame, info, at + header);
    }
}

static void parse_ipv6(const uint8_t *frame, size_t len, FrameInfo *info,
                       uint32_t at)
{
    const uint8_t *ip = frame + at;
    uint32_t room = len - at;
    uint32_t total;
    uint8_t next;

    if (room < IPV6_LEN || ip[0] >> 4 != 6) {
        return;
    }
    total = rd_be16(ip + 4);
    next = ip[6];
    info->ip_version = 6;
    info->l3 = at;
    info->end = total && total + IPV6_LEN < room ? at + IPV6_LEN + total : len;
    at += IPV6_LEN;
    for (unsigned i = 0; i < EXT_MAX; i++) {
        bool ext = next == EXT_HOP_BY_HOP || next == EXT_ROUTING ||
                   next == EXT_DESTINATION;

        if (next == EXT_FRAGMENT) {
            info->fragment = true;
            info->protocol = next;
            return;
        }
        if (!ext) {
            break;
        }
        info->ip_options = true;
        if (at + 8 > info->end) {
            info->protocol = next;
            return;
        }
        if (next == EXT_ROUTING && frame[at + 3] != 0) {
            info->routed = true;
        }
        next = frame[at];
        at += (frame[at + 1] + 1) * 8;
    }
    info->protocol = next;
    if (total + IPV6_LEN <= room) {
        parse_l4(frame, info, at);
    }
}

bool frame_parse(const uint8_t *frame, size_t len, FrameInfo *info)
{
    uint32_t at = 2 * FRAME_ADDR_LEN;

    memset(info, 0, sizeof(*info));
    if (len < FRAME_ETH_LEN || len > UINT32_MAX / 2) {
        return false;
    }
    info->end = len;
    info->ethertype = rd_be16(frame + at);
    for (unsigned i = 0; i < TAGS_MAX; i++) {
        if (info->ethertype != FRAME_TYPE_VLAN &&
            info->ethertype != FRAME_TYPE_SVLAN) {
            break;
        }
        if (len < at + 2 + FRAME_VLAN_LEN) {
            return true;
        }
        if (!info->tagged) {
            info->tagged = true;
            info->vlan_tci = rd_be16(frame + at + 2);
        }
        at += FRAME_VLAN_LEN;
        info->ethertype = rd_be16(frame + at);
    }
    at += 2;
    if (info->ethertype == FRAME_TYPE_IPV4) {
        parse_ipv4(frame, len, info, at);
    } else if (info->ethertype == FRAME_TYPE_IPV6) {
        parse_ipv6(frame, len, info, at);
    }
    return true;
}

bool frame_parse_inner(const uint8_t *frame, size_t len,
                       const FrameInfo *outer, FrameInfo *inner)
{
    uint32_t at = outer->l3;

    memset(inner, 0, sizeof(*inner));
    if (outer->ip_version != 4 || outer->fragment ||
        outer->protocol != FRAME_PROTO_IPV6 || outer->end > len) {
        return false;
    }
    at += (frame[at] & 0xf) * 4;
    if (at >= outer->end) {
        return false;
    }
    inner->end = outer->end;
    parse_ipv6(frame, outer->end, inner, at);
    return inner->ip_version == 6;
}

size_t frame_vlan_insert(uint8_t *frame, size_t len, size_t size, uint16_t tci)
{
    const size_t at = 2 * FRAME_ADDR_LEN;

    if (len < FRAME_ETH_LEN || size < len || size - len < FRAME_VLAN_LEN) {
        return 0;
    }
    memmove(frame + at + FRAME_VLAN_LEN, frame + at, len - at);
    wr_be16(frame + at, FRAME_TYPE_VLAN);
    wr_be16(frame + at + 2, tci);
    return len + FRAME_VLAN_LEN;
}

size_t frame_vlan_strip(uint8_t *frame, size_t len, bool *tagged,
                        uint16_t *tci)
{
    const size_t at = 2 * FRAME_ADDR_LEN;

    *tagged = false;
    *tci = 0;
    if (len < FRAME_ETH_LEN + FRAME_VLAN_LEN ||
        rd_be16(frame + at) != FRAME_TYPE_VLAN) {
        return len;
    }
    *tagged = true;
    *tci = rd_be16(frame + at + 2);
    memmove(frame + at, frame + at + FRAME_VLAN_LEN,
            len - at - FRAME_VLAN_LEN);
    return len - FRAME_VLAN_LEN;
}

size_t frame_pad(uint8_t *frame, size_t len, size_t size)
{
    if (len >= FRAME_MIN_LEN) {
        return len;
    }
    if (size < FRAME_MIN_LEN) {
        return 0;
    }
    memset(frame + len, 0, FRAME_MIN_LEN - len);
    return FRAME_MIN_LEN;
}
