/*
 * The host process: making it, its events, its end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/daemon.h"
#include "base/jsonline.h"
#include "base/rundir.h"
#include "base/stream.h"
#include "host/access.h"
#include "host/main.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

double host_now_ms(void)
{
    return g_get_monotonic_time() / 1000.0;
}

char *host_path(const Host *host, const char *name)
{
    return g_build_filename(host->dir, name, NULL);
}

Vm *host_find_vm(Host *host, const char *name)
{
    for (GList *l = host->vms; l; l = l->next) {
        Vm *vm = l->data;

        if (g_str_equal(vm->config.name, name)) {
            return vm;
        }
    }
    return NULL;
}

/* --- events ------------------------------------------------------------ */

/* Takes @object. */
static void emit(Host *host, const char *event, JsonObject *object)
{
    g_autoptr(JsonObject) full = json_object_new();
    g_autoptr(GList) names = json_object_get_members(object);
    g_autofree char *line = NULL;

    json_object_set_string_member(full, "event", event);
    json_object_set_string_member(full, "host", host->name);
    json_object_set_double_member(full, "t_ms", host_now_ms());
    for (GList *l = names; l; l = l->next) {
        json_object_set_member(full, l->data,
                               json_node_copy(json_object_get_member(object,
                                                                     l->data)));
    }
    json_object_unref(object);
    line = json_line_format(full);
    daemon_log("%s", g_strchomp(line));
    if (host->control) {
        control_emit(host->control, full);
    }
}

void host_event(Host *host, const char *event, ...)
{
    va_list ap;

    va_start(ap, event);
    emit(host, event, iov_args_va(ap));
    va_end(ap);
}

void vm_event(Vm *vm, const char *event, ...)
{
    JsonObject *object;
    va_list ap;

    va_start(ap, event);
    object = iov_args_va(ap);
    va_end(ap);
    json_object_set_string_member(object, "vm", vm->config.name);
    emit(vm->host, event, object);
}

void nic_event(VmNic *nic, const char *event, ...)
{
    JsonObject *object;
    va_list ap;

    va_start(ap, event);
    object = iov_args_va(ap);
    va_end(ap);
    json_object_set_string_member(object, "vm", nic->vm->config.name);
    json_object_set_int_member(object, "nic", nic->index);
    emit(nic->vm->host, event, object);
}

/* --- those who wait for a VF ------------------------------------------- */

/* A VF that is free goes to the adapter with the largest weight. */
static int heavier(gconstpointer a, gconstpointer b)
{
    uint64_t x = ((const VmNic *)a)->config->iov_weight;
    uint64_t y = ((const VmNic *)b)->config->iov_weight;

    return (x < y) - (x > y);
}

static gboolean retry_waiting(gpointer opaque)
{
    Host *host = opaque;
    g_autoptr(GList) waiting = NULL;

    host->retry_idle = 0;
    for (GList *l = host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            if (vf_life_state(nic->life) == VF_WAITING) {
                waiting = g_list_insert_sorted(waiting, nic, heavier);
            }
        }
    }
    for (GList *l = waiting; l; l = l->next) {
        VmNic *nic = l->data;

        vf_life_event(nic->life, VF_EV_RETRY);
    }
    return G_SOURCE_REMOVE;
}

void host_retry_waiting(Host *host)
{
    if (!host->retry_idle && !host->stopping) {
        host->retry_idle = g_idle_add(retry_waiting, host);
    }
}

/* --- beginning and end ------------------------------------------------- */

void host_quit(Host *host, bool keep_vms)
{
    g_autofree char *state = host_path(host, "state.json");

    host_event(host, "host-stopping", "b:keep_vms", keep_vms, NULL);
    if (keep_vms) {
        host_state_save(host);
    }
    host->stopping = true;
    /* The record stands; and devices may look for the next process. */
    g_clear_handle_id(&host->state_idle, g_source_remove);
    g_clear_pointer(&host->links, listener_free);
    while (host->vms) {
        if (keep_vms) {
            vm_release(host->vms->data);
        } else {
            vm_destroy(host->vms->data, "host stops");
        }
    }
    if (!keep_vms) {
        g_unlink(state);
    }
    g_main_loop_quit(host->loop);
}

static gboolean on_signal(gpointer opaque)
{
    host_quit(opaque, false);
    return G_SOURCE_CONTINUE;
}

static bool open_sockets(Host *host, GError **error)
{
    g_autofree char *control = host_path(host, "control.sock");
    g_autofree char *links = host_path(host, "link.sock");

    host->control = control_server_new(control, host_commands, host, error);
    if (!host->control) {
        return false;
    }
    control_server_guard(host->control, &host_guard);
    host->links = listener_new(links, link_end_accept, host, error);
    return host->links != NULL;
}

static void host_free(Host *host)
{
    host->stopping = true;
    while (host->ends) {
        link_end_destroy(host->ends->data);
    }
    capture_stop_all(host);
    while (host->switches) {
        switch_free(host->switches->data);
    }
    while (host->adapters) {
        adapter_free(host->adapters->data);
    }
    listener_free(host->links);
    control_server_free(host->control);
    g_clear_handle_id(&host->retry_idle, g_source_remove);
    g_clear_handle_id(&host->state_idle, g_source_remove);
    g_main_loop_unref(host->loop);
    props_clear(&host_kind, &host->config);
    roles_free(host->roles);
    g_free(host->settings_lost);
    g_free(host->name);
    g_free(host->dir);
    g_free(host);
}

static void start_vms(Host *host)
{
    g_autoptr(GList) vms = g_list_copy(host->vms);

    for (GList *l = vms; l; l = l->next) {
        Vm *vm = l->data;
        g_autofree char *error = NULL;
        g_autofree char *name = g_strdup(vm->config.name);

        if (vm->state == VM_OFF &&
            vm->config.s.start_action == VM_START_WITH_HOST &&
            !vm_power_on(vm, &error)) {
            host_event(host, "vm-start-failed", "s:vm", name, "s:text", error,
                       NULL);
        }
    }
}

int host_main(const HostOptions *options)
{
    Host *host = g_new0(Host, 1);
    PropError wrong = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *vms = NULL;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);   /* of a capture: the write fails */
    /* The host itself speaks to others as its owner. */
    g_unsetenv("IOVLAB_AS");
    host->name = g_strdup(options->name);
    host->dir = rundir_path("hosts", options->name, NULL);
    host->number = g_str_hash(options->name) & 0xffff;
    host->loop = g_main_loop_new(NULL, FALSE);
    vms = host_path(host, "vm");
    if (!rundir_make(vms, &error)) {
        daemon_failed("host '%s' does not start: %s", options->name,
                      error->message);
    }
    /* Nobody can reach a host that will not start. */
    if (!host_populate(host, options, &wrong)) {
        daemon_failed("host '%s' does not start: %s", options->name,
                      wrong.text);
    }
    if (!open_sockets(host, &error)) {
        daemon_failed("host '%s' does not start: %s", options->name,
                      error->message);
    }
    g_unix_signal_add(SIGTERM, on_signal, host);
    g_unix_signal_add(SIGINT, on_signal, host);
    host_event(host, "host-started", "i:adapters",
               (int)g_list_length(host->adapters), NULL);
    host_state_load(host);
    if (host->settings_lost) {
        host_event(host, "settings-lost", "s:text", host->settings_lost, NULL);
    }
    if (machine_overridden(host)) {
        host_event(host, "iov-override", NULL);
    }
    start_vms(host);
    daemon_ready();
    g_main_loop_run(host->loop);
    /* Let the last answers go out. */
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    host_free(host);
    return 0;
}
