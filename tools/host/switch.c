/*
 * A software switch of the host and, if it is external, its uplink: the PF of
 * a physical adapter.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include <string.h>

#define SETTLE_ROUNDS 10000
/* Frames at the uplink above which VMs may not send. */
#define UPLINK_HIGH 4096
/* Two owners of an address are told of this often. */
#define CONFLICT_EVERY_MS 10000

Switch *switch_find(Host *host, const char *name)
{
    if (!*name) {
        return host->switches ? host->switches->data : NULL;
    }
    for (GList *l = host->switches; l; l = l->next) {
        Switch *sw = l->data;

        if (g_str_equal(sw->name, name)) {
            return sw;
        }
    }
    return NULL;
}

unsigned switch_ports(const Switch *sw)
{
    unsigned count = 0;

    for (GList *l = sw->host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            count += nic->sw == sw;
        }
    }
    return count;
}

ReasonList *switch_reasons(const Switch *sw)
{
    ReasonList *list = sw->adapter ? adapter_reasons(sw->adapter) :
        reasons_new();

    if (sw->config.type != SWITCH_EXTERNAL) {
        reasons_add(list, REASON_SWITCH_NOT_EXTERNAL, NULL);
        return list;
    }
    if (!sw->adapter) {
        reasons_add(list, REASON_SWITCH_NO_ADAPTER, NULL);
    }
    if (!sw->config.iov) {
        reasons_add(list, REASON_SWITCH_NO_IOV, "the switch %s was made "
                    "without IOV, which can be chosen only then", sw->name);
    }
    return list;
}

/* --- the switch's world ------------------------------------------------ */

static uint64_t switch_clock(void *opaque)
{
    return g_get_monotonic_time() * 1000;
}

static gboolean switch_idle(gpointer opaque)
{
    Switch *sw = opaque;

    sw->idle = 0;
    vswitch_run(sw->vswitch);
    return G_SOURCE_REMOVE;
}

static void switch_schedule(void *opaque)
{
    Switch *sw = opaque;

    if (!sw->idle) {
        sw->idle = g_idle_add_full(G_PRIORITY_DEFAULT, switch_idle, sw, NULL);
    }
}

/* A VM that is on its way is at both ends for a moment. */
static bool is_moving(Switch *sw, VswitchPort *port)
{
    for (GList *l = sw->host->vms; l; l = l->next) {
        Vm *vm = l->data;

        VM_FOR_EACH_NIC(vm, nic) {
            if (nic->port == port) {
                return vm->out || vm->in;
            }
        }
    }
    return false;
}

static void switch_conflict(void *opaque, const uint8_t mac[6],
                            VswitchPort *at, VswitchPort *other)
{
    Switch *sw = opaque;
    g_autofree char *text = mac_format(mac);
    double now = host_now_ms();

    if (sw->from_vf || is_moving(sw, at) || is_moving(sw, other) ||
        (sw->conflict_ms && now - sw->conflict_ms < CONFLICT_EVERY_MS)) {
        return;
    }
    sw->conflict_ms = now;
    host_event(sw->host, "mac-conflict", "s:mac", text, "s:switch", sw->name,
               "s:at", vswitch_port_name(at), "s:other",
               vswitch_port_name(other), NULL);
}

static const VswitchOps switch_ops = {
    .clock_ns = switch_clock,
    .schedule = switch_schedule,
    .conflict = switch_conflict,
};

bool switch_settle(Switch *sw)
{
    if (!sw->idle) {
        return false;
    }
    g_source_remove(sw->idle);
    switch_idle(sw);
    return true;
}

void host_net_settle(Host *host)
{
    bool moved = true;

    for (int i = 0; i < SETTLE_ROUNDS && moved; i++) {
        moved = false;
        for (GList *l = host->adapters; l; l = l->next) {
            moved |= adapter_settle(l->data);
        }
        for (GList *l = host->switches; l; l = l->next) {
            moved |= switch_settle(l->data);
        }
    }
}

/* --- the uplink -------------------------------------------------------- */

static void tx_unblock(Switch *sw)
{
    sw->tx_blocked = false;
    for (GList *l = sw->host->ends; l; l = l->next) {
        link_host_tx_room(link_end_link(l->data));
    }
}

static bool uplink_deliver(void *opaque, Frame *frame)
{
    Switch *sw = opaque;

    if (!sw->adapter) {
        return true;
    }
    if (!ixgbe_adapter_port_tx(sw->adapter->pf_port, 0, frame, NULL)) {
        return false;
    }
    if (sw->tx_blocked &&
        vswitch_port_queue(sw->uplink)->count < UPLINK_HIGH / 2) {
        tx_unblock(sw);
    }
    return true;
}

static const VswitchPortOps uplink_ops = {
    .deliver = uplink_deliver,
};

bool switch_tx_room(Switch *sw)
{
    if (sw->uplink && vswitch_port_queue(sw->uplink)->count >= UPLINK_HIGH) {
        sw->tx_blocked = true;
        return false;
    }
    return true;
}

