/*
 * A port of the card on a bench: see card-rig.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "card-rig.h"
#include "program-pools.h"

const uint8_t RIG_MAC[RIG_VFS + 1][6] = {
    { 0x02, 0, 0, 0, 0, 0x10 }, { 0x02, 0, 0, 0, 0, 0x11 },
    { 0x02, 0, 0, 0, 0, 0x12 }, { 0x02, 0, 0, 0, 0, 0x13 },
    { 0x02, 0, 0, 0, 0, 0x01 },
};
static const uint8_t peer[6] = { 0x02, 0, 0, 0, 0, 0xfe };

/* --- what surrounds the functions ---------------------------------------- */

/* An access to one of the card's own BARs. */
static bool own_bar(Rig *rig, uint64_t addr, uint8_t *buf, size_t len,
                    bool write)
{
    IxgbeFunction *fn = NULL;
    uint64_t offset = addr - RIG_PF_BAR;

    if (addr < RIG_PF_BAR || addr >= RIG_VF_BAR(RIG_VFS)) {
        return false;
    }
    if (addr >= RIG_VF_BAR(0)) {
        fn = rig->f[(addr - RIG_VF_BAR(0)) / 0x4000].fn;
        offset = (addr - RIG_VF_BAR(0)) % 0x4000;
    }
    for (size_t i = 0; i + 4 <= len; i += 4) {
        if (!write) {
            wr_le32(buf + i, fn ? ixgbe_function_mmio_read(fn, offset + i, 4)
                    : ixgbe_card_mmio_read(rig->card, offset + i, 4));
        } else if (fn) {
            ixgbe_function_mmio_write(fn, offset + i, rd_le32(buf + i), 4);
        } else {
            ixgbe_card_mmio_write(rig->card, offset + i, rd_le32(buf + i), 4);
        }
    }
    return true;
}

static bool dma_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    RigFunction *f = opaque;

    f->dma++;
    memset(buf, 0, len);
    if (own_bar(f->rig, addr, buf, len, false)) {
        return true;
    }
    if (!iov_in_range(addr, len, RIG_MEMORY)) {
        return false;
    }
    memcpy(buf, f->rig->memory + addr, len);
    return true;
}

static bool dma_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    RigFunction *f = opaque;

    f->dma++;
    if (own_bar(f->rig, addr, (uint8_t *)buf, len, true)) {
        return true;
    }
    if (!iov_in_range(addr, len, RIG_MEMORY)) {
        return false;
    }
    memcpy(f->rig->memory + addr, buf, len);
    return true;
}

static void interrupt(void *opaque, unsigned vector)
{
    RigFunction *f = opaque;

    g_assert_cmpuint(vector, <, f->index == RIG_PF ? 64 : 3);
    f->interrupts[vector]++;
}

static void line(void *opaque, bool level)
{
    ((RigFunction *)opaque)->rig->line = level;
}

static uint64_t fn_clock(void *opaque)
{
    return ((RigFunction *)opaque)->rig->now;
}

static void fn_set_timer(void *opaque, uint64_t deadline)
{
    ((RigFunction *)opaque)->timer = deadline;
}

static void fn_schedule(void *opaque)
{
    ((RigFunction *)opaque)->scheduled = true;
}

static const IxgbeFunctionOps fn_ops = {
    .dma_read = dma_read,
    .dma_write = dma_write,
    .interrupt = interrupt,
    .line = line,
    .clock_ns = fn_clock,
    .set_timer = fn_set_timer,
    .schedule = fn_schedule,
};

/* The PF's opaque is the card's: the rig's first functions are VFs. */
static RigFunction *pf_of(void *opaque)
{
    return opaque;
}

static bool wire_tx(void *opaque, Frame *frame)
{
    Rig *rig = pf_of(opaque)->rig;

    rig->wire_frames++;
    rig->wire_len = frame->len;
    if (rig->at_wire) {
        rig->at_wire(rig);
    }
    return true;
}

static uint64_t card_clock(void *opaque)
{
    return pf_of(opaque)->rig->now;
}

