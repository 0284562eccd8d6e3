/*
 * Semaphores between drivers and firmware (10.5.4), and the answers of a part
 * without management firmware.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"
#include "spec/ixgbe_board_regs.h"

/* A lock outlives its owner's reset of the MAC: it is about shared parts. */
#define SHARED (IXGBE_RESET_SW | IXGBE_RESET_LINK)

/* The read that finds SMBI free takes it. */
static uint32_t read_swsm(void *owner, unsigned index, uint32_t stored)
{
    *reg_at(owner, IXGBE_SWSM) |= IXGBE_SWSM_SMBI;
    return stored;
}

/* FUNC0 and FUNC1 in state D0a (2), LAN valid bit beside each. */
static uint32_t read_factps(void *owner, unsigned index, uint32_t stored)
{
    const IxgbeAdapter *a = owner;

    return IXGBE_FACTPS_MNGCG | 6u << (6 * a->config.port);
}

static const IxgbeReg rows[] = {
    ONE("SWSM", IXGBE_SWSM, "8.2.3.4", "SMBI is taken by the read that finds "
        "it free; SWESMBI is granted at once",
        .wmask = IXGBE_SWSM_SMBI | IXGBE_SWSM_SWESMBI, .read = read_swsm,
        .keep = SHARED),
    /* Bit 15: valid, else Linux says that the firmware is broken. */
    FIXED("FWSM", IXGBE_FWSM, 1, "8.2.3.4", "no firmware of any mode",
          0x00008000),
    ONE("FACTPS", IXGBE_FACTPS, "8.2.3.4", "power states; no firmware clock",
        .access = IXGBE_REG_RO, .read = read_factps),
    ONE("GSSR", IXGBE_GSSR, "8.2.3.4", "SW_FW_SYNC: locks; the firmware's "
        "stay free", .wmask = IXGBE_GSSR_SW, .keep = SHARED),
    /* 8.2.3.24: the host interface is not enabled. */
    ONE("HICR", IXGBE_HICR, "8.2.3.24", "no firmware",
        .access = IXGBE_REG_RO),
    FIXED("HSMC", 0x15f04, 2, "8.2.3.24", "no firmware", 0),
    FIXED("FWSTS", 0x15f0c, 1, "8.2.3.24", "no firmware", 0),
    FIXED("SWSR", 0x15f10, 1, "8.2.3.24", "no firmware", 0),
    KEPT("FLEX_MNG", 0x15800, 448, "8.2.3.24", "memory nobody looks at"),
};

ROW_BLOCK(ixgbe_rows_semaphore, rows);
