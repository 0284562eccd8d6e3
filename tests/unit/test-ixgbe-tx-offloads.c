/*
 * Transmit offloads beyond the plain ones: rules of the PF, tunnels, IPv6, UDP
 * segmentation, double VLAN, frame check sequences, ESP.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/checksum.h"
#include "iovlab/fcs.h"
#include "ixgbe-rig.h"

#define DATA (IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_DATA | IXGBE_TXD_IFCS)
#define LAST (IXGBE_TXD_EOP | IXGBE_TXD_RS)
#define ALL_CSUMS (IXGBE_TXD_CC | IXGBE_TXD_IXSM | IXGBE_TXD_TXSM)
#define PAYLEN(n) ((uint32_t)(n) << IXGBE_TXD_PAYLEN_SHIFT)

static const IxgbeVfConfig config = { .queues = 1 };

static void setup(Rig *rig, gconstpointer data)
{
    rig_init(rig, &config);
    rig_start_tx(rig);
}

static void teardown(Rig *rig, gconstpointer data)
{
    rig_clear(rig);
}

static void rules_changed(Rig *rig)
{
    ixgbe_function_set_state(rig->fn, &rig->state);
}

static void check_checksums(const uint8_t *frame, size_t len)
{
    FrameInfo info;
    CsumResult result;

    g_assert_true(frame_parse(frame, len, &info));
    csum_validate(frame, len, &info, &result);
    g_assert_cmpint(result.l4, ==, CSUM_GOOD);
    if (info.ip_version == 4) {
        g_assert_cmpint(result.ip, ==, CSUM_GOOD);
    }
}

/* --- segmentation ---------------------------------------------------------- */

/* A TCP frame as Linux leaves it for segmentation, flags and all. */
static size_t large_tcp(uint8_t *buf, size_t payload, uint16_t flags)
{
    size_t len = rig_ipv4_frame(buf, FRAME_PROTO_TCP, payload);

    wr_be16(buf + 46, 0x5000 | flags);
    wr_be16(buf + 16, 0);
    wr_be16(buf + 24, 0);
    wr_be16(buf + 50, csum_fold(csum_pseudo(buf + 14, 4, FRAME_PROTO_TCP, 0)));
    return len;
}

static void send_tso(Rig *rig, size_t len, size_t paylen, uint32_t extra)
{
    rig_tx_context(rig, 14, 20, 20, 1000, IXGBE_TXC_IPV4 | IXGBE_TXC_L4T_TCP,
                   0, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | IXGBE_TXD_TSE | extra | len,
                ALL_CSUMS | PAYLEN(paylen));
    rig_tx_kick(rig);
}

static uint16_t flags_of(Rig *rig, unsigned n)
{
    size_t got;

    return rd_be16(rig_sent(rig, n, &got) + 46) & 0xfff;
}

static void test_flag_masks(Rig *rig, gconstpointer data)
{
    size_t len = large_tcp(rig->memory + RIG_TX_BUFFER, 2500, 0x1ff);
    const uint8_t *middle;
    size_t got;

    send_tso(rig, len, 2500, 0);
    g_assert_cmpuint(rig->sent->len, ==, 3);
    g_assert_cmphex(flags_of(rig, 0), ==, 0x1f6);
    g_assert_cmphex(flags_of(rig, 1), ==, 0x176);
    g_assert_cmphex(flags_of(rig, 2), ==, 0x17f);
    middle = rig_sent(rig, 1, &got);
    check_checksums(middle, got);

    rig->state.tx_rules.tcp_first = 0xf00;
    rig->state.tx_rules.tcp_middle = 0x011;
    rig->state.tx_rules.tcp_last = 0xfff;
    rules_changed(rig);
    send_tso(rig, len, 2500, 0);
    g_assert_cmphex(flags_of(rig, 3), ==, 0x100);
    g_assert_cmphex(flags_of(rig, 4), ==, 0x011);
    g_assert_cmphex(flags_of(rig, 5), ==, 0x1ff);
}

