/*
 * The PF driver on the adapter half: VFs, filters, mailbox.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"
#include "iovlab/ixgbe_pf_driver.h"
#include "spec/ixgbe_mbx.h"

#define OK (IXGBE_MBX_ACK | IXGBE_MBX_CTS)
#define REFUSED (IXGBE_MBX_NACK | IXGBE_MBX_CTS)

typedef struct Host {
    Rig rig;
    IxgbePfDriver *pf;
    unsigned events[8];
} Host;

static uint32_t pf_read(void *opaque, uint32_t offset)
{
    return rig_read(opaque, offset);
}

static void pf_write(void *opaque, uint32_t offset, uint32_t value)
{
    rig_write(opaque, offset, value);
}

static void set_num_vfs(void *opaque, unsigned count)
{
    ixgbe_adapter_set_num_vfs(((Rig *)opaque)->adapter, count);
}

static void event(void *opaque, IxgbePfEvent event, unsigned vf)
{
    ((Host *)opaque)->events[event]++;
}

static const IxgbePfDriverOps ops = { pf_read, pf_write, set_num_vfs, event };

static void start_with(Host *h, unsigned vfs)
{
    memset(h, 0, sizeof(*h));
    rig_init(&h->rig);
    h->pf = ixgbe_pf_driver_new(vfs, &ops, h);
    rig_run(&h->rig);
}

/* VFs 0 and 1 assigned and enabled, with RIG_MAC. */
static void start(Host *h)
{
    start_with(h, RIG_VFS);
    for (unsigned vf = 0; vf < 2; vf++) {
        g_assert_cmpint(ixgbe_pf_driver_vf_assign(h->pf), ==, vf);
        ixgbe_pf_driver_vf_set_mac(h->pf, vf, RIG_MAC[vf]);
        ixgbe_pf_driver_vf_enable(h->pf, vf, true);
    }
    rig_run(&h->rig);
}

static void stop(Host *h)
{
    ixgbe_pf_driver_free(h->pf);
    rig_clear(&h->rig);
}

static void serve(Host *h)
{
    while (h->rig.causes || h->rig.scheduled) {
        uint32_t causes = h->rig.causes;

        h->rig.causes = 0;
        ixgbe_pf_driver_interrupt(h->pf, causes);
        rig_run(&h->rig);
    }
}

/* A VF driver's request; the reply's flags, and its dwords in state.mbmem. */
static uint32_t ask(Host *h, unsigned vf, unsigned dwords, uint32_t type,
                    uint32_t a, uint32_t b)
{
    const IxgbePortOps *ops = &ixgbe_adapter_port_ops;
    RigEnd *end = &h->rig.end[vf];
    uint32_t m[3] = { type, a, b };

    end->edges = 0;
    ops->mailbox(end->port, IXGBE_VFMAILBOX_VFU);
    for (unsigned i = 0; i < dwords; i++) {
        ops->mailbox_mem(end->port, i, m[i]);
    }
    ops->mailbox(end->port, IXGBE_VFMAILBOX_REQ);
    serve(h);
    g_assert_cmphex(end->edges, ==,
                    IXGBE_VFMAILBOX_PFSTS | IXGBE_VFMAILBOX_PFACK);
    g_assert_cmphex(end->state.mbmem[0] & 0xffff, ==, type & 0xffff);
    return end->state.mbmem[0] & 0xe0000000;
}

static uint32_t reply(const Host *h, unsigned vf, unsigned dword)
{
    return h->rig.end[vf].state.mbmem[dword];
}

/* Reset and negotiation, as a driver starts. */
static void vf_up(Host *h, unsigned vf, uint32_t api)
{
    g_assert_cmphex(ask(h, vf, 1, IXGBE_MBX_RESET, 0, 0), ==, IXGBE_MBX_ACK);
    g_assert_cmphex(ask(h, vf, 2, IXGBE_MBX_NEGOTIATE, api, 0), ==, OK);
}

/* --- VFs and filters ----------------------------------------------------- */

