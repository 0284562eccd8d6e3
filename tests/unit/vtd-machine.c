/*
 * A remapping unit on plain memory: see vtd-machine.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vtd-machine.h"

static bool mem_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    VtdMachine *m = opaque;

    if (!iov_in_range(addr, len, VM_MEM_SIZE)) {
        return false;
    }
    memcpy(buf, m->mem + addr, len);
    return true;
}

static bool mem_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    VtdMachine *m = opaque;

    if (!iov_in_range(addr, len, VM_MEM_SIZE)) {
        return false;
    }
    memcpy(m->mem + addr, buf, len);
    return true;
}

static bool mem_update(void *opaque, uint64_t addr, uint64_t old, uint64_t new,
                       uint64_t *now)
{
    VtdMachine *m = opaque;

    if (!iov_in_range(addr, 8, VM_MEM_SIZE)) {
        return false;
    }
    if (m->race_updates) {
        /* As if a processor had set an ignored bit just now. */
        m->race_updates--;
        wr_le64(m->mem + addr, rd_le64(m->mem + addr) ^ 1ULL << 58);
    }
    *now = rd_le64(m->mem + addr);
    if (*now == old) {
        wr_le64(m->mem + addr, new);
    }
    return true;
}

static VtdDeviceAnswer device_invalidate(void *opaque,
                                         const VtdDeviceInvalidation *what)
{
    VtdMachine *m = opaque;

    m->last_device = *what;
    m->device_invalidations++;
    return m->device_answer;
}

static void page_response(void *opaque, const VtdPageResponse *response)
{
    VtdMachine *m = opaque;

    m->last_response = *response;
    m->responses++;
}

static void send_msi(void *opaque, uint64_t address, uint32_t data)
{
    VtdMachine *m = opaque;

    m->msis++;
    m->msi_address = address;
    m->msi_data = data;
    if (m->on_msi) {
        m->on_msi(m);
    }
}

static bool can_send(void *opaque)
{
    VtdMachine *m = opaque;

    return !m->hold_msis;
}

static bool drain(void *opaque)
{
    VtdMachine *m = opaque;

    m->drains++;
    return !m->hold_drain;
}

static void fault(void *opaque, const VtdFault *f)
{
    VtdMachine *m = opaque;

    m->last_fault = *f;
    m->faults++;
}

static void invalidated(void *opaque, const VtdInvalidated *what)
{
    VtdMachine *m = opaque;

    m->last_invalidated = *what;
}

static const VtdUnitOps ops = {
    .mem_read = mem_read,
    .mem_write = mem_write,
    .mem_update = mem_update,
    .send_msi = send_msi,
    .can_send = can_send,
    .drain = drain,
    .fault = fault,
    .invalidated = invalidated,
    .device_invalidate = device_invalidate,
    .page_response = page_response,
};

void vm_init(VtdMachine *m, const VtdUnitConfig *config)
{
    VtdUnitConfig standard;

    vtd_unit_config_default(&standard);
    *m = (VtdMachine) { .free = VM_FREE };
    m->mem = g_malloc0(VM_MEM_SIZE);
    m->unit = vtd_unit_new(config ? config : &standard, &ops, m);
}

void vm_init_small(VtdMachine *m, VtdUnitConfig *config)
{
    config->iotlb_entries = 8;
    config->iotlb_ways = 2;
    config->context_entries = 4;
    config->context_ways = 2;
    config->irte_entries = 4;
    config->irte_ways = 1;
    vm_init(m, config);
}

void vm_destroy(VtdMachine *m)
{
    vtd_unit_free(m->unit);
    g_free(m->mem);
}

uint32_t vm_read32(VtdMachine *m, unsigned offset)
{
    return vtd_unit_mmio_read(m->unit, offset, 4);
}

uint64_t vm_read64(VtdMachine *m, unsigned offset)
{
    return vtd_unit_mmio_read(m->unit, offset, 8);
}

void vm_write32(VtdMachine *m, unsigned offset, uint32_t value)
{
    vtd_unit_mmio_write(m->unit, offset, value, 4);
}

void vm_write64(VtdMachine *m, unsigned offset, uint64_t value)
{
    vtd_unit_mmio_write(m->unit, offset, value, 8);
}

void vm_poke64(VtdMachine *m, uint64_t address, uint64_t value)
{
    wr_le64(m->mem + address, value);
}

uint64_t vm_peek64(VtdMachine *m, uint64_t address)
{
    return rd_le64(m->mem + address);
}

uint64_t vm_page(VtdMachine *m)
{
    uint64_t page = m->free;

    m->free += VTD_PAGE_SIZE;
    g_assert_cmpuint(m->free, <=, VM_MEM_SIZE);
    return page;
}

