/*
 * vtd-iommu with vtd-test-endpoint behind it: forged requesters and
 * interrupts, several fault records with overflow, invalidation racing DMA, a
 * queue that wraps, PASIDs, ATS with time-out, page requests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "vtd-rig.h"

static void test_plain(void)
{
    Rig rig;

    start(&rig, VTD_TT_UNTRANSLATED);
    set(&rig, VTE_BUFFER, 0x12345678);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0x10, 4, 0), ==, VTE_OK);
    g_assert_cmphex(qtest_readl(rig.qts, PAGE + 0x10), ==, 0x12345678);
    /* Two pages in one access; the second is elsewhere. */
    set(&rig, VTE_BUFFER + 4, 0x9abcdef0);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0xffc, 8, 0), ==, VTE_OK);
    g_assert_cmphex(qtest_readl(rig.qts, OTHER), ==, 0x9abcdef0);
    g_assert_cmpint(take_first(&rig).reason, ==, 0);
    stop(&rig);
}

/* The second page is absent: the first is reached, the fault names it. */
static void test_boundary(void)
{
    Rig rig;
    Record r;

    start(&rig, VTD_TT_UNTRANSLATED);
    set(&rig, VTE_BUFFER, 0x11111111);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0x1ffc, 8, 0), ==, VTE_BLOCKED);
    g_assert_cmphex(qtest_readl(rig.qts, OTHER + 0xffc), ==, 0x11111111);
    r = take_first(&rig);
    g_assert_cmpint(r.reason, ==, VTD_FR_WRITE);
    g_assert_cmphex(r.info, ==, 0x2000);
    g_assert_cmpint(take_first(&rig).reason, ==, 0);
    stop(&rig);
}

static void test_forged_dma(void)
{
    Rig rig;
    Record r;

    start(&rig, VTD_TT_UNTRANSLATED);
    qtest_writel(rig.qts, PAGE, 0x55555555);
    set(&rig, VTE_REQUESTER, 0x0128);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0, 4, VTE_FORGED), ==, VTE_BLOCKED);
    r = take_first(&rig);
    g_assert_cmpint(r.reason, ==, VTD_FR_ROOT_NOT_PRESENT);
    g_assert_cmphex(r.sid, ==, 0x0128);
    set(&rig, VTE_REQUESTER, SID ^ 1);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0, 4, VTE_FORGED), ==, VTE_BLOCKED);
    r = take_first(&rig);
    g_assert_cmpint(r.reason, ==, VTD_FR_CONTEXT_NOT_PRESENT);
    g_assert_cmphex(r.sid, ==, SID ^ 1);
    g_assert_cmphex(qtest_readl(rig.qts, PAGE), ==, 0x55555555);
    stop(&rig);
}

typedef struct Message {
    const char *name;
    unsigned reason;
    uint16_t forged;            /* 0: its own */
    uint32_t address;
    uint64_t hi;                /* of interrupt entry 0 */
} Message;

static const Message messages[] = {
    { "own", 0, 0, REMAPPABLE, SVT(1, 0, SID) },
    { "forged", VTD_FR_IR_SOURCE, SID ^ 1, REMAPPABLE, SVT(1, 0, SID) },
    { "function-ignored", 0, SID ^ 4, REMAPPABLE, SVT(1, 1, SID) },
    { "function-counts", VTD_FR_IR_SOURCE, SID ^ 2, REMAPPABLE,
      SVT(1, 1, SID) },
    { "all-functions", 0, SID ^ 7, REMAPPABLE, SVT(1, 3, SID) },
    { "bus", 0, 0x0200, REMAPPABLE, SVT(2, 0, 0x0103) },
    { "other-bus", VTD_FR_IR_SOURCE, 0x0400, REMAPPABLE, SVT(2, 0, 0x0103) },
    { "compatibility", VTD_FR_IR_COMPATIBILITY, 0, VTD_MSI_BASE, 0 },
    { "subhandle", VTD_FR_IR_REQUEST_RESERVED, 0, REMAPPABLE | VTD_MSI_SHV,
      0 },
};

