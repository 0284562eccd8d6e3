/*
 * VT-d invalidation queue descriptors.
 *
 * Source: VT-d architecture specification 4.1, section 6.5.2.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_VTD_INVALIDATION_H
#define SPEC_VTD_INVALIDATION_H

#include "iovlab/bytes.h"

/* Type: bits 3:0 and, above them, 11:9. */
#define VTD_DESC_TYPE(lo) ((((lo) >> 5) & 0x70) | ((lo) & 0xf))
enum {
    VTD_DESC_CONTEXT = 0x1,             /* 6.5.2.1 */
    VTD_DESC_IOTLB = 0x2,               /* 6.5.2.3 */
    VTD_DESC_DEVICE_TLB = 0x3,          /* 6.5.2.5 */
    VTD_DESC_IEC = 0x4,                 /* 6.5.2.7 */
    VTD_DESC_WAIT = 0x5,                /* 6.5.2.8 */
    VTD_DESC_PASID_IOTLB = 0x6,         /* 6.5.2.4 */
    VTD_DESC_PASID_CACHE = 0x7,         /* 6.5.2.2 */
    VTD_DESC_PASID_DEVICE_TLB = 0x8,    /* 6.5.2.6 */
    VTD_DESC_PAGE_RESPONSE = 0x9,       /* 7.7 */
};

/* Common: granularity. */
#define VTD_DESC_G_SHIFT 4
#define VTD_DESC_DID_SHIFT 16

/* Context cache. */
#define VTD_DESC_CC_SID_SHIFT 32
#define VTD_DESC_CC_FM_SHIFT 48
#define VTD_DESC_CC_RSVD_LO 0xfffc00000000f1c0ULL

/* IOTLB. */
#define VTD_DESC_IOTLB_DW (1ULL << 6)
#define VTD_DESC_IOTLB_DR (1ULL << 7)
#define VTD_DESC_IOTLB_RSVD_LO 0xffffffff0000f100ULL
#define VTD_DESC_IOTLB_AM_MASK 0x3fULL
#define VTD_DESC_IOTLB_IH (1ULL << 6)
#define VTD_DESC_IOTLB_RSVD_HI 0xf80ULL

/* PASID-based IOTLB: granularity 2 or 3 (a PASID, or pages of it). */
#define VTD_DESC_PASID_SHIFT 32
#define VTD_DESC_PIOTLB_RSVD_LO 0xfff000000000f1c0ULL
#define VTD_DESC_PIOTLB_RSVD_HI 0xf80ULL
enum {
    VTD_PIOTLB_PASID = 2,
    VTD_PIOTLB_PAGES = 3,
};

/* PASID cache. */
#define VTD_DESC_PC_RSVD_LO 0xfff000000000f1c0ULL
enum {
    VTD_PC_DOMAIN = 0,
    VTD_PC_PASID = 1,
    VTD_PC_GLOBAL = 3,
};

/* Device TLB, without and with PASID. */
#define VTD_DESC_DT_SID_SHIFT 32
#define VTD_DESC_DT_RSVD_LO 0x000f0000ffe001f0ULL
#define VTD_DESC_DT_S (1ULL << 0)
#define VTD_DESC_DT_RSVD_HI 0xffeULL
#define VTD_DESC_PDT_SID_SHIFT 16
#define VTD_DESC_PDT_G (1ULL << 0)
#define VTD_DESC_PDT_S (1ULL << 11)
#define VTD_DESC_PDT_RSVD_HI 0x7feULL

/* Page group response. */
#define VTD_DESC_PGR_PP (1ULL << 4)
#define VTD_DESC_PGR_CODE_SHIFT 12
#define VTD_DESC_PGR_RID_SHIFT 16
#define VTD_DESC_PGR_RSVD_LO 0xfff00000000001c0ULL
#define VTD_DESC_PGR_LPIG (1ULL << 2)
#define VTD_DESC_PGR_INDEX_SHIFT 3
#define VTD_DESC_PGR_RSVD_HI (~0xffcULL)
enum {
    VTD_PGR_SUCCESS = 0,
    VTD_PGR_INVALID = 1,
    VTD_PGR_FAILURE = 15,
};

/* Interrupt entry cache. */
#define VTD_DESC_IEC_SELECTIVE (1ULL << 4)
#define VTD_DESC_IEC_IM_SHIFT 27
#define VTD_DESC_IEC_INDEX_SHIFT 32
#define VTD_DESC_IEC_RSVD_LO 0xffff000007fff1e0ULL

/* Wait. */
#define VTD_DESC_WAIT_IF (1ULL << 4)
#define VTD_DESC_WAIT_SW (1ULL << 5)
#define VTD_DESC_WAIT_FN (1ULL << 6)
#define VTD_DESC_WAIT_PD (1ULL << 7)
#define VTD_DESC_WAIT_DATA_SHIFT 32
#define VTD_DESC_WAIT_RSVD_LO 0xfffff100ULL
#define VTD_DESC_WAIT_RSVD_HI 3ULL

#endif
