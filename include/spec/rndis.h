/*
 * Remote NDIS over NVSP: messages, object identifiers, NDIS objects.
 *
 * All fields are little-endian.  Offsets inside a message count from the field
 * behind the 8-byte header.  Source of the layouts: Microsoft's public Remote
 * NDIS specification and NDIS header documentation, and the driver header of
 * Linux (drivers/net/hyperv/hyperv_net.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_RNDIS_H
#define SPEC_RNDIS_H

#include "iovlab/bytes.h"

#define RNDIS_MSG_COMPLETION 0x80000000u
enum {
    RNDIS_MSG_PACKET     = 1,
    RNDIS_MSG_INITIALIZE = 2,
    RNDIS_MSG_HALT       = 3,
    RNDIS_MSG_QUERY      = 4,
    RNDIS_MSG_SET        = 5,
    RNDIS_MSG_RESET      = 6,
    RNDIS_MSG_INDICATE   = 7,
    RNDIS_MSG_KEEPALIVE  = 8,
};

#define RNDIS_STATUS_SUCCESS           0x00000000u
#define RNDIS_STATUS_FAILURE           0xc0000001u
#define RNDIS_STATUS_NOT_SUPPORTED     0xc00000bbu
#define RNDIS_STATUS_BAD_VERSION       0xc0010004u
#define RNDIS_STATUS_MULTICAST_FULL    0xc0010009u
#define RNDIS_STATUS_INVALID_LENGTH    0xc0010014u
#define RNDIS_STATUS_INVALID_DATA      0xc0010015u
#define RNDIS_STATUS_BUFFER_TOO_SHORT  0xc0010016u
#define RNDIS_STATUS_ADAPTER_NOT_READY 0xc0010011u
#define RNDIS_STATUS_MEDIA_CONNECT     0x4001000bu
#define RNDIS_STATUS_MEDIA_DISCONNECT  0x4001000cu
#define RNDIS_STATUS_LINK_SPEED_CHANGE 0x40010013u
#define RNDIS_STATUS_NETWORK_CHANGE    0x40010018u

typedef struct RndisHeader {
    uint32_t type;
    uint32_t length;                    /* of the whole message */
} IOV_PACKED RndisHeader;
IOV_SIZE_CHECK(RndisHeader, 8);

/* Behind the header of RNDIS_MSG_PACKET. */
typedef struct RndisPacket {
    uint32_t data_offset;
    uint32_t data_length;
    uint32_t oob_offset;
    uint32_t oob_length;
    uint32_t oob_count;
    uint32_t ppi_offset;
    uint32_t ppi_length;
    uint32_t vc_handle;
    uint32_t reserved;
} IOV_PACKED RndisPacket;
IOV_SIZE_CHECK(RndisPacket, 36);

/* Per-packet information; @offset counts from this header. */
typedef struct RndisPpi {
    uint32_t size;                      /* with this header */
    uint32_t type;                      /* bit 31: internal */
    uint32_t offset;
} IOV_PACKED RndisPpi;
IOV_SIZE_CHECK(RndisPpi, 12);

enum {
    RNDIS_PPI_CHECKSUM = 0,
    RNDIS_PPI_LSO      = 2,
    RNDIS_PPI_VLAN     = 6,
    RNDIS_PPI_HASH     = 8,
};
#define RNDIS_PPI_INTERNAL (1u << 31)
#define RNDIS_PPI_ID (RNDIS_PPI_INTERNAL | 1)

/*
 * RNDIS_PPI_ID: with NVSP 6.1 a packet that receive segment coalescing made may
 * take several receive sections, with an RNDIS packet message in each; their
 * data, one behind the other, are the packet.
 */
typedef struct RndisPacketId {
    uint8_t version;                    /* 1 */
    uint8_t flags;                      /* RNDIS_ID_* */
    uint16_t id;
} IOV_PACKED RndisPacketId;
IOV_SIZE_CHECK(RndisPacketId, 4);
enum {
    RNDIS_ID_PART  = 1 << 0,
    RNDIS_ID_FIRST = 1 << 1,
    RNDIS_ID_LAST  = 1 << 2,
};

/* NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO. */
enum {
    NDIS_TXCSUM_IPV4      = 1 << 0,
    NDIS_TXCSUM_IPV6      = 1 << 1,
    NDIS_TXCSUM_TCP       = 1 << 2,
    NDIS_TXCSUM_UDP       = 1 << 3,
    NDIS_TXCSUM_IP_HEADER = 1 << 4,
    NDIS_TXCSUM_L4_SHIFT  = 16,         /* 10 bits: offset of the L4 header */
    NDIS_TXCSUM_L4_MASK   = 0x3ff,
    NDIS_RXCSUM_TCP_BAD   = 1 << 0,
    NDIS_RXCSUM_UDP_BAD   = 1 << 1,
    NDIS_RXCSUM_IP_BAD    = 1 << 2,
    NDIS_RXCSUM_TCP_GOOD  = 1 << 3,
    NDIS_RXCSUM_UDP_GOOD  = 1 << 4,
    NDIS_RXCSUM_IP_GOOD   = 1 << 5,
};

/* NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO. */
#define NDIS_LSO_MSS_MASK   0xfffffu
#define NDIS_LSO_V2         (1u << 30)  /* else version 1 */
#define NDIS_LSO_IPV6       (1u << 31)

/* NDIS_NET_BUFFER_LIST_8021Q_INFO. */
static inline uint16_t ndis_vlan_to_tci(uint32_t info)
{
    return (info & 7) << 13 | (info >> 3 & 1) << 12 | (info >> 4 & 0xfff);
}

static inline uint32_t ndis_vlan_from_tci(uint16_t tci)
{
    return tci >> 13 | (tci >> 12 & 1) << 3 | (uint32_t)(tci & 0xfff) << 4;
}

/* --- control messages, behind the header --------------------------------- */

typedef struct RndisInitialize {
    uint32_t request_id;
    uint32_t major;
    uint32_t minor;
    uint32_t max_transfer;
} IOV_PACKED RndisInitialize;
IOV_SIZE_CHECK(RndisInitialize, 16);

typedef struct RndisInitializeComplete {
    uint32_t request_id;
    uint32_t status;
    uint32_t major;
    uint32_t minor;
    uint32_t flags;                     /* 1: connectionless */
    uint32_t medium;                    /* 0: 802.3 */
    uint32_t max_packets;
    uint32_t max_transfer;
    uint32_t alignment;                 /* power of two */
    uint32_t af_offset;
    uint32_t af_size;
} IOV_PACKED RndisInitializeComplete;
IOV_SIZE_CHECK(RndisInitializeComplete, 44);

/* QUERY and SET. */
typedef struct RndisRequest {
    uint32_t request_id;
    uint32_t oid;
    uint32_t info_length;
    uint32_t info_offset;
    uint32_t vc_handle;
} IOV_PACKED RndisRequest;
IOV_SIZE_CHECK(RndisRequest, 20);

typedef struct RndisQueryComplete {
    uint32_t request_id;
    uint32_t status;
    uint32_t info_length;
    uint32_t info_offset;
} IOV_PACKED RndisQueryComplete;
IOV_SIZE_CHECK(RndisQueryComplete, 16);

/* SET and KEEPALIVE. */
typedef struct RndisComplete {
    uint32_t request_id;
    uint32_t status;
} IOV_PACKED RndisComplete;
IOV_SIZE_CHECK(RndisComplete, 8);

typedef struct RndisResetComplete {
    uint32_t status;
    uint32_t addressing_reset;
} IOV_PACKED RndisResetComplete;
IOV_SIZE_CHECK(RndisResetComplete, 8);

typedef struct RndisIndicate {
    uint32_t status;
    uint32_t buffer_length;
    uint32_t buffer_offset;
} IOV_PACKED RndisIndicate;
IOV_SIZE_CHECK(RndisIndicate, 12);

/* --- object identifiers --------------------------------------------------- */

