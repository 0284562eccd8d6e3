/*
 * Every granularity of invalidation, with a stale entry before it and a fresh
 * one after: by the queue, by registers, and in scalable mode; what it does
 * not cover stays stale.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "vtd-rig.h"

#define DID ((uint64_t)DOMAIN << 16)
#define ELSE ((uint64_t)(DOMAIN ^ 1) << 16)
#define P ((uint64_t)PASID << 32)
#define Q ((uint64_t)(PASID ^ 1) << 32)
#define G(n) ((uint64_t)(n) << 4)
#define SOURCE(sid, fm) ((uint64_t)(sid) << 32 | (uint64_t)(fm) << 48)

/* What has changed in memory, and what the caches may still say. */
typedef enum Stale {
    PAGES,                      /* the page at 0 is at OTHER */
    STRUCTURE,                  /* the last table is another one */
    CONTEXTS,                   /* the context or PASID entry is gone */
} Stale;

typedef struct Case {
    const char *name;
    Stale stale;
    uint64_t lo, hi;            /* the descriptor */
    bool fresh;
} Case;

static const Case legacy_cases[] = {
    { "none", PAGES, VTD_DESC_WAIT, 0, false },
    { "iotlb-global", PAGES, VTD_DESC_IOTLB | G(1), 0, true },
    { "iotlb-domain", PAGES, VTD_DESC_IOTLB | G(2) | DID, 0, true },
    { "iotlb-other-domain", PAGES, VTD_DESC_IOTLB | G(2) | ELSE, 0, false },
    { "iotlb-page", PAGES, VTD_DESC_IOTLB | G(3) | DID, 0, true },
    { "iotlb-page-leaf", PAGES, VTD_DESC_IOTLB | G(3) | DID,
      VTD_DESC_IOTLB_IH, true },
    { "iotlb-pages", PAGES, VTD_DESC_IOTLB | G(3) | DID, 0x3000 | 2, true },
    { "iotlb-many-pages", PAGES, VTD_DESC_IOTLB | G(3) | DID, 18, true },
    { "iotlb-other-page", PAGES, VTD_DESC_IOTLB | G(3) | DID, 0x1000, false },
    { "iotlb-other-pages", PAGES, VTD_DESC_IOTLB | G(3) | DID, 0x4000 | 2,
      false },
    { "structure-global", STRUCTURE, VTD_DESC_IOTLB | G(1), 0, true },
    { "structure-domain", STRUCTURE, VTD_DESC_IOTLB | G(2) | DID, 0, true },
    { "structure-other-domain", STRUCTURE, VTD_DESC_IOTLB | G(2) | ELSE, 0,
      false },
    { "structure-page", STRUCTURE, VTD_DESC_IOTLB | G(3) | DID, 0x1000, true },
    { "structure-page-leaf", STRUCTURE, VTD_DESC_IOTLB | G(3) | DID,
      0x1000 | VTD_DESC_IOTLB_IH, false },
    { "structure-other-page", STRUCTURE, VTD_DESC_IOTLB | G(3) | DID,
      0x200000, false },
    { "context-global", CONTEXTS, VTD_DESC_CONTEXT | G(1), 0, true },
    { "context-domain", CONTEXTS, VTD_DESC_CONTEXT | G(2) | DID, 0, true },
    { "context-other-domain", CONTEXTS, VTD_DESC_CONTEXT | G(2) | ELSE, 0,
      false },
    { "context-device", CONTEXTS, VTD_DESC_CONTEXT | G(3) | DID |
      SOURCE(SID, 0), 0, true },
    { "context-mask-1", CONTEXTS, VTD_DESC_CONTEXT | G(3) | DID |
      SOURCE(SID ^ 4, 1), 0, true },
    { "context-mask-2", CONTEXTS, VTD_DESC_CONTEXT | G(3) | DID |
      SOURCE(SID ^ 6, 2), 0, true },
    { "context-mask-3", CONTEXTS, VTD_DESC_CONTEXT | G(3) | DID |
      SOURCE(SID ^ 7, 3), 0, true },
    { "context-other-device", CONTEXTS, VTD_DESC_CONTEXT | G(3) | DID |
      SOURCE(SID ^ 1, 1), 0, false },
};

