/*
 * The VF as a whole: interrupts, moderation, draining, mailbox, resets, state.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe-rig.h"

#define ONE_BUFFER (IXGBE_SRRCTL_ONE_BUFFER | 2)

static const IxgbeVfConfig config = { .queues = 2, .link_interrupt = true };
static const uint8_t frame[60];

static void setup(Rig *rig, gconstpointer data)
{
    rig_init(rig, &config);
    rig_start_rx(rig, ONE_BUFFER, 16);
    rig_start_interrupts(rig);
}

static void teardown(Rig *rig, gconstpointer data)
{
    rig_clear(rig);
}

static void test_auto_mask_and_clear(Rig *rig, gconstpointer data)
{
    rig_receive(rig, frame, 60);
    g_assert_cmpuint(rig->interrupts[0], ==, 1);
    g_assert_cmphex(rig_read(rig, IXGBE_VTEIMS), ==, 2);
    g_assert_cmphex(rig_read(rig, IXGBE_VTEICR), ==, 0);
    rig_receive(rig, frame, 60);
    g_assert_cmpuint(rig->interrupts[0], ==, 1);
    g_assert_cmphex(rig_read(rig, IXGBE_VTEICS), ==, 1);
    rig_write(rig, IXGBE_VTEIMS, 1);
    g_assert_cmpuint(rig->interrupts[0], ==, 2);
}

static void test_read_clears(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VTEIMC, 7);
    rig_receive(rig, frame, 60);
    g_assert_cmphex(rig_read(rig, IXGBE_VTEICR), ==, 1);
    g_assert_cmphex(rig_read(rig, IXGBE_VTEICR), ==, 0);
    rig_write(rig, IXGBE_VTEIMS, 7);
    g_assert_cmpuint(rig->interrupts[0], ==, 0);
}

static void test_software_cause(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VTEICS, 0xffffffff);
    g_assert_cmpuint(rig->interrupts[0], ==, 1);
    g_assert_cmpuint(rig->interrupts[1], ==, 1);
    g_assert_cmpuint(rig->interrupts[2], ==, 0);
}

static void test_moderation(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VTEIAM, 0);
    rig_write(rig, IXGBE_VTEITR(0), 200);       /* 50 us */
    rig_receive(rig, frame, 60);
    g_assert_cmpuint(rig->interrupts[0], ==, 1);
    for (unsigned i = 0; i < 5; i++) {
        rig_receive(rig, frame, 60);
        rig_advance(rig, 5000);
    }
    g_assert_cmpuint(rig->interrupts[0], ==, 1);
    rig_advance(rig, 25000);
    g_assert_cmpuint(rig->interrupts[0], ==, 2);
    rig_advance(rig, 1000000);
    g_assert_cmpuint(rig->interrupts[0], ==, 2);
}

static void moderate(Rig *rig, IxgbeModeration moderation)
{
    rig->state.moderation = moderation;
    ixgbe_function_set_state(rig->fn, &rig->state);
    /* What was due is sent, and its quiet time ends. */
    rig_advance(rig, 1000000);
    rig_advance(rig, 1000000);
}

/* Messages for @frames frames, one every 10 us. */
static unsigned messages(Rig *rig, unsigned frames)
{
    rig->interrupts[0] = 0;
    for (unsigned i = 0; i < frames; i++) {
        rig_receive(rig, frame, 60);
        rig_advance(rig, 10000);
    }
    return rig->interrupts[0];
}

