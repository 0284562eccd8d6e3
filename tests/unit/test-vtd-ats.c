/*
 * ATS and page requests: what a device may ask, how its own TLB is told, the
 * time-out, the page request queue.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

#define RW (VTD_SS_R | VTD_SS_W)
#define SID 0x0310
#define PRQ 0x31000             /* the page request queue */

static void config(VtdUnitConfig *c)
{
    vtd_unit_config_default(c);
    c->scalable_mode = true;
    c->first_stage = true;
    c->device_tlb = true;
    c->page_requests = true;
}

/* Legacy mode, translation type 1. */
static uint64_t start(VtdMachine *m, unsigned type)
{
    VtdUnitConfig c;
    uint64_t table;

    config(&c);
    vm_init(m, &c);
    table = vm_page(m);
    vm_context(m, SID, table | VTD_CTX_P | type << VTD_CTX_TT_SHIFT,
               5 << VTD_CTX_DID_SHIFT | VTD_AW_4LEVEL);
    vm_enable(m);
    vm_enable_queue(m);
    return table;
}

/* With PASID 0x42, first stage; its top table. */
static uint64_t start_scalable(VtdMachine *m, uint64_t bits)
{
    VtdUnitConfig c;
    uint64_t directory, table;

    config(&c);
    vm_init(m, &c);
    directory = vm_scalable_device(m, SID, bits | VTD_SMC_PASIDE, 0);
    table = vm_page(m);
    vm_pasid(m, directory, 0x42, VTD_PE_P | VTD_PGTT_FIRST << VTD_PE_PGTT_SHIFT,
             5 | VTD_PE1_PWSNP, table);
    vm_enable_scalable(m);
    vm_write64(m, VTD_PQA, PRQ);
    return table;
}

static bool ats(VtdMachine *m, uint64_t address, bool write,
                VtdTranslation *out, VtdFault *fault)
{
    VtdRequest request = { .sid = SID, .address = address, .write = write };

    return vtd_unit_ats(m->unit, &request, out, fault);
}

static void test_answers(void)
{
    VtdMachine m;
    VtdTranslation t;
    uint64_t table = start(&m, VTD_TT_ATS);

    vm_map(&m, table, 4, 0x5000, 0xabc000 | RW, 1);
    vm_map(&m, table, 4, 0x6000, 0xabd000 | VTD_SS_R, 1);
    g_assert_true(ats(&m, 0x5123, true, &t, NULL));
    g_assert_cmphex(t.address, ==, 0xabc000);
    g_assert_cmphex(t.mask, ==, 0xfff);
    g_assert_true(t.read && t.write);
    /* It wants to write and may read: that is what it is told. */
    g_assert_true(ats(&m, 0x6000, true, &t, NULL));
    g_assert_true(t.read && !t.write);
    g_assert_cmphex(t.address, ==, 0xabd000);
    /* Nothing there: no permission and no fault. */
    g_assert_true(ats(&m, 0x7000, false, &t, NULL));
    g_assert_false(t.read || t.write);
    g_assert_cmpuint(m.faults, ==, 0);
    g_assert_false(vm_take_record(&m, 0).pending);
    vm_destroy(&m);
}

static void test_not_allowed(void)
{
    VtdMachine m;
    VtdTranslation t;
    VtdFault fault;
    VmRecord record;
    VtdRequest translated = {
        .sid = SID, .at = VTD_AT_TRANSLATED, .address = 0x5000,
    };

    start(&m, VTD_TT_UNTRANSLATED);
    g_assert_false(ats(&m, 0x5000, false, &t, &fault));
    g_assert_cmphex(fault.reason, ==, VTD_FR_TYPE_BLOCKED);
    record = vm_take_record(&m, 0);
    g_assert_cmphex(record.reason, ==, VTD_FR_TYPE_BLOCKED);
    g_assert_false(record.page_request);
    g_assert_cmphex(vm_request(&m, &translated, NULL), ==,
                    VTD_FR_TYPE_BLOCKED);
    vm_destroy(&m);
}

