/*
 * The flow director: hash, commands, matches, reports, saved state.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"

#include "ixgbe/fdir.h"
#include "spec/ixgbe_desc.h"
#include "spec/ixgbe_filter_regs.h"

/* The keys that drivers use. */
#define BUCKET_KEY 0x3dad14e2
#define SIGNATURE_KEY 0x174d3614
#define SIGNATURE_CTRL 0xa4060001u      /* as Linux: 64 KB, 10 in a bucket */
#define PERFECT_CTRL (0x4a067f01u | IXGBE_FDIRCTRL_PERFECT | \
                      IXGBE_FDIRCTRL_REPORT)
#define ADD (IXGBE_FDIRCMD_ADD | IXGBE_FDIRCMD_QUEUE_EN)
#define TYPE_UDP4 (1u << IXGBE_FDIRCMD_TYPE_SHIFT)
#define TYPE_TCP4 (2u << IXGBE_FDIRCMD_TYPE_SHIFT)
#define QUEUE(n) ((uint32_t)(n) << IXGBE_FDIRCMD_QUEUE_SHIFT)

static Rig r;

static void setup(uint32_t ctrl)
{
    rig_init(&r);
    rig_write(&r, IXGBE_FCTRL, IXGBE_FCTRL_BAM);
    rig_set(&r, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
    rig_write(&r, IXGBE_FDIRHKEY, BUCKET_KEY);
    rig_write(&r, IXGBE_FDIRSKEY, SIGNATURE_KEY);
    if (ctrl & IXGBE_FDIRCTRL_PERFECT) {
        rig_write(&r, IXGBE_FDIRM, IXGBE_FDIRM_DIPV6 | IXGBE_FDIRM_POOL |
                  IXGBE_FDIRM_VLANID | IXGBE_FDIRM_VLANP | IXGBE_FDIRM_FLEX);
    }
    rig_write(&r, IXGBE_FDIRCTRL, ctrl);
    g_assert_true(rig_read(&r, IXGBE_FDIRCTRL) & IXGBE_FDIRCTRL_INIT_DONE);
}

/* 10.0.0.1:@sport to 10.0.0.2:@dport. */
static Frame *ip_frame(uint8_t protocol, uint16_t sport, uint16_t dport,
                       int tci)
{
    size_t at = tci < 0 ? 14 : 18;
    Frame *f = rig_frame(RIG_MAC[RIG_PF], RIG_PEER, tci, at + 46, 0);
    uint8_t *ip = f->data + at;

    ip[0] = 0x45;
    wr_be16(ip + 2, 46);
    ip[8] = 64;
    ip[9] = protocol;
    wr_be32(ip + 12, 0x0a000001);
    wr_be32(ip + 16, 0x0a000002);
    wr_be16(ip + 20, sport);
    wr_be16(ip + 22, dport);
    if (protocol == FRAME_PROTO_TCP) {
        ip[32] = 0x50;
    } else {
        wr_be16(ip + 24, 26);
    }
    return f;
}

/* The queue that the PF got it in. */
static unsigned receive(Frame *f)
{
    unsigned before = r.end[RIG_PF].frames;

    ixgbe_adapter_wire_rx(r.adapter, f);
    frame_unref(f);
    rig_run(&r);
    g_assert_cmpuint(r.end[RIG_PF].frames, ==, before + 1);
    return r.end[RIG_PF].meta.queue;
}

/*
 * The datasheet's own words (7.1.2.7.11), bit by bit: the stream of 336 bits
 * with 15 bits of its other end at each end, the key eleven times, less a bit.
 */
static uint32_t slow_hash(const uint8_t stream[42], uint32_t key)
{
    bool ext[366];
    uint32_t hash = 0;

    for (unsigned i = 0; i < 366; i++) {
        unsigned bit = (i + 336 - 15) % 336;    /* of S, counted from its LSB */

        ext[i] = stream[41 - bit / 8] >> (bit % 8) & 1;
    }
    for (unsigned i = 0; i <= 350; i++) {
        if (key >> ((i + 1) % 32) & 1) {
            for (unsigned b = 0; b < 15; b++) {
                hash ^= (uint32_t)ext[i + b] << b;
            }
        }
    }
    return hash;
}

static void stream_of(const FdirFlow *flow, uint8_t stream[42])
{
    wr_be16(stream, flow->word[FDIR_EDGE]);
    for (unsigned i = 0; i < 9; i++) {
        wr_be32(stream + 2 + 4 * i, flow->word[FDIR_SRC + i]);
    }
    wr_be16(stream + 38, flow->word[FDIR_FLEX] >> 16);
    stream[40] = flow->word[FDIR_EDGE] >> 24;
    stream[41] = flow->word[FDIR_EDGE] >> 16;
}

static void test_hash(void)
{
    for (unsigned n = 0; n < 200; n++) {
        uint32_t key = n < 2 ? (n ? SIGNATURE_KEY : BUCKET_KEY)
                             : g_test_rand_int();
        uint8_t stream[42];
        FdirFlow flow;

        for (unsigned i = 0; i < FDIR_WORDS; i++) {
            flow.word[i] = (uint32_t)g_test_rand_int();
        }
        flow.word[FDIR_FLEX] &= 0xffff0000;
        stream_of(&flow, stream);
        g_assert_cmphex(ixgbe_fdir_hash(&flow, key), ==,
                        slow_hash(stream, key));
    }
}

/* FDIRHASH for a frame of ip_frame(), as a driver without masks computes it. */
static uint32_t signature(unsigned type, uint16_t sport, uint16_t dport,
                          uint16_t tci, uint16_t flex)
{
    FdirFlow flow = { { 0 } };
    uint8_t stream[42];

    flow.word[FDIR_EDGE] = type << 16 | tci;
    flow.word[FDIR_SRC] = 0x0a000001;
    flow.word[FDIR_DST] = 0x0a000002;
    flow.word[FDIR_PORTS] = (uint32_t)sport << 16 | dport;
    flow.word[FDIR_FLEX] = (uint32_t)flex << 16;
    stream_of(&flow, stream);
    return slow_hash(stream, BUCKET_KEY) |
           slow_hash(stream, SIGNATURE_KEY) << IXGBE_FDIRHASH_ID_SHIFT;
}

static void command(uint32_t hash, uint32_t cmd)
{
    /* One write of 64 bits, as Linux does it. */
    ixgbe_adapter_mmio_write(r.adapter, IXGBE_FDIRHASH,
                             (uint64_t)cmd << 32 | hash, 8);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRCMD) & IXGBE_FDIRCMD_CMD, ==, 0);
}

