/*
 * A physical adapter of the host: the 82599, its PF driver and its wire.
 *
 *   ToR == wire == IxgbeAdapter == VF ports (links to VMs)
 *                      |
 *                     PF == uplink of the switch over it (switch.c)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/daemon.h"
#include "base/rundir.h"

#include <string.h>

#define WIRE_RETRY_MS 500
/*
 * What may be on its way to the wire while the switch gives out parts of it
 * (MinimumBandwidthWeight, sim/switch/share.c), about the 82599's packet buffer
 * of 160 KB: with more, the switch would not feel that the wire is busy.
 */
#define WIRE_SHARED (256 * 1024)

/*
 * PCI address of the PF: a bus of its own from 3 on, device 0; VFs by the
 * SR-IOV capability's offset and stride (82599 datasheet 9.4.4).
 */
enum { FIRST_BUS = 3, VF_OFFSET = 0x80, VF_STRIDE = 2 };
/* Each root port keeps a bus for the adapter and one for its VFs. */
enum { BUSES_PER_ADAPTER = 2 };
/* Both BARs of 16 KB, for every VF that the capability could have. */
enum { VF_BAR_KB = 32, TOTAL_VFS = 64 };
/* More VFs than this leave two queue pairs for each. */
enum { VFS_WITH_4_QUEUES = 31 };

uint16_t adapter_vf_rid(const Adapter *adapter, unsigned vf)
{
    return ((FIRST_BUS + adapter->number) << 8) + VF_OFFSET + VF_STRIDE * vf;
}

unsigned adapter_queues_per_vf(const Adapter *adapter)
{
    unsigned vfs = ixgbe_pf_driver_num_vfs(adapter->pf);

    return !vfs ? 0 : vfs <= VFS_WITH_4_QUEUES ? 4 : 2;
}

Adapter *adapter_find(Host *host, const char *name)
{
    for (GList *l = host->adapters; l; l = l->next) {
        Adapter *a = l->data;

        if (g_str_equal(a->name, name)) {
            return a;
        }
    }
    return NULL;
}

unsigned adapter_vfs_in_use(const Adapter *adapter)
{
    return ixgbe_pf_driver_num_vfs(adapter->pf) -
        ixgbe_pf_driver_vfs_free(adapter->pf);
}

/* --- why it gives no VFs ----------------------------------------------- */

static unsigned adapters_before(const Adapter *adapter)
{
    unsigned count = 0;

    for (GList *l = adapter->host->adapters; l; l = l->next) {
        count += ((Adapter *)l->data)->config.sriov &&
            ((Adapter *)l->data)->number < adapter->number;
    }
    return count;
}

static ReasonList *lasting_reasons(const Adapter *adapter)
{
    ReasonList *list = machine_reasons(adapter->host);
    const HostConfig *machine = &adapter->host->config;
    unsigned before = adapters_before(adapter);

    if (!adapter->config.sriov) {
        reasons_add(list, REASON_ADAPTER_NO_SRIOV,
                    "the adapter %s of host %s has no SR-IOV", adapter->name,
                    adapter->host->name);
        return list;
    }
    if ((before + 1) * BUSES_PER_ADAPTER > machine->bus_numbers) {
        reasons_add(list, REASON_NO_BUS_NUMBERS, NULL);
    }
    if ((before + 1) * VF_BAR_KB * TOTAL_VFS > machine->bar_space_kb) {
        reasons_add(list, REASON_NO_BAR_SPACE, NULL);
    }
    if (!adapter->config.enabled) {
        reasons_add(list, REASON_SRIOV_DISABLED,
                    "SR-IOV of adapter %s was switched off", adapter->name);
    }
    return list;
}

ReasonList *adapter_reasons(const Adapter *adapter)
{
    ReasonList *list = lasting_reasons(adapter);

    if (adapter->restarting) {
        reasons_add(list, REASON_ADAPTER_RESTARTING, NULL);
    }
    return list;
}

