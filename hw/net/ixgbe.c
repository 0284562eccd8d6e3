/*
 * -device ixgbe: PCI around one port of the card (iovlab/ixgbe_card.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "system/runstate.h"
#include "system/system.h"
#include "net/ixgbe.h"
#include "spec/ixgbe_pf_regs.h"
#include "spec/ixgbe_regs.h"

#define MMIO_BAR 0
#define IO_BAR 2
#define GATHER_MAX_US 100000

const char *ixgbe_name(IxgbePf *s)
{
    DeviceState *dev = DEVICE(s);

    return dev->id ? dev->id : TYPE_IXGBE;
}

/* --- what the PF's function asks for ------------------------------------------ */

static bool ixgbe_dma_read_pci(void *opaque, uint64_t address, void *buf,
                               size_t len)
{
    return !((IxgbePf *)opaque)->gone &&
           pci_dma_read(PCI_DEVICE(opaque), address, buf, len) == MEMTX_OK;
}

static bool ixgbe_dma_write_pci(void *opaque, uint64_t address,
                                const void *buf, size_t len)
{
    return !((IxgbePf *)opaque)->gone &&
           pci_dma_write(PCI_DEVICE(opaque), address, buf, len) == MEMTX_OK;
}

static void ixgbe_interrupt(void *opaque, unsigned vector)
{
    PCIDevice *pdev = opaque;

    if (((IxgbePf *)opaque)->gone) {
        return;
    }
    if (msix_enabled(pdev)) {
        msix_notify(pdev, vector);
    } else if (msi_enabled(pdev) && vector == 0) {
        msi_notify(pdev, 0);
    }
}

static void ixgbe_line(void *opaque, bool level)
{
    IxgbePf *s = opaque;

    s->intx = level;
    if (!s->gone) {
        ixgbe_config_update_intx(s);
    }
}

static uint64_t ixgbe_clock(void *opaque)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static void ixgbe_set_timer(QEMUTimer *timer, uint64_t deadline)
{
    if (deadline == UINT64_MAX) {
        timer_del(timer);
    } else {
        timer_mod_ns(timer, deadline);
    }
}

static void ixgbe_pf_set_timer(void *opaque, uint64_t deadline)
{
    ixgbe_set_timer(((IxgbePf *)opaque)->pf_timer, deadline);
}

static void ixgbe_pf_schedule(void *opaque)
{
    qemu_bh_schedule(((IxgbePf *)opaque)->pf_bh);
}

static const IxgbeFunctionOps ixgbe_pf_ops = {
    .dma_read = ixgbe_dma_read_pci,
    .dma_write = ixgbe_dma_write_pci,
    .interrupt = ixgbe_interrupt,
    .line = ixgbe_line,
    .clock_ns = ixgbe_clock,
    .set_timer = ixgbe_pf_set_timer,
    .schedule = ixgbe_pf_schedule,
};

static void ixgbe_reset_card(IxgbePf *s, bool flr)
{
    /* QEMU's SR-IOV code takes VF Enable back right after this. */
    ixgbe_card_set_num_vfs(s->card, 0);
    ixgbe_function_set_bus_master(ixgbe_card_pf(s->card), false);
    if (flr) {
        ixgbe_card_flr(s->card);
    } else {
        ixgbe_card_power_reset(s->card);
    }
}

static void ixgbe_pf_run(void *opaque)
{
    IxgbePf *s = opaque;

    if (s->gone) {
        return;
    }
    if (s->late_reset) {
        s->late_reset = false;
        ixgbe_reset_card(s, s->late_flr);
        ixgbe_config_apply(s);
    }
    ixgbe_function_run(ixgbe_card_pf(((IxgbePf *)opaque)->card));
}

static void ixgbe_pf_timer(void *opaque)
{
    ixgbe_function_timer(ixgbe_card_pf(((IxgbePf *)opaque)->card));
}

/* --- what the card asks for ---------------------------------------------------- */

