/*
 * Fuzz target: transmit descriptors and the packets behind them.
 *
 * Input: TXDCTL, TDWBAL, the port's credit, flags of the PF's rules, then
 * descriptors of 16 bytes; the packets' bytes are the input once more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe-rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const IxgbeVfConfig config = { .queues = 1 };

/* Most addresses shall hit memory. */
static uint64_t address(uint64_t raw)
{
    return raw >> 56 == 0xff ? raw : raw % RIG_MEMORY;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned count;
    Rig rig;

    if (size < 12) {
        return 0;
    }
    rig_init(&rig, &config);
    rig_start_tx(&rig);
    rig_start_interrupts(&rig);
    rig_write(&rig, IXGBE_VFTXDCTL(0), rd_le32(data) | IXGBE_TXDCTL_ENABLE);
    rig_write(&rig, IXGBE_VFTDWBAL(0), rd_le32(data + 4));
    rig.tx_credit = rd_le16(data + 8);
    rig.state.tx_vlan_insert = data[10] & 1;
    rig.state.tx_rules.pad = !(data[10] & 2);
    rig.state.tx_rules.outer_type = data[10] & 4 ? 0x88a8 : 0;
    rig.state.tx_rules.tcp_middle = data[11] << 4;
    ixgbe_function_set_state(rig.fn, &rig.state);
    data += 12;
    size -= 12;
    for (size_t at = RIG_TX_BUFFER; size && at < RIG_MEMORY; at += size) {
        memcpy(rig.memory + at, data, MIN(size, RIG_MEMORY - at));
    }
    count = MIN(size / IXGBE_DESC_SIZE, 4 * RIG_RING);
    for (unsigned i = 0; i < count; i++, data += IXGBE_DESC_SIZE) {
        uint64_t first = rd_le64(data);
        uint32_t cmd = rd_le32(data + 8);

        if ((cmd & IXGBE_TXD_DTYP) != IXGBE_TXD_DTYP_CONTEXT) {
            first = address(first);
        }
        rig_tx_desc(&rig, first, cmd, rd_le32(data + 12));
        if (i % 16 == 15) {
            rig_tx_kick(&rig);
            rig.tx_credit += 10;
            ixgbe_function_tx_room(rig.fn);
        }
    }
    rig_tx_kick(&rig);
    rig_clear(&rig);
    return 0;
}