static void card_set_timer(void *opaque, uint64_t deadline)
{
    pf_of(opaque)->rig->timer = deadline;
}

static void card_schedule(void *opaque)
{
    pf_of(opaque)->rig->scheduled = true;
}

static const IxgbeCardOps card_ops = {
    .wire_tx = wire_tx,
    .clock_ns = card_clock,
    .set_timer = card_set_timer,
    .schedule = card_schedule,
};

/* --- life ---------------------------------------------------------------- */

void rig_init(Rig *rig)
{
    IxgbeAdapterConfig config = { .port = 0 };

    memset(rig, 0, sizeof(*rig));
    rig->memory = g_malloc0(RIG_MEMORY);
    rig->timer = UINT64_MAX;
    for (unsigned i = 0; i <= RIG_VFS; i++) {
        rig->f[i].rig = rig;
        rig->f[i].index = i;
        rig->f[i].timer = UINT64_MAX;
    }
    memcpy(config.mac, RIG_MAC[RIG_PF], 6);
    rig->card = ixgbe_card_new(&config, &card_ops, &fn_ops, &rig->f[RIG_PF]);
    rig->f[RIG_PF].fn = ixgbe_card_pf(rig->card);
    for (unsigned i = 0; i < RIG_VFS; i++) {
        rig->f[i].fn = ixgbe_card_vf_new(rig->card, i, &fn_ops, &rig->f[i]);
        g_assert_nonnull(rig->f[i].fn);
    }
    ixgbe_adapter_set_cable(ixgbe_card_adapter(rig->card), true);
    rig_run(rig);
}

void rig_clear(Rig *rig)
{
    ixgbe_card_free(rig->card);
    g_assert_cmpuint(frame_live(), ==, 0);
    g_free(rig->memory);
}

static bool run_once(Rig *rig)
{
    bool ran = false;

    if (rig->timer <= rig->now) {
        rig->timer = UINT64_MAX;
        ixgbe_card_timer(rig->card);
        ran = true;
    }
    if (rig->scheduled) {
        rig->scheduled = false;
        ixgbe_card_run(rig->card);
        ran = true;
    }
    for (unsigned i = 0; i <= RIG_VFS; i++) {
        RigFunction *f = &rig->f[i];

        if (f->timer <= rig->now) {
            f->timer = UINT64_MAX;
            ixgbe_function_timer(f->fn);
            ran = true;
        }
        if (f->scheduled) {
            f->scheduled = false;
            ixgbe_function_run(f->fn);
            ran = true;
        }
    }
    return ran;
}

void rig_run(Rig *rig)
{
    unsigned rounds = 0;

    while (run_once(rig)) {
        g_assert_cmpuint(++rounds, <, 1000);
    }
}

void rig_advance(Rig *rig, uint64_t ns)
{
    rig->now += ns;
    rig_run(rig);
}

uint32_t rig_get(Rig *rig, uint32_t offset)
{
    return ixgbe_card_mmio_read(rig->card, offset, 4);
}

void rig_set(Rig *rig, uint32_t offset, uint32_t value)
{
    ixgbe_card_mmio_write(rig->card, offset, value, 4);
}

uint32_t rig_vf_get(Rig *rig, unsigned vf, uint32_t offset)
{
    return ixgbe_function_mmio_read(rig->f[vf].fn, offset, 4);
}

void rig_vf_set(Rig *rig, unsigned vf, uint32_t offset, uint32_t value)
{
    ixgbe_function_mmio_write(rig->f[vf].fn, offset, value, 4);
}

/* --- drivers ------------------------------------------------------------- */

void rig_program(Rig *rig, unsigned vfs)
{
    ixgbe_card_set_num_vfs(rig->card, vfs);
    program_pools(rig, rig_set, rig_get);
    rig_run(rig);
}

static void set_queue(Rig *rig, unsigned f, uint32_t pf, uint32_t vf,
                      uint32_t value)
{
    if (f == RIG_PF) {
        rig_set(rig, pf, value);
    } else {
        rig_vf_set(rig, f, vf, value);
    }
}

