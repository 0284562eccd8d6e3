/*
 * Policies of a VM's network adapter: its rows in the table of properties, and
 * what they do to its switch port and its VF.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_NIC_POLICY_H
#define TOOLS_HOST_NIC_POLICY_H

#include "host/host.h"

bool nic_policy_check_vlan(const void *config, JsonNode *value,
                           PropError *error);
bool nic_policy_check_acls(const void *config, JsonNode *value,
                           PropError *error);
bool nic_policy_check_bandwidth(const void *config, JsonNode *value,
                                PropError *error);
/* The settings changed: the port, the VF and the guest's link follow. */
bool nic_policy_apply(void *object, PropError *error);
/* Frames dropped by each policy, and meters. */
JsonNode *nic_policy_drops(void *object);
JsonNode *nic_policy_meters(void *object);

extern const char *const nic_policy_on_off[];
extern const char *const nic_policy_mirrors[];

#define NIC_POLICY_FIELD(name) \
    (offsetof(NicConfig, port) + offsetof(PortProps, name))
#define NIC_POLICY_SWITCH(prop_name, member, what, how, other) \
    { .name = prop_name, .type = PROP_ENUM, .when = PROP_ALWAYS, \
      .field = NIC_POLICY_FIELD(member), .words = nic_policy_on_off, \
      .dflt = "Off", .apply = nic_policy_apply, .text = what, \
      .backing = how, .differs = other }

#define NIC_POLICY_ROWS \
    NIC_POLICY_SWITCH("MacAddressSpoofing", mac_spoofing, \
        "the VM may send from any address, and is found by what it sends", \
        "the switch learns from the port; Off: other source addresses are " \
        "dropped by the switch and by the VF's anti-spoofing", \
        "the same; with a VF only its own address is received on it"), \
    NIC_POLICY_SWITCH("AllowTeaming", allow_teaming, \
        "the adapter may be in a team inside the VM with the VM's other " \
        "adapters that may", \
        "the switch lets their addresses pass here, and the guest's link " \
        "goes down with the physical adapter's; Off: it stays up", \
        "the same; that the link follows is our reading"), \
    NIC_POLICY_SWITCH("RouterGuard", router_guard, \
        "router advertisements and redirects from the VM are dropped", \
        "sim/switch/router-guard.c; takes the VF away", \
        "the same; what cannot be told for sure is dropped here"), \
    NIC_POLICY_SWITCH("DhcpGuard", dhcp_guard, \
        "messages of a DHCP server or relay from the VM are dropped", \
        "sim/switch/dhcp-guard.c; takes the VF away", \
        "the same, for DHCPv6 as well"), \
    NIC_POLICY_SWITCH("IeeePriorityTag", priority_tag, \
        "the 802.1p priority that the VM sets passes, else it becomes 0", \
        "the switch's port", "the same"), \
    { .name = "PortMirroring", .type = PROP_ENUM, .when = PROP_ALWAYS, \
      .field = NIC_POLICY_FIELD(mirroring), .words = nic_policy_mirrors, \
      .dflt = "None", .apply = nic_policy_apply, \
      .text = "what a Source sends and receives is copied to each " \
      "Destination of the same switch", \
      .backing = "sim/switch/mirror.c; takes the VF away", \
      .differs = "the same" }, \
    { .name = "Vlan", .type = PROP_TEXT, .when = PROP_ALWAYS, \
      .field = NIC_POLICY_FIELD(vlan), .max = 4096, .dflt = "Untagged", \
      .check = nic_policy_check_vlan, .apply = nic_policy_apply, \
      .text = "Untagged, Access:VID, Trunk:VIDS[:NATIVE], " \
      "Isolated:PRIMARY:SECONDARY, Community:PRIMARY:SECONDARY or " \
      "Promiscuous:PRIMARY:VIDS", \
      .backing = "sim/switch/vlan.c; Access goes to the VF, other modes " \
      "than that and Untagged take it away", \
      .differs = "Set-VMNetworkAdapterVlan, with parameters of their own" }, \
    { .name = "MaximumBandwidth", .type = PROP_INT, .when = PROP_ALWAYS, \
      .field = NIC_POLICY_FIELD(maximum_bandwidth), .min = 0, \
      .max = VSWITCH_BANDWIDTH_MAX, .dflt = "0", \
      .check = nic_policy_check_bandwidth, .apply = nic_policy_apply, \
      .text = "bits a second that the VM may send, a multiple of 8; 0: no " \
      "limit", \
      .backing = "sim/switch/bandwidth.c: the VM's frames wait, none is " \
      "dropped; on a VF the rate of its pool's queues, in whole megabits; " \
      "below 11 megabits it takes the VF away", \
      .differs = "the same" }, \
    { .name = "MinimumBandwidthWeight", .type = PROP_INT, \
      .when = PROP_ALWAYS, .field = NIC_POLICY_FIELD(minimum_weight), \
      .min = 0, .max = 100, .dflt = "0", .apply = nic_policy_apply, \
      .text = "the VM's part of the uplink when it is busy, against others " \
      "that have a weight; 0: none", \
      .backing = "sim/switch/share.c; takes the VF away", \
      .differs = "the same; MinimumBandwidthAbsolute is not there" }, \
    { .name = "StormLimit", .type = PROP_INT, .when = PROP_ALWAYS, \
      .field = NIC_POLICY_FIELD(storm_limit), .min = 0, .max = 1000000, \
      .dflt = "0", .apply = nic_policy_apply, \
      .text = "broadcasts and multicasts a second that the VM may send; 0: " \
      "no limit", \
      .backing = "sim/switch/bandwidth.c drops the others; takes the VF away",\
      .differs = "counts unknown unicast too" }, \
    { .name = "Acls", .type = PROP_TEXT, .when = PROP_ALWAYS, \
      .field = NIC_POLICY_FIELD(acls), .max = 65536, .dflt = "", \
      .check = nic_policy_check_acls, .apply = nic_policy_apply, \
      .text = "entries ACTION:DIRECTION[:NAME=VALUE,...] with ';' between, " \
      "see policies.md", \
      .backing = "sim/switch/acl.c; takes the VF away", \
      .differs = "Add-VMNetworkAdapterAcl and -ExtendedAcl; no stateful ones" \
    }, \
    { .name = "PolicyDrops", .type = PROP_OBJECT, .field = PROP_NO_FIELD, \
      .get = nic_policy_drops, \
      .text = "frames of the VM that the switch dropped, by cause", \
      .backing = "counters of the switch's port", .differs = "not there" }, \
    { .name = "AclMeters", .type = PROP_ARRAY, .field = PROP_NO_FIELD, \
      .get = nic_policy_meters, .text = "what its meters counted", \
      .backing = "counters of the ACL's entries", \
      .differs = "Get-VMNetworkAdapterAcl with Meter, in megabytes" }

#endif
