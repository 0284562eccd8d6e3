/*
 * Policies of a switch port: guards, ACLs, mirroring, limits, private VLANs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/eth.h"
#include "iovlab/vswitch.h"

#define FILTER (VSWITCH_FILTER_DIRECTED | VSWITCH_FILTER_MULTICAST | \
                VSWITCH_FILTER_BROADCAST)
#define PORTS 5
#define UPLINK (PORTS - 1)
#define MS 1000000ull

typedef struct Rig {
    Vswitch *sw;
    uint64_t now;
    VswitchPort *port[PORTS];
    VswitchPortConfig config[PORTS];
    unsigned frames[PORTS];
    uint64_t bytes[PORTS];
    uint16_t type[PORTS];       /* type field of the last frame */
    uint16_t tci[PORTS];
    unsigned conflicts;
    bool slow;                  /* the uplink takes only so many frames: */
    unsigned room;
    unsigned from[PORTS];       /* of those on the uplink, by source */
} Rig;

typedef struct End {
    Rig *rig;
    unsigned index;
} End;

static End ends[PORTS];

static uint64_t clock_ns(void *opaque)
{
    return ((Rig *)opaque)->now;
}

static void schedule(void *opaque)
{
}

static void conflict(void *opaque, const uint8_t mac[6], VswitchPort *at,
                     VswitchPort *other)
{
    ((Rig *)opaque)->conflicts++;
}

static const VswitchOps ops = { clock_ns, schedule, conflict };

static bool deliver(void *opaque, Frame *frame)
{
    End *end = opaque;
    Rig *r = end->rig;

    if (end->index == UPLINK && r->slow && !r->room--) {
        r->room = 0;
        return false;
    }
    if (end->index == UPLINK && frame->data[11] < PORTS) {
        r->from[frame->data[11]]++;
    }
    r->frames[end->index]++;
    r->bytes[end->index] += frame->len;
    r->type[end->index] = rd_be16(frame->data + 12);
    r->tci[end->index] = rd_be16(frame->data + 14);
    return true;
}

static const VswitchPortOps port_ops = { deliver, NULL };

static void rig(Rig *r)
{
    *r = (Rig) { .now = 1000 * MS };
    r->sw = vswitch_new(VSWITCH_HOST, &ops, r);
    for (unsigned i = 0; i < PORTS; i++) {
        ends[i] = (End) { r, i };
        r->config[i] = (VswitchPortConfig) {
            .mac = { 2, 0, 0, 0, 0, i },
            .connected = true,
            .filter = FILTER,
        };
        if (i == UPLINK) {
            r->config[i].uplink = true;
            memset(r->config[i].mac, 0, 6);
        }
        r->port[i] = vswitch_port_new(r->sw, "p", &r->config[i], &port_ops,
                                      &ends[i]);
    }
}

static void clear(Rig *r)
{
    vswitch_free(r->sw);
    g_assert_cmpuint(frame_live(), ==, 0);
}

static uint64_t dropped(Rig *r, unsigned port, VswitchDrop drop)
{
    VswitchPortStats stats;

    vswitch_port_stats(r->port[port], &stats);
    return stats.policy[drop];
}

/* True if it came out at @to. */
static bool passes_frame(Rig *r, unsigned from, unsigned to,
                         const uint8_t *data, size_t len)
{
    unsigned before = r->frames[to];
    Frame *frame = frame_new(data, len);

    vswitch_port_input(r->port[from], frame);
    frame_unref(frame);
    vswitch_run(r->sw);
    return r->frames[to] > before;
}

/* --- packets ------------------------------------------------------------- */

typedef struct Packet {
    uint8_t data[256];
    size_t len;
} Packet;

static void put(Packet *p, const void *bytes, size_t len)
{
    memcpy(p->data + p->len, bytes, len);
    p->len += len;
}

static void put16(Packet *p, uint16_t value)
{
    wr_be16(p->data + p->len, value);
    p->len += 2;
}

