/*
 * General control: resets, bus mastering, status (4.2, 8.2.3.1).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"

static void write_ctrl(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    /* Both reset bits clear themselves. */
    *stored &= ~(IXGBE_CTRL_RST | IXGBE_CTRL_LRST);
    if (value & (IXGBE_CTRL_RST | IXGBE_CTRL_LRST)) {
        ixgbe_adapter_soft_reset(owner, value & IXGBE_CTRL_LRST
                                 ? IXGBE_RESET_LINK : IXGBE_RESET_SW);
    }
}

static uint32_t read_status(void *owner, unsigned index, uint32_t stored)
{
    const IxgbeAdapter *a = owner;

    return a->config.port << IXGBE_STATUS_LAN_ID_SHIFT |
           (ixgbe_adapter_link_up(a) ? IXGBE_STATUS_LINK_UP : 0) |
           a->num_vfs << IXGBE_STATUS_NUM_VFS_SHIFT |
           (a->num_vfs ? IXGBE_STATUS_IOV : 0) |
           (reg(a, IXGBE_CTRL) & IXGBE_CTRL_GIO_DIS ? 0 : IXGBE_STATUS_GIO);
}

static const IxgbeReg rows[] = {
    ONE("CTRL", IXGBE_CTRL, "8.2.3.1", "resets, bus master disable",
        .write = write_ctrl),
    ONE("STATUS", IXGBE_STATUS, "8.2.3.1", "port, link, VFs, bus master",
        .access = IXGBE_REG_RO, .read = read_status),
    ONE("CTRL_EXT", IXGBE_CTRL_EXT, "8.2.3.1", "PF reset done, driver here",
        .write = ixgbe_write_enable),
    KEPT("GCR_EXT", IXGBE_GCR_EXT, 1, "8.2.3.4",
         "VT mode: kept, MRQC decides"),
};

ROW_BLOCK(ixgbe_rows_control, rows);
