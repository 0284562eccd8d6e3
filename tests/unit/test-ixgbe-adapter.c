/*
 * The adapter half: pools, embedded switch, limits, mailboxes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"

#define ALL_VFS 0xfu

static void start(Rig *r)
{
    rig_init(r);
    rig_program(r);
}

/* --- from the wire ------------------------------------------------------- */

static void test_pool_by_mac(void)
{
    Rig r;

    start(&r);
    for (unsigned i = 0; i <= RIG_PF; i++) {
        rig_send(&r, RIG_WIRE, RIG_MAC[i], RIG_PEER, -1);
        g_assert_cmphex(rig_got(&r), ==, GOT(i));
    }
    g_assert_false(r.end[0].meta.loopback);
    rig_clear(&r);
}

static void test_mac_of_two_pools(void)
{
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_MPSAR_LO(1), 1u << 1 | 1u << 2);
    rig_send(&r, RIG_WIRE, RIG_MAC[1], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(1) | GOT(2));
    rig_clear(&r);
}

static void test_unknown_unicast(void)
{
    Rig r;

    start(&r);
    rig_send(&r, RIG_WIRE, RIG_PEER, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_set(&r, IXGBE_FCTRL, IXGBE_FCTRL_UPE);
    rig_send(&r, RIG_WIRE, RIG_PEER, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_PF));
    rig_set(&r, IXGBE_VT_CTL, IXGBE_VT_CTL_DIS_DEFPL);
    rig_send(&r, RIG_WIRE, RIG_PEER, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_clear(&r);
}

static void test_broadcast_is_replicated(void)
{
    Rig r;

    start(&r);
    rig_send(&r, RIG_WIRE, RIG_BCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, ALL_VFS | GOT(RIG_PF));
    rig_unset(&r, IXGBE_VMOLR(2), IXGBE_VMOLR_BAM);
    rig_send(&r, RIG_WIRE, RIG_BCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, (ALL_VFS & ~GOT(2)) | GOT(RIG_PF));
    rig_unset(&r, IXGBE_VT_CTL, IXGBE_VT_CTL_REPLEN);
    rig_send(&r, RIG_WIRE, RIG_BCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_PF));
    rig_clear(&r);
}

static void test_multicast_hash(void)
{
    /* MO 0: bits 47:36 of the address. */
    unsigned hash = 0xfb << 4 | 0 >> 4;
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_MCSTCTRL, IXGBE_MCSTCTRL_MFE);
    rig_set(&r, IXGBE_VMOLR(3), IXGBE_VMOLR_ROMPE);
    rig_send(&r, RIG_WIRE, RIG_MCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_set(&r, IXGBE_MTA(hash / 32), 1u << (hash % 32));
    rig_send(&r, RIG_WIRE, RIG_MCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(3));
    rig_set(&r, IXGBE_VMOLR(1), IXGBE_VMOLR_MPE);
    rig_send(&r, RIG_WIRE, RIG_MCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(1) | GOT(3));
    rig_clear(&r);
}

/* 8.2.3.7 MCSTCTRL.MO: which bits of the address, as a number, are the hash. */
static void test_multicast_offset(void)
{
    static const uint8_t mac[6] = { 0x01, 0x00, 0x5e, 0x12, 0x34, 0x9a };
    static const uint8_t from[] = { 36, 35, 34, 32 };
    Rig r;

    start(&r);
    rig_set(&r, IXGBE_VMOLR(3), IXGBE_VMOLR_ROMPE);
    for (unsigned mo = 0; mo < G_N_ELEMENTS(from); mo++) {
        unsigned hash = 0x9a34125e0001ull >> from[mo] & 0xfff;

        rig_write(&r, IXGBE_MCSTCTRL, IXGBE_MCSTCTRL_MFE | mo);
        rig_send(&r, RIG_WIRE, mac, RIG_PEER, -1);
        g_assert_cmphex(rig_got(&r), ==, 0);
        rig_write(&r, IXGBE_MTA(hash / 32), 1u << (hash % 32));
        rig_send(&r, RIG_WIRE, mac, RIG_PEER, -1);
        g_assert_cmphex(rig_got(&r), ==, GOT(3));
        rig_write(&r, IXGBE_MTA(hash / 32), 0);
    }
    rig_clear(&r);
}

static void test_unicast_hash(void)
{
    unsigned hash = (9 >> 4) | 9 << 4;
    Rig r;

    start(&r);
    rig_set(&r, IXGBE_VMOLR(1), IXGBE_VMOLR_ROPE);
    rig_set(&r, IXGBE_UTA(hash / 32), 1u << (hash % 32));
    rig_send(&r, RIG_WIRE, RIG_PEER, RIG_MAC[2], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(1));
    rig_clear(&r);
}

