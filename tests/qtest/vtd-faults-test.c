/*
 * Every reason for which vtd-iommu blocks a request in scalable mode, and those
 * of interrupts: one request of vtd-test-endpoint, and the record that results.
 * (Legacy mode's are in vtd-iommu-test.c.)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "vtd-rig.h"

#define ENTRY (PASIDS + PASID * VTD_PASID_ENTRY_SIZE)
#define CTX (CONTEXT + SID * VTD_SM_CONTEXT_SIZE)
#define DEVICE (DIRECTORY | VTD_SMC_P | VTD_SMC_DTE | VTD_SMC_PASIDE)
#define AW4 (VTD_AW_4LEVEL << VTD_PE_AW_SHIFT)
#define PE(pgtt) (TABLE | VTD_PE_P | AW4 | (pgtt) << VTD_PE_PGTT_SHIFT)
#define FIRST1 VTD_PGTT_FIRST
#define SECOND VTD_PGTT_SECOND
#define NESTED VTD_PGTT_NESTED
/* Bit 46 and up: beyond the host. */
#define HIGH (1ULL << 46)

typedef struct Case {
    const char *name;
    unsigned reason;
    unsigned pgtt;
    uint64_t place, value;      /* changed in the tables; 0: nothing */
    unsigned command;
    uint64_t address;
    uint32_t flags;
} Case;

