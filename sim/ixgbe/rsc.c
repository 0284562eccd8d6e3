/*
 * Receive side coalescing, 7.11: segments of a TCP flow become one packet.
 *
 * A context holds the descriptors of a packet that may still grow; nothing is
 * written back before it closes.  It closes with the interrupt that tells of
 * it, when the vector's moderation interval ends, and when the next segment
 * cannot be added.  Without moderation there is nothing to wait for, and no
 * context.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/rx_packet.h"

#include "iovlab/checksum.h"
#include "iovlab-trace.h"

#define CONTEXTS 32
#define DESCS_MAX 16
#define PACKETS_IN_BUFFER 14            /* RSCCNT has four bits */
#define HEADER_MAX 128
#define IP_TOTAL_MAX 65535

#define TCP_FLAGS 13
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_PLAIN 20
#define TCP_STAMPED 32                  /* with nop, nop, time stamps */

typedef struct RscDesc {
    uint32_t slot;
    uint64_t address;
    uint16_t len;
    uint8_t packets;                    /* that start in it */
} RscDesc;

typedef struct RscContext {
    IxgbeRxq *q;                        /* NULL: free */
    uint64_t deadline;
    uint32_t next_seq;
    /* Headers as they are in guest memory, and where. */
    uint8_t header[HEADER_MAX];
    unsigned header_len, l3, l4;
    uint64_t header_address;
    bool tagged;
    uint16_t tci;
    size_t payload;
    unsigned packets;
    size_t buffer;
    uint32_t type, hash, status, header_bits;
    unsigned count;
    RscDesc desc[DESCS_MAX];
} RscContext;

struct IxgbeRsc {
    unsigned open;
    RscContext context[CONTEXTS];
};

IxgbeRsc *ixgbe_rsc_new(void)
{
    return g_new0(IxgbeRsc, 1);
}

bool ixgbe_rsc_wanted(const IxgbeRxq *q)
{
    return q->rsc && q->fn->rsc == q->rsc && (q->rscctl & IXGBE_RSCCTL_EN) &&
           (q->fn->state.rx_flags & IXGBE_RX_RSC);
}

static unsigned max_descs(const IxgbeRxq *q)
{
    static const uint8_t descs[] = { 1, 4, 8, 16 };

    return descs[(q->rscctl & IXGBE_RSCCTL_MAXDESC) >> 2];
}

static const uint8_t *tcp_of(const IxgbeRxPacket *p)
{
    return p->frame + p->info.l4;
}

static size_t payload_of(const IxgbeRxPacket *p)
{
    return p->info.end - p->info.payload;
}

static bool is_flow(const IxgbeRxPacket *p)
{
    return p->info.ip_version == 4 && p->info.l4 &&
           p->info.protocol == FRAME_PROTO_TCP;
}

/* 7.11.1 */
static bool may_coalesce(const IxgbeRxq *q, const IxgbeRxPacket *p)
{
    static const uint8_t stamps[] = { 1, 1, 8, 10 };
    const uint32_t sums = IXGBE_RXS_IPCS | IXGBE_RXS_L4CS;
    const uint32_t errors = 0xfff00000u & ~(uint32_t)IXGBE_RXS_ERR_HBO;
    const uint8_t *tcp = tcp_of(p);
    size_t tcp_len = p->info.payload - p->info.l4;

    if (p->info.ip_options || ixgbe_rxq_legacy(q) || payload_of(p) == 0 ||
        p->meta->etqf || p->meta->multicast || p->meta->events ||
        (q->fn->state.rx_flags & IXGBE_RX_KEEP_CRC)) {
        return false;
    }
    if ((p->status & sums) != sums || (p->status & errors)) {
        return false;
    }
    return (tcp[TCP_FLAGS] & ~TCP_PSH) == TCP_ACK &&
           (tcp_len == TCP_PLAIN ||
            (tcp_len == TCP_STAMPED && !memcmp(tcp + 20, stamps, 4)));
}

/* All in front of the IP header, with the tags that are left in. */
static bool same_link(const RscContext *c, const IxgbeRxPacket *p)
{
    size_t first = p->piece[0].len;

    return c->tagged == (p->stripped > 0) && c->tci == p->tci &&
           c->l3 == p->info.l3 - p->stripped && c->l3 >= first &&
           !memcmp(c->header, p->piece[0].data, first) &&
           !memcmp(c->header + first, p->piece[1].data, c->l3 - first);
}

static bool same_flow(const RscContext *c, const IxgbeRxPacket *p)
{
    const uint8_t *ip = p->frame + p->info.l3;

    return !memcmp(c->header + c->l4, tcp_of(p), 4) &&
           !memcmp(c->header + c->l3 + 12, ip + 12, 8) && same_link(c, p);
}

static RscContext *find(IxgbeRxq *q, const IxgbeRxPacket *p)
{
    for (unsigned i = 0; q->rsc_open && i < CONTEXTS; i++) {
        RscContext *c = &q->rsc->context[i];

        if (c->q == q && same_flow(c, p)) {
            return c;
        }
    }
    return NULL;
}

