/*
 * The hypervisor-owned unit: system physical address space, guest RAM in it,
 * private table memory, grants.
 *
 * The guest sees none of it: no registers, no table, no ACPI.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "hw/boards.h"
#include "hw/qdev-properties.h"
#include "iommu/vtd-iommu-int.h"
#include "iovlab-trace.h"

/* The one of this machine. */
static VtdIommu *hypervisor_unit;

VtdIommu *vtd_iommu_hypervisor(Error **errp)
{
    DeviceState *dev;

    if (hypervisor_unit) {
        return hypervisor_unit;
    }
    dev = qdev_new(TYPE_VTD_IOMMU);
    /* It comes with whatever needs it, also when that is hot-plugged. */
    dev->hotplugged = false;
    qdev_prop_set_string(dev, "owner", "hypervisor");
    object_property_add_child(qdev_get_machine(), TYPE_VTD_IOMMU, OBJECT(dev));
    if (!qdev_realize_and_unref(dev, NULL, errp)) {
        object_unparent(OBJECT(dev));
        return NULL;
    }
    return hypervisor_unit;
}

Hypervisor *vtd_iommu_get_hypervisor(VtdIommu *s)
{
    return s->hypervisor;
}

bool vtd_iommu_grant(VtdIommu *s, uint16_t rid, Error **errp)
{
    g_autofree char *error = NULL;

    if (!hypervisor_grant(s->hypervisor, rid, &error)) {
        error_setg(errp, "%s", error);
        return false;
    }
    return true;
}

void vtd_iommu_revoke(VtdIommu *s, uint16_t rid)
{
    hypervisor_revoke(s->hypervisor, rid);
}

void vtd_iommu_add_fault_notifier(VtdIommu *s, Notifier *notifier)
{
    notifier_list_add(&s->fault_notifiers, notifier);
}

static bool in_tables(uint64_t spa, size_t len)
{
    return spa >= VTD_IOMMU_TABLE_SPA &&
           iov_in_range(spa - VTD_IOMMU_TABLE_SPA, len, VTD_IOMMU_TABLE_SIZE);
}

static bool spa_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
    VtdIommu *s = opaque;

    if (in_tables(spa, len)) {
        uint8_t *tables = memory_region_get_ram_ptr(&s->tables);

        memcpy(buf, tables + (spa - VTD_IOMMU_TABLE_SPA), len);
        return true;
    }
    return address_space_read(&s->spa_as, spa, MEMTXATTRS_UNSPECIFIED, buf,
                              len) == MEMTX_OK;
}

static bool spa_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
    VtdIommu *s = opaque;

    if (in_tables(spa, len)) {
        uint8_t *tables = memory_region_get_ram_ptr(&s->tables);

        memcpy(tables + (spa - VTD_IOMMU_TABLE_SPA), buf, len);
        return true;
    }
    return address_space_write(&s->spa_as, spa, MEMTXATTRS_UNSPECIFIED, buf,
                               len) == MEMTX_OK;
}

/* The unit's event: its receiver is the hypervisor, not a guest's CPU. */
static void unit_send_msi(void *opaque, uint64_t address, uint32_t data)
{
    VtdIommu *s = opaque;

    if (s->hypervisor) {
        hypervisor_interrupt(s->hypervisor, data);
    }
}

static void unit_invalidated(void *opaque, const VtdInvalidated *what)
{
    vtd_iommu_notify_unmap(opaque, what);
}

static const VtdUnitOps unit_ops = {
    .mem_read = spa_read,
    .mem_write = spa_write,
    .send_msi = unit_send_msi,
    .fault = vtd_iommu_fault,
    .invalidated = unit_invalidated,
};

static void hypervisor_fault(void *opaque, const HvrFault *fault)
{
    VtdIommu *s = opaque;

    notifier_list_notify(&s->fault_notifiers, (void *)fault);
}

static const HypervisorOps hypervisor_ops = {
    .spa_read = spa_read,
    .spa_write = spa_write,
    .on_fault = hypervisor_fault,
};

static bool is_guest_ram(const MemoryRegionSection *section)
{
    return memory_region_is_ram(section->mr) &&
           !memory_region_is_ram_device(section->mr);
}

