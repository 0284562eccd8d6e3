/*
 * What a restarted host process needs to take its running VMs back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/daemon.h"
#include "base/jsonline.h"

#include <glib/gstdio.h>
#include <string.h>

enum { STATE_DELAY_MS = 20 };

static JsonObject *nic_to_json(const VmNic *nic)
{
    return iov_args("i:vf", nic->vf, "i:serial", (int)nic->serial,
                    "b:on-vf", datapath_on_vf(nic->dp),
                    "b:chardev", nic->plugged_chardev,
                    "b:bus", nic->plugged_bus, "b:function", nic->plugged_vf,
                    NULL);
}

void host_state_save(Host *host)
{
    g_autofree char *path = host_path(host, "state.json");
    g_autoptr(JsonObject) object = json_object_new();
    JsonArray *vms = json_array_new();
    g_autofree char *line = NULL;
    g_autoptr(GError) error = NULL;

    for (GList *l = host->vms; l; l = l->next) {
        Vm *vm = l->data;
        JsonObject *entry;
        JsonArray *nics;

        if (vm->in || vm->state == VM_STOPPING || vm->pid <= 0) {
            continue;
        }
        entry = iov_args("i:pid", (int)vm->pid, "i:serial",
                         (int)vm->next_serial, NULL);
        nics = json_array_new();
        for (unsigned i = 0; i < vm->config.nics; i++) {
            json_array_add_object_element(nics, nic_to_json(vm->nic[i]));
        }
        json_object_set_object_member(entry, "config",
                                      vm_config_to_json(&vm->config));
        json_object_set_array_member(entry, "nics", nics);
        json_array_add_object_element(vms, entry);
    }
    json_object_set_array_member(object, "vms", vms);
    line = json_line_format(object);
    if (!g_file_set_contents(path, line, -1, &error)) {
        daemon_log("%s", error->message);
    }
}

static gboolean state_idle(gpointer opaque)
{
    Host *host = opaque;

    host->state_idle = 0;
    host_state_save(host);
    return G_SOURCE_REMOVE;
}

void host_state_changed(Host *host)
{
    if (!host->state_idle && !host->stopping) {
        host->state_idle = g_timeout_add(STATE_DELAY_MS, state_idle, host);
    }
}

static void load_vm(Host *host, JsonObject *entry)
{
    g_autofree char *error = NULL;
    JsonArray *nics = json_arr(entry, "nics");
    VmConfig config;
    Vm *vm;

    if (!vm_config_from_json(&config, json_obj(entry, "config"), &error)) {
        daemon_log("state.json: %s", error);
        return;
    }
    if (host_find_vm(host, config.name)) {
        vm_config_clear(&config);
        return;
    }
    vm = vm_adopt(host, &config, json_int(entry, "pid", 0),
                  json_int(entry, "serial", 1));
    if (!vm) {
        return;
    }
    vm_event(vm, "vm-taken-back", "i:pid", (int)vm->pid, NULL);
    for (unsigned i = 0; nics && i < vm->config.nics &&
         i < json_array_get_length(nics); i++) {
        JsonNode *node = json_array_get_element(nics, i);

        if (JSON_NODE_HOLDS_OBJECT(node)) {
            nic_adopt(vm->nic[i], json_node_get_object(node));
        }
    }
}

void host_state_load(Host *host)
{
    g_autofree char *path = host_path(host, "state.json");
    g_autoptr(JsonObject) object = NULL;
    g_autofree char *text = NULL;
    JsonArray *vms;
    gsize len;

    if (!g_file_get_contents(path, &text, &len, NULL)) {
        return;
    }
    object = json_line_parse(text, len, NULL);
    vms = json_arr(object, "vms");
    for (guint i = 0; vms && i < json_array_get_length(vms); i++) {
        JsonNode *node = json_array_get_element(vms, i);

        if (JSON_NODE_HOLDS_OBJECT(node)) {
            load_vm(host, json_node_get_object(node));
        }
    }
    host_state_changed(host);
}
