/*
 * The flow director: registers, commands, and the lookup of a frame.
 * Datasheet 7.1.2.7 and 8.2.3.19.
 *
 * A command is done when its write returns, so FDIRCMD.CMD always reads as
 * done.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"
#include "iovlab-trace.h"

#define EVENT_FDIR 0x00010000u          /* EICR */
/* Of FDIRCMD: what a filter does and for whom. */
#define ACTION 0x3f7f86f0u
#define FREE_MASK 0x7fff

static uint16_t mirror16(uint16_t v)
{
    uint16_t out = 0;

    for (unsigned i = 0; i < 16; i++) {
        out |= (v >> i & 1) << (15 - i);
    }
    return out;
}

/* Ports are masked by the register's bits in opposite order. */
static uint32_t port_mask(uint32_t value)
{
    return ~((uint32_t)mirror16(value) << 16 | mirror16(value >> 16));
}

static void byte_masks(uint16_t masked, uint32_t out[4])
{
    for (unsigned i = 0; i < 16; i++) {
        if (i % 4 == 0) {
            out[i / 4] = UINT32_MAX;
        }
        if (masked >> i & 1) {
            out[i / 4] &= ~(0xff000000u >> i % 4 * 8);
        }
    }
}

void ixgbe_fdir_refresh(IxgbeAdapter *a)
{
    uint32_t ctrl = reg(a, IXGBE_FDIRCTRL);
    FdirMasks *m = &a->fdir.masks;

    m->fdirm = reg(a, IXGBE_FDIRM);
    m->src4 = ~GUINT32_SWAP_LE_BE(reg(a, IXGBE_FDIRSIP4M));
    m->dst4 = ~GUINT32_SWAP_LE_BE(reg(a, IXGBE_FDIRDIP4M));
    m->tcp = port_mask(reg(a, IXGBE_FDIRTCPM));
    m->udp = port_mask(reg(a, IXGBE_FDIRUDPM));
    m->sctp = port_mask(reg(a, IXGBE_FDIRSCTPM));
    byte_masks(reg(a, IXGBE_FDIRIP6M), m->src6);
    byte_masks(reg(a, IXGBE_FDIRIP6M) >> 16, m->dst6);
    for (unsigned i = 0; i < 4; i++) {
        wr_le32(m->local6 + 4 * i, reg(a, IXGBE_IP6AT(i)));
    }
    m->has_local6 = reg(a, IXGBE_IPAV) & IXGBE_IPAV_V6;
    m->flex = (ctrl >> IXGBE_FDIRCTRL_FLEX_SHIFT & 0x1f) * 2;
    m->perfect = ctrl & IXGBE_FDIRCTRL_PERFECT;
}

/* --- commands ------------------------------------------------------------- */

static void update_free(IxgbeAdapter *a)
{
    const FdirTable *t = &a->fdir.table;

    *reg_at(a, IXGBE_FDIRFREE) = ((t->size - t->count) & FREE_MASK) |
                                 t->collided << 16;
}

static void count(IxgbeAdapter *a, uint32_t offset, unsigned shift,
                  uint32_t max)
{
    uint32_t *value = reg_at(a, offset);

    if ((*value >> shift & max) < max) {
        *value += 1u << shift;
    }
}

/* The filter that the registers describe. */
static void programmed_flow(const IxgbeAdapter *a, uint32_t cmd,
                            FdirFlow *flow)
{
    uint32_t ports = reg(a, IXGBE_FDIRPORT);
    uint32_t vlan = reg(a, IXGBE_FDIRVLAN);
    unsigned type = cmd >> IXGBE_FDIRCMD_TYPE_SHIFT & 7;
    unsigned pool = cmd >> IXGBE_FDIRCMD_POOL_SHIFT & 0x3f;
    uint32_t source = GUINT32_SWAP_LE_BE(reg(a, IXGBE_FDIRIPSA));

    *flow = (FdirFlow) { 0 };
    flow->word[FDIR_EDGE] = pool << 24 | type << 16 | (vlan & 0xffff);
    if (type & 4) {
        for (unsigned i = 0; i < 3; i++) {
            flow->word[FDIR_SRC + i] =
                GUINT32_SWAP_LE_BE(reg(a, IXGBE_FDIRSIPV6(i)));
        }
        flow->word[FDIR_SRC + 3] = source;
        flow->word[FDIR_DST] = cmd & IXGBE_FDIRCMD_IPV6_DST ? 0x01000000 : 0;
    } else {
        flow->word[FDIR_SRC] = source;
        flow->word[FDIR_DST] = GUINT32_SWAP_LE_BE(reg(a, IXGBE_FDIRIPDA));
    }
    flow->word[FDIR_PORTS] = ports << 16 | ports >> 16;
    flow->word[FDIR_FLEX] =
        (uint32_t)GUINT16_SWAP_LE_BE((uint16_t)(vlan >> 16)) << 16;
}

