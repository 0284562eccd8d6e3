/*
 * IEEE 1588 time stamps, 7.9: the clock, and what is stamped with it.
 *
 * The clock counts periods of the MAC: 6.4 ns at 10 Gb/s and without a link,
 * 64 ns at 1 Gb/s, 640 ns at 100 Mb/s.  Nothing ticks here: its value is
 * worked out from the host's clock when somebody looks.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"
#include "ixgbe/rows.h"
#include "spec/ixgbe_filter_regs.h"
#include "spec/ixgbe_time_regs.h"

static uint64_t period_ps(const IxgbeAdapter *a)
{
    return 64000000 / ixgbe_link_mbps(a);
}

/*
 * Brings the clock up to now.  Time that is not a whole increment is left for
 * the next call, so that looking often does not slow the clock down.
 */
static uint64_t value_at(const IxgbeAdapter *a, uint64_t now, uint64_t *rest)
{
    const IxgbeTimesync *t = &a->timesync;
    uint64_t period = MAX(t->timinca >> IXGBE_TIMINCA_PERIOD_SHIFT, 1);
    uint64_t step = period * t->period_ps;
    uint64_t ps;

    /* 2^54 ns, over half a year, so that 64 bits do. */
    ps = (now > t->at_ns ? MIN(now - t->at_ns, 1ull << 54) : 0) * 1000 +
         t->rest_ps;
    *rest = ps % step;
    return t->value + ps / step * (t->timinca & IXGBE_TIMINCA_VALUE);
}

static uint64_t advance(IxgbeAdapter *a)
{
    IxgbeTimesync *t = &a->timesync;
    uint64_t now = a->ops->clock_ns(a->opaque);

    t->value = value_at(a, now, &t->rest_ps);
    t->at_ns = now;
    return t->value;
}

void ixgbe_timesync_reset(IxgbeAdapter *a)
{
    a->timesync = (IxgbeTimesync) {
        .at_ns = a->ops->clock_ns(a->opaque),
        .period_ps = period_ps(a),
    };
}

/* The link's speed is another one from now on. */
void ixgbe_timesync_link(IxgbeAdapter *a)
{
    advance(a);
    a->timesync.period_ps = period_ps(a);
    a->timesync.rest_ps = 0;
}

/* --- registers ------------------------------------------------------------ */

/* Reading the low half keeps the high half as it was then. */
static uint32_t read_systim(void *owner, unsigned index, uint32_t stored)
{
    IxgbeAdapter *a = owner;
    uint64_t value;

    if (index == 1 && a->timesync.latched) {
        a->timesync.latched = false;
        return a->timesync.high;
    }
    value = advance(a);
    if (index == 0) {
        a->timesync.latched = true;
        a->timesync.high = value >> 32;
        return value;
    }
    return value >> 32;
}

static void write_systim(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    IxgbeAdapter *a = owner;
    uint64_t now = advance(a);

    a->timesync.latched = false;
    a->timesync.value = index == 0
        ? (now & ~0xffffffffull) | value
        : (now & 0xffffffffull) | (uint64_t)value << 32;
}

/* The rate changes from now on. */
static void write_timinca(void *owner, unsigned index, uint32_t value,
                          uint32_t *stored)
{
    IxgbeAdapter *a = owner;

    advance(a);
    a->timesync.timinca = value;
    a->timesync.rest_ps = 0;
    trace_ixgbe_timesync_rate(value);
}

/* The high half completes it: sign, then what is added or taken away. */
static void write_timadjh(void *owner, unsigned index, uint32_t value,
                          uint32_t *stored)
{
    IxgbeAdapter *a = owner;
    uint64_t delta = (uint64_t)(value & ~IXGBE_TIMADJH_SIGN) << 32 |
                     reg(a, IXGBE_TIMADJL);

    advance(a);
    a->timesync.value += value & IXGBE_TIMADJH_SIGN ? -delta : delta;
    a->timesync.latched = false;
}

/* Reading the high half makes room for the next stamp. */
static uint32_t read_rxstmph(void *owner, unsigned index, uint32_t stored)
{
    *reg_at(owner, IXGBE_TSYNCRXCTL) &= ~IXGBE_TSYNCRXCTL_VALID;
    return stored;
}

