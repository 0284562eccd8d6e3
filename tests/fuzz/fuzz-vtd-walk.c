/*
 * Root, context and paging entries of a hostile driver: tables that point at
 * themselves, at the queue, outside memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP 11

/* The entry that a step writes: of one of four pages that may be tables. */
static uint64_t place(const uint8_t *p)
{
    return VM_ROOT + (p[0] >> 6) * VTD_PAGE_SIZE + (rd_le16(p + 1) & 0xff8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VtdUnitConfig c;
    VtdMachine m;

    if (!size) {
        return 0;
    }
    vtd_unit_config_default(&c);
    c.caching_mode = data[0] & 1;
    c.snoop_control = data[0] & 2;
    c.aw_bits = data[0] & 4 ? 57 : data[0] & 8 ? 39 : 48;
    c.protected_memory = data[0] & 16;
    c.structure_entries = data[0] & 32 ? 0 : data[0] & 64 ? 8 : 64;
    vm_init_small(&m, &c);
    vm_poke64(&m, VM_ROOT, (VM_ROOT + 0x1000) | VTD_ROOT_P);
    vm_poke64(&m, VM_ROOT + 0x1000, (VM_ROOT + 0x2000) | VTD_CTX_P);
    vm_poke64(&m, VM_ROOT + 0x1008, VTD_AW_4LEVEL | 1 << VTD_CTX_DID_SHIFT);
    vm_poke64(&m, VM_ROOT + 0x2000, (VM_ROOT + 0x2000) | 3);
    vm_enable(&m);
    for (data++, size--; size >= STEP; data += STEP, size -= STEP) {
        uint64_t value = rd_le64(data + 3);
        uint64_t out = 0;

        switch (data[0] & 3) {
        case 0:
        case 1:
            vm_poke64(&m, place(data), value);
            break;
        case 2:
            if (vm_dma(&m, rd_le16(data + 1) & 0xf, value, data[0] & 4,
                       &out) == VTD_FR_NONE) {
                /* What comes out is within the host's width, page kept. */
                g_assert_cmphex(out >> c.haw_bits, ==, 0);
                g_assert_cmphex(out & 0xfff, ==, value & 0xfff);
                g_assert_false(vtd_is_interrupt_address(out));
            }
            break;
        case 3:
            if (c.protected_memory && (data[1] & 0x80)) {
                static const uint16_t registers[] = {
                    VTD_PMEN, VTD_PLMBASE, VTD_PLMLIMIT, VTD_PHMBASE,
                    VTD_PHMBASE + 4, VTD_PHMLIMIT, VTD_PHMLIMIT + 4, VTD_PMEN,
                };

                vm_write32(&m, registers[data[1] & 7], value);
                break;
            }
            vm_write64(&m, VTD_IVA, value);
            vm_write64(&m, VTD_IOTLB, VTD_IOTLB_IVT | 1ULL << 32 |
                       (uint64_t)(data[1] & 3) << VTD_IOTLB_IIRG_SHIFT);
            break;
        }
    }
    vm_destroy(&m);
    return 0;
}
