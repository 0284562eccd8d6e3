/*
 * ixgbe through PCI: identity, SR-IOV in every order of writes, accesses of
 * every size to every offset of PF and VFs, DMA to their own registers,
 * messages, function level resets.
 *
 * The device is behind a root port; all configuration goes through ECAM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "ixgbe-rig.h"

static bool vf_present(Pf *pf, unsigned vf)
{
    /* Vendor and device of a VF read as ones; its class does not. */
    return qtest_readl(pf->qts, config_at(1, vf_devfn(vf), 8)) >> 16 ==
           PCI_CLASS_NETWORK_ETHERNET;
}

/* --- identity ------------------------------------------------------------ */

static void test_identity(Pf *pf, gconstpointer data)
{
    static const struct {
        unsigned at, id;
    } caps[] = {
        { 0x40, PCI_CAP_ID_PM }, { 0x50, PCI_CAP_ID_MSI },
        { 0x70, PCI_CAP_ID_MSIX }, { 0xa0, PCI_CAP_ID_EXP },
        { 0xe0, PCI_CAP_ID_VPD },
    }, extended[] = {
        { 0x100, PCI_EXT_CAP_ID_ERR }, { 0x140, PCI_EXT_CAP_ID_DSN },
        { 0x150, PCI_EXT_CAP_ID_ARI }, { 0x160, PCI_EXT_CAP_ID_SRIOV },
    };
    unsigned at = pf_config(pf, PCI_CAPABILITY_LIST) & 0xff;

    g_assert_cmphex(pf_config(pf, 0), ==, 0x10fb8086);
    for (unsigned i = 0; i < G_N_ELEMENTS(caps); i++) {
        g_assert_cmphex(at, ==, caps[i].at);
        g_assert_cmphex(pf_config(pf, at) & 0xff, ==, caps[i].id);
        at = pf_config(pf, at) >> 8 & 0xff;
    }
    g_assert_cmphex(at, ==, 0);
    at = 0x100;
    for (unsigned i = 0; i < G_N_ELEMENTS(extended); i++) {
        g_assert_cmphex(at, ==, extended[i].at);
        g_assert_cmphex(pf_config(pf, at) & 0xffff, ==, extended[i].id);
        at = pf_config(pf, at) >> 20;
    }
    g_assert_cmphex(at, ==, 0);
    /* Linux reads these directly. */
    g_assert_cmphex(pf_config(pf, 0x70) >> 16 & 0x7ff, ==, 63);
    g_assert_cmphex(pf_config(pf, 0xb0) >> 16 & 0x3ff, ==, 0x82);
    g_assert_cmphex(pf_config(pf, SRIOV + PCI_SRIOV_INITIAL_VF), ==,
                    VFS << 16 | VFS);
    g_assert_cmphex(pf_config(pf, SRIOV + PCI_SRIOV_VF_OFFSET), ==,
                    2 << 16 | 128);
    g_assert_cmphex(pf_config(pf, SRIOV + PCI_SRIOV_VF_OFFSET + 4) >> 16, ==,
                    IXGBE_DEV_82599_VF);
    alive(pf);
}

static void test_vpd(Pf *pf, gconstpointer data)
{
    unsigned tag;

    qtest_writew(pf->qts, config_at(1, 0, 0xe2), 0);
    g_assert_cmphex(pf_config(pf, 0xe0) >> 31, ==, 1);
    tag = pf_config(pf, 0xe4) & 0xff;
    g_assert_true(tag == 0x82 || tag == 0xff);
    for (unsigned at = 0; at < 0x10000; at += 0x404) {
        qtest_writew(pf->qts, config_at(1, 0, 0xe2), at);
        pf_config(pf, 0xe4);
    }
}

/* --- SR-IOV -------------------------------------------------------------- */

static unsigned count_vfs(Pf *pf)
{
    unsigned count = 0;

    for (unsigned vf = 0; vf < VFS; vf++) {
        count += vf_present(pf, vf);
    }
    g_assert_cmphex(get(pf, IXGBE_STATUS) >> IXGBE_STATUS_NUM_VFS_SHIFT &
                    0x7f, ==, count);
    return count;
}

