/*
 * The invalidation queue: wait, wrap, drain, and its errors.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

#define WAIT_SW(data) \
    (VTD_DESC_WAIT | VTD_DESC_WAIT_SW | (uint64_t)(data) << 32)
#define WAIT_IF (VTD_DESC_WAIT | VTD_DESC_WAIT_IF)
#define IOTLB_GLOBAL (VTD_DESC_IOTLB | VTD_GRAN_GLOBAL << 4)

static void init(VtdMachine *m)
{
    vm_init(m, NULL);
    vm_enable_queue(m);
}

static unsigned iqei(VtdMachine *m)
{
    return vm_read64(m, VTD_IQERCD) & VTD_IQERCD_IQEI_MASK;
}

static bool stopped(VtdMachine *m)
{
    return vm_read32(m, VTD_FSTS) & VTD_FSTS_IQE;
}

static void test_status_write(void)
{
    VtdMachine m;

    init(&m);
    vm_queue(&m, WAIT_SW(0x12345678), VM_STATUS + 4);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 0x1234567800000000);
    g_assert_cmphex(vm_read64(&m, VTD_IQH), ==, 16);
    vm_destroy(&m);
}

static void test_wrap(void)
{
    VtdMachine m;

    init(&m);
    for (unsigned i = 1; i <= 600; i++) {
        vm_queue(&m, WAIT_SW(i), VM_STATUS);
        g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, i);
    }
    g_assert_cmphex(vm_read64(&m, VTD_IQH), ==, 600 % 256 * 16);
    /* Several at once, over the end. */
    for (unsigned i = 0; i < 255; i++) {
        unsigned at = (m.tail + i * 16) % 4096;

        vm_poke64(&m, VM_QUEUE + at, WAIT_SW(0x1000 + i));
        vm_poke64(&m, VM_QUEUE + at + 8, VM_STATUS);
    }
    vm_write32(&m, VTD_IQT, (m.tail + 255 * 16) % 4096);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 0x1000 + 254);
    vm_destroy(&m);
}

static void test_invalidation_event(void)
{
    VtdMachine m;

    init(&m);
    vm_write32(&m, VTD_IEDATA, 0x41);
    vm_write32(&m, VTD_IEADDR, 0xfee01000);
    vm_write32(&m, VTD_IEUADDR, 0x2);
    vm_queue(&m, WAIT_IF, 0);
    g_assert_cmpuint(m.msis, ==, 0);
    g_assert_true(vm_read32(&m, VTD_IECTL) & VTD_ECTL_IP);
    vm_write32(&m, VTD_IECTL, 0);
    g_assert_cmpuint(m.msis, ==, 1);
    g_assert_cmphex(m.msi_address, ==, 0x2fee01000);
    g_assert_cmphex(m.msi_data, ==, 0x41);
    g_assert_false(vm_read32(&m, VTD_IECTL) & VTD_ECTL_IP);
    /* IWC still set: no second event. */
    vm_queue(&m, WAIT_IF, 0);
    g_assert_cmpuint(m.msis, ==, 1);
    vm_write32(&m, VTD_ICS, VTD_ICS_IWC);
    vm_queue(&m, WAIT_IF, 0);
    g_assert_cmpuint(m.msis, ==, 2);
    vm_destroy(&m);
}

/* A wait behind a drained invalidation does not complete before the drain. */
static void test_drain(void)
{
    VtdMachine m;

    init(&m);
    m.hold_drain = true;
    vm_queue(&m, IOTLB_GLOBAL | VTD_DESC_IOTLB_DR, 0);
    vm_queue(&m, WAIT_SW(1), VM_STATUS);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 0);
    g_assert_cmphex(vm_read64(&m, VTD_IQH), ==, 0);
    vtd_unit_drained(m.unit);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 1);
    g_assert_cmphex(vm_read64(&m, VTD_IQH), ==, 32);
    g_assert_cmpuint(m.drains, ==, 1);
    /* Also without DR and DW. */
    vm_queue(&m, IOTLB_GLOBAL, 0);
    g_assert_cmpuint(m.drains, ==, 2);
    g_assert_cmphex(vm_read64(&m, VTD_IQH), ==, 32);
    vm_destroy(&m);
}

static void test_register_drain(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    m.hold_drain = true;
    vm_write64(&m, VTD_IOTLB, VTD_IOTLB_IVT | VTD_IOTLB_DW |
               1ULL << VTD_IOTLB_IIRG_SHIFT);
    g_assert_true(vm_read64(&m, VTD_IOTLB) & VTD_IOTLB_IVT);
    vtd_unit_drained(m.unit);
    g_assert_false(vm_read64(&m, VTD_IOTLB) & VTD_IOTLB_IVT);
    vm_destroy(&m);
}

