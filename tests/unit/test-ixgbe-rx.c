/*
 * Receive queues: buffers, write-back, VLAN, checksums, full and broken rings.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/eth.h"
#include "iovlab/checksum.h"
#include "ixgbe-rig.h"

#define ONE_BUFFER (IXGBE_SRRCTL_ONE_BUFFER | 2 | 4 << 8)

static const IxgbeVfConfig config = { .queues = 2 };

static void setup(Rig *rig, gconstpointer data)
{
    rig_init(rig, &config);
}

static void teardown(Rig *rig, gconstpointer data)
{
    rig_clear(rig);
}

static void test_one_buffer(Rig *rig, gconstpointer data)
{
    uint8_t frame[2048];
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, 100);
    IxgbeRxMeta meta = { .loopback = true, .rss_type = 1,
                         .rss_hash = 0x11223344, .multicast = true };
    IxgbeRxAdvWb wb;

    rig_start_rx(rig, ONE_BUFFER, 8);
    g_assert_cmpint(ixgbe_function_rx(rig->fn, frame, len, &meta), ==,
                    IXGBE_RX_DONE);
    wb = rig_rx_desc(rig, 0);
    g_assert_cmphex(rd_le32(&wb.info), ==,
                    1 | IXGBE_RXI_IPV4 | IXGBE_RXI_TCP);
    g_assert_cmphex(rd_le32(&wb.hash), ==, 0x11223344);
    g_assert_cmphex(rd_le32(&wb.status_error), ==,
                    IXGBE_RXS_DD | IXGBE_RXS_EOP | IXGBE_RXS_LB |
                    IXGBE_RXS_IPCS | IXGBE_RXS_L4CS);
    g_assert_cmpuint(rd_le16(&wb.length), ==, len);
    g_assert_cmpmem(rig->memory + RIG_RX_BUFFER(0), len, frame, len);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFRDH(0)), ==, 1);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFGPRC), ==, 1);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFMPRC), ==, 1);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFGORC_LSB), ==, len + 4);
}

static void test_bad_checksums(Rig *rig, gconstpointer data)
{
    uint8_t frame[2048];
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_UDP, 100);
    uint32_t status;
    IxgbeRxAdvWb wb;

    frame[len - 1] ^= 1;
    frame[14 + 8] ^= 1;
    rig_start_rx(rig, ONE_BUFFER, 8);
    rig_receive(rig, frame, len);
    wb = rig_rx_desc(rig, 0);
    status = rd_le32(&wb.status_error);
    g_assert_cmphex(status & (IXGBE_RXS_ERR_IPE | IXGBE_RXS_ERR_L4E), ==,
                    IXGBE_RXS_ERR_IPE | IXGBE_RXS_ERR_L4E);
}

/* By these drivers look for the SA of a packet that was decrypted. */
static void test_ipsec_types(Rig *rig, gconstpointer data)
{
    static const struct { uint8_t protocol; uint32_t type; } cases[] = {
        { FRAME_PROTO_ESP, IXGBE_RXI_ESP }, { FRAME_PROTO_AH, IXGBE_RXI_AH },
    };
    uint8_t frame[200];

    rig_start_rx(rig, ONE_BUFFER, 8);
    for (unsigned n = 0; n < G_N_ELEMENTS(cases); n++) {
        size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, 100);
        IxgbeRxMeta meta = { .status = IXGBE_RXS_SECP };
        IxgbeRxAdvWb wb;

        frame[23] = cases[n].protocol;
        g_assert_cmpint(ixgbe_function_rx(rig->fn, frame, len, &meta), ==,
                        IXGBE_RX_DONE);
        wb = rig_rx_desc(rig, n);
        g_assert_cmphex(rd_le32(&wb.info) & 0x3ff0, ==,
                        IXGBE_RXI_IPV4 | cases[n].type);
        g_assert_true(rd_le32(&wb.status_error) & IXGBE_RXS_SECP);
    }
}

