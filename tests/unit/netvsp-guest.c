/*
 * The guest's side of NVSP and RNDIS: see netvsp-guest.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-guest.h"

#include "iovlab/checksum.h"

const uint8_t ng_mac[6] = { 0x00, 0x15, 0x5d, 0x01, 0x02, 0x03 };

/* the owner */

static bool owner_tx_frame(void *opaque, const uint8_t *frame, size_t len)
{
    NetvspGuest *ng = opaque;

    if (ng->owner.tx_room == 0) {
        return false;
    }
    ng->owner.tx_room--;
    g_ptr_array_add(ng->owner.frames, g_bytes_new(frame, len));
    return true;
}

static void owner_rx_ready(void *opaque)
{
    ((NetvspGuest *)opaque)->owner.rx_ready++;
}

static void owner_rx_waits(void *opaque)
{
    ((NetvspGuest *)opaque)->owner.rx_waits++;
}

static void owner_status(void *opaque)
{
    ((NetvspGuest *)opaque)->owner.statuses++;
}

static void owner_switch(void *opaque, uint64_t cookie, bool to_vf)
{
    NetvspGuest *ng = opaque;

    ng->owner.switches++;
    ng->owner.cookie = cookie;
    ng->owner.to_vf = to_vf;
}

static void owner_drained(void *opaque)
{
    ((NetvspGuest *)opaque)->owner.drained++;
}

static void owner_released(void *opaque)
{
    ((NetvspGuest *)opaque)->owner.released++;
}

const NetvspOps ng_owner_ops = {
    .tx_frame = owner_tx_frame,
    .rx_ready = owner_rx_ready,
    .rx_waits = owner_rx_waits,
    .status = owner_status,
    .switch_datapath = owner_switch,
    .drained = owner_drained,
    .released = owner_released,
};

/* the machine */

NetvspGuest *ng_new(void)
{
    NetvspGuest *ng = g_new0(NetvspGuest, 1);

    ng->g = fake_guest_new();
    ng->owner.frames = g_ptr_array_new_with_free_func(
        (GDestroyNotify)g_bytes_unref);
    ng->owner.tx_room = UINT_MAX;
    ng->config = (NetvspConfig) {
        .link_up = true,
        .speed_mbps = 10000,
        .mtu = 1500,
        .max_channels = 4,
        .rsc = true,
        .name = "nic",
    };
    ng->config.instance_id.b[0] = 7;
    memcpy(ng->config.mac, ng_mac, sizeof(ng_mac));
    ng->nic = netvsp_new(ng->g->bus, &ng->config, &ng_owner_ops, ng);
    ng->trans_id = 1000;
    fake_guest_connect(ng->g);
    return ng;
}

void ng_forget_channels(NetvspGuest *ng)
{
    for (unsigned i = 0; i < NETVSP_CHANNELS_MAX; i++) {
        g_clear_pointer(&ng->sub[i], fake_channel_free);
    }
    g_clear_pointer(&ng->ch, fake_channel_free);
    g_clear_pointer(&ng->recv, fake_gpadl_free);
    g_clear_pointer(&ng->send, fake_gpadl_free);
}

void ng_free(NetvspGuest *ng)
{
    ng_forget_channels(ng);
    netvsp_free(ng->nic);
    g_ptr_array_free(ng->owner.frames, TRUE);
    fake_guest_free(ng->g);
    g_free(ng);
}

void ng_run(NetvspGuest *ng)
{
    fake_guest_run(ng->g);
}

/* packets */

uint64_t ng_send(NetvspGuest *ng, const void *msg, size_t len, bool complete)
{
    uint8_t padded[NVSP_MESSAGE_SIZE_61] = { 0 };

    memcpy(padded, msg, len);
    ng->trans_id++;
    g_assert_true(fake_channel_send(ng->ch, VM_PKT_DATA_INBAND, complete,
                                    ng->trans_id, NULL, 0, padded,
                                    sizeof(padded)));
    return ng->trans_id;
}

