/*
 * Receive side coalescing: what is joined, what it looks like, what ends it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe-rig.h"

#include "iovlab/checksum.h"

#define ONE_BUFFER (IXGBE_SRRCTL_ONE_BUFFER | 2)
#define MAX16 0xcu
#define INTERVAL_US 100
#define PSH 0x08
#define ACK 0x10
#define FIN 0x01

static Rig rig;
static uint32_t next_seq;

static void setup(uint32_t srrctl, unsigned interval_us)
{
    rig_init_pf(&rig);
    rig.now = 1000000;
    rig.state.rx_flags = IXGBE_RX_RSC;
    ixgbe_function_set_state(rig.fn, &rig.state);
    rig_write(&rig, IXGBE_VFRSCCTL(0), IXGBE_RSCCTL_EN | MAX16);
    rig_start_rx(&rig, srrctl, 24);
    rig_start_pf_interrupts(&rig, interval_us);
    next_seq = 1000;
}

/* A segment of flow @port, in sequence if @seq is 0. */
static size_t segment(uint8_t *frame, uint16_t port, uint32_t seq,
                      uint8_t flags, size_t payload)
{
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, payload);
    FrameInfo info;

    wr_be16(frame + 34, port);
    wr_be32(frame + 38, seq ? seq : next_seq);
    wr_be32(frame + 42, 0x1000 + next_seq);         /* acknowledgement */
    frame[47] = flags;
    wr_be16(frame + 48, 0x2000 + next_seq);         /* window */
    memset(frame + 54, next_seq, payload);
    frame_parse(frame, len, &info);
    csum_insert_l4(frame, &info);
    if (!seq) {
        next_seq += payload;
    }
    return len;
}

static void send(uint16_t port, uint32_t seq, uint8_t flags, size_t payload)
{
    uint8_t frame[4096];
    size_t len = segment(frame, port, seq, flags, payload);

    g_assert_cmpint(rig_receive(&rig, frame, len), ==, IXGBE_RX_DONE);
}

/* The first frame brings an interrupt: what follows is moderated. */
static void settle(void)
{
    send(99, 1, ACK, 10);
    g_assert_cmpuint(rig.interrupts[0], ==, 1);
    rig_unmask_pf(&rig);
}

static bool done(unsigned i)
{
    IxgbeRxAdvWb wb = rig_rx_desc(&rig, i);

    return rd_le32(&wb.status_error) & IXGBE_RXS_DD && rd_le16(&wb.length);
}

static unsigned count_of(unsigned i)
{
    IxgbeRxAdvWb wb = rig_rx_desc(&rig, i);

    return rd_le32(&wb.info) >> IXGBE_RXI_RSCCNT_SHIFT & 15;
}

static void test_joined(void)
{
    const uint8_t *buffer;
    IxgbeRxAdvWb wb;
    FrameInfo info;
    CsumResult sums;

    setup(ONE_BUFFER, INTERVAL_US);
    settle();
    buffer = rig.memory + RIG_RX_BUFFER(2);
    for (unsigned i = 0; i < 5; i++) {
        send(80, 0, ACK, 100);
    }
    memset(rig.memory + RIG_RX_RING(0) + 16 + 8, 0, 8);
    g_assert_false(done(1));
    rig_advance(&rig, INTERVAL_US * 1000);
    g_assert_cmpuint(rig.interrupts[0], ==, 2);
    wb = rig_rx_desc(&rig, 1);
    g_assert_cmphex(rd_le32(&wb.status_error), ==, IXGBE_RXS_DD |
                    IXGBE_RXS_EOP | IXGBE_RXS_IPCS | IXGBE_RXS_L4CS);
    g_assert_cmpuint(rd_le16(&wb.length), ==, 54 + 500);
    g_assert_cmpuint(count_of(1), ==, 6);
    g_assert_true(frame_parse(buffer, 554, &info));
    csum_validate(buffer, 554, &info, &sums);
    g_assert_cmpint(sums.ip, ==, CSUM_GOOD);
    g_assert_cmpuint(info.end, ==, 554);
    g_assert_cmpuint(rd_be32(buffer + 38), ==, 1000);
    g_assert_cmpuint(rd_be32(buffer + 42), ==, 0x1000 + 1400);
    g_assert_cmpuint(rd_be16(buffer + 48), ==, 0x2000 + 1400);
    for (unsigned i = 0; i < 500; i++) {
        g_assert_cmphex(buffer[54 + i], ==, (uint8_t)(1000 + i / 100 * 100));
    }
    g_assert_cmpuint(rig_read(&rig, IXGBE_VFRDH(0)), ==, 2);
    rig_clear(&rig);
}