static void add_vlan(Rig *r, unsigned entry, unsigned vid, uint32_t pools)
{
    rig_write(r, IXGBE_VLVF(entry), IXGBE_VLVF_VIEN | vid);
    rig_write(r, IXGBE_VLVFB(2 * entry), pools);
    rig_set(r, IXGBE_VFTA(vid / 32), 1u << (vid % 32));
    rig_set(r, IXGBE_VLNCTRL, IXGBE_VLNCTRL_VFE);
}

static void test_pool_by_vlan(void)
{
    Rig r;

    start(&r);
    add_vlan(&r, 63, 100, GOT(0) | GOT(1));
    rig_send(&r, RIG_WIRE, RIG_MAC[0], RIG_PEER, 100);
    g_assert_cmphex(rig_got(&r), ==, GOT(0));
    rig_send(&r, RIG_WIRE, RIG_MAC[2], RIG_PEER, 100);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_send(&r, RIG_WIRE, RIG_MAC[0], RIG_PEER, 101);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_send(&r, RIG_WIRE, RIG_BCAST, RIG_PEER, 100);
    g_assert_cmphex(rig_got(&r), ==, GOT(0) | GOT(1));
    rig_clear(&r);
}

static void test_vlan_without_pools_is_the_default_pools(void)
{
    Rig r;

    start(&r);
    add_vlan(&r, 0, 100, GOT(0));
    rig_set(&r, IXGBE_VFTA(200 / 32), 1u << (200 % 32));
    rig_send(&r, RIG_WIRE, RIG_BCAST, RIG_PEER, 200);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_PF));
    rig_send(&r, RIG_WIRE, RIG_MAC[RIG_PF], RIG_PEER, 200);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_PF));
    rig_clear(&r);
}

static void test_untagged_policy(void)
{
    Rig r;

    start(&r);
    rig_unset(&r, IXGBE_VMOLR(0), IXGBE_VMOLR_AUPE);
    rig_send(&r, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_clear(&r);
}

static void test_pool_enable(void)
{
    Rig r;

    start(&r);
    rig_unset(&r, IXGBE_VFRE(0), 1u << 1);
    rig_send(&r, RIG_WIRE, RIG_MAC[1], RIG_PEER, -1);
    rig_send(&r, 0, RIG_MAC[1], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    g_assert_false(r.end[1].state.rx_enable);
    g_assert_true(r.end[0].state.rx_enable);
    rig_unset(&r, IXGBE_VFTE(0), 1u << 2);
    g_assert_true(rig_send(&r, 2, RIG_MAC[0], RIG_MAC[2], -1));
    g_assert_cmphex(rig_got(&r), ==, 0);
    g_assert_false(r.end[2].state.tx_enable);
    rig_clear(&r);
}

static void test_sizes(void)
{
    Rig r;
    Frame *frame;

    start(&r);
    frame = rig_frame(RIG_MAC[0], RIG_PEER, -1, 1515, 0);
    ixgbe_adapter_wire_rx(r.adapter, frame);
    rig_run(&r);
    g_assert_cmphex(rig_got(&r), ==, 0);
    g_assert_cmpuint(rig_read(&r, IXGBE_ROC), ==, 1);
    rig_write(&r, IXGBE_MAXFRS, 9728u << 16);
    rig_set(&r, IXGBE_HLREG0, IXGBE_HLREG0_JUMBOEN);
    ixgbe_adapter_wire_rx(r.adapter, frame);
    rig_run(&r);
    g_assert_cmphex(rig_got(&r), ==, GOT(0));
    frame_unref(frame);
    for (size_t len = 0; len < FRAME_MIN; len++) {
        frame = frame_new(RIG_BCAST, MIN(len, 6));
        ixgbe_adapter_wire_rx(r.adapter, frame);
        ixgbe_adapter_port_tx(r.end[0].port, 0, frame, NULL);
        frame_unref(frame);
    }
    rig_run(&r);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_clear(&r);
}

static void test_without_virtualization(void)
{
    Rig r;

    rig_init(&r);
    rig_set(&r, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
    rig_set(&r, IXGBE_DMATXCTL, IXGBE_DMATXCTL_TE);
    rig_write(&r, IXGBE_FCTRL, IXGBE_FCTRL_BAM);
    rig_send(&r, RIG_WIRE, RIG_MAC[RIG_PF], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_PF));
    rig_send(&r, RIG_WIRE, RIG_BCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_PF));
    rig_send(&r, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_send(&r, RIG_PF, RIG_MAC[0], RIG_MAC[RIG_PF], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_WIRE));
    rig_clear(&r);
}

/* --- between pools ------------------------------------------------------- */

static void test_local_unicast_stays_inside(void)
{
    Rig r;

    start(&r);
    rig_send(&r, 0, RIG_MAC[1], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(1));
    g_assert_true(r.end[1].meta.loopback);
    rig_send(&r, 0, RIG_MAC[RIG_PF], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_PF));
    g_assert_cmpuint(r.end[RIG_PF].meta.queue, ==, RIG_PF * RIG_QPP);
    rig_send(&r, RIG_PF, RIG_MAC[3], RIG_MAC[RIG_PF], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(3));
    rig_clear(&r);
}

