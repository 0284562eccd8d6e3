/*
 * GPADLs: the guest's page lists, in a header message and any number of
 * bodies; ids are the guest's choice and unique within the connection.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vmbus-internal.h"

#include "iovlab-trace.h"

static const char *const gpadl_state_name[] = {
    [GPADL_BUILDING] = "building",
    [GPADL_READY] = "ready",
    [GPADL_TEARING_DOWN] = "tearing down",
    [GPADL_DEAD] = "dead",
};

static void gpadl_set_state(VmbusGpadl *gpadl, VmbusGpadlState state)
{
    gpadl->state = state;
    trace_hv_vmbus_gpadl_state(gpadl->id, gpadl->relid, gpadl_state_name[state],
                            gpadl->size);
}

static void send_created(VmbusBus *bus, uint32_t relid, uint32_t id,
                         uint32_t status)
{
    VmbusMsgGpadlCreated msg = {
        .relid = GUINT32_TO_LE(relid),
        .gpadl = GUINT32_TO_LE(id),
        .status = GUINT32_TO_LE(status),
    };

    vmbus_send_message(bus, VMBUS_MSG_GPADL_CREATED, &msg, sizeof(msg));
}

static void gpadl_free(VmbusGpadl *gpadl)
{
    g_free(gpadl->ranges);
    g_free(gpadl);
}

/* Takes it out of the table; it lives on, dead, while it is referenced. */
static void gpadl_remove(VmbusGpadl *gpadl)
{
    VmbusBus *bus = gpadl->bus;

    g_hash_table_remove(bus->gpadls, GUINT_TO_POINTER(gpadl->id));
    bus->gpadl_bytes -= gpadl->range_bytes;
    gpadl_set_state(gpadl, GPADL_DEAD);
    if (gpadl->refs == 0) {
        gpadl_free(gpadl);
    }
}

static void gpadl_torndown(VmbusGpadl *gpadl)
{
    VmbusMsgGpadlTorndown msg = { .gpadl = GUINT32_TO_LE(gpadl->id) };
    VmbusBus *bus = gpadl->bus;

    gpadl_remove(gpadl);
    vmbus_send_message(bus, VMBUS_MSG_GPADL_TORNDOWN, &msg, sizeof(msg));
}

VmbusGpadl *vmbus_gpadl_new(VmbusBus *bus, uint32_t id, uint32_t relid,
                            uint16_t range_count, uint16_t range_bytes)
{
    VmbusGpadl *gpadl;

    if (g_hash_table_contains(bus->gpadls, GUINT_TO_POINTER(id)) ||
        g_hash_table_size(bus->gpadls) >= VMBUS_GPADLS_MAX ||
        bus->gpadl_bytes + range_bytes > VMBUS_GPADL_BYTES_MAX) {
        return NULL;
    }
    gpadl = g_new0(VmbusGpadl, 1);
    *gpadl = (VmbusGpadl) {
        .bus = bus,
        .id = id,
        .relid = relid,
        .range_count = range_count,
        .range_bytes = range_bytes,
        .ranges = g_malloc0(range_bytes),
    };
    g_hash_table_insert(bus->gpadls, GUINT_TO_POINTER(id), gpadl);
    bus->gpadl_bytes += range_bytes;
    return gpadl;
}

bool vmbus_gpadl_complete(VmbusGpadl *gpadl)
{
    if (!vmbus_ranges_size(gpadl->ranges, gpadl->range_bytes,
                           gpadl->range_count, &gpadl->size) ||
        gpadl->size == 0) {
        return false;
    }
    gpadl_set_state(gpadl, GPADL_READY);
    return true;
}

/* More of the ranges came.  The last ones complete the list. */
static void gpadl_append(VmbusGpadl *gpadl, const uint8_t *bytes, size_t len)
{
    VmbusBus *bus = gpadl->bus;
    uint32_t id = gpadl->id, relid = gpadl->relid;
    size_t n = MIN(len, (size_t)gpadl->range_bytes - gpadl->filled);

    memcpy(gpadl->ranges + gpadl->filled, bytes, n);
    gpadl->filled += n;
    if (gpadl->filled < gpadl->range_bytes) {
        return;
    }
    if (vmbus_gpadl_complete(gpadl)) {
        send_created(bus, relid, id, VMBUS_STATUS_OK);
    } else {
        trace_hv_vmbus_gpadl_refuse(id, "malformed ranges");
        gpadl_remove(gpadl);
        send_created(bus, relid, id, VMBUS_STATUS_INVALID);
    }
}

void vmbus_gpadl_header(VmbusBus *bus, const uint8_t *msg, size_t len)
{
    const VmbusMsgGpadlHeader *m = (const VmbusMsgGpadlHeader *)msg;
    uint32_t relid = rd_le32(&m->relid);
    uint32_t id = rd_le32(&m->gpadl);
    uint16_t bytes = rd_le16(&m->range_bytes);
    uint16_t count = rd_le16(&m->range_count);
    VmbusChannel *ch = vmbus_channel_by_relid(bus, relid);
    VmbusGpadl *gpadl;

    if (!ch || (ch->state != CHANNEL_OFFERED && ch->state != CHANNEL_OPEN)) {
        trace_hv_vmbus_gpadl_refuse(id, "no such channel");
        send_created(bus, relid, id, VMBUS_STATUS_INVALID);
        return;
    }
    if (id == 0 || count == 0 || bytes < sizeof(VmbusGpaRangeHeader) + 8) {
        trace_hv_vmbus_gpadl_refuse(id, "no ranges");
        send_created(bus, relid, id, VMBUS_STATUS_INVALID);
        return;
    }
    gpadl = vmbus_gpadl_new(bus, id, relid, count, bytes);
    if (!gpadl) {
        trace_hv_vmbus_gpadl_refuse(id, "id in use, or too many");
        send_created(bus, relid, id, VMBUS_STATUS_NO_RESOURCES);
        return;
    }
    gpadl_append(gpadl, msg + sizeof(*m), len - sizeof(*m));
}

