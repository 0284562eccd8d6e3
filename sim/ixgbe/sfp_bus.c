/*
 * The two-wire bus of the SFP+ cage, bit by bit through I2CCTL (8.2.3.1).
 *
 * Both lines are open drain: a line is high only if nobody pulls it.  The
 * module takes a bit when the clock rises and changes its own when it falls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"
#include "ixgbe/rows.h"
#include "spec/ixgbe_board_regs.h"

/* Where the bus goes from a state when its 8 bits, or its ack, are done. */
static const uint8_t after[IXGBE_I2C_STATES] = {
    [IXGBE_I2C_IDLE]        = IXGBE_I2C_IDLE,
    [IXGBE_I2C_ADDRESS]     = IXGBE_I2C_ADDRESS_ACK,    /* or IGNORE */
    [IXGBE_I2C_ADDRESS_ACK] = IXGBE_I2C_OFFSET,         /* or READ */
    [IXGBE_I2C_OFFSET]      = IXGBE_I2C_OFFSET_ACK,
    [IXGBE_I2C_OFFSET_ACK]  = IXGBE_I2C_WRITE,
    [IXGBE_I2C_WRITE]       = IXGBE_I2C_WRITE_ACK,
    [IXGBE_I2C_WRITE_ACK]   = IXGBE_I2C_WRITE,
    [IXGBE_I2C_READ]        = IXGBE_I2C_READ_ACK,
    [IXGBE_I2C_READ_ACK]    = IXGBE_I2C_READ,           /* or IGNORE */
    [IXGBE_I2C_IGNORE]      = IXGBE_I2C_IGNORE,
};

static void enter(IxgbeSfp *sfp, IxgbeI2cState state)
{
    trace_ixgbe_i2c_state(sfp->state, state, sfp->slave, sfp->offset);
    sfp->state = state;
    sfp->bits = 0;
}

static bool answers(const IxgbeAdapter *a, uint8_t slave)
{
    if (!ixgbe_sfp_present(a)) {
        return false;
    }
    return slave == SFF_ADDRESS_ID ||
           (slave == SFF_ADDRESS_DDM && ixgbe_sfp_has_ddm(a));
}

/* A byte from the host is complete. */
static void take_byte(IxgbeAdapter *a)
{
    IxgbeSfp *sfp = &a->sfp;
    IxgbeI2cState next = after[sfp->state];

    switch (sfp->state) {
    case IXGBE_I2C_ADDRESS:
        sfp->slave = sfp->shift;
        if (!answers(a, sfp->slave & ~1u)) {
            next = IXGBE_I2C_IGNORE;
        }
        break;
    case IXGBE_I2C_OFFSET:
        sfp->offset = sfp->shift;
        break;
    case IXGBE_I2C_WRITE:
        ixgbe_sfp_put(a, sfp->slave & ~1u, sfp->offset++, sfp->shift);
        break;
    default:
        break;
    }
    enter(sfp, next);
}

static bool takes_bits(const IxgbeSfp *sfp)
{
    return sfp->state == IXGBE_I2C_ADDRESS ||
           sfp->state == IXGBE_I2C_OFFSET || sfp->state == IXGBE_I2C_WRITE;
}

static bool acknowledges(const IxgbeSfp *sfp)
{
    return sfp->state == IXGBE_I2C_ADDRESS_ACK ||
           sfp->state == IXGBE_I2C_OFFSET_ACK ||
           sfp->state == IXGBE_I2C_WRITE_ACK;
}

static void clock_rises(IxgbeSfp *sfp, bool line)
{
    if (takes_bits(sfp)) {
        sfp->shift = sfp->shift << 1 | line;
        sfp->bits++;
    } else if (sfp->state == IXGBE_I2C_READ) {
        sfp->bits++;
    } else if (sfp->state == IXGBE_I2C_READ_ACK) {
        sfp->shift = line;      /* high: no more */
        sfp->bits = 1;
    } else if (acknowledges(sfp)) {
        sfp->bits = 1;
    }
}

/* Moves on, and drives the line for the next rise. */
static void clock_falls(IxgbeAdapter *a)
{
    IxgbeSfp *sfp = &a->sfp;

    if (takes_bits(sfp) && sfp->bits == 8) {
        take_byte(a);
    } else if (acknowledges(sfp) && sfp->bits) {
        enter(sfp, sfp->state == IXGBE_I2C_ADDRESS_ACK && (sfp->slave & 1)
                   ? IXGBE_I2C_READ : after[sfp->state]);
    } else if (sfp->state == IXGBE_I2C_READ && sfp->bits == 8) {
        sfp->offset++;
        enter(sfp, after[sfp->state]);
    } else if (sfp->state == IXGBE_I2C_READ_ACK && sfp->bits) {
        enter(sfp, sfp->shift & 1 ? IXGBE_I2C_IGNORE : after[sfp->state]);
    }
    sfp->data = true;
    if (acknowledges(sfp)) {
        sfp->data = false;
    } else if (sfp->state == IXGBE_I2C_READ) {
        sfp->data = ixgbe_sfp_get(a, sfp->slave & ~1u, sfp->offset) >>
                    (7 - sfp->bits) & 1;
    }
}

static void drive(IxgbeAdapter *a, bool clock, bool data)
{
    IxgbeSfp *sfp = &a->sfp;
    bool before = sfp->host_data && sfp->data;
    bool was_high = sfp->host_clock;
    bool line;

    sfp->host_clock = clock;
    sfp->host_data = data;
    line = data && sfp->data;
    if (was_high && clock && before != line) {
        /* The data line moves while the clock is high: start or stop. */
        sfp->data = true;
        enter(sfp, line ? IXGBE_I2C_IDLE : IXGBE_I2C_ADDRESS);
    } else if (!was_high && clock) {
        clock_rises(sfp, line);
    } else if (was_high && !clock) {
        clock_falls(a);
    }
}

static uint32_t read_i2cctl(void *owner, unsigned index, uint32_t stored)
{
    const IxgbeSfp *sfp = &((IxgbeAdapter *)owner)->sfp;

    return stored | (sfp->host_clock ? IXGBE_I2CCTL_CLK_IN : 0) |
           (sfp->host_data && sfp->data ? IXGBE_I2CCTL_DATA_IN : 0);
}

static void write_i2cctl(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    drive(owner, value & IXGBE_I2CCTL_CLK_OUT,
          value & IXGBE_I2CCTL_DATA_OUT);
}

static const IxgbeReg rows[] = {
    ONE("I2CCTL", IXGBE_I2CCTL, "8.2.3.1", "the module's two-wire bus",
        .wmask = IXGBE_I2CCTL_CLK_OUT | IXGBE_I2CCTL_DATA_OUT,
        .reset = IXGBE_I2CCTL_CLK_OUT | IXGBE_I2CCTL_DATA_OUT,
        .read = read_i2cctl, .write = write_i2cctl),
};

ROW_BLOCK(ixgbe_rows_sfp, rows);
