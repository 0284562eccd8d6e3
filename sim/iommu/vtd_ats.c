/*
 * Address translation services: a device asks for translations that it keeps
 * in a TLB of its own.
 *
 * What it may not do with a page is told in the completion and is no fault; a
 * device that may not ask at all is one.  Source: VT-d 4.1, 4.1 (requests),
 * 4.2 (completions), 7.1.3.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"

/* Reasons that are answered with a completion without permissions (7.1.3). */
static bool is_answer(VtdFaultReason reason)
{
    switch (reason) {
    case VTD_FR_BEYOND_MGAW:
    case VTD_FR_WRITE:
    case VTD_FR_READ:
    case VTD_FR_SM_PASID_NOT_PRESENT:
    case VTD_FR_SM_DIRECTORY_NOT_PRESENT:
    case VTD_FR_SM_NO_SRE:
    case VTD_FR_SM_FIRST_ACCESS:
    case VTD_FR_SM_FIRST_NOT_PRESENT:
    case VTD_FR_SM_FIRST_RESERVED:
    case VTD_FR_SM_FIRST_TABLE:
    case VTD_FR_SM_FIRST_NO_SNOOP:
    case VTD_FR_SM_NESTED_MGAW:
    case VTD_FR_SM_NESTED_TOP_READ:
    case VTD_FR_SM_NESTED_READ:
    case VTD_FR_SM_NESTED_WRITE:
    case VTD_FR_SM_SECOND_NOT_PRESENT:
    case VTD_FR_SM_CANONICAL:
    case VTD_FR_SM_PRIVILEGE:
    case VTD_FR_SM_HAW:
    case VTD_FR_SM_SECOND_RANGE:
    case VTD_FR_SM_WRITE:
    case VTD_FR_SM_READ:
        return true;
    default:
        return false;
    }
}

static bool nothing(const VtdRequest *request, VtdTranslation *out)
{
    *out = (VtdTranslation) {
        .address = request->address & VTD_PAGE_MASK,
        .mask = VTD_PAGE_SIZE - 1,
    };
    return true;
}

bool vtd_unit_ats(VtdUnit *u, const VtdRequest *request, VtdTranslation *out,
                  VtdFault *fault)
{
    VtdFault local;
    VtdContext ctx;
    VtdRequest probe = *request;

    fault = fault ? fault : &local;
    *fault = (VtdFault) {
        .sid = request->sid,
        .has_pasid = request->has_pasid,
        .privileged = request->privileged,
        .pasid = request->pasid,
        .at = VTD_AT_REQUEST,
        .write = request->write,
        .address = request->address,
    };
    if (!u->te || u->root_mode == VTD_TTM_ABORT || !u->cfg.device_tlb) {
        /* Unsupported request, and nothing to record it for. */
        return false;
    }
    if (!vtd_context_get(u, request, &ctx, fault)) {
        if (is_answer(fault->reason)) {
            return nothing(request, out);
        }
        vtd_fault_block(u, fault, ctx.fpd);
        return false;
    }
    if (!ctx.ats) {
        fault->reason = ctx.scalable ? VTD_FR_SM_NO_DTE : VTD_FR_TYPE_BLOCKED;
        fault->entry = ctx.entry;
        fault->entry_address = ctx.entry_address;
        fault->value = ctx.value;
        vtd_fault_block(u, fault, ctx.fpd);
        return false;
    }
    if (vtd_is_interrupt_address(request->address) && !request->has_pasid) {
        /* 7.1.3, S.1: no fault, since devices ask for messages as well. */
        return nothing(request, out);
    }
    /* Then it is like a DMA request of which only the answer is wanted. */
    probe.at = VTD_AT_UNTRANSLATED;
    probe.silent = true;
    if (vtd_unit_translate(u, &probe, out, fault)) {
        if (out->mask == ~0ULL) {
            /* Pass-through: a page that is its own translation. */
            out->mask = VTD_PAGE_SIZE - 1;
            out->address = request->address & VTD_PAGE_MASK;
        }
        return true;
    }
    fault->at = VTD_AT_REQUEST;
    if (is_answer(fault->reason)) {
        /* May it at least be read? */
        probe.write = false;
        if (request->write &&
            (fault->reason == VTD_FR_WRITE ||
             fault->reason == VTD_FR_SM_WRITE) &&
            vtd_unit_translate(u, &probe, out, fault)) {
            out->write = false;
            return true;
        }
        return nothing(request, out);
    }
    vtd_fault_block(u, fault, ctx.fpd);
    return false;
}