static void test_signature(void)
{
    uint32_t tcp = signature(2, 80, 1234, 0, 0x0800);

    setup(SIGNATURE_CTRL);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFREE), ==, 8191);
    command(tcp, ADD | IXGBE_FDIRCMD_UPDATE | TYPE_TCP4 | QUEUE(5));
    command(signature(1, 80, 1234, 0, 0x0800), ADD | TYPE_UDP4 | QUEUE(6));
    command(signature(2, 80, 1234, 0x2064, 0x8100),
            ADD | TYPE_TCP4 | QUEUE(7));
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFREE), ==, 8188);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_TCP, 80, 1234, -1)), ==, 5);
    g_assert_cmphex(r.end[RIG_PF].meta.status, ==, IXGBE_RXS_FLM);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_UDP, 80, 1234, -1)), ==, 6);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_TCP, 80, 1234, 0x2064)), ==,
                     7);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_TCP, 80, 1235, -1)), ==, 0);
    g_assert_cmphex(r.end[RIG_PF].meta.status, ==, 0);
    g_assert_cmpuint(rig_read(&r, IXGBE_FDIRMATCH), ==, 3);
    g_assert_cmpuint(rig_read(&r, IXGBE_FDIRMISS), ==, 1);
    g_assert_cmpuint(rig_read(&r, IXGBE_FDIRMISS), ==, 0);
    /* The flow moves to another queue, then away. */
    command(tcp, ADD | IXGBE_FDIRCMD_UPDATE | TYPE_TCP4 | QUEUE(9));
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_TCP, 80, 1234, -1)), ==, 9);
    command(tcp, IXGBE_FDIRCMD_REMOVE);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_TCP, 80, 1234, -1)), ==, 0);
    command(tcp, IXGBE_FDIRCMD_REMOVE);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRUSTAT), ==, 0x00010003);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFSTAT), ==, 0x0100);
    rig_clear(&r);
}

