/*
 * The register file: widths, access classes, commands, fault records and their
 * event, reset, saved state, and what Linux does with them at boot.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

#define SID 0x0310

static void test_capabilities(void)
{
    VtdUnitConfig c;
    VtdMachine m;
    uint64_t cap, ecap;

    vtd_unit_config_default(&c);
    c.fault_records = 20;
    vm_init(&m, &c);
    cap = vm_read64(&m, VTD_CAP);
    ecap = vm_read64(&m, VTD_ECAP);
    g_assert_cmpuint((cap >> VTD_CAP_NFR_SHIFT & 0xff) + 1, ==, 20);
    g_assert_cmphex((cap >> VTD_CAP_FRO_SHIFT & 0x3ff) * 16, ==, VTD_FRCD);
    g_assert_cmpuint((cap >> VTD_CAP_MGAW_SHIFT & 0x3f) + 1, ==, 48);
    g_assert_cmphex((ecap >> VTD_ECAP_IRO_SHIFT & 0x3ff) * 16, ==, VTD_IVA);
    g_assert_true(ecap & VTD_ECAP_QI && ecap & VTD_ECAP_IR);
    vm_destroy(&m);
}

static void test_config_check(void)
{
    VtdUnitConfig c;
    char *error;

    vtd_unit_config_default(&c);
    g_assert_null(vtd_unit_config_check(&c));
    c.aw_bits = 40;
    error = vtd_unit_config_check(&c);
    g_assert_nonnull(error);
    g_free(error);
    vtd_unit_config_default(&c);
    c.iotlb_entries = 3;
    error = vtd_unit_config_check(&c);
    g_assert_nonnull(error);
    g_free(error);
}

static void test_read_only(void)
{
    static const unsigned offsets[] = {
        VTD_VER, VTD_CAP, VTD_ECAP, VTD_GSTS, VTD_PMEN, VTD_IQH, VTD_IQERCD,
        VTD_FRCD, 0x200, 0xffc,
    };
    VtdMachine m;

    vm_init(&m, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
        uint32_t before = vm_read32(&m, offsets[i]);

        vm_write32(&m, offsets[i], ~before);
        g_assert_cmphex(vm_read32(&m, offsets[i]), ==, before);
    }
    vm_destroy(&m);
}

static void test_widths(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    vm_write32(&m, VTD_RTADDR + 4, 0x12);
    vm_write32(&m, VTD_RTADDR, 0x3456789a);
    g_assert_cmphex(vm_read64(&m, VTD_RTADDR), ==, 0x1234567800);
    g_assert_cmphex(vm_read32(&m, VTD_RTADDR + 4), ==, 0x12);
    /* One qword over two 32-bit registers. */
    vm_write64(&m, VTD_FEADDR, 0x1fee00000);
    g_assert_cmphex(vm_read32(&m, VTD_FEADDR), ==, 0xfee00000);
    g_assert_cmphex(vm_read32(&m, VTD_FEUADDR), ==, 1);
    /* What the specification does not define does nothing. */
    vtd_unit_mmio_write(m.unit, VTD_RTADDR, 0, 1);
    vtd_unit_mmio_write(m.unit, VTD_RTADDR + 2, 0, 4);
    vtd_unit_mmio_write(m.unit, VTD_RTADDR + 4, 0, 8);
    vtd_unit_mmio_write(m.unit, UINT64_MAX - 3, 0, 4);
    g_assert_cmphex(vm_read64(&m, VTD_RTADDR), ==, 0x1234567800);
    g_assert_cmphex(vtd_unit_mmio_read(m.unit, VTD_RTADDR + 1, 2), ==, 0);
    g_assert_cmphex(vtd_unit_mmio_read(m.unit, VTD_MMIO_SIZE, 8), ==, 0);
    vm_destroy(&m);
}