static unsigned wanted_vfs(const Adapter *adapter)
{
    g_autoptr(ReasonList) list = lasting_reasons(adapter);

    return list->len ? 0 : adapter->config.num_vfs;
}

/* --- the adapter's world ----------------------------------------------- */

static uint64_t net_clock(void *opaque)
{
    return g_get_monotonic_time() * 1000;
}

static gboolean adapter_idle(gpointer opaque)
{
    Adapter *a = opaque;

    a->idle = 0;
    ixgbe_adapter_run(a->hw);
    return G_SOURCE_REMOVE;
}

static void adapter_schedule(void *opaque)
{
    Adapter *a = opaque;

    if (!a->idle) {
        a->idle = g_idle_add_full(G_PRIORITY_DEFAULT, adapter_idle,
                                             a, NULL);
    }
}

static gboolean adapter_timer(gpointer opaque)
{
    Adapter *a = opaque;

    a->timer = 0;
    ixgbe_adapter_timer(a->hw);
    return G_SOURCE_REMOVE;
}

static void adapter_set_timer(void *opaque, uint64_t deadline_ns)
{
    Adapter *a = opaque;
    uint64_t now = net_clock(a);

    if (a->timer) {
        g_source_remove(a->timer);
        a->timer = 0;
    }
    if (deadline_ns != UINT64_MAX) {
        uint64_t ms = deadline_ns > now ? (deadline_ns - now) / 1000000 : 0;

        a->timer = g_timeout_add(MIN(ms + 1, 3600000),
                                            adapter_timer, a);
    }
}

static gboolean cause_idle(gpointer opaque)
{
    Adapter *a = opaque;
    uint32_t causes = a->causes;

    a->cause_idle = 0;
    a->causes = 0;
    if (a->pf) {
        ixgbe_pf_driver_interrupt(a->pf, causes);
    }
    return G_SOURCE_REMOVE;
}

static void adapter_cause(void *opaque, uint32_t eicr)
{
    Adapter *a = opaque;

    a->causes |= eicr;
    if (a->pf && !a->cause_idle) {
        a->cause_idle = g_idle_add_full(G_PRIORITY_DEFAULT, cause_idle,
                                           a, NULL);
    }
}

static bool adapter_wire_tx(void *opaque, Frame *frame)
{
    Adapter *a = opaque;

    if (!a->wire) {
        /* No cable: the adapter said the link is down and asks not again. */
        return true;
    }
    if (!frame_stream_has_room(a->wire) ||
        (a->sw && vswitch_is_shared(a->sw->vswitch) &&
         frame_stream_pending(a->wire) >= WIRE_SHARED)) {
        return false;
    }
    capture_frame(a->host, a->wire_name, false, frame->data, frame->len);
    frame_stream_send(a->wire, frame->data, frame->len);
    return true;
}

static const IxgbeAdapterOps adapter_ops = {
    .wire_tx = adapter_wire_tx,
    .cause = adapter_cause,
    .clock_ns = net_clock,
    .set_timer = adapter_set_timer,
    .schedule = adapter_schedule,
};

static uint32_t pf_read(void *opaque, uint32_t offset)
{
    Adapter *a = opaque;

    return ixgbe_adapter_mmio_read(a->hw, offset, 4);
}

static void pf_write(void *opaque, uint32_t offset, uint32_t value)
{
    Adapter *a = opaque;

    ixgbe_adapter_mmio_write(a->hw, offset, value, 4);
}

static void pf_set_num_vfs(void *opaque, unsigned count)
{
    Adapter *a = opaque;

    ixgbe_adapter_set_num_vfs(a->hw, count);
}

static VmNic *nic_of_vf(Adapter *a, unsigned vf)
{
    for (GList *l = a->host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            if (nic->vf == (int)vf && nic->adapter == a) {
                return nic;
            }
        }
    }
    return NULL;
}

