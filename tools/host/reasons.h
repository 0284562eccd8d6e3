/*
 * Reasons: why something cannot be, as stable codes with texts of our own.
 *
 * Code and general meaning are rows of one table (reasons.c), which is also a
 * page in docs/; the text of an instance may say more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_REASONS_H
#define TOOLS_HOST_REASONS_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

typedef enum ReasonCode {
    /* of the machine */
    REASON_NO_SLAT,
    REASON_NO_IOMMU,
    REASON_NO_INTERRUPT_REMAPPING,
    REASON_REMAPPING_OFF,
    REASON_NO_PCIE_CONTROL,
    REASON_NO_ACS,
    REASON_NO_ARI,
    REASON_CHIPSET_FLAW,
    /* of an adapter */
    REASON_NO_BUS_NUMBERS,
    REASON_NO_BAR_SPACE,
    REASON_ADAPTER_NO_SRIOV,
    REASON_SRIOV_DISABLED,
    REASON_ADAPTER_RESTARTING,
    /* of a switch */
    REASON_SWITCH_NO_IOV,
    REASON_SWITCH_NOT_EXTERNAL,
    REASON_SWITCH_NO_ADAPTER,
    /* of a VM's network adapter */
    REASON_WEIGHT_ZERO,
    REASON_NO_SWITCH,
    REASON_LINK_VERSION,
    REASON_VM_NOT_RUNNING,
    REASON_DETACHED,
    REASON_VF_MISBEHAVED,
    REASON_GUEST_NOT_CONNECTED,
    REASON_GUEST_NOT_CAPABLE,
    REASON_VF_BEING_REMOVED,
    REASON_PLUG_FAILED,
    REASON_NO_FREE_VF,
    REASON_POLICY_ROUTER_GUARD,
    REASON_POLICY_DHCP_GUARD,
    REASON_POLICY_ACL,
    REASON_POLICY_MIRRORING,
    REASON_POLICY_STORM_LIMIT,
    REASON_POLICY_MINIMUM_BANDWIDTH,
    REASON_POLICY_MAXIMUM_BANDWIDTH,
    REASON_POLICY_VLAN,
    REASONS,
} ReasonCode;

typedef struct ReasonRow {
    const char *code;           /* as shown; it stays */
    const char *of;             /* host, adapter, switch, nic */
    const char *text;           /* shown unless an instance says more */
    const char *remedy;         /* what to do; for docs/ and doctor */
} ReasonRow;

extern const ReasonRow reason_rows[REASONS];

typedef struct Reason {
    ReasonCode code;
    char *text;
} Reason;

/* A list of reasons, owned; empty: there is none. */
typedef GPtrArray ReasonList;

ReasonList *reasons_new(void);
void reasons_free(ReasonList *list);
/* @fmt NULL: the row's text. */
void reasons_add(ReasonList *list, ReasonCode code, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);
void reasons_append(ReasonList *list, const ReasonList *more);
bool reasons_has(const ReasonList *list, ReasonCode code);
/* An array of objects with Code and Text; takes @list. */
JsonNode *reasons_take_json(ReasonList *list);
/* "text; text"; the caller frees it. */
char *reasons_text(const ReasonList *list);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReasonList, reasons_free)

#endif
