/*
 * Virtual PCI: what the files of this module share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VPCI_INT_H
#define VPCI_INT_H

#include "iovlab/vpci.h"

#define VPCI_SLOTS 256
/* Interrupt messages of one bus; Linux asks for at most 0x400. */
#define VPCI_INTERRUPTS_MAX 1024
/* Entries of one multi-message MSI (PCI 3.0, 6.8.1.3). */
#define VPCI_VECTORS_MAX 32
/* Packets taken from the ring before others get their turn. */
#define VPCI_BURST 64

typedef enum VpciBusState {
    /* No channel, or the guest has not opened it. */
    VPCI_BUS_CLOSED,
    /* Open: the guest must first agree on a protocol version. */
    VPCI_BUS_VERSION,
    /* Version agreed: functions are listed, the bus is without power. */
    VPCI_BUS_D3,
    /* Powered: the configuration window is mapped, functions work. */
    VPCI_BUS_D0,
    VPCI_BUS_STATES
} VpciBusState;

typedef enum VpciBusEvent {
    VPCI_BUS_EV_OPEN,
    VPCI_BUS_EV_AGREE,
    VPCI_BUS_EV_D0_ENTRY,
    VPCI_BUS_EV_D0_EXIT,
    VPCI_BUS_EV_CLOSE,
    VPCI_BUS_EVENTS
} VpciBusEvent;

typedef enum VpciFnState {
    /* The host plugged it; the guest has not been told. */
    VPCI_FN_PLUGGED,
    /* In a list that was sent; nobody knows whether the guest has read it. */
    VPCI_FN_LISTED,
    /* The guest has used it: it will understand an EJECT. */
    VPCI_FN_USED,
    /* EJECT was sent. */
    VPCI_FN_EJECTING,
    /* No longer the guest's; vpci_bus_poll() will tell the host. */
    VPCI_FN_GONE,
    VPCI_FN_STATES
} VpciFnState;

typedef enum VpciFnEvent {
    VPCI_FN_EV_LIST,
    VPCI_FN_EV_USE,
    VPCI_FN_EV_EJECT,
    VPCI_FN_EV_COMPLETE,
    VPCI_FN_EV_CLOSE,
    /* The host takes back what no guest has, or has any more. */
    VPCI_FN_EV_TAKE_BACK,
    VPCI_FN_EVENTS
} VpciFnEvent;

typedef struct VpciFunction {
    VpciFunctionDesc desc;
    VpciFnState state;
    VpciGone gone;                  /* meaningful in VPCI_FN_GONE */
    bool eject_wanted;
    uint64_t stale_blocks;          /* to be told by INVALIDATE_BLOCK */
} VpciFunction;

typedef struct VpciInterrupt {
    int index;                      /* of the first entry */
    unsigned count;
    uint8_t devfn;
    uint64_t address;
    uint32_t data;
} VpciInterrupt;

struct VpciPartition {
    const VpciPartitionOps *ops;
    void *opaque;
    GPtrArray *buses;               /* not owned */
};

struct VpciBus {
    VpciPartition *partition;
    VmbusBus *vmbus;
    VmbusGuid instance;
    uint64_t device_id;             /* of function 0 */
    const VpciBusOps *ops;
    void *opaque;

    VmbusChannel *channel;          /* NULL: not offered */
    bool rescinded;                 /* of a channel that is not released */
    bool channel_gone;              /* to be told by vpci_bus_poll() */
    VpciBusState state;
    uint32_t version;
    bool relations_due;             /* a changed list is to be sent */
    bool listed;                    /* the guest has a list */
    bool window_mapped;
    uint32_t window_slot;

    VpciFunction *function[VPCI_SLOTS];     /* by devfn, owned */
    unsigned functions;
    GArray *interrupts;                     /* VpciInterrupt */
    GByteArray *reply;                      /* of the message at hand */
};

/* --- bus.c --- */
/* False, with the state unchanged, if @event is out of place. */
bool vpci_bus_event(VpciBus *bus, VpciBusEvent event);
bool vpci_bus_allows(const VpciBus *bus, VpciBusEvent event);
/* Ends the use of the window and of each function's interrupts. */
void vpci_bus_power_off(VpciBus *bus);

/* --- function.c --- */
VpciFunction *vpci_function_get(const VpciBus *bus, uint8_t devfn);
/* Functions that the guest shall see. */
bool vpci_function_visible(const VpciFunction *fn);
bool vpci_function_event(VpciBus *bus, VpciFunction *fn, VpciFnEvent event);
/* The guest acted on the function: an eject that waited for it may go out. */
void vpci_function_used(VpciBus *bus, VpciFunction *fn);
/* Interrupts freed, function reset. */
void vpci_function_stop(VpciBus *bus, VpciFunction *fn);
void vpci_function_closed(VpciBus *bus, VpciFunction *fn);

/* --- message.c --- */
/* Answers one packet: bus->reply has the completion's payload. */
void vpci_message(VpciBus *bus, const void *msg, size_t len);
/* Bytes of ring that a message's answers may take. */
size_t vpci_message_room(const VpciBus *bus, size_t len);
void vpci_reply(VpciBus *bus, const void *data, size_t len);

/* --- relations.c: messages that the host begins --- */
size_t vpci_relations_size(const VpciBus *bus);
bool vpci_relations_send(VpciBus *bus);
/* What is due and has room. */
void vpci_notices_send(VpciBus *bus);

/* --- resources.c --- */
uint32_t vpci_query_requirements(VpciBus *bus, VpciFunction *fn,
                                 const uint8_t *msg, size_t len);
uint32_t vpci_get_resources(VpciBus *bus, VpciFunction *fn,
                            const uint8_t *msg, size_t len);
uint32_t vpci_assign_resources(VpciBus *bus, VpciFunction *fn,
                               const uint8_t *msg, size_t len);
uint32_t vpci_release_resources(VpciBus *bus, VpciFunction *fn,
                                const uint8_t *msg, size_t len);
/* Memory decoding (and, when off, bus mastering) of a function. */
void vpci_function_power(VpciBus *bus, VpciFunction *fn, bool on);

/* --- interrupt.c --- */
uint32_t vpci_create_interrupt(VpciBus *bus, VpciFunction *fn,
                               const uint8_t *msg, size_t len);
uint32_t vpci_delete_interrupt(VpciBus *bus, VpciFunction *fn,
                               const uint8_t *msg, size_t len);
/* One guest-made descriptor of protocol generation 1, 2 or 3. */
uint32_t vpci_interrupt_map(VpciBus *bus, uint8_t devfn, unsigned generation,
                            const uint8_t *entry, VpciMsiRemapped *out);
void vpci_interrupts_free(VpciBus *bus, uint8_t devfn);
bool vpci_interrupt_retarget(VpciBus *bus, unsigned function,
                             uint32_t address, uint32_t data,
                             const HvrInterrupt *irq);

#endif
