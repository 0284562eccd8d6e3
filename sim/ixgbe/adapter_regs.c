/*
 * The register table of the adapter half.
 *
 * Reset values are those that drivers and specification updates show; where
 * neither says anything, 0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"

static void stale_mac(void *owner, unsigned index, uint32_t value,
                      uint32_t *stored)
{
    ((IxgbeAdapter *)owner)->stale |= STALE_MAC;
}

static void stale_vlan(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    ((IxgbeAdapter *)owner)->stale |= STALE_VLAN;
}

static void stale_pool(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    ((IxgbeAdapter *)owner)->stale |= STALE_POOL;
}

static void stale_rss(void *owner, unsigned index, uint32_t value,
                      uint32_t *stored)
{
    ((IxgbeAdapter *)owner)->stale |= STALE_RSS;
}

/* Enables that every function sees. */
static void tell_functions(void *owner, unsigned index, uint32_t value,
                           uint32_t *stored)
{
    IxgbeAdapter *a = owner;

    a->stale |= STALE_POOL;
    ixgbe_adapter_state_stale(a, UINT64_MAX);
}

static void write_vmvir(void *owner, unsigned index, uint32_t value,
                        uint32_t *stored)
{
    ixgbe_adapter_state_stale(owner, POOL_BIT(index));
}

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

static uint32_t read_links(void *owner, unsigned index, uint32_t stored)
{
    return ixgbe_link_links(owner);
}

static void write_autoc2(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    ixgbe_link_update(owner);
}

static uint32_t read_rdrxctl(void *owner, unsigned index, uint32_t stored)
{
    return stored | IXGBE_RDRXCTL_DMAIDONE;
}

static uint32_t read_secrxstat(void *owner, unsigned index, uint32_t stored)
{
    /* Nothing is ever half way through the block. */
    return reg(owner, IXGBE_SECRXCTRL) & IXGBE_SECRXCTRL_RX_DIS
           ? IXGBE_SECRXSTAT_RDY : 0;
}

static void write_bcnrc(void *owner, unsigned index, uint32_t value,
                        uint32_t *stored)
{
    ixgbe_rate_write(owner, value);
}

static uint32_t read_bcnrc(void *owner, unsigned index, uint32_t stored)
{
    return ixgbe_rate_read(owner);
}

#define ROW(reg_name, at, n, step, sec, words, ...) \
    { .name = reg_name, .offset = at, .count = n, .stride = step, \
      .section = sec, .text = words, __VA_ARGS__ }
#define ONE(reg_name, at, sec, words, ...) \
    ROW(reg_name, at, 1, 4, sec, words, __VA_ARGS__)
/* A register that is kept and read back, without effect. */
#define KEPT(reg_name, at, n, sec, words) \
    ROW(reg_name, at, n, 4, sec, words, .reset = 0)
/* Counters: a read clears. */
#define COUNT(reg_name, at, words) \
    ROW(reg_name, at, 1, 4, "8.2.3.23", words, .access = IXGBE_REG_RC)
#define COUNTS(reg_name, at, n, step, words) \
    ROW(reg_name, at, n, step, "8.2.3.23", words, .access = IXGBE_REG_RC)

