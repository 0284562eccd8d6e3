/*
 * ixgbe-vf through PCI: identity, accesses of every size to every offset, DMA
 * to its own registers, function level reset.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "libqos/pci.h"
#include "libqos/pci-pc.h"
#include "hw/pci/pci_regs.h"
#include "spec/ixgbe_desc.h"
#include "spec/ixgbe_regs.h"

#define DEVFN QPCI_DEVFN(4, 0)
#define RING 0x100000
#define BUFFER 0x110000
#define FLR_CONTROL (0xa0 + PCI_EXP_DEVCTL)

typedef struct Vf {
    QTestState *qts;
    QPCIBus *bus;
    QPCIDevice *dev;
    QPCIBar regs;
    QPCIBar msix;
} Vf;

static void setup(Vf *vf, gconstpointer data)
{
    vf->qts = qtest_initf("-machine q35 -nodefaults -netdev hubport,id=n0,"
                          "hubid=0 -device ixgbe-vf,addr=4,netdev=n0,"
                          "mac=02:00:00:00:00:01%s", (const char *)data);
    vf->bus = qpci_new_pc(vf->qts, NULL);
    vf->dev = qpci_device_find(vf->bus, DEVFN);
    g_assert_nonnull(vf->dev);
    qpci_device_enable(vf->dev);
    vf->regs = qpci_iomap(vf->dev, 0, NULL);
    vf->msix = qpci_iomap(vf->dev, 3, NULL);
}

static void teardown(Vf *vf, gconstpointer data)
{
    g_free(vf->dev);
    qpci_free_pc(vf->bus);
    qtest_quit(vf->qts);
}

static uint32_t get(Vf *vf, uint32_t offset)
{
    return qpci_io_readl(vf->dev, vf->regs, offset);
}

static void set(Vf *vf, uint32_t offset, uint32_t value)
{
    qpci_io_writel(vf->dev, vf->regs, offset, value);
}

static void alive(Vf *vf)
{
    set(vf, IXGBE_VFRDBAL(0), 0x12345680);
    g_assert_cmphex(get(vf, IXGBE_VFRDBAL(0)), ==, 0x12345680);
}

static void test_mailbox_flavour(Vf *vf, gconstpointer data)
{
    g_assert_cmphex(qpci_config_readw(vf->dev, PCI_DEVICE_ID), ==,
                    IXGBE_DEV_82599_VF);
    g_assert_cmphex(get(vf, IXGBE_VFMAILBOX) & IXGBE_VFMAILBOX_RSTI, ==, 0);
    g_assert_cmphex(get(vf, IXGBE_VFLINKS) & IXGBE_LINKS_UP, ==,
                    IXGBE_LINKS_UP);
}

static void test_hyperv_flavour(Vf *vf, gconstpointer data)
{
    g_assert_cmphex(qpci_config_readw(vf->dev, PCI_DEVICE_ID), ==,
                    IXGBE_DEV_82599_VF_HV);
    alive(vf);
}

static void sweep(Vf *vf, QPCIBar bar, uint32_t bytes, uint32_t value)
{
    for (uint32_t at = 0; at < bytes; at += 4) {
        qpci_io_readb(vf->dev, bar, at + 1);
        qpci_io_readw(vf->dev, bar, at + 2);
        g_assert_cmphex(qpci_io_readl(vf->dev, bar, at), !=, UINT32_MAX);
        qpci_io_writeb(vf->dev, bar, at + 3, value);
        qpci_io_writew(vf->dev, bar, at, value);
        qpci_io_writel(vf->dev, bar, at, value);
    }
    for (uint32_t at = 0; at < bytes; at += 8) {
        qpci_io_writeq(vf->dev, bar, at, (uint64_t)value << 32 | value);
        qpci_io_readq(vf->dev, bar, at);
    }
}

static void test_sweep(Vf *vf, gconstpointer data)
{
    sweep(vf, vf->regs, IXGBE_VF_BAR0_SIZE, 0);
    sweep(vf, vf->regs, IXGBE_VF_BAR0_SIZE, 0x5a5a5a5a);
    sweep(vf, vf->msix, IXGBE_VF_MSIX_BAR_SIZE, 0);
    alive(vf);
}

static void test_config_sweep(Vf *vf, gconstpointer data)
{
    static const uint8_t values[] = { 0x00, 0xff, 0x55 };

    for (unsigned v = 0; v < sizeof(values); v++) {
        for (unsigned at = 0; at < 256; at++) {
            qpci_config_writeb(vf->dev, at, values[v]);
            qpci_config_readl(vf->dev, at & ~3u);
        }
    }
    g_assert_cmphex(qpci_config_readw(vf->dev, PCI_VENDOR_ID), ==,
                    IXGBE_VENDOR_ID);
}

static void start_tx(Vf *vf, uint64_t ring, uint64_t buffer)
{
    uint8_t desc[16] = { 0 };

    wr_le64(desc, buffer);
    wr_le32(desc + 8, IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_DATA | IXGBE_TXD_EOP |
            IXGBE_TXD_RS | IXGBE_TXD_IFCS | 64);
    qtest_memwrite(vf->qts, RING, desc, sizeof(desc));
    set(vf, IXGBE_VFTDBAL(0), ring);
    set(vf, IXGBE_VFTDBAH(0), ring >> 32);
    set(vf, IXGBE_VFTDLEN(0), 0x80);
    set(vf, IXGBE_VFTDH(0), 0);
    set(vf, IXGBE_VFTXDCTL(0), IXGBE_TXDCTL_ENABLE);
    set(vf, IXGBE_VFTDT(0), 1);
}

static void test_transmit(Vf *vf, gconstpointer data)
{
    uint8_t status = 0;

    start_tx(vf, RING, BUFFER);
    for (unsigned i = 0; i < 1000 && !(status & 1); i++) {
        status = qtest_readb(vf->qts, RING + 12);
        g_usleep(1000);
    }
    g_assert_cmphex(status & 1, ==, 1);
    g_assert_cmpuint(get(vf, IXGBE_VFGPTC), ==, 1);
    g_assert_cmpuint(get(vf, IXGBE_VFTDH(0)), ==, 1);
}

/* CVE-2023-3019, CVE-2021-3929 and their kind. */
static void test_dma_to_itself(Vf *vf, gconstpointer data)
{
    uint64_t bar = qpci_config_readl(vf->dev, PCI_BASE_ADDRESS_0) & ~0xfull;

    set(vf, IXGBE_VFTDWBAL(0), bar | IXGBE_TDWBAL_EN);
    start_tx(vf, RING, bar + IXGBE_VFTDT(0));
    g_usleep(10000);
    set(vf, IXGBE_VFTXDCTL(0), 0);
    start_tx(vf, bar, bar);
    g_usleep(10000);
    start_tx(vf, UINT64_MAX - 127, 0);
    g_usleep(10000);
    alive(vf);
}

