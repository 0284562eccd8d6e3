/*
 * One port of the card: adapter, PF and VFs joined.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/ixgbe_card.h"

#include "ixgbe/adapter.h"
#include "ixgbe/function.h"
#include "iovlab-trace.h"

#define STATE_VERSION 1
/* 8.1.3 */
#define IOADDR 0
#define IODATA 4

typedef struct CardVf {
    IxgbeFunction *fn;
    IxgbeAdapterPort *port;
} CardVf;

struct IxgbeCard {
    const IxgbeCardOps *ops;
    void *opaque;
    IxgbeAdapter *adapter;
    IxgbeFunction *pf;
    IxgbeAdapterPort *pf_port;
    CardVf vf[IXGBE_POOLS];
    unsigned num_vfs;
    uint32_t ioaddr;
    bool held;
};

/* --- adapter ------------------------------------------------------------- */

static bool card_wire_tx(void *opaque, Frame *frame)
{
    IxgbeCard *card = opaque;

    return card->ops->wire_tx(card->opaque, frame);
}

static void card_cause(void *opaque, uint32_t eicr)
{
    IxgbeCard *card = opaque;

    /* The adapter resets itself before there is a PF. */
    if (card->pf) {
        ixgbe_pf_cause(card->pf, eicr);
    }
}

static uint64_t card_clock(void *opaque)
{
    IxgbeCard *card = opaque;

    return card->ops->clock_ns(card->opaque);
}

static void card_set_timer(void *opaque, uint64_t deadline)
{
    IxgbeCard *card = opaque;

    card->ops->set_timer(card->opaque, deadline);
}

static void card_schedule(void *opaque)
{
    IxgbeCard *card = opaque;

    card->ops->schedule(card->opaque);
}

/* CTRL.RST or CTRL.LRST. */
static void card_reset(void *opaque)
{
    IxgbeCard *card = opaque;

    ixgbe_pf_soft_reset(card->pf);
}

static const IxgbeAdapterOps card_adapter_ops = {
    .wire_tx = card_wire_tx,
    .cause = card_cause,
    .clock_ns = card_clock,
    .set_timer = card_set_timer,
    .schedule = card_schedule,
    .reset = card_reset,
};

/* --- adapter to functions ------------------------------------------------ */

static IxgbeRxResult card_rx(void *fn, Frame *frame, const IxgbeRxMeta *meta)
{
    return ixgbe_function_rx(fn, frame->data, frame->len, meta);
}

static void card_tx_room(void *fn)
{
    ixgbe_function_tx_room(fn);
}

static void card_vf_state(void *fn, const IxgbePortState *state)
{
    ixgbe_function_set_state(fn, state);
}

static void card_vf_mailbox(void *fn, uint32_t levels)
{
    ixgbe_function_set_mailbox(fn, levels);
}

static const IxgbeAdapterPortOps card_vf_ops = {
    .rx = card_rx,
    .tx_room = card_tx_room,
    .state = card_vf_state,
    .mailbox = card_vf_mailbox,
};

static IxgbeRxResult card_pf_rx(void *opaque, Frame *frame,
                                const IxgbeRxMeta *meta)
{
    return card_rx(((IxgbeCard *)opaque)->pf, frame, meta);
}

static void card_pf_tx_room(void *opaque)
{
    ixgbe_function_tx_room(((IxgbeCard *)opaque)->pf);
}

/* What the pools are follows from registers that the state follows from. */
static void card_layout(IxgbeCard *card)
{
    unsigned queues = ixgbe_adapter_pool_queues(card->adapter);

    ixgbe_pf_set_pools(card->pf, queues ? card->num_vfs : 0, queues);
}

static void card_pf_state(void *opaque, const IxgbePortState *state)
{
    IxgbeCard *card = opaque;

    card_layout(card);
    ixgbe_function_set_state(card->pf, state);
}

