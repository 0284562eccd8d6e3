/*
 * The guest's connection to the bus: contact, version, offers, unload, and
 * the table of messages with their least lengths.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vmbus-internal.h"

#include "iovlab-trace.h"

static const uint32_t versions[] = {
    VMBUS_VERSION_2_4, VMBUS_VERSION_3_0, VMBUS_VERSION_4_0, VMBUS_VERSION_4_1,
    VMBUS_VERSION_5_0, VMBUS_VERSION_5_1, VMBUS_VERSION_5_2, VMBUS_VERSION_5_3,
};

bool vmbus_version_known(uint32_t version)
{
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        if (versions[i] == version) {
            return true;
        }
    }
    return false;
}

/*
 * Everything the guest set up is forgotten; devices keep their offers.  A
 * callback may offer or rescind, so each step looks at the table anew.
 */
void vmbus_connection_drop(VmbusBus *bus, const char *why)
{
    trace_hv_vmbus_connection_close(why);
    bus->version = 0;
    bus->offers_requested = false;
    bus->loaded = false;
    g_queue_clear_full(&bus->tx, g_free);
    for (uint32_t i = 1; i < VMBUS_RELIDS; i++) {
        if (bus->channels[i]) {
            vmbus_channel_disconnect(bus->channels[i]);
        }
    }
    vmbus_gpadl_drop(bus, 0);
    /* What devices said meanwhile was meant for the old connection. */
    g_queue_clear_full(&bus->tx, g_free);
}

static void initiate_contact(VmbusBus *bus, const uint8_t *msg, size_t len)
{
    const VmbusMsgInitiateContact *m = (const VmbusMsgInitiateContact *)msg;
    uint32_t version = rd_le32(&m->version);
    uint32_t vp = rd_le32(&m->target_vp);
    uint8_t sint = version >= VMBUS_VERSION_5_0 ? m->sint : VMBUS_SINT;
    VmbusMsgVersionResponse reply = { 0 };

    vmbus_connection_drop(bus, "new contact");
    bus->message_vp = 0;
    bus->message_sint = VMBUS_SINT;
    if (vp < bus->ops->vp_count(bus->opaque)) {
        bus->message_vp = vp;
        /* SINT 0 is the hypervisor's own (TLFS 11.9). */
        if (sint > 0 && sint < HV_SINTS) {
            bus->message_sint = sint;
        }
        reply.supported = vmbus_version_known(version) &&
                          version <= bus->max_version;
    }
    if (reply.supported) {
        bus->version = version;
        if (version >= VMBUS_VERSION_5_0) {
            wr_le32(&reply.connection_id, VMBUS_CONNECTION_MESSAGE_5);
        }
        trace_hv_vmbus_connection_open(version, bus->message_vp,
                                    bus->message_sint);
    } else {
        trace_hv_vmbus_connection_refuse(version);
    }
    vmbus_send_message(bus, VMBUS_MSG_VERSION_RESPONSE, &reply, sizeof(reply));
}

static void request_offers(VmbusBus *bus, const uint8_t *msg, size_t len)
{
    VmbusMsgHeader reply = { 0 };

    bus->offers_requested = true;
    for (uint32_t i = 1; i < VMBUS_RELIDS; i++) {
        if (bus->channels[i] && bus->channels[i]->state == CHANNEL_IDLE) {
            vmbus_channel_send_offer(bus->channels[i]);
        }
    }
    vmbus_send_message(bus, VMBUS_MSG_ALL_OFFERS, &reply, sizeof(reply));
}

static void unload(VmbusBus *bus, const uint8_t *msg, size_t len)
{
    VmbusMsgHeader reply = { 0 };

    vmbus_connection_drop(bus, "unload");
    vmbus_send_message(bus, VMBUS_MSG_UNLOAD_RESPONSE, &reply, sizeof(reply));
}

typedef struct MessageKind {
    size_t len;                     /* at least */
    uint32_t version;               /* since; 0: also when not connected */
    void (*handle)(VmbusBus *bus, const uint8_t *msg, size_t len);
} MessageKind;

static const MessageKind kinds[] = {
    [VMBUS_MSG_REQUEST_OFFERS] =
        { sizeof(VmbusMsgHeader), VMBUS_VERSION_2_4, request_offers },
    [VMBUS_MSG_OPEN] =
        { sizeof(VmbusMsgOpen), VMBUS_VERSION_2_4, vmbus_channel_msg_open },
    [VMBUS_MSG_CLOSE] =
        { sizeof(VmbusMsgRelid), VMBUS_VERSION_2_4, vmbus_channel_msg_close },
    [VMBUS_MSG_GPADL_HEADER] =
        { sizeof(VmbusMsgGpadlHeader), VMBUS_VERSION_2_4, vmbus_gpadl_header },
    [VMBUS_MSG_GPADL_BODY] =
        { sizeof(VmbusMsgGpadlBody), VMBUS_VERSION_2_4, vmbus_gpadl_body },
    [VMBUS_MSG_GPADL_TEARDOWN] =
        { sizeof(VmbusMsgGpadlTeardown), VMBUS_VERSION_2_4,
          vmbus_gpadl_teardown },
    [VMBUS_MSG_RELID_RELEASED] =
        { sizeof(VmbusMsgRelid), VMBUS_VERSION_2_4,
          vmbus_channel_msg_released },
    [VMBUS_MSG_INITIATE_CONTACT] =
        { sizeof(VmbusMsgInitiateContact), 0, initiate_contact },
    [VMBUS_MSG_UNLOAD] =
        { sizeof(VmbusMsgHeader), VMBUS_VERSION_3_0, unload },
    [VMBUS_MSG_MODIFY_CHANNEL] =
        { sizeof(VmbusMsgModifyChannel), VMBUS_VERSION_4_1,
          vmbus_channel_msg_modify },
};

void vmbus_connection_message(VmbusBus *bus, const uint8_t *msg, size_t len)
{
    uint32_t type = rd_le32(msg);
    const MessageKind *kind = type < G_N_ELEMENTS(kinds) ? &kinds[type] : NULL;

    trace_hv_vmbus_message_rx(type, len);
    if (!kind || !kind->handle) {
        trace_hv_vmbus_message_refused(type, len, "unknown type");
    } else if (len < kind->len) {
        trace_hv_vmbus_message_refused(type, len, "short");
    } else if (bus->version < kind->version) {
        trace_hv_vmbus_message_refused(type, len, "not in this version");
    } else {
        kind->handle(bus, msg, len);
    }
}
