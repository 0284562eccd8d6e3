/*
 * NetVSP: frames in both directions, holding and draining.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-guest.h"

#include "iovlab/checksum.h"

static const uint8_t other[6] = { 2, 0, 0, 0, 0, 9 };

static void set_up(NetvspGuest **ng, gconstpointer data)
{
    *ng = ng_new();
    ng_up(*ng, NVSP_VERSION_61);
}

static void tear_down(NetvspGuest **ng, gconstpointer data)
{
    ng_free(*ng);
}

static GBytes *sent(NetvspGuest *ng, unsigned i)
{
    g_assert_cmpuint(i, <, ng->owner.frames->len);
    return g_ptr_array_index(ng->owner.frames, i);
}

static void assert_sent(NetvspGuest *ng, unsigned i, const void *frame,
                        size_t len)
{
    gsize n;
    const void *p = g_bytes_get_data(sent(ng, i), &n);

    g_assert_cmpmem(p, n, frame, len);
}

/* --- transmit ------------------------------------------------------------------ */

static void test_tx_pages(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[1514], msg[2048];
    size_t len = ng_frame(frame, other, FRAME_PROTO_UDP, 1, 1400);
    size_t n = ng_rndis(msg, frame, len, NULL, 0);
    uint64_t id = ng_tx_pages(ng, ng->ch, msg, n, NVSP_CHANNEL_DATA);

    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==, NVSP_STATUS_SUCCESS);
    g_assert_cmpuint(ng->owner.frames->len, ==, 1);
    assert_sent(ng, 0, frame, len);
}

static void test_tx_batch_in_section(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[3][256], msg[2048];
    size_t len[3], at = 0;
    uint64_t id;

    for (unsigned i = 0; i < 3; i++) {
        size_t n;

        len[i] = ng_frame(frame[i], other, FRAME_PROTO_UDP, i, 50 + i);
        n = ng_rndis(msg + at, frame[i], len[i], NULL, 0);
        if (i < 2) {
            /* Padded to 8 bytes, as Linux does between messages. */
            memset(msg + at + n, 0, 8);
            n = (n + 7) & ~7;
            wr_le32(msg + at + 4, n);
        }
        at += n;
    }
    id = ng_tx_section(ng, ng->ch, 3, msg, at);
    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==, NVSP_STATUS_SUCCESS);
    g_assert_cmpuint(ng->owner.frames->len, ==, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_sent(ng, i, frame[i], len[i]);
    }
}

/* Linux copies the RNDIS header to a section and leaves the data in pages. */
static void test_tx_section_and_pages(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[256], msg[512], desc[64];
    size_t len = ng_frame(frame, other, FRAME_PROTO_UDP, 1, 100);
    size_t n = ng_rndis(msg, frame, len, NULL, 0);
    size_t head = n - len;
    uint64_t gpa = fake_guest_alloc(ng->g, 1);
    NvspRndisPacket pkt = {
        .type = GUINT32_TO_LE(NVSP_MSG_RNDIS_PKT),
        .section = GUINT32_TO_LE(5),
        .section_bytes = GUINT32_TO_LE(head),
    };

    fake_gpadl_write(ng->g, ng->send, 5 * ng->send_section_size, msg, head);
    fake_guest_write(ng->g, gpa, frame, len);
    fake_channel_send(ng->ch, VM_PKT_DATA_USING_GPA_DIRECT, 1, 77, desc,
                      fake_gpa_desc(desc, gpa, len), &pkt, sizeof(pkt));
    g_assert_cmpuint(ng_tx_status(ng, ng->ch, 77), ==, NVSP_STATUS_SUCCESS);
    assert_sent(ng, 0, frame, len);
}

