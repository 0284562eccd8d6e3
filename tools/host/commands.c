/*
 * The host's commands for VMs on the control socket (docs/control-protocol.md).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/access.h"
#include "host/host.h"

#include "base/jsonline.h"

enum {
    ATTACH_LIMIT_S = 60,
    MIGRATE_LIMIT_S = 300,
    LIMIT_MAX_S = 86400,
};

/* --- VMs --------------------------------------------------------------- */

static void cmd_run(void *opaque, ControlRequest *request, JsonObject *args)
{
    Host *host = opaque;
    PropError wrong = { 0 };
    g_autofree char *error = NULL;
    VmConfig config;
    Vm *vm;

    if (!vm_config_from_json(&config, json_obj(args, "config"), &wrong)) {
        control_fail(request, wrong.code, "%s", wrong.text);
        prop_error_clear(&wrong);
        return;
    }
    if (host_find_vm(host, config.name)) {
        control_fail(request, ERR_EXISTS, "host '%s' has a VM '%s' already",
                     host->name, config.name);
        vm_config_clear(&config);
        return;
    }
    if (!vm_addresses(host, &config, &wrong)) {
        control_fail(request, wrong.code, "%s", wrong.text);
        prop_error_clear(&wrong);
        vm_config_clear(&config);
        return;
    }
    vm = vm_start(host, &config, false, &error);
    if (!vm) {
        control_fail(request, ERR_FAILED, "%s", error);
        vm_config_clear(&config);
        return;
    }
    vm->starting = request;
}

/* --- VFs --------------------------------------------------------------- */

typedef struct VfWait {
    ControlRequest *request;
    int nic;                /* -1: all */
    bool attach;
} VfWait;

static bool nic_done(const VmNic *nic, bool attach)
{
    VfState state = vf_life_state(nic->life);

    if (attach) {
        return state == VF_ACTIVE || (state == VF_WAITING && *nic->reason &&
            !g_str_equal(nic->reason, "GuestNotConnected") &&
            !g_str_equal(nic->reason, "VfBeingRemoved"));
    }
    return state == VF_SYNTHETIC &&
        datapath_state(nic->dp) == DATAPATH_ON_SYNTHETIC;
}

static bool vf_done(Vm *vm, void *opaque)
{
    VfWait *w = opaque;

    VM_FOR_EACH_NIC(vm, nic) {
        if ((w->nic < 0 || w->nic == (int)nic->index) &&
            !nic_done(nic, w->attach)) {
            return false;
        }
    }
    return true;
}

static JsonObject *vf_result(Vm *vm, int which)
{
    JsonObject *object = iov_args("s:vm", vm->config.name, NULL);
    JsonArray *nics = json_array_new();

    VM_FOR_EACH_NIC(vm, nic) {
        if (which < 0 || which == (int)nic->index) {
            json_array_add_object_element(nics,
                iov_args("i:nic", (int)nic->index, "s:state",
                         vf_state_name(vf_life_state(nic->life)),
                         "i:vf", nic->vf, "s:reason", nic->reason,
                         "s:text", nic->reason_text, NULL));
        }
    }
    json_object_set_array_member(object, "nics", nics);
    return object;
}

static void vf_waited(Vm *vm, void *opaque, bool ok)
{
    VfWait *w = opaque;

    if (ok) {
        control_reply_object(w->request, vf_result(vm, w->nic));
    } else {
        control_fail(w->request, ERR_TIMEOUT,
                     "VM '%s': the VF was not %s in time", vm->config.name,
                     w->attach ? "taken by the guest" : "given up");
    }
    g_free(w);
}

