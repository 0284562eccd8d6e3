/*
 * The life of a VF: every way through the table.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/vf-life.h"

#include <glib.h>

typedef struct Fake {
    VfLife *life;
    bool free_vf;
    GString *log;           /* one letter per call */
    unsigned timer;
} Fake;

static bool fake_grant(void *opaque)
{
    Fake *f = opaque;

    g_string_append_c(f->log, f->free_vf ? 'G' : 'g');
    return f->free_vf;
}

#define FAKE_CALL(name, letter)                                             \
    static void fake_##name(void *opaque)                                   \
    {                                                                       \
        g_string_append_c(((Fake *)opaque)->log, letter);                   \
    }
FAKE_CALL(plug, 'P')
FAKE_CALL(eject, 'E')
FAKE_CALL(revoke, 'R')
FAKE_CALL(withdraw, 'W')
FAKE_CALL(release, 'F')

static void fake_changed(void *opaque, VfState from, VfState to)
{
    g_assert_cmpint(from, !=, to);
}

static void fake_timer(void *opaque, unsigned ms)
{
    ((Fake *)opaque)->timer = ms;
}

static const VfLifeOps fake_ops = {
    .grant = fake_grant, .plug = fake_plug, .eject = fake_eject,
    .revoke = fake_revoke, .withdraw = fake_withdraw,
    .release = fake_release, .changed = fake_changed, .timer = fake_timer,
};

static void fake_init(Fake *f, bool free_vf)
{
    f->life = vf_life_new(&fake_ops, f);
    f->free_vf = free_vf;
    f->log = g_string_new(NULL);
    f->timer = 0;
}

static void fake_clear(Fake *f)
{
    vf_life_free(f->life);
    g_string_free(f->log, TRUE);
}

static void run(Fake *f, const VfEvent *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        vf_life_event(f->life, events[i]);
    }
}

#define RUN(f, ...)                                                         \
    do {                                                                    \
        static const VfEvent list[] = { __VA_ARGS__ };                      \
        run(f, list, G_N_ELEMENTS(list));                                   \
    } while (0)

static void test_attach_detach(void)
{
    Fake f;

    fake_init(&f, true);
    RUN(&f, VF_EV_WANT, VF_EV_PLUGGED, VF_EV_ON_VF);
    g_assert_cmpint(vf_life_state(f.life), ==, VF_ACTIVE);
    g_assert_true(vf_life_has_vf(f.life));
    RUN(&f, VF_EV_UNWANT);
    g_assert_cmpuint(f.timer, ==, VF_EJECT_LIMIT_MS);
    RUN(&f, VF_EV_ON_SYNTHETIC, VF_EV_EJECTED, VF_EV_BUS_GONE);
    g_assert_cmpint(vf_life_state(f.life), ==, VF_SYNTHETIC);
    g_assert_false(vf_life_has_vf(f.life));
    g_assert_cmpstr(f.log->str, ==, "GPEFW");
    g_assert_cmpuint(f.timer, ==, 0);
    fake_clear(&f);
}

static void test_frozen_guest(void)
{
    Fake f;

    fake_init(&f, true);
    vf_life_set_eject_limit(f.life, 250);
    RUN(&f, VF_EV_WANT, VF_EV_PLUGGED, VF_EV_ON_VF, VF_EV_UNWANT);
    g_assert_cmpuint(f.timer, ==, 250);
    RUN(&f, VF_EV_TIMEOUT);
    g_assert_cmpint(vf_life_state(f.life), ==, VF_REVOKING);
    g_assert_cmpstr(f.log->str, ==, "GPERFW");
    RUN(&f, VF_EV_TIMEOUT);
    g_assert_cmpint(vf_life_state(f.life), ==, VF_SYNTHETIC);
    g_assert_cmpstr(f.log->str, ==, "GPERFW");
    fake_clear(&f);
}

static void test_waits_for_free_vf(void)
{
    Fake f;

    fake_init(&f, false);
    RUN(&f, VF_EV_WANT, VF_EV_RETRY);
    g_assert_cmpint(vf_life_state(f.life), ==, VF_WAITING);
    f.free_vf = true;
    RUN(&f, VF_EV_RETRY);
    g_assert_cmpint(vf_life_state(f.life), ==, VF_ASSIGNED);
    g_assert_cmpstr(f.log->str, ==, "ggGP");
    fake_clear(&f);
}

/* Detach while the devices are still being added: eject follows. */
static void test_unwant_while_plugging(void)
{
    Fake f;

    fake_init(&f, true);
    RUN(&f, VF_EV_WANT, VF_EV_UNWANT);
    g_assert_cmpint(vf_life_state(f.life), ==, VF_ASSIGNED);
    RUN(&f, VF_EV_PLUGGED);
    g_assert_cmpint(vf_life_state(f.life), ==, VF_EJECTING);
    g_assert_cmpstr(f.log->str, ==, "GPE");
    fake_clear(&f);
}

/* Wanted again while the guest ejects: another VF after the first. */
static void test_want_while_ejecting(void)
{
    Fake f;

    fake_init(&f, true);
    RUN(&f, VF_EV_WANT, VF_EV_PLUGGED, VF_EV_UNWANT, VF_EV_WANT,
        VF_EV_EJECTED, VF_EV_BUS_GONE);
    g_assert_cmpint(vf_life_state(f.life), ==, VF_ASSIGNED);
    g_assert_cmpstr(f.log->str, ==, "GPEFWGP");
    fake_clear(&f);
}

static void test_plug_failed_releases(void)
{
    Fake f;

    fake_init(&f, true);
    RUN(&f, VF_EV_WANT, VF_EV_PLUG_FAILED);
    g_assert_cmpint(vf_life_state(f.life), ==, VF_WAITING);
    g_assert_cmpstr(f.log->str, ==, "GPF");
    fake_clear(&f);
}

/* No order of events leaves a VF allocated in a state without one. */
static void test_random_walk_keeps_count(void)
{
    for (guint32 seed = 0; seed < 200; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        VfState state;
        bool held;
        Fake f;

        fake_init(&f, true);
        for (int i = 0; i < 200; i++) {
            vf_life_event(f.life, g_rand_int_range(rand, 0, VF_EVENTS));
            state = vf_life_state(f.life);
            held = vf_life_has_vf(f.life);
            g_assert_cmpint(held, ==, state >= VF_ASSIGNED &&
                            state <= VF_EJECTING);
        }
        fake_clear(&f);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vf-life/attach-detach", test_attach_detach);
    g_test_add_func("/vf-life/frozen-guest", test_frozen_guest);
    g_test_add_func("/vf-life/waits-for-free-vf", test_waits_for_free_vf);
    g_test_add_func("/vf-life/unwant-while-plugging",
                    test_unwant_while_plugging);
    g_test_add_func("/vf-life/want-while-ejecting", test_want_while_ejecting);
    g_test_add_func("/vf-life/plug-failed", test_plug_failed_releases);
    g_test_add_func("/vf-life/random-walk", test_random_walk_keeps_count);
    return g_test_run();
}
