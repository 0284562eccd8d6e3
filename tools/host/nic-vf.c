/*
 * The VF of a VM's network adapter: its port at the physical adapter, and
 * what its life (sim/host/vf-life.h) asks for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/jsonline.h"

#include <string.h>

/* --- the VF's port at the adapter -------------------------------------- */

static IxgbeRxResult vf_rx(void *opaque, Frame *frame, const IxgbeRxMeta *meta)
{
    VmNic *nic = opaque;
    IxgbeRxMeta own = *meta;

    /* The VF has the queue pairs that its adapter was given, not the pool's. */
    own.queue &= nic->queue_pairs - 1;
    datapath_arrive(nic->dp, DATAPATH_VF, frame, &own);
    return IXGBE_RX_DONE;
}

static void vf_tx_room(void *opaque)
{
    LinkHost *link = nic_link(opaque, DATAPATH_VF);

    if (link) {
        link_host_tx_room(link);
    }
}

void nic_send_vf_state(VmNic *nic)
{
    LinkHost *link = nic_link(nic, DATAPATH_VF);
    LinkVfState state = {
        .rx_enable = nic->vf_state.rx_enable,
        .tx_enable = nic->vf_state.tx_enable,
        .pf_reset_done = nic->vf_state.pf_reset_done,
        .tx_vlan_insert = nic->vf_state.tx_vlan_insert,
        .tx_pad = nic->vf_state.tx_rules.pad,
        .rx_flags = nic->vf_state.rx_flags,
        .moderation = nic->config->moderation,
    };

    if (!link || nic->vf < 0) {
        return;
    }
    ixgbe_pf_driver_vf_mac(nic->adapter->pf, nic->vf, state.mac);
    wr_le32(&state.links, vf_link_register(nic));
    wr_le32(&state.vfmailbox, nic->vf_state.vfmailbox);
    wr_le16(&state.vlan_type, nic->vf_state.vlan_type);
    wr_le16(&state.outer_type, nic->vf_state.outer_type);
    wr_le16(&state.tx_tcp_first, nic->vf_state.tx_rules.tcp_first);
    wr_le16(&state.tx_tcp_middle, nic->vf_state.tx_rules.tcp_middle);
    wr_le16(&state.tx_tcp_last, nic->vf_state.tx_rules.tcp_last);
    wr_le16(&state.tx_vlan_type, nic->vf_state.tx_rules.vlan_type);
    wr_le16(&state.tx_outer_type, nic->vf_state.tx_rules.outer_type);
    for (int i = 0; i < IXGBE_MBX_DWORDS; i++) {
        wr_le32(&state.mbmem[i], nic->vf_state.mbmem[i]);
    }
    link_host_send(link, LINK_VF_STATE, &state, sizeof(state));
}

static void vf_state(void *opaque, const IxgbePortState *state)
{
    VmNic *nic = opaque;
    uint32_t before = nic->vf_state.links;

    nic->vf_state = *state;
    vf_link_changed(nic, before);
    nic_send_vf_state(nic);
}

static const IxgbeAdapterPortOps vf_port_ops = {
    .rx = vf_rx,
    .tx_room = vf_tx_room,
    .state = vf_state,
};

/* --- life's operations that need no QEMU ------------------------------- */

unsigned nic_vf_number(const VmNic *nic)
{
    return nic->adapter->number * IXGBE_POOLS + nic->vf;
}

unsigned nic_pairs_to_assign(const VmNic *nic, const Adapter *adapter)
{
    unsigned pairs = MIN(nic->config->queue_pairs,
                         MAX(adapter_queues_per_vf(adapter), 1));

    /* RSS spreads over a power of two (82599 datasheet 7.10.3.2, RQPL). */
    return pairs >= 4 ? 4 : pairs >= 2 ? 2 : 1;
}

static bool take_vf(VmNic *nic, Adapter *adapter, int vf)
{
    nic->adapter = adapter;
    nic->vf = vf;
    nic->queue_pairs = nic_pairs_to_assign(nic, adapter);
    memset(&nic->vf_stats, 0, sizeof(nic->vf_stats));
    nic->vf_port = ixgbe_adapter_attach(adapter->hw, vf, &vf_port_ops, nic);
    if (!nic->vf_port) {
        nic->vf = -1;
        vf_link_clear(nic);
        nic->adapter = NULL;
        ixgbe_pf_driver_vf_free(adapter->pf, vf);
        return false;
    }
    ixgbe_pf_driver_vf_set_mac(adapter->pf, vf, nic->config->mac);
    ixgbe_pf_driver_vf_set_queues(adapter->pf, vf, nic->queue_pairs);
    nic_policy_vf(nic);
    ixgbe_pf_driver_vf_enable(adapter->pf, vf, true);
    return true;
}

