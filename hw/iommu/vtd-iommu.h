/*
 * What other devices see of -device vtd-iommu.
 *
 * A bus owner that puts PCI functions behind the hypervisor's unit finds the
 * unit with vtd_iommu_hypervisor() and hands its PCI bus over with
 * vtd_iommu_setup_bus().  From then on every DMA and every MSI of a function
 * on that bus carries the requester id that the callback gives it, and is
 * blocked unless that requester id was granted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_IOVLAB_VTD_IOMMU_H
#define HW_IOVLAB_VTD_IOMMU_H

#include "hw/pci/pci.h"
#include "qemu/notify.h"
#include "iovlab/hypervisor.h"
#include "iovlab/vtd_unit.h"

#define TYPE_VTD_IOMMU "vtd-iommu"
typedef struct VtdIommu VtdIommu;

/*
 * The hypervisor-owned unit of this machine; made on first use.  NULL with
 * @errp set if that is not possible.  Owned by the machine.
 */
VtdIommu *vtd_iommu_hypervisor(Error **errp);

/* The hypervisor that drives it: grants, interrupt entries, use counters. */
Hypervisor *vtd_iommu_get_hypervisor(VtdIommu *iommu);

/* Requester id of the function at @devfn; asked at every request. */
typedef uint16_t VtdRidLookup(void *opaque, int devfn);

/* Requests of @bus go through the unit.  Undone by vtd_iommu_release_bus(). */
void vtd_iommu_setup_bus(VtdIommu *iommu, PCIBus *bus, VtdRidLookup *lookup,
                         void *opaque);
void vtd_iommu_release_bus(VtdIommu *iommu, PCIBus *bus);

/*
 * hypervisor_grant() and hypervisor_revoke() with QEMU's errors; the grant
 * covers the guest's RAM, also what is added or removed later.
 */
bool vtd_iommu_grant(VtdIommu *iommu, uint16_t rid, Error **errp);
void vtd_iommu_revoke(VtdIommu *iommu, uint16_t rid);

/* Blocked requests: the notifier's data is a const HvrFault *. */
void vtd_iommu_add_fault_notifier(VtdIommu *iommu, Notifier *notifier);

/*
 * What a device may do beyond plain DMA.  It names itself a requester to be
 * asked for its own TLB and to hear of page responses; both callbacks may be
 * NULL.  It removes itself before it goes.
 */
typedef struct VtdRequester {
    PCIDevice *dev;
    VtdDeviceAnswer (*invalidate)(void *opaque,
                                  const VtdDeviceInvalidation *what);
    void (*page_response)(void *opaque, const VtdPageResponse *response);
    void *opaque;
    QLIST_ENTRY(VtdRequester) next;
} VtdRequester;

/* The unit that @dev is behind, NULL if none. */
VtdIommu *vtd_iommu_of(PCIDevice *dev);
void vtd_iommu_add_requester(VtdIommu *iommu, VtdRequester *requester);
void vtd_iommu_remove_requester(VtdRequester *requester);
/*
 * An invalidation of @sid's TLB has been obeyed; an error of the unit if none
 * is pending.
 */
void vtd_iommu_device_answered(VtdIommu *iommu, uint16_t sid);

/* As vtd_unit_translate(), vtd_unit_ats(), vtd_unit_page_request(). */
bool vtd_iommu_translate(VtdIommu *iommu, const VtdRequest *request,
                         VtdTranslation *out);
bool vtd_iommu_ats(VtdIommu *iommu, const VtdRequest *request,
                   VtdTranslation *out);
bool vtd_iommu_page_request(VtdIommu *iommu, const VtdPageRequest *request);
/* A whole access: translated page by page, then made. */
MemTxResult vtd_iommu_rw(VtdIommu *iommu, const VtdRequest *request, void *buf,
                         size_t len);
/* An access that has been translated. */
MemTxResult vtd_iommu_target_rw(VtdIommu *iommu, hwaddr address, void *buf,
                                size_t len, bool write);
/* An interrupt message of requester @sid; false if it was blocked. */
bool vtd_iommu_message(VtdIommu *iommu, uint16_t sid, uint64_t address,
                       uint32_t data);
/*
 * Between the two, something that has been translated has not reached memory
 * yet: invalidations that drain wait for it.
 */
void vtd_iommu_dma_begin(VtdIommu *iommu);
void vtd_iommu_dma_end(VtdIommu *iommu);

#endif