static void test_commands(void)
{
    static const uint32_t levels[] = {
        VTD_GCMD_TE, VTD_GCMD_QIE, VTD_GCMD_IRE, VTD_GCMD_CFI,
    };
    VtdMachine m;

    vm_init(&m, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(levels); i++) {
        vm_write32(&m, VTD_GCMD, levels[i]);
        g_assert_cmphex(vm_read32(&m, VTD_GSTS), ==, levels[i]);
        g_assert_cmphex(vm_read32(&m, VTD_GCMD), ==, 0);
        vm_write32(&m, VTD_GCMD, 0);
        g_assert_cmphex(vm_read32(&m, VTD_GSTS), ==, 0);
    }
    vm_write32(&m, VTD_GCMD, VTD_GCMD_SRTP);
    g_assert_cmphex(vm_read32(&m, VTD_GSTS), ==, VTD_GCMD_SRTP);
    vm_write32(&m, VTD_GCMD, VTD_GCMD_SIRTP | VTD_GCMD_WBF | VTD_GCMD_SFL);
    g_assert_cmphex(vm_read32(&m, VTD_GSTS), ==,
                    VTD_GCMD_SRTP | VTD_GCMD_SIRTP);
    vm_destroy(&m);
}

static void test_no_remapping(void)
{
    VtdUnitConfig c;
    VtdMachine m;

    vtd_unit_config_default(&c);
    c.interrupt_remapping = c.eim = false;
    vm_init(&m, &c);
    vm_write32(&m, VTD_GCMD, VTD_GCMD_IRE | VTD_GCMD_SIRTP);
    g_assert_cmphex(vm_read32(&m, VTD_GSTS), ==, 0);
    g_assert_false(vm_read64(&m, VTD_ECAP) & VTD_ECAP_IR);
    vm_destroy(&m);
}

/* Four records fill in a ring; the fifth fault is lost and says so. */
static void test_overflow(void)
{
    VtdUnitConfig c;
    VtdMachine m;
    uint32_t fsts;

    vtd_unit_config_default(&c);
    c.fault_records = 4;
    vm_init(&m, &c);
    vm_enable(&m);
    for (unsigned i = 0; i < 5; i++) {
        vm_dma(&m, SID + i, i << 12, true, NULL);
    }
    fsts = vm_read32(&m, VTD_FSTS);
    g_assert_cmphex(fsts, ==, VTD_FSTS_PPF | VTD_FSTS_PFO);
    g_assert_false(m.last_fault.recorded);
    for (unsigned i = 0; i < 4; i++) {
        VmRecord record = vm_take_record(&m, i);

        g_assert_cmphex(record.sid, ==, SID + i);
        g_assert_cmphex(record.info, ==, i << 12);
    }
    g_assert_cmphex(vm_read32(&m, VTD_FSTS) & VTD_FSTS_PPF, ==, 0);
    /* Nothing is recorded until the overflow is cleared (7.2.1). */
    vm_dma(&m, SID, 0, true, NULL);
    g_assert_false(m.last_fault.recorded);
    vm_write32(&m, VTD_FSTS, VTD_FSTS_PFO);
    vm_dma(&m, SID, 0, true, NULL);
    g_assert_true(vm_take_record(&m, 0).pending);
    vm_destroy(&m);
}

/* FRI leads to the oldest pending record, also after the ring has wrapped. */
static void test_fault_index(void)
{
    VtdUnitConfig c;
    VtdMachine m;

    vtd_unit_config_default(&c);
    c.fault_records = 4;
    vm_init(&m, &c);
    vm_enable(&m);
    for (unsigned i = 0; i < 3; i++) {
        vm_dma(&m, SID, 0, true, NULL);
        g_assert_true(vm_take_record(&m, i).pending);
    }
    vm_dma(&m, SID, 0, true, NULL);
    vm_dma(&m, SID + 1, 0, true, NULL);
    g_assert_cmphex(vm_read32(&m, VTD_FSTS), ==,
                    VTD_FSTS_PPF | 3 << VTD_FSTS_FRI_SHIFT);
    vm_take_record(&m, 3);
    g_assert_cmphex(vm_read32(&m, VTD_FSTS), ==, VTD_FSTS_PPF);
    g_assert_cmphex(vm_take_record(&m, 0).sid, ==, SID + 1);
    vm_destroy(&m);
}

