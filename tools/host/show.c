/*
 * The host's objects as JSON, with Hyper-V's property names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include <string.h>

static void set_int(JsonObject *object, const char *name, uint64_t value)
{
    json_object_set_int_member(object, name, value);
}

static void set_str(JsonObject *object, const char *name, const char *value)
{
    json_object_set_string_member(object, name, value);
}

static void set_bool(JsonObject *object, const char *name, bool value)
{
    json_object_set_boolean_member(object, name, value);
}

static unsigned vfs_in_use(const Host *host)
{
    return ixgbe_pf_driver_num_vfs(host->pf) -
        ixgbe_pf_driver_vfs_free(host->pf);
}

/* A reason: a code that stays, and a text for people. */
static void add_reason(JsonArray *reasons, const char *code, const char *text)
{
    json_array_add_object_element(reasons,
                                  iov_args("s:Code", code, "s:Text", text,
                                           NULL));
}

static JsonArray *support_reasons(const Host *host, bool of_switch)
{
    JsonArray *reasons = json_array_new();

    if (!host->config.sriov) {
        add_reason(reasons, "AdapterNoSriov",
                   "the physical adapter has no SR-IOV");
    }
    if (of_switch && !host->config.switch_iov) {
        add_reason(reasons, "SwitchNoIov", "the switch was made without IOV, "
                   "which can be chosen only then");
    }
    return reasons;
}

static JsonObject *show_host(Host *host)
{
    JsonObject *object = json_object_new();

    set_str(object, "Name", host->config.name);
    set_bool(object, "IovSupport", host->config.sriov);
    json_object_set_array_member(object, "IovSupportReasons",
                                 support_reasons(host, false));
    set_int(object, "VirtualMachines", g_list_length(host->vms));
    set_bool(object, "WireConnected", host->wire != NULL);
    set_int(object, "EjectLimitMs", host->config.eject_limit_ms);
    return object;
}

static JsonObject *show_adapter(Host *host)
{
    JsonObject *object = json_object_new();
    unsigned vfs = ixgbe_pf_driver_num_vfs(host->pf);
    IxgbeAdapterStats stats;

    ixgbe_adapter_stats(host->adapter, &stats);
    set_str(object, "Name", "Ethernet");
    set_str(object, "InterfaceDescription", "82599 10 Gigabit");
    set_str(object, "SriovSupport", host->config.sriov ? "Supported" :
            "MissingPfDriver");
    set_bool(object, "Enabled", host->config.sriov);
    set_bool(object, "LinkUp", ixgbe_pf_driver_link_up(host->pf));
    set_int(object, "NumVFs", vfs);
    set_int(object, "NumAllocatedVFs", vfs_in_use(host));
    set_int(object, "NumVPorts", vfs + 1);
    set_int(object, "NumActiveVPorts", vfs_in_use(host) + 1);
    set_int(object, "WireRxFrames", stats.wire_rx_frames);
    set_int(object, "WireTxFrames", stats.wire_tx_frames);
    set_int(object, "WireRxFiltered", stats.wire_rx_filtered);
    set_int(object, "WireRxMissed", stats.wire_rx_missed);
    set_int(object, "LocalFrames", stats.local_frames);
    return object;
}

static JsonObject *show_switch(Host *host)
{
    JsonObject *object = json_object_new();
    unsigned pools = IXGBE_QUEUES / 2;

    set_str(object, "Name", "External");
    set_str(object, "SwitchType", "External");
    set_bool(object, "IovEnabled", host->config.switch_iov);
    set_bool(object, "IovSupport", host->config.sriov &&
             host->config.switch_iov);
    json_object_set_array_member(object, "IovSupportReasons",
                                 support_reasons(host, true));
    set_int(object, "IovVirtualFunctionCount",
            ixgbe_pf_driver_num_vfs(host->pf));
    set_int(object, "IovVirtualFunctionsInUse", vfs_in_use(host));
    set_int(object, "IovQueuePairCount", pools);
    set_int(object, "IovQueuePairsInUse", vfs_in_use(host));
    set_int(object, "LearnedAddresses", vswitch_learned(host->vswitch));
    return object;
}

static JsonObject *show_path_counters(const VmNic *nic)
{
    const DatapathStats *stats = datapath_stats(nic->dp);
    JsonObject *object = json_object_new();

    set_int(object, "SyntheticSent", stats->sent[DATAPATH_NIC]);
    set_int(object, "VfSent", stats->sent[DATAPATH_VF]);
    set_int(object, "Recalled", stats->recalled);
    set_int(object, "HeldMax", stats->held_max);
    set_int(object, "Dropped", stats->dropped);
    set_int(object, "Switches", stats->switches);
    set_int(object, "Backlog", datapath_backlog(nic->dp));
    return object;
}

