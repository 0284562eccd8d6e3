/*
 * The bus in a migration stream.  What is read is checked as if the guest had
 * just sent it; a stream that does not hold up leaves an unconnected bus.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vmbus-internal.h"

#include "iovlab-trace.h"

#define VMBUS_STATE_VERSION 1

/* --- saving ------------------------------------------------------------------ */

static void save_messages(GQueue *queue, StateWriter *w)
{
    state_put_u32(w, g_queue_get_length(queue));
    for (GList *l = queue->head; l; l = l->next) {
        const VmbusMessage *m = l->data;

        state_put_u32(w, m->vp);
        state_put_u8(w, m->sint);
        state_put_blob(w, m->payload, m->len);
    }
}

static void save_gpadls(VmbusBus *bus, StateWriter *w)
{
    g_autoptr(GList) all = g_hash_table_get_values(bus->gpadls);

    state_put_u32(w, g_hash_table_size(bus->gpadls));
    for (GList *l = all; l; l = l->next) {
        const VmbusGpadl *gpadl = l->data;

        state_put_u32(w, gpadl->id);
        state_put_u32(w, gpadl->relid);
        state_put_u8(w, gpadl->state);
        state_put_u16(w, gpadl->range_count);
        state_put_u16(w, gpadl->filled);
        state_put_blob(w, gpadl->ranges, gpadl->range_bytes);
    }
}

static void save_channel(const VmbusChannel *ch, StateWriter *w)
{
    state_put_u32(w, ch->relid);
    state_put_bytes(w, ch->offer.class_id.b, sizeof(ch->offer.class_id.b));
    state_put_bytes(w, ch->offer.instance_id.b,
                    sizeof(ch->offer.instance_id.b));
    state_put_u16(w, ch->offer.mmio_megabytes);
    state_put_u16(w, ch->offer.sub_channel_index);
    /* A withdrawn channel's traffic ends here: its device does not move. */
    state_put_u8(w, ch->state == CHANNEL_WITHDRAWN ? CHANNEL_RESCINDED
                                                   : ch->state);
    state_put_bool(w, ch->broken);
    if (ch->state == CHANNEL_OPEN) {
        state_put_u32(w, ch->target_vp);
        state_put_u32(w, ch->open_id);
        state_put_bytes(w, ch->open_data, sizeof(ch->open_data));
        state_put_u32(w, vmbus_gpadl_id(ch->in.gpadl));
        state_put_u32(w, ch->downstream_page);
        state_put_u32(w, ch->in.index);
        state_put_u32(w, ch->out.index);
    }
}

void vmbus_bus_save(VmbusBus *bus, StateWriter *w)
{
    uint32_t count = 0;

    state_put_section(w, "VMBS", VMBUS_STATE_VERSION);
    state_put_u32(w, bus->version);
    state_put_u32(w, bus->message_vp);
    state_put_u32(w, bus->message_sint);
    state_put_bool(w, bus->offers_requested);
    state_put_u32(w, bus->last_relid);
    save_messages(&bus->rx, w);
    save_messages(&bus->tx, w);
    save_gpadls(bus, w);
    for (uint32_t i = 1; i < VMBUS_RELIDS; i++) {
        count += bus->channels[i] != NULL;
    }
    state_put_u32(w, count);
    for (uint32_t i = 1; i < VMBUS_RELIDS; i++) {
        if (bus->channels[i]) {
            save_channel(bus->channels[i], w);
        }
    }
}

/* --- loading ----------------------------------------------------------------- */

static void load_messages(GQueue *queue, uint32_t max, StateReader *r)
{
    uint32_t count = state_get_u32_max(r, max, "message count");

    for (uint32_t i = 0; i < count && state_ok(r); i++) {
        uint32_t vp = state_get_u32(r);
        uint32_t sint = state_get_u8(r);
        size_t len;
        const uint8_t *payload = state_get_blob(r, VMBUS_MESSAGE_MAX, &len);
        VmbusMessage *m;

        if (!payload || len < sizeof(VmbusMsgHeader) || sint >= HV_SINTS) {
            state_fail(r, "VMBus message of %zu bytes for SINT %u", len, sint);
            return;
        }
        m = g_new0(VmbusMessage, 1);
        *m = (VmbusMessage) { .vp = vp, .sint = sint, .len = len };
        memcpy(m->payload, payload, len);
        g_queue_push_tail(queue, m);
    }
}

