/*
 * NetVSP receive: a frame becomes one RNDIS packet message in a section of the
 * guest's receive buffer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#include "iovlab-trace.h"
#include "iovlab/checksum.h"

static bool wanted_multicast(const Netvsp *n, const uint8_t *frame)
{
    if (n->filter & NDIS_PACKET_ALL_MULTICAST) {
        return true;
    }
    if (!(n->filter & NDIS_PACKET_MULTICAST)) {
        return false;
    }
    for (unsigned i = 0; i < n->multicasts; i++) {
        if (memcmp(frame, n->multicast[i], FRAME_ADDR_LEN) == 0) {
            return true;
        }
    }
    return false;
}

static bool wanted(const Netvsp *n, const uint8_t *frame)
{
    if (n->filter & NDIS_PACKET_PROMISCUOUS) {
        return true;
    }
    if (frame_is_broadcast(frame)) {
        return n->filter & NDIS_PACKET_BROADCAST;
    }
    if (frame_is_multicast(frame)) {
        return wanted_multicast(n, frame);
    }
    return n->filter & NDIS_PACKET_DIRECTED &&
           (memcmp(frame, n->mac, FRAME_ADDR_LEN) == 0 ||
            memcmp(frame, n->permanent_mac, FRAME_ADDR_LEN) == 0);
}

static uint8_t *put_ppi(uint8_t *at, uint32_t type, uint32_t value)
{
    RndisPpi p = {
        .size = GUINT32_TO_LE(sizeof(p) + sizeof(value)),
        .type = GUINT32_TO_LE(type),
        .offset = GUINT32_TO_LE(sizeof(p)),
    };

    memcpy(at, &p, sizeof(p));
    wr_le32(at + sizeof(p), value);
    return at + sizeof(p) + sizeof(value);
}

/* 0: nothing was checked. */
static uint32_t checksum_result(const Netvsp *n, const uint8_t *frame,
                                size_t len, const FrameInfo *info)
{
    const NetvspOffload *o = &n->offload;
    bool udp = info->protocol == FRAME_PROTO_UDP;
    bool l4 = info->ip_version == 4 ? (udp ? o->rx_udp4 : o->rx_tcp4)
                                    : (udp ? o->rx_udp6 : o->rx_tcp6);
    uint32_t result = 0;
    CsumResult r;

    if (!info->ip_version || !(l4 || o->rx_ip4)) {
        return 0;
    }
    csum_validate(frame, len, info, &r);
    if (o->rx_ip4 && r.ip != CSUM_NONE) {
        result |= r.ip == CSUM_GOOD ? NDIS_RXCSUM_IP_GOOD : NDIS_RXCSUM_IP_BAD;
    }
    if (l4 && r.l4 == CSUM_GOOD) {
        result |= udp ? NDIS_RXCSUM_UDP_GOOD : NDIS_RXCSUM_TCP_GOOD;
    } else if (l4 && r.l4 == CSUM_BAD) {
        result |= udp ? NDIS_RXCSUM_UDP_BAD : NDIS_RXCSUM_TCP_BAD;
    }
    return result;
}

