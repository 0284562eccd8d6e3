/*
 * One network adapter of a VM: its switch port, its data path, the VF it has
 * or waits for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/jsonline.h"

#include <string.h>

#define LINK_SPEED_MBPS 10000
#define PORT_MTU 9000
#define ALL_FILTERS (VSWITCH_FILTER_DIRECTED | VSWITCH_FILTER_ALL_MULTICAST | \
                     VSWITCH_FILTER_BROADCAST)

/* --- the switch port --------------------------------------------------- */

static bool port_deliver(void *opaque, Frame *frame)
{
    VmNic *nic = opaque;
    const IxgbeRxMeta meta = { .multicast = frame->data[0] & 1 };

    datapath_arrive(nic->dp, DATAPATH_NIC, frame, &meta);
    return true;
}

static void port_tap(void *opaque, Frame *frame, bool in)
{
    VmNic *nic = opaque;
    char name[48];

    if (nic->vm->host->captures) {
        g_snprintf(name, sizeof(name), "%s.%u", nic->vm->config.name,
                   nic->index);
        capture_frame(nic->vm->host, name, in, frame->data, frame->len);
    }
}

static const VswitchPortOps port_ops = {
    .deliver = port_deliver,
    .tap = port_tap,
};

static void port_configure(VmNic *nic)
{
    VswitchPortConfig config = {
        .connected = nic->connected,
        .datapath_vf = datapath_on_vf(nic->dp),
        .queue_frames = DATAPATH_QUEUE_FRAMES,
        .queue_bytes = DATAPATH_QUEUE_BYTES,
    };

    memcpy(config.mac, nic->mac, sizeof(config.mac));
    /* Until a migrated guest has said what it listens to: everything. */
    config.filter = nic->vm->in || !nic->status_valid ? ALL_FILTERS :
        GUINT32_FROM_LE(nic->status.packet_filter);
    if (nic->port) {
        vswitch_port_configure(nic->port, &config);
    } else {
        g_autofree char *name = g_strdup_printf("%s.%u", nic->vm->config.name,
                                                nic->index);

        nic->port = vswitch_port_new(nic->vm->host->vswitch, name, &config,
                                     &port_ops, nic);
    }
}

bool nic_connect(VmNic *nic)
{
    if (nic->connected) {
        return true;
    }
    nic->connected = true;
    port_configure(nic);
    return ixgbe_pf_driver_filter(nic->vm->host->pf, nic->mac,
                                  IXGBE_PF_DEFAULT_POOL);
}

void nic_refresh(VmNic *nic)
{
    if (nic->connected) {
        port_configure(nic);
    }
}

void nic_disconnect(VmNic *nic)
{
    if (nic->connected) {
        host_net_settle(nic->vm->host);
        nic->connected = false;
        ixgbe_pf_driver_filter_remove(nic->vm->host->pf, nic->mac);
    }
    g_clear_pointer(&nic->port, vswitch_port_free);
}

/* --- the data path's operations ---------------------------------------- */

static LinkHost *side_link(VmNic *nic, DatapathSide side)
{
    return nic->end[side] ? link_end_link(nic->end[side]) : NULL;
}

static bool dp_send(void *opaque, DatapathSide side, Frame *frame,
                    const IxgbeRxMeta *meta)
{
    LinkHost *link = side_link(opaque, side);

    return link && link_host_send_frame(link, frame, meta);
}

static bool dp_drain(void *opaque, DatapathSide side)
{
    LinkHost *link = side_link(opaque, side);

    return link && link_host_drain(link);
}

static bool dp_recall(void *opaque, DatapathSide side)
{
    LinkHost *link = side_link(opaque, side);

    return link && link_host_recall(link);
}

static void dp_cut(void *opaque, DatapathSide side)
{
    VmNic *nic = opaque;

    if (nic->end[side]) {
        link_end_close(nic->end[side], side == DATAPATH_VF ?
                       LINK_ERR_REVOKED : LINK_ERR_PROTOCOL,
                       "no answer to RECALL");
    }
}

static bool dp_filter(void *opaque, bool to_vf)
{
    VmNic *nic = opaque;
    Host *host = nic->vm->host;

    if (to_vf && nic->vf < 0) {
        return false;
    }
    /* What was classified before the move arrives before it. */
    host_net_settle(host);
    return !nic->connected ||
        ixgbe_pf_driver_filter(host->pf, nic->mac,
                               to_vf ? nic->vf : IXGBE_PF_DEFAULT_POOL);
}

