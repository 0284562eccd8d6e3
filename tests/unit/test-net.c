/*
 * Frame helpers: header parsing, checksums, segmentation, receive hash.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/checksum.h"
#include "iovlab/segment.h"
#include "iovlab/toeplitz.h"

#define ETH "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01"

/* Microsoft's verification key and addresses. */
static const uint8_t rss_key[TOEPLITZ_KEY_LEN] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
    0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
    0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
    0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* A frame of @payload bytes with right lengths and no checksums. */
static size_t make_frame(uint8_t *f, unsigned version, uint8_t proto,
                         bool tag, size_t payload)
{
    size_t at = 12;
    size_t l4_len = proto == FRAME_PROTO_TCP ? 20 : 8;

    memcpy(f, ETH, 12);
    if (tag) {
        wr_be16(f + at, FRAME_TYPE_VLAN);
        wr_be16(f + at + 2, 0x6005);
        at += 4;
    }
    wr_be16(f + at, version == 4 ? FRAME_TYPE_IPV4 : FRAME_TYPE_IPV6);
    at += 2;
    if (version == 4) {
        memset(f + at, 0, 20);
        f[at] = 0x45;
        wr_be16(f + at + 2, 20 + l4_len + payload);
        wr_be16(f + at + 4, 0xfffe);
        f[at + 8] = 64;
        f[at + 9] = proto;
        wr_be32(f + at + 12, 0x420995bb);
        wr_be32(f + at + 16, 0xa18e6450);
        at += 20;
    } else {
        memset(f + at, 0, 40);
        f[at] = 0x60;
        wr_be16(f + at + 4, l4_len + payload);
        f[at + 6] = proto;
        f[at + 7] = 64;
        memcpy(f + at + 8, "\x3f\xfe\x25\x01\x02\x00\x1f\xff"
               "\0\0\0\0\0\0\0\7", 16);
        memcpy(f + at + 24, "\x3f\xfe\x25\x01\x02\x00\0\3"
               "\0\0\0\0\0\0\0\1", 16);
        at += 40;
    }
    memset(f + at, 0, l4_len);
    wr_be16(f + at, 2794);
    wr_be16(f + at + 2, 1766);
    if (proto == FRAME_PROTO_TCP) {
        wr_be32(f + at + 4, 0xfffffff0);
        f[at + 12] = 0x50;
        f[at + 13] = 0x99;          /* CWR ACK PSH FIN */
    } else {
        wr_be16(f + at + 4, 8 + payload);
    }
    at += l4_len;
    for (size_t i = 0; i < payload; i++) {
        f[at + i] = i * 7;
    }
    return at + payload;
}

static void test_parse_offsets(void)
{
    uint8_t f[256];
    size_t len = make_frame(f, 4, FRAME_PROTO_TCP, true, 10);
    FrameInfo info;

    g_assert_true(frame_parse(f, len, &info));
    g_assert_true(info.tagged);
    g_assert_cmphex(info.vlan_tci, ==, 0x6005);
    g_assert_cmphex(info.ethertype, ==, FRAME_TYPE_IPV4);
    g_assert_cmpuint(info.l3, ==, 18);
    g_assert_cmpuint(info.l4, ==, 38);
    g_assert_cmpuint(info.payload, ==, 58);
    g_assert_cmpuint(info.end, ==, 68);
}

static void test_parse_ignores_padding(void)
{
    uint8_t f[128];
    size_t len = make_frame(f, 4, FRAME_PROTO_UDP, false, 2);
    FrameInfo info;

    g_assert_cmpuint(frame_pad(f, len, sizeof(f)), ==, FRAME_MIN_LEN);
    frame_parse(f, FRAME_MIN_LEN, &info);
    g_assert_cmpuint(info.end, ==, len);
}

static void test_parse_ipv6_extensions(void)
{
    uint8_t f[256];
    size_t len = make_frame(f, 6, FRAME_PROTO_UDP, false, 16);
    FrameInfo info;

    /* A destination options header of 8 bytes before UDP. */
    memmove(f + 62, f + 54, len - 54);
    len += 8;
    wr_be16(f + 18, rd_be16(f + 18) + 8);
    f[20] = 60;
    memcpy(f + 54, "\x11\0\1\4\0\0\0\0", 8);
    frame_parse(f, len, &info);
    g_assert_true(info.ip_options);
    g_assert_cmpuint(info.protocol, ==, FRAME_PROTO_UDP);
    g_assert_cmpuint(info.l4, ==, 62);

    f[20] = 44;                     /* the same as a fragment header */
    frame_parse(f, len, &info);
    g_assert_true(info.fragment);
    g_assert_cmpuint(info.l4, ==, 0);
}