void vm_command(VtdMachine *m, uint32_t set)
{
    uint32_t levels = VTD_GCMD_TE | VTD_GCMD_QIE | VTD_GCMD_IRE |
                      VTD_GCMD_CFI | VTD_GCMD_EAFL;

    vm_write32(m, VTD_GCMD, (vm_read32(m, VTD_GSTS) & levels) | set);
}

void vm_enable(VtdMachine *m)
{
    vm_write64(m, VTD_RTADDR, VM_ROOT);
    vm_command(m, VTD_GCMD_SRTP);
    vm_command(m, VTD_GCMD_TE);
}

void vm_enable_ir(VtdMachine *m, bool eime)
{
    vm_write64(m, VTD_IRTA, VM_IRT | (eime ? VTD_IRTA_EIME : 0) | 7);
    vm_command(m, VTD_GCMD_SIRTP);
    vm_command(m, VTD_GCMD_IRE);
}

void vm_enable_queue(VtdMachine *m)
{
    vm_write64(m, VTD_IQA, VM_QUEUE);
    vm_write64(m, VTD_IQT, 0);
    vm_command(m, VTD_GCMD_QIE);
    m->tail = 0;
}

void vm_enable_scalable(VtdMachine *m)
{
    vm_write64(m, VTD_RTADDR, VM_ROOT | (uint64_t)VTD_TTM_SCALABLE <<
                                        VTD_RTADDR_TTM_SHIFT);
    vm_command(m, VTD_GCMD_SRTP);
    vm_command(m, VTD_GCMD_TE);
}

void vm_enable_wide_queue(VtdMachine *m)
{
    vm_write64(m, VTD_IQA, VM_QUEUE | VTD_IQA_DW);
    vm_write64(m, VTD_IQT, 0);
    vm_command(m, VTD_GCMD_QIE);
    m->tail = 0;
    m->wide = true;
}

uint64_t vm_scalable_device(VtdMachine *m, uint16_t sid, uint64_t bits,
                            uint64_t rid_pasid)
{
    uint64_t root = VM_ROOT + (sid >> 8) * VTD_ENTRY_SIZE +
                    (sid & 0x80 ? 8 : 0);
    uint64_t directory = vm_page(m), entry;

    if (!(vm_peek64(m, root) & VTD_ROOT_P)) {
        vm_poke64(m, root, vm_page(m) | VTD_ROOT_P);
    }
    entry = (vm_peek64(m, root) & VTD_PAGE_MASK) +
            (sid & 0x7f) * VTD_SM_CONTEXT_SIZE;
    vm_poke64(m, entry, directory | VTD_SMC_P | bits);
    vm_poke64(m, entry + 8, rid_pasid);
    return directory;
}

uint64_t vm_pasid(VtdMachine *m, uint64_t directory, uint32_t pasid,
                  uint64_t lo, uint64_t second, uint64_t third)
{
    uint64_t at = directory + (pasid >> VTD_PASID_DIR_SHIFT) * 8, entry;

    if (!(vm_peek64(m, at) & VTD_PDE_P)) {
        vm_poke64(m, at, vm_page(m) | VTD_PDE_P);
    }
    entry = (vm_peek64(m, at) & VTD_PAGE_MASK) +
            (pasid & 63) * VTD_PASID_ENTRY_SIZE;
    vm_poke64(m, entry, lo);
    vm_poke64(m, entry + 8, second);
    vm_poke64(m, entry + 16, third);
    return entry;
}

uint64_t vm_map_first(VtdMachine *m, uint64_t table, unsigned levels,
                      uint64_t iova, uint64_t entry, unsigned level)
{
    for (unsigned l = levels;; l--) {
        uint64_t at = table + (iova >> (12 + 9 * (l - 1)) & 511) * 8;

        if (l == level) {
            vm_poke64(m, at, entry | (level > 1 && entry ? VTD_FS_PS : 0));
            return at;
        }
        if (!vm_peek64(m, at)) {
            vm_poke64(m, at, vm_page(m) | VTD_FS_P | VTD_FS_W | VTD_FS_U);
        }
        table = vm_peek64(m, at) & VTD_PAGE_MASK & ((1ULL << 52) - 1);
    }
}

VtdFaultReason vm_request(VtdMachine *m, const VtdRequest *request,
                          uint64_t *out)
{
    VtdTranslation t;
    VtdFault f;

    if (!vtd_unit_translate(m->unit, request, &t, &f)) {
        /* Only what protected memory blocks has no reason. */
        g_assert_true(f.reason ||
                      (vm_read32(m, VTD_PMEN) & VTD_PMEN_PRS));
        return f.reason ? f.reason : VM_PROTECTED;
    }
    if (out) {
        *out = (t.address & ~t.mask) | (request->address & t.mask);
    }
    return VTD_FR_NONE;
}

