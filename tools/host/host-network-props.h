/*
 * Rows of a host's table of properties: its address, its pool of addresses for
 * VMs, its networks.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_HOST_NETWORK_PROPS_H
#define TOOLS_HOST_HOST_NETWORK_PROPS_H

#include "host/host.h"

bool host_check_address(const void *config, JsonNode *value, PropError *error);
bool host_check_networks(const void *config, JsonNode *value,
                         PropError *error);
bool host_apply_macs(void *object, PropError *error);
bool host_apply_networks(void *object, PropError *error);
JsonNode *host_get_address(void *object);
JsonNode *host_get_mac_minimum(void *object);
JsonNode *host_get_mac_maximum(void *object);

#define HOST_NETWORK_ROWS \
    { .name = "Ipv4Address", .type = PROP_TEXT, .when = PROP_ALWAYS, \
      .field = offsetof(HostConfig, address), .max = 15, .dflt = "", \
      .get = host_get_address, .check = host_check_address, \
      .apply = host_apply_macs, \
      .text = "address of the parent partition; empty: 10.78.x.y, made of " \
      "the host's name", \
      .backing = "its last two bytes are in the pool of MAC addresses", \
      .differs = "the first address of the first adapter there" }, \
    { .name = "MacAddressMinimum", .type = PROP_MAC, .when = PROP_ALWAYS, \
      .field = offsetof(HostConfig, mac_minimum), .dflt = "", \
      .get = host_get_mac_minimum, .apply = host_apply_macs, \
      .text = "first address of the pool; empty: 00-15-5D-x-y-00 with the " \
      "last two bytes of Ipv4Address", \
      .backing = "addresses of adapters that have none are taken from the " \
      "pool in turn; those of VMs that are off may be given again", \
      .differs = "the same" }, \
    { .name = "MacAddressMaximum", .type = PROP_MAC, .when = PROP_ALWAYS, \
      .field = offsetof(HostConfig, mac_maximum), .dflt = "", \
      .get = host_get_mac_maximum, .apply = host_apply_macs, \
      .text = "last address of the pool; empty: 00-15-5D-x-y-FF", \
      .backing = "when all are in use: error `mac-exhausted`", \
      .differs = "the same" }, \
    { .name = "Networks", .type = PROP_TEXT, .when = PROP_ALWAYS, \
      .field = offsetof(HostConfig, networks), .max = 1000, .dflt = "", \
      .check = host_check_networks, .apply = host_apply_networks, \
      .text = "the parent partition's networks in binding order: " \
      "NAME=ADDRESS/PREFIX with ',' between; empty: not looked at", \
      .backing = "a VM that comes by live migration needs one, see " \
      "migration-networks.md", \
      .differs = "Get-NetAdapterBinding, Get-NetIPAddress" }, \
    { .name = "UseAnyNetworkForMigration", .type = PROP_BOOL, \
      .when = PROP_ALWAYS, .field = offsetof(HostConfig, any_network), \
      .dflt = "true", \
      .text = "the first network in binding order carries live migrations; " \
      "false: those of MigrationNetworks do", \
      .backing = "the choice when a VM comes", .differs = "the same" }, \
    { .name = "MigrationNetworks", .type = PROP_TEXT, .when = PROP_ALWAYS, \
      .field = offsetof(HostConfig, migration_networks), .max = 300, \
      .dflt = "", \
      .text = "names of networks, with ',' between, that are tried in turn", \
      .backing = "the choice when a VM comes", \
      .differs = "Set-VMMigrationNetwork, with subnets and priorities" }

#endif
