/*
 * The simulated hypervisor on a unit and plain memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/hypervisor.h"
#include "iovlab/vtd_unit.h"

#define TABLES 0x10000000000ULL
#define RID 0x0380

typedef struct Rig {
    VtdUnit *unit;
    Hypervisor *hv;
    uint8_t *mem;
    uint64_t size;
    HvrFault faults[64];
    unsigned fault_count;
    bool hold_drain;
} Rig;

static bool rig_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
    Rig *rig = opaque;

    if (spa < TABLES || !iov_in_range(spa - TABLES, len, rig->size)) {
        return false;
    }
    memcpy(buf, rig->mem + (spa - TABLES), len);
    return true;
}

static bool rig_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
    Rig *rig = opaque;

    if (spa < TABLES || !iov_in_range(spa - TABLES, len, rig->size)) {
        return false;
    }
    memcpy(rig->mem + (spa - TABLES), buf, len);
    return true;
}

static void rig_msi(void *opaque, uint64_t address, uint32_t data)
{
    Rig *rig = opaque;

    g_assert_nonnull(rig->hv);
    hypervisor_interrupt(rig->hv, data);
}

static bool rig_drain(void *opaque)
{
    Rig *rig = opaque;

    return !rig->hold_drain;
}

static void rig_fault(void *opaque, const HvrFault *fault)
{
    Rig *rig = opaque;

    g_assert_cmpuint(rig->fault_count, <, G_N_ELEMENTS(rig->faults));
    rig->faults[rig->fault_count++] = *fault;
}

static const VtdUnitOps unit_ops = {
    .mem_read = rig_read,
    .mem_write = rig_write,
    .send_msi = rig_msi,
    .drain = rig_drain,
};

static const HypervisorOps hv_ops = {
    .spa_read = rig_read,
    .spa_write = rig_write,
    .on_fault = rig_fault,
};

static const HvrRam pc_ram[] = {
    { 0, 0xa0000, true },
    { 0xc0000, 0x10000, false },
    { 0x100000, 0x7ff00000, true },
    { 0x100000000, 0x140000000, true },
};

static void rig_init(Rig *rig, unsigned pages)
{
    VtdUnitConfig c;

    vtd_unit_config_default(&c);
    *rig = (Rig) { .size = pages * 4096 };
    rig->mem = g_malloc(rig->size);
    memset(rig->mem, 0xee, rig->size);
    rig->unit = vtd_unit_new(&c, &unit_ops, rig);
    rig->hv = hypervisor_new(rig->unit, TABLES, rig->size, &hv_ops, rig);
    hypervisor_set_ram(rig->hv, pc_ram, G_N_ELEMENTS(pc_ram));
}

static void rig_destroy(Rig *rig)
{
    hypervisor_free(rig->hv);
    vtd_unit_free(rig->unit);
    g_free(rig->mem);
}

static void grant(Rig *rig, uint16_t rid)
{
    char *error = NULL;

    g_assert_true(hypervisor_grant(rig->hv, rid, &error));
    g_assert_null(error);
}

/* SPA, or 0 if the request was blocked. */
static uint64_t dma(Rig *rig, uint16_t rid, uint64_t gpa, bool write)
{
    VtdRequest r = { .sid = rid, .address = gpa, .write = write };
    VtdTranslation t;

    if (!vtd_unit_translate(rig->unit, &r, &t, NULL)) {
        return 0;
    }
    return (t.address & ~t.mask) | (gpa & t.mask);
}

static bool msi(Rig *rig, uint16_t rid, int index, unsigned message,
                VtdInterrupt *irq)
{
    uint64_t address;
    uint32_t data;

    hypervisor_irte_msi(index, &address, &data);
    return vtd_unit_remap(rig->unit, rid, address, data + message, irq, NULL);
}

