/*
 * Properties of a VM's network adapter.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"
#include "host/nic-policy.h"

#include "base/rundir.h"

#include <stdio.h>
#include <string.h>

#define FIELD(name) offsetof(NicConfig, name)

/* --- what is shown ------------------------------------------------------ */

static char *name_of(void *object)
{
    VmNic *nic = object;

    return g_strdup_printf("%s.%u", nic->vm->config.name, nic->index);
}

static JsonNode *get_name(void *object)
{
    return prop_take_text(name_of(object));
}

static JsonNode *get_vm(void *object)
{
    return prop_text(((VmNic *)object)->vm->config.name);
}

static JsonNode *get_index(void *object)
{
    return prop_int(((VmNic *)object)->index);
}

static JsonNode *get_switch(void *object)
{
    VmNic *nic = object;
    Switch *sw = nic->sw ? nic->sw :
        switch_find(nic->vm->host, nic->config->switch_name);

    return prop_text(sw ? sw->name : nic->config->switch_name);
}

static JsonNode *get_usage(void *object)
{
    return prop_int(((VmNic *)object)->vf >= 0);
}

static JsonNode *get_pairs(void *object)
{
    VmNic *nic = object;

    return prop_int(nic->vf >= 0 ? nic->queue_pairs : 0);
}

static JsonNode *get_vf(void *object)
{
    VmNic *nic = object;

    return nic->vf < 0 ? prop_text("") :
        prop_take_text(g_strdup_printf("VF %d", nic->vf));
}

static JsonNode *get_vf_adapter(void *object)
{
    VmNic *nic = object;

    return prop_text(nic->vf < 0 ? "" : nic->adapter->name);
}

static JsonNode *get_path_active(void *object)
{
    return prop_bool(datapath_on_vf(((VmNic *)object)->dp));
}

static JsonNode *get_status(void *object)
{
    const char *status;
    char *text = nic_status_text(object, &status);

    g_free(text);
    return prop_text(status);
}

static JsonNode *get_description(void *object)
{
    const char *status;

    return prop_take_text(nic_status_text(object, &status));
}

static JsonNode *get_reasons(void *object)
{
    return reasons_take_json(nic_reasons(object));
}

static JsonNode *get_state(void *object)
{
    return prop_text(vf_state_name(vf_life_state(((VmNic *)object)->life)));
}

static JsonNode *get_data_path(void *object)
{
    return prop_text(datapath_state_name(datapath_state(((VmNic *)object)
                                                        ->dp)));
}

static JsonNode *get_path(void *object)
{
    return prop_text(nic_path_name(object));
}

static JsonNode *get_reason_code(void *object)
{
    return prop_text(((VmNic *)object)->reason);
}

static JsonNode *get_guest(void *object)
{
    VmNic *nic = object;

    return prop_bool(nic->status_valid && nic->status.connected);
}

static JsonNode *get_serial(void *object)
{
    VmNic *nic = object;

    return prop_int(nic->vf >= 0 ? nic->serial : 0);
}

static JsonNode *get_faults(void *object)
{
    return prop_int(((VmNic *)object)->faults);
}

static JsonNode *get_nvsp(void *object)
{
    return prop_int(rd_le32(&((VmNic *)object)->status.nvsp_version));
}

#define COUNT(function, member) \
    static JsonNode *function(void *object) \
    { \
        return prop_int(rd_le64(&((VmNic *)object)->member)); \
    }

COUNT(get_syn_rx, status.rx_frames)
COUNT(get_syn_tx, status.tx_frames)
COUNT(get_vf_rx, vf_stats.rx_frames)
COUNT(get_vf_tx, vf_stats.tx_frames)
COUNT(get_vf_dropped, vf_stats.rx_dropped)

