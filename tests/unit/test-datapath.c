/*
 * Moving the data path: order is kept, nothing is lost or doubled.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/datapath.h"

#include <glib.h>

#define WINDOW 4

/* A VM with two sides, each with a window; `guest` is what it received. */
typedef struct Fake {
    Datapath *dp;
    FrameQueue sent[DATAPATH_SIDES];    /* not yet taken by the guest */
    GString *guest;
    bool draining[DATAPATH_SIDES];
    bool deaf[DATAPATH_SIDES];          /* takes nothing, answers nothing */
    bool filter_vf;
    char on_its_way;
    int done;                           /* -1: no answer yet */
    int frozen;
    unsigned timer;
} Fake;

static bool fake_send(void *opaque, DatapathSide side, Frame *frame,
                      const IxgbeRxMeta *meta)
{
    Fake *f = opaque;

    return f->sent[side].count < WINDOW &&
        frame_queue_push(&f->sent[side], frame, meta, 0);
}

static bool fake_drain(void *opaque, DatapathSide side)
{
    Fake *f = opaque;

    f->draining[side] = true;
    return true;
}

static bool fake_recall(void *opaque, DatapathSide side)
{
    Fake *f = opaque;

    if (!f->deaf[side]) {
        datapath_recalled(f->dp, side, &f->sent[side]);
    }
    return true;
}

static void fake_cut(void *opaque, DatapathSide side)
{
    Fake *f = opaque;

    datapath_down(f->dp, side, &f->sent[side]);
}

static void arrive(Fake *f, char letter);

/* A frame that was on its way inside the host comes before the move. */
static bool fake_filter(void *opaque, bool to_vf)
{
    Fake *f = opaque;

    if (f->on_its_way) {
        arrive(f, f->on_its_way);
        f->on_its_way = 0;
    }
    f->filter_vf = to_vf;
    return true;
}

static void fake_done(void *opaque, uint64_t cookie, bool on_vf)
{
    ((Fake *)opaque)->done = on_vf;
}

static void fake_changed(void *opaque, DatapathState state)
{
}

static void fake_frozen(void *opaque)
{
    ((Fake *)opaque)->frozen++;
}

static void fake_timer(void *opaque, unsigned ms)
{
    ((Fake *)opaque)->timer = ms;
}

static const DatapathOps fake_ops = {
    .send = fake_send, .drain = fake_drain, .recall = fake_recall,
    .cut = fake_cut, .filter = fake_filter, .done = fake_done,
    .changed = fake_changed, .frozen = fake_frozen, .timer = fake_timer,
};

static void fake_init(Fake *f)
{
    memset(f, 0, sizeof(*f));
    f->dp = datapath_new(&fake_ops, f);
    f->guest = g_string_new(NULL);
    f->done = -1;
    for (int i = 0; i < DATAPATH_SIDES; i++) {
        frame_queue_init(&f->sent[i], 0, 0);
        datapath_up(f->dp, i);
    }
}

static void fake_clear(Fake *f)
{
    datapath_free(f->dp);
    for (int i = 0; i < DATAPATH_SIDES; i++) {
        frame_queue_clear(&f->sent[i]);
    }
    g_string_free(f->guest, TRUE);
    g_assert_cmpuint(frame_live(), ==, 0);
}

/* A frame that bears one letter; upper case is unicast. */
static void arrive(Fake *f, char letter)
{
    uint8_t data[60] = { g_ascii_isupper(letter) ? 0x02 : 0xff };
    Frame *frame;

    data[14] = letter;
    frame = frame_new(data, sizeof(data));
    datapath_arrive(f->dp, f->filter_vf && g_ascii_isupper(letter) ?
                    DATAPATH_VF : DATAPATH_NIC, frame, NULL);
    frame_unref(frame);
}

static void arrive_all(Fake *f, const char *letters)
{
    for (; *letters; letters++) {
        arrive(f, *letters);
    }
}

/* The guest takes what it was sent, and says so. */
static void guest_take(Fake *f, DatapathSide side)
{
    while (f->sent[side].count && !f->deaf[side]) {
        g_string_append_c(f->guest, frame_queue_peek(&f->sent[side])->
                          frame->data[14]);
        frame_queue_pop(&f->sent[side]);
        if (f->sent[side].count == 0) {
            if (f->draining[side]) {
                f->draining[side] = false;
                datapath_drained(f->dp, side);
            }
            datapath_room(f->dp, side);
        }
    }
    if (f->draining[side] && !f->deaf[side]) {
        f->draining[side] = false;
        datapath_drained(f->dp, side);
    }
}

