/*
 * Intel 82599 registers of the board around the MAC: pins, LEDs, module bus,
 * NVM, PHY, link, semaphores, management, wake-up, PCIe.
 *
 * Names and meanings follow the 82599 datasheet, chapter 8.2.3.  Offsets are
 * bytes in the PF's BAR0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_IXGBE_BOARD_REGS_H
#define SPEC_IXGBE_BOARD_REGS_H

/* 8.2.3.1 general control: pins, module bus, LEDs, timers */
#define IXGBE_ESDP              0x00020
#define IXGBE_ESDP_DATA(n)      (0x01u << (n))
#define IXGBE_ESDP_DIR(n)       (0x0100u << (n))        /* 1: output */
#define IXGBE_ESDP_NATIVE(n)    (0x010000u << (n))
#define IXGBE_ESDP_PINS         0x000000ffu
#define IXGBE_SDP_MODULE        2       /* a module is in the cage */
#define IXGBE_SDP_TX_DISABLE    3       /* laser off */
#define IXGBE_I2CCTL            0x00028
#define IXGBE_I2CCTL_CLK_IN     0x1u
#define IXGBE_I2CCTL_CLK_OUT    0x2u
#define IXGBE_I2CCTL_DATA_IN    0x4u
#define IXGBE_I2CCTL_DATA_OUT   0x8u
#define IXGBE_FRTIMER           0x00048
#define IXGBE_TCPTIMER          0x0004c
#define IXGBE_TCPTIMER_DURATION 0x000000ffu     /* milliseconds */
#define IXGBE_TCPTIMER_KICK     0x00000100u
#define IXGBE_TCPTIMER_ENABLE   0x00000200u
#define IXGBE_TCPTIMER_FINISH   0x00000400u
#define IXGBE_TCPTIMER_LOOP     0x00000800u
#define IXGBE_LEDCTL            0x00200
#define IXGBE_LEDCTL_MODE(led)  (0x0fu << (8 * (led)))
#define IXGBE_LEDCTL_BLINK(led) (0x80u << (8 * (led)))
#define IXGBE_LEDS              4
enum {                          /* LEDCTL mode of a LED, table 8-4 */
    IXGBE_LED_LINK_UP     = 0x0,
    IXGBE_LED_LINK_10G    = 0x1,
    IXGBE_LED_MAC_ACTIVE  = 0x2,
    IXGBE_LED_FILTER      = 0x3,
    IXGBE_LED_LINK_ACTIVE = 0x4,
    IXGBE_LED_LINK_1G     = 0x5,
    IXGBE_LED_ON          = 0xe,
    IXGBE_LED_OFF         = 0xf,
};

/* Causes of EICR that these raise, 8.2.3.5.1 */
#define IXGBE_EICR_SDP(n)       (0x01000000u << (n))    /* n: 0..2 */
#define IXGBE_EICR_TCP_TIMER    0x40000000u

/* 8.2.3.2 NVM */
#define IXGBE_EEC               0x10010
#define IXGBE_EEC_SK            0x00000001u
#define IXGBE_EEC_CS            0x00000002u     /* level of the pin: 0 selects */
#define IXGBE_EEC_DI            0x00000004u
#define IXGBE_EEC_DO            0x00000008u
#define IXGBE_EEC_FWE           0x00000030u
#define IXGBE_EEC_REQ           0x00000040u
#define IXGBE_EEC_GNT           0x00000080u
#define IXGBE_EEC_PRES          0x00000100u
#define IXGBE_EEC_AUTO_RD       0x00000200u
#define IXGBE_EEC_ADDR_SIZE     0x00000400u
#define IXGBE_EEC_SIZE_SHIFT    11              /* words: 2^(size + 6) */
#define IXGBE_EERD              0x10014
#define IXGBE_EEWR              0x10018
#define IXGBE_EERW_START        0x00000001u
#define IXGBE_EERW_DONE         0x00000002u
#define IXGBE_EERW_ADDR         0x0000fffcu     /* 14 bits, from bit 2 */
#define IXGBE_EERW_ADDR_SHIFT   2
#define IXGBE_EERW_DATA_SHIFT   16
#define IXGBE_FLA               0x1001c
#define IXGBE_FLA_SO            0x00000008u
#define IXGBE_FLA_REQ           0x00000010u
#define IXGBE_FLA_GNT           0x00000020u
#define IXGBE_EEMNGCTL          0x10110
#define IXGBE_EEMNGCTL_CFG_DONE 0x000c0000u     /* both ports */
#define IXGBE_FLOP              0x1013c
#define IXGBE_GRC               0x10200
#define IXGBE_GRC_APME          0x00000002u

