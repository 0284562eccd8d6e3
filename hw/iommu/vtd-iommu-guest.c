/*
 * Guest-owned units: registers at Q35's place, the PCI functions, the IOAPIC
 * and the HPET behind them.
 *
 * A unit with a scope has the devices on the root bus that it names, and all
 * behind them; the one without has the others.
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
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci-host/q35.h"
#include "hw/timer/hpet.h"
#include "system/kvm.h"
#include "system/runstate.h"
#include "system/system.h"
#include "iommu/vtd-iommu-int.h"

static GPtrArray *guest_units;  /* VtdIommu, in the command line's order */
static PCIBus *guest_root;
static Notifier guest_ready;

GPtrArray *vtd_iommu_guest_units(void)
{
    return guest_units;
}

static bool mem_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return address_space_read(&address_space_memory, addr,
                              (MemTxAttrs) { .memory = true }, buf, len)
           == MEMTX_OK;
}

/*
 * To write what is not would call into a device, which must not be done under
 * the unit's lock; to map it would give a buffer that starts out empty.
 */
static bool is_writable_memory(hwaddr addr, hwaddr len)
{
    hwaddr offset, whole = len;
    MemoryRegion *mr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(&address_space_memory, addr, &offset, &whole,
                                 true, MEMTXATTRS_UNSPECIFIED);
    return whole == len &&
           memory_access_is_direct(mr, true, MEMTXATTRS_UNSPECIFIED);
}

static bool mem_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    return is_writable_memory(addr, len) &&
           address_space_write(&address_space_memory, addr,
                               (MemTxAttrs) { .memory = true }, buf, len)
           == MEMTX_OK;
}

/* Processors write page tables at the same time. */
static bool mem_update(void *opaque, uint64_t addr, uint64_t old, uint64_t new,
                       uint64_t *now)
{
    hwaddr len = sizeof(uint64_t);
    uint64_t *entry;
    bool whole;

    if (!is_writable_memory(addr, len)) {
        return false;
    }
    entry = address_space_map(&address_space_memory, addr, &len, true,
                              MEMTXATTRS_UNSPECIFIED);
    whole = entry && len == sizeof(uint64_t);
    if (whole) {
        *now = le64_to_cpu(qatomic_cmpxchg(entry, cpu_to_le64(old),
                                           cpu_to_le64(new)));
    }
    if (entry) {
        address_space_unmap(&address_space_memory, entry, len, true,
                            whole && *now == old ? len : 0);
    }
    return whole;
}

/* The unit's own events are in compatibility format and not remapped (7.3). */
static void send_msi(void *opaque, uint64_t address, uint32_t data)
{
    MSIMessage msg = { .address = address, .data = data };

    apic_get_class(NULL)->send_msi(&msg);
}

/* DMA of an iothread may fault, but only the BQL's holder may interrupt. */
static bool can_send(void *opaque)
{
    VtdIommu *s = opaque;

    if (!bql_locked()) {
        qemu_bh_schedule(s->events);
        return false;
    }
    return true;
}

static void send_events(void *opaque)
{
    VtdIommu *s = opaque;

    QEMU_LOCK_GUARD(&s->lock);
    vtd_unit_send_events(s->unit);
}

static void machine_runs(void *opaque, bool running, RunState state)
{
    VtdIommu *s = opaque;

    if (running) {
        QEMU_LOCK_GUARD(&s->lock);
        vtd_unit_resume(s->unit);
    }
}

static void invalidated(void *opaque, const VtdInvalidated *what)
{
    vtd_iommu_notify_unmap(opaque, what);
}

static const VtdUnitOps unit_ops = {
    .mem_read = mem_read,
    .mem_write = mem_write,
    .mem_update = mem_update,
    .send_msi = send_msi,
    .can_send = can_send,
    .drain = vtd_iommu_drain,
    .fault = vtd_iommu_fault,
    .invalidated = invalidated,
    .device_invalidate = vtd_iommu_device_invalidate,
    .page_response = vtd_iommu_page_response,
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
    return PCI_BUILD_BDF(Q35_PSEUDO_BUS_PLATFORM, VTD_IOMMU_IOAPIC_DEVFN);
}

