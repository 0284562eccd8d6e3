/*
 * Which function a queue belongs to: the PF, or the VF that has its pool.
 * Datasheet 7.10.2.7.2, 7.2.1.2.1.
 *
 * A VF in the PF's process is a window on the PF's queues, so that what the PF
 * driver writes to a queue of a VF (SRRCTL, TXDCTL, TDWBAL after a VF's reset)
 * is what the VF sees, and a change of layout moves no state.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"

#include "iovlab-trace.h"

IxgbeFunction *ixgbe_vf_window_new(IxgbeFunction *pf, unsigned vf,
                                   const IxgbeFunctionOps *ops, void *opaque)
{
    static const IxgbeVfConfig config = { .queues = IXGBE_VF_QUEUES };
    IxgbeFunction *fn;

    if (vf >= IXGBE_POOLS || pf->window[vf]) {
        return NULL;
    }
    fn = ixgbe_function_alloc(IXGBE_KIND_WINDOW, &config, ops, opaque);
    fn->pf = pf;
    fn->vf = vf;
    fn->rx = pf->rx;
    fn->tx = pf->tx;
    fn->psrtype = &pf->psrtype[vf];
    fn->intr.vectors = IXGBE_VF_VECTORS;
    ixgbe_regs_init(&fn->regs, ixgbe_vf_regmap(), fn);
    ixgbe_function_reset(fn, IXGBE_RESET_POWER);
    pf->window[vf] = fn;
    ixgbe_pf_apply_pools(pf);
    return fn;
}

bool ixgbe_pf_pools_valid(unsigned vfs, unsigned pool_queues)
{
    return pool_queues == 0 ? vfs == 0 :
           (pool_queues == 2 || pool_queues == 4 || pool_queues == 8) &&
           vfs * pool_queues <= IXGBE_QUEUES;
}

static IxgbeFunction *owner(IxgbeFunction *pf, unsigned queue)
{
    unsigned pool = pf->pool_queues ? queue / pf->pool_queues : 0;

    return pool < pf->vfs && pf->window[pool] ? pf->window[pool] : pf;
}

static void give(IxgbeFunction *pf, unsigned queue)
{
    IxgbeRxq *rx = &pf->rx[queue];
    IxgbeTxq *tx = &pf->tx[queue];
    IxgbeFunction *fn = owner(pf, queue);

    ixgbe_rsc_drop(rx);
    if (rx->waiting) {
        rx->waiting = false;
        rx->fn->rx_waiting = true;
        ixgbe_function_schedule(rx->fn);
    }
    tx->blocked = false;
    rx->fn = tx->fn = fn;
    rx->index = tx->index = fn == pf ? queue : queue % pf->pool_queues;
    rx->vector = tx->vector = IXGBE_NO_VECTOR;
}

void ixgbe_pf_apply_pools(IxgbeFunction *pf)
{
    for (unsigned q = 0; q < IXGBE_QUEUES; q++) {
        give(pf, q);
    }
    ixgbe_pf_apply_ivar(pf);
    ixgbe_function_tx_kick_all(pf);
    for (unsigned vf = 0; vf < IXGBE_POOLS; vf++) {
        IxgbeFunction *fn = pf->window[vf];
        bool open = vf < pf->vfs;

        if (fn) {
            fn->queues = open ? pf->pool_queues : 0;
            fn->rx = open ? &pf->rx[vf * pf->pool_queues] : pf->rx;
            fn->tx = open ? &pf->tx[vf * pf->pool_queues] : pf->tx;
            ixgbe_vf_apply_ivar(fn);
            ixgbe_function_tx_kick_all(fn);
        }
    }
}

void ixgbe_pf_set_pools(IxgbeFunction *pf, unsigned vfs, unsigned pool_queues)
{
    if (pool_queues) {
        vfs = MIN(vfs, IXGBE_QUEUES / pool_queues);
    }
    if ((vfs == pf->vfs && pool_queues == pf->pool_queues) ||
        !ixgbe_pf_pools_valid(vfs, pool_queues)) {
        return;
    }
    trace_ixgbe_pf_pools(pf, vfs, pool_queues);
    pf->vfs = vfs;
    pf->pool_queues = pool_queues;
    ixgbe_pf_apply_pools(pf);
}

unsigned ixgbe_pf_rss_queue(const IxgbeFunction *pf, const IxgbeRxMeta *meta)
{
    unsigned queue = meta->queue % IXGBE_QUEUES;
    unsigned used;

    if (!pf->pool_queues) {
        return queue;
    }
    used = 1u << (pf->psrtype[queue / pf->pool_queues] >>
                  IXGBE_PSRTYPE_RQPL_SHIFT);
    return queue & ~(meta->rss_mask & ~(used - 1));
}

uint32_t ixgbe_rxq_psrtype(const IxgbeRxq *q)
{
    const IxgbeFunction *fn = q->fn;

    return fn->pool_queues ? fn->psrtype[q->index / fn->pool_queues]
                           : fn->psrtype[0];
}
