/*
 * NVSP, the protocol of the synthetic NIC's channel: messages as on the wire.
 *
 * All fields are little-endian.  A message is a type and what follows it; both
 * sides pad to a fixed size that grew with version 6.1.  Source of the layouts:
 * the public driver header of Linux (drivers/net/hyperv/hyperv_net.h) and
 * OpenVMM's netvsp protocol description.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_NVSP_H
#define SPEC_NVSP_H

#include "iovlab/bytes.h"

enum {
    NVSP_VERSION_1  = 0x00002,
    NVSP_VERSION_2  = 0x30002,
    NVSP_VERSION_4  = 0x40000,
    NVSP_VERSION_5  = 0x50000,
    NVSP_VERSION_6  = 0x60000,
    NVSP_VERSION_61 = 0x60001,
};

enum {
    NVSP_MSG_INIT                    = 1,
    NVSP_MSG_INIT_COMPLETE           = 2,
    NVSP_MSG_NDIS_VERSION            = 100,
    NVSP_MSG_SEND_RECV_BUF           = 101,
    NVSP_MSG_SEND_RECV_BUF_COMPLETE  = 102,
    NVSP_MSG_REVOKE_RECV_BUF         = 103,
    NVSP_MSG_SEND_SEND_BUF           = 104,
    NVSP_MSG_SEND_SEND_BUF_COMPLETE  = 105,
    NVSP_MSG_REVOKE_SEND_BUF         = 106,
    NVSP_MSG_RNDIS_PKT               = 107,
    NVSP_MSG_RNDIS_PKT_COMPLETE      = 108,
    NVSP_MSG_NDIS_CONFIG             = 125,
    NVSP_MSG_VF_ASSOCIATION          = 128,
    NVSP_MSG_SWITCH_DATA_PATH        = 129,
    NVSP_MSG_SUBCHANNEL              = 133,
    NVSP_MSG_SEND_INDIRECTION_TABLE  = 134,
};

typedef enum NvspStatus {
    NVSP_STATUS_NONE                 = 0,
    NVSP_STATUS_SUCCESS              = 1,
    NVSP_STATUS_FAIL                 = 2,
    NVSP_STATUS_PROTOCOL_TOO_NEW     = 3,
    NVSP_STATUS_PROTOCOL_TOO_OLD     = 4,
    NVSP_STATUS_INVALID_RNDIS_PKT    = 5,
    NVSP_STATUS_BUSY                 = 6,
    NVSP_STATUS_PROTOCOL_UNSUPPORTED = 7,
} NvspStatus;

/* Size of every message, padded with zeroes. */
#define NVSP_MESSAGE_SIZE       0x1c
#define NVSP_MESSAGE_SIZE_61    0x28

#define NVSP_RECV_BUF_ID        0xcafe
#define NVSP_SEND_BUF_ID        0
/* No section of the send buffer: the data is in the packet's pages. */
#define NVSP_NO_SECTION         0xffffffffu
#define NVSP_SEND_TABLE_ENTRIES 16
/*
 * Guests of versions up to 6.0 read the table here, whatever the message
 * says (an old host's bug that became the rule).
 */
#define NVSP_SEND_TABLE_OFFSET  0x28

enum { NVSP_CHANNEL_DATA = 0, NVSP_CHANNEL_CONTROL = 1 };
enum { NVSP_DATAPATH_SYNTHETIC = 0, NVSP_DATAPATH_VF = 1 };
enum { NVSP_SUBCHANNEL_ALLOCATE = 1 };

/* Capabilities in NDIS_CONFIG. */
enum {
    NVSP_CAP_VMQ         = 1 << 0,
    NVSP_CAP_CHIMNEY     = 1 << 1,
    NVSP_CAP_SRIOV       = 1 << 2,
    NVSP_CAP_8021Q       = 1 << 3,
    NVSP_CAP_CORRELATION = 1 << 4,
    NVSP_CAP_TEAMING     = 1 << 5,
    NVSP_CAP_VSUBNET     = 1 << 6,
    NVSP_CAP_RSC         = 1 << 7,
};

