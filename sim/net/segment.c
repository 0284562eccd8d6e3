/*
 * Segmentation: see iovlab/segment.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/segment.h"

#include "iovlab/checksum.h"

enum {
    IPV4_MIN = 20,
    IPV6_LEN = 40,
    TCP_MIN = 20,
    UDP_LEN = 8,
    TCP_FLAGS = 12,             /* offset of header length and flags */
    TCP_FIN = 0x01,
    TCP_PSH = 0x08,
    TCP_CWR = 0x80,
    TCP_ALL = 0xfff,
};

bool segment_layout(const FrameInfo *info, SegmentLayout *layout)
{
    memset(layout, 0, sizeof(*layout));
    if (!info->l4 || (info->protocol != FRAME_PROTO_TCP &&
                      info->protocol != FRAME_PROTO_UDP)) {
        return false;
    }
    layout->l3 = info->l3;
    layout->l4 = info->l4;
    layout->payload = info->payload;
    layout->end = info->end;
    layout->ip_version = info->ip_version;
    layout->protocol = info->protocol;
    return true;
}

bool segment_begin(Segmenter *s, const uint8_t *frame, size_t len,
                   const SegmentLayout *layout, uint32_t mss)
{
    uint32_t l3_min = layout->ip_version == 4 ? IPV4_MIN : IPV6_LEN;
    uint32_t l4_min = layout->protocol == FRAME_PROTO_TCP ? TCP_MIN : UDP_LEN;
    uint32_t bytes;

    if (mss == 0 || (layout->ip_version != 4 && layout->ip_version != 6) ||
        (layout->protocol != FRAME_PROTO_TCP &&
         layout->protocol != FRAME_PROTO_UDP)) {
        return false;
    }
    if (layout->end > len || layout->payload > layout->end ||
        layout->l3 < FRAME_ETH_LEN || layout->l4 < layout->l3 ||
        layout->payload < layout->l4 || layout->l4 - layout->l3 < l3_min ||
        layout->payload - layout->l4 < l4_min) {
        return false;
    }
    s->frame = frame;
    s->layout = *layout;
    s->mss = mss;
    bytes = layout->end - layout->payload;
    s->count = bytes ? (bytes - 1) / mss + 1 : 1;
    return true;
}

size_t segment_length(const Segmenter *s, uint32_t index)
{
    uint32_t bytes = s->layout.end - s->layout.payload;
    uint64_t from = (uint64_t)index * s->mss;

    if (index >= s->count) {
        return 0;
    }
    return s->layout.payload + MIN((uint64_t)s->mss, bytes - from);
}

static void set_ip(const Segmenter *s, uint32_t index, uint8_t *out,
                   size_t len)
{
    const SegmentLayout *l = &s->layout;
    uint8_t *ip = out + l->l3;

    if (l->ip_version == 6) {
        wr_be16(ip + 4, len - l->l3 - IPV6_LEN);
        return;
    }
    wr_be16(ip + 2, len - l->l3);
    wr_be16(ip + 4, rd_be16(ip + 4) + index);
    if (!l->keep_ip_csum) {
        if (!l->seeded) {
            wr_be16(ip + 10, 0);
        }
        wr_be16(ip + 10, csum_finish(csum_add(0, ip, l->l4 - l->l3)));
    }
}

static uint16_t kept_flags(const Segmenter *s, uint32_t index)
{
    const SegmentLayout *l = &s->layout;
    bool first = index == 0;
    bool last = index + 1 == s->count;

    if (first && last) {
        return TCP_ALL;
    }
    if (l->keep_first | l->keep_middle | l->keep_last) {
        return first ? l->keep_first : last ? l->keep_last : l->keep_middle;
    }
    return TCP_ALL & ~(first ? 0 : TCP_CWR) &
           ~(last ? 0 : TCP_FIN | TCP_PSH);
}

static void set_l4(const Segmenter *s, uint32_t index, uint8_t *out,
                   size_t len)
{
    const SegmentLayout *l = &s->layout;
    uint8_t *l4 = out + l->l4;
    uint16_t value;
    uint64_t sum;

    if (l->protocol == FRAME_PROTO_TCP) {
        wr_be32(l4 + 4, rd_be32(l4 + 4) + index * s->mss);
        wr_be16(l4 + TCP_FLAGS, rd_be16(l4 + TCP_FLAGS) &
                                (kept_flags(s, index) | ~TCP_ALL));
    } else {
        wr_be16(l4 + 4, len - l->l4);
    }
    if (l->keep_l4_csum) {
        return;
    }
    if (l->seeded) {
        sum = csum_add16(0, len - l->l4);
    } else {
        wr_be16(l4 + csum_field_offset(l->protocol), 0);
        sum = csum_pseudo(out + l->l3, l->ip_version, l->protocol,
                          len - l->l4);
    }
    value = csum_finish(csum_add(sum, l4, len - l->l4));
    if (value == 0 && l->protocol == FRAME_PROTO_UDP) {
        value = 0xffff;
    }
    wr_be16(l4 + csum_field_offset(l->protocol), value);
}

size_t segment_build(const Segmenter *s, uint32_t index, uint8_t *out,
                     size_t size)
{
    const SegmentLayout *l = &s->layout;
    size_t len = segment_length(s, index);

    if (len == 0 || len > size) {
        return 0;
    }
    memcpy(out, s->frame, l->payload);
    memcpy(out + l->payload,
           s->frame + l->payload + (size_t)index * s->mss, len - l->payload);
    set_ip(s, index, out, len);
    set_l4(s, index, out, len);
    return len;
}
