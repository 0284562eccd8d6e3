/*
 * One network adapter of a VM: its switch port, its data path, the links to
 * its devices.
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

    memcpy(config.mac, nic->config->mac, sizeof(config.mac));
    /* Until a migrated guest has said what it listens to: everything. */
    config.filter = nic->vm->in || !nic->status_valid ? ALL_FILTERS :
        GUINT32_FROM_LE(nic->status.packet_filter);
    nic_policy_config(nic, &config);
    if (nic->port) {
        vswitch_port_configure(nic->port, &config);
    } else {
        g_autofree char *name = g_strdup_printf("%s.%u", nic->vm->config.name,
                                                nic->index);

        nic->port = vswitch_port_new(nic->sw->vswitch, name, &config,
                                     &port_ops, nic);
    }
    nic_policy_port(nic);
}

Adapter *nic_adapter(const VmNic *nic)
{
    return nic->sw ? nic->sw->adapter : NULL;
}

/* The switch that it should be on; NULL: none. */
static Switch *wanted_switch(const VmNic *nic)
{
    return nic->config->connected ?
        switch_find(nic->vm->host, nic->config->switch_name) : NULL;
}

static bool port_make(VmNic *nic)
{
    nic->sw = wanted_switch(nic);
    if (!nic->sw) {
        return true;
    }
    port_configure(nic);
    return !nic_adapter(nic) ||
        ixgbe_pf_driver_filter(nic_adapter(nic)->pf, nic->config->mac,
                               IXGBE_PF_DEFAULT_POOL);
}

static void port_remove(VmNic *nic)
{
    if (nic->sw && nic_adapter(nic)) {
        ixgbe_pf_driver_filter_remove(nic_adapter(nic)->pf, nic->config->mac);
    }
    g_clear_pointer(&nic->port, vswitch_port_free);
    if (nic->sw) {
        switch_update_vlans(nic->sw);
    }
    nic->sw = NULL;
}

bool nic_connect(VmNic *nic)
{
    if (nic->connected) {
        return true;
    }
    nic->connected = true;
    return port_make(nic);
}

void nic_refresh(VmNic *nic)
{
    if (nic->port) {
        port_configure(nic);
    }
}

void nic_disconnect(VmNic *nic)
{
    if (nic->connected) {
        host_net_settle(nic->vm->host);
        nic->connected = false;
        port_remove(nic);
    }
}

static void move_port(VmNic *nic)
{
    nic->reconnecting = false;
    host_net_settle(nic->vm->host);
    port_remove(nic);
    port_make(nic);
    nic_send_config(nic);
    if (nic->sw) {
        nic_announce(nic, false);
    }
    nic_event(nic, "nic-connected", "s:switch", nic->sw ? nic->sw->name : "",
              NULL);
    nic_update_wanted(nic);
}

bool nic_reconnect(VmNic *nic, PropError *error)
{
    if (nic->vm->in || nic->vm->out || nic->vm->save) {
        return prop_fail(error, ERR_BUSY, "VM '%s' is being moved or saved",
                         nic->vm->config.name);
    }
    if (!nic->connected || wanted_switch(nic) == nic->sw) {
        return true;
    }
    if (vf_life_has_vf(nic->life)) {
        /* The VF is the old adapter's: it goes first. */
        nic->reconnecting = true;
        nic_update_wanted(nic);
    } else {
        move_port(nic);
    }
    return true;
}

static gboolean move_idle(gpointer opaque)
{
    VmNic *nic = opaque;

    nic->move_idle = 0;
    if (nic->reconnecting && !vf_life_has_vf(nic->life) &&
        datapath_state(nic->dp) == DATAPATH_ON_SYNTHETIC) {
        move_port(nic);
    }
    return G_SOURCE_REMOVE;
}

/* Not from within what the data path or the VF's life is doing. */
void nic_vf_gone(VmNic *nic)
{
    if (nic->reconnecting && !nic->move_idle) {
        nic->move_idle = g_idle_add(move_idle, nic);
    }
}

/* --- the data path's operations ---------------------------------------- */

LinkHost *nic_link(VmNic *nic, DatapathSide side)
{
    return nic->end[side] ? link_end_link(nic->end[side]) : NULL;
}

static bool dp_send(void *opaque, DatapathSide side, Frame *frame,
                    const IxgbeRxMeta *meta)
{
    LinkHost *link = nic_link(opaque, side);

    return link && link_host_send_frame(link, frame, meta);
}

static bool dp_drain(void *opaque, DatapathSide side)
{
    LinkHost *link = nic_link(opaque, side);

    return link && link_host_drain(link);
}

