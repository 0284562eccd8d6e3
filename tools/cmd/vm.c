/*
 * iovlab run, console, vf, migrate, save, restore.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmd/cmd.h"

#include "base/jsonline.h"
#include "base/rundir.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *absolute(const char *path)
{
    return path ? g_canonicalize_filename(path, NULL) : NULL;
}

static void set_path(JsonObject *config, const char *name, const char *path)
{
    g_autofree char *full = absolute(path);

    if (full) {
        if (access(full, R_OK) != 0) {
            cmd_fail(EXIT_USAGE, "--%s: no readable file '%s'", name, path);
        }
        json_object_set_string_member(config, name, full);
    }
}

/* Adapters: a count, addresses in turn, one weight. */
static JsonArray *nic_list(int count, char **macs, int weight)
{
    JsonArray *array = json_array_new();

    if (count < 1 || count > 8) {
        cmd_fail(EXIT_USAGE, "--nics is 1 to 8");
    }
    for (int i = 0; i < count; i++) {
        JsonObject *nic = iov_args("i:iov-weight", weight, NULL);

        if (macs && *macs) {
            json_object_set_string_member(nic, "mac", *macs++);
        }
        json_array_add_object_element(array, nic);
    }
    if (macs && *macs) {
        cmd_fail(EXIT_USAGE, "there are more --mac than --nics");
    }
    return array;
}

int cmd_run(int argc, char **argv)
{
    g_autofree char *host = NULL, *name = NULL, *kernel = NULL;
    g_autofree char *initrd = NULL, *append = NULL, *disk = NULL;
    g_auto(GStrv) macs = NULL;
    int memory = 512, smp = 1, nics = 1, weight = 100;
    gboolean detach = FALSE;
    const GOptionEntry entries[] = {
        { "host", 'H', 0, G_OPTION_ARG_STRING, &host, "host to run on",
          "NAME" },
        { "name", 'n', 0, G_OPTION_ARG_STRING, &name, "name of the VM", "VM" },
        { "kernel", 'k', 0, G_OPTION_ARG_FILENAME, &kernel, "kernel", "FILE" },
        { "initrd", 'i', 0, G_OPTION_ARG_FILENAME, &initrd,
          "initial RAM disk (scripts/guest-image makes one)", "FILE" },
        { "append", 'a', 0, G_OPTION_ARG_STRING, &append,
          "kernel command line (default console=ttyS0)", "TEXT" },
        { "disk", 'd', 0, G_OPTION_ARG_FILENAME, &disk, "disk image",
          "FILE" },
        { "memory", 'm', 0, G_OPTION_ARG_INT, &memory,
          "MiB of memory (default 512)", "N" },
        { "smp", 's', 0, G_OPTION_ARG_INT, &smp,
          "virtual processors (default 1)", "N" },
        { "nics", 0, 0, G_OPTION_ARG_INT, &nics,
          "network adapters, 1 to 8 (default 1)", "N" },
        { "mac", 0, 0, G_OPTION_ARG_STRING_ARRAY, &macs,
          "address of the next adapter (default: from the host's pool)",
          "MAC" },
        { "iov-weight", 'w', 0, G_OPTION_ARG_INT, &weight,
          "IovWeight of the adapters, 0 to 100 (default 100; 0: no VF)",
          "N" },
        { "detach", 0, 0, G_OPTION_ARG_NONE, &detach,
          "do not join the console", NULL },
        { NULL },
    };
    char **rest = cmd_split_rest(&argc, argv);
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 0, 0);
    JsonObject *config = json_object_new();
    JsonObject *run = json_object_new();
    JsonArray *extra = json_array_new();
    g_autoptr(JsonNode) node = NULL;
    IovClient *client;

    if (!host || !name) {
        cmd_fail(EXIT_USAGE, "--host and --name are needed");
    }
    client = cmd_host(host);
    json_object_set_string_member(config, "name", name);
    set_path(config, "kernel", kernel);
    set_path(config, "initrd", initrd);
    set_path(config, "disk", disk);
    if (append) {
        json_object_set_string_member(config, "append", append);
    }
    json_object_set_int_member(config, "memory", memory);
    json_object_set_int_member(config, "smp", smp);
    json_object_set_array_member(config, "nics", nic_list(nics, macs, weight));
    for (; rest && *rest; rest++) {
        json_array_add_string_element(extra, *rest);
    }
    json_object_set_array_member(config, "extra", extra);
    json_object_set_object_member(run, "config", config);
    node = cmd_call(client, "run", run);
    iov_client_free(client);
    if (detach) {
        printf("VM %s runs on host %s\n", name, host);
        return EXIT_DONE;
    }
    return console_attach(json_str(json_node_get_object(node), "console",
                                   ""));
}

