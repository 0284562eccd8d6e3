/*
 * NetVSP receive: a frame becomes one RNDIS packet message in a section of the
 * guest's receive buffer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#include "iovlab-trace.h"

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

static bool wants_l4(const NetvspOffload *o, const FrameInfo *info)
{
    if (info->protocol == FRAME_PROTO_UDP) {
        return info->ip_version == 4 ? o->rx_udp4 : o->rx_udp6;
    }
    return info->ip_version == 4 ? o->rx_tcp4 : o->rx_tcp6;
}

/* 0: nothing was checked. */
static uint32_t checksum_result(const Netvsp *n, const NetvspRxFrame *f)
{
    bool udp = f->info.protocol == FRAME_PROTO_UDP;
    uint32_t result = 0;

    if (!f->checked) {
        return 0;
    }
    if (n->offload.rx_ip4 && f->csum.ip != CSUM_NONE) {
        result |= f->csum.ip == CSUM_GOOD ? NDIS_RXCSUM_IP_GOOD
                                          : NDIS_RXCSUM_IP_BAD;
    }
    if (!wants_l4(&n->offload, &f->info)) {
        return result;
    }
    if (f->csum.l4 == CSUM_GOOD) {
        result |= udp ? NDIS_RXCSUM_UDP_GOOD : NDIS_RXCSUM_TCP_GOOD;
    } else if (f->csum.l4 == CSUM_BAD) {
        result |= udp ? NDIS_RXCSUM_UDP_BAD : NDIS_RXCSUM_TCP_BAD;
    }
    return result;
}

static uint8_t *put_infos(const Netvsp *n, const NetvspRxFrame *f, uint8_t id,
                          uint8_t *end)
{
    uint32_t checksum = checksum_result(n, f);

    if (id) {
        RndisPacketId v = { .version = 1, .flags = id };

        end = put_ppi(end, RNDIS_PPI_ID, 0);
        memcpy(end - sizeof(v), &v, sizeof(v));
    }
    if (checksum) {
        end = put_ppi(end, RNDIS_PPI_CHECKSUM, checksum);
    }
    if (f->strip) {
        end = put_ppi(end, RNDIS_PPI_VLAN,
                      ndis_vlan_from_tci(f->info.vlan_tci));
    }
    if (f->hashed) {
        end = put_ppi(end, RNDIS_PPI_HASH, f->hash);
    }
    return end;
}

void netvsp_rx_message(const Netvsp *n, const NetvspRxFrame *f, uint8_t id,
                       NetvspRxMessage *m)
{
    const uint32_t addresses = 2 * FRAME_ADDR_LEN;
    uint8_t *ppi = m->head + sizeof(RndisHeader) + sizeof(RndisPacket);
    uint8_t *data = put_infos(n, f, id, ppi);
    RndisPacket p = { 0 };

    p.data_offset = GUINT32_TO_LE(data - m->head - sizeof(RndisHeader));
    if (data > ppi) {
        p.ppi_offset = GUINT32_TO_LE(sizeof(p));
        p.ppi_length = GUINT32_TO_LE(data - ppi);
    }
    m->data = f->data;
    m->data_len = id ? f->info.end : f->len;
    m->head_len = data - m->head;
    if (id && !(id & RNDIS_ID_FIRST)) {
        m->data += f->info.payload;
        m->data_len -= f->info.payload;
    } else if (f->strip) {
        memcpy(data, f->data, addresses);
        m->head_len += addresses;
        m->data += addresses + FRAME_VLAN_LEN;
        m->data_len -= addresses + FRAME_VLAN_LEN;
    }
    p.data_length = GUINT32_TO_LE(m->head + m->head_len - data + m->data_len);
    wr_le32(m->head, RNDIS_MSG_PACKET);
    wr_le32(m->head + 4, m->head_len + m->data_len);
    memcpy(m->head + sizeof(RndisHeader), &p, sizeof(p));
}

uint16_t netvsp_rx_write(Netvsp *n, unsigned section, const NetvspRxMessage *m)
{
    netvsp_section_write(n, section, 0, m->head, m->head_len);
    netvsp_section_write(n, section, m->head_len, m->data, m->data_len);
    return m->head_len + m->data_len;
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

static void examine(Netvsp *n, NetvspRxFrame *f)
{
    const NetvspOffload *o = &n->offload;

    frame_parse(f->data, f->len, &f->info);
    f->strip = rd_be16(f->data + 2 * FRAME_ADDR_LEN) == FRAME_TYPE_VLAN &&
               f->len >= FRAME_ETH_LEN + FRAME_VLAN_LEN;
    f->checked = f->info.ip_version &&
                 (o->rx_ip4 || o->rsc_ip4 || o->rsc_ip6 ||
                  wants_l4(o, &f->info));
    if (f->checked) {
        csum_validate(f->data, f->len, &f->info, &f->csum);
    }
    f->q = netvsp_rss_queue(n, f->data, &f->info, &f->hashed, &f->hash);
    if (vmbus_channel_is_broken(f->q->ch)) {
        f->q = n->queues[0];
    }
}

NetvspRxResult netvsp_rx_frame(Netvsp *n, const uint8_t *frame, size_t len)
{
    const char *why = refuse_reason(n, frame, len);
    NetvspRxFrame f = { .data = frame, .len = len };
    NetvspRxMessage message;
    uint16_t number, bytes;
    int section;

    if (why) {
        return drop(n, len, why);
    }
    examine(n, &f);
    if (netvsp_rsc_take(n, &f)) {
        netvsp_count(&n->rx, frame, len);
        return NETVSP_RX_TAKEN;
    }
    section = netvsp_section_get(n, false);
    if (section < 0) {
        return wait_for_room(n, f.q);
    }
    number = section;
    netvsp_rx_message(n, &f, 0, &message);
    bytes = netvsp_rx_write(n, number, &message);
    if (!netvsp_tell_sections(f.q, NVSP_CHANNEL_DATA, &number, &bytes, 1)) {
        return wait_for_room(n, f.q);
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