static void test_translated(void)
{
    VtdMachine m;
    uint64_t out;
    VtdRequest translated = {
        .sid = SID, .at = VTD_AT_TRANSLATED, .address = 0x12345678,
    };

    start(&m, VTD_TT_ATS);
    g_assert_cmphex(vm_request(&m, &translated, &out), ==, 0);
    g_assert_cmphex(out, ==, 0x12345678);
    translated.address = 1ULL << 46;
    g_assert_cmphex(vm_request(&m, &translated, &out), ==, VTD_FR_BEYOND_MGAW);
    translated.address = 0xfee00000;
    g_assert_cmphex(vm_request(&m, &translated, &out), ==,
                    VTD_FR_INTERRUPT_RANGE);
    vm_destroy(&m);
}

static void queue_flush(VtdMachine *m, uint64_t address, bool sized)
{
    vm_queue(m, VTD_DESC_DEVICE_TLB | (uint64_t)SID << 32, address | sized);
}

static void queue_wait(VtdMachine *m, uint32_t value)
{
    vm_queue(m, VTD_DESC_WAIT | VTD_DESC_WAIT_SW | (uint64_t)value << 32,
             VM_STATUS);
}

static void test_sizes(void)
{
    VtdMachine m;

    start(&m, VTD_TT_ATS);
    queue_flush(&m, 0x5000, false);
    g_assert_cmphex(m.last_device.address, ==, 0x5000);
    g_assert_cmphex(m.last_device.last, ==, 0x5fff);
    g_assert_cmphex(m.last_device.sid, ==, SID);
    queue_flush(&m, 0x4000, true);
    g_assert_cmphex(m.last_device.address, ==, 0x4000);
    g_assert_cmphex(m.last_device.last, ==, 0x5fff);
    queue_flush(&m, 0x8003000, true);
    g_assert_cmphex(m.last_device.address, ==, 0x8000000);
    g_assert_cmphex(m.last_device.last, ==, 0x8007fff);
    queue_flush(&m, 0x7ffffffffffff000, true);
    g_assert_cmphex(m.last_device.address, ==, 0);
    g_assert_cmphex(m.last_device.last, ==, ~0ULL);
    vm_destroy(&m);
}

/* A wait descriptor completes after the device has. */
static void test_pending(void)
{
    VtdMachine m;

    start(&m, VTD_TT_ATS);
    m.device_answer = VTD_DEVICE_PENDING;
    queue_flush(&m, 0x5000, false);
    queue_flush(&m, 0x6000, false);
    queue_wait(&m, 1);
    g_assert_cmpuint(vm_peek64(&m, VM_STATUS), ==, 0);
    vtd_unit_device_answered(m.unit, SID, false);
    g_assert_cmpuint(vm_peek64(&m, VM_STATUS), ==, 0);
    vtd_unit_device_answered(m.unit, SID, false);
    g_assert_cmpuint(vm_peek64(&m, VM_STATUS), ==, 1);
    g_assert_cmpint(vm_read32(&m, VTD_IQH), ==, m.tail);
    /* One answer more than there were questions: the first of them is named. */
    vm_write32(&m, VTD_FECTL, 0);
    vtd_unit_device_answered(m.unit, SID, false);
    vtd_unit_device_unexpected(m.unit, SID + 1);
    g_assert_cmphex(vm_read32(&m, VTD_FSTS), ==, VTD_FSTS_ICE);
    g_assert_cmpuint(m.msis, ==, 1);
    g_assert_cmphex(vm_read64(&m, VTD_IQERCD) >> VTD_IQERCD_ICESID_SHIFT, ==,
                    SID);
    vm_write32(&m, VTD_FSTS, VTD_FSTS_ICE);
    g_assert_cmphex(vm_read32(&m, VTD_FSTS), ==, 0);
    vm_destroy(&m);
}