/* Linux's way to empty the table. */
static void test_reinit(void)
{
    setup(SIGNATURE_CTRL);
    command(signature(2, 80, 1234, 0, 0x0800), ADD | TYPE_TCP4 | QUEUE(5));
    rig_write(&r, IXGBE_FDIRFREE, 0);
    rig_set(&r, IXGBE_FDIRCMD, IXGBE_FDIRCMD_CLEARHT);
    rig_unset(&r, IXGBE_FDIRCMD, IXGBE_FDIRCMD_CLEARHT);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_TCP, 80, 1234, -1)), ==, 0);
    rig_write(&r, IXGBE_FDIRHASH, 0);
    rig_write(&r, IXGBE_FDIRCTRL, SIGNATURE_CTRL);
    g_assert_true(rig_read(&r, IXGBE_FDIRCTRL) & IXGBE_FDIRCTRL_INIT_DONE);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFREE), ==, 8191);
    rig_write(&r, IXGBE_FDIRCTRL, 0);
    command(0, ADD);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFSTAT), ==, 1);
    rig_clear(&r);
}

static uint32_t bucket_of(uint16_t dport)
{
    FdirFlow flow = { { 0 } };
    uint8_t stream[42];

    flow.word[FDIR_EDGE] = 1 << 16;
    flow.word[FDIR_SRC] = 0x0a000001;
    flow.word[FDIR_PORTS] = dport;
    stream_of(&flow, stream);
    return slow_hash(stream, BUCKET_KEY);
}

/* A filter on the UDP destination port and what else is not masked. */
static void program(uint16_t dport, unsigned index, uint32_t cmd)
{
    rig_write(&r, IXGBE_FDIRSIP4M, 0);
    rig_write(&r, IXGBE_FDIRDIP4M, 0xffffffff);
    rig_write(&r, IXGBE_FDIRUDPM, 0x0000ffff);      /* source port */
    /* Big-endian registers. */
    rig_write(&r, IXGBE_FDIRSIPV6(0), 0x0100000a);
    rig_write(&r, IXGBE_FDIRIPSA, 0x0100000a);
    rig_write(&r, IXGBE_FDIRIPDA, 0);
    rig_write(&r, IXGBE_FDIRPORT, (uint32_t)dport << 16);
    rig_write(&r, IXGBE_FDIRVLAN, 0);
    rig_write(&r, IXGBE_FDIRHASH, bucket_of(dport) |
              index << IXGBE_FDIRHASH_ID_SHIFT);
    rig_write(&r, IXGBE_FDIRCMD, cmd);
}

