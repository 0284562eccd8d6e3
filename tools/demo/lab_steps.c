/*
 * The steps that scenarios are made of: see lab.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "lab_private.h"

#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#include "../base/jsonline.h"

enum { ATTACH_MS = 30000, DETACH_MS = 30000, MIGRATE_MS = 120000 };

static LabVm *vm_of(Lab *lab, unsigned vm)
{
    return &lab->vms[MIN(vm, lab->n_vms - 1)];
}

/* The one object of a `show WHAT` answer's list named like the command. */
static JsonObject *show_one(Lab *lab, LabHost host, const char *what,
                            const char *name)
{
    g_autoptr(JsonNode) node = NULL;
    JsonObject *found = NULL;
    JsonObject *object;
    JsonArray *list;

    if (!lab->clients[host]) {
        return NULL;
    }
    node = iov_client_call(lab->clients[host], "show",
                           iov_args("s:object", what, NULL), NULL);
    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
        return NULL;
    }
    object = json_node_get_object(node);
    if (json_obj(object, what)) {
        return json_object_ref(json_obj(object, what));
    }
    list = json_arr(object, what);
    for (guint i = 0; list && i < json_array_get_length(list) && !found; i++) {
        JsonObject *o = json_array_get_object_element(list, i);

        if (!name || g_strcmp0(json_str(o, "Name", NULL), name) == 0) {
            found = json_object_ref(o);
        }
    }
    return found;
}

JsonObject *lab_show_vm(Lab *lab, unsigned vm)
{
    LabVm *v = vm_of(lab, vm);

    return show_one(lab, v->place, "vm", v->name);
}

/* The first network adapter of a VM as `show` tells it; caller unrefs. */
static JsonObject *show_nic(Lab *lab, unsigned vm)
{
    g_autoptr(JsonObject) show = lab_show_vm(lab, vm);
    JsonArray *nics = show ? json_arr(show, "NetworkAdapters") : NULL;

    return nics && json_array_get_length(nics)
           ? json_object_ref(json_array_get_object_element(nics, 0)) : NULL;
}

typedef struct PathWait {
    unsigned vm;
    const char *path;
} PathWait;

static bool path_is(Lab *lab, void *opaque)
{
    PathWait *w = opaque;

    return g_strcmp0(vm_of(lab, w->vm)->path, w->path) == 0;
}

bool lab_wait_path(Lab *lab, unsigned vm, const char *path, unsigned ms)
{
    PathWait w = { vm, path };

    if (lab_wait(lab, ms, path_is, &w)) {
        return true;
    }
    report_fail(lab->report, "%s: traffic was not on the %s path within %u s",
                vm_of(lab, vm)->name, path, ms / 1000);
    return false;
}

bool lab_expect(Lab *lab, unsigned vm, LabHost host, const char *path)
{
    LabVm *v = vm_of(lab, vm);
    g_autoptr(JsonObject) nic = show_nic(lab, vm);
    const char *seen = nic ? json_str(nic, "Path", "unknown") : "unknown";

    if (v->place != host || !g_str_equal(seen, path)) {
        report_fail(lab->report, "%s: on host %s with the %s path; expected "
                    "host %s and %s", v->name, lab_host_name(v->place), seen,
                    lab_host_name(host), path);
        return false;
    }
    return true;
}

bool lab_expect_status(Lab *lab, unsigned vm, const char *text)
{
    g_autoptr(JsonObject) nic = show_nic(lab, vm);
    const char *seen = nic ? json_str(nic, "StatusDescription", "") : "";

    report_note(lab->report, "status of %s's adapter: %s",
                vm_of(lab, vm)->name, seen);
    if (!strstr(seen, text)) {
        report_fail(lab->report, "%s: the status '%s' does not speak of '%s'",
                    vm_of(lab, vm)->name, seen, text);
        return false;
    }
    return true;
}

static void note_vf(Lab *lab, unsigned vm)
{
    g_autoptr(JsonObject) nic = show_nic(lab, vm);
    const char *vf = nic ? json_str(nic, "VirtualFunction", "") : "";
    char *text;

    if (vm != 0) {
        return;
    }
    text = *vf ? g_strdup_printf("%s of %s", vf,
                                 lab_host_name(vm_of(lab, vm)->place)) : NULL;
    if (!lab->vf_noted) {
        lab->vf_noted = true;
        lab->report->vf_before = text;
    } else {
        g_free(lab->report->vf_after);
        lab->report->vf_after = text;
    }
}

bool lab_attach(Lab *lab, unsigned vm)
{
    if (!lab_command(lab, "vf", "attach", vm_of(lab, vm)->name, NULL) ||
        !lab_wait_path(lab, vm, "vf", ATTACH_MS)) {
        return false;
    }
    note_vf(lab, vm);
    return true;
}

bool lab_detach(Lab *lab, unsigned vm)
{
    return lab_command(lab, "vf", "detach", vm_of(lab, vm)->name, NULL) &&
           lab_wait_path(lab, vm, "synthetic", DETACH_MS);
}

void lab_note_final_vf(Lab *lab)
{
    for (unsigned i = 0; i < lab->n_vms && lab->vf_noted; i++) {
        note_vf(lab, i);
    }
}

static void note_times(Lab *lab, JsonObject *result)
{
    lab->report->migration_total_ms =
        json_object_get_double_member_with_default(result, "total-ms", -1);
    lab->report->migration_downtime_ms =
        json_object_get_double_member_with_default(result, "downtime-ms", -1);
}

