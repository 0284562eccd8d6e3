/*
 * The bus: what enters by hypercall, what leaves by message and event, and the
 * work in between.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vmbus-internal.h"

#include "iovlab-trace.h"

VmbusBus *vmbus_bus_new(const VmbusBusOps *ops, void *opaque)
{
    VmbusBus *bus = g_new0(VmbusBus, 1);

    bus->ops = ops;
    bus->opaque = opaque;
    bus->max_version = VMBUS_VERSION_5_3;
    bus->message_sint = VMBUS_SINT;
    bus->gpadls = g_hash_table_new(NULL, NULL);
    g_queue_init(&bus->rx);
    g_queue_init(&bus->tx);
    return bus;
}

void vmbus_bus_set_max_version(VmbusBus *bus, uint32_t version)
{
    bus->max_version = version;
}

void vmbus_bus_free(VmbusBus *bus)
{
    for (uint32_t i = 1; i < VMBUS_RELIDS; i++) {
        if (bus->channels[i]) {
            vmbus_channel_free(bus->channels[i]);
        }
    }
    vmbus_gpadl_drop(bus, 0);
    g_queue_clear_full(&bus->rx, g_free);
    g_queue_clear_full(&bus->tx, g_free);
    g_hash_table_destroy(bus->gpadls);
    g_free(bus);
}

void vmbus_bus_reset(VmbusBus *bus)
{
    g_queue_clear_full(&bus->rx, g_free);
    vmbus_connection_drop(bus, "reset");
}

void vmbus_bus_use(const VmbusBus *bus, VmbusBusUse *use)
{
    *use = (VmbusBusUse) { .gpadls = g_hash_table_size(bus->gpadls) };
    for (uint32_t relid = 0; relid < VMBUS_RELIDS; relid++) {
        const VmbusChannel *ch = bus->channels[relid];

        if (ch) {
            use->relids++;
            use->open += vmbus_channel_has_rings(ch);
        }
    }
}

uint32_t vmbus_bus_version(const VmbusBus *bus)
{
    return bus->version;
}

static void bus_schedule(VmbusBus *bus)
{
    bus->ops->schedule(bus->opaque);
}

/* --- to the guest ----------------------------------------------------------- */

void vmbus_send_message(VmbusBus *bus, uint32_t type, void *msg, size_t len)
{
    VmbusMessage *m = g_new0(VmbusMessage, 1);

    wr_le32(msg, type);
    m->vp = bus->message_vp;
    m->sint = bus->message_sint;
    m->len = len;
    memcpy(m->payload, msg, len);
    g_queue_push_tail(&bus->tx, m);
    trace_hv_vmbus_message_queue(type, m->vp, g_queue_get_length(&bus->tx));
    bus_schedule(bus);
}

static void flush_messages(VmbusBus *bus)
{
    VmbusMessage *m;

    while ((m = g_queue_peek_head(&bus->tx)) &&
           bus->ops->post_message(bus->opaque, m->vp, m->sint, m->payload,
                                  m->len)) {
        g_free(g_queue_pop_head(&bus->tx));
    }
}

void vmbus_bus_slot_free(VmbusBus *bus, uint32_t vp)
{
    const VmbusMessage *m = g_queue_peek_head(&bus->tx);

    if (m && m->vp == vp) {
        bus_schedule(bus);
    }
}

void vmbus_channel_signal(VmbusChannel *ch)
{
    ch->bus->ops->signal_event(ch->bus->opaque, ch->target_vp,
                               ch->bus->message_sint, ch->relid);
}

/* --- from the guest ---------------------------------------------------------- */

uint16_t vmbus_bus_guest_message(VmbusBus *bus, uint32_t connection_id,
                                 const void *payload, size_t len)
{
    VmbusMessage *m;

    if (connection_id != VMBUS_CONNECTION_MESSAGE &&
        (connection_id != VMBUS_CONNECTION_MESSAGE_5 ||
         bus->max_version < VMBUS_VERSION_5_0)) {
        return HV_STATUS_INVALID_CONNECTION_ID;
    }
    if (len < sizeof(VmbusMsgHeader) || len > VMBUS_MESSAGE_MAX) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    if (g_queue_get_length(&bus->rx) >= VMBUS_RX_QUEUE_MAX) {
        return HV_STATUS_INSUFFICIENT_BUFFERS;
    }
    m = g_new0(VmbusMessage, 1);
    m->len = len;
    memcpy(m->payload, payload, len);
    g_queue_push_tail(&bus->rx, m);
    bus_schedule(bus);
    return HV_STATUS_SUCCESS;
}

