/*
 * The synthetic interrupt controller's way to the guest: message slots, event
 * flags and the SINT's interrupt (TLFS 11.7 to 11.10).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "qapi/error.h"
#include "hw/i386/apic_internal.h"
#include "hw/i386/apic-msidef.h"
#include "hw/pci/msi.h"
#include "qemu/atomic.h"
#include "qemu/rcu.h"

#include "hv/hv.h"
#include "iovlab-trace.h"

static X86CPU *synic_cpu(uint32_t vp, uint32_t sint)
{
    CPUState *cs = vp < hv_vp_count() ? qemu_get_cpu(vp) : NULL;

    if (!cs || sint >= HV_SINTS ||
        !(X86_CPU(cs)->env.msr_hv_synic_control & HV_MSR_ENABLE)) {
        return NULL;
    }
    return X86_CPU(cs);
}

static bool sint_masked(X86CPU *cpu, uint32_t sint)
{
    /* Inverted in the CPU's state: see msr.c. */
    return !(cpu->env.msr_hv_synic_sint[sint] & HV_SINT_MASKED);
}

/* A fixed, edge-triggered interrupt to this processor, in any APIC mode. */
static void sint_raise(X86CPU *cpu, uint32_t sint)
{
    uint32_t vector = cpu->env.msr_hv_synic_sint[sint] & HV_SINT_VECTOR_MASK;
    uint32_t id = cpu->apic_id;
    MSIMessage msi = {
        .address = APIC_DEFAULT_ADDRESS |
                   (uint64_t)(id & 0xff) << MSI_ADDR_DEST_ID_SHIFT |
                   (uint64_t)(id & 0xffffff00) << 32,
        .data = vector,
    };

    if (!sint_masked(cpu, sint)) {
        apic_get_class(&error_abort)->send_msi(&msi);
    }
}

bool hv_synic_post(uint32_t vp, uint32_t sint, uint32_t type,
                   const void *payload, size_t len)
{
    X86CPU *cpu = synic_cpu(vp, sint);
    uint8_t slot[HV_MESSAGE_SIZE] = { 0 };
    HvMessageHeader *head = (HvMessageHeader *)slot;
    uint8_t flags = HV_MESSAGE_PENDING;
    uint64_t gpa;
    uint8_t busy[4];

    if (!cpu || len > HV_MESSAGE_PAYLOAD_MAX || sint_masked(cpu, sint) ||
        !(cpu->env.msr_hv_synic_msg_page & HV_MSR_ENABLE)) {
        return false;
    }
    gpa = (cpu->env.msr_hv_synic_msg_page & HV_MSR_PAGE_MASK) +
          sint * HV_MESSAGE_SIZE;
    if (!hv_mem_read(gpa, busy, sizeof(busy))) {
        return false;
    }
    if (rd_le32(busy) != HV_MESSAGE_TYPE_NONE) {
        /* Ask for an EOM, then look again: the guest may just have emptied
         * the slot, having seen no reason to write one. */
        if (!hv_mem_write(gpa + offsetof(HvMessageHeader, flags), &flags, 1)) {
            return false;
        }
        smp_mb();
        if (!hv_mem_read(gpa, busy, sizeof(busy)) ||
            rd_le32(busy) != HV_MESSAGE_TYPE_NONE) {
            trace_hv_synic_busy(vp, sint);
            return false;
        }
    }
    head->payload_size = len;
    memcpy(slot + sizeof(*head), payload, len);
    /* The type last: it is what tells the guest that a message is there. */
    if (!hv_mem_write(gpa + 4, slot + 4, sizeof(*head) - 4 + len)) {
        return false;
    }
    smp_wmb();
    wr_le32(&head->type, type);
    if (!hv_mem_write(gpa, slot, 4)) {
        return false;
    }
    trace_hv_synic_message(vp, sint, type, len);
    sint_raise(cpu, sint);
    return true;
}

/* Sets a bit in guest RAM while other processors clear theirs. */
static bool set_bit_in_ram(uint64_t gpa, uint32_t bit, bool *was_set)
{
    hwaddr len = 4, xlat;
    MemoryRegion *mr;
    uint32_t *word;

    RCU_READ_LOCK_GUARD();

    gpa += bit / 32 * 4;
    mr = address_space_translate(&address_space_memory, gpa, &xlat, &len,
                                 true, MEMTXATTRS_UNSPECIFIED);
    if (len < 4 ||
        !memory_access_is_direct(mr, true, MEMTXATTRS_UNSPECIFIED)) {
        return false;
    }
    word = (uint32_t *)((uint8_t *)memory_region_get_ram_ptr(mr) + xlat);
    *was_set = qatomic_fetch_or(word, cpu_to_le32(1u << (bit % 32))) &
               cpu_to_le32(1u << (bit % 32));
    memory_region_set_dirty(mr, xlat, 4);
    return true;
}

void hv_synic_signal(uint32_t vp, uint32_t sint, uint32_t flag)
{
    X86CPU *cpu = synic_cpu(vp, sint);
    bool was_set;
    uint64_t gpa;

    if (!cpu || flag >= HV_EVENT_FLAGS ||
        !(cpu->env.msr_hv_synic_evt_page & HV_MSR_ENABLE)) {
        trace_hv_synic_drop(vp, sint, flag);
        return;
    }
    gpa = (cpu->env.msr_hv_synic_evt_page & HV_MSR_PAGE_MASK) +
          sint * HV_EVENT_FLAGS_BYTES;
    if (!set_bit_in_ram(gpa, flag, &was_set)) {
        trace_hv_synic_drop(vp, sint, flag);
        return;
    }
    trace_hv_synic_event(vp, sint, flag, was_set);
    if (!was_set) {
        sint_raise(cpu, sint);
    }
}
