/*
 * NetVSP: NVSP negotiation and buffers, RNDIS control, link, VF association,
 * data path, sub-channels.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-guest.h"

static void set_up(NetvspGuest **ng, gconstpointer data)
{
    *ng = ng_new();
    if (data) {
        ng_up(*ng, GPOINTER_TO_UINT(data));
    }
}

static void tear_down(NetvspGuest **ng, gconstpointer data)
{
    ng_free(*ng);
}

static void test_versions(NetvspGuest **f, gconstpointer data)
{
    static const uint32_t known[] = {
        NVSP_VERSION_1, NVSP_VERSION_2, NVSP_VERSION_4, NVSP_VERSION_5,
        NVSP_VERSION_6, NVSP_VERSION_61,
    };
    NetvspGuest *ng = *f;
    NetvspStatus status;

    for (unsigned i = 0; i < G_N_ELEMENTS(known); i++) {
        ng_up(ng, known[i]);
        netvsp_get_status(ng->nic, &status);
        g_assert_cmphex(status.nvsp_version, ==, known[i]);
        g_assert_true(status.connected);
        ng_close(ng);
        netvsp_get_status(ng->nic, &status);
        g_assert_cmphex(status.nvsp_version, ==, 0);
    }
}

static void test_version_refused(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;

    ng_open(ng);
    g_assert_cmpint(ng_init(ng, 0x70000), ==, NVSP_STATUS_PROTOCOL_TOO_NEW);
    g_assert_cmpint(ng_init(ng, 0x30001), !=, NVSP_STATUS_SUCCESS);
    g_assert_cmpint(ng_init(ng, NVSP_VERSION_5), ==, NVSP_STATUS_SUCCESS);
    /* Only once. */
    g_assert_cmpint(ng_init(ng, NVSP_VERSION_6), !=, NVSP_STATUS_SUCCESS);
}

static void test_message_size(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    NvspSubchannel msg = { .type = GUINT32_TO_LE(NVSP_MSG_SUBCHANNEL) };
    g_autoptr(FakePacket) pkt = NULL;

    ng_send(ng, &msg, sizeof(msg), true);
    pkt = ng_expect(ng, ng->ch, VM_PKT_COMP);
    g_assert_cmpuint(pkt->len, ==, NVSP_MESSAGE_SIZE_61);
    /* An unknown operation fails. */
    g_assert_cmpuint(rd_le32(pkt->payload + 4), ==, NVSP_STATUS_FAIL);
}

/* Wrong messages are completed, so that nobody waits, and change nothing. */
static void test_wrong_messages(NetvspGuest **f, gconstpointer data)
{
    static const uint32_t types[] = { 0, 2, 99, 102, 105, 128, 130, 135,
                                      0xffffffff };
    NetvspGuest *ng = *f;
    NetvspStatus status;

    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(FakePacket) pkt = NULL;
        uint32_t type = GUINT32_TO_LE(types[i]);
        uint64_t id = ng_send(ng, &type, sizeof(type), true);

        pkt = ng_expect(ng, ng->ch, VM_PKT_COMP);
        g_assert_cmphex(pkt->trans_id, ==, id);
        g_assert_cmpuint(pkt->len, ==, 0);
    }
    netvsp_get_status(ng->nic, &status);
    g_assert_true(status.connected);
}

static void test_buffers_refused(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    NvspSendBuffer msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_SEND_RECV_BUF),
        .gpadl = GUINT32_TO_LE(0xdead),
        .id = GUINT16_TO_LE(NVSP_RECV_BUF_ID),
    };
    FakeGpadl *tiny;

    ng_open(ng);
    ng_init(ng, NVSP_VERSION_61);
    for (unsigned i = 0; i < 4; i++) {
        g_autoptr(FakePacket) pkt = NULL;

        ng_send(ng, &msg, sizeof(msg), true);
        pkt = ng_expect(ng, ng->ch, VM_PKT_COMP);
        g_assert_cmpuint(rd_le32(pkt->payload + 4), ==, NVSP_STATUS_FAIL);
        if (i == 0) {
            msg.type = GUINT32_TO_LE(NVSP_MSG_SEND_SEND_BUF);
        } else {
            /* Too small for even one section. */
            tiny = fake_gpadl_create(ng->g, ng->ch->relid, 4096);
            msg.gpadl = GUINT32_TO_LE(tiny->id);
            fake_gpadl_free(tiny);
            msg.type = GUINT32_TO_LE(i == 1 ? NVSP_MSG_SEND_SEND_BUF
                                            : NVSP_MSG_SEND_RECV_BUF);
        }
    }
}

