/*
 * Fuzz target: frames through the policies of a port.
 *
 * Records: kind (u8), length (u8), bytes.  An odd kind: the bytes are a policy,
 * with ACL entries of 16 bytes each; else a frame.  The rest of the kind is the
 * port.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/vswitch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PORTS 3
#define ENTRY 16
#define ENTRIES 8

static uint64_t now;

static uint64_t clock_ns(void *opaque)
{
    return now += 100000;
}

static void schedule(void *opaque)
{
}

static const VswitchOps ops = { clock_ns, schedule, NULL };

static bool deliver(void *opaque, Frame *frame)
{
    return true;
}

static const VswitchPortOps port_ops = { deliver, NULL };

static VswitchAddress address_of(const uint8_t *b)
{
    static const uint8_t bits[] = { 0, 48, 32, 128 };
    VswitchAddress a = { .kind = b[0] % 4 };

    a.prefix = b[1] % (bits[a.kind] + 1);
    memcpy(a.bytes, b + 2, 3);
    return a;
}

static void set_policy(VswitchPort *port, const uint8_t *data, size_t len)
{
    VswitchAcl acls[ENTRIES];
    VswitchPolicy p = { .acls = acls };

    if (len < 4) {
        return;
    }
    p.router_guard = data[0] & 1;
    p.dhcp_guard = data[0] & 2;
    p.mirror = (data[0] >> 2) % 3;
    p.storm_limit = data[1];
    p.maximum_bandwidth = data[2] * 1000003ull;
    p.minimum_weight = data[3] % 101;
    for (data += 4, len -= 4; len >= ENTRY && p.n_acls < ENTRIES;
         data += ENTRY, len -= ENTRY) {
        acls[p.n_acls++] = (VswitchAcl) {
            .action = data[0] % 3,
            .directions = data[0] >> 2 & 3,
            .extended = data[0] & 16,
            .weight = data[1],
            .protocol = data[0] & 32 ? data[2] : VSWITCH_PROTOCOL_ANY,
            .local_ports = { data[3], data[0] & 64 ? UINT16_MAX : data[3] },
            .remote_ports = { data[4], data[0] & 128 ? UINT16_MAX : data[4] },
            .local = address_of(data + 5),
            .remote = address_of(data + 10),
        };
    }
    vswitch_port_set_policy(port, &p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VswitchPort *port[PORTS];
    Vswitch *sw = vswitch_new(VSWITCH_HOST, &ops, NULL);

    for (unsigned i = 0; i < PORTS; i++) {
        const VswitchPortConfig config = {
            .mac = { 2, 0, 0, 0, 0, i },
            .uplink = i == PORTS - 1,
            .connected = true,
            .spoofing = true,
            .filter = 0x2f,
            .queue_frames = 8,
        };

        port[i] = vswitch_port_new(sw, "p", &config, &port_ops, NULL);
    }
    while (size > 2) {
        size_t len = MIN((size_t)data[1], size - 2);
        VswitchPort *p = port[data[0] / 2 % PORTS];

        if (data[0] & 1) {
            set_policy(p, data + 2, len);
        } else {
            Frame *frame = frame_new(data + 2, len);

            vswitch_port_send_wait(p);
            vswitch_port_input(p, frame);
            frame_unref(frame);
        }
        vswitch_run(sw);
        data += 2 + len;
        size -= 2 + len;
    }
    vswitch_free(sw);
    if (frame_live()) {
        abort();
    }
    return 0;
}
