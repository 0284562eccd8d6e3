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
    };

    if (f->entry == VTD_ENTRY_NONE || f->entry > VTD_ENTRY_IRTE) {
        return;
    }
    g_string_append(s, "; decided by the ");
    if (f->entry == VTD_ENTRY_PAGING) {
        g_string_append_printf(s, "level-%u ", f->level);
    }
    g_string_append_printf(s, "%s at 0x%" G_GINT64_MODIFIER "x = 0x%"
                           G_GINT64_MODIFIER "x", names[f->entry],
                           f->entry_address, f->value.lo);
    if (f->entry != VTD_ENTRY_PAGING) {
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
        g_string_append_printf(s, "DMA %s 0x%" G_GINT64_MODIFIER "x",
                               f->write ? "write to" : "read from",
                               f->address);
    }
    g_string_append_printf(s, " blocked: %s (reason 0x%02x)",
                           vtd_fault_reason_text(f->reason), f->reason);
    describe_entry(s, f);
    return g_string_free(s, false);
}
