/*
 * Talking to the guest's agent over the VM's second serial port.
 *
 * The port is a socket of the QEMU process that the VM runs in, so it moves
 * with the VM; a line that a migration cut in two is read again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "lab_private.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <poll.h>

enum { ANSWER_MS = 10000, TRIES = 5 };

void lab_agent_drop(LabVm *vm)
{
    g_clear_object(&vm->agent);
    if (vm->agent_in) {
        g_string_truncate(vm->agent_in, 0);
    }
}

static bool connect_agent(Lab *lab, unsigned i)
{
    LabVm *vm = &lab->vms[i];
    g_autoptr(JsonObject) show = lab_show_vm(lab, i);
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketAddress) address = NULL;
    const char *path;

    if (vm->agent && vm->agent_host == vm->place) {
        return true;
    }
    lab_agent_drop(vm);
    path = show ? json_object_get_string_member_with_default(show, "AgentSocket",
                                                             NULL) : NULL;
    if (!path) {
        return false;
    }
    address = g_unix_socket_address_new(path);
    vm->agent = g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address),
                                        NULL, NULL);
    vm->agent_host = vm->place;
    return vm->agent != NULL;
}

static char *take_line(LabVm *vm)
{
    char *nl = strchr(vm->agent_in->str, '\n');
    char *line;

    if (!nl) {
        return NULL;
    }
    line = g_strndup(vm->agent_in->str, nl - vm->agent_in->str);
    g_string_erase(vm->agent_in, 0, nl - vm->agent_in->str + 1);
    return line;
}

/* Next complete line within the time, the main context running meanwhile. */
static char *read_line(Lab *lab, LabVm *vm, unsigned ms)
{
    int64_t end = g_get_monotonic_time() + ms * 1000LL;
    GSocket *socket = g_socket_connection_get_socket(vm->agent);
    char *line;

    g_socket_set_blocking(socket, FALSE);
    while (!(line = take_line(vm)) && g_get_monotonic_time() < end &&
           !lab_interrupted()) {
        char buf[4096];
        gssize n = g_socket_receive(socket, buf, sizeof(buf), NULL, NULL);

        if (n > 0) {
            g_string_append_len(vm->agent_in, buf, n);
        } else if (n == 0) {
            lab_agent_drop(vm);
            return NULL;
        } else {
            lab_run_for(lab, 5);
        }
    }
    return line;
}

static JsonObject *parse_line(const char *line)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root;

    if (!json_parser_load_from_data(parser, line, -1, NULL)) {
        return NULL;
    }
    root = json_parser_get_root(parser);
    return root && JSON_NODE_HOLDS_OBJECT(root)
           ? json_object_ref(json_node_get_object(root)) : NULL;
}

static JsonObject *ask(Lab *lab, unsigned i, const char *command, unsigned ms)
{
    LabVm *vm = &lab->vms[i];
    unsigned id = ++vm->agent_id;
    g_autofree char *text = g_strdup_printf("\n%u %s\n", id, command);
    JsonObject *answer = NULL;

    if (!connect_agent(lab, i) ||
        g_socket_send(g_socket_connection_get_socket(vm->agent), text,
                      strlen(text), NULL, NULL) < 0) {
        lab_agent_drop(vm);
        return NULL;
    }
    while (!answer && vm->agent) {
        g_autofree char *line = read_line(lab, vm, ms);

        if (!line) {
            return NULL;
        }
        answer = parse_line(line);
        /* Late answers to what was given up, and the agent's greeting. */
        if (answer && json_object_get_int_member_with_default(answer, "id", 0)
                      != id) {
            g_clear_pointer(&answer, json_object_unref);
        }
    }
    return answer;
}

bool lab_agent_wait(Lab *lab, unsigned vm, unsigned ms)
{
    int64_t end = g_get_monotonic_time() + ms * 1000LL;

    while (g_get_monotonic_time() < end && !lab_interrupted()) {
        JsonObject *answer = ask(lab, vm, "ping", 500);

        if (answer) {
            json_object_unref(answer);
            return true;
        }
        lab_run_for(lab, 50);
    }
    report_fail(lab->report, "%s: the guest's agent did not answer within %u "
                "s; see the console log", lab->vms[vm].name, ms / 1000);
    return false;
}

JsonObject *lab_agent(Lab *lab, unsigned vm, const char *command)
{
    for (int i = 0; i < TRIES && !lab_interrupted(); i++) {
        JsonObject *answer = ask(lab, vm, command, ANSWER_MS);

        if (answer) {
            return answer;
        }
        lab_run_for(lab, 200);
    }
    report_fail(lab->report, "%s: the guest's agent did not answer '%s'",
                lab->vms[vm].name, command);
    return NULL;
}
