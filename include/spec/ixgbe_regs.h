/*
 * Intel 82599 registers of a function: queues, interrupts and the VF's view.
 *
 * Names and meanings follow the 82599 datasheet, chapter 8: 8.2.3 for the PF,
 * 8.3 for the VF.  Offsets are bytes in BAR0.  The registers of the adapter
 * (filters, switch, MAC, NVM) are in spec/ixgbe_pf_regs.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_IXGBE_REGS_H
#define SPEC_IXGBE_REGS_H

#define IXGBE_VENDOR_ID         0x8086
#define IXGBE_DEV_82599_VF      0x10ed  /* mailbox flavour */
#define IXGBE_DEV_82599_VF_HV   0x152e  /* Hyper-V flavour */

#define IXGBE_VF_BAR0_SIZE      0x4000
#define IXGBE_VF_MSIX_BAR_SIZE  0x4000
#define IXGBE_VF_MSIX_PBA       0x2000
#define IXGBE_VF_VECTORS        3
#define IXGBE_VF_QUEUES         8
/* The Hyper-V flavour's driver reads its address here (config space). */
#define IXGBE_VF_HV_MAC_CONFIG  0x201

/* 8.3.5 general control, VF */
#define IXGBE_VFCTRL            0x0000
#define IXGBE_VFCTRL_RST        0x04000000u
#define IXGBE_VFSTATUS          0x0008
#define IXGBE_VFLINKS           0x0010
#define IXGBE_VFFRTIMER         0x0048
#define IXGBE_VFRXMEMWRAP       0x3190

/* 8.2.3.22 LINKS, mirrored by VFLINKS */
#define IXGBE_LINKS_UP          0x40000000u
#define IXGBE_LINKS_SPEED_MASK  0x30000000u
#define IXGBE_LINKS_SPEED_10G   0x30000000u
#define IXGBE_LINKS_SPEED_1G    0x20000000u
#define IXGBE_LINKS_SPEED_100M  0x10000000u

/* 8.3.5 interrupts, VF */
#define IXGBE_VTEICR            0x0100
#define IXGBE_VTEICS            0x0104
#define IXGBE_VTEIMS            0x0108
#define IXGBE_VTEIMC            0x010c
#define IXGBE_VTEIAC            0x0110
#define IXGBE_VTEIAM            0x0114
#define IXGBE_VTIVAR(n)         (0x0120 + 4 * (n))
#define IXGBE_VTIVAR_MISC       0x0140
#define IXGBE_VTRSCINT(n)       (0x0180 + 4 * (n))
#define IXGBE_VTEITR(n)         (0x0820 + 4 * (n))
#define IXGBE_VT_CAUSES         0x7u

#define IXGBE_IVAR_VALID        0x80u
/* 8.2.3.5 EITR: ITR_INTERVAL counts 2 microseconds from bit 3. */
#define IXGBE_EITR_INTERVAL     0x00000ff8u
#define IXGBE_EITR_LLI          0x001f8000u
#define IXGBE_EITR_CNT_WDIS     0x80000000u

/* 8.2.3.5 interrupts, PF */
#define IXGBE_FRTIMER           0x00048
#define IXGBE_EICR              0x00800
#define IXGBE_EICS              0x00808
#define IXGBE_EIAC              0x00810
#define IXGBE_EITR(n)           (0x00820 + 4 * (n))     /* 0..23 */
#define IXGBE_EITR_HIGH(n)      (0x12300 + 4 * ((n) - 24))  /* 24..128 */
#define IXGBE_EITRS             129
#define IXGBE_EIMS              0x00880
#define IXGBE_EIMC              0x00888
#define IXGBE_EIAM              0x00890
#define IXGBE_EITRSEL           0x00894
#define IXGBE_GPIE              0x00898
#define IXGBE_IVAR(n)           (0x00900 + 4 * (n))
#define IXGBE_IVAR_MISC         0x00a00
#define IXGBE_EICR_EX(n)        (0x00a80 + 4 * (n))
#define IXGBE_EICS_EX(n)        (0x00a90 + 4 * (n))
#define IXGBE_EIMS_EX(n)        (0x00aa0 + 4 * (n))
#define IXGBE_EIMC_EX(n)        (0x00ab0 + 4 * (n))
#define IXGBE_EIAM_EX(n)        (0x00ad0 + 4 * (n))
#define IXGBE_RSCINT(n)         (0x12000 + 4 * (n))

