/*
 * What a command carries that is not for everyone who may run it: properties
 * that only the owner sets, files for VMs, and QMP commands.
 *
 * A VM's QEMU runs with the rights of the host's owner.  What reaches its
 * command line or its monitor could make it open any file or run any program.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/access.h"

#include "base/jsonline.h"

static bool guard_value(const Host *host, const ControlCaller *caller,
                        const Property *p, const char *value, const char *old,
                        PropError *error)
{
    const ClientFiles files = access_files(host);

    if (!p->guard || g_str_equal(value, old)) {
        return true;
    }
    if (p->guard == PROP_BY_OWNER) {
        return prop_fail(error, ERR_NOT_ALLOWED, "%s: only the owner of host "
                         "'%s' may set it", p->name, host->name);
    }
    return !*value ||
        client_file_for_vm(&files, caller->uid, value,
                           p->guard == PROP_WRITES ? CLIENT_WRITES :
                           CLIENT_READS, error);
}

/* All guarded properties are texts. */
static const char *text_in(const Property *p, const void *config)
{
    return config ? *(char *const *)((const char *)config + p->field) :
        p->dflt;
}

/* @old: the configuration now, or NULL of an object that is to be made. */
static bool guard_values(const Host *host, const ControlCaller *caller,
                         const ObjectKind *kind, JsonObject *values,
                         const void *old, PropError *error)
{
    g_autoptr(GList) names = json_object_get_members(values);

    for (GList *l = names; l; l = l->next) {
        const Property *p = prop_find(kind, l->data);
        const char *value = json_str(values, l->data, NULL);

        /* What is no text is refused for that. */
        if (p && p->field != PROP_NO_FIELD && p->guard && value &&
            !guard_value(host, caller, p, value, text_in(p, old), error)) {
            return false;
        }
    }
    return true;
}

bool access_settings(const Host *host, const ControlCaller *caller,
                     const VmSettings *settings, const VmSettings *old,
                     PropError *error)
{
    for (const Property *p = vm_kind.properties; p->name; p++) {
        if (p->guard && !caller->owner &&
            !guard_value(host, caller, p, text_in(p, settings),
                         text_in(p, old), error)) {
            return false;
        }
    }
    return true;
}

/*
 * QMP commands for those who may use a VM's monitor and are not the owner: keys,
 * the pointer, and questions.  No other, since many take a file's name.
 */
static bool guard_qmp(const char *command, PropError *error)
{
    static const char *const input[] = {
        "input-send-event", "send-key", "system_powerdown", NULL,
    };

    return g_strv_contains(input, command) ||
        g_str_has_prefix(command, "query-") ||
        prop_fail(error, ERR_NOT_ALLOWED, "QMP's %s is for the owner of the "
                  "host only; others may use query-..., send-key, "
                  "input-send-event and system_powerdown", command);
}

bool access_values(Host *host, const ControlCaller *caller,
                   const char *command, JsonObject *args, PropError *error)
{
    JsonObject *config = json_obj(args, "config");
    JsonObject *values = config ? json_obj(config, "properties") :
        json_obj(args, "values");
    const ObjectKind *kind = config ? &vm_kind :
        object_kind(json_str(args, "object", ""));
    void *object;

    if (caller->owner) {
        return true;
    }
    if (g_str_equal(command, "qmp")) {
        return guard_qmp(json_str(args, "execute", ""), error);
    }
    if (!values || !kind || !kind->config_size) {
        return true;
    }
    object = g_str_equal(command, "set") ?
        object_find(host, kind, json_str(args, "name", "")) : NULL;
    return guard_values(host, caller, kind, values,
                        object ? kind->config(object) : NULL, error);
}
