/*
 * Transmit queues: offloads, contexts, write-back, back-pressure, bad rings.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/checksum.h"
#include "iovlab/crc32c.h"
#include "ixgbe-rig.h"

#define DATA (IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_DATA | IXGBE_TXD_IFCS)
#define LAST (IXGBE_TXD_EOP | IXGBE_TXD_RS)

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

static bool desc_done(Rig *rig, unsigned i)
{
    return rig->memory[RIG_TX_RING(0) + i * IXGBE_DESC_SIZE + 12] &
           IXGBE_TXD_DD;
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

static void test_two_buffers(Rig *rig, gconstpointer data)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t len = rig_ipv4_frame(buf, FRAME_PROTO_TCP, 200);
    size_t got;

    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | 100, 0);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER + 100, DATA | LAST | (len - 100), 0);
    rig_tx_kick(rig);
    g_assert_cmpmem(rig_sent(rig, 0, &got), got, buf, len);
    g_assert_cmpuint(got, ==, len);
    g_assert_false(desc_done(rig, 0));
    g_assert_true(desc_done(rig, 1));
    g_assert_cmpuint(rig_read(rig, IXGBE_VFTDH(0)), ==, 2);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFGPTC), ==, 1);
}

static void test_short_frame_is_padded(Rig *rig, gconstpointer data)
{
    size_t got;

    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 20, 0);
    rig_tx_kick(rig);
    rig_sent(rig, 0, &got);
    g_assert_cmpuint(got, ==, 60);
}

static void run_checksum(Rig *rig, uint8_t protocol, uint32_t l4t,
                         unsigned field)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t len = rig_ipv4_frame(buf, protocol, 101);
    size_t got;
    const uint8_t *frame;

    /* as a driver leaves it: no IP checksum, pseudo header sum in the field */
    wr_be16(buf + 24, 0);
    wr_be16(buf + 34 + field,
            csum_fold(csum_pseudo(buf + 14, 4, protocol, len - 34)));
    rig_tx_context(rig, 14, 20, 0, 0, IXGBE_TXC_IPV4 | l4t, 0, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | len,
                IXGBE_TXD_CC | IXGBE_TXD_IXSM | IXGBE_TXD_TXSM);
    rig_tx_kick(rig);
    frame = rig_sent(rig, 0, &got);
    check_checksums(frame, got);
}

static void test_tcp_checksum(Rig *rig, gconstpointer data)
{
    run_checksum(rig, FRAME_PROTO_TCP, IXGBE_TXC_L4T_TCP, 16);
}

static void test_udp_checksum(Rig *rig, gconstpointer data)
{
    run_checksum(rig, FRAME_PROTO_UDP, IXGBE_TXC_L4T_UDP, 6);
}

static void test_sctp_checksum(Rig *rig, gconstpointer data)
{
    /* RFC 3720, B.4: 32 bytes of zeroes */
    static const uint8_t zeroes[32];
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t got;
    const uint8_t *frame;

    g_assert_cmphex(~crc32c_add(~0u, zeroes, 32), ==, 0x8a9136aa);
    memset(buf, 0, 66);
    rig_tx_context(rig, 14, 20, 0, 0, IXGBE_TXC_IPV4 | IXGBE_TXC_L4T_SCTP, 0,
                   0);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 66,
                IXGBE_TXD_CC | IXGBE_TXD_TXSM);
    rig_tx_kick(rig);
    frame = rig_sent(rig, 0, &got);
    g_assert_cmphex(rd_le32(frame + 42), ==, 0x8a9136aa);
}

static void test_vlan_insert(Rig *rig, gconstpointer data)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t len = rig_ipv4_frame(buf, FRAME_PROTO_TCP, 100);
    size_t got;
    const uint8_t *frame;

    rig_tx_context(rig, 14, 20, 0, 0, 0, 0x2064, 1);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | IXGBE_TXD_VLE | len,
                IXGBE_TXD_CC | IXGBE_TXD_IDX);
    rig_tx_kick(rig);
    frame = rig_sent(rig, 0, &got);
    g_assert_cmpuint(got, ==, len + 4);
    g_assert_cmphex(rd_be32(frame + 12), ==, 0x81002064);
    g_assert_cmpmem(frame + 16, got - 16, buf + 12, len - 12);
}

