/*
 * VT-d fault reasons.
 *
 * Source: VT-d architecture specification 4.1, section 7.1.3 (DMA) and 7.1.4
 * (interrupts).  Scalable mode has codes of its own for what legacy mode
 * reports as 0x01 to 0x0e.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_VTD_FAULTS_H
#define SPEC_VTD_FAULTS_H

typedef enum VtdFaultReason {
    VTD_FR_NONE = 0,
    /* Legacy mode. */
    VTD_FR_ROOT_NOT_PRESENT = 0x01,
    VTD_FR_CONTEXT_NOT_PRESENT = 0x02,
    VTD_FR_CONTEXT_INVALID = 0x03,
    VTD_FR_BEYOND_MGAW = 0x04,
    VTD_FR_WRITE = 0x05,
    VTD_FR_READ = 0x06,
    VTD_FR_PAGING_ACCESS = 0x07,        /* paging entry not readable */
    VTD_FR_ROOT_ACCESS = 0x08,          /* root entry not readable */
    VTD_FR_CONTEXT_ACCESS = 0x09,       /* context entry not readable */
    VTD_FR_ROOT_RESERVED = 0x0a,
    VTD_FR_CONTEXT_RESERVED = 0x0b,
    VTD_FR_PAGING_RESERVED = 0x0c,
    VTD_FR_TYPE_BLOCKED = 0x0d,
    VTD_FR_INTERRUPT_RANGE = 0x0e,
    /* Interrupt remapping. */
    VTD_FR_IR_REQUEST_RESERVED = 0x20,
    VTD_FR_IR_INDEX = 0x21,
    VTD_FR_IR_NOT_PRESENT = 0x22,
    VTD_FR_IR_ACCESS = 0x23,
    VTD_FR_IR_RESERVED = 0x24,
    VTD_FR_IR_COMPATIBILITY = 0x25,
    VTD_FR_IR_SOURCE = 0x26,
    /* Scalable mode: root and context entries. */
    VTD_FR_SM_TTM_RESERVED = 0x30,      /* RTADDR.TTM has a reserved value */
    VTD_FR_SM_TTM = 0x31,               /* PASID, but the mode is legacy */
    VTD_FR_SM_TTM_PAGE = 0x32,          /* page request, likewise */
    VTD_FR_SM_ROOT_ACCESS = 0x38,
    VTD_FR_SM_ROOT_NOT_PRESENT = 0x39,
    VTD_FR_SM_ROOT_RESERVED = 0x3a,
    VTD_FR_SM_CONTEXT_ACCESS = 0x40,
    VTD_FR_SM_CONTEXT_NOT_PRESENT = 0x41,
    VTD_FR_SM_CONTEXT_RESERVED = 0x42,
    VTD_FR_SM_CONTEXT_INVALID = 0x43,
    VTD_FR_SM_NO_DTE = 0x44,            /* ATS, but not for this device */
    VTD_FR_SM_NO_PASIDE = 0x45,         /* PASID, but not for this device */
    VTD_FR_SM_PASID_RANGE = 0x46,       /* beyond the PASID directory */
    VTD_FR_SM_NO_PRE = 0x47,            /* page request, not enabled */
    VTD_FR_SM_RID_PASID = 0x48,
    /* PASID directory and table. */
    VTD_FR_SM_DIRECTORY_ACCESS = 0x50,
    VTD_FR_SM_DIRECTORY_NOT_PRESENT = 0x51,
    VTD_FR_SM_DIRECTORY_RESERVED = 0x52,
    VTD_FR_SM_PASID_ACCESS = 0x58,
    VTD_FR_SM_PASID_NOT_PRESENT = 0x59,
    VTD_FR_SM_PASID_RESERVED = 0x5a,
    VTD_FR_SM_PASID_INVALID = 0x5b,
    VTD_FR_SM_NO_ERE = 0x5c,
    VTD_FR_SM_NO_SRE = 0x5d,
    /* First stage. */
    VTD_FR_SM_FIRST_ACCESS = 0x70,
    VTD_FR_SM_FIRST_NOT_PRESENT = 0x71,
    VTD_FR_SM_FIRST_RESERVED = 0x72,
    VTD_FR_SM_FIRST_TABLE = 0x73,       /* the top table is not readable */
    VTD_FR_SM_NESTED_MGAW = 0x74,       /* entry's address beyond MGAW */
    VTD_FR_SM_NESTED_TOP_READ = 0x75,   /* second stage hides the top table */
    VTD_FR_SM_NESTED_READ = 0x76,       /* second stage hides an entry */
    VTD_FR_SM_NESTED_WRITE = 0x77,      /* A or D cannot be set */
    /* Second stage. */
    VTD_FR_SM_SECOND_ACCESS = 0x78,
    VTD_FR_SM_SECOND_NOT_PRESENT = 0x79,
    VTD_FR_SM_SECOND_RESERVED = 0x7a,
    VTD_FR_SM_SECOND_TABLE = 0x7b,
    VTD_FR_SM_SECOND_NO_SNOOP = 0x7c,   /* A or D to set, walks not snooped */
    VTD_FR_SM_SECOND_UPDATE = 0x7d,     /* A or D could not be written */
    /* The request as a whole. */
    VTD_FR_SM_CANONICAL = 0x80,
    VTD_FR_SM_PRIVILEGE = 0x81,
    VTD_FR_SM_NO_EXECUTE = 0x82,
    VTD_FR_SM_HAW = 0x83,               /* untranslated, beyond the host */
    VTD_FR_SM_SECOND_RANGE = 0x84,      /* input of the second stage */
    VTD_FR_SM_WRITE = 0x85,
    VTD_FR_SM_READ = 0x86,
    VTD_FR_SM_INTERRUPT_RANGE = 0x87,
    VTD_FR_SM_FIRST_NO_SNOOP = 0x90,    /* A or D to set, walks not snooped */
    VTD_FR_SM_FIRST_UPDATE = 0x91,      /* A or D could not be written */
} VtdFaultReason;

/* Interrupt remapping has 0x20 to 0x2f, all of them with an index. */
#define VTD_FR_IS_INTERRUPT(reason) (((reason) & 0xf0) == 0x20)

#endif
