/*
 * Commands that change the state of a VM: start, stop, pause, resume, reset,
 * save, restore, checkpoint, revert.
 *
 * A VF stays with a VM that is paused or reset.  It is taken where the state of
 * hardware would be written to a file, and given again after.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/jsonline.h"

#include <signal.h>

Vm *command_vm(Host *host, ControlRequest *request, JsonObject *args)
{
    const char *name = json_str(args, "vm", "");
    Vm *vm = host_find_vm(host, name);

    if (!vm) {
        control_fail(request, ERR_NOT_FOUND, "host '%s' has no VM '%s'",
                     host->name, name);
    }
    return vm;
}

Vm *command_idle_vm(Host *host, ControlRequest *request, JsonObject *args)
{
    Vm *vm = command_vm(host, request, args);

    if (vm && (vm->out || vm->in || vm->save)) {
        control_fail(request, ERR_BUSY, "VM '%s' is being %s",
                     vm->config.name, vm->save ? "saved" : "migrated");
        return NULL;
    }
    VM_FOR_EACH_NIC(vm, nic) {
        if (nic->leaving) {
            control_fail(request, ERR_BUSY, "adapter %u of VM '%s' is being "
                         "removed", nic->index, vm->config.name);
            return NULL;
        }
    }
    return vm;
}

/* --- on and off ----------------------------------------------------------- */

static void cmd_start(void *opaque, ControlRequest *request, JsonObject *args)
{
    Vm *vm = command_vm(opaque, request, args);
    PropError wrong = { 0 };
    g_autofree char *error = NULL;

    if (!vm) {
        return;
    }
    if (vm->state != VM_OFF) {
        control_fail(request, ERR_STATE, "VM '%s' is on", vm->config.name);
        return;
    }
    if (vm->last_pid > 0 && kill(vm->last_pid, 0) == 0) {
        control_fail(request, ERR_BUSY, "the QEMU of VM '%s' is still ending",
                     vm->config.name);
        return;
    }
    if (!vm_addresses(vm->host, &vm->config, &wrong)) {
        control_fail(request, wrong.code, "%s", wrong.text);
        prop_error_clear(&wrong);
        return;
    }
    vm = vm_power_on(vm, &error);
    if (vm) {
        vm->starting = request;
    } else {
        control_fail(request, ERR_FAILED, "%s", error);
    }
}

static void cmd_stop(void *opaque, ControlRequest *request, JsonObject *args)
{
    Vm *vm = command_vm(opaque, request, args);

    if (vm && vm->state == VM_OFF) {
        control_fail(request, ERR_STATE, "VM '%s' is off", vm->config.name);
    } else if (vm) {
        control_reply(request, NULL);
        vm_destroy(vm, "asked for");
    }
}

/* --- pause, resume, reset ------------------------------------------------- */

/* As command_idle_vm(), and its QEMU listens. */
static Vm *running_vm(Host *host, ControlRequest *request, JsonObject *args)
{
    Vm *vm = command_idle_vm(host, request, args);

    if (vm && vm_idle_text(vm)) {
        control_fail(request, ERR_STATE, "VM '%s' %s", vm->config.name,
                     vm_idle_text(vm));
        return NULL;
    }
    return vm;
}

static void qmp_done(void *opaque, JsonNode *ret, const char *error)
{
    ControlRequest *request = opaque;

    if (error) {
        control_fail(request, ERR_FAILED, "%s", error);
    } else {
        control_reply(request, NULL);
    }
}

static void change(Host *host, ControlRequest *request, JsonObject *args,
                   VmState not_in, const char *command)
{
    Vm *vm = running_vm(host, request, args);

    if (vm && vm->state == not_in) {
        control_fail(request, ERR_STATE, "VM '%s' is %s already",
                     vm->config.name, not_in == VM_PAUSED ? "paused" :
                     "running");
    } else if (vm) {
        qmp_execute(vm->qmp, command, NULL, qmp_done, request);
    }
}

