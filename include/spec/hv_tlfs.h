/*
 * Hyper-V's hypervisor interface: CPUID leaves, MSRs, hypercalls, SynIC.
 *
 * QEMU's headers define some of the same names; the values here are spelt as
 * they are there, so that both can be included.
 *
 * Source: Hypervisor Top-Level Functional Specification 6.0b (TLFS); the
 * chapter is named at each group.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_HV_TLFS_H
#define SPEC_HV_TLFS_H

#include "iovlab/bytes.h"

#define HV_PAGE_SIZE 4096
#define HV_PAGE_SHIFT 12

/* TLFS 2.4: CPUID leaves. */
#define HV_CPUID_BASE           0x40000000
#define HV_CPUID_INTERFACE      0x40000001
#define HV_CPUID_VERSION        0x40000002
#define HV_CPUID_FEATURES       0x40000003
#define HV_CPUID_HINTS          0x40000004
#define HV_CPUID_LIMITS         0x40000005
#define HV_CPUID_HARDWARE       0x40000006
#define HV_CPUID_LAST           HV_CPUID_HARDWARE
#define HV_CPUID_INTERFACE_HV1  0x31237648      /* "Hv#1" */

/* TLFS 4.2.2: partition privileges, leaf 3 EAX (low) and EBX (high). */
#define HV_PRIV_REF_COUNTER     (1u << 1)
#define HV_PRIV_SYNIC           (1u << 2)
#define HV_PRIV_APIC            (1u << 4)
#define HV_PRIV_HYPERCALL       (1u << 5)
#define HV_PRIV_VP_INDEX        (1u << 6)
#define HV_PRIV_RESET           (1u << 7)
#define HV_PRIV_FREQUENCY       (1u << 11)
#define HV_PRIV_POST_MESSAGES   (1u << 4)       /* EBX */
#define HV_PRIV_SIGNAL_EVENTS   (1u << 5)       /* EBX */

/* TLFS 2.4.3: leaf 3 EDX. */
#define HV_FEATURE_FREQUENCY    (1u << 8)
#define HV_FEATURE_CRASH        (1u << 10)

/* TLFS 2.4.4: leaf 4 EAX. */
#define HV_HINT_NO_AUTO_EOI     (1u << 9)

/* TLFS appendix B: synthetic MSRs. */
#define HV_MSR_FIRST            0x40000000
#define HV_MSR_LAST             0x400001ff
#define HV_MSR_GUEST_OS_ID      0x40000000
#define HV_MSR_HYPERCALL        0x40000001
#define HV_MSR_VP_INDEX         0x40000002
#define HV_MSR_RESET            0x40000003
#define HV_MSR_REF_COUNT        0x40000020
#define HV_MSR_REFERENCE_TSC    0x40000021
#define HV_MSR_TSC_FREQUENCY    0x40000022
#define HV_MSR_APIC_FREQUENCY   0x40000023
#define HV_MSR_EOI              0x40000070
#define HV_MSR_ICR              0x40000071
#define HV_MSR_TPR              0x40000072
#define HV_MSR_VP_ASSIST        0x40000073
#define HV_MSR_SCONTROL         0x40000080
#define HV_MSR_SVERSION         0x40000081
#define HV_MSR_SIEFP            0x40000082
#define HV_MSR_SIMP             0x40000083
#define HV_MSR_EOM              0x40000084
#define HV_MSR_SINT0            0x40000090
#define HV_MSR_SINT15           0x4000009f
#define HV_MSR_CRASH_P0         0x40000100
#define HV_MSR_CRASH_P4         0x40000104
#define HV_MSR_CRASH_CTL        0x40000105

#define HV_MSR_ENABLE           1ull            /* pages, SCONTROL, RESET */
#define HV_MSR_PAGE_MASK        (~0xfffull)
#define HV_HYPERCALL_LOCKED     (1ull << 1)
#define HV_SYNIC_VERSION        1
#define HV_CRASH_CTL_MESSAGE    (1ull << 62)
#define HV_CRASH_CTL_NOTIFY     (1ull << 63)

