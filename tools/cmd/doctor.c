/*
 * iovlab doctor: looks at every host that runs and says what is wrong, where,
 * and what to do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmd/cmd.h"

#include "base/jsonline.h"
#include "base/rundir.h"
#include "host/mac-pool.h"
#include "host/mac.h"
#include "host/networks.h"
#include "host/reasons.h"

#include <stdio.h>
#include <string.h>

typedef struct Doctor {
    GPtrArray *hosts;           /* answers of `show`: JsonObject */
    JsonArray *findings;
} Doctor;

static void find(Doctor *d, const char *code, const char *where,
                 const char *remedy, const char *fmt, ...)
    G_GNUC_PRINTF(5, 6);

static void find(Doctor *d, const char *code, const char *where,
                 const char *remedy, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    json_array_add_object_element(d->findings,
                                  iov_args("s:Code", code, "s:Where", where,
                                           "s:Text", text, "s:Remedy", remedy,
                                           NULL));
}

static JsonObject *host_of(Doctor *d, guint i, const char **name)
{
    *name = json_str(d->hosts->pdata[i], "Host", "");
    return json_obj(d->hosts->pdata[i], "host");
}

/* --- reasons of objects ------------------------------------------------------ */

static const ReasonRow *row_of(const char *code)
{
    static const ReasonRow none = { "", "", "", "" };

    for (int i = 0; i < REASONS; i++) {
        if (g_str_equal(reason_rows[i].code, code)) {
            return &reason_rows[i];
        }
    }
    return &none;
}

static char *replaced(const char *text, const char *what, const char *with)
{
    g_auto(GStrv) parts = g_strsplit(text, what, -1);

    return g_strjoinv(with, parts);
}

/* What to do, with the names of this host and this object. */
static char *remedy_of(const char *code, const char *host, const char *object)
{
    g_autofree char *at_host = g_strconcat("host ", host, NULL);
    g_autofree char *with_host = replaced(row_of(code)->remedy, "host NAME",
                                          at_host);

    return replaced(with_host, "VM.N", object);
}

static void check_reasons(Doctor *d, const char *host, const char *kind,
                          JsonObject *object, const char *member)
{
    JsonArray *reasons = json_arr(object, member);
    g_autofree char *where = g_str_equal(kind, "host") ?
        g_strdup_printf("host %s", host) :
        g_strdup_printf("host %s, %s %s", host, kind,
                        json_str(object, "Name", ""));

    for (guint i = 0; reasons && i < json_array_get_length(reasons); i++) {
        JsonObject *r = json_array_get_object_element(reasons, i);
        const char *code = json_str(r, "Code", "");
        g_autofree char *remedy = remedy_of(code, host,
                                            json_str(object, "Name", ""));

        /* The host's own are told once, not for each adapter on it. */
        if (g_str_equal(kind, "host") ||
            !g_str_equal(row_of(code)->of, "host")) {
            find(d, code, where, remedy, "%s", json_str(r, "Text", ""));
        }
    }
}

/* The subtle one: all may be supported, but the switch was made without. */
static void check_switch(Doctor *d, const char *host, JsonObject *sw)
{
    JsonArray *reasons = json_arr(sw, "IovSupportReasons");
    g_autofree char *where = g_strdup_printf("host %s, switch %s", host,
                                             json_str(sw, "Name", ""));

    if (g_str_equal(json_str(sw, "SwitchType", ""), "External") &&
        !json_bool(sw, "IovEnabled", true)) {
        find(d, "SwitchNoIov", where, row_of("SwitchNoIov")->remedy, "the switch "
             "was made without IOV%s", reasons &&
             json_array_get_length(reasons) == 1 ?
             ", though all else supports it" : "");
    }
}

/* An adapter of a VM counts if it should have a VF and has none. */
static void check_objects(Doctor *d, guint i)
{
    const char *name;
    JsonObject *host = host_of(d, i, &name);
    JsonArray *nics = json_arr(d->hosts->pdata[i], "nic");
    JsonArray *switches = json_arr(d->hosts->pdata[i], "switch");

    if (host) {
        check_reasons(d, name, "host", host, "IovSupportReasons");
    }
    for (guint s = 0; switches && s < json_array_get_length(switches); s++) {
        check_switch(d, name, json_array_get_object_element(switches, s));
    }
    for (guint n = 0; nics && n < json_array_get_length(nics); n++) {
        JsonObject *nic = json_array_get_object_element(nics, n);

        if (!g_str_equal(json_str(nic, "Status", "OK"), "OK")) {
            check_reasons(d, name, "nic", nic, "StatusReasons");
        }
    }
}

/* --- two hosts ---------------------------------------------------------------- */

static bool pool_of(JsonObject *host, MacPool *pool)
{
    uint8_t low[6], high[6];

    memset(pool, 0, sizeof(*pool));
    return host && mac_parse(json_str(host, "MacAddressMinimum", ""), low) &&
        mac_parse(json_str(host, "MacAddressMaximum", ""), high) &&
        mac_pool_set(pool, low, high);
}

