/*
 * hv-vpci: a virtual PCI bus under VMBus.
 *
 * The device itself: properties, its PCI root bus, hotplug of the functions
 * on it.  The protocol is sim/vpci's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hv-vpci-int.h"

#include "exec/address-spaces.h"
#include "hw/hotplug.h"
#include "hw/qdev-properties.h"
#include "migration/blocker.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"

#include "iovlab-trace.h"

/* The virtual bus has no interrupt pins; a device may still drive its own. */
#define INTX_PINS 4

/* --- the host bridge --------------------------------------------------------- */

static void intx_set(void *opaque, int pin, int level)
{
}

static int intx_map(PCIDevice *pdev, int pin)
{
    return pin;
}

static const char *host_root_bus_path(PCIHostState *host, PCIBus *bus)
{
    return HV_VPCI_HOST(host)->path;
}

static void host_realize(DeviceState *dev, Error **errp)
{
    HvVpciHost *host = HV_VPCI_HOST(dev);
    HvVpci *s = host->vpci;
    const char *id = DEVICE(s)->id;
    g_autofree char *name = g_strdup_printf("%s.0", id ? id : host->path);

    s->pci = pci_root_bus_new(dev, name, &s->mmio, &s->io, 0, TYPE_PCIE_BUS);
    PCI_HOST_BRIDGE(dev)->bus = s->pci;
    pci_bus_irqs(s->pci, intx_set, s, INTX_PINS);
    pci_bus_map_irqs(s->pci, intx_map);
    vtd_iommu_setup_bus(s->iommu, s->pci, hv_vpci_rid, s);
    qbus_set_hotplug_handler(BUS(s->pci), OBJECT(s));
}

static void host_unrealize(DeviceState *dev)
{
    HvVpci *s = HV_VPCI_HOST(dev)->vpci;

    vtd_iommu_release_bus(s->iommu, s->pci);
    pci_unregister_root_bus(s->pci);
    s->pci = NULL;
}

static bool host_create(HvVpci *s, Error **errp)
{
    HvVpciHost *host = HV_VPCI_HOST(qdev_new(TYPE_HV_VPCI_HOST));

    host->vpci = s;
    snprintf(host->path, sizeof(host->path), "vpci-%s",
             HV_VMBUS_DEVICE(s)->instance);
    object_property_add_child(OBJECT(s), "host", OBJECT(host));
    if (!sysbus_realize_and_unref(SYS_BUS_DEVICE(host), errp)) {
        object_unparent(OBJECT(host));
        return false;
    }
    s->host = host;
    return true;
}

static void host_destroy(HvVpci *s)
{
    if (s->host) {
        object_unparent(OBJECT(s->host));
        s->host = NULL;
    }
}

/* --- the functions ----------------------------------------------------------- */

static void pci_pre_plug(HotplugHandler *handler, DeviceState *dev,
                         Error **errp)
{
    HvVpci *s = HV_VPCI(handler);
    PCIDevice *pdev = PCI_DEVICE(dev);
    PCIDeviceClass *pc = PCI_DEVICE_GET_CLASS(pdev);

    if (s->leaving) {
        error_setg(errp, "the virtual PCI bus is being removed");
        return;
    }
    if (object_dynamic_cast(OBJECT(dev), TYPE_PCI_BRIDGE) ||
        pc->class_id >> 8 == PCI_BASE_CLASS_BRIDGE) {
        error_setg(errp, "a virtual PCI bus takes functions, not bridges");
    }
}

static bool blocker_add(HvVpci *s, Error **errp)
{
    if (s->blocker) {
        return true;
    }
    error_setg(&s->blocker, "%s has a function: eject it (device_del) before "
               "the migration", DEVICE(s)->id ? DEVICE(s)->id : TYPE_HV_VPCI);
    return migrate_add_blocker(&s->blocker, errp) == 0;
}

static void blocker_update(HvVpci *s)
{
    if (!hv_vpci_has_functions(s)) {
        migrate_del_blocker(&s->blocker);
    }
}

static void pci_plug(HotplugHandler *handler, DeviceState *dev, Error **errp)
{
    HvVpci *s = HV_VPCI(handler);

    /* Not before: nobody takes back what a function that fails has added. */
    if (!blocker_add(s, errp) ||
        !hv_vpci_function_plug(s, PCI_DEVICE(dev), errp)) {
        blocker_update(s);
    }
}

static void pci_unplug_request(HotplugHandler *handler, DeviceState *dev,
                               Error **errp)
{
    HvVpci *s = HV_VPCI(handler);

    dev->pending_deleted_event = true;
    dev->pending_deleted_expires_ms = 0;
    vpci_bus_eject(s->bus, PCI_DEVICE(dev)->devfn);
}

static void pci_unplug(HotplugHandler *handler, DeviceState *dev,
                       Error **errp)
{
    HvVpci *s = HV_VPCI(handler);

    hv_vpci_function_unplug(s, PCI_DEVICE(dev));
    qdev_unrealize(dev);
    blocker_update(s);
}

/* --- the device -------------------------------------------------------------- */

static void hv_vpci_poll(void *opaque)
{
    HvVpci *s = opaque;

    vpci_bus_poll(s->bus);
}

