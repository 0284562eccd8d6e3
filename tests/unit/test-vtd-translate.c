/*
 * DMA translation: tables of each depth, page sizes, pass-through, and the
 * cause of each DMA fault reason.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

#define RW (VTD_SS_R | VTD_SS_W)
#define SID 0x0310

static void test_off(void)
{
    VtdMachine m;
    uint64_t out;

    vm_init(&m, NULL);
    g_assert_cmpint(vm_dma(&m, SID, 0x123456789000, true, &out), ==, 0);
    g_assert_cmphex(out, ==, 0x123456789000);
    vm_destroy(&m);
}

static void test_levels(gconstpointer data)
{
    unsigned levels = GPOINTER_TO_UINT(data);
    VtdUnitConfig c;
    VtdMachine m;
    uint64_t table, out;
    /* An address that uses every level's index. */
    uint64_t iova = (1ULL << (12 + 9 * levels - 1)) | 0x41234000;

    vtd_unit_config_default(&c);
    c.aw_bits = 57;
    vm_init(&m, &c);
    table = vm_device(&m, SID, 5, levels);
    vm_map(&m, table, levels, iova, 0xabc000 | RW, 1);
    vm_map(&m, table, levels, 0xc0000000, 0x80000000 | RW, 3);
    vm_map(&m, table, levels, 0x200000, 0x600000 | RW, 2);
    vm_enable(&m);
    g_assert_cmpint(vm_dma(&m, SID, iova + 0x123, true, &out), ==, 0);
    g_assert_cmphex(out, ==, 0xabc123);
    g_assert_cmpint(vm_dma(&m, SID, 0xc0000000 + 0x3ffff123, false, &out),
                    ==, 0);
    g_assert_cmphex(out, ==, 0xbffff123);
    g_assert_cmpint(vm_dma(&m, SID, 0x3fffff, false, &out), ==, 0);
    g_assert_cmphex(out, ==, 0x7fffff);
    g_assert_cmpint(vm_dma(&m, SID, 0x400000, false, &out), ==, VTD_FR_READ);
    vm_destroy(&m);
}

static void test_pass_through(void)
{
    VtdUnitConfig c;
    VtdMachine m;
    uint64_t out;

    vtd_unit_config_default(&c);
    for (int offered = 1; offered >= 0; offered--) {
        c.pass_through = offered;
        vm_init(&m, &c);
        vm_context(&m, SID, VTD_CTX_P |
                   VTD_TT_PASS_THROUGH << VTD_CTX_TT_SHIFT, VTD_AW_4LEVEL);
        vm_enable(&m);
        g_assert_cmpint(vm_dma(&m, SID, 0x1234, true, &out), ==,
                        offered ? 0 : VTD_FR_CONTEXT_INVALID);
        if (offered) {
            g_assert_cmphex(out, ==, 0x1234);
        }
        vm_destroy(&m);
    }
}

/* The function number is eight bits wide: ARI functions have own entries. */
static void test_ari(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    vm_map(&m, vm_device(&m, 0x03ff, 9, 4), 4, 0, 0x5000 | RW, 1);
    vm_enable(&m);
    g_assert_cmpint(vm_dma(&m, 0x03ff, 0, false, NULL), ==, 0);
    g_assert_cmpint(vm_dma(&m, 0x03fe, 0, false, NULL), ==,
                    VTD_FR_CONTEXT_NOT_PRESENT);
    vm_destroy(&m);
}

static void test_zero_length_read(void)
{
    VtdMachine m;
    VtdRequest r = { .sid = SID, .zero_length = true };
    VtdTranslation t;

    vm_init(&m, NULL);
    vm_map(&m, vm_device(&m, SID, 1, 4), 4, 0, 0x5000 | VTD_SS_W, 1);
    vm_enable(&m);
    g_assert_true(vtd_unit_translate(m.unit, &r, &t, NULL));
    r.zero_length = false;
    g_assert_false(vtd_unit_translate(m.unit, &r, &t, NULL));
    vm_destroy(&m);
}

