/*
 * VT-d registers: offsets and fields.
 *
 * Source: Intel Virtualization Technology for Directed I/O, architecture
 * specification, revision 4.1, chapter 11 (section numbers below).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_VTD_REGS_H
#define SPEC_VTD_REGS_H

#include "iovlab/bytes.h"

enum {
    VTD_VER = 0x000,            /* 11.4.1 */
    VTD_CAP = 0x008,            /* 11.4.2 */
    VTD_ECAP = 0x010,           /* 11.4.3 */
    VTD_GCMD = 0x018,           /* 11.4.4.1 */
    VTD_GSTS = 0x01c,           /* 11.4.4.2 */
    VTD_RTADDR = 0x020,         /* 11.4.5 */
    VTD_CCMD = 0x028,           /* 11.4.6.1 */
    VTD_FSTS = 0x034,           /* 11.4.7.1 */
    VTD_FECTL = 0x038,          /* 11.4.7.2 */
    VTD_FEDATA = 0x03c,
    VTD_FEADDR = 0x040,
    VTD_FEUADDR = 0x044,
    VTD_AFLOG = 0x058,          /* 3.1: 10.4.15 */
    VTD_PMEN = 0x064,           /* 11.4.8.1 */
    VTD_PLMBASE = 0x068,
    VTD_PLMLIMIT = 0x06c,
    VTD_PHMBASE = 0x070,
    VTD_PHMLIMIT = 0x078,
    VTD_IQH = 0x080,            /* 11.4.9.1 */
    VTD_IQT = 0x088,            /* 11.4.9.2 */
    VTD_IQA = 0x090,            /* 11.4.9.3 */
    VTD_ICS = 0x09c,            /* 11.4.9.4 */
    VTD_IECTL = 0x0a0,          /* 11.4.9.5 */
    VTD_IEDATA = 0x0a4,
    VTD_IEADDR = 0x0a8,
    VTD_IEUADDR = 0x0ac,
    VTD_IQERCD = 0x0b0,         /* 11.4.9.9 */
    VTD_IRTA = 0x0b8,           /* 11.4.10 */
    VTD_PQH = 0x0c0,            /* 11.4.11: page requests */
    VTD_PQT = 0x0c8,
    VTD_PQA = 0x0d0,
    VTD_PRS = 0x0dc,
    VTD_PECTL = 0x0e0,
    VTD_PEDATA = 0x0e4,
    VTD_PEADDR = 0x0e8,
    VTD_PEUADDR = 0x0ec,
    VTD_IVA = 0x0f0,            /* 11.4.6.2.1, place chosen by ECAP.IRO */
    VTD_IOTLB = 0x0f8,          /* 11.4.6.2.2 */
    VTD_FRCD = 0x220,           /* 11.4.7.6, place chosen by CAP.FRO */
    VTD_MMIO_SIZE = 0x1000,
};

/* The window fits this many 16-byte records behind VTD_FRCD. */
#define VTD_FRCD_MAX ((VTD_MMIO_SIZE - VTD_FRCD) / 16)

/* CAP, 11.4.2. */
#define VTD_CAP_ND_64K 6ULL                     /* 16-bit domain ids */
#define VTD_CAP_AFL (1ULL << 3)                 /* reserved since 4.0 */
#define VTD_CAP_RWBF (1ULL << 4)
#define VTD_CAP_PLMR (1ULL << 5)
#define VTD_CAP_PHMR (1ULL << 6)
#define VTD_CAP_CM (1ULL << 7)
#define VTD_CAP_SAGAW_3LEVEL (1ULL << 9)
#define VTD_CAP_SAGAW_4LEVEL (1ULL << 10)
#define VTD_CAP_SAGAW_5LEVEL (1ULL << 11)
#define VTD_CAP_MGAW_SHIFT 16
#define VTD_CAP_ZLR (1ULL << 22)
#define VTD_CAP_FRO_SHIFT 24
#define VTD_CAP_SSLPS_2M (1ULL << 34)
#define VTD_CAP_SSLPS_1G (1ULL << 35)
#define VTD_CAP_PSI (1ULL << 39)
#define VTD_CAP_NFR_SHIFT 40
#define VTD_CAP_MAMV_SHIFT 48
#define VTD_CAP_DWD (1ULL << 54)
#define VTD_CAP_DRD (1ULL << 55)
#define VTD_CAP_FS1GP (1ULL << 56)
#define VTD_CAP_FS5LP (1ULL << 60)
#define VTD_CAP_ESIRTPS (1ULL << 62)
#define VTD_CAP_ESRTPS (1ULL << 63)

