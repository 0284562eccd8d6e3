/*
 * Register rows: receive filters, RSS.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"

static void stale_mac(void *owner, unsigned index, uint32_t value,
                      uint32_t *stored)
{
    ((IxgbeAdapter *)owner)->stale |= STALE_MAC;
}

static void stale_rss(void *owner, unsigned index, uint32_t value,
                      uint32_t *stored)
{
    ((IxgbeAdapter *)owner)->stale |= STALE_RSS;
}

static const IxgbeReg rows[] = {
    ONE("FCTRL", IXGBE_FCTRL, "8.2.3.7", "promiscuous modes, broadcast"),
    ONE("RFCTL", IXGBE_RFCTL, "8.2.3.7", "RSC_DIS; NFS bits are kept",
        .write = ixgbe_write_enable),
    ONE("EXVET", IXGBE_EXVET, "8.2.3.7", "type of the outer tag, 31:16",
        .reset = 0x81000000, .wmask = 0xffff0000,
        .write = ixgbe_write_enable),
    ONE("VLNCTRL", IXGBE_VLNCTRL, "8.2.3.7", "VLAN filter, VLAN type",
        .reset = 0x00008100, .write = ixgbe_write_enable),
    ONE("MCSTCTRL", IXGBE_MCSTCTRL, "8.2.3.7", "multicast filter",
        .wmask = 0x7),
    ROW("MTA", IXGBE_MTA(0), 128, 4, "8.2.3.7", "multicast hash table"),
    ROW("RAL", IXGBE_RAL(0), IXGBE_RAR_ENTRIES, 8, "8.2.3.7",
        "address, low", .write = stale_mac),
    ROW("RAH", IXGBE_RAH(0), IXGBE_RAR_ENTRIES, 8, "8.2.3.7",
        "address, high, and valid", .wmask = 0x8000ffff, .write = stale_mac),
    ROW("RAL_A", 0x05400, 16, 8, "8.2.3.7", NULL, .alias = "RAL"),
    ROW("RAH_A", 0x05404, 16, 8, "8.2.3.7", NULL, .alias = "RAH"),
    ROW("MPSAR_LO", IXGBE_MPSAR_LO(0), IXGBE_RAR_ENTRIES, 8, "8.2.3.7",
        "pools of an address", .write = stale_mac),
    ROW("MPSAR_HI", IXGBE_MPSAR_HI(0), IXGBE_RAR_ENTRIES, 8, "8.2.3.7",
        "pools of an address", .write = stale_mac),
    ROW("VFTA", IXGBE_VFTA(0), 128, 4, "8.2.3.7", "VLAN filter table"),
    ROW("UTA", IXGBE_UTA(0), 128, 4, "8.2.3.27", "unicast hash table"),
    ONE("MRQC", IXGBE_MRQC, "8.2.3.7", "how queues are chosen",
        .write = stale_rss),
    ROW("RETA", IXGBE_RETA(0), 32, 4, "8.2.3.7", "RSS redirection table",
        .wmask = 0x0f0f0f0f, .write = stale_rss),
    ROW("RSSRK", IXGBE_RSSRK(0), 10, 4, "8.2.3.7", "RSS key",
        .write = stale_rss),
};

ROW_BLOCK(ixgbe_rows_filters, rows);