static void load_gpadl(VmbusBus *bus, StateReader *r)
{
    uint32_t id = state_get_u32(r);
    uint32_t relid = state_get_u32(r);
    uint8_t state = state_get_u8(r);
    uint16_t range_count = state_get_u16(r);
    uint16_t filled = state_get_u16(r);
    size_t len;
    const uint8_t *ranges = state_get_blob(r, UINT16_MAX, &len);
    VmbusGpadl *gpadl;

    if (!ranges || len < sizeof(VmbusGpaRangeHeader) + 8 ||
        state > GPADL_TEARING_DOWN || filled > len || id == 0 ||
        (state == GPADL_READY && filled < len)) {
        state_fail(r, "GPADL %#x in state %u", id, state);
        return;
    }
    gpadl = vmbus_gpadl_new(bus, id, relid, range_count, len);
    if (!gpadl) {
        state_fail(r, "GPADL %#x twice, or too many", id);
        return;
    }
    memcpy(gpadl->ranges, ranges, len);
    gpadl->filled = filled;
    if (filled == len && !vmbus_gpadl_complete(gpadl)) {
        state_fail(r, "GPADL %#x has malformed ranges", id);
        return;
    }
    gpadl->state = state;
}

static void load_open_channel(VmbusChannel *ch, StateReader *r)
{
    VmbusGpadl *gpadl;
    uint32_t gpadl_id, downstream;

    ch->target_vp = state_get_u32(r);
    ch->open_id = state_get_u32(r);
    state_get_bytes(r, ch->open_data, sizeof(ch->open_data));
    gpadl_id = state_get_u32(r);
    downstream = state_get_u32(r);
    gpadl = vmbus_channel_gpadl_get(ch, gpadl_id);
    if (!gpadl || !vmbus_channel_bind_rings(ch, gpadl, downstream)) {
        state_fail(r, "channel %u has no rings", ch->relid);
        vmbus_gpadl_put(gpadl);
        return;
    }
    vmbus_gpadl_put(gpadl);
    ch->in.index = state_get_u32_max(r, ch->in.size - 8, "ring index");
    ch->out.index = state_get_u32_max(r, ch->out.size - 8, "ring index");
    if ((ch->in.index | ch->out.index) % 8 ||
        ch->target_vp >= ch->bus->ops->vp_count(ch->bus->opaque)) {
        state_fail(r, "channel %u: ring index or target VP", ch->relid);
        return;
    }
    ch->state = CHANNEL_OPEN;
    ch->bus->work[ch->relid / 64] |= 1ull << (ch->relid % 64);
}

/* The device's channel that a record belongs to, taken from the list. */
static VmbusChannel *take_match(GList **devices, const VmbusOffer *offer)
{
    for (GList *l = *devices; l; l = l->next) {
        VmbusChannel *ch = l->data;

        if (ch->offer.sub_channel_index == offer->sub_channel_index &&
            memcmp(&ch->offer.instance_id, &offer->instance_id, 16) == 0 &&
            memcmp(&ch->offer.class_id, &offer->class_id, 16) == 0) {
            *devices = g_list_delete_link(*devices, l);
            return ch;
        }
    }
    return NULL;
}

static void load_channel(VmbusBus *bus, GList **devices, StateReader *r)
{
    uint32_t relid = state_get_u32(r);
    VmbusOffer offer = { 0 };
    VmbusChannel *ch = NULL;
    uint8_t state;
    bool broken;

    state_get_bytes(r, offer.class_id.b, sizeof(offer.class_id.b));
    state_get_bytes(r, offer.instance_id.b, sizeof(offer.instance_id.b));
    offer.mmio_megabytes = state_get_u16(r);
    offer.sub_channel_index = state_get_u16(r);
    state = state_get_u8(r);
    broken = state_get_bool(r);
    if (!state_ok(r) || relid == 0 || relid >= VMBUS_RELIDS ||
        bus->channels[relid] || state > CHANNEL_RESCINDED ||
        state == CHANNEL_WITHDRAWN ||
        (state != CHANNEL_IDLE && !bus->version)) {
        state_fail(r, "channel %u in state %u", relid, state);
        return;
    }
    if (state != CHANNEL_RESCINDED) {
        ch = take_match(devices, &offer);
    }
    if (ch) {
        ch->relid = relid;
        bus->channels[relid] = ch;
    } else {
        ch = vmbus_channel_new(bus, &offer, NULL, NULL, relid);
    }
    if (state == CHANNEL_OPEN) {
        load_open_channel(ch, r);
    } else {
        ch->state = state;
    }
    ch->broken = broken;
}