static const IxgbeAdapterPortOps card_pf_ops = {
    .rx = card_pf_rx,
    .tx_room = card_pf_tx_room,
    .state = card_pf_state,
};

/* --- life ---------------------------------------------------------------- */

IxgbeCard *ixgbe_card_new(const IxgbeAdapterConfig *config,
                          const IxgbeCardOps *ops,
                          const IxgbeFunctionOps *pf_ops, void *opaque)
{
    IxgbeCard *card = g_new0(IxgbeCard, 1);

    card->ops = ops;
    card->opaque = opaque;
    card->adapter = ixgbe_adapter_new(config, &card_adapter_ops, card);
    card->pf = ixgbe_pf_new(pf_ops, opaque);
    card->pf_port = ixgbe_adapter_attach(card->adapter, IXGBE_FUNCTION_PF,
                                         &card_pf_ops, card);
    ixgbe_function_set_port(card->pf, &ixgbe_adapter_port_ops,
                            card->pf_port);
    return card;
}

void ixgbe_card_free(IxgbeCard *card)
{
    if (!card) {
        return;
    }
    for (unsigned vf = 0; vf < IXGBE_POOLS; vf++) {
        ixgbe_card_vf_free(card, vf);
    }
    ixgbe_function_set_port(card->pf, NULL, NULL);
    ixgbe_adapter_free(card->adapter);
    ixgbe_function_free(card->pf);
    g_free(card);
}

IxgbeAdapter *ixgbe_card_adapter(IxgbeCard *card)
{
    return card->adapter;
}

IxgbeFunction *ixgbe_card_pf(IxgbeCard *card)
{
    return card->pf;
}

IxgbeFunction *ixgbe_card_vf_new(IxgbeCard *card, unsigned vf,
                                 const IxgbeFunctionOps *ops, void *opaque)
{
    IxgbeFunction *fn = ixgbe_vf_window_new(card->pf, vf, ops, opaque);

    if (!fn) {
        return NULL;
    }
    card->vf[vf].fn = fn;
    card->vf[vf].port = ixgbe_adapter_attach(card->adapter, vf, &card_vf_ops,
                                             fn);
    ixgbe_function_set_port(fn, &ixgbe_adapter_port_ops, card->vf[vf].port);
    ixgbe_function_hold(fn, card->held);
    return fn;
}

void ixgbe_card_vf_free(IxgbeCard *card, unsigned vf)
{
    CardVf *v = &card->vf[vf];

    if (v->fn) {
        ixgbe_function_set_port(v->fn, NULL, NULL);
        ixgbe_adapter_detach(v->port);
        ixgbe_function_free(v->fn);
        *v = (CardVf) { 0 };
    }
}

bool ixgbe_card_has_vfs(const IxgbeCard *card)
{
    for (unsigned vf = 0; vf < IXGBE_POOLS; vf++) {
        if (card->vf[vf].fn) {
            return true;
        }
    }
    return false;
}

void ixgbe_card_set_num_vfs(IxgbeCard *card, unsigned count)
{
    unsigned before = card->num_vfs;

    count = MIN(count, IXGBE_POOLS);
    if (count == before) {
        return;
    }
    trace_ixgbe_card_num_vfs(card, count);
    for (unsigned vf = count; vf < before; vf++) {
        if (card->vf[vf].fn) {
            ixgbe_function_flr(card->vf[vf].fn);
        }
    }
    card->num_vfs = count;
    ixgbe_adapter_set_num_vfs(card->adapter, count);
    card_layout(card);
}

/* --- registers ----------------------------------------------------------- */

uint64_t ixgbe_card_mmio_read(IxgbeCard *card, uint64_t offset, unsigned size)
{
    if (ixgbe_function_is_busy(card->pf)) {
        trace_ixgbe_function_reentry(card->pf, offset);
        return 0;
    }
    if (ixgbe_function_decodes(card->pf, offset)) {
        return ixgbe_function_mmio_read(card->pf, offset, size);
    }
    return ixgbe_adapter_mmio_read(card->adapter, offset, size);
}

