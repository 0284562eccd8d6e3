/*
 * What the administrator sets on a VM's network adapter about its switch port:
 * properties with Hyper-V's names, their values as text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_PORT_SETTINGS_H
#define TOOLS_HOST_PORT_SETTINGS_H

#include "iovlab/vswitch.h"

#include <json-glib/json-glib.h>

typedef enum PortVlanMode {
    PORT_VLAN_UNTAGGED,
    PORT_VLAN_ACCESS,
    PORT_VLAN_TRUNK,
    PORT_VLAN_ISOLATED,
    PORT_VLAN_COMMUNITY,
    PORT_VLAN_PROMISCUOUS,
} PortVlanMode;

typedef struct PortVlan {
    PortVlanMode mode;
    uint16_t vid;               /* access, native or primary VLAN */
    uint16_t secondary;
    uint64_t vids[64];          /* of a trunk; secondaries of a promiscuous */
} PortVlan;

typedef struct PortSettings {
    bool router_guard;
    bool dhcp_guard;
    bool mac_spoofing;
    bool allow_teaming;
    bool priority_tag;
    VswitchMirror mirror;
    uint64_t maximum_bandwidth; /* bits a second, 0: no limit */
    unsigned minimum_weight;    /* 0 to 100 */
    uint32_t storm_limit;       /* frames a second, 0: no limit */
    PortVlan vlan;
    VswitchAcl *acls;
    unsigned n_acls;
} PortSettings;

void port_settings_clear(PortSettings *s);
void port_settings_copy(PortSettings *to, const PortSettings *from);

/* Names in order, ended by NULL. */
const char *port_setting_name(unsigned index);
/* What it means and which values it has, for people; NULL: no such name. */
const char *port_setting_help(const char *name);
/* The value as text, which port_setting_set() takes; caller frees. */
char *port_setting_get(const PortSettings *s, const char *name);
/*
 * False: *error is one line (caller frees) and @s is as before.  *known (may be
 * NULL) tells whether there is such a property.
 */
bool port_setting_set(PortSettings *s, const char *name, const char *value,
                      bool *known, char **error);

/* Members for what is not as by default; and back. */
JsonObject *port_settings_to_json(const PortSettings *s);
bool port_settings_from_json(PortSettings *s, JsonObject *object,
                             char **error);

/* Entries of an ACL as text (docs/policies.md). */
char *port_acl_format(const VswitchAcl *acl);
bool port_acl_parse(const char *text, VswitchAcl *acl, char **error);

/*
 * Why a VF cannot be used with these settings: a code, and *text for people
 * (static).  NULL if the adapter enforces all of them.
 */
const char *port_settings_veto(const PortSettings *s, const char **text);

/* The switch's view: port settings, and policies (acls borrowed). */
void port_settings_config(const PortSettings *s, VswitchPortConfig *config);
void port_settings_policy(const PortSettings *s, VswitchPolicy *policy);

#endif
