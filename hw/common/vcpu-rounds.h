/*
 * Has the guest had time to act?
 *
 * A wait in milliseconds says little about a guest whose VCPUs may themselves
 * wait for the host's processors.  A round is over when each VCPU, since the
 * round began, was idle or ran for a while: what the guest had ready to run
 * has then run.  Work that wakes other work needs a round for each step.
 *
 * VCPUs under an accelerator that keeps their idle state to itself count by
 * their running time alone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_HW_VCPU_ROUNDS_H
#define IOVLAB_HW_VCPU_ROUNDS_H

typedef struct VcpuRounds {
    unsigned done;              /* rounds that are over */
    GArray *turns;              /* one of each VCPU in this round */
} VcpuRounds;

/* Begins the first round.  Start and poll are for the main loop's thread. */
void vcpu_rounds_start(VcpuRounds *r);
/* Looks at the VCPUs once; returns how many rounds are over. */
unsigned vcpu_rounds_poll(VcpuRounds *r);
/* May be called on a zeroed structure. */
void vcpu_rounds_clear(VcpuRounds *r);

#endif
