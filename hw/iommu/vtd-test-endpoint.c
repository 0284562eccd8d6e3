/*
 * -device vtd-test-endpoint: a PCIe function that makes any request that a
 * remapping unit has to deal with, at the word of its driver: for tests.
 *
 * DMA with and without PASID, with an address that it has translated in its
 * own TLB (ATS), under another requester's id, or stopped between translation
 * and memory; interrupt messages; page requests.  Plain DMA takes the way
 * that every other device's takes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pcie.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "iommu/vtd-iommu.h"
#include "iommu/vtd-test-endpoint.h"

#define TYPE_VTD_TEST_ENDPOINT "vtd-test-endpoint"
OBJECT_DECLARE_SIMPLE_TYPE(VtdTestEndpoint, VTD_TEST_ENDPOINT)

#define TLB_ENTRIES 16

typedef struct VteTlbEntry {
    bool valid;
    bool has_pasid;
    uint32_t pasid;
    uint64_t address;           /* of the page */
    VtdTranslation to;
} VteTlbEntry;

struct VtdTestEndpoint {
    PCIDevice parent_obj;
    MemoryRegion bar;
    VtdIommu *iommu;            /* NULL: behind none of ours */
    VtdRequester requester;
    uint32_t regs[VTE_BUFFER / 4];
    uint8_t buffer[VTE_BUFFER_SIZE];
    VteTlbEntry tlb[TLB_ENTRIES];
    unsigned next_entry;
    uint64_t deferred;          /* where the deferred access goes */
    bool deferred_valid;
    bool deferred_write;
    bool ats, pri, pasid;
};

static uint32_t reg(const VtdTestEndpoint *e, unsigned offset)
{
    return e->regs[offset / 4];
}

static uint64_t reg64(const VtdTestEndpoint *e, unsigned offset)
{
    return reg(e, offset) | (uint64_t)reg(e, offset + 4) << 32;
}

static void set_reg(VtdTestEndpoint *e, unsigned offset, uint32_t value)
{
    e->regs[offset / 4] = value;
}

static void set_reg64(VtdTestEndpoint *e, unsigned offset, uint64_t value)
{
    set_reg(e, offset, value);
    set_reg(e, offset + 4, value >> 32);
}

static uint16_t requester_id(VtdTestEndpoint *e)
{
    return reg(e, VTE_FLAGS) & VTE_FORGED ? reg(e, VTE_REQUESTER)
           : pci_requester_id(PCI_DEVICE(e));
}

static VtdRequest request_of(VtdTestEndpoint *e, bool write)
{
    uint32_t flags = reg(e, VTE_FLAGS);

    return (VtdRequest) {
        .sid = requester_id(e),
        .has_pasid = flags & VTE_HAS_PASID,
        .privileged = flags & VTE_PRIVILEGED,
        .pasid = reg(e, VTE_PASID) & VTD_PASID_MAX,
        .write = write,
        .zero_length = flags & VTE_ZERO_LENGTH,
        .address = reg64(e, VTE_ADDRESS),
    };
}

static unsigned length_of(const VtdTestEndpoint *e)
{
    return MIN(reg(e, VTE_LENGTH), VTE_BUFFER_SIZE);
}

/* Its own TLB. */
static VteTlbEntry *tlb_find(VtdTestEndpoint *e, const VtdRequest *r)
{
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        VteTlbEntry *t = &e->tlb[i];

        if (t->valid && t->has_pasid == r->has_pasid &&
            (!r->has_pasid || t->pasid == r->pasid) &&
            !((t->address ^ r->address) & ~t->to.mask)) {
            return t;
        }
    }
    return NULL;
}

static uint32_t translate(VtdTestEndpoint *e)
{
    VtdRequest r = request_of(e, reg(e, VTE_FLAGS) & VTE_FOR_WRITE);
    VtdTranslation t;
    VteTlbEntry *entry;

    if (!e->iommu) {
        return VTE_NO_UNIT;
    }
    if (!vtd_iommu_ats(e->iommu, &r, &t)) {
        return VTE_UNSUPPORTED;
    }
    set_reg64(e, VTE_RESULT, (t.address & ~t.mask) | (r.address & t.mask));
    set_reg64(e, VTE_MASK, t.mask);
    set_reg(e, VTE_RIGHTS, t.read | t.write << 1);
    if (t.read || t.write) {
        entry = tlb_find(e, &r);
        if (!entry) {
            entry = &e->tlb[e->next_entry++ % TLB_ENTRIES];
        }
        *entry = (VteTlbEntry) {
            .valid = true,
            .has_pasid = r.has_pasid,
            .pasid = r.pasid,
            .address = r.address & ~t.mask,
            .to = t,
        };
    }
    return VTE_OK;
}

