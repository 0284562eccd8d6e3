/*
 * IPsec on the wire's side of the switch, 7.12: ESP packets that descriptors
 * name an SA for are encrypted on their way out; received ones whose SA is in
 * the tables are verified and decrypted.  ESP header and trailer stay where
 * they are.
 *
 * AH, and ESP over UDP, are not done: packets pass as they are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/ipsec.h"

#include "iovlab/eth.h"
#include "iovlab-trace.h"
#include "spec/ixgbe_desc.h"

enum {
    IPV4_MIN = 20,
    IPV6_LEN = 40,
    IPV4_FRAGMENT = 0x3fff,     /* more to come, or an offset */
};

static bool find_ipv4(const uint8_t *ip, size_t room, IpsecPacket *p,
                      size_t *header, size_t *total)
{
    if (room < IPV4_MIN || ip[0] >> 4 != 4 || ip[9] != IP_PROTO_ESP ||
        (rd_be16(ip + 6) & IPV4_FRAGMENT)) {
        return false;
    }
    *header = (ip[0] & 0xf) * 4;
    *total = rd_be16(ip + 2);
    p->dst = ip + 16;
    return *header >= IPV4_MIN;
}

static bool find_ipv6(const uint8_t *ip, size_t room, IpsecPacket *p,
                      size_t *header, size_t *total)
{
    if (room < IPV6_LEN || ip[0] >> 4 != 6 || ip[6] != IP_PROTO_ESP) {
        return false;
    }
    *header = IPV6_LEN;
    *total = IPV6_LEN + rd_be16(ip + 4);
    p->dst = ip + 24;
    return true;
}

bool ixgbe_ipsec_find(const uint8_t *data, size_t len, IpsecPacket *p)
{
    size_t l3 = FRAME_ETH_LEN;
    size_t header, total;
    uint16_t type;

    if (len < FRAME_ETH_LEN + FRAME_VLAN_LEN) {
        return false;
    }
    type = rd_be16(data + 12);
    if (type == FRAME_TYPE_VLAN) {
        type = rd_be16(data + 16);
        l3 += FRAME_VLAN_LEN;
    }
    p->ipv6 = type == FRAME_TYPE_IPV6;
    if (p->ipv6 ? !find_ipv6(data + l3, len - l3, p, &header, &total)
                : type != FRAME_TYPE_IPV4 ||
                  !find_ipv4(data + l3, len - l3, p, &header, &total)) {
        return false;
    }
    p->esp = l3 + header;
    p->end = l3 + total;
    return p->end <= len &&
           total >= header + ESP_HEADER_LEN + ESP_IV_LEN + ESP_ICV_LEN;
}

/* RFC 4106: salt and IV; the ESP header is authenticated in front. */
static void make_nonce(uint8_t *nonce, const IpsecKey *key,
                       const uint8_t *esp)
{
    memcpy(nonce, key->salt, sizeof(key->salt));
    memcpy(nonce + 4, esp + ESP_HEADER_LEN, ESP_IV_LEN);
}

/* --- out -------------------------------------------------------------------- */

static bool tx_enabled(const IxgbeAdapter *a)
{
    return !(reg(a, IXGBE_SECTXCTRL) & IXGBE_SECTXCTRL_SECTX_DIS) &&
           (reg(a, IXGBE_IPSTXIDX) & IXGBE_IPSIDX_EN);
}

static void protect(const IpsecKey *key, const IpsecPacket *p, uint8_t *data,
                    bool encrypt)
{
    uint8_t *esp = data + p->esp;
    uint8_t *text = esp + ESP_HEADER_LEN + ESP_IV_LEN;
    uint8_t *icv = data + p->end - ESP_ICV_LEN;
    uint8_t nonce[AESGCM_NONCE_LEN];

    make_nonce(nonce, key, esp);
    if (encrypt) {
        aesgcm_encrypt(key->key, nonce, esp, ESP_HEADER_LEN, text, icv - text,
                       icv);
    } else {
        /* RFC 4543: only authenticated, IV and payload too. */
        aesgcm_encrypt(key->key, nonce, esp, icv - esp, NULL, 0, icv);
    }
}

