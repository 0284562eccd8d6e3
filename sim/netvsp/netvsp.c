/*
 * NetVSP: one synthetic NIC, its channels and its states.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#include "iovlab-trace.h"

/* Room that a completion of any kind needs behind the descriptor. */
#define COMPLETION_ROOM NVSP_MESSAGE_SIZE_61
/* Of queue_indications(): link, speed, announcement. */
#define INDICATIONS_MAX 3

/*
 * Where an event leads; -1: not allowed there, the guest is told so.
 * RNDIS INITIALIZE on an initialised device starts it anew.
 */
static const int8_t transitions[NETVSP_STATES][NETVSP_EVENTS] = {
    [NETVSP_CLOSED] = {
        NETVSP_OPEN, -1, -1, -1, -1, -1, NETVSP_CLOSED,
    },
    [NETVSP_OPEN] = {
        -1, NETVSP_NEGOTIATED, -1, -1, -1, -1, NETVSP_CLOSED,
    },
    [NETVSP_NEGOTIATED] = {
        -1, -1, NETVSP_INITIALIZED, -1, -1, NETVSP_NEGOTIATED,
        NETVSP_CLOSED,
    },
    [NETVSP_INITIALIZED] = {
        -1, -1, NETVSP_INITIALIZED, NETVSP_OPERATIONAL, NETVSP_INITIALIZED,
        NETVSP_NEGOTIATED, NETVSP_CLOSED,
    },
    [NETVSP_OPERATIONAL] = {
        -1, -1, NETVSP_INITIALIZED, NETVSP_OPERATIONAL, NETVSP_INITIALIZED,
        NETVSP_NEGOTIATED, NETVSP_CLOSED,
    },
};

bool netvsp_event(Netvsp *n, NetvspEvent event)
{
    int next = transitions[n->state][event];

    if (next < 0) {
        trace_netvsp_event_refuse(n, n->state, event);
        return false;
    }
    if ((NetvspState)next != n->state) {
        trace_netvsp_state_change(n, n->state, next);
        n->state = next;
    }
    return true;
}

void netvsp_status_changed(Netvsp *n)
{
    if (n->ops->status) {
        n->ops->status(n->opaque);
    }
}

size_t netvsp_message_size(const Netvsp *n)
{
    return n->version >= NVSP_VERSION_61 ? NVSP_MESSAGE_SIZE_61
                                         : NVSP_MESSAGE_SIZE;
}

bool netvsp_complete(NetvspQueue *q, const VmbusPacket *pkt, const void *msg,
                     size_t len)
{
    uint8_t padded[NVSP_MESSAGE_SIZE_61] = { 0 };
    size_t size = len ? MAX(netvsp_message_size(q->n), len) : 0;

    if (!(pkt->flags & VM_PKT_FLAG_COMPLETION_REQUESTED)) {
        return true;
    }
    if (len) {
        memcpy(padded, msg, MIN(len, sizeof(padded)));
    }
    return vmbus_channel_send(q->ch, VM_PKT_COMP, 0, pkt->trans_id, NULL, 0,
                              padded, MIN(size, sizeof(padded)));
}

bool netvsp_complete_rndis(NetvspQueue *q, const VmbusPacket *pkt,
                           NvspStatus status)
{
    NvspRndisComplete msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_RNDIS_PKT_COMPLETE),
        .status = GUINT32_TO_LE(status),
    };

    return netvsp_complete(q, pkt, &msg, sizeof(msg));
}

bool netvsp_send_message(Netvsp *n, const void *msg, size_t len)
{
    uint8_t padded[128] = { 0 };
    size_t size = MAX(netvsp_message_size(n), len);

    memcpy(padded, msg, len);
    return vmbus_channel_send(n->queues[0]->ch, VM_PKT_DATA_INBAND, 0, 0,
                              NULL, 0, padded, size);
}

static bool flush_datapath(Netvsp *n)
{
    if (n->datapath.state != NETVSP_SWITCH_ANSWERED) {
        return true;
    }
    /* Linux takes the completion for the answer only if it has no payload. */
    if (!vmbus_channel_send(n->queues[0]->ch, VM_PKT_COMP, 0,
                            n->datapath.trans_id, NULL, 0, NULL, 0)) {
        return false;
    }
    trace_netvsp_datapath_complete(n, n->datapath.to_vf);
    n->datapath.state = NETVSP_SWITCH_IDLE;
    return true;
}