static void test_unknown_goes_to_the_wire(void)
{
    Rig r;

    start(&r);
    rig_send(&r, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_WIRE));
    rig_clear(&r);
}

static void test_local_broadcast(void)
{
    Rig r;

    start(&r);
    rig_send(&r, 1, RIG_BCAST, RIG_MAC[1], -1);
    g_assert_cmphex(rig_got(&r), ==, (ALL_VFS & ~GOT(1)) | GOT(RIG_PF) |
                    GOT(RIG_WIRE));
    rig_clear(&r);
}

static void test_vepa(void)
{
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_PFDTXGSWC, 0);
    rig_send(&r, 0, RIG_MAC[1], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_WIRE));
    rig_send(&r, 0, RIG_BCAST, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_WIRE));
    rig_clear(&r);
}

static void test_own_address(void)
{
    Rig r;

    start(&r);
    rig_send(&r, 0, RIG_MAC[0], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_write(&r, IXGBE_PFVMTXSW(0), 1);
    rig_send(&r, 0, RIG_MAC[0], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(0));
    rig_clear(&r);
}

static void test_local_vlan(void)
{
    Rig r;

    start(&r);
    add_vlan(&r, 0, 100, GOT(0) | GOT(1));
    rig_send(&r, 0, RIG_MAC[1], RIG_MAC[0], 100);
    g_assert_cmphex(rig_got(&r), ==, GOT(1));
    /* Not a member: for the switch it is not there. */
    rig_send(&r, 0, RIG_MAC[2], RIG_MAC[0], 100);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_WIRE));
    rig_clear(&r);
}

static void test_port_vlan(void)
{
    Rig r;

    start(&r);
    add_vlan(&r, 0, 100, GOT(0) | GOT(1));
    rig_write(&r, IXGBE_VMVIR(0), IXGBE_VMVIR_DEFAULT | 5u << 13 | 100);
    rig_run(&r);
    g_assert_false(r.end[0].state.tx_vlan_insert);
    g_assert_true(r.end[1].state.tx_vlan_insert);
    rig_send(&r, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_WIRE));
    g_assert_cmpuint(r.end[RIG_WIRE].last->len, ==, 68);
    g_assert_cmphex(rd_be32(r.end[RIG_WIRE].last->data + 12), ==,
                    0x81000000 | 5u << 13 | 100);
    rig_send(&r, 0, RIG_MAC[1], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(1));
    rig_clear(&r);
}

static void test_mac_spoofing(void)
{
    IxgbePoolStats stats;
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_PFVFSPOOF(0), 1u << 0);
    rig_write(&r, IXGBE_VMECM(0), 1u << 0);
    for (int i = 0; i < 100; i++) {
        rig_send(&r, 0, RIG_PEER, RIG_MAC[1], -1);
    }
    g_assert_cmphex(rig_got(&r), ==, 0);
    g_assert_cmpuint(rig_read(&r, IXGBE_SSVPC), ==, 100);
    g_assert_cmpuint(rig_read(&r, IXGBE_SSVPC), ==, 0);
    ixgbe_adapter_pool_stats(r.adapter, 0, &stats);
    g_assert_cmpuint(stats.tx_spoofed, ==, 100);
    rig_send(&r, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_WIRE));
    /* Dropped also where VMECM does not want it counted. */
    rig_write(&r, IXGBE_VMECM(0), 0);
    rig_send(&r, 0, RIG_PEER, RIG_MAC[1], -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    g_assert_cmpuint(rig_read(&r, IXGBE_SSVPC), ==, 0);
    rig_clear(&r);
}

static void test_vlan_spoofing(void)
{
    Rig r;

    start(&r);
    add_vlan(&r, 0, 100, GOT(0));
    add_vlan(&r, 1, 101, GOT(1));
    rig_write(&r, IXGBE_PFVFSPOOF(0), 1u << 8);
    rig_send(&r, 0, RIG_PEER, RIG_MAC[0], 101);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_send(&r, 0, RIG_PEER, RIG_MAC[0], 100);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_WIRE));
    rig_send(&r, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_WIRE));
    rig_clear(&r);
}

