/*
 * The transmit packet buffers of the traffic classes and the arbiter between
 * them: 7.2.1.2 (queues of a class), 7.7.2.3 (packet plane).
 *
 * Descriptor fetching has no arbiter of its own here: a queue waits when the
 * buffer of its class is full, and so the packet plane's weights become its.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"
#include "ixgbe/rows.h"
#include "spec/ixgbe_dcb_regs.h"

/* 7.2.1: the whole memory; a class without any can still hold one frame. */
#define BUFFER_BYTES (160 * 1024)
#define SIZE_MASK 0x000ffc00u

static bool layout_4tc(uint32_t mtqc)
{
    return (mtqc & IXGBE_MTQC_LAYOUT) == IXGBE_MTQC_4TC;
}

/* Table 7-28 and its neighbours: the first queue of each class. */
static unsigned tc_of_queue(uint32_t mtqc, unsigned queue)
{
    static const uint8_t eight[] = { 32, 64, 80, 96, 104, 112, 120 };
    static const uint8_t four[] = { 64, 96, 112 };
    const uint8_t *first = layout_4tc(mtqc) ? four : eight;
    unsigned count = layout_4tc(mtqc) ? G_N_ELEMENTS(four)
                                      : G_N_ELEMENTS(eight);
    unsigned tc = 0;

    while (tc < count && queue >= first[tc]) {
        tc++;
    }
    return tc;
}

unsigned ixgbe_txsched_tc(const IxgbeAdapter *a, unsigned queue)
{
    uint32_t mtqc = reg(a, IXGBE_MTQC);

    if (!(mtqc & IXGBE_MTQC_RT)) {
        return 0;
    }
    if (mtqc & IXGBE_MTQC_VT) {
        return queue % (layout_4tc(mtqc) ? 4 : 8);
    }
    return tc_of_queue(mtqc, queue);
}

unsigned ixgbe_tx_tc_of_priority(const IxgbeAdapter *a, unsigned up)
{
    return reg(a, IXGBE_RTTUP2TC) >> (3 * up) & 7;
}

static bool classes_on(const IxgbeAdapter *a)
{
    return reg(a, IXGBE_MTQC) & IXGBE_MTQC_RT;
}

bool ixgbe_txsched_has_room(const IxgbeAdapter *a, unsigned tc, size_t len)
{
    size_t size = classes_on(a) ? reg(a, IXGBE_TXPBSIZE(tc)) & SIZE_MASK
                                : BUFFER_BYTES;

    return a->wire[tc].count == 0 ||
           iov_in_range(a->wire[tc].bytes, len, MIN(size, BUFFER_BYTES));
}

void ixgbe_txsched_push(IxgbeAdapter *a, unsigned tc, Frame *frame,
                        uint64_t tag)
{
    frame_queue_push(&a->wire[tc], frame, NULL, tag);
    ixgbe_adapter_queued(a);
}

/* --- the arbiter -------------------------------------------------------------- */

static bool strict(const IxgbeAdapter *a, unsigned tc)
{
    return reg(a, IXGBE_RTTPT2C(tc)) &
           (IXGBE_RTTPT2C_LSP | IXGBE_RTTPT2C_GSP);
}

/* Classes with a frame that may go now. */
static unsigned ready(IxgbeAdapter *a)
{
    unsigned mask = 0;

    if (reg(a, IXGBE_RTTPCS) & IXGBE_RTTPCS_ARBDIS) {
        return 0;
    }
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        if (!a->wire[tc].count) {
            continue;
        }
        if (ixgbe_flow_paused(a, tc)) {
            ixgbe_adapter_wake_at(a, ixgbe_flow_paused_until(a, tc));
        } else {
            mask |= 1u << tc;
        }
    }
    return mask;
}

static void refill(IxgbeAdapter *a, unsigned mask)
{
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        uint32_t config = reg(a, IXGBE_RTTPT2C(tc));
        /* A class without credits configured still gets its turn. */
        int32_t more = MAX(config & IXGBE_RTTPT2C_CRQ, 1) *
                       IXGBE_RTTPT_CREDIT;
        int32_t most = MAX((config >> IXGBE_RTTPT2C_MCL_SHIFT &
                            IXGBE_RTTPT2C_MCL) * IXGBE_RTTPT_CREDIT,
                           (uint32_t)more);

        a->credit[tc] = mask >> tc & 1 ? MIN(a->credit[tc] + more, most) : 0;
    }
}

