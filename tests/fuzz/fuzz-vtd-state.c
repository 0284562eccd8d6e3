/*
 * Saved state of the unit and of the hypervisor, then use of what was loaded.
 *
 * An even first byte patches a valid stream at places that the input chooses;
 * an odd one is a stream from the first byte on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/hypervisor.h"
#include "vtd-machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Private tables of the hypervisor, in the machine's memory. */
#define TABLES 0x80000
#define TABLE_SIZE 0x80000

static bool spa_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
    VtdMachine *m = opaque;

    memcpy(buf, m->mem + spa, len);
    return iov_in_range(spa - TABLES, len, TABLE_SIZE);
}

static bool spa_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
    VtdMachine *m = opaque;

    memcpy(m->mem + spa, buf, len);
    return iov_in_range(spa - TABLES, len, TABLE_SIZE);
}

static const HypervisorOps hypervisor_ops = {
    .spa_read = spa_read,
    .spa_write = spa_write,
};

static uint8_t *patch(GBytes *bytes, const uint8_t *data, size_t size,
                      size_t *len)
{
    uint8_t *copy = g_memdup2(g_bytes_get_data(bytes, NULL),
                              g_bytes_get_size(bytes));

    *len = g_bytes_get_size(bytes);
    for (; size >= 3; data += 3, size -= 3) {
        copy[rd_le16(data) % *len] = data[2];
    }
    return copy;
}

static void use_unit(VtdMachine *m)
{
    VtdInterrupt irq;

    vtd_unit_resume(m->unit);
    vm_dma(m, 0x0310, 0x123, true, NULL);
    vm_dma(m, 0x0311, 0xfee00000, false, NULL);
    vm_msi(m, 0x0310, 1, &irq);
    vm_write32(m, VTD_FECTL, 0);
    vm_write32(m, VTD_FSTS, ~0U);
    vm_write64(m, VTD_IQT, 0x20);
    vm_write64(m, VTD_FRCD + 8, VTD_FRCD_F);
    vtd_unit_page_request(m->unit, &(VtdPageRequest) {
        .sid = 0x0310, .last = true, .address = 0x5000,
    });
    vtd_unit_device_answered(m->unit, 0x0310, true);
}

static void fuzz_unit(const uint8_t *data, size_t size, bool raw,
                      bool scalable)
{
    VtdUnitConfig c;
    VtdMachine m;
    StateWriter w;
    StateReader r;
    g_autoptr(GBytes) bytes = NULL;
    g_autofree uint8_t *patched = NULL;
    size_t len;

    vtd_unit_config_default(&c);
    c.scalable_mode = c.first_stage = scalable;
    c.device_tlb = c.page_requests = scalable;
    c.protected_memory = c.fault_log = scalable;
    vm_init_small(&m, &c);
    if (scalable) {
        vm_scalable_device(&m, 0x0310, VTD_SMC_PRE | VTD_SMC_DTE, 0);
        vm_enable_scalable(&m);
        vm_enable_wide_queue(&m);
    } else {
        vm_map(&m, vm_device(&m, 0x0310, 3, 4), 4, 0, 0x5003, 1);
        vm_enable(&m);
        vm_enable_queue(&m);
    }
    vm_enable_ir(&m, true);
    state_writer_init(&w);
    vtd_unit_save(m.unit, &w);
    bytes = state_writer_finish(&w);
    patched = patch(bytes, data, size, &len);
    state_reader_init(&r, raw ? data : patched, raw ? size : len);
    if (!vtd_unit_load(m.unit, &r)) {
        g_assert_false(vtd_unit_translating(m.unit));
    }
    state_reader_clear(&r);
    use_unit(&m);
    vm_destroy(&m);
}

static void fuzz_hypervisor(const uint8_t *data, size_t size, bool raw)
{
    static const HvrRam ram = { 0, 0x10000000, true };
    VtdUnitConfig c;
    VtdMachine m;
    Hypervisor *hv;
    HypervisorUse use;
    StateWriter w;
    StateReader r;
    g_autoptr(GBytes) bytes = NULL;
    g_autofree uint8_t *patched = NULL;
    g_autofree char *error = NULL;
    size_t len;

    vtd_unit_config_default(&c);
    vm_init_small(&m, &c);
    hv = hypervisor_new(m.unit, TABLES, TABLE_SIZE, &hypervisor_ops, &m);
    hypervisor_set_ram(hv, &ram, 1);
    hypervisor_grant(hv, 0x0310, &error);
    hypervisor_irte_alloc(hv, 0x0310, 4);
    state_writer_init(&w);
    hypervisor_save(hv, &w);
    bytes = state_writer_finish(&w);
    patched = patch(bytes, data, size, &len);
    state_reader_init(&r, raw ? data : patched, raw ? size : len);
    hypervisor_load(hv, &r);
    state_reader_clear(&r);
    hypervisor_reset(hv);
    hypervisor_use(hv, &use);
    g_assert_cmpuint(use.domains + use.table_pages + use.irtes, ==, 0);
    hypervisor_free(hv);
    vm_destroy(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    if (data[0] & 2) {
        fuzz_hypervisor(data + 1, size - 1, data[0] & 1);
    } else {
        fuzz_unit(data + 1, size - 1, data[0] & 1, data[0] & 4);
    }
    return 0;
}