static void test_one_segment_keeps_flags(Rig *rig, gconstpointer data)
{
    size_t len = large_tcp(rig->memory + RIG_TX_BUFFER, 900, 0x1ff);

    send_tso(rig, len, 900, 0);
    g_assert_cmpuint(rig->sent->len, ==, 1);
    g_assert_cmphex(flags_of(rig, 0), ==, 0x1ff);
}

static void test_ids_count_up(Rig *rig, gconstpointer data)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t len = large_tcp(buf, 2500, 0x10);
    size_t got;

    wr_be16(buf + 18, 0xffff);
    send_tso(rig, len, 2500, 0);
    for (unsigned n = 0; n < 3; n++) {
        const uint8_t *frame = rig_sent(rig, n, &got);

        g_assert_cmphex(rd_be16(frame + 18), ==, (0xffff + n) & 0xffff);
        g_assert_cmpuint(rd_be16(frame + 16), ==, got - 14);
    }
}

/* PAYLEN, not the buffers, ends the payload; more than there is is an error. */
static void test_paylen(Rig *rig, gconstpointer data)
{
    size_t len = large_tcp(rig->memory + RIG_TX_BUFFER, 2500, 0x10);
    size_t got;

    send_tso(rig, len, 1200, 0);
    g_assert_cmpuint(rig->sent->len, ==, 2);
    rig_sent(rig, 1, &got);
    g_assert_cmpuint(got, ==, 254);
    send_tso(rig, len, 2501, 0);
    g_assert_cmpuint(rig->sent->len, ==, 2);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFTDH(0)), ==, 4);
}

/* One time stamp is taken, of the first segment. */
static void test_time_stamp(Rig *rig, gconstpointer data)
{
    size_t len = large_tcp(rig->memory + RIG_TX_BUFFER, 2500, 0x10);

    send_tso(rig, len, 2500, IXGBE_TXD_MAC_1588);
    g_assert_true(rig->meta[0].timestamp);
    g_assert_false(rig->meta[1].timestamp);
    g_assert_false(rig->meta[2].timestamp);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | IXGBE_TXD_MAC_1588 | 60, 0);
    rig_tx_kick(rig);
    g_assert_true(rig->meta[3].timestamp);
}

/* Without IXSM the IP header's sum is the driver's, in each segment. */
static void test_own_ip_checksum(Rig *rig, gconstpointer data)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t len = large_tcp(buf, 2500, 0x10);
    size_t got;

    wr_be16(buf + 24, 0x1234);
    rig_tx_context(rig, 14, 20, 20, 1000, IXGBE_TXC_IPV4 | IXGBE_TXC_L4T_TCP,
                   0, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | IXGBE_TXD_TSE | len,
                IXGBE_TXD_CC | IXGBE_TXD_TXSM | PAYLEN(2500));
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 500,
                IXGBE_TXD_CC | IXGBE_TXD_TXSM);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 500,
                IXGBE_TXD_CC | IXGBE_TXD_IXSM);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 5);
    for (unsigned n = 0; n < 4; n++) {
        g_assert_cmphex(rd_be16(rig_sent(rig, n, &got) + 24), ==, 0x1234);
    }
    g_assert_cmphex(rd_be16(rig_sent(rig, 4, &got) + 24), !=, 0x1234);
    /* ... and without TXSM that of TCP. */
    g_assert_cmphex(rd_be16(rig_sent(rig, 4, &got) + 50), ==,
                    rd_be16(buf + 50));
    g_assert_cmphex(rd_be16(rig_sent(rig, 3, &got) + 50), !=,
                    rd_be16(buf + 50));
}

