/*
 * vtd-iommu with a real PCI function behind it: QEMU's edu, whose DMA and MSI
 * the test aims.  For each fault reason one request that causes it; stale and
 * fresh; a page boundary; forged interrupts; and the unit that the guest must
 * not see.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "qobject/qdict.h"
#include "vtd-places.h"

/* edu */
#define EDU_RAISE 0x60
#define EDU_SRC 0x80
#define EDU_DST 0x88
#define EDU_COUNT 0x90
#define EDU_COMMAND 0x98
#define EDU_BUFFER 0x40000

typedef struct Rig {
    QTestState *qts;
    uint32_t tail;
} Rig;

static uint32_t config_read(Rig *rig, unsigned offset)
{
    qtest_outl(rig->qts, 0xcf8, 0x80000000 | SID << 8 | offset);
    return qtest_inl(rig->qts, 0xcfc);
}

static void config_write(Rig *rig, unsigned offset, uint32_t value)
{
    qtest_outl(rig->qts, 0xcf8, 0x80000000 | SID << 8 | offset);
    qtest_outl(rig->qts, 0xcfc, value);
}

static void command(Rig *rig, uint32_t bits)
{
    uint32_t levels = VTD_GCMD_TE | VTD_GCMD_QIE | VTD_GCMD_IRE;
    uint32_t now = qtest_readl(rig->qts, UNIT + VTD_GSTS);

    qtest_writel(rig->qts, UNIT + VTD_GCMD, (now & levels) | bits);
}

static void start(Rig *rig, const char *options)
{
    rig->qts = qtest_initf("-machine q35 -nodefaults %s "
                           "-device edu,addr=4,dma_mask=0xffffffffffffffff",
                           options);
    rig->tail = 0;
    config_write(rig, 0x10, BAR);
    config_write(rig, 0x04, 6);
    g_assert_cmphex(qtest_readl(rig->qts, BAR), ==, 0x010000ed);
}

static void stop(Rig *rig)
{
    qtest_quit(rig->qts);
}

/* One page of DMA buffer to or from @address. */
static void dma(Rig *rig, uint64_t address, bool write, unsigned length)
{
    qtest_writeq(rig->qts, BAR + EDU_SRC, write ? EDU_BUFFER : address);
    qtest_writeq(rig->qts, BAR + EDU_DST, write ? address : EDU_BUFFER);
    qtest_writeq(rig->qts, BAR + EDU_COUNT, length);
    qtest_writeq(rig->qts, BAR + EDU_COMMAND, write ? 3 : 1);
    qtest_clock_step(rig->qts, 200 * 1000 * 1000);
}

static void enable(Rig *rig)
{
    qtest_writeq(rig->qts, UNIT + VTD_RTADDR, ROOT);
    command(rig, VTD_GCMD_SRTP);
    command(rig, VTD_GCMD_TE);
}

/* Tables of four levels with one leaf for address 0. */
static void build(Rig *rig, uint64_t leaf)
{
    qtest_writeq(rig->qts, ROOT, CONTEXT | VTD_ROOT_P);
    qtest_writeq(rig->qts, CONTEXT + SID * 16, TABLE | VTD_CTX_P);
    qtest_writeq(rig->qts, CONTEXT + SID * 16 + 8,
                 VTD_AW_4LEVEL | 5 << VTD_CTX_DID_SHIFT);
    for (unsigned i = 0; i < 3; i++) {
        qtest_writeq(rig->qts, TABLE + i * 0x1000,
                     (TABLE + (i + 1) * 0x1000) | RW);
    }
    qtest_writeq(rig->qts, TABLE + 0x3000, leaf);
}

/* The pending record; clears it.  0 if there is none. */
static unsigned take_record(Rig *rig, uint64_t *info, uint16_t *sid)
{
    uint32_t fsts = qtest_readl(rig->qts, UNIT + VTD_FSTS);
    uint64_t at = UNIT + VTD_FRCD + (fsts >> VTD_FSTS_FRI_SHIFT & 0xff) * 16;
    uint64_t hi = qtest_readq(rig->qts, at + 8);

    if (!(fsts & VTD_FSTS_PPF)) {
        return 0;
    }
    *info = qtest_readq(rig->qts, at);
    *sid = hi;
    qtest_writeq(rig->qts, at + 8, VTD_FRCD_F);
    return hi >> VTD_FRCD_FR_SHIFT & 0xff;
}

static void assert_record(Rig *rig, unsigned reason, uint64_t info)
{
    uint64_t got_info = 0;
    uint16_t sid = 0;

    g_assert_cmphex(take_record(rig, &got_info, &sid), ==, reason);
    if (reason) {
        g_assert_cmphex(sid, ==, SID);
        g_assert_cmphex(got_info, ==, info);
    }
}