/* Four vectors, each with a bit that says whether it is one. */
#define IXGBE_IVAR_MASK         0xbfbfbfbfu
#define IXGBE_IVAR_VECTOR       0x3fu
#define IXGBE_EICR_QUEUES       0x0000ffffu
#define IXGBE_EICR_SDPS         0x07000000u
#define IXGBE_EICR_SDPS_SHIFT   24
#define IXGBE_GPIE_SDP          0x00000007u     /* SDP 0 to 2 are causes */
#define IXGBE_GPIE_MSIX         0x00000010u     /* Multiple_MSIX */
#define IXGBE_GPIE_OCD          0x00000020u
#define IXGBE_GPIE_EIMEN        0x00000040u
#define IXGBE_GPIE_EIAME        0x40000000u

/* 8.3.5 mailbox, VF */
#define IXGBE_VFMBMEM(n)        (0x0200 + 4 * (n))
#define IXGBE_VFMAILBOX         0x02fc
#define IXGBE_VFMAILBOX_REQ     0x01u
#define IXGBE_VFMAILBOX_ACK     0x02u
#define IXGBE_VFMAILBOX_VFU     0x04u
#define IXGBE_VFMAILBOX_PFU     0x08u
#define IXGBE_VFMAILBOX_PFSTS   0x10u
#define IXGBE_VFMAILBOX_PFACK   0x20u
#define IXGBE_VFMAILBOX_RSTI    0x40u
#define IXGBE_VFMAILBOX_RSTD    0x80u

/* 8.3.5 receive, VF; the same order of registers in each PF queue */
#define IXGBE_VFPSRTYPE         0x0300
#define IXGBE_VFRDBAL(n)        (0x1000 + 0x40 * (n))
#define IXGBE_VFRDBAH(n)        (0x1004 + 0x40 * (n))
#define IXGBE_VFRDLEN(n)        (0x1008 + 0x40 * (n))
#define IXGBE_VFDCA_RXCTRL(n)   (0x100c + 0x40 * (n))
#define IXGBE_VFRDH(n)          (0x1010 + 0x40 * (n))
#define IXGBE_VFSRRCTL(n)       (0x1014 + 0x40 * (n))
#define IXGBE_VFRDT(n)          (0x1018 + 0x40 * (n))
#define IXGBE_VFRXDCTL(n)       (0x1028 + 0x40 * (n))
#define IXGBE_VFRSCCTL(n)       (0x102c + 0x40 * (n))

/* 8.3.5 transmit, VF */
#define IXGBE_VFTDBAL(n)        (0x2000 + 0x40 * (n))
#define IXGBE_VFTDBAH(n)        (0x2004 + 0x40 * (n))
#define IXGBE_VFTDLEN(n)        (0x2008 + 0x40 * (n))
#define IXGBE_VFDCA_TXCTRL(n)   (0x200c + 0x40 * (n))
#define IXGBE_VFTDH(n)          (0x2010 + 0x40 * (n))
#define IXGBE_VFTDT(n)          (0x2018 + 0x40 * (n))
#define IXGBE_VFTXDCTL(n)       (0x2028 + 0x40 * (n))
#define IXGBE_VFTDWBAL(n)       (0x2038 + 0x40 * (n))
#define IXGBE_VFTDWBAH(n)       (0x203c + 0x40 * (n))

/* 8.3.5 counters, VF */
#define IXGBE_VFGPRC            0x101c
#define IXGBE_VFGORC_LSB        0x1020
#define IXGBE_VFGORC_MSB        0x1024
#define IXGBE_VFMPRC            0x1034
#define IXGBE_VFGPTC            0x201c
#define IXGBE_VFGOTC_LSB        0x2020
#define IXGBE_VFGOTC_MSB        0x2024

/* 8.2.3.8, 8.2.3.9 queues, PF: 0 to 63, and 64 to 127 of receive */
#define IXGBE_PF_RXQ            0x01000         /* as VFRDBAL(0) and on */
#define IXGBE_PF_RXQ_HIGH       0x0d000
#define IXGBE_PF_TXQ            0x06000         /* as VFTDBAL(0) and on */
#define IXGBE_RDBAL(n) \
    ((n) < 64 ? 0x01000 + 0x40 * (n) : 0x0d000 + 0x40 * ((n) - 64))
