/*
 * iovlab show, events.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmd/cmd.h"

#include "base/jsonline.h"
#include "base/rundir.h"

#include <stdio.h>
#include <string.h>

/* --- tables of 80 columns ---------------------------------------------- */

typedef struct Column {
    const char *title;
    const char *member;
    int width;              /* 0: the rest of the line */
} Column;

static char *cell(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);
    GType type;

    if (!node || !JSON_NODE_HOLDS_VALUE(node)) {
        return g_strdup("-");
    }
    type = json_node_get_value_type(node);
    if (type == G_TYPE_STRING) {
        const char *text = json_node_get_string(node);

        return g_strdup(*text ? text : "-");
    }
    if (type == G_TYPE_BOOLEAN) {
        return g_strdup(json_node_get_boolean(node) ? "True" : "False");
    }
    if (type == G_TYPE_INT64) {
        return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    }
    return g_strdup_printf("%.1f", json_node_get_double(node));
}

static void print_titles(const Column *columns)
{
    for (const Column *c = columns; c->title; c++) {
        printf("%-*s%s", c->width, c->title, c[1].title ? " " : "\n");
    }
}

static void print_row(const Column *columns, JsonObject *object)
{
    for (const Column *c = columns; c->title; c++) {
        g_autofree char *text = cell(object, c->member);
        g_autofree char *cut = c->width && c[1].title ?
            cmd_shorten(text, c->width) : g_strdup(text);

        printf("%-*s%s", c->width, cut, c[1].title ? " " : "\n");
    }
}

enum { LINE = 80, NAME_WIDTH = 32 };

/* Words of @text in lines of the terminal's width, under one another. */
static void print_wrapped(const char *name, const char *code, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    int column = printf("  %-*s%c", NAME_WIDTH, name, *name ? ':' : ' ');

    if (code) {
        column += printf(" %s:", code);
    }
    for (char **w = words; *w; w++) {
        int length = g_utf8_strlen(*w, -1);

        if (column + 1 + length > LINE && column > NAME_WIDTH + 4) {
            column = printf("\n%*s", NAME_WIDTH + 3, "") - 1;
        }
        column += printf(" %s", *w);
    }
    putchar('\n');
}

static void print_reasons(const char *name, JsonArray *reasons)
{
    for (guint i = 0; i < json_array_get_length(reasons); i++) {
        JsonObject *r = json_array_get_object_element(reasons, i);

        print_wrapped(i ? "" : name, json_str(r, "Code", ""),
                      json_str(r, "Text", ""));
    }
    if (!json_array_get_length(reasons)) {
        printf("  %-*s: -\n", NAME_WIDTH, name);
    }
}

/* "A=1 B=2" of an object in an object. */
static char *flat(JsonObject *object)
{
    g_autoptr(GList) names = json_object_get_members(object);
    GString *text = g_string_new(NULL);

    for (GList *l = names; l; l = l->next) {
        g_autofree char *value = cell(object, l->data);

        g_string_append_printf(text, "%s%s=%s", text->len ? " " : "",
                               (char *)l->data, value);
    }
    return g_string_free(text, FALSE);
}

/* Name and value, one line each, as Format-List does. */
static void print_list(JsonObject *object)
{
    g_autoptr(GList) names = json_object_get_members(object);

    for (GList *l = names; l; l = l->next) {
        JsonNode *node = json_object_get_member(object, l->data);
        g_autofree char *text = NULL;

        if (JSON_NODE_HOLDS_OBJECT(node)) {
            text = flat(json_node_get_object(node));
            print_wrapped(l->data, NULL, text);
        } else if (JSON_NODE_HOLDS_VALUE(node)) {
            text = cell(object, l->data);
            print_wrapped(l->data, NULL, text);
        } else if (g_str_has_suffix(l->data, "Reasons")) {
            print_reasons(l->data, json_node_get_array(node));
        }
    }
}

