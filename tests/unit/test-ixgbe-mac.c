/*
 * What is between the adapter's switch and its wire: time stamps, flow
 * control, the arbiter of traffic classes, counters.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"
#include "ixgbe/adapter.h"
#include "spec/ixgbe_dcb_regs.h"
#include "spec/ixgbe_desc.h"
#include "spec/ixgbe_filter_regs.h"
#include "spec/ixgbe_flow_regs.h"
#include "spec/ixgbe_ipsec_regs.h"
#include "spec/ixgbe_time_regs.h"

#define SECOND 1000000000ull

static void start(Rig *r)
{
    rig_init(r);
    rig_program(r);
}

static void advance(Rig *r, uint64_t ns)
{
    r->now += ns;
    ixgbe_adapter_timer(r->adapter);
    rig_run(r);
}

static void to_adapter(Rig *r, Frame *frame)
{
    ixgbe_adapter_wire_rx(r->adapter, frame);
    rig_run(r);
    frame_unref(frame);
}

static bool from_pool(Rig *r, unsigned queue, bool timestamp)
{
    IxgbeTxMeta meta = { .timestamp = timestamp };
    Frame *frame = rig_frame(RIG_PEER, RIG_MAC[RIG_PF], -1, 64, queue);
    bool sent = ixgbe_adapter_port_tx(r->end[RIG_PF].port, queue, frame,
                                      &meta);

    frame_unref(frame);
    return sent;
}

/* --- the clock ---------------------------------------------------- */

/* As Linux sets it up at 10 Gb/s: 6.4 ns, 21 bits of fraction. */
#define TIMINCA_10G (1u << IXGBE_TIMINCA_PERIOD_SHIFT | 0xcccccc)

static uint64_t systim(Rig *r)
{
    uint64_t low = rig_read(r, IXGBE_SYSTIML);

    return (uint64_t)rig_read(r, IXGBE_SYSTIMH) << 32 | low;
}

static uint64_t systim_ns(Rig *r)
{
    return systim(r) >> 21;
}

static void set_systim(Rig *r, uint64_t value)
{
    rig_write(r, IXGBE_SYSTIML, value);
    rig_write(r, IXGBE_SYSTIMH, value >> 32);
}

static void near(uint64_t a, uint64_t b)
{
    g_assert_cmpuint(a > b ? a - b : b - a, <=, 200);
}

static void test_clock(void)
{
    Rig r;

    start(&r);
    g_assert_cmpuint(systim(&r), ==, 0);
    rig_write(&r, IXGBE_TIMINCA, TIMINCA_10G);
    set_systim(&r, 0);
    r.now += SECOND;
    near(systim_ns(&r), SECOND);
    /* Looking often changes nothing. */
    for (unsigned i = 0; i < 1000; i++) {
        r.now += 1;
        systim(&r);
    }
    near(systim_ns(&r), SECOND + 1000);
    /* 1,000 ppm faster, and every second period only. */
    set_systim(&r, 0);
    rig_write(&r, IXGBE_TIMINCA, TIMINCA_10G + 0xcccccc / 1000);
    r.now += SECOND;
    near(systim_ns(&r), SECOND + SECOND / 1000);
    set_systim(&r, 0);
    rig_write(&r, IXGBE_TIMINCA, TIMINCA_10G +
              (1u << IXGBE_TIMINCA_PERIOD_SHIFT));
    r.now += SECOND;
    near(systim_ns(&r), SECOND / 2);
    rig_clear(&r);
}

