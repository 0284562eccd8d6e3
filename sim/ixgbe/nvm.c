/*
 * NVM access, 3.4 and 8.2.3.2: EEC, EERD, EEWR, the flash's pins; auto-read.
 *
 * Every access is done at once.  There is no flash: FLA grants its pins and
 * reads an input that nobody drives.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"
#include "ixgbe/rows.h"
#include "spec/ixgbe_board_regs.h"

#define STATE_VERSION 1
#define EEC_FIXED (IXGBE_EEC_PRES | IXGBE_EEC_AUTO_RD | IXGBE_EEC_ADDR_SIZE | \
                   IXGBE_NVM_SIZE_FIELD << IXGBE_EEC_SIZE_SHIFT)
#define EEC_PINS (IXGBE_EEC_SK | IXGBE_EEC_CS | IXGBE_EEC_DI)

void ixgbe_nvm_init(IxgbeAdapter *a)
{
    memset(&a->nvm, 0, sizeof(a->nvm));
    a->nvm.out = true;
    a->nvm_pins = IXGBE_EEC_CS;
    ixgbe_nvm_image(a->nvm.words, &a->config);
}

/* Word @index of the module that word @pointer points to. */
static bool module_word(const IxgbeNvm *nvm, unsigned pointer, unsigned index,
                        uint16_t *word)
{
    unsigned at = nvm->words[pointer];

    if (at == 0 || at + index >= IXGBE_NVM_WORDS ||
        nvm->words[at] < index || nvm->words[at] == IXGBE_NVM_NONE) {
        return false;
    }
    *word = nvm->words[at + index];
    return true;
}

static bool module_dword(const IxgbeNvm *nvm, unsigned pointer,
                         unsigned index, uint32_t *dword)
{
    uint16_t low, high;

    if (!module_word(nvm, pointer, index, &low) ||
        !module_word(nvm, pointer, index + 1, &high)) {
        return false;
    }
    *dword = (uint32_t)high << 16 | low;
    return true;
}

static void read_core(IxgbeAdapter *a)
{
    unsigned core = IXGBE_NVM_CORE(a->config.port);
    uint32_t low, led;
    uint16_t high, sdp;

    if (module_dword(&a->nvm, core, IXGBE_NVM_CORE_ADDRESS, &low) &&
        module_word(&a->nvm, core, IXGBE_NVM_CORE_ADDRESS + 2, &high)) {
        *reg_at(a, IXGBE_RAL(0)) = low;
        *reg_at(a, IXGBE_RAH(0)) = IXGBE_RAH_AV | high;
        *reg_at(a, IXGBE_MPSAR_LO(0)) = 1;
    }
    if (module_dword(&a->nvm, core, IXGBE_NVM_CORE_LED, &led)) {
        *reg_at(a, IXGBE_LEDCTL) = led;
    }
    if (module_word(&a->nvm, core, IXGBE_NVM_CORE_SDP, &sdp)) {
        *reg_at(a, IXGBE_ESDP) = sdp;
    }
}

static void read_mac(IxgbeAdapter *a)
{
    unsigned mac = IXGBE_NVM_MAC(a->config.port);
    uint16_t mode, an, autoc2;

    if (module_word(&a->nvm, mac, IXGBE_NVM_MAC_MODE, &mode) &&
        module_word(&a->nvm, mac, IXGBE_NVM_MAC_AN, &an)) {
        *reg_at(a, IXGBE_AUTOC) = ((uint32_t)an << 16 | mode) &
                                  ~IXGBE_AUTOC_RESTART;
    }
    if (module_word(&a->nvm, mac, IXGBE_NVM_MAC_AUTOC2, &autoc2)) {
        *reg_at(a, IXGBE_AUTOC2) = (uint32_t)autoc2 << 16;
    }
}

/* The EEPROM's pins are the driver's only while it asks for them. */
static uint32_t eec_pins(const IxgbeAdapter *a)
{
    uint32_t eec = reg(a, IXGBE_EEC);

    return eec & IXGBE_EEC_REQ ? eec & EEC_PINS : IXGBE_EEC_CS;
}

static void set_pins(IxgbeAdapter *a)
{
    uint32_t pins = eec_pins(a);

    ixgbe_spi_pins(&a->nvm, a->nvm_pins, pins);
    a->nvm_pins = pins;
}

void ixgbe_nvm_auto_read(IxgbeAdapter *a)
{
    set_pins(a);
    read_core(a);
    read_mac(a);
}

uint32_t ixgbe_adapter_vpd_read(const IxgbeAdapter *a, unsigned offset)
{
    unsigned at = a->nvm.words[IXGBE_NVM_VPD];
    uint32_t value = 0;

    if (at == 0 || at == IXGBE_NVM_NONE) {
        return 0;
    }
    for (unsigned i = 0; i < 2; i++) {
        unsigned word = at + offset / 4 * 2 + i;

        if (word < IXGBE_NVM_WORDS) {
            value |= (uint32_t)a->nvm.words[word] << (16 * i);
        }
    }
    return value;
}

/* --- registers ------------------------------------------------------------ */

static uint32_t read_eec(void *owner, unsigned index, uint32_t stored)
{
    const IxgbeAdapter *a = owner;

    if (stored & IXGBE_EEC_REQ) {
        stored |= IXGBE_EEC_GNT | (a->nvm.out ? IXGBE_EEC_DO : 0);
    }
    return stored | EEC_FIXED;
}

