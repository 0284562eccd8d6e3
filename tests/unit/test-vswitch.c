/*
 * The software switch and the top-of-rack switch.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/eth.h"
#include "iovlab/vswitch.h"

#define ALL (VSWITCH_FILTER_DIRECTED | VSWITCH_FILTER_MULTICAST | \
             VSWITCH_FILTER_BROADCAST)
#define MAX_PORTS 5

typedef struct End {
    VswitchPort *port;
    VswitchPortConfig config;
    Frame *last;
    unsigned frames;
    unsigned room;              /* frames it takes */
    unsigned taps;
    uint8_t numbers[64];
} End;

typedef struct Rig {
    Vswitch *sw;
    uint64_t now;
    End end[MAX_PORTS];
    unsigned count;
} Rig;

static const uint8_t A[6] = { 0x00, 0x15, 0x5d, 0, 0, 0xa };
static const uint8_t B[6] = { 0x00, 0x15, 0x5d, 0, 0, 0xb };
static const uint8_t C[6] = { 0x02, 0, 0, 0, 0, 0xc };
static const uint8_t BCAST[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t MCAST[6] = { 0x01, 0, 0x5e, 0, 0, 1 };

static uint64_t clock_ns(void *opaque)
{
    return ((Rig *)opaque)->now;
}

static void schedule(void *opaque)
{
}

static const VswitchOps ops = { clock_ns, schedule };

static bool deliver(void *opaque, Frame *frame)
{
    End *end = opaque;

    if (!end->room) {
        return false;
    }
    end->room--;
    frame_unref(end->last);
    end->last = frame_ref(frame);
    if (end->frames < sizeof(end->numbers)) {
        end->numbers[end->frames] = frame->data[frame->len - 1];
    }
    end->frames++;
    return true;
}

static void tap(void *opaque, Frame *frame, bool in)
{
    ((End *)opaque)->taps++;
}

static const VswitchPortOps port_ops = { deliver, tap };

static End *add(Rig *r, const char *name, const uint8_t *mac)
{
    End *end = &r->end[r->count++];

    end->config = (VswitchPortConfig) { .connected = true, .filter = ALL };
    if (mac) {
        memcpy(end->config.mac, mac, 6);
    }
    end->room = 1000000;
    end->port = vswitch_port_new(r->sw, name, &end->config, &port_ops, end);
    return end;
}

/* Ports 0 and 1 of VMs with addresses A and B, port 2 the uplink. */
static void host_rig(Rig *r)
{
    End *uplink;

    *r = (Rig) { 0 };
    r->sw = vswitch_new(VSWITCH_HOST, &ops, r);
    add(r, "vm-a", A);
    add(r, "vm-b", B);
    uplink = add(r, "uplink", NULL);
    uplink->config.uplink = true;
    vswitch_port_configure(uplink->port, &uplink->config);
}

static void tor_rig(Rig *r)
{
    *r = (Rig) { 0 };
    r->sw = vswitch_new(VSWITCH_TOR, &ops, r);
    add(r, "host-a", NULL);
    add(r, "host-b", NULL);
    add(r, "peer", NULL);
}

static void clear(Rig *r)
{
    for (unsigned i = 0; i < r->count; i++) {
        frame_unref(r->end[i].last);
    }
    vswitch_free(r->sw);
    g_assert_cmpuint(frame_live(), ==, 0);
}

/* vid < 0: no tag; the last byte is the number. */
static void send(Rig *r, unsigned from, const uint8_t *dst,
                 const uint8_t *src, int vid, uint8_t number)
{
    uint8_t data[64] = { 0 };
    size_t len = 60;
    Frame *frame;

    memcpy(data, dst, 6);
    memcpy(data + 6, src, 6);
    wr_be16(data + 12, FRAME_TYPE_IPV4);
    data[len - 1] = number;
    if (vid >= 0) {
        len = frame_vlan_insert(data, len, sizeof(data), vid);
    }
    frame = frame_new(data, len);
    vswitch_port_input(r->end[from].port, frame);
    frame_unref(frame);
    vswitch_run(r->sw);
}

static void expect(Rig *r, unsigned a, unsigned b, unsigned c)
{
    unsigned expected[] = { a, b, c };

    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpuint(r->end[i].frames, ==, expected[i]);
        r->end[i].frames = 0;
    }
}

static VswitchPortStats stats(Rig *r, unsigned port)
{
    VswitchPortStats s;

    vswitch_port_stats(r->end[port].port, &s);
    return s;
}

