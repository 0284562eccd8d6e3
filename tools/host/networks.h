/*
 * The networks of a host in their binding order, and which of them carries a
 * live migration.
 *
 * The host that a VM comes to decides.  Unless it was told which networks are
 * for migrations, it looks at the first network in its binding order and no
 * further: if the other host has no address there, no network is available for
 * the operation, whatever else both may have in common.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_NETWORKS_H
#define TOOLS_HOST_NETWORKS_H

#include <stdbool.h>
#include <stdint.h>

#define NETWORKS_MAX 8

typedef struct HostNetwork {
    char name[33];
    uint32_t address;           /* IPv4, host byte order */
    unsigned prefix;
} HostNetwork;

typedef struct HostNetworks {
    unsigned count;
    HostNetwork network[NETWORKS_MAX];
} HostNetworks;

/* "lan=10.0.0.1/16,storage=10.9.0.1/24"; *error is owned by the caller. */
bool networks_parse(const char *text, HostNetworks *networks, char **error);
/* The caller frees it. */
char *networks_format(const HostNetworks *networks);
const HostNetwork *networks_find(const HostNetworks *networks,
                                 const char *name);
/* "10.0.0.1"; the caller frees it. */
char *network_address(const HostNetwork *network);

typedef struct NetworkChoice {
    const HostNetwork *here;    /* NULL: none is available */
    const HostNetwork *there;
    /* One that would have done, had the order been another; or NULL. */
    const HostNetwork *would;
} NetworkChoice;

/*
 * For a migration to the host with @here from the one with @there; @order are
 * the names of the networks that @here has for migrations, NULL or empty: any
 * network, by binding order.
 */
NetworkChoice networks_choose(const HostNetworks *here, char **order,
                              const HostNetworks *there);

#endif
