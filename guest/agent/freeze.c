/*
 * A guest that does not answer: one real-time thread per CPU keeps the
 * kernel's workers, which would do the eject, from running at all.
 *
 * The agent itself runs above these threads, so it keeps talking; afterwards it
 * is a process like any other, which starves nobody.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agent.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#define REALTIME_SHARE_US 950000        /* Linux's own value */

static volatile uint64_t freeze_end_ns;     /* 0: not frozen */

static void *burn(void *cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((intptr_t)cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
    while (agent_now_ns() < freeze_end_ns) {
    }
    return NULL;
}

/* Of each second, in microseconds; -1: all of it. */
static void set_realtime_share(int us)
{
    FILE *f = fopen("/proc/sys/kernel/sched_rt_runtime_us", "w");

    if (f) {
        fprintf(f, "%d\n", us);
        fclose(f);
    }
}

bool freeze_start(unsigned seconds)
{
    struct sched_param above = { .sched_priority = 60 };
    struct sched_param burner = { .sched_priority = 30 };
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    pthread_attr_t attr;

    if (seconds == 0 || seconds > 120 || agent_now_ns() < freeze_end_ns) {
        return false;
    }
    set_realtime_share(-1);
    mlockall(MCL_CURRENT | MCL_FUTURE);
    if (sched_setscheduler(0, SCHED_FIFO, &above) < 0) {
        return false;
    }
    freeze_end_ns = agent_now_ns() + seconds * 1000000000ULL;
    pthread_attr_init(&attr);
    pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
    pthread_attr_setschedparam(&attr, &burner);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 65536);
    for (long cpu = 0; cpu < cpus; cpu++) {
        pthread_t thread;

        if (pthread_create(&thread, &attr, burn, (void *)(intptr_t)cpu)) {
            return false;
        }
    }
    return true;
}

void freeze_tick(uint64_t now_ns)
{
    struct sched_param ordinary = { 0 };

    if (freeze_end_ns && now_ns >= freeze_end_ns) {
        freeze_end_ns = 0;
        sched_setscheduler(0, SCHED_OTHER, &ordinary);
        munlockall();
        set_realtime_share(REALTIME_SHARE_US);
    }
}
