/*
 * The adapter, its PF driver, the software switch and the wire of a host.
 *
 *   ToR == wire == IxgbeAdapter == VF ports (links to VMs)
 *                      |
 *                     PF == uplink of the software switch == NIC ports
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/daemon.h"
#include "base/rundir.h"

#include <string.h>

#define WIRE_RETRY_MS 500
#define SETTLE_ROUNDS 10000
/* Frames at the uplink above which VMs may not send. */
#define UPLINK_HIGH 4096

/* PCI address of the PF: bus 3, device 0; VFs by the SR-IOV capability's
   offset and stride (82599 datasheet 9.4.4). */
enum { PF_RID = 0x0300, VF_OFFSET = 0x80, VF_STRIDE = 2 };

uint16_t host_vf_rid(const Host *host, unsigned vf)
{
    return PF_RID + VF_OFFSET + VF_STRIDE * vf;
}

/* --- the adapter's world ----------------------------------------------- */

static uint64_t net_clock(void *opaque)
{
    return g_get_monotonic_time() * 1000;
}

static gboolean adapter_idle(gpointer opaque)
{
    Host *host = opaque;

    host->adapter_idle = 0;
    ixgbe_adapter_run(host->adapter);
    return G_SOURCE_REMOVE;
}

static void adapter_schedule(void *opaque)
{
    Host *host = opaque;

    if (!host->adapter_idle) {
        host->adapter_idle = g_idle_add_full(G_PRIORITY_DEFAULT, adapter_idle,
                                             host, NULL);
    }
}

static gboolean adapter_timer(gpointer opaque)
{
    Host *host = opaque;

    host->adapter_timer = 0;
    ixgbe_adapter_timer(host->adapter);
    return G_SOURCE_REMOVE;
}

static void adapter_set_timer(void *opaque, uint64_t deadline_ns)
{
    Host *host = opaque;
    uint64_t now = net_clock(host);

    if (host->adapter_timer) {
        g_source_remove(host->adapter_timer);
        host->adapter_timer = 0;
    }
    if (deadline_ns != UINT64_MAX) {
        uint64_t ms = deadline_ns > now ? (deadline_ns - now) / 1000000 : 0;

        host->adapter_timer = g_timeout_add(MIN(ms + 1, 3600000),
                                            adapter_timer, host);
    }
}

static gboolean cause_idle(gpointer opaque)
{
    Host *host = opaque;
    uint32_t causes = host->causes;

    host->cause_idle = 0;
    host->causes = 0;
    ixgbe_pf_driver_interrupt(host->pf, causes);
    return G_SOURCE_REMOVE;
}

static void adapter_cause(void *opaque, uint32_t eicr)
{
    Host *host = opaque;

    host->causes |= eicr;
    if (host->pf && !host->cause_idle) {
        host->cause_idle = g_idle_add_full(G_PRIORITY_DEFAULT, cause_idle,
                                           host, NULL);
    }
}

static bool adapter_wire_tx(void *opaque, Frame *frame)
{
    Host *host = opaque;

    if (!host->wire) {
        /* No cable: the adapter said the link is down and asks not again. */
        return true;
    }
    if (!frame_stream_has_room(host->wire)) {
        return false;
    }
    capture_frame(host, "wire", false, frame->data, frame->len);
    frame_stream_send(host->wire, frame->data, frame->len);
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
    Host *host = opaque;

    return ixgbe_adapter_mmio_read(host->adapter, offset, 4);
}

static void pf_write(void *opaque, uint32_t offset, uint32_t value)
{
    Host *host = opaque;

    ixgbe_adapter_mmio_write(host->adapter, offset, value, 4);
}

static void pf_set_num_vfs(void *opaque, unsigned count)
{
    Host *host = opaque;

    ixgbe_adapter_set_num_vfs(host->adapter, count);
}

