/*
 * Forms of the receive write-back: status and packet type, tags, FCS, header
 * split, fragments.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe-rig.h"

#include "iovlab/checksum.h"
#include "iovlab/crc32c.h"
#include "iovlab/fcs.h"
#include "ixgbe/function.h"
#include "spec/ixgbe_pf_regs.h"

#define ONE_BUFFER (IXGBE_SRRCTL_ONE_BUFFER | 2)
#define SUMS (IXGBE_RXS_IPCS | IXGBE_RXS_L4CS)
#define DONE (IXGBE_RXS_DD | IXGBE_RXS_EOP)

static Rig rig;
static uint8_t frame[4096];

static void setup(uint32_t srrctl)
{
    rig_init_pf(&rig);
    rig_start_rx(&rig, srrctl, 16);
}

static IxgbeRxAdvWb take_meta(size_t len, const IxgbeRxMeta *meta)
{
    unsigned i = rig_read(&rig, IXGBE_VFRDH(0));

    g_assert_cmpint(ixgbe_function_rx(rig.fn, frame, len, meta), ==,
                    IXGBE_RX_DONE);
    g_assert_cmpuint(rig_read(&rig, IXGBE_VFRDH(0)), ==, i + 1);
    return rig_rx_desc(&rig, i);
}

static IxgbeRxAdvWb take(size_t len)
{
    IxgbeRxMeta meta = { 0 };

    return take_meta(len, &meta);
}

static size_t ipv6_udp(uint16_t checksum)
{
    memset(frame, 0, 100);
    frame[0] = 2;
    wr_be16(frame + 12, FRAME_TYPE_IPV6);
    frame[14] = 0x60;
    wr_be16(frame + 18, 20);
    frame[20] = FRAME_PROTO_UDP;
    wr_be16(frame + 58, 20);
    wr_be16(frame + 60, checksum);
    return 14 + 40 + 20;
}

static void test_status(void)
{
    IxgbeRxMeta meta = {
        .status = IXGBE_RXS_FLM | IXGBE_RXS_ERR_FDIR_COLL | 0x10000 | 0xff,
        .loopback = true,
    };
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_UDP, 30);
    IxgbeRxAdvWb wb;

    setup(ONE_BUFFER);
    wb = take_meta(len, &meta);
    g_assert_cmphex(rd_le32(&wb.status_error), ==, DONE | SUMS |
                    IXGBE_RXS_UDPCS | IXGBE_RXS_FLM | IXGBE_RXS_LB |
                    IXGBE_RXS_ERR_FDIR_COLL | 0x10000);
    frame[0] |= 1;
    wb = take(len);
    g_assert_cmphex(rd_le32(&wb.status_error), ==, DONE | SUMS |
                    IXGBE_RXS_UDPCS | IXGBE_RXS_PIF);
    /* 7.1.11: UDP without a sum: fine over IPv4, wrong over IPv6. */
    rig_ipv4_frame(frame, FRAME_PROTO_UDP, 30);
    wr_be16(frame + 40, 0);
    wb = take(len);
    g_assert_cmphex(rd_le32(&wb.status_error), ==, DONE | IXGBE_RXS_IPCS);
    wb = take(ipv6_udp(0));
    g_assert_cmphex(rd_le32(&wb.status_error), ==, DONE | IXGBE_RXS_L4CS |
                    IXGBE_RXS_UDPCS | IXGBE_RXS_ERR_L4E);
    rig_clear(&rig);
}

static void test_sctp(void)
{
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, 30);
    IxgbeRxAdvWb wb;
    FrameInfo info;

    setup(ONE_BUFFER);
    frame[23] = FRAME_PROTO_SCTP;
    frame_parse(frame, len, &info);
    csum_insert_ip(frame, &info);
    wr_le32(frame + 42, crc32c_sctp(frame + 34, len - 34));
    wb = take(len);
    g_assert_cmphex(rd_le32(&wb.status_error), ==, DONE | SUMS);
    g_assert_cmphex(rd_le32(&wb.info), ==, IXGBE_RXI_IPV4 | IXGBE_RXI_SCTP);
    frame[len - 1] ^= 1;
    wb = take(len);
    g_assert_cmphex(rd_le32(&wb.status_error), ==,
                    DONE | SUMS | IXGBE_RXS_ERR_L4E);
    rig_clear(&rig);
}

