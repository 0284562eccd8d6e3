/*
 * NDIS task offload: what the NIC can do and what the guest turned on.
 *
 * Transmit offloads are asked for packet by packet and need no setting here;
 * receive checks are made only for what the guest turned on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#define NDIS_6_1  0x00060001u
#define NDIS_6_30 0x0006001eu

#define ENCAPSULATIONS (NDIS_ENCAPSULATION_802_3 | NDIS_ENCAPSULATION_VLAN | \
                        NDIS_ENCAPSULATION_VLAN_OOB)
#define CSUM_IP4 (NDIS_CSUM_IP_OPTIONS | NDIS_CSUM_TCP_OPTIONS | \
                  NDIS_CSUM_TCP | NDIS_CSUM_UDP | NDIS_CSUM_IP)
#define CSUM_IP6 (NDIS_CSUM_IP_OPTIONS | NDIS_CSUM_TCP_OPTIONS | \
                  NDIS_CSUM_TCP | NDIS_CSUM_UDP)

/* The revision that both the guest's NDIS and its buffer can take. */
static unsigned offload_revision(const Netvsp *n, const uint8_t *in,
                                 size_t in_len, uint16_t *size)
{
    unsigned revision = n->ndis_version >= NDIS_6_30 ? 3
                      : n->ndis_version >= NDIS_6_1 ? 2 : 1;

    if (in_len >= sizeof(NdisObjectHeader)) {
        revision = CLAMP(in[1], 1, revision);
    }
    *size = revision == 3 ? NDIS_OFFLOAD_SIZE_3
          : revision == 2 ? NDIS_OFFLOAD_SIZE_2 : NDIS_OFFLOAD_SIZE_1;
    return revision;
}

size_t rndis_offload_query(const Netvsp *n, const uint8_t *in, size_t in_len,
                           bool current, uint8_t *out)
{
    bool rsc = netvsp_rsc_offered(n);
    NdisOffload o = { 0 };
    uint16_t size;

    o.header.type = NDIS_OBJECT_OFFLOAD;
    o.header.revision = offload_revision(n, in, in_len, &size);
    o.header.size = GUINT16_TO_LE(size);
    o.checksum = (NdisChecksumOffload) {
        .ip4_tx_encapsulation = GUINT32_TO_LE(ENCAPSULATIONS),
        .ip4_tx = GUINT32_TO_LE(CSUM_IP4),
        .ip4_rx_encapsulation = GUINT32_TO_LE(ENCAPSULATIONS),
        .ip4_rx = GUINT32_TO_LE(CSUM_IP4),
        .ip6_tx_encapsulation = GUINT32_TO_LE(ENCAPSULATIONS),
        .ip6_tx = GUINT32_TO_LE(CSUM_IP6),
        .ip6_rx_encapsulation = GUINT32_TO_LE(ENCAPSULATIONS),
        .ip6_rx = GUINT32_TO_LE(CSUM_IP6),
    };
    o.lso_v1 = (NdisLsoV1Offload) {
        .encapsulation = GUINT32_TO_LE(ENCAPSULATIONS),
        .max_size = GUINT32_TO_LE(NETVSP_LSO_MAX),
        .min_segments = GUINT32_TO_LE(2),
        .options = GUINT32_TO_LE(0x5),
    };
    o.lso_v2 = (NdisLsoV2Offload) {
        .ip4_encapsulation = GUINT32_TO_LE(ENCAPSULATIONS),
        .ip4_max_size = GUINT32_TO_LE(NETVSP_LSO_MAX),
        .ip4_min_segments = GUINT32_TO_LE(2),
        .ip6_encapsulation = GUINT32_TO_LE(ENCAPSULATIONS),
        .ip6_max_size = GUINT32_TO_LE(NETVSP_LSO_MAX),
        .ip6_min_segments = GUINT32_TO_LE(2),
        .ip6_options = GUINT32_TO_LE(0x5),
    };
    o.rsc_ip4 = rsc && (!current || n->offload.rsc_ip4);
    o.rsc_ip6 = rsc && (!current || n->offload.rsc_ip6);
    memcpy(out, &o, size);
    return size;
}

static void set_rx(bool *on, uint8_t parameter)
{
    switch (parameter) {
    case NDIS_PARAM_OFF:
    case NDIS_PARAM_TX:
        *on = false;
        break;
    case NDIS_PARAM_RX:
    case NDIS_PARAM_TX_RX:
        *on = true;
        break;
    default:
        break;
    }
}

static void set_rsc(bool *on, uint8_t parameter)
{
    if (parameter == NDIS_PARAM_OFF) {
        *on = false;
    } else if (parameter == NDIS_PARAM_TX) {
        *on = true;
    }
}

uint32_t rndis_offload_set(Netvsp *n, const uint8_t *in, size_t len)
{
    const NdisOffloadParameters *p = (const NdisOffloadParameters *)in;

    if (len < NDIS_OFFLOAD_PARAMETERS_MIN) {
        return RNDIS_STATUS_INVALID_LENGTH;
    }
    if (p->header.type != NDIS_OBJECT_DEFAULT || p->header.revision < 1 ||
        rd_le16(&p->header.size) > len) {
        return RNDIS_STATUS_INVALID_DATA;
    }
    set_rx(&n->offload.rx_ip4, p->ip4_checksum);
    set_rx(&n->offload.rx_tcp4, p->tcp4_checksum);
    set_rx(&n->offload.rx_udp4, p->udp4_checksum);
    set_rx(&n->offload.rx_tcp6, p->tcp6_checksum);
    set_rx(&n->offload.rx_udp6, p->udp6_checksum);
    if (p->header.revision >= 3 &&
        len >= offsetof(NdisOffloadParameters, encapsulated)) {
        set_rsc(&n->offload.rsc_ip4, p->rsc_ip4);
        set_rsc(&n->offload.rsc_ip6, p->rsc_ip6);
    }
    return RNDIS_STATUS_SUCCESS;
}