static void test_tx_vlan_and_checksum(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[256], want[256], msg[512];
    size_t len = ng_frame(frame, other, FRAME_PROTO_TCP, 1, 100);
    size_t want_len;
    NgPpi ppi[] = {
        { RNDIS_PPI_VLAN, ndis_vlan_from_tci(0x7123) },
        { RNDIS_PPI_CHECKSUM, NDIS_TXCSUM_IPV4 | NDIS_TXCSUM_TCP |
                              34 << NDIS_TXCSUM_L4_SHIFT },
    };

    memcpy(want, frame, len);
    want_len = frame_vlan_insert(want, len, sizeof(want), 0x7123);
    wr_be16(frame + 50, 0x1234);
    ng_tx_pages(ng, ng->ch, msg, ng_rndis(msg, frame, len, ppi, 2), 0);
    ng_run(ng);
    assert_sent(ng, 0, want, want_len);
}

/* An LSOv2 packet as Linux makes it: no length, checksum seeded. */
static size_t large_send(uint8_t *msg, uint8_t *frame, size_t payload,
                         uint32_t mss)
{
    size_t len = ng_frame(frame, other, FRAME_PROTO_TCP, 1, payload);
    NgPpi ppi = { RNDIS_PPI_LSO, NDIS_LSO_V2 | 34u << 20 | mss };
    uint8_t copy[16384];

    memcpy(copy, frame, len);
    wr_be16(copy + 16, 0);
    wr_be16(copy + 24, 0);
    return ng_rndis(msg, copy, len, &ppi, 1);
}

static void check_segments(NetvspGuest *ng, unsigned count,
                           const uint8_t *payload, size_t total)
{
    g_autoptr(GByteArray) all = g_byte_array_new();

    g_assert_cmpuint(ng->owner.frames->len, ==, count);
    for (unsigned i = 0; i < count; i++) {
        gsize n;
        const uint8_t *p = g_bytes_get_data(sent(ng, i), &n);
        FrameInfo info;
        CsumResult r;

        frame_parse(p, n, &info);
        csum_validate(p, n, &info, &r);
        g_assert_cmpint(r.ip, ==, CSUM_GOOD);
        g_assert_cmpint(r.l4, ==, CSUM_GOOD);
        g_assert_cmpuint(rd_be32(p + info.l4 + 4), ==, all->len);
        g_byte_array_append(all, p + info.payload, n - info.payload);
    }
    g_assert_cmpmem(all->data, all->len, payload, total);
}

static void test_tx_large_send(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[8192], msg[8192];
    size_t n = large_send(msg, frame, 5000, 1460);
    uint64_t id = ng_tx_pages(ng, ng->ch, msg, n, NVSP_CHANNEL_DATA);

    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==, NVSP_STATUS_SUCCESS);
    check_segments(ng, 4, frame + 54, 5000);
}

/* Refused after each frame: none is lost or doubled, and no early reply. */
static void test_tx_hold_each_segment(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[8192], small[128], msg[8192];
    size_t n = large_send(msg, frame, 5000, 1460);
    size_t small_len = ng_frame(small, other, FRAME_PROTO_UDP, 1, 40);
    uint64_t id, id2;

    ng->owner.tx_room = 0;
    id = ng_tx_pages(ng, ng->ch, msg, n, NVSP_CHANNEL_DATA);
    n = ng_rndis(msg, small, small_len, NULL, 0);
    id2 = ng_tx_pages(ng, ng->ch, msg, n, NVSP_CHANNEL_DATA);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_true(ng_quiet(ng, ng->ch));
        g_assert_cmpuint(ng->owner.frames->len, ==, i);
        ng->owner.tx_room = 1;
        netvsp_tx_ready(ng->nic);
    }
    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==, NVSP_STATUS_SUCCESS);
    check_segments(ng, 4, frame + 54, 5000);
    g_assert_true(ng_quiet(ng, ng->ch));
    ng->owner.tx_room = 1;
    netvsp_tx_ready(ng->nic);
    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id2), ==, NVSP_STATUS_SUCCESS);
    assert_sent(ng, 4, small, small_len);
}

