/*
 * The migration stream of ixgbe with VFs enabled: what is restored works, and
 * a stream that was changed by a hostile hand is refused or harmless.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "ixgbe-traffic.h"

#define VF_COUNT 8
#define CHANGES 24

typedef struct Stream {
    Card card;
    char *dir, *path;
    char *data;
    size_t len;
    size_t begin;               /* of the device's section */
    size_t config;              /* its configuration space */
} Stream;

/* Waits for the end of a migration: has it completed? */
static bool completed(QTestState *qts)
{
    for (unsigned i = 0; i < 15000; i++) {
        QDict *answer = qtest_qmp(qts, "{ 'execute': 'query-migrate' }");
        QDict *data = qdict_get_qdict(answer, "return");
        g_autofree char *status = g_strdup(
            data ? qdict_get_try_str(data, "status") : NULL);

        qobject_unref(answer);
        if (!g_strcmp0(status, "completed")) {
            return true;
        }
        if (!g_strcmp0(status, "failed")) {
            return false;
        }
        g_usleep(2000);
    }
    g_assert_not_reached();
}

static void find_section(Stream *s)
{
    static const uint8_t ids[] = { 0x86, 0x80, 0xfb, 0x10 };
    uint8_t *at = memmem(s->data, s->len, "/ixgbe", 6);

    g_assert_nonnull(at);
    s->begin = (char *)at + 6 - s->data;
    at = memmem(at, s->len - s->begin, ids, sizeof(ids));
    g_assert_nonnull(at);
    s->config = (char *)at - s->data;
}

/* A card with traffic behind it and frames under way. */
static void stream_start(Stream *s, gconstpointer data)
{
    g_autofree char *uri = NULL;
    uint8_t frame[64];
    Ring rx, tx;

    s->dir = g_dir_make_tmp("iovlab-test-XXXXXX", NULL);
    s->path = g_build_filename(s->dir, "stream", NULL);
    card_start(&s->card, "");
    still_passes(&s->card);
    vf_rx(&rx, &s->card, 2, 0);
    rx_open(&rx, IXGBE_SRRCTL_ONE_BUFFER);
    ring_set(&rx, Q_CTL, 0);
    ring_set(&rx, Q_TAIL, 0);
    ring_set(&rx, Q_CTL, IXGBE_RXDCTL_ENABLE);
    vf_tx(&tx, &s->card, 1, 1);
    tx_open(&tx);
    make_frame(frame, 2, 1, sizeof(frame));
    for (unsigned n = 0; n < 10; n++) {
        tx_frame(&tx, frame, sizeof(frame));
    }
    uri = g_strdup_printf("file:%s", s->path);
    qtest_qmp_assert_success(s->card.pf.qts, "{ 'execute': 'migrate',"
                             " 'arguments': { 'uri': %s } }", uri);
    g_assert_true(completed(s->card.pf.qts));
    g_assert_true(g_file_get_contents(s->path, &s->data, &s->len, NULL));
    find_section(s);
}

static void stream_stop(Stream *s, gconstpointer data)
{
    card_stop(&s->card, data);
    unlink(s->path);
    rmdir(s->dir);
    g_free(s->path);
    g_free(s->dir);
    g_free(s->data);
}

static void write_stream(Stream *s)
{
    FILE *file = fopen(s->path, "w");

    g_assert_nonnull(file);
    g_assert_cmpuint(fwrite(s->data, 1, s->len, file), ==, s->len);
    g_assert_cmpint(fclose(file), ==, 0);
}

/* A machine that has read the stream as it is now; false if it refused. */
static bool load(Stream *s, Card *card)
{
    g_autofree char *netdev = NULL;
    g_autofree char *uri = g_strdup_printf("file:%s", s->path);
    int pair[2];

    write_stream(s);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    netdev = g_strdup_printf("socket,id=n0,fd=%d", pair[1]);
    start(&card->pf, netdev, "ixgbe", " -incoming defer");
    close(pair[1]);
    card->wire.fd = pair[0];
    qtest_qmp_assert_success(card->pf.qts, "{ 'execute': 'migrate-incoming',"
                             " 'arguments': { 'uri': %s, 'exit-on-error':"
                             " false } }", uri);
    return completed(card->pf.qts);
}

