/*
 * Properties of a host: its machine, and whether that may give VFs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"
#include "host/access.h"
#include "host/host-network-props.h"

#define FIELD(name) offsetof(HostConfig, name)

static JsonNode *get_name(void *object)
{
    return prop_text(((Host *)object)->name);
}

static JsonNode *get_support(void *object)
{
    g_autoptr(ReasonList) list = machine_reasons(object);

    return prop_bool(!list->len);
}

static JsonNode *get_reasons(void *object)
{
    return reasons_take_json(machine_reasons(object));
}

static JsonNode *get_vms(void *object)
{
    return prop_int(g_list_length(((Host *)object)->vms));
}

static JsonNode *get_adapters(void *object)
{
    return prop_int(g_list_length(((Host *)object)->adapters));
}

static JsonNode *get_switches(void *object)
{
    return prop_int(g_list_length(((Host *)object)->switches));
}

static JsonNode *get_wire(void *object)
{
    Host *host = object;
    bool any = false;

    for (GList *l = host->adapters; l; l = l->next) {
        any |= ((Adapter *)l->data)->wire != NULL;
    }
    return prop_bool(any);
}

static bool apply_override(void *object, PropError *error)
{
    Host *host = object;

    if (machine_overridden(host)) {
        host_event(host, "iov-override", NULL);
    }
    for (GList *l = host->adapters; l; l = l->next) {
        adapter_update(l->data);
    }
    return true;
}

static bool apply_eject_limit(void *object, PropError *error)
{
    Host *host = object;

    for (GList *l = host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            vf_life_set_eject_limit(nic->life, host->config.eject_limit_ms);
        }
    }
    return true;
}

static const Property properties[] = {
    { .name = "Name", .type = PROP_TEXT, .field = PROP_NO_FIELD,
      .get = get_name, .text = "the name that `iovlab host start` was given",
      .backing = "the host process, and its directory in the run directory",
      .differs = "Hyper-V: `ComputerName`" },
    { .name = "IovSupport", .type = PROP_BOOL, .field = PROP_NO_FIELD,
      .get = get_support,
      .text = "whether the machine may give VFs to VMs at all",
      .backing = "derived from the properties of the machine below; while it "
      "is false the PF driver of every adapter runs with no VFs",
      .differs = "the same" },
    { .name = "IovSupportReasons", .type = PROP_REASONS,
      .field = PROP_NO_FIELD, .get = get_reasons,
      .text = "why not, all causes at once; empty if it may",
      .backing = "one for each cause that holds now",
      .differs = "Hyper-V gives texts only; here each has a code that stays" },
    { .name = "SecondLevelTranslation", .type = PROP_BOOL,
      .when = PROP_CREATION, .field = FIELD(slat), .dflt = "true",
      .text = "the processor has nested paging",
      .backing = "a cause of IovSupport",
      .differs = "not shown by Hyper-V; read from the processor" },
    { .name = "IommuPresent", .type = PROP_BOOL, .when = PROP_CREATION,
      .field = FIELD(iommu), .dflt = "true",
      .text = "the chipset has an IOMMU",
      .backing = "a cause of IovSupport; with it each VM has a `vtd-iommu` of "
      "the hypervisor, which confines its VF",
      .differs = "not shown by Hyper-V; read from the DMAR table" },
    { .name = "InterruptRemapping", .type = PROP_BOOL, .when = PROP_CREATION,
      .field = FIELD(interrupt_remapping), .dflt = "true",
      .text = "the IOMMU remaps interrupts",
      .backing = "a cause of IovSupport",
      .differs = "not shown by Hyper-V; read from the DMAR table" },
    { .name = "RemappingEnabled", .type = PROP_BOOL, .when = PROP_CREATION,
      .field = FIELD(remapping_enabled), .dflt = "true",
      .text = "remapping was not switched off by configuration",
      .backing = "a cause of IovSupport",
      .differs = "a boot option there" },
    { .name = "PcieControlGranted", .type = PROP_BOOL, .when = PROP_CREATION,
      .field = FIELD(pcie_control), .dflt = "true",
      .text = "the firmware hands over control of PCI Express (_OSC)",
      .backing = "a cause of IovSupport",
      .differs = "not shown by Hyper-V; asked of the firmware" },
    { .name = "RootPortAcs", .type = PROP_BOOL, .when = PROP_CREATION,
      .field = FIELD(root_port_acs), .dflt = "true",
      .text = "root ports have Access Control Services",
      .backing = "a cause of IovSupport",
      .differs = "not shown by Hyper-V; read from the ports" },
    { .name = "RootPortAri", .type = PROP_BOOL, .when = PROP_CREATION,
      .field = FIELD(root_port_ari), .dflt = "true",
      .text = "root ports forward alternative routing ids",
      .backing = "a cause of IovSupport: the 82599's first VF is function 128",
      .differs = "not shown by Hyper-V; read from the ports" },
    { .name = "ChipsetFlaw", .type = PROP_BOOL, .when = PROP_CREATION,
      .field = FIELD(chipset_flaw), .dflt = "false",
      .text = "the chipset is known for a flaw in its remapping",
      .backing = "a cause of IovSupport, unless it is overridden",
      .differs = "Hyper-V has a list of chipsets" },
    { .name = "IovEnableOverride", .type = PROP_BOOL, .when = PROP_ALWAYS,
      .field = FIELD(iov_override), .dflt = "false", .apply = apply_override,
      .text = "gives VFs in spite of the flaw; only for VMs that are trusted",
      .backing = "adapters restart with or without VFs; event `iov-override` "
      "when it is set and at every start of the host with it",
      .differs = "a registry value there, in force at the next start" },
    { .name = "BusNumbers", .type = PROP_INT, .when = PROP_CREATION,
      .field = FIELD(bus_numbers), .min = 0, .max = 253, .dflt = "16",
      .text = "PCI bus numbers below the root ports",
      .backing = "each adapter with SR-IOV takes two, in the order of their "
      "making; SriovSupport is NoBusResources when they are used up",
      .differs = "not shown by Hyper-V; given out by firmware" },
    { .name = "VfBarSpaceKB", .type = PROP_INT, .when = PROP_CREATION,
      .field = FIELD(bar_space_kb), .min = 0, .max = 1024 * 1024,
      .dflt = "16384",
      .text = "address space below the root ports for registers of VFs",
      .backing = "each adapter with SR-IOV takes 2,048 (64 VFs of two BARs of "
      "16 KB); SriovSupport is NoVfBarSpace when it is used up",
      .differs = "not shown by Hyper-V; given out by firmware" },
    { .name = "EjectLimitMs", .type = PROP_INT, .when = PROP_ALWAYS,
      .field = FIELD(eject_limit_ms), .min = 1, .max = 3600000,
      .dflt = "60000", .apply = apply_eject_limit,
      .text = "milliseconds that a guest has to give up a VF before it is "
      "taken by surprise",
      .backing = "the timer of the VF's life in state Ejecting",
      .differs = "fixed there; a minute according to guest drivers" },
    { .name = "MigrationCancelLimitMs", .type = PROP_INT, .when = PROP_ALWAYS,
      .field = FIELD(cancel_limit_ms), .min = 100, .max = 3600000,
      .dflt = "30000",
      .text = "milliseconds that a VM's QEMU has to give up a live migration "
      "that was cancelled; then the other host has as many to say whether the "
      "VM runs there",
      .backing = "the timers of states cancelling and abandoning, see flow.md",
      .differs = "fixed there" },
    HOST_NETWORK_ROWS,
    ACCESS_ROWS,
    { .name = "PhysicalAdapters", .type = PROP_INT, .field = PROP_NO_FIELD,
      .get = get_adapters, .text = "how many there are",
      .backing = "see `iovlab show adapter`", .differs = "not there" },
    { .name = "VirtualSwitches", .type = PROP_INT, .field = PROP_NO_FIELD,
      .get = get_switches, .text = "how many there are",
      .backing = "see `iovlab show switch`", .differs = "not there" },
    { .name = "VirtualMachines", .type = PROP_INT, .field = PROP_NO_FIELD,
      .get = get_vms, .text = "how many there are, on and off",
      .backing = "see `iovlab show vm`", .differs = "not there" },
    { .name = "WireConnected", .type = PROP_BOOL, .field = PROP_NO_FIELD,
      .get = get_wire, .text = "an adapter's cable is plugged in",
      .backing = "the connection to the top-of-rack switch",
      .differs = "not there" },
    { .name = NULL },
};

static void *config_of(void *object)
{
    return &((Host *)object)->config;
}

static GList *list(Host *host)
{
    return g_list_append(NULL, host);
}

static char *name_of(void *object)
{
    return g_strdup(((Host *)object)->name);
}

const ObjectKind host_kind = {
    .name = "host",
    .title = "host",
    .about = "One physical machine with its parent partition: a host process.",
    .properties = properties,
    .config_size = sizeof(HostConfig),
    .config = config_of,
    .list = list,
    .name_of = name_of,
};