/* 15.5 KB with FCS, and a tag that is inserted is part of it. */
static void test_largest(Rig *rig, gconstpointer data)
{
    static const struct {
        uint32_t cmd;
        size_t len, sent;
    } frames[] = {
        { 0, IXGBE_FRAME_MAX, IXGBE_FRAME_MAX },
        { 0, IXGBE_FRAME_MAX + 1, 0 },
        { IXGBE_TXD_VLE, IXGBE_FRAME_MAX - 4, IXGBE_FRAME_MAX },
        { IXGBE_TXD_VLE, IXGBE_FRAME_MAX - 3, 0 },
    };

    memset(rig->memory + RIG_TX_BUFFER, 1, IXGBE_FRAME_MAX + 1);
    rig_tx_context(rig, 14, 20, 0, 0, 0, 0x2064, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(frames); i++) {
        unsigned before = rig->sent->len;
        size_t got = 0;

        rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | frames[i].cmd |
                    frames[i].len, IXGBE_TXD_CC | IXGBE_TXD_IDX);
        rig_tx_kick(rig);
        if (rig->sent->len > before) {
            rig_sent(rig, before, &got);
        }
        g_assert_cmpuint(got, ==, frames[i].sent);
    }
}

/* A large TCP frame in two contexts' worth of buffers, as Linux sends it. */
static size_t queue_tso(Rig *rig, size_t payload, unsigned mss, bool vlan)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t len = rig_ipv4_frame(buf, FRAME_PROTO_TCP, payload);

    wr_be16(buf + 16, 0);
    wr_be16(buf + 24, 0);
    wr_be16(buf + 50, csum_fold(csum_pseudo(buf + 14, 4, FRAME_PROTO_TCP, 0)));
    rig_tx_context(rig, 14, 20, 20, mss, IXGBE_TXC_IPV4 | IXGBE_TXC_L4T_TCP,
                   100, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER,
                DATA | IXGBE_TXD_TSE | (vlan ? IXGBE_TXD_VLE : 0) | 54,
                IXGBE_TXD_CC | IXGBE_TXD_IXSM | IXGBE_TXD_TXSM |
                (uint32_t)payload << IXGBE_TXD_PAYLEN_SHIFT);
    rig_tx_desc(rig, RIG_TX_BUFFER + 54, DATA | LAST | payload, 0);
    return len;
}

static void check_segments(Rig *rig, size_t payload, unsigned mss,
                           unsigned shift)
{
    const uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t done = 0;

    for (unsigned n = 0; n < rig->sent->len; n++) {
        size_t got;
        const uint8_t *frame = rig_sent(rig, n, &got);
        size_t part = MIN(mss, payload - done);

        g_assert_cmpuint(got, ==, MAX(54 + shift + part, 60));
        g_assert_cmphex(rd_be32(frame + shift + 38), ==, 0x12345678 + done);
        g_assert_cmpmem(frame + shift + 54, part, buf + 54 + done, part);
        check_checksums(frame, got);
        done += part;
    }
    g_assert_cmpuint(done, ==, payload);
}

static void test_tso(Rig *rig, gconstpointer data)
{
    queue_tso(rig, 10000, 1460, false);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 7);
    check_segments(rig, 10000, 1460, 0);
    g_assert_true(desc_done(rig, 2));
}

static void test_tso_vlan(Rig *rig, gconstpointer data)
{
    queue_tso(rig, 3000, 1000, true);
    rig_tx_kick(rig);
    check_segments(rig, 3000, 1000, 4);
}

/* The port runs full in the middle of a packet; no segment goes twice. */
static void test_tso_back_pressure(Rig *rig, gconstpointer data)
{
    rig->tx_credit = 3;
    queue_tso(rig, 10000, 1460, false);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 3);
    g_assert_false(desc_done(rig, 2));
    rig->tx_credit = 100;
    ixgbe_function_tx_room(rig->fn);
    rig_run(rig);
    check_segments(rig, 10000, 1460, 0);
    g_assert_true(desc_done(rig, 2));
}

/* And the rest goes out on the other side of a migration. */
static void test_tso_migrates(Rig *rig, gconstpointer data)
{
    StateWriter w;
    StateReader r;

    rig->tx_credit = 3;
    queue_tso(rig, 10000, 1460, false);
    rig_tx_kick(rig);
    ixgbe_function_hold(rig->fn, true);
    state_writer_init(&w);
    ixgbe_function_save(rig->fn, &w);
    g_autoptr(GBytes) bytes = state_writer_finish(&w);

    ixgbe_function_power_reset(rig->fn);
    state_reader_init(&r, g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes));
    g_assert_true(ixgbe_function_load(rig->fn, &r));
    g_assert_cmpuint(r.pos, ==, r.len);
    rig->tx_credit = 100;
    ixgbe_function_hold(rig->fn, false);
    rig_run(rig);
    check_segments(rig, 10000, 1460, 0);
}