/* 8.2.3.4 PCIe and semaphores */
#define IXGBE_SWSM              0x10140
#define IXGBE_SWSM_SMBI         0x00000001u     /* a read that returns 0 sets */
#define IXGBE_SWSM_SWESMBI      0x00000002u
#define IXGBE_FWSM              0x10148
#define IXGBE_FACTPS            0x10150
#define IXGBE_FACTPS_MNGCG      0x20000000u     /* no clock: no firmware */
#define IXGBE_GSSR              0x10160
#define IXGBE_GSSR_SW           0x0000001fu
#define IXGBE_GSSR_FW           0x000003e0u
#define IXGBE_GCR               0x11000
#define IXGBE_CIAA              0x11088
#define IXGBE_CIAD              0x1108c
#define IXGBE_BARCTRL           0x110f4

/* 8.2.3.22 MAC: PHY access and link */
#define IXGBE_PCS1GCFIG         0x04200
#define IXGBE_PCS1GLCTL         0x04208
#define IXGBE_PCS1GLSTA         0x0420c
#define IXGBE_PCS1GLSTA_LINK_OK 0x00000001u
#define IXGBE_PCS1GLSTA_SYNC_OK 0x00000010u
#define IXGBE_PCS1GLSTA_AN_DONE 0x00010000u
#define IXGBE_PCS1GANA          0x04218
#define IXGBE_PCS1GANLP         0x0421c
#define IXGBE_MSCA              0x0425c
#define IXGBE_MSCA_COMMAND      0x40000000u
#define IXGBE_MSRWD             0x04260
#define IXGBE_MSRWD_READ        0xffff0000u
#define IXGBE_AUTOC_FLU         0x00000001u
#define IXGBE_AUTOC_RESTART     0x00001000u
#define IXGBE_AUTOC_LMS         0x0000e000u
#define IXGBE_AUTOC_LMS_SHIFT   13
enum {                          /* AUTOC.LMS */
    IXGBE_LMS_1G          = 0,
    IXGBE_LMS_10G_PARALLEL = 1,
    IXGBE_LMS_1G_AN       = 2,
    IXGBE_LMS_10G_SERIAL  = 3,
    IXGBE_LMS_KX4_KX_KR   = 4,
    IXGBE_LMS_SGMII       = 5,
    IXGBE_LMS_KX4_KX_KR_1G = 6,
    IXGBE_LMS_KX4_KX_KR_SGMII = 7,
};
#define IXGBE_AUTOC2_10G_PMA    0x00030000u     /* 10G serial PMA/PMD */
#define IXGBE_AUTOC2_SFI        0x00020000u
#define IXGBE_AUTOC3            0x042ac
#define IXGBE_ANLP1             0x042b0
#define IXGBE_ANLP1_STATE_SHIFT 16              /* arbitration state, 4 bits */
#define IXGBE_ANLP2             0x042b4
#define IXGBE_MMNGC             0x042d0
#define IXGBE_CORECTL           0x14f00

/* 8.2.3.24 management host interface; 8.2.3.26 wake-up */
#define IXGBE_HICR              0x15f00
#define IXGBE_WUC               0x05800
#define IXGBE_WUFC              0x05808
#define IXGBE_WUS               0x05810

#endif
