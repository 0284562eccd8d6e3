/*
 * What a PF driver does with the board's registers, step by step, for tests:
 * semaphores, NVM, the module's bus, the link.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_BOARD_PLAY_H
#define TESTS_BOARD_PLAY_H

#include "adapter-rig.h"
#include "spec/ixgbe_board_regs.h"
#include "spec/ixgbe_nvm.h"
#include "spec/sff8472.h"

/* Bits of GSSR */
#define LOCK_EEP  0x01
#define LOCK_PHY0 0x02
#define LOCK_PHY1 0x04
#define LOCK_MAC  0x08

/* Fail the test if the lock is not to be had at once. */
void play_lock(Rig *r, uint32_t bit);
void play_unlock(Rig *r, uint32_t bit);

/* Through EERD. */
uint16_t play_nvm_word(Rig *r, unsigned word);
/* As drivers verify it: what word 0x3f should be. */
uint16_t play_nvm_checksum(Rig *r);

/* Through EEC's pins. */
void play_spi_begin(Rig *r);
void play_spi_end(Rig *r);
void play_spi_select(Rig *r);
void play_spi_out(Rig *r, unsigned data, unsigned bits);
unsigned play_spi_in(Rig *r, unsigned bits);
void play_spi_read(Rig *r, unsigned word, unsigned count, uint16_t *data);
/* In one write instruction: the caller knows about pages. */
void play_spi_write(Rig *r, unsigned word, unsigned count,
                    const uint16_t *data);

/* Through I2CCTL; false: no acknowledgement. */
bool play_i2c_read(Rig *r, uint8_t slave, uint8_t offset, uint8_t *value);
bool play_i2c_write(Rig *r, uint8_t slave, uint8_t offset, uint8_t value);

/* Writes AUTOC and restarts the pipeline; false: it does not come back. */
bool play_autoc(Rig *r, uint32_t autoc);

#endif