static void dp_done(void *opaque, uint64_t cookie, bool on_vf)
{
    LinkHost *link = side_link(opaque, DATAPATH_NIC);
    LinkDatapath done = { .cookie = GUINT64_TO_LE(cookie), .to_vf = on_vf };

    if (link) {
        link_host_send(link, LINK_NIC_DATAPATH_DONE, &done, sizeof(done));
    }
    vf_link_switched(opaque, on_vf);
}

static void eject_when_synthetic(VmNic *nic);

static void dp_changed(void *opaque, DatapathState state)
{
    VmNic *nic = opaque;

    if (nic->port) {
        port_configure(nic);
    }
    nic_event(nic, "data-path", "s:state", datapath_state_name(state),
              "s:path", nic_path_name(nic),
              "i:backlog", (int)datapath_backlog(nic->dp), NULL);
    if (state == DATAPATH_ON_VF) {
        vf_life_event(nic->life, VF_EV_ON_VF);
    } else if (state == DATAPATH_ON_SYNTHETIC) {
        vf_life_event(nic->life, VF_EV_ON_SYNTHETIC);
        eject_when_synthetic(nic);
        /* A VF that was taken stays connected until its frames are back. */
        if (nic->end[DATAPATH_VF] && !vf_life_has_vf(nic->life)) {
            link_end_close(nic->end[DATAPATH_VF], LINK_ERR_REVOKED,
                           "the host took the VF away");
        }
    }
    vm_poke(nic->vm);
}

static void dp_frozen(void *opaque)
{
    VmNic *nic = opaque;

    if (nic->vm->out) {
        migrate_out_nic_frozen(nic->vm->out, nic);
    }
}

static gboolean dp_timeout(gpointer opaque)
{
    VmNic *nic = opaque;

    nic->dp_timer = 0;
    nic_event(nic, "data-path-timeout", "s:state",
              datapath_state_name(datapath_state(nic->dp)), NULL);
    datapath_timeout(nic->dp);
    return G_SOURCE_REMOVE;
}

static void dp_timer(void *opaque, unsigned ms)
{
    VmNic *nic = opaque;

    g_clear_handle_id(&nic->dp_timer, g_source_remove);
    if (ms) {
        nic->dp_timer = g_timeout_add(ms, dp_timeout, nic);
    }
}

static const DatapathOps dp_ops = {
    .send = dp_send,
    .drain = dp_drain,
    .recall = dp_recall,
    .cut = dp_cut,
    .filter = dp_filter,
    .done = dp_done,
    .changed = dp_changed,
    .frozen = dp_frozen,
    .timer = dp_timer,
};

/* --- the VF's port at the adapter -------------------------------------- */

static IxgbeRxResult vf_rx(void *opaque, Frame *frame, const IxgbeRxMeta *meta)
{
    VmNic *nic = opaque;
    IxgbeRxMeta own = *meta;

    /* The VF has the queue pairs that its adapter was given, not the pool's. */
    if (own.queue >= nic->queue_pairs) {
        own.queue = 0;
    }
    datapath_arrive(nic->dp, DATAPATH_VF, frame, &own);
    return IXGBE_RX_DONE;
}

static void vf_tx_room(void *opaque)
{
    LinkHost *link = side_link(opaque, DATAPATH_VF);

    if (link) {
        link_host_tx_room(link);
    }
}

void nic_send_vf_state(VmNic *nic)
{
    LinkHost *link = side_link(nic, DATAPATH_VF);
    LinkVfState state = {
        .rx_enable = nic->vf_state.rx_enable,
        .tx_enable = nic->vf_state.tx_enable,
        .pf_reset_done = nic->vf_state.pf_reset_done,
    };

    if (!link || nic->vf < 0) {
        return;
    }
    ixgbe_pf_driver_vf_mac(nic->vm->host->pf, nic->vf, state.mac);
    wr_le32(&state.links, vf_link_register(nic));
    wr_le32(&state.vfmailbox, nic->vf_state.vfmailbox);
    for (int i = 0; i < IXGBE_MBX_DWORDS; i++) {
        wr_le32(&state.mbmem[i], nic->vf_state.mbmem[i]);
    }
    link_host_send(link, LINK_VF_STATE, &state, sizeof(state));
}

static void vf_state(void *opaque, const IxgbePortState *state)
{
    VmNic *nic = opaque;

    nic->vf_state = *state;
    nic_send_vf_state(nic);
}