void switch_uplink_input(Switch *sw, Frame *frame, bool from_vf)
{
    sw->from_vf = from_vf;
    vswitch_port_input(sw->uplink, frame);
    sw->from_vf = false;
}

void switch_uplink_room(Switch *sw)
{
    vswitch_port_room(sw->uplink);
}

/* The VLANs of all ports. */
static void collect_vlans(const Switch *sw, uint64_t vlans[64])
{
    memset(vlans, 0, 64 * sizeof(vlans[0]));
    for (GList *l = sw->host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            if (nic->port && nic->sw == sw) {
                port_vlan_collect(&nic->settings.vlan, vlans);
            }
        }
    }
}

void switch_update_vlans(Switch *sw)
{
    uint64_t wanted[64];
    bool full = false;

    if (!sw->adapter) {
        return;
    }
    collect_vlans(sw, wanted);
    for (unsigned i = 0; i < 64; i++) {
        for (unsigned bit = 0; wanted[i] != sw->vlans[i] && bit < 64; bit++) {
            bool want = wanted[i] >> bit & 1;

            if (want == (sw->vlans[i] >> bit & 1)) {
                continue;
            }
            if (ixgbe_pf_driver_uplink_vlan(sw->adapter->pf, i * 64 + bit,
                                            want)) {
                sw->vlans[i] ^= 1ull << bit;
            } else {
                full = true;
            }
        }
    }
    if (full) {
        host_event(sw->host, "vlan-table-full", "s:switch", sw->name, NULL);
    }
}

static void make_uplink(Switch *sw)
{
    const VswitchPortConfig config = {
        .uplink = true,
        .connected = true,
        .queue_frames = DATAPATH_QUEUE_FRAMES,
        .queue_bytes = DATAPATH_QUEUE_BYTES,
        .filter = VSWITCH_FILTER_PROMISCUOUS,
    };

    sw->uplink = vswitch_port_new(sw->vswitch, "uplink", &config, &uplink_ops,
                                  sw);
    adapter_bind(sw->adapter, sw);
}

/* --- making and unmaking ----------------------------------------------- */

/* The adapter that the configuration names, or the first that is free. */
static Adapter *choose_adapter(Host *host, const SwitchConfig *config,
                               PropError *error)
{
    Adapter *a = NULL;

    if (*config->adapter) {
        a = adapter_find(host, config->adapter);
        if (!a) {
            prop_fail(error, ERR_NOT_FOUND, "host '%s' has no adapter '%s'",
                      host->name, config->adapter);
        } else if (a->sw) {
            prop_fail(error, ERR_IN_USE, "adapter '%s' is switch '%s''s",
                      a->name, a->sw->name);
            a = NULL;
        }
        return a;
    }
    for (GList *l = host->adapters; l && !a; l = l->next) {
        a = ((Adapter *)l->data)->sw ? NULL : l->data;
    }
    if (!a) {
        prop_fail(error, ERR_NOT_FOUND, "an external switch needs a physical "
                  "adapter, and host '%s' has none that is free", host->name);
    }
    return a;
}

Switch *switch_new(Host *host, const char *name, SwitchConfig *config,
                   PropError *error)
{
    Adapter *adapter = NULL;
    Switch *sw;

    if (g_list_length(host->switches) >= SWITCHES_MAX) {
        prop_fail(error, ERR_STATE, "a host has at most %d switches",
                  SWITCHES_MAX);
        return NULL;
    }
    if (config->type == SWITCH_EXTERNAL) {
        adapter = choose_adapter(host, config, error);
        if (!adapter) {
            return NULL;
        }
    } else if (config->iov || *config->adapter) {
        prop_fail(error, ERR_BAD_ARGUMENT, "%s is for external switches",
                  config->iov ? "IovEnabled" : "NetAdapterName");
        return NULL;
    }
    sw = g_new0(Switch, 1);
    sw->host = host;
    sw->name = g_strdup(name);
    sw->config = *config;
    memset(config, 0, sizeof(*config));
    sw->adapter = adapter;
    sw->vswitch = vswitch_new(VSWITCH_HOST, &switch_ops, sw);
    if (adapter) {
        g_free(sw->config.adapter);
        sw->config.adapter = g_strdup(adapter->name);
        make_uplink(sw);
    }
    host->switches = g_list_append(host->switches, sw);
    if (sw->config.type == SWITCH_INTERNAL && !switch_host_port(sw, error)) {
        switch_free(sw);
        return NULL;
    }
    return sw;
}

void switch_free(Switch *sw)
{
    if (sw->adapter) {
        adapter_bind(sw->adapter, NULL);
    }
    g_clear_pointer(&sw->uplink, vswitch_port_free);
    switch_host_port_end(sw);
    vswitch_free(sw->vswitch);
    g_clear_handle_id(&sw->idle, g_source_remove);
    sw->host->switches = g_list_remove(sw->host->switches, sw);
    g_free(sw->config.adapter);
    g_free(sw->name);
    g_free(sw);
}