static void test_abort_mode(void)
{
    VtdUnitConfig c;
    VtdMachine m;

    vtd_unit_config_default(&c);
    c.scalable_mode = true;
    vm_init(&m, &c);
    g_assert_true(vm_read64(&m, VTD_ECAP) & VTD_ECAP_ADMS);
    vm_map(&m, vm_device(&m, SID, 1, 4), 4, 0, 0x5000 | RW, 1);
    vm_enable(&m);
    vm_write64(&m, VTD_RTADDR,
               VM_ROOT | (uint64_t)VTD_TTM_ABORT << VTD_RTADDR_TTM_SHIFT);
    vm_command(&m, VTD_GCMD_SRTP);
    g_assert_cmpint(vm_dma(&m, SID, 0, false, NULL), !=, 0);
    g_assert_false(vm_take_record(&m, 0).pending);
    vm_destroy(&m);
}

/* Scalable mode is not offered: a root table in it is wrong. */
static void test_scalable_refused(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    vm_map(&m, vm_device(&m, SID, 1, 4), 4, 0, 0x5000 | RW, 1);
    vm_enable(&m);
    vm_write64(&m, VTD_RTADDR,
               VM_ROOT | (uint64_t)VTD_TTM_SCALABLE << VTD_RTADDR_TTM_SHIFT);
    vm_command(&m, VTD_GCMD_SRTP);
    g_assert_cmpint(vm_dma(&m, SID, 0, true, NULL), ==,
                    VTD_FR_SM_TTM_RESERVED);
    vm_destroy(&m);
}

/* A probe asks without leaving a record. */
static void test_probe(void)
{
    VtdMachine m;
    VtdRequest r = { .sid = SID, .probe = true };
    VtdTranslation t;
    VtdFault f;

    vm_init(&m, NULL);
    vm_enable(&m);
    g_assert_false(vtd_unit_translate(m.unit, &r, &t, &f));
    g_assert_cmpint(f.reason, ==, VTD_FR_ROOT_NOT_PRESENT);
    g_assert_cmpuint(m.faults, ==, 0);
    vm_destroy(&m);
}

/* It leaves nothing in the caches either, also of what is absent. */
static void test_probe_caches_nothing(void)
{
    for (unsigned scalable = 0; scalable < 2; scalable++) {
        VtdRequest r = { .sid = SID, .probe = true };
        VtdUnitConfig c;
        VtdTranslation t;
        VtdMachine m;
        uint64_t table;

        vtd_unit_config_default(&c);
        c.caching_mode = true;
        c.scalable_mode = scalable;
        vm_init(&m, &c);
        if (scalable) {
            vm_enable_scalable(&m);
            g_assert_false(vtd_unit_translate(m.unit, &r, &t, NULL));
            table = vm_page(&m);
            vm_pasid(&m, vm_scalable_device(&m, SID, 0, 0), 0,
                     table | 2 << VTD_PE_AW_SHIFT | VTD_PE_P |
                     VTD_PGTT_SECOND << VTD_PE_PGTT_SHIFT, 1, 0);
        } else {
            vm_enable(&m);
            g_assert_false(vtd_unit_translate(m.unit, &r, &t, NULL));
            table = vm_device(&m, SID, 1, 4);
        }
        g_assert_false(vtd_unit_translate(m.unit, &r, &t, NULL));
        vm_map(&m, table, 4, 0, 0x5000 | RW, 1);
        g_assert_cmpint(vm_dma(&m, SID, 0, true, NULL), ==, 0);
        vm_destroy(&m);
    }
}

/* SNP in a leaf is reserved in a unit without snoop control (9.8). */
static void test_snoop_bit(void)
{
    for (unsigned snoop_control = 0; snoop_control < 2; snoop_control++) {
        VtdUnitConfig c;
        VtdMachine m;

        vtd_unit_config_default(&c);
        c.snoop_control = snoop_control;
        vm_init(&m, &c);
        vm_map(&m, vm_device(&m, SID, 1, 4), 4, 0, 0x5000 | VTD_SS_SNP | RW,
               1);
        vm_enable(&m);
        g_assert_cmpint(vm_dma(&m, SID, 0, true, NULL), ==,
                        snoop_control ? VTD_FR_NONE : VTD_FR_PAGING_RESERVED);
        vm_destroy(&m);
    }
}

