/*
 * The link protocol: both ends over a stream in pieces.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "link-pair.h"

static void start(LinkPair *p, uint32_t seed)
{
    link_pair_init(p, seed);
    link_vm_set_running(p->vm, true);
    link_pair_connect(p, false);
    link_pair_run(p, SIZE_MAX);
}

static void test_greeting(void)
{
    LinkPair p;

    start(&p, 1);
    g_assert_cmpuint(p.vm_up, ==, 1);
    g_assert_true(link_host_is_up(p.host));
    g_assert_true(link_host_running(p.host));
    link_pair_clear(&p);
}

static void test_refused(void)
{
    LinkPair p;

    link_pair_init(&p, 2);
    p.refuse = LINK_ERR_BUSY;
    link_pair_connect(&p, false);
    link_pair_run(&p, SIZE_MAX);
    g_assert_cmpuint(p.vm_up, ==, 0);
    g_assert_cmpuint(p.vm_down_code, ==, LINK_ERR_BUSY);
    g_assert_cmpuint(p.host_down, ==, 1);
    link_pair_clear(&p);
}

static void test_frames_both_ways(void)
{
    LinkPair p;
    unsigned in = 0, out = 0;

    start(&p, 3);
    p.ring_room = 0;
    p.tx_room = 0;
    while (in < 3000 || out < 3000 || p.port.count ||
           p.from_guest->len < 3000 || p.guest->len < 3000) {
        if (in < 3000) {
            link_pair_deliver(&p, in++);
        }
        if (out < 3000 && link_pair_guest_sends(&p, out)) {
            out++;
        }
        link_pair_run(&p, g_rand_int_range(p.rand, 1, 4000));
        if (g_rand_boolean(p.rand)) {
            p.ring_room = 3;
            link_vm_rx_room(p.vm);
            p.tx_room = 2;
            link_host_tx_room(p.host);
        }
    }
    link_pair_expect(p.guest, 3000);
    link_pair_expect(p.from_guest, 3000);
    g_assert_cmpuint(p.host_down + p.vm_down, ==, 0);
    link_pair_clear(&p);
}

static void test_window(void)
{
    LinkPair p;

    start(&p, 4);
    p.ring_room = 0;
    for (unsigned i = 0; i < 20; i++) {
        link_pair_deliver(&p, i);
        link_pair_run(&p, SIZE_MAX);
    }
    g_assert_cmpuint(link_host_unacked(p.host), ==, 8);
    p.ring_room = 100;
    link_vm_rx_room(p.vm);
    link_pair_run(&p, SIZE_MAX);
    link_pair_expect(p.guest, 20);
    g_assert_cmpuint(link_host_unacked(p.host), ==, 0);
    link_pair_clear(&p);
}

static void test_credit(void)
{
    LinkPair p;
    unsigned sent = 0;

    start(&p, 5);
    p.tx_room = 0;
    while (link_pair_guest_sends(&p, sent)) {
        sent++;
        link_pair_run(&p, SIZE_MAX);
    }
    g_assert_cmpuint(sent, ==, 8);
    /* The other direction goes on meanwhile. */
    for (unsigned i = 0; i < 20; i++) {
        link_pair_deliver(&p, i);
        link_pair_run(&p, SIZE_MAX);
    }
    link_pair_expect(p.guest, 20);
    p.tx_rooms = 0;
    p.tx_room = 5;
    link_host_tx_room(p.host);
    link_pair_run(&p, SIZE_MAX);
    g_assert_cmpuint(p.tx_rooms, ==, 1);
    link_pair_expect(p.from_guest, 5);
    link_pair_clear(&p);
}

/* What a VM sent before it left is taken, in order, although there is no room. */
static void test_leaving(void)
{
    for (int quits = 0; quits < 2; quits++) {
        LinkPair p;
        unsigned sent = 0;

        start(&p, 18);
        p.tx_room = 2;
        while (link_pair_guest_sends(&p, sent)) {
            sent++;
            link_pair_run(&p, SIZE_MAX);
        }
        link_pair_expect(p.from_guest, 2);
        if (quits) {
            link_pair_break(&p);
        } else {
            link_host_tx_last(p.host);
            link_pair_run(&p, SIZE_MAX);
            g_assert_true(link_pair_guest_sends(&p, sent));
        }
        link_pair_expect(p.from_guest, sent);
        link_pair_clear(&p);
    }
}

