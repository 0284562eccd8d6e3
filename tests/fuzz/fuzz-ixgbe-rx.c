/*
 * Fuzz target: frames into any set-up of a receive queue, of a VF or the PF.
 *
 * Input: SRRCTL, RXDCTL, PSRTYPE, RSCCTL and flags, then frames: what the
 * adapter says of it (4 bytes), length (2), bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe-rig.h"

#include "iovlab/eth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD 20
#define FRAME_HEAD 6

static const IxgbeVfConfig config = { .queues = 1 };

static void start(Rig *rig, const uint8_t *head)
{
    bool pf = head[17] & 1;

    if (pf) {
        rig_init_pf(rig);
    } else {
        rig_init(rig, &config);
    }
    rig_start_rx(rig, rd_le32(head), 31);
    if (pf) {
        rig_start_pf_interrupts(rig, head[19]);
        rig_write(rig, IXGBE_PSRTYPE(0), rd_le32(head + 8));
        rig_write(rig, IXGBE_RXCSUM, head[17] & 2 ? IXGBE_RXCSUM_IPPCSE
                                                  : IXGBE_RXCSUM_PCSD);
    } else {
        rig_start_interrupts(rig);
        rig_write(rig, IXGBE_VFPSRTYPE, rd_le32(head + 8));
    }
    rig_write(rig, IXGBE_VFRSCCTL(0), rd_le32(head + 12));
    rig_write(rig, IXGBE_VFRXDCTL(0), rd_le32(head + 4) |
              IXGBE_RXDCTL_ENABLE);
    rig->fault_from = RIG_MEMORY - head[16] * 0x100;
    rig->state.rx_flags = head[18] & IXGBE_RX_FLAGS;
    rig->state.outer_type = FRAME_TYPE_SVLAN;
    ixgbe_function_set_state(rig->fn, &rig->state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Rig rig;

    if (size < HEAD) {
        return 0;
    }
    start(&rig, data);
    data += HEAD;
    size -= HEAD;
    for (unsigned n = 0; size > FRAME_HEAD && n < 64; n++) {
        size_t len = MIN(rd_le16(data + 4), size - FRAME_HEAD);
        /* of its own, so that a byte too far is seen */
        g_autofree uint8_t *frame = g_memdup2(data + FRAME_HEAD, len);
        IxgbeRxMeta meta = {
            .etqf = data[0] & 15,
            .events = data[0] >> 4,
            .rss_type = data[1],
            .loopback = data[1] & 0x80,
            .status = (uint32_t)data[2] << 24,
        };

        ixgbe_function_rx(rig.fn, frame, len, &meta);
        rig_write(&rig, IXGBE_VFRDT(0), n % RIG_RING);
        rig_advance(&rig, data[3] * 1000);
        if (data[3] == 255) {
            ixgbe_function_hold(rig.fn, true);
            ixgbe_function_hold(rig.fn, false);
        }
        data += FRAME_HEAD + len;
        size -= FRAME_HEAD + len;
    }
    rig_clear(&rig);
    return 0;
}
