/*
 * The unit's saved state: registers and what commands latched from them.
 *
 * The stream is hostile: capabilities must be those of this unit, status bits
 * and indexes are cut down to what it can have, and every later use of a
 * register's value is bounded where it is used, as for a guest's write.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"

#define STATE_VERSION 3

void vtd_unit_save(const VtdUnit *u, StateWriter *w)
{
    state_put_section(w, "VTDU", STATE_VERSION);
    state_put_blob(w, u->regs, sizeof(u->regs));
    state_put_u64(w, u->root_table);
    state_put_u8(w, u->root_mode);
    state_put_u64(w, u->irt_table);
    state_put_u32(w, u->irt_entries);
    state_put_bool(w, u->eime);
    state_put_u32(w, u->next_record);
    state_put_u8(w, u->drain);
    state_put_bool(w, u->device_lost);
    state_put_u16(w, u->device_lost_sid);
    state_put_u64(w, u->fault_log);
    state_put_u32(w, u->fault_log_records);
    state_put_u32(w, u->fault_log_next);
}

/* Registers that say what the unit is, not what it does. */
static void check_capabilities(VtdUnit *u, StateReader *r, const uint8_t *regs)
{
    uint64_t cap = rd_le64(regs + VTD_CAP);
    uint64_t ecap = rd_le64(regs + VTD_ECAP);

    if (cap != vtd_regs_cap(&u->cfg) || ecap != vtd_regs_ecap(&u->cfg)) {
        state_fail(r, "the unit was saved with capabilities 0x%"
                   G_GINT64_MODIFIER "x 0x%" G_GINT64_MODIFIER
                   "x, this one has 0x%" G_GINT64_MODIFIER "x 0x%"
                   G_GINT64_MODIFIER "x: give both the same options",
                   cap, ecap, vtd_regs_cap(&u->cfg), vtd_regs_ecap(&u->cfg));
    }
}

static void cut_registers(VtdUnit *u)
{
    uint32_t status = VTD_GCMD_TE | VTD_GCMD_QIE | VTD_GCMD_SRTP;
    uint32_t fsts = vtd_reg32(u, VTD_FSTS);
    unsigned fri = (fsts & VTD_FSTS_FRI_MASK) >> VTD_FSTS_FRI_SHIFT;

    if (u->cfg.interrupt_remapping) {
        status |= VTD_GCMD_IRE | VTD_GCMD_SIRTP | VTD_GCMD_CFI;
    }
    if (u->cfg.fault_log) {
        status |= VTD_GCMD_SFL | VTD_GCMD_EAFL;
    } else {
        fsts &= ~(VTD_FSTS_AFO | VTD_FSTS_APF);
        vtd_set64(u, VTD_AFLOG, 0);
    }
    vtd_set32(u, VTD_GSTS, vtd_reg32(u, VTD_GSTS) & status);
    fsts &= ~VTD_FSTS_FRI_MASK;
    fri %= u->cfg.fault_records;
    vtd_set32(u, VTD_FSTS, fsts | fri << VTD_FSTS_FRI_SHIFT);
    if (!u->cfg.protected_memory) {
        vtd_set32(u, VTD_PMEN, 0);
    }
    vtd_set64(u, VTD_IQH, vtd_reg64(u, VTD_IQH) & VTD_IQ_PTR_MASK);
    vtd_set64(u, VTD_IQT, vtd_reg64(u, VTD_IQT) & VTD_IQ_PTR_MASK);
    vtd_set64(u, VTD_IQA, vtd_reg64(u, VTD_IQA) &
              (VTD_PAGE_MASK | VTD_IQA_QS_MASK |
               (u->cfg.scalable_mode ? VTD_IQA_DW : 0)));
    vtd_set64(u, VTD_PQH, vtd_reg64(u, VTD_PQH) & VTD_PQ_PTR_MASK);
    vtd_set64(u, VTD_PQT, vtd_reg64(u, VTD_PQT) & VTD_PQ_PTR_MASK);
}

static unsigned cut_root_mode(const VtdUnit *u, unsigned mode)
{
    return u->cfg.scalable_mode || mode == VTD_TTM_LEGACY ? mode & 3
                                                         : VTD_TTM_RESERVED;
}

bool vtd_unit_load(VtdUnit *u, StateReader *r)
{
    uint16_t version;
    const uint8_t *regs;
    size_t len;
    VtdDrain drain;

    vtd_unit_reset(u);
    version = state_get_section(r, "VTDU", STATE_VERSION);
    regs = state_get_blob(r, sizeof(u->regs), &len);
    if (state_ok(r) && len != sizeof(u->regs)) {
        state_fail(r, "%zu bytes of registers, %zu expected", len,
                   sizeof(u->regs));
    }
    if (state_ok(r)) {
        check_capabilities(u, r, regs);
    }
    if (!state_ok(r)) {
        return false;
    }
    memcpy(u->regs, regs, sizeof(u->regs));
    cut_registers(u);
    u->root_table = state_get_u64(r) & VTD_PAGE_MASK;
    u->root_mode = cut_root_mode(u, state_get_u8(r));
    u->irt_table = state_get_u64(r) & VTD_PAGE_MASK;
    u->irt_entries = state_get_u32_max(r, 65536, "interrupt table size");
    u->eime = state_get_bool(r) && u->cfg.eim;
    u->next_record = state_get_u32_max(r, u->cfg.fault_records - 1,
                                       "next fault record");
    drain = state_get_u8(r);
    if (drain > VTD_DRAIN_LAST) {
        state_fail(r, "drain state %u is unknown", drain);
    }
    if (version >= 2) {
        u->device_lost = state_get_bool(r);
        u->device_lost_sid = state_get_u16(r);
    }
    if (version >= 3) {
        u->fault_log = state_get_u64(r) & VTD_PAGE_MASK;
        u->fault_log_records = state_get_u32_max(r, VTD_FAULT_LOG_MAX,
                                                 "fault log size");
        u->fault_log_next = state_get_u32_max(r, u->fault_log_records,
                                              "fault log index");
    }
    vtd_status_latch(u);
    if (!state_ok(r)) {
        vtd_unit_reset(u);
        return false;
    }
    u->drain = drain;
    u->loaded = true;
    return true;
}

/*
 * What was in flight at the source has reached memory there, and a device's
 * TLB starts empty here.
 */
void vtd_unit_resume(VtdUnit *u)
{
    if (u->loaded) {
        u->loaded = false;
        vtd_unit_send_events(u);
        vtd_unit_drained(u);
    }
}
