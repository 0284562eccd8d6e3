/*
 * VMBus: channel messages, packets and rings, as on the wire.
 *
 * All fields are little-endian; read them with rd_le*() (iovlab/bytes.h).
 * Source of the layouts: the public interface header of Linux
 * (include/linux/hyperv.h) and OpenVMM's vmbus_core protocol description.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_VMBUS_H
#define SPEC_VMBUS_H

#include "iovlab/bytes.h"

#define VMBUS_VERSION(major, minor) (((uint32_t)(major) << 16) | (minor))
#define VMBUS_VERSION_2_4   VMBUS_VERSION(2, 4)
#define VMBUS_VERSION_3_0   VMBUS_VERSION(3, 0)
#define VMBUS_VERSION_4_0   VMBUS_VERSION(4, 0)
#define VMBUS_VERSION_4_1   VMBUS_VERSION(4, 1)
#define VMBUS_VERSION_5_0   VMBUS_VERSION(5, 0)
#define VMBUS_VERSION_5_1   VMBUS_VERSION(5, 1)
#define VMBUS_VERSION_5_2   VMBUS_VERSION(5, 2)
#define VMBUS_VERSION_5_3   VMBUS_VERSION(5, 3)

/* Connection ids the guest posts messages to, and signals events on. */
#define VMBUS_CONNECTION_MESSAGE    1       /* up to 4.1 */
#define VMBUS_CONNECTION_EVENT      2       /* channels without their own */
#define VMBUS_CONNECTION_MESSAGE_5  4       /* from 5.0 */
#define VMBUS_CONNECTION_CHANNEL    0x2000  /* + relid: a channel's own */

#define VMBUS_SINT                  2
#define VMBUS_MESSAGE_MAX           240
#define VMBUS_RELIDS                2048    /* relid 0 is not used */
#define VMBUS_USER_DATA             120

/* --- channel messages --------------------------------------------------- */

enum {
    VMBUS_MSG_OFFER = 1,
    VMBUS_MSG_RESCIND = 2,
    VMBUS_MSG_REQUEST_OFFERS = 3,
    VMBUS_MSG_ALL_OFFERS = 4,
    VMBUS_MSG_OPEN = 5,
    VMBUS_MSG_OPEN_RESULT = 6,
    VMBUS_MSG_CLOSE = 7,
    VMBUS_MSG_GPADL_HEADER = 8,
    VMBUS_MSG_GPADL_BODY = 9,
    VMBUS_MSG_GPADL_CREATED = 10,
    VMBUS_MSG_GPADL_TEARDOWN = 11,
    VMBUS_MSG_GPADL_TORNDOWN = 12,
    VMBUS_MSG_RELID_RELEASED = 13,
    VMBUS_MSG_INITIATE_CONTACT = 14,
    VMBUS_MSG_VERSION_RESPONSE = 15,
    VMBUS_MSG_UNLOAD = 16,
    VMBUS_MSG_UNLOAD_RESPONSE = 17,
    VMBUS_MSG_TL_CONNECT = 21,
    VMBUS_MSG_MODIFY_CHANNEL = 22,
    VMBUS_MSG_TL_CONNECT_RESULT = 23,
    VMBUS_MSG_MODIFY_CHANNEL_RESPONSE = 24,
};

/* Statuses that we answer with (NTSTATUS; the guest looks for non-zero). */
#define VMBUS_STATUS_OK             0
#define VMBUS_STATUS_INVALID        0xC000000Du
#define VMBUS_STATUS_NO_RESOURCES   0xC000009Au
#define VMBUS_STATUS_BAD_STATE      0xC0000184u

typedef struct VmbusMsgHeader {
    uint32_t type;
    uint32_t padding;
} IOV_PACKED VmbusMsgHeader;
IOV_SIZE_CHECK(VmbusMsgHeader, 8);

#define VMBUS_OFFER_ENUMERATE       0x0001
#define VMBUS_OFFER_MONITOR_ALLOCATED 0x01
#define VMBUS_OFFER_DEDICATED       0x0001