/* From VM 0 to a station outside. */
static Packet ethernet(uint16_t type)
{
    static const uint8_t head[12] = { 2, 0, 0, 0, 9, 9, 2, 0, 0, 0, 0, 0 };
    Packet p = { .len = 0 };

    put(&p, head, sizeof(head));
    put16(&p, type);
    return p;
}

static void ipv6(Packet *p, uint8_t next, uint16_t payload)
{
    uint8_t ip[40] = { 0x60, 0, 0, 0, payload >> 8, payload, next, 255 };

    ip[8] = ip[24] = 0xfe;
    ip[9] = ip[25] = 0x80;
    ip[23] = 1;
    ip[39] = 2;
    put(p, ip, sizeof(ip));
}

static void ipv4(Packet *p, uint8_t proto, uint16_t payload)
{
    uint8_t ip[20] = { 0x45, 0, (20 + payload) >> 8, 20 + payload, 0, 0, 0, 0,
                       64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };

    put(p, ip, sizeof(ip));
}

static Packet icmp6(uint8_t type)
{
    const uint8_t body[16] = { type };
    Packet p = ethernet(FRAME_TYPE_IPV6);

    ipv6(&p, 58, sizeof(body));
    put(&p, body, sizeof(body));
    return p;
}

static Packet udp(bool v6, uint16_t src, uint16_t dst, uint8_t first)
{
    const uint8_t body[12] = { first };
    Packet p = ethernet(v6 ? FRAME_TYPE_IPV6 : FRAME_TYPE_IPV4);

    if (v6) {
        ipv6(&p, 17, 20);
    } else {
        ipv4(&p, 17, 20);
    }
    put16(&p, src);
    put16(&p, dst);
    put16(&p, 20);
    put16(&p, 0);
    put(&p, body, sizeof(body));
    return p;
}

static bool out(Rig *r, Packet p)
{
    return passes_frame(r, 0, UPLINK, p.data, p.len);
}

/* The same behind a priority tag, which every port lets through. */
static Packet tagged(Packet p)
{
    p.len = frame_vlan_insert(p.data, p.len, sizeof(p.data), 0);
    return p;
}

/* And behind a service tag, which no port looks at. */
static Packet service_tagged(Packet p)
{
    p = tagged(p);
    wr_be16(p.data + 12, FRAME_TYPE_SVLAN);
    return p;
}

/* The same in SNAP, which some stacks unpack. */
static Packet snapped(Packet p)
{
    static const uint8_t snap[] = { 0xaa, 0xaa, 3, 0, 0, 0 };
    Packet q = { .len = 12 };

    memcpy(q.data, p.data, 12);
    put16(&q, 8 + p.len - 14);
    put(&q, snap, sizeof(snap));
    put(&q, p.data + 12, p.len - 12);
    return q;
}

/* @count headers of destination options before ICMPv6 of @type. */
static Packet extended(unsigned count, uint8_t type)
{
    uint8_t header[8] = { 60, 0, 1, 4 };
    const uint8_t body[16] = { type };
    Packet p = ethernet(FRAME_TYPE_IPV6);

    ipv6(&p, 60, count * 8 + sizeof(body));
    for (unsigned i = 0; i < count; i++) {
        header[0] = i + 1 == count ? 58 : 60;
        put(&p, header, sizeof(header));
    }
    put(&p, body, sizeof(body));
    return p;
}

static Packet fragment(uint16_t offset_more, bool with_header)
{
    uint8_t header[8] = { 58, 0, offset_more >> 8, offset_more, 0, 0, 0, 1 };
    const uint8_t body[16] = { 134 };
    Packet p = ethernet(FRAME_TYPE_IPV6);

    ipv6(&p, 44, 8 + (with_header ? sizeof(body) : 0));
    put(&p, header, sizeof(header));
    if (with_header) {
        put(&p, body, sizeof(body));
    }
    return p;
}