static void test_unicast_between_vms(void)
{
    Rig r;

    host_rig(&r);
    send(&r, 0, B, A, -1, 0);
    expect(&r, 0, 1, 0);
    clear(&r);
}

static void test_unknown_goes_up(void)
{
    Rig r;

    host_rig(&r);
    send(&r, 0, C, A, -1, 0);
    expect(&r, 0, 0, 1);
    /* From above, what is nobody's is nobody's. */
    send(&r, 2, C, MCAST, -1, 0);
    send(&r, 2, C, C, -1, 0);
    expect(&r, 0, 0, 0);
    clear(&r);
}

static void test_broadcast(void)
{
    Rig r;

    host_rig(&r);
    send(&r, 0, BCAST, A, -1, 0);
    expect(&r, 0, 1, 1);
    send(&r, 2, BCAST, C, -1, 0);
    expect(&r, 1, 1, 0);
    clear(&r);
}

static void test_own_broadcast_does_not_return(void)
{
    Rig r;

    host_rig(&r);
    send(&r, 2, BCAST, A, -1, 0);
    expect(&r, 0, 1, 0);
    clear(&r);
}

static void test_source_address_is_checked(void)
{
    Rig r;

    host_rig(&r);
    send(&r, 0, B, C, -1, 0);
    expect(&r, 0, 0, 0);
    g_assert_cmpuint(stats(&r, 0).in_spoofed, ==, 1);
    clear(&r);
}

static void test_spoofing_port_is_learned(void)
{
    Rig r;

    host_rig(&r);
    r.end[0].config.spoofing = true;
    vswitch_port_configure(r.end[0].port, &r.end[0].config);
    send(&r, 0, B, C, -1, 0);
    expect(&r, 0, 1, 0);
    send(&r, 2, C, B, -1, 0);
    expect(&r, 1, 0, 0);
    clear(&r);
}

static void test_data_path_on_vf(void)
{
    Rig r;

    host_rig(&r);
    r.end[1].config.datapath_vf = true;
    vswitch_port_configure(r.end[1].port, &r.end[1].config);
    send(&r, 0, B, A, -1, 0);
    expect(&r, 0, 0, 1);
    /* Broadcast stays on the synthetic path. */
    send(&r, 0, BCAST, A, -1, 0);
    expect(&r, 0, 1, 1);
    /* A straggler that came up to the default pool is not lost. */
    send(&r, 2, B, A, -1, 0);
    expect(&r, 0, 1, 0);
    clear(&r);
}

static void test_packet_filter(void)
{
    Rig r;

    host_rig(&r);
    r.end[1].config.filter = VSWITCH_FILTER_DIRECTED;
    vswitch_port_configure(r.end[1].port, &r.end[1].config);
    send(&r, 0, BCAST, A, -1, 0);
    send(&r, 0, MCAST, A, -1, 0);
    expect(&r, 0, 0, 2);
    r.end[1].config.filter = 0;
    vswitch_port_configure(r.end[1].port, &r.end[1].config);
    send(&r, 0, B, A, -1, 0);
    expect(&r, 0, 0, 0);
    clear(&r);
}

static void test_access_vlan(void)
{
    Rig r;

    host_rig(&r);
    r.end[0].config.access_vid = 7;
    vswitch_port_configure(r.end[0].port, &r.end[0].config);
    /* Not in the same VLAN: does not arrive. */
    send(&r, 0, B, A, -1, 0);
    expect(&r, 0, 0, 0);
    send(&r, 0, C, A, -1, 0);
    expect(&r, 0, 0, 1);
    g_assert_cmpuint(r.end[2].last->len, ==, 64);
    g_assert_cmphex(rd_be32(r.end[2].last->data + 12), ==, 0x81000007);
    /* Down again the tag is taken off. */
    send(&r, 2, A, C, 7, 0);
    expect(&r, 1, 0, 0);
    g_assert_cmpuint(r.end[0].last->len, ==, 60);
    send(&r, 2, A, C, 8, 0);
    send(&r, 2, A, C, -1, 0);
    expect(&r, 0, 0, 0);
    /* The guest may not choose a VLAN. */
    send(&r, 0, C, A, 8, 0);
    expect(&r, 0, 0, 0);
    g_assert_cmpuint(stats(&r, 0).in_vlan, ==, 1);
    clear(&r);
}

