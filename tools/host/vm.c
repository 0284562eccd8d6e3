/*
 * A VM: its QEMU process and the connection to it.
 *
 * QEMU runs in a session of its own and outlives the host process.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/daemon.h"
#include "base/jsonline.h"
#include "base/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QMP_RETRY_MS = 100, QMP_TRIES = 200 };

static const char *const state_names[] = {
    [VM_OFF] = "Off",
    [VM_STARTING] = "Starting",
    [VM_INCOMING] = "Incoming",
    [VM_RUNNING] = "Running",
    [VM_PAUSED] = "Paused",
    [VM_NOT_ANSWERING] = "NotAnswering",
    [VM_STOPPING] = "Stopping",
};

const char *vm_state_name(VmState state)
{
    return state_names[state];
}

char *vm_path(const Vm *vm, const char *name)
{
    return g_build_filename(vm->dir, name, NULL);
}

static void set_state(Vm *vm, VmState state)
{
    if (vm->state != state) {
        vm->state = state;
        vm_event(vm, "vm-state", "s:state", vm_state_name(state), NULL);
        host_retry_waiting(vm->host);
        vm_poke(vm);
    }
}

VmNic *vm_nic(Vm *vm, unsigned from)
{
    while (from < NICS_MAX && !vm->nic[from]) {
        from++;
    }
    return from < NICS_MAX ? vm->nic[from] : NULL;
}

void vm_update_wanted(Vm *vm)
{
    VM_FOR_EACH_NIC(vm, nic) {
        nic_update_wanted(nic);
    }
}

/* --- QMP --------------------------------------------------------------- */

static void status_reply(void *opaque, JsonNode *ret, const char *error)
{
    Vm *vm = opaque;
    JsonObject *status = ret && JSON_NODE_HOLDS_OBJECT(ret) ?
        json_node_get_object(ret) : NULL;

    if (!status || vm->in || vm->restoring) {
        return;
    }
    if (vm->silent) {
        vm->silent = false;
        vm->detached = false;
        vm_event(vm, "vm-answers", NULL);
    }
    set_state(vm, json_bool(status, "running", true) ? VM_RUNNING : VM_PAUSED);
    vm_update_wanted(vm);
    host_state_changed(vm->host);
}

void vm_not_answering(Vm *vm, LateMigration late)
{
    vm->silent = true;
    vm->late = late;
    set_state(vm, VM_NOT_ANSWERING);
    if (vm->qmp) {
        qmp_execute(vm->qmp, "query-status", NULL, status_reply, vm);
    }
}

const char *vm_idle_text(const Vm *vm)
{
    if (vm->qmp && (vm->state == VM_RUNNING || vm->state == VM_PAUSED)) {
        return NULL;
    }
    return vm->state == VM_NOT_ANSWERING ? "does not answer: wait, or "
        "`iovlab stop` kills it" : "is not running";
}

/* QEMU's word, after the migration was ended without it. */
static void late_migration(Vm *vm, const char *status)
{
    LateMigration late = vm->late;

    vm_event(vm, "migration", "s:status", status, NULL);
    if (g_str_equal(status, "completed")) {
        vm->late = LATE_NONE;
        if (late == LATE_HERE) {
            /* There is nobody at the other end any more. */
            vm_continue(vm);
        }
    } else if (g_str_equal(status, "failed") ||
               g_str_equal(status, "cancelled")) {
        vm->late = LATE_NONE;
    }
}

static void vm_qmp_ready(void *opaque)
{
    Vm *vm = opaque;

    vm_event(vm, "qmp-ready", "i:pid", (int)vm->pid, NULL);
    if (vm->starting) {
        ControlRequest *request = g_steal_pointer(&vm->starting);
        g_autofree char *console = vm_path(vm, "console.sock");
        g_autofree char *agent = vm_path(vm, "agent.sock");

        control_reply_object(request,
                             iov_args("s:vm", vm->config.name,
                                      "i:pid", (int)vm->pid,
                                      "s:console", console,
                                      "s:agent", agent, NULL));
    }
    if (vm->in) {
        migrate_in_qmp_ready(vm->in);
    }
    qmp_execute(vm->qmp, "query-status", NULL, status_reply, vm);
}