static void test_compression(void)
{
    for (int compress = 0; compress < 2; compress++) {
        VtdUnitConfig c;
        VtdMachine m;

        vtd_unit_config_default(&c);
        c.compress_faults = compress;
        vm_init(&m, &c);
        vm_enable(&m);
        vm_dma(&m, SID, 0x1000, true, NULL);
        vm_dma(&m, SID, 0x2000, true, NULL);
        g_assert_true(vm_take_record(&m, 0).pending);
        g_assert_cmpint(vm_take_record(&m, 1).pending, ==, !compress);
        vm_destroy(&m);
    }
}

#define LOG 0x50000
#define LOG_RECORDS (2 * VTD_PAGE_SIZE / 16)

static void start_log(VtdMachine *m, bool offered)
{
    VtdUnitConfig c;

    vtd_unit_config_default(&c);
    c.fault_log = offered;
    vm_init(m, &c);
    vm_enable(m);
    vm_write32(m, VTD_FECTL, 0);
    vm_write64(m, VTD_AFLOG, LOG | 1 << VTD_AFLOG_FLS_SHIFT | 0x1ff);
    vm_command(m, VTD_GCMD_SFL);
    vm_command(m, VTD_GCMD_EAFL);
}

/* A log of two pages: records, both events, full, another log. */
static void test_fault_log(void)
{
    const uint32_t on = VTD_GCMD_SFL | VTD_GCMD_EAFL;
    VtdMachine m;

    start_log(&m, true);
    g_assert_true(vm_read64(&m, VTD_CAP) & VTD_CAP_AFL);
    g_assert_cmphex(vm_read64(&m, VTD_AFLOG), ==,
                    LOG | 1 << VTD_AFLOG_FLS_SHIFT);
    g_assert_cmphex(vm_read32(&m, VTD_GSTS) & on, ==, on);
    for (unsigned i = 0; i < LOG_RECORDS; i++) {
        vm_dma(&m, SID, (uint64_t)i << 12, i & 1, NULL);
        g_assert_true(m.last_fault.recorded);
        g_assert_cmphex(vm_peek64(&m, LOG + i * 16), ==, (uint64_t)i << 12);
        g_assert_cmphex(vm_peek64(&m, LOG + i * 16 + 8), ==,
                        (i & 1 ? 0 : VTD_FRCD_T_READ) | SID |
                        (uint64_t)VTD_FR_ROOT_NOT_PRESENT <<
                        VTD_FRCD_FR_SHIFT);
    }
    g_assert_cmphex(vm_read32(&m, VTD_FSTS), ==, VTD_FSTS_APF);
    g_assert_cmpuint(m.msis, ==, 1);
    g_assert_false(vm_take_record(&m, 0).pending);
    vm_write32(&m, VTD_FSTS, VTD_FSTS_APF);
    /* Full: nothing behind it is touched, and the event comes once. */
    for (unsigned i = 0; i < 3; i++) {
        vm_dma(&m, SID, 0, true, NULL);
        g_assert_false(m.last_fault.recorded);
    }
    g_assert_cmphex(vm_peek64(&m, LOG + LOG_RECORDS * 16 + 8), ==, 0);
    g_assert_cmphex(vm_read32(&m, VTD_FSTS), ==, VTD_FSTS_AFO);
    g_assert_cmpuint(m.msis, ==, 2);
    vm_write32(&m, VTD_FSTS, VTD_FSTS_AFO);
    vm_write64(&m, VTD_AFLOG, LOG + 0x4000);
    vm_command(&m, VTD_GCMD_SFL);
    vm_dma(&m, SID + 1, 0x3000, true, NULL);
    g_assert_cmphex(vm_peek64(&m, LOG + 0x4000), ==, 0x3000);
    g_assert_cmphex(vm_read32(&m, VTD_FSTS), ==, VTD_FSTS_APF);
    /* Off again: records are in registers. */
    vm_write32(&m, VTD_GCMD, VTD_GCMD_TE);
    vm_dma(&m, SID + 2, 0, true, NULL);
    g_assert_cmphex(vm_take_record(&m, 0).sid, ==, SID + 2);
    vm_destroy(&m);
}

