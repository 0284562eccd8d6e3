/*
 * What the files of sim/vmbus share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VMBUS_INTERNAL_H
#define VMBUS_INTERNAL_H

#include "iovlab/vmbus.h"
#include "spec/hv_tlfs.h"
#include "spec/vmbus.h"

/* Limits on what a guest can make the host keep or do. */
#define VMBUS_RX_QUEUE_MAX      256         /* messages not yet handled */
#define VMBUS_TX_QUEUE_MAX      4096        /* replies not yet taken */
#define VMBUS_MESSAGES_PER_RUN  64
#define VMBUS_GPADLS_MAX        4096
#define VMBUS_GPADL_BYTES_MAX   (16u << 20) /* page lists of all GPADLs */
#define VMBUS_RING_PAGES_MIN    2           /* control page and data */

/* --- ranges.c: lists of {byte count, byte offset, PFNs} ----------------- */

/* Size in bytes of what @count ranges describe; false if malformed. */
bool vmbus_ranges_size(const uint8_t *list, size_t list_len, uint32_t count,
                       uint64_t *size);
/* @list has passed vmbus_ranges_size(). */
bool vmbus_ranges_access(VmbusBus *bus, const uint8_t *list, size_t list_len,
                         uint32_t count, uint64_t offset, void *buf,
                         size_t len, bool write);

/* --- gpadl.c -------------------------------------------------------------- */

typedef enum VmbusGpadlState {
    GPADL_BUILDING,         /* header seen, bodies still to come */
    GPADL_READY,            /* CREATED was sent; can be used */
    GPADL_TEARING_DOWN,     /* guest asked for it back, references remain */
    GPADL_DEAD,             /* the connection is gone, references remain */
} VmbusGpadlState;

struct VmbusGpadl {
    VmbusBus *bus;
    uint32_t id;
    uint32_t relid;
    VmbusGpadlState state;
    unsigned refs;          /* rings and devices; the bus's table has none */
    uint16_t range_count;
    uint16_t range_bytes;
    uint16_t filled;        /* bytes of @ranges that came */
    uint8_t *ranges;
    uint64_t size;
    void (*teardown)(void *opaque, VmbusGpadl *gpadl);
    void *opaque;
};

void vmbus_gpadl_header(VmbusBus *bus, const uint8_t *msg, size_t len);
void vmbus_gpadl_body(VmbusBus *bus, const uint8_t *msg, size_t len);
void vmbus_gpadl_teardown(VmbusBus *bus, const uint8_t *msg, size_t len);
/* Those of one channel, or with relid 0 of all; no reply is sent. */
void vmbus_gpadl_drop(VmbusBus *bus, uint32_t relid);
void vmbus_gpadl_after_load(VmbusBus *bus);
VmbusGpadl *vmbus_gpadl_new(VmbusBus *bus, uint32_t id, uint32_t relid,
                            uint16_t range_count, uint16_t range_bytes);
/* All bytes came: READY, or false if the ranges are malformed. */
bool vmbus_gpadl_complete(VmbusGpadl *gpadl);

/* --- ring.c ---------------------------------------------------------------- */

typedef struct VmbusRing {
    VmbusGpadl *gpadl;
    uint64_t base;          /* offset of the control page in the GPADL */
    uint32_t size;          /* of the data area */
    /* Ours: read index of the incoming ring, write index of the outgoing. */
    uint32_t index;
    bool crowded;           /* incoming: the guest is shown little room */
} VmbusRing;

typedef enum VmbusRingResult {
    RING_OK,
    RING_EMPTY,
    RING_FULL,
    RING_BROKEN,
} VmbusRingResult;

bool vmbus_ring_attach(VmbusRing *ring, VmbusGpadl *gpadl, uint64_t first_page,
                       uint64_t pages);
/* Takes our index from guest memory (at OPEN). */
bool vmbus_ring_start(VmbusRing *ring, bool incoming);
/* Copies the packet at our index to @buf, which has ring->size bytes. */
VmbusRingResult vmbus_ring_peek(VmbusRing *ring, uint8_t *buf, size_t *len);
/* Steps over @len bytes and their trailer.  *signal: guest waits for room. */
bool vmbus_ring_advance(VmbusRing *ring, size_t len, bool *signal);
/*
 * Shows the guest an incoming ring without room, or the truth again.  What the
 * guest wrote is not touched.
 */
bool vmbus_ring_crowd(VmbusRing *ring, bool crowded);
/* Whoever reads it has read all that was written to it. */
bool vmbus_ring_is_empty(VmbusRing *ring, bool incoming);
VmbusRingResult vmbus_ring_room(VmbusRing *ring, size_t len);
VmbusRingResult vmbus_ring_write(VmbusRing *ring,
                                 const VmbusPacketDescriptor *head,
                                 const void *desc, size_t desc_len,
                                 const void *payload, size_t len,
                                 bool *signal);