static void test_trunk(void)
{
    uint64_t vids[64] = { 1u << 5 | 1u << 6 };
    Rig r;

    host_rig(&r);
    r.end[0].config.trunk = true;
    r.end[0].config.vids = vids;
    vswitch_port_configure(r.end[0].port, &r.end[0].config);
    send(&r, 0, C, A, 5, 0);
    expect(&r, 0, 0, 1);
    send(&r, 0, C, A, 7, 0);
    expect(&r, 0, 0, 0);
    send(&r, 2, A, C, 6, 0);
    expect(&r, 1, 0, 0);
    g_assert_cmphex(rd_be32(r.end[0].last->data + 12), ==, 0x81000006);
    clear(&r);
}

/* A priority tag in front of a VLAN's: taken off, it would be in that VLAN. */
static void test_priority_tag_hides_no_vlan(void)
{
    const uint16_t outer[] = { 0, 0xa000 };
    Rig r;

    for (unsigned vid = 0; vid <= 7; vid += 7) {
        host_rig(&r);
        r.end[0].config.access_vid = vid;
        vswitch_port_configure(r.end[0].port, &r.end[0].config);
        r.end[1].config.access_vid = 5;
        vswitch_port_configure(r.end[1].port, &r.end[1].config);
        for (unsigned i = 0; i < G_N_ELEMENTS(outer); i++) {
            uint8_t data[68] = { 0 };
            size_t len = 60;
            Frame *frame;

            memcpy(data, BCAST, 6);
            memcpy(data + 6, A, 6);
            wr_be16(data + 12, FRAME_TYPE_IPV4);
            len = frame_vlan_insert(data, len, sizeof(data), 5);
            len = frame_vlan_insert(data, len, sizeof(data), outer[i]);
            frame = frame_new(data, len);
            vswitch_port_input(r.end[0].port, frame);
            frame_unref(frame);
            vswitch_run(r.sw);
        }
        expect(&r, 0, 0, 0);
        g_assert_cmpuint(stats(&r, 0).in_vlan, ==, 2);
        /* One without a VLAN behind it is an untagged frame. */
        send(&r, 0, BCAST, A, 0, 1);
        expect(&r, 0, 0, 1);
        clear(&r);
    }
}

/* A second port of an address comes and goes: the first has it again. */
static void test_address_of_two_ports(void)
{
    End *other;
    Rig r;

    host_rig(&r);
    other = add(&r, "vm-a2", A);
    send(&r, 1, A, B, -1, 1);
    expect(&r, 0, 0, 0);
    g_assert_cmpuint(other->frames, ==, 1);
    vswitch_port_free(other->port);
    send(&r, 1, A, B, -1, 2);
    expect(&r, 1, 0, 0);
    /* One that is not connected does not take it. */
    other = add(&r, "vm-a3", NULL);
    other->config.connected = false;
    memcpy(other->config.mac, A, 6);
    vswitch_port_configure(other->port, &other->config);
    send(&r, 1, A, B, -1, 3);
    expect(&r, 1, 0, 0);
    clear(&r);
}

static void test_hold_keeps_order(void)
{
    Rig r;
    FrameQueue taken;

    host_rig(&r);
    vswitch_port_hold(r.end[1].port, true);
    for (uint8_t i = 0; i < 5; i++) {
        send(&r, 0, B, A, -1, i);
    }
    expect(&r, 0, 0, 0);
    /* The owner takes two away and gives them back in front. */
    frame_queue_init(&taken, 0, 0);
    for (int i = 0; i < 2; i++) {
        FrameSlot slot;

        frame_queue_take(vswitch_port_queue(r.end[1].port), &slot);
        frame_queue_push(&taken, slot.frame, NULL, 0);
        frame_unref(slot.frame);
    }
    frame_queue_prepend(vswitch_port_queue(r.end[1].port), &taken);
    frame_queue_clear(&taken);
    r.end[1].room = 2;
    vswitch_port_hold(r.end[1].port, false);
    vswitch_run(r.sw);
    g_assert_cmpuint(r.end[1].frames, ==, 2);
    send(&r, 0, B, A, -1, 5);
    r.end[1].room = 100;
    vswitch_port_room(r.end[1].port);
    vswitch_run(r.sw);
    g_assert_cmpuint(r.end[1].frames, ==, 6);
    for (uint8_t i = 0; i < 6; i++) {
        g_assert_cmpuint(r.end[1].numbers[i], ==, i);
    }
    clear(&r);
}

static void test_queue_limit(void)
{
    Rig r;

    host_rig(&r);
    r.end[1].config.queue_frames = 3;
    vswitch_port_configure(r.end[1].port, &r.end[1].config);
    r.end[1].room = 0;
    for (uint8_t i = 0; i < 5; i++) {
        send(&r, 0, B, A, -1, i);
    }
    g_assert_cmpuint(stats(&r, 1).out_dropped, ==, 2);
    r.end[1].room = 10;
    vswitch_port_room(r.end[1].port);
    vswitch_run(r.sw);
    expect(&r, 0, 3, 0);
    clear(&r);
}

