/*
 * Scalable mode: PASID tables, first stage, second stage, nested, accessed and
 * dirty bits, the cause of each of its fault reasons, PASID invalidations.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "vtd-machine.h"

#define RW (VTD_SS_R | VTD_SS_W)
#define FIRST (VTD_FS_P | VTD_FS_W | VTD_FS_U)
#define SID 0x0390              /* the upper half of a root entry */
#define DOMAIN 7
#define PASID 0x1234
#define PDTS_ALL (7ULL << VTD_SMC_PDTS_SHIFT)
#define OUTSIDE 0x200000000000ULL

/* A device with RID_PASID 0 and one PASID. */
typedef struct Rig {
    VtdMachine m;
    uint64_t directory;
    uint64_t first;             /* tops of tables */
    uint64_t second;
    uint64_t entry;             /* of the PASID */
    uint64_t rid_entry;
    uint64_t context;
} Rig;

static void config(VtdUnitConfig *c)
{
    vtd_unit_config_default(c);
    c->scalable_mode = true;
    c->first_stage = true;
    c->device_tlb = true;
    c->page_requests = true;
}

static void start(Rig *r, unsigned pgtt, VtdUnitConfig *changed)
{
    VtdUnitConfig c;
    uint64_t lo;

    config(&c);
    *r = (Rig) { 0 };
    vm_init(&r->m, changed ? changed : &c);
    r->directory = vm_scalable_device(&r->m, SID, VTD_SMC_PASIDE | PDTS_ALL,
                                      0);
    r->context = (vm_peek64(&r->m, VM_ROOT + 3 * 16 + 8) & VTD_PAGE_MASK) +
                 (SID & 0x7f) * VTD_SM_CONTEXT_SIZE;
    r->first = vm_page(&r->m);
    r->second = vm_page(&r->m);
    lo = VTD_PE_P | r->second | (uint64_t)VTD_AW_4LEVEL << VTD_PE_AW_SHIFT |
         (uint64_t)pgtt << VTD_PE_PGTT_SHIFT;
    r->entry = vm_pasid(&r->m, r->directory, PASID, lo,
                        DOMAIN | VTD_PE1_PWSNP, r->first);
    r->rid_entry = vm_pasid(&r->m, r->directory, 0, lo,
                            DOMAIN | VTD_PE1_PWSNP, r->first);
    vm_enable_scalable(&r->m);
}

static void stop(Rig *r)
{
    vm_destroy(&r->m);
}

static VtdFaultReason dma(Rig *r, uint64_t address, bool write, uint64_t *out)
{
    VtdRequest request = {
        .sid = SID, .address = address, .write = write,
        .has_pasid = true, .pasid = PASID,
    };

    return vm_request(&r->m, &request, out);
}

/* The tables of the second stage let the first stage be where it is. */
static void map_itself(Rig *r)
{
    for (uint64_t a = 0; a < VM_MEM_SIZE; a += VTD_PAGE_SIZE) {
        vm_map(&r->m, r->second, 4, a, a | RW, 1);
    }
}

static void test_second(void)
{
    Rig r;
    uint64_t out;

    start(&r, VTD_PGTT_SECOND, NULL);
    vm_map(&r.m, r.second, 4, 0x5000, 0xabc000 | RW, 1);
    g_assert_cmpint(dma(&r, 0x5123, true, &out), ==, 0);
    g_assert_cmphex(out, ==, 0xabc123);
    /* Without a PASID it is RID_PASID's table, here the same. */
    g_assert_cmpint(vm_dma(&r.m, SID, 0x5456, false, &out), ==, 0);
    g_assert_cmphex(out, ==, 0xabc456);
    g_assert_cmpint(dma(&r, 0x6000, false, NULL), ==,
                    VTD_FR_SM_SECOND_NOT_PRESENT);
    g_assert_cmpint(dma(&r, 1ULL << 48, false, NULL), ==, VTD_FR_SM_SECOND_RANGE);
    stop(&r);
}

/* A probe of each kind of table: no bit of memory, no entry of a cache. */
static void test_probe(gconstpointer data)
{
    VtdRequest request = {
        .sid = SID, .address = 0x5123, .write = true, .has_pasid = true,
        .pasid = PASID, .probe = true,
    };
    g_autofree uint8_t *before = g_malloc(VM_MEM_SIZE);
    VtdUnitStats stats;
    VtdTranslation out;
    VtdFault fault;
    uint64_t reads = 0;
    Rig r;

    start(&r, GPOINTER_TO_UINT(data), NULL);
    vm_poke64(&r.m, r.entry, vm_peek64(&r.m, r.entry) | VTD_PE_SSADE);
    map_itself(&r);
    vm_map_first(&r.m, r.first, 4, 0x5000, 0x5000 | FIRST, 1);
    memcpy(before, r.m.mem, VM_MEM_SIZE);
    for (unsigned n = 0; n < 2; n++) {
        uint64_t seen;

        vtd_unit_stats(r.m.unit, &stats);
        seen = stats.walk_reads;
        g_assert_true(vtd_unit_translate(r.m.unit, &request, &out, &fault));
        g_assert_cmphex(out.address, ==, 0x5000);
        vtd_unit_stats(r.m.unit, &stats);
        g_assert_cmpuint(stats.iotlb_used, ==, 0);
        g_assert_cmpuint(stats.structure_hits, ==, 0);
        g_assert_cmpuint(stats.entry_updates, ==, 0);
        /* The second has to read as much as the first. */
        g_assert_true(n == 0 || stats.walk_reads - seen == reads);
        reads = stats.walk_reads - seen;
    }
    g_assert_cmpint(memcmp(before, r.m.mem, VM_MEM_SIZE), ==, 0);
    g_assert_cmpuint(r.m.faults, ==, 0);
    g_assert_cmpint(dma(&r, 0x5123, true, NULL), ==, 0);
    g_assert_cmpint(memcmp(before, r.m.mem, VM_MEM_SIZE), !=, 0);
    stop(&r);
}

static void test_pass_through(void)
{
    Rig r;
    uint64_t out;

    start(&r, VTD_PGTT_PASS_THROUGH, NULL);
    g_assert_cmpint(dma(&r, 0x12345678, true, &out), ==, 0);
    g_assert_cmphex(out, ==, 0x12345678);
    stop(&r);
}