/* --- channel.c ------------------------------------------------------------- */

typedef enum VmbusChannelState {
    CHANNEL_IDLE,           /* has a relid, the guest does not know of it */
    CHANNEL_OFFERED,        /* the guest was told of it */
    CHANNEL_OPEN,           /* rings are in use */
    CHANNEL_WITHDRAWN,      /* rescinded, but rings are in use until CLOSE */
    CHANNEL_RESCINDED,      /* waits for RELID_RELEASED */
    CHANNEL_GONE,           /* to be freed */
    CHANNEL_STATES
} VmbusChannelState;

typedef enum VmbusChannelEvent {
    CHANNEL_EV_OFFER,
    CHANNEL_EV_OPEN,
    CHANNEL_EV_CLOSE,
    CHANNEL_EV_WITHDRAW,
    CHANNEL_EV_RESCIND,
    CHANNEL_EV_RELEASE,
    CHANNEL_EV_DISCONNECT,
    CHANNEL_EVENTS
} VmbusChannelEvent;

struct VmbusChannel {
    VmbusBus *bus;
    VmbusOffer offer;
    const VmbusChannelOps *ops;     /* NULL: came with a saved state only */
    void *dev;
    uint32_t relid;
    VmbusChannelState state;
    bool broken;
    uint32_t target_vp;
    uint32_t open_id;
    uint8_t open_data[VMBUS_USER_DATA];
    VmbusRing in;                   /* guest to host */
    VmbusRing out;
    uint32_t downstream_page;
    uint8_t *packet;                /* copy of the packet at in.index */
    size_t packet_len;              /* 0: none copied */
};

/* False (and nothing changed) if the table has no such edge. */
bool vmbus_channel_event(VmbusChannel *ch, VmbusChannelEvent event);
bool vmbus_channel_has_rings(const VmbusChannel *ch);
VmbusChannel *vmbus_channel_find(VmbusBus *bus, const VmbusOffer *offer);
VmbusChannel *vmbus_channel_by_relid(VmbusBus *bus, uint32_t relid);
void vmbus_channel_send_offer(VmbusChannel *ch);
bool vmbus_channel_bind_rings(VmbusChannel *ch, VmbusGpadl *gpadl,
                              uint32_t downstream_page);
void vmbus_channel_unbind(VmbusChannel *ch);
/* CLOSE, or the connection ended: rings go, ops->close is called. */
void vmbus_channel_disconnect(VmbusChannel *ch);
void vmbus_channel_free(VmbusChannel *ch);
VmbusChannel *vmbus_channel_new(VmbusBus *bus, const VmbusOffer *offer,
                                const VmbusChannelOps *ops, void *dev,
                                uint32_t relid);
uint32_t vmbus_relid_alloc(VmbusBus *bus);

void vmbus_channel_msg_open(VmbusBus *bus, const uint8_t *msg, size_t len);
void vmbus_channel_msg_close(VmbusBus *bus, const uint8_t *msg, size_t len);
void vmbus_channel_msg_released(VmbusBus *bus, const uint8_t *msg, size_t len);
void vmbus_channel_msg_modify(VmbusBus *bus, const uint8_t *msg, size_t len);

/* --- connection.c ----------------------------------------------------------- */

void vmbus_connection_message(VmbusBus *bus, const uint8_t *msg, size_t len);
void vmbus_connection_drop(VmbusBus *bus, const char *why);
bool vmbus_version_known(uint32_t version);

/* --- bus.c --------------------------------------------------------------- */

typedef struct VmbusMessage {
    uint32_t vp;
    uint8_t sint;
    uint8_t len;
    uint8_t payload[VMBUS_MESSAGE_MAX];
} VmbusMessage;

struct VmbusBus {
    const VmbusBusOps *ops;
    void *opaque;
    uint32_t max_version;
    bool held;
    bool loaded;                    /* a saved state waits for the first run */

    /* Connection. */
    uint32_t version;               /* 0: not connected */
    uint32_t message_vp;
    uint32_t message_sint;
    bool offers_requested;

    GQueue rx;                      /* of VmbusMessage */
    GQueue tx;

    VmbusChannel *channels[VMBUS_RELIDS];
    uint64_t work[VMBUS_RELIDS / 64];   /* channels with a run due */
    uint32_t last_relid;

    GHashTable *gpadls;             /* id -> VmbusGpadl */
    uint32_t gpadl_bytes;
};

/* Puts a message into the outgoing queue; the header's type is filled in. */
void vmbus_send_message(VmbusBus *bus, uint32_t type, void *msg, size_t len);
void vmbus_channel_mark(VmbusChannel *ch);
/* Interrupts the guest for a channel. */
void vmbus_channel_signal(VmbusChannel *ch);

#endif