/* What is read at @address, and what of it shows that it was fresh. */
static bool fresh(Rig *rig, Stale stale, uint32_t flags)
{
    uint64_t address = stale == STRUCTURE ? 0x1000 : 0;
    unsigned result = act(rig, VTE_READ, address, 4, flags);

    if (stale == CONTEXTS) {
        return result == VTE_BLOCKED;
    }
    g_assert_cmpint(result, ==, VTE_OK);
    return get(rig, VTE_BUFFER) == 0x22222222;
}

/* The old places hold 0x11111111, the new ones 0x22222222. */
static void mark(Rig *rig)
{
    qtest_writel(rig->qts, PAGE, 0x11111111);
    qtest_writel(rig->qts, OTHER, 0x11111111);
    qtest_writel(rig->qts, OTHER + 0x10000, 0x22222222);
}

/* @last is the last table of the walk, @above the entry that leads to it. */
static void change(Rig *rig, Stale stale, uint64_t last, uint64_t above,
                   uint64_t bits, uint64_t entry)
{
    const uint64_t fresh_page = (OTHER + 0x10000) | bits;
    const uint64_t fresh_table = OTHER + 0x20000;

    if (stale == PAGES) {
        qtest_writeq(rig->qts, last, fresh_page);
    } else if (stale == STRUCTURE) {
        qtest_writeq(rig->qts, fresh_table + 8, fresh_page);
        qtest_writeq(rig->qts, above, fresh_table | bits);
    } else {
        qtest_writeq(rig->qts, entry, 0);
    }
}

static void test_legacy(const void *data)
{
    const Case *c = data;
    Rig rig;

    start(&rig, VTD_TT_UNTRANSLATED);
    mark(&rig);
    g_assert_cmpint(act(&rig, VTE_READ, 0, 4, 0), ==, VTE_OK);
    change(&rig, c->stale, TABLE + 0x3000, TABLE + 0x2000, RW,
           CONTEXT + SID * 16);
    if (c->stale != STRUCTURE) {
        /* Of a table it is the first look that shows it. */
        g_assert_false(fresh(&rig, c->stale, 0));
    }
    queue(&rig, c->lo, c->hi);
    queue_wait(&rig, 7);
    g_assert_cmphex(status(&rig), ==, 7);
    g_assert_cmpint(fresh(&rig, c->stale, 0), ==, c->fresh);
    stop(&rig);
}

/* The same by registers, before the queue is on. */
typedef struct RegisterCase {
    const char *name;
    Stale stale;
    unsigned granularity;
    uint64_t address;           /* IVA */
    uint16_t domain;
    uint16_t sid;
    unsigned fm;
    bool fresh;
} RegisterCase;

static const RegisterCase register_cases[] = {
    { "iotlb-global", PAGES, VTD_GRAN_GLOBAL, 0, 0, 0, 0, true },
    { "iotlb-domain", PAGES, VTD_GRAN_DOMAIN, 0, DOMAIN, 0, 0, true },
    { "iotlb-other-domain", PAGES, VTD_GRAN_DOMAIN, 0, DOMAIN ^ 1, 0, 0,
      false },
    { "iotlb-page", PAGES, VTD_GRAN_SELECTIVE, 0, DOMAIN, 0, 0, true },
    { "iotlb-other-page", PAGES, VTD_GRAN_SELECTIVE, 0x1000, DOMAIN, 0, 0,
      false },
    { "structure-page", STRUCTURE, VTD_GRAN_SELECTIVE, 0x1000, DOMAIN, 0, 0,
      true },
    { "structure-page-leaf", STRUCTURE, VTD_GRAN_SELECTIVE,
      0x1000 | VTD_IVA_IH, DOMAIN, 0, 0, false },
    { "context-global", CONTEXTS, VTD_GRAN_GLOBAL, 0, 0, 0, 0, true },
    { "context-domain", CONTEXTS, VTD_GRAN_DOMAIN, 0, DOMAIN, 0, 0, true },
    { "context-device", CONTEXTS, VTD_GRAN_SELECTIVE, 0, DOMAIN, SID, 0,
      true },
    { "context-mask-3", CONTEXTS, VTD_GRAN_SELECTIVE, 0, DOMAIN, SID ^ 7, 3,
      true },
    { "context-other-device", CONTEXTS, VTD_GRAN_SELECTIVE, 0, DOMAIN,
      SID ^ 8, 3, false },
};