FakePacket *ng_expect(NetvspGuest *ng, FakeChannel *ch, uint16_t type)
{
    FakePacket *pkt;

    ng_run(ng);
    pkt = fake_channel_recv(ch);
    g_assert_nonnull(pkt);
    g_assert_cmpuint(pkt->type, ==, type);
    return pkt;
}

bool ng_quiet(NetvspGuest *ng, FakeChannel *ch)
{
    g_autoptr(FakePacket) pkt = NULL;

    ng_run(ng);
    pkt = fake_channel_recv(ch);
    return pkt == NULL;
}

/* probe */

void ng_open(NetvspGuest *ng)
{
    const VmbusMsgOffer *o = fake_guest_find_offer(ng->g, VMBUS_CLASS_NETWORK,
                                                   0);

    g_assert_nonnull(o);
    ng->ch = fake_channel_open(ng->g, rd_le32(&o->relid), NG_RING_PAGES, NULL,
                               0);
}

NvspStatus ng_init(NetvspGuest *ng, uint32_t version)
{
    NvspInit msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_INIT),
        .min_version = GUINT32_TO_LE(version),
        .max_version = GUINT32_TO_LE(version),
    };
    g_autoptr(FakePacket) pkt = NULL;
    const NvspInitComplete *reply;

    ng_send(ng, &msg, sizeof(msg), true);
    pkt = ng_expect(ng, ng->ch, VM_PKT_COMP);
    /* Linux takes nothing shorter. */
    g_assert_cmpuint(pkt->len, >=, 28);
    reply = (const NvspInitComplete *)pkt->payload;
    g_assert_cmpuint(rd_le32(&reply->type), ==, NVSP_MSG_INIT_COMPLETE);
    if (rd_le32(&reply->status) == NVSP_STATUS_SUCCESS) {
        ng->version = version;
    }
    return rd_le32(&reply->status);
}

void ng_config(NetvspGuest *ng, uint32_t mtu, uint64_t capabilities)
{
    NvspNdisConfig config = {
        .type = GUINT32_TO_LE(NVSP_MSG_NDIS_CONFIG),
        .mtu = GUINT32_TO_LE(mtu + 14),
        .capabilities = GUINT64_TO_LE(capabilities),
    };
    NvspNdisVersion ndis = {
        .type = GUINT32_TO_LE(NVSP_MSG_NDIS_VERSION),
        .major = GUINT32_TO_LE(6),
        .minor = GUINT32_TO_LE(ng->version > NVSP_VERSION_4 ? 30 : 1),
    };

    if (ng->version >= NVSP_VERSION_2) {
        ng_send(ng, &config, sizeof(config), false);
    }
    ng_send(ng, &ndis, sizeof(ndis), false);
    g_assert_true(ng_quiet(ng, ng->ch));
}

static FakePacket *send_buffer(NetvspGuest *ng, uint32_t type,
                               const FakeGpadl *gpadl, uint16_t id)
{
    NvspSendBuffer msg = {
        .type = GUINT32_TO_LE(type),
        .gpadl = GUINT32_TO_LE(gpadl->id),
        .id = GUINT16_TO_LE(id),
    };

    ng_send(ng, &msg, sizeof(msg), true);
    return ng_expect(ng, ng->ch, VM_PKT_COMP);
}

void ng_buffers(NetvspGuest *ng)
{
    g_autoptr(FakePacket) r = NULL;
    g_autoptr(FakePacket) s = NULL;
    const NvspRecvBufComplete *recv;
    const NvspSendBufComplete *send;

    ng->recv = fake_gpadl_create(ng->g, ng->ch->relid, NG_RECV_BYTES);
    r = send_buffer(ng, NVSP_MSG_SEND_RECV_BUF, ng->recv, NVSP_RECV_BUF_ID);
    recv = (const NvspRecvBufComplete *)r->payload;
    g_assert_cmpuint(rd_le32(&recv->status), ==, NVSP_STATUS_SUCCESS);
    g_assert_cmpuint(rd_le32(&recv->sections), ==, 1);
    g_assert_cmpuint(rd_le32(&recv->offset), ==, 0);
    ng->section_size = rd_le32(&recv->sub_alloc_size);
    ng->sections = rd_le32(&recv->sub_allocs);
    g_assert_cmpuint((uint64_t)ng->section_size * ng->sections, <=,
                     NG_RECV_BYTES);

    ng->send = fake_gpadl_create(ng->g, ng->ch->relid, NG_SEND_BYTES);
    s = send_buffer(ng, NVSP_MSG_SEND_SEND_BUF, ng->send, NVSP_SEND_BUF_ID);
    send = (const NvspSendBufComplete *)s->payload;
    g_assert_cmpuint(rd_le32(&send->status), ==, NVSP_STATUS_SUCCESS);
    ng->send_section_size = rd_le32(&send->section_size);
}