static void test_first(gconstpointer data)
{
    unsigned levels = GPOINTER_TO_UINT(data);
    VtdUnitConfig c;
    Rig r;
    uint64_t out, leaf;
    /* Upper half: canonical, and an index of every level. */
    uint64_t iova = levels == 4 ? 0xffff812345678000 : 0xff81234567899000;

    config(&c);
    c.aw_bits = 57;
    start(&r, VTD_PGTT_FIRST, &c);
    vm_poke64(&r.m, r.entry + 16, r.first | (levels - 4ULL) << 2);
    leaf = vm_map_first(&r.m, r.first, levels, iova, 0xabc000 | FIRST, 1);
    vm_map_first(&r.m, r.first, levels, 0x40000000, 0x80000000 | FIRST, 3);
    vm_map_first(&r.m, r.first, levels, 0x200000, 0x600000 | FIRST, 2);
    g_assert_cmpint(dma(&r, iova + 0x123, false, &out), ==, 0);
    g_assert_cmphex(out, ==, 0xabc123);
    g_assert_cmphex(vm_peek64(&r.m, leaf) & (VTD_FS_A | VTD_FS_D), ==,
                    VTD_FS_A);
    /* The first write of a page that was read before makes it dirty. */
    g_assert_cmpint(dma(&r, iova + 0x10, true, &out), ==, 0);
    g_assert_true(vm_peek64(&r.m, leaf) & VTD_FS_D);
    g_assert_cmpint(dma(&r, 0x7fffffff, false, &out), ==, 0);
    g_assert_cmphex(out, ==, 0xbfffffff);
    g_assert_cmpint(dma(&r, 0x3fffff, true, &out), ==, 0);
    g_assert_cmphex(out, ==, 0x7fffff);
    g_assert_cmpint(dma(&r, iova ^ 1ULL << 60, false, NULL), ==,
                    VTD_FR_SM_CANONICAL);
    stop(&r);
}

static void test_nested(void)
{
    Rig r;
    uint64_t out, leaf, second_leaf;

    start(&r, VTD_PGTT_NESTED, NULL);
    map_itself(&r);
    /* A 2M page of the first stage on 4K pages of the second. */
    leaf = vm_map_first(&r.m, r.first, 4, 0x40200000, 0x800000 | FIRST, 2);
    vm_map(&r.m, r.second, 4, 0x803000, 0xabc000 | RW, 1);
    g_assert_cmpint(dma(&r, 0x40203456, true, &out), ==, 0);
    g_assert_cmphex(out, ==, 0xabc456);
    g_assert_true(vm_peek64(&r.m, leaf) & VTD_FS_D);
    g_assert_cmpint(dma(&r, 0x40204000, true, NULL), ==,
                    VTD_FR_SM_SECOND_NOT_PRESENT);
    /* A 4K page of the first stage inside a 2M page of the second. */
    vm_map_first(&r.m, r.first, 4, 0x1000, 0xa05000 | FIRST, 1);
    vm_map(&r.m, r.second, 4, 0xa00000, 0x4000000 | RW, 2);
    g_assert_cmpint(dma(&r, 0x1234, false, &out), ==, 0);
    g_assert_cmphex(out, ==, 0x4005234);
    /* Write-protected by the second stage. */
    second_leaf = vm_map(&r.m, r.second, 4, 0xc00000, 0x5000000 | VTD_SS_R, 1);
    vm_map_first(&r.m, r.first, 4, 0x2000, 0xc00000 | FIRST, 1);
    g_assert_cmpint(dma(&r, 0x2000, false, &out), ==, 0);
    g_assert_cmpint(dma(&r, 0x2000, true, &out), ==, VTD_FR_SM_WRITE);
    g_assert_cmphex(vm_peek64(&r.m, second_leaf) & VTD_SS_D, ==, 0);
    stop(&r);
}

static void test_nested_faults(void)
{
    Rig r;
    uint64_t entry;

    start(&r, VTD_PGTT_NESTED, NULL);
    g_assert_cmpint(dma(&r, 0x1000, false, NULL), ==,
                    VTD_FR_SM_SECOND_NOT_PRESENT);
    map_itself(&r);
    vm_map_first(&r.m, r.first, 4, 0x1000, 0x5000 | FIRST, 1);
    entry = vm_map(&r.m, r.second, 4, r.first, r.first | VTD_SS_W, 1);
    g_assert_cmpint(dma(&r, 0x1000, false, NULL), ==,
                    VTD_FR_SM_NESTED_TOP_READ);
    vm_poke64(&r.m, entry, r.first | VTD_SS_R);
    g_assert_cmpint(dma(&r, 0x1000, false, NULL), ==, VTD_FR_SM_NESTED_WRITE);
    vm_poke64(&r.m, entry, r.first | RW);
    vm_poke64(&r.m, r.first, 1ULL << 50 | FIRST);
    g_assert_cmpint(dma(&r, 0x1000, false, NULL), ==, VTD_FR_SM_NESTED_MGAW);
    vm_poke64(&r.m, r.first, 0);
    vm_map_first(&r.m, r.first, 4, 0x1000, 1ULL << 50 | FIRST, 1);
    g_assert_cmpint(dma(&r, 0x1000, false, NULL), ==, VTD_FR_SM_SECOND_RANGE);
    stop(&r);
}

/* What is kept of a nested page is what both stages have. */
static void test_nested_is_kept(void)
{
    VtdRequest request = {
        .sid = SID, .address = 0x2000, .has_pasid = true, .pasid = PASID,
        .privileged = true,
    };
    Rig r;
    uint64_t leaf;

    start(&r, VTD_PGTT_NESTED, NULL);
    vm_poke64(&r.m, r.entry, vm_peek64(&r.m, r.entry) | VTD_PE_SSADE);
    map_itself(&r);
    vm_map_first(&r.m, r.first, 4, 0x1000,
                 0x805000 | FIRST | VTD_FS_A | VTD_FS_D, 1);
    leaf = vm_map(&r.m, r.second, 4, 0x805000, 0xabc000 | RW, 1);
    g_assert_cmpint(dma(&r, 0x1000, false, NULL), ==, 0);
    g_assert_cmphex(vm_peek64(&r.m, leaf) & (VTD_SS_A | VTD_SS_D), ==,
                    VTD_SS_A);
    g_assert_cmpint(dma(&r, 0x1000, true, NULL), ==, 0);
    g_assert_true(vm_peek64(&r.m, leaf) & VTD_SS_D);
    stop(&r);
    /* A supervisor may write what the first stage protects, no more. */
    start(&r, VTD_PGTT_NESTED, NULL);
    vm_poke64(&r.m, r.entry + 16, vm_peek64(&r.m, r.entry + 16) |
              VTD_PE2_SRE);
    map_itself(&r);
    vm_map_first(&r.m, r.first, 4, 0x2000,
                 0x806000 | VTD_FS_P | VTD_FS_A | VTD_FS_D, 1);
    vm_map(&r.m, r.second, 4, 0x806000, 0xabd000 | VTD_SS_R, 1);
    g_assert_cmpint(vm_request(&r.m, &request, NULL), ==, 0);
    request.write = true;
    g_assert_cmpint(vm_request(&r.m, &request, NULL), ==, VTD_FR_SM_WRITE);
    /* Who may write here may not read. */
    vm_map_first(&r.m, r.first, 4, 0x3000,
                 0x807000 | FIRST | VTD_FS_A | VTD_FS_D, 1);
    vm_map(&r.m, r.second, 4, 0x807000, 0xabe000 | VTD_SS_W, 1);
    g_assert_cmpint(dma(&r, 0x3000, true, NULL), ==, 0);
    g_assert_cmpint(dma(&r, 0x3000, false, NULL), ==, VTD_FR_SM_READ);
    stop(&r);
}