int cmd_console(int argc, char **argv)
{
    g_auto(GStrv) args = cmd_parse(cmd_current(), NULL, argc, argv, 1, 1);
    g_autofree char *host = NULL;
    g_autofree char *path = NULL;
    IovClient *client = cmd_host_of_vm(args[0], NULL, &host);

    iov_client_free(client);
    path = rundir_path("hosts", host, "vm", args[0], "console.sock", NULL);
    return console_attach(path);
}

/* --- VFs --------------------------------------------------------------- */

/* One line for each adapter; EXIT_FAILED if one has no VF that should. */
static int print_nics(const char *vm, JsonNode *node, bool attach)
{
    JsonArray *nics = json_arr(json_node_get_object(node), "nics");
    int status = EXIT_DONE;

    for (guint i = 0; nics && i < json_array_get_length(nics); i++) {
        JsonObject *nic = json_array_get_object_element(nics, i);
        const char *state = json_str(nic, "state", "?");
        const char *text = json_str(nic, "text", "");

        if (attach && g_str_equal(state, "Waiting")) {
            printf("%s adapter %d: no VF: %s\n", vm,
                   (int)json_int(nic, "nic", 0), text);
            status = EXIT_FAILED;
        } else {
            printf("%s adapter %d: %s\n", vm, (int)json_int(nic, "nic", 0),
                   state);
        }
    }
    return status;
}

static int vf_command(int argc, char **argv, bool attach)
{
    int nic = -1, timeout = 0;
    gboolean force = FALSE, no_wait = FALSE;
    g_autofree char *host = NULL;
    g_autofree char *found = NULL;
    const GOptionEntry entries[] = {
        { "nic", 'n', 0, G_OPTION_ARG_INT, &nic,
          "only this adapter (default: all of them)", "N" },
        { "host", 'H', 0, G_OPTION_ARG_STRING, &host, "host of the VM",
          "NAME" },
        { "no-wait", 0, 0, G_OPTION_ARG_NONE, &no_wait,
          "do not wait for the guest", NULL },
        { "timeout", 't', 0, G_OPTION_ARG_INT, &timeout, "seconds to wait",
          "N" },
        { "force", 'f', attach ? G_OPTION_FLAG_HIDDEN : 0,
          G_OPTION_ARG_NONE, &force,
          "take it at once, without asking the guest", NULL },
        { NULL },
    };
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 1, 1);
    IovClient *client = cmd_host_of_vm(args[0], host, &found);
    JsonObject *what = iov_args("s:vm", args[0], "b:wait", !no_wait, NULL);
    g_autoptr(JsonNode) node = NULL;

    if (nic >= 0) {
        json_object_set_int_member(what, "nic", nic);
    }
    if (timeout) {
        json_object_set_int_member(what, "timeout", timeout);
    }
    if (force) {
        json_object_set_boolean_member(what, "force", TRUE);
    }
    node = cmd_call(client, attach ? "vf-attach" : "vf-detach", what);
    iov_client_free(client);
    return print_nics(args[0], node, attach);
}

int cmd_vf_attach(int argc, char **argv)
{
    return vf_command(argc, argv, true);
}

int cmd_vf_detach(int argc, char **argv)
{
    return vf_command(argc, argv, false);
}

