/*
 * Intel 82599 registers of the receive filters that choose a queue: ethertype,
 * SYN, 5-tuple, flow director; and of the traffic classes.
 *
 * Names and meanings follow the 82599 datasheet, chapters 7.1.2 and 8.2.3.7,
 * 8.2.3.19 (flow director).  Offsets are bytes in the PF's BAR0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_IXGBE_FILTER_REGS_H
#define SPEC_IXGBE_FILTER_REGS_H

/* 8.2.3.10 traffic classes */
#define IXGBE_RTRUP2TC          0x03020     /* 3 bits for each priority */
#define IXGBE_RQTC              0x0ec70     /* log2 of a class's RSS queues */
#define IXGBE_TRAFFIC_CLASSES   8

/* 8.2.3.7 receive filter control */
#define IXGBE_RFCTL             0x05008
#define IXGBE_RFCTL_RSC_DIS     0x00000020u

/* 8.2.3.7 ethertype filters */
#define IXGBE_ETQF(n)           (0x05128 + 4 * (n))
#define IXGBE_ETQF_ETYPE        0x0000ffffu
#define IXGBE_ETQF_UP_SHIFT     16
#define IXGBE_ETQF_UP_EN        0x00080000u
#define IXGBE_ETQF_POOL_SHIFT   20
#define IXGBE_ETQF_POOL_EN      0x04000000u
#define IXGBE_ETQF_FCOE         0x08000000u
#define IXGBE_ETQF_1588         0x40000000u
#define IXGBE_ETQF_EN           0x80000000u
#define IXGBE_ETQS(n)           (0x0ec00 + 4 * (n))
#define IXGBE_ETQS_QUEUE_SHIFT  16
#define IXGBE_ETQS_LLI          0x20000000u
#define IXGBE_ETQS_QUEUE_EN     0x80000000u
#define IXGBE_ETYPE_FILTERS     8

/* 8.2.3.7 SYN filter */
#define IXGBE_SYNQF             0x0ec30
#define IXGBE_SYNQF_EN          0x00000001u
#define IXGBE_SYNQF_QUEUE_SHIFT 1
#define IXGBE_SYNQF_FIRST       0x80000000u     /* SYNQFP: before 5-tuples */

/* 8.2.3.7 5-tuple filters; addresses and ports in the order of the wire */
#define IXGBE_SAQF(n)           (0x0e000 + 4 * (n))
#define IXGBE_DAQF(n)           (0x0e200 + 4 * (n))
#define IXGBE_SDPQF(n)          (0x0e400 + 4 * (n))
#define IXGBE_FTQF(n)           (0x0e600 + 4 * (n))
#define IXGBE_FTQF_PROTOCOL     0x00000003u     /* TCP, UDP, SCTP, other */
#define IXGBE_FTQF_PRIORITY_SHIFT 2             /* 7 is the highest */
#define IXGBE_FTQF_POOL_SHIFT   8
#define IXGBE_FTQF_ANY_SRC      0x02000000u
#define IXGBE_FTQF_ANY_DST      0x04000000u
#define IXGBE_FTQF_ANY_SPORT    0x08000000u
#define IXGBE_FTQF_ANY_DPORT    0x10000000u
#define IXGBE_FTQF_ANY_PROTOCOL 0x20000000u
#define IXGBE_FTQF_ANY_POOL     0x40000000u
#define IXGBE_FTQF_EN           0x80000000u
#define IXGBE_L34TIMIR(n)       (0x0e800 + 4 * (n))
#define IXGBE_L34TIMIR_LLI      0x00100000u
#define IXGBE_L34TIMIR_QUEUE_SHIFT 21
#define IXGBE_TUPLE_FILTERS     128