static void test_flr(Vf *vf, gconstpointer data)
{
    alive(vf);
    set(vf, IXGBE_VTEIMS, 7);
    qpci_config_writew(vf->dev, FLR_CONTROL,
                       qpci_config_readw(vf->dev, FLR_CONTROL) |
                       PCI_EXP_DEVCTL_BCR_FLR);
    g_assert_cmphex(qpci_config_readw(vf->dev, PCI_COMMAND) &
                    PCI_COMMAND_MASTER, ==, 0);
    qpci_device_enable(vf->dev);
    vf->regs = qpci_iomap(vf->dev, 0, NULL);
    g_assert_cmphex(get(vf, IXGBE_VFRDBAL(0)), ==, 0);
    g_assert_cmphex(get(vf, IXGBE_VTEIMS), ==, 0);
}

#define TEST(name, fn, more) \
    g_test_add("/iovlab/ixgbe-vf/" name, Vf, more, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("mailbox-flavour", test_mailbox_flavour, "");
    TEST("hyperv-flavour", test_hyperv_flavour, ",flavour=hyperv");
    TEST("sweep", test_sweep, "");
    TEST("config-sweep", test_config_sweep, "");
    TEST("transmit", test_transmit, "");
    TEST("dma-to-itself", test_dma_to_itself, "");
    TEST("flr", test_flr, "");
    return g_test_run();
}