static JsonNode *get_frames(void *object)
{
    VmNic *nic = object;
    const DatapathStats *stats = datapath_stats(nic->dp);

    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        { "SyntheticSent", stats->sent[DATAPATH_NIC] },
        { "VfSent", stats->sent[DATAPATH_VF] },
        { "SyntheticReceived", nic->received[DATAPATH_NIC] },
        { "VfReceived", nic->received[DATAPATH_VF] },
        { "Recalled", stats->recalled },
        { "HeldMax", stats->held_max },
        { "Dropped", stats->dropped },
        { "Switches", stats->switches },
        { "Backlog", datapath_backlog(nic->dp) },
    };
    JsonObject *all = json_object_new();

    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        json_object_set_int_member(all, counts[i].name,
                                   MIN(counts[i].value, G_MAXINT64));
    }
    return prop_object(all);
}

/* --- what is set --------------------------------------------------------- */

static bool apply_weight(void *object, PropError *error)
{
    VmNic *nic = object;

    nic->misbehaved = false;
    nic_update_wanted(nic);
    host_state_changed(nic->vm->host);
    return true;
}

/* Another number of queue pairs is another VF in the guest. */
static bool apply_pairs(void *object, PropError *error)
{
    VmNic *nic = object;

    if (nic->vf >= 0 && vf_life_wanted(nic->life) &&
        nic_pairs_to_assign(nic, nic->adapter) != nic->queue_pairs) {
        vf_life_event(nic->life, VF_EV_UNWANT);
        vf_life_event(nic->life, VF_EV_WANT);
    }
    host_state_changed(nic->vm->host);
    return true;
}

static bool apply_moderation(void *object, PropError *error)
{
    VmNic *nic = object;

    nic_send_vf_state(nic);
    host_state_changed(nic->vm->host);
    return true;
}

static bool apply_switch(void *object, PropError *error)
{
    VmNic *nic = object;
    Switch *sw = switch_find(nic->vm->host, nic->config->switch_name);

    if (*nic->config->switch_name && !sw) {
        return prop_fail(error, ERR_NOT_FOUND, "host '%s' has no switch '%s'",
                         nic->vm->host->name, nic->config->switch_name);
    }
    if (!nic_reconnect(nic, error)) {
        return false;
    }
    host_state_changed(nic->vm->host);
    return true;
}

static bool apply_rsc(void *object, PropError *error)
{
    nic_send_config(object);
    return true;
}

static const char *const moderation_words[] = {
    "Default", "Adaptive", "Off", "Low", "Medium", "High", NULL,
};