static const Column vm_columns[] = {
    { "Name", "Name", 12 }, { "Host", "Host", 8 },
    { "State", "State", 9 }, { "Nic", "Index", 3 },
    { "MacAddress", "MacAddress", 17 }, { "VF", "VirtualFunction", 5 },
    { "Path", "Path", 9 }, { "Status", "Status", 0 }, { NULL },
};

static const Column nic_columns[] = {
    { "Name", "Name", 14 }, { "Host", "Host", 8 },
    { "SwitchName", "SwitchName", 10 }, { "Weight", "IovWeight", 6 },
    { "Pairs", "IovQueuePairsAssigned", 5 }, { "VF", "VirtualFunction", 5 },
    { "Path", "Path", 9 }, { "Status", "Status", 0 }, { NULL },
};

static const Column vf_columns[] = {
    { "Host", "Host", 8 }, { "Id", "FunctionId", 3 },
    { "RequesterId", "RequesterId", 11 }, { "CurrentMac", "CurrentMac", 17 },
    { "VM", "VM", 12 }, { "DataPath", "DataPathActive", 8 },
    { "Rx", "RxFrames", 7 }, { "Tx", "TxFrames", 0 }, { NULL },
};

static const Column port_columns[] = {
    { "Name", "Name", 16 }, { "Connected", "Connected", 9 },
    { "InFrames", "InFrames", 10 }, { "OutFrames", "OutFrames", 10 },
    { "Flooded", "OutFlooded", 10 }, { "Dropped", "OutDropped", 0 },
    { NULL },
};

static void print_vm(JsonObject *vm, const char *host)
{
    JsonArray *nics = json_arr(vm, "NetworkAdapters");

    if (!nics || !json_array_get_length(nics)) {
        json_object_set_string_member(vm, "Host", host);
        print_row(vm_columns, vm);
    }
    for (guint i = 0; nics && i < json_array_get_length(nics); i++) {
        JsonObject *nic = json_array_get_object_element(nics, i);
        const char *text = json_str(nic, "StatusDescription", "");

        json_object_set_string_member(nic, "Name", json_str(vm, "Name", ""));
        json_object_set_string_member(nic, "State",
                                      json_str(vm, "State", ""));
        json_object_set_string_member(nic, "Host", host);
        print_row(vm_columns, nic);
        if (!g_str_equal(text, "OK")) {
            cmd_print_wrapped("             ", text);
        }
    }
}

