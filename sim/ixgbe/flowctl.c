/*
 * Flow control, 3.7.7: PAUSE frames of the link (802.3x) and of priorities
 * (PFC), in both directions.
 *
 * A received frame stops transmission of its classes for the time that it
 * says.  A packet buffer that fills beyond its high threshold makes XOFF
 * frames, again and again until it is below its low one; then XON.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"
#include "ixgbe/rows.h"
#include "spec/ixgbe_flow_regs.h"

enum { AT_TYPE = 12, AT_OPCODE = 14, AT_CLASSES = 16, AT_TIMES = 18 };

static void count(IxgbeAdapter *a, uint32_t offset)
{
    ixgbe_stats_add(a, offset, 1);
}

static uint64_t quanta_ns(const IxgbeAdapter *a, uint32_t quanta)
{
    return (uint64_t)quanta * MAC_CONTROL_QUANTUM_BITS * 1000 /
           ixgbe_link_mbps(a);
}

/* --- received --------------------------------------------------------------- */

bool ixgbe_flow_paused(IxgbeAdapter *a, unsigned tc)
{
    uint64_t *until = &a->flow.until_ns[tc];

    if (*until && *until <= a->ops->clock_ns(a->opaque)) {
        *until = 0;
    }
    return *until != 0;
}

uint64_t ixgbe_flow_paused_until(const IxgbeAdapter *a, unsigned tc)
{
    return a->flow.until_ns[tc];
}

static void pause_class(IxgbeAdapter *a, unsigned tc, uint32_t quanta)
{
    uint64_t now = a->ops->clock_ns(a->opaque);

    trace_ixgbe_flow_receive(tc, quanta);
    a->flow.until_ns[tc] = quanta ? now + quanta_ns(a, quanta) : 0;
    ixgbe_adapter_schedule(a);
}

static bool for_us(const IxgbeAdapter *a, const Frame *frame)
{
    uint64_t dst = mac_key(frame->data);

    return dst == MAC_CONTROL_ADDRESS || ixgbe_mac_pools(a, dst);
}

static void take_link_pause(IxgbeAdapter *a, const Frame *frame)
{
    uint32_t quanta = rd_be16(frame->data + AT_CLASSES);

    count(a, quanta ? IXGBE_LXOFFRXCNT : IXGBE_LXONRXCNT);
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        pause_class(a, tc, quanta);
    }
}

static void take_priority_pause(IxgbeAdapter *a, const Frame *frame)
{
    unsigned classes = rd_be16(frame->data + AT_CLASSES);

    for (unsigned up = 0; up < IXGBE_TRAFFIC_CLASSES; up++) {
        uint32_t quanta = rd_be16(frame->data + AT_TIMES + 2 * up);

        if (classes >> up & 1) {
            count(a, quanta ? IXGBE_PXOFFRXCNT(up) : IXGBE_PXONRXCNT(up));
            pause_class(a, ixgbe_tx_tc_of_priority(a, up), quanta);
        }
    }
}

/* Whether the host gets the frame as well is the filters' business. */
void ixgbe_flow_receive(IxgbeAdapter *a, const Frame *frame)
{
    uint32_t mflcn = reg(a, IXGBE_MFLCN);
    uint32_t pfctop = reg(a, IXGBE_PFCTOP);
    uint16_t type, opcode;

    if (!(mflcn & (IXGBE_MFLCN_RFCE | IXGBE_MFLCN_RPFCE)) ||
        frame->len < AT_TIMES + 2 * IXGBE_TRAFFIC_CLASSES) {
        return;
    }
    type = rd_be16(frame->data + AT_TYPE);
    opcode = rd_be16(frame->data + AT_OPCODE);
    if ((mflcn & IXGBE_MFLCN_RFCE) && type == MAC_CONTROL_TYPE &&
        opcode == MAC_CONTROL_PAUSE && for_us(a, frame)) {
        take_link_pause(a, frame);
    } else if ((mflcn & IXGBE_MFLCN_RPFCE) && type == (pfctop & 0xffff) &&
               opcode == pfctop >> 16 && for_us(a, frame)) {
        take_priority_pause(a, frame);
    }
}

static uint32_t read_tfcs(void *owner, unsigned index, uint32_t stored)
{
    uint32_t paused = 0;

    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        paused |= (uint32_t)ixgbe_flow_paused(owner, tc) << tc;
    }
    return paused;
}

