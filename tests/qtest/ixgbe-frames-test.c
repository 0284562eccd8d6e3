/*
 * Frames of 0 to 15,872 bytes through every path of ixgbe: between wire, PF and
 * VFs, with every form of receive descriptor.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "ixgbe-traffic.h"

/* Who sends and who receives: a VF, the PF, or the wire. */
enum { VF_A, VF_B, PF, WIRE, PLACES };

static const uint8_t address_of[PLACES] = { 1, 2, PF_POOL, PEER };

typedef struct Path {
    Card *card;
    Ring rx[3], tx[3];
} Path;

static void open_all(Path *path, Card *card, uint32_t srrctl)
{
    path->card = card;
    vf_rx(&path->rx[VF_A], card, 1, 0);
    vf_rx(&path->rx[VF_B], card, 2, 1);
    pf_rx(&path->rx[PF], card, 2);
    vf_tx(&path->tx[VF_A], card, 1, 3);
    vf_tx(&path->tx[VF_B], card, 2, 4);
    pf_tx(&path->tx[PF], card, 5);
    for (unsigned i = 0; i < 3; i++) {
        rx_open(&path->rx[i], srrctl);
        tx_open(&path->tx[i]);
    }
}

static void path_send(Path *path, unsigned from, const uint8_t *frame,
                      size_t len)
{
    if (from == WIRE) {
        wire_send(&path->card->wire, frame, len);
    } else {
        tx_frame(&path->tx[from], frame, len);
    }
}

static size_t path_take(Path *path, unsigned to, uint8_t *frame)
{
    return to == WIRE ? wire_take(path->card, frame)
                      : rx_take(&path->rx[to], frame);
}

/*
 * One frame, and one of a length of its own behind it: by that it is known
 * whether the first has come.  Returns its length, SIZE_MAX if it has not.
 */
static size_t passes(Path *path, unsigned from, unsigned to, size_t len)
{
    const size_t marker = len == 77 ? 78 : 77;
    static uint8_t sent[MAX_FRAME], got[MAX_FRAME];
    size_t first;

    make_frame(sent, address_of[to], address_of[from], len);
    path_send(path, from, sent, len);
    make_frame(sent, address_of[to], address_of[from], marker);
    path_send(path, from, sent, marker);
    first = path_take(path, to, got);
    g_assert_cmpuint(first, !=, SIZE_MAX);
    if (first == marker) {
        return SIZE_MAX;
    }
    make_frame(sent, address_of[to], address_of[from], len);
    memset(sent + len, 0, MAX_FRAME - len);
    g_assert_cmpmem(got, first, sent, first);
    g_assert_cmpuint(path_take(path, to, got), ==, marker);
    return first;
}

static void test_path(Card *card, gconstpointer data, unsigned from,
                      unsigned to, uint32_t srrctl)
{
    static const uint16_t sizes[] = {
        0, 1, 6, 12, 13, 14, 15, 16, 17, 18, 20, 33, 34, 42, 54, 58, 59, 60,
        61, 63, 64, 65, 127, 128, 129, 255, 256, 1023, 1024, 1514, 1515, 1518,
        1522, 2047, 2048, 2049, 4096, 9014, 9728, 14336, 15868, 15871, 15872,
    };
    Path path;

    open_all(&path, card, srrctl);
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        size_t got;

        if (from == WIRE && !sizes[i]) {
            /* A socket has no frame without a byte. */
            continue;
        }
        got = passes(&path, from, to, sizes[i]);

        if (sizes[i] >= 60 && sizes[i] <= MAX_FRAME - 4) {
            g_assert_cmpuint(got, ==, sizes[i]);
        } else if (got != SIZE_MAX && to != WIRE && from != WIRE) {
            /* CVE-2025-12464: padded once, where it is sent. */
            g_assert_cmpuint(got, ==, 60);
        }
    }
    alive(&card->pf);
}

#define PATH(name, from, to) \
    static void name(Card *card, gconstpointer data) \
    { \
        test_path(card, data, from, to, IXGBE_SRRCTL_ONE_BUFFER); \
    }

PATH(test_wire_to_pf, WIRE, PF)
PATH(test_wire_to_vf, WIRE, VF_A)
PATH(test_pf_to_wire, PF, WIRE)
PATH(test_vf_to_wire, VF_A, WIRE)
PATH(test_pf_to_vf, PF, VF_A)
PATH(test_vf_to_pf, VF_A, PF)
PATH(test_vf_to_vf, VF_A, VF_B)