static void test_to_vf_keeps_order(void)
{
    Fake f;

    fake_init(&f);
    arrive_all(&f, "ABCDEF");           /* E and F beyond the window */
    datapath_request(f.dp, true, 1);
    arrive_all(&f, "GbH");
    f.on_its_way = 'I';
    g_assert_cmpint(f.done, ==, -1);
    g_assert_false(f.filter_vf);
    guest_take(&f, DATAPATH_NIC);
    g_assert_cmpint(f.done, ==, 1);
    g_assert_true(f.filter_vf);
    arrive(&f, 'J');
    g_assert_cmpstr(f.guest->str, ==, "ABCDb");
    guest_take(&f, DATAPATH_VF);
    g_assert_cmpstr(f.guest->str, ==, "ABCDbEFGHIJ");
    fake_clear(&f);
}

static void to_vf(Fake *f)
{
    datapath_request(f->dp, true, 1);
    guest_take(f, DATAPATH_NIC);
    g_assert_true(datapath_on_vf(f->dp));
    f->done = -1;
}

static void test_to_synthetic_keeps_order(void)
{
    Fake f;

    fake_init(&f);
    to_vf(&f);
    arrive_all(&f, "ABCDEF");
    datapath_request(f.dp, false, 2);
    g_assert_false(f.filter_vf);
    arrive_all(&f, "GH");
    g_assert_cmpuint(f.sent[DATAPATH_NIC].count, ==, 0);
    guest_take(&f, DATAPATH_VF);
    g_assert_cmpint(f.done, ==, 0);
    guest_take(&f, DATAPATH_NIC);
    g_assert_cmpstr(f.guest->str, ==, "ABCDEFGH");
    fake_clear(&f);
}

static void test_undrained_vf_is_recalled(void)
{
    Fake f;

    fake_init(&f);
    to_vf(&f);
    arrive_all(&f, "ABC");
    datapath_request(f.dp, false, 2);
    arrive(&f, 'D');
    g_assert_cmpuint(f.timer, ==, DATAPATH_DRAIN_VF_MS);
    datapath_timeout(f.dp);
    g_assert_cmpint(f.done, ==, 0);
    guest_take(&f, DATAPATH_NIC);
    g_assert_cmpstr(f.guest->str, ==, "ABCD");
    fake_clear(&f);
}

/* Before an eject: the guest's own request finds it done, and no way back. */
static void test_withdraw(void)
{
    Fake f;

    fake_init(&f);
    to_vf(&f);
    arrive_all(&f, "ABC");
    datapath_withdraw(f.dp);
    g_assert_false(f.filter_vf);
    arrive(&f, 'D');
    guest_take(&f, DATAPATH_VF);
    g_assert_cmpint(datapath_state(f.dp), ==, DATAPATH_ON_SYNTHETIC);
    g_assert_cmpint(f.done, ==, -1);
    datapath_request(f.dp, false, 2);
    g_assert_cmpint(f.done, ==, 0);
    datapath_request(f.dp, true, 3);
    g_assert_cmpint(f.done, ==, 0);
    guest_take(&f, DATAPATH_NIC);
    g_assert_cmpstr(f.guest->str, ==, "ABCD");
    datapath_allow(f.dp);
    to_vf(&f);
    fake_clear(&f);
}

/* A VM process that answers nothing loses the VF and no frame. */
static void test_deaf_vf_is_cut(void)
{
    Fake f;

    fake_init(&f);
    to_vf(&f);
    arrive_all(&f, "ABC");
    f.deaf[DATAPATH_VF] = true;
    datapath_revoke(f.dp);
    arrive(&f, 'D');
    datapath_timeout(f.dp);
    g_assert_cmpint(datapath_state(f.dp), ==, DATAPATH_ON_SYNTHETIC);
    guest_take(&f, DATAPATH_NIC);
    g_assert_cmpstr(f.guest->str, ==, "ABCD");
    fake_clear(&f);
}

static void test_vf_lost_falls_back(void)
{
    Fake f;

    fake_init(&f);
    to_vf(&f);
    arrive_all(&f, "AB");
    datapath_down(f.dp, DATAPATH_VF, &f.sent[DATAPATH_VF]);
    g_assert_false(f.filter_vf);
    arrive(&f, 'C');
    guest_take(&f, DATAPATH_NIC);
    g_assert_cmpstr(f.guest->str, ==, "ABC");
    fake_clear(&f);
}

static void test_request_without_vf_is_answered(void)
{
    Fake f;

    fake_init(&f);
    datapath_down(f.dp, DATAPATH_VF, NULL);
    datapath_request(f.dp, true, 7);
    g_assert_cmpint(f.done, ==, 0);
    g_assert_cmpint(datapath_state(f.dp), ==, DATAPATH_ON_SYNTHETIC);
    fake_clear(&f);
}