/* A packet of very many segments does not hold everything else up. */
static void test_work_is_bounded(Rig *rig, gconstpointer data)
{
    queue_tso(rig, 60000, 10, false);
    rig_write(rig, IXGBE_VFTDT(0), 3);
    rig->scheduled = false;
    ixgbe_function_run(rig->fn);
    g_assert_cmpuint(rig->sent->len, <=, 256);
    g_assert_true(rig->scheduled);
    rig_run(rig);
    check_segments(rig, 60000, 10, 0);
}

static void test_wthresh(Rig *rig, gconstpointer data)
{
    rig_start_interrupts(rig);
    rig_write(rig, IXGBE_VFTXDCTL(0),
              IXGBE_TXDCTL_ENABLE | 4 << IXGBE_TXDCTL_WTHRESH_SHIFT);
    for (unsigned i = 0; i < 6; i++) {
        rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 60, 0);
    }
    rig_tx_kick(rig);
    /* what is left below the threshold is reported when the ring is empty */
    for (unsigned i = 0; i < 6; i++) {
        g_assert_true(desc_done(rig, i));
    }
    g_assert_cmpuint(rig->interrupts[0], ==, 1);
}

/* A queue's turn may end with its ring; nothing comes after it. */
static void test_wthresh_and_turn(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VFTXDCTL(0),
              IXGBE_TXDCTL_ENABLE | 5 << IXGBE_TXDCTL_WTHRESH_SHIFT);
    for (unsigned count = 1; count < RIG_RING; count++) {
        for (unsigned i = 0; i < count; i++) {
            rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 60, 0);
        }
        rig_tx_kick(rig);
        for (unsigned i = 0; i < RIG_RING; i++) {
            uint32_t at = (rig_read(rig, IXGBE_VFTDH(0)) + i) % RIG_RING;

            g_assert_cmpint(desc_done(rig, at), ==, i >= RIG_RING - count);
        }
        memset(rig->memory + RIG_TX_RING(0), 0, RIG_RING * IXGBE_DESC_SIZE);
    }
}

static void test_head_write_back(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VFTDWBAH(0), 0);
    rig_write(rig, IXGBE_VFTDWBAL(0), 0x3000 | IXGBE_TDWBAL_EN);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 60, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 60, 0);
    rig_tx_kick(rig);
    g_assert_cmpuint(rd_le32(rig->memory + 0x3000), ==, 2);
    g_assert_false(desc_done(rig, 1));
}

static void test_legacy(Rig *rig, gconstpointer data)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    size_t len = rig_ipv4_frame(buf, FRAME_PROTO_TCP, 100);
    size_t got;
    const uint8_t *frame;

    wr_be16(buf + 50, csum_fold(csum_pseudo(buf + 14, 4, FRAME_PROTO_TCP,
                                            len - 34)));
    rig_tx_desc(rig, RIG_TX_BUFFER,
                LAST | IXGBE_TXD_IFCS | IXGBE_TXD_IC | 50 << IXGBE_TXL_CSO_SHIFT | len,
                34 << IXGBE_TXL_CSS_SHIFT);
    rig_tx_kick(rig);
    frame = rig_sent(rig, 0, &got);
    check_checksums(frame, got);
    g_assert_true(desc_done(rig, 0));
}

/* CVE-2021-20257 and its kind: no end of packet anywhere. */
static void test_ring_without_eop(Rig *rig, gconstpointer data)
{
    uint8_t *last = rig->memory + RIG_TX_RING(0) +
                    (RIG_RING - 2) * IXGBE_DESC_SIZE;

    for (unsigned i = 0; i < RIG_RING - 1; i++) {
        rig_tx_desc(rig, RIG_TX_BUFFER, DATA | 10, 0);
    }
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 0);
    g_assert_false(rig->scheduled);
    /* The queue has stopped: an end that comes now is too late. */
    wr_le32(last + 8, DATA | LAST | 10);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 0);
    rig_write(rig, IXGBE_VFTXDCTL(0), 0);
    rig_write(rig, IXGBE_VFTXDCTL(0), IXGBE_TXDCTL_ENABLE);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 1);
}

