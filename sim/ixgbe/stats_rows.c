/*
 * Register rows: statistics.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"

/* What does not happen here: frames have no FCS, nobody manages. */
#define NEVER(reg_name, at, words) \
    COUNT(reg_name, at, words " (never here)")
/* Frames, then bytes: low and high. */
#define GROUP(reg_name, at, words) \
    COUNTS(reg_name, at, 3, 4, words ": frames, bytes low and high")

static const IxgbeReg rows[] = {
    NEVER("CRCERRS", IXGBE_CRCERRS, "CRC errors"),
    NEVER("ILLERRC", IXGBE_ILLERRC, "illegal symbols"),
    NEVER("ERRBC", IXGBE_ERRBC, "error bytes"),
    NEVER("MSPDC", IXGBE_MSPDC, "short packets discarded"),
    COUNT("MLFC", IXGBE_MLFC, "local faults: the link was lost"),
    NEVER("MRFC", IXGBE_MRFC, "remote faults"),
    COUNT("RLEC", IXGBE_RLEC, "length fields that are wrong, if HLREG0 says "
          "so"),
    COUNTS("RNBC", IXGBE_RNBC(0), 8, 4, "times that a frame had to wait for "
           "a descriptor"),
    NEVER("RFC", IXGBE_RFC, "fragments"),
    NEVER("RJC", IXGBE_RJC, "jabber"),
    NEVER("MNGPRC", IXGBE_MNGPRC, "management frames received"),
    NEVER("MNGPDC", IXGBE_MNGPDC, "management frames dropped"),
    NEVER("MNGPTC", IXGBE_MNGPTC, "management frames sent"),
    COUNT("XEC", IXGBE_XEC, "checksum errors received"),
    GROUP("RXNFG", IXGBE_RXNFGPC, "good from the wire, filtered or not"),
    GROUP("RXDG", IXGBE_RXDGPC, "given to queues"),
    GROUP("RXDDG", IXGBE_RXDDGPC, "dropped by queues"),
    GROUP("RXLPBKG", IXGBE_RXLPBKGPC, "between pools"),
    GROUP("RXDLPBKG", IXGBE_RXDLPBKGPC, "between pools, given to queues"),
    NEVER("FCCRC", IXGBE_FCCRC, "FCoE CRC errors"),
    NEVER("FCOERPDC", IXGBE_FCOERPDC, "FCoE frames dropped"),
    NEVER("FCLAST", IXGBE_FCLAST, "FCoE last errors"),
    NEVER("FCOEPRC", IXGBE_FCOEPRC, "FCoE frames received"),
    NEVER("FCOEDWRC", IXGBE_FCOEDWRC, "FCoE dwords received"),
    NEVER("FCOEPTC", IXGBE_FCOEPTC, "FCoE frames sent"),
    NEVER("FCOEDWTC", IXGBE_FCOEDWTC, "FCoE dwords sent"),
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
    GROUP("TXDG", IXGBE_TXDGPC, "taken from queues"),
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