void rig_start_queues(Rig *rig, unsigned f)
{
    const unsigned q = RIG_PF * RIG_QPP;

    for (unsigned i = 0; i + 1 < RIG_RING; i++) {
        wr_le64(rig->memory + RIG_RX_RING(f) + 16 * i,
                RIG_RX_BUFFER(f) + 2048 * i);
    }
    ixgbe_function_set_bus_master(rig->f[f].fn, true);
    set_queue(rig, f, IXGBE_RDBAL(q), IXGBE_VFRDBAL(0), RIG_RX_RING(f));
    set_queue(rig, f, IXGBE_RDLEN(q), IXGBE_VFRDLEN(0), RIG_RING * 16);
    set_queue(rig, f, IXGBE_SRRCTL(q), IXGBE_VFSRRCTL(0),
              IXGBE_SRRCTL_ONE_BUFFER | 2);
    set_queue(rig, f, IXGBE_RXDCTL(q), IXGBE_VFRXDCTL(0),
              IXGBE_RXDCTL_ENABLE);
    set_queue(rig, f, IXGBE_RDT(q), IXGBE_VFRDT(0), RIG_RING - 1);
    set_queue(rig, f, IXGBE_TDBAL(q), IXGBE_VFTDBAL(0), RIG_TX_RING(f));
    set_queue(rig, f, IXGBE_TDLEN(q), IXGBE_VFTDLEN(0), RIG_RING * 16);
    set_queue(rig, f, IXGBE_TXDCTL(q), IXGBE_VFTXDCTL(0),
              IXGBE_TXDCTL_ENABLE);
    rig->f[f].tx_tail = 0;
    rig_run(rig);
}

void rig_init_running(Rig *rig)
{
    rig_init(rig);
    rig_program(rig, RIG_VFS);
    for (unsigned f = 0; f <= RIG_PF; f++) {
        rig_start_queues(rig, f);
    }
}

static void fill_frame(uint8_t *frame, const uint8_t *dst, const uint8_t *src,
                       size_t len)
{
    memset(frame, 0, len);
    memcpy(frame, dst, 6);
    memcpy(frame + 6, src, 6);
    wr_be16(frame + 12, 0x88b5);
}

void rig_wire_frame(Rig *rig, const uint8_t *dst, size_t len)
{
    Frame *frame = frame_alloc(len);

    fill_frame(frame->data, dst, peer, len);
    ixgbe_adapter_wire_rx(ixgbe_card_adapter(rig->card), frame);
    frame_unref(frame);
    rig_run(rig);
}

void rig_ring(Rig *rig, unsigned f, const uint8_t *dst, size_t len,
              unsigned count)
{
    RigFunction *fn = &rig->f[f];

    fill_frame(rig->memory + RIG_TX_BUFFER(f), dst, RIG_MAC[f], len);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *desc = rig->memory + RIG_TX_RING(f) + 16 * fn->tx_tail;

        wr_le64(desc, RIG_TX_BUFFER(f));
        wr_le32(desc + 8, IXGBE_TXD_DEXT | IXGBE_TXD_DTYP_DATA |
                IXGBE_TXD_EOP | IXGBE_TXD_RS | IXGBE_TXD_IFCS | len);
        wr_le32(desc + 12, (uint32_t)len << 14);
        fn->tx_tail = (fn->tx_tail + 1) % RIG_RING;
    }
    set_queue(rig, f, IXGBE_TDT(RIG_PF * RIG_QPP), IXGBE_VFTDT(0),
              fn->tx_tail);
}

void rig_send(Rig *rig, unsigned f, const uint8_t *dst, size_t len)
{
    rig_ring(rig, f, dst, len, 1);
    rig_run(rig);
}

unsigned rig_received(Rig *rig, unsigned f)
{
    return f == RIG_PF ? rig_get(rig, IXGBE_RDH(RIG_PF * RIG_QPP))
                       : rig_vf_get(rig, f, IXGBE_VFRDH(0));
}