static void test_clock_is_set(void)
{
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_TIMINCA, TIMINCA_10G);
    set_systim(&r, 5ull << 40);
    g_assert_cmphex(systim(&r), ==, 5ull << 40);
    rig_write(&r, IXGBE_TIMADJL, 0x10);
    rig_write(&r, IXGBE_TIMADJH, 1);
    g_assert_cmphex(systim(&r), ==, (5ull << 40) + (1ull << 32) + 0x10);
    rig_write(&r, IXGBE_TIMADJH, 1 | IXGBE_TIMADJH_SIGN);
    g_assert_cmphex(systim(&r), ==, 5ull << 40);
    /* The two halves belong together. */
    set_systim(&r, 0xffffffff);
    g_assert_cmphex(rig_read(&r, IXGBE_SYSTIML), ==, 0xffffffff);
    r.now += 1000;
    g_assert_cmphex(rig_read(&r, IXGBE_SYSTIMH), ==, 0);
    g_assert_cmphex(rig_read(&r, IXGBE_SYSTIMH), ==, 1);
    rig_clear(&r);
}

/* Into another adapter, whose clock is at @now; the first is gone. */
static void move(Rig *from, Rig *to, uint64_t now)
{
    StateWriter w;
    StateReader reader;

    state_writer_init(&w);
    ixgbe_adapter_save(from->adapter, &w);
    g_autoptr(GBytes) bytes = state_writer_finish(&w);

    rig_clear(from);
    start(to);
    to->now = now;
    state_reader_init(&reader, g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes));
    g_assert_true(ixgbe_adapter_load(to->adapter, &reader));
    g_assert_cmpuint(reader.pos, ==, reader.len);
    rig_run(to);
}

static void test_clock_migrates(void)
{
    Rig a, b;

    start(&a);
    rig_write(&a, IXGBE_TIMINCA, TIMINCA_10G);
    set_systim(&a, 0);
    a.now += SECOND;
    move(&a, &b, 77);
    b.now += SECOND;
    near(systim_ns(&b), 2 * SECOND);
    rig_clear(&b);
}

/* --- stamps ---------------------------------------------------- */

/* A PTP message, in Ethernet or in UDP. */
static Frame *ptp(bool udp, unsigned version, unsigned type, unsigned control)
{
    size_t at = udp ? 42 : 14;
    Frame *frame = rig_frame(RIG_MAC[RIG_PF], RIG_PEER, -1, at + 44, 0);
    uint8_t *message = frame->data + at;

    if (udp) {
        frame->data[14] = 0x45;
        wr_be16(frame->data + 16, 28 + 44);
        frame->data[23] = FRAME_PROTO_UDP;
        wr_be16(frame->data + 36, 319);
        wr_be16(frame->data + 38, 8 + 44);
    } else {
        wr_be16(frame->data + 12, PTP_ETHERTYPE);
    }
    message[PTP_TYPE] = version == 2 ? type : 0;
    message[PTP_VERSION] = version;
    memcpy(message + PTP_SOURCE, "\x11\x22\x33\x44\x55\x66", 6);
    wr_be16(message + PTP_SEQUENCE, 0x1234);
    message[PTP_CONTROL] = control;
    return frame;
}

/* Whether the frame is stamped; frees the register again. */
static bool stamped(Rig *r, Frame *frame)
{
    bool valid, marked;

    to_adapter(r, frame);
    valid = rig_read(r, IXGBE_TSYNCRXCTL) & IXGBE_TSYNCRXCTL_VALID;
    marked = r->end[RIG_PF].meta.status & IXGBE_RXS_TS;
    g_assert_cmpint(valid, ==, marked);
    rig_read(r, IXGBE_RXSTMPH);
    g_assert_false(rig_read(r, IXGBE_TSYNCRXCTL) & IXGBE_TSYNCRXCTL_VALID);
    return valid;
}

static void set_type(Rig *r, unsigned type, unsigned mtrl)
{
    rig_write(r, IXGBE_ETQF(3), IXGBE_ETQF_EN | IXGBE_ETQF_1588 |
              PTP_ETHERTYPE);
    rig_write(r, IXGBE_TSYNCRXCTL, IXGBE_TSYNCRXCTL_EN | type << 1);
    rig_write(r, IXGBE_RXMTRL, 319u << 16 | mtrl);
}