static void test_revoke_frees_gpadl(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    NvspRevokeBuffer msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_REVOKE_RECV_BUF),
        .id = GUINT16_TO_LE(NVSP_RECV_BUF_ID),
    };
    uint8_t frame[64];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 10);

    ng_send(ng, &msg, sizeof(msg), false);
    ng_run(ng);
    fake_gpadl_teardown(ng->g, ng->recv, true);
    g_clear_pointer(&ng->recv, fake_gpadl_free);
    msg.type = GUINT32_TO_LE(NVSP_MSG_REVOKE_SEND_BUF);
    ng_send(ng, &msg, sizeof(msg), false);
    ng_run(ng);
    fake_gpadl_teardown(ng->g, ng->send, true);
    g_clear_pointer(&ng->send, fake_gpadl_free);
    g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, len), ==,
                    NETVSP_RX_DROPPED);
}

/* A guest that takes its buffer back without a word gets it. */
static void test_teardown_without_revoke(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;

    fake_gpadl_teardown(ng->g, ng->recv, true);
    g_clear_pointer(&ng->recv, fake_gpadl_free);
    fake_gpadl_teardown(ng->g, ng->send, true);
    g_clear_pointer(&ng->send, fake_gpadl_free);
}

static void test_oid_numbers(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    static const struct {
        uint32_t oid;
        uint32_t value;
    } rows[] = {
        { OID_GEN_MAXIMUM_FRAME_SIZE, 1500 },
        { OID_GEN_LINK_SPEED, 100000000 },
        { OID_GEN_MEDIA_CONNECT_STATUS, 0 },
        { OID_GEN_CURRENT_PACKET_FILTER, NG_FILTER },
        { OID_GEN_XMIT_OK, 0 },
        { OID_802_3_MAXIMUM_LIST_SIZE, 32 },
    };
    uint8_t out[512];
    size_t len;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        len = sizeof(out);
        g_assert_cmphex(ng_query(ng, rows[i].oid, NULL, 0, out, &len), ==, 0);
        g_assert_cmpuint(len, ==, 4);
        g_assert_cmpuint(rd_le32(out), ==, rows[i].value);
    }
    len = sizeof(out);
    ng_query(ng, OID_802_3_PERMANENT_ADDRESS, NULL, 0, out, &len);
    g_assert_cmpmem(out, len, ng_mac, 6);
    len = sizeof(out);
    ng_query(ng, OID_GEN_FRIENDLY_NAME, NULL, 0, out, &len);
    g_assert_cmpmem(out, len, "n\0i\0c\0\0", 8);
    len = sizeof(out);
    g_assert_cmphex(ng_query(ng, 0x12345678, NULL, 0, out, &len), ==,
                    RNDIS_STATUS_NOT_SUPPORTED);
    g_assert_cmpuint(len, ==, 0);
}

/* Every identifier in the list answers a query or takes a set. */
static void test_oid_list(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t list[1024], out[1024];
    size_t len = sizeof(list);

    ng_query(ng, OID_GEN_SUPPORTED_LIST, NULL, 0, list, &len);
    g_assert_cmpuint(len, >, 100);
    for (size_t i = 0; i < len; i += 4) {
        uint32_t oid = rd_le32(list + i);
        size_t n = sizeof(out);

        if (ng_query(ng, oid, NULL, 0, out, &n) != 0) {
            g_assert_cmphex(ng_set(ng, oid, NULL, 0), !=,
                            RNDIS_STATUS_NOT_SUPPORTED);
        }
    }
}

static void test_request_outside_message(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    RndisRequest r = {
        .oid = GUINT32_TO_LE(OID_GEN_CURRENT_PACKET_FILTER),
        .info_length = GUINT32_TO_LE(4),
        .info_offset = GUINT32_TO_LE(sizeof(r) - 3),
    };
    static const uint32_t offsets[] = { sizeof(r), sizeof(r) - 3, 0xfffffffe };

    for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
        g_autofree uint8_t *reply = NULL;
        size_t len;

        r.info_offset = GUINT32_TO_LE(offsets[i]);
        reply = ng_request(ng, RNDIS_MSG_SET, &r, sizeof(r), &len);
        g_assert_cmphex(rd_le32(reply + 4), ==, RNDIS_STATUS_INVALID_LENGTH);
    }
}