/*
 * Who keeps a translation may write without asking only if the dirty bit is
 * set: a read's answer does not allow it.
 */
static void test_clean_page_is_read_only(void)
{
    VtdRequest request = {
        .sid = SID, .address = 0x5000, .has_pasid = true, .pasid = PASID,
    };
    VtdTranslation t;
    Rig r;

    start(&r, VTD_PGTT_SECOND, NULL);
    vm_poke64(&r.m, r.entry, vm_peek64(&r.m, r.entry) | VTD_PE_SSADE);
    vm_map(&r.m, r.second, 4, 0x5000, 0xabc000 | RW, 1);
    for (unsigned walked = 0; walked < 2; walked++) {
        g_assert_true(vtd_unit_translate(r.m.unit, &request, &t, NULL));
        g_assert_true(t.read);
        g_assert_false(t.write);
    }
    request.write = true;
    g_assert_true(vtd_unit_translate(r.m.unit, &request, &t, NULL));
    g_assert_true(t.write);
    request.write = false;
    g_assert_true(vtd_unit_translate(r.m.unit, &request, &t, NULL));
    g_assert_true(t.write);
    stop(&r);
}

static void test_second_dirty(void)
{
    Rig r;
    uint64_t leaf;

    start(&r, VTD_PGTT_SECOND, NULL);
    vm_poke64(&r.m, r.entry, vm_peek64(&r.m, r.entry) | VTD_PE_SSADE);
    leaf = vm_map(&r.m, r.second, 4, 0x5000, 0xabc000 | RW, 1);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==, 0);
    g_assert_cmphex(vm_peek64(&r.m, leaf) & (VTD_SS_A | VTD_SS_D), ==,
                    VTD_SS_A);
    g_assert_cmphex(vm_peek64(&r.m, r.second) & VTD_SS_A, ==, VTD_SS_A);
    g_assert_cmpint(dma(&r, 0x5000, true, NULL), ==, 0);
    g_assert_true(vm_peek64(&r.m, leaf) & VTD_SS_D);
    /* Taken back without an invalidation: the unit need not see that. */
    vm_poke64(&r.m, leaf, vm_peek64(&r.m, leaf) & ~VTD_SS_D);
    g_assert_cmpint(dma(&r, 0x5000, true, NULL), ==, 0);
    g_assert_false(vm_peek64(&r.m, leaf) & VTD_SS_D);
    vm_enable_wide_queue(&r.m);
    vm_queue(&r.m, VTD_DESC_IOTLB | 3 << 4 | DOMAIN << 16, 0x5000);
    g_assert_cmpint(dma(&r, 0x5000, true, NULL), ==, 0);
    g_assert_true(vm_peek64(&r.m, leaf) & VTD_SS_D);
    stop(&r);
}

/* A processor changes the entry while the unit wants to set a bit in it. */
static void test_race(void)
{
    Rig r;
    uint64_t leaf, out;

    start(&r, VTD_PGTT_FIRST, NULL);
    leaf = vm_map_first(&r.m, r.first, 4, 0, 0xabc000 | FIRST, 1);
    r.m.race_updates = 3;
    g_assert_cmpint(dma(&r, 0x10, true, &out), ==, 0);
    g_assert_cmphex(out, ==, 0xabc010);
    g_assert_true(vm_peek64(&r.m, leaf) & VTD_FS_D);
    vm_poke64(&r.m, leaf, 0xabc000 | FIRST);
    vm_map_first(&r.m, r.first, 4, 0x1000, 0xabd000 | FIRST, 1);
    r.m.race_updates = 1000;
    g_assert_cmpint(dma(&r, 0x1010, true, &out), ==,
                    VTD_FR_SM_FIRST_UPDATE);
    stop(&r);
}

typedef struct Case {
    const char *name;
    unsigned reason;
    enum { AT_ROOT, AT_CONTEXT, AT_CONTEXT_HI, AT_DIRECTORY, AT_ENTRY,
           AT_ENTRY1, AT_ENTRY2, AT_ENTRY7, AT_FIRST, NOWHERE } where;
    uint64_t value;             /* what is there then */
    bool add;                   /* or its bits are added */
    VtdRequest request;
} Case;