static void test_disconnected(void)
{
    Rig r;

    host_rig(&r);
    r.end[1].config.connected = false;
    vswitch_port_configure(r.end[1].port, &r.end[1].config);
    send(&r, 0, B, A, -1, 0);
    send(&r, 1, A, B, -1, 0);
    expect(&r, 0, 0, 0);
    g_assert_cmpuint(stats(&r, 1).in_dropped, ==, 1);
    clear(&r);
}

static void test_tor_learns(void)
{
    Rig r;

    tor_rig(&r);
    send(&r, 0, B, A, -1, 0);
    expect(&r, 0, 1, 1);
    g_assert_cmpuint(stats(&r, 1).out_flooded, ==, 1);
    send(&r, 2, A, C, -1, 0);
    expect(&r, 1, 0, 0);
    clear(&r);
}

static void test_tor_ages(void)
{
    Rig r;

    tor_rig(&r);
    vswitch_set_aging(r.sw, 1000);
    send(&r, 0, C, A, -1, 0);
    expect(&r, 0, 1, 1);
    r.now = 900;
    send(&r, 2, A, C, -1, 0);
    expect(&r, 1, 0, 0);
    r.now = 1100;
    send(&r, 2, A, C, -1, 0);
    expect(&r, 1, 1, 0);
    clear(&r);
}

static void test_tor_station_moves(void)
{
    Rig r;
    Frame *announcement = vswitch_announcement(A, 0);

    tor_rig(&r);
    send(&r, 0, BCAST, A, -1, 0);
    expect(&r, 0, 1, 1);
    vswitch_port_input(r.end[1].port, announcement);
    frame_unref(announcement);
    vswitch_run(r.sw);
    expect(&r, 1, 0, 1);
    g_assert_cmpuint(vswitch_moves(r.sw), ==, 1);
    send(&r, 2, A, C, -1, 0);
    expect(&r, 0, 1, 0);
    clear(&r);
}

static void test_tor_vlans_are_apart(void)
{
    Rig r;

    tor_rig(&r);
    send(&r, 0, BCAST, A, 5, 0);
    send(&r, 1, BCAST, A, 6, 0);
    for (unsigned i = 0; i < 3; i++) {
        r.end[i].frames = 0;
    }
    send(&r, 2, A, C, 5, 0);
    expect(&r, 1, 0, 0);
    send(&r, 2, A, C, 6, 0);
    expect(&r, 0, 1, 0);
    clear(&r);
}

static void test_learning_is_bounded(void)
{
    Rig r;
    uint8_t mac[6] = { 2 };

    tor_rig(&r);
    for (uint32_t i = 0; i < 20000; i++) {
        wr_be32(mac + 2, i);
        send(&r, 0, BCAST, mac, -1, 0);
    }
    g_assert_cmpuint(vswitch_learned(r.sw), ==, 16384);
    vswitch_port_free(r.end[0].port);
    g_assert_cmpuint(vswitch_learned(r.sw), ==, 0);
    clear(&r);
}

static void test_short_frames(void)
{
    Rig r;
    uint8_t data[18] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    tor_rig(&r);
    wr_be16(data + 12, FRAME_TYPE_VLAN);
    for (size_t len = 0; len <= sizeof(data); len++) {
        Frame *frame = frame_new(data, len);

        vswitch_port_input(r.end[0].port, frame);
        frame_unref(frame);
    }
    vswitch_run(r.sw);
    expect(&r, 0, 5, 5);
    clear(&r);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/vswitch/" #name, test_##name)
    TEST(unicast_between_vms);
    TEST(unknown_goes_up);
    TEST(broadcast);
    TEST(own_broadcast_does_not_return);
    TEST(source_address_is_checked);
    TEST(spoofing_port_is_learned);
    TEST(data_path_on_vf);
    TEST(packet_filter);
    TEST(access_vlan);
    TEST(trunk);
    TEST(priority_tag_hides_no_vlan);
    TEST(address_of_two_ports);
    TEST(hold_keeps_order);
    TEST(queue_limit);
    TEST(disconnected);
    TEST(tor_learns);
    TEST(tor_ages);
    TEST(tor_station_moves);
    TEST(tor_vlans_are_apart);
    TEST(learning_is_bounded);
    TEST(short_frames);
    status = g_test_run();
    frame_pool_trim();
    return status;
}
