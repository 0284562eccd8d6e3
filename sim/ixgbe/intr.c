/*
 * The interrupt block: causes, masks, auto-clear, auto-mask and moderation.
 * Datasheet 7.3.1 and 8.2.3.5.
 *
 * A cause bit is a vector.  A message is sent when a cause was raised since
 * the last one, its vector is unmasked and its moderation interval is over.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"

#include "iovlab-trace.h"

#define STATE_VERSION 1
/* 7.3.2: ITR_INTERVAL is in units of 2 us at 10 Gb/s, from bit 3. */
#define EITR_UNIT_NS 2000

static uint64_t vector_mask(const IxgbeIntr *intr)
{
    return intr->vectors >= 64 ? UINT64_MAX : (1ull << intr->vectors) - 1;
}

static uint64_t interval_ns(uint32_t eitr)
{
    return (uint64_t)((eitr & IXGBE_EITR_INTERVAL) >> 3) * EITR_UNIT_NS;
}

void ixgbe_intr_reset(IxgbeIntr *intr)
{
    intr->eicr = 0;
    intr->eims = 0;
    intr->eiac = 0;
    intr->eiam = 0;
    intr->event = 0;
    memset(intr->eitr, 0, sizeof(intr->eitr));
    memset(intr->quiet_until, 0, sizeof(intr->quiet_until));
    ixgbe_intr_evaluate(intr);
}

static void send_message(IxgbeIntr *intr, unsigned vector, uint64_t now)
{
    IxgbeFunction *fn = intr->fn;
    uint64_t bit = 1ull << vector;

    trace_ixgbe_intr_send(fn, vector);
    intr->event &= ~bit;
    intr->eicr &= ~(bit & intr->eiac);
    intr->eims &= ~(bit & intr->eiam);
    intr->quiet_until[vector] = now + interval_ns(intr->eitr[vector]);
    for (unsigned i = 0; i < fn->queues; i++) {
        ixgbe_rxq_signalled(&fn->rx[i], vector);
    }
    fn->busy++;
    fn->ops->interrupt(fn->opaque, vector);
    fn->busy--;
}

static void set_timer(IxgbeIntr *intr, uint64_t deadline)
{
    if (deadline != intr->timer) {
        intr->timer = deadline;
        intr->fn->ops->set_timer(intr->fn->opaque, deadline);
    }
}

void ixgbe_intr_evaluate(IxgbeIntr *intr)
{
    uint64_t due = intr->event & intr->eicr & intr->eims;
    uint64_t deadline = UINT64_MAX;
    uint64_t now;

    if (intr->fn->held || !due) {
        set_timer(intr, UINT64_MAX);
        return;
    }
    now = intr->fn->ops->clock_ns(intr->fn->opaque);
    for (; due; due &= due - 1) {
        unsigned vector = __builtin_ctzll(due);
        /* A clock that went back (loaded state) must not silence a vector. */
        uint64_t longest = now + interval_ns(intr->eitr[vector]);

        intr->quiet_until[vector] = MIN(intr->quiet_until[vector], longest);
        if (intr->quiet_until[vector] <= now) {
            send_message(intr, vector, now);
        } else {
            deadline = MIN(deadline, intr->quiet_until[vector]);
        }
    }
    set_timer(intr, deadline);
}

void ixgbe_intr_raise_mask(IxgbeIntr *intr, uint64_t causes)
{
    causes &= vector_mask(intr);
    intr->eicr |= causes;
    intr->event |= causes;
    if (causes & intr->eims) {
        ixgbe_intr_evaluate(intr);
    }
}

void ixgbe_intr_raise(IxgbeIntr *intr, uint8_t vector)
{
    if (vector < intr->vectors) {
        ixgbe_intr_raise_mask(intr, 1ull << vector);
    }
}

void ixgbe_intr_mask(IxgbeIntr *intr, uint64_t vectors)
{
    intr->eims &= ~vectors;
    ixgbe_intr_evaluate(intr);
}

void ixgbe_intr_unmask(IxgbeIntr *intr, uint64_t vectors)
{
    IxgbeFunction *fn = intr->fn;

    vectors &= vector_mask(intr);
    intr->eims |= vectors;
    /* A cause still set when its vector is unmasked is sent (again). */
    intr->event |= intr->eicr & vectors;
    for (unsigned i = 0; i < fn->queues; i++) {
        ixgbe_rxq_unmasked(&fn->rx[i], vectors);
    }
    ixgbe_intr_evaluate(intr);
    ixgbe_function_check_drain(fn);
}

uint64_t ixgbe_intr_read_causes(IxgbeIntr *intr)
{
    uint64_t causes = intr->eicr;

    ixgbe_intr_clear_causes(intr, UINT64_MAX);
    return causes;
}

void ixgbe_intr_clear_causes(IxgbeIntr *intr, uint64_t causes)
{
    intr->eicr &= ~causes;
    intr->event &= intr->eicr;
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
    for (unsigned i = 0; i < intr->vectors; i++) {
        state_put_u32(w, intr->eitr[i]);
        /* The clock of the other side has another origin. */
        state_put_u32(w, intr->quiet_until[i] > now ?
                         intr->quiet_until[i] - now : 0);
    }
}

void ixgbe_intr_load(IxgbeIntr *intr, StateReader *r)
{
    uint64_t now = intr->fn->ops->clock_ns(intr->fn->opaque);
    uint64_t mask = vector_mask(intr);

    state_get_section(r, "INTR", STATE_VERSION);
    if (state_get_u32(r) != intr->vectors) {
        state_fail(r, "interrupt block has another number of vectors");
        return;
    }
    intr->eicr = state_get_u64(r) & mask;
    intr->eims = state_get_u64(r) & mask;
    intr->eiac = state_get_u64(r) & mask;
    intr->eiam = state_get_u64(r) & mask;
    intr->event = state_get_u64(r) & mask;
    for (unsigned i = 0; i < intr->vectors; i++) {
        intr->eitr[i] = state_get_u32(r) &
                        (IXGBE_EITR_INTERVAL | IXGBE_EITR_LLI);
        intr->quiet_until[i] = now + state_get_u32(r);
    }
}
