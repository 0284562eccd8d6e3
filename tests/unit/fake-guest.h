/*
 * The guest's side of VMBus over plain memory, for unit tests and fuzzers.
 *
 * It does what Linux does, in the same order, and checks what it is told only
 * as far as it must to go on: a missing reply is a test failure.  Guest
 * memory is FAKE_GUEST_RAM bytes from GPA 0; anything above is no RAM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FAKE_GUEST_H
#define FAKE_GUEST_H

#include "iovlab/vmbus.h"
#include "spec/hv_tlfs.h"
#include "spec/vmbus.h"

#define FAKE_GUEST_RAM  (64u << 20)
#define FAKE_GUEST_VPS  4

typedef struct FakeMessage {
    uint32_t vp;
    uint32_t sint;
    size_t len;
    uint8_t data[VMBUS_MESSAGE_MAX];
} FakeMessage;

typedef struct FakeGuest {
    VmbusBus *bus;
    uint8_t *ram;
    uint64_t next_page;         /* GPA of the next free page */
    uint32_t next_gpadl;
    uint32_t connection;        /* where to post messages */
    GQueue inbox;               /* of FakeMessage */
    bool slot_busy;             /* refuse messages */
    bool scheduled;
    unsigned events;            /* signals in all */
    uint32_t event_vp;          /* of the last one */
    uint32_t event_flag;
    GArray *offers;             /* of VmbusMsgOffer, by fake_guest_connect() */
} FakeGuest;

typedef struct FakeGpadl {
    uint32_t id;
    uint32_t relid;
    uint64_t size;
    uint64_t *pages;            /* GPAs; no two are neighbours */
} FakeGpadl;

typedef struct FakeChannel {
    FakeGuest *guest;
    uint32_t relid;
    uint32_t connection;        /* to signal on */
    FakeGpadl *gpadl;
    uint32_t ring_size;         /* data bytes of each direction */
    uint32_t out_index;
    uint32_t in_index;
} FakeChannel;

/* A packet that the host sent; free with fake_packet_free(). */
typedef struct FakePacket {
    uint16_t type;
    uint16_t flags;
    uint64_t trans_id;
    size_t desc_len;
    size_t len;                 /* a multiple of 8, as on the ring */
    uint8_t *desc;
    uint8_t *payload;
} FakePacket;

/* A guest and its bus, not connected. */
FakeGuest *fake_guest_new(void);
void fake_guest_free(FakeGuest *g);
/* A second machine with the same memory content, as after a migration. */
FakeGuest *fake_guest_clone(const FakeGuest *g);
/* Runs the bus until it asks for no more (fails after 10,000 rounds). */
void fake_guest_run(FakeGuest *g);

/* --- messages --- */

/* Posts a message; fills in the type; runs the bus. */
uint16_t fake_guest_post(FakeGuest *g, uint32_t type, void *msg, size_t len);
/* Posts it only. */
uint16_t fake_guest_post_raw(FakeGuest *g, const void *msg, size_t len);
/* Takes the next message, which must be of this type. */
void fake_guest_expect(FakeGuest *g, uint32_t type, void *msg, size_t len);
/* Type of the next message; 0: none. */
uint32_t fake_guest_next_type(FakeGuest *g);

/* INITIATE_CONTACT; returns whether the version was accepted. */
bool fake_guest_contact(FakeGuest *g, uint32_t version);
/* Contact with 5.3 and REQUESTOFFERS; keeps the offers. */
void fake_guest_connect(FakeGuest *g);
/* Takes an offer that must be waiting, and appends it to g->offers. */
const VmbusMsgOffer *fake_guest_take_offer(FakeGuest *g);
const VmbusMsgOffer *fake_guest_find_offer(FakeGuest *g, const char *class_id,
                                           uint16_t sub_channel_index);

/* --- memory --- */

/* Writes and reads RAM; offsets beyond it fail the test. */
uint64_t fake_guest_alloc(FakeGuest *g, size_t pages);
void fake_guest_write(FakeGuest *g, uint64_t gpa, const void *buf, size_t len);
void fake_guest_read(FakeGuest *g, uint64_t gpa, void *buf, size_t len);

/* --- GPADLs --- */

FakeGpadl *fake_gpadl_create(FakeGuest *g, uint32_t relid, uint64_t size);
void fake_gpadl_write(FakeGuest *g, FakeGpadl *gpadl, uint64_t offset,
                      const void *buf, size_t len);
void fake_gpadl_read(FakeGuest *g, FakeGpadl *gpadl, uint64_t offset,
                     void *buf, size_t len);
/* Asks for teardown; the reply, if it must come now, is taken. */
void fake_gpadl_teardown(FakeGuest *g, FakeGpadl *gpadl, bool expect_reply);
void fake_gpadl_free(FakeGpadl *gpadl);

/* --- channels --- */

/* Rings of @pages pages each (control page included), zeroed; opens. */
FakeChannel *fake_channel_open(FakeGuest *g, uint32_t relid, unsigned pages,
                               const void *user_data, size_t len);
/* CLOSE and teardown of the rings; frees @ch. */
void fake_channel_close(FakeChannel *ch);
void fake_channel_free(FakeChannel *ch);
/* Carries on with the same rings on another machine (migration). */
void fake_channel_move(FakeChannel *ch, FakeGuest *to);

/* False if the ring is full.  Signals as Linux does; does not run the bus. */
bool fake_channel_send(FakeChannel *ch, uint16_t type, uint16_t flags,
                       uint64_t trans_id, const void *desc, size_t desc_len,
                       const void *payload, size_t len);
/* NULL if the ring is empty.  Signals the host if it waits for room. */
FakePacket *fake_channel_recv(FakeChannel *ch);
void fake_packet_free(FakePacket *pkt);
/* Raw access to a control page field of one ring, for wrong indexes. */
void fake_channel_poke(FakeChannel *ch, bool incoming, size_t field,
                       uint32_t value);
uint32_t fake_channel_peek(FakeChannel *ch, bool incoming, size_t field);
/* A GPA-direct packet's descriptor for one buffer: returns its length. */
size_t fake_gpa_desc(uint8_t *desc, uint64_t gpa, uint32_t len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakePacket, fake_packet_free)

#endif
