/*
 * Virtual PCI: BARs and the resources a guest assigns to them.
 *
 * Linux assigns nothing in these messages and writes the BARs through the
 * configuration window; Windows does it here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci_int.h"

/* PCI 3.0, 6.2. */
#define PCI_CFG_COMMAND     0x04
#define PCI_CFG_CMD_MEMORY  0x0002
#define PCI_CFG_CMD_MASTER  0x0004
#define PCI_CFG_BAR0        0x10
#define PCI_BAR_TYPE_64     0x04
#define PCI_BAR_FLAGS       0x0full

uint32_t vpci_query_requirements(VpciBus *bus, VpciFunction *fn,
                                 const uint8_t *msg, size_t len)
{
    VpciRequirementsReply reply = { 0 };

    for (unsigned i = 0; i < VPCI_BARS; i++) {
        wr_le32(&reply.bar_mask[i], fn->desc.bar_mask[i]);
    }
    vpci_reply(bus, &reply, sizeof(reply));
    return VPCI_STATUS_SUCCESS;
}

void vpci_function_power(VpciBus *bus, VpciFunction *fn, bool on)
{
    uint8_t devfn = fn->desc.devfn;
    uint32_t command = bus->ops->config_read(bus->opaque, devfn,
                                             PCI_CFG_COMMAND, 2);

    if (on) {
        command |= PCI_CFG_CMD_MEMORY;
    } else {
        command &= ~(PCI_CFG_CMD_MEMORY | PCI_CFG_CMD_MASTER);
    }
    bus->ops->config_write(bus->opaque, devfn, PCI_CFG_COMMAND, command, 2);
}

/*
 * Mask of a memory BAR with its upper half; false if BAR @i does not exist or
 * is the upper half of the one before.
 */
static bool bar_mask(const VpciFunction *fn, unsigned i, uint64_t *mask)
{
    const uint32_t *bar = fn->desc.bar_mask;

    for (unsigned n = 0; n < i; n++) {
        if (bar[n] & PCI_BAR_TYPE_64 && ++n == i) {
            return false;
        }
    }
    *mask = bar[i];
    if (bar[i] & PCI_BAR_TYPE_64 && i + 1 < VPCI_BARS) {
        *mask |= (uint64_t)bar[i + 1] << 32;
    } else {
        *mask |= 0xffffffffull << 32;
    }
    return bar[i] != 0;
}

static uint64_t resource_length(const uint8_t *r)
{
    uint64_t length = rd_le32(r + offsetof(VpciResource, length));
    uint16_t flags = rd_le16(r + offsetof(VpciResource, flags));

    if (r[offsetof(VpciResource, type)] != VPCI_RESOURCE_MEMORY_LARGE) {
        return length;
    }
    return flags & VPCI_RESOURCE_LARGE_64 ? length << 32 :
           flags & VPCI_RESOURCE_LARGE_48 ? length << 16 :
           flags & VPCI_RESOURCE_LARGE_40 ? length << 8 : length;
}

static bool is_memory(const uint8_t *r)
{
    uint8_t type = r[offsetof(VpciResource, type)];

    return type == VPCI_RESOURCE_MEMORY || type == VPCI_RESOURCE_MEMORY_LARGE;
}

static bool bar_valid(const VpciFunction *fn, unsigned i, const uint8_t *r)
{
    uint64_t address = rd_le64(r + offsetof(VpciResource, address));
    uint64_t mask;

    return bar_mask(fn, i, &mask) &&
           !(address & (~mask | PCI_BAR_FLAGS)) &&
           resource_length(r) <= ~(mask & ~PCI_BAR_FLAGS) + 1 &&
           (mask & PCI_BAR_TYPE_64 || address <= UINT32_MAX);
}

static bool set_bars(VpciBus *bus, VpciFunction *fn, const uint8_t *resources)
{
    const uint8_t *r = resources;

    for (unsigned i = 0; i < VPCI_BARS; i++, r += sizeof(VpciResource)) {
        if (is_memory(r) && resource_length(r) && !bar_valid(fn, i, r)) {
            return false;
        }
    }
    r = resources;
    for (unsigned i = 0; i < VPCI_BARS; i++, r += sizeof(VpciResource)) {
        uint64_t address = rd_le64(r + offsetof(VpciResource, address));
        uint32_t offset = PCI_CFG_BAR0 + 4 * i;

        if (!is_memory(r) || !resource_length(r)) {
            continue;
        }
        bus->ops->config_write(bus->opaque, fn->desc.devfn, offset, address,
                               4);
        if (fn->desc.bar_mask[i] & PCI_BAR_TYPE_64) {
            bus->ops->config_write(bus->opaque, fn->desc.devfn, offset + 4,
                                   address >> 32, 4);
        }
    }
    return true;
}

