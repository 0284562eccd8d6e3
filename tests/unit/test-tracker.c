/*
 * The stream tracker counts what the promise is judged by.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <glib.h>

#include "../../traffic/tracker.h"
#include "spec/stream.h"

static void test_counts(void)
{
    static const uint64_t arrivals[] = { 0, 1, 3, 2, 3, 5, 9 };
    StreamTracker t = { 0 };
    uint64_t first = 0, end;

    for (size_t i = 0; i < G_N_ELEMENTS(arrivals); i++) {
        g_assert_true(stream_tracker_frame(&t, arrivals[i], 1000 + i * 10));
    }
    g_assert_cmpuint(t.received, ==, 6);
    g_assert_cmpuint(t.duplicated, ==, 1);
    g_assert_cmpuint(t.reordered, ==, 1);
    g_assert_cmpuint(stream_tracker_lost(&t, 10), ==, 4);
    g_assert_cmpuint(stream_tracker_lost(&t, 20), ==, 14);

    g_assert_true(stream_tracker_missing(&t, 10, &first, &end));
    g_assert_cmpuint(first, ==, 4);
    g_assert_cmpuint(end, ==, 5);
    first = end;
    g_assert_true(stream_tracker_missing(&t, 10, &first, &end));
    g_assert_cmpuint(first, ==, 6);
    g_assert_cmpuint(end, ==, 9);
    first = end;
    g_assert_false(stream_tracker_missing(&t, 10, &first, &end));
    stream_tracker_clear(&t);
}

static void test_gap(void)
{
    StreamTracker t = { 0 };

    stream_tracker_frame(&t, 0, 5000);
    stream_tracker_frame(&t, 1, 5100);
    stream_tracker_frame(&t, 2, 9100);
    stream_tracker_frame(&t, 3, 9200);
    g_assert_cmpuint(t.longest_gap_ns, ==, 4000);
    stream_tracker_clear(&t);
}

static void test_absurd_sequence(void)
{
    StreamTracker t = { 0 };

    g_assert_false(stream_tracker_frame(&t, STREAM_SEQ_MAX, 1));
    g_assert_false(stream_tracker_frame(&t, UINT64_MAX, 1));
    g_assert_cmpuint(t.received, ==, 0);
    g_assert_null(t.seen);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tracker/counts", test_counts);
    g_test_add_func("/tracker/gap", test_gap);
    g_test_add_func("/tracker/absurd-sequence", test_absurd_sequence);
    return g_test_run();
}