static void check_pools(Doctor *d, guint i, guint j)
{
    const char *a, *b;
    JsonObject *one = host_of(d, i, &a), *two = host_of(d, j, &b);
    g_autofree char *where = g_strdup_printf("hosts %s and %s", a, b);
    MacPool pool, other;

    if (pool_of(one, &pool) && pool_of(two, &other) &&
        mac_pool_overlap(&pool, &other)) {
        find(d, "MacPoolOverlap", where,
             "`iovlab set host NAME MacAddressMinimum=... "
             "MacAddressMaximum=...`, or another Ipv4Address",
             "their pools of MAC addresses overlap (%s to %s, %s to %s): two "
             "VMs may get one address",
             json_str(one, "MacAddressMinimum", ""),
             json_str(one, "MacAddressMaximum", ""),
             json_str(two, "MacAddressMinimum", ""),
             json_str(two, "MacAddressMaximum", ""));
    }
}

static void check_networks(Doctor *d, guint from, guint to)
{
    const char *a, *b;
    JsonObject *source = host_of(d, from, &a), *target = host_of(d, to, &b);
    bool any = json_bool(target, "UseAnyNetworkForMigration", true);
    g_auto(GStrv) order = any ? NULL :
        g_strsplit(json_str(target, "MigrationNetworks", ""), ",", -1);
    g_autofree char *where = g_strdup_printf("host %s to host %s", a, b);
    g_autofree char *error = NULL;
    HostNetworks here, there;
    NetworkChoice choice;

    if (!networks_parse(json_str(target, "Networks", ""), &here, &error) ||
        !networks_parse(json_str(source, "Networks", ""), &there, &error) ||
        !here.count || !there.count) {
        return;
    }
    choice = networks_choose(&here, order, &there);
    if (choice.there && (any || *order)) {
        return;
    }
    if (choice.would && any) {
        find(d, "MigrationNetworkOrder", where, "put it first in Networks of "
             "the destination, or set UseAnyNetworkForMigration=false and "
             "MigrationNetworks", "no live migration: '%s' is first in %s's "
             "binding order and %s has no address there; '%s' has both",
             here.network[0].name, b, a, choice.would->name);
    } else if (choice.would) {
        find(d, "MigrationNetworkList", where, "name it in MigrationNetworks "
             "of the destination", "no live migration: none of "
             "MigrationNetworks has both hosts; '%s' has",
             choice.would->name);
    } else {
        find(d, "MigrationNetworkNone", where, "give both hosts an address in "
             "one network", "no live migration: no network of %s has %s in "
             "it", b, a);
    }
}

/* --- the command ---------------------------------------------------------------- */

static void collect(Doctor *d)
{
    g_auto(GStrv) names = rundir_hosts();

    for (char **name = names; *name; name++) {
        IovClient *client = iov_client_host(*name, NULL);
        g_autoptr(JsonNode) node = NULL;

        if (client) {
            node = cmd_call(client, "show", NULL);
            g_ptr_array_add(d->hosts,
                            json_object_ref(json_node_get_object(node)));
            iov_client_free(client);
        }
    }
}

static void examine(Doctor *d)
{
    for (guint i = 0; i < d->hosts->len; i++) {
        check_objects(d, i);
        for (guint j = i + 1; j < d->hosts->len; j++) {
            check_pools(d, i, j);
        }
        for (guint j = 0; j < d->hosts->len; j++) {
            if (i != j) {
                check_networks(d, i, j);
            }
        }
    }
}

static void print_findings(const Doctor *d)
{
    for (guint i = 0; i < json_array_get_length(d->findings); i++) {
        JsonObject *f = json_array_get_object_element(d->findings, i);

        g_autofree char *remedy = g_strconcat("what to do: ",
                                              json_str(f, "Remedy", ""),
                                              NULL);

        printf("%s: %s\n", json_str(f, "Where", ""),
               json_str(f, "Code", ""));
        cmd_print_wrapped("  ", json_str(f, "Text", ""));
        cmd_print_wrapped("  ", remedy);
    }
    if (!json_array_get_length(d->findings)) {
        printf("%u hosts looked at: nothing found\n", d->hosts->len);
    }
}

int cmd_doctor(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "as JSON", NULL },
        { NULL },
    };
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 0, 0);
    Doctor d = { .findings = json_array_new() };
    bool found;

    d.hosts = g_ptr_array_new_with_free_func((GDestroyNotify)
                                             json_object_unref);
    collect(&d);
    if (!d.hosts->len) {
        cmd_fail(EXIT_USAGE, "no host runs: start one with `iovlab host start "
                 "NAME`");
    }
    examine(&d);
    found = json_array_get_length(d.findings) > 0;
    if (json) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
        g_autofree char *text = NULL;

        json_node_set_array(node, d.findings);
        text = json_pretty(node);
        puts(text);
    } else {
        print_findings(&d);
    }
    json_array_unref(d.findings);
    g_ptr_array_unref(d.hosts);
    return found ? EXIT_FAILED : EXIT_DONE;
}