static void test_nothing_assigned(void)
{
    Host h;

    start_with(&h, RIG_VFS);
    g_assert_cmpuint(ixgbe_pf_driver_vfs_free(h.pf), ==, RIG_VFS);
    g_assert_true(ixgbe_pf_driver_link_up(h.pf));
    rig_send(&h.rig, RIG_WIRE, RIG_BCAST, RIG_PEER, -1);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmpuint(h.rig.end[RIG_PF].frames, ==, 2);
    h.rig.end[RIG_PF].frames = 0;
    rig_send(&h.rig, 0, RIG_BCAST, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&h.rig), ==, 0);
    g_assert_true(h.rig.end[0].state.pf_reset_done);
    g_assert_false(h.rig.end[0].state.rx_enable);
    stop(&h);
}

static void test_assign_and_free(void)
{
    Host h;

    start(&h);
    g_assert_false(ixgbe_pf_driver_vf_assign_number(h.pf, 1));
    g_assert_true(ixgbe_pf_driver_vf_assign_number(h.pf, 3));
    g_assert_cmpint(ixgbe_pf_driver_vf_assign(h.pf), ==, 2);
    g_assert_cmpint(ixgbe_pf_driver_vf_assign(h.pf), ==, -1);
    ixgbe_pf_driver_vf_free(h.pf, 1);
    g_assert_cmpint(ixgbe_pf_driver_vf_assign(h.pf), ==, 1);
    g_assert_false(ixgbe_pf_driver_vf_assign_number(h.pf, RIG_VFS));
    stop(&h);
}

static void test_data_path(void)
{
    Host h;

    start(&h);
    g_assert_true(ixgbe_pf_driver_filter(h.pf, RIG_MAC[0],
                                         IXGBE_PF_DEFAULT_POOL));
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_PF));
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0);
    g_assert_cmpint(ixgbe_pf_driver_filter_place(h.pf, RIG_MAC[0]), ==, 0);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(0));
    /* Broadcast stays on the synthetic path. */
    rig_send(&h.rig, RIG_WIRE, RIG_BCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_PF));
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], IXGBE_PF_DEFAULT_POOL);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_PF));
    ixgbe_pf_driver_filter_remove(h.pf, RIG_MAC[0]);
    g_assert_cmpint(ixgbe_pf_driver_filter_place(h.pf, RIG_MAC[0]), ==, -2);
    stop(&h);
}

static void test_vf_to_vf_never_on_the_wire(void)
{
    Host h;

    start(&h);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[1], 1);
    rig_send(&h.rig, 0, RIG_MAC[1], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(1));
    /* To a VM on the synthetic path: through the default pool. */
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[1], IXGBE_PF_DEFAULT_POOL);
    rig_send(&h.rig, 0, RIG_MAC[1], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_PF));
    stop(&h);
}

static void test_late_transmit_is_not_spoofed(void)
{
    Host h;

    start(&h);
    /* The VF has no business yet. */
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], IXGBE_PF_DEFAULT_POOL);
    rig_send(&h.rig, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&h.rig), ==, 0);
    ixgbe_pf_driver_watchdog(h.pf);
    g_assert_cmpuint(h.events[IXGBE_PF_SPOOFED], ==, 1);
    g_assert_cmpuint(ixgbe_pf_driver_spoofed(h.pf), ==, 1);

    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0);
    rig_send(&h.rig, 0, RIG_PEER, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, 0);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], IXGBE_PF_DEFAULT_POOL);
    rig_send(&h.rig, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_WIRE));
    ixgbe_pf_driver_vf_check_again(h.pf, 0);
    rig_send(&h.rig, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&h.rig), ==, 0);
    stop(&h);
}

static void test_freed_vf_leaves_nothing(void)
{
    Host h;

    start(&h);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0);
    ixgbe_pf_driver_vf_set_multicast(h.pf, 0, true);
    ixgbe_pf_driver_vf_set_rate(h.pf, 0, 100);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_VLAN | 1 << 16, 100, 0), ==,
                    OK);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_MULTICAST | 1 << 16, 0x123,
                        0), ==, OK);
    ixgbe_pf_driver_vf_free(h.pf, 0);
    rig_run(&h.rig);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_PF));
    g_assert_false(h.rig.end[0].state.tx_enable);
    g_assert_cmphex(rig_read(&h.rig, IXGBE_MTA(0x123 / 32)), ==, 0);
    g_assert_cmphex(rig_read(&h.rig, IXGBE_VFTA(100 / 32)), ==, 0);
    rig_write(&h.rig, IXGBE_RTTDQSEL, 0);
    g_assert_cmphex(rig_read(&h.rig, IXGBE_RTTBCNRC), ==, 0);
    stop(&h);
}