static bool life_grant(void *opaque)
{
    VmNic *nic = opaque;
    g_autoptr(ReasonList) reasons = nic_reasons(nic);
    Adapter *adapter = nic_adapter(nic);
    int vf;

    if (reasons->len || !adapter) {
        nic_note_reasons(nic, reasons);
        return false;
    }
    vf = ixgbe_pf_driver_vf_assign(adapter->pf);
    if (vf < 0 || !take_vf(nic, adapter, vf)) {
        reasons_add(reasons, REASON_NO_FREE_VF, "no VF could be allocated");
        nic_note_reasons(nic, reasons);
        return false;
    }
    nic->serial = nic->vm->next_serial++;
    nic->eject_due = false;
    nic->vf_faults = 0;
    g_clear_pointer(&nic->plug_error, g_free);
    datapath_allow(nic->dp);
    nic_note_reasons(nic, reasons);
    nic_event(nic, "vf-assigned", "s:adapter", adapter->name, "i:vf", vf,
              "i:serial", (int)nic->serial, "i:rid",
              adapter_vf_rid(adapter, vf), "i:queue_pairs",
              (int)nic->queue_pairs, NULL);
    return true;
}

static void life_plug(void *opaque)
{
    nic_plug(opaque);
}

/* What the guest receives has left the VF: it may be asked to give it up. */
void nic_eject_when_synthetic(VmNic *nic)
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

    /*
     * The guest's next request would wait behind what is held, with the lock
     * that the eject needs: a VF on its way out settles no more.
     */
    vf_link_withdraw(nic);
    nic->eject_due = true;
    datapath_withdraw(nic->dp);
    nic_eject_when_synthetic(nic);
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
    Adapter *adapter = nic->adapter;
    int vf = nic->vf;

    if (datapath_on_vf(nic->dp)) {
        datapath_revoke(nic->dp);
    }
    nic->vf = -1;
    nic->vf_driven = false;
    vf_link_clear(nic);
    ixgbe_adapter_port_ops.reset(nic->vf_port, true);
    ixgbe_adapter_detach(nic->vf_port);
    nic->vf_port = NULL;
    nic->adapter = NULL;
    ixgbe_pf_driver_vf_free(adapter->pf, vf);
    if (nic->end[DATAPATH_VF] &&
        datapath_state(nic->dp) == DATAPATH_ON_SYNTHETIC) {
        link_end_close(nic->end[DATAPATH_VF], LINK_ERR_REVOKED,
                       "the host took the VF away");
    }
    nic_event(nic, "vf-freed", "s:adapter", adapter->name, "i:vf", vf, NULL);
    adapter_vf_released(adapter);
    host_retry_waiting(host);
}

static void life_changed(void *opaque, VfState from, VfState to)
{
    VmNic *nic = opaque;

    nic_event(nic, "vf-state", "s:from", vf_state_name(from), "s:to",
              vf_state_name(to), NULL);
    host_state_changed(nic->vm->host);
    nic_vf_gone(nic);
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

const VfLifeOps nic_life_ops = {
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
    Adapter *adapter = nic_adapter(nic);
    bool want = nic->config->iov_weight > 0 && !nic->vm->detached &&
        !nic->reconnecting && !nic->leaving && !nic->misbehaved &&
        nic->vm->state != VM_OFF;

    if (adapter && adapter->restarting && nic->adapter == adapter) {
        want = false;
    }
    if (!want && nic->vm->state != VM_OFF) {
        g_autoptr(ReasonList) reasons = nic_reasons(nic);

        nic_note_reasons(nic, reasons);
    }
    if (want != vf_life_wanted(nic->life)) {
        vf_life_event(nic->life, want ? VF_EV_WANT : VF_EV_UNWANT);
    }
}

/* --- after a restart of the host process -------------------------------- */

void nic_adopt(VmNic *nic, JsonObject *saved)
{
    Adapter *adapter = adapter_find(nic->vm->host,
                                    json_str(saved, "adapter", ""));
    int64_t vf = json_int(saved, "vf", -1);
    bool on_vf = json_bool(saved, "on-vf", false);

    nic->serial = json_int(saved, "serial", 0);
    nic->plugged_chardev = json_bool(saved, "chardev", false);
    nic->chardev_serial = json_int(saved, "chardev-serial", nic->serial);
    nic->plugged_bus = json_bool(saved, "bus", false);
    nic->plugged_vf = json_bool(saved, "function", false);
    if (vf < 0 || !nic->plugged_vf) {
        if (nic->plugged_bus) {
            nic_withdraw(nic);
        }
        return;
    }
    if (!adapter || adapter != nic_adapter(nic) ||
        vf >= (int64_t)ixgbe_pf_driver_num_vfs(adapter->pf) ||
        !ixgbe_pf_driver_vf_assign_number(adapter->pf, vf) ||
        !take_vf(nic, adapter, vf)) {
        nic_withdraw(nic);
        return;
    }
    vf_life_adopt(nic->life, on_vf ? VF_ACTIVE : VF_PRESENT, true);
    if (on_vf) {
        nic->vf_driven = true;
        datapath_adopt_vf(nic->dp);
    }
}
