/*
 * Which queue a frame goes to, 7.1.2: the filters in their order, then traffic
 * class and RSS.
 *
 * A frame is looked at once; what depends on the pool is found for each copy.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"

#define TCP_FLAGS 13
#define TCP_SYN 0x02
#define RSS_TYPE_FDIR 15

static unsigned mode_classes(unsigned mode)
{
    switch (mode) {
    case IXGBE_MRQE_RT8:
    case IXGBE_MRQE_RT8_RSS:
    case IXGBE_MRQE_VMDQ_RT8:
        return 8;
    case IXGBE_MRQE_RT4:
    case IXGBE_MRQE_RT4_RSS:
    case IXGBE_MRQE_VMDQ_RT4:
        return 4;
    default:
        return 1;
    }
}

static void refresh_classes(IxgbeAdapter *a, IxgbeRxRules *r)
{
    unsigned mode = reg(a, IXGBE_MRQC) & IXGBE_MRQC_MODE;
    bool vt = ixgbe_adapter_vt(a);

    r->classes = mode_classes(mode);
    r->vt_rss = vt && (mode == IXGBE_MRQE_VMDQ_RSS32 ||
                       mode == IXGBE_MRQE_VMDQ_RSS64);
    r->class_queues = r->classes > 1 && !vt
                      ? IXGBE_QUEUES / r->classes : 1;
    for (unsigned i = 0; i < IXGBE_TRAFFIC_CLASSES; i++) {
        unsigned queues = 1u << MIN(reg(a, IXGBE_RQTC) >> (4 * i) & 7, 5);

        r->up_class[i] = (reg(a, IXGBE_RTRUP2TC) >> (3 * i)) &
                         (r->classes - 1);
        r->rss_mask[i] = MIN(queues, r->class_queues) - 1;
    }
    if (r->classes == 1) {
        /* 82599: a table entry has 4 bits. */
        r->rss_mask[0] = mode == IXGBE_MRQE_RSS ? 0xf : 0;
    }
}

void ixgbe_rx_rules_refresh(IxgbeAdapter *a)
{
    IxgbeRxRules *r = &a->rules;

    *r = (IxgbeRxRules) { 0 };
    refresh_classes(a, r);
    for (unsigned i = 0; i < IXGBE_ETYPE_FILTERS; i++) {
        r->etypes |= (reg(a, IXGBE_ETQF(i)) & IXGBE_ETQF_EN) != 0;
    }
    r->syn = reg(a, IXGBE_SYNQF) & IXGBE_SYNQF_EN;
    r->look = r->syn || a->tuples.count || a->filters.rss_types ||
              ixgbe_fdir_enabled(a);
    ixgbe_fdir_refresh(a);
}

/* 7.1.2.3: the first that matches; they are not meant to overlap. */
static unsigned etype_filter(const IxgbeAdapter *a, const IxgbeRxClass *c,
                             uint16_t ethertype)
{
    for (unsigned i = 0; i < IXGBE_ETYPE_FILTERS; i++) {
        uint32_t etqf = reg(a, IXGBE_ETQF(i));

        if ((etqf & IXGBE_ETQF_EN) &&
            (etqf & IXGBE_ETQF_ETYPE) == ethertype &&
            (!(etqf & IXGBE_ETQF_UP_EN) ||
             (etqf >> IXGBE_ETQF_UP_SHIFT & 7) == c->priority)) {
            return i + 1;
        }
    }
    return 0;
}

static bool is_syn(const Frame *frame, const FrameInfo *info)
{
    return info->l4 && info->protocol == FRAME_PROTO_TCP &&
           (frame->data[info->l4 + TCP_FLAGS] & TCP_SYN);
}