static void test_perfect(void)
{
    setup(PERFECT_CTRL);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFREE), ==, 2047);
    program(53, 0x123, ADD | TYPE_UDP4 | QUEUE(3));
    program(54, 0x124, ADD | TYPE_UDP4 | IXGBE_FDIRCMD_DROP | QUEUE(127));
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_UDP, 999, 53, -1)), ==, 3);
    g_assert_cmpuint(r.end[RIG_PF].meta.rss_type, ==, 15);
    g_assert_cmphex(r.end[RIG_PF].meta.rss_hash & 0xffff, ==, 0x123);
    g_assert_cmphex(r.end[RIG_PF].meta.rss_hash >> 16, ==,
                    bucket_of(53) & 0x7ff);
    /* The tag is masked, the source port too. */
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_UDP, 1, 53, 0x64)), ==, 3);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_UDP, 1, 54, -1)), ==, 127);
    g_assert_cmphex(r.end[RIG_PF].meta.status, ==,
                    IXGBE_RXS_FLM | IXGBE_RXS_ERR_FDIR_DROP);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_TCP, 1, 53, -1)), ==, 0);
    g_assert_cmpuint(r.end[RIG_PF].meta.rss_type, ==, 0);
    /* Linux asks first, and then removes by bucket and index. */
    program(53, 0x123, IXGBE_FDIRCMD_QUERY);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRCMD), ==,
                    IXGBE_FDIRCMD_VALID | IXGBE_FDIRCMD_QUEUE_EN | TYPE_UDP4 |
                    QUEUE(3));
    g_assert_true(rig_read(&r, IXGBE_FDIRHASH) & IXGBE_FDIRHASH_BUCKET_VALID);
    program(53, 0x123, IXGBE_FDIRCMD_REMOVE);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_UDP, 1, 53, -1)), ==, 0);
    program(53, 0x123, IXGBE_FDIRCMD_QUERY);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRCMD), ==, 0);
    g_assert_false(rig_read(&r, IXGBE_FDIRHASH) &
                   IXGBE_FDIRHASH_BUCKET_VALID);
    rig_clear(&r);
}

/* UDP from ::10.0.0.1 to fe80::2, port 53. */
static Frame *ipv6_frame(void)
{
    Frame *f = rig_frame(RIG_MAC[RIG_PF], RIG_PEER, -1, 14 + 60, 0);
    uint8_t *ip = f->data + 14;

    memset(ip, 0, 60);
    wr_be16(f->data + 12, FRAME_TYPE_IPV6);
    ip[0] = 0x60;
    wr_be16(ip + 4, 20);
    ip[6] = FRAME_PROTO_UDP;
    wr_be32(ip + 20, 0x0a000001);
    wr_be16(ip + 24, 0xfe80);
    ip[39] = 2;
    wr_be16(ip + 42, 53);
    wr_be16(ip + 44, 20);
    return f;
}

/* Of IPv6 destinations a filter knows only "ours", which may change later. */
static void test_local_ipv6(void)
{
    setup(PERFECT_CTRL);
    rig_unset(&r, IXGBE_FDIRM, IXGBE_FDIRM_DIPV6);
    rig_write(&r, IXGBE_FDIRHKEY, 0);               /* one bucket */
    rig_write(&r, IXGBE_FDIRUDPM, 0x0000ffff);
    rig_write(&r, IXGBE_FDIRIPSA, 0x0100000a);
    rig_write(&r, IXGBE_FDIRPORT, 53u << 16);
    rig_write(&r, IXGBE_FDIRHASH, 1u << IXGBE_FDIRHASH_ID_SHIFT);
    rig_write(&r, IXGBE_FDIRCMD, ADD | 5u << IXGBE_FDIRCMD_TYPE_SHIFT |
              IXGBE_FDIRCMD_IPV6_DST | QUEUE(3));
    g_assert_cmpuint(receive(ipv6_frame()), ==, 0);
    rig_write(&r, IXGBE_IP6AT(0), 0x000080fe);
    rig_write(&r, IXGBE_IP6AT(3), 0x02000000);
    g_assert_cmpuint(receive(ipv6_frame()), ==, 0);
    rig_write(&r, IXGBE_IPAV, IXGBE_IPAV_V6);
    g_assert_cmpuint(receive(ipv6_frame()), ==, 3);
    rig_write(&r, IXGBE_IP6AT(3), 0x03000000);
    g_assert_cmpuint(receive(ipv6_frame()), ==, 0);
    rig_clear(&r);
}

/* 7.1.2.7.6: the same flow with another action. */
static void test_collision(void)
{
    setup(PERFECT_CTRL);
    program(53, 1, ADD | TYPE_UDP4 | QUEUE(3));
    program(53, 1, ADD | TYPE_UDP4 | QUEUE(3));
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFREE), ==, 2046);
    program(53, 1, ADD | TYPE_UDP4 | QUEUE(4));
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFREE), ==, 0x00010000 | 2046);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_UDP, 1, 53, -1)), ==, 3);
    g_assert_cmphex(r.end[RIG_PF].meta.status, ==,
                    IXGBE_RXS_FLM | IXGBE_RXS_ERR_FDIR_COLL);
    program(53, 1, IXGBE_FDIRCMD_REMOVE);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFREE), ==, 2047);
    rig_clear(&r);
}

