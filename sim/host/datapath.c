/*
 * Moving a VM's traffic between its synthetic NIC and its VF.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/datapath.h"

#include "iovlab-trace.h"
#include "iovlab/eth.h"

struct Datapath {
    const DatapathOps *ops;
    void *opaque;
    DatapathState state;
    FrameQueue queue[DATAPATH_SIDES];
    FrameQueue first;       /* handed over by another host: goes before all */
    bool await_backlog;
    bool up[DATAPATH_SIDES];
    bool freezing;          /* waits for the NIC side's RECALL */
    bool frozen;
    bool pumping;
    bool withdrawn;         /* the guest may not move to the VF */
    bool asked;             /* the guest waits for an answer */
    uint64_t cookie;
    DatapathStats stats;
};

static const char *const state_names[DATAPATH_STATES] = {
    [DATAPATH_ON_SYNTHETIC] = "synthetic",
    [DATAPATH_TO_VF] = "to-vf",
    [DATAPATH_ON_VF] = "vf",
    [DATAPATH_TO_SYNTHETIC] = "to-synthetic",
    [DATAPATH_RECALLING] = "recalling",
};

Datapath *datapath_new(const DatapathOps *ops, void *opaque)
{
    Datapath *dp = g_new0(Datapath, 1);

    dp->ops = ops;
    dp->opaque = opaque;
    for (int i = 0; i < DATAPATH_SIDES; i++) {
        frame_queue_init(&dp->queue[i], DATAPATH_QUEUE_FRAMES,
                         DATAPATH_QUEUE_BYTES);
    }
    frame_queue_init(&dp->first, 0, 0);
    return dp;
}

void datapath_free(Datapath *dp)
{
    if (dp) {
        for (int i = 0; i < DATAPATH_SIDES; i++) {
            frame_queue_clear(&dp->queue[i]);
        }
        frame_queue_clear(&dp->first);
        g_free(dp);
    }
}

DatapathState datapath_state(const Datapath *dp)
{
    return dp->state;
}

const char *datapath_state_name(DatapathState state)
{
    return (unsigned)state < DATAPATH_STATES ? state_names[state] : "?";
}

bool datapath_on_vf(const Datapath *dp)
{
    return dp->state == DATAPATH_ON_VF;
}

size_t datapath_backlog(const Datapath *dp)
{
    return (size_t)dp->first.count + dp->queue[DATAPATH_NIC].count +
        dp->queue[DATAPATH_VF].count;
}

const DatapathStats *datapath_stats(const Datapath *dp)
{
    return &dp->stats;
}

static void set_state(Datapath *dp, DatapathState state)
{
    trace_host_datapath_state(dp, datapath_state_name(dp->state),
                              datapath_state_name(state),
                              datapath_backlog(dp));
    dp->state = state;
    dp->ops->changed(dp->opaque, state);
}

/* --- sending ----------------------------------------------------------- */

static bool may_send(const Datapath *dp, DatapathSide side)
{
    if (dp->freezing || dp->frozen || !dp->up[side]) {
        return false;
    }
    if (side == DATAPATH_NIC) {
        return dp->state == DATAPATH_ON_SYNTHETIC ||
            dp->state == DATAPATH_ON_VF;
    }
    return dp->state == DATAPATH_ON_VF || dp->state == DATAPATH_ON_SYNTHETIC ||
        dp->state == DATAPATH_TO_VF;
}

static bool pump_queue(Datapath *dp, DatapathSide side, FrameQueue *queue)
{
    FrameSlot *slot;

    while (may_send(dp, side) && (slot = frame_queue_peek(queue))) {
        if (!dp->ops->send(dp->opaque, side, slot->frame, &slot->meta)) {
            return false;
        }
        dp->stats.sent[side]++;
        frame_queue_pop(queue);
    }
    return queue->count == 0;
}

