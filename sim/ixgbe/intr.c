/*
 * The interrupt block: causes, masks, auto-clear, auto-mask and moderation.
 * Datasheet 7.3.1 and 8.2.3.5.
 *
 * A queue's cause is a vector.  A message is sent when a cause was raised since
 * the last one, its vector is unmasked and its moderation interval is over.
 * The PF has other causes as well, which share one vector; and without
 * GPIE.Multiple_MSIX all causes share one message or the INTx line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"

#include "spec/ixgbe_board_regs.h"
#include "iovlab-trace.h"

#define STATE_VERSION 2
/* 7.3.2: ITR_INTERVAL is in units of 2 us at 10 Gb/s, from bit 3. */
#define EITR_UNIT_NS 2000
/* EICR has bits for these; a message always clears the others' causes. */
#define EICR_QUEUES 0xffffull

static uint64_t vector_mask(const IxgbeIntr *intr)
{
    return intr->vectors >= 64 ? UINT64_MAX : (1ull << intr->vectors) - 1;
}

/* Frames a second from which the host's adaptive moderation steps up. */
enum { BUSY_RATE = 4000, FULL_RATE = 20000 };
#define MEASURE_NS 2000000u
static const uint64_t moderation_ns[IXGBE_MODERATIONS] = {
    [IXGBE_MODERATION_LOW] = 20000,
    [IXGBE_MODERATION_MEDIUM] = 100000,
    [IXGBE_MODERATION_HIGH] = 250000,
};

/* The driver's interval for the vector, or what the host makes of it. */
static uint64_t interval_ns(const IxgbeIntr *intr, unsigned vector)
{
    IxgbeModeration moderation = intr->fn->state.moderation;
    uint64_t asked = (uint64_t)((intr->eitr[vector] & IXGBE_EITR_INTERVAL) >>
                                3) * EITR_UNIT_NS;

    switch (moderation) {
    case IXGBE_MODERATION_OFF:
        return 0;
    case IXGBE_MODERATION_ADAPTIVE:
        return intr->adaptive_ns;
    default:
        return MAX(asked, moderation_ns[moderation]);
    }
}

/* Adaptive: the interval follows the frames of the last two milliseconds. */
static void measure(IxgbeIntr *intr, uint64_t now)
{
    const IxgbeFunctionStats *stats = &intr->fn->stats;
    uint64_t frames = stats->rx_frames + stats->tx_frames;
    /* Of a clock that went back: more than any time. */
    uint64_t elapsed = now - intr->measured_at;
    uint64_t rate;

    if (elapsed < MEASURE_NS) {
        return;
    }
    rate = (frames - intr->measured_frames) * 1000000000ull / elapsed;
    intr->adaptive_ns = moderation_ns[rate >= FULL_RATE ?
        IXGBE_MODERATION_HIGH : rate >= BUSY_RATE ? IXGBE_MODERATION_MEDIUM :
        IXGBE_MODERATION_OFF];
    intr->measured_at = now;
    intr->measured_frames = frames;
}

void ixgbe_intr_reset(IxgbeIntr *intr)
{
    bool pf = intr->fn->kind == IXGBE_KIND_PF;

    intr->eicr = 0;
    intr->eims = 0;
    intr->eiac = 0;
    intr->eiam = 0;
    intr->event = 0;
    intr->other = (IxgbeOtherCauses) {
        .vector = IXGBE_NO_VECTOR,
        .timer_vector = IXGBE_NO_VECTOR,
    };
    intr->single = pf;
    intr->auto_mask = !pf;
    intr->keep_other = false;
    intr->eics_at_once = false;
    memset(intr->eitr, 0, sizeof(intr->eitr));
    memset(intr->quiet_until, 0, sizeof(intr->quiet_until));
    ixgbe_intr_evaluate(intr);
}

/* Causes that the message of @vector would tell. */
static uint32_t other_due(const IxgbeIntr *intr, unsigned vector)
{
    const IxgbeOtherCauses *other = &intr->other;
    uint32_t due = other->event & other->eicr & other->eims;

    if (vector != other->timer_vector) {
        due &= ~IXGBE_EICR_TCP_TIMER;
    }
    if (vector != other->vector) {
        due &= IXGBE_EICR_TCP_TIMER;
    }
    return due;
}

static uint64_t other_due_bit(const IxgbeIntr *intr, unsigned vector)
{
    return vector < intr->vectors && other_due(intr, vector) ? 1ull << vector
                                                             : 0;
}

