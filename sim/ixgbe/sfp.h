/*
 * The SFP+ cage: a module's memory behind the two-wire bus of I2CCTL.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_SFP_H
#define SIM_IXGBE_SFP_H

#include "iovlab/ixgbe_adapter.h"
#include "ixgbe/regs.h"
#include "spec/sff8472.h"

/* What the module makes of the next clock (sfp_bus.c). */
typedef enum IxgbeI2cState {
    IXGBE_I2C_IDLE,             /* between a stop and a start */
    IXGBE_I2C_ADDRESS,          /* takes the bus address and direction */
    IXGBE_I2C_ADDRESS_ACK,      /* acknowledges them */
    IXGBE_I2C_OFFSET,           /* takes the byte offset */
    IXGBE_I2C_OFFSET_ACK,       /* acknowledges it */
    IXGBE_I2C_WRITE,            /* takes a byte */
    IXGBE_I2C_WRITE_ACK,        /* acknowledges it */
    IXGBE_I2C_READ,             /* gives a byte */
    IXGBE_I2C_READ_ACK,         /* sees whether the host wants another */
    IXGBE_I2C_IGNORE,           /* not addressed: waits for a start */
    IXGBE_I2C_STATES
} IxgbeI2cState;

typedef struct IxgbeSfp {
    uint8_t id[SFF_MEMORY];
    uint8_t ddm[SFF_MEMORY];
    uint8_t state;              /* IxgbeI2cState */
    uint8_t slave;              /* bus address as received, with direction */
    uint8_t offset;
    uint8_t shift;
    uint8_t bits;               /* of the byte, so far */
    bool host_clock;            /* what the host drives; false: low */
    bool host_data;
    bool data;                  /* what the module lets the line be */
} IxgbeSfp;

struct IxgbeAdapter;
/* sfp.c */
void ixgbe_sfp_insert(struct IxgbeAdapter *a);
bool ixgbe_sfp_present(const struct IxgbeAdapter *a);
bool ixgbe_sfp_has_ddm(const struct IxgbeAdapter *a);
/* A byte as the host sees it now. */
uint8_t ixgbe_sfp_get(const struct IxgbeAdapter *a, uint8_t slave,
                      uint8_t offset);
void ixgbe_sfp_put(struct IxgbeAdapter *a, uint8_t slave, uint8_t offset,
                   uint8_t value);
void ixgbe_sfp_save(const IxgbeSfp *sfp, StateWriter *w);
bool ixgbe_sfp_load(IxgbeSfp *sfp, StateReader *r);

#endif
