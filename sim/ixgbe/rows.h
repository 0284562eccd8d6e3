/*
 * How the adapter half's register rows are written down.
 *
 * Each hardware block has its rows in a table of its own (*_rows.c, or beside
 * the block's code); adapter_regs.c joins them to the one map.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_ROWS_H
#define SIM_IXGBE_ROWS_H

#include "ixgbe/regs.h"

typedef struct IxgbeRowBlock {
    const IxgbeReg *rows;
    size_t count;
} IxgbeRowBlock;

#define ROW(reg_name, at, n, step, sec, words, ...) \
    { .name = reg_name, .offset = at, .count = n, .stride = step, \
      .section = sec, .text = words, __VA_ARGS__ }
#define ONE(reg_name, at, sec, words, ...) \
    ROW(reg_name, at, 1, 4, sec, words, __VA_ARGS__)
/* A register that is kept and read back, without effect. */
#define KEPT(reg_name, at, n, sec, words) \
    ROW(reg_name, at, n, 4, sec, words, .reset = 0)
/* A register that never reads anything but its reset value. */
#define FIXED(reg_name, at, n, sec, words, value) \
    ROW(reg_name, at, n, 4, sec, words, .access = IXGBE_REG_RO, \
        .reset = value)
/* Counters: a read clears. */
#define COUNT(reg_name, at, words) \
    ROW(reg_name, at, 1, 4, "8.2.3.23", words, .access = IXGBE_REG_RC)
#define COUNTS(reg_name, at, n, step, words) \
    ROW(reg_name, at, n, step, "8.2.3.23", words, .access = IXGBE_REG_RC)

#define ROW_BLOCK(block_name, table) \
    const IxgbeRowBlock block_name = { table, G_N_ELEMENTS(table) }

/* One for each block; adapter_regs.c lists them. */
extern const IxgbeRowBlock
    ixgbe_rows_control,         /* control.c */
    ixgbe_rows_link,            /* link_rows.c */
    ixgbe_rows_dma,             /* dma_rows.c */
    ixgbe_rows_filters,         /* filter_rows.c */
    ixgbe_rows_classes,         /* rxclass.c */
    ixgbe_rows_tuples,          /* tuple.c */
    ixgbe_rows_fdir,            /* fdir.c */
    ixgbe_rows_pools,           /* pool_rows.c */
    ixgbe_rows_txsched,         /* txsched.c */
    ixgbe_rows_flow,            /* flowctl.c */
    ixgbe_rows_ipsec,           /* ipsec_regs.c */
    ixgbe_rows_timesync,        /* timesync.c */
    ixgbe_rows_stats,           /* stats_rows.c */
    ixgbe_rows_pins,            /* pins.c */
    ixgbe_rows_timers,          /* timers.c */
    ixgbe_rows_nvm,             /* nvm.c */
    ixgbe_rows_sfp,             /* sfp_bus.c */
    ixgbe_rows_mdio,            /* mdio.c */
    ixgbe_rows_wake,            /* board_rows.c, also the next five */
    ixgbe_rows_management,
    ixgbe_rows_pcie,
    ixgbe_rows_fcoe,
    ixgbe_rows_macsec,
    ixgbe_rows_diagnostic,
    ixgbe_rows_semaphore;       /* semaphore.c */

/*
 * Hooks that several blocks use: what was written is something that the pools'
 * bit maps, or every function's state, is made from, or that may let frames go
 * on.
 */
IxgbeRegWrite ixgbe_write_pools, ixgbe_write_enable, ixgbe_write_schedule;

#endif