static void test_stopped_vm_takes_nothing(void)
{
    LinkPair p;

    start(&p, 6);
    link_pair_deliver(&p, 0);
    link_pair_deliver(&p, 1);
    link_vm_set_running(p.vm, false);
    link_pair_run(&p, SIZE_MAX);
    g_assert_cmpuint(p.guest->len, ==, 0);
    g_assert_false(p.running);
    link_pair_deliver(&p, 2);
    g_assert_cmpuint(link_host_unacked(p.host), ==, 2);
    link_vm_set_running(p.vm, true);
    link_pair_run(&p, SIZE_MAX);
    link_pair_expect(p.guest, 3);
    link_pair_clear(&p);
}

static void test_drain(void)
{
    LinkPair p;

    start(&p, 7);
    p.ring_room = 1;
    link_pair_deliver(&p, 0);
    link_pair_deliver(&p, 1);
    g_assert_true(link_host_drain(p.host));
    g_assert_false(link_host_drain(p.host));
    link_pair_run(&p, SIZE_MAX);
    g_assert_false(p.drain_asked);
    p.ring_room = 1;
    link_vm_rx_room(p.vm);
    g_assert_true(p.drain_asked);
    link_pair_run(&p, SIZE_MAX);
    g_assert_cmpuint(p.drained, ==, 0);
    link_vm_drained(p.vm);
    link_pair_run(&p, SIZE_MAX);
    g_assert_cmpuint(p.drained, ==, 1);
    g_assert_cmpuint(link_host_unacked(p.host), ==, 0);
    link_pair_clear(&p);
}

static void test_recall(void)
{
    LinkPair p;

    start(&p, 8);
    p.ring_room = 2;
    for (unsigned i = 0; i < 5; i++) {
        link_pair_deliver(&p, i);
    }
    g_assert_true(link_host_drain(p.host));
    link_pair_run(&p, SIZE_MAX);
    g_assert_true(link_host_recall(p.host));
    g_assert_false(link_host_can_send_frame(p.host));
    link_pair_run(&p, SIZE_MAX);
    g_assert_cmpuint(p.recalled, ==, 1);
    g_assert_cmpuint(p.drained, ==, 0);
    g_assert_cmpuint(p.guest->len, ==, 2);
    g_assert_cmpuint(p.port.count, ==, 3);
    g_assert_cmpuint(rd_le32(frame_queue_peek(&p.port)->frame->data), ==, 2);
    /* Whoever has them may send them here again. */
    p.ring_room = 10;
    link_pair_deliver(&p, 5);
    link_pair_run(&p, SIZE_MAX);
    link_pair_expect(p.guest, 6);
    g_assert_cmpuint(p.vm_down, ==, 0);
    link_pair_clear(&p);
}

/* The stream breaks after any number of bytes; 8 frames are about 7,000. */
static void test_break_anywhere(void)
{
    for (size_t at = 0; at < 14000; at += 7) {
        LinkPair p;

        link_pair_init(&p, at);
        link_vm_set_running(p.vm, true);
        p.ring_room = 4;
        link_pair_connect(&p, false);
        for (unsigned i = 0; i < 12; i++) {
            link_pair_deliver(&p, i);
        }
        link_pair_run(&p, at);
        link_pair_break(&p);
        p.ring_room = 100;
        link_pair_connect(&p, false);
        link_pair_run(&p, SIZE_MAX);
        link_pair_expect(p.guest, 12);
        link_pair_clear(&p);
        g_assert_cmpuint(frame_live(), ==, 0);
    }
}

