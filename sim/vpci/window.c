/*
 * Virtual PCI: the configuration window.
 *
 * Page 0 selects a slot, page 1 is the 4 KB configuration space of the
 * function in it.  What the guest may not see of a function (I/O BARs, ROM,
 * interrupt pin) reads 0; without a function everything reads all ones.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vpci_int.h"

#include "iovlab-trace.h"

/* PCI 3.0, 6.1 and 6.2.  Only type 0 headers come here. */
#define PCI_CFG_ID          0x00
#define PCI_CFG_COMMAND     0x04
#define PCI_CFG_CMD_IO      0x0001
#define PCI_CFG_BAR0        0x10
#define PCI_CFG_CIS         0x28
#define PCI_CFG_ROM         0x30
#define PCI_CFG_INTERRUPT   0x3c
#define PCI_BAR_TYPE_64     0x04

static uint32_t ones(unsigned size)
{
    return size >= 4 ? UINT32_MAX : (1u << 8 * size) - 1;
}

/* Bits of dword @offset that are the function's own, not constant. */
static uint32_t dword_mask(const VpciFunction *fn, uint32_t offset)
{
    const uint32_t *bar = fn->desc.bar_mask;
    unsigned i;

    switch (offset) {
    case PCI_CFG_ID:
        return 0;
    case PCI_CFG_COMMAND:
        return ~(uint32_t)PCI_CFG_CMD_IO;
    case PCI_CFG_ROM:
        return 0;
    case PCI_CFG_INTERRUPT:
        return 0xffff0000;
    default:
        break;
    }
    if (offset < PCI_CFG_BAR0 || offset >= PCI_CFG_CIS) {
        return UINT32_MAX;
    }
    for (i = 0; i < (offset - PCI_CFG_BAR0) / 4; i++) {
        if (bar[i] & PCI_BAR_TYPE_64 && ++i == (offset - PCI_CFG_BAR0) / 4) {
            return UINT32_MAX;
        }
    }
    return bar[i] ? UINT32_MAX : 0;
}

/* A physical VF has no ids of its own (SR-IOV 1.1, 3.4.1.1): the list's. */
static uint32_t dword_fixed(const VpciFunction *fn, uint32_t offset)
{
    return offset == PCI_CFG_ID ?
           fn->desc.vendor_id | (uint32_t)fn->desc.device_id << 16 : 0;
}

static VpciFunction *selected(VpciBus *bus)
{
    uint8_t devfn;

    if (bus->state != VPCI_BUS_D0 ||
        !vpci_slot_devfn(bus->window_slot, &devfn)) {
        return NULL;
    }
    return vpci_function_get(bus, devfn);
}

static bool aligned(uint32_t offset, unsigned size)
{
    return (size == 1 || size == 2 || size == 4) && offset % size == 0 &&
           iov_in_range(offset, size, VPCI_WINDOW_SIZE);
}

uint32_t vpci_window_read(VpciBus *bus, uint32_t offset, unsigned size)
{
    VpciFunction *fn;
    uint32_t mask;
    uint32_t value;
    unsigned shift = 8 * (offset & 3);

    if (!aligned(offset, size)) {
        return UINT32_MAX;
    }
    if (offset < VPCI_WINDOW_CONFIG) {
        return offset < 4 ? bus->window_slot >> shift & ones(size) : 0;
    }
    fn = selected(bus);
    if (!fn) {
        return ones(size);
    }
    vpci_function_used(bus, fn);
    offset -= VPCI_WINDOW_CONFIG;
    mask = dword_mask(fn, offset & ~3u) >> shift & ones(size);
    value = dword_fixed(fn, offset & ~3u) >> shift & ~mask & ones(size);
    if (mask) {
        value |= bus->ops->config_read(bus->opaque, fn->desc.devfn, offset,
                                       size) & mask;
    }
    trace_vpci_config_read(bus->device_id, fn->desc.devfn, offset, size,
                           value);
    return value;
}

void vpci_window_write(VpciBus *bus, uint32_t offset, uint32_t value,
                       unsigned size)
{
    VpciFunction *fn;
    uint32_t mask;

    if (!aligned(offset, size)) {
        return;
    }
    if (offset < VPCI_WINDOW_CONFIG) {
        if (offset == 0 && size == 4) {
            trace_vpci_window_select(bus->device_id, value);
            bus->window_slot = value;
        }
        return;
    }
    fn = selected(bus);
    if (!fn) {
        return;
    }
    vpci_function_used(bus, fn);
    offset -= VPCI_WINDOW_CONFIG;
    mask = dword_mask(fn, offset & ~3u) >> 8 * (offset & 3) & ones(size);
    trace_vpci_config_write(bus->device_id, fn->desc.devfn, offset, size,
                            value);
    if (mask) {
        bus->ops->config_write(bus->opaque, fn->desc.devfn, offset,
                               value & mask, size);
    }
}
