/*
 * Intel 82599 registers of the security block, 82599 datasheet 8.2.3.13 and
 * 8.2.3.14.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_IXGBE_IPSEC_REGS_H
#define SPEC_IXGBE_IPSEC_REGS_H

#define IXGBE_SECTXCTRL         0x08800
#define IXGBE_SECTXCTRL_SECTX_DIS 0x00000001u
#define IXGBE_SECTXCTRL_TX_DIS  0x00000002u
#define IXGBE_SECTXSTAT         0x08804
#define IXGBE_SECTXSTAT_RDY     0x00000001u
#define IXGBE_SECTXBUFFAF       0x08808
#define IXGBE_SECTXMINIFG       0x08810
#define IXGBE_SECRXCTRL_SECRX_DIS 0x00000001u

#define IXGBE_IPSTXIDX          0x08900
#define IXGBE_IPSTXSALT         0x08904
#define IXGBE_IPSTXKEY(n)       (0x08908 + 4 * (n))
#define IXGBE_IPSRXIDX          0x08e00
#define IXGBE_IPSRXIPADDR(n)    (0x08e04 + 4 * (n))
#define IXGBE_IPSRXSPI          0x08e14
#define IXGBE_IPSRXIPIDX        0x08e18
#define IXGBE_IPSRXKEY(n)       (0x08e1c + 4 * (n))
#define IXGBE_IPSRXSALT         0x08e2c
#define IXGBE_IPSRXMOD          0x08e30

/* IPSTXIDX, IPSRXIDX: a window on tables */
#define IXGBE_IPSIDX_EN         0x00000001u
#define IXGBE_IPSIDX_TABLE_SHIFT 1              /* IPSRXIDX, two bits */
#define IXGBE_IPSIDX_SA_SHIFT   3               /* ten bits */
#define IXGBE_IPSIDX_READ       0x40000000u
#define IXGBE_IPSIDX_WRITE      0x80000000u
enum {
    IXGBE_IPSRX_TABLE_IP = 1,
    IXGBE_IPSRX_TABLE_SPI = 2,
    IXGBE_IPSRX_TABLE_KEY = 3,
};

/* IPSRXMOD */
#define IXGBE_IPSRXMOD_VALID    0x01u
#define IXGBE_IPSRXMOD_ESP      0x04u
#define IXGBE_IPSRXMOD_DECRYPT  0x08u
#define IXGBE_IPSRXMOD_IPV6     0x10u

#define IXGBE_IPSEC_SAS         1024
#define IXGBE_IPSEC_IPS         128

/* RFC 4303, RFC 4106, RFC 4543 */
#define ESP_HEADER_LEN          8               /* SPI, sequence number */
#define ESP_IV_LEN              8
#define ESP_ICV_LEN             16
#define IP_PROTO_ESP            50

#endif