/* Refused in the middle of a batch, with a malformed message in it. */
static void test_tx_hold_in_batch(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[128], msg[1024];
    size_t len = ng_frame(frame, other, FRAME_PROTO_UDP, 1, 40);
    size_t at = 0;
    uint64_t id;

    for (unsigned i = 0; i < 4; i++) {
        if (i == 1) {
            memset(msg + at, 0, 16);
            msg[at] = RNDIS_MSG_PACKET;
            msg[at + 4] = 16;
            at += 16;
        }
        at += ng_rndis(msg + at, frame, len, NULL, 0);
    }
    ng->owner.tx_room = 2;
    id = ng_tx_section(ng, ng->ch, 0, msg, at);
    g_assert_true(ng_quiet(ng, ng->ch));
    g_assert_cmpuint(ng->owner.frames->len, ==, 2);
    ng->owner.tx_room = UINT_MAX;
    netvsp_tx_ready(ng->nic);
    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==,
                     NVSP_STATUS_INVALID_RNDIS_PKT);
    g_assert_cmpuint(ng->owner.frames->len, ==, 4);
    g_assert_cmpuint(netvsp_tx_counters(ng->nic)->frames, ==, 4);
    g_assert_cmpuint(netvsp_tx_counters(ng->nic)->errors, ==, 1);
}

static unsigned percent_free(FakeChannel *ch)
{
    uint32_t read = fake_channel_peek(ch, false,
                                      offsetof(VmbusRingControl, read_index));
    uint32_t used = (ch->out_index + ch->ring_size - read) % ch->ring_size;

    return (ch->ring_size - used) * 100 / ch->ring_size;
}

/* As Linux: a queue stops when it sent into a ring with under 10 % free. */
static void test_tx_held(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[128], msg[256];
    size_t len = ng_frame(frame, other, FRAME_PROTO_UDP, 1, 40);
    size_t n = ng_rndis(msg, frame, len, NULL, 0);
    uint64_t id = ng_tx_pages(ng, ng->ch, msg, n, NVSP_CHANNEL_DATA);

    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==, NVSP_STATUS_SUCCESS);
    g_assert_false(netvsp_tx_stopped(ng->nic, 1));
    netvsp_hold_tx(ng->nic, true);
    g_assert_cmpuint(percent_free(ng->ch), <, 10);
    g_assert_false(netvsp_tx_stopped(ng->nic, 1));
    id = ng_tx_pages(ng, ng->ch, msg, n, NVSP_CHANNEL_DATA);
    netvsp_hold_tx(ng->nic, true);
    g_assert_true(ng_quiet(ng, ng->ch));
    g_assert_true(netvsp_tx_stopped(ng->nic, 1));
    g_assert_cmpuint(ng->owner.frames->len, ==, 1);
    netvsp_hold_tx(ng->nic, false);
    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==, NVSP_STATUS_SUCCESS);
    g_assert_cmpuint(percent_free(ng->ch), ==, 100);
    g_assert_cmpuint(ng->owner.frames->len, ==, 2);
    g_assert_false(netvsp_tx_stopped(ng->nic, 1));
}

static void test_tx_malformed(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[128], good[256], msg[256];
    size_t len = ng_frame(frame, other, FRAME_PROTO_UDP, 1, 40);
    NgPpi ppi = { RNDIS_PPI_VLAN, 0 };
    size_t n = ng_rndis(good, frame, len, &ppi, 1);
    static const struct {
        unsigned at;
        uint32_t value;
    } damage[] = {
        { 4, 0 }, { 4, 7 }, { 4, 0xffffffff }, { 4, 20 },   /* length */
        { 8, 0 }, { 8, 0xfffffff0 },                        /* data offset */
        { 12, 13 }, { 12, 0xffffffff },                     /* data length */
        { 28, 0xffffffff }, { 32, 0xfffffff0 }, { 32, 17 }, /* PPI */
        { 44, 0 }, { 44, 11 }, { 44, 0xffffffff }, { 52, 13 },
        { 0, 0x1234 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(damage); i++) {
        uint64_t id;

        memcpy(msg, good, n);
        wr_le32(msg + damage[i].at, damage[i].value);
        id = ng_tx_section(ng, ng->ch, 0, msg, n);
        g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==,
                         NVSP_STATUS_INVALID_RNDIS_PKT);
        g_assert_cmpuint(ng->owner.frames->len, ==, 0);
    }
}

