/*
 * Steps of scenarios about the host's administration: properties of objects,
 * adapters that come and go, checkpoints.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "lab_private.h"

#include <string.h>

#include "../base/jsonline.h"

static LabVm *vm_of(Lab *lab, unsigned vm)
{
    return &lab->vms[MIN(vm, lab->n_vms - 1)];
}

bool lab_set(Lab *lab, const char *kind, const char *name, const char *value)
{
    lab_say(lab, "iovlab set %s %s %s", kind, name, value);
    return lab_command(lab, "set", kind, name, value, NULL);
}

bool lab_restart(Lab *lab, const char *adapter)
{
    lab_say(lab, "iovlab restart adapter %s --host A", adapter);
    return lab_command(lab, "restart", "adapter", adapter, "--host", "A",
                       NULL);
}

bool lab_set_refused(Lab *lab, const char *kind, const char *name,
                     const char *value, const char *code)
{
    g_auto(GStrv) pair = g_strsplit(value, "=", 2);
    JsonObject *args = iov_args("s:object", kind, "s:name", name, NULL);
    JsonObject *values = json_object_new();
    g_autoptr(GError) error = NULL;
    JsonNode *node;

    json_object_set_string_member(values, pair[0], pair[1] ? pair[1] : "");
    json_object_set_object_member(args, "values", values);
    node = iov_client_call(lab->clients[LAB_A], "set", args, &error);
    if (node) {
        json_node_unref(node);
        report_fail(lab->report, "%s %s: %s was not refused", kind, name,
                    value);
        return false;
    }
    if (!g_str_equal(iov_client_error_class(), code)) {
        report_fail(lab->report, "%s %s: %s was refused with '%s' (%s), not "
                    "with '%s'", kind, name, value, iov_client_error_class(),
                    error->message, code);
        return false;
    }
    return true;
}

/* A member as text; the caller frees it. */
static char *text_of(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    if (!node) {
        return g_strdup("not there");
    }
    if (!JSON_NODE_HOLDS_VALUE(node)) {
        return json_to_string(node, FALSE);
    }
    if (json_node_get_value_type(node) == G_TYPE_STRING) {
        return g_strdup(json_node_get_string(node));
    }
    return json_to_string(node, FALSE);
}

typedef struct NicWait {
    LabVm *vm;
    unsigned nic;
    const char *property;
    const char *expected;
    char *seen;
} NicWait;

static char *nic_text(Lab *lab, LabVm *vm, unsigned nic, const char *property)
{
    g_autofree char *name = g_strdup_printf("%s.%u", vm->name, nic);
    g_autoptr(JsonNode) node =
        iov_client_call(lab->clients[vm->place], "show",
                        iov_args("s:object", "nic", "s:name", name, NULL),
                        NULL);
    JsonArray *list = node ? json_arr(json_node_get_object(node), "nic") :
        NULL;

    return text_of(list && json_array_get_length(list) ?
                   json_array_get_object_element(list, 0) : NULL, property);
}

static bool nic_is(Lab *lab, void *opaque)
{
    NicWait *w = opaque;

    g_free(w->seen);
    w->seen = nic_text(lab, w->vm, w->nic, w->property);
    return g_str_equal(w->seen, w->expected);
}

bool lab_expect_nic(Lab *lab, unsigned vm, unsigned nic, const char *property,
                    const char *expected, unsigned ms)
{
    NicWait w = { vm_of(lab, vm), nic, property, expected, NULL };
    bool ok = lab_wait(lab, ms, nic_is, &w);

    if (!ok) {
        report_fail(lab->report, "%s.%u: %s is '%s', not '%s'", w.vm->name,
                    nic, property, w.seen, expected);
    }
    g_free(w.seen);
    return ok;
}

bool lab_expect_object(Lab *lab, const char *kind, const char *property,
                       const char *expected)
{
    g_autoptr(JsonNode) node =
        iov_client_call(lab->clients[LAB_A], "show",
                        iov_args("s:object", kind, NULL), NULL);
    JsonObject *answer = node ? json_node_get_object(node) : NULL;
    JsonArray *list = answer ? json_arr(answer, kind) : NULL;
    JsonObject *object = list && json_array_get_length(list) ?
        json_array_get_object_element(list, 0) : json_obj(answer, kind);
    g_autofree char *seen = text_of(object, property);

    if (!strstr(seen, expected)) {
        report_fail(lab->report, "%s of A: %s is '%s' and does not say '%s'",
                    kind, property, seen, expected);
        return false;
    }
    return true;
}

static bool nic_command(Lab *lab, unsigned vm, unsigned nic, const char *verb)
{
    g_autofree char *name = g_strdup_printf("%s.%u", vm_of(lab, vm)->name,
                                            nic);

    lab_say(lab, "iovlab %s nic %s", verb, name);
    return lab_command(lab, verb, "nic", name, NULL);
}

bool lab_nic_add(Lab *lab, unsigned vm, unsigned nic)
{
    return nic_command(lab, vm, nic, "new");
}

bool lab_nic_remove(Lab *lab, unsigned vm, unsigned nic)
{
    return nic_command(lab, vm, nic, "remove");
}

bool lab_checkpoint(Lab *lab, unsigned vm, const char *name)
{
    lab_say(lab, "iovlab checkpoint %s %s", vm_of(lab, vm)->name, name);
    return lab_command(lab, "checkpoint", vm_of(lab, vm)->name, name, NULL);
}

typedef struct EventWait {
    const char *event;
    bool seen;
} EventWait;

static void on_old_event(void *opaque, JsonObject *event)
{
    EventWait *w = opaque;

    w->seen |= g_str_equal(json_str(event, "event", ""), w->event);
}

bool lab_expect_event(Lab *lab, const char *event)
{
    IovClient *client = iov_client_host(lab_host_name(LAB_A), NULL);
    EventWait w = { .event = event };
    JsonNode *node = NULL;

    if (client) {
        iov_client_subscribe(client, true, on_old_event, &w);
        /* The history has come when the next answer has. */
        node = iov_client_call(client, "show",
                               iov_args("s:object", "host", NULL), NULL);
        g_clear_pointer(&node, json_node_unref);
        iov_client_free(client);
    }
    if (!w.seen) {
        report_fail(lab->report, "there was no event '%s'", event);
    }
    return w.seen;
}