/* Where an access goes, by its TLB alone. */
static bool use_tlb(VtdTestEndpoint *e, VtdRequest *r)
{
    VteTlbEntry *t = tlb_find(e, r);

    if (!t || !(r->write ? t->to.write : t->to.read)) {
        return false;
    }
    r->address = (t->to.address & ~t->to.mask) | (r->address & t->to.mask);
    r->at = VTD_AT_TRANSLATED;
    r->has_pasid = false;
    return true;
}

static uint32_t defer(VtdTestEndpoint *e, const VtdRequest *r)
{
    VtdTranslation t;

    if (e->deferred_valid) {
        return VTE_BLOCKED;
    }
    if (!vtd_iommu_translate(e->iommu, r, &t)) {
        return VTE_BLOCKED;
    }
    vtd_iommu_dma_begin(e->iommu);
    e->deferred = (t.address & ~t.mask) | (r->address & t.mask);
    e->deferred_write = r->write;
    e->deferred_valid = true;
    return VTE_OK;
}

static uint32_t commit(VtdTestEndpoint *e)
{
    MemTxResult result;

    if (!e->deferred_valid) {
        return VTE_BLOCKED;
    }
    e->deferred_valid = false;
    result = vtd_iommu_target_rw(e->iommu, e->deferred, e->buffer,
                                 length_of(e), e->deferred_write);
    vtd_iommu_dma_end(e->iommu);
    return result == MEMTX_OK ? VTE_OK : VTE_BLOCKED;
}

static uint32_t access_memory(VtdTestEndpoint *e, bool write)
{
    const uint32_t special = VTE_HAS_PASID | VTE_PRIVILEGED | VTE_TRANSLATED |
                             VTE_FORGED | VTE_DEFERRED | VTE_ZERO_LENGTH |
                             VTE_RAW_TRANSLATED;
    uint32_t flags = reg(e, VTE_FLAGS);
    VtdRequest r = request_of(e, write);
    MemTxResult result;

    if (!(flags & special)) {
        result = pci_dma_rw(PCI_DEVICE(e), r.address, e->buffer, length_of(e),
                            write ? DMA_DIRECTION_FROM_DEVICE
                                  : DMA_DIRECTION_TO_DEVICE,
                            MEMTXATTRS_UNSPECIFIED);
        return result == MEMTX_OK ? VTE_OK : VTE_BLOCKED;
    }
    if (!e->iommu) {
        return VTE_NO_UNIT;
    }
    if ((flags & VTE_TRANSLATED) && !use_tlb(e, &r)) {
        return VTE_TLB_MISS;
    }
    if (flags & VTE_RAW_TRANSLATED) {
        r.at = VTD_AT_TRANSLATED;
    }
    if (flags & VTE_DEFERRED) {
        return defer(e, &r);
    }
    if (flags & VTE_ZERO_LENGTH) {
        VtdTranslation t;

        return vtd_iommu_translate(e->iommu, &r, &t) ? VTE_OK : VTE_BLOCKED;
    }
    result = vtd_iommu_rw(e->iommu, &r, e->buffer, length_of(e));
    return result == MEMTX_OK ? VTE_OK : VTE_BLOCKED;
}

static uint32_t message(VtdTestEndpoint *e)
{
    if (!e->iommu) {
        return VTE_NO_UNIT;
    }
    return vtd_iommu_message(e->iommu, requester_id(e), reg64(e, VTE_ADDRESS),
                             reg(e, VTE_DATA)) ? VTE_OK : VTE_BLOCKED;
}

