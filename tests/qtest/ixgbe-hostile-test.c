/*
 * What a hostile guest does to ixgbe and its VFs beside its rings: DMA at
 * registers, numbers out of every table, storms in the switch and in the
 * mailbox.  docs/ixgbe.md says which class of published defects each test is
 * about.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "ixgbe-traffic.h"

static void reset_and_program(Card *card)
{
    set(&card->pf, IXGBE_CTRL, IXGBE_CTRL_RST);
    work(&card->pf);
    program(&card->pf, 8);
}

/* --- DMA at registers ---------------------------------------------------- */

static const uint64_t registers[] = {
    PF_BAR0 + IXGBE_CTRL, PF_BAR0 + IXGBE_RDBAL(PF_QUEUE),
    PF_BAR0 + IXGBE_TDBAL(PF_QUEUE) + Q_TAIL, PF_BAR4, VF_BAR0,
    VF_BAR0 + 2 * IXGBE_VF_BAR0_SIZE + IXGBE_VFRDBAL(0) + Q_TAIL,
    VF_BAR0 + IXGBE_VF_BAR0_SIZE + IXGBE_VFTDBAL(0) + Q_TAIL, VF_BAR3,
    ECAM + (1 << 20) + 4, ECAM + (1 << 20) + SRIOV, 0xfee00000, 0xfed00000,
};

static void hit(Card *card, Ring *rx, Ring *tx, uint64_t ring,
                uint64_t buffer, uint32_t form)
{
    uint8_t frame[128];

    rx_open(rx, form);
    for (unsigned n = 0; n < RING_SIZE; n++) {
        uint64_t desc[2] = { GUINT64_TO_LE(buffer), GUINT64_TO_LE(buffer) };

        qtest_memwrite(card->pf.qts, rx->base + n * 16, desc, 16);
    }
    if (ring) {
        ring_set(rx, Q_CTL, 0);
        ring_set(rx, Q_BAL, ring & ~127u);
        ring_set(rx, Q_CTL, IXGBE_RXDCTL_ENABLE);
        ring_set(rx, Q_TAIL, RING_SIZE - 1);
    }
    tx_open(tx);
    make_frame(frame, rx->regs < VF_BAR0 ? PF_POOL : 2, 1, sizeof(frame));
    memset(frame + 14, 0xff, sizeof(frame) - 14);
    for (unsigned n = 0; n < 4; n++) {
        tx_frame(tx, frame, sizeof(frame));
    }
    for (unsigned n = 0; n < 4; n++) {
        work(&card->pf);
    }
}

/* The receiving half; the sending is in ixgbe-pf-test.c and ixgbe-vf-test.c. */
static void test_receive_into_itself(Card *card, gconstpointer data)
{
    static const uint32_t forms[] = { IXGBE_SRRCTL_ONE_BUFFER,
                                      IXGBE_SRRCTL_SPLIT_ALWAYS };

    for (unsigned i = 0; i < G_N_ELEMENTS(registers); i++) {
        for (unsigned to_pf = 0; to_pf < 2; to_pf++) {
            Ring rx, tx;

            vf_tx(&tx, card, 1, 1);
            if (to_pf) {
                pf_rx(&rx, card, 0);
            } else {
                vf_rx(&rx, card, 2, 0);
            }
            hit(card, &rx, &tx, 0, registers[i], forms[i % 2]);
            hit(card, &rx, &tx, registers[i], 0, forms[i % 2]);
            alive(&card->pf);
        }
    }
    reset_and_program(card);
    still_passes(card);
}

/* --- numbers out of tables ------------------------------------------------- */

static void knock_everywhere(Card *card)
{
    Ring rings[4];

    for (unsigned i = 0; i < 2; i++) {
        vf_rx(&rings[i], card, i + 1, i);
        vf_tx(&rings[i + 2], card, i + 1, i + 2);
        rx_open(&rings[i], IXGBE_SRRCTL_ONE_BUFFER | IXGBE_SRRCTL_DROP_EN);
        tx_open(&rings[i + 2]);
    }
    for (unsigned to = 0; to <= 16; to++) {
        uint8_t frame[100];

        make_frame(frame, to, PEER, sizeof(frame));
        if (to % 4 == 0) {
            /* TCP, of which the tables have much to say. */
            memcpy(frame + 12, "\x08\0\x45\0\0\x40\0\0\0\0\x40\6\0\0\1\2\3\4"
                   "\5\6\7\x08\0\x50\0\x50", 26);
            memset(frame + 38, 2, 20);
        }
        wire_send(&card->wire, frame, sizeof(frame));
        frame[11] = to % 2 + 1;
        frame[0] |= to % 3 == 0;
        tx_frame(&rings[2 + to % 2], frame, sizeof(frame));
        work(&card->pf);
    }
}

