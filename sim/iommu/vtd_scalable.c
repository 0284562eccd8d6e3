/*
 * From a requester id and a PASID to a PASID table entry: scalable mode.
 *
 * Root entry, context entry, PASID directory, PASID table; context entries
 * have a cache of their own, since the PASIDs of a device share one.  Source:
 * VT-d 4.1, 3.4.4 (mode), 9.2, 9.4 to 9.6 (entries), 7.1.3 (reasons).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"

static bool device_blocked(VtdDevice *d, VtdFaultReason reason)
{
    d->reason = reason;
    return false;
}

static bool decode_device(VtdUnit *u, VtdDevice *d, const uint8_t *raw)
{
    uint64_t lo = rd_le64(raw), hi = rd_le64(raw + 8);
    uint64_t reserved = VTD_SMC_RSVD_LO | vtd_beyond_haw(u);

    reserved |= u->cfg.device_tlb ? 0 : VTD_SMC_DTE;
    reserved |= u->cfg.page_requests ? 0 : VTD_SMC_PRE;
    d->fpd = lo & VTD_SMC_FPD;
    if (!(lo & VTD_SMC_P)) {
        return device_blocked(d, VTD_FR_SM_CONTEXT_NOT_PRESENT);
    }
    if ((lo & reserved) || (hi & VTD_SMC_RSVD_HI) || rd_le64(raw + 16) ||
        rd_le64(raw + 24)) {
        return device_blocked(d, VTD_FR_SM_CONTEXT_RESERVED);
    }
    d->directory = lo & VTD_PAGE_MASK;
    d->pasids = 1U << (7 + (lo >> VTD_SMC_PDTS_SHIFT & 7) +
                       VTD_PASID_DIR_SHIFT);
    d->ats = lo & VTD_SMC_DTE;
    d->pasid_enabled = lo & VTD_SMC_PASIDE;
    d->page_requests = lo & VTD_SMC_PRE;
    d->rid_pasid = hi & VTD_SMC_RID_PASID_MASK;
    d->rid_privileged = hi & VTD_SMC_RID_PRIV;
    if ((d->page_requests && !d->ats) || d->rid_pasid >= d->pasids) {
        return device_blocked(d, VTD_FR_SM_CONTEXT_INVALID);
    }
    return true;
}

static bool resolve_device(VtdUnit *u, uint16_t sid, VtdDevice *d)
{
    uint64_t address = u->root_table + (sid >> 8) * VTD_ENTRY_SIZE;
    uint8_t raw[VTD_SM_CONTEXT_SIZE];
    uint64_t half;

    d->entry = VTD_ENTRY_ROOT;
    d->entry_address = address;
    if (!vtd_read_entry(u, address, raw, VTD_ENTRY_SIZE)) {
        return device_blocked(d, VTD_FR_SM_ROOT_ACCESS);
    }
    d->value = (VtdEntry) { rd_le64(raw), rd_le64(raw + 8) };
    half = sid & 0x80 ? d->value.hi : d->value.lo;
    if (!(half & VTD_ROOT_P)) {
        return device_blocked(d, VTD_FR_SM_ROOT_NOT_PRESENT);
    }
    if (half & (VTD_ROOT_RSVD_LO | vtd_beyond_haw(u))) {
        return device_blocked(d, VTD_FR_SM_ROOT_RESERVED);
    }
    address = (half & VTD_PAGE_MASK) + (sid & 0x7f) * VTD_SM_CONTEXT_SIZE;
    d->entry = VTD_ENTRY_CONTEXT;
    d->entry_address = address;
    d->value = (VtdEntry) { 0 };
    if (!vtd_read_entry(u, address, raw, sizeof(raw))) {
        return device_blocked(d, VTD_FR_SM_CONTEXT_ACCESS);
    }
    d->value = (VtdEntry) { rd_le64(raw), rd_le64(raw + 8) };
    return decode_device(u, d, raw);
}

bool vtd_scalable_device(VtdUnit *u, uint16_t sid, bool probe, VtdDevice *d)
{
    VtdTag tag = vtd_tag_device(sid), evicted;
    int32_t slot = vtd_cache_find(&u->devices, tag);

    if (slot >= 0) {
        memcpy(d, vtd_cache_payload(&u->devices, slot), sizeof(*d));
        return !d->reason;
    }
    *d = (VtdDevice) { 0 };
    if (!resolve_device(u, sid, d) &&
        !(u->cfg.caching_mode &&
          (d->reason == VTD_FR_SM_ROOT_NOT_PRESENT ||
           d->reason == VTD_FR_SM_CONTEXT_NOT_PRESENT))) {
        return false;
    }
    if (!probe) {
        slot = vtd_cache_insert(&u->devices, tag, &evicted);
        memcpy(vtd_cache_payload(&u->devices, slot), d, sizeof(*d));
    }
    return !d->reason;
}

static bool blocked(VtdContext *ctx, VtdFaultReason reason)
{
    ctx->reason = reason;
    return false;
}

static bool second_stage(const VtdUnit *u, VtdContext *ctx, uint64_t lo)
{
    unsigned levels = (lo >> VTD_PE_AW_SHIFT & 7) + 2;

    ctx->second = lo & VTD_PAGE_MASK;
    ctx->second_levels = levels;
    ctx->second_dirty = lo & VTD_PE_SSADE;
    ctx->width = MIN(vtd_levels_to_width(levels), u->cfg.aw_bits);
    return levels >= 3 && levels <= 5 &&
           vtd_levels_to_width(levels) <= MAX(u->cfg.aw_bits, 39);
}

static bool first_stage(const VtdUnit *u, VtdContext *ctx, uint64_t third)
{
    unsigned mode = third >> VTD_PE2_FSPM_SHIFT & 3;

    ctx->first = third & VTD_PAGE_MASK;
    ctx->first_levels = 4 + mode;
    ctx->width = vtd_levels_to_width(4 + mode);
    ctx->supervisor = third & VTD_PE2_SRE;
    ctx->write_protect = third & VTD_PE2_WPE;
    ctx->no_execute = third & VTD_PE2_NXE;
    ctx->extended_accessed = third & VTD_PE2_EAFE;
    return u->cfg.first_stage && (mode == 0 ||
                                  (mode == 1 && u->cfg.aw_bits == 57));
}

static bool pasid_reserved_set(const VtdUnit *u, const uint8_t *raw)
{
    uint64_t second = VTD_PE1_RSVD, rest = 0;

    second |= u->cfg.coherent ? 0 : VTD_PE1_PWSNP;
    second |= u->cfg.snoop_control ? 0 : VTD_PE1_PGSNP;
    for (unsigned i = 24; i < VTD_PASID_ENTRY_SIZE; i += 8) {
        rest |= rd_le64(raw + i);
    }
    return (rd_le64(raw) & (VTD_PE_RSVD0 | vtd_beyond_haw(u))) ||
           (rd_le64(raw + 8) & second) ||
           (rd_le64(raw + 16) & (VTD_PE2_RSVD | VTD_PE2_ERE |
                                 vtd_beyond_haw(u))) || rest;
}

/* The fields of a present PASID table entry. */
static bool decode_pasid(VtdUnit *u, VtdContext *ctx, const uint8_t *raw)
{
    uint64_t lo = rd_le64(raw), second = rd_le64(raw + 8);
    uint64_t third = rd_le64(raw + 16);
    bool ok = true;

    if (pasid_reserved_set(u, raw)) {
        return blocked(ctx, VTD_FR_SM_PASID_RESERVED);
    }
    ctx->domain = second;
    ctx->snooped = second & VTD_PE1_PWSNP;
    switch (lo >> VTD_PE_PGTT_SHIFT & 7) {
    case VTD_PGTT_FIRST:
        ctx->stages = VTD_STAGES_FIRST;
        ok = first_stage(u, ctx, third);
        break;
    case VTD_PGTT_SECOND:
        ctx->stages = VTD_STAGES_SECOND;
        ctx->supervisor = third & VTD_PE2_SRE;
        ok = second_stage(u, ctx, lo);
        break;
    case VTD_PGTT_NESTED:
        ctx->stages = VTD_STAGES_NESTED;
        ok = second_stage(u, ctx, lo) && first_stage(u, ctx, third);
        break;
    case VTD_PGTT_PASS_THROUGH:
        ctx->stages = VTD_STAGES_NONE;
        ctx->width = u->cfg.haw_bits;
        ctx->supervisor = third & VTD_PE2_SRE;
        ok = u->cfg.pass_through;
        break;
    default:
        ok = false;
    }
    ctx->space = vtd_space(ctx->stages, ctx->domain, ctx->pasid);
    return ok || blocked(ctx, VTD_FR_SM_PASID_INVALID);
}