static uint32_t request_page(VtdTestEndpoint *e)
{
    uint32_t flags = reg(e, VTE_FLAGS);
    VtdPageRequest r = {
        .sid = requester_id(e),
        .has_pasid = flags & VTE_HAS_PASID,
        .privileged = flags & VTE_PRIVILEGED,
        .read = true,
        .write = flags & VTE_FOR_WRITE,
        .last = flags & VTE_LAST,
        .pasid = reg(e, VTE_PASID) & VTD_PASID_MAX,
        .group = reg(e, VTE_GROUP) & 511,
        .address = reg64(e, VTE_ADDRESS),
    };

    if (!e->iommu) {
        return VTE_NO_UNIT;
    }
    return vtd_iommu_page_request(e->iommu, &r) ? VTE_OK : VTE_BLOCKED;
}

static uint32_t answer(VtdTestEndpoint *e)
{
    uint32_t held = reg(e, VTE_HELD);

    if (!held) {
        return VTE_BLOCKED;
    }
    set_reg(e, VTE_HELD, held - 1);
    vtd_iommu_device_answered(e->iommu, pci_requester_id(PCI_DEVICE(e)));
    return VTE_OK;
}

static uint32_t answer_unasked(VtdTestEndpoint *e)
{
    if (!e->iommu) {
        return VTE_NO_UNIT;
    }
    vtd_iommu_device_answered(e->iommu, requester_id(e));
    return VTE_OK;
}

static VtdDeviceAnswer on_invalidate(void *opaque,
                                     const VtdDeviceInvalidation *what)
{
    VtdTestEndpoint *e = opaque;

    set_reg(e, VTE_INVALIDATIONS, reg(e, VTE_INVALIDATIONS) + 1);
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        VteTlbEntry *t = &e->tlb[i];

        if (t->has_pasid == what->has_pasid &&
            (!what->has_pasid || what->all_pasids ||
             t->pasid == what->pasid) &&
            t->address <= what->last &&
            t->address + t->to.mask >= what->address) {
            t->valid = false;
        }
    }
    if (reg(e, VTE_FLAGS) & VTE_HOLD) {
        set_reg(e, VTE_HELD, reg(e, VTE_HELD) + 1);
        return VTD_DEVICE_PENDING;
    }
    return VTD_DEVICE_DONE;
}

static void on_page_response(void *opaque, const VtdPageResponse *response)
{
    VtdTestEndpoint *e = opaque;

    set_reg(e, VTE_RESPONSES, reg(e, VTE_RESPONSES) + 1);
    set_reg(e, VTE_LAST_RESPONSE, response->group << 16 | response->code);
}

static void command(VtdTestEndpoint *e, uint32_t value)
{
    uint32_t status;

    switch (value) {
    case VTE_READ:
    case VTE_WRITE:
        status = access_memory(e, value == VTE_WRITE);
        break;
    case VTE_MESSAGE:
        status = message(e);
        break;
    case VTE_TRANSLATE:
        status = translate(e);
        break;
    case VTE_REQUEST_PAGE:
        status = request_page(e);
        break;
    case VTE_COMMIT:
        status = commit(e);
        break;
    case VTE_ANSWER:
        status = answer(e);
        break;
    case VTE_ANSWER_UNASKED:
        status = answer_unasked(e);
        break;
    case VTE_INTERRUPT:
        msi_notify(PCI_DEVICE(e), 0);
        status = VTE_OK;
        break;
    default:
        return;
    }
    set_reg(e, VTE_STATUS, status);
}

static uint64_t bar_read(void *opaque, hwaddr addr, unsigned size)
{
    VtdTestEndpoint *e = opaque;

    if (addr < VTE_BUFFER) {
        return addr == VTE_ID ? VTE_ID_VALUE : reg(e, addr);
    }
    return addr - VTE_BUFFER < VTE_BUFFER_SIZE
           ? ldl_le_p(e->buffer + addr - VTE_BUFFER) : 0;
}

static void bar_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    VtdTestEndpoint *e = opaque;

    if (addr == VTE_COMMAND) {
        command(e, value);
    } else if (addr >= VTE_ADDRESS && addr < VTE_STATUS) {
        set_reg(e, addr, value);
    } else if (addr >= VTE_BUFFER && addr - VTE_BUFFER < VTE_BUFFER_SIZE) {
        stl_le_p(e->buffer + addr - VTE_BUFFER, value);
    }
}