static void test_message(const void *data)
{
    const Message *m = data;
    Rig rig;
    Record r;

    start_bare(&rig, LEGACY);
    qtest_writeq(rig.qts, IRT, VTD_IRTE_P | 0x41 << 16);
    qtest_writeq(rig.qts, IRT + 8, m->hi);
    enable_remapping(&rig);
    set(&rig, VTE_REQUESTER, m->forged);
    /* Reserved bits of the data count with a subhandle only. */
    set(&rig, VTE_DATA, m->address & VTD_MSI_SHV ? 0x10000 : 0);
    g_assert_cmpint(act(&rig, VTE_MESSAGE, m->address, 0,
                        m->forged ? VTE_FORGED : 0), ==,
                    m->reason ? VTE_BLOCKED : VTE_OK);
    r = take_first(&rig);
    g_assert_cmphex(r.reason, ==, m->reason);
    if (m->reason) {
        g_assert_cmphex(r.sid, ==, m->forged ? m->forged : SID);
    }
    stop(&rig);
}

/* Eight records, then overflow; cleared in order, then it records again. */
static void test_overflow(void)
{
    Rig rig;

    start(&rig, VTD_TT_UNTRANSLATED);
    for (unsigned i = 0; i < 9; i++) {
        set(&rig, VTE_REQUESTER, 0x0100 + i * 8);
        act(&rig, VTE_READ, 0x5000 + i * 0x1000, 4, VTE_FORGED);
    }
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_FSTS), ==,
                    VTD_FSTS_PFO | VTD_FSTS_PPF);
    for (unsigned i = 0; i < 8; i++) {
        Record r = take_first(&rig);

        g_assert_cmphex(r.reason, ==, VTD_FR_ROOT_NOT_PRESENT);
        g_assert_cmphex(r.sid, ==, 0x0100 + i * 8);
        g_assert_cmphex(r.info, ==, 0x5000 + i * 0x1000);
    }
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_FSTS) & 3, ==,
                    VTD_FSTS_PFO);
    act(&rig, VTE_READ, 0x5000, 4, VTE_FORGED);
    g_assert_false(qtest_readl(rig.qts, UNIT + VTD_FSTS) & VTD_FSTS_PPF);
    qtest_writel(rig.qts, UNIT + VTD_FSTS, VTD_FSTS_PFO);
    act(&rig, VTE_READ, 0x5000, 4, VTE_FORGED);
    g_assert_cmphex(take_first(&rig).reason, ==, VTD_FR_ROOT_NOT_PRESENT);
    stop(&rig);
}

/* A write that is past translation: an invalidation with drain waits. */
static void test_drain(void)
{
    Rig rig;

    start(&rig, VTD_TT_UNTRANSLATED);
    set(&rig, VTE_BUFFER, 0x12345678);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0x20, 4, VTE_DEFERRED), ==, VTE_OK);
    g_assert_cmphex(qtest_readl(rig.qts, PAGE + 0x20), ==, 0);
    qtest_writeq(rig.qts, TABLE + 0x3000, 0);
    queue(&rig, VTD_DESC_IOTLB | 2 << 4 | DOMAIN << 16 | VTD_DESC_IOTLB_DW |
          VTD_DESC_IOTLB_DR, 0);
    queue_wait(&rig, 1);
    g_assert_cmphex(status(&rig), ==, 0);
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_IQH), ==, 0);
    g_assert_cmpint(act(&rig, VTE_COMMIT, 0x20, 4, 0), ==, VTE_OK);
    g_assert_cmphex(qtest_readl(rig.qts, PAGE + 0x20), ==, 0x12345678);
    g_assert_cmphex(status(&rig), ==, 1);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0x20, 4, 0), ==, VTE_BLOCKED);
    stop(&rig);
}

/* DR and DW are for older units: this one drains always. */
static void test_drain_without_flags(void)
{
    Rig rig;

    start(&rig, VTD_TT_UNTRANSLATED);
    set(&rig, VTE_BUFFER, 0x12345678);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0x20, 4, VTE_DEFERRED), ==, VTE_OK);
    queue(&rig, VTD_DESC_IOTLB | 2 << 4 | DOMAIN << 16, 0);
    queue_wait(&rig, 1);
    g_assert_cmphex(status(&rig), ==, 0);
    g_assert_cmpint(act(&rig, VTE_COMMIT, 0x20, 4, 0), ==, VTE_OK);
    g_assert_cmphex(status(&rig), ==, 1);
    g_assert_cmphex(qtest_readl(rig.qts, PAGE + 0x20), ==, 0x12345678);
    stop(&rig);
}

