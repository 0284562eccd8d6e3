/*
 * Fuzz target: PF and VF registers of one card in any order, with VFs enabled,
 * traffic, resets, changes of NumVFs, and DMA at the card's own registers.
 *
 * Input: actions of a byte, an offset of three bytes and a value of four.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "card-rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reset(Rig *rig, uint32_t kind)
{
    switch (kind % 4) {
    case 0:
        ixgbe_card_flr(rig->card);
        break;
    case 1:
        ixgbe_card_power_reset(rig->card);
        break;
    case 2:
        rig_program(rig, kind / 4 % (RIG_VFS + 1));
        break;
    case 3:
        ixgbe_function_flr(rig->f[kind / 4 % RIG_VFS].fn);
        break;
    }
}

static void reload(Rig *rig, uint32_t at, uint32_t value)
{
    g_autoptr(GBytes) saved = NULL;
    g_autofree uint8_t *copy = NULL;
    StateWriter w;
    StateReader r;
    size_t len;

    state_writer_init(&w);
    ixgbe_card_save(rig->card, &w);
    saved = state_writer_finish(&w);
    copy = g_bytes_unref_to_data(g_steal_pointer(&saved), &len);
    copy[at % len] ^= value;
    state_reader_init(&r, copy, len);
    ixgbe_card_load(rig->card, &r);
    state_reader_clear(&r);
}

static void act(Rig *rig, uint8_t action, uint32_t at, uint32_t value)
{
    unsigned f = action / 16 % (RIG_VFS + 1);

    switch (action % 16) {
    case 0 ... 3:
        ixgbe_card_mmio_write(rig->card, at % 0x20010, value, 4);
        break;
    case 4:
        ixgbe_card_mmio_write(rig->card, at % 0x20010, value, 1u << (at & 3));
        ixgbe_card_mmio_read(rig->card, at % 0x20010, 1u << (at & 3));
        break;
    case 5 ... 7:
        rig_vf_set(rig, f % RIG_VFS, at % 0x4010, value);
        rig_vf_get(rig, f % RIG_VFS, at % 0x4010);
        break;
    case 8:
        rig_advance(rig, value & 0xffffff);
        break;
    case 9:
        rig_wire_frame(rig, RIG_MAC[f], 14 + value % (IXGBE_FRAME_MAX - 13));
        break;
    case 10:
        rig_send(rig, f, RIG_MAC[at % (RIG_VFS + 1)], 14 + value % 2000);
        break;
    case 11:
        reset(rig, value);
        break;
    case 12:
        ixgbe_card_set_num_vfs(rig->card, value & 0xff);
        break;
    case 13:
        wr_le32(rig->memory + at % (RIG_MEMORY - 4), value);
        break;
    case 14:
        rig_start_queues(rig, f);
        ixgbe_function_set_bus_master(rig->f[f].fn, at & 3);
        break;
    case 15:
        reload(rig, at, value);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Rig rig;

    rig_init(&rig);
    rig_program(&rig, RIG_VFS);
    for (unsigned f = 0; f <= RIG_PF; f++) {
        rig_start_queues(&rig, f);
    }
    for (; size >= 8; data += 8, size -= 8) {
        act(&rig, data[0], rd_le32(data) >> 8, rd_le32(data + 4));
    }
    rig_run(&rig);
    rig_clear(&rig);
    return 0;
}