static void hv_vpci_realize(HvVmbusDevice *dev, Error **errp)
{
    static unsigned number;
    HvVpci *s = HV_VPCI(dev);

    s->iommu = vtd_iommu_hypervisor(errp);
    if (!s->iommu) {
        return;
    }
    s->number = number++;
    s->bus = vpci_bus_new(hv_vpci_partition(), hv_vmbus_device_bus(dev),
                          &dev->instance_id, &hv_vpci_bus_ops, s);
    if (!s->bus) {
        error_setg(errp, "instance-id=%s: another hv-vpci has the same bytes "
                   "4 to 7 (the middle two groups), by which guests name the "
                   "bus", dev->instance);
        return;
    }
    memory_region_init(&s->mmio, OBJECT(s), "hv-vpci-mmio", UINT64_MAX);
    memory_region_init(&s->io, OBJECT(s), "hv-vpci-io", 64 * KiB);
    memory_region_init_io(&s->window, OBJECT(s), &hv_vpci_window_ops, s,
                          "hv-vpci-config", VPCI_WINDOW_SIZE);
    s->bh = qemu_bh_new_guarded(hv_vpci_poll, s,
                                &DEVICE(s)->mem_reentrancy_guard);
    if (!host_create(s, errp)) {
        qemu_bh_delete(s->bh);
        g_clear_pointer(&s->bus, vpci_bus_free);
        return;
    }
    /* Below RAM, as PCI memory always is. */
    memory_region_add_subregion_overlap(get_system_memory(), 0, &s->mmio, -1);
}

static void hv_vpci_unrealize(HvVmbusDevice *dev)
{
    HvVpci *s = HV_VPCI(dev);

    host_destroy(s);
    g_clear_pointer(&s->bus, vpci_bus_free);
    hv_vpci_ghosts_drop(s);
    memory_region_del_subregion(get_system_memory(), &s->mmio);
    qemu_bh_delete(s->bh);
    migrate_del_blocker(&s->blocker);
}

void hv_vpci_retired(HvVpci *s)
{
    if (!s->leaving || hv_vpci_has_functions(s)) {
        return;
    }
    host_destroy(s);
    if (!vpci_bus_offered(s->bus)) {
        hv_vmbus_device_released(HV_VMBUS_DEVICE(s));
    }
}

/* Surprise removal: the functions go now, the channel once it is released. */
static void hv_vpci_unplug_request(HvVmbusDevice *dev, Error **errp)
{
    HvVpci *s = HV_VPCI(dev);

    s->leaving = true;
    vpci_bus_rescind(s->bus);
    for (unsigned devfn = 0; devfn < PCI_DEVFN_MAX; devfn++) {
        hv_vpci_function_retire(s, devfn);
    }
    hv_vpci_retired(s);
}

static void hv_vpci_finalize(Object *obj)
{
    HvVpci *s = HV_VPCI(obj);

    for (unsigned devfn = 0; devfn < PCI_DEVFN_MAX; devfn++) {
        g_free(s->function[devfn]);
    }
}

static const Property hv_vpci_properties[] = {
    DEFINE_PROP_UINT32("serial", HvVpci, serial, 1),
};

static void hv_vpci_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    HvVmbusDeviceClass *vc = HV_VMBUS_DEVICE_CLASS(oc);
    HotplugHandlerClass *hc = HOTPLUG_HANDLER_CLASS(oc);

    dc->desc = "Hyper-V virtual PCI bus";
    set_bit(DEVICE_CATEGORY_BRIDGE, dc->categories);
    device_class_set_props(dc, hv_vpci_properties);
    object_class_property_set_description(oc, "serial",
        "serial number of the function on the bus, the guest's name of the "
        "PCI slot; pairs a VF with its hv-net (default 1)");
    vc->realize = hv_vpci_realize;
    vc->unrealize = hv_vpci_unrealize;
    vc->unplug_request = hv_vpci_unplug_request;
    hc->pre_plug = pci_pre_plug;
    hc->plug = pci_plug;
    hc->unplug_request = pci_unplug_request;
    hc->unplug = pci_unplug;
}

static void hv_vpci_host_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIHostBridgeClass *hc = PCI_HOST_BRIDGE_CLASS(oc);

    dc->desc = "Host bridge of hv-vpci";
    dc->realize = host_realize;
    dc->unrealize = host_unrealize;
    /* It has no registers, and may be gone at the other end. */
    dc->vmsd = NULL;
    hc->root_bus_path = host_root_bus_path;
}

static const TypeInfo hv_vpci_types[] = {
    {
        .name = TYPE_HV_VPCI_HOST,
        .parent = TYPE_PCI_HOST_BRIDGE,
        .instance_size = sizeof(HvVpciHost),
        .class_init = hv_vpci_host_class_init,
    }, {
        .name = TYPE_HV_VPCI,
        .parent = TYPE_HV_VMBUS_DEVICE,
        .instance_size = sizeof(HvVpci),
        .instance_finalize = hv_vpci_finalize,
        .class_init = hv_vpci_class_init,
        .interfaces = (InterfaceInfo[]) {
            { TYPE_HOTPLUG_HANDLER },
            { }
        },
    },
};

DEFINE_TYPES(hv_vpci_types)
