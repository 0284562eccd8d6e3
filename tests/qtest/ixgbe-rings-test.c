/*
 * Rings and descriptors that make no sense, given to the queues of ixgbe's PF
 * and VFs: each must come to an end, and the queue must work when it is set up
 * anew.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "ixgbe-traffic.h"

#define DATA (IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_DATA)
#define CONTEXT (IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_CONTEXT)

typedef struct Rings {
    Ring rx[2], tx[2];          /* VF 1 sends to VF 2; the PF to VF 2 */
} Rings;

static void open_rings(Rings *r, Card *card)
{
    vf_rx(&r->rx[0], card, 2, 0);
    pf_rx(&r->rx[1], card, 1);
    vf_tx(&r->tx[0], card, 1, 2);
    pf_tx(&r->tx[1], card, 3);
    for (unsigned i = 0; i < 2; i++) {
        rx_open(&r->rx[i], IXGBE_SRRCTL_ONE_BUFFER | IXGBE_SRRCTL_DROP_EN);
        ring_set(&r->tx[i], Q_WBAL, 0);
        tx_open(&r->tx[i]);
    }
}

/* Something for the receive rings, from the wire. */
static void knock(Card *card)
{
    uint8_t frame[100];

    make_frame(frame, 2, PEER, sizeof(frame));
    wire_send(&card->wire, frame, sizeof(frame));
    make_frame(frame, PF_POOL, PEER, sizeof(frame));
    wire_send(&card->wire, frame, sizeof(frame));
    for (unsigned i = 0; i < 4; i++) {
        work(&card->pf);
    }
}

static void test_length_zero(Card *card, gconstpointer data)
{
    static const uint32_t lengths[] = { 0, 1, 15, 16, 127, 0x80, 0xffffffff };
    Rings r;

    for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
        open_rings(&r, card);
        for (unsigned n = 0; n < 2; n++) {
            Ring *rings[] = { &r.rx[n], &r.tx[n] };

            for (unsigned k = 0; k < 2; k++) {
                ring_set(rings[k], Q_CTL, 0);
                ring_set(rings[k], Q_LEN, lengths[i]);
                ring_set(rings[k], Q_CTL, IXGBE_RXDCTL_ENABLE);
                ring_set(rings[k], Q_TAIL, 0);
                ring_set(rings[k], Q_TAIL, 1);
                ring_set(rings[k], Q_TAIL, 0xffff);
            }
        }
        knock(card);
        /* The length changes under a queue that is on. */
        open_rings(&r, card);
        ring_set(&r.rx[0], Q_LEN, lengths[i]);
        ring_set(&r.tx[0], Q_LEN, lengths[i]);
        ring_set(&r.tx[0], Q_TAIL, RING_SIZE - 1);
        knock(card);
    }
    still_passes(card);
}

static void test_out_of_range(Card *card, gconstpointer data)
{
    static const uint32_t places[] = {
        RING_SIZE - 1, RING_SIZE, RING_SIZE + 1, 0x7fff, 0x8000, 0xffff,
        0xffffffff,
    };
    Rings r;

    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        for (unsigned reg = Q_HEAD; reg <= Q_TAIL; reg += Q_TAIL - Q_HEAD) {
            open_rings(&r, card);
            for (unsigned n = 0; n < 2; n++) {
                ring_set(&r.rx[n], reg, places[i]);
                ring_set(&r.tx[n], reg, places[i]);
                ring_set(&r.tx[n], Q_CTL, 0);
                ring_set(&r.tx[n], reg, places[i]);
                ring_set(&r.tx[n], Q_CTL, IXGBE_TXDCTL_ENABLE);
                ring_set(&r.tx[n], Q_TAIL, 3);
            }
            knock(card);
        }
    }
    still_passes(card);
}

