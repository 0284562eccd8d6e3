/*
 * hv-vmbus: VMBus for a virtual machine under TCG.
 *
 * Binds the model (sim/vmbus) to QEMU: guest memory, SynIC, the machine's run
 * state, reset and migration.  Its presence turns Hyper-V's interface on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/boards.h"
#include "hw/hotplug.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "net/net.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "system/reset.h"
#include "system/runstate.h"
#include "system/tcg.h"

#include "common/vmstate-blob.h"
#include "hv/hv.h"
#include "spec/vmbus.h"
#include "vmbus/hv-vmbus.h"
#include "iovlab-trace.h"

/*
 * Carries the bus: QEMU looks for buses, by type or by name, below the system
 * bus only, where hv-vmbus itself is not.
 */
#define TYPE_HV_VMBUS_ROOT "hv-vmbus-root"

struct HvVmbusState {
    DeviceState parent_obj;

    HvVmbusBus qbus;
    VmbusBus *bus;
    QEMUBH *bh;
    VMChangeStateEntry *vmstate_entry;
    GBytes *saved;

    char *max_version;
};

/* the model's view of the machine */

static bool op_mem_read(void *opaque, uint64_t gpa, void *buf, size_t len)
{
    return hv_mem_read(gpa, buf, len);
}

static bool op_mem_write(void *opaque, uint64_t gpa, const void *buf,
                         size_t len)
{
    return hv_mem_write(gpa, buf, len);
}

static bool op_post_message(void *opaque, uint32_t vp, uint32_t sint,
                            const void *payload, size_t len)
{
    return hv_synic_post(vp, sint, HV_MESSAGE_TYPE_VMBUS, payload, len);
}

static void op_signal_event(void *opaque, uint32_t vp, uint32_t sint,
                            uint32_t flag)
{
    hv_synic_signal(vp, sint, flag);
}

static uint32_t op_vp_count(void *opaque)
{
    return hv_vp_count();
}

static void op_schedule(void *opaque)
{
    qemu_bh_schedule(((HvVmbusState *)opaque)->bh);
}

static const VmbusBusOps bus_ops = {
    .mem_read = op_mem_read,
    .mem_write = op_mem_write,
    .post_message = op_post_message,
    .signal_event = op_signal_event,
    .vp_count = op_vp_count,
    .schedule = op_schedule,
};

/* the guest's hypercalls */

static uint16_t port_message(void *opaque, uint32_t connection_id,
                             const void *payload, size_t len)
{
    HvVmbusState *s = opaque;

    return vmbus_bus_guest_message(s->bus, connection_id, payload, len);
}

static uint16_t port_signal(void *opaque, uint32_t connection_id,
                            uint32_t flag)
{
    HvVmbusState *s = opaque;

    return vmbus_bus_guest_signal(s->bus, connection_id, flag);
}

static void port_slot_free(void *opaque, uint32_t vp)
{
    vmbus_bus_slot_free(((HvVmbusState *)opaque)->bus, vp);
}

static const HvPortOps port_ops = {
    .message = port_message,
    .signal = port_signal,
    .slot_free = port_slot_free,
};

static void hv_vmbus_bh(void *opaque)
{
    vmbus_bus_run(((HvVmbusState *)opaque)->bus);
}

static void hv_vmbus_run_state(void *opaque, bool running, RunState state)
{
    HvVmbusState *s = opaque;

    trace_hv_vmbus_bus_hold(!running);
    vmbus_bus_hold(s->bus, !running);
}

/* life */

static bool parse_max_version(HvVmbusState *s, uint32_t *version, Error **errp)
{
    unsigned major, minor;
    char end;

    if (!s->max_version) {
        *version = VMBUS_VERSION_5_3;
        return true;
    }
    if (sscanf(s->max_version, "%u.%u%c", &major, &minor, &end) != 2 ||
        VMBUS_VERSION(major, minor) < VMBUS_VERSION_2_4 ||
        VMBUS_VERSION(major, minor) > VMBUS_VERSION_5_3) {
        error_setg(errp, "max-version=%s is not a VMBus version from 2.4 to "
                   "5.3", s->max_version);
        return false;
    }
    *version = VMBUS_VERSION(major, minor);
    return true;
}

