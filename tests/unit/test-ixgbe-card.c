/*
 * PF and VFs of one card: shared queues, layouts, resets, traffic, saved state.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "card-rig.h"

static const uint8_t peer[6] = { 0x02, 0, 0, 0, 0, 0xfe };
static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static void setup(Rig *rig, gconstpointer data)
{
    rig_init(rig);
}

static void setup_running(Rig *rig, gconstpointer data)
{
    rig_init_running(rig);
}

static void teardown(Rig *rig, gconstpointer data)
{
    rig_clear(rig);
}

/* --- one queue, two views ------------------------------------------------ */

static void test_views(Rig *rig, gconstpointer data)
{
    const unsigned q = 2 * RIG_QPP + 1;         /* VF 2, its queue 1 */

    rig_vf_set(rig, 2, IXGBE_VFRDBAL(1), 0x1000);
    g_assert_cmphex(rig_vf_get(rig, 2, IXGBE_VFRDBAL(1)), ==, 0);
    rig_program(rig, RIG_VFS);
    rig_vf_set(rig, 2, IXGBE_VFRDBAL(1), 0x12345680);
    g_assert_cmphex(rig_get(rig, IXGBE_RDBAL(q)), ==, 0x12345680);
    rig_set(rig, IXGBE_TDWBAL(q), 0x55);
    g_assert_cmphex(rig_vf_get(rig, 2, IXGBE_VFTDWBAL(1)), ==, 0x55);
    rig_set(rig, IXGBE_SRRCTL_ALIAS(q), 0x10000402);
    g_assert_cmphex(rig_vf_get(rig, 2, IXGBE_VFSRRCTL(1)), ==, 0x10000402);
    rig_vf_set(rig, 2, IXGBE_VFPSRTYPE, 1u << 29);
    g_assert_cmphex(rig_get(rig, IXGBE_PSRTYPE(2)), ==, 1u << 29);
    /* Queues that the pool does not have. */
    rig_vf_set(rig, 2, IXGBE_VFRDBAL(RIG_QPP), 0x1000);
    g_assert_cmphex(rig_vf_get(rig, 2, IXGBE_VFRDBAL(RIG_QPP)), ==, 0);
}

static void test_layouts(Rig *rig, gconstpointer data)
{
    static const struct {
        uint32_t mrqc;
        unsigned queues;
    } layouts[] = {
        { IXGBE_MRQE_VMDQ_RSS64, 2 }, { IXGBE_MRQE_VMDQ_RSS32, 4 },
        { IXGBE_MRQE_VMDQ_RT8, 8 }, { IXGBE_MRQE_VMDQ, 2 },
    };

    rig_program(rig, RIG_VFS);
    for (unsigned i = 0; i < G_N_ELEMENTS(layouts); i++) {
        unsigned q = layouts[i].queues;

        rig_set(rig, IXGBE_MRQC, layouts[i].mrqc);
        rig_set(rig, IXGBE_CTRL_EXT, IXGBE_CTRL_EXT_PFRSTD);
        rig_run(rig);
        rig_set(rig, IXGBE_RDH(3 * q), 7 + i);
        g_assert_cmpuint(rig_vf_get(rig, 3, IXGBE_VFRDH(0)), ==, 7 + i);
        rig_set(rig, IXGBE_RDH(3 * q), 0);
    }
    rig_set(rig, IXGBE_VT_CTL, 0);
    rig_run(rig);
    rig_set(rig, IXGBE_RDH(6), 9);
    g_assert_cmpuint(rig_vf_get(rig, 3, IXGBE_VFRDH(0)), ==, 0);
}

static void test_high_queues(Rig *rig, gconstpointer data)
{
    rig_set(rig, IXGBE_RDBAL(127), 0xabcdef80);
    g_assert_cmphex(rig_get(rig, 0xd000 + 63 * 0x40), ==, 0xabcdef80);
    rig_set(rig, IXGBE_TDWBAH(127), 0x12);
    g_assert_cmphex(rig_get(rig, 0x6000 + 127 * 0x40 + 0x3c), ==, 0x12);
    rig_set(rig, IXGBE_EITR_HIGH(128), 0x100);
    g_assert_cmphex(rig_get(rig, 0x12300 + 4 * 104), ==, 0x100);
    rig_set(rig, IXGBE_EITR_HIGH(63), 0x100);
    g_assert_cmphex(rig_get(rig, IXGBE_EITR_HIGH(63)), ==, 0x100);
}