/* CVE-2021-20257: descriptors without an end, for ever and ever. */
static void test_no_eop(Card *card, gconstpointer data)
{
    static const uint16_t lengths[] = { 0, 1, 64, 16000, 65535 };
    Rings r;

    for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
        open_rings(&r, card);
        for (unsigned n = 0; n < 2; n++) {
            for (unsigned k = 0; k < RING_SIZE; k++) {
                tx_desc(&r.tx[n], BUFFER, DATA | lengths[i], 0);
            }
            for (unsigned round = 0; round < 8; round++) {
                ring_set(&r.tx[n], Q_TAIL, round % 2 ? 0 : RING_SIZE - 1);
                work(&card->pf);
            }
            /* All of it at once: the tail is where the head is. */
            ring_set(&r.tx[n], Q_TAIL, ring_get(&r.tx[n], Q_HEAD));
        }
    }
    still_passes(card);
}

static void test_only_contexts(Card *card, gconstpointer data)
{
    Rings r;

    open_rings(&r, card);
    for (unsigned n = 0; n < 2; n++) {
        for (unsigned k = 0; k < RING_SIZE; k++) {
            tx_desc(&r.tx[n], UINT64_MAX, CONTEXT | IXGBE_TXD_RS, UINT32_MAX);
        }
        for (unsigned round = 0; round < 20; round++) {
            ring_set(&r.tx[n], Q_TAIL, round % 2 ? 0 : RING_SIZE - 1);
            work(&card->pf);
        }
    }
    still_passes(card);
}

/* CVE-2020-28916: buffers that are null, or nowhere. */
static void test_null_buffers(Card *card, gconstpointer data)
{
    static const uint32_t forms[] = {
        IXGBE_SRRCTL_LEGACY, IXGBE_SRRCTL_ONE_BUFFER, IXGBE_SRRCTL_SPLIT,
        IXGBE_SRRCTL_SPLIT_ALWAYS,
    };
    static const uint64_t places[] = { 0, 1, 0xfffffffffffff000ull,
                                       UINT64_MAX };

    for (unsigned i = 0; i < G_N_ELEMENTS(forms); i++) {
        for (unsigned k = 0; k < G_N_ELEMENTS(places); k++) {
            Rings r;

            open_rings(&r, card);
            for (unsigned n = 0; n < RING_SIZE; n++) {
                uint64_t desc[2] = {
                    GUINT64_TO_LE(places[k]),
                    GUINT64_TO_LE(places[k] & ~1ull),
                };

                qtest_memwrite(card->pf.qts, r.rx[0].base + n * 16, desc, 16);
                tx_desc(&r.tx[0], places[k], DATA | IXGBE_TXD_EOP |
                        IXGBE_TXD_IFCS | IXGBE_TXD_RS | (n % 3 ? 100 : 0), 0);
            }
            /* SRRCTL with a buffer of nothing as well. */
            ring_set(&r.rx[0], Q_SRRCTL, forms[i] | (k % 2 ? 2 : 0));
            ring_set(&r.tx[0], Q_TAIL, RING_SIZE - 1);
            knock(card);
        }
    }
    still_passes(card);
}

/*
 * A descriptor changes while it is worked on: receive buffers and head
 * write-back are the transmit ring, and the receive ring itself.
 */
static void test_overwritten(Card *card, gconstpointer data)
{
    for (unsigned fill = 0; fill < 256; fill += 51) {
        static uint8_t frame[1024];
        Rings r;

        open_rings(&r, card);
        for (unsigned n = 0; n < RING_SIZE; n++) {
            uint64_t target = n % 2 ? r.tx[0].base : r.rx[0].base;
            uint64_t desc[2] = { GUINT64_TO_LE(target + 16 * n), 0 };

            qtest_memwrite(card->pf.qts, r.rx[0].base + n * 16, desc, 16);
        }
        make_frame(frame, 2, 1, 14);
        memset(frame + 14, fill, sizeof(frame) - 14);
        qtest_memwrite(card->pf.qts, BUFFER, frame, sizeof(frame));
        ring_set(&r.tx[0], Q_WBAL, r.tx[0].base | IXGBE_TDWBAL_EN);
        ring_set(&r.tx[0], Q_WBAH, 0);
        for (unsigned n = 0; n + 1 < RING_SIZE; n++) {
            tx_desc(&r.tx[0], BUFFER, DATA | IXGBE_TXD_EOP | IXGBE_TXD_IFCS |
                    IXGBE_TXD_RS | sizeof(frame), 0);
        }
        ring_set(&r.tx[0], Q_TAIL, RING_SIZE - 1);
        knock(card);
        still_passes(card);
    }
}

