/*
 * One direction of a channel: a control page and a data area in a GPADL.
 *
 * Our own index is kept here and never read back from the guest's memory; the
 * guest's index is read once for each decision and checked.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vmbus-internal.h"

#include <stdatomic.h>

#define CONTROL(field) offsetof(VmbusRingControl, field)
/*
 * What a crowded ring has free: a twentieth.  Linux's netvsc stops its queue
 * after a packet that found less than a tenth free.  In a full ring it would
 * lose a packet that it had set aside to send with the next one: it frees the
 * first of the two if the ring refuses it.
 */
#define CROWDED_SHARE 20
/* Longer packets are put together on the heap; those of a frame are not. */
#define SMALL_PACKET 256

static bool control_get(VmbusRing *ring, size_t field, uint32_t *value)
{
    uint8_t b[4];

    if (!vmbus_gpadl_read(ring->gpadl, ring->base + field, b, sizeof(b))) {
        return false;
    }
    *value = rd_le32(b);
    return true;
}

static bool control_set(VmbusRing *ring, size_t field, uint32_t value)
{
    uint8_t b[4];

    wr_le32(b, value);
    return vmbus_gpadl_write(ring->gpadl, ring->base + field, b, sizeof(b));
}

static bool index_valid(const VmbusRing *ring, uint32_t index)
{
    return index < ring->size && index % 8 == 0;
}

static bool guest_index(VmbusRing *ring, size_t field, uint32_t *index)
{
    return control_get(ring, field, index) && index_valid(ring, *index);
}

/* Bytes from @from up to @to, going round. */
static uint32_t distance(const VmbusRing *ring, uint32_t from, uint32_t to)
{
    return to >= from ? to - from : ring->size - from + to;
}

static uint32_t step(const VmbusRing *ring, uint32_t index, uint32_t len)
{
    index += len;
    return index >= ring->size ? index - ring->size : index;
}

/* @len is at most ring->size. */
static bool data_access(VmbusRing *ring, uint32_t index, void *buf,
                        uint32_t len, bool write)
{
    uint64_t data = ring->base + VMBUS_RING_CONTROL_SIZE;
    uint32_t first = MIN(len, ring->size - index);
    uint8_t *p = buf;

    if (write) {
        return vmbus_gpadl_write(ring->gpadl, data + index, p, first) &&
               vmbus_gpadl_write(ring->gpadl, data, p + first, len - first);
    }
    return vmbus_gpadl_read(ring->gpadl, data + index, p, first) &&
           vmbus_gpadl_read(ring->gpadl, data, p + first, len - first);
}

bool vmbus_ring_attach(VmbusRing *ring, VmbusGpadl *gpadl, uint64_t first_page,
                       uint64_t pages)
{
    uint64_t total = vmbus_gpadl_size(gpadl) >> HV_PAGE_SHIFT;

    if (pages < VMBUS_RING_PAGES_MIN ||
        !iov_in_range(first_page, pages, total)) {
        return false;
    }
    /* A GPADL's page list fits in 64 KiB, so this is at most 32 MiB. */
    *ring = (VmbusRing) {
        .gpadl = gpadl,
        .base = first_page << HV_PAGE_SHIFT,
        .size = (pages - 1) << HV_PAGE_SHIFT,
    };
    return true;
}

bool vmbus_ring_start(VmbusRing *ring, bool incoming)
{
    size_t ours = incoming ? CONTROL(read_index) : CONTROL(write_index);

    if (!guest_index(ring, ours, &ring->index)) {
        return false;
    }
    /* Says that we set, in this ring, and heed, in the other, the field
     * pending_send_size. */
    return incoming || control_set(ring, CONTROL(feature_bits),
                                   VMBUS_RING_FEATURE_PENDING);
}

VmbusRingResult vmbus_ring_peek(VmbusRing *ring, uint8_t *buf, size_t *len)
{
    uint32_t write, avail, size, offset;

    /* The last advance must be seen before the index is read: the guest
     * signals only if it finds the ring empty. */
    atomic_thread_fence(memory_order_seq_cst);
    if (!guest_index(ring, CONTROL(write_index), &write)) {
        return RING_BROKEN;
    }
    avail = distance(ring, ring->index, write);
    if (avail == 0) {
        return RING_EMPTY;
    }
    atomic_thread_fence(memory_order_acquire);
    if (avail < sizeof(VmbusPacketDescriptor) + VMBUS_PACKET_TRAILER ||
        !data_access(ring, ring->index, buf, sizeof(VmbusPacketDescriptor),
                     false)) {
        return RING_BROKEN;
    }
    offset = rd_le16(buf + offsetof(VmbusPacketDescriptor, offset8)) * 8;
    size = rd_le16(buf + offsetof(VmbusPacketDescriptor, len8)) * 8;
    if (offset < sizeof(VmbusPacketDescriptor) || offset > size ||
        size > avail - VMBUS_PACKET_TRAILER) {
        return RING_BROKEN;
    }
    /* The descriptor is not read again: its lengths were just checked. */
    if (!data_access(ring, step(ring, ring->index,
                                sizeof(VmbusPacketDescriptor)),
                     buf + sizeof(VmbusPacketDescriptor),
                     size - sizeof(VmbusPacketDescriptor), false)) {
        return RING_BROKEN;
    }
    *len = size;
    return RING_OK;
}

