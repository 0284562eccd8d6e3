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
