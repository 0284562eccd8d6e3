/*
 * Interrupt remapping: formats, entries, source validation, the entry cache,
 * and the cause of each interrupt fault reason.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

#define SID 0x0310
#define VECTOR(v) ((uint64_t)(v) << VTD_IRTE_VECTOR_SHIFT)
#define X2DEST(d) ((uint64_t)(d) << VTD_IRTE_DST_SHIFT)
#define SVT(svt, sq, sid) \
    ((uint64_t)(svt) << VTD_IRTE_SVT_SHIFT | (sq) << VTD_IRTE_SQ_SHIFT | (sid))

static void init(VtdMachine *m, bool eime)
{
    vm_init(m, NULL);
    vm_enable_ir(m, eime);
}

static void test_off(void)
{
    VtdMachine m;
    VtdInterrupt irq;

    vm_init(&m, NULL);
    g_assert_true(vtd_unit_remap(m.unit, SID, 0xfee0300c, 0xc1a5, &irq, NULL));
    g_assert_false(irq.remapped);
    g_assert_cmphex(irq.dest, ==, 3);
    g_assert_cmphex(irq.vector, ==, 0xa5);
    g_assert_cmphex(irq.delivery_mode, ==, VTD_DLM_LOWEST);
    g_assert_true(irq.logical && irq.redirection_hint && irq.level);
    vm_destroy(&m);
}

static void test_x2apic(void)
{
    VtdMachine m;
    VtdInterrupt irq;

    init(&m, true);
    vm_irte(&m, 200, VTD_IRTE_P | VTD_IRTE_DM | VTD_IRTE_RH | VTD_IRTE_TM |
            VTD_DLM_LOWEST << VTD_IRTE_DLM_SHIFT | VECTOR(0x77) |
            X2DEST(0x12345), SVT(VTD_SVT_SID, 0, SID));
    g_assert_cmpint(vm_msi(&m, SID, 200, &irq), ==, 0);
    g_assert_true(irq.remapped && irq.logical && irq.level &&
                  irq.redirection_hint);
    g_assert_cmphex(irq.vector, ==, 0x77);
    g_assert_cmphex(irq.dest, ==, 0x12345);
    g_assert_cmphex(irq.delivery_mode, ==, VTD_DLM_LOWEST);
    vm_destroy(&m);
}

static void test_xapic(void)
{
    VtdMachine m;
    VtdInterrupt irq;

    init(&m, false);
    vm_irte(&m, 1, VTD_IRTE_P | VECTOR(0x30) |
            7ULL << VTD_IRTE_DST_XAPIC_SHIFT, 0);
    g_assert_cmpint(vm_msi(&m, SID, 1, &irq), ==, 0);
    g_assert_cmphex(irq.dest, ==, 7);
    vm_destroy(&m);
}

static void test_subhandle(void)
{
    VtdMachine m;
    VtdInterrupt irq;
    uint64_t address = VTD_MSI_BASE | VTD_MSI_REMAPPABLE | VTD_MSI_SHV |
                       8 << VTD_MSI_HANDLE_SHIFT;

    init(&m, true);
    for (unsigned i = 0; i < 4; i++) {
        vm_irte(&m, 8 + i, VTD_IRTE_P | VECTOR(0x40 + i), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        g_assert_true(vtd_unit_remap(m.unit, SID, address, i, &irq, NULL));
        g_assert_cmphex(irq.vector, ==, 0x40 + i);
    }
    /* Without SHV the data does not count. */
    g_assert_true(vtd_unit_remap(m.unit, SID, address & ~VTD_MSI_SHV,
                                 0xffff0003, &irq, NULL));
    g_assert_cmphex(irq.vector, ==, 0x40);
    vm_destroy(&m);
}

static void test_handle_15(void)
{
    VtdMachine m;
    VtdFault f;
    VtdInterrupt irq;

    init(&m, true);
    g_assert_false(vtd_unit_remap(m.unit, SID, VTD_MSI_BASE |
                                  VTD_MSI_REMAPPABLE | VTD_MSI_HANDLE_15, 0,
                                  &irq, &f));
    g_assert_cmphex(f.address, ==, 0x8000);
    g_assert_cmphex(f.reason, ==, VTD_FR_IR_INDEX);
    vm_destroy(&m);
}

