/*
 * -device ixgbe-vf: a VF of the 82599 as a PCI function.
 *
 * What other devices need to know: the type's name, its properties "rid" (the
 * requester id behind hv-vpci, 16 bits) and "vf" (its number on the adapter),
 * and that pci_device_reset() is its function level reset.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_IOVLAB_IXGBE_VF_H
#define HW_IOVLAB_IXGBE_VF_H

#include "hw/pci/pci_device.h"
#include "chardev/char-fe.h"
#include "net/net.h"
#include "qom/object.h"
#include "iovlab/ixgbe_function.h"

#define TYPE_IXGBE_VF "ixgbe-vf"
OBJECT_DECLARE_SIMPLE_TYPE(IxgbeVf, IXGBE_VF)

/*
 * What is behind the port: a host process, an adapter of its own, or that of
 * the PF which has made the VF.
 */
typedef struct IxgbeVfBackend {
    /* Where the function comes from; NULL: it is the VF's own. */
    IxgbeFunction *(*new_function)(IxgbeVf *s, const IxgbeFunctionOps *ops);
    void (*free_function)(IxgbeVf *s);
    /* Sets s->mac.  On failure nothing is left behind. */
    bool (*start)(IxgbeVf *s, Error **errp);
    void (*stop)(IxgbeVf *s);
    /* The VM runs or stands still. */
    void (*set_running)(IxgbeVf *s, bool running);
    /* Its state in the migration stream; NULL: not migratable. */
    void (*save)(IxgbeVf *s, StateWriter *w);
    bool (*load)(IxgbeVf *s, StateReader *r);
} IxgbeVfBackend;

/* The backends; each has its state behind s->behind. */
extern const IxgbeVfBackend ixgbe_vf_link_backend;
extern const IxgbeVfBackend ixgbe_vf_wire_backend;
extern const IxgbeVfBackend ixgbe_vf_sriov_backend;

struct IxgbeVf {
    PCIDevice parent_obj;

    MemoryRegion mmio;
    MemoryRegion msix;
    IxgbeFunction *fn;
    QEMUBH *bh;
    QEMUTimer *timer;
    VMChangeStateEntry *runstate;
    GBytes *saved;              /* only while saving or loading */
    bool flr;                   /* the reset under way is an FLR */
    bool late_reset;            /* one came in the middle of DMA */
    bool late_flr;
    bool gone;                  /* unplugged, perhaps by its own DMA */
    unsigned sending;           /* inside the netdev */
    bool hyperv;                /* flavour, once realized */
    MACAddr mac;
    const IxgbeVfBackend *backend;
    void *behind;
    uint64_t last_write;        /* bus address of the newest DMA write */

    /* properties */
    CharBackend link;
    char *vm;
    uint32_t vf;
    uint16_t rid;
    char *flavour;
    NICConf conf;
};

/* Of a VF that SR-IOV made, this is part of its PF's (ixgbe-migration.c). */
extern const VMStateDescription ixgbe_vf_vmstate;

/* Did a PF's SR-IOV capability make it?  Then its number and flavour. */
bool ixgbe_vf_is_sriov(IxgbeVf *s);
void ixgbe_vf_init_sriov(IxgbeVf *s);

/* For backends: the address changed. */
void ixgbe_vf_set_mac(IxgbeVf *s, const uint8_t mac[6]);
/* A name of the device for messages; valid until the next call. */
const char *ixgbe_vf_name(IxgbeVf *s);

#endif
