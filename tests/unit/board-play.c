/*
 * What a PF driver does with the board's registers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "board-play.h"

/* --- semaphores ------------------------------------------------------------ */

static void swsm_take(Rig *r)
{
    g_assert_cmphex(rig_read(r, IXGBE_SWSM) & IXGBE_SWSM_SMBI, ==, 0);
    rig_set(r, IXGBE_SWSM, IXGBE_SWSM_SWESMBI);
    g_assert_cmphex(rig_read(r, IXGBE_SWSM) & IXGBE_SWSM_SWESMBI, !=, 0);
}

static void swsm_give(Rig *r)
{
    rig_unset(r, IXGBE_SWSM, IXGBE_SWSM_SWESMBI | IXGBE_SWSM_SMBI);
}

void play_lock(Rig *r, uint32_t bit)
{
    swsm_take(r);
    g_assert_cmphex(rig_read(r, IXGBE_GSSR) & (bit | bit << 5), ==, 0);
    rig_set(r, IXGBE_GSSR, bit);
    g_assert_cmphex(rig_read(r, IXGBE_GSSR) & bit, ==, bit);
    swsm_give(r);
}

void play_unlock(Rig *r, uint32_t bit)
{
    swsm_take(r);
    rig_unset(r, IXGBE_GSSR, bit);
    swsm_give(r);
}

/* --- NVM ------------------------------------------------------------------- */

uint16_t play_nvm_word(Rig *r, unsigned word)
{
    rig_write(r, IXGBE_EERD, word << IXGBE_EERW_ADDR_SHIFT |
              IXGBE_EERW_START);
    g_assert_cmphex(rig_read(r, IXGBE_EERD) & IXGBE_EERW_DONE, !=, 0);
    return rig_read(r, IXGBE_EERD) >> IXGBE_EERW_DATA_SHIFT;
}

uint16_t play_nvm_checksum(Rig *r)
{
    uint16_t sum = 0;

    for (unsigned i = 0; i < IXGBE_NVM_CHECKSUM; i++) {
        sum += play_nvm_word(r, i);
    }
    for (unsigned i = IXGBE_NVM_FIRST_MODULE; i < IXGBE_NVM_FIRMWARE; i++) {
        uint16_t at = play_nvm_word(r, i);
        uint16_t len;

        if (at == 0 || at == IXGBE_NVM_NONE) {
            continue;
        }
        len = play_nvm_word(r, at);
        if (len == 0 || len == IXGBE_NVM_NONE) {
            continue;
        }
        for (unsigned n = 1; n <= len; n++) {
            sum += play_nvm_word(r, at + n);
        }
    }
    return IXGBE_NVM_SUM - sum;
}

void play_spi_begin(Rig *r)
{
    play_lock(r, LOCK_EEP);
    rig_set(r, IXGBE_EEC, IXGBE_EEC_REQ);
    g_assert_cmphex(rig_read(r, IXGBE_EEC) & IXGBE_EEC_GNT, !=, 0);
    rig_unset(r, IXGBE_EEC, IXGBE_EEC_CS | IXGBE_EEC_SK);
}

void play_spi_end(Rig *r)
{
    rig_set(r, IXGBE_EEC, IXGBE_EEC_CS);
    rig_unset(r, IXGBE_EEC, IXGBE_EEC_SK);
    rig_unset(r, IXGBE_EEC, IXGBE_EEC_REQ);
    g_assert_cmphex(rig_read(r, IXGBE_EEC) & IXGBE_EEC_GNT, ==, 0);
    play_unlock(r, LOCK_EEP);
}

void play_spi_select(Rig *r)
{
    rig_set(r, IXGBE_EEC, IXGBE_EEC_CS);
    rig_unset(r, IXGBE_EEC, IXGBE_EEC_CS);
}

void play_spi_out(Rig *r, unsigned data, unsigned bits)
{
    while (bits--) {
        rig_unset(r, IXGBE_EEC, IXGBE_EEC_DI);
        rig_set(r, IXGBE_EEC, data >> bits & 1 ? IXGBE_EEC_DI : 0);
        rig_set(r, IXGBE_EEC, IXGBE_EEC_SK);
        rig_unset(r, IXGBE_EEC, IXGBE_EEC_SK);
    }
    rig_unset(r, IXGBE_EEC, IXGBE_EEC_DI);
}

unsigned play_spi_in(Rig *r, unsigned bits)
{
    unsigned data = 0;

    while (bits--) {
        rig_set(r, IXGBE_EEC, IXGBE_EEC_SK);
        data = data << 1 | !!(rig_read(r, IXGBE_EEC) & IXGBE_EEC_DO);
        rig_unset(r, IXGBE_EEC, IXGBE_EEC_SK);
    }
    return data;
}

