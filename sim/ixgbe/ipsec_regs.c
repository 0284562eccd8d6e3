/*
 * The windows through which a driver reaches the tables of the security
 * block, 8.2.3.14, and their saved state.
 *
 * Keys and salts are numbers whose most significant byte comes first on the
 * wire; addresses and SPIs are in the order of memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/ipsec.h"
#include "ixgbe/rows.h"

static unsigned entry(uint32_t idx)
{
    return idx >> IXGBE_IPSIDX_SA_SHIFT & (IXGBE_IPSEC_SAS - 1);
}

static void key_from_regs(IxgbeAdapter *a, IpsecKey *key, uint32_t key_reg,
                          uint32_t salt_reg)
{
    for (unsigned n = 0; n < 4; n++) {
        wr_be32(key->key + 4 * (3 - n), reg(a, key_reg + 4 * n));
    }
    wr_be32(key->salt, reg(a, salt_reg));
}

static void key_to_regs(IxgbeAdapter *a, const IpsecKey *key,
                        uint32_t key_reg, uint32_t salt_reg)
{
    for (unsigned n = 0; n < 4; n++) {
        *reg_at(a, key_reg + 4 * n) = rd_be32(key->key + 4 * (3 - n));
    }
    *reg_at(a, salt_reg) = rd_be32(key->salt);
}

/* READ and WRITE are commands: done at once. */
static void write_txidx(void *owner, unsigned index, uint32_t value,
                        uint32_t *stored)
{
    IxgbeAdapter *a = owner;
    IpsecKey *key = &a->ipsec->tx[entry(value)];

    *stored = value & ~(IXGBE_IPSIDX_READ | IXGBE_IPSIDX_WRITE);
    if (value & IXGBE_IPSIDX_WRITE) {
        key_from_regs(a, key, IXGBE_IPSTXKEY(0), IXGBE_IPSTXSALT);
    } else if (value & IXGBE_IPSIDX_READ) {
        key_to_regs(a, key, IXGBE_IPSTXKEY(0), IXGBE_IPSTXSALT);
    }
}

static void count_valid(IxgbeIpsec *s)
{
    s->rx_valid = 0;
    for (unsigned n = 0; n < IXGBE_IPSEC_SAS; n++) {
        s->rx_valid += s->rx[n].mod & IXGBE_IPSRXMOD_VALID;
    }
}

static void rx_write(IxgbeAdapter *a, unsigned table, unsigned n)
{
    IxgbeIpsec *s = a->ipsec;
    IpsecRxSa *sa = &s->rx[n];

    switch (table) {
    case IXGBE_IPSRX_TABLE_IP:
        for (unsigned i = 0; i < 4; i++) {
            wr_le32(&s->ip[n % IXGBE_IPSEC_IPS][4 * i],
                    reg(a, IXGBE_IPSRXIPADDR(i)));
        }
        break;
    case IXGBE_IPSRX_TABLE_SPI:
        wr_le32(sa->spi, reg(a, IXGBE_IPSRXSPI));
        sa->ip = reg(a, IXGBE_IPSRXIPIDX) % IXGBE_IPSEC_IPS;
        break;
    case IXGBE_IPSRX_TABLE_KEY:
        s->rx_valid -= sa->mod & IXGBE_IPSRXMOD_VALID;
        key_from_regs(a, &sa->key, IXGBE_IPSRXKEY(0), IXGBE_IPSRXSALT);
        sa->mod = reg(a, IXGBE_IPSRXMOD);
        s->rx_valid += sa->mod & IXGBE_IPSRXMOD_VALID;
        break;
    }
}

static void rx_read(IxgbeAdapter *a, unsigned table, unsigned n)
{
    const IxgbeIpsec *s = a->ipsec;
    const IpsecRxSa *sa = &s->rx[n];

    switch (table) {
    case IXGBE_IPSRX_TABLE_IP:
        for (unsigned i = 0; i < 4; i++) {
            *reg_at(a, IXGBE_IPSRXIPADDR(i)) =
                rd_le32(&s->ip[n % IXGBE_IPSEC_IPS][4 * i]);
        }
        break;
    case IXGBE_IPSRX_TABLE_SPI:
        *reg_at(a, IXGBE_IPSRXSPI) = rd_le32(sa->spi);
        *reg_at(a, IXGBE_IPSRXIPIDX) = sa->ip;
        break;
    case IXGBE_IPSRX_TABLE_KEY:
        key_to_regs(a, &sa->key, IXGBE_IPSRXKEY(0), IXGBE_IPSRXSALT);
        *reg_at(a, IXGBE_IPSRXMOD) = sa->mod;
        break;
    }
}

static void write_rxidx(void *owner, unsigned index, uint32_t value,
                        uint32_t *stored)
{
    IxgbeAdapter *a = owner;
    unsigned table = value >> IXGBE_IPSIDX_TABLE_SHIFT & 3;

    *stored = value & ~(IXGBE_IPSIDX_READ | IXGBE_IPSIDX_WRITE);
    if (value & IXGBE_IPSIDX_WRITE) {
        rx_write(a, table, entry(value));
    } else if (value & IXGBE_IPSIDX_READ) {
        rx_read(a, table, entry(value));
    }
}

/* Ready to be set up: nothing is on its way through the block. */
static uint32_t read_txstat(void *owner, unsigned index, uint32_t stored)
{
    const IxgbeAdapter *a = owner;

    return (reg(a, IXGBE_SECTXCTRL) & IXGBE_SECTXCTRL_TX_DIS) &&
           ixgbe_txsched_empty(a) ? IXGBE_SECTXSTAT_RDY : 0;
}

