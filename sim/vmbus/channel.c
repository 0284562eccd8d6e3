/*
 * Channels: offers, their life, and the guest's messages about one of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vmbus-internal.h"

#include "iovlab-trace.h"

#define NO CHANNEL_STATES       /* no such edge */

static const VmbusChannelState next_state[CHANNEL_STATES][CHANNEL_EVENTS] = {
    /*                      OFFER     OPEN      CLOSE
     *                      WITHDRAW  RESCIND   RELEASE   DISCONNECT        */
    [CHANNEL_IDLE] =      { CHANNEL_OFFERED, NO, NO,
                            CHANNEL_GONE, CHANNEL_GONE, NO, CHANNEL_IDLE },
    [CHANNEL_OFFERED] =   { NO, CHANNEL_OPEN, NO,
                            CHANNEL_RESCINDED, CHANNEL_RESCINDED, NO,
                            CHANNEL_IDLE },
    [CHANNEL_OPEN] =      { NO, NO, CHANNEL_OFFERED,
                            CHANNEL_WITHDRAWN, CHANNEL_RESCINDED, NO,
                            CHANNEL_IDLE },
    [CHANNEL_WITHDRAWN] = { NO, NO, CHANNEL_RESCINDED,
                            NO, CHANNEL_RESCINDED, CHANNEL_GONE,
                            CHANNEL_GONE },
    [CHANNEL_RESCINDED] = { NO, NO, NO,
                            NO, NO, CHANNEL_GONE, CHANNEL_GONE },
    [CHANNEL_GONE] =      { NO, NO, NO,
                            NO, NO, NO, NO },
};

static const char *const state_name[] = {
    [CHANNEL_IDLE] = "idle",
    [CHANNEL_OFFERED] = "offered",
    [CHANNEL_OPEN] = "open",
    [CHANNEL_WITHDRAWN] = "withdrawn",
    [CHANNEL_RESCINDED] = "rescinded",
    [CHANNEL_GONE] = "gone",
};

static const char *const event_name[] = {
    [CHANNEL_EV_OFFER] = "offer",
    [CHANNEL_EV_OPEN] = "open",
    [CHANNEL_EV_CLOSE] = "close",
    [CHANNEL_EV_WITHDRAW] = "withdraw",
    [CHANNEL_EV_RESCIND] = "rescind",
    [CHANNEL_EV_RELEASE] = "release",
    [CHANNEL_EV_DISCONNECT] = "disconnect",
};

static const char *channel_name(const VmbusChannel *ch)
{
    return ch->ops ? ch->ops->name : "no device";
}

bool vmbus_channel_event(VmbusChannel *ch, VmbusChannelEvent event)
{
    VmbusChannelState next = next_state[ch->state][event];

    if (next == NO) {
        return false;
    }
    trace_hv_vmbus_channel_state(ch->relid, channel_name(ch),
                              state_name[ch->state], state_name[next],
                              event_name[event]);
    ch->state = next;
    return true;
}

/* --- relids ----------------------------------------------------------------- */

/* Round-robin, so that a relid just released is not seen again soon. */
uint32_t vmbus_relid_alloc(VmbusBus *bus)
{
    for (uint32_t i = 1; i < VMBUS_RELIDS; i++) {
        uint32_t relid = (bus->last_relid + i) % VMBUS_RELIDS;

        if (relid && !bus->channels[relid]) {
            bus->last_relid = relid;
            return relid;
        }
    }
    return 0;
}

VmbusChannel *vmbus_channel_by_relid(VmbusBus *bus, uint32_t relid)
{
    return relid < VMBUS_RELIDS ? bus->channels[relid] : NULL;
}

VmbusChannel *vmbus_channel_find(VmbusBus *bus, const VmbusOffer *offer)
{
    for (uint32_t i = 1; i < VMBUS_RELIDS; i++) {
        VmbusChannel *ch = bus->channels[i];

        if (ch && ch->state < CHANNEL_WITHDRAWN &&
            ch->offer.sub_channel_index == offer->sub_channel_index &&
            memcmp(&ch->offer.instance_id, &offer->instance_id, 16) == 0 &&
            memcmp(&ch->offer.class_id, &offer->class_id, 16) == 0) {
            return ch;
        }
    }
    return NULL;
}