/* CVE-2024-6505 and its kind: every table says queue, pool or rule "all". */
static void test_table_index(Card *card, gconstpointer data)
{
    static const struct {
        uint32_t first, last;
    } tables[] = {
        { 0x00900, 0x00a04 },           /* IVAR */
        { 0x05400, 0x05fff },           /* RA, RSS, 5-tuple... */
        { 0x0a000, 0x0a9ff },           /* VFTA, RA, MPSAR */
        { 0x0cd00, 0x0cfff },
        { 0x0e000, 0x0ecff },           /* filters: 5-tuple, flow director */
        { 0x0f000, 0x0f7ff },           /* VMOLR, VLVF, mirror rules, UTA */
        { 0x08000, 0x081ff },           /* VMVIR, VFTE, MTQC */
        { 0x08200, 0x08220 },           /* PFVFSPOOF, PFDTXGSWC */
        { 0x051b0, 0x051ff },           /* VT_CTL, VFRE... */
        { 0x05180, 0x05187 },           /* PFVMTXSW */
        { 0x04900, 0x0498f },           /* transmit scheduler */
        { 0x02100, 0x023ff },           /* SRRCTL, DCA of queues 0 to 15 */
        { 0x02f04, 0x02f07 },           /* QDE */
    };
    static const uint32_t values[] = { 0xffffffff, 0x80ffffff, 0xfefefefe };

    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (unsigned v = 0; v < G_N_ELEMENTS(values); v++) {
            for (uint32_t at = tables[i].first; at < tables[i].last; at += 4) {
                set(&card->pf, at, values[v]);
            }
            knock_everywhere(card);
            alive(&card->pf);
        }
        reset_and_program(card);
    }
    for (unsigned queue = 0; queue < 256; queue++) {
        set(&card->pf, 0x02f04, queue << 8 | 0x10003);
        set(&card->pf, 0x04904, queue);
        set(&card->pf, 0x04984, 0x80000000 | queue);
    }
    knock_everywhere(card);
    reset_and_program(card);
    for (unsigned queue = 0; queue < 128; queue++) {
        set(&card->pf, 0x04904, queue);
        set(&card->pf, 0x04984, 0);
    }
    still_passes(card);
}

