/*
 * iovlab host start|stop, tor, capture, stop.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmd/cmd.h"

#include "base/daemon.h"
#include "base/jsonline.h"
#include "base/rundir.h"
#include "host/main.h"
#include "tor/tor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the top-of-rack switch -------------------------------------------- */

/* Ends the process, unless somebody else was quicker; frees @client. */
static void quit(IovClient *client)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = iov_client_call(client, "quit", NULL, &error);

    if (!node && !g_error_matches(error, IOV_CLIENT_ERROR,
                                  IOV_CLIENT_CLOSED)) {
        cmd_fail_error(error);
    }
    cmd_wait_gone(client);
}

bool tor_ensure(GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    char *argv[] = { self, (char *)"tor", (char *)"start", NULL };
    IovClient *client = iov_client_tor(NULL);
    int status;

    if (!client) {
        /* Two hosts may start at once: one of the switches then gives way. */
        if (!self || !g_spawn_sync(NULL, argv, NULL,
                                   G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                                   NULL, NULL, &status, error)) {
            return false;
        }
        client = iov_client_tor(error);
    }
    iov_client_free(client);
    return client != NULL;
}

static int tor_start(bool foreground)
{
    g_autofree char *dir = rundir_path("tor", NULL);
    g_autofree char *log = rundir_path("tor", "tor.log", NULL);
    g_autoptr(GError) error = NULL;

    if (!rundir_make(dir, &error) ||
        (!foreground && !daemon_start(log, &error))) {
        cmd_fail(EXIT_USAGE, "%s", error->message);
    }
    return tor_main();
}

int cmd_tor(int argc, char **argv)
{
    gboolean foreground = FALSE;
    const GOptionEntry entries[] = {
        { "foreground", 'f', 0, G_OPTION_ARG_NONE, &foreground,
          "stay in the foreground", NULL },
        { NULL },
    };
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 1, 2);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = NULL;
    const char *word = args[0];
    IovClient *client;

    if (g_str_equal(word, "start") && !args[1]) {
        return tor_start(foreground);
    }
    if (g_str_equal(word, "port-add") && args[1] && !tor_ensure(&error)) {
        cmd_fail_error(error);
    }
    client = iov_client_tor(&error);
    if (!client) {
        cmd_fail_error(error);
    }
    if (g_str_equal(word, "stop") && !args[1]) {
        quit(client);
        return EXIT_DONE;
    } else if ((g_str_equal(word, "port-add") ||
                g_str_equal(word, "port-remove")) && args[1]) {
        node = cmd_call(client, word, iov_args("s:port", args[1], NULL));
        if (g_str_equal(word, "port-add")) {
            puts(json_str(json_node_get_object(node), "socket", ""));
        }
    } else {
        cmd_fail(EXIT_USAGE, "usage: iovlab tor %s", cmd_current()->args);
    }
    iov_client_free(client);
    return EXIT_DONE;
}

/* --- hosts ------------------------------------------------------------- */