static void mark_open_channels(VmbusBus *bus)
{
    for (uint32_t i = 1; i < VMBUS_RELIDS; i++) {
        if (bus->channels[i] && vmbus_channel_has_rings(bus->channels[i])) {
            vmbus_channel_mark(bus->channels[i]);
        }
    }
}

uint16_t vmbus_bus_guest_signal(VmbusBus *bus, uint32_t connection_id,
                                uint32_t flag)
{
    VmbusChannel *ch;

    if (connection_id == VMBUS_CONNECTION_EVENT && bus->version) {
        /* Which channel is meant is in the interrupt page; none of ours has
         * a bit there, so look at all of them. */
        mark_open_channels(bus);
        return HV_STATUS_SUCCESS;
    }
    if (connection_id < VMBUS_CONNECTION_CHANNEL) {
        return HV_STATUS_INVALID_CONNECTION_ID;
    }
    ch = vmbus_channel_by_relid(bus, connection_id - VMBUS_CONNECTION_CHANNEL);
    if (!ch || ch->state == CHANNEL_IDLE) {
        return HV_STATUS_INVALID_CONNECTION_ID;
    }
    if (flag != 0) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    vmbus_channel_mark(ch);
    return HV_STATUS_SUCCESS;
}

/* --- work -------------------------------------------------------------------- */

void vmbus_channel_mark(VmbusChannel *ch)
{
    VmbusBus *bus = ch->bus;

    if (vmbus_channel_has_rings(ch)) {
        bus->work[ch->relid / 64] |= 1ull << (ch->relid % 64);
        bus_schedule(bus);
    }
}

void vmbus_channel_schedule(VmbusChannel *ch)
{
    vmbus_channel_mark(ch);
}

void vmbus_bus_hold(VmbusBus *bus, bool hold)
{
    if (bus->held == hold) {
        return;
    }
    for (uint32_t relid = 0; hold && relid < VMBUS_RELIDS; relid++) {
        if (bus->channels[relid]) {
            vmbus_channel_crowd(bus->channels[relid], false);
        }
    }
    bus->held = hold;
    if (!hold) {
        mark_open_channels(bus);
        bus_schedule(bus);
    }
}

/* Offers of the saved state without a device, devices without one in it. */
static void finish_load(VmbusBus *bus)
{
    bus->loaded = false;
    vmbus_gpadl_after_load(bus);
    for (uint32_t i = 1; i < VMBUS_RELIDS; i++) {
        VmbusChannel *ch = bus->channels[i];

        if (ch && !ch->ops) {
            vmbus_channel_rescind(ch);
        } else if (ch && ch->state == CHANNEL_IDLE && bus->offers_requested) {
            vmbus_channel_send_offer(ch);
        }
    }
}

static void run_messages(VmbusBus *bus)
{
    for (unsigned n = 0; n < VMBUS_MESSAGES_PER_RUN; n++) {
        g_autofree VmbusMessage *m = NULL;

        if (g_queue_get_length(&bus->tx) >= VMBUS_TX_QUEUE_MAX) {
            return;
        }
        m = g_queue_pop_head(&bus->rx);
        if (!m) {
            return;
        }
        vmbus_connection_message(bus, m->payload, m->len);
    }
    if (!g_queue_is_empty(&bus->rx)) {
        bus_schedule(bus);
    }
}

static void run_channels(VmbusBus *bus)
{
    uint64_t due[G_N_ELEMENTS(bus->work)];

    memcpy(due, bus->work, sizeof(due));
    memset(bus->work, 0, sizeof(bus->work));
    for (unsigned w = 0; w < G_N_ELEMENTS(due); w++) {
        while (due[w]) {
            unsigned bit = __builtin_ctzll(due[w]);
            VmbusChannel *ch = bus->channels[w * 64 + bit];

            due[w] &= due[w] - 1;
            /* An earlier callback may have closed this one. */
            if (ch && vmbus_channel_has_rings(ch) && !ch->broken && ch->ops &&
                ch->ops->run) {
                ch->ops->run(ch->dev, ch);
            }
        }
    }
}

void vmbus_bus_run(VmbusBus *bus)
{
    if (bus->held) {
        return;
    }
    if (bus->loaded) {
        finish_load(bus);
    }
    flush_messages(bus);
    run_messages(bus);
    run_channels(bus);
    flush_messages(bus);
}