/* Guests whose adapters may be in a team see the link go and come. */
static void link_changed(Adapter *a)
{
    for (GList *l = a->host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            if (nic_adapter(nic) == a && nic->config->port.allow_teaming) {
                nic_send_config(nic);
            }
        }
    }
}

static void pf_event(void *opaque, IxgbePfEvent event, unsigned vf)
{
    Adapter *a = opaque;
    VmNic *nic = nic_of_vf(a, vf);

    switch (event) {
    case IXGBE_PF_VF_RESET:
        if (nic) {
            nic_event(nic, "vf-reset", "i:vf", (int)vf, NULL);
        }
        break;
    case IXGBE_PF_VF_READY:
        if (nic) {
            nic_event(nic, "vf-driver-ready", "i:vf", (int)vf, NULL);
        }
        break;
    case IXGBE_PF_VF_MAC:
        if (nic) {
            nic_send_vf_state(nic);
        }
        break;
    case IXGBE_PF_LINK:
        /* The driver may tell of the link before it is made. */
        if (a->pf) {
            host_event(a->host, "adapter-link", "s:adapter", a->name,
                       "b:up", ixgbe_pf_driver_link_up(a->pf), NULL);
            link_changed(a);
        }
        break;
    case IXGBE_PF_SPOOFED:
        host_event(a->host, "spoofed-frames", "s:adapter", a->name, NULL);
        break;
    }
}

static const IxgbePfDriverOps pf_ops = {
    .read = pf_read,
    .write = pf_write,
    .set_num_vfs = pf_set_num_vfs,
    .event = pf_event,
};

static gboolean watchdog(gpointer opaque)
{
    Adapter *a = opaque;

    ixgbe_pf_driver_watchdog(a->pf);
    return G_SOURCE_CONTINUE;
}

/* --- the PF and the switch over it -------------------------------------- */

static IxgbeRxResult pf_rx(void *opaque, Frame *frame, const IxgbeRxMeta *meta)
{
    Adapter *a = opaque;

    if (a->sw) {
        switch_uplink_input(a->sw, frame, meta->loopback);
    }
    return IXGBE_RX_DONE;
}

static void pf_tx_room(void *opaque)
{
    Adapter *a = opaque;

    if (a->sw) {
        switch_uplink_room(a->sw);
    }
}

static void pf_state(void *opaque, const IxgbePortState *state)
{
}

static const IxgbeAdapterPortOps pf_port_ops = {
    .rx = pf_rx,
    .tx_room = pf_tx_room,
    .state = pf_state,
};

void adapter_bind(Adapter *a, Switch *sw)
{
    a->sw = sw;
}

bool adapter_settle(Adapter *a)
{
    if (!a->idle) {
        return false;
    }
    g_source_remove(a->idle);
    adapter_idle(a);
    return true;
}

/* --- the wire ---------------------------------------------------------- */

static void wire_frame(void *opaque, const uint8_t *data, size_t len)
{
    Adapter *a = opaque;
    Frame *frame = len >= FRAME_MIN ? frame_new(data, len) : NULL;

    if (!frame) {
        return;
    }
    capture_frame(a->host, a->wire_name, true, data, len);
    ixgbe_adapter_wire_rx(a->hw, frame);
    frame_unref(frame);
    migrate_out_fence(a, data, len);
}

static void wire_room(void *opaque)
{
    Adapter *a = opaque;

    ixgbe_adapter_wire_room(a->hw);
}

static void wire_later(Adapter *a);

static void wire_closed(void *opaque, const char *why)
{
    Adapter *a = opaque;

    host_event(a->host, "wire-down", "s:adapter", a->name, "s:reason", why,
               NULL);
    frame_stream_free(a->wire);
    a->wire = NULL;
    ixgbe_adapter_set_cable(a->hw, false);
    if (!a->host->stopping && a->config.cable) {
        wire_later(a);
    }
}

