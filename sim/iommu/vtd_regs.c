/*
 * The register file: one row for each register.
 *
 * Read, write, reset and the saved state all come from the table.  Source:
 * VT-d 4.1, chapter 11.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

/*
 * Called after the new value is in place.  @written is what the access wrote
 * (0 in bytes that it did not touch), @old the value before.
 */
typedef void VtdRegHook(VtdUnit *u, uint64_t written, uint64_t old);

typedef struct VtdRow {
    const char *name;
    uint16_t offset;
    uint8_t width;              /* bytes */
    bool record;                /* repeated for each fault record */
    uint64_t reset;
    uint64_t rw;                /* bits software can change */
    uint64_t w1c;               /* bits that writing 1 clears */
    VtdRegHook *hook;
} VtdRow;

static void hook_gcmd(VtdUnit *u, uint64_t written, uint64_t old)
{
    vtd_command(u, written);
}

static void hook_ccmd(VtdUnit *u, uint64_t written, uint64_t old)
{
    if (written & VTD_CCMD_ICC) {
        vtd_context_command(u);
    }
}

static void hook_iotlb(VtdUnit *u, uint64_t written, uint64_t old)
{
    if (u->drain == VTD_DRAIN_IOTLB_REG) {
        /* 11.4.6.2.2: not to be written while IVT is set. */
        vtd_set64(u, VTD_IOTLB, old);
    } else if (written & VTD_IOTLB_IVT) {
        vtd_iotlb_command(u);
    }
}

static void hook_fsts(VtdUnit *u, uint64_t written, uint64_t old)
{
    vtd_fault_status_written(u, old);
}

static void hook_fectl(VtdUnit *u, uint64_t written, uint64_t old)
{
    vtd_event_control_written(u, VTD_FECTL);
}

static void hook_iectl(VtdUnit *u, uint64_t written, uint64_t old)
{
    vtd_event_control_written(u, VTD_IECTL);
}

static void hook_ics(VtdUnit *u, uint64_t written, uint64_t old)
{
    if (!(vtd_reg32(u, VTD_ICS) & VTD_ICS_IWC)) {
        vtd_set32(u, VTD_IECTL, vtd_reg32(u, VTD_IECTL) & ~VTD_ECTL_IP);
    }
}

static void hook_iqt(VtdUnit *u, uint64_t written, uint64_t old)
{
    vtd_queue_tail_written(u);
}

static void hook_prs(VtdUnit *u, uint64_t written, uint64_t old)
{
    vtd_page_request_status_written(u);
}

static void hook_pectl(VtdUnit *u, uint64_t written, uint64_t old)
{
    vtd_event_control_written(u, VTD_PECTL);
}

/* DW is reserved without scalable mode. */
static void hook_iqa(VtdUnit *u, uint64_t written, uint64_t old)
{
    if (!u->cfg.scalable_mode) {
        vtd_set64(u, VTD_IQA, vtd_reg64(u, VTD_IQA) & ~VTD_IQA_DW);
    }
}

/* Without CAP.AFL it is reserved. */
static void hook_aflog(VtdUnit *u, uint64_t written, uint64_t old)
{
    if (!u->cfg.fault_log) {
        vtd_set64(u, VTD_AFLOG, 0);
    }
}

static void hook_protect(VtdUnit *u, uint64_t written, uint64_t old)
{
    vtd_protect_written(u);
}

static void hook_frcd(VtdUnit *u, uint64_t written, uint64_t old)
{
    vtd_fault_record_cleared(u);
}

#define ALL32 0xffffffffULL
#define ALL64 (~0ULL)