VmbusChannel *vmbus_channel_new(VmbusBus *bus, const VmbusOffer *offer,
                                const VmbusChannelOps *ops, void *dev,
                                uint32_t relid)
{
    VmbusChannel *ch = g_new0(VmbusChannel, 1);

    *ch = (VmbusChannel) {
        .bus = bus,
        .offer = *offer,
        .ops = ops,
        .dev = dev,
        .relid = relid,
        .state = CHANNEL_IDLE,
    };
    bus->channels[relid] = ch;
    return ch;
}

void vmbus_channel_unbind(VmbusChannel *ch)
{
    vmbus_gpadl_put(ch->in.gpadl);
    vmbus_gpadl_put(ch->out.gpadl);
    ch->in = ch->out = (VmbusRing) { 0 };
    ch->broken = false;
    ch->packet_len = 0;
    g_clear_pointer(&ch->packet, g_free);
    ch->bus->work[ch->relid / 64] &= ~(1ull << (ch->relid % 64));
}

void vmbus_channel_free(VmbusChannel *ch)
{
    vmbus_channel_unbind(ch);
    vmbus_gpadl_drop(ch->bus, ch->relid);
    ch->bus->channels[ch->relid] = NULL;
    g_free(ch);
}

/* The last callback, and the end. */
static void channel_release(VmbusChannel *ch)
{
    if (ch->ops && ch->ops->released) {
        ch->ops->released(ch->dev, ch);
    }
    vmbus_channel_free(ch);
}

static void channel_close(VmbusChannel *ch)
{
    vmbus_channel_unbind(ch);
    if (ch->ops && ch->ops->close) {
        ch->ops->close(ch->dev, ch);
    }
}

/* --- offers --------------------------------------------------------------- */

void vmbus_channel_send_offer(VmbusChannel *ch)
{
    VmbusMsgOffer msg = {
        .flags = GUINT16_TO_LE(VMBUS_OFFER_ENUMERATE),
        .mmio_megabytes = GUINT16_TO_LE(ch->offer.mmio_megabytes),
        .sub_channel_index = GUINT16_TO_LE(ch->offer.sub_channel_index),
        .relid = GUINT32_TO_LE(ch->relid),
        .dedicated = GUINT16_TO_LE(VMBUS_OFFER_DEDICATED),
        .connection_id = GUINT32_TO_LE(VMBUS_CONNECTION_CHANNEL + ch->relid),
    };

    if (!vmbus_channel_event(ch, CHANNEL_EV_OFFER)) {
        return;
    }
    memcpy(msg.class_id, ch->offer.class_id.b, sizeof(msg.class_id));
    memcpy(msg.instance_id, ch->offer.instance_id.b, sizeof(msg.instance_id));
    vmbus_send_message(ch->bus, VMBUS_MSG_OFFER, &msg, sizeof(msg));
}

VmbusChannel *vmbus_channel_offer(VmbusBus *bus, const VmbusOffer *offer,
                                  const VmbusChannelOps *ops, void *dev)
{
    uint32_t relid = vmbus_relid_alloc(bus);
    VmbusChannel *ch;

    if (!relid) {
        return NULL;
    }
    ch = vmbus_channel_new(bus, offer, ops, dev, relid);
    if (bus->offers_requested && !bus->loaded) {
        vmbus_channel_send_offer(ch);
    }
    return ch;
}

static void channel_end(VmbusChannel *ch, VmbusChannelEvent event)
{
    VmbusMsgRelid msg = { .relid = GUINT32_TO_LE(ch->relid) };
    bool told = ch->state == CHANNEL_WITHDRAWN;
    bool had_rings = vmbus_channel_has_rings(ch);

    if (!vmbus_channel_event(ch, event)) {
        return;
    }
    if (ch->state == CHANNEL_GONE) {
        channel_release(ch);
        return;
    }
    if (!told) {
        vmbus_send_message(ch->bus, VMBUS_MSG_RESCIND, &msg, sizeof(msg));
    }
    if (had_rings && !vmbus_channel_has_rings(ch)) {
        channel_close(ch);
    }
}