void vmbus_gpadl_body(VmbusBus *bus, const uint8_t *msg, size_t len)
{
    const VmbusMsgGpadlBody *m = (const VmbusMsgGpadlBody *)msg;
    uint32_t id = rd_le32(&m->gpadl);
    VmbusGpadl *gpadl = g_hash_table_lookup(bus->gpadls, GUINT_TO_POINTER(id));

    if (!gpadl || gpadl->state != GPADL_BUILDING) {
        trace_hv_vmbus_gpadl_refuse(id, "body without header");
        return;
    }
    gpadl_append(gpadl, msg + sizeof(*m), len - sizeof(*m));
}

void vmbus_gpadl_teardown(VmbusBus *bus, const uint8_t *msg, size_t len)
{
    const VmbusMsgGpadlTeardown *m = (const VmbusMsgGpadlTeardown *)msg;
    uint32_t id = rd_le32(&m->gpadl);
    VmbusGpadl *gpadl = g_hash_table_lookup(bus->gpadls, GUINT_TO_POINTER(id));

    if (!gpadl || gpadl->relid != rd_le32(&m->relid) ||
        (gpadl->state != GPADL_READY && gpadl->state != GPADL_BUILDING)) {
        trace_hv_vmbus_gpadl_refuse(id, "teardown of what is not there");
        return;
    }
    gpadl_set_state(gpadl, GPADL_TEARING_DOWN);
    if (gpadl->refs == 0) {
        gpadl_torndown(gpadl);
    } else if (gpadl->teardown) {
        gpadl->teardown(gpadl->opaque, gpadl);
    }
}

void vmbus_gpadl_drop(VmbusBus *bus, uint32_t relid)
{
    g_autoptr(GList) all = g_hash_table_get_values(bus->gpadls);

    for (GList *l = all; l; l = l->next) {
        VmbusGpadl *gpadl = l->data;

        if (relid == 0 || gpadl->relid == relid) {
            gpadl_remove(gpadl);
        }
    }
}

/* A device that did not take its reference again has no use for it. */
void vmbus_gpadl_after_load(VmbusBus *bus)
{
    g_autoptr(GList) all = g_hash_table_get_values(bus->gpadls);

    for (GList *l = all; l; l = l->next) {
        VmbusGpadl *gpadl = l->data;

        if (gpadl->state == GPADL_TEARING_DOWN && gpadl->refs == 0) {
            gpadl_torndown(gpadl);
        }
    }
}

VmbusGpadl *vmbus_channel_gpadl_get(VmbusChannel *ch, uint32_t gpadl_id)
{
    VmbusBus *bus = ch->bus;
    VmbusGpadl *gpadl = g_hash_table_lookup(bus->gpadls,
                                            GUINT_TO_POINTER(gpadl_id));

    if (!gpadl || gpadl->relid != ch->relid) {
        return NULL;
    }
    /* While loading, a device takes back what it held at the source. */
    if (gpadl->state == GPADL_READY ||
        (gpadl->state == GPADL_TEARING_DOWN && bus->loaded)) {
        gpadl->refs++;
        return gpadl;
    }
    return NULL;
}

void vmbus_gpadl_put(VmbusGpadl *gpadl)
{
    if (!gpadl || --gpadl->refs) {
        return;
    }
    gpadl->teardown = NULL;
    if (gpadl->state == GPADL_DEAD) {
        gpadl_free(gpadl);
    } else if (gpadl->state == GPADL_TEARING_DOWN) {
        gpadl_torndown(gpadl);
    }
}

uint32_t vmbus_gpadl_id(const VmbusGpadl *gpadl)
{
    return gpadl->id;
}

uint64_t vmbus_gpadl_size(const VmbusGpadl *gpadl)
{
    return gpadl->size;
}

static bool gpadl_access(VmbusGpadl *gpadl, uint64_t offset, void *buf,
                         size_t len, bool write)
{
    return gpadl->state == GPADL_READY &&
           iov_in_range(offset, len, gpadl->size) &&
           vmbus_ranges_access(gpadl->bus, gpadl->ranges, gpadl->range_bytes,
                               gpadl->range_count, offset, buf, len, write);
}

bool vmbus_gpadl_read(VmbusGpadl *gpadl, uint64_t offset, void *buf,
                      size_t len)
{
    return gpadl_access(gpadl, offset, buf, len, false);
}

bool vmbus_gpadl_write(VmbusGpadl *gpadl, uint64_t offset, const void *buf,
                       size_t len)
{
    return gpadl_access(gpadl, offset, (void *)buf, len, true);
}

void vmbus_gpadl_set_teardown(VmbusGpadl *gpadl,
                              void (*teardown)(void *opaque,
                                               VmbusGpadl *gpadl),
                              void *opaque)
{
    gpadl->teardown = teardown;
    gpadl->opaque = opaque;
}
