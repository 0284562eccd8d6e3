/*
 * The PF's configuration space: capabilities where the silicon has them
 * (82599 datasheet 9.3, 9.4), VPD, SR-IOV.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_aer.h"
#include "hw/pci/pcie_sriov.h"
#include "qapi/error.h"
#include "qemu/range.h"
#include "net/ixgbe.h"
#include "net/ixgbe-vf.h"
#include "spec/ixgbe_regs.h"
#include "iovlab-trace.h"

#define MSIX_BAR 4
#define MSIX_BAR_SIZE 0x4000
#define MSIX_PBA 0x2000
#define MSIX_VECTORS 64

#define PM_CAP 0x40
#define MSI_CAP 0x50
#define MSIX_CAP 0x70
#define PCIE_CAP 0xa0
#define VPD_CAP 0xe0
#define AER_CAP 0x100
#define DSN_CAP 0x140
#define ARI_CAP 0x150
#define SRIOV_CAP 0x160
#define VF_OFFSET 128
#define VF_STRIDE 2
#define VF_MMIO_BAR 0
#define VF_MSIX_BAR 3

/* 9.3.10.5, 9.3.10.8, 9.3.10.11: what differs from QEMU's defaults. */
#define DEVCAP_PAYLOAD_512 0x2
#define DEVCAP_L0S_512NS (3 << 6)
#define DEVCAP_L1_64US (6 << 9)
#define DEVCAP2_TIMEOUT_ABCD 0xf
#define DEVCAP2_TIMEOUT_DIS 0x10
#define DEVCTL2_TIMEOUT 0x1f

#define VPD_FLAG 0x8000

/* --- capabilities ---------------------------------------------------------- */

