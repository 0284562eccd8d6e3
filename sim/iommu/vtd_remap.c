/*
 * Interrupt remapping: from a message to an interrupt, or to a fault.
 *
 * Source: VT-d 4.1, 5.1 (formats and flow), 5.1.4 and 7.1.4 (faults), 9.9
 * (entry).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

static void decode_compatibility(uint64_t address, uint32_t data,
                                 VtdInterrupt *out)
{
    *out = (VtdInterrupt) {
        .dest = (address >> VTD_MSI_DEST_SHIFT & 0xff) |
                (address >> 32 & 0xffffff00),
        .vector = data,
        .delivery_mode = data >> 8 & 7,
        .logical = address & VTD_MSI_DM,
        .redirection_hint = address & VTD_MSI_RH,
        .level = data & VTD_MSI_DATA_TM,
        .level_assert = data & VTD_MSI_DATA_LEVEL_ASSERT,
    };
}

static bool reserved_set(const VtdUnit *u, const VtdEntry *irte)
{
    unsigned mode = irte->lo >> VTD_IRTE_DLM_SHIFT & 7;
    unsigned svt = irte->hi >> VTD_IRTE_SVT_SHIFT & 3;

    return (irte->lo & VTD_IRTE_RSVD_LO) || (irte->hi & VTD_IRTE_RSVD_HI) ||
           (!u->eime && (irte->lo & VTD_IRTE_RSVD_LO_XAPIC)) ||
           mode == 3 || mode == 6 || svt == VTD_SVT_RESERVED;
}

/* The entry from cache or memory; false with a reason in *fault. */
static bool fetch(VtdUnit *u, uint32_t index, VtdEntry *irte, VtdFault *fault)
{
    int32_t slot = vtd_cache_find(&u->irtes, vtd_tag_irte(index));
    uint8_t raw[VTD_ENTRY_SIZE];

    fault->entry = VTD_ENTRY_IRTE;
    fault->entry_address = u->irt_table + index * (uint64_t)VTD_ENTRY_SIZE;
    if (slot >= 0) {
        u->stats.irte_hits++;
        *irte = *(VtdEntry *)vtd_cache_payload(&u->irtes, slot);
        fault->cached = true;
    } else {
        u->stats.irte_misses++;
        u->stats.walk_reads++;
        if (!u->ops->mem_read(u->opaque, fault->entry_address, raw,
                              sizeof(raw))) {
            fault->reason = VTD_FR_IR_ACCESS;
            return false;
        }
        irte->lo = rd_le64(raw);
        irte->hi = rd_le64(raw + 8);
    }
    fault->value = *irte;
    return true;
}

/* 9.9, SVT and SQ. */
static bool source_ok(const VtdEntry *irte, uint16_t sid)
{
    static const uint16_t compared[] = { 0xffff, 0xfffb, 0xfff9, 0xfff8 };
    uint16_t want = irte->hi;
    unsigned bus = sid >> 8;

    switch (irte->hi >> VTD_IRTE_SVT_SHIFT & 3) {
    case VTD_SVT_SID:
        return !((sid ^ want) & compared[irte->hi >> VTD_IRTE_SQ_SHIFT & 3]);
    case VTD_SVT_BUS:
        return bus >= want >> 8 && bus <= (want & 0xff);
    default:
        return true;
    }
}

static VtdFaultReason check(const VtdUnit *u, const VtdEntry *irte,
                            uint16_t sid)
{
    if (!(irte->lo & VTD_IRTE_P)) {
        return VTD_FR_IR_NOT_PRESENT;
    }
    if (reserved_set(u, irte)) {
        return VTD_FR_IR_RESERVED;
    }
    return source_ok(irte, sid) ? VTD_FR_NONE : VTD_FR_IR_SOURCE;
}

/* 6.4: an entry that led to a fault only with caching mode. */
static void remember(VtdUnit *u, uint32_t index, const VtdEntry *irte,
                     bool faulted)
{
    VtdTag evicted;

    if (!faulted || u->cfg.caching_mode) {
        uint32_t slot = vtd_cache_insert(&u->irtes, vtd_tag_irte(index),
                                         &evicted);

        *(VtdEntry *)vtd_cache_payload(&u->irtes, slot) = *irte;
    }
}

static void decode_irte(const VtdUnit *u, const VtdEntry *irte,
                        VtdInterrupt *out)
{
    uint64_t lo = irte->lo;

    *out = (VtdInterrupt) {
        .dest = u->eime ? lo >> VTD_IRTE_DST_SHIFT
                        : lo >> VTD_IRTE_DST_XAPIC_SHIFT & 0xff,
        .vector = lo >> VTD_IRTE_VECTOR_SHIFT,
        .delivery_mode = lo >> VTD_IRTE_DLM_SHIFT & 7,
        .logical = lo & VTD_IRTE_DM,
        .redirection_hint = lo & VTD_IRTE_RH,
        .level = lo & VTD_IRTE_TM,
        .level_assert = true,
        .remapped = true,
    };
}

static bool blocked(VtdUnit *u, VtdFault *fault, VtdFaultReason reason,
                    bool fpd)
{
    fault->reason = reason;
    vtd_fault_block(u, fault, fpd);
    return false;
}

bool vtd_unit_remap(VtdUnit *u, uint16_t sid, uint64_t address, uint32_t data,
                    VtdInterrupt *out, VtdFault *fault)
{
    VtdFault local;
    VtdEntry irte;
    VtdFaultReason reason;
    uint32_t index;

    fault = fault ? fault : &local;
    *fault = (VtdFault) { .sid = sid, .write = true, .address = address };
    if (!u->ire) {
        decode_compatibility(address, data, out);
        return true;
    }
    if (!(address & VTD_MSI_REMAPPABLE)) {
        if (u->eime || !u->cfi) {
            return blocked(u, fault, VTD_FR_IR_COMPATIBILITY, false);
        }
        decode_compatibility(address, data, out);
        return true;
    }
    index = (address >> VTD_MSI_HANDLE_SHIFT & 0x7fff) |
            (address & VTD_MSI_HANDLE_15 ? 0x8000 : 0);
    fault->address = index;
    if (address & VTD_MSI_SHV) {
        if (data & ~VTD_MSI_SUBHANDLE_MASK) {
            return blocked(u, fault, VTD_FR_IR_REQUEST_RESERVED, false);
        }
        index += data;
        fault->address = index & 0xffff;
    }
    if (index >= u->irt_entries) {
        return blocked(u, fault, VTD_FR_IR_INDEX, false);
    }
    if (!fetch(u, index, &irte, fault)) {
        return blocked(u, fault, fault->reason, false);
    }
    reason = check(u, &irte, sid);
    if (!fault->cached) {
        remember(u, index, &irte, reason);
    }
    if (reason) {
        return blocked(u, fault, reason, irte.lo & VTD_IRTE_FPD);
    }
    decode_irte(u, &irte, out);
    trace_vtd_unit_remap(sid, index, out->vector, out->dest);
    return true;
}