static void test_rx_types(void)
{
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_TSYNCRXCTL, IXGBE_TSYNC_EVENT_V2 << 1);
    g_assert_false(stamped(&r, ptp(false, 2, 0, 0)));
    set_type(&r, IXGBE_TSYNC_EVENT_V2, 0);
    g_assert_true(stamped(&r, ptp(false, 2, 0, 0)));
    g_assert_true(stamped(&r, ptp(true, 2, 1, 0)));
    g_assert_false(stamped(&r, ptp(true, 2, 8, 0)));
    g_assert_false(stamped(&r, ptp(true, 1, 0, 0)));
    set_type(&r, IXGBE_TSYNC_L2_V2, 1 << 8);
    g_assert_true(stamped(&r, ptp(false, 2, 1, 0)));
    g_assert_false(stamped(&r, ptp(false, 2, 0, 0)));
    g_assert_true(stamped(&r, ptp(false, 2, PTP_PDELAY_REQ, 0)));
    g_assert_false(stamped(&r, ptp(true, 2, 1, 0)));
    set_type(&r, IXGBE_TSYNC_L2_L4_V2, 1 << 8);
    g_assert_true(stamped(&r, ptp(true, 2, 1, 0)));
    rig_write(&r, IXGBE_ETQF(3), IXGBE_ETQF_EN | PTP_ETHERTYPE);
    g_assert_false(stamped(&r, ptp(false, 2, 1, 0)));
    set_type(&r, IXGBE_TSYNC_L4_V1, 1);
    g_assert_true(stamped(&r, ptp(true, 1, 0, 1)));
    g_assert_false(stamped(&r, ptp(true, 1, 0, 0)));
    g_assert_false(stamped(&r, ptp(false, 1, 0, 1)));
    rig_clear(&r);
}

static void test_rx_stamp_is_kept(void)
{
    uint64_t stamp;
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_TIMINCA, TIMINCA_10G);
    set_type(&r, IXGBE_TSYNC_EVENT_V2, 0);
    r.now += 1000000;
    stamp = systim(&r);
    to_adapter(&r, ptp(false, 2, 0, 0));
    r.now += 1000000;
    to_adapter(&r, ptp(false, 2, 0, 0));
    g_assert_false(r.end[RIG_PF].meta.status & IXGBE_RXS_TS);
    g_assert_cmphex(rig_read(&r, IXGBE_RXSATRL), ==, 0x33445566);
    g_assert_cmphex(rig_read(&r, IXGBE_RXSATRH), ==, 0x12341122);
    g_assert_cmphex(rig_read(&r, IXGBE_RXSTMPL), ==, (uint32_t)stamp);
    g_assert_cmphex(rig_read(&r, IXGBE_RXSTMPH), ==, stamp >> 32);
    rig_clear(&r);
}

static void test_tx_stamp(void)
{
    uint64_t stamp;
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_TIMINCA, TIMINCA_10G);
    from_pool(&r, RIG_PF * RIG_QPP, true);
    rig_run(&r);
    g_assert_false(rig_read(&r, IXGBE_TSYNCTXCTL) & IXGBE_TSYNCTXCTL_VALID);
    rig_write(&r, IXGBE_TSYNCTXCTL, IXGBE_TSYNCTXCTL_EN);
    from_pool(&r, RIG_PF * RIG_QPP, false);
    rig_run(&r);
    g_assert_false(rig_read(&r, IXGBE_TSYNCTXCTL) & IXGBE_TSYNCTXCTL_VALID);
    /* When it leaves, not when it is queued. */
    r.end[RIG_WIRE].room = 0;
    from_pool(&r, RIG_PF * RIG_QPP, true);
    rig_run(&r);
    r.now += 5000;
    stamp = systim(&r);
    g_assert_false(rig_read(&r, IXGBE_TSYNCTXCTL) & IXGBE_TSYNCTXCTL_VALID);
    r.end[RIG_WIRE].room = 10;
    ixgbe_adapter_wire_room(r.adapter);
    rig_run(&r);
    r.now += 5000;
    from_pool(&r, RIG_PF * RIG_QPP, true);
    rig_run(&r);
    g_assert_true(rig_read(&r, IXGBE_TSYNCTXCTL) & IXGBE_TSYNCTXCTL_VALID);
    g_assert_cmphex(rig_read(&r, IXGBE_TXSTMPL), ==, (uint32_t)stamp);
    g_assert_cmphex(rig_read(&r, IXGBE_TXSTMPH), ==, stamp >> 32);
    g_assert_false(rig_read(&r, IXGBE_TSYNCTXCTL) & IXGBE_TSYNCTXCTL_VALID);
    /* Not when the other end has it. */
    r.wire_ns = 70000;
    stamp = systim(&r);
    from_pool(&r, RIG_PF * RIG_QPP, true);
    rig_run(&r);
    g_assert_cmphex(rig_read(&r, IXGBE_TXSTMPL), ==, (uint32_t)stamp);
    rig_clear(&r);
}