/* Every prefix of a frame, in a buffer of exactly that size. */
static void test_parse_truncated(void)
{
    uint8_t f[256];

    for (int v = 4; v <= 6; v += 2) {
        size_t len = make_frame(f, v, FRAME_PROTO_TCP, true, 20);

        for (size_t n = 0; n <= len; n++) {
            g_autofree uint8_t *cut = g_memdup2(f, n);
            FrameInfo info;
            CsumResult r;
            SegmentLayout layout;

            if (!frame_parse(cut, n, &info)) {
                g_assert_cmpuint(n, <, FRAME_ETH_LEN);
                continue;
            }
            g_assert_cmpuint(info.end, <=, n);
            csum_validate(cut, n, &info, &r);
            g_assert_true(n == len || !segment_layout(&info, &layout));
        }
    }
}

static void test_vlan_round_trip(void)
{
    uint8_t f[256], copy[256];
    size_t len = make_frame(f, 4, FRAME_PROTO_UDP, false, 30);
    bool tagged;
    uint16_t tci;

    memcpy(copy, f, len);
    g_assert_cmpuint(frame_vlan_insert(f, len, len + 3, 7), ==, 0);
    g_assert_cmpuint(frame_vlan_insert(f, len, len + 4, 7), ==, len + 4);
    g_assert_cmphex(rd_be32(f + 12), ==, 0x81000007);
    g_assert_cmpuint(frame_vlan_strip(f, len + 4, &tagged, &tci), ==, len);
    g_assert_true(tagged);
    g_assert_cmpuint(tci, ==, 7);
    g_assert_cmpmem(f, len, copy, len);
    g_assert_cmpuint(frame_vlan_strip(f, len, &tagged, &tci), ==, len);
    g_assert_false(tagged);
}

/* RFC 1071, section 3. */
static void test_sum_example(void)
{
    static const uint8_t data[] = { 0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7 };

    g_assert_cmphex(csum_fold(csum_add(0, data, 8)), ==, 0xddf2);
    g_assert_cmphex(csum_fold(csum_add(csum_add(0, data, 2), data + 2, 6)),
                    ==, 0xddf2);
    g_assert_cmphex(csum_fold(csum_add(0, data + 1, 1)), ==, 0x100);
    g_assert_cmphex(csum_fold(csum_add16(csum_add16(0, 0xffff), 2)), ==, 2);
}

static void test_insert_then_validate(void)
{
    static const uint8_t protos[] = { FRAME_PROTO_TCP, FRAME_PROTO_UDP };

    for (unsigned i = 0; i < 8; i++) {
        unsigned version = i & 1 ? 4 : 6;
        uint8_t f[256];
        size_t len = make_frame(f, version, protos[i >> 1 & 1], i >> 2,
                                33 + i);
        FrameInfo info;
        CsumResult r;

        frame_parse(f, len, &info);
        g_assert_cmpint(csum_insert_ip(f, &info), ==, version == 4);
        g_assert_true(csum_insert_l4(f, &info));
        csum_validate(f, len, &info, &r);
        g_assert_cmpint(r.ip, ==, version == 4 ? CSUM_GOOD : CSUM_NONE);
        g_assert_cmpint(r.l4, ==, CSUM_GOOD);
        f[len - 1] ^= 1;
        csum_validate(f, len, &info, &r);
        g_assert_cmpint(r.l4, ==, CSUM_BAD);
    }
}

static void test_udp_without_checksum(void)
{
    uint8_t f[128];
    size_t len = make_frame(f, 4, FRAME_PROTO_UDP, false, 9);
    FrameInfo info;
    CsumResult r;

    frame_parse(f, len, &info);
    csum_validate(f, len, &info, &r);
    g_assert_cmpint(r.l4, ==, CSUM_NONE);
    g_assert_cmpint(r.ip, ==, CSUM_BAD);
}

/* A seed of the pseudo header gives the same as the whole computation. */
static void test_insert_range_with_seed(void)
{
    uint8_t f[256], want[256];
    size_t len = make_frame(f, 6, FRAME_PROTO_TCP, false, 51);
    FrameInfo info;

    frame_parse(f, len, &info);
    memcpy(want, f, len);
    csum_insert_l4(want, &info);
    wr_be16(f + info.l4 + 16,
            csum_fold(csum_pseudo(f + info.l3, 6, FRAME_PROTO_TCP,
                                  info.end - info.l4)));
    g_assert_true(csum_insert_range(f, len, info.l4, len, info.l4 + 16,
                                    false));
    g_assert_cmpmem(f, len, want, len);
    g_assert_false(csum_insert_range(f, len, info.l4, len, len - 1, false));
    g_assert_false(csum_insert_range(f, len, info.l4, len + 1, 60, false));
}