/* CVE-2024-26327, CVE-2024-26328, CVE-2025-54567. */
static void test_num_vfs(Pf *pf, gconstpointer data)
{
    static const uint16_t counts[] = { 0, 1, 2, 63, 64, 65, 127, 128, 0x8000,
                                       0xffff };

    for (unsigned i = 0; i < G_N_ELEMENTS(counts); i++) {
        unsigned n = counts[i];

        enable_vfs(pf, n);
        g_assert_cmpuint(count_vfs(pf), ==, n <= VFS ? n : 0);
        /* NumVFs cannot change while VFs are enabled. */
        qtest_writew(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_NUM_VF), 5);
        g_assert_cmpuint(count_vfs(pf), ==, n <= VFS ? n : 0);
        qtest_writew(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_CTRL), 0);
        g_assert_cmpuint(count_vfs(pf), ==, 0);
    }
    /* VF Enable first, and bytes instead of words. */
    qtest_writeb(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_NUM_VF), 3);
    qtest_writeb(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_NUM_VF + 1), 1);
    qtest_writeb(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_CTRL), 9);
    g_assert_cmpuint(count_vfs(pf), ==, 0);
    qtest_writeb(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_NUM_VF + 1), 0);
    qtest_writeb(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_CTRL), 9);
    g_assert_cmpuint(count_vfs(pf), ==, 3);
    qtest_writeb(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_NUM_VF + 1), 0xff);
    g_assert_cmpuint(count_vfs(pf), ==, 3);
    alive(pf);
}

static void write_sriov(Pf *pf, unsigned which, unsigned n)
{
    uint64_t control = config_at(1, 0, SRIOV + PCI_SRIOV_CTRL);
    uint16_t now = qtest_readw(pf->qts, control);

    switch (which) {
    case 0:
        qtest_writew(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_NUM_VF), n);
        break;
    case 1:
        qtest_writew(pf->qts, control, now | PCI_SRIOV_CTRL_VFE);
        break;
    case 2:
        qtest_writew(pf->qts, control, now | PCI_SRIOV_CTRL_MSE);
        break;
    }
}

/* NumVFs, VF Enable and MSE, each first, second and last. */
static void test_num_vfs_orders(Pf *pf, gconstpointer data)
{
    static const uint8_t orders[6][3] = {
        { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
        { 2, 1, 0 },
    };

    for (unsigned n = 0; n <= 0xffff; n += n < 130 ? 13 : 4095) {
        for (unsigned order = 0; order < 6; order++) {
            bool counted = order != 2 && order != 3 && order != 5;

            qtest_writew(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_CTRL), 0);
            write_sriov(pf, 0, 0);
            for (unsigned i = 0; i < 3; i++) {
                write_sriov(pf, orders[order][i], n);
                g_assert_cmpuint(count_vfs(pf), <=, VFS);
            }
            /* NumVFs that comes behind VF Enable comes too late. */
            g_assert_cmpuint(count_vfs(pf), ==, counted && n <= VFS ? n : 0);
        }
    }
    alive(pf);
}

static void test_vf(Pf *pf, gconstpointer data)
{
    const uint64_t bar = VF_BAR0 + 5 * IXGBE_VF_BAR0_SIZE;

    enable_vfs(pf, 8);
    g_assert_cmphex(qtest_readl(pf->qts, config_at(1, vf_devfn(5), 0)), ==,
                    0xffffffff);
    g_assert_cmphex(qtest_readl(pf->qts, bar + IXGBE_VFMAILBOX) &
                    IXGBE_VFMAILBOX_RSTI, !=, 0);
    qtest_writel(pf->qts, bar + IXGBE_VFCTRL, IXGBE_VFCTRL_RST);
    g_assert_cmphex(get(pf, IXGBE_VFLRE0), ==, 1 << 5);
    set(pf, IXGBE_VFLREC(0), 1 << 5);
    qtest_writel(pf->qts, bar + IXGBE_VTEIMS, 7);
    qtest_writew(pf->qts, config_at(1, vf_devfn(5), PCIE + PCI_EXP_DEVCTL),
                 PCI_EXP_DEVCTL_BCR_FLR);
    g_assert_cmphex(get(pf, IXGBE_VFLRE0), ==, 1 << 5);
    qtest_writew(pf->qts, config_at(1, vf_devfn(5), PCI_COMMAND),
                 PCI_COMMAND_MASTER);
    g_assert_cmphex(qtest_readl(pf->qts, bar + IXGBE_VTEIMS), ==, 0);
}

static void test_flr(Pf *pf, gconstpointer data)
{
    enable_vfs(pf, 8);
    set(pf, IXGBE_EIMS, 0x1000ff);
    alive(pf);
    qtest_writew(pf->qts, config_at(1, 0, PCIE + PCI_EXP_DEVCTL),
                 PCI_EXP_DEVCTL_BCR_FLR);
    set_bars(pf);
    g_assert_cmpuint(count_vfs(pf), ==, 0);
    g_assert_cmphex(get(pf, IXGBE_RDBAL(0)), ==, 0);
    g_assert_cmphex(get(pf, IXGBE_EIMS), ==, 0);
    enable_vfs(pf, 64);
    g_assert_cmpuint(count_vfs(pf), ==, 64);
}

/* --- sweeps -------------------------------------------------------------- */