#define R VTE_READ
#define W VTE_WRITE
#define WITH VTE_HAS_PASID
static const Case cases[] = {
    { "root-absent", VTD_FR_SM_ROOT_NOT_PRESENT, FIRST1, ROOT, 0, R, 0, WITH },
    { "root-reserved", VTD_FR_SM_ROOT_RESERVED, FIRST1, ROOT, CONTEXT | 3, R,
      0, WITH },
    { "context-access", VTD_FR_SM_CONTEXT_ACCESS, FIRST1, ROOT, OUTSIDE | 1, R,
      0, WITH },
    { "context-absent", VTD_FR_SM_CONTEXT_NOT_PRESENT, FIRST1, CTX, 0, R, 0,
      WITH },
    { "context-reserved", VTD_FR_SM_CONTEXT_RESERVED, FIRST1, CTX,
      DEVICE | 1 << 5, R, 0, WITH },
    { "no-dte", VTD_FR_SM_NO_DTE, FIRST1, CTX, DEVICE & ~VTD_SMC_DTE, R, 0,
      VTE_RAW_TRANSLATED },
    { "no-paside", VTD_FR_SM_NO_PASIDE, FIRST1, CTX, DEVICE & ~VTD_SMC_PASIDE,
      R, 0, WITH },
    { "context-invalid", VTD_FR_SM_CONTEXT_INVALID, FIRST1, CTX + 8, 1 << 19,
      R, 0, 0 },
    { "rid-pasid", VTD_FR_SM_RID_PASID, FIRST1, CTX + 8, PASID, R, 0, WITH },
    { "directory-access", VTD_FR_SM_DIRECTORY_ACCESS, FIRST1, CTX,
      (DEVICE & ~DIRECTORY) | OUTSIDE, R, 0, WITH },
    { "directory-absent", VTD_FR_SM_DIRECTORY_NOT_PRESENT, FIRST1, DIRECTORY,
      0, R, 0, WITH },
    { "directory-reserved", VTD_FR_SM_DIRECTORY_RESERVED, FIRST1, DIRECTORY,
      PASIDS | VTD_PDE_P | 4, R, 0, WITH },
    { "pasid-access", VTD_FR_SM_PASID_ACCESS, FIRST1, DIRECTORY,
      OUTSIDE | VTD_PDE_P, R, 0, WITH },
    { "pasid-absent", VTD_FR_SM_PASID_NOT_PRESENT, FIRST1, ENTRY, 0, R, 0,
      WITH },
    { "pasid-reserved", VTD_FR_SM_PASID_RESERVED, FIRST1, ENTRY,
      PE(FIRST1) | 1 << 10, R, 0, WITH },
    { "pasid-invalid", VTD_FR_SM_PASID_INVALID, FIRST1, ENTRY, PE(7), R, 0,
      WITH },
    { "no-sre", VTD_FR_SM_NO_SRE, FIRST1, 0, 0, R, 0, WITH | VTE_PRIVILEGED },
    { "first-table", VTD_FR_SM_FIRST_TABLE, FIRST1, ENTRY + 16, OUTSIDE, R, 0,
      WITH },
    { "first-access", VTD_FR_SM_FIRST_ACCESS, FIRST1, FIRST, OUTSIDE | PWU, R,
      0, WITH },
    { "first-absent", VTD_FR_SM_FIRST_NOT_PRESENT, FIRST1, FIRST + 0x3000, 0,
      R, 0, WITH },
    { "first-reserved", VTD_FR_SM_FIRST_RESERVED, FIRST1, FIRST + 0x3000,
      HIGH | PWU, R, 0, WITH },
    { "first-self", VTD_FR_SM_FIRST_NOT_PRESENT, FIRST1, FIRST + 0x2000,
      (FIRST + 0x2000) | PWU, R, 0x1000, WITH },
    { "first-registers", VTD_FR_SM_FIRST_ACCESS, FIRST1, FIRST, UNIT | PWU, R,
      0, WITH },
    { "second-table", VTD_FR_SM_SECOND_TABLE, SECOND, ENTRY,
      (PE(SECOND) & ~TABLE) | OUTSIDE, R, 0, WITH },
    { "second-access", VTD_FR_SM_SECOND_ACCESS, SECOND, TABLE, OUTSIDE | RW, R,
      0, WITH },
    { "second-absent", VTD_FR_SM_SECOND_NOT_PRESENT, SECOND, TABLE + 0x3000, 0,
      R, 0, WITH },
    { "second-reserved", VTD_FR_SM_SECOND_RESERVED, SECOND, TABLE + 0x3000,
      HIGH | RW, R, 0, WITH },
    { "canonical", VTD_FR_SM_CANONICAL, FIRST1, 0, 0, R, 1ULL << 47, WITH },
    { "privilege", VTD_FR_SM_PRIVILEGE, FIRST1, FIRST + 0x3000,
      PAGE | VTD_FS_P | VTD_FS_W, R, 0, WITH },
    { "second-range", VTD_FR_SM_SECOND_RANGE, SECOND, 0, 0, R, 1ULL << 48, WITH },
    { "haw", VTD_FR_SM_HAW, VTD_PGTT_PASS_THROUGH, 0, 0, R, HIGH, WITH },
    { "haw-translated", VTD_FR_SM_HAW, FIRST1, 0, 0, R, HIGH,
      VTE_RAW_TRANSLATED },
    { "first-no-snoop", VTD_FR_SM_FIRST_NO_SNOOP, FIRST1, ENTRY + 8, DOMAIN, R,
      0, WITH },
    { "write-first", VTD_FR_SM_WRITE, FIRST1, FIRST + 0x3000,
      PAGE | VTD_FS_P | VTD_FS_U, W, 0, WITH },
    { "write-second", VTD_FR_SM_WRITE, SECOND, TABLE + 0x3000,
      PAGE | VTD_SS_R, W, 0, WITH },
    { "read-second", VTD_FR_SM_READ, SECOND, TABLE + 0x3000, PAGE | VTD_SS_W,
      R, 0, WITH },
    { "interrupt-input", VTD_FR_SM_INTERRUPT_RANGE, FIRST1, 0, 0, R,
      0xfee00000, 0 },
    { "interrupt-output", VTD_FR_SM_INTERRUPT_RANGE, FIRST1, FIRST + 0x3000,
      0xfee00000 | PWU, W, 0, WITH },
    /* Nested: the second stage hides what the first is made of. */
    { "nested-mgaw", VTD_FR_SM_NESTED_MGAW, NESTED, FIRST, 1ULL << 49 | PWU, R,
      0, WITH },
    { "nested-top", VTD_FR_SM_NESTED_TOP_READ, NESTED, TABLE + 0x2000,
      VTD_SS_PS | VTD_SS_W, R, 0, WITH },
    { "nested-read", VTD_FR_SM_NESTED_READ, NESTED, FIRST, 0x400000 | PWU, R,
      0, WITH },
    { "nested-write", VTD_FR_SM_NESTED_WRITE, NESTED, TABLE + 0x2000,
      VTD_SS_PS | VTD_SS_R, R, 0, WITH },
    { "nested-output", VTD_FR_SM_SECOND_RANGE, NESTED, FIRST + 0x3000,
      1ULL << 49 | PWU, R, 0, WITH },
    { "nested-absent", VTD_FR_SM_SECOND_NOT_PRESENT, NESTED, FIRST + 0x3000,
      0x600000 | PWU, R, 0, WITH },
    { "page-request", VTD_FR_SM_NO_PRE, FIRST1, CTX, DEVICE, VTE_REQUEST_PAGE,
      0, WITH | VTE_LAST },
};