static void vm_qmp_event(void *opaque, const char *name, JsonObject *data)
{
    Vm *vm = opaque;
    const char *id;

    if (g_str_equal(name, "DEVICE_DELETED")) {
        id = json_str(data, "device", "");
        for (unsigned i = 0; i < NICS_MAX; i++) {
            /* It may go with its device. */
            if (vm->nic[i]) {
                nic_device_deleted(vm->nic[i], id);
            }
        }
    } else if (g_str_equal(name, "DEVICE_UNPLUG_GUEST_ERROR")) {
        vm_event(vm, "unplug-error", "s:device", json_str(data, "device", ""),
                 NULL);
    } else if (g_str_equal(name, "RESET")) {
        vm_event(vm, "vm-reset", NULL);
    } else if (g_str_equal(name, "STOP")) {
        set_state(vm, VM_PAUSED);
    } else if (g_str_equal(name, "RESUME")) {
        set_state(vm, VM_RUNNING);
    } else if (g_str_equal(name, "GUEST_PANICKED")) {
        vm_event(vm, "guest-panicked", NULL);
    }
    if (vm->out) {
        migrate_out_qmp_event(vm->out, name, data);
    } else if (vm->in) {
        migrate_in_qmp_event(vm->in, name, data);
    } else if (vm->save) {
        save_qmp_event(vm->save, name, data);
    } else if (vm->late && g_str_equal(name, "MIGRATION")) {
        late_migration(vm, json_str(data, "status", ""));
    }
}

static void vm_end(Vm *vm);

static void vm_qmp_closed(void *opaque, const char *why)
{
    Vm *vm = opaque;

    g_clear_pointer(&vm->qmp, qmp_free);
    if (!vm->child_watch) {
        /* Not our child (taken back): the connection is its life. */
        vm_event(vm, "vm-ended", "s:reason", why, NULL);
        vm_end(vm);
    }
}

static const QmpOps vm_qmp_ops = {
    .ready = vm_qmp_ready,
    .event = vm_qmp_event,
    .closed = vm_qmp_closed,
};

/* The last line that QEMU wrote, for the one who started it. */
static char *last_words(const Vm *vm)
{
    g_autofree char *path = vm_path(vm, "qemu.log");
    g_autofree char *text = NULL;
    char *line;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return g_strdup("");
    }
    g_strchomp(text);
    line = strrchr(text, '\n');
    return g_utf8_make_valid(line ? line + 1 : text, -1);
}

static gboolean qmp_try(gpointer opaque)
{
    Vm *vm = opaque;
    g_autofree char *path = vm_path(vm, "qmp.sock");

    vm->qmp = qmp_connect(path, &vm_qmp_ops, vm, NULL);
    if (vm->qmp) {
        vm->qmp_retry = 0;
        return G_SOURCE_REMOVE;
    }
    if (++vm->qmp_tries < QMP_TRIES) {
        return G_SOURCE_CONTINUE;
    }
    vm->qmp_retry = 0;
    vm_destroy(vm, "QEMU did not open its QMP socket");
    return G_SOURCE_REMOVE;
}

/* --- the process ------------------------------------------------------- */

/* Its QEMU is gone: it is off, or forgotten. */
static void vm_end(Vm *vm)
{
    Host *host = vm->host;
    VmConfig config;
    GPid pid;

    if (!vm->kept || host->stopping) {
        vm_release(vm);
        return;
    }
    pid = vm->pid;
    vm_config_copy(&config, &vm->config);
    vm_release(vm);
    vm = vm_define(host, &config);
    vm->kept = true;
    vm->last_pid = pid;
    vm_event(vm, "vm-state", "s:state", vm_state_name(vm->state), NULL);
    host_state_changed(host);
}