static void assert_unused(Rig *rig)
{
    HypervisorUse use;

    hypervisor_use(rig->hv, &use);
    g_assert_cmpuint(use.domains, ==, 0);
    g_assert_cmpuint(use.table_pages, ==, 0);
    g_assert_cmpuint(use.irtes, ==, 0);
}

static void test_blocked_without_grant(void)
{
    Rig rig;
    VtdInterrupt irq;

    rig_init(&rig, 64);
    g_assert_cmphex(dma(&rig, RID, 0x1000, true), ==, 0);
    g_assert_cmpuint(rig.fault_count, ==, 1);
    g_assert_cmphex(rig.faults[0].rid, ==, RID);
    g_assert_cmphex(rig.faults[0].address, ==, 0x1000);
    g_assert_true(rig.faults[0].write);
    g_assert_false(msi(&rig, RID, 5, 0, &irq));
    g_assert_cmpuint(rig.fault_count, ==, 2);
    g_assert_true(rig.faults[1].interrupt);
    g_assert_cmphex(rig.faults[1].address, ==, 5);
    /* A compatibility-format message is blocked whatever it says. */
    g_assert_false(vtd_unit_remap(rig.unit, RID, 0xfee00000, 0x41, &irq,
                                  NULL));
    g_assert_cmphex(rig.faults[2].reason, ==, VTD_FR_IR_COMPATIBILITY);
    rig_destroy(&rig);
}

/* Each byte of RAM at its SPA, nothing else, ROM only to read. */
static void test_grant_maps_ram(void)
{
    static const uint64_t inside[] = {
        0, 0x9ffff, 0x100000, 0x1fffff, 0x200000, 0x7fffffff, 0x100000000,
        0x13fffffff, 0x140000000, 0x23fffffff,
    };
    static const uint64_t outside[] = {
        0xa0000, 0xd0000, 0xfffff, 0x80000000, 0xfec00000, 0x240000000,
        1ULL << 47, HVR_SPA_OFFSET, TABLES,
    };
    Rig rig;

    rig_init(&rig, 64);
    grant(&rig, RID);
    for (unsigned i = 0; i < G_N_ELEMENTS(inside); i++) {
        g_assert_cmphex(dma(&rig, RID, inside[i], true), ==,
                        inside[i] + HVR_SPA_OFFSET);
    }
    g_assert_cmpuint(rig.fault_count, ==, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(outside); i++) {
        g_assert_cmphex(dma(&rig, RID, outside[i], false), ==, 0);
    }
    g_assert_cmpuint(rig.fault_count, ==, G_N_ELEMENTS(outside));
    g_assert_cmphex(dma(&rig, RID, 0xc8000, false), ==,
                    HVR_SPA_OFFSET + 0xc8000);
    g_assert_cmphex(dma(&rig, RID, 0xc8000, true), ==, 0);
    rig_destroy(&rig);
}

/* Large pages: 5.5 GiB take a handful of table pages. */
static void test_large_pages(void)
{
    Rig rig;
    HypervisorUse use;

    rig_init(&rig, 64);
    grant(&rig, RID);
    hypervisor_use(rig.hv, &use);
    g_assert_cmpuint(use.table_pages, <=, 5);
    rig_destroy(&rig);
}

static void test_revoke(void)
{
    Rig rig;
    VtdInterrupt irq;
    HvrInterrupt want = { .dest_apic_id = 300, .vector = 0x61 };
    int index;

    rig_init(&rig, 64);
    grant(&rig, RID);
    index = hypervisor_irte_alloc(rig.hv, RID, 4);
    g_assert_true(hypervisor_irte_set(rig.hv, index, &want));
    g_assert_cmphex(dma(&rig, RID, 0x5000, true), !=, 0);
    g_assert_true(msi(&rig, RID, index, 0, &irq));
    hypervisor_revoke(rig.hv, RID);
    g_assert_false(hypervisor_granted(rig.hv, RID));
    g_assert_cmphex(dma(&rig, RID, 0x5000, true), ==, 0);
    g_assert_false(msi(&rig, RID, index, 0, &irq));
    g_assert_cmpuint(rig.fault_count, ==, 2);
    assert_unused(&rig);
    rig_destroy(&rig);
}

