/*
 * What a write to a transmit tail does itself, and what it leaves for later.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "card-rig.h"

static const uint8_t nobody[6] = { 0x02, 0, 0, 0, 0, 0xfe };
static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

#define GATHER_NS 2000000

static void setup(Rig *rig, gconstpointer data)
{
    rig_init_running(rig);
    ixgbe_pf_set_gather(ixgbe_card_pf(rig->card), GATHER_NS);
}

static void teardown(Rig *rig, gconstpointer data)
{
    rig_clear(rig);
}

static bool pending(const Rig *rig)
{
    bool any = rig->scheduled;

    for (unsigned f = 0; f <= RIG_PF; f++) {
        any |= rig->f[f].scheduled;
    }
    return any;
}

static uint32_t head(Rig *rig, unsigned vf)
{
    return rig_vf_get(rig, vf, IXGBE_VFTDH(0));
}

/* A frame for VF 0, which may be answered at once from then on. */
static void ask(Rig *rig)
{
    rig_wire_frame(rig, RIG_MAC[0], 64);
    g_assert_false(pending(rig));
}

/* There before the write returns, and nobody is asked to do anything. */
static void test_answer(Rig *rig, gconstpointer data)
{
    ask(rig);
    rig_ring(rig, 0, RIG_MAC[1], 64, 1);
    g_assert_cmpuint(rig_received(rig, 1), ==, 1);
    g_assert_cmpuint(head(rig, 0), ==, 1);
    g_assert_false(pending(rig));
    /* VF 1 was asked by it. */
    rig_ring(rig, 1, nobody, 1500, 1);
    g_assert_cmpuint(rig->wire_frames, ==, 1);
    g_assert_false(pending(rig));
}

/* What answers nothing is sent beside the driver. */
static void test_unasked(Rig *rig, gconstpointer data)
{
    ask(rig);
    rig_ring(rig, 0, RIG_MAC[1], 64, 1);
    for (unsigned n = 1; n < 4; n++) {
        rig_ring(rig, 0, RIG_MAC[1], 64, 1);
        g_assert_cmpuint(head(rig, 0), ==, 1);
        g_assert_true(rig->f[0].scheduled);
    }
    /* Nor does an answer pass what waits. */
    rig_wire_frame(rig, RIG_MAC[1], 64);
    rig_run(rig);
    g_assert_cmpuint(head(rig, 0), ==, 4);
    g_assert_cmpuint(rig_received(rig, 1), ==, 5);
}

/* But for an interrupt that the driver raises: it looks at its ring then. */
static void test_soft_interrupt(Rig *rig, gconstpointer data)
{
    rig_ring(rig, 0, nobody, 64, 3);
    rig_ring(rig, RIG_PF, nobody, 64, 2);
    g_assert_cmpuint(rig->wire_frames, ==, 0);
    rig_vf_set(rig, 0, IXGBE_VTEICS, 1);
    g_assert_cmpuint(head(rig, 0), ==, 3);
    g_assert_cmpuint(rig->wire_frames, ==, 3);
    rig_set(rig, IXGBE_EICS, 1);
    g_assert_cmpuint(rig->wire_frames, ==, 5);
    rig_run(rig);
    g_assert_cmpuint(rig->wire_frames, ==, 5);

    /* Of a stopped VM nothing is. */
    ixgbe_card_hold(rig->card, true);
    rig_ring(rig, 0, nobody, 64, 1);
    rig_vf_set(rig, 0, IXGBE_VTEICS, 1);
    g_assert_cmpuint(head(rig, 0), ==, 3);
}

/* Nor do many, or what is to be segmented. */
static void test_large(Rig *rig, gconstpointer data)
{
    uint8_t *desc = rig->memory + RIG_TX_RING(0) + 16 * 9;

    ask(rig);
    rig_ring(rig, 0, nobody, 64, 8);
    g_assert_cmpuint(rig->wire_frames, ==, 0);
    rig_run(rig);
    g_assert_cmpuint(rig->wire_frames, ==, 8);

    ask(rig);
    rig_ring(rig, 0, nobody, 64, 1);
    g_assert_cmpuint(head(rig, 0), ==, 9);
    ask(rig);
    wr_le64(desc, RIG_TX_BUFFER(0));
    wr_le32(desc + 8, IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_DATA | IXGBE_TXD_EOP |
            IXGBE_TXD_TSE | IXGBE_TXD_IFCS | 1000);
    wr_le32(desc + 12, 1000u << 14);
    rig_vf_set(rig, 0, IXGBE_VFTDT(0), 10);
    g_assert_cmpuint(head(rig, 0), ==, 9);
    rig_run(rig);
    g_assert_cmpuint(head(rig, 0), ==, 10);
}

