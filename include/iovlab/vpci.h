/*
 * Virtual PCI, host side (the VSP): what presents PCI functions to a guest
 * over VMBus, one VMBus channel per virtual bus.
 *
 * A VpciPartition holds all virtual buses of one virtual machine and serves
 * the hypercall that retargets their interrupts.  A VpciBus offers a channel
 * as long as it has a function: guests size their address windows when the
 * channel is opened, so a function that comes later comes with a new offer.
 *
 * Everything runs in the one thread of the model.  Offers, rescinds and the
 * callbacks that let a host drop its device come from vpci_bus_poll(), never
 * from inside the guest's messages.  No callback may free the bus; those from
 * vpci_bus_poll() may add functions.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_VPCI_H
#define IOVLAB_VPCI_H

#include "iovlab/hypervisor.h"
#include "iovlab/vmbus.h"
#include "spec/vpci.h"

typedef struct VpciPartition VpciPartition;
typedef struct VpciBus VpciBus;

/* --- partition ---------------------------------------------------------- */

typedef struct VpciPartitionOps {
    /* APIC id of a virtual processor; false if there is none. */
    bool (*apic_id)(void *opaque, uint32_t vp, uint32_t *apic_id);
} VpciPartitionOps;

VpciPartition *vpci_partition_new(const VpciPartitionOps *ops, void *opaque);
/* All its buses have been freed before. */
void vpci_partition_free(VpciPartition *partition);
/*
 * HvRetargetDeviceInterrupt.  @input is the hypercall's own copy of its fixed
 * input followed by the variable header, @var_words the size of the latter in
 * 8-byte words as the guest's control value says.  Returns an HV_STATUS_*.
 * When it returns, no interrupt goes to the old target any more.
 */
uint16_t vpci_partition_retarget(VpciPartition *partition,
                                 const void *input, size_t len,
                                 unsigned var_words);

/* --- bus ---------------------------------------------------------------- */

/* What a function is, as its host knows it. */
typedef struct VpciFunctionDesc {
    uint8_t devfn;
    uint16_t vendor_id;
    uint16_t device_id;
    uint8_t revision;
    uint8_t prog_if;
    uint8_t sub_class;
    uint8_t base_class;
    uint16_t sub_vendor_id;
    uint16_t sub_system_id;
    uint32_t serial;                /* the guest's slot name */
    /* As read after writing all ones; 0 for BARs to hide. */
    uint32_t bar_mask[VPCI_BARS];
    bool numa;
    uint16_t numa_node;
} VpciFunctionDesc;

/* Why an eject is over. */
typedef enum VpciGone {
    VPCI_GONE_EJECTED,              /* the guest completed it */
    VPCI_GONE_UNUSED,               /* the guest does not use the bus (now) */
} VpciGone;

typedef struct VpciBusOps {
    /* Asks for one call of vpci_bus_poll() soon, from a bottom half. */
    void (*schedule)(void *opaque);
    /* Configuration space of a function, size 1, 2 or 4, inside 4 KB. */
    uint32_t (*config_read)(void *opaque, uint8_t devfn, uint32_t offset,
                            unsigned size);
    void (*config_write)(void *opaque, uint8_t devfn, uint32_t offset,
                         uint32_t value, unsigned size);
    /* Maps VPCI_WINDOW_SIZE bytes at @gpa (page aligned); false: cannot. */
    bool (*window_map)(void *opaque, uint64_t gpa);
    void (*window_unmap)(void *opaque);
    /*
     * Interrupt entries, as in iovlab/hypervisor.h: alloc returns the first of
     * @count entries or -1, and message() what the function shall write.
     */
    int (*irq_alloc)(void *opaque, uint8_t devfn, unsigned count);
    bool (*irq_set)(void *opaque, int index, const HvrInterrupt *irq);
    void (*irq_free)(void *opaque, int index, unsigned count);
    void (*irq_message)(void *opaque, int index, uint64_t *address,
                        uint32_t *data);
    /*
     * The guest let go of the function, or lost it: reset it (FLR).  Its BARs
     * and bus mastering are off afterwards.
     */
    void (*function_reset)(void *opaque, uint8_t devfn);
    /*
     * An eject ended; the function is no longer on the bus.  Called once per
     * vpci_bus_eject(), from vpci_bus_poll() only.
     */
    void (*function_gone)(void *opaque, uint8_t devfn, VpciGone why);
    /*
     * The channel is over (the guest released a rescinded one): mappings that
     * were kept alive for late accesses may go.  From vpci_bus_poll() only.
     */
    void (*channel_gone)(void *opaque);
    /*
     * Configuration blocks, the back channel of some VF drivers.  Return a
     * VpciStatus; NULL: not supported.  @len is at most VPCI_BLOCK_MAX.
     */
    uint32_t (*block_read)(void *opaque, uint8_t devfn, uint32_t block,
                           void *buf, size_t len, size_t *returned);
    uint32_t (*block_write)(void *opaque, uint8_t devfn, uint32_t block,
                            const void *buf, size_t len);
} VpciBusOps;

/*
 * NULL if another bus of the partition has the same device id (bytes 4 to 7 of
 * the instance GUID, the lowest 3 bits aside): retargeting could not tell them
 * apart.
 */
VpciBus *vpci_bus_new(VpciPartition *partition, VmbusBus *vmbus,
                      const VmbusGuid *instance, const VpciBusOps *ops,
                      void *opaque);
/*
 * Forgets the channel without a word to the guest, resets nothing.  Interrupt
 * entries and the window are given back.
 */
void vpci_bus_free(VpciBus *bus);

/* What is due: offers, rescinds, ends of ejects.  Called by the host. */
void vpci_bus_poll(VpciBus *bus);

/*
 * Adds a function.  The first one offers the channel, or does so once the
 * guest has released the last one.  False if the slot is taken.
 */
bool vpci_bus_add(VpciBus *bus, const VpciFunctionDesc *desc);
/*
 * Asks the guest to give up a function: function_gone() follows, without
 * asking if the guest does not use it.  Repeating the request does nothing.
 * There is no time limit here.
 */
void vpci_bus_eject(VpciBus *bus, uint8_t devfn);
/*
 * Takes a function away without asking: the guest is told by a list without
 * it, or by a rescind if it was the last one.  It is reset, its interrupts are
 * gone and its window reads all ones when this returns.
 */
void vpci_bus_remove(VpciBus *bus, uint8_t devfn);
/*
 * Surprise removal of the whole bus: as vpci_bus_remove() for each function.
 * channel_gone() follows if vpci_bus_offered().
 */
void vpci_bus_rescind(VpciBus *bus);
/* Tells the guest that its copies of configuration blocks are stale. */
void vpci_bus_invalidate_blocks(VpciBus *bus, uint8_t devfn, uint64_t mask);

/* Whether a channel is offered, or rescinded and not yet released. */
bool vpci_bus_offered(const VpciBus *bus);
/* Whether the guest has been told of the function and uses it. */
bool vpci_bus_in_use(const VpciBus *bus, uint8_t devfn);
unsigned vpci_bus_interrupts(const VpciBus *bus);

/* The configuration window; size 1, 2 or 4, any offset. */
uint32_t vpci_window_read(VpciBus *bus, uint32_t offset, unsigned size);
void vpci_window_write(VpciBus *bus, uint32_t offset, uint32_t value,
                       unsigned size);

#endif