static void set(Rig *r, unsigned port, VswitchPolicy policy)
{
    vswitch_port_set_policy(r->port[port], &policy);
}

/* --- guards -------------------------------------------------------------- */

static void test_router_guard(void)
{
    Rig r;
    Packet redirect = ethernet(FRAME_TYPE_IPV4), echo = redirect;
    const uint8_t type5[8] = { 5 }, type8[8] = { 8 };

    ipv4(&redirect, 1, 8);
    put(&redirect, type5, 8);
    ipv4(&echo, 1, 8);
    put(&echo, type8, 8);
    rig(&r);
    g_assert_true(out(&r, icmp6(134)));
    set(&r, 0, (VswitchPolicy) { .router_guard = true });
    g_assert_false(out(&r, icmp6(134)));
    g_assert_false(out(&r, icmp6(137)));
    g_assert_false(out(&r, redirect));
    g_assert_false(out(&r, tagged(icmp6(134))));
    g_assert_false(out(&r, service_tagged(tagged(icmp6(134)))));
    g_assert_false(out(&r, snapped(icmp6(134))));
    g_assert_false(out(&r, tagged(snapped(icmp6(134)))));
    g_assert_false(out(&r, extended(1, 134)));
    g_assert_false(out(&r, extended(12, 137)));
    g_assert_false(out(&r, extended(17, 128)));     /* nobody needs that */
    g_assert_false(out(&r, fragment(1, true)));
    g_assert_false(out(&r, fragment(1, false)));
    g_assert_cmpuint(dropped(&r, 0, VSWITCH_DROP_ROUTER_GUARD), ==, 12);
    /* What else a station says passes; a solicitation is a client's. */
    g_assert_true(out(&r, icmp6(133)));
    g_assert_true(out(&r, icmp6(135)));
    g_assert_true(out(&r, icmp6(128)));
    g_assert_true(out(&r, extended(12, 128)));
    g_assert_true(out(&r, fragment(0x100, true)));
    g_assert_true(out(&r, echo));
    g_assert_true(out(&r, udp(false, 67, 68, 2)));
    g_assert_true(out(&r, ethernet(0x88b5)));
    /* Only from the VM: what routers say to it is not the guard's. */
    set(&r, 0, (VswitchPolicy) { 0 });
    g_assert_true(out(&r, icmp6(134)));
    clear(&r);
}

static void test_dhcp_guard(void)
{
    static const uint8_t client6[] = { 1, 3, 4, 5, 6, 8, 9, 11 };
    static const uint8_t other6[] = { 2, 7, 10, 12, 13, 200 };
    Rig r;
    Packet cut;

    rig(&r);
    set(&r, 0, (VswitchPolicy) { .dhcp_guard = true });
    g_assert_true(out(&r, udp(false, 68, 67, 1)));
    g_assert_false(out(&r, udp(false, 67, 68, 2)));
    g_assert_false(out(&r, udp(false, 1234, 68, 2)));
    g_assert_false(out(&r, udp(false, 67, 67, 1)));
    g_assert_false(out(&r, udp(false, 68, 67, 2)));
    g_assert_false(out(&r, tagged(udp(false, 67, 68, 2))));
    g_assert_true(out(&r, udp(false, 53, 5353, 2)));
    for (unsigned i = 0; i < sizeof(client6); i++) {
        g_assert_true(out(&r, udp(true, 546, 547, client6[i])));
    }
    for (unsigned i = 0; i < sizeof(other6); i++) {
        g_assert_false(out(&r, udp(true, 546, 547, other6[i])));
    }
    g_assert_false(out(&r, udp(true, 547, 546, 2)));
    g_assert_false(out(&r, udp(true, 9999, 546, 7)));
    g_assert_true(out(&r, icmp6(134)));
    /* Cut short: it cannot be told what it is. */
    cut = udp(false, 67, 68, 2);
    cut.len = 14 + 20 + 2;
    g_assert_false(out(&r, cut));
    g_assert_cmpuint(dropped(&r, 0, VSWITCH_DROP_DHCP_GUARD), >, 10);
    clear(&r);
}

