/*
 * Register rows: packet buffers, DMA enables, arbiters, rate control.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"

static uint32_t read_rdrxctl(void *owner, unsigned index, uint32_t stored)
{
    return stored | IXGBE_RDRXCTL_DMAIDONE;
}

static uint32_t read_secrxstat(void *owner, unsigned index, uint32_t stored)
{
    /* Nothing is ever half way through the block. */
    return reg(owner, IXGBE_SECRXCTRL) & IXGBE_SECRXCTRL_RX_DIS
           ? IXGBE_SECRXSTAT_RDY : 0;
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
    ROW("TXPBSIZE", IXGBE_TXPBSIZE(0), 8, 4, "8.2.3.9",
        "transmit packet buffer: kept", .reset = 0x00005000,
        .wmask = IXGBE_RXPBSIZE_MASK),
    KEPT("TXPBTHRESH", 0x04950, 8, "8.2.3.9", "kept"),
    ONE("DMATXCTL", IXGBE_DMATXCTL, "8.2.3.9", "transmit enable",
        .reset = 0x81000000, .write = ixgbe_write_enable),
    KEPT("DTXMXSZRQ", 0x08100, 1, "8.2.3.9", "kept"),
    KEPT("MTQC", IXGBE_MTQC, 1, "8.2.3.9", "kept, MRQC decides"),
    KEPT("SECTXCTRL", 0x08800, 1, "8.2.3.13", "kept"),
    KEPT("SECTXMINIFG", 0x08810, 1, "8.2.3.13", "kept"),
    ONE("SECRXCTRL", IXGBE_SECRXCTRL, "8.2.3.13", "kept"),
    ONE("SECRXSTAT", IXGBE_SECRXSTAT, "8.2.3.13", "ready when disabled",
        .access = IXGBE_REG_RO, .read = read_secrxstat),
    KEPT("FCTTV", 0x03200, 4, "8.2.3.3", "flow control: kept"),
    KEPT("FCRTL", 0x03220, 8, "8.2.3.3", "flow control: kept"),
    KEPT("FCRTH", 0x03260, 8, "8.2.3.3", "flow control: kept"),
    KEPT("FCRTV", 0x032a0, 1, "8.2.3.3", "flow control: kept"),
    KEPT("FCCFG", 0x03d00, 1, "8.2.3.3", "flow control: kept"),

    KEPT("RTTDCS", IXGBE_RTTDCS, 1, "8.2.3.10", "arbiter: kept"),
    ONE("RTTDQSEL", IXGBE_RTTDQSEL, "8.2.3.10", "queue for RTTBCNRC",
        .wmask = 0x7f),
    KEPT("RTTDT1C", 0x04908, 1, "8.2.3.10", "kept"),
    KEPT("RTTBCNRM", IXGBE_RTTBCNRM, 1, "8.2.3.10", "kept"),
    ONE("RTTBCNRC", IXGBE_RTTBCNRC, "8.2.3.10", "rate limit of a queue: "
        "link speed by factor", .read = read_bcnrc, .write = write_bcnrc),
};

ROW_BLOCK(ixgbe_rows_dma, rows);
