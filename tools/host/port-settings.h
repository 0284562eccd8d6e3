/*
 * What the administrator sets about the switch port of a VM's network adapter.
 *
 * Rows of nic-props.c store PortProps; VLAN and ACLs are texts there, which
 * port_settings_make() reads.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_PORT_SETTINGS_H
#define TOOLS_HOST_PORT_SETTINGS_H

#include "host/reasons.h"
#include "iovlab/vswitch.h"

#include <stdbool.h>

typedef struct PortProps {
    unsigned mac_spoofing;      /* each 0 Off, 1 On */
    unsigned allow_teaming;
    unsigned router_guard;
    unsigned dhcp_guard;
    unsigned priority_tag;
    unsigned mirroring;         /* VswitchMirror */
    uint64_t maximum_bandwidth; /* bits a second, 0: no limit */
    uint64_t minimum_weight;    /* 0 to 100 */
    uint64_t storm_limit;       /* frames a second, 0: no limit */
    char *vlan;
    char *acls;
} PortProps;

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

/* "Access:10" and the like; *error is owned by the caller. */
bool port_vlan_parse(const char *text, PortVlan *vlan, char **error);
/* Adds the VLANs of the port's frames on the wire to a map of 4,096. */
void port_vlan_collect(const PortVlan *vlan, uint64_t vids[64]);

/* Entries with ';' between; *acls is owned by the caller. */
bool port_acls_parse(const char *text, VswitchAcl **acls, unsigned *count,
                     char **error);
bool port_acl_parse(const char *text, VswitchAcl *acl, char **error);
/* The caller frees it. */
char *port_acl_format(const VswitchAcl *acl);

/* The switch's view of a port; acls are owned. */
typedef struct PortSettings {
    PortVlan vlan;
    VswitchPolicy policy;
    VswitchAcl *acls;
} PortSettings;

/* Texts that do not parse count as the default; they were checked before. */
void port_settings_make(const PortProps *props, PortSettings *s);
void port_settings_clear(PortSettings *s);
void port_settings_config(const PortProps *props, const PortSettings *s,
                          VswitchPortConfig *config);
/* Adds a reason for each setting that a VF cannot have. */
void port_settings_reasons(const PortProps *props, ReasonList *list);

#endif
