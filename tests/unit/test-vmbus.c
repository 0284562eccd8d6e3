/*
 * VMBus, the host's side, against a guest over plain memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fake-guest.h"

#define NET VMBUS_CLASS_NETWORK
#define CONTROL(field) offsetof(VmbusRingControl, field)

/* A device that counts its callbacks and echoes nothing. */
typedef struct Device {
    VmbusChannel *ch;
    unsigned opens, closes, runs, releases;
    uint32_t refuse;
} Device;

static uint32_t device_open(void *opaque, VmbusChannel *ch)
{
    ((Device *)opaque)->opens++;
    return ((Device *)opaque)->refuse;
}

static void device_close(void *opaque, VmbusChannel *ch)
{
    ((Device *)opaque)->closes++;
}

static void device_run(void *opaque, VmbusChannel *ch)
{
    ((Device *)opaque)->runs++;
}

static void device_released(void *opaque, VmbusChannel *ch)
{
    ((Device *)opaque)->releases++;
    ((Device *)opaque)->ch = NULL;
}

static const VmbusChannelOps device_ops = {
    .name = "test",
    .open = device_open,
    .close = device_close,
    .run = device_run,
    .released = device_released,
};

static VmbusOffer make_offer(uint8_t instance, uint16_t sub)
{
    VmbusOffer offer = { .mmio_megabytes = 3, .sub_channel_index = sub };

    vmbus_guid_parse(NET, &offer.class_id);
    offer.instance_id.b[15] = instance;
    return offer;
}

static void device_offer(Device *dev, FakeGuest *g, uint8_t instance)
{
    VmbusOffer offer = make_offer(instance, 0);

    *dev = (Device) { 0 };
    dev->ch = vmbus_channel_offer(g->bus, &offer, &device_ops, dev);
    g_assert_nonnull(dev->ch);
}

/* A connected guest with one open channel. */
typedef struct Fixture {
    FakeGuest *g;
    Device dev;
    FakeChannel *ch;
} Fixture;

static void fixture_set_up(Fixture *f, gconstpointer data)
{
    f->g = fake_guest_new();
    device_offer(&f->dev, f->g, 1);
    fake_guest_connect(f->g);
    f->ch = fake_channel_open(f->g, vmbus_channel_relid(f->dev.ch), 4, "hi", 2);
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
    g_clear_pointer(&f->ch, fake_channel_free);
    fake_guest_free(f->g);
}

static void post_relid(FakeGuest *g, uint32_t type, uint32_t relid)
{
    VmbusMsgRelid msg = { .relid = GUINT32_TO_LE(relid) };

    g_assert_cmpint(fake_guest_post(g, type, &msg, sizeof(msg)), ==, 0);
}

/* --- connection ------------------------------------------------------------ */

static void test_guid(void)
{
    static const uint8_t wire[16] = {
        0x63, 0x51, 0x61, 0xf8, 0x3e, 0xdf, 0xc5, 0x46,
        0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e
    };
    VmbusGuid guid;
    char text[37];

    g_assert_true(vmbus_guid_parse(NET, &guid));
    g_assert_cmpmem(guid.b, 16, wire, 16);
    vmbus_guid_format(&guid, text);
    g_assert_cmpstr(text, ==, NET);
    g_assert_false(vmbus_guid_parse("f8615163", &guid));
    g_assert_false(vmbus_guid_parse(NET "0", &guid));
}

static void test_versions(void)
{
    FakeGuest *g = fake_guest_new();

    g_assert_true(fake_guest_contact(g, VMBUS_VERSION_5_3));
    g_assert_cmphex(vmbus_bus_version(g->bus), ==, VMBUS_VERSION_5_3);
    g_assert_true(fake_guest_contact(g, VMBUS_VERSION_4_0));
    g_assert_true(fake_guest_contact(g, VMBUS_VERSION_2_4));
    g_assert_false(fake_guest_contact(g, VMBUS_VERSION(6, 0)));
    g_assert_cmphex(vmbus_bus_version(g->bus), ==, 0);
    fake_guest_free(g);
}

static void test_old_host(void)
{
    FakeGuest *g = fake_guest_new();
    VmbusMsgInitiateContact msg = {
        .version = GUINT32_TO_LE(VMBUS_VERSION_5_3)
    };

    vmbus_bus_set_max_version(g->bus, VMBUS_VERSION_4_0);
    g_assert_cmphex(fake_guest_post(g, VMBUS_MSG_INITIATE_CONTACT, &msg,
                                    sizeof(msg)), ==,
                    HV_STATUS_INVALID_CONNECTION_ID);
    g_assert_false(fake_guest_contact(g, VMBUS_VERSION_4_1));
    g_assert_true(fake_guest_contact(g, VMBUS_VERSION_4_0));
    fake_guest_free(g);
}

static void test_offers(void)
{
    FakeGuest *g = fake_guest_new();
    const VmbusMsgOffer *offer;
    Device dev[2];

    device_offer(&dev[0], g, 1);
    fake_guest_connect(g);
    g_assert_cmpuint(g->offers->len, ==, 1);
    offer = fake_guest_find_offer(g, NET, 0);
    g_assert_cmpuint(rd_le32(&offer->relid), ==,
                     vmbus_channel_relid(dev[0].ch));
    g_assert_cmpuint(rd_le16(&offer->mmio_megabytes), ==, 3);
    g_assert_cmpuint(rd_le16(&offer->dedicated), ==, 1);

    /* One more after ALLOFFERS: hot-added. */
    device_offer(&dev[1], g, 2);
    fake_guest_run(g);
    offer = fake_guest_take_offer(g);
    g_assert_cmpuint(offer->instance_id[15], ==, 2);
    fake_guest_free(g);
}