/* A mapping next to the interrupt window does not open the window. */
static void test_large_page_over_window(void)
{
    VtdMachine m;
    VtdRequest r = { .sid = SID, .address = 0x10000000 | 0x2edff000 };
    VtdTranslation t;

    vm_init(&m, NULL);
    vm_map(&m, vm_device(&m, SID, 1, 4), 4, 0, 0xc0000000 | RW, 3);
    vm_enable(&m);
    g_assert_true(vtd_unit_translate(m.unit, &r, &t, NULL));
    g_assert_cmphex(t.address, ==, 0xfedff000);
    g_assert_cmphex(t.mask, ==, 0xfff);
    g_assert_cmpint(vm_dma(&m, SID, 0x3ee00000, true, NULL), ==,
                    VTD_FR_INTERRUPT_RANGE);
    g_assert_cmpint(vm_dma(&m, SID, 0x3ef00000, true, NULL), ==, 0);
    vm_destroy(&m);
}

typedef struct FaultCase {
    const char *name;
    VtdFaultReason reason;
    uint64_t address;
    bool write;
    bool qualified;             /* FPD of the context entry suppresses it */
    void (*set_up)(VtdMachine *m);
} FaultCase;

static uint64_t fpd;            /* added to context entries by set-ups */

static uint64_t fpd_device(VtdMachine *m, uint64_t lo, uint64_t hi)
{
    uint64_t table = vm_page(m);

    vm_context(m, SID, table | VTD_CTX_P | fpd | lo,
               7ULL << VTD_CTX_DID_SHIFT | hi);
    return table;
}

static void set_nothing(VtdMachine *m)
{
}

static void set_root_outside(VtdMachine *m)
{
    vm_write64(m, VTD_RTADDR, 1ULL << 45);
    vm_command(m, VTD_GCMD_SRTP);
}

static void set_root_reserved(VtdMachine *m)
{
    vm_poke64(m, VM_ROOT + 3 * 16, vm_page(m) | VTD_ROOT_P | 2);
}

static void set_root_hi(VtdMachine *m)
{
    vm_poke64(m, VM_ROOT + 3 * 16, vm_page(m) | VTD_ROOT_P);
    vm_poke64(m, VM_ROOT + 3 * 16 + 8, 1);
}

static void set_context_outside(VtdMachine *m)
{
    vm_poke64(m, VM_ROOT + 3 * 16, 1ULL << 45 | VTD_ROOT_P);
}

static void set_context_absent(VtdMachine *m)
{
    vm_context(m, SID, fpd, 0);
}

static void set_context_reserved(VtdMachine *m)
{
    fpd_device(m, 1 << 4, VTD_AW_4LEVEL);
}

static void set_context_reserved_hi(VtdMachine *m)
{
    fpd_device(m, 0, VTD_AW_4LEVEL | 1 << 7);
}

static void set_context_beyond_haw(VtdMachine *m)
{
    fpd_device(m, 1ULL << 46, VTD_AW_4LEVEL);
}

static void set_width_unsupported(VtdMachine *m)
{
    fpd_device(m, 0, VTD_AW_5LEVEL);
}

static void set_width_reserved(VtdMachine *m)
{
    fpd_device(m, 0, 0);
}

static void set_type_ats(VtdMachine *m)
{
    fpd_device(m, VTD_TT_ATS << VTD_CTX_TT_SHIFT, VTD_AW_4LEVEL);
}

static void set_type_reserved(VtdMachine *m)
{
    fpd_device(m, VTD_TT_RESERVED << VTD_CTX_TT_SHIFT, VTD_AW_4LEVEL);
}

static void set_mapped(VtdMachine *m)
{
    vm_map(m, fpd_device(m, 0, VTD_AW_4LEVEL), 4, 0, 0x5000 | RW, 1);
}

static void set_mapped_3level(VtdMachine *m)
{
    vm_map(m, fpd_device(m, 0, VTD_AW_3LEVEL), 3, 0, 0x5000 | RW, 1);
}

static void set_read_only(VtdMachine *m)
{
    vm_map(m, fpd_device(m, 0, VTD_AW_4LEVEL), 4, 0, 0x5000 | VTD_SS_R, 1);
}

