/*
 * L3/L4 5-tuple filters, 7.1.2.5.
 *
 * Each field has a table from a value to the set of filters that want it.  The
 * sets' intersection is what matches; a filter's bit is its rank by priority,
 * so the lowest bit wins.  128 filters cost what one does.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"

static void set_bit(TupleSet *set, unsigned bit)
{
    set->bits[bit / 64] |= 1ull << (bit % 64);
}

static TupleSlot *field_slot(TupleField *f, uint32_t key)
{
    unsigned n = (key * 0x9e3779b1u) >> 24;

    while (f->slot[n].used && f->slot[n].key != key) {
        n = (n + 1) % TUPLE_SLOTS;
    }
    return &f->slot[n];
}

/* Twice as many slots as filters: there is a free one. */
static void field_add(TupleField *f, bool any, uint32_t key, unsigned bit)
{
    TupleSlot *slot;

    if (any) {
        set_bit(&f->any, bit);
        return;
    }
    slot = field_slot(f, key);
    slot->used = true;
    slot->key = key;
    set_bit(&slot->set, bit);
}

static void field_match(TupleField *f, bool there, uint32_t key,
                        TupleSet *hits)
{
    const TupleSlot *slot = there ? field_slot(f, key) : NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(hits->bits); i++) {
        hits->bits[i] &= f->any.bits[i] |
                         (slot && slot->used ? slot->set.bits[i] : 0);
    }
}

static void add_filter(IxgbeAdapter *a, unsigned n, unsigned rank)
{
    IxgbeTuples *t = &a->tuples;
    uint32_t ftqf = reg(a, IXGBE_FTQF(n));
    uint32_t ports = reg(a, IXGBE_SDPQF(n));
    uint32_t action = reg(a, IXGBE_L34TIMIR(n));

    field_add(&t->src, ftqf & IXGBE_FTQF_ANY_SRC, reg(a, IXGBE_SAQF(n)),
              rank);
    field_add(&t->dst, ftqf & IXGBE_FTQF_ANY_DST, reg(a, IXGBE_DAQF(n)),
              rank);
    field_add(&t->sport, ftqf & IXGBE_FTQF_ANY_SPORT, ports & 0xffff, rank);
    field_add(&t->dport, ftqf & IXGBE_FTQF_ANY_DPORT, ports >> 16, rank);
    field_add(&t->protocol, ftqf & IXGBE_FTQF_ANY_PROTOCOL,
              ftqf & IXGBE_FTQF_PROTOCOL, rank);
    field_add(&t->pool, ftqf & IXGBE_FTQF_ANY_POOL,
              ftqf >> IXGBE_FTQF_POOL_SHIFT & 0x3f, rank);
    t->queue[rank] = action >> IXGBE_L34TIMIR_QUEUE_SHIFT & 0x7f;
    if (action & IXGBE_L34TIMIR_LLI) {
        set_bit(&t->lli, rank);
    }
}

void ixgbe_tuple_refresh(IxgbeAdapter *a)
{
    unsigned rank = 0;

    memset(&a->tuples, 0, sizeof(a->tuples));
    for (int priority = 7; priority >= 0; priority--) {
        for (unsigned n = 0; n < IXGBE_TUPLE_FILTERS; n++) {
            uint32_t ftqf = reg(a, IXGBE_FTQF(n));

            if ((ftqf & IXGBE_FTQF_EN) &&
                (int)(ftqf >> IXGBE_FTQF_PRIORITY_SHIFT & 7) == priority) {
                add_filter(a, n, rank++);
            }
        }
    }
    a->tuples.count = rank;
}

static unsigned protocol_code(uint8_t protocol)
{
    switch (protocol) {
    case FRAME_PROTO_TCP:
        return 0;
    case FRAME_PROTO_UDP:
        return 1;
    case FRAME_PROTO_SCTP:
        return 2;
    default:
        return 3;
    }
}

bool ixgbe_tuple_match(IxgbeAdapter *a, const uint8_t *frame,
                       const FrameInfo *info, TupleSet *hits)
{
    IxgbeTuples *t = &a->tuples;
    const uint8_t *ip = frame + info->l3;
    const uint8_t *l4 = frame + info->l4;
    bool ports = info->l4;

    if (!t->count || info->ip_version != 4 || info->fragment) {
        return false;
    }
    memset(hits, 0xff, sizeof(*hits));
    field_match(&t->src, true, rd_le32(ip + 12), hits);
    field_match(&t->dst, true, rd_le32(ip + 16), hits);
    field_match(&t->sport, ports, ports ? rd_le16(l4) : 0, hits);
    field_match(&t->dport, ports, ports ? rd_le16(l4 + 2) : 0, hits);
    field_match(&t->protocol, true, protocol_code(info->protocol), hits);
    return hits->bits[0] | hits->bits[1];
}

int ixgbe_tuple_queue(IxgbeAdapter *a, const TupleSet *candidates,
                      unsigned pool, bool *lli)
{
    IxgbeTuples *t = &a->tuples;
    TupleSet hits = *candidates;

    if (ixgbe_adapter_vt(a)) {
        field_match(&t->pool, true, pool, &hits);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(hits.bits); i++) {
        if (hits.bits[i]) {
            unsigned rank = 64 * i + __builtin_ctzll(hits.bits[i]);

            *lli = t->lli.bits[i] >> (rank % 64) & 1;
            return t->queue[rank];
        }
    }
    return -1;
}

static void stale(void *owner, unsigned index, uint32_t value,
                  uint32_t *stored)
{
    ((IxgbeAdapter *)owner)->stale |= STALE_TUPLE;
}

#define TUPLE(reg_name, at, words, ...) \
    ROW(reg_name, at, IXGBE_TUPLE_FILTERS, 4, "8.2.3.7", words, \
        .write = stale, __VA_ARGS__)

static const IxgbeReg rows[] = {
    TUPLE("SAQF", IXGBE_SAQF(0), "5-tuple filter: source address"),
    TUPLE("DAQF", IXGBE_DAQF(0), "5-tuple filter: destination address"),
    TUPLE("SDPQF", IXGBE_SDPQF(0), "5-tuple filter: ports"),
    TUPLE("FTQF", IXGBE_FTQF(0), "5-tuple filter: protocol, priority, pool, "
          "what is not compared", .wmask = 0xfe003f1f),
    TUPLE("L34TIMIR", IXGBE_L34TIMIR(0), "5-tuple filter: queue, immediate "
          "interrupt", .wmask = 0x0ff8f000),
};

ROW_BLOCK(ixgbe_rows_tuples, rows);
