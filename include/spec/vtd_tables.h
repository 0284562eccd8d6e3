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

/*
 * Scalable mode.  A root entry (9.2) has the table of functions 00.0 to 15.7
 * in its lower quadword and that of 16.0 to 31.7 in the upper, each with the
 * bits of a legacy root entry.  A context entry (9.4) has 32 bytes.
 */
#define VTD_SM_CONTEXT_SIZE 32
#define VTD_SMC_P (1ULL << 0)
#define VTD_SMC_FPD (1ULL << 1)
#define VTD_SMC_DTE (1ULL << 2)         /* ATS allowed */
#define VTD_SMC_PASIDE (1ULL << 3)      /* requests with PASID allowed */
#define VTD_SMC_PRE (1ULL << 4)         /* page requests allowed */
#define VTD_SMC_PDTS_SHIFT 9            /* directory of 2^(PDTS + 7) entries */
#define VTD_SMC_RSVD_LO 0x1e0ULL
/* Upper quadword. */
#define VTD_SMC_RID_PASID_MASK 0xfffffULL
#define VTD_SMC_RID_PRIV (1ULL << 20)
#define VTD_SMC_RSVD_HI (~0x1fffffULL)

#define VTD_PASID_MAX 0xfffffU
/* PASID directory entry, 9.5: a table of 64 entries. */
#define VTD_PASID_DIR_SHIFT 6
#define VTD_PDE_P (1ULL << 0)
#define VTD_PDE_FPD (1ULL << 1)
#define VTD_PDE_RSVD 0xffcULL

/* PASID table entry, 9.6: 64 bytes, of which 24 are used, the others 0. */
#define VTD_PASID_ENTRY_SIZE 64
#define VTD_PE_P (1ULL << 0)
#define VTD_PE_FPD (1ULL << 1)
#define VTD_PE_AW_SHIFT 2
#define VTD_PE_PGTT_SHIFT 6
#define VTD_PE_SSADE (1ULL << 9)
#define VTD_PE_RSVD0 0xc20ULL
enum {
    VTD_PGTT_FIRST = 1,
    VTD_PGTT_SECOND = 2,
    VTD_PGTT_NESTED = 3,
    VTD_PGTT_PASS_THROUGH = 4,
};
/* Second quadword: the domain, memory types. */
#define VTD_PE1_PWSNP (1ULL << 23)
#define VTD_PE1_PGSNP (1ULL << 24)
#define VTD_PE1_RSVD 0xfffffffffe7f0000ULL      /* memory types: no MTS */
/* Third quadword. */
#define VTD_PE2_SRE (1ULL << 0)
#define VTD_PE2_ERE (1ULL << 1)
#define VTD_PE2_FSPM_SHIFT 2            /* 0: four levels, 1: five */
#define VTD_PE2_WPE (1ULL << 4)
#define VTD_PE2_NXE (1ULL << 5)
#define VTD_PE2_SMEP (1ULL << 6)
#define VTD_PE2_EAFE (1ULL << 7)
#define VTD_PE2_RSVD 0xf00ULL

/* First-stage paging entry, 9.7. */
#define VTD_FS_P (1ULL << 0)
#define VTD_FS_W (1ULL << 1)
#define VTD_FS_U (1ULL << 2)
#define VTD_FS_A (1ULL << 5)
#define VTD_FS_D (1ULL << 6)
#define VTD_FS_PS (1ULL << 7)
#define VTD_FS_EA (1ULL << 10)
#define VTD_FS_XD (1ULL << 63)
#define VTD_FS_PAT_LARGE (1ULL << 12)   /* of a 2M or 1G page */

/* Second-stage paging entry, 9.8. */
#define VTD_SS_R (1ULL << 0)
#define VTD_SS_W (1ULL << 1)
#define VTD_SS_PS (1ULL << 7)
#define VTD_SS_A (1ULL << 8)            /* with SSADE */
#define VTD_SS_D (1ULL << 9)
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
