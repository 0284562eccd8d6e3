/*
 * The guest's side of VMBus: see fake-guest.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fake-guest.h"

#include <sys/mman.h>

/* the machine */

static bool mem_access(FakeGuest *g, uint64_t gpa, void *buf, size_t len,
                       bool write)
{
    if (!iov_in_range(gpa, len, FAKE_GUEST_RAM)) {
        return false;
    }
    if (write) {
        memcpy(g->ram + gpa, buf, len);
    } else {
        memcpy(buf, g->ram + gpa, len);
    }
    return true;
}

static bool op_mem_read(void *opaque, uint64_t gpa, void *buf, size_t len)
{
    return mem_access(opaque, gpa, buf, len, false);
}

static bool op_mem_write(void *opaque, uint64_t gpa, const void *buf,
                         size_t len)
{
    return mem_access(opaque, gpa, (void *)buf, len, true);
}

static bool op_post_message(void *opaque, uint32_t vp, uint32_t sint,
                            const void *payload, size_t len)
{
    FakeGuest *g = opaque;
    FakeMessage *m;

    if (g->slot_busy) {
        return false;
    }
    m = g_new0(FakeMessage, 1);
    m->vp = vp;
    m->sint = sint;
    m->len = len;
    memcpy(m->data, payload, len);
    g_queue_push_tail(&g->inbox, m);
    return true;
}

static void op_signal_event(void *opaque, uint32_t vp, uint32_t sint,
                            uint32_t flag)
{
    FakeGuest *g = opaque;

    g->events++;
    g->event_vp = vp;
    g->event_flag = flag;
}

static uint32_t op_vp_count(void *opaque)
{
    return FAKE_GUEST_VPS;
}

static void op_schedule(void *opaque)
{
    ((FakeGuest *)opaque)->scheduled = true;
}

static const VmbusBusOps fake_ops = {
    .mem_read = op_mem_read,
    .mem_write = op_mem_write,
    .post_message = op_post_message,
    .signal_event = op_signal_event,
    .vp_count = op_vp_count,
    .schedule = op_schedule,
};