static void test_busy_slot(void)
{
    FakeGuest *g = fake_guest_new();
    Device dev;

    fake_guest_connect(g);
    g->slot_busy = true;
    device_offer(&dev, g, 1);
    fake_guest_run(g);
    g_assert_cmpuint(fake_guest_next_type(g), ==, 0);
    g->slot_busy = false;
    vmbus_bus_slot_free(g->bus, 0);
    fake_guest_run(g);
    fake_guest_take_offer(g);
    fake_guest_free(g);
}

static void test_post_errors(void)
{
    FakeGuest *g = fake_guest_new();
    uint8_t msg[VMBUS_MESSAGE_MAX] = { VMBUS_MSG_UNLOAD };
    uint16_t status = 0;

    g_assert_cmpint(vmbus_bus_guest_message(g->bus, 99, msg, 8), ==,
                    HV_STATUS_INVALID_CONNECTION_ID);
    g_assert_cmpint(vmbus_bus_guest_message(g->bus, 1, msg, 4), ==,
                    HV_STATUS_INVALID_PARAMETER);
    /* A guest that never lets the host run is told to wait. */
    for (int i = 0; i < 1000 && status == 0; i++) {
        status = vmbus_bus_guest_message(g->bus, 1, msg, sizeof(msg));
    }
    g_assert_cmpint(status, ==, HV_STATUS_INSUFFICIENT_BUFFERS);
    fake_guest_run(g);
    g_assert_cmpint(vmbus_bus_guest_message(g->bus, 1, msg, 8), ==, 0);
    g_assert_cmpint(vmbus_bus_guest_signal(g->bus, 0x2001, 0), ==,
                    HV_STATUS_INVALID_CONNECTION_ID);
    fake_guest_free(g);
}

/* --- channels ------------------------------------------------------------- */

static void test_open_close(Fixture *f, gconstpointer data)
{
    g_assert_cmpuint(f->dev.opens, ==, 1);
    g_assert_true(vmbus_channel_is_open(f->dev.ch));
    g_assert_cmpmem(vmbus_channel_open_data(f->dev.ch), 2, "hi", 2);
    fake_channel_close(g_steal_pointer(&f->ch));
    g_assert_cmpuint(f->dev.closes, ==, 1);
    g_assert_false(vmbus_channel_is_open(f->dev.ch));
    f->ch = fake_channel_open(f->g, vmbus_channel_relid(f->dev.ch), 4, "", 0);
    g_assert_cmpuint(f->dev.opens, ==, 2);
}

static void open_and_expect(FakeGuest *g, uint32_t relid, uint32_t gpadl,
                            uint32_t vp, uint32_t page, bool ok)
{
    VmbusMsgOpenResult reply;
    VmbusMsgOpen msg = {
        .relid = GUINT32_TO_LE(relid),
        .ring_gpadl = GUINT32_TO_LE(gpadl),
        .target_vp = GUINT32_TO_LE(vp),
        .downstream_page = GUINT32_TO_LE(page),
    };

    fake_guest_post(g, VMBUS_MSG_OPEN, &msg, sizeof(msg));
    fake_guest_expect(g, VMBUS_MSG_OPEN_RESULT, &reply, sizeof(reply));
    g_assert_cmpint(rd_le32(&reply.status) == 0, ==, ok);
}

static void test_open_refused(void)
{
    FakeGuest *g = fake_guest_new();
    FakeGpadl *gpadl;
    uint32_t relid, bad = GUINT32_TO_LE(0x7ffffff8);
    Device dev;

    device_offer(&dev, g, 1);
    fake_guest_connect(g);
    relid = vmbus_channel_relid(dev.ch);
    gpadl = fake_gpadl_create(g, relid, 4 * HV_PAGE_SIZE);
    open_and_expect(g, relid + 1, gpadl->id, 0, 2, false);
    open_and_expect(g, relid, gpadl->id + 1, 0, 2, false);
    open_and_expect(g, relid, gpadl->id, 0, 1, false);
    open_and_expect(g, relid, gpadl->id, 0, 4, false);
    open_and_expect(g, relid, gpadl->id, 0, UINT32_MAX, false);
    open_and_expect(g, relid, gpadl->id, FAKE_GUEST_VPS, 2, false);
    dev.refuse = VMBUS_STATUS_NO_RESOURCES;
    open_and_expect(g, relid, gpadl->id, 0, 2, false);
    dev.refuse = 0;
    fake_gpadl_write(g, gpadl, CONTROL(read_index), &bad, 4);
    open_and_expect(g, relid, gpadl->id, 0, 2, false);
    bad = 0;
    fake_gpadl_write(g, gpadl, CONTROL(read_index), &bad, 4);
    open_and_expect(g, relid, gpadl->id, 0, 2, true);
    open_and_expect(g, relid, gpadl->id, 0, 2, false);
    g_assert_cmpuint(dev.closes, ==, 0);
    fake_gpadl_free(gpadl);
    fake_guest_free(g);
}

