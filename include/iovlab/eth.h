/*
 * Ethernet, VLAN, IP, TCP and UDP headers of one frame.
 *
 * A frame is one run of bytes without FCS.  Nothing here allocates, and
 * nothing reads beyond the length given.  Offsets are bytes from the start of
 * the frame; 0 means "not there".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_ETH_H
#define IOVLAB_ETH_H

#include "iovlab/bytes.h"

#define FRAME_ADDR_LEN 6
#define FRAME_ETH_LEN 14                /* header without a tag */
#define FRAME_VLAN_LEN 4
#define FRAME_MIN_LEN 60                /* without FCS (IEEE 802.3, 4A.4.2) */

enum {
    FRAME_TYPE_IPV4 = 0x0800,
    FRAME_TYPE_ARP  = 0x0806,
    FRAME_TYPE_VLAN = 0x8100,           /* 802.1Q customer tag */
    FRAME_TYPE_SVLAN = 0x88a8,          /* 802.1ad service tag */
    FRAME_TYPE_IPV6 = 0x86dd,
};

enum {
    FRAME_PROTO_TCP  = 6,
    FRAME_PROTO_UDP  = 17,
    FRAME_PROTO_IPV6 = 41,      /* a packet in a packet */
    FRAME_PROTO_ESP  = 50,
    FRAME_PROTO_AH   = 51,
    FRAME_PROTO_SCTP = 132,
};

typedef struct FrameInfo {
    uint16_t ethertype;     /* behind the tags; below 0x600: a length */
    uint16_t vlan_tci;      /* of the outer tag, if tagged */
    bool tagged;
    uint8_t ip_version;     /* 4, 6, or 0: not IP or not whole */
    uint8_t protocol;       /* behind IPv6 extension headers */
    bool fragment;          /* IP fragment of any kind: no L4 is looked at */
    bool ip_options;        /* IPv4 options or IPv6 extension headers */
    bool routed;            /* IPv6 routing header with segments left: the
                               pseudo header's destination is not in the
                               frame's fixed header */
    uint32_t l3;            /* IP header */
    uint32_t l4;            /* TCP, UDP or SCTP header, whole */
    uint32_t payload;       /* behind the TCP or UDP header */
    uint32_t end;           /* end of the IP packet, at most the frame's end;
                               without IP: the frame's end */
} FrameInfo;

/*
 * False if the frame is shorter than an Ethernet header.  A total length of
 * zero in the IP header (a frame to be segmented) counts as "to the end of the
 * frame".
 */
bool frame_parse(const uint8_t *frame, size_t len, FrameInfo *info);
/* The IPv6 packet that @outer's IPv4 packet carries; false if there is none. */
bool frame_parse_inner(const uint8_t *frame, size_t len,
                       const FrameInfo *outer, FrameInfo *inner);

static inline bool frame_is_multicast(const uint8_t *frame)
{
    return frame[0] & 1;
}

static inline bool frame_is_broadcast(const uint8_t *frame)
{
    return rd_be32(frame) == 0xffffffffu && rd_be16(frame + 4) == 0xffff;
}

/*
 * Puts an 802.1Q tag behind the addresses, in place.  Returns the new length,
 * or 0 with the frame untouched if it is not an Ethernet frame or @size (of
 * the buffer) is too small.
 */
size_t frame_vlan_insert(uint8_t *frame, size_t len, size_t size,
                         uint16_t tci);
/*
 * Takes the outer 802.1Q tag away, in place.  Returns the new length and the
 * tag; @len and no tag if there is none.
 */
size_t frame_vlan_strip(uint8_t *frame, size_t len, bool *tagged,
                        uint16_t *tci);
/*
 * Pads with zeroes to the minimum of Ethernet.  Returns the new length, or 0
 * if @size is too small.
 */
size_t frame_pad(uint8_t *frame, size_t len, size_t size);

#endif
