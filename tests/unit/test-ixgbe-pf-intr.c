/*
 * The PF's interrupt block: vectors, other causes, one message, the line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "card-rig.h"
#include "spec/ixgbe_board_regs.h"

#define QUEUE (RIG_PF * RIG_QPP)
#define OTHER_VECTOR 5
#define VECTOR_20 20

static const uint8_t peer[6] = { 0x02, 0, 0, 0, 0, 0xfe };

/* As Linux: GPIE, auto-clear of queues only, auto-mask, vector 0 and 5. */
static void setup_vectors(Rig *rig, gconstpointer data)
{
    rig_init(rig);
    rig_program(rig, RIG_VFS);
    rig_start_queues(rig, RIG_PF);
    rig_set(rig, IXGBE_GPIE, IXGBE_GPIE_MSIX | IXGBE_GPIE_OCD |
            IXGBE_GPIE_EIAME);
    rig_set(rig, IXGBE_EIAM_EX(0), UINT32_MAX);
    rig_set(rig, IXGBE_EIAM_EX(1), UINT32_MAX);
    rig_set(rig, IXGBE_EIAM, IXGBE_EICR_QUEUES);
    rig_set(rig, IXGBE_EIAC, IXGBE_EICR_QUEUES);
    rig_set(rig, IXGBE_IVAR(QUEUE / 2), 0x8080);
    rig_set(rig, IXGBE_IVAR_MISC, (0x80 | OTHER_VECTOR) << 8);
    rig_get(rig, IXGBE_EICR);
    rig_set(rig, IXGBE_EICR, UINT32_MAX);
    rig_set(rig, IXGBE_EIMS, IXGBE_EICR_LSC | IXGBE_EICR_MAILBOX);
    rig_set(rig, IXGBE_EIMS_EX(0), UINT32_MAX);
    rig_set(rig, IXGBE_EIMS_EX(1), UINT32_MAX);
    memset(rig->f[RIG_PF].interrupts, 0, sizeof(rig->f[RIG_PF].interrupts));
}

static void setup_single(Rig *rig, gconstpointer data)
{
    rig_init(rig);
    rig_program(rig, RIG_VFS);
    rig_start_queues(rig, RIG_PF);
    rig_set(rig, IXGBE_IVAR(QUEUE / 2), 0x8180);
    rig_get(rig, IXGBE_EICR);
    memset(rig->f[RIG_PF].interrupts, 0, sizeof(rig->f[RIG_PF].interrupts));
}

static void teardown(Rig *rig, gconstpointer data)
{
    rig_clear(rig);
}

static unsigned *vectors(Rig *rig)
{
    return rig->f[RIG_PF].interrupts;
}

static void link_down(Rig *rig)
{
    ixgbe_adapter_set_cable(ixgbe_card_adapter(rig->card), false);
    rig_run(rig);
}

static void test_queue_vector(Rig *rig, gconstpointer data)
{
    rig_wire_frame(rig, RIG_MAC[RIG_PF], 64);
    rig_wire_frame(rig, RIG_MAC[RIG_PF], 64);
    g_assert_cmpuint(vectors(rig)[0], ==, 1);
    /* The second cause stands, the vector is masked. */
    g_assert_cmphex(rig_get(rig, IXGBE_EICS), ==, 1);
    g_assert_cmphex(rig_get(rig, IXGBE_EIMS_EX(0)) & 1, ==, 0);
    rig_set(rig, IXGBE_EIMS_EX(0), 1);
    g_assert_cmpuint(vectors(rig)[0], ==, 2);
    rig_send(rig, RIG_PF, peer, 64);
    rig_set(rig, IXGBE_EIMS_EX(0), 1);
    g_assert_cmpuint(vectors(rig)[0], ==, 3);
}

static void test_high_vector(Rig *rig, gconstpointer data)
{
    rig_set(rig, IXGBE_IVAR(QUEUE / 2), 0x80 | VECTOR_20);
    rig_wire_frame(rig, RIG_MAC[RIG_PF], 64);
    g_assert_cmpuint(vectors(rig)[VECTOR_20], ==, 1);
    g_assert_cmphex(rig_get(rig, IXGBE_EICS), ==, 0);
    /* No EICR bit, so nothing is left to be sent again. */
    rig_set(rig, IXGBE_EIMS_EX(0), UINT32_MAX);
    g_assert_cmpuint(vectors(rig)[VECTOR_20], ==, 1);
    rig_set(rig, IXGBE_EICS_EX(1), 1u << 31);
    g_assert_cmpuint(vectors(rig)[63], ==, 1);
}

static void test_other(Rig *rig, gconstpointer data)
{
    link_down(rig);
    g_assert_cmpuint(vectors(rig)[OTHER_VECTOR], ==, 1);
    /* As Linux: EICS tells without clearing, EICR clears what is written. */
    g_assert_cmphex(rig_get(rig, IXGBE_EICS) & IXGBE_EICR_LSC, !=, 0);
    g_assert_cmphex(rig_get(rig, IXGBE_EICR) & IXGBE_EICR_LSC, !=, 0);
    g_assert_cmphex(rig_get(rig, IXGBE_EICR) & IXGBE_EICR_LSC, !=, 0);
    rig_set(rig, IXGBE_EICR, IXGBE_EICR_LSC);
    g_assert_cmphex(rig_get(rig, IXGBE_EICR), ==, 0);
    rig_set(rig, IXGBE_EIMS, IXGBE_EICR_LSC);
    g_assert_cmpuint(vectors(rig)[OTHER_VECTOR], ==, 1);
    rig_set(rig, IXGBE_EIMC, IXGBE_EICR_LSC);
    rig_set(rig, IXGBE_EICS, IXGBE_EICR_LSC);
    g_assert_cmpuint(vectors(rig)[OTHER_VECTOR], ==, 1);
    rig_set(rig, IXGBE_EIMS, IXGBE_EICR_LSC);
    g_assert_cmpuint(vectors(rig)[OTHER_VECTOR], ==, 2);
}

