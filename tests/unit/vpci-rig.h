/*
 * A virtual PCI bus between a host of plain memory and the fake guest, for
 * unit tests and the fuzzer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VPCI_RIG_H
#define VPCI_RIG_H

#include "fake-guest.h"
#include "iovlab/vpci.h"

#define RIG_ENTRIES 64
#define RIG_WINDOW  0xf8000000ull
#define RIG_SERIAL  7

typedef struct RigEntry {
    bool used;
    uint8_t devfn;
    HvrInterrupt irq;
} RigEntry;

typedef struct VpciRig {
    FakeGuest *guest;
    FakeChannel *channel;
    VpciPartition *partition;
    VpciBus *bus;
    bool scheduled;

    /* The host's side. */
    uint8_t config[256][VPCI_CONFIG_SIZE];
    RigEntry entry[RIG_ENTRIES];
    uint64_t window;                /* 0: not mapped */
    unsigned resets;
    unsigned ejected;
    unsigned unused;
    unsigned channels_gone;
    unsigned blocks;

    /* The guest's side. */
    uint64_t trans_id;
    GQueue inband;                  /* of FakePacket, not yet looked at */
} VpciRig;

/* The instance GUID of the first bus; its device id is 0xbbaaddc8. */
extern const VmbusGuid rig_instance;

VpciRig *rig_new(void);
void rig_free(VpciRig *rig);
/* Everything that is due, on both sides. */
void rig_run(VpciRig *rig);
void rig_add(VpciRig *rig, uint8_t devfn);
unsigned rig_entries(const VpciRig *rig);

/* Takes the offer and opens the channel. */
void rig_open(VpciRig *rig);
/* Sends a request and waits for its completion. */
FakePacket *rig_request(VpciRig *rig, const void *msg, size_t len);
/* The same; returns the status, after checking that there is one. */
uint32_t rig_status(VpciRig *rig, const void *msg, size_t len);
void rig_send(VpciRig *rig, const void *msg, size_t len);
/* The next in-band packet, of this type; NULL: there is none. */
FakePacket *rig_inband(VpciRig *rig, uint32_t type);

uint32_t rig_version(VpciRig *rig, uint32_t version);
uint32_t rig_d0_entry(VpciRig *rig, uint64_t base);
uint32_t rig_slot_message(VpciRig *rig, uint32_t type, uint8_t devfn);
uint32_t rig_assign(VpciRig *rig, uint8_t devfn);
/* CREATE_INTERRUPT3 for one VP. */
uint32_t rig_create(VpciRig *rig, uint8_t devfn, uint32_t vector,
                    unsigned count, uint16_t vp, VpciMsiRemapped *msi);
/* All that Linux does up to a scanned bus with functions in use. */
void rig_boot(VpciRig *rig);

#endif