static void test_mirror_pool(void)
{
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_VMRVM(0), 1u << 1);
    rig_write(&r, IXGBE_MRCTL(0), IXGBE_MRCTL_VPME |
              3u << IXGBE_MRCTL_POOL_SHIFT);
    rig_send(&r, RIG_WIRE, RIG_MAC[1], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(1) | GOT(3));
    rig_send(&r, 0, RIG_MAC[1], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(1) | GOT(3));
    rig_send(&r, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(0));
    /* No copy for who has it anyway, none for who may not receive. */
    rig_write(&r, IXGBE_VMRVM(0), 1u << 1 | 1u << 3);
    rig_send(&r, RIG_WIRE, RIG_MAC[3], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(3));
    rig_unset(&r, IXGBE_VFRE(0), 1u << 3);
    rig_send(&r, RIG_WIRE, RIG_MAC[1], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(1));
    rig_clear(&r);
}

static void test_mirror_uplink_and_downlink(void)
{
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_MRCTL(0), IXGBE_MRCTL_UPME |
              3u << IXGBE_MRCTL_POOL_SHIFT);
    rig_send(&r, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(0) | GOT(3));
    rig_send(&r, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_WIRE));
    rig_write(&r, IXGBE_MRCTL(0), IXGBE_MRCTL_DPME |
              3u << IXGBE_MRCTL_POOL_SHIFT);
    rig_send(&r, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_WIRE) | GOT(3));
    rig_clear(&r);
}

static void test_mirror_vlan(void)
{
    Rig r;

    start(&r);
    add_vlan(&r, 5, 100, GOT(0));
    rig_write(&r, IXGBE_VMRVLAN(1), 1u << 5);
    rig_write(&r, IXGBE_MRCTL(1), IXGBE_MRCTL_VLME |
              2u << IXGBE_MRCTL_POOL_SHIFT);
    rig_send(&r, RIG_WIRE, RIG_MAC[0], RIG_PEER, 100);
    g_assert_cmphex(rig_got(&r), ==, GOT(0) | GOT(2));
    rig_send(&r, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(0));
    rig_clear(&r);
}

/* --- waiting, limits ----------------------------------------------------- */

static void test_frames_wait_in_order(void)
{
    Rig r;

    start(&r);
    r.end[0].room = 0;
    for (uint8_t i = 0; i < 10; i++) {
        Frame *frame = rig_frame(RIG_MAC[0], RIG_PEER, -1, 64, i);

        ixgbe_adapter_wire_rx(r.adapter, frame);
        frame_unref(frame);
        rig_run(&r);
    }
    g_assert_cmpuint(r.end[0].frames, ==, 0);
    for (int i = 0; i < 5; i++) {
        r.end[0].room = 2;
        ixgbe_adapter_port_ops.rx_room(r.end[0].port);
        rig_run(&r);
    }
    g_assert_cmpuint(r.end[0].frames, ==, 10);
    for (uint8_t i = 0; i < 10; i++) {
        g_assert_cmpuint(r.end[0].numbers[i], ==, i);
    }
    rig_clear(&r);
}

static void test_stalled_vf_blocks_nobody(void)
{
    IxgbePoolStats stats;
    Rig r;

    start(&r);
    r.end[0].room = 0;
    for (int i = 0; i < 20000; i++) {
        rig_send(&r, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    }
    rig_send(&r, RIG_WIRE, RIG_MAC[1], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(1));
    ixgbe_adapter_pool_stats(r.adapter, 0, &stats);
    g_assert_cmpuint(stats.rx_dropped, ==, 20000 - 256 * 1024 / 64);
    g_assert_cmpuint(rig_read(&r, IXGBE_MPC(0)), ==, stats.rx_dropped);
    rig_clear(&r);
}

static void test_sender_waits_for_full_pool(void)
{
    unsigned sent = 0;
    Rig r;

    start(&r);
    r.end[1].room = 0;
    while (rig_send(&r, 0, RIG_MAC[1], RIG_MAC[0], -1)) {
        g_assert_cmpuint(++sent, <, 100000);
    }
    r.end[0].rooms = 0;
    r.end[1].room = UINT_MAX;
    ixgbe_adapter_port_ops.rx_room(r.end[1].port);
    rig_run(&r);
    g_assert_cmpuint(r.end[1].frames, ==, sent);
    g_assert_cmpuint(r.end[0].rooms, >=, 1);
    rig_clear(&r);
}

static void test_drop_enable(void)
{
    Rig r;

    start(&r);
    r.end[1].room = 0;
    rig_write(&r, IXGBE_QDE, IXGBE_QDE_WRITE | IXGBE_QDE_ENABLE |
              (1 * RIG_QPP) << IXGBE_QDE_IDX_SHIFT);
    for (int i = 0; i < 10000; i++) {
        g_assert_true(rig_send(&r, 0, RIG_MAC[1], RIG_MAC[0], -1));
    }
    g_assert_cmpuint(rig_read(&r, IXGBE_QPRDC(0)), ==, 10000);
    rig_clear(&r);
}

static void test_wire_backs_up(void)
{
    unsigned sent = 0;
    Rig r;

    start(&r);
    r.end[RIG_WIRE].room = 0;
    while (rig_send(&r, 0, RIG_PEER, RIG_MAC[0], -1)) {
        sent++;
    }
    g_assert_cmpuint(sent, ==, 160 * 1024 / 64);
    r.end[RIG_WIRE].room = UINT_MAX;
    ixgbe_adapter_wire_room(r.adapter);
    rig_run(&r);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, sent);
    rig_clear(&r);
}