static void migrate_reply(void *opaque, JsonNode *result, const GError *error)
{
    Lab *lab = opaque;

    g_clear_pointer(&lab->migrate_error, g_free);
    lab->migrate_replied = true;
    if (error) {
        lab->migrate_error = g_strdup(error->message);
    } else if (result && JSON_NODE_HOLDS_OBJECT(result)) {
        note_times(lab, json_node_get_object(result));
    }
}

bool lab_migrate_begin(Lab *lab, unsigned vm, LabHost to)
{
    LabVm *v = vm_of(lab, vm);

    g_clear_pointer(&v->migration_end, g_free);
    v->migration_active = false;
    lab->migrate_replied = false;
    iov_client_send(lab->clients[v->place], "migrate",
                    iov_args("s:vm", v->name, "s:to", lab_host_name(to), NULL),
                    migrate_reply, lab);
    return true;
}

static bool migration_replied(Lab *lab, void *opaque)
{
    return lab->migrate_replied;
}

bool lab_migrate_wait(Lab *lab, unsigned vm, const char *expected)
{
    LabVm *v = vm_of(lab, vm);
    const char *end;

    if (!lab_wait(lab, MIGRATE_MS, migration_replied, v)) {
        report_fail(lab->report, "%s: the migration did not end within %d s",
                    v->name, MIGRATE_MS / 1000);
        return false;
    }
    end = v->migration_end ? v->migration_end
                           : lab->migrate_error ? "failed" : "completed";
    if (!g_str_equal(end, expected)) {
        report_fail(lab->report, "%s: the migration %s; expected: %s%s%s",
                    v->name, end, expected, lab->migrate_error ? ": " : "",
                    lab->migrate_error ? lab->migrate_error : "");
        return false;
    }
    return true;
}

bool lab_migrate(Lab *lab, unsigned vm, LabHost to)
{
    return lab_migrate_begin(lab, vm, to) &&
           lab_migrate_wait(lab, vm, "completed");
}

static bool migration_active(Lab *lab, void *opaque)
{
    return ((LabVm *)opaque)->migration_active || lab->migrate_replied;
}

bool lab_migrate_wait_active(Lab *lab, unsigned vm)
{
    LabVm *v = vm_of(lab, vm);

    lab_wait(lab, MIGRATE_MS, migration_active, v);
    if (!v->migration_active) {
        report_fail(lab->report, "%s: the migration ended before it moved "
                    "memory: %s", v->name, lab->migrate_error
                    ? lab->migrate_error : "completed");
        return false;
    }
    return true;
}

bool lab_migrate_cancel(Lab *lab, unsigned vm)
{
    return lab_command(lab, "migrate", vm_of(lab, vm)->name, "--cancel", NULL);
}

static bool lost_its_vf(Lab *lab, void *opaque)
{
    return ((LabVm *)opaque)->without_vf || lab->migrate_replied;
}

/*
 * While the VM is in the file nobody is there to send to: the peer pauses once
 * the VF is gone, a while before the VM stops.
 */
bool lab_save(Lab *lab, unsigned vm, const char *file)
{
    g_autofree char *path = g_build_filename(lab->run_dir, file, NULL);
    LabVm *v = vm_of(lab, vm);

    v->without_vf = false;
    lab->migrate_replied = false;
    iov_client_send(lab->clients[v->place], "save",
                    iov_args("s:vm", v->name, "s:file", path, NULL),
                    migrate_reply, lab);
    lab_wait(lab, DETACH_MS, lost_its_vf, v);
    peer_stream_stop(lab->peer, LAB_TO_GUEST);
    if (!lab_wait(lab, MIGRATE_MS, migration_replied, v) ||
        lab->migrate_error) {
        report_fail(lab->report, "%s: not saved: %s", v->name,
                    lab->migrate_error ? lab->migrate_error : "no answer");
        return false;
    }
    return true;
}

bool lab_restore(Lab *lab, unsigned vm, LabHost host, const char *file)
{
    g_autofree char *path = g_build_filename(lab->run_dir, file, NULL);
    LabVm *v = vm_of(lab, vm);
    bool ok;

    lab_agent_drop(v);
    v->place = host;
    ok = lab_command(lab, "restore", "--host", lab_host_name(host), path,
                     NULL);
    peer_stream_resume(lab->peer, LAB_TO_GUEST);
    return ok;
}

bool lab_kill_target(Lab *lab, unsigned vm, LabHost host)
{
    LabVm *v = vm_of(lab, vm);
    g_autoptr(JsonObject) show = show_one(lab, host, "vm", v->name);
    GPid pid = show ? json_int(show, "Pid", 0) : 0;

    if (pid <= 1) {
        report_fail(lab->report, "host %s has no QEMU process for %s",
                    lab_host_name(host), v->name);
        return false;
    }
    lab_say(lab, "%s: QEMU process killed", lab_host_name(host));
    report_event(lab->report, lab_ms(lab, g_get_monotonic_time()),
                 lab_host_name(host), "QEMU process killed");
    return kill(pid, SIGKILL) == 0;
}

uint64_t lab_wire_frames(Lab *lab, LabHost host)
{
    g_autoptr(JsonObject) adapter = show_one(lab, host, "adapter", NULL);

    return adapter ? json_int(adapter, "WireTxFrames", 0) : 0;
}
