/*
 * Receive segment coalescing, as Hyper-V's switch does it in software: TCP
 * segments that come one behind the other reach the guest as one packet.
 *
 * A segment is written to a receive section of its own as it comes: the first
 * with its headers, the others without.  The guest is told of all of them at
 * once, when the first one's headers have come to stand for all.  Until then
 * the sections are ours, so a batch of frames ends with netvsp_rx_flush(), and
 * a packet that the guest is told of is never waited for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#include "iovlab-trace.h"

#define IP_TOTAL_MAX 65535
#define IPV4_LEN 20
#define IPV6_LEN 40
#define TCP_FLAGS 13
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_CHECKSUM 16
#define TCP_PLAIN 20
#define TCP_STAMPED 32                  /* with nop, nop, time stamps */

/* Where a message that has a packet id has its flags: it is the first info. */
#define ID_FLAGS (sizeof(RndisHeader) + sizeof(RndisPacket) + \
                  sizeof(RndisPpi) + offsetof(RndisPacketId, flags))

bool netvsp_rsc_offered(const Netvsp *n)
{
    return n->rsc_allowed && n->ops->rx_waits &&
           n->version >= NVSP_VERSION_61 && n->capabilities & NVSP_CAP_RSC;
}

static bool is_on(const Netvsp *n, const FrameInfo *info)
{
    return netvsp_rsc_offered(n) && info->protocol == FRAME_PROTO_TCP &&
           info->l4 && (info->ip_version == 4 ? n->offload.rsc_ip4
                                              : n->offload.rsc_ip6);
}

static const uint8_t *tcp_of(const NetvspRxFrame *f)
{
    return f->data + f->info.l4;
}

static uint32_t payload_of(const NetvspRxFrame *f)
{
    return f->info.end - f->info.payload;
}

/* The rules of NDIS: data, no flag but ACK and PSH, no option but stamps. */
static bool may_coalesce(const Netvsp *n, const NetvspRxFrame *f)
{
    static const uint8_t stamps[] = { 1, 1, 8, 10 };
    const uint8_t *tcp = tcp_of(f);
    size_t tcp_len = f->info.payload - f->info.l4;
    bool v4 = f->info.ip_version == 4;

    return is_on(n, &f->info) && !f->info.fragment && !f->info.ip_options &&
           payload_of(f) && f->checked && f->csum.l4 == CSUM_GOOD &&
           (!v4 || f->csum.ip == CSUM_GOOD) &&
           f->info.l4 - f->info.l3 == (v4 ? IPV4_LEN : IPV6_LEN) &&
           f->info.l3 == FRAME_ETH_LEN + (f->strip ? FRAME_VLAN_LEN : 0) &&
           (tcp[TCP_FLAGS] & ~TCP_PSH) == TCP_ACK &&
           (tcp_len == TCP_PLAIN ||
            (tcp_len == TCP_STAMPED && !memcmp(tcp + TCP_PLAIN, stamps, 4)));
}

/* What has to be the same: class, flow label, hop limit, addresses. */
static bool same_ip(const NetvspRsc *c, const uint8_t *ip)
{
    const uint8_t *own = c->head + c->l3;

    if (c->ip_version == 4) {
        return !memcmp(own, ip, 2) && !memcmp(own + 6, ip + 6, 4) &&
               !memcmp(own + 12, ip + 12, 8);
    }
    return !memcmp(own, ip, 4) && !memcmp(own + 6, ip + 6, 34);
}

static bool follows(const NetvspRsc *c, const NetvspRxFrame *f)
{
    const uint8_t *tcp = tcp_of(f);

    return c->q == f->q && c->ip_version == f->info.ip_version &&
           c->tagged == f->strip &&
           (!c->tagged || c->tci == f->info.vlan_tci) &&
           !memcmp(c->head + c->l2, f->data, 2 * FRAME_ADDR_LEN) &&
           same_ip(c, f->data + f->info.l3) &&
           !memcmp(c->head + c->l4, tcp, 4) &&
           c->end - c->l4 == f->info.payload - f->info.l4 &&
           rd_be32(tcp + 4) == c->next_seq &&
           c->end - c->l3 + c->payload + payload_of(f) <= IP_TOTAL_MAX;
}

