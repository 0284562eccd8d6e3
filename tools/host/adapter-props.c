/*
 * Properties of a physical adapter, and of its VFs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/rundir.h"

#include <string.h>

#define FIELD(name) offsetof(AdapterConfig, name)
#define NUM_VFS_MAX 63

static JsonNode *get_name(void *object)
{
    return prop_text(((Adapter *)object)->name);
}

static JsonNode *get_description(void *object)
{
    return prop_text("82599 10 Gigabit");
}

static JsonNode *get_mac(void *object)
{
    Adapter *a = object;
    const uint8_t mac[6] = { 0x00, 0x1b, 0x21, 0x10, a->host->number,
                             a->number };

    return prop_take_text(mac_format(mac));
}

static JsonNode *get_location(void *object)
{
    return prop_take_text(g_strdup_printf("%02x:00.0", adapter_vf_rid(object,
                                                                 0) >> 8));
}

/* NetAdapterSriov's word for the first reason that has one. */
static const char *sriov_support(const ReasonList *list)
{
    static const struct {
        ReasonCode code;
        const char *word;
    } words[] = {
        { REASON_ADAPTER_NO_SRIOV, "MissingPfDriver" },
        { REASON_NO_PCIE_CONTROL, "NoOscSupport" },
        { REASON_NO_ACS, "MissingAcs" },
        { REASON_NO_ARI, "MissingAcs" },
        { REASON_NO_BUS_NUMBERS, "NoBusResources" },
        { REASON_NO_BAR_SPACE, "NoVfBarSpace" },
        { REASON_NO_SLAT, "NoIoMmuSupport" },
        { REASON_NO_IOMMU, "NoIoMmuSupport" },
        { REASON_NO_INTERRUPT_REMAPPING, "NoIoMmuSupport" },
        { REASON_REMAPPING_OFF, "NoIoMmuSupport" },
        { REASON_CHIPSET_FLAW, "NoIoMmuSupport" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (reasons_has(list, words[i].code)) {
            return words[i].word;
        }
    }
    return "Supported";
}

static JsonNode *get_support(void *object)
{
    g_autoptr(ReasonList) list = adapter_reasons(object);

    return prop_text(sriov_support(list));
}

static JsonNode *get_reasons(void *object)
{
    return reasons_take_json(adapter_reasons(object));
}

static JsonNode *get_capabilities(void *object)
{
    Adapter *a = object;

    return prop_object(iov_args("i:TotalVFs", a->config.sriov ? 64 : 0,
        "i:FirstVFOffset", 128, "i:VFStride", 2, "i:QueuePairs", IXGBE_QUEUES,
        "i:Pools", IXGBE_POOLS, "i:MacFilters", 128, "i:VlanFilters", 64,
        "b:LoopbackBetweenVFs", TRUE, NULL));
}

static JsonNode *get_current(void *object)
{
    Adapter *a = object;
    unsigned vfs = ixgbe_pf_driver_num_vfs(a->pf);

    return prop_object(iov_args("b:VfEnable", vfs > 0, "i:NumVFs", (int)vfs,
        "i:QueuePairsPerVF", (int)adapter_queues_per_vf(a),
        "i:DefaultPool", (int)ixgbe_pf_driver_default_pool(a->pf), NULL));
}

static JsonNode *get_num_vfs(void *object)
{
    return prop_int(ixgbe_pf_driver_num_vfs(((Adapter *)object)->pf));
}

static JsonNode *get_allocated(void *object)
{
    return prop_int(adapter_vfs_in_use(object));
}

static JsonNode *get_vports(void *object)
{
    return prop_int(ixgbe_pf_driver_num_vfs(((Adapter *)object)->pf) + 1);
}

static JsonNode *get_active_vports(void *object)
{
    return prop_int(adapter_vfs_in_use(object) + 1);
}

static JsonNode *get_default_pairs(void *object)
{
    Adapter *a = object;
    unsigned vfs = ixgbe_pf_driver_num_vfs(a->pf);

    return prop_int(IXGBE_QUEUES - vfs * adapter_queues_per_vf(a));
}

static JsonNode *get_vf_pairs(void *object)
{
    Adapter *a = object;

    return prop_int(ixgbe_pf_driver_num_vfs(a->pf) * adapter_queues_per_vf(a));
}

static JsonNode *get_pairs_per_vport(void *object)
{
    return prop_int(adapter_queues_per_vf(object));
}

static JsonNode *get_switch(void *object)
{
    Adapter *a = object;

    return prop_text(a->sw ? a->sw->name : "");
}

static JsonNode *get_link(void *object)
{
    return prop_bool(ixgbe_pf_driver_link_up(((Adapter *)object)->pf));
}

static JsonNode *get_port(void *object)
{
    return prop_text(((Adapter *)object)->port);
}

#define STAT(function, member) \
    static JsonNode *function(void *object) \
    { \
        IxgbeAdapterStats stats; \
        \
        ixgbe_adapter_stats(((Adapter *)object)->hw, &stats); \
        return prop_int(stats.member); \
    }

STAT(get_rx_frames, wire_rx_frames)
STAT(get_tx_frames, wire_tx_frames)
STAT(get_rx_filtered, wire_rx_filtered)
STAT(get_rx_missed, wire_rx_missed)
STAT(get_local, local_frames)

static bool apply(void *object, PropError *error)
{
    adapter_update(object);
    return true;
}

static bool apply_cable(void *object, PropError *error)
{
    adapter_cable(object);
    host_state_changed(((Adapter *)object)->host);
    return true;
}

static const Property properties[] = {
    SHOWN("Name", PROP_TEXT, get_name, "unique in the host",
          "the object's name", "the same"),
    SHOWN("InterfaceDescription", PROP_TEXT, get_description,
          "what adapter it is", "the model `sim/ixgbe`", "the same"),
    SHOWN("MacAddress", PROP_MAC, get_mac, "the permanent address",
          "RAR 0 of the adapter", "the same"),
    SHOWN("Location", PROP_TEXT, get_location,
          "bus, device and function of the PF",
          "requester ids of its VFs follow from it",
          "Get-NetAdapterHardwareInfo"),
    SHOWN("SriovSupport", PROP_TEXT, get_support,
          "Supported, or the cause why not: MissingPfDriver, NoOscSupport, "
          "MissingAcs, NoBusResources, NoVfBarSpace, NoIoMmuSupport",
          "the first cause of those in SriovSupportReasons", "the same words; "
          "a root port without ARI counts as MissingAcs"),
    SHOWN("SriovSupportReasons", PROP_REASONS, get_reasons,
          "every reason why it gives no VFs now", "the host's reasons and the "
          "adapter's own", "there in the WMI class only"),
    { .name = "SriovCapable", .type = PROP_BOOL, .when = PROP_CREATION,
      .field = FIELD(sriov), .dflt = "true",
      .text = "whether the silicon has SR-IOV",
      .backing = "without it the PF driver runs with no VFs, whatever NumVFs",
      .differs = "part of HardwareCapabilities there" },
    { .name = "Enabled", .type = PROP_BOOL, .when = PROP_ALWAYS,
      .field = FIELD(enabled), .dflt = "true", .apply = apply,
      .text = "SR-IOV is switched on",
      .backing = "the adapter gives up its VFs, restarts, and starts without "
      "or with them",
      .differs = "Enable- and Disable-NetAdapterSriov; VFs are asked back "
      "here, and taken by surprise only after EjectLimitMs" },
    { .name = "RequestedVFs", .type = PROP_INT, .when = PROP_ALWAYS,
      .field = FIELD(num_vfs), .min = 1, .max = NUM_VFS_MAX, .dflt = "7",
      .apply = apply,
      .text = "NumVFs as it was set; a change restarts the adapter as Enabled "
      "does",
      .backing = "NumVFs of the SR-IOV capability when the PF driver starts; "
      "up to 31 VFs have four queue pairs each, more have two",
      .differs = "Set-NetAdapterSriov -NumVFs" },
    { .name = "CableConnected", .type = PROP_BOOL, .when = PROP_ALWAYS,
      .field = FIELD(cable), .dflt = "true", .apply = apply_cable,
      .text = "the cable to the top-of-rack switch is plugged in",
      .backing = "the connection to the switch; without it the link is down, "
      "for the PF and for VFs", .differs = "a hand does it there" },
    SHOWN("NumVFs", PROP_INT, get_num_vfs, "VFs that the adapter has now",
          "pools 0 to NumVFs - 1; 0 if something speaks against SR-IOV",
          "the same"),
    SHOWN("HardwareCapabilities", PROP_OBJECT, get_capabilities,
          "what the silicon can do", "limits of the model", "the same idea"),
    SHOWN("CurrentCapabilities", PROP_OBJECT, get_current,
          "how it is configured", "registers that the PF driver wrote",
          "the same idea"),
    SHOWN("NumAllocatedVFs", PROP_INT, get_allocated, "VFs in use",
          "VFs that the PF driver has assigned", "the same"),
    SHOWN("NumVPorts", PROP_INT, get_vports,
          "ports of the embedded switch", "a pool each: the VFs' and the "
          "default pool", "the same"),
    SHOWN("NumActiveVPorts", PROP_INT, get_active_vports,
          "those in use", "the default pool and the assigned VFs' pools",
          "the same"),
    SHOWN("NumQueuePairsForDefaultVPort", PROP_INT, get_default_pairs,
          "queue pairs that are no VF's", "of 128", "the same"),
    SHOWN("NumQueuePairsForNonDefaultVPorts", PROP_INT, get_vf_pairs,
          "queue pairs of VFs", "NumVFs times four or two", "the same"),
    SHOWN("MaxQueuePairsPerVPort", PROP_INT, get_pairs_per_vport,
          "most that one VF can have", "IovQueuePairsAssigned is clipped to it",
          "part of the NIC switch there"),
    SHOWN("SwitchName", PROP_TEXT, get_switch,
          "the software switch over it", "a binding made by the switch",
          "there the NIC switch's own name"),
    SHOWN("LinkUp", PROP_BOOL, get_link, "the wire has a link",
          "LINKS of the PF", "Get-NetAdapter: Status"),
    SHOWN("TorPort", PROP_TEXT, get_port,
          "its port at the top-of-rack switch", "see `iovlab show tor`",
          "not there"),
    SHOWN("WireRxFrames", PROP_INT, get_rx_frames, "frames from the wire",
          "the adapter's count", "Get-NetAdapterStatistics"),
    SHOWN("WireTxFrames", PROP_INT, get_tx_frames, "frames to the wire",
          "the adapter's count", "Get-NetAdapterStatistics"),
    SHOWN("WireRxFiltered", PROP_INT, get_rx_filtered,
          "frames from the wire that no filter took", "the adapter's count",
          "not there"),
    SHOWN("WireRxMissed", PROP_INT, get_rx_missed,
          "frames from the wire without room", "the adapter's count",
          "Get-NetAdapterStatistics"),
    SHOWN("LocalFrames", PROP_INT, get_local,
          "frames between functions, inside the adapter",
          "the embedded switch's count", "not there"),
    { .name = NULL },
};

static void *config_of(void *object)
{
    return &((Adapter *)object)->config;
}

static GList *list(Host *host)
{
    return g_list_copy(host->adapters);
}

static char *name_of(void *object)
{
    return g_strdup(((Adapter *)object)->name);
}

static ObjectResult create(Host *host, const char *name, void *config,
                           ControlRequest *request, PropError *error)
{
    if (!adapter_new(host, name, config, error)) {
        return OBJECT_FAILED;
    }
    host_event(host, "adapter-added", "s:adapter", name, NULL);
    return OBJECT_DONE;
}

static ObjectResult restart(void *object, ControlRequest *request,
                            PropError *error)
{
    return adapter_restart(object, request, error);
}

static ObjectResult destroy(void *object, ControlRequest *request,
                            PropError *error)
{
    Adapter *a = object;

    if (a->sw) {
        prop_fail(error, ERR_IN_USE, "switch '%s' is over adapter '%s'",
                  a->sw->name, a->name);
        return OBJECT_FAILED;
    }
    host_event(a->host, "adapter-removed", "s:adapter", a->name, NULL);
    adapter_free(a);
    return OBJECT_DONE;
}

const ObjectKind adapter_kind = {
    .name = "adapter",
    .title = "physical adapter",
    .about = "An 82599 of the host: its PF, its VFs and its embedded switch.",
    .properties = properties,
    .config_size = sizeof(AdapterConfig),
    .config = config_of,
    .list = list,
    .name_of = name_of,
    .create = create,
    .remove = destroy,
    .restart = restart,
};

/* --- VFs ---------------------------------------------------------------- */

static const VmNic *owner(const VfObject *vf)
{
    for (GList *l = vf->adapter->host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            if (nic->adapter == vf->adapter && nic->vf == (int)vf->vf) {
                return nic;
            }
        }
    }
    return NULL;
}