#define WITH { .sid = SID, .has_pasid = true, .pasid = PASID }
static const Case cases[] = {
    { "root-access", VTD_FR_SM_CONTEXT_ACCESS, AT_ROOT, OUTSIDE | 1, 0, WITH },
    { "root-absent", VTD_FR_SM_ROOT_NOT_PRESENT, AT_ROOT, 0, 0, WITH },
    { "root-reserved", VTD_FR_SM_ROOT_RESERVED, AT_ROOT, 2, 1, WITH },
    { "context-absent", VTD_FR_SM_CONTEXT_NOT_PRESENT, AT_CONTEXT, 0, 0, WITH },
    { "context-reserved", VTD_FR_SM_CONTEXT_RESERVED, AT_CONTEXT, 0x20, 1,
      WITH },
    { "context-reserved-hi", VTD_FR_SM_CONTEXT_RESERVED, AT_CONTEXT_HI,
      1ULL << 40, 0, WITH },
    { "pre-without-dte", VTD_FR_SM_CONTEXT_INVALID, AT_CONTEXT, VTD_SMC_PRE, 1,
      WITH },
    { "rid-pasid", VTD_FR_SM_RID_PASID, NOWHERE, 0, 0,
      { .sid = SID, .has_pasid = true, .pasid = 0 } },
    { "no-paside", VTD_FR_SM_NO_PASIDE, AT_CONTEXT, VM_FREE | 1, 0, WITH },
    { "pasid-range", VTD_FR_SM_PASID_RANGE, AT_CONTEXT,
      VM_FREE | VTD_SMC_PASIDE | 1, 0,
      { .sid = SID, .has_pasid = true, .pasid = 0x2000 } },
    { "directory-absent", VTD_FR_SM_DIRECTORY_NOT_PRESENT, AT_DIRECTORY, 0, 0,
      WITH },
    { "directory-reserved", VTD_FR_SM_DIRECTORY_RESERVED, AT_DIRECTORY, 4, 1,
      WITH },
    { "pasid-access", VTD_FR_SM_PASID_ACCESS, AT_DIRECTORY, OUTSIDE | 1, 0,
      WITH },
    { "pasid-absent", VTD_FR_SM_PASID_NOT_PRESENT, AT_ENTRY, 0, 0, WITH },
    { "pasid-reserved", VTD_FR_SM_PASID_RESERVED, AT_ENTRY, 0x400, 1, WITH },
    { "pasid-reserved1", VTD_FR_SM_PASID_RESERVED, AT_ENTRY1, 1 << 16, 1, WITH },
    { "pasid-reserved2", VTD_FR_SM_PASID_RESERVED, AT_ENTRY2, 1 << 8, 1, WITH },
    { "memory-type", VTD_FR_SM_PASID_RESERVED, AT_ENTRY1, 1 << 26, 1, WITH },
    { "pat", VTD_FR_SM_PASID_RESERVED, AT_ENTRY1, 6ULL << 32, 1, WITH },
    { "pasid-reserved7", VTD_FR_SM_PASID_RESERVED, AT_ENTRY7, 1, 1, WITH },
    { "execute", VTD_FR_SM_PASID_RESERVED, AT_ENTRY2, VTD_PE2_ERE, 1, WITH },
    { "pasid-invalid", VTD_FR_SM_PASID_INVALID, AT_ENTRY, 7 << 6 | 1, 0, WITH },
    { "levels-invalid", VTD_FR_SM_PASID_INVALID, AT_ENTRY,
      VTD_PGTT_SECOND << 6 | 3 << 2 | 1, 0, WITH },
    { "no-sre", VTD_FR_SM_NO_SRE, NOWHERE, 0, 0,
      { .sid = SID, .has_pasid = true, .pasid = PASID, .privileged = true } },
    { "first-table", VTD_FR_SM_FIRST_TABLE, AT_ENTRY2, OUTSIDE, 0, WITH },
    { "first-access", VTD_FR_SM_FIRST_ACCESS, AT_FIRST, OUTSIDE | FIRST, 0,
      WITH },
    { "first-absent", VTD_FR_SM_FIRST_NOT_PRESENT, AT_FIRST, 0, 0, WITH },
    { "first-reserved", VTD_FR_SM_FIRST_RESERVED, AT_FIRST, FIRST | VTD_FS_PS,
      0, WITH },
    { "first-xd", VTD_FR_SM_FIRST_RESERVED, AT_FIRST, FIRST | VTD_FS_XD, 0,
      WITH },
    { "privilege", VTD_FR_SM_PRIVILEGE, AT_FIRST, VTD_FS_P | VTD_FS_W, 0, WITH },
    { "write", VTD_FR_SM_WRITE, AT_FIRST, VTD_FS_P | VTD_FS_U, 0,
      { .sid = SID, .has_pasid = true, .pasid = PASID, .write = true } },
    { "second-table", VTD_FR_SM_SECOND_TABLE, AT_ENTRY,
      OUTSIDE | 1 | VTD_PGTT_SECOND << 6 | 2 << 2, 0, WITH },
    { "haw", VTD_FR_SM_HAW, AT_ENTRY, VTD_PGTT_PASS_THROUGH << 6 | 1, 0,
      { .sid = SID, .has_pasid = true, .pasid = PASID,
        .address = 1ULL << 46 } },
    { "interrupt-range", VTD_FR_SM_INTERRUPT_RANGE, NOWHERE, 0, 0,
      { .sid = SID, .address = 0xfee00000 } },
    { "no-dte", VTD_FR_SM_NO_DTE, NOWHERE, 0, 0,
      { .sid = SID, .at = VTD_AT_TRANSLATED } },
};

static void test_case(gconstpointer data)
{
    const Case *c = data;
    Rig r;
    uint64_t where[NOWHERE];
    VmRecord record;

    start(&r, VTD_PGTT_FIRST, NULL);
    where[AT_ROOT] = VM_ROOT + 3 * 16 + 8;
    where[AT_CONTEXT] = r.context;
    where[AT_CONTEXT_HI] = r.context + 8;
    where[AT_DIRECTORY] = r.directory + (PASID >> 6) * 8;
    where[AT_ENTRY] = r.entry;
    where[AT_ENTRY1] = r.entry + 8;
    where[AT_ENTRY2] = r.entry + 16;
    where[AT_ENTRY7] = r.entry + 56;
    where[AT_FIRST] = r.first;
    if (c->where != NOWHERE) {
        uint64_t old = vm_peek64(&r.m, where[c->where]);

        vm_poke64(&r.m, where[c->where], c->value | (c->add ? old : 0));
    }
    g_assert_cmphex(vm_request(&r.m, &c->request, NULL), ==, c->reason);
    record = vm_take_record(&r.m, 0);
    g_assert_true(record.pending);
    g_assert_cmphex(record.reason, ==, c->reason);
    g_assert_cmphex(record.sid, ==, SID);
    g_assert_cmpint(record.has_pasid, ==, c->request.has_pasid);
    if (c->request.has_pasid) {
        g_assert_cmphex(record.pasid, ==, c->request.pasid);
    }
    g_assert_cmpstr(vtd_fault_reason_text(c->reason), !=, "unknown reason");
    stop(&r);
}

/* RTADDR.TTM: 2 is no mode; the queue does not run with it. */
static void test_reserved_mode(void)
{
    VtdUnitConfig c;
    Rig r;

    vtd_unit_config_default(&c);
    for (unsigned scalable = 0; scalable < 2; scalable++) {
        start(&r, VTD_PGTT_FIRST, scalable ? NULL : &c);
        vm_write64(&r.m, VTD_RTADDR,
                   VM_ROOT | VTD_TTM_RESERVED << VTD_RTADDR_TTM_SHIFT);
        vm_command(&r.m, VTD_GCMD_SRTP);
        g_assert_cmphex(vm_dma(&r.m, SID, 0, false, NULL), ==,
                        VTD_FR_SM_TTM_RESERVED);
        vm_enable_queue(&r.m);
        vm_queue(&r.m, VTD_DESC_WAIT, 0);
        g_assert_cmphex(vm_read64(&r.m, VTD_IQERCD), ==, VTD_IQEI_TTM);
        stop(&r);
    }
}

