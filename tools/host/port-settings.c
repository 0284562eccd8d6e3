/*
 * Properties of a VM adapter's switch port: see port-settings.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/port-settings.h"

#include "base/jsonline.h"

#include <inttypes.h>
#include <string.h>

enum { VID_MAX = 4094 };

/* --- single values ------------------------------------------------------ */

static bool get_on_off(const char *value, bool *on, char **error)
{
    if (g_ascii_strcasecmp(value, "on") != 0 &&
        g_ascii_strcasecmp(value, "off") != 0) {
        *error = g_strdup_printf("'%s': On or Off is needed", value);
        return false;
    }
    *on = g_ascii_strcasecmp(value, "on") == 0;
    return true;
}

static bool get_number(const char *value, uint64_t max, uint64_t *number,
                       char **error)
{
    g_autoptr(GError) gerror = NULL;
    guint64 n;

    if (!g_ascii_string_to_unsigned(value, 10, 0, max, &n, &gerror)) {
        *error = g_strdup_printf("'%s': a number from 0 to %" PRIu64
                                 " is needed", value, max);
        return false;
    }
    *number = n;
    return true;
}

#define ON_OFF(member) \
    static bool set_##member(PortSettings *s, const char *value, char **error) \
    { \
        return get_on_off(value, &s->member, error); \
    } \
    static char *get_##member(const PortSettings *s) \
    { \
        return g_strdup(s->member ? "On" : "Off"); \
    }

#define NUMBER(member, max) \
    static bool set_##member(PortSettings *s, const char *value, char **error) \
    { \
        uint64_t number; \
        if (!get_number(value, max, &number, error)) { \
            return false; \
        } \
        s->member = number; \
        return true; \
    } \
    static char *get_##member(const PortSettings *s) \
    { \
        return g_strdup_printf("%" PRIu64, (uint64_t)s->member); \
    }

ON_OFF(router_guard)
ON_OFF(dhcp_guard)
ON_OFF(mac_spoofing)
ON_OFF(allow_teaming)
ON_OFF(priority_tag)
NUMBER(minimum_weight, 100)
NUMBER(storm_limit, UINT32_MAX)

static bool set_maximum_bandwidth(PortSettings *s, const char *value,
                                  char **error)
{
    uint64_t number;

    if (!get_number(value, VSWITCH_BANDWIDTH_MAX, &number, error)) {
        return false;
    }
    if (number % 8) {
        *error = g_strdup_printf("'%s': bits a second, a multiple of 8",
                                 value);
        return false;
    }
    s->maximum_bandwidth = number;
    return true;
}

static char *get_maximum_bandwidth(const PortSettings *s)
{
    return g_strdup_printf("%" PRIu64, s->maximum_bandwidth);
}

static const char *const mirror_names[] = { "None", "Source", "Destination" };

static bool set_mirror(PortSettings *s, const char *value, char **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mirror_names); i++) {
        if (g_ascii_strcasecmp(value, mirror_names[i]) == 0) {
            s->mirror = (VswitchMirror)i;
            return true;
        }
    }
    *error = g_strdup_printf("'%s': None, Source or Destination is needed",
                             value);
    return false;
}

static char *get_mirror(const PortSettings *s)
{
    return g_strdup(mirror_names[s->mirror]);
}

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

