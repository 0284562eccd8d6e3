/*
 * NVSP messages of the guest other than RNDIS packets.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#include "iovlab-trace.h"

/* Newest first: what the guest offers is compared from the top. */
static const uint32_t versions[] = {
    NVSP_VERSION_61, NVSP_VERSION_6, NVSP_VERSION_5,
    NVSP_VERSION_4, NVSP_VERSION_2, NVSP_VERSION_1,
};

bool nvsp_version_known(uint32_t version)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(versions); i++) {
        if (versions[i] == version) {
            return true;
        }
    }
    return false;
}

/* The longest chain of pages in one packet that older guests may send. */
#define MDL_CHAIN_MAX 34

/*
 * A handler is called with the message whole and in a state that allows it,
 * and with room for one reply.
 */
typedef void (*NvspHandler)(NetvspQueue *q, const VmbusPacket *pkt);

static void handle_init(NetvspQueue *q, const VmbusPacket *pkt)
{
    const NvspInit *m = (const NvspInit *)pkt->payload;
    uint32_t min = rd_le32(&m->min_version);
    uint32_t max = rd_le32(&m->max_version);
    NvspInitComplete reply = {
        .type = GUINT32_TO_LE(NVSP_MSG_INIT_COMPLETE),
        .max_mdl_chain = GUINT32_TO_LE(MDL_CHAIN_MAX),
        .status = GUINT32_TO_LE(min > NVSP_VERSION_61
                                ? NVSP_STATUS_PROTOCOL_TOO_NEW
                                : NVSP_STATUS_PROTOCOL_UNSUPPORTED),
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(versions); i++) {
        if (versions[i] >= min && versions[i] <= max &&
            netvsp_event(q->n, NETVSP_EV_INIT)) {
            q->n->version = versions[i];
            reply.version = GUINT32_TO_LE(versions[i]);
            reply.status = GUINT32_TO_LE(NVSP_STATUS_SUCCESS);
            trace_netvsp_version(q->n, versions[i]);
            break;
        }
    }
    netvsp_complete(q, pkt, &reply, sizeof(reply));
    netvsp_status_changed(q->n);
}

static void handle_ndis_version(NetvspQueue *q, const VmbusPacket *pkt)
{
    const NvspNdisVersion *m = (const NvspNdisVersion *)pkt->payload;

    q->n->ndis_version = rd_le32(&m->major) << 16 |
                         (rd_le32(&m->minor) & 0xffff);
    netvsp_complete(q, pkt, NULL, 0);
}

static void handle_ndis_config(NetvspQueue *q, const VmbusPacket *pkt)
{
    const NvspNdisConfig *m = (const NvspNdisConfig *)pkt->payload;
    uint32_t mtu = rd_le32(&m->mtu);

    mtu = mtu > FRAME_ETH_LEN ? mtu - FRAME_ETH_LEN : 0;
    q->n->guest_mtu = CLAMP(mtu, NETVSP_MTU_MIN, NETVSP_MTU_MAX);
    q->n->capabilities = rd_le64(&m->capabilities);
    trace_netvsp_config(q->n, q->n->guest_mtu, q->n->capabilities);
    netvsp_complete(q, pkt, NULL, 0);
    netvsp_status_changed(q->n);
}

static void handle_recv_buf(NetvspQueue *q, const VmbusPacket *pkt)
{
    const NvspSendBuffer *m = (const NvspSendBuffer *)pkt->payload;
    Netvsp *n = q->n;
    uint32_t size = netvsp_section_size(n);
    NvspRecvBufComplete reply = {
        .type = GUINT32_TO_LE(NVSP_MSG_SEND_RECV_BUF_COMPLETE),
        .status = GUINT32_TO_LE(NVSP_STATUS_FAIL),
    };
    VmbusGpadl *gpadl = NULL;

    if (!n->recv.gpadl && rd_le16(&m->id) == NVSP_RECV_BUF_ID) {
        gpadl = vmbus_channel_gpadl_get(q->ch, rd_le32(&m->gpadl));
    }
    if (gpadl && !netvsp_recv_buf_set(n, gpadl, size)) {
        vmbus_gpadl_put(gpadl);
        gpadl = NULL;
    }
    if (gpadl) {
        reply.status = GUINT32_TO_LE(NVSP_STATUS_SUCCESS);
        reply.sections = GUINT32_TO_LE(1);
        reply.sub_alloc_size = GUINT32_TO_LE(size);
        reply.sub_allocs = GUINT32_TO_LE(n->recv.sections);
        reply.end_offset = GUINT32_TO_LE(size * n->recv.sections);
        trace_netvsp_buffer_set(n, "receive", vmbus_gpadl_id(gpadl), size,
                                n->recv.sections);
    }
    netvsp_complete(q, pkt, &reply, sizeof(reply));
}

