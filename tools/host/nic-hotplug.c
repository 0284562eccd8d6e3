/*
 * Network adapters that come to a VM and go, while it is off or runs.
 *
 * In: the link's socket, then the device, over QMP.  Out: the VF first, then
 * the device, then the socket.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/jsonline.h"

#include <string.h>

#define REMOVE_SLACK_MS 15000
/* Until the guest has let go of the synthetic NIC, or the command ends. */
#define RELEASE_LIMIT_MS 30000

/* A request that outlives its NIC, if that goes meanwhile. */
typedef struct Hotplug {
    Host *host;
    char *vm;
    unsigned nic;
    uint64_t id;
    ControlRequest *request;    /* NULL: nobody asks */
} Hotplug;

static Hotplug *hotplug_new(VmNic *nic, ControlRequest *request)
{
    Hotplug *h = g_new0(Hotplug, 1);

    h->host = nic->vm->host;
    h->vm = g_strdup(nic->vm->config.name);
    h->nic = nic->index;
    h->id = nic->id;
    h->request = request;
    return h;
}

static VmNic *nic_of(const Hotplug *h)
{
    Vm *vm = host_find_vm(h->host, h->vm);
    VmNic *nic = vm ? vm->nic[h->nic] : NULL;

    return nic && nic->id == h->id && vm->qmp ? nic : NULL;
}

/* Answers, and frees it; @error NULL: done. */
static void hotplug_end(Hotplug *h, const char *error)
{
    if (h->request && error) {
        control_fail(h->request, ERR_FAILED, "%s.%u: %s", h->vm, h->nic,
                     error);
    } else if (h->request) {
        control_reply(h->request, NULL);
    }
    g_free(h->vm);
    g_free(h);
}

/* The NIC is no longer one of the VM's. */
static void nic_drop(VmNic *nic)
{
    Vm *vm = nic->vm;
    unsigned index = nic->index;

    nic_event(nic, "nic-removed", NULL);
    vm->nic[index] = NULL;
    nic_free(nic);
    props_clear(&nic_kind, &vm->config.nic[index]);
    memset(&vm->config.nic[index], 0, sizeof(vm->config.nic[index]));
    host_state_changed(vm->host);
    vm_poke(vm);
}

/* --- in ----------------------------------------------------------------- */

static void ignored(void *opaque, JsonNode *ret, const char *error)
{
}

static void remove_chardev(VmNic *nic)
{
    g_autofree char *id = g_strdup_printf("nic%u", nic->index);

    if (nic->vm->qmp) {
        qmp_execute(nic->vm->qmp, "chardev-remove", iov_args("s:id", id, NULL),
                    ignored, NULL);
    }
}

static void device_added(void *opaque, JsonNode *ret, const char *error)
{
    Hotplug *h = opaque;
    VmNic *nic = nic_of(h);

    if (!nic) {
        hotplug_end(h, "the VM ended");
        return;
    }
    if (error) {
        remove_chardev(nic);
        nic_drop(nic);
        hotplug_end(h, error);
        return;
    }
    nic_event(nic, "nic-added", NULL);
    nic_update_wanted(nic);
    host_state_changed(h->host);
    hotplug_end(h, NULL);
}

static void add_device(VmNic *nic, Hotplug *h)
{
    g_autofree char *id = g_strdup_printf("net%u", nic->index);
    g_autofree char *link = g_strdup_printf("nic%u", nic->index);
    g_autofree char *mac = mac_format(nic->config->mac);
    g_autofree char *instance = nic_instance(nic);

    qmp_execute(nic->vm->qmp, "device_add",
                iov_args("s:driver", "hv-net", "s:id", id, "s:link", link,
                         "s:vm", nic->vm->config.name, "i:nic",
                         (int)nic->index, "s:mac", mac, "s:instance-id",
                         instance, NULL), device_added, h);
}

static void chardev_added(void *opaque, JsonNode *ret, const char *error)
{
    Hotplug *h = opaque;
    VmNic *nic = nic_of(h);

    if (!nic) {
        hotplug_end(h, "the VM ended");
    } else if (error) {
        nic_drop(nic);
        hotplug_end(h, error);
    } else {
        add_device(nic, h);
    }
}

static void add_chardev(VmNic *nic, ControlRequest *request)
{
    g_autofree char *id = g_strdup_printf("nic%u", nic->index);

    qmp_execute(nic->vm->qmp, "chardev-add",
                nic_chardev(nic, id), chardev_added,
                hotplug_new(nic, request));
}