/* Takes the devices' channels out of the table: relids will be the stream's. */
static GList *detach_devices(VmbusBus *bus)
{
    GList *devices = NULL;

    for (uint32_t i = 1; i < VMBUS_RELIDS; i++) {
        if (bus->channels[i]) {
            devices = g_list_append(devices, bus->channels[i]);
            bus->channels[i] = NULL;
        }
    }
    return devices;
}

static void place_rest(VmbusBus *bus, GList *devices)
{
    for (GList *l = devices; l; l = l->next) {
        VmbusChannel *ch = l->data;
        uint32_t relid = vmbus_relid_alloc(bus);

        for (uint32_t i = 1; !relid && i < VMBUS_RELIDS; i++) {
            if (!bus->channels[i]->ops) {
                /* A stream full of strangers gives way to a device. */
                vmbus_channel_free(bus->channels[i]);
                relid = i;
            }
        }
        ch->relid = relid;
        bus->channels[relid] = ch;
    }
    g_list_free(devices);
}

/* Undoes a failed load, with no callback: no device saw its channel open. */
static void load_undo(VmbusBus *bus)
{
    for (uint32_t i = 1; i < VMBUS_RELIDS; i++) {
        VmbusChannel *ch = bus->channels[i];

        if (ch && !ch->ops) {
            vmbus_channel_free(ch);
        } else if (ch) {
            vmbus_channel_unbind(ch);
            ch->state = CHANNEL_IDLE;
        }
    }
    g_queue_clear_full(&bus->rx, g_free);
    vmbus_connection_drop(bus, "bad saved state");
}

static void load_connection(VmbusBus *bus, StateReader *r)
{
    bus->version = state_get_u32(r);
    bus->message_vp = state_get_u32(r);
    bus->message_sint = state_get_u32(r);
    bus->offers_requested = state_get_bool(r);
    bus->last_relid = state_get_u32_max(r, VMBUS_RELIDS - 1, "last relid");
    if ((bus->version && !vmbus_version_known(bus->version)) ||
        bus->message_vp >= bus->ops->vp_count(bus->opaque) ||
        bus->message_sint == 0 || bus->message_sint >= HV_SINTS) {
        state_fail(r, "VMBus version %#x, messages to VP %u SINT %u",
                   bus->version, bus->message_vp, bus->message_sint);
        bus->version = 0;
        bus->message_vp = 0;
        bus->message_sint = VMBUS_SINT;
    }
}

bool vmbus_bus_load(VmbusBus *bus, StateReader *r)
{
    GList *devices;
    uint32_t gpadls, channels;

    g_queue_clear_full(&bus->rx, g_free);
    vmbus_connection_drop(bus, "load");
    state_get_section(r, "VMBS", VMBUS_STATE_VERSION);
    load_connection(bus, r);
    load_messages(&bus->rx, VMBUS_RX_QUEUE_MAX, r);
    load_messages(&bus->tx, 2 * VMBUS_TX_QUEUE_MAX, r);
    gpadls = state_get_u32_max(r, VMBUS_GPADLS_MAX, "GPADL count");
    for (uint32_t i = 0; i < gpadls && state_ok(r); i++) {
        load_gpadl(bus, r);
    }
    channels = state_get_u32_max(r, VMBUS_RELIDS - 1, "channel count");
    devices = detach_devices(bus);
    bus->loaded = true;
    for (uint32_t i = 0; i < channels && state_ok(r); i++) {
        load_channel(bus, &devices, r);
    }
    trace_hv_vmbus_state_load(channels, gpadls, g_list_length(devices));
    place_rest(bus, devices);
    if (!state_ok(r)) {
        load_undo(bus);
        return false;
    }
    bus->ops->schedule(bus->opaque);
    return true;
}

VmbusChannel *vmbus_channel_adopt(VmbusBus *bus, const VmbusOffer *offer,
                                  const VmbusChannelOps *ops, void *dev)
{
    VmbusChannel *ch = vmbus_channel_find(bus, offer);

    if (!bus->loaded || !ch || ch->ops) {
        return NULL;
    }
    ch->ops = ops;
    ch->dev = dev;
    return ch;
}
