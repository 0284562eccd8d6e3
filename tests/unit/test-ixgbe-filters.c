/*
 * Receive filters and the choice of a queue: every mode of MRQC, ethertype,
 * SYN and 5-tuple filters, what the MAC lets in, traffic classes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"

#include "spec/ixgbe_desc.h"
#include "spec/ixgbe_filter_regs.h"

#define SYN 0x02
#define ACK 0x10
#define EN5 IXGBE_FTQF_EN
#define ANY5 (IXGBE_FTQF_ANY_SRC | IXGBE_FTQF_ANY_DST | \
              IXGBE_FTQF_ANY_SPORT | IXGBE_FTQF_ANY_DPORT | \
              IXGBE_FTQF_ANY_PROTOCOL | IXGBE_FTQF_ANY_POOL)

static Rig r;

/* A PF without pools, as a driver without SR-IOV has it. */
static void plain(uint32_t mrqc)
{
    rig_init(&r);
    rig_write(&r, IXGBE_FCTRL, IXGBE_FCTRL_BAM);
    rig_write(&r, IXGBE_MRQC, mrqc);
    for (unsigned i = 0; i < 32; i++) {
        rig_write(&r, IXGBE_RETA(i), 0x0d0d0d0d);
    }
    for (unsigned i = 0; i < 10; i++) {
        rig_write(&r, IXGBE_RSSRK(i), 0x6d5a56da);
    }
    /* Priority n is class n. */
    rig_write(&r, IXGBE_RTRUP2TC, 0x00fac688);
    rig_set(&r, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
}

static Frame *tcp(uint16_t dport, uint8_t flags, int tci)
{
    size_t at = tci < 0 ? 14 : 18;
    Frame *f = rig_frame(RIG_MAC[RIG_PF], RIG_PEER, tci, at + 46, 0);
    uint8_t *ip = f->data + at;

    ip[0] = 0x45;
    wr_be16(ip + 2, 46);
    ip[8] = 64;
    ip[9] = FRAME_PROTO_TCP;
    wr_be32(ip + 12, 0x0a000001);
    wr_be32(ip + 16, 0x0a000002);
    wr_be16(ip + 20, 1000);
    wr_be16(ip + 22, dport);
    ip[32] = 0x50;
    ip[33] = flags;
    return f;
}

static bool comes_in(Frame *f, unsigned end)
{
    unsigned before = r.end[end].frames;

    ixgbe_adapter_wire_rx(r.adapter, f);
    frame_unref(f);
    rig_run(&r);
    return r.end[end].frames == before + 1;
}

static unsigned queue_of(Frame *f)
{
    g_assert_true(comes_in(f, RIG_PF));
    return r.end[RIG_PF].meta.queue;
}

static void test_modes(void)
{
    static const struct {
        uint32_t mode;
        unsigned queue;         /* of priority 3, RSS index 13 */
    } modes[] = {
        { 0, 0 },
        { IXGBE_MRQE_RSS, 13 },
        { IXGBE_MRQE_RT8, 3 * 16 },
        { IXGBE_MRQE_RT4, 3 * 32 },
        { IXGBE_MRQE_RT8_RSS, 3 * 16 + 13 },
        { IXGBE_MRQE_RT4_RSS, 3 * 32 + 13 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        plain(modes[i].mode | IXGBE_MRQC_TCP_IPV4);
        g_assert_cmpuint(queue_of(tcp(80, ACK, 3 << 13)), ==, modes[i].queue);
        g_assert_cmpuint(r.end[RIG_PF].meta.rss_mask, ==, 0);
        /* Without a tag it is priority 0. */
        g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, modes[i].queue & 15);
        rig_clear(&r);
    }
}

/* 7.1.2.1: how many queues a class has is its own. */
static void test_class_queues(void)
{
    plain(IXGBE_MRQE_RT8_RSS | IXGBE_MRQC_TCP_IPV4);
    rig_write(&r, IXGBE_RQTC, 0x44442444);
    g_assert_cmpuint(queue_of(tcp(80, ACK, 3 << 13)), ==, 3 * 16 + (13 & 3));
    g_assert_cmpuint(queue_of(tcp(80, ACK, 2 << 13)), ==, 2 * 16 + 13);
    rig_clear(&r);
}

static void test_pool_modes(void)
{
    static const struct {
        uint32_t mode;
        unsigned queue, mask;
    } modes[] = {
        { IXGBE_MRQE_VMDQ, RIG_PF * 2, 0 },
        { IXGBE_MRQE_VMDQ_RSS32, RIG_PF * 4 + 1, 3 },
        { IXGBE_MRQE_VMDQ_RSS64, RIG_PF * 2 + 1, 1 },
        { IXGBE_MRQE_VMDQ_RT8, RIG_PF * 8 + 3, 0 },
        { IXGBE_MRQE_VMDQ_RT4, RIG_PF * 4 + 3, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        plain(modes[i].mode | IXGBE_MRQC_TCP_IPV4);
        rig_program(&r);
        rig_write(&r, IXGBE_MRQC, modes[i].mode | IXGBE_MRQC_TCP_IPV4);
        rig_write(&r, IXGBE_VLVF(0), IXGBE_VLVF_VIEN);
        rig_write(&r, IXGBE_VLVFB(0), 1u << RIG_PF);
        g_assert_cmpuint(queue_of(tcp(80, ACK, 3 << 13)), ==, modes[i].queue);
        g_assert_cmpuint(r.end[RIG_PF].meta.rss_mask, ==, modes[i].mask);
        rig_clear(&r);
    }
}

static void tuple(unsigned n, uint32_t ftqf, uint16_t dport, unsigned queue)
{
    rig_write(&r, IXGBE_SAQF(n), 0x0100000a);
    rig_write(&r, IXGBE_DAQF(n), 0x0200000a);
    rig_write(&r, IXGBE_SDPQF(n), (uint32_t)GUINT16_SWAP_LE_BE(dport) << 16 |
              GUINT16_SWAP_LE_BE(1000));
    rig_write(&r, IXGBE_L34TIMIR(n),
              (uint32_t)queue << IXGBE_L34TIMIR_QUEUE_SHIFT);
    rig_write(&r, IXGBE_FTQF(n), ftqf);
}

static void test_tuples(void)
{
    plain(0);
    /* All 128 in use, none of the others for this frame. */
    for (unsigned n = 0; n < IXGBE_TUPLE_FILTERS; n++) {
        tuple(n, EN5 | IXGBE_FTQF_ANY_POOL, 5000 + n, n);
    }
    g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, 0);
    g_assert_cmpuint(queue_of(tcp(5127, ACK, -1)), ==, 127);
    g_assert_cmpuint(queue_of(tcp(5063, ACK, 7)), ==, 63);
    /* A wider one with more priority wins, one with less does not. */
    tuple(100, EN5 | IXGBE_FTQF_ANY_POOL | IXGBE_FTQF_ANY_DPORT |
          7 << IXGBE_FTQF_PRIORITY_SHIFT, 0, 99);
    g_assert_cmpuint(queue_of(tcp(5063, ACK, -1)), ==, 99);
    tuple(63, EN5 | IXGBE_FTQF_ANY_POOL | 7 << IXGBE_FTQF_PRIORITY_SHIFT,
          5063, 63);
    g_assert_cmpuint(queue_of(tcp(5063, ACK, -1)), ==, 63);
    /* Another protocol, another address, disabled. */
    tuple(63, EN5 | IXGBE_FTQF_ANY_POOL | 7 << IXGBE_FTQF_PRIORITY_SHIFT | 1,
          5063, 63);
    g_assert_cmpuint(queue_of(tcp(5063, ACK, -1)), ==, 99);
    rig_write(&r, IXGBE_SAQF(100), 0x0200000a);
    g_assert_cmpuint(queue_of(tcp(5063, ACK, -1)), ==, 0);
    tuple(100, ANY5 & ~EN5, 0, 99);
    g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, 0);
    rig_write(&r, IXGBE_FTQF(100), EN5 | ANY5);
    rig_write(&r, IXGBE_L34TIMIR(100), IXGBE_L34TIMIR_LLI |
              7u << IXGBE_L34TIMIR_QUEUE_SHIFT);
    g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, 7);
    g_assert_cmpuint(r.end[RIG_PF].meta.events, ==, IXGBE_RX_EVENT_LLI);
    rig_clear(&r);
}