/* Each descriptor added to a packet without an end costs as much as one. */
static void test_slow_packet(Rig *rig, gconstpointer data)
{
    uint8_t *buf = rig->memory + RIG_TX_BUFFER;
    uint8_t *first = rig->memory + RIG_TX_RING(0);
    size_t len = 28 * 50, got;

    for (size_t i = 0; i < len; i++) {
        buf[i] = i * 7;
    }
    for (unsigned i = 0; i < 27; i++) {
        rig_tx_desc(rig, RIG_TX_BUFFER + 50 * i, DATA | 50, 0);
        rig_tx_kick(rig);
    }
    g_assert_cmpuint(rig->sent->len, ==, 0);
    g_assert_cmpuint(rig->bytes_read, <, 27 * (50 + IXGBE_DESC_SIZE));
    rig_tx_desc(rig, RIG_TX_BUFFER + 50 * 27, DATA | LAST | 50, 0);
    rig_tx_kick(rig);
    g_assert_cmpmem(rig_sent(rig, 0, &got), len, buf, len);
    g_assert_cmpuint(got, ==, len);
    /* A tail that goes back leaves nothing to remember. */
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | 100, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER + 100, DATA | 100, 0);
    rig_tx_kick(rig);
    rig_write(rig, IXGBE_VFTDT(0), 29);
    rig_run(rig);
    wr_le32(first + 28 * IXGBE_DESC_SIZE + 8, DATA | LAST | 100);
    rig_write(rig, IXGBE_VFTDT(0), 28);
    rig_write(rig, IXGBE_VFTDT(0), 29);
    rig_run(rig);
    rig_sent(rig, 1, &got);
    g_assert_cmpuint(got, ==, 100);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFTDH(0)), ==, 29);
}

static void test_empty_packets(Rig *rig, gconstpointer data)
{
    rig_tx_desc(rig, 0, DATA | LAST, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 60, 0);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 1);
    g_assert_true(desc_done(rig, 0));
}

static void test_mss_zero(Rig *rig, gconstpointer data)
{
    queue_tso(rig, 10000, 0, false);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 60, 0);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 1);
    g_assert_true(desc_done(rig, 2));
}

static void test_ring_is_own_bar(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VFTDBAL(0), RIG_BAR);
    rig_tx_desc(rig, 0, 0, 0);
    rig_tx_kick(rig);
    rig_write(rig, IXGBE_VFTDBAL(0), RIG_TX_RING(0));
    rig_start_tx(rig);
    rig_tx_desc(rig, RIG_BAR + IXGBE_VFCTRL, DATA | LAST | 60, 0);
    rig_write(rig, IXGBE_VFTDWBAL(0),
              (RIG_BAR + IXGBE_VFCTRL) | IXGBE_TDWBAL_EN);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->resets, ==, 0);
}

static void test_fault_stops_queue(Rig *rig, gconstpointer data)
{
    rig_tx_desc(rig, RIG_MEMORY - 10, DATA | LAST | 60, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER, DATA | LAST | 60, 0);
    rig_tx_kick(rig);
    g_assert_cmpuint(rig->sent->len, ==, 0);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFTDH(0)), ==, 0);
}

static void test_absurd_tail(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VFTDT(0), 0xffff);
    rig_run(rig);
    rig_write(rig, IXGBE_VFTDLEN(0), 0);
    rig_write(rig, IXGBE_VFTDT(0), 5);
    rig_run(rig);
    g_assert_cmpuint(rig->sent->len, ==, 0);
}

/* Ring of @size descriptors for queue @q, all of them packets of 60 bytes. */
static void fill_queue(Rig *rig, unsigned q, unsigned size, uint8_t fill)
{
    const unsigned at = q * 0x40;
    uint32_t buffer = RIG_TX_BUFFER + 0x1000 * q;

    memset(rig->memory + buffer, fill, 60);
    for (unsigned i = 0; i + 1 < size; i++) {
        uint8_t *desc = rig->memory + RIG_TX_RING(q) + i * IXGBE_DESC_SIZE;

        wr_le64(desc, buffer);
        wr_le32(desc + 8, DATA | LAST | 60);
        wr_le32(desc + 12, 0);
    }
    rig_write(rig, IXGBE_VFTDBAL(0) + at, RIG_TX_RING(q));
    rig_write(rig, IXGBE_VFTDLEN(0) + at, size * IXGBE_DESC_SIZE);
    rig_write(rig, IXGBE_VFTXDCTL(0) + at, IXGBE_TXDCTL_ENABLE);
    rig_write(rig, IXGBE_VFTDT(0) + at, size - 1);
}