/* A queue that was enabled too early goes on when the drain is over. */
static void test_register_drain_then_queue(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    m.hold_drain = true;
    vm_write64(&m, VTD_IOTLB, VTD_IOTLB_IVT | VTD_IOTLB_DW |
               1ULL << VTD_IOTLB_IIRG_SHIFT);
    vm_enable_queue(&m);
    vm_queue(&m, WAIT_SW(1), VM_STATUS);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 0);
    vtd_unit_drained(m.unit);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 1);
    vm_destroy(&m);
}

/* 6.5: the register is not for use while the queue is on; it says so. */
static void test_register_while_queue_drains(void)
{
    VtdMachine m;

    init(&m);
    m.hold_drain = true;
    vm_queue(&m, IOTLB_GLOBAL | VTD_DESC_IOTLB_DR, 0);
    vm_queue(&m, WAIT_SW(1), VM_STATUS);
    vm_write64(&m, VTD_IOTLB, VTD_IOTLB_IVT | VTD_IOTLB_DW |
               1ULL << VTD_IOTLB_IIRG_SHIFT);
    g_assert_false(vm_read64(&m, VTD_IOTLB) & (VTD_IOTLB_IVT |
                                               VTD_IOTLB_IAIG_MASK));
    vtd_unit_drained(m.unit);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 1);
    vm_destroy(&m);
}

typedef struct ErrorCase {
    const char *name;
    uint64_t lo, hi;
    unsigned iqei;
} ErrorCase;

static const ErrorCase error_cases[] = {
    { "type-0", 0, 0, VTD_IQEI_TYPE },
    { "type-unknown", 0xf, 0, VTD_IQEI_TYPE },
    { "type-high-bits", VTD_DESC_WAIT | 1 << 9, 0, VTD_IQEI_TYPE },
    { "device-tlb", VTD_DESC_DEVICE_TLB, 0, VTD_IQEI_TYPE },
    { "pasid-iotlb", VTD_DESC_PASID_IOTLB, 0, VTD_IQEI_TYPE },
    { "pasid-cache", VTD_DESC_PASID_CACHE, 0, VTD_IQEI_TYPE },
    { "pasid-device-tlb", VTD_DESC_PASID_DEVICE_TLB, 0, VTD_IQEI_TYPE },
    { "page-response", VTD_DESC_PAGE_RESPONSE, 0, VTD_IQEI_TYPE },
    { "context-granularity", VTD_DESC_CONTEXT, 0, VTD_IQEI_RESERVED },
    { "context-reserved", VTD_DESC_CONTEXT | 1 << 4 | 1 << 6, 0,
      VTD_IQEI_RESERVED },
    { "context-reserved-hi", VTD_DESC_CONTEXT | 1 << 4, 1,
      VTD_IQEI_RESERVED },
    { "iotlb-granularity", VTD_DESC_IOTLB, 0, VTD_IQEI_RESERVED },
    { "iotlb-reserved", IOTLB_GLOBAL | 1 << 8, 0, VTD_IQEI_RESERVED },
    { "iotlb-reserved-hi", IOTLB_GLOBAL, 1 << 7, VTD_IQEI_RESERVED },
    { "iotlb-mask", VTD_DESC_IOTLB | VTD_GRAN_SELECTIVE << 4, VTD_MAMV + 1,
      VTD_IQEI_RESERVED },
    { "iec-reserved", VTD_DESC_IEC | 1 << 5, 0, VTD_IQEI_RESERVED },
    { "iec-mask", VTD_DESC_IEC | 16ULL << 27, 0, VTD_IQEI_RESERVED },
    { "wait-reserved", VTD_DESC_WAIT | 1 << 8, 0, VTD_IQEI_RESERVED },
    { "wait-page-drain", VTD_DESC_WAIT | VTD_DESC_WAIT_PD, 0,
      VTD_IQEI_RESERVED },
    { "wait-address", WAIT_SW(1), 1, VTD_IQEI_RESERVED },
};

