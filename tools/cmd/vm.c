/*
 * iovlab start, console, vf, migrate, save, restore.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmd/cmd.h"

#include "base/jsonline.h"
#include "base/rundir.h"

#include <stdio.h>
#include <string.h>

static char *absolute(const char *path)
{
    return path ? g_canonicalize_filename(path, NULL) : NULL;
}

/* @args: the VM, and perhaps a name. */
static int call_state(char **args, const char *command, const char *done)
{
    g_autofree char *host = NULL;
    IovClient *client = cmd_host_of_vm(args[0], NULL, &host);
    JsonObject *what = iov_args("s:vm", args[0], NULL);
    g_autoptr(JsonNode) node = NULL;

    if (args[1]) {
        json_object_set_string_member(what, "name", args[1]);
    }
    node = cmd_call(client, command, what);
    printf("VM %s on host %s: %s\n", args[0], host, done);
    iov_client_free(client);
    return EXIT_DONE;
}

/* A command with the VM's name, and perhaps another. */
static int state_command(int argc, char **argv, const char *command,
                         bool named, const char *done)
{
    g_auto(GStrv) args = cmd_parse(cmd_current(), NULL, argc, argv,
                                   named ? 2 : 1, named ? 2 : 1);

    return call_state(args, command, done);
}

int cmd_start(int argc, char **argv)
{
    return state_command(argc, argv, "start", false, "started");
}

int cmd_pause(int argc, char **argv)
{
    return state_command(argc, argv, "pause", false, "paused");
}

int cmd_resume(int argc, char **argv)
{
    return state_command(argc, argv, "resume", false, "running");
}

int cmd_reset(int argc, char **argv)
{
    return state_command(argc, argv, "reset", false, "reset");
}

int cmd_checkpoint(int argc, char **argv)
{
    gboolean remove = FALSE;
    const GOptionEntry entries[] = {
        { "remove", 'r', 0, G_OPTION_ARG_NONE, &remove, "remove it", NULL },
        { NULL },
    };
    g_auto(GStrv) args = cmd_parse(cmd_current(), entries, argc, argv, 2, 2);

    return remove ?
        call_state(args, "checkpoint-remove", "checkpoint removed") :
        call_state(args, "checkpoint", "checkpoint made");
}

int cmd_revert(int argc, char **argv)
{
    return state_command(argc, argv, "revert", true, "back at the checkpoint");
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