static uint16_t hpet_rid(void *opaque, int devfn)
{
    return PCI_BUILD_BDF(Q35_PSEUDO_BUS_PLATFORM, VTD_IOMMU_HPET_DEVFN);
}

static bool has_scope(const VtdIommu *s, uint8_t devfn)
{
    for (unsigned i = 0; i < s->scopes->len; i++) {
        if (g_array_index(s->scopes, uint8_t, i) == devfn) {
            return true;
        }
    }
    return false;
}

/* The unit of a device, by the device on the root bus that it is behind. */
static VtdIommu *unit_of(PCIBus *bus, int devfn)
{
    VtdIommu *rest = NULL;

    while (bus != guest_root && bus->parent_dev) {
        devfn = bus->parent_dev->devfn;
        bus = pci_get_bus(bus->parent_dev);
    }
    for (unsigned i = 0; i < guest_units->len; i++) {
        VtdIommu *s = g_ptr_array_index(guest_units, i);

        if (!s->scopes->len) {
            rest = s;
        } else if (has_scope(s, devfn)) {
            return s;
        }
    }
    return rest;
}

static AddressSpace *get_address_space(PCIBus *bus, void *opaque, int devfn)
{
    VtdIommu *s = unit_of(bus, devfn);

    return s ? vtd_bus_address_space(vtd_iommu_get_bus(s, bus, pci_rid, bus),
                                     devfn)
             : &address_space_memory;
}

static const PCIIOMMUOps pci_ops = {
    .get_address_space = get_address_space,
};