/* Its stamp would never be read, and no other frame be stamped. */
static void test_rx_filtered(void)
{
    Frame *frame = ptp(false, 2, 0, 0);
    Rig r;

    start(&r);
    set_type(&r, IXGBE_TSYNC_EVENT_V2, 0);
    frame->data[5] ^= 0xff;
    to_adapter(&r, frame);
    g_assert_false(rig_read(&r, IXGBE_TSYNCRXCTL) & IXGBE_TSYNCRXCTL_VALID);
    g_assert_true(stamped(&r, ptp(false, 2, 0, 0)));
    rig_clear(&r);
}

/* --- flow control ---------------------------------------------------- */

static const uint8_t PAUSE[6] = { 1, 0x80, 0xc2, 0, 0, 1 };

static Frame *pause_frame(unsigned opcode, unsigned first, unsigned second)
{
    Frame *frame = rig_frame(PAUSE, RIG_PEER, -1, 60, 0);

    wr_be16(frame->data + 12, MAC_CONTROL_TYPE);
    wr_be16(frame->data + 14, opcode);
    wr_be16(frame->data + 16, first);
    wr_be16(frame->data + 18, second);
    return frame;
}

static void test_pause_stops(void)
{
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_MFLCN, IXGBE_MFLCN_RFCE | IXGBE_MFLCN_DPF);
    to_adapter(&r, pause_frame(MAC_CONTROL_PAUSE, 1000, 0));
    g_assert_cmpuint(rig_read(&r, IXGBE_LXOFFRXCNT), ==, 1);
    g_assert_cmphex(rig_read(&r, IXGBE_TFCS), ==, 0xff);
    from_pool(&r, RIG_PF * RIG_QPP, false);
    rig_run(&r);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 0);
    /* 1,000 quanta of 51.2 ns */
    g_assert_cmpuint(r.timer, ==, r.now + 51200);
    advance(&r, 51199);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 0);
    advance(&r, 1);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 1);
    /* XON ends it at once. */
    to_adapter(&r, pause_frame(MAC_CONTROL_PAUSE, 0xffff, 0));
    from_pool(&r, RIG_PF * RIG_QPP, false);
    rig_run(&r);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 1);
    to_adapter(&r, pause_frame(MAC_CONTROL_PAUSE, 0, 0));
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 2);
    g_assert_cmpuint(rig_read(&r, IXGBE_LXONRXCNT), ==, 1);
    g_assert_cmpuint(r.end[RIG_PF].frames, ==, 0);
    rig_clear(&r);
}

/* 802.3 31B.1: to the group, or to the station itself. */
static void test_pause_address(void)
{
    static const struct {
        const uint8_t *to;
        bool heard;
    } addresses[] = {
        { PAUSE, true }, { RIG_MAC[RIG_PF], true }, { RIG_PEER, false },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(addresses); i++) {
        Frame *frame = pause_frame(MAC_CONTROL_PAUSE, 1000, 0);
        Rig r;

        start(&r);
        rig_write(&r, IXGBE_MFLCN, IXGBE_MFLCN_RFCE);
        memcpy(frame->data, addresses[i].to, 6);
        to_adapter(&r, frame);
        g_assert_cmpuint(rig_read(&r, IXGBE_LXOFFRXCNT), ==,
                         addresses[i].heard);
        rig_clear(&r);
    }
}

