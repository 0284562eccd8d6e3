/*
 * The peer's own station: answers ARP, pings, sends and counts streams.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "peer_private.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "iovlab/bytes.h"

enum {
    ETH_HLEN = 14, IP_HLEN = 20, UDP_HLEN = 8, ICMP_HLEN = 8, ARP_LEN = 28,
    TYPE_IP = 0x0800, TYPE_ARP = 0x0806, PROTO_ICMP = 1, PROTO_UDP = 17,
    PING_INTERVAL_NS = 50 * 1000 * 1000,
    BURST = 64,
};

static const uint8_t own_mac[6] = { 2, 0, 0, 0x77, 0, 1 };

static uint32_t own_ip(void)
{
    return inet_addr(PEER_IP);
}

static uint16_t ones_sum(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i + 1 < len; i += 2) {
        sum += rd_be16(p + i);
    }
    if (len & 1) {
        sum += p[len - 1] << 8;
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum;
}

/* Ethernet and IPv4 headers in front of @payload_len bytes. */
static void headers(PeerStack *s, uint8_t *f, const uint8_t *to_mac,
                    uint32_t to_ip, uint8_t proto, size_t payload_len)
{
    uint8_t *ip = f + ETH_HLEN;
    uint32_t from_ip = own_ip();

    memcpy(f, to_mac, 6);
    memcpy(f + 6, own_mac, 6);
    wr_be16(f + 12, TYPE_IP);
    memset(ip, 0, IP_HLEN);
    ip[0] = 0x45;
    wr_be16(ip + 2, IP_HLEN + payload_len);
    wr_be16(ip + 4, s->ip_id++);
    ip[8] = 64;
    ip[9] = proto;
    memcpy(ip + 12, &from_ip, 4);
    memcpy(ip + 16, &to_ip, 4);
    wr_be16(ip + 10, ones_sum(ip, IP_HLEN));
}

static void send_stream_frame(Peer *peer, unsigned id, int64_t now_ns)
{
    PeerSender *p = &peer->stack.senders[id];
    uint8_t f[PEER_FRAME_MAX] = { 0 };
    uint8_t *udp = f + ETH_HLEN + IP_HLEN;
    StreamHeader h = {
        .magic = STREAM_MAGIC, .stream = id, .seq = p->sent,
        .sent_ns = now_ns,
    };

    headers(&peer->stack, f, p->mac, p->ip, PROTO_UDP, UDP_HLEN + p->size);
    wr_be16(udp, STREAM_UDP_PORT);
    wr_be16(udp + 2, STREAM_UDP_PORT);
    wr_be16(udp + 4, UDP_HLEN + p->size);
    memcpy(udp + UDP_HLEN, &h, sizeof(h));
    peer_transmit(peer, f, ETH_HLEN + IP_HLEN + UDP_HLEN + p->size);
    p->sent++;
    peer->stack.frames_out++;
}

static void send_ping(Peer *peer, int64_t now_ns)
{
    PeerStack *s = &peer->stack;
    uint8_t f[ETH_HLEN + IP_HLEN + ICMP_HLEN + 8] = { 0 };
    uint8_t *icmp = f + ETH_HLEN + IP_HLEN;

    headers(s, f, s->ping_mac, s->ping_ip, PROTO_ICMP, ICMP_HLEN + 8);
    icmp[0] = 8;                                /* echo request */
    wr_be16(icmp + 4, 0x7777);
    wr_be16(icmp + 6, s->ping_seq++);
    wr_le64(icmp + ICMP_HLEN, now_ns);
    wr_be16(icmp + 2, ones_sum(icmp, ICMP_HLEN + 8));
    peer_transmit(peer, f, sizeof(f));
}

void peer_stack_tick(Peer *peer, int64_t now_ns)
{
    PeerStack *s = &peer->stack;

    for (unsigned id = 0; id < PEER_STREAMS; id++) {
        PeerSender *p = &s->senders[id];

        if (!p->active) {
            continue;
        }
        p->due_ns = MAX(p->due_ns, now_ns - BURST * p->interval_ns);
        while (p->due_ns <= now_ns) {
            send_stream_frame(peer, id, now_ns);
            p->due_ns += p->interval_ns;
        }
    }
    if (s->ping_ip && s->ping_due_ns <= now_ns) {
        send_ping(peer, now_ns);
        s->ping_due_ns = now_ns + PING_INTERVAL_NS;
    }
}