static void test_tx_wrong_section(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t msg[64] = { 0 };
    uint32_t sections = NG_SEND_BYTES / ng->send_section_size;
    uint64_t id = ng_tx_section(ng, ng->ch, sections, msg, 60);

    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), !=, NVSP_STATUS_SUCCESS);
    id = ng_tx_section(ng, ng->ch, 0xfffffffe, msg, 60);
    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), !=, NVSP_STATUS_SUCCESS);
}

static void test_tx_too_long(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[2048], msg[2200];
    size_t len = ng_frame(frame, other, FRAME_PROTO_UDP, 1, 1900);
    uint64_t id = ng_tx_pages(ng, ng->ch, msg,
                              ng_rndis(msg, frame, len, NULL, 0), 0);

    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==, NVSP_STATUS_SUCCESS);
    g_assert_cmpuint(ng->owner.frames->len, ==, 0);
    g_assert_cmpuint(netvsp_tx_counters(ng->nic)->errors, ==, 1);
}

static void test_tx_on_subchannel(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[128], msg[256];
    size_t len = ng_frame(frame, other, FRAME_PROTO_UDP, 1, 40);
    uint64_t id;

    ng_subchannels(ng, 2);
    id = ng_tx_pages(ng, ng->sub[2], msg,
                     ng_rndis(msg, frame, len, NULL, 0), 0);
    g_assert_cmpuint(ng_tx_status(ng, ng->sub[2], id), ==,
                     NVSP_STATUS_SUCCESS);
    assert_sent(ng, 0, frame, len);
}

/* --- receive -------------------------------------------------------------------- */

/* Value of a per-packet information record, or -1. */
static int64_t find_ppi(const uint8_t *msg, uint32_t type)
{
    const RndisPacket *p = (const RndisPacket *)(msg + sizeof(RndisHeader));
    const uint8_t *at = (const uint8_t *)p + rd_le32(&p->ppi_offset);
    uint32_t left = rd_le32(&p->ppi_length);

    while (left) {
        if (rd_le32(at + 4) == type) {
            return rd_le32(at + rd_le32(at + 8));
        }
        left -= rd_le32(at);
        at += rd_le32(at);
    }
    return -1;
}

static void assert_frame(const uint8_t *msg, const void *frame, size_t len)
{
    const RndisPacket *p = (const RndisPacket *)(msg + sizeof(RndisHeader));

    g_assert_cmpuint(rd_le32(msg), ==, RNDIS_MSG_PACKET);
    g_assert_cmpmem((const uint8_t *)p + rd_le32(&p->data_offset),
                    rd_le32(&p->data_length), frame, len);
}

static void test_rx_plain(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[1514];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 1472);
    g_autofree uint8_t *msg = NULL;
    size_t n;

    g_assert_cmpuint(len, ==, 1514);
    g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, len), ==,
                    NETVSP_RX_TAKEN);
    msg = ng_receive(ng, ng->ch, true, NULL, &n);
    assert_frame(msg, frame, len);
    g_assert_cmpint(find_ppi(msg, RNDIS_PPI_CHECKSUM), ==, -1);
    g_assert_cmpuint(netvsp_rx_counters(ng->nic)->frames, ==, 1);
}

static void test_rx_vlan(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[256], tagged[256];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 100);
    g_autofree uint8_t *msg = NULL;
    size_t n;

    memcpy(tagged, frame, len);
    n = frame_vlan_insert(tagged, len, sizeof(tagged), 0xb064);
    netvsp_rx_frame(ng->nic, tagged, n);
    msg = ng_receive(ng, ng->ch, true, NULL, &n);
    assert_frame(msg, frame, len);
    g_assert_cmphex(ndis_vlan_to_tci(find_ppi(msg, RNDIS_PPI_VLAN)), ==,
                    0xb064);
}

