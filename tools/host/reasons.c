/*
 * The table of reasons, and lists of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/reasons.h"

#include "client.h"

const ReasonRow reason_rows[REASONS] = {
    [REASON_NO_SLAT] = { "NoSecondLevelTranslation", "host",
        "the processor cannot translate guest addresses a second time (nested "
        "paging)",
        "start the host with SecondLevelTranslation=true" },
    [REASON_NO_IOMMU] = { "NoIommu", "host",
        "the chipset has no IOMMU: a VF's DMA could not be kept inside its VM",
        "start the host with IommuPresent=true" },
    [REASON_NO_INTERRUPT_REMAPPING] = { "NoInterruptRemapping", "host",
        "the IOMMU cannot remap interrupts: a VF could raise any vector",
        "start the host with InterruptRemapping=true" },
    [REASON_REMAPPING_OFF] = { "RemappingSwitchedOff", "host",
        "DMA and interrupt remapping are there but switched off",
        "start the host with RemappingEnabled=true" },
    [REASON_NO_PCIE_CONTROL] = { "NoPcieControl", "host",
        "the firmware does not hand over control of PCI Express (_OSC)",
        "start the host with PcieControlGranted=true" },
    [REASON_NO_ACS] = { "RootPortNoAcs", "host",
        "the root port has no Access Control Services: functions could reach "
        "one another behind the IOMMU's back",
        "start the host with RootPortAcs=true" },
    [REASON_NO_ARI] = { "RootPortNoAri", "host",
        "the root port does not forward alternative routing ids: no function "
        "above number 7 can be reached, and the first VF is number 128",
        "start the host with RootPortAri=true" },
    [REASON_CHIPSET_FLAW] = { "ChipsetUntrusted", "host",
        "the chipset is known for a flaw in its remapping: a VM with a VF "
        "could harm the host",
        "if the VMs are trusted: `iovlab set host NAME IovEnableOverride=true`"
        },
    [REASON_NO_BUS_NUMBERS] = { "NoBusNumbers", "adapter",
        "no PCI bus numbers are left for the adapter's VFs",
        "start the host with a larger BusNumbers" },
    [REASON_NO_BAR_SPACE] = { "NoVfBarSpace", "adapter",
        "no address space is left for the VFs' registers",
        "start the host with a larger VfBarSpaceKB" },
    [REASON_ADAPTER_NO_SRIOV] = { "AdapterNoSriov", "adapter",
        "the physical adapter has no SR-IOV",
        "use another adapter" },
    [REASON_SRIOV_DISABLED] = { "SriovDisabled", "adapter",
        "SR-IOV of the adapter was switched off",
        "`iovlab set adapter NAME Enabled=true`" },
    [REASON_ADAPTER_RESTARTING] = { "AdapterRestarting", "adapter",
        "the adapter restarts with other settings once its VFs are back",
        "wait" },
    [REASON_SWITCH_NO_IOV] = { "SwitchNoIov", "switch",
        "the switch was made without IOV, which can be chosen only then",
        "make another switch with IovEnabled=true" },
    [REASON_SWITCH_NOT_EXTERNAL] = { "SwitchNotExternal", "switch",
        "an internal or private switch has no adapter that could give a VF",
        "connect the adapter to an external switch" },
    [REASON_SWITCH_NO_ADAPTER] = { "SwitchNoAdapter", "switch",
        "the switch's physical adapter is gone",
        "make the switch again with another adapter" },
    [REASON_WEIGHT_ZERO] = { "WeightZero", "nic",
        "IovWeight is 0: no VF is asked for",
        "`iovlab set nic VM.N IovWeight=100`" },
    [REASON_NO_SWITCH] = { "NotConnected", "nic",
        "the adapter is connected to no switch",
        "`iovlab set nic VM.N SwitchName=NAME`" },
    [REASON_LINK_VERSION] = { "LinkVersion", "nic",
        "the VM's QEMU and the host process speak different versions of the "
        "link protocol: there is no traffic at all",
        "build both from one source (`scripts/build-qemu`), then stop and "
        "start the VM" },
    [REASON_VM_NOT_RUNNING] = { "VmNotRunning", "nic",
        "the VM does not run", "`iovlab start VM`, or `iovlab resume VM`" },
    [REASON_DETACHED] = { "Detached", "nic",
        "VFs are kept away while the VM is migrated or saved", "wait" },
    [REASON_VF_MISBEHAVED] = { "VfMisbehaved", "nic",
        "the last VF was taken away: the IOMMU blocked too many of its "
        "requests",
        "look at the guest's driver, then `iovlab set nic VM.N IovWeight=100`"
        },
    [REASON_GUEST_NOT_CONNECTED] = { "GuestNotConnected", "nic",
        "the guest's network driver is not up",
        "wait for the guest; it needs hv_netvsc" },
    [REASON_GUEST_NOT_CAPABLE] = { "GuestNotCapable", "nic",
        "the guest's network driver takes no VF",
        "use a guest whose driver does" },
    [REASON_VF_BEING_REMOVED] = { "VfBeingRemoved", "nic",
        "the last VF is still being taken away", "wait" },
    [REASON_PLUG_FAILED] = { "PlugFailed", "nic",
        "the VF could not be added to the VM",
        "see the events; it is tried again" },
    [REASON_NO_FREE_VF] = { "NoFreeVf", "nic",
        "all VFs of the adapter are in use",
        "raise NumVFs of the adapter, or take a VF from another VM" },
    [REASON_POLICY_ROUTER_GUARD] = { "PolicyRouterGuard", "nic",
        "RouterGuard is on, and only the software switch looks for "
        "advertisements",
        "`iovlab set nic VM.N RouterGuard=Off`" },
    [REASON_POLICY_DHCP_GUARD] = { "PolicyDhcpGuard", "nic",
        "DhcpGuard is on, and only the software switch looks for DHCP",
        "`iovlab set nic VM.N DhcpGuard=Off`" },
    [REASON_POLICY_ACL] = { "PolicyAcl", "nic",
        "it has ACLs, which only the software switch follows",
        "`iovlab set nic VM.N Acls=`" },
    [REASON_POLICY_MIRRORING] = { "PolicyPortMirroring", "nic",
        "port mirroring is the software switch's",
        "`iovlab set nic VM.N PortMirroring=None`" },
    [REASON_POLICY_STORM_LIMIT] = { "PolicyStormLimit", "nic",
        "it has a StormLimit, which only the software switch keeps",
        "`iovlab set nic VM.N StormLimit=0`" },
    [REASON_POLICY_MINIMUM_BANDWIDTH] = { "PolicyMinimumBandwidth", "nic",
        "it has a MinimumBandwidthWeight, which only the software "
        "switch keeps",
        "`iovlab set nic VM.N MinimumBandwidthWeight=0`" },
    [REASON_POLICY_MAXIMUM_BANDWIDTH] = { "PolicyMaximumBandwidth", "nic",
        "its MaximumBandwidth is less than the adapter can limit a VF "
        "to",
        "`iovlab set nic VM.N MaximumBandwidth=0, or 11000000 and "
        "more`" },
    [REASON_POLICY_VLAN] = { "PolicyVlan", "nic",
        "a VF has one VLAN, and its mode asks for more",
        "`iovlab set nic VM.N Vlan=Untagged or Vlan=Access:VID`" },
};

static void reason_free(gpointer reason)
{
    g_free(((Reason *)reason)->text);
    g_free(reason);
}

ReasonList *reasons_new(void)
{
    return g_ptr_array_new_with_free_func(reason_free);
}

void reasons_free(ReasonList *list)
{
    g_ptr_array_unref(list);
}

static void add(ReasonList *list, ReasonCode code, char *text)
{
    Reason *reason = g_new0(Reason, 1);

    reason->code = code;
    reason->text = text;
    g_ptr_array_add(list, reason);
}

void reasons_add(ReasonList *list, ReasonCode code, const char *fmt, ...)
{
    va_list ap;

    if (!fmt) {
        add(list, code, g_strdup(reason_rows[code].text));
        return;
    }
    va_start(ap, fmt);
    add(list, code, g_strdup_vprintf(fmt, ap));
    va_end(ap);
}

void reasons_append(ReasonList *list, const ReasonList *more)
{
    for (guint i = 0; i < more->len; i++) {
        const Reason *reason = more->pdata[i];

        add(list, reason->code, g_strdup(reason->text));
    }
}

bool reasons_has(const ReasonList *list, ReasonCode code)
{
    for (guint i = 0; i < list->len; i++) {
        if (((Reason *)list->pdata[i])->code == code) {
            return true;
        }
    }
    return false;
}

JsonNode *reasons_take_json(ReasonList *list)
{
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    JsonArray *array = json_array_new();

    for (guint i = 0; i < list->len; i++) {
        const Reason *reason = list->pdata[i];

        json_array_add_object_element(array,
            iov_args("s:Code", reason_rows[reason->code].code,
                     "s:Text", reason->text, NULL));
    }
    json_node_take_array(node, array);
    reasons_free(list);
    return node;
}

char *reasons_text(const ReasonList *list)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        g_string_append_printf(text, "%s%s", i ? "; " : "",
                               ((Reason *)list->pdata[i])->text);
    }
    return g_string_free(text, FALSE);
}