/* Protected memory, before anything translates. */
static void test_protected(void)
{
    Rig rig;

    start_bare(&rig, LEGACY ",protected-memory=on");
    qtest_writel(rig.qts, PAGE, 0x55555555);
    qtest_writel(rig.qts, UNIT + VTD_PLMBASE, PAGE & VTD_PM_LOW);
    qtest_writel(rig.qts, UNIT + VTD_PLMLIMIT, PAGE & VTD_PM_LOW);
    /* No high region: its base is above its limit. */
    qtest_writeq(rig.qts, UNIT + VTD_PHMBASE, VTD_PM_UNIT);
    g_assert_cmpint(act(&rig, VTE_WRITE, PAGE + 4, 4, 0), ==, VTE_OK);
    qtest_writel(rig.qts, UNIT + VTD_PMEN, VTD_PMEN_EPM);
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_PMEN), ==,
                    VTD_PMEN_EPM | VTD_PMEN_PRS);
    g_assert_cmpint(act(&rig, VTE_WRITE, PAGE, 4, 0), ==, VTE_BLOCKED);
    g_assert_cmphex(qtest_readl(rig.qts, PAGE), ==, 0x55555555);
    g_assert_cmphex(take_first(&rig).reason, ==, 0);
    g_assert_cmpint(act(&rig, VTE_WRITE, PAGE - 4, 4, 0), ==, VTE_OK);
    qtest_writel(rig.qts, UNIT + VTD_PMEN, 0);
    g_assert_cmpint(act(&rig, VTE_WRITE, PAGE, 4, 0), ==, VTE_OK);
    g_assert_cmphex(qtest_readl(rig.qts, PAGE), ==, 0);
    stop(&rig);
}

static void test_queue_wraps(void)
{
    Rig rig;

    start(&rig, VTD_TT_UNTRANSLATED);
    for (unsigned i = 1; i < 600; i++) {
        queue_wait(&rig, i);
        g_assert_cmpuint(status(&rig), ==, i);
    }
    /* A full ring less one, in one go. */
    for (unsigned i = 0; i < 255; i++) {
        qtest_writeq(rig.qts, QUEUE + (rig.tail + i * 16) % 4096,
                     VTD_DESC_WAIT | VTD_DESC_WAIT_SW |
                     (uint64_t)(1000 + i) << 32);
        qtest_writeq(rig.qts, QUEUE + (rig.tail + i * 16) % 4096 + 8, STATUS);
    }
    rig.tail = (rig.tail + 255 * 16) % 4096;
    qtest_writel(rig.qts, UNIT + VTD_IQT, rig.tail);
    g_assert_cmpuint(status(&rig), ==, 1254);
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_IQH), ==, rig.tail);
    stop(&rig);
}

static void flush_device(Rig *rig, uint64_t address)
{
    queue(rig, VTD_DESC_DEVICE_TLB | (uint64_t)SID << 32, address);
}

/* Advanced logging: faults of DMA and of an interrupt, in guest RAM. */
static void test_fault_log(void)
{
    const uint64_t log = OTHER;
    uint64_t hi;
    Rig rig;

    start_bare(&rig, "-device vtd-iommu,fault-log=on");
    qtest_writeq(rig.qts, UNIT + VTD_RTADDR, ROOT);
    gcmd(&rig, VTD_GCMD_SRTP);
    gcmd(&rig, VTD_GCMD_TE);
    qtest_writeq(rig.qts, UNIT + VTD_AFLOG, log);
    gcmd(&rig, VTD_GCMD_SFL);
    gcmd(&rig, VTD_GCMD_EAFL);
    g_assert_cmpint(act(&rig, VTE_READ, 0x5000, 4, 0), ==, VTE_BLOCKED);
    enable_remapping(&rig);
    g_assert_cmpint(act(&rig, VTE_MESSAGE, REMAPPABLE |
                        3 << VTD_MSI_HANDLE_SHIFT, 0, 0), ==, VTE_BLOCKED);
    g_assert_cmphex(qtest_readq(rig.qts, log), ==, 0x5000);
    hi = qtest_readq(rig.qts, log + 8);
    g_assert_cmphex(hi, ==, VTD_FRCD_T_READ | SID |
                    (uint64_t)VTD_FR_ROOT_NOT_PRESENT << VTD_FRCD_FR_SHIFT);
    g_assert_cmphex(qtest_readq(rig.qts, log + 16), ==,
                    3ULL << VTD_FRCD_INDEX_SHIFT);
    hi = qtest_readq(rig.qts, log + 24);
    g_assert_cmphex(hi >> VTD_FRCD_FR_SHIFT & 0xff, ==, VTD_FR_IR_NOT_PRESENT);
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_FSTS), ==, VTD_FSTS_APF);
    g_assert_cmphex(take_first(&rig).reason, ==, 0);
    stop(&rig);
}

