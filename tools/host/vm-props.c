/*
 * Properties of a VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/rundir.h"

#include <unistd.h>

#define FIELD(name) offsetof(VmSettings, name)
#define PATH_BYTES 4000

static JsonNode *get_name(void *object)
{
    return prop_text(((Vm *)object)->config.name);
}

static JsonNode *get_state(void *object)
{
    return prop_text(vm_state_name(((Vm *)object)->state));
}

static JsonNode *get_pid(void *object)
{
    return prop_int(((Vm *)object)->pid);
}

static JsonNode *get_uptime(void *object)
{
    Vm *vm = object;

    return prop_int(vm->state == VM_OFF ? 0 :
                    (host_now_ms() - vm->started_ms) / 1000);
}

static JsonNode *get_kept(void *object)
{
    return prop_bool(((Vm *)object)->kept);
}

static JsonNode *get_migrating(void *object)
{
    Vm *vm = object;

    return prop_bool(vm->out || vm->in);
}

#define VM_FILE(function, file) \
    static JsonNode *function(void *object) \
    { \
        return prop_take_text(vm_path(object, file)); \
    }

static JsonNode *get_checkpoints(void *object)
{
    return prop_take_text(checkpoint_names(object));
}

VM_FILE(get_console, "console.sock")
VM_FILE(get_console_log, "console.log")
VM_FILE(get_agent, "agent.sock")
VM_FILE(get_qmp, "qmp.sock")

static JsonNode *get_nics(void *object)
{
    JsonArray *array = json_array_new();

    VM_FOR_EACH_NIC(object, nic) {
        json_array_add_object_element(array, props_show(&nic_kind, nic));
    }
    return prop_array(array);
}

static bool check_path(const void *config, JsonNode *value, PropError *error)
{
    const char *path = json_node_get_string(value);

    if (!*path) {
        return true;
    }
    if (!g_path_is_absolute(path)) {
        return prop_fail(error, ERR_BAD_ARGUMENT, "'%s' is not an absolute "
                         "path", path);
    }
    if (access(path, R_OK) != 0) {
        return prop_fail(error, ERR_BAD_ARGUMENT, "no readable file '%s'",
                         path);
    }
    return true;
}

static bool check_options(const void *config, JsonNode *value,
                          PropError *error)
{
    const char *text = json_node_get_string(value);
    g_autoptr(GError) wrong = NULL;
    g_auto(GStrv) argv = NULL;

    if (*text && !g_shell_parse_argv(text, NULL, &argv, &wrong)) {
        return prop_fail(error, ERR_BAD_ARGUMENT, "QemuOptions: %s",
                         wrong->message);
    }
    return true;
}

static const char *const start_words[] = { "Start", "Nothing", NULL };

#define FILE_OF(prop_name, member, who, what, how) \
    { .name = prop_name, .type = PROP_FILE, .when = PROP_OFF, \
      .guard = who, \
      .field = FIELD(member), .max = PATH_BYTES, .dflt = "", \
      .check = check_path, \
      .text = what, .backing = how, .differs = "firmware boots a disk there" }

static const Property properties[] = {
    SHOWN("Name", PROP_TEXT, get_name, "unique in the host",
          "the object's name", "need not be unique there"),
    SHOWN("State", PROP_TEXT, get_state,
          "Off, Starting, Incoming, Running, Paused, NotAnswering, Stopping",
          "what its QEMU says; NotAnswering: it was to give up a migration "
          "and said nothing in MigrationCancelLimitMs; `iovlab stop` kills it",
          "fewer words; Saved is a file here"),
    SHOWN("Uptime", PROP_INT, get_uptime,
          "seconds since its QEMU was started here", "the host's clock",
          "since the guest booted, there"),
    SHOWN("Kept", PROP_BOOL, get_kept,
          "it stays, off, when it ends; a VM of `iovlab run` is forgotten",
          "made with `iovlab new vm` or in a host file", "always so there"),
    { .name = "MemoryMB", .type = PROP_INT, .when = PROP_OFF,
      .field = FIELD(memory_mb), .min = 64, .max = 1024 * 1024,
      .dflt = "512", .text = "memory in MiB", .backing = "QEMU's -m",
      .differs = "MemoryStartup in bytes; no dynamic memory here" },
    { .name = "ProcessorCount", .type = PROP_INT, .when = PROP_OFF,
      .field = FIELD(smp), .min = 1, .max = 64, .dflt = "1",
      .text = "virtual processors", .backing = "QEMU's -smp",
      .differs = "the same" },
    FILE_OF("Kernel", kernel, PROP_READS, "file of the kernel", "QEMU's -kernel"),
    FILE_OF("InitialRamDisk", initrd, PROP_READS,
            "file of the initial RAM disk", "QEMU's -initrd"),
    { .name = "KernelCommandLine", .type = PROP_TEXT, .when = PROP_OFF,
      .field = FIELD(append), .max = 2048, .dflt = "console=ttyS0",
      .text = "command line of the kernel", .backing = "QEMU's -append",
      .differs = "the guest's own affair there" },
    FILE_OF("Disk", disk, PROP_WRITES, "disk image", "QEMU's -drive, virtio"),
    { .name = "QemuOptions", .type = PROP_TEXT, .when = PROP_OFF,
      .guard = PROP_BY_OWNER,
      .field = FIELD(options), .max = PATH_BYTES, .dflt = "",
      .check = check_options,
      .text = "further options of QEMU, quoted as for a shell",
      .backing = "the end of QEMU's command line", .differs = "not there" },
    { .name = "AutomaticStartAction", .type = PROP_ENUM, .when = PROP_ALWAYS,
      .field = FIELD(start_action), .words = start_words, .dflt = "Start",
      .text = "whether the VM starts when its host does",
      .backing = "the host process, once its objects are there",
      .differs = "StartIfRunning is the default there" },
    SHOWN("Checkpoints", PROP_TEXT, get_checkpoints,
          "names of its checkpoints", "files in the VM's directory",
          "a tree there; memory and devices only here, no disk"),
    SHOWN("Pid", PROP_INT, get_pid, "QEMU's process; 0: none",
          "the child process", "the worker process there"),
    SHOWN("Migrating", PROP_BOOL, get_migrating,
          "it is on its way to or from another host", "see docs/flow.md",
          "part of Status there"),
    SHOWN("ConsoleSocket", PROP_TEXT, get_console, "of its serial console",
          "QEMU's -serial", "a named pipe there"),
    SHOWN("ConsoleLog", PROP_TEXT, get_console_log,
          "what its console said", "QEMU's logfile", "not there"),
    SHOWN("AgentSocket", PROP_TEXT, get_agent, "of its second serial port",
          "QEMU's -serial", "not there"),
    SHOWN("QmpSocket", PROP_TEXT, get_qmp, "of QEMU's monitor",
          "the host process is connected to it", "not there"),
    SHOWN("NetworkAdapters", PROP_ARRAY, get_nics,
          "its network adapters with their properties",
          "see `iovlab show nic`", "the same"),
    { .name = NULL },
};

static void *config_of(void *object)
{
    return &((Vm *)object)->config.s;
}

static bool is_off(void *object)
{
    return ((Vm *)object)->state == VM_OFF;
}

static GList *list(Host *host)
{
    return g_list_copy(host->vms);
}

static char *name_of(void *object)
{
    return g_strdup(((Vm *)object)->config.name);
}

static ObjectResult create(Host *host, const char *name, void *config,
                           ControlRequest *request, PropError *error)
{
    VmConfig full;
    Vm *vm;

    vm_config_init(&full, name);
    props_clear(&vm_kind, &full.s);
    full.s = *(VmSettings *)config;
    vm = vm_define(host, &full);
    vm->kept = true;
    vm_event(vm, "vm-defined", NULL);
    host_state_changed(host);
    return OBJECT_DONE;
}

static ObjectResult destroy(void *object, ControlRequest *request,
                            PropError *error)
{
    Vm *vm = object;

    if (vm->state != VM_OFF) {
        prop_fail(error, ERR_STATE, "VM '%s' is on: `iovlab stop %s` first",
                  vm->config.name, vm->config.name);
        return OBJECT_FAILED;
    }
    checkpoints_remove_all(vm);
    vm_event(vm, "vm-removed", NULL);
    vm_release(vm);
    return OBJECT_DONE;
}

const ObjectKind vm_kind = {
    .name = "vm",
    .title = "virtual machine",
    .about = "A child partition: a QEMU process while it is on.",
    .properties = properties,
    .config_size = sizeof(VmSettings),
    .config = config_of,
    .is_off = is_off,
    .list = list,
    .name_of = name_of,
    .create = create,
    .remove = destroy,
};
