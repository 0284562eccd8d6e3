/*
 * The headers of one frame as far as a policy must know them.
 *
 * frame_parse() answers what an adapter can offload.  A guard has another
 * question: can what is behind these headers be told at all?  A sender that
 * wants to pass a guard stacks tags, packs its frame in SNAP or makes the chain
 * of extension headers long (RFC 7113); what cannot be told is `unreadable`,
 * and for a guard that is no reason to let it pass.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "packet.h"

#include "iovlab/eth.h"

enum {
    TYPE_QINQ = 0x9100,         /* what some drivers call a service tag */
    LENGTH_MAX = 1500,          /* a type field up to here is a length */
    SNAP_LEN = 8,
    TAGS_MAX = 8,
    IPV4_MIN = 20,
    IPV6_LEN = 40,
    EXT_MAX = 16,
};

/* IPv6 extension headers (RFC 8200 4, RFC 4302, RFC 6275, RFC 7401, 5533). */
enum {
    EXT_HOP_BY_HOP = 0,
    EXT_ROUTING = 43,
    EXT_FRAGMENT = 44,
    EXT_AUTHENTICATION = 51,
    EXT_DESTINATION = 60,
    EXT_MOBILITY = 135,
    EXT_HIP = 139,
    EXT_SHIM6 = 140,
};

static void read_l4(SwitchPacket *p, uint32_t at)
{
    const uint8_t *l4 = p->frame + at;
    uint32_t room = p->end > at ? p->end - at : 0;

    p->l4 = at;
    p->l4_len = room;
    if ((p->protocol == FRAME_PROTO_TCP || p->protocol == FRAME_PROTO_UDP ||
         p->protocol == FRAME_PROTO_SCTP) && room >= 4) {
        p->ports = true;
        p->src_port = rd_be16(l4);
        p->dst_port = rd_be16(l4 + 2);
    }
}

static void read_ipv4(SwitchPacket *p, uint32_t at)
{
    const uint8_t *ip = p->frame + at;
    uint32_t room = p->len - at, header, total;
    uint16_t fragment;

    if (room < IPV4_MIN || ip[0] >> 4 != 4) {
        p->unreadable = true;
        return;
    }
    header = (ip[0] & 0xf) * 4;
    total = rd_be16(ip + 2);
    p->ip_version = 4;
    p->src = at + 12;
    p->dst = at + 16;
    p->protocol = ip[9];
    if (header < IPV4_MIN || header > room) {
        p->unreadable = true;
        return;
    }
    /* Zero stands for a frame that is yet to be segmented. */
    p->end = total >= header && total < room ? at + total : p->len;
    fragment = rd_be16(ip + 6);
    p->later_fragment = fragment & 0x1fff;
    p->fragment = fragment & 0x3fff;
    if (!p->later_fragment) {
        read_l4(p, at + header);
    }
}

static bool is_extension(uint8_t next)
{
    return next == EXT_HOP_BY_HOP || next == EXT_ROUTING ||
           next == EXT_DESTINATION || next == EXT_AUTHENTICATION ||
           next == EXT_MOBILITY || next == EXT_HIP || next == EXT_SHIM6;
}

/* Follows the chain; false if it ends before an upper protocol. */
static bool read_extensions(SwitchPacket *p, uint32_t *at, uint8_t next)
{
    for (unsigned i = 0; i < EXT_MAX; i++) {
        const uint8_t *header = p->frame + *at;

        p->protocol = next;
        if (next != EXT_FRAGMENT && !is_extension(next)) {
            return true;
        }
        if (*at > p->end || p->end - *at < 8) {
            return false;
        }
        if (next == EXT_FRAGMENT) {
            p->fragment = true;
            p->later_fragment = rd_be16(header + 2) & 0xfff8;
            next = header[0];
            *at += 8;
            if (p->later_fragment) {
                p->protocol = next;
                return true;
            }
        } else if (next == EXT_AUTHENTICATION) {
            next = header[0];
            *at += (header[1] + 2u) * 4;
        } else {
            next = header[0];
            *at += (header[1] + 1u) * 8;
        }
    }
    return false;
}

static void read_ipv6(SwitchPacket *p, uint32_t at)
{
    const uint8_t *ip = p->frame + at;
    uint32_t room = p->len - at, total;

    if (room < IPV6_LEN || ip[0] >> 4 != 6) {
        p->unreadable = true;
        return;
    }
    total = rd_be16(ip + 4);
    p->ip_version = 6;
    p->src = at + 8;
    p->dst = at + 24;
    p->end = total && total < room - IPV6_LEN ? at + IPV6_LEN + total :
        p->len;
    at += IPV6_LEN;
    if (!read_extensions(p, &at, ip[6])) {
        p->unreadable = true;
    } else if (!p->later_fragment) {
        read_l4(p, at);
    }
}

/* Behind the tags and SNAP; 0 if there is no type to be found. */
static uint32_t find_type(SwitchPacket *p)
{
    uint32_t at = 2 * FRAME_ADDR_LEN;

    for (unsigned i = 0; i <= TAGS_MAX; i++) {
        const uint8_t *b = p->frame + at;

        if (p->len < at + 2) {
            return 0;
        }
        p->ethertype = rd_be16(b);
        if (p->ethertype == FRAME_TYPE_VLAN ||
            p->ethertype == FRAME_TYPE_SVLAN || p->ethertype == TYPE_QINQ) {
            at += FRAME_VLAN_LEN;
        } else if (p->ethertype <= LENGTH_MAX && p->len >= at + 2 + SNAP_LEN &&
                   b[2] == 0xaa && b[3] == 0xaa && b[4] == 3) {
            at += SNAP_LEN;
        } else {
            return at + 2;
        }
    }
    return 0;
}

void switch_packet_read(SwitchPacket *p, const uint8_t *frame, uint32_t len)
{
    uint32_t at;

    *p = (SwitchPacket) { .frame = frame, .len = len, .end = len };
    at = find_type(p);
    if (!at) {
        p->unreadable = true;
    } else if (p->ethertype == FRAME_TYPE_IPV4) {
        read_ipv4(p, at);
    } else if (p->ethertype == FRAME_TYPE_IPV6) {
        read_ipv6(p, at);
    }
}
