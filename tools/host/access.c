/*
 * What callers of the control socket may do: the command's operation and VM,
 * asked of the policy (roles.h).
 *
 * A VM that the caller may not see does not exist for it: the answer is that of
 * an unknown name.  Every refusal is an event, which only those see who may see
 * the host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/access.h"

#include "base/jsonline.h"
#include "base/rundir.h"

#include <glib/gstdio.h>
#include <pwd.h>
#include <string.h>

static const struct {
    const char *command;
    Operation op;
} operations[] = {
    { "run", OP_CREATE_VM },
    { "start", OP_START_VM },
    { "stop", OP_STOP_VM },
    { "pause", OP_PAUSE_VM },
    { "resume", OP_PAUSE_VM },
    { "reset", OP_PAUSE_VM },
    { "save", OP_SAVE_VM },
    { "restore", OP_SAVE_VM },
    { "revert", OP_CHECKPOINT_VM },
    { "vf-attach", OP_CONFIGURE_VM_ADAPTER },
    { "vf-detach", OP_CONFIGURE_VM_ADAPTER },
    { "migrate", OP_MIGRATE_VM },
    { "migrate-cancel", OP_MIGRATE_VM },
    { "migrate-prepare", OP_MIGRATE_VM },
    { "migrate-finish", OP_MIGRATE_VM },
    { "migrate-abandon", OP_MIGRATE_VM },
    { "capture", OP_CAPTURE },
    { "qmp", OP_CONSOLE },
};

static const struct {
    const char *kind;
    Operation set, make, remove;
} objects[] = {
    { "host", OP_CONFIGURE_HOST, OP_CONFIGURE_HOST, OP_CONFIGURE_HOST },
    { "adapter", OP_CONFIGURE_ADAPTER, OP_CONFIGURE_ADAPTER,
      OP_CONFIGURE_ADAPTER },
    { "switch", OP_CONFIGURE_SWITCH, OP_CREATE_SWITCH, OP_DELETE_SWITCH },
    { "vm", OP_CONFIGURE_VM, OP_CREATE_VM, OP_DELETE_VM },
    { "nic", OP_CONFIGURE_VM_ADAPTER, OP_CONFIGURE_VM_ADAPTER,
      OP_CONFIGURE_VM_ADAPTER },
    { "checkpoint", OP_CHECKPOINT_VM, OP_CHECKPOINT_VM, OP_CHECKPOINT_VM },
};

static bool is_object_command(const char *command)
{
    return g_str_equal(command, "set") || g_str_equal(command, "new") ||
        g_str_equal(command, "remove") || g_str_equal(command, "restart");
}

static Operation object_operation(const char *command, const char *kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(objects); i++) {
        if (g_str_equal(objects[i].kind, kind)) {
            return g_str_equal(command, "new") ? objects[i].make :
                g_str_equal(command, "remove") ? objects[i].remove :
                objects[i].set;
        }
    }
    return OP_CONFIGURE_HOST;
}

/* What nobody has listed is for those who may do everything with the host. */
static Operation operation_of(const char *command, JsonObject *args)
{
    if (is_object_command(command)) {
        return object_operation(command, json_str(args, "object", ""));
    }
    if (g_str_has_prefix(command, "checkpoint")) {
        return OP_CHECKPOINT_VM;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(operations); i++) {
        if (g_str_equal(operations[i].command, command)) {
            return operations[i].op;
        }
    }
    return OP_CONFIGURE_HOST;
}

/* The VM that a command is about, or NULL; the caller frees it. */
static char *vm_of(const char *command, JsonObject *args)
{
    const char *kind = json_str(args, "object", "");
    const char *name = json_str(args, "name", "");

    if (is_object_command(command)) {
        if (g_str_equal(kind, "vm")) {
            return g_strdup(name);
        }
        return g_str_equal(kind, "nic") && strchr(name, '.') ?
            g_strndup(name, strrchr(name, '.') - name) : NULL;
    }
    if (json_obj(args, "config")) {
        return g_strdup(json_str(json_obj(args, "config"), "name", NULL));
    }
    return g_strdup(json_str(args, "vm", NULL));
}

static bool may(const Host *host, const ControlCaller *caller, Operation op,
                const char *vm, const char **scope)
{
    const Caller who = { caller->uid, caller->groups, caller->n_groups };

    if (scope) {
        *scope = "host";
    }
    return caller->owner ||
        (host->roles && roles_allow(host->roles, &who, op, vm, scope));
}

bool access_sees_vm(const Host *host, const ControlCaller *caller,
                    const char *vm)
{
    return may(host, caller, OP_VIEW_VM, vm, NULL);
}