/* A title; after whatever came before, an empty line. */
static void print_heading(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

static void print_heading(const char *fmt, ...)
{
    static bool printed;
    va_list ap;

    if (printed) {
        putchar('\n');
    }
    printed = true;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
}

static void print_host(JsonObject *all, const char *what, bool first,
                       bool detail)
{
    const char *host = json_str(all, "Host", "");
    JsonArray *vms = json_arr(all, "vm");
    JsonArray *vfs = json_arr(all, "vf");
    JsonArray *nics = json_arr(all, "nic");

    if (!detail && g_str_equal(what, "vm")) {
        if (first) {
            print_titles(vm_columns);
        }
        for (guint i = 0; vms && i < json_array_get_length(vms); i++) {
            print_vm(json_array_get_object_element(vms, i), host);
        }
    } else if (!detail && g_str_equal(what, "nic")) {
        if (first) {
            print_titles(nic_columns);
        }
        for (guint i = 0; nics && i < json_array_get_length(nics); i++) {
            JsonObject *nic = json_array_get_object_element(nics, i);

            json_object_set_string_member(nic, "Host", host);
            print_row(nic_columns, nic);
        }
    } else if (!detail && g_str_equal(what, "vf")) {
        if (first) {
            print_titles(vf_columns);
        }
        for (guint i = 0; vfs && i < json_array_get_length(vfs); i++) {
            JsonObject *vf = json_array_get_object_element(vfs, i);

            json_object_set_string_member(vf, "Host", host);
            print_row(vf_columns, vf);
        }
    } else if (json_obj(all, what)) {
        print_heading("Host %s:\n", host);
        print_list(json_obj(all, what));
    } else if (json_arr(all, what)) {
        JsonArray *list = json_arr(all, what);

        for (guint i = 0; i < json_array_get_length(list); i++) {
            JsonObject *object = json_array_get_object_element(list, i);

            print_heading("%s %s of host %s:\n", what,
                          json_str(object, "Name", ""), host);
            print_list(object);
        }
    }
}

static int show_tor(bool json)
{
    g_autoptr(GError) error = NULL;
    IovClient *client = iov_client_tor(&error);
    g_autoptr(JsonNode) node = NULL;
    JsonArray *ports;

    if (!client) {
        cmd_fail_error(error);
    }
    node = cmd_call(client, "show", NULL);
    iov_client_free(client);
    if (json) {
        g_autofree char *text = json_pretty(node);

        fputs(text, stdout);
        return EXIT_DONE;
    }
    print_titles(port_columns);
    ports = json_arr(json_node_get_object(node), "ports");
    for (guint i = 0; ports && i < json_array_get_length(ports); i++) {
        print_row(port_columns, json_array_get_object_element(ports, i));
    }
    return EXIT_DONE;
}

/* Asks every host, or the one named. */
static JsonArray *ask_hosts(const char *what, const char *only,
                            const char *name)
{
    g_auto(GStrv) hosts = rundir_hosts();
    JsonArray *answers = json_array_new();

    for (char **h = hosts; *h; h++) {
        JsonObject *args = iov_args("s:object", what, NULL);
        IovClient *client;

        if (name) {
            json_object_set_string_member(args, "name", name);
        }
        client = !only || g_str_equal(only, *h) ? iov_client_host(*h, NULL) :
            NULL;
        if (client) {
            json_array_add_element(answers, cmd_call(client, "show", args));
            iov_client_free(client);
        } else {
            json_object_unref(args);
        }
    }
    return answers;
}

static bool any_found(JsonArray *answers, const char *what)
{
    for (guint i = 0; i < json_array_get_length(answers); i++) {
        JsonArray *list = json_arr(json_array_get_object_element(answers, i),
                                   what);

        if (list && json_array_get_length(list)) {
            return true;
        }
    }
    return false;
}

int cmd_show(int argc, char **argv)
{
    gboolean json = FALSE;
    g_autofree char *host = NULL;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "as JSON", NULL },
        { "host", 'H', 0, G_OPTION_ARG_STRING, &host, "only this host",
          "NAME" },
        { NULL },
    };
    static const char *const kinds[] = {
        "host", "adapter", "switch", "vm", "nic", "vf", "tor", "all", NULL,
    };
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 0, 2);
    const char *what = args[0] ? args[0] : json ? "all" : "vm";
    const char *name = args[0] ? args[1] : NULL;
    g_autoptr(JsonArray) answers = NULL;
    bool is_host = g_str_equal(what, "host");

    if (!g_strv_contains(kinds, what)) {
        cmd_fail(EXIT_USAGE, "show knows host, adapter, switch, vm, nic, vf, tor "
                 "and all, not '%s'", what);
    }
    if (g_str_equal(what, "tor")) {
        return show_tor(json);
    }
    if (is_host && name) {
        g_free(host);
        host = g_strdup(name);
        name = NULL;
    }
    if (host) {
        iov_client_free(cmd_host(host));
    }
    answers = ask_hosts(what, host, name);
    if (json_array_get_length(answers) == 0) {
        cmd_fail(EXIT_USAGE, "no host runs: start one with `iovlab host start "
                 "NAME`");
    }
    if (name && !any_found(answers, what)) {
        cmd_fail(EXIT_USAGE, "no running host has a %s '%s'", what, name);
    }
    if (json) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
        g_autofree char *text = NULL;

        json_node_set_array(node, answers);
        text = json_pretty(node);
        fputs(text, stdout);
        return EXIT_DONE;
    }
    for (guint i = 0; i < json_array_get_length(answers); i++) {
        JsonObject *answer = json_array_get_object_element(answers, i);

        if (g_str_equal(what, "all")) {
            for (const char *const *k = kinds; !g_str_equal(*k, "tor"); k++) {
                print_host(answer, *k, i == 0 && k == kinds, true);
            }
        } else {
            print_host(answer, what, i == 0, name != NULL);
        }
    }
    return EXIT_DONE;
}