static void test_filter_table_full(void)
{
    uint8_t mac[6] = { 2 };
    unsigned count = 0;
    Host h;

    start(&h);
    do {
        wr_be16(mac + 4, count);
    } while (ixgbe_pf_driver_filter(h.pf, mac, IXGBE_PF_DEFAULT_POOL) &&
             count++ < 1000);
    g_assert_cmpuint(count, ==, IXGBE_RAR_ENTRIES - 1);
    wr_be16(mac + 4, 5);
    g_assert_true(ixgbe_pf_driver_filter(h.pf, mac, 1));
    ixgbe_pf_driver_filter_remove(h.pf, mac);
    g_assert_true(ixgbe_pf_driver_filter(h.pf, RIG_MAC[2], 1));
    stop(&h);
}

static void test_port_vlan(void)
{
    Host h;

    start(&h);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[1], 1);
    ixgbe_pf_driver_vf_set_vlan(h.pf, 0, 7, 3);
    ixgbe_pf_driver_vf_set_vlan(h.pf, 1, 7, 0);
    ixgbe_pf_driver_uplink_vlan(h.pf, 7, true);
    rig_send(&h.rig, 0, RIG_PEER, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_WIRE));
    g_assert_cmphex(rd_be32(h.rig.end[RIG_WIRE].last->data + 12), ==,
                    0x81006007);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, 7);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(0));
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, 8);
    g_assert_cmphex(rig_got(&h.rig), ==, 0);
    rig_send(&h.rig, 0, RIG_MAC[1], RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(1));
    rig_send(&h.rig, RIG_WIRE, RIG_BCAST, RIG_PEER, 7);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_PF));
    ixgbe_pf_driver_vf_set_vlan(h.pf, 0, 0, 0);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(0));
    stop(&h);
}

static void test_link_state(void)
{
    Host h;

    start(&h);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0);
    vf_up(&h, 0, IXGBE_MBX_API_12);
    h.rig.end[0].edges = 0;
    ixgbe_pf_driver_vf_set_link_state(h.pf, 0, IXGBE_PF_LINK_DISABLE);
    rig_run(&h.rig);
    g_assert_cmphex(h.rig.end[0].edges, ==, IXGBE_VFMAILBOX_PFSTS);
    g_assert_cmphex(reply(&h, 0, 0), ==, IXGBE_MBX_PING | IXGBE_MBX_CTS);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, 0);
    g_assert_cmphex(ask(&h, 0, 1, IXGBE_MBX_GET_LINK_STATE, 0, 0), ==, OK);
    g_assert_cmpuint(reply(&h, 0, 1), ==, 0);
    ixgbe_pf_driver_vf_set_link_state(h.pf, 0, IXGBE_PF_LINK_AUTO);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(0));
    stop(&h);
}

static void test_link_change_is_told(void)
{
    Host h;

    start(&h);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    h.rig.end[0].edges = h.rig.end[1].edges = 0;
    ixgbe_adapter_set_cable(h.rig.adapter, false);
    serve(&h);
    g_assert_false(ixgbe_pf_driver_link_up(h.pf));
    g_assert_cmpuint(h.events[IXGBE_PF_LINK], ==, 1);
    g_assert_cmphex(h.rig.end[0].edges, ==, IXGBE_VFMAILBOX_PFSTS);
    g_assert_cmphex(h.rig.end[1].edges, ==, 0);
    stop(&h);
}

static void test_rate_bounds(void)
{
    Host h;

    start(&h);
    g_assert_false(ixgbe_pf_driver_vf_set_rate(h.pf, 0, 10));
    g_assert_false(ixgbe_pf_driver_vf_set_rate(h.pf, 0, 10001));
    g_assert_true(ixgbe_pf_driver_vf_set_rate(h.pf, 1, 1000));
    rig_write(&h.rig, IXGBE_RTTDQSEL, RIG_QPP);
    g_assert_cmphex(rig_read(&h.rig, IXGBE_RTTBCNRC), ==,
                    IXGBE_RTTBCNRC_RS_ENA | 10u << IXGBE_RTTBCNRC_SHIFT);
    stop(&h);
}

static void test_without_sriov(void)
{
    Host h;

    start_with(&h, 0);
    g_assert_cmpint(ixgbe_pf_driver_vf_assign(h.pf), ==, -1);
    g_assert_true(ixgbe_pf_driver_filter(h.pf, RIG_MAC[0],
                                         IXGBE_PF_DEFAULT_POOL));
    g_assert_false(ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0));
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_PF));
    rig_send(&h.rig, RIG_PF, RIG_BCAST, RIG_MAC[0], -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_WIRE));
    stop(&h);
}