/* IRE, CFI and EIME decide about compatibility format (5.1.4). */
static void test_compatibility(void)
{
    for (unsigned i = 0; i < 4; i++) {
        bool eime = i & 1, cfi = i & 2;
        VtdMachine m;
        VtdInterrupt irq;
        VmRecord record;
        VtdFault f;
        bool ok;

        init(&m, eime);
        if (cfi) {
            vm_command(&m, VTD_GCMD_CFI);
        }
        ok = vtd_unit_remap(m.unit, SID, 0xfee0300c, 0x55, &irq, &f);
        g_assert_cmpint(ok, ==, cfi && !eime);
        if (!ok) {
            g_assert_cmphex(f.reason, ==, VTD_FR_IR_COMPATIBILITY);
            record = vm_take_record(&m, 0);
            g_assert_cmphex(record.reason, ==, VTD_FR_IR_COMPATIBILITY);
            g_assert_cmphex(record.info, ==, 0);
        }
        vm_destroy(&m);
    }
}

typedef struct SourceCase {
    const char *name;
    uint64_t hi;
    uint16_t sid;
    bool ok;
} SourceCase;

static const SourceCase source_cases[] = {
    { "none", SVT(VTD_SVT_NONE, 0, 0x1234), SID, true },
    { "sid", SVT(VTD_SVT_SID, 0, SID), SID, true },
    { "sid-other-function", SVT(VTD_SVT_SID, 0, SID), SID + 1, false },
    { "sid-other-bus", SVT(VTD_SVT_SID, 0, SID), SID ^ 0x100, false },
    { "sq1-bit-2", SVT(VTD_SVT_SID, 1, SID), SID ^ 4, true },
    { "sq1-bit-1", SVT(VTD_SVT_SID, 1, SID), SID ^ 2, false },
    { "sq2-bits-2-1", SVT(VTD_SVT_SID, 2, SID), SID ^ 6, true },
    { "sq2-bit-0", SVT(VTD_SVT_SID, 2, SID), SID ^ 1, false },
    { "sq3-bits-2-0", SVT(VTD_SVT_SID, 3, SID), SID ^ 7, true },
    { "sq3-device", SVT(VTD_SVT_SID, 3, SID), SID ^ 8, false },
    { "bus-first", SVT(VTD_SVT_BUS, 0, 0x0305), 0x0342, true },
    { "bus-last", SVT(VTD_SVT_BUS, 0, 0x0305), 0x05ff, true },
    { "bus-below", SVT(VTD_SVT_BUS, 0, 0x0305), 0x02ff, false },
    { "bus-above", SVT(VTD_SVT_BUS, 0, 0x0305), 0x0600, false },
};

static void test_source(gconstpointer data)
{
    const SourceCase *c = data;
    VtdMachine m;

    init(&m, true);
    vm_irte(&m, 3, VTD_IRTE_P | VECTOR(0x30), c->hi);
    g_assert_cmphex(vm_msi(&m, c->sid, 3, NULL), ==,
                    c->ok ? 0 : VTD_FR_IR_SOURCE);
    /* The entry is cached now: it is checked no less. */
    g_assert_cmphex(vm_msi(&m, c->sid, 3, NULL), ==,
                    c->ok ? 0 : VTD_FR_IR_SOURCE);
    g_assert_cmpint(vm_take_record(&m, 0).pending, ==, !c->ok);
    vm_destroy(&m);
}

typedef struct EntryCase {
    const char *name;
    uint64_t lo, hi;
    bool eime;
    VtdFaultReason reason;
} EntryCase;

static const EntryCase entry_cases[] = {
    { "absent", VECTOR(0x30), 0, true, VTD_FR_IR_NOT_PRESENT },
    { "reserved-14-12", VTD_IRTE_P | 1 << 12, 0, true, VTD_FR_IR_RESERVED },
    { "posted", VTD_IRTE_P | VTD_IRTE_IM, 0, true, VTD_FR_IR_RESERVED },
    { "reserved-31-24", VTD_IRTE_P | 1 << 24, 0, true, VTD_FR_IR_RESERVED },
    { "reserved-hi", VTD_IRTE_P, 1 << 20, true, VTD_FR_IR_RESERVED },
    { "reserved-svt", VTD_IRTE_P, SVT(VTD_SVT_RESERVED, 0, 0), true,
      VTD_FR_IR_RESERVED },
    { "reserved-mode-3", VTD_IRTE_P | 3 << 5, 0, true, VTD_FR_IR_RESERVED },
    { "reserved-mode-6", VTD_IRTE_P | 6 << 5, 0, true, VTD_FR_IR_RESERVED },
    { "xapic-low-dest", VTD_IRTE_P | 1ULL << 32, 0, false,
      VTD_FR_IR_RESERVED },
    { "xapic-high-dest", VTD_IRTE_P | 1ULL << 48, 0, false,
      VTD_FR_IR_RESERVED },
    { "source", VTD_IRTE_P, SVT(VTD_SVT_SID, 0, SID + 1), true,
      VTD_FR_IR_SOURCE },
};

