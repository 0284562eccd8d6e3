/*
 * Messages in the mailbox between VF and PF driver of the 82599.
 *
 * The hardware only has 16 dwords and two doorbells (82599 datasheet, 8.2.3.27);
 * what they say is an agreement of drivers.  Source: those of Linux, DPDK,
 * FreeBSD and iPXE.  Dword 0 is the type in bits 15:0, a small argument in
 * 23:16, and flags above.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_IXGBE_MBX_H
#define SPEC_IXGBE_MBX_H

#define IXGBE_MBX_ACK           0x80000000u
#define IXGBE_MBX_NACK          0x40000000u
#define IXGBE_MBX_CTS           0x20000000u     /* clear to send */
#define IXGBE_MBX_TYPE          0x0000ffffu
#define IXGBE_MBX_INFO_SHIFT    16
#define IXGBE_MBX_INFO_MASK     0xffu

typedef enum IxgbeMbxType {
    IXGBE_MBX_RESET         = 0x01,
    IXGBE_MBX_SET_MAC       = 0x02,
    IXGBE_MBX_SET_MULTICAST = 0x03,
    IXGBE_MBX_SET_VLAN      = 0x04,
    IXGBE_MBX_SET_LPE       = 0x05,
    IXGBE_MBX_SET_MACVLAN   = 0x06,
    IXGBE_MBX_NEGOTIATE     = 0x08,
    IXGBE_MBX_GET_QUEUES    = 0x09,
    IXGBE_MBX_GET_RETA      = 0x0a,
    IXGBE_MBX_GET_RSS_KEY   = 0x0b,
    IXGBE_MBX_UPDATE_XCAST  = 0x0c,
    IXGBE_MBX_IPSEC_ADD     = 0x0d,
    IXGBE_MBX_IPSEC_DEL     = 0x0e,
    IXGBE_MBX_GET_LINK_STATE = 0x10,
    IXGBE_MBX_PING          = 0x100,            /* PF to VF */
} IxgbeMbxType;

/* Values of NEGOTIATE, in order of appearance and not of version. */
typedef enum IxgbeMbxApi {
    IXGBE_MBX_API_10 = 0,
    IXGBE_MBX_API_20 = 1,
    IXGBE_MBX_API_11 = 2,
    IXGBE_MBX_API_12 = 3,
    IXGBE_MBX_API_13 = 4,
    IXGBE_MBX_API_14 = 5,
    IXGBE_MBX_API_15 = 6,
} IxgbeMbxApi;

/* UPDATE_XCAST */
enum {
    IXGBE_MBX_XCAST_NONE     = 0,
    IXGBE_MBX_XCAST_MULTI    = 1,
    IXGBE_MBX_XCAST_ALLMULTI = 2,
    IXGBE_MBX_XCAST_PROMISC  = 3,
};

#endif