static void test_control_frames_pass(void)
{
    Rig r;

    start(&r);
    rig_set(&r, IXGBE_FCTRL, IXGBE_FCTRL_MPE);
    rig_set(&r, IXGBE_VMOLR(RIG_PF), IXGBE_VMOLR_MPE);
    to_adapter(&r, pause_frame(MAC_CONTROL_PAUSE, 1, 0));
    g_assert_cmpuint(r.end[RIG_PF].frames, ==, 0);
    rig_write(&r, IXGBE_MFLCN, IXGBE_MFLCN_PMCF);
    to_adapter(&r, pause_frame(MAC_CONTROL_PAUSE, 1, 0));
    g_assert_cmpuint(r.end[RIG_PF].frames, ==, 1);
    g_assert_cmphex(rig_read(&r, IXGBE_TFCS), ==, 0);
    /* Understood and not discarded: obeyed and passed. */
    rig_write(&r, IXGBE_MFLCN, IXGBE_MFLCN_PMCF | IXGBE_MFLCN_RFCE);
    to_adapter(&r, pause_frame(MAC_CONTROL_PAUSE, 100, 0));
    g_assert_cmpuint(r.end[RIG_PF].frames, ==, 2);
    g_assert_cmphex(rig_read(&r, IXGBE_TFCS), ==, 0xff);
    rig_clear(&r);
}

/* Pools with four queues, one for each class. */
static void four_classes(Rig *r)
{
    rig_write(r, IXGBE_MTQC, IXGBE_MTQC_RT | IXGBE_MTQC_VT | IXGBE_MTQC_4TC);
    rig_write(r, IXGBE_RTTUP2TC, 0 | 0 << 3 | 1 << 6 | 1 << 9 | 2 << 12 |
              2 << 15 | 3 << 18 | 3 << 21);
    for (unsigned tc = 0; tc < 4; tc++) {
        rig_write(r, IXGBE_TXPBSIZE(tc), 40 * 1024);
    }
}

static void test_priority_pause(void)
{
    unsigned pool = RIG_PF * RIG_QPP;
    Rig r;

    start(&r);
    four_classes(&r);
    rig_write(&r, IXGBE_MFLCN, IXGBE_MFLCN_RPFCE | IXGBE_MFLCN_DPF);
    /* priority 0 is of class 0 */
    to_adapter(&r, pause_frame(0x0101, 1 << 0, 500));
    g_assert_cmphex(rig_read(&r, IXGBE_TFCS), ==, 1);
    g_assert_cmpuint(rig_read(&r, IXGBE_PXOFFRXCNT(0)), ==, 1);
    from_pool(&r, pool + 0, false);
    from_pool(&r, pool + 2, false);
    rig_run(&r);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 1);
    g_assert_cmpuint(r.end[RIG_WIRE].numbers[0], ==, pool + 2);
    advance(&r, 500 * 512 / 10);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 2);
    rig_clear(&r);
}

static void fill(Rig *r, unsigned frames)
{
    for (unsigned n = 0; n < frames; n++) {
        to_adapter(r, rig_frame(RIG_MAC[RIG_PF], RIG_PEER, -1, 1024, n));
    }
}