enum {
    OID_GEN_SUPPORTED_LIST             = 0x00010101,
    OID_GEN_HARDWARE_STATUS            = 0x00010102,
    OID_GEN_MEDIA_SUPPORTED            = 0x00010103,
    OID_GEN_MEDIA_IN_USE               = 0x00010104,
    OID_GEN_MAXIMUM_LOOKAHEAD          = 0x00010105,
    OID_GEN_MAXIMUM_FRAME_SIZE         = 0x00010106,
    OID_GEN_LINK_SPEED                 = 0x00010107,
    OID_GEN_TRANSMIT_BUFFER_SPACE      = 0x00010108,
    OID_GEN_RECEIVE_BUFFER_SPACE       = 0x00010109,
    OID_GEN_TRANSMIT_BLOCK_SIZE        = 0x0001010a,
    OID_GEN_RECEIVE_BLOCK_SIZE         = 0x0001010b,
    OID_GEN_VENDOR_ID                  = 0x0001010c,
    OID_GEN_VENDOR_DESCRIPTION         = 0x0001010d,
    OID_GEN_CURRENT_PACKET_FILTER      = 0x0001010e,
    OID_GEN_CURRENT_LOOKAHEAD          = 0x0001010f,
    OID_GEN_DRIVER_VERSION             = 0x00010110,
    OID_GEN_MAXIMUM_TOTAL_SIZE         = 0x00010111,
    OID_GEN_PROTOCOL_OPTIONS           = 0x00010112,
    OID_GEN_MAC_OPTIONS                = 0x00010113,
    OID_GEN_MEDIA_CONNECT_STATUS       = 0x00010114,
    OID_GEN_MAXIMUM_SEND_PACKETS       = 0x00010115,
    OID_GEN_VENDOR_DRIVER_VERSION      = 0x00010116,
    OID_GEN_NETWORK_LAYER_ADDRESSES    = 0x00010118,
    OID_GEN_TRANSPORT_HEADER_OFFSET    = 0x00010119,
    OID_GEN_RECEIVE_SCALE_CAPABILITIES = 0x00010203,
    OID_GEN_RECEIVE_SCALE_PARAMETERS   = 0x00010204,
    OID_GEN_RNDIS_CONFIG_PARAMETER     = 0x0001021b,
    OID_GEN_XMIT_OK                    = 0x00020101,
    OID_GEN_RCV_OK                     = 0x00020102,
    OID_GEN_XMIT_ERROR                 = 0x00020103,
    OID_GEN_RCV_ERROR                  = 0x00020104,
    OID_GEN_RCV_NO_BUFFER              = 0x00020105,
    OID_GEN_DIRECTED_BYTES_XMIT        = 0x00020201,
    OID_GEN_DIRECTED_FRAMES_XMIT       = 0x00020202,
    OID_GEN_MULTICAST_BYTES_XMIT       = 0x00020203,
    OID_GEN_MULTICAST_FRAMES_XMIT      = 0x00020204,
    OID_GEN_BROADCAST_BYTES_XMIT       = 0x00020205,
    OID_GEN_BROADCAST_FRAMES_XMIT      = 0x00020206,
    OID_GEN_DIRECTED_BYTES_RCV         = 0x00020207,
    OID_GEN_DIRECTED_FRAMES_RCV        = 0x00020208,
    OID_GEN_MULTICAST_BYTES_RCV        = 0x00020209,
    OID_GEN_MULTICAST_FRAMES_RCV       = 0x0002020a,
    OID_GEN_BROADCAST_BYTES_RCV        = 0x0002020b,
    OID_GEN_BROADCAST_FRAMES_RCV       = 0x0002020c,
    OID_GEN_RCV_CRC_ERROR              = 0x0002020d,
    OID_GEN_TRANSMIT_QUEUE_LENGTH      = 0x0002020e,
    OID_GEN_FRIENDLY_NAME              = 0x00020216,
    OID_TCP_RSC_STATISTICS             = 0x0002021d,
    OID_802_3_PERMANENT_ADDRESS        = 0x01010101,
    OID_802_3_CURRENT_ADDRESS          = 0x01010102,
    OID_802_3_MULTICAST_LIST           = 0x01010103,
    OID_802_3_MAXIMUM_LIST_SIZE        = 0x01010104,
    OID_802_3_MAC_OPTIONS              = 0x01010105,
    OID_802_3_RCV_ERROR_ALIGNMENT      = 0x01020101,
    OID_802_3_XMIT_ONE_COLLISION       = 0x01020102,
    OID_802_3_XMIT_MORE_COLLISIONS     = 0x01020103,
};
#define OID_TCP_OFFLOAD_CURRENT_CONFIG        0xfc01020bu
#define OID_TCP_OFFLOAD_PARAMETERS            0xfc01020cu
#define OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES 0xfc01020du

/* OID_GEN_CURRENT_PACKET_FILTER. */
enum {
    NDIS_PACKET_DIRECTED      = 0x01,
    NDIS_PACKET_MULTICAST     = 0x02,
    NDIS_PACKET_ALL_MULTICAST = 0x04,
    NDIS_PACKET_BROADCAST     = 0x08,
    NDIS_PACKET_PROMISCUOUS   = 0x20,
};