/* The host's word goes before what the driver wrote. */
static void test_host_moderation(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VTEIAM, 0);
    rig_write(rig, IXGBE_VTEITR(0), 200);       /* 50 us */
    g_assert_cmpuint(messages(rig, 4), ==, 1);
    moderate(rig, IXGBE_MODERATION_OFF);
    g_assert_cmpuint(messages(rig, 5), ==, 5);
    moderate(rig, IXGBE_MODERATION_LOW);
    g_assert_cmpuint(messages(rig, 4), ==, 1);
    moderate(rig, IXGBE_MODERATION_HIGH);
    g_assert_cmpuint(messages(rig, 4), ==, 1);
    rig_advance(rig, 100000);
    g_assert_cmpuint(rig->interrupts[0], ==, 1);
    rig_advance(rig, 150000);
    g_assert_cmpuint(rig->interrupts[0], ==, 2);
}

/* A clock that goes back is measured by anew, not waited for. */
static void test_adaptive_moderation(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VTEIAM, 0);
    moderate(rig, IXGBE_MODERATION_ADAPTIVE);
    rig_advance(rig, 100000000);
    g_assert_cmpuint(messages(rig, 2), ==, 2);
    /* 5,000 frames a second */
    for (unsigned i = 0; i < 9; i++) {
        rig_advance(rig, 240000);
        rig_receive(rig, frame, 60);
    }
    rig_advance(rig, 240000);
    g_assert_cmpuint(messages(rig, 2), ==, 1);
    rig->now = 5000;
    messages(rig, 1);
    rig_advance(rig, 240000);
    g_assert_cmpuint(messages(rig, 2), ==, 2);
}

static void count(void *opaque)
{
    ++*(unsigned *)opaque;
}

static void test_drain_after_unmask(Rig *rig, gconstpointer data)
{
    unsigned done = 0;

    ixgbe_function_drain(rig->fn, count, &done);
    g_assert_cmpuint(done, ==, 1);

    rig_receive(rig, frame, 60);        /* interrupt sent, vector masked */
    rig_receive(rig, frame, 60);        /* the driver may miss this one */
    ixgbe_function_drain(rig->fn, count, &done);
    g_assert_cmpuint(done, ==, 1);
    rig_write(rig, IXGBE_VTEIMS, 1);    /* its interrupt */
    g_assert_cmpuint(done, ==, 1);
    rig_write(rig, IXGBE_VTEIMS, 2);    /* another vector */
    g_assert_cmpuint(done, ==, 1);
    rig_write(rig, IXGBE_VTEIMS, 1);
    g_assert_cmpuint(done, ==, 2);
}

static void test_drain_after_return(Rig *rig, gconstpointer data)
{
    unsigned done = 0;

    rig_write(rig, IXGBE_VTEIMC, 7);    /* a driver that polls */
    rig_receive(rig, frame, 60);
    ixgbe_function_drain(rig->fn, count, &done);
    rig_write(rig, IXGBE_VFRDT(0), 20);
    g_assert_cmpuint(done, ==, 0);
    rig_write(rig, IXGBE_VFRDT(0), 1);  /* past the ring's end: slot 0 too */
    g_assert_cmpuint(done, ==, 1);
}

static void test_drain_ends_with_queue(Rig *rig, gconstpointer data)
{
    unsigned done = 0;

    rig_receive(rig, frame, 60);
    ixgbe_function_drain(rig->fn, count, &done);
    rig_write(rig, IXGBE_VFRXDCTL(0), 0);
    g_assert_cmpuint(done, ==, 1);
    rig_write(rig, IXGBE_VFRXDCTL(0), IXGBE_RXDCTL_ENABLE);
    rig_receive(rig, frame, 60);
    ixgbe_function_drain(rig->fn, count, &done);
    ixgbe_function_drain_cancel(rig->fn);
    ixgbe_function_flr(rig->fn);
    g_assert_cmpuint(done, ==, 1);
}