static void test_register(const void *data)
{
    const RegisterCase *c = data;
    uint64_t done;
    Rig rig;

    start(&rig, VTD_TT_UNTRANSLATED);
    qtest_writel(rig.qts, UNIT + VTD_GCMD, VTD_GCMD_TE);    /* queue off */
    mark(&rig);
    g_assert_cmpint(act(&rig, VTE_READ, 0, 4, 0), ==, VTE_OK);
    change(&rig, c->stale, TABLE + 0x3000, TABLE + 0x2000, RW,
           CONTEXT + SID * 16);
    if (c->stale == CONTEXTS) {
        qtest_writeq(rig.qts, UNIT + VTD_CCMD, VTD_CCMD_ICC |
                     (uint64_t)c->granularity << VTD_CCMD_CIRG_SHIFT |
                     (uint64_t)c->fm << VTD_CCMD_FM_SHIFT |
                     (uint64_t)c->sid << VTD_CCMD_SID_SHIFT | c->domain);
        done = qtest_readq(rig.qts, UNIT + VTD_CCMD);
        g_assert_false(done & VTD_CCMD_ICC);
        done >>= VTD_CCMD_CAIG_SHIFT;
    } else {
        qtest_writeq(rig.qts, UNIT + VTD_IVA, c->address);
        qtest_writeq(rig.qts, UNIT + VTD_IOTLB, VTD_IOTLB_IVT |
                     (uint64_t)c->granularity << VTD_IOTLB_IIRG_SHIFT |
                     (uint64_t)c->domain << VTD_IOTLB_DID_SHIFT);
        done = qtest_readq(rig.qts, UNIT + VTD_IOTLB);
        g_assert_false(done & VTD_IOTLB_IVT);
        done >>= VTD_IOTLB_IAIG_SHIFT;
    }
    g_assert_cmpuint(done & 3, ==, c->granularity);
    g_assert_cmpint(fresh(&rig, c->stale, 0), ==, c->fresh);
    stop(&rig);
}

/* Scalable mode; @first: the PASID's pages are those of the first stage. */
typedef struct ScalableCase {
    Case c;
    bool first;
} ScalableCase;

static const ScalableCase scalable_cases[] = {
    { { "iotlb-global", PAGES, VTD_DESC_IOTLB | G(1), 0, true }, true },
    { { "iotlb-domain", PAGES, VTD_DESC_IOTLB | G(2) | DID, 0, true }, true },
    { { "iotlb-page-of-first", PAGES, VTD_DESC_IOTLB | G(3) | DID, 0, true },
      true },
    { { "iotlb-page", PAGES, VTD_DESC_IOTLB | G(3) | DID, 0, true }, false },
    { { "pasid", PAGES, VTD_DESC_PASID_IOTLB | G(2) | DID | P, 0, true },
      true },
    { { "pasid-of-second", PAGES, VTD_DESC_PASID_IOTLB | G(2) | DID | P, 0,
        false }, false },
    { { "other-pasid", PAGES, VTD_DESC_PASID_IOTLB | G(2) | DID | Q, 0,
        false }, true },
    { { "pasid-page", PAGES, VTD_DESC_PASID_IOTLB | G(3) | DID | P, 0, true },
      true },
    { { "pasid-pages", PAGES, VTD_DESC_PASID_IOTLB | G(3) | DID | P, 20,
        true }, true },
    { { "pasid-other-page", PAGES, VTD_DESC_PASID_IOTLB | G(3) | DID | P,
        0x1000, false }, true },
    { { "structure-pasid", STRUCTURE, VTD_DESC_PASID_IOTLB | G(2) | DID | P,
        0, true }, true },
    { { "structure-page", STRUCTURE, VTD_DESC_PASID_IOTLB | G(3) | DID | P,
        0x1000, true }, true },
    { { "structure-page-leaf", STRUCTURE,
        VTD_DESC_PASID_IOTLB | G(3) | DID | P, 0x1000 | VTD_DESC_IOTLB_IH,
        false }, true },
    { { "cache-global", CONTEXTS, VTD_DESC_PASID_CACHE | G(3), 0, true },
      true },
    { { "cache-domain", CONTEXTS, VTD_DESC_PASID_CACHE | DID, 0, true },
      true },
    { { "cache-other-domain", CONTEXTS, VTD_DESC_PASID_CACHE | ELSE, 0,
        false }, true },
    { { "cache-pasid", CONTEXTS, VTD_DESC_PASID_CACHE | G(1) | DID | P, 0,
        true }, true },
    { { "cache-other-pasid", CONTEXTS, VTD_DESC_PASID_CACHE | G(1) | DID | Q,
        0, false }, true },
};

