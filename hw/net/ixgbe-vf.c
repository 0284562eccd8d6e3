/*
 * -device ixgbe-vf: PCI around the function half (iovlab/ixgbe_function.h).
 *
 * Two flavours of one silicon (datasheet 9.5): with a mailbox (8086:10ed), and
 * the one that Hyper-V shows to its guests (8086:152e), whose driver reads its
 * address from configuration space and has no mailbox.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_aer.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "system/runstate.h"
#include "common/vmstate-blob.h"
#include "net/ixgbe-vf.h"
#include "spec/ixgbe_regs.h"
#include "iovlab-trace.h"

#define MMIO_BAR 0
#define MSIX_BAR 3
#define MSIX_CAP 0x70
#define PCIE_CAP 0xa0
#define AER_CAP 0x100
#define ARI_CAP 0x150

const char *ixgbe_vf_name(IxgbeVf *s)
{
    DeviceState *dev = DEVICE(s);

    return dev->id ? dev->id : TYPE_IXGBE_VF;
}

/* --- what the function asks for --------------------------------------------- */

static bool ixgbe_vf_dma_read(void *opaque, uint64_t address, void *buf,
                              size_t len)
{
    return !((IxgbeVf *)opaque)->gone &&
           pci_dma_read(PCI_DEVICE(opaque), address, buf, len) == MEMTX_OK;
}

static bool ixgbe_vf_dma_write(void *opaque, uint64_t address,
                               const void *buf, size_t len)
{
    IxgbeVf *s = opaque;

    s->last_write = address;
    return !s->gone &&
           pci_dma_write(PCI_DEVICE(s), address, buf, len) == MEMTX_OK;
}

static void ixgbe_vf_interrupt(void *opaque, unsigned vector)
{
    if (!((IxgbeVf *)opaque)->gone) {
        msix_notify(PCI_DEVICE(opaque), vector);
    }
}

static uint64_t ixgbe_vf_clock(void *opaque)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static void ixgbe_vf_set_timer(void *opaque, uint64_t deadline)
{
    IxgbeVf *s = opaque;

    if (deadline == UINT64_MAX) {
        timer_del(s->timer);
    } else {
        timer_mod_ns(s->timer, deadline);
    }
}

static void ixgbe_vf_schedule(void *opaque)
{
    IxgbeVf *s = opaque;

    qemu_bh_schedule(s->bh);
}

static const IxgbeFunctionOps ixgbe_vf_function_ops = {
    .dma_read = ixgbe_vf_dma_read,
    .dma_write = ixgbe_vf_dma_write,
    .interrupt = ixgbe_vf_interrupt,
    .clock_ns = ixgbe_vf_clock,
    .set_timer = ixgbe_vf_set_timer,
    .schedule = ixgbe_vf_schedule,
};

static void ixgbe_vf_reset_function(IxgbeVf *s, bool flr)
{
    if (flr) {
        ixgbe_function_flr(s->fn);
    } else {
        ixgbe_function_power_reset(s->fn);
    }
    ixgbe_function_set_bus_master(s->fn,
                                  pci_get_word(PCI_DEVICE(s)->config +
                                               PCI_COMMAND) &
                                  PCI_COMMAND_MASTER);
}

static void ixgbe_vf_run(void *opaque)
{
    IxgbeVf *s = opaque;

    if (s->gone) {
        return;
    }
    if (s->late_reset) {
        s->late_reset = false;
        ixgbe_vf_reset_function(s, s->late_flr);
    }
    ixgbe_function_run(s->fn);
}

static void ixgbe_vf_timer(void *opaque)
{
    ixgbe_function_timer(((IxgbeVf *)opaque)->fn);
}

/* --- register and configuration accesses -------------------------------------- */

static uint64_t ixgbe_vf_mmio_read(void *opaque, hwaddr addr, unsigned size)
{
    return ixgbe_function_mmio_read(((IxgbeVf *)opaque)->fn, addr, size);
}

static void ixgbe_vf_mmio_write(void *opaque, hwaddr addr, uint64_t value,
                                unsigned size)
{
    ixgbe_function_mmio_write(((IxgbeVf *)opaque)->fn, addr, value, size);
}