static unsigned count_vfs(Card *card)
{
    unsigned count = 0;

    for (unsigned vf = 0; vf < VFS; vf++) {
        count += qtest_readl(card->pf.qts,
                             config_at(1, vf_devfn(vf), 8)) != UINT32_MAX;
    }
    return count;
}

/* CVE-2025-54566: the VFs are there, and work, with what was under way. */
static void test_moves(Stream *s, gconstpointer data)
{
    uint8_t frame[MAX_FRAME];
    Card card;
    Ring rx;

    g_assert_true(load(s, &card));
    g_assert_cmpuint(count_vfs(&card), ==, VF_COUNT);
    vf_rx(&rx, &card, 2, 0);
    ring_set(&rx, Q_TAIL, RING_SIZE - 1);
    for (unsigned n = 0; n < 10; n++) {
        g_assert_cmpuint(rx_take(&rx, frame), ==, 64);
    }
    still_passes(&card);
    card_stop(&card, NULL);
}

/* It was refused, or it is a card that can be set up again. */
static bool survives(Stream *s)
{
    bool good;
    Card card;

    good = load(s, &card);
    if (good) {
        g_assert_cmpuint(count_vfs(&card), <=, VFS);
        for (unsigned n = 0; n < 8; n++) {
            work(&card.pf);
        }
        set_bars(&card.pf);
        set(&card.pf, IXGBE_CTRL, IXGBE_CTRL_RST);
        work(&card.pf);
        alive(&card.pf);
    }
    card_stop(&card, NULL);
    return good;
}

/* Not as many VFs as the stream has the state of. */
static void test_num_vfs(Stream *s, gconstpointer data)
{
    static const uint16_t counts[] = { 0, 1, 64, 65, 255, 0xffff };
    uint8_t *num = (uint8_t *)s->data + s->config + SRIOV + PCI_SRIOV_NUM_VF;

    for (unsigned i = 0; i < G_N_ELEMENTS(counts); i++) {
        wr_le16(num, counts[i]);
        g_assert_false(survives(s));
    }
    wr_le16(num, VF_COUNT);
    num[(int)(PCI_SRIOV_CTRL - PCI_SRIOV_NUM_VF)] &= ~PCI_SRIOV_CTRL_VFE;
    g_assert_false(survives(s));
}

static void test_changed(Stream *s, gconstpointer data)
{
    static const uint8_t values[] = { 0xff, 0x7f, 0x80, 0x01 };
    unsigned refused = 0;
    uint32_t random = 82599;

    for (unsigned i = 0; i < CHANGES; i++) {
        size_t span = i % 2 ? s->len - s->begin : 6000;
        size_t at;
        char old;

        random = random * 1664525 + 1013904223;
        at = s->begin + (random >> 4) % span;
        old = s->data[at];
        s->data[at] ^= values[i % 4];
        refused += !survives(s);
        s->data[at] = old;
    }
    g_test_message("%u of %u streams were refused", refused, CHANGES);
}

static void test_cut(Stream *s, gconstpointer data)
{
    const size_t len = s->len;

    /* Behind the device come the stream's own descriptions. */
    for (unsigned i = 1; i <= 6; i++) {
        s->len = s->begin + (len - s->begin) * i / 12;
        g_assert_false(survives(s));
    }
    s->len = len;
}

#define TEST(name, fn) \
    g_test_add("/iovlab/ixgbe-stream/" name, Stream, "", stream_start, fn, \
               stream_stop)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("moves", test_moves);
    TEST("num-vfs", test_num_vfs);
    TEST("changed", test_changed);
    TEST("cut", test_cut);
    return g_test_run();
}