static void on_send_teardown(void *opaque, VmbusGpadl *gpadl)
{
    Netvsp *n = opaque;

    trace_netvsp_buffer_teardown(n, vmbus_gpadl_id(gpadl));
    g_clear_pointer(&n->send.gpadl, vmbus_gpadl_put);
}

void netvsp_send_buf_set(Netvsp *n, VmbusGpadl *gpadl)
{
    n->send.gpadl = gpadl;
    n->send.section_size = NETVSP_SEND_SECTION;
    n->send.sections = MIN(vmbus_gpadl_size(gpadl) / NETVSP_SEND_SECTION,
                           UINT32_MAX / NETVSP_SEND_SECTION);
    vmbus_gpadl_set_teardown(gpadl, on_send_teardown, n);
}

static void handle_send_buf(NetvspQueue *q, const VmbusPacket *pkt)
{
    const NvspSendBuffer *m = (const NvspSendBuffer *)pkt->payload;
    Netvsp *n = q->n;
    NvspSendBufComplete reply = {
        .type = GUINT32_TO_LE(NVSP_MSG_SEND_SEND_BUF_COMPLETE),
        .status = GUINT32_TO_LE(NVSP_STATUS_FAIL),
    };
    VmbusGpadl *gpadl = NULL;

    if (!n->send.gpadl) {
        gpadl = vmbus_channel_gpadl_get(q->ch, rd_le32(&m->gpadl));
    }
    if (gpadl && vmbus_gpadl_size(gpadl) < NETVSP_SEND_SECTION) {
        vmbus_gpadl_put(gpadl);
        gpadl = NULL;
    }
    if (gpadl) {
        netvsp_send_buf_set(n, gpadl);
        reply.status = GUINT32_TO_LE(NVSP_STATUS_SUCCESS);
        reply.section_size = GUINT32_TO_LE(n->send.section_size);
        trace_netvsp_buffer_set(n, "send", vmbus_gpadl_id(gpadl),
                                n->send.section_size, n->send.sections);
    }
    netvsp_complete(q, pkt, &reply, sizeof(reply));
}

static void handle_revoke_recv(NetvspQueue *q, const VmbusPacket *pkt)
{
    netvsp_complete(q, pkt, NULL, 0);
    netvsp_recv_buf_drop(q->n);
    netvsp_check_drained(q->n);
}

static void handle_revoke_send(NetvspQueue *q, const VmbusPacket *pkt)
{
    VmbusGpadl *gpadl = q->n->send.gpadl;

    netvsp_complete(q, pkt, NULL, 0);
    if (gpadl) {
        vmbus_gpadl_set_teardown(gpadl, NULL, NULL);
        g_clear_pointer(&q->n->send.gpadl, vmbus_gpadl_put);
    }
}

static void handle_subchannel(NetvspQueue *q, const VmbusPacket *pkt)
{
    const NvspSubchannel *m = (const NvspSubchannel *)pkt->payload;
    Netvsp *n = q->n;
    uint32_t wanted = rd_le32(&m->count);
    NvspSubchannel reply = {
        .type = GUINT32_TO_LE(NVSP_MSG_SUBCHANNEL),
        .operation = GUINT32_TO_LE(NVSP_STATUS_FAIL),
    };

    if (rd_le32(&m->operation) == NVSP_SUBCHANNEL_ALLOCATE &&
        n->sub_channels == 0) {
        unsigned granted = netvsp_subchannels_grant(n, wanted);

        trace_netvsp_subchannels(n, wanted, granted);
        reply.operation = GUINT32_TO_LE(NVSP_STATUS_SUCCESS);
        reply.count = GUINT32_TO_LE(granted);
    }
    netvsp_complete(q, pkt, &reply, sizeof(reply));
}

