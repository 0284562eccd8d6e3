/*
 * The switch port of a VM's network adapter: see port-settings.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/port-settings.h"

#include <inttypes.h>
#include <string.h>

enum {
    VID_MAX = 4094,
    /* Least rate of a pool that the PF driver can set. */
    VF_RATE_MIN_BITS = 11000000,
};

/* --- VLANs ---------------------------------------------------------------- */

static const char *const vlan_names[] = {
    [PORT_VLAN_UNTAGGED] = "Untagged",
    [PORT_VLAN_ACCESS] = "Access",
    [PORT_VLAN_TRUNK] = "Trunk",
    [PORT_VLAN_ISOLATED] = "Isolated",
    [PORT_VLAN_COMMUNITY] = "Community",
    [PORT_VLAN_PROMISCUOUS] = "Promiscuous",
};

static bool parse_vid(const char *text, unsigned min, uint16_t *vid)
{
    guint64 n;

    if (!text ||
        !g_ascii_string_to_unsigned(text, 10, min, VID_MAX, &n, NULL)) {
        return false;
    }
    *vid = n;
    return true;
}

/* "1-100,200" */
static bool parse_vids(const char *text, uint64_t vids[64])
{
    g_auto(GStrv) parts = g_strsplit(text ? text : "", ",", -1);

    if (!*parts) {
        return false;
    }
    for (char **p = parts; *p; p++) {
        g_auto(GStrv) ends = g_strsplit(*p, "-", 2);
        uint16_t first, last;

        if (!parse_vid(ends[0], 1, &first)) {
            return false;
        }
        last = first;
        if (ends[1] && (!parse_vid(ends[1], 1, &last) || last < first)) {
            return false;
        }
        for (unsigned vid = first; vid <= last; vid++) {
            vids[vid / 64] |= 1ull << (vid % 64);
        }
    }
    return true;
}

static bool parse_vlan(char **part, PortVlan *vlan)
{
    unsigned parts = g_strv_length(part);

    switch (vlan->mode) {
    case PORT_VLAN_UNTAGGED:
        return parts == 1;
    case PORT_VLAN_ACCESS:
        return parts == 2 && parse_vid(part[1], 1, &vlan->vid);
    case PORT_VLAN_TRUNK:
        return (parts == 2 || (parts == 3 &&
                               parse_vid(part[2], 0, &vlan->vid))) &&
               parse_vids(part[1], vlan->vids);
    case PORT_VLAN_ISOLATED:
    case PORT_VLAN_COMMUNITY:
        return parts == 3 && parse_vid(part[1], 1, &vlan->vid) &&
               parse_vid(part[2], 1, &vlan->secondary) &&
               vlan->vid != vlan->secondary;
    case PORT_VLAN_PROMISCUOUS:
        return parts == 3 && parse_vid(part[1], 1, &vlan->vid) &&
               parse_vids(part[2], vlan->vids);
    }
    return false;
}

bool port_vlan_parse(const char *text, PortVlan *vlan, char **error)
{
    g_auto(GStrv) part = g_strsplit(text, ":", 4);

    for (size_t i = 0; *part && i < G_N_ELEMENTS(vlan_names); i++) {
        PortVlan new = { .mode = (PortVlanMode)i };

        if (g_ascii_strcasecmp(part[0], vlan_names[i]) == 0 &&
            parse_vlan(part, &new)) {
            *vlan = new;
            return true;
        }
    }
    *error = g_strdup_printf(
        "'%s': one of Untagged, Access:VID, Trunk:VIDS[:NATIVE], "
        "Isolated:PRIMARY:SECONDARY, Community:PRIMARY:SECONDARY, "
        "Promiscuous:PRIMARY:VIDS is needed; a VID is 1 to %d", text,
        VID_MAX);
    return false;
}

void port_vlan_collect(const PortVlan *vlan, uint64_t vids[64])
{
    for (unsigned i = 0; i < 64; i++) {
        vids[i] |= vlan->vids[i];
    }
    vids[vlan->vid / 64] |= 1ull << (vlan->vid % 64);
    vids[vlan->secondary / 64] |= 1ull << (vlan->secondary % 64);
    vids[0] &= ~1ull;
}