static void test_many_vfs(void)
{
    Host h;

    start_with(&h, 63);
    for (unsigned vf = 0; vf < 63; vf++) {
        g_assert_cmpint(ixgbe_pf_driver_vf_assign(h.pf), ==, vf);
        ixgbe_pf_driver_vf_enable(h.pf, vf, true);
    }
    g_assert_cmpuint(ixgbe_pf_driver_default_pool(h.pf), ==, 63);
    /* Between words of the pool map as well. */
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[2], 2);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[2], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(2));
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[2], IXGBE_PF_DEFAULT_POOL);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[2], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_PF));
    g_assert_cmpuint(h.rig.end[RIG_PF].meta.queue, ==, 126);
    stop(&h);
}

/* --- mailbox ------------------------------------------------------------- */

static void test_reset_message(void)
{
    Host h;

    start(&h);
    g_assert_cmphex(ask(&h, 0, 1, IXGBE_MBX_RESET, 0, 0), ==, IXGBE_MBX_ACK);
    g_assert_cmphex(reply(&h, 0, 1), ==, rd_le32(RIG_MAC[0]));
    g_assert_cmphex(reply(&h, 0, 2), ==, rd_le16(RIG_MAC[0] + 4));
    g_assert_cmpuint(h.events[IXGBE_PF_VF_READY], ==, 1);
    /* No address assigned. */
    g_assert_cmphex(ask(&h, 2, 1, IXGBE_MBX_RESET, 0, 0), ==,
                    IXGBE_MBX_NACK);
    stop(&h);
}

static void test_before_reset_nothing_works(void)
{
    Host h;

    start(&h);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_VLAN | 1 << 16, 5, 0), ==,
                    IXGBE_MBX_NACK);
    stop(&h);
}

static void test_api(void)
{
    static const struct { uint32_t api, flags; } cases[] = {
        { IXGBE_MBX_API_10, OK }, { IXGBE_MBX_API_20, REFUSED },
        { IXGBE_MBX_API_11, OK }, { IXGBE_MBX_API_15, OK },
        { 7, REFUSED }, { 8, REFUSED }, { UINT32_MAX, REFUSED },
    };
    Host h;

    start(&h);
    ask(&h, 0, 1, IXGBE_MBX_RESET, 0, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_NEGOTIATE, cases[i].api, 0),
                        ==, cases[i].flags);
    }
    stop(&h);
}

static void test_queues(void)
{
    Host h;

    start(&h);
    vf_up(&h, 0, IXGBE_MBX_API_10);
    g_assert_cmphex(ask(&h, 0, 1, IXGBE_MBX_GET_QUEUES, 0, 0), ==, REFUSED);
    vf_up(&h, 0, IXGBE_MBX_API_11);
    g_assert_cmphex(ask(&h, 0, 1, IXGBE_MBX_GET_QUEUES, 0, 0), ==, OK);
    g_assert_cmpuint(reply(&h, 0, 1), ==, 4);
    g_assert_cmpuint(reply(&h, 0, 2), ==, 4);
    g_assert_cmpuint(reply(&h, 0, 3), ==, 0);
    ixgbe_pf_driver_vf_set_vlan(h.pf, 0, 9, 0);
    g_assert_cmphex(ask(&h, 0, 1, IXGBE_MBX_GET_QUEUES, 0, 0), ==, OK);
    g_assert_cmpuint(reply(&h, 0, 3), ==, 1);
    stop(&h);
}

static uint32_t ask_mac(Host *h, unsigned vf, uint32_t type,
                        const uint8_t *mac)
{
    return ask(h, vf, 3, type, rd_le32(mac), rd_le16(mac + 4));
}