static const MemoryRegionOps ixgbe_vf_mmio_ops = {
    .read = ixgbe_vf_mmio_read,
    .write = ixgbe_vf_mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

static void ixgbe_vf_config_write(PCIDevice *pdev, uint32_t addr,
                                  uint32_t value, int len)
{
    IxgbeVf *s = IXGBE_VF(pdev);

    if (ixgbe_function_is_busy(s->fn)) {
        /* As with registers: a function's DMA does not reach its own. */
        return;
    }
    trace_ixgbe_config_write(TYPE_IXGBE_VF, s->vf, addr, value, len);
    pci_default_write_config(pdev, addr, value, len);
    s->flr = true;
    pcie_cap_flr_write_config(pdev, addr, value, len);
    s->flr = false;
    ixgbe_function_set_bus_master(s->fn,
                                  pci_get_word(pdev->config + PCI_COMMAND) &
                                  PCI_COMMAND_MASTER);
}

static void ixgbe_vf_reset_hold(Object *obj, ResetType type)
{
    IxgbeVf *s = IXGBE_VF(obj);

    if (!s->fn) {
        return;
    }
    if (ixgbe_function_is_busy(s->fn)) {
        /* Its own DMA reached the bus's reset. */
        s->late_reset = true;
        s->late_flr = s->flr;
        qemu_bh_schedule(s->bh);
        return;
    }
    ixgbe_vf_reset_function(s, s->flr);
    ixgbe_function_set_bus_master(s->fn, false);
}

void ixgbe_vf_set_mac(IxgbeVf *s, const uint8_t mac[6])
{
    memcpy(s->mac.a, mac, sizeof(s->mac.a));
    if (s->hyperv && !s->gone) {
        memcpy(PCI_DEVICE(s)->config + IXGBE_VF_HV_MAC_CONFIG, mac, 6);
    }
}

/* --- life ----------------------------------------------------------------------- */

static void ixgbe_vf_runstate(void *opaque, bool running, RunState state)
{
    IxgbeVf *s = opaque;

    ixgbe_function_hold(s->fn, !running);
    s->backend->set_running(s, running);
}

static bool ixgbe_vf_choose_flavour(IxgbeVf *s, Error **errp)
{
    const char *flavour = s->flavour ? s->flavour : "auto";
    DeviceState *parent = BUS(pci_get_bus(PCI_DEVICE(s)))->parent;

    if (ixgbe_vf_is_sriov(s)) {
        ixgbe_vf_init_sriov(s);
    } else if (!strcmp(flavour, "auto")) {
        s->hyperv = parent && object_dynamic_cast(OBJECT(parent),
                                                  "hv-vpci-host");
    } else if (!strcmp(flavour, "hyperv")) {
        s->hyperv = true;
    } else if (strcmp(flavour, "mailbox")) {
        error_setg(errp, "flavour is auto, hyperv or mailbox, not '%s'",
                   flavour);
        return false;
    }
    pci_config_set_device_id(PCI_DEVICE(s)->config, s->hyperv ?
                             IXGBE_DEV_82599_VF_HV : IXGBE_DEV_82599_VF);
    return true;
}

static bool ixgbe_vf_init_pci(PCIDevice *pdev, Error **errp)
{
    IxgbeVf *s = IXGBE_VF(pdev);
    const int type = PCI_BASE_ADDRESS_MEM_TYPE_64 |
                     PCI_BASE_ADDRESS_MEM_PREFETCH;

    pdev->config_write = ixgbe_vf_config_write;
    memory_region_init_io(&s->mmio, OBJECT(s), &ixgbe_vf_mmio_ops, s,
                          "ixgbe-vf-mmio", IXGBE_VF_BAR0_SIZE);
    pci_register_bar(pdev, MMIO_BAR, type, &s->mmio);
    memory_region_init(&s->msix, OBJECT(s), "ixgbe-vf-msix",
                       IXGBE_VF_MSIX_BAR_SIZE);
    pci_register_bar(pdev, MSIX_BAR, type, &s->msix);
    if (msix_init(pdev, IXGBE_VF_VECTORS, &s->msix, MSIX_BAR, 0, &s->msix,
                  MSIX_BAR, IXGBE_VF_MSIX_PBA, MSIX_CAP, errp)) {
        return false;
    }
    for (unsigned i = 0; i < IXGBE_VF_VECTORS; i++) {
        msix_vector_use(pdev, i);
    }
    pcie_endpoint_cap_init(pdev, PCIE_CAP);
    pcie_cap_flr_init(pdev);
    if (pcie_aer_init(pdev, PCI_ERR_VER, AER_CAP, PCI_ERR_SIZEOF, errp) < 0) {
        pcie_cap_exit(pdev);
        msix_uninit(pdev, &s->msix, &s->msix);
        return false;
    }
    pcie_ari_init(pdev, ARI_CAP);
    return true;
}

static void ixgbe_vf_exit_pci(PCIDevice *pdev)
{
    IxgbeVf *s = IXGBE_VF(pdev);

    pcie_aer_exit(pdev);
    pcie_cap_exit(pdev);
    msix_unuse_all_vectors(pdev);
    msix_uninit(pdev, &s->msix, &s->msix);
}

static bool ixgbe_vf_make_function(IxgbeVf *s, Error **errp)
{
    IxgbeVfConfig config = {
        .queues = IXGBE_VF_QUEUES,
        .wait_for_room = s->backend == &ixgbe_vf_link_backend,
        .link_interrupt = s->hyperv,
    };

    s->bh = qemu_bh_new_guarded(ixgbe_vf_run, s,
                                &DEVICE(s)->mem_reentrancy_guard);
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, ixgbe_vf_timer, s);
    s->fn = s->backend->new_function
            ? s->backend->new_function(s, &ixgbe_vf_function_ops)
            : ixgbe_vf_new(&config, &ixgbe_vf_function_ops, s);
    if (!s->fn) {
        error_setg(errp, "the PF has no VF %u", s->vf);
        qemu_bh_delete(s->bh);
        timer_free(s->timer);
        return false;
    }
    ixgbe_function_hold(s->fn, !runstate_is_running());
    return true;
}