void ng_up(NetvspGuest *ng, uint32_t version)
{
    RndisInitialize init = {
        .major = GUINT32_TO_LE(1),
        .max_transfer = GUINT32_TO_LE(0x4000),
    };
    uint32_t filter = GUINT32_TO_LE(NG_FILTER);
    g_autofree uint8_t *reply = NULL;
    uint8_t link[4];
    size_t len = sizeof(link);

    ng_open(ng);
    g_assert_cmpint(ng_init(ng, version), ==, NVSP_STATUS_SUCCESS);
    ng_config(ng, 1500, NVSP_CAP_8021Q | NVSP_CAP_SRIOV | NVSP_CAP_TEAMING |
                        NVSP_CAP_RSC);
    ng_buffers(ng);
    reply = ng_request(ng, RNDIS_MSG_INITIALIZE, &init, sizeof(init), &len);
    g_assert_cmpuint(len, ==, sizeof(RndisInitializeComplete));
    g_assert_cmphex(rd_le32(reply + 4), ==, RNDIS_STATUS_SUCCESS);
    len = sizeof(link);
    g_assert_cmphex(ng_query(ng, OID_GEN_MEDIA_CONNECT_STATUS, NULL, 0, link,
                             &len), ==, 0);
    g_assert_cmphex(ng_set(ng, OID_GEN_CURRENT_PACKET_FILTER, &filter,
                           sizeof(filter)), ==, 0);
}

unsigned ng_subchannels(NetvspGuest *ng, uint32_t wanted)
{
    NvspSubchannel msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_SUBCHANNEL),
        .operation = GUINT32_TO_LE(NVSP_SUBCHANNEL_ALLOCATE),
        .count = GUINT32_TO_LE(wanted),
    };
    g_autoptr(FakePacket) pkt = NULL;
    const NvspSubchannel *reply;
    unsigned granted;

    ng_send(ng, &msg, sizeof(msg), true);
    pkt = ng_expect(ng, ng->ch, VM_PKT_COMP);
    reply = (const NvspSubchannel *)pkt->payload;
    g_assert_cmpuint(rd_le32(&reply->type), ==, NVSP_MSG_SUBCHANNEL);
    g_assert_cmpuint(rd_le32(&reply->operation), ==, NVSP_STATUS_SUCCESS);
    granted = rd_le32(&reply->count);
    g_assert_cmpuint(granted, <=, wanted);
    for (unsigned i = 1; i <= granted; i++) {
        const VmbusMsgOffer *o = fake_guest_take_offer(ng->g);

        g_assert_cmpuint(rd_le16(&o->sub_channel_index), ==, i);
    }
    for (unsigned i = 1; i <= granted; i++) {
        const VmbusMsgOffer *o =
            &g_array_index(ng->g->offers, VmbusMsgOffer,
                           ng->g->offers->len - granted + i - 1);

        ng->sub[i] = fake_channel_open(ng->g, rd_le32(&o->relid),
                                       NG_RING_PAGES, NULL, 0);
    }
    ng_run(ng);
    return granted;
}

