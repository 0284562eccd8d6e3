/*
 * MDIO access, 3.7.3 and 8.2.3.22: with an SFP+ cage there is no PHY, so each
 * read ends at once with all ones, which is what an open bus reads.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"
#include "spec/ixgbe_board_regs.h"

static void write_msca(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    if (value & IXGBE_MSCA_COMMAND) {
        *stored &= ~IXGBE_MSCA_COMMAND;
        *reg_at(owner, IXGBE_MSRWD) |= IXGBE_MSRWD_READ;
    }
}

static const IxgbeReg rows[] = {
    ONE("MSCA", IXGBE_MSCA, "8.2.3.22", "MDIO command: ends at once",
        .write = write_msca),
    ONE("MSRWD", IXGBE_MSRWD, "8.2.3.22", "MDIO data: no PHY answers",
        .wmask = 0x0000ffff),
};

ROW_BLOCK(ixgbe_rows_mdio, rows);