/* --- ACLs ---------------------------------------------------------------- */

static VswitchAcl acl(VswitchAclAction action, unsigned directions)
{
    return (VswitchAcl) {
        .action = action, .directions = directions,
        .protocol = VSWITCH_PROTOCOL_ANY,
        .local_ports = { 0, UINT16_MAX }, .remote_ports = { 0, UINT16_MAX },
    };
}

static VswitchAddress net10(uint8_t prefix)
{
    return (VswitchAddress) { VSWITCH_ADDRESS_IPV4, prefix,
                              { 10, 0, 0, prefix > 30 ? 2 : 0 } };
}

static void test_acl_longest_prefix(void)
{
    VswitchAcl list[3] = { acl(VSWITCH_ACL_DENY, VSWITCH_OUTBOUND),
                           acl(VSWITCH_ACL_ALLOW, VSWITCH_OUTBOUND),
                           acl(VSWITCH_ACL_METER, VSWITCH_OUTBOUND) };
    const VswitchAcl *meters;
    unsigned count;
    Rig r;

    rig(&r);
    list[0].remote = net10(8);
    list[1].remote = net10(32);
    list[2].remote = net10(0);
    set(&r, 0, (VswitchPolicy) { .acls = list, .n_acls = 1 });
    g_assert_false(out(&r, udp(false, 1, 2, 0)));
    g_assert_true(out(&r, udp(true, 1, 2, 0)));
    set(&r, 0, (VswitchPolicy) { .acls = list, .n_acls = 3 });
    g_assert_true(out(&r, udp(false, 1, 2, 0)));
    meters = vswitch_port_acls(r.port[0], &count);
    g_assert_cmpuint(count, ==, 3);
    g_assert_cmpuint(meters[2].frames, ==, 1);
    g_assert_cmpuint(meters[2].bytes, ==, 14 + 20 + 20);
    /* A station is more specific than any prefix. */
    list[0].remote = (VswitchAddress) { VSWITCH_ADDRESS_MAC, 48,
                                        { 2, 0, 0, 0, 9, 9 } };
    set(&r, 0, (VswitchPolicy) { .acls = list, .n_acls = 3 });
    g_assert_false(out(&r, udp(false, 1, 2, 0)));
    meters = vswitch_port_acls(r.port[0], &count);
    g_assert_cmpuint(meters[2].frames, ==, 2);
    /* Two alike: the one that denies. */
    list[0].remote = net10(32);
    set(&r, 0, (VswitchPolicy) { .acls = list, .n_acls = 2 });
    g_assert_false(out(&r, udp(false, 1, 2, 0)));
    g_assert_cmpuint(dropped(&r, 0, VSWITCH_DROP_ACL_OUT), ==, 3);
    clear(&r);
}

static void test_acl_inbound(void)
{
    VswitchAcl list[1] = { acl(VSWITCH_ACL_DENY, VSWITCH_INBOUND) };
    Packet p = udp(false, 1, 2, 0);
    Rig r;

    rig(&r);
    list[0].remote = (VswitchAddress) { VSWITCH_ADDRESS_MAC, 48,
                                        { 2, 0, 0, 0, 0, 0 } };
    set(&r, 1, (VswitchPolicy) { .acls = list, .n_acls = 1 });
    memcpy(p.data, r.config[1].mac, 6);
    g_assert_false(passes_frame(&r, 0, 1, p.data, p.len));
    g_assert_cmpuint(dropped(&r, 1, VSWITCH_DROP_ACL_IN), ==, 1);
    memcpy(p.data + 6, r.config[2].mac, 6);
    g_assert_true(passes_frame(&r, 2, 1, p.data, p.len));
    clear(&r);
}