static void test_xoff_is_sent(void)
{
    const Frame *out;
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_FCCFG, IXGBE_FCCFG_TFCE_LINK);
    rig_write(&r, IXGBE_FCTTV(0), 0x0680);
    rig_write(&r, IXGBE_FCRTV, 0x0340);
    rig_write(&r, IXGBE_FCRTL(0), IXGBE_FCRTL_XONE | 10 * 1024);
    rig_write(&r, IXGBE_FCRTH(0), IXGBE_FCRTH_FCEN | 20 * 1024);
    r.end[RIG_PF].room = 0;
    fill(&r, 20);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 0);
    fill(&r, 1);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 1);
    out = r.end[RIG_WIRE].last;
    g_assert_cmpmem(out->data, 6, PAUSE, 6);
    g_assert_cmpmem(out->data + 6, 6, RIG_MAC[0], 6);     /* RAR 0 */
    g_assert_cmphex(rd_be32(out->data + 12), ==, 0x88080001);
    g_assert_cmphex(rd_be16(out->data + 16), ==, 0x0680);
    /* Still full: again after 832 quanta. */
    advance(&r, 832 * 512 / 10 - 1);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 1);
    advance(&r, 2);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 2);
    r.end[RIG_PF].room = UINT_MAX;
    ixgbe_adapter_port_ops.rx_room(r.end[RIG_PF].port);
    rig_run(&r);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 3);
    g_assert_cmphex(rd_be16(r.end[RIG_WIRE].last->data + 16), ==, 0);
    g_assert_cmpuint(rig_read(&r, IXGBE_LXOFFTXC), ==, 2);
    g_assert_cmpuint(rig_read(&r, IXGBE_LXONTXC), ==, 1);
    g_assert_cmpuint(rig_read(&r, IXGBE_GPTC), ==, 0);
    /* Without XONE the time that XOFF said has to pass. */
    rig_write(&r, IXGBE_FCRTL(0), 10 * 1024);
    r.end[RIG_PF].room = 0;
    fill(&r, 21);
    r.end[RIG_PF].room = UINT_MAX;
    ixgbe_adapter_port_ops.rx_room(r.end[RIG_PF].port);
    rig_run(&r);
    g_assert_cmpuint(rig_read(&r, IXGBE_LXOFFTXC), ==, 1);
    g_assert_cmpuint(rig_read(&r, IXGBE_LXONTXC), ==, 0);
    rig_clear(&r);
}

static void test_priority_xoff(void)
{
    Rig r;

    start(&r);
    rig_write(&r, IXGBE_FCCFG, IXGBE_FCCFG_TFCE_PRIO);
    rig_write(&r, IXGBE_FCTTV(0), 0x1234);
    rig_write(&r, IXGBE_FCRTH(0), IXGBE_FCRTH_FCEN | 1024);
    r.end[RIG_PF].room = 0;
    fill(&r, 2);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 1);
    g_assert_cmphex(rd_be32(r.end[RIG_WIRE].last->data + 12), ==, 0x88080101);
    g_assert_cmphex(rd_be16(r.end[RIG_WIRE].last->data + 16), ==, 0xff);
    g_assert_cmphex(rd_be16(r.end[RIG_WIRE].last->data + 18), ==, 0x1234);
    g_assert_cmpuint(rig_read(&r, IXGBE_PXOFFTXC(0)), ==, 1);
    rig_clear(&r);
}

/* What a pause has left is the same on the other side. */
static void test_pause_migrates(void)
{
    Rig a, b;

    start(&a);
    rig_write(&a, IXGBE_MFLCN, IXGBE_MFLCN_RFCE);
    to_adapter(&a, pause_frame(MAC_CONTROL_PAUSE, 1000, 0));
    from_pool(&a, RIG_PF * RIG_QPP, true);
    rig_run(&a);
    a.now += 1200;
    move(&a, &b, 5);
    g_assert_cmpuint(b.end[RIG_WIRE].frames, ==, 0);
    advance(&b, 49999);
    g_assert_cmpuint(b.end[RIG_WIRE].frames, ==, 0);
    advance(&b, 1);
    g_assert_cmpuint(b.end[RIG_WIRE].frames, ==, 1);
    rig_clear(&b);
}

/* --- the arbiter ---------------------------------------------------- */

static unsigned count_class(Rig *r, unsigned tc, unsigned frames)
{
    unsigned pool = RIG_PF * RIG_QPP;
    unsigned found = 0;

    for (unsigned n = 0; n < frames; n++) {
        unsigned now = r->end[RIG_WIRE].frames;

        for (unsigned c = 0; c < 4; c++) {
            while (from_pool(r, pool + c, false)) {
            }
        }
        r->end[RIG_WIRE].room = 1;
        ixgbe_adapter_wire_room(r->adapter);
        rig_run(r);
        found += r->end[RIG_WIRE].numbers[now % 64] == pool + tc;
    }
    return found;
}

