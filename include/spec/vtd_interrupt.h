/*
 * VT-d interrupt requests and interrupt remapping table entries.
 *
 * Source: VT-d architecture specification 4.1, section 5.1 (requests) and 9.9
 * (remapped-format entry).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_VTD_INTERRUPT_H
#define SPEC_VTD_INTERRUPT_H

#include "iovlab/bytes.h"

/* Address of a request, 5.1.2. */
#define VTD_MSI_BASE 0xfee00000U
#define VTD_MSI_REMAPPABLE (1U << 4)
#define VTD_MSI_SHV (1U << 3)
#define VTD_MSI_HANDLE_SHIFT 5          /* handle 14:0 */
#define VTD_MSI_HANDLE_15 (1U << 2)     /* handle 15 */
/* Data: the subhandle, counted only with SHV. */
#define VTD_MSI_SUBHANDLE_MASK 0xffffU

/* Compatibility format, 5.1.2.1. */
#define VTD_MSI_DEST_SHIFT 12
#define VTD_MSI_RH (1U << 3)
#define VTD_MSI_DM (1U << 2)
#define VTD_MSI_DATA_LEVEL_ASSERT (1U << 14)
#define VTD_MSI_DATA_TM (1U << 15)

/* Interrupt remapping table entry, 9.9: lower quadword. */
#define VTD_IRTE_P (1ULL << 0)
#define VTD_IRTE_FPD (1ULL << 1)
#define VTD_IRTE_DM (1ULL << 2)
#define VTD_IRTE_RH (1ULL << 3)
#define VTD_IRTE_TM (1ULL << 4)
#define VTD_IRTE_DLM_SHIFT 5
#define VTD_IRTE_IM (1ULL << 15)
#define VTD_IRTE_VECTOR_SHIFT 16
#define VTD_IRTE_DST_SHIFT 32
#define VTD_IRTE_DST_XAPIC_SHIFT 40
#define VTD_IRTE_RSVD_LO 0xff00f000ULL          /* with IM, not offered */
#define VTD_IRTE_RSVD_LO_XAPIC 0xffff00ff00000000ULL
/* Upper quadword. */
#define VTD_IRTE_SQ_SHIFT 16
#define VTD_IRTE_SVT_SHIFT 18
#define VTD_IRTE_RSVD_HI (~0xfffffULL)

enum {
    VTD_SVT_NONE = 0,
    VTD_SVT_SID = 1,            /* compare under the mask that SQ chooses */
    VTD_SVT_BUS = 2,            /* bus between SID 15:8 and SID 7:0 */
    VTD_SVT_RESERVED = 3,
};

/* Delivery modes; 3 and 6 are reserved. */
enum {
    VTD_DLM_FIXED = 0,
    VTD_DLM_LOWEST = 1,
    VTD_DLM_SMI = 2,
    VTD_DLM_NMI = 4,
    VTD_DLM_INIT = 5,
    VTD_DLM_EXTINT = 7,
};

#endif
