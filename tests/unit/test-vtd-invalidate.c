/*
 * Caches and invalidation: what is stale stays until the granularity that
 * covers it is invalidated, by queue and by register, and nothing else goes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

#define RW (VTD_SS_R | VTD_SS_W)
#define IOTLB_DESC(g, did) \
    (VTD_DESC_IOTLB | (uint64_t)(g) << 4 | (uint64_t)(did) << 16)
#define CONTEXT_DESC(g, did, sid, fm) \
    (VTD_DESC_CONTEXT | (uint64_t)(g) << 4 | (uint64_t)(did) << 16 | \
     (uint64_t)(sid) << 32 | (uint64_t)(fm) << 48)

/* Two devices in domains 1 and 2; pages 0 and 0x200000 of each are cached. */
typedef struct Pair {
    VtdMachine m;
    uint64_t pte[2][2];
} Pair;

static const uint16_t sids[] = { 0x0100, 0x0101 };
static const uint64_t iovas[] = { 0, 0x200000 };

static void pair_init(Pair *p, bool queue)
{
    vm_init(&p->m, NULL);
    vm_enable(&p->m);
    if (queue) {
        vm_enable_queue(&p->m);
    }
    for (unsigned d = 0; d < 2; d++) {
        uint64_t table = vm_device(&p->m, sids[d], d + 1, 4);

        for (unsigned i = 0; i < 2; i++) {
            p->pte[d][i] = vm_map(&p->m, table, 4, iovas[i], 0x5000 | RW, 1);
            g_assert_cmpint(vm_dma(&p->m, sids[d], iovas[i], true, NULL),
                            ==, 0);
            vm_poke64(&p->m, p->pte[d][i], 0);
        }
    }
}

/* Bits: device 0 page 0, device 0 page 1, device 1 page 0, device 1 page 1. */
static unsigned pair_stale(Pair *p)
{
    unsigned stale = 0;

    for (unsigned d = 0; d < 2; d++) {
        for (unsigned i = 0; i < 2; i++) {
            if (vm_dma(&p->m, sids[d], iovas[i], true, NULL) == 0) {
                stale |= 1 << (2 * d + i);
            }
        }
    }
    return stale;
}

typedef struct IotlbCase {
    const char *name;
    unsigned granularity;
    uint16_t domain;
    uint64_t address;
    unsigned am;
    unsigned stale;             /* after it */
} IotlbCase;

static const IotlbCase iotlb_cases[] = {
    { "global", VTD_GRAN_GLOBAL, 0, 0, 0, 0 },
    { "domain", VTD_GRAN_DOMAIN, 1, 0, 0, 0xc },
    { "other-domain", VTD_GRAN_DOMAIN, 9, 0, 0, 0xf },
    { "page", VTD_GRAN_SELECTIVE, 2, 0x200000, 0, 0x7 },
    { "pages", VTD_GRAN_SELECTIVE, 2, 0x200000, 4, 0x7 },
    { "many-pages", VTD_GRAN_SELECTIVE, 1, 0x200000, 9, 0xd },
    { "range-of-both", VTD_GRAN_SELECTIVE, 1, 0, 10, 0xc },
    { "address-rounded-down", VTD_GRAN_SELECTIVE, 1, 0x3000, 2, 0xe },
    { "other-page", VTD_GRAN_SELECTIVE, 1, 0x1000, 0, 0xf },
};

static void test_iotlb_queue(gconstpointer data)
{
    const IotlbCase *c = data;
    Pair p;

    pair_init(&p, true);
    g_assert_cmphex(pair_stale(&p), ==, 0xf);
    vm_queue(&p.m, IOTLB_DESC(c->granularity, c->domain), c->address | c->am);
    g_assert_cmphex(pair_stale(&p), ==, c->stale);
    g_assert_cmphex(vm_read32(&p.m, VTD_FSTS) & VTD_FSTS_IQE, ==, 0);
    vm_destroy(&p.m);
}

