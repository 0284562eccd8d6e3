/*
 * The sequence of Linux's "ethtool -t offline" on a PF: patterns in registers,
 * NVM checksum, forced interrupts, frames through MAC loopback; and of
 * "ethtool -d", a dump in which nothing is all ones.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "card-rig.h"
#include "spec/ixgbe_board_regs.h"

#define FRAMES 16
#define FRAME_LEN 1024
#define BUFFER 2048

/* 8.2.3.5 */
#define EICR 0x00800
#define EICS 0x00808
#define EIMS 0x00880
#define EIMC 0x00888
#define PFCTOP 0x03008

static void start(Rig *r, bool cable)
{
    rig_init(r);
    ixgbe_adapter_set_cable(ixgbe_card_adapter(r->card), cable);
    ixgbe_function_set_bus_master(ixgbe_card_pf(r->card), true);
    rig_run(r);
}

static void set_bits(Rig *r, uint32_t offset, uint32_t bits)
{
    rig_set(r, offset, rig_get(r, offset) | bits);
}

/* --- registers ------------------------------------------------------------ */

static void pattern(Rig *r, uint32_t offset, uint32_t mask,
                    uint32_t write)
{
    static const uint32_t patterns[] = {
        0x5a5a5a5a, 0xa5a5a5a5, 0x00000000, 0xffffffff,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        uint32_t before = rig_get(r, offset);
        uint32_t value;

        rig_set(r, offset, patterns[i] & write);
        value = rig_get(r, offset);
        if (value != (patterns[i] & write & mask)) {
            g_test_message("register 0x%05x", offset);
        }
        g_assert_cmphex(value, ==, patterns[i] & write & mask);
        rig_set(r, offset, before);
    }
}

static void patterns(Rig *r, uint32_t offset, unsigned count,
                     unsigned stride, uint32_t mask, uint32_t write)
{
    for (unsigned i = 0; i < count; i++) {
        pattern(r, offset + i * stride, mask, write);
    }
}

static void test_registers(void)
{
    const uint32_t toggle = 0x7ffff30f;
    uint32_t before;
    Rig r;

    start(&r, true);
    before = rig_get(&r, IXGBE_STATUS);
    rig_set(&r, IXGBE_STATUS, toggle);
    g_assert_cmphex(rig_get(&r, IXGBE_STATUS) & toggle, ==, before & toggle);
    pattern(&r, 0x03220, 0x8007fff0, 0x8007fff0);       /* FCRTL */
    pattern(&r, 0x03260, 0x8007fff0, 0x8007fff0);       /* FCRTH */
    pattern(&r, PFCTOP, 0xffffffff, 0xffffffff);
    pattern(&r, IXGBE_VLNCTRL, 0, 0);
    patterns(&r, 0x01000, 4, 0x40, 0xffffff80, 0xffffff80);     /* RDBAL */
    patterns(&r, 0x01004, 4, 0x40, 0xffffffff, 0xffffffff);     /* RDBAH */
    patterns(&r, 0x01008, 4, 0x40, 0x000fff80, 0x000fffff);     /* RDLEN */
    for (unsigned i = 0; i < 4; i++) {
        rig_set(&r, 0x01028 + i * 0x40, IXGBE_RXDCTL_ENABLE);
    }
    patterns(&r, 0x01018, 4, 0x40, 0x0000ffff, 0x0000ffff);     /* RDT */
    for (unsigned i = 0; i < 4; i++) {
        rig_set(&r, 0x01028 + i * 0x40, 0);
    }
    pattern(&r, 0x03200, 0xffffffff, 0xffffffff);       /* FCTTV */
    patterns(&r, 0x06000, 4, 0x40, 0xffffff80, 0xffffffff);     /* TDBAL */
    patterns(&r, 0x06004, 4, 0x40, 0xffffffff, 0xffffffff);     /* TDBAH */
    patterns(&r, 0x06008, 4, 0x40, 0x000fff80, 0x000fff80);     /* TDLEN */
    rig_set(&r, IXGBE_RXCTRL, 1);
    g_assert_cmphex(rig_get(&r, IXGBE_RXCTRL) & 1, ==, 1);
    patterns(&r, 0x05400, 16, 8, 0xffffffff, 0xffffffff);       /* RAL */
    patterns(&r, 0x05404, 16, 8, 0x8001ffff, 0x800cffff);       /* RAH */
    patterns(&r, IXGBE_MTA(0), 128, 4, 0xffffffff, 0xffffffff);
    rig_clear(&r);
}

static void test_dump(void)
{
    Rig r;

    start(&r, true);
    for (uint32_t offset = 0; offset < IXGBE_PF_BAR0_SIZE; offset += 4) {
        if (rig_get(&r, offset) == UINT32_MAX) {
            g_test_message("register 0x%05x", offset);
            /* The mailbox mask is the one register that starts so. */
            g_assert_true(offset >= IXGBE_PFMBIMR(0) &&
                          offset <= IXGBE_PFMBIMR(1));
        }
    }
    rig_clear(&r);
}

/* --- interrupts ------------------------------------------------------------ */

/* Without MSI-X: the handler of the one interrupt reads EICR. */
static void force(Rig *r, uint32_t mask, uint32_t causes, bool wanted)
{
    RigFunction *pf = &r->f[RIG_PF];

    memset(pf->interrupts, 0, sizeof(pf->interrupts));
    r->line = false;
    rig_set(r, mask ? EIMS : EIMC, mask ? mask : 0xffffffff);
    rig_set(r, EICS, causes);
    rig_run(r);
    g_assert_true((pf->interrupts[0] || r->line) == wanted);
    if (wanted) {
        g_assert_cmphex(rig_get(r, EICR) & causes, ==, causes);
    } else {
        rig_get(r, EICR);
    }
    g_assert_false(r->line);
    rig_set(r, EIMC, 0xffffffff);
}

