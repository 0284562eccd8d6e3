/*
 * The guest-owned unit: registers at Q35's place, every PCI function and the
 * IOAPIC behind it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "hw/boards.h"
#include "hw/i386/apic_internal.h"
#include "hw/i386/pc.h"
#include "hw/i386/x86.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci-host/q35.h"
#include "system/kvm.h"
#include "iommu/vtd-iommu-int.h"

static VtdIommu *guest_unit;

static bool mem_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return address_space_read(&address_space_memory, addr,
                              (MemTxAttrs) { .memory = true }, buf, len)
           == MEMTX_OK;
}

static bool mem_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    return address_space_write(&address_space_memory, addr,
                               (MemTxAttrs) { .memory = true }, buf, len)
           == MEMTX_OK;
}

/* The unit's own events are in compatibility format and not remapped (7.3). */
static void send_msi(void *opaque, uint64_t address, uint32_t data)
{
    MSIMessage msg = { .address = address, .data = data };

    apic_get_class(NULL)->send_msi(&msg);
}

static void invalidated(void *opaque, const VtdInvalidated *what)
{
    vtd_iommu_notify_unmap(opaque, what);
}

static const VtdUnitOps unit_ops = {
    .mem_read = mem_read,
    .mem_write = mem_write,
    .send_msi = send_msi,
    .fault = vtd_iommu_fault,
    .invalidated = invalidated,
};

static uint64_t registers_read(void *opaque, hwaddr addr, unsigned size)
{
    VtdIommu *s = opaque;

    QEMU_LOCK_GUARD(&s->lock);
    return vtd_unit_mmio_read(s->unit, addr, size);
}

static void registers_write(void *opaque, hwaddr addr, uint64_t value,
                            unsigned size)
{
    VtdIommu *s = opaque;

    QEMU_LOCK_GUARD(&s->lock);
    vtd_unit_mmio_write(s->unit, addr, value, size);
}

static const MemoryRegionOps registers_ops = {
    .read = registers_read,
    .write = registers_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* The bus number is the guest's to set, so it is asked at each request. */
static uint16_t pci_rid(void *opaque, int devfn)
{
    return PCI_BUILD_BDF(pci_bus_num(opaque), devfn);
}

static uint16_t ioapic_rid(void *opaque, int devfn)
{
    return PCI_BUILD_BDF(Q35_PSEUDO_BUS_PLATFORM, Q35_PSEUDO_DEVFN_IOAPIC);
}

static AddressSpace *get_address_space(PCIBus *bus, void *opaque, int devfn)
{
    VtdBus *vb = vtd_iommu_get_bus(opaque, bus, pci_rid, bus);

    return vtd_bus_address_space(vb, devfn);
}

static const PCIIOMMUOps pci_ops = {
    .get_address_space = get_address_space,
};

static bool unit_config(const VtdIommu *s, VtdUnitConfig *c, Error **errp)
{
    g_autofree char *error = NULL;

    vtd_unit_config_default(c);
    c->aw_bits = s->aw_bits;
    c->interrupt_remapping = s->intremap != ON_OFF_AUTO_OFF;
    c->eim = s->eim == ON_OFF_AUTO_AUTO ? c->interrupt_remapping
                                        : s->eim == ON_OFF_AUTO_ON;
    c->caching_mode = s->caching_mode;
    c->pass_through = s->pt;
    c->snoop_control = s->snoop_control;
    c->dma_drain = s->dma_drain;
    c->fault_records = s->fault_records;
    c->iotlb_entries = s->iotlb_entries;
    c->iotlb_ways = s->iotlb_ways;
    c->irte_entries = s->irte_entries;
    c->irte_ways = s->irte_ways;
    error = vtd_unit_config_check(c);
    if (error) {
        error_setg(errp, "vtd-iommu: %s", error);
        return false;
    }
    if (s->device_iotlb) {
        error_setg(errp, "vtd-iommu: device-iotlb=on is not available in this "
                   "version: leave it off");
        return false;
    }
    if (c->interrupt_remapping && kvm_irqchip_in_kernel() &&
        !kvm_irqchip_is_split()) {
        error_setg(errp, "vtd-iommu: interrupt remapping needs -machine "
                   "kernel-irqchip=split or off");
        return false;
    }
    return true;
}

static PCIBus *root_bus(Error **errp)
{
    Object *machine = qdev_get_machine();
    PCMachineState *pcms =
        (PCMachineState *)object_dynamic_cast(machine, TYPE_PC_MACHINE);

    if (!pcms || !pcms->pcibus || !pci_bus_is_express(pcms->pcibus)) {
        error_setg(errp, "vtd-iommu: owner=guest needs -machine q35");
        return NULL;
    }
    if (guest_unit || pcms->pcibus->iommu_ops) {
        error_setg(errp, "vtd-iommu: this machine already has a guest-owned "
                   "IOMMU");
        return NULL;
    }
    return pcms->pcibus;
}

bool vtd_iommu_guest_realize(VtdIommu *s, Error **errp)
{
    X86MachineState *x86ms;
    VtdUnitConfig config;
    PCIBus *bus = root_bus(errp);

    if (!bus || !unit_config(s, &config, errp)) {
        return false;
    }
    if (!vtd_iommu_dmar_add(&config, errp)) {
        return false;
    }
    x86ms = X86_MACHINE(qdev_get_machine());
    s->target_as = &address_space_memory;
    s->unit = vtd_unit_new(&config, &unit_ops, s);
    memory_region_init_io(&s->registers, OBJECT(s), &registers_ops, s,
                          "vtd-registers", VTD_MMIO_SIZE);
    memory_region_add_subregion_overlap(get_system_memory(),
                                        VTD_IOMMU_REGISTERS, &s->registers, 1);
    pci_setup_iommu(bus, &pci_ops, s);
    s->ioapic = vtd_function_new(s, NULL, 0, ioapic_rid, s);
    x86ms->ioapic_as = &s->ioapic->as;
    guest_unit = s;
    return true;
}