static void test_types(void)
{
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, 80);
    IxgbeRxMeta meta = { .etqf = 1 + 5 };
    IxgbeRxAdvWb wb;

    setup(ONE_BUFFER);
    wb = take_meta(len, &meta);
    g_assert_cmphex(rd_le32(&wb.info), ==, IXGBE_RXI_ETQF | 5 << 4);
    /* IPv6 and UDP in IPv4 */
    frame[23] = 41;
    memset(frame + 34, 0, len - 34);
    frame[34] = 0x60;
    wr_be16(frame + 38, 40);
    frame[40] = FRAME_PROTO_UDP;
    wb = take(len);
    g_assert_cmphex(rd_le32(&wb.info), ==, IXGBE_RXI_IPV4 | IXGBE_RXI_IPV6 |
                    IXGBE_RXI_UDP);
    wr_be16(frame + 12, 0x88b5);
    wb = take(len);
    g_assert_cmphex(rd_le32(&wb.info), ==, 0);
    g_assert_cmphex(rd_le32(&wb.status_error), ==, DONE);
    rig_clear(&rig);
}

static void test_flow_director_id(void)
{
    IxgbeRxMeta meta = { .rss_type = 15, .rss_hash = 0x07650123 };
    IxgbeRxAdvWb wb;

    setup(ONE_BUFFER);
    wb = take_meta(rig_ipv4_frame(frame, FRAME_PROTO_TCP, 0), &meta);
    g_assert_cmphex(rd_le32(&wb.info) & 15, ==, 15);
    g_assert_cmphex(rd_le32(&wb.hash), ==, 0x07650123);
    rig_clear(&rig);
}

/* 7.1.13: RXCSUM with PCSD clear and IPPCSE set */
static void test_fragments(void)
{
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_UDP, 40);
    uint16_t sum = csum_fold(csum_add(0, frame + 34, len - 34));
    IxgbeRxAdvWb wb;
    FrameInfo info;

    setup(ONE_BUFFER);
    rig_write(&rig, 0x5000, IXGBE_RXCSUM_IPPCSE);
    wr_be16(frame + 18, 0x1234);                    /* identification */
    wb = take(len);
    g_assert_cmphex(rd_le32(&wb.hash), ==, 0x1234);
    g_assert_cmphex(rd_le32(&wb.status_error) & IXGBE_RXS_UDPV, ==, 0);
    wr_be16(frame + 20, 0x2000);                    /* more fragments */
    frame_parse(frame, len, &info);
    csum_insert_ip(frame, &info);
    wb = take(len);
    g_assert_cmphex(rd_le32(&wb.hash), ==, (uint32_t)sum << 16 | 0x1234);
    g_assert_cmphex(rd_le32(&wb.status_error), ==,
                    DONE | IXGBE_RXS_IPCS | IXGBE_RXS_UDPV);
    wr_be16(frame + 20, 5);                         /* not the first */
    wb = take(len);
    g_assert_cmphex(rd_le32(&wb.hash), ==, (uint32_t)sum << 16 | 0x1234);
    g_assert_cmphex(rd_le32(&wb.status_error) & IXGBE_RXS_UDPV, ==, 0);
    rig_clear(&rig);
}

static void test_keep_fcs(void)
{
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, 100);
    uint8_t expected[256];
    IxgbeRxAdvWb wb;

    setup(ONE_BUFFER);
    rig.state.rx_flags = IXGBE_RX_KEEP_CRC;
    ixgbe_function_set_state(rig.fn, &rig.state);
    len = frame_vlan_insert(frame, len, sizeof(frame), 0x123);
    memcpy(expected, frame, 12);
    memcpy(expected + 12, frame + 16, len - 16);
    wr_le32(expected + len - 4, frame_fcs(frame, len));
    wb = take(len);
    /* The tag is taken out, the FCS is that of the frame with it. */
    g_assert_cmpmem(rig.memory + RIG_RX_BUFFER(0), rd_le16(&wb.length),
                    expected, len);
    rig_clear(&rig);
}

static void test_two_tags(void)
{
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, 100);
    IxgbeRxAdvWb wb;

    setup(ONE_BUFFER);
    rig.state.rx_flags = IXGBE_RX_TWO_TAGS;
    rig.state.outer_type = FRAME_TYPE_SVLAN;
    ixgbe_function_set_state(rig.fn, &rig.state);
    len = frame_vlan_insert(frame, len, sizeof(frame), 0x123);
    len = frame_vlan_insert(frame, len, sizeof(frame), 0x456);
    wr_be16(frame + 12, FRAME_TYPE_SVLAN);
    wb = take(len);
    g_assert_cmphex(rd_le32(&wb.status_error) &
                    (IXGBE_RXS_VP | IXGBE_RXS_VEXT), ==,
                    IXGBE_RXS_VP | IXGBE_RXS_VEXT);
    g_assert_cmphex(rd_le16(&wb.vlan), ==, 0x123);
    g_assert_cmpuint(rd_le16(&wb.length), ==, len - 4);
    g_assert_cmphex(rd_be16(rig.memory + RIG_RX_BUFFER(0) + 12), ==,
                    FRAME_TYPE_SVLAN);
    g_assert_cmphex(rd_be16(rig.memory + RIG_RX_BUFFER(0) + 16), ==,
                    FRAME_TYPE_IPV4);
    rig_clear(&rig);
}

