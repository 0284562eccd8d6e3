/*
 * What a restarted host process needs to take its running VMs back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/daemon.h"
#include "base/jsonline.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

enum { STATE_DELAY_MS = 20 };

static JsonObject *nic_to_json(const VmNic *nic)
{
    return iov_args("i:index", (int)nic->index, "i:vf", nic->vf,
                    "s:adapter", nic->adapter ? nic->adapter->name : "",
                    "i:serial", (int)nic->serial,
                    "b:on-vf", datapath_on_vf(nic->dp),
                    "b:chardev", nic->plugged_chardev,
                    "i:chardev-serial", (int)nic->chardev_serial,
                    "b:bus", nic->plugged_bus, "b:function", nic->plugged_vf,
                    NULL);
}

/* Adapters and switches; VMs have more to them. */
static const ObjectKind *const kept_kinds[] = { &adapter_kind, &switch_kind };

static JsonArray *objects_to_json(Host *host)
{
    JsonArray *array = json_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(kept_kinds); i++) {
        const ObjectKind *kind = kept_kinds[i];
        g_autoptr(GList) list = kind->list(host);

        for (GList *l = list; l; l = l->next) {
            g_autofree char *name = kind->name_of(l->data);
            JsonObject *entry = iov_args("s:kind", kind->name, "s:name", name,
                                         NULL);

            json_object_set_object_member(entry, "values",
                props_save(kind, kind->config(l->data)));
            json_array_add_object_element(array, entry);
        }
    }
    return array;
}

static void load_object(Host *host, JsonObject *entry)
{
    const ObjectKind *kind = object_kind(json_str(entry, "kind", ""));
    const char *name = json_str(entry, "name", "");
    PropError error = { 0 };

    if (kind != &adapter_kind && kind != &switch_kind) {
        return;
    }
    if (!object_find(host, kind, name) &&
        object_create(host, kind, name, json_obj(entry, "values"), NULL,
                      &error) == OBJECT_FAILED) {
        daemon_log("state.json: %s %s: %s", kind->name, name, error.text);
        prop_error_clear(&error);
    }
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

        if (vm->in || vm->state == VM_STOPPING ||
            (vm->pid <= 0 && vm->state != VM_OFF)) {
            continue;
        }
        entry = iov_args("i:pid", (int)vm->pid, "i:serial",
                         (int)vm->next_serial, "b:kept", vm->kept, NULL);
        nics = json_array_new();
        VM_FOR_EACH_NIC(vm, nic) {
            json_array_add_object_element(nics, nic_to_json(nic));
        }
        json_object_set_object_member(entry, "config",
                                      vm_config_to_json(&vm->config));
        json_object_set_array_member(entry, "nics", nics);
        json_array_add_object_element(vms, entry);
    }
    json_object_set_array_member(object, "vms", vms);
    json_object_set_object_member(object, "host",
                                  props_save(&host_kind, &host->config));
    json_object_set_array_member(object, "objects", objects_to_json(host));
    line = json_line_format(object);
    /* With a policy others may enter the directory: not for them. */
    if (!g_file_set_contents_full(path, line, -1,
                                  G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                  &error)) {
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
    PropError error = { 0 };
    JsonArray *nics = json_arr(entry, "nics");
    GPid pid = json_int(entry, "pid", 0);
    bool kept = json_bool(entry, "kept", false);
    VmConfig config, off;
    Vm *vm;

    if (!vm_config_from_json(&config, json_obj(entry, "config"), &error)) {
        daemon_log("state.json: %s", error.text);
        prop_error_clear(&error);
        return;
    }
    if (host_find_vm(host, config.name)) {
        vm_config_clear(&config);
        return;
    }
    vm_config_copy(&off, &config);
    vm = pid > 0 && kill(pid, 0) == 0 ?
        vm_adopt(host, &config, pid, json_int(entry, "serial", 1)) : NULL;
    vm_config_clear(&config);
    if (!vm && kept) {
        vm_define(host, &off)->kept = true;
    }
    vm_config_clear(&off);
    if (!vm) {
        return;
    }
    vm->kept = kept;
    vm_event(vm, "vm-taken-back", "i:pid", (int)vm->pid, NULL);
    for (guint i = 0; nics && i < json_array_get_length(nics); i++) {
        JsonNode *node = json_array_get_element(nics, i);
        JsonObject *saved = JSON_NODE_HOLDS_OBJECT(node) ?
            json_node_get_object(node) : NULL;
        int64_t index = json_int(saved, "index", -1);

        if (index >= 0 && index < NICS_MAX && vm->nic[index]) {
            nic_adopt(vm->nic[index], saved);
        }
    }
}

static JsonObject *read_state(Host *host)
{
    g_autofree char *path = host_path(host, "state.json");
    g_autofree char *text = NULL;
    gsize len;

    return g_file_get_contents(path, &text, &len, NULL) ?
        json_line_parse(text, len, NULL) : NULL;
}

/* @why is taken. */
static void lose_setting(Host *host, char *why)
{
    g_autofree char *text = why;
    g_autofree char *before = host->settings_lost;

    host->settings_lost = before ? g_strconcat(before, "; ", text, NULL) :
        g_steal_pointer(&text);
}

/* A policy that cannot be read any more lets only the owner in. */
static void check_policy(Host *host)
{
    char *why = NULL;
    Roles *roles = *host->config.policy_file ?
        roles_load(host->config.policy_file, &why) : NULL;

    if (why) {
        lose_setting(host, why);
        g_free(host->config.policy_file);
        host->config.policy_file = g_strdup("");
    }
    roles_free(roles);
}

void host_state_settings(Host *host)
{
    g_autoptr(JsonObject) object = read_state(host);
    JsonObject *saved = json_obj(object, "host");

    for (const Property *p = host_kind.properties; saved && p->name; p++) {
        g_autoptr(JsonObject) one = json_object_new();
        PropError error = { 0 };

        if (p->when != PROP_ALWAYS || !json_object_has_member(saved,
                                                              p->name)) {
            continue;
        }
        json_object_set_member(one, p->name,
                               json_object_dup_member(saved, p->name));
        if (!props_load(&host_kind, &host->config, one, &error)) {
            lose_setting(host, g_strdup_printf("%s: %s", p->name,
                                               error.text));
            prop_error_clear(&error);
        }
    }
    check_policy(host);
}

void host_state_load(Host *host)
{
    g_autoptr(JsonObject) object = read_state(host);
    JsonArray *objects;
    JsonArray *vms;

    if (!object) {
        return;
    }
    objects = json_arr(object, "objects");
    for (guint i = 0; objects && i < json_array_get_length(objects); i++) {
        JsonNode *node = json_array_get_element(objects, i);

        if (JSON_NODE_HOLDS_OBJECT(node)) {
            load_object(host, json_node_get_object(node));
        }
    }
    vms = json_arr(object, "vms");
    for (guint i = 0; vms && i < json_array_get_length(vms); i++) {
        JsonNode *node = json_array_get_element(vms, i);

        if (JSON_NODE_HOLDS_OBJECT(node)) {
            load_vm(host, json_node_get_object(node));
        }
    }
    host_state_changed(host);
}
