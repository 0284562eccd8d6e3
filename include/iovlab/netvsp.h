/*
 * NetVSP: the provider of the synthetic NIC (NVSP and RNDIS on a channel).
 *
 * One Netvsp is one NIC of a virtual machine.  It offers the primary channel
 * when made, sub-channels when the guest asks for them, and moves frames
 * between the guest's rings and its owner.  Frames have no FCS.
 *
 * Everything runs in the thread that drives the VMBus.  Callbacks may call any
 * function here but netvsp_free().
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_NETVSP_H
#define IOVLAB_NETVSP_H

#include "iovlab/vmbus.h"

#define NETVSP_CHANNELS_MAX 64          /* primary and sub-channels */
#define NETVSP_MTU_MAX 15850            /* what a port carries; see link.h */

typedef struct Netvsp Netvsp;

typedef struct NetvspConfig {
    VmbusGuid instance_id;
    uint8_t mac[6];                     /* permanent address */
    bool mac_spoofing;                  /* guest may change its address */
    bool link_up;
    uint32_t speed_mbps;
    uint16_t mtu;                       /* largest the port carries */
    uint16_t max_channels;              /* 1..NETVSP_CHANNELS_MAX */
    bool rsc;                           /* receive segments may be coalesced */
    const char *name;                   /* the guest's interface alias, ASCII;
                                           NULL: none.  Copied. */
} NetvspConfig;

typedef enum NetvspRxResult {
    NETVSP_RX_TAKEN,                    /* in the guest's ring */
    NETVSP_RX_NO_ROOM,                  /* offer again after rx_ready() */
    NETVSP_RX_DROPPED,                  /* by a rule: not connected, packet
                                           filter, too long for the guest */
} NetvspRxResult;

/* What the owner may want to know or show. */
typedef struct NetvspStatus {
    uint8_t mac[6];                     /* current address */
    bool connected;                     /* the guest listens: RNDIS is up */
    bool sriov;                         /* the guest can take a VF */
    bool datapath_vf;                   /* the guest moved its traffic */
    bool link_up;
    uint32_t nvsp_version;              /* 0 before INIT */
    uint32_t packet_filter;             /* NDIS_PACKET_* */
    uint16_t mtu;                       /* the guest's; 0: not told */
    uint16_t sub_channels;              /* open ones */
    uint32_t link_events;               /* told to the guest so far; wraps */
} NetvspStatus;

typedef struct NetvspCounters {
    uint64_t frames;
    uint64_t bytes;
    uint64_t directed_frames;
    uint64_t directed_bytes;
    uint64_t multicast_frames;
    uint64_t multicast_bytes;
    uint64_t broadcast_frames;
    uint64_t broadcast_bytes;
    uint64_t errors;                    /* malformed, too long */
    uint64_t discards;                  /* filter, no buffer */
} NetvspCounters;

typedef struct NetvspOps {
    /*
     * A frame from the guest.  False: no room; the packet stays in the ring
     * and the frame comes again after netvsp_tx_ready().
     */
    bool (*tx_frame)(void *opaque, const uint8_t *frame, size_t len);
    /* There is room again after NETVSP_RX_NO_ROOM. */
    void (*rx_ready)(void *opaque);
    /*
     * A segment waits for more of its flow: call netvsp_rx_flush() when the
     * frames at hand were offered, at the latest in the next turn of the main
     * loop.  NULL: nothing is ever coalesced.
     */
    void (*rx_waits)(void *opaque);
    /* Something in NetvspStatus changed. */
    void (*status)(void *opaque);
    /*
     * The guest asks for its data path to be moved and waits, holding locks.
     * Answer with netvsp_datapath_done() and the same cookie, now or later.
     */
    void (*switch_datapath)(void *opaque, uint64_t cookie, bool to_vf);
    /* Answers netvsp_drain(). */
    void (*drained)(void *opaque);
    /* Answers netvsp_rescind(): may be freed from here on (not in here). */
    void (*released)(void *opaque);
} NetvspOps;

/*
 * @ops and @opaque outlive the NIC; @config is copied.  NULL if the bus has no
 * relid left.
 */
Netvsp *netvsp_new(VmbusBus *bus, const NetvspConfig *config,
                   const NetvspOps *ops, void *opaque);
