/*
 * Intel 82599 registers of the adapter: control, link, filters, pools, switch,
 * mailboxes, rate control, statistics.
 *
 * Names and meanings follow the 82599 datasheet, chapter 8.2.3.  Offsets are
 * bytes in the PF's BAR0.  Queues and interrupts are in spec/ixgbe_regs.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_IXGBE_PF_REGS_H
#define SPEC_IXGBE_PF_REGS_H

#define IXGBE_PF_BAR0_SIZE      0x20000

#define IXGBE_DEV_82599_SFP     0x10fb

/* 8.2.3.1 general control */
#define IXGBE_CTRL              0x00000
#define IXGBE_CTRL_GIO_DIS      0x00000004u
#define IXGBE_CTRL_LRST         0x00000008u
#define IXGBE_CTRL_RST          0x04000000u
#define IXGBE_STATUS            0x00008
#define IXGBE_STATUS_LAN_ID_SHIFT 2
#define IXGBE_STATUS_LINK_UP    0x00000080u
#define IXGBE_STATUS_NUM_VFS_SHIFT 10
#define IXGBE_STATUS_IOV        0x00040000u
#define IXGBE_STATUS_GIO        0x00080000u
#define IXGBE_CTRL_EXT          0x00018
#define IXGBE_CTRL_EXT_PFRSTD   0x00004000u
#define IXGBE_CTRL_EXT_EXTENDED_VLAN 0x04000000u
#define IXGBE_CTRL_EXT_DRV_LOAD 0x10000000u

/* Causes of EICR that the adapter raises, 8.2.3.5.1 */
#define IXGBE_EICR_RX_MISS      0x00020000u
#define IXGBE_EICR_MAILBOX      0x00080000u
#define IXGBE_EICR_LSC          0x00100000u

/* 8.2.3.22 MAC */
#define IXGBE_HLREG0            0x04240
#define IXGBE_HLREG0_RXCRCSTRP  0x00000002u
#define IXGBE_HLREG0_JUMBOEN    0x00000004u
#define IXGBE_HLREG0_TXPADEN    0x00000400u
#define IXGBE_HLREG0_LPBK       0x00008000u
#define IXGBE_HLREG0_RXLNGTHERREN 0x08000000u
#define IXGBE_MAXFRS            0x04268
#define IXGBE_AUTOC             0x042a0
#define IXGBE_LINKS             0x042a4
#define IXGBE_AUTOC2            0x042a8
#define IXGBE_AUTOC2_LINK_DISABLE 0x70000000u
#define IXGBE_MFLCN             0x04294
#define IXGBE_MFLCN_PMCF        0x00000001u
#define IXGBE_MFLCN_DPF         0x00000002u

/* 8.2.3.8, 8.2.3.9 DMA, buffers */
#define IXGBE_RDRXCTL           0x02f00
#define IXGBE_RDRXCTL_DMAIDONE  0x00000008u
#define IXGBE_QDE               0x02f04
#define IXGBE_QDE_ENABLE        0x00000001u
#define IXGBE_QDE_HIDE_VLAN     0x00000002u
#define IXGBE_QDE_IDX_SHIFT     8
#define IXGBE_QDE_WRITE         0x00010000u
#define IXGBE_RXCTRL            0x03000
#define IXGBE_RXCTRL_RXEN       0x00000001u
#define IXGBE_RXPBSIZE(n)       (0x03c00 + 4 * (n))
#define IXGBE_RXPBSIZE_MASK     0x000ffc00u     /* bytes, in units of 1 KB */
#define IXGBE_TXPBSIZE(n)       (0x0cc00 + 4 * (n))
#define IXGBE_DMATXCTL          0x04a80
#define IXGBE_DMATXCTL_TE       0x00000001u
#define IXGBE_DMATXCTL_GDV      0x00000008u
#define IXGBE_DMATXCTL_VT_SHIFT 16
/* Flags as in the TCP header, from NS (bit 8) down to FIN. */
#define IXGBE_DTXTCPFLGL        0x04a88
#define IXGBE_DTXTCPFLGH        0x04a8c
#define IXGBE_DTXTCPFLG_MASK    0x00000fffu
#define IXGBE_MTQC              0x08120