/* Tables stay until what was in flight when they went has arrived. */
static void test_revoke_with_drain(void)
{
    Rig rig;
    HypervisorUse use;

    rig_init(&rig, 64);
    grant(&rig, RID);
    rig.hold_drain = true;
    hypervisor_revoke(rig.hv, RID);
    hypervisor_use(rig.hv, &use);
    g_assert_cmpuint(use.table_pages, !=, 0);
    g_assert_cmphex(dma(&rig, RID, 0x5000, true), ==, 0);
    rig.hold_drain = false;
    vtd_unit_drained(rig.unit);
    grant(&rig, RID + 1);
    hypervisor_revoke(rig.hv, RID + 1);
    assert_unused(&rig);
    rig_destroy(&rig);
}

static void test_two_requesters(void)
{
    Rig rig;
    VtdInterrupt irq;
    HvrInterrupt want = { .dest_apic_id = 1, .vector = 0x61 };
    int index;

    rig_init(&rig, 64);
    grant(&rig, RID);
    grant(&rig, RID + 2);
    index = hypervisor_irte_alloc(rig.hv, RID, 1);
    hypervisor_irte_set(rig.hv, index, &want);
    g_assert_false(msi(&rig, RID + 2, index, 0, &irq));
    g_assert_cmphex(rig.faults[0].reason, ==, VTD_FR_IR_SOURCE);
    hypervisor_revoke(rig.hv, RID);
    g_assert_cmphex(dma(&rig, RID + 2, 0x5000, true), !=, 0);
    rig_destroy(&rig);
}

/* Several messages of one block, told apart by the data. */
static void test_irte_block(void)
{
    Rig rig;
    VtdInterrupt irq;
    int first, second;

    rig_init(&rig, 64);
    grant(&rig, RID);
    g_assert_cmpint(hypervisor_irte_alloc(rig.hv, RID, 3), ==, -1);
    g_assert_cmpint(hypervisor_irte_alloc(rig.hv, RID, 64), ==, -1);
    first = hypervisor_irte_alloc(rig.hv, RID, 1);
    second = hypervisor_irte_alloc(rig.hv, RID, 32);
    g_assert_cmpint(second % 32, ==, 0);
    g_assert_cmpint(second, >, first);
    for (unsigned i = 0; i < 32; i++) {
        HvrInterrupt want = {
            .dest_apic_id = i,
            .vector = 0x40 + i,
            .logical = i & 1,
            .lowest_priority = i & 2,
        };

        g_assert_true(hypervisor_irte_set(rig.hv, second + i, &want));
    }
    for (unsigned i = 0; i < 32; i++) {
        g_assert_true(msi(&rig, RID, second, i, &irq));
        g_assert_cmphex(irq.vector, ==, 0x40 + i);
        g_assert_cmpuint(irq.dest, ==, i);
        g_assert_cmpint(irq.logical, ==, i & 1);
        g_assert_cmpuint(irq.delivery_mode, ==,
                         i & 2 ? VTD_DLM_LOWEST : VTD_DLM_FIXED);
    }
    hypervisor_irte_free(rig.hv, second, 32);
    g_assert_false(msi(&rig, RID, second, 0, &irq));
    g_assert_false(hypervisor_irte_set(rig.hv, second, &(HvrInterrupt) { 0 }));
    /* Freed twice, or never allocated: nothing happens. */
    hypervisor_irte_free(rig.hv, second, 32);
    hypervisor_irte_free(rig.hv, -1, 1);
    hypervisor_irte_free(rig.hv, 1 << 30, 32);
    rig_destroy(&rig);
}