/* Each with its record, and without one when the entry has FPD. */
static void test_entry(gconstpointer data)
{
    const EntryCase *c = data;

    for (int fpd = 0; fpd < 2; fpd++) {
        VtdMachine m;
        VmRecord record;

        init(&m, c->eime);
        vm_irte(&m, 5, c->lo | (fpd ? VTD_IRTE_FPD : 0), c->hi);
        g_assert_cmphex(vm_msi(&m, SID, 5, NULL), ==, c->reason);
        record = vm_take_record(&m, 0);
        g_assert_cmpint(record.pending, ==, !fpd);
        if (!fpd) {
            g_assert_cmphex(record.reason, ==, c->reason);
            g_assert_cmphex(record.info, ==, 5ULL << 48);
            g_assert_cmphex(record.sid, ==, SID);
        }
        vm_destroy(&m);
    }
}

static void test_request_reserved(void)
{
    VtdMachine m;
    VtdInterrupt irq;
    VtdFault f;

    init(&m, true);
    g_assert_false(vtd_unit_remap(m.unit, SID, VTD_MSI_BASE |
                                  VTD_MSI_REMAPPABLE | VTD_MSI_SHV, 0x10000,
                                  &irq, &f));
    g_assert_cmphex(f.reason, ==, VTD_FR_IR_REQUEST_RESERVED);
    vm_destroy(&m);
}

static void test_index(void)
{
    VtdMachine m;
    VtdInterrupt irq;
    VtdFault f;

    init(&m, true);
    vm_irte(&m, 255, VTD_IRTE_P, 0);
    g_assert_cmphex(vm_msi(&m, SID, 255, NULL), ==, 0);
    g_assert_cmphex(vm_msi(&m, SID, 256, NULL), ==, VTD_FR_IR_INDEX);
    /* Handle and subhandle together. */
    g_assert_false(vtd_unit_remap(m.unit, SID, VTD_MSI_BASE |
                                  VTD_MSI_REMAPPABLE | VTD_MSI_SHV |
                                  255 << VTD_MSI_HANDLE_SHIFT, 1, &irq, &f));
    g_assert_cmphex(f.reason, ==, VTD_FR_IR_INDEX);
    vm_destroy(&m);
}

static void test_table_outside(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    vm_write64(&m, VTD_IRTA, 1ULL << 40 | 15);
    vm_command(&m, VTD_GCMD_SIRTP);
    vm_command(&m, VTD_GCMD_IRE);
    g_assert_cmphex(vm_msi(&m, SID, 65535, NULL), ==, VTD_FR_IR_ACCESS);
    vm_destroy(&m);
}

static void test_cache(void)
{
    VtdMachine m;
    VtdInterrupt irq;
    uint64_t desc = VTD_DESC_IEC | VTD_DESC_IEC_SELECTIVE;

    init(&m, true);
    vm_enable_queue(&m);
    for (unsigned i = 8; i < 16; i++) {
        vm_irte(&m, i, VTD_IRTE_P | VECTOR(0x40), 0);
        vm_msi(&m, SID, i, NULL);
        vm_irte(&m, i, VTD_IRTE_P | VECTOR(0x50), 0);
        vm_msi(&m, SID, i, &irq);
        g_assert_cmphex(irq.vector, ==, 0x40);
    }
    /* One, then the aligned group of four, then all. */
    vm_queue(&m, desc | 9ULL << VTD_DESC_IEC_INDEX_SHIFT, 0);
    vm_msi(&m, SID, 8, &irq);
    g_assert_cmphex(irq.vector, ==, 0x40);
    vm_msi(&m, SID, 9, &irq);
    g_assert_cmphex(irq.vector, ==, 0x50);
    vm_queue(&m, desc | 13ULL << VTD_DESC_IEC_INDEX_SHIFT |
             2 << VTD_DESC_IEC_IM_SHIFT, 0);
    for (unsigned i = 12; i < 16; i++) {
        vm_msi(&m, SID, i, &irq);
        g_assert_cmphex(irq.vector, ==, 0x50);
    }
    vm_msi(&m, SID, 11, &irq);
    g_assert_cmphex(irq.vector, ==, 0x40);
    vm_queue(&m, VTD_DESC_IEC, 0);
    vm_msi(&m, SID, 11, &irq);
    g_assert_cmphex(irq.vector, ==, 0x50);
    vm_destroy(&m);
}

