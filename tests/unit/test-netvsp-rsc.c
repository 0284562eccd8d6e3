/*
 * NetVSP: receive segment coalescing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-guest.h"

#include "iovlab/checksum.h"

#define MSS 1400

static uint32_t set_rsc(NetvspGuest *ng, uint8_t ip4, uint8_t ip6)
{
    NdisOffloadParameters p = {
        .header.type = NDIS_OBJECT_DEFAULT,
        .header.revision = 3,
        .header.size = GUINT16_TO_LE(sizeof(p)),
        .tcp4_checksum = NDIS_PARAM_TX_RX,
        .tcp6_checksum = NDIS_PARAM_TX_RX,
        .rsc_ip4 = ip4,
        .rsc_ip6 = ip6,
    };

    return ng_set(ng, OID_TCP_OFFLOAD_PARAMETERS, &p, sizeof(p));
}

static void set_up(NetvspGuest **ng, gconstpointer data)
{
    *ng = ng_new();
    ng_up(*ng, NVSP_VERSION_61);
    g_assert_cmphex(set_rsc(*ng, NDIS_PARAM_TX, NDIS_PARAM_TX), ==, 0);
}

static void tear_down(NetvspGuest **ng, gconstpointer data)
{
    ng_free(*ng);
}

/* --- segments ------------------------------------------------------------------- */

typedef struct Segment {
    uint8_t frame[FRAME_ETH_LEN + FRAME_VLAN_LEN + 40 + 32 + MSS];
    size_t len;
    FrameInfo info;
} Segment;

static void set_sums(Segment *s)
{
    frame_parse(s->frame, s->len, &s->info);
    csum_insert_ip(s->frame, &s->info);
    csum_insert_l4(s->frame, &s->info);
}

/* Of a flow whose payload is the low byte of a mixed sequence number. */
static void segment(Segment *s, uint32_t seq, size_t payload)
{
    uint8_t *p = s->frame;

    s->len = ng_frame(p, ng_mac, FRAME_PROTO_TCP, 1, payload);
    wr_be32(p + 38, seq);
    wr_be32(p + 42, seq * 3);
    p[47] = 0x10;
    wr_be16(p + 48, seq / 7);
    for (size_t i = 0; i < payload; i++) {
        p[54 + i] = (seq + i) * 13 >> 3;
    }
    set_sums(s);
}

static void to_ip6(Segment *s)
{
    size_t l4_len = s->info.end - s->info.l4;
    uint8_t *p = s->frame;

    memmove(p + 54, p + 34, l4_len);
    wr_be16(p + 12, FRAME_TYPE_IPV6);
    memset(p + 14, 0, 40);
    p[14] = 0x60;
    wr_be16(p + 18, l4_len);
    p[20] = FRAME_PROTO_TCP;
    p[21] = 64;
    memset(p + 22, 0x22, 16);
    memset(p + 38, 0x33, 16);
    s->len = 54 + l4_len;
    set_sums(s);
}

static void with_stamps(Segment *s, uint32_t value)
{
    static const uint8_t option[] = { 1, 1, 8, 10 };
    uint8_t *tcp = s->frame + s->info.l4;

    memmove(tcp + 32, tcp + 20, s->info.end - s->info.payload);
    memcpy(tcp + 20, option, sizeof(option));
    wr_be32(tcp + 24, value);
    wr_be32(tcp + 28, value + 1);
    tcp[12] = 0x80;
    wr_be16(s->frame + 16, rd_be16(s->frame + 16) + 12);
    s->len += 12;
    set_sums(s);
}

static void offer(NetvspGuest *ng, const Segment *s)
{
    g_assert_cmpint(netvsp_rx_frame(ng->nic, s->frame, s->len), ==,
                    NETVSP_RX_TAKEN);
}

/* --- what the guest gets, put together as Linux does it --------------------------- */