/* --- accesses ------------------------------------------------------------ */

static void test_io_window(Rig *rig, gconstpointer data)
{
    ixgbe_card_io_write(rig->card, 0, IXGBE_RDBAL(5), 4);
    ixgbe_card_io_write(rig->card, 4, 0x00ff0080, 4);
    g_assert_cmphex(ixgbe_card_io_read(rig->card, 4, 4), ==, 0x00ff0080);
    g_assert_cmphex(rig_get(rig, IXGBE_RDBAL(5)), ==, 0x00ff0080);
    ixgbe_card_io_write(rig->card, 4, 0, 2);
    g_assert_cmphex(rig_get(rig, IXGBE_RDBAL(5)), ==, 0x00ff0080);
    ixgbe_card_io_write(rig->card, 0, 0xfffffffc, 4);
    ixgbe_card_io_write(rig->card, 4, 0x5a5a5a5a, 4);
    g_assert_cmphex(ixgbe_card_io_read(rig->card, 4, 4), ==, 0);
    g_assert_cmphex(ixgbe_card_io_read(rig->card, 8, 4), ==, 0);
}

/* A register is in one half only, or the PF's would hide the adapter's. */
static void test_halves(Rig *rig, gconstpointer data)
{
    for (uint32_t at = 0; at < IXGBE_PF_BAR0_SIZE; at += 4) {
        if (ixgbe_function_decodes(rig->f[RIG_PF].fn, at) &&
            ixgbe_adapter_decodes(ixgbe_card_adapter(rig->card), at)) {
            g_test_message("offset 0x%x is in both halves", at);
            g_test_fail();
        }
    }
}

/* Two dwords of different halves in one access. */
static void test_wide_access(Rig *rig, gconstpointer data)
{
    ixgbe_card_mmio_write(rig->card, IXGBE_RDBAL(0), 0x1122334455667780, 8);
    g_assert_cmphex(ixgbe_card_mmio_read(rig->card, IXGBE_RDBAL(0), 8), ==,
                    0x1122334455667780);
    for (uint32_t at = 0; at < IXGBE_PF_BAR0_SIZE; at += 4) {
        ixgbe_card_mmio_write(rig->card, at, UINT64_MAX, 8);
        ixgbe_card_mmio_read(rig->card, at + 1, 1);
        ixgbe_card_mmio_read(rig->card, at + 1, 8);
        rig_run(rig);
    }
}

/* --- traffic ------------------------------------------------------------- */

static void test_traffic(Rig *rig, gconstpointer data)
{
    rig_wire_frame(rig, RIG_MAC[1], 100);
    g_assert_cmpuint(rig_received(rig, 1), ==, 1);
    g_assert_cmpuint(rig->f[1].dma, >, 0);
    g_assert_cmpuint(rig->f[RIG_PF].dma, ==, 0);
    rig_wire_frame(rig, RIG_MAC[RIG_PF], 100);
    g_assert_cmpuint(rig_received(rig, RIG_PF), ==, 1);
    rig_send(rig, 0, RIG_MAC[RIG_PF], 64);
    g_assert_cmpuint(rig_received(rig, RIG_PF), ==, 2);
    rig_send(rig, RIG_PF, RIG_MAC[3], 64);
    g_assert_cmpuint(rig_received(rig, 3), ==, 1);
    rig_send(rig, 3, RIG_MAC[2], 64);
    g_assert_cmpuint(rig_received(rig, 2), ==, 1);
    g_assert_cmpuint(rig->wire_frames, ==, 0);
    rig_send(rig, 2, peer, 64);
    rig_send(rig, RIG_PF, peer, 1000);
    g_assert_cmpuint(rig->wire_frames, ==, 2);
    g_assert_cmpuint(rig->wire_len, ==, 1000);
    rig_send(rig, 0, broadcast, 64);
    g_assert_cmpuint(rig->wire_frames, ==, 3);
    g_assert_cmpuint(rig_received(rig, 0), ==, 0);
    g_assert_cmpuint(rig_received(rig, 1), ==, 2);
    g_assert_cmpuint(rig_received(rig, RIG_PF), ==, 3);
}

