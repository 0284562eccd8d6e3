/*
 * Base class of the devices on VMBus: instance ids and hot-unplug.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/hotplug.h"
#include "hw/qdev-properties.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"

#include "vmbus/hv-vmbus.h"
#include "iovlab-trace.h"

VmbusBus *hv_vmbus_device_bus(HvVmbusDevice *dev)
{
    return HV_VMBUS_BUS(qdev_get_parent_bus(DEVICE(dev)))->bus;
}

/* instance ids */

static bool instance_taken(HvVmbusDevice *dev, const VmbusGuid *guid)
{
    BusChild *kid;

    QTAILQ_FOREACH(kid, &qdev_get_parent_bus(DEVICE(dev))->children, sibling) {
        HvVmbusDevice *other = HV_VMBUS_DEVICE(kid->child);

        if (other != dev && DEVICE(other)->realized &&
            memcmp(&other->instance_id, guid, sizeof(*guid)) == 0) {
            return true;
        }
    }
    return false;
}

static uint64_t fnv1a(uint64_t hash, const char *text)
{
    for (; *text; text++) {
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3ull;
    }
    return hash;
}

/*
 * The same at both ends of a migration: made of the type and of the device's
 * id, or, without one, of its number among its like.  The guest takes a
 * virtual PCI bus's domain number from bytes 4 and 5: not zero.
 */
static void make_instance_id(HvVmbusDevice *dev, VmbusGuid *guid)
{
    const char *type = object_get_typename(OBJECT(dev));
    const char *id = DEVICE(dev)->id;
    unsigned number = 0;

    do {
        g_autofree char *name = g_strdup_printf("%u:%s", number++,
                                                id ? id : "");
        uint64_t hash = fnv1a(fnv1a(0xcbf29ce484222325ull, type), name);

        wr_le64(guid->b, hash);
        wr_be64(guid->b + 8, fnv1a(hash, "iovlab"));
        /* A name-based GUID (RFC 9562, version 8 and its variant). */
        guid->b[7] = (guid->b[7] & 0x0f) | 0x80;
        guid->b[8] = (guid->b[8] & 0x3f) | 0x80;
        if (!guid->b[4] && !guid->b[5]) {
            guid->b[4] = 1;
        }
    } while (instance_taken(dev, guid));
}

static void hv_vmbus_device_realize(DeviceState *qdev, Error **errp)
{
    HvVmbusDevice *dev = HV_VMBUS_DEVICE(qdev);
    HvVmbusDeviceClass *dc = HV_VMBUS_DEVICE_GET_CLASS(qdev);

    if (!dev->instance) {
        char text[37];

        make_instance_id(dev, &dev->instance_id);
        vmbus_guid_format(&dev->instance_id, text);
        dev->instance = g_strdup(text);
    } else if (!vmbus_guid_parse(dev->instance, &dev->instance_id)) {
        error_setg(errp, "instance-id=%s is not a GUID, such as "
                   "01234567-89ab-cdef-0123-456789abcdef", dev->instance);
        return;
    } else if (instance_taken(dev, &dev->instance_id)) {
        error_setg(errp, "instance-id=%s is in use by another device",
                   dev->instance);
        return;
    }
    trace_hv_vmbus_device_plug(object_get_typename(OBJECT(dev)),
                               dev->instance);
    dc->realize(dev, errp);
}

static void hv_vmbus_device_unrealize(DeviceState *qdev)
{
    HvVmbusDevice *dev = HV_VMBUS_DEVICE(qdev);
    HvVmbusDeviceClass *dc = HV_VMBUS_DEVICE_GET_CLASS(qdev);

    g_clear_pointer(&dev->released_bh, qemu_bh_delete);
    dc->unrealize(dev);
}

/* hot-unplug */

static void released_bh(void *opaque)
{
    DeviceState *qdev = opaque;

    trace_hv_vmbus_device_unplugged(object_get_typename(OBJECT(qdev)),
                                    HV_VMBUS_DEVICE(qdev)->instance);
    hotplug_handler_unplug(qdev_get_hotplug_handler(qdev), qdev,
                           &error_abort);
    object_unparent(OBJECT(qdev));
}

void hv_vmbus_device_released(HvVmbusDevice *dev)
{
    DeviceState *qdev = DEVICE(dev);

    /* Not from within the model, which is about to be freed. */
    if (qdev->pending_deleted_event && !dev->released_bh) {
        dev->released_bh = qemu_bh_new(released_bh, qdev);
        qemu_bh_schedule(dev->released_bh);
    }
}

/* type */

static const Property hv_vmbus_device_properties[] = {
    DEFINE_PROP_STRING("instance-id", HvVmbusDevice, instance),
};

static void hv_vmbus_device_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);

    dc->bus_type = TYPE_HV_VMBUS_BUS;
    dc->realize = hv_vmbus_device_realize;
    dc->unrealize = hv_vmbus_device_unrealize;
    device_class_set_props(dc, hv_vmbus_device_properties);
    object_class_property_set_description(oc, "instance-id",
        "GUID of the device on the bus; must be the same at both ends of a "
        "migration (default: made of the device's type and id)");
}

static const TypeInfo hv_vmbus_device_types[] = {
    {
        .name = TYPE_HV_VMBUS_DEVICE,
        .parent = TYPE_DEVICE,
        .instance_size = sizeof(HvVmbusDevice),
        .class_size = sizeof(HvVmbusDeviceClass),
        .class_init = hv_vmbus_device_class_init,
        .abstract = true,
    },
};

DEFINE_TYPES(hv_vmbus_device_types)