static uint32_t find_ppi(const uint8_t *msg, uint32_t type)
{
    const RndisPacket *p = (const RndisPacket *)(msg + sizeof(RndisHeader));
    const uint8_t *at = (const uint8_t *)p + rd_le32(&p->ppi_offset);
    const uint8_t *end = at + rd_le32(&p->ppi_length);

    while (at < end) {
        const RndisPpi *ppi = (const RndisPpi *)at;

        if (rd_le32(&ppi->type) == type) {
            return rd_le32(at + rd_le32(&ppi->offset));
        }
        at += rd_le32(&ppi->size);
    }
    return UINT32_MAX;
}

static void add_part(NetvspGuest *ng, GByteArray *frame, uint32_t at,
                     uint32_t len, unsigned i, unsigned count)
{
    g_autofree uint8_t *msg = g_malloc(len);
    const RndisPacket *p = (const RndisPacket *)(msg + sizeof(RndisHeader));
    uint32_t id;

    fake_gpadl_read(ng->g, ng->recv, at, msg, len);
    g_assert_cmpuint(rd_le32(msg), ==, RNDIS_MSG_PACKET);
    g_assert_cmpuint(rd_le32(msg + 4), ==, len);
    g_assert_cmpuint(sizeof(RndisHeader) + rd_le32(&p->data_offset) +
                     rd_le32(&p->data_length), ==, len);
    id = find_ppi(msg, RNDIS_PPI_ID);
    if (id != UINT32_MAX) {
        g_assert_cmphex(id & 0xff, ==, 1);
        g_assert_cmphex(id >> 8 & 0xff, ==,
                        RNDIS_ID_PART | (i == 0 ? RNDIS_ID_FIRST : 0) |
                        (i + 1 == count ? RNDIS_ID_LAST : 0));
    } else {
        g_assert_cmpuint(count, ==, 1);
    }
    if (i == 0) {
        g_assert_true(find_ppi(msg, RNDIS_PPI_CHECKSUM) &
                      NDIS_RXCSUM_TCP_GOOD);
    }
    g_byte_array_append(frame, msg + sizeof(RndisHeader) +
                        rd_le32(&p->data_offset), rd_le32(&p->data_length));
}

/* The packet's frame; *parts is the number of its sections. */
static GByteArray *receive(NetvspGuest *ng, unsigned *parts)
{
    g_autoptr(FakePacket) pkt = ng_expect(ng, ng->ch,
                                          VM_PKT_DATA_USING_XFER_PAGES);
    const VmbusXferPageHeader *x = (const VmbusXferPageHeader *)pkt->desc;
    const VmbusXferPageRange *r = (const VmbusXferPageRange *)(x + 1);
    GByteArray *frame = g_byte_array_new();

    *parts = rd_le32(&x->range_count);
    g_assert_cmpuint(pkt->desc_len, ==, sizeof(*x) + *parts * sizeof(*r));
    for (unsigned i = 0; i < *parts; i++) {
        add_part(ng, frame, rd_le32(&r[i].byte_offset),
                 rd_le32(&r[i].byte_count), i, *parts);
    }
    ng_complete(ng, ng->ch, pkt->trans_id);
    return frame;
}

static bool nothing(NetvspGuest *ng)
{
    return fake_channel_peek(ng->ch, true,
                             offsetof(VmbusRingControl, write_index)) ==
           ng->ch->in_index;
}

static void expect_flow(NetvspGuest *ng, uint32_t seq, size_t payload,
                        unsigned want_parts)
{
    unsigned parts;
    g_autoptr(GByteArray) got = receive(ng, &parts);
    FrameInfo info;
    CsumResult r;

    g_assert_cmpuint(parts, ==, want_parts);
    frame_parse(got->data, got->len, &info);
    csum_validate(got->data, got->len, &info, &r);
    g_assert_cmpint(r.ip, ==, info.ip_version == 4 ? CSUM_GOOD : CSUM_NONE);
    g_assert_cmpint(r.l4, ==, CSUM_GOOD);
    g_assert_cmpuint(info.end, ==, got->len);
    g_assert_cmpuint(info.end - info.payload, ==, payload);
    g_assert_cmpuint(rd_be32(got->data + info.l4 + 4), ==, seq);
    for (size_t i = 0; i < payload; i++) {
        uint8_t want = (seq + i) * 13 >> 3;

        g_assert_cmphex(got->data[info.payload + i], ==, want);
    }
}

