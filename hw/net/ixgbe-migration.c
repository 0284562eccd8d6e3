/*
 * The PF in a migration stream, with its VFs inside.
 *
 * QEMU's SR-IOV code resets VFs when the PF's configuration space is loaded and
 * enables them, so a VF's state must come after the PF's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/msix.h"
#include "hw/pci/pcie_sriov.h"
#include "migration/vmstate.h"
#include "qemu/error-report.h"
#include "common/vmstate-blob.h"
#include "net/ixgbe.h"
#include "net/ixgbe-vf.h"

/* Only as many VFs may be enabled as there are (CVE-2025-54566). */
static int ixgbe_pci_post_load(void *opaque, int version)
{
    PCIDevice *pdev = opaque;
    const uint8_t *cap = pdev->config + pdev->exp.sriov_cap;

    if (pdev->exp.sriov_cap && pcie_sriov_num_vfs(pdev) >
                               pci_get_word(cap + PCI_SRIOV_TOTAL_VF)) {
        error_report("%s: the state enables %u VFs of %u",
                     ixgbe_name(IXGBE(pdev)), pcie_sriov_num_vfs(pdev),
                     pci_get_word(cap + PCI_SRIOV_TOTAL_VF));
        return -EINVAL;
    }
    return vmstate_pci_device.post_load(opaque, version);
}

/* QEMU's own, with the check above before it; filled in at start. */
static VMStateDescription ixgbe_pci_vmstate;

static void __attribute__((constructor)) ixgbe_pci_vmstate_init(void)
{
    ixgbe_pci_vmstate = vmstate_pci_device;
    ixgbe_pci_vmstate.post_load = ixgbe_pci_post_load;
}

static void list_vfs(IxgbePf *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    unsigned total = 0;

    if (pdev->exp.sriov_cap) {
        total = pci_get_word(pdev->config + pdev->exp.sriov_cap +
                             PCI_SRIOV_TOTAL_VF);
    }
    memset(s->saved_vf, 0, sizeof(s->saved_vf));
    for (unsigned i = 0; i < total; i++) {
        s->saved_vf[i] = pdev->exp.sriov_pf.vf[i];
    }
}

static int ixgbe_pre_save(void *opaque)
{
    IxgbePf *s = opaque;
    StateWriter w;

    state_writer_init(&w);
    ixgbe_card_save(s->card, &w);
    s->saved = state_writer_finish(&w);
    list_vfs(s);
    s->saved_vfs = pcie_sriov_num_vfs(PCI_DEVICE(s));
    return 0;
}

static int ixgbe_post_save(void *opaque)
{
    g_clear_pointer(&((IxgbePf *)opaque)->saved, g_bytes_unref);
    return 0;
}

static int ixgbe_pre_load(void *opaque)
{
    list_vfs(opaque);
    return 0;
}

static bool ixgbe_vfs_valid(void *opaque, int version)
{
    IxgbePf *s = opaque;

    return s->saved_vfs == pcie_sriov_num_vfs(PCI_DEVICE(s));
}

static int ixgbe_post_load(void *opaque, int version)
{
    IxgbePf *s = opaque;
    StateReader r;
    int status;

    ixgbe_card_set_num_vfs(s->card, pcie_sriov_num_vfs(PCI_DEVICE(s)));
    vmstate_blob_open(&r, s->saved);
    status = vmstate_blob_close(&r, &s->saved, ixgbe_card_load(s->card, &r),
                                ixgbe_name(s));
    if (status == 0) {
        ixgbe_config_apply(s);
    }
    return status;
}

const VMStateDescription ixgbe_vmstate = {
    .name = TYPE_IXGBE,
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = ixgbe_pre_save,
    .post_save = ixgbe_post_save,
    .pre_load = ixgbe_pre_load,
    .post_load = ixgbe_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(parent_obj, IxgbePf, 0, ixgbe_pci_vmstate, PCIDevice),
        VMSTATE_MSIX(parent_obj, IxgbePf),
        VMSTATE_BOOL(intx, IxgbePf),
        VMSTATE_BLOB(saved, IxgbePf),
        VMSTATE_UINT8(saved_vfs, IxgbePf),
        VMSTATE_VALIDATE("as many VFs as are enabled", ixgbe_vfs_valid),
        {
            .name = "saved_vf",
            .offset = offsetof(IxgbePf, saved_vf),
            .num_offset = vmstate_offset_value(IxgbePf, saved_vfs, uint8_t),
            .size = sizeof(PCIDevice *),
            .vmsd = &ixgbe_vf_vmstate,
            .flags = VMS_VARRAY_UINT8 | VMS_STRUCT | VMS_ARRAY_OF_POINTER,
        },
        VMSTATE_END_OF_LIST()
    },
};