static void test_time_out(void)
{
    VtdMachine m;

    start(&m, VTD_TT_ATS);
    vm_write32(&m, VTD_FECTL, 0);
    m.device_answer = VTD_DEVICE_PENDING;
    queue_flush(&m, 0x5000, false);
    queue_wait(&m, 1);
    queue_wait(&m, 2);
    vtd_unit_device_answered(m.unit, SID, true);
    /* The wait is given up, nothing more is fetched. */
    g_assert_true(vm_read32(&m, VTD_FSTS) & VTD_FSTS_ITE);
    g_assert_cmpuint(m.msis, ==, 1);
    g_assert_cmphex(vm_read64(&m, VTD_IQERCD) >> VTD_IQERCD_ITESID_SHIFT &
                    0xffff, ==, SID);
    g_assert_cmpint(vm_read32(&m, VTD_IQH), ==, 32);
    g_assert_cmpuint(vm_peek64(&m, VM_STATUS), ==, 0);
    vm_write32(&m, VTD_FSTS, VTD_FSTS_ITE);
    g_assert_cmpuint(vm_peek64(&m, VM_STATUS), ==, 2);
    g_assert_cmpint(vm_read32(&m, VTD_IQH), ==, m.tail);
    vm_destroy(&m);
}

static void test_absent(void)
{
    VtdMachine m;

    start(&m, VTD_TT_ATS);
    m.device_answer = VTD_DEVICE_ABSENT;
    queue_flush(&m, 0x5000, false);
    g_assert_false(vm_read32(&m, VTD_FSTS) & VTD_FSTS_ITE);
    queue_wait(&m, 1);
    g_assert_true(vm_read32(&m, VTD_FSTS) & VTD_FSTS_ITE);
    vm_destroy(&m);
}

static bool page_request(VtdMachine *m, unsigned group, bool last)
{
    VtdPageRequest r = {
        .sid = SID, .has_pasid = true, .pasid = 0x42, .read = true,
        .write = true, .last = last, .group = group, .address = 0x7000,
    };

    return vtd_unit_page_request(m->unit, &r);
}

static void test_page_request(void)
{
    VtdMachine m;

    start_scalable(&m, VTD_SMC_PRE | VTD_SMC_DTE);
    vm_write32(&m, VTD_PECTL, 0);
    g_assert_true(page_request(&m, 5, true));
    g_assert_cmpint(vm_read32(&m, VTD_PQT), ==, 32);
    g_assert_cmphex(vm_peek64(&m, PRQ), ==,
                    1 | VTD_PRQ_PASID_PRESENT | SID << 16 | 0x42ULL << 32);
    g_assert_cmphex(vm_peek64(&m, PRQ + 8), ==, 0x7000 | 5 << 3 | 7);
    g_assert_cmphex(vm_read32(&m, VTD_PRS), ==, VTD_PRS_PPR);
    g_assert_cmpuint(m.msis, ==, 1);
    /* No second event before the first has been serviced. */
    g_assert_true(page_request(&m, 6, true));
    g_assert_cmpuint(m.msis, ==, 1);
    vm_write32(&m, VTD_PRS, VTD_PRS_PPR);
    g_assert_true(page_request(&m, 7, true));
    g_assert_cmpuint(m.msis, ==, 2);
    vm_enable_wide_queue(&m);
    vm_queue(&m, VTD_DESC_PAGE_RESPONSE | VTD_DESC_PGR_PP | SID << 16 |
             0x42ULL << 32 | VTD_PGR_INVALID << 12, 5 << 3 | 4);
    g_assert_cmpuint(m.responses, ==, 1);
    g_assert_cmpuint(m.last_response.group, ==, 5);
    g_assert_cmpuint(m.last_response.code, ==, VTD_PGR_INVALID);
    g_assert_cmpuint(m.last_response.pasid, ==, 0x42);
    vm_destroy(&m);
}

