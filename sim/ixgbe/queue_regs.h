/*
 * Registers of a queue, for the rows of the PF's view and of a VF's.
 *
 * A row of queue registers holds nothing itself; its hooks reach into queue
 * @index of the function (@owner).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_QUEUE_REGS_H
#define SIM_IXGBE_QUEUE_REGS_H

#include "ixgbe/regs.h"

IxgbeRegRead ixgbe_read_rdbal, ixgbe_read_rdbah, ixgbe_read_rdlen,
    ixgbe_read_rdh, ixgbe_read_rdt, ixgbe_read_rxdctl, ixgbe_read_rx_dca,
    ixgbe_read_srrctl, ixgbe_read_rscctl, ixgbe_read_tdbal,
    ixgbe_read_tdbah, ixgbe_read_tdlen, ixgbe_read_tdh, ixgbe_read_tdt,
    ixgbe_read_txdctl, ixgbe_read_tx_dca, ixgbe_read_tdwbal,
    ixgbe_read_tdwbah;
IxgbeRegWrite ixgbe_write_rdbal, ixgbe_write_rdbah, ixgbe_write_rdlen,
    ixgbe_write_rdh, ixgbe_write_rdt, ixgbe_write_rxdctl, ixgbe_write_rx_dca,
    ixgbe_write_srrctl, ixgbe_write_rscctl, ixgbe_write_tdbal,
    ixgbe_write_tdbah, ixgbe_write_tdlen, ixgbe_write_tdh, ixgbe_write_tdt,
    ixgbe_write_txdctl, ixgbe_write_tx_dca, ixgbe_write_tdwbal,
    ixgbe_write_tdwbah;

/* Rows of one register for @n queues from @from on. */
#define QUEUE_ROW(row_name, at, from, n, mask, hooks, sec, about)          \
    { .name = row_name, .offset = at, .first = from, .count = n,           \
      .stride = 0x40, .wmask = mask, .read = ixgbe_read_##hooks,           \
      .write = ixgbe_write_##hooks, .section = sec, .text = about }

#endif