static void test_mac_is_the_owners(void)
{
    uint8_t mac[6];
    Host h;

    start(&h);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    g_assert_cmphex(ask_mac(&h, 0, IXGBE_MBX_SET_MAC, RIG_MAC[0]), ==, OK);
    g_assert_cmphex(ask_mac(&h, 0, IXGBE_MBX_SET_MAC, RIG_PEER), ==, REFUSED);
    g_assert_cmphex(ask_mac(&h, 0, IXGBE_MBX_SET_MAC, RIG_BCAST), ==,
                    REFUSED);
    ixgbe_pf_driver_vf_set_trust(h.pf, 0, true);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    g_assert_cmphex(ask_mac(&h, 0, IXGBE_MBX_SET_MAC, RIG_PEER), ==, OK);
    ixgbe_pf_driver_vf_mac(h.pf, 0, mac);
    g_assert_cmpmem(mac, 6, RIG_PEER, 6);
    g_assert_cmpint(ixgbe_pf_driver_filter_place(h.pf, RIG_PEER), ==, 0);
    g_assert_cmpint(ixgbe_pf_driver_filter_place(h.pf, RIG_MAC[0]), ==, -2);
    rig_send(&h.rig, 0, RIG_MAC[3], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_WIRE));
    stop(&h);
}

static void test_macvlan(void)
{
    Host h;

    start(&h);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    g_assert_cmphex(ask_mac(&h, 0, IXGBE_MBX_SET_MACVLAN | 1 << 16,
                            RIG_MAC[2]), ==, REFUSED);
    ixgbe_pf_driver_vf_set_trust(h.pf, 0, true);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    g_assert_cmphex(ask_mac(&h, 0, IXGBE_MBX_SET_MACVLAN | 1 << 16,
                            RIG_MAC[2]), ==, OK);
    g_assert_cmphex(ask_mac(&h, 0, IXGBE_MBX_SET_MACVLAN | 2 << 16,
                            RIG_MAC[3]), ==, OK);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[2], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(0));
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[3], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(0));
    g_assert_cmphex(ask_mac(&h, 0, IXGBE_MBX_SET_MACVLAN, RIG_MAC[2]), ==,
                    OK);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[2], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_PF));
    stop(&h);
}

static void test_multicast(void)
{
    unsigned hash = 0xfb << 4;
    Host h;

    start(&h);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_MULTICAST | 1 << 16, hash, 0),
                    ==, OK);
    /* Not before the owner allows it. */
    rig_send(&h.rig, RIG_WIRE, RIG_MCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_PF));
    ixgbe_pf_driver_vf_set_multicast(h.pf, 0, true);
    rig_send(&h.rig, RIG_WIRE, RIG_MCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(0) | GOT(RIG_PF));
    g_assert_cmphex(ask(&h, 0, 1, IXGBE_MBX_SET_MULTICAST, 0, 0), ==, OK);
    rig_send(&h.rig, RIG_WIRE, RIG_MCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_PF));
    /* All multicast is for trusted VFs. */
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_UPDATE_XCAST,
                        IXGBE_MBX_XCAST_ALLMULTI, 0), ==, OK);
    g_assert_cmpuint(reply(&h, 0, 1), ==, IXGBE_MBX_XCAST_MULTI);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_UPDATE_XCAST,
                        IXGBE_MBX_XCAST_PROMISC, 0), ==, REFUSED);
    ixgbe_pf_driver_vf_set_trust(h.pf, 0, true);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_UPDATE_XCAST,
                        IXGBE_MBX_XCAST_ALLMULTI, 0), ==, OK);
    rig_send(&h.rig, RIG_WIRE, RIG_MCAST, RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(0) | GOT(RIG_PF));
    stop(&h);
}

static void test_vlan_of_a_vf(void)
{
    Host h;

    start(&h);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_VLAN | 1 << 16, 50, 0), ==,
                    OK);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, 50);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(0));
    rig_send(&h.rig, 0, RIG_PEER, RIG_MAC[0], 51);
    g_assert_cmphex(rig_got(&h.rig), ==, 0);
    rig_send(&h.rig, 0, RIG_PEER, RIG_MAC[0], 50);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(RIG_WIRE));
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_VLAN, 50, 0), ==, OK);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, 50);
    g_assert_cmphex(rig_got(&h.rig), ==, 0);
    ixgbe_pf_driver_vf_set_vlan(h.pf, 0, 9, 0);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_VLAN | 1 << 16, 50, 0), ==,
                    REFUSED);
    stop(&h);
}

static uint32_t ask_vlan(Host *h, unsigned vf, unsigned vid)
{
    return ask(h, vf, 2, IXGBE_MBX_SET_VLAN | 1 << 16, vid, 0);
}