static void test_interrupts(void)
{
    Rig r;

    start(&r, true);
    rig_get(&r, EICR);
    rig_set(&r, EIMC, 0xffffffff);
    for (unsigned i = 0; i < 10; i++) {
        force(&r, 0, ~(1u << i) & 0x7fff, false);
        force(&r, 1u << i, 1u << i, true);
        force(&r, 0, 0x7fff, false);
    }
    rig_clear(&r);
}

/* --- loopback --------------------------------------------------------------- */

static void setup_rings(Rig *r)
{
    set_bits(r, IXGBE_DMATXCTL, IXGBE_DMATXCTL_TE);
    rig_set(r, 0x06000, RIG_TX_RING(RIG_PF));
    rig_set(r, 0x06004, 0);
    rig_set(r, 0x06008, RIG_RING * 16);
    rig_set(r, 0x06010, 0);
    rig_set(r, 0x06018, 0);
    rig_set(r, 0x06028, IXGBE_TXDCTL_ENABLE);
    g_assert_cmphex(rig_get(r, 0x06028) & IXGBE_TXDCTL_ENABLE, !=, 0);
    for (unsigned i = 0; i < RIG_RING; i++) {
        wr_le64(r->memory + RIG_RX_RING(RIG_PF) + 16 * i,
                RIG_RX_BUFFER(RIG_PF) + i * BUFFER);
        wr_le64(r->memory + RIG_RX_RING(RIG_PF) + 16 * i + 8, 0);
    }
    rig_set(r, 0x01000, RIG_RX_RING(RIG_PF));
    rig_set(r, 0x01004, 0);
    rig_set(r, 0x01008, RIG_RING * 16);
    rig_set(r, 0x01010, 0);
    rig_set(r, 0x01018, 0);
    rig_set(r, 0x02100, 2 | IXGBE_SRRCTL_ONE_BUFFER);
    rig_set(r, 0x01028, IXGBE_RXDCTL_ENABLE);
    g_assert_cmphex(rig_get(r, 0x01028) & IXGBE_RXDCTL_ENABLE, !=, 0);
    rig_set(r, 0x01018, RIG_RING - 1);
    set_bits(r, IXGBE_SECRXCTRL, IXGBE_SECRXCTRL_RX_DIS);
    g_assert_cmphex(rig_get(r, IXGBE_SECRXSTAT) & 1, ==, 1);
    set_bits(r, IXGBE_RXCTRL, 3);
    rig_set(r, IXGBE_SECRXCTRL, 0);
}

static void send(Rig *r, unsigned slot)
{
    uint8_t *desc = r->memory + RIG_TX_RING(RIG_PF) + 16 * slot;

    wr_le64(desc, RIG_TX_BUFFER(RIG_PF));
    /* Data descriptor: EOP, IFCS, RS, DEXT. */
    wr_le32(desc + 8, 0x2b300000 | FRAME_LEN);
    wr_le32(desc + 12, FRAME_LEN << 14);
}

static void loopback(Rig *r)
{
    uint32_t autoc = rig_get(r, IXGBE_AUTOC);

    setup_rings(r);
    set_bits(r, IXGBE_HLREG0, IXGBE_HLREG0_LPBK);
    set_bits(r, IXGBE_FCTRL, IXGBE_FCTRL_BAM | IXGBE_FCTRL_MPE | 2);
    rig_set(r, IXGBE_AUTOC, autoc | IXGBE_AUTOC_FLU);
    g_assert_cmphex(rig_get(r, IXGBE_LINKS) & IXGBE_LINKS_UP, !=, 0);
    memset(r->memory + RIG_TX_BUFFER(RIG_PF), 0xff, FRAME_LEN / 2);
    memset(r->memory + RIG_TX_BUFFER(RIG_PF) + FRAME_LEN / 2, 0xaa, FRAME_LEN / 2);
    for (unsigned i = 0; i < FRAMES; i++) {
        send(r, i);
    }
    rig_set(r, 0x06018, FRAMES);
    rig_run(r);
    for (unsigned i = 0; i < FRAMES; i++) {
        const uint8_t *tx = r->memory + RIG_TX_RING(RIG_PF) + 16 * i;
        const uint8_t *rx = r->memory + RIG_RX_RING(RIG_PF) + 16 * i;

        g_assert_cmphex(rd_le32(tx + 12) & 1, ==, 1);
        g_assert_cmphex(rd_le32(rx + 8) & 1, ==, 1);
        g_assert_cmpuint(rd_le16(rx + 12), ==, FRAME_LEN);
        g_assert_cmpint(memcmp(r->memory + RIG_RX_BUFFER(RIG_PF) + i * BUFFER,
                               r->memory + RIG_TX_BUFFER(RIG_PF), FRAME_LEN), ==, 0);
    }
    g_assert_cmphex(rd_le32(r->memory + RIG_RX_RING(RIG_PF) + 16 * FRAMES + 8) & 1, ==,
                    0);
    g_assert_cmpuint(r->wire_frames, ==, 0);
    /* A frame from outside is not for a port in loopback. */
    rig_set(r, IXGBE_HLREG0, rig_get(r, IXGBE_HLREG0) & ~IXGBE_HLREG0_LPBK);
}

static void test_loopback(void)
{
    Rig r;

    start(&r, true);
    loopback(&r);
    rig_clear(&r);
    /* Link is forced up: no cable is needed. */
    start(&r, false);
    loopback(&r);
    rig_clear(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/selftest/registers", test_registers);
    g_test_add_func("/selftest/dump", test_dump);
    g_test_add_func("/selftest/interrupts", test_interrupts);
    g_test_add_func("/selftest/loopback", test_loopback);
    return g_test_run();
}
