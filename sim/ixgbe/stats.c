/*
 * Statistics registers of the MAC and of queues, 8.2.3.23.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"

#define FCS_LEN 4

void ixgbe_stats_add(IxgbeAdapter *a, uint32_t offset, uint32_t n)
{
    uint32_t *counter = reg_at(a, offset);

    *counter = *counter > UINT32_MAX - n ? UINT32_MAX : *counter + n;
}

static void add(IxgbeAdapter *a, uint32_t offset, uint32_t n)
{
    ixgbe_stats_add(a, offset, n);
}

/* A counter of 36 bits: the high part is another register. */
static void add_wide(IxgbeAdapter *a, uint32_t low, uint32_t high, size_t n)
{
    uint32_t *l = reg_at(a, low), *h = reg_at(a, high);
    uint64_t sum = ((uint64_t)*h << 32 | *l) + n;

    sum = MIN(sum, 0xfffffffffull);
    *l = sum;
    *h = sum >> 32;
}

/* A group of three: frames, bytes low, bytes high. */
static void add_group(IxgbeAdapter *a, uint32_t group, size_t len)
{
    add(a, group, 1);
    add_wide(a, group + 4, group + 8, len + FCS_LEN);
}

/* Index in PRC64..PRC1522 and PTC64..PTC1522; sizes count the FCS. */
static unsigned size_class(size_t len)
{
    static const uint16_t upto[] = { 64, 127, 255, 511, 1023 };
    unsigned i = 0;

    len += FCS_LEN;
    while (i < G_N_ELEMENTS(upto) && len > upto[i]) {
        i++;
    }
    return i;
}

static unsigned queue_counter(const IxgbeAdapter *a, uint32_t map,
                              unsigned queue)
{
    return reg_at(a, map)[queue / 4 % 32] >> (queue % 4 * 8) & 0xf;
}

/* 8.2.3.22 HLREG0.RXLNGTHERREN: a length instead of a type is looked at. */
static bool length_is_wrong(const IxgbeAdapter *a, const Frame *frame)
{
    uint16_t length;

    if (!(reg(a, IXGBE_HLREG0) & IXGBE_HLREG0_RXLNGTHERREN) ||
        frame->len < FRAME_ETH_LEN) {
        return false;
    }
    length = rd_be16(frame->data + 2 * FRAME_ADDR_LEN);
    /* A short one may be padded. */
    return length < 0x600 && length != frame->len - FRAME_ETH_LEN &&
           (frame->len > FRAME_MIN_LEN ||
            length > frame->len - FRAME_ETH_LEN);
}

void ixgbe_stats_wire_rx(IxgbeAdapter *a, const Frame *frame)
{
    size_t len = frame->len + FCS_LEN;

    a->stats.wire_rx_frames++;
    a->stats.wire_rx_bytes += frame->len;
    add(a, IXGBE_TPR, 1);
    add_wide(a, IXGBE_TORL, IXGBE_TORL + 4, len);
    if (length_is_wrong(a, frame)) {
        add(a, IXGBE_RLEC, 1);
    }
}

void ixgbe_stats_wire_unfiltered(IxgbeAdapter *a, const Frame *frame)
{
    add_group(a, IXGBE_RXNFGPC, frame->len);
}

void ixgbe_stats_wire_good(IxgbeAdapter *a, const Frame *frame)
{
    size_t len = frame->len + FCS_LEN;

    add(a, IXGBE_GPRC, 1);
    add_wide(a, IXGBE_GORCL, IXGBE_GORCL + 4, len);
    add(a, IXGBE_PRC64 + 4 * size_class(frame->len), 1);
    if (frame_is_broadcast(frame->data)) {
        add(a, IXGBE_BPRC, 1);
    } else if (frame_is_multicast(frame->data)) {
        add(a, IXGBE_MPRC, 1);
    }
}

void ixgbe_stats_control_tx(IxgbeAdapter *a)
{
    add(a, IXGBE_TPT, 1);
}

void ixgbe_stats_wire_tx(IxgbeAdapter *a, const Frame *frame)
{
    a->stats.wire_tx_frames++;
    a->stats.wire_tx_bytes += frame->len;
    add(a, IXGBE_TPT, 1);
    add(a, IXGBE_GPTC, 1);
    add_wide(a, IXGBE_GOTCL, IXGBE_GOTCL + 4, frame->len + FCS_LEN);
    add(a, IXGBE_PTC64 + 4 * size_class(frame->len), 1);
    if (frame_is_broadcast(frame->data)) {
        add(a, IXGBE_BPTC, 1);
    } else if (frame_is_multicast(frame->data)) {
        add(a, IXGBE_MPTC, 1);
    }
}

void ixgbe_stats_local(IxgbeAdapter *a, size_t len)
{
    add_group(a, IXGBE_RXLPBKGPC, len);
}

void ixgbe_stats_queue_rx(IxgbeAdapter *a, unsigned queue, size_t len,
                          bool loopback)
{
    unsigned n = queue_counter(a, IXGBE_RQSMR(0), queue);

    add_group(a, IXGBE_RXDGPC, len);
    if (loopback) {
        add_group(a, IXGBE_RXDLPBKGPC, len);
    }
    add(a, IXGBE_QPRC(n), 1);
    add_wide(a, IXGBE_QBRC_L(n), IXGBE_QBRC_L(n) + 4, len);
}

void ixgbe_stats_queue_drop(IxgbeAdapter *a, unsigned queue, size_t len)
{
    add_group(a, IXGBE_RXDDGPC, len);
    add(a, IXGBE_QPRDC(queue_counter(a, IXGBE_RQSMR(0), queue)), 1);
}

void ixgbe_stats_queue_tx(IxgbeAdapter *a, unsigned queue, size_t len)
{
    unsigned n = queue_counter(a, IXGBE_TQSM(0), queue);

    add_group(a, IXGBE_TXDGPC, len);
    add(a, IXGBE_QPTC(n), 1);
    add_wide(a, IXGBE_QBTC_L(n), IXGBE_QBTC_L(n) + 4, len);
}

void ixgbe_adapter_pool_stats(const IxgbeAdapter *a, unsigned pool,
                              IxgbePoolStats *stats)
{
    *stats = a->pool_stats[pool % IXGBE_POOLS];
}

void ixgbe_adapter_stats(const IxgbeAdapter *a, IxgbeAdapterStats *stats)
{
    *stats = a->stats;
}