static void test_rx_checksum(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    NdisOffloadParameters p = {
        .header = { NDIS_OBJECT_DEFAULT, 3, GUINT16_TO_LE(sizeof(p)) },
        .ip4_checksum = NDIS_PARAM_TX_RX,
        .tcp4_checksum = NDIS_PARAM_TX_RX,
        .udp4_checksum = NDIS_PARAM_RX,
    };
    static const struct {
        uint8_t protocol;
        unsigned damage;
        uint32_t result;
    } rows[] = {
        { FRAME_PROTO_TCP, 0, NDIS_RXCSUM_IP_GOOD | NDIS_RXCSUM_TCP_GOOD },
        { FRAME_PROTO_UDP, 0, NDIS_RXCSUM_IP_GOOD | NDIS_RXCSUM_UDP_GOOD },
        { FRAME_PROTO_TCP, 60, NDIS_RXCSUM_IP_GOOD | NDIS_RXCSUM_TCP_BAD },
        { FRAME_PROTO_UDP, 22, NDIS_RXCSUM_IP_BAD | NDIS_RXCSUM_UDP_GOOD },
    };

    g_assert_cmphex(ng_set(ng, OID_TCP_OFFLOAD_PARAMETERS, &p, sizeof(p)), ==,
                    0);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t frame[256];
        size_t len = ng_frame(frame, ng_mac, rows[i].protocol, 1, 60);
        g_autofree uint8_t *msg = NULL;
        size_t n;

        frame[rows[i].damage] ^= rows[i].damage ? 1 : 0;
        netvsp_rx_frame(ng->nic, frame, len);
        msg = ng_receive(ng, ng->ch, true, NULL, &n);
        g_assert_cmphex(find_ppi(msg, RNDIS_PPI_CHECKSUM), ==,
                        rows[i].result);
    }
}

static void set_filter(NetvspGuest *ng, uint32_t filter)
{
    filter = GUINT32_TO_LE(filter);
    ng_set(ng, OID_GEN_CURRENT_PACKET_FILTER, &filter, sizeof(filter));
}

static void test_rx_filter(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    static const uint8_t broadcast[6] = { 255, 255, 255, 255, 255, 255 };
    static const uint8_t group[6] = { 1, 0, 0x5e, 0, 0, 1 };
    const uint8_t *dst[] = { ng_mac, broadcast, group, other };
    static const struct {
        uint32_t filter;
        unsigned taken;             /* bit per destination */
    } rows[] = {
        { 0, 0 },
        { NDIS_PACKET_DIRECTED, 1 },
        { NDIS_PACKET_BROADCAST, 2 },
        { NDIS_PACKET_ALL_MULTICAST, 4 },
        { NDIS_PACKET_MULTICAST, 0 },
        { NDIS_PACKET_PROMISCUOUS, 15 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        set_filter(ng, rows[i].filter);
        for (unsigned d = 0; d < 4; d++) {
            bool take = rows[i].taken >> d & 1;
            uint8_t frame[128];
            size_t len = ng_frame(frame, dst[d], FRAME_PROTO_UDP, 1, 40);
            size_t n;

            g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, len), ==,
                            take ? NETVSP_RX_TAKEN : NETVSP_RX_DROPPED);
            if (take) {
                g_free(ng_receive(ng, ng->ch, true, NULL, &n));
            }
        }
    }
}

static void test_rx_multicast_list(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    static const uint8_t list[12] = { 1, 0, 0x5e, 0, 0, 1,
                                      1, 0, 0x5e, 0, 0, 2 };
    uint8_t many[33 * 6] = { 0 };
    uint8_t frame[128];
    size_t len = ng_frame(frame, list + 6, FRAME_PROTO_UDP, 1, 40);

    set_filter(ng, NDIS_PACKET_MULTICAST);
    g_assert_cmphex(ng_set(ng, OID_802_3_MULTICAST_LIST, list, 12), ==, 0);
    g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, len), ==,
                    NETVSP_RX_TAKEN);
    frame[5] = 3;
    g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, len), ==,
                    NETVSP_RX_DROPPED);
    g_free(ng_receive(ng, ng->ch, true, NULL, &len));
    g_assert_cmphex(ng_set(ng, OID_802_3_MULTICAST_LIST, many, 33 * 6), ==,
                    RNDIS_STATUS_MULTICAST_FULL);
    g_assert_cmphex(ng_set(ng, OID_802_3_MULTICAST_LIST, list, 7), ==,
                    RNDIS_STATUS_INVALID_LENGTH);
}

