/*
 * hv-vpci: a PCI device on the virtual bus, its identity towards guest and
 * IOMMU, and the shadows of its BARs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hv-vpci-int.h"

#include "block/aio.h"
#include "hw/hotplug.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"

#include "iovlab-trace.h"

/*
 * Requester ids of devices that have none of their own: buses 0x80 and up,
 * where no real adapter of the host is.
 */
#define RID_BUS_FIRST 0x80
#define RID_BUSES     0x80

PCIDevice *hv_vpci_pdev(HvVpci *s, uint8_t devfn)
{
    return s->function[devfn] ? s->function[devfn]->pdev : NULL;
}

uint16_t hv_vpci_rid(void *opaque, int devfn)
{
    HvVpci *s = opaque;
    PCIDevice *pdev = s->pci->devices[devfn];
    uint64_t rid = 0;

    if (s->function[devfn] && s->function[devfn]->pdev) {
        return s->function[devfn]->rid;
    }
    if (pdev && object_property_find(OBJECT(pdev), "rid")) {
        rid = object_property_get_uint(OBJECT(pdev), "rid", NULL);
    }
    if (rid && rid <= UINT16_MAX) {
        return rid;
    }
    return PCI_BUILD_BDF(RID_BUS_FIRST + s->number % RID_BUSES, devfn);
}

/* --- shadows -------------------------------------------------------------- */

static uint64_t ghost_read(void *opaque, hwaddr addr, unsigned size)
{
    return UINT64_MAX;
}

static void ghost_write(void *opaque, hwaddr addr, uint64_t value,
                        unsigned size)
{
}

static const MemoryRegionOps ghost_ops = {
    .read = ghost_read,
    .write = ghost_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8,
               .unaligned = true },
};

static void ghost_unmap(HvVpciFunction *fn, unsigned bar)
{
    if (fn->ghost_mapped[bar]) {
        fn->ghost_mapped[bar] = false;
        memory_region_del_subregion(&fn->vpci->mmio, &fn->ghost[bar]);
    }
}

void hv_vpci_ghosts_update(HvVpci *s, uint8_t devfn)
{
    HvVpciFunction *fn = s->function[devfn];

    for (unsigned bar = 0; bar < VPCI_BARS; bar++) {
        const PCIIORegion *r = &fn->pdev->io_regions[bar];

        if (!r->size || r->type & PCI_BASE_ADDRESS_SPACE_IO ||
            r->addr == PCI_BAR_UNMAPPED ||
            (fn->ghost_mapped[bar] && fn->ghost[bar].addr == r->addr)) {
            continue;
        }
        ghost_unmap(fn, bar);
        memory_region_set_size(&fn->ghost[bar], r->size);
        memory_region_add_subregion_overlap(&s->mmio, r->addr,
                                            &fn->ghost[bar], -1);
        fn->ghost_mapped[bar] = true;
    }
}

void hv_vpci_ghosts_drop(HvVpci *s)
{
    for (unsigned devfn = 0; devfn < PCI_DEVFN_MAX; devfn++) {
        for (unsigned bar = 0; s->function[devfn] && bar < VPCI_BARS; bar++) {
            ghost_unmap(s->function[devfn], bar);
        }
    }
}

/* --- plug ------------------------------------------------------------------ */

static HvVpciFunction *function_get(HvVpci *s, uint8_t devfn)
{
    HvVpciFunction *fn = s->function[devfn];

    if (!fn) {
        fn = g_new0(HvVpciFunction, 1);
        fn->vpci = s;
        for (unsigned bar = 0; bar < VPCI_BARS; bar++) {
            g_autofree char *name = g_strdup_printf("ghost-%02x-%u", devfn,
                                                    bar);

            memory_region_init_io(&fn->ghost[bar], OBJECT(s), &ghost_ops, fn,
                                  name, 4 * KiB);
        }
        s->function[devfn] = fn;
    }
    return fn;
}

