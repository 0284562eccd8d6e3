/*
 * The PF's view of its interrupt block.  Datasheet 7.3.1, 8.2.3.5.
 *
 * Vectors 0 to 15 are in bits 15:0 of EICR and its companions; all 64 are in
 * the registers that have two words (_EX).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"
#include "ixgbe/pf_regs.h"

static uint64_t word(unsigned index, uint32_t value)
{
    return (uint64_t)value << (32 * index);
}

uint32_t ixgbe_pf_read_eicr(void *owner, unsigned index, uint32_t stored)
{
    return ixgbe_intr_read_causes(&((IxgbeFunction *)owner)->intr);
}

void ixgbe_pf_write_eicr(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    ixgbe_intr_clear_causes(&((IxgbeFunction *)owner)->intr,
                            value & IXGBE_EICR_QUEUES,
                            value & ~IXGBE_EICR_QUEUES);
}

uint32_t ixgbe_pf_read_eics(void *owner, unsigned index, uint32_t stored)
{
    const IxgbeIntr *intr = &((IxgbeFunction *)owner)->intr;

    return (intr->eicr & IXGBE_EICR_QUEUES) | intr->other.eicr;
}

void ixgbe_pf_write_eics(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    ixgbe_intr_raise_soft(&((IxgbeFunction *)owner)->intr,
                          value & IXGBE_EICR_QUEUES,
                          value & ~IXGBE_EICR_QUEUES);
}

uint32_t ixgbe_pf_read_eims(void *owner, unsigned index, uint32_t stored)
{
    const IxgbeIntr *intr = &((IxgbeFunction *)owner)->intr;

    return (intr->eims & IXGBE_EICR_QUEUES) | intr->other.eims;
}

void ixgbe_pf_write_eims(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    ixgbe_intr_unmask(&((IxgbeFunction *)owner)->intr,
                      value & IXGBE_EICR_QUEUES, value & ~IXGBE_EICR_QUEUES);
}

void ixgbe_pf_write_eimc(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    ixgbe_intr_mask(&((IxgbeFunction *)owner)->intr,
                    value & IXGBE_EICR_QUEUES, value & ~IXGBE_EICR_QUEUES);
}

uint32_t ixgbe_pf_read_eiac(void *owner, unsigned index, uint32_t stored)
{
    const IxgbeIntr *intr = &((IxgbeFunction *)owner)->intr;

    return (intr->eiac & IXGBE_EICR_QUEUES) | intr->other.eiac;
}

void ixgbe_pf_write_eiac(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    IxgbeIntr *intr = &((IxgbeFunction *)owner)->intr;

    intr->eiac = value & IXGBE_EICR_QUEUES;
    intr->other.eiac = value & ~IXGBE_EICR_QUEUES;
}

uint32_t ixgbe_pf_read_eiam(void *owner, unsigned index, uint32_t stored)
{
    const IxgbeIntr *intr = &((IxgbeFunction *)owner)->intr;

    return (intr->eiam & IXGBE_EICR_QUEUES) | intr->other.eiam;
}

void ixgbe_pf_write_eiam(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    IxgbeIntr *intr = &((IxgbeFunction *)owner)->intr;

    intr->eiam &= ~(uint64_t)IXGBE_EICR_QUEUES;
    intr->eiam |= value & IXGBE_EICR_QUEUES;
    intr->other.eiam = value & ~IXGBE_EICR_QUEUES;
}

/* --- two words ----------------------------------------------------------- */

uint32_t ixgbe_pf_read_eicr_ex(void *owner, unsigned index, uint32_t stored)
{
    return ((IxgbeFunction *)owner)->intr.eicr >> (32 * index);
}

void ixgbe_pf_write_eicr_ex(void *owner, unsigned index, uint32_t value,
                            uint32_t *stored)
{
    ixgbe_intr_clear_causes(&((IxgbeFunction *)owner)->intr,
                            word(index, value), 0);
}