/* A log outside memory, none at all, a unit that has no such thing. */
static void test_fault_log_absent(void)
{
    VtdMachine m;

    start_log(&m, true);
    vm_write64(&m, VTD_AFLOG, 1ULL << 45);
    vm_command(&m, VTD_GCMD_SFL);
    vm_dma(&m, SID, 0, true, NULL);
    g_assert_false(m.last_fault.recorded);
    vm_destroy(&m);
    start_log(&m, false);
    g_assert_cmphex(vm_read64(&m, VTD_AFLOG), ==, 0);
    g_assert_cmphex(vm_read32(&m, VTD_GSTS), ==, VTD_GCMD_TE | VTD_GCMD_SRTP);
    vm_dma(&m, SID, 0, true, NULL);
    g_assert_true(vm_take_record(&m, 0).pending);
    vm_destroy(&m);
}

/* The log and the place in it travel. */
static void test_fault_log_saved(void)
{
    g_autoptr(GBytes) bytes = NULL;
    VtdMachine m;
    StateWriter w;
    StateReader r;

    start_log(&m, true);
    vm_dma(&m, SID, 0x1000, true, NULL);
    state_writer_init(&w);
    vtd_unit_save(m.unit, &w);
    bytes = state_writer_finish(&w);
    vtd_unit_reset(m.unit);
    state_reader_init(&r, g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes));
    g_assert_true(vtd_unit_load(m.unit, &r));
    state_reader_clear(&r);
    vm_dma(&m, SID, 0x2000, true, NULL);
    g_assert_cmphex(vm_peek64(&m, LOG), ==, 0x1000);
    g_assert_cmphex(vm_peek64(&m, LOG + 16), ==, 0x2000);
    g_assert_cmphex(vm_read32(&m, VTD_FSTS), ==, VTD_FSTS_APF);
    vm_destroy(&m);
}

static void test_fault_event(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    vm_enable(&m);
    vm_write32(&m, VTD_FEDATA, 0x31);
    vm_write32(&m, VTD_FEADDR, 0xfee02000);
    vm_dma(&m, SID, 0, true, NULL);
    g_assert_cmpuint(m.msis, ==, 0);
    g_assert_cmphex(vm_read32(&m, VTD_FECTL), ==, VTD_ECTL_IM | VTD_ECTL_IP);
    vm_write32(&m, VTD_FECTL, 0);
    g_assert_cmpuint(m.msis, ==, 1);
    g_assert_cmphex(m.msi_address, ==, 0xfee02000);
    g_assert_cmphex(m.msi_data, ==, 0x31);
    /* A second fault before the first is serviced is no new condition. */
    vm_dma(&m, SID + 1, 0, true, NULL);
    g_assert_cmpuint(m.msis, ==, 1);
    vm_take_record(&m, 0);
    vm_take_record(&m, 1);
    vm_dma(&m, SID, 0, true, NULL);
    g_assert_cmpuint(m.msis, ==, 2);
    vm_destroy(&m);
}

/* 7.2.1: the index begins anew when neither DMA nor interrupts are remapped. */
static void test_index_restarts(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    vm_enable(&m);
    vm_dma(&m, SID, 0, true, NULL);
    g_assert_true(vm_take_record(&m, 0).pending);
    vm_write32(&m, VTD_GCMD, 0);
    vm_command(&m, VTD_GCMD_TE);
    vm_dma(&m, SID, 0, true, NULL);
    g_assert_true(vm_take_record(&m, 0).pending);
    vm_destroy(&m);
}