/* Payload in segments: right whatever their lengths, odd ones too. */
static size_t offer_flow(NetvspGuest *ng, uint32_t seq, unsigned count,
                         size_t payload, void (*change)(Segment *s))
{
    size_t total = 0;

    for (unsigned i = 0; i < count; i++) {
        Segment s;

        segment(&s, seq + total, payload + i % 2);
        if (change) {
            change(&s);
        }
        offer(ng, &s);
        total += payload + i % 2;
    }
    return total;
}

/* --- what is coalesced ---------------------------------------- */

static void test_flow(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    static const size_t sizes[] = { 1, 17, 700, MSS - 1 };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        unsigned waits = ng->owner.rx_waits;
        size_t total = offer_flow(ng, 1000, 7, sizes[i], NULL);

        g_assert_true(nothing(ng));
        g_assert_cmpuint(ng->owner.rx_waits, ==, waits + 1);
        netvsp_rx_flush(ng->nic);
        expect_flow(ng, 1000, total, 7);
        g_assert_true(nothing(ng));
        ng_run(ng);
        g_assert_true(netvsp_is_idle(ng->nic));
    }
    g_assert_cmpuint(netvsp_rx_counters(ng->nic)->frames, ==, 28);
}

static void test_ip6(NetvspGuest **f, gconstpointer data)
{
    size_t total = offer_flow(*f, 50, 5, 333, to_ip6);

    netvsp_rx_flush((*f)->nic);
    expect_flow(*f, 50, total, 5);
}

static void add_stamps(Segment *s)
{
    with_stamps(s, rd_be32(s->frame + 38));
}

/* The header's ACK, window and stamps are the last segment's. */
static void test_last_header(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    g_autoptr(GByteArray) got = NULL;
    unsigned parts;

    offer_flow(ng, 7000, 3, 100, add_stamps);
    netvsp_rx_flush(ng->nic);
    got = receive(ng, &parts);
    g_assert_cmpuint(parts, ==, 3);
    g_assert_cmpuint(rd_be32(got->data + 38), ==, 7000);
    g_assert_cmpuint(rd_be32(got->data + 42), ==, 7201 * 3);
    g_assert_cmpuint(rd_be16(got->data + 48), ==, 7201 / 7);
    g_assert_cmpuint(rd_be32(got->data + 58), ==, 7201);
}

static void test_push_ends(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    Segment s;

    offer_flow(ng, 0, 2, 100, NULL);
    segment(&s, 201, 100);
    s.frame[47] |= 0x08;
    set_sums(&s);
    offer(ng, &s);
    expect_flow(ng, 0, 301, 3);
    /* By itself it never waits. */
    offer(ng, &s);
    expect_flow(ng, 201, 100, 1);
}

static void test_alone(NetvspGuest **f, gconstpointer data)
{
    offer_flow(*f, 9, 1, 3, NULL);
    netvsp_rx_flush((*f)->nic);
    expect_flow(*f, 9, 3, 1);
}

static void add_tag(Segment *s)
{
    s->len = frame_vlan_insert(s->frame, s->len, sizeof(s->frame), 0x2005);
    frame_parse(s->frame, s->len, &s->info);
}

static void test_vlan(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    size_t total = offer_flow(ng, 5, 4, 99, add_tag);
    Segment s;

    /* Untagged, it is of another flow. */
    segment(&s, 5 + total, 10);
    offer(ng, &s);
    expect_flow(ng, 5, total, 4);
    netvsp_rx_flush(ng->nic);
    expect_flow(ng, 5 + total, 10, 1);
}

/* A packet has no more than 64 KiB, and no more sections than we announce. */
static void test_limits(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    size_t total = offer_flow(ng, 0, 60, MSS - 1, NULL);
    size_t first = 46 * (MSS - 1) + 23;
    size_t small;

    expect_flow(ng, 0, first, 46);
    netvsp_rx_flush(ng->nic);
    expect_flow(ng, first, total - first, 14);
    small = offer_flow(ng, 0, 50, 10, NULL);
    expect_flow(ng, 0, 48 * 10 + 24, 48);
    netvsp_rx_flush(ng->nic);
    expect_flow(ng, 48 * 10 + 24, small - 48 * 10 - 24, 2);
}