static IxgbePfVfInfo vf_info(const VfObject *vf)
{
    IxgbePfVfInfo info;

    ixgbe_pf_driver_vf_info(vf->adapter->pf, vf->vf, &info);
    return info;
}

static char *vf_name(void *object)
{
    VfObject *vf = object;

    return g_strdup_printf("%s.%u", vf->adapter->name, vf->vf);
}

static JsonNode *vf_get_name(void *object)
{
    return prop_take_text(vf_name(object));
}

static JsonNode *vf_get_adapter(void *object)
{
    return prop_text(((VfObject *)object)->adapter->name);
}

static JsonNode *vf_get_id(void *object)
{
    return prop_int(((VfObject *)object)->vf);
}

static JsonNode *vf_get_rid(void *object)
{
    VfObject *vf = object;

    return prop_take_text(g_strdup_printf("0x%04x",
                                          adapter_vf_rid(vf->adapter,
                                                         vf->vf)));
}

static JsonNode *vf_get_assigned(void *object)
{
    return prop_bool(vf_info(object).assigned);
}

static JsonNode *vf_get_current_mac(void *object)
{
    IxgbePfVfInfo info = vf_info(object);

    return info.assigned ? prop_take_text(mac_format(info.mac)) :
        prop_text("");
}

static JsonNode *vf_get_permanent_mac(void *object)
{
    const VmNic *nic = owner(object);

    return nic ? prop_take_text(mac_format(nic->config->mac)) : prop_text("");
}