static void vf_command(Host *host, ControlRequest *request, JsonObject *args,
                       bool attach)
{
    Vm *vm = command_idle_vm(host, request, args);
    int which = json_int(args, "nic", -1);
    bool force = json_bool(args, "force", false);
    unsigned limit = json_int(args, "timeout", ATTACH_LIMIT_S +
                              host->config.eject_limit_ms / 1000);
    VfWait *w;

    if (!vm) {
        return;
    }
    if (which >= 0 && !vm->nic[which]) {
        control_fail(request, ERR_NOT_FOUND, "VM '%s' has no network adapter "
                     "%d", vm->config.name, which);
        return;
    }
    if (attach && vm->state == VM_OFF) {
        control_fail(request, ERR_STATE, "VM '%s' is off: `iovlab start %s`, "
                     "or `iovlab set nic %s.N IovWeight=...` for when it runs",
                     vm->config.name, vm->config.name, vm->config.name);
        return;
    }
    VM_FOR_EACH_NIC(vm, nic) {
        if (which >= 0 && which != (int)nic->index) {
            continue;
        }
        nic->config->iov_weight = attach ? json_int(args, "weight", 100) : 0;
        nic->misbehaved = false;
        nic_update_wanted(nic);
        host_state_changed(host);
        if (force && !attach) {
            vf_life_event(nic->life, VF_EV_REVOKE);
        }
    }
    if (!json_bool(args, "wait", true)) {
        control_reply_object(request, vf_result(vm, which));
        return;
    }
    w = g_new0(VfWait, 1);
    w->request = request;
    w->nic = which;
    w->attach = attach;
    vm_wait(vm, vf_done, limit * 1000, vf_waited, w);
}

static void cmd_vf_attach(void *opaque, ControlRequest *request,
                          JsonObject *args)
{
    vf_command(opaque, request, args, true);
}

static void cmd_vf_detach(void *opaque, ControlRequest *request,
                          JsonObject *args)
{
    vf_command(opaque, request, args, false);
}

/* --- migration --------------------------------------------------------- */

static void cmd_migrate(void *opaque, ControlRequest *request,
                        JsonObject *args)
{
    Host *host = opaque;
    Vm *vm = command_idle_vm(host, request, args);
    const char *to = json_str(args, "to", "");

    if (!vm) {
        return;
    }
    if (g_str_equal(to, host->name)) {
        control_fail(request, ERR_BAD_ARGUMENT, "VM '%s' is on host '%s'",
                     vm->config.name, to);
    } else if (vm_idle_text(vm)) {
        control_fail(request, ERR_STATE, "VM '%s' %s", vm->config.name,
                     vm_idle_text(vm));
    } else {
        migrate_out_start(vm, request, to,
                          json_int(args, "timeout", MIGRATE_LIMIT_S));
    }
}

static void cmd_migrate_cancel(void *opaque, ControlRequest *request,
                               JsonObject *args)
{
    Vm *vm = command_vm(opaque, request, args);

    if (vm && !vm->out) {
        control_fail(request, ERR_STATE, "VM '%s' is not being migrated",
                     vm->config.name);
    } else if (vm) {
        migrate_out_cancel(vm->out, request);
    }
}

static void cmd_migrate_prepare(void *opaque, ControlRequest *request,
                                JsonObject *args)
{
    migrate_in_prepare(opaque, request, args);
}

/* The migration that brings the VM; NULL: the request has failed. */
static MigrateIn *arriving(Host *host, ControlRequest *request,
                           JsonObject *args)
{
    Vm *vm = command_vm(host, request, args);

    if (vm && !vm->in) {
        control_fail(request, ERR_STATE, "VM '%s' is not arriving",
                     vm->config.name);
    }
    return vm ? vm->in : NULL;
}

static void cmd_migrate_finish(void *opaque, ControlRequest *request,
                               JsonObject *args)
{
    MigrateIn *in = arriving(opaque, request, args);

    if (in) {
        migrate_in_finish(in, request);
    }
}

static void cmd_migrate_abandon(void *opaque, ControlRequest *request,
                                JsonObject *args)
{
    MigrateIn *in = arriving(opaque, request, args);

    if (in) {
        migrate_in_abandon(in, request);
    }
}

/* --- the rest ---------------------------------------------------------- */

static void cmd_capture(void *opaque, ControlRequest *request,
                        JsonObject *args)
{
    const ControlCaller *caller = control_request_caller(request);
    Host *host = opaque;
    const char *port = json_str(args, "port", "");
    const char *file = json_str(args, "file", NULL);
    const ClientFiles files = access_files(host);
    ClientFile place = { .fd = -1 };
    PropError error = { 0 };
    g_autoptr(GError) wrong = NULL;

    if (file &&
        ((!caller->owner && !client_file_find(&files, caller->uid, file,
                                              &place, &error)) ||
         !capture_start(host, port, file, caller->owner ? NULL : &place,
                        &error))) {
        access_refuse(host, request, OP_CAPTURE, NULL, &error);
    } else if (!file && !capture_stop(host, port, &wrong)) {
        control_fail(request, g_error_matches(wrong, G_IO_ERROR,
                                              G_IO_ERROR_NOT_FOUND) ?
                     ERR_NOT_FOUND : ERR_FAILED, "%s", wrong->message);
    } else {
        control_reply(request, NULL);
    }
    client_file_clear(&place);
}