/* An overflow that software has not cleared is an unserviced condition. */
static void test_overflow_unserviced(void)
{
    VtdUnitConfig c;
    VtdMachine m;

    vtd_unit_config_default(&c);
    c.fault_records = 1;
    vm_init(&m, &c);
    vm_enable(&m);
    vm_enable_queue(&m);
    vm_write32(&m, VTD_FECTL, 0);
    vm_dma(&m, SID, 0, true, NULL);
    vm_dma(&m, SID + 1, 0, true, NULL);
    vm_take_record(&m, 0);
    g_assert_cmphex(vm_read32(&m, VTD_FSTS), ==, VTD_FSTS_PFO);
    g_assert_cmpuint(m.msis, ==, 1);
    vm_queue(&m, 0, 0);
    g_assert_cmphex(vm_read32(&m, VTD_FSTS), ==, VTD_FSTS_PFO | VTD_FSTS_IQE);
    g_assert_cmpuint(m.msis, ==, 1);
    vm_write32(&m, VTD_FSTS, VTD_FSTS_PFO | VTD_FSTS_IQE);
    g_assert_true(vm_read32(&m, VTD_FSTS) & VTD_FSTS_IQE);
    g_assert_cmpuint(m.msis, ==, 2);
    vm_destroy(&m);
}

/* One that cannot be sent now is pending, unmasked, until it can. */
static void test_event_put_off(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    vm_enable(&m);
    vm_write32(&m, VTD_FECTL, 0);
    m.hold_msis = true;
    vm_dma(&m, SID, 0, true, NULL);
    g_assert_cmphex(vm_read32(&m, VTD_FECTL), ==, VTD_ECTL_IP);
    vtd_unit_send_events(m.unit);
    g_assert_cmpuint(m.msis, ==, 0);
    m.hold_msis = false;
    vtd_unit_send_events(m.unit);
    g_assert_cmpuint(m.msis, ==, 1);
    g_assert_cmphex(vm_read32(&m, VTD_FECTL), ==, 0);
    vtd_unit_send_events(m.unit);
    g_assert_cmpuint(m.msis, ==, 1);
    /* Serviced before it was sent: it is not sent at all. */
    vm_take_record(&m, 0);
    m.hold_msis = true;
    vm_dma(&m, SID, 0, true, NULL);
    vm_take_record(&m, 1);
    m.hold_msis = false;
    vtd_unit_send_events(m.unit);
    g_assert_cmpuint(m.msis, ==, 1);
    vm_destroy(&m);
}

/* An event that was masked is forgotten when its cause is serviced. */
static void test_masked_event_serviced(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    vm_enable(&m);
    vm_dma(&m, SID, 0, true, NULL);
    vm_take_record(&m, 0);
    g_assert_cmphex(vm_read32(&m, VTD_FECTL), ==, VTD_ECTL_IM);
    vm_write32(&m, VTD_FECTL, 0);
    g_assert_cmpuint(m.msis, ==, 0);
    vm_destroy(&m);
}

static void test_reset(void)
{
    VtdMachine m;

    vm_init(&m, NULL);
    vm_map(&m, vm_device(&m, SID, 1, 4), 4, 0, 0x5000 | 3, 1);
    vm_enable(&m);
    vm_enable_ir(&m, true);
    vm_dma(&m, SID, 0, true, NULL);
    vm_dma(&m, SID, 0x5000, true, NULL);
    vtd_unit_reset(m.unit);
    g_assert_cmphex(vm_read32(&m, VTD_GSTS), ==, 0);
    g_assert_cmphex(vm_read32(&m, VTD_FSTS), ==, 0);
    g_assert_false(vm_take_record(&m, 0).pending);
    g_assert_false(vtd_unit_translating(m.unit));
    g_assert_false(vtd_unit_remapping(m.unit));
    vm_write32(&m, VTD_GCMD, VTD_GCMD_TE);
    g_assert_cmpint(vm_dma(&m, SID, 0, true, NULL), !=, 0);
    vm_destroy(&m);
}

static GBytes *save(VtdMachine *m)
{
    StateWriter w;

    state_writer_init(&w);
    vtd_unit_save(m->unit, &w);
    return state_writer_finish(&w);
}