static void ixgbe_vf_free_function(IxgbeVf *s)
{
    if (s->backend->free_function) {
        s->backend->free_function(s);
        s->fn = NULL;
    } else {
        g_clear_pointer(&s->fn, ixgbe_function_free);
    }
    qemu_bh_delete(s->bh);
    timer_free(s->timer);
}

static void ixgbe_vf_realize(PCIDevice *pdev, Error **errp)
{
    IxgbeVf *s = IXGBE_VF(pdev);
    bool linked = qemu_chr_fe_backend_connected(&s->link);

    if (linked && s->conf.peers.ncs[0]) {
        error_setg(errp, "link= and netdev= exclude each other");
        return;
    }
    if (linked && !s->vm) {
        error_setg(errp, "link= needs vm=NAME, the VM's name at the host");
        return;
    }
    if (!ixgbe_vf_choose_flavour(s, errp) || !ixgbe_vf_init_pci(pdev, errp)) {
        return;
    }
    s->backend = ixgbe_vf_is_sriov(s) ? &ixgbe_vf_sriov_backend :
                 linked ? &ixgbe_vf_link_backend : &ixgbe_vf_wire_backend;
    if (!ixgbe_vf_make_function(s, errp)) {
        ixgbe_vf_exit_pci(pdev);
        return;
    }
    if (!s->backend->start(s, errp)) {
        ixgbe_vf_free_function(s);
        ixgbe_vf_exit_pci(pdev);
        return;
    }
    s->backend->set_running(s, runstate_is_running());
    s->runstate = qemu_add_vm_change_state_handler(ixgbe_vf_runstate, s);
}

static void ixgbe_vf_stop(IxgbeVf *s)
{
    s->backend->stop(s);
    ixgbe_vf_free_function(s);
}

static void ixgbe_vf_stop_late(void *opaque)
{
    ixgbe_vf_stop(opaque);
    object_unref(OBJECT(opaque));
}

/* As with the PF, its own DMA may have led here. */
static void ixgbe_vf_exit(PCIDevice *pdev)
{
    IxgbeVf *s = IXGBE_VF(pdev);

    s->gone = true;
    qemu_del_vm_change_state_handler(s->runstate);
    ixgbe_function_drain_cancel(s->fn);
    if (ixgbe_function_is_busy(s->fn) || s->sending) {
        object_ref(OBJECT(s));
        aio_bh_schedule_oneshot(qemu_get_aio_context(), ixgbe_vf_stop_late,
                                s);
    } else {
        ixgbe_vf_stop(s);
    }
    ixgbe_vf_exit_pci(pdev);
}

/* --- migration -------------------------------------------------------------------- */

static int ixgbe_vf_pre_save(void *opaque)
{
    IxgbeVf *s = opaque;
    StateWriter w;

    state_writer_init(&w);
    ixgbe_function_save(s->fn, &w);
    if (s->backend->save) {
        s->backend->save(s, &w);
    }
    s->saved = state_writer_finish(&w);
    return 0;
}