static const IxgbeAdapterPortOps vf_port_ops = {
    .rx = vf_rx,
    .tx_room = vf_tx_room,
    .state = vf_state,
};

/* --- life's operations that need no QEMU ------------------------------- */

/* NULL if a VF may be asked for, else the code of the reason. */
static bool grant_refused(VmNic *nic)
{
    Host *host = nic->vm->host;

    if (nic->plugged_bus || nic->removing_chardev ||
        host_now_ms() < nic->plug_after_ms) {
        nic_set_reason(nic, "VfBeingRemoved",
                       "the last VF is still being taken away");
        return true;
    }
    if (!host->config.sriov) {
        nic_set_reason(nic, "AdapterNoSriov",
                       "the adapter of host %s has no SR-IOV",
                       host->config.name);
    } else if (!host->config.switch_iov) {
        nic_set_reason(nic, "SwitchNoIov",
                       "the switch was made without IOV");
    } else if (nic->vm->state != VM_RUNNING || !nic->vm->qmp) {
        nic_set_reason(nic, "VmNotRunning", "the VM does not run");
    } else if (!nic->status_valid || !nic->status.connected) {
        nic_set_reason(nic, "GuestNotConnected",
                       "the guest's network driver is not up");
    } else if (!nic->status.sriov) {
        nic_set_reason(nic, "GuestNotCapable",
                       "the guest's network driver takes no VF");
    } else if (!ixgbe_pf_driver_vfs_free(host->pf)) {
        nic_set_reason(nic, "NoFreeVf", "all %u VFs of host %s are in use",
                       host->config.num_vfs, host->config.name);
    } else {
        return false;
    }
    return true;
}

static bool take_vf(VmNic *nic, int vf)
{
    Host *host = nic->vm->host;

    nic->vf = vf;
    memset(&nic->vf_stats, 0, sizeof(nic->vf_stats));
    nic->vf_port = ixgbe_adapter_attach(host->adapter, vf, &vf_port_ops, nic);
    if (!nic->vf_port) {
        nic->vf = -1;
        vf_link_clear(nic);
        ixgbe_pf_driver_vf_free(host->pf, vf);
        return false;
    }
    ixgbe_pf_driver_vf_set_mac(host->pf, vf, nic->mac);
    ixgbe_pf_driver_vf_enable(host->pf, vf, true);
    return true;
}

static bool life_grant(void *opaque)
{
    VmNic *nic = opaque;
    int vf;

    if (grant_refused(nic)) {
        return false;
    }
    vf = ixgbe_pf_driver_vf_assign(nic->vm->host->pf);
    if (vf < 0 || !take_vf(nic, vf)) {
        nic_set_reason(nic, "NoFreeVf", "no VF could be allocated");
        return false;
    }
    nic->serial = nic->vm->next_serial++;
    nic->eject_due = false;
    datapath_allow(nic->dp);
    nic_set_reason(nic, "", " ");
    nic_event(nic, "vf-assigned", "i:vf", vf, "i:serial", (int)nic->serial,
              "i:rid", host_vf_rid(nic->vm->host, vf), NULL);
    return true;
}

static void life_plug(void *opaque)
{
    nic_plug(opaque);
}

/* What the guest receives has left the VF: it may be asked to give it up. */
static void eject_when_synthetic(VmNic *nic)
{
    if (nic->eject_due && vf_life_state(nic->life) == VF_EJECTING &&
        datapath_state(nic->dp) == DATAPATH_ON_SYNTHETIC) {
        nic->eject_due = false;
        nic_event(nic, "vf-eject", "i:vf", nic->vf, NULL);
        nic_eject(nic);
    }
}

static void life_eject(void *opaque)
{
    VmNic *nic = opaque;

    nic->eject_due = true;
    datapath_withdraw(nic->dp);
    eject_when_synthetic(nic);
}

static void life_revoke(void *opaque)
{
    VmNic *nic = opaque;

    nic_event(nic, "vf-surprise-removal", "i:vf", nic->vf, NULL);
    datapath_revoke(nic->dp);
}

static void life_withdraw(void *opaque)
{
    nic_withdraw(opaque);
}