static const VtdRow rows[] = {
    /* name, offset, width, record, reset, rw, w1c, hook */
    { "VER", VTD_VER, 4, false, 0x40, 0, 0, NULL },
    { "CAP", VTD_CAP, 8, false, 0, 0, 0, NULL },
    { "ECAP", VTD_ECAP, 8, false, 0, 0, 0, NULL },
    { "GCMD", VTD_GCMD, 4, false, 0, 0, 0, hook_gcmd },
    { "GSTS", VTD_GSTS, 4, false, 0, 0, 0, NULL },
    { "RTADDR", VTD_RTADDR, 8, false, 0,
      VTD_PAGE_MASK | VTD_RTADDR_TTM_MASK, 0, NULL },
    { "CCMD", VTD_CCMD, 8, false, 0, 0xe0000003ffffffffULL, 0, hook_ccmd },
    { "FSTS", VTD_FSTS, 4, false, 0, 0,
      VTD_FSTS_PFO | VTD_FSTS_AFO | VTD_FSTS_APF | VTD_FSTS_IQE |
      VTD_FSTS_ICE | VTD_FSTS_ITE, hook_fsts },
    { "FECTL", VTD_FECTL, 4, false, VTD_ECTL_IM, VTD_ECTL_IM, 0, hook_fectl },
    { "FEDATA", VTD_FEDATA, 4, false, 0, 0xffff, 0, NULL },
    { "FEADDR", VTD_FEADDR, 4, false, 0, 0xfffffffc, 0, NULL },
    { "FEUADDR", VTD_FEUADDR, 4, false, 0, ALL32, 0, NULL },
    { "AFLOG", VTD_AFLOG, 8, false, 0, VTD_PAGE_MASK | VTD_AFLOG_FLS_MASK, 0,
      hook_aflog },
    { "PMEN", VTD_PMEN, 4, false, 0, VTD_PMEN_EPM, 0, hook_protect },
    { "PLMBASE", VTD_PLMBASE, 4, false, 0, VTD_PM_LOW, 0, hook_protect },
    { "PLMLIMIT", VTD_PLMLIMIT, 4, false, 0, VTD_PM_LOW, 0, hook_protect },
    { "PHMBASE", VTD_PHMBASE, 8, false, 0, VTD_PM_HIGH, 0, hook_protect },
    { "PHMLIMIT", VTD_PHMLIMIT, 8, false, 0, VTD_PM_HIGH, 0, hook_protect },
    { "IQH", VTD_IQH, 8, false, 0, 0, 0, NULL },
    { "IQT", VTD_IQT, 8, false, 0, VTD_IQ_PTR_MASK, 0, hook_iqt },
    { "IQA", VTD_IQA, 8, false, 0,
      VTD_PAGE_MASK | VTD_IQA_DW | VTD_IQA_QS_MASK, 0, hook_iqa },
    { "ICS", VTD_ICS, 4, false, 0, 0, VTD_ICS_IWC, hook_ics },
    { "IECTL", VTD_IECTL, 4, false, VTD_ECTL_IM, VTD_ECTL_IM, 0, hook_iectl },
    { "IEDATA", VTD_IEDATA, 4, false, 0, 0xffff, 0, NULL },
    { "IEADDR", VTD_IEADDR, 4, false, 0, 0xfffffffc, 0, NULL },
    { "IEUADDR", VTD_IEUADDR, 4, false, 0, ALL32, 0, NULL },
    { "IQERCD", VTD_IQERCD, 8, false, 0, 0, 0, NULL },
    { "IRTA", VTD_IRTA, 8, false, 0,
      VTD_PAGE_MASK | VTD_IRTA_EIME | VTD_IRTA_S_MASK, 0, NULL },
    { "PQH", VTD_PQH, 8, false, 0, VTD_PQ_PTR_MASK, 0, NULL },
    { "PQT", VTD_PQT, 8, false, 0, VTD_PQ_PTR_MASK, 0, NULL },
    { "PQA", VTD_PQA, 8, false, 0, VTD_PAGE_MASK | VTD_PQA_QS_MASK, 0, NULL },
    { "PRS", VTD_PRS, 4, false, 0, 0, VTD_PRS_PPR | VTD_PRS_PRO, hook_prs },
    { "PECTL", VTD_PECTL, 4, false, VTD_ECTL_IM, VTD_ECTL_IM, 0, hook_pectl },
    { "PEDATA", VTD_PEDATA, 4, false, 0, 0xffff, 0, NULL },
    { "PEADDR", VTD_PEADDR, 4, false, 0, 0xfffffffc, 0, NULL },
    { "PEUADDR", VTD_PEUADDR, 4, false, 0, ALL32, 0, NULL },
    { "IVA", VTD_IVA, 8, false, 0, VTD_PAGE_MASK | 0x7f, 0, NULL },
    { "IOTLB", VTD_IOTLB, 8, false, 0, 0xb003ffff00000000ULL, 0, hook_iotlb },
    { "FRCD", VTD_FRCD, 8, true, 0, 0, 0, NULL },
    { "FRCD_HI", VTD_FRCD + 8, 8, true, 0, 0, VTD_FRCD_F, hook_frcd },
};

