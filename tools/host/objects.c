/*
 * The host's objects by kind and name: show, set, new and remove.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/access.h"

#include "base/jsonline.h"
#include "base/rundir.h"

const ObjectKind *const object_kinds[] = {
    &host_kind, &adapter_kind, &switch_kind, &vm_kind, &nic_kind, &vf_kind,
    NULL,
};

/* --- show --------------------------------------------------------------- */

/* What is a VM's is for those who see the VM, the rest for those of the host. */
static bool is_visible(Host *host, const ControlCaller *caller,
                       const ObjectKind *kind, void *object)
{
    Vm *vm = kind == &vm_kind ? object : kind == &nic_kind ?
        ((VmNic *)object)->vm : NULL;

    return vm ? access_sees_vm(host, caller, vm->config.name) :
        access_sees_host(host, caller);
}

static JsonArray *show_kind(Host *host, const ObjectKind *kind,
                            const char *name, const ControlCaller *caller)
{
    g_autoptr(GList) list = kind->list(host);
    JsonArray *array = json_array_new();

    for (GList *l = list; l; l = l->next) {
        g_autofree char *own = kind->name_of(l->data);

        if ((!name || g_str_equal(own, name)) &&
            is_visible(host, caller, kind, l->data)) {
            json_array_add_object_element(array, props_show(kind, l->data));
        }
    }
    return array;
}

JsonNode *show_object(Host *host, const char *what, const char *name,
                      const ControlCaller *caller)
{
    JsonObject *object = json_object_new();
    bool all = g_str_equal(what, "all");

    json_object_set_string_member(object, "Host", host->name);
    for (const ObjectKind *const *k = object_kinds; *k; k++) {
        if (!all && !g_str_equal(what, (*k)->name)) {
            continue;
        }
        if (*k == &host_kind && !access_sees_host(host, caller)) {
            json_object_set_object_member(object, "host",
                                          iov_args("s:Name", host->name,
                                                   NULL));
        } else if (*k == &host_kind) {
            json_object_set_object_member(object, "host",
                                          props_show(&host_kind, host));
        } else {
            json_object_set_array_member(object, (*k)->name,
                                         show_kind(host, *k, name, caller));
        }
    }
    if (json_object_get_size(object) == 1) {
        json_object_unref(object);
        return NULL;
    }
    return prop_object(object);
}

static char *kind_names(void)
{
    GString *text = g_string_new(NULL);

    for (const ObjectKind *const *k = object_kinds; *k; k++) {
        g_string_append_printf(text, "%s, ", (*k)->name);
    }
    g_string_append(text, "all");
    return g_string_free(text, FALSE);
}

static void cmd_show(void *opaque, ControlRequest *request, JsonObject *args)
{
    JsonNode *node = show_object(opaque, json_str(args, "object", "all"),
                                 json_str(args, "name", NULL),
                                 control_request_caller(request));

    if (node) {
        control_reply(request, node);
    } else {
        g_autofree char *names = kind_names();

        control_fail(request, ERR_BAD_ARGUMENT, "show knows %s", names);
    }
}

/* --- set, new, remove --------------------------------------------------- */

/* Answers with the error and clears it. */
static void fail(ControlRequest *request, const char *name, PropError *error)
{
    control_fail(request, error->code ? error->code : ERR_FAILED, "%s: %s",
                 name, error->text ? error->text : "not done");
    prop_error_clear(error);
}

/* NULL: the request is answered. */
static const ObjectKind *kind_of(ControlRequest *request, JsonObject *args)
{
    const char *name = json_str(args, "object", "");
    const ObjectKind *kind = object_kind(name);

    if (!kind) {
        control_fail(request, ERR_BAD_ARGUMENT, "'%s' is no kind of object",
                     name);
    }
    return kind;
}

static void *object_of(Host *host, const ObjectKind *kind,
                       ControlRequest *request, const char *name)
{
    void *object = object_find(host, kind, name);

    if (!object) {
        control_fail(request, ERR_NOT_FOUND, "host '%s' has no %s '%s'",
                     host->name, kind->title, name);
    }
    return object;
}

/* What a request comes to; who said LATER answers it himself. */
static void answer(ControlRequest *request, const char *name,
                   ObjectResult result, PropError *error)
{
    switch (result) {
    case OBJECT_FAILED:
        fail(request, name, error);
        break;
    case OBJECT_DONE:
        control_reply(request, NULL);
        break;
    case OBJECT_LATER:
        break;
    }
}