/* --- offloads ------------------------------------------------------------ */

static uint32_t random_state;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

static uint32_t pick(const uint32_t *list, unsigned count)
{
    return list[next_random() % count];
}

#define PICK(...) pick((const uint32_t[]) { __VA_ARGS__ }, \
                       G_N_ELEMENTS(((const uint32_t[]) { __VA_ARGS__ })))

static void random_packet(Ring *tx)
{
    uint32_t length = PICK(1, 13, 14, 15, 33, 34, 35, 42, 53, 54, 60, 1514,
                           9000, 16000);
    uint32_t payload = PICK(0, 1, 8, 1000, 16000, 0x3ffff);
    uint32_t macip = PICK(0, 1, 14, 18, 127) << 9 |
                     PICK(0, 1, 20, 24, 40, 60, 511) | next_random() << 24;
    uint32_t tucmd = CONTEXT | (next_random() & 0xfffff);
    uint32_t mss = PICK(0, 1, 7, 8, 536, 1460, 65535) << 16 |
                   PICK(0, 1, 8, 12, 20, 60, 255) << 8;
    uint32_t cmd = DATA | IXGBE_TXD_EOP | IXGBE_TXD_IFCS | length |
                   (next_random() & 1 ? IXGBE_TXD_TSE : 0) |
                   (next_random() & 1 ? IXGBE_TXD_VLE : 0);

    tx_desc(tx, (uint64_t)next_random() << 32 | macip, tucmd, mss);
    tx_desc(tx, BUFFER + 64 * (next_random() % 4), cmd,
            payload << 14 | (next_random() & 0x3f00));
}

/* Headers of several protocols, all shorter than they say. */
static void random_headers(Card *card)
{
    static const uint8_t heads[4][54] = {
        { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0xff, 0xff, 0, 0,
          0, 0, 64, 6 },
        { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x4f, 0, 0, 1, 0, 0, 0x3f,
          0xff, 64, 132 },
        { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0xff,
          0xff, 0, 64 },
        { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x40, 0, 0, 20, 0, 0, 0,
          0, 64, 17 },
    };

    for (unsigned i = 0; i < 4; i++) {
        qtest_memwrite(card->pf.qts, BUFFER + 64 * i, heads[i], 54);
    }
}

/* CVE-2024-3567, CVE-2020-16092, CVE-2020-27617: contexts that lie. */
static void test_offloads(Card *card, gconstpointer data)
{
    Rings r;

    random_state = 82599;
    random_headers(card);
    for (unsigned round = 0; round < 150; round++) {
        Ring *tx = &r.tx[round % 2];

        open_rings(&r, card);
        for (unsigned n = 0; n < 15; n++) {
            random_packet(tx);
        }
        ring_set(tx, Q_TAIL, tx->next);
        g_assert_true(tx_done(tx));
    }
    still_passes(card);
}

/* Descriptors of nothing but noise. */
static void test_noise(Card *card, gconstpointer data)
{
    Rings r;

    random_state = 10;
    for (unsigned round = 0; round < 100; round++) {
        open_rings(&r, card);
        for (unsigned n = 0; n + 1 < RING_SIZE; n++) {
            uint64_t address = next_random() % 2 ? BUFFER :
                               (uint64_t)next_random() << 40;

            tx_desc(&r.tx[0], address, next_random() << 16 | next_random(),
                    next_random() << 8 | next_random());
        }
        ring_set(&r.tx[0], Q_TAIL, RING_SIZE - 1);
        work(&card->pf);
    }
    still_passes(card);
}

#define TEST(name, fn) \
    g_test_add("/iovlab/ixgbe-rings/" name, Card, "", card_start, fn, \
               card_stop)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("length-zero", test_length_zero);
    TEST("out-of-range", test_out_of_range);
    TEST("no-eop", test_no_eop);
    TEST("only-contexts", test_only_contexts);
    TEST("null-buffers", test_null_buffers);
    TEST("overwritten", test_overwritten);
    TEST("offloads", test_offloads);
    TEST("noise", test_noise);
    return g_test_run();
}