static void test_rescind_open(Fixture *f, gconstpointer data)
{
    uint32_t relid = vmbus_channel_relid(f->dev.ch);
    VmbusMsgRelid msg;
    Device other;

    vmbus_channel_rescind(f->dev.ch);
    g_assert_cmpuint(f->dev.closes, ==, 1);
    g_assert_cmpuint(f->dev.releases, ==, 0);
    fake_guest_run(f->g);
    fake_guest_expect(f->g, VMBUS_MSG_RESCIND, &msg, sizeof(msg));
    g_assert_cmpuint(rd_le32(&msg.relid), ==, relid);

    /* The relid is not given out again before the guest let go of it. */
    device_offer(&other, f->g, 9);
    g_assert_cmpuint(vmbus_channel_relid(other.ch), !=, relid);
    post_relid(f->g, VMBUS_MSG_RELID_RELEASED, relid);
    g_assert_cmpuint(f->dev.releases, ==, 1);
}

static void test_withdraw(Fixture *f, gconstpointer data)
{
    uint32_t relid = vmbus_channel_relid(f->dev.ch);
    VmbusMsgRelid msg;
    VmbusPacket pkt;

    vmbus_channel_withdraw(f->dev.ch);
    vmbus_channel_withdraw(f->dev.ch);
    fake_guest_run(f->g);
    fake_guest_expect(f->g, VMBUS_MSG_RESCIND, &msg, sizeof(msg));
    g_assert_cmpuint(fake_guest_next_type(f->g), ==, 0);

    /* What the guest asks now is still answered. */
    fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 1, 5, NULL, 0, "x", 1);
    g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
    vmbus_channel_consume(f->dev.ch);
    g_assert_true(vmbus_channel_send(f->dev.ch, VM_PKT_COMP, 0, 5, NULL, 0,
                                     "y", 1));
    g_assert_cmpuint(f->dev.closes, ==, 0);
    post_relid(f->g, VMBUS_MSG_CLOSE, relid);
    g_assert_cmpuint(f->dev.closes, ==, 1);
    g_assert_cmpuint(f->dev.releases, ==, 0);
    post_relid(f->g, VMBUS_MSG_RELID_RELEASED, relid);
    g_assert_cmpuint(f->dev.closes, ==, 1);
    g_assert_cmpuint(f->dev.releases, ==, 1);
}

/* Each other way that a withdrawn channel can end. */
static void test_withdraw_ends(Fixture *f, gconstpointer data)
{
    uint32_t relid = vmbus_channel_relid(f->dev.ch);
    VmbusMsgRelid msg;
    Device dev[2];

    for (unsigned i = 0; i < 2; i++) {
        device_offer(&dev[i], f->g, 5 + i);
        fake_guest_run(f->g);
        fake_guest_take_offer(f->g);
        fake_channel_free(fake_channel_open(f->g,
                                            vmbus_channel_relid(dev[i].ch), 2,
                                            "", 0));
        vmbus_channel_withdraw(dev[i].ch);
        fake_guest_run(f->g);
        fake_guest_expect(f->g, VMBUS_MSG_RESCIND, &msg, sizeof(msg));
    }
    vmbus_channel_withdraw(f->dev.ch);
    vmbus_channel_rescind(f->dev.ch);
    g_assert_cmpuint(f->dev.closes, ==, 1);
    post_relid(f->g, VMBUS_MSG_RELID_RELEASED, relid);
    g_assert_cmpuint(f->dev.releases, ==, 1);

    post_relid(f->g, VMBUS_MSG_RELID_RELEASED, vmbus_channel_relid(dev[0].ch));
    g_assert_cmpuint(dev[0].closes, ==, 1);
    g_assert_cmpuint(dev[0].releases, ==, 1);
    vmbus_bus_reset(f->g->bus);
    g_assert_cmpuint(dev[1].closes, ==, 1);
    g_assert_cmpuint(dev[1].releases, ==, 1);
}

static void test_rescind_unseen(void)
{
    FakeGuest *g = fake_guest_new();
    Device dev;

    device_offer(&dev, g, 1);
    vmbus_channel_rescind(dev.ch);
    g_assert_cmpuint(dev.releases, ==, 1);
    g_assert_cmpuint(dev.closes, ==, 0);
    fake_guest_free(g);
}

static void test_reconnect(Fixture *f, gconstpointer data)
{
    Device gone;

    device_offer(&gone, f->g, 2);
    fake_guest_run(f->g);
    fake_guest_take_offer(f->g);
    vmbus_channel_rescind(gone.ch);
    fake_guest_run(f->g);
    fake_guest_next_type(f->g);
    g_queue_clear_full(&f->g->inbox, g_free);

    /* kexec: a new kernel makes contact with no word from the old one. */
    fake_guest_connect(f->g);
    g_assert_cmpuint(f->dev.closes, ==, 1);
    g_assert_cmpuint(gone.releases, ==, 1);
    g_assert_cmpuint(f->g->offers->len, ==, 1);
    g_clear_pointer(&f->ch, fake_channel_free);
    f->ch = fake_channel_open(f->g, vmbus_channel_relid(f->dev.ch), 4, "", 0);
}

static void test_unload(Fixture *f, gconstpointer data)
{
    VmbusMsgHeader msg = { 0 };

    fake_guest_post(f->g, VMBUS_MSG_UNLOAD, &msg, sizeof(msg));
    fake_guest_expect(f->g, VMBUS_MSG_UNLOAD_RESPONSE, &msg, sizeof(msg));
    g_assert_cmpuint(f->dev.closes, ==, 1);
    g_assert_cmpuint(vmbus_bus_version(f->g->bus), ==, 0);
    /* Nothing but contact is heard now. */
    post_relid(f->g, VMBUS_MSG_CLOSE, 1);
    g_assert_cmpuint(fake_guest_next_type(f->g), ==, 0);
}