static size_t ipv6_frame(uint8_t *frame, uint8_t protocol, size_t payload)
{
    size_t l4 = protocol == FRAME_PROTO_TCP ? 20 : 8;

    memset(frame, 0, 54 + l4);
    memcpy(frame, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x86\xdd",
           14);
    frame[14] = 0x60;
    frame[20] = protocol;
    frame[21] = 64;
    frame[22] = frame[38] = 0xfd;
    frame[37] = 1;
    frame[53] = 2;
    if (protocol == FRAME_PROTO_TCP) {
        wr_be16(frame + 66, 0x5018);
    }
    for (size_t i = 0; i < payload; i++) {
        frame[54 + l4 + i] = i * 5;
    }
    return 54 + l4 + payload;
}

static void run_ipv6(Rig *rig, uint8_t protocol, uint32_t l4t, unsigned l4)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t len = ipv6_frame(buf, protocol, 3000);
    size_t done = 0;
    size_t got;

    wr_be16(buf + 54 + csum_field_offset(protocol),
            csum_fold(csum_pseudo(buf + 14, 6, protocol, 0)));
    rig_tx_context(rig, 14, 40, l4, 1400, l4t, 0, 1);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | IXGBE_TXD_TSE | len,
                IXGBE_TXD_CC | IXGBE_TXD_IDX | IXGBE_TXD_TXSM | PAYLEN(3000));
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 3);
    for (unsigned n = 0; n < 3; n++) {
        const uint8_t *frame = rig_sent(rig, n, &got);
        size_t part = got - 54 - l4;

        g_assert_cmpuint(rd_be16(frame + 18), ==, l4 + part);
        g_assert_cmpmem(frame + 54 + l4, part, buf + 54 + l4 + done, part);
        check_checksums(frame, got);
        done += part;
    }
    g_assert_cmpuint(done, ==, 3000);
}

static void test_tcp_ipv6(Rig *rig, gconstpointer data)
{
    run_ipv6(rig, FRAME_PROTO_TCP, IXGBE_TXC_L4T_TCP, 20);
}

static void test_udp_ipv6(Rig *rig, gconstpointer data)
{
    run_ipv6(rig, FRAME_PROTO_UDP, IXGBE_TXC_L4T_UDP, 8);
}

static void test_udp_ipv4(Rig *rig, gconstpointer data)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t len = rig_ipv4_frame(buf, FRAME_PROTO_UDP, 2500);
    size_t got;

    wr_be16(buf + 16, 0);
    wr_be16(buf + 24, 0);
    wr_be16(buf + 40, csum_fold(csum_pseudo(buf + 14, 4, FRAME_PROTO_UDP, 0)));
    rig_tx_context(rig, 14, 20, 8, 1000, IXGBE_TXC_IPV4 | IXGBE_TXC_L4T_UDP,
                   0, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | IXGBE_TXD_TSE | len,
                ALL_CSUMS | PAYLEN(2500));
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 3);
    for (unsigned n = 0; n < 3; n++) {
        const uint8_t *frame = rig_sent(rig, n, &got);

        g_assert_cmpuint(rd_be16(frame + 38), ==, got - 34);
        check_checksums(frame, got);
    }
}

/*
 * TCP in IPv4 in UDP in IPv4, as partial segmentation leaves it: everything
 * between the outer IP header and the inner TCP header is as each full segment
 * needs it, and the outer header's checksum field cancels it out.
 */
