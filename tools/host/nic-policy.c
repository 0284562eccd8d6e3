/*
 * Policies of a VM's network adapter.
 *
 * The software switch enforces each of them.  What a VF enforces by itself goes
 * to it through the PF driver: port VLAN, anti-spoofing, rate.  For the rest
 * the adapter has a reason to have no VF (nic-status.c): it is taken away as
 * for IovWeight 0, and given again when the policy goes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/nic-policy.h"

#include <string.h>

#define MBIT 1000000

const char *const nic_policy_on_off[] = { "Off", "On", NULL };
const char *const nic_policy_mirrors[] = {
    "None", "Source", "Destination", NULL,
};

/* --- values ---------------------------------------------------------------- */

bool nic_policy_check_vlan(const void *config, JsonNode *value,
                           PropError *error)
{
    g_autofree char *why = NULL;
    PortVlan vlan;

    return port_vlan_parse(json_node_get_string(value), &vlan, &why) ||
        prop_fail(error, ERR_BAD_ARGUMENT, "Vlan: %s", why);
}

bool nic_policy_check_acls(const void *config, JsonNode *value,
                           PropError *error)
{
    g_autofree VswitchAcl *acls = NULL;
    g_autofree char *why = NULL;
    unsigned count;

    return port_acls_parse(json_node_get_string(value), &acls, &count, &why) ||
        prop_fail(error, ERR_BAD_ARGUMENT, "Acls: %s", why);
}

bool nic_policy_check_bandwidth(const void *config, JsonNode *value,
                                PropError *error)
{
    return json_node_get_int(value) % 8 == 0 ||
        prop_fail(error, ERR_BAD_ARGUMENT,
                  "MaximumBandwidth is in bits a second, a multiple of 8");
}

/* --- the port ---------------------------------------------------------------- */

/* The other adapters of the VM that may be in a team with this one. */
static void team_config(const VmNic *nic, VswitchPortConfig *config)
{
    VM_FOR_EACH_NIC(nic->vm, other) {
        if (other != nic && other->config->port.allow_teaming &&
            config->n_team < VSWITCH_TEAM_MAX) {
            memcpy(config->team[config->n_team++], other->config->mac, 6);
        }
    }
}

void nic_policy_config(VmNic *nic, VswitchPortConfig *config)
{
    const PortProps *props = &nic->config->port;

    port_settings_clear(&nic->settings);
    port_settings_make(props, &nic->settings);
    port_settings_config(props, &nic->settings, config);
    if (props->allow_teaming) {
        team_config(nic, config);
    }
}

void nic_policy_port(VmNic *nic)
{
    vswitch_port_set_policy(nic->port, &nic->settings.policy);
    switch_update_vlans(nic->sw);
}

bool nic_policy_link_up(const VmNic *nic)
{
    const Adapter *adapter = nic_adapter(nic);

    return !nic->config->port.allow_teaming || !adapter ||
        ixgbe_pf_driver_link_up(adapter->pf);
}

/* --- the VF ------------------------------------------------------------------ */

void nic_policy_vf(VmNic *nic)
{
    const PortProps *props = &nic->config->port;
    IxgbePfDriver *pf = nic->adapter->pf;
    PortVlan vlan = { 0 };
    g_autofree char *error = NULL;
    IxgbePfVfInfo info;

    port_vlan_parse(props->vlan, &vlan, &error);
    ixgbe_pf_driver_vf_info(pf, nic->vf, &info);
    if (vlan.mode == PORT_VLAN_ACCESS ? info.vid != vlan.vid : info.vid != 0) {
        ixgbe_pf_driver_vf_set_vlan(pf, nic->vf, vlan.mode == PORT_VLAN_ACCESS
                                    ? vlan.vid : 0, 0);
    }
    ixgbe_pf_driver_vf_set_spoof_check(pf, nic->vf, !props->mac_spoofing);
    ixgbe_pf_driver_vf_set_rate(pf, nic->vf, props->maximum_bandwidth / MBIT);
}

static bool policy_forbids(const VmNic *nic)
{
    g_autoptr(ReasonList) reasons = reasons_new();

    port_settings_reasons(&nic->config->port, reasons);
    return reasons->len > 0;
}

bool nic_policy_apply(void *object, PropError *error)
{
    VmNic *nic = object;

    VM_FOR_EACH_NIC(nic->vm, other) {
        nic_refresh(other);
    }
    if (nic->vf >= 0) {
        nic_policy_vf(nic);
    }
    nic_send_config(nic);
    nic_update_wanted(nic);
    if (vf_life_has_vf(nic->life) && vf_life_wanted(nic->life) &&
        policy_forbids(nic)) {
        /* It goes, and the adapter waits for one until the policy goes. */
        vf_life_event(nic->life, VF_EV_UNWANT);
        vf_life_event(nic->life, VF_EV_WANT);
    }
    host_retry_waiting(nic->vm->host);
    host_state_changed(nic->vm->host);
    return true;
}

/* --- what the VM may send -------------------------------------------------- */

static gboolean send_again(gpointer opaque)
{
    VmNic *nic = opaque;
    LinkHost *link = nic_link(nic, DATAPATH_NIC);

    nic->send_timer = 0;
    if (link) {
        link_host_tx_room(link);
    }
    return G_SOURCE_REMOVE;
}

bool nic_policy_may_send(VmNic *nic)
{
    uint64_t wait = nic->port ? vswitch_port_send_wait(nic->port) : 0;

    if (!wait) {
        return true;
    }
    if (wait == UINT64_MAX) {
        nic->sw->tx_blocked = true;
    } else if (!nic->send_timer) {
        nic->send_timer = g_timeout_add(wait / 1000000 + 1, send_again, nic);
    }
    return false;
}

/* --- what is shown ------------------------------------------------------------ */

JsonNode *nic_policy_drops(void *object)
{
    VmNic *nic = object;
    JsonObject *drops = json_object_new();
    VswitchPortStats stats = { 0 };

    if (nic->port) {
        vswitch_port_stats(nic->port, &stats);
    }
    json_object_set_int_member(drops, "MacAddressSpoofing", stats.in_spoofed);
    json_object_set_int_member(drops, "Vlan", stats.in_vlan);
    for (int i = VSWITCH_DROP_NONE + 1; i < VSWITCH_DROPS; i++) {
        json_object_set_int_member(drops, vswitch_drop_name((VswitchDrop)i),
                                   stats.policy[i]);
    }
    return prop_object(drops);
}

JsonNode *nic_policy_meters(void *object)
{
    VmNic *nic = object;
    JsonArray *meters = json_array_new();
    const VswitchAcl *acls = NULL;
    unsigned count = 0;

    if (nic->port) {
        acls = vswitch_port_acls(nic->port, &count);
    }
    for (unsigned i = 0; i < count; i++) {
        if (acls[i].action == VSWITCH_ACL_METER) {
            g_autofree char *entry = port_acl_format(&acls[i]);
            JsonObject *meter = iov_args("s:Entry", entry, NULL);

            json_object_set_int_member(meter, "Frames", acls[i].frames);
            json_object_set_int_member(meter, "Bytes", acls[i].bytes);
            json_array_add_object_element(meters, meter);
        }
    }
    return prop_array(meters);
}
