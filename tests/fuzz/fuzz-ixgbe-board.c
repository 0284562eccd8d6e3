/*
 * Fuzz target: the board around the 82599's MAC: the EEPROM's and the module's
 * bus pin by pin, NVM words, link, pins, timers, and its saved state.
 *
 * One byte a step; some take a dword more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"
#include "spec/ixgbe_board_regs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t registers[] = {
    IXGBE_EERD, IXGBE_EEWR, IXGBE_CTRL, IXGBE_ESDP, IXGBE_AUTOC,
    IXGBE_AUTOC2, IXGBE_LEDCTL, IXGBE_TCPTIMER, IXGBE_MSCA, IXGBE_MSRWD,
    IXGBE_SWSM, IXGBE_GSSR, IXGBE_FLA, IXGBE_EEC, IXGBE_I2CCTL, IXGBE_HLREG0,
};

static void reload(Rig *r, bool damage, uint32_t value)
{
    g_autoptr(GBytes) bytes = NULL;
    g_autofree uint8_t *copy = NULL;
    StateWriter w;
    StateReader reader;
    gsize len;

    state_writer_init(&w);
    ixgbe_adapter_save(r->adapter, &w);
    bytes = state_writer_finish(&w);
    copy = g_memdup2(g_bytes_get_data(bytes, &len),
                     g_bytes_get_size(bytes));
    if (damage) {
        /* The board's part is at the end. */
        copy[len - 1 - value % MIN(len, 20000)] ^= value >> 16 | 1;
    }
    state_reader_init(&reader, copy, len);
    ixgbe_adapter_load(r->adapter, &reader);
    state_reader_clear(&reader);
}

static void wide(Rig *r, uint8_t step, uint32_t value)
{
    uint32_t offset = registers[step % G_N_ELEMENTS(registers)];

    if (step & 0x10) {
        rig_write(r, offset, value);
    } else if (step & 0x20) {
        reload(r, step & 1, value);
    } else {
        r->now += value;
        ixgbe_adapter_timer(r->adapter);
        rig_read(r, offset);
    }
}

/* Bits 7:6 say what the others are for. */
static size_t step(Rig *r, const uint8_t *data, size_t left)
{
    switch (data[0] >> 6) {
    case 0:
        rig_write(r, IXGBE_EEC, data[0] | IXGBE_EEC_REQ);
        rig_read(r, IXGBE_EEC);
        return 1;
    case 1:
        rig_write(r, IXGBE_I2CCTL, data[0]);
        rig_read(r, IXGBE_I2CCTL);
        return 1;
    case 2:
        ixgbe_adapter_set_cable(r->adapter, data[0] & 1);
        if (data[0] & 2) {
            ixgbe_adapter_set_module(r->adapter, data[0] >> 2 & 3);
        }
        ixgbe_adapter_led(r->adapter, data[0] >> 4);
        ixgbe_adapter_vpd_read(r->adapter, data[0] << 8);
        return 1;
    default:
        if (left < 5) {
            return left;
        }
        wide(r, data[0], rd_le32(data + 1));
        return 5;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Rig r;

    rig_init(&r);
    for (size_t at = 0; at < size; ) {
        at += step(&r, data + at, size - at);
        rig_run(&r);
    }
    rig_clear(&r);
    return 0;
}