#define NO_ROW 0xff
G_STATIC_ASSERT(G_N_ELEMENTS(rows) < NO_ROW);

static unsigned row_count(const VtdUnit *u, const VtdRow *row)
{
    return row->record ? u->cfg.fault_records : 1;
}

uint64_t vtd_regs_cap(const VtdUnitConfig *cfg)
{
    uint64_t cap = VTD_CAP_ND_64K | VTD_CAP_ZLR | VTD_CAP_PSI |
                   VTD_CAP_SSLPS_2M | VTD_CAP_SSLPS_1G |
                   (uint64_t)(cfg->aw_bits - 1) << VTD_CAP_MGAW_SHIFT |
                   (VTD_FRCD / 16ULL) << VTD_CAP_FRO_SHIFT |
                   (cfg->fault_records - 1ULL) << VTD_CAP_NFR_SHIFT |
                   (uint64_t)vtd_mamv(cfg) << VTD_CAP_MAMV_SHIFT |
                   VTD_CAP_SAGAW_3LEVEL;

    cap |= cfg->aw_bits >= 48 ? VTD_CAP_SAGAW_4LEVEL : 0;
    cap |= cfg->aw_bits >= 57 ? VTD_CAP_SAGAW_5LEVEL : 0;
    cap |= cfg->first_stage ? VTD_CAP_FS1GP : 0;
    cap |= cfg->first_stage && cfg->aw_bits >= 57 ? VTD_CAP_FS5LP : 0;
    cap |= cfg->caching_mode ? VTD_CAP_CM : 0;
    cap |= cfg->protected_memory ? VTD_CAP_PLMR | VTD_CAP_PHMR : 0;
    cap |= cfg->fault_log ? VTD_CAP_AFL : 0;
    cap |= cfg->write_buffer ? VTD_CAP_RWBF : 0;
    cap |= cfg->dma_drain ? VTD_CAP_DRD | VTD_CAP_DWD : 0;
    cap |= cfg->set_root_invalidates ? VTD_CAP_ESRTPS | VTD_CAP_ESIRTPS : 0;
    return cap;
}

uint64_t vtd_regs_ecap(const VtdUnitConfig *cfg)
{
    uint64_t ecap = VTD_ECAP_QI | (VTD_IVA / 16ULL) << VTD_ECAP_IRO_SHIFT;

    ecap |= cfg->coherent ? VTD_ECAP_C : 0;
    ecap |= cfg->pass_through ? VTD_ECAP_PT : 0;
    ecap |= cfg->snoop_control ? VTD_ECAP_SC : 0;
    ecap |= cfg->device_tlb ? VTD_ECAP_DT : 0;
    if (cfg->scalable_mode) {
        ecap |= VTD_ECAP_SMTS | VTD_ECAP_SSTS | VTD_ECAP_SSADS |
                VTD_ECAP_SRS | VTD_ECAP_EAFS | VTD_ECAP_PASID |
                19ULL << VTD_ECAP_PSS_SHIFT | VTD_ECAP_RPS |
                VTD_ECAP_ADMS | VTD_ECAP_RPRIVS |
                (cfg->coherent ? VTD_ECAP_SMPWCS : 0) |
                (cfg->first_stage ? VTD_ECAP_FSTS | VTD_ECAP_NEST : 0) |
                (cfg->page_requests ? VTD_ECAP_PRS | VTD_ECAP_PDS : 0);
    }
    if (cfg->interrupt_remapping) {
        ecap |= VTD_ECAP_IR | (uint64_t)VTD_MHMV << VTD_ECAP_MHMV_SHIFT;
        ecap |= cfg->eim ? VTD_ECAP_EIM : 0;
    }
    return ecap;
}

void vtd_regs_init(VtdUnit *u)
{
    memset(u->row_of, NO_ROW, sizeof(u->row_of));
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (unsigned n = 0; n < row_count(u, &rows[i]); n++) {
            unsigned dword = (rows[i].offset + n * 16) / 4;

            u->row_of[dword] = i;
            if (rows[i].width == 8) {
                u->row_of[dword + 1] = i;
            }
        }
    }
}