static char *format_vids(const uint64_t vids[64])
{
    GString *text = g_string_new(NULL);

    for (unsigned vid = 1; vid <= VID_MAX; vid++) {
        unsigned last = vid;

        if (!(vids[vid / 64] >> (vid % 64) & 1)) {
            continue;
        }
        while (last < VID_MAX &&
               (vids[(last + 1) / 64] >> ((last + 1) % 64) & 1)) {
            last++;
        }
        g_string_append_printf(text, "%s%u", text->len ? "," : "", vid);
        if (last > vid) {
            g_string_append_printf(text, "-%u", last);
        }
        vid = last;
    }
    return g_string_free(text, FALSE);
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

static bool set_vlan(PortSettings *s, const char *value, char **error)
{
    g_auto(GStrv) part = g_strsplit(value, ":", 4);

    for (size_t i = 0; *part && i < G_N_ELEMENTS(vlan_names); i++) {
        PortVlan vlan = { .mode = (PortVlanMode)i };

        if (g_ascii_strcasecmp(part[0], vlan_names[i]) == 0 &&
            parse_vlan(part, &vlan)) {
            s->vlan = vlan;
            return true;
        }
    }
    *error = g_strdup_printf(
        "'%s': one of Untagged, Access:VID, Trunk:VIDS[:NATIVE], "
        "Isolated:PRIMARY:SECONDARY, Community:PRIMARY:SECONDARY, "
        "Promiscuous:PRIMARY:VIDS is needed; a VID is 1 to %d", value,
        VID_MAX);
    return false;
}

static char *get_vlan(const PortSettings *s)
{
    const PortVlan *v = &s->vlan;
    const char *name = vlan_names[v->mode];
    g_autofree char *vids = format_vids(v->vids);

    switch (v->mode) {
    case PORT_VLAN_ACCESS:
        return g_strdup_printf("%s:%u", name, v->vid);
    case PORT_VLAN_TRUNK:
        return g_strdup_printf("%s:%s:%u", name, vids, v->vid);
    case PORT_VLAN_ISOLATED:
    case PORT_VLAN_COMMUNITY:
        return g_strdup_printf("%s:%u:%u", name, v->vid, v->secondary);
    case PORT_VLAN_PROMISCUOUS:
        return g_strdup_printf("%s:%u:%s", name, v->vid, vids);
    default:
        return g_strdup(name);
    }
}

/* --- ACLs ---------------------------------------------------------------- */

static bool set_acls(PortSettings *s, const char *value, char **error)
{
    g_auto(GStrv) parts = g_strsplit(value, ";", -1);
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
    g_free(s->acls);
    s->n_acls = list->len;
    s->acls = (VswitchAcl *)g_array_free(g_steal_pointer(&list), FALSE);
    return true;
}

static char *get_acls(const PortSettings *s)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < s->n_acls; i++) {
        g_autofree char *entry = port_acl_format(&s->acls[i]);

        g_string_append_printf(text, "%s%s", i ? ";" : "", entry);
    }
    return g_string_free(text, FALSE);
}

/* --- the table ----------------------------------------------------------- */

typedef struct Setting {
    const char *name;
    bool (*set)(PortSettings *s, const char *value, char **error);
    char *(*get)(const PortSettings *s);
    const char *help;
} Setting;

static const Setting settings[] = {
    { "MacAddressSpoofing", set_mac_spoofing, get_mac_spoofing,
      "On: the VM may send from any address" },
    { "AllowTeaming", set_allow_teaming, get_allow_teaming,
      "On: the adapter may be in a team inside the VM" },
    { "RouterGuard", set_router_guard, get_router_guard,
      "On: the VM's router advertisements and redirects are dropped" },
    { "DhcpGuard", set_dhcp_guard, get_dhcp_guard,
      "On: the VM's messages of a DHCP server or relay are dropped" },
    { "PortMirroring", set_mirror, get_mirror,
      "None, Source (its frames are copied) or Destination (of the copies)" },
    { "IeeePriorityTag", set_priority_tag, get_priority_tag,
      "On: the VM's 802.1p priority passes, else it becomes 0" },
    { "Vlan", set_vlan, get_vlan,
      "Untagged, Access:VID, Trunk:VIDS[:NATIVE], Isolated:P:S, "
      "Community:P:S or Promiscuous:P:VIDS" },
    { "MaximumBandwidth", set_maximum_bandwidth, get_maximum_bandwidth,
      "bits a second that the VM may send, a multiple of 8; 0: no limit" },
    { "MinimumBandwidthWeight", set_minimum_weight, get_minimum_weight,
      "0 to 100: part of a busy uplink" },
    { "StormLimit", set_storm_limit, get_storm_limit,
      "broadcasts and multicasts a second; 0: no limit" },
    { "Acls", set_acls, get_acls,
      "entries ACTION:DIRECTION[:NAME=VALUE,...], with ';' between" },
};

static const Setting *find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (g_ascii_strcasecmp(settings[i].name, name) == 0) {
            return &settings[i];
        }
    }
    return NULL;
}

const char *port_setting_name(unsigned index)
{
    return index < G_N_ELEMENTS(settings) ? settings[index].name : NULL;
}

const char *port_setting_help(const char *name)
{
    const Setting *setting = find(name);

    return setting ? setting->help : NULL;
}

char *port_setting_get(const PortSettings *s, const char *name)
{
    const Setting *setting = find(name);

    return setting ? setting->get(s) : NULL;
}