/* 7.1.2.7.6 */
static void add_failed(IxgbeAdapter *a)
{
    count(a, IXGBE_FDIRFSTAT, 0, 0xff);
    a->ops->cause(a->opaque, EVENT_FDIR);
}

static void note_longest(IxgbeAdapter *a, const FdirEntry *e)
{
    uint32_t *len = reg_at(a, IXGBE_FDIRLEN);
    uint32_t position = MIN(e->position, 0x3f);

    if (position > (*len & 0x3f)) {
        *len = (*len & 0xff00) | position | (uint32_t)e->bucket << 16;
    }
}

static void add_filter(IxgbeAdapter *a, uint32_t cmd, unsigned bucket,
                       unsigned id)
{
    FdirTable *t = &a->fdir.table;
    unsigned left = t->size - t->count;
    unsigned threshold = reg(a, IXGBE_FDIRCTRL) >>
                         IXGBE_FDIRCTRL_THRESH_SHIFT << 4;
    FdirFlow flow;
    FdirEntry *e;

    programmed_flow(a, cmd, &flow);
    e = fdir_table_match(t, &flow, bucket, id);
    if (e) {
        if (cmd & IXGBE_FDIRCMD_UPDATE) {
            e->action = cmd & ACTION;
        } else if (e->action != (cmd & ACTION) && !e->collided) {
            e->collided = true;
            t->collided++;
        }
        return;
    }
    e = fdir_table_add(t, &flow, bucket, id);
    if (!e) {
        add_failed(a);
        return;
    }
    e->action = cmd & ACTION;
    count(a, IXGBE_FDIRUSTAT, 0, 0xffff);
    note_longest(a, e);
    if (left > threshold && left - 1 <= threshold) {
        a->ops->cause(a->opaque, EVENT_FDIR);
    }
}

static void remove_filter(IxgbeAdapter *a, unsigned bucket, unsigned id)
{
    FdirEntry *e = fdir_table_find(&a->fdir.table, bucket, id);

    if (e) {
        fdir_table_remove(&a->fdir.table, e);
        count(a, IXGBE_FDIRUSTAT, 16, 0xffff);
    } else {
        count(a, IXGBE_FDIRFSTAT, 8, 0xff);
    }
}

/* 7.1.2.7.10: the answer is in FDIRCMD, FDIRHASH and FDIRLEN. */
static uint32_t query_filter(IxgbeAdapter *a, unsigned bucket, unsigned id)
{
    const FdirTable *t = &a->fdir.table;
    const FdirEntry *e = fdir_table_find(t, bucket, id);
    unsigned length = t->size ? t->length[bucket & t->bucket_mask] : 0;
    uint32_t *hash = reg_at(a, IXGBE_FDIRHASH);
    uint32_t *len = reg_at(a, IXGBE_FDIRLEN);
    unsigned place = MIN(e ? e->position : length, 0x3f);

    *hash &= ~IXGBE_FDIRHASH_BUCKET_VALID;
    *hash |= length ? IXGBE_FDIRHASH_BUCKET_VALID : 0;
    *len = (*len & ~0x3f00u) | place << 8;
    if (!e) {
        return 0;
    }
    return IXGBE_FDIRCMD_VALID | e->action |
           (e->collided ? IXGBE_FDIRCMD_COLLISION : 0);
}