static void handle_switch_data_path(NetvspQueue *q, const VmbusPacket *pkt)
{
    const NvspSwitchDataPath *m = (const NvspSwitchDataPath *)pkt->payload;
    NetvspDatapath *d = &q->n->datapath;

    if (d->state != NETVSP_SWITCH_IDLE ||
        !(pkt->flags & VM_PKT_FLAG_COMPLETION_REQUESTED)) {
        /* Nobody waits, or two do: there is nothing we could promise. */
        trace_netvsp_message_refuse(q->n, NVSP_MSG_SWITCH_DATA_PATH, pkt->len,
                                    "one at a time, with completion");
        netvsp_complete(q, pkt, NULL, 0);
        return;
    }
    d->state = NETVSP_SWITCH_ASKED;
    d->to_vf = rd_le32(&m->path) == NVSP_DATAPATH_VF;
    d->trans_id = pkt->trans_id;
    d->cookie = q->n->next_cookie++;
    trace_netvsp_datapath_switch(q->n, d->cookie, d->to_vf);
    if (q->n->ops->switch_datapath) {
        q->n->ops->switch_datapath(q->n->opaque, d->cookie, d->to_vf);
    } else {
        netvsp_datapath_done(q->n, d->cookie);
    }
}

static const struct {
    uint32_t type;
    uint32_t version;           /* that brought it */
    size_t size;
    NvspHandler handler;
} messages[] = {
    { NVSP_MSG_INIT, 0, sizeof(NvspInit), handle_init },
    { NVSP_MSG_NDIS_VERSION, NVSP_VERSION_1, sizeof(NvspNdisVersion),
      handle_ndis_version },
    { NVSP_MSG_NDIS_CONFIG, NVSP_VERSION_2, sizeof(NvspNdisConfig),
      handle_ndis_config },
    { NVSP_MSG_SEND_RECV_BUF, NVSP_VERSION_1, sizeof(NvspSendBuffer),
      handle_recv_buf },
    { NVSP_MSG_REVOKE_RECV_BUF, NVSP_VERSION_1, sizeof(NvspRevokeBuffer),
      handle_revoke_recv },
    { NVSP_MSG_SEND_SEND_BUF, NVSP_VERSION_1, sizeof(NvspSendBuffer),
      handle_send_buf },
    { NVSP_MSG_REVOKE_SEND_BUF, NVSP_VERSION_1, sizeof(NvspRevokeBuffer),
      handle_revoke_send },
    { NVSP_MSG_SUBCHANNEL, NVSP_VERSION_5, sizeof(NvspSubchannel),
      handle_subchannel },
    { NVSP_MSG_SWITCH_DATA_PATH, NVSP_VERSION_4, sizeof(NvspSwitchDataPath),
      handle_switch_data_path },
};

static const char *refuse_reason(const NetvspQueue *q, uint32_t type,
                                 const VmbusPacket *pkt, NvspHandler *handler)
{
    if (pkt->type != VM_PKT_DATA_INBAND || pkt->len < sizeof(uint32_t)) {
        return "not an in-band message";
    }
    if (q->index != 0) {
        return "not on a sub-channel";
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(messages); i++) {
        if (messages[i].type != type) {
            continue;
        }
        if (pkt->len < messages[i].size) {
            return "too short";
        }
        if (messages[i].version > q->n->version) {
            return "not in this version";
        }
        *handler = messages[i].handler;
        return NULL;
    }
    return "unknown type";
}

NetvspVerdict nvsp_message(NetvspQueue *q, const VmbusPacket *pkt)
{
    uint32_t type = pkt->len >= 4 ? rd_le32(pkt->payload) : 0;
    NvspHandler handler = NULL;
    const char *why = refuse_reason(q, type, pkt, &handler);

    if (why) {
        trace_netvsp_message_refuse(q->n, type, pkt->len, why);
        netvsp_complete(q, pkt, NULL, 0);
        return NETVSP_DONE;
    }
    trace_netvsp_message(q->n, type, pkt->len);
    handler(q, pkt);
    return NETVSP_DONE;
}