static void test_scalable(const void *data)
{
    const ScalableCase *s = data;
    const Case *c = &s->c;
    Rig rig;

    start_scalable(&rig, s->first ? VTD_PGTT_FIRST : VTD_PGTT_SECOND);
    mark(&rig);
    set(&rig, VTE_PASID, PASID);
    g_assert_cmpint(act(&rig, VTE_READ, 0, 4, VTE_HAS_PASID), ==, VTE_OK);
    qtest_writeq(rig.qts, FIRST + 0x3008, OTHER | PWU);
    change(&rig, c->stale, (s->first ? FIRST : TABLE) + 0x3000,
           (s->first ? FIRST : TABLE) + 0x2000, s->first ? PWU : RW,
           PASIDS + PASID * VTD_PASID_ENTRY_SIZE);
    if (c->stale != STRUCTURE) {
        g_assert_false(fresh(&rig, c->stale, VTE_HAS_PASID));
    }
    queue(&rig, c->lo, c->hi);
    queue_wait(&rig, 7);
    g_assert_cmphex(status(&rig), ==, 7);
    g_assert_cmpint(fresh(&rig, c->stale, VTE_HAS_PASID), ==, c->fresh);
    stop(&rig);
}

/* Interrupt entry 5: of a changed one the old word is kept until then. */
typedef struct EntryCase {
    const char *name;
    uint64_t lo;
    bool fresh;
} EntryCase;

#define SELECT VTD_DESC_IEC_SELECTIVE
#define INDEX(n, mask) (SELECT | (uint64_t)(n) << VTD_DESC_IEC_INDEX_SHIFT | \
                        (uint64_t)(mask) << VTD_DESC_IEC_IM_SHIFT)
static const EntryCase entry_cases[] = {
    { "none", VTD_DESC_WAIT, false },
    { "global", VTD_DESC_IEC, true },
    { "index", VTD_DESC_IEC | INDEX(5, 0), true },
    { "mask", VTD_DESC_IEC | INDEX(0, 3), true },
    { "mask-rounded-down", VTD_DESC_IEC | INDEX(7, 2), true },
    { "other-index", VTD_DESC_IEC | INDEX(4, 0), false },
    { "other-range", VTD_DESC_IEC | INDEX(8, 3), false },
};

static void test_entry(const void *data)
{
    const EntryCase *c = data;
    const uint32_t message = REMAPPABLE | 5 << VTD_MSI_HANDLE_SHIFT;
    Rig rig;

    start_bare(&rig, LEGACY);
    qtest_writeq(rig.qts, IRT + 5 * 16, VTD_IRTE_P | 0x41 << 16);
    qtest_writeq(rig.qts, IRT + 5 * 16 + 8, SVT(1, 0, SID));
    enable_remapping(&rig);
    enable_queue(&rig, 16);
    g_assert_cmpint(act(&rig, VTE_MESSAGE, message, 0, 0), ==, VTE_OK);
    qtest_writeq(rig.qts, IRT + 5 * 16, 0);
    g_assert_cmpint(act(&rig, VTE_MESSAGE, message, 0, 0), ==, VTE_OK);
    queue(&rig, c->lo, 0);
    queue_wait(&rig, 7);
    g_assert_cmphex(status(&rig), ==, 7);
    g_assert_cmpint(act(&rig, VTE_MESSAGE, message, 0, 0), ==,
                    c->fresh ? VTE_BLOCKED : VTE_OK);
    stop(&rig);
}

