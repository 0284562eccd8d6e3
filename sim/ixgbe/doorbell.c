/*
 * A write to a transmit tail: who sends, and when.
 *
 * A run of the function is a turn of another thread.  That is right for much
 * work, which then is done beside the VCPU.  It is dear for a frame or two:
 * the turn takes longer than to send them, and so does the interrupt for each.
 * So a doorbell of few descriptors may do better:
 *
 *   answer   a frame was received since the last one: somebody waits for this
 *            one.  It is sent in the write.
 *   stream   many follow each other fast, and nothing is received: nobody
 *            waits for any of them.  Some are gathered, for a limited time,
 *            and sent in one write, with one interrupt for all.
 *
 * Interrupts that come of what a write sends are sent at its end, each once.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"

#include "iovlab-trace.h"

/* Of one doorbell. */
#define FEW_DESCS 4
/* Frames that an answer sends itself. */
#define ANSWER_BUDGET 2
/* It is a stream if so many come within the time that the first one may wait. */
#define STREAM_SAMPLE 8
/* Doorbells that are gathered at most, and what they send in one go. */
#define GATHER_DOORBELLS 32
#define GATHER_BUDGET 64
/* Nor more than a part of the ring: a driver stops when little of it is left. */
#define GATHER_RING_PART 4
/* As much as a run. */
#define SETTLE_BUDGET 256

void ixgbe_pf_set_gather(IxgbeFunction *pf, uint64_t ns)
{
    pf->gather_ns = ns;
}

static uint64_t gather_ns(const IxgbeFunction *fn)
{
    return ixgbe_function_counter(fn)->gather_ns;
}

void ixgbe_doorbell_reset(IxgbeDoorbell *bell)
{
    *bell = (IxgbeDoorbell) { .deadline = UINT64_MAX };
}

void ixgbe_doorbell_ran(IxgbeDoorbell *bell)
{
    bell->gathered = 0;
    bell->deadline = UINT64_MAX;
}

static void set_streaming(IxgbeFunction *fn, bool on)
{
    if (fn->bell.streaming != on) {
        fn->bell.streaming = on;
        trace_ixgbe_doorbell_stream(fn, on);
    }
}

static void end_stream(IxgbeFunction *fn)
{
    set_streaming(fn, false);
    fn->bell.count = 0;
}

/* One more doorbell that nobody waits for: is it one of a stream? */
static bool streaming(IxgbeFunction *fn)
{
    IxgbeDoorbell *bell = &fn->bell;

    if (bell->count == 0 || bell->count == STREAM_SAMPLE) {
        uint64_t now = fn->ops->clock_ns(fn->opaque);
        /* A clock that stands still, as in a test, ends no wait. */
        uint64_t elapsed = now - bell->since;

        set_streaming(fn, bell->count && elapsed && elapsed < gather_ns(fn));
        bell->since = now;
        bell->count = 0;
    }
    bell->count++;
    return bell->streaming;
}

/* Whether the doorbell of @q can wait for more of its kind. */
static bool gather(IxgbeTxq *q)
{
    IxgbeFunction *fn = q->fn;
    IxgbeDoorbell *bell = &fn->bell;

    ixgbe_function_tx_ready(q);
    if (++bell->gathered >= GATHER_DOORBELLS ||
        ixgbe_ring_owned(&q->ring) >=
        ixgbe_ring_size(&q->ring) / GATHER_RING_PART) {
        return false;
    }
    if (bell->deadline == UINT64_MAX) {
        bell->deadline = fn->ops->clock_ns(fn->opaque) + gather_ns(fn);
        ixgbe_intr_evaluate(&fn->intr);     /* it has a deadline */
    }
    return true;
}

/*
 * What is sent within a register write.  One that comes meanwhile, be it of
 * another function by way of a descriptor, waits for its turn: neither depth
 * nor work multiplies.
 */
static bool sending;

/* @passes: even if the adapter has older frames. */
static void send_here(IxgbeFunction *fn, int budget, bool passes)
{
    IxgbeFunction *counter = ixgbe_function_counter(fn);

    sending = true;
    counter->ringing++;
    if (fn->port_ops->begin(fn->port) || passes) {
        ixgbe_function_transmit(fn, budget);
    } else {
        ixgbe_function_schedule(fn);
    }
    fn->port_ops->end(fn->port);
    counter->ringing--;
    ixgbe_intr_evaluate_noted(counter);
    sending = false;
}

static bool may_send_here(const IxgbeFunction *fn)
{
    return !sending && !fn->scheduled && ixgbe_function_may_send(fn);
}

/* Of frames that need no segmentation; others are left for a run. */
static void send_short(IxgbeFunction *fn, int budget)
{
    fn->tx_short = true;
    send_here(fn, budget, false);
    fn->tx_short = false;
}

void ixgbe_doorbell_flush(IxgbeFunction *fn)
{
    if (!fn->bell.gathered) {
        return;
    }
    /* What has to wait for a run is in it. */
    if (may_send_here(fn)) {
        send_short(fn, GATHER_BUDGET);
    } else {
        ixgbe_function_schedule(fn);
    }
}

/*
 * Linux takes a queue whose first frame is there at two such interrupts for one
 * that hangs, and they may be closer together than a run is away.
 */
void ixgbe_doorbell_settle(IxgbeFunction *fn)
{
    if ((fn->scheduled || fn->bell.gathered) && !sending &&
        ixgbe_function_may_send(fn)) {
        send_here(fn, SETTLE_BUDGET, true);
    }
}

void ixgbe_doorbell_expire(IxgbeFunction *fn, uint64_t now)
{
    IxgbeDoorbell *bell = &fn->bell;

    if (now < bell->deadline) {
        return;
    }
    bell->deadline = UINT64_MAX;
    /* It went slack: the next ones are not to wait. */
    if (bell->gathered < STREAM_SAMPLE) {
        end_stream(fn);
    }
    ixgbe_doorbell_flush(fn);
}

void ixgbe_function_doorbell(IxgbeTxq *q, uint32_t added)
{
    IxgbeFunction *fn = q->fn;
    bool asked = fn->asked;
    bool few = added <= FEW_DESCS;

    fn->asked = false;
    if (asked || !few) {
        end_stream(fn);
    }
    if (!few || !may_send_here(fn)) {
        ixgbe_function_tx_kick(q);
    } else if (asked && ixgbe_ring_owned(&q->ring) <= FEW_DESCS) {
        ixgbe_function_tx_ready(q);
        send_short(fn, ANSWER_BUDGET);
    } else if (asked || !streaming(fn)) {
        ixgbe_function_tx_kick(q);
    } else if (!gather(q)) {
        send_short(fn, GATHER_BUDGET);
    }
}
