/*
 * Fuzz target: frames through the software switch and the top-of-rack switch.
 *
 * The first byte says which; then frames: from (u8), length (u8), bytes; a
 * frame of length 0 changes the port's configuration by the byte before.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/vswitch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PORTS 4

static uint64_t now;

static uint64_t clock_ns(void *opaque)
{
    return now += 1000000;
}

static void schedule(void *opaque)
{
}

static const VswitchOps ops = { clock_ns, schedule };

static bool deliver(void *opaque, Frame *frame)
{
    unsigned *calls = opaque;

    return (*calls)++ % 4;
}

static const VswitchPortOps port_ops = { deliver, NULL };

static VswitchPortConfig config_of(unsigned port, uint8_t how)
{
    VswitchPortConfig config = {
        .mac = { 2, 0, 0, 0, 0, port },
        .uplink = port == 3,
        .connected = !(how & 1),
        .spoofing = how & 2,
        .datapath_vf = how & 4,
        .access_vid = how & 8 ? 7 : 0,
        .trunk = how & 16,
        .filter = how & 32 ? 0x2f : 0x0b,
        .queue_frames = how & 64 ? 3 : 100,
    };

    return config;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VswitchPort *port[PORTS];
    unsigned calls = 0;
    Vswitch *sw;

    if (!size) {
        return 0;
    }
    sw = vswitch_new(*data & 1 ? VSWITCH_TOR : VSWITCH_HOST, &ops, NULL);
    vswitch_set_aging(sw, 20000000);
    for (unsigned i = 0; i < PORTS; i++) {
        VswitchPortConfig config = config_of(i, *data & 0xfe);

        port[i] = vswitch_port_new(sw, "p", &config, &port_ops, &calls);
    }
    data++;
    size--;
    while (size > 2) {
        unsigned n = data[0] % PORTS;
        size_t len = MIN((size_t)data[1], size - 2);

        if (len) {
            Frame *frame = frame_new(data + 2, len);

            vswitch_port_input(port[n], frame);
            frame_unref(frame);
        } else {
            VswitchPortConfig config = config_of(n, data[2]);

            vswitch_port_configure(port[n], &config);
            vswitch_port_hold(port[n], data[2] & 128);
            len = 1;
        }
        vswitch_run(sw);
        vswitch_port_room(port[n]);
        data += 2 + len;
        size -= MIN(size, 2 + len);
    }
    vswitch_free(sw);
    if (frame_live()) {
        abort();
    }
    return 0;
}