static void test_iotlb_register(gconstpointer data)
{
    const IotlbCase *c = data;
    Pair p;
    uint64_t done;

    pair_init(&p, false);
    g_assert_cmphex(pair_stale(&p), ==, 0xf);
    vm_write64(&p.m, VTD_IVA, c->address | c->am);
    vm_write64(&p.m, VTD_IOTLB, VTD_IOTLB_IVT |
               (uint64_t)c->granularity << VTD_IOTLB_IIRG_SHIFT |
               (uint64_t)c->domain << VTD_IOTLB_DID_SHIFT);
    done = vm_read64(&p.m, VTD_IOTLB);
    g_assert_false(done & VTD_IOTLB_IVT);
    g_assert_cmpuint(done >> VTD_IOTLB_IAIG_SHIFT & 3, ==, c->granularity);
    g_assert_cmphex(pair_stale(&p), ==, c->stale);
    vm_destroy(&p.m);
}

/* A page-selective invalidation within a large page takes the large page. */
static void test_large_page(void)
{
    VtdMachine m;
    uint64_t table, pte;

    vm_init(&m, NULL);
    table = vm_device(&m, 0x0100, 1, 4);
    pte = vm_map(&m, table, 4, 0x40000000, 0x80000000 | RW, 3);
    vm_enable(&m);
    vm_enable_queue(&m);
    vm_dma(&m, 0x0100, 0x40000000, true, NULL);
    vm_poke64(&m, pte, 0);
    vm_queue(&m, IOTLB_DESC(VTD_GRAN_SELECTIVE, 1), 0x80000000);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0x7ffff000, true, NULL), ==, 0);
    vm_queue(&m, IOTLB_DESC(VTD_GRAN_SELECTIVE, 1), 0x51234000);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0x7ffff000, true, NULL), ==,
                    VTD_FR_WRITE);
    vm_destroy(&m);
}

/* Requesters of one domain share its pages: tags are domains. */
static void test_shared_domain(void)
{
    VtdMachine m;
    uint64_t table, pte;
    VtdUnitStats stats;

    vm_init(&m, NULL);
    table = vm_device(&m, 0x0100, 1, 4);
    vm_context(&m, 0x0208, table | VTD_CTX_P,
               1 << VTD_CTX_DID_SHIFT | VTD_AW_4LEVEL);
    pte = vm_map(&m, table, 4, 0, 0x5000 | RW, 1);
    vm_enable(&m);
    vm_dma(&m, 0x0100, 0, true, NULL);
    vm_poke64(&m, pte, 0);
    g_assert_cmpint(vm_dma(&m, 0x0208, 0, true, NULL), ==, 0);
    vtd_unit_stats(m.unit, &stats);
    g_assert_cmpuint(stats.iotlb_hits, ==, 1);
    g_assert_cmpuint(stats.iotlb_used, ==, 1);
    vm_destroy(&m);
}

typedef struct ContextCase {
    const char *name;
    unsigned granularity;
    uint16_t domain;
    uint16_t sid;
    unsigned fm;
    unsigned stale;
} ContextCase;

/* Cached: functions 0..7 of 01:00, even ones in domain 1, odd in domain 2. */
static const ContextCase context_cases[] = {
    { "global", VTD_GRAN_GLOBAL, 0, 0, 0, 0x00 },
    { "domain", VTD_GRAN_DOMAIN, 2, 0, 0, 0x55 },
    { "device", VTD_GRAN_SELECTIVE, 1, 0x0102, 0, 0xfb },
    { "device-of-other-domain", VTD_GRAN_SELECTIVE, 2, 0x0102, 0, 0xff },
    { "mask-1", VTD_GRAN_SELECTIVE, 1, 0x0102, 1, 0xbb },
    { "mask-2", VTD_GRAN_SELECTIVE, 1, 0x0100, 2, 0xaa },
    { "mask-3", VTD_GRAN_SELECTIVE, 2, 0x0100, 3, 0x55 },
};

