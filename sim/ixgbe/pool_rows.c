/*
 * Register rows: pools, switch, mailboxes, function resets.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"

static void stale_vlan(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    ((IxgbeAdapter *)owner)->stale |= STALE_VLAN;
}

static void write_vmvir(void *owner, unsigned index, uint32_t value,
                        uint32_t *stored)
{
    ixgbe_adapter_state_stale(owner, POOL_BIT(index));
}

static const IxgbeReg rows[] = {
    ONE("VT_CTL", IXGBE_VT_CTL, "8.2.3.27", "pools, default pool",
        .write = ixgbe_write_enable),
    ROW("VMOLR", IXGBE_VMOLR(0), 64, 4, "8.2.3.27", "receive policy of a "
        "pool", .wmask = 0x1f000000, .write = ixgbe_write_pools),
    ROW("VFRE", IXGBE_VFRE(0), 2, 4, "8.2.3.27", "receive enable of pools",
        .write = ixgbe_write_enable),
    ROW("VFTE", IXGBE_VFTE(0), 2, 4, "8.2.3.27", "transmit enable of "
        "pools", .write = ixgbe_write_enable),
    ROW("VLVF", IXGBE_VLVF(0), IXGBE_VLVF_ENTRIES, 4, "8.2.3.27",
        "VLAN of pools", .wmask = 0x80000fff, .write = stale_vlan),
    ROW("VLVFB", IXGBE_VLVFB(0), 2 * IXGBE_VLVF_ENTRIES, 4, "8.2.3.27",
        "pools of a VLAN", .write = stale_vlan),
    ROW("VMVIR", IXGBE_VMVIR(0), 64, 4, "8.2.3.27", "port VLAN",
        .wmask = 0xc000ffff, .write = write_vmvir),
    ROW("PFVMTXSW", IXGBE_PFVMTXSW(0), 2, 4, "8.2.3.27",
        "a pool's unicast to itself is looped back, not dropped"),
    ROW("PFVFSPOOF", IXGBE_PFVFSPOOF(0), 8, 4, "8.2.3.27",
        "anti-spoofing: addresses, VLANs", .wmask = 0xffff,
        .write = ixgbe_write_pools),
    ONE("PFDTXGSWC", IXGBE_PFDTXGSWC, "8.2.3.27", "local switching",
        .wmask = 0x1),
    ROW("VMECM", IXGBE_VMECM(0), 2, 4, "8.2.3.27",
        "pools whose spoofed frames are counted"),
    COUNT("SSVPC", IXGBE_SSVPC, "spoofed frames dropped"),
    ROW("MRCTL", IXGBE_MRCTL(0), MIRROR_RULES, 4, "8.2.3.27",
        "mirror rule", .wmask = 0x3f0f, .write = ixgbe_write_pools),
    ROW("VMRVLAN", IXGBE_VMRVLAN(0), 8, 4, "8.2.3.27",
        "VLANs of a mirror rule, as VLVF entries"),
    ROW("VMRVM", IXGBE_VMRVM(0), 8, 4, "8.2.3.27",
        "pools of a mirror rule"),

    ROW("PFMAILBOX", IXGBE_PFMAILBOX(0), 64, 4, "8.2.3.27", "mailbox "
        "control", .read = ixgbe_mailbox_read, .write = ixgbe_mailbox_write),
    ROW("PFMBMEM", IXGBE_PFMBMEM(0), 64 * IXGBE_MBX_DWORDS, 4, "8.2.3.27",
        "mailbox memory, 16 dwords of a VF",
        .write = ixgbe_mailbox_mem_write),
    ROW("PFMBICR", IXGBE_PFMBICR(0), 4, 4, "8.2.3.5", "requests (low) and "
        "acknowledgements of 16 VFs", .access = IXGBE_REG_W1C),
    ROW("PFMBIMR", IXGBE_PFMBIMR(0), 2, 4, "8.2.3.5", "VFs whose mailbox "
        "interrupts", .reset = 0xffffffff),
    ONE("VFLRE0", IXGBE_VFLRE0, "8.2.3.5", "resets of VFs 0 to 31",
        .access = IXGBE_REG_RO),
    ONE("VFLRE1", IXGBE_VFLRE1, "8.2.3.5", "resets of VFs 32 to 63",
        .access = IXGBE_REG_RO),
    ROW("VFLREC", IXGBE_VFLREC(0), 2, 4, "8.2.3.5", "clears VFLRE",
        .access = IXGBE_REG_WO, .write = ixgbe_mailbox_vflrec_write),
};

ROW_BLOCK(ixgbe_rows_pools, rows);
