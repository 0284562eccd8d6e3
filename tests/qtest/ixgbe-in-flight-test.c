/*
 * ixgbe and its VFs are reset, switched off or removed with work under way:
 * frames that wait for descriptors, descriptors that wait for their time, a
 * message that moderation holds back.  All of it is gone then.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "ixgbe-traffic.h"

#define FRAMES 10u              /* that find no descriptor, from two sides */
#define LIMITED 20u             /* that wait for their time */
/* Of the two rings with their buffers; head write-back is behind the buffers
 * of the second. */
#define AREA 0x1000000u
#define AREA_SIZE 0x80000u
#define WRITE_BACK (AREA + AREA_SIZE - 64)
#define VECTOR_VF 2u
#define VECTOR (VF_BAR3 + VECTOR_VF * IXGBE_VF_MSIX_BAR_SIZE)
#define MSIX_CONTROL 0x72
#define MESSAGE_DATA 0x77u

typedef enum Reset {
    RESET_NONE,
    RESET_QUEUES,               /* RXDCTL and TXDCTL.ENABLE */
    RESET_VFCTRL,
    RESET_VF_FLR,
    RESET_VFS_OFF,              /* VF Enable of the PF */
    RESET_CTRL,
    RESET_PF_FLR,
    RESET_BUS,
    RESETS
} Reset;

static void config_word(Card *card, unsigned devfn, unsigned at,
                        uint16_t value)
{
    qtest_writew(card->pf.qts, config_at(1, devfn, at), value);
}

static void pass(Card *card, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        g_usleep(200);
        qtest_clock_step(card->pf.qts, 500 * 1000);
    }
}