static void test_tuple_priorities(void)
{
    plain(0);
    /* Of one priority the first counts. */
    for (unsigned n = 0; n < 16; n++) {
        tuple(n, EN5 | IXGBE_FTQF_ANY_POOL |
              (n % 8) << IXGBE_FTQF_PRIORITY_SHIFT, 80, 1 + n);
    }
    for (int n = 7; n >= 0; n--) {
        g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, 1 + n);
        rig_write(&r, IXGBE_FTQF(n), 0);
        g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, 9 + n);
        rig_write(&r, IXGBE_FTQF(8 + n), 0);
    }
    g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, 0);
    rig_clear(&r);
}

static void test_tuple_pool(void)
{
    unsigned queue = RIG_PF * RIG_QPP + 2;

    plain(0);
    rig_program(&r);
    tuple(0, EN5 | 1 << IXGBE_FTQF_POOL_SHIFT, 80, queue);
    g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, RIG_PF * RIG_QPP);
    tuple(0, EN5 | RIG_PF << IXGBE_FTQF_POOL_SHIFT, 80, queue);
    g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, queue);
    /* The PF's frame does not go to a VF's queue. */
    tuple(0, EN5 | RIG_PF << IXGBE_FTQF_POOL_SHIFT, 80, 1);
    g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, RIG_PF * RIG_QPP);
    rig_clear(&r);
}