/* --- migration --------------------------------------------------------- */

static void show_progress(void *opaque, JsonObject *event)
{
    const char *name = json_str(event, "event", "");
    const char *vm = json_str(event, "vm", "");

    if (g_str_equal(vm, opaque) && g_str_equal(name, "migrate-state")) {
        fprintf(stderr, "iovlab: %s: %s\n", vm, json_str(event, "state", ""));
    }
}

static double get_ms(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_double(node) :
        0;
}

int cmd_migrate(int argc, char **argv)
{
    g_autofree char *to = NULL;
    g_autofree char *host = NULL;
    g_autofree char *found = NULL;
    gboolean cancel = FALSE, quiet = FALSE;
    int timeout = 0;
    const GOptionEntry entries[] = {
        { "to", 't', 0, G_OPTION_ARG_STRING, &to, "host to move to", "NAME" },
        { "cancel", 'c', 0, G_OPTION_ARG_NONE, &cancel,
          "give a move up that is under way", NULL },
        { "host", 'H', 0, G_OPTION_ARG_STRING, &host, "host of the VM",
          "NAME" },
        { "timeout", 0, 0, G_OPTION_ARG_INT, &timeout,
          "seconds until it is given up (default 300)", "N" },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "no progress", NULL },
        { NULL },
    };
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 1, 1);
    JsonObject *what = iov_args("s:vm", args[0], NULL);
    g_autoptr(JsonNode) node = NULL;
    IovClient *client;
    JsonObject *result;

    if (cancel == (to != NULL)) {
        cmd_fail(EXIT_USAGE, "either --to NAME or --cancel is needed");
    }
    client = cmd_host_of_vm(args[0], host, &found);
    if (cancel) {
        node = cmd_call(client, "migrate-cancel", what);
        iov_client_free(client);
        return EXIT_DONE;
    }
    json_object_set_string_member(what, "to", to);
    if (timeout) {
        json_object_set_int_member(what, "timeout", timeout);
    }
    if (!quiet) {
        iov_client_subscribe(client, false, show_progress, args[0]);
    }
    node = cmd_call(client, "migrate", what);
    result = json_node_get_object(node);
    printf("VM %s runs on host %s: %.0f ms in all, %.0f ms of downtime, "
           "%d frames handed over\n", args[0], to,
           get_ms(result, "total-ms"), get_ms(result, "downtime-ms"),
           (int)json_int(result, "frames-handed-over", 0));
    iov_client_free(client);
    return EXIT_DONE;
}

/* --- save and restore -------------------------------------------------- */

int cmd_save(int argc, char **argv)
{
    g_auto(GStrv) args = cmd_parse(cmd_current(), NULL, argc, argv, 2, 2);
    g_autofree char *file = absolute(args[1]);
    g_autofree char *host = NULL;
    IovClient *client = cmd_host_of_vm(args[0], NULL, &host);
    g_autoptr(JsonNode) node =
        cmd_call(client, "save", iov_args("s:vm", args[0], "s:file", file,
                                          NULL));

    printf("VM %s saved to %s\n", args[0], args[1]);
    iov_client_free(client);
    return EXIT_DONE;
}

int cmd_restore(int argc, char **argv)
{
    g_autofree char *host = NULL;
    const GOptionEntry entries[] = {
        { "host", 'H', 0, G_OPTION_ARG_STRING, &host, "host to run on",
          "NAME" },
        { NULL },
    };
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 1, 1);
    g_autofree char *file = absolute(args[0]);
    g_autoptr(JsonNode) node = NULL;
    IovClient *client;

    if (!host) {
        cmd_fail(EXIT_USAGE, "--host is needed");
    }
    client = cmd_host(host);
    node = cmd_call(client, "restore", iov_args("s:file", file, NULL));
    printf("VM %s runs on host %s\n",
           json_str(json_node_get_object(node), "vm", "?"), host);
    iov_client_free(client);
    return EXIT_DONE;
}
