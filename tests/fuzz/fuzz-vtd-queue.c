/*
 * The invalidation queue with everything that it can reach: descriptors of
 * both widths, devices that answer late or never, page requests, PASID tables
 * of a hostile driver, requests in between.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP 36
#define SID 0x0310
#define PASID 3

typedef struct Fuzz {
    VtdMachine m;
    uint64_t tables[6];         /* pages that steps may write */
} Fuzz;

static void configure(VtdUnitConfig *c, uint8_t choice, uint8_t more)
{
    vtd_unit_config_default(c);
    c->scalable_mode = choice & 1;
    c->first_stage = c->scalable_mode && (choice & 2);
    c->device_tlb = choice & 4;
    c->page_requests = c->scalable_mode && c->device_tlb && (choice & 8);
    c->caching_mode = choice & 16;
    c->aw_bits = choice & 32 ? 57 : 48;
    c->protected_memory = more & 1;
    c->fault_log = more & 2;
    c->coherent = !(more & 4);
    c->structure_entries = more & 8 ? 0 : more & 16 ? 8 : 64;
}

/* A PASID whose tables are there, for every kind of translation. */
static void set_up(Fuzz *f, uint8_t choice)
{
    VtdMachine *m = &f->m;
    uint64_t lo;

    if (!(choice & 1)) {
        f->tables[0] = vm_device(m, SID, 5, 4);
        vm_map(m, f->tables[0], 4, 0x1000, 0x5000 | VTD_SS_R | VTD_SS_W, 1);
        vm_enable(m);
        vm_enable_queue(m);
        return;
    }
    f->tables[0] = vm_scalable_device(m, SID, VTD_SMC_PASIDE |
                                      (choice & 4 ? VTD_SMC_DTE : 0) |
                                      (choice & 8 && choice & 4
                                       ? VTD_SMC_PRE : 0), 0);
    f->tables[1] = vm_page(m);
    f->tables[2] = vm_page(m);
    lo = VTD_PE_P | f->tables[1] | VTD_AW_4LEVEL << VTD_PE_AW_SHIFT |
         (uint64_t)(choice >> 6 & 3) << VTD_PE_PGTT_SHIFT | VTD_PE_SSADE;
    vm_pasid(m, f->tables[0], 0, lo, 5 | VTD_PE1_PWSNP, f->tables[2]);
    f->tables[3] = vm_pasid(m, f->tables[0], PASID, lo, 5 | VTD_PE1_PWSNP,
                            f->tables[2]) & VTD_PAGE_MASK;
    for (uint64_t a = 0; a < VM_MEM_SIZE; a += 1 << 21) {
        vm_map(m, f->tables[1], 4, a, a | VTD_SS_R | VTD_SS_W, 2);
    }
    vm_map_first(m, f->tables[2], 4, 0x1000,
                 0x5000 | VTD_FS_P | VTD_FS_W | VTD_FS_U, 1);
    vm_write64(m, VTD_PQA, 0x31000);
    vm_enable_scalable(m);
    vm_enable_wide_queue(m);
}

static void descriptor(Fuzz *f, const uint8_t *p)
{
    VtdMachine *m = &f->m;
    uint64_t lo = rd_le64(p + 4);

    /* Often a known type, so that its fields are looked at. */
    if (p[1] & 0x80) {
        lo = (lo & ~0xe0fULL) | (p[1] % 10);
    }
    m->tail = vm_read32(m, VTD_IQT) & 0xfe0;
    vm_queue(m, lo, rd_le64(p + 12));
    if (m->wide && (p[1] & 0x40)) {
        vm_poke64(m, VM_QUEUE + m->tail + 16, rd_le64(p + 20));
    }
}

static void request(Fuzz *f, const uint8_t *p)
{
    VtdRequest r = {
        .sid = p[1] & 1 ? SID : rd_le16(p + 2),
        .at = p[1] & 2 ? VTD_AT_TRANSLATED : VTD_AT_UNTRANSLATED,
        .has_pasid = p[1] & 4,
        .privileged = p[1] & 8,
        .write = p[1] & 16,
        .zero_length = p[1] & 32,
        .probe = p[1] & 64,
        .pasid = p[1] & 1 ? PASID : rd_le32(p + 4) & VTD_PASID_MAX,
        .address = rd_le64(p + 12),
    };
    VtdTranslation t;

    if (p[1] & 128) {
        r.at = VTD_AT_UNTRANSLATED;
        vtd_unit_ats(f->m.unit, &r, &t, NULL);
    } else {
        vm_request(&f->m, &r, NULL);
    }
}

static void page_request(Fuzz *f, const uint8_t *p)
{
    VtdPageRequest r = {
        .sid = SID,
        .has_pasid = p[1] & 1,
        .privileged = p[1] & 2,
        .read = p[1] & 4,
        .write = p[1] & 8,
        .last = p[1] & 16,
        .pasid = rd_le32(p + 4),
        .group = rd_le16(p + 2),
        .address = rd_le64(p + 12),
    };

    vtd_unit_page_request(f->m.unit, &r);
}

static void poke(Fuzz *f, const uint8_t *p)
{
    uint64_t page = f->tables[p[1] % G_N_ELEMENTS(f->tables)];

    vm_poke64(&f->m, page + (rd_le16(p + 2) & 0xff8), rd_le64(p + 4));
}

static void step(Fuzz *f, const uint8_t *p)
{
    static const uint16_t registers[] = {
        VTD_IQT, VTD_IQA, VTD_PQH, VTD_PQT, VTD_PQA, VTD_PRS, VTD_PECTL,
        VTD_FSTS, VTD_GCMD, VTD_RTADDR, VTD_ICS, VTD_FECTL, VTD_PMEN,
        VTD_PLMBASE, VTD_PHMBASE, VTD_PHMLIMIT, VTD_AFLOG,
    };

    switch (p[0] % 8) {
    case 0:
    case 1:
        descriptor(f, p);
        break;
    case 2:
        request(f, p);
        break;
    case 3:
        f->m.device_answer = p[1] % 3;
        f->m.hold_drain = p[1] & 8;
        break;
    case 4:
        vtd_unit_device_answered(f->m.unit, rd_le16(p + 2), p[1] & 1);
        vtd_unit_drained(f->m.unit);
        if (p[1] & 2) {
            vtd_unit_device_unexpected(f->m.unit, rd_le16(p + 2));
        }
        break;
    case 5:
        page_request(f, p);
        break;
    case 6:
        poke(f, p);
        break;
    case 7:
        vtd_unit_mmio_write(f->m.unit,
                            registers[p[1] % G_N_ELEMENTS(registers)],
                            rd_le64(p + 4), p[2] & 1 ? 8 : 4);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VtdUnitConfig c;
    Fuzz f = { 0 };

    if (!size) {
        return 0;
    }
    /* What is left behind the last step says more about the unit. */
    configure(&c, data[0],
              (size - 1) % STEP ? data[size - 1] : 0);
    vm_init_small(&f.m, &c);
    set_up(&f, data[0]);
    for (data++, size--; size >= STEP; data += STEP, size -= STEP) {
        step(&f, data);
    }
    vtd_unit_reset(f.m.unit);
    vm_destroy(&f.m);
    return 0;
}