/*
 * Largest address mask of a page-selective invalidation: 1 GiB, and with
 * scalable mode, whose drivers do not ask, everything.
 */
#define VTD_MAMV 18
#define VTD_MAMV_SCALABLE 45

/* ECAP, 11.4.3. */
#define VTD_ECAP_C (1ULL << 0)
#define VTD_ECAP_QI (1ULL << 1)
#define VTD_ECAP_DT (1ULL << 2)
#define VTD_ECAP_IR (1ULL << 3)
#define VTD_ECAP_EIM (1ULL << 4)
#define VTD_ECAP_PT (1ULL << 6)
#define VTD_ECAP_SC (1ULL << 7)
#define VTD_ECAP_IRO_SHIFT 8
#define VTD_ECAP_MHMV_SHIFT 20
#define VTD_ECAP_NEST (1ULL << 26)
#define VTD_ECAP_PRS (1ULL << 29)
#define VTD_ECAP_SRS (1ULL << 31)
#define VTD_ECAP_NWFS (1ULL << 33)
#define VTD_ECAP_EAFS (1ULL << 34)
#define VTD_ECAP_PSS_SHIFT 35
#define VTD_ECAP_PASID (1ULL << 40)
#define VTD_ECAP_PDS (1ULL << 42)
#define VTD_ECAP_SMTS (1ULL << 43)
#define VTD_ECAP_SSADS (1ULL << 45)
#define VTD_ECAP_SSTS (1ULL << 46)
#define VTD_ECAP_FSTS (1ULL << 47)
#define VTD_ECAP_SMPWCS (1ULL << 48)
#define VTD_ECAP_RPS (1ULL << 49)
#define VTD_ECAP_ADMS (1ULL << 52)
#define VTD_ECAP_RPRIVS (1ULL << 53)

/* Largest index mask of an interrupt-entry invalidation. */
#define VTD_MHMV 15

/* Protected memory, 11.4.8; regions of whole units, a size of our choice. */
#define VTD_PMEN_EPM (1U << 31)
#define VTD_PMEN_PRS (1U << 0)
#define VTD_PM_UNIT (1U << 21)
#define VTD_PM_LOW (~(VTD_PM_UNIT - 1))
#define VTD_PM_HIGH (~(VTD_PM_UNIT - 1ULL))

/* GCMD and GSTS, 11.4.4: the same bit asks and answers. */
#define VTD_GCMD_TE (1U << 31)
#define VTD_GCMD_SRTP (1U << 30)
#define VTD_GCMD_SFL (1U << 29)
#define VTD_GCMD_EAFL (1U << 28)
#define VTD_GCMD_WBF (1U << 27)
#define VTD_GCMD_QIE (1U << 26)
#define VTD_GCMD_IRE (1U << 25)
#define VTD_GCMD_SIRTP (1U << 24)
#define VTD_GCMD_CFI (1U << 23)

/* RTADDR, 11.4.5. */
#define VTD_RTADDR_TTM_SHIFT 10
#define VTD_RTADDR_TTM_MASK (3ULL << VTD_RTADDR_TTM_SHIFT)
enum {
    VTD_TTM_LEGACY = 0,
    VTD_TTM_SCALABLE = 1,
    VTD_TTM_RESERVED = 2,
    VTD_TTM_ABORT = 3,
};

/* CCMD, 11.4.6.1. */
#define VTD_CCMD_ICC (1ULL << 63)
#define VTD_CCMD_CIRG_SHIFT 61
#define VTD_CCMD_CAIG_SHIFT 59
#define VTD_CCMD_CAIG_MASK (3ULL << VTD_CCMD_CAIG_SHIFT)
#define VTD_CCMD_FM_SHIFT 32
#define VTD_CCMD_SID_SHIFT 16

/* IOTLB, 11.4.6.2.2. */
#define VTD_IOTLB_IVT (1ULL << 63)
#define VTD_IOTLB_IIRG_SHIFT 60
#define VTD_IOTLB_IAIG_SHIFT 57
#define VTD_IOTLB_IAIG_MASK (3ULL << VTD_IOTLB_IAIG_SHIFT)
#define VTD_IOTLB_DR (1ULL << 49)
#define VTD_IOTLB_DW (1ULL << 48)
#define VTD_IOTLB_DID_SHIFT 32
#define VTD_IVA_AM_MASK 0x3fULL
#define VTD_IVA_IH (1ULL << 6)

