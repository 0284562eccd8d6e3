/*
 * Fuzz target: PF registers of the adapter half, with traffic in between.
 *
 * Commands of 9 bytes: what (u8), offset (u32), value (u32).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void traffic(Rig *r, uint32_t a, uint32_t b)
{
    const uint8_t *dst = RIG_MAC[a % (RIG_VFS + 1)];
    unsigned from = b % (RIG_WIRE + 1);

    if (a & 0x100) {
        dst = a & 0x200 ? RIG_BCAST : RIG_MCAST;
    }
    rig_send(r, from, dst, RIG_MAC[(b >> 8) % (RIG_VFS + 1)],
             b & 0x10000 ? (int)(b >> 20) : -1);
    for (unsigned i = 0; i < G_N_ELEMENTS(r->end); i++) {
        r->end[i].frames = 0;
    }
}

static void command(Rig *r, uint8_t what, uint32_t offset, uint32_t value)
{
    const IxgbePortOps *ops = &ixgbe_adapter_port_ops;
    unsigned n = offset % (RIG_VFS + 1);

    switch (what % 8) {
    case 0:
    case 1:
        ixgbe_adapter_mmio_write(r->adapter, offset % 0x20004, value,
                                 what & 0x80 ? 1u << (what >> 4 & 3) : 4);
        break;
    case 2:
        ixgbe_adapter_mmio_read(r->adapter, offset % 0x20004,
                                1u << (what >> 4 & 3));
        break;
    case 3:
        traffic(r, offset, value);
        break;
    case 4:
        ixgbe_adapter_set_num_vfs(r->adapter, value % 70);
        break;
    case 5:
        r->end[n].room = value & 1 ? UINT_MAX : value % 4;
        ops->rx_room(r->end[n].port);
        break;
    case 6:
        ops->mailbox(r->end[n].port, value);
        ops->mailbox_mem(r->end[n].port, value % 20, offset);
        break;
    case 7:
        r->now += value;
        ixgbe_adapter_set_cable(r->adapter, value & 1);
        ixgbe_adapter_timer(r->adapter);
        ops->reset(r->end[n].port, value & 2);
        break;
    }
    rig_run(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Rig r;

    rig_init(&r);
    if (size && (*data & 1)) {
        rig_program(&r);
    }
    for (size_t at = 1; at + 9 <= size; at += 9) {
        command(&r, data[at], rd_le32(data + at + 1), rd_le32(data + at + 5));
    }
    rig_clear(&r);
    return 0;
}