static const MemoryRegionOps bar_ops = {
    .read = bar_read,
    .write = bar_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

/* Ends what is under way: nothing of it may outlive the device. */
static void forget(VtdTestEndpoint *e)
{
    if (e->deferred_valid) {
        e->deferred_valid = false;
        vtd_iommu_dma_end(e->iommu);
    }
    memset(e->tlb, 0, sizeof(e->tlb));
}

static void endpoint_reset(DeviceState *dev)
{
    VtdTestEndpoint *e = VTD_TEST_ENDPOINT(dev);

    forget(e);
    memset(e->regs, 0, sizeof(e->regs));
    memset(e->buffer, 0, sizeof(e->buffer));
}

/* PCIe 10.5.2 (PRI) and 7.8.9 (PASID): enough for a driver to switch on. */
static void add_capabilities(VtdTestEndpoint *e)
{
    PCIDevice *dev = PCI_DEVICE(e);

    if (e->ats) {
        pcie_ats_init(dev, 0x100, true);
    }
    if (e->pri) {
        pcie_add_capability(dev, 0x13, 1, 0x110, 16);
        pci_set_word(dev->wmask + 0x114, 3);
        pci_set_word(dev->config + 0x116, 0x8100);
        pci_set_long(dev->config + 0x118, 64);
        pci_set_long(dev->wmask + 0x11c, 0xffffffff);
    }
    if (e->pasid) {
        pcie_add_capability(dev, 0x1b, 1, 0x120, 8);
        pci_set_word(dev->config + 0x124, 20 << 8 | 4);
        pci_set_word(dev->wmask + 0x126, 5);
    }
}

static void endpoint_realize(PCIDevice *dev, Error **errp)
{
    VtdTestEndpoint *e = VTD_TEST_ENDPOINT(dev);

    memory_region_init_io(&e->bar, OBJECT(e), &bar_ops, e, "vtd-test-endpoint",
                          VTE_BAR_SIZE);
    pci_register_bar(dev, 0, PCI_BASE_ADDRESS_SPACE_MEMORY, &e->bar);
    pci_config_set_interrupt_pin(dev->config, 1);
    if (pcie_endpoint_cap_init(dev, 0x80) < 0 ||
        msi_init(dev, 0x50, 1, true, false, errp)) {
        return;
    }
    add_capabilities(e);
    e->iommu = vtd_iommu_of(dev);
    if (e->iommu) {
        e->requester = (VtdRequester) {
            .dev = dev,
            .invalidate = on_invalidate,
            .page_response = on_page_response,
            .opaque = e,
        };
        vtd_iommu_add_requester(e->iommu, &e->requester);
    }
}

static void endpoint_exit(PCIDevice *dev)
{
    VtdTestEndpoint *e = VTD_TEST_ENDPOINT(dev);

    if (e->iommu) {
        forget(e);
        vtd_iommu_remove_requester(&e->requester);
    }
    msi_uninit(dev);
}

static const VMStateDescription endpoint_vmstate = {
    .name = TYPE_VTD_TEST_ENDPOINT,
    .unmigratable = 1,
};

static const Property endpoint_properties[] = {
    DEFINE_PROP_BOOL("ats", VtdTestEndpoint, ats, true),
    DEFINE_PROP_BOOL("pri", VtdTestEndpoint, pri, true),
    DEFINE_PROP_BOOL("pasid", VtdTestEndpoint, pasid, true),
};

static void endpoint_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(oc);

    pc->realize = endpoint_realize;
    pc->exit = endpoint_exit;
    pc->vendor_id = VTE_VENDOR;
    pc->device_id = VTE_DEVICE;
    pc->class_id = PCI_CLASS_OTHERS;
    dc->desc = "makes the requests that a remapping unit is tested with";
    dc->vmsd = &endpoint_vmstate;
    device_class_set_legacy_reset(dc, endpoint_reset);
    device_class_set_props(dc, endpoint_properties);
    object_class_property_set_description(oc, "ats", "ATS capability");
    object_class_property_set_description(oc, "pri", "PRI capability");
    object_class_property_set_description(oc, "pasid", "PASID capability");
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo endpoint_info = {
    .name = TYPE_VTD_TEST_ENDPOINT,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(VtdTestEndpoint),
    .class_init = endpoint_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { }
    },
};

static void endpoint_register(void)
{
    type_register_static(&endpoint_info);
}
type_init(endpoint_register)
