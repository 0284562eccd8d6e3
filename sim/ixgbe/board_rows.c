/*
 * Register rows that are storage, or never say anything: wake-up, management
 * filters, PCIe, FCoE, MACsec, diagnostics.
 *
 * Drivers write and dump them.  None of them must read all ones, which drivers
 * take for a part that is gone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"
#include "spec/ixgbe_board_regs.h"

/* 8.2.3.4 GCR: version 2 of the PCIe capability. */
#define GCR_CAP_VER2 0x00040000u

static const IxgbeReg wake_rows[] = {
    ONE("WUC", IXGBE_WUC, "8.2.3.26", "kept: nothing wakes the machine",
        .wmask = 0x00000017),
    KEPT("WUFC", IXGBE_WUFC, 1, "8.2.3.26", "wake-up filters: kept"),
    ONE("WUS", IXGBE_WUS, "8.2.3.26", "nothing woke the machine",
        .access = IXGBE_REG_W1C),
    ROW("IP4AT", 0x05840, 4, 8, "8.2.3.26", "IPv4 address: kept",
        .reset = 0),
    FIXED("WUPL", 0x05900, 1, "8.2.3.26", "no packet", 0),
    FIXED("WUPM", 0x05a00, 32, "8.2.3.26", "no packet", 0),
    KEPT("FHFT", 0x09000, 256, "8.2.3.26", "flexible filters: kept"),
    KEPT("FTFT", 0x09400, 256, "8.2.3.25", "management filters: kept"),
    KEPT("FHFT_EXT", 0x09800, 128, "8.2.3.26", "flexible filters: kept"),
};

static const IxgbeReg management_rows[] = {
    KEPT("MAVTV", 0x05010, 8, "8.2.3.25", "kept"),
    KEPT("MFUTP", 0x05030, 8, "8.2.3.25", "kept"),
    ONE("MANC", 0x05820, "8.2.3.25", "no firmware takes frames",
        .access = IXGBE_REG_RO),
    KEPT("MFVAL", 0x05824, 1, "8.2.3.25", "kept"),
    KEPT("MANC2H", 0x05860, 1, "8.2.3.25", "kept"),
    KEPT("MDEF", 0x05890, 8, "8.2.3.25", "kept"),
    KEPT("MIPAF", 0x058b0, 16, "8.2.3.25", "kept"),
    ROW("MMAL", 0x05910, 4, 8, "8.2.3.25", "kept", .reset = 0),
    ROW("MMAH", 0x05914, 4, 8, "8.2.3.25", "kept", .wmask = 0x8000ffff),
    KEPT("MDEF_EXT", 0x05160, 8, "8.2.3.25", "kept"),
    KEPT("METF", 0x05190, 4, "8.2.3.25", "kept"),
    KEPT("MNGTXMAP", 0x0cd10, 1, "8.2.3.25", "kept"),
    FIXED("LSWFW", 0x15014, 1, "8.2.3.25", "no firmware", 0),
};

static const IxgbeReg pcie_rows[] = {
    ONE("GCR", IXGBE_GCR, "8.2.3.4", "kept; capability version 2",
        .reset = GCR_CAP_VER2),
    KEPT("PCIEPIPEADR", 0x11004, 1, "8.2.3.4", "kept"),
    FIXED("PCIEPIPEDAT", 0x11008, 1, "8.2.3.4", "nothing to say", 0),
    KEPT("GLT", 0x1100c, 1, "8.2.3.4", "kept"),
    KEPT("GSCL", 0x11010, 4, "8.2.3.4", "PCIe counters' control: kept"),
    FIXED("GSCN", 0x11020, 4, "8.2.3.4", "nothing is counted", 0),
    KEPT("GSCL_5_8", 0x11030, 4, "8.2.3.4", "kept"),
    KEPT("PHYADR", 0x11040, 1, "8.2.3.4", "kept"),
    FIXED("PHYDAT", 0x11044, 1, "8.2.3.4", "nothing to say", 0),
    KEPT("PHYCTL", 0x11048, 1, "8.2.3.4", "kept"),
    FIXED("MREVID", 0x11064, 1, "8.2.3.4", "revision", 1),
    KEPT("PCIEECCCTL", 0x1106c, 1, "8.2.3.4", "kept"),
    KEPT("CIAA", IXGBE_CIAA, 1, "8.2.3.4", "kept"),
    FIXED("CIAD", IXGBE_CIAD, 1, "8.2.3.4", "use config space itself", 0),
    FIXED("PCIE_DIAG", 0x11090, 8, "8.2.3.4", "nothing to say", 0),
    FIXED("PICAUSE", 0x110b0, 1, "8.2.3.4", "no error", 0),
    KEPT("CDQ_MBR", 0x110b4, 1, "8.2.3.4", "kept"),
    KEPT("PIENA", 0x110b8, 1, "8.2.3.4", "kept"),
    KEPT("PCIESPARE", 0x110bc, 1, "8.2.3.4", "kept"),
    FIXED("ECC_STATUS", 0x110e0, 1, "8.2.3.4", "no error", 0),
    KEPT("PCIEMISC", 0x110f0, 1, "8.2.3.4", "kept"),
    FIXED("BARCTRL", IXGBE_BARCTRL, 1, "8.2.3.4", "no flash in a BAR", 0),
    KEPT("ECC_CTRL", 0x11100, 2, "8.2.3.4", "kept"),
};

