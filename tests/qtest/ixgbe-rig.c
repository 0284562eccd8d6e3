/*
 * The rig of the ixgbe device tests: see ixgbe-rig.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "ixgbe-rig.h"

/* --- configuration ------------------------------------------------------- */

uint64_t config_at(unsigned bus, unsigned devfn, unsigned offset)
{
    return ECAM + (bus << 20) + (devfn << 12) + offset;
}

uint32_t pf_config(Pf *pf, unsigned offset)
{
    return qtest_readl(pf->qts, config_at(1, 0, offset));
}

unsigned vf_devfn(unsigned vf)
{
    return 128 + 2 * vf;
}

static void set_bar(Pf *pf, unsigned offset, uint32_t address)
{
    qtest_writel(pf->qts, config_at(1, 0, offset), address);
    qtest_writel(pf->qts, config_at(1, 0, offset + 4), 0);
}

void set_bars(Pf *pf)
{
    set_bar(pf, PCI_BASE_ADDRESS_0, PF_BAR0);
    qtest_writel(pf->qts, config_at(1, 0, PCI_BASE_ADDRESS_2), IO_BAR);
    set_bar(pf, PCI_BASE_ADDRESS_4, PF_BAR4);
    set_bar(pf, SRIOV + PCI_SRIOV_BAR, VF_BAR0);
    set_bar(pf, SRIOV + PCI_SRIOV_BAR + 12, VF_BAR3);
    qtest_writew(pf->qts, config_at(1, 0, PCI_COMMAND), PCI_COMMAND_IO |
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void set_vf_bars(Pf *pf)
{
    set_bar(pf, PCI_BASE_ADDRESS_0, VF_BAR0);
    set_bar(pf, PCI_BASE_ADDRESS_3, VF_BAR3);
    qtest_writew(pf->qts, config_at(1, 0, PCI_COMMAND), PCI_COMMAND_MEMORY |
                 PCI_COMMAND_MASTER);
}

static void set_port(Pf *pf)
{
    qtest_writel(pf->qts, config_at(0, PORT, PCI_PRIMARY_BUS), 0x010100);
    qtest_writew(pf->qts, config_at(0, PORT, PCI_IO_BASE), 0xc0c0);
    qtest_writel(pf->qts, config_at(0, PORT, PCI_MEMORY_BASE), 0xe0f0e000);
    qtest_writew(pf->qts, config_at(0, PORT, PCI_COMMAND), PCI_COMMAND_IO |
                 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void enable_vfs(Pf *pf, unsigned count)
{
    qtest_writew(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_CTRL), 0);
    qtest_writew(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_NUM_VF), count);
    qtest_writew(pf->qts, config_at(1, 0, SRIOV + PCI_SRIOV_CTRL),
                 PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE);
    for (unsigned vf = 0; vf < MIN(count, VFS); vf++) {
        qtest_writew(pf->qts, config_at(1, vf_devfn(vf), PCI_COMMAND),
                     PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
    }
}

void start(Pf *pf, const char *netdev, const char *device, const char *more)
{
    QPCIDevice *host;

    pf->qts = qtest_initf("-machine q35 -m 1G -nodefaults -netdev %s "
                          "-device pcie-root-port,id=rp,addr=4,slot=1 "
                          "-device %s,bus=rp,netdev=n0,"
                          "mac=02:00:00:00:00:01%s", netdev, device, more);
    pf->bus = qpci_new_pc(pf->qts, NULL);
    host = qpci_device_find(pf->bus, 0);
    qpci_config_writel(host, 0x64, 0);
    qpci_config_writel(host, 0x60, ECAM | 1);
    g_free(host);
    set_port(pf);
}

void setup(Pf *pf, gconstpointer data)
{
    start(pf, "hubport,id=n0,hubid=0", "ixgbe", data);
    set_bars(pf);
}

void teardown(Pf *pf, gconstpointer data)
{
    qpci_free_pc(pf->bus);
    qtest_quit(pf->qts);
}

uint32_t get(Pf *pf, uint32_t offset)
{
    return qtest_readl(pf->qts, PF_BAR0 + offset);
}

void set(Pf *pf, uint32_t offset, uint32_t value)
{
    qtest_writel(pf->qts, PF_BAR0 + offset, value);
}

uint32_t vf_get(Pf *pf, unsigned vf, uint32_t offset)
{
    return qtest_readl(pf->qts, VF_BAR0 + vf * IXGBE_VF_BAR0_SIZE + offset);
}

void vf_set(Pf *pf, unsigned vf, uint32_t offset, uint32_t value)
{
    qtest_writel(pf->qts, VF_BAR0 + vf * IXGBE_VF_BAR0_SIZE + offset, value);
}

void alive(Pf *pf)
{
    set(pf, IXGBE_RDBAL(0), 0x12345680);
    g_assert_cmphex(get(pf, IXGBE_RDBAL(0)), ==, 0x12345680);
    g_assert_cmphex(get(pf, IXGBE_STATUS) & IXGBE_STATUS_GIO, !=, 0);
}
