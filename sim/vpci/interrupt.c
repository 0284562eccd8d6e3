/*
 * Virtual PCI: interrupts, from the guest's vectors and virtual processors to
 * the entries of the remapping table.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci_int.h"

#include "iovlab-trace.h"

/* Vectors below are the processor's own (SDM volume 3, 11.5.2). */
#define VECTOR_MIN 16
#define VECTOR_MAX 255

/* An interrupt request of any protocol generation. */
typedef struct InterruptRequest {
    uint32_t vector;
    unsigned count;
    uint8_t delivery_mode;
    uint32_t apic_id;
} InterruptRequest;

static bool first_in_mask(VpciBus *bus, uint64_t mask, uint32_t *apic_id)
{
    VpciPartition *p = bus->partition;

    for (unsigned vp = 0; vp < 64; vp++) {
        if (mask >> vp & 1 && p->ops->apic_id(p->opaque, vp, apic_id)) {
            return true;
        }
    }
    return false;
}

static bool first_in_list(VpciBus *bus, const uint8_t *vps, unsigned count,
                          uint32_t *apic_id)
{
    VpciPartition *p = bus->partition;

    for (unsigned i = 0; i < MIN(count, VPCI_MSI_VPS); i++) {
        if (p->ops->apic_id(p->opaque, rd_le16(vps + 2 * i), apic_id)) {
            return true;
        }
    }
    return false;
}

/*
 * Of several processors the first that exists is taken: what a guest asks for
 * here is a place holder until it retargets the vector.
 */
static bool parse_request(VpciBus *bus, unsigned generation,
                          const uint8_t *p, InterruptRequest *req)
{
    unsigned vps;

    switch (generation) {
    case 1:
        req->vector = p[offsetof(VpciMsi, vector)];
        req->delivery_mode = p[offsetof(VpciMsi, delivery_mode)];
        req->count = rd_le16(p + offsetof(VpciMsi, vector_count));
        return first_in_mask(bus, rd_le64(p + offsetof(VpciMsi, vp_mask)),
                             &req->apic_id);
    case 2:
        req->vector = p[offsetof(VpciMsi2, vector)];
        req->delivery_mode = p[offsetof(VpciMsi2, delivery_mode)];
        req->count = rd_le16(p + offsetof(VpciMsi2, vector_count));
        vps = rd_le16(p + offsetof(VpciMsi2, vp_count));
        return vps <= VPCI_MSI_VPS &&
               first_in_list(bus, p + offsetof(VpciMsi2, vp), vps,
                             &req->apic_id);
    default:
        req->vector = rd_le32(p + offsetof(VpciMsi3, vector));
        req->delivery_mode = p[offsetof(VpciMsi3, delivery_mode)];
        req->count = rd_le16(p + offsetof(VpciMsi3, vector_count));
        vps = rd_le16(p + offsetof(VpciMsi3, vp_count));
        return vps <= VPCI_MSI_VPS &&
               first_in_list(bus, p + offsetof(VpciMsi3, vp), vps,
                             &req->apic_id);
    }
}

static bool request_valid(const InterruptRequest *req)
{
    return req->count && req->count <= VPCI_VECTORS_MAX &&
           !(req->count & (req->count - 1)) &&
           req->delivery_mode <= VPCI_DELIVER_LOWEST &&
           req->vector >= VECTOR_MIN &&
           req->vector <= VECTOR_MAX - (req->count - 1);
}

/* Entries of a function, multi-message ones by all their vectors. */
static unsigned entries_in_use(const VpciBus *bus)
{
    unsigned used = 0;

    for (unsigned i = 0; i < bus->interrupts->len; i++) {
        used += g_array_index(bus->interrupts, VpciInterrupt, i).count;
    }
    return used;
}

