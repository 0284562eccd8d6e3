/*
 * A host's address, pool and networks as properties.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host-network-props.h"

#include <arpa/inet.h>

bool host_check_address(const void *config, JsonNode *value, PropError *error)
{
    const char *text = json_node_get_string(value);
    struct in_addr address;

    return !*text || inet_pton(AF_INET, text, &address) == 1 ||
        prop_fail(error, ERR_BAD_ARGUMENT, "Ipv4Address: '%s' is no IPv4 "
                  "address", text);
}

bool host_check_networks(const void *config, JsonNode *value,
                         PropError *error)
{
    g_autofree char *why = NULL;
    HostNetworks networks;

    return networks_parse(json_node_get_string(value), &networks, &why) ||
        prop_fail(error, ERR_BAD_ARGUMENT, "Networks: %s", why);
}

bool host_apply_macs(void *object, PropError *error)
{
    return host_mac_update(object, error);
}

bool host_apply_networks(void *object, PropError *error)
{
    return true;
}

JsonNode *host_get_address(void *object)
{
    uint8_t a[4];

    host_address(object, a);
    return prop_take_text(g_strdup_printf("%u.%u.%u.%u", a[0], a[1], a[2],
                                          a[3]));
}

JsonNode *host_get_mac_minimum(void *object)
{
    return prop_take_text(mac_format(((Host *)object)->mac_pool.minimum));
}

JsonNode *host_get_mac_maximum(void *object)
{
    return prop_take_text(mac_format(((Host *)object)->mac_pool.maximum));
}

/* --- a VM comes ------------------------------------------------------------ */

bool host_choose_network(Host *host, const char *from, const char *theirs,
                         char **name, PropError *error)
{
    const HostConfig *c = &host->config;
    g_auto(GStrv) order = c->any_network ? NULL :
        g_strsplit(c->migration_networks, ",", -1);
    g_autofree char *why = NULL;
    HostNetworks here, there;
    NetworkChoice choice;

    *name = NULL;
    if (!networks_parse(c->networks, &here, &why) ||
        !networks_parse(theirs, &there, &why)) {
        return prop_fail(error, ERR_BAD_ARGUMENT, "%s", why);
    }
    if (!here.count || !there.count) {
        return true;
    }
    if (!c->any_network && !*order) {
        choice = (NetworkChoice) { .here = NULL };
    } else {
        choice = networks_choose(&here, order, &there);
    }
    if (choice.there) {
        *name = g_strdup(choice.here->name);
        return true;
    }
    host_event(host, "migrate-no-network", "i:id", 21126, "s:from", from,
               "s:first", here.network[0].name, NULL);
    host_event(host, "migrate-refused", "i:id", 21111, "s:from", from,
               "s:reason", "no-network", NULL);
    return prop_fail(error, ERR_NO_NETWORK, "no network is available for this "
                     "operation: host '%s' has no address in %s of host '%s' "
                     "(see `iovlab doctor`)", from, c->any_network ?
                     "the first network" : "the migration networks",
                     host->name);
}