/* One with much to send does not keep the other waiting. */
static void test_queues_take_turns(Rig *unused, gconstpointer data)
{
    static const IxgbeVfConfig two = { .queues = 2 };
    unsigned first = 0, second = 0;
    Rig rig;

    rig_init(&rig, &two);
    fill_queue(&rig, 0, 128, 1);
    fill_queue(&rig, 1, 128, 2);
    rig_run(&rig);
    g_assert_cmpuint(rig.sent->len, ==, 2 * 127);
    for (unsigned i = 0; i < rig.sent->len; i++) {
        size_t len;

        if (rig_sent(&rig, i, &len)[0] == 1) {
            first++;
        } else {
            second++;
        }
        g_assert_cmpint(ABS((int)first - (int)second), <=, 16);
    }
    rig_clear(&rig);
}

/* More write-backs of one packet than wait for WTHRESH at the most. */
static void test_many_reports(Rig *rig, gconstpointer data)
{
    const unsigned count = 200;
    size_t got;

    fill_queue(rig, 0, 256, 1);
    rig_write(rig, IXGBE_VFTXDCTL(0), 0);
    rig_write(rig, IXGBE_VFTDH(0), 0);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *desc = rig->memory + RIG_TX_RING(0) + i * IXGBE_DESC_SIZE;

        wr_le32(desc + 8, DATA | IXGBE_TXD_RS | 1 |
                (i + 1 == count ? IXGBE_TXD_EOP : 0));
    }
    rig_write(rig, IXGBE_VFTDT(0), count);
    rig_write(rig, IXGBE_VFTXDCTL(0), IXGBE_TXDCTL_ENABLE |
              127u << IXGBE_TXDCTL_WTHRESH_SHIFT);
    rig_run(rig);
    g_assert_cmpuint(rig->sent->len, ==, 1);
    rig_sent(rig, 0, &got);
    g_assert_cmpuint(got, ==, count);
    for (unsigned i = 0; i < count; i++) {
        g_assert_true(desc_done(rig, i));
    }
}

/* IFCS counts in the last descriptor alone, too. */
static void test_fcs_in_the_last(Rig *rig, gconstpointer data)
{
    size_t got;

    rig_tx_desc(rig, RIG_TX_BUFFER, (DATA & ~IXGBE_TXD_IFCS) | 40, 0);
    rig_tx_desc(rig, RIG_TX_BUFFER + 40, DATA | LAST | 60, 0);
    rig_tx_kick(rig);
    rig_sent(rig, 0, &got);
    g_assert_cmpuint(got, ==, 100);
}

#define TEST(name, fn) \
    g_test_add("/ixgbe/tx/" name, Rig, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("two-buffers", test_two_buffers);
    TEST("short-frame-is-padded", test_short_frame_is_padded);
    TEST("tcp-checksum", test_tcp_checksum);
    TEST("udp-checksum", test_udp_checksum);
    TEST("sctp-checksum", test_sctp_checksum);
    TEST("vlan-insert", test_vlan_insert);
    TEST("largest", test_largest);
    TEST("tso", test_tso);
    TEST("tso-vlan", test_tso_vlan);
    TEST("tso-back-pressure", test_tso_back_pressure);
    TEST("tso-migrates", test_tso_migrates);
    TEST("work-is-bounded", test_work_is_bounded);
    TEST("wthresh", test_wthresh);
    TEST("wthresh-and-turn", test_wthresh_and_turn);
    TEST("head-write-back", test_head_write_back);
    TEST("legacy", test_legacy);
    TEST("ring-without-eop", test_ring_without_eop);
    TEST("slow-packet", test_slow_packet);
    TEST("empty-packets", test_empty_packets);
    TEST("mss-zero", test_mss_zero);
    TEST("ring-is-own-bar", test_ring_is_own_bar);
    TEST("fault-stops-queue", test_fault_stops_queue);
    TEST("absurd-tail", test_absurd_tail);
    TEST("queues-take-turns", test_queues_take_turns);
    TEST("many-reports", test_many_reports);
    TEST("fcs-in-the-last", test_fcs_in_the_last);
    return g_test_run();
}