static void test_offload_object(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    static const uint16_t sizes[] = { 0, 112, 144, 156 };

    for (uint8_t rev = 1; rev <= 3; rev++) {
        NdisObjectHeader in = {
            .type = NDIS_OBJECT_OFFLOAD,
            .revision = rev,
            .size = GUINT16_TO_LE(sizes[rev]),
        };
        uint8_t out[256];
        const NdisOffload *o = (const NdisOffload *)out;
        size_t len = sizeof(out);

        g_assert_cmphex(ng_query(ng, OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES,
                                 &in, sizeof(in), out, &len), ==, 0);
        g_assert_cmpuint(len, ==, sizes[rev]);
        g_assert_cmpuint(o->header.revision, ==, rev);
        g_assert_cmpuint(rd_le16(&o->header.size), ==, sizes[rev]);
        /* What Linux wants to see before it turns TSO on. */
        g_assert_cmphex(rd_le32(&o->checksum.ip4_tx) & 0x14, ==, 0x14);
        g_assert_cmphex(rd_le32(&o->checksum.ip6_tx) & 0x15, ==, 0x15);
        g_assert_cmphex(rd_le32(&o->lso_v2.ip4_encapsulation) & 2, ==, 2);
        g_assert_cmphex(rd_le32(&o->lso_v2.ip6_options) & 5, ==, 5);
    }
}

static void test_keepalive_and_reset(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t body[4] = { 0 };
    size_t len;
    g_autofree uint8_t *k = ng_request(ng, RNDIS_MSG_KEEPALIVE, body, 4, &len);
    g_autofree uint8_t *r = NULL;

    g_assert_cmphex(rd_le32(k + 4), ==, 0);
    r = ng_request(ng, RNDIS_MSG_RESET, body, 4, &len);
    g_assert_cmphex(rd_le32(r), ==, 0);
}

static void test_halt(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t msg[12] = { RNDIS_MSG_HALT, 0, 0, 0, 12 };
    uint64_t id = ng_tx_pages(ng, ng->ch, msg, sizeof(msg),
                              NVSP_CHANNEL_CONTROL);
    NetvspStatus status;
    uint8_t out[64];
    size_t len = sizeof(out);

    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==, NVSP_STATUS_SUCCESS);
    g_assert_true(ng_quiet(ng, ng->ch));
    netvsp_get_status(ng->nic, &status);
    g_assert_false(status.connected);
    g_assert_cmphex(status.packet_filter, ==, 0);
    g_assert_cmphex(ng_query(ng, OID_GEN_LINK_SPEED, NULL, 0, out, &len), ==,
                    RNDIS_STATUS_ADAPTER_NOT_READY);
}

static uint32_t set_mac(NetvspGuest *ng, const char *name, const char *value)
{
    uint8_t buf[256] = { 0 };
    RndisConfigParameter *p = (RndisConfigParameter *)buf;
    size_t n = strlen(name), v = strlen(value);

    wr_le32(&p->name_offset, sizeof(*p));
    wr_le32(&p->name_length, 2 * n);
    wr_le32(&p->type, RNDIS_CONFIG_STRING);
    wr_le32(&p->value_offset, sizeof(*p) + 2 * n);
    wr_le32(&p->value_length, 2 * v);
    for (size_t i = 0; i < n + v; i++) {
        buf[sizeof(*p) + 2 * i] = i < n ? name[i] : value[i - n];
    }
    return ng_set(ng, OID_GEN_RNDIS_CONFIG_PARAMETER, buf,
                  sizeof(*p) + 2 * (n + v));
}

static void test_mac_change(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    NetvspStatus status;

    g_assert_cmphex(set_mac(ng, "NetworkAddress", "02aabbccddee"), ==,
                    RNDIS_STATUS_FAILURE);
    g_assert_cmphex(set_mac(ng, "NetworkAddress", "00155d010203"), ==, 0);
    netvsp_set_mac_spoofing(ng->nic, true);
    g_assert_cmphex(set_mac(ng, "NetworkAddress", "02aabbccddee"), ==, 0);
    netvsp_get_status(ng->nic, &status);
    g_assert_cmpmem(status.mac, 6, "\x02\xaa\xbb\xcc\xdd\xee", 6);
    g_assert_cmphex(set_mac(ng, "NetworkAddress", "01aabbccddee"), ==,
                    RNDIS_STATUS_INVALID_DATA);
    g_assert_cmphex(set_mac(ng, "NetworkAddress", "02aabbccdde"), ==,
                    RNDIS_STATUS_INVALID_DATA);
    g_assert_cmphex(set_mac(ng, "Speed", "1"), ==, RNDIS_STATUS_NOT_SUPPORTED);
}