static void hv_vmbus_realize(DeviceState *dev, Error **errp)
{
    HvVmbusState *s = HV_VMBUS(dev);
    DeviceState *root;
    bool ambiguous = false;
    uint32_t max_version;

    if (!tcg_enabled()) {
        error_setg(errp, "hv-vmbus needs TCG: start QEMU with -accel tcg");
        return;
    }
    if (!object_dynamic_cast(qdev_get_machine(), "x86-machine")) {
        error_setg(errp, "hv-vmbus needs a PC machine");
        return;
    }
    object_resolve_path_type("", TYPE_HV_VMBUS, &ambiguous);
    if (ambiguous) {
        error_setg(errp, "a machine has one VMBus: remove the other "
                   "-device hv-vmbus");
        return;
    }
    if (!parse_max_version(s, &max_version, errp)) {
        return;
    }
    hv_enable();
    s->bh = qemu_bh_new_guarded(hv_vmbus_bh, s, &dev->mem_reentrancy_guard);
    s->bus = vmbus_bus_new(&bus_ops, s);
    vmbus_bus_set_max_version(s->bus, max_version);
    vmbus_bus_hold(s->bus, !runstate_is_running());
    s->vmstate_entry = qemu_add_vm_change_state_handler(hv_vmbus_run_state, s);
    hv_set_ports(&port_ops, s);
    root = qdev_new(TYPE_HV_VMBUS_ROOT);
    object_property_add_child(OBJECT(dev), "root", OBJECT(root));
    qbus_init(&s->qbus, sizeof(s->qbus), TYPE_HV_VMBUS_BUS, root, "vmbus");
    s->qbus.bus = s->bus;
    qbus_set_hotplug_handler(BUS(&s->qbus), OBJECT(dev));
    sysbus_realize_and_unref(SYS_BUS_DEVICE(root), &error_abort);
    /* -nic ...,model=hv-net */
    qemu_create_nic_bus_devices(BUS(&s->qbus), TYPE_HV_VMBUS_DEVICE, NULL,
                                "netvsc", "hv-net");
    qemu_register_resettable(OBJECT(dev));
}

static void hv_vmbus_unrealize(DeviceState *dev)
{
    HvVmbusState *s = HV_VMBUS(dev);

    qemu_unregister_resettable(OBJECT(dev));
    hv_set_ports(NULL, NULL);
    qemu_del_vm_change_state_handler(s->vmstate_entry);
    vmbus_bus_free(s->bus);
    qemu_bh_delete(s->bh);
}

static void hv_vmbus_reset_hold(Object *obj, ResetType type)
{
    vmbus_bus_reset(HV_VMBUS(obj)->bus);
}

/* hotplug of devices on the bus */

static int forget_state(DeviceState *dev, void *opaque)
{
    if (qdev_get_vmsd(dev)) {
        vmstate_unregister(VMSTATE_IF(dev), qdev_get_vmsd(dev), dev);
    }
    return 0;
}

static void hv_vmbus_unplug_request(HotplugHandler *handler, DeviceState *dev,
                                    Error **errp)
{
    HvVmbusDevice *d = HV_VMBUS_DEVICE(dev);
    HvVmbusDeviceClass *dc = HV_VMBUS_DEVICE_GET_CLASS(dev);

    trace_hv_vmbus_device_unplug_request(object_get_typename(OBJECT(dev)),
                                         d->instance);
    dev->pending_deleted_event = true;
    dev->pending_deleted_expires_ms = 0;
    dc->unplug_request(d, errp);
    /*
     * A guest that does not answer must not keep the machine from migrating
     * to one without the device: from now on its offer is the bus's affair.
     */
    qdev_walk_children(dev, forget_state, NULL, NULL, NULL, NULL);
}

static void hv_vmbus_unplug(HotplugHandler *handler, DeviceState *dev,
                            Error **errp)
{
    qdev_unrealize(dev);
}

/* migration */