static void test_bus_master(Rig *rig, gconstpointer data)
{
    ixgbe_function_set_bus_master(rig->f[1].fn, false);
    rig_wire_frame(rig, RIG_MAC[1], 100);
    rig_send(rig, 1, peer, 64);
    g_assert_cmpuint(rig->f[1].dma, ==, 0);
    g_assert_cmpuint(rig->wire_frames, ==, 0);
    ixgbe_function_set_bus_master(rig->f[1].fn, true);
    rig_run(rig);
    g_assert_cmpuint(rig->wire_frames, ==, 1);
    g_assert_cmpuint(rig_received(rig, 1), ==, 0);
}

/* --- resets -------------------------------------------------------------- */

static void test_vf_reset(Rig *rig, gconstpointer data)
{
    rig_set(rig, IXGBE_EICR, UINT32_MAX);
    rig_vf_set(rig, 2, IXGBE_VFCTRL, IXGBE_VFCTRL_RST);
    g_assert_cmphex(rig_get(rig, IXGBE_VFLRE0), ==, 1 << 2);
    g_assert_cmphex(rig_get(rig, IXGBE_EICS) & IXGBE_EICR_MAILBOX, !=, 0);
    g_assert_cmphex(rig_get(rig, IXGBE_RXDCTL(2 * RIG_QPP)) &
                    IXGBE_RXDCTL_ENABLE, ==, 0);
    g_assert_cmphex(rig_get(rig, IXGBE_RXDCTL(1 * RIG_QPP)) &
                    IXGBE_RXDCTL_ENABLE, !=, 0);
    rig_wire_frame(rig, RIG_MAC[2], 100);
    g_assert_cmpuint(rig_received(rig, 2), ==, 0);
    rig_start_queues(rig, 2);
    rig_wire_frame(rig, RIG_MAC[2], 100);
    g_assert_cmpuint(rig_received(rig, 2), ==, 1);
}

static void test_pf_reset(Rig *rig, gconstpointer data)
{
    rig_vf_set(rig, 0, IXGBE_VTEIMS, 7);
    rig_vf_set(rig, 0, IXGBE_VTIVAR_MISC, 0x81);
    rig_vf_get(rig, 0, IXGBE_VFMAILBOX);
    rig_set(rig, IXGBE_CTRL, IXGBE_CTRL_RST);
    g_assert_cmphex(rig_get(rig, IXGBE_RXDCTL(0)), ==, 0);
    g_assert_cmphex(rig_get(rig, IXGBE_RXDCTL(RIG_PF * RIG_QPP)), ==, 0);
    rig_run(rig);
    /* The VF hears of it. */
    g_assert_cmpuint(rig->f[0].interrupts[1], ==, 1);
    g_assert_cmphex(rig_vf_get(rig, 0, IXGBE_VFMAILBOX) &
                    IXGBE_VFMAILBOX_RSTI, !=, 0);
    rig_program(rig, RIG_VFS);
    g_assert_cmphex(rig_vf_get(rig, 0, IXGBE_VFMAILBOX) &
                    (IXGBE_VFMAILBOX_RSTI | IXGBE_VFMAILBOX_RSTD), ==,
                    IXGBE_VFMAILBOX_RSTD);
    rig_start_queues(rig, 0);
    rig_wire_frame(rig, RIG_MAC[0], 100);
    g_assert_cmpuint(rig_received(rig, 0), ==, 1);
}

static uint32_t vf_takes(Rig *rig)
{
    rig_vf_set(rig, 0, IXGBE_VFMAILBOX, IXGBE_VFMAILBOX_VFU);
    return rig_vf_get(rig, 0, IXGBE_VFMAILBOX) &
           (IXGBE_VFMAILBOX_VFU | IXGBE_VFMAILBOX_PFU);
}