/* A VF without trust has 8; with it all, but never another's port VLAN. */
static void test_vlans_of_greedy_vf(void)
{
    unsigned count = 0;
    Host h;

    start(&h);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[1], 1);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    for (unsigned vid = 100; vid < 108; vid++) {
        g_assert_cmphex(ask_vlan(&h, 0, vid), ==, OK);
    }
    g_assert_cmphex(ask_vlan(&h, 0, 108), ==, REFUSED);
    g_assert_cmphex(ask_vlan(&h, 0, 107), ==, OK);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_VLAN, 100, 0), ==, OK);
    g_assert_cmphex(ask_vlan(&h, 0, 108), ==, OK);
    ixgbe_pf_driver_vf_set_trust(h.pf, 0, true);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    while (ask_vlan(&h, 0, 200 + count) == OK) {
        count++;
        g_assert_cmpuint(count, <, IXGBE_VLVF_ENTRIES);
    }
    g_assert_cmpuint(count, ==, IXGBE_VLVF_ENTRIES - 1);
    ixgbe_pf_driver_vf_set_vlan(h.pf, 1, 9, 0);
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[1], RIG_PEER, 9);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(1));
    /* One of the other's had to leave, and not that of untagged frames. */
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(0));
    count = 0;
    for (unsigned i = 0; i < IXGBE_VLVF_ENTRIES - 1; i++) {
        rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, 200 + i);
        count += rig_got(&h.rig) == GOT(0);
    }
    g_assert_cmpuint(count, ==, IXGBE_VLVF_ENTRIES - 2);
    stop(&h);
}

static void test_frame_size(void)
{
    Host h;

    start(&h);
    vf_up(&h, 0, IXGBE_MBX_API_10);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_LPE, 1518, 0), ==, OK);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_LPE, 9000, 0), ==, REFUSED);
    g_assert_false(h.rig.end[0].state.rx_enable);
    vf_up(&h, 0, IXGBE_MBX_API_11);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_LPE, 9000, 0), ==, OK);
    g_assert_true(h.rig.end[0].state.rx_enable);
    g_assert_cmphex(ask(&h, 0, 2, IXGBE_MBX_SET_LPE, 9729, 0), ==, REFUSED);
    stop(&h);
}

static void test_rss_query(void)
{
    Host h;

    start(&h);
    vf_up(&h, 0, IXGBE_MBX_API_12);
    g_assert_cmphex(ask(&h, 0, 1, IXGBE_MBX_GET_RETA, 0, 0), ==, REFUSED);
    ixgbe_pf_driver_vf_set_query_rss(h.pf, 0, true);
    g_assert_cmphex(ask(&h, 0, 1, IXGBE_MBX_GET_RETA, 0, 0), ==, OK);
    g_assert_cmphex(reply(&h, 0, 1), ==, 0xe4e4e4e4);
    g_assert_cmphex(ask(&h, 0, 1, IXGBE_MBX_GET_RSS_KEY, 0, 0), ==, OK);
    g_assert_cmphex(reply(&h, 0, 1), ==, rig_read(&h.rig, IXGBE_RSSRK(0)));
    g_assert_cmphex(reply(&h, 0, 10), ==, rig_read(&h.rig, IXGBE_RSSRK(9)));
    stop(&h);
}

static void test_unknown_messages(void)
{
    Host h;

    start(&h);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    for (uint32_t type = 2; type < 0x20; type++) {
        if (type == 7 || type == IXGBE_MBX_IPSEC_ADD ||
            type == IXGBE_MBX_IPSEC_DEL || type > 0x10) {
            g_assert_cmphex(ask(&h, 0, 1, type, 0, 0), ==, REFUSED);
        }
    }
    g_assert_cmphex(ask(&h, 0, 1, 0xffff, 0, 0), ==, REFUSED);
    stop(&h);
}

static void test_vf_reset(void)
{
    IxgbePfVfInfo info;
    Host h;

    start(&h);
    ixgbe_pf_driver_filter(h.pf, RIG_MAC[0], 0);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    ixgbe_adapter_port_ops.reset(h.rig.end[0].port, true);
    serve(&h);
    g_assert_cmpuint(h.events[IXGBE_PF_VF_RESET], ==, 1);
    ixgbe_pf_driver_vf_info(h.pf, 0, &info);
    g_assert_false(info.ready);
    g_assert_cmpuint(info.api, ==, IXGBE_MBX_API_10);
    /* The owner's filter stays: the path is not the VF's to change. */
    rig_send(&h.rig, RIG_WIRE, RIG_MAC[0], RIG_PEER, -1);
    g_assert_cmphex(rig_got(&h.rig), ==, GOT(0));
    stop(&h);
}