static void write_dword(IxgbeCard *card, uint64_t offset, uint64_t value,
                        unsigned size)
{
    if (ixgbe_function_decodes(card->pf, offset)) {
        ixgbe_function_mmio_write(card->pf, offset, value, size);
    } else {
        ixgbe_adapter_mmio_write(card->adapter, offset, value, size);
    }
}

void ixgbe_card_mmio_write(IxgbeCard *card, uint64_t offset, uint64_t value,
                           unsigned size)
{
    if (ixgbe_function_is_busy(card->pf)) {
        trace_ixgbe_function_reentry(card->pf, offset);
        return;
    }
    if (size == 8 && offset % 4 == 0) {
        /* The two dwords may be different halves'. */
        write_dword(card, offset, (uint32_t)value, 4);
        write_dword(card, offset + 4, value >> 32, 4);
    } else {
        write_dword(card, offset, value, size);
    }
    /* A VF's driver may look before there is a run. */
    ixgbe_adapter_tell(card->adapter);
}

uint32_t ixgbe_card_io_read(IxgbeCard *card, uint64_t offset, unsigned size)
{
    if (size != 4) {
        return 0;
    }
    if (offset == IOADDR) {
        return card->ioaddr;
    }
    return offset == IODATA ? ixgbe_card_mmio_read(card, card->ioaddr, 4) : 0;
}

void ixgbe_card_io_write(IxgbeCard *card, uint64_t offset, uint32_t value,
                         unsigned size)
{
    if (size != 4) {
        return;
    }
    if (offset == IOADDR) {
        card->ioaddr = value;
    } else if (offset == IODATA) {
        ixgbe_card_mmio_write(card, card->ioaddr, value, 4);
    }
}

/* --- reset --------------------------------------------------------------- */

void ixgbe_card_flr(IxgbeCard *card)
{
    ixgbe_adapter_soft_reset(card->adapter, IXGBE_RESET_FLR);
    ixgbe_function_flr(card->pf);
}

void ixgbe_card_power_reset(IxgbeCard *card)
{
    card->ioaddr = 0;
    ixgbe_adapter_power_reset(card->adapter);
    /* SR-IOV may outlive this; then it says so again. */
    ixgbe_adapter_set_num_vfs(card->adapter, card->num_vfs);
    ixgbe_function_power_reset(card->pf);
}

/* --- running ------------------------------------------------------------- */

void ixgbe_card_run(IxgbeCard *card)
{
    ixgbe_adapter_run(card->adapter);
}

void ixgbe_card_timer(IxgbeCard *card)
{
    ixgbe_adapter_timer(card->adapter);
}

void ixgbe_card_hold(IxgbeCard *card, bool hold)
{
    card->held = hold;
    ixgbe_function_hold(card->pf, hold);
    for (unsigned vf = 0; vf < IXGBE_POOLS; vf++) {
        if (card->vf[vf].fn) {
            ixgbe_function_hold(card->vf[vf].fn, hold);
        }
    }
}

/* --- saved state --------------------------------------------------------- */

void ixgbe_card_save(const IxgbeCard *card, StateWriter *w)
{
    state_put_section(w, "IXCD", STATE_VERSION);
    state_put_u32(w, card->ioaddr);
    ixgbe_adapter_save(card->adapter, w);
    ixgbe_function_save(card->pf, w);
}

bool ixgbe_card_load(IxgbeCard *card, StateReader *r)
{
    state_get_section(r, "IXCD", STATE_VERSION);
    card->ioaddr = state_get_u32(r);
    if (!ixgbe_adapter_load(card->adapter, r) ||
        !ixgbe_function_load(card->pf, r)) {
        return false;
    }
    /* What SR-IOV says, not what the stream says. */
    ixgbe_adapter_set_num_vfs(card->adapter, card->num_vfs);
    card_layout(card);
    return true;
}