static bool load(VtdMachine *m, const void *data, size_t len)
{
    StateReader r;
    bool ok;

    state_reader_init(&r, data, len);
    ok = vtd_unit_load(m->unit, &r);
    g_assert_cmpint(ok, ==, state_ok(&r));
    state_reader_clear(&r);
    return ok;
}

/* What commands latched, and where the next record goes. */
static void test_latches_saved(void)
{
    g_autoptr(GBytes) bytes = NULL;
    VtdInterrupt irq;
    VtdMachine m;

    vm_init(&m, NULL);
    vm_enable_ir(&m, true);
    vm_irte(&m, 5, VTD_IRTE_P | 0x12345ull << VTD_IRTE_DST_SHIFT, 0);
    vm_enable(&m);
    vm_dma(&m, SID, 0, true, NULL);
    g_assert_true(vm_take_record(&m, 0).pending);
    bytes = save(&m);
    vtd_unit_reset(m.unit);
    g_assert_true(load(&m, g_bytes_get_data(bytes, NULL),
                       g_bytes_get_size(bytes)));
    g_assert_cmpint(vm_msi(&m, SID, 5, &irq), ==, 0);
    g_assert_cmphex(irq.dest, ==, 0x12345);
    vm_dma(&m, SID, 0, true, NULL);
    g_assert_false(vm_take_record(&m, 0).pending);
    g_assert_true(vm_take_record(&m, 1).pending);
    vm_destroy(&m);
}

static void test_save_load(void)
{
    VtdMachine a, b;
    g_autoptr(GBytes) bytes = NULL;
    uint64_t out;
    VtdInterrupt irq;

    vm_init(&a, NULL);
    vm_map(&a, vm_device(&a, SID, 1, 4), 4, 0, 0x5000 | 3, 1);
    vm_irte(&a, 9, VTD_IRTE_P | 0x61 << 16, 0);
    vm_enable(&a);
    vm_enable_ir(&a, true);
    vm_enable_queue(&a);
    vm_dma(&a, SID, 0x9000, true, NULL);
    /* Written but not latched: stays so. */
    vm_write64(&a, VTD_RTADDR, 0x7000);
    bytes = save(&a);

    vm_init(&b, NULL);
    memcpy(b.mem, a.mem, VM_MEM_SIZE);
    g_assert_true(load(&b, g_bytes_get_data(bytes, NULL),
                       g_bytes_get_size(bytes)));
    for (unsigned offset = 0; offset < VTD_MMIO_SIZE; offset += 8) {
        g_assert_cmphex(vm_read64(&a, offset), ==, vm_read64(&b, offset));
    }
    g_assert_cmpint(vm_dma(&b, SID, 0x123, true, &out), ==, 0);
    g_assert_cmphex(out, ==, 0x5123);
    g_assert_cmpint(vm_msi(&b, SID, 9, &irq), ==, 0);
    g_assert_cmphex(irq.vector, ==, 0x61);
    b.tail = a.tail;
    vm_queue(&b, VTD_DESC_WAIT | VTD_DESC_WAIT_SW | 1ULL << 32, VM_STATUS);
    g_assert_cmphex(vm_peek64(&b, VM_STATUS), ==, 1);
    vm_destroy(&a);
    vm_destroy(&b);
}

/*
 * A queue that waited for a drain, and an event that could not be sent: both
 * go on when the machine runs, not while it is being loaded.
 */