Frame *ixgbe_ipsec_transmit(IxgbeAdapter *a, Frame *frame,
                            const IxgbeTxMeta *meta)
{
    IpsecPacket p;
    Frame *out;

    if (!meta->ipsec || !tx_enabled(a)) {
        return frame_ref(frame);
    }
    if (!meta->esp || !ixgbe_ipsec_find(frame->data, frame->len, &p)) {
        trace_ixgbe_ipsec_pass(meta->sa, frame->len);
        return frame_ref(frame);
    }
    /* Others may have the plain frame: pools, mirrors. */
    out = frame_new(frame->data, frame->len);
    if (out) {
        protect(&a->ipsec->tx[meta->sa % IXGBE_IPSEC_SAS], &p, out->data,
                meta->encrypt);
        trace_ixgbe_ipsec_sent(meta->sa, frame->len);
    }
    return out;
}

/* --- in --------------------------------------------------------------------- */

static bool rx_enabled(const IxgbeAdapter *a)
{
    return !(reg(a, IXGBE_SECRXCTRL) & IXGBE_SECRXCTRL_SECRX_DIS) &&
           (reg(a, IXGBE_IPSRXIDX) & IXGBE_IPSIDX_EN) && a->ipsec->rx_valid;
}

static bool address_is(const IxgbeIpsec *s, const IpsecRxSa *sa,
                       const IpsecPacket *p)
{
    const uint8_t *ip = s->ip[sa->ip % IXGBE_IPSEC_IPS];

    if (p->ipv6 != !!(sa->mod & IXGBE_IPSRXMOD_IPV6)) {
        return false;
    }
    return p->ipv6 ? !memcmp(ip, p->dst, 16) : !memcmp(ip + 12, p->dst, 4);
}

static const IpsecRxSa *find_sa(const IxgbeIpsec *s, const uint8_t *esp,
                                const IpsecPacket *p)
{
    unsigned left = s->rx_valid;

    for (unsigned n = 0; n < IXGBE_IPSEC_SAS && left; n++) {
        const IpsecRxSa *sa = &s->rx[n];

        if (!(sa->mod & IXGBE_IPSRXMOD_VALID)) {
            continue;
        }
        left--;
        if ((sa->mod & IXGBE_IPSRXMOD_ESP) && !memcmp(sa->spi, esp, 4) &&
            address_is(s, sa, p)) {
            return sa;
        }
    }
    return NULL;
}

static bool verify(const IpsecRxSa *sa, const IpsecPacket *p, uint8_t *data)
{
    uint8_t *esp = data + p->esp;
    uint8_t *text = esp + ESP_HEADER_LEN + ESP_IV_LEN;
    uint8_t *icv = data + p->end - ESP_ICV_LEN;
    uint8_t nonce[AESGCM_NONCE_LEN];

    make_nonce(nonce, &sa->key, esp);
    if (sa->mod & IXGBE_IPSRXMOD_DECRYPT) {
        return aesgcm_decrypt(sa->key.key, nonce, esp, ESP_HEADER_LEN, text,
                              icv - text, icv);
    }
    return aesgcm_decrypt(sa->key.key, nonce, esp, icv - esp, NULL, 0, icv);
}

Frame *ixgbe_ipsec_receive(IxgbeAdapter *a, Frame *frame, uint32_t *status)
{
    const IpsecRxSa *sa;
    IpsecPacket p;
    Frame *out;
    bool good;

    if (!rx_enabled(a) ||
        !ixgbe_ipsec_find(frame->data, frame->len, &p)) {
        return frame_ref(frame);
    }
    sa = find_sa(a->ipsec, frame->data + p.esp, &p);
    if (!sa) {
        return frame_ref(frame);
    }
    out = frame_new(frame->data, frame->len);
    if (!out) {
        return frame_ref(frame);
    }
    good = verify(sa, &p, out->data);
    *status |= IXGBE_RXS_SECP | (good ? 0 : IXGBE_RXS_SECERR_AUTH);
    trace_ixgbe_ipsec_received(sa - a->ipsec->rx, good);
    return out;
}