static void test_ping_waits_for_the_buffer(void)
{
    Host h;

    start(&h);
    vf_up(&h, 0, IXGBE_MBX_API_14);
    h.rig.end[0].edges = 0;
    ixgbe_adapter_port_ops.mailbox(h.rig.end[0].port, IXGBE_VFMAILBOX_VFU);
    ixgbe_pf_driver_vf_ping(h.pf, 0);
    rig_run(&h.rig);
    g_assert_cmphex(h.rig.end[0].edges, ==, 0);
    ixgbe_adapter_port_ops.mailbox(h.rig.end[0].port, 0);
    ixgbe_pf_driver_watchdog(h.pf);
    rig_run(&h.rig);
    g_assert_cmphex(h.rig.end[0].edges, ==, IXGBE_VFMAILBOX_PFSTS);
    stop(&h);
}

static void test_pf_goes(void)
{
    Host h;

    start(&h);
    ixgbe_pf_driver_free(h.pf);
    h.pf = NULL;
    rig_run(&h.rig);
    g_assert_false(h.rig.end[0].state.pf_reset_done);
    rig_clear(&h.rig);
}

static GBytes *saved(const Host *h)
{
    StateWriter w;

    state_writer_init(&w);
    ixgbe_adapter_save(h->rig.adapter, &w);
    ixgbe_pf_driver_save(h->pf, &w);
    return state_writer_finish(&w);
}

static bool load(Host *h, GBytes *state, size_t len)
{
    StateReader r;
    bool ok;

    state_reader_init(&r, g_bytes_get_data(state, NULL), len);
    ok = ixgbe_adapter_load(h->rig.adapter, &r) &&
         ixgbe_pf_driver_load(h->pf, &r) && r.pos == len;
    if (r.error) {
        g_test_message("%s", r.error);
    }
    state_reader_clear(&r);
    return ok;
}

/* The VF's driver does not notice that it talks to another PF driver. */
static void test_state(void)
{
    Host h, other;

    start(&h);
    ixgbe_pf_driver_vf_set_multicast(h.pf, 0, true);
    vf_up(&h, 0, IXGBE_MBX_API_11);
    ask(&h, 0, 2, IXGBE_MBX_SET_MULTICAST | 1 << 16, 0x123, 0);
    ask(&h, 0, 2, IXGBE_MBX_SET_VLAN | 1 << 16, 7, 0);
    g_autoptr(GBytes) state = saved(&h);

    start_with(&other, RIG_VFS);
    g_assert_true(load(&other, state, g_bytes_get_size(state)));
    rig_run(&other.rig);
    g_autoptr(GBytes) again = saved(&other);
    g_assert_true(g_bytes_equal(state, again));
    g_assert_cmphex(ask(&other, 0, 1, IXGBE_MBX_GET_QUEUES, 0, 0), ==, OK);
    for (size_t cut = 1; cut < g_bytes_get_size(state); cut += 101) {
        g_assert_false(load(&other, state, g_bytes_get_size(state) - cut));
    }
    stop(&other);
    stop(&h);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/ixgbe-pf-driver/" #name, test_##name)
    TEST(nothing_assigned);
    TEST(assign_and_free);
    TEST(data_path);
    TEST(vf_to_vf_never_on_the_wire);
    TEST(late_transmit_is_not_spoofed);
    TEST(freed_vf_leaves_nothing);
    TEST(filter_table_full);
    TEST(port_vlan);
    TEST(link_state);
    TEST(link_change_is_told);
    TEST(rate_bounds);
    TEST(without_sriov);
    TEST(many_vfs);
    TEST(reset_message);
    TEST(before_reset_nothing_works);
    TEST(api);
    TEST(queues);
    TEST(mac_is_the_owners);
    TEST(macvlan);
    TEST(multicast);
    TEST(vlan_of_a_vf);
    TEST(vlans_of_greedy_vf);
    TEST(frame_size);
    TEST(rss_query);
    TEST(unknown_messages);
    TEST(vf_reset);
    TEST(ping_waits_for_the_buffer);
    TEST(pf_goes);
    TEST(state);
    status = g_test_run();
    frame_pool_trim();
    return status;
}