/* --- ACLs ---------------------------------------------------------------- */

bool port_acls_parse(const char *text, VswitchAcl **acls, unsigned *count,
                     char **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(VswitchAcl));

    for (char **p = parts; *p; p++) {
        VswitchAcl acl;

        if (!*g_strstrip(*p)) {
            continue;
        }
        if (!port_acl_parse(*p, &acl, error)) {
            return false;
        }
        g_array_append_val(list, acl);
    }
    if (list->len > VSWITCH_ACLS_MAX) {
        *error = g_strdup_printf("a port has at most %d ACL entries",
                                 VSWITCH_ACLS_MAX);
        return false;
    }
    *count = list->len;
    *acls = (VswitchAcl *)g_array_free(g_steal_pointer(&list), FALSE);
    return true;
}

/* --- the switch's view ---------------------------------------------------- */

void port_settings_make(const PortProps *props, PortSettings *s)
{
    g_autofree char *error = NULL;
    unsigned count = 0;

    memset(s, 0, sizeof(*s));
    if (!port_vlan_parse(props->vlan, &s->vlan, &error) ||
        !port_acls_parse(props->acls, &s->acls, &count, &error)) {
        count = 0;
    }
    s->policy = (VswitchPolicy) {
        .router_guard = props->router_guard,
        .dhcp_guard = props->dhcp_guard,
        .mirror = (VswitchMirror)props->mirroring,
        .maximum_bandwidth = props->maximum_bandwidth,
        .minimum_weight = props->minimum_weight,
        .storm_limit = props->storm_limit,
        .acls = s->acls,
        .n_acls = count,
    };
}

void port_settings_clear(PortSettings *s)
{
    g_free(s->acls);
    memset(s, 0, sizeof(*s));
}

void port_settings_config(const PortProps *props, const PortSettings *s,
                          VswitchPortConfig *config)
{
    static const VswitchPvlan pvlans[] = {
        [PORT_VLAN_UNTAGGED] = VSWITCH_PVLAN_NONE,
        [PORT_VLAN_ISOLATED] = VSWITCH_PVLAN_ISOLATED,
        [PORT_VLAN_COMMUNITY] = VSWITCH_PVLAN_COMMUNITY,
        [PORT_VLAN_PROMISCUOUS] = VSWITCH_PVLAN_PROMISCUOUS,
    };

    config->spoofing = props->mac_spoofing;
    config->priority = props->priority_tag;
    config->access_vid = s->vlan.vid;
    config->trunk = s->vlan.mode == PORT_VLAN_TRUNK;
    config->pvlan = pvlans[s->vlan.mode];
    config->secondary_vid = s->vlan.secondary;
    config->vids = config->trunk || s->vlan.mode == PORT_VLAN_PROMISCUOUS ?
        s->vlan.vids : NULL;
}

void port_settings_reasons(const PortProps *props, ReasonList *list)
{
    PortVlan vlan = { 0 };
    g_autofree char *error = NULL;
    bool one_vlan = !port_vlan_parse(props->vlan, &vlan, &error) ||
        vlan.mode == PORT_VLAN_UNTAGGED || vlan.mode == PORT_VLAN_ACCESS;
    const struct {
        bool is;
        ReasonCode code;
    } causes[] = {
        { props->router_guard, REASON_POLICY_ROUTER_GUARD },
        { props->dhcp_guard, REASON_POLICY_DHCP_GUARD },
        { *props->acls, REASON_POLICY_ACL },
        { props->mirroring, REASON_POLICY_MIRRORING },
        { props->storm_limit, REASON_POLICY_STORM_LIMIT },
        { props->minimum_weight, REASON_POLICY_MINIMUM_BANDWIDTH },
        { props->maximum_bandwidth &&
          props->maximum_bandwidth < VF_RATE_MIN_BITS,
          REASON_POLICY_MAXIMUM_BANDWIDTH },
        { !one_vlan, REASON_POLICY_VLAN },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(causes); i++) {
        if (causes[i].is) {
            reasons_add(list, causes[i].code, NULL);
        }
    }
}