/*
 * The sum of a segment's payload, without reading it: the checksum, which is
 * right, says what it is.  It is added as it lies in the whole payload.
 */
static void add_payload(NetvspRsc *c, const NetvspRxFrame *f)
{
    uint64_t sum = csum_pseudo(f->data + f->info.l3, f->info.ip_version,
                               FRAME_PROTO_TCP, f->info.end - f->info.l4);
    uint16_t rest;

    sum = csum_add(sum, tcp_of(f), f->info.payload - f->info.l4);
    rest = csum_finish(sum);
    if (c->payload % 2) {
        rest = GUINT16_SWAP_LE_BE(rest);
    }
    c->sum = csum_add16(c->sum, rest);
    c->payload += payload_of(f);
    c->next_seq = rd_be32(tcp_of(f) + 4) + payload_of(f);
}

/* --- the end of a packet ------------------------------------------------------ */

/* Headers of one packet that is all the segments. */
static void finish_head(NetvspRsc *c)
{
    uint8_t *ip = c->head + c->l3;
    uint8_t *tcp = c->head + c->l4;
    uint32_t l4_len = c->end - c->l4 + c->payload;
    uint64_t sum;

    if (c->ip_version == 4) {
        wr_be16(ip + 2, c->end - c->l3 + c->payload);
        wr_be16(ip + 10, 0);
        wr_be16(ip + 10, csum_finish(csum_add(0, ip, IPV4_LEN)));
    } else {
        wr_be16(ip + 4, l4_len);
    }
    wr_be16(tcp + TCP_CHECKSUM, 0);
    sum = csum_pseudo(ip, c->ip_version, FRAME_PROTO_TCP, l4_len);
    sum = csum_add(sum, tcp, c->end - c->l4);
    wr_be16(tcp + TCP_CHECKSUM,
            csum_finish(csum_add16(sum, csum_fold(c->sum))));
}

void netvsp_rsc_forget(Netvsp *n)
{
    NetvspRsc *c = &n->rsc;

    if (!c->q) {
        return;
    }
    c->q = NULL;
    n->rx.discards += c->count;
    for (unsigned i = c->count; n->recv.gpadl && i-- > 0;) {
        netvsp_section_unget(n, c->section[i]);
    }
}

void netvsp_rx_flush(Netvsp *n)
{
    NetvspRsc *c = &n->rsc;
    NetvspQueue *q = c->q;
    uint8_t last = RNDIS_ID_PART | RNDIS_ID_LAST;

    if (!q) {
        return;
    }
    trace_netvsp_rsc_close(n, q->index, c->count, c->payload);
    if (c->count > 1) {
        finish_head(c);
        netvsp_section_write(n, c->section[c->count - 1], ID_FLAGS, &last, 1);
        n->rsc_counters.packets += c->count;
        n->rsc_counters.octets += c->payload;
        n->rsc_counters.events++;
    } else {
        c->head[ID_FLAGS] |= RNDIS_ID_LAST;
    }
    netvsp_section_write(n, c->section[0], 0, c->head, c->end);
    c->q = NULL;
    /* There was room when the first segment was taken. */
    if (!netvsp_tell_sections(q, NVSP_CHANNEL_DATA, c->section, c->bytes,
                              c->count)) {
        n->rx.discards += c->count;
    }
}

/* --- a packet grows ----------------------------------------------------------- */