static void test_acl_extended(void)
{
    VswitchAcl list[2] = { acl(VSWITCH_ACL_DENY, VSWITCH_OUTBOUND),
                           acl(VSWITCH_ACL_ALLOW, VSWITCH_OUTBOUND) };
    Packet later = udp(false, 1, 22, 0);
    Rig r;

    rig(&r);
    list[0].extended = list[1].extended = true;
    list[0].weight = 1;
    list[1].weight = 10;
    list[1].protocol = 17;
    list[1].remote_ports[0] = 20;
    list[1].remote_ports[1] = 30;
    set(&r, 0, (VswitchPolicy) { .acls = list, .n_acls = 2 });
    g_assert_true(out(&r, udp(false, 1, 22, 0)));
    g_assert_true(out(&r, udp(true, 1, 30, 0)));
    g_assert_false(out(&r, udp(false, 1, 31, 0)));
    g_assert_false(out(&r, udp(false, 22, 1, 0)));
    g_assert_false(out(&r, icmp6(128)));
    /* A fragment shows no ports: allowed by none, denied by each. */
    wr_be16(later.data + 14 + 6, 0x2010);
    g_assert_false(out(&r, later));
    list[0] = list[1];
    list[0].action = VSWITCH_ACL_DENY;
    set(&r, 0, (VswitchPolicy) { .acls = list, .n_acls = 1 });
    g_assert_true(out(&r, udp(false, 1, 31, 0)));
    g_assert_false(out(&r, udp(false, 1, 22, 0)));
    g_assert_false(out(&r, later));
    clear(&r);
}

/* --- the others ---------------------------------------------------------- */

static void test_mirror(void)
{
    Packet p = udp(false, 1, 2, 0);
    Rig r;

    rig(&r);
    set(&r, 0, (VswitchPolicy) { .mirror = VSWITCH_MIRROR_SOURCE });
    g_assert_true(out(&r, p));
    g_assert_cmpuint(r.frames[2], ==, 0);
    set(&r, 2, (VswitchPolicy) { .mirror = VSWITCH_MIRROR_DESTINATION });
    g_assert_true(out(&r, p));
    g_assert_cmpuint(r.frames[2], ==, 1);
    /* What it receives, too; and what it has no part in, not. */
    memcpy(p.data, r.config[0].mac, 6);
    memcpy(p.data + 6, r.config[1].mac, 6);
    g_assert_true(passes_frame(&r, 1, 0, p.data, p.len));
    g_assert_cmpuint(r.frames[2], ==, 2);
    memcpy(p.data, r.config[3].mac, 6);
    g_assert_true(passes_frame(&r, 1, 3, p.data, p.len));
    g_assert_cmpuint(r.frames[2], ==, 2);
    clear(&r);
}