void ng_close(NetvspGuest *ng)
{
    VmbusMsgRelid msg;

    for (unsigned i = 0; i < NETVSP_CHANNELS_MAX; i++) {
        if (ng->sub[i]) {
            fake_channel_close(ng->sub[i]);
            ng->sub[i] = NULL;
        }
    }
    msg = (VmbusMsgRelid) { .relid = GUINT32_TO_LE(ng->ch->relid) };
    fake_guest_post(ng->g, VMBUS_MSG_CLOSE, &msg, sizeof(msg));
    while (fake_guest_next_type(ng->g) == VMBUS_MSG_RESCIND) {
        fake_guest_expect(ng->g, VMBUS_MSG_RESCIND, &msg, sizeof(msg));
        fake_guest_post(ng->g, VMBUS_MSG_RELID_RELEASED, &msg, sizeof(msg));
    }
    fake_gpadl_teardown(ng->g, ng->ch->gpadl, true);
    g_clear_pointer(&ng->ch, fake_channel_free);
    if (ng->recv) {
        fake_gpadl_teardown(ng->g, ng->recv, true);
        g_clear_pointer(&ng->recv, fake_gpadl_free);
    }
    if (ng->send) {
        fake_gpadl_teardown(ng->g, ng->send, true);
        g_clear_pointer(&ng->send, fake_gpadl_free);
    }
}

/* RNDIS */

void ng_complete(NetvspGuest *ng, FakeChannel *ch, uint64_t trans_id)
{
    NvspRndisComplete msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_RNDIS_PKT_COMPLETE),
        .status = GUINT32_TO_LE(NVSP_STATUS_SUCCESS),
    };

    g_assert_true(fake_channel_send(ch, VM_PKT_COMP, 0, trans_id, NULL, 0,
                                    &msg, sizeof(msg)));
}

uint8_t *ng_receive(NetvspGuest *ng, FakeChannel *ch, bool complete,
                    uint64_t *trans_id, size_t *len)
{
    g_autoptr(FakePacket) pkt = ng_expect(ng, ch,
                                          VM_PKT_DATA_USING_XFER_PAGES);
    const VmbusXferPageHeader *x = (const VmbusXferPageHeader *)pkt->desc;
    const VmbusXferPageRange *r = (const VmbusXferPageRange *)(x + 1);
    uint32_t at = rd_le32(&r->byte_offset);
    uint8_t *msg;

    g_assert_cmpuint(pkt->flags, ==, VM_PKT_FLAG_COMPLETION_REQUESTED);
    g_assert_cmpuint(pkt->desc_len, ==, sizeof(*x) + sizeof(*r));
    g_assert_cmphex(rd_le16(&x->pageset_id), ==, NVSP_RECV_BUF_ID);
    g_assert_cmpuint(rd_le32(&x->range_count), ==, 1);
    g_assert_cmpuint(rd_le32(pkt->payload), ==, NVSP_MSG_RNDIS_PKT);
    *len = rd_le32(&r->byte_count);
    g_assert_cmpuint(*len, <=, ng->section_size);
    g_assert_cmpuint(*len, >=, sizeof(RndisHeader));
    msg = g_malloc(*len);
    fake_gpadl_read(ng->g, ng->recv, at, msg, *len);
    g_assert_cmpuint(rd_le32(msg + 4), ==, *len);
    if (trans_id) {
        *trans_id = pkt->trans_id;
    }
    if (complete) {
        ng_complete(ng, ch, pkt->trans_id);
    }
    return msg;
}

uint64_t ng_tx_pages(NetvspGuest *ng, FakeChannel *ch, const void *rndis,
                     size_t len, uint32_t channel)
{
    NvspRndisPacket msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_RNDIS_PKT),
        .channel = GUINT32_TO_LE(channel),
        .section = GUINT32_TO_LE(NVSP_NO_SECTION),
    };
    uint8_t padded[NVSP_MESSAGE_SIZE_61] = { 0 };
    uint64_t gpa = fake_guest_alloc(ng->g, len / 4096 + 2) + 100;
    uint8_t desc[1024];
    size_t desc_len = fake_gpa_desc(desc, gpa, len);

    fake_guest_write(ng->g, gpa, rndis, len);
    memcpy(padded, &msg, sizeof(msg));
    ng->trans_id++;
    g_assert_true(fake_channel_send(ch, VM_PKT_DATA_USING_GPA_DIRECT, 1,
                                    ng->trans_id, desc, desc_len, padded,
                                    sizeof(padded)));
    return ng->trans_id;
}