/* --- what is not ------------------------------------------------------------------- */

static void gap(Segment *s) { segment(s, 1000, 100); }
static void other_port(Segment *s) { wr_be16(s->frame + 34, 9); set_sums(s); }
static void fin(Segment *s) { s->frame[47] |= 1; set_sums(s); }
static void other_ttl(Segment *s) { s->frame[22] = 9; set_sums(s); }
static void bad_sum(Segment *s) { s->frame[60] ^= 1; }
static void other_mac(Segment *s) { s->frame[11] ^= 1; }
static void other_header(Segment *s) { with_stamps(s, 5); }

/* A frame that does not fit ends the packet and goes after it. */
static void test_ends(NetvspGuest **f, gconstpointer data)
{
    static void (*const change[])(Segment *s) = {
        gap, other_port, fin, other_ttl, bad_sum, other_mac, other_header,
    };
    NetvspGuest *ng = *f;

    for (unsigned i = 0; i < G_N_ELEMENTS(change); i++) {
        Segment s;
        size_t n;

        offer_flow(ng, 0, 2, 100, NULL);
        segment(&s, 201, 100);
        change[i](&s);
        offer(ng, &s);
        expect_flow(ng, 0, 201, 2);
        netvsp_rx_flush(ng->nic);
        g_free(ng_receive(ng, ng->ch, true, NULL, &n));
        g_assert_true(nothing(ng));
    }
}

static void test_other_protocols(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[256];
    size_t n;

    offer_flow(ng, 0, 2, 100, NULL);
    netvsp_rx_frame(ng->nic, frame,
                    ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 100));
    expect_flow(ng, 0, 201, 2);
    g_free(ng_receive(ng, ng->ch, true, NULL, &n));
}

static void expect_single(NetvspGuest *ng)
{
    size_t n;

    offer_flow(ng, 0, 2, 100, NULL);
    g_free(ng_receive(ng, ng->ch, true, NULL, &n));
    g_free(ng_receive(ng, ng->ch, true, NULL, &n));
}

static void test_off(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;

    set_rsc(ng, NDIS_PARAM_OFF, NDIS_PARAM_OFF);
    expect_single(ng);
    set_rsc(ng, NDIS_PARAM_TX, NDIS_PARAM_TX);
    netvsp_set_rsc(ng->nic, false);
    expect_single(ng);
    netvsp_set_rsc(ng->nic, true);
    offer_flow(ng, 0, 2, 100, NULL);
    netvsp_rx_flush(ng->nic);
    expect_flow(ng, 0, 201, 2);
}

static void test_old_guest(void)
{
    NetvspGuest *ng = ng_new();

    ng_up(ng, NVSP_VERSION_6);
    g_assert_cmphex(set_rsc(ng, NDIS_PARAM_TX, NDIS_PARAM_TX), ==, 0);
    expect_single(ng);
    ng_free(ng);
}

static void test_offer(NetvspGuest **f, gconstpointer data)
{
    NdisOffload o = { .header.revision = 3 };
    size_t len;

    for (unsigned i = 0; i < 2; i++) {
        uint8_t out[1024];

        len = sizeof(out);
        ng_query(*f, OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES, &o, sizeof(o),
                 out, &len);
        g_assert_cmpuint(len, >=, offsetof(NdisOffload, padding));
        g_assert_cmpuint(out[offsetof(NdisOffload, rsc_ip4)], ==, !i);
        g_assert_cmpuint(out[offsetof(NdisOffload, rsc_ip6)], ==, !i);
        netvsp_set_rsc((*f)->nic, false);
    }
}