/* The registers' invalidations are legacy mode's: granularity 0, not done. */
static void test_registers(void)
{
    Rig r;
    uint64_t leaf, out;

    start(&r, VTD_PGTT_SECOND, NULL);
    leaf = vm_map(&r.m, r.second, 4, 0x5000, 0xabc000 | RW, 1);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==, 0);
    vm_poke64(&r.m, leaf, 0xdef000 | RW);
    vm_write64(&r.m, VTD_CCMD, VTD_CCMD_ICC |
               (uint64_t)VTD_GRAN_GLOBAL << VTD_CCMD_CIRG_SHIFT);
    g_assert_false(vm_read64(&r.m, VTD_CCMD) & VTD_CCMD_ICC);
    g_assert_cmpuint(vm_read64(&r.m, VTD_CCMD) >> VTD_CCMD_CAIG_SHIFT & 3,
                     ==, VTD_GRAN_NONE);
    vm_write64(&r.m, VTD_IOTLB, VTD_IOTLB_IVT |
               (uint64_t)VTD_GRAN_GLOBAL << VTD_IOTLB_IIRG_SHIFT);
    g_assert_false(vm_read64(&r.m, VTD_IOTLB) & VTD_IOTLB_IVT);
    g_assert_cmpuint(vm_read64(&r.m, VTD_IOTLB) >> VTD_IOTLB_IAIG_SHIFT & 3,
                     ==, VTD_GRAN_NONE);
    g_assert_cmpint(dma(&r, 0x5000, false, &out), ==, 0);
    g_assert_cmphex(out, ==, 0xabc000);
    vm_enable_wide_queue(&r.m);
    vm_queue(&r.m, VTD_DESC_IOTLB | VTD_GRAN_GLOBAL << VTD_DESC_G_SHIFT, 0);
    g_assert_cmpint(dma(&r, 0x5000, false, &out), ==, 0);
    g_assert_cmphex(out, ==, 0xdef000);
    stop(&r);
}

/* Switching translation off empties the caches, the tables' set or not. */
static void test_off(void)
{
    VtdUnitConfig c;
    Rig r;
    uint64_t leaf, out;

    config(&c);
    c.set_root_invalidates = false;
    start(&r, VTD_PGTT_SECOND, &c);
    leaf = vm_map(&r.m, r.second, 4, 0x5000, 0xabc000 | RW, 1);
    g_assert_cmpint(dma(&r, 0x5000, false, &out), ==, 0);
    vm_poke64(&r.m, leaf, 0xdef000 | RW);
    g_assert_cmpint(dma(&r, 0x5000, false, &out), ==, 0);
    g_assert_cmphex(out, ==, 0xabc000);
    vm_write32(&r.m, VTD_GCMD, 0);
    vm_write32(&r.m, VTD_GCMD, VTD_GCMD_TE);
    g_assert_cmpint(dma(&r, 0x5000, false, &out), ==, 0);
    g_assert_cmphex(out, ==, 0xdef000);
    stop(&r);
}

/* Accessed bits with PWSNP clear: none may be set. */
static void test_no_snoop(void)
{
    Rig r;
    uint64_t leaf;

    start(&r, VTD_PGTT_SECOND, NULL);
    vm_poke64(&r.m, r.entry, vm_peek64(&r.m, r.entry) | VTD_PE_SSADE);
    vm_poke64(&r.m, r.entry + 8, DOMAIN);
    leaf = vm_map(&r.m, r.second, 4, 0x5000, 0xabc000 | RW, 1);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==,
                    VTD_FR_SM_SECOND_NO_SNOOP);
    g_assert_cmphex(vm_peek64(&r.m, leaf), ==, 0xabc000 | RW);
    vm_poke64(&r.m, r.entry + 8, DOMAIN | VTD_PE1_PWSNP);
    vm_command(&r.m, VTD_GCMD_SRTP);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==, 0);
    stop(&r);
    start(&r, VTD_PGTT_FIRST, NULL);
    vm_poke64(&r.m, r.entry + 8, DOMAIN);
    leaf = vm_map_first(&r.m, r.first, 4, 0x5000, 0xabc000 | FIRST, 1);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==,
                    VTD_FR_SM_FIRST_NO_SNOOP);
    g_assert_cmphex(vm_peek64(&r.m, leaf), ==, 0xabc000 | FIRST);
    stop(&r);
}

/* RID_PASID beyond a directory of the smallest size. */
static void test_rid_pasid(void)
{
    Rig r;

    start(&r, VTD_PGTT_FIRST, NULL);
    vm_poke64(&r.m, r.context, r.directory | VTD_SMC_P);
    vm_poke64(&r.m, r.context + 8, 1 << 13);
    g_assert_cmphex(vm_dma(&r.m, SID, 0, false, NULL), ==,
                    VTD_FR_SM_CONTEXT_INVALID);
    stop(&r);
}

/* Faults of an entry with FPD leave no record. */
static void test_fpd(void)
{
    Rig r;

    start(&r, VTD_PGTT_FIRST, NULL);
    vm_poke64(&r.m, r.entry, VTD_PE_FPD);
    g_assert_cmpint(dma(&r, 0, false, NULL), ==, VTD_FR_SM_PASID_NOT_PRESENT);
    g_assert_false(vm_take_record(&r.m, 0).pending);
    stop(&r);
}

static void test_legacy_mode(void)
{
    VtdUnitConfig c;
    VtdMachine m;
    VtdRequest request = { .sid = SID, .has_pasid = true, .pasid = 1 };

    config(&c);
    vm_init(&m, &c);
    vm_enable(&m);
    g_assert_cmphex(vm_request(&m, &request, NULL), ==, VTD_FR_SM_TTM);
    vm_destroy(&m);
}

typedef struct Flush {
    const char *name;
    unsigned pgtt;
    uint64_t lo, hi;
    bool fresh_page;            /* the page is walked again */
    bool fresh_entry;           /* the PASID entry is read again */
} Flush;

