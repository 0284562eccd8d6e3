/*
 * What QEMU's own code calls: Hyper-V's interface under TCG, and VMBus' node
 * in ACPI.  See qemu/patches.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_HW_HV_HOOKS_H
#define IOVLAB_HW_HV_HOOKS_H

typedef enum HvMsrResult {
    HV_MSR_NOT_OURS,
    HV_MSR_DONE,
    HV_MSR_FAULT,           /* the guest gets #GP */
} HvMsrResult;

struct Aml;

#if !defined(CONFIG_USER_ONLY) && defined(TARGET_X86_64)

/* Whether this machine has the interface; does not change while it runs. */
bool hv_enabled(void);
bool hv_cpuid(CPUState *cs, uint32_t leaf, uint32_t *eax, uint32_t *ebx,
              uint32_t *ecx, uint32_t *edx);
HvMsrResult hv_wrmsr(CPUState *cs, uint32_t msr, uint64_t value);
HvMsrResult hv_rdmsr(CPUState *cs, uint32_t msr, uint64_t *value);
/* False: the instruction is not a hypercall here and gets #UD. */
bool hv_hypercall(CPUState *cs);
/* Adds VMBus' device to @scope if the machine has one. */
void hv_vmbus_build_aml(struct Aml *scope);

#else

static inline bool hv_enabled(void)
{
    return false;
}

static inline bool hv_cpuid(CPUState *cs, uint32_t leaf, uint32_t *eax,
                            uint32_t *ebx, uint32_t *ecx, uint32_t *edx)
{
    return false;
}

#endif
#endif