/* Granularity of a context-cache or IOTLB invalidation. */
enum {
    VTD_GRAN_NONE = 0,
    VTD_GRAN_GLOBAL = 1,
    VTD_GRAN_DOMAIN = 2,
    VTD_GRAN_SELECTIVE = 3,     /* a device, or pages of a domain */
};

/* FSTS, 11.4.7.1. */
#define VTD_FSTS_PFO (1U << 0)
#define VTD_FSTS_PPF (1U << 1)
#define VTD_FSTS_AFO (1U << 2)          /* with CAP.AFL */
#define VTD_FSTS_APF (1U << 3)
#define VTD_FSTS_IQE (1U << 4)
#define VTD_FSTS_ICE (1U << 5)
#define VTD_FSTS_ITE (1U << 6)
#define VTD_FSTS_FRI_SHIFT 8
#define VTD_FSTS_FRI_MASK (0xffU << VTD_FSTS_FRI_SHIFT)

/* AFLOG: a log of 2^FLS pages. */
#define VTD_AFLOG_FLS_SHIFT 9
#define VTD_AFLOG_FLS_MASK (7ULL << VTD_AFLOG_FLS_SHIFT)

/* FECTL, IECTL: interrupt mask and interrupt pending. */
#define VTD_ECTL_IM (1U << 31)
#define VTD_ECTL_IP (1U << 30)

/* ICS, 11.4.9.4. */
#define VTD_ICS_IWC (1U << 0)

/* Fault recording register, 11.4.7.6: upper quadword. */
#define VTD_FRCD_F (1ULL << 63)
#define VTD_FRCD_T_READ (1ULL << 62)             /* T1 */
#define VTD_FRCD_T2 (1ULL << 28)                /* alone: a page request */
#define VTD_FRCD_FR_SHIFT 32
#define VTD_FRCD_PP (1ULL << 31)
#define VTD_FRCD_EXE (1ULL << 30)
#define VTD_FRCD_PRIV (1ULL << 29)
#define VTD_FRCD_PV_SHIFT 40            /* PASID, with PP */
#define VTD_FRCD_AT_SHIFT 60
/* Lower quadword of an interrupt fault: the index. */
#define VTD_FRCD_INDEX_SHIFT 48

/* IQH, IQT, IQA: 11.4.9. */
#define VTD_IQ_PTR_MASK 0x7fff0ULL
#define VTD_IQA_QS_MASK 7ULL
#define VTD_IQA_DW (1ULL << 11)

/* IQERCD.IQEI: why the queue stopped. */
enum {
    VTD_IQEI_NONE = 0,
    VTD_IQEI_TAIL = 1,          /* tail beyond the queue */
    VTD_IQEI_FETCH = 2,         /* descriptor not readable */
    VTD_IQEI_TYPE = 3,          /* unknown or unsupported type */
    VTD_IQEI_RESERVED = 4,      /* reserved field or value */
    VTD_IQEI_WIDTH = 5,         /* descriptor needs the other width */
    VTD_IQEI_TAIL_ALIGN = 6,    /* tail not on a 256-bit descriptor */
    VTD_IQEI_TTM = 7,           /* RTADDR.TTM has a reserved value */
};
#define VTD_IQERCD_IQEI_MASK 0xfULL
#define VTD_IQERCD_ITESID_SHIFT 32
#define VTD_IQERCD_ICESID_SHIFT 48

/* PQH, PQT, PQA: 11.4.11.  Page requests of 32 bytes. */
#define VTD_PQ_PTR_MASK 0x7ffe0ULL
#define VTD_PQA_QS_MASK 7ULL
#define VTD_PAGE_REQUEST_SIZE 32
/* PRS: a request is pending; one was lost. */
#define VTD_PRS_PPR (1U << 0)
#define VTD_PRS_PRO (1U << 1)
/* A page request (7.4.1): lower quadword. */
#define VTD_PRQ_TYPE 1ULL
#define VTD_PRQ_PASID_PRESENT (1ULL << 8)
#define VTD_PRQ_RID_SHIFT 16
#define VTD_PRQ_PASID_SHIFT 32
#define VTD_PRQ_EXECUTE (1ULL << 52)
#define VTD_PRQ_PRIVILEGED (1ULL << 53)
/* Upper quadword, with the page's address. */
#define VTD_PRQ_READ (1ULL << 0)
#define VTD_PRQ_WRITE (1ULL << 1)
#define VTD_PRQ_LAST (1ULL << 2)
#define VTD_PRQ_INDEX_SHIFT 3

/* IRTA, 11.4.10. */
#define VTD_IRTA_EIME (1ULL << 11)
#define VTD_IRTA_S_MASK 0xfULL

#endif