static void credits(Rig *r, unsigned tc, unsigned refill, uint32_t flags)
{
    rig_write(r, IXGBE_RTTPT2C(tc),
              refill | 64 << IXGBE_RTTPT2C_MCL_SHIFT | flags);
}

static void test_weights(void)
{
    Rig r;

    start(&r);
    four_classes(&r);
    r.end[RIG_WIRE].room = 0;
    credits(&r, 0, 1, 0);
    credits(&r, 1, 2, 0);
    credits(&r, 2, 4, 0);
    credits(&r, 3, 1, 0);
    rig_write(&r, IXGBE_RTTPCS, IXGBE_RTTPCS_TPPAC);
    g_assert_cmpuint(count_class(&r, 2, 80), >=, 38);
    g_assert_cmpuint(count_class(&r, 1, 80), <=, 22);
    g_assert_cmpuint(count_class(&r, 0, 80), >=, 9);
    /* in turn */
    rig_write(&r, IXGBE_RTTPCS, 0);
    g_assert_cmpuint(count_class(&r, 2, 80), ==, 20);
    /* one of them first */
    rig_write(&r, IXGBE_RTTPCS, IXGBE_RTTPCS_TPPAC);
    credits(&r, 1, 1, IXGBE_RTTPT2C_LSP);
    g_assert_cmpuint(count_class(&r, 1, 20), ==, 20);
    credits(&r, 1, 1, 0);
    credits(&r, 0, 1, IXGBE_RTTPT2C_GSP);
    g_assert_cmpuint(count_class(&r, 0, 20), ==, 20);
    rig_clear(&r);
}

/* Who had the wire to itself owes the others nothing for it. */
static void test_weights_after_a_lone_class(void)
{
    Rig r;

    start(&r);
    four_classes(&r);
    for (unsigned tc = 0; tc < 4; tc++) {
        credits(&r, tc, 1, 0);
    }
    rig_write(&r, IXGBE_RTTPCS, IXGBE_RTTPCS_TPPAC);
    for (unsigned n = 0; n < 1000; n++) {
        g_assert_true(from_pool(&r, RIG_PF * RIG_QPP, false));
        rig_run(&r);
    }
    r.end[RIG_WIRE].room = 0;
    g_assert_cmpuint(count_class(&r, 0, 80), >=, 19);
    rig_clear(&r);
}

/* Queues of classes without pools, table by table. */
static void test_layouts(void)
{
    static const uint8_t eight[] = { 0, 32, 64, 80, 96, 104, 112, 120 };
    Rig r;

    rig_init(&r);
    rig_set(&r, IXGBE_DMATXCTL, IXGBE_DMATXCTL_TE);
    rig_write(&r, IXGBE_MTQC, IXGBE_MTQC_RT | IXGBE_MTQC_8TC);
    for (unsigned tc = 0; tc < 8; tc++) {
        rig_write(&r, IXGBE_MFLCN, IXGBE_MFLCN_RPFCE | IXGBE_MFLCN_DPF);
        rig_set(&r, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
        rig_write(&r, IXGBE_RTTUP2TC, tc);
        to_adapter(&r, pause_frame(0x0101, 1, 10000));
        from_pool(&r, eight[tc], false);
        from_pool(&r, tc < 7 ? eight[tc + 1] - 1 : 127, false);
        rig_run(&r);
        g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 0);
    }
    advance(&r, SECOND);
    g_assert_cmpuint(r.end[RIG_WIRE].frames, ==, 16);
    rig_clear(&r);
}

