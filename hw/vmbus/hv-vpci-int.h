/*
 * What the files of the hv-vpci device share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_IOVLAB_HV_VPCI_INT_H
#define HW_IOVLAB_HV_VPCI_INT_H

#include "hw/pci/pci.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pci_host.h"
#include "qemu/rcu.h"
#include "qemu/units.h"

#include "iommu/vtd-iommu.h"
#include "iovlab/vpci.h"
#include "vmbus/hv-vmbus.h"

#define TYPE_HV_VPCI "hv-vpci"
OBJECT_DECLARE_SIMPLE_TYPE(HvVpci, HV_VPCI)

typedef struct HvVpciFunction HvVpciFunction;

/* The PCI host bridge that QEMU wants above a root bus. */
#define TYPE_HV_VPCI_HOST "hv-vpci-host"
OBJECT_DECLARE_SIMPLE_TYPE(HvVpciHost, HV_VPCI_HOST)

struct HvVpciHost {
    PCIHostState parent_obj;

    HvVpci *vpci;
    char path[48];                  /* root bus path, of the instance GUID */
};

struct HvVpci {
    HvVmbusDevice parent_obj;

    uint32_t serial;                /* property */

    VpciBus *bus;
    QEMUBH *bh;                     /* runs vpci_bus_poll() */
    HvVpciHost *host;
    PCIBus *pci;
    VtdIommu *iommu;
    unsigned number;                /* for requester ids */
    bool leaving;                   /* device_del of the bus is under way */
    Error *blocker;                 /* of migration, while there is a VF */

    MemoryRegion mmio;              /* PCI memory space of the bus */
    MemoryRegion io;                /* nobody reaches it */
    MemoryRegion window;            /* configuration window */
    bool window_mapped;
    HvVpciFunction *function[PCI_DEVFN_MAX];
};

/* --- hv-vpci-function.c: a PCI device on the bus --------------------------- */

struct HvVpciFunction {
    HvVpci *vpci;
    PCIDevice *pdev;                /* NULL: unplugged */
    uint16_t rid;
    bool granted;
    bool retiring;
    struct rcu_head rcu;
    /* Read all ones below each BAR, until the guest let go of them. */
    MemoryRegion ghost[VPCI_BARS];
    bool ghost_mapped[VPCI_BARS];
};

PCIDevice *hv_vpci_pdev(HvVpci *s, uint8_t devfn);
bool hv_vpci_function_plug(HvVpci *s, PCIDevice *pdev, Error **errp);
/* DMA and interrupts of the function end here. */
void hv_vpci_function_revoke(HvVpci *s, uint8_t devfn);
void hv_vpci_function_unplug(HvVpci *s, PCIDevice *pdev);
/*
 * The guest has lost the function, which was reset: its DMA and interrupts end
 * now, the PCI device goes when no processor can be in the middle of an access
 * to its BARs any more.  hv_vpci_retired() follows.
 */
void hv_vpci_function_retire(HvVpci *s, uint8_t devfn);
bool hv_vpci_has_functions(HvVpci *s);
/* Requester id for the IOMMU. */
uint16_t hv_vpci_rid(void *opaque, int devfn);
/* The function's BARs may have moved. */
void hv_vpci_ghosts_update(HvVpci *s, uint8_t devfn);
void hv_vpci_ghosts_drop(HvVpci *s);

/* --- hv-vpci.c ------------------------------------------------------------- */

/* A function or the channel is gone: device_del may be waiting for it. */
void hv_vpci_retired(HvVpci *s);

/* --- hv-vpci-ops.c: the world of the protocol machine ---------------------- */

extern const VpciBusOps hv_vpci_bus_ops;
extern const MemoryRegionOps hv_vpci_window_ops;
/* All virtual buses of this machine. */
VpciPartition *hv_vpci_partition(void);

#endif