/* 7.10.2.9: one at a time; nothing is run between one and the other. */
static void test_mailbox_owner(Rig *rig, gconstpointer data)
{
    rig_set(rig, IXGBE_PFMAILBOX(0), IXGBE_PFMAILBOX_PFU);
    g_assert_cmphex(vf_takes(rig), ==, IXGBE_VFMAILBOX_PFU);
    g_assert_cmphex(rig_get(rig, IXGBE_PFMAILBOX(0)), ==,
                    IXGBE_PFMAILBOX_PFU);
    rig_set(rig, IXGBE_PFMAILBOX(0), IXGBE_PFMAILBOX_STS);
    g_assert_cmphex(vf_takes(rig), ==, IXGBE_VFMAILBOX_VFU);
    rig_set(rig, IXGBE_PFMAILBOX(0), IXGBE_PFMAILBOX_PFU);
    g_assert_cmphex(rig_get(rig, IXGBE_PFMAILBOX(0)), ==,
                    IXGBE_PFMAILBOX_VFU);
    /* Taken away, and given up without a word. */
    rig_set(rig, IXGBE_PFMAILBOX(0), IXGBE_PFMAILBOX_RVFU);
    g_assert_cmphex(rig_vf_get(rig, 0, IXGBE_VFMAILBOX) &
                    IXGBE_VFMAILBOX_VFU, ==, 0);
    rig_set(rig, IXGBE_PFMAILBOX(0), IXGBE_PFMAILBOX_PFU);
    rig_set(rig, IXGBE_PFMAILBOX(0), 0);
    g_assert_cmphex(vf_takes(rig), ==, IXGBE_VFMAILBOX_VFU);
    /* Another VF's is its own. */
    rig_set(rig, IXGBE_PFMAILBOX(1), IXGBE_PFMAILBOX_PFU);
    g_assert_cmphex(rig_get(rig, IXGBE_PFMAILBOX(1)), ==,
                    IXGBE_PFMAILBOX_PFU);
}

/* 7.10.2.9: a VF knows what the PF's driver has written, without a run. */
static void test_mailbox_at_once(Rig *rig, gconstpointer data)
{
    unsigned told;

    rig_vf_set(rig, 0, IXGBE_VTEIMS, 7);
    rig_vf_set(rig, 0, IXGBE_VTIVAR_MISC, 0x81);
    rig_vf_get(rig, 0, IXGBE_VFMAILBOX);
    rig_set(rig, IXGBE_PFMAILBOX(0), IXGBE_PFMAILBOX_PFU);
    rig_set(rig, IXGBE_PFMBMEM(0) + 4, 0x12345678);
    told = rig->f[0].interrupts[1];
    rig_set(rig, IXGBE_PFMAILBOX(0), IXGBE_PFMAILBOX_STS);
    g_assert_cmpuint(rig->f[0].interrupts[1], ==, told + 1);
    g_assert_cmphex(rig_vf_get(rig, 0, IXGBE_VFMAILBOX) &
                    IXGBE_VFMAILBOX_PFSTS, !=, 0);
    g_assert_cmphex(rig_vf_get(rig, 0, IXGBE_VFMBMEM(1)), ==, 0x12345678);
    rig_set(rig, IXGBE_PFMAILBOX(0), IXGBE_PFMAILBOX_ACK);
    g_assert_cmphex(rig_vf_get(rig, 0, IXGBE_VFMAILBOX) &
                    (IXGBE_VFMAILBOX_PFSTS | IXGBE_VFMAILBOX_PFACK), ==,
                    IXGBE_VFMAILBOX_PFACK);
    rig_set(rig, IXGBE_CTRL_EXT, 0);
    rig_set(rig, IXGBE_CTRL_EXT, IXGBE_CTRL_EXT_PFRSTD);
    g_assert_cmphex(rig_vf_get(rig, 0, IXGBE_VFMAILBOX) &
                    IXGBE_VFMAILBOX_RSTD, !=, 0);
    /* The run finds nothing that is new. */
    told = rig->f[0].interrupts[1];
    rig_run(rig);
    g_assert_cmpuint(rig->f[0].interrupts[1], ==, told);
}