static bool unit_config(const VtdIommu *s, VtdUnitConfig *c, Error **errp)
{
    g_autofree char *error = NULL;

    vtd_iommu_unit_config(s, c);
    c->aw_bits = s->aw_bits;
    c->interrupt_remapping = s->intremap != ON_OFF_AUTO_OFF;
    c->eim = s->eim == ON_OFF_AUTO_AUTO ? c->interrupt_remapping
                                        : s->eim == ON_OFF_AUTO_ON;
    c->caching_mode = s->caching_mode;
    c->pass_through = s->pt;
    c->snoop_control = s->snoop_control;
    c->dma_drain = s->dma_drain;
    c->coherent = s->coherent;
    c->write_buffer = s->write_buffer;
    c->protected_memory = s->protected_memory;
    c->fault_log = s->fault_log;
    c->set_root_invalidates = s->set_root_invalidates;
    c->device_tlb = s->device_iotlb;
    c->scalable_mode = s->scalable_mode;
    c->first_stage = s->scalable_mode && s->first_stage;
    c->page_requests = s->page_requests == ON_OFF_AUTO_AUTO
                       ? s->scalable_mode && s->device_iotlb
                       : s->page_requests == ON_OFF_AUTO_ON;
    error = vtd_unit_config_check(c);
    if (error) {
        error_setg(errp, "vtd-iommu: %s", error);
        return false;
    }
    /* KVM's routes, of the IOAPIC and of irqfds, would go past the unit. */
    if (c->interrupt_remapping && kvm_irqchip_in_kernel()) {
        error_setg(errp, "vtd-iommu: interrupt remapping needs -machine "
                   "kernel-irqchip=off");
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
    if (!guest_units && pcms->pcibus->iommu_ops) {
        error_setg(errp, "vtd-iommu: this machine already has an IOMMU of "
                   "another kind");
        return NULL;
    }
    return pcms->pcibus;
}

bool vtd_iommu_parse_devfn(const char *text, uint8_t *devfn, Error **errp)
{
    unsigned slot, function = 0;
    int end = 0;

    if ((sscanf(text, "%x.%x%n", &slot, &function, &end) == 2 ||
         sscanf(text, "%x%n", &slot, &end) == 1) && end == strlen(text) &&
        slot < PCI_SLOT_MAX && function < PCI_FUNC_MAX) {
        *devfn = PCI_DEVFN(slot, function);
        return true;
    }
    error_setg(errp, "vtd-iommu: '%s' is no device of the root bus, as in "
               "'04.0'", text);
    return false;
}

/* Takes the property "scope" apart; no device may be in two of them. */
static bool parse_scope(VtdIommu *s, Error **errp)
{
    g_auto(GStrv) parts = s->scope ? g_strsplit(s->scope, "+", 0) : NULL;

    s->scopes = g_array_new(false, false, sizeof(uint8_t));
    for (unsigned i = 0; parts && parts[i]; i++) {
        uint8_t devfn;

        if (!vtd_iommu_parse_devfn(parts[i], &devfn, errp)) {
            return false;
        }
        for (unsigned u = 0; guest_units && u < guest_units->len; u++) {
            if (has_scope(g_ptr_array_index(guest_units, u), devfn)) {
                error_setg(errp, "vtd-iommu: device %s is in the scope of two "
                           "units", parts[i]);
                return false;
            }
        }
        g_array_append_val(s->scopes, devfn);
    }
    return true;
}

static bool room_for(const VtdIommu *s, Error **errp)
{
    for (unsigned u = 0; guest_units && u < guest_units->len; u++) {
        VtdIommu *other = g_ptr_array_index(guest_units, u);

        if (!s->scopes->len && !other->scopes->len) {
            error_setg(errp, "vtd-iommu: of several units all but one need a "
                       "scope");
            return false;
        }
    }
    if (guest_units && guest_units->len == VTD_IOMMU_UNITS) {
        error_setg(errp, "vtd-iommu: no more than %d units", VTD_IOMMU_UNITS);
        return false;
    }
    return true;
}

static void guest_machine_done(Notifier *notifier, void *data)
{
    vtd_iommu_dmar_add(guest_units, guest_root, &error_fatal);
}

/* A bridge that is unplugged takes its bus along. */
static void device_gone(DeviceListener *listener, DeviceState *dev)
{
    if (object_dynamic_cast(OBJECT(dev), TYPE_PCI_BRIDGE)) {
        for (unsigned i = 0; i < guest_units->len; i++) {
            vtd_iommu_release_bus(g_ptr_array_index(guest_units, i),
                                  pci_bridge_get_sec_bus(PCI_BRIDGE(dev)));
        }
    }
}

static DeviceListener device_listener = { .unrealize = device_gone };

/* The machine's own requesters are behind the unit without a scope. */
static void add_platform(VtdIommu *s)
{
    s->ioapic = vtd_function_new(s, NULL, 0, ioapic_rid, s);
    X86_MACHINE(qdev_get_machine())->ioapic_as = &s->ioapic->as;
    s->hpet = vtd_function_new(s, NULL, 0, hpet_rid, s);
    hpet_address_space = &s->hpet->as;
}

bool vtd_iommu_guest_realize(VtdIommu *s, Error **errp)
{
    PCIBus *bus = root_bus(errp);

    if (!bus || !unit_config(s, &s->config, errp) || !parse_scope(s, errp) ||
        !room_for(s, errp) || !vtd_iommu_dmar_check(s, errp)) {
        return false;
    }
    if (!guest_units) {
        guest_units = g_ptr_array_new();
        guest_root = bus;
        pci_setup_iommu(bus, &pci_ops, NULL);
        guest_ready.notify = guest_machine_done;
        qemu_add_machine_init_done_notifier(&guest_ready);
        device_listener_register(&device_listener);
    }
    s->target_as = &address_space_memory;
    s->unit = vtd_unit_new(&s->config, &unit_ops, s);
    s->events = qemu_bh_new(send_events, s);
    qemu_add_vm_change_state_handler(machine_runs, s);
    s->base = VTD_IOMMU_REGISTERS + guest_units->len * VTD_MMIO_SIZE;
    memory_region_init_io(&s->registers, OBJECT(s), &registers_ops, s,
                          "vtd-registers", VTD_MMIO_SIZE);
    memory_region_add_subregion_overlap(get_system_memory(), s->base,
                                        &s->registers, 1);
    g_ptr_array_add(guest_units, s);
    if (!s->scopes->len) {
        add_platform(s);
    }
    return true;
}