void play_spi_read(Rig *r, unsigned word, unsigned count, uint16_t *data)
{
    play_spi_begin(r);
    play_spi_out(r, EEPROM_RDSR, 8);
    g_assert_cmphex(play_spi_in(r, 8) & 1, ==, 0);
    play_spi_select(r);
    play_spi_out(r, EEPROM_READ, 8);
    play_spi_out(r, word * 2, 16);
    for (unsigned i = 0; i < count; i++) {
        data[i] = play_spi_in(r, 8);
        data[i] |= play_spi_in(r, 8) << 8;
    }
    play_spi_end(r);
}

void play_spi_write(Rig *r, unsigned word, unsigned count,
                    const uint16_t *data)
{
    play_spi_begin(r);
    play_spi_select(r);
    play_spi_out(r, EEPROM_WREN, 8);
    play_spi_select(r);
    play_spi_out(r, EEPROM_WRITE, 8);
    play_spi_out(r, word * 2, 16);
    for (unsigned i = 0; i < count; i++) {
        play_spi_out(r, data[i] & 0xff, 8);
        play_spi_out(r, data[i] >> 8, 8);
    }
    play_spi_end(r);
}

/* --- the module's bus -------------------------------------------------------- */

static void i2c_data(Rig *r, bool high)
{
    if (high) {
        rig_set(r, IXGBE_I2CCTL, IXGBE_I2CCTL_DATA_OUT);
    } else {
        rig_unset(r, IXGBE_I2CCTL, IXGBE_I2CCTL_DATA_OUT);
    }
}

static bool i2c_line(Rig *r)
{
    return rig_read(r, IXGBE_I2CCTL) & IXGBE_I2CCTL_DATA_IN;
}

static void i2c_clock(Rig *r, bool high)
{
    if (high) {
        rig_set(r, IXGBE_I2CCTL, IXGBE_I2CCTL_CLK_OUT);
        g_assert_cmphex(rig_read(r, IXGBE_I2CCTL) & IXGBE_I2CCTL_CLK_IN, !=,
                        0);
    } else {
        rig_unset(r, IXGBE_I2CCTL, IXGBE_I2CCTL_CLK_OUT);
    }
}

static void i2c_start(Rig *r)
{
    i2c_data(r, true);
    i2c_clock(r, true);
    i2c_data(r, false);
    i2c_clock(r, false);
}

static void i2c_stop(Rig *r)
{
    i2c_data(r, false);
    i2c_clock(r, true);
    i2c_data(r, true);
}

static void i2c_clear(Rig *r)
{
    i2c_start(r);
    i2c_data(r, true);
    for (int i = 0; i < 9; i++) {
        i2c_clock(r, true);
        i2c_clock(r, false);
    }
    i2c_start(r);
    i2c_stop(r);
}

static bool i2c_out(Rig *r, uint8_t byte)
{
    bool ack;

    for (int i = 7; i >= 0; i--) {
        i2c_data(r, byte >> i & 1);
        i2c_clock(r, true);
        i2c_clock(r, false);
    }
    i2c_data(r, true);
    i2c_clock(r, true);
    ack = !i2c_line(r);
    i2c_clock(r, false);
    return ack;
}

static uint8_t i2c_in(Rig *r)
{
    uint8_t byte = 0;

    for (int i = 7; i >= 0; i--) {
        i2c_clock(r, true);
        byte |= i2c_line(r) << i;
        i2c_clock(r, false);
    }
    i2c_data(r, true);              /* no more, please */
    i2c_clock(r, true);
    i2c_clock(r, false);
    return byte;
}

bool play_i2c_read(Rig *r, uint8_t slave, uint8_t offset, uint8_t *value)
{
    bool ack;

    play_lock(r, LOCK_PHY0);
    i2c_start(r);
    ack = i2c_out(r, slave) && i2c_out(r, offset);
    if (ack) {
        i2c_start(r);
        ack = i2c_out(r, slave | 1);
    }
    if (ack) {
        *value = i2c_in(r);
        i2c_stop(r);
    } else {
        i2c_clear(r);
    }
    play_unlock(r, LOCK_PHY0);
    return ack;
}

bool play_i2c_write(Rig *r, uint8_t slave, uint8_t offset, uint8_t value)
{
    bool ack;

    play_lock(r, LOCK_PHY0);
    i2c_start(r);
    ack = i2c_out(r, slave) && i2c_out(r, offset) && i2c_out(r, value);
    i2c_stop(r);
    play_unlock(r, LOCK_PHY0);
    return ack;
}

/* --- link ------------------------------------------------------------------ */

bool play_autoc(Rig *r, uint32_t autoc)
{
    bool came;

    rig_write(r, IXGBE_AUTOC, autoc);
    rig_unset(r, IXGBE_AUTOC2, IXGBE_AUTOC2_LINK_DISABLE);
    rig_write(r, IXGBE_AUTOC, (autoc | IXGBE_AUTOC_RESTART) ^
              4u << IXGBE_AUTOC_LMS_SHIFT);
    came = rig_read(r, IXGBE_ANLP1) >> IXGBE_ANLP1_STATE_SHIFT & 0xf;
    rig_write(r, IXGBE_AUTOC, autoc | IXGBE_AUTOC_RESTART);
    rig_run(r);
    return came;
}