static void test_ats(void)
{
    Rig rig;

    start(&rig, VTD_TT_ATS);
    set(&rig, VTE_BUFFER, 0x12345678);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0, 4, VTE_TRANSLATED), ==,
                    VTE_TLB_MISS);
    g_assert_cmpint(act(&rig, VTE_TRANSLATE, 0, 0, VTE_FOR_WRITE), ==, VTE_OK);
    g_assert_cmphex(qtest_readq(rig.qts, BAR + VTE_RESULT), ==, PAGE);
    g_assert_cmphex(get(&rig, VTE_RIGHTS), ==, 3);
    /* Its own TLB goes on after the IOTLB has been flushed... */
    qtest_writeq(rig.qts, TABLE + 0x3000, 0);
    queue(&rig, VTD_DESC_IOTLB | 1 << 4, 0);
    queue_wait(&rig, 1);
    g_assert_cmpint(act(&rig, VTE_WRITE, 8, 4, VTE_TRANSLATED), ==, VTE_OK);
    g_assert_cmphex(qtest_readl(rig.qts, PAGE + 8), ==, 0x12345678);
    /* ...of another page... */
    flush_device(&rig, 0x1000);
    g_assert_cmpint(act(&rig, VTE_WRITE, 8, 4, VTE_TRANSLATED), ==, VTE_OK);
    /* ...and ends with its own. */
    flush_device(&rig, 0);
    g_assert_cmpint(get(&rig, VTE_INVALIDATIONS), ==, 2);
    g_assert_cmpint(act(&rig, VTE_WRITE, 8, 4, VTE_TRANSLATED), ==,
                    VTE_TLB_MISS);
    g_assert_cmpint(act(&rig, VTE_TRANSLATE, 0, 0, 0), ==, VTE_OK);
    g_assert_cmphex(get(&rig, VTE_RIGHTS), ==, 0);
    g_assert_cmpint(take_first(&rig).reason, ==, 0);
    stop(&rig);
}

static void test_ats_forbidden(void)
{
    Rig rig;

    start(&rig, VTD_TT_UNTRANSLATED);
    g_assert_cmpint(act(&rig, VTE_TRANSLATE, 0, 0, 0), ==, VTE_UNSUPPORTED);
    g_assert_cmpint(take_first(&rig).reason, ==, VTD_FR_TYPE_BLOCKED);
    /* It claims to have translated what it has not. */
    g_assert_cmpint(act(&rig, VTE_WRITE, PAGE, 4, VTE_RAW_TRANSLATED), ==,
                    VTE_BLOCKED);
    g_assert_cmpint(take_first(&rig).reason, ==, VTD_FR_TYPE_BLOCKED);
    stop(&rig);
}

static void test_ats_time_out(void)
{
    Rig rig;

    start(&rig, VTD_TT_ATS);
    set(&rig, VTE_FLAGS, VTE_HOLD);
    flush_device(&rig, 0);
    queue_wait(&rig, 1);
    qtest_clock_step(rig.qts, 500 * 1000 * 1000);
    g_assert_cmphex(status(&rig), ==, 0);
    set(&rig, VTE_COMMAND, VTE_ANSWER);
    g_assert_cmphex(status(&rig), ==, 1);
    /* This one is never answered. */
    flush_device(&rig, 0);
    queue_wait(&rig, 2);
    queue_wait(&rig, 3);
    qtest_clock_step(rig.qts, 2000LL * 1000 * 1000);
    g_assert_true(qtest_readl(rig.qts, UNIT + VTD_FSTS) & VTD_FSTS_ITE);
    g_assert_cmphex(qtest_readq(rig.qts, UNIT + VTD_IQERCD) >>
                    VTD_IQERCD_ITESID_SHIFT & 0xffff, ==, SID);
    g_assert_cmphex(status(&rig), ==, 1);
    qtest_writel(rig.qts, UNIT + VTD_FSTS, VTD_FSTS_ITE);
    g_assert_cmphex(status(&rig), ==, 3);
    stop(&rig);
}