/* Filters of one bucket; some of them are far from its head. */
static void test_long_bucket(void)
{
    setup(SIGNATURE_CTRL);
    for (unsigned i = 0; i < 100; i++) {
        command(0x77 | i << IXGBE_FDIRHASH_ID_SHIFT, ADD | QUEUE(i));
    }
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRLEN) & 0x7fff003f, ==,
                    0x0077003f);
    command(0x77 | 20 << IXGBE_FDIRHASH_ID_SHIFT, IXGBE_FDIRCMD_QUERY);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRLEN) >> 8 & 0x3f, ==, 20);
    command(0x77 | 3 << IXGBE_FDIRHASH_ID_SHIFT, IXGBE_FDIRCMD_REMOVE);
    command(0x77 | 20 << IXGBE_FDIRHASH_ID_SHIFT, IXGBE_FDIRCMD_QUERY);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRLEN) >> 8 & 0x3f, ==, 19);
    for (unsigned i = 0; i < 100; i++) {
        command(0x77 | i << IXGBE_FDIRHASH_ID_SHIFT, IXGBE_FDIRCMD_REMOVE);
    }
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFREE), ==, 8191);
    rig_clear(&r);
}

static void test_length_error(void)
{
    uint32_t hash = signature(2, 80, 1234, 0, 0x0800);
    uint32_t bucket = hash & 0x1fff;

    setup(SIGNATURE_CTRL & ~0x0f000000u);
    rig_write(&r, IXGBE_FDIRCTRL, (SIGNATURE_CTRL & ~0x0f000000u) | 2u << 24);
    command(bucket | 1u << 16, ADD | QUEUE(1));
    command(hash, ADD | TYPE_TCP4 | QUEUE(5));
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_TCP, 80, 1234, -1)), ==, 5);
    g_assert_cmphex(r.end[RIG_PF].meta.status, ==, IXGBE_RXS_FLM);
    command(hash, IXGBE_FDIRCMD_REMOVE);
    command(bucket | 2u << 16, ADD | QUEUE(1));
    command(hash, ADD | TYPE_TCP4 | QUEUE(5));
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_TCP, 80, 1234, -1)), ==, 5);
    g_assert_cmphex(r.end[RIG_PF].meta.status, ==,
                    IXGBE_RXS_FLM | IXGBE_RXS_ERR_FDIR_LEN);
    rig_clear(&r);
}

static void test_full_table(void)
{
    unsigned threshold = 10 * 16;       /* FULL_THRESH of SIGNATURE_CTRL */

    setup(SIGNATURE_CTRL);
    r.causes = 0;
    for (unsigned i = 0; i < 8191; i++) {
        g_assert_cmphex(r.causes, ==, i > 8190 - threshold ? 0x10000 : 0);
        command(i * 3 % 8192, ADD | QUEUE(1));
    }
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFREE), ==, 0);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFSTAT), ==, 0);
    r.causes = 0;
    command(1 << 16, ADD | QUEUE(1));
    g_assert_cmphex(r.causes, ==, 0x10000);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFSTAT), ==, 1);
    rig_clear(&r);
}