static uint32_t read_txstmph(void *owner, unsigned index, uint32_t stored)
{
    *reg_at(owner, IXGBE_TSYNCTXCTL) &= ~IXGBE_TSYNCTXCTL_VALID;
    return stored;
}

/* --- stamps --------------------------------------------------------------- */

static void latch(IxgbeAdapter *a, uint32_t low, uint32_t high, uint32_t ctl,
                  uint64_t at)
{
    *reg_at(a, low) = at;
    *reg_at(a, high) = at >> 32;
    *reg_at(a, ctl) |= 1;
    trace_ixgbe_timesync_stamp(ctl, at);
}

uint64_t ixgbe_timesync_now(IxgbeAdapter *a)
{
    return advance(a);
}

void ixgbe_timesync_tx(IxgbeAdapter *a, uint64_t at)
{
    uint32_t ctl = reg(a, IXGBE_TSYNCTXCTL);

    if ((ctl & IXGBE_TSYNCTXCTL_EN) && !(ctl & IXGBE_TSYNCTXCTL_VALID)) {
        latch(a, IXGBE_TXSTMPL, IXGBE_TXSTMPH, IXGBE_TSYNCTXCTL, at);
    }
}

/* 7.9.3: an ethertype filter says which type PTP has in Ethernet. */
static bool ptp_type(const IxgbeAdapter *a, uint16_t type)
{
    for (unsigned i = 0; i < 8; i++) {
        uint32_t etqf = reg(a, IXGBE_ETQF(i));

        if ((etqf & IXGBE_ETQF_EN) && (etqf & IXGBE_ETQF_1588) &&
            (etqf & IXGBE_ETQF_ETYPE) == type) {
            return true;
        }
    }
    return false;
}

/* The PTP message in a frame, or NULL; *l2: directly in Ethernet. */
static const uint8_t *find_message(const IxgbeAdapter *a, const Frame *frame,
                                   bool *l2)
{
    FrameInfo info;
    size_t at;

    if (!frame_parse(frame->data, frame->len, &info)) {
        return NULL;
    }
    *l2 = ptp_type(a, info.ethertype);
    if (*l2) {
        at = FRAME_ETH_LEN + (info.tagged ? FRAME_VLAN_LEN : 0);
    } else if (info.l4 && info.protocol == FRAME_PROTO_UDP &&
               rd_be16(frame->data + info.l4 + 2) ==
               reg(a, IXGBE_RXMTRL) >> 16) {
        at = info.l4 + 8;
    } else {
        return NULL;
    }
    return iov_in_range(at, PTP_HEADER_LEN, frame->len) ? frame->data + at
                                                        : NULL;
}

/* 7.9.3: requests and answers of peer delay are stamped in any case. */
static bool type_matches(const IxgbeAdapter *a, const uint8_t *message)
{
    unsigned type = message[PTP_TYPE] & 0xf;

    return type == (reg(a, IXGBE_RXMTRL) >> 8 & 0xf) ||
           type == PTP_PDELAY_REQ || type == PTP_PDELAY_RESP;
}

static bool wants_stamp(const IxgbeAdapter *a, const uint8_t *message, bool l2)
{
    unsigned version = message[PTP_VERSION] & 0xf;

    switch ((reg(a, IXGBE_TSYNCRXCTL) & IXGBE_TSYNCRXCTL_TYPE) >> 1) {
    case IXGBE_TSYNC_L2_V2:
        return l2 && version == 2 && type_matches(a, message);
    case IXGBE_TSYNC_L4_V1:
        return !l2 && version == 1 &&
               message[PTP_CONTROL] == (reg(a, IXGBE_RXMTRL) & 0xff);
    case IXGBE_TSYNC_L2_L4_V2:
        return version == 2 && type_matches(a, message);
    case IXGBE_TSYNC_EVENT_V2:
        return version == 2 && !(message[PTP_TYPE] & 8);
    default:
        return false;
    }
}