static const FrameStreamOps wire_ops = {
    .frame = wire_frame,
    .room = wire_room,
    .closed = wire_closed,
};

/* Connects to the port of our name, if the switch has it. */
static bool wire_try(Adapter *a)
{
    g_autofree char *file = g_strconcat(a->port, ".sock", NULL);
    g_autofree char *path = rundir_path("tor", file, NULL);

    a->wire = frame_stream_connect(path, &wire_ops, a, NULL);
    if (a->wire) {
        g_clear_handle_id(&a->wire_retry, g_source_remove);
        ixgbe_adapter_set_cable(a->hw, true);
        host_event(a->host, "wire-up", "s:adapter", a->name, NULL);
    }
    return a->wire != NULL;
}

static void port_added(void *opaque, JsonNode *result, const GError *error)
{
    Adapter *a = opaque;

    g_clear_pointer(&a->tor, iov_client_free);
    if (!wire_try(a)) {
        wire_later(a);
    }
}

/* Asks the top-of-rack switch for a port of our name and connects. */
static void wire_connect(Adapter *a)
{
    if (a->tor || wire_try(a)) {
        return;
    }
    a->tor = iov_client_tor(NULL);
    if (!a->tor) {
        wire_later(a);
        return;
    }
    iov_client_send(a->tor, "port-add", iov_args("s:port", a->port, NULL),
                    port_added, a);
    /* Before the host serves anybody there is time to wait for the wire. */
    while (a->tor && !a->host->control) {
        g_main_context_iteration(NULL, TRUE);
    }
}

static gboolean wire_again(gpointer opaque)
{
    Adapter *a = opaque;

    a->wire_retry = 0;
    wire_connect(a);
    return G_SOURCE_REMOVE;
}

static void wire_later(Adapter *a)
{
    if (!a->wire_retry) {
        a->wire_retry = g_timeout_add(WIRE_RETRY_MS, wire_again, a);
    }
}

void adapter_cable(Adapter *a)
{
    g_clear_handle_id(&a->wire_retry, g_source_remove);
    g_clear_pointer(&a->tor, iov_client_free);
    if (a->config.cable && !a->wire) {
        wire_connect(a);
    } else if (!a->config.cable && a->wire) {
        wire_closed(a, "the cable was pulled out");
    }
}

/* --- restart ----------------------------------------------------------- */

/* The addresses of VMs that a PF driver of before had in its filter. */
static void filters_again(Adapter *a)
{
    if (a->sw) {
        memset(a->sw->vlans, 0, sizeof(a->sw->vlans));
        switch_update_vlans(a->sw);
    }
    for (GList *l = a->host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            if (nic->connected && nic_adapter(nic) == a) {
                ixgbe_pf_driver_filter(a->pf, nic->config->mac,
                                       IXGBE_PF_DEFAULT_POOL);
            }
        }
    }
}

static void update_vms(Adapter *a)
{
    for (GList *l = a->host->vms; l; l = l->next) {
        vm_update_wanted(l->data);
    }
    host_retry_waiting(a->host);
}

static gboolean restart(gpointer opaque)
{
    Adapter *a = opaque;

    a->restart_idle = 0;
    if (adapter_vfs_in_use(a)) {
        return G_SOURCE_REMOVE;
    }
    host_net_settle(a->host);
    g_clear_pointer(&a->pf, ixgbe_pf_driver_free);
    a->pf = ixgbe_pf_driver_new(wanted_vfs(a), &pf_ops, a);
    filters_again(a);
    a->restarting = false;
    host_event(a->host, "adapter-restarted", "s:adapter", a->name,
               "i:num_vfs", (int)ixgbe_pf_driver_num_vfs(a->pf), NULL);
    if (a->restart_request) {
        control_reply(g_steal_pointer(&a->restart_request), NULL);
    }
    update_vms(a);
    return G_SOURCE_REMOVE;
}

void adapter_vf_released(Adapter *a)
{
    if (a->restarting && !a->restart_idle && !a->host->stopping) {
        a->restart_idle = g_idle_add(restart, a);
    }
}