static void release(RscContext *c)
{
    c->q->rsc_open--;
    c->q->rsc->open--;
    c->q = NULL;
}

/* --- closing ---------------------------------------------------------------- */

/* 7.11.4: the first packet's headers come to stand for all. */
static bool write_header(RscContext *c)
{
    uint8_t *ip = c->header + c->l3;
    size_t total = c->header_len - c->l3 + c->payload;

    wr_be16(ip + 2, total);
    wr_be16(ip + 10, 0);
    wr_be16(ip + 10, csum_finish(csum_add(0, ip, 20)));
    return ixgbe_dma_write(c->q->fn, c->header_address, c->header,
                           c->header_len);
}

static bool write_descs(RscContext *c)
{
    bool many = c->packets > 1;

    for (unsigned n = 0; n < c->count; n++) {
        bool last = n + 1 == c->count;
        uint32_t info = c->type | (n == 0 ? c->header_bits : 0);
        uint32_t status = c->status | IXGBE_RXS_EOP;
        uint8_t raw[IXGBE_DESC_SIZE] = { 0 };
        IxgbeRxAdvWb *wb = (IxgbeRxAdvWb *)raw;

        if (many) {
            info |= (c->desc[n].packets + 1u) << IXGBE_RXI_RSCCNT_SHIFT;
        }
        if (!last) {
            status = many ? c->desc[n + 1].slot << IXGBE_RXS_NEXTP_SHIFT : 0;
        }
        wr_le32(&wb->info, info);
        wr_le32(&wb->hash, c->hash);
        wr_le32(&wb->status_error, status | IXGBE_RXS_DD);
        wr_le16(&wb->length, c->desc[n].len);
        wr_le16(&wb->vlan, last ? c->tci : 0);
        if (!ixgbe_rxq_write_back(c->q, c->desc[n].slot, wb)) {
            return false;
        }
    }
    return true;
}

static void close_context(RscContext *c, bool raise)
{
    IxgbeRxq *q = c->q;
    bool ok = (c->packets == 1 || write_header(c)) && write_descs(c);
    uint32_t last = c->desc[c->count - 1].slot;

    trace_ixgbe_rsc_close(q->fn, q->index, c->packets, c->payload, c->count);
    release(c);
    if (!ok) {
        ixgbe_rxq_stop(q);
    } else if (raise) {
        ixgbe_rxq_written(q, last);
    }
}

void ixgbe_rsc_close_vector(IxgbeRsc *rsc, int vector)
{
    for (unsigned i = 0; rsc && rsc->open && i < CONTEXTS; i++) {
        RscContext *c = &rsc->context[i];

        if (c->q && (vector < 0 || c->q->vector == vector)) {
            close_context(c, false);
        }
    }
}

void ixgbe_rsc_expire(IxgbeRsc *rsc, uint64_t now)
{
    for (unsigned i = 0; rsc && rsc->open && i < CONTEXTS; i++) {
        RscContext *c = &rsc->context[i];

        if (c->q && c->deadline <= now) {
            close_context(c, true);
        }
    }
}

uint64_t ixgbe_rsc_deadline(const IxgbeRsc *rsc)
{
    uint64_t first = UINT64_MAX;

    for (unsigned i = 0; rsc && rsc->open && i < CONTEXTS; i++) {
        if (rsc->context[i].q) {
            first = MIN(first, rsc->context[i].deadline);
        }
    }
    return first;
}

void ixgbe_rsc_drop(IxgbeRxq *q)
{
    for (unsigned i = 0; q->rsc_open && i < CONTEXTS; i++) {
        if (q->rsc->context[i].q == q) {
            release(&q->rsc->context[i]);
        }
    }
}

/* --- growing ---------------------------------------------------------------- */

static size_t room_in(const RscContext *c)
{
    return c->buffer - c->desc[c->count - 1].len;
}

static bool can_append(const RscContext *c, const IxgbeRxPacket *p)
{
    size_t len = payload_of(p);
    size_t room = room_in(c);
    size_t more = len > room ? (len - room + c->buffer - 1) / c->buffer : 0;

    return rd_be32(tcp_of(p) + 4) == c->next_seq &&
           p->info.payload - p->info.l4 == c->header_len - c->l4 &&
           p->buffer == c->buffer &&
           c->header_len - c->l3 + c->payload + len <= IP_TOTAL_MAX &&
           (room == 0 ||
            c->desc[c->count - 1].packets < PACKETS_IN_BUFFER) &&
           c->count + more <= max_descs(c->q) &&
           more <= ixgbe_ring_owned(&c->q->ring);
}

