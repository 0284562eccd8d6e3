/*
 * Frames and queues of frames.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/frame.h"

static Frame *numbered(uint8_t number, size_t len)
{
    Frame *frame = frame_alloc(len);

    memset(frame->data, number, len);
    return frame;
}

static void push(FrameQueue *q, uint8_t number)
{
    Frame *frame = numbered(number, 60);

    g_assert_true(frame_queue_push(q, frame, NULL, number));
    frame_unref(frame);
}

static void expect(FrameQueue *q, const uint8_t *numbers, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        FrameSlot slot;

        g_assert_nonnull(frame_queue_take(q, &slot));
        g_assert_cmpuint(slot.frame->data[0], ==, numbers[i]);
        g_assert_cmpuint(slot.tag, ==, numbers[i]);
        frame_unref(slot.frame);
    }
    g_assert_null(frame_queue_peek(q));
    g_assert_cmpuint(q->bytes, ==, 0);
}

static void test_references(void)
{
    Frame *frame = numbered(1, 100);

    g_assert_cmpuint(frame_live(), ==, 1);
    frame_ref(frame);
    frame_unref(frame);
    g_assert_cmpuint(frame_live(), ==, 1);
    frame_unref(frame);
    g_assert_cmpuint(frame_live(), ==, 0);
}

static void test_pool_reuses(void)
{
    Frame *first = numbered(1, 60);
    Frame *again;

    frame_unref(first);
    again = numbered(2, 1514);
    g_assert_true(first == again);
    frame_unref(again);
}

static void test_sizes(void)
{
    Frame *frame = numbered(1, FRAME_MAX);

    g_assert_cmpuint(frame->len, ==, FRAME_MAX);
    frame_unref(frame);
    g_assert_null(frame_alloc(FRAME_MAX + 1));
}

static void test_order_through_growth(void)
{
    FrameQueue q;
    uint8_t next = 0, expected = 0;

    frame_queue_init(&q, 0, 0);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 7; i++) {
            push(&q, next++);
        }
        for (int i = 0; i < 3; i++) {
            g_assert_cmpuint(frame_queue_peek(&q)->frame->data[0], ==,
                             expected++);
            frame_queue_pop(&q);
        }
    }
    g_assert_cmpuint(q.count, ==, 80);
    g_assert_cmpuint(frame_queue_at(&q, 5)->tag, ==, expected + 5);
    frame_queue_clear(&q);
    g_assert_cmpuint(frame_live(), ==, 0);
}

static void test_limits(void)
{
    FrameQueue q;
    Frame *frame = numbered(9, 60);

    frame_queue_init(&q, 2, 130);
    g_assert_true(frame_queue_push(&q, frame, NULL, 0));
    g_assert_false(frame_queue_has_room(&q, 71));
    g_assert_true(frame_queue_push(&q, frame, NULL, 0));
    g_assert_false(frame_queue_push(&q, frame, NULL, 0));
    frame_queue_pop(&q);
    g_assert_true(frame_queue_has_room(&q, 70));
    frame_queue_clear(&q);
    frame_unref(frame);
    g_assert_cmpuint(frame_live(), ==, 0);
}

static void test_append_and_prepend(void)
{
    FrameQueue a, b;

    frame_queue_init(&a, 1, 0);
    frame_queue_init(&b, 0, 0);
    push(&a, 3);
    push(&b, 4);
    push(&b, 5);
    frame_queue_append(&a, &b);
    push(&b, 1);
    push(&b, 2);
    frame_queue_prepend(&a, &b);
    g_assert_cmpuint(b.count, ==, 0);
    expect(&a, (const uint8_t[]) { 1, 2, 3, 4, 5 }, 5);
    frame_queue_clear(&a);
    frame_queue_clear(&b);
}

/* Also when what was taken was all there was, and when all places are used. */
static void test_put_back(void)
{
    for (unsigned n = 1; n <= 17; n++) {
        FrameSlot slot;
        FrameQueue q;

        frame_queue_init(&q, 0, 0);
        for (unsigned i = 0; i < n; i++) {
            push(&q, i);
        }
        for (unsigned times = 0; times < 3; times++) {
            frame_queue_take(&q, &slot);
            if (times == 1) {
                push(&q, n);
            }
            frame_queue_put_back(&q, &slot);
        }
        g_assert_cmpuint(q.count, ==, n + 1);
        g_assert_cmpuint(q.bytes, ==, (n + 1) * slot.frame->len);
        for (unsigned i = 0; i <= n; i++) {
            g_assert_cmpuint(frame_queue_at(&q, i)->tag, ==, i);
        }
        frame_queue_clear(&q);
    }
    g_assert_cmpuint(frame_live(), ==, 0);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frame/references", test_references);
    g_test_add_func("/frame/pool-reuses", test_pool_reuses);
    g_test_add_func("/frame/sizes", test_sizes);
    g_test_add_func("/frame/order-through-growth", test_order_through_growth);
    g_test_add_func("/frame/limits", test_limits);
    g_test_add_func("/frame/append-and-prepend", test_append_and_prepend);
    g_test_add_func("/frame/put-back", test_put_back);
    status = g_test_run();
    frame_pool_trim();
    return status;
}