static void test_case(const void *data)
{
    const Case *c = data;
    Rig rig;
    Record r;

    build_scalable(&rig, c->pgtt);
    if (c->pgtt == NESTED) {
        /* All is where it says; 4M may only be written. */
        qtest_writeq(rig.qts, TABLE + 0x2000, VTD_SS_PS | RW);
        qtest_writeq(rig.qts, TABLE + 0x2008, PAGE | VTD_SS_PS | RW);
        qtest_writeq(rig.qts, TABLE + 0x2010, 0x400000 | VTD_SS_PS | VTD_SS_W);
    }
    if (c->place) {
        qtest_writeq(rig.qts, c->place, c->value);
    }
    enable_scalable(&rig);
    set(&rig, VTE_PASID, PASID);
    qtest_writel(rig.qts, PAGE, 0xa5a5a5a5);
    g_assert_cmpint(act(&rig, c->command, c->address, 4, c->flags), !=,
                    VTE_OK);
    r = take_first(&rig);
    g_assert_cmphex(r.reason, ==, c->reason);
    g_assert_cmphex(r.sid, ==, SID);
    g_assert_cmphex(r.info, ==, c->address & ~0xfffULL);
    g_assert_cmpint(r.has_pasid, ==, !!(c->flags & WITH));
    g_assert_cmphex(r.pasid, ==, c->flags & WITH ? PASID : 0);
    g_assert_cmphex(qtest_readl(rig.qts, PAGE), ==, 0xa5a5a5a5);
    /* One request, one record. */
    g_assert_cmphex(take_first(&rig).reason, ==, 0);
    stop(&rig);
}

/* The PASID is beyond the directory, of 128 entries for 8192 of them. */
static void test_pasid_range(void)
{
    Rig rig;
    Record r;

    start_scalable(&rig, FIRST1);
    set(&rig, VTE_PASID, 8192);
    g_assert_cmpint(act(&rig, R, 0, 4, WITH), ==, VTE_BLOCKED);
    r = take_first(&rig);
    g_assert_cmphex(r.reason, ==, VTD_FR_SM_PASID_RANGE);
    g_assert_cmphex(r.pasid, ==, 8192);
    stop(&rig);
}

/* Translation by the root table at @root, in this mode. */
static void start_at(Rig *rig, uint64_t root, uint64_t mode)
{
    build_scalable(rig, FIRST1);
    qtest_writeq(rig->qts, UNIT + VTD_RTADDR,
                 root | mode << VTD_RTADDR_TTM_SHIFT);
    gcmd(rig, VTD_GCMD_SRTP);
    gcmd(rig, VTD_GCMD_TE);
}

static void test_root_access(void)
{
    Rig rig;

    start_at(&rig, OUTSIDE, VTD_TTM_SCALABLE);
    g_assert_cmpint(act(&rig, R, 0, 4, 0), ==, VTE_BLOCKED);
    g_assert_cmphex(take_first(&rig).reason, ==, VTD_FR_SM_ROOT_ACCESS);
    stop(&rig);
}