uint32_t vpci_assign_resources(VpciBus *bus, VpciFunction *fn,
                               const uint8_t *msg, size_t len)
{
    uint32_t type = rd_le32(msg);
    uint32_t count = rd_le32(msg + offsetof(VpciAssignedMsg, msi_count));
    unsigned generation = type == VPCI_ASSIGNED_RESOURCES ? 1 :
                          type == VPCI_ASSIGNED_RESOURCES2 ? 2 : 3;
    size_t entry = generation == 1 ? VPCI_MSI_ENTRY :
                   generation == 2 ? VPCI_MSI2_ENTRY : VPCI_MSI3_ENTRY;
    const uint8_t *in = msg + sizeof(VpciAssignedMsg);
    g_autofree uint8_t *reply = NULL;
    uint8_t *out;

    if (count > (len - sizeof(VpciAssignedMsg)) / entry) {
        return VPCI_STATUS_BAD_DATA;
    }
    if (!set_bars(bus, fn, msg + offsetof(VpciAssignedMsg, bar))) {
        return VPCI_STATUS_INVALID_PARAMETER;
    }
    reply = g_malloc0(sizeof(VpciAssignedReply) + count * entry);
    memcpy(reply, msg, sizeof(VpciAssignedReply));
    wr_le32(reply, VPCI_STATUS_SUCCESS);
    out = reply + sizeof(VpciAssignedReply);
    for (uint32_t i = 0; i < count; i++, in += entry, out += entry) {
        VpciMsiRemapped msi;
        uint32_t status;

        /* vector_count 0: nothing asked. */
        if (!rd_le16(in + (generation == 3 ? offsetof(VpciMsi3, vector_count)
                                           : offsetof(VpciMsi,
                                                      vector_count)))) {
            continue;
        }
        status = vpci_interrupt_map(bus, fn->desc.devfn, generation, in, &msi);
        if (status != VPCI_STATUS_SUCCESS) {
            vpci_interrupts_free(bus, fn->desc.devfn);
            return status;
        }
        memcpy(out, &msi, sizeof(msi));
    }
    vpci_reply(bus, reply, sizeof(VpciAssignedReply) + count * entry);
    vpci_function_used(bus, fn);
    return VPCI_STATUS_SUCCESS;
}

uint32_t vpci_release_resources(VpciBus *bus, VpciFunction *fn,
                                const uint8_t *msg, size_t len)
{
    vpci_function_stop(bus, fn);
    return VPCI_STATUS_SUCCESS;
}

/* A length that 32 bits do not hold is given in larger units. */
static void put_resource(VpciResource *r, uint64_t address, uint64_t length)
{
    uint8_t type = VPCI_RESOURCE_MEMORY_LARGE;
    uint16_t flags = VPCI_RESOURCE_LARGE_64;
    unsigned shift = 32;

    if (length <= UINT32_MAX) {
        type = VPCI_RESOURCE_MEMORY;
        flags = 0;
        shift = 0;
    } else if (length >> 8 <= UINT32_MAX) {
        flags = VPCI_RESOURCE_LARGE_40;
        shift = 8;
    } else if (length >> 16 <= UINT32_MAX) {
        flags = VPCI_RESOURCE_LARGE_48;
        shift = 16;
    }
    r->type = type;
    wr_le16(&r->flags, flags);
    wr_le64(&r->address, address);
    wr_le32(&r->length, length >> shift);
}

static uint64_t read_bar(VpciBus *bus, const VpciFunction *fn, unsigned i)
{
    uint8_t devfn = fn->desc.devfn;
    uint32_t offset = PCI_CFG_BAR0 + 4 * i;
    uint64_t bar = bus->ops->config_read(bus->opaque, devfn, offset, 4);

    if (fn->desc.bar_mask[i] & PCI_BAR_TYPE_64 && i + 1 < VPCI_BARS) {
        bar |= (uint64_t)bus->ops->config_read(bus->opaque, devfn,
                                               offset + 4, 4) << 32;
    }
    return bar & ~PCI_BAR_FLAGS;
}

uint32_t vpci_get_resources(VpciBus *bus, VpciFunction *fn,
                            const uint8_t *msg, size_t len)
{
    VpciResourceList list = { 0 };

    wr_le16(&list.version, 1);
    wr_le16(&list.revision, 1);
    wr_le32(&list.count, VPCI_BARS);
    for (unsigned i = 0; i < VPCI_BARS; i++) {
        uint64_t mask;

        if (bar_mask(fn, i, &mask)) {
            uint64_t address = read_bar(bus, fn, i);

            /* A BAR that was never written is no resource. */
            if (address) {
                put_resource(&list.bar[i], address,
                             ~(mask & ~PCI_BAR_FLAGS) + 1);
            }
        }
    }
    vpci_reply(bus, &list, sizeof(list));
    return VPCI_STATUS_SUCCESS;
}
