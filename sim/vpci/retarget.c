/*
 * Virtual PCI: the partition, and HvRetargetDeviceInterrupt.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci_int.h"

#include "iovlab-trace.h"

#include "spec/hv_tlfs.h"

/* Function number in a device id. */
#define DEVICE_ID_FUNCTION 7
/* Variable header: the valid-bank mask and one word for each bank. */
#define BANKS_MAX 64

VpciPartition *vpci_partition_new(const VpciPartitionOps *ops, void *opaque)
{
    VpciPartition *p = g_new0(VpciPartition, 1);

    p->ops = ops;
    p->opaque = opaque;
    p->buses = g_ptr_array_new();
    return p;
}

void vpci_partition_free(VpciPartition *partition)
{
    if (partition) {
        g_ptr_array_free(partition->buses, true);
        g_free(partition);
    }
}

/* The lowest processor of @bank that exists. */
static bool first_in_bank(VpciPartition *p, unsigned bank, uint64_t mask,
                          uint32_t *apic_id)
{
    for (unsigned i = 0; i < 64; i++) {
        if (mask >> i & 1 && p->ops->apic_id(p->opaque, bank * 64 + i,
                                             apic_id)) {
            return true;
        }
    }
    return false;
}

/* TLFS 7.8.7.3: HV_VP_SET; @words is the variable header. */
static bool first_in_set(VpciPartition *p, uint64_t format,
                         const uint8_t *words, unsigned count,
                         uint32_t *apic_id)
{
    uint64_t valid;
    unsigned n = 1;

    if (format == HV_VP_SET_ALL) {
        return p->ops->apic_id(p->opaque, 0, apic_id);
    }
    if (format != HV_VP_SET_SPARSE_4K || !count) {
        return false;
    }
    valid = rd_le64(words);
    if (count != 1 + (unsigned)__builtin_popcountll(valid)) {
        return false;
    }
    for (unsigned bank = 0; bank < BANKS_MAX; bank++) {
        if (valid >> bank & 1) {
            if (first_in_bank(p, bank, rd_le64(words + 8 * n), apic_id)) {
                return true;
            }
            n++;
        }
    }
    return false;
}

static VpciBus *find_bus(VpciPartition *p, uint64_t device_id)
{
    for (unsigned i = 0; i < p->buses->len; i++) {
        VpciBus *bus = g_ptr_array_index(p->buses, i);

        if (bus->device_id == (device_id & ~(uint64_t)DEVICE_ID_FUNCTION)) {
            return bus;
        }
    }
    return NULL;
}

static uint16_t retarget(VpciPartition *p, const uint8_t *in,
                         unsigned var_words)
{
    uint64_t device_id = rd_le64(in + offsetof(HvRetargetInput, device_id));
    uint32_t vector = rd_le32(in + offsetof(HvRetargetInput, vector));
    uint32_t flags = rd_le32(in + offsetof(HvRetargetInput, flags));
    uint64_t set = rd_le64(in + offsetof(HvRetargetInput, vp_mask));
    VpciBus *bus = find_bus(p, device_id);
    HvrInterrupt irq = { .vector = vector };

    if (rd_le64(in) != HV_PARTITION_SELF) {
        return HV_STATUS_ACCESS_DENIED;
    }
    if (!bus || bus->state != VPCI_BUS_D0 ||
        rd_le32(in + offsetof(HvRetargetInput, source)) !=
        HV_INTERRUPT_SOURCE_MSI ||
        flags & ~(HV_RETARGET_MULTICAST | HV_RETARGET_VP_SET) ||
        vector < 16 || vector > 255) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    if (flags & HV_RETARGET_VP_SET) {
        if (!first_in_set(p, set, in + offsetof(HvRetargetInput, valid_banks),
                          var_words, &irq.dest_apic_id)) {
            return HV_STATUS_INVALID_PARAMETER;
        }
    } else if (var_words || !first_in_bank(p, 0, set, &irq.dest_apic_id)) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    return vpci_interrupt_retarget(bus, device_id & DEVICE_ID_FUNCTION,
                                   rd_le32(in + offsetof(HvRetargetInput,
                                                         msi_address)),
                                   rd_le32(in + offsetof(HvRetargetInput,
                                                         msi_data)), &irq) ?
           HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
}

uint16_t vpci_partition_retarget(VpciPartition *partition, const void *input,
                                 size_t len, unsigned var_words)
{
    uint16_t status = HV_STATUS_INVALID_HYPERCALL_INPUT;

    if (iov_in_range(offsetof(HvRetargetInput, valid_banks),
                     8 * (uint64_t)var_words, len)) {
        status = retarget(partition, input, var_words);
    }
    if (status != HV_STATUS_SUCCESS) {
        trace_vpci_retarget_refused(len >= 16 ? rd_le64((const uint8_t *)input
                                                        + 8) : 0, status);
    }
    return status;
}
