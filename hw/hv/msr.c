/*
 * Synthetic MSRs (TLFS appendix B): one row each.
 *
 * Per-VP registers are kept in env->msr_hv_*, which QEMU resets with the CPU
 * and migrates.  Those of the partition must survive the INIT of a second
 * processor and are kept once.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "qapi/qapi-types-run-state.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "system/runstate.h"

#include "hv/hv.h"
#include "hv/hv-hooks.h"
#include "iovlab-trace.h"

typedef struct Msr {
    uint32_t first, last;
    /* NULL: not readable, or not writable. */
    bool (*read)(X86CPU *cpu, uint32_t msr, uint64_t *value);
    bool (*write)(X86CPU *cpu, uint32_t msr, uint64_t value);
} Msr;

/* partition */

static bool os_id_read(X86CPU *cpu, uint32_t msr, uint64_t *value)
{
    *value = hv_partition.guest_os_id;
    return true;
}

static bool os_id_write(X86CPU *cpu, uint32_t msr, uint64_t value)
{
    hv_partition.guest_os_id = value;
    if (value == 0) {
        hv_partition.hypercall &= ~HV_MSR_ENABLE;
    }
    return true;
}

static bool hypercall_read(X86CPU *cpu, uint32_t msr, uint64_t *value)
{
    *value = hv_partition.hypercall;
    return true;
}

/*
 * TLFS 3.13: the page holds what makes a hypercall.  It is written into the
 * guest's own page; there is no overlay to take away again.
 */
static bool hypercall_write(X86CPU *cpu, uint32_t msr, uint64_t value)
{
    static const uint8_t code[] = {
        0xf3, 0x0f, 0x1e, 0xfa,         /* endbr64: harmless in 32-bit code */
        0x0f, 0x01, 0xd9,               /* vmmcall */
        0xc3,                           /* ret */
    };

    if (hv_partition.hypercall & HV_HYPERCALL_LOCKED) {
        return true;
    }
    if (hv_partition.guest_os_id == 0) {
        value &= ~HV_MSR_ENABLE;
    }
    if ((value & HV_MSR_ENABLE) &&
        !hv_mem_write(value & HV_MSR_PAGE_MASK, code, sizeof(code))) {
        return false;
    }
    hv_partition.hypercall = value;
    return true;
}

static bool reset_read(X86CPU *cpu, uint32_t msr, uint64_t *value)
{
    *value = 0;
    return true;
}

static bool reset_write(X86CPU *cpu, uint32_t msr, uint64_t value)
{
    if (value & HV_MSR_ENABLE) {
        qemu_system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    }
    return true;
}

static bool ref_count_read(X86CPU *cpu, uint32_t msr, uint64_t *value)
{
    /* In units of 100 ns (TLFS 12.4). */
    *value = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) / 100;
    return true;
}

static bool reference_tsc_read(X86CPU *cpu, uint32_t msr, uint64_t *value)
{
    *value = hv_partition.reference_tsc;
    return true;
}

/*
 * Not announced, but Linux clears it on the way to kexec.  To a guest that
 * turns it on, sequence 0 says: use the counter (TLFS 12.6).
 */
static bool reference_tsc_write(X86CPU *cpu, uint32_t msr, uint64_t value)
{
    static const uint8_t sequence[4];

    if ((value & HV_MSR_ENABLE) &&
        !hv_mem_write(value & HV_MSR_PAGE_MASK, sequence, sizeof(sequence))) {
        return false;
    }
    hv_partition.reference_tsc = value;
    return true;
}

/* crash report (TLFS 2.4.3, EDX bit 10) */

static bool crash_read(X86CPU *cpu, uint32_t msr, uint64_t *value)
{
    if (msr == HV_MSR_CRASH_CTL) {
        *value = HV_CRASH_CTL_NOTIFY | HV_CRASH_CTL_MESSAGE;
    } else {
        *value = hv_partition.crash[msr - HV_MSR_CRASH_P0];
    }
    return true;
}

static bool crash_write(X86CPU *cpu, uint32_t msr, uint64_t value)
{
    const uint64_t *p = hv_partition.crash;
    GuestPanicInformation *info;

    if (msr != HV_MSR_CRASH_CTL) {
        hv_partition.crash[msr - HV_MSR_CRASH_P0] = value;
        return true;
    }
    if (value & HV_CRASH_CTL_NOTIFY) {
        trace_hv_guest_crash(p[0], p[1], p[2], p[3], p[4]);
        info = g_new0(GuestPanicInformation, 1);
        info->type = GUEST_PANIC_INFORMATION_TYPE_HYPER_V;
        info->u.hyper_v.arg1 = p[0];
        info->u.hyper_v.arg2 = p[1];
        info->u.hyper_v.arg3 = p[2];
        info->u.hyper_v.arg4 = p[3];
        info->u.hyper_v.arg5 = p[4];
        qemu_system_guest_panicked(info);
    }
    return true;
}

/* virtual processor */

static bool vp_index_read(X86CPU *cpu, uint32_t msr, uint64_t *value)
{
    *value = CPU(cpu)->cpu_index;
    return true;
}

static bool vp_assist_read(X86CPU *cpu, uint32_t msr, uint64_t *value)
{
    *value = cpu->env.msr_hv_vapic;
    return true;
}