void vmbus_channel_rescind(VmbusChannel *ch)
{
    channel_end(ch, CHANNEL_EV_RESCIND);
}

void vmbus_channel_withdraw(VmbusChannel *ch)
{
    channel_end(ch, CHANNEL_EV_WITHDRAW);
}

void vmbus_channel_forget(VmbusChannel *ch)
{
    vmbus_channel_free(ch);
}

void vmbus_channel_disconnect(VmbusChannel *ch)
{
    VmbusBus *bus = ch->bus;
    uint32_t relid = ch->relid;
    bool had_rings = vmbus_channel_has_rings(ch);
    bool no_device = !ch->ops;

    if (!vmbus_channel_event(ch, CHANNEL_EV_DISCONNECT)) {
        return;
    }
    if (had_rings) {
        channel_close(ch);
        if (bus->channels[relid] != ch) {
            return;                 /* the device rescinded it meanwhile */
        }
    }
    if (ch->state == CHANNEL_GONE || no_device) {
        channel_release(ch);
    }
}

/* --- the guest's messages ---------------------------------------------------- */

bool vmbus_channel_bind_rings(VmbusChannel *ch, VmbusGpadl *gpadl,
                              uint32_t downstream_page)
{
    uint64_t pages = vmbus_gpadl_size(gpadl) >> HV_PAGE_SHIFT;

    if (downstream_page >= pages ||
        !vmbus_ring_attach(&ch->in, gpadl, 0, downstream_page) ||
        !vmbus_ring_attach(&ch->out, gpadl, downstream_page,
                           pages - downstream_page)) {
        ch->in = ch->out = (VmbusRing) { 0 };
        return false;
    }
    gpadl->refs += 2;
    ch->downstream_page = downstream_page;
    ch->packet = g_malloc0(ch->in.size);
    ch->packet_len = 0;
    return true;
}

/* Status of OPEN_RESULT. */
static uint32_t channel_open(VmbusChannel *ch, const VmbusMsgOpen *m)
{
    VmbusGpadl *gpadl = vmbus_channel_gpadl_get(ch, rd_le32(&m->ring_gpadl));
    uint32_t vp = rd_le32(&m->target_vp);
    const char *why = NULL;
    uint32_t status;
    bool bound;

    if (!gpadl) {
        trace_hv_vmbus_channel_open_fail(ch->relid, "no such GPADL");
        return VMBUS_STATUS_INVALID;
    }
    bound = vmbus_channel_bind_rings(ch, gpadl, rd_le32(&m->downstream_page));
    if (!bound) {
        why = "ring layout";
    } else if (!vmbus_ring_start(&ch->in, true) ||
               !vmbus_ring_start(&ch->out, false)) {
        why = "ring control page";
    } else if (vp >= ch->bus->ops->vp_count(ch->bus->opaque)) {
        why = "target VP";
    }
    vmbus_gpadl_put(gpadl);
    if (why) {
        trace_hv_vmbus_channel_open_fail(ch->relid, why);
        vmbus_channel_unbind(ch);
        return VMBUS_STATUS_INVALID;
    }
    ch->target_vp = vp;
    ch->open_id = rd_le32(&m->open_id);
    memcpy(ch->open_data, m->user_data, sizeof(ch->open_data));
    vmbus_channel_event(ch, CHANNEL_EV_OPEN);
    status = ch->ops->open ? ch->ops->open(ch->dev, ch) : VMBUS_STATUS_OK;
    if (status != VMBUS_STATUS_OK) {
        trace_hv_vmbus_channel_open_fail(ch->relid, "refused by the device");
        vmbus_channel_event(ch, CHANNEL_EV_CLOSE);
        vmbus_channel_unbind(ch);
        return status;
    }
    vmbus_channel_mark(ch);
    return VMBUS_STATUS_OK;
}