static bool flush_vf(Netvsp *n)
{
    NvspVfAssociation msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_VF_ASSOCIATION),
        .allocated = GUINT32_TO_LE(n->vf_allocated),
        .serial = GUINT32_TO_LE(n->vf_serial),
    };

    if (n->state < NETVSP_INITIALIZED || n->version < NVSP_VERSION_4 ||
        !(n->capabilities & NVSP_CAP_SRIOV)) {
        return true;
    }
    if (n->vf_told == n->vf_allocated &&
        (!n->vf_told || n->vf_told_serial == n->vf_serial)) {
        return true;
    }
    if (!n->vf_allocated) {
        msg.serial = GUINT32_TO_LE(n->vf_told_serial);
    }
    if (!netvsp_send_message(n, &msg, sizeof(msg))) {
        return false;
    }
    trace_netvsp_vf_association(n, n->vf_allocated, n->vf_serial);
    n->vf_told = n->vf_allocated;
    n->vf_told_serial = n->vf_serial;
    return true;
}

static void indicate_link(Netvsp *n, uint32_t status)
{
    rndis_indicate(n, status, NULL, 0);
    n->link_events++;
    netvsp_status_changed(n);
}

/* Turns what the guest should know of the link into indications. */
static void queue_indications(Netvsp *n)
{
    bool up = netvsp_link_is_up(n);
    NetvspLinkTold now = up ? NETVSP_LINK_UP : NETVSP_LINK_DOWN;
    bool listening = n->state == NETVSP_OPERATIONAL;

    if (n->state < NETVSP_INITIALIZED || n->link_told == NETVSP_LINK_UNTOLD) {
        return;
    }
    /* What is noted as told must find a place in the queue; else later. */
    if (g_queue_get_length(&n->control) + INDICATIONS_MAX >
        NETVSP_CONTROL_WAIT_MAX) {
        return;
    }
    if (n->link_told != now || (n->link_told_early && listening)) {
        n->link_told = now;
        n->link_told_early = !listening;
        indicate_link(n, up ? RNDIS_STATUS_MEDIA_CONNECT
                            : RNDIS_STATUS_MEDIA_DISCONNECT);
    }
    if (n->speed_told != n->speed_mbps && n->capabilities & NVSP_CAP_TEAMING) {
        uint8_t speed[4];

        wr_le32(speed, netvsp_link_speed(n));
        n->speed_told = n->speed_mbps;
        rndis_indicate(n, RNDIS_STATUS_LINK_SPEED_CHANGE, speed,
                       sizeof(speed));
    }
    /* A connect while connected makes the guest announce its addresses. */
    if (n->announce && listening && up) {
        n->announce = false;
        indicate_link(n, RNDIS_STATUS_MEDIA_CONNECT);
    }
}

static bool flush_control(Netvsp *n)
{
    GBytes *msg;

    while ((msg = g_queue_peek_head(&n->control))) {
        int section = netvsp_section_get(n, true);

        if (section < 0) {
            return false;
        }
        if (!netvsp_send_section(n->queues[0], section, NVSP_CHANNEL_CONTROL,
                                 g_bytes_get_data(msg, NULL),
                                 g_bytes_get_size(msg))) {
            return false;
        }
        g_bytes_unref(g_queue_pop_head(&n->control));
    }
    return true;
}

void netvsp_flush(Netvsp *n)
{
    if (n->state == NETVSP_CLOSED) {
        return;
    }
    queue_indications(n);
    if (flush_datapath(n) && flush_vf(n) &&
        (!n->table_due || netvsp_send_table(n))) {
        flush_control(n);
    }
}

static NetvspVerdict handle_completion(NetvspQueue *q, const VmbusPacket *pkt)
{
    /*
     * Only transfer-page packets ask for a completion: its transaction id says
     * which.  The status in it is of no use: the frame is gone either way.
     */
    if (!netvsp_section_done(q, pkt->trans_id)) {
        trace_netvsp_completion_unknown(q->n, q->index, pkt->trans_id);
    }
    return NETVSP_DONE;
}

