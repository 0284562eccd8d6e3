/*
 * Fuzz target: between switch and wire: PAUSE frames, PTP messages and ESP
 * packets in both directions, and the registers of these blocks.
 *
 * Commands: what (u8), then a register's number and value, a time, or a frame
 * of the length that follows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"
#include "spec/ixgbe_dcb_regs.h"
#include "spec/ixgbe_flow_regs.h"
#include "spec/ixgbe_ipsec_regs.h"
#include "spec/ixgbe_time_regs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t registers[] = {
    IXGBE_TSYNCRXCTL, IXGBE_RXMTRL, IXGBE_TSYNCTXCTL, IXGBE_SYSTIML,
    IXGBE_SYSTIMH, IXGBE_TIMINCA, IXGBE_TIMADJL, IXGBE_TIMADJH,
    IXGBE_MFLCN, IXGBE_PFCTOP, IXGBE_FCTTV(0), IXGBE_FCRTL(0),
    IXGBE_FCRTH(0), IXGBE_FCRTL(3), IXGBE_FCRTH(3), IXGBE_FCRTV, IXGBE_FCCFG,
    IXGBE_MTQC, IXGBE_TXPBSIZE(0), IXGBE_TXPBSIZE(2), IXGBE_RTTUP2TC,
    IXGBE_RTTPCS, IXGBE_RTTPT2C(0), IXGBE_RTTPT2C(1), IXGBE_RTTPT2C(2),
    IXGBE_SECTXCTRL, IXGBE_SECRXCTRL, IXGBE_IPSTXIDX, IXGBE_IPSTXSALT,
    IXGBE_IPSTXKEY(0), IXGBE_IPSRXIDX, IXGBE_IPSRXIPADDR(3), IXGBE_IPSRXSPI,
    IXGBE_IPSRXIPIDX, IXGBE_IPSRXKEY(0), IXGBE_IPSRXMOD, IXGBE_HLREG0,
    IXGBE_TXSTMPH, IXGBE_RXSTMPH, IXGBE_MTQC, IXGBE_RTTDQSEL, IXGBE_RTTBCNRC,
};

static void frame_command(Rig *r, uint8_t what, const uint8_t *data,
                          size_t len)
{
    IxgbeTxMeta meta = {
        .timestamp = what & 0x10, .ipsec = what & 0x20, .esp = what & 0x40,
        .encrypt = what & 0x80, .sa = len * 5,
    };
    Frame *frame = frame_new(data, len);

    if (what & 1) {
        ixgbe_adapter_wire_rx(r->adapter, frame);
    } else {
        ixgbe_adapter_port_tx(r->end[RIG_PF].port, what >> 4, frame, &meta);
    }
    frame_unref(frame);
}

/* Into an adapter of the same kind, or into itself. */
static void reload(Rig *r)
{
    StateWriter w;
    StateReader reader;

    state_writer_init(&w);
    ixgbe_adapter_save(r->adapter, &w);
    g_autoptr(GBytes) bytes = state_writer_finish(&w);

    state_reader_init(&reader, g_bytes_get_data(bytes, NULL),
                      g_bytes_get_size(bytes));
    g_assert_true(ixgbe_adapter_load(r->adapter, &reader));
}

/* How many bytes the command took. */
static size_t command(Rig *r, const uint8_t *data, size_t size)
{
    uint8_t what = data[0];
    uint32_t reg = registers[data[1] % G_N_ELEMENTS(registers)];
    size_t len = MIN(14u + data[1], size - 6);

    switch (what >> 1 & 7) {
    case 0:
        rig_read(r, reg);
        return 2;
    case 1:
        rig_write(r, reg, rd_le32(data + 2));
        return 6;
    case 2:
        r->now += rd_le16(data + 2) * 100;
        ixgbe_adapter_timer(r->adapter);
        return 4;
    case 3:
        r->end[RIG_WIRE].room = data[1] & 1 ? UINT_MAX : 0;
        ixgbe_adapter_wire_room(r->adapter);
        return 2;
    case 4:
        r->end[RIG_PF].room = data[1] & 1 ? UINT_MAX : 0;
        ixgbe_adapter_port_ops.rx_room(r->end[RIG_PF].port);
        return 2;
    case 5:
        reload(r);
        return 2;
    default:
        if (len >= FRAME_MIN) {
            frame_command(r, what, data + 6, len);
        }
        return 6 + len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Rig r;

    rig_init(&r);
    rig_program(&r);
    rig_set(&r, IXGBE_FCTRL, IXGBE_FCTRL_UPE | IXGBE_FCTRL_MPE);
    for (size_t at = 0; size - at >= 7 && at < size;) {
        at += command(&r, data + at, size - at);
        rig_run(&r);
    }
    rig_clear(&r);
    return 0;
}