/* 8.2.3.7, 8.2.3.27 receive filters */
#define IXGBE_FCTRL             0x05080
#define IXGBE_FCTRL_SBP         0x00000002u
#define IXGBE_FCTRL_MPE         0x00000100u
#define IXGBE_FCTRL_UPE         0x00000200u
#define IXGBE_FCTRL_BAM         0x00000400u
#define IXGBE_FCTRL_PMCF        0x00001000u
#define IXGBE_FCTRL_DPF         0x00002000u
#define IXGBE_EXVET             0x05078     /* outer VLAN type 31:16 */
#define IXGBE_VLNCTRL           0x05088
#define IXGBE_VLNCTRL_VET       0x0000ffffu
#define IXGBE_VLNCTRL_VFE       0x40000000u
#define IXGBE_MCSTCTRL          0x05090
#define IXGBE_MCSTCTRL_MO       0x00000003u
#define IXGBE_MCSTCTRL_MFE      0x00000004u
#define IXGBE_MTA(n)            (0x05200 + 4 * (n))
#define IXGBE_RAL(n)            (0x0a200 + 8 * (n))
#define IXGBE_RAH(n)            (0x0a204 + 8 * (n))
#define IXGBE_RAH_AV            0x80000000u
#define IXGBE_RAR_ENTRIES       128
#define IXGBE_MPSAR_LO(n)       (0x0a600 + 8 * (n))
#define IXGBE_MPSAR_HI(n)       (0x0a604 + 8 * (n))
#define IXGBE_VFTA(n)           (0x0a000 + 4 * (n))
#define IXGBE_UTA(n)            (0x0f400 + 4 * (n))
#define IXGBE_MRQC              0x05818
#define IXGBE_MRQC_MODE         0x0000000fu
#define IXGBE_RETA(n)           (0x05c00 + 4 * (n))
#define IXGBE_RSSRK(n)          (0x05c80 + 4 * (n))

/* MRQC.MRQE, 8.2.3.7 */
enum {
    IXGBE_MRQE_RSS          = 0x1,
    IXGBE_MRQE_RT8          = 0x2,
    IXGBE_MRQE_RT4          = 0x3,
    IXGBE_MRQE_RT8_RSS      = 0x4,
    IXGBE_MRQE_RT4_RSS      = 0x5,
    IXGBE_MRQE_VMDQ         = 0x8,
    IXGBE_MRQE_VMDQ_RSS32   = 0xa,
    IXGBE_MRQE_VMDQ_RSS64   = 0xb,
    IXGBE_MRQE_VMDQ_RT8     = 0xc,
    IXGBE_MRQE_VMDQ_RT4     = 0xd,
};
#define IXGBE_MRQC_TCP_IPV4     0x00010000u
#define IXGBE_MRQC_IPV4         0x00020000u
#define IXGBE_MRQC_IPV6         0x00100000u
#define IXGBE_MRQC_TCP_IPV6     0x00200000u
#define IXGBE_MRQC_UDP_IPV4     0x00400000u
#define IXGBE_MRQC_UDP_IPV6     0x00800000u

/* 8.2.3.27 virtualization */
#define IXGBE_VT_CTL            0x051b0
#define IXGBE_VT_CTL_ENA        0x00000001u
#define IXGBE_VT_CTL_POOL_SHIFT 7
#define IXGBE_VT_CTL_DIS_DEFPL  0x20000000u
#define IXGBE_VT_CTL_REPLEN     0x40000000u
#define IXGBE_VLVF(n)           (0x0f100 + 4 * (n))
#define IXGBE_VLVF_VIEN         0x80000000u
#define IXGBE_VLVF_ENTRIES      64
#define IXGBE_VLVFB(n)          (0x0f200 + 4 * (n))
#define IXGBE_VMOLR(n)          (0x0f000 + 4 * (n))
#define IXGBE_VMOLR_AUPE        0x01000000u
#define IXGBE_VMOLR_ROMPE       0x02000000u
#define IXGBE_VMOLR_ROPE        0x04000000u
#define IXGBE_VMOLR_BAM         0x08000000u
#define IXGBE_VMOLR_MPE         0x10000000u
#define IXGBE_VFRE(n)           (0x051e0 + 4 * (n))
#define IXGBE_VFTE(n)           (0x08110 + 4 * (n))
#define IXGBE_VMVIR(n)          (0x08000 + 4 * (n))
#define IXGBE_VMVIR_ACTION      0xc0000000u
#define IXGBE_VMVIR_DEFAULT     0x40000000u
#define IXGBE_VMVIR_NEVER       0x80000000u
#define IXGBE_PFVMTXSW(n)       (0x05180 + 4 * (n))
#define IXGBE_PFVFSPOOF(n)      (0x08200 + 4 * (n))
#define IXGBE_PFDTXGSWC         0x08220
#define IXGBE_PFDTXGSWC_LBE     0x00000001u
#define IXGBE_VMECM(n)          (0x08790 + 4 * (n))
#define IXGBE_SSVPC             0x08780
#define IXGBE_MRCTL(n)          (0x0f600 + 4 * (n))
#define IXGBE_MRCTL_VPME        0x00000001u
#define IXGBE_MRCTL_UPME        0x00000002u
#define IXGBE_MRCTL_DPME        0x00000004u
#define IXGBE_MRCTL_VLME        0x00000008u
#define IXGBE_MRCTL_POOL_SHIFT  8
#define IXGBE_VMRVLAN(n)        (0x0f610 + 4 * (n))
#define IXGBE_VMRVM(n)          (0x0f630 + 4 * (n))
#define IXGBE_GCR_EXT           0x11050