static NetvspVerdict handle_packet(NetvspQueue *q, const VmbusPacket *pkt)
{
    uint8_t type[4] = { 0 };

    if (pkt->type == VM_PKT_COMP) {
        return handle_completion(q, pkt);
    }
    /* Nothing is begun that could not be answered. */
    if (!vmbus_channel_can_send(q->ch, COMPLETION_ROOM)) {
        return NETVSP_HOLD;
    }
    q->n->activity++;
    memcpy(type, pkt->payload, MIN(pkt->len, sizeof(type)));
    if (rd_le32(type) == NVSP_MSG_RNDIS_PKT) {
        return netvsp_tx_packet(q, pkt);
    }
    return nvsp_message(q, pkt);
}

static void report_rx_room(Netvsp *n)
{
    NetvspQueue *q;

    if (!n->rx_blocked) {
        return;
    }
    q = n->queues[n->rx_blocked_queue];
    if (n->recv.gpadl && q && q->open &&
        (n->recv.free_count <= NETVSP_CONTROL_SECTIONS ||
         !vmbus_channel_can_send(q->ch, sizeof(VmbusXferPageHeader) +
                                 sizeof(VmbusXferPageRange) +
                                 NVSP_MESSAGE_SIZE_61))) {
        return;
    }
    n->rx_blocked = false;
    if (n->ops->rx_ready) {
        n->ops->rx_ready(n->opaque);
    }
}

/*
 * Linux waits without limit, and with locks held that removal needs, for
 * answers to its requests and for the sub-channels that it was granted: it
 * gets both before and after it learns that the offer is withdrawn.
 */
static void try_withdraw(Netvsp *n)
{
    if (!n->withdraw_due) {
        return;
    }
    for (unsigned i = 1; n->queues[0]->open && i <= n->sub_channels; i++) {
        if (!n->queues[i] || !n->queues[i]->open) {
            return;
        }
    }
    n->withdraw_due = false;
    netvsp_subchannels_end(n, vmbus_channel_withdraw);
    vmbus_channel_withdraw(n->queues[0]->ch);
}

static void queue_run(void *dev, VmbusChannel *ch)
{
    NetvspQueue *q = dev;
    Netvsp *n = q->n;
    unsigned budget = NETVSP_RUN_BUDGET;
    VmbusPacket pkt;

    if (!q->open) {
        return;
    }
    netvsp_rx_flush(n);
    netvsp_flush(n);
    while (budget && vmbus_channel_recv(ch, &pkt)) {
        if (handle_packet(q, &pkt) == NETVSP_HOLD) {
            break;
        }
        q->tx_done = 0;
        vmbus_channel_consume(ch);
        budget--;
    }
    if (!budget) {
        vmbus_channel_schedule(ch);
    }
    netvsp_flush(n);
    netvsp_check_drained(n);
    report_rx_room(n);
    try_withdraw(n);
}

void netvsp_reset_conversation(Netvsp *n)
{
    netvsp_subchannels_end(n, vmbus_channel_rescind);
    netvsp_recv_buf_drop(n);
    g_clear_pointer(&n->send.gpadl, vmbus_gpadl_put);
    netvsp_control_reset(n);
    n->version = 0;
    n->ndis_version = 0;
    n->guest_mtu = 0;
    n->capabilities = 0;
    n->datapath = (NetvspDatapath) { 0 };
    n->vf_told = false;
    n->announce = false;
    /* The address outlives a driver's reload, but not the guest's system. */
    if (!vmbus_bus_version(n->bus)) {
        memcpy(n->mac, n->permanent_mac, sizeof(n->mac));
    }
}

static uint32_t queue_open(void *dev, VmbusChannel *ch)
{
    NetvspQueue *q = dev;
    Netvsp *n = q->n;

    n->activity++;
    q->open = true;
    q->tx_done = 0;
    q->tx_blocked = false;
    if (q->index == 0) {
        netvsp_event(n, NETVSP_EV_OPEN);
    } else {
        n->table_due = true;
        netvsp_status_changed(n);
        vmbus_channel_schedule(n->queues[0]->ch);
    }
    trace_netvsp_channel_open(n, q->index);
    return VMBUS_STATUS_OK;
}

static void queue_close(void *dev, VmbusChannel *ch)
{
    NetvspQueue *q = dev;
    Netvsp *n = q->n;

    trace_netvsp_channel_close(n, q->index);
    q->open = false;
    q->tx_done = 0;
    if (q->index == 0) {
        netvsp_event(n, NETVSP_EV_CLOSE);
        netvsp_reset_conversation(n);
    } else {
        if (n->rsc.q == q) {
            netvsp_rsc_forget(n);
        }
        netvsp_sections_release(q);
    }
    netvsp_status_changed(n);
    netvsp_check_drained(n);
    report_rx_room(n);
    try_withdraw(n);
}