/* The head stays, tail writes do nothing, and clearing IQE starts it again. */
static void test_error(gconstpointer data)
{
    const ErrorCase *c = data;
    VtdMachine m;

    init(&m);
    vm_write32(&m, VTD_FECTL, 0);
    vm_queue(&m, WAIT_SW(1), VM_STATUS);
    vm_queue(&m, c->lo, c->hi);
    vm_queue(&m, WAIT_SW(2), VM_STATUS);
    g_assert_true(stopped(&m));
    g_assert_cmpuint(m.msis, ==, 1);
    g_assert_cmphex(iqei(&m), ==, c->iqei);
    g_assert_cmphex(vm_read64(&m, VTD_IQH), ==, 16);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 1);
    /* As Linux does: put a wait in its place, then clear the error. */
    vm_poke64(&m, VM_QUEUE + 16, WAIT_SW(9));
    vm_poke64(&m, VM_QUEUE + 24, VM_STATUS + 8);
    vm_write32(&m, VTD_FSTS, VTD_FSTS_IQE);
    g_assert_false(stopped(&m));
    g_assert_cmphex(iqei(&m), ==, 0);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 2);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS + 8), ==, 9);
    vm_destroy(&m);
}

static void test_tail_beyond(void)
{
    VtdMachine m;

    init(&m);
    vm_write64(&m, VTD_IQT, 4096);
    g_assert_true(stopped(&m));
    g_assert_cmphex(iqei(&m), ==, VTD_IQEI_TAIL);
    vm_destroy(&m);
}

static void test_fetch_outside(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    vm_write64(&m, VTD_IQA, 1ULL << 40);
    vm_command(&m, VTD_GCMD_QIE);
    vm_write64(&m, VTD_IQT, 16);
    g_assert_true(stopped(&m));
    g_assert_cmphex(iqei(&m), ==, VTD_IQEI_FETCH);
    vm_destroy(&m);
}

/* Status address outside memory: nobody is hurt, the queue goes on. */
static void test_status_outside(void)
{
    VtdMachine m;

    init(&m);
    vm_queue(&m, WAIT_SW(1), 1ULL << 40);
    g_assert_false(stopped(&m));
    vm_queue(&m, WAIT_SW(2), VM_STATUS);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 2);
    /* Bits that no host address has do not count. */
    vm_queue(&m, WAIT_SW(3), VM_STATUS | 1ULL << 46);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 3);
    vm_destroy(&m);
}

static void test_disable(void)
{
    VtdMachine m;

    init(&m);
    vm_queue(&m, WAIT_SW(1), VM_STATUS);
    vm_write32(&m, VTD_GCMD, 0);
    g_assert_false(vm_read32(&m, VTD_GSTS) & VTD_GCMD_QIE);
    g_assert_cmphex(vm_read64(&m, VTD_IQH), ==, 0);
    vm_queue(&m, WAIT_SW(2), VM_STATUS);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 1);
    vm_destroy(&m);
}

static void switch_off(VtdMachine *m)
{
    vm_write32(m, VTD_GCMD, 0);
}

/* The handler of the event runs before the descriptor is done. */
static void test_disable_in_event(void)
{
    VtdMachine m;

    init(&m);
    m.on_msi = switch_off;
    vm_write32(&m, VTD_IECTL, 0);
    vm_queue(&m, WAIT_IF, 0);
    g_assert_cmpuint(m.msis, ==, 1);
    g_assert_cmphex(vm_read64(&m, VTD_IQH), ==, 0);
    vm_destroy(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/queue/status-write", test_status_write);
    g_test_add_func("/vtd/queue/wrap", test_wrap);
    g_test_add_func("/vtd/queue/event", test_invalidation_event);
    g_test_add_func("/vtd/queue/drain", test_drain);
    g_test_add_func("/vtd/queue/register-drain", test_register_drain);
    g_test_add_func("/vtd/queue/register-drain-then-queue",
                    test_register_drain_then_queue);
    g_test_add_func("/vtd/queue/register-while-queue-drains",
                    test_register_while_queue_drains);
    for (unsigned i = 0; i < G_N_ELEMENTS(error_cases); i++) {
        g_autofree char *name = g_strconcat("/vtd/queue/error/",
                                            error_cases[i].name, NULL);

        g_test_add_data_func(name, &error_cases[i], test_error);
    }
    g_test_add_func("/vtd/queue/error/tail-beyond", test_tail_beyond);
    g_test_add_func("/vtd/queue/error/fetch-outside", test_fetch_outside);
    g_test_add_func("/vtd/queue/status-outside", test_status_outside);
    g_test_add_func("/vtd/queue/disable", test_disable);
    g_test_add_func("/vtd/queue/disable-in-event", test_disable_in_event);
    return g_test_run();
}