static bool append(Netvsp *n, const NetvspRxFrame *f)
{
    NetvspRsc *c = &n->rsc;
    uint8_t *own = c->head + c->l4;
    const uint8_t *tcp = tcp_of(f);
    NetvspRxFrame part = *f;
    NetvspRxMessage message;
    int section = netvsp_section_get(n, false);

    if (section < 0) {
        return false;
    }
    /* What is said of the packet is said with its first part. */
    part.checked = part.strip = part.hashed = false;
    c->section[c->count] = section;
    netvsp_rx_message(n, &part, RNDIS_ID_PART, &message);
    c->bytes[c->count] = netvsp_rx_write(n, section, &message);
    c->count++;
    add_payload(c, f);
    /* Acknowledgement, window and stamps are the last segment's. */
    memcpy(own + 8, tcp + 8, 4);
    own[TCP_FLAGS] |= tcp[TCP_FLAGS];
    memcpy(own + 14, tcp + 14, 2);
    memcpy(own + TCP_PLAIN, tcp + TCP_PLAIN, c->end - c->l4 - TCP_PLAIN);
    return true;
}

static bool begin(Netvsp *n, const NetvspRxFrame *f)
{
    NetvspRsc *c = &n->rsc;
    uint32_t cut = f->strip ? FRAME_VLAN_LEN : 0;
    NetvspRxMessage message;
    uint32_t frame_at;
    int section;

    if (tcp_of(f)[TCP_FLAGS] & TCP_PSH ||
        !netvsp_can_send_sections(f->q, NETVSP_RSC_SEGMENTS)) {
        return false;
    }
    section = netvsp_section_get(n, false);
    if (section < 0) {
        return false;
    }
    netvsp_rx_message(n, f, RNDIS_ID_PART | RNDIS_ID_FIRST, &message);
    frame_at = message.head_len + message.data_len - (f->info.end - cut);
    *c = (NetvspRsc) {
        .q = f->q,
        .count = 1,
        .section = { section },
        .bytes = { message.head_len + message.data_len },
        .tagged = f->strip,
        .tci = f->info.vlan_tci,
        .ip_version = f->info.ip_version,
        .l2 = frame_at,
        .l3 = frame_at + f->info.l3 - cut,
        .l4 = frame_at + f->info.l4 - cut,
        .end = frame_at + f->info.payload - cut,
    };
    /* The headers are written when they stand for all. */
    memcpy(c->head, message.head, message.head_len);
    memcpy(c->head + message.head_len, message.data,
           c->end - message.head_len);
    netvsp_section_write(n, section, c->end, f->data + f->info.payload,
                         payload_of(f));
    add_payload(c, f);
    n->ops->rx_waits(n->opaque);
    return true;
}

bool netvsp_rsc_take(Netvsp *n, const NetvspRxFrame *f)
{
    NetvspRsc *c = &n->rsc;
    bool may = may_coalesce(n, f);

    if (c->q && may && follows(c, f) && append(n, f)) {
        if (tcp_of(f)[TCP_FLAGS] & TCP_PSH || c->count == NETVSP_RSC_SEGMENTS) {
            netvsp_rx_flush(n);
        }
        return true;
    }
    if (c->q) {
        n->rsc_counters.aborts += !may;
        netvsp_rx_flush(n);
    }
    return may && begin(n, f);
}

/* --- statistics ----------------------------------------------------------------- */

size_t rndis_rsc_statistics(const Netvsp *n, uint8_t *out)
{
    const NetvspRscCounters *c = &n->rsc_counters;
    NdisRscStatistics s = {
        .header.type = NDIS_OBJECT_DEFAULT,
        .header.revision = 1,
        .header.size = GUINT16_TO_LE(sizeof(s)),
        .packets = GUINT64_TO_LE(c->packets),
        .octets = GUINT64_TO_LE(c->octets),
        .events = GUINT64_TO_LE(c->events),
        .aborts = GUINT64_TO_LE(c->aborts),
    };

    memcpy(out, &s, sizeof(s));
    return sizeof(s);
}
