/*
 * VT-d fault reasons.
 *
 * Source: VT-d architecture specification 4.1, section 7.1.3 (DMA) and 7.1.4
 * (interrupts).
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
} VtdFaultReason;

/* Interrupt remapping has 0x20 to 0x2f, all of them with an index. */
#define VTD_FR_IS_INTERRUPT(reason) (((reason) & 0xf0) == 0x20)

#endif
