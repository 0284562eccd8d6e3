/*
 * Internet checksum: see iovlab/checksum.h.
 *
 * The sum is kept in the byte order of the machine, which the arithmetic does
 * not mind (RFC 1071, 2B), and turned round once when it is folded.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/checksum.h"

enum {
    IPV4_MIN = 20,
    TCP_CSUM = 16,
    UDP_CSUM = 6,
};

static uint64_t add_carry(uint64_t sum, uint64_t v)
{
    sum += v;
    return sum + (sum < v);
}

uint64_t csum_add(uint64_t sum, const void *data, size_t len)
{
    const uint8_t *p = data;

    for (; len >= 8; p += 8, len -= 8) {
        uint64_t v;

        memcpy(&v, p, sizeof(v));
        sum = add_carry(sum, v);
    }
    if (len) {
        uint8_t tail[8] = { 0 };
        uint64_t v;

        memcpy(tail, p, len);
        memcpy(&v, tail, sizeof(v));
        sum = add_carry(sum, v);
    }
    return sum;
}

uint64_t csum_add16(uint64_t sum, uint16_t v)
{
    return add_carry(sum, GUINT16_TO_BE(v));
}

uint16_t csum_fold(uint64_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return GUINT16_FROM_BE((uint16_t)sum);
}

uint16_t csum_finish(uint64_t sum)
{
    return ~csum_fold(sum);
}

uint64_t csum_pseudo(const uint8_t *ip, unsigned ip_version, uint8_t protocol,
                     uint32_t len)
{
    uint64_t sum = 0;

    if (ip_version == 4) {
        sum = csum_add(sum, ip + 12, 8);
    } else {
        sum = csum_add(sum, ip + 8, 32);
    }
    sum = csum_add16(sum, protocol);
    sum = csum_add16(sum, len >> 16);
    return csum_add16(sum, len);
}

int csum_field_offset(uint8_t protocol)
{
    switch (protocol) {
    case FRAME_PROTO_TCP:
        return TCP_CSUM;
    case FRAME_PROTO_UDP:
        return UDP_CSUM;
    default:
        return -1;
    }
}

static uint32_t ipv4_header_length(const uint8_t *ip)
{
    return MAX((ip[0] & 0xf) * 4, IPV4_MIN);
}

bool csum_insert_ip(uint8_t *frame, const FrameInfo *info)
{
    uint8_t *ip = frame + info->l3;

    if (info->ip_version != 4) {
        return false;
    }
    wr_be16(ip + 10, 0);
    wr_be16(ip + 10, csum_finish(csum_add(0, ip, ipv4_header_length(ip))));
    return true;
}

/* What the checksum covers; 0 if UDP's own length makes no sense. */
static uint32_t l4_length(const uint8_t *frame, const FrameInfo *info)
{
    uint32_t len = info->end - info->l4;

    if (info->protocol == FRAME_PROTO_UDP) {
        uint32_t udp_len = rd_be16(frame + info->l4 + 4);

        return udp_len >= 8 && udp_len <= len ? udp_len : 0;
    }
    return len;
}

bool csum_insert_l4(uint8_t *frame, const FrameInfo *info)
{
    int field = csum_field_offset(info->protocol);
    uint32_t len;
    uint16_t value;
    uint64_t sum;

    if (!info->l4 || field < 0 || info->routed) {
        return false;
    }
    len = l4_length(frame, info);
    if (len == 0) {
        return false;
    }
    wr_be16(frame + info->l4 + field, 0);
    sum = csum_pseudo(frame + info->l3, info->ip_version, info->protocol, len);
    value = csum_finish(csum_add(sum, frame + info->l4, len));
    if (value == 0 && info->protocol == FRAME_PROTO_UDP) {
        value = 0xffff;
    }
    wr_be16(frame + info->l4 + field, value);
    return true;
}

bool csum_insert_range(uint8_t *frame, size_t len, size_t start, size_t end,
                       size_t field, bool udp)
{
    uint16_t value;

    if (end > len || start > end || !iov_in_range(field, 2, end)) {
        return false;
    }
    value = csum_finish(csum_add(0, frame + start, end - start));
    if (value == 0 && udp) {
        value = 0xffff;
    }
    wr_be16(frame + field, value);
    return true;
}

static CsumVerdict validate_l4(const uint8_t *frame, const FrameInfo *info)
{
    const uint8_t *l4 = frame + info->l4;
    int field = csum_field_offset(info->protocol);
    uint32_t len;
    uint64_t sum;

    if (!info->l4 || field < 0 || info->routed) {
        return CSUM_NONE;
    }
    if (info->protocol == FRAME_PROTO_UDP && rd_be16(l4 + UDP_CSUM) == 0) {
        return CSUM_NONE;
    }
    len = l4_length(frame, info);
    if (len == 0) {
        return CSUM_BAD;
    }
    sum = csum_pseudo(frame + info->l3, info->ip_version, info->protocol, len);
    return csum_fold(csum_add(sum, l4, len)) == 0xffff ? CSUM_GOOD : CSUM_BAD;
}

void csum_validate(const uint8_t *frame, size_t len, const FrameInfo *info,
                   CsumResult *result)
{
    result->ip = CSUM_NONE;
    result->l4 = CSUM_NONE;
    if (info->end > len) {
        return;
    }
    if (info->ip_version == 4) {
        const uint8_t *ip = frame + info->l3;
        uint64_t sum = csum_add(0, ip, ipv4_header_length(ip));

        result->ip = csum_fold(sum) == 0xffff ? CSUM_GOOD : CSUM_BAD;
    }
    result->l4 = validate_l4(frame, info);
}
