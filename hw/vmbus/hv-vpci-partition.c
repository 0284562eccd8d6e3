/*
 * hv-vpci: what all virtual buses of the machine share, which is the
 * hypercall that retargets their interrupts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hv-vpci-int.h"

#include "hv/hv.h"

/* The valid-bank mask of a sparse VP set and its 64 banks (TLFS 7.8.7.3). */
#define VARIABLE_MAX 65

static bool apic_id(void *opaque, uint32_t vp, uint32_t *id)
{
    return hv_vp_apic_id(vp, id);
}

static const VpciPartitionOps partition_ops = { .apic_id = apic_id };

static uint16_t retarget(void *opaque, const HvHypercall *call)
{
    uint8_t input[offsetof(HvRetargetInput, valid_banks) + 8 * VARIABLE_MAX];
    uint32_t variable = hv_hypercall_variable(call);
    size_t len = offsetof(HvRetargetInput, valid_banks) + 8 * variable;

    if (variable > VARIABLE_MAX || !hv_hypercall_input(call, 0, input, len)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    return vpci_partition_retarget(opaque, input, len, variable);
}

VpciPartition *hv_vpci_partition(void)
{
    static VpciPartition *partition;

    if (!partition) {
        partition = vpci_partition_new(&partition_ops, NULL);
        hv_hypercall_register(HV_CALL_RETARGET_DEVICE_INTERRUPT, retarget,
                              partition);
    }
    return partition;
}