static void test_translate(void)
{
    Rig rig;

    start(&rig, "-device vtd-iommu");
    build(&rig, PAGE | RW);
    enable(&rig);
    qtest_writeq(rig.qts, PAGE, 0x1122334455667788);
    dma(&rig, 0, false, 8);
    dma(&rig, 0x100, true, 8);
    g_assert_cmphex(qtest_readq(rig.qts, PAGE + 0x100), ==,
                    0x1122334455667788);
    assert_record(&rig, 0, 0);
    stop(&rig);
}

typedef struct FaultCase {
    const char *name;
    unsigned reason;
    bool write;
    uint64_t address;
    uint64_t place, value;      /* changed in the tables */
} FaultCase;

#define CTX (CONTEXT + SID * 16)
static const FaultCase fault_cases[] = {
    { "root-absent", VTD_FR_ROOT_NOT_PRESENT, 0, 0, ROOT, 0 },
    { "root-reserved", VTD_FR_ROOT_RESERVED, 0, 0, ROOT, CONTEXT | 3 },
    { "context-access", VTD_FR_CONTEXT_ACCESS, 0, 0, ROOT, OUTSIDE | 1 },
    { "context-absent", VTD_FR_CONTEXT_NOT_PRESENT, 0, 0, CTX, 0 },
    { "context-reserved", VTD_FR_CONTEXT_RESERVED, 0, 0, CTX,
      TABLE | 1 << 5 | 1 },
    { "context-invalid", VTD_FR_CONTEXT_INVALID, 0, 0, CTX,
      TABLE | 3 << 2 | 1 },
    { "beyond-mgaw", VTD_FR_BEYOND_MGAW, 0, 1ULL << 48, CTX, TABLE | 1 },
    { "write", VTD_FR_WRITE, 1, 0, TABLE + 0x3000, PAGE | VTD_SS_R },
    { "read", VTD_FR_READ, 0, 0, TABLE + 0x3000, PAGE | VTD_SS_W },
    { "paging-access", VTD_FR_PAGING_ACCESS, 0, 0, TABLE, OUTSIDE | RW },
    { "paging-self", VTD_FR_READ, 0, 1 << 12, TABLE + 0x2000,
      (TABLE + 0x2000) | RW },
    { "paging-reserved", VTD_FR_PAGING_RESERVED, 0, 0, TABLE,
      (TABLE + 0x1000) | VTD_SS_PS | RW },
    { "paging-registers", VTD_FR_PAGING_ACCESS, 0, 0, TABLE, UNIT | RW },
    { "interrupt-output", VTD_FR_INTERRUPT_RANGE, 1, 0, TABLE + 0x3000,
      0xfee00000 | RW },
    { "interrupt-input", VTD_FR_INTERRUPT_RANGE, 0, 0xfee00000, CTX,
      TABLE | 1 },
};

static void test_fault(const void *data)
{
    const FaultCase *c = data;
    Rig rig;

    start(&rig, "-device vtd-iommu");
    build(&rig, PAGE | RW);
    qtest_writeq(rig.qts, c->place, c->value);
    enable(&rig);
    qtest_writeq(rig.qts, PAGE, 0xa5a5a5a5a5a5a5a5);
    dma(&rig, c->address, c->write, 64);
    assert_record(&rig, c->reason, c->address & ~0xfffULL);
    g_assert_cmphex(qtest_readq(rig.qts, PAGE), ==, 0xa5a5a5a5a5a5a5a5);
    /* One request, one record. */
    assert_record(&rig, 0, 0);
    stop(&rig);
}

static void test_root_access(void)
{
    Rig rig;

    start(&rig, "-device vtd-iommu");
    qtest_writeq(rig.qts, UNIT + VTD_RTADDR, OUTSIDE);
    command(&rig, VTD_GCMD_SRTP);
    command(&rig, VTD_GCMD_TE);
    dma(&rig, 0, true, 64);
    assert_record(&rig, VTD_FR_ROOT_ACCESS, 0);
    stop(&rig);
}

/* The first page is reached, the second is a fault of its own address. */
static void test_page_boundary(void)
{
    Rig rig;

    start(&rig, "-device vtd-iommu");
    build(&rig, PAGE | RW);
    enable(&rig);
    for (unsigned i = 0; i < 16; i++) {
        qtest_writeb(rig.qts, PAGE + i, 0x77);
        qtest_writeb(rig.qts, PAGE + 0x1000 + i, 0xee);
    }
    dma(&rig, 0, false, 16);
    dma(&rig, 0xff8, true, 16);
    g_assert_cmphex(qtest_readq(rig.qts, PAGE + 0xff8), ==,
                    0x7777777777777777);
    g_assert_cmphex(qtest_readq(rig.qts, PAGE + 0x1000), ==,
                    0xeeeeeeeeeeeeeeee);
    assert_record(&rig, VTD_FR_WRITE, 0x1000);
    stop(&rig);
}

