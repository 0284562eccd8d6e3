/*
 * PCI functions behind the unit: an address space for each.
 *
 * The space is an IOMMU memory region that asks the unit, with the interrupt
 * window above it.  Nothing in QEMU keeps what the unit answers for an
 * emulated device: each dma_memory_* access asks again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "hw/i386/apic_internal.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_bus.h"
#include "iommu/vtd-iommu-int.h"
#include "iovlab-trace.h"

/* QEMU adds the mask to an address, so pass-through is told in pieces. */
#define PASS_THROUGH_MASK (1 * GiB - 1)

#define FUNCTION_NAME "vtd-function"

uint16_t vtd_function_rid(const VtdFunction *fn)
{
    return fn->lookup(fn->opaque, fn->devfn);
}

/*
 * QEMU asks again for every few bytes of an access that was blocked.  To the
 * unit they are one request, of which it records one fault in each page.
 */
static bool same_request(const VtdFunction *fn, const VtdRequest *request)
{
    return fn->blocked && fn->blocked_rid == request->sid &&
           fn->blocked_write == request->write &&
           request->address - fn->blocked_address <= VTD_IOMMU_PIECE &&
           request->address > fn->blocked_address &&
           !((request->address ^ fn->blocked_address) & VTD_PAGE_MASK);
}

static void remember_blocked(VtdFunction *fn, const VtdRequest *request)
{
    fn->blocked = true;
    fn->blocked_rid = request->sid;
    fn->blocked_write = request->write;
    fn->blocked_address = request->address;
}

static IOMMUTLBEntry function_translate(IOMMUMemoryRegion *mr, hwaddr addr,
                                        IOMMUAccessFlags flag, int idx)
{
    VtdFunction *fn = container_of(mr, VtdFunction, dma);
    VtdRequest request = {
        .sid = vtd_function_rid(fn),
        .write = flag & IOMMU_WO,
        .probe = flag == IOMMU_NONE,
        .address = addr,
    };
    IOMMUTLBEntry entry = {
        .target_as = fn->iommu->target_as,
        .iova = addr & VTD_PAGE_MASK,
        .addr_mask = VTD_PAGE_SIZE - 1,
        .perm = IOMMU_NONE,
    };
    VtdTranslation t;

    QEMU_LOCK_GUARD(&fn->iommu->lock);
    request.probe = request.probe || same_request(fn, &request);
    if (!vtd_unit_translate(fn->iommu->unit, &request, &t, NULL)) {
        if (flag != IOMMU_NONE) {
            remember_blocked(fn, &request);
        }
        return entry;
    }
    fn->blocked = false;
    if (t.mask == ~0ULL) {
        t.mask = PASS_THROUGH_MASK;
        t.address = addr & ~t.mask;
    }
    entry.iova = addr & ~t.mask;
    entry.translated_addr = t.address;
    entry.addr_mask = t.mask;
    entry.perm = IOMMU_ACCESS_FLAG(t.read, t.write);
    return entry;
}

/* vhost keeps translations and hears of their end; VFIO would need to hear
 * of their beginning as well, which it cannot here. */
static int function_notify_flag_changed(IOMMUMemoryRegion *mr,
                                        IOMMUNotifierFlag old_flags,
                                        IOMMUNotifierFlag new_flags,
                                        Error **errp)
{
    VtdFunction *fn = container_of(mr, VtdFunction, dma);

    if (new_flags & IOMMU_NOTIFIER_DEVIOTLB_UNMAP) {
        error_setg(errp, "vtd-iommu has no ATS");
        return -ENOTSUP;
    }
    if (new_flags & IOMMU_NOTIFIER_MAP) {
        error_setg(errp, "host devices (VFIO) cannot be behind vtd-iommu: "
                   "it does not announce new mappings");
        return -ENOTSUP;
    }
    fn->iommu->notified += (new_flags != IOMMU_NOTIFIER_NONE) -
                           (old_flags != IOMMU_NOTIFIER_NONE);
    return 0;
}

static void vtd_iommu_memory_region_class_init(ObjectClass *oc, void *data)
{
    IOMMUMemoryRegionClass *imrc = IOMMU_MEMORY_REGION_CLASS(oc);

    imrc->translate = function_translate;
    imrc->notify_flag_changed = function_notify_flag_changed;
}

