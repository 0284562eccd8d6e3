/*
 * What a PF driver writes for pools, address filters and local switching:
 * shared by the rigs, which include it behind their own header.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_PROGRAM_POOLS_H
#define TESTS_PROGRAM_POOLS_H

static inline void program_pools(Rig *rig,
                                 void (*write)(Rig *, uint32_t, uint32_t),
                                 uint32_t (*read)(Rig *, uint32_t))
{
    write(rig, IXGBE_VT_CTL, IXGBE_VT_CTL_ENA | IXGBE_VT_CTL_REPLEN |
          RIG_PF << IXGBE_VT_CTL_POOL_SHIFT);
    write(rig, IXGBE_MRQC, IXGBE_MRQE_VMDQ_RSS32);
    write(rig, IXGBE_FCTRL, IXGBE_FCTRL_BAM);
    for (unsigned i = 0; i <= RIG_PF; i++) {
        write(rig, IXGBE_RAL(i), rd_le32(RIG_MAC[i]));
        write(rig, IXGBE_RAH(i), rd_le16(RIG_MAC[i] + 4) | IXGBE_RAH_AV);
        write(rig, IXGBE_MPSAR_LO(i), 1u << i);
        write(rig, IXGBE_VMOLR(i), IXGBE_VMOLR_AUPE | IXGBE_VMOLR_BAM);
    }
    write(rig, IXGBE_VFRE(0), (1u << (RIG_PF + 1)) - 1);
    write(rig, IXGBE_VFTE(0), (1u << (RIG_PF + 1)) - 1);
    write(rig, IXGBE_PFDTXGSWC, IXGBE_PFDTXGSWC_LBE);
    write(rig, IXGBE_DMATXCTL, read(rig, IXGBE_DMATXCTL) |
          IXGBE_DMATXCTL_TE);
    write(rig, IXGBE_RXCTRL, read(rig, IXGBE_RXCTRL) | IXGBE_RXCTRL_RXEN);
    write(rig, IXGBE_CTRL_EXT, read(rig, IXGBE_CTRL_EXT) |
          IXGBE_CTRL_EXT_PFRSTD);
}

#endif