static bool dp_recall(void *opaque, DatapathSide side)
{
    LinkHost *link = nic_link(opaque, side);

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
    Adapter *adapter = nic_adapter(nic);

    if (to_vf && (nic->vf < 0 || nic->adapter != adapter)) {
        return false;
    }
    /* What was classified before the move arrives before it. */
    host_net_settle(nic->vm->host);
    return !nic->connected || !adapter ||
        ixgbe_pf_driver_filter(adapter->pf, nic->config->mac,
                               to_vf ? nic->vf : IXGBE_PF_DEFAULT_POOL);
}

static void dp_done(void *opaque, uint64_t cookie, bool on_vf)
{
    LinkHost *link = nic_link(opaque, DATAPATH_NIC);
    LinkDatapath done = { .cookie = GUINT64_TO_LE(cookie), .to_vf = on_vf };

    if (link) {
        link_host_send(link, LINK_NIC_DATAPATH_DONE, &done, sizeof(done));
    }
    vf_link_switched(opaque, on_vf);
}

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
        nic_eject_when_synthetic(nic);
        /* A VF that was taken stays connected until its frames are back. */
        if (nic->end[DATAPATH_VF] && !vf_life_has_vf(nic->life)) {
            link_end_close(nic->end[DATAPATH_VF], LINK_ERR_REVOKED,
                           "the host took the VF away");
        }
        nic_vf_gone(nic);
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

/* --- the links --------------------------------------------------------- */

void nic_send_association(VmNic *nic, bool allocated)
{
    LinkHost *link = nic_link(nic, DATAPATH_NIC);
    LinkNicVf vf = {
        .allocated = allocated,
        .queues = allocated ? nic->queue_pairs : 0,
    };

    if (link) {
        wr_le32(&vf.serial, nic->serial);
        link_host_send(link, LINK_NIC_VF, &vf, sizeof(vf));
        nic_event(nic, "vf-association", "b:allocated", allocated,
                  "i:serial", (int)nic->serial, NULL);
    }
}

void nic_send_config(VmNic *nic)
{
    LinkNicConfig config = {
        .link_up = nic->config->connected && nic_policy_link_up(nic),
        .mac_spoofing = nic->config->port.mac_spoofing ||
            nic->config->port.allow_teaming,
        .rsc = nic->config->rsc && (!nic->sw || nic->sw->config.rsc),
    };
    LinkHost *link = nic_link(nic, DATAPATH_NIC);

    if (!link) {
        return;
    }
    memcpy(config.mac, nic->config->mac, sizeof(config.mac));
    wr_le32(&config.speed_mbps, LINK_SPEED_MBPS);
    wr_le16(&config.mtu, PORT_MTU);
    link_host_send(link, LINK_NIC_CONFIG, &config, sizeof(config));
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
        nic_send_config(nic);
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
    if (side == DATAPATH_VF) {
        if (nic->vf_port && !ixgbe_adapter_port_tx(nic->vf_port, 0, frame,
                                                   NULL)) {
            return false;
        }
        nic->received[side]++;
        return true;
    }
    if ((nic->sw && !switch_tx_room(nic->sw)) || !nic_policy_may_send(nic)) {
        return false;
    }
    nic->received[side]++;
    if (nic->port) {
        vswitch_port_input(nic->port, frame);
    }
    return true;
}

void nic_tx_last(VmNic *nic, DatapathSide side, Frame *frame)
{
    if (side == DATAPATH_VF) {
        nic_tx(nic, side, frame);
        return;
    }
    nic->received[side]++;
    if (nic->port) {
        vswitch_port_input_last(nic->port, frame);
    }
}

void nic_runstate(VmNic *nic, bool running)
{
    Vm *vm = nic->vm;
    LinkHost *link = nic_link(nic, DATAPATH_NIC);

    nic_event(nic, "link-runstate", "b:running", running, NULL);
    if (!running && vm->out && link) {
        link_host_tx_last(link);
    }
    if (running && vm->in) {
        migrate_in_linked(vm->in, nic);
    } else if (vm->out) {
        migrate_out_runstate(vm->out, running);
    }
    vm_poke(vm);
}

/*
 * The traffic stays on a VF that the guest drives while its netvsc closes the
 * channel and opens it again (another MTU, other channels): Linux does not ask
 * for the VF a second time.  It moves when nobody drives the VF.
 */
static void revoke_undriven(VmNic *nic)
{
    if (!nic->vf_driven) {
        datapath_revoke(nic->dp);
    }
}

static void set_vf_driven(VmNic *nic, bool driven)
{
    nic->vf_driven = driven;
    if (!nic->status.connected) {
        revoke_undriven(nic);
    }
}

static void handle_vf_reset(VmNic *nic, bool flr)
{
    ixgbe_adapter_port_ops.reset(nic->vf_port, flr);
    if (flr || !nic->status.connected) {
        set_vf_driven(nic, false);
    }
}