static void test_vlan_strip(Rig *rig, gconstpointer data)
{
    uint8_t plain[2048], tagged[2048];
    size_t len = rig_ipv4_frame(plain, FRAME_PROTO_TCP, 10);
    IxgbeRxAdvWb wb;

    memcpy(tagged, plain, len);
    frame_vlan_insert(tagged, len, sizeof(tagged), 0x6123);
    rig_start_rx(rig, ONE_BUFFER, 8);
    rig_receive(rig, tagged, len + 4);
    wb = rig_rx_desc(rig, 0);
    g_assert_cmphex(rd_le32(&wb.status_error) & IXGBE_RXS_VP, ==,
                    IXGBE_RXS_VP);
    g_assert_cmphex(rd_le16(&wb.vlan), ==, 0x6123);
    g_assert_cmpmem(rig->memory + RIG_RX_BUFFER(0), rd_le16(&wb.length),
                    plain, len);
    /* without VME the tag stays */
    rig_write(rig, IXGBE_VFRXDCTL(0), IXGBE_RXDCTL_ENABLE);
    rig_receive(rig, tagged, len + 4);
    wb = rig_rx_desc(rig, 1);
    g_assert_cmpuint(rd_le16(&wb.length), ==, len + 4);
    g_assert_cmphex(rd_le32(&wb.status_error) & IXGBE_RXS_VP, ==,
                    IXGBE_RXS_VP);
    g_assert_cmphex(rd_le16(&wb.vlan), ==, 0);
}

static void test_scatter(Rig *rig, gconstpointer data)
{
    static uint8_t frame[9000];
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, 5000);
    IxgbeRxAdvWb wb;

    rig_start_rx(rig, ONE_BUFFER, 8);
    rig_receive(rig, frame, len);
    for (unsigned i = 0; i < 3; i++) {
        wb = rig_rx_desc(rig, i);
        g_assert_cmphex(rd_le32(&wb.status_error) & 3, ==, i == 2 ? 3 : 1);
        g_assert_cmpuint(rd_le16(&wb.length), ==,
                         i == 2 ? len - 4096 : 2048);
        g_assert_cmpmem(rig->memory + RIG_RX_BUFFER(2 * i),
                        rd_le16(&wb.length), frame + 2048 * i,
                        rd_le16(&wb.length));
    }
    g_assert_cmpuint(rig_read(rig, IXGBE_VFRDH(0)), ==, 3);
}

static void test_split(Rig *rig, gconstpointer data)
{
    uint8_t frame[2048];
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, 500);
    IxgbeRxAdvWb wb;

    rig_write(rig, IXGBE_VFPSRTYPE, IXGBE_PSRTYPE_TCPHDR);
    rig_start_rx(rig, IXGBE_SRRCTL_SPLIT | 2 | 4 << 8, 8);
    rig_receive(rig, frame, len);
    wb = rig_rx_desc(rig, 0);
    g_assert_cmphex(rd_le32(&wb.info) & IXGBE_RXI_SPH, ==, IXGBE_RXI_SPH);
    g_assert_cmpuint(rd_le32(&wb.info) >> IXGBE_RXI_HDR_LEN_SHIFT & 0x3ff, ==,
                     54);
    g_assert_cmpmem(rig->memory + RIG_RX_BUFFER(1), 54, frame, 54);
    g_assert_cmpmem(rig->memory + RIG_RX_BUFFER(0), rd_le16(&wb.length),
                    frame + 54, 500);
}

static void test_split_overflow(Rig *rig, gconstpointer data)
{
    uint8_t frame[2048];
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, 500);
    IxgbeRxAdvWb wb;

    /* a header buffer of 0 bytes holds no header */
    rig_write(rig, IXGBE_VFPSRTYPE, IXGBE_PSRTYPE_TCPHDR);
    rig_start_rx(rig, IXGBE_SRRCTL_SPLIT_ALWAYS | 2, 8);
    rig_receive(rig, frame, len);
    wb = rig_rx_desc(rig, 0);
    g_assert_cmphex(rd_le32(&wb.status_error) & IXGBE_RXS_ERR_HBO, ==,
                    IXGBE_RXS_ERR_HBO);
    g_assert_cmpuint(rd_le16(&wb.length), ==, len);
}

static void test_legacy(Rig *rig, gconstpointer data)
{
    uint8_t frame[2048];
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_UDP, 100);
    IxgbeRxLegacy wb;

    rig_start_rx(rig, IXGBE_SRRCTL_LEGACY | 2, 8);
    rig_receive(rig, frame, len);
    memcpy(&wb, rig->memory + RIG_RX_RING(0), sizeof(wb));
    g_assert_cmphex(rd_le64(&wb.address), ==, RIG_RX_BUFFER(0));
    g_assert_cmpuint(rd_le16(&wb.length), ==, len);
    g_assert_cmphex(wb.status, ==, IXGBE_RXL_DD | IXGBE_RXL_EOP |
                    IXGBE_RXS_UDPCS | IXGBE_RXL_L4CS | IXGBE_RXL_IPCS);
    g_assert_cmphex(rd_le16(&wb.checksum), ==,
                    csum_fold(csum_add(0, frame + 34, len - 34)));
    g_assert_cmphex(wb.errors, ==, 0);
}

