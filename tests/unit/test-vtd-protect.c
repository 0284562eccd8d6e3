/*
 * Protected memory: what reaches it and what does not, with translation off,
 * passed through, and on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

#define SID 0x0100
#define RW (VTD_SS_R | VTD_SS_W)
#define LOW 0x00400000          /* two units: 4M to 8M */
#define LOW_LIMIT 0x00600000
#define HIGH 0x100000000ULL

static void start(VtdMachine *m)
{
    VtdUnitConfig c;

    vtd_unit_config_default(&c);
    c.protected_memory = true;
    vm_init(m, &c);
    vm_write32(m, VTD_PLMBASE, LOW);
    vm_write32(m, VTD_PLMLIMIT, LOW_LIMIT);
    vm_write64(m, VTD_PHMBASE, HIGH);
    vm_write64(m, VTD_PHMLIMIT, HIGH);
    vm_write32(m, VTD_PMEN, VTD_PMEN_EPM);
    g_assert_cmphex(vm_read32(m, VTD_PMEN), ==, VTD_PMEN_EPM | VTD_PMEN_PRS);
}

/* Blocked, and without a record: 11.4.8.1. */
static bool blocked(VtdMachine *m, uint64_t address)
{
    VtdRequest request = { .sid = SID, .address = address, .write = true };
    VtdTranslation t;
    bool ok = vtd_unit_translate(m->unit, &request, &t, NULL);

    g_assert_false(vm_take_record(m, 0).pending);
    if (ok) {
        /* What is said of it holds for its page at most. */
        g_assert_cmphex(t.mask, ==, VTD_PAGE_SIZE - 1);
        g_assert_cmphex(t.address, ==, address & VTD_PAGE_MASK);
    }
    return !ok;
}

static void judge(VtdMachine *m)
{
    g_assert_false(blocked(m, 0x123456));
    g_assert_false(blocked(m, LOW - 1));
    g_assert_true(blocked(m, LOW));
    g_assert_true(blocked(m, LOW_LIMIT + VTD_PM_UNIT - 1));
    g_assert_false(blocked(m, LOW_LIMIT + VTD_PM_UNIT));
    g_assert_true(blocked(m, HIGH + 0x1000));
    g_assert_false(blocked(m, HIGH + VTD_PM_UNIT));
}

static void test_off(void)
{
    VtdMachine m;

    start(&m);
    judge(&m);
    g_assert_nonnull(strstr(vtd_fault_reason_text(m.last_fault.reason),
                            "protected"));
    vm_write32(&m, VTD_PMEN, 0);
    g_assert_cmphex(vm_read32(&m, VTD_PMEN), ==, 0);
    g_assert_cmpint(vm_dma(&m, SID, LOW, true, NULL), ==, 0);
    vm_destroy(&m);
}

static void test_pass_through(void)
{
    VtdMachine m;

    start(&m);
    vm_context(&m, SID, VTD_CTX_P | VTD_TT_PASS_THROUGH << VTD_CTX_TT_SHIFT,
               1 << VTD_CTX_DID_SHIFT | VTD_AW_4LEVEL);
    vm_enable(&m);
    judge(&m);
    judge(&m);                  /* from the context cache */
    vm_destroy(&m);
}

/* Translated requests are the page tables' business. */
static void test_translated(void)
{
    VtdMachine m;
    uint64_t out;

    start(&m);
    vm_map(&m, vm_device(&m, SID, 1, 4), 4, LOW, LOW | RW, 1);
    vm_enable(&m);
    g_assert_cmpint(vm_dma(&m, SID, LOW, true, &out), ==, 0);
    g_assert_cmphex(out, ==, LOW);
    vm_destroy(&m);
}

/* A base above its limit is no region; bits within a unit are not there. */
static void test_registers(void)
{
    VtdMachine m;

    start(&m);
    vm_write32(&m, VTD_PLMBASE, 0xffffffff);
    g_assert_cmphex(vm_read32(&m, VTD_PLMBASE), ==, 0xffe00000);
    g_assert_false(blocked(&m, LOW));
    vm_write64(&m, VTD_PHMLIMIT, ~0ULL);
    g_assert_cmphex(vm_read64(&m, VTD_PHMLIMIT), ==, 0x3fffffe00000);
    g_assert_true(blocked(&m, 0x3ffffffff000));
    vm_destroy(&m);
}

static void test_absent(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    vm_write32(&m, VTD_PLMLIMIT, 0xffffffff);
    vm_write32(&m, VTD_PMEN, VTD_PMEN_EPM);
    g_assert_cmphex(vm_read32(&m, VTD_PMEN), ==, 0);
    g_assert_cmphex(vm_read32(&m, VTD_PLMLIMIT), ==, 0);
    g_assert_cmphex(vm_read64(&m, VTD_IQH), ==, 0);
    g_assert_cmpint(vm_dma(&m, SID, 0, true, NULL), ==, 0);
    vm_destroy(&m);
}

static void test_migration(void)
{
    VtdMachine m;
    StateWriter w;
    StateReader r;
    g_autoptr(GBytes) state = NULL;

    start(&m);
    state_writer_init(&w);
    vtd_unit_save(m.unit, &w);
    state = state_writer_finish(&w);
    vtd_unit_reset(m.unit);
    g_assert_false(vtd_unit_translating(m.unit));
    g_assert_cmphex(vm_read32(&m, VTD_PMEN), ==, 0);
    g_assert_cmpint(vm_dma(&m, SID, LOW, true, NULL), ==, 0);
    state_reader_init(&r, g_bytes_get_data(state, NULL),
                      g_bytes_get_size(state));
    g_assert_true(vtd_unit_load(m.unit, &r));
    state_reader_clear(&r);
    judge(&m);
    vm_destroy(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/protect/off", test_off);
    g_test_add_func("/vtd/protect/pass-through", test_pass_through);
    g_test_add_func("/vtd/protect/translated", test_translated);
    g_test_add_func("/vtd/protect/registers", test_registers);
    g_test_add_func("/vtd/protect/absent", test_absent);
    g_test_add_func("/vtd/protect/migration", test_migration);
    return g_test_run();
}
