/*
 * An adapter with functions that only count.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"
#include "program-pools.h"

const uint8_t RIG_MAC[RIG_VFS + 1][6] = {
    { 2, 0, 0, 0, 1, 0 }, { 2, 0, 0, 0, 1, 1 }, { 2, 0, 0, 0, 1, 2 },
    { 2, 0, 0, 0, 1, 3 }, { 0, 0x1b, 0x21, 0, 0, 1 },
};
const uint8_t RIG_PEER[6] = { 2, 0, 0, 0, 9, 9 };
const uint8_t RIG_BCAST[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
const uint8_t RIG_MCAST[6] = { 1, 0, 0x5e, 0, 0, 0xfb };

static void take(RigEnd *end, Frame *frame)
{
    frame_unref(end->last);
    end->last = frame_ref(frame);
    end->numbers[end->frames % sizeof(end->numbers)] =
        frame->data[frame->len - 1];
    end->frames++;
}

static bool wire_tx(void *opaque, Frame *frame)
{
    Rig *r = opaque;

    if (!r->end[RIG_WIRE].room) {
        return false;
    }
    r->end[RIG_WIRE].room--;
    r->now += r->wire_ns;
    take(&r->end[RIG_WIRE], frame);
    return true;
}

static void cause(void *opaque, uint32_t eicr)
{
    ((Rig *)opaque)->causes |= eicr;
}

static uint64_t clock_ns(void *opaque)
{
    return ((Rig *)opaque)->now;
}

static void set_timer(void *opaque, uint64_t deadline_ns)
{
    ((Rig *)opaque)->timer = deadline_ns;
}

static void schedule(void *opaque)
{
    ((Rig *)opaque)->scheduled = true;
}

static const IxgbeAdapterOps ops = {
    wire_tx, cause, clock_ns, set_timer, schedule,
};

static IxgbeRxResult rx(void *opaque, Frame *frame, const IxgbeRxMeta *meta)
{
    RigEnd *end = opaque;

    if (!end->room) {
        return IXGBE_RX_WAIT;
    }
    end->room--;
    end->meta = *meta;
    take(end, frame);
    return IXGBE_RX_DONE;
}

static void tx_room(void *opaque)
{
    ((RigEnd *)opaque)->rooms++;
}

static void state(void *opaque, const IxgbePortState *state)
{
    RigEnd *end = opaque;

    end->state = *state;
    end->edges |= state->vfmailbox &
                  (IXGBE_VFMAILBOX_PFSTS | IXGBE_VFMAILBOX_PFACK);
}

static const IxgbeAdapterPortOps port_ops = { rx, tx_room, state };

void rig_init(Rig *r)
{
    IxgbeAdapterConfig config = { .port = 0 };

    memcpy(config.mac, RIG_MAC[RIG_PF], 6);
    rig_init_config(r, &config);
}

void rig_init_config(Rig *r, const IxgbeAdapterConfig *config)
{
    *r = (Rig) { .now = 1000000000 };
    r->adapter = ixgbe_adapter_new(config, &ops, r);
    for (int i = 0; i < RIG_VFS; i++) {
        r->end[i].port = ixgbe_adapter_attach(r->adapter, i, &port_ops,
                                              &r->end[i]);
    }
    r->end[RIG_PF].port = ixgbe_adapter_attach(r->adapter, IXGBE_FUNCTION_PF,
                                               &port_ops, &r->end[RIG_PF]);
    for (unsigned i = 0; i < G_N_ELEMENTS(r->end); i++) {
        r->end[i].room = UINT_MAX;
    }
    ixgbe_adapter_set_cable(r->adapter, true);
    rig_run(r);
}

void rig_clear(Rig *r)
{
    ixgbe_adapter_free(r->adapter);
    for (unsigned i = 0; i < G_N_ELEMENTS(r->end); i++) {
        frame_unref(r->end[i].last);
    }
    g_assert_cmpuint(frame_live(), ==, 0);
}

void rig_write(Rig *r, uint32_t offset, uint32_t value)
{
    ixgbe_adapter_mmio_write(r->adapter, offset, value, 4);
}

uint32_t rig_read(Rig *r, uint32_t offset)
{
    return ixgbe_adapter_mmio_read(r->adapter, offset, 4);
}

void rig_set(Rig *r, uint32_t offset, uint32_t bits)
{
    rig_write(r, offset, rig_read(r, offset) | bits);
}

void rig_unset(Rig *r, uint32_t offset, uint32_t bits)
{
    rig_write(r, offset, rig_read(r, offset) & ~bits);
}

void rig_run(Rig *r)
{
    while (r->scheduled) {
        r->scheduled = false;
        ixgbe_adapter_run(r->adapter);
    }
}

void rig_program(Rig *r)
{
    ixgbe_adapter_set_num_vfs(r->adapter, RIG_VFS);
    program_pools(r, rig_write, rig_read);
    rig_run(r);
}

Frame *rig_frame(const uint8_t *dst, const uint8_t *src, int vid, size_t len,
                 uint8_t number)
{
    Frame *frame = frame_alloc(len);

    memset(frame->data, 0, len);
    memcpy(frame->data, dst, 6);
    memcpy(frame->data + 6, src, 6);
    wr_be16(frame->data + 12, FRAME_TYPE_IPV4);
    if (vid >= 0) {
        wr_be16(frame->data + 12, FRAME_TYPE_VLAN);
        wr_be16(frame->data + 14, vid);
        wr_be16(frame->data + 16, FRAME_TYPE_IPV4);
    }
    frame->data[len - 1] = number;
    return frame;
}

bool rig_send(Rig *r, unsigned from, const uint8_t *dst, const uint8_t *src,
              int vid)
{
    Frame *frame = rig_frame(dst, src, vid, 64, 0);
    bool sent = true;

    if (from == RIG_WIRE) {
        ixgbe_adapter_wire_rx(r->adapter, frame);
    } else {
        sent = ixgbe_adapter_port_tx(r->end[from].port,
                                     from == RIG_PF ? RIG_PF * RIG_QPP : 0,
                                     frame, NULL);
    }
    frame_unref(frame);
    rig_run(r);
    return sent;
}

unsigned rig_got(Rig *r)
{
    unsigned got = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(r->end); i++) {
        g_assert_cmpuint(r->end[i].frames, <=, 1);
        got |= r->end[i].frames << i;
        r->end[i].frames = 0;
    }
    return got;
}
