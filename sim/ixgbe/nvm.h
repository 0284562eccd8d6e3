/*
 * The NVM: words of a serial EEPROM and the EEPROM's own state.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_NVM_H
#define SIM_IXGBE_NVM_H

#include "iovlab/ixgbe_adapter.h"
#include "ixgbe/regs.h"
#include "spec/ixgbe_nvm.h"

/* What the EEPROM makes of the next clock (spi_eeprom.c). */
typedef enum IxgbeSpiState {
    IXGBE_SPI_IDLE,             /* not selected */
    IXGBE_SPI_OPCODE,           /* takes the instruction's 8 bits */
    IXGBE_SPI_ADDRESS,          /* takes 16 bits of byte address */
    IXGBE_SPI_READ,             /* gives byte after byte */
    IXGBE_SPI_WRITE,            /* takes byte after byte, within a page */
    IXGBE_SPI_STATUS,           /* gives its status, again and again */
    IXGBE_SPI_IGNORE,           /* waits to be deselected */
    IXGBE_SPI_STATES
} IxgbeSpiState;

typedef struct IxgbeNvm {
    uint16_t words[IXGBE_NVM_WORDS];
    uint8_t spi;                /* IxgbeSpiState */
    uint8_t opcode;
    uint8_t bits;               /* shifted in or out so far */
    uint16_t shift;
    uint16_t address;           /* bytes */
    bool write_enabled;         /* WREN came first */
    bool wrote;                 /* a byte since it was selected */
    bool out;                   /* level of its output */
} IxgbeNvm;

/* nvm_image.c: what the board's maker would have written. */
void ixgbe_nvm_image(uint16_t words[IXGBE_NVM_WORDS],
                     const IxgbeAdapterConfig *config);
/* 6.1: what word 0x3f should be. */
uint16_t ixgbe_nvm_checksum(const uint16_t words[IXGBE_NVM_WORDS]);

/* spi_eeprom.c: pins as of EEC; returns the level of DO. */
bool ixgbe_spi_pins(IxgbeNvm *nvm, uint32_t before, uint32_t now);

/* nvm.c */
struct IxgbeAdapter;
void ixgbe_nvm_init(struct IxgbeAdapter *a);
/* Auto-read, 6.3: the port's registers that the NVM gives a value. */
void ixgbe_nvm_auto_read(struct IxgbeAdapter *a);
void ixgbe_nvm_save(const IxgbeNvm *nvm, StateWriter *w);
/* After the registers. */
bool ixgbe_nvm_load(struct IxgbeAdapter *a, StateReader *r);

#endif