static bool init_pm(PCIDevice *pdev, Error **errp)
{
    if (pci_pm_init(pdev, PM_CAP, errp) < 0) {
        return false;
    }
    pci_set_word(pdev->config + PM_CAP + PCI_PM_PMC,
                 3 | PCI_PM_CAP_DSI | PCI_PM_CAP_PME_D0 |
                 PCI_PM_CAP_PME_D3hot);
    pci_set_word(pdev->config + PM_CAP + PCI_PM_CTRL,
                 PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(pdev->wmask + PM_CAP + PCI_PM_CTRL,
                 PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE);
    pci_set_word(pdev->w1cmask + PM_CAP + PCI_PM_CTRL,
                 PCI_PM_CTRL_PME_STATUS);
    return true;
}

static bool init_messages(IxgbePf *s, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    memory_region_init(&s->msix, OBJECT(s), "ixgbe-msix", MSIX_BAR_SIZE);
    pci_register_bar(pdev, MSIX_BAR, PCI_BASE_ADDRESS_MEM_TYPE_64 |
                     PCI_BASE_ADDRESS_MEM_PREFETCH, &s->msix);
    if (msix_init(pdev, MSIX_VECTORS, &s->msix, MSIX_BAR, 0, &s->msix,
                  MSIX_BAR, MSIX_PBA, MSIX_CAP, errp)) {
        return false;
    }
    for (unsigned i = 0; i < MSIX_VECTORS; i++) {
        msix_vector_use(pdev, i);
    }
    if (msi_init(pdev, MSI_CAP, 1, true, true, errp)) {
        msix_uninit(pdev, &s->msix, &s->msix);
        return false;
    }
    return true;
}

static void init_pcie(PCIDevice *pdev)
{
    uint8_t *cap, *wmask;

    pcie_endpoint_cap_init(pdev, PCIE_CAP);
    pcie_cap_flr_init(pdev);
    pcie_cap_fill_link_ep_usp(pdev, QEMU_PCI_EXP_LNK_X8,
                              QEMU_PCI_EXP_LNK_5GT);
    cap = pdev->config + PCIE_CAP;
    wmask = pdev->wmask + PCIE_CAP;
    pci_long_test_and_set_mask(cap + PCI_EXP_DEVCAP, DEVCAP_PAYLOAD_512 |
                               DEVCAP_L0S_512NS | DEVCAP_L1_64US);
    pci_set_word(cap + PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_READRQ_512B |
                 PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN);
    pci_word_test_and_set_mask(wmask + PCI_EXP_DEVCTL,
                               PCI_EXP_DEVCTL_READRQ |
                               PCI_EXP_DEVCTL_PAYLOAD |
                               PCI_EXP_DEVCTL_RELAX_EN |
                               PCI_EXP_DEVCTL_NOSNOOP_EN);
    pci_set_long(cap + PCI_EXP_DEVCAP2,
                 DEVCAP2_TIMEOUT_ABCD | DEVCAP2_TIMEOUT_DIS);
    pci_set_word(wmask + PCI_EXP_DEVCTL2, DEVCTL2_TIMEOUT);
}

static uint64_t serial_number(const IxgbePf *s)
{
    const uint8_t *m = s->conf.macaddr.a;
    const uint8_t bytes[8] = { m[5], m[4], m[3], 0xff, 0xff, m[2], m[1],
                               m[0] };

    return rd_le64(bytes);
}

static bool init_vpd(IxgbePf *s, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    if (pci_add_capability(pdev, PCI_CAP_ID_VPD, VPD_CAP, PCI_CAP_VPD_SIZEOF,
                           errp) < 0) {
        return false;
    }
    pci_set_word(pdev->wmask + VPD_CAP + PCI_VPD_ADDR, 0xffff);
    pci_set_long(pdev->wmask + VPD_CAP + PCI_VPD_DATA, 0xffffffff);
    return true;
}

/*
 * With ARI below the port, function 1 is found only because function 0 names
 * it.
 */
static void link_ports(IxgbePf *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    unsigned slot = PCI_SLOT(pdev->devfn);
    PCIDevice *first = pci_get_bus(pdev)->devices[PCI_DEVFN(slot, 0)];
    PCIDevice *second = pci_get_bus(pdev)->devices[PCI_DEVFN(slot, 1)];

    if (first && second && object_dynamic_cast(OBJECT(first), TYPE_IXGBE) &&
        first->config[ARI_CAP] == PCI_EXT_CAP_ID_ARI) {
        pci_set_byte(first->config + ARI_CAP + PCI_ARI_CAP + 1, 1);
    }
}

bool ixgbe_config_init(IxgbePf *s, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    pci_config_set_interrupt_pin(pdev->config, 1 + (pdev->devfn & 1));
    /* The last that is added is the first in the list. */
    if (!init_vpd(s, errp)) {
        return false;
    }
    init_pcie(pdev);
    if (!init_messages(s, errp)) {
        pcie_cap_exit(pdev);
        return false;
    }
    if (!init_pm(pdev, errp) ||
        pcie_aer_init(pdev, PCI_ERR_VER, AER_CAP, PCI_ERR_SIZEOF, errp) < 0) {
        msi_uninit(pdev);
        msix_uninit(pdev, &s->msix, &s->msix);
        pcie_cap_exit(pdev);
        return false;
    }
    pcie_dev_ser_num_init(pdev, DSN_CAP, serial_number(s));
    pcie_ari_init(pdev, ARI_CAP);
    link_ports(s);
    return true;
}

/* --- SR-IOV ------------------------------------------------------------------- */

static bool choose_total_vfs(IxgbePf *s, unsigned *total, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    int room = (PCI_DEVFN_MAX - 1 - VF_OFFSET - (int)pdev->devfn) / VF_STRIDE
               + 1;

    if (s->total_vfs < 0) {
        *total = pci_bus_is_root(pci_get_bus(pdev)) ||
                 !pci_bus_is_express(pci_get_bus(pdev)) ? 0 : IXGBE_TOTAL_VFS;
    } else {
        *total = s->total_vfs;
    }
    if ((int)*total > room) {
        error_setg(errp, "the bus has numbers for %d VFs behind %02x.%x: put "
                   "the device into slot 0, function 0 or 1, of a "
                   "pcie-root-port, or say total-vfs=%d", room,
                   PCI_SLOT(pdev->devfn), PCI_FUNC(pdev->devfn), room);
        return false;
    }
    return true;
}

bool ixgbe_config_init_sriov(IxgbePf *s, Error **errp)
{
    const uint8_t type = PCI_BASE_ADDRESS_MEM_TYPE_64 |
                         PCI_BASE_ADDRESS_MEM_PREFETCH;
    PCIDevice *pdev = PCI_DEVICE(s);
    unsigned total;

    if (!choose_total_vfs(s, &total, errp)) {
        return false;
    }
    if (!total) {
        return true;
    }
    if (!pcie_sriov_pf_init(pdev, SRIOV_CAP, TYPE_IXGBE_VF, s->vf_device_id,
                            total, total, VF_OFFSET, VF_STRIDE, errp)) {
        /* Nothing is left of the VFs, but the offset is. */
        pdev->exp.sriov_cap = 0;
        return false;
    }
    pcie_sriov_pf_init_vf_bar(pdev, VF_MMIO_BAR, type, IXGBE_VF_BAR0_SIZE);
    pcie_sriov_pf_init_vf_bar(pdev, VF_MSIX_BAR, type,
                              IXGBE_VF_MSIX_BAR_SIZE);
    return true;
}

void ixgbe_config_exit(IxgbePf *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    pcie_sriov_pf_exit(pdev);
    pcie_aer_exit(pdev);
    pcie_cap_exit(pdev);
    msi_uninit(pdev);
    msix_unuse_all_vectors(pdev);
    msix_uninit(pdev, &s->msix, &s->msix);
}

/* --- accesses ------------------------------------------------------------------- */

/* A read is asked for by an address without the flag, which then comes. */
static void read_vpd(IxgbePf *s)
{
    uint8_t *cap = PCI_DEVICE(s)->config + VPD_CAP;
    uint16_t addr = pci_get_word(cap + PCI_VPD_ADDR);

    if (addr & VPD_FLAG) {
        /* A write: it is never done to the NVM, and done at once. */
        pci_set_word(cap + PCI_VPD_ADDR, addr & ~VPD_FLAG);
        return;
    }
    pci_set_long(cap + PCI_VPD_DATA,
                 ixgbe_adapter_vpd_read(ixgbe_card_adapter(s->card),
                                        addr & ~3));
    pci_set_word(cap + PCI_VPD_ADDR, addr | VPD_FLAG);
}

void ixgbe_config_update_intx(IxgbePf *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    pci_set_irq(pdev, s->intx && !msix_enabled(pdev) && !msi_enabled(pdev));
}

void ixgbe_config_apply(IxgbePf *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    ixgbe_card_set_num_vfs(s->card, pcie_sriov_num_vfs(pdev));
    ixgbe_function_set_bus_master(ixgbe_card_pf(s->card),
                                  pci_get_word(pdev->config + PCI_COMMAND) &
                                  PCI_COMMAND_MASTER);
    ixgbe_config_update_intx(s);
}

void ixgbe_config_write(PCIDevice *pdev, uint32_t addr, uint32_t value,
                        int len)
{
    IxgbePf *s = IXGBE(pdev);

    if (ixgbe_function_is_busy(ixgbe_card_pf(s->card))) {
        /* As with registers: the card's DMA does not reach its own. */
        return;
    }
    trace_ixgbe_config_write(TYPE_IXGBE, 0, addr, value, len);
    pci_default_write_config(pdev, addr, value, len);
    if (range_covers_byte(addr, len, VPD_CAP + PCI_VPD_ADDR + 1)) {
        read_vpd(s);
    }
    s->flr = true;
    pcie_cap_flr_write_config(pdev, addr, value, len);
    s->flr = false;
    ixgbe_config_apply(s);
}