static void test_full_ring(Rig *rig, gconstpointer data)
{
    uint8_t frame[64] = { 0 };

    rig_start_rx(rig, ONE_BUFFER, 1);
    g_assert_cmpint(rig_receive(rig, frame, 60), ==, IXGBE_RX_DONE);
    g_assert_cmpint(rig_receive(rig, frame, 60), ==, IXGBE_RX_WAIT);
    g_assert_cmpuint(rig->rx_rooms, ==, 0);
    rig_write(rig, IXGBE_VFRDT(0), 2);
    rig_run(rig);
    g_assert_cmpuint(rig->rx_rooms, ==, 1);
    g_assert_cmpint(rig_receive(rig, frame, 60), ==, IXGBE_RX_DONE);
    /* DROP_EN: no waiting */
    rig_write(rig, IXGBE_VFSRRCTL(0), ONE_BUFFER | IXGBE_SRRCTL_DROP_EN);
    g_assert_cmpint(rig_receive(rig, frame, 60), ==, IXGBE_RX_DROPPED);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFRDH(0)), ==, 2);
}

/* A frame that waits for descriptors must not wait for ever. */
static void test_reset_while_waiting(Rig *rig, gconstpointer data)
{
    uint8_t frame[64] = { 0 };

    rig_start_rx(rig, ONE_BUFFER, 0);
    g_assert_cmpint(rig_receive(rig, frame, 60), ==, IXGBE_RX_WAIT);
    ixgbe_function_flr(rig->fn);
    rig_run(rig);
    g_assert_cmpuint(rig->rx_rooms, ==, 1);
    g_assert_cmpint(rig_receive(rig, frame, 60), ==, IXGBE_RX_DROPPED);
}

static void test_frame_too_big_for_ring(Rig *rig, gconstpointer data)
{
    static uint8_t frame[IXGBE_FRAME_MAX];

    rig_start_rx(rig, ONE_BUFFER, 8);
    rig_write(rig, IXGBE_VFRDLEN(0), 0x80);     /* 8 descriptors, 1 KB */
    rig_write(rig, IXGBE_VFSRRCTL(0), IXGBE_SRRCTL_ONE_BUFFER | 1);
    rig_write(rig, IXGBE_VFRDT(0), 7);
    g_assert_cmpint(rig_receive(rig, frame, sizeof(frame)), ==,
                    IXGBE_RX_DROPPED);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFRDH(0)), ==, 0);
}

static void test_absurd_ring(Rig *rig, gconstpointer data)
{
    uint8_t frame[64] = { 0 };

    rig_start_rx(rig, ONE_BUFFER | IXGBE_SRRCTL_DROP_EN, 8);
    rig_write(rig, IXGBE_VFRDT(0), 0xffff);
    rig_receive(rig, frame, 60);
    rig_write(rig, IXGBE_VFRDT(0), 8);
    rig_write(rig, IXGBE_VFRDH(0), 0x8000);
    rig_receive(rig, frame, 60);
    rig_write(rig, IXGBE_VFRDLEN(0), 0);
    rig_receive(rig, frame, 60);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFGPRC), ==, 0);
}

static void test_dma_fault_stops_queue(Rig *rig, gconstpointer data)
{
    uint8_t frame[64] = { 0 };
    IxgbeFunctionStats stats;

    rig_start_rx(rig, ONE_BUFFER, 8);
    rig->fault_from = RIG_RX_BUFFER(0);
    g_assert_cmpint(rig_receive(rig, frame, 60), ==, IXGBE_RX_DROPPED);
    rig->fault_from = RIG_MEMORY;
    g_assert_cmpint(rig_receive(rig, frame, 60), ==, IXGBE_RX_DROPPED);
    ixgbe_function_stats(rig->fn, &stats);
    g_assert_cmpuint(stats.dma_faults, ==, 1);
    g_assert_cmpuint(stats.rx_dropped, ==, 2);
    /* the driver sets the queue up again */
    rig_write(rig, IXGBE_VFRXDCTL(0), 0);
    rig_start_rx(rig, ONE_BUFFER, 8);
    rig_receive(rig, frame, 60);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFGPRC), ==, 1);
}