/* A filter of a pool is for that pool's copy only. */
static void test_pool(void)
{
    unsigned queue = RIG_PF * RIG_QPP + 2;

    setup(PERFECT_CTRL);
    rig_program(&r);
    rig_unset(&r, IXGBE_FDIRM, IXGBE_FDIRM_POOL);
    rig_write(&r, IXGBE_FDIRHKEY, 0);               /* one bucket */
    program(53, 1, ADD | TYPE_UDP4 | QUEUE(queue) |
            1u << IXGBE_FDIRCMD_POOL_SHIFT);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_UDP, 1, 53, -1)), ==,
                     RIG_PF * RIG_QPP);
    rig_write(&r, IXGBE_FDIRHASH, 1u << IXGBE_FDIRHASH_ID_SHIFT);
    rig_write(&r, IXGBE_FDIRCMD, IXGBE_FDIRCMD_REMOVE);
    program(53, 1, ADD | TYPE_UDP4 | QUEUE(queue) |
            (uint32_t)RIG_PF << IXGBE_FDIRCMD_POOL_SHIFT);
    rig_write(&r, IXGBE_FDIRHASH, 1u << IXGBE_FDIRHASH_ID_SHIFT);
    rig_write(&r, IXGBE_FDIRCMD, ADD | TYPE_UDP4 | QUEUE(queue) |
              (uint32_t)RIG_PF << IXGBE_FDIRCMD_POOL_SHIFT);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_UDP, 1, 53, -1)), ==,
                     queue);
    g_assert_cmpuint(r.end[RIG_PF].meta.rss_mask, ==, 0);
    rig_clear(&r);
}

static GBytes *saved(void)
{
    StateWriter w;

    state_writer_init(&w);
    ixgbe_adapter_save(r.adapter, &w);
    return state_writer_finish(&w);
}

/* Of a stream's first bytes; 0: all. */
static bool load(GBytes *bytes, gsize cut)
{
    StateReader reader;
    gsize size;
    gconstpointer data = g_bytes_get_data(bytes, &size);
    bool ok;

    state_reader_init(&reader, data, cut ? cut : size);
    ok = ixgbe_adapter_load(r.adapter, &reader);
    state_reader_clear(&reader);
    return ok;
}

static void test_save(void)
{
    uint32_t tcp = signature(2, 80, 1234, 0, 0x0800);
    g_autoptr(GBytes) bytes = NULL;

    setup(SIGNATURE_CTRL);
    command((tcp & 0x1fff) | 9u << 16, ADD | QUEUE(1));
    command(tcp, ADD | TYPE_TCP4 | QUEUE(5));
    bytes = saved();
    rig_clear(&r);
    rig_init(&r);
    g_assert_true(load(bytes, 0));
    rig_run(&r);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_TCP, 80, 1234, -1)), ==, 5);
    command(tcp, IXGBE_FDIRCMD_QUERY);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRLEN) >> 8 & 0x3f, ==, 1);
    /* A stream that is cut ends well. */
    for (gsize cut = 1; cut < g_bytes_get_size(bytes); cut += 97) {
        g_assert_false(load(bytes, cut));
    }
    rig_clear(&r);
}

/* FDIRCTRL may be written, with INIT_DONE, without a new table. */
static void test_save_other_control(void)
{
    g_autoptr(GBytes) bytes = NULL, empty = NULL;

    setup(PERFECT_CTRL);
    program(53, 1, ADD | TYPE_UDP4 | QUEUE(3));
    rig_write(&r, IXGBE_FDIRCTRL, SIGNATURE_CTRL | IXGBE_FDIRCTRL_INIT_DONE);
    bytes = saved();
    rig_set(&r, IXGBE_FDIRCMD, IXGBE_FDIRCMD_CLEARHT);
    empty = saved();
    rig_clear(&r);
    rig_init(&r);
    g_assert_true(load(bytes, 0));
    rig_write(&r, IXGBE_FDIRCTRL, PERFECT_CTRL | IXGBE_FDIRCTRL_INIT_DONE);
    g_assert_cmpuint(receive(ip_frame(FRAME_PROTO_UDP, 1, 53, -1)), ==, 3);
    g_assert_true(load(empty, 0));
    command(0, ADD);
    g_assert_cmphex(rig_read(&r, IXGBE_FDIRFSTAT), ==, 1);
    rig_clear(&r);
}

#define TEST(name) g_test_add_func("/ixgbe/fdir/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(hash);
    TEST(signature);
    TEST(reinit);
    TEST(perfect);
    TEST(local_ipv6);
    TEST(collision);
    TEST(long_bucket);
    TEST(length_error);
    TEST(full_table);
    TEST(pool);
    TEST(save);
    TEST(save_other_control);
    return g_test_run();
}