static void cmd_set(void *opaque, ControlRequest *request, JsonObject *args)
{
    const ObjectKind *kind = kind_of(request, args);
    const char *name = json_str(args, "name", "");
    void *object = kind ? object_of(opaque, kind, request, name) : NULL;
    PropError error = { 0 };

    if (!object) {
        return;
    }
    if (!props_set(kind, object, json_obj(args, "values"), &error)) {
        fail(request, name, &error);
        return;
    }
    host_event(opaque, "object-set", "s:object", kind->name, "s:name", name,
               NULL);
    host_state_changed(opaque);
    control_reply(request, NULL);
}

ObjectResult object_create(Host *host, const ObjectKind *kind,
                           const char *name, JsonObject *values,
                           ControlRequest *request, PropError *error)
{
    g_autofree void *config = NULL;
    ObjectResult result;

    if (!kind->create) {
        prop_fail(error, ERR_BAD_ARGUMENT, "a %s cannot be made",
                  kind->title);
        return OBJECT_FAILED;
    }
    if (kind->name_ok ? !kind->name_ok(name) : !name_valid(name)) {
        prop_fail(error, ERR_BAD_ARGUMENT, "'%s' is not a name for a %s: %s",
                  name, kind->title, kind == &nic_kind ?
                  "VM.N, with N from 0 to 7" :
                  "1 to 32 letters, digits, '_' or '-'");
        return OBJECT_FAILED;
    }
    if (object_find(host, kind, name)) {
        prop_fail(error, ERR_EXISTS, "host '%s' has a %s '%s' already",
                  host->name, kind->title, name);
        return OBJECT_FAILED;
    }
    config = g_malloc(kind->config_size);
    props_init(kind, config);
    if (values && !props_load(kind, config, values, error)) {
        props_clear(kind, config);
        return OBJECT_FAILED;
    }
    result = kind->create(host, name, config, request, error);
    if (result == OBJECT_FAILED) {
        props_clear(kind, config);
    } else {
        host_state_changed(host);
    }
    return result;
}

static void cmd_new(void *opaque, ControlRequest *request, JsonObject *args)
{
    const ObjectKind *kind = kind_of(request, args);
    const char *name = json_str(args, "name", "");
    PropError error = { 0 };

    if (kind) {
        answer(request, name,
               object_create(opaque, kind, name, json_obj(args, "values"),
                             request, &error), &error);
    }
}

/* What is done to an object as a whole; @act is NULL if it cannot be @done. */
static void act_on(Host *host, ControlRequest *request, JsonObject *args,
                   const ObjectKind *kind, ObjectAction *act,
                   const char *done)
{
    const char *name = json_str(args, "name", "");
    void *object = object_of(host, kind, request, name);
    ObjectResult result;
    PropError error = { 0 };

    if (!object) {
        return;
    }
    if (!act) {
        control_fail(request, ERR_BAD_ARGUMENT, "a %s cannot be %s",
                     kind->title, done);
        return;
    }
    result = act(object, request, &error);
    if (result == OBJECT_DONE) {
        host_state_changed(host);
    }
    answer(request, name, result, &error);
}

static void cmd_remove(void *opaque, ControlRequest *request, JsonObject *args)
{
    const ObjectKind *kind = kind_of(request, args);

    if (kind) {
        act_on(opaque, request, args, kind, kind->remove, "removed");
    }
}

static void cmd_restart(void *opaque, ControlRequest *request,
                        JsonObject *args)
{
    const ObjectKind *kind = kind_of(request, args);

    if (kind) {
        act_on(opaque, request, args, kind, kind->restart, "restarted");
    }
}

static const ControlArg show_args[] = {
    { "object", CONTROL_TEXT },
    { "name", CONTROL_TEXT },
    { NULL },
};
static const ControlArg set_args[] = {
    { "object", CONTROL_TEXT, true },
    { "name", CONTROL_TEXT, true },
    { "values", CONTROL_OBJECT, true },
    { NULL },
};
static const ControlArg new_args[] = {
    { "object", CONTROL_TEXT, true },
    { "name", CONTROL_TEXT, true },
    { "values", CONTROL_OBJECT },
    { NULL },
};
static const ControlArg remove_args[] = {
    { "object", CONTROL_TEXT, true },
    { "name", CONTROL_TEXT, true },
    { NULL },
};

const ControlCommand object_commands[] = {
    { "show", show_args, cmd_show, "Properties of the host's objects" },
    { "set", set_args, cmd_set, "Change properties of an object" },
    { "new", new_args, cmd_new, "Make an object" },
    { "remove", remove_args, cmd_remove, "Remove an object" },
    { "restart", remove_args, cmd_restart, "Restart an adapter's driver" },
    { NULL },
};