static void test_migration(void)
{
    LinkPair a, b;
    StateWriter w;
    StateReader r;
    g_autoptr(GBytes) saved = NULL;
    FrameQueue frames;

    start(&a, 10);
    a.ring_room = 3;
    for (unsigned i = 0; i < 6; i++) {
        link_pair_deliver(&a, i);
    }
    /* The ACK of frames 0..2 never reaches host A. */
    while (a.guest->len < 3) {
        g_byte_array_set_size(a.to_host, 0);
        link_host_flush(a.host);
        link_vm_input(a.vm, a.to_vm->data, a.to_vm->len);
        g_byte_array_set_size(a.to_vm, 0);
    }
    link_vm_set_running(a.vm, false);
    state_writer_init(&w);
    link_vm_save(a.vm, &w);
    saved = state_writer_finish(&w);

    link_pair_init(&b, 11);
    b.session = 500;
    link_pair_connect(&b, true);
    link_pair_run(&b, SIZE_MAX);
    state_reader_init(&r, g_bytes_get_data(saved, NULL),
                      g_bytes_get_size(saved));
    g_assert_true(link_vm_load(b.vm, &r));
    state_reader_clear(&r);

    frame_queue_init(&frames, 0, 0);
    link_host_take_frames(a.host, &frames);
    g_assert_cmpuint(frames.count, ==, 6);
    b.port_session = link_host_session(a.host);
    frame_queue_append(&b.port, &frames);
    frame_queue_clear(&frames);
    g_array_append_vals(b.guest, a.guest->data, a.guest->len);
    link_pair_deliver(&b, 6);
    link_pair_run(&b, SIZE_MAX);
    g_assert_cmpuint(b.guest->len, ==, 3);
    link_vm_set_running(b.vm, true);
    link_pair_run(&b, SIZE_MAX);
    link_pair_expect(b.guest, 7);

    g_assert_cmpuint(link_host_unacked(b.host), ==, 0);
    link_pair_clear(&b);
    link_pair_clear(&a);
    g_assert_cmpuint(frame_live(), ==, 0);
}

static void test_ping(void)
{
    LinkPair p;

    start(&p, 12);
    g_assert_true(link_host_ping(p.host, 77));
    link_pair_run(&p, SIZE_MAX);
    g_assert_cmpuint(p.pongs, ==, 1);
    link_pair_clear(&p);
}

static void test_role_messages(void)
{
    LinkPair p;
    LinkNicConfig config = { .link_up = 1 };
    LinkNicStatus status = { .connected = 1 };
    LinkVfState vf = { 0 };

    start(&p, 13);
    g_assert_true(link_host_send(p.host, LINK_NIC_CONFIG, &config,
                                 sizeof(config)));
    link_pair_run(&p, SIZE_MAX);
    g_assert_cmpuint(p.last_message, ==, LINK_NIC_CONFIG);
    g_assert_true(link_vm_send(p.vm, LINK_NIC_STATUS, &status,
                               sizeof(status)));
    link_pair_run(&p, SIZE_MAX);
    g_assert_cmpuint(p.last_message, ==, LINK_NIC_STATUS);
    g_assert_false(link_host_send(p.host, LINK_VF_STATE, &vf, sizeof(vf)));
    g_assert_false(link_host_send(p.host, LINK_NIC_CONFIG, &config, 3));
    link_pair_clear(&p);
}

static void test_host_closes(void)
{
    LinkPair p;

    start(&p, 14);
    link_host_close(p.host, LINK_ERR_REVOKED, "VF taken away");
    link_pair_run(&p, SIZE_MAX);
    g_assert_cmpuint(p.vm_down_code, ==, LINK_ERR_REVOKED);
    g_assert_false(link_vm_is_up(p.vm));
    g_assert_false(link_pair_guest_sends(&p, 0));
    link_pair_clear(&p);
}

static size_t put(uint8_t *p, uint16_t type, const void *body, size_t len)
{
    wr_le32(p, len);
    wr_le16(p + 4, type);
    wr_le16(p + 6, 0);
    memcpy(p + 8, body, len);
    return len + 8;
}

typedef struct Bad {
    const char *what;
    uint16_t type;
    uint32_t len;
    uint64_t value;
} Bad;

