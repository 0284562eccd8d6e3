/*
 * Intel 82599 descriptors: datasheet 7.1.5, 7.1.6 (receive) and 7.2.3
 * (transmit).  All fields are little-endian; a descriptor is 16 bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_IXGBE_DESC_H
#define SPEC_IXGBE_DESC_H

#include "iovlab/bytes.h"

#define IXGBE_DESC_SIZE 16

/* 7.1.5 legacy receive descriptor, as written back */
typedef struct IOV_PACKED IxgbeRxLegacy {
    uint64_t address;
    uint16_t length;
    uint16_t checksum;          /* of what is behind the IPv4 header */
    uint8_t status;
    uint8_t errors;
    uint16_t vlan;
} IxgbeRxLegacy;
IOV_SIZE_CHECK(IxgbeRxLegacy, IXGBE_DESC_SIZE);

#define IXGBE_RXL_DD            0x01u
#define IXGBE_RXL_EOP           0x02u
#define IXGBE_RXL_VP            0x08u
#define IXGBE_RXL_L4CS          0x20u
#define IXGBE_RXL_IPCS          0x40u
#define IXGBE_RXL_ERR_RXE       0x01u
#define IXGBE_RXL_ERR_L4E       0x40u
#define IXGBE_RXL_ERR_IPE       0x80u

/* 7.1.6.1 advanced receive descriptor, as the driver writes it */
typedef struct IOV_PACKED IxgbeRxAdvRead {
    uint64_t packet;
    uint64_t header;            /* bit 0: DD, must be 0 */
} IxgbeRxAdvRead;
IOV_SIZE_CHECK(IxgbeRxAdvRead, IXGBE_DESC_SIZE);

/* 7.1.6.2 advanced receive descriptor, as written back */
typedef struct IOV_PACKED IxgbeRxAdvWb {
    uint32_t info;              /* RSS type, packet type, header length, SPH */
    uint32_t hash;              /* RSS hash, or IP id and packet checksum */
    uint32_t status_error;
    uint16_t length;
    uint16_t vlan;
} IxgbeRxAdvWb;
IOV_SIZE_CHECK(IxgbeRxAdvWb, IXGBE_DESC_SIZE);

/* info; packet type as in 7.1.6.2, table 7-16 */
#define IXGBE_RXI_IPV4          0x00000010u
#define IXGBE_RXI_IPV4E         0x00000020u
#define IXGBE_RXI_IPV6          0x00000040u
#define IXGBE_RXI_IPV6E         0x00000080u
#define IXGBE_RXI_TCP           0x00000100u
#define IXGBE_RXI_UDP           0x00000200u
#define IXGBE_RXI_SCTP          0x00000400u
#define IXGBE_RXI_ESP           0x00001000u
#define IXGBE_RXI_AH            0x00002000u
#define IXGBE_RXI_ETQF          0x00008000u
#define IXGBE_RXI_RSCCNT_SHIFT  17
#define IXGBE_RXI_HDR_LEN_SHIFT 21
#define IXGBE_RXI_HDR_LEN_MAX   0x3ffu
#define IXGBE_RXI_SPH           0x80000000u

/* status_error */
#define IXGBE_RXS_DD            0x00000001u
#define IXGBE_RXS_EOP           0x00000002u
#define IXGBE_RXS_FLM           0x00000004u
#define IXGBE_RXS_VP            0x00000008u
#define IXGBE_RXS_UDPCS         0x00000010u
#define IXGBE_RXS_L4CS          0x00000020u
#define IXGBE_RXS_IPCS          0x00000040u
#define IXGBE_RXS_PIF           0x00000080u
#define IXGBE_RXS_VEXT          0x00000200u
#define IXGBE_RXS_UDPV          0x00000400u
#define IXGBE_RXS_TS            0x00010000u
#define IXGBE_RXS_SECP          0x00020000u
#define IXGBE_RXS_LB            0x00040000u
#define IXGBE_RXS_NEXTP_SHIFT   4               /* not last of an RSC */
#define IXGBE_RXS_ERR_FDIR_LEN  0x00100000u
#define IXGBE_RXS_ERR_FDIR_DROP 0x00200000u
#define IXGBE_RXS_ERR_FDIR_COLL 0x00400000u
#define IXGBE_RXS_ERR_HBO       0x00800000u
#define IXGBE_RXS_ERR_RXE       0x20000000u
#define IXGBE_RXS_SECERR_AUTH   0x18000000u     /* SECERR: the ICV is wrong */
#define IXGBE_RXS_ERR_L4E       0x40000000u
#define IXGBE_RXS_ERR_IPE       0x80000000u

