/*
 * A transmit packet's headers, as its context descriptor gives them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_TX_PACKET_H
#define SIM_IXGBE_TX_PACKET_H

#include "ixgbe/function.h"

typedef struct IxgbeTxHeaders {
    uint16_t tag;
    size_t l2;                  /* length of the MAC header */
    size_t l3;                  /* of IP header, extensions, ESP header; in a
                                   tunnel: all up to the inner L4 header */
    size_t l4;                  /* of the TCP or UDP header; segmentation */
    uint32_t mss;
    bool ipv4;
    uint32_t protocol;          /* IXGBE_TXC_L4T_* */
    bool ipsec;
    bool esp;
    size_t esp_len;             /* of the ESP trailer in the packet, with ICV */
} IxgbeTxHeaders;

/* tx_esp.c: IPsec in a function, 7.12; keys and ciphers are the adapter's. */

/*
 * The IPv4 header's own checksum; IPLEN goes beyond it.  False if there is no
 * such header.
 */
bool ixgbe_tx_esp_ip_checksum(uint8_t *frame, size_t len, size_t l3);
/*
 * Makes segment @index an ESP packet of its own: sequence number, IV, trailer,
 * lengths.  Returns its new length; 0 if the headers are not those of ESP in
 * transport mode or @size is too small.
 */
size_t ixgbe_tx_esp_segment(uint8_t *frame, size_t len, size_t size,
                            const IxgbeTxHeaders *h, uint32_t index);

#endif