static uint32_t read_rxstat(void *owner, unsigned index, uint32_t stored)
{
    /* What was received is in the packet buffer at once. */
    return reg(owner, IXGBE_SECRXCTRL) & IXGBE_SECRXCTRL_RX_DIS
           ? IXGBE_SECRXSTAT_RDY : 0;
}

IxgbeIpsec *ixgbe_ipsec_new(void)
{
    return g_new0(IxgbeIpsec, 1);
}

void ixgbe_ipsec_reset(IxgbeAdapter *a)
{
    memset(a->ipsec, 0, sizeof(*a->ipsec));
}

/* --- state -------------------------------------------------------------------- */

static bool key_used(const IpsecKey *key)
{
    static const IpsecKey none;

    return memcmp(key, &none, sizeof(none)) != 0;
}

static bool sa_used(const IpsecRxSa *sa)
{
    static const IpsecRxSa none;

    return memcmp(sa, &none, sizeof(none)) != 0;
}

/* Only what is not zero: usually nothing at all. */
void ixgbe_ipsec_save(const IxgbeAdapter *a, StateWriter *w)
{
    const IxgbeIpsec *s = a->ipsec;
    unsigned tx = 0, rx = 0;

    for (unsigned n = 0; n < IXGBE_IPSEC_SAS; n++) {
        tx += key_used(&s->tx[n]);
        rx += sa_used(&s->rx[n]);
    }
    state_put_u16(w, tx);
    for (unsigned n = 0; n < IXGBE_IPSEC_SAS; n++) {
        if (key_used(&s->tx[n])) {
            state_put_u16(w, n);
            state_put_bytes(w, &s->tx[n], sizeof(s->tx[n]));
        }
    }
    state_put_u16(w, rx);
    for (unsigned n = 0; n < IXGBE_IPSEC_SAS; n++) {
        if (sa_used(&s->rx[n])) {
            state_put_u16(w, n);
            state_put_bytes(w, &s->rx[n], sizeof(s->rx[n]));
        }
    }
    state_put_bytes(w, s->ip, sizeof(s->ip));
}

void ixgbe_ipsec_load(IxgbeAdapter *a, StateReader *r)
{
    IxgbeIpsec *s = a->ipsec;
    unsigned count;

    ixgbe_ipsec_reset(a);
    for (count = state_get_u16(r); count && state_ok(r); count--) {
        unsigned n = state_get_u16(r) % IXGBE_IPSEC_SAS;

        state_get_bytes(r, &s->tx[n], sizeof(s->tx[n]));
    }
    for (count = state_get_u16(r); count && state_ok(r); count--) {
        unsigned n = state_get_u16(r) % IXGBE_IPSEC_SAS;

        state_get_bytes(r, &s->rx[n], sizeof(s->rx[n]));
        s->rx[n].ip %= IXGBE_IPSEC_IPS;
    }
    state_get_bytes(r, s->ip, sizeof(s->ip));
    count_valid(s);
}

/* --- rows ----------------------------------------------------------------------- */

#define SEC "8.2.3.13"
#define IPS "8.2.3.14"

static const IxgbeReg rows[] = {
    ONE("SECTXCTRL", IXGBE_SECTXCTRL, SEC, "security block: off, data path "
        "stopped", .reset = IXGBE_SECTXCTRL_SECTX_DIS,
        .write = ixgbe_write_enable),
    ONE("SECTXSTAT", IXGBE_SECTXSTAT, SEC, "ready when stopped and empty",
        .access = IXGBE_REG_RO, .read = read_txstat),
    ONE("SECTXBUFFAF", IXGBE_SECTXBUFFAF, SEC, "kept", .reset = 0x250),
    ONE("SECTXMINIFG", IXGBE_SECTXMINIFG, SEC, "kept", .reset = 0x1001),
    ONE("SECRXCTRL", IXGBE_SECRXCTRL, SEC, "security block: off, data path "
        "stopped", .reset = IXGBE_SECRXCTRL_SECRX_DIS),
    ONE("SECRXSTAT", IXGBE_SECRXSTAT, SEC, "ready when stopped",
        .access = IXGBE_REG_RO, .read = read_rxstat),
    ONE("IPSTXIDX", IXGBE_IPSTXIDX, IPS, "window on the transmit SAs",
        .write = write_txidx),
    ONE("IPSTXSALT", IXGBE_IPSTXSALT, IPS, "salt"),
    ROW("IPSTXKEY", IXGBE_IPSTXKEY(0), 4, 4, IPS, "key"),
    ONE("IPSRXIDX", IXGBE_IPSRXIDX, IPS, "window on the receive tables",
        .write = write_rxidx),
    ROW("IPSRXIPADDR", IXGBE_IPSRXIPADDR(0), 4, 4, IPS, "address"),
    ONE("IPSRXSPI", IXGBE_IPSRXSPI, IPS, "SPI"),
    ONE("IPSRXIPIDX", IXGBE_IPSRXIPIDX, IPS, "entry of the address",
        .wmask = 0x7f),
    ROW("IPSRXKEY", IXGBE_IPSRXKEY(0), 4, 4, IPS, "key"),
    ONE("IPSRXSALT", IXGBE_IPSRXSALT, IPS, "salt"),
    ONE("IPSRXMOD", IXGBE_IPSRXMOD, IPS, "what is done with the packets",
        .wmask = 0x1f),
};

ROW_BLOCK(ixgbe_rows_ipsec, rows);