static void test_mailbox(Rig *rig, gconstpointer data)
{
    IxgbePortState state = rig->state;

    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX), ==, IXGBE_VFMAILBOX_RSTD);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX), ==, 0);
    rig_write(rig, IXGBE_VFMAILBOX, IXGBE_VFMAILBOX_VFU);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX), ==, IXGBE_VFMAILBOX_VFU);
    rig_write(rig, IXGBE_VFMBMEM(3), 0xabcd);
    g_assert_cmphex(rig->state.mbmem[3], ==, 0xabcd);
    rig_write(rig, IXGBE_VFMAILBOX, IXGBE_VFMAILBOX_REQ);
    g_assert_cmphex(rig->mailbox, ==, IXGBE_VFMAILBOX_REQ);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX), ==, 0);

    /* the PF answers while it holds the buffer */
    state.vfmailbox = IXGBE_VFMAILBOX_PFU | IXGBE_VFMAILBOX_PFACK;
    ixgbe_function_set_state(rig->fn, &state);
    g_assert_cmpuint(rig->interrupts[1], ==, 1);
    rig_write(rig, IXGBE_VFMAILBOX, IXGBE_VFMAILBOX_VFU);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX), ==, state.vfmailbox);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX), ==, IXGBE_VFMAILBOX_PFU);
}

static void test_pf_reset(Rig *rig, gconstpointer data)
{
    rig_read(rig, IXGBE_VFMAILBOX);
    rig->state.pf_reset_done = false;
    ixgbe_function_set_state(rig->fn, &rig->state);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX), ==, IXGBE_VFMAILBOX_RSTI);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX), ==, IXGBE_VFMAILBOX_RSTI);
    rig->state.pf_reset_done = true;
    ixgbe_function_set_state(rig->fn, &rig->state);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX), ==, IXGBE_VFMAILBOX_RSTD);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX), ==, 0);
}

static void test_link(Rig *rig, gconstpointer data)
{
    unsigned told;

    rig->state.links = 0;
    ixgbe_function_set_state(rig->fn, &rig->state);
    g_assert_cmphex(rig_read(rig, IXGBE_VFLINKS), ==, 0);
    g_assert_cmpuint(rig->interrupts[1], ==, 1);
    g_assert_false(ixgbe_function_link_seen(rig->fn));
    rig->state.links = IXGBE_LINKS_UP;
    ixgbe_function_set_state(rig->fn, &rig->state);
    g_assert_false(ixgbe_function_link_seen(rig->fn));
    told = rig->interrupts[1];
    rig_write(rig, IXGBE_VTEIMS, 2);
    ixgbe_function_link_remind(rig->fn);
    g_assert_cmpuint(rig->interrupts[1], >, told);
    rig_read(rig, IXGBE_VFLINKS);
    g_assert_true(ixgbe_function_link_seen(rig->fn));
    told = rig->interrupts[1];
    ixgbe_function_link_remind(rig->fn);
    g_assert_cmpuint(rig->interrupts[1], ==, told);
    rig->state.links = 0;
    ixgbe_function_set_state(rig->fn, &rig->state);
    g_assert_false(ixgbe_function_link_seen(rig->fn));
}

static void test_reset_keeps(Rig *rig, gconstpointer data)
{
    rig_receive(rig, frame, 60);
    rig_write(rig, IXGBE_VFMBMEM(0), 5);
    rig_write(rig, IXGBE_VFCTRL, IXGBE_VFCTRL_RST);
    g_assert_cmpuint(rig->resets, ==, 1);
    g_assert_cmpuint(rig->flrs, ==, 0);
    g_assert_cmphex(rig_read(rig, IXGBE_VFRDBAL(0)), ==, 0);
    g_assert_cmphex(rig_read(rig, IXGBE_VFRDH(0)), ==, 1);
    g_assert_cmphex(rig_read(rig, IXGBE_VFSRRCTL(0)), ==, ONE_BUFFER);
    g_assert_cmphex(rig_read(rig, IXGBE_VFRXDCTL(0)), ==, IXGBE_RXDCTL_VME);
    g_assert_cmphex(rig_read(rig, IXGBE_VTEIMS), ==, 0);
    g_assert_cmphex(rig_read(rig, IXGBE_VTIVAR(0)), ==, 0);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMBMEM(0)), ==, 5);
    g_assert_cmphex(rig_read(rig, IXGBE_VFGPRC), ==, 1);
    ixgbe_function_flr(rig->fn);
    g_assert_cmpuint(rig->flrs, ==, 1);
    g_assert_cmphex(rig_read(rig, IXGBE_VFGPRC), ==, 0);
    ixgbe_function_power_reset(rig->fn);
    g_assert_cmphex(rig_read(rig, IXGBE_VFRDH(0)), ==, 0);
}

