/*
 * What a function does for IPsec, 7.12: the driver gives the ESP header with a
 * sequence number and an IV; of a packet that is to be segmented it gives no
 * trailer, and each segment gets its own.
 *
 * Nobody says where the IV comes from in Linux's packets, which have nothing
 * meaningful there; DPDK puts the sequence number.  Here it is the packet's,
 * counted up over segments, so that the peer finds in the packet what was used.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/tx_packet.h"

#include "iovlab/checksum.h"

enum {
    IPV4_MIN = 20,
    IPV6_LEN = 40,
    ESP_LEN = 8,                /* SPI, sequence number; RFC 4303 */
    IV_LEN = 8,                 /* RFC 4106 */
    ICV_LEN = 16,
    PROTO_ESP = 50,
};

bool ixgbe_tx_esp_ip_checksum(uint8_t *frame, size_t len, size_t l3)
{
    size_t header;

    if (!iov_in_range(l3, IPV4_MIN, len)) {
        return false;
    }
    header = (frame[l3] & 0xf) * 4;
    if (header < IPV4_MIN || !iov_in_range(l3, header, len)) {
        return false;
    }
    wr_be16(frame + l3 + 10, 0);
    wr_be16(frame + l3 + 10, csum_finish(csum_add(0, frame + l3, header)));
    return true;
}

static void count_up(uint8_t *esp, uint32_t index)
{
    wr_be32(esp + 4, rd_be32(esp + 4) + index);
    wr_be64(esp + ESP_LEN, rd_be64(esp + ESP_LEN) + index);
}

/* RFC 4303, 2.4: padding 1, 2, 3...; the ICV is the adapter's to fill. */
static size_t add_trailer(uint8_t *frame, size_t len, size_t l4, uint8_t next)
{
    size_t pad = -(len - l4 + 2) & 3;

    for (size_t n = 0; n < pad; n++) {
        frame[len++] = n + 1;
    }
    frame[len++] = pad;
    frame[len++] = next;
    memset(frame + len, 0, ICV_LEN);
    return len + ICV_LEN;
}

size_t ixgbe_tx_esp_segment(uint8_t *frame, size_t len, size_t size,
                            const IxgbeTxHeaders *h, uint32_t index)
{
    size_t l3 = h->l2;
    size_t l4 = h->l2 + h->l3;
    size_t ip_len = h->ipv4 ? IPV4_MIN : IPV6_LEN;
    uint8_t next = h->protocol == IXGBE_TXC_L4T_UDP ? FRAME_PROTO_UDP :
                                                      FRAME_PROTO_TCP;

    if (h->l3 != ip_len + ESP_LEN + IV_LEN || l4 > len ||
        !iov_in_range(len, 3 + 2 + ICV_LEN, size) ||
        frame[l3 + (h->ipv4 ? 9 : 6)] != PROTO_ESP) {
        return 0;
    }
    count_up(frame + l3 + ip_len, index);
    len = add_trailer(frame, len, l4, next);
    if (!h->ipv4) {
        wr_be16(frame + l3 + 4, len - l3 - IPV6_LEN);
        return len;
    }
    wr_be16(frame + l3 + 2, len - l3);
    return ixgbe_tx_esp_ip_checksum(frame, len, l3) ? len : 0;
}
