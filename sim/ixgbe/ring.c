/*
 * What receive and transmit rings have in common: datasheet 7.1.8, 7.2.3.4.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"

uint32_t ixgbe_ring_owned(const IxgbeRing *ring)
{
    uint32_t size = ixgbe_ring_size(ring);

    if (ring->head >= size || ring->tail >= size) {
        return 0;
    }
    return ring->tail >= ring->head ? ring->tail - ring->head :
                                      size - ring->head + ring->tail;
}

void ixgbe_ring_reset(IxgbeRing *ring, IxgbeResetKind kind, uint32_t dca)
{
    if (kind == IXGBE_RESET_POWER) {
        memset(ring, 0, sizeof(*ring));
        ring->dca = dca;
        return;
    }
    /*
     * A VF's reset leaves head, tail, control and DCA as they are; software
     * has to set them.  The queue itself is off.
     */
    ring->bal = 0;
    ring->bah = 0;
    ring->len = 0;
    ring->ctl &= ~IXGBE_RXDCTL_ENABLE;
    ring->failed = false;
}

void ixgbe_ring_save(const IxgbeRing *ring, StateWriter *w)
{
    state_put_u32(w, ring->bal);
    state_put_u32(w, ring->bah);
    state_put_u32(w, ring->len);
    state_put_u32(w, ring->head);
    state_put_u32(w, ring->tail);
    state_put_u32(w, ring->ctl);
    state_put_u32(w, ring->dca);
    state_put_bool(w, ring->failed);
}

void ixgbe_ring_load(IxgbeRing *ring, StateReader *r)
{
    ring->bal = state_get_u32(r) & IXGBE_RING_ALIGN_MASK;
    ring->bah = state_get_u32(r);
    ring->len = state_get_u32(r) & IXGBE_RING_LEN_MASK;
    ring->head = state_get_u32(r) & IXGBE_RING_INDEX_MASK;
    ring->tail = state_get_u32(r) & IXGBE_RING_INDEX_MASK;
    ring->ctl = state_get_u32(r);
    ring->dca = state_get_u32(r);
    ring->failed = state_get_bool(r);
}
