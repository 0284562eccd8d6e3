/*
 * Registers of a queue, whoever's view they are in.  Datasheet 8.2.3.8,
 * 8.2.3.9.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"
#include "ixgbe/queue_regs.h"

#define QUEUE(fn, set, index) (&(fn)->set[index])

#define READ_FIELD(name, set, field)                                       \
    uint32_t ixgbe_read_##name(void *owner, unsigned index,                \
                               uint32_t stored)                            \
    {                                                                      \
        IxgbeFunction *fn = owner;                                         \
        return index < fn->queues ? QUEUE(fn, set, index)->field : 0;      \
    }

#define WRITE_FIELD(name, set, field)                                      \
    void ixgbe_write_##name(void *owner, unsigned index, uint32_t value,   \
                            uint32_t *stored)                              \
    {                                                                      \
        IxgbeFunction *fn = owner;                                         \
        if (index < fn->queues) {                                          \
            QUEUE(fn, set, index)->field = *stored;                        \
        }                                                                  \
    }

#define WRITE_CALL(name, set, call)                                        \
    void ixgbe_write_##name(void *owner, unsigned index, uint32_t value,   \
                            uint32_t *stored)                              \
    {                                                                      \
        IxgbeFunction *fn = owner;                                         \
        if (index < fn->queues) {                                          \
            call(QUEUE(fn, set, index), *stored);                          \
        }                                                                  \
    }

#define FIELD(name, set, field)                                            \
    READ_FIELD(name, set, field)                                           \
    WRITE_FIELD(name, set, field)

FIELD(rdbal, rx, ring.bal)
FIELD(rdbah, rx, ring.bah)
FIELD(rdlen, rx, ring.len)
FIELD(rdh, rx, ring.head)
FIELD(rx_dca, rx, ring.dca)
FIELD(srrctl, rx, srrctl)
FIELD(rscctl, rx, rscctl)
READ_FIELD(rdt, rx, ring.tail)
READ_FIELD(rxdctl, rx, ring.ctl)
WRITE_CALL(rdt, rx, ixgbe_rxq_set_tail)
WRITE_CALL(rxdctl, rx, ixgbe_rxq_set_control)

FIELD(tdbal, tx, ring.bal)
FIELD(tdbah, tx, ring.bah)
FIELD(tdlen, tx, ring.len)
FIELD(tdh, tx, ring.head)
FIELD(tx_dca, tx, ring.dca)
FIELD(tdwbal, tx, wbal)
FIELD(tdwbah, tx, wbah)
READ_FIELD(tdt, tx, ring.tail)
READ_FIELD(txdctl, tx, ring.ctl)
WRITE_CALL(tdt, tx, ixgbe_txq_set_tail)
WRITE_CALL(txdctl, tx, ixgbe_txq_set_control)