static void pump(Datapath *dp)
{
    /* send() may report room at once: one loop is enough. */
    if (dp->pumping) {
        return;
    }
    dp->pumping = true;
    if (pump_queue(dp, DATAPATH_NIC, &dp->first) && !dp->await_backlog) {
        pump_queue(dp, DATAPATH_NIC, &dp->queue[DATAPATH_NIC]);
    }
    pump_queue(dp, DATAPATH_VF, &dp->queue[DATAPATH_VF]);
    dp->pumping = false;
}

void datapath_arrive(Datapath *dp, DatapathSide side, Frame *frame,
                     const IxgbeRxMeta *meta)
{
    if (!frame_queue_push(&dp->queue[side], frame, meta, DATAPATH_TAG_NEW)) {
        dp->stats.dropped++;
        trace_host_datapath_drop(dp, side, frame->len);
        return;
    }
    dp->stats.held_max = MAX(dp->stats.held_max, datapath_backlog(dp));
    pump(dp);
}

void datapath_room(Datapath *dp, DatapathSide side)
{
    pump(dp);
}

/* --- moving ------------------------------------------------------------ */

static void answer(Datapath *dp)
{
    if (dp->asked) {
        dp->asked = false;
        dp->ops->done(dp->opaque, dp->cookie, datapath_on_vf(dp));
    }
}

/* The NIC side has drained: unicast that waited goes to the VF, in order. */
static void finish_to_vf(Datapath *dp)
{
    FrameQueue *nic = &dp->queue[DATAPATH_NIC];
    FrameQueue unicast;
    FrameSlot slot;
    uint32_t count;

    dp->ops->timer(dp->opaque, 0);
    if (!dp->up[DATAPATH_VF] || !dp->ops->filter(dp->opaque, true)) {
        set_state(dp, DATAPATH_ON_SYNTHETIC);
        answer(dp);
        pump(dp);
        return;
    }
    frame_queue_init(&unicast, 0, 0);
    /* Moving the filter may have let frames through: not before it. */
    count = nic->count;
    while (count--) {
        Frame *frame = frame_queue_take(nic, &slot);

        frame_queue_push(frame_is_multicast(frame->data) ? nic : &unicast,
                         frame, &slot.meta, DATAPATH_TAG_NEW);
        frame_unref(frame);
    }
    frame_queue_prepend(&dp->queue[DATAPATH_VF], &unicast);
    frame_queue_clear(&unicast);
    dp->stats.switches++;
    set_state(dp, DATAPATH_ON_VF);
    answer(dp);
    pump(dp);
}

/* The VF has nothing any more: what waited for it goes first. */
static void finish_to_synthetic(Datapath *dp)
{
    dp->ops->timer(dp->opaque, 0);
    frame_queue_prepend(&dp->queue[DATAPATH_NIC], &dp->queue[DATAPATH_VF]);
    dp->stats.switches++;
    set_state(dp, DATAPATH_ON_SYNTHETIC);
    answer(dp);
    pump(dp);
}

static void start_to_vf(Datapath *dp)
{
    set_state(dp, DATAPATH_TO_VF);
    dp->ops->timer(dp->opaque, DATAPATH_DRAIN_NIC_MS);
    if (!dp->up[DATAPATH_NIC] || !dp->ops->drain(dp->opaque, DATAPATH_NIC)) {
        finish_to_vf(dp);
    }
}

static void start_recall(Datapath *dp)
{
    set_state(dp, DATAPATH_RECALLING);
    dp->ops->timer(dp->opaque, DATAPATH_RECALL_MS);
    if (!dp->up[DATAPATH_VF] || !dp->ops->recall(dp->opaque, DATAPATH_VF)) {
        finish_to_synthetic(dp);
    }
}

static void start_to_synthetic(Datapath *dp, unsigned limit_ms)
{
    dp->ops->filter(dp->opaque, false);
    set_state(dp, DATAPATH_TO_SYNTHETIC);
    dp->ops->timer(dp->opaque, limit_ms);
    if (!dp->up[DATAPATH_VF] || !dp->ops->drain(dp->opaque, DATAPATH_VF)) {
        start_recall(dp);
    }
}

