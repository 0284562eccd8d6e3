/*
 * Fuzz target: the VF's registers, in any order, around a working set-up.
 *
 * Input: actions of one byte and their arguments.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe-rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const IxgbeVfConfig config = { .queues = 8, .link_interrupt = true };

static void ignore(void *opaque)
{
}

static void act(Rig *rig, uint8_t action, uint16_t a, uint32_t b)
{
    static uint8_t frame[IXGBE_FRAME_MAX];
    IxgbeRxMeta meta = { .queue = a & 15, .multicast = a & 16 };

    switch (action % 10) {
    case 0:
    case 1:
    case 2:
        ixgbe_function_mmio_write(rig->fn, a, b, 4);
        break;
    case 3:
        ixgbe_function_mmio_write(rig->fn, a, b, 1u << (b & 3));
        ixgbe_function_mmio_read(rig->fn, a, 1u << (b & 3));
        break;
    case 4:
        rig_run(rig);
        break;
    case 5:
        rig_advance(rig, b & 0xfffff);
        break;
    case 6:
        ixgbe_function_rx(rig->fn, frame, b % (IXGBE_FRAME_MAX + 10), &meta);
        break;
    case 7:
        rig->state.rx_enable = a & 1;
        rig->state.tx_enable = a & 2;
        rig->state.pf_reset_done = a & 4;
        rig->state.vfmailbox = b;
        ixgbe_function_set_state(rig->fn, &rig->state);
        break;
    case 8:
        ixgbe_function_set_bus_master(rig->fn, a & 1);
        ixgbe_function_hold(rig->fn, a & 2);
        ixgbe_function_drain(rig->fn, ignore, NULL);
        break;
    case 9:
        wr_le32(rig->memory + (a * 16u) % (RIG_MEMORY - 4), b);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Rig rig;

    rig_init(&rig, &config);
    rig_start_rx(&rig, IXGBE_SRRCTL_ONE_BUFFER | 2, 16);
    rig_start_tx(&rig);
    rig_start_interrupts(&rig);
    for (; size >= 7; data += 7, size -= 7) {
        act(&rig, data[0], rd_le16(data + 1), rd_le32(data + 3));
    }
    rig_run(&rig);
    rig_clear(&rig);
    return 0;
}
