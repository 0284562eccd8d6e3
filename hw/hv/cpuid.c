/*
 * CPUID leaves 0x40000000 to 0x40000006 (TLFS 2.4).
 *
 * Only what is implemented is announced: a guest that is told of synthetic
 * timers or of the APIC assist page uses them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cpu.h"

#include "hv/hv.h"
#include "hv/hv-hooks.h"

typedef struct CpuidLeaf {
    uint32_t eax, ebx, ecx, edx;
} CpuidLeaf;

/* Version (leaf 2): Windows Server 2022, the first with VMBus 5.3. */
#define HOST_BUILD 20348
#define HOST_VERSION (10u << 16)

static const CpuidLeaf leaves[] = {
    /* "Microsoft Hv" */
    { HV_CPUID_LAST, 0x7263694d, 0x666f736f, 0x76482074 },
    { HV_CPUID_INTERFACE_HV1 },
    { HOST_BUILD, HOST_VERSION },
    { HV_PRIV_REF_COUNTER | HV_PRIV_SYNIC | HV_PRIV_HYPERCALL |
      HV_PRIV_VP_INDEX | HV_PRIV_RESET,
      HV_PRIV_POST_MESSAGES | HV_PRIV_SIGNAL_EVENTS, 0, HV_FEATURE_CRASH },
    /* EBX: never notify the hypervisor of a long spin. */
    { HV_HINT_NO_AUTO_EOI, UINT32_MAX },
    { 0 },
    { 0 },
};

bool hv_cpuid(CPUState *cs, uint32_t leaf, uint32_t *eax, uint32_t *ebx,
              uint32_t *ecx, uint32_t *edx)
{
    CpuidLeaf l;

    if (!hv_enabled() || leaf < HV_CPUID_BASE || leaf > HV_CPUID_LAST) {
        return false;
    }
    l = leaves[leaf - HV_CPUID_BASE];
    if (leaf == HV_CPUID_LIMITS) {
        l.eax = hv_vp_count();
        l.ebx = l.eax;
    }
    *eax = l.eax;
    *ebx = l.ebx;
    *ecx = l.ecx;
    *edx = l.edx;
    return true;
}