/* OID_GEN_MAC_OPTIONS. */
enum {
    NDIS_MAC_COPY_LOOKAHEAD   = 0x001,
    NDIS_MAC_NOT_PEND         = 0x004,
    NDIS_MAC_NO_LOOPBACK      = 0x008,
    NDIS_MAC_FULL_DUPLEX      = 0x010,
    NDIS_MAC_8021P_PRIORITY   = 0x040,
    NDIS_MAC_8021Q_VLAN       = 0x200,
};

/* OID_GEN_RNDIS_CONFIG_PARAMETER; offsets count from this structure. */
typedef struct RndisConfigParameter {
    uint32_t name_offset;
    uint32_t name_length;               /* bytes of UTF-16 */
    uint32_t type;                      /* 0 integer, 2 string */
    uint32_t value_offset;
    uint32_t value_length;
} IOV_PACKED RndisConfigParameter;
IOV_SIZE_CHECK(RndisConfigParameter, 20);
enum { RNDIS_CONFIG_STRING = 2 };

/* --- NDIS objects ----------------------------------------------------------- */

typedef struct NdisObjectHeader {
    uint8_t type;
    uint8_t revision;
    uint16_t size;
} IOV_PACKED NdisObjectHeader;
IOV_SIZE_CHECK(NdisObjectHeader, 4);

enum {
    NDIS_OBJECT_DEFAULT          = 0x80,
    NDIS_OBJECT_RSS_CAPABILITIES = 0x88,
    NDIS_OBJECT_RSS_PARAMETERS   = 0x89,
    NDIS_OBJECT_OFFLOAD          = 0xa7,
};

#define NDIS_ENCAPSULATION_802_3    0x2u
#define NDIS_ENCAPSULATION_VLAN     0x4u    /* 802.1p/q inside the frame */
#define NDIS_ENCAPSULATION_VLAN_OOB 0x8u    /* 802.1p/q in per-packet info */

/* Checksum capabilities, four-bit groups of 0 or 1. */
enum {
    NDIS_CSUM_IP_OPTIONS  = 0x001,
    NDIS_CSUM_TCP_OPTIONS = 0x004,
    NDIS_CSUM_TCP         = 0x010,
    NDIS_CSUM_UDP         = 0x040,
    NDIS_CSUM_IP          = 0x100,      /* IPv4 only */
};

typedef struct NdisChecksumOffload {
    uint32_t ip4_tx_encapsulation;
    uint32_t ip4_tx;
    uint32_t ip4_rx_encapsulation;
    uint32_t ip4_rx;
    uint32_t ip6_tx_encapsulation;
    uint32_t ip6_tx;
    uint32_t ip6_rx_encapsulation;
    uint32_t ip6_rx;
} IOV_PACKED NdisChecksumOffload;
IOV_SIZE_CHECK(NdisChecksumOffload, 32);

typedef struct NdisLsoV1Offload {
    uint32_t encapsulation;
    uint32_t max_size;
    uint32_t min_segments;
    uint32_t options;                   /* 0x1 TCP options, 0x4 IP options */
} IOV_PACKED NdisLsoV1Offload;
IOV_SIZE_CHECK(NdisLsoV1Offload, 16);

typedef struct NdisLsoV2Offload {
    uint32_t ip4_encapsulation;
    uint32_t ip4_max_size;
    uint32_t ip4_min_segments;
    uint32_t ip6_encapsulation;
    uint32_t ip6_max_size;
    uint32_t ip6_min_segments;
    uint32_t ip6_options;               /* 0x1 extensions, 0x4 TCP options */
} IOV_PACKED NdisLsoV2Offload;
IOV_SIZE_CHECK(NdisLsoV2Offload, 28);

typedef struct NdisOffload {
    NdisObjectHeader header;
    NdisChecksumOffload checksum;
    NdisLsoV1Offload lso_v1;
    uint8_t ipsec_v1[28];
    NdisLsoV2Offload lso_v2;
    uint32_t flags;
    uint8_t ipsec_v2[32];               /* from revision 2 */
    uint8_t rsc_ip4;                    /* from revision 3 */
    uint8_t rsc_ip6;
    uint8_t padding[2];
    uint8_t encapsulated[8];
} IOV_PACKED NdisOffload;
IOV_SIZE_CHECK(NdisOffload, 156);
#define NDIS_OFFLOAD_SIZE_1 112         /* NDIS 6.0 */
#define NDIS_OFFLOAD_SIZE_2 144         /* NDIS 6.1 */
#define NDIS_OFFLOAD_SIZE_3 156         /* NDIS 6.30 */

