/*
 * Saved state of the adapter half.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"

#define VERSION 4
/* No queue can hold more frames than bytes of the larger buffer allow. */
#define FRAMES_MAX (512 * 1024 / FRAME_MIN)

static void save_queue(const FrameQueue *q, StateWriter *w)
{
    state_put_u32(w, q->count);
    for (uint32_t i = 0; i < q->count; i++) {
        const FrameSlot *slot = frame_queue_at(q, i);

        state_put_u8(w, slot->meta.queue);
        state_put_bool(w, slot->meta.loopback);
        state_put_bool(w, slot->meta.multicast);
        state_put_u8(w, slot->meta.rss_type);
        state_put_u32(w, slot->meta.rss_hash);
        state_put_u8(w, slot->meta.rss_mask);
        state_put_u8(w, slot->meta.etqf);
        state_put_u8(w, slot->meta.events);
        state_put_u32(w, slot->meta.status);
        state_put_u8(w, slot->tag);
        state_put_blob(w, slot->frame->data, slot->frame->len);
    }
}

static void load_queue(FrameQueue *q, StateReader *r)
{
    uint32_t count = state_get_u32_max(r, FRAMES_MAX, "frames in a buffer");

    while (count-- && state_ok(r)) {
        IxgbeRxMeta meta = { .queue = state_get_u8(r) };
        const uint8_t *data;
        uint8_t tag;
        Frame *frame;
        size_t len;

        meta.loopback = state_get_bool(r);
        meta.multicast = state_get_bool(r);
        meta.rss_type = state_get_u8(r);
        meta.rss_hash = state_get_u32(r);
        meta.rss_mask = state_get_u8(r);
        meta.etqf = state_get_u8(r);
        meta.events = state_get_u8(r);
        meta.status = state_get_u32(r) & IXGBE_RX_STATUS;
        tag = state_get_u8(r);
        data = state_get_blob(r, FRAME_MAX, &len);
        if (!data || len < FRAME_MIN || meta.queue >= IXGBE_QUEUES) {
            state_fail(r, "bad frame in a buffer");
            return;
        }
        frame = frame_new(data, len);
        frame_queue_push(q, frame, &meta, tag);
        frame_unref(frame);
    }
}

static void save_port(const IxgbeAdapterPort *port, StateWriter *w)
{
    static const FrameQueue none;

    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        save_queue(port ? &port->rx[tc] : &none, w);
    }
}

/* Frames for a function that is not there are dropped. */
static void load_class(IxgbeAdapter *a, IxgbeAdapterPort *port, unsigned tc,
                       StateReader *r)
{
    FrameQueue frames;

    frame_queue_init(&frames, 0, 512 * 1024);
    load_queue(&frames, r);
    if (port && frames.count) {
        a->rx_bytes[tc] += frames.bytes;
        ixgbe_pktbuf_mark(port, tc);
        frame_queue_append(&port->rx[tc], &frames);
    }
    frame_queue_clear(&frames);
}

static void load_port(IxgbeAdapter *a, IxgbeAdapterPort *port, StateReader *r)
{
    if (port) {
        ixgbe_pktbuf_flush(port);
    }
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        load_class(a, port, tc, r);
    }
}

/* Credits start anew on the other side. */
static void save_transmit(const IxgbeAdapter *a, StateWriter *w)
{
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        save_queue(&a->wire[tc], w);
    }
    ixgbe_flow_save(a, w);
    ixgbe_timesync_save(a, w);
    ixgbe_ipsec_save(a, w);
}

void ixgbe_adapter_save(const IxgbeAdapter *a, StateWriter *w)
{
    state_put_section(w, "IXAD", VERSION);
    ixgbe_regs_save(&a->regs, w);
    state_put_u8(w, a->num_vfs);
    state_put_bool(w, a->cable);
    state_put_u64(w, a->drop_en[0]);
    state_put_u64(w, a->drop_en[1]);
    for (unsigned i = 0; i < IXGBE_POOLS; i++) {
        state_put_bool(w, a->mailbox[i].vfu);
        state_put_bool(w, a->mailbox[i].pfu);
        state_put_u32(w, a->mailbox[i].edges);
    }
    for (unsigned i = 0; i < IXGBE_QUEUES; i++) {
        state_put_u32(w, a->rate[i].bcnrc);
    }
    for (unsigned i = 0; i < IXGBE_POOLS; i++) {
        save_port(a->vf[i], w);
    }
    save_port(a->pf, w);
    save_transmit(a, w);
    ixgbe_nvm_save(&a->nvm, w);
    state_put_u8(w, a->config.module);
    ixgbe_sfp_save(&a->sfp, w);
    state_put_u64(w, ixgbe_timers_left(a));
    fdir_table_save(&a->fdir.table, w);
}

static void load_transmit(IxgbeAdapter *a, StateReader *r)
{
    for (unsigned tc = 0; tc < IXGBE_TRAFFIC_CLASSES; tc++) {
        load_queue(&a->wire[tc], r);
    }
    ixgbe_flow_load(a, r);
    ixgbe_timesync_load(a, r);
    ixgbe_ipsec_load(a, r);
}

static void load_control(IxgbeAdapter *a, StateReader *r)
{
    uint8_t num_vfs = state_get_u8(r);

    a->num_vfs = MIN(num_vfs, IXGBE_POOLS);
    a->cable = state_get_bool(r);
    a->drop_en[0] = state_get_u64(r);
    a->drop_en[1] = state_get_u64(r);
    for (unsigned i = 0; i < IXGBE_POOLS; i++) {
        a->mailbox[i].vfu = state_get_bool(r);
        a->mailbox[i].pfu = state_get_bool(r);
        a->mailbox[i].edges = state_get_u32(r) &
                              (IXGBE_VFMAILBOX_PFSTS | IXGBE_VFMAILBOX_PFACK);
    }
    for (unsigned i = 0; i < IXGBE_QUEUES; i++) {
        a->rate[i].bcnrc = state_get_u32(r);
        a->rate[i].next_ns = 0;
    }
}

static void load_board(IxgbeAdapter *a, StateReader *r)
{
    uint64_t left;

    ixgbe_nvm_load(a, r);
    a->config.module = state_get_u8(r) & 3;
    ixgbe_sfp_load(&a->sfp, r);
    left = state_get_u64(r);
    if (state_ok(r)) {
        ixgbe_timers_restart(a, left);
    }
}

bool ixgbe_adapter_load(IxgbeAdapter *a, StateReader *r)
{
    ixgbe_adapter_power_reset(a);
    if (!state_get_section_only(r, "IXAD", VERSION) ||
        !ixgbe_regs_load(&a->regs, r)) {
        ixgbe_adapter_power_reset(a);
        return false;
    }
    load_control(a, r);
    for (unsigned i = 0; i < IXGBE_POOLS; i++) {
        load_port(a, a->vf[i], r);
    }
    load_port(a, a->pf, r);
    load_transmit(a, r);
    load_board(a, r);
    ixgbe_fdir_start(a);
    fdir_table_load(&a->fdir.table, r);
    a->stale = STALE_ALL;
    if (!state_ok(r)) {
        ixgbe_nvm_init(a);
        ixgbe_sfp_insert(a);
        ixgbe_adapter_power_reset(a);
        return false;
    }
    ixgbe_link_update(a);
    ixgbe_adapter_state_stale(a, UINT64_MAX);
    return true;
}