static JsonNode *vf_get_vport(void *object)
{
    return prop_int(vf_info(object).assigned ?
                    ((VfObject *)object)->vf + 1 : 0);
}

static JsonNode *vf_get_vm(void *object)
{
    const VmNic *nic = owner(object);

    return prop_text(nic ? nic->vm->config.name : "");
}

static JsonNode *vf_get_nic(void *object)
{
    const VmNic *nic = owner(object);

    return prop_int(nic ? nic->index : 0);
}

static JsonNode *vf_get_path(void *object)
{
    const VmNic *nic = owner(object);

    return prop_bool(nic && datapath_on_vf(nic->dp));
}

static JsonNode *vf_get_queues(void *object)
{
    const VmNic *nic = owner(object);

    return prop_int(nic ? nic->queue_pairs : 0);
}

#define POOL_STAT(function, member) \
    static JsonNode *function(void *object) \
    { \
        VfObject *vf = object; \
        IxgbePoolStats stats; \
        \
        ixgbe_adapter_pool_stats(vf->adapter->hw, vf->vf, &stats); \
        return prop_int(stats.member); \
    }

POOL_STAT(vf_get_rx, rx_frames)
POOL_STAT(vf_get_loopback, rx_loopback)
POOL_STAT(vf_get_rx_dropped, rx_dropped)
POOL_STAT(vf_get_tx, tx_frames)
POOL_STAT(vf_get_tx_dropped, tx_dropped)
POOL_STAT(vf_get_spoofed, tx_spoofed)

