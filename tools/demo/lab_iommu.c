/*
 * Looking into the VM's QEMU: what its devices hold, and requests that come
 * too late.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "lab_private.h"

#include "../base/jsonline.h"

#define IOMMU_PATH "/machine/hypervisor-iommu"
#define VMBUS_PATH "/machine/peripheral/vmbus"
#define VF_PATH "/machine/peripheral/vf0"

JsonNode *lab_qmp(Lab *lab, unsigned vm, const char *command,
                  JsonObject *arguments)
{
    LabVm *v = &lab->vms[vm];
    g_autoptr(GError) error = NULL;
    JsonObject *args = iov_args("s:vm", v->name, "s:execute", command, NULL);
    JsonNode *node;

    json_object_set_object_member(args, "arguments", arguments);
    node = iov_client_call(lab->clients[v->place], "qmp", args, &error);
    if (!node) {
        report_fail(lab->report, "%s: QMP %s: %s", v->name, command,
                    error->message);
    }
    return node;
}

/* A property that is a JSON text of an object; caller unrefs. */
static JsonObject *get_json_property(Lab *lab, unsigned vm, const char *path,
                                     const char *property)
{
    g_autoptr(JsonNode) node = lab_qmp(lab, vm, "qom-get",
        iov_args("s:path", path, "s:property", property, NULL));
    const char *text = node && JSON_NODE_HOLDS_VALUE(node)
                       ? json_node_get_string(node) : NULL;
    g_autoptr(GError) error = NULL;
    JsonObject *object = text ? json_line_parse(text, strlen(text), &error)
                              : NULL;

    if (!object) {
        report_fail(lab->report, "%s: %s of %s cannot be read",
                    lab->vms[vm].name, property, path);
    }
    return object;
}

static void copy_int(JsonObject *to, const char *as, JsonObject *from,
                     const char *name)
{
    json_object_set_int_member(to, as, json_int(from, name, -1));
}

JsonObject *lab_resources(Lab *lab, unsigned vm)
{
    g_autoptr(JsonObject) bus = get_json_property(lab, vm, VMBUS_PATH, "use");
    g_autoptr(JsonObject) unit = get_json_property(lab, vm, IOMMU_PATH, "use");
    JsonObject *out;

    if (!bus || !unit) {
        return NULL;
    }
    out = json_object_new();
    copy_int(out, "relids", bus, "relids");
    copy_int(out, "gpadls", bus, "gpadls");
    copy_int(out, "iommu_domains", unit, "domains");
    copy_int(out, "iommu_pages", unit, "table-pages");
    copy_int(out, "irtes", unit, "irtes");
    return out;
}

/* One replayed request; caller unrefs what became of it. */
static JsonObject *replay(Lab *lab, unsigned vm, const char *request)
{
    g_autoptr(JsonNode) done = lab_qmp(lab, vm, "qom-set",
        iov_args("s:path", IOMMU_PATH, "s:property", "x-replay",
                 "s:value", request, NULL));

    return done ? get_json_property(lab, vm, IOMMU_PATH, "x-replay-result")
                : NULL;
}

static bool expect_replay(Lab *lab, unsigned vm, const char *what,
                          const char *request, bool blocked)
{
    g_autoptr(JsonObject) r = replay(lab, vm, request);
    const char *result = r ? json_str(r, "result", "") : "nothing";
    bool changed = r && json_bool(r, "memory-changed", false);
    int64_t faults = r ? json_int(r, "faults", 0) : 0;

    if (!r || g_str_equal(result, "blocked") != blocked ||
        (blocked && (changed || faults < 1))) {
        report_fail(lab->report, "%s: %s, %" G_GINT64_FORMAT
                    " faults recorded, memory %s; expected it to be %s", what,
                    result, faults, changed ? "changed" : "unchanged",
                    blocked ? "blocked and recorded" : "done");
        return false;
    }
    report_event(lab->report, lab_ms(lab, g_get_monotonic_time()),
                 lab_host_name(lab->vms[vm].place), what);
    lab_say(lab, "%s: %s%s%s", what, result, blocked ? ": " : "",
            blocked ? json_str(r, "text", "") : "");
    return true;
}

bool lab_note_requests(Lab *lab, unsigned vm)
{
    LabVm *v = &lab->vms[vm];
    g_autoptr(JsonObject) last = get_json_property(lab, vm, VF_PATH,
                                                   "last-requests");
    int64_t rid = last ? json_int(last, "rid", 0) : 0;

    if (!last || !json_int(last, "dma-write", 0) ||
        !json_int(last, "msi-address", 0)) {
        report_fail(lab->report, "%s: the VF has made no request yet",
                    v->name);
        return false;
    }
    v->late_dma = g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT
                                  ":64", rid, json_int(last, "dma-write", 0));
    v->late_msi = g_strdup_printf("msi:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT
                                  ":%" G_GINT64_FORMAT, rid,
                                  json_int(last, "msi-address", 0),
                                  json_int(last, "msi-data", 0));
    return true;
}

bool lab_replay_allowed(Lab *lab, unsigned vm)
{
    g_autofree char *read = g_strconcat("dma-read:", lab->vms[vm].late_dma,
                                        NULL);

    return expect_replay(lab, vm, "a read by the VF in use", read, false);
}

bool lab_replay_late(Lab *lab, unsigned vm)
{
    g_autofree char *write = g_strconcat("dma-write:", lab->vms[vm].late_dma,
                                         NULL);

    return expect_replay(lab, vm, "a late DMA write of the old VF", write,
                         true) &&
           expect_replay(lab, vm, "a late MSI of the old VF",
                         lab->vms[vm].late_msi, true);
}
