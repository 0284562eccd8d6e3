/*
 * The two paths of one VM network adapter, and the move between them.
 *
 * Frames for the VM arrive on the synthetic side (from the software switch) or
 * on the VF side (from the adapter's embedded switch) and are owned here until
 * the VM acknowledges them.  Moving the traffic loses and doubles nothing:
 *
 *   to the VF:       hold what arrives; the NIC side drains; the adapter's
 *                    filter moves to the VF; what was held goes to the VF;
 *                    the guest's request is answered.
 *   to synthetic (the guest asks, or the host before it asks for an eject):
 *                    hold; the filter moves back; the VF side drains, and what
 *                    it does not take in time is recalled; all of it goes to
 *                    the synthetic NIC, oldest first; the request is answered.
 *
 * Frames keep their order in each case.  Broadcast and multicast stay on the
 * synthetic side.  For a migration the path is frozen: nothing is sent, what
 * the VM had not taken comes back, and the whole backlog can be handed over.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_HOST_DATAPATH_H
#define SIM_HOST_DATAPATH_H

#include "iovlab/frame.h"

typedef struct Datapath Datapath;

typedef enum DatapathSide {
    DATAPATH_NIC,
    DATAPATH_VF,
    DATAPATH_SIDES,
} DatapathSide;

typedef enum DatapathState {
    DATAPATH_ON_SYNTHETIC,  /* unicast goes to the synthetic NIC */
    DATAPATH_TO_VF,         /* guest asked for the VF; the NIC side drains */
    DATAPATH_ON_VF,         /* unicast goes to the VF */
    DATAPATH_TO_SYNTHETIC,  /* filter is back; the VF side drains */
    DATAPATH_RECALLING,     /* filter is back; the VF side returns frames */
    DATAPATH_STATES,
} DatapathState;

typedef struct DatapathOps {
    /* False: no room or no VM; datapath_room() follows. */
    bool (*send)(void *opaque, DatapathSide side, Frame *frame,
                 const IxgbeRxMeta *meta);
    /* False if the side cannot (not connected): then it has nothing. */
    bool (*drain)(void *opaque, DatapathSide side);
    bool (*recall)(void *opaque, DatapathSide side);
    /* Ends the side's connection; datapath_down() comes before it returns. */
    void (*cut)(void *opaque, DatapathSide side);
    /* Moves the address between default pool and VF; false if it cannot. */
    bool (*filter)(void *opaque, bool to_vf);
    /* Answers the guest's request: this is where the traffic now is. */
    void (*done)(void *opaque, uint64_t cookie, bool on_vf);
    void (*changed)(void *opaque, DatapathState state);
    /* Answers datapath_freeze(). */
    void (*frozen)(void *opaque);
    /* One call of datapath_timeout() after @ms; 0 stops the clock. */
    void (*timer)(void *opaque, unsigned ms);
} DatapathOps;

/* Limits in milliseconds. */
#define DATAPATH_DRAIN_NIC_MS 2000
#define DATAPATH_DRAIN_VF_MS  250     /* the guest waits under its locks */
#define DATAPATH_WITHDRAW_MS  1000    /* nobody waits */
#define DATAPATH_RECALL_MS    1000

/* Of each of the queues. */
#define DATAPATH_QUEUE_FRAMES 65536
#define DATAPATH_QUEUE_BYTES  (128u << 20)

/* Tag of frames that no session has seen (link_trim_taken()). */
#define DATAPATH_TAG_NEW 0

typedef struct DatapathStats {
    uint64_t sent[DATAPATH_SIDES];
    uint64_t recalled;          /* came back from a side */
    uint64_t held_max;          /* most frames waiting at one time */
    uint64_t dropped;           /* queue was full */
    uint64_t switches;
} DatapathStats;

Datapath *datapath_new(const DatapathOps *ops, void *opaque);
void datapath_free(Datapath *dp);

DatapathState datapath_state(const Datapath *dp);
const char *datapath_state_name(DatapathState state);
bool datapath_on_vf(const Datapath *dp);
/* Frames that wait here. */
size_t datapath_backlog(const Datapath *dp);
const DatapathStats *datapath_stats(const Datapath *dp);

/* A frame for the VM; takes a reference of its own. */
void datapath_arrive(Datapath *dp, DatapathSide side, Frame *frame,
                     const IxgbeRxMeta *meta);
/* The guest asks to move its traffic. */
void datapath_request(Datapath *dp, bool to_vf, uint64_t cookie);
/*
 * The guest will be asked to give the VF up: moves what it receives to the
 * synthetic side while its VF driver still works, and lets it not come back
 * until datapath_allow().  A Linux VF driver that is being removed leaves in
 * its ring what arrives from then on, before the guest moves its traffic.
 */
void datapath_withdraw(Datapath *dp);
void datapath_allow(Datapath *dp);
/* The VF goes, whether the guest moved or not. */
void datapath_revoke(Datapath *dp);

void datapath_up(Datapath *dp, DatapathSide side);
/* Connection is over; moves @untaken (may be NULL) to the backlog. */
void datapath_down(Datapath *dp, DatapathSide side, FrameQueue *untaken);
void datapath_room(Datapath *dp, DatapathSide side);
void datapath_drained(Datapath *dp, DatapathSide side);
void datapath_recalled(Datapath *dp, DatapathSide side, FrameQueue *frames);
void datapath_timeout(Datapath *dp);

/*
 * Sends nothing more and takes back what the VM has not; ops->frozen follows,
 * perhaps before this returns.  Only on the synthetic path (false otherwise).
 */
bool datapath_freeze(Datapath *dp);
/* Goes on: the VM runs here. */
void datapath_thaw(Datapath *dp);
bool datapath_is_frozen(const Datapath *dp);
/* Appends the whole backlog to @to, oldest first. */
void datapath_take(Datapath *dp, FrameQueue *to);
/* The backlog's head, for dropping what the VM took after all. */
FrameQueue *datapath_queue(Datapath *dp, DatapathSide side);

/*
 * At the destination of a migration: until datapath_backlog_end() only frames
 * of datapath_backlog_push() go to the VM, and what arrives waits behind them.
 */
void datapath_backlog_begin(Datapath *dp);
void datapath_backlog_push(Datapath *dp, Frame *frame);
void datapath_backlog_end(Datapath *dp);

/* A VM whose traffic was on its VF when the host process restarted. */
void datapath_adopt_vf(Datapath *dp);

#endif