/* The unit's invalidation completion error, as software sees it; cleared. */
static void judge_completion_error(Rig *rig, unsigned sid)
{
    g_assert_cmphex(qtest_readl(rig->qts, UNIT + VTD_FSTS) & VTD_FSTS_ICE, ==,
                    VTD_FSTS_ICE);
    g_assert_cmphex(qtest_readq(rig->qts, UNIT + VTD_IQERCD) >>
                    VTD_IQERCD_ICESID_SHIFT, ==, sid);
    qtest_writel(rig->qts, UNIT + VTD_FSTS, VTD_FSTS_ICE);
    g_assert_cmphex(qtest_readl(rig->qts, UNIT + VTD_FSTS), ==, 0);
}

/* Completions that nothing waits for: of none, of another's, a late one. */
static void test_ats_unexpected(void)
{
    const unsigned other = SID + 8;
    Rig rig;

    start(&rig, VTD_TT_ATS);
    g_assert_cmpint(act(&rig, VTE_ANSWER_UNASKED, 0, 0, 0), ==, VTE_OK);
    /* The queue goes on meanwhile. */
    flush_device(&rig, 0);
    queue_wait(&rig, 1);
    g_assert_cmphex(status(&rig), ==, 1);
    judge_completion_error(&rig, SID);
    set(&rig, VTE_FLAGS, VTE_HOLD);
    flush_device(&rig, 0);
    queue_wait(&rig, 2);
    set(&rig, VTE_REQUESTER, other);
    g_assert_cmpint(act(&rig, VTE_ANSWER_UNASKED, 0, 0, VTE_HOLD | VTE_FORGED),
                    ==, VTE_OK);
    judge_completion_error(&rig, other);
    g_assert_cmphex(status(&rig), ==, 1);
    set(&rig, VTE_COMMAND, VTE_ANSWER);
    g_assert_cmphex(status(&rig), ==, 2);
    flush_device(&rig, 0);
    queue_wait(&rig, 3);
    qtest_clock_step(rig.qts, 2000LL * 1000 * 1000);
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_FSTS), ==, VTD_FSTS_ITE);
    qtest_writel(rig.qts, UNIT + VTD_FSTS, VTD_FSTS_ITE);
    set(&rig, VTE_COMMAND, VTE_ANSWER);
    judge_completion_error(&rig, SID);
    stop(&rig);
}

static void test_pasid(const void *data)
{
    unsigned pgtt = GPOINTER_TO_UINT(data);
    Rig rig;
    Record r;

    start_scalable(&rig, pgtt);
    if (pgtt == VTD_PGTT_NESTED) {
        /* The second stage maps the tables to themselves: one 2M page. */
        qtest_writeq(rig.qts, TABLE + 0x2000, VTD_SS_PS | RW);
        qtest_writeq(rig.qts, TABLE + 0x2008, PAGE | VTD_SS_PS | RW);
    }
    set(&rig, VTE_BUFFER, 0x12345678);
    set(&rig, VTE_PASID, PASID);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0x40, 4, VTE_HAS_PASID), ==, VTE_OK);
    g_assert_cmphex(qtest_readl(rig.qts, PAGE + 0x40), ==, 0x12345678);
    if (pgtt != VTD_PGTT_SECOND) {
        g_assert_cmphex(qtest_readq(rig.qts, FIRST + 0x3000) &
                        (VTD_FS_A | VTD_FS_D), ==, VTD_FS_A | VTD_FS_D);
    }
    /* Without one it takes RID_PASID's way. */
    g_assert_cmpint(act(&rig, VTE_WRITE, 0x44, 4, 0), ==, VTE_OK);
    g_assert_cmphex(qtest_readl(rig.qts, PAGE + 0x44), ==, 0x12345678);
    set(&rig, VTE_PASID, PASID + 1);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0x40, 4, VTE_HAS_PASID), ==,
                    VTE_BLOCKED);
    r = take_first(&rig);
    g_assert_cmphex(r.reason, ==, VTD_FR_SM_PASID_NOT_PRESENT);
    g_assert_true(r.has_pasid);
    g_assert_cmphex(r.pasid, ==, PASID + 1);
    stop(&rig);
}