typedef struct VmbusMsgOffer {
    VmbusMsgHeader header;
    uint8_t class_id[16];
    uint8_t instance_id[16];
    uint8_t reserved1[16];
    uint16_t flags;                 /* VMBUS_OFFER_ENUMERATE */
    uint16_t mmio_megabytes;
    uint8_t user_data[VMBUS_USER_DATA];
    uint16_t sub_channel_index;
    uint16_t reserved2;
    uint32_t relid;
    uint8_t monitor_id;
    uint8_t monitor_allocated;
    uint16_t dedicated;             /* VMBUS_OFFER_DEDICATED */
    uint32_t connection_id;
} IOV_PACKED VmbusMsgOffer;
IOV_SIZE_CHECK(VmbusMsgOffer, 196);

/* RESCIND, CLOSE, RELID_RELEASED. */
typedef struct VmbusMsgRelid {
    VmbusMsgHeader header;
    uint32_t relid;
} IOV_PACKED VmbusMsgRelid;
IOV_SIZE_CHECK(VmbusMsgRelid, 12);

typedef struct VmbusMsgOpen {
    VmbusMsgHeader header;
    uint32_t relid;
    uint32_t open_id;
    uint32_t ring_gpadl;
    uint32_t target_vp;
    uint32_t downstream_page;       /* first page of the host-to-guest ring */
    uint8_t user_data[VMBUS_USER_DATA];
} IOV_PACKED VmbusMsgOpen;
IOV_SIZE_CHECK(VmbusMsgOpen, 148);

typedef struct VmbusMsgOpenResult {
    VmbusMsgHeader header;
    uint32_t relid;
    uint32_t open_id;
    uint32_t status;
} IOV_PACKED VmbusMsgOpenResult;
IOV_SIZE_CHECK(VmbusMsgOpenResult, 20);

/* A range is a byte count, an offset into its first page, and its PFNs. */
typedef struct VmbusGpaRangeHeader {
    uint32_t byte_count;
    uint32_t byte_offset;
} IOV_PACKED VmbusGpaRangeHeader;
IOV_SIZE_CHECK(VmbusGpaRangeHeader, 8);

/* Followed by the first bytes of the ranges. */
typedef struct VmbusMsgGpadlHeader {
    VmbusMsgHeader header;
    uint32_t relid;
    uint32_t gpadl;
    uint16_t range_bytes;           /* all ranges, over all messages */
    uint16_t range_count;
} IOV_PACKED VmbusMsgGpadlHeader;
IOV_SIZE_CHECK(VmbusMsgGpadlHeader, 20);

/* Followed by more bytes of the ranges. */
typedef struct VmbusMsgGpadlBody {
    VmbusMsgHeader header;
    uint32_t number;                /* Linux leaves it 0: not looked at */
    uint32_t gpadl;
} IOV_PACKED VmbusMsgGpadlBody;
IOV_SIZE_CHECK(VmbusMsgGpadlBody, 16);

typedef struct VmbusMsgGpadlCreated {
    VmbusMsgHeader header;
    uint32_t relid;
    uint32_t gpadl;
    uint32_t status;
} IOV_PACKED VmbusMsgGpadlCreated;
IOV_SIZE_CHECK(VmbusMsgGpadlCreated, 20);

typedef struct VmbusMsgGpadlTeardown {
    VmbusMsgHeader header;
    uint32_t relid;
    uint32_t gpadl;
} IOV_PACKED VmbusMsgGpadlTeardown;
IOV_SIZE_CHECK(VmbusMsgGpadlTeardown, 16);

typedef struct VmbusMsgGpadlTorndown {
    VmbusMsgHeader header;
    uint32_t gpadl;
} IOV_PACKED VmbusMsgGpadlTorndown;
IOV_SIZE_CHECK(VmbusMsgGpadlTorndown, 12);