static void cmd_pause(void *opaque, ControlRequest *request, JsonObject *args)
{
    change(opaque, request, args, VM_PAUSED, "stop");
}

static void cmd_resume(void *opaque, ControlRequest *request, JsonObject *args)
{
    change(opaque, request, args, VM_RUNNING, "cont");
}

static void cmd_reset(void *opaque, ControlRequest *request, JsonObject *args)
{
    change(opaque, request, args, VM_OFF, "system_reset");
}

/* --- files ------------------------------------------------------------------ */

static void cmd_save(void *opaque, ControlRequest *request, JsonObject *args)
{
    Vm *vm = running_vm(opaque, request, args);

    if (vm) {
        save_start(vm, request, json_str(args, "file", ""), false);
    }
}

static void cmd_restore(void *opaque, ControlRequest *request,
                        JsonObject *args)
{
    restore_start(opaque, request, json_str(args, "file", ""));
}

static void cmd_checkpoint(void *opaque, ControlRequest *request,
                           JsonObject *args)
{
    Vm *vm = running_vm(opaque, request, args);
    g_autofree char *file = NULL;

    if (!vm) {
        return;
    }
    if (*vm->config.s.disk) {
        control_fail(request, ERR_STATE, "VM '%s' has a disk, and a "
                     "checkpoint would not have what is on it",
                     vm->config.name);
        return;
    }
    file = checkpoint_file(vm, json_str(args, "name", ""));
    if (g_file_test(file, G_FILE_TEST_EXISTS)) {
        control_fail(request, ERR_EXISTS, "VM '%s' has a checkpoint '%s' "
                     "already", vm->config.name, json_str(args, "name", ""));
        return;
    }
    if (checkpoint_count(vm) >= CHECKPOINTS_MAX) {
        control_fail(request, ERR_STATE, "VM '%s' has %d checkpoints, and can "
                     "have no more: remove one (`iovlab checkpoint --remove`)",
                     vm->config.name, CHECKPOINTS_MAX);
        return;
    }
    save_start(vm, request, file, true);
}

static void cmd_checkpoint_remove(void *opaque, ControlRequest *request,
                                  JsonObject *args)
{
    Vm *vm = command_idle_vm(opaque, request, args);

    if (vm) {
        checkpoint_remove(vm, request, json_str(args, "name", ""));
    }
}

static void cmd_revert(void *opaque, ControlRequest *request, JsonObject *args)
{
    Vm *vm = command_idle_vm(opaque, request, args);

    if (vm) {
        checkpoint_revert(vm, request, json_str(args, "name", ""));
    }
}

static const ControlArg vm_arg[] = {
    { "vm", CONTROL_NAME, true },
    { NULL },
};
static const ControlArg save_args[] = {
    { "vm", CONTROL_NAME, true },
    { "file", CONTROL_TEXT, true },
    { NULL },
};
static const ControlArg restore_args[] = {
    { "file", CONTROL_TEXT, true },
    { NULL },
};
static const ControlArg checkpoint_args[] = {
    { "vm", CONTROL_NAME, true },
    { "name", CONTROL_NAME, true },
    { NULL },
};

const ControlCommand state_commands[] = {
    { "start", vm_arg, cmd_start, "Start a VM that is off" },
    { "stop", vm_arg, cmd_stop, "Power a VM off" },
    { "pause", vm_arg, cmd_pause, "Stop a VM's processors" },
    { "resume", vm_arg, cmd_resume, "Let them go on" },
    { "reset", vm_arg, cmd_reset, "Press a VM's reset button" },
    { "save", save_args, cmd_save, "Save a VM to a file and end it" },
    { "restore", restore_args, cmd_restore, "Start a VM from a file" },
    { "checkpoint", checkpoint_args, cmd_checkpoint,
      "Save a VM's state; it goes on" },
    { "checkpoint-remove", checkpoint_args, cmd_checkpoint_remove,
      "Remove a checkpoint" },
    { "revert", checkpoint_args, cmd_revert, "Take a VM back to a checkpoint" },
    { NULL },
};