static void test_pasid_flush(void)
{
    Rig rig;

    start_scalable(&rig, VTD_PGTT_FIRST);
    set(&rig, VTE_PASID, PASID);
    g_assert_cmpint(act(&rig, VTE_READ, 0, 4, VTE_HAS_PASID), ==, VTE_OK);
    qtest_writeq(rig.qts, FIRST + 0x3000, 0);
    g_assert_cmpint(act(&rig, VTE_READ, 0, 4, VTE_HAS_PASID), ==, VTE_OK);
    queue(&rig, VTD_DESC_PASID_IOTLB | VTD_PIOTLB_PAGES << 4 | DOMAIN << 16 |
          (uint64_t)PASID << 32, 0);
    g_assert_cmpint(act(&rig, VTE_READ, 0, 4, VTE_HAS_PASID), ==, VTE_BLOCKED);
    g_assert_cmphex(take_first(&rig).reason, ==, VTD_FR_SM_FIRST_NOT_PRESENT);
    stop(&rig);
}

static void test_page_request(void)
{
    Rig rig;

    start_scalable(&rig, VTD_PGTT_FIRST);
    set(&rig, VTE_PASID, PASID);
    set(&rig, VTE_GROUP, 77);
    g_assert_cmpint(act(&rig, VTE_REQUEST_PAGE, 0x7000, 0, VTE_HAS_PASID |
                        VTE_FOR_WRITE | VTE_LAST), ==, VTE_OK);
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_PQT), ==, 32);
    g_assert_cmphex(qtest_readl(rig.qts, UNIT + VTD_PRS), ==, VTD_PRS_PPR);
    g_assert_cmphex(qtest_readq(rig.qts, REQUESTS), ==, VTD_PRQ_TYPE |
                    VTD_PRQ_PASID_PRESENT | SID << 16 | (uint64_t)PASID << 32);
    g_assert_cmphex(qtest_readq(rig.qts, REQUESTS + 8), ==,
                    0x7000 | 77 << 3 | 7);
    queue(&rig, VTD_DESC_PAGE_RESPONSE | VTD_DESC_PGR_PP | SID << 16 |
          (uint64_t)PASID << 32, 77 << 3 | VTD_DESC_PGR_LPIG);
    g_assert_cmphex(get(&rig, VTE_RESPONSES), ==, 1);
    g_assert_cmphex(get(&rig, VTE_LAST_RESPONSE), ==, 77 << 16);
    stop(&rig);
}

#define HPET 0xfed00000ULL
#define HPET_SID 0xff08

/* A timer's message comes from the requester that the table names. */
static void test_hpet(void)
{
    Rig rig;
    Record r;

    start_bare(&rig, LEGACY " -global hpet.msi=on");
    enable_remapping(&rig);
    qtest_writeq(rig.qts, IRT, VTD_IRTE_P | 0x41 << 16);
    qtest_writeq(rig.qts, IRT + 8, SVT(1, 0, SID));
    /* One shot of timer 0, as a message to entry 0. */
    qtest_writeq(rig.qts, HPET + 0x110, (uint64_t)REMAPPABLE << 32);
    qtest_writeq(rig.qts, HPET + 0x100, 1 << 14 | 1 << 2);
    qtest_writeq(rig.qts, HPET + 0x108, 1000);
    qtest_writeq(rig.qts, HPET + 0x10, 1);
    qtest_clock_step(rig.qts, 10 * 1000 * 1000);
    r = take_first(&rig);
    g_assert_cmphex(r.reason, ==, VTD_FR_IR_SOURCE);
    g_assert_cmphex(r.sid, ==, HPET_SID);
    /* With an entry of its own it passes. */
    qtest_writeq(rig.qts, IRT + 16, VTD_IRTE_P | 0x41 << 16);
    qtest_writeq(rig.qts, IRT + 24, SVT(1, 0, HPET_SID));
    qtest_writeq(rig.qts, HPET + 0x110,
                 (uint64_t)(REMAPPABLE | 1 << VTD_MSI_HANDLE_SHIFT) << 32);
    qtest_writeq(rig.qts, HPET + 0x108, 2000000);
    qtest_clock_step(rig.qts, 20 * 1000 * 1000);
    g_assert_cmphex(take_first(&rig).reason, ==, 0);
    stop(&rig);
}