static void test_modify(Fixture *f, gconstpointer data)
{
    VmbusMsgModifyResponse reply;
    VmbusMsgModifyChannel msg = {
        .relid = GUINT32_TO_LE(vmbus_channel_relid(f->dev.ch)),
        .target_vp = GUINT32_TO_LE(3),
    };

    fake_guest_post(f->g, VMBUS_MSG_MODIFY_CHANNEL, &msg, sizeof(msg));
    fake_guest_expect(f->g, VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, &reply,
                      sizeof(reply));
    g_assert_cmpuint(rd_le32(&reply.status), ==, 0);
    g_assert_cmpuint(vmbus_channel_target_vp(f->dev.ch), ==, 3);
    vmbus_channel_send(f->dev.ch, VM_PKT_DATA_INBAND, 0, 0, NULL, 0, "x", 1);
    g_assert_cmpuint(f->g->event_vp, ==, 3);
    g_assert_cmpuint(f->g->event_flag, ==, vmbus_channel_relid(f->dev.ch));

    msg.target_vp = GUINT32_TO_LE(FAKE_GUEST_VPS);
    fake_guest_post(f->g, VMBUS_MSG_MODIFY_CHANNEL, &msg, sizeof(msg));
    fake_guest_expect(f->g, VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, &reply,
                      sizeof(reply));
    g_assert_cmpuint(rd_le32(&reply.status), !=, 0);
    g_assert_cmpuint(vmbus_channel_target_vp(f->dev.ch), ==, 3);
}

static void test_reset(Fixture *f, gconstpointer data)
{
    vmbus_bus_reset(f->g->bus);
    g_assert_cmpuint(f->dev.closes, ==, 1);
    g_assert_cmpuint(f->dev.releases, ==, 0);
    fake_guest_connect(f->g);
    g_assert_cmpuint(f->g->offers->len, ==, 1);
}

/* --- packets --------------------------------------------------------------- */

static void test_packets(Fixture *f, gconstpointer data)
{
    VmbusPacket pkt;
    unsigned runs = f->dev.runs;

    /* Often enough to go round the ring several times. */
    for (unsigned i = 0; i < 200; i++) {
        uint8_t body[300];
        g_autoptr(FakePacket) back = NULL;

        memset(body, i, sizeof(body));
        g_assert_true(fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 1, i,
                                        NULL, 0, body, sizeof(body)));
        fake_guest_run(f->g);
        g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
        g_assert_cmpuint(pkt.trans_id, ==, i);
        g_assert_cmpuint(pkt.len, ==, 304);
        g_assert_cmpmem(pkt.payload, sizeof(body), body, sizeof(body));
        vmbus_channel_consume(f->dev.ch);
        g_assert_false(vmbus_channel_recv(f->dev.ch, &pkt));

        g_assert_true(vmbus_channel_send(f->dev.ch, VM_PKT_COMP, 0, i, "12345",
                                         5, body, sizeof(body)));
        back = fake_channel_recv(f->ch);
        g_assert_nonnull(back);
        g_assert_cmpuint(back->type, ==, VM_PKT_COMP);
        g_assert_cmpuint(back->trans_id, ==, i);
        g_assert_cmpuint(back->desc_len, ==, 8);
        g_assert_cmpmem(back->payload, sizeof(body), body, sizeof(body));
    }
    g_assert_cmpuint(f->dev.runs, ==, runs + 200);
}

static void test_unconsumed(Fixture *f, gconstpointer data)
{
    VmbusPacket pkt;

    fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 0, 7, NULL, 0, "a", 1);
    fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 0, 8, NULL, 0, "b", 1);
    g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
    g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
    g_assert_cmpuint(pkt.trans_id, ==, 7);
    vmbus_channel_consume(f->dev.ch);
    vmbus_channel_consume(f->dev.ch);
    g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
    g_assert_cmpuint(pkt.trans_id, ==, 8);
}

static void test_full(Fixture *f, gconstpointer data)
{
    static const uint8_t body[1000];
    unsigned sent = 0, runs;

    while (vmbus_channel_send(f->dev.ch, VM_PKT_DATA_INBAND, 0, sent, NULL, 0,
                              body, sizeof(body))) {
        g_assert_cmpuint(++sent, <, 100);
    }
    g_assert_cmpuint(sent, ==, 11);
    g_assert_false(vmbus_channel_can_send(f->dev.ch, sizeof(body)));
    fake_guest_run(f->g);
    runs = f->dev.runs;
    fake_packet_free(fake_channel_recv(f->ch));
    fake_guest_run(f->g);
    g_assert_cmpuint(f->dev.runs, ==, runs + 1);
    g_assert_true(vmbus_channel_can_send(f->dev.ch, sizeof(body)));
    g_assert_true(vmbus_channel_send(f->dev.ch, VM_PKT_DATA_INBAND, 0, 0, NULL,
                                     0, body, sizeof(body)));
    /* What never fits is refused, not waited for. */
    g_assert_false(vmbus_channel_can_send(f->dev.ch, 1 << 20));
}

static void test_signal_for_room(Fixture *f, gconstpointer data)
{
    static const uint8_t body[1000];
    VmbusPacket pkt;
    unsigned events;

    while (fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 0, 0, NULL, 0, body,
                             sizeof(body))) {
    }
    fake_channel_poke(f->ch, false, CONTROL(pending_send_size), 4000);
    events = f->g->events;
    for (unsigned i = 0; i < 2; i++) {
        g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
        vmbus_channel_consume(f->dev.ch);
    }
    g_assert_cmpuint(f->g->events, ==, events);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
        vmbus_channel_consume(f->dev.ch);
    }
    g_assert_cmpuint(f->g->events, ==, events + 1);
}