/* --- link -------------------------------------------------------------------- */

static uint32_t link_events(NetvspGuest *ng)
{
    NetvspStatus status;

    netvsp_get_status(ng->nic, &status);
    return status.link_events;
}

static void test_link_indications(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint32_t events = link_events(ng);

    netvsp_set_link(ng->nic, false);
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_MEDIA_DISCONNECT);
    netvsp_set_link(ng->nic, true);
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_MEDIA_CONNECT);
    g_assert_cmphex(ng_indication(ng), ==, 0);
    g_assert_cmpuint(link_events(ng) - events, ==, 2);
    netvsp_set_speed(ng->nic, 1000);
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_LINK_SPEED_CHANGE);
    g_assert_cmpuint(link_events(ng) - events, ==, 2);
    netvsp_announce(ng->nic);
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_MEDIA_CONNECT);
    g_assert_cmphex(ng_indication(ng), ==, 0);
    g_assert_cmpuint(link_events(ng) - events, ==, 3);
}

/* Without a link there is nothing to announce, until it comes. */
static void test_announce_waits(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;

    netvsp_set_link(ng->nic, false);
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_MEDIA_DISCONNECT);
    netvsp_announce(ng->nic);
    g_assert_cmphex(ng_indication(ng), ==, 0);
    netvsp_set_link(ng->nic, true);
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_MEDIA_CONNECT);
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_MEDIA_CONNECT);
    g_assert_cmphex(ng_indication(ng), ==, 0);
}

/*
 * Linux throws away indications before its interface is registered: what
 * changed between its query and then is said again.
 */
static void test_link_change_while_down(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint32_t filter = 0;

    ng_set(ng, OID_GEN_CURRENT_PACKET_FILTER, &filter, 4);
    netvsp_set_link(ng->nic, false);
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_MEDIA_DISCONNECT);
    filter = GUINT32_TO_LE(NG_FILTER);
    ng_set(ng, OID_GEN_CURRENT_PACKET_FILTER, &filter, 4);
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_MEDIA_DISCONNECT);
    g_assert_cmphex(ng_indication(ng), ==, 0);
}

static uint64_t send_keepalive(NetvspGuest *ng)
{
    uint8_t msg[sizeof(RndisHeader) + 4] = { 0 };

    wr_le32(msg, RNDIS_MSG_KEEPALIVE);
    wr_le32(msg + 4, sizeof(msg));
    return ng_tx_pages(ng, ng->ch, msg, sizeof(msg), NVSP_CHANNEL_CONTROL);
}

/*
 * A guest that has every section out, and asks on, hears of its link when it
 * gives some back.
 */
static void test_link_change_without_sections(NetvspGuest **f,
                                              gconstpointer data)
{
    NetvspGuest *ng = *f;
    g_autofree uint64_t *out = g_new(uint64_t, ng->sections);
    unsigned told = 0, refused = 0;
    size_t len;

    for (uint32_t i = 0; i < ng->sections; i++) {
        uint64_t id = send_keepalive(ng);

        g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==,
                         NVSP_STATUS_SUCCESS);
        g_free(ng_receive(ng, ng->ch, false, &out[i], &len));
    }
    for (unsigned i = 0; i < 100; i++) {
        uint64_t id = send_keepalive(ng);

        refused += ng_tx_status(ng, ng->ch, id) != NVSP_STATUS_SUCCESS;
    }
    g_assert_cmpuint(refused, ==, 100 - 64);
    netvsp_set_link(ng->nic, false);
    g_assert_true(ng_quiet(ng, ng->ch));
    for (uint32_t i = 0; i < ng->sections; i++) {
        ng_complete(ng, ng->ch, out[i]);
        ng_run(ng);
    }
    for (unsigned i = 0; i < 64 + 1; i++) {
        g_autofree uint8_t *msg = ng_receive(ng, ng->ch, true, NULL, &len);

        told += rd_le32(msg) == RNDIS_MSG_INDICATE &&
            rd_le32(msg + 8) == RNDIS_STATUS_MEDIA_DISCONNECT;
    }
    g_assert_cmpuint(told, ==, 1);
    g_assert_true(ng_quiet(ng, ng->ch));
}