/* Numbers of VFs that are not there. */
static void test_vf_index(Card *card, gconstpointer data)
{
    program(&card->pf, 2);
    for (unsigned vf = 0; vf < VFS; vf++) {
        set(&card->pf, IXGBE_PFMAILBOX(vf), 0x1f);
        set(&card->pf, IXGBE_PFMBMEM(vf) + 60, vf);
        set(&card->pf, IXGBE_PFMAILBOX(vf), IXGBE_PFMAILBOX_STS);
        if (vf >= 2) {
            vf_set(&card->pf, vf, IXGBE_VFRDBAL(0), 0x1000);
            g_assert_cmphex(vf_get(&card->pf, vf, IXGBE_VFRDBAL(0)), !=,
                            0x1000);
            vf_set(&card->pf, vf, IXGBE_VFCTRL, IXGBE_VFCTRL_RST);
            g_assert_cmphex(qtest_readl(card->pf.qts,
                                        config_at(1, vf_devfn(vf), 8)), ==,
                            UINT32_MAX);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        set(&card->pf, IXGBE_VFLREC(i), UINT32_MAX);
        g_assert_cmphex(get(&card->pf, i ? IXGBE_VFLRE1 : IXGBE_VFLRE0), ==,
                        0);
    }
    for (unsigned i = 0; i <= PF_POOL; i++) {
        set(&card->pf, IXGBE_MPSAR_LO(i), UINT32_MAX);
        set(&card->pf, IXGBE_MPSAR_HI(i), UINT32_MAX);
    }
    for (unsigned i = 3; i < 60; i++) {
        uint8_t frame[60];

        make_frame(frame, i % (PF_POOL + 1), PEER, sizeof(frame));
        frame[0] |= i % 2;
        wire_send(&card->wire, frame, sizeof(frame));
        work(&card->pf);
    }
    reset_and_program(card);
    still_passes(card);
}

/* --- storms ---------------------------------------------------------------- */

static void test_mailbox_storm(Card *card, gconstpointer data)
{
    Pf *pf = &card->pf;

    for (unsigned round = 0; round < 2000; round++) {
        unsigned vf = round % 8;

        vf_set(pf, vf, IXGBE_VFMAILBOX, round * 7);
        vf_set(pf, vf, IXGBE_VFMBMEM(round % 16), round);
        vf_set(pf, vf, IXGBE_VFMAILBOX, IXGBE_VFMAILBOX_REQ);
        set(pf, IXGBE_PFMAILBOX(vf), round * 5);
        set(pf, IXGBE_PFMBMEM(vf), round);
        if (round % 11 == 0) {
            vf_set(pf, vf, IXGBE_VFCTRL, IXGBE_VFCTRL_RST);
        }
    }
    work(pf);
    for (unsigned vf = 0; vf < 8; vf++) {
        vf_get(pf, vf, IXGBE_VFMAILBOX);
    }
    for (unsigned i = 0; i < 4; i++) {
        set(pf, IXGBE_PFMBICR(i), UINT32_MAX);
        g_assert_cmphex(get(pf, IXGBE_PFMBICR(i)), ==, 0);
    }
    /* A message there and back. */
    set(pf, IXGBE_PFMAILBOX(3), IXGBE_PFMAILBOX_RVFU);
    work(pf);
    vf_set(pf, 3, IXGBE_VFMAILBOX, IXGBE_VFMAILBOX_VFU);
    vf_set(pf, 3, IXGBE_VFMBMEM(0), 0x1234);
    vf_set(pf, 3, IXGBE_VFMAILBOX, IXGBE_VFMAILBOX_REQ);
    work(pf);
    g_assert_cmphex(get(pf, IXGBE_PFMBICR(0)), ==, 1 << 3);
    g_assert_cmphex(get(pf, IXGBE_PFMBMEM(3)), ==, 0x1234);
    set(pf, IXGBE_PFMBMEM(3), 0x4321);
    set(pf, IXGBE_PFMAILBOX(3), IXGBE_PFMAILBOX_STS);
    work(pf);
    g_assert_cmphex(vf_get(pf, 3, IXGBE_VFMAILBOX) & IXGBE_VFMAILBOX_PFSTS,
                    !=, 0);
    g_assert_cmphex(vf_get(pf, 3, IXGBE_VFMBMEM(0)), ==, 0x4321);
    still_passes(card);
}

/*
 * CVE-2021-3416, CVE-2021-20255: frames that come back.  All pools take all,
 * mirror all to one another, and loop back to themselves.
 */
static void test_loopback_storm(Card *card, gconstpointer data)
{
    Ring rx[8], tx[8];
    uint8_t frame[100];

    for (unsigned i = 0; i <= PF_POOL; i++) {
        set(&card->pf, IXGBE_VMOLR(i), UINT32_MAX);
    }
    for (unsigned i = 0; i < 4; i++) {
        set(&card->pf, IXGBE_MRCTL(i), 0xf | i << IXGBE_MRCTL_POOL_SHIFT);
        set(&card->pf, 0x0f630 + 4 * i, UINT32_MAX);
        set(&card->pf, 0x0f640 + 4 * i, UINT32_MAX);
    }
    set(&card->pf, 0x05180, UINT32_MAX);
    set(&card->pf, 0x05184, UINT32_MAX);
    for (unsigned vf = 0; vf < 8; vf++) {
        vf_rx(&rx[vf], card, vf, vf);
        vf_tx(&tx[vf], card, vf, 8 + vf);
        rx_open(&rx[vf], IXGBE_SRRCTL_ONE_BUFFER | IXGBE_SRRCTL_DROP_EN);
        tx_open(&tx[vf]);
    }
    make_frame(frame, 0xff, 1, sizeof(frame));
    memset(frame, 0xff, 6);
    for (unsigned lpbk = 0; lpbk < 2; lpbk++) {
        set(&card->pf, IXGBE_HLREG0, get(&card->pf, IXGBE_HLREG0) |
            (lpbk ? IXGBE_HLREG0_LPBK : 0));
        for (unsigned n = 0; n < 30; n++) {
            for (unsigned vf = 0; vf < 8; vf++) {
                frame[11] = vf;
                tx_frame(&tx[vf], frame, sizeof(frame));
            }
        }
        for (unsigned vf = 0; vf < 8; vf++) {
            g_assert_true(tx_done(&tx[vf]));
        }
    }
    reset_and_program(card);
    still_passes(card);
}

/* QEMU issue 2440: one that cannot be made leaves nothing behind. */
static void test_failed_realize(Card *card, gconstpointer data)
{
    static const char *const wrong[] = {
        "'total-vfs': 65", "'tx-gather': 100001", "'total-vfs': -2", "'vf-device-id': 1",
        "'sfp': 'none of these'", "'link-speed': '40g'",
        "'sfp': 'da', 'link-speed': '1g'", "'addr': '1.0'",
    };

    for (unsigned i = 0; i < 3 * G_N_ELEMENTS(wrong); i++) {
        g_autofree char *command = g_strdup_printf(
            "{ 'execute': 'device_add', 'arguments': { 'driver': 'ixgbe',"
            " 'bus': 'rp2', 'id': 'two', %s } }",
            wrong[i % G_N_ELEMENTS(wrong)]);
        QDict *answer = qtest_qmp(card->pf.qts, command, NULL);

        g_assert_true(qdict_haskey(answer, "error"));
        qobject_unref(answer);
    }
    qtest_qmp_assert_success(card->pf.qts, "{ 'execute': 'device_add',"
                             " 'arguments': { 'driver': 'ixgbe', 'id': 'two',"
                             " 'bus': 'rp2' } }");
    still_passes(card);
}

#define TEST(name, fn, more) \
    g_test_add("/iovlab/ixgbe-hostile/" name, Card, more, card_start, fn, \
               card_stop)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("receive-into-itself", test_receive_into_itself, "");
    TEST("table-index", test_table_index, "");
    TEST("vf-index", test_vf_index, "");
    TEST("mailbox-storm", test_mailbox_storm, "");
    TEST("loopback-storm", test_loopback_storm, "");
    TEST("failed-realize", test_failed_realize,
         " -device pcie-root-port,id=rp2,slot=2,addr=5");
    return g_test_run();
}
