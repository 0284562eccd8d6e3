/*
 * Register rows: MAC, PCS and link.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"
#include "spec/ixgbe_board_regs.h"

/* What the partner of a 1 Gb/s link says, 802.3 37.2.1: full duplex, both
 * kinds of pause. */
#define PARTNER_1G 0x000001a0u

static uint32_t read_links(void *owner, unsigned index, uint32_t stored)
{
    return ixgbe_link_links(owner);
}

static bool is_1g(const IxgbeAdapter *a)
{
    return (ixgbe_link_links(a) & IXGBE_LINKS_SPEED_MASK) ==
           IXGBE_LINKS_SPEED_1G;
}

static uint32_t read_pcs1glsta(void *owner, unsigned index, uint32_t stored)
{
    return is_1g(owner) ? IXGBE_PCS1GLSTA_LINK_OK | IXGBE_PCS1GLSTA_SYNC_OK |
                          IXGBE_PCS1GLSTA_AN_DONE : 0;
}

static uint32_t read_pcs1ganlp(void *owner, unsigned index, uint32_t stored)
{
    return is_1g(owner) ? PARTNER_1G : 0;
}

static void write_autoc(void *owner, unsigned index, uint32_t value,
                        uint32_t *stored)
{
    *stored &= ~IXGBE_AUTOC_RESTART;
    if (value & IXGBE_AUTOC_RESTART) {
        ixgbe_link_restart(owner);
    } else {
        ixgbe_link_update(owner);
    }
}

static void write_autoc2(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    ixgbe_link_update(owner);
}

static const IxgbeReg rows[] = {
    KEPT("PCS1GCFIG", IXGBE_PCS1GCFIG, 1, "8.2.3.22", "kept"),
    KEPT("PCS1GLCTL", IXGBE_PCS1GLCTL, 1, "8.2.3.22", "kept"),
    ONE("PCS1GLSTA", IXGBE_PCS1GLSTA, "8.2.3.22", "the 1G link",
        .access = IXGBE_REG_RO, .read = read_pcs1glsta),
    FIXED("PCS1GDBG", 0x04210, 2, "8.2.3.22", "nothing to say", 0),
    KEPT("PCS1GANA", IXGBE_PCS1GANA, 1, "8.2.3.22", "what we advertise: "
         "kept"),
    ONE("PCS1GANLP", IXGBE_PCS1GANLP, "8.2.3.22", "what a 1G partner says",
        .access = IXGBE_REG_RO, .read = read_pcs1ganlp),
    KEPT("PCS1GANNP", 0x04220, 1, "8.2.3.22", "kept"),
    FIXED("PCS1GANLPNP", 0x04224, 1, "8.2.3.22", "no next page", 0),
    ONE("HLREG0", IXGBE_HLREG0, "8.2.3.22",
        "jumbo frames, CRC strip, MAC loopback",
        .reset = 0x00005403, .write = ixgbe_write_enable),
    ONE("HLREG1", 0x04244, "8.2.3.22", "no fault seen",
        .access = IXGBE_REG_RO),
    KEPT("PAP", 0x04248, 1, "8.2.3.22", "kept"),
    KEPT("MACA", 0x0424c, 1, "8.2.3.22", "kept"),
    KEPT("MLADD", 0x04264, 1, "8.2.3.22", "kept"),
    ONE("MAXFRS", IXGBE_MAXFRS, "8.2.3.22.13", "largest frame, with FCS",
        .reset = 0x05ee0000, .wmask = 0xffff0000),
    KEPT("TREG", 0x0426c, 1, "8.2.3.22", "kept"),
    FIXED("PCSS", 0x04288, 2, "8.2.3.22", "no fault seen", 0),
    FIXED("XPCSS", 0x04290, 1, "8.2.3.22", "no lane fault", 0),
    KEPT("SERDESC", 0x04298, 1, "8.2.3.22", "kept"),
    KEPT("MACS", 0x0429c, 1, "8.2.3.22", "kept"),
    ONE("AUTOC", IXGBE_AUTOC, "8.2.3.22", "link mode; restart, force up; "
        "after reset as in the NVM", .write = write_autoc),
    ONE("LINKS", IXGBE_LINKS, "8.2.3.22.19", "link up and speed",
        .access = IXGBE_REG_RO, .read = read_links),
    ONE("AUTOC2", IXGBE_AUTOC2, "8.2.3.22", "link disable, bits 30:28; 10G "
        "serial must be SFI", .write = write_autoc2),
    KEPT("AUTOC3", IXGBE_AUTOC3, 1, "8.2.3.22", "kept"),
    ONE("ANLP1", IXGBE_ANLP1, "8.2.3.22", "no partner negotiates; state: "
        "not 0 once restarted", .access = IXGBE_REG_RO),
    FIXED("ANLP2", IXGBE_ANLP2, 1, "8.2.3.22", "no partner negotiates", 0),
    FIXED("MDFTC1", 0x042b8, 1, "8.2.3.22", "nothing to say", 0),
    FIXED("MDFTS", 0x042c0, 4, "8.2.3.22", "nothing to say", 0),
    FIXED("MMNGC", IXGBE_MMNGC, 1, "8.2.3.22", "no firmware vetoes", 0),
    FIXED("ANLPNP", 0x042d4, 2, "8.2.3.22", "no next page", 0),
    KEPT("KRPCSFC", 0x042e0, 1, "8.2.3.22", "kept"),
    FIXED("KRPCSS", 0x042e4, 1, "8.2.3.22", "nothing to say", 0),
    FIXED("FECS", 0x042e8, 2, "8.2.3.22", "nothing corrected", 0),
    KEPT("SGMIIC", 0x04314, 1, "8.2.3.22", "kept"),
    FIXED("LINKS2", 0x04324, 1, "8.2.3.22", "nothing to say", 0),
    FIXED("ATLASCTL", 0x04800, 1, "8.2.3.22", "not in this part", 0),
    KEPT("CORECTL", IXGBE_CORECTL, 1, "8.2.3.22", "the analogue part: kept"),
    KEPT("SMADARCTL", 0x14f10, 1, "8.2.3.22", "kept"),
};

ROW_BLOCK(ixgbe_rows_link, rows);