static VmNic *nic_of_vf(Host *host, unsigned vf)
{
    for (GList *l = host->vms; l; l = l->next) {
        Vm *vm = l->data;

        for (unsigned i = 0; i < vm->config.nics; i++) {
            if (vm->nic[i] && vm->nic[i]->vf == (int)vf) {
                return vm->nic[i];
            }
        }
    }
    return NULL;
}

static void pf_event(void *opaque, IxgbePfEvent event, unsigned vf)
{
    Host *host = opaque;
    VmNic *nic = nic_of_vf(host, vf);

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
        if (host->pf) {
            host_event(host, "adapter-link", "b:up",
                       ixgbe_pf_driver_link_up(host->pf), NULL);
        }
        break;
    case IXGBE_PF_SPOOFED:
        host_event(host, "spoofed-frames", "i:vf", (int)vf, NULL);
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
    Host *host = opaque;

    ixgbe_pf_driver_watchdog(host->pf);
    return G_SOURCE_CONTINUE;
}

/* --- PF and uplink ----------------------------------------------------- */

static IxgbeRxResult pf_rx(void *opaque, Frame *frame, const IxgbeRxMeta *meta)
{
    Host *host = opaque;

    vswitch_port_input(host->uplink, frame);
    return IXGBE_RX_DONE;
}

static void pf_tx_room(void *opaque)
{
    Host *host = opaque;

    vswitch_port_room(host->uplink);
}

static void pf_state(void *opaque, const IxgbePortState *state)
{
}

static const IxgbeAdapterPortOps pf_port_ops = {
    .rx = pf_rx,
    .tx_room = pf_tx_room,
    .state = pf_state,
};

static void tx_unblock(Host *host)
{
    host->tx_blocked = false;
    for (GList *l = host->ends; l; l = l->next) {
        link_host_tx_room(link_end_link(l->data));
    }
}

static bool uplink_deliver(void *opaque, Frame *frame)
{
    Host *host = opaque;

    if (!ixgbe_adapter_port_tx(host->pf_port, 0, frame)) {
        return false;
    }
    if (host->tx_blocked &&
        vswitch_port_queue(host->uplink)->count < UPLINK_HIGH / 2) {
        tx_unblock(host);
    }
    return true;
}

static const VswitchPortOps uplink_ops = {
    .deliver = uplink_deliver,
};

bool host_net_tx_room(Host *host)
{
    if (vswitch_port_queue(host->uplink)->count >= UPLINK_HIGH) {
        host->tx_blocked = true;
        return false;
    }
    return true;
}

static gboolean vswitch_idle(gpointer opaque)
{
    Host *host = opaque;

    host->vswitch_idle = 0;
    vswitch_run(host->vswitch);
    return G_SOURCE_REMOVE;
}

static void vswitch_schedule(void *opaque)
{
    Host *host = opaque;

    if (!host->vswitch_idle) {
        host->vswitch_idle = g_idle_add_full(G_PRIORITY_DEFAULT, vswitch_idle,
                                             host, NULL);
    }
}

static const VswitchOps vswitch_ops = {
    .clock_ns = net_clock,
    .schedule = vswitch_schedule,
};

void host_net_settle(Host *host)
{
    for (int i = 0; i < SETTLE_ROUNDS; i++) {
        if (!host->adapter_idle && !host->vswitch_idle) {
            return;
        }
        if (host->adapter_idle) {
            g_source_remove(host->adapter_idle);
            adapter_idle(host);
        }
        if (host->vswitch_idle) {
            g_source_remove(host->vswitch_idle);
            vswitch_idle(host);
        }
    }
}

/* --- the wire ---------------------------------------------------------- */

static void wire_frame(void *opaque, const uint8_t *data, size_t len)
{
    Host *host = opaque;
    Frame *frame = len >= FRAME_MIN ? frame_new(data, len) : NULL;

    if (!frame) {
        return;
    }
    capture_frame(host, "wire", true, data, len);
    ixgbe_adapter_wire_rx(host->adapter, frame);
    frame_unref(frame);
    migrate_out_fence(host, data, len);
}

static void wire_room(void *opaque)
{
    Host *host = opaque;

    ixgbe_adapter_wire_room(host->adapter);
}

