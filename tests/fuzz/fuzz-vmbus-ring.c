/*
 * Fuzz target: an open channel's rings, with a guest that writes anywhere.
 *
 * Input: operations of four bytes (what, two for an offset, length) and their
 * bytes.  A broken channel is closed and opened again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fake-guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPERATIONS_MAX 200
#define PAGES 2

static void look_at(VmbusChannel *ch, const VmbusPacket *pkt)
{
    VmbusGpaRange range;
    uint8_t buf[128];

    if (pkt->len) {
        /* Touch both ends: what is promised must be there. */
        buf[0] = pkt->payload[0];
        buf[1] = pkt->payload[pkt->len - 1];
    }
    if (pkt->desc_len) {
        buf[0] ^= pkt->desc[pkt->desc_len - 1];
    }
    if (vmbus_packet_gpa_range(ch, pkt, &range)) {
        vmbus_gpa_range_read(&range, 0, buf, MIN(range.size, sizeof(buf)));
        if (range.size > sizeof(buf)) {
            vmbus_gpa_range_read(&range, range.size - sizeof(buf), buf,
                                 sizeof(buf));
        }
    }
}

static void device_run(void *opaque, VmbusChannel *ch)
{
    VmbusPacket pkt;

    for (unsigned i = 0; i < 100 && vmbus_channel_recv(ch, &pkt); i++) {
        look_at(ch, &pkt);
        vmbus_channel_consume(ch);
    }
}

static const VmbusChannelOps device_ops = {
    .name = "fuzz",
    .run = device_run,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FakeGuest *g = fake_guest_new();
    VmbusOffer offer = { 0 };
    VmbusChannel *dev = vmbus_channel_offer(g->bus, &offer, &device_ops, NULL);
    FakeChannel *ch;
    uint64_t gpadl_size;

    fake_guest_connect(g);
    ch = fake_channel_open(g, 1, PAGES, NULL, 0);
    gpadl_size = ch->gpadl->size;
    for (unsigned n = 0; n < OPERATIONS_MAX && size >= 4; n++) {
        uint8_t what = data[0];
        uint64_t at = rd_le16(data + 1) % gpadl_size;
        size_t len = MIN(data[3], size - 4);

        data += 4;
        size -= 4;
        switch (what % 6) {
        case 0:             /* anywhere, control pages included */
            fake_gpadl_write(g, ch->gpadl, at, data, MIN(len, gpadl_size - at));
            break;
        case 1:             /* an index */
            fake_channel_poke(ch, what & 64, at % 5 * 4, len * 8);
            break;
        case 2:             /* a whole packet, of any type */
            ch->out_index = vmbus_channel_is_open(dev) ? ch->out_index : 0;
            if (fake_channel_peek(ch, false, 4) < ch->ring_size) {
                size_t desc = MIN(at % 64, len);

                fake_channel_send(ch, what >> 4, 0, at, data, desc,
                                  data + desc, len - desc);
            }
            break;
        case 3:
            vmbus_channel_send(dev, VM_PKT_COMP, 0, at, data, len / 2, data,
                               len);
            break;
        case 4:
            vmbus_channel_can_send(dev, at);
            break;
        case 5:
            vmbus_channel_schedule(dev);
            break;
        }
        fake_guest_run(g);
        data += len;
        size -= len;
        if (vmbus_channel_is_broken(dev)) {
            fake_channel_close(ch);
            ch = fake_channel_open(g, 1, PAGES, NULL, 0);
            g_queue_clear_full(&g->inbox, g_free);
        }
        if (g->next_page > FAKE_GUEST_RAM / 2) {
            break;
        }
    }
    fake_channel_free(ch);
    fake_guest_free(g);
    return 0;
}