static void vm_exited(GPid pid, gint status, gpointer opaque)
{
    Vm *vm = opaque;
    g_autofree char *words = last_words(vm);

    vm->child_watch = 0;
    vm->pid = 0;
    g_spawn_close_pid(pid);
    vm_event(vm, "vm-ended", "i:status", WIFEXITED(status) ?
             WEXITSTATUS(status) : 128 + WTERMSIG(status),
             "s:text", words, NULL);
    if (vm->starting) {
        ControlRequest *request = g_steal_pointer(&vm->starting);

        control_fail(request, ERR_FAILED, "QEMU ended: %s", words);
    }
    vm_end(vm);
}

static void child_setup(gpointer opaque)
{
    int fd = GPOINTER_TO_INT(opaque);

    setsid();
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
}

static bool spawn(Vm *vm, GStrv args, char **error)
{
    g_autofree char *log = vm_path(vm, "qemu.log");
    g_autoptr(GError) gerror = NULL;
    g_autofree char *line = g_strjoinv(" ", args);
    int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok;

    if (fd < 0) {
        *error = g_strdup_printf("%s: %s", log, g_strerror(errno));
        return false;
    }
    daemon_log("vm %s: %s", vm->config.name, line);
    ok = g_spawn_async(NULL, args, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                       child_setup, GINT_TO_POINTER(fd), &vm->pid, &gerror);
    close(fd);
    if (!ok) {
        *error = g_strdup(gerror->message);
        return false;
    }
    vm->child_watch = g_child_watch_add(vm->pid, vm_exited, vm);
    return true;
}

static Vm *vm_new(Host *host, VmConfig *config)
{
    Vm *vm = g_new0(Vm, 1);

    vm->host = host;
    vm->config = *config;
    memset(config, 0, sizeof(*config));
    vm->dir = g_build_filename(host->dir, "vm", vm->config.name, NULL);
    vm->next_serial = 1;
    vm->started_ms = host_now_ms();
    for (unsigned i = 0; i < NICS_MAX; i++) {
        vm->nic[i] = vm->config.nic[i].present ? nic_new(vm, i) : NULL;
    }
    host->vms = g_list_append(host->vms, vm);
    return vm;
}

Vm *vm_define(Host *host, VmConfig *config)
{
    return vm_new(host, config);
}

/* A VM that comes from elsewhere may name a switch that is not here. */
static bool has_switches(Host *host, const VmConfig *config, char **error)
{
    for (unsigned i = 0; i < NICS_MAX; i++) {
        const NicConfig *nic = &config->nic[i];

        if (nic->present && nic->connected &&
            !switch_find(host, nic->switch_name)) {
            *error = g_strdup_printf("host '%s' has no switch '%s' for "
                                     "network adapter %u of VM '%s'",
                                     host->name, nic->switch_name, i,
                                     config->name);
            return false;
        }
    }
    return true;
}

Vm *vm_start(Host *host, VmConfig *config, bool incoming, char **error)
{
    g_auto(GStrv) args = NULL;
    g_autoptr(GError) gerror = NULL;
    PropError wrong = { 0 };
    Vm *vm;

    if (!has_switches(host, config, error)) {
        return NULL;
    }
    if (!vm_addresses(host, config, &wrong)) {
        *error = g_steal_pointer(&wrong.text);
        return NULL;
    }
    vm = vm_new(host, config);
    vm->state = incoming ? VM_INCOMING : VM_STARTING;
    args = vm_args(vm, incoming, error);
    if (args && !rundir_make(vm->dir, &gerror)) {
        *error = g_strdup(gerror->message);
    }
    if (!args || *error || !spawn(vm, args, error)) {
        vm_release(vm);
        return NULL;
    }
    for (unsigned i = 0; i < NICS_MAX && !incoming; i++) {
        if (vm->nic[i]) {
            nic_connect(vm->nic[i]);
        }
    }
    vm->qmp_retry = g_timeout_add(QMP_RETRY_MS, qmp_try, vm);
    vm_event(vm, "vm-started", "b:incoming", incoming, NULL);
    host_state_changed(host);
    return vm;
}

