/*
 * RSS, 7.1.2.8, with the one table and key that all functions share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab/toeplitz.h"

typedef struct HashType {
    uint32_t mrqc;
    uint8_t rss;                /* RSS_HASH_* */
    uint8_t report;             /* RSS type of the write-back, 7.1.6.2 */
} HashType;

static const HashType types[] = {
    { IXGBE_MRQC_TCP_IPV4, RSS_HASH_TCP_IPV4, 1 },
    { IXGBE_MRQC_IPV4, RSS_HASH_IPV4, 2 },
    { IXGBE_MRQC_TCP_IPV6, RSS_HASH_TCP_IPV6, 3 },
    { IXGBE_MRQC_IPV6, RSS_HASH_IPV6, 5 },
    { IXGBE_MRQC_UDP_IPV4, RSS_HASH_UDP_IPV4, 7 },
    { IXGBE_MRQC_UDP_IPV6, RSS_HASH_UDP_IPV6, 8 },
};

static bool mode_has_rss(unsigned mode)
{
    return mode == IXGBE_MRQE_RSS || mode == IXGBE_MRQE_RT8_RSS ||
           mode == IXGBE_MRQE_RT4_RSS || mode == IXGBE_MRQE_VMDQ_RSS32 ||
           mode == IXGBE_MRQE_VMDQ_RSS64;
}

static unsigned mode_queues_per_pool(unsigned mode)
{
    switch (mode) {
    case IXGBE_MRQE_VMDQ_RSS32:
    case IXGBE_MRQE_VMDQ_RT4:
        return 4;
    case IXGBE_MRQE_VMDQ_RT8:
        return 8;
    default:
        return 2;
    }
}

void ixgbe_rss_refresh(IxgbeAdapter *a)
{
    uint32_t mrqc = reg(a, IXGBE_MRQC);
    unsigned mode = mrqc & IXGBE_MRQC_MODE;
    IxgbeFilters *f = &a->filters;

    if (f->queues_per_pool != mode_queues_per_pool(mode)) {
        f->queues_per_pool = mode_queues_per_pool(mode);
        /* Whose a queue is follows from it. */
        ixgbe_adapter_state_stale(a, 0);
    }
    f->rss_types = 0;
    for (unsigned i = 0; mode_has_rss(mode) && i < G_N_ELEMENTS(types); i++) {
        f->rss_types |= mrqc & types[i].mrqc ? types[i].rss : 0;
    }
    for (unsigned i = 0; i < 10; i++) {
        wr_le32(f->rss_key + 4 * i, reg(a, IXGBE_RSSRK(i)));
    }
    for (unsigned i = 0; i < 32; i++) {
        wr_le32(f->reta + 4 * i, reg(a, IXGBE_RETA(i)));
    }
}

void ixgbe_rss_hash(const IxgbeAdapter *a, const Frame *frame,
                    const FrameInfo *info, IxgbeRxClass *c)
{
    const IxgbeFilters *f = &a->filters;
    unsigned used;

    if (!f->rss_types) {
        return;
    }
    used = toeplitz_hash_frame(f->rss_key, f->rss_types, frame->data, info,
                               &c->rss_hash);
    /* 7.1.2.8.1: what cannot be hashed has index 0, whatever the table. */
    for (unsigned i = 0; used && i < G_N_ELEMENTS(types); i++) {
        if (types[i].rss == used) {
            c->rss_type = types[i].report;
            c->rss_index = f->reta[c->rss_hash & 0x7f] & 0xf;
        }
    }
}