void vmbus_channel_msg_open(VmbusBus *bus, const uint8_t *msg, size_t len)
{
    const VmbusMsgOpen *m = (const VmbusMsgOpen *)msg;
    VmbusChannel *ch = vmbus_channel_by_relid(bus, rd_le32(&m->relid));
    VmbusMsgOpenResult reply = {
        .relid = m->relid,
        .open_id = m->open_id,
        .status = GUINT32_TO_LE(VMBUS_STATUS_BAD_STATE),
    };

    if (ch && ch->state == CHANNEL_OFFERED && ch->ops) {
        wr_le32(&reply.status, channel_open(ch, m));
    } else {
        trace_hv_vmbus_channel_open_fail(rd_le32(&m->relid), "not offered");
    }
    vmbus_send_message(bus, VMBUS_MSG_OPEN_RESULT, &reply, sizeof(reply));
}

void vmbus_channel_msg_close(VmbusBus *bus, const uint8_t *msg, size_t len)
{
    const VmbusMsgRelid *m = (const VmbusMsgRelid *)msg;
    VmbusChannel *ch = vmbus_channel_by_relid(bus, rd_le32(&m->relid));

    if (ch && vmbus_channel_event(ch, CHANNEL_EV_CLOSE)) {
        channel_close(ch);
    } else {
        trace_hv_vmbus_message_refused(VMBUS_MSG_CLOSE, len, "not open");
    }
}

void vmbus_channel_msg_released(VmbusBus *bus, const uint8_t *msg, size_t len)
{
    const VmbusMsgRelid *m = (const VmbusMsgRelid *)msg;
    VmbusChannel *ch = vmbus_channel_by_relid(bus, rd_le32(&m->relid));

    if (ch && vmbus_channel_event(ch, CHANNEL_EV_RELEASE)) {
        if (ch->in.gpadl) {
            channel_close(ch);      /* released without CLOSE */
        }
        channel_release(ch);
    } else {
        trace_hv_vmbus_message_refused(VMBUS_MSG_RELID_RELEASED, len,
                                    "not rescinded");
    }
}

void vmbus_channel_msg_modify(VmbusBus *bus, const uint8_t *msg, size_t len)
{
    const VmbusMsgModifyChannel *m = (const VmbusMsgModifyChannel *)msg;
    VmbusChannel *ch = vmbus_channel_by_relid(bus, rd_le32(&m->relid));
    uint32_t vp = rd_le32(&m->target_vp);
    VmbusMsgModifyResponse reply = {
        .relid = m->relid,
        .status = GUINT32_TO_LE(VMBUS_STATUS_INVALID),
    };

    if (ch && vmbus_channel_has_rings(ch) &&
        vp < bus->ops->vp_count(bus->opaque)) {
        trace_hv_vmbus_channel_retarget(ch->relid, vp);
        ch->target_vp = vp;
        reply.status = VMBUS_STATUS_OK;
    }
    if (bus->version >= VMBUS_VERSION_5_3) {
        vmbus_send_message(bus, VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, &reply,
                           sizeof(reply));
    }
}

/* --- what a device sees ------------------------------------------------------ */

bool vmbus_channel_has_rings(const VmbusChannel *ch)
{
    return ch->state == CHANNEL_OPEN || ch->state == CHANNEL_WITHDRAWN;
}

bool vmbus_channel_is_open(const VmbusChannel *ch)
{
    return vmbus_channel_has_rings(ch);
}

bool vmbus_channel_is_broken(const VmbusChannel *ch)
{
    return ch->broken;
}

uint32_t vmbus_channel_relid(const VmbusChannel *ch)
{
    return ch->relid;
}

uint32_t vmbus_channel_target_vp(const VmbusChannel *ch)
{
    return ch->target_vp;
}

VmbusBus *vmbus_channel_bus(const VmbusChannel *ch)
{
    return ch->bus;
}

const uint8_t *vmbus_channel_open_data(const VmbusChannel *ch)
{
    return ch->open_data;
}

void vmbus_channel_broken(VmbusChannel *ch, const char *why)
{
    if (!ch->broken) {
        trace_hv_vmbus_channel_break(ch->relid, why);
        ch->broken = true;
    }
}