Vm *vm_power_on(Vm *vm, char **error)
{
    Host *host = vm->host;
    bool kept = vm->kept;
    VmConfig config, back;

    vm_config_copy(&config, &vm->config);
    vm_config_copy(&back, &config);
    vm_release(vm);
    vm = vm_start(host, &config, false, error);
    if (!vm) {
        vm = vm_define(host, &back);
        vm->kept = kept;
        return NULL;
    }
    vm->kept = kept;
    vm_config_clear(&back);
    return vm;
}

Vm *vm_adopt(Host *host, VmConfig *config, GPid pid, uint32_t next_serial)
{
    Vm *vm = vm_new(host, config);
    g_autofree char *path = NULL;

    vm->pid = pid;
    vm->next_serial = next_serial;
    vm->state = VM_STARTING;
    path = vm_path(vm, "qmp.sock");
    vm->qmp = qmp_connect(path, &vm_qmp_ops, vm, NULL);
    if (!vm->qmp) {
        /* The process may be anybody's who has the number now. */
        vm_event(vm, "vm-ended", "s:reason", "not there any more", NULL);
        vm_release(vm);
        return NULL;
    }
    VM_FOR_EACH_NIC(vm, nic) {
        nic_connect(nic);
    }
    return vm;
}

void vm_release(Vm *vm)
{
    Host *host = vm->host;

    if (!g_list_find(host->vms, vm)) {
        return;
    }
    if (vm->out) {
        migrate_out_vm_gone(vm->out);
    }
    if (vm->in) {
        migrate_in_vm_gone(vm->in);
    }
    if (vm->save) {
        save_vm_gone(vm->save);
    }
    vm_wait_abort(vm);
    host->vms = g_list_remove(host->vms, vm);
    /* What was asked of QEMU is answered: by now the VM is not to be found. */
    g_clear_pointer(&vm->qmp, qmp_free);
    g_clear_handle_id(&vm->qmp_retry, g_source_remove);
    g_clear_handle_id(&vm->child_watch, g_source_remove);
    for (unsigned i = 0; i < NICS_MAX; i++) {
        g_clear_pointer(&vm->nic[i], nic_free);
    }
    if (vm->starting) {
        control_fail(vm->starting, ERR_FAILED, "the VM ended");
    }
    vm_config_clear(&vm->config);
    g_free(vm->dir);
    g_free(vm);
    host_state_changed(host);
    host_retry_waiting(host);
}

static void reaped(GPid pid, gint status, gpointer opaque)
{
    g_spawn_close_pid(pid);
}

static void power_off(Vm *vm, const char *why, bool leaves, int sig)
{
    vm->state = VM_STOPPING;
    vm_event(vm, "vm-stopped", "s:reason", why, NULL);
    if (vm->qmp) {
        qmp_execute(vm->qmp, "quit", NULL, NULL, NULL);
    }
    if (vm->pid > 0) {
        /* Who does not listen would not end at being asked. */
        kill(vm->pid, vm->silent ? SIGKILL : sig);
        if (vm->child_watch) {
            g_source_remove(vm->child_watch);
            vm->child_watch = 0;
            g_child_watch_add(vm->pid, reaped, NULL);
        }
    }
    if (leaves) {
        vm_release(vm);
    } else {
        vm_end(vm);
    }
}

void vm_destroy(Vm *vm, const char *why)
{
    power_off(vm, why, false, SIGTERM);
}

void vm_kill(Vm *vm, const char *why)
{
    power_off(vm, why, false, SIGKILL);
}

void vm_destroy_left(Vm *vm, const char *why)
{
    power_off(vm, why, true, SIGTERM);
}
