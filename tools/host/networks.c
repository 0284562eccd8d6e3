/*
 * Networks of a host: see networks.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/networks.h"

#include "base/rundir.h"

#include <arpa/inet.h>
#include <string.h>

static bool parse_one(const char *text, HostNetwork *network)
{
    g_auto(GStrv) half = g_strsplit(text, "=", 2);
    g_auto(GStrv) part = g_strsplit(half[0] && half[1] ? half[1] : "", "/", 2);
    struct in_addr address;
    guint64 prefix;

    if (!half[0] || !half[1] || !name_valid(half[0]) || !part[0] || !part[1] ||
        inet_pton(AF_INET, part[0], &address) != 1 ||
        !g_ascii_string_to_unsigned(part[1], 10, 1, 30, &prefix, NULL)) {
        return false;
    }
    g_strlcpy(network->name, half[0], sizeof(network->name));
    network->address = ntohl(address.s_addr);
    network->prefix = prefix;
    return true;
}

bool networks_parse(const char *text, HostNetworks *networks, char **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    HostNetworks new = { 0 };

    for (char **p = parts; *p; p++) {
        HostNetwork *network = &new.network[new.count];

        if (new.count == NETWORKS_MAX) {
            *error = g_strdup_printf("a host has at most %d networks",
                                     NETWORKS_MAX);
            return false;
        }
        if (!parse_one(g_strstrip(*p), network)) {
            *error = g_strdup_printf("'%s': NAME=ADDRESS/PREFIX is needed, as "
                                     "in lan=10.0.0.1/16", *p);
            return false;
        }
        if (networks_find(&new, network->name)) {
            *error = g_strdup_printf("there are two networks '%s'",
                                     network->name);
            return false;
        }
        new.count++;
    }
    *networks = new;
    return true;
}

char *network_address(const HostNetwork *n)
{
    return g_strdup_printf("%u.%u.%u.%u", n->address >> 24,
                           n->address >> 16 & 255, n->address >> 8 & 255,
                           n->address & 255);
}

char *networks_format(const HostNetworks *networks)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < networks->count; i++) {
        const HostNetwork *n = &networks->network[i];
        g_autofree char *address = network_address(n);

        g_string_append_printf(text, "%s%s=%s/%u", i ? "," : "", n->name,
                               address, n->prefix);
    }
    return g_string_free(text, FALSE);
}

const HostNetwork *networks_find(const HostNetworks *networks,
                                 const char *name)
{
    for (unsigned i = 0; i < networks->count; i++) {
        if (g_str_equal(networks->network[i].name, name)) {
            return &networks->network[i];
        }
    }
    return NULL;
}

/* The other host's network with an address in this one. */
static const HostNetwork *reach(const HostNetwork *n,
                                const HostNetworks *there)
{
    uint32_t mask = ~0u << (32 - n->prefix);

    for (unsigned i = 0; i < there->count; i++) {
        const HostNetwork *other = &there->network[i];

        if (other->prefix == n->prefix &&
            (other->address & mask) == (n->address & mask)) {
            return other;
        }
    }
    return NULL;
}

NetworkChoice networks_choose(const HostNetworks *here, char **order,
                              const HostNetworks *there)
{
    NetworkChoice choice = { 0 };

    if (order && *order) {
        for (char **name = order; *name && !choice.there; name++) {
            choice.here = networks_find(here, *name);
            choice.there = choice.here ? reach(choice.here, there) : NULL;
        }
    } else if (here->count) {
        choice.here = &here->network[0];
        choice.there = reach(choice.here, there);
    }
    for (unsigned i = 0; !choice.there && !choice.would && i < here->count;
         i++) {
        choice.would = reach(&here->network[i], there) ? &here->network[i] :
            NULL;
    }
    if (!choice.there) {
        choice.here = NULL;
    }
    return choice;
}
