/*
 * The receive packet buffer, 7.1.3.1: frames wait here for descriptors.
 *
 * The silicon has one queue for all pools of a traffic class, so that a ring
 * without descriptors and without drop enable stops everybody.  Here each
 * function has its own queue in the shared memory, of which none may take more
 * than half.  With traffic classes, all this is there once for each class.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"

#define RUN_BUDGET 128

#define BUFFER_MAX (512 * 1024)

void ixgbe_pktbuf_refresh(IxgbeAdapter *a)
{
    size_t *size = a->filters.buffer_size;
    size_t left = BUFFER_MAX;

    memset(size, 0, sizeof(a->filters.buffer_size));
    for (unsigned i = 0; i < IXGBE_TRAFFIC_CLASSES; i++) {
        unsigned tc = a->rules.classes > 1 ? i : 0;
        size_t more = reg(a, IXGBE_RXPBSIZE(i)) & IXGBE_RXPBSIZE_MASK;

        more = MIN(more, left);
        left -= more;
        size[tc] += more;
    }
}

static bool drop_enabled(const IxgbeAdapter *a, unsigned queue)
{
    return a->drop_en[queue / 64 % 2] >> (queue % 64) & 1;
}

bool ixgbe_pktbuf_drop_enabled(const IxgbeAdapter *a, unsigned pool)
{
    return drop_enabled(a, pool * a->filters.queues_per_pool % IXGBE_QUEUES);
}

static unsigned port_pool(const IxgbeAdapterPort *port, uint8_t queue)
{
    const IxgbeAdapter *a = port->adapter;

    if (port->function >= 0) {
        return port->function;
    }
    return ixgbe_adapter_vt(a)
           ? queue / a->filters.queues_per_pool % IXGBE_POOLS : 0;
}

/* Number of the queue in the adapter. */
static unsigned global_queue(const IxgbeAdapterPort *port, uint8_t queue)
{
    unsigned base = port->function >= 0
        ? port->function * port->adapter->filters.queues_per_pool : 0;

    return (base + queue) % IXGBE_QUEUES;
}

void ixgbe_pktbuf_mark(IxgbeAdapterPort *port, unsigned tc)
{
    port->rx_filled |= 1 << tc;
    if (port->function >= 0) {
        port->adapter->filled |= POOL_BIT(port->function);
    }
}

static void unmark(IxgbeAdapterPort *port, unsigned classes)
{
    port->rx_filled &= ~classes;
    if (!port->rx_filled && port->function >= 0) {
        port->adapter->filled &= ~POOL_BIT(port->function);
    }
}

PktbufResult ixgbe_pktbuf_put(IxgbeAdapter *a, unsigned pool, unsigned tc,
                              Frame *frame, const IxgbeRxMeta *meta,
                              bool wait)
{
    IxgbeAdapterPort *port = ixgbe_adapter_pool_port(a, pool);
    size_t size = a->filters.buffer_size[tc];

    if (!port) {
        a->pool_stats[pool].rx_dropped++;
        return PKTBUF_DROPPED;
    }
    if (!iov_in_range(a->rx_bytes[tc], frame->len, size) ||
        !iov_in_range(port->rx[tc].bytes, frame->len, size / 2)) {
        if (wait && !ixgbe_pktbuf_drop_enabled(a, pool)) {
            return PKTBUF_FULL;
        }
        a->pool_stats[pool].rx_dropped++;
        a->stats.wire_rx_missed += !meta->loopback;
        ixgbe_stats_add(a, IXGBE_MPC(tc), 1);
        trace_ixgbe_pktbuf_frame_drop(pool, "buffer full");
        return PKTBUF_DROPPED;
    }
    frame_queue_push(&port->rx[tc], frame, meta, 0);
    ixgbe_pktbuf_mark(port, tc);
    a->rx_bytes[tc] += frame->len;
    ixgbe_adapter_queued(a);
    return PKTBUF_STORED;
}

bool ixgbe_pktbuf_has_work(const IxgbeAdapterPort *port)
{
    return port->rx_filled & ~port->rx_blocked;
}

static void count_given(IxgbeAdapterPort *port, const Frame *frame,
                        const IxgbeRxMeta *meta)
{
    IxgbeAdapter *a = port->adapter;
    IxgbePoolStats *stats = &a->pool_stats[port_pool(port, meta->queue)];

    stats->rx_frames++;
    stats->rx_bytes += frame->len;
    stats->rx_loopback += meta->loopback;
    ixgbe_stats_queue_rx(a, global_queue(port, meta->queue), frame->len,
                         meta->loopback);
}

static void run_class(IxgbeAdapter *a, IxgbeAdapterPort *port, unsigned tc)
{
    FrameQueue *q = &port->rx[tc];

    for (unsigned n = 0; n < RUN_BUDGET && q->count; n++) {
        FrameSlot slot;
        Frame *frame = frame_queue_take(q, &slot);
        unsigned queue = global_queue(port, slot.meta.queue);
        IxgbeRxResult result;

        a->rx_bytes[tc] -= frame->len;
        result = port->ops->rx(port->fn, frame, &slot.meta);
        if (result == IXGBE_RX_DONE) {
            count_given(port, frame, &slot.meta);
        } else if (result == IXGBE_RX_DROPPED || drop_enabled(a, queue)) {
            a->pool_stats[port_pool(port, slot.meta.queue)].rx_dropped++;
            ixgbe_stats_queue_drop(a, queue, frame->len);
            trace_ixgbe_pktbuf_frame_drop(port_pool(port, slot.meta.queue),
                                          "by the queue");
        } else {
            ixgbe_stats_add(a, IXGBE_RNBC(tc), 1);
            port->rx_blocked |= 1 << tc;
            frame_queue_put_back(q, &slot);
            a->rx_bytes[tc] += frame->len;
            return;
        }
        frame_unref(frame);
    }
    if (!q->count) {
        unmark(port, 1 << tc);
    }
}

void ixgbe_pktbuf_run(IxgbeAdapter *a, IxgbeAdapterPort *port)
{
    unsigned classes = port->rx_filled & ~port->rx_blocked;

    for (; classes; classes &= classes - 1) {
        run_class(a, port, __builtin_ctz(classes));
    }
}

void ixgbe_pktbuf_flush(IxgbeAdapterPort *port)
{
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        port->adapter->rx_bytes[tc] -= port->rx[tc].bytes;
        frame_queue_clear(&port->rx[tc]);
    }
    unmark(port, UINT8_MAX);
    port->rx_blocked = 0;
}

/* 8.2.3.8 QDE: a window on one bit of each queue. */
void ixgbe_qde_write(void *owner, unsigned index, uint32_t value,
                     uint32_t *stored)
{
    IxgbeAdapter *a = owner;
    unsigned queue = value >> IXGBE_QDE_IDX_SHIFT & 0x7f;
    uint64_t bit = 1ull << (queue % 64);

    if (value & IXGBE_QDE_WRITE) {
        a->drop_en[queue / 64] &= ~bit;
        if (value & IXGBE_QDE_ENABLE) {
            a->drop_en[queue / 64] |= bit;
        }
    }
    *stored = value & 0x7f00;
}

uint32_t ixgbe_qde_read(void *owner, unsigned index, uint32_t stored)
{
    return stored | (drop_enabled(owner, stored >> IXGBE_QDE_IDX_SHIFT & 0x7f)
                     ? IXGBE_QDE_ENABLE : 0);
}