static void ram_add(MemoryListener *listener, MemoryRegionSection *section)
{
    VtdIommu *s = container_of(listener, VtdIommu, listener);
    HvrRam ram = {
        .gpa = section->offset_within_address_space,
        .size = int128_get64(section->size),
        .writable = !section->readonly,
    };

    if (is_guest_ram(section)) {
        g_array_append_val(s->ram, ram);
        s->ram_changed = true;
    }
}

static void ram_del(MemoryListener *listener, MemoryRegionSection *section)
{
    VtdIommu *s = container_of(listener, VtdIommu, listener);

    for (unsigned i = s->ram->len; is_guest_ram(section) && i > 0; i--) {
        HvrRam *ram = &g_array_index(s->ram, HvrRam, i - 1);

        if (ram->gpa == section->offset_within_address_space &&
            ram->size == int128_get64(section->size)) {
            g_array_remove_index(s->ram, i - 1);
            s->ram_changed = true;
        }
    }
}

static int by_gpa(gconstpointer a, gconstpointer b)
{
    const HvrRam *x = a, *y = b;

    return x->gpa < y->gpa ? -1 : x->gpa > y->gpa;
}

static void ram_commit(MemoryListener *listener)
{
    VtdIommu *s = container_of(listener, VtdIommu, listener);

    if (!s->ram_changed) {
        return;
    }
    s->ram_changed = false;
    g_array_sort(s->ram, by_gpa);
    hypervisor_set_ram(s->hypervisor, (HvrRam *)s->ram->data, s->ram->len);
}

static const MemoryListener ram_listener = {
    .name = "vtd-iommu",
    .region_add = ram_add,
    .region_del = ram_del,
    .commit = ram_commit,
};

/*
 * What a hypervisor wants of its unit is not the user's to choose, but for the
 * sizes of its caches.
 */
static void unit_config(const VtdIommu *s, VtdUnitConfig *c)
{
    vtd_iommu_unit_config(s, c);
    c->compress_faults = false;
}

bool vtd_iommu_hypervisor_realize(VtdIommu *s, Error **errp)
{
    g_autofree char *error = NULL;
    VtdUnitConfig config;
    MemoryRegion *system = get_system_memory();

    if (hypervisor_unit) {
        error_setg(errp, "this machine already has a hypervisor-owned "
                   "vtd-iommu");
        return false;
    }
    unit_config(s, &config);
    error = vtd_unit_config_check(&config);
    if (error) {
        error_setg(errp, "%s", error);
        return false;
    }
    if (!memory_region_init_ram_nomigrate(&s->tables, OBJECT(s), "vtd-tables",
                                          VTD_IOMMU_TABLE_SIZE, errp)) {
        return false;
    }
    memory_region_init(&s->spa_root, OBJECT(s), "vtd-spa", UINT64_MAX);
    memory_region_init_alias(&s->spa_guest, OBJECT(s), "vtd-spa-guest", system,
                             0, VTD_IOMMU_TABLE_SPA - HVR_SPA_OFFSET);
    memory_region_add_subregion(&s->spa_root, HVR_SPA_OFFSET, &s->spa_guest);
    memory_region_add_subregion(&s->spa_root, VTD_IOMMU_TABLE_SPA, &s->tables);
    address_space_init(&s->spa_as, &s->spa_root, "vtd-spa");
    s->target_as = &s->spa_as;

    s->unit = vtd_unit_new(&config, &unit_ops, s);
    s->hypervisor = hypervisor_new(s->unit, VTD_IOMMU_TABLE_SPA,
                                   VTD_IOMMU_TABLE_SIZE, &hypervisor_ops, s);
    s->ram = g_array_new(false, false, sizeof(HvrRam));
    s->listener = ram_listener;
    memory_listener_register(&s->listener, &address_space_memory);
    hypervisor_unit = s;
    object_property_add_const_link(qdev_get_machine(), "hypervisor-iommu",
                                   OBJECT(s));
    return true;
}

void vtd_iommu_hypervisor_unrealize(VtdIommu *s)
{
    object_property_del(qdev_get_machine(), "hypervisor-iommu");
    hypervisor_unit = NULL;
    memory_listener_unregister(&s->listener);
    g_array_free(s->ram, true);
    hypervisor_free(s->hypervisor);
    s->hypervisor = NULL;
    vtd_unit_free(s->unit);
    s->unit = NULL;
    address_space_destroy(&s->spa_as);
}