static void test_context(const ContextCase *c, bool queue)
{
    VtdMachine m;
    unsigned stale = 0;

    vm_init(&m, NULL);
    vm_enable(&m);
    if (queue) {
        vm_enable_queue(&m);
    }
    for (unsigned f = 0; f < 8; f++) {
        vm_map(&m, vm_device(&m, 0x0100 + f, 1 + f % 2, 3), 3, 0,
               0x5000 | RW, 1);
        vm_dma(&m, 0x0100 + f, 0, false, NULL);
        vm_context(&m, 0x0100 + f, 0, 0);
    }
    if (queue) {
        vm_queue(&m, CONTEXT_DESC(c->granularity, c->domain, c->sid, c->fm),
                 0);
    } else {
        vm_write64(&m, VTD_CCMD, VTD_CCMD_ICC |
                   (uint64_t)c->granularity << VTD_CCMD_CIRG_SHIFT |
                   (uint64_t)c->fm << VTD_CCMD_FM_SHIFT |
                   (uint64_t)c->sid << VTD_CCMD_SID_SHIFT | c->domain);
        g_assert_false(vm_read64(&m, VTD_CCMD) & VTD_CCMD_ICC);
        g_assert_cmpuint(vm_read64(&m, VTD_CCMD) >> VTD_CCMD_CAIG_SHIFT & 3,
                         ==, c->granularity);
    }
    for (unsigned f = 0; f < 8; f++) {
        stale |= (vm_dma(&m, 0x0100 + f, 0, false, NULL) == 0) << f;
    }
    g_assert_cmphex(stale, ==, c->stale);
    vm_destroy(&m);
}

static void test_context_queue(gconstpointer data)
{
    test_context(data, true);
}

static void test_context_register(gconstpointer data)
{
    test_context(data, false);
}

/* With the queue on, the registers answer granularity 0: not done. */
static void test_register_refused(void)
{
    Pair p;

    pair_init(&p, true);
    vm_write64(&p.m, VTD_IOTLB, VTD_IOTLB_IVT | 1ULL << VTD_IOTLB_IIRG_SHIFT);
    g_assert_cmphex(vm_read64(&p.m, VTD_IOTLB) >> VTD_IOTLB_IAIG_SHIFT & 3,
                    ==, 0);
    g_assert_cmphex(pair_stale(&p), ==, 0xf);
    vm_destroy(&p.m);
}

static void test_mask_too_large(void)
{
    Pair p;

    pair_init(&p, false);
    vm_write64(&p.m, VTD_IVA, VTD_MAMV + 1);
    vm_write64(&p.m, VTD_IOTLB, VTD_IOTLB_IVT | 3ULL << VTD_IOTLB_IIRG_SHIFT |
               1ULL << VTD_IOTLB_DID_SHIFT);
    g_assert_cmphex(vm_read64(&p.m, VTD_IOTLB) >> VTD_IOTLB_IAIG_SHIFT & 3,
                    ==, 0);
    g_assert_cmphex(pair_stale(&p), ==, 0xf);
    vm_destroy(&p.m);
}

/* Caching mode: also what is absent stays until it is invalidated. */
static void test_caching_mode(void)
{
    VtdUnitConfig c;
    VtdMachine m;
    uint64_t table;

    vtd_unit_config_default(&c);
    c.caching_mode = true;
    vm_init(&m, &c);
    vm_enable(&m);
    vm_enable_queue(&m);
    vm_context(&m, 0x0100, 0, 0);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0, true, NULL), ==,
                    VTD_FR_CONTEXT_NOT_PRESENT);
    table = vm_device(&m, 0x0100, 3, 4);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0, true, NULL), ==,
                    VTD_FR_CONTEXT_NOT_PRESENT);
    /* Absent contexts are tagged with domain 0. */
    vm_queue(&m, CONTEXT_DESC(VTD_GRAN_SELECTIVE, 0, 0x0100, 0), 0);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0, true, NULL), ==, VTD_FR_WRITE);
    vm_map(&m, table, 4, 0, 0x5000 | RW, 1);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0, true, NULL), ==, VTD_FR_WRITE);
    vm_queue(&m, IOTLB_DESC(VTD_GRAN_SELECTIVE, 3), 0);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0, true, NULL), ==, 0);
    vm_destroy(&m);
}

/* Without it a new mapping is seen at once. */
static void test_no_caching_mode(void)
{
    VtdMachine m;
    uint64_t table;

    vm_init(&m, NULL);
    vm_enable(&m);
    table = vm_device(&m, 0x0100, 3, 4);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0, true, NULL), ==, VTD_FR_WRITE);
    vm_map(&m, table, 4, 0, 0x5000 | RW, 1);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0, true, NULL), ==, 0);
    vm_destroy(&m);
}