void vtd_iommu_deliver(const VtdInterrupt *irq)
{
    MSIMessage msg = {
        .address = VTD_MSI_BASE |
                   (irq->dest & 0xff) << VTD_MSI_DEST_SHIFT |
                   (irq->redirection_hint ? VTD_MSI_RH : 0) |
                   (irq->logical ? VTD_MSI_DM : 0) |
                   (uint64_t)(irq->dest & 0xffffff00) << 32,
        .data = irq->vector | irq->delivery_mode << 8 |
                (irq->level_assert ? VTD_MSI_DATA_LEVEL_ASSERT : 0) |
                (irq->level ? VTD_MSI_DATA_TM : 0),
    };

    apic_get_class(NULL)->send_msi(&msg);
}

static MemTxResult window_write(void *opaque, hwaddr addr, uint64_t value,
                                unsigned size, MemTxAttrs attrs)
{
    VtdFunction *fn = opaque;
    VtdInterrupt irq;

    WITH_QEMU_LOCK_GUARD(&fn->iommu->lock) {
        if (!vtd_unit_remap(fn->iommu->unit, vtd_function_rid(fn),
                            VTD_INTR_FIRST + addr, value, &irq, NULL)) {
            return MEMTX_ACCESS_ERROR;
        }
    }
    vtd_iommu_deliver(&irq);
    return MEMTX_OK;
}

/* Nothing is there to be read; with translation on it is a fault. */
static MemTxResult window_read(void *opaque, hwaddr addr, uint64_t *value,
                               unsigned size, MemTxAttrs attrs)
{
    VtdFunction *fn = opaque;
    VtdRequest request = {
        .sid = vtd_function_rid(fn),
        .address = VTD_INTR_FIRST + addr,
    };
    VtdTranslation t;

    *value = 0;
    QEMU_LOCK_GUARD(&fn->iommu->lock);
    return vtd_unit_translate(fn->iommu->unit, &request, &t, NULL)
           ? MEMTX_OK : MEMTX_ACCESS_ERROR;
}

