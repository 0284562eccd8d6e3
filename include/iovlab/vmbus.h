/*
 * VMBus, host side: the bus, its channels and what a device (a VSP) sees.
 *
 * One VmbusBus serves one virtual machine.  A device offers a channel; the
 * guest opens it, and packets travel in the two rings of the channel.  Nothing
 * here blocks; every callback runs in the one thread that drives the model
 * (QEMU: under the BQL), and never from inside the guest's hypercall: work
 * that a guest's signal causes is put off to vmbus_bus_run().
 *
 * All guest input is checked here: a broken ring closes the channel to traffic
 * (vmbus_channel_broken()) and touches nothing else.
 *
 * Source: TLFS 6.0b chapters 10 and 11 (SynIC, messages), and the public
 * VMBus message layouts in spec/vmbus.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_VMBUS_H
#define IOVLAB_VMBUS_H

#include "iovlab/bytes.h"
#include "iovlab/state.h"

typedef struct VmbusBus VmbusBus;
typedef struct VmbusChannel VmbusChannel;
typedef struct VmbusGpadl VmbusGpadl;

/* GUID in Windows' mixed-endian byte order, as on the wire. */
typedef struct VmbusGuid {
    uint8_t b[16];
} VmbusGuid;

bool vmbus_guid_parse(const char *text, VmbusGuid *guid);
/* Writes 36 characters and a NUL. */
void vmbus_guid_format(const VmbusGuid *guid, char text[37]);

/*
 * The virtual machine around the bus.  All of it is provided by hw/ or a test.
 */
typedef struct VmbusBusOps {
    /* RAM only: false if any byte is not RAM.  Addresses are GPAs. */
    bool (*mem_read)(void *opaque, uint64_t gpa, void *buf, size_t len);
    bool (*mem_write)(void *opaque, uint64_t gpa, const void *buf, size_t len);
    /*
     * Puts a message (type 1, len <= 240) into the SINT's slot of a VP.  False
     * if the slot is busy or the page off; the bus then keeps the message and
     * tries again at vmbus_bus_slot_free().
     */
    bool (*post_message)(void *opaque, uint32_t vp, uint32_t sint,
                         const void *payload, size_t len);
    /* Sets event flag @flag of the SINT and interrupts the VP if it was 0. */
    void (*signal_event)(void *opaque, uint32_t vp, uint32_t sint,
                         uint32_t flag);
    /* Number of virtual processors; VP indexes are below it. */
    uint32_t (*vp_count)(void *opaque);
    /* Asks for one call of vmbus_bus_run() soon, from a bottom half. */
    void (*schedule)(void *opaque);
} VmbusBusOps;

VmbusBus *vmbus_bus_new(const VmbusBusOps *ops, void *opaque);
void vmbus_bus_free(VmbusBus *bus);
/* Refuses newer guests' first tries, as an older host would (VMBUS_VERSION()). */
void vmbus_bus_set_max_version(VmbusBus *bus, uint32_t version);
/* Machine reset: every channel closed, every offer kept, nothing connected. */
void vmbus_bus_reset(VmbusBus *bus);
/* Does what is due: messages out, open channels with work.  Bounded work. */
void vmbus_bus_run(VmbusBus *bus);
/*
 * HvPostMessage and HvSignalEvent.  Return an HV_STATUS_* (spec/hv_tlfs.h).
 * @payload is the hypercall's copy, 0..240 bytes.
 */
uint16_t vmbus_bus_guest_message(VmbusBus *bus, uint32_t connection_id,
                                 const void *payload, size_t len);
uint16_t vmbus_bus_guest_signal(VmbusBus *bus, uint32_t connection_id,
                                uint32_t flag);
/* The guest emptied a message slot (EOM, or a new SIMP page). */
void vmbus_bus_slot_free(VmbusBus *bus, uint32_t vp);
/*
 * While held, devices' run callbacks are not called and rings are left alone
 * (the VM is stopped).  Releasing schedules a run.
 */
void vmbus_bus_hold(VmbusBus *bus, bool hold);
/* Negotiated protocol version (major << 16 | minor), 0 while unconnected. */
uint32_t vmbus_bus_version(const VmbusBus *bus);

