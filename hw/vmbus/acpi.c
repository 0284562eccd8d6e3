/*
 * VMBus in ACPI.
 *
 * Linux binds to _HID "VMBUS" and looks for its address space in the _CRS of
 * the device and of its ancestors; on Hyper-V that is the module VMOD.  No
 * interrupt is described: SynIC's vectors are the guest's choice.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "hw/acpi/aml-build.h"

#include "hv/hv-hooks.h"
#include "vmbus/hv-vmbus.h"

void hv_vmbus_build_aml(Aml *scope)
{
    const uint64_t last = HV_VMBUS_MMIO64_BASE + HV_VMBUS_MMIO64_SIZE - 1;
    Aml *sb, *module, *bus, *crs;

    if (!object_resolve_path_type("", TYPE_HV_VMBUS, NULL)) {
        return;
    }
    crs = aml_resource_template();
    aml_append(crs, aml_dword_memory(AML_POS_DECODE, AML_MIN_FIXED,
                                     AML_MAX_FIXED, AML_NON_CACHEABLE,
                                     AML_READ_WRITE, 0, HV_VMBUS_MMIO32_BASE,
                                     HV_VMBUS_MMIO32_BASE +
                                     HV_VMBUS_MMIO32_SIZE - 1,
                                     0, HV_VMBUS_MMIO32_SIZE));
    /* A CPU model with fewer address bits has the window below only. */
    if (last >> X86_CPU(first_cpu)->phys_bits == 0) {
        aml_append(crs, aml_qword_memory(AML_POS_DECODE, AML_MIN_FIXED,
                                         AML_MAX_FIXED, AML_NON_CACHEABLE,
                                         AML_READ_WRITE, 0,
                                         HV_VMBUS_MMIO64_BASE, last, 0,
                                         HV_VMBUS_MMIO64_SIZE));
    }

    bus = aml_device("VMBS");
    aml_append(bus, aml_name_decl("_HID", aml_string("VMBUS")));
    aml_append(bus, aml_name_decl("_UID", aml_int(0)));
    aml_append(bus, aml_name_decl("_STA", aml_int(0xf)));
    /* Linux gives up on windows altogether if there is no _CRS here. */
    aml_append(bus, aml_name_decl("_CRS", aml_resource_template()));

    module = aml_device("VMOD");
    aml_append(module, aml_name_decl("_HID", aml_string("ACPI0004")));
    aml_append(module, aml_name_decl("_UID", aml_int(0)));
    aml_append(module, aml_name_decl("_CRS", crs));
    aml_append(module, bus);

    sb = aml_scope("\\_SB");
    aml_append(sb, module);
    aml_append(scope, sb);
}