static JsonObject *show_nic(const VmNic *nic)
{
    JsonObject *object = json_object_new();
    g_autofree char *mac = mac_format(nic->mac);
    const char *status;
    g_autofree char *description = nic_status_text(nic, &status);
    bool has_vf = nic->vf >= 0;
    g_autofree char *vf = has_vf ? g_strdup_printf("VF %d", nic->vf) :
        g_strdup("");

    set_int(object, "Index", nic->index);
    set_str(object, "MacAddress", mac);
    set_int(object, "IovWeight", nic->iov_weight);
    set_int(object, "IovUsage", has_vf);
    set_int(object, "IovQueuePairsRequested", nic->queue_pairs);
    set_int(object, "IovQueuePairsAssigned", has_vf ? nic->queue_pairs : 0);
    set_str(object, "VirtualFunction", vf);
    set_bool(object, "IovVfDataPathActive", datapath_on_vf(nic->dp));
    set_str(object, "Status", status);
    set_str(object, "StatusDescription", description);
    set_str(object, "State", vf_state_name(vf_life_state(nic->life)));
    set_str(object, "DataPath", datapath_state_name(datapath_state(nic->dp)));
    set_str(object, "Path", nic_path_name(nic));
    set_str(object, "ReasonCode", nic->reason);
    set_bool(object, "Connected", nic->status_valid && nic->status.connected);
    set_int(object, "Serial", has_vf ? nic->serial : 0);
    set_int(object, "NvspVersion", rd_le32(&nic->status.nvsp_version));
    set_int(object, "SyntheticRxFrames", rd_le64(&nic->status.rx_frames));
    set_int(object, "SyntheticTxFrames", rd_le64(&nic->status.tx_frames));
    set_int(object, "VfRxFrames", rd_le64(&nic->vf_stats.rx_frames));
    set_int(object, "VfTxFrames", rd_le64(&nic->vf_stats.tx_frames));
    set_int(object, "VfRxDropped", rd_le64(&nic->vf_stats.rx_dropped));
    set_int(object, "IommuFaults", nic->faults);
    json_object_set_object_member(object, "Frames", show_path_counters(nic));
    return object;
}

static JsonObject *show_vm(Vm *vm)
{
    JsonObject *object = json_object_new();
    JsonArray *nics = json_array_new();
    g_autofree char *console = vm_path(vm, "console.sock");
    g_autofree char *agent = vm_path(vm, "agent.sock");
    g_autofree char *console_log = vm_path(vm, "console.log");
    g_autofree char *qmp = vm_path(vm, "qmp.sock");

    set_str(object, "Name", vm->config.name);
    set_str(object, "State", vm_state_name(vm->state));
    set_int(object, "Pid", vm->pid);
    set_int(object, "ProcessorCount", vm->config.smp);
    set_int(object, "MemoryMB", vm->config.memory_mb);
    set_bool(object, "Migrating", vm->out || vm->in);
    set_str(object, "ConsoleSocket", console);
    set_str(object, "ConsoleLog", console_log);
    set_str(object, "AgentSocket", agent);
    set_str(object, "QmpSocket", qmp);
    for (unsigned i = 0; i < vm->config.nics; i++) {
        json_array_add_object_element(nics, show_nic(vm->nic[i]));
    }
    json_object_set_array_member(object, "NetworkAdapters", nics);
    return object;
}

static const VmNic *vf_owner(Host *host, unsigned vf)
{
    for (GList *l = host->vms; l; l = l->next) {
        Vm *vm = l->data;

        for (unsigned i = 0; i < vm->config.nics; i++) {
            if (vm->nic[i]->vf == (int)vf) {
                return vm->nic[i];
            }
        }
    }
    return NULL;
}

static JsonObject *show_vf(Host *host, unsigned vf)
{
    JsonObject *object = json_object_new();
    const VmNic *nic = vf_owner(host, vf);
    g_autofree char *rid = g_strdup_printf("0x%04x", host_vf_rid(host, vf));
    g_autofree char *mac = NULL;
    IxgbePoolStats stats;
    IxgbePfVfInfo info;

    ixgbe_pf_driver_vf_info(host->pf, vf, &info);
    ixgbe_adapter_pool_stats(host->adapter, vf, &stats);
    mac = mac_format(info.mac);
    set_int(object, "FunctionId", vf);
    set_str(object, "RequesterId", rid);
    set_bool(object, "Assigned", info.assigned);
    set_str(object, "CurrentMac", info.assigned ? mac : "");
    set_int(object, "VPortId", info.assigned ? vf + 1 : 0);
    set_str(object, "VM", nic ? nic->vm->config.name : "");
    set_int(object, "NetworkAdapter", nic ? nic->index : 0);
    set_bool(object, "DataPathActive", nic && datapath_on_vf(nic->dp));
    set_int(object, "RxFrames", stats.rx_frames);
    set_int(object, "RxLoopback", stats.rx_loopback);
    set_int(object, "RxDropped", stats.rx_dropped);
    set_int(object, "TxFrames", stats.tx_frames);
    set_int(object, "TxDropped", stats.tx_dropped);
    set_int(object, "TxSpoofed", stats.tx_spoofed);
    return object;
}

static JsonArray *show_vms(Host *host, const char *name)
{
    JsonArray *array = json_array_new();

    for (GList *l = host->vms; l; l = l->next) {
        Vm *vm = l->data;

        if (!name || g_str_equal(vm->config.name, name)) {
            json_array_add_object_element(array, show_vm(vm));
        }
    }
    return array;
}

static JsonArray *show_vfs(Host *host)
{
    JsonArray *array = json_array_new();

    for (unsigned i = 0; i < ixgbe_pf_driver_num_vfs(host->pf); i++) {
        json_array_add_object_element(array, show_vf(host, i));
    }
    return array;
}

JsonNode *show_object(Host *host, const char *what, const char *name)
{
    JsonObject *object = json_object_new();
    bool all = g_str_equal(what, "all");
    JsonNode *node;

    set_str(object, "Host", host->config.name);
    if (all || g_str_equal(what, "host")) {
        json_object_set_object_member(object, "host", show_host(host));
    }
    if (all || g_str_equal(what, "adapter")) {
        json_object_set_object_member(object, "adapter", show_adapter(host));
    }
    if (all || g_str_equal(what, "switch")) {
        json_object_set_object_member(object, "switch", show_switch(host));
    }
    if (all || g_str_equal(what, "vm")) {
        json_object_set_array_member(object, "vm", show_vms(host, name));
    }
    if (all || g_str_equal(what, "vf")) {
        json_object_set_array_member(object, "vf", show_vfs(host));
    }
    if (json_object_get_size(object) == 1) {
        json_object_unref(object);
        return NULL;
    }
    node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}