static void write_eec(void *owner, unsigned index, uint32_t value,
                      uint32_t *stored)
{
    set_pins(owner);
}

static void write_eerd(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    const IxgbeAdapter *a = owner;
    unsigned word = (value & IXGBE_EERW_ADDR) >> IXGBE_EERW_ADDR_SHIFT;

    *stored = value & IXGBE_EERW_ADDR;
    if (value & IXGBE_EERW_START) {
        *stored |= IXGBE_EERW_DONE |
                   (uint32_t)a->nvm.words[word % IXGBE_NVM_WORDS] <<
                   IXGBE_EERW_DATA_SHIFT;
    }
}

static void write_eewr(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    IxgbeAdapter *a = owner;
    unsigned word = (value & IXGBE_EERW_ADDR) >> IXGBE_EERW_ADDR_SHIFT;

    *stored = (value & ~IXGBE_EERW_START) | IXGBE_EERW_DONE;
    if (value & IXGBE_EERW_START) {
        a->nvm.words[word % IXGBE_NVM_WORDS] =
            value >> IXGBE_EERW_DATA_SHIFT;
        trace_ixgbe_nvm_write(word % IXGBE_NVM_WORDS,
                              value >> IXGBE_EERW_DATA_SHIFT);
    }
}

static uint32_t read_fla(void *owner, unsigned index, uint32_t stored)
{
    return stored & IXGBE_FLA_REQ ? stored | IXGBE_FLA_GNT | IXGBE_FLA_SO
                                  : stored;
}

static const IxgbeReg rows[] = {
    ONE("EEC", IXGBE_EEC, "8.2.3.2", "the EEPROM's pins; 8192 words",
        .wmask = EEC_PINS | IXGBE_EEC_FWE | IXGBE_EEC_REQ,
        .reset = IXGBE_EEC_CS, .read = read_eec, .write = write_eec),
    ONE("EERD", IXGBE_EERD, "8.2.3.2", "reads a word, at once",
        .write = write_eerd),
    ONE("EEWR", IXGBE_EEWR, "8.2.3.2", "writes a word, at once",
        .reset = IXGBE_EERW_DONE, .write = write_eewr),
    ONE("FLA", IXGBE_FLA, "8.2.3.2", "the flash's pins; there is none",
        .wmask = 0x00000017, .read = read_fla),
    ONE("EEMNGCTL", IXGBE_EEMNGCTL, "8.2.3.2", "configuration is done",
        .access = IXGBE_REG_RO, .reset = IXGBE_EEMNGCTL_CFG_DONE),
    FIXED("EEMNGDATA", 0x10114, 1, "8.2.3.2", "no firmware", 0),
    FIXED("FLMNGCTL", 0x10118, 1, "8.2.3.2", "no firmware", 0),
    FIXED("FLMNGDATA", 0x1011c, 1, "8.2.3.2", "no firmware", 0),
    FIXED("FLMNGCNT", 0x10120, 1, "8.2.3.2", "no firmware", 0),
    KEPT("FLOP", IXGBE_FLOP, 1, "8.2.3.2", "kept"),
    ONE("GRC", IXGBE_GRC, "8.2.3.2", "APM enable: kept; no firmware",
        .wmask = IXGBE_GRC_APME, .reset = IXGBE_GRC_APME),
    FIXED("VPDDIAG", 0x10204, 2, "8.2.3.2", "no error", 0),
};

ROW_BLOCK(ixgbe_rows_nvm, rows);

/* --- saved state ------------------------------------------------------------ */

void ixgbe_nvm_save(const IxgbeNvm *nvm, StateWriter *w)
{
    state_put_section(w, "NVM ", STATE_VERSION);
    for (unsigned i = 0; i < IXGBE_NVM_WORDS; i++) {
        state_put_u16(w, nvm->words[i]);
    }
    state_put_u8(w, nvm->spi);
    state_put_u8(w, nvm->opcode);
    state_put_u8(w, nvm->bits);
    state_put_u16(w, nvm->shift);
    state_put_u16(w, nvm->address);
    state_put_bool(w, nvm->write_enabled);
    state_put_bool(w, nvm->wrote);
    state_put_bool(w, nvm->out);
}

bool ixgbe_nvm_load(IxgbeAdapter *a, StateReader *r)
{
    IxgbeNvm *nvm = &a->nvm;

    if (!state_get_section(r, "NVM ", STATE_VERSION)) {
        return false;
    }
    for (unsigned i = 0; i < IXGBE_NVM_WORDS; i++) {
        nvm->words[i] = state_get_u16(r);
    }
    nvm->spi = state_get_u8(r);
    nvm->opcode = state_get_u8(r);
    nvm->bits = state_get_u8(r);
    nvm->shift = state_get_u16(r);
    nvm->address = state_get_u16(r);
    nvm->write_enabled = state_get_bool(r);
    nvm->wrote = state_get_bool(r);
    nvm->out = state_get_bool(r);
    if (nvm->spi >= IXGBE_SPI_STATES || nvm->bits > 15 ||
        (nvm->bits > 7 && nvm->spi != IXGBE_SPI_ADDRESS &&
         nvm->spi != IXGBE_SPI_IGNORE)) {
        state_fail(r, "bad state of the EEPROM");
    }
    a->nvm_pins = eec_pins(a);
    return state_ok(r);
}
