/*
 * Register rows: MAC and link.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"

static uint32_t read_links(void *owner, unsigned index, uint32_t stored)
{
    return ixgbe_link_links(owner);
}

static void write_autoc2(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    ixgbe_link_update(owner);
}

static const IxgbeReg rows[] = {
    ONE("HLREG0", IXGBE_HLREG0, "8.2.3.22",
        "jumbo frames and MAC loopback work; CRC bits are kept",
        .reset = 0x00005403),
    ONE("MAXFRS", IXGBE_MAXFRS, "8.2.3.22.13", "largest frame, with FCS",
        .reset = 0x05ee0000, .wmask = 0xffff0000),
    KEPT("MFLCN", IXGBE_MFLCN, 1, "8.2.3.22", "flow control"),
    ONE("AUTOC", IXGBE_AUTOC, "8.2.3.22", "link mode: kept",
        .reset = 0x00006004),
    ONE("LINKS", IXGBE_LINKS, "8.2.3.22.19", "link up and speed",
        .access = IXGBE_REG_RO, .read = read_links),
    ONE("AUTOC2", IXGBE_AUTOC2, "8.2.3.22", "link disable, bits 30:28",
        .write = write_autoc2),
};

ROW_BLOCK(ixgbe_rows_link, rows);
