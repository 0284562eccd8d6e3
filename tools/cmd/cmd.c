/*
 * What the subcommands share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmd/cmd.h"

#include "base/jsonline.h"
#include "base/rundir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TERMINAL_COLUMNS = 80 };

void cmd_fail(int status, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    fprintf(stderr, "iovlab: %s\n", text);
    exit(status);
}

void cmd_fail_error(const GError *error)
{
    bool usage = g_error_matches(error, IOV_CLIENT_ERROR, IOV_CLIENT_USAGE) ||
        g_error_matches(error, IOV_CLIENT_ERROR, IOV_CLIENT_UNREACHABLE);

    const char *code = iov_client_error_class();

    cmd_fail(usage ? EXIT_USAGE : EXIT_FAILED, "%s%s%s%s", error->message,
             *code ? " [" : "", code, *code ? "]" : "");
}

GStrv cmd_parse(const Command *command, const GOptionEntry *entries,
                int argc, char **argv, int min, int max)
{
    return cmd_parse_described(command, entries, NULL, argc, argv, min, max);
}

GStrv cmd_parse_described(const Command *command, const GOptionEntry *entries,
                          const char *text, int argc, char **argv, int min,
                          int max)
{
    g_autofree char *name = g_strconcat("iovlab ", command->name, NULL);
    GOptionContext *context = g_option_context_new(command->args);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) copy = NULL;
    int count;

    g_set_prgname(name);
    argv[argc] = NULL;
    copy = g_strdupv(argv);
    g_option_context_set_summary(context, command->help);
    if (text) {
        g_option_context_set_description(context, text);
    }
    if (entries) {
        g_option_context_add_main_entries(context, entries, NULL);
    }
    if (!g_option_context_parse_strv(context, &copy, &error)) {
        cmd_fail(EXIT_USAGE, "%s (see `%s --help`)", error->message, name);
    }
    g_option_context_free(context);
    count = g_strv_length(copy) - 1;
    if (count < min || (max >= 0 && count > max)) {
        cmd_fail(EXIT_USAGE, "usage: %s %s", name, command->args);
    }
    return g_strdupv(copy + 1);
}

char **cmd_split_rest(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        if (g_str_equal(argv[i], "--")) {
            *argc = i;
            argv[i] = NULL;
            return argv + i + 1;
        }
    }
    return NULL;
}

IovClient *cmd_host(const char *name)
{
    g_autoptr(GError) error = NULL;
    IovClient *client = iov_client_host(name, &error);

    if (!client) {
        cmd_fail(EXIT_USAGE, "%s: start it with `iovlab host start %s`",
                 error->message, name);
    }
    return client;
}

JsonNode *cmd_call(IovClient *client, const char *command, JsonObject *args)
{
    g_autoptr(GError) error = NULL;
    JsonNode *node = iov_client_call(client, command, args, &error);

    if (!node) {
        cmd_fail_error(error);
    }
    return node;
}

static bool host_has_vm(IovClient *client, const char *vm)
{
    g_autoptr(JsonNode) node =
        iov_client_call(client, "show",
                        iov_args("s:object", "vm", "s:name", vm, NULL), NULL);
    JsonArray *vms = node ? json_arr(json_node_get_object(node), "vm") : NULL;

    return vms && json_array_get_length(vms) > 0;
}

IovClient *cmd_host_of_vm(const char *vm, const char *host, char **name)
{
    g_auto(GStrv) hosts = NULL;

    if (host) {
        *name = g_strdup(host);
        return cmd_host(host);
    }
    hosts = rundir_hosts();
    for (char **h = hosts; *h; h++) {
        IovClient *client = iov_client_host(*h, NULL);

        if (client && host_has_vm(client, vm)) {
            *name = g_strdup(*h);
            return client;
        }
        iov_client_free(client);
    }
    cmd_fail(EXIT_USAGE, "no running host has a VM '%s': see `iovlab show vm`",
             vm);
}

static void set_true(void *opaque)
{
    *(bool *)opaque = true;
}

void cmd_wait_gone(IovClient *client)
{
    bool gone = iov_client_is_closed(client);

    iov_client_on_closed(client, set_true, &gone);
    while (!gone) {
        g_main_context_iteration(NULL, TRUE);
    }
    iov_client_free(client);
}

char *cmd_shorten(const char *text, size_t width)
{
    const char *end = strrchr(text, '.');
    size_t kept = end && strlen(end) <= 3 && strlen(end) + 2 < width ?
        strlen(end) : 0;

    return strlen(text) <= width ? g_strdup(text) :
        g_strdup_printf("%.*s~%s", (int)(width - kept - 1), text,
                        kept ? end : "");
}

void cmd_print_wrapped(const char *indent, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t column = 0;

    for (char **w = words; *w; w++) {
        size_t length = g_utf8_strlen(*w, -1);

        if (column && column + 1 + length > TERMINAL_COLUMNS) {
            putchar('\n');
            column = 0;
        }
        column += printf("%s%s", column ? " " : indent, *w);
    }
    putchar('\n');
}