int cmd_host_start(int argc, char **argv)
{
    gboolean no_sriov = FALSE, no_iov = FALSE, foreground = FALSE;
    int vfs = HOST_VFS_DEFAULT;
    int eject_ms = 0;
    g_auto(GStrv) properties = NULL;
    g_autofree char *file = NULL;
    const GOptionEntry entries[] = {
        { "vfs", 'v', 0, G_OPTION_ARG_INT, &vfs,
          "VFs of the adapter, 1 to 63 (default 7)", "N" },
        { "no-sriov", 0, 0, G_OPTION_ARG_NONE, &no_sriov,
          "the adapter has no SR-IOV", NULL },
        { "no-iov", 0, 0, G_OPTION_ARG_NONE, &no_iov,
          "the switch is made without IOV", NULL },
        { "eject-limit", 0, 0, G_OPTION_ARG_INT, &eject_ms,
          "milliseconds until a VF is taken by surprise (default 60000)",
          "MS" },
        { "file", 'F', 0, G_OPTION_ARG_FILENAME, &file,
          "file that describes machine, adapters, switches and VMs", "FILE" },
        { "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &properties,
          "property of the machine, such as ChipsetFlaw=true",
          "PROPERTY=VALUE" },
        { "foreground", 'f', 0, G_OPTION_ARG_NONE, &foreground,
          "stay in the foreground, log to standard error", NULL },
        { NULL },
    };
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 1, 1);
    g_autofree char *dir = NULL;
    g_autofree char *log = NULL;
    g_autofree char *path = file ? g_canonicalize_filename(file, NULL) : NULL;
    g_autoptr(GError) error = NULL;
    IovClient *running;
    HostOptions options = {
        .name = args[0],
        .sriov = !no_sriov,
        .switch_iov = !no_iov,
        .num_vfs = vfs,
        .eject_limit_ms = eject_ms,
        .properties = properties,
        .file = path,
    };

    if (!name_valid(args[0])) {
        cmd_fail(EXIT_USAGE, "'%s' is not a name: 1 to 32 letters, digits, "
                 "'_' or '-'", args[0]);
    }
    if (vfs < 1 || vfs > HOST_VFS_MAX) {
        cmd_fail(EXIT_USAGE, "--vfs is 1 to %d (or use --no-sriov)",
                 HOST_VFS_MAX);
    }
    if (eject_ms < 0) {
        cmd_fail(EXIT_USAGE, "--eject-limit is at least 1");
    }
    if (file && (no_sriov || no_iov || vfs != HOST_VFS_DEFAULT)) {
        cmd_fail(EXIT_USAGE, "--file says what --vfs, --no-sriov and --no-iov "
                 "would");
    }
    running = iov_client_host(args[0], NULL);
    if (running) {
        cmd_fail(EXIT_USAGE, "host '%s' runs already", args[0]);
    }
    dir = rundir_path("hosts", args[0], NULL);
    log = rundir_path("hosts", args[0], "host.log", NULL);
    if (!rundir_make(dir, &error) || !tor_ensure(&error) ||
        (!foreground && !daemon_start(log, &error))) {
        cmd_fail(EXIT_USAGE, "%s", error->message);
    }
    return host_main(&options);
}

int cmd_host_stop(int argc, char **argv)
{
    gboolean keep = FALSE;
    const GOptionEntry entries[] = {
        { "keep-vms", 'k', 0, G_OPTION_ARG_NONE, &keep,
          "leave its VMs running for the next `host start`", NULL },
        { NULL },
    };
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 1, 1);
    IovClient *client = cmd_host(args[0]);
    g_autoptr(JsonNode) node = cmd_call(client, "quit",
                                        iov_args("b:keep-vms", keep, NULL));

    cmd_wait_gone(client);
    return EXIT_DONE;
}

/* --- capture, stop ------------------------------------------------ */

int cmd_capture(int argc, char **argv)
{
    g_auto(GStrv) args = cmd_parse(cmd_current(), NULL, argc, argv, 2, 3);
    JsonObject *what = iov_args("s:port", args[1], NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = NULL;
    IovClient *client;

    if (args[2]) {
        g_autofree char *path = g_canonicalize_filename(args[2], NULL);

        json_object_set_string_member(what, "file", path);
    }
    if (g_str_equal(args[0], "tor")) {
        client = iov_client_tor(&error);
        if (!client) {
            cmd_fail_error(error);
        }
    } else {
        client = cmd_host(args[0]);
    }
    node = cmd_call(client, "capture", what);
    iov_client_free(client);
    return EXIT_DONE;
}

static void stop_host(const char *name)
{
    IovClient *client = iov_client_host(name, NULL);

    if (client) {
        quit(client);
        printf("host %s ended\n", name);
    }
}

static void stop_all(void)
{
    g_auto(GStrv) hosts = rundir_hosts();
    IovClient *tor;

    for (char **h = hosts; *h; h++) {
        stop_host(*h);
    }
    tor = iov_client_tor(NULL);
    if (tor) {
        quit(tor);
        printf("top-of-rack switch ended\n");
    }
}

int cmd_stop(int argc, char **argv)
{
    gboolean all = FALSE;
    const GOptionEntry entries[] = {
        { "all", 'a', 0, G_OPTION_ARG_NONE, &all,
          "every VM, every host and the top-of-rack switch", NULL },
        { NULL },
    };
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 0, -1);

    if (all == (args[0] != NULL)) {
        cmd_fail(EXIT_USAGE, "name VMs or hosts, or use --all");
    }
    if (all) {
        stop_all();
    }
    for (char **p = args; *p; p++) {
        g_autofree char *host = NULL;
        g_autoptr(JsonNode) node = NULL;
        IovClient *client = iov_client_host(*p, NULL);

        if (client) {
            iov_client_free(client);
            stop_host(*p);
            continue;
        }
        client = cmd_host_of_vm(*p, NULL, &host);
        node = cmd_call(client, "stop", iov_args("s:vm", *p, NULL));
        printf("VM %s powered off\n", *p);
        iov_client_free(client);
    }
    return EXIT_DONE;
}