/* --- sent ------------------------------------------------------------------- */

static uint16_t pause_time(const IxgbeAdapter *a, unsigned tc)
{
    return reg(a, IXGBE_FCTTV(tc / 2)) >> (tc % 2 * 16);
}

static Frame *control_frame(const IxgbeAdapter *a)
{
    Frame *frame = frame_alloc(MAC_CONTROL_LEN);

    memset(frame->data, 0, frame->len);
    wr_be16(frame->data, MAC_CONTROL_ADDRESS >> 32);
    wr_be32(frame->data + 2, (uint32_t)MAC_CONTROL_ADDRESS);
    wr_le32(frame->data + 6, reg(a, IXGBE_RAL(0)));
    wr_le16(frame->data + 10, reg(a, IXGBE_RAH(0)));
    return frame;
}

static void queue_frame(IxgbeAdapter *a, Frame *frame)
{
    /* A wire that takes nothing must not make us collect them. */
    if (a->flow.out.count < 2 * IXGBE_TRAFFIC_CLASSES) {
        frame_queue_push(&a->flow.out, frame, NULL, 0);
    }
    frame_unref(frame);
    ixgbe_adapter_schedule(a);
}

static void send_link_pause(IxgbeAdapter *a, bool off)
{
    Frame *frame = control_frame(a);

    wr_be16(frame->data + AT_TYPE, MAC_CONTROL_TYPE);
    wr_be16(frame->data + AT_OPCODE, MAC_CONTROL_PAUSE);
    wr_be16(frame->data + AT_CLASSES, off ? pause_time(a, 0) : 0);
    count(a, off ? IXGBE_LXOFFTXC : IXGBE_LXONTXC);
    queue_frame(a, frame);
}

/* Which packet buffer a received priority goes to. */
static unsigned rx_class(const IxgbeAdapter *a, unsigned up)
{
    return reg(a, IXGBE_RTRUP2TC) >> (3 * up) & 7;
}

static void send_priority_pause(IxgbeAdapter *a, unsigned tc, bool off)
{
    Frame *frame = control_frame(a);
    uint32_t pfctop = reg(a, IXGBE_PFCTOP);
    unsigned classes = 0;

    for (unsigned up = 0; up < IXGBE_TRAFFIC_CLASSES; up++) {
        if (rx_class(a, up) == tc) {
            classes |= 1u << up;
            wr_be16(frame->data + AT_TIMES + 2 * up,
                    off ? pause_time(a, tc) : 0);
        }
    }
    wr_be16(frame->data + AT_TYPE, pfctop);
    wr_be16(frame->data + AT_OPCODE, pfctop >> 16);
    wr_be16(frame->data + AT_CLASSES, classes);
    count(a, off ? IXGBE_PXOFFTXC(tc) : IXGBE_PXONTXC(tc));
    queue_frame(a, frame);
}

static void send_pause(IxgbeAdapter *a, unsigned tc, bool off)
{
    trace_ixgbe_flow_send(tc, off);
    if ((reg(a, IXGBE_FCCFG) & IXGBE_FCCFG_TFCE) == IXGBE_FCCFG_TFCE_PRIO) {
        send_priority_pause(a, tc, off);
    } else {
        send_link_pause(a, off);
    }
}

static void check_class(IxgbeAdapter *a, unsigned tc, uint64_t now)
{
    IxgbeFlow *f = &a->flow;
    uint32_t high = reg(a, IXGBE_FCRTH(tc));
    uint32_t low = reg(a, IXGBE_FCRTL(tc));
    size_t level = a->rx_bytes[tc];

    if (!(high & IXGBE_FCRTH_FCEN)) {
        f->off[tc] = false;
        return;
    }
    if (f->off[tc] && level <= (low & IXGBE_FCRT_BYTES)) {
        f->off[tc] = false;
        if (low & IXGBE_FCRTL_XONE) {
            send_pause(a, tc, false);
        }
        return;
    }
    if (f->off[tc] ? now >= f->refresh_ns[tc]
                   : level > (high & IXGBE_FCRT_BYTES)) {
        f->off[tc] = true;
        f->refresh_ns[tc] = now + MAX(quanta_ns(a, reg(a, IXGBE_FCRTV) &
                                                0xffff), 10000);
        send_pause(a, tc, true);
    }
    if (f->off[tc]) {
        ixgbe_adapter_wake_at(a, f->refresh_ns[tc]);
    }
}

