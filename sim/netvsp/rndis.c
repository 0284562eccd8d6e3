/*
 * RNDIS control messages: from the guest, and to it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#include "iovlab-trace.h"

#define RNDIS_MAJOR 1
#define RNDIS_MINOR 0
#define RNDIS_ALIGNMENT 3               /* 8 bytes */
#define RNDIS_CONNECTIONLESS 1

void netvsp_control_reset(Netvsp *n)
{
    g_queue_clear_full(&n->control, (GDestroyNotify)g_bytes_unref);
    n->filter = 0;
    n->multicasts = 0;
    n->offload = (NetvspOffload) { 0 };
    n->rss = (NetvspRss) { 0 };
    n->link_told = NETVSP_LINK_UNTOLD;
    n->link_told_early = false;
    n->speed_told = n->speed_mbps;
}

/* Queues a message of header, body and an information buffer. */
static void send_control(Netvsp *n, uint32_t type, const void *body,
                         size_t body_len, const void *info, size_t info_len)
{
    size_t len = sizeof(RndisHeader) + body_len + info_len;
    g_autofree uint8_t *msg = g_malloc(len);

    wr_le32(msg, type);
    wr_le32(msg + 4, len);
    memcpy(msg + sizeof(RndisHeader), body, body_len);
    if (info_len) {
        memcpy(msg + sizeof(RndisHeader) + body_len, info, info_len);
    }
    g_queue_push_tail(&n->control, g_bytes_new_take(g_steal_pointer(&msg),
                                                    len));
}

void rndis_indicate(Netvsp *n, uint32_t status, const void *data, size_t len)
{
    RndisIndicate body = {
        .status = GUINT32_TO_LE(status),
        .buffer_length = GUINT32_TO_LE(len),
        .buffer_offset = GUINT32_TO_LE(len ? sizeof(body) : 0),
    };

    if (g_queue_get_length(&n->control) >= NETVSP_CONTROL_WAIT_MAX) {
        return;
    }
    trace_netvsp_rndis_indicate(n, status);
    send_control(n, RNDIS_MSG_INDICATE, &body, sizeof(body), data, len);
}

static void handle_initialize(Netvsp *n, const uint8_t *body, size_t len)
{
    const RndisInitialize *m = (const RndisInitialize *)body;
    RndisInitializeComplete reply = {
        .request_id = m->request_id,
        .status = GUINT32_TO_LE(RNDIS_STATUS_BAD_VERSION),
        .major = GUINT32_TO_LE(RNDIS_MAJOR),
        .minor = GUINT32_TO_LE(RNDIS_MINOR),
        .flags = GUINT32_TO_LE(RNDIS_CONNECTIONLESS),
        .max_packets = GUINT32_TO_LE(NETVSP_TX_MESSAGES),
        .max_transfer = GUINT32_TO_LE(NETVSP_TX_BYTES),
        .alignment = GUINT32_TO_LE(RNDIS_ALIGNMENT),
    };

    if (rd_le32(&m->major) == RNDIS_MAJOR &&
        netvsp_event(n, NETVSP_EV_RNDIS_INITIALIZE)) {
        netvsp_control_reset(n);
        reply.status = GUINT32_TO_LE(RNDIS_STATUS_SUCCESS);
    }
    send_control(n, RNDIS_MSG_INITIALIZE | RNDIS_MSG_COMPLETION, &reply,
                 sizeof(reply), NULL, 0);
    netvsp_status_changed(n);
}

static void handle_halt(Netvsp *n, const uint8_t *body, size_t len)
{
    if (netvsp_event(n, NETVSP_EV_HALT)) {
        netvsp_control_reset(n);
        netvsp_status_changed(n);
    }
}

/* The information buffer of a QUERY or SET; NULL if it is not inside. */
static const uint8_t *request_info(const uint8_t *body, size_t len,
                                   size_t *info_len)
{
    const RndisRequest *m = (const RndisRequest *)body;
    uint32_t offset = rd_le32(&m->info_offset);

    *info_len = rd_le32(&m->info_length);
    if (*info_len == 0) {
        return body;
    }
    return iov_in_range(offset, *info_len, len) ? body + offset : NULL;
}