static void life_release(void *opaque)
{
    VmNic *nic = opaque;
    Host *host = nic->vm->host;
    int vf = nic->vf;

    if (datapath_on_vf(nic->dp)) {
        datapath_revoke(nic->dp);
    }
    nic->vf = -1;
    vf_link_clear(nic);
    ixgbe_adapter_port_ops.reset(nic->vf_port, true);
    ixgbe_adapter_detach(nic->vf_port);
    nic->vf_port = NULL;
    ixgbe_pf_driver_vf_free(host->pf, vf);
    if (nic->end[DATAPATH_VF] &&
        datapath_state(nic->dp) == DATAPATH_ON_SYNTHETIC) {
        link_end_close(nic->end[DATAPATH_VF], LINK_ERR_REVOKED,
                       "the host took the VF away");
    }
    nic_event(nic, "vf-freed", "i:vf", vf, NULL);
    host_retry_waiting(host);
}

static void life_changed(void *opaque, VfState from, VfState to)
{
    VmNic *nic = opaque;

    nic_event(nic, "vf-state", "s:from", vf_state_name(from), "s:to",
              vf_state_name(to), NULL);
    host_state_changed(nic->vm->host);
    vm_poke(nic->vm);
}

static gboolean life_timeout(gpointer opaque)
{
    VmNic *nic = opaque;

    nic->life_timer = 0;
    nic_event(nic, "vf-timeout", "s:state",
              vf_state_name(vf_life_state(nic->life)), NULL);
    vf_life_event(nic->life, VF_EV_TIMEOUT);
    return G_SOURCE_REMOVE;
}

static void life_timer(void *opaque, unsigned ms)
{
    VmNic *nic = opaque;

    g_clear_handle_id(&nic->life_timer, g_source_remove);
    if (ms) {
        nic->life_timer = g_timeout_add(ms, life_timeout, nic);
    }
}

static const VfLifeOps life_ops = {
    .grant = life_grant,
    .plug = life_plug,
    .eject = life_eject,
    .revoke = life_revoke,
    .withdraw = life_withdraw,
    .release = life_release,
    .changed = life_changed,
    .timer = life_timer,
};

void nic_update_wanted(VmNic *nic)
{
    bool want = nic->iov_weight > 0 && !nic->vm->detached;

    if (nic->iov_weight == 0) {
        nic_set_reason(nic, "WeightZero", "IovWeight is 0: no VF is asked for");
    } else if (nic->vm->detached) {
        nic_set_reason(nic, "Detached", "VFs are kept away for now");
    }
    if (want != vf_life_wanted(nic->life)) {
        vf_life_event(nic->life, want ? VF_EV_WANT : VF_EV_UNWANT);
    }
}

void nic_set_weight(VmNic *nic, unsigned weight)
{
    nic->iov_weight = weight;
    nic->vm->config.iov_weight[nic->index] = weight;
    nic_update_wanted(nic);
    host_state_changed(nic->vm->host);
}

/* --- the links --------------------------------------------------------- */

void nic_send_association(VmNic *nic, bool allocated)
{
    LinkHost *link = side_link(nic, DATAPATH_NIC);
    LinkNicVf vf = { .allocated = allocated };

    if (link) {
        wr_le32(&vf.serial, nic->serial);
        link_host_send(link, LINK_NIC_VF, &vf, sizeof(vf));
        nic_event(nic, "vf-association", "b:allocated", allocated,
                  "i:serial", (int)nic->serial, NULL);
    }
}

static void send_nic_config(VmNic *nic)
{
    LinkNicConfig config = { .link_up = 1 };

    memcpy(config.mac, nic->mac, sizeof(config.mac));
    wr_le32(&config.speed_mbps, LINK_SPEED_MBPS);
    wr_le16(&config.mtu, PORT_MTU);
    link_host_send(side_link(nic, DATAPATH_NIC), LINK_NIC_CONFIG, &config,
                   sizeof(config));
}

void nic_side_up(VmNic *nic, DatapathSide side, const LinkLast *last)
{
    uint32_t taken;

    nic_event(nic, side == DATAPATH_NIC ? "link-up" : "vf-link-up", NULL);
    if (side == DATAPATH_NIC) {
        taken = link_trim_taken(datapath_queue(nic->dp, DATAPATH_NIC),
                                nic->old_session, last);
        if (taken) {
            nic_event(nic, "frames-taken-before", "i:count", (int)taken, NULL);
        }
        send_nic_config(nic);
        if (nic->plugged_bus && nic->vf >= 0) {
            nic_send_association(nic, true);
        }
    } else {
        nic_send_vf_state(nic);
        vf_link_connected(nic);
    }
    datapath_up(nic->dp, side);
}

void nic_side_down(VmNic *nic, DatapathSide side, FrameQueue *untaken)
{
    nic_event(nic, side == DATAPATH_NIC ? "link-down" : "vf-link-down",
              "i:untaken", (int)untaken->count, NULL);
    datapath_down(nic->dp, side, untaken);
    if (side == DATAPATH_NIC) {
        nic->status_valid = false;
    }
}

