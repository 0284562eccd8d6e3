/*
 * NetVSP: sub-channels, offered when the guest asks and withdrawn when the
 * primary closes; and the table that tells the guest which channel to send on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

#include "iovlab-trace.h"

NetvspQueue *netvsp_queue_new(Netvsp *n, uint16_t index)
{
    NetvspQueue *q = g_new0(NetvspQueue, 1);

    q->n = n;
    q->index = index;
    return q;
}

/* With @adopt, the channel came with the migration stream. */
bool netvsp_queue_offer(NetvspQueue *q, bool adopt)
{
    VmbusOffer offer = {
        .instance_id = q->n->instance_id,
        .sub_channel_index = q->index,
    };

    vmbus_guid_parse(VMBUS_CLASS_NETWORK, &offer.class_id);
    q->ch = adopt
        ? vmbus_channel_adopt(q->n->bus, &offer, &netvsp_channel_ops, q)
        : vmbus_channel_offer(q->n->bus, &offer, &netvsp_channel_ops, q);
    return q->ch != NULL;
}

unsigned netvsp_subchannels_grant(Netvsp *n, uint32_t wanted)
{
    unsigned granted = 0;

    wanted = n->rescinded ? 0
                          : MIN(wanted, (uint32_t)(n->max_channels - 1));
    while (granted < wanted) {
        unsigned index = granted + 1;
        NetvspQueue *q = netvsp_queue_new(n, index);

        if (!netvsp_queue_offer(q, false)) {
            g_free(q);
            break;
        }
        n->queues[index] = q;
        granted++;
    }
    n->sub_channels = granted;
    return granted;
}

void netvsp_subchannels_end(Netvsp *n, void (*end)(VmbusChannel *ch))
{
    /* Those withdrawn earlier end now if that is what is asked. */
    for (unsigned i = 0; i < n->dying->len; i++) {
        end(((NetvspQueue *)g_ptr_array_index(n->dying, i))->ch);
    }
    for (unsigned i = 1; i < NETVSP_CHANNELS_MAX; i++) {
        NetvspQueue *q = n->queues[i];

        if (q) {
            n->queues[i] = NULL;
            g_ptr_array_add(n->dying, q);
            /* May close it, release it and free it. */
            end(q->ch);
        }
    }
    n->sub_channels = 0;
    n->table_due = false;
}

/*
 * Sent once all granted sub-channels are open: the guest then sets a table of
 * its own, which an earlier one would lose to.
 */
bool netvsp_send_table(Netvsp *n)
{
    struct IOV_PACKED {
        NvspSendTable head;
        uint8_t gap[NVSP_SEND_TABLE_OFFSET - sizeof(NvspSendTable)];
        uint32_t entries[NVSP_SEND_TABLE_ENTRIES];
    } msg = {
        .head.type = GUINT32_TO_LE(NVSP_MSG_SEND_INDIRECTION_TABLE),
        .head.count = GUINT32_TO_LE(NVSP_SEND_TABLE_ENTRIES),
        .head.offset = GUINT32_TO_LE(NVSP_SEND_TABLE_OFFSET),
    };

    for (unsigned i = 1; i <= n->sub_channels; i++) {
        if (!n->queues[i] || !n->queues[i]->open) {
            return true;
        }
    }
    for (unsigned i = 0; i < NVSP_SEND_TABLE_ENTRIES; i++) {
        msg.entries[i] = GUINT32_TO_LE(i % (n->sub_channels + 1));
    }
    if (!netvsp_send_message(n, &msg, sizeof(msg))) {
        return false;
    }
    n->table_due = false;
    return true;
}
