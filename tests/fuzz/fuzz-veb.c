/*
 * Fuzz target: frames through the embedded switch, and saved state.
 *
 * The input is a byte of set-up, then frames: from (u8), queue (u8), length
 * (u8), bytes.  If the set-up byte's top bit is set, the rest is a saved state
 * instead.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set_up(Rig *r, uint8_t how)
{
    rig_program(r);
    rig_set(r, IXGBE_MRQC, 0xff0000);
    rig_write(r, IXGBE_VLVF(3), IXGBE_VLVF_VIEN | 7);
    rig_write(r, IXGBE_VLVFB(6), 0x13);
    rig_write(r, IXGBE_VFTA(0), 0x81);
    if (how & 1) {
        rig_set(r, IXGBE_VLNCTRL, IXGBE_VLNCTRL_VFE);
    }
    if (how & 2) {
        rig_write(r, IXGBE_PFVFSPOOF(0), 0x0f0f);
    }
    if (how & 4) {
        rig_write(r, IXGBE_MRCTL(0), 0x20f);
        rig_write(r, IXGBE_VMRVM(0), 0xff);
        rig_write(r, IXGBE_VMRVLAN(0), 0xff);
    }
    if (how & 8) {
        rig_write(r, IXGBE_VMVIR(0), IXGBE_VMVIR_DEFAULT | 7);
    }
    if (how & 16) {
        rig_set(r, IXGBE_HLREG0, IXGBE_HLREG0_LPBK | IXGBE_HLREG0_JUMBOEN);
    }
    if (how & 32) {
        rig_write(r, IXGBE_PFVMTXSW(0), 0xffffffff);
    }
}

static void load(Rig *r, const uint8_t *data, size_t size)
{
    StateReader reader;

    state_reader_init(&reader, data, size);
    ixgbe_adapter_load(r->adapter, &reader);
    state_reader_clear(&reader);
    rig_send(r, RIG_WIRE, RIG_MAC[1], RIG_PEER, 7);
    rig_send(r, 0, RIG_BCAST, RIG_MAC[0], -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t how;
    Rig r;

    if (!size) {
        return 0;
    }
    how = *data++;
    size--;
    rig_init(&r);
    if (how & 0x80) {
        load(&r, data, size);
        size = 0;
    } else {
        set_up(&r, how);
    }
    while (size > 3) {
        unsigned from = data[0] % (RIG_WIRE + 1);
        size_t len = MIN((size_t)data[2], size - 3);
        Frame *frame = frame_new(data + 3, len);

        if (from == RIG_WIRE) {
            ixgbe_adapter_wire_rx(r.adapter, frame);
        } else {
            ixgbe_adapter_port_tx(r.end[from].port, data[1], frame, NULL);
        }
        frame_unref(frame);
        rig_run(&r);
        data += 3 + len;
        size -= 3 + len;
    }
    rig_clear(&r);
    return 0;
}