/* The wire's frames that are there by now. */
static unsigned drain(Card *card)
{
    static uint8_t frame[MAX_FRAME];
    unsigned count = 0;
    char byte;

    while (recv(card->wire.fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1) {
        g_assert_cmpuint(wire_take(card, frame), !=, SIZE_MAX);
        count++;
    }
    return count;
}

static void limit(Card *card, uint32_t bcnrc)
{
    set(&card->pf, IXGBE_RTTDQSEL, 2);          /* VF 1's first */
    set(&card->pf, IXGBE_RTTBCNRC, bcnrc);
}

/* A cause whose message went out, and one whose message has to wait. */
static void leave_message(Card *card)
{
    Pf *pf = &card->pf;

    qtest_writel(pf->qts, VECTOR, MESSAGE);
    qtest_writel(pf->qts, VECTOR + 4, 0);
    qtest_writel(pf->qts, VECTOR + 8, MESSAGE_DATA);
    qtest_writel(pf->qts, VECTOR + 12, 0);
    config_word(card, vf_devfn(VECTOR_VF), MSIX_CONTROL, 0x8000);
    qtest_writel(pf->qts, MESSAGE, 0);
    vf_set(pf, VECTOR_VF, IXGBE_VTEIAC, 1);
    vf_set(pf, VECTOR_VF, IXGBE_VTEITR(0), IXGBE_EITR_INTERVAL);
    vf_set(pf, VECTOR_VF, IXGBE_VTEIMS, 1);
    vf_set(pf, VECTOR_VF, IXGBE_VTEICS, 1);
    for (unsigned i = 0; i < 100 && !qtest_readl(pf->qts, MESSAGE); i++) {
        pass(card, 1);
    }
    g_assert_cmphex(qtest_readl(pf->qts, MESSAGE), ==, MESSAGE_DATA);
    qtest_writel(pf->qts, MESSAGE, 0);
    vf_set(pf, VECTOR_VF, IXGBE_VTEICS, 1);
}

/* VF 2 has frames to come that find no descriptor, VF 1 some to send. */
static void leave(Card *card, Ring *rx, Ring *tx)
{
    uint8_t frame[64];

    vf_rx(rx, card, 2, 0);
    vf_tx(tx, card, 1, 1);
    rx_open(rx, IXGBE_SRRCTL_ONE_BUFFER);
    ring_set(rx, Q_CTL, 0);
    ring_set(rx, Q_TAIL, 0);
    ring_set(rx, Q_CTL, IXGBE_RXDCTL_ENABLE);
    ring_set(tx, Q_WBAL, WRITE_BACK | 1);
    tx_open(tx);
    for (unsigned n = 0; n < FRAMES; n++) {
        make_frame(frame, 2, 1, sizeof(frame));
        tx_frame(tx, frame, sizeof(frame));
        make_frame(frame, 2, PEER, sizeof(frame));
        wire_send(&card->wire, frame, sizeof(frame));
    }
    g_assert_true(tx_done(tx));
    limit(card, IXGBE_RTTBCNRC_RS_ENA | IXGBE_RTTBCNRC_FACTOR);
    make_frame(frame, PEER, 1, sizeof(frame));
    for (unsigned n = 0; n < LIMITED; n++) {
        tx_frame(tx, frame, sizeof(frame));
    }
    leave_message(card);
    g_usleep(2000);
    /* A few have gone out already. */
    g_assert_cmpuint(drain(card), <, LIMITED / 2);
    g_assert_cmpuint((ring_get(tx, Q_TAIL) - ring_get(tx, Q_HEAD)) %
                     RING_SIZE, >, LIMITED / 2);
    g_assert_cmpuint(ring_get(rx, Q_HEAD), ==, 0);
    g_assert_cmphex(qtest_readl(card->pf.qts, MESSAGE), ==, 0);
}

static void reset_card(Card *card, Reset how)
{
    QTestState *qts = card->pf.qts;

    switch (how) {
    case RESET_QUEUES:
        vf_set(&card->pf, 2, IXGBE_VFRDBAL(0) + Q_CTL, 0);
        vf_set(&card->pf, 1, IXGBE_VFTDBAL(0) + Q_CTL, 0);
        break;
    case RESET_VFCTRL:
        vf_set(&card->pf, 2, IXGBE_VFCTRL, IXGBE_VFCTRL_RST);
        vf_set(&card->pf, 1, IXGBE_VFCTRL, IXGBE_VFCTRL_RST);
        break;
    case RESET_VF_FLR:
        config_word(card, vf_devfn(2), PCIE + PCI_EXP_DEVCTL,
                    PCI_EXP_DEVCTL_BCR_FLR);
        config_word(card, vf_devfn(1), PCIE + PCI_EXP_DEVCTL,
                    PCI_EXP_DEVCTL_BCR_FLR);
        break;
    case RESET_VFS_OFF:
        config_word(card, 0, SRIOV + PCI_SRIOV_CTRL, 0);
        break;
    case RESET_CTRL:
        set(&card->pf, IXGBE_CTRL, IXGBE_CTRL_RST);
        break;
    case RESET_PF_FLR:
        config_word(card, 0, PCIE + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR);
        break;
    case RESET_BUS:
        qtest_writew(qts, config_at(0, PORT, PCI_BRIDGE_CONTROL),
                     PCI_BRIDGE_CTL_BUS_RESET);
        qtest_writew(qts, config_at(0, PORT, PCI_BRIDGE_CONTROL), 0);
        break;
    case RESET_NONE:
    case RESETS:
        g_assert_not_reached();
    }
}

/* DMA is possible again, so that nothing but the reset holds it back. */
static void allow(Card *card, Reset how)
{
    set_bars(&card->pf);
    if (how == RESET_VFS_OFF || how >= RESET_PF_FLR) {
        enable_vfs(&card->pf, 8);
        return;
    }
    for (unsigned vf = 1; vf <= 2; vf++) {
        config_word(card, vf_devfn(vf), PCI_COMMAND, PCI_COMMAND_MASTER |
                    PCI_COMMAND_MEMORY);
    }
}

/* That it was under way: without a reset it comes to its end. */
static void comes_to_its_end(Card *card, Ring *rx, Ring *tx)
{
    uint8_t frame[MAX_FRAME];

    ring_set(rx, Q_TAIL, RING_SIZE - 1);
    for (unsigned n = 0; n < 2 * FRAMES; n++) {
        g_assert_cmpuint(rx_take(rx, frame), ==, 64);
    }
    pass(card, 100);
    g_assert_true(tx_done(tx));
    g_assert_cmpuint(drain(card), >, LIMITED / 2);
    g_assert_cmphex(qtest_readl(card->pf.qts, WRITE_BACK), ==,
                    ring_get(tx, Q_TAIL));
    g_assert_cmphex(qtest_readl(card->pf.qts, MESSAGE), ==, MESSAGE_DATA);
}

/* Nothing of before is written to memory, to the wire or to a processor. */
static void is_gone(Card *card, Reset how, const uint8_t *before)
{
    g_autofree uint8_t *after = g_malloc(AREA_SIZE);

    pass(card, 100);
    qtest_memread(card->pf.qts, AREA, after, AREA_SIZE);
    g_assert_cmpmem(after, AREA_SIZE, before, AREA_SIZE);
    g_assert_cmpuint(drain(card), ==, 0);
    /* The others leave MSI-X to the VF: it has to be told of some of them. */
    if (how == RESET_VF_FLR || how == RESET_VFS_OFF || how >= RESET_PF_FLR) {
        g_assert_cmphex(qtest_readl(card->pf.qts, MESSAGE), ==, 0);
    }
}

static void test_reset(Card *card, gconstpointer data)
{
    g_autofree uint8_t *before = g_malloc(AREA_SIZE);

    for (Reset how = RESET_NONE; how < RESETS; how++) {
        Ring rx, tx;

        leave(card, &rx, &tx);
        if (how == RESET_NONE) {
            comes_to_its_end(card, &rx, &tx);
        } else {
            qtest_memread(card->pf.qts, AREA, before, AREA_SIZE);
            reset_card(card, how);
            allow(card, how);
            is_gone(card, how, before);
        }
        limit(card, 0);
        program(&card->pf, 8);
        still_passes(card);
    }
}

static unsigned slot_control(Card *card)
{
    unsigned at = qtest_readb(card->pf.qts, config_at(0, PORT,
                                                      PCI_CAPABILITY_LIST));

    while (at && qtest_readb(card->pf.qts, config_at(0, PORT, at)) !=
           PCI_CAP_ID_EXP) {
        at = qtest_readb(card->pf.qts, config_at(0, PORT, at + 1));
    }
    g_assert_cmpuint(at, !=, 0);
    return at + PCI_EXP_SLTCTL;
}

/* Another card into the slot, as the first was. */
static void plug(Card *card)
{
    QTestState *qts = card->pf.qts;

    qtest_writew(qts, config_at(0, PORT, slot_control(card)),
                 PCI_EXP_SLTCTL_PWR_IND_ON);
    qtest_qmp_assert_success(qts, "{ 'execute': 'device_add', 'arguments':"
                             " { 'driver': 'ixgbe', 'id': 'again', 'bus':"
                             " 'rp', 'netdev': 'n0' } }");
}

/* CVE-2023-3301 and its kind: gone in the middle of work, and a new one. */
static void test_unplug(Card *card, gconstpointer data)
{
    QTestState *qts = card->pf.qts;
    Ring rx, tx;

    leave(card, &rx, &tx);
    qtest_qmp_assert_success(qts, "{ 'execute': 'device_del', 'arguments':"
                             " { 'id': 'dut' } }");
    qtest_writew(qts, config_at(0, PORT, slot_control(card)),
                 PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PWR_IND_OFF);
    qtest_qmp_eventwait(qts, "DEVICE_DELETED");
    plug(card);
    pass(card, 100);
    g_assert_cmpuint(drain(card), ==, 0);
    g_assert_cmphex(qtest_readl(qts, MESSAGE), ==, 0);
    set_bars(&card->pf);
    program(&card->pf, 8);
    still_passes(card);
}

/* Every vector's message of a function with its table at @table. */
static void point_messages(Card *card, unsigned devfn, uint64_t table,
                           uint64_t address, uint32_t data)
{
    QTestState *qts = card->pf.qts;

    for (unsigned vector = 0; vector < 3; vector++) {
        qtest_writeq(qts, table + 16 * vector, address);
        qtest_writel(qts, table + 16 * vector + 8, data);
        qtest_writel(qts, table + 16 * vector + 12, 0);
    }
    config_word(card, devfn, MSIX_CONTROL, PCI_MSIX_FLAGS_ENABLE);
}

/*
 * A function takes the card out of its slot, by a message to the port's slot
 * control, with more messages due behind it: the PF's, a VF's, and one from
 * within a run.
 */
static void test_unplugs_itself(Card *card, gconstpointer data)
{
    const uint32_t off = PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PWR_IND_OFF;
    Pf *pf = &card->pf;

    for (unsigned how = 0; how < 3; how++) {
        uint64_t slot = config_at(0, PORT, slot_control(card));
        uint8_t frame[60] = { 0 };
        Ring tx;

        qtest_writew(pf->qts, slot, PCI_EXP_SLTCTL_PWR_IND_ON);
        switch (how) {
        case 0:
            point_messages(card, 0, PF_BAR4, slot, off);
            set(pf, IXGBE_GPIE, IXGBE_GPIE_MSIX);
            set(pf, IXGBE_EIMS, 7);
            set(pf, IXGBE_EICS, 7);
            break;
        case 1:
            point_messages(card, vf_devfn(VECTOR_VF), VECTOR, slot, off);
            vf_set(pf, VECTOR_VF, IXGBE_VTEIMS, 7);
            vf_set(pf, VECTOR_VF, IXGBE_VTEICS, 7);
            break;
        case 2:
            point_messages(card, vf_devfn(1), VF_BAR3 +
                           IXGBE_VF_MSIX_BAR_SIZE, slot, off);
            vf_set(pf, 1, IXGBE_VTIVAR(0), 0x8080);
            vf_set(pf, 1, IXGBE_VTEIMS, 7);
            vf_tx(&tx, card, 1, 1);
            tx_open(&tx);
            make_frame(frame, 2, 1, sizeof(frame));
            tx_frame(&tx, frame, sizeof(frame));
            break;
        }
        work(pf);
        g_assert_cmphex(qtest_readl(pf->qts, config_at(1, 0, 0)), ==,
                        UINT32_MAX);
        plug(card);
        set_bars(pf);
        program(pf, 8);
        still_passes(card);
    }
}

#define TEST(name, fn, more) \
    g_test_add("/iovlab/ixgbe-in-flight/" name, Card, more, card_start, fn, \
               card_stop)

int main(int argc, char **argv)
{
    /* A slot of PCIe's own kind, without ACPI. */
    const char *const hotplug = ",id=dut -global ICH9-LPC."
        "acpi-pci-hotplug-with-bridge-support=off";

    /* What QEMU frees is garbage at once. */
    g_setenv("MALLOC_PERTURB_", "165", true);
    g_test_init(&argc, &argv, NULL);
    TEST("reset", test_reset, "");
    TEST("unplug", test_unplug, hotplug);
    TEST("unplugs-itself", test_unplugs_itself, hotplug);
    return g_test_run();
}