/* A speed that RNDIS' units do not hold is the largest that they do. */
static void test_large_speed(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    g_autofree uint8_t *msg = NULL;
    const RndisIndicate *body;
    uint8_t speed[4];
    size_t len = 4;

    netvsp_set_speed(ng->nic, 800000);
    msg = ng_receive(ng, ng->ch, true, NULL, &len);
    body = (const RndisIndicate *)(msg + sizeof(RndisHeader));
    g_assert_cmphex(rd_le32(&body->status), ==,
                    RNDIS_STATUS_LINK_SPEED_CHANGE);
    g_assert_cmphex(rd_le32(msg + len - 4), ==, UINT32_MAX);
    len = 4;
    ng_query(ng, OID_GEN_LINK_SPEED, NULL, 0, speed, &len);
    g_assert_cmphex(rd_le32(speed), ==, UINT32_MAX);
}

/* --- VF association and data path --------------------------------------------- */

static void expect_association(NetvspGuest *ng, uint32_t allocated,
                               uint32_t serial)
{
    g_autoptr(FakePacket) pkt = ng_expect(ng, ng->ch, VM_PKT_DATA_INBAND);

    g_assert_cmpuint(rd_le32(pkt->payload), ==, NVSP_MSG_VF_ASSOCIATION);
    g_assert_cmpuint(pkt->flags, ==, 0);
    g_assert_cmpuint(rd_le32(pkt->payload + 4), ==, allocated);
    g_assert_cmpuint(rd_le32(pkt->payload + 8), ==, serial);
}

static void test_vf_association(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;

    netvsp_set_vf(ng->nic, true, 42);
    expect_association(ng, 1, 42);
    netvsp_set_vf(ng->nic, true, 42);
    g_assert_true(ng_quiet(ng, ng->ch));
    netvsp_set_vf(ng->nic, false, 0);
    expect_association(ng, 0, 42);
    netvsp_set_vf(ng->nic, true, 43);
    expect_association(ng, 1, 43);
}

/* Set before the guest is there: told when it is. */
static void test_vf_association_waits(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    RndisInitialize init = { .major = GUINT32_TO_LE(1) };
    g_autofree uint8_t *reply = NULL;
    size_t len;

    netvsp_set_vf(ng->nic, true, 9);
    ng_open(ng);
    ng_init(ng, NVSP_VERSION_61);
    ng_config(ng, 1500, NVSP_CAP_SRIOV);
    ng_buffers(ng);
    g_assert_true(ng_quiet(ng, ng->ch));
    init.request_id = 0;
    {
        uint8_t msg[24] = { RNDIS_MSG_INITIALIZE, 0, 0, 0, 24 };
        uint64_t id;

        memcpy(msg + 8, &init, sizeof(init));
        id = ng_tx_pages(ng, ng->ch, msg, sizeof(msg), NVSP_CHANNEL_CONTROL);
        g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==, 1);
    }
    expect_association(ng, 1, 9);
    reply = ng_receive(ng, ng->ch, true, NULL, &len);
}

static void test_vf_needs_capability(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;

    ng_config(ng, 1500, 0);
    netvsp_set_vf(ng->nic, true, 42);
    g_assert_true(ng_quiet(ng, ng->ch));
}

static uint64_t ask_switch(NetvspGuest *ng, uint32_t path)
{
    NvspSwitchDataPath msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_SWITCH_DATA_PATH),
        .path = GUINT32_TO_LE(path),
    };
    uint64_t id = ng_send(ng, &msg, sizeof(msg), true);

    ng_run(ng);
    return id;
}