/* Fills the ring or the sections until a frame has to wait. */
static unsigned fill(NetvspGuest *ng, const uint8_t *frame, size_t len)
{
    unsigned taken = 0;
    NetvspRxResult r;

    while ((r = netvsp_rx_frame(ng->nic, frame, len)) == NETVSP_RX_TAKEN) {
        taken++;
    }
    g_assert_cmpint(r, ==, NETVSP_RX_NO_ROOM);
    return taken;
}

static void test_rx_no_section(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[64];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 10);
    unsigned taken = 0, ready;
    uint64_t id = 0, last = 0;
    uint8_t link[4];
    size_t n = sizeof(link);

    /* Read everything, complete nothing. */
    while (netvsp_rx_frame(ng->nic, frame, len) == NETVSP_RX_TAKEN) {
        g_free(ng_receive(ng, ng->ch, false, &id, &n));
        taken++;
    }
    g_assert_cmpuint(taken, ==, ng->sections - 4);
    g_assert_false(netvsp_can_receive(ng->nic));
    /* Control messages still have sections. */
    n = sizeof(link);
    g_assert_cmphex(ng_query(ng, OID_GEN_MEDIA_CONNECT_STATUS, NULL, 0, link,
                             &n), ==, 0);
    ready = ng->owner.rx_ready;
    last = id;
    ng_complete(ng, ng->ch, last);
    ng_run(ng);
    g_assert_cmpuint(ng->owner.rx_ready, ==, ready + 1);
    g_assert_true(netvsp_can_receive(ng->nic));
    g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, len), ==,
                    NETVSP_RX_TAKEN);
    /* The same section again, and no other was given away twice. */
    g_free(ng_receive(ng, ng->ch, false, &id, &n));
    g_assert_cmpuint(id, ==, last);
}

static void test_rx_ring_full(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[64];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 10);
    unsigned taken = fill(ng, frame, len);
    size_t n;

    g_assert_cmpuint(taken, <, ng->sections - 4);
    for (unsigned i = 0; i < taken; i++) {
        g_free(ng_receive(ng, ng->ch, true, NULL, &n));
    }
    ng_run(ng);
    g_assert_cmpuint(ng->owner.rx_ready, >=, 1);
    g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, len), ==,
                    NETVSP_RX_TAKEN);
}

static void test_rx_unknown_completion(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[64];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 10);
    unsigned taken = 0;
    uint64_t id;
    size_t n;

    netvsp_rx_frame(ng->nic, frame, len);
    g_free(ng_receive(ng, ng->ch, true, &id, &n));
    ng_complete(ng, ng->ch, id);            /* twice */
    ng_complete(ng, ng->ch, 0);
    ng_complete(ng, ng->ch, ng->sections + 1);
    ng_complete(ng, ng->ch, UINT64_MAX);
    ng_run(ng);
    while (netvsp_rx_frame(ng->nic, frame, len) == NETVSP_RX_TAKEN) {
        g_free(ng_receive(ng, ng->ch, false, &id, &n));
        taken++;
    }
    g_assert_cmpuint(taken, ==, ng->sections - 4);
}

static void test_rx_too_long(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[2048];

    ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 1900);
    g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, ng->section_size), ==,
                    NETVSP_RX_DROPPED);
    g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, 13), ==,
                    NETVSP_RX_DROPPED);
}

/* --- draining ---------------------------------------------------------------------- */

