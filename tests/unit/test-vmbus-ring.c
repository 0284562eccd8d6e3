/*
 * VMBus: a ring that is shown to the guest as nearly full.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fake-guest.h"

#define CONTROL(field) offsetof(VmbusRingControl, field)

static uint32_t device_open(void *opaque, VmbusChannel *ch)
{
    return 0;
}

static void device_nothing(void *opaque, VmbusChannel *ch)
{
}

static const VmbusChannelOps device_ops = {
    .name = "test",
    .open = device_open,
    .close = device_nothing,
    .run = device_nothing,
    .released = device_nothing,
};

/* A connected guest with one open channel. */
typedef struct Fixture {
    FakeGuest *g;
    VmbusChannel *device;
    FakeChannel *ch;
} Fixture;

static void fixture_set_up(Fixture *f, gconstpointer data)
{
    VmbusOffer offer = { .instance_id.b[15] = 1 };

    f->g = fake_guest_new();
    vmbus_guid_parse(VMBUS_CLASS_NETWORK, &offer.class_id);
    f->device = vmbus_channel_offer(f->g->bus, &offer, &device_ops, NULL);
    fake_guest_connect(f->g);
    f->ch = fake_channel_open(f->g, vmbus_channel_relid(f->device), 4, "", 0);
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
    fake_channel_free(f->ch);
    fake_guest_free(f->g);
}

/* What Linux's netvsc compares with a tenth. */
static unsigned percent_free(FakeChannel *ch)
{
    uint32_t read = fake_channel_peek(ch, false, CONTROL(read_index));
    uint32_t used = (ch->out_index + ch->ring_size - read) % ch->ring_size;

    return (ch->ring_size - used) * 100 / ch->ring_size;
}

static void test_crowd(Fixture *f, gconstpointer data)
{
    static const uint8_t body[64];
    unsigned got = 0, sent = 1;
    VmbusPacket pkt;

    fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 0, 0, NULL, 0, body,
                      sizeof(body));
    for (unsigned i = 0; i < 3; i++) {
        vmbus_channel_crowd(f->device, true);
        g_assert_cmpuint(percent_free(f->ch), <, 10);
        /* A packet that the guest had set aside, and the next one, fit. */
        for (unsigned k = 0; k < 2; k++, sent++) {
            g_assert_true(fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 0, 0,
                                            NULL, 0, body, sizeof(body)));
        }
    }
    while (vmbus_channel_recv(f->device, &pkt)) {
        vmbus_channel_consume(f->device);
        g_assert_cmpuint(pkt.len, ==, sizeof(body));
        g_assert_cmpuint(percent_free(f->ch), <, 10);
        got++;
    }
    g_assert_cmpuint(got, ==, sent);
    vmbus_channel_crowd(f->device, false);
    g_assert_cmpuint(percent_free(f->ch), ==, 100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/vmbus-ring/crowd", Fixture, NULL, fixture_set_up, test_crowd,
               fixture_tear_down);
    return g_test_run();
}
