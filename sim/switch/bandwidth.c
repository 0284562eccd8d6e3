/*
 * MaximumBandwidth and StormLimit.
 *
 * A token bucket, kept as a time: `until` is when all that was sent would have
 * ended had it gone out at the rate.  More may be sent while that is no further
 * in the future than the burst.  The remainder of each division is carried on,
 * so that no rate is rounded.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "policy.h"

#define NS_PER_S 1000000000ull
/* What may go out at once: 10 ms of the rate, or two large frames. */
#define BURST_NS 10000000ull
#define BURST_BITS_MIN (2 * 9018 * 8)

/* Bits on a wire beside the frame's: preamble, FCS, gap. */
enum { OVERHEAD_BITS = 24 * 8 };

static void bucket_set(PolicyBucket *b, uint64_t rate, uint64_t burst_ns,
                       uint64_t now)
{
    if (b->rate != rate) {
        *b = (PolicyBucket) { .rate = rate, .burst_ns = burst_ns,
                              .until = now };
    }
}

/* Nanoseconds until something may be sent. */
static uint64_t bucket_wait(const PolicyBucket *b, uint64_t now)
{
    if (!b->rate || b->until <= now + b->burst_ns) {
        return 0;
    }
    return b->until - now - b->burst_ns;
}

/* @amount is below 2^24, so that its nanoseconds fit. */
static void bucket_take(PolicyBucket *b, uint64_t amount, uint64_t now)
{
    uint64_t cost = amount * NS_PER_S + b->rest;

    b->until = MAX(b->until, now) + cost / b->rate;
    b->rest = cost % b->rate;
}

void policy_bandwidth_set(PortPolicy *policy, const VswitchPolicy *p,
                          uint64_t now)
{
    uint64_t rate = MIN(p->maximum_bandwidth, VSWITCH_BANDWIDTH_MAX);
    uint64_t burst = rate ? BURST_BITS_MIN * NS_PER_S / rate : 0;

    bucket_set(&policy->rate, rate, MAX(burst, BURST_NS), now);
    bucket_set(&policy->storm, p->storm_limit, NS_PER_S, now);
}

uint64_t policy_bandwidth_wait(const PortPolicy *policy, uint64_t now)
{
    return bucket_wait(&policy->rate, now);
}

bool policy_bandwidth(PortPolicy *policy, uint32_t len, uint64_t now,
                      bool last)
{
    if (!last && bucket_wait(&policy->rate, now)) {
        return false;
    }
    if (policy->rate.rate) {
        bucket_take(&policy->rate, len * 8 + OVERHEAD_BITS, now);
    }
    return true;
}

bool policy_storm(PortPolicy *policy, uint64_t now)
{
    PolicyBucket *b = &policy->storm;

    if (b->rate && b->until > now &&
        b->until - now + NS_PER_S / b->rate > b->burst_ns) {
        return false;
    }
    if (b->rate) {
        bucket_take(b, 1, now);
    }
    return true;
}