static void test_maximum_bandwidth(void)
{
    const uint64_t mbit = 8;
    Packet p = udp(false, 1, 2, 0);
    uint64_t start, waited = 0;
    unsigned sent = 0;
    Rig r;

    rig(&r);
    set(&r, 0, (VswitchPolicy) { .maximum_bandwidth = mbit * 1000000 });
    p.len = 200;
    start = r.now;
    while (r.now - start < 2000 * MS) {
        uint64_t wait = vswitch_port_send_wait(r.port[0]);

        if (wait) {
            r.now += wait;
            waited += wait;
            continue;
        }
        g_assert_true(out(&r, p));
        sent++;
    }
    /* 224 bytes each on the wire: 8 Mbit/s are 4,464 a second. */
    g_assert_cmpuint(sent, >, 8900);
    g_assert_cmpuint(sent, <, 9200);
    g_assert_cmpuint(waited, >, 1900 * MS);
    g_assert_cmpuint(dropped(&r, 0, VSWITCH_DROP_BANDWIDTH), ==, 0);
    /* Who does not ask loses the frame. */
    while (!vswitch_port_send_wait(r.port[0])) {
        g_assert_true(out(&r, p));
    }
    g_assert_false(out(&r, p));
    g_assert_cmpuint(dropped(&r, 0, VSWITCH_DROP_BANDWIDTH), ==, 1);
    /* What the host says in its name is not the VM's to pay. */
    {
        Frame *frame = frame_new(p.data, p.len);
        unsigned before = r.frames[UPLINK];

        vswitch_port_announce(r.port[0], frame);
        frame_unref(frame);
        vswitch_run(r.sw);
        g_assert_cmpuint(r.frames[UPLINK], ==, before + 1);
    }
    /* What it had sent before it left goes out, and is paid for. */
    {
        Frame *frame = frame_new(p.data, p.len);
        unsigned before = r.frames[UPLINK];
        uint64_t wait = vswitch_port_send_wait(r.port[0]);

        vswitch_port_input_last(r.port[0], frame);
        frame_unref(frame);
        vswitch_run(r.sw);
        g_assert_cmpuint(r.frames[UPLINK], ==, before + 1);
        g_assert_cmpuint(vswitch_port_send_wait(r.port[0]), ==,
                         wait + 224 * MS * 8 / 8000);
    }
    /* The same limit again does not give a new burst. */
    set(&r, 0, (VswitchPolicy) { .maximum_bandwidth = mbit * 1000000 });
    g_assert_cmpuint(vswitch_port_send_wait(r.port[0]), >, 0);
    set(&r, 0, (VswitchPolicy) { 0 });
    g_assert_cmpuint(vswitch_port_send_wait(r.port[0]), ==, 0);
    clear(&r);
}

static void test_storm_limit(void)
{
    Packet p = udp(false, 1, 2, 0);
    unsigned passed = 0;
    Rig r;

    rig(&r);
    set(&r, 0, (VswitchPolicy) { .storm_limit = 100 });
    memset(p.data, 0xff, 6);
    for (unsigned i = 0; i < 4000; i++) {
        passed += out(&r, p);
        r.now += MS;
    }
    /* A second's worth at once, then 100 a second. */
    g_assert_cmpuint(passed, >, 480);
    g_assert_cmpuint(passed, <=, 501);
    g_assert_cmpuint(dropped(&r, 0, VSWITCH_DROP_STORM), ==, 4000 - passed);
    /* Unicast has no part in it. */
    for (unsigned i = 0; i < 200; i++) {
        g_assert_true(out(&r, udp(false, 1, 2, 0)));
    }
    clear(&r);
}

static uint64_t waiting_of(Rig *r, unsigned from, uint64_t *sent)
{
    Packet p = udp(false, 1, 2, 0);
    Frame *frame;

    p.data[11] = from;
    frame = frame_alloc(1000);
    memset(frame->data, 0, 1000);
    memcpy(frame->data, p.data, p.len);
    while (vswitch_port_send_wait(r->port[from]) == 0 && *sent < 10000000) {
        vswitch_port_input(r->port[from], frame);
        *sent += frame->len;
    }
    frame_unref(frame);
    return *sent;
}

static void test_minimum_weight(void)
{
    uint64_t sent[2] = { 0, 0 };
    Rig r;

    rig(&r);
    set(&r, 0, (VswitchPolicy) { .minimum_weight = 75 });
    set(&r, 1, (VswitchPolicy) { .minimum_weight = 25 });
    vswitch_port_hold(r.port[UPLINK], true);
    /* Both have something there; then each as much as its part is. */
    for (unsigned i = 0; i < 2; i++) {
        Packet p = udp(false, 1, 2, 0);

        p.data[11] = i;
        passes_frame(&r, i, UPLINK, p.data, p.len);
    }
    waiting_of(&r, 0, &sent[0]);
    waiting_of(&r, 1, &sent[1]);
    g_assert_cmpuint(vswitch_port_send_wait(r.port[0]), ==, UINT64_MAX);
    g_assert_cmpuint(sent[0], >, 27 * sent[1] / 10);
    g_assert_cmpuint(sent[0], <, 33 * sent[1] / 10);
    /* Who has no weight is not kept; and sending makes room. */
    g_assert_cmpuint(vswitch_port_send_wait(r.port[2]), ==, 0);
    vswitch_port_hold(r.port[UPLINK], false);
    while (vswitch_port_queue(r.port[UPLINK])->count) {
        vswitch_run(r.sw);
    }
    g_assert_cmpuint(vswitch_port_send_wait(r.port[0]), ==, 0);
    clear(&r);
}