#define PATH "/iovlab/vtd-endpoint/"

/* ACPI's hot-plug registers of q35. */
enum {
    HOTPLUG = 0xcc0,
    HOTPLUG_EJECT = HOTPLUG + 8,
    HOTPLUG_BUS = HOTPLUG + 16,
};

/*
 * A bridge that is gone took its bus along: a fault of a requester that nobody
 * knows looks through all buses for its name.
 */
static void test_unplugged_bridge(void)
{
    Rig rig;

    /* Memory that is freed does not look as it did. */
    g_setenv("MALLOC_PERTURB_", "165", true);
    start_bare(&rig, LEGACY " -device pcie-root-port,id=rp,chassis=1,addr=5");
    g_unsetenv("MALLOC_PERTURB_");
    qtest_qmp_device_add(rig.qts, "pcie-pci-bridge", "bridge",
                         "{ 'bus': 'rp' }");
    qtest_qmp_device_add(rig.qts, "vtd-test-endpoint", "behind",
                         "{ 'bus': 'bridge', 'addr': '1' }");
    qtest_qmp_device_del_send(rig.qts, "bridge");
    for (unsigned bus = 0; bus < 4; bus++) {
        qtest_outl(rig.qts, HOTPLUG_BUS, bus);
        qtest_outl(rig.qts, HOTPLUG_EJECT, 1);
    }
    qtest_qmp_eventwait(rig.qts, "DEVICE_DELETED");
    qtest_writeq(rig.qts, UNIT + VTD_RTADDR, ROOT);
    gcmd(&rig, VTD_GCMD_SRTP);
    gcmd(&rig, VTD_GCMD_TE);
    set(&rig, VTE_REQUESTER, 0x7708);
    g_assert_cmpint(act(&rig, VTE_WRITE, 0, 4, VTE_FORGED), ==, VTE_BLOCKED);
    g_assert_cmphex(take_first(&rig).sid, ==, 0x7708);
    stop(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func(PATH "plain", test_plain);
    qtest_add_func(PATH "boundary", test_boundary);
    qtest_add_func(PATH "forged-dma", test_forged_dma);
    qtest_add_func(PATH "overflow", test_overflow);
    qtest_add_func(PATH "drain", test_drain);
    qtest_add_func(PATH "drain-without-flags", test_drain_without_flags);
    qtest_add_func(PATH "protected", test_protected);
    qtest_add_func(PATH "queue-wraps", test_queue_wraps);
    qtest_add_func(PATH "ats", test_ats);
    qtest_add_func(PATH "ats-forbidden", test_ats_forbidden);
    qtest_add_func(PATH "fault-log", test_fault_log);
    qtest_add_func(PATH "ats-time-out", test_ats_time_out);
    qtest_add_func(PATH "ats-unexpected", test_ats_unexpected);
    qtest_add_data_func(PATH "pasid/first", GUINT_TO_POINTER(VTD_PGTT_FIRST),
                        test_pasid);
    qtest_add_data_func(PATH "pasid/second", GUINT_TO_POINTER(VTD_PGTT_SECOND),
                        test_pasid);
    qtest_add_data_func(PATH "pasid/nested", GUINT_TO_POINTER(VTD_PGTT_NESTED),
                        test_pasid);
    qtest_add_func(PATH "pasid/flush", test_pasid_flush);
    qtest_add_func(PATH "page-request", test_page_request);
    qtest_add_func(PATH "hpet", test_hpet);
    qtest_add_func(PATH "unplugged-bridge", test_unplugged_bridge);
    for (unsigned i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_autofree char *name = g_strconcat(PATH "message/", messages[i].name,
                                            NULL);

        qtest_add_data_func(name, &messages[i], test_message);
    }
    return g_test_run();
}
