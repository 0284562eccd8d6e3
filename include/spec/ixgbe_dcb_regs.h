/*
 * Intel 82599 registers of transmit scheduling, 82599 datasheet 8.2.3.10.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_IXGBE_DCB_REGS_H
#define SPEC_IXGBE_DCB_REGS_H

/* 8.2.3.9 MTQC */
#define IXGBE_MTQC_RT           0x00000001u     /* traffic classes */
#define IXGBE_MTQC_VT           0x00000002u     /* pools */
#define IXGBE_MTQC_LAYOUT       0x0000000cu
#define IXGBE_MTQC_4TC          0x00000008u
#define IXGBE_MTQC_8TC          0x0000000cu

#define IXGBE_RTTDT1S           0x0490c
#define IXGBE_RTTDT2C(n)        (0x04910 + 4 * (n))
#define IXGBE_RTTDT2S(n)        (0x04930 + 4 * (n))
#define IXGBE_RTTBCNRS          0x04988
#define IXGBE_RTTBCNRD          0x0498c
#define IXGBE_RTTDTECC          0x04990
#define IXGBE_TXLLQ(n)          (0x082e0 + 4 * (n))
#define IXGBE_RTTUP2TC          0x0c800         /* three bits a priority */
#define IXGBE_RTTPCS            0x0cd00
#define IXGBE_RTTPCS_TPPAC      0x00000020u     /* weighted, not plain */
#define IXGBE_RTTPCS_ARBDIS     0x00400000u
#define IXGBE_RTTPT2C(n)        (0x0cd20 + 4 * (n))
#define IXGBE_RTTPT2C_CRQ       0x000001ffu     /* refill, 64 bytes a unit */
#define IXGBE_RTTPT2C_MCL_SHIFT 9               /* 12 bits: most credits */
#define IXGBE_RTTPT2C_MCL       0x00000fffu
#define IXGBE_RTTPT2C_GSP       0x40000000u
#define IXGBE_RTTPT2C_LSP       0x80000000u
#define IXGBE_RTTPT2S(n)        (0x0cd40 + 4 * (n))
#define IXGBE_RTTPT_CREDIT      64

#endif