static void handle_query(Netvsp *n, const uint8_t *body, size_t len)
{
    const RndisRequest *m = (const RndisRequest *)body;
    uint32_t oid = rd_le32(&m->oid);
    uint8_t out[NETVSP_CONTROL_BYTES - sizeof(RndisHeader) -
                sizeof(RndisQueryComplete)];
    size_t out_len = sizeof(out);
    size_t in_len;
    const uint8_t *in = request_info(body, len, &in_len);
    uint32_t status = RNDIS_STATUS_INVALID_LENGTH;
    RndisQueryComplete reply = {
        .request_id = m->request_id,
        .info_offset = GUINT32_TO_LE(sizeof(reply)),
    };

    if (in && n->state < NETVSP_INITIALIZED) {
        status = RNDIS_STATUS_ADAPTER_NOT_READY;
    } else if (in) {
        status = rndis_oid_query(n, oid, in, in_len, out, &out_len);
    }
    if (status != RNDIS_STATUS_SUCCESS) {
        out_len = 0;
    }
    trace_netvsp_rndis_query(n, oid, status);
    reply.status = GUINT32_TO_LE(status);
    reply.info_length = GUINT32_TO_LE(out_len);
    send_control(n, RNDIS_MSG_QUERY | RNDIS_MSG_COMPLETION, &reply,
                 sizeof(reply), out, out_len);
}

static void handle_set(Netvsp *n, const uint8_t *body, size_t len)
{
    const RndisRequest *m = (const RndisRequest *)body;
    uint32_t oid = rd_le32(&m->oid);
    size_t in_len;
    const uint8_t *in = request_info(body, len, &in_len);
    uint32_t status = RNDIS_STATUS_INVALID_LENGTH;
    RndisComplete reply = { .request_id = m->request_id };

    if (in && n->state < NETVSP_INITIALIZED) {
        status = RNDIS_STATUS_ADAPTER_NOT_READY;
    } else if (in) {
        status = rndis_oid_set(n, oid, in, in_len);
    }
    trace_netvsp_rndis_set(n, oid, status);
    reply.status = GUINT32_TO_LE(status);
    send_control(n, RNDIS_MSG_SET | RNDIS_MSG_COMPLETION, &reply,
                 sizeof(reply), NULL, 0);
}

/* Everything that a guest could have set stays: nothing to set again. */
static void handle_reset(Netvsp *n, const uint8_t *body, size_t len)
{
    RndisResetComplete reply = {
        .status = GUINT32_TO_LE(RNDIS_STATUS_SUCCESS),
    };

    send_control(n, RNDIS_MSG_RESET | RNDIS_MSG_COMPLETION, &reply,
                 sizeof(reply), NULL, 0);
}

static void handle_keepalive(Netvsp *n, const uint8_t *body, size_t len)
{
    RndisComplete reply = {
        .status = GUINT32_TO_LE(RNDIS_STATUS_SUCCESS),
    };

    memcpy(&reply.request_id, body, sizeof(reply.request_id));
    send_control(n, RNDIS_MSG_KEEPALIVE | RNDIS_MSG_COMPLETION, &reply,
                 sizeof(reply), NULL, 0);
}

static const struct {
    uint32_t type;
    size_t body;
    void (*handler)(Netvsp *n, const uint8_t *body, size_t len);
} controls[] = {
    { RNDIS_MSG_INITIALIZE, sizeof(RndisInitialize), handle_initialize },
    { RNDIS_MSG_HALT, 0, handle_halt },
    { RNDIS_MSG_QUERY, sizeof(RndisRequest), handle_query },
    { RNDIS_MSG_SET, sizeof(RndisRequest), handle_set },
    { RNDIS_MSG_RESET, 0, handle_reset },
    { RNDIS_MSG_KEEPALIVE, 4, handle_keepalive },
};

/* @msg is one message, its length field within @len. */
void rndis_control(Netvsp *n, const uint8_t *msg, size_t len)
{
    uint32_t type = rd_le32(msg);
    size_t body = len - sizeof(RndisHeader);

    for (unsigned i = 0; i < G_N_ELEMENTS(controls); i++) {
        if (controls[i].type == type && body >= controls[i].body) {
            trace_netvsp_rndis_message(n, type, len);
            controls[i].handler(n, msg + sizeof(RndisHeader), body);
            return;
        }
    }
    trace_netvsp_tx_refuse(n, "unknown or short RNDIS control message");
}