bool nic_tx(VmNic *nic, DatapathSide side, Frame *frame)
{
    Host *host = nic->vm->host;

    if (side == DATAPATH_VF) {
        return !nic->vf_port ||
            ixgbe_adapter_port_tx(nic->vf_port, 0, frame);
    }
    if (!host_net_tx_room(host)) {
        return false;
    }
    if (nic->port) {
        vswitch_port_input(nic->port, frame);
    }
    return true;
}

void nic_runstate(VmNic *nic, bool running)
{
    Vm *vm = nic->vm;

    nic_event(nic, "link-runstate", "b:running", running, NULL);
    if (running && vm->in) {
        migrate_in_linked(vm->in, nic);
    } else if (vm->out) {
        migrate_out_runstate(vm->out, running);
    }
    vm_poke(vm);
}

static void handle_status(VmNic *nic, const LinkNicStatus *status)
{
    bool was_up = nic->status_valid && nic->status.connected;

    nic->status = *status;
    nic->status_valid = true;
    nic_refresh(nic);
    if (was_up != (bool)status->connected) {
        nic_event(nic, status->connected ? "guest-connected" :
                  "guest-disconnected", "b:sriov", status->sriov,
                  "i:nvsp_version", (int)rd_le32(&status->nvsp_version), NULL);
        if (!status->connected) {
            datapath_revoke(nic->dp);
        }
    }
    if (status->connected && status->sriov) {
        vf_life_event(nic->life, VF_EV_RETRY);
    }
    vm_poke(nic->vm);
}

static void handle_fault(VmNic *nic, const LinkVfFault *fault)
{
    g_autofree char *address = g_strdup_printf("0x%" PRIx64,
                                               rd_le64(&fault->address));
    uint32_t count = rd_le32(&fault->count);

    nic->faults += count;
    nic_event(nic, "iommu-fault", "i:rid", rd_le16(&fault->rid),
              "i:reason", fault->reason, "b:write", fault->kind & 1,
              "b:interrupt", (fault->kind >> 1) & 1, "s:address", address,
              "i:count", (int)MIN(count, G_MAXINT), NULL);
}

/* The VF's queues are active now: what hv-net holds back may go on there. */
static void handle_vf_settled(VmNic *nic)
{
    LinkHost *link = side_link(nic, DATAPATH_NIC);

    if (link) {
        link_host_send(link, LINK_NIC_VF_SETTLED, NULL, 0);
    }
}

static void handle_datapath(VmNic *nic, const LinkDatapath *request)
{
    nic_event(nic, "switch-data-path", "b:to_vf", request->to_vf != 0, NULL);
    datapath_request(nic->dp, request->to_vf != 0, rd_le64(&request->cookie));
}

static void handle_vf(VmNic *nic, LinkType type, const void *body)
{
    const LinkVfMbmem *mbmem = body;

    if (!nic->vf_port) {
        return;
    }
    switch (type) {
    case LINK_VF_RESET:
        ixgbe_adapter_port_ops.reset(nic->vf_port, rd_le32(body) != 0);
        break;
    case LINK_VF_MAILBOX:
        ixgbe_adapter_port_ops.mailbox(nic->vf_port, rd_le32(body));
        break;
    case LINK_VF_MBMEM:
        if (rd_le32(&mbmem->index) < IXGBE_MBX_DWORDS) {
            ixgbe_adapter_port_ops.mailbox_mem(nic->vf_port,
                                               rd_le32(&mbmem->index),
                                               rd_le32(&mbmem->value));
        }
        break;
    case LINK_VF_BUS_MASTER:
        ixgbe_adapter_port_ops.bus_master(nic->vf_port, rd_le32(body) != 0);
        break;
    default:
        break;
    }
}

void nic_message(VmNic *nic, LinkType type, const void *body, size_t len)
{
    switch (type) {
    case LINK_NIC_STATUS:
        handle_status(nic, body);
        break;
    case LINK_NIC_DATAPATH:
        handle_datapath(nic, body);
        break;
    case LINK_VF_STATS:
        memcpy(&nic->vf_stats, body, sizeof(nic->vf_stats));
        break;
    case LINK_VF_FAULT:
        handle_fault(nic, body);
        break;
    case LINK_VF_SETTLED:
        handle_vf_settled(nic);
        break;
    default:
        handle_vf(nic, type, body);
        break;
    }
}