/* OID_TCP_RSC_STATISTICS. */
typedef struct NdisRscStatistics {
    NdisObjectHeader header;
    uint32_t padding;
    uint64_t packets;                   /* that were coalesced */
    uint64_t octets;                    /* TCP payload in them */
    uint64_t events;                    /* packets made of them */
    uint64_t aborts;                    /* ended by an exception */
} IOV_PACKED NdisRscStatistics;
IOV_SIZE_CHECK(NdisRscStatistics, 40);

/* A setting in NdisOffloadParameters. */
enum {
    NDIS_PARAM_NO_CHANGE = 0,
    NDIS_PARAM_OFF       = 1,
    NDIS_PARAM_TX        = 2,           /* LSO, RSC: on */
    NDIS_PARAM_RX        = 3,
    NDIS_PARAM_TX_RX     = 4,
};

typedef struct NdisOffloadParameters {
    NdisObjectHeader header;
    uint8_t ip4_checksum;
    uint8_t tcp4_checksum;
    uint8_t udp4_checksum;
    uint8_t tcp6_checksum;
    uint8_t udp6_checksum;
    uint8_t lso_v1;
    uint8_t ipsec_v1;
    uint8_t lso_v2_ip4;
    uint8_t lso_v2_ip6;
    uint8_t connection_ip4;
    uint8_t connection_ip6;
    uint8_t padding;
    uint32_t flags;                     /* end of revision 1 */
    uint8_t ipsec_v2;
    uint8_t ipsec_v2_ip4;               /* end of revision 2 */
    uint8_t rsc_ip4;
    uint8_t rsc_ip6;
    uint8_t encapsulated[2];
} IOV_PACKED NdisOffloadParameters;
IOV_SIZE_CHECK(NdisOffloadParameters, 26);
#define NDIS_OFFLOAD_PARAMETERS_MIN 20

/* RSS hash information. */
enum {
    NDIS_HASH_TOEPLITZ    = 0x0001,
    NDIS_HASH_IPV4        = 0x0100,
    NDIS_HASH_TCP_IPV4    = 0x0200,
    NDIS_HASH_IPV6        = 0x0400,
    NDIS_HASH_IPV6_EX     = 0x0800,
    NDIS_HASH_TCP_IPV6    = 0x1000,
    NDIS_HASH_TCP_IPV6_EX = 0x2000,
    NDIS_HASH_UDP_IPV4    = 0x4000,
    NDIS_HASH_UDP_IPV6    = 0x8000,
};

typedef struct NdisRssCapabilities {
    NdisObjectHeader header;
    uint32_t flags;                     /* NDIS_RSS_CAP_*, hash function */
    uint32_t messages;
    uint32_t queues;
    uint16_t table_entries;             /* from revision 2 */
} IOV_PACKED NdisRssCapabilities;
IOV_SIZE_CHECK(NdisRssCapabilities, 18);
#define NDIS_RSS_CAPABILITIES_MIN 16
enum {
    NDIS_RSS_CAP_TCP_IPV4    = 0x0100,
    NDIS_RSS_CAP_TCP_IPV6    = 0x0200,
    NDIS_RSS_CAP_TCP_IPV6_EX = 0x0400,
};

typedef struct NdisRssParameters {
    NdisObjectHeader header;
    uint16_t flags;                     /* NDIS_RSS_PARAM_* */
    uint16_t base_cpu;
    uint32_t hash_information;          /* NDIS_HASH_* */
    uint16_t table_bytes;
    uint16_t padding1;
    uint32_t table_offset;              /* from this structure */
    uint16_t key_bytes;
    uint16_t padding2;
    uint32_t key_offset;
    uint32_t masks_offset;
    uint32_t masks;
    uint32_t mask_bytes;
} IOV_PACKED NdisRssParameters;
IOV_SIZE_CHECK(NdisRssParameters, 40);
#define NDIS_RSS_PARAMETERS_MIN 28
enum {
    NDIS_RSS_PARAM_HASH_UNCHANGED  = 0x0002,
    NDIS_RSS_PARAM_TABLE_UNCHANGED = 0x0004,
    NDIS_RSS_PARAM_KEY_UNCHANGED   = 0x0008,
    NDIS_RSS_PARAM_DISABLE         = 0x0010,
};

#endif