static gboolean wire_connect(gpointer opaque);

static void wire_closed(void *opaque, const char *why)
{
    Host *host = opaque;

    host_event(host, "wire-down", "s:reason", why, NULL);
    frame_stream_free(host->wire);
    host->wire = NULL;
    ixgbe_adapter_set_cable(host->adapter, false);
    if (!host->stopping) {
        host->wire_retry = g_timeout_add(WIRE_RETRY_MS, wire_connect, host);
    }
}

static const FrameStreamOps wire_ops = {
    .frame = wire_frame,
    .room = wire_room,
    .closed = wire_closed,
};

/* Asks the top-of-rack switch for a port of the host's name and connects. */
static gboolean wire_connect(gpointer opaque)
{
    Host *host = opaque;
    g_autofree char *file = g_strconcat(host->config.name, ".sock", NULL);
    g_autofree char *path = rundir_path("tor", file, NULL);

    host->wire = frame_stream_connect(path, &wire_ops, host, NULL);
    if (!host->wire) {
        IovClient *tor = iov_client_tor(NULL);
        JsonNode *done;

        if (tor) {
            done = iov_client_call(tor, "port-add",
                                   iov_args("s:port", host->config.name, NULL),
                                   NULL);
            g_clear_pointer(&done, json_node_unref);
            iov_client_free(tor);
            host->wire = frame_stream_connect(path, &wire_ops, host, NULL);
        }
    }
    if (!host->wire) {
        if (!host->wire_retry) {
            host->wire_retry = g_timeout_add(WIRE_RETRY_MS, wire_connect,
                                             host);
        }
        return G_SOURCE_CONTINUE;
    }
    host->wire_retry = 0;
    ixgbe_adapter_set_cable(host->adapter, true);
    host_event(host, "wire-up", NULL);
    return G_SOURCE_REMOVE;
}

/* --- all of it --------------------------------------------------------- */

bool host_net_init(Host *host, GError **error)
{
    const IxgbeAdapterConfig config = {
        .mac = { 0x00, 0x1b, 0x21, 0x10, host->number, 0x00 },
    };
    const VswitchPortConfig uplink = {
        .uplink = true,
        .connected = true,
        .queue_frames = DATAPATH_QUEUE_FRAMES,
        .queue_bytes = DATAPATH_QUEUE_BYTES,
        .filter = VSWITCH_FILTER_PROMISCUOUS,
    };

    host->vswitch = vswitch_new(VSWITCH_HOST, &vswitch_ops, host);
    host->adapter = ixgbe_adapter_new(&config, &adapter_ops, host);
    host->pf_port = ixgbe_adapter_attach(host->adapter, IXGBE_FUNCTION_PF,
                                         &pf_port_ops, host);
    host->uplink = vswitch_port_new(host->vswitch, "uplink", &uplink,
                                    &uplink_ops, host);
    wire_connect(host);
    host->pf = ixgbe_pf_driver_new(host->config.sriov ? host->config.num_vfs :
                                   0, &pf_ops, host);
    host->watchdog = g_timeout_add_seconds(1, watchdog, host);
    adapter_cause(host, 0);
    return true;
}

static void source_clear(guint *id)
{
    if (*id) {
        g_source_remove(*id);
        *id = 0;
    }
}

void host_net_free(Host *host)
{
    source_clear(&host->wire_retry);
    source_clear(&host->watchdog);
    capture_stop_all(host);
    g_clear_pointer(&host->pf, ixgbe_pf_driver_free);
    g_clear_pointer(&host->uplink, vswitch_port_free);
    g_clear_pointer(&host->vswitch, vswitch_free);
    g_clear_pointer(&host->adapter, ixgbe_adapter_free);
    g_clear_pointer(&host->wire, frame_stream_free);
    source_clear(&host->adapter_idle);
    source_clear(&host->vswitch_idle);
    source_clear(&host->adapter_timer);
    source_clear(&host->cause_idle);
}