static void sweep(Pf *pf, uint64_t bar, uint32_t bytes, uint32_t value)
{
    for (uint32_t at = 0; at < bytes; at += 8) {
        qtest_readb(pf->qts, bar + at + 1);
        qtest_readw(pf->qts, bar + at + 2);
        qtest_readl(pf->qts, bar + at + 4);
        qtest_readq(pf->qts, bar + at);
        qtest_writeb(pf->qts, bar + at + 3, value);
        qtest_writew(pf->qts, bar + at + 5, value);
        qtest_writel(pf->qts, bar + at + 4, value);
        qtest_writeq(pf->qts, bar + at, (uint64_t)value << 32 | value);
    }
}

/* Linux takes a register that reads as ones for a device that is gone. */
static void test_no_ones(Pf *pf, gconstpointer data)
{
    for (uint32_t at = 0; at < IXGBE_PF_BAR0_SIZE; at += 4) {
        if (get(pf, at) == UINT32_MAX) {
            g_assert_cmphex(at, >=, IXGBE_PFMBIMR(0));
            g_assert_cmphex(at, <=, IXGBE_PFMBIMR(1));
        }
    }
}

static void test_sweep(Pf *pf, gconstpointer data)
{
    enable_vfs(pf, 64);
    sweep(pf, PF_BAR0, IXGBE_PF_BAR0_SIZE, 0);
    sweep(pf, PF_BAR0, IXGBE_PF_BAR0_SIZE, 0x5a5a5a5a);
    sweep(pf, PF_BAR4, 0x4000, 0);
    sweep(pf, VF_BAR0 + 63 * IXGBE_VF_BAR0_SIZE, IXGBE_VF_BAR0_SIZE,
          0x5a5a5a5a);
    sweep(pf, VF_BAR3, IXGBE_VF_MSIX_BAR_SIZE, 0);
    set(pf, IXGBE_CTRL, IXGBE_CTRL_RST);
    set(pf, IXGBE_CTRL, 0);
    alive(pf);
}

static void test_io(Pf *pf, gconstpointer data)
{
    qtest_outl(pf->qts, IO_BAR, IXGBE_RDBAL(3));
    qtest_outl(pf->qts, IO_BAR + 4, 0x1000);
    g_assert_cmphex(get(pf, IXGBE_RDBAL(3)), ==, 0x1000);
    g_assert_cmphex(qtest_inl(pf->qts, IO_BAR + 4), ==, 0x1000);
    for (unsigned at = 0; at < 32; at++) {
        qtest_outb(pf->qts, IO_BAR + at, 0xff);
        qtest_inb(pf->qts, IO_BAR + at);
        qtest_outw(pf->qts, IO_BAR + (at & ~1), 0xffff);
        qtest_outl(pf->qts, IO_BAR + (at & ~3), 0xffffffff);
        qtest_inl(pf->qts, IO_BAR + (at & ~3));
    }
    alive(pf);
}

static void test_config_sweep(Pf *pf, gconstpointer data)
{
    static const uint8_t values[] = { 0xff, 0x55, 0x00 };

    for (unsigned v = 0; v < sizeof(values); v++) {
        for (unsigned at = 0; at < 4096; at++) {
            qtest_writeb(pf->qts, config_at(1, 0, at), values[v]);
            pf_config(pf, at & ~3u);
        }
    }
    qtest_writew(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_CTRL), 0);
    set_bars(pf);
    g_assert_cmphex(pf_config(pf, 0), ==, 0x10fb8086);
    alive(pf);
}

/* --- DMA and messages ---------------------------------------------------- */

static void start_tx(Pf *pf, uint64_t ring, uint64_t buffer)
{
    uint8_t desc[16] = { 0 };

    wr_le64(desc, buffer);
    wr_le32(desc + 8, IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_DATA | IXGBE_TXD_EOP |
            IXGBE_TXD_RS | IXGBE_TXD_IFCS | 64);
    wr_le32(desc + 12, 64 << 14);
    qtest_memwrite(pf->qts, RING, desc, sizeof(desc));
    set(pf, IXGBE_TXDCTL(0), 0);
    set(pf, IXGBE_TDBAL(0), ring);
    set(pf, IXGBE_TDBAH(0), ring >> 32);
    set(pf, IXGBE_TDLEN(0), 0x80);
    set(pf, IXGBE_TDH(0), 0);
    set(pf, IXGBE_TDT(0), 0);
    set(pf, IXGBE_DMATXCTL, get(pf, IXGBE_DMATXCTL) | IXGBE_DMATXCTL_TE);
    set(pf, IXGBE_TXDCTL(0), IXGBE_TXDCTL_ENABLE);
    set(pf, IXGBE_TDT(0), 1);
}

static bool sent(Pf *pf)
{
    for (unsigned i = 0; i < 2000; i++) {
        if (get(pf, IXGBE_TDH(0)) == 1) {
            return true;
        }
        g_usleep(1000);
    }
    return false;
}