typedef struct NvspInit {
    uint32_t type;
    uint32_t min_version;
    uint32_t max_version;
} IOV_PACKED NvspInit;
IOV_SIZE_CHECK(NvspInit, 12);

typedef struct NvspInitComplete {
    uint32_t type;
    uint32_t version;
    uint32_t max_mdl_chain;
    uint32_t status;
} IOV_PACKED NvspInitComplete;
IOV_SIZE_CHECK(NvspInitComplete, 16);

typedef struct NvspNdisVersion {
    uint32_t type;
    uint32_t major;
    uint32_t minor;
} IOV_PACKED NvspNdisVersion;
IOV_SIZE_CHECK(NvspNdisVersion, 12);

typedef struct NvspNdisConfig {
    uint32_t type;
    uint32_t mtu;                   /* with the Ethernet header */
    uint32_t reserved;
    uint64_t capabilities;          /* NVSP_CAP_* */
} IOV_PACKED NvspNdisConfig;
IOV_SIZE_CHECK(NvspNdisConfig, 20);

/* SEND_RECV_BUF and SEND_SEND_BUF. */
typedef struct NvspSendBuffer {
    uint32_t type;
    uint32_t gpadl;
    uint16_t id;
} IOV_PACKED NvspSendBuffer;
IOV_SIZE_CHECK(NvspSendBuffer, 10);

typedef struct NvspRecvBufComplete {
    uint32_t type;
    uint32_t status;
    uint32_t sections;
    uint32_t offset;
    uint32_t sub_alloc_size;
    uint32_t sub_allocs;
    uint32_t end_offset;
} IOV_PACKED NvspRecvBufComplete;
IOV_SIZE_CHECK(NvspRecvBufComplete, 28);

typedef struct NvspSendBufComplete {
    uint32_t type;
    uint32_t status;
    uint32_t section_size;
} IOV_PACKED NvspSendBufComplete;
IOV_SIZE_CHECK(NvspSendBufComplete, 12);

/* REVOKE_RECV_BUF and REVOKE_SEND_BUF. */
typedef struct NvspRevokeBuffer {
    uint32_t type;
    uint16_t id;
} IOV_PACKED NvspRevokeBuffer;
IOV_SIZE_CHECK(NvspRevokeBuffer, 6);

typedef struct NvspRndisPacket {
    uint32_t type;
    uint32_t channel;               /* NVSP_CHANNEL_* */
    uint32_t section;               /* of the send buffer */
    uint32_t section_bytes;
} IOV_PACKED NvspRndisPacket;
IOV_SIZE_CHECK(NvspRndisPacket, 16);

typedef struct NvspRndisComplete {
    uint32_t type;
    uint32_t status;
} IOV_PACKED NvspRndisComplete;
IOV_SIZE_CHECK(NvspRndisComplete, 8);

typedef struct NvspVfAssociation {
    uint32_t type;
    uint32_t allocated;
    uint32_t serial;
} IOV_PACKED NvspVfAssociation;
IOV_SIZE_CHECK(NvspVfAssociation, 12);

typedef struct NvspSwitchDataPath {
    uint32_t type;
    uint32_t path;                  /* NVSP_DATAPATH_* */
} IOV_PACKED NvspSwitchDataPath;
IOV_SIZE_CHECK(NvspSwitchDataPath, 8);

/* Request: an operation; reply: a status. */
typedef struct NvspSubchannel {
    uint32_t type;
    uint32_t operation;
    uint32_t count;
} IOV_PACKED NvspSubchannel;
IOV_SIZE_CHECK(NvspSubchannel, 12);

typedef struct NvspSendTable {
    uint32_t type;
    uint32_t count;
    uint32_t offset;                /* from the start of the message */
} IOV_PACKED NvspSendTable;
IOV_SIZE_CHECK(NvspSendTable, 12);

#endif
