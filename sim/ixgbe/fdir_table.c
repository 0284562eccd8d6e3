/*
 * The flow director's table: buckets with chains of filters, 7.1.2.7.4.
 *
 * A chain may be as long as the driver makes it.  Frames do not walk it: an
 * index by the filter's identity finds in one step what the walk would find.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fdir.h"

#include "spec/ixgbe_filter_regs.h"

#define STATE_VERSION 2
#define ALLOC_MAX 3                     /* FDIRCTRL.PBALLOC has two bits */

void fdir_table_clear(FdirTable *t)
{
    g_free(t->entry);
    g_free(t->free);
    g_free(t->slot);
    g_free(t->head);
    g_free(t->tail);
    g_free(t->length);
    *t = (FdirTable) { 0 };
}

/* 7.1.2.7.5: 8K signature or 2K perfect match filters in 64 KB, less one. */
void fdir_table_init(FdirTable *t, unsigned alloc, bool perfect)
{
    unsigned places = alloc ? (perfect ? 0x400u : 0x1000u) << alloc : 0;

    fdir_table_clear(t);
    t->alloc = alloc;
    t->perfect = perfect;
    if (!places) {
        return;
    }
    t->size = places - 1;
    t->seed = g_random_int();
    t->bucket_mask = places - 1;
    t->entry = g_new0(FdirEntry, places);
    t->free = g_new(uint16_t, places);
    t->slot = g_new0(uint16_t, places);
    t->head = g_new0(uint16_t, places);
    t->tail = g_new0(uint16_t, places);
    t->length = g_new0(uint16_t, places);
    for (unsigned i = 0; i < t->size; i++) {
        t->free[i] = t->size - 1 - i;
    }
}

static uint16_t *slot_of(const FdirTable *t, const FdirFlow *flow,
                         unsigned bucket, unsigned id)
{
    uint64_t h = t->seed ^ ((uint64_t)bucket << 16 | id);

    if (t->perfect) {
        h = t->seed;
        for (unsigned i = 0; i < FDIR_WORDS; i++) {
            h = (h ^ flow->word[i]) * 0x9e3779b97f4a7c15ull;
            h ^= h >> 32;
        }
    }
    return &t->slot[(h * 0x9e3779b97f4a7c15ull >> 40) & t->bucket_mask];
}

FdirEntry *fdir_table_match(const FdirTable *t, const FdirFlow *flow,
                            unsigned bucket, unsigned id)
{
    uint16_t n;

    if (!t->count) {
        return NULL;
    }
    bucket &= t->bucket_mask;
    n = *slot_of(t, flow, bucket, id);
    while (n) {
        FdirEntry *e = &t->entry[n - 1];

        if (e->bucket == bucket &&
            (t->perfect ? !memcmp(&e->flow, flow, sizeof(*flow))
                        : e->id == id)) {
            return e;
        }
        n = e->same_slot;
    }
    return NULL;
}

FdirEntry *fdir_table_find(const FdirTable *t, unsigned bucket, unsigned id)
{
    uint16_t n = t->size ? t->head[bucket & t->bucket_mask] : 0;

    while (n && t->entry[n - 1].id != id) {
        n = t->entry[n - 1].next;
    }
    return n ? &t->entry[n - 1] : NULL;
}

FdirEntry *fdir_table_add(FdirTable *t, const FdirFlow *flow, unsigned bucket,
                          unsigned id)
{
    uint16_t *slot;
    FdirEntry *e;
    uint16_t n;

    if (t->count >= t->size) {
        return NULL;
    }
    bucket &= t->bucket_mask;
    n = t->free[t->size - ++t->count] + 1;
    e = &t->entry[n - 1];
    *e = (FdirEntry) { .bucket = bucket, .id = id };
    if (t->perfect) {
        e->flow = *flow;
    }
    slot = slot_of(t, &e->flow, bucket, id);
    e->same_slot = *slot;
    *slot = n;
    e->position = t->length[bucket]++;
    if (t->head[bucket]) {
        t->entry[t->tail[bucket] - 1].next = n;
    } else {
        t->head[bucket] = n;
    }
    t->tail[bucket] = n;
    return e;
}

static void leave_slot(FdirTable *t, const FdirEntry *e, uint16_t n)
{
    uint16_t *link = slot_of(t, &e->flow, e->bucket, e->id);

    while (*link != n) {
        link = &t->entry[*link - 1].same_slot;
    }
    *link = e->same_slot;
}

static void leave_bucket(FdirTable *t, const FdirEntry *e, uint16_t n)
{
    uint16_t *link = &t->head[e->bucket];
    uint16_t last = 0;

    while (*link != n) {
        last = *link;
        link = &t->entry[last - 1].next;
    }
    *link = e->next;
    if (!e->next) {
        t->tail[e->bucket] = last;
    }
    for (uint16_t i = e->next; i; i = t->entry[i - 1].next) {
        t->entry[i - 1].position--;
    }
    t->length[e->bucket]--;
}

void fdir_table_remove(FdirTable *t, FdirEntry *e)
{
    uint16_t n = e - t->entry + 1;

    leave_slot(t, e, n);
    leave_bucket(t, e, n);
    t->collided -= e->collided;
    t->free[t->size - t->count--] = n - 1;
}

static void save_entry(const FdirTable *t, const FdirEntry *e, StateWriter *w)
{
    state_put_u16(w, e->bucket);
    state_put_u16(w, e->id);
    state_put_u32(w, e->action);
    state_put_bool(w, e->collided);
    for (unsigned i = 0; t->perfect && i < FDIR_WORDS; i++) {
        state_put_u32(w, e->flow.word[i]);
    }
}

/* Bucket by bucket, so that chains come back in their order. */
void fdir_table_save(const FdirTable *t, StateWriter *w)
{
    state_put_section(w, "FDIR", STATE_VERSION);
    state_put_u8(w, t->alloc);
    state_put_bool(w, t->perfect);
    state_put_u32(w, t->count);
    for (unsigned b = 0; t->count && b <= t->bucket_mask; b++) {
        for (uint16_t n = t->head[b]; n; n = t->entry[n - 1].next) {
            save_entry(t, &t->entry[n - 1], w);
        }
    }
}

static void load_entry(FdirTable *t, StateReader *r)
{
    unsigned bucket = state_get_u16(r);
    unsigned id = state_get_u16(r);
    uint32_t action = state_get_u32(r);
    bool collided = state_get_bool(r);
    FdirFlow flow = { 0 };
    FdirEntry *e;

    for (unsigned i = 0; t->perfect && i < FDIR_WORDS; i++) {
        flow.word[i] = state_get_u32(r);
    }
    if (!state_ok(r)) {
        return;
    }
    if (bucket > t->bucket_mask || fdir_table_match(t, &flow, bucket, id)) {
        state_fail(r, "bad flow director filter");
        return;
    }
    e = fdir_table_add(t, &flow, bucket, id);
    if (e) {
        e->action = action;
        e->collided = collided;
        t->collided += collided;
    }
}

void fdir_table_load(FdirTable *t, StateReader *r)
{
    uint32_t count;

    if (state_get_section(r, "FDIR", STATE_VERSION) >= 2) {
        unsigned alloc = state_get_u8(r);
        bool perfect = state_get_bool(r);

        if (alloc > ALLOC_MAX) {
            state_fail(r, "flow director table of unknown size %u", alloc);
            return;
        }
        fdir_table_init(t, alloc, perfect);
    }
    count = state_get_u32_max(r, t->size, "flow director filters");
    while (count-- && state_ok(r)) {
        load_entry(t, r);
    }
}
