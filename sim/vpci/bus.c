/*
 * Virtual PCI: the bus, from offer to release, and its power states.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci_int.h"

#include "iovlab-trace.h"

#include "spec/vmbus.h"

#define X VPCI_BUS_STATES               /* not a transition */

static const VpciBusState next_state[VPCI_BUS_STATES][VPCI_BUS_EVENTS] = {
    /*                OPEN              AGREE        D0_ENTRY     D0_EXIT
                      CLOSE */
    [VPCI_BUS_CLOSED] = {
        VPCI_BUS_VERSION, X, X, X, VPCI_BUS_CLOSED },
    [VPCI_BUS_VERSION] = {
        X, VPCI_BUS_D3, X, X, VPCI_BUS_CLOSED },
    /* A crash kernel sends D0_EXIT for the D0 that it has not seen. */
    [VPCI_BUS_D3] = {
        X, X, VPCI_BUS_D0, VPCI_BUS_D3, VPCI_BUS_CLOSED },
    [VPCI_BUS_D0] = {
        X, X, X, VPCI_BUS_D3, VPCI_BUS_CLOSED },
};

static const char *const state_name[VPCI_BUS_STATES] = {
    "closed", "version", "d3", "d0",
};

static const char *const event_name[VPCI_BUS_EVENTS] = {
    "open", "agree", "d0-entry", "d0-exit", "close",
};

bool vpci_bus_allows(const VpciBus *bus, VpciBusEvent event)
{
    return next_state[bus->state][event] != X;
}

bool vpci_bus_event(VpciBus *bus, VpciBusEvent event)
{
    VpciBusState next = next_state[bus->state][event];

    if (next == X) {
        trace_vpci_bus_refused(bus->device_id, state_name[bus->state],
                               event_name[event]);
        return false;
    }
    trace_vpci_bus_state(bus->device_id, state_name[bus->state],
                         event_name[event], state_name[next]);
    bus->state = next;
    return true;
}

static void window_unmap(VpciBus *bus)
{
    if (bus->window_mapped) {
        bus->window_mapped = false;
        bus->window_slot = 0;
        bus->ops->window_unmap(bus->opaque);
    }
}

void vpci_bus_power_off(VpciBus *bus)
{
    for (unsigned devfn = 0; devfn < VPCI_SLOTS; devfn++) {
        if (bus->function[devfn]) {
            vpci_function_stop(bus, bus->function[devfn]);
        }
    }
    /* Late accesses of a guest that lost the bus shall read all ones. */
    if (!bus->rescinded) {
        window_unmap(bus);
    }
}

/* --- the channel ---------------------------------------------------------- */

static uint32_t channel_open(void *dev, VmbusChannel *ch)
{
    VpciBus *bus = dev;

    vpci_bus_event(bus, VPCI_BUS_EV_OPEN);
    return 0;
}

static void channel_close(void *dev, VmbusChannel *ch)
{
    VpciBus *bus = dev;

    vpci_bus_power_off(bus);
    vpci_bus_event(bus, VPCI_BUS_EV_CLOSE);
    bus->version = 0;
    bus->listed = false;
    bus->relations_due = false;
    for (unsigned devfn = 0; devfn < VPCI_SLOTS; devfn++) {
        if (bus->function[devfn]) {
            vpci_function_closed(bus, bus->function[devfn]);
        }
    }
    bus->ops->schedule(bus->opaque);
}

static void channel_run(void *dev, VmbusChannel *ch)
{
    VpciBus *bus = dev;
    VmbusPacket pkt;

    vpci_notices_send(bus);
    for (int i = 0; i < VPCI_BURST; i++) {
        if (!vmbus_channel_recv(ch, &pkt)) {
            return;
        }
        if (pkt.type != VM_PKT_DATA_INBAND) {
            trace_vpci_message_ignored(bus->device_id, pkt.type);
            vmbus_channel_consume(ch);
            continue;
        }
        /* What the message makes us send must not get stuck half-way. */
        if (!vmbus_channel_can_send(ch, vpci_message_room(bus, pkt.len))) {
            return;
        }
        vpci_message(bus, pkt.payload, pkt.len);
        if (pkt.flags & VM_PKT_FLAG_COMPLETION_REQUESTED) {
            vmbus_channel_send(ch, VM_PKT_COMP, 0, pkt.trans_id, NULL, 0,
                               bus->reply->data, bus->reply->len);
        }
        vmbus_channel_consume(ch);
        vpci_notices_send(bus);
    }
    vmbus_channel_schedule(ch);
}