/* Over several descriptors: NEXTP and RSCCNT in each. */
static void test_chain(void)
{
    IxgbeRxAdvWb wb;
    unsigned packets = 0;

    setup(IXGBE_SRRCTL_ONE_BUFFER | 1, INTERVAL_US);
    settle();
    send(80, 0, ACK, 900);
    send(81, 5000, ACK, 10);            /* takes the descriptor behind it */
    send(80, 0, ACK, 900);
    send(80, 0, ACK | PSH, 900);
    wb = rig_rx_desc(&rig, 1);
    g_assert_cmphex(rd_le32(&wb.status_error), ==,
                    IXGBE_RXS_DD | 3u << IXGBE_RXS_NEXTP_SHIFT);
    g_assert_cmpuint(rd_le16(&wb.length), ==, 1024);
    wb = rig_rx_desc(&rig, 3);
    g_assert_cmphex(rd_le32(&wb.status_error) & 0xfffff, ==,
                    IXGBE_RXS_DD | 4u << IXGBE_RXS_NEXTP_SHIFT);
    wb = rig_rx_desc(&rig, 4);
    g_assert_true(rd_le32(&wb.status_error) & IXGBE_RXS_EOP);
    g_assert_cmpuint(rd_le16(&wb.length), ==, 54 + 2700 - 2048);
    packets += count_of(1) - 1;
    packets += count_of(3) - 1;
    packets += count_of(4) - 1;
    g_assert_cmpuint(packets, ==, 3);
    g_assert_cmphex(rig.memory[RIG_RX_BUFFER(2) + 47], ==, ACK | PSH);
    rig_clear(&rig);
}

/* An IP packet ends at 65,535 bytes, whatever the buffers could hold. */
static void test_longest(void)
{
    const size_t rest = 65535 - 40 - 16 * 4000;

    for (unsigned more = 0; more < 2; more++) {
        setup(IXGBE_SRRCTL_ONE_BUFFER | 16, INTERVAL_US);
        settle();
        for (unsigned i = 0; i < 16; i++) {
            send(80, 0, ACK, 4000);
        }
        send(80, 0, ACK, rest + more);
        send(80, 0, ACK, 4000);
        rig_advance(&rig, INTERVAL_US * 1000);
        g_assert_cmpuint(rd_be16(rig.memory + RIG_RX_BUFFER(2) + 16), ==,
                         more ? 40 + 16 * 4000 : 65535);
        rig_clear(&rig);
    }
}

static void test_alone(void)
{
    IxgbeRxAdvWb wb;

    setup(ONE_BUFFER, INTERVAL_US);
    settle();
    send(80, 0, ACK, 100);
    rig_advance(&rig, INTERVAL_US * 1000);
    wb = rig_rx_desc(&rig, 1);
    g_assert_cmpuint(count_of(1), ==, 0);
    g_assert_cmpuint(rd_le16(&wb.length), ==, 154);
    rig_clear(&rig);
}

