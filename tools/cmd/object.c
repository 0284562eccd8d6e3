/*
 * iovlab set, new, remove, restart: objects by kind and name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmd/cmd.h"

#include "base/jsonline.h"
#include "base/rundir.h"
#include "host/props.h"

#include <stdio.h>
#include <string.h>

static const ObjectKind *kind_named(const char *name)
{
    const ObjectKind *kind = object_kind(name);
    GString *names = g_string_new(NULL);

    if (kind) {
        g_string_free(names, TRUE);
        return kind;
    }
    for (const ObjectKind *const *k = object_kinds; *k; k++) {
        g_string_append_printf(names, "%s%s", names->len ? ", " : "",
                               (*k)->name);
    }
    cmd_fail(EXIT_USAGE, "'%s' is no kind of object: it is one of %s", name,
             names->str);
}

/* PROPERTY=VALUE, checked as far as can be done here. */
static JsonObject *values_of(const ObjectKind *kind, char **args)
{
    JsonObject *values = json_object_new();

    for (; *args; args++) {
        g_auto(GStrv) pair = g_strsplit(*args, "=", 2);
        const Property *p;

        if (g_strv_length(pair) != 2 || !*pair[0]) {
            cmd_fail(EXIT_USAGE, "'%s': PROPERTY=VALUE is needed", *args);
        }
        p = prop_find(kind, pair[0]);
        if (p && p->type == PROP_FILE && *pair[1]) {
            g_autofree char *full = g_canonicalize_filename(pair[1], NULL);

            json_object_set_string_member(values, p->name, full);
        } else {
            json_object_set_string_member(values, p ? p->name : pair[0],
                                          pair[1]);
        }
    }
    return values;
}

static bool has_object(IovClient *client, const ObjectKind *kind,
                       const char *name)
{
    g_autoptr(JsonNode) node =
        iov_client_call(client, "show", iov_args("s:object", kind->name,
                                                 "s:name", name, NULL), NULL);
    JsonArray *found = node ? json_arr(json_node_get_object(node),
                                       kind->name) : NULL;

    return found && json_array_get_length(found) > 0;
}

/*
 * The host that has the object, or may have it made: the one named, the one
 * that runs alone, the one that has it.  Exits if it is not clear which.
 */
static IovClient *host_for(const ObjectKind *kind, const char *name,
                           const char *host, bool exists)
{
    g_auto(GStrv) hosts = NULL;
    IovClient *found = NULL;
    unsigned count = 0;

    if (kind == &host_kind) {
        return cmd_host(name);
    }
    if (host) {
        return cmd_host(host);
    }
    if (!exists && kind == &nic_kind && strrchr(name, '.')) {
        g_autofree char *vm = g_strndup(name, strrchr(name, '.') - name);
        g_autofree char *where = NULL;

        return cmd_host_of_vm(vm, NULL, &where);
    }
    hosts = rundir_hosts();
    for (char **h = hosts; *h; h++) {
        IovClient *client = iov_client_host(*h, NULL);

        if (client && (!exists || has_object(client, kind, name))) {
            count++;
        }
        if (client && !found && count == 1) {
            found = client;
        } else {
            iov_client_free(client);
        }
    }
    if (count > 1) {
        cmd_fail(EXIT_USAGE, "more than one host %s: --host NAME is needed",
                 exists ? "has it" : "runs");
    }
    if (!found) {
        cmd_fail(EXIT_USAGE, exists ? "no running host has a %s '%s': see "
                 "`iovlab show %s`" : "no host runs for a %s '%s': see `iovlab "
                 "show %s`", kind->title, name, kind->name);
    }
    return found;
}

static char *help_text(const char *verb)
{
    GString *text = g_string_new("Properties that can be set:\n");

    for (const ObjectKind *const *k = object_kinds; *k; k++) {
        bool any = false;

        for (const Property *p = (*k)->properties; p->name; p++) {
            g_autofree char *range = prop_range(p);

            if (p->field == PROP_NO_FIELD ||
                (g_str_equal(verb, "set") && p->when == PROP_CREATION) ||
                (g_str_equal(verb, "new") && !(*k)->create)) {
                continue;
            }
            if (!any) {
                g_string_append_printf(text, "\n%s (%s)\n", (*k)->name,
                                       (*k)->title);
                any = true;
            }
            g_string_append_printf(text, "  %-24s %s\n", p->name, range);
        }
    }
    return g_string_free(text, FALSE);
}