static void test_statistics(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    size_t total = offer_flow(ng, 0, 5, 100, NULL);
    uint8_t out[1024];
    size_t len = sizeof(out);

    netvsp_rx_flush(ng->nic);
    expect_flow(ng, 0, total, 5);
    g_assert_cmphex(ng_query(ng, OID_TCP_RSC_STATISTICS, NULL, 0, out, &len),
                    ==, 0);
    g_assert_cmpuint(len, ==, sizeof(NdisRscStatistics));
    g_assert_cmpuint(rd_le64(out + 8), ==, 5);
    g_assert_cmpuint(rd_le64(out + 16), ==, total);
    g_assert_cmpuint(rd_le64(out + 24), ==, 1);
}

/* --- sections ---------------------------------------- */

/* Whatever happens to a packet, all its sections come back. */
static void test_sections(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    unsigned rounds = 4 * ng->sections / 5;

    for (unsigned i = 0; i < rounds; i++) {
        size_t total = offer_flow(ng, 0, 5, 100, NULL);

        netvsp_rx_flush(ng->nic);
        expect_flow(ng, 0, total, 5);
        ng_run(ng);
    }
    g_assert_true(netvsp_is_idle(ng->nic));
}

/* The guest names a section in the middle of a packet: not its to give. */
static void test_part_completed(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    g_autoptr(FakePacket) pkt = NULL;

    offer_flow(ng, 0, 3, 100, NULL);
    netvsp_rx_flush(ng->nic);
    pkt = ng_expect(ng, ng->ch, VM_PKT_DATA_USING_XFER_PAGES);
    for (uint64_t id = 0; id < 3 * ng->sections; id++) {
        if (id != pkt->trans_id) {
            ng_complete(ng, ng->ch, id);
            ng_run(ng);
        }
    }
    g_assert_false(netvsp_is_idle(ng->nic));
    ng_complete(ng, ng->ch, pkt->trans_id);
    ng_complete(ng, ng->ch, pkt->trans_id);
    ng_run(ng);
    g_assert_true(netvsp_is_idle(ng->nic));
}

/* A drain counts what waits, and what is out in several sections. */
static void test_drain(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    size_t total = offer_flow(ng, 0, 4, 100, NULL);

    netvsp_drain(ng->nic);
    g_assert_cmpuint(ng->owner.drained, ==, 0);
    expect_flow(ng, 0, total, 4);
    ng_run(ng);
    g_assert_cmpuint(ng->owner.drained, ==, 1);
}

/* A request in the middle: the packet goes out first. */
static void test_channel_runs(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    NvspNdisConfig again = { .type = GUINT32_TO_LE(NVSP_MSG_NDIS_CONFIG) };
    size_t total = offer_flow(ng, 0, 3, 100, NULL);

    ng_send(ng, &again, sizeof(again), false);
    expect_flow(ng, 0, total, 3);
}

static void test_close(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;

    offer_flow(ng, 0, 3, 100, NULL);
    ng_close(ng);
    netvsp_rx_flush(ng->nic);
    ng_up(ng, NVSP_VERSION_61);
    set_rsc(ng, NDIS_PARAM_TX, NDIS_PARAM_TX);
    offer_flow(ng, 0, 3, 100, NULL);
    netvsp_rx_flush(ng->nic);
    expect_flow(ng, 0, 301, 3);
}

#define ADD(name, fn) \
    g_test_add("/netvsp-rsc/" name, NetvspGuest *, NULL, set_up, fn, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("flow", test_flow);
    ADD("ip6", test_ip6);
    ADD("last-header", test_last_header);
    ADD("push-ends", test_push_ends);
    ADD("alone", test_alone);
    ADD("vlan", test_vlan);
    ADD("limits", test_limits);
    ADD("ends", test_ends);
    ADD("other-protocols", test_other_protocols);
    ADD("off", test_off);
    g_test_add_func("/netvsp-rsc/old-guest", test_old_guest);
    ADD("offer", test_offer);
    ADD("statistics", test_statistics);
    ADD("sections", test_sections);
    ADD("part-completed", test_part_completed);
    ADD("drain", test_drain);
    ADD("channel-runs", test_channel_runs);
    ADD("close", test_close);
    return g_test_run();
}