static bool walk_directory(VtdUnit *u, VtdContext *ctx, uint64_t directory)
{
    uint8_t raw[VTD_PASID_ENTRY_SIZE];
    uint64_t entry;

    ctx->entry = VTD_ENTRY_DIRECTORY;
    ctx->entry_address = directory + (ctx->pasid >> VTD_PASID_DIR_SHIFT) * 8;
    ctx->value = (VtdEntry) { 0 };
    if (!vtd_read_entry(u, ctx->entry_address, raw, 8)) {
        return blocked(ctx, VTD_FR_SM_DIRECTORY_ACCESS);
    }
    entry = ctx->value.lo = rd_le64(raw);
    ctx->fpd = ctx->fpd || (entry & VTD_PDE_FPD);
    if (!(entry & VTD_PDE_P)) {
        return blocked(ctx, VTD_FR_SM_DIRECTORY_NOT_PRESENT);
    }
    if (entry & (VTD_PDE_RSVD | vtd_beyond_haw(u))) {
        return blocked(ctx, VTD_FR_SM_DIRECTORY_RESERVED);
    }
    ctx->entry = VTD_ENTRY_PASID;
    ctx->entry_address = (entry & VTD_PAGE_MASK) +
                         (ctx->pasid & 63) * VTD_PASID_ENTRY_SIZE;
    ctx->value = (VtdEntry) { 0 };
    if (!vtd_read_entry(u, ctx->entry_address, raw, sizeof(raw))) {
        return blocked(ctx, VTD_FR_SM_PASID_ACCESS);
    }
    ctx->value = (VtdEntry) { rd_le64(raw), rd_le64(raw + 8) };
    ctx->fpd = ctx->fpd || (ctx->value.lo & VTD_PE_FPD);
    if (!(ctx->value.lo & VTD_PE_P)) {
        return blocked(ctx, VTD_FR_SM_PASID_NOT_PRESENT);
    }
    return decode_pasid(u, ctx, raw);
}

bool vtd_scalable_resolve(VtdUnit *u, const VtdRequest *request,
                          VtdContext *ctx)
{
    VtdDevice d;
    bool ok = vtd_scalable_device(u, request->sid, request->probe, &d);

    ctx->fpd = d.fpd;
    ctx->ats = d.ats;
    ctx->rid_privileged = d.rid_privileged;
    ctx->entry = d.entry;
    ctx->entry_address = d.entry_address;
    ctx->value = d.value;
    if (!ok) {
        return blocked(ctx, d.reason);
    }
    ctx->pasid = request->has_pasid ? request->pasid : d.rid_pasid;
    if (request->has_pasid && !d.pasid_enabled) {
        return blocked(ctx, VTD_FR_SM_NO_PASIDE);
    }
    if (ctx->pasid >= d.pasids) {
        return blocked(ctx, VTD_FR_SM_PASID_RANGE);
    }
    if (request->has_pasid && ctx->pasid == d.rid_pasid) {
        return blocked(ctx, VTD_FR_SM_RID_PASID);
    }
    return walk_directory(u, ctx, d.directory);
}