static void test_resume(void)
{
    g_autoptr(GBytes) bytes = NULL;
    VtdMachine m;

    vm_init(&m, NULL);
    vm_enable(&m);
    vm_enable_queue(&m);
    vm_write32(&m, VTD_FECTL, 0);
    vm_write32(&m, VTD_IECTL, 0);
    m.hold_drain = m.hold_msis = true;
    vm_dma(&m, SID, 0, true, NULL);
    vm_queue(&m, VTD_DESC_IOTLB | VTD_GRAN_GLOBAL << 4 | VTD_DESC_IOTLB_DR, 0);
    vm_queue(&m, VTD_DESC_WAIT | VTD_DESC_WAIT_SW | VTD_DESC_WAIT_IF |
             1ULL << 32, VM_STATUS);
    bytes = save(&m);
    vtd_unit_reset(m.unit);
    m.hold_drain = m.hold_msis = false;
    g_assert_true(load(&m, g_bytes_get_data(bytes, NULL),
                       g_bytes_get_size(bytes)));
    g_assert_cmpuint(m.msis, ==, 0);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 0);
    vtd_unit_resume(m.unit);
    g_assert_cmpuint(m.msis, ==, 2);
    g_assert_cmphex(vm_peek64(&m, VM_STATUS), ==, 1);
    /* Only then: later ones wait for their own drain. */
    m.hold_drain = true;
    vm_queue(&m, VTD_DESC_IOTLB | VTD_GRAN_GLOBAL << 4 | VTD_DESC_IOTLB_DR, 0);
    vtd_unit_resume(m.unit);
    g_assert_cmphex(vm_read64(&m, VTD_IQH), ==, 32);
    vm_destroy(&m);
}

/* Any cut stream is refused and leaves a unit that is off. */
static void test_load_truncated(void)
{
    VtdMachine m;
    g_autoptr(GBytes) bytes = NULL;

    vm_init(&m, NULL);
    vm_enable(&m);
    bytes = save(&m);
    for (size_t len = 0; len < g_bytes_get_size(bytes); len += 7) {
        g_assert_false(load(&m, g_bytes_get_data(bytes, NULL), len));
        g_assert_false(vtd_unit_translating(m.unit));
    }
    vm_destroy(&m);
}

static void test_load_other_capabilities(void)
{
    VtdUnitConfig c;
    VtdMachine a, b;
    g_autoptr(GBytes) bytes = NULL;

    vtd_unit_config_default(&c);
    c.aw_bits = 39;
    vm_init(&a, NULL);
    vm_init(&b, &c);
    bytes = save(&a);
    g_assert_false(load(&b, g_bytes_get_data(bytes, NULL),
                        g_bytes_get_size(bytes)));
    vm_destroy(&a);
    vm_destroy(&b);
}

static void linux_wait(VtdMachine *m)
{
    vm_poke64(m, VM_STATUS, 1);
    vm_queue(m, VTD_DESC_WAIT | VTD_DESC_WAIT_SW | VTD_DESC_WAIT_FN |
             2ULL << 32, VM_STATUS);
    g_assert_cmphex(vm_peek64(m, VM_STATUS), ==, 2);
}

/* Takes the queue over as a driver does that finds the unit in any state. */
static void linux_take_over(VtdMachine *m)
{
    vm_write32(m, VTD_FSTS, vm_read32(m, VTD_FSTS));
    if (vm_read32(m, VTD_GSTS) & VTD_GCMD_QIE) {
        vm_write32(m, VTD_GCMD, vm_read32(m, VTD_GSTS) & ~VTD_GCMD_QIE);
    }
    vm_enable_queue(m);
    g_assert_true(vm_read32(m, VTD_GSTS) & VTD_GCMD_QIE);
}

/*
 * The order of register accesses of Linux 6.1 with intel_iommu=on: interrupt
 * remapping first, then DMA remapping, then the fault interrupt; then the
 * same again with everything on, as after a kexec.
 */