bool access_sees_host(const Host *host, const ControlCaller *caller)
{
    return may(host, caller, OP_VIEW_HOST, NULL, NULL);
}

static void refused(Host *host, const ControlCaller *caller, Operation op,
                    const char *vm, const char *scope, const char *text)
{
    const struct passwd *entry = getpwuid(caller->uid);
    g_autofree char *user = entry ? g_strdup(entry->pw_name) :
        g_strdup_printf("%u", (unsigned)caller->uid);

    /* No "vm": the caller's own view of events has nothing of it. */
    host_event(host, "not-allowed", "s:operation", operation_name(op),
               "s:user", user, "s:scope", scope, "s:object", vm ? vm : "",
               "s:text", text, NULL);
}

ClientFiles access_files(const Host *host)
{
    return (ClientFiles) { .host = host->name, .dir = host->dir,
                           .read = host->config.client_read,
                           .write = host->config.client_write };
}

void access_refuse(Host *host, ControlRequest *request, Operation op,
                   const char *vm, PropError *error)
{
    const ControlCaller *caller = control_request_caller(request);
    const char *scope;

    if (!caller->owner && g_str_equal(error->code, ERR_NOT_ALLOWED)) {
        may(host, caller, op, vm, &scope);
        refused(host, caller, op, vm, scope, error->text);
    }
    control_fail(request, error->code, "%s", error->text);
    prop_error_clear(error);
}

static bool allow(void *opaque, const ControlCaller *caller,
                  const char *command, JsonObject *args, const char **code,
                  char **text)
{
    Host *host = opaque;
    Operation op = operation_of(command, args);
    g_autofree char *vm = vm_of(command, args);
    PropError error = { 0 };
    const char *scope;

    /* What is shown is looked through object by object. */
    if (g_str_equal(command, "show")) {
        return true;
    }
    if (may(host, caller, op, vm, &scope)) {
        if (access_values(host, caller, command, args, &error)) {
            return true;
        }
        if (g_str_equal(error.code, ERR_NOT_ALLOWED)) {
            refused(host, caller, op, vm, scope, error.text);
        }
        *code = error.code;
        *text = error.text;
        return false;
    }
    refused(host, caller, op, vm, scope, "");
    if (vm && op != OP_CREATE_VM && !access_sees_vm(host, caller, vm)) {
        *code = ERR_NOT_FOUND;
        *text = g_strdup_printf("host '%s' has no VM '%s'", host->name, vm);
    } else {
        *code = ERR_NOT_ALLOWED;
        *text = g_strdup_printf("the operation %s is not in a role of yours%s%s",
                                operation_name(op), vm ? " for VM " : "",
                                vm ? vm : "");
    }
    return false;
}

static bool sees(void *opaque, const ControlCaller *caller, JsonObject *event)
{
    const char *vm = json_str(event, "vm", NULL);

    return vm ? access_sees_vm(opaque, caller, vm) :
        access_sees_host(opaque, caller);
}

const ControlGuard host_guard = { .allow = allow, .sees = sees };

bool access_check_directories(const void *config, JsonNode *value,
                              PropError *error)
{
    g_autofree char *why = NULL;

    return client_directories_check(json_node_get_string(value), &why) ||
        prop_fail(error, ERR_BAD_ARGUMENT, "%s", why);
}

/* --- the policy file ------------------------------------------------------- */

/* With a policy others may reach the socket; without one only the owner. */
static void set_modes(Host *host)
{
    const mode_t dir = host->roles ? 0711 : 0700;
    g_autofree char *hosts = rundir_path("hosts", NULL);
    g_autofree char *socket = host_path(host, "control.sock");

    if (host->roles) {
        /* Another host may still have its policy: these stay. */
        g_chmod(rundir(), 0755);
        g_chmod(hosts, 0755);
    }
    g_chmod(host->dir, dir);
    g_chmod(socket, host->roles ? 0666 : 0600);
}

bool access_check_file(const void *config, JsonNode *value, PropError *error)
{
    const char *path = json_node_get_string(value);
    g_autofree char *why = NULL;
    Roles *roles = *path ? roles_load(path, &why) : NULL;

    if (*path && !roles) {
        return prop_fail(error, ERR_BAD_ARGUMENT, "PolicyFile: %s", why);
    }
    roles_free(roles);
    return true;
}

bool access_apply_file(void *object, PropError *error)
{
    Host *host = object;
    const char *path = host->config.policy_file;
    g_autofree char *why = NULL;
    Roles *roles = *path ? roles_load(path, &why) : NULL;

    if (*path && !roles) {
        return prop_fail(error, ERR_BAD_ARGUMENT, "PolicyFile: %s", why);
    }
    roles_free(host->roles);
    host->roles = roles;
    set_modes(host);
    return true;
}