static void test_num_vfs(Rig *rig, gconstpointer data)
{
    ixgbe_card_set_num_vfs(rig->card, 2);
    g_assert_cmphex(rig_get(rig, IXGBE_VFLRE0), ==, 0xc);
    rig_run(rig);
    /* Pools 2 and 3 are the PF's now. */
    g_assert_cmphex(rig_get(rig, IXGBE_STATUS) >>
                    IXGBE_STATUS_NUM_VFS_SHIFT & 0x7f, ==, 2);
    rig_vf_set(rig, 3, IXGBE_VFRDBAL(0), 0x1000);
    g_assert_cmphex(rig_get(rig, IXGBE_RDBAL(3 * RIG_QPP)), !=, 0x1000);
    rig_wire_frame(rig, RIG_MAC[3], 100);
    g_assert_cmpuint(rig_received(rig, 3), ==, 0);
    rig_wire_frame(rig, RIG_MAC[1], 100);
    g_assert_cmpuint(rig_received(rig, 1), ==, 1);
    for (unsigned n = 0; n < 200; n++) {
        ixgbe_card_set_num_vfs(rig->card, n * 7);
        rig_wire_frame(rig, broadcast, 64);
    }
    ixgbe_card_set_num_vfs(rig->card, 0);
    rig_run(rig);
    g_assert_cmphex(rig_get(rig, IXGBE_STATUS) & IXGBE_STATUS_IOV, ==, 0);
}

static void test_flr(Rig *rig, gconstpointer data)
{
    ixgbe_card_flr(rig->card);
    rig_run(rig);
    g_assert_cmphex(rig_get(rig, IXGBE_RDBAL(RIG_PF * RIG_QPP)), ==, 0);
    g_assert_cmphex(rig_get(rig, IXGBE_EIMS), ==, 0);
    g_assert_cmphex(rig_get(rig, IXGBE_VT_CTL), ==, 0);
    g_assert_cmphex(rig_vf_get(rig, 0, IXGBE_VFMAILBOX) &
                    IXGBE_VFMAILBOX_RSTI, !=, 0);
    rig_wire_frame(rig, RIG_MAC[0], 100);
    g_assert_cmpuint(rig_received(rig, 0), ==, 0);
}

/* --- a function's DMA at the card's own registers ------------------------ */

static void dma_at(Rig *rig, uint64_t address)
{
    uint32_t before = rig_get(rig, IXGBE_RDLEN(RIG_QPP));

    wr_le64(rig->memory + RIG_RX_RING(1), address);
    rig_wire_frame(rig, RIG_MAC[1], 1000);
    rig_vf_set(rig, 1, IXGBE_VFTDWBAL(0), (uint32_t)address | 1);
    rig_vf_set(rig, 1, IXGBE_VFTDWBAH(0), address >> 32);
    rig_send(rig, 1, RIG_MAC[0], 64);
    g_assert_cmphex(rig_get(rig, IXGBE_RDLEN(RIG_QPP)), ==, before);
}

/* CVE-2023-3019 and its kind, with a VF writing to the PF's registers too. */
static void test_dma_at_registers(Rig *rig, gconstpointer data)
{
    dma_at(rig, RIG_PF_BAR + IXGBE_RDLEN(RIG_QPP));
    rig_start_queues(rig, 1);
    dma_at(rig, RIG_VF_BAR(1) + IXGBE_VFRDLEN(0));
    rig_start_queues(rig, 1);
    dma_at(rig, RIG_PF_BAR + IXGBE_CTRL);
    rig_start_queues(rig, 1);
    dma_at(rig, RIG_PF_BAR + IXGBE_MRQC);
    /* The ring itself. */
    rig_vf_set(rig, 1, IXGBE_VFRDBAL(0), RIG_PF_BAR + 0x1000);
    rig_vf_set(rig, 1, IXGBE_VFTDBAL(0), RIG_PF_BAR + 0x6000);
    rig_wire_frame(rig, RIG_MAC[1], 1000);
    rig_vf_set(rig, 1, IXGBE_VFTDT(0), 9);
    rig_run(rig);
    rig_wire_frame(rig, RIG_MAC[0], 100);
    g_assert_cmpuint(rig_received(rig, 0), >=, 1);
}

/* --- saved state --------------------------------------------------------- */