static void test_linux_boot(void)
{
    VtdMachine m;
    uint64_t table;
    VtdInterrupt irq;

    vm_init(&m, NULL);
    linux_take_over(&m);
    vm_write64(&m, VTD_IRTA, VM_IRT | VTD_IRTA_EIME | 7);
    vm_command(&m, VTD_GCMD_SIRTP);
    g_assert_true(vm_read32(&m, VTD_GSTS) & VTD_GCMD_SIRTP);
    vm_queue(&m, VTD_DESC_IEC, 0);
    linux_wait(&m);
    vm_command(&m, VTD_GCMD_IRE);
    g_assert_true(vm_read32(&m, VTD_GSTS) & VTD_GCMD_IRE);
    vm_irte(&m, 0, VTD_IRTE_P | 0x22 << 16, 1 << VTD_IRTE_SVT_SHIFT | SID);
    g_assert_cmpint(vm_msi(&m, SID, 0, &irq), ==, 0);

    vm_write64(&m, VTD_RTADDR, VM_ROOT);
    vm_command(&m, VTD_GCMD_SRTP);
    vm_queue(&m, VTD_DESC_CONTEXT | VTD_GRAN_GLOBAL << 4, 0);
    vm_queue(&m, VTD_DESC_IOTLB | VTD_GRAN_GLOBAL << 4 | 0xc0, 0);
    linux_wait(&m);
    vm_command(&m, VTD_GCMD_TE);
    g_assert_cmphex(vm_read32(&m, VTD_GSTS), ==,
                    VTD_GCMD_TE | VTD_GCMD_SRTP | VTD_GCMD_QIE |
                    VTD_GCMD_IRE | VTD_GCMD_SIRTP);
    vm_write32(&m, VTD_FEDATA, 0x4021);
    vm_write32(&m, VTD_FEADDR, 0xfee00000);
    vm_write32(&m, VTD_FECTL, 0);

    table = vm_device(&m, SID, 3, 4);
    vm_map(&m, table, 4, 0xfffff000, 0x5000 | 3, 1);
    g_assert_cmpint(vm_dma(&m, SID, 0xfffff000, true, NULL), ==, 0);
    vm_map(&m, table, 4, 0xfffff000, 0, 1);
    vm_queue(&m, VTD_DESC_IOTLB | VTD_GRAN_SELECTIVE << 4 | 3 << 16 | 0xc0,
             0xfffff000);
    linux_wait(&m);
    g_assert_cmpint(vm_dma(&m, SID, 0xfffff000, true, NULL), ==,
                    VTD_FR_WRITE);
    g_assert_cmpuint(m.msis, ==, 1);
    vm_take_record(&m, 0);

    linux_take_over(&m);
    g_assert_cmpint(vm_msi(&m, SID, 0, &irq), ==, 0);
    g_assert_cmphex(vm_read64(&m, VTD_RTADDR), ==, VM_ROOT);
    g_assert_cmphex(vm_read64(&m, VTD_IRTA) & ~0xfffULL, ==, VM_IRT);
    linux_wait(&m);
    vm_destroy(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vtd/registers/capabilities", test_capabilities);
    g_test_add_func("/vtd/registers/config-check", test_config_check);
    g_test_add_func("/vtd/registers/read-only", test_read_only);
    g_test_add_func("/vtd/registers/widths", test_widths);
    g_test_add_func("/vtd/registers/commands", test_commands);
    g_test_add_func("/vtd/registers/no-remapping", test_no_remapping);
    g_test_add_func("/vtd/registers/reset", test_reset);
    g_test_add_func("/vtd/records/overflow", test_overflow);
    g_test_add_func("/vtd/records/index", test_fault_index);
    g_test_add_func("/vtd/records/compression", test_compression);
    g_test_add_func("/vtd/records/log", test_fault_log);
    g_test_add_func("/vtd/records/log-absent", test_fault_log_absent);
    g_test_add_func("/vtd/records/log-saved", test_fault_log_saved);
    g_test_add_func("/vtd/records/event", test_fault_event);
    g_test_add_func("/vtd/records/index-restarts", test_index_restarts);
    g_test_add_func("/vtd/records/event-put-off", test_event_put_off);
    g_test_add_func("/vtd/records/overflow-unserviced",
                    test_overflow_unserviced);
    g_test_add_func("/vtd/records/masked-event", test_masked_event_serviced);
    g_test_add_func("/vtd/state/latches", test_latches_saved);
    g_test_add_func("/vtd/state/save-load", test_save_load);
    g_test_add_func("/vtd/state/resume", test_resume);
    g_test_add_func("/vtd/state/truncated", test_load_truncated);
    g_test_add_func("/vtd/state/other-capabilities",
                    test_load_other_capabilities);
    g_test_add_func("/vtd/linux/boot", test_linux_boot);
    return g_test_run();
}