/* A changed interrupt takes effect at once: the cached entry is flushed. */
static void test_irte_change(void)
{
    Rig rig;
    VtdInterrupt irq;
    HvrInterrupt want = { .vector = 0x41 };
    int index;

    rig_init(&rig, 64);
    index = hypervisor_irte_alloc(rig.hv, RID, 1);
    hypervisor_irte_set(rig.hv, index, &want);
    msi(&rig, RID, index, 0, &irq);
    want.vector = 0x42;
    hypervisor_irte_set(rig.hv, index, &want);
    g_assert_true(msi(&rig, RID, index, 0, &irq));
    g_assert_cmphex(irq.vector, ==, 0x42);
    rig_destroy(&rig);
}

static void test_irtes_run_out(void)
{
    Rig rig;
    unsigned blocks = 0;

    rig_init(&rig, 64);
    while (hypervisor_irte_alloc(rig.hv, RID, 32) >= 0) {
        blocks++;
    }
    g_assert_cmpuint(blocks, ==, 128);
    hypervisor_revoke(rig.hv, RID);
    assert_unused(&rig);
    g_assert_cmpint(hypervisor_irte_alloc(rig.hv, RID, 1), >=, 0);
    rig_destroy(&rig);
}

static void test_ram_changes(void)
{
    static const HvrRam less[] = {
        { 0, 0xa0000, true },
        { 0x100000, 0x3ff00000, true },
    };
    Rig rig;
    HypervisorUse before, after;

    rig_init(&rig, 64);
    grant(&rig, RID);
    hypervisor_use(rig.hv, &before);
    g_assert_cmphex(dma(&rig, RID, 0x50000000, true), !=, 0);
    hypervisor_set_ram(rig.hv, less, G_N_ELEMENTS(less));
    g_assert_cmphex(dma(&rig, RID, 0x50000000, true), ==, 0);
    g_assert_cmphex(dma(&rig, RID, 0x20000000, true), !=, 0);
    hypervisor_set_ram(rig.hv, pc_ram, G_N_ELEMENTS(pc_ram));
    g_assert_cmphex(dma(&rig, RID, 0x50000000, true), !=, 0);
    hypervisor_use(rig.hv, &after);
    g_assert_cmpuint(before.table_pages, ==, after.table_pages);
    rig_destroy(&rig);
}

/* Absurd RAM is cut down to what a table can hold. */
static void test_ram_absurd(void)
{
    static const HvrRam ram[] = {
        { 0x1001, 0x2000, true },
        { 0x10000, 10, true },
        { UINT64_MAX - 10, 100, true },
        { 1ULL << 50, 0x1000, true },
        { 0, UINT64_MAX, true },
    };
    Rig rig;

    rig_init(&rig, 64);
    hypervisor_set_ram(rig.hv, ram, G_N_ELEMENTS(ram));
    grant(&rig, RID);
    g_assert_cmphex(dma(&rig, RID, 0x1000, true), ==, 0);
    g_assert_cmphex(dma(&rig, RID, 0x2000, true), !=, 0);
    g_assert_cmphex(dma(&rig, RID, 0x3000, true), ==, 0);
    g_assert_cmphex(dma(&rig, RID, 0x10000, true), ==, 0);
    rig_destroy(&rig);
}

static void test_tables_full(void)
{
    Rig rig;
    char *error = NULL;
    unsigned granted = 0;
    HypervisorUse use;

    rig_init(&rig, 40);
    while (hypervisor_grant(rig.hv, granted << 3, &error)) {
        granted++;
    }
    g_assert_nonnull(error);
    g_free(error);
    g_assert_cmpuint(granted, >=, 1);
    hypervisor_use(rig.hv, &use);
    g_assert_cmpuint(use.domains, ==, granted);
    for (unsigned i = 0; i < granted; i++) {
        g_assert_cmphex(dma(&rig, i << 3, 0x5000, true), !=, 0);
        hypervisor_revoke(rig.hv, i << 3);
    }
    assert_unused(&rig);
    rig_destroy(&rig);
}

