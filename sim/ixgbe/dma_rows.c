/*
 * Register rows: DMA enables, receive packet buffers, rate control.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"

static uint32_t read_rdrxctl(void *owner, unsigned index, uint32_t stored)
{
    return stored | IXGBE_RDRXCTL_DMAIDONE;
}

static void write_bcnrc(void *owner, unsigned index, uint32_t value,
                        uint32_t *stored)
{
    ixgbe_rate_write(owner, value);
}

static uint32_t read_bcnrc(void *owner, unsigned index, uint32_t stored)
{
    return ixgbe_rate_read(owner);
}

static const IxgbeReg rows[] = {
    ONE("RDRXCTL", IXGBE_RDRXCTL, "8.2.3.8", "receive DMA",
        .read = read_rdrxctl),
    ONE("QDE", IXGBE_QDE, "8.2.3.8", "drop enable of a queue",
        .read = ixgbe_qde_read, .write = ixgbe_qde_write),
    ONE("RXCTRL", IXGBE_RXCTRL, "8.2.3.8", "receive enable",
        .write = ixgbe_write_enable),
    ROW("RXPBSIZE", IXGBE_RXPBSIZE(0), 8, 4, "8.2.3.8",
        "receive packet buffer; the sum is the limit",
        .reset = 0x00010000, .wmask = IXGBE_RXPBSIZE_MASK,
        .write = ixgbe_write_pools),
    ONE("DMATXCTL", IXGBE_DMATXCTL, "8.2.3.9", "transmit enable",
        .reset = 0x81000000, .write = ixgbe_write_enable),
    ONE("DTXTCPFLGL", IXGBE_DTXTCPFLGL, "8.2.3.9", "TCP flags kept in first "
        "and middle segments", .reset = 0x0f760ff6, .wmask = 0x0fff0fff,
        .write = ixgbe_write_enable),
    ONE("DTXTCPFLGH", IXGBE_DTXTCPFLGH, "8.2.3.9", "TCP flags kept in last "
        "segments", .reset = 0x00000f7f, .wmask = 0x00000fff,
        .write = ixgbe_write_enable),
    ONE("RTTDQSEL", IXGBE_RTTDQSEL, "8.2.3.10", "queue for RTTBCNRC",
        .wmask = 0x7f),
    KEPT("RTTBCNRM", IXGBE_RTTBCNRM, 1, "8.2.3.10", "kept"),
    ONE("RTTBCNRC", IXGBE_RTTBCNRC, "8.2.3.10", "rate limit of a queue: "
        "link speed by factor", .read = read_bcnrc, .write = write_bcnrc),
};

ROW_BLOCK(ixgbe_rows_dma, rows);
