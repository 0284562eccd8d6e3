/*
 * Packets in and out of a channel's rings.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vmbus-internal.h"

#include "iovlab-trace.h"

static bool channel_usable(const VmbusChannel *ch)
{
    return vmbus_channel_has_rings(ch) && !ch->broken && !ch->bus->held;
}

bool vmbus_channel_recv(VmbusChannel *ch, VmbusPacket *pkt)
{
    const uint8_t *p;
    size_t payload_at;

    if (!channel_usable(ch)) {
        return false;
    }
    if (!ch->packet_len) {
        switch (vmbus_ring_peek(&ch->in, ch->packet, &ch->packet_len)) {
        case RING_OK:
            break;
        case RING_EMPTY:
            return false;
        default:
            ch->packet_len = 0;
            vmbus_channel_broken(ch, "incoming ring");
            return false;
        }
    }
    p = ch->packet;
    payload_at = rd_le16(p + offsetof(VmbusPacketDescriptor, offset8)) * 8;
    *pkt = (VmbusPacket) {
        .type = rd_le16(p + offsetof(VmbusPacketDescriptor, type)),
        .flags = rd_le16(p + offsetof(VmbusPacketDescriptor, flags)),
        .trans_id = rd_le64(p + offsetof(VmbusPacketDescriptor, trans_id)),
        .desc = p + sizeof(VmbusPacketDescriptor),
        .desc_len = payload_at - sizeof(VmbusPacketDescriptor),
        .payload = p + payload_at,
        .len = ch->packet_len - payload_at,
    };
    return true;
}

void vmbus_channel_consume(VmbusChannel *ch)
{
    size_t len = ch->packet_len;
    bool signal;

    if (!len || !channel_usable(ch)) {
        return;
    }
    ch->packet_len = 0;
    if (!vmbus_ring_advance(&ch->in, len, &signal)) {
        vmbus_channel_broken(ch, "incoming ring");
    } else if (signal) {
        vmbus_channel_signal(ch);
    }
}

void vmbus_channel_crowd(VmbusChannel *ch, bool crowded)
{
    if (!channel_usable(ch) || (!crowded && !ch->in.crowded)) {
        return;
    }
    if (!vmbus_ring_crowd(&ch->in, crowded)) {
        vmbus_channel_broken(ch, "incoming ring");
    } else if (!crowded) {
        vmbus_channel_signal(ch);
        vmbus_channel_schedule(ch);
    }
}

bool vmbus_channel_is_idle(VmbusChannel *ch)
{
    return !channel_usable(ch) || (vmbus_ring_is_empty(&ch->in, true) &&
                                   vmbus_ring_is_empty(&ch->out, false));
}

bool vmbus_channel_can_send(VmbusChannel *ch, size_t len)
{
    VmbusRingResult room;

    if (!channel_usable(ch)) {
        return false;
    }
    room = vmbus_ring_room(&ch->out, len);
    if (room == RING_BROKEN) {
        vmbus_channel_broken(ch, "outgoing ring");
    }
    return room == RING_OK;
}

bool vmbus_channel_send(VmbusChannel *ch, uint16_t type, uint16_t flags,
                        uint64_t trans_id, const void *desc, size_t desc_len,
                        const void *payload, size_t len)
{
    VmbusPacketDescriptor head;
    size_t payload_at = sizeof(head) + ((desc_len + 7) & ~(size_t)7);
    size_t size;
    bool signal;

    if (!channel_usable(ch) || desc_len > ch->out.size ||
        len > ch->out.size) {
        return false;
    }
    size = (payload_at + len + 7) & ~(size_t)7;
    if (size > UINT16_MAX * 8) {
        return false;
    }
    wr_le16(&head.type, type);
    wr_le16(&head.offset8, payload_at / 8);
    wr_le16(&head.len8, size / 8);
    wr_le16(&head.flags, flags);
    wr_le64(&head.trans_id, trans_id);
    switch (vmbus_ring_write(&ch->out, &head, desc, desc_len, payload, len,
                             &signal)) {
    case RING_OK:
        if (signal) {
            vmbus_channel_signal(ch);
        }
        return true;
    case RING_FULL:
        trace_hv_vmbus_channel_full(ch->relid, size);
        return false;
    default:
        vmbus_channel_broken(ch, "outgoing ring");
        return false;
    }
}

bool vmbus_packet_gpa_range(VmbusChannel *ch, const VmbusPacket *pkt,
                            VmbusGpaRange *range)
{
    const size_t head = sizeof(VmbusGpaDirectHeader);

    if (pkt->type != VM_PKT_DATA_USING_GPA_DIRECT || pkt->desc_len < head) {
        return false;
    }
    *range = (VmbusGpaRange) {
        .bus = ch->bus,
        .desc = pkt->desc + head,
        .desc_len = pkt->desc_len - head,
        .count = rd_le32(pkt->desc +
                         offsetof(VmbusGpaDirectHeader, range_count)),
    };
    return vmbus_ranges_size(range->desc, range->desc_len, range->count,
                             &range->size);
}

bool vmbus_gpa_range_read(const VmbusGpaRange *range, uint64_t offset,
                          void *buf, size_t len)
{
    return iov_in_range(offset, len, range->size) &&
           vmbus_ranges_access(range->bus, range->desc, range->desc_len,
                               range->count, offset, buf, len, false);
}