ObjectResult nic_add(Vm *vm, unsigned index, NicConfig *config,
                     ControlRequest *request, PropError *error)
{
    bool off = vm->state == VM_OFF;
    VmNic *nic;

    if (vm->nic[index]) {
        prop_fail(error, ERR_EXISTS, "VM '%s' has an adapter %u",
                  vm->config.name, index);
        return OBJECT_FAILED;
    }
    if (vm->in || vm->out || vm->save) {
        prop_fail(error, ERR_BUSY, "VM '%s' is being moved or saved",
                  vm->config.name);
        return OBJECT_FAILED;
    }
    if (!off && !vm->qmp) {
        prop_fail(error, ERR_STATE, "VM '%s' is starting", vm->config.name);
        return OBJECT_FAILED;
    }
    vm->config.nic[index] = *config;
    vm->config.nic[index].present = true;
    if (!vm_addresses(vm->host, &vm->config, error)) {
        memset(&vm->config.nic[index], 0, sizeof(vm->config.nic[index]));
        return OBJECT_FAILED;
    }
    nic = vm->nic[index] = nic_new(vm, index);
    if (off) {
        nic_event(nic, "nic-added", NULL);
        return OBJECT_DONE;
    }
    nic_connect(nic);
    add_chardev(nic, request);
    return OBJECT_LATER;
}

/* --- out ---------------------------------------------------------------- */

static void delete_replied(void *opaque, JsonNode *ret, const char *error)
{
    Hotplug *h = opaque;
    VmNic *nic = nic_of(h);
    ControlRequest *request;

    if (nic && error) {
        request = g_steal_pointer(&nic->remove_request);
        g_clear_handle_id(&nic->remove_timer, g_source_remove);
        nic->leaving = false;
        nic_update_wanted(nic);
        if (request) {
            control_fail(request, ERR_FAILED, "%s.%u: %s", h->vm, h->nic,
                         error);
        }
    }
    h->request = NULL;
    hotplug_end(h, NULL);
}

static bool vf_is_gone(Vm *vm, void *opaque)
{
    VmNic *nic = nic_of(opaque);

    return !nic || (vf_life_state(nic->life) == VF_SYNTHETIC &&
        datapath_state(nic->dp) == DATAPATH_ON_SYNTHETIC);
}

/* It goes on leaving, and is gone when the guest has let go. */
static gboolean release_timeout(gpointer opaque)
{
    VmNic *nic = opaque;
    ControlRequest *request = g_steal_pointer(&nic->remove_request);

    nic->remove_timer = 0;
    nic_event(nic, "nic-not-released", NULL);
    if (request) {
        control_fail(request, ERR_TIMEOUT, "the guest has not let go of %s.%u "
                     "within %d s; it goes when the guest does",
                     nic->vm->config.name, nic->index,
                     RELEASE_LIMIT_MS / 1000);
    }
    return G_SOURCE_REMOVE;
}

static void vf_waited(Vm *vm, void *opaque, bool ok)
{
    Hotplug *h = opaque;
    VmNic *nic = nic_of(h);
    g_autofree char *id = g_strdup_printf("net%u", h->nic);

    if (!nic) {
        hotplug_end(h, "the VM ended");
        return;
    }
    if (!ok) {
        nic->leaving = false;
        nic_update_wanted(nic);
        hotplug_end(h, "its VF could not be taken away");
        return;
    }
    nic->remove_request = g_steal_pointer(&h->request);
    nic->remove_timer = g_timeout_add(RELEASE_LIMIT_MS, release_timeout, nic);
    qmp_execute(vm->qmp, "device_del", iov_args("s:id", id, NULL),
                delete_replied, h);
}

void nic_synthetic_deleted(VmNic *nic)
{
    ControlRequest *request = g_steal_pointer(&nic->remove_request);

    remove_chardev(nic);
    nic_drop(nic);
    if (request) {
        control_reply(request, NULL);
    }
}

ObjectResult nic_remove(VmNic *nic, ControlRequest *request, PropError *error)
{
    Vm *vm = nic->vm;

    if (vm->state == VM_OFF) {
        nic_drop(nic);
        return OBJECT_DONE;
    }
    if (vm->in || vm->out || vm->save || nic->leaving) {
        prop_fail(error, ERR_BUSY, "VM '%s' is being moved, saved or changed",
                  vm->config.name);
        return OBJECT_FAILED;
    }
    if (!vm->qmp) {
        prop_fail(error, ERR_STATE, "VM '%s' is starting", vm->config.name);
        return OBJECT_FAILED;
    }
    nic->leaving = true;
    nic_update_wanted(nic);
    vm_wait(vm, vf_is_gone, vf_life_eject_limit(nic->life) + REMOVE_SLACK_MS,
            vf_waited, hotplug_new(nic, request));
    return OBJECT_LATER;
}