/* The move to the VF is off before it was made. */
static void stay_synthetic(Datapath *dp)
{
    dp->ops->timer(dp->opaque, 0);
    set_state(dp, DATAPATH_ON_SYNTHETIC);
    answer(dp);
    pump(dp);
}

void datapath_request(Datapath *dp, bool to_vf, uint64_t cookie)
{
    /* A guest has one request at a time; one that forgot (reset) has a new. */
    dp->asked = true;
    dp->cookie = cookie;
    trace_host_datapath_request(dp, to_vf, cookie);
    switch (dp->state) {
    case DATAPATH_ON_SYNTHETIC:
        if (to_vf && dp->up[DATAPATH_VF] && !dp->withdrawn &&
            !dp->freezing && !dp->frozen) {
            start_to_vf(dp);
        } else {
            answer(dp);
        }
        break;
    case DATAPATH_ON_VF:
        if (!to_vf) {
            start_to_synthetic(dp, DATAPATH_DRAIN_VF_MS);
        } else {
            answer(dp);
        }
        break;
    case DATAPATH_TO_VF:
        if (!to_vf) {
            stay_synthetic(dp);
        }
        break;
    default:
        /* On the way back: the answer will say where the traffic is. */
        break;
    }
}

void datapath_withdraw(Datapath *dp)
{
    dp->withdrawn = true;
    if (dp->state == DATAPATH_ON_VF) {
        start_to_synthetic(dp, DATAPATH_WITHDRAW_MS);
    } else if (dp->state == DATAPATH_TO_VF) {
        stay_synthetic(dp);
    }
}

void datapath_allow(Datapath *dp)
{
    dp->withdrawn = false;
}

void datapath_revoke(Datapath *dp)
{
    switch (dp->state) {
    case DATAPATH_ON_VF:
        dp->ops->filter(dp->opaque, false);
        start_recall(dp);
        break;
    case DATAPATH_TO_SYNTHETIC:
        start_recall(dp);
        break;
    case DATAPATH_TO_VF:
        stay_synthetic(dp);
        break;
    default:
        break;
    }
}

void datapath_drained(Datapath *dp, DatapathSide side)
{
    if (side == DATAPATH_NIC && dp->state == DATAPATH_TO_VF) {
        finish_to_vf(dp);
    } else if (side == DATAPATH_VF && dp->state == DATAPATH_TO_SYNTHETIC) {
        finish_to_synthetic(dp);
    }
}

static void finish_freeze(Datapath *dp)
{
    dp->ops->timer(dp->opaque, 0);
    dp->freezing = false;
    dp->frozen = true;
    trace_host_datapath_frozen(dp, datapath_backlog(dp));
    dp->ops->frozen(dp->opaque);
}

/*
 * Frames came back: they are older than anything that waits.  Tags stay only
 * where the VM may still say that it took some (@keep_tags).
 */
static void take_back(Datapath *dp, DatapathSide side, FrameQueue *frames,
                      bool keep_tags)
{
    if (frames) {
        for (uint32_t i = 0; !keep_tags && i < frames->count; i++) {
            frame_queue_at(frames, i)->tag = DATAPATH_TAG_NEW;
        }
        dp->stats.recalled += frames->count;
        frame_queue_prepend(side == DATAPATH_NIC &&
                            (dp->first.count || dp->await_backlog) ?
                            &dp->first : &dp->queue[side], frames);
    }
}

void datapath_recalled(Datapath *dp, DatapathSide side, FrameQueue *frames)
{
    take_back(dp, side, frames, false);
    if (side == DATAPATH_NIC && dp->freezing) {
        finish_freeze(dp);
    } else if (side == DATAPATH_VF && dp->state == DATAPATH_RECALLING) {
        finish_to_synthetic(dp);
    } else {
        pump(dp);
    }
}