/* Sent by VF A; the descriptors that VF B used for it are given back. */
static void pass_to_b(Path *path, const uint8_t *frame, size_t len)
{
    tx_frame(&path->tx[VF_A], frame, len);
    g_assert_true(tx_done(&path->tx[VF_A]));
    ring_set(&path->rx[VF_B], Q_TAIL,
             (ring_get(&path->rx[VF_B], Q_HEAD) + RING_SIZE - 1) % RING_SIZE);
}

static void test_legacy(Card *card, gconstpointer data)
{
    Path path;

    /* The status is in another place of this form: only what arrives. */
    open_all(&path, card, IXGBE_SRRCTL_LEGACY);
    for (size_t len = 0; len <= MAX_FRAME; len += len < 70 ? 1 : 997) {
        static uint8_t frame[MAX_FRAME];

        make_frame(frame, 2, 1, len);
        pass_to_b(&path, frame, len);
    }
    alive(&card->pf);
}

/* Header buffers are null: the frame of 2025's fix of e1000e's packet split. */
static void test_split(Card *card, gconstpointer data)
{
    static const uint32_t forms[] = {
        IXGBE_SRRCTL_SPLIT, IXGBE_SRRCTL_SPLIT_ALWAYS,
        IXGBE_SRRCTL_SPLIT | 1 << IXGBE_SRRCTL_BSIZEHDR_SHIFT,
        IXGBE_SRRCTL_SPLIT_ALWAYS | 16 << IXGBE_SRRCTL_BSIZEHDR_SHIFT,
        0x0e000000, 0x06000000, 0x08000000, 0x0c000000,
    };

    for (unsigned form = 0; form < G_N_ELEMENTS(forms); form++) {
        Path path;

        open_all(&path, card, forms[form]);
        set(&card->pf, IXGBE_PSRTYPE(2), UINT32_MAX);
        for (size_t len = 0; len <= MAX_FRAME; len += len < 70 ? 1 : 1999) {
            static uint8_t frame[MAX_FRAME];

            make_frame(frame, 2, 1, len);
            if (len > 40) {
                /* IPv4 and TCP, of which little is there. */
                memcpy(frame + 12, "\x08\0\x45\0\0\x60\0\0\0\0\x40\6", 12);
            }
            pass_to_b(&path, frame, len);
        }
        alive(&card->pf);
    }
}

/* CVE-2023-6693, CVE-2024-8612: nothing but the frame is written. */
static void test_no_leak(Card *card, gconstpointer data)
{
    static uint8_t buffer[RX_BUFFER], frame[MAX_FRAME];
    Path path;

    open_all(&path, card, IXGBE_SRRCTL_ONE_BUFFER);
    for (size_t len = 14; len < 200; len++) {
        Ring *rx = &path.rx[VF_B];
        unsigned at = rx->next;
        uint8_t desc[IXGBE_DESC_SIZE];
        size_t got;

        qtest_memset(card->pf.qts, rx->buffers + at * RX_BUFFER, 0xa5,
                     RX_BUFFER);
        make_frame(frame, 2, 1, len);
        tx_frame(&path.tx[VF_A], frame, len);
        g_assert_true(tx_done(&path.tx[VF_A]));
        for (unsigned i = 0; i < 100; i++) {
            qtest_memread(card->pf.qts, rx->base + at * 16, desc, 16);
            if (rd_le32(desc + 8) & IXGBE_RXS_DD) {
                break;
            }
            work(&card->pf);
        }
        got = rx_take(rx, frame);
        g_assert_cmpuint(got, ==, MAX(len, 60));
        qtest_memread(card->pf.qts, rx->buffers + at * RX_BUFFER, buffer,
                      RX_BUFFER);
        for (size_t i = len; i < got; i++) {
            g_assert_cmphex(buffer[i], ==, 0);
        }
        for (size_t i = got; i < RX_BUFFER; i++) {
            g_assert_cmphex(buffer[i], ==, 0xa5);
        }
    }
}

#define TEST(name, fn) \
    g_test_add("/iovlab/ixgbe-frames/" name, Card, "", card_start, fn, \
               card_stop)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("wire-to-pf", test_wire_to_pf);
    TEST("wire-to-vf", test_wire_to_vf);
    TEST("pf-to-wire", test_pf_to_wire);
    TEST("vf-to-wire", test_vf_to_wire);
    TEST("pf-to-vf", test_pf_to_vf);
    TEST("vf-to-pf", test_vf_to_pf);
    TEST("vf-to-vf", test_vf_to_vf);
    TEST("legacy", test_legacy);
    TEST("split", test_split);
    TEST("no-leak", test_no_leak);
    return g_test_run();
}