/* ESRTPS decides whether a new root invalidates. */
static void test_set_root(void)
{
    for (int esrtps = 0; esrtps < 2; esrtps++) {
        VtdUnitConfig c;
        VtdMachine m;

        vtd_unit_config_default(&c);
        c.set_root_invalidates = esrtps;
        vm_init(&m, &c);
        vm_map(&m, vm_device(&m, 0x0100, 1, 4), 4, 0, 0x5000 | RW, 1);
        vm_enable(&m);
        vm_dma(&m, 0x0100, 0, true, NULL);
        vm_write64(&m, VTD_RTADDR, vm_page(&m));
        g_assert_cmpint(vm_dma(&m, 0x0100, 0, true, NULL), ==, 0);
        vm_command(&m, VTD_GCMD_SRTP);
        g_assert_cmpint(vm_dma(&m, 0x0100, 0, true, NULL), ==,
                        esrtps ? VTD_FR_ROOT_NOT_PRESENT : 0);
        vm_destroy(&m);
    }
}

/* A cache smaller than the working set forgets, and stays right. */
static void test_eviction(void)
{
    VtdUnitConfig c;
    VtdMachine m;
    VtdUnitStats stats;
    uint64_t table, out;

    vtd_unit_config_default(&c);
    c.iotlb_entries = 4;
    c.iotlb_ways = 2;
    c.context_entries = c.context_ways = 1;
    vm_init(&m, &c);
    table = vm_device(&m, 0x0100, 1, 4);
    for (unsigned i = 0; i < 64; i++) {
        vm_map(&m, table, 4, i * 0x1000, (0x100000 + i * 0x1000) | RW, 1);
    }
    vm_enable(&m);
    for (unsigned i = 0; i < 256; i++) {
        g_assert_cmpint(vm_dma(&m, 0x0100, i % 64 * 0x1000, false, &out),
                        ==, 0);
        g_assert_cmphex(out, ==, 0x100000 + i % 64 * 0x1000);
    }
    vtd_unit_stats(m.unit, &stats);
    g_assert_cmpuint(stats.iotlb_used, <=, 4);
    g_assert_cmpuint(stats.iotlb_misses, >=, 64);
    vm_destroy(&m);
}

/*
 * A table of level 1 is replaced by another: one page of it was reached
 * before, the other never.  The entry of level 2 is what is stale.
 */
typedef struct StructureCase {
    const char *name;
    uint64_t lo, hi;            /* the descriptor */
    bool stale;                 /* after it */
} StructureCase;

static const StructureCase structure_cases[] = {
    { "global", IOTLB_DESC(VTD_GRAN_GLOBAL, 0), 0, false },
    { "domain", IOTLB_DESC(VTD_GRAN_DOMAIN, 1), 0, false },
    { "other-domain", IOTLB_DESC(VTD_GRAN_DOMAIN, 2), 0, true },
    { "page", IOTLB_DESC(VTD_GRAN_SELECTIVE, 1), 0x1000, false },
    { "page-leaf-only", IOTLB_DESC(VTD_GRAN_SELECTIVE, 1),
      0x1000 | VTD_DESC_IOTLB_IH, true },
    { "page-of-other-table", IOTLB_DESC(VTD_GRAN_SELECTIVE, 1), 0x200000,
      true },
    { "table", IOTLB_DESC(VTD_GRAN_SELECTIVE, 1), 9, false },
    { "other-table", IOTLB_DESC(VTD_GRAN_SELECTIVE, 1), 0x200000 | 9, true },
    { "range", IOTLB_DESC(VTD_GRAN_SELECTIVE, 1), 0x200000 | 10, false },
    { "range-leaf-only", IOTLB_DESC(VTD_GRAN_SELECTIVE, 1),
      10 | VTD_DESC_IOTLB_IH, true },
    { "context", CONTEXT_DESC(VTD_GRAN_GLOBAL, 0, 0, 0), 0, true },
};

static void structure_init(VtdMachine *m, VtdUnitConfig *config)
{
    uint64_t table, pte, other;

    vm_init(m, config);
    vm_enable(m);
    vm_enable_queue(m);
    table = vm_device(m, 0x0100, 1, 4);
    pte = vm_map(m, table, 4, 0, 0x5000 | RW, 1);
    vm_poke64(m, pte + 8, 0x6000 | RW);
    g_assert_cmpint(vm_dma(m, 0x0100, 0, true, NULL), ==, 0);
    other = vm_page(m);
    vm_poke64(m, other + 8, 0x7000 | RW);
    /* Down the tops of the tables, whose first entries are the only ones. */
    for (unsigned level = 4; level > 2; level--) {
        table = vm_peek64(m, table) & VTD_PAGE_MASK;
    }
    vm_poke64(m, table, other | RW);
}