uint32_t vpci_interrupt_map(VpciBus *bus, uint8_t devfn, unsigned generation,
                            const uint8_t *entry, VpciMsiRemapped *out)
{
    InterruptRequest req;
    VpciInterrupt irq = { .devfn = devfn };
    bool set = true;

    if (!parse_request(bus, generation, entry, &req) ||
        !request_valid(&req)) {
        return VPCI_STATUS_INVALID_PARAMETER;
    }
    if (req.count > VPCI_INTERRUPTS_MAX - entries_in_use(bus)) {
        return VPCI_STATUS_NO_RESOURCES;
    }
    irq.count = req.count;
    irq.index = bus->ops->irq_alloc(bus->opaque, devfn, req.count);
    if (irq.index < 0) {
        return VPCI_STATUS_NO_RESOURCES;
    }
    for (unsigned i = 0; i < req.count && set; i++) {
        HvrInterrupt target = {
            .dest_apic_id = req.apic_id,
            .vector = req.vector + i,
        };

        set = bus->ops->irq_set(bus->opaque, irq.index + i, &target);
    }
    if (!set) {
        bus->ops->irq_free(bus->opaque, irq.index, irq.count);
        return VPCI_STATUS_NO_RESOURCES;
    }
    bus->ops->irq_message(bus->opaque, irq.index, &irq.address, &irq.data);
    g_array_append_val(bus->interrupts, irq);
    trace_vpci_interrupt_create(bus->device_id, devfn, irq.index, irq.count,
                                req.vector, req.apic_id);

    memset(out, 0, sizeof(*out));
    wr_le16(&out->vector_count, irq.count);
    wr_le32(&out->data, irq.data);
    wr_le64(&out->address, irq.address);
    return VPCI_STATUS_SUCCESS;
}

uint32_t vpci_create_interrupt(VpciBus *bus, VpciFunction *fn,
                               const uint8_t *msg, size_t len)
{
    uint32_t type = rd_le32(msg);
    unsigned generation = type == VPCI_CREATE_INTERRUPT ? 1 :
                          type == VPCI_CREATE_INTERRUPT2 ? 2 : 3;
    VpciCreateReply reply = { 0 };
    uint32_t status;

    vpci_function_used(bus, fn);
    status = vpci_interrupt_map(bus, fn->desc.devfn, generation,
                                msg + sizeof(VpciSlotMsg), &reply.msi);
    wr_le32(&reply.status, status);
    /* Also a failure in full: guests take a short one for a broken host. */
    vpci_reply(bus, &reply, sizeof(reply));
    return status;
}

static void interrupt_free(VpciBus *bus, unsigned i)
{
    VpciInterrupt *irq = &g_array_index(bus->interrupts, VpciInterrupt, i);

    trace_vpci_interrupt_delete(bus->device_id, irq->devfn, irq->index,
                                irq->count);
    bus->ops->irq_free(bus->opaque, irq->index, irq->count);
    g_array_remove_index_fast(bus->interrupts, i);
}

uint32_t vpci_delete_interrupt(VpciBus *bus, VpciFunction *fn,
                               const uint8_t *msg, size_t len)
{
    const uint8_t *msi = msg + offsetof(VpciDeleteMsg, msi);
    uint64_t address = rd_le64(msi + offsetof(VpciMsiRemapped, address));
    uint32_t data = rd_le32(msi + offsetof(VpciMsiRemapped, data));

    for (unsigned i = 0; i < bus->interrupts->len; i++) {
        VpciInterrupt *irq = &g_array_index(bus->interrupts, VpciInterrupt, i);

        if (irq->devfn == fn->desc.devfn && irq->address == address &&
            irq->data == data) {
            interrupt_free(bus, i);
            return VPCI_STATUS_SUCCESS;
        }
    }
    return VPCI_STATUS_INVALID_PARAMETER;
}

void vpci_interrupts_free(VpciBus *bus, uint8_t devfn)
{
    for (unsigned i = bus->interrupts->len; i-- > 0;) {
        if (g_array_index(bus->interrupts, VpciInterrupt, i).devfn == devfn) {
            interrupt_free(bus, i);
        }
    }
}

bool vpci_interrupt_retarget(VpciBus *bus, unsigned function,
                             uint32_t address, uint32_t data,
                             const HvrInterrupt *target)
{
    for (unsigned i = 0; i < bus->interrupts->len; i++) {
        VpciInterrupt *irq = &g_array_index(bus->interrupts, VpciInterrupt, i);
        uint32_t vector = data - irq->data;

        if ((irq->devfn & 7) == function &&
            (uint32_t)irq->address == address && vector < irq->count) {
            trace_vpci_interrupt_retarget(bus->device_id, irq->devfn,
                                          irq->index + vector, target->vector,
                                          target->dest_apic_id);
            return bus->ops->irq_set(bus->opaque, irq->index + vector, target);
        }
    }
    return false;
}