/* TLFS 11.7: SINTx. */
#define HV_SINTS                16
#define HV_SINT_VECTOR_MASK     0xff
#define HV_SINT_VECTOR_MIN      16
#define HV_SINT_MASKED          (1u << 16)
#define HV_SINT_AUTO_EOI        (1u << 17)
#define HV_SINT_POLLING         (1u << 18)

/* TLFS 11.8 and 11.10: the message page, 16 slots, and the flags page. */
#define HV_MESSAGE_SIZE         256
#define HV_MESSAGE_PAYLOAD_MAX  240
#define HV_MESSAGE_TYPE_NONE    0
#define HV_MESSAGE_TYPE_VMBUS   1
#define HV_MESSAGE_PENDING      0x01
#define HV_EVENT_FLAGS          2048
#define HV_EVENT_FLAGS_BYTES    256

typedef struct HvMessageHeader {
    uint32_t type;
    uint8_t payload_size;
    uint8_t flags;                              /* HV_MESSAGE_PENDING */
    uint16_t reserved;
    uint64_t sender;
} IOV_PACKED HvMessageHeader;
IOV_SIZE_CHECK(HvMessageHeader, 16);

/* TLFS 3.7: the hypercall input value (RCX). */
#define HV_CALL_CODE_MASK       0xffffull
#define HV_CALL_FAST            (1ull << 16)
#define HV_CALL_VARIABLE_SHIFT  17
#define HV_CALL_VARIABLE_MASK   0x3ffull
#define HV_CALL_REP_COUNT_SHIFT 32
#define HV_CALL_REP_MASK        0xfffull

/* TLFS appendix A: call codes. */
#define HV_CALL_POST_MESSAGE    0x005c
#define HV_CALL_SIGNAL_EVENT    0x005d
#define HV_CALL_RETARGET_DEVICE_INTERRUPT 0x007e

/* TLFS appendix B.1: status codes. */
#define HV_STATUS_SUCCESS               0
#define HV_STATUS_INVALID_HYPERCALL_CODE 2
#define HV_STATUS_INVALID_HYPERCALL_INPUT 3
#define HV_STATUS_INVALID_ALIGNMENT     4
#define HV_STATUS_INVALID_PARAMETER     5
#define HV_STATUS_ACCESS_DENIED         6
#define HV_STATUS_INSUFFICIENT_MEMORY   11
#define HV_STATUS_INVALID_PORT_ID       17
#define HV_STATUS_INVALID_CONNECTION_ID 18
#define HV_STATUS_INSUFFICIENT_BUFFERS  19

/* TLFS 11.11.2: HvPostMessage. */
typedef struct HvPostMessageInput {
    uint32_t connection_id;
    uint32_t reserved;
    uint32_t message_type;
    uint32_t payload_size;
    uint8_t payload[HV_MESSAGE_PAYLOAD_MAX];
} IOV_PACKED HvPostMessageInput;
IOV_SIZE_CHECK(HvPostMessageInput, 256);

/* TLFS 11.11.3: HvSignalEvent; the fast form has it in RDX. */
typedef struct HvSignalEventInput {
    uint32_t connection_id;
    uint16_t flag_number;
    uint16_t reserved;
} IOV_PACKED HvSignalEventInput;
IOV_SIZE_CHECK(HvSignalEventInput, 8);

/*
 * HvRetargetDeviceInterrupt.  With HV_RETARGET_VP_SET the target is a sparse
 * VP set: format, valid banks, and the banks as variable header.
 */
#define HV_RETARGET_MULTICAST   1
#define HV_RETARGET_VP_SET      2
#define HV_PARTITION_SELF       UINT64_MAX
#define HV_INTERRUPT_SOURCE_MSI 1
#define HV_VP_SET_SPARSE_4K     0
#define HV_VP_SET_ALL           1

typedef struct HvRetargetInput {
    uint64_t partition_id;
    uint64_t device_id;
    uint32_t source;
    uint32_t reserved1;
    uint32_t msi_address;
    uint32_t msi_data;
    uint64_t reserved2;
    uint32_t vector;
    uint32_t flags;
    uint64_t vp_mask;                           /* or the set's format */
    uint64_t valid_banks;                       /* VP set only */
} IOV_PACKED HvRetargetInput;
IOV_SIZE_CHECK(HvRetargetInput, 64);

#endif