/* What is in use, for leak checks. */
typedef struct VmbusBusUse {
    unsigned relids;            /* offers, the rescinded not yet released too */
    unsigned open;              /* channels that the guest has open */
    unsigned gpadls;
} VmbusBusUse;
void vmbus_bus_use(const VmbusBus *bus, VmbusBusUse *use);

/* --- offering ---------------------------------------------------------- */

typedef struct VmbusOffer {
    VmbusGuid class_id;
    VmbusGuid instance_id;
    uint16_t mmio_megabytes;
    uint16_t sub_channel_index;     /* 0: primary */
} VmbusOffer;

typedef struct VmbusChannelOps {
    const char *name;
    /* Guest opened the channel.  Returns the status of OPEN_RESULT, 0 = ok. */
    uint32_t (*open)(void *dev, VmbusChannel *ch);
    /*
     * Channel is no longer open: CLOSE, UNLOAD, a new INITIATE_CONTACT, reset,
     * or the guest released a rescinded offer.  Rings are gone; the device
     * drops its GPADL references here.
     */
    void (*close)(void *dev, VmbusChannel *ch);
    /* There may be packets to read, or room to write. */
    void (*run)(void *dev, VmbusChannel *ch);
    /*
     * A rescinded offer is over (RELID_RELEASED, or no guest ever saw it).
     * The channel is freed when this returns.  May be NULL.
     */
    void (*released)(void *dev, VmbusChannel *ch);
} VmbusChannelOps;

/*
 * Offers a channel, now or as soon as the guest asks for offers.  The bus owns
 * it; @ops and @dev must outlive it.  NULL if no relid is free.
 * For a sub-channel give the primary's class and instance, and an index >= 1.
 */
VmbusChannel *vmbus_channel_offer(VmbusBus *bus, const VmbusOffer *offer,
                                  const VmbusChannelOps *ops, void *dev);
/*
 * Withdraws the offer.  Traffic on it ends at once.  ops->close (if it was
 * open) and ops->released follow, perhaps before this returns.
 */
void vmbus_channel_rescind(VmbusChannel *ch);
/*
 * As rescind, but an open channel serves the guest until it closes it or lets
 * go of it: some drivers wait for ever for an answer that is still due.  Then
 * come ops->close and ops->released; vmbus_channel_rescind() ends it earlier.
 */
void vmbus_channel_withdraw(VmbusChannel *ch);
/*
 * Drops a channel without a word to the guest (device destroyed).  Callbacks
 * are not called.
 */
void vmbus_channel_forget(VmbusChannel *ch);

bool vmbus_channel_is_open(const VmbusChannel *ch);
/* Open, but closed to traffic: a ring is broken, or the device said so. */
bool vmbus_channel_is_broken(const VmbusChannel *ch);
uint32_t vmbus_channel_relid(const VmbusChannel *ch);
uint32_t vmbus_channel_target_vp(const VmbusChannel *ch);
VmbusBus *vmbus_channel_bus(const VmbusChannel *ch);
/* The 120 bytes of user data in OPEN_CHANNEL; valid while open. */
const uint8_t *vmbus_channel_open_data(const VmbusChannel *ch);
/* Asks for ops->run soon. */
void vmbus_channel_schedule(VmbusChannel *ch);
/* The device found the guest's use of the channel beyond repair. */
void vmbus_channel_broken(VmbusChannel *ch, const char *why);

/* --- packets ------------------------------------------------------------ */

/*
 * One packet, copied out of the ring once and checked: lengths are inside.
 * @desc is what follows the 16-byte descriptor up to the payload (transfer
 * page ranges, GPA ranges); both pointers are into the channel's buffer and
 * last until the next vmbus_channel_recv() or _consume().
 */
typedef struct VmbusPacket {
    uint16_t type;                  /* VM_PKT_* */
    uint16_t flags;
    uint64_t trans_id;
    const uint8_t *desc;
    size_t desc_len;
    const uint8_t *payload;
    size_t len;
} VmbusPacket;

/*
 * Reads the next packet but leaves it in the ring: until
 * vmbus_channel_consume() the same packet comes again, also on the other side
 * of a migration.  False if the ring is empty, held, closed or broken.
 */