static void write_cmd(void *owner, unsigned index, uint32_t value,
                      uint32_t *stored)
{
    IxgbeAdapter *a = owner;
    uint32_t hash = reg(a, IXGBE_FDIRHASH);
    unsigned bucket = hash & IXGBE_FDIRHASH_HASH;
    unsigned id = hash >> IXGBE_FDIRHASH_ID_SHIFT & 0x7fff;

    *stored = value & ~(IXGBE_FDIRCMD_CMD | IXGBE_FDIRCMD_VALID);
    if (value & IXGBE_FDIRCMD_CLEARHT) {
        fdir_table_init(&a->fdir.table, 0, false);
        return;
    }
    trace_ixgbe_fdir_command(value, hash);
    switch (value & IXGBE_FDIRCMD_CMD) {
    case IXGBE_FDIRCMD_ADD:
        add_filter(a, value, bucket, id);
        break;
    case IXGBE_FDIRCMD_REMOVE:
        remove_filter(a, bucket, id);
        break;
    case IXGBE_FDIRCMD_QUERY:
        *stored = query_filter(a, bucket, id);
        return;
    default:
        return;
    }
    update_free(a);
}

void ixgbe_fdir_start(IxgbeAdapter *a)
{
    uint32_t ctrl = reg(a, IXGBE_FDIRCTRL);

    fdir_table_init(&a->fdir.table, ctrl & IXGBE_FDIRCTRL_PBALLOC,
                    ctrl & IXGBE_FDIRCTRL_PERFECT);
}

/* 7.1.2.7.9: a write without INIT_DONE makes an empty table. */
static void write_ctrl(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    IxgbeAdapter *a = owner;

    a->stale |= STALE_RX;
    if (value & IXGBE_FDIRCTRL_INIT_DONE) {
        return;
    }
    ixgbe_fdir_start(a);
    update_free(a);
    if (value & IXGBE_FDIRCTRL_PBALLOC) {
        *stored |= IXGBE_FDIRCTRL_INIT_DONE;
    }
}

/* --- frames ---------------------------------------------------------------- */

bool ixgbe_fdir_enabled(const IxgbeAdapter *a)
{
    return a->fdir.table.size;
}

static void report(uint32_t ctrl, const FdirEntry *e, uint32_t hash,
                   uint32_t signature, FdirMatch *match)
{
    bool all = ctrl & IXGBE_FDIRCTRL_REPORT_ALWAYS;

    if ((ctrl & IXGBE_FDIRCTRL_REPORT) && (e || all)) {
        match->report = true;
        match->filter_id = hash << 16 | (e ? e->id : signature);
    }
}

static void apply(const IxgbeAdapter *a, uint32_t ctrl, const FdirEntry *e,
                  FdirMatch *match)
{
    unsigned longest = ctrl >> IXGBE_FDIRCTRL_MAX_LENGTH_SHIFT & 0xf;
    bool too_long = e->position >= longest;

    match->status = IXGBE_RXS_FLM;
    match->status |= too_long ? IXGBE_RXS_ERR_FDIR_LEN : 0;
    match->status |= e->collided ? IXGBE_RXS_ERR_FDIR_COLL : 0;
    match->lli = e->action & IXGBE_FDIRCMD_INT;
    match->queue = -1;
    if (e->action & IXGBE_FDIRCMD_QUEUE_EN) {
        match->queue = e->action >> IXGBE_FDIRCMD_QUEUE_SHIFT & 0x7f;
    }
    if (e->action & IXGBE_FDIRCMD_DROP) {
        match->status |= IXGBE_RXS_ERR_FDIR_DROP;
        if (!too_long) {
            match->queue = ctrl >> IXGBE_FDIRCTRL_DROP_SHIFT & 0x7f;
        }
    }
}

void ixgbe_fdir_lookup(const IxgbeAdapter *a, const FdirFlow *frame_flow,
                       unsigned pool, FdirMatch *match)
{
    const FdirTable *t = &a->fdir.table;
    uint32_t ctrl = reg(a, IXGBE_FDIRCTRL);
    unsigned longest = ctrl >> IXGBE_FDIRCTRL_MAX_LENGTH_SHIFT & 0xf;
    FdirFlow flow = *frame_flow;
    uint32_t hash, signature = 0;
    const FdirEntry *e;

    if (!(a->fdir.masks.fdirm & IXGBE_FDIRM_POOL)) {
        flow.word[FDIR_EDGE] |= pool << 24;
    }
    hash = ixgbe_fdir_hash(&flow, reg(a, IXGBE_FDIRHKEY)) & t->bucket_mask;
    if (!t->perfect) {
        signature = ixgbe_fdir_hash(&flow, reg(a, IXGBE_FDIRSKEY));
    }
    e = fdir_table_match(t, &flow, hash, signature);
    *match = (FdirMatch) { .queue = -1, .found = e };
    report(ctrl, e, hash, signature, match);
    if (e) {
        apply(a, ctrl, e, match);
    } else if (t->length[hash] > longest) {
        match->status = IXGBE_RXS_ERR_FDIR_LEN;
    }
}