static void check_segments(unsigned version, uint8_t proto, bool zero_length)
{
    uint8_t f[4096], out[1600], joined[4096];
    size_t len = make_frame(f, version, proto, true, 3000);
    size_t total = 0;
    SegmentLayout layout;
    FrameInfo info;
    Segmenter s;

    if (zero_length) {
        wr_be16(f + 18 + (version == 4 ? 2 : 4), 0);
    }
    frame_parse(f, len, &info);
    g_assert_true(segment_layout(&info, &layout));
    g_assert_true(segment_begin(&s, f, len, &layout, 1400));
    g_assert_cmpuint(s.count, ==, 3);
    for (uint32_t i = 0; i < s.count; i++) {
        size_t n = segment_build(&s, i, out, sizeof(out));
        FrameInfo part;
        CsumResult r;

        g_assert_cmpuint(n, ==, segment_length(&s, i));
        g_assert_true(frame_parse(out, n, &part));
        g_assert_cmpuint(part.end, ==, n);
        csum_validate(out, n, &part, &r);
        g_assert_cmpint(r.l4, ==, CSUM_GOOD);
        if (version == 4) {
            g_assert_cmpint(r.ip, ==, CSUM_GOOD);
            g_assert_cmphex(rd_be16(out + part.l3 + 4), ==,
                            (uint16_t)(0xfffe + i));
        }
        if (proto == FRAME_PROTO_TCP) {
            static const uint8_t flags[] = { 0x90, 0x10, 0x19 };

            g_assert_cmphex(rd_be32(out + part.l4 + 4), ==,
                            0xfffffff0 + 1400 * i);
            g_assert_cmphex(out[part.l4 + 13], ==, flags[i]);
        }
        memcpy(joined + total, out + part.payload, n - part.payload);
        total += n - part.payload;
    }
    g_assert_cmpmem(joined, total, f + info.payload, 3000);
    g_assert_cmpuint(segment_build(&s, 3, out, sizeof(out)), ==, 0);
    g_assert_cmpuint(segment_build(&s, 0, out, 1400), ==, 0);
}

static void test_segments(void)
{
    check_segments(4, FRAME_PROTO_TCP, false);
    check_segments(4, FRAME_PROTO_TCP, true);
    check_segments(6, FRAME_PROTO_TCP, false);
    check_segments(6, FRAME_PROTO_TCP, true);
    check_segments(4, FRAME_PROTO_UDP, false);
    check_segments(6, FRAME_PROTO_UDP, false);
}

static void test_segment_refuses(void)
{
    uint8_t f[256];
    size_t len = make_frame(f, 4, FRAME_PROTO_TCP, false, 50);
    SegmentLayout good, bad;
    FrameInfo info;
    Segmenter s;

    frame_parse(f, len, &info);
    segment_layout(&info, &good);
    g_assert_true(segment_begin(&s, f, len, &good, 10));
    g_assert_false(segment_begin(&s, f, len, &good, 0));
    g_assert_false(segment_begin(&s, f, len - 1, &good, 10));
    bad = good;
    bad.payload = good.l4 + 19;
    g_assert_false(segment_begin(&s, f, len, &bad, 10));
    bad = good;
    bad.l4 = good.l3 - 1;
    g_assert_false(segment_begin(&s, f, len, &bad, 10));
    bad = good;
    bad.payload = bad.end + 1;
    g_assert_false(segment_begin(&s, f, len, &bad, 10));
}

static void test_toeplitz_vectors(void)
{
    static const struct {
        unsigned version, types, used;
        uint32_t hash;
    } rows[] = {
        { 4, RSS_HASH_IPV4, RSS_HASH_IPV4, 0x323e8fc2 },
        { 4, RSS_HASH_IPV4 | RSS_HASH_TCP_IPV4, RSS_HASH_TCP_IPV4,
          0x51ccc178 },
        { 6, RSS_HASH_IPV6, RSS_HASH_IPV6, 0x2cc18cd5 },
        { 6, RSS_HASH_TCP_IPV6, RSS_HASH_TCP_IPV6, 0x40207d3d },
        { 4, RSS_HASH_TCP_IPV6, 0, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t f[256];
        size_t len = make_frame(f, rows[i].version, FRAME_PROTO_TCP, false, 0);
        FrameInfo info;
        uint32_t hash;

        frame_parse(f, len, &info);
        g_assert_cmphex(toeplitz_hash_frame(rss_key, rows[i].types, f, &info,
                                            &hash), ==, rows[i].used);
        g_assert_cmphex(hash, ==, rows[i].hash);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/parse/offsets", test_parse_offsets);
    g_test_add_func("/net/parse/padding", test_parse_ignores_padding);
    g_test_add_func("/net/parse/ipv6-extensions", test_parse_ipv6_extensions);
    g_test_add_func("/net/parse/truncated", test_parse_truncated);
    g_test_add_func("/net/vlan/round-trip", test_vlan_round_trip);
    g_test_add_func("/net/checksum/example", test_sum_example);
    g_test_add_func("/net/checksum/insert", test_insert_then_validate);
    g_test_add_func("/net/checksum/udp-zero", test_udp_without_checksum);
    g_test_add_func("/net/checksum/range", test_insert_range_with_seed);
    g_test_add_func("/net/segment/content", test_segments);
    g_test_add_func("/net/segment/refuses", test_segment_refuses);
    g_test_add_func("/net/toeplitz/vectors", test_toeplitz_vectors);
    return g_test_run();
}