static void arp_input(Peer *peer, const uint8_t *f, size_t len)
{
    const uint8_t *arp = f + ETH_HLEN;
    uint8_t reply[60] = { 0 };
    uint32_t ip = own_ip();

    if (len < ETH_HLEN + ARP_LEN || rd_be16(arp + 6) != 1 ||
        memcmp(arp + 24, &ip, 4) != 0) {
        return;
    }
    memcpy(reply, arp + 8, 6);
    memcpy(reply + 6, own_mac, 6);
    wr_be16(reply + 12, TYPE_ARP);
    memcpy(reply + ETH_HLEN, arp, 6);
    wr_be16(reply + ETH_HLEN + 6, 2);
    memcpy(reply + ETH_HLEN + 8, own_mac, 6);
    memcpy(reply + ETH_HLEN + 14, &ip, 4);
    memcpy(reply + ETH_HLEN + 18, arp + 8, 10);
    peer_transmit(peer, reply, sizeof(reply));
}

static void udp_input(Peer *peer, const uint8_t *udp, size_t len)
{
    StreamHeader h;

    if (len < UDP_HLEN + sizeof(h) || rd_be16(udp + 2) != STREAM_UDP_PORT) {
        return;
    }
    memcpy(&h, udp + UDP_HLEN, sizeof(h));
    if (h.magic == STREAM_MAGIC && h.stream < PEER_STREAMS) {
        stream_tracker_frame(&peer->stack.trackers[h.stream], h.seq,
                             peer_now_ns());
        peer->stack.frames_in++;
    }
}

static void icmp_input(Peer *peer, const uint8_t *icmp, size_t len)
{
    if (len >= ICMP_HLEN + 8 && icmp[0] == 0 && rd_be16(icmp + 4) == 0x7777) {
        int64_t rtt = (peer_now_ns() - (int64_t)rd_le64(icmp + ICMP_HLEN)) /
                      1000;

        peer->stack.rtt_us = MIN(rtt, G_MAXINT32);
    }
}

void peer_stack_input(Peer *peer, const uint8_t *f, size_t len)
{
    const uint8_t *ip = f + ETH_HLEN;
    uint32_t own = own_ip();
    size_t hlen, total;

    if (len >= ETH_HLEN && rd_be16(f + 12) == TYPE_ARP) {
        arp_input(peer, f, len);
        return;
    }
    if (len < ETH_HLEN + IP_HLEN || rd_be16(f + 12) != TYPE_IP ||
        memcmp(f, own_mac, 6) != 0 || memcmp(ip + 16, &own, 4) != 0) {
        return;
    }
    hlen = (ip[0] & 15) * 4;
    total = rd_be16(ip + 2);
    if (hlen < IP_HLEN || total < hlen || total > len - ETH_HLEN) {
        return;
    }
    if (ip[9] == PROTO_UDP) {
        udp_input(peer, ip + hlen, total - hlen);
    } else if (ip[9] == PROTO_ICMP) {
        icmp_input(peer, ip + hlen, total - hlen);
    }
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
    unsigned b[6];

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3],
               &b[4], &b[5]) != 6) {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        mac[i] = b[i];
    }
    return true;
}

bool peer_stream_start(Peer *peer, unsigned id, const char *ip,
                       const char *mac, unsigned rate, unsigned size)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&peer->lock);
    PeerStack *s = &peer->stack;
    PeerSender sender = {
        .active = true, .size = size, .ip = inet_addr(ip),
        .due_ns = peer_now_ns(),
    };

    if (id >= PEER_STREAMS || s->senders[id].active || rate == 0 ||
        rate > 1000000 || size < sizeof(StreamHeader) ||
        size > PEER_FRAME_MAX - ETH_HLEN - IP_HLEN - UDP_HLEN ||
        sender.ip == INADDR_NONE || !parse_mac(mac, sender.mac)) {
        return false;
    }
    sender.interval_ns = 1000000000LL / rate;
    s->senders[id] = sender;
    if (!s->ping_ip) {
        s->ping_ip = sender.ip;
        memcpy(s->ping_mac, sender.mac, 6);
    }
    return true;
}

void peer_stream_stop(Peer *peer, unsigned id)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&peer->lock);

    if (id < PEER_STREAMS) {
        peer->stack.senders[id].active = false;
    }
}

void peer_stream_resume(Peer *peer, unsigned id)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&peer->lock);

    if (id < PEER_STREAMS && peer->stack.senders[id].interval_ns) {
        peer->stack.senders[id].active = true;
        peer->stack.senders[id].due_ns = peer_now_ns();
    }
}

void peer_stream_get(Peer *peer, unsigned id, PeerStream *stream)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&peer->lock);
    StreamTracker *t;

    memset(stream, 0, sizeof(*stream));
    if (id >= PEER_STREAMS) {
        return;
    }
    t = &peer->stack.trackers[id];
    stream->sent = peer->stack.senders[id].sent;
    stream->received = t->received;
    stream->duplicated = t->duplicated;
    stream->reordered = t->reordered;
    stream->next_seq = t->next_seq;
    stream->longest_gap_ns = t->longest_gap_ns;
    stream_tracker_missing(t, t->next_seq, &stream->first_missing,
                           &stream->end_missing);
    if (stream->end_missing == 0) {
        stream->first_missing = 0;
    }
}