static const IxgbeReg fcoe_rows[] = {
    KEPT("FCPTRL", 0x02410, 1, "8.2.3.21", "kept: no direct placement"),
    KEPT("FCPTRH", 0x02414, 1, "8.2.3.21", "kept"),
    KEPT("FCBUFF", 0x02418, 1, "8.2.3.21", "kept"),
    KEPT("FCDMARW", 0x02420, 1, "8.2.3.21", "kept"),
    KEPT("TEOFF", 0x04a94, 1, "8.2.3.21", "kept"),
    KEPT("TSOFF", 0x04a98, 1, "8.2.3.21", "kept"),
    KEPT("FCRXCTRL", 0x05100, 1, "8.2.3.21", "kept"),
    KEPT("FCFLT", 0x05108, 1, "8.2.3.21", "kept"),
    KEPT("FCFLTRW", 0x05110, 1, "8.2.3.21", "kept"),
    KEPT("REOFF", 0x05158, 1, "8.2.3.21", "kept"),
    KEPT("FCPARAM", 0x051d8, 1, "8.2.3.21", "kept"),
    KEPT("RSOFF", 0x051f8, 1, "8.2.3.21", "kept"),
    KEPT("FCRECTL", 0x0ed00, 1, "8.2.3.21", "kept"),
    KEPT("FCRETA", 0x0ed10, 8, "8.2.3.21", "kept"),
};

static const IxgbeReg macsec_rows[] = {
    FIXED("LSECTXCAP", 0x08a00, 1, "8.2.3.12", "no MACsec", 0),
    KEPT("LSECTXCTRL", 0x08a04, 1, "8.2.3.12", "kept"),
    KEPT("LSECTXSC", 0x08a08, 2, "8.2.3.12", "kept"),
    KEPT("LSECTXSA", 0x08a10, 1, "8.2.3.12", "kept"),
    KEPT("LSECTXPN", 0x08a14, 2, "8.2.3.12", "kept"),
    ROW("LSECTXKEY", 0x08a1c, 8, 4, "8.2.3.12", "keys are not read back",
        .access = IXGBE_REG_WO),
    FIXED("LSECTXSTAT", 0x08a3c, 5, "8.2.3.12", "nothing is counted", 0),
    FIXED("LSECRXCAP", 0x08f00, 1, "8.2.3.12", "no MACsec", 0),
    KEPT("LSECRXCTRL", 0x08f04, 1, "8.2.3.12", "kept"),
    KEPT("LSECRXSC", 0x08f08, 2, "8.2.3.12", "kept"),
    KEPT("LSECRXSA", 0x08f10, 2, "8.2.3.12", "kept"),
    KEPT("LSECRXPN", 0x08f18, 2, "8.2.3.12", "kept"),
    ROW("LSECRXKEY", 0x08f20, 8, 4, "8.2.3.12", "keys are not read back",
        .access = IXGBE_REG_WO),
    FIXED("LSECRXSTAT", 0x08f40, 17, "8.2.3.12", "nothing is counted", 0),
};

static const IxgbeReg diagnostic_rows[] = {
    KEPT("DRECCCTL", 0x02f08, 1, "8.2.3.8", "kept"),
    FIXED("RIC_DW", 0x02f10, 4, "8.2.3.8", "nothing to say", 0),
    KEPT("RDDCC", 0x02f20, 1, "8.2.3.8", "kept"),
    KEPT("RDMAM", 0x02f30, 1, "8.2.3.8", "kept"),
    FIXED("RDMAD", 0x02f34, 1, "8.2.3.8", "nothing to say", 0),
    KEPT("STARCTRL", 0x03024, 1, "8.2.3.8", "kept"),
    FIXED("RXMEMWRAP", 0x03190, 1, "8.2.3.8", "buffers never wrap", 0),
    KEPT("PBRXECC", 0x03300, 1, "8.2.3.8", "kept"),
    KEPT("RXBUFCTRL", 0x03600, 1, "8.2.3.8", "kept"),
    FIXED("RXBUFDATA", 0x03610, 4, "8.2.3.8", "nothing to say", 0),
    KEPT("RXDBUECC", 0x03f70, 1, "8.2.3.8", "kept"),
    FIXED("RXDBUEST", 0x03f74, 1, "8.2.3.8", "no error", 0),
    FIXED("RFVAL", 0x050a4, 1, "8.2.3.8", "nothing to say", 0),
    FIXED("RXFECCERR0", 0x051b8, 1, "8.2.3.8", "no error", 0),
    FIXED("TIC_DW", 0x082b0, 4, "8.2.3.9", "nothing to say", 0),
    FIXED("TDHMPN2", 0x082fc, 1, "8.2.3.9", "nothing to say", 0),
    KEPT("PBTXECC", 0x0c300, 1, "8.2.3.9", "kept"),
    KEPT("TXBUFCTRL", 0x0c600, 1, "8.2.3.9", "kept"),
    FIXED("TXBUFDATA", 0x0c610, 4, "8.2.3.9", "nothing to say", 0),
    KEPT("LBDRPEN", 0x0ca00, 1, "8.2.3.9", "kept"),
    KEPT("TIPG", 0x0cb00, 1, "8.2.3.9", "kept"),
    KEPT("TXDBUECC", 0x0cf70, 1, "8.2.3.9", "kept"),
    FIXED("TXDBUEST", 0x0cf74, 1, "8.2.3.9", "no error", 0),
};

ROW_BLOCK(ixgbe_rows_wake, wake_rows);
ROW_BLOCK(ixgbe_rows_management, management_rows);
ROW_BLOCK(ixgbe_rows_pcie, pcie_rows);
ROW_BLOCK(ixgbe_rows_fcoe, fcoe_rows);
ROW_BLOCK(ixgbe_rows_macsec, macsec_rows);
ROW_BLOCK(ixgbe_rows_diagnostic, diagnostic_rows);