/* Source and destination of a migration: one VM, no frame lost or doubled. */
static void test_hand_over(void)
{
    FrameQueue backlog;
    FrameSlot slot;
    Frame *frame;
    Fake a, b;

    fake_init(&a);
    fake_init(&b);
    datapath_backlog_begin(b.dp);
    arrive_all(&a, "ABC");
    guest_take(&a, DATAPATH_NIC);
    arrive_all(&a, "DE");
    g_assert_true(datapath_freeze(a.dp));
    g_assert_cmpint(a.frozen, ==, 1);
    arrive_all(&a, "FG");
    g_assert_cmpuint(a.sent[DATAPATH_NIC].count, ==, 0);

    arrive_all(&b, "IJ");
    frame_queue_init(&backlog, 0, 0);
    datapath_take(a.dp, &backlog);
    arrive(&a, 'H');
    datapath_take(a.dp, &backlog);
    while ((frame = frame_queue_take(&backlog, &slot))) {
        datapath_backlog_push(b.dp, frame);
        frame_unref(frame);
    }
    guest_take(&b, DATAPATH_NIC);
    g_assert_cmpstr(b.guest->str, ==, "DEFGH");
    datapath_backlog_end(b.dp);
    guest_take(&b, DATAPATH_NIC);
    g_assert_cmpstr(a.guest->str, ==, "ABC");
    g_assert_cmpstr(b.guest->str, ==, "DEFGHIJ");
    frame_queue_clear(&backlog);
    datapath_free(b.dp);
    g_string_free(b.guest, TRUE);
    frame_queue_clear(&b.sent[DATAPATH_NIC]);
    frame_queue_clear(&b.sent[DATAPATH_VF]);
    fake_clear(&a);
}

static void test_cancel_thaws(void)
{
    Fake f;

    fake_init(&f);
    arrive_all(&f, "AB");
    datapath_freeze(f.dp);
    arrive(&f, 'C');
    datapath_thaw(f.dp);
    guest_take(&f, DATAPATH_NIC);
    g_assert_cmpstr(f.guest->str, ==, "ABC");
    fake_clear(&f);
}

static void test_no_freeze_on_vf(void)
{
    Fake f;

    fake_init(&f);
    to_vf(&f);
    g_assert_false(datapath_freeze(f.dp));
    fake_clear(&f);
}

/* Random moves: the guest sees every unicast frame once and in order. */
static void test_random_moves(void)
{
    for (guint32 seed = 0; seed < 300; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        GString *all = g_string_new(NULL);
        Fake f;

        fake_init(&f);
        for (int i = 0; i < 200; i++) {
            switch (g_rand_int_range(rand, 0, 8)) {
            case 0:
                datapath_request(f.dp, g_rand_boolean(rand), i);
                break;
            case 1:
                guest_take(&f, DATAPATH_NIC);
                break;
            case 2:
                guest_take(&f, DATAPATH_VF);
                break;
            case 3:
                if (datapath_freeze(f.dp)) {
                    datapath_thaw(f.dp);
                }
                break;
            case 4:
                datapath_revoke(f.dp);
                break;
            default:
                g_string_append_c(all, 'A' + i % 26);
                arrive(&f, 'A' + i % 26);
                break;
            }
        }
        datapath_revoke(f.dp);
        for (int i = 0; i < 100; i++) {
            guest_take(&f, DATAPATH_VF);
            guest_take(&f, DATAPATH_NIC);
        }
        g_assert_cmpstr(f.guest->str, ==, all->str);
        g_string_free(all, TRUE);
        fake_clear(&f);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/datapath/to-vf", test_to_vf_keeps_order);
    g_test_add_func("/datapath/to-synthetic", test_to_synthetic_keeps_order);
    g_test_add_func("/datapath/recall", test_undrained_vf_is_recalled);
    g_test_add_func("/datapath/withdraw", test_withdraw);
    g_test_add_func("/datapath/cut", test_deaf_vf_is_cut);
    g_test_add_func("/datapath/vf-lost", test_vf_lost_falls_back);
    g_test_add_func("/datapath/no-vf", test_request_without_vf_is_answered);
    g_test_add_func("/datapath/hand-over", test_hand_over);
    g_test_add_func("/datapath/cancel", test_cancel_thaws);
    g_test_add_func("/datapath/no-freeze-on-vf", test_no_freeze_on_vf);
    g_test_add_func("/datapath/random", test_random_moves);
    return g_test_run();
}
