/*
 * -device vtd-iommu: type, properties, saved state.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "system/reset.h"
#include "common/vmstate-blob.h"
#include "iommu/vtd-iommu-int.h"

static void vtd_iommu_realize(DeviceState *dev, Error **errp)
{
    VtdIommu *s = VTD_IOMMU(dev);

    if (!g_strcmp0(s->owner, "hypervisor")) {
        vtd_iommu_hypervisor_realize(s, errp);
    } else if (!s->owner || !strcmp(s->owner, "guest")) {
        if (vtd_iommu_guest_realize(s, errp)) {
            /* It is on no bus that would reset it. */
            qemu_register_resettable(OBJECT(s));
        }
    } else {
        error_setg(errp, "vtd-iommu: owner is guest or hypervisor, not '%s'",
                   s->owner);
    }
}

static void vtd_iommu_unrealize(DeviceState *dev)
{
    VtdIommu *s = VTD_IOMMU(dev);

    /* A guest's unit is built into its machine and ends with it. */
    if (s->hypervisor) {
        vtd_iommu_hypervisor_unrealize(s);
    }
}

static void vtd_iommu_init(Object *obj)
{
    VtdIommu *s = VTD_IOMMU(obj);

    s->buses = g_ptr_array_new();
    s->spare_functions = g_ptr_array_new();
    s->faults_of = g_hash_table_new(NULL, NULL);
    s->devices_pending = g_array_new(false, false, sizeof(uint16_t));
    s->device_timer = timer_new_ms(QEMU_CLOCK_VIRTUAL,
                                   vtd_iommu_device_timeout, s);
    QLIST_INIT(&s->requesters);
    notifier_list_init(&s->fault_notifiers);
    qemu_rec_mutex_init(&s->lock);
}

/* Functions live as long as QEMU: see vtd_function_new(). */
static void vtd_iommu_finalize(Object *obj)
{
    VtdIommu *s = VTD_IOMMU(obj);

    timer_free(s->device_timer);
    g_array_free(s->devices_pending, true);
    g_hash_table_destroy(s->faults_of);
    g_clear_pointer(&s->state, g_bytes_unref);
    g_free(s->replay_result);
}

void vtd_iommu_unit_config(const VtdIommu *s, VtdUnitConfig *c)
{
    vtd_unit_config_default(c);
    c->fault_records = s->fault_records;
    c->iotlb_entries = s->iotlb_entries;
    c->iotlb_ways = s->iotlb_ways;
    c->irte_entries = s->irte_entries;
    c->irte_ways = s->irte_ways;
    c->structure_entries = s->structure_entries;
    c->structure_ways = MIN(4, s->structure_entries);
}

static int vtd_iommu_pre_save(void *opaque)
{
    VtdIommu *s = opaque;
    StateWriter w;

    state_writer_init(&w);
    if (s->hypervisor) {
        hypervisor_save(s->hypervisor, &w);
    } else {
        vtd_unit_save(s->unit, &w);
    }
    g_clear_pointer(&s->state, g_bytes_unref);
    s->state = state_writer_finish(&w);
    return 0;
}

static int vtd_iommu_post_save(void *opaque)
{
    VtdIommu *s = opaque;

    g_clear_pointer(&s->state, g_bytes_unref);
    return 0;
}

static int vtd_iommu_post_load(void *opaque, int version)
{
    VtdIommu *s = opaque;
    StateReader r;
    bool ok;

    vmstate_blob_open(&r, s->state);
    ok = s->hypervisor ? hypervisor_load(s->hypervisor, &r)
                       : vtd_unit_load(s->unit, &r);
    return vmstate_blob_close(&r, &s->state, ok, "vtd-iommu");
}

/*
 * Of a hypervisor's unit nothing is sent when nothing is granted: the other
 * side may have had no reason yet to make one.
 */
static bool vtd_iommu_needed(void *opaque)
{
    VtdIommu *s = opaque;
    HypervisorUse use;

    if (!s->hypervisor) {
        return true;
    }
    hypervisor_use(s->hypervisor, &use);
    return use.domains || use.irtes;
}

/*
 * The machine's reset switches a guest's unit off, last of all, when no device
 * has DMA any more.  Grants outlive it: the VF is still plugged in.
 */
static void vtd_iommu_reset_exit(Object *obj, ResetType type)
{
    VtdIommu *s = VTD_IOMMU(obj);

    if (s->unit && !s->hypervisor) {
        vtd_iommu_forget_devices(s);
        vtd_unit_reset(s->unit);
    }
}

static const VMStateDescription vtd_iommu_vmstate = {
    .name = TYPE_VTD_IOMMU,
    .version_id = 1,
    .minimum_version_id = 1,
    .priority = MIG_PRI_IOMMU,
    .needed = vtd_iommu_needed,
    .pre_save = vtd_iommu_pre_save,
    .post_save = vtd_iommu_post_save,
    .post_load = vtd_iommu_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BLOB(state, VtdIommu),
        VMSTATE_END_OF_LIST()
    },
};

