/*
 * Fuzz target: the bus's saved state.
 *
 * The first byte chooses: the input as it is, or a valid state with pieces
 * written over (two bytes of offset, one of length, the bytes).  Whatever
 * came of it, the bus must then serve a guest as before.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fake-guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void device_run(void *opaque, VmbusChannel *ch)
{
    VmbusPacket pkt;

    for (unsigned i = 0; i < 100 && vmbus_channel_recv(ch, &pkt); i++) {
        vmbus_channel_consume(ch);
    }
    vmbus_channel_send(ch, VM_PKT_COMP, 0, 1, NULL, 0, "12345678", 8);
}

static const VmbusChannelOps device_ops = {
    .name = "fuzz",
    .run = device_run,
};

static const VmbusOffer offers[] = {
    { .instance_id.b[0] = 1 },
    { .instance_id.b[0] = 2 },
    { .instance_id.b[0] = 1, .sub_channel_index = 1 },
};

static FakeGuest *source;
static GByteArray *valid;

/* Two devices, a sub-channel, two open channels, a message under way. */
static void make_valid(void)
{
    FakeChannel *ch[2];
    StateWriter w;

    source = fake_guest_new();
    for (size_t i = 0; i < G_N_ELEMENTS(offers); i++) {
        vmbus_channel_offer(source->bus, &offers[i], &device_ops, NULL);
    }
    fake_guest_connect(source);
    ch[0] = fake_channel_open(source, 1, 2, NULL, 0);
    ch[1] = fake_channel_open(source, 3, 2, NULL, 0);
    fake_channel_send(ch[0], VM_PKT_DATA_INBAND, 0, 1, NULL, 0, "abcdefgh", 8);
    fake_gpadl_free(fake_gpadl_create(source, 2, 8 * HV_PAGE_SIZE));
    source->slot_busy = true;
    vmbus_channel_offer(source->bus, &(VmbusOffer) { .instance_id.b[0] = 9 },
                        &device_ops, NULL);
    state_writer_init(&w);
    vmbus_bus_save(source->bus, &w);
    valid = g_bytes_unref_to_array(state_writer_finish(&w));
    fake_channel_free(ch[0]);
    fake_channel_free(ch[1]);
}

static GByteArray *make_state(const uint8_t *data, size_t size)
{
    GByteArray *state = g_byte_array_new();

    if (data[0] & 1) {
        return g_byte_array_append(state, data + 1, size - 1);
    }
    g_byte_array_append(state, valid->data, valid->len);
    data++;
    size--;
    while (size >= 3) {
        size_t at = rd_le16(data) % valid->len;
        size_t len = MIN(data[2], size - 3);

        len = MIN(len, state->len - at);
        memcpy(state->data + at, data + 3, len);
        data += 3 + len;
        size -= 3 + len;
    }
    return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GByteArray) state = NULL;
    StateReader r;
    FakeGuest *g;

    if (!valid) {
        make_valid();
    }
    if (size < 1) {
        return 0;
    }
    state = make_state(data, size);
    g = fake_guest_clone(source);
    vmbus_channel_offer(g->bus, &offers[0], &device_ops, NULL);
    vmbus_channel_offer(g->bus, &offers[1], &device_ops, NULL);
    state_reader_init(&r, state->data, state->len);
    if (vmbus_bus_load(g->bus, &r)) {
        vmbus_channel_adopt(g->bus, &offers[2], &device_ops, NULL);
    }
    state_reader_clear(&r);
    fake_guest_run(g);
    vmbus_bus_guest_signal(g->bus, VMBUS_CONNECTION_CHANNEL + 1, 0);
    fake_guest_run(g);
    g_queue_clear_full(&g->inbox, g_free);
    fake_guest_connect(g);
    g_assert_cmpuint(g->offers->len, >=, 2);
    fake_guest_free(g);
    return 0;
}