static void test_drain(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[64];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 10);
    uint64_t ids[3];
    size_t n;

    for (unsigned i = 0; i < 2; i++) {
        netvsp_rx_frame(ng->nic, frame, len);
        g_free(ng_receive(ng, ng->ch, false, &ids[i], &n));
    }
    netvsp_drain(ng->nic);
    g_assert_cmpuint(ng->owner.drained, ==, 0);
    /* What comes later does not count. */
    netvsp_rx_frame(ng->nic, frame, len);
    g_free(ng_receive(ng, ng->ch, false, &ids[2], &n));
    ng_complete(ng, ng->ch, ids[1]);
    ng_run(ng);
    g_assert_cmpuint(ng->owner.drained, ==, 0);
    ng_complete(ng, ng->ch, ids[0]);
    ng_run(ng);
    g_assert_cmpuint(ng->owner.drained, ==, 1);
}

static void test_drain_empty(NetvspGuest **f, gconstpointer data)
{
    ng_run(*f);
    netvsp_drain((*f)->nic);
    g_assert_cmpuint((*f)->owner.drained, ==, 1);
}

static void test_drain_ends_with_close(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[64];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 10);

    netvsp_rx_frame(ng->nic, frame, len);
    netvsp_drain(ng->nic);
    g_assert_cmpuint(ng->owner.drained, ==, 0);
    ng_close(ng);
    g_assert_cmpuint(ng->owner.drained, ==, 1);
}

/* --- receive side scaling --------------------------------------------------------- */

static uint32_t set_rss(NetvspGuest *ng, unsigned entries, uint32_t flags,
                        unsigned queues)
{
    uint8_t buf[40 + 128 * 4 + 40] = { 0 };
    NdisRssParameters *p = (NdisRssParameters *)buf;

    p->header.type = NDIS_OBJECT_RSS_PARAMETERS;
    p->header.revision = 2;
    wr_le16(&p->flags, flags);
    wr_le32(&p->hash_information, NDIS_HASH_TOEPLITZ | NDIS_HASH_IPV4 |
                                  NDIS_HASH_TCP_IPV4);
    wr_le16(&p->table_bytes, entries * 4);
    wr_le32(&p->table_offset, 40);
    wr_le16(&p->key_bytes, 40);
    wr_le32(&p->key_offset, 40 + entries * 4);
    for (unsigned i = 0; i < entries; i++) {
        wr_le32(buf + 40 + i * 4, i % queues);
    }
    memset(buf + 40 + entries * 4, 0x5a, 39);
    return ng_set(ng, OID_GEN_RECEIVE_SCALE_PARAMETERS, buf,
                  40 + entries * 4 + 40);
}

static void test_rss_spreads(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    unsigned count[3] = { 0 };

    ng_subchannels(ng, 2);
    fake_packet_free(ng_expect(ng, ng->ch, VM_PKT_DATA_INBAND));
    g_assert_cmphex(set_rss(ng, 128, 0, 3), ==, 0);
    for (unsigned i = 0; i < 60; i++) {
        uint8_t frame[128];
        size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_TCP, 1000 + i, 20);

        g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, len), ==,
                        NETVSP_RX_TAKEN);
        for (unsigned q = 0; q < 3; q++) {
            FakeChannel *ch = q ? ng->sub[q] : ng->ch;
            g_autofree uint8_t *msg = NULL;
            size_t n;

            if (fake_channel_peek(ch, true,
                                  offsetof(VmbusRingControl, write_index)) ==
                ch->in_index) {
                continue;
            }
            msg = ng_receive(ng, ch, true, NULL, &n);
            g_assert_cmpuint(find_ppi(msg, RNDIS_PPI_HASH) % 128 % 3, ==, q);
            count[q]++;
        }
        ng_run(ng);
    }
    g_assert_cmpuint(count[0] + count[1] + count[2], ==, 60);
    g_assert_cmpuint(MIN(count[0], MIN(count[1], count[2])), >, 5);
}