static void channel_released(void *dev, VmbusChannel *ch)
{
    VpciBus *bus = dev;

    trace_vpci_bus_released(bus->device_id);
    bus->channel = NULL;
    bus->rescinded = false;
    bus->channel_gone = true;
    window_unmap(bus);
    bus->ops->schedule(bus->opaque);
}

static const VmbusChannelOps channel_ops = {
    .name = "vpci",
    .open = channel_open,
    .close = channel_close,
    .run = channel_run,
    .released = channel_released,
};

static void channel_offer(VpciBus *bus)
{
    VmbusOffer offer = { .instance_id = bus->instance };

    vmbus_guid_parse(VPCI_CLASS_GUID, &offer.class_id);
    bus->channel = vmbus_channel_offer(bus->vmbus, &offer, &channel_ops, bus);
    if (bus->channel) {
        trace_vpci_bus_offer(bus->device_id,
                             vmbus_channel_relid(bus->channel));
    } else {
        trace_vpci_bus_offer_failed(bus->device_id);
    }
}

static void channel_rescind(VpciBus *bus)
{
    trace_vpci_bus_rescind(bus->device_id);
    bus->rescinded = true;
    vmbus_channel_rescind(bus->channel);
}

/* --- for the host --------------------------------------------------------- */

void vpci_bus_poll(VpciBus *bus)
{
    for (unsigned devfn = 0; devfn < VPCI_SLOTS; devfn++) {
        VpciFunction *fn = bus->function[devfn];

        if (fn && fn->state == VPCI_FN_GONE) {
            VpciGone why = fn->gone;

            bus->function[devfn] = NULL;
            bus->functions--;
            g_free(fn);
            bus->ops->function_gone(bus->opaque, devfn, why);
        }
    }
    /*
     * Guests size the address windows of a bus when it appears, so an empty
     * bus is of no more use to them.
     */
    if (bus->channel && !bus->rescinded && !bus->functions) {
        channel_rescind(bus);
    }
    if (bus->channel_gone) {
        bus->channel_gone = false;
        bus->ops->channel_gone(bus->opaque);
    }
    if (!bus->channel && bus->functions) {
        channel_offer(bus);
    }
}

/* Bytes 4 to 7 of the GUID and the function number, as guests build it. */
static uint64_t device_id(const VmbusGuid *instance)
{
    const uint8_t *b = instance->b;

    return (uint32_t)b[5] << 24 | b[4] << 16 | b[7] << 8 | (b[6] & 0xf8);
}

VpciBus *vpci_bus_new(VpciPartition *partition, VmbusBus *vmbus,
                      const VmbusGuid *instance, const VpciBusOps *ops,
                      void *opaque)
{
    VpciBus *bus;

    for (unsigned i = 0; i < partition->buses->len; i++) {
        bus = g_ptr_array_index(partition->buses, i);
        if (bus->device_id == device_id(instance)) {
            return NULL;
        }
    }
    bus = g_new0(VpciBus, 1);
    bus->partition = partition;
    bus->vmbus = vmbus;
    bus->instance = *instance;
    bus->device_id = device_id(instance);
    bus->ops = ops;
    bus->opaque = opaque;
    bus->interrupts = g_array_new(false, true, sizeof(VpciInterrupt));
    bus->reply = g_byte_array_new();
    g_ptr_array_add(partition->buses, bus);
    return bus;
}

void vpci_bus_free(VpciBus *bus)
{
    if (!bus) {
        return;
    }
    g_ptr_array_remove_fast(bus->partition->buses, bus);
    if (bus->channel) {
        vmbus_channel_forget(bus->channel);
    }
    window_unmap(bus);
    for (unsigned devfn = 0; devfn < VPCI_SLOTS; devfn++) {
        vpci_interrupts_free(bus, devfn);
        g_free(bus->function[devfn]);
    }
    g_array_free(bus->interrupts, true);
    g_byte_array_free(bus->reply, true);
    g_free(bus);
}

void vpci_bus_rescind(VpciBus *bus)
{
    for (unsigned devfn = 0; devfn < VPCI_SLOTS; devfn++) {
        vpci_bus_remove(bus, devfn);
    }
    if (bus->channel && !bus->rescinded) {
        channel_rescind(bus);
    }
}

bool vpci_bus_offered(const VpciBus *bus)
{
    return bus->channel != NULL;
}

unsigned vpci_bus_interrupts(const VpciBus *bus)
{
    return bus->interrupts->len;
}