/* Without a word to the guest. */
void netvsp_free(Netvsp *n);
/*
 * Hot-unplug, first: the guest's link goes down for good and it is given no
 * more frames, so that it stops sending.
 */
void netvsp_leave(Netvsp *n);
/*
 * Nothing of the guest waits for us, nor of us for the guest.  Linux takes no
 * more answers from a channel once it knows that the offer is withdrawn, and
 * hangs if it still waits for one, be it to a request or to a sent packet.
 */
bool netvsp_is_idle(const Netvsp *n);
/*
 * How many openings, requests and sent packets there were.  One that is idle
 * and makes no more for a while has come to rest.
 */
uint64_t netvsp_activity(const Netvsp *n);
/* Hot-unplug: withdraws the offer; released() follows, perhaps at once. */
void netvsp_rescind(Netvsp *n);

/* --- frames ---------------------------------------------------------------- */

NetvspRxResult netvsp_rx_frame(Netvsp *n, const uint8_t *frame, size_t len);
/*
 * Ends receive segment coalescing for now: what was TAKEN and waits for more
 * goes to the guest.  To be called before the VM stands still.
 */
void netvsp_rx_flush(Netvsp *n);
/* Whether a frame of full size would find room (or be dropped by a rule). */
bool netvsp_can_receive(Netvsp *n);
/* Frames are accepted again after tx_frame() returned false. */
void netvsp_tx_ready(Netvsp *n);
/*
 * Asks for drained() once the guest has completed every frame that is now
 * TAKEN; perhaps before this returns.
 */
void netvsp_drain(Netvsp *n);

/* --- the port -------------------------------------------------------------- */

void netvsp_set_link(Netvsp *n, bool up);
void netvsp_set_speed(Netvsp *n, uint32_t mbps);
void netvsp_set_mac_spoofing(Netvsp *n, bool allowed);
/* At once; what the guest was told it can turn on stays told. */
void netvsp_set_rsc(Netvsp *n, bool allowed);
/* Seen by the guest at its next initialisation. */
void netvsp_set_mac(Netvsp *n, const uint8_t mac[6]);
void netvsp_set_mtu(Netvsp *n, uint16_t mtu);
/*
 * The guest shall announce its addresses to the network (media connect while
 * connected); waits until the guest's interface is up.
 */
void netvsp_announce(Netvsp *n);
/* VF association; sent now and whenever the guest initialises again. */
void netvsp_set_vf(Netvsp *n, bool allocated, uint32_t serial);
/* Answers switch_datapath().  An unknown cookie is ignored. */
void netvsp_datapath_done(Netvsp *n, uint64_t cookie);

/*
 * Holds back what the guest transmits: its packets stay in the rings, which
 * look nearly full to it, so that its queues wait and nothing is dropped.  To
 * be repeated every few milliseconds while it lasts (it is a state of guest
 * memory that the guest's own writes can undo, and the guest does not signal
 * what it writes) and not to outlive a stop of the VM.  Packets other than
 * data pass until data is met.
 */
void netvsp_hold_tx(Netvsp *n, bool hold);
/*
 * A queue of a Linux guest stops at the first packet that it sends while held,
 * not before.  True if each of the first @queues has come to that.
 */
bool netvsp_tx_stopped(const Netvsp *n, unsigned queues);

void netvsp_get_status(const Netvsp *n, NetvspStatus *status);
const NetvspCounters *netvsp_rx_counters(const Netvsp *n);
const NetvspCounters *netvsp_tx_counters(const Netvsp *n);

/* --- migration --------------------------------------------------------------- */

/*
 * Load comes after vmbus_bus_load(), on a fresh NIC.  The port's settings (link,
 * speed, address, VF association) come with the stream; an owner that knows
 * better sets them again, and the guest is told what changed.  A data path
 * switch that was not answered is asked for again (switch_datapath) by
 * netvsp_resume().
 */
void netvsp_save(Netvsp *n, StateWriter *w);
bool netvsp_load(Netvsp *n, StateReader *r);
/* The VM runs (again): asks for what is unanswered.  Harmless at any time. */
void netvsp_resume(Netvsp *n);

#endif
