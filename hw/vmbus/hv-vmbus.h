/*
 * VMBus in QEMU: the bus device, and the base class of devices on it.
 *
 * A device on the bus (hv-net, hv-vpci) is a subclass of
 * TYPE_HV_VMBUS_DEVICE.  Its realize creates its model, which offers channels
 * on hv_vmbus_device_bus() under dev->instance_id; device_add while the
 * machine runs is thereby a hot-added offer.  device_del calls the class's
 * unplug_request(), which rescinds; when the model hears that the offer is
 * released it calls hv_vmbus_device_released(), and the device goes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_HW_HV_VMBUS_H
#define IOVLAB_HW_HV_VMBUS_H

#include "hw/qdev-core.h"
#include "qom/object.h"

#include "iovlab/vmbus.h"

#define TYPE_HV_VMBUS "hv-vmbus"
#define TYPE_HV_VMBUS_BUS "hv-vmbus-bus"
#define TYPE_HV_VMBUS_DEVICE "hv-vmbus-device"

OBJECT_DECLARE_SIMPLE_TYPE(HvVmbusState, HV_VMBUS)
OBJECT_DECLARE_SIMPLE_TYPE(HvVmbusBus, HV_VMBUS_BUS)
OBJECT_DECLARE_TYPE(HvVmbusDevice, HvVmbusDeviceClass, HV_VMBUS_DEVICE)

struct HvVmbusBus {
    BusState parent_obj;
    VmbusBus *bus;
};

struct HvVmbusDevice {
    DeviceState parent_obj;

    char *instance;             /* property; NULL: made up in realize */
    VmbusGuid instance_id;      /* valid from the subclass's realize on */
    QEMUBH *released_bh;
};

struct HvVmbusDeviceClass {
    DeviceClass parent_class;

    /* In place of DeviceClass.realize and unrealize, which are the base's. */
    void (*realize)(HvVmbusDevice *dev, Error **errp);
    void (*unrealize)(HvVmbusDevice *dev);
    /*
     * device_del: rescind, and call hv_vmbus_device_released() in the end.
     * May be called again while it waits.
     */
    void (*unplug_request)(HvVmbusDevice *dev, Error **errp);
};

/* The model of the bus that the device is on. */
VmbusBus *hv_vmbus_device_bus(HvVmbusDevice *dev);
/*
 * The guest let go of the device: it is deleted from a bottom half.  Does
 * nothing if no device_del is under way (the offer ended for other reasons).
 */
void hv_vmbus_device_released(HvVmbusDevice *dev);

/* --- acpi.c: the address windows that the guest may use for VMBus devices --- */

/*
 * Below 4 GiB: between the local APICs' page and any firmware flash, clear of
 * the pages that firmware reserves at 0xfeffc000.
 */
#define HV_VMBUS_MMIO32_BASE 0xff000000u
#define HV_VMBUS_MMIO32_SIZE 0x00800000u
/*
 * Above: within 40 address bits (TCG's default), below the AMD
 * HyperTransport hole at 0xfd00000000, above any PCI window of a machine with
 * less than 900 GiB.
 */
#define HV_VMBUS_MMIO64_BASE 0xf000000000ull
#define HV_VMBUS_MMIO64_SIZE 0x0c00000000ull

#endif