static void queue(Rig *rig, uint64_t lo, uint64_t hi)
{
    qtest_writeq(rig->qts, QUEUE + rig->tail, lo);
    qtest_writeq(rig->qts, QUEUE + rig->tail + 8, hi);
    rig->tail = (rig->tail + 16) % 4096;
    qtest_writel(rig->qts, UNIT + VTD_IQT, rig->tail);
}

static void enable_queue(Rig *rig)
{
    qtest_writeq(rig->qts, UNIT + VTD_IQA, QUEUE);
    qtest_writel(rig->qts, UNIT + VTD_IQT, 0);
    command(rig, VTD_GCMD_QIE);
}

typedef struct FlushCase {
    const char *name;
    uint64_t lo, hi;
    bool fresh;
} FlushCase;

static const FlushCase flush_cases[] = {
    { "none", VTD_DESC_WAIT, 0, false },
    { "global", VTD_DESC_IOTLB | 1 << 4, 0, true },
    { "domain", VTD_DESC_IOTLB | 2 << 4 | 5 << 16, 0, true },
    { "other-domain", VTD_DESC_IOTLB | 2 << 4 | 6 << 16, 0, false },
    { "page", VTD_DESC_IOTLB | 3 << 4 | 5 << 16, 0, true },
    { "other-page", VTD_DESC_IOTLB | 3 << 4 | 5 << 16, 0x1000, false },
};

static void test_flush(const void *data)
{
    const FlushCase *c = data;
    Rig rig;

    start(&rig, "-device vtd-iommu");
    build(&rig, PAGE | RW);
    enable(&rig);
    enable_queue(&rig);
    dma(&rig, 0, true, 8);
    qtest_writeq(rig.qts, TABLE + 0x3000, 0);
    dma(&rig, 0, true, 8);
    assert_record(&rig, 0, 0);
    queue(&rig, c->lo, c->hi);
    queue(&rig, VTD_DESC_WAIT | VTD_DESC_WAIT_SW | 0x1234ULL << 32, STATUS);
    g_assert_cmphex(qtest_readl(rig.qts, STATUS), ==, 0x1234);
    dma(&rig, 0, true, 8);
    assert_record(&rig, c->fresh ? VTD_FR_WRITE : 0, 0);
    stop(&rig);
}

/* Aims edu's MSI and raises it. */
static void raise_msi(Rig *rig, uint32_t address, uint32_t data)
{
    unsigned cap = config_read(rig, 0x34) & 0xff;

    while (cap && (config_read(rig, cap) & 0xff) != 0x05) {
        cap = config_read(rig, cap) >> 8 & 0xff;
    }
    g_assert_cmpuint(cap, !=, 0);
    config_write(rig, cap + 4, address);
    config_write(rig, cap + 8, 0);
    config_write(rig, cap + 12, data);
    config_write(rig, cap, config_read(rig, cap) | 1 << 16);
    qtest_writel(rig->qts, BAR + EDU_RAISE, 1);
    qtest_writel(rig->qts, BAR + 0x64, 1);
}

typedef struct MsiCase {
    const char *name;
    unsigned reason;
    uint32_t address, data;
    uint64_t lo, hi;
    uint64_t info;
} MsiCase;

#define REMAPPABLE (VTD_MSI_BASE | VTD_MSI_REMAPPABLE)
#define OWN ((uint64_t)VTD_SVT_SID << VTD_IRTE_SVT_SHIFT | SID)
static const MsiCase msi_cases[] = {
    { "remapped", 0, REMAPPABLE, 0, VTD_IRTE_P | 0x41 << 16, OWN, 0 },
    { "compatibility", VTD_FR_IR_COMPATIBILITY, VTD_MSI_BASE, 0x41, 0, 0, 0 },
    { "index", VTD_FR_IR_INDEX, REMAPPABLE | 300 << 5, 0, 0, 0,
      300ULL << 48 },
    { "absent", VTD_FR_IR_NOT_PRESENT, REMAPPABLE, 0, 0, 0, 0 },
    { "reserved", VTD_FR_IR_RESERVED, REMAPPABLE, 0, VTD_IRTE_P | 1 << 12,
      OWN, 0 },
    { "forged", VTD_FR_IR_SOURCE, REMAPPABLE, 0, VTD_IRTE_P, OWN ^ 8, 0 },
};