#define IXGBE_RDBAH(n)          (IXGBE_RDBAL(n) + 0x04)
#define IXGBE_RDLEN(n)          (IXGBE_RDBAL(n) + 0x08)
#define IXGBE_DCA_RXCTRL(n)     (IXGBE_RDBAL(n) + 0x0c)
#define IXGBE_RDH(n)            (IXGBE_RDBAL(n) + 0x10)
#define IXGBE_SRRCTL(n)         (IXGBE_RDBAL(n) + 0x14)
#define IXGBE_RDT(n)            (IXGBE_RDBAL(n) + 0x18)
#define IXGBE_RXDCTL(n)         (IXGBE_RDBAL(n) + 0x28)
#define IXGBE_RSCCTL(n)         (IXGBE_RDBAL(n) + 0x2c)
#define IXGBE_SRRCTL_ALIAS(n)   (0x02100 + 4 * (n))     /* 0..15 */
#define IXGBE_DCA_RXCTRL_ALIAS(n) (0x02200 + 4 * (n))   /* 0..15 */
#define IXGBE_TDBAL(n)          (0x06000 + 0x40 * (n))
#define IXGBE_TDBAH(n)          (0x06004 + 0x40 * (n))
#define IXGBE_TDLEN(n)          (0x06008 + 0x40 * (n))
#define IXGBE_DCA_TXCTRL(n)     (0x0600c + 0x40 * (n))
#define IXGBE_TDH(n)            (0x06010 + 0x40 * (n))
#define IXGBE_TDT(n)            (0x06018 + 0x40 * (n))
#define IXGBE_TXDCTL(n)         (0x06028 + 0x40 * (n))
#define IXGBE_TDWBAL(n)         (0x06038 + 0x40 * (n))
#define IXGBE_TDWBAH(n)         (0x0603c + 0x40 * (n))
#define IXGBE_RSCDBU            0x03028
#define IXGBE_RXCSUM            0x05000
#define IXGBE_PSRTYPE_ALIAS(n)  (0x05480 + 4 * (n))     /* 0..15 */
#define IXGBE_PSRTYPE(n)        (0x0ea00 + 4 * (n))
#define IXGBE_DCA_ID            0x11070
#define IXGBE_DCA_CTRL          0x11074

/* Fields of a queue's registers, PF and VF alike */

#define IXGBE_RING_ALIGN_MASK   0xffffff80u     /* RDBAL, TDBAL */
#define IXGBE_RING_LEN_MASK     0x000fff80u     /* RDLEN, TDLEN: bytes */
#define IXGBE_RING_INDEX_MASK   0x0000ffffu     /* RDH, RDT, TDH, TDT */

/* 8.2.3.8 RXDCTL */
#define IXGBE_RXDCTL_RLPML      0x00003fffu
#define IXGBE_RXDCTL_RLPML_EN   0x00008000u
#define IXGBE_RXDCTL_ENABLE     0x02000000u
#define IXGBE_RXDCTL_SWFLSH     0x04000000u
#define IXGBE_RXDCTL_VME        0x40000000u

/* 8.2.3.8 SRRCTL */
#define IXGBE_SRRCTL_BSIZEPKT   0x0000001fu     /* KB */
#define IXGBE_SRRCTL_BSIZEHDR   0x00003f00u     /* 64 bytes, from bit 8 */
#define IXGBE_SRRCTL_BSIZEHDR_SHIFT 8
#define IXGBE_SRRCTL_DESCTYPE   0x0e000000u
#define IXGBE_SRRCTL_LEGACY     0x00000000u
#define IXGBE_SRRCTL_ONE_BUFFER 0x02000000u
#define IXGBE_SRRCTL_SPLIT      0x04000000u
#define IXGBE_SRRCTL_SPLIT_ALWAYS 0x0a000000u
#define IXGBE_SRRCTL_DROP_EN    0x10000000u
#define IXGBE_SRRCTL_RDMTS      0x01c00000u
#define IXGBE_SRRCTL_RDMTS_SHIFT 22

/* 8.2.3.8 RSCCTL */
#define IXGBE_RSCCTL_EN         0x00000001u
#define IXGBE_RSCCTL_MAXDESC    0x0000000cu     /* 1, 4, 8, 16 */

/* 8.2.3.7 PSRTYPE */
#define IXGBE_PSRTYPE_TCPHDR    0x00000010u
#define IXGBE_PSRTYPE_UDPHDR    0x00000020u
#define IXGBE_PSRTYPE_IPV4HDR   0x00000100u
#define IXGBE_PSRTYPE_IPV6HDR   0x00000200u
#define IXGBE_PSRTYPE_L2HDR     0x00001000u
#define IXGBE_PSRTYPE_RQPL_SHIFT 29

/* 8.2.3.7 RXCSUM */
#define IXGBE_RXCSUM_IPPCSE     0x00001000u
#define IXGBE_RXCSUM_PCSD       0x00002000u

/* 8.2.3.9 TXDCTL */
#define IXGBE_TXDCTL_PTHRESH    0x0000007fu
#define IXGBE_TXDCTL_HTHRESH    0x00007f00u
#define IXGBE_TXDCTL_WTHRESH    0x007f0000u
#define IXGBE_TXDCTL_WTHRESH_SHIFT 16
#define IXGBE_TXDCTL_ENABLE     0x02000000u
#define IXGBE_TXDCTL_SWFLSH     0x04000000u
/* 8.2.3.9 TDWBAL */
#define IXGBE_TDWBAL_EN         0x00000001u
#define IXGBE_TDWBAL_ADDR       0xfffffffcu

#endif