static void test_rss_refuses(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    NdisRssParameters p = { .header.type = NDIS_OBJECT_RSS_PARAMETERS };

    g_assert_cmphex(set_rss(ng, 0, 0, 1), ==, RNDIS_STATUS_INVALID_DATA);
    g_assert_cmphex(set_rss(ng, 128, 0, 100), ==, RNDIS_STATUS_INVALID_DATA);
    wr_le16(&p.table_bytes, 128);
    wr_le32(&p.table_offset, 0xfffffff0);
    g_assert_cmphex(ng_set(ng, OID_GEN_RECEIVE_SCALE_PARAMETERS, &p,
                           sizeof(p)), ==, RNDIS_STATUS_INVALID_DATA);
}

/* A table that names a channel that is not open: the primary takes it. */
static void test_rss_without_channels(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[128];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_TCP, 1, 20);
    size_t n;

    g_assert_cmphex(set_rss(ng, 128, 0, 64), ==, 0);
    g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, len), ==,
                    NETVSP_RX_TAKEN);
    g_free(ng_receive(ng, ng->ch, true, NULL, &n));
    g_assert_cmphex(set_rss(ng, 128, NDIS_RSS_PARAM_DISABLE, 1), ==, 0);
}

/* Sections out on a sub-channel come back when the guest closes it. */
static void test_subchannel_close_frees(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[128];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_TCP, 1, 20);
    unsigned sent_before = 0;

    ng_subchannels(ng, 1);
    fake_packet_free(ng_expect(ng, ng->ch, VM_PKT_DATA_INBAND));
    set_rss(ng, 1, 0, 2);           /* one entry: queue 0 */
    set_rss(ng, 2, 0, 2);
    while (netvsp_rx_frame(ng->nic, frame, len) == NETVSP_RX_TAKEN) {
        sent_before++;
        wr_be16(frame + 34, sent_before);
    }
    netvsp_drain(ng->nic);
    fake_channel_close(ng->sub[1]);
    ng->sub[1] = NULL;
    while (fake_channel_peek(ng->ch, true,
                             offsetof(VmbusRingControl, write_index)) !=
           ng->ch->in_index) {
        size_t n;

        g_free(ng_receive(ng, ng->ch, true, NULL, &n));
    }
    ng_run(ng);
    g_assert_cmpuint(ng->owner.drained, ==, 1);
}

#define ADD(name, fn) \
    g_test_add("/netvsp-data/" name, NetvspGuest *, NULL, set_up, fn, \
               tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("tx/pages", test_tx_pages);
    ADD("tx/batch", test_tx_batch_in_section);
    ADD("tx/section-and-pages", test_tx_section_and_pages);
    ADD("tx/vlan-checksum", test_tx_vlan_and_checksum);
    ADD("tx/large-send", test_tx_large_send);
    ADD("tx/hold-segments", test_tx_hold_each_segment);
    ADD("tx/hold-batch", test_tx_hold_in_batch);
    ADD("tx/held", test_tx_held);
    ADD("tx/malformed", test_tx_malformed);
    ADD("tx/wrong-section", test_tx_wrong_section);
    ADD("tx/too-long", test_tx_too_long);
    ADD("tx/subchannel", test_tx_on_subchannel);
    ADD("rx/plain", test_rx_plain);
    ADD("rx/vlan", test_rx_vlan);
    ADD("rx/checksum", test_rx_checksum);
    ADD("rx/filter", test_rx_filter);
    ADD("rx/multicast-list", test_rx_multicast_list);
    ADD("rx/no-section", test_rx_no_section);
    ADD("rx/ring-full", test_rx_ring_full);
    ADD("rx/unknown-completion", test_rx_unknown_completion);
    ADD("rx/too-long", test_rx_too_long);
    ADD("drain/waits", test_drain);
    ADD("drain/empty", test_drain_empty);
    ADD("drain/close", test_drain_ends_with_close);
    ADD("rss/spreads", test_rss_spreads);
    ADD("rss/refuses", test_rss_refuses);
    ADD("rss/no-channels", test_rss_without_channels);
    ADD("rss/close-frees", test_subchannel_close_frees);
    return g_test_run();
}