static void test_msi(const void *data)
{
    const MsiCase *c = data;
    Rig rig;

    start(&rig, "-device vtd-iommu");
    qtest_writeq(rig.qts, IRT, c->lo);
    qtest_writeq(rig.qts, IRT + 8, c->hi);
    qtest_writeq(rig.qts, UNIT + VTD_IRTA, IRT | VTD_IRTA_EIME | 7);
    command(&rig, VTD_GCMD_SIRTP);
    command(&rig, VTD_GCMD_IRE);
    raise_msi(&rig, c->address, c->data);
    if (c->reason == VTD_FR_IR_COMPATIBILITY) {
        uint64_t info;
        uint16_t sid;

        g_assert_cmphex(take_record(&rig, &info, &sid), ==, c->reason);
        g_assert_cmphex(sid, ==, SID);
    } else {
        assert_record(&rig, c->reason, c->info);
    }
    stop(&rig);
}

static void test_access_sizes(void)
{
    Rig rig;

    start(&rig, "-device vtd-iommu");
    for (unsigned offset = 0; offset < 0x1000; offset += 13) {
        qtest_writeb(rig.qts, UNIT + offset, 0xff);
        qtest_writew(rig.qts, UNIT + offset, 0xffff);
        qtest_readb(rig.qts, UNIT + offset);
        qtest_readq(rig.qts, UNIT + offset);
    }
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_GSTS), ==, 0);
    stop(&rig);
}

static void test_reset(void)
{
    Rig rig;

    start(&rig, "-device vtd-iommu");
    enable(&rig);
    g_assert_true(qtest_readl(rig.qts, UNIT + VTD_GSTS) & VTD_GCMD_TE);
    qtest_system_reset(rig.qts);
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_GSTS), ==, 0);
    stop(&rig);
}

/* The hypervisor's unit has no registers and leaves other buses alone. */
static void test_hypervisor_invisible(void)
{
    Rig rig;

    start(&rig, "-device vtd-iommu,owner=hypervisor");
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_VER), ==, 0);
    qtest_writeq(rig.qts, PAGE, 0x1234);
    dma(&rig, PAGE, false, 8);
    dma(&rig, PAGE + 8, true, 8);
    g_assert_cmphex(qtest_readq(rig.qts, PAGE + 8), ==, 0x1234);
    stop(&rig);
}

static char *get_property(Rig *rig, const char *name)
{
    QDict *answer = qtest_qmp(rig->qts, "{ 'execute': 'qom-get', "
                              "'arguments': { 'path': "
                              "'/machine/hypervisor-iommu', "
                              "'property': %s } }", name);
    char *text = g_strdup(qdict_get_str(answer, "return"));

    qobject_unref(answer);
    return text;
}

static void test_hypervisor_replay(const void *data)
{
    const char *replay = data;
    Rig rig;
    g_autofree char *result = NULL, *use = NULL;

    start(&rig, "-device vtd-iommu,owner=hypervisor");
    qtest_qmp_assert_success(rig.qts, "{ 'execute': 'qom-set', 'arguments': "
                             "{ 'path': '/machine/hypervisor-iommu', "
                             "'property': 'x-replay', 'value': %s } }",
                             replay);
    result = get_property(&rig, "x-replay-result");
    g_assert_nonnull(strstr(result, "\"result\": \"blocked\""));
    g_assert_nonnull(strstr(result, "\"memory-changed\": false"));
    g_assert_nonnull(strstr(result, "\"faults\": 1,"));
    use = get_property(&rig, "use");
    g_assert_nonnull(strstr(use, "\"domains\": 0"));
    stop(&rig);
}

#define ADD(prefix, cases, function)                                       \
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {                   \
        g_autofree char *name = g_strconcat("/iovlab/vtd-iommu/" prefix,   \
                                            cases[i].name, NULL);          \
        qtest_add_data_func(name, &cases[i], function);                    \
    }

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/iovlab/vtd-iommu/translate", test_translate);
    qtest_add_func("/iovlab/vtd-iommu/page-boundary", test_page_boundary);
    qtest_add_func("/iovlab/vtd-iommu/access-sizes", test_access_sizes);
    qtest_add_func("/iovlab/vtd-iommu/reset", test_reset);
    qtest_add_func("/iovlab/vtd-iommu/fault/root-access", test_root_access);
    ADD("fault/", fault_cases, test_fault);
    ADD("flush/", flush_cases, test_flush);
    ADD("msi/", msi_cases, test_msi);
    qtest_add_func("/iovlab/vtd-iommu/hypervisor/invisible",
                   test_hypervisor_invisible);
    qtest_add_data_func("/iovlab/vtd-iommu/hypervisor/late-dma",
                        "dma-write:0x380:0x200000:512",
                        test_hypervisor_replay);
    qtest_add_data_func("/iovlab/vtd-iommu/hypervisor/late-msi",
                        "msi:0x380:0xfee00018:0", test_hypervisor_replay);
    return g_test_run();
}