/* RTADDR.TTM: 2 is no mode. */
static void test_reserved_mode(void)
{
    Rig rig;

    start_at(&rig, ROOT, VTD_TTM_RESERVED);
    for (unsigned flags = 0; flags <= WITH; flags += WITH) {
        g_assert_cmpint(act(&rig, R, 0, 4, flags), ==, VTE_BLOCKED);
        g_assert_cmphex(take_first(&rig).reason, ==, VTD_FR_SM_TTM_RESERVED);
    }
    stop(&rig);
}

/* The second stage's accessed and dirty bits, but walks may set none. */
static void test_second_no_snoop(void)
{
    Rig rig;

    build_scalable(&rig, SECOND);
    qtest_writeq(rig.qts, ENTRY, PE(SECOND) | VTD_PE_SSADE);
    qtest_writeq(rig.qts, ENTRY + 8, DOMAIN);
    enable_scalable(&rig);
    set(&rig, VTE_PASID, PASID);
    g_assert_cmpint(act(&rig, R, 0, 4, WITH), ==, VTE_BLOCKED);
    g_assert_cmphex(take_first(&rig).reason, ==, VTD_FR_SM_SECOND_NO_SNOOP);
    /* There is nothing to set: it goes through. */
    for (unsigned i = 0; i < 4; i++) {
        uint64_t at = TABLE + i * 0x1000;

        qtest_writeq(rig.qts, at, qtest_readq(rig.qts, at) | VTD_SS_A);
    }
    g_assert_cmpint(act(&rig, R, 0, 4, WITH), ==, VTE_OK);
    stop(&rig);
}

/* Tables in a ROM: the bits that are to be set there cannot be. */
static void test_update(void)
{
    const uint64_t rom = 0xffff0000;
    const uint64_t entries[] = {
        GUINT64_TO_LE(PAGE | PWU), GUINT64_TO_LE(PAGE | RW),
    };
    g_autofree char *image = g_malloc0(0x10000);
    g_autofree char *path = NULL, *options = NULL;
    int fd = g_file_open_tmp("iovlab-XXXXXX", &path, NULL);
    Rig rig;

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    memcpy(image, entries, sizeof(entries));
    g_assert_true(g_file_set_contents(path, image, 0x10000, NULL));
    options = g_strdup_printf(SCALABLE " -bios %s", path);
    for (unsigned pgtt = FIRST1; pgtt <= SECOND; pgtt++) {
        bool first = pgtt == FIRST1;

        build_scalable_with(&rig, options, pgtt);
        g_assert_cmphex(qtest_readq(rig.qts, rom), ==, PAGE | PWU);
        qtest_writeq(rig.qts, ENTRY, PE(pgtt) | VTD_PE_SSADE);
        qtest_writeq(rig.qts, first ? FIRST + 0x2000 : TABLE + 0x2000,
                     rom | (first ? PWU : RW));
        enable_scalable(&rig);
        set(&rig, VTE_PASID, PASID);
        g_assert_cmpint(act(&rig, R, first ? 0 : 0x1000, 4, WITH), ==,
                        VTE_BLOCKED);
        g_assert_cmphex(take_first(&rig).reason, ==,
                        first ? VTD_FR_SM_FIRST_UPDATE
                              : VTD_FR_SM_SECOND_UPDATE);
        g_assert_cmphex(qtest_readq(rig.qts, rom), ==, PAGE | PWU);
        stop(&rig);
    }
    unlink(path);
}

