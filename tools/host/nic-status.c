/*
 * Why a VM's network adapter has no VF, in codes and in words.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

static void version_reason(const VmNic *nic, ReasonList *list)
{
    if (nic->other_version) {
        reasons_add(list, REASON_LINK_VERSION, "the VM's QEMU speaks version "
                    "%u of the link protocol, the host version %u: there is "
                    "no traffic at all", nic->other_version, LINK_VERSION);
    }
}

static void guest_reasons(const VmNic *nic, ReasonList *list)
{
    if (nic->vm->state != VM_RUNNING || !nic->vm->qmp) {
        reasons_add(list, REASON_VM_NOT_RUNNING, NULL);
    } else if (nic->other_version) {
        return;
    } else if (!nic->status_valid || !nic->status.connected) {
        reasons_add(list, REASON_GUEST_NOT_CONNECTED, NULL);
    } else if (!nic->status.sriov) {
        reasons_add(list, REASON_GUEST_NOT_CAPABLE, NULL);
    }
}

/* The switch that it is on, or will be when its VM runs. */
static Switch *switch_of(const VmNic *nic)
{
    return nic->sw || !nic->config->connected ? nic->sw :
        switch_find(nic->vm->host, nic->config->switch_name);
}

static void switch_and_adapter(const VmNic *nic, ReasonList *list)
{
    Switch *sw = switch_of(nic);

    if (!sw) {
        reasons_add(list, REASON_NO_SWITCH, NULL);
    } else {
        g_autoptr(ReasonList) of_switch = switch_reasons(sw);

        reasons_append(list, of_switch);
    }
}

/* What passes by itself comes last. */
ReasonList *nic_reasons(const VmNic *nic)
{
    ReasonList *list = reasons_new();
    Adapter *adapter = nic_adapter(nic);
    bool going = nic->plugged_bus || nic->removing_chardev;

    version_reason(nic, list);
    if (!nic->config->iov_weight) {
        reasons_add(list, REASON_WEIGHT_ZERO, NULL);
        return list;
    }
    if (nic->misbehaved) {
        reasons_add(list, REASON_VF_MISBEHAVED, NULL);
    }
    switch_and_adapter(nic, list);
    port_settings_reasons(&nic->config->port, list);
    if (nic->vf < 0 && adapter && !list->len &&
        !ixgbe_pf_driver_vfs_free(adapter->pf)) {
        reasons_add(list, REASON_NO_FREE_VF, "all %u VFs of host %s are in "
                    "use", ixgbe_pf_driver_num_vfs(adapter->pf),
                    nic->vm->host->name);
    }
    if (nic->vm->detached) {
        reasons_add(list, REASON_DETACHED, NULL);
    }
    if (nic->plug_error && host_now_ms() < nic->plug_after_ms) {
        reasons_add(list, REASON_PLUG_FAILED, "the VF could not be added: %s",
                    nic->plug_error);
    } else if (nic->vf < 0 && going) {
        reasons_add(list, REASON_VF_BEING_REMOVED, NULL);
    }
    guest_reasons(nic, list);
    return list;
}

void nic_note_reasons(VmNic *nic, const ReasonList *reasons)
{
    const Reason *first = reasons->len ? reasons->pdata[0] : NULL;
    const char *code = first ? reason_rows[first->code].code : "";
    bool same = g_str_equal(code, nic->reason);

    g_free(nic->reason_text);
    nic->reason_text = reasons_text(reasons);
    nic->reason = code;
    if (!same && first && nic->config->iov_weight && !nic->vm->detached) {
        nic_event(nic, "no-vf", "s:reason", code, "s:text", nic->reason_text,
                  NULL);
    }
}

char *nic_status_text(const VmNic *nic, const char **status)
{
    VfState state = vf_life_state(nic->life);
    g_autoptr(ReasonList) reasons = NULL;
    g_autofree char *text = NULL;

    if (nic->other_version) {
        *status = "Error";
        reasons = reasons_new();
        version_reason(nic, reasons);
        return reasons_text(reasons);
    }
    *status = "OK";
    if (nic->config->iov_weight == 0 || nic->vm->state == VM_OFF) {
        return g_strdup("OK");
    }
    if (state == VF_ACTIVE) {
        return g_strdup("OK (SR-IOV active)");
    }
    *status = "Degraded";
    if (state == VF_WAITING || state == VF_SYNTHETIC) {
        reasons = nic_reasons(nic);
        text = reasons_text(reasons);
        return g_strdup_printf("SR-IOV not operational: %s", text);
    }
    if (state == VF_PRESENT) {
        return g_strdup("SR-IOV not operational: the guest has not moved its "
                        "traffic to the VF");
    }
    return g_strdup_printf("SR-IOV: %s", vf_state_name(state));
}