static void test_timer_vector(Rig *rig, gconstpointer data)
{
    rig_set(rig, IXGBE_IVAR_MISC, (0x80 | OTHER_VECTOR) << 8 | 0x87);
    rig_set(rig, IXGBE_EIMS, IXGBE_EICR_TCP_TIMER);
    rig_set(rig, IXGBE_EICS, IXGBE_EICR_TCP_TIMER);
    g_assert_cmpuint(vectors(rig)[7], ==, 1);
    g_assert_cmpuint(vectors(rig)[OTHER_VECTOR], ==, 0);
}

static void test_moderation(Rig *rig, gconstpointer data)
{
    rig_set(rig, IXGBE_EITR(0), 200);           /* 50 us */
    for (unsigned i = 0; i < 10; i++) {
        rig_wire_frame(rig, RIG_MAC[RIG_PF], 64);
        rig_set(rig, IXGBE_EIMS_EX(0), 1);
        rig_advance(rig, 20000);
    }
    /* 200 us at most one in 50. */
    g_assert_cmpuint(vectors(rig)[0], >=, 4);
    g_assert_cmpuint(vectors(rig)[0], <=, 5);
    rig_set(rig, IXGBE_GPIE, IXGBE_GPIE_MSIX | IXGBE_GPIE_EIAME |
            IXGBE_GPIE_EIMEN);
    vectors(rig)[0] = 0;
    rig_set(rig, IXGBE_EICS, 1);
    g_assert_cmpuint(vectors(rig)[0], ==, 1);
}

/* Without EIAME nothing is masked; a read of EICR does it. */
static void test_mask_on_read(Rig *rig, gconstpointer data)
{
    rig_set(rig, IXGBE_GPIE, IXGBE_GPIE_MSIX);
    rig_wire_frame(rig, RIG_MAC[RIG_PF], 64);
    g_assert_cmphex(rig_get(rig, IXGBE_EIMS) & 1, ==, 1);
    rig_get(rig, IXGBE_EICR);
    g_assert_cmphex(rig_get(rig, IXGBE_EIMS) & 1, ==, 0);
}

static void test_line(Rig *rig, gconstpointer data)
{
    rig_set(rig, IXGBE_EIMS, 1 | IXGBE_EICR_LSC);
    g_assert_false(rig->line);
    rig_wire_frame(rig, RIG_MAC[RIG_PF], 64);
    g_assert_true(rig->line);
    g_assert_cmpuint(vectors(rig)[0], ==, 1);
    link_down(rig);
    g_assert_cmpuint(vectors(rig)[0], ==, 2);
    rig_set(rig, IXGBE_EIMC, IXGBE_EICR_LSC);
    g_assert_true(rig->line);
    g_assert_cmphex(rig_get(rig, IXGBE_EICR), ==, 1 | IXGBE_EICR_LSC);
    g_assert_false(rig->line);
    g_assert_cmphex(rig_get(rig, IXGBE_EICR), ==, 0);
}

/* As iPXE: nothing is unmasked, the causes are read. */
static void test_polled(Rig *rig, gconstpointer data)
{
    rig_wire_frame(rig, RIG_MAC[RIG_PF], 64);
    g_assert_cmphex(rig_get(rig, IXGBE_EICR), ==, 1);
    rig_send(rig, RIG_PF, peer, 64);
    g_assert_cmphex(rig_get(rig, IXGBE_EICR), ==, 2);
    g_assert_cmpuint(vectors(rig)[0], ==, 0);
    g_assert_false(rig->line);
}

static void test_line_moderation(Rig *rig, gconstpointer data)
{
    rig_set(rig, IXGBE_EITR(0), 200);
    rig_set(rig, IXGBE_EIMS, 1);
    rig_wire_frame(rig, RIG_MAC[RIG_PF], 64);
    rig_get(rig, IXGBE_EICR);
    rig_wire_frame(rig, RIG_MAC[RIG_PF], 64);
    g_assert_false(rig->line);
    rig_advance(rig, 50000);
    g_assert_true(rig->line);
    g_assert_cmpuint(vectors(rig)[0], ==, 2);
}

static void test_change_of_mode(Rig *rig, gconstpointer data)
{
    rig_set(rig, IXGBE_EIMS, 1);
    rig_wire_frame(rig, RIG_MAC[RIG_PF], 64);
    g_assert_true(rig->line);
    rig_set(rig, IXGBE_GPIE, IXGBE_GPIE_MSIX);
    g_assert_false(rig->line);
    rig_set(rig, IXGBE_GPIE, 0);
    g_assert_true(rig->line);
    rig_set(rig, IXGBE_CTRL, IXGBE_CTRL_RST);
    g_assert_false(rig->line);
}

#define ADD(name, start, test) \
    g_test_add("/ixgbe/pf-intr/" name, Rig, NULL, start, test, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("queue-vector", setup_vectors, test_queue_vector);
    ADD("high-vector", setup_vectors, test_high_vector);
    ADD("other", setup_vectors, test_other);
    ADD("timer-vector", setup_vectors, test_timer_vector);
    ADD("moderation", setup_vectors, test_moderation);
    ADD("mask-on-read", setup_vectors, test_mask_on_read);
    ADD("line", setup_single, test_line);
    ADD("polled", setup_single, test_polled);
    ADD("line-moderation", setup_single, test_line_moderation);
    ADD("change-of-mode", setup_single, test_change_of_mode);
    return g_test_run();
}