void ixgbe_rx_classify(IxgbeAdapter *a, const Frame *frame, bool loopback,
                       IxgbeRxClass *c)
{
    const IxgbeRxRules *r = &a->rules;
    FrameInfo info;
    uint16_t tci;

    *c = (IxgbeRxClass) {
        .loopback = loopback,
        .multicast = frame_is_multicast(frame->data),
    };
    if (ixgbe_frame_tag(a, frame, &tci)) {
        c->priority = tci >> 13;
    }
    c->traffic_class = r->up_class[c->priority];
    if (!(r->look || r->etypes) ||
        !frame_parse(frame->data, frame->len, &info)) {
        return;
    }
    if (r->etypes) {
        c->etqf = etype_filter(a, c, info.ethertype);
    }
    if (!r->look) {
        return;
    }
    /* With two tags the outer one is nobody's. */
    if (ixgbe_adapter_two_tags(a)) {
        info.tagged = ixgbe_frame_tag(a, frame, &info.vlan_tci);
    }
    ixgbe_rss_hash(a, frame, &info, c);
    c->syn = r->syn && is_syn(frame, &info);
    c->tuple = ixgbe_tuple_match(a, frame->data, &info, &c->tuples);
    c->fdir = ixgbe_fdir_enabled(a) &&
              ixgbe_fdir_extract(&a->fdir.masks, frame->data, frame->len,
                                 &info, &c->flow);
}

uint64_t ixgbe_rx_divert(const IxgbeAdapter *a, const IxgbeRxClass *c,
                         uint64_t pools)
{
    uint32_t etqf = c->etqf ? reg(a, IXGBE_ETQF(c->etqf - 1)) : 0;

    if (pools && (etqf & IXGBE_ETQF_POOL_EN)) {
        pools = POOL_BIT(etqf >> IXGBE_ETQF_POOL_SHIFT & 0x3f);
    }
    return pools;
}

/* Traffic class and RSS, tables 7-2 and 7-4; numbered as the adapter does. */
static unsigned plain_queue(const IxgbeAdapter *a, const IxgbeRxClass *c,
                            unsigned pool, IxgbeRxMeta *meta)
{
    const IxgbeRxRules *r = &a->rules;
    unsigned tc = c->traffic_class;
    unsigned base;

    if (!ixgbe_adapter_vt(a)) {
        return tc * r->class_queues + (c->rss_index & r->rss_mask[tc]);
    }
    base = pool * a->filters.queues_per_pool;
    if (r->vt_rss) {
        meta->rss_mask = a->filters.queues_per_pool - 1;
        return base + (c->rss_index & meta->rss_mask);
    }
    return base + (r->classes > 1 ? tc : 0);
}

static int etype_queue(const IxgbeAdapter *a, const IxgbeRxClass *c,
                       bool *lli)
{
    uint32_t etqs = c->etqf ? reg(a, IXGBE_ETQS(c->etqf - 1)) : 0;

    if (!(etqs & IXGBE_ETQS_QUEUE_EN)) {
        return -1;
    }
    *lli = etqs & IXGBE_ETQS_LLI;
    return etqs >> IXGBE_ETQS_QUEUE_SHIFT & 0x7f;
}

/* 7.1.2: SYN filter before or after the 5-tuple filters. */
static int syn_or_tuple_queue(IxgbeAdapter *a, const IxgbeRxClass *c,
                              unsigned pool, bool *lli)
{
    uint32_t synqf = reg(a, IXGBE_SYNQF);
    int syn = c->syn ? (int)(synqf >> IXGBE_SYNQF_QUEUE_SHIFT & 0x7f) : -1;
    int tuple = -1;

    if (syn >= 0 && (synqf & IXGBE_SYNQF_FIRST)) {
        return syn;
    }
    if (c->tuple) {
        tuple = ixgbe_tuple_queue(a, &c->tuples, pool, lli);
    }
    return tuple >= 0 ? tuple : syn;
}