static void test_mask(Fixture *f, gconstpointer data)
{
    unsigned events = f->g->events;

    fake_channel_poke(f->ch, true, CONTROL(interrupt_mask), 1);
    vmbus_channel_send(f->dev.ch, VM_PKT_DATA_INBAND, 0, 0, NULL, 0, "x", 1);
    g_assert_cmpuint(f->g->events, ==, events);
    fake_channel_poke(f->ch, true, CONTROL(interrupt_mask), 0);
    vmbus_channel_send(f->dev.ch, VM_PKT_DATA_INBAND, 0, 0, NULL, 0, "x", 1);
    g_assert_cmpuint(f->g->events, ==, events + 1);
}

static void test_bad_index(Fixture *f, gconstpointer data)
{
    VmbusPacket pkt;

    fake_channel_poke(f->ch, false, CONTROL(write_index), 0xfffffff8);
    g_assert_false(vmbus_channel_recv(f->dev.ch, &pkt));
    fake_channel_poke(f->ch, false, CONTROL(write_index), 0);
    fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 0, 0, NULL, 0, "x", 1);
    g_assert_false(vmbus_channel_recv(f->dev.ch, &pkt));
    g_assert_false(vmbus_channel_can_send(f->dev.ch, 8));
    /* Broken until it is closed and opened again. */
    fake_channel_close(g_steal_pointer(&f->ch));
    f->ch = fake_channel_open(f->g, vmbus_channel_relid(f->dev.ch), 4, "", 0);
    g_assert_true(vmbus_channel_can_send(f->dev.ch, 8));
}

static void test_bad_packet(Fixture *f, gconstpointer data)
{
    /* type, offset8, len8: each line is wrong in its own way. */
    static const uint16_t bad[][3] = {
        { 6, 1, 4 }, { 6, 5, 4 }, { 6, 2, 1 }, { 6, 2, 0 }, { 6, 2, 0xffff },
        { 6, 2, 5 },
    };
    VmbusPacket pkt;

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        uint8_t head[6];

        for (int k = 0; k < 3; k++) {
            wr_le16(head + 2 * k, bad[i][k]);
        }
        fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 0, 0, NULL, 0,
                          "0123456789abcdef", 16);
        fake_gpadl_write(f->g, f->ch->gpadl, HV_PAGE_SIZE, head, 6);
        g_assert_false(vmbus_channel_recv(f->dev.ch, &pkt));
        g_assert_false(vmbus_channel_can_send(f->dev.ch, 8));
        fake_channel_close(g_steal_pointer(&f->ch));
        f->ch = fake_channel_open(f->g, vmbus_channel_relid(f->dev.ch), 4, "",
                                  0);
    }
}

static void test_held(Fixture *f, gconstpointer data)
{
    VmbusPacket pkt;
    unsigned runs;

    fake_guest_run(f->g);
    runs = f->dev.runs;
    vmbus_bus_hold(f->g->bus, true);
    fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 0, 0, NULL, 0, "x", 1);
    fake_guest_run(f->g);
    g_assert_cmpuint(f->dev.runs, ==, runs);
    g_assert_false(vmbus_channel_recv(f->dev.ch, &pkt));
    g_assert_false(vmbus_channel_send(f->dev.ch, VM_PKT_DATA_INBAND, 0, 0,
                                      NULL, 0, "x", 1));
    vmbus_bus_hold(f->g->bus, false);
    fake_guest_run(f->g);
    g_assert_cmpuint(f->dev.runs, ==, runs + 1);
    g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
}

static void test_gpa_direct(Fixture *f, gconstpointer data)
{
    uint64_t gpa = fake_guest_alloc(f->g, 2) + 4000;
    uint8_t desc[64], got[200], want[200];
    size_t len = fake_gpa_desc(desc, gpa, sizeof(want));
    VmbusGpaRange range;
    VmbusPacket pkt;

    for (size_t i = 0; i < sizeof(want); i++) {
        want[i] = i;
    }
    fake_guest_write(f->g, gpa, want, sizeof(want));
    fake_channel_send(f->ch, VM_PKT_DATA_USING_GPA_DIRECT, 0, 0, desc, len,
                      "head", 4);
    g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
    g_assert_true(vmbus_packet_gpa_range(f->dev.ch, &pkt, &range));
    g_assert_cmpuint(range.size, ==, sizeof(want));
    g_assert_true(vmbus_gpa_range_read(&range, 0, got, sizeof(got)));
    g_assert_cmpmem(got, sizeof(got), want, sizeof(want));
    g_assert_true(vmbus_gpa_range_read(&range, 150, got, 50));
    g_assert_cmpmem(got, 50, want + 150, 50);
    g_assert_false(vmbus_gpa_range_read(&range, 150, got, 51));
    vmbus_channel_consume(f->dev.ch);

    /* More ranges than there are, an absurd length, no RAM. */
    wr_le32(desc + 4, 2);
    fake_channel_send(f->ch, VM_PKT_DATA_USING_GPA_DIRECT, 0, 0, desc, len,
                      NULL, 0);
    g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
    g_assert_false(vmbus_packet_gpa_range(f->dev.ch, &pkt, &range));
    vmbus_channel_consume(f->dev.ch);
    wr_le32(desc + 4, 1);
    wr_le32(desc + 8, UINT32_MAX);
    fake_channel_send(f->ch, VM_PKT_DATA_USING_GPA_DIRECT, 0, 0, desc, len,
                      NULL, 0);
    g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
    g_assert_false(vmbus_packet_gpa_range(f->dev.ch, &pkt, &range));
    vmbus_channel_consume(f->dev.ch);
    len = fake_gpa_desc(desc, 0xfee00000, 8);
    fake_channel_send(f->ch, VM_PKT_DATA_USING_GPA_DIRECT, 0, 0, desc, len,
                      NULL, 0);
    g_assert_true(vmbus_channel_recv(f->dev.ch, &pkt));
    g_assert_true(vmbus_packet_gpa_range(f->dev.ch, &pkt, &range));
    g_assert_false(vmbus_gpa_range_read(&range, 0, got, 8));
}