/* The next class in turn whose credits are not used up. */
static int weighted(IxgbeAdapter *a, unsigned mask)
{
    /* Each round gives every class at least 64 bytes: 300 are enough. */
    for (unsigned round = 0; round < 300; round++) {
        for (unsigned n = 0; n < IXGBE_TRAFFIC_CLASSES; n++) {
            unsigned tc = (a->next_tc + n) % IXGBE_TRAFFIC_CLASSES;

            if ((mask >> tc & 1) && a->credit[tc] > 0) {
                a->next_tc = tc;
                return tc;
            }
        }
        refill(a, mask);
        a->next_tc = (a->next_tc + 1) % IXGBE_TRAFFIC_CLASSES;
    }
    return __builtin_ctz(mask);
}

int ixgbe_txsched_next(IxgbeAdapter *a)
{
    unsigned mask = ready(a);

    if (!mask || !(mask & (mask - 1))) {
        return mask ? __builtin_ctz(mask) : -1;
    }
    for (int tc = IXGBE_TRAFFIC_CLASSES - 1; tc >= 0; tc--) {
        if ((mask >> tc & 1) && strict(a, tc)) {
            return tc;
        }
    }
    if (!(reg(a, IXGBE_RTTPCS) & IXGBE_RTTPCS_TPPAC)) {
        while (!(mask >> a->next_tc & 1)) {
            a->next_tc = (a->next_tc + 1) % IXGBE_TRAFFIC_CLASSES;
        }
        return a->next_tc;
    }
    return weighted(a, mask);
}

void ixgbe_txsched_sent(IxgbeAdapter *a, unsigned tc, size_t len)
{
    if (reg(a, IXGBE_RTTPCS) & IXGBE_RTTPCS_TPPAC) {
        /* Alone, or strict, it is served without credits: no debt grows. */
        a->credit[tc] = MAX(a->credit[tc] - (int32_t)len, -(int32_t)len);
    } else {
        a->next_tc = (tc + 1) % IXGBE_TRAFFIC_CLASSES;
    }
}

bool ixgbe_txsched_has_work(IxgbeAdapter *a)
{
    return ready(a) != 0;
}

bool ixgbe_txsched_empty(const IxgbeAdapter *a)
{
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        if (a->wire[tc].count) {
            return false;
        }
    }
    return true;
}

void ixgbe_txsched_reset(IxgbeAdapter *a)
{
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        frame_queue_clear(&a->wire[tc]);
        a->credit[tc] = 0;
    }
    a->next_tc = 0;
}

#define SECTION "8.2.3.10"

static const IxgbeReg rows[] = {
    ROW("TXPBSIZE", IXGBE_TXPBSIZE(0), 8, 4, "8.2.3.9",
        "transmit packet buffer of a class", .reset = 0x00005000,
        .wmask = SIZE_MASK),
    KEPT("TXPBTHRESH", 0x04950, 8, "8.2.3.9", "kept"),
    KEPT("DTXMXSZRQ", 0x08100, 1, "8.2.3.9", "kept"),
    ONE("MTQC", IXGBE_MTQC, "8.2.3.9", "classes of queues", .wmask = 0xf),
    ONE("RTTDCS", IXGBE_RTTDCS, SECTION, "descriptor arbiter: ARBDIS stops it",
        .write = ixgbe_write_enable),
    ONE("RTTPCS", IXGBE_RTTPCS, SECTION, "packet arbiter: weighted or in "
        "turn; ARBDIS stops it", .write = ixgbe_write_schedule),
    KEPT("RTTDT1C", 0x04908, 1, SECTION, "kept"),
    KEPT("RTTDT1S", IXGBE_RTTDT1S, 1, SECTION, "kept"),
    KEPT("RTTDT2C", IXGBE_RTTDT2C(0), 8, SECTION, "kept"),
    KEPT("RTTDT2S", IXGBE_RTTDT2S(0), 8, SECTION, "kept"),
    ROW("RTTPT2C", IXGBE_RTTPT2C(0), 8, 4, SECTION, "credits of a class, "
        "strict priority"),
    KEPT("RTTPT2S", IXGBE_RTTPT2S(0), 8, SECTION, "kept"),
    ONE("RTTUP2TC", IXGBE_RTTUP2TC, SECTION, "class of a priority, for PAUSE",
        .wmask = 0x00ffffff),
    KEPT("RTTBCNRS", IXGBE_RTTBCNRS, 1, SECTION, "kept"),
    KEPT("RTTBCNRD", IXGBE_RTTBCNRD, 1, SECTION, "kept"),
    KEPT("RTTDTECC", IXGBE_RTTDTECC, 1, SECTION, "kept"),
    KEPT("TXLLQ", IXGBE_TXLLQ(0), 4, SECTION, "kept"),
};

ROW_BLOCK(ixgbe_rows_txsched, rows);
