/*
 * Virtual PCI: messages that the host begins (bus relations, eject, stale
 * configuration blocks).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci_int.h"

#include "iovlab-trace.h"

#include "spec/vmbus.h"

static size_t device_size(const VpciBus *bus)
{
    return bus->version >= VPCI_VERSION_1_3 ? sizeof(VpciDevice2)
                                            : sizeof(VpciDevice);
}

static unsigned visible_functions(const VpciBus *bus)
{
    unsigned count = 0;

    for (unsigned devfn = 0; devfn < VPCI_SLOTS; devfn++) {
        count += vpci_function_get(bus, devfn) != NULL;
    }
    return count;
}

size_t vpci_relations_size(const VpciBus *bus)
{
    return sizeof(VpciRelationsMsg) +
           visible_functions(bus) * device_size(bus);
}

static void put_device(const VpciFunctionDesc *desc, uint8_t *p, bool v2)
{
    VpciDevice2 *d = (VpciDevice2 *)p;

    wr_le16(&d->device.vendor_id, desc->vendor_id);
    wr_le16(&d->device.device_id, desc->device_id);
    d->device.revision = desc->revision;
    d->device.prog_if = desc->prog_if;
    d->device.sub_class = desc->sub_class;
    d->device.base_class = desc->base_class;
    wr_le16(&d->device.sub_vendor_id, desc->sub_vendor_id);
    wr_le16(&d->device.sub_system_id, desc->sub_system_id);
    wr_le32(&d->device.slot, vpci_slot(desc->devfn));
    wr_le32(&d->device.serial, desc->serial);
    if (v2 && desc->numa) {
        wr_le32(&d->flags, VPCI_DEVICE_NUMA);
        wr_le16(&d->numa_node, desc->numa_node);
    }
}

bool vpci_relations_send(VpciBus *bus)
{
    bool v2 = bus->version >= VPCI_VERSION_1_3;
    size_t size = vpci_relations_size(bus);
    g_autofree uint8_t *msg = g_malloc0(size);
    uint8_t *p = msg + sizeof(VpciRelationsMsg);
    unsigned count = 0;

    for (unsigned devfn = 0; devfn < VPCI_SLOTS; devfn++) {
        VpciFunction *fn = vpci_function_get(bus, devfn);

        if (fn) {
            put_device(&fn->desc, p, v2);
            p += device_size(bus);
            count++;
        }
    }
    wr_le32(msg, v2 ? VPCI_BUS_RELATIONS2 : VPCI_BUS_RELATIONS);
    wr_le32(msg + 4, count);
    if (!vmbus_channel_send(bus->channel, VM_PKT_DATA_INBAND, 0, 0, NULL, 0,
                            msg, size)) {
        return false;
    }
    trace_vpci_relations_send(bus->device_id, count, bus->version);
    bus->relations_due = false;
    bus->listed = true;
    for (unsigned devfn = 0; devfn < VPCI_SLOTS; devfn++) {
        VpciFunction *fn = vpci_function_get(bus, devfn);

        if (fn) {
            vpci_function_event(bus, fn, VPCI_FN_EV_LIST);
        }
    }
    return true;
}

static bool eject_send(VpciBus *bus, VpciFunction *fn)
{
    VpciSlotMsg msg;

    wr_le32(&msg.type, VPCI_EJECT);
    wr_le32(&msg.slot, vpci_slot(fn->desc.devfn));
    if (!vmbus_channel_send(bus->channel, VM_PKT_DATA_INBAND, 0, 0, NULL, 0,
                            &msg, sizeof(msg))) {
        return false;
    }
    trace_vpci_eject_send(bus->device_id, fn->desc.devfn);
    return vpci_function_event(bus, fn, VPCI_FN_EV_EJECT);
}

static bool invalidate_send(VpciBus *bus, VpciFunction *fn)
{
    VpciInvalidateMsg msg;

    wr_le32(&msg.type, VPCI_INVALIDATE_BLOCK);
    wr_le32(&msg.slot, vpci_slot(fn->desc.devfn));
    wr_le64(&msg.mask, fn->stale_blocks);
    if (!vmbus_channel_send(bus->channel, VM_PKT_DATA_INBAND, 0, 0, NULL, 0,
                            &msg, sizeof(msg))) {
        return false;
    }
    fn->stale_blocks = 0;
    return true;
}

void vpci_notices_send(VpciBus *bus)
{
    if (bus->state < VPCI_BUS_D3) {
        return;
    }
    if (bus->relations_due && !vpci_relations_send(bus)) {
        return;
    }
    for (unsigned devfn = 0; devfn < VPCI_SLOTS; devfn++) {
        VpciFunction *fn = vpci_function_get(bus, devfn);

        if (!fn || fn->state != VPCI_FN_USED) {
            continue;
        }
        if (fn->stale_blocks && !invalidate_send(bus, fn)) {
            return;
        }
        if (fn->eject_wanted && !eject_send(bus, fn)) {
            return;
        }
    }
}
