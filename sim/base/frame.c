/*
 * Ethernet frames in flight: pool, references, queues.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/frame.h"

/* Two sizes: nearly all frames fit the first. */
#define FRAME_SMALL 1792
#define POOL_MAX_SMALL 8192
#define POOL_MAX_LARGE 256

typedef struct FramePool {
    Frame *free;
    uint32_t count;
    uint32_t max;
    uint32_t size;
} FramePool;

static FramePool small_pool = { .max = POOL_MAX_SMALL, .size = FRAME_SMALL };
static FramePool large_pool = { .max = POOL_MAX_LARGE, .size = FRAME_MAX };
static size_t live;

static FramePool *pool_for(size_t len)
{
    return len <= FRAME_SMALL ? &small_pool : &large_pool;
}

Frame *frame_alloc(size_t len)
{
    FramePool *pool = pool_for(len);
    Frame *frame = pool->free;

    if (len > FRAME_MAX) {
        return NULL;
    }
    if (frame) {
        pool->free = frame->next_free;
        pool->count--;
    } else {
        frame = g_malloc(sizeof(*frame) + pool->size);
        frame->size = pool->size;
    }
    frame->next_free = NULL;
    frame->refs = 1;
    frame->len = len;
    live++;
    return frame;
}

Frame *frame_new(const void *data, size_t len)
{
    Frame *frame = frame_alloc(len);

    if (frame) {
        memcpy(frame->data, data, len);
    }
    return frame;
}

Frame *frame_ref(Frame *frame)
{
    frame->refs++;
    return frame;
}

void frame_unref(Frame *frame)
{
    FramePool *pool;

    if (!frame || --frame->refs > 0) {
        return;
    }
    live--;
    pool = pool_for(frame->size);
    if (pool->count >= pool->max) {
        g_free(frame);
        return;
    }
    frame->next_free = pool->free;
    pool->free = frame;
    pool->count++;
}

size_t frame_live(void)
{
    return live;
}

static void pool_trim(FramePool *pool)
{
    while (pool->free) {
        Frame *frame = pool->free;

        pool->free = frame->next_free;
        g_free(frame);
    }
    pool->count = 0;
}

void frame_pool_trim(void)
{
    pool_trim(&small_pool);
    pool_trim(&large_pool);
}

void frame_queue_init(FrameQueue *q, uint32_t max_frames, size_t max_bytes)
{
    *q = (FrameQueue) { .max_frames = max_frames, .max_bytes = max_bytes };
}

void frame_queue_clear(FrameQueue *q)
{
    while (q->count) {
        frame_queue_pop(q);
    }
    g_clear_pointer(&q->slots, g_free);
    q->size = 0;
    q->head = 0;
}

bool frame_queue_has_room(const FrameQueue *q, size_t len)
{
    return (!q->max_frames || q->count < q->max_frames) &&
           (!q->max_bytes || iov_in_range(q->bytes, len, q->max_bytes));
}

static FrameSlot *slot_at(const FrameQueue *q, uint32_t index)
{
    return &q->slots[(q->head + index) & (q->size - 1)];
}

static void grow(FrameQueue *q)
{
    uint32_t size = q->size ? q->size * 2 : 16;
    FrameSlot *slots = g_new(FrameSlot, size);

    for (uint32_t i = 0; i < q->count; i++) {
        slots[i] = *slot_at(q, i);
    }
    g_free(q->slots);
    q->slots = slots;
    q->size = size;
    q->head = 0;
}

static void push_slot(FrameQueue *q, const FrameSlot *slot)
{
    if (q->count == q->size) {
        grow(q);
    }
    *slot_at(q, q->count++) = *slot;
    q->bytes += slot->frame->len;
}

bool frame_queue_push(FrameQueue *q, Frame *frame, const IxgbeRxMeta *meta,
                      uint64_t tag)
{
    FrameSlot slot = { .frame = frame, .tag = tag };

    if (!frame_queue_has_room(q, frame->len)) {
        return false;
    }
    if (meta) {
        slot.meta = *meta;
    }
    frame_ref(frame);
    push_slot(q, &slot);
    return true;
}

FrameSlot *frame_queue_at(const FrameQueue *q, uint32_t index)
{
    return index < q->count ? slot_at(q, index) : NULL;
}

FrameSlot *frame_queue_peek(const FrameQueue *q)
{
    return frame_queue_at(q, 0);
}

Frame *frame_queue_take(FrameQueue *q, FrameSlot *out)
{
    FrameSlot *slot = frame_queue_peek(q);

    if (!slot) {
        return NULL;
    }
    if (out) {
        *out = *slot;
    }
    q->head = (q->head + 1) & (q->size - 1);
    q->count--;
    q->bytes -= slot->frame->len;
    return slot->frame;
}

void frame_queue_put_back(FrameQueue *q, const FrameSlot *slot)
{
    if (q->count == q->size) {
        grow(q);
    }
    q->head = (q->head - 1) & (q->size - 1);
    q->slots[q->head] = *slot;
    q->count++;
    q->bytes += slot->frame->len;
}

void frame_queue_pop(FrameQueue *q)
{
    frame_unref(frame_queue_take(q, NULL));
}

void frame_queue_append(FrameQueue *dst, FrameQueue *src)
{
    FrameSlot slot;

    while (frame_queue_take(src, &slot)) {
        push_slot(dst, &slot);
    }
}

void frame_queue_prepend(FrameQueue *dst, FrameQueue *src)
{
    FrameQueue rest = *dst;

    dst->slots = NULL;
    dst->size = 0;
    dst->head = 0;
    dst->count = 0;
    dst->bytes = 0;
    frame_queue_append(dst, src);
    frame_queue_append(dst, &rest);
    g_free(rest.slots);
}
