/*
 * Requests that a device makes beyond plain DMA: with a PASID, with an address
 * type, as another requester; ATS, page requests, DMA that is under way while
 * the tables change.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "iommu/vtd-iommu-int.h"

/*
 * A device that has not obeyed by then, counted from the first of its
 * invalidations, is taken to be gone (6.5.2.11).
 */
#define DEVICE_TIMEOUT_MS 1000
#define DEVICES_PENDING_MAX 1024

VtdIommu *vtd_iommu_of(PCIDevice *dev)
{
    AddressSpace *as = pci_device_iommu_address_space(dev);

    return as == &address_space_memory ? NULL : vtd_function_iommu(as);
}

void vtd_iommu_add_requester(VtdIommu *s, VtdRequester *requester)
{
    QLIST_INSERT_HEAD(&s->requesters, requester, next);
}

void vtd_iommu_remove_requester(VtdRequester *requester)
{
    QLIST_REMOVE(requester, next);
}

static VtdRequester *find_requester(VtdIommu *s, uint16_t sid)
{
    VtdRequester *r;

    QLIST_FOREACH(r, &s->requesters, next) {
        if (pci_requester_id(r->dev) == sid) {
            return r;
        }
    }
    return NULL;
}

VtdDeviceAnswer vtd_iommu_device_invalidate(void *opaque,
                                            const VtdDeviceInvalidation *what)
{
    VtdIommu *s = opaque;
    VtdRequester *r = find_requester(s, what->sid);
    VtdDeviceAnswer answer;

    if (r && r->invalidate) {
        answer = r->invalidate(r->opaque, what);
    } else {
        /* QEMU's other devices keep nothing; one that is gone is silent. */
        answer = vtd_iommu_find_device(s, what->sid) ? VTD_DEVICE_DONE
                                                     : VTD_DEVICE_PENDING;
    }
    if (answer != VTD_DEVICE_PENDING) {
        return answer;
    }
    if (s->devices_pending->len >= DEVICES_PENDING_MAX) {
        return VTD_DEVICE_ABSENT;
    }
    g_array_append_val(s->devices_pending, what->sid);
    if (!timer_pending(s->device_timer)) {
        timer_mod(s->device_timer,
                  qemu_clock_get_ms(QEMU_CLOCK_VIRTUAL) + DEVICE_TIMEOUT_MS);
    }
    return VTD_DEVICE_PENDING;
}

void vtd_iommu_page_response(void *opaque, const VtdPageResponse *response)
{
    VtdIommu *s = opaque;
    VtdRequester *r = find_requester(s, response->sid);

    if (r && r->page_response) {
        r->page_response(r->opaque, response);
    }
}

void vtd_iommu_device_timeout(void *opaque)
{
    VtdIommu *s = opaque;

    QEMU_LOCK_GUARD(&s->lock);
    while (s->devices_pending->len) {
        uint16_t sid = g_array_index(s->devices_pending, uint16_t, 0);

        g_array_remove_index(s->devices_pending, 0);
        vtd_unit_device_answered(s->unit, sid, true);
    }
}

void vtd_iommu_device_answered(VtdIommu *s, uint16_t sid)
{
    QEMU_LOCK_GUARD(&s->lock);
    for (unsigned i = 0; i < s->devices_pending->len; i++) {
        if (g_array_index(s->devices_pending, uint16_t, i) == sid) {
            g_array_remove_index(s->devices_pending, i);
            if (!s->devices_pending->len) {
                timer_del(s->device_timer);
            }
            vtd_unit_device_answered(s->unit, sid, false);
            return;
        }
    }
    vtd_unit_device_unexpected(s->unit, sid);
}

void vtd_iommu_forget_devices(VtdIommu *s)
{
    g_array_set_size(s->devices_pending, 0);
    timer_del(s->device_timer);
}

bool vtd_iommu_translate(VtdIommu *s, const VtdRequest *request,
                         VtdTranslation *out)
{
    QEMU_LOCK_GUARD(&s->lock);
    return vtd_unit_translate(s->unit, request, out, NULL);
}

bool vtd_iommu_ats(VtdIommu *s, const VtdRequest *request, VtdTranslation *out)
{
    QEMU_LOCK_GUARD(&s->lock);
    return vtd_unit_ats(s->unit, request, out, NULL);
}

bool vtd_iommu_page_request(VtdIommu *s, const VtdPageRequest *request)
{
    QEMU_LOCK_GUARD(&s->lock);
    return vtd_unit_page_request(s->unit, request);
}

MemTxResult vtd_iommu_target_rw(VtdIommu *s, hwaddr address, void *buf,
                                size_t len, bool write)
{
    return address_space_rw(s->target_as, address, MEMTXATTRS_UNSPECIFIED, buf,
                            len, write);
}

MemTxResult vtd_iommu_rw(VtdIommu *s, const VtdRequest *request, void *buf,
                         size_t len)
{
    VtdRequest part = *request;
    uint8_t *p = buf;

    while (len) {
        VtdTranslation t;
        uint64_t room = VTD_PAGE_SIZE - (part.address & ~VTD_PAGE_MASK);
        size_t piece = MIN(len, room);
        MemTxResult result;

        if (!vtd_iommu_translate(s, &part, &t)) {
            return MEMTX_ACCESS_ERROR;
        }
        result = vtd_iommu_target_rw(s, (t.address & ~t.mask) |
                                     (part.address & t.mask), p, piece,
                                     part.write);
        if (result != MEMTX_OK) {
            return result;
        }
        part.address += piece;
        p += piece;
        len -= piece;
    }
    return MEMTX_OK;
}

bool vtd_iommu_message(VtdIommu *s, uint16_t sid, uint64_t address,
                       uint32_t data)
{
    VtdInterrupt irq;

    WITH_QEMU_LOCK_GUARD(&s->lock) {
        if (!vtd_unit_remap(s->unit, sid, address, data, &irq, NULL)) {
            return false;
        }
    }
    vtd_iommu_deliver(&irq);
    return true;
}

void vtd_iommu_dma_begin(VtdIommu *s)
{
    QEMU_LOCK_GUARD(&s->lock);
    s->dma_in_flight++;
}

void vtd_iommu_dma_end(VtdIommu *s)
{
    QEMU_LOCK_GUARD(&s->lock);
    s->dma_in_flight--;
    if (!s->dma_in_flight) {
        vtd_unit_drained(s->unit);
    }
}

bool vtd_iommu_drain(void *opaque)
{
    VtdIommu *s = opaque;

    return !s->dma_in_flight;
}
