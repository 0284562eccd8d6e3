/*
 * Putting a VF into a VM and taking it out: the devices, over QMP.
 *
 * In: the guest is told of the VF (association), then the virtual PCI bus is
 * offered with the VF on it.  Out: the guest is asked to eject the VF; then
 * the bus is rescinded and the association withdrawn.  This is the order of
 * Hyper-V; withdrawing the association first can make a Linux guest wait for
 * another one with its network lock held.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/jsonline.h"

#include <string.h>

#define RECONNECT_MS 200
/* A VF whose link is not connected yet; a VF that could not be plugged. */
#define VF_AGAIN_MS 20
#define VF_TRIES 150
#define PLUG_AGAIN_MS 1000

/* A request that outlives its NIC, if the VM goes meanwhile. */
typedef struct Step {
    Host *host;
    char *vm;
    unsigned nic;
    uint32_t serial;        /* of the VF that the step belongs to */
} Step;

static Step *step_new(VmNic *nic)
{
    Step *step = g_new0(Step, 1);

    step->host = nic->vm->host;
    step->vm = g_strdup(nic->vm->config.name);
    step->nic = nic->index;
    step->serial = nic->serial;
    return step;
}

/* The NIC, if it is still there with the same VF.  Frees the step. */
static VmNic *step_end(Step *step)
{
    Vm *vm = host_find_vm(step->host, step->vm);
    VmNic *nic = vm ? vm->nic[step->nic] : NULL;

    if (nic && nic->serial != step->serial) {
        nic = NULL;
    }
    g_free(step->vm);
    g_free(step);
    return nic;
}

static char *id_of(const VmNic *nic, const char *kind)
{
    return g_strdup_printf("%s%u", kind, nic->index);
}

/*
 * A socket that is just connecting again keeps a removed chardev, and its name,
 * alive for a moment: each VF has one of its own.
 */
static char *chardev_of(const VmNic *nic)
{
    return g_strdup_printf("vflink%u-%" PRIu32, nic->index,
                           nic->chardev_serial);
}

/*
 * The guest's PCI domain is the second field of the instance id.  It stays the
 * same for the adapter's life, on whichever host.  The first field differs
 * from one VF to the next: a guest that was frozen may not yet have released
 * the bus before.
 */