/* 8.2.3.28 mailboxes, function resets */
#define IXGBE_PFMAILBOX(n)      (0x04b00 + 4 * (n))
#define IXGBE_PFMAILBOX_STS     0x01u
#define IXGBE_PFMAILBOX_ACK     0x02u
#define IXGBE_PFMAILBOX_VFU     0x04u
#define IXGBE_PFMAILBOX_PFU     0x08u
#define IXGBE_PFMAILBOX_RVFU    0x10u
#define IXGBE_PFMBMEM(vf)       (0x13000 + 64 * (vf))
#define IXGBE_PFMBICR(n)        (0x00710 + 4 * (n))
#define IXGBE_PFMBIMR(n)        (0x00720 + 4 * (n))
#define IXGBE_VFLRE0            0x00600
#define IXGBE_VFLRE1            0x001c0
#define IXGBE_VFLREC(n)         (0x00700 + 4 * (n))

/* 8.2.3.10 rate control */
#define IXGBE_RTTDCS            0x04900
#define IXGBE_RTTDCS_ARBDIS     0x00000040u
#define IXGBE_RTTDQSEL          0x04904
#define IXGBE_RTTBCNRM          0x04980
#define IXGBE_RTTBCNRC          0x04984
#define IXGBE_RTTBCNRC_RS_ENA   0x80000000u
#define IXGBE_RTTBCNRC_FACTOR   0x0fffffffu     /* 14.14 fixed point */
#define IXGBE_RTTBCNRC_SHIFT    14

#define IXGBE_SECRXCTRL         0x08d00
#define IXGBE_SECRXCTRL_RX_DIS  0x00000002u
#define IXGBE_SECRXSTAT         0x08d04
#define IXGBE_SECRXSTAT_RDY     0x00000001u

/* 8.2.3.23 statistics */
#define IXGBE_CRCERRS           0x04000
#define IXGBE_ILLERRC           0x04004
#define IXGBE_ERRBC             0x04008
#define IXGBE_MSPDC             0x04010
#define IXGBE_MLFC              0x04034
#define IXGBE_MRFC              0x04038
#define IXGBE_RLEC              0x04040
#define IXGBE_RNBC(n)           (0x03fc0 + 4 * (n))
#define IXGBE_RFC               0x040a8
#define IXGBE_RJC               0x040b0
#define IXGBE_MNGPRC            0x040b4
#define IXGBE_MNGPDC            0x040b8
#define IXGBE_MNGPTC            0x0cf90
#define IXGBE_XEC               0x04120
#define IXGBE_RXNFGPC           0x041b0         /* + 4, + 8: bytes */
#define IXGBE_RXDDGPC           0x02f5c
#define IXGBE_RXLPBKGPC         0x02f68
#define IXGBE_RXDLPBKGPC        0x02f74
#define IXGBE_FCCRC             0x05118
#define IXGBE_FCOERPDC          0x0241c
#define IXGBE_FCLAST            0x02424
#define IXGBE_FCOEPRC           0x02428
#define IXGBE_FCOEDWRC          0x0242c
#define IXGBE_FCOEPTC           0x08784
#define IXGBE_FCOEDWTC          0x08788
#define IXGBE_MPC(n)            (0x03fa0 + 4 * (n))
#define IXGBE_PRC64             0x0405c     /* 6 registers up to PRC1522 */
#define IXGBE_GPRC              0x04074
#define IXGBE_BPRC              0x04078
#define IXGBE_MPRC              0x0407c
#define IXGBE_GPTC              0x04080
#define IXGBE_GORCL             0x04088
#define IXGBE_GOTCL             0x04090
#define IXGBE_RUC               0x040a4
#define IXGBE_ROC               0x040ac
#define IXGBE_TORL              0x040c0
#define IXGBE_TPR               0x040d0
#define IXGBE_TPT               0x040d4
#define IXGBE_PTC64             0x040d8     /* 6 registers up to PTC1522 */
#define IXGBE_MPTC              0x040f0
#define IXGBE_BPTC              0x040f4
#define IXGBE_RXDGPC            0x02f50
#define IXGBE_TXDGPC            0x087a0
#define IXGBE_RQSMR(n)          (0x02300 + 4 * (n))
#define IXGBE_TQSM(n)           (0x08600 + 4 * (n))
#define IXGBE_QPRC(n)           (0x01030 + 0x40 * (n))
#define IXGBE_QBRC_L(n)         (0x01034 + 0x40 * (n))
#define IXGBE_QPRDC(n)          (0x01430 + 0x40 * (n))
#define IXGBE_QPTC(n)           (0x06030 + 0x40 * (n))
#define IXGBE_QBTC_L(n)         (0x08700 + 8 * (n))

#endif
