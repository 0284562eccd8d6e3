/*
 * The register table: one row per register, or per array of registers.
 *
 * Reads, writes, reset, saved state and the register page in docs/ all come
 * from the rows.  A map is the table with its lookup and is built once; a file
 * (IxgbeRegs) is one function's values.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_REGS_H
#define SIM_IXGBE_REGS_H

#include "iovlab/bytes.h"
#include "iovlab/state.h"

/* Datasheet 8.1: what a read and a write of the register do. */
typedef enum IxgbeRegAccess {
    IXGBE_REG_RW,               /* holds the writable bits */
    IXGBE_REG_RO,               /* writes are ignored */
    IXGBE_REG_WO,               /* reads as zero */
    IXGBE_REG_RC,               /* a read clears; writes are ignored */
    IXGBE_REG_RCW,              /* a read clears; writes store */
    IXGBE_REG_W1C,              /* a written one clears the bit */
    IXGBE_REG_W1S,              /* a written one sets the bit */
    IXGBE_REG_RC_W1C,           /* a read clears all, a written one its bit */
} IxgbeRegAccess;

/* Who resets; a row may outlive some of them (IxgbeReg.keep). */
typedef enum IxgbeResetKind {
    IXGBE_RESET_POWER = 1 << 0, /* machine reset: nothing outlives it */
    IXGBE_RESET_FLR   = 1 << 1, /* PCIe function level reset, 4.2.1.5 */
    IXGBE_RESET_SW    = 1 << 2, /* CTRL.RST, or VFCTRL.RST for a VF */
    IXGBE_RESET_LINK  = 1 << 3, /* CTRL.LRST */
} IxgbeResetKind;

/*
 * @owner is the file's.  A read hook gets the stored value and returns what is
 * read (before the access class clears anything); a write hook runs after the
 * access class was applied and gets the value as written and may change the
 * stored one.
 */
typedef uint32_t IxgbeRegRead(void *owner, unsigned index, uint32_t stored);
typedef void IxgbeRegWrite(void *owner, unsigned index, uint32_t value,
                           uint32_t *stored);

typedef struct IxgbeReg {
    const char *name;           /* datasheet name, without the index */
    uint32_t offset;
    uint16_t count;             /* 0 and 1: no array */
    uint16_t stride;            /* bytes; 0: 4 */
    uint16_t first;             /* index of the first (arrays in two parts) */
    uint8_t access;             /* IxgbeRegAccess */
    uint8_t keep;               /* IxgbeResetKind that it outlives */
    uint32_t reset;
    uint32_t wmask;             /* writable bits; 0: all of them */
    IxgbeRegRead *read;
    IxgbeRegWrite *write;
    const char *alias;          /* shares values and hooks of this row */
    const char *section;        /* of the datasheet */
    const char *text;           /* one line for the register page */
} IxgbeReg;

typedef struct IxgbeRegMap IxgbeRegMap;

/*
 * @rows lives as long as the map.  Aborts on a table that contradicts itself:
 * overlapping rows, offsets outside @size or not of dwords, an alias of
 * nothing.  @size is that of the BAR.
 */
IxgbeRegMap *ixgbe_regmap_new(const char *name, const IxgbeReg *rows,
                              size_t count, uint32_t size);
void ixgbe_regmap_free(IxgbeRegMap *map);
uint32_t ixgbe_regmap_size(const IxgbeRegMap *map);
/* The row that decodes @offset, and the index in it; NULL if none. */
const IxgbeReg *ixgbe_regmap_find(const IxgbeRegMap *map, uint32_t offset,
                                  unsigned *index);
/* The register page, as Markdown; free with g_free(). */
char *ixgbe_regmap_markdown(const IxgbeRegMap *map, const char *title);

typedef struct IxgbeRegs {
    const IxgbeRegMap *map;
    void *owner;
    uint32_t *values;
    const uint32_t *value_of;   /* the map's: value by dword, or all ones */
    uint32_t size;              /* the map's */
} IxgbeRegs;

/* Values start as after a power reset. */
void ixgbe_regs_init(IxgbeRegs *regs, const IxgbeRegMap *map, void *owner);
void ixgbe_regs_clear(IxgbeRegs *regs);
/* Stored values only; hooks are not called. */
void ixgbe_regs_reset(IxgbeRegs *regs, IxgbeResetKind kind);

/*
 * A guest's access.  The unit is the dword: a read of part of one (size 1, 2)
 * returns these bytes, and reads as a whole; a write of part of one is ignored
 * (8.1); 8 bytes are two dwords, low first.  Undecoded offsets read zero.
 */
uint64_t ixgbe_regs_read(IxgbeRegs *regs, uint64_t offset, unsigned size);
void ixgbe_regs_write(IxgbeRegs *regs, uint64_t offset, uint64_t value,
                      unsigned size);

/* Aborts: the model asked for a register that its table does not have. */
uint32_t *ixgbe_regs_missing(const IxgbeRegs *regs, uint32_t offset);

/*
 * The model's own access to a stored value, without hooks or side effects.
 * @offset must be one of the table; the pointer lives as long as the file.
 */
static inline uint32_t *ixgbe_regs_at(const IxgbeRegs *regs, uint32_t offset)
{
    uint32_t value = offset < regs->size ? regs->value_of[offset / 4]
                                         : UINT32_MAX;

    if (G_UNLIKELY(value == UINT32_MAX)) {
        return ixgbe_regs_missing(regs, offset);
    }
    return &regs->values[value];
}

/*
 * Only writable bits may come out of the stream for RW rows.  Rows that the
 * stream lacks keep their reset value; rows that the table lacks are an error.
 */
void ixgbe_regs_save(const IxgbeRegs *regs, StateWriter *w);
bool ixgbe_regs_load(IxgbeRegs *regs, StateReader *r);

#endif
