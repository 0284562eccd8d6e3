/*
 * The tables of the security block, 7.12.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_IPSEC_H
#define SIM_IXGBE_IPSEC_H

#include "iovlab/aesgcm.h"
#include "ixgbe/adapter.h"
#include "spec/ixgbe_ipsec_regs.h"

typedef struct IpsecKey {
    uint8_t key[AESGCM_KEY_LEN];
    uint8_t salt[4];
} IpsecKey;

typedef struct IpsecRxSa {
    uint8_t spi[4];
    uint8_t ip;                 /* entry of the table of addresses */
    uint8_t mod;                /* IXGBE_IPSRXMOD_* */
    IpsecKey key;
} IpsecRxSa;

struct IxgbeIpsec {
    IpsecKey tx[IXGBE_IPSEC_SAS];
    IpsecRxSa rx[IXGBE_IPSEC_SAS];
    uint8_t ip[IXGBE_IPSEC_IPS][16];    /* IPv4: in the last four bytes */
    unsigned rx_valid;                  /* SAs that are */
};

/* Where ESP is in a frame. */
typedef struct IpsecPacket {
    size_t esp;                 /* offset of the ESP header */
    size_t end;                 /* of the ICV */
    bool ipv6;
    const uint8_t *dst;         /* address, 4 or 16 bytes */
} IpsecPacket;

/*
 * False if the frame is not a whole ESP packet: another protocol, a fragment,
 * lengths that do not fit.
 */
bool ixgbe_ipsec_find(const uint8_t *data, size_t len, IpsecPacket *packet);

#endif