static void test_tunnel(Rig *rig, gconstpointer data)
{
    enum { MSS = 1000, COUNT = 3, TUNNEL = 8 + 8 + 14 + 20 };
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    uint8_t inner[14 + 40 + MSS * COUNT];
    uint8_t *outer_ip = buf + 14;
    size_t len = 14 + 20 + 8 + 8 + sizeof(inner);
    size_t got;

    rig_ipv4_frame(buf, FRAME_PROTO_UDP, 0);
    rig_ipv4_frame(inner, FRAME_PROTO_TCP, MSS * COUNT);
    wr_be16(inner + 16, 40 + MSS);
    wr_be16(inner + 24, 0);
    wr_be16(inner + 24, csum_finish(csum_add(0, inner + 14, 20)));
    wr_be16(inner + 50, csum_fold(csum_pseudo(inner + 14, 4, FRAME_PROTO_TCP,
                                              0)));
    wr_be16(buf + 38, 16 + 14 + 40 + MSS);
    wr_be16(buf + 40, 0);
    memset(buf + 42, 0x55, 8);
    memcpy(buf + 50, inner, sizeof(inner));
    wr_be16(outer_ip + 2, 0);
    wr_be16(outer_ip + 10, csum_finish(csum_add(0, buf + 34, TUNNEL)));
    rig_tx_context(rig, 14, 20 + TUNNEL, 20, MSS,
                   IXGBE_TXC_IPV4 | IXGBE_TXC_L4T_TCP, 0, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | IXGBE_TXD_TSE | len,
                ALL_CSUMS | PAYLEN(MSS * COUNT));
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, COUNT);
    for (unsigned n = 0; n < COUNT; n++) {
        const uint8_t *frame = rig_sent(rig, n, &got);

        g_assert_cmpuint(rd_be16(frame + 16), ==, got - 14);
        g_assert_cmphex(csum_fold(csum_add(0, frame + 14, 20)), ==, 0xffff);
        check_checksums(frame + 50, got - 50);
    }
}

/* 18 bits of payload, in descriptors of up to 16 bits. */
static void test_256k(Rig *rig, gconstpointer data)
{
    enum { PAYLOAD = 262143 };
    size_t total = 54 + PAYLOAD;
    size_t got, sum = 0;

    large_tcp(rig->memory + RIG_TX_BUFFER, PAYLOAD, 0x10);
    rig_tx_context(rig, 14, 20, 20, 9000, IXGBE_TXC_IPV4 | IXGBE_TXC_L4T_TCP,
                   0, 0);
    for (size_t at = 0; at < total; at += 65535) {
        size_t part = MIN(total - at, 65535);

        rig_tx_desc(rig, RIG_TX_BUFFER + at,
                    DATA | IXGBE_TXD_TSE | part |
                    (at + part == total ? LAST : 0),
                    ALL_CSUMS | PAYLEN(PAYLOAD));
    }
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, PAYLOAD / 9000 + 1);
    for (unsigned n = 0; n < rig->sent->len; n++) {
        const uint8_t *frame = rig_sent(rig, n, &got);

        check_checksums(frame, got);
        sum += got - 54;
    }
    g_assert_cmpuint(sum, ==, PAYLOAD);
}

/* --- tags, padding, FCS ----------------------------------------------------- */

static void test_double_vlan(Rig *rig, gconstpointer data)
{
    static const uint8_t tags[] = { 0x88, 0xa8, 0x00, 0x05,
                                    0x91, 0x00, 0x00, 0x64 };
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    const uint8_t *frame;
    size_t got;

    rig->state.tx_rules.outer_type = 0x88a8;
    rig->state.tx_rules.vlan_type = 0x9100;
    rules_changed(rig);
    memset(buf, 1, 100);
    memcpy(buf + 12, tags, 4);
    wr_be16(buf + 16, 0x0800);
    rig_tx_context(rig, 18, 20, 0, 0, 0, 100, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | IXGBE_TXD_VLE | 100,
                IXGBE_TXD_CC);
    rig_tx_kick(rig);
    frame = rig_sent(rig, 0, &got);
    g_assert_cmpuint(got, ==, 104);
    g_assert_cmpmem(frame + 12, 8, tags, 8);
    g_assert_cmphex(rd_be16(frame + 20), ==, 0x0800);
}

static void test_no_padding(Rig *rig, gconstpointer data)
{
    size_t got;

    rig->state.tx_rules.pad = false;
    rules_changed(rig);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 20, 0);
    rig_tx_kick(rig);
    rig_sent(rig, 0, &got);
    g_assert_cmpuint(got, ==, 20);
}