/* A group larger than the cache. */
static void test_large_group(void)
{
    VtdUnitConfig c;
    VtdMachine m;
    VtdInterrupt irq;

    vtd_unit_config_default(&c);
    vm_init_small(&m, &c);
    vm_enable_ir(&m, true);
    vm_enable_queue(&m);
    for (unsigned i = 6; i < 18; i += 3) {
        vm_irte(&m, i, VTD_IRTE_P | VECTOR(0x40), 0);
        vm_msi(&m, SID, i, NULL);
        vm_irte(&m, i, VTD_IRTE_P | VECTOR(0x50), 0);
        /* 8 to 15. */
        vm_queue(&m, VTD_DESC_IEC | VTD_DESC_IEC_SELECTIVE |
                 3 << VTD_DESC_IEC_IM_SHIFT |
                 11ULL << VTD_DESC_IEC_INDEX_SHIFT, 0);
        vm_msi(&m, SID, i, &irq);
        g_assert_cmphex(irq.vector, ==, i == 6 ? 0x40 : 0x50);
    }
    vm_destroy(&m);
}

/* CAP.CM clear: what was wrong needs no invalidation when it is mended. */
static void test_wrong_entry(void)
{
    for (int caching_mode = 0; caching_mode < 2; caching_mode++) {
        VtdUnitConfig c;
        VtdMachine m;

        vtd_unit_config_default(&c);
        c.caching_mode = caching_mode;
        vm_init(&m, &c);
        vm_enable_ir(&m, true);
        vm_enable_queue(&m);
        vm_irte(&m, 5, VTD_IRTE_P | 1 << 24, 0);
        vm_irte(&m, 6, VTD_IRTE_P, SVT(VTD_SVT_SID, 0, SID ^ 1));
        g_assert_cmphex(vm_msi(&m, SID, 5, NULL), ==, VTD_FR_IR_RESERVED);
        g_assert_cmphex(vm_msi(&m, SID, 6, NULL), ==, VTD_FR_IR_SOURCE);
        vm_irte(&m, 5, VTD_IRTE_P, 0);
        vm_irte(&m, 6, VTD_IRTE_P, SVT(VTD_SVT_SID, 0, SID));
        g_assert_cmphex(vm_msi(&m, SID, 5, NULL), ==,
                        caching_mode ? VTD_FR_IR_RESERVED : 0);
        g_assert_cmphex(vm_msi(&m, SID, 6, NULL), ==,
                        caching_mode ? VTD_FR_IR_SOURCE : 0);
        vm_queue(&m, VTD_DESC_IEC, 0);
        g_assert_cmphex(vm_msi(&m, SID, 5, NULL), ==, 0);
        vm_destroy(&m);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/remap/off", test_off);
    g_test_add_func("/vtd/remap/x2apic", test_x2apic);
    g_test_add_func("/vtd/remap/xapic", test_xapic);
    g_test_add_func("/vtd/remap/subhandle", test_subhandle);
    g_test_add_func("/vtd/remap/handle-15", test_handle_15);
    g_test_add_func("/vtd/remap/compatibility", test_compatibility);
    g_test_add_func("/vtd/remap/cache", test_cache);
    for (unsigned i = 0; i < G_N_ELEMENTS(source_cases); i++) {
        g_autofree char *name = g_strconcat("/vtd/remap/source/",
                                            source_cases[i].name, NULL);

        g_test_add_data_func(name, &source_cases[i], test_source);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(entry_cases); i++) {
        g_autofree char *name = g_strconcat("/vtd/remap/entry/",
                                            entry_cases[i].name, NULL);

        g_test_add_data_func(name, &entry_cases[i], test_entry);
    }
    g_test_add_func("/vtd/remap/request-reserved", test_request_reserved);
    g_test_add_func("/vtd/remap/index", test_index);
    g_test_add_func("/vtd/remap/table-outside", test_table_outside);
    g_test_add_func("/vtd/remap/wrong-entry", test_wrong_entry);
    g_test_add_func("/vtd/remap/large-group", test_large_group);
    return g_test_run();
}