/* 1,000 Mb/s of 10,000: factor 10. */
static void test_rate_limit(void)
{
    uint64_t start_ns;
    unsigned sent = 0;
    Frame *frame = rig_frame(RIG_PEER, RIG_MAC[0], -1, 1514, 0);
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_RTTDQSEL, 0);
    rig_write(&r, IXGBE_RTTBCNRC, IXGBE_RTTBCNRC_RS_ENA |
              10u << IXGBE_RTTBCNRC_SHIFT);
    start_ns = r.now;
    while (r.now < start_ns + 100000000) {
        if (ixgbe_adapter_port_tx(r.end[0].port, 0, frame, NULL)) {
            sent++;
        } else {
            g_assert_cmpuint(r.timer, >, r.now);
            r.now = r.timer;
            r.end[0].rooms = 0;
            ixgbe_adapter_timer(r.adapter);
            rig_run(&r);
            g_assert_cmpuint(r.end[0].rooms, ==, 1);
        }
        rig_run(&r);
    }
    /* 100 ms at 1 Gb/s, 1,538 bytes each, and a burst of 5 ms. */
    g_assert_cmpuint(sent, >=, 8127);
    g_assert_cmpuint(sent, <=, 8127 + 420);
    /* Others are not limited. */
    g_assert_true(rig_send(&r, 1, RIG_PEER, RIG_MAC[1], -1));
    frame_unref(frame);
    rig_clear(&r);
}

static void test_rss_in_a_pool(void)
{
    unsigned seen = 0;
    Rig r;

    start(&r);
    rig_set(&r, IXGBE_MRQC, IXGBE_MRQC_IPV4 | IXGBE_MRQC_UDP_IPV4);
    for (unsigned i = 0; i < 10; i++) {
        rig_write(&r, IXGBE_RSSRK(i), 0x12345678 * (i + 1));
    }
    for (unsigned i = 0; i < 32; i++) {
        rig_write(&r, IXGBE_RETA(i), 0x03020100);
    }
    for (unsigned i = 0; i < 64; i++) {
        Frame *frame = rig_frame(RIG_MAC[1], RIG_PEER, -1, 64, 0);

        frame->data[14] = 0x45;
        wr_be16(frame->data + 16, 50);
        frame->data[23] = FRAME_PROTO_UDP;
        wr_be16(frame->data + 34, i);
        wr_be16(frame->data + 38, 30);
        ixgbe_adapter_wire_rx(r.adapter, frame);
        frame_unref(frame);
        rig_run(&r);
        g_assert_cmpuint(r.end[1].meta.queue, <, RIG_QPP);
        g_assert_cmpuint(r.end[1].meta.rss_type, ==, 7);
        seen |= 1u << r.end[1].meta.queue;
    }
    g_assert_cmphex(seen, ==, 0xf);
    rig_clear(&r);
}

/* --- control ------------------------------------------------------------- */