void vtd_regs_reset(VtdUnit *u)
{
    memset(u->regs, 0, sizeof(u->regs));
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].width == 8) {
            vtd_set64(u, rows[i].offset, rows[i].reset);
        } else {
            vtd_set32(u, rows[i].offset, rows[i].reset);
        }
    }
    vtd_set64(u, VTD_CAP, vtd_regs_cap(&u->cfg));
    vtd_set64(u, VTD_ECAP, vtd_regs_ecap(&u->cfg));
}

static bool access_ok(uint64_t offset, unsigned size)
{
    return (size == 4 || size == 8) && offset % size == 0 &&
           iov_in_range(offset, size, VTD_MMIO_SIZE);
}

uint64_t vtd_unit_mmio_read(VtdUnit *u, uint64_t offset, unsigned size)
{
    uint64_t value;

    if (!access_ok(offset, size)) {
        trace_vtd_unit_access_invalid(offset, size, 0);
        return 0;
    }
    value = size == 8 ? vtd_reg64(u, offset) : vtd_reg32(u, offset);
    trace_vtd_unit_reg_read(offset, size, value);
    return value;
}

/* Writes within one register: @lane is the first byte, @len how many. */
static void write_row(VtdUnit *u, const VtdRow *row, unsigned base,
                      unsigned lane, unsigned len, uint64_t value)
{
    uint64_t old = row->width == 8 ? vtd_reg64(u, base) : vtd_reg32(u, base);
    uint64_t lanes = (len == 8 ? ALL64 : ALL32) << (8 * lane);
    uint64_t written = (value << (8 * lane)) & lanes;
    uint64_t rw = row->rw & lanes;
    uint64_t now = ((old & ~rw) | (written & rw)) & ~(written & row->w1c);

    if (row->width == 8) {
        vtd_set64(u, base, now);
    } else {
        vtd_set32(u, base, now);
    }
    trace_vtd_unit_reg_write(row->name, base + lane, len, value);
    if (row->hook) {
        row->hook(u, written, old);
    }
}

void vtd_unit_mmio_write(VtdUnit *u, uint64_t offset, uint64_t value,
                         unsigned size)
{
    if (!access_ok(offset, size)) {
        trace_vtd_unit_access_invalid(offset, size, value);
        return;
    }
    while (size) {
        unsigned index = u->row_of[offset / 4];
        unsigned len = 4;

        if (index != NO_ROW) {
            const VtdRow *row = &rows[index];
            unsigned lane = (offset - row->offset) % row->width;

            len = MIN(row->width - lane, size);
            write_row(u, row, offset - lane, lane, len,
                      len == 8 ? value : value & ALL32);
        } else {
            trace_vtd_unit_access_invalid(offset, 4, value & ALL32);
        }
        offset += len;
        size -= len;
        value = len == 8 ? 0 : value >> 32;
    }
}

/* Only bits of the unit's making: "all", "none", or a mask. */
static void put_bits(GString *page, const VtdRow *row, uint64_t bits)
{
    uint64_t all = row->width == 8 ? ALL64 : ALL32;

    if (!bits) {
        g_string_append(page, " |");
    } else if (bits == all) {
        g_string_append(page, " all |");
    } else {
        g_string_append_printf(page, " 0x%" G_GINT64_MODIFIER "x |", bits);
    }
}

char *vtd_unit_register_page(void)
{
    GString *page = g_string_new(
        "# Registers of vtd-iommu\n\n"
        "Made from the table in `sim/iommu/vtd_regs.c`; CAP and ECAP depend "
        "on the device's\nproperties ([`vtd-iommu`](vtd-iommu.md)), GSTS "
        "follows GCMD. FRCD and FRCD_HI are there once for\neach fault "
        "record, 16 bytes apart. What is not listed reads as zero.\n\n"
        "| Offset | Register | Bits | Reset | Writable | Cleared by 1 |\n"
        "|---|---|---|---|---|---|\n");

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        const VtdRow *row = &rows[i];

        g_string_append_printf(page, "| 0x%03x | %s | %u | 0x%"
                               G_GINT64_MODIFIER "x |", row->offset, row->name,
                               row->width * 8, row->reset);
        put_bits(page, row, row->rw);
        put_bits(page, row, row->w1c);
        g_string_append_c(page, '\n');
    }
    return g_string_free(page, false);
}