static const Property vtd_iommu_properties[] = {
    DEFINE_PROP_STRING("owner", VtdIommu, owner),
    DEFINE_PROP_ON_OFF_AUTO("intremap", VtdIommu, intremap,
                            ON_OFF_AUTO_AUTO),
    DEFINE_PROP_ON_OFF_AUTO("eim", VtdIommu, eim, ON_OFF_AUTO_AUTO),
    DEFINE_PROP_BOOL("caching-mode", VtdIommu, caching_mode, false),
    DEFINE_PROP_UINT8("aw-bits", VtdIommu, aw_bits, 48),
    DEFINE_PROP_BOOL("device-iotlb", VtdIommu, device_iotlb, false),
    DEFINE_PROP_BOOL("pt", VtdIommu, pt, true),
    DEFINE_PROP_BOOL("snoop-control", VtdIommu, snoop_control, true),
    DEFINE_PROP_BOOL("dma-drain", VtdIommu, dma_drain, true),
    DEFINE_PROP_BOOL("x-scalable-mode", VtdIommu, scalable_mode, false),
    DEFINE_PROP_BOOL("x-flts", VtdIommu, first_stage, true),
    DEFINE_PROP_ON_OFF_AUTO("page-requests", VtdIommu, page_requests,
                            ON_OFF_AUTO_AUTO),
    DEFINE_PROP_STRING("scope", VtdIommu, scope),
    DEFINE_PROP_STRING("reserved", VtdIommu, reserved),
    DEFINE_PROP_UINT32("node", VtdIommu, node, VTD_IOMMU_NO_NODE),
    DEFINE_PROP_BOOL("coherent", VtdIommu, coherent, true),
    DEFINE_PROP_BOOL("write-buffer", VtdIommu, write_buffer, false),
    DEFINE_PROP_BOOL("protected-memory", VtdIommu, protected_memory, false),
    DEFINE_PROP_BOOL("fault-log", VtdIommu, fault_log, false),
    DEFINE_PROP_BOOL("set-root-invalidates", VtdIommu, set_root_invalidates,
                     true),
    DEFINE_PROP_UINT16("fault-records", VtdIommu, fault_records, 8),
    DEFINE_PROP_UINT32("iotlb-entries", VtdIommu, iotlb_entries, 4096),
    DEFINE_PROP_UINT32("iotlb-ways", VtdIommu, iotlb_ways, 4),
    DEFINE_PROP_UINT32("irte-entries", VtdIommu, irte_entries, 1024),
    DEFINE_PROP_UINT32("irte-ways", VtdIommu, irte_ways, 4),
    DEFINE_PROP_UINT32("structure-entries", VtdIommu, structure_entries, 64),
};

static const struct {
    const char *name, *text;
} descriptions[] = {
    { "owner", "guest or hypervisor" },
    { "intremap", "interrupt remapping (owner=guest)" },
    { "eim", "32-bit APIC ids: x2APIC (owner=guest)" },
    { "caching-mode", "absent entries are cached as well (owner=guest)" },
    { "aw-bits", "guest address width: 39, 48 or 57 (owner=guest)" },
    { "device-iotlb", "ATS (owner=guest)" },
    { "pt", "pass-through translation type (owner=guest)" },
    { "snoop-control", "SC capability (owner=guest)" },
    { "dma-drain", "invalidations can drain DMA (owner=guest)" },
    { "x-scalable-mode", "scalable mode: PASIDs (owner=guest)" },
    { "x-flts", "first-stage and nested translation, with x-scalable-mode" },
    { "page-requests", "PRI; auto: with x-scalable-mode and device-iotlb" },
    { "scope", "devices of this unit, as 04.0+05.0; without it, all others" },
    { "reserved", "reserved memory (RMRR), as FIRST-LAST@04.0[+...]" },
    { "node", "NUMA node of this unit; without it, none" },
    { "coherent", "C: walks snoop the processors' caches (owner=guest)" },
    { "write-buffer", "RWBF: drivers flush the write buffer (owner=guest)" },
    { "fault-log", "AFL: faults to a log in memory, as units before VT-d 4 "
      "may have" },
    { "protected-memory", "PLMR, PHMR: regions without untranslated DMA" },
    { "set-root-invalidates", "ESRTPS, ESIRTPS: a new table invalidates" },
    { "fault-records", "number of fault recording registers" },
    { "iotlb-entries", "entries of the IOTLB, a power of two" },
    { "iotlb-ways", "associativity of the IOTLB, a power of two" },
    { "irte-entries", "entries of the interrupt-entry cache" },
    { "irte-ways", "associativity of the interrupt-entry cache" },
    { "structure-entries", "entries of the paging-structure cache, 0: none" },
};

static void vtd_iommu_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);

    dc->realize = vtd_iommu_realize;
    dc->unrealize = vtd_iommu_unrealize;
    dc->vmsd = &vtd_iommu_vmstate;
    dc->desc = "VT-d remapping unit, owned by the guest or the hypervisor";
    dc->hotpluggable = false;
    rc->phases.exit = vtd_iommu_reset_exit;
    dc->user_creatable = true;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    device_class_set_props(dc, vtd_iommu_properties);
    for (unsigned i = 0; i < G_N_ELEMENTS(descriptions); i++) {
        object_class_property_set_description(oc, descriptions[i].name,
                                              descriptions[i].text);
    }
    vtd_iommu_debug_class_init(oc);
}

static const TypeInfo vtd_iommu_info = {
    .name = TYPE_VTD_IOMMU,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(VtdIommu),
    .instance_init = vtd_iommu_init,
    .instance_finalize = vtd_iommu_finalize,
    .class_init = vtd_iommu_class_init,
};

static void vtd_iommu_register(void)
{
    type_register_static(&vtd_iommu_info);
}
type_init(vtd_iommu_register)
