/*
 * VT-d translation structures in memory.
 *
 * Source: VT-d architecture specification 4.1, chapters 3 and 9.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_VTD_TABLES_H
#define SPEC_VTD_TABLES_H

#include "iovlab/bytes.h"

#define VTD_PAGE_SHIFT 12
#define VTD_PAGE_SIZE 4096ULL
#define VTD_PAGE_MASK (~0xfffULL)
#define VTD_2M_SHIFT 21
#define VTD_1G_SHIFT 30

/* Root entry and context entry, legacy mode: 16 bytes each. */
#define VTD_ENTRY_SIZE 16
typedef struct VtdEntry {
    uint64_t lo;
    uint64_t hi;
} VtdEntry;

/* Root entry, 9.1. */
#define VTD_ROOT_P (1ULL << 0)
#define VTD_ROOT_RSVD_LO 0xffeULL

/* Context entry, 9.3: lower quadword. */
#define VTD_CTX_P (1ULL << 0)
#define VTD_CTX_FPD (1ULL << 1)
#define VTD_CTX_TT_SHIFT 2
#define VTD_CTX_RSVD_LO 0xff0ULL
enum {
    VTD_TT_UNTRANSLATED = 0,    /* second-stage; ATS blocked */
    VTD_TT_ATS = 1,             /* second-stage; ATS allowed */
    VTD_TT_PASS_THROUGH = 2,
    VTD_TT_RESERVED = 3,
};
/* Upper quadword. */
#define VTD_CTX_AW_MASK 7ULL
#define VTD_CTX_DID_SHIFT 8
#define VTD_CTX_RSVD_HI (~0xffff7fULL)
enum {
    VTD_AW_3LEVEL = 1,
    VTD_AW_4LEVEL = 2,
    VTD_AW_5LEVEL = 3,
};

/* Second-stage paging entry, 9.8. */
#define VTD_SS_R (1ULL << 0)
#define VTD_SS_W (1ULL << 1)
#define VTD_SS_PS (1ULL << 7)
#define VTD_SS_SNP (1ULL << 11)

/* The interrupt address window, 3.15. */
#define VTD_INTR_FIRST 0xfee00000ULL
#define VTD_INTR_LAST 0xfeefffffULL
#define VTD_INTR_SIZE (VTD_INTR_LAST - VTD_INTR_FIRST + 1)

/* Address width that a number of levels translates (3.7). */
static inline unsigned vtd_levels_to_width(unsigned levels)
{
    return VTD_PAGE_SHIFT + 9 * levels;
}

static inline bool vtd_is_interrupt_address(uint64_t address)
{
    return address >= VTD_INTR_FIRST && address <= VTD_INTR_LAST;
}

#endif
