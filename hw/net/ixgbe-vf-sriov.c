/*
 * The VF that a PF in the same machine has made through SR-IOV: a window on
 * the PF's queues, with the PF's adapter behind it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/pcie_sriov.h"
#include "qapi/error.h"
#include "net/ixgbe.h"
#include "net/ixgbe-vf.h"
#include "spec/ixgbe_regs.h"

static IxgbePf *vf_sriov_pf(IxgbeVf *s)
{
    return IXGBE(pcie_sriov_get_pf(PCI_DEVICE(s)));
}

static IxgbeFunction *vf_sriov_new_function(IxgbeVf *s,
                                            const IxgbeFunctionOps *ops)
{
    return ixgbe_card_vf_new(vf_sriov_pf(s)->card, s->vf, ops, s);
}

static void vf_sriov_free_function(IxgbeVf *s)
{
    ixgbe_card_vf_free(vf_sriov_pf(s)->card, s->vf);
}

static bool vf_sriov_start(IxgbeVf *s, Error **errp)
{
    return true;
}

static void vf_sriov_stop(IxgbeVf *s)
{
}

static void vf_sriov_set_running(IxgbeVf *s, bool running)
{
}

const IxgbeVfBackend ixgbe_vf_sriov_backend = {
    .new_function = vf_sriov_new_function,
    .free_function = vf_sriov_free_function,
    .start = vf_sriov_start,
    .stop = vf_sriov_stop,
    .set_running = vf_sriov_set_running,
};

bool ixgbe_vf_is_sriov(IxgbeVf *s)
{
    PCIDevice *pf = pcie_sriov_get_pf(PCI_DEVICE(s));

    return pf && object_dynamic_cast(OBJECT(pf), TYPE_IXGBE);
}

void ixgbe_vf_init_sriov(IxgbeVf *s)
{
    s->vf = pcie_sriov_vf_number(PCI_DEVICE(s));
    s->hyperv = vf_sriov_pf(s)->vf_device_id == IXGBE_DEV_82599_VF_HV;
}