static const Property properties[] = {
    SHOWN("Name", PROP_TEXT, get_name, "the VM's name and the adapter's number",
          "the object's name", "a text of one's own there"),
    SHOWN("VMName", PROP_TEXT, get_vm, "the VM", "the object's parent",
          "the same"),
    SHOWN("Index", PROP_INT, get_index, "number in the VM, 0 to 7",
          "the instance id of the VMBus device has it", "not there"),
    { .name = "MacAddress", .type = PROP_MAC, .when = PROP_OFF,
      .field = FIELD(mac), .dflt = "",
      .text = "its address; empty: one of the host's pool",
      .backing = "the switch's port, the adapter's filter, the VF's address",
      .differs = "the same, without colons" },
    { .name = "SwitchName", .type = PROP_TEXT, .when = PROP_ALWAYS,
      .field = FIELD(switch_name), .max = 32, .dflt = "", .get = get_switch,
      .apply = apply_switch,
      .text = "the switch that it is connected to; empty: the host's first",
      .backing = "a port of that switch; a VF of another adapter is taken "
      "back first",
      .differs = "Connect-VMNetworkAdapter" },
    { .name = "Connected", .type = PROP_BOOL, .when = PROP_ALWAYS,
      .field = FIELD(connected), .dflt = "true", .apply = apply_switch,
      .text = "the cable to the switch is plugged in",
      .backing = "the port's link and the synthetic NIC's; without it no VF",
      .differs = "Disconnect-VMNetworkAdapter" },
    { .name = "IovWeight", .type = PROP_INT, .when = PROP_ALWAYS,
      .field = FIELD(iov_weight), .min = 0, .max = 100, .dflt = "100",
      .apply = apply_weight,
      .text = "0: no VF; 1 to 100: a VF is wanted, the larger the sooner when "
      "they are scarce",
      .backing = "on a running VM 0 takes the VF back and any other value "
      "asks for one",
      .differs = "the default there is 0" },
    { .name = "IovQueuePairsRequested", .type = PROP_INT,
      .when = PROP_ALWAYS, .field = FIELD(queue_pairs), .min = 1,
      .max = UINT32_MAX, .dflt = "1", .apply = apply_pairs,
      .text = "queue pairs wanted on the VF",
      .backing = "with more than one the guest has RSS on the VF, which then "
      "is the flavour with a mailbox (8086:10ed); a change takes the VF back "
      "and gives it again",
      .differs = "the same" },
    { .name = "RscEnabled", .type = PROP_BOOL, .when = PROP_ALWAYS,
      .field = FIELD(rsc), .dflt = "true", .apply = apply_rsc,
      .text = "TCP segments for the guest may be coalesced on the synthetic "
      "path; the switch has to allow it too (SoftwareRscEnabled)",
      .backing = "sim/netvsp/rsc.c; the guest turns it on (`ethtool -K eth0 "
      "lro on`)",
      .differs = "the same; here the guest is told of a change at its next "
      "initialisation" },
    NIC_POLICY_ROWS,
    SHOWN("IovQueuePairsAssigned", PROP_INT, get_pairs,
          "queue pairs that its VF has",
          "clipped to what the adapter has for each VF, and to a power of two",
          "the same"),
    { .name = "IovInterruptModeration", .type = PROP_ENUM,
      .when = PROP_ALWAYS, .field = FIELD(moderation),
      .words = moderation_words, .dflt = "Default",
      .apply = apply_moderation,
      .text = "how interrupts of the VF are moderated: as its driver says "
      "(Default), by the traffic (Adaptive), not at all (Off), or at least so "
      "much (Low 20, Medium 100, High 250 microseconds)",
      .backing = "the interval of every vector of the VF",
      .differs = "a hint to the vendor's driver there" },
    SHOWN("IovUsage", PROP_INT, get_usage, "not 0: it has a VF",
          "a VF is assigned", "the same"),
    SHOWN("VirtualFunction", PROP_TEXT, get_vf, "its VF", "the VF's number",
          "an object there"),
    SHOWN("VirtualFunctionAdapter", PROP_TEXT, get_vf_adapter,
          "and the physical adapter that it is of", "the VF's parent",
          "part of that object there"),
    SHOWN("IovVfDataPathActive", PROP_BOOL, get_path_active,
          "the VM's traffic is on the VF",
          "where the adapter's address filter is", "of the WMI class"),
    SHOWN("Status", PROP_TEXT, get_status,
          "OK; Degraded if it should have a VF and has none; Error if there can "
          "be no traffic",
          "derived from the reasons", "the same words"),
    SHOWN("StatusDescription", PROP_TEXT, get_description,
          "`OK (SR-IOV active)`, or every reason why not",
          "derived from the reasons", "other words there"),
    SHOWN("StatusReasons", PROP_REASONS, get_reasons,
          "the same, with codes", "derived when it is shown", "not there"),
    SHOWN("State", PROP_TEXT, get_state, "where the VF's life is",
          "sim/host/vf-life.c, see docs/flow.md", "not there"),
    SHOWN("DataPath", PROP_TEXT, get_data_path, "where the traffic moves",
          "sim/host/datapath.c", "not there"),
    SHOWN("Path", PROP_TEXT, get_path, "`vf` or `synthetic`",
          "where the adapter's address filter is", "not there"),
    SHOWN("ReasonCode", PROP_TEXT, get_reason_code,
          "code of the first reason why there is no VF",
          "noted when a VF was last asked for", "not there"),
    SHOWN("GuestConnected", PROP_BOOL, get_guest,
          "the guest's network driver is up", "what `hv-net` tells",
          "part of Status there"),
    SHOWN("Serial", PROP_INT, get_serial,
          "serial of the VF association; the guest's PCI slot",
          "counted by the VM, never used twice", "not shown there"),
    SHOWN("NvspVersion", PROP_INT, get_nvsp,
          "protocol of the guest's driver", "what `hv-net` tells",
          "not there"),
    SHOWN("SyntheticRxFrames", PROP_INT, get_syn_rx,
          "frames that the guest took on the synthetic path", "its device",
          "not there"),
    SHOWN("SyntheticTxFrames", PROP_INT, get_syn_tx, "frames from it there",
          "its device", "not there"),
    SHOWN("VfRxFrames", PROP_INT, get_vf_rx,
          "frames that the guest took on the VF", "its device, once a second",
          "Measure-VM says nothing of a VF"),
    SHOWN("VfTxFrames", PROP_INT, get_vf_tx, "frames from it there",
          "its device, once a second", "the same"),
    SHOWN("VfRxDropped", PROP_INT, get_vf_dropped,
          "frames that the VF dropped", "its device, once a second",
          "not there"),
    SHOWN("IommuFaults", PROP_INT, get_faults,
          "requests of its VFs that the IOMMU blocked", "its VM's IOMMU",
          "not there"),
    SHOWN("Frames", PROP_OBJECT, get_frames,
          "frames that the host sent to the guest on each path, had from it, "
          "held and took back",
          "sim/host/datapath.c", "not there"),
    { .name = NULL },
};

