/*
 * The partition: whether the interface is on, what all VPs share, and access
 * to guest memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "hw/boards.h"
#include "migration/vmstate.h"
#include "system/reset.h"
#include "system/system.h"
#include "system/tcg.h"
#include "qemu/module.h"

#include "hv/hv.h"
#include "hv/hv-hooks.h"
#include "iovlab-trace.h"

HvPartition hv_partition;

static bool hv_on;

void hv_enable(void)
{
    hv_on = true;
}

bool hv_enabled(void)
{
    return hv_on;
}

uint32_t hv_vp_count(void)
{
    return MACHINE(qdev_get_machine())->smp.max_cpus;
}

bool hv_vp_apic_id(uint32_t vp, uint32_t *apic_id)
{
    CPUState *cs = qemu_get_cpu(vp);

    if (!cs) {
        return false;
    }
    *apic_id = X86_CPU(cs)->apic_id;
    return true;
}

static bool mem_access(uint64_t gpa, void *buf, size_t len, bool write)
{
    /* RAM only: a guest must not make us touch a device's registers. */
    const MemTxAttrs attrs = { .memory = 1 };

    return address_space_rw(&address_space_memory, gpa, attrs, buf, len,
                            write) == MEMTX_OK;
}

bool hv_mem_read(uint64_t gpa, void *buf, size_t len)
{
    return mem_access(gpa, buf, len, false);
}

bool hv_mem_write(uint64_t gpa, const void *buf, size_t len)
{
    return mem_access(gpa, (void *)buf, len, true);
}

/* Per-VP registers live in the CPU's state, which resets and migrates them. */
static void partition_reset(void *opaque)
{
    trace_hv_partition_reset();
    hv_partition = (HvPartition) { 0 };
}

static const VMStateDescription vmstate_hv_partition = {
    .name = "hv-partition",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(guest_os_id, HvPartition),
        VMSTATE_UINT64(hypercall, HvPartition),
        VMSTATE_UINT64(reference_tsc, HvPartition),
        VMSTATE_UINT64_ARRAY(crash, HvPartition, 5),
        VMSTATE_END_OF_LIST()
    }
};

/* -cpu ...,hv-*: the interface without VMBus, as KVM would provide it. */
static bool cpu_flags_ask(void)
{
    CPUState *cs = first_cpu;
    X86CPU *cpu;

    if (!cs || !tcg_enabled()) {
        return false;
    }
    cpu = X86_CPU(cs);
    return cpu->hyperv_features || cpu->hyperv_passthrough;
}

static void machine_done(Notifier *notifier, void *data)
{
    if (!object_dynamic_cast(qdev_get_machine(), "x86-machine")) {
        return;
    }
    if (cpu_flags_ask()) {
        hv_enable();
    }
    if (hv_enabled()) {
        vmstate_register(NULL, 0, &vmstate_hv_partition, &hv_partition);
        qemu_register_reset(partition_reset, NULL);
    }
}

static Notifier machine_done_notifier = { .notify = machine_done };

static void hv_init(void)
{
    qemu_add_machine_init_done_notifier(&machine_done_notifier);
}

type_init(hv_init)