void datapath_up(Datapath *dp, DatapathSide side)
{
    dp->up[side] = true;
    pump(dp);
}

void datapath_down(Datapath *dp, DatapathSide side, FrameQueue *untaken)
{
    dp->up[side] = false;
    take_back(dp, side, untaken, side == DATAPATH_NIC);
    if (side == DATAPATH_NIC) {
        /* Nobody waits for an answer any more. */
        dp->asked = false;
        if (dp->freezing) {
            finish_freeze(dp);
        } else if (dp->state == DATAPATH_TO_VF) {
            finish_to_vf(dp);
        }
        return;
    }
    switch (dp->state) {
    case DATAPATH_ON_VF:
        dp->ops->filter(dp->opaque, false);
        finish_to_synthetic(dp);
        break;
    case DATAPATH_TO_SYNTHETIC:
    case DATAPATH_RECALLING:
        finish_to_synthetic(dp);
        break;
    case DATAPATH_TO_VF:
        datapath_revoke(dp);
        break;
    default:
        /* Frames for a VF that never carried the traffic. */
        frame_queue_prepend(&dp->queue[DATAPATH_NIC],
                            &dp->queue[DATAPATH_VF]);
        pump(dp);
        break;
    }
}

void datapath_timeout(Datapath *dp)
{
    trace_host_datapath_timeout(dp, datapath_state_name(dp->state));
    if (dp->freezing) {
        dp->ops->cut(dp->opaque, DATAPATH_NIC);
        return;
    }
    switch (dp->state) {
    case DATAPATH_TO_VF:
        /* The guest does not return its buffers: order may suffer. */
        finish_to_vf(dp);
        break;
    case DATAPATH_TO_SYNTHETIC:
        start_recall(dp);
        break;
    case DATAPATH_RECALLING:
        dp->ops->cut(dp->opaque, DATAPATH_VF);
        break;
    default:
        break;
    }
}

/* --- freezing and hand-over -------------------------------------------- */

bool datapath_freeze(Datapath *dp)
{
    if (dp->frozen || dp->freezing) {
        return true;
    }
    if (dp->state != DATAPATH_ON_SYNTHETIC) {
        return false;
    }
    dp->freezing = true;
    dp->ops->timer(dp->opaque, DATAPATH_RECALL_MS);
    if (!dp->up[DATAPATH_NIC] || !dp->ops->recall(dp->opaque, DATAPATH_NIC)) {
        finish_freeze(dp);
    }
    return true;
}

void datapath_thaw(Datapath *dp)
{
    if (dp->freezing) {
        dp->ops->timer(dp->opaque, 0);
    }
    dp->freezing = false;
    dp->frozen = false;
    pump(dp);
}

bool datapath_is_frozen(const Datapath *dp)
{
    return dp->frozen;
}

void datapath_take(Datapath *dp, FrameQueue *to)
{
    frame_queue_append(to, &dp->first);
    frame_queue_append(to, &dp->queue[DATAPATH_VF]);
    frame_queue_append(to, &dp->queue[DATAPATH_NIC]);
}

FrameQueue *datapath_queue(Datapath *dp, DatapathSide side)
{
    return &dp->queue[side];
}

void datapath_backlog_begin(Datapath *dp)
{
    dp->await_backlog = true;
}

void datapath_backlog_push(Datapath *dp, Frame *frame)
{
    frame_queue_push(&dp->first, frame, NULL, DATAPATH_TAG_NEW);
    pump(dp);
}

void datapath_backlog_end(Datapath *dp)
{
    dp->await_backlog = false;
    pump(dp);
}

void datapath_adopt_vf(Datapath *dp)
{
    if (dp->state == DATAPATH_ON_SYNTHETIC &&
        dp->ops->filter(dp->opaque, true)) {
        set_state(dp, DATAPATH_ON_VF);
    }
}