/* Three frames: two with all their copies now, one later. */
static void test_copies(Rig *rig, gconstpointer data)
{
    ask(rig);
    rig_ring(rig, 0, broadcast, 64, 3);
    for (unsigned f = 1; f <= RIG_PF; f++) {
        g_assert_cmpuint(rig_received(rig, f), ==, 2);
    }
    g_assert_true(rig->f[0].scheduled);
    rig_run(rig);
    for (unsigned f = 1; f <= RIG_PF; f++) {
        g_assert_cmpuint(rig_received(rig, f), ==, 3);
    }
    g_assert_cmpuint(rig->wire_frames, ==, 3);
}

/* A stopped VM: nothing moves, and all of it does when it goes on. */
static void test_held(Rig *rig, gconstpointer data)
{
    ask(rig);
    ixgbe_card_hold(rig->card, true);
    rig_ring(rig, 0, RIG_MAC[1], 64, 2);
    rig_run(rig);
    g_assert_cmpuint(head(rig, 0), ==, 0);
    ixgbe_card_hold(rig->card, false);
    rig_run(rig);
    g_assert_cmpuint(rig_received(rig, 1), ==, 2);
}

/* As the DMA of a device that the frame reaches may do. */
static void write_to_card(Rig *rig)
{
    rig_vf_set(rig, 0, IXGBE_VFTDT(0), 9);
    rig_vf_set(rig, 1, IXGBE_VFTDT(0), 9);
    rig_set(rig, IXGBE_CTRL, IXGBE_CTRL_RST);
    g_assert_cmphex(rig_vf_get(rig, 0, IXGBE_VFTDT(0)), ==, 0);
    g_assert_true(ixgbe_function_is_busy(rig->f[1].fn));
}

static void test_reentry(Rig *rig, gconstpointer data)
{
    ask(rig);
    rig->at_wire = write_to_card;
    rig_ring(rig, 0, nobody, 64, 1);
    rig->at_wire = NULL;
    g_assert_cmpuint(rig->wire_frames, ==, 1);
    rig_run(rig);
    g_assert_cmpuint(rig->wire_frames, ==, 1);
    g_assert_cmphex(rig_vf_get(rig, 0, IXGBE_VFTDT(0)), ==, 1);
    g_assert_cmphex(rig_vf_get(rig, 1, IXGBE_VFTDT(0)), ==, 0);
    g_assert_false(ixgbe_function_is_busy(rig->f[0].fn));
    g_assert_cmphex(rig_get(rig, IXGBE_DMATXCTL) & IXGBE_DMATXCTL_TE, !=, 0);
}

/* The wire brings a frame while the card gives it one. */
static void bring(Rig *rig)
{
    Frame *frame = frame_alloc(64);

    memset(frame->data, 0, frame->len);
    memcpy(frame->data, RIG_MAC[0], 6);
    memcpy(frame->data + 6, nobody, 6);
    ixgbe_adapter_wire_rx(ixgbe_card_adapter(rig->card), frame);
    frame_unref(frame);
}

/* Around what the wire brings, as hw/net/ixgbe-wire.c has it. */
static void test_wire_turn(Rig *rig, gconstpointer data)
{
    IxgbeAdapter *adapter = ixgbe_card_adapter(rig->card);

    g_assert_true(ixgbe_adapter_begin(adapter));
    bring(rig);
    bring(rig);
    g_assert_cmpuint(rig_received(rig, 0), ==, 0);
    ixgbe_adapter_end(adapter);
    g_assert_false(pending(rig));
    g_assert_cmpuint(rig_received(rig, 0), ==, 2);
    /* What is older goes first. */
    bring(rig);
    g_assert_false(ixgbe_adapter_begin(adapter));
    bring(rig);
    ixgbe_adapter_end(adapter);
    g_assert_cmpuint(rig_received(rig, 0), ==, 2);
    rig_run(rig);
    g_assert_cmpuint(rig_received(rig, 0), ==, 4);
}

static void test_wire_answers(Rig *rig, gconstpointer data)
{
    ask(rig);
    rig->at_wire = bring;
    rig_ring(rig, 0, nobody, 64, 1);
    g_assert_cmpuint(rig_received(rig, 0), ==, 2);
    g_assert_false(pending(rig));
    rig_ring(rig, 0, nobody, 64, 8);
    rig_run(rig);
    g_assert_cmpuint(rig_received(rig, 0), ==, 10);
}