/* CVE-2023-3019 and its kind: buffers and rings at the device's registers. */
static void test_buffer_is_own_bar(Rig *rig, gconstpointer data)
{
    uint8_t frame[1024];

    memset(frame, 0xff, sizeof(frame));
    rig_start_rx(rig, ONE_BUFFER, 8);
    wr_le64(rig->memory + RIG_RX_RING(0), RIG_BAR);
    rig_receive(rig, frame, sizeof(frame));
    g_assert_cmphex(rig_read(rig, IXGBE_VTEIMS), ==, 0);
    g_assert_cmpuint(rig->resets, ==, 0);
    rig_write(rig, IXGBE_VFRDBAL(0), RIG_BAR + 0x1000);
    rig_receive(rig, frame, sizeof(frame));
    g_assert_cmphex(rig_read(rig, IXGBE_VFRDBAL(0)), ==, RIG_BAR + 0x1000);
}

static void test_gates(Rig *rig, gconstpointer data)
{
    uint8_t frame[64] = { 0 };
    IxgbeRxMeta meta = { .queue = 7 };

    rig_start_rx(rig, ONE_BUFFER, 8);
    rig_write(rig, IXGBE_VFPSRTYPE, 3u << IXGBE_PSRTYPE_RQPL_SHIFT);
    ixgbe_function_rx(rig->fn, frame, 60, &meta);
    ixgbe_function_set_bus_master(rig->fn, false);
    rig_receive(rig, frame, 60);
    ixgbe_function_set_bus_master(rig->fn, true);
    rig->state.rx_enable = false;
    ixgbe_function_set_state(rig->fn, &rig->state);
    rig_receive(rig, frame, 60);
    rig->state.rx_enable = true;
    ixgbe_function_set_state(rig->fn, &rig->state);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFRDH(0)), ==, 0);
    ixgbe_function_hold(rig->fn, true);
    g_assert_cmpint(rig_receive(rig, frame, 60), ==, IXGBE_RX_WAIT);
    ixgbe_function_hold(rig->fn, false);
    rig_run(rig);
    g_assert_cmpuint(rig->rx_rooms, ==, 1);
    rig_receive(rig, frame, 60);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFRDH(0)), ==, 1);
}

/* A driver with one queue gets what RSS meant for the pool's others. */
static void test_rqpl(Rig *rig, gconstpointer data)
{
    uint8_t frame[64] = { 0 };
    IxgbeRxMeta meta = { .queue = 1, .rss_mask = 1 };

    rig_start_rx(rig, ONE_BUFFER, 8);
    ixgbe_function_rx(rig->fn, frame, 60, &meta);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFRDH(0)), ==, 1);
    rig_write(rig, IXGBE_VFPSRTYPE, 1u << IXGBE_PSRTYPE_RQPL_SHIFT);
    ixgbe_function_rx(rig->fn, frame, 60, &meta);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFRDH(0)), ==, 1);
    /* What a filter chose, it does not touch. */
    rig_write(rig, IXGBE_VFPSRTYPE, 0);
    meta.rss_mask = 0;
    ixgbe_function_rx(rig->fn, frame, 60, &meta);
    g_assert_cmpuint(rig_read(rig, IXGBE_VFRDH(0)), ==, 1);
}

#define TEST(name, fn) \
    g_test_add("/ixgbe/rx/" name, Rig, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("one-buffer", test_one_buffer);
    TEST("rqpl", test_rqpl);
    TEST("bad-checksums", test_bad_checksums);
    TEST("ipsec-types", test_ipsec_types);
    TEST("vlan-strip", test_vlan_strip);
    TEST("scatter", test_scatter);
    TEST("split", test_split);
    TEST("split-overflow", test_split_overflow);
    TEST("legacy", test_legacy);
    TEST("full-ring", test_full_ring);
    TEST("reset-while-waiting", test_reset_while_waiting);
    TEST("frame-too-big-for-ring", test_frame_too_big_for_ring);
    TEST("absurd-ring", test_absurd_ring);
    TEST("dma-fault-stops-queue", test_dma_fault_stops_queue);
    TEST("buffer-is-own-bar", test_buffer_is_own_bar);
    TEST("gates", test_gates);
    return g_test_run();
}
