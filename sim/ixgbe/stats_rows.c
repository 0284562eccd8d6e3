/*
 * Register rows: statistics.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"

static const IxgbeReg rows[] = {
    COUNTS("MPC", IXGBE_MPC(0), 8, 4, "frames lost: packet buffer full"),
    COUNTS("PRC", IXGBE_PRC64, 6, 4, "received, by size"),
    COUNT("GPRC", IXGBE_GPRC, "good frames received"),
    COUNT("BPRC", IXGBE_BPRC, "broadcasts received"),
    COUNT("MPRC", IXGBE_MPRC, "multicasts received"),
    COUNT("GPTC", IXGBE_GPTC, "good frames sent"),
    COUNTS("GORC", IXGBE_GORCL, 2, 4, "good bytes received"),
    COUNTS("GOTC", IXGBE_GOTCL, 2, 4, "good bytes sent"),
    COUNT("RUC", IXGBE_RUC, "frames too short"),
    COUNT("ROC", IXGBE_ROC, "frames too long"),
    COUNTS("TOR", IXGBE_TORL, 2, 4, "bytes received"),
    COUNT("TPR", IXGBE_TPR, "frames received"),
    COUNT("TPT", IXGBE_TPT, "frames sent"),
    COUNTS("PTC", IXGBE_PTC64, 6, 4, "sent, by size"),
    COUNT("MPTC", IXGBE_MPTC, "multicasts sent"),
    COUNT("BPTC", IXGBE_BPTC, "broadcasts sent"),
    COUNT("RXDGPC", IXGBE_RXDGPC, "frames given to queues"),
    COUNT("TXDGPC", IXGBE_TXDGPC, "frames taken from queues"),
    ROW("RQSMR", IXGBE_RQSMR(0), 32, 4, "8.2.3.23",
        "counter of a receive queue", .wmask = 0x0f0f0f0f),
    ROW("TQSM", IXGBE_TQSM(0), 32, 4, "8.2.3.23",
        "counter of a transmit queue", .wmask = 0x0f0f0f0f),
    COUNTS("QPRC", IXGBE_QPRC(0), 16, 0x40, "frames received"),
    COUNTS("QBRC_L", IXGBE_QBRC_L(0), 16, 0x40, "bytes received"),
    COUNTS("QBRC_H", IXGBE_QBRC_L(0) + 4, 16, 0x40, "bytes received, high"),
    COUNTS("QPRDC", IXGBE_QPRDC(0), 16, 0x40, "frames dropped"),
    COUNTS("QPTC", IXGBE_QPTC(0), 16, 0x40, "frames sent"),
    COUNTS("QBTC_L", IXGBE_QBTC_L(0), 16, 8, "bytes sent"),
    COUNTS("QBTC_H", IXGBE_QBTC_L(0) + 4, 16, 8, "bytes sent, high"),
};

ROW_BLOCK(ixgbe_rows_stats, rows);