static GBytes *save(Rig *rig)
{
    StateWriter w;

    state_writer_init(&w);
    ixgbe_card_save(rig->card, &w);
    for (unsigned i = 0; i < RIG_VFS; i++) {
        ixgbe_function_save(rig->f[i].fn, &w);
    }
    return state_writer_finish(&w);
}

static bool load(Rig *rig, const void *data, size_t len, unsigned vfs)
{
    StateReader r;
    bool ok;

    ixgbe_card_set_num_vfs(rig->card, vfs);
    state_reader_init(&r, data, len);
    ok = ixgbe_card_load(rig->card, &r);
    for (unsigned i = 0; ok && i < RIG_VFS; i++) {
        ok = ixgbe_function_load(rig->f[i].fn, &r);
    }
    state_reader_clear(&r);
    rig_run(rig);
    return ok;
}

static void test_save(Rig *rig, gconstpointer data)
{
    g_autoptr(GBytes) saved = NULL;
    Rig other;
    size_t len;
    const void *bytes;

    rig_wire_frame(rig, RIG_MAC[1], 100);
    rig_send(rig, RIG_PF, peer, 64);
    /* Frames that wait in the packet buffer come along. */
    ixgbe_card_hold(rig->card, true);
    rig_wire_frame(rig, RIG_MAC[2], 100);
    rig_wire_frame(rig, RIG_MAC[RIG_PF], 100);
    saved = save(rig);
    bytes = g_bytes_get_data(saved, &len);
    rig_init(&other);
    memcpy(other.memory, rig->memory, RIG_MEMORY);
    ixgbe_card_hold(other.card, true);
    g_assert_true(load(&other, bytes, len, RIG_VFS));
    g_assert_cmpuint(rig_received(&other, 2), ==, 0);
    ixgbe_card_hold(other.card, false);
    rig_run(&other);
    g_assert_cmpuint(rig_received(&other, 1), ==, 1);
    g_assert_cmpuint(rig_received(&other, 2), ==, 1);
    g_assert_cmpuint(rig_received(&other, RIG_PF), ==, 1);
    other.f[0].tx_tail = rig_vf_get(&other, 0, IXGBE_VFTDT(0));
    rig_send(&other, 0, RIG_MAC[1], 64);
    g_assert_cmpuint(rig_received(&other, 1), ==, 2);
    ixgbe_card_hold(rig->card, false);
    rig_run(rig);
    rig_clear(&other);
}

static void test_hostile_state(Rig *rig, gconstpointer data)
{
    g_autoptr(GBytes) saved = save(rig);
    size_t len;
    const uint8_t *bytes = g_bytes_get_data(saved, &len);
    g_autofree uint8_t *copy = g_malloc(len);

    for (size_t at = 0; at < len; at += 1 + at / 64) {
        g_assert_false(load(rig, bytes, at, RIG_VFS));
        memcpy(copy, bytes, len);
        copy[at] ^= 0xff;
        load(rig, copy, len, at % 65);
        rig_wire_frame(rig, broadcast, 64);
        rig_send(rig, at % RIG_PF, broadcast, 64);
    }
}

#define ADD(name, start, test) \
    g_test_add("/ixgbe/card/" name, Rig, NULL, start, test, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("views", setup, test_views);
    ADD("layouts", setup, test_layouts);
    ADD("high-queues", setup, test_high_queues);
    ADD("io-window", setup, test_io_window);
    ADD("halves", setup, test_halves);
    ADD("wide-access", setup, test_wide_access);
    ADD("traffic", setup_running, test_traffic);
    ADD("bus-master", setup_running, test_bus_master);
    ADD("vf-reset", setup_running, test_vf_reset);
    ADD("pf-reset", setup_running, test_pf_reset);
    ADD("mailbox-owner", setup_running, test_mailbox_owner);
    ADD("mailbox-at-once", setup_running, test_mailbox_at_once);
    ADD("num-vfs", setup_running, test_num_vfs);
    ADD("flr", setup_running, test_flr);
    ADD("dma-at-registers", setup_running, test_dma_at_registers);
    ADD("save", setup_running, test_save);
    ADD("hostile-state", setup_running, test_hostile_state);
    return g_test_run();
}