/* 6.5.3.1: after it more rights are seen without an invalidation. */
static void test_page_request_forgets(void)
{
    VtdRequest write = {
        .sid = SID, .has_pasid = true, .pasid = 0x42, .address = 0x7000,
        .write = true,
    };
    VtdTranslation t;
    VtdMachine m;
    uint64_t table = start_scalable(&m, VTD_SMC_PRE | VTD_SMC_DTE), leaf;

    leaf = vm_map_first(&m, table, 4, 0x7000, 0xa000 | VTD_FS_P | VTD_FS_U, 1);
    g_assert_true(vtd_unit_ats(m.unit, &write, &t, NULL));
    g_assert_true(t.read && !t.write);
    vm_poke64(&m, leaf, vm_peek64(&m, leaf) | VTD_FS_W);
    g_assert_true(vtd_unit_ats(m.unit, &write, &t, NULL));
    g_assert_false(t.write);
    g_assert_true(page_request(&m, 1, true));
    g_assert_true(vtd_unit_ats(m.unit, &write, &t, NULL));
    g_assert_true(t.write);
    vm_destroy(&m);
}

/* Without an entry for its PASID a request gets no further. */
static void test_page_request_absent(void)
{
    VtdPageRequest r = {
        .sid = SID, .has_pasid = true, .pasid = 0x43, .last = true,
    };
    VtdMachine m;

    start_scalable(&m, VTD_SMC_PRE | VTD_SMC_DTE);
    g_assert_false(vtd_unit_page_request(m.unit, &r));
    g_assert_cmpint(vm_read32(&m, VTD_PQT), ==, 0);
    g_assert_cmphex(m.last_response.code, ==, VTD_PGR_INVALID);
    g_assert_cmphex(vm_take_record(&m, 0).reason, ==,
                    VTD_FR_SM_PASID_NOT_PRESENT);
    vm_destroy(&m);
}

static void test_overflow(void)
{
    VtdMachine m;
    unsigned room = 4096 / 32 - 1;

    start_scalable(&m, VTD_SMC_PRE | VTD_SMC_DTE);
    for (unsigned i = 0; i < room; i++) {
        g_assert_true(page_request(&m, i, false));
    }
    g_assert_false(page_request(&m, 200, true));
    g_assert_true(vm_read32(&m, VTD_PRS) & VTD_PRS_PRO);
    g_assert_cmpuint(m.responses, ==, 1);
    g_assert_cmpuint(m.last_response.group, ==, 200);
    /* Room is not enough: the overflow has to be cleared as well. */
    vm_write64(&m, VTD_PQH, room * 32);
    g_assert_false(page_request(&m, 201, true));
    vm_write32(&m, VTD_PRS, VTD_PRS_PRO | VTD_PRS_PPR);
    g_assert_true(page_request(&m, 202, true));
    g_assert_cmpint(vm_read32(&m, VTD_PQT), ==, 0);
    vm_destroy(&m);
}

static void test_not_enabled(void)
{
    VtdMachine m;
    VmRecord record;

    start_scalable(&m, VTD_SMC_DTE);
    g_assert_false(page_request(&m, 1, true));
    record = vm_take_record(&m, 0);
    g_assert_cmphex(record.reason, ==, VTD_FR_SM_NO_PRE);
    g_assert_true(record.page_request);
    g_assert_cmpuint(m.last_response.code, ==, VTD_PGR_INVALID);
    vm_destroy(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/ats/answers", test_answers);
    g_test_add_func("/vtd/ats/not-allowed", test_not_allowed);
    g_test_add_func("/vtd/ats/translated", test_translated);
    g_test_add_func("/vtd/ats/sizes", test_sizes);
    g_test_add_func("/vtd/ats/pending", test_pending);
    g_test_add_func("/vtd/ats/time-out", test_time_out);
    g_test_add_func("/vtd/ats/absent", test_absent);
    g_test_add_func("/vtd/pri/request", test_page_request);
    g_test_add_func("/vtd/pri/forgets", test_page_request_forgets);
    g_test_add_func("/vtd/pri/absent", test_page_request_absent);
    g_test_add_func("/vtd/pri/overflow", test_overflow);
    g_test_add_func("/vtd/pri/not-enabled", test_not_enabled);
    return g_test_run();
}