/* 7.2.3.2 transmit descriptor: the fields that all three forms share */
typedef struct IOV_PACKED IxgbeTxDesc {
    uint64_t address;
    uint32_t cmd_type_len;
    uint32_t olinfo_status;
} IxgbeTxDesc;
IOV_SIZE_CHECK(IxgbeTxDesc, IXGBE_DESC_SIZE);

/* 7.2.3.2.3 advanced context descriptor */
typedef struct IOV_PACKED IxgbeTxContext {
    uint32_t vlan_macip_lens;   /* VLAN 31:16, MACLEN 15:9, IPLEN 8:0 */
    uint32_t saidx_seqnum;      /* IPsec SA index 9:0 */
    uint32_t type_tucmd;        /* DTYP 23:20, TUCMD 19:9, ESP_LEN 8:0 */
    uint32_t mss_l4len_idx;     /* MSS 31:16, L4LEN 15:8, IDX 4 */
} IxgbeTxContext;
IOV_SIZE_CHECK(IxgbeTxContext, IXGBE_DESC_SIZE);

/* cmd_type_len */
#define IXGBE_TXD_LENGTH        0x0000ffffu
#define IXGBE_TXD_MAC_1588      0x00080000u     /* advanced: time stamp */
#define IXGBE_TXD_DTYP          0x00f00000u
#define IXGBE_TXD_DTYP_CONTEXT  0x00200000u
#define IXGBE_TXD_DTYP_DATA     0x00300000u
#define IXGBE_TXD_EOP           0x01000000u
#define IXGBE_TXD_IFCS          0x02000000u
#define IXGBE_TXD_IC            0x04000000u     /* legacy only */
#define IXGBE_TXD_RS            0x08000000u
#define IXGBE_TXD_DEXT          0x20000000u
#define IXGBE_TXD_VLE           0x40000000u
#define IXGBE_TXD_TSE           0x80000000u     /* DCMD.TSE, advanced only */
/* legacy: CSO, where the checksum goes */
#define IXGBE_TXL_CSO_SHIFT     16
/* legacy, olinfo_status: status 3:0, CSS 15:8, VLAN 31:16 */
#define IXGBE_TXL_CSS_SHIFT     8
#define IXGBE_TXL_VLAN_SHIFT    16

/* olinfo_status of a data descriptor */
#define IXGBE_TXD_DD            0x00000001u
#define IXGBE_TXD_IDX           0x00000010u     /* of the two contexts */
#define IXGBE_TXD_CC            0x00000080u
#define IXGBE_TXD_IXSM          0x00000100u
#define IXGBE_TXD_TXSM          0x00000200u
#define IXGBE_TXD_IPSEC         0x00000400u     /* POPTS.IPSEC */
#define IXGBE_TXD_PAYLEN_SHIFT  14

/* saidx_seqnum */
#define IXGBE_TXC_SA            0x000003ffu

/* type_tucmd */
#define IXGBE_TXC_ESP_LEN       0x000001ffu
#define IXGBE_TXC_IPV4          0x00000400u
#define IXGBE_TXC_L4T           0x00001800u
#define IXGBE_TXC_L4T_UDP       0x00000000u
#define IXGBE_TXC_L4T_TCP       0x00000800u
#define IXGBE_TXC_L4T_SCTP      0x00001000u
#define IXGBE_TXC_IPSEC_ESP     0x00002000u
#define IXGBE_TXC_IPSEC_ENCRYPT 0x00004000u
/* mss_l4len_idx */
#define IXGBE_TXC_IDX           0x00000010u

#endif