FakeGuest *fake_guest_new(void)
{
    FakeGuest *g = g_new0(FakeGuest, 1);

    g->ram = mmap(NULL, FAKE_GUEST_RAM, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    g_assert_true(g->ram != MAP_FAILED);
    g->next_page = 1 << 20;
    g->next_gpadl = 0xe1e10;
    g->connection = VMBUS_CONNECTION_MESSAGE_5;
    g->offers = g_array_new(FALSE, TRUE, sizeof(VmbusMsgOffer));
    g_queue_init(&g->inbox);
    g->bus = vmbus_bus_new(&fake_ops, g);
    return g;
}

FakeGuest *fake_guest_clone(const FakeGuest *g)
{
    FakeGuest *to = fake_guest_new();

    memcpy(to->ram, g->ram, g->next_page);
    to->next_page = g->next_page;
    to->next_gpadl = g->next_gpadl;
    to->connection = g->connection;
    g_array_append_vals(to->offers, g->offers->data, g->offers->len);
    return to;
}

void fake_guest_free(FakeGuest *g)
{
    vmbus_bus_free(g->bus);
    munmap(g->ram, FAKE_GUEST_RAM);
    g_queue_clear_full(&g->inbox, g_free);
    g_array_free(g->offers, TRUE);
    g_free(g);
}

void fake_guest_run(FakeGuest *g)
{
    for (int i = 0; i < 10000 && g->scheduled; i++) {
        g->scheduled = false;
        vmbus_bus_run(g->bus);
    }
    g_assert_false(g->scheduled);
}

/* messages */

uint16_t fake_guest_post_raw(FakeGuest *g, const void *msg, size_t len)
{
    return vmbus_bus_guest_message(g->bus, g->connection, msg, len);
}

uint16_t fake_guest_post(FakeGuest *g, uint32_t type, void *msg, size_t len)
{
    uint16_t status;

    wr_le32(msg, type);
    status = fake_guest_post_raw(g, msg, len);
    fake_guest_run(g);
    return status;
}

uint32_t fake_guest_next_type(FakeGuest *g)
{
    FakeMessage *m = g_queue_peek_head(&g->inbox);

    return m ? rd_le32(m->data) : 0;
}

void fake_guest_expect(FakeGuest *g, uint32_t type, void *msg, size_t len)
{
    g_autofree FakeMessage *m = NULL;

    g_assert_cmpuint(fake_guest_next_type(g), ==, type);
    m = g_queue_pop_head(&g->inbox);
    g_assert_cmpuint(m->len, >=, len);
    memcpy(msg, m->data, len);
}

bool fake_guest_contact(FakeGuest *g, uint32_t version)
{
    VmbusMsgInitiateContact msg = { .version = GUINT32_TO_LE(version) };
    VmbusMsgVersionResponse reply;

    if (version >= VMBUS_VERSION_5_0) {
        msg.sint = VMBUS_SINT;
        g->connection = VMBUS_CONNECTION_MESSAGE_5;
    } else {
        g->connection = VMBUS_CONNECTION_MESSAGE;
    }
    if (fake_guest_post(g, VMBUS_MSG_INITIATE_CONTACT, &msg, sizeof(msg)) !=
        HV_STATUS_SUCCESS) {
        return false;
    }
    fake_guest_expect(g, VMBUS_MSG_VERSION_RESPONSE, &reply, sizeof(reply));
    if (reply.supported && version >= VMBUS_VERSION_5_0) {
        g->connection = rd_le32(&reply.connection_id);
    }
    return reply.supported;
}

const VmbusMsgOffer *fake_guest_take_offer(FakeGuest *g)
{
    VmbusMsgOffer offer;

    fake_guest_expect(g, VMBUS_MSG_OFFER, &offer, sizeof(offer));
    g_array_append_val(g->offers, offer);
    return &g_array_index(g->offers, VmbusMsgOffer, g->offers->len - 1);
}

void fake_guest_connect(FakeGuest *g)
{
    VmbusMsgHeader msg = { 0 };

    g_assert_true(fake_guest_contact(g, VMBUS_VERSION_5_3));
    g_array_set_size(g->offers, 0);
    fake_guest_post(g, VMBUS_MSG_REQUEST_OFFERS, &msg, sizeof(msg));
    while (fake_guest_next_type(g) == VMBUS_MSG_OFFER) {
        fake_guest_take_offer(g);
    }
    fake_guest_expect(g, VMBUS_MSG_ALL_OFFERS, &msg, sizeof(msg));
}

const VmbusMsgOffer *fake_guest_find_offer(FakeGuest *g, const char *class_id,
                                           uint16_t sub_channel_index)
{
    VmbusGuid guid;

    g_assert_true(vmbus_guid_parse(class_id, &guid));
    for (guint i = 0; i < g->offers->len; i++) {
        const VmbusMsgOffer *o = &g_array_index(g->offers, VmbusMsgOffer, i);

        if (memcmp(o->class_id, guid.b, 16) == 0 &&
            rd_le16(&o->sub_channel_index) == sub_channel_index) {
            return o;
        }
    }
    return NULL;
}

/* memory */

uint64_t fake_guest_alloc(FakeGuest *g, size_t pages)
{
    uint64_t gpa = g->next_page;

    g->next_page += pages * HV_PAGE_SIZE;
    g_assert_cmpuint(g->next_page, <=, FAKE_GUEST_RAM);
    return gpa;
}

void fake_guest_write(FakeGuest *g, uint64_t gpa, const void *buf, size_t len)
{
    g_assert_true(mem_access(g, gpa, (void *)buf, len, true));
}

void fake_guest_read(FakeGuest *g, uint64_t gpa, void *buf, size_t len)
{
    g_assert_true(mem_access(g, gpa, buf, len, false));
}

/* GPADLs */

static void gpadl_post(FakeGuest *g, FakeGpadl *gpadl)
{
    uint64_t count = gpadl->size / HV_PAGE_SIZE;
    uint64_t done = 0;

    while (done < count) {
        uint8_t msg[VMBUS_MESSAGE_MAX] = { 0 };
        size_t at;

        if (done == 0) {
            VmbusMsgGpadlHeader *head = (VmbusMsgGpadlHeader *)msg;
            VmbusGpaRangeHeader *range = (VmbusGpaRangeHeader *)(head + 1);

            wr_le32(&head->header.type, VMBUS_MSG_GPADL_HEADER);
            wr_le32(&head->relid, gpadl->relid);
            wr_le32(&head->gpadl, gpadl->id);
            wr_le16(&head->range_bytes, sizeof(*range) + count * 8);
            wr_le16(&head->range_count, 1);
            wr_le32(&range->byte_count, gpadl->size);
            at = sizeof(*head) + sizeof(*range);
        } else {
            VmbusMsgGpadlBody *body = (VmbusMsgGpadlBody *)msg;

            wr_le32(&body->header.type, VMBUS_MSG_GPADL_BODY);
            wr_le32(&body->gpadl, gpadl->id);
            at = sizeof(*body);
        }
        for (; done < count && at + 8 <= sizeof(msg); done++, at += 8) {
            wr_le64(msg + at, gpadl->pages[done] / HV_PAGE_SIZE);
        }
        g_assert_cmpint(fake_guest_post_raw(g, msg, at), ==,
                        HV_STATUS_SUCCESS);
        fake_guest_run(g);
    }
}

FakeGpadl *fake_gpadl_create(FakeGuest *g, uint32_t relid, uint64_t size)
{
    FakeGpadl *gpadl = g_new0(FakeGpadl, 1);
    VmbusMsgGpadlCreated reply;
    size_t pages = size / HV_PAGE_SIZE;

    gpadl->id = g->next_gpadl++;
    gpadl->relid = relid;
    gpadl->size = size;
    gpadl->pages = g_new0(uint64_t, pages);
    /* Backwards, so that contiguous access shows when pages are mixed up. */
    for (size_t i = pages; i-- > 0;) {
        gpadl->pages[i] = fake_guest_alloc(g, 1);
    }
    gpadl_post(g, gpadl);
    fake_guest_expect(g, VMBUS_MSG_GPADL_CREATED, &reply, sizeof(reply));
    g_assert_cmphex(rd_le32(&reply.gpadl), ==, gpadl->id);
    g_assert_cmphex(rd_le32(&reply.relid), ==, relid);
    g_assert_cmphex(rd_le32(&reply.status), ==, 0);
    return gpadl;
}

static void gpadl_access(FakeGuest *g, FakeGpadl *gpadl, uint64_t offset,
                         void *buf, size_t len, bool write)
{
    uint8_t *p = buf;

    g_assert_true(iov_in_range(offset, len, gpadl->size));
    while (len) {
        size_t n = MIN(len, HV_PAGE_SIZE - offset % HV_PAGE_SIZE);

        g_assert_true(mem_access(g, gpadl->pages[offset / HV_PAGE_SIZE] +
                                 offset % HV_PAGE_SIZE, p, n, write));
        offset += n;
        p += n;
        len -= n;
    }
}

void fake_gpadl_write(FakeGuest *g, FakeGpadl *gpadl, uint64_t offset,
                      const void *buf, size_t len)
{
    gpadl_access(g, gpadl, offset, (void *)buf, len, true);
}

void fake_gpadl_read(FakeGuest *g, FakeGpadl *gpadl, uint64_t offset,
                     void *buf, size_t len)
{
    gpadl_access(g, gpadl, offset, buf, len, false);
}

void fake_gpadl_teardown(FakeGuest *g, FakeGpadl *gpadl, bool expect_reply)
{
    VmbusMsgGpadlTeardown msg = {
        .relid = GUINT32_TO_LE(gpadl->relid),
        .gpadl = GUINT32_TO_LE(gpadl->id),
    };
    VmbusMsgGpadlTorndown reply;

    fake_guest_post(g, VMBUS_MSG_GPADL_TEARDOWN, &msg, sizeof(msg));
    if (expect_reply) {
        fake_guest_expect(g, VMBUS_MSG_GPADL_TORNDOWN, &reply, sizeof(reply));
        g_assert_cmphex(rd_le32(&reply.gpadl), ==, gpadl->id);
    }
}

void fake_gpadl_free(FakeGpadl *gpadl)
{
    g_free(gpadl->pages);
    g_free(gpadl);
}

/* channels */

FakeChannel *fake_channel_open(FakeGuest *g, uint32_t relid, unsigned pages,
                               const void *user_data, size_t len)
{
    FakeChannel *ch = g_new0(FakeChannel, 1);
    VmbusMsgOpenResult reply;
    VmbusMsgOpen msg = { 0 };

    ch->guest = g;
    ch->relid = relid;
    ch->connection = VMBUS_CONNECTION_CHANNEL + relid;
    ch->ring_size = (pages - 1) * HV_PAGE_SIZE;
    ch->gpadl = fake_gpadl_create(g, relid, 2 * pages * HV_PAGE_SIZE);
    wr_le32(&msg.relid, relid);
    wr_le32(&msg.open_id, relid);
    wr_le32(&msg.ring_gpadl, ch->gpadl->id);
    wr_le32(&msg.target_vp, relid % FAKE_GUEST_VPS);
    wr_le32(&msg.downstream_page, pages);
    if (len) {
        memcpy(msg.user_data, user_data, len);
    }
    fake_guest_post(g, VMBUS_MSG_OPEN, &msg, sizeof(msg));
    fake_guest_expect(g, VMBUS_MSG_OPEN_RESULT, &reply, sizeof(reply));
    g_assert_cmphex(rd_le32(&reply.relid), ==, relid);
    g_assert_cmphex(rd_le32(&reply.status), ==, 0);
    return ch;
}

void fake_channel_free(FakeChannel *ch)
{
    fake_gpadl_free(ch->gpadl);
    g_free(ch);
}

void fake_channel_close(FakeChannel *ch)
{
    VmbusMsgRelid msg = { .relid = GUINT32_TO_LE(ch->relid) };

    fake_guest_post(ch->guest, VMBUS_MSG_CLOSE, &msg, sizeof(msg));
    fake_gpadl_teardown(ch->guest, ch->gpadl, true);
    fake_channel_free(ch);
}

void fake_channel_move(FakeChannel *ch, FakeGuest *to)
{
    ch->guest = to;
}

static uint64_t ring_base(const FakeChannel *ch, bool incoming)
{
    return incoming ? HV_PAGE_SIZE + ch->ring_size : 0;
}

void fake_channel_poke(FakeChannel *ch, bool incoming, size_t field,
                       uint32_t value)
{
    value = GUINT32_TO_LE(value);
    fake_gpadl_write(ch->guest, ch->gpadl, ring_base(ch, incoming) + field,
                     &value, sizeof(value));
}

uint32_t fake_channel_peek(FakeChannel *ch, bool incoming, size_t field)
{
    uint8_t b[4];

    fake_gpadl_read(ch->guest, ch->gpadl, ring_base(ch, incoming) + field,
                    b, sizeof(b));
    return rd_le32(b);
}

#define CONTROL(field) offsetof(VmbusRingControl, field)

static void ring_access(FakeChannel *ch, bool incoming, uint32_t index,
                        void *buf, uint32_t len)
{
    uint64_t data = ring_base(ch, incoming) + HV_PAGE_SIZE;
    uint32_t first = MIN(len, ch->ring_size - index);
    uint8_t *p = buf;

    gpadl_access(ch->guest, ch->gpadl, data + index, p, first, !incoming);
    gpadl_access(ch->guest, ch->gpadl, data, p + first, len - first,
                 !incoming);
}

bool fake_channel_send(FakeChannel *ch, uint16_t type, uint16_t flags,
                       uint64_t trans_id, const void *desc, size_t desc_len,
                       const void *payload, size_t len)
{
    size_t payload_at = sizeof(VmbusPacketDescriptor) +
                        ((desc_len + 7) & ~(size_t)7);
    size_t size = (payload_at + len + 7) & ~(size_t)7;
    size_t total = size + VMBUS_PACKET_TRAILER;
    g_autofree uint8_t *packet = g_malloc0(total);
    VmbusPacketDescriptor *head = (VmbusPacketDescriptor *)packet;
    uint32_t read = fake_channel_peek(ch, false, CONTROL(read_index));
    uint32_t old = ch->out_index;
    uint32_t used = old >= read ? old - read : ch->ring_size - read + old;

    if (total >= ch->ring_size - used) {
        return false;
    }
    wr_le16(&head->type, type);
    wr_le16(&head->offset8, payload_at / 8);
    wr_le16(&head->len8, size / 8);
    wr_le16(&head->flags, flags);
    wr_le64(&head->trans_id, trans_id);
    if (desc_len) {
        memcpy(packet + sizeof(*head), desc, desc_len);
    }
    if (len) {
        memcpy(packet + payload_at, payload, len);
    }
    wr_le64(packet + size, (uint64_t)old << 32);
    ring_access(ch, false, old, packet, total);
    ch->out_index = (old + total) % ch->ring_size;
    fake_channel_poke(ch, false, CONTROL(write_index), ch->out_index);
    if (fake_channel_peek(ch, false, CONTROL(interrupt_mask)) == 0 &&
        old == fake_channel_peek(ch, false, CONTROL(read_index))) {
        vmbus_bus_guest_signal(ch->guest->bus, ch->connection, 0);
    }
    return true;
}

static uint32_t free_in(FakeChannel *ch, uint32_t read)
{
    uint32_t write = fake_channel_peek(ch, true, CONTROL(write_index));

    return write >= read ? ch->ring_size - (write - read) : read - write;
}

FakePacket *fake_channel_recv(FakeChannel *ch)
{
    uint32_t write = fake_channel_peek(ch, true, CONTROL(write_index));
    uint32_t pending, before;
    size_t size, offset;
    uint8_t head[16];
    FakePacket *pkt;

    if (write == ch->in_index) {
        return NULL;
    }
    ring_access(ch, true, ch->in_index, head, sizeof(head));
    offset = rd_le16(head + 2) * 8;
    size = rd_le16(head + 4) * 8;
    g_assert_cmpuint(offset, >=, 16);
    g_assert_cmpuint(size, >=, offset);
    pkt = g_new0(FakePacket, 1);
    pkt->type = rd_le16(head);
    pkt->flags = rd_le16(head + 6);
    pkt->trans_id = rd_le64(head + 8);
    pkt->desc_len = offset - 16;
    pkt->len = size - offset;
    pkt->desc = g_malloc0(pkt->desc_len + 1);
    pkt->payload = g_malloc0(pkt->len + 1);
    ring_access(ch, true, (ch->in_index + 16) % ch->ring_size, pkt->desc,
                pkt->desc_len);
    ring_access(ch, true, (ch->in_index + offset) % ch->ring_size,
                pkt->payload, pkt->len);

    before = free_in(ch, ch->in_index);
    ch->in_index = (ch->in_index + size + VMBUS_PACKET_TRAILER) %
                   ch->ring_size;
    fake_channel_poke(ch, true, CONTROL(read_index), ch->in_index);
    pending = fake_channel_peek(ch, true, CONTROL(pending_send_size));
    if (pending && before <= pending && free_in(ch, ch->in_index) > pending) {
        vmbus_bus_guest_signal(ch->guest->bus, ch->connection, 0);
    }
    return pkt;
}

void fake_packet_free(FakePacket *pkt)
{
    g_free(pkt->desc);
    g_free(pkt->payload);
    g_free(pkt);
}

size_t fake_gpa_desc(uint8_t *desc, uint64_t gpa, uint32_t len)
{
    uint64_t first = gpa / HV_PAGE_SIZE;
    uint64_t last = (gpa + len - 1) / HV_PAGE_SIZE;
    uint8_t *p = desc + sizeof(VmbusGpaDirectHeader);

    wr_le32(desc, 0);
    wr_le32(desc + 4, 1);
    wr_le32(p, len);
    wr_le32(p + 4, gpa % HV_PAGE_SIZE);
    p += sizeof(VmbusGpaRangeHeader);
    for (; first <= last; first++, p += 8) {
        wr_le64(p, first);
    }
    return p - desc;
}