/* --- QMP ---------------------------------------------------------------- */

static void qmp_replied(void *opaque, JsonNode *ret, const char *error)
{
    ControlRequest *request = opaque;

    if (error) {
        control_fail(request, ERR_FAILED, "%s", error);
    } else {
        control_reply(request, ret ? json_node_copy(ret) : NULL);
    }
}

/* The host process has the VM's one QMP connection; others ask it. */
static void cmd_qmp(void *opaque, ControlRequest *request, JsonObject *args)
{
    Vm *vm = command_vm(opaque, request, args);
    JsonObject *arguments = json_obj(args, "arguments");

    if (vm && !vm->qmp) {
        control_fail(request, ERR_STATE, "VM '%s' has no QMP connection",
                     vm->config.name);
    } else if (vm) {
        qmp_execute(vm->qmp, json_str(args, "execute", ""),
                    arguments ? json_object_ref(arguments) : NULL,
                    qmp_replied, request);
    }
}

static void cmd_quit(void *opaque, ControlRequest *request, JsonObject *args)
{
    control_reply(request, NULL);
    host_quit(opaque, json_bool(args, "keep-vms", false));
}

static const ControlArg run_args[] = {
    { "config", CONTROL_OBJECT, true },
    { NULL },
};
static const ControlArg vm_arg[] = {
    { "vm", CONTROL_NAME, true },
    { NULL },
};
static const ControlArg vf_args[] = {
    { "vm", CONTROL_NAME, true },
    { "nic", CONTROL_INT, false, 0, NICS_MAX - 1 },
    { "weight", CONTROL_INT, false, 1, 100 },
    { "force", CONTROL_BOOL },
    { "wait", CONTROL_BOOL },
    { "timeout", CONTROL_INT, false, 1, LIMIT_MAX_S },
    { NULL },
};
static const ControlArg migrate_args[] = {
    { "vm", CONTROL_NAME, true },
    { "to", CONTROL_NAME, true },
    { "timeout", CONTROL_INT, false, 1, LIMIT_MAX_S },
    { NULL },
};
static const ControlArg prepare_args[] = {
    { "config", CONTROL_OBJECT, true },
    { "from", CONTROL_NAME, true },
    { "serial", CONTROL_INT, true, 1, INT32_MAX },
    { "kept", CONTROL_BOOL },
    { "networks", CONTROL_TEXT },
    { NULL },
};
static const ControlArg capture_args[] = {
    { "port", CONTROL_TEXT, true },
    { "file", CONTROL_TEXT },
    { NULL },
};
static const ControlArg qmp_arg[] = {
    { "vm", CONTROL_NAME, true },
    { "execute", CONTROL_TEXT, true },
    { "arguments", CONTROL_OBJECT },
    { NULL },
};
static const ControlArg quit_args[] = {
    { "keep-vms", CONTROL_BOOL },
    { NULL },
};

const ControlCommand vm_commands[] = {
    { "run", run_args, cmd_run, "Start a VM" },
    { "vf-attach", vf_args, cmd_vf_attach, "Give network adapters a VF" },
    { "vf-detach", vf_args, cmd_vf_detach, "Take their VFs away" },
    { "migrate", migrate_args, cmd_migrate, "Move a VM to another host" },
    { "migrate-cancel", vm_arg, cmd_migrate_cancel, "Give a move up" },
    { "migrate-prepare", prepare_args, cmd_migrate_prepare,
      "From another host: a VM will come" },
    { "migrate-finish", vm_arg, cmd_migrate_finish,
      "From another host: it has left there" },
    { "migrate-abandon", vm_arg, cmd_migrate_abandon,
      "From another host: it is not to come, unless it has" },
    { "capture", capture_args, cmd_capture,
      "Capture a port to a file, or stop (no file)" },
    { "qmp", qmp_arg, cmd_qmp, "Run a QMP command in a VM's QEMU" },
    { "quit", quit_args, cmd_quit, "End the host process" },
    { NULL },
};

const ControlCommand *const host_commands[] = {
    object_commands, vm_commands, state_commands, NULL,
};