static void test_bad_to_host(void)
{
    static const Bad bad[] = {
        { "unknown type", 999, 0, 0 },
        { "host's message", LINK_WELCOME, 16, 1 },
        { "second HELLO", LINK_HELLO, 96, 0 },
        { "ACK of nothing", LINK_ACK, 8, 1 },
        { "short ACK", LINK_ACK, 7, 0 },
        { "DRAINED unasked", LINK_DRAINED, 8, 1 },
        { "short frame", LINK_FRAME, 24 + 13, 0 },
        { "long frame", LINK_FRAME, 24 + FRAME_MAX + 1, 0 },
        { "other role", LINK_VF_RESET, 4, 0 },
        { "bad flag", LINK_RUNSTATE, 24, 2 },
        { "body too long", LINK_FRAME, LINK_BODY_MAX + 1, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        static uint8_t body[LINK_BODY_MAX + 8], msg[LINK_BODY_MAX + 16];
        LinkPair p;

        start(&p, i);
        memset(body, 0, sizeof(body));
        wr_le64(body, bad[i].value);
        link_host_input(p.host, msg,
                        put(msg, bad[i].type, body, bad[i].len));
        g_test_message("%s", bad[i].what);
        g_assert_cmpuint(p.host_down, ==, 1);
        g_assert_cmpuint(p.host_down_code, ==, LINK_ERR_PROTOCOL);
        link_pair_run(&p, SIZE_MAX);
        g_assert_cmpuint(p.vm_down_code, ==, LINK_ERR_PROTOCOL);
        link_pair_clear(&p);
    }
}

static void test_bad_to_vm(void)
{
    static const Bad bad[] = {
        { "unknown type", 0, 0, 0 },
        { "VM's message", LINK_ACK, 8, 0 },
        { "second WELCOME", LINK_WELCOME, 16, 0x100010001 },
        { "frame number", LINK_FRAME, 24 + 60, 5 },
        { "credit for nothing", LINK_CREDIT, 8, 1 },
        { "PONG unasked", LINK_PONG, 8, 1 },
        { "other role", LINK_VF_STATE, sizeof(LinkVfState), 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        uint8_t body[256] = { 0 }, msg[256];
        LinkPair p;

        start(&p, i);
        wr_le64(body, bad[i].value);
        link_vm_input(p.vm, msg, put(msg, bad[i].type, body, bad[i].len));
        g_test_message("%s", bad[i].what);
        g_assert_cmpuint(p.vm_down, ==, 1);
        g_assert_cmpuint(p.vm_down_code, ==, LINK_ERR_PROTOCOL);
        link_pair_clear(&p);
    }
}

static void test_frame_flood_ends(void)
{
    LinkPair p;
    uint8_t body[16 + 60] = { 0 }, msg[128];

    start(&p, 15);
    p.tx_room = 0;
    for (unsigned i = 0; i < 9; i++) {
        g_assert_cmpuint(p.host_down, ==, 0);
        link_host_input(p.host, msg, put(msg, LINK_FRAME, body,
                                         sizeof(body)));
    }
    g_assert_cmpuint(p.host_down, ==, 1);
    link_pair_clear(&p);
}

static void test_ping_flood_ends(void)
{
    LinkPair p;
    uint8_t body[8] = { 0 }, msg[16];
    unsigned count = 0;

    start(&p, 16);
    while (!p.host_down) {
        link_host_input(p.host, msg, put(msg, LINK_PING, body, 8));
        g_assert_cmpuint(count++, <, 2000000);
    }
    link_pair_clear(&p);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/link/greeting", test_greeting);
    g_test_add_func("/link/refused", test_refused);
    g_test_add_func("/link/frames-both-ways", test_frames_both_ways);
    g_test_add_func("/link/window", test_window);
    g_test_add_func("/link/credit", test_credit);
    g_test_add_func("/link/leaving", test_leaving);
    g_test_add_func("/link/stopped-vm-takes-nothing",
                    test_stopped_vm_takes_nothing);
    g_test_add_func("/link/drain", test_drain);
    g_test_add_func("/link/recall", test_recall);
    g_test_add_func("/link/break-anywhere", test_break_anywhere);
    g_test_add_func("/link/migration", test_migration);
    g_test_add_func("/link/ping", test_ping);
    g_test_add_func("/link/role-messages", test_role_messages);
    g_test_add_func("/link/host-closes", test_host_closes);
    g_test_add_func("/link/bad-to-host", test_bad_to_host);
    g_test_add_func("/link/bad-to-vm", test_bad_to_vm);
    g_test_add_func("/link/frame-flood-ends", test_frame_flood_ends);
    g_test_add_func("/link/ping-flood-ends", test_ping_flood_ends);
    status = g_test_run();
    g_assert_cmpuint(frame_live(), ==, 0);
    frame_pool_trim();
    return status;
}