static void describe(HvVpci *s, PCIDevice *pdev, VpciFunctionDesc *desc)
{
    const uint8_t *c = pdev->config;

    *desc = (VpciFunctionDesc) {
        .devfn = pdev->devfn,
        .vendor_id = pci_get_word(c + PCI_VENDOR_ID),
        .device_id = pci_get_word(c + PCI_DEVICE_ID),
        .revision = c[PCI_REVISION_ID],
        .prog_if = c[PCI_CLASS_PROG],
        .sub_class = c[PCI_CLASS_DEVICE],
        .base_class = c[PCI_CLASS_DEVICE + 1],
        .sub_vendor_id = pci_get_word(c + PCI_SUBSYSTEM_VENDOR_ID),
        .sub_system_id = pci_get_word(c + PCI_SUBSYSTEM_ID),
        .serial = s->serial,
    };
    for (unsigned bar = 0; bar < VPCI_BARS; bar++) {
        const PCIIORegion *r = &pdev->io_regions[bar];
        uint64_t mask = ~(r->size - 1) | r->type;

        if (!r->size || r->type & PCI_BASE_ADDRESS_SPACE_IO) {
            continue;
        }
        desc->bar_mask[bar] = mask;
        if (r->type & PCI_BASE_ADDRESS_MEM_TYPE_64 && bar + 1 < VPCI_BARS) {
            desc->bar_mask[++bar] = mask >> 32;
        }
    }
}

bool hv_vpci_function_plug(HvVpci *s, PCIDevice *pdev, Error **errp)
{
    HvVpciFunction *fn = function_get(s, pdev->devfn);
    VpciFunctionDesc desc;

    fn->rid = hv_vpci_rid(s, pdev->devfn);
    if (!vtd_iommu_grant(s->iommu, fn->rid, errp)) {
        return false;
    }
    fn->granted = true;
    fn->pdev = pdev;
    describe(s, pdev, &desc);
    if (!vpci_bus_add(s->bus, &desc)) {
        error_setg(errp, "slot %02x.%x is still in use by the guest",
                   PCI_SLOT(pdev->devfn), PCI_FUNC(pdev->devfn));
        hv_vpci_function_revoke(s, pdev->devfn);
        fn->pdev = NULL;
        return false;
    }
    trace_hv_vpci_function_plug(s->number, pdev->devfn, fn->rid,
                                desc.vendor_id, desc.device_id);
    return true;
}

void hv_vpci_function_revoke(HvVpci *s, uint8_t devfn)
{
    HvVpciFunction *fn = s->function[devfn];

    if (fn && fn->granted) {
        trace_hv_vpci_function_revoke(s->number, devfn, fn->rid);
        fn->granted = false;
        vtd_iommu_revoke(s->iommu, fn->rid);
    }
}

void hv_vpci_function_unplug(HvVpci *s, PCIDevice *pdev)
{
    HvVpciFunction *fn = s->function[pdev->devfn];

    if (!fn || fn->pdev != pdev) {
        return;
    }
    trace_hv_vpci_function_unplug(s->number, pdev->devfn);
    /* Nothing is left of it on the bus after an eject. */
    vpci_bus_remove(s->bus, pdev->devfn);
    hv_vpci_function_revoke(s, pdev->devfn);
    fn->pdev = NULL;
}

bool hv_vpci_has_functions(HvVpci *s)
{
    for (unsigned devfn = 0; devfn < PCI_DEVFN_MAX; devfn++) {
        if (hv_vpci_pdev(s, devfn)) {
            return true;
        }
    }
    return false;
}

static void retire_bh(void *opaque)
{
    HvVpciFunction *fn = opaque;
    HvVpci *s = fn->vpci;
    PCIDevice *pdev = fn->pdev;

    fn->retiring = false;
    if (pdev) {
        hotplug_handler_unplug(HOTPLUG_HANDLER(s), DEVICE(pdev),
                               &error_abort);
        object_unparent(OBJECT(pdev));
    }
    hv_vpci_retired(s);
    object_unref(OBJECT(s));
}

static void retire_rcu(struct rcu_head *head)
{
    aio_bh_schedule_oneshot(qemu_get_aio_context(), retire_bh,
                            container_of(head, HvVpciFunction, rcu));
}

/*
 * A processor that waits for the BQL to make its access has looked the BAR up
 * before; it is in an RCU critical section.
 */
void hv_vpci_function_retire(HvVpci *s, uint8_t devfn)
{
    HvVpciFunction *fn = s->function[devfn];

    if (!fn || !fn->pdev || fn->retiring) {
        return;
    }
    trace_hv_vpci_function_retire(s->number, devfn);
    hv_vpci_function_revoke(s, devfn);
    fn->retiring = true;
    object_ref(OBJECT(s));
    call_rcu1(&fn->rcu, retire_rcu);
}
