/*
 * What a receiver knows of one sequence-numbered stream.
 *
 * Plain C without GLib: the guest's agent is a small static program.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TRAFFIC_TRACKER_H
#define TRAFFIC_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct StreamTracker {
    uint64_t received;          /* frames, doubles not counted */
    uint64_t duplicated;        /* frames seen again */
    uint64_t reordered;         /* frames behind a later one */
    uint64_t next_seq;          /* highest sequence number seen, plus one */
    uint64_t last_ns;           /* arrival of the last frame, 0: none yet */
    uint64_t longest_gap_ns;    /* between two arrivals */
    uint8_t *seen;              /* a bit for each sequence number */
    size_t seen_bytes;
} StreamTracker;

/*
 * Takes note of frame @seq at @now_ns.  False, and nothing changed, if the
 * number is absurd or memory is short.
 */
bool stream_tracker_frame(StreamTracker *t, uint64_t seq, uint64_t now_ns);

/* Frames missing out of @sent (numbered 0 to sent - 1). */
uint64_t stream_tracker_lost(const StreamTracker *t, uint64_t sent);

/*
 * First run of missing numbers at or after *@first among @sent frames: true,
 * with the run in [*first, *end).  For saying which frames were lost.
 */
bool stream_tracker_missing(const StreamTracker *t, uint64_t sent,
                            uint64_t *first, uint64_t *end);

void stream_tracker_clear(StreamTracker *t);

#endif