/* What drivers stop while they set a block up. */
static void test_arbiters(void)
{
    static const struct {
        uint32_t reg, bit;
    } stops[] = {
        { IXGBE_RTTDCS, IXGBE_RTTDCS_ARBDIS },
        { IXGBE_SECTXCTRL, IXGBE_SECTXCTRL_TX_DIS },
    };
    Rig r;

    rig_init(&r);
    rig_program(&r);
    for (unsigned i = 0; i < G_N_ELEMENTS(stops); i++) {
        g_assert_true(r.end[1].state.tx_enable);
        rig_set(&r, stops[i].reg, stops[i].bit);
        rig_run(&r);
        g_assert_false(r.end[1].state.tx_enable);
        g_assert_false(r.end[RIG_PF].state.tx_enable);
        rig_unset(&r, stops[i].reg, stops[i].bit);
        rig_run(&r);
    }
    g_assert_true(r.end[RIG_PF].state.tx_enable);
    rig_set(&r, IXGBE_RTTPCS, IXGBE_RTTPCS_ARBDIS);
    rig_send(&r, 1, RIG_PEER, RIG_MAC[1], -1);
    g_assert_cmphex(rig_got(&r), ==, 0);
    rig_unset(&r, IXGBE_RTTPCS, IXGBE_RTTPCS_ARBDIS);
    rig_run(&r);
    g_assert_cmphex(rig_got(&r), ==, 1u << RIG_WIRE);
    rig_clear(&r);
}

/* --- counters ---------------------------------------------------- */

static void test_good_and_all(void)
{
    Rig r;

    start(&r);
    fill(&r, 2);
    to_adapter(&r, rig_frame(RIG_PEER, RIG_PEER, -1, 64, 0));
    g_assert_cmpuint(rig_read(&r, IXGBE_TPR), ==, 3);
    g_assert_cmpuint(rig_read(&r, IXGBE_GPRC), ==, 2);
    g_assert_cmpuint(rig_read(&r, IXGBE_GORCL), ==, 2 * 1028);
    g_assert_cmpuint(rig_read(&r, IXGBE_TORL), ==, 2 * 1028 + 68);
    g_assert_cmpuint(rig_read(&r, IXGBE_GPRC), ==, 0);
    rig_unset(&r, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
    fill(&r, 1);
    g_assert_cmpuint(rig_read(&r, IXGBE_TPR), ==, 0);
    rig_clear(&r);
}

/* A counter of bytes has 36 bits and stays at the last of them. */
static void test_bytes_stop(void)
{
    static const uint32_t lows[] = { IXGBE_GORCL, IXGBE_TORL };
    Rig r;

    start(&r);
    for (unsigned i = 0; i < G_N_ELEMENTS(lows); i++) {
        *reg_at(r.adapter, lows[i]) = UINT32_MAX - 1000;
        *reg_at(r.adapter, lows[i] + 4) = i ? 0xf : 0xe;
    }
    fill(&r, 1);
    g_assert_cmphex(rig_read(&r, IXGBE_GORCL), ==, 27);
    g_assert_cmphex(rig_read(&r, IXGBE_GORCL + 4), ==, 0xf);
    g_assert_cmphex(rig_read(&r, IXGBE_TORL), ==, UINT32_MAX);
    g_assert_cmphex(rig_read(&r, IXGBE_TORL + 4), ==, 0xf);
    *reg_at(r.adapter, IXGBE_GPRC) = UINT32_MAX;
    fill(&r, 1);
    g_assert_cmphex(rig_read(&r, IXGBE_GPRC), ==, UINT32_MAX);
    rig_clear(&r);
}

#define TEST(fn) g_test_add_func("/ixgbe/mac/" #fn, test_##fn)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(clock);
    TEST(clock_is_set);
    TEST(clock_migrates);
    TEST(rx_types);
    TEST(rx_stamp_is_kept);
    TEST(tx_stamp);
    TEST(rx_filtered);
    TEST(pause_stops);
    TEST(pause_address);
    TEST(control_frames_pass);
    TEST(priority_pause);
    TEST(xoff_is_sent);
    TEST(priority_xoff);
    TEST(pause_migrates);
    TEST(weights);
    TEST(weights_after_a_lone_class);
    TEST(layouts);
    TEST(arbiters);
    TEST(good_and_all);
    TEST(bytes_stop);
    return g_test_run();
}