static bool vp_assist_write(X86CPU *cpu, uint32_t msr, uint64_t value)
{
    cpu->env.msr_hv_vapic = value;
    return true;
}

/* SynIC (TLFS 11.7 to 11.10) */

static bool synic_read(X86CPU *cpu, uint32_t msr, uint64_t *value)
{
    CPUX86State *env = &cpu->env;

    switch (msr) {
    case HV_MSR_SCONTROL:
        *value = env->msr_hv_synic_control;
        break;
    case HV_MSR_SVERSION:
        *value = HV_SYNIC_VERSION;
        break;
    case HV_MSR_SIEFP:
        *value = env->msr_hv_synic_evt_page;
        break;
    case HV_MSR_SIMP:
        *value = env->msr_hv_synic_msg_page;
        break;
    default:
        *value = 0;
    }
    return true;
}

static bool synic_write(X86CPU *cpu, uint32_t msr, uint64_t value)
{
    CPUX86State *env = &cpu->env;

    switch (msr) {
    case HV_MSR_SCONTROL:
        env->msr_hv_synic_control = value;
        break;
    case HV_MSR_SIEFP:
        env->msr_hv_synic_evt_page = value;
        break;
    case HV_MSR_SIMP:
        env->msr_hv_synic_msg_page = value;
        break;
    default:
        break;
    }
    /* EOM, or a page that has just come: a message may fit now. */
    hv_slot_free(CPU(cpu)->cpu_index);
    return true;
}

/*
 * Kept with the mask bit inverted: a CPU's reset state is all zeroes, and a
 * SINT's is masked.
 */
static bool sint_read(X86CPU *cpu, uint32_t msr, uint64_t *value)
{
    *value = cpu->env.msr_hv_synic_sint[msr - HV_MSR_SINT0] ^ HV_SINT_MASKED;
    return true;
}

static bool sint_write(X86CPU *cpu, uint32_t msr, uint64_t value)
{
    if (!(value & HV_SINT_MASKED) &&
        (value & HV_SINT_VECTOR_MASK) < HV_SINT_VECTOR_MIN) {
        return false;
    }
    cpu->env.msr_hv_synic_sint[msr - HV_MSR_SINT0] = value ^ HV_SINT_MASKED;
    hv_slot_free(CPU(cpu)->cpu_index);
    return true;
}

/* the table */

static const Msr msrs[] = {
    { HV_MSR_GUEST_OS_ID, HV_MSR_GUEST_OS_ID, os_id_read, os_id_write },
    { HV_MSR_HYPERCALL, HV_MSR_HYPERCALL, hypercall_read, hypercall_write },
    { HV_MSR_VP_INDEX, HV_MSR_VP_INDEX, vp_index_read, NULL },
    { HV_MSR_RESET, HV_MSR_RESET, reset_read, reset_write },
    { HV_MSR_REF_COUNT, HV_MSR_REF_COUNT, ref_count_read, NULL },
    { HV_MSR_REFERENCE_TSC, HV_MSR_REFERENCE_TSC, reference_tsc_read,
      reference_tsc_write },
    { HV_MSR_VP_ASSIST, HV_MSR_VP_ASSIST, vp_assist_read, vp_assist_write },
    { HV_MSR_SCONTROL, HV_MSR_SCONTROL, synic_read, synic_write },
    { HV_MSR_SVERSION, HV_MSR_SVERSION, synic_read, NULL },
    { HV_MSR_SIEFP, HV_MSR_EOM, synic_read, synic_write },
    { HV_MSR_SINT0, HV_MSR_SINT15, sint_read, sint_write },
    { HV_MSR_CRASH_P0, HV_MSR_CRASH_CTL, crash_read, crash_write },
};

static const Msr *find_msr(uint32_t msr)
{
    for (size_t i = 0; i < ARRAY_SIZE(msrs); i++) {
        if (msr >= msrs[i].first && msr <= msrs[i].last) {
            return &msrs[i];
        }
    }
    return NULL;
}

static bool in_range(uint32_t msr)
{
    return hv_enabled() && msr >= HV_MSR_FIRST && msr <= HV_MSR_LAST;
}

HvMsrResult hv_wrmsr(CPUState *cs, uint32_t msr, uint64_t value)
{
    const Msr *m;

    if (!in_range(msr)) {
        return HV_MSR_NOT_OURS;
    }
    m = find_msr(msr);
    if (m && m->write) {
        BQL_LOCK_GUARD();

        trace_hv_msr_write(cs->cpu_index, msr, value);
        if (m->write(X86_CPU(cs), msr, value)) {
            return HV_MSR_DONE;
        }
    }
    trace_hv_msr_fault(cs->cpu_index, msr);
    return HV_MSR_FAULT;
}

HvMsrResult hv_rdmsr(CPUState *cs, uint32_t msr, uint64_t *value)
{
    const Msr *m;

    if (!in_range(msr)) {
        return HV_MSR_NOT_OURS;
    }
    m = find_msr(msr);
    if (!m || !m->read || !m->read(X86_CPU(cs), msr, value)) {
        trace_hv_msr_fault(cs->cpu_index, msr);
        return HV_MSR_FAULT;
    }
    if (msr != HV_MSR_REF_COUNT) {
        trace_hv_msr_read(cs->cpu_index, msr, *value);
    }
    return HV_MSR_DONE;
}