static void test_mailbox_request_and_reply(void)
{
    const IxgbePortOps *vf = &ixgbe_adapter_port_ops;
    void *port;
    Rig r;

    start(&r);
    port = r.end[3].port;
    vf->mailbox(port, IXGBE_VFMAILBOX_VFU);
    g_assert_cmphex(rig_read(&r, IXGBE_PFMAILBOX(3)), ==,
                    IXGBE_PFMAILBOX_VFU);
    rig_write(&r, IXGBE_PFMAILBOX(3), IXGBE_PFMAILBOX_PFU);
    g_assert_cmphex(rig_read(&r, IXGBE_PFMAILBOX(3)), ==,
                    IXGBE_PFMAILBOX_VFU);
    vf->mailbox_mem(port, 0, 1);
    vf->mailbox_mem(port, 15, 2);
    vf->mailbox_mem(port, 16, 3);
    vf->mailbox(port, IXGBE_VFMAILBOX_REQ);
    g_assert_cmphex(r.causes & IXGBE_EICR_MAILBOX, !=, 0);
    g_assert_cmphex(rig_read(&r, IXGBE_PFMBICR(0)), ==, 1u << 3);
    rig_write(&r, IXGBE_PFMBICR(0), 1u << 3);
    g_assert_cmphex(rig_read(&r, IXGBE_PFMBICR(0)), ==, 0);
    g_assert_cmphex(rig_read(&r, IXGBE_PFMBMEM(3)), ==, 1);
    g_assert_cmphex(rig_read(&r, IXGBE_PFMBMEM(3) + 60), ==, 2);

    rig_write(&r, IXGBE_PFMAILBOX(3), IXGBE_PFMAILBOX_PFU);
    rig_write(&r, IXGBE_PFMBMEM(3), 0x80000001);
    rig_write(&r, IXGBE_PFMAILBOX(3), IXGBE_PFMAILBOX_STS);
    rig_run(&r);
    g_assert_cmphex(r.end[3].edges, ==, IXGBE_VFMAILBOX_PFSTS);
    g_assert_cmphex(r.end[3].state.mbmem[0], ==, 0x80000001);
    g_assert_cmphex(r.end[3].state.vfmailbox & IXGBE_VFMAILBOX_PFU, ==, 0);
    /* An edge is told once. */
    rig_set(&r, IXGBE_VFTE(0), 0);
    rig_run(&r);
    g_assert_cmphex(r.end[3].state.vfmailbox, ==, 0);
    vf->mailbox(port, IXGBE_VFMAILBOX_ACK);
    g_assert_cmphex(rig_read(&r, IXGBE_PFMBICR(0)), ==, 1u << 19);
    rig_clear(&r);
}

static void test_vf_reset_is_seen(void)
{
    Rig r;

    start(&r);
    r.causes = 0;
    ixgbe_adapter_port_ops.mailbox(r.end[2].port, IXGBE_VFMAILBOX_VFU);
    /* A message to the driver that was there is not for the next one. */
    ixgbe_adapter_mmio_write(r.adapter, IXGBE_PFMAILBOX(2),
                             IXGBE_PFMAILBOX_STS, 4);
    ixgbe_adapter_port_ops.reset(r.end[2].port, true);
    rig_run(&r);
    g_assert_cmphex(r.end[2].edges, ==, 0);
    g_assert_cmphex(r.causes, ==, IXGBE_EICR_MAILBOX);
    g_assert_cmphex(rig_read(&r, IXGBE_VFLRE0), ==, 1u << 2);
    g_assert_cmphex(rig_read(&r, IXGBE_PFMAILBOX(2)), ==, 0);
    rig_write(&r, IXGBE_VFLREC(0), 1u << 2);
    g_assert_cmphex(rig_read(&r, IXGBE_VFLRE0), ==, 0);
    rig_clear(&r);
}

static void test_pf_reset_is_seen_by_vfs(void)
{
    Rig r;

    start(&r);
    g_assert_true(r.end[0].state.pf_reset_done);
    rig_write(&r, IXGBE_CTRL, IXGBE_CTRL_RST);
    rig_run(&r);
    g_assert_cmphex(rig_read(&r, IXGBE_CTRL), ==, 0);
    g_assert_false(r.end[0].state.pf_reset_done);
    g_assert_false(r.end[0].state.rx_enable);
    g_assert_cmphex(rig_read(&r, IXGBE_RAL(0)), ==,
                    rd_le32(RIG_MAC[RIG_PF]));
    g_assert_cmphex(rig_read(&r, 0x5404), ==, rig_read(&r, IXGBE_RAH(0)));
    rig_clear(&r);
}