static void handle_vf_bus_master(VmNic *nic, bool on)
{
    ixgbe_adapter_port_ops.bus_master(nic->vf_port, on);
    set_vf_driven(nic, on);
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
        revoke_undriven(nic);
    }
    if (status->connected && status->sriov) {
        vf_life_event(nic->life, VF_EV_RETRY);
    }
    vm_poke(nic->vm);
}

/* One or two may be a driver's slip; a VF with this many has lost its way. */
#define VF_FAULT_LIMIT 32

static void handle_fault(VmNic *nic, const LinkVfFault *fault)
{
    g_autofree char *address = g_strdup_printf("0x%" PRIx64,
                                               rd_le64(&fault->address));
    uint32_t count = rd_le32(&fault->count);

    nic->faults += count;
    nic->vf_faults += count;
    nic_event(nic, "iommu-fault", "i:rid", rd_le16(&fault->rid),
              "i:reason", fault->reason, "b:write", fault->kind & 1,
              "b:interrupt", (fault->kind >> 1) & 1, "s:address", address,
              "i:count", (int)MIN(count, G_MAXINT), NULL);
    if (nic->vf_faults >= VF_FAULT_LIMIT && !nic->misbehaved &&
        vf_life_has_vf(nic->life)) {
        nic->misbehaved = true;
        nic_event(nic, "vf-misbehaved", "i:faults",
                  (int)MIN(nic->vf_faults, G_MAXINT), NULL);
        nic_update_wanted(nic);
        vf_life_event(nic->life, VF_EV_REVOKE);
    }
}

/* The VF's queues are active now: what hv-net holds back may go on there. */
void nic_send_vf_settled(VmNic *nic)
{
    LinkHost *link = nic_link(nic, DATAPATH_NIC);

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
        handle_vf_reset(nic, rd_le32(body) != 0);
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
        handle_vf_bus_master(nic, rd_le32(body) != 0);
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
    case LINK_NIC_HELD:
        vf_link_held(nic);
        break;
    case LINK_VF_STATS:
        memcpy(&nic->vf_stats, body, sizeof(nic->vf_stats));
        break;
    case LINK_VF_FAULT:
        handle_fault(nic, body);
        break;
    case LINK_VF_SETTLED:
        nic_event(nic, "vf-settled", NULL);
        nic_send_vf_settled(nic);
        break;
    default:
        handle_vf(nic, type, body);
        break;
    }
}

/* --- words ------------------------------------------------------------- */

void nic_announce(VmNic *nic, bool guest_too)
{
    LinkHost *link = nic_link(nic, DATAPATH_NIC);
    Frame *frame = vswitch_announcement(nic->config->mac, 0);

    if (link && guest_too) {
        link_host_send(link, LINK_NIC_ANNOUNCE, NULL, 0);
    }
    if (frame && nic->port) {
        /* Neither a limit nor an ACL keeps the switches from learning. */
        vswitch_port_announce(nic->port, frame);
    }
    if (frame) {
        frame_unref(frame);
    }
    host_net_settle(nic->vm->host);
    nic_event(nic, "announced", NULL);
}

const char *nic_path_name(const VmNic *nic)
{
    return datapath_on_vf(nic->dp) ? "vf" : "synthetic";
}

/* --- making and unmaking ----------------------------------------------- */

VmNic *nic_new(Vm *vm, unsigned index)
{
    VmNic *nic = g_new0(VmNic, 1);

    nic->vm = vm;
    nic->index = index;
    nic->id = ++vm->host->next_nic;
    nic->config = &vm->config.nic[index];
    nic->vf = -1;
    vf_link_clear(nic);
    nic->queue_pairs = 1;
    nic->reason = "";
    nic->reason_text = g_strdup("");
    nic->dp = datapath_new(&dp_ops, nic);
    nic->life = vf_life_new(&nic_life_ops, nic);
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
        nic_life_ops.release(nic);
    }
    nic_disconnect(nic);
    dp_timer(nic, 0);
    g_clear_handle_id(&nic->life_timer, g_source_remove);
    g_clear_handle_id(&nic->move_idle, g_source_remove);
    g_clear_handle_id(&nic->send_timer, g_source_remove);
    g_clear_handle_id(&nic->remove_timer, g_source_remove);
    port_settings_clear(&nic->settings);
    vf_link_clear(nic);
    vf_life_free(nic->life);
    datapath_free(nic->dp);
    if (nic->remove_request) {
        control_fail(nic->remove_request, ERR_FAILED, "the VM ended");
    }
    g_free(nic->reason_text);
    g_free(nic->plug_error);
    g_free(nic);
}
