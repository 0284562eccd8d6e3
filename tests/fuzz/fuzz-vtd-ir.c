/*
 * Interrupt requests and entries of a hostile device and driver.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VtdUnitConfig c;
    VtdMachine m;

    if (!size) {
        return 0;
    }
    vtd_unit_config_default(&c);
    c.caching_mode = data[0] & 1;
    c.eim = data[0] & 2;
    vm_init_small(&m, &c);
    vm_enable_ir(&m, data[0] & 8);
    vm_command(&m, data[0] & 16 ? VTD_GCMD_CFI : 0);
    for (data++, size--; size >= STEP; data += STEP, size -= STEP) {
        uint16_t a = rd_le16(data + 2);
        uint64_t lo = rd_le64(data + 4), hi = rd_le64(data + 12);
        VtdInterrupt irq;

        switch (data[0] & 3) {
        case 0:
            vm_irte(&m, a & 0xff, lo, hi);
            break;
        case 1:
            /* Mostly acceptable entries. */
            vm_irte(&m, a & 0xff, (lo & 0xffffffff00ff0fffULL) | VTD_IRTE_P,
                    hi & 0xfffff);
            break;
        case 2:
            if (vtd_unit_remap(m.unit, a, VTD_MSI_BASE | (lo & 0xfffff), hi,
                               &irq, NULL) && irq.remapped) {
                g_assert_cmpuint(irq.delivery_mode, !=, 3);
                g_assert_cmpuint(irq.delivery_mode, !=, 6);
            }
            break;
        case 3:
            vm_enable_queue(&m);
            vm_queue(&m, VTD_DESC_IEC | (lo & ~0xfULL), 0);
            break;
        }
    }
    vm_destroy(&m);
    return 0;
}
