/*
 * The pipeline of a port's policies.
 *
 *   from the VM:  RouterGuard, DhcpGuard, ACLs, StormLimit, MaximumBandwidth
 *   to the VM:    ACLs
 *
 * The source address, VLANs and priority come before (forward.c, vlan.c), and
 * the copies of port mirroring behind (mirror.c).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "policy.h"

const char *vswitch_drop_name(VswitchDrop drop)
{
    static const char *const names[VSWITCH_DROPS] = {
        [VSWITCH_DROP_ROUTER_GUARD] = "RouterGuard",
        [VSWITCH_DROP_DHCP_GUARD] = "DhcpGuard",
        [VSWITCH_DROP_ACL_OUT] = "AclOutbound",
        [VSWITCH_DROP_ACL_IN] = "AclInbound",
        [VSWITCH_DROP_STORM] = "StormLimit",
        [VSWITCH_DROP_BANDWIDTH] = "MaximumBandwidth",
    };

    return drop < VSWITCH_DROPS ? names[drop] : NULL;
}

PortPolicy *policy_set(PortPolicy *old, const VswitchPolicy *p, uint64_t now)
{
    PortPolicy *policy = old;

    if (!vswitch_policy_any(p)) {
        policy_free(old);
        return NULL;
    }
    if (!policy) {
        policy = g_new0(PortPolicy, 1);
    }
    policy->set = *p;
    policy->set.acls = NULL;
    policy_acl_set(policy, p->acls, p->n_acls);
    policy_bandwidth_set(policy, p, now);
    return policy;
}

void policy_free(PortPolicy *policy)
{
    if (policy) {
        g_free(policy->acls);
        g_free(policy);
    }
}

VswitchDrop policy_outbound(PortPolicy *policy, const uint8_t *frame,
                            uint32_t len, uint64_t now, bool last)
{
    const VswitchPolicy *set = &policy->set;
    SwitchPacket p;

    if (set->router_guard || set->dhcp_guard || policy->n_acls) {
        switch_packet_read(&p, frame, len);
        if (set->router_guard && !policy_router_guard(&p)) {
            return VSWITCH_DROP_ROUTER_GUARD;
        }
        if (set->dhcp_guard && !policy_dhcp_guard(&p)) {
            return VSWITCH_DROP_DHCP_GUARD;
        }
        if (policy->n_acls && !policy_acl(policy, &p, true)) {
            return VSWITCH_DROP_ACL_OUT;
        }
    }
    if ((frame[0] & 1) && !policy_storm(policy, now)) {
        return VSWITCH_DROP_STORM;
    }
    if (!policy_bandwidth(policy, len, now, last)) {
        return VSWITCH_DROP_BANDWIDTH;
    }
    return VSWITCH_DROP_NONE;
}

VswitchDrop policy_inbound(PortPolicy *policy, const uint8_t *frame,
                           uint32_t len)
{
    SwitchPacket p;

    if (policy->n_acls) {
        switch_packet_read(&p, frame, len);
        if (!policy_acl(policy, &p, false)) {
            return VSWITCH_DROP_ACL_IN;
        }
    }
    return VSWITCH_DROP_NONE;
}