static void ixgbe_card_set_timer(void *opaque, uint64_t deadline)
{
    ixgbe_set_timer(((IxgbePf *)opaque)->card_timer, deadline);
}

static void ixgbe_card_schedule(void *opaque)
{
    qemu_bh_schedule(((IxgbePf *)opaque)->card_bh);
}

static const IxgbeCardOps ixgbe_card_ops = {
    .wire_tx = ixgbe_wire_tx,
    .clock_ns = ixgbe_clock,
    .set_timer = ixgbe_card_set_timer,
    .schedule = ixgbe_card_schedule,
};

static void ixgbe_run_card(void *opaque)
{
    ixgbe_card_run(((IxgbePf *)opaque)->card);
}

static void ixgbe_time_card(void *opaque)
{
    ixgbe_card_timer(((IxgbePf *)opaque)->card);
}

/* --- BARs ------------------------------------------------------------------------ */

static uint64_t ixgbe_mmio_read(void *opaque, hwaddr addr, unsigned size)
{
    return ixgbe_card_mmio_read(((IxgbePf *)opaque)->card, addr, size);
}

static void ixgbe_mmio_write(void *opaque, hwaddr addr, uint64_t value,
                             unsigned size)
{
    ixgbe_card_mmio_write(((IxgbePf *)opaque)->card, addr, value, size);
}

static const MemoryRegionOps ixgbe_mmio_ops = {
    .read = ixgbe_mmio_read,
    .write = ixgbe_mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

static uint64_t ixgbe_io_read(void *opaque, hwaddr addr, unsigned size)
{
    return ixgbe_card_io_read(((IxgbePf *)opaque)->card, addr, size);
}

static void ixgbe_io_write(void *opaque, hwaddr addr, uint64_t value,
                           unsigned size)
{
    ixgbe_card_io_write(((IxgbePf *)opaque)->card, addr, value, size);
}

static const MemoryRegionOps ixgbe_io_ops = {
    .read = ixgbe_io_read,
    .write = ixgbe_io_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 4 },
    .impl = { .min_access_size = 1, .max_access_size = 4 },
};

/* --- life ------------------------------------------------------------------------ */

static void ixgbe_reset_hold(Object *obj, ResetType type)
{
    IxgbePf *s = IXGBE(obj);

    if (!s->card) {
        return;
    }
    if (ixgbe_function_is_busy(ixgbe_card_pf(s->card))) {
        /* The card's own DMA reached the bus's reset. */
        s->late_reset = true;
        s->late_flr = s->flr;
        qemu_bh_schedule(s->pf_bh);
        return;
    }
    ixgbe_reset_card(s, s->flr);
}

static void ixgbe_runstate(void *opaque, bool running, RunState state)
{
    ixgbe_card_hold(((IxgbePf *)opaque)->card, !running);
}

static bool ixgbe_choose_wire(IxgbePf *s, IxgbeAdapterConfig *config,
                              Error **errp)
{
    const char *speed = s->link_speed ? s->link_speed : "10g";

    if (!ixgbe_module_parse(s->sfp ? s->sfp : "sr", &config->module, errp)) {
        return false;
    }
    if (!strcmp(speed, "10g")) {
        config->link_speed = 10000;
    } else if (!strcmp(speed, "1g")) {
        config->link_speed = 1000;
    } else {
        error_setg(errp, "link-speed is 10g or 1g, not '%s'", speed);
        return false;
    }
    if (config->module == IXGBE_MODULE_DA && config->link_speed != 10000) {
        error_setg(errp, "sfp=da is 10 Gb/s only: link-speed=1g goes with sr "
                   "and lr");
        return false;
    }
    return true;
}