static void test_switch_data_path(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint64_t id = ask_switch(ng, NVSP_DATAPATH_VF);
    g_autoptr(FakePacket) pkt = NULL;
    NetvspStatus status;

    g_assert_cmpuint(ng->owner.switches, ==, 1);
    g_assert_true(ng->owner.to_vf);
    /* Not before the owner says so, and not for another's cookie. */
    netvsp_datapath_done(ng->nic, ng->owner.cookie + 1);
    g_assert_true(ng_quiet(ng, ng->ch));
    netvsp_get_status(ng->nic, &status);
    g_assert_false(status.datapath_vf);
    netvsp_datapath_done(ng->nic, ng->owner.cookie);
    pkt = ng_expect(ng, ng->ch, VM_PKT_COMP);
    g_assert_cmphex(pkt->trans_id, ==, id);
    g_assert_cmpuint(pkt->len, ==, 0);
    netvsp_get_status(ng->nic, &status);
    g_assert_true(status.datapath_vf);
    /* Once. */
    netvsp_datapath_done(ng->nic, ng->owner.cookie);
    g_assert_true(ng_quiet(ng, ng->ch));
}

/* The guest's other packets go on while a switch is under way. */
static void test_switch_does_not_block(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t out[64];
    size_t len = sizeof(out);

    ask_switch(ng, NVSP_DATAPATH_VF);
    g_assert_cmphex(ng_query(ng, OID_GEN_LINK_SPEED, NULL, 0, out, &len), ==,
                    0);
    g_assert_cmpuint(ng->owner.switches, ==, 1);
}

static void test_switch_ends_with_close(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint64_t cookie;

    ask_switch(ng, NVSP_DATAPATH_VF);
    cookie = ng->owner.cookie;
    ng_close(ng);
    netvsp_datapath_done(ng->nic, cookie);
    ng_up(ng, NVSP_VERSION_61);
    g_assert_true(ng_quiet(ng, ng->ch));
    ask_switch(ng, NVSP_DATAPATH_VF);
    g_assert_cmpuint(ng->owner.cookie, !=, cookie);
}

/* --- sub-channels ---------------------------------------------------------------- */

static void test_subchannels(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    g_autoptr(FakePacket) pkt = NULL;
    NetvspStatus status;

    g_assert_cmpuint(ng_subchannels(ng, 10), ==, 3);
    netvsp_get_status(ng->nic, &status);
    g_assert_cmpuint(status.sub_channels, ==, 3);
    pkt = ng_expect(ng, ng->ch, VM_PKT_DATA_INBAND);
    g_assert_cmpuint(rd_le32(pkt->payload), ==,
                     NVSP_MSG_SEND_INDIRECTION_TABLE);
    g_assert_cmpuint(rd_le32(pkt->payload + 4), ==, 16);
    for (unsigned i = 0; i < 16; i++) {
        g_assert_cmpuint(rd_le32(pkt->payload + rd_le32(pkt->payload + 8) +
                                 4 * i), ==, i % 4);
    }
}

static void test_subchannels_again(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;

    for (unsigned round = 1; round < 20; round++) {
        NetvspStatus status;

        g_assert_cmpuint(ng_subchannels(ng, round % 4), ==, round % 4);
        ng_close(ng);
        netvsp_get_status(ng->nic, &status);
        g_assert_cmpuint(status.sub_channels, ==, 0);
        ng_up(ng, NVSP_VERSION_61);
    }
}

static void test_no_subchannels_in_v4(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    NvspSubchannel msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_SUBCHANNEL),
        .operation = GUINT32_TO_LE(1),
        .count = GUINT32_TO_LE(1),
    };
    g_autoptr(FakePacket) pkt = NULL;

    ng_send(ng, &msg, sizeof(msg), true);
    pkt = ng_expect(ng, ng->ch, VM_PKT_COMP);
    g_assert_cmpuint(pkt->len, ==, 0);
}

static void test_reset_with_everything_open(NetvspGuest **f,
                                            gconstpointer data)
{
    NetvspGuest *ng = *f;
    NetvspStatus status;

    ng_subchannels(ng, 3);
    ask_switch(ng, NVSP_DATAPATH_VF);
    vmbus_bus_reset(ng->g->bus);
    ng_forget_channels(ng);
    netvsp_get_status(ng->nic, &status);
    g_assert_false(status.connected);
    g_assert_cmpuint(status.sub_channels, ==, 0);
    fake_guest_connect(ng->g);
    ng_up(ng, NVSP_VERSION_61);
    g_assert_cmpuint(ng_subchannels(ng, 2), ==, 2);
}

