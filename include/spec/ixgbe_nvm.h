/*
 * The 82599's NVM map and its SPI EEPROM.
 *
 * Source: 82599 datasheet, chapter 6 (NVM map), and the serial EEPROM's
 * instructions in 3.4 (as of the AT25128 family).  Offsets count words of 16
 * bits unless said otherwise.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_IXGBE_NVM_H
#define SPEC_IXGBE_NVM_H

#define IXGBE_NVM_WORDS         8192        /* a 128 Kbit part */
#define IXGBE_NVM_SIZE_FIELD    7           /* EEC: 2^(7 + 6) words */
#define IXGBE_NVM_PAGE          64          /* bytes that one write can reach */

/* 6.1: hardware pointers and software words */
#define IXGBE_NVM_CONTROL_1     0x00
#define IXGBE_NVM_CONTROL_2     0x01
#define IXGBE_NVM_FIRST_MODULE  0x03        /* first pointer of the checksum */
#define IXGBE_NVM_CORE(port)    (0x09 + (port))
#define IXGBE_NVM_MAC(port)     (0x0b + (port))
#define IXGBE_NVM_LAST_MODULE   0x0e
#define IXGBE_NVM_FIRMWARE      0x0f
#define IXGBE_NVM_PBA           0x15        /* two words */
#define IXGBE_NVM_PBA_STRING    0xfafa      /* the second is a pointer */
#define IXGBE_NVM_ISCSI         0x17
#define IXGBE_NVM_VERSION       0x18
#define IXGBE_NVM_OEM_VERSION   0x1b
#define IXGBE_NVM_ALT_SAN_MAC   0x27
#define IXGBE_NVM_SAN_MAC       0x28
#define IXGBE_NVM_SFP_LIST      0x2b
#define IXGBE_NVM_CAPS          0x2c
#define IXGBE_NVM_CAPS_ANY_SFP  0x0001
#define IXGBE_NVM_CAPS_NO_FCOE  0x0002
#define IXGBE_NVM_CAPS_WOL_BOTH 0x0004
#define IXGBE_NVM_CAPS_NO_CROSSTALK 0x0080
#define IXGBE_NVM_ETRACK        0x2d        /* two words, low first */
#define IXGBE_NVM_VPD           0x2f
#define IXGBE_NVM_BOOT          0x30        /* option ROM settings */
#define IXGBE_NVM_BOOT_END      0x36
#define IXGBE_NVM_ALT_MAC       0x37
#define IXGBE_NVM_CHECKSUM      0x3f
#define IXGBE_NVM_SUM           0xbaba
#define IXGBE_NVM_NONE          0xffff      /* no such module */

/* 6.3.6 core module; offset 0 of a module is its length */
#define IXGBE_NVM_CORE_ADDRESS  1           /* three words */
#define IXGBE_NVM_CORE_LED      4           /* two: LEDCTL, low half first */
#define IXGBE_NVM_CORE_SDP      6           /* low half of ESDP */
#define IXGBE_NVM_CORE_WORDS    7
/* 6.3.7 MAC module */
#define IXGBE_NVM_MAC_MODE      1           /* AUTOC 15:0 */
#define IXGBE_NVM_MAC_AN        4           /* AUTOC 31:16 */
#define IXGBE_NVM_MAC_AUTOC2    5           /* AUTOC2 31:16 */
#define IXGBE_NVM_MAC_WORDS     8
/* 6.4 firmware module */
#define IXGBE_NVM_FW_LESM       2
#define IXGBE_NVM_FW_PATCH      4
#define IXGBE_NVM_FW_PATCH_VERSION 7        /* in the patch module */
#define IXGBE_NVM_FW_WORDS      16

/* Modules that the list of SFP+ initializations knows, 6.5.4 */
enum {
    IXGBE_NVM_SFP_DA_0   = 3,
    IXGBE_NVM_SFP_DA_1   = 4,
    IXGBE_NVM_SFP_SRLR_0 = 5,
    IXGBE_NVM_SFP_SRLR_1 = 6,
};

/* Instructions of the serial EEPROM */
enum {
    EEPROM_WRSR  = 0x01,
    EEPROM_WRITE = 0x02,
    EEPROM_READ  = 0x03,
    EEPROM_WRDI  = 0x04,
    EEPROM_RDSR  = 0x05,
    EEPROM_WREN  = 0x06,
};
#define EEPROM_STATUS_WEL       0x02

/* Vital product data: tags of PCI 3.0, appendix I */
enum {
    VPD_TAG_NAME = 0x82,
    VPD_TAG_RO   = 0x90,
    VPD_TAG_RW   = 0x91,
    VPD_TAG_END  = 0x78,
};

#endif