bool vmbus_channel_recv(VmbusChannel *ch, VmbusPacket *pkt);
/* Frees the packet's room, and signals the guest if it waits for room. */
void vmbus_channel_consume(VmbusChannel *ch);

/*
 * Makes the guest see its outgoing ring nearly full, or as it is again: a guest
 * that must not send for a moment waits as it does for a slow host.
 * What it wrote before stays readable.  Must be repeated now and then while it
 * lasts, since a write that was under way can undo it, and be ended before the
 * bus is saved.
 */
void vmbus_channel_crowd(VmbusChannel *ch, bool crowded);

/*
 * Writes one packet and signals the guest as the ring's rules say.  @desc may
 * be NULL.  False, with nothing written, if there is no room or no open ring;
 * ops->run is called when the guest has made room.
 */
bool vmbus_channel_send(VmbusChannel *ch, uint16_t type, uint16_t flags,
                        uint64_t trans_id, const void *desc, size_t desc_len,
                        const void *payload, size_t len);
/* Nothing waits in its rings, on either side; nor in one that is not open. */
bool vmbus_channel_is_idle(VmbusChannel *ch);
/* Whether a packet of this many bytes beyond its 16-byte descriptor fits. */
bool vmbus_channel_can_send(VmbusChannel *ch, size_t len);

/*
 * A GPA-direct packet's page ranges (type 9), as one run of bytes.  Parses
 * @pkt->desc; false if malformed.
 */
typedef struct VmbusGpaRange {
    VmbusBus *bus;
    const uint8_t *desc;
    size_t desc_len;
    uint32_t count;
    uint64_t size;                  /* bytes in all ranges */
} VmbusGpaRange;

bool vmbus_packet_gpa_range(VmbusChannel *ch, const VmbusPacket *pkt,
                            VmbusGpaRange *range);
bool vmbus_gpa_range_read(const VmbusGpaRange *range, uint64_t offset,
                          void *buf, size_t len);

/* --- GPADLs -------------------------------------------------------------- */

/*
 * A guest's list of pages, as one run of bytes.  A reference keeps the list
 * alive, not the guest's pages: once the guest asked for teardown every access
 * fails, and TORNDOWN is sent when the last reference is dropped.
 */
VmbusGpadl *vmbus_channel_gpadl_get(VmbusChannel *ch, uint32_t gpadl_id);
void vmbus_gpadl_put(VmbusGpadl *gpadl);
uint32_t vmbus_gpadl_id(const VmbusGpadl *gpadl);
uint64_t vmbus_gpadl_size(const VmbusGpadl *gpadl);
bool vmbus_gpadl_read(VmbusGpadl *gpadl, uint64_t offset, void *buf,
                      size_t len);
bool vmbus_gpadl_write(VmbusGpadl *gpadl, uint64_t offset, const void *buf,
                       size_t len);
/* Called when the guest asks for teardown while references exist. */
void vmbus_gpadl_set_teardown(VmbusGpadl *gpadl,
                              void (*teardown)(void *opaque,
                                               VmbusGpadl *gpadl),
                              void *opaque);

/* --- migration ------------------------------------------------------------ */

/*
 * The bus's whole state: connection, relids, offers in every state, GPADLs,
 * ring positions, messages not yet taken.  At the destination the devices have
 * offered the same instances (primary channels) before vmbus_bus_load(), which
 * matches them by instance id and sub-channel index and gives them their old
 * relids; offers of the stream without a device are rescinded as soon as the
 * VM runs, devices without one in the stream are hot-added then.
 * ops->open/close are not called by loading: devices load their own state.
 * A device's sub-channels are offered by its own loader, which runs after
 * vmbus_bus_load(), through vmbus_channel_adopt().
 */
void vmbus_bus_save(VmbusBus *bus, StateWriter *w);
bool vmbus_bus_load(VmbusBus *bus, StateReader *r);
/*
 * Takes over a sub-channel that came with the stream; NULL if there is none of
 * this instance and index.
 */
VmbusChannel *vmbus_channel_adopt(VmbusBus *bus, const VmbusOffer *offer,
                                  const VmbusChannelOps *ops, void *dev);

#endif