/* What the message of @vector says is said. */
static void take_causes(IxgbeIntr *intr, unsigned vector)
{
    IxgbeOtherCauses *other = &intr->other;
    uint32_t due = other_due(intr, vector);
    uint64_t bit = 1ull << vector;

    intr->event &= ~bit;
    intr->eicr &= ~(bit & (intr->eiac | ~EICR_QUEUES));
    if (intr->auto_mask) {
        intr->eims &= ~(bit & intr->eiam);
    }
    other->event &= ~due;
    other->eicr &= ~(due & other->eiac);
    if (intr->auto_mask) {
        other->eims &= ~(due & other->eiam);
    }
}

static void notify(IxgbeIntr *intr, unsigned vector, uint64_t quiet_ns)
{
    IxgbeFunction *fn = intr->fn;

    trace_ixgbe_intr_send(fn, vector, quiet_ns);
    ixgbe_function_enter(fn);
    fn->ops->interrupt(fn->opaque, vector);
    ixgbe_function_leave(fn);
}

void ixgbe_intr_map_queues(IxgbeIntr *intr)
{
    IxgbeFunction *fn = intr->fn;

    memset(intr->rx_of, 0, sizeof(intr->rx_of));
    for (unsigned i = 0; i < fn->queues; i++) {
        if (fn->rx[i].fn == fn && fn->rx[i].vector < IXGBE_MAX_VECTORS) {
            intr->rx_of[fn->rx[i].vector][i / 64] |= 1ull << (i % 64);
        }
    }
}

static void for_queues(IxgbeIntr *intr, unsigned vector,
                       void (*act)(IxgbeRxq *q))
{
    for (unsigned word = 0; word < IXGBE_QUEUES / 64; word++) {
        uint64_t left = intr->rx_of[vector][word];

        for (; left; left &= left - 1) {
            IxgbeRxq *q = &intr->fn->rx[word * 64 + __builtin_ctzll(left)];

            /* A queue that was reset has none until the next IVAR. */
            if (q->vector == vector) {
                act(q);
            }
        }
    }
}

static void send_message(IxgbeIntr *intr, unsigned vector, uint64_t now)
{
    IxgbeFunction *fn = intr->fn;
    uint64_t quiet_ns;

    ixgbe_rsc_close_vector(fn->rsc, vector);
    take_causes(intr, vector);
    measure(intr, now);
    quiet_ns = interval_ns(intr, vector);
    intr->quiet_until[vector] = now + quiet_ns;
    for_queues(intr, vector, ixgbe_rxq_signalled);
    notify(intr, vector, quiet_ns);
}

static void set_timer(IxgbeIntr *intr, uint64_t deadline)
{
    deadline = MIN(deadline, ixgbe_rsc_deadline(intr->fn->rsc));
    deadline = MIN(deadline, intr->fn->bell.deadline);
    if (deadline != intr->timer) {
        intr->timer = deadline;
        intr->fn->ops->set_timer(intr->fn->opaque, deadline);
    }
}

static void set_line(IxgbeIntr *intr, bool level)
{
    IxgbeFunction *fn = intr->fn;

    if (level == intr->line) {
        return;
    }
    intr->line = level;
    trace_ixgbe_intr_line(fn, level);
    if (fn->ops->line) {
        ixgbe_function_enter(fn);
        fn->ops->line(fn->opaque, level);
        ixgbe_function_leave(fn);
    }
}

/* The end of @vector's quiet time, 0 if it is over. */
static uint64_t quiet_until(IxgbeIntr *intr, unsigned vector, uint64_t now)
{
    /* A clock that went back (loaded state) must not silence a vector. */
    uint64_t longest = now + interval_ns(intr, vector);

    intr->quiet_until[vector] = MIN(intr->quiet_until[vector], longest);
    return intr->quiet_until[vector] <= now ? 0 : intr->quiet_until[vector];
}

static void evaluate_vectors(IxgbeIntr *intr)
{
    uint64_t due = intr->event & intr->eicr & intr->eims;
    uint64_t deadline = UINT64_MAX;
    uint64_t now;

    set_line(intr, false);
    due |= other_due_bit(intr, intr->other.vector) |
           other_due_bit(intr, intr->other.timer_vector);
    if (!due) {
        set_timer(intr, UINT64_MAX);
        return;
    }
    now = intr->fn->ops->clock_ns(intr->fn->opaque);
    for (; due; due &= due - 1) {
        unsigned vector = __builtin_ctzll(due);
        uint64_t until = quiet_until(intr, vector, now);

        if (!until) {
            send_message(intr, vector, now);
        } else {
            deadline = MIN(deadline, until);
        }
    }
    set_timer(intr, deadline);
}

