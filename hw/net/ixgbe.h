/*
 * -device ixgbe: the PF of an 82599 as a PCI function, one port of a card.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_IOVLAB_IXGBE_H
#define HW_IOVLAB_IXGBE_H

#include "hw/pci/pci_device.h"
#include "net/net.h"
#include "qom/object.h"
#include "iovlab/ixgbe_card.h"

#define TYPE_IXGBE "ixgbe"
OBJECT_DECLARE_SIMPLE_TYPE(IxgbePf, IXGBE)

#define IXGBE_TOTAL_VFS 64

struct IxgbePf {
    PCIDevice parent_obj;

    MemoryRegion mmio;
    MemoryRegion io;
    MemoryRegion msix;
    IxgbeCard *card;
    NICState *nic;
    bool wire_blocked;          /* the netdev still holds a frame */
    bool intx;                  /* level that the function wants */
    bool flr;                   /* the reset under way is an FLR */
    bool late_reset;            /* one came in the middle of DMA */
    bool late_flr;
    bool gone;                  /* unplugged, perhaps by its own DMA */
    unsigned sending;           /* inside the netdev */
    QEMUBH *card_bh;
    QEMUBH *pf_bh;
    QEMUTimer *card_timer;
    QEMUTimer *pf_timer;
    VMChangeStateEntry *runstate;
    /* only while saving or loading */
    GBytes *saved;
    uint8_t saved_vfs;
    PCIDevice *saved_vf[IXGBE_TOTAL_VFS];

    /* properties */
    NICConf conf;
    int32_t total_vfs;
    uint16_t vf_device_id;
    char *sfp;
    char *link_speed;
    uint32_t tx_gather;         /* us */
};

/* A name of the device for messages; valid until the next call. */
const char *ixgbe_name(IxgbePf *s);

/* ixgbe-config.c: configuration space */
bool ixgbe_config_init(IxgbePf *s, Error **errp);
/* The VFs too, which want the card. */
bool ixgbe_config_init_sriov(IxgbePf *s, Error **errp);
void ixgbe_config_exit(IxgbePf *s);
void ixgbe_config_write(PCIDevice *pdev, uint32_t addr, uint32_t value,
                        int len);
/* What the card has to know of configuration space. */
void ixgbe_config_apply(IxgbePf *s);
void ixgbe_config_update_intx(IxgbePf *s);

/* ixgbe-wire.c: the QEMU netdev that is the wire */
void ixgbe_wire_start(IxgbePf *s);
bool ixgbe_wire_tx(void *opaque, Frame *frame);

/* ixgbe-board.c: module and LEDs */
void ixgbe_board_class_init(ObjectClass *klass);
bool ixgbe_module_parse(const char *name, IxgbeModuleKind *module,
                        Error **errp);

/* ixgbe-migration.c */
extern const VMStateDescription ixgbe_vmstate;

#endif