static void test_many_rounds(void)
{
    Rig rig;

    rig_init(&rig, 64);
    for (unsigned i = 0; i < 10000; i++) {
        grant(&rig, RID);
        g_assert_cmpint(hypervisor_irte_alloc(rig.hv, RID, 2), >=, 0);
        g_assert_cmphex(dma(&rig, RID, 0x5000, true), !=, 0);
        hypervisor_revoke(rig.hv, RID);
    }
    assert_unused(&rig);
    g_assert_cmpuint(rig.fault_count, ==, 0);
    rig_destroy(&rig);
}

static void test_fault_storm(void)
{
    Rig rig;

    rig_init(&rig, 64);
    for (unsigned i = 0; i < 50; i++) {
        dma(&rig, RID, i << 12, true);
    }
    g_assert_cmpuint(rig.fault_count, ==, 50);
    for (unsigned i = 0; i < 50; i++) {
        g_assert_cmphex(rig.faults[i].address, ==, i << 12);
    }
    rig_destroy(&rig);
}

static void test_save_load(void)
{
    Rig a, b;
    StateWriter w;
    StateReader r;
    g_autoptr(GBytes) bytes = NULL;
    HvrInterrupt want = { .dest_apic_id = 7, .vector = 0x61, .logical = true };
    VtdInterrupt irq;
    HypervisorUse use;
    int index;

    rig_init(&a, 64);
    grant(&a, RID);
    hypervisor_irte_alloc(a.hv, RID, 8);
    index = hypervisor_irte_alloc(a.hv, RID, 2);
    hypervisor_irte_set(a.hv, index, &want);
    state_writer_init(&w);
    hypervisor_save(a.hv, &w);
    bytes = state_writer_finish(&w);

    rig_init(&b, 64);
    grant(&b, RID + 8);
    for (size_t len = 0; len < g_bytes_get_size(bytes); len++) {
        state_reader_init(&r, g_bytes_get_data(bytes, NULL), len);
        g_assert_false(hypervisor_load(b.hv, &r));
        state_reader_clear(&r);
        assert_unused(&b);
    }
    state_reader_init(&r, g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes));
    g_assert_true(hypervisor_load(b.hv, &r));
    g_assert_true(hypervisor_granted(b.hv, RID));
    g_assert_false(hypervisor_granted(b.hv, RID + 8));
    g_assert_cmphex(dma(&b, RID, 0x5000, true), !=, 0);
    g_assert_true(msi(&b, RID, index, 0, &irq));
    g_assert_cmphex(irq.vector, ==, 0x61);
    g_assert_true(irq.logical);
    hypervisor_use(b.hv, &use);
    g_assert_cmpuint(use.irtes, ==, 10);
    rig_destroy(&a);
    rig_destroy(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hypervisor/blocked-without-grant",
                    test_blocked_without_grant);
    g_test_add_func("/hypervisor/grant-maps-ram", test_grant_maps_ram);
    g_test_add_func("/hypervisor/large-pages", test_large_pages);
    g_test_add_func("/hypervisor/revoke", test_revoke);
    g_test_add_func("/hypervisor/revoke-with-drain", test_revoke_with_drain);
    g_test_add_func("/hypervisor/two-requesters", test_two_requesters);
    g_test_add_func("/hypervisor/irte-block", test_irte_block);
    g_test_add_func("/hypervisor/irte-change", test_irte_change);
    g_test_add_func("/hypervisor/irtes-run-out", test_irtes_run_out);
    g_test_add_func("/hypervisor/ram-changes", test_ram_changes);
    g_test_add_func("/hypervisor/ram-absurd", test_ram_absurd);
    g_test_add_func("/hypervisor/tables-full", test_tables_full);
    g_test_add_func("/hypervisor/many-rounds", test_many_rounds);
    g_test_add_func("/hypervisor/fault-storm", test_fault_storm);
    g_test_add_func("/hypervisor/save-load", test_save_load);
    return g_test_run();
}