/* Without IFCS the packet brings its FCS, which must be right. */
static void test_own_fcs(Rig *rig, gconstpointer data)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t got;

    g_assert_cmphex(frame_fcs((const uint8_t *)"123456789", 9), ==,
                    0xcbf43926);
    memset(buf, 7, 100);
    wr_le32(buf + 96, frame_fcs(buf, 96));
    rig_tx_desc(rig, RIG_TX_BUFFER, LAST | 100, 0);
    rig_tx_kick(rig);
    rig_sent(rig, 0, &got);
    g_assert_cmpuint(got, ==, 96);
    buf[3]++;
    rig_tx_desc(rig, RIG_TX_BUFFER, LAST | 100, 0);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 1);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFTDH(0)), ==, 2);
}

static void test_software_flush(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VFTXDCTL(0), IXGBE_TXDCTL_ENABLE |
              IXGBE_TXDCTL_SWFLSH | 32 << IXGBE_TXDCTL_WTHRESH_SHIFT |
              8 << 8 | 32);
    g_assert_cmphex(rig_read(rig, IXGBE_VFTXDCTL(0)), ==,
                    IXGBE_TXDCTL_ENABLE | 32 << IXGBE_TXDCTL_WTHRESH_SHIFT |
                    8 << 8 | 32);
}

/* --- ESP -------------------------------------------------------------------- */

enum { ESP_AT = 34, ESP_TCP = ESP_AT + 16 };

/* Ethernet, IPv4, ESP with an IV of 100, TCP; what follows is the caller's. */
static void esp_headers(uint8_t *buf, size_t payload)
{
    uint8_t plain[54 + 4000];

    rig_ipv4_frame(plain, FRAME_PROTO_TCP, payload);
    memcpy(buf, plain, 34);
    buf[23] = 50;
    wr_be16(buf + 24, 0);
    wr_be32(buf + ESP_AT, 0x1234);
    wr_be32(buf + ESP_AT + 4, 7);
    wr_be64(buf + ESP_AT + 8, 100);
    memcpy(buf + ESP_TCP, plain + 34, 20 + payload);
}

/* The inner TCP segment of an ESP frame, as its own IPv4 frame. */
static size_t unwrap(uint8_t *out, const uint8_t *frame, size_t len,
                     size_t payload)
{
    memcpy(out, frame, 34);
    memcpy(out + 34, frame + ESP_TCP, 20 + payload);
    out[23] = FRAME_PROTO_TCP;
    wr_be16(out + 16, 40 + payload);
    wr_be16(out + 24, 0);
    wr_be16(out + 24, csum_finish(csum_add(0, out + 14, 20)));
    return 54 + payload;
}

static void esp_context(Rig *rig, unsigned mss, unsigned trailer)
{
    rig_tx_context(rig, 14, 36, 20, mss,
                   IXGBE_TXC_IPV4 | IXGBE_TXC_L4T_TCP |
                   IXGBE_TXC_IPSEC_ESP | IXGBE_TXC_IPSEC_ENCRYPT | trailer,
                   0, 0);
}

static void test_esp_frame(Rig *rig, gconstpointer data)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    uint8_t plain[200];
    const uint8_t *frame;
    size_t len = ESP_TCP + 20 + 50 + 20;
    size_t got;

    esp_headers(buf, 50);
    wr_be16(buf + 16, len - 14);
    wr_be16(buf + ESP_TCP + 16,
            csum_fold(csum_pseudo(buf + 14, 4, FRAME_PROTO_TCP, 70)));
    memset(buf + ESP_TCP + 70, 0xee, 20);
    esp_context(rig, 0, 20);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | len,
                ALL_CSUMS | IXGBE_TXD_IPSEC);
    rig_tx_kick(rig);
    frame = rig_sent(rig, 0, &got);
    g_assert_cmpuint(got, ==, len);
    g_assert_true(rig->meta[0].ipsec && rig->meta[0].esp &&
                  rig->meta[0].encrypt);
    g_assert_cmphex(csum_fold(csum_add(0, frame + 14, 20)), ==, 0xffff);
    check_checksums(plain, unwrap(plain, frame, got, 50));
}