/* What ethtool's offline test writes and expects back. */
static void test_patterns(Rig *rig, gconstpointer data)
{
    static const struct {
        uint32_t offset;
        uint32_t mask;
    } regs[] = {
        { IXGBE_VFRDBAL(0), 0xffffff80 }, { IXGBE_VFRDBAH(0), 0xffffffff },
        { IXGBE_VFRDLEN(0), 0x000fff80 }, { IXGBE_VFRDT(0), 0x0000ffff },
        { IXGBE_VFTDBAL(0), 0xffffff80 }, { IXGBE_VFTDBAH(0), 0xffffffff },
        { IXGBE_VFTDLEN(0), 0x000fff80 },
    };
    static const uint32_t patterns[] = { 0x5a5a5a5a, 0xa5a5a5a5, 0,
                                         0xffffffff };

    for (unsigned i = 0; i < G_N_ELEMENTS(regs) * 2; i++) {
        uint32_t offset = regs[i / 2].offset + i % 2 * 0x40;

        for (unsigned p = 0; p < G_N_ELEMENTS(patterns); p++) {
            rig_write(rig, offset, patterns[p]);
            g_assert_cmphex(rig_read(rig, offset), ==,
                            patterns[p] & regs[i / 2].mask);
        }
    }
}

static void test_no_register_reads_all_ones(Rig *rig, gconstpointer data)
{
    for (uint32_t offset = 0; offset < IXGBE_VF_BAR0_SIZE; offset += 4) {
        g_assert_cmphex(rig_read(rig, offset), !=, 0xffffffff);
    }
}

/* The buffer's lock goes with the driver that had it. */
static void test_reset_unlocks(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VFMAILBOX, IXGBE_VFMAILBOX_VFU);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX) & IXGBE_VFMAILBOX_VFU, !=,
                    0);
    rig_write(rig, IXGBE_VFCTRL, IXGBE_VFCTRL_RST);
    g_assert_cmphex(rig_read(rig, IXGBE_VFMAILBOX) & IXGBE_VFMAILBOX_VFU, ==,
                    0);
}

/* Who holds a frame for a VM that stood still hears that it runs. */
static void test_hold_ends_waiting(Rig *rig, gconstpointer data)
{
    unsigned rooms;

    ixgbe_function_hold(rig->fn, true);
    rig_run(rig);
    rooms = rig->rx_rooms;
    ixgbe_function_hold(rig->fn, false);
    rig_run(rig);
    g_assert_cmpuint(rig->rx_rooms, ==, rooms + 1);
    ixgbe_function_hold(rig->fn, false);
    rig_run(rig);
    g_assert_cmpuint(rig->rx_rooms, ==, rooms + 1);
}

/* 8.2.3.5: a new interval ends the wait that is on, but with CNT_WDIS. */
static void test_interval_and_counter(Rig *rig, gconstpointer data)
{
    rig_write(rig, IXGBE_VTEIAM, 0);
    rig_write(rig, IXGBE_VTEITR(0), 200);       /* 50 us */
    rig_receive(rig, frame, 60);
    rig_receive(rig, frame, 60);
    g_assert_cmpuint(rig->interrupts[0], ==, 1);
    rig_write(rig, IXGBE_VTEITR(0), 200 | IXGBE_EITR_CNT_WDIS);
    g_assert_cmpuint(rig->interrupts[0], ==, 1);
    rig_write(rig, IXGBE_VTEITR(0), 200);
    g_assert_cmpuint(rig->interrupts[0], ==, 2);
}