#define DID ((uint64_t)DOMAIN << 16)
#define P ((uint64_t)PASID << 32)
static const Flush flushes[] = {
    { "none", VTD_PGTT_FIRST, VTD_DESC_WAIT, 0, 0, 0 },
    { "iotlb-global", VTD_PGTT_FIRST, VTD_DESC_IOTLB | 1 << 4, 0, 1, 0 },
    { "iotlb-domain", VTD_PGTT_FIRST, VTD_DESC_IOTLB | 2 << 4 | DID, 0, 1, 0 },
    { "iotlb-other-domain", VTD_PGTT_FIRST,
      VTD_DESC_IOTLB | 2 << 4 | (DID ^ 1 << 16), 0, 0, 0 },
    { "iotlb-page-of-first", VTD_PGTT_FIRST, VTD_DESC_IOTLB | 3 << 4 | DID,
      0x9000, 1, 0 },
    { "iotlb-page-of-second", VTD_PGTT_SECOND, VTD_DESC_IOTLB | 3 << 4 | DID,
      0x5000, 1, 0 },
    { "iotlb-page-of-nested", VTD_PGTT_NESTED, VTD_DESC_IOTLB | 3 << 4 | DID,
      0x9000, 1, 0 },
    { "pasid", VTD_PGTT_FIRST, VTD_DESC_PASID_IOTLB | 2 << 4 | DID | P, 0, 1,
      0 },
    { "pasid-of-second", VTD_PGTT_SECOND,
      VTD_DESC_PASID_IOTLB | 2 << 4 | DID | P, 0, 0, 0 },
    { "other-pasid", VTD_PGTT_FIRST,
      VTD_DESC_PASID_IOTLB | 2 << 4 | DID | (P ^ 1ULL << 32), 0, 0, 0 },
    { "pasid-page", VTD_PGTT_FIRST, VTD_DESC_PASID_IOTLB | 3 << 4 | DID | P,
      0x5000, 1, 0 },
    { "pasid-page-nested", VTD_PGTT_NESTED,
      VTD_DESC_PASID_IOTLB | 3 << 4 | DID | P, 0x5000, 1, 0 },
    { "pasid-other-page", VTD_PGTT_FIRST,
      VTD_DESC_PASID_IOTLB | 3 << 4 | DID | P, 0x6000, 0, 0 },
    { "pasid-pages", VTD_PGTT_FIRST, VTD_DESC_PASID_IOTLB | 3 << 4 | DID | P,
      0x0000 | 20, 1, 0 },
    { "cache-global", VTD_PGTT_FIRST, VTD_DESC_PASID_CACHE | 3 << 4, 0, 0, 1 },
    { "cache-domain", VTD_PGTT_FIRST, VTD_DESC_PASID_CACHE | DID, 0, 0, 1 },
    { "cache-other-domain", VTD_PGTT_FIRST,
      VTD_DESC_PASID_CACHE | (DID ^ 1 << 16), 0, 0, 0 },
    { "cache-pasid", VTD_PGTT_FIRST, VTD_DESC_PASID_CACHE | 1 << 4 | DID | P,
      0, 0, 1 },
    { "cache-other-pasid", VTD_PGTT_FIRST,
      VTD_DESC_PASID_CACHE | 1 << 4 | DID | (P ^ 1ULL << 32), 0, 0, 0 },
};

static void test_flush(gconstpointer data)
{
    const Flush *f = data;
    Rig r;
    uint64_t leaf, before;

    start(&r, f->pgtt, NULL);
    vm_enable_wide_queue(&r.m);
    if (f->pgtt == VTD_PGTT_NESTED) {
        map_itself(&r);
    }
    leaf = f->pgtt == VTD_PGTT_SECOND
           ? vm_map(&r.m, r.second, 4, 0x5000, 0xa000 | RW, 1)
           : vm_map_first(&r.m, r.first, 4, 0x5000, 0xa000 | FIRST, 1);
    g_assert_cmpint(dma(&r, 0x5000, true, NULL), ==, 0);
    before = vm_peek64(&r.m, leaf);
    /* Stale page. */
    vm_poke64(&r.m, leaf, 0);
    g_assert_cmpint(dma(&r, 0x5000, true, NULL), ==, 0);
    vm_queue(&r.m, f->lo, f->hi);
    g_assert_false(vm_read32(&r.m, VTD_FSTS) & VTD_FSTS_IQE);
    g_assert_cmpint(dma(&r, 0x5000, true, NULL) != 0, ==, f->fresh_page);
    /* Stale PASID entry. */
    vm_poke64(&r.m, leaf, before);
    g_assert_cmpint(dma(&r, 0x5000, true, NULL), ==, 0);
    vm_poke64(&r.m, r.entry, 0);
    g_assert_cmpint(dma(&r, 0x5000, true, NULL), ==, 0);
    vm_queue(&r.m, f->lo, f->hi);
    g_assert_cmpint(dma(&r, 0x5000, true, NULL) != 0, ==, f->fresh_entry);
    stop(&r);
}

/* A table of the first stage is replaced; the entry above it is stale. */
static const Flush structure_flushes[] = {
    { "none", VTD_PGTT_FIRST, VTD_DESC_WAIT, 0, 0, 0 },
    { "pasid", VTD_PGTT_FIRST, VTD_DESC_PASID_IOTLB | 2 << 4 | DID | P, 0, 1,
      0 },
    { "other-pasid", VTD_PGTT_FIRST,
      VTD_DESC_PASID_IOTLB | 2 << 4 | DID | (P ^ 1ULL << 32), 0, 0, 0 },
    { "page", VTD_PGTT_FIRST, VTD_DESC_PASID_IOTLB | 3 << 4 | DID | P, 0x1000,
      1, 0 },
    { "page-leaf-only", VTD_PGTT_FIRST,
      VTD_DESC_PASID_IOTLB | 3 << 4 | DID | P, 0x1000 | VTD_DESC_IOTLB_IH, 0,
      0 },
    { "domain", VTD_PGTT_FIRST, VTD_DESC_IOTLB | 2 << 4 | DID, 0, 1, 0 },
    { "page-of-second", VTD_PGTT_FIRST, VTD_DESC_IOTLB | 3 << 4 | DID, 0x1000,
      1, 0 },
};