void ixgbe_fdir_count(IxgbeAdapter *a, bool found)
{
    count(a, found ? IXGBE_FDIRMATCH : IXGBE_FDIRMISS, 0, UINT32_MAX);
}

/* --- the table of registers ------------------------------------------------- */

static void stale(void *owner, unsigned index, uint32_t value,
                  uint32_t *stored)
{
    ((IxgbeAdapter *)owner)->stale |= STALE_RX;
}

#define FDIR(reg_name, at, n, words, ...) \
    ROW(reg_name, at, n, 4, "8.2.3.19", words, __VA_ARGS__)

static const IxgbeReg rows[] = {
    FDIR("FDIRCTRL", IXGBE_FDIRCTRL, 1, "flow director: table size, mode, "
         "reports; a write without INIT_DONE empties the table",
         .wmask = 0xff1f7fbb, .write = write_ctrl),
    FDIR("FDIRSIPv6", IXGBE_FDIRSIPV6(0), 3, "filter: source IPv6, first "
         "words"),
    FDIR("FDIRIPSA", IXGBE_FDIRIPSA, 1, "filter: source IPv4, last word of "
         "IPv6"),
    FDIR("FDIRIPDA", IXGBE_FDIRIPDA, 1, "filter: destination IPv4"),
    FDIR("FDIRPORT", IXGBE_FDIRPORT, 1, "filter: ports"),
    FDIR("FDIRVLAN", IXGBE_FDIRVLAN, 1, "filter: tag, flexible bytes"),
    FDIR("FDIRHASH", IXGBE_FDIRHASH, 1, "filter: bucket, signature or "
         "software index"),
    FDIR("FDIRCMD", IXGBE_FDIRCMD, 1, "filter: add, remove, query; action",
         .write = write_cmd),
    FDIR("FDIRFREE", IXGBE_FDIRFREE, 1, "filters free, filters collided"),
    FDIR("FDIRDIP4M", IXGBE_FDIRDIP4M, 1, "mask: destination IPv4",
         .write = stale),
    FDIR("FDIRSIP4M", IXGBE_FDIRSIP4M, 1, "mask: source IPv4",
         .write = stale),
    FDIR("FDIRTCPM", IXGBE_FDIRTCPM, 1, "mask: TCP ports, bits in opposite "
         "order", .write = stale),
    FDIR("FDIRUDPM", IXGBE_FDIRUDPM, 1, "mask: UDP ports, likewise",
         .write = stale),
    FDIR("FDIRSCTPM", IXGBE_FDIRSCTPM, 1, "mask: SCTP ports, likewise",
         .write = stale),
    FDIR("FDIRIP6M", IXGBE_FDIRIP6M, 1, "mask: bytes of IPv6 addresses",
         .write = stale),
    FDIR("FDIRM", IXGBE_FDIRM, 1, "mask: tag, pool, protocol, flexible bytes",
         .wmask = 0x3f, .write = stale),
    FDIR("FDIRHKEY", IXGBE_FDIRHKEY, 1, "key of the bucket hash",
         .reset = 0x80000001),
    FDIR("FDIRSKEY", IXGBE_FDIRSKEY, 1, "key of the signature hash",
         .reset = 0x80800101),
    FDIR("FDIRLEN", IXGBE_FDIRLEN, 1, "longest bucket, length found by a "
         "query", .access = IXGBE_REG_RC),
    FDIR("FDIRUSTAT", IXGBE_FDIRUSTAT, 1, "filters added, removed",
         .access = IXGBE_REG_RC),
    FDIR("FDIRFSTAT", IXGBE_FDIRFSTAT, 1, "commands that failed",
         .access = IXGBE_REG_RC),
    FDIR("FDIRMATCH", IXGBE_FDIRMATCH, 1, "frames that matched",
         .access = IXGBE_REG_RC),
    FDIR("FDIRMISS", IXGBE_FDIRMISS, 1, "frames that did not",
         .access = IXGBE_REG_RC),
};

ROW_BLOCK(ixgbe_rows_fdir, rows);