static int fdir_queue(IxgbeAdapter *a, IxgbeRxClass *c, unsigned pool,
                      IxgbeRxMeta *meta, bool *lli)
{
    FdirMatch match;

    if (!c->fdir) {
        return -1;
    }
    ixgbe_fdir_lookup(a, &c->flow, pool, &match);
    if (!c->fdir_counted) {
        ixgbe_fdir_count(a, match.found);
        c->fdir_counted = true;
    }
    meta->status |= match.status;
    if (match.report) {
        meta->rss_type = RSS_TYPE_FDIR;
        meta->rss_hash = match.filter_id;
    }
    *lli |= match.lli;
    return match.queue;
}

/*
 * Software has to name a queue of the pool (7.1.2.2).  Where it does not, the
 * filter has no say: a VF's frame stays with the VF.
 */
static bool queue_fits(const IxgbeAdapter *a, unsigned pool, unsigned queue)
{
    unsigned owner = queue / a->filters.queues_per_pool;

    if (!ixgbe_adapter_vt(a)) {
        return true;
    }
    return pool < a->num_vfs ? owner == pool : owner >= a->num_vfs;
}

static int filter_queue(IxgbeAdapter *a, IxgbeRxClass *c, unsigned pool,
                        IxgbeRxMeta *meta)
{
    bool lli = false, fdir_lli = false;
    int fdir = fdir_queue(a, c, pool, meta, &fdir_lli);
    int queue = etype_queue(a, c, &lli);

    if (queue < 0) {
        queue = syn_or_tuple_queue(a, c, pool, &lli);
    }
    if (queue < 0) {
        queue = fdir;
        lli = fdir_lli;
    }
    if (queue >= 0 && !queue_fits(a, pool, queue)) {
        return -1;
    }
    meta->events |= lli ? IXGBE_RX_EVENT_LLI : 0;
    return queue;
}

void ixgbe_rx_meta(IxgbeAdapter *a, IxgbeRxClass *c, unsigned pool,
                   bool original, IxgbeRxMeta *meta)
{
    bool is_vf = pool < a->num_vfs && ixgbe_adapter_vt(a);
    int queue = -1;

    *meta = (IxgbeRxMeta) {
        .loopback = c->loopback,
        .multicast = c->multicast,
        .rss_type = c->rss_type,
        .rss_hash = c->rss_hash,
        .etqf = c->etqf,
        .status = c->status,
    };
    if (original) {
        queue = filter_queue(a, c, pool, meta);
    }
    if (queue < 0) {
        queue = plain_queue(a, c, pool, meta);
    }
    if (is_vf) {
        queue -= pool * a->filters.queues_per_pool;
    }
    meta->queue = queue % IXGBE_QUEUES;
}

static void stale(void *owner, unsigned index, uint32_t value,
                  uint32_t *stored)
{
    ((IxgbeAdapter *)owner)->stale |= STALE_RX;
}

static const IxgbeReg rows[] = {
    ONE("RTRUP2TC", IXGBE_RTRUP2TC, "8.2.3.10", "traffic class of a priority",
        .wmask = 0x00ffffff, .write = stale),
    ONE("RQTC", IXGBE_RQTC, "8.2.3.7", "RSS queues of a traffic class",
        .reset = 0x44444444, .wmask = 0x77777777, .write = stale),
    ROW("ETQF", IXGBE_ETQF(0), IXGBE_ETYPE_FILTERS, 4, "8.2.3.7",
        "ethertype filter", .write = stale),
    ROW("ETQS", IXGBE_ETQS(0), IXGBE_ETYPE_FILTERS, 4, "8.2.3.7",
        "ethertype filter: queue", .wmask = 0xa07f0000),
    ONE("IPAV", IXGBE_IPAV, "8.2.3.24", "IPv6 address for the flow "
        "director: valid", .write = stale),
    ROW("IP6AT", IXGBE_IP6AT(0), 4, 4, "8.2.3.24", "IPv6 address",
        .write = stale),
    ONE("SYNQF", IXGBE_SYNQF, "8.2.3.7", "SYN filter", .wmask = 0x800000ff,
        .write = stale),
};

ROW_BLOCK(ixgbe_rows_classes, rows);