static const MemoryRegionOps window_ops = {
    .read_with_attrs = window_read,
    .write_with_attrs = window_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

/*
 * Functions are used again rather than freed: a device that was unplugged may
 * still be seen by readers of its address space.
 */
VtdFunction *vtd_function_new(VtdIommu *s, PCIBus *bus, int devfn,
                              VtdRidLookup *lookup, void *opaque)
{
    VtdFunction *fn;

    if (s->spare_functions->len) {
        fn = g_ptr_array_steal_index_fast(s->spare_functions,
                                          s->spare_functions->len - 1);
    } else {
        fn = g_new0(VtdFunction, 1);
        fn->iommu = s;
        memory_region_init(&fn->root, OBJECT(s), "vtd-function", UINT64_MAX);
        memory_region_init_iommu(&fn->dma, sizeof(fn->dma),
                                 TYPE_VTD_IOMMU_MEMORY_REGION, OBJECT(s),
                                 "vtd-dma", UINT64_MAX);
        memory_region_init_io(&fn->window, OBJECT(s), &window_ops, fn,
                              "vtd-interrupts", VTD_INTR_SIZE);
        memory_region_add_subregion_overlap(&fn->root, 0,
                                            MEMORY_REGION(&fn->dma), 0);
        memory_region_add_subregion_overlap(&fn->root, VTD_INTR_FIRST,
                                            &fn->window, 1);
        address_space_init(&fn->as, &fn->root, FUNCTION_NAME);
    }
    fn->bus = bus;
    fn->devfn = devfn;
    fn->lookup = lookup;
    fn->opaque = opaque;
    fn->blocked = false;
    return fn;
}

VtdIommu *vtd_function_iommu(AddressSpace *as)
{
    return g_strcmp0(as->name, FUNCTION_NAME) ? NULL
           : container_of(as, VtdFunction, as)->iommu;
}

AddressSpace *vtd_bus_address_space(VtdBus *vb, int devfn)
{
    if (!vb->function[devfn]) {
        vb->function[devfn] = vtd_function_new(vb->iommu, vb->bus, devfn,
                                               vb->lookup, vb->opaque);
    }
    return &vb->function[devfn]->as;
}

static AddressSpace *bus_get_address_space(PCIBus *bus, void *opaque,
                                           int devfn)
{
    return vtd_bus_address_space(opaque, devfn);
}

static const PCIIOMMUOps bus_ops = {
    .get_address_space = bus_get_address_space,
};

static VtdBus *find_bus(VtdIommu *s, PCIBus *bus)
{
    for (unsigned i = 0; i < s->buses->len; i++) {
        VtdBus *vb = g_ptr_array_index(s->buses, i);

        if (vb->bus == bus) {
            return vb;
        }
    }
    return NULL;
}

VtdBus *vtd_iommu_get_bus(VtdIommu *s, PCIBus *bus, VtdRidLookup *lookup,
                          void *opaque)
{
    VtdBus *vb = find_bus(s, bus);

    if (vb) {
        return vb;
    }
    vb = find_bus(s, NULL);
    if (!vb) {
        vb = g_new0(VtdBus, 1);
        g_ptr_array_add(s->buses, vb);
    }
    vb->iommu = s;
    vb->bus = bus;
    vb->lookup = lookup;
    vb->opaque = opaque;
    return vb;
}

void vtd_iommu_setup_bus(VtdIommu *s, PCIBus *bus, VtdRidLookup *lookup,
                         void *opaque)
{
    pci_setup_iommu(bus, &bus_ops, vtd_iommu_get_bus(s, bus, lookup, opaque));
}

static uint16_t no_rid(void *opaque, int devfn)
{
    /* Function 31.7 of the last bus: never granted. */
    return 0xffff;
}

void vtd_iommu_release_bus(VtdIommu *s, PCIBus *bus)
{
    VtdBus *vb = find_bus(s, bus);

    for (int devfn = 0; vb && devfn < PCI_DEVFN_MAX; devfn++) {
        VtdFunction *fn = vb->function[devfn];

        if (fn) {
            fn->bus = NULL;
            fn->lookup = no_rid;
            fn->opaque = NULL;
            g_ptr_array_add(s->spare_functions, fn);
            vb->function[devfn] = NULL;
        }
    }
    if (vb) {
        vb->bus = NULL;
        vb->lookup = no_rid;
        vb->opaque = NULL;
    }
}

PCIDevice *vtd_iommu_find_device(VtdIommu *s, uint16_t rid)
{
    for (unsigned i = 0; i < s->buses->len; i++) {
        VtdBus *vb = g_ptr_array_index(s->buses, i);

        for (int devfn = 0; vb->bus && devfn < PCI_DEVFN_MAX; devfn++) {
            if (vb->bus->devices[devfn] &&
                vb->lookup(vb->opaque, devfn) == rid) {
                return vb->bus->devices[devfn];
            }
        }
    }
    return NULL;
}

char *vtd_iommu_requester_name(VtdIommu *s, uint16_t rid)
{
    /* Devices come and go under the BQL, which an iothread does not hold. */
    PCIDevice *dev = bql_locked() ? vtd_iommu_find_device(s, rid) : NULL;

    if (dev) {
        return g_strdup_printf("%s %s (%02x:%02x.%x)",
                               object_get_typename(OBJECT(dev)),
                               DEVICE(dev)->id ?: dev->name, rid >> 8,
                               PCI_SLOT(rid & 0xff), PCI_FUNC(rid));
    }
    return g_strdup_printf("device %02x:%02x.%x", rid >> 8,
                           PCI_SLOT(rid & 0xff), PCI_FUNC(rid));
}

/* A notifier hears of its own range only: QEMU insists on that. */
static void notify_function(VtdFunction *fn, const VtdInvalidated *what)
{
    bool pages = what->what == VTD_INV_PAGES;
    hwaddr first = pages ? what->address : 0;
    hwaddr last = pages ? what->address + (what->size - 1) : HWADDR_MAX;
    IOMMUNotifier *n;

    IOMMU_NOTIFIER_FOREACH(n, &fn->dma) {
        hwaddr from = MAX(first, n->start), to = MIN(last, n->end);
        IOMMUTLBEvent event = {
            .type = IOMMU_NOTIFIER_UNMAP,
            .entry = {
                .target_as = fn->iommu->target_as,
                .iova = from,
                .addr_mask = to - from,
                .perm = IOMMU_NONE,
            },
        };

        if (from <= to) {
            memory_region_notify_iommu_one(n, &event);
        }
    }
}

/* Without asking which domain a function is in: more is forgotten, not less. */
void vtd_iommu_notify_unmap(VtdIommu *s, const VtdInvalidated *what)
{
    for (unsigned i = 0; s->notified && i < s->buses->len; i++) {
        VtdBus *vb = g_ptr_array_index(s->buses, i);

        for (int devfn = 0; devfn < PCI_DEVFN_MAX; devfn++) {
            VtdFunction *fn = vb->function[devfn];

            if (fn && fn->dma.iommu_notify_flags != IOMMU_NOTIFIER_NONE) {
                notify_function(fn, what);
            }
        }
    }
}

static const TypeInfo vtd_iommu_memory_region_info = {
    .name = TYPE_VTD_IOMMU_MEMORY_REGION,
    .parent = TYPE_IOMMU_MEMORY_REGION,
    .class_init = vtd_iommu_memory_region_class_init,
};

static void vtd_iommu_function_register(void)
{
    type_register_static(&vtd_iommu_memory_region_info);
}
type_init(vtd_iommu_function_register)