bool port_setting_set(PortSettings *s, const char *name, const char *value,
                      bool *known, char **error)
{
    const Setting *setting = find(name);
    g_autofree char *why = NULL;

    if (known) {
        *known = setting != NULL;
    }
    if (!setting) {
        *error = g_strdup_printf("a network adapter has no property '%s'",
                                 name);
        return false;
    }
    if (!setting->set(s, value, &why)) {
        *error = g_strdup_printf("%s: %s", setting->name, why);
        return false;
    }
    return true;
}

void port_settings_clear(PortSettings *s)
{
    g_free(s->acls);
    memset(s, 0, sizeof(*s));
}

void port_settings_copy(PortSettings *to, const PortSettings *from)
{
    *to = *from;
    to->acls = g_memdup2(from->acls, from->n_acls * sizeof(*from->acls));
}

JsonObject *port_settings_to_json(const PortSettings *s)
{
    JsonObject *object = json_object_new();
    PortSettings none = { 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        g_autofree char *value = settings[i].get(s);
        g_autofree char *dflt = settings[i].get(&none);

        if (!g_str_equal(value, dflt)) {
            json_object_set_string_member(object, settings[i].name, value);
        }
    }
    return object;
}

bool port_settings_from_json(PortSettings *s, JsonObject *object, char **error)
{
    g_autoptr(GList) names = object ? json_object_get_members(object) : NULL;
    PortSettings new;

    port_settings_copy(&new, s);
    for (GList *l = names; l; l = l->next) {
        if (!port_setting_set(&new, l->data, json_str(object, l->data, ""),
                              NULL, error)) {
            port_settings_clear(&new);
            return false;
        }
    }
    port_settings_clear(s);
    *s = new;
    return true;
}

/* --- what the models see -------------------------------------------------- */

const char *port_settings_veto(const PortSettings *s, const char **text)
{
    const PortVlanMode mode = s->vlan.mode;
    const struct {
        bool is;
        const char *code, *text;
    } causes[] = {
        { s->router_guard, "PolicyRouterGuard",
          "RouterGuard needs the software switch" },
        { s->dhcp_guard, "PolicyDhcpGuard",
          "DhcpGuard needs the software switch" },
        { s->n_acls, "PolicyAcl", "ACLs need the software switch" },
        { s->mirror, "PolicyPortMirroring",
          "port mirroring needs the software switch" },
        { s->storm_limit, "PolicyStormLimit",
          "StormLimit needs the software switch" },
        { s->minimum_weight, "PolicyMinimumBandwidth",
          "a minimum bandwidth needs the software switch" },
        { mode != PORT_VLAN_UNTAGGED && mode != PORT_VLAN_ACCESS,
          "PolicyVlan", "the VLAN mode needs the software switch: a VF has "
          "one VLAN" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(causes); i++) {
        if (causes[i].is) {
            *text = causes[i].text;
            return causes[i].code;
        }
    }
    return NULL;
}

void port_settings_config(const PortSettings *s, VswitchPortConfig *config)
{
    static const VswitchPvlan pvlans[] = {
        [PORT_VLAN_ISOLATED] = VSWITCH_PVLAN_ISOLATED,
        [PORT_VLAN_COMMUNITY] = VSWITCH_PVLAN_COMMUNITY,
        [PORT_VLAN_PROMISCUOUS] = VSWITCH_PVLAN_PROMISCUOUS,
    };

    config->spoofing = s->mac_spoofing;
    config->priority = s->priority_tag;
    config->access_vid = s->vlan.vid;
    config->trunk = s->vlan.mode == PORT_VLAN_TRUNK;
    config->pvlan = pvlans[s->vlan.mode];
    config->secondary_vid = s->vlan.secondary;
    config->vids = config->trunk || s->vlan.mode == PORT_VLAN_PROMISCUOUS ?
        s->vlan.vids : NULL;
}

void port_settings_policy(const PortSettings *s, VswitchPolicy *policy)
{
    *policy = (VswitchPolicy) {
        .router_guard = s->router_guard,
        .dhcp_guard = s->dhcp_guard,
        .mirror = s->mirror,
        .maximum_bandwidth = s->maximum_bandwidth,
        .minimum_weight = s->minimum_weight,
        .storm_limit = s->storm_limit,
        .acls = s->acls,
        .n_acls = s->n_acls,
    };
}