/* --- GPADLs ------------------------------------------------------------------ */

static void test_gpadl(Fixture *f, gconstpointer data)
{
    uint32_t relid = vmbus_channel_relid(f->dev.ch);
    FakeGpadl *mine = fake_gpadl_create(f->g, relid, 1 << 20);
    VmbusGpadl *gpadl = vmbus_channel_gpadl_get(f->dev.ch, mine->id);
    uint8_t want[10000], got[10000];
    VmbusMsgGpadlTorndown msg;

    g_assert_nonnull(gpadl);
    g_assert_null(vmbus_channel_gpadl_get(f->dev.ch, 12345));
    g_assert_cmpuint(vmbus_gpadl_size(gpadl), ==, 1 << 20);
    for (size_t i = 0; i < sizeof(want); i++) {
        want[i] = i * 7;
    }
    g_assert_true(vmbus_gpadl_write(gpadl, 5000, want, sizeof(want)));
    fake_gpadl_read(f->g, mine, 5000, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), want, sizeof(want));
    g_assert_true(vmbus_gpadl_read(gpadl, 5000, got, sizeof(got)));
    g_assert_cmpmem(got, sizeof(got), want, sizeof(want));
    g_assert_false(vmbus_gpadl_read(gpadl, (1 << 20) - 1, got, 2));
    g_assert_false(vmbus_gpadl_read(gpadl, UINT64_MAX, got, 2));

    /* Teardown waits for the device, but access ends at once. */
    fake_gpadl_teardown(f->g, mine, false);
    g_assert_cmpuint(fake_guest_next_type(f->g), ==, 0);
    g_assert_false(vmbus_gpadl_read(gpadl, 0, got, 1));
    vmbus_gpadl_put(gpadl);
    fake_guest_run(f->g);
    fake_guest_expect(f->g, VMBUS_MSG_GPADL_TORNDOWN, &msg, sizeof(msg));
    g_assert_null(vmbus_channel_gpadl_get(f->dev.ch, mine->id));
    fake_gpadl_free(mine);
}

static uint32_t gpadl_status(FakeGuest *g, uint32_t relid, uint32_t id,
                             uint16_t count, uint16_t bytes,
                             uint32_t byte_count, uint32_t byte_offset)
{
    uint8_t msg[sizeof(VmbusMsgGpadlHeader) + 24] = { 0 };
    VmbusMsgGpadlHeader *head = (VmbusMsgGpadlHeader *)msg;
    VmbusMsgGpadlCreated reply;

    wr_le32(&head->relid, relid);
    wr_le32(&head->gpadl, id);
    wr_le16(&head->range_bytes, bytes);
    wr_le16(&head->range_count, count);
    wr_le32(msg + sizeof(*head), byte_count);
    wr_le32(msg + sizeof(*head) + 4, byte_offset);
    fake_guest_post(g, VMBUS_MSG_GPADL_HEADER, msg, sizeof(msg));
    if (fake_guest_next_type(g) == 0) {
        return UINT32_MAX;
    }
    fake_guest_expect(g, VMBUS_MSG_GPADL_CREATED, &reply, sizeof(reply));
    return rd_le32(&reply.status);
}

static void test_gpadl_bad(Fixture *f, gconstpointer data)
{
    uint32_t relid = vmbus_channel_relid(f->dev.ch);

    g_assert_cmphex(gpadl_status(f->g, relid, 1, 1, 16, 4096, 0), ==, 0);
    g_assert_cmphex(gpadl_status(f->g, relid, 1, 1, 16, 4096, 0), !=, 0);
    g_assert_cmphex(gpadl_status(f->g, relid + 1, 2, 1, 16, 4096, 0), !=, 0);
    g_assert_cmphex(gpadl_status(f->g, relid, 3, 0, 16, 4096, 0), !=, 0);
    g_assert_cmphex(gpadl_status(f->g, relid, 4, 2, 16, 4096, 0), !=, 0);
    g_assert_cmphex(gpadl_status(f->g, relid, 5, 1, 16, 8192, 0), !=, 0);
    g_assert_cmphex(gpadl_status(f->g, relid, 6, 1, 16, UINT32_MAX, 4095),
                    !=, 0);
    g_assert_cmphex(gpadl_status(f->g, relid, 7, 1, 16, 1, 4096), !=, 0);
    g_assert_cmphex(gpadl_status(f->g, relid, 8, 1, 16, 0, 0), !=, 0);
    g_assert_cmphex(gpadl_status(f->g, relid, 9, 1, 8, 4096, 0), !=, 0);
    /* Still waiting for bodies: not to be had, and can be torn down. */
    g_assert_cmphex(gpadl_status(f->g, relid, 10, 1, 64, 4096, 0), ==,
                    UINT32_MAX);
    g_assert_null(vmbus_channel_gpadl_get(f->dev.ch, 10));
}

