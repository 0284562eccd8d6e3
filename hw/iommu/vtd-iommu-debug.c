/*
 * Testing aids: statistics, the list of faults, and the replay of a request
 * that a device could have made after its grant was taken away.
 *
 * x-replay takes "dma-write:RID:GPA:LEN", "dma-read:RID:GPA:LEN" or
 * "msi:RID:ADDRESS:DATA" (any base).  The request takes the way that each
 * request of a PCI function takes; x-replay-result says in JSON what became of
 * it and whether a byte of guest memory changed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qapi/error.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "qobject/qlist.h"
#include "exec/address-spaces.h"
#include "hw/i386/apic_internal.h"
#include "system/dma.h"
#include "iommu/vtd-iommu-int.h"

#define REPLAY_MAX (1 * 1024 * 1024)
#define REPLAY_BYTE 0x5a

static char *to_json(QObject *obj)
{
    g_autoptr(GString) text = qobject_to_json(obj);

    qobject_unref(obj);
    return g_strdup(text->str);
}

static char *get_faults(Object *obj, Error **errp)
{
    VtdIommu *s = VTD_IOMMU(obj);
    QList *list = qlist_new();
    uint64_t first = s->fault_count > VTD_IOMMU_FAULT_LOG
                     ? s->fault_count - VTD_IOMMU_FAULT_LOG : 0;

    for (uint64_t i = first; i < s->fault_count; i++) {
        const VtdLoggedFault *f = &s->log[i % VTD_IOMMU_FAULT_LOG];
        g_autofree char *text = vtd_fault_describe(&f->fault);
        QDict *d = qdict_new();

        qdict_put_int(d, "number", i);
        qdict_put_int(d, "time-ms", f->time_ms);
        qdict_put_int(d, "rid", f->fault.sid);
        qdict_put_int(d, "reason", f->fault.reason);
        qdict_put_bool(d, "interrupt",
                       VTD_FR_IS_INTERRUPT(f->fault.reason));
        qdict_put_bool(d, "write", f->fault.write);
        qdict_put_bool(d, "recorded", f->fault.recorded);
        qdict_put_int(d, "address", f->fault.address);
        qdict_put_str(d, "text", text);
        qlist_append(list, d);
    }
    return to_json(QOBJECT(list));
}

static char *get_use(Object *obj, Error **errp)
{
    VtdIommu *s = VTD_IOMMU(obj);
    HypervisorUse use = { 0 };
    QDict *d = qdict_new();

    if (s->hypervisor) {
        hypervisor_use(s->hypervisor, &use);
    }
    qdict_put_int(d, "domains", use.domains);
    qdict_put_int(d, "table-pages", use.table_pages);
    qdict_put_int(d, "irtes", use.irtes);
    return to_json(QOBJECT(d));
}

static char *get_stats(Object *obj, Error **errp)
{
    VtdIommu *s = VTD_IOMMU(obj);
    VtdUnitStats st = { 0 };
    QDict *d = qdict_new();

    if (s->unit) {
        vtd_unit_stats(s->unit, &st);
    }
    qdict_put_int(d, "iotlb-hits", st.iotlb_hits);
    qdict_put_int(d, "iotlb-misses", st.iotlb_misses);
    qdict_put_int(d, "iotlb-used", st.iotlb_used);
    qdict_put_int(d, "context-hits", st.context_hits);
    qdict_put_int(d, "context-misses", st.context_misses);
    qdict_put_int(d, "irte-hits", st.irte_hits);
    qdict_put_int(d, "irte-misses", st.irte_misses);
    qdict_put_int(d, "walk-reads", st.walk_reads);
    qdict_put_int(d, "structure-hits", st.structure_hits);
    qdict_put_bool(d, "scalable", st.scalable);
    qdict_put_int(d, "first-stage-walks", st.first_walks);
    qdict_put_int(d, "entry-updates", st.entry_updates);
    qdict_put_int(d, "device-invalidations", st.device_invalidations);
    qdict_put_int(d, "page-requests", st.page_requests);
    qdict_put_int(d, "descriptors", st.descriptors);
    qdict_put_int(d, "invalidated", st.invalidated);
    qdict_put_int(d, "faults", st.faults);
    qdict_put_int(d, "faults-lost", st.faults_lost);
    return to_json(QOBJECT(d));
}

static uint16_t replay_rid(void *opaque, int devfn)
{
    VtdIommu *s = opaque;

    return s->replay_rid;
}

static AddressSpace *replay_as(VtdIommu *s, uint16_t rid)
{
    if (!s->replay) {
        s->replay = vtd_function_new(s, NULL, 0, replay_rid, s);
    }
    s->replay_rid = rid;
    s->replay->blocked = false;
    return &s->replay->as;
}

static void replay_dma(VtdIommu *s, QDict *d, uint16_t rid, uint64_t gpa,
                       uint64_t len, bool write)
{
    g_autofree uint8_t *before = g_malloc0(len);
    g_autofree uint8_t *after = g_malloc0(len);
    g_autofree uint8_t *data = g_malloc(len);
    AddressSpace *as = replay_as(s, rid);
    MemTxResult result;

    memset(data, REPLAY_BYTE, len);
    address_space_read(&address_space_memory, gpa, MEMTXATTRS_UNSPECIFIED,
                       before, len);
    result = dma_memory_rw(as, gpa, data, len,
                           write ? DMA_DIRECTION_FROM_DEVICE
                                 : DMA_DIRECTION_TO_DEVICE,
                           MEMTXATTRS_UNSPECIFIED);
    address_space_read(&address_space_memory, gpa, MEMTXATTRS_UNSPECIFIED,
                       after, len);
    qdict_put_str(d, "result", result == MEMTX_OK ? "done" : "blocked");
    qdict_put_bool(d, "memory-changed", memcmp(before, after, len) != 0);
}

static void replay_msi(VtdIommu *s, QDict *d, uint16_t rid, uint64_t address,
                       uint32_t data)
{
    MemTxResult result;

    address_space_stl_le(replay_as(s, rid), address, data,
                         MEMTXATTRS_UNSPECIFIED, &result);
    qdict_put_str(d, "result", result == MEMTX_OK ? "done" : "blocked");
    qdict_put_bool(d, "memory-changed", false);
}

static bool parse_replay(const char *value, uint64_t number[3], Error **errp)
{
    g_auto(GStrv) part = g_strsplit(value, ":", 0);

    if (g_strv_length(part) == 4) {
        for (unsigned i = 0; i < 3; i++) {
            if (qemu_strtou64(part[i + 1], NULL, 0, &number[i])) {
                error_setg(errp, "'%s' is not a number", part[i + 1]);
                return false;
            }
        }
        if (number[0] <= UINT16_MAX) {
            return true;
        }
    }
    error_setg(errp, "x-replay takes dma-write:RID:GPA:LEN, "
               "dma-read:RID:GPA:LEN or msi:RID:ADDRESS:DATA");
    return false;
}

static void set_replay(Object *obj, const char *value, Error **errp)
{
    VtdIommu *s = VTD_IOMMU(obj);
    uint64_t n[3];
    uint64_t faults = s->fault_count;
    QDict *d;

    if (!s->unit) {
        error_setg(errp, "the device is not realized");
        return;
    }
    if (!parse_replay(value, n, errp)) {
        return;
    }
    d = qdict_new();
    if (g_str_has_prefix(value, "dma-") && n[2] && n[2] <= REPLAY_MAX) {
        replay_dma(s, d, n[0], n[1], n[2],
                   g_str_has_prefix(value, "dma-write:"));
    } else if (g_str_has_prefix(value, "msi:")) {
        replay_msi(s, d, n[0], n[1], n[2]);
    } else {
        error_setg(errp, "x-replay: unknown request or length in '%s'", value);
        qobject_unref(d);
        return;
    }
    qdict_put_int(d, "faults", s->fault_count - faults);
    if (s->fault_count > faults) {
        const VtdLoggedFault *f =
            &s->log[(s->fault_count - 1) % VTD_IOMMU_FAULT_LOG];
        g_autofree char *text = vtd_fault_describe(&f->fault);

        qdict_put_int(d, "reason", f->fault.reason);
        qdict_put_str(d, "text", text);
    }
    g_free(s->replay_result);
    s->replay_result = to_json(QOBJECT(d));
}

static char *get_replay_result(Object *obj, Error **errp)
{
    return g_strdup(VTD_IOMMU(obj)->replay_result ?: "{}");
}

void vtd_iommu_debug_class_init(ObjectClass *oc)
{
    object_class_property_add_str(oc, "faults", get_faults, NULL);
    object_class_property_set_description(oc, "faults",
        "the last blocked requests (JSON, read-only)");
    object_class_property_add_str(oc, "use", get_use, NULL);
    object_class_property_set_description(oc, "use",
        "domains, table pages, interrupt entries in use (JSON, read-only)");
    object_class_property_add_str(oc, "stats", get_stats, NULL);
    object_class_property_set_description(oc, "stats",
        "hits and misses of the caches and other counters (JSON, read-only)");
    object_class_property_add_str(oc, "x-replay", NULL, set_replay);
    object_class_property_set_description(oc, "x-replay",
        "makes a request: dma-write:RID:GPA:LEN, dma-read:RID:GPA:LEN, "
        "msi:RID:ADDRESS:DATA");
    object_class_property_add_str(oc, "x-replay-result", get_replay_result,
                                  NULL);
    object_class_property_set_description(oc, "x-replay-result",
        "what became of the last x-replay (JSON, read-only)");
}