static void begin_restart(Adapter *a)
{
    a->restarting = true;
    host_event(a->host, "adapter-restarting", "s:adapter", a->name, NULL);
    update_vms(a);
    adapter_vf_released(a);
}

void adapter_update(Adapter *a)
{
    if (a->pf && !a->restarting &&
        wanted_vfs(a) != ixgbe_pf_driver_num_vfs(a->pf)) {
        begin_restart(a);
    }
}

ObjectResult adapter_restart(Adapter *a, ControlRequest *request,
                             PropError *error)
{
    if (a->restarting) {
        prop_fail(error, ERR_BUSY, "the adapter is restarting already");
        return OBJECT_FAILED;
    }
    a->restart_request = request;
    begin_restart(a);
    return OBJECT_LATER;
}

/* --- all of it --------------------------------------------------------- */

static int free_number(Host *host)
{
    for (int number = 0; number < ADAPTERS_MAX; number++) {
        bool used = false;

        for (GList *l = host->adapters; l; l = l->next) {
            used |= ((Adapter *)l->data)->number == (unsigned)number;
        }
        if (!used) {
            return number;
        }
    }
    return -1;
}

/* The first one has the host's name; names at the switch are short. */
static char *port_name(const Adapter *a)
{
    return a->number == 0 ? g_strdup(a->host->name) :
        g_strdup_printf("%.29s-%u", a->host->name, a->number);
}

Adapter *adapter_new(Host *host, const char *name, AdapterConfig *config,
                     PropError *error)
{
    int number = free_number(host);
    IxgbeAdapterConfig hw = {
        .mac = { 0x00, 0x1b, 0x21, 0x10, host->number, number },
    };
    Adapter *a;

    if (number < 0) {
        prop_fail(error, ERR_STATE, "a host has at most %d adapters",
                  ADAPTERS_MAX);
        return NULL;
    }
    a = g_new0(Adapter, 1);
    a->host = host;
    a->name = g_strdup(name);
    a->config = *config;
    a->number = number;
    a->port = port_name(a);
    a->wire_name = number ? g_strconcat("wire.", name, NULL) :
        g_strdup("wire");
    host->adapters = g_list_append(host->adapters, a);
    a->hw = ixgbe_adapter_new(&hw, &adapter_ops, a);
    a->pf_port = ixgbe_adapter_attach(a->hw, IXGBE_FUNCTION_PF, &pf_port_ops,
                                      a);
    if (a->config.cable) {
        wire_connect(a);
    }
    a->pf = ixgbe_pf_driver_new(wanted_vfs(a), &pf_ops, a);
    a->watchdog = g_timeout_add_seconds(1, watchdog, a);
    adapter_cause(a, 0);
    return a;
}

void adapter_free(Adapter *a)
{
    Host *host = a->host;

    if (a->sw) {
        a->sw->adapter = NULL;
    }
    if (a->restart_request) {
        control_fail(a->restart_request, ERR_STATE, "the adapter went away");
    }
    g_clear_handle_id(&a->wire_retry, g_source_remove);
    g_clear_pointer(&a->tor, iov_client_free);
    g_clear_handle_id(&a->watchdog, g_source_remove);
    g_clear_handle_id(&a->restart_idle, g_source_remove);
    g_clear_pointer(&a->pf, ixgbe_pf_driver_free);
    g_clear_pointer(&a->hw, ixgbe_adapter_free);
    g_clear_pointer(&a->wire, frame_stream_free);
    g_clear_handle_id(&a->idle, g_source_remove);
    g_clear_handle_id(&a->timer, g_source_remove);
    g_clear_handle_id(&a->cause_idle, g_source_remove);
    host->adapters = g_list_remove(host->adapters, a);
    g_free(a->wire_name);
    g_free(a->port);
    g_free(a->name);
    g_free(a);
}
