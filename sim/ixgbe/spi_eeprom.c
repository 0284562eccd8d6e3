/*
 * The serial EEPROM behind EEC's pins, 3.4.3: mode 0, 16 address bits.
 *
 * It takes a bit when the clock rises and puts out the next when it falls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab-trace.h"
#include "nvm.h"
#include "spec/ixgbe_board_regs.h"

#define BYTES (2 * IXGBE_NVM_WORDS)

/* After the instruction, and after its address if it has one. */
static const struct {
    uint8_t opcode;
    uint8_t next;
    uint8_t after_address;
} instructions[] = {
    { EEPROM_READ,  IXGBE_SPI_ADDRESS, IXGBE_SPI_READ },
    { EEPROM_WRITE, IXGBE_SPI_ADDRESS, IXGBE_SPI_WRITE },
    { EEPROM_RDSR,  IXGBE_SPI_STATUS,  IXGBE_SPI_IGNORE },
    /* Write protection of blocks is not modelled. */
    { EEPROM_WRSR,  IXGBE_SPI_IGNORE,  IXGBE_SPI_IGNORE },
    { EEPROM_WREN,  IXGBE_SPI_IGNORE,  IXGBE_SPI_IGNORE },
    { EEPROM_WRDI,  IXGBE_SPI_IGNORE,  IXGBE_SPI_IGNORE },
};

static void enter(IxgbeNvm *nvm, IxgbeSpiState state)
{
    trace_ixgbe_spi_state(nvm->spi, state, nvm->opcode, nvm->address);
    nvm->spi = state;
    nvm->bits = 0;
    nvm->shift = 0;
}

static uint8_t get_byte(const IxgbeNvm *nvm, uint16_t address)
{
    address %= BYTES;
    return nvm->words[address / 2] >> (address % 2 * 8);
}

static void put_byte(IxgbeNvm *nvm, uint8_t byte)
{
    unsigned address = nvm->address % BYTES;
    uint16_t *word = &nvm->words[address / 2];
    unsigned page = address / IXGBE_NVM_PAGE * IXGBE_NVM_PAGE;

    if (nvm->write_enabled) {
        *word = address % 2 ? (*word & 0x00ff) | byte << 8
                            : (*word & 0xff00) | byte;
        nvm->wrote = true;
    }
    /* A write stays in its page. */
    nvm->address = page + (address + 1) % IXGBE_NVM_PAGE;
}

static void decode(IxgbeNvm *nvm)
{
    nvm->opcode = nvm->shift;
    if (nvm->opcode == EEPROM_WREN || nvm->opcode == EEPROM_WRDI) {
        nvm->write_enabled = nvm->opcode == EEPROM_WREN;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(instructions); i++) {
        if (instructions[i].opcode == nvm->opcode) {
            enter(nvm, instructions[i].next);
            return;
        }
    }
    enter(nvm, IXGBE_SPI_IGNORE);
}

static void addressed(IxgbeNvm *nvm)
{
    nvm->address = nvm->shift;
    for (size_t i = 0; i < G_N_ELEMENTS(instructions); i++) {
        if (instructions[i].opcode == nvm->opcode) {
            enter(nvm, instructions[i].after_address);
            return;
        }
    }
    enter(nvm, IXGBE_SPI_IGNORE);
}

static void rising(IxgbeNvm *nvm, bool in)
{
    nvm->shift = nvm->shift << 1 | in;
    nvm->bits++;
    switch (nvm->spi) {
    case IXGBE_SPI_OPCODE:
        if (nvm->bits == 8) {
            decode(nvm);
        }
        break;
    case IXGBE_SPI_ADDRESS:
        if (nvm->bits == 16) {
            addressed(nvm);
        }
        break;
    case IXGBE_SPI_WRITE:
        if (nvm->bits == 8) {
            put_byte(nvm, nvm->shift);
            nvm->bits = 0;
        }
        break;
    default:
        nvm->bits %= 8;
        break;
    }
}

static void falling(IxgbeNvm *nvm)
{
    uint8_t byte;

    switch (nvm->spi) {
    case IXGBE_SPI_READ:
        byte = get_byte(nvm, nvm->address);
        break;
    case IXGBE_SPI_STATUS:
        byte = nvm->write_enabled ? EEPROM_STATUS_WEL : 0;
        break;
    default:
        nvm->out = true;        /* not driven: a pull-up */
        return;
    }
    nvm->out = byte >> (7 - nvm->bits) & 1;
    if (nvm->bits == 7 && nvm->spi == IXGBE_SPI_READ) {
        nvm->address++;
    }
}

static void select_chip(IxgbeNvm *nvm, bool selected)
{
    if (!selected && nvm->wrote) {
        /* The write cycle is over at once; it ends the permission. */
        nvm->write_enabled = false;
    }
    nvm->wrote = false;
    nvm->out = true;
    enter(nvm, selected ? IXGBE_SPI_OPCODE : IXGBE_SPI_IDLE);
}

bool ixgbe_spi_pins(IxgbeNvm *nvm, uint32_t before, uint32_t now)
{
    uint32_t changed = before ^ now;

    if (changed & IXGBE_EEC_CS) {
        select_chip(nvm, !(now & IXGBE_EEC_CS));
    } else if (nvm->spi == IXGBE_SPI_IDLE) {
        /* The pin may have been low since power on. */
        if (!(now & IXGBE_EEC_CS)) {
            select_chip(nvm, true);
        }
    }
    if ((changed & IXGBE_EEC_SK) && nvm->spi != IXGBE_SPI_IDLE) {
        if (now & IXGBE_EEC_SK) {
            rising(nvm, now & IXGBE_EEC_DI);
        } else {
            falling(nvm);
        }
    }
    return nvm->out;
}