/* 7.3.1.2: MSI is sent for new causes, INTx is up as long as there are any. */
static void evaluate_single(IxgbeIntr *intr)
{
    uint64_t queues = intr->eicr & intr->eims & EICR_QUEUES;
    uint32_t other = intr->other.eicr & intr->other.eims;
    bool due = (queues & intr->event) || (other & intr->other.event);
    uint64_t now, until;

    if (!queues && !other) {
        set_line(intr, false);
        set_timer(intr, UINT64_MAX);
        return;
    }
    if (!due && intr->line) {
        set_timer(intr, UINT64_MAX);
        return;
    }
    now = intr->fn->ops->clock_ns(intr->fn->opaque);
    until = quiet_until(intr, 0, now);
    if (until) {
        set_timer(intr, until);
        return;
    }
    ixgbe_rsc_close_vector(intr->fn->rsc, -1);
    intr->event &= ~queues;
    intr->other.event &= ~other;
    measure(intr, now);
    intr->quiet_until[0] = now + interval_ns(intr, 0);
    set_timer(intr, UINT64_MAX);
    set_line(intr, true);
    if (due) {
        notify(intr, 0, interval_ns(intr, 0));
    }
}

void ixgbe_intr_evaluate(IxgbeIntr *intr)
{
    if (intr->fn->held) {
        set_timer(intr, UINT64_MAX);
    } else if (intr->single) {
        evaluate_single(intr);
    } else {
        evaluate_vectors(intr);
    }
}

/* For the end of the doorbell. */
static void note(IxgbeFunction *fn)
{
    IxgbeFunction *counter = ixgbe_function_counter(fn);

    if (fn == counter) {
        counter->noted_self = true;
    } else {
        counter->noted |= 1ull << fn->vf;
    }
}

void ixgbe_intr_evaluate_noted(IxgbeFunction *counter)
{
    uint64_t left = counter->noted;

    counter->noted = 0;
    for (; left; left &= left - 1) {
        IxgbeFunction *window = counter->window[__builtin_ctzll(left)];

        if (window) {
            ixgbe_intr_evaluate(&window->intr);
        }
    }
    if (counter->noted_self) {
        counter->noted_self = false;
        ixgbe_intr_evaluate(&counter->intr);
    }
}

void ixgbe_intr_raise_mask(IxgbeIntr *intr, uint64_t vectors, uint32_t other)
{
    vectors &= vector_mask(intr);
    intr->eicr |= vectors;
    intr->event |= vectors;
    intr->other.eicr |= other;
    intr->other.event |= other;
    if (!(vectors & intr->eims) && !(other & intr->other.eims)) {
        return;
    }
    if (ixgbe_function_counter(intr->fn)->ringing) {
        note(intr->fn);
    } else {
        ixgbe_intr_evaluate(intr);
    }
}

void ixgbe_intr_raise_soft(IxgbeIntr *intr, uint64_t vectors, uint32_t other)
{
    ixgbe_doorbell_settle(intr->fn);
    if (intr->eics_at_once) {
        for (uint64_t left = vectors & vector_mask(intr); left;
             left &= left - 1) {
            intr->quiet_until[__builtin_ctzll(left)] = 0;
        }
        if (intr->single) {
            intr->quiet_until[0] = 0;
        }
    }
    ixgbe_intr_raise_mask(intr, vectors, other);
}

void ixgbe_intr_raise(IxgbeIntr *intr, uint8_t vector)
{
    if (vector >= intr->vectors) {
        return;
    }
    if (intr->single) {
        vector &= 0xf;
    }
    ixgbe_intr_raise_mask(intr, 1ull << vector, 0);
}

void ixgbe_intr_at_once(IxgbeIntr *intr, uint8_t vector)
{
    if (vector < intr->vectors) {
        intr->quiet_until[intr->single ? 0 : vector] = 0;
        ixgbe_intr_raise(intr, vector);
    }
}

uint64_t ixgbe_intr_quiet_end(const IxgbeIntr *intr, uint8_t vector)
{
    unsigned v = intr->single ? 0 : vector;
    uint64_t now, length;

    if (v >= intr->vectors) {
        return 0;
    }
    length = interval_ns(intr, v);
    now = intr->fn->ops->clock_ns(intr->fn->opaque);
    if (!length) {
        return 0;
    }
    return CLAMP(intr->quiet_until[v], now + 1, now + length);
}

void ixgbe_intr_mask(IxgbeIntr *intr, uint64_t vectors, uint32_t other)
{
    intr->eims &= ~vectors;
    intr->other.eims &= ~other;
    ixgbe_intr_evaluate(intr);
}

