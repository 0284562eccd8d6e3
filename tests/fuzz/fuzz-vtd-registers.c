/*
 * The unit's registers and invalidation queue, behind a driver that has set
 * everything up: accesses of every width and place, memory written at will,
 * requests in between.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP 12

static void prologue(VtdMachine *m)
{
    vm_map(m, vm_device(m, 0x0310, 3, 4), 4, 0, 0x5003, 1);
    vm_irte(m, 1, VTD_IRTE_P, 0);
    vm_enable(m);
    vm_enable_ir(m, true);
    vm_enable_queue(m);
    vm_write32(m, VTD_FECTL, 0);
    /* Regions and a log, if there are such things; steps change them. */
    vm_write32(m, VTD_PLMBASE, 0x00200000);
    vm_write32(m, VTD_PLMLIMIT, 0x00400000);
    vm_write64(m, VTD_PHMBASE, 1ULL << 32);
    vm_write64(m, VTD_PHMLIMIT, 1ULL << 33);
    vm_write32(m, VTD_PMEN, VTD_PMEN_EPM);
    vm_write64(m, VTD_AFLOG, 0x50000);
    vm_command(m, VTD_GCMD_SFL);
    vm_command(m, VTD_GCMD_EAFL);
}

/* One step: what, where, value. */
static void step(VtdMachine *m, const uint8_t *p)
{
    uint16_t where = rd_le16(p + 2);
    uint64_t value = rd_le64(p + 4);

    switch (p[0] % 8) {
    case 0:
        vtd_unit_mmio_write(m->unit, where, value, p[1] % 9);
        break;
    case 1:
        vtd_unit_mmio_write(m->unit, where % 0x2a0 & ~3, value, 4);
        break;
    case 2:
        vtd_unit_mmio_write(m->unit, where % 0x2a0 & ~7, value, 8);
        break;
    case 3:
        vtd_unit_mmio_read(m->unit, where, p[1] % 9);
        break;
    case 4:
        vm_poke64(m, VM_QUEUE + (where & 0xff8), value);
        break;
    case 5:
        m->tail = vtd_unit_mmio_read(m->unit, VTD_IQT, 4) & 0xff0;
        vm_queue(m, value & ~0xeULL, where);
        break;
    case 6:
        vm_dma(m, where, value, p[1] & 1, NULL);
        vm_msi(m, where, value, NULL);
        break;
    case 7:
        m->hold_drain = p[1] & 1;
        vtd_unit_drained(m->unit);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VtdUnitConfig c;
    VtdMachine m;
    /* What is left behind the last step says what the unit is. */
    uint8_t choice = size % STEP ? data[size - 1] : 0;

    vtd_unit_config_default(&c);
    c.protected_memory = choice & 1;
    c.fault_log = choice & 2;
    c.coherent = !(choice & 4);
    c.set_root_invalidates = !(choice & 8);
    c.structure_entries = choice & 16 ? 0 : 8;
    c.scalable_mode = choice & 32;
    vm_init_small(&m, &c);
    prologue(&m);
    for (; size >= STEP; data += STEP, size -= STEP) {
        step(&m, data);
    }
    vtd_unit_reset(m.unit);
    vm_destroy(&m);
    return 0;
}