static void queue_released(void *dev, VmbusChannel *ch)
{
    NetvspQueue *q = dev;
    Netvsp *n = q->n;

    if (n->rsc.q == q) {
        netvsp_rsc_forget(n);
    }
    q->ch = NULL;
    if (q->index != 0) {
        g_ptr_array_remove_fast(n->dying, q);
        g_free(q);
    } else if (n->ops->released) {
        n->ops->released(n->opaque);
    }
}

const VmbusChannelOps netvsp_channel_ops = {
    .name = "netvsp",
    .open = queue_open,
    .close = queue_close,
    .run = queue_run,
    .released = queue_released,
};

Netvsp *netvsp_new(VmbusBus *bus, const NetvspConfig *config,
                   const NetvspOps *ops, void *opaque)
{
    Netvsp *n = g_new0(Netvsp, 1);

    n->bus = bus;
    n->ops = ops;
    n->opaque = opaque;
    n->instance_id = config->instance_id;
    n->name = g_strdup(config->name);
    n->max_channels = CLAMP(config->max_channels, 1, NETVSP_CHANNELS_MAX);
    n->mac_spoofing = config->mac_spoofing;
    n->rsc_allowed = config->rsc;
    n->link_up = config->link_up;
    n->speed_mbps = config->speed_mbps;
    netvsp_set_mtu(n, config->mtu);
    memcpy(n->permanent_mac, config->mac, sizeof(n->permanent_mac));
    memcpy(n->mac, config->mac, sizeof(n->mac));
    g_queue_init(&n->control);
    n->dying = g_ptr_array_new();
    n->tx_buf = g_malloc(NETVSP_TX_BYTES);
    n->frame_buf = g_malloc(NETVSP_FRAME_MAX);
    n->next_cookie = 1;
    n->queues[0] = netvsp_queue_new(n, 0);
    if (!netvsp_queue_offer(n->queues[0], false)) {
        netvsp_free(n);
        return NULL;
    }
    return n;
}

static void queue_free(NetvspQueue *q)
{
    if (q && q->ch) {
        vmbus_channel_forget(q->ch);
    }
    g_free(q);
}

void netvsp_free(Netvsp *n)
{
    if (!n) {
        return;
    }
    for (unsigned i = NETVSP_CHANNELS_MAX; i-- > 0;) {
        queue_free(n->queues[i]);
        n->queues[i] = NULL;
    }
    for (unsigned i = 0; i < n->dying->len; i++) {
        queue_free(g_ptr_array_index(n->dying, i));
    }
    g_ptr_array_free(n->dying, TRUE);
    n->drain_wanted = false;
    netvsp_recv_buf_drop(n);
    g_clear_pointer(&n->send.gpadl, vmbus_gpadl_put);
    netvsp_control_reset(n);
    g_free(n->tx_buf);
    g_free(n->frame_buf);
    g_free(n->name);
    g_free(n);
}

void netvsp_leave(Netvsp *n)
{
    n->leaving = true;
    for (unsigned i = 0; i < NETVSP_CHANNELS_MAX; i++) {
        if (n->queues[i] && n->queues[i]->open) {
            vmbus_channel_schedule(n->queues[i]->ch);
        }
    }
}

bool netvsp_is_idle(const Netvsp *n)
{
    if (n->recv.free_count < n->recv.sections ||
        !g_queue_is_empty((GQueue *)&n->control)) {
        return false;
    }
    for (unsigned i = 0; i < NETVSP_CHANNELS_MAX; i++) {
        const NetvspQueue *q = n->queues[i];

        if (q && q->open && !vmbus_channel_is_idle(q->ch)) {
            return false;
        }
    }
    return true;
}

uint64_t netvsp_activity(const Netvsp *n)
{
    return n->activity;
}

void netvsp_rescind(Netvsp *n)
{
    if (n->rescinded) {
        return;
    }
    n->rescinded = true;
    n->withdraw_due = true;
    try_withdraw(n);
}

void netvsp_tx_ready(Netvsp *n)
{
    for (unsigned i = 0; i < NETVSP_CHANNELS_MAX; i++) {
        NetvspQueue *q = n->queues[i];

        if (q && q->open && q->tx_blocked) {
            q->tx_blocked = false;
            vmbus_channel_schedule(q->ch);
        }
    }
}