static const IxgbeReg rows[] = {
    /* General control, link, MAC */
    ONE("CTRL", IXGBE_CTRL, "8.2.3.1", "resets, bus master disable",
        .write = write_ctrl),
    ONE("STATUS", IXGBE_STATUS, "8.2.3.1", "port, link, VFs, bus master",
        .access = IXGBE_REG_RO, .read = read_status),
    ONE("CTRL_EXT", IXGBE_CTRL_EXT, "8.2.3.1", "PF reset done, driver here",
        .write = tell_functions),
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
    KEPT("GCR_EXT", IXGBE_GCR_EXT, 1, "8.2.3.4",
         "VT mode: kept, MRQC decides"),

    /* Buffers and enables */
    ONE("RDRXCTL", IXGBE_RDRXCTL, "8.2.3.8", "receive DMA",
        .read = read_rdrxctl),
    ONE("QDE", IXGBE_QDE, "8.2.3.8", "drop enable of a queue",
        .read = ixgbe_qde_read, .write = ixgbe_qde_write),
    ONE("RXCTRL", IXGBE_RXCTRL, "8.2.3.8", "receive enable",
        .write = tell_functions),
    ROW("RXPBSIZE", IXGBE_RXPBSIZE(0), 8, 4, "8.2.3.8",
        "receive packet buffer; the sum is the limit",
        .reset = 0x00010000, .wmask = IXGBE_RXPBSIZE_MASK,
        .write = stale_pool),
    ROW("TXPBSIZE", IXGBE_TXPBSIZE(0), 8, 4, "8.2.3.9",
        "transmit packet buffer: kept", .reset = 0x00005000,
        .wmask = IXGBE_RXPBSIZE_MASK),
    KEPT("TXPBTHRESH", 0x04950, 8, "8.2.3.9", "kept"),
    ONE("DMATXCTL", IXGBE_DMATXCTL, "8.2.3.9", "transmit enable",
        .reset = 0x81000000, .write = tell_functions),
    KEPT("DTXMXSZRQ", 0x08100, 1, "8.2.3.9", "kept"),
    KEPT("MTQC", IXGBE_MTQC, 1, "8.2.3.9", "kept, MRQC decides"),
    KEPT("SECTXCTRL", 0x08800, 1, "8.2.3.13", "kept"),
    KEPT("SECTXMINIFG", 0x08810, 1, "8.2.3.13", "kept"),
    ONE("SECRXCTRL", IXGBE_SECRXCTRL, "8.2.3.13", "kept"),
    ONE("SECRXSTAT", IXGBE_SECRXSTAT, "8.2.3.13", "ready when disabled",
        .access = IXGBE_REG_RO, .read = read_secrxstat),
    KEPT("FCTTV", 0x03200, 4, "8.2.3.3", "flow control: kept"),
    KEPT("FCRTL", 0x03220, 8, "8.2.3.3", "flow control: kept"),
    KEPT("FCRTH", 0x03260, 8, "8.2.3.3", "flow control: kept"),
    KEPT("FCRTV", 0x032a0, 1, "8.2.3.3", "flow control: kept"),
    KEPT("FCCFG", 0x03d00, 1, "8.2.3.3", "flow control: kept"),

    /* Receive filters */
    ONE("FCTRL", IXGBE_FCTRL, "8.2.3.7", "promiscuous modes, broadcast"),
    ONE("VLNCTRL", IXGBE_VLNCTRL, "8.2.3.7", "VLAN filter, VLAN type",
        .reset = 0x00008100),
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

    /* Pools and switch */
    ONE("VT_CTL", IXGBE_VT_CTL, "8.2.3.27", "pools, default pool",
        .write = tell_functions),
    ROW("VMOLR", IXGBE_VMOLR(0), 64, 4, "8.2.3.27", "receive policy of a "
        "pool", .wmask = 0x1f000000, .write = stale_pool),
    ROW("VFRE", IXGBE_VFRE(0), 2, 4, "8.2.3.27", "receive enable of pools",
        .write = tell_functions),
    ROW("VFTE", IXGBE_VFTE(0), 2, 4, "8.2.3.27", "transmit enable of "
        "pools", .write = tell_functions),
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
        .write = stale_pool),
    ONE("PFDTXGSWC", IXGBE_PFDTXGSWC, "8.2.3.27", "local switching",
        .wmask = 0x1),
    ROW("VMECM", IXGBE_VMECM(0), 2, 4, "8.2.3.27",
        "pools whose spoofed frames are counted"),
    COUNT("SSVPC", IXGBE_SSVPC, "spoofed frames dropped"),
    ROW("MRCTL", IXGBE_MRCTL(0), MIRROR_RULES, 4, "8.2.3.27",
        "mirror rule", .wmask = 0x3f0f, .write = stale_pool),
    ROW("VMRVLAN", IXGBE_VMRVLAN(0), 8, 4, "8.2.3.27",
        "VLANs of a mirror rule, as VLVF entries"),
    ROW("VMRVM", IXGBE_VMRVM(0), 8, 4, "8.2.3.27",
        "pools of a mirror rule"),

    /* Mailboxes, function resets */
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

    /* Rate control */
    KEPT("RTTDCS", IXGBE_RTTDCS, 1, "8.2.3.10", "arbiter: kept"),
    ONE("RTTDQSEL", IXGBE_RTTDQSEL, "8.2.3.10", "queue for RTTBCNRC",
        .wmask = 0x7f),
    KEPT("RTTDT1C", 0x04908, 1, "8.2.3.10", "kept"),
    KEPT("RTTBCNRM", IXGBE_RTTBCNRM, 1, "8.2.3.10", "kept"),
    ONE("RTTBCNRC", IXGBE_RTTBCNRC, "8.2.3.10", "rate limit of a queue: "
        "link speed by factor", .read = read_bcnrc, .write = write_bcnrc),

    /* Statistics */
    COUNTS("MPC", IXGBE_MPC(0), 8, 4, "frames lost: packet buffer full"),
    COUNTS("PRC", IXGBE_PRC64, 6, 4, "received, by size"),
    COUNT("GPRC", IXGBE_GPRC, "good frames received"),
    COUNT("BPRC", IXGBE_BPRC, "broadcasts received"),
    COUNT("MPRC", IXGBE_MPRC, "multicasts received"),
    COUNT("GPTC", IXGBE_GPTC, "good frames sent"),
    COUNTS("GORC", IXGBE_GORCL, 2, 4, "good bytes received"),
    COUNTS("GOTC", IXGBE_GOTCL, 2, 4, "good bytes sent"),
    COUNT("RUC", IXGBE_RUC, "frames too short"),
    COUNT("ROC", IXGBE_ROC, "frames too long"),
    COUNTS("TOR", IXGBE_TORL, 2, 4, "bytes received"),
    COUNT("TPR", IXGBE_TPR, "frames received"),
    COUNT("TPT", IXGBE_TPT, "frames sent"),
    COUNTS("PTC", IXGBE_PTC64, 6, 4, "sent, by size"),
    COUNT("MPTC", IXGBE_MPTC, "multicasts sent"),
    COUNT("BPTC", IXGBE_BPTC, "broadcasts sent"),
    COUNT("RXDGPC", IXGBE_RXDGPC, "frames given to queues"),
    COUNT("TXDGPC", IXGBE_TXDGPC, "frames taken from queues"),
    ROW("RQSMR", IXGBE_RQSMR(0), 32, 4, "8.2.3.23",
        "counter of a receive queue", .wmask = 0x0f0f0f0f),
    ROW("TQSM", IXGBE_TQSM(0), 32, 4, "8.2.3.23",
        "counter of a transmit queue", .wmask = 0x0f0f0f0f),
    COUNTS("QPRC", IXGBE_QPRC(0), 16, 0x40, "frames received"),
    COUNTS("QBRC_L", IXGBE_QBRC_L(0), 16, 0x40, "bytes received"),
    COUNTS("QBRC_H", IXGBE_QBRC_L(0) + 4, 16, 0x40, "bytes received, high"),
    COUNTS("QPRDC", IXGBE_QPRDC(0), 16, 0x40, "frames dropped"),
    COUNTS("QPTC", IXGBE_QPTC(0), 16, 0x40, "frames sent"),
    COUNTS("QBTC_L", IXGBE_QBTC_L(0), 16, 8, "bytes sent"),
    COUNTS("QBTC_H", IXGBE_QBTC_L(0) + 4, 16, 8, "bytes sent, high"),
};

const IxgbeRegMap *ixgbe_adapter_regmap(void)
{
    static IxgbeRegMap *map;

    if (!map) {
        map = ixgbe_regmap_new("adapter", rows, G_N_ELEMENTS(rows),
                               IXGBE_PF_BAR0_SIZE);
    }
    return map;
}

char *ixgbe_adapter_register_page(void)
{
    return ixgbe_regmap_markdown(ixgbe_adapter_regmap(),
                                 "82599 registers: adapter half");
}
