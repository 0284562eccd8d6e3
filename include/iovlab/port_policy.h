/*
 * What the parent partition allows a VM's port of the software switch.
 *
 * The names and their meanings follow Hyper-V's port properties; docs/
 * policies.md tells where they differ.  "Outbound" is what the VM sends,
 * "inbound" what it receives.  A port without any policy has none of this in
 * its way.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_PORT_POLICY_H
#define IOVLAB_PORT_POLICY_H

#include "iovlab/bytes.h"

/* Why a frame was dropped: one counter for each in VswitchPortStats. */
typedef enum VswitchDrop {
    VSWITCH_DROP_NONE,
    VSWITCH_DROP_ROUTER_GUARD,  /* advertisement or redirect of a router */
    VSWITCH_DROP_DHCP_GUARD,    /* message of a DHCP server or relay */
    VSWITCH_DROP_ACL_OUT,       /* an ACL denies it, from the VM */
    VSWITCH_DROP_ACL_IN,        /* an ACL denies it, to the VM */
    VSWITCH_DROP_STORM,         /* too many broadcasts and multicasts */
    VSWITCH_DROP_BANDWIDTH,     /* faster than MaximumBandwidth, not asked */
    VSWITCH_DROPS,
} VswitchDrop;

/* As it appears in `iovlab show`; NULL for VSWITCH_DROP_NONE. */
const char *vswitch_drop_name(VswitchDrop drop);

/* --- access control ------------------------------------------------------ */

typedef enum VswitchAddressKind {
    VSWITCH_ADDRESS_ANY,
    VSWITCH_ADDRESS_MAC,
    VSWITCH_ADDRESS_IPV4,
    VSWITCH_ADDRESS_IPV6,
} VswitchAddressKind;

typedef struct VswitchAddress {
    VswitchAddressKind kind;
    uint8_t prefix;             /* bits that count: 0 to 48, 32 or 128 */
    uint8_t bytes[16];          /* in network order, zero behind the prefix */
} VswitchAddress;

enum { VSWITCH_INBOUND = 1, VSWITCH_OUTBOUND = 2 };

typedef enum VswitchAclAction {
    VSWITCH_ACL_ALLOW,
    VSWITCH_ACL_DENY,
    VSWITCH_ACL_METER,          /* counts, and decides nothing */
} VswitchAclAction;

#define VSWITCH_PROTOCOL_ANY (-1)

typedef struct VswitchAcl {
    VswitchAclAction action;
    uint8_t directions;         /* VSWITCH_INBOUND | VSWITCH_OUTBOUND */
    /*
     * An extended entry has a weight, a protocol and ports; among those that
     * match, the one of the highest weight decides.  Among the others the one
     * with the longest prefixes does.
     */
    bool extended;
    uint16_t weight;
    int protocol;               /* IP protocol, VSWITCH_PROTOCOL_ANY */
    uint16_t local_ports[2];    /* first and last; 0 to 65535: any */
    uint16_t remote_ports[2];
    VswitchAddress local;       /* the VM's side */
    VswitchAddress remote;
    uint64_t frames, bytes;     /* of a meter */
} VswitchAcl;

#define VSWITCH_ACLS_MAX 256

/* The same entry, whatever its counters say. */
bool vswitch_acl_same(const VswitchAcl *a, const VswitchAcl *b);

/* --- the whole of it ------------------------------------------------------ */

typedef enum VswitchMirror {
    VSWITCH_MIRROR_NONE,
    /* What it sends and receives is copied to every destination. */
    VSWITCH_MIRROR_SOURCE,
    VSWITCH_MIRROR_DESTINATION,
} VswitchMirror;

/* Bits a second: more is no limit for anything here. */
#define VSWITCH_BANDWIDTH_MAX 100000000000ull

typedef struct VswitchPolicy {
    bool router_guard;
    bool dhcp_guard;
    VswitchMirror mirror;
    /* Bits a second that the VM may send through the switch; 0: no limit. */
    uint64_t maximum_bandwidth;
    /*
     * Broadcasts and multicasts that the VM may send in a second; 0: no
     * limit.
     */
    uint32_t storm_limit;
    /*
     * MinimumBandwidthWeight: the port's part of the uplink when it is busy,
     * against the other ports that have one.  0: none.
     */
    uint8_t minimum_weight;
    const VswitchAcl *acls;     /* copied */
    unsigned n_acls;
} VswitchPolicy;

/* True if the port's frames need the policies' files at all. */
static inline bool vswitch_policy_any(const VswitchPolicy *p)
{
    return p->router_guard || p->dhcp_guard || p->mirror ||
           p->maximum_bandwidth || p->storm_limit || p->n_acls ||
           p->minimum_weight;
}

#endif
