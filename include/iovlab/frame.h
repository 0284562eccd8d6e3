/*
 * Ethernet frames in flight: counted references and bounded queues.
 *
 * A frame is written once, by whoever makes it, and then only read; every
 * queue that holds it has a reference.  Freed frames go to a pool, so the
 * steady state allocates nothing.  Not for several threads.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_FRAME_H
#define IOVLAB_FRAME_H

#include "iovlab/bytes.h"
#include "iovlab/ixgbe_port.h"

#define FRAME_MIN 14                    /* addresses and type */
#define FRAME_MAX IXGBE_FRAME_MAX

typedef struct Frame {
    uint32_t refs;
    uint32_t len;
    uint32_t size;                      /* bytes behind data */
    struct Frame *next_free;
    uint8_t data[];
} Frame;

/* A copy of the bytes with one reference; NULL if len > FRAME_MAX. */
Frame *frame_new(const void *data, size_t len);
/* As frame_new(), with the bytes left for the caller to fill, all of them. */
Frame *frame_alloc(size_t len);
Frame *frame_ref(Frame *frame);
/* NULL is allowed. */
void frame_unref(Frame *frame);

/* Frames that have references: 0 when nothing leaks. */
size_t frame_live(void);
/* Gives the pool's memory back. */
void frame_pool_trim(void);

typedef struct FrameSlot {
    Frame *frame;
    uint64_t tag;                       /* the queue's owner gives it sense */
    IxgbeRxMeta meta;
} FrameSlot;

/* First in, first out.  A limit of 0 means none. */
typedef struct FrameQueue {
    FrameSlot *slots;
    uint32_t size;                      /* of slots: 0 or a power of two */
    uint32_t head;
    uint32_t count;
    uint32_t max_frames;
    size_t bytes;
    size_t max_bytes;
} FrameQueue;

void frame_queue_init(FrameQueue *q, uint32_t max_frames, size_t max_bytes);
/* Drops every frame and frees the slots; the queue can be used again. */
void frame_queue_clear(FrameQueue *q);
/* Whether a frame of @len bytes is within the limits. */
bool frame_queue_has_room(const FrameQueue *q, size_t len);
/* Takes a reference of its own; false at a limit.  @meta may be NULL. */
bool frame_queue_push(FrameQueue *q, Frame *frame, const IxgbeRxMeta *meta,
                      uint64_t tag);
/* The head, or the frame @index behind it; NULL if there is none. */
FrameSlot *frame_queue_peek(const FrameQueue *q);
FrameSlot *frame_queue_at(const FrameQueue *q, uint32_t index);
/* Drops the head and its reference. */
void frame_queue_pop(FrameQueue *q);
/* Takes the head out: the caller owns the reference.  NULL if empty. */
Frame *frame_queue_take(FrameQueue *q, FrameSlot *slot);
/* Undoes a take: the slot is the head again and has the caller's reference. */
void frame_queue_put_back(FrameQueue *q, const FrameSlot *slot);
/* Moves all of @src behind or before what @dst has, past @dst's limits. */
void frame_queue_append(FrameQueue *dst, FrameQueue *src);
void frame_queue_prepend(FrameQueue *dst, FrameQueue *src);

#endif
