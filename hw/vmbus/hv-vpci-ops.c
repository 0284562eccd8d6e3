/*
 * hv-vpci: what the protocol machine wants of QEMU: configuration space, the
 * window's mapping, interrupt entries, resets.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hv-vpci-int.h"

#include "exec/address-spaces.h"
#include "qemu/main-loop.h"

#include "iovlab-trace.h"

static void bus_schedule(void *opaque)
{
    HvVpci *s = opaque;

    qemu_bh_schedule(s->bh);
}

/* --- configuration space --------------------------------------------------- */

static uint32_t bus_config_read(void *opaque, uint8_t devfn, uint32_t offset,
                                unsigned size)
{
    PCIDevice *pdev = hv_vpci_pdev(opaque, devfn);

    return pdev ? pci_host_config_read_common(pdev, offset,
                                              pci_config_size(pdev), size)
                : UINT32_MAX;
}

static void bus_config_write(void *opaque, uint8_t devfn, uint32_t offset,
                             uint32_t value, unsigned size)
{
    PCIDevice *pdev = hv_vpci_pdev(opaque, devfn);

    if (pdev) {
        pci_host_config_write_common(pdev, offset, pci_config_size(pdev),
                                     value, size);
        /* Any write may be the one that maps a BAR. */
        hv_vpci_ghosts_update(opaque, devfn);
    }
}

static uint64_t window_read(void *opaque, hwaddr addr, unsigned size)
{
    HvVpci *s = opaque;

    return vpci_window_read(s->bus, addr, size);
}

static void window_write(void *opaque, hwaddr addr, uint64_t value,
                         unsigned size)
{
    HvVpci *s = opaque;

    vpci_window_write(s->bus, addr, value, size);
}

const MemoryRegionOps hv_vpci_window_ops = {
    .read = window_read,
    .write = window_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 4 },
};

static bool bus_window_map(void *opaque, uint64_t gpa)
{
    HvVpci *s = opaque;

    trace_hv_vpci_window_map(s->number, gpa);
    /* Below RAM, like all PCI memory: a guest cannot cover its own. */
    memory_region_add_subregion_overlap(get_system_memory(), gpa, &s->window,
                                        -1);
    s->window_mapped = true;
    return true;
}

static void bus_window_unmap(void *opaque)
{
    HvVpci *s = opaque;

    if (s->window_mapped) {
        trace_hv_vpci_window_unmap(s->number);
        s->window_mapped = false;
        memory_region_del_subregion(get_system_memory(), &s->window);
    }
}

/* --- interrupts -------------------------------------------------------------- */

static Hypervisor *hypervisor(HvVpci *s)
{
    return vtd_iommu_get_hypervisor(s->iommu);
}

static int bus_irq_alloc(void *opaque, uint8_t devfn, unsigned count)
{
    HvVpci *s = opaque;

    return hypervisor_irte_alloc(hypervisor(s), hv_vpci_rid(s, devfn), count);
}

static bool bus_irq_set(void *opaque, int index, const HvrInterrupt *irq)
{
    return hypervisor_irte_set(hypervisor(opaque), index, irq);
}

static void bus_irq_free(void *opaque, int index, unsigned count)
{
    hypervisor_irte_free(hypervisor(opaque), index, count);
}

static void bus_irq_message(void *opaque, int index, uint64_t *address,
                            uint32_t *data)
{
    hypervisor_irte_msi(index, address, data);
}

/* --- the functions' ends ------------------------------------------------------ */

static void bus_function_reset(void *opaque, uint8_t devfn)
{
    PCIDevice *pdev = hv_vpci_pdev(opaque, devfn);

    if (pdev) {
        pci_device_reset(pdev);
    }
}

static void bus_function_gone(void *opaque, uint8_t devfn, VpciGone why)
{
    HvVpci *s = opaque;

    trace_hv_vpci_function_gone(s->number, devfn, why);
    hv_vpci_function_retire(s, devfn);
}

static void bus_channel_gone(void *opaque)
{
    HvVpci *s = opaque;

    trace_hv_vpci_channel_gone(s->number);
    hv_vpci_ghosts_drop(s);
    hv_vpci_retired(s);
}

const VpciBusOps hv_vpci_bus_ops = {
    .schedule = bus_schedule,
    .config_read = bus_config_read,
    .config_write = bus_config_write,
    .window_map = bus_window_map,
    .window_unmap = bus_window_unmap,
    .irq_alloc = bus_irq_alloc,
    .irq_set = bus_irq_set,
    .irq_free = bus_irq_free,
    .irq_message = bus_irq_message,
    .function_reset = bus_function_reset,
    .function_gone = bus_function_gone,
    .channel_gone = bus_channel_gone,
};