/* 8.2.3.19 flow director; addresses in the order of the wire */
#define IXGBE_FDIRCTRL          0x0ee00
#define IXGBE_FDIRCTRL_PBALLOC  0x00000003u     /* 64 KB << n - 1 */
#define IXGBE_FDIRCTRL_INIT_DONE 0x00000008u
#define IXGBE_FDIRCTRL_PERFECT  0x00000010u
#define IXGBE_FDIRCTRL_REPORT   0x00000020u
#define IXGBE_FDIRCTRL_REPORT_ALWAYS 0x00000080u
#define IXGBE_FDIRCTRL_DROP_SHIFT 8
#define IXGBE_FDIRCTRL_FLEX_SHIFT 16            /* words */
#define IXGBE_FDIRCTRL_MAX_LENGTH_SHIFT 24
#define IXGBE_FDIRCTRL_THRESH_SHIFT 28          /* 16 filters */
#define IXGBE_FDIRSIPV6(n)      (0x0ee0c + 4 * (n))
#define IXGBE_FDIRIPSA          0x0ee18
#define IXGBE_FDIRIPDA          0x0ee1c
#define IXGBE_FDIRPORT          0x0ee20         /* source 15:0 */
#define IXGBE_FDIRVLAN          0x0ee24         /* flexible bytes 31:16 */
#define IXGBE_FDIRHASH          0x0ee28
#define IXGBE_FDIRHASH_HASH     0x00007fffu
#define IXGBE_FDIRHASH_BUCKET_VALID 0x00008000u
#define IXGBE_FDIRHASH_ID_SHIFT 16              /* signature, software index */
#define IXGBE_FDIRCMD           0x0ee2c
#define IXGBE_FDIRCMD_CMD       0x00000003u
#define IXGBE_FDIRCMD_ADD       0x00000001u
#define IXGBE_FDIRCMD_REMOVE    0x00000002u
#define IXGBE_FDIRCMD_QUERY     0x00000003u
#define IXGBE_FDIRCMD_VALID     0x00000004u
#define IXGBE_FDIRCMD_UPDATE    0x00000008u
#define IXGBE_FDIRCMD_IPV6_DST  0x00000010u
#define IXGBE_FDIRCMD_TYPE_SHIFT 5              /* L4 type, IPv6 */
#define IXGBE_FDIRCMD_CLEARHT   0x00000100u
#define IXGBE_FDIRCMD_DROP      0x00000200u
#define IXGBE_FDIRCMD_INT       0x00000400u
#define IXGBE_FDIRCMD_COLLISION 0x00001000u
#define IXGBE_FDIRCMD_QUEUE_EN  0x00008000u
#define IXGBE_FDIRCMD_QUEUE_SHIFT 16
#define IXGBE_FDIRCMD_POOL_SHIFT 24
#define IXGBE_FDIRFREE          0x0ee38         /* free 15:0, collided 30:16 */
#define IXGBE_FDIRDIP4M         0x0ee3c
#define IXGBE_FDIRSIP4M         0x0ee40
#define IXGBE_FDIRTCPM          0x0ee44
#define IXGBE_FDIRUDPM          0x0ee48
#define IXGBE_FDIRLEN           0x0ee4c
#define IXGBE_FDIRUSTAT         0x0ee50         /* added 15:0, removed 31:16 */
#define IXGBE_FDIRFSTAT         0x0ee54         /* failed: add 7:0, remove 15:8 */
#define IXGBE_FDIRMATCH         0x0ee58
#define IXGBE_FDIRMISS          0x0ee5c
#define IXGBE_FDIRHKEY          0x0ee68
#define IXGBE_FDIRSKEY          0x0ee6c
#define IXGBE_FDIRM             0x0ee70
#define IXGBE_FDIRM_VLANID      0x00000001u
#define IXGBE_FDIRM_VLANP       0x00000002u
#define IXGBE_FDIRM_POOL        0x00000004u
#define IXGBE_FDIRM_L4P         0x00000008u
#define IXGBE_FDIRM_FLEX        0x00000010u
#define IXGBE_FDIRM_DIPV6       0x00000020u
#define IXGBE_FDIRIP6M          0x0ee74         /* a bit for each byte */
#define IXGBE_FDIRSCTPM         0x0ee78

/* 8.2.3.24 the one IPv6 address that IPV6_DST compares with */
#define IXGBE_IPAV              0x05838
#define IXGBE_IPAV_V6           0x00010000u
#define IXGBE_IP6AT(n)          (0x05880 + 4 * (n))

#endif
