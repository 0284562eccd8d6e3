/*
 * The memory of an SFP+ module on its two-wire bus.
 *
 * Source: SFF-8472 specification (two-wire addresses, DDM), SFF-8079 (serial
 * id).  Offsets are bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_SFF8472_H
#define SPEC_SFF8472_H

#define SFF_ADDRESS_ID          0xa0
#define SFF_ADDRESS_DDM         0xa2
#define SFF_MEMORY              256

/* Serial id, at address a0h */
#define SFF_IDENTIFIER          0
#define SFF_IDENTIFIER_SFP      0x03
#define SFF_EXT_IDENTIFIER      1
#define SFF_CONNECTOR           2
#define SFF_CONNECTOR_LC        0x07
#define SFF_CONNECTOR_PIGTAIL   0x21
#define SFF_CODES_10G           3
#define SFF_10GBASE_SR          0x10
#define SFF_10GBASE_LR          0x20
#define SFF_CODES_1G            6
#define SFF_1000BASE_SX         0x01
#define SFF_1000BASE_LX         0x02
#define SFF_CABLE               8
#define SFF_CABLE_PASSIVE       0x04
#define SFF_ENCODING            11
#define SFF_ENCODING_64B66B     0x06
#define SFF_ENCODING_8B10B      0x01
#define SFF_BITRATE             12      /* 100 Mb/s */
#define SFF_LENGTH_SMF_KM       14
#define SFF_LENGTH_SMF          15      /* 100 m */
#define SFF_LENGTH_OM2          16      /* 10 m */
#define SFF_LENGTH_OM1          17
#define SFF_LENGTH_COPPER       18      /* m */
#define SFF_LENGTH_OM3          19
#define SFF_VENDOR              20      /* 16 characters */
#define SFF_OUI                 37
#define SFF_PART                40      /* 16 characters */
#define SFF_REVISION            56      /* 4 characters */
#define SFF_WAVELENGTH          60      /* nm; or a cable's attributes */
#define SFF_CHECKSUM_BASE       63
#define SFF_OPTIONS             64
#define SFF_OPTION_TX_DISABLE   0x10    /* of byte 65 */
#define SFF_OPTION_TX_FAULT     0x08
#define SFF_OPTION_RX_LOS       0x02
#define SFF_SERIAL              68      /* 16 characters */
#define SFF_DATE                84      /* 8 characters */
#define SFF_DDM_TYPE            92
#define SFF_DDM_IMPLEMENTED     0x40
#define SFF_DDM_INTERNAL        0x20    /* calibrated by the module */
#define SFF_DDM_AVERAGE_POWER   0x08
#define SFF_ENHANCED            93
#define SFF_COMPLIANCE          94
#define SFF_COMPLIANCE_9_3      0x03
#define SFF_CHECKSUM_EXT        95

/* Diagnostics, at address a2h; values are big endian */
#define SFF_THRESHOLDS          0       /* 5 quantities of 4 words */
#define SFF_DDM_CALIBRATION     56
#define SFF_DDM_CHECKSUM        95
#define SFF_DDM_VALUES          96      /* temperature, voltage, bias, Tx, Rx */
#define SFF_DDM_TX_POWER        102
#define SFF_DDM_RX_POWER        104
#define SFF_DDM_STATUS          110
#define SFF_STATUS_TX_DISABLED  0x80
#define SFF_STATUS_RX_LOS       0x02
#define SFF_DDM_ALARMS          112     /* 2 bytes */
#define SFF_DDM_WARNINGS        116
#define SFF_FLAG_RX_LOW         0x40    /* of the second byte of both */
#define SFF_DDM_USER            128     /* 120 bytes that the host may write */
#define SFF_DDM_USER_END        248

#endif