static void test_syn(void)
{
    plain(0);
    rig_write(&r, IXGBE_SYNQF, IXGBE_SYNQF_EN | 9 << 1);
    g_assert_cmpuint(queue_of(tcp(80, SYN, -1)), ==, 9);
    g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, 0);
    tuple(0, EN5 | IXGBE_FTQF_ANY_POOL, 80, 12);
    g_assert_cmpuint(queue_of(tcp(80, SYN, -1)), ==, 12);
    rig_write(&r, IXGBE_SYNQF, IXGBE_SYNQF_EN | IXGBE_SYNQF_FIRST | 9 << 1);
    g_assert_cmpuint(queue_of(tcp(80, SYN, -1)), ==, 9);
    rig_clear(&r);
}

static void test_ethertype(void)
{
    Frame *f;

    plain(IXGBE_MRQE_RSS | IXGBE_MRQC_TCP_IPV4);
    rig_write(&r, IXGBE_ETQF(3), IXGBE_ETQF_EN | IXGBE_ETQF_1588 | 0x88f7);
    f = rig_frame(RIG_MAC[RIG_PF], RIG_PEER, -1, 64, 0);
    wr_be16(f->data + 12, 0x88f7);
    g_assert_cmpuint(queue_of(frame_ref(f)), ==, 0);
    g_assert_cmpuint(r.end[RIG_PF].meta.etqf, ==, 4);
    rig_write(&r, IXGBE_ETQS(3), IXGBE_ETQS_QUEUE_EN | IXGBE_ETQS_LLI |
              31 << IXGBE_ETQS_QUEUE_SHIFT);
    g_assert_cmpuint(queue_of(frame_ref(f)), ==, 31);
    g_assert_cmpuint(r.end[RIG_PF].meta.events, ==, IXGBE_RX_EVENT_LLI);
    /* Only for a priority. */
    rig_write(&r, IXGBE_ETQF(3), IXGBE_ETQF_EN | IXGBE_ETQF_UP_EN |
              5 << IXGBE_ETQF_UP_SHIFT | 0x88f7);
    g_assert_cmpuint(queue_of(f), ==, 0);
    g_assert_cmpuint(queue_of(tcp(80, ACK, -1)), ==, 13);
    rig_clear(&r);
}

