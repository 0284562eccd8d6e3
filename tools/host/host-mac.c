/*
 * Addresses of VMs' adapters: given from the host's pool, and never to two VMs
 * that are on.
 *
 * A VM that is off keeps its address but has no claim to it: the pool may give
 * it again when its turn comes, and then that VM does not start.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_none(const uint8_t mac[6])
{
    static const uint8_t none[6];

    return memcmp(mac, none, 6) == 0;
}

/* The adapter of a VM that is on (not @but) that has the address, or NULL. */
static VmNic *live_owner(Host *host, const uint8_t mac[6], const char *but)
{
    for (GList *l = host->vms; l; l = l->next) {
        Vm *vm = l->data;

        if (vm->state == VM_OFF || g_strcmp0(vm->config.name, but) == 0) {
            continue;
        }
        VM_FOR_EACH_NIC(vm, nic) {
            if (memcmp(nic->config->mac, mac, 6) == 0) {
                return nic;
            }
        }
    }
    return NULL;
}

typedef struct Wanted {
    Host *host;
    const VmConfig *config;
} Wanted;

static bool is_used(void *opaque, const uint8_t mac[6])
{
    Wanted *w = opaque;

    for (unsigned i = 0; i < NICS_MAX; i++) {
        if (w->config->nic[i].present &&
            memcmp(w->config->nic[i].mac, mac, 6) == 0) {
            return true;
        }
    }
    return live_owner(w->host, mac, w->config->name) != NULL;
}

static bool check_unique(Host *host, const VmConfig *config, unsigned index,
                         PropError *error)
{
    const NicConfig *nic = &config->nic[index];
    g_autofree char *text = mac_format(nic->mac);
    VmNic *owner = live_owner(host, nic->mac, config->name);

    for (unsigned i = 0; i < index; i++) {
        if (config->nic[i].present &&
            memcmp(config->nic[i].mac, nic->mac, 6) == 0) {
            return prop_fail(error, ERR_MAC_IN_USE, "VM '%s' has address %s "
                             "twice, in adapters %u and %u", config->name,
                             text, i, index);
        }
    }
    return !owner || prop_fail(error, ERR_MAC_IN_USE, "address %s of adapter "
                               "%u of VM '%s' is in use by VM '%s'", text,
                               index, config->name, owner->vm->config.name);
}

bool vm_addresses(Host *host, VmConfig *config, PropError *error)
{
    Wanted wanted = { host, config };
    MacPool pool = host->mac_pool;
    bool given[NICS_MAX] = { false };
    bool ok = true;

    for (unsigned i = 0; i < NICS_MAX && ok; i++) {
        NicConfig *nic = &config->nic[i];

        if (!nic->present) {
            continue;
        }
        if (is_none(nic->mac)) {
            given[i] = mac_pool_take(&host->mac_pool, is_used, &wanted,
                                     nic->mac);
            ok = given[i] || prop_fail(error, ERR_MAC_EXHAUSTED,
                "all %" G_GUINT64_FORMAT " addresses of host '%s''s pool are "
                "in use: `iovlab set host %s MacAddressMaximum=...`",
                mac_pool_size(&host->mac_pool), host->name, host->name);
        } else {
            ok = check_unique(host, config, i, error);
        }
    }
    for (unsigned i = 0; i < NICS_MAX && !ok; i++) {
        if (given[i]) {
            memset(config->nic[i].mac, 0, 6);
        }
    }
    if (!ok) {
        host->mac_pool = pool;
    }
    return ok;
}

/* --- the host's properties --------------------------------------------------- */

void host_address(const Host *host, uint8_t ipv4[4])
{
    if (inet_pton(AF_INET, host->config.address, ipv4) != 1) {
        ipv4[0] = 10;
        ipv4[1] = 78;
        ipv4[2] = host->number >> 8;
        ipv4[3] = host->number;
    }
}

bool host_mac_update(Host *host, PropError *error)
{
    const HostConfig *c = &host->config;
    MacPool pool;
    uint8_t ipv4[4];

    host_address(host, ipv4);
    mac_pool_init(&pool, ipv4);
    pool.next = host->mac_pool.next;
    if (!mac_pool_set(&pool, is_none(c->mac_minimum) ? pool.minimum :
                      c->mac_minimum, is_none(c->mac_maximum) ? pool.maximum :
                      c->mac_maximum)) {
        return prop_fail(error, ERR_BAD_ARGUMENT, "MacAddressMinimum and "
                         "MacAddressMaximum are a range of addresses whose "
                         "first three bytes are the same");
    }
    host->mac_pool = pool;
    return true;
}