static bool next_desc(RscContext *c)
{
    IxgbeRxq *q = c->q;
    RscDesc *desc = &c->desc[c->count];

    *desc = (RscDesc) { .slot = ixgbe_ring_slot(&q->ring, 0) };
    if (!ixgbe_rxq_fetch(q, desc->slot, &desc->address, NULL)) {
        return false;
    }
    q->ring.head = ixgbe_ring_slot(&q->ring, 1);
    c->count++;
    return true;
}

static bool append_payload(RscContext *c, const IxgbeRxPacket *p)
{
    const uint8_t *data = p->frame + p->info.payload;
    size_t len = payload_of(p);
    bool first = true;

    while (len) {
        RscDesc *desc = &c->desc[c->count - 1];
        size_t part = MIN(len, room_in(c));

        if (part == 0) {
            if (!next_desc(c)) {
                return false;
            }
            continue;
        }
        if (!ixgbe_dma_write(c->q->fn, desc->address + desc->len, data,
                             part)) {
            return false;
        }
        desc->packets += first;
        desc->len += part;
        data += part;
        len -= part;
        first = false;
    }
    return true;
}

static void append(RscContext *c, const IxgbeRxPacket *p)
{
    const uint8_t *tcp = tcp_of(p);
    uint8_t *own = c->header + c->l4;
    IxgbeRxq *q = c->q;

    if (!append_payload(c, p)) {
        release(c);
        ixgbe_rxq_stop(q);
        return;
    }
    c->payload += payload_of(p);
    c->next_seq += payload_of(p);
    c->packets++;
    /* Acknowledgement, window and stamps are the last packet's. */
    memcpy(own + 8, tcp + 8, 4);
    own[TCP_FLAGS] |= tcp[TCP_FLAGS];
    memcpy(own + 14, tcp + 14, 2);
    memcpy(own + TCP_PLAIN, tcp + TCP_PLAIN,
           c->header_len - c->l4 - TCP_PLAIN);
    if (tcp[TCP_FLAGS] & TCP_PSH) {
        close_context(c, true);
    }
}

bool ixgbe_rsc_append(IxgbeRxq *q, const IxgbeRxPacket *p)
{
    RscContext *c = is_flow(p) ? find(q, p) : NULL;

    if (!c) {
        return false;
    }
    if (!may_coalesce(q, p) || !can_append(c, p)) {
        close_context(c, true);
        return false;
    }
    append(c, p);
    return true;
}

/* --- opening ---------------------------------------------------------------- */

static RscContext *free_context(IxgbeRsc *rsc)
{
    for (unsigned i = 0; i < CONTEXTS; i++) {
        if (!rsc->context[i].q) {
            return &rsc->context[i];
        }
    }
    return NULL;
}

static void note_descs(RscContext *c, const IxgbeRxPacket *p,
                       const uint64_t *address)
{
    size_t left = p->len - p->header;

    c->count = p->count;
    for (unsigned n = 0; n < p->count; n++) {
        c->desc[n] = (RscDesc) {
            .slot = ixgbe_ring_slot(&c->q->ring, n),
            .address = address[n],
            .len = MIN(left, p->buffer),
            .packets = n == 0,
        };
        left -= c->desc[n].len;
    }
}

static void note_header(RscContext *c, const IxgbeRxPacket *p,
                        uint64_t address)
{
    size_t head = MIN(p->piece[0].len, c->header_len);

    memcpy(c->header, p->piece[0].data, head);
    memcpy(c->header + head, p->piece[1].data, c->header_len - head);
    c->header_address = address;
    c->l3 = p->info.l3 - p->stripped;
    c->l4 = p->info.l4 - p->stripped;
}

bool ixgbe_rsc_open(IxgbeRxq *q, const IxgbeRxPacket *p,
                    const uint64_t *packet, uint64_t header)
{
    size_t header_len = p->info.payload - p->stripped;
    uint64_t deadline = ixgbe_intr_quiet_end(&q->fn->intr, q->vector);
    RscContext *c;

    if (!deadline || !is_flow(p) || !may_coalesce(q, p) ||
        (tcp_of(p)[TCP_FLAGS] & TCP_PSH) || header_len > HEADER_MAX ||
        p->count > max_descs(q) || (p->header && p->header != header_len) ||
        header_len + payload_of(p) != p->len) {
        return false;
    }
    c = free_context(q->rsc);
    if (!c) {
        return false;
    }
    *c = (RscContext) {
        .q = q,
        .deadline = deadline,
        .next_seq = rd_be32(tcp_of(p) + 4) + payload_of(p),
        .header_len = header_len,
        .tagged = p->stripped,
        .tci = p->tci,
        .payload = payload_of(p),
        .packets = 1,
        .buffer = p->buffer,
        .type = p->type,
        .hash = p->hash,
        .status = p->status,
        .header_bits = p->header_bits,
    };
    note_header(c, p, p->header ? header : packet[0]);
    note_descs(c, p, packet);
    q->rsc_open++;
    q->rsc->open++;
    trace_ixgbe_rsc_open(q->fn, q->index, c->next_seq, c->count);
    return true;
}