static bool ixgbe_choose_config(IxgbePf *s, IxgbeAdapterConfig *config,
                                Error **errp)
{
    memcpy(config->mac, s->conf.macaddr.a, sizeof(config->mac));
    config->port = PCI_FUNC(PCI_DEVICE(s)->devfn) & 1;
    if (s->total_vfs < -1 || s->total_vfs > IXGBE_TOTAL_VFS) {
        error_setg(errp, "total-vfs is 0 to %d, not %d", IXGBE_TOTAL_VFS,
                   s->total_vfs);
        return false;
    }
    if (s->vf_device_id != IXGBE_DEV_82599_VF &&
        s->vf_device_id != IXGBE_DEV_82599_VF_HV) {
        error_setg(errp, "vf-device-id is 0x%x, or 0x%x for the Hyper-V "
                   "flavour, not 0x%x", IXGBE_DEV_82599_VF,
                   IXGBE_DEV_82599_VF_HV, s->vf_device_id);
        return false;
    }
    if (s->tx_gather > GATHER_MAX_US) {
        error_setg(errp, "tx-gather is 0 to %d microseconds, not %u",
                   GATHER_MAX_US, s->tx_gather);
        return false;
    }
    return ixgbe_choose_wire(s, config, errp);
}

static void ixgbe_start_card(IxgbePf *s, const IxgbeAdapterConfig *config)
{
    MemReentrancyGuard *guard = &DEVICE(s)->mem_reentrancy_guard;

    s->card_bh = qemu_bh_new_guarded(ixgbe_run_card, s, guard);
    s->pf_bh = qemu_bh_new_guarded(ixgbe_pf_run, s, guard);
    s->card_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, ixgbe_time_card, s);
    s->pf_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, ixgbe_pf_timer, s);
    s->card = ixgbe_card_new(config, &ixgbe_card_ops, &ixgbe_pf_ops, s);
    ixgbe_pf_set_gather(ixgbe_card_pf(s->card),
                        s->tx_gather * (uint64_t)SCALE_US);
    ixgbe_card_hold(s->card, !runstate_is_running());
}

static void ixgbe_stop_card(IxgbePf *s)
{
    g_clear_pointer(&s->card, ixgbe_card_free);
    qemu_bh_delete(s->card_bh);
    qemu_bh_delete(s->pf_bh);
    timer_free(s->card_timer);
    timer_free(s->pf_timer);
}

static void ixgbe_init_bars(IxgbePf *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    memory_region_init_io(&s->mmio, OBJECT(s), &ixgbe_mmio_ops, s,
                          "ixgbe-mmio", IXGBE_PF_BAR0_SIZE);
    pci_register_bar(pdev, MMIO_BAR, PCI_BASE_ADDRESS_MEM_TYPE_64 |
                     PCI_BASE_ADDRESS_MEM_PREFETCH, &s->mmio);
    memory_region_init_io(&s->io, OBJECT(s), &ixgbe_io_ops, s, "ixgbe-io",
                          IXGBE_IO_BAR_SIZE);
    pci_register_bar(pdev, IO_BAR, PCI_BASE_ADDRESS_SPACE_IO, &s->io);
}

static void ixgbe_realize(PCIDevice *pdev, Error **errp)
{
    IxgbePf *s = IXGBE(pdev);
    IxgbeAdapterConfig config = { 0 };

    qemu_macaddr_default_if_unset(&s->conf.macaddr);
    if (!ixgbe_choose_config(s, &config, errp)) {
        return;
    }
    pdev->config_write = ixgbe_config_write;
    ixgbe_init_bars(s);
    if (!ixgbe_config_init(s, errp)) {
        return;
    }
    ixgbe_start_card(s, &config);
    if (!ixgbe_config_init_sriov(s, errp)) {
        ixgbe_stop_card(s);
        ixgbe_config_exit(s);
        return;
    }
    ixgbe_wire_start(s);
    s->runstate = qemu_add_vm_change_state_handler(ixgbe_runstate, s);
}

