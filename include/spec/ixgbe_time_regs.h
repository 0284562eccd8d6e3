/*
 * Intel 82599 registers of IEEE 1588, 82599 datasheet 8.2.3.15, and the parts
 * of a PTP message that the MAC looks at.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_IXGBE_TIME_REGS_H
#define SPEC_IXGBE_TIME_REGS_H

#define IXGBE_TSYNCRXCTL        0x05188
#define IXGBE_TSYNCRXCTL_VALID  0x00000001u     /* RXTT */
#define IXGBE_TSYNCRXCTL_TYPE   0x0000000eu
#define IXGBE_TSYNCRXCTL_EN     0x00000010u
#define IXGBE_RXSTMPL           0x051e8
#define IXGBE_RXSTMPH           0x051a4
#define IXGBE_RXSATRL           0x051a0
#define IXGBE_RXSATRH           0x051a8
/* CTRLT 7:0, MSGT 15:8, UDPT 31:16 */
#define IXGBE_RXMTRL            0x05120
#define IXGBE_TSYNCTXCTL        0x08c00
#define IXGBE_TSYNCTXCTL_VALID  0x00000001u     /* TXTT */
#define IXGBE_TSYNCTXCTL_EN     0x00000010u
#define IXGBE_TXSTMPL           0x08c04
#define IXGBE_TXSTMPH           0x08c08
#define IXGBE_SYSTIML           0x08c0c
#define IXGBE_SYSTIMH           0x08c10
#define IXGBE_TIMINCA           0x08c14
#define IXGBE_TIMINCA_VALUE     0x00ffffffu
#define IXGBE_TIMINCA_PERIOD_SHIFT 24
#define IXGBE_TIMADJL           0x08c18
#define IXGBE_TIMADJH           0x08c1c
#define IXGBE_TIMADJH_SIGN      0x80000000u
#define IXGBE_TSAUXC            0x08c20
#define IXGBE_TRGTTIM(n)        (0x08c24 + 4 * (n))     /* 0L, 0H, 1L, 1H */
#define IXGBE_CLKTIM(n)         (0x08c34 + 4 * (n))
#define IXGBE_AUXSTMP(n)        (0x08c3c + 4 * (n))     /* 0L, 0H, 1L, 1H */

/* TSYNCRXCTL.Type, 7.9.3 */
enum {
    IXGBE_TSYNC_L2_V2           = 0,
    IXGBE_TSYNC_L4_V1           = 1,
    IXGBE_TSYNC_L2_L4_V2        = 2,
    IXGBE_TSYNC_EVENT_V2        = 5,
};

/* IEEE 1588-2002 (version 1), 1588-2008 (version 2): offsets in a message */
#define PTP_ETHERTYPE           0x88f7
#define PTP_HEADER_LEN          34
#define PTP_TYPE                0       /* version 2: bits 3:0 */
#define PTP_VERSION             1       /* bits 3:0 */
#define PTP_SOURCE              22      /* six bytes of the source's identity */
#define PTP_SEQUENCE            30
#define PTP_CONTROL             32
#define PTP_PDELAY_REQ          2
#define PTP_PDELAY_RESP         3

#endif