uint64_t vm_context(VtdMachine *m, uint16_t sid, uint64_t lo, uint64_t hi)
{
    uint64_t root = VM_ROOT + (sid >> 8) * VTD_ENTRY_SIZE;
    uint64_t entry;

    if (!(vm_peek64(m, root) & VTD_ROOT_P)) {
        vm_poke64(m, root, vm_page(m) | VTD_ROOT_P);
    }
    entry = (vm_peek64(m, root) & VTD_PAGE_MASK) +
            (sid & 0xff) * VTD_ENTRY_SIZE;
    vm_poke64(m, entry, lo);
    vm_poke64(m, entry + 8, hi);
    return entry;
}

uint64_t vm_device(VtdMachine *m, uint16_t sid, uint16_t domain,
                   unsigned levels)
{
    uint64_t table = vm_page(m);

    vm_context(m, sid, table | VTD_CTX_P,
               (uint64_t)domain << VTD_CTX_DID_SHIFT | (levels - 2));
    return table;
}

uint64_t vm_map(VtdMachine *m, uint64_t table, unsigned levels, uint64_t iova,
                uint64_t entry, unsigned level)
{
    for (unsigned l = levels;; l--) {
        uint64_t at = table + (iova >> (12 + 9 * (l - 1)) & 511) * 8;

        if (l == level) {
            vm_poke64(m, at, entry | (level > 1 && entry ? VTD_SS_PS : 0));
            return at;
        }
        if (!vm_peek64(m, at)) {
            vm_poke64(m, at, vm_page(m) | VTD_SS_R | VTD_SS_W);
        }
        table = vm_peek64(m, at) & VTD_PAGE_MASK;
    }
}

void vm_irte(VtdMachine *m, unsigned index, uint64_t lo, uint64_t hi)
{
    vm_poke64(m, VM_IRT + index * VTD_ENTRY_SIZE, lo);
    vm_poke64(m, VM_IRT + index * VTD_ENTRY_SIZE + 8, hi);
}

VtdFaultReason vm_dma(VtdMachine *m, uint16_t sid, uint64_t address,
                      bool write, uint64_t *out)
{
    VtdRequest request = { .sid = sid, .address = address, .write = write };

    return vm_request(m, &request, out);
}

VtdFaultReason vm_msi(VtdMachine *m, uint16_t sid, unsigned index,
                      VtdInterrupt *out)
{
    VtdInterrupt local;
    VtdFault f;
    uint64_t address = VTD_MSI_BASE | VTD_MSI_REMAPPABLE |
                       (index & 0x7fff) << VTD_MSI_HANDLE_SHIFT |
                       (index & 0x8000 ? VTD_MSI_HANDLE_15 : 0);

    if (!vtd_unit_remap(m->unit, sid, address, 0, out ? out : &local, &f)) {
        return f.reason;
    }
    return VTD_FR_NONE;
}

void vm_queue(VtdMachine *m, uint64_t lo, uint64_t hi)
{
    vm_poke64(m, VM_QUEUE + m->tail, lo);
    vm_poke64(m, VM_QUEUE + m->tail + 8, hi);
    if (m->wide) {
        vm_poke64(m, VM_QUEUE + m->tail + 16, 0);
        vm_poke64(m, VM_QUEUE + m->tail + 24, 0);
    }
    m->tail = (m->tail + (m->wide ? 32 : 16)) % 4096;
    vm_write64(m, VTD_IQT, m->tail);
}

VmRecord vm_take_record(VtdMachine *m, unsigned index)
{
    uint64_t hi = vm_read64(m, VTD_FRCD + 16 * index + 8);
    VmRecord record = {
        .pending = hi & VTD_FRCD_F,
        .sid = hi,
        .reason = hi >> VTD_FRCD_FR_SHIFT,
        .read = hi & VTD_FRCD_T_READ,
        .page_request = (hi & (VTD_FRCD_T_READ | VTD_FRCD_T2)) == VTD_FRCD_T2,
        .has_pasid = hi & VTD_FRCD_PP,
        .pasid = hi >> VTD_FRCD_PV_SHIFT & VTD_PASID_MAX,
        .info = vm_read64(m, VTD_FRCD + 16 * index),
    };

    vm_write32(m, VTD_FRCD + 16 * index + 12, VTD_FRCD_F >> 32);
    return record;
}
