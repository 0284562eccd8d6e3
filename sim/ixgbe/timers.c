/*
 * Free running timer and TCP timer, 8.2.3.1.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"
#include "spec/ixgbe_board_regs.h"

#define MS 1000000ull

static uint64_t now_ns(const IxgbeAdapter *a)
{
    return a->ops->clock_ns(a->opaque);
}

/* Microseconds 9:0, milliseconds 19:10, seconds 31:20. */
static uint32_t read_frtimer(void *owner, unsigned index, uint32_t stored)
{
    uint64_t us = now_ns(owner) / 1000;

    return us % 1000 | us / 1000 % 1000 << 10 | (us / 1000000 & 0xfff) << 20;
}

static uint64_t duration(const IxgbeAdapter *a)
{
    return (reg(a, IXGBE_TCPTIMER) & IXGBE_TCPTIMER_DURATION) * MS;
}

static void count_from(IxgbeAdapter *a, uint64_t left)
{
    a->tcp_left = left;
    a->tcp_deadline = left && (reg(a, IXGBE_TCPTIMER) & IXGBE_TCPTIMER_ENABLE)
                      ? now_ns(a) + left : UINT64_MAX;
    ixgbe_timers_run(a);
}

uint64_t ixgbe_timers_left(const IxgbeAdapter *a)
{
    uint64_t now = now_ns(a);

    if (a->tcp_deadline == UINT64_MAX) {
        return a->tcp_left;
    }
    return a->tcp_deadline > now ? a->tcp_deadline - now : 1;
}

void ixgbe_timers_restart(IxgbeAdapter *a, uint64_t left)
{
    count_from(a, MIN(left, IXGBE_TCPTIMER_DURATION * MS));
}

void ixgbe_timers_run(IxgbeAdapter *a)
{
    if (a->tcp_deadline <= now_ns(a)) {
        bool loop = reg(a, IXGBE_TCPTIMER) & IXGBE_TCPTIMER_LOOP;

        a->tcp_left = loop ? duration(a) : 0;
        a->tcp_deadline = a->tcp_left ? now_ns(a) + a->tcp_left : UINT64_MAX;
        a->ops->cause(a->opaque, IXGBE_EICR_TCP_TIMER);
    }
    if (a->tcp_deadline < a->timer_ns) {
        a->timer_ns = a->tcp_deadline;
        a->ops->set_timer(a->opaque, a->timer_ns);
    }
}

static void write_tcptimer(void *owner, unsigned index, uint32_t value,
                           uint32_t *stored)
{
    IxgbeAdapter *a = owner;
    uint64_t left = ixgbe_timers_left(a);

    *stored &= ~(IXGBE_TCPTIMER_KICK | IXGBE_TCPTIMER_FINISH);
    if (value & IXGBE_TCPTIMER_FINISH) {
        a->ops->cause(a->opaque, IXGBE_EICR_TCP_TIMER);
        left = value & IXGBE_TCPTIMER_LOOP ? duration(a) : 0;
    }
    if (value & IXGBE_TCPTIMER_KICK) {
        left = duration(a);
    }
    count_from(a, left);
}

static const IxgbeReg rows[] = {
    ONE("FRTIMER", IXGBE_FRTIMER, "8.2.3.1", "free running",
        .access = IXGBE_REG_RO, .read = read_frtimer),
    ONE("TCPTIMER", IXGBE_TCPTIMER, "8.2.3.1", "counts milliseconds, raises "
        "EICR bit 30", .wmask = 0x00000fff, .write = write_tcptimer),
};

ROW_BLOCK(ixgbe_rows_timers, rows);