/* --- streams --------------------------------------------------------------- */

#define PACE_NS 20000
/* VF 0's ring is made this long. */
#define LONG_RING 256

static void doorbell(Rig *rig, const uint8_t *dst)
{
    rig->now += PACE_NS;
    rig_ring(rig, 0, dst, 64, 1);
}

/* The doorbells by which a stream is known, all sent by runs. */
static void begin_stream(Rig *rig)
{
    for (unsigned n = 0; n < 8; n++) {
        doorbell(rig, nobody);
        g_assert_true(rig->f[0].scheduled);
        rig_run(rig);
    }
    g_assert_cmpuint(rig->wire_frames, ==, 8);
    rig->wire_frames = 0;
}

/* A quarter of the ring goes at once, in the write; nothing before. */
static void test_stream(Rig *rig, gconstpointer data)
{
    begin_stream(rig);
    for (unsigned round = 1; round < 4; round++) {
        for (unsigned n = 1; n < RIG_RING / 4; n++) {
            doorbell(rig, nobody);
            g_assert_cmpuint(rig->wire_frames, ==, 0);
            g_assert_false(pending(rig));
        }
        doorbell(rig, nobody);
        g_assert_cmpuint(rig->wire_frames, ==, RIG_RING / 4);
        g_assert_false(pending(rig));
        rig->wire_frames = 0;
    }
}

/* On a long ring 32 do. */
static void test_stream_long_ring(Rig *rig, gconstpointer data)
{
    uint8_t *ring = rig->memory + RIG_TX_RING(0);

    begin_stream(rig);
    for (unsigned n = RIG_RING; n < LONG_RING; n++) {
        memcpy(ring + 16 * n, ring, 16);
        wr_le32(ring + 16 * n + 12, 64u << 14);
    }
    rig_vf_set(rig, 0, IXGBE_VFTDLEN(0), LONG_RING * 16);
    rig_ring(rig, 0, nobody, 64, RIG_RING - 9);
    rig_run(rig);
    rig->wire_frames = 0;
    for (unsigned n = 1; n <= 8 + 31; n++) {
        rig->now += PACE_NS;
        rig_vf_set(rig, 0, IXGBE_VFTDT(0), RIG_RING - 1 + n);
        if (n <= 8) {
            rig_run(rig);       /* many descriptors had ended the stream */
            rig->wire_frames = 0;
        }
    }
    g_assert_cmpuint(rig->wire_frames, ==, 0);
    g_assert_false(pending(rig));
    rig_vf_set(rig, 0, IXGBE_VFTDT(0), RIG_RING - 1 + 40);
    g_assert_cmpuint(rig->wire_frames, ==, 32);
}

/* All of it, with an interrupt for all, and no later than that. */
static void test_stream_pauses(Rig *rig, gconstpointer data)
{
    begin_stream(rig);
    /* No mask and no interval would stop a second one. */
    rig_vf_set(rig, 1, IXGBE_VTIVAR(0), 0x8080);
    rig_vf_set(rig, 1, IXGBE_VTEIAC, 1);
    rig_vf_set(rig, 1, IXGBE_VTEIMS, 1);
    for (unsigned n = 0; n < 4; n++) {
        doorbell(rig, RIG_MAC[1]);
    }
    rig_advance(rig, GATHER_NS - 4 * PACE_NS);
    g_assert_cmpuint(rig_received(rig, 1), ==, 0);
    rig_advance(rig, PACE_NS);
    g_assert_cmpuint(rig_received(rig, 1), ==, 4);
    g_assert_cmpuint(rig->f[1].interrupts[0], ==, 1);
    g_assert_cmpuint(rig->f[0].timer, ==, UINT64_MAX);
    /* So few: the next does not wait. */
    doorbell(rig, nobody);
    g_assert_true(rig->f[0].scheduled);
}

/* Whoever is spoken to answers at once, with what was gathered before it. */
static void test_stream_asked(Rig *rig, gconstpointer data)
{
    begin_stream(rig);
    doorbell(rig, nobody);
    g_assert_cmpuint(rig->wire_frames, ==, 0);
    ask(rig);
    doorbell(rig, nobody);
    g_assert_cmpuint(rig->wire_frames, ==, 2);
    g_assert_false(pending(rig));
    doorbell(rig, nobody);
    g_assert_true(rig->f[0].scheduled);
}