/* 7.1.2.3: with a pool the filter takes the frame there, and only there. */
static void test_ethertype_pool(void)
{
    Frame *f = rig_frame(RIG_BCAST, RIG_PEER, -1, 64, 0);

    plain(0);
    rig_program(&r);
    wr_be16(f->data + 12, 0x888e);
    rig_write(&r, IXGBE_ETQF(0), IXGBE_ETQF_EN | IXGBE_ETQF_POOL_EN |
              2 << IXGBE_ETQF_POOL_SHIFT | 0x888e);
    rig_write(&r, IXGBE_ETQS(0), IXGBE_ETQS_QUEUE_EN |
              (2 * RIG_QPP + 1) << IXGBE_ETQS_QUEUE_SHIFT);
    ixgbe_adapter_wire_rx(r.adapter, f);
    frame_unref(f);
    rig_run(&r);
    g_assert_cmpuint(rig_got(&r), ==, GOT(2));
    g_assert_cmpuint(r.end[2].meta.queue, ==, 1);
    rig_clear(&r);
}

static bool passes(const uint8_t *dst, int tci)
{
    return comes_in(rig_frame(dst, RIG_PEER, tci, 64, 0), RIG_PF);
}

static void test_addresses(void)
{
    static const uint8_t other[6] = { 2, 0, 0, 0, 7, 7 };

    plain(0);
    g_assert_true(passes(RIG_MAC[RIG_PF], -1));
    g_assert_true(passes(RIG_BCAST, -1));
    g_assert_false(passes(other, -1));
    g_assert_false(passes(RIG_MCAST, -1));
    /* What pools would let in counts for nothing. */
    rig_write(&r, IXGBE_VMOLR(0), IXGBE_VMOLR_MPE | IXGBE_VMOLR_ROPE);
    g_assert_false(passes(RIG_MCAST, -1));
    rig_set(&r, IXGBE_FCTRL, IXGBE_FCTRL_UPE);
    g_assert_true(passes(other, -1));
    rig_write(&r, IXGBE_FCTRL, IXGBE_FCTRL_MPE);
    g_assert_false(passes(other, -1));
    g_assert_true(passes(RIG_MCAST, -1));
    g_assert_true(passes(RIG_BCAST, -1));
    rig_write(&r, IXGBE_FCTRL, 0);
    g_assert_false(passes(RIG_BCAST, -1));
    /* Hash tables: bits 47:36 of the address. */
    rig_write(&r, IXGBE_UTA(0x070 / 32), 1u << (0x070 % 32));
    g_assert_true(passes(other, -1));
    rig_write(&r, IXGBE_MTA(0xfb0 / 32), 1u << (0xfb0 % 32));
    g_assert_false(passes(RIG_MCAST, -1));
    rig_write(&r, IXGBE_MCSTCTRL, IXGBE_MCSTCTRL_MFE);
    g_assert_true(passes(RIG_MCAST, -1));
    rig_write(&r, IXGBE_MCSTCTRL, 0);
    /* An exact filter may hold a group. */
    rig_write(&r, IXGBE_RAL(5), rd_le32(RIG_MCAST));
    rig_write(&r, IXGBE_RAH(5), rd_le16(RIG_MCAST + 4) | IXGBE_RAH_AV);
    g_assert_true(passes(RIG_MCAST, -1));
    rig_clear(&r);
}

static void test_vlans(void)
{
    plain(0);
    g_assert_true(passes(RIG_MAC[RIG_PF], 100));
    rig_set(&r, IXGBE_VLNCTRL, IXGBE_VLNCTRL_VFE);
    g_assert_false(passes(RIG_MAC[RIG_PF], 100));
    g_assert_true(passes(RIG_MAC[RIG_PF], -1));
    rig_write(&r, IXGBE_VFTA(3), 1u << 4);
    g_assert_true(passes(RIG_MAC[RIG_PF], 100));
    g_assert_true(passes(RIG_MAC[RIG_PF], 100 | 5 << 13));
    rig_clear(&r);
}

