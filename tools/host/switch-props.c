/*
 * Properties of a software switch.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#define FIELD(name) offsetof(SwitchConfig, name)

static JsonNode *get_name(void *object)
{
    return prop_text(((Switch *)object)->name);
}

static JsonNode *get_support(void *object)
{
    g_autoptr(ReasonList) list = switch_reasons(object);

    return prop_bool(!list->len);
}

static JsonNode *get_reasons(void *object)
{
    return reasons_take_json(switch_reasons(object));
}

/* The adapter's VFs, if the switch may give them. */
static unsigned vfs(const Switch *sw)
{
    return sw->adapter && sw->config.iov ?
        ixgbe_pf_driver_num_vfs(sw->adapter->pf) : 0;
}

static JsonNode *get_vfs(void *object)
{
    return prop_int(vfs(object));
}

static JsonNode *get_vfs_used(void *object)
{
    Switch *sw = object;

    return prop_int(sw->adapter ? adapter_vfs_in_use(sw->adapter) : 0);
}

static JsonNode *get_pairs(void *object)
{
    Switch *sw = object;

    return prop_int(vfs(sw) ? vfs(sw) * adapter_queues_per_vf(sw->adapter) :
                    0);
}

static JsonNode *get_pairs_used(void *object)
{
    Switch *sw = object;
    unsigned count = 0;

    for (GList *l = sw->host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            if (nic->vf >= 0 && nic->adapter == sw->adapter) {
                count += nic->queue_pairs;
            }
        }
    }
    return prop_int(count);
}

static JsonNode *get_ports(void *object)
{
    return prop_int(switch_ports(object));
}

static JsonNode *get_host_socket(void *object)
{
    Switch *sw = object;

    return sw->host_port ? prop_take_text(switch_host_socket(sw)) :
        prop_text("");
}

static JsonNode *get_learned(void *object)
{
    return prop_int(vswitch_learned(((Switch *)object)->vswitch));
}

static bool apply_rsc(void *object, PropError *error)
{
    Switch *sw = object;

    for (GList *l = sw->host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            if (nic->sw == sw) {
                nic_send_config(nic);
            }
        }
    }
    return true;
}

static const char *const types[] = { "External", "Internal", "Private", NULL };

static const Property properties[] = {
    SHOWN("Name", PROP_TEXT, get_name, "unique in the host",
          "the object's name", "the same"),
    { .name = "SwitchType", .type = PROP_ENUM, .when = PROP_CREATION,
      .field = FIELD(type), .words = types, .dflt = "External",
      .text = "External: over a physical adapter; Internal: VMs and the "
      "parent partition; Private: VMs only",
      .backing = "an external switch has the PF as its uplink, an internal one "
      "a port for the host (HostSocket), a private one neither",
      .differs = "an external one can be made internal there" },
    { .name = "NetAdapterName", .type = PROP_TEXT, .when = PROP_CREATION,
      .field = FIELD(adapter), .max = 32, .dflt = "",
      .text = "the physical adapter; empty: the first that is free",
      .backing = "adapter and switch are bound to one another",
      .differs = "can be changed there" },
    { .name = "IovEnabled", .type = PROP_BOOL, .when = PROP_CREATION,
      .field = FIELD(iov), .dflt = "false",
      .text = "the switch was made for SR-IOV; chosen once",
      .backing = "without it no adapter on the switch gets a VF, whatever the "
      "machine can do",
      .differs = "the same (New-VMSwitch -EnableIov)" },
    { .name = "SoftwareRscEnabled", .type = PROP_BOOL, .when = PROP_ALWAYS,
      .field = FIELD(rsc), .dflt = "true", .apply = apply_rsc,
      .text = "TCP segments for VMs are coalesced on the synthetic path, for "
      "guests that ask for it",
      .backing = "sim/netvsp/rsc.c, in the synthetic NIC",
      .differs = "the same (Set-VMSwitch -EnableSoftwareRsc)" },
    SHOWN("IovSupport", PROP_BOOL, get_support,
          "VMs on the switch can have VFs now",
          "true if there is no reason against it", "the same"),
    SHOWN("IovSupportReasons", PROP_REASONS, get_reasons,
          "why not: the host's, the adapter's and the switch's own reasons",
          "derived when it is shown", "texts only there"),
    SHOWN("IovVirtualFunctionCount", PROP_INT, get_vfs,
          "VFs that VMs on the switch can have", "NumVFs of the adapter",
          "the same"),
    SHOWN("IovVirtualFunctionsInUse", PROP_INT, get_vfs_used,
          "VFs that they have", "NumAllocatedVFs of the adapter", "the same"),
    SHOWN("IovQueuePairCount", PROP_INT, get_pairs,
          "queue pairs of those VFs", "VFs times four or two", "the same"),
    SHOWN("IovQueuePairsInUse", PROP_INT, get_pairs_used,
          "queue pairs that adapters of VMs were given",
          "the sum of IovQueuePairsAssigned", "the same"),
    SHOWN("ConnectedAdapters", PROP_INT, get_ports,
          "adapters of VMs with a port", "ports of the switch", "not there"),
    SHOWN("HostSocket", PROP_TEXT, get_host_socket,
          "where the parent partition joins an internal switch",
          "a port that takes and gives frames as one of the top-of-rack "
          "switch does", "a network adapter of the host's there"),
    SHOWN("LearnedAddresses", PROP_INT, get_learned,
          "addresses that it learned",
          "its table; addresses of VMs need not be learned", "not there"),
    { .name = NULL },
};

static void *config_of(void *object)
{
    return &((Switch *)object)->config;
}

static GList *list(Host *host)
{
    return g_list_copy(host->switches);
}

static char *name_of(void *object)
{
    return g_strdup(((Switch *)object)->name);
}

static ObjectResult create(Host *host, const char *name, void *config,
                           ControlRequest *request, PropError *error)
{
    if (!switch_new(host, name, config, error)) {
        return OBJECT_FAILED;
    }
    host_event(host, "switch-added", "s:switch", name, NULL);
    return OBJECT_DONE;
}

/* An adapter that is to be on it, now or when its VM starts. */
static const VmNic *wanted_by(const Switch *sw)
{
    for (GList *l = sw->host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            if (nic->sw == sw || switch_find(sw->host,
                                             nic->config->switch_name) == sw) {
                return nic;
            }
        }
    }
    return NULL;
}

static ObjectResult destroy(void *object, ControlRequest *request,
                            PropError *error)
{
    Switch *sw = object;
    const VmNic *nic = wanted_by(sw);

    if (nic) {
        prop_fail(error, ERR_IN_USE, "adapter %s.%u is connected to switch "
                  "'%s'", nic->vm->config.name, nic->index, sw->name);
        return OBJECT_FAILED;
    }
    host_event(sw->host, "switch-removed", "s:switch", sw->name, NULL);
    switch_free(sw);
    return OBJECT_DONE;
}

const ObjectKind switch_kind = {
    .name = "switch",
    .title = "virtual switch",
    .about = "A software switch of the parent partition.",
    .properties = properties,
    .config_size = sizeof(SwitchConfig),
    .config = config_of,
    .list = list,
    .name_of = name_of,
    .create = create,
    .remove = destroy,
};