/* --- waiting for the VF ----------------------------------------------------- */

enum { WAIT_LOOK_MS = 100, WAIT_SECONDS = 90 };

/* Nothing is under way between the adapter, its VF and the guest. */
static bool nic_settled(JsonObject *nic)
{
    const char *state = json_str(nic, "State", "");
    const char *why = json_str(nic, "ReasonCode", "");

    if (g_str_equal(state, "VfActive")) {
        return true;
    }
    return (g_str_equal(state, "Synthetic") ||
            (g_str_equal(state, "Waiting") &&
             !g_str_equal(why, "GuestNotConnected") &&
             !g_str_equal(why, "VfBeingRemoved"))) &&
        g_str_equal(json_str(nic, "DataPath", ""), "synthetic");
}

static int wait_settled(IovClient *client, const char *name, int seconds)
{
    gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;

    for (;;) {
        g_autoptr(JsonNode) node =
            cmd_call(client, "show", iov_args("s:object", "nic", "s:name",
                                              name, NULL));
        JsonArray *found = json_arr(json_node_get_object(node), "nic");
        JsonObject *nic = found && json_array_get_length(found) ?
            json_array_get_object_element(found, 0) : NULL;

        if (!nic) {
            cmd_fail(EXIT_FAILED, "%s is gone", name);
        }
        if (nic_settled(nic)) {
            printf("%s: %s\n", name, json_str(nic, "State", ""));
            return EXIT_DONE;
        }
        if (g_get_monotonic_time() >= end) {
            cmd_fail(EXIT_FAILED, "%s is set, but still %s after %d s: %s",
                     name, json_str(nic, "State", ""), seconds,
                     json_str(nic, "StatusDescription", ""));
        }
        g_usleep(WAIT_LOOK_MS * 1000);
    }
}

static int change(int argc, char **argv, const char *verb, bool exists,
                  int min)
{
    g_autofree char *host = NULL;
    bool is_set = g_str_equal(verb, "set");
    bool values = is_set || g_str_equal(verb, "new");
    gboolean wait = FALSE;
    int timeout = WAIT_SECONDS, status = EXIT_DONE;
    const GOptionEntry entries[] = {
        { "host", 'H', 0, G_OPTION_ARG_STRING, &host, "host of the object",
          "NAME" },
        { "wait", 'w', is_set ? 0 : G_OPTION_FLAG_HIDDEN,
          G_OPTION_ARG_NONE, &wait, "of a nic: until its VF has come or gone",
          NULL },
        { "timeout", 't', is_set ? 0 : G_OPTION_FLAG_HIDDEN,
          G_OPTION_ARG_INT, &timeout, "seconds to wait (default 90)", "N" },
        { NULL },
    };
    g_autofree char *help = values ? help_text(verb) : NULL;
    g_auto(GStrv) args = cmd_parse_described(cmd_current(), entries,
        help, argc, argv, min, values ? -1 : 2);
    const ObjectKind *kind = kind_named(args[0]);
    JsonObject *what = iov_args("s:object", kind->name, "s:name", args[1],
                                NULL);
    g_autoptr(JsonNode) node = NULL;
    IovClient *client;

    if (wait && (!is_set || kind != &nic_kind || timeout < 1)) {
        cmd_fail(EXIT_USAGE, "--wait is for `iovlab set nic`, for a second or "
                 "more");
    }
    if (values) {
        json_object_set_object_member(what, "values",
                                      values_of(kind, args + 2));
    }
    client = host_for(kind, args[1], host, exists);
    node = cmd_call(client, verb, what);
    if (wait) {
        status = wait_settled(client, args[1], timeout);
    }
    iov_client_free(client);
    return status;
}

int cmd_set(int argc, char **argv)
{
    return change(argc, argv, "set", true, 3);
}

int cmd_new(int argc, char **argv)
{
    return change(argc, argv, "new", false, 2);
}

int cmd_remove(int argc, char **argv)
{
    return change(argc, argv, "remove", true, 2);
}

int cmd_restart(int argc, char **argv)
{
    return change(argc, argv, "restart", true, 2);
}