uint64_t ng_tx_section(NetvspGuest *ng, FakeChannel *ch, uint32_t section,
                       const void *rndis, size_t len)
{
    NvspRndisPacket msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_RNDIS_PKT),
        .channel = GUINT32_TO_LE(NVSP_CHANNEL_DATA),
        .section = GUINT32_TO_LE(section),
        .section_bytes = GUINT32_TO_LE(len),
    };
    uint8_t padded[NVSP_MESSAGE_SIZE_61] = { 0 };

    if (iov_in_range((uint64_t)section * ng->send_section_size, len,
                     NG_SEND_BYTES)) {
        fake_gpadl_write(ng->g, ng->send,
                         (uint64_t)section * ng->send_section_size, rndis,
                         len);
    }
    memcpy(padded, &msg, sizeof(msg));
    ng->trans_id++;
    g_assert_true(fake_channel_send(ch, VM_PKT_DATA_INBAND, 1, ng->trans_id,
                                    NULL, 0, padded, sizeof(padded)));
    return ng->trans_id;
}

uint32_t ng_tx_status(NetvspGuest *ng, FakeChannel *ch, uint64_t trans_id)
{
    g_autoptr(FakePacket) pkt = ng_expect(ng, ch, VM_PKT_COMP);

    g_assert_cmphex(pkt->trans_id, ==, trans_id);
    g_assert_cmpuint(rd_le32(pkt->payload), ==, NVSP_MSG_RNDIS_PKT_COMPLETE);
    return rd_le32(pkt->payload + 4);
}

uint8_t *ng_request(NetvspGuest *ng, uint32_t type, const void *body,
                    size_t body_len, size_t *len)
{
    size_t total = sizeof(RndisHeader) + body_len;
    g_autofree uint8_t *msg = g_malloc0(total);
    g_autofree uint8_t *reply = NULL;
    uint64_t id;

    wr_le32(msg, type);
    wr_le32(msg + 4, total);
    memcpy(msg + 8, body, body_len);
    ng->request_id++;
    if (body_len >= 4) {
        wr_le32(msg + 8, ng->request_id);
    }
    id = ng_tx_pages(ng, ng->ch, msg, total, NVSP_CHANNEL_CONTROL);
    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==, NVSP_STATUS_SUCCESS);
    reply = ng_receive(ng, ng->ch, true, NULL, len);
    g_assert_cmphex(rd_le32(reply), ==, type | RNDIS_MSG_COMPLETION);
    if (type != RNDIS_MSG_RESET) {
        g_assert_cmpuint(rd_le32(reply + 8), ==, ng->request_id);
    }
    *len -= sizeof(RndisHeader);
    return g_memdup2(reply + sizeof(RndisHeader), *len);
}

static uint8_t *oid_request(NetvspGuest *ng, uint32_t type, uint32_t oid,
                            const void *in, size_t in_len, size_t *len)
{
    g_autofree uint8_t *body = g_malloc0(sizeof(RndisRequest) + in_len);
    RndisRequest *r = (RndisRequest *)body;

    wr_le32(&r->oid, oid);
    wr_le32(&r->info_length, in_len);
    wr_le32(&r->info_offset, sizeof(*r));
    if (in_len) {
        memcpy(body + sizeof(*r), in, in_len);
    }
    return ng_request(ng, type, body, sizeof(*r) + in_len, len);
}

uint32_t ng_query(NetvspGuest *ng, uint32_t oid, const void *in,
                  size_t in_len, uint8_t *out, size_t *out_len)
{
    size_t len;
    g_autofree uint8_t *reply = oid_request(ng, RNDIS_MSG_QUERY, oid, in,
                                            in_len, &len);
    const RndisQueryComplete *q = (const RndisQueryComplete *)reply;
    uint32_t info = rd_le32(&q->info_length);

    g_assert_cmpuint(len, ==, sizeof(*q) + info);
    g_assert_cmpuint(rd_le32(&q->info_offset), ==, sizeof(*q));
    g_assert_cmpuint(info, <=, *out_len);
    memcpy(out, reply + sizeof(*q), info);
    *out_len = info;
    return rd_le32(&q->status);
}