static void set_write_only(VtdMachine *m)
{
    vm_map(m, fpd_device(m, 0, VTD_AW_4LEVEL), 4, 0, 0x5000 | VTD_SS_W, 1);
}

/* Permission is the AND of the levels. */
static void set_read_only_above(VtdMachine *m)
{
    uint64_t table = fpd_device(m, 0, VTD_AW_4LEVEL);

    vm_map(m, table, 4, 0, 0x5000 | RW, 1);
    vm_poke64(m, table, (vm_peek64(m, table) & VTD_PAGE_MASK) | VTD_SS_R);
}

static void set_paging_outside(VtdMachine *m)
{
    vm_poke64(m, fpd_device(m, 0, VTD_AW_4LEVEL), 1ULL << 45 | RW);
}

/* What the context entry leads to is its own fault. */
static void set_top_outside(VtdMachine *m)
{
    uint64_t at = fpd_device(m, 0, VTD_AW_4LEVEL);

    at = (vm_peek64(m, VM_ROOT + (SID >> 8) * 16) & VTD_PAGE_MASK) +
         (SID & 0xff) * 16;
    vm_poke64(m, at, (vm_peek64(m, at) & ~VTD_PAGE_MASK) | 1ULL << 45);
}

static void set_paging_reserved(VtdMachine *m)
{
    vm_poke64(m, fpd_device(m, 0, VTD_AW_4LEVEL), vm_page(m) | RW | VTD_SS_PS);
}

static void set_paging_beyond_haw(VtdMachine *m)
{
    vm_map(m, fpd_device(m, 0, VTD_AW_4LEVEL), 4, 0, 1ULL << 46 | RW, 1);
}

static void set_large_misaligned(VtdMachine *m)
{
    vm_map(m, fpd_device(m, 0, VTD_AW_4LEVEL), 4, 0, 0x201000 | RW, 2);
}

static void set_output_interrupt(VtdMachine *m)
{
    vm_map(m, fpd_device(m, 0, VTD_AW_4LEVEL), 4, 0, 0xfee00000 | RW, 1);
}

static const FaultCase fault_cases[] = {
    { "root-absent", VTD_FR_ROOT_NOT_PRESENT, 0, 0, 0, set_nothing },
    { "root-access", VTD_FR_ROOT_ACCESS, 0, 0, 0, set_root_outside },
    { "root-reserved", VTD_FR_ROOT_RESERVED, 0, 0, 0, set_root_reserved },
    { "root-reserved-hi", VTD_FR_ROOT_RESERVED, 0, 0, 0, set_root_hi },
    { "context-absent", VTD_FR_CONTEXT_NOT_PRESENT, 0, 0, 1,
      set_context_absent },
    { "context-access", VTD_FR_CONTEXT_ACCESS, 0, 0, 0, set_context_outside },
    { "context-reserved", VTD_FR_CONTEXT_RESERVED, 0, 0, 1,
      set_context_reserved },
    { "context-reserved-hi", VTD_FR_CONTEXT_RESERVED, 0, 0, 1,
      set_context_reserved_hi },
    { "context-beyond-haw", VTD_FR_CONTEXT_RESERVED, 0, 0, 1,
      set_context_beyond_haw },
    { "width-unsupported", VTD_FR_CONTEXT_INVALID, 0, 0, 1,
      set_width_unsupported },
    { "width-reserved", VTD_FR_CONTEXT_INVALID, 0, 0, 1, set_width_reserved },
    { "type-ats", VTD_FR_CONTEXT_INVALID, 0, 0, 1, set_type_ats },
    { "type-reserved", VTD_FR_CONTEXT_INVALID, 0, 0, 1, set_type_reserved },
    { "beyond-mgaw", VTD_FR_BEYOND_MGAW, 1ULL << 48, 0, 1, set_mapped },
    { "beyond-aw", VTD_FR_BEYOND_MGAW, 1ULL << 39, 0, 1, set_mapped_3level },
    { "write", VTD_FR_WRITE, 0, 1, 1, set_read_only },
    { "write-absent", VTD_FR_WRITE, 0x1000, 1, 1, set_mapped },
    { "write-above", VTD_FR_WRITE, 0, 1, 1, set_read_only_above },
    { "read", VTD_FR_READ, 0, 0, 1, set_write_only },
    { "paging-access", VTD_FR_PAGING_ACCESS, 0, 0, 1, set_paging_outside },
    { "top-access", VTD_FR_CONTEXT_INVALID, 0, 0, 1, set_top_outside },
    { "paging-reserved", VTD_FR_PAGING_RESERVED, 0, 0, 1,
      set_paging_reserved },
    { "paging-beyond-haw", VTD_FR_PAGING_RESERVED, 0, 0, 1,
      set_paging_beyond_haw },
    { "large-misaligned", VTD_FR_PAGING_RESERVED, 0, 0, 1,
      set_large_misaligned },
    { "interrupt-output", VTD_FR_INTERRUPT_RANGE, 0, 1, 1,
      set_output_interrupt },
    { "interrupt-input", VTD_FR_INTERRUPT_RANGE, 0xfee00000, 0, 0,
      set_mapped },
};

