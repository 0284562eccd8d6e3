/*
 * Fuzz target: channel messages, after contact and with one channel open.
 *
 * Input: operations of three bytes (what, argument, length) and their bytes.
 * Messages get ids that exist most of the time; the device takes references
 * to GPADLs and lets go of them at times of its own; offers come and go.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fake-guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPERATIONS_MAX 200
#define DEVICES 3
#define HELD 4

typedef struct Device {
    VmbusChannel *ch;
    VmbusGpadl *held[HELD];
    uint32_t refuse;
} Device;

static void device_drop(Device *dev)
{
    for (unsigned i = 0; i < HELD; i++) {
        g_clear_pointer(&dev->held[i], vmbus_gpadl_put);
    }
}

static uint32_t device_open(void *opaque, VmbusChannel *ch)
{
    return ((Device *)opaque)->refuse;
}

static void device_close(void *opaque, VmbusChannel *ch)
{
    device_drop(opaque);
}

static void device_run(void *opaque, VmbusChannel *ch)
{
    VmbusPacket pkt;

    while (vmbus_channel_recv(ch, &pkt)) {
        vmbus_channel_consume(ch);
    }
}

static void device_released(void *opaque, VmbusChannel *ch)
{
    device_drop(opaque);
    ((Device *)opaque)->ch = NULL;
}

static void device_teardown(void *opaque, VmbusGpadl *gpadl)
{
    Device *dev = opaque;

    for (unsigned i = 1; i < HELD; i++) {
        if (dev->held[i] == gpadl) {
            g_clear_pointer(&dev->held[i], vmbus_gpadl_put);
        }
    }
}

static const VmbusChannelOps device_ops = {
    .name = "fuzz",
    .open = device_open,
    .close = device_close,
    .run = device_run,
    .released = device_released,
};

static void device_offer(Device *dev, FakeGuest *g, uint8_t instance)
{
    VmbusOffer offer = { .sub_channel_index = instance >> 6 };

    if (!dev->ch) {
        offer.instance_id.b[0] = instance;
        dev->ch = vmbus_channel_offer(g->bus, &offer, &device_ops, dev);
    }
}

static void host(FakeGuest *g, Device *dev, uint8_t arg)
{
    uint8_t buf[64] = { 0 };
    VmbusGpadl **slot = &dev->held[arg >> 3 & 3];

    switch (arg & 7) {
    case 0:
        device_offer(dev, g, arg);
        break;
    case 1:
        if (dev->ch) {
            (arg & 8 ? vmbus_channel_withdraw : vmbus_channel_rescind)(dev->ch);
        }
        break;
    case 2:
        if (dev->ch && vmbus_channel_is_open(dev->ch) && !*slot) {
            *slot = vmbus_channel_gpadl_get(dev->ch, 0xe1e10 + (arg >> 5));
            if (*slot) {
                vmbus_gpadl_set_teardown(*slot, device_teardown, dev);
            }
        }
        break;
    case 3:
        g_clear_pointer(slot, vmbus_gpadl_put);
        break;
    case 4:
        if (*slot) {
            vmbus_gpadl_write(*slot, vmbus_gpadl_size(*slot) - 32, buf, 32);
            vmbus_gpadl_read(*slot, arg * 40, buf, sizeof(buf));
        }
        break;
    case 5:
        vmbus_bus_hold(g->bus, arg & 8);
        break;
    case 6:
        g->slot_busy = arg & 8;
        vmbus_bus_slot_free(g->bus, 0);
        break;
    case 7:
        dev->refuse = arg >> 3;
        break;
    }
}

static void message(FakeGuest *g, uint8_t arg, const uint8_t *p, size_t len)
{
    uint8_t msg[VMBUS_MESSAGE_MAX] = { 0 };

    memcpy(msg + 8, p, MIN(len, sizeof(msg) - 8));
    wr_le32(msg, arg & 31);
    if (arg & 32) {
        /* Ids of something that is likely to be there. */
        wr_le32(msg + 8, 1 + msg[8] % 4);
        if ((arg & 31) == VMBUS_MSG_OPEN) {
            wr_le32(msg + 16, 0xe1e10 + msg[16] % 4);
        } else {
            wr_le32(msg + 12, 0xe1e10 + msg[12] % 4);
        }
    }
    fake_guest_post_raw(g, msg, MIN(len + 8, sizeof(msg)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FakeGuest *g = fake_guest_new();
    Device dev[DEVICES] = { 0 };
    FakeChannel *ch;

    device_offer(&dev[0], g, 1);
    fake_guest_connect(g);
    ch = fake_channel_open(g, 1, 2, NULL, 0);
    for (unsigned n = 0; n < OPERATIONS_MAX && size >= 3; n++) {
        uint8_t what = data[0], arg = data[1];
        size_t len = MIN(data[2], size - 3);

        if (what < 64) {
            host(g, &dev[what % DEVICES], arg);
        } else if (what < 72) {
            vmbus_bus_guest_signal(g->bus, VMBUS_CONNECTION_CHANNEL + arg % 4,
                                   arg >> 7);
        } else {
            message(g, arg, data + 3, len);
        }
        if (what & 1) {
            fake_guest_run(g);
        }
        g_queue_clear_full(&g->inbox, g_free);
        data += 3 + len;
        size -= 3 + len;
    }
    vmbus_bus_hold(g->bus, false);
    g->slot_busy = false;
    fake_guest_run(g);
    vmbus_bus_reset(g->bus);
    for (unsigned i = 0; i < DEVICES; i++) {
        device_drop(&dev[i]);
    }
    fake_channel_free(ch);
    fake_guest_free(g);
    return 0;
}
