/*
 * vtd-iommu and DMA that comes from another thread than the processors': a
 * disk in an iothread whose rings are behind the unit.
 *
 * With TCG, which insists that only the BQL's holder interrupts a processor;
 * with -S, so that no firmware is in the way.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "vtd-places.h"

#define DISK 0x28               /* 00:05.0 */
#define DISK_BAR 0xe0400000ULL

/* Virtio 1.2, 4.1.4.3: the common configuration, at the start of BAR 4. */
enum {
    DRIVER_FEATURE_SELECT = 0x08,
    DRIVER_FEATURE = 0x0c,
    DEVICE_STATUS = 0x14,
    QUEUE_ENABLE = 0x1c,
    QUEUE_DESC = 0x20,
    QUEUE_DRIVER = 0x28,
    QUEUE_DEVICE = 0x30,
};

static void config_write(QTestState *qts, unsigned offset, uint32_t value)
{
    qtest_outl(qts, 0xcf8, 0x80000000 | DISK << 8 | offset);
    qtest_outl(qts, 0xcfc, value);
}

/* From here on the iothread looks into the rings. */
static void start_disk(QTestState *qts)
{
    config_write(qts, 0x20, DISK_BAR);
    config_write(qts, 0x24, 0);
    config_write(qts, 0x04, 6);
    qtest_writeb(qts, DISK_BAR + DEVICE_STATUS, 3);
    /* VIRTIO_F_VERSION_1, VIRTIO_F_ACCESS_PLATFORM. */
    qtest_writel(qts, DISK_BAR + DRIVER_FEATURE_SELECT, 1);
    qtest_writel(qts, DISK_BAR + DRIVER_FEATURE, 3);
    qtest_writeb(qts, DISK_BAR + DEVICE_STATUS, 0xb);
    g_assert_cmphex(qtest_readb(qts, DISK_BAR + DEVICE_STATUS), ==, 0xb);
    qtest_writel(qts, DISK_BAR + QUEUE_DESC, 0x10000);
    qtest_writel(qts, DISK_BAR + QUEUE_DRIVER, 0x20000);
    qtest_writel(qts, DISK_BAR + QUEUE_DEVICE, 0x30000);
    qtest_writew(qts, DISK_BAR + QUEUE_ENABLE, 1);
    qtest_writeb(qts, DISK_BAR + DEVICE_STATUS, 0xf);
}

static void test_fault(void)
{
    QTestState *qts = qtest_init("-accel tcg -S -machine q35 -nodefaults "
                                 "-device vtd-iommu -object iothread,id=io "
                                 "-blockdev null-co,node-name=disk "
                                 "-device virtio-blk-pci,addr=5,drive=disk,"
                                 "iothread=io,disable-legacy=on,"
                                 "iommu_platform=on");
    uint64_t hi;

    qtest_writeq(qts, UNIT + VTD_RTADDR, ROOT);
    qtest_writel(qts, UNIT + VTD_GCMD, VTD_GCMD_SRTP);
    qtest_writel(qts, UNIT + VTD_GCMD, VTD_GCMD_TE);
    /* NMI: what no local APIC masks. */
    qtest_writel(qts, UNIT + VTD_FEADDR, VTD_MSI_BASE);
    qtest_writel(qts, UNIT + VTD_FEDATA, VTD_DLM_NMI << 8);
    qtest_writel(qts, UNIT + VTD_FECTL, 0);
    start_disk(qts);
    do {
        hi = qtest_readq(qts, UNIT + VTD_FRCD + 8);
        g_usleep(1000);
    } while (!(hi & VTD_FRCD_F));
    g_assert_cmphex(hi & 0xffff, ==, DISK);
    g_assert_cmphex(hi >> VTD_FRCD_FR_SHIFT & 0xff, ==,
                    VTD_FR_ROOT_NOT_PRESENT);
    g_assert_true(qtest_readl(qts, UNIT + VTD_FSTS) & VTD_FSTS_PPF);
    /* The main loop has sent it by the time that it does something else. */
    while (qtest_readl(qts, UNIT + VTD_FECTL) & VTD_ECTL_IP) {
        g_usleep(1000);
    }
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (qtest_has_accel("tcg")) {
        qtest_add_func("/iovlab/vtd-threads/fault", test_fault);
    }
    return g_test_run();
}