/* Before 5.0 the field at 16 is the GPA of the interrupt page. */
typedef struct VmbusMsgInitiateContact {
    VmbusMsgHeader header;
    uint32_t version;
    uint32_t target_vp;
    uint8_t sint;                   /* from 5.0 */
    uint8_t vtl;                    /* from 5.0 */
    uint8_t reserved[6];
    uint64_t monitor_page1;
    uint64_t monitor_page2;
} IOV_PACKED VmbusMsgInitiateContact;
IOV_SIZE_CHECK(VmbusMsgInitiateContact, 40);

typedef struct VmbusMsgVersionResponse {
    VmbusMsgHeader header;
    uint8_t supported;
    uint8_t connection_state;
    uint16_t padding;
    uint32_t connection_id;         /* from 5.0: for all later messages */
} IOV_PACKED VmbusMsgVersionResponse;
IOV_SIZE_CHECK(VmbusMsgVersionResponse, 16);

typedef struct VmbusMsgModifyChannel {
    VmbusMsgHeader header;
    uint32_t relid;
    uint32_t target_vp;
} IOV_PACKED VmbusMsgModifyChannel;
IOV_SIZE_CHECK(VmbusMsgModifyChannel, 16);

typedef struct VmbusMsgModifyResponse {
    VmbusMsgHeader header;
    uint32_t relid;
    uint32_t status;
} IOV_PACKED VmbusMsgModifyResponse;
IOV_SIZE_CHECK(VmbusMsgModifyResponse, 16);

/* --- rings ---------------------------------------------------------------- */

/* Control page in front of each ring's data; indexes are byte offsets. */
typedef struct VmbusRingControl {
    uint32_t write_index;
    uint32_t read_index;
    uint32_t interrupt_mask;
    uint32_t pending_send_size;
    uint32_t reserved[12];
    uint32_t feature_bits;
} IOV_PACKED VmbusRingControl;
IOV_SIZE_CHECK(VmbusRingControl, 68);

#define VMBUS_RING_CONTROL_SIZE     4096
#define VMBUS_RING_FEATURE_PENDING  1u      /* pending_send_size is used */
/* Behind each packet: its start offset (low 32 bits are zero). */
#define VMBUS_PACKET_TRAILER        8

/* --- packets --------------------------------------------------------------- */

enum {
    VM_PKT_DATA_INBAND = 6,
    VM_PKT_DATA_USING_XFER_PAGES = 7,
    VM_PKT_DATA_USING_GPADL = 8,
    VM_PKT_DATA_USING_GPA_DIRECT = 9,
    VM_PKT_COMP = 11,
};

#define VM_PKT_FLAG_COMPLETION_REQUESTED 1

/* Lengths are in units of 8 bytes and count this descriptor. */
typedef struct VmbusPacketDescriptor {
    uint16_t type;
    uint16_t offset8;               /* of the payload */
    uint16_t len8;
    uint16_t flags;
    uint64_t trans_id;
} IOV_PACKED VmbusPacketDescriptor;
IOV_SIZE_CHECK(VmbusPacketDescriptor, 16);

/* Type 7, behind the descriptor; followed by @range_count ranges. */
typedef struct VmbusXferPageHeader {
    uint16_t pageset_id;
    uint8_t sender_owns_set;
    uint8_t reserved;
    uint32_t range_count;
} IOV_PACKED VmbusXferPageHeader;
IOV_SIZE_CHECK(VmbusXferPageHeader, 8);

typedef struct VmbusXferPageRange {
    uint32_t byte_count;
    uint32_t byte_offset;           /* into the page set (GPADL) */
} IOV_PACKED VmbusXferPageRange;
IOV_SIZE_CHECK(VmbusXferPageRange, 8);

/* Type 9, behind the descriptor; followed by @range_count GPA ranges. */
typedef struct VmbusGpaDirectHeader {
    uint32_t reserved;
    uint32_t range_count;
} IOV_PACKED VmbusGpaDirectHeader;
IOV_SIZE_CHECK(VmbusGpaDirectHeader, 8);

/* Class GUIDs in wire order. */
#define VMBUS_CLASS_NETWORK "f8615163-df3e-46c5-913f-f2d2f965ed0e"
#define VMBUS_CLASS_VPCI    "44c4f61d-4444-4400-9d52-802e27ede19f"

#endif