void ixgbe_intr_unmask(IxgbeIntr *intr, uint64_t vectors, uint32_t other)
{
    vectors &= vector_mask(intr);
    intr->eims |= vectors;
    intr->other.eims |= other;
    /* A cause still set when its vector is unmasked is sent (again). */
    intr->event |= intr->eicr & vectors;
    intr->other.event |= intr->other.eicr & other;
    for (uint64_t left = vectors; left; left &= left - 1) {
        for_queues(intr, __builtin_ctzll(left), ixgbe_rxq_unmasked);
    }
    ixgbe_intr_evaluate(intr);
    ixgbe_function_check_drain(intr->fn);
}

uint32_t ixgbe_intr_read_causes(IxgbeIntr *intr)
{
    uint32_t causes = (intr->eicr & EICR_QUEUES) | intr->other.eicr;

    /* 7.3.1.6: without messages of their own, a read masks. */
    if (!intr->auto_mask) {
        intr->eims &= ~(intr->eiam & EICR_QUEUES);
        intr->other.eims &= ~intr->other.eiam;
    }
    ixgbe_intr_clear_causes(intr, EICR_QUEUES,
                            intr->keep_other ? 0 : UINT32_MAX);
    return causes;
}

void ixgbe_intr_clear_causes(IxgbeIntr *intr, uint64_t vectors,
                             uint32_t other)
{
    intr->eicr &= ~vectors;
    intr->event &= intr->eicr;
    intr->other.eicr &= ~other;
    intr->other.event &= intr->other.eicr;
    ixgbe_intr_evaluate(intr);
}

void ixgbe_intr_set_throttle(IxgbeIntr *intr, unsigned vector, uint32_t value)
{
    if (vector >= intr->vectors) {
        return;
    }
    intr->eitr[vector] = value & (IXGBE_EITR_INTERVAL | IXGBE_EITR_LLI);
    /* 8.2.3.5: the write sets the counter too unless CNT_WDIS is set. */
    if (!(value & IXGBE_EITR_CNT_WDIS)) {
        intr->quiet_until[vector] = 0;
    }
    ixgbe_intr_evaluate(intr);
}

static void save_other(const IxgbeIntr *intr, StateWriter *w)
{
    state_put_u32(w, intr->other.eicr);
    state_put_u32(w, intr->other.eims);
    state_put_u32(w, intr->other.eiac);
    state_put_u32(w, intr->other.eiam);
    state_put_u32(w, intr->other.event);
    state_put_bool(w, intr->line);
}

void ixgbe_intr_save(const IxgbeIntr *intr, StateWriter *w)
{
    uint64_t now = intr->fn->ops->clock_ns(intr->fn->opaque);

    state_put_section(w, "INTR", STATE_VERSION);
    state_put_u32(w, intr->vectors);
    state_put_u64(w, intr->eicr);
    state_put_u64(w, intr->eims);
    state_put_u64(w, intr->eiac);
    state_put_u64(w, intr->eiam);
    state_put_u64(w, intr->event);
    save_other(intr, w);
    for (unsigned i = 0; i < intr->vectors; i++) {
        state_put_u32(w, intr->eitr[i]);
        /* The clock of the other side has another origin. */
        state_put_u32(w, intr->quiet_until[i] > now ?
                         intr->quiet_until[i] - now : 0);
    }
}

static void load_other(IxgbeIntr *intr, StateReader *r)
{
    uint32_t mask = intr->fn->kind == IXGBE_KIND_PF ? ~(uint32_t)EICR_QUEUES
                                                    : 0;

    intr->other.eicr = state_get_u32(r) & mask;
    intr->other.eims = state_get_u32(r) & mask;
    intr->other.eiac = state_get_u32(r) & mask;
    intr->other.eiam = state_get_u32(r) & mask;
    intr->other.event = state_get_u32(r) & mask;
    intr->line = state_get_bool(r);
}

void ixgbe_intr_load(IxgbeIntr *intr, StateReader *r)
{
    uint64_t now = intr->fn->ops->clock_ns(intr->fn->opaque);
    uint64_t mask = vector_mask(intr);
    unsigned version = state_get_section(r, "INTR", STATE_VERSION);

    if (state_get_u32(r) != intr->vectors) {
        state_fail(r, "interrupt block has another number of vectors");
        return;
    }
    intr->eicr = state_get_u64(r) & mask;
    intr->eims = state_get_u64(r) & mask;
    intr->eiac = state_get_u64(r) & mask;
    intr->eiam = state_get_u64(r) & mask;
    intr->event = state_get_u64(r) & mask;
    if (version >= 2) {
        load_other(intr, r);
    }
    for (unsigned i = 0; i < intr->vectors; i++) {
        intr->eitr[i] = state_get_u32(r) &
                        (IXGBE_EITR_INTERVAL | IXGBE_EITR_LLI);
        intr->quiet_until[i] = now + state_get_u32(r);
    }
}