static void test_gpadl_limit(Fixture *f, gconstpointer data)
{
    uint32_t relid = vmbus_channel_relid(f->dev.ch);
    uint32_t id = 1;

    /* Headers without bodies cost the host memory: there is an end. */
    while (gpadl_status(f->g, relid, id, 1, UINT16_MAX, 4096, 0) ==
           UINT32_MAX) {
        g_assert_cmpuint(++id, <, 10000);
    }
    g_assert_cmpuint(id, >, 64);
}

static void test_gpadl_other_channel(Fixture *f, gconstpointer data)
{
    FakeGpadl *mine;
    Device other;

    device_offer(&other, f->g, 2);
    fake_guest_run(f->g);
    fake_guest_take_offer(f->g);
    mine = fake_gpadl_create(f->g, vmbus_channel_relid(other.ch), 4096);
    g_assert_null(vmbus_channel_gpadl_get(f->dev.ch, mine->id));
    fake_gpadl_free(mine);
}

static void test_ring_gpadl_torn(Fixture *f, gconstpointer data)
{
    VmbusPacket pkt;
    VmbusMsgGpadlTorndown msg;

    /* The guest takes the rings' pages away under an open channel. */
    fake_gpadl_teardown(f->g, f->ch->gpadl, false);
    g_assert_false(vmbus_channel_recv(f->dev.ch, &pkt));
    g_assert_false(vmbus_channel_can_send(f->dev.ch, 8));
    post_relid(f->g, VMBUS_MSG_CLOSE, vmbus_channel_relid(f->dev.ch));
    fake_guest_expect(f->g, VMBUS_MSG_GPADL_TORNDOWN, &msg, sizeof(msg));
}

/* --- migration --------------------------------------------------------------- */

static bool move_state(FakeGuest *from, FakeGuest *to)
{
    StateWriter w;
    StateReader r;
    bool ok;

    state_writer_init(&w);
    vmbus_bus_save(from->bus, &w);
    g_autoptr(GBytes) bytes = state_writer_finish(&w);

    state_reader_init(&r, g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes));
    ok = vmbus_bus_load(to->bus, &r);
    g_assert_cmpuint(r.pos, ==, r.len);
    state_reader_clear(&r);
    return ok;
}

static void test_migrate(Fixture *f, gconstpointer data)
{
    static const uint8_t body[100] = { 1, 2, 3 };
    uint32_t relid = vmbus_channel_relid(f->dev.ch);
    g_autoptr(FakePacket) back = NULL;
    FakeGuest *to;
    VmbusPacket pkt;
    Device dev, extra;

    /* One packet taken, one looked at, one message not delivered. */
    fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 0, 1, NULL, 0, body, 100);
    fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 0, 2, NULL, 0, body, 100);
    vmbus_channel_recv(f->dev.ch, &pkt);
    vmbus_channel_consume(f->dev.ch);
    vmbus_channel_recv(f->dev.ch, &pkt);
    vmbus_channel_send(f->dev.ch, VM_PKT_COMP, 0, 1, NULL, 0, body, 8);
    f->g->slot_busy = true;
    vmbus_bus_hold(f->g->bus, true);
    device_offer(&extra, f->g, 77);

    to = fake_guest_clone(f->g);
    /* At the destination another device comes first: relids differ. */
    device_offer(&extra, to, 5);
    device_offer(&dev, to, 1);
    vmbus_bus_hold(to->bus, true);
    g_assert_true(move_state(f->g, to));
    fake_channel_move(f->ch, to);
    vmbus_bus_hold(to->bus, false);
    fake_guest_run(to);

    g_assert_cmpuint(dev.opens, ==, 0);
    g_assert_cmpuint(dev.runs, >, 0);
    g_assert_cmpuint(vmbus_channel_relid(dev.ch), ==, relid);
    g_assert_true(vmbus_channel_recv(dev.ch, &pkt));
    g_assert_cmpuint(pkt.trans_id, ==, 2);
    vmbus_channel_consume(dev.ch);
    g_assert_cmpmem(vmbus_channel_open_data(dev.ch), 2, "hi", 2);
    back = fake_channel_recv(f->ch);
    g_assert_nonnull(back);
    g_assert_true(fake_channel_send(f->ch, VM_PKT_DATA_INBAND, 0, 3, NULL, 0,
                                    body, 100));
    g_assert_true(vmbus_channel_recv(dev.ch, &pkt));
    g_assert_cmpuint(pkt.trans_id, ==, 3);

    /* The offer on its way arrives, is rescinded, and the new one comes. */
    g_assert_cmpuint(fake_guest_take_offer(to)->instance_id[15], ==, 77);
    g_assert_cmpuint(fake_guest_next_type(to), !=, 0);
    while (fake_guest_next_type(to) == VMBUS_MSG_RESCIND) {
        VmbusMsgRelid msg;

        fake_guest_expect(to, VMBUS_MSG_RESCIND, &msg, sizeof(msg));
        post_relid(to, VMBUS_MSG_RELID_RELEASED, rd_le32(&msg.relid));
    }
    g_assert_cmpuint(fake_guest_take_offer(to)->instance_id[15], ==, 5);
    fake_guest_free(to);
}

