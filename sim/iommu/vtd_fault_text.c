/*
 * Faults in words.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"

static const struct {
    uint8_t reason;
    const char *text;
} reasons[] = {
    { VTD_FR_NONE, "the memory is protected (PMEN)" },
    { VTD_FR_ROOT_NOT_PRESENT, "no root entry for its bus" },
    { VTD_FR_CONTEXT_NOT_PRESENT, "no context entry for the device" },
    { VTD_FR_CONTEXT_INVALID,
      "the context entry asks for what the unit does not have" },
    { VTD_FR_BEYOND_MGAW, "the address is wider than the unit translates" },
    { VTD_FR_WRITE, "no write permission" },
    { VTD_FR_READ, "no read permission" },
    { VTD_FR_PAGING_ACCESS, "the paging entry is not in memory" },
    { VTD_FR_ROOT_ACCESS, "the root table is not in memory" },
    { VTD_FR_CONTEXT_ACCESS, "the context table is not in memory" },
    { VTD_FR_ROOT_RESERVED, "reserved bits are set in the root entry" },
    { VTD_FR_CONTEXT_RESERVED, "reserved bits are set in the context entry" },
    { VTD_FR_PAGING_RESERVED, "reserved bits are set in the paging entry" },
    { VTD_FR_TYPE_BLOCKED, "the context entry blocks this kind of request" },
    { VTD_FR_INTERRUPT_RANGE, "it ends in the interrupt address range" },
    { VTD_FR_IR_REQUEST_RESERVED, "reserved bits are set in the request" },
    { VTD_FR_IR_INDEX, "the index is beyond the interrupt remapping table" },
    { VTD_FR_IR_NOT_PRESENT, "the interrupt entry is not present" },
    { VTD_FR_IR_ACCESS, "the interrupt remapping table is not in memory" },
    { VTD_FR_IR_RESERVED, "reserved bits are set in the interrupt entry" },
    { VTD_FR_IR_COMPATIBILITY, "interrupts must be in remappable format" },
    { VTD_FR_IR_SOURCE, "the interrupt entry belongs to another device" },
    { VTD_FR_SM_TTM_RESERVED, "the root table is in a mode that is none" },
    { VTD_FR_SM_TTM, "it has a PASID, but the root table is in legacy mode" },
    { VTD_FR_SM_TTM_PAGE,
      "it is a page request, but the root table is in legacy mode" },
    { VTD_FR_SM_ROOT_ACCESS, "the root table is not in memory" },
    { VTD_FR_SM_ROOT_NOT_PRESENT, "no root entry for its bus" },
    { VTD_FR_SM_ROOT_RESERVED, "reserved bits are set in the root entry" },
    { VTD_FR_SM_CONTEXT_ACCESS, "the context table is not in memory" },
    { VTD_FR_SM_CONTEXT_NOT_PRESENT, "no context entry for the device" },
    { VTD_FR_SM_CONTEXT_RESERVED,
      "reserved bits are set in the context entry" },
    { VTD_FR_SM_CONTEXT_INVALID,
      "the context entry asks for what the unit does not have" },
    { VTD_FR_SM_NO_DTE, "the device may not use a TLB of its own (DTE)" },
    { VTD_FR_SM_NO_PASIDE, "the device may not use PASIDs (PASIDE)" },
    { VTD_FR_SM_PASID_RANGE, "the PASID is beyond the device's directory" },
    { VTD_FR_SM_NO_PRE, "the device may not request pages (PRE)" },
    { VTD_FR_SM_RID_PASID,
      "the PASID for requests without one is beyond the directory" },
    { VTD_FR_SM_DIRECTORY_ACCESS, "the PASID directory is not in memory" },
    { VTD_FR_SM_DIRECTORY_NOT_PRESENT, "no table for this range of PASIDs" },
    { VTD_FR_SM_DIRECTORY_RESERVED,
      "reserved bits are set in the PASID directory entry" },
    { VTD_FR_SM_PASID_ACCESS, "the PASID table is not in memory" },
    { VTD_FR_SM_PASID_NOT_PRESENT, "no entry for the PASID" },
    { VTD_FR_SM_PASID_RESERVED, "reserved bits are set in the PASID entry" },
    { VTD_FR_SM_PASID_INVALID,
      "the PASID entry asks for what the unit does not have" },
    { VTD_FR_SM_NO_ERE, "the PASID may not execute (ERE)" },
    { VTD_FR_SM_NO_SRE, "the PASID may not be privileged (SRE)" },
    { VTD_FR_SM_FIRST_ACCESS, "the first-stage entry is not in memory" },
    { VTD_FR_SM_FIRST_NOT_PRESENT, "the first-stage entry is not present" },
    { VTD_FR_SM_FIRST_RESERVED,
      "reserved bits are set in the first-stage entry" },
    { VTD_FR_SM_FIRST_TABLE, "the first-stage table is not in memory" },
    { VTD_FR_SM_NESTED_MGAW,
      "the first-stage entry is at an address wider than the second stage" },
    { VTD_FR_SM_NESTED_TOP_READ,
      "the second stage does not let the first-stage table be read" },
    { VTD_FR_SM_NESTED_READ,
      "the second stage does not let the first-stage entry be read" },
    { VTD_FR_SM_NESTED_WRITE,
      "the second stage does not let the first-stage entry be written" },
    { VTD_FR_SM_SECOND_ACCESS, "the second-stage entry is not in memory" },
    { VTD_FR_SM_SECOND_NOT_PRESENT, "the second-stage entry is not present" },
    { VTD_FR_SM_SECOND_RESERVED,
      "reserved bits are set in the second-stage entry" },
    { VTD_FR_SM_SECOND_TABLE, "the second-stage table is not in memory" },
    { VTD_FR_SM_SECOND_NO_SNOOP,
      "a second-stage accessed or dirty bit is to be set, but not with PWSNP "
      "clear" },
    { VTD_FR_SM_SECOND_UPDATE,
      "the second-stage accessed or dirty bit cannot be written" },
    { VTD_FR_SM_CANONICAL, "the address is not canonical" },
    { VTD_FR_SM_PRIVILEGE, "the page is for privileged requests only" },
    { VTD_FR_SM_NO_EXECUTE, "no execute permission" },
    { VTD_FR_SM_HAW, "the address is wider than the host's" },
    { VTD_FR_SM_SECOND_RANGE,
      "the address is wider than the second stage translates" },
    { VTD_FR_SM_WRITE, "no write permission" },
    { VTD_FR_SM_READ, "no read permission" },
    { VTD_FR_SM_INTERRUPT_RANGE, "it ends in the interrupt address range" },
    { VTD_FR_SM_FIRST_NO_SNOOP,
      "a first-stage accessed or dirty bit is to be set, but not with PWSNP "
      "clear" },
    { VTD_FR_SM_FIRST_UPDATE,
      "the first-stage accessed or dirty bit cannot be written" },
};

const char *vtd_fault_reason_text(uint8_t reason)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (reasons[i].reason == reason) {
            return reasons[i].text;
        }
    }
    return "unknown reason";
}

static void describe_entry(GString *s, const VtdFault *f)
{
    static const char *const names[] = {
        [VTD_ENTRY_NONE] = "",
        [VTD_ENTRY_ROOT] = "root entry",
        [VTD_ENTRY_CONTEXT] = "context entry",
        [VTD_ENTRY_PAGING] = "paging entry",
        [VTD_ENTRY_IRTE] = "interrupt entry",
        [VTD_ENTRY_DIRECTORY] = "PASID directory entry",
        [VTD_ENTRY_PASID] = "PASID entry",
        [VTD_ENTRY_FIRST_PAGING] = "first-stage entry",
    };
    bool paging = f->entry == VTD_ENTRY_PAGING ||
                  f->entry == VTD_ENTRY_FIRST_PAGING;

    if (f->entry == VTD_ENTRY_NONE || f->entry > VTD_ENTRY_FIRST_PAGING) {
        return;
    }
    g_string_append(s, "; decided by the ");
    if (paging) {
        g_string_append_printf(s, "level-%u ", f->level);
    }
    g_string_append_printf(s, "%s at 0x%" G_GINT64_MODIFIER "x = 0x%"
                           G_GINT64_MODIFIER "x", names[f->entry],
                           f->entry_address, f->value.lo);
    if (!paging) {
        g_string_append_printf(s, " 0x%" G_GINT64_MODIFIER "x", f->value.hi);
    }
    if (f->cached) {
        g_string_append(s, " (as cached)");
    }
}

char *vtd_fault_describe(const VtdFault *f)
{
    GString *s = g_string_new(NULL);

    if (f->reason == VTD_FR_IR_COMPATIBILITY) {
        g_string_append_printf(s, "interrupt message to 0x%"
                               G_GINT64_MODIFIER "x", f->address);
    } else if (VTD_FR_IS_INTERRUPT(f->reason)) {
        g_string_append_printf(s, "interrupt with index %u",
                               (unsigned)f->address);
    } else {
        static const char *const kinds[] = {
            "DMA", "translation request,", "translated DMA", "DMA",
        };

        g_string_append_printf(s, "%s %s 0x%" G_GINT64_MODIFIER "x",
                               f->page_request ? "page request,"
                                               : kinds[f->at & 3],
                               f->write ? "write to" : "read from",
                               f->address);
        if (f->has_pasid) {
            g_string_append_printf(s, " with PASID %u%s", f->pasid,
                                   f->privileged ? ", privileged," : "");
        }
    }
    g_string_append_printf(s, " blocked: %s (reason 0x%02x)",
                           vtd_fault_reason_text(f->reason), f->reason);
    describe_entry(s, f);
    return g_string_free(s, false);
}