/* What ends it: out of order, a flag, no data, a full buffer of packets. */
static void test_ends(void)
{
    static const struct {
        uint32_t skip;
        uint8_t flags;
        size_t payload;
    } ends[] = {
        { 1, ACK, 100 }, { 0, ACK | FIN, 100 }, { 0, ACK, 0 }, { 0, 0, 100 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        setup(ONE_BUFFER, INTERVAL_US);
        settle();
        send(80, 0, ACK, 100);
        send(80, 0, ACK, 100);
        send(80, next_seq + ends[i].skip, ends[i].flags, ends[i].payload);
        g_assert_cmpuint(count_of(1), ==, 3);
        rig_clear(&rig);
    }
    setup(ONE_BUFFER, INTERVAL_US);
    settle();
    for (unsigned i = 0; i < 15; i++) {
        send(80, 0, ACK, 10);
    }
    g_assert_cmpuint(count_of(1), ==, 15);
    rig_clear(&rig);
}

/* Polling, no interrupt unmasked: the interval ends it all the same. */
static void test_polled(void)
{
    setup(ONE_BUFFER, INTERVAL_US);
    settle();
    rig_write(&rig, IXGBE_EIMC, 1);
    send(80, 0, ACK, 100);
    send(80, 0, ACK, 100);
    rig_advance(&rig, INTERVAL_US * 1000 + 1);
    g_assert_cmpuint(rig.interrupts[0], ==, 1);
    g_assert_cmpuint(count_of(1), ==, 3);
    rig_clear(&rig);
}

static void test_off(void)
{
    /* Without moderation, without RSCCTL, without the adapter's consent. */
    for (unsigned i = 0; i < 3; i++) {
        setup(ONE_BUFFER, i == 0 ? 0 : INTERVAL_US);
        settle();
        if (i == 1) {
            rig_write(&rig, IXGBE_VFRSCCTL(0), 0);
        } else if (i == 2) {
            rig.state.rx_flags = 0;
            ixgbe_function_set_state(rig.fn, &rig.state);
        }
        send(80, 0, ACK, 100);
        send(80, 0, ACK, 100);
        g_assert_cmpuint(rig_read(&rig, IXGBE_VFRDH(0)), ==, 3);
        g_assert_cmpuint(count_of(1), ==, 0);
        rig_clear(&rig);
    }
}

/* A VM that stops, a queue that goes off, a reset. */
static void test_stopped(void)
{
    setup(ONE_BUFFER, INTERVAL_US);
    settle();
    send(80, 0, ACK, 100);
    send(80, 0, ACK, 100);
    ixgbe_function_hold(rig.fn, true);
    g_assert_cmpuint(count_of(1), ==, 3);
    ixgbe_function_hold(rig.fn, false);
    send(80, 0, ACK, 100);
    rig_write(&rig, IXGBE_VFRXDCTL(0), 0);
    rig_write(&rig, IXGBE_VFRXDCTL(0), IXGBE_RXDCTL_ENABLE);
    send(80, 0, ACK, 100);
    ixgbe_pf_soft_reset(rig.fn);
    rig_advance(&rig, INTERVAL_US * 1000);
    rig_clear(&rig);
}

/* No descriptor for more: what is there is closed, the frame waits. */
static void test_ring_full(void)
{
    uint8_t frame[4096];
    size_t len;

    setup(IXGBE_SRRCTL_ONE_BUFFER | 1, INTERVAL_US);
    settle();
    rig_write(&rig, IXGBE_VFRDT(0), 2);
    send(80, 0, ACK, 900);
    len = segment(frame, 80, 0, ACK, 900);
    g_assert_cmpint(rig_receive(&rig, frame, len), ==, IXGBE_RX_WAIT);
    g_assert_cmpuint(count_of(1), ==, 0);
    g_assert_true(done(1));
    rig_clear(&rig);
}

/* The same addresses and ports in another VLAN are another flow. */
static void test_vlan(void)
{
    static const uint32_t controls[] = {
        IXGBE_RXDCTL_ENABLE, IXGBE_RXDCTL_ENABLE | IXGBE_RXDCTL_VME,
    };

    for (unsigned n = 0; n < G_N_ELEMENTS(controls); n++) {
        setup(ONE_BUFFER, INTERVAL_US);
        rig_write(&rig, IXGBE_VFRXDCTL(0), controls[n]);
        settle();
        for (unsigned vid = 0; vid < 3; vid++) {
            uint8_t frame[4096];
            size_t len = segment(frame, 80, 0, ACK, 100);

            if (vid) {
                len = frame_vlan_insert(frame, len, sizeof(frame), vid);
            }
            g_assert_cmpint(rig_receive(&rig, frame, len), ==,
                            IXGBE_RX_DONE);
        }
        rig_advance(&rig, INTERVAL_US * 1000);
        for (unsigned i = 1; i <= 3; i++) {
            g_assert_true(done(i));
            g_assert_cmpuint(count_of(i), ==, 0);
        }
        rig_clear(&rig);
    }
}

/* A queue that stopped while a packet was closed takes no other. */
static void test_fault(void)
{
    IxgbeFunctionStats stats;
    uint8_t frame[4096];
    size_t len;

    setup(ONE_BUFFER, INTERVAL_US);
    settle();
    wr_le64(rig.memory + RIG_RX_RING(0) + 16, 0xf0000);
    send(80, 0, ACK, 100);
    send(80, 0, ACK, 100);
    rig.fault_from = 0xf0000;
    len = segment(frame, 80, next_seq + 1, ACK, 100);
    g_assert_cmpint(rig_receive(&rig, frame, len), ==, IXGBE_RX_DROPPED);
    g_assert_cmpuint(rig_read(&rig, IXGBE_VFRDH(0)), ==, 2);
    ixgbe_function_stats(rig.fn, &stats);
    g_assert_cmpuint(stats.rx_frames, ==, 3);
    g_assert_cmpuint(stats.rx_dropped, ==, 1);
    rig_clear(&rig);
}

#define TEST(name) g_test_add_func("/ixgbe/rsc/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(joined);
    TEST(chain);
    TEST(longest);
    TEST(alone);
    TEST(ends);
    TEST(polled);
    TEST(off);
    TEST(stopped);
    TEST(ring_full);
    TEST(vlan);
    TEST(fault);
    return g_test_run();
}