uint32_t ng_set(NetvspGuest *ng, uint32_t oid, const void *in, size_t in_len)
{
    size_t len;
    g_autofree uint8_t *reply = oid_request(ng, RNDIS_MSG_SET, oid, in,
                                            in_len, &len);

    g_assert_cmpuint(len, ==, sizeof(RndisComplete));
    return rd_le32(reply + 4);
}

uint32_t ng_indication(NetvspGuest *ng)
{
    g_autofree uint8_t *msg = NULL;
    size_t len;

    ng_run(ng);
    if (fake_channel_peek(ng->ch, true,
                          offsetof(VmbusRingControl, write_index)) ==
        ng->ch->in_index) {
        return 0;
    }
    msg = ng_receive(ng, ng->ch, true, NULL, &len);
    g_assert_cmpuint(rd_le32(msg), ==, RNDIS_MSG_INDICATE);
    return rd_le32(msg + sizeof(RndisHeader));
}

size_t ng_rndis(uint8_t *out, const void *frame, size_t len, const NgPpi *ppi,
                unsigned ppis)
{
    RndisPacket p = {
        .data_offset = GUINT32_TO_LE(sizeof(p) + ppis * 16),
        .data_length = GUINT32_TO_LE(len),
        .ppi_offset = GUINT32_TO_LE(sizeof(p)),
        .ppi_length = GUINT32_TO_LE(ppis * 16),
    };
    size_t at = sizeof(RndisHeader) + sizeof(p);

    memcpy(out + sizeof(RndisHeader), &p, sizeof(p));
    for (unsigned i = 0; i < ppis; i++, at += 16) {
        wr_le32(out + at, 16);
        wr_le32(out + at + 4, ppi[i].type);
        wr_le32(out + at + 8, 12);
        wr_le32(out + at + 12, ppi[i].value);
    }
    memcpy(out + at, frame, len);
    wr_le32(out, RNDIS_MSG_PACKET);
    wr_le32(out + 4, at + len);
    return at + len;
}

size_t ng_frame(uint8_t *out, const uint8_t dst[6], uint8_t protocol,
                uint16_t port, size_t payload)
{
    size_t l4 = protocol == FRAME_PROTO_TCP ? 20 : 8;
    size_t len = 34 + l4 + payload;
    FrameInfo info;

    memset(out, 0, len);
    memcpy(out, dst, 6);
    memcpy(out + 6, "\x02\0\0\0\0\x09", 6);
    wr_be16(out + 12, FRAME_TYPE_IPV4);
    out[14] = 0x45;
    wr_be16(out + 16, 20 + l4 + payload);
    out[22] = 64;
    out[23] = protocol;
    wr_be32(out + 26, 0x0a000001);
    wr_be32(out + 30, 0x0a000002);
    wr_be16(out + 34, port);
    wr_be16(out + 36, 5000);
    if (protocol == FRAME_PROTO_TCP) {
        out[46] = 0x50;
    } else {
        wr_be16(out + 38, 8 + payload);
    }
    for (size_t i = 0; i < payload; i++) {
        out[34 + l4 + i] = i;
    }
    frame_parse(out, len, &info);
    csum_insert_ip(out, &info);
    csum_insert_l4(out, &info);
    return len;
}

bool ng_segments(Netvsp *nic, unsigned count, size_t payload)
{
    bool taken = true;

    for (unsigned i = 0; i < count; i++) {
        uint8_t frame[256];
        size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_TCP, 1, payload);
        FrameInfo info;

        wr_be32(frame + 38, i * payload);
        frame[47] = 0x10;               /* ACK */
        frame_parse(frame, len, &info);
        csum_insert_l4(frame, &info);
        taken &= netvsp_rx_frame(nic, frame, len) == NETVSP_RX_TAKEN;
    }
    return taken;
}