bool vmbus_ring_advance(VmbusRing *ring, size_t len, bool *signal)
{
    uint32_t write, pending, before, after;
    uint32_t total = len + VMBUS_PACKET_TRAILER;

    *signal = false;
    ring->index = step(ring, ring->index, total);
    if (ring->crowded) {
        return true;
    }
    atomic_thread_fence(memory_order_release);
    if (!control_set(ring, CONTROL(read_index), ring->index)) {
        return false;
    }
    atomic_thread_fence(memory_order_seq_cst);
    if (!control_get(ring, CONTROL(pending_send_size), &pending)) {
        return false;
    }
    if (pending == 0) {
        return true;
    }
    if (!guest_index(ring, CONTROL(write_index), &write)) {
        return false;
    }
    /* Signal when the room passes what the guest waits for, not later. */
    after = ring->size - distance(ring, ring->index, write);
    before = after - MIN(after, total);
    *signal = before <= pending && after > pending;
    return true;
}

bool vmbus_ring_crowd(VmbusRing *ring, bool crowded)
{
    uint32_t room = ring->size / CROWDED_SHARE & ~7u;
    uint32_t write, again;

    ring->crowded = crowded;
    if (!crowded) {
        return control_set(ring, CONTROL(read_index), ring->index);
    }
    /* The guest may write meanwhile: what it finds must be after that. */
    for (int tries = 0; tries < 4; tries++) {
        if (!guest_index(ring, CONTROL(write_index), &write)) {
            return false;
        }
        if (ring->size - distance(ring, ring->index, write) <= room) {
            return control_set(ring, CONTROL(read_index), ring->index);
        }
        if (!control_set(ring, CONTROL(read_index),
                         step(ring, write, room))) {
            return false;
        }
        atomic_thread_fence(memory_order_seq_cst);
        if (!guest_index(ring, CONTROL(write_index), &again)) {
            return false;
        }
        if (again == write) {
            break;
        }
    }
    return true;
}

bool vmbus_ring_is_empty(VmbusRing *ring, bool incoming)
{
    uint32_t index;

    return guest_index(ring, incoming ? CONTROL(write_index)
                                      : CONTROL(read_index), &index) &&
        index == ring->index;
}

VmbusRingResult vmbus_ring_room(VmbusRing *ring, size_t len)
{
    uint64_t need = ((sizeof(VmbusPacketDescriptor) + (uint64_t)len + 7) & ~7ull)
                    + VMBUS_PACKET_TRAILER;
    uint32_t read;

    for (int again = 0; again < 2; again++) {
        if (!guest_index(ring, CONTROL(read_index), &read)) {
            return RING_BROKEN;
        }
        /* A full ring would look empty: one byte always stays free. */
        if (need < ring->size - distance(ring, read, ring->index)) {
            return RING_OK;
        }
        if (need >= ring->size) {
            return RING_FULL;
        }
        /* Ask for a signal, then look again: the guest may just have read. */
        if (!again && !control_set(ring, CONTROL(pending_send_size), need)) {
            return RING_BROKEN;
        }
        atomic_thread_fence(memory_order_seq_cst);
    }
    return RING_FULL;
}

VmbusRingResult vmbus_ring_write(VmbusRing *ring,
                                 const VmbusPacketDescriptor *head,
                                 const void *desc, size_t desc_len,
                                 const void *payload, size_t len,
                                 bool *signal)
{
    uint8_t small[SMALL_PACKET];
    g_autofree uint8_t *large = NULL;
    uint8_t *packet = small;
    uint32_t size = rd_le16(&head->len8) * 8;
    uint32_t payload_at = rd_le16(&head->offset8) * 8;
    uint32_t total = size + VMBUS_PACKET_TRAILER;
    uint32_t start = ring->index;
    uint32_t mask;
    VmbusRingResult room;

    *signal = false;
    room = vmbus_ring_room(ring, size - sizeof(*head));
    if (room != RING_OK) {
        return room;
    }
    if (total > sizeof(small)) {
        packet = large = g_malloc(total);
    }
    memset(packet, 0, total);
    memcpy(packet, head, sizeof(*head));
    if (desc_len) {
        memcpy(packet + sizeof(*head), desc, desc_len);
    }
    if (len) {
        memcpy(packet + payload_at, payload, len);
    }
    wr_le64(packet + size, (uint64_t)start << 32);
    if (!data_access(ring, start, packet, total, true)) {
        return RING_BROKEN;
    }
    atomic_thread_fence(memory_order_release);
    ring->index = step(ring, start, total);
    if (!control_set(ring, CONTROL(pending_send_size), 0) ||
        !control_set(ring, CONTROL(write_index), ring->index)) {
        return RING_BROKEN;
    }
    /*
     * Index first, then the guest's mask.  Whether the ring was empty is not
     * asked: a guest that reads with the mask clear may have looked before we
     * wrote, and a flag that is still set makes no second interrupt.
     */
    atomic_thread_fence(memory_order_seq_cst);
    if (!control_get(ring, CONTROL(interrupt_mask), &mask)) {
        return RING_BROKEN;
    }
    *signal = mask == 0;
    return RING_OK;
}