/* 7.4.5: with two tags the filters look at the inner one. */
static void test_two_tags(void)
{
    Frame *f;

    plain(IXGBE_MRQE_RT8);
    rig_set(&r, IXGBE_CTRL_EXT, IXGBE_CTRL_EXT_EXTENDED_VLAN);
    rig_write(&r, IXGBE_EXVET, 0x88a80000);
    rig_set(&r, IXGBE_VLNCTRL, IXGBE_VLNCTRL_VFE);
    rig_write(&r, IXGBE_VFTA(3), 1u << 4);
    f = rig_frame(RIG_MAC[RIG_PF], RIG_PEER, 7 << 13 | 99, 64, 0);
    wr_be16(f->data + 12, 0x88a8);
    wr_be16(f->data + 16, FRAME_TYPE_VLAN);
    wr_be16(f->data + 18, 3 << 13 | 100);
    g_assert_cmpuint(queue_of(frame_ref(f)), ==, 3 * 16);
    g_assert_true(r.end[RIG_PF].state.rx_flags & IXGBE_RX_TWO_TAGS);
    g_assert_cmphex(r.end[RIG_PF].state.outer_type, ==, 0x88a8);
    wr_be16(f->data + 18, 3 << 13 | 101);
    g_assert_false(comes_in(f, RIG_PF));
    rig_clear(&r);
}

static void test_bad_frames(void)
{
    plain(0);
    g_assert_false(comes_in(rig_frame(RIG_MAC[RIG_PF], RIG_PEER, -1, 1515, 0),
                            RIG_PF));
    rig_set(&r, IXGBE_FCTRL, IXGBE_FCTRL_SBP);
    g_assert_true(comes_in(rig_frame(RIG_MAC[RIG_PF], RIG_PEER, -1, 1515, 0),
                           RIG_PF));
    g_assert_cmphex(r.end[RIG_PF].meta.status, ==, IXGBE_RXS_ERR_RXE);
    g_assert_cmpuint(rig_read(&r, IXGBE_ROC), ==, 2);
    rig_clear(&r);
}

static Frame *mac_control(uint16_t opcode)
{
    Frame *f = rig_frame(RIG_MAC[RIG_PF], RIG_PEER, -1, 60, 0);

    wr_be16(f->data + 12, 0x8808);
    wr_be16(f->data + 14, opcode);
    return f;
}

static void test_mac_control(void)
{
    plain(0);
    g_assert_false(comes_in(mac_control(7), RIG_PF));
    rig_set(&r, IXGBE_FCTRL, IXGBE_FCTRL_PMCF);
    g_assert_true(comes_in(mac_control(7), RIG_PF));
    rig_set(&r, IXGBE_FCTRL, IXGBE_FCTRL_DPF);
    g_assert_true(comes_in(mac_control(7), RIG_PF));
    g_assert_false(comes_in(mac_control(1), RIG_PF));
    rig_clear(&r);
}

/* A class whose ring has no descriptors does not stop another. */
static void test_class_buffers(void)
{
    unsigned sent = 0;

    plain(IXGBE_MRQE_RT8);
    for (unsigned i = 0; i < 8; i++) {
        rig_write(&r, IXGBE_RXPBSIZE(i), i == 3 ? 0x800 : 0x4000);
    }
    r.end[RIG_PF].room = 0;
    for (unsigned i = 0; i < 40; i++, sent++) {
        g_assert_false(comes_in(tcp(80, ACK, 3 << 13), RIG_PF));
    }
    g_assert_cmpuint(rig_read(&r, IXGBE_MPC(3)), >, 0);
    g_assert_false(comes_in(tcp(80, ACK, 4 << 13), RIG_PF));
    g_assert_cmpuint(rig_read(&r, IXGBE_MPC(4)), ==, 0);
    /* The first frame of class 4 goes before those that wait in class 3. */
    r.end[RIG_PF].room = 100;
    ixgbe_adapter_port_ops.rx_room(r.end[RIG_PF].port);
    rig_run(&r);
    g_assert_cmpuint(r.end[RIG_PF].frames, ==, 2048 / 2 / 64 + 1);
    g_assert_cmpuint(r.end[RIG_PF].meta.queue, ==, 4 * 16);
    rig_clear(&r);
}

#define TEST(name) g_test_add_func("/ixgbe/filters/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(modes);
    TEST(class_queues);
    TEST(pool_modes);
    TEST(tuples);
    TEST(tuple_priorities);
    TEST(tuple_pool);
    TEST(syn);
    TEST(ethertype);
    TEST(ethertype_pool);
    TEST(addresses);
    TEST(vlans);
    TEST(two_tags);
    TEST(bad_frames);
    TEST(mac_control);
    TEST(class_buffers);
    return g_test_run();
}
