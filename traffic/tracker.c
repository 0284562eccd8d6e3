/*
 * Bookkeeping of one received stream: see tracker.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tracker.h"

#include <stdlib.h>
#include <string.h>

#include "spec/stream.h"

static bool seen_before(const StreamTracker *t, uint64_t seq)
{
    return seq / 8 < t->seen_bytes && (t->seen[seq / 8] >> (seq % 8) & 1);
}

static bool mark_seen(StreamTracker *t, uint64_t seq)
{
    if (seq / 8 >= t->seen_bytes) {
        size_t bytes = seq / 8 * 2 + 1024;
        uint8_t *seen = realloc(t->seen, bytes);

        if (!seen) {
            return false;
        }
        memset(seen + t->seen_bytes, 0, bytes - t->seen_bytes);
        t->seen = seen;
        t->seen_bytes = bytes;
    }
    t->seen[seq / 8] |= 1 << (seq % 8);
    return true;
}

bool stream_tracker_frame(StreamTracker *t, uint64_t seq, uint64_t now_ns)
{
    bool again;

    if (seq >= STREAM_SEQ_MAX) {
        return false;
    }
    again = seen_before(t, seq);
    if (!again && !mark_seen(t, seq)) {
        return false;
    }
    if (again) {
        t->duplicated++;
    } else {
        t->received++;
        t->reordered += seq < t->next_seq;
    }
    if (seq >= t->next_seq) {
        t->next_seq = seq + 1;
    }
    if (t->last_ns && now_ns - t->last_ns > t->longest_gap_ns) {
        t->longest_gap_ns = now_ns - t->last_ns;
    }
    t->last_ns = now_ns;
    return true;
}

uint64_t stream_tracker_lost(const StreamTracker *t, uint64_t sent)
{
    uint64_t got = 0;

    for (uint64_t seq = 0; seq < sent; seq++) {
        got += seen_before(t, seq);
    }
    return sent - got;
}

bool stream_tracker_missing(const StreamTracker *t, uint64_t sent,
                            uint64_t *first, uint64_t *end)
{
    uint64_t seq = *first;

    while (seq < sent && seen_before(t, seq)) {
        seq++;
    }
    if (seq >= sent) {
        return false;
    }
    *first = seq;
    while (seq < sent && !seen_before(t, seq)) {
        seq++;
    }
    *end = seq;
    return true;
}

void stream_tracker_clear(StreamTracker *t)
{
    free(t->seen);
    memset(t, 0, sizeof(*t));
}