static void test_fault(gconstpointer data)
{
    const FaultCase *c = data;
    VtdMachine m;
    VmRecord record;

    for (int suppress = 0; suppress <= c->qualified; suppress++) {
        fpd = suppress ? VTD_CTX_FPD : 0;
        vm_init(&m, NULL);
        vm_enable(&m);
        c->set_up(&m);
        g_assert_cmphex(vm_dma(&m, SID, c->address | 0x10, c->write, NULL),
                        ==, c->reason);
        g_assert_cmpuint(m.faults, ==, 1);
        record = vm_take_record(&m, 0);
        g_assert_cmpint(record.pending, ==, !suppress);
        if (!suppress) {
            g_assert_cmphex(record.sid, ==, SID);
            g_assert_cmphex(record.reason, ==, c->reason);
            g_assert_cmpint(record.read, ==, !c->write);
            g_assert_cmphex(record.info, ==, c->address);
        }
        vm_destroy(&m);
    }
}

static void test_describe(void)
{
    VtdMachine m;
    g_autofree char *text = NULL, *want = NULL;
    uint64_t at;

    vm_init(&m, NULL);
    at = vm_map(&m, vm_device(&m, SID, 1, 4), 4, 0x1000, 0x5000 | VTD_SS_R, 1);
    vm_enable(&m);
    vm_dma(&m, SID, 0x1010, false, NULL);
    vm_dma(&m, SID, 0x1010, true, NULL);
    text = vtd_fault_describe(&m.last_fault);
    want = g_strdup_printf("DMA write to 0x1010 blocked: no write permission "
                           "(reason 0x05); decided by the level-1 paging "
                           "entry at 0x%" G_GINT64_MODIFIER "x = 0x5001 "
                           "(as cached)", at);
    g_assert_cmpstr(text, ==, want);
    vm_destroy(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/translate/off", test_off);
    g_test_add_data_func("/vtd/translate/3-level", GUINT_TO_POINTER(3),
                         test_levels);
    g_test_add_data_func("/vtd/translate/4-level", GUINT_TO_POINTER(4),
                         test_levels);
    g_test_add_data_func("/vtd/translate/5-level", GUINT_TO_POINTER(5),
                         test_levels);
    g_test_add_func("/vtd/translate/pass-through", test_pass_through);
    g_test_add_func("/vtd/translate/ari", test_ari);
    g_test_add_func("/vtd/translate/zero-length-read", test_zero_length_read);
    g_test_add_func("/vtd/translate/abort-mode", test_abort_mode);
    g_test_add_func("/vtd/translate/scalable-refused", test_scalable_refused);
    g_test_add_func("/vtd/translate/snoop-bit", test_snoop_bit);
    g_test_add_func("/vtd/translate/probe", test_probe);
    g_test_add_func("/vtd/translate/probe-caches-nothing",
                    test_probe_caches_nothing);
    g_test_add_func("/vtd/translate/large-page-over-window",
                    test_large_page_over_window);
    for (unsigned i = 0; i < G_N_ELEMENTS(fault_cases); i++) {
        g_autofree char *name = g_strdup_printf("/vtd/fault/%s",
                                                fault_cases[i].name);

        g_test_add_data_func(name, &fault_cases[i], test_fault);
    }
    g_test_add_func("/vtd/fault/describe", test_describe);
    return g_test_run();
}