void ixgbe_pf_write_eics_ex(void *owner, unsigned index, uint32_t value,
                            uint32_t *stored)
{
    ixgbe_intr_raise_soft(&((IxgbeFunction *)owner)->intr,
                          word(index, value), 0);
}

uint32_t ixgbe_pf_read_eims_ex(void *owner, unsigned index, uint32_t stored)
{
    return ((IxgbeFunction *)owner)->intr.eims >> (32 * index);
}

void ixgbe_pf_write_eims_ex(void *owner, unsigned index, uint32_t value,
                            uint32_t *stored)
{
    ixgbe_intr_unmask(&((IxgbeFunction *)owner)->intr, word(index, value), 0);
}

void ixgbe_pf_write_eimc_ex(void *owner, unsigned index, uint32_t value,
                            uint32_t *stored)
{
    ixgbe_intr_mask(&((IxgbeFunction *)owner)->intr, word(index, value), 0);
}

uint32_t ixgbe_pf_read_eiam_ex(void *owner, unsigned index, uint32_t stored)
{
    return ((IxgbeFunction *)owner)->intr.eiam >> (32 * index);
}

void ixgbe_pf_write_eiam_ex(void *owner, unsigned index, uint32_t value,
                            uint32_t *stored)
{
    IxgbeIntr *intr = &((IxgbeFunction *)owner)->intr;

    intr->eiam &= ~word(index, UINT32_MAX);
    intr->eiam |= word(index, value);
}

/* --- moderation, mode, mapping ------------------------------------------- */

/* EITR 64 and up are for VFs; a VF's own are in its window: kept. */
uint32_t ixgbe_pf_read_eitr(void *owner, unsigned index, uint32_t stored)
{
    const IxgbeIntr *intr = &((IxgbeFunction *)owner)->intr;

    return index < intr->vectors ? intr->eitr[index] : stored;
}

void ixgbe_pf_write_eitr(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    ixgbe_intr_set_throttle(&((IxgbeFunction *)owner)->intr, index, value);
}

static uint8_t ivar_vector(uint32_t ivar, unsigned entry)
{
    uint8_t value = ivar >> (entry * 8);

    return value & IXGBE_IVAR_VALID ? value & IXGBE_IVAR_VECTOR
                                    : IXGBE_NO_VECTOR;
}

/* Four entries: receive and transmit of an even queue, then of an odd one. */
void ixgbe_pf_apply_ivar(IxgbeFunction *pf)
{
    uint32_t gpie = *ixgbe_regs_at(&pf->regs, IXGBE_GPIE);
    uint32_t misc = *ixgbe_regs_at(&pf->regs, IXGBE_IVAR_MISC);

    for (unsigned q = 0; q < pf->queues; q++) {
        uint32_t ivar = *ixgbe_regs_at(&pf->regs, IXGBE_IVAR(q / 2));

        if (pf->rx[q].fn == pf) {
            pf->rx[q].vector = ivar_vector(ivar, (q & 1) * 2);
            pf->tx[q].vector = ivar_vector(ivar, (q & 1) * 2 + 1);
        }
    }
    ixgbe_intr_map_queues(&pf->intr);
    pf->intr.other.timer_vector = ivar_vector(misc, 0);
    pf->intr.other.vector = ivar_vector(misc, 1);
    pf->intr.single = !(gpie & IXGBE_GPIE_MSIX);
    pf->intr.auto_mask = !pf->intr.single && (gpie & IXGBE_GPIE_EIAME);
    pf->intr.keep_other = !pf->intr.single && (gpie & IXGBE_GPIE_OCD);
    pf->intr.eics_at_once = gpie & IXGBE_GPIE_EIMEN;
}

void ixgbe_pf_write_ivar(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    IxgbeFunction *pf = owner;

    ixgbe_pf_apply_ivar(pf);
    ixgbe_intr_evaluate(&pf->intr);
}