/* A PASID, or a page request, where the root table knows of none. */
static void test_legacy_mode(void)
{
    Rig rig;

    start_bare(&rig, SCALABLE);
    qtest_writeq(rig.qts, ROOT, CONTEXT | VTD_ROOT_P);
    qtest_writeq(rig.qts, UNIT + VTD_RTADDR, ROOT);
    gcmd(&rig, VTD_GCMD_SRTP);
    gcmd(&rig, VTD_GCMD_TE);
    set(&rig, VTE_PASID, PASID);
    g_assert_cmpint(act(&rig, R, 0, 4, WITH), ==, VTE_BLOCKED);
    g_assert_cmphex(take_first(&rig).reason, ==, VTD_FR_SM_TTM);
    g_assert_cmpint(act(&rig, VTE_REQUEST_PAGE, 0, 0, VTE_LAST), !=, VTE_OK);
    g_assert_cmphex(take_first(&rig).reason, ==, VTD_FR_SM_TTM_PAGE);
    stop(&rig);
}

/* In abort mode nothing passes and nothing is recorded (11.4.5). */
static void test_abort_mode(void)
{
    Rig rig;

    start_at(&rig, ROOT, VTD_TTM_ABORT);
    g_assert_cmpint(act(&rig, R, 0, 4, 0), ==, VTE_BLOCKED);
    g_assert_cmphex(take_first(&rig).reason, ==, 0);
    stop(&rig);
}

typedef struct Message {
    const char *name;
    unsigned reason;
    uint64_t table;             /* of interrupts */
    unsigned index;
    uint64_t lo, hi;            /* of entry 0 */
} Message;

static const Message messages[] = {
    { "index", VTD_FR_IR_INDEX, IRT, 256, 0, 0 },
    { "absent", VTD_FR_IR_NOT_PRESENT, IRT, 0, 0, 0 },
    { "access", VTD_FR_IR_ACCESS, OUTSIDE, 0, 0, 0 },
    { "reserved", VTD_FR_IR_RESERVED, IRT, 0, VTD_IRTE_P | 1 << 12, 0 },
    { "reserved-hi", VTD_FR_IR_RESERVED, IRT, 0, VTD_IRTE_P, 1ULL << 20 },
    { "source", VTD_FR_IR_SOURCE, IRT, 0, VTD_IRTE_P, SVT(1, 0, SID ^ 8) },
    { "silent", 0, IRT, 0, VTD_IRTE_FPD, 0 },
};

static void test_message(const void *data)
{
    const Message *m = data;
    Rig rig;
    Record r;

    start_bare(&rig, LEGACY);
    qtest_writeq(rig.qts, IRT, m->lo);
    qtest_writeq(rig.qts, IRT + 8, m->hi);
    qtest_writeq(rig.qts, UNIT + VTD_IRTA, m->table | VTD_IRTA_EIME | 7);
    gcmd(&rig, VTD_GCMD_SIRTP);
    gcmd(&rig, VTD_GCMD_IRE);
    g_assert_cmpint(act(&rig, VTE_MESSAGE, REMAPPABLE | (m->index & 0x7fff) <<
                        VTD_MSI_HANDLE_SHIFT, 0, 0), ==, VTE_BLOCKED);
    r = take_first(&rig);
    g_assert_cmphex(r.reason, ==, m->reason);
    if (m->reason) {
        g_assert_cmphex(r.sid, ==, SID);
        g_assert_cmphex(r.info >> VTD_FRCD_INDEX_SHIFT, ==, m->index);
    }
    stop(&rig);
}

#define PATH "/iovlab/vtd-faults/"

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strconcat(PATH "dma/", cases[i].name, NULL);

        qtest_add_data_func(name, &cases[i], test_case);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_autofree char *name = g_strconcat(PATH "message/", messages[i].name,
                                            NULL);

        qtest_add_data_func(name, &messages[i], test_message);
    }
    qtest_add_func(PATH "dma/pasid-range", test_pasid_range);
    qtest_add_func(PATH "dma/root-access", test_root_access);
    qtest_add_func(PATH "dma/second-no-snoop", test_second_no_snoop);
    qtest_add_func(PATH "dma/update", test_update);
    qtest_add_func(PATH "reserved-mode", test_reserved_mode);
    qtest_add_func(PATH "legacy-mode", test_legacy_mode);
    qtest_add_func(PATH "abort-mode", test_abort_mode);
    return g_test_run();
}