static void test_transmit(Pf *pf, gconstpointer data)
{
    start_tx(pf, RING, BUFFER);
    g_assert_true(sent(pf));
    g_assert_cmphex(qtest_readb(pf->qts, RING + 12) & 1, ==, 1);
}

/* CVE-2023-3019, CVE-2021-3929 and their kind, also from PF to VF. */
static void test_dma_to_itself(Pf *pf, gconstpointer data)
{
    static const uint64_t places[] = {
        PF_BAR0 + IXGBE_TDT(0), PF_BAR0 + IXGBE_CTRL, PF_BAR0 + IXGBE_TDLEN(0),
        PF_BAR4, VF_BAR0 + IXGBE_VFTDT(0), VF_BAR3, ECAM + (1 << 20) + 4,
        0xfee00000, UINT64_MAX - 127,
    };

    enable_vfs(pf, 4);
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        set(pf, IXGBE_TDWBAL(0), (uint32_t)places[i] | IXGBE_TDWBAL_EN);
        set(pf, IXGBE_TDWBAH(0), places[i] >> 32);
        start_tx(pf, RING, places[i]);
        g_usleep(5000);
        start_tx(pf, places[i] & ~127ull, BUFFER);
        g_usleep(5000);
        alive(pf);
    }
    set(pf, IXGBE_TDWBAL(0), 0);
    start_tx(pf, RING, BUFFER);
    g_assert_true(sent(pf));
}

static uint32_t message_after_tx(Pf *pf)
{
    qtest_writel(pf->qts, MESSAGE, 0);
    start_tx(pf, RING, BUFFER);
    g_assert_true(sent(pf));
    for (unsigned i = 0; i < 200 && !qtest_readl(pf->qts, MESSAGE); i++) {
        g_usleep(1000);
    }
    return qtest_readl(pf->qts, MESSAGE);
}

static void test_msi(Pf *pf, gconstpointer data)
{
    set(pf, IXGBE_IVAR(0), 0x8080);
    set(pf, IXGBE_EIMS, 1);
    qtest_writel(pf->qts, config_at(1, 0, 0x54), MESSAGE);
    qtest_writel(pf->qts, config_at(1, 0, 0x58), 0);
    qtest_writew(pf->qts, config_at(1, 0, 0x5c), 0x4321);
    qtest_writew(pf->qts, config_at(1, 0, 0x52), PCI_MSI_FLAGS_ENABLE);
    g_assert_cmphex(message_after_tx(pf), ==, 0x4321);
    g_assert_cmphex(get(pf, IXGBE_EICR), ==, 1);
    qtest_writew(pf->qts, config_at(1, 0, 0x52), 0);
    g_assert_cmphex(message_after_tx(pf), ==, 0);
}

static void test_msix(Pf *pf, gconstpointer data)
{
    const unsigned vector = 37;

    set(pf, IXGBE_GPIE, IXGBE_GPIE_MSIX | IXGBE_GPIE_EIAME);
    set(pf, IXGBE_IVAR(0), (0x80 | vector) << 8);
    set(pf, IXGBE_EIMS_EX(1), 1u << (vector - 32));
    qtest_writel(pf->qts, PF_BAR4 + 16 * vector, MESSAGE);
    qtest_writel(pf->qts, PF_BAR4 + 16 * vector + 4, 0);
    qtest_writel(pf->qts, PF_BAR4 + 16 * vector + 8, 0x1234);
    qtest_writel(pf->qts, PF_BAR4 + 16 * vector + 12, 0);
    qtest_writew(pf->qts, config_at(1, 0, 0x72), 0x8000);
    g_assert_cmphex(message_after_tx(pf), ==, 0x1234);
    /* A message at the function's own registers does nothing. */
    qtest_writel(pf->qts, PF_BAR4 + 16 * vector, PF_BAR0 + IXGBE_CTRL);
    g_assert_cmphex(message_after_tx(pf), ==, 0);
    alive(pf);
}

#define TEST(name, fn) \
    g_test_add("/iovlab/ixgbe-pf/" name, Pf, "", setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("identity", test_identity);
    TEST("vpd", test_vpd);
    TEST("num-vfs", test_num_vfs);
    TEST("num-vfs-orders", test_num_vfs_orders);
    TEST("vf", test_vf);
    TEST("flr", test_flr);
    TEST("no-ones", test_no_ones);
    TEST("sweep", test_sweep);
    TEST("io", test_io);
    TEST("config-sweep", test_config_sweep);
    TEST("transmit", test_transmit);
    TEST("dma-to-itself", test_dma_to_itself);
    TEST("msi", test_msi);
    TEST("msix", test_msix);
    return g_test_run();
}