/* --- events ------------------------------------------------------------ */

typedef struct Events {
    GPtrArray *list;        /* collected, before following */
    GMainLoop *loop;
    bool json;
    bool live;
    unsigned open;
} Events;

static double event_ms(JsonObject *event)
{
    JsonNode *node = json_object_get_member(event, "t_ms");

    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_double(node) :
        0;
}

static void print_event(const Events *events, JsonObject *event)
{
    g_autoptr(GList) names = json_object_get_members(event);
    static const char *const head[] = { "event", "host", "t_ms", "vm", NULL };

    if (events->json) {
        g_autofree char *line = json_line_format(event);

        fputs(line, stdout);
        fflush(stdout);
        return;
    }
    printf("%12.1f %-6s %-8s %s", event_ms(event), json_str(event, "host", ""),
           json_str(event, "vm", ""), json_str(event, "event", ""));
    for (GList *l = names; l; l = l->next) {
        if (!g_strv_contains(head, l->data)) {
            g_autofree char *text = cell(event, l->data);

            printf(" %s=%s", (char *)l->data, text);
        }
    }
    putchar('\n');
    fflush(stdout);
}

static void on_event(void *opaque, JsonObject *event)
{
    Events *events = opaque;

    if (events->live) {
        print_event(events, event);
    } else {
        g_ptr_array_add(events->list, json_object_ref(event));
    }
}

static void on_closed(void *opaque)
{
    Events *events = opaque;

    if (--events->open == 0 && events->live) {
        g_main_loop_quit(events->loop);
    }
}

static int compare_events(gconstpointer a, gconstpointer b)
{
    double x = event_ms(*(JsonObject *const *)a);
    double y = event_ms(*(JsonObject *const *)b);

    return (x > y) - (x < y);
}

static void follow_events(Events *events, GPtrArray *clients,
                          IovClient *client, JsonObject *show)
{
    g_autoptr(JsonNode) node = NULL;

    g_ptr_array_add(clients, client);
    iov_client_subscribe(client, true, on_event, events);
    /* The history has come when the next answer has. */
    node = iov_client_call(client, "show", show, NULL);
}

int cmd_events(int argc, char **argv)
{
    gboolean follow = FALSE, json = FALSE;
    const GOptionEntry entries[] = {
        { "follow", 'f', 0, G_OPTION_ARG_NONE, &follow,
          "go on until the hosts end", NULL },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "one JSON object a line",
          NULL },
        { NULL },
    };
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 0, -1);
    g_auto(GStrv) hosts = args[0] ? g_strdupv(args) : rundir_hosts();
    g_autoptr(GPtrArray) clients =
        g_ptr_array_new_with_free_func((GDestroyNotify)iov_client_free);
    Events events = { .json = json };
    IovClient *tor;

    events.list =
        g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
    events.loop = g_main_loop_new(NULL, FALSE);
    for (char **h = hosts; *h; h++) {
        IovClient *client = args[0] ? cmd_host(*h) : iov_client_host(*h, NULL);

        if (client) {
            events.open++;
            iov_client_on_closed(client, on_closed, &events);
            follow_events(&events, clients, client,
                          iov_args("s:object", "host", NULL));
        }
    }
    tor = args[0] ? NULL : iov_client_tor(NULL);
    if (tor && events.open) {
        follow_events(&events, clients, tor, NULL);
    } else {
        iov_client_free(tor);
    }
    if (!events.open) {
        cmd_fail(EXIT_USAGE, "no host runs: start one with `iovlab host start "
                 "NAME`");
    }
    g_ptr_array_sort(events.list, compare_events);
    for (guint i = 0; i < events.list->len; i++) {
        print_event(&events, events.list->pdata[i]);
    }
    events.live = true;
    if (follow && events.open) {
        g_main_loop_run(events.loop);
    }
    g_ptr_array_unref(events.list);
    g_main_loop_unref(events.loop);
    return EXIT_DONE;
}