static void test_structure(gconstpointer data)
{
    const Flush *f = data;
    Rig r;
    uint64_t at, other, out;

    start(&r, f->pgtt, NULL);
    vm_enable_wide_queue(&r.m);
    at = vm_map_first(&r.m, r.first, 4, 0, 0xa000 | FIRST, 1);
    vm_poke64(&r.m, at + 8, 0xb000 | FIRST);
    g_assert_cmpint(dma(&r, 0, true, NULL), ==, 0);
    other = vm_page(&r.m);
    vm_poke64(&r.m, other + 8, 0xc000 | FIRST);
    at = r.first;
    for (unsigned level = 4; level > 2; level--) {
        at = vm_peek64(&r.m, at) & VTD_PAGE_MASK & ((1ULL << 52) - 1);
    }
    vm_poke64(&r.m, at, other | FIRST);
    vm_queue(&r.m, f->lo, f->hi);
    g_assert_false(vm_read32(&r.m, VTD_FSTS) & VTD_FSTS_IQE);
    g_assert_cmpint(dma(&r, 0x1000, true, &out), ==, 0);
    g_assert_cmphex(out, ==, f->fresh_page ? 0xc000 : 0xb000);
    stop(&r);
}

/* Requests without PASID depend on the context entry's RID_PASID. */
static void test_context_flush(void)
{
    Rig r;

    start(&r, VTD_PGTT_SECOND, NULL);
    vm_enable_wide_queue(&r.m);
    vm_map(&r.m, r.second, 4, 0x5000, 0xa000 | RW, 1);
    g_assert_cmpint(vm_dma(&r.m, SID, 0x5000, true, NULL), ==, 0);
    vm_poke64(&r.m, r.context + 8, 5);
    g_assert_cmpint(vm_dma(&r.m, SID, 0x5000, true, NULL), ==, 0);
    vm_queue(&r.m, VTD_DESC_CONTEXT | 3 << 4 | (uint64_t)SID << 32, 0);
    g_assert_cmpint(vm_dma(&r.m, SID, 0x5000, true, NULL), ==,
                    VTD_FR_SM_PASID_NOT_PRESENT);
    stop(&r);
}

static void test_descriptors(void)
{
    static const struct {
        uint64_t lo, hi;
        unsigned iqei;
    } bad[] = {
        { VTD_DESC_PASID_IOTLB | 1 << 4, 0, VTD_IQEI_RESERVED },
        { VTD_DESC_PASID_IOTLB | 2 << 4 | 1 << 6, 0, VTD_IQEI_RESERVED },
        { VTD_DESC_PASID_IOTLB | 3 << 4, 46, VTD_IQEI_RESERVED },
        { VTD_DESC_PASID_CACHE | 2 << 4, 0, VTD_IQEI_RESERVED },
        { VTD_DESC_PASID_CACHE, 1, VTD_IQEI_RESERVED },
        { VTD_DESC_DEVICE_TLB | 1 << 4, 0, VTD_IQEI_RESERVED },
        { VTD_DESC_PASID_DEVICE_TLB, 2, VTD_IQEI_RESERVED },
        { VTD_DESC_PAGE_RESPONSE | 1 << 6, 0, VTD_IQEI_RESERVED },
        { 0xb, 0, VTD_IQEI_TYPE },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        Rig r;

        start(&r, VTD_PGTT_FIRST, NULL);
        vm_enable_wide_queue(&r.m);
        vm_queue(&r.m, bad[i].lo, bad[i].hi);
        g_assert_true(vm_read32(&r.m, VTD_FSTS) & VTD_FSTS_IQE);
        g_assert_cmpint(vm_read32(&r.m, VTD_IQERCD) & 15, ==, bad[i].iqei);
        g_assert_cmpint(vm_read32(&r.m, VTD_IQH), ==, 0);
        stop(&r);
    }
}

static void test_widths(void)
{
    Rig r;

    /* 128 bits in scalable mode. */
    start(&r, VTD_PGTT_FIRST, NULL);
    vm_enable_queue(&r.m);
    vm_queue(&r.m, VTD_DESC_WAIT, 0);
    g_assert_cmpint(vm_read32(&r.m, VTD_IQERCD) & 15, ==, VTD_IQEI_WIDTH);
    stop(&r);
    /* A tail in the middle of 256 bits. */
    start(&r, VTD_PGTT_FIRST, NULL);
    vm_enable_wide_queue(&r.m);
    vm_write32(&r.m, VTD_IQT, 16);
    g_assert_cmpint(vm_read32(&r.m, VTD_IQERCD) & 15, ==,
                    VTD_IQEI_TAIL_ALIGN);
    stop(&r);
    /* It goes round. */
    start(&r, VTD_PGTT_FIRST, NULL);
    vm_enable_wide_queue(&r.m);
    for (unsigned i = 0; i < 300; i++) {
        vm_queue(&r.m, VTD_DESC_WAIT | VTD_DESC_WAIT_SW | (uint64_t)i << 32,
                 VM_STATUS);
        g_assert_cmpuint((uint32_t)vm_peek64(&r.m, VM_STATUS), ==, i);
    }
    g_assert_cmpint(vm_read32(&r.m, VTD_IQH), ==, 300 * 32 % 4096);
    stop(&r);
}

/* The unit's state, loaded into another whose memory is @other's. */
static void load_other(VtdMachine *other, const VtdUnit *unit)
{
    StateWriter w;
    StateReader reader;
    g_autoptr(GBytes) bytes = NULL;

    state_writer_init(&w);
    vtd_unit_save(unit, &w);
    bytes = state_writer_finish(&w);
    state_reader_init(&reader, g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes));
    g_assert_true(vtd_unit_load(other->unit, &reader));
    vtd_unit_resume(other->unit);
    state_reader_clear(&reader);
}

/* Saved in scalable mode with a wait descriptor that waits for a device. */
static void test_state(void)
{
    VtdUnitConfig c;
    Rig r;
    VtdMachine other;

    config(&c);
    start(&r, VTD_PGTT_SECOND, NULL);
    vm_map(&r.m, r.second, 4, 0x5000, 0xa000 | RW, 1);
    vm_enable_wide_queue(&r.m);
    r.m.device_answer = VTD_DEVICE_PENDING;
    vm_queue(&r.m, VTD_DESC_DEVICE_TLB | (uint64_t)SID << 32, 0);
    vm_queue(&r.m, VTD_DESC_WAIT | VTD_DESC_WAIT_SW | 9ULL << 32, VM_STATUS);

    vm_init(&other, &c);
    memcpy(other.mem, r.m.mem, VM_MEM_SIZE);
    load_other(&other, r.m.unit);
    /* The device's TLB is empty here: the wait is over. */
    g_assert_cmpuint((uint32_t)vm_peek64(&other, VM_STATUS), ==, 9);
    g_assert_cmpint(vm_dma(&other, SID, 0x5000, true, NULL), ==, 0);
    vm_destroy(&other);
    stop(&r);
}