static int hv_vmbus_pre_save(void *opaque)
{
    HvVmbusState *s = opaque;
    StateWriter w;

    state_writer_init(&w);
    vmbus_bus_save(s->bus, &w);
    s->saved = state_writer_finish(&w);
    return 0;
}

static int hv_vmbus_post_save(void *opaque)
{
    HvVmbusState *s = opaque;

    g_clear_pointer(&s->saved, g_bytes_unref);
    return 0;
}

static int hv_vmbus_post_load(void *opaque, int version_id)
{
    HvVmbusState *s = opaque;
    StateReader r;

    vmstate_blob_open(&r, s->saved);
    return vmstate_blob_close(&r, &s->saved, vmbus_bus_load(s->bus, &r),
                              "hv-vmbus");
}

/*
 * Comes before the devices on the bus: they are realized, and their sections
 * registered, after it.
 */
static const VMStateDescription vmstate_hv_vmbus = {
    .name = TYPE_HV_VMBUS,
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = hv_vmbus_pre_save,
    .post_save = hv_vmbus_post_save,
    .post_load = hv_vmbus_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BLOB(saved, HvVmbusState),
        VMSTATE_END_OF_LIST()
    }
};

/* For leak checks and curious people: qom-get PATH use. */
static char *hv_vmbus_get_use(Object *obj, Error **errp)
{
    HvVmbusState *s = HV_VMBUS(obj);
    VmbusBusUse use = { 0 };

    if (s->bus) {
        vmbus_bus_use(s->bus, &use);
    }
    return g_strdup_printf("{\"relids\": %u, \"open\": %u, \"gpadls\": %u}",
                           use.relids, use.open, use.gpadls);
}

/* types */

static const Property hv_vmbus_properties[] = {
    DEFINE_PROP_STRING("max-version", HvVmbusState, max_version),
};

static void hv_vmbus_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    HotplugHandlerClass *hc = HOTPLUG_HANDLER_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);

    dc->desc = "Hyper-V VMBus (TCG)";
    dc->realize = hv_vmbus_realize;
    dc->unrealize = hv_vmbus_unrealize;
    dc->vmsd = &vmstate_hv_vmbus;
    dc->hotpluggable = false;
    set_bit(DEVICE_CATEGORY_BRIDGE, dc->categories);
    device_class_set_props(dc, hv_vmbus_properties);
    object_class_property_set_description(oc, "max-version",
        "newest VMBus version to accept, 2.4 to 5.3 (default 5.3)");
    object_class_property_add_str(oc, "use", hv_vmbus_get_use, NULL);
    object_class_property_set_description(oc, "use",
        "relids, open channels and GPADLs in use (JSON, read-only)");
    rc->phases.hold = hv_vmbus_reset_hold;
    hc->unplug_request = hv_vmbus_unplug_request;
    hc->unplug = hv_vmbus_unplug;
}

/* Names the devices' sections of a migration stream, in whatever order the
 * devices were plugged. */
static char *hv_vmbus_bus_get_dev_path(DeviceState *dev)
{
    return g_strdup_printf("vmbus/%s", HV_VMBUS_DEVICE(dev)->instance);
}

static void hv_vmbus_bus_class_init(ObjectClass *oc, void *data)
{
    BUS_CLASS(oc)->get_dev_path = hv_vmbus_bus_get_dev_path;
}

static const TypeInfo hv_vmbus_types[] = {
    {
        .name = TYPE_HV_VMBUS_BUS,
        .parent = TYPE_BUS,
        .instance_size = sizeof(HvVmbusBus),
        .class_init = hv_vmbus_bus_class_init,
    }, {
        .name = TYPE_HV_VMBUS_ROOT,
        .parent = TYPE_SYS_BUS_DEVICE,
    }, {
        .name = TYPE_HV_VMBUS,
        .parent = TYPE_DEVICE,
        .instance_size = sizeof(HvVmbusState),
        .class_init = hv_vmbus_class_init,
        .interfaces = (InterfaceInfo[]) {
            { TYPE_HOTPLUG_HANDLER },
            { }
        },
    },
};

DEFINE_TYPES(hv_vmbus_types)