/* Slow doorbells, a clock that stands still, or no time to wait. */
static void test_no_stream(Rig *rig, gconstpointer data)
{
    for (unsigned n = 0; n < 60; n++) {
        rig->now += n < 24 ? GATHER_NS / 7 + 1 : n < 40 ? 0 : PACE_NS;
        if (n == 40) {
            ixgbe_pf_set_gather(ixgbe_card_pf(rig->card), 0);
        }
        rig_ring(rig, 0, nobody, 64, 1);
        g_assert_true(rig->f[0].scheduled);
        rig_run(rig);
    }
    g_assert_cmpuint(rig->wire_frames, ==, 60);
}

/* A queue that is switched off sends what it has. */
static void test_stream_off(Rig *rig, gconstpointer data)
{
    begin_stream(rig);
    doorbell(rig, nobody);
    doorbell(rig, nobody);
    g_assert_cmpuint(rig->wire_frames, ==, 0);
    rig_vf_set(rig, 0, IXGBE_VFTXDCTL(0), 0);
    g_assert_cmpuint(rig->wire_frames, ==, 2);
}

/* And a driver that asks for an interrupt finds it sent. */
static void test_stream_settled(Rig *rig, gconstpointer data)
{
    begin_stream(rig);
    doorbell(rig, nobody);
    g_assert_cmpuint(rig->wire_frames, ==, 0);
    rig_vf_set(rig, 0, IXGBE_VTEICS, 1);
    g_assert_cmpuint(rig->wire_frames, ==, 1);
    g_assert_false(pending(rig));
}

/* So does a VM that stood still, when it goes on. */
static void test_stream_held(Rig *rig, gconstpointer data)
{
    begin_stream(rig);
    doorbell(rig, nobody);
    ixgbe_card_hold(rig->card, true);
    g_assert_cmpuint(rig->f[0].timer, ==, UINT64_MAX);
    rig_advance(rig, 10000000);
    g_assert_cmpuint(rig->wire_frames, ==, 0);
    ixgbe_card_hold(rig->card, false);
    rig_run(rig);
    g_assert_cmpuint(rig->wire_frames, ==, 1);
}

/* Another function's reset is no reason to forget; its own is. */
static void test_stream_reset(Rig *rig, gconstpointer data)
{
    begin_stream(rig);
    doorbell(rig, nobody);
    ixgbe_function_flr(rig->f[1].fn);
    rig_advance(rig, GATHER_NS);
    g_assert_cmpuint(rig->wire_frames, ==, 1);
    for (unsigned n = 0; n < 8; n++) {
        doorbell(rig, nobody);
        rig_run(rig);
    }
    doorbell(rig, nobody);
    rig->wire_frames = 0;
    ixgbe_function_flr(rig->f[0].fn);
    rig_advance(rig, 10000000);
    g_assert_cmpuint(rig->wire_frames, ==, 0);
    g_assert_cmpuint(rig->f[0].timer, ==, UINT64_MAX);
}

/* What is to be segmented is left for a run, and what is behind it too. */
static void test_stream_segmented(Rig *rig, gconstpointer data)
{
    uint8_t *desc = rig->memory + RIG_TX_RING(0) + 16 * 9;

    begin_stream(rig);
    doorbell(rig, nobody);
    doorbell(rig, nobody);
    wr_le32(desc + 8, IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_DATA | IXGBE_TXD_EOP |
            IXGBE_TXD_TSE | IXGBE_TXD_IFCS | 64);
    for (unsigned n = 2; n < 8; n++) {
        doorbell(rig, nobody);
    }
    g_assert_cmpuint(head(rig, 0), ==, 9);
    g_assert_true(rig->f[0].scheduled);
    rig_run(rig);
    g_assert_cmpuint(head(rig, 0), ==, 16);
}

#define ADD(name, test) \
    g_test_add("/ixgbe/doorbell/" name, Rig, NULL, setup, test, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("answer", test_answer);
    ADD("unasked", test_unasked);
    ADD("soft-interrupt", test_soft_interrupt);
    ADD("large", test_large);
    ADD("copies", test_copies);
    ADD("held", test_held);
    ADD("reentry", test_reentry);
    ADD("wire-answers", test_wire_answers);
    ADD("wire-turn", test_wire_turn);
    ADD("stream", test_stream);
    ADD("stream-long-ring", test_stream_long_ring);
    ADD("stream-pauses", test_stream_pauses);
    ADD("stream-asked", test_stream_asked);
    ADD("no-stream", test_no_stream);
    ADD("stream-off", test_stream_off);
    ADD("stream-settled", test_stream_settled);
    ADD("stream-held", test_stream_held);
    ADD("stream-reset", test_stream_reset);
    ADD("stream-segmented", test_stream_segmented);
    return g_test_run();
}