static char *vpci_instance(const VmNic *nic)
{
    const uint8_t *mac = nic->config->mac;

    return g_strdup_printf("%08x-%04x-1000-9000-%02x%02x%02x%02x%02x%02x",
                           0x82590000 | (nic->serial & 0xffff),
                           0x1000 + nic->index + 1,
                           mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void execute(VmNic *nic, const char *command, JsonObject *args,
                    QmpReply reply)
{
    Step *step = step_new(nic);

    if (nic->vm->qmp) {
        qmp_execute(nic->vm->qmp, command, args, reply, step);
    } else {
        json_object_unref(args);
        reply(step, NULL, "QEMU is not connected");
    }
}

/* --- in ---------------------------------------------------------------- */

static void chardev_removed(void *opaque, JsonNode *ret, const char *error)
{
    VmNic *nic = step_end(opaque);

    if (nic) {
        nic->removing_chardev = false;
        nic->plugged_chardev = error != NULL;
        host_retry_waiting(nic->vm->host);
    }
}

static void remove_chardev(VmNic *nic)
{
    g_autofree char *chardev = chardev_of(nic);

    if (nic->plugged_chardev && !nic->removing_chardev) {
        nic->removing_chardev = true;
        execute(nic, "chardev-remove", iov_args("s:id", chardev, NULL),
                chardev_removed);
    }
}

static gboolean retry_due(gpointer opaque)
{
    Step *step = opaque;
    Host *host = step->host;

    step_end(step);
    host_retry_waiting(host);
    return G_SOURCE_REMOVE;
}

/* For a command whose outcome an event tells; frees the step. */
static void outcome_by_event(void *opaque, JsonNode *ret, const char *error)
{
    step_end(opaque);
}

static void plug_failed(VmNic *nic, const char *what, const char *error)
{
    g_autofree char *bus = id_of(nic, "vpci");

    g_free(nic->plug_error);
    nic->plug_error = g_strdup_printf("%s: %s", what, error);
    nic_event(nic, "vf-plug-failed", "s:text", nic->plug_error, NULL);
    nic_send_association(nic, false);
    if (nic->plugged_bus) {
        /* It is there until DEVICE_DELETED. */
        execute(nic, "device_del", iov_args("s:id", bus, NULL),
                outcome_by_event);
    } else {
        remove_chardev(nic);
    }
    nic->plug_after_ms = host_now_ms() + PLUG_AGAIN_MS;
    g_timeout_add(PLUG_AGAIN_MS, retry_due, step_new(nic));
    vf_life_event(nic->life, VF_EV_PLUG_FAILED);
}

static void add_vf(VmNic *nic);

static gboolean add_vf_again(gpointer opaque)
{
    VmNic *nic = step_end(opaque);

    if (nic && nic->vf >= 0) {
        add_vf(nic);
    }
    return G_SOURCE_REMOVE;
}

static void vf_added(void *opaque, JsonNode *ret, const char *error)
{
    VmNic *nic = step_end(opaque);

    if (!nic) {
        return;
    }
    if (error && strstr(error, "not connected") && nic->vf >= 0 &&
        nic->vf_tries++ < VF_TRIES) {
        /* QEMU connects a chardev that can reconnect in its own time. */
        g_timeout_add(VF_AGAIN_MS, add_vf_again, step_new(nic));
        return;
    }
    if (error) {
        plug_failed(nic, "VF", error);
        return;
    }
    nic->plugged_vf = true;
    nic_event(nic, "vf-plugged", "i:vf", nic->vf, NULL);
    vf_life_event(nic->life, VF_EV_PLUGGED);
}

static void add_vf(VmNic *nic)
{
    g_autofree char *bus = g_strdup_printf("vpci%u.0", nic->index);
    g_autofree char *vf = id_of(nic, "vf");
    g_autofree char *chardev = chardev_of(nic);

    execute(nic, "device_add",
            iov_args("s:driver", "ixgbe-vf", "s:id", vf, "s:bus", bus,
                     "s:link", chardev, "s:vm", nic->vm->config.name,
                     "i:vf", (int)nic_vf_number(nic),
                     "i:rid", adapter_vf_rid(nic->adapter, nic->vf),
                     "s:flavour", nic->queue_pairs > 1 ? "mailbox" : "hyperv",
                     NULL),
            vf_added);
}

static void bus_added(void *opaque, JsonNode *ret, const char *error)
{
    VmNic *nic = step_end(opaque);

    if (!nic) {
        return;
    }
    if (error) {
        plug_failed(nic, "virtual PCI bus", error);
        return;
    }
    nic->plugged_bus = true;
    if (nic->vf < 0) {
        /* Revoked meanwhile: the bus goes as well. */
        nic_withdraw(nic);
        return;
    }
    nic->vf_tries = 0;
    add_vf(nic);
}

static void chardev_added(void *opaque, JsonNode *ret, const char *error)
{
    VmNic *nic = step_end(opaque);
    g_autofree char *bus = NULL;
    g_autofree char *instance = NULL;

    if (!nic) {
        return;
    }
    if (error) {
        plug_failed(nic, "link of the VF", error);
        return;
    }
    nic->plugged_chardev = true;
    bus = id_of(nic, "vpci");
    instance = vpci_instance(nic);
    execute(nic, "device_add",
            iov_args("s:driver", "hv-vpci", "s:id", bus,
                     "s:instance-id", instance, "i:serial", (int)nic->serial,
                     NULL),
            bus_added);
}

JsonObject *nic_chardev(const VmNic *nic, const char *id)
{
    g_autofree char *path = host_path(nic->vm->host, "link.sock");
    JsonObject *args = iov_args("s:id", id, NULL);
    JsonObject *backend = iov_args("s:type", "socket", NULL);
    JsonObject *data = iov_args("b:server", FALSE,
                                "i:reconnect-ms", RECONNECT_MS, NULL);
    JsonObject *address = iov_args("s:type", "unix", NULL);

    json_object_set_object_member(address, "data",
                                  iov_args("s:path", path, NULL));
    json_object_set_object_member(data, "addr", address);
    json_object_set_object_member(backend, "data", data);
    json_object_set_object_member(args, "backend", backend);
    return args;
}

void nic_plug(VmNic *nic)
{
    nic_send_association(nic, true);
    if (nic->plugged_chardev) {
        /* It could not be removed last time: it serves again. */
        chardev_added(step_new(nic), NULL, NULL);
    } else {
        g_autofree char *id = NULL;

        nic->chardev_serial = nic->serial;
        id = chardev_of(nic);
        execute(nic, "chardev-add", nic_chardev(nic, id), chardev_added);
    }
}

/* --- out --------------------------------------------------------------- */

static void eject_replied(void *opaque, JsonNode *ret, const char *error)
{
    VmNic *nic = step_end(opaque);

    if (nic && error) {
        nic_event(nic, "vf-eject-refused", "s:text", error, NULL);
    }
}

void nic_eject(VmNic *nic)
{
    g_autofree char *vf = id_of(nic, "vf");

    execute(nic, "device_del", iov_args("s:id", vf, NULL), eject_replied);
}

static void withdraw_replied(void *opaque, JsonNode *ret, const char *error)
{
    VmNic *nic = step_end(opaque);

    if (nic && error) {
        nic_event(nic, "vpci-removal-refused", "s:text", error, NULL);
    }
}

void nic_withdraw(VmNic *nic)
{
    g_autofree char *bus = id_of(nic, "vpci");

    if (!nic->plugged_bus) {
        nic_send_association(nic, false);
        vf_life_event(nic->life, VF_EV_BUS_GONE);
        return;
    }
    execute(nic, "device_del", iov_args("s:id", bus, NULL), withdraw_replied);
    nic_send_association(nic, false);
}

void nic_device_deleted(VmNic *nic, const char *id)
{
    g_autofree char *bus = id_of(nic, "vpci");
    g_autofree char *vf = id_of(nic, "vf");
    g_autofree char *net = id_of(nic, "net");

    if (g_str_equal(id, net)) {
        nic_synthetic_deleted(nic);
    } else if (g_str_equal(id, vf)) {
        nic->plugged_vf = false;
        nic_event(nic, "vf-unplugged", NULL);
        vf_life_event(nic->life, VF_EV_EJECTED);
    } else if (g_str_equal(id, bus)) {
        nic->plugged_bus = false;
        nic->plugged_vf = false;
        nic_event(nic, "vpci-removed", NULL);
        remove_chardev(nic);
        vf_life_event(nic->life, VF_EV_BUS_GONE);
        host_retry_waiting(nic->vm->host);
    }
}