static void test_rescind(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    VmbusMsgRelid msg;

    ng_subchannels(ng, 2);
    netvsp_rescind(ng->nic);
    ng_run(ng);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpuint(ng->owner.released, ==, 0);
        fake_guest_expect(ng->g, VMBUS_MSG_RESCIND, &msg, sizeof(msg));
        fake_guest_post(ng->g, VMBUS_MSG_RELID_RELEASED, &msg, sizeof(msg));
    }
    g_assert_cmpuint(ng->owner.released, ==, 1);
}

/* On its way out: link down, nothing is sent or received, until all is quiet. */
static void test_leave(NetvspGuest **f, gconstpointer data)
{
    static const uint8_t broadcast[60] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    };
    NetvspGuest *ng = *f;
    uint8_t frame[256], rndis[512];
    size_t len = ng_frame(frame, ng_mac, 17, 7, 20);
    uint64_t activity, id;

    ng_run(ng);
    g_assert_true(netvsp_is_idle(ng->nic));
    netvsp_leave(ng->nic);
    ng_run(ng);
    g_assert_false(netvsp_is_idle(ng->nic));
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_MEDIA_DISCONNECT);
    netvsp_set_link(ng->nic, false);
    netvsp_set_link(ng->nic, true);
    g_assert_cmphex(ng_indication(ng), ==, 0);
    ng_run(ng);
    g_assert_true(netvsp_is_idle(ng->nic));
    g_assert_cmpint(netvsp_rx_frame(ng->nic, broadcast, sizeof(broadcast)),
                    ==, NETVSP_RX_DROPPED);

    /* Sent before the guest knew; answered, whatever the owner has room for. */
    activity = netvsp_activity(ng->nic);
    ng->owner.tx_room = 0;
    id = ng_tx_pages(ng, ng->ch, rndis, ng_rndis(rndis, frame, len, NULL, 0),
                     NVSP_CHANNEL_DATA);
    g_assert_false(netvsp_is_idle(ng->nic));
    g_assert_cmphex(ng_tx_status(ng, ng->ch, id), ==, NVSP_STATUS_SUCCESS);
    g_assert_cmpuint(ng->owner.frames->len, ==, 0);
    g_assert_cmpuint(netvsp_activity(ng->nic), >, activity);
    g_assert_true(netvsp_is_idle(ng->nic));
}

#define ADD(name, version, fn) \
    g_test_add("/netvsp/" name, NetvspGuest *, GUINT_TO_POINTER(version), \
               set_up, fn, tear_down)

int main(int argc, char **argv)
{
    const uint32_t up = NVSP_VERSION_61;

    g_test_init(&argc, &argv, NULL);
    ADD("version/all", 0, test_versions);
    ADD("version/refused", 0, test_version_refused);
    ADD("message/size", up, test_message_size);
    ADD("message/wrong", up, test_wrong_messages);
    ADD("buffers/refused", 0, test_buffers_refused);
    ADD("buffers/revoke", up, test_revoke_frees_gpadl);
    ADD("buffers/teardown", up, test_teardown_without_revoke);
    ADD("oid/numbers", up, test_oid_numbers);
    ADD("oid/list", up, test_oid_list);
    ADD("oid/outside", up, test_request_outside_message);
    ADD("oid/offload", up, test_offload_object);
    ADD("rndis/keepalive-reset", up, test_keepalive_and_reset);
    ADD("rndis/halt", up, test_halt);
    ADD("rndis/mac", up, test_mac_change);
    ADD("link/indications", up, test_link_indications);
    ADD("link/announce-waits", up, test_announce_waits);
    ADD("link/change-while-down", up, test_link_change_while_down);
    ADD("link/change-without-sections", up,
        test_link_change_without_sections);
    ADD("link/large-speed", up, test_large_speed);
    ADD("vf/association", up, test_vf_association);
    ADD("vf/association-waits", 0, test_vf_association_waits);
    ADD("vf/needs-capability", up, test_vf_needs_capability);
    ADD("datapath/switch", up, test_switch_data_path);
    ADD("datapath/not-blocking", up, test_switch_does_not_block);
    ADD("datapath/close", up, test_switch_ends_with_close);
    ADD("subchannel/open", up, test_subchannels);
    ADD("subchannel/again", up, test_subchannels_again);
    ADD("subchannel/version", NVSP_VERSION_4, test_no_subchannels_in_v4);
    ADD("reset", up, test_reset_with_everything_open);
    ADD("rescind", up, test_rescind);
    ADD("leave", up, test_leave);
    return g_test_run();
}