/* Pointers and indexes of a stream are cut down to what the unit has. */
static void test_wild_state(void)
{
    VtdUnitConfig c;
    Rig r;
    VtdMachine other;

    config(&c);
    c.eim = false;
    start(&r, VTD_PGTT_SECOND, &c);
    r.m.unit->eime = true;
    r.m.unit->root_mode = 0xff;
    vtd_set32(r.m.unit, VTD_FSTS, VTD_FSTS_FRI_MASK);
    vtd_set64(r.m.unit, VTD_IQH, UINT64_MAX);
    vtd_set64(r.m.unit, VTD_IQT, UINT64_MAX);
    vm_init(&other, &c);
    load_other(&other, r.m.unit);
    g_assert_cmpuint((vm_read32(&other, VTD_FSTS) & VTD_FSTS_FRI_MASK) >>
                     VTD_FSTS_FRI_SHIFT, <, c.fault_records);
    g_assert_cmpuint(other.unit->root_mode, <=, 3);
    g_assert_false(other.unit->eime);
    g_assert_cmphex(vm_read64(&other, VTD_IQH) & ~VTD_IQ_PTR_MASK, ==, 0);
    g_assert_cmphex(vm_read64(&other, VTD_IQT) & ~VTD_IQ_PTR_MASK, ==, 0);
    vm_destroy(&other);
    stop(&r);
}

static void start_caching(Rig *r, unsigned pgtt)
{
    VtdUnitConfig c;

    config(&c);
    c.caching_mode = true;
    start(r, pgtt, &c);
}

static void test_caching_mode(void)
{
    Rig r;

    start_caching(&r, VTD_PGTT_SECOND);
    vm_enable_wide_queue(&r.m);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==,
                    VTD_FR_SM_SECOND_NOT_PRESENT);
    vm_map(&r.m, r.second, 4, 0x5000, 0xa000 | RW, 1);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==,
                    VTD_FR_SM_SECOND_NOT_PRESENT);
    vm_queue(&r.m, VTD_DESC_IOTLB | VTD_GRAN_SELECTIVE << 4 | DID, 0x5000);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==, 0);
    stop(&r);
}

/* It does not apply to the first stage, whose drivers flush nothing then. */
static void test_caching_mode_first(void)
{
    Rig r;

    start_caching(&r, VTD_PGTT_FIRST);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==,
                    VTD_FR_SM_FIRST_NOT_PRESENT);
    vm_map_first(&r.m, r.first, 4, 0x5000, 0xa000 | FIRST, 1);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==, 0);
    stop(&r);
}

/* As Linux makes an entry present: it flushes what is to be the domain. */
static void test_caching_mode_pasid(void)
{
    uint64_t lo;
    Rig r;

    start_caching(&r, VTD_PGTT_PASS_THROUGH);
    vm_enable_wide_queue(&r.m);
    lo = vm_peek64(&r.m, r.entry);
    vm_poke64(&r.m, r.entry, 0);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==,
                    VTD_FR_SM_PASID_NOT_PRESENT);
    vm_poke64(&r.m, r.entry, lo);
    vm_queue(&r.m, VTD_DESC_PASID_CACHE | VTD_PC_PASID << 4 | DID |
             (P ^ 1ULL << 32), 0);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==,
                    VTD_FR_SM_PASID_NOT_PRESENT);
    vm_queue(&r.m, VTD_DESC_PASID_CACHE | VTD_PC_PASID << 4 | DID | P, 0);
    g_assert_cmpint(dma(&r, 0x5000, false, NULL), ==, 0);
    stop(&r);
}

#define ADD(prefix, table, function)                                      \
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {                  \
        g_autofree char *name = g_strconcat("/vtd/scalable/" prefix,      \
                                            table[i].name, NULL);         \
        g_test_add_data_func(name, &table[i], function);                  \
    }

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(structure_flushes); i++) {
        g_autofree char *name = g_strconcat("/vtd/scalable/structure/",
                                            structure_flushes[i].name, NULL);

        g_test_add_data_func(name, &structure_flushes[i], test_structure);
    }
    g_test_add_func("/vtd/scalable/second", test_second);
    g_test_add_data_func("/vtd/scalable/probe/first",
                         GUINT_TO_POINTER(VTD_PGTT_FIRST), test_probe);
    g_test_add_data_func("/vtd/scalable/probe/second",
                         GUINT_TO_POINTER(VTD_PGTT_SECOND), test_probe);
    g_test_add_data_func("/vtd/scalable/probe/nested",
                         GUINT_TO_POINTER(VTD_PGTT_NESTED), test_probe);
    g_test_add_func("/vtd/scalable/pass-through", test_pass_through);
    g_test_add_data_func("/vtd/scalable/first/4", GUINT_TO_POINTER(4),
                         test_first);
    g_test_add_data_func("/vtd/scalable/first/5", GUINT_TO_POINTER(5),
                         test_first);
    g_test_add_func("/vtd/scalable/nested", test_nested);
    g_test_add_func("/vtd/scalable/nested-faults", test_nested_faults);
    g_test_add_func("/vtd/scalable/nested-is-kept", test_nested_is_kept);
    g_test_add_func("/vtd/scalable/wild-state", test_wild_state);
    g_test_add_func("/vtd/scalable/second-dirty", test_second_dirty);
    g_test_add_func("/vtd/scalable/clean-page-is-read-only",
                    test_clean_page_is_read_only);
    g_test_add_func("/vtd/scalable/race", test_race);
    g_test_add_func("/vtd/scalable/fpd", test_fpd);
    g_test_add_func("/vtd/scalable/reserved-mode", test_reserved_mode);
    g_test_add_func("/vtd/scalable/registers", test_registers);
    g_test_add_func("/vtd/scalable/off", test_off);
    g_test_add_func("/vtd/scalable/no-snoop", test_no_snoop);
    g_test_add_func("/vtd/scalable/rid-pasid", test_rid_pasid);
    g_test_add_func("/vtd/scalable/legacy-mode", test_legacy_mode);
    g_test_add_func("/vtd/scalable/context-flush", test_context_flush);
    g_test_add_func("/vtd/scalable/descriptors", test_descriptors);
    g_test_add_func("/vtd/scalable/widths", test_widths);
    g_test_add_func("/vtd/scalable/caching-mode", test_caching_mode);
    g_test_add_func("/vtd/scalable/caching-mode-first",
                    test_caching_mode_first);
    g_test_add_func("/vtd/scalable/caching-mode-pasid",
                    test_caching_mode_pasid);
    g_test_add_func("/vtd/scalable/state", test_state);
    ADD("fault/", cases, test_case);
    ADD("flush/", flushes, test_flush);
    return g_test_run();
}
