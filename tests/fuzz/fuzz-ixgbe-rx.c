/*
 * Fuzz target: frames into any set-up of a receive queue.
 *
 * Input: SRRCTL, RXDCTL, VFPSRTYPE, then frames (u16 length, bytes).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe-rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const IxgbeVfConfig config = { .queues = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Rig rig;

    if (size < 14) {
        return 0;
    }
    rig_init(&rig, &config);
    rig_start_rx(&rig, rd_le32(data), 31);
    rig_start_interrupts(&rig);
    rig_write(&rig, IXGBE_VFRXDCTL(0), rd_le32(data + 4) |
              IXGBE_RXDCTL_ENABLE);
    rig_write(&rig, IXGBE_VFPSRTYPE, rd_le32(data + 8));
    rig.fault_from = RIG_MEMORY - data[12] * 0x100;
    data += 14;
    size -= 14;
    for (unsigned n = 0; size > 2 && n < 64; n++) {
        size_t len = MIN(rd_le16(data), size - 2);
        /* of its own, so that a byte too far is seen */
        g_autofree uint8_t *frame = g_memdup2(data + 2, len);

        rig_receive(&rig, frame, len);
        rig_write(&rig, IXGBE_VFRDT(0), n % RIG_RING);
        rig_run(&rig);
        data += 2 + len;
        size -= 2 + len;
    }
    rig_clear(&rig);
    return 0;
}