/* The table "behaviour in header split modes", line by line. */
static void test_split_table(void)
{
    static const struct {
        uint32_t mode;
        unsigned room;              /* of the header buffer, 64 bytes */
        size_t payload;             /* of TCP; 0: not even IP, 60 bytes */
        bool sph, hbo;
        unsigned hdr_len, pkt_len;
    } rows[] = {
        { IXGBE_SRRCTL_SPLIT, 4, 0, false, false, 0, 60 },
        { IXGBE_SRRCTL_SPLIT, 4, 500, true, false, 54, 500 },
        { IXGBE_SRRCTL_SPLIT, 0, 500, true, true, 54, 554 },
        { IXGBE_SRRCTL_SPLIT_ALWAYS, 4, 0, false, false, 60, 0 },
        { IXGBE_SRRCTL_SPLIT_ALWAYS, 0, 0, false, false, 0, 60 },
        { IXGBE_SRRCTL_SPLIT_ALWAYS, 4, 500, true, false, 54, 500 },
        { IXGBE_SRRCTL_SPLIT_ALWAYS, 0, 500, true, true, 54, 554 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, rows[i].payload);
        IxgbeRxAdvWb wb;

        if (!rows[i].payload) {
            wr_be16(frame + 12, 0x88b5);
            len = 60;
        }
        setup(rows[i].mode | rows[i].room << 8 | 2);
        rig_write(&rig, 0xea00, IXGBE_PSRTYPE_TCPHDR);
        wb = take(len);
        g_assert_cmpint(!!(rd_le32(&wb.info) & IXGBE_RXI_SPH), ==,
                        rows[i].sph);
        g_assert_cmpint(!!(rd_le32(&wb.status_error) & IXGBE_RXS_ERR_HBO), ==,
                        rows[i].hbo);
        g_assert_cmpuint(rd_le32(&wb.info) >> IXGBE_RXI_HDR_LEN_SHIFT & 0x3ff,
                         ==, rows[i].hdr_len);
        g_assert_cmpuint(rd_le16(&wb.length), ==, rows[i].pkt_len);
        rig_clear(&rig);
    }
}

static void test_split_types(void)
{
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_UDP, 100);
    static const struct {
        uint32_t psrtype;
        unsigned header;
    } types[] = {
        { IXGBE_PSRTYPE_UDPHDR | IXGBE_PSRTYPE_IPV4HDR, 42 },
        { IXGBE_PSRTYPE_IPV4HDR | IXGBE_PSRTYPE_TCPHDR, 34 },
        { IXGBE_PSRTYPE_L2HDR, 14 },
        { IXGBE_PSRTYPE_IPV6HDR | IXGBE_PSRTYPE_TCPHDR, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        IxgbeRxAdvWb wb;

        setup(IXGBE_SRRCTL_SPLIT | 4 << 8 | 2);
        rig_write(&rig, 0xea00, types[i].psrtype);
        wb = take(len);
        g_assert_cmpuint(rd_le32(&wb.info) >> IXGBE_RXI_HDR_LEN_SHIFT & 0x3ff,
                         ==, types[i].header);
        g_assert_cmpmem(rig.memory + RIG_RX_BUFFER(1), types[i].header, frame,
                        types[i].header);
        rig_clear(&rig);
    }
}

/* HDR_LEN has 10 bits: a longer header is not one, a longer part is 1,023. */
static void test_split_long(void)
{
    size_t len = ipv6_udp(0);
    IxgbeRxAdvWb wb;

    /* Options hop by hop of 1,024 bytes in front of UDP. */
    memmove(frame + 54 + 1024, frame + 54, len - 54);
    memset(frame + 54, 0, 1024);
    frame[20] = 0;
    frame[54] = FRAME_PROTO_UDP;
    frame[55] = 1024 / 8 - 1;
    wr_be16(frame + 18, len - 54 + 1024);
    len += 1024;
    setup(IXGBE_SRRCTL_SPLIT | 32 << 8 | 2);
    rig_write(&rig, 0xea00, IXGBE_PSRTYPE_UDPHDR);
    wb = take(len);
    g_assert_cmphex(rd_le32(&wb.info) & IXGBE_RXI_UDP, !=, 0);
    g_assert_cmphex(rd_le32(&wb.info) >> IXGBE_RXI_HDR_LEN_SHIFT, ==, 0);
    g_assert_cmpuint(rd_le16(&wb.length), ==, len);
    rig_clear(&rig);

    memset(frame + 12, 0x5a, 1500);
    setup(IXGBE_SRRCTL_SPLIT_ALWAYS | 32 << 8 | 2);
    wb = take(1500);
    g_assert_cmphex(rd_le32(&wb.info) >> IXGBE_RXI_HDR_LEN_SHIFT, ==, 0x3ff);
    g_assert_cmpuint(rd_le16(&wb.length), ==, 0);
    rig_clear(&rig);
}