static const Property vf_properties[] = {
    SHOWN("Name", PROP_TEXT, vf_get_name, "adapter and function number",
          "a row of the SR-IOV capability", "the VM's name there"),
    SHOWN("Adapter", PROP_TEXT, vf_get_adapter, "the physical adapter",
          "the object's parent", "the same"),
    SHOWN("FunctionId", PROP_INT, vf_get_id, "number of the VF",
          "its pool", "the same"),
    SHOWN("RequesterId", PROP_TEXT, vf_get_rid,
          "the id that its DMA and interrupts bear",
          "first VF offset 128, stride 2; looked up by the IOMMU", "the same"),
    SHOWN("Assigned", PROP_BOOL, vf_get_assigned, "it is a VM's",
          "the PF driver's record", "not there"),
    SHOWN("CurrentMac", PROP_MAC, vf_get_current_mac, "its address now",
          "what the PF driver told the VF", "the same"),
    SHOWN("PermanentMac", PROP_MAC, vf_get_permanent_mac,
          "the address of the VM's adapter", "MacAddress of the adapter",
          "the same"),
    SHOWN("VPortId", PROP_INT, vf_get_vport,
          "its port at the embedded switch; 0 is the default port",
          "pool number plus 1", "the same"),
    SHOWN("VM", PROP_TEXT, vf_get_vm, "whose it is", "the VM's record",
          "Name there"),
    SHOWN("NetworkAdapter", PROP_INT, vf_get_nic,
          "and which of the VM's adapters has it", "the VM's record",
          "not there"),
    SHOWN("DataPathActive", PROP_BOOL, vf_get_path,
          "the VM's traffic is on it", "where the address filter is",
          "IovVfDataPathActive of the WMI class"),
    SHOWN("QueuePairs", PROP_INT, vf_get_queues, "queue pairs in its hands",
          "IovQueuePairsAssigned of the adapter", "of the VPort there"),
    SHOWN("RxFrames", PROP_INT, vf_get_rx, "frames into its pool",
          "the adapter's count", "not there"),
    SHOWN("RxLoopback", PROP_INT, vf_get_loopback,
          "of them from other functions of the adapter",
          "the adapter's count", "not there"),
    SHOWN("RxDropped", PROP_INT, vf_get_rx_dropped,
          "frames that its pool could not take", "the adapter's count",
          "not there"),
    SHOWN("TxFrames", PROP_INT, vf_get_tx, "frames from it",
          "the adapter's count", "not there"),
    SHOWN("TxDropped", PROP_INT, vf_get_tx_dropped,
          "frames from it that were refused", "the adapter's count",
          "not there"),
    SHOWN("TxSpoofed", PROP_INT, vf_get_spoofed,
          "of them for a forged address or VLAN", "anti-spoofing of its pool",
          "not there"),
    { .name = NULL },
};

static void *vf_config(void *object)
{
    return NULL;
}

static GList *vf_list(Host *host)
{
    GList *list = NULL;

    for (GList *l = host->adapters; l; l = l->next) {
        Adapter *a = l->data;

        for (unsigned i = 0; i < ixgbe_pf_driver_num_vfs(a->pf); i++) {
            a->vf[i].adapter = a;
            a->vf[i].vf = i;
            list = g_list_append(list, &a->vf[i]);
        }
    }
    return list;
}

const ObjectKind vf_kind = {
    .name = "vf",
    .title = "virtual function",
    .about = "A VF of a physical adapter.  VFs come and go with NumVFs.",
    .properties = vf_properties,
    .config = vf_config,
    .list = vf_list,
    .name_of = vf_name,
};