static void test_migrate_sub_channels(Fixture *f, gconstpointer data)
{
    VmbusOffer sub1 = make_offer(1, 1), sub2 = make_offer(1, 2);
    Device subs = { 0 }, dev;
    VmbusChannel *adopted;
    VmbusMsgRelid msg;
    FakeGuest *to;
    uint32_t relid2;

    vmbus_channel_offer(f->g->bus, &sub1, &device_ops, &subs);
    relid2 = vmbus_channel_relid(vmbus_channel_offer(f->g->bus, &sub2,
                                                     &device_ops, &subs));
    fake_guest_run(f->g);
    to = fake_guest_clone(f->g);
    device_offer(&dev, to, 1);
    g_assert_true(move_state(f->g, to));
    adopted = vmbus_channel_adopt(to->bus, &sub1, &device_ops, &subs);
    g_assert_nonnull(adopted);
    g_assert_null(vmbus_channel_adopt(to->bus, &sub1, &device_ops, &subs));
    fake_guest_run(to);
    /* The one nobody took is withdrawn. */
    fake_guest_expect(to, VMBUS_MSG_RESCIND, &msg, sizeof(msg));
    g_assert_cmpuint(rd_le32(&msg.relid), ==, relid2);
    g_assert_cmpuint(fake_guest_next_type(to), ==, 0);
    fake_guest_free(to);
}

static void test_migrate_teardown(Fixture *f, gconstpointer data)
{
    FakeGpadl *mine = fake_gpadl_create(f->g, vmbus_channel_relid(f->dev.ch),
                                        1 << 16);
    VmbusGpadl *gpadl = vmbus_channel_gpadl_get(f->dev.ch, mine->id);
    VmbusMsgGpadlTorndown msg;
    FakeGuest *to;
    Device dev;

    fake_gpadl_teardown(f->g, mine, false);
    to = fake_guest_clone(f->g);
    device_offer(&dev, to, 1);
    g_assert_true(move_state(f->g, to));
    fake_guest_run(to);
    fake_guest_expect(to, VMBUS_MSG_GPADL_TORNDOWN, &msg, sizeof(msg));
    g_assert_cmphex(rd_le32(&msg.gpadl), ==, mine->id);
    vmbus_gpadl_put(gpadl);
    fake_gpadl_free(mine);
    fake_guest_free(to);
}

static void test_load_hostile(Fixture *f, gconstpointer data)
{
    StateWriter w;
    size_t len;
    g_autofree uint8_t *copy = NULL;

    state_writer_init(&w);
    vmbus_bus_save(f->g->bus, &w);
    g_autoptr(GBytes) bytes = state_writer_finish(&w);

    len = g_bytes_get_size(bytes);
    copy = g_memdup2(g_bytes_get_data(bytes, NULL), len);
    /* Every truncation fails; every flipped byte leaves a usable bus. */
    for (size_t i = 0; i < 2 * len; i++) {
        FakeGuest *to = fake_guest_clone(f->g);
        StateReader r;
        Device dev;
        bool ok;

        device_offer(&dev, to, 1);
        if (i >= len) {
            copy[i - len] ^= 0xff;
        }
        state_reader_init(&r, copy, i < len ? i : len);
        ok = vmbus_bus_load(to->bus, &r);
        if (i < len) {
            g_assert_false(ok);
        } else {
            copy[i - len] ^= 0xff;
        }
        state_reader_clear(&r);
        fake_guest_run(to);
        g_queue_clear_full(&to->inbox, g_free);
        fake_guest_connect(to);
        g_assert_nonnull(fake_guest_find_offer(to, NET, 0));
        fake_guest_free(to);
    }
}

#define ADD(name, fn)                                                   \
    g_test_add("/vmbus/" name, Fixture, NULL, fixture_set_up, fn,       \
               fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vmbus/guid", test_guid);
    g_test_add_func("/vmbus/connection/versions", test_versions);
    g_test_add_func("/vmbus/connection/old-host", test_old_host);
    g_test_add_func("/vmbus/connection/offers", test_offers);
    g_test_add_func("/vmbus/connection/busy-slot", test_busy_slot);
    g_test_add_func("/vmbus/connection/post-errors", test_post_errors);
    ADD("connection/reconnect", test_reconnect);
    ADD("connection/unload", test_unload);
    ADD("connection/reset", test_reset);
    ADD("channel/open-close", test_open_close);
    g_test_add_func("/vmbus/channel/open-refused", test_open_refused);
    ADD("channel/rescind-open", test_rescind_open);
    ADD("channel/withdraw", test_withdraw);
    ADD("channel/withdraw-ends", test_withdraw_ends);
    g_test_add_func("/vmbus/channel/rescind-unseen", test_rescind_unseen);
    ADD("channel/modify", test_modify);
    ADD("packet/round-trip", test_packets);
    ADD("packet/unconsumed", test_unconsumed);
    ADD("packet/full", test_full);
    ADD("packet/signal-for-room", test_signal_for_room);
    ADD("packet/interrupt-mask", test_mask);
    ADD("packet/bad-index", test_bad_index);
    ADD("packet/bad-packet", test_bad_packet);
    ADD("packet/held", test_held);
    ADD("packet/gpa-direct", test_gpa_direct);
    ADD("gpadl/access-and-teardown", test_gpadl);
    ADD("gpadl/malformed", test_gpadl_bad);
    ADD("gpadl/limit", test_gpadl_limit);
    ADD("gpadl/other-channel", test_gpadl_other_channel);
    ADD("gpadl/ring-torn-down", test_ring_gpadl_torn);
    ADD("state/migrate", test_migrate);
    ADD("state/sub-channels", test_migrate_sub_channels);
    ADD("state/teardown-under-way", test_migrate_teardown);
    ADD("state/hostile", test_load_hostile);
    return g_test_run();
}