static void test_structure(gconstpointer data)
{
    const StructureCase *c = data;
    VtdMachine m;
    uint64_t out;

    structure_init(&m, NULL);
    vm_queue(&m, c->lo, c->hi);
    g_assert_cmphex(vm_read32(&m, VTD_FSTS) & VTD_FSTS_IQE, ==, 0);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0x1000, false, &out), ==, 0);
    g_assert_cmphex(out, ==, c->stale ? 0x6000 : 0x7000);
    vm_destroy(&m);
}

/* What the entries above allow is remembered with the table. */
static void test_structure_permission(void)
{
    VtdMachine m;
    uint64_t table;

    vm_init(&m, NULL);
    vm_enable(&m);
    table = vm_device(&m, 0x0100, 1, 4);
    vm_poke64(&m, vm_map(&m, table, 4, 0, 0x5000 | RW, 1) + 8, 0x6000 | RW);
    vm_poke64(&m, table, vm_peek64(&m, table) & ~VTD_SS_W);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0, false, NULL), ==, 0);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0x1000, true, NULL), ==, VTD_FR_WRITE);
    g_assert_cmpint(vm_dma(&m, 0x0100, 0x1000, false, NULL), ==, 0);
    vm_destroy(&m);
}

/* Without the cache each walk begins at the top; with it, it need not. */
static void test_structure_size(void)
{
    for (unsigned entries = 0; entries < 2; entries++) {
        VtdUnitStats stats;
        VtdUnitConfig c;
        VtdMachine m;
        uint64_t out;

        vtd_unit_config_default(&c);
        c.structure_entries = c.structure_ways = entries;
        structure_init(&m, &c);
        g_assert_cmpint(vm_dma(&m, 0x0100, 0x1000, false, &out), ==, 0);
        g_assert_cmphex(out, ==, entries ? 0x6000 : 0x7000);
        vtd_unit_stats(m.unit, &stats);
        g_assert_cmpuint(stats.structure_hits, ==, entries);
        vm_destroy(&m);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(iotlb_cases); i++) {
        const IotlbCase *c = &iotlb_cases[i];
        g_autofree char *q = g_strconcat("/vtd/iotlb/queue/", c->name, NULL);
        g_autofree char *r = g_strconcat("/vtd/iotlb/register/", c->name,
                                         NULL);

        g_test_add_data_func(q, c, test_iotlb_queue);
        g_test_add_data_func(r, c, test_iotlb_register);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(context_cases); i++) {
        const ContextCase *c = &context_cases[i];
        g_autofree char *q = g_strconcat("/vtd/context/queue/", c->name, NULL);
        g_autofree char *r = g_strconcat("/vtd/context/register/", c->name,
                                         NULL);

        g_test_add_data_func(q, c, test_context_queue);
        g_test_add_data_func(r, c, test_context_register);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(structure_cases); i++) {
        const StructureCase *c = &structure_cases[i];
        g_autofree char *name = g_strconcat("/vtd/structure/", c->name, NULL);

        g_test_add_data_func(name, c, test_structure);
    }
    g_test_add_func("/vtd/structure/permission", test_structure_permission);
    g_test_add_func("/vtd/structure/size", test_structure_size);
    g_test_add_func("/vtd/iotlb/large-page", test_large_page);
    g_test_add_func("/vtd/iotlb/shared-domain", test_shared_domain);
    g_test_add_func("/vtd/iotlb/eviction", test_eviction);
    g_test_add_func("/vtd/iotlb/mask-too-large", test_mask_too_large);
    g_test_add_func("/vtd/iotlb/register-refused", test_register_refused);
    g_test_add_func("/vtd/caching-mode/on", test_caching_mode);
    g_test_add_func("/vtd/caching-mode/off", test_no_caching_mode);
    g_test_add_func("/vtd/context/set-root", test_set_root);
    return g_test_run();
}
