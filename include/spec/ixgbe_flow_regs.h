/*
 * Intel 82599 registers of flow control, 82599 datasheet 8.2.3.3, and MAC
 * control frames (IEEE 802.3 annex 31B, 802.1Q 36).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_IXGBE_FLOW_REGS_H
#define SPEC_IXGBE_FLOW_REGS_H

/* 8.2.3.22: MFLCN; its other bits are the receive filters' */
#define IXGBE_MFLCN_RPFCE       0x00000004u     /* obey priority PAUSE */
#define IXGBE_MFLCN_RFCE        0x00000008u     /* obey PAUSE */

#define IXGBE_PFCTOP            0x03008         /* type 15:0, opcode 31:16 */
#define IXGBE_FCTTV(n)          (0x03200 + 4 * (n))     /* two classes each */
#define IXGBE_FCRTL(n)          (0x03220 + 4 * (n))
#define IXGBE_FCRTL_XONE        0x80000000u
#define IXGBE_FCRTH(n)          (0x03260 + 4 * (n))
#define IXGBE_FCRTH_FCEN        0x80000000u
/* Units of 32 bytes; bit 4 is kept too, as drivers test. */
#define IXGBE_FCRT_BYTES        0x0007fff0u
#define IXGBE_FCRTV             0x032a0
#define IXGBE_FCCFG             0x03d00
#define IXGBE_FCCFG_TFCE        0x00000018u
#define IXGBE_FCCFG_TFCE_LINK   0x00000008u
#define IXGBE_FCCFG_TFCE_PRIO   0x00000010u
/* Bit n: transmission of class n is stopped. */
#define IXGBE_TFCS              0x0ce00

/* 8.2.3.23 */
#define IXGBE_PXONTXC(n)        (0x03f00 + 4 * (n))
#define IXGBE_PXOFFTXC(n)       (0x03f20 + 4 * (n))
#define IXGBE_LXONTXC           0x03f60
#define IXGBE_LXOFFTXC          0x03f68
#define IXGBE_PXONRXCNT(n)      (0x04140 + 4 * (n))
#define IXGBE_PXOFFRXCNT(n)     (0x04160 + 4 * (n))
#define IXGBE_LXONRXCNT         0x041a4
#define IXGBE_LXOFFRXCNT        0x041a8

/* MAC control frames */
#define MAC_CONTROL_TYPE        0x8808
#define MAC_CONTROL_PAUSE       0x0001
#define MAC_CONTROL_LEN         60
/* 01-80-C2-00-00-01 */
#define MAC_CONTROL_ADDRESS     0x0180c2000001ull
/* A quantum is 512 bits: at 10 Gb/s 51.2 ns. */
#define MAC_CONTROL_QUANTUM_BITS 512

#endif