/* A busy uplink that takes a frame now and then, and two that always send. */
static void test_busy_uplink(void)
{
    uint64_t sent[2] = { 0, 0 };
    Rig r;

    rig(&r);
    set(&r, 0, (VswitchPolicy) { .minimum_weight = 80 });
    set(&r, 1, (VswitchPolicy) { .minimum_weight = 20 });
    r.slow = true;
    for (unsigned step = 0; step < 20000; step++) {
        r.room = 1;
        vswitch_port_room(r.port[UPLINK]);
        vswitch_run(r.sw);
        for (unsigned i = 0; i < 2; i++) {
            sent[i] = 0;
            waiting_of(&r, i, &sent[i]);
        }
    }
    g_test_message("%u and %u frames", r.from[0], r.from[1]);
    g_assert_cmpuint(r.from[0], >, 3 * r.from[1]);
    g_assert_cmpuint(r.from[0], <, 5 * r.from[1]);
    clear(&r);
}

static void test_priority(void)
{
    Packet p = udp(false, 1, 2, 0);
    Rig r;

    rig(&r);
    r.config[0].trunk = true;
    vswitch_port_configure(r.port[0], &r.config[0]);
    p.len = frame_vlan_insert(p.data, p.len, sizeof(p.data), 5 << 13 | 7);
    g_assert_true(passes_frame(&r, 0, UPLINK, p.data, p.len));
    g_assert_cmphex(r.tci[UPLINK], ==, 7);
    r.config[0].priority = true;
    vswitch_port_configure(r.port[0], &r.config[0]);
    g_assert_true(passes_frame(&r, 0, UPLINK, p.data, p.len));
    g_assert_cmphex(r.tci[UPLINK], ==, 5 << 13 | 7);
    clear(&r);
}

static bool hears(Rig *r, unsigned from, unsigned to)
{
    Packet p = udp(false, 1, 2, 0);

    memcpy(p.data, r->config[to].mac, 6);
    memcpy(p.data + 6, r->config[from].mac, 6);
    return passes_frame(r, from, to, p.data, p.len);
}

static void test_private_vlan(void)
{
    static uint64_t secondaries[64];
    static const VswitchPvlan modes[4] = {
        VSWITCH_PVLAN_PROMISCUOUS, VSWITCH_PVLAN_ISOLATED,
        VSWITCH_PVLAN_COMMUNITY, VSWITCH_PVLAN_COMMUNITY,
    };
    Packet p = udp(false, 1, 2, 0);
    Rig r;

    rig(&r);
    secondaries[0] = 1 << 20 | 1 << 30;
    for (unsigned i = 0; i < 4; i++) {
        r.config[i].access_vid = 10;
        r.config[i].pvlan = modes[i];
        r.config[i].secondary_vid = i == 1 ? 20 : i ? 30 : 0;
        r.config[i].vids = i ? NULL : secondaries;
        vswitch_port_configure(r.port[i], &r.config[i]);
    }
    for (unsigned i = 1; i < 4; i++) {
        g_assert_true(hears(&r, 0, i));
        g_assert_true(hears(&r, i, 0));
    }
    g_assert_true(hears(&r, 2, 3));
    g_assert_false(hears(&r, 1, 2));
    g_assert_false(hears(&r, 2, 1));
    /* On the wire: the secondary VLAN from the isolated, else the primary. */
    p.data[11] = 1;
    g_assert_true(passes_frame(&r, 1, UPLINK, p.data, p.len));
    g_assert_cmphex(r.type[UPLINK], ==, FRAME_TYPE_VLAN);
    g_assert_cmphex(r.tci[UPLINK], ==, 20);
    p.data[11] = 0;
    g_assert_true(passes_frame(&r, 0, UPLINK, p.data, p.len));
    g_assert_cmphex(r.tci[UPLINK], ==, 10);
    clear(&r);
}

