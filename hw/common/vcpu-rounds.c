/*
 * Has the guest had time to act?  See vcpu-rounds.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/core/cpu.h"
#include "common/vcpu-rounds.h"

/*
 * Running time after which a busy VCPU has had its turn.  On a busy machine a
 * VCPU waits for its thread's turn more than it runs, while the guest's clock
 * goes on: its scheduler has switched tasks many times by then.
 */
#define TURN_NS (10 * 1000 * 1000)

typedef struct Turn {
    bool taken;
    int64_t since_ns;           /* the VCPU's running time as the round began */
} Turn;

static int64_t running_time(CPUState *cpu)
{
    struct timespec now;
    clockid_t clock;

    if (!cpu->thread || pthread_getcpuclockid(cpu->thread->thread, &clock) ||
        clock_gettime(clock, &now)) {
        return 0;
    }
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void begin_round(VcpuRounds *r)
{
    CPUState *cpu;

    g_array_set_size(r->turns, 0);
    CPU_FOREACH(cpu) {
        Turn turn = { .since_ns = running_time(cpu) };

        g_array_append_val(r->turns, turn);
    }
}

void vcpu_rounds_start(VcpuRounds *r)
{
    vcpu_rounds_clear(r);
    r->turns = g_array_new(false, false, sizeof(Turn));
    begin_round(r);
}

unsigned vcpu_rounds_poll(VcpuRounds *r)
{
    bool over = true;
    unsigned i = 0;
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        Turn *turn;

        /* One that was plugged since: its turn is in the next round. */
        if (i == r->turns->len) {
            break;
        }
        turn = &g_array_index(r->turns, Turn, i++);
        turn->taken |= cpu->halted ||
                       running_time(cpu) - turn->since_ns >= TURN_NS;
        over &= turn->taken;
    }
    if (over) {
        r->done++;
        begin_round(r);
    }
    return r->done;
}

void vcpu_rounds_clear(VcpuRounds *r)
{
    g_clear_pointer(&r->turns, g_array_unref);
    r->done = 0;
}