/* Writes the RNDIS message of a frame to rx_buf; returns its length. */
static size_t build_message(Netvsp *n, const uint8_t *frame, size_t len,
                            const FrameInfo *info, bool hashed, uint32_t hash)
{
    const size_t head = sizeof(RndisHeader) + sizeof(RndisPacket);
    const size_t addresses = 2 * FRAME_ADDR_LEN;
    bool strip = rd_be16(frame + addresses) == FRAME_TYPE_VLAN &&
                 len >= FRAME_ETH_LEN + FRAME_VLAN_LEN;
    uint32_t checksum = checksum_result(n, frame, len, info);
    uint8_t *ppi = n->rx_buf + head;
    uint8_t *end = ppi;
    RndisPacket p = { 0 };

    if (checksum) {
        end = put_ppi(end, RNDIS_PPI_CHECKSUM, checksum);
    }
    if (strip) {
        end = put_ppi(end, RNDIS_PPI_VLAN, ndis_vlan_from_tci(info->vlan_tci));
    }
    if (hashed) {
        end = put_ppi(end, RNDIS_PPI_HASH, hash);
    }
    if (strip) {
        memcpy(end, frame, addresses);
        memcpy(end + addresses, frame + addresses + FRAME_VLAN_LEN,
               len - addresses - FRAME_VLAN_LEN);
        len -= FRAME_VLAN_LEN;
    } else {
        memcpy(end, frame, len);
    }
    p.data_offset = GUINT32_TO_LE(end - n->rx_buf - sizeof(RndisHeader));
    p.data_length = GUINT32_TO_LE(len);
    if (end > ppi) {
        p.ppi_offset = GUINT32_TO_LE(sizeof(p));
        p.ppi_length = GUINT32_TO_LE(end - ppi);
    }
    end += len;
    wr_le32(n->rx_buf, RNDIS_MSG_PACKET);
    wr_le32(n->rx_buf + 4, end - n->rx_buf);
    memcpy(n->rx_buf + sizeof(RndisHeader), &p, sizeof(p));
    return end - n->rx_buf;
}

static NetvspRxResult drop(Netvsp *n, size_t len, const char *why)
{
    trace_netvsp_rx_drop(n, len, why);
    n->rx.discards++;
    return NETVSP_RX_DROPPED;
}

/* A rule that says no, or NULL. */
static const char *refuse_reason(const Netvsp *n, const uint8_t *frame,
                                 size_t len)
{
    if (n->state != NETVSP_OPERATIONAL || !n->recv.gpadl) {
        return "not connected";
    }
    if (n->leaving) {
        return "being unplugged";
    }
    if (vmbus_channel_is_broken(n->queues[0]->ch)) {
        return "the channel is broken";
    }
    if (len < FRAME_ETH_LEN) {
        return "too short";
    }
    if (!wanted(n, frame)) {
        return "packet filter";
    }
    /* As with any NIC, a frame above the MTU passes if a buffer holds it. */
    if (len + NETVSP_RX_HEADROOM > n->recv.section_size) {
        return "longer than a receive section";
    }
    return NULL;
}

static NetvspRxResult wait_for_room(Netvsp *n, const NetvspQueue *q)
{
    trace_netvsp_rx_hold(n, q->index);
    n->rx_blocked = true;
    n->rx_blocked_queue = q->index;
    return NETVSP_RX_NO_ROOM;
}

NetvspRxResult netvsp_rx_frame(Netvsp *n, const uint8_t *frame, size_t len)
{
    const char *why = refuse_reason(n, frame, len);
    NetvspQueue *q;
    FrameInfo info;
    uint32_t hash;
    bool hashed;
    size_t bytes;
    int section;

    if (why) {
        return drop(n, len, why);
    }
    frame_parse(frame, len, &info);
    q = netvsp_rss_queue(n, frame, &info, &hashed, &hash);
    if (vmbus_channel_is_broken(q->ch)) {
        q = n->queues[0];
    }
    section = netvsp_section_get(n, false);
    if (section < 0) {
        return wait_for_room(n, q);
    }
    bytes = build_message(n, frame, len, &info, hashed, hash);
    if (!netvsp_send_section(q, section, NVSP_CHANNEL_DATA, n->rx_buf,
                             bytes)) {
        return wait_for_room(n, q);
    }
    netvsp_count(&n->rx, frame, len);
    return NETVSP_RX_TAKEN;
}

bool netvsp_can_receive(Netvsp *n)
{
    if (n->state != NETVSP_OPERATIONAL || !n->recv.gpadl ||
        n->recv.free_count > NETVSP_CONTROL_SECTIONS) {
        return true;
    }
    n->rx_blocked = true;
    n->rx_blocked_queue = 0;
    return false;
}
