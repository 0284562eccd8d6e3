/*
 * Transmit rate limiter of a queue, 7.7.2.4: RTTBCNRC holds link speed divided
 * by rate, as a 14.14 fixed point number.
 *
 * A queue that was idle may send at once what the limit allows in BURST_NS,
 * since timers of the host are coarser than frames.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"

#define BURST_NS 5000000ull
/* Preamble, FCS and gap count on a wire. */
#define WIRE_OVERHEAD 24

static unsigned selected(const IxgbeAdapter *a)
{
    return reg(a, IXGBE_RTTDQSEL) % IXGBE_QUEUES;
}

void ixgbe_rate_write(IxgbeAdapter *a, uint32_t bcnrc)
{
    IxgbeRate *rate = &a->rate[selected(a)];

    rate->bcnrc = bcnrc;
    rate->next_ns = 0;
    trace_ixgbe_rate_queue_set(selected(a), bcnrc);
    ixgbe_adapter_schedule(a);
}

uint32_t ixgbe_rate_read(const IxgbeAdapter *a)
{
    return a->rate[selected(a)].bcnrc;
}

void ixgbe_rate_clear(IxgbeAdapter *a)
{
    memset(a->rate, 0, sizeof(a->rate));
}

/* A factor below 1 would be faster than the link: no limit. */
static bool limited(const IxgbeRate *rate)
{
    return (rate->bcnrc & IXGBE_RTTBCNRC_RS_ENA) &&
           (rate->bcnrc & IXGBE_RTTBCNRC_FACTOR) >>
           IXGBE_RTTBCNRC_SHIFT;
}

bool ixgbe_rate_allows(IxgbeAdapter *a, unsigned queue)
{
    const IxgbeRate *rate = &a->rate[queue];

    if (!limited(rate) || rate->next_ns <= a->ops->clock_ns(a->opaque)) {
        return true;
    }
    ixgbe_adapter_wake_at(a, rate->next_ns);
    return false;
}

void ixgbe_rate_charge(IxgbeAdapter *a, unsigned queue, size_t len)
{
    IxgbeRate *rate = &a->rate[queue];
    uint64_t now, bits, factor;

    if (!limited(rate)) {
        return;
    }
    now = a->ops->clock_ns(a->opaque);
    if (rate->next_ns + BURST_NS < now) {
        rate->next_ns = now - BURST_NS;
    }
    bits = (len + WIRE_OVERHEAD) * 8;
    factor = rate->bcnrc & IXGBE_RTTBCNRC_FACTOR;
    rate->next_ns += (bits * factor >> IXGBE_RTTBCNRC_SHIFT) * 1000 /
                     ixgbe_link_mbps(a);
}