/* --- the kind ------------------------------------------------------------ */

static void *config_of(void *object)
{
    return ((VmNic *)object)->config;
}

static bool is_off(void *object)
{
    return ((VmNic *)object)->vm->state == VM_OFF;
}

static GList *list(Host *host)
{
    GList *all = NULL;

    for (GList *l = host->vms; l; l = l->next) {
        VM_FOR_EACH_NIC(l->data, nic) {
            all = g_list_append(all, nic);
        }
    }
    return all;
}

/* "VM.N"; false if it is nothing of the kind. */
static bool split_name(const char *name, char **vm, unsigned *index)
{
    const char *dot = strrchr(name, '.');
    g_autofree char *head = dot ? g_strndup(name, dot - name) : NULL;

    if (!dot || dot[1] < '0' || dot[1] >= '0' + NICS_MAX || dot[2] ||
        !name_valid(head)) {
        return false;
    }
    *vm = g_steal_pointer(&head);
    *index = dot[1] - '0';
    return true;
}

static bool name_ok(const char *name)
{
    g_autofree char *vm = NULL;
    unsigned index;

    return split_name(name, &vm, &index);
}

static ObjectResult create(Host *host, const char *name, void *config,
                           ControlRequest *request, PropError *error)
{
    NicConfig *c = config;
    g_autofree char *vm_name = NULL;
    unsigned index = 0;
    Vm *vm = split_name(name, &vm_name, &index) ?
        host_find_vm(host, vm_name) : NULL;

    if (!vm) {
        prop_fail(error, ERR_NOT_FOUND, "host '%s' has no VM '%s'",
                  host->name, vm_name ? vm_name : name);
        return OBJECT_FAILED;
    }
    if (*c->switch_name && !switch_find(host, c->switch_name)) {
        prop_fail(error, ERR_NOT_FOUND, "host '%s' has no switch '%s'",
                  host->name, c->switch_name);
        return OBJECT_FAILED;
    }
    return nic_add(vm, index, c, request, error);
}

static ObjectResult destroy(void *object, ControlRequest *request,
                            PropError *error)
{
    return nic_remove(object, request, error);
}

const ObjectKind nic_kind = {
    .name = "nic",
    .title = "VM network adapter",
    .about = "A network adapter of a VM: a synthetic NIC (`hv-net`), its port "
    "at a switch and the VF that it has or waits for.  Its name is the VM's, "
    "a dot and its number.",
    .properties = properties,
    .config_size = sizeof(NicConfig),
    .config = config_of,
    .is_off = is_off,
    .list = list,
    .name_of = name_of,
    .create = create,
    .remove = destroy,
    .name_ok = name_ok,
};