static void test_pool_layouts(void)
{
    static const struct {
        unsigned vfs, queues;
        bool valid;
    } layouts[] = {
        { 0, 0, true }, { 1, 0, false }, { 4, 1, false }, { 4, 3, false },
        { 0, 2, true }, { 64, 2, true }, { 65, 2, false }, { 32, 4, true },
        { 33, 4, false }, { 16, 8, true }, { 17, 8, false }, { 1, 16, false },
    };
    IxgbeRxMeta meta = { .queue = 3 * 4 + 3, .rss_mask = 3 };

    for (unsigned i = 0; i < G_N_ELEMENTS(layouts); i++) {
        g_assert_cmpint(ixgbe_pf_pools_valid(layouts[i].vfs,
                                             layouts[i].queues), ==,
                        layouts[i].valid);
    }
    /* The pool's PSRTYPE says how much of RSS counts. */
    rig_init_pf(&rig);
    ixgbe_pf_set_pools(rig.fn, 2, 4);
    g_assert_cmpuint(ixgbe_pf_rss_queue(rig.fn, &meta), ==, 12);
    rig.fn->psrtype[3] = 1u << IXGBE_PSRTYPE_RQPL_SHIFT;
    g_assert_cmpuint(ixgbe_pf_rss_queue(rig.fn, &meta), ==, 13);
    rig.fn->psrtype[3] = 2u << IXGBE_PSRTYPE_RQPL_SHIFT;
    g_assert_cmpuint(ixgbe_pf_rss_queue(rig.fn, &meta), ==, 15);
    meta.rss_mask = 1;
    rig.fn->psrtype[3] = 0;
    g_assert_cmpuint(ixgbe_pf_rss_queue(rig.fn, &meta), ==, 14);
    g_assert_cmphex(ixgbe_rxq_psrtype(&rig.fn->rx[11]), ==, 0);
    rig.fn->psrtype[2] = 0x20;
    g_assert_cmphex(ixgbe_rxq_psrtype(&rig.fn->rx[11]), ==, 0x20);
    g_assert_cmphex(ixgbe_rxq_psrtype(&rig.fn->rx[12]), ==, 0);
    rig_clear(&rig);
}

/* A bad frame that was to be stored, in both forms. */
static void test_bad_frame(void)
{
    IxgbeRxMeta meta = { .status = IXGBE_RXS_ERR_RXE };
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, 0);
    IxgbeRxAdvWb wb;
    IxgbeRxLegacy legacy;

    setup(ONE_BUFFER);
    wb = take_meta(len, &meta);
    g_assert_true(rd_le32(&wb.status_error) & IXGBE_RXS_ERR_RXE);
    rig_clear(&rig);
    setup(IXGBE_SRRCTL_LEGACY | 2);
    take_meta(len, &meta);
    memcpy(&legacy, rig.memory + RIG_RX_RING(0), sizeof(legacy));
    g_assert_cmphex(legacy.errors, ==, IXGBE_RXL_ERR_RXE);
    rig_clear(&rig);
}

/* Immediate interrupts do not wait for moderation. */
static void test_at_once(void)
{
    IxgbeRxMeta lli = { .events = IXGBE_RX_EVENT_LLI };
    size_t len = rig_ipv4_frame(frame, FRAME_PROTO_TCP, 10);

    setup(ONE_BUFFER);
    rig_start_pf_interrupts(&rig, 100);
    take(len);
    g_assert_cmpuint(rig.interrupts[0], ==, 1);
    rig_unmask_pf(&rig);
    take(len);
    g_assert_cmpuint(rig.interrupts[0], ==, 1);
    take_meta(len, &lli);
    g_assert_cmpuint(rig.interrupts[0], ==, 2);
    rig_clear(&rig);
}

#define TEST(name) g_test_add_func("/ixgbe/rx-forms/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(status);
    TEST(sctp);
    TEST(types);
    TEST(flow_director_id);
    TEST(fragments);
    TEST(keep_fcs);
    TEST(two_tags);
    TEST(split_table);
    TEST(split_types);
    TEST(split_long);
    TEST(pool_layouts);
    TEST(bad_frame);
    TEST(at_once);
    return g_test_run();
}
