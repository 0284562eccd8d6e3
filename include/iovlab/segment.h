/*
 * Segmentation of a large TCP or UDP frame into wire frames.
 *
 * Segments are built one by one, in any order, each from the large frame
 * alone: whoever remembers how many went out can go on later, also on another
 * host.  Nothing is allocated.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_SEGMENT_H
#define IOVLAB_SEGMENT_H

#include "iovlab/eth.h"

/*
 * Where the headers are.  A device that gets the header lengths from a
 * descriptor fills this from it; segment_layout() fills it from the frame.
 */
typedef struct SegmentLayout {
    uint32_t l3;                /* offset of the IP header */
    uint32_t l4;                /* offset of the TCP or UDP header */
    uint32_t payload;           /* offset of the first payload byte */
    uint32_t end;               /* end of the payload */
    uint8_t ip_version;         /* 4 or 6 */
    uint8_t protocol;           /* FRAME_PROTO_TCP or _UDP */
    bool keep_ip_csum;          /* leave the IPv4 header checksum alone */
    bool keep_l4_csum;          /* leave the L4 checksum alone */
    /*
     * As hardware does it that knows header lengths only: the checksum fields
     * hold what is to be added (for L4 the pseudo header without its length,
     * perhaps of an inner IP header), and the IP header is [l3, l4).
     */
    bool seeded;
    /*
     * TCP flags (12 bits, as in the header) that the first, the middle and the
     * last of several segments keep; all 0: the usual rules.
     */
    uint16_t keep_first, keep_middle, keep_last;
} SegmentLayout;

typedef struct Segmenter {
    const uint8_t *frame;       /* the caller's, unchanged */
    SegmentLayout layout;
    uint32_t mss;
    uint32_t count;
} Segmenter;

/* False if the parsed frame is not TCP or UDP over IP, or is a fragment. */
bool segment_layout(const FrameInfo *info, SegmentLayout *layout);

/*
 * Takes the frame apart.  False if the layout is not within the frame or its
 * order is wrong, if a header is too short for its protocol, or if @mss is 0.
 * A frame without payload is one segment.
 */
bool segment_begin(Segmenter *s, const uint8_t *frame, size_t len,
                   const SegmentLayout *layout, uint32_t mss);

/* Length of segment @index; 0 if there is none. */
size_t segment_length(const Segmenter *s, uint32_t index);
/*
 * Writes segment @index (0..count-1) to @out: headers with lengths, IPv4
 * identification, TCP sequence number and flags (usually CWR in the first only,
 * FIN and PSH in the last only, after RFC 3168) and checksums set.
 * Returns its length, or 0 if @size is too small or there is no such segment.
 */
size_t segment_build(const Segmenter *s, uint32_t index, uint8_t *out,
                     size_t size);

#endif
