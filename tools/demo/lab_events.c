/*
 * The hosts' events: followed live, put into words, kept for the report.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "lab_private.h"

#include <string.h>

#include "../base/jsonline.h"

/*
 * Events that a person follows the story by.  %NAME% stands for a field of
 * the event.
 */
static const struct {
    const char *event;
    const char *field, *value;  /* only if this field has this value */
    const char *text;
} words[] = {
    { "vf-assigned", NULL, NULL, "VF %vf% granted to %vm%" },
    { "vf-plugged", NULL, NULL, "VF %vf% offered to the guest" },
    { "switch-data-path", "to_vf", "true", "guest asks for the VF" },
    { "switch-data-path", "to_vf", "false", "guest leaves the VF" },
    { "data-path", "state", "vf", "%vm% receives on the VF" },
    { "data-path", "state", "synthetic", "%vm% receives on the synthetic NIC" },
    { "vf-eject", NULL, NULL, "guest is asked to eject VF %vf%" },
    { "vf-unplugged", NULL, NULL, "guest ejected the VF" },
    { "vf-surprise-removal", NULL, NULL, "VF %vf% removed by surprise" },
    { "vf-settled", NULL, NULL, "guest's queues on the VF are active" },
    { "vf-reset", NULL, NULL, "VF %vf% reset" },
    { "vf-freed", NULL, NULL, "VF %vf% is back in the pool" },
    { "vpci-removed", NULL, NULL, "virtual PCI bus is gone" },
    { "no-vf", NULL, NULL, "no VF: %text%" },
    { "iommu-fault", NULL, NULL, "IOMMU blocked %address% (reason %reason%)" },
    { "migrate-start", NULL, NULL, "migration of %vm% to %to% starts" },
    { "migrate-prepared", NULL, NULL, "a QEMU waits for %vm%" },
    { "vfs-detached", NULL, NULL, "%vm% has no VF any more" },
    { "migration", "status", "active", "memory moves" },
    { "migration", "status", "device", "guest stops" },
    { "hand-over", NULL, NULL, "%frames% frames handed over" },
    { "vm-resumed", NULL, NULL, "guest runs here" },
    { "migrate-completed", NULL, NULL, "migration done" },
    { "migrate-cancel", NULL, NULL, "migration is cancelled" },
    { "migrate-failed", NULL, NULL, "migration ended: %reason%" },
    { "announced", NULL, NULL, "VM's place announced" },
    { "save-start", NULL, NULL, "%vm% is saved" },
    { "saved", NULL, NULL, "%vm% is in the file" },
    { "restore-start", NULL, NULL, "%vm% is restored" },
};

static char *field_text(JsonObject *event, const char *name)
{
    JsonNode *node = json_object_get_member(event, name);
    GType type;

    if (!node || !JSON_NODE_HOLDS_VALUE(node)) {
        return g_strdup("?");
    }
    type = json_node_get_value_type(node);
    if (type == G_TYPE_STRING) {
        return g_strdup(json_node_get_string(node));
    }
    if (type == G_TYPE_BOOLEAN) {
        return g_strdup(json_node_get_boolean(node) ? "true" : "false");
    }
    return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
}

static char *fill_in(const char *pattern, JsonObject *event)
{
    GString *out = g_string_new(NULL);
    g_auto(GStrv) parts = g_strsplit(pattern, "%", -1);

    for (guint i = 0; parts[i]; i++) {
        if (i % 2 == 0) {
            g_string_append(out, parts[i]);
        } else {
            g_autofree char *value = field_text(event, parts[i]);

            g_string_append(out, value);
        }
    }
    return g_string_free(out, FALSE);
}

static char *in_words(JsonObject *event)
{
    const char *name = json_str(event, "event", "");

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (!g_str_equal(words[i].event, name)) {
            continue;
        }
        if (words[i].field) {
            g_autofree char *value = field_text(event, words[i].field);

            if (!g_str_equal(value, words[i].value)) {
                continue;
            }
        }
        return fill_in(words[i].text, event);
    }
    return NULL;
}

static LabVm *find_vm(Lab *lab, const char *name)
{
    for (unsigned i = 0; i < lab->n_vms; i++) {
        if (g_strcmp0(lab->vms[i].name, name) == 0) {
            return &lab->vms[i];
        }
    }
    return NULL;
}

static void note_end(LabVm *vm, const char *how)
{
    g_free(vm->migration_end);
    vm->migration_end = g_strdup(how);
    vm->migration_active = false;
}

static void note_migration(LabVm *vm, JsonObject *event)
{
    const char *name = json_str(event, "event", "");

    if (g_str_equal(name, "migration")) {
        vm->migration_active |= g_str_equal(json_str(event, "status", ""),
                                            "active");
    } else if (g_str_equal(name, "vfs-detached")) {
        vm->without_vf = true;
    } else if (g_str_equal(name, "migrate-completed")) {
        note_end(vm, "completed");
    } else if (g_str_equal(name, "migrate-failed")) {
        note_end(vm, g_str_equal(json_str(event, "code", ""), "cancelled")
                     ? "cancelled" : "failed");
    }
}

/* Where the first VM is and which path it uses, for the timeline's bands. */
static void note_bands(Lab *lab, LabHost host, JsonObject *event, double t)
{
    Report *r = lab->report;
    const char *name = json_str(event, "event", "");

    if (g_str_equal(name, "data-path") && json_int(event, "nic", 0) == 0) {
        report_span(r->path, t, json_str(event, "path", "synthetic"));
    } else if (g_str_equal(name, "migration") &&
               g_str_equal(json_str(event, "status", ""), "device")) {
        report_span(r->path, t, "stopped");
    } else if (g_str_equal(name, "vm-resumed")) {
        report_span(r->place, t, lab_host_name(host));
        report_span(r->path, t, "synthetic");
    }
}

static void on_event(void *opaque, JsonObject *event)
{
    LabSubscription *s = opaque;
    Lab *lab = s->lab;
    LabVm *vm = find_vm(lab, json_str(event, "vm", NULL));
    const char *name = json_str(event, "event", "");
    JsonNode *time = json_object_get_member(event, "t_ms");
    double t = lab->t0_us && time
               ? json_node_get_double(time) - lab->t0_us / 1000.0 : 0;
    g_autofree char *text = in_words(event);

    if (vm) {
        note_migration(vm, event);
        if (g_str_equal(name, "vm-resumed")) {
            vm->place = s->host;
        }
        if (g_str_equal(name, "data-path") && json_int(event, "nic", 0) == 0) {
            g_free(vm->path);
            vm->path = g_strdup(json_str(event, "path", "synthetic"));
            vm->vf_settled = false;
        }
        if (g_str_equal(name, "vf-settled") && json_int(event, "nic", 0) == 0) {
            vm->vf_settled = true;
        }
        if (vm == lab->vms && lab->t0_us) {
            note_bands(lab, s->host, event, MAX(t, 0));
        }
    }
    if (text && lab->t0_us) {
        report_event(lab->report, t, lab_host_name(s->host), text);
    }
    if (text) {
        lab_say(lab, "%s: %s", lab_host_name(s->host), text);
    }
}

void lab_events_subscribe(Lab *lab, LabHost host)
{
    LabSubscription *s = &lab->subscriptions[host];

    *s = (LabSubscription) { lab, host };
    iov_client_subscribe(lab->clients[host], true, on_event, s);
}