void ixgbe_flow_check(IxgbeAdapter *a)
{
    uint32_t tfce = reg(a, IXGBE_FCCFG) & IXGBE_FCCFG_TFCE;
    uint64_t now;

    if ((tfce != IXGBE_FCCFG_TFCE_LINK && tfce != IXGBE_FCCFG_TFCE_PRIO) ||
        !a->link_up) {
        memset(a->flow.off, 0, sizeof(a->flow.off));
        return;
    }
    now = a->ops->clock_ns(a->opaque);
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        check_class(a, tc, now);
    }
}

void ixgbe_flow_reset(IxgbeAdapter *a)
{
    memset(a->flow.until_ns, 0, sizeof(a->flow.until_ns));
    memset(a->flow.off, 0, sizeof(a->flow.off));
    frame_queue_clear(&a->flow.out);
}

/* --- state, rows ------------------------------------------------------------ */

/* Times are told as what is left of them. */
void ixgbe_flow_save(const IxgbeAdapter *a, StateWriter *w)
{
    uint64_t now = a->ops->clock_ns(a->opaque);

    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        uint64_t until = a->flow.until_ns[tc];

        state_put_u32(w, until > now ? MIN(until - now, UINT32_MAX) : 0);
        state_put_bool(w, a->flow.off[tc]);
    }
}

void ixgbe_flow_load(IxgbeAdapter *a, StateReader *r)
{
    uint64_t now = a->ops->clock_ns(a->opaque);

    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        uint32_t left = state_get_u32(r);

        a->flow.until_ns[tc] = left ? now + left : 0;
        a->flow.off[tc] = state_get_bool(r);
        a->flow.refresh_ns[tc] = now;
    }
}

#define SECTION "8.2.3.3"

static const IxgbeReg rows[] = {
    ONE("PFCTOP", IXGBE_PFCTOP, SECTION, "type and opcode of priority PAUSE",
        .reset = 0x01018808),
    ROW("FCTTV", IXGBE_FCTTV(0), 4, 4, SECTION, "time that XOFF frames say, "
        "two classes each"),
    ROW("FCRTL", IXGBE_FCRTL(0), 8, 4, SECTION, "low threshold of a packet "
        "buffer, XON enable",
        .wmask = IXGBE_FCRTL_XONE | IXGBE_FCRT_BYTES, .write = ixgbe_write_schedule),
    ROW("FCRTH", IXGBE_FCRTH(0), 8, 4, SECTION, "high threshold of a packet "
        "buffer, XOFF enable",
        .wmask = IXGBE_FCRTH_FCEN | IXGBE_FCRT_BYTES, .write = ixgbe_write_schedule),
    ONE("FCRTV", IXGBE_FCRTV, SECTION, "XOFF is sent again after so many "
        "quanta"),
    ONE("FCCFG", IXGBE_FCCFG, SECTION, "which PAUSE frames are sent",
        .wmask = IXGBE_FCCFG_TFCE, .write = ixgbe_write_schedule),
    ONE("TFCS", IXGBE_TFCS, SECTION, "classes whose transmission is stopped",
        .access = IXGBE_REG_RO, .read = read_tfcs),
    ONE("MFLCN", IXGBE_MFLCN, "8.2.3.22", "which PAUSE frames are obeyed, "
        "what becomes of control frames", .wmask = 0xf),
    COUNTS("PXONTXC", IXGBE_PXONTXC(0), 8, 4, "priority XON sent"),
    COUNTS("PXOFFTXC", IXGBE_PXOFFTXC(0), 8, 4, "priority XOFF sent"),
    COUNT("LXONTXC", IXGBE_LXONTXC, "XON sent"),
    COUNT("LXOFFTXC", IXGBE_LXOFFTXC, "XOFF sent"),
    COUNTS("PXONRXCNT", IXGBE_PXONRXCNT(0), 8, 4, "priority XON received"),
    COUNTS("PXOFFRXCNT", IXGBE_PXOFFRXCNT(0), 8, 4,
           "priority XOFF received"),
    COUNT("LXONRXCNT", IXGBE_LXONRXCNT, "XON received"),
    COUNT("LXOFFRXCNT", IXGBE_LXOFFRXCNT, "XOFF received"),
};

ROW_BLOCK(ixgbe_rows_flow, rows);