static GBytes *save(Rig *rig)
{
    StateWriter w;

    state_writer_init(&w);
    ixgbe_function_save(rig->fn, &w);
    return state_writer_finish(&w);
}

static void test_state(Rig *rig, gconstpointer data)
{
    Rig other;
    StateReader r;
    size_t len, sent;

    rig_write(rig, IXGBE_VTEITR(0), 200);
    rig_write(rig, IXGBE_VFPSRTYPE, 1u << IXGBE_PSRTYPE_RQPL_SHIFT);
    rig->state.tx_rules.pad = false;
    ixgbe_function_set_state(rig->fn, &rig->state);
    ixgbe_function_set_bus_master(rig->fn, true);
    rig_start_tx(rig);
    rig_receive(rig, frame, 60);
    rig_receive(rig, frame, 60);
    g_autoptr(GBytes) bytes = save(rig);

    rig_init(&other, &config);
    state_reader_init(&r, g_bytes_get_data(bytes, &len),
                      g_bytes_get_size(bytes));
    g_assert_true(ixgbe_function_load(other.fn, &r));
    g_assert_cmpuint(r.pos, ==, r.len);
    g_autoptr(GBytes) again = save(&other);
    g_assert_true(g_bytes_equal(bytes, again));
    /* and it goes on where it was */
    memcpy(other.memory, rig->memory, RIG_MEMORY);
    rig_write(&other, IXGBE_VTEIMS, 1);
    rig_advance(&other, 50000);
    g_assert_cmpuint(other.interrupts[0], ==, 1);
    g_assert_cmpint(rig_receive(&other, frame, 60), ==, IXGBE_RX_DONE);
    g_assert_cmpuint(rig_read(&other, IXGBE_VFRDH(0)), ==, 3);
    g_assert_cmphex(rig_read(&other, IXGBE_VFPSRTYPE), ==,
                    1u << IXGBE_PSRTYPE_RQPL_SHIFT);
    other.state.tx_rules.pad = false;
    rig_tx_desc(&other, RIG_TX_BUFFER, IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_DATA |
                IXGBE_TXD_EOP | IXGBE_TXD_IFCS | 20, 0);
    rig_tx_kick(&other);
    rig_sent(&other, 0, &sent);
    g_assert_cmpuint(sent, ==, 20);

    for (size_t cut = 0; cut < len; cut += 7) {
        state_reader_init(&r, g_bytes_get_data(bytes, NULL), cut);
        g_assert_false(ixgbe_function_load(other.fn, &r));
        state_reader_clear(&r);
    }
    rig_clear(&other);
}

#define TEST(name, fn) \
    g_test_add("/ixgbe/function/" name, Rig, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("auto-mask-and-clear", test_auto_mask_and_clear);
    TEST("read-clears", test_read_clears);
    TEST("software-cause", test_software_cause);
    TEST("moderation", test_moderation);
    TEST("host-moderation", test_host_moderation);
    TEST("adaptive-moderation", test_adaptive_moderation);
    TEST("drain-after-unmask", test_drain_after_unmask);
    TEST("drain-after-return", test_drain_after_return);
    TEST("drain-ends-with-queue", test_drain_ends_with_queue);
    TEST("mailbox", test_mailbox);
    TEST("pf-reset", test_pf_reset);
    TEST("link", test_link);
    TEST("reset-keeps", test_reset_keeps);
    TEST("patterns", test_patterns);
    TEST("no-register-reads-all-ones", test_no_register_reads_all_ones);
    TEST("reset-unlocks", test_reset_unlocks);
    TEST("hold-ends-waiting", test_hold_ends_waiting);
    TEST("interval-and-counter", test_interval_and_counter);
    TEST("state", test_state);
    return g_test_run();
}
