/*
 * Virtual PCI: a function's life on the bus, and its eject.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci_int.h"

#include "iovlab-trace.h"

#define X VPCI_FN_STATES                /* not a transition */

static const VpciFnState next_state[VPCI_FN_STATES][VPCI_FN_EVENTS] = {
    /*  LIST, USE, EJECT, COMPLETE, CLOSE, TAKE_BACK */
    [VPCI_FN_PLUGGED] = {
        VPCI_FN_LISTED, X, X, X, VPCI_FN_PLUGGED, VPCI_FN_GONE },
    [VPCI_FN_LISTED] = {
        VPCI_FN_LISTED, VPCI_FN_USED, X, X, VPCI_FN_PLUGGED, X },
    [VPCI_FN_USED] = {
        VPCI_FN_USED, VPCI_FN_USED, VPCI_FN_EJECTING, X, VPCI_FN_PLUGGED, X },
    [VPCI_FN_EJECTING] = {
        VPCI_FN_EJECTING, VPCI_FN_EJECTING, X, VPCI_FN_GONE, VPCI_FN_GONE,
        X },
    [VPCI_FN_GONE] = {
        X, X, X, X, VPCI_FN_GONE, VPCI_FN_GONE },
};

static const char *const state_name[VPCI_FN_STATES] = {
    "plugged", "listed", "used", "ejecting", "gone",
};

static const char *const event_name[VPCI_FN_EVENTS] = {
    "list", "use", "eject", "complete", "close", "take-back",
};

bool vpci_function_event(VpciBus *bus, VpciFunction *fn, VpciFnEvent event)
{
    VpciFnState next = next_state[fn->state][event];

    if (next == X) {
        trace_vpci_function_refused(bus->device_id, fn->desc.devfn,
                                    state_name[fn->state], event_name[event]);
        return false;
    }
    if (next != fn->state) {
        trace_vpci_function_state(bus->device_id, fn->desc.devfn,
                                  state_name[fn->state], event_name[event],
                                  state_name[next]);
    }
    fn->state = next;
    return true;
}

bool vpci_function_visible(const VpciFunction *fn)
{
    return fn->state != VPCI_FN_GONE;
}

VpciFunction *vpci_function_get(const VpciBus *bus, uint8_t devfn)
{
    VpciFunction *fn = bus->function[devfn];

    return fn && vpci_function_visible(fn) ? fn : NULL;
}

void vpci_function_used(VpciBus *bus, VpciFunction *fn)
{
    if (fn->state == VPCI_FN_LISTED) {
        vpci_function_event(bus, fn, VPCI_FN_EV_USE);
        if (fn->eject_wanted) {
            vmbus_channel_schedule(bus->channel);
        }
    }
}

void vpci_function_stop(VpciBus *bus, VpciFunction *fn)
{
    /* Reset first: afterwards nothing can raise the entries that go. */
    bus->ops->function_reset(bus->opaque, fn->desc.devfn);
    vpci_interrupts_free(bus, fn->desc.devfn);
}

/* Ends an eject that no guest had to answer; vpci_bus_poll() tells the host. */
static void function_take_back(VpciBus *bus, VpciFunction *fn)
{
    if (vpci_function_event(bus, fn, VPCI_FN_EV_TAKE_BACK)) {
        fn->gone = VPCI_GONE_UNUSED;
        bus->ops->schedule(bus->opaque);
    }
}

void vpci_function_closed(VpciBus *bus, VpciFunction *fn)
{
    if (!vpci_function_visible(fn)) {
        return;
    }
    vpci_function_event(bus, fn, VPCI_FN_EV_CLOSE);
    fn->stale_blocks = 0;
    if (fn->eject_wanted) {
        function_take_back(bus, fn);
    }
}

bool vpci_bus_add(VpciBus *bus, const VpciFunctionDesc *desc)
{
    VpciFunction *fn;

    if (bus->function[desc->devfn]) {
        return false;
    }
    fn = g_new0(VpciFunction, 1);
    fn->desc = *desc;
    fn->state = VPCI_FN_PLUGGED;
    bus->function[desc->devfn] = fn;
    bus->functions++;
    bus->relations_due = bus->listed;
    if (bus->channel) {
        vmbus_channel_schedule(bus->channel);
    }
    bus->ops->schedule(bus->opaque);
    return true;
}

void vpci_bus_eject(VpciBus *bus, uint8_t devfn)
{
    VpciFunction *fn = vpci_function_get(bus, devfn);

    if (!fn || fn->eject_wanted) {
        return;
    }
    fn->eject_wanted = true;
    if (fn->state == VPCI_FN_PLUGGED) {
        function_take_back(bus, fn);
    } else {
        /* Guests drop an EJECT for a function they have not taken up. */
        vmbus_channel_schedule(bus->channel);
    }
}

void vpci_bus_remove(VpciBus *bus, uint8_t devfn)
{
    VpciFunction *fn = bus->function[devfn];

    if (!fn) {
        return;
    }
    trace_vpci_function_remove(bus->device_id, devfn);
    vpci_function_stop(bus, fn);
    bus->relations_due = bus->listed;
    bus->function[devfn] = NULL;
    bus->functions--;
    g_free(fn);
    if (bus->channel && bus->functions) {
        vmbus_channel_schedule(bus->channel);
    }
    bus->ops->schedule(bus->opaque);
}

bool vpci_bus_in_use(const VpciBus *bus, uint8_t devfn)
{
    VpciFunction *fn = vpci_function_get(bus, devfn);

    return fn && (fn->state == VPCI_FN_USED || fn->state == VPCI_FN_EJECTING);
}

void vpci_bus_invalidate_blocks(VpciBus *bus, uint8_t devfn, uint64_t mask)
{
    VpciFunction *fn = vpci_function_get(bus, devfn);

    if (fn && fn->state == VPCI_FN_USED) {
        fn->stale_blocks |= mask;
        vmbus_channel_schedule(bus->channel);
    }
}