static int ixgbe_vf_post_save(void *opaque)
{
    g_clear_pointer(&((IxgbeVf *)opaque)->saved, g_bytes_unref);
    return 0;
}

static int ixgbe_vf_post_load(void *opaque, int version)
{
    IxgbeVf *s = opaque;
    StateReader r;
    bool ok;

    vmstate_blob_open(&r, s->saved);
    ok = ixgbe_function_load(s->fn, &r) &&
         (!s->backend->load || s->backend->load(s, &r));
    return vmstate_blob_close(&r, &s->saved, ok, ixgbe_vf_name(s));
}

static bool ixgbe_vf_saved_alone(void *opaque)
{
    return !ixgbe_vf_is_sriov(opaque);
}

const VMStateDescription ixgbe_vf_vmstate = {
    .name = TYPE_IXGBE_VF,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = ixgbe_vf_saved_alone,
    .pre_save = ixgbe_vf_pre_save,
    .post_save = ixgbe_vf_post_save,
    .post_load = ixgbe_vf_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, IxgbeVf),
        VMSTATE_MSIX(parent_obj, IxgbeVf),
        VMSTATE_BLOB(saved, IxgbeVf),
        VMSTATE_END_OF_LIST()
    },
};

/* Where the VF last wrote, and its first MSI: for replaying them late. */
static char *ixgbe_vf_get_last_requests(Object *obj, Error **errp)
{
    IxgbeVf *s = IXGBE_VF(obj);
    MSIMessage msi = { 0 };

    if (msix_enabled(PCI_DEVICE(s))) {
        msi = msix_get_message(PCI_DEVICE(s), 0);
    }
    return g_strdup_printf("{\"rid\": %u, \"dma-write\": %" PRIu64
                           ", \"msi-address\": %" PRIu64
                           ", \"msi-data\": %u}", s->rid, s->last_write,
                           msi.address, msi.data);
}

static const Property ixgbe_vf_properties[] = {
    DEFINE_NIC_PROPERTIES(IxgbeVf, conf),
    DEFINE_PROP_CHR("link", IxgbeVf, link),
    DEFINE_PROP_STRING("vm", IxgbeVf, vm),
    DEFINE_PROP_UINT32("vf", IxgbeVf, vf, 0),
    DEFINE_PROP_UINT16("rid", IxgbeVf, rid, 0),
    DEFINE_PROP_STRING("flavour", IxgbeVf, flavour),
};

static void ixgbe_vf_describe(ObjectClass *klass)
{
    static const struct {
        const char *name;
        const char *text;
    } texts[] = {
        { "netdev", "network backend that is the wire (stand-alone)" },
        { "mac", "address (stand-alone); with link= the host gives it" },
        { "link", "socket chardev to the host process that has the adapter" },
        { "vm", "with link=: the VM's name at the host" },
        { "vf", "number of the VF on its adapter" },
        { "rid", "requester id of its DMA and interrupts behind hv-vpci" },
        { "flavour", "auto (hyperv behind hv-vpci), hyperv (8086:152e) or "
                     "mailbox (8086:10ed)" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        object_class_property_set_description(klass, texts[i].name,
                                              texts[i].text);
    }
}

static void ixgbe_vf_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    pc->realize = ixgbe_vf_realize;
    pc->exit = ixgbe_vf_exit;
    pc->vendor_id = IXGBE_VENDOR_ID;
    pc->device_id = IXGBE_DEV_82599_VF;
    pc->subsystem_vendor_id = IXGBE_VENDOR_ID;
    pc->subsystem_id = 0x7a11;
    pc->revision = 1;
    pc->class_id = PCI_CLASS_NETWORK_ETHERNET;
    rc->phases.hold = ixgbe_vf_reset_hold;
    dc->desc = "Intel 82599 virtual function";
    dc->vmsd = &ixgbe_vf_vmstate;
    device_class_set_props(dc, ixgbe_vf_properties);
    set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
    object_class_property_add_str(klass, "last-requests",
                                  ixgbe_vf_get_last_requests, NULL);
    object_class_property_set_description(klass, "last-requests",
        "where the VF last wrote, and its first MSI (JSON, read-only)");
    ixgbe_vf_describe(klass);
}

static const TypeInfo ixgbe_vf_type = {
    .name = TYPE_IXGBE_VF,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(IxgbeVf),
    .class_init = ixgbe_vf_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { }
    },
};

static void ixgbe_vf_register_types(void)
{
    type_register_static(&ixgbe_vf_type);
}

type_init(ixgbe_vf_register_types)