static void test_esp_segments(Rig *rig, gconstpointer data)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t parts[] = { 1001, 1001, 998 };

    esp_headers(buf, 3000);
    wr_be16(buf + 16, 0);
    wr_be16(buf + ESP_TCP + 16,
            csum_fold(csum_pseudo(buf + 14, 4, FRAME_PROTO_TCP, 0)));
    esp_context(rig, 1001, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER,
                DATA | LAST | IXGBE_TXD_TSE | (ESP_TCP + 20 + 3000),
                ALL_CSUMS | IXGBE_TXD_IPSEC | PAYLEN(3000));
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 3);
    for (unsigned n = 0; n < 3; n++) {
        uint8_t plain[1100];
        size_t got;
        const uint8_t *frame = rig_sent(rig, n, &got);
        unsigned pad = frame[got - 18];

        g_assert_cmpuint(rd_be32(frame + ESP_AT + 4), ==, 7 + n);
        g_assert_cmpuint(rd_be64(frame + ESP_AT + 8), ==, 100 + n);
        g_assert_cmpuint(frame[got - 17], ==, FRAME_PROTO_TCP);
        g_assert_cmpuint((got - ESP_TCP - 16) % 4, ==, 0);
        g_assert_cmpuint(got, ==, ESP_TCP + 20 + parts[n] + pad + 18);
        g_assert_cmpuint(rd_be16(frame + 16), ==, got - 14);
        g_assert_cmphex(csum_fold(csum_add(0, frame + 14, 20)), ==, 0xffff);
        check_checksums(plain, unwrap(plain, frame, got, parts[n]));
    }
}

/* Lengths that are not those of ESP: dropped, and the queue goes on. */
static void test_esp_malformed(Rig *rig, gconstpointer data)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;

    esp_headers(buf, 3000);
    for (unsigned iplen = 0; iplen < 60; iplen += 4) {
        if (iplen == 36) {
            continue;
        }
        rig_tx_context(rig, 14, iplen, 20, 1000,
                       IXGBE_TXC_IPV4 | IXGBE_TXC_L4T_TCP |
                       IXGBE_TXC_IPSEC_ESP | 511, 0, 0);
        rig_tx_desc(rig, RIG_TX_BUFFER,
                    DATA | LAST | IXGBE_TXD_TSE | (ESP_TCP + 20 + 3000),
                    ALL_CSUMS | IXGBE_TXD_IPSEC | PAYLEN(2980));
        rig_tx_kick(rig);
    }
    g_assert_cmpuint(rig->sent->len, ==, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 60,
                ALL_CSUMS | IXGBE_TXD_IPSEC);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 1);
}

#define TEST(name, fn) \
    g_test_add("/ixgbe/tx-offloads/" name, Rig, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("flag-masks", test_flag_masks);
    TEST("one-segment-keeps-flags", test_one_segment_keeps_flags);
    TEST("ids-count-up", test_ids_count_up);
    TEST("paylen", test_paylen);
    TEST("time-stamp", test_time_stamp);
    TEST("own-ip-checksum", test_own_ip_checksum);
    TEST("tcp-ipv6", test_tcp_ipv6);
    TEST("udp-ipv6", test_udp_ipv6);
    TEST("udp-ipv4", test_udp_ipv4);
    TEST("tunnel", test_tunnel);
    TEST("256k", test_256k);
    TEST("double-vlan", test_double_vlan);
    TEST("no-padding", test_no_padding);
    TEST("own-fcs", test_own_fcs);
    TEST("software-flush", test_software_flush);
    TEST("esp-frame", test_esp_frame);
    TEST("esp-segments", test_esp_segments);
    TEST("esp-malformed", test_esp_malformed);
    return g_test_run();
}