static void test_team(void)
{
    Packet p = udp(false, 1, 2, 0);
    Rig r;

    rig(&r);
    memcpy(p.data + 6, r.config[1].mac, 6);
    g_assert_false(out(&r, p));
    for (unsigned i = 0; i < 2; i++) {
        r.config[i].n_team = 1;
        memcpy(r.config[i].team[0], r.config[!i].mac, 6);
        vswitch_port_configure(r.port[i], &r.config[i]);
    }
    g_assert_true(out(&r, p));
    /* The address is where the team uses it. */
    memcpy(p.data, r.config[1].mac, 6);
    memcpy(p.data + 6, r.config[2].mac, 6);
    g_assert_true(passes_frame(&r, 2, 0, p.data, p.len));
    /* A third address is still forged. */
    p = udp(false, 1, 2, 0);
    p.data[11] = 0x77;
    g_assert_false(out(&r, p));
    clear(&r);
}

static void test_address_conflict(void)
{
    Packet p = udp(false, 1, 2, 0);
    Rig r;

    rig(&r);
    memcpy(r.config[1].mac, r.config[0].mac, 6);
    vswitch_port_configure(r.port[1], &r.config[1]);
    g_assert_cmpuint(r.conflicts, ==, 1);
    memcpy(p.data + 6, r.config[2].mac, 6);
    passes_frame(&r, UPLINK, 0, p.data, p.len);
    g_assert_cmpuint(r.conflicts, ==, 2);
    clear(&r);
    /* A plain bridge sees it go to and fro; one that moves once does not. */
    r = (Rig) { .now = 1000 * MS };
    r.sw = vswitch_new(VSWITCH_TOR, &ops, &r);
    for (unsigned i = 0; i < 2; i++) {
        VswitchPortConfig config = { .connected = true };

        ends[i] = (End) { &r, i };
        r.port[i] = vswitch_port_new(r.sw, "p", &config, &port_ops, &ends[i]);
    }
    for (unsigned i = 0; i < 4; i++) {
        passes_frame(&r, i & 1, !(i & 1), p.data, p.len);
    }
    g_assert_cmpuint(r.conflicts, ==, 0);
    for (unsigned i = 0; i < 4; i++) {
        passes_frame(&r, i & 1, !(i & 1), p.data, p.len);
    }
    g_assert_cmpuint(r.conflicts, ==, 1);
    clear(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/router_guard", test_router_guard);
    g_test_add_func("/policy/dhcp_guard", test_dhcp_guard);
    g_test_add_func("/policy/acl_longest_prefix", test_acl_longest_prefix);
    g_test_add_func("/policy/acl_inbound", test_acl_inbound);
    g_test_add_func("/policy/acl_extended", test_acl_extended);
    g_test_add_func("/policy/mirror", test_mirror);
    g_test_add_func("/policy/maximum_bandwidth", test_maximum_bandwidth);
    g_test_add_func("/policy/storm_limit", test_storm_limit);
    g_test_add_func("/policy/minimum_weight", test_minimum_weight);
    g_test_add_func("/policy/busy_uplink", test_busy_uplink);
    g_test_add_func("/policy/priority", test_priority);
    g_test_add_func("/policy/private_vlan", test_private_vlan);
    g_test_add_func("/policy/team", test_team);
    g_test_add_func("/policy/address_conflict", test_address_conflict);
    return g_test_run();
}