/* The VFs, which were taken out first, are as late as the PF. */
static void ixgbe_stop_late(void *opaque)
{
    IxgbePf *s = opaque;

    if (ixgbe_card_has_vfs(s->card)) {
        aio_bh_schedule_oneshot(qemu_get_aio_context(), ixgbe_stop_late, s);
        return;
    }
    qemu_del_nic(s->nic);
    ixgbe_stop_card(s);
    object_unref(OBJECT(s));
}

/*
 * A guest can have the card write to the slot control of the port that it is
 * in: then the card is still at work further down the stack.
 */
static void ixgbe_exit(PCIDevice *pdev)
{
    IxgbePf *s = IXGBE(pdev);
    bool at_work = ixgbe_function_is_busy(ixgbe_card_pf(s->card)) ||
                   s->sending;

    s->gone = true;
    qemu_del_vm_change_state_handler(s->runstate);
    ixgbe_config_exit(s);
    if (at_work) {
        object_ref(OBJECT(s));
        aio_bh_schedule_oneshot(qemu_get_aio_context(), ixgbe_stop_late, s);
        return;
    }
    qemu_del_nic(s->nic);
    ixgbe_stop_card(s);
}

/* --- type -------------------------------------------------------------------------- */

static const Property ixgbe_properties[] = {
    DEFINE_NIC_PROPERTIES(IxgbePf, conf),
    DEFINE_PROP_INT32("total-vfs", IxgbePf, total_vfs, -1),
    DEFINE_PROP_UINT16("vf-device-id", IxgbePf, vf_device_id,
                       IXGBE_DEV_82599_VF),
    DEFINE_PROP_STRING("sfp", IxgbePf, sfp),
    DEFINE_PROP_STRING("link-speed", IxgbePf, link_speed),
    DEFINE_PROP_UINT32("tx-gather", IxgbePf, tx_gather, 2000),
};

static void ixgbe_describe(ObjectClass *klass)
{
    static const struct {
        const char *name;
        const char *text;
    } texts[] = {
        { "mac", "permanent address, as in the NVM" },
        { "netdev", "network backend that is the wire" },
        { "total-vfs", "VFs that SR-IOV offers, 0 to 64; -1: 64 behind a "
                       "port, none on a root bus" },
        { "vf-device-id", "0x10ed, or 0x152e: the flavour that Hyper-V shows "
                          "to its guests" },
        { "sfp", "module in the SFP+ cage: sr (default), lr, da (copper "
                 "cable) or none" },
        { "link-speed", "10g (default) or 1g" },
        { "tx-gather", "microseconds that frames of a stream may wait to be "
                       "sent together, up to 100000; 0: none waits" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        object_class_property_set_description(klass, texts[i].name,
                                              texts[i].text);
    }
}

static void ixgbe_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    pc->realize = ixgbe_realize;
    pc->exit = ixgbe_exit;
    pc->vendor_id = IXGBE_VENDOR_ID;
    pc->device_id = IXGBE_DEV_82599_SFP;
    pc->subsystem_vendor_id = IXGBE_VENDOR_ID;
    pc->subsystem_id = 0x7a11;
    pc->revision = 1;
    pc->class_id = PCI_CLASS_NETWORK_ETHERNET;
    rc->phases.hold = ixgbe_reset_hold;
    dc->desc = "Intel 82599 10 Gigabit Ethernet, SR-IOV";
    dc->vmsd = &ixgbe_vmstate;
    device_class_set_props(dc, ixgbe_properties);
    set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
    ixgbe_describe(klass);
    ixgbe_board_class_init(klass);
}

static void ixgbe_instance_init(Object *obj)
{
    device_add_bootindex_property(obj, &IXGBE(obj)->conf.bootindex,
                                  "bootindex", "/ethernet-phy@0",
                                  DEVICE(obj));
}

static const TypeInfo ixgbe_type = {
    .name = TYPE_IXGBE,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(IxgbePf),
    .instance_init = ixgbe_instance_init,
    .class_init = ixgbe_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { }
    },
};

static void ixgbe_register_types(void)
{
    type_register_static(&ixgbe_type);
}

type_init(ixgbe_register_types)