static void test_cable(void)
{
    Rig r;

    start(&r);
    r.causes = 0;
    ixgbe_adapter_set_cable(r.adapter, false);
    rig_run(&r);
    g_assert_cmphex(r.causes, ==, IXGBE_EICR_LSC);
    g_assert_cmphex(rig_read(&r, IXGBE_LINKS) & IXGBE_LINKS_UP, ==, 0);
    g_assert_cmphex(r.end[1].state.links, ==, 0);
    rig_send(&r, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    rig_send(&r, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_send(&r, 0, RIG_MAC[1], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(1));
    rig_clear(&r);
}

static void test_mac_loopback(void)
{
    Rig r;

    start(&r);
    rig_set(&r, IXGBE_HLREG0, IXGBE_HLREG0_LPBK);
    rig_send(&r, RIG_PF, RIG_BCAST, RIG_MAC[RIG_PF], -1);
    g_assert_cmpuint(r.end[RIG_PF].frames, ==, 1);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 0);
    rig_clear(&r);
}

static void test_counters(void)
{
    Rig r;

    start(&r);
    rig_send(&r, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    rig_send(&r, RIG_WIRE, RIG_BCAST, RIG_PEER, -1);
    rig_send(&r, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmpuint(rig_read(&r, IXGBE_GPRC), ==, 2);
    g_assert_cmpuint(rig_read(&r, IXGBE_GPRC), ==, 0);
    g_assert_cmpuint(rig_read(&r, IXGBE_BPRC), ==, 1);
    g_assert_cmpuint(rig_read(&r, IXGBE_GORCL), ==, 2 * 68);
    g_assert_cmpuint(rig_read(&r, IXGBE_GPTC), ==, 1);
    g_assert_cmpuint(rig_read(&r, IXGBE_PTC64 + 4), ==, 1);
    g_assert_cmpuint(rig_read(&r, IXGBE_QPRC(0)), ==, 6);
    g_assert_cmpuint(rig_read(&r, IXGBE_QBRC_L(0)), ==, 6 * 64);
    g_assert_cmpuint(rig_read(&r, IXGBE_QPTC(0)), ==, 1);
    g_assert_cmpuint(rig_read(&r, IXGBE_QBTC_L(0)), ==, 64);
    rig_clear(&r);
}

/* Both ends of each class of sizes, which count the FCS. */
static void test_size_counters(void)
{
    static const uint16_t first[] = { 64, 65, 128, 256, 512, 1024, 1519 };
    Rig r;

    start(&r);
    for (unsigned i = 0; i + 1 < G_N_ELEMENTS(first); i++) {
        const size_t sizes[] = { first[i], first[i + 1] - 1 };

        for (unsigned n = 0; n < 2; n++) {
            Frame *f = rig_frame(RIG_MAC[0], RIG_PEER, -1, sizes[n] - 4, 0);

            ixgbe_adapter_wire_rx(r.adapter, f);
            frame_unref(f);
            rig_run(&r);
        }
        for (unsigned c = 0; c + 1 < G_N_ELEMENTS(first); c++) {
            g_assert_cmpuint(rig_read(&r, IXGBE_PRC64 + 4 * c), ==,
                             c == i ? 2 : 0);
        }
    }
    rig_clear(&r);
}

/* What the functions learn of registers that make packets. */
static void test_padding(void)
{
    Rig r;

    start(&r);
    g_assert_true(r.end[1].state.tx_rules.pad);
    rig_unset(&r, IXGBE_HLREG0, IXGBE_HLREG0_TXPADEN);
    rig_run(&r);
    g_assert_false(r.end[1].state.tx_rules.pad);
    g_assert_false(r.end[RIG_PF].state.tx_rules.pad);
    rig_clear(&r);
}

static void test_state_survives(void)
{
    StateWriter w;
    StateReader rd;
    g_autoptr(GBytes) saved = NULL;
    Rig a, b;

    start(&a);
    a.end[1].room = 0;
    rig_send(&a, RIG_WIRE, RIG_MAC[1], RIG_PEER, -1);
    state_writer_init(&w);
    ixgbe_adapter_save(a.adapter, &w);
    saved = state_writer_finish(&w);

    rig_init(&b);
    state_reader_init(&rd, g_bytes_get_data(saved, NULL),
                      g_bytes_get_size(saved));
    ixgbe_adapter_load(b.adapter, &rd);
    g_assert_cmpstr(rd.error, ==, NULL);
    state_reader_clear(&rd);
    rig_run(&b);
    g_assert_cmphex(rig_got(&b), ==, GOT(1));
    rig_send(&b, 0, RIG_MAC[2], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&b), ==, GOT(2));

    /* Cut anywhere it is refused, and the adapter is as after power on. */
    for (size_t len = 0; len < g_bytes_get_size(saved); len += 97) {
        state_reader_init(&rd, g_bytes_get_data(saved, NULL), len);
        g_assert_false(ixgbe_adapter_load(b.adapter, &rd));
        state_reader_clear(&rd);
        g_assert_cmphex(rig_read(&b, IXGBE_VT_CTL), ==, 0);
    }
    ixgbe_adapter_free(a.adapter);
    a.adapter = NULL;
    for (unsigned i = 0; i < G_N_ELEMENTS(a.end); i++) {
        frame_unref(a.end[i].last);
    }
    rig_clear(&b);
}

/* What is in no register by itself. */
static void test_settings_survive(void)
{
    const uint32_t rate = IXGBE_RTTBCNRC_RS_ENA | 10u << IXGBE_RTTBCNRC_SHIFT;
    g_autoptr(GBytes) saved = NULL;
    StateReader rd;
    StateWriter w;
    Rig r;

    start(&r);
    for (unsigned queue = 5; queue < 128; queue += 95) {
        rig_write(&r, IXGBE_QDE, queue << IXGBE_QDE_IDX_SHIFT |
                  IXGBE_QDE_WRITE | IXGBE_QDE_ENABLE);
        rig_write(&r, IXGBE_RTTDQSEL, queue);
        rig_write(&r, IXGBE_RTTBCNRC, rate);
    }
    ixgbe_adapter_mmio_write(r.adapter, IXGBE_PFMAILBOX(2),
                             IXGBE_PFMAILBOX_STS, 4);
    state_writer_init(&w);
    ixgbe_adapter_save(r.adapter, &w);
    saved = state_writer_finish(&w);
    rig_clear(&r);
    rig_init(&r);
    state_reader_init(&rd, g_bytes_get_data(saved, NULL),
                      g_bytes_get_size(saved));
    g_assert_true(ixgbe_adapter_load(r.adapter, &rd));
    state_reader_clear(&rd);
    for (unsigned queue = 0; queue < 128; queue++) {
        bool set = queue == 5 || queue == 100;

        rig_write(&r, IXGBE_QDE, queue << IXGBE_QDE_IDX_SHIFT);
        g_assert_cmpint(!!(rig_read(&r, IXGBE_QDE) & IXGBE_QDE_ENABLE), ==,
                        set);
        rig_write(&r, IXGBE_RTTDQSEL, queue);
        g_assert_cmphex(rig_read(&r, IXGBE_RTTBCNRC), ==, set ? rate : 0);
    }
    rig_run(&r);
    g_assert_cmphex(r.end[2].edges, ==, IXGBE_VFMAILBOX_PFSTS);
    g_assert_cmphex(r.end[1].edges, ==, 0);
    rig_clear(&r);
}

/* The last pool, reached through the last address entry, is the PF's. */
static void test_all_pools(void)
{
    Rig r;

    start(&r);
    ixgbe_adapter_set_num_vfs(r.adapter, 63);
    rig_write(&r, IXGBE_VFRE(0), UINT32_MAX);
    rig_write(&r, IXGBE_VFRE(1), UINT32_MAX);
    rig_write(&r, IXGBE_VMOLR(63), IXGBE_VMOLR_AUPE | IXGBE_VMOLR_BAM);
    rig_write(&r, IXGBE_RAL(127), 0x11111102);
    rig_write(&r, IXGBE_RAH(127), 0x1111 | IXGBE_RAH_AV);
    rig_write(&r, IXGBE_MPSAR_HI(127), 1u << 31);
    rig_send(&r, RIG_WIRE, (const uint8_t[]) { 2, 0x11, 0x11, 0x11, 0x11,
             0x11 }, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&r), ==, GOT(RIG_PF));
    rig_clear(&r);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/ixgbe-adapter/" #name, test_##name)
    TEST(pool_by_mac);
    TEST(mac_of_two_pools);
    TEST(unknown_unicast);
    TEST(broadcast_is_replicated);
    TEST(multicast_hash);
    TEST(multicast_offset);
    TEST(unicast_hash);
    TEST(pool_by_vlan);
    TEST(vlan_without_pools_is_the_default_pools);
    TEST(untagged_policy);
    TEST(pool_enable);
    TEST(sizes);
    TEST(without_virtualization);
    TEST(local_unicast_stays_inside);
    TEST(unknown_goes_to_the_wire);
    TEST(local_broadcast);
    TEST(vepa);
    TEST(own_address);
    TEST(local_vlan);
    TEST(port_vlan);
    TEST(mac_spoofing);
    TEST(vlan_spoofing);
    TEST(mirror_pool);
    TEST(mirror_uplink_and_downlink);
    TEST(mirror_vlan);
    TEST(frames_wait_in_order);
    TEST(stalled_vf_blocks_nobody);
    TEST(sender_waits_for_full_pool);
    TEST(drop_enable);
    TEST(wire_backs_up);
    TEST(rate_limit);
    TEST(rss_in_a_pool);
    TEST(mailbox_request_and_reply);
    TEST(vf_reset_is_seen);
    TEST(pf_reset_is_seen_by_vfs);
    TEST(cable);
    TEST(mac_loopback);
    TEST(counters);
    TEST(size_counters);
    TEST(padding);
    TEST(state_survives);
    TEST(settings_survive);
    TEST(all_pools);
    status = g_test_run();
    frame_pool_trim();
    return status;
}
