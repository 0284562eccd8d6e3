/*
 * The headers of one frame as far as a policy must know them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_SWITCH_PACKET_H
#define SIM_SWITCH_PACKET_H

#include "iovlab/bytes.h"

typedef struct SwitchPacket {
    const uint8_t *frame;
    uint32_t len;
    uint32_t end;               /* of the IP packet, at most len */
    uint16_t ethertype;         /* behind all tags and SNAP */
    uint8_t ip_version;         /* 4, 6, or 0 */
    uint8_t protocol;           /* behind extension headers */
    bool fragment;
    bool later_fragment;        /* not the first: what it carries is not told */
    /* The headers end or go on where nobody can follow them. */
    bool unreadable;
    bool ports;                 /* src_port and dst_port are there */
    uint16_t src_port, dst_port;
    uint32_t src, dst;          /* offsets of the IP addresses */
    uint32_t l4;                /* offset; 0: not in this frame */
    uint32_t l4_len;            /* bytes of it that are in the frame */
} SwitchPacket;

/* @frame has at least an Ethernet header and outlives @p. */
void switch_packet_read(SwitchPacket *p, const uint8_t *frame, uint32_t len);

#endif
