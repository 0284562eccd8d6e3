/*
 * Hooks of the PF's interrupt registers (pf_intr_regs.c), for pf_regs.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_PF_REGS_H
#define SIM_IXGBE_PF_REGS_H

#include "ixgbe/regs.h"

IxgbeRegRead ixgbe_pf_read_eicr, ixgbe_pf_read_eics, ixgbe_pf_read_eims,
    ixgbe_pf_read_eiac, ixgbe_pf_read_eiam, ixgbe_pf_read_eicr_ex,
    ixgbe_pf_read_eims_ex, ixgbe_pf_read_eiam_ex, ixgbe_pf_read_eitr;
IxgbeRegWrite ixgbe_pf_write_eicr, ixgbe_pf_write_eics, ixgbe_pf_write_eims,
    ixgbe_pf_write_eimc, ixgbe_pf_write_eiac, ixgbe_pf_write_eiam,
    ixgbe_pf_write_eicr_ex, ixgbe_pf_write_eics_ex, ixgbe_pf_write_eims_ex,
    ixgbe_pf_write_eimc_ex, ixgbe_pf_write_eiam_ex, ixgbe_pf_write_eitr;
/* IVAR, IVAR_MISC, GPIE: which cause goes where. */
IxgbeRegWrite ixgbe_pf_write_ivar;

#endif