/* Reserved bits, bad types and widths stop the queue; cleared, it goes on. */
typedef struct BadCase {
    const char *name;
    bool wide;
    uint64_t lo, hi;
    unsigned iqei;
} BadCase;

static const BadCase bad_cases[] = {
    { "type-0", false, 0, 0, VTD_IQEI_TYPE },
    { "type-15", false, 0xf, 0, VTD_IQEI_TYPE },
    { "context", false, VTD_DESC_CONTEXT | G(1) | 1 << 6, 0,
      VTD_IQEI_RESERVED },
    { "context-granularity", false, VTD_DESC_CONTEXT, 0, VTD_IQEI_RESERVED },
    { "iotlb", false, VTD_DESC_IOTLB | G(1) | 1ULL << 40, 0,
      VTD_IQEI_RESERVED },
    { "iotlb-granularity", false, VTD_DESC_IOTLB, 0, VTD_IQEI_RESERVED },
    { "iotlb-mask", false, VTD_DESC_IOTLB | G(3), 19, VTD_IQEI_RESERVED },
    { "entries", false, VTD_DESC_IEC | 1 << 5, 0, VTD_IQEI_RESERVED },
    { "wait", false, VTD_DESC_WAIT, 3, VTD_IQEI_RESERVED },
    { "device", false, VTD_DESC_DEVICE_TLB | SOURCE(SID, 0), 1 << 1,
      VTD_IQEI_RESERVED },
    { "pasid-narrow", false, VTD_DESC_PASID_IOTLB | G(2), 0, VTD_IQEI_TYPE },
    { "pasid-iotlb", true, VTD_DESC_PASID_IOTLB | G(2) | 1 << 6, 0,
      VTD_IQEI_RESERVED },
    { "pasid-cache", true, VTD_DESC_PASID_CACHE | G(2), 0,
      VTD_IQEI_RESERVED },
};

static void test_bad(const void *data)
{
    const BadCase *c = data;
    uint32_t head;
    Rig rig;

    if (c->wide) {
        start_scalable(&rig, VTD_PGTT_FIRST);
    } else {
        start(&rig, VTD_TT_UNTRANSLATED);
    }
    queue_wait(&rig, 1);
    head = rig.tail;
    queue(&rig, c->lo, c->hi);
    queue_wait(&rig, 2);
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_FSTS) & VTD_FSTS_IQE, ==,
                    VTD_FSTS_IQE);
    g_assert_cmphex(qtest_readq(rig.qts, UNIT + VTD_IQERCD) &
                    VTD_IQERCD_IQEI_MASK, ==, c->iqei);
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_IQH), ==, head);
    g_assert_cmphex(status(&rig), ==, 1);
    /* As Linux does: it puts a wait in its place and clears the error. */
    qtest_writeq(rig.qts, QUEUE + head, VTD_DESC_WAIT);
    qtest_writeq(rig.qts, QUEUE + head + 8, 0);
    qtest_writel(rig.qts, UNIT + VTD_FSTS, VTD_FSTS_IQE);
    g_assert_cmphex(status(&rig), ==, 2);
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_IQH), ==, rig.tail);
    stop(&rig);
}

#define ADD(kind, table, function)                                          \
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {                    \
        g_autofree char *name = g_strconcat("/iovlab/vtd-flushes/" kind "/", \
                                            NAME(table[i]), NULL);          \
                                                                            \
        qtest_add_data_func(name, &table[i], function);                     \
    }

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define NAME(row) (row).name
    ADD("queue", legacy_cases, test_legacy)
    ADD("register", register_cases, test_register)
    ADD("interrupt-entry", entry_cases, test_entry)
    ADD("bad", bad_cases, test_bad)
#undef NAME
#define NAME(row) (row).c.name
    ADD("scalable", scalable_cases, test_scalable)
    return g_test_run();
}