/* --- words ------------------------------------------------------------- */

void nic_announce(VmNic *nic, bool guest_too)
{
    LinkHost *link = side_link(nic, DATAPATH_NIC);
    Frame *frame = vswitch_announcement(nic->mac, 0);

    if (link && guest_too) {
        link_host_send(link, LINK_NIC_ANNOUNCE, NULL, 0);
    }
    if (frame) {
        vswitch_port_input(nic->port, frame);
        frame_unref(frame);
    }
    host_net_settle(nic->vm->host);
    nic_event(nic, "announced", NULL);
}

void nic_set_reason(VmNic *nic, const char *code, const char *fmt, ...)
{
    bool same = g_str_equal(code, nic->reason);
    va_list ap;

    g_free(nic->reason_text);
    va_start(ap, fmt);
    nic->reason_text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    nic->reason = code;
    if (!same && *code && nic->iov_weight && !nic->vm->detached) {
        nic_event(nic, "no-vf", "s:reason", code, "s:text", nic->reason_text,
                  NULL);
    }
}

const char *nic_path_name(const VmNic *nic)
{
    return datapath_on_vf(nic->dp) ? "vf" : "synthetic";
}

char *nic_status_text(const VmNic *nic, const char **status)
{
    VfState state = vf_life_state(nic->life);

    *status = "OK";
    if (nic->iov_weight == 0) {
        return g_strdup("OK");
    }
    if (state == VF_ACTIVE) {
        return g_strdup("OK (SR-IOV active)");
    }
    *status = "Degraded";
    if (state == VF_WAITING || state == VF_SYNTHETIC) {
        return g_strdup_printf("SR-IOV not operational: %s",
                               nic->reason_text);
    }
    if (state == VF_PRESENT) {
        return g_strdup("SR-IOV not operational: the guest has not moved its "
                        "traffic to the VF");
    }
    return g_strdup_printf("SR-IOV: %s", vf_state_name(state));
}

/* --- making and unmaking ----------------------------------------------- */

void nic_adopt(VmNic *nic, JsonObject *saved)
{
    Host *host = nic->vm->host;
    int64_t vf = json_int(saved, "vf", -1);
    bool on_vf = json_bool(saved, "on-vf", false);

    nic->serial = json_int(saved, "serial", 0);
    nic->plugged_chardev = json_bool(saved, "chardev", false);
    nic->plugged_bus = json_bool(saved, "bus", false);
    nic->plugged_vf = json_bool(saved, "function", false);
    if (vf < 0 || !nic->plugged_vf) {
        if (nic->plugged_bus) {
            nic_withdraw(nic);
        }
        return;
    }
    if (vf >= (int64_t)ixgbe_pf_driver_num_vfs(host->pf) ||
        !ixgbe_pf_driver_vf_assign_number(host->pf, vf) ||
        !take_vf(nic, vf)) {
        nic_withdraw(nic);
        return;
    }
    vf_life_adopt(nic->life, on_vf ? VF_ACTIVE : VF_PRESENT, true);
    if (on_vf) {
        datapath_adopt_vf(nic->dp);
    }
}

VmNic *nic_new(Vm *vm, unsigned index, const uint8_t mac[6])
{
    VmNic *nic = g_new0(VmNic, 1);

    nic->vm = vm;
    nic->index = index;
    memcpy(nic->mac, mac, sizeof(nic->mac));
    nic->vf = -1;
    vf_link_clear(nic);
    nic->queue_pairs = 1;
    nic->reason = "";
    nic->reason_text = g_strdup("");
    nic->iov_weight = vm->config.iov_weight[index];
    nic->dp = datapath_new(&dp_ops, nic);
    nic->life = vf_life_new(&life_ops, nic);
    vf_life_set_eject_limit(nic->life, vm->host->config.eject_limit_ms);
    return nic;
}

void nic_free(VmNic *nic)
{
    for (int side = 0; side < DATAPATH_SIDES; side++) {
        if (nic->end[side]) {
            link_end_close(nic->end[side], LINK_ERR_UNKNOWN, "the VM is gone");
        }
    }
    if (vf_life_has_vf(nic->life) && nic->vf_port) {
        life_release(nic);
    }
    nic_disconnect(nic);
    dp_timer(nic, 0);
    life_timer(nic, 0);
    vf_link_clear(nic);
    vf_life_free(nic->life);
    datapath_free(nic->dp);
    g_free(nic->reason_text);
    g_free(nic);
}