bool ixgbe_timesync_rx(IxgbeAdapter *a, const Frame *frame)
{
    uint32_t ctl = reg(a, IXGBE_TSYNCRXCTL);
    const uint8_t *message;
    bool l2;

    if (!(ctl & IXGBE_TSYNCRXCTL_EN) || (ctl & IXGBE_TSYNCRXCTL_VALID)) {
        return false;
    }
    message = find_message(a, frame, &l2);
    /* The stamp of a frame that nobody gets would never be read. */
    if (!message || !wants_stamp(a, message, l2) ||
        !ixgbe_pools_from_wire(a, frame)) {
        return false;
    }
    latch(a, IXGBE_RXSTMPL, IXGBE_RXSTMPH, IXGBE_TSYNCRXCTL, advance(a));
    *reg_at(a, IXGBE_RXSATRL) = rd_be32(message + PTP_SOURCE + 2);
    *reg_at(a, IXGBE_RXSATRH) = rd_be16(message + PTP_SOURCE) |
        (uint32_t)rd_be16(message + PTP_SEQUENCE) << 16;
    return true;
}

/* --- state, rows ----------------------------------------------------------- */

void ixgbe_timesync_save(const IxgbeAdapter *a, StateWriter *w)
{
    uint64_t rest;

    state_put_u64(w, value_at(a, a->ops->clock_ns(a->opaque), &rest));
    state_put_bool(w, a->timesync.latched);
    state_put_u32(w, a->timesync.high);
}

void ixgbe_timesync_load(IxgbeAdapter *a, StateReader *r)
{
    ixgbe_timesync_reset(a);
    a->timesync.value = state_get_u64(r);
    a->timesync.latched = state_get_bool(r);
    a->timesync.high = state_get_u32(r);
    a->timesync.timinca = reg(a, IXGBE_TIMINCA);
}

#define SECTION "8.2.3.15"
#define STAMP(reg_name, at, words, ...) \
    ONE(reg_name, at, SECTION, words, .access = IXGBE_REG_RO, __VA_ARGS__)

static const IxgbeReg rows[] = {
    ONE("TSYNCRXCTL", IXGBE_TSYNCRXCTL, SECTION, "which received frames are "
        "stamped; bit 0: a stamp is kept", .wmask = 0x1e),
    ONE("RXMTRL", IXGBE_RXMTRL, SECTION, "PTP message types and UDP port",
        .reset = 0x013f0000),
    STAMP("RXSATRL", IXGBE_RXSATRL, "source of the stamped message"),
    STAMP("RXSTMPH", IXGBE_RXSTMPH, "receive stamp, high; frees it",
          .read = read_rxstmph),
    STAMP("RXSATRH", IXGBE_RXSATRH, "source, and sequence number"),
    STAMP("RXSTMPL", IXGBE_RXSTMPL, "receive stamp, low"),
    ONE("TSYNCTXCTL", IXGBE_TSYNCTXCTL, SECTION, "transmit stamps; bit 0: a "
        "stamp is kept", .wmask = 0x10),
    STAMP("TXSTMPL", IXGBE_TXSTMPL, "transmit stamp, low"),
    STAMP("TXSTMPH", IXGBE_TXSTMPH, "transmit stamp, high; frees it",
          .read = read_txstmph),
    ROW("SYSTIM", IXGBE_SYSTIML, 2, 4, SECTION, "the clock, low and high",
        .read = read_systim, .write = write_systim),
    ONE("TIMINCA", IXGBE_TIMINCA, SECTION, "increment (23:0) of the clock in "
        "so many periods (31:24)", .write = write_timinca),
    ONE("TIMADJL", IXGBE_TIMADJL, SECTION, "correction, low"),
    ONE("TIMADJH", IXGBE_TIMADJH, SECTION, "correction, high, and sign: "
        "takes effect", .write = write_timadjh),
    KEPT("TSAUXC", IXGBE_TSAUXC, 1, SECTION, "kept: no pin is connected"),
    KEPT("TRGTTIM", IXGBE_TRGTTIM(0), 4, SECTION, "kept"),
    KEPT("CLKTIM", IXGBE_CLKTIM(0), 2, SECTION, "kept"),
    ROW("AUXSTMP", IXGBE_AUXSTMP(0), 4, 4, SECTION, "no pin is connected",
        .access = IXGBE_REG_RO),
};

ROW_BLOCK(ixgbe_rows_timesync, rows);
