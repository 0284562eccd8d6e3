/*
 * The PF's end of the mailboxes, and the record of VF resets, 7.10.2.9 and
 * 8.2.3.27.
 *
 * The VF's end may be in another process: there it takes VFU by what it knows,
 * and tells.  If both ends took the buffer at once, the VF's request stands.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "iovlab-trace.h"

static void raise_cause(IxgbeAdapter *a, unsigned vf)
{
    if (reg(a, IXGBE_PFMBIMR(vf / 32)) >> (vf % 32) & 1) {
        a->ops->cause(a->opaque, IXGBE_EICR_MAILBOX);
    }
}

void ixgbe_mailbox_from_vf(IxgbeAdapter *a, unsigned vf, uint32_t value)
{
    IxgbeMailbox *mbx = &a->mailbox[vf];
    uint32_t bits = 0;

    trace_ixgbe_mailbox_vf_write(vf, value);
    mbx->vfu = value & IXGBE_VFMAILBOX_VFU;
    if (value & IXGBE_VFMAILBOX_REQ) {
        bits |= 1u << (vf % 16);
    }
    if (value & IXGBE_VFMAILBOX_ACK) {
        bits |= 0x10000u << (vf % 16);
    }
    if (bits) {
        *reg_at(a, IXGBE_PFMBICR(vf / 16)) |= bits;
        raise_cause(a, vf);
    }
}

void ixgbe_mailbox_mem_from_vf(IxgbeAdapter *a, unsigned vf, unsigned index,
                               uint32_t value)
{
    if (index < IXGBE_MBX_DWORDS) {
        reg_at(a, IXGBE_PFMBMEM(vf))[index] = value;
    }
}

void ixgbe_mailbox_vf_reset(IxgbeAdapter *a, unsigned vf)
{
    uint32_t vflre = vf < 32 ? IXGBE_VFLRE0 : IXGBE_VFLRE1;

    a->mailbox[vf].vfu = false;
    a->mailbox[vf].edges = 0;
    *reg_at(a, vflre) |= 1u << (vf % 32);
    a->ops->cause(a->opaque, IXGBE_EICR_MAILBOX);
}

static uint32_t levels(const IxgbeMailbox *mbx)
{
    return (mbx->vfu ? IXGBE_VFMAILBOX_VFU : 0) |
           (mbx->pfu ? IXGBE_VFMAILBOX_PFU : 0);
}

/* What the VF is to be told; its edges are told once. */
uint32_t ixgbe_mailbox_take_state(IxgbeAdapter *a, unsigned vf,
                                  uint32_t mem[IXGBE_MBX_DWORDS])
{
    IxgbeMailbox *mbx = &a->mailbox[vf];
    uint32_t value = mbx->edges | levels(mbx);

    memcpy(mem, reg_at(a, IXGBE_PFMBMEM(vf)), 4 * IXGBE_MBX_DWORDS);
    mbx->edges = 0;
    return value;
}

void ixgbe_mailbox_reset(IxgbeAdapter *a)
{
    memset(a->mailbox, 0, sizeof(a->mailbox));
}

uint32_t ixgbe_mailbox_read(void *owner, unsigned vf, uint32_t stored)
{
    const IxgbeMailbox *mbx = &((IxgbeAdapter *)owner)->mailbox[vf];

    return (mbx->vfu ? IXGBE_PFMAILBOX_VFU : 0) |
           (mbx->pfu ? IXGBE_PFMAILBOX_PFU : 0);
}

void ixgbe_mailbox_write(void *owner, unsigned vf, uint32_t value,
                         uint32_t *stored)
{
    IxgbeAdapter *a = owner;
    IxgbeMailbox *mbx = &a->mailbox[vf];

    trace_ixgbe_mailbox_pf_write(vf, value);
    *stored = 0;
    if (value & IXGBE_PFMAILBOX_RVFU) {
        mbx->vfu = false;
    }
    mbx->pfu = (value & IXGBE_PFMAILBOX_PFU) && !mbx->vfu;
    if (value & IXGBE_PFMAILBOX_STS) {
        mbx->edges |= IXGBE_VFMAILBOX_PFSTS;
    }
    if (value & IXGBE_PFMAILBOX_ACK) {
        mbx->edges |= IXGBE_VFMAILBOX_PFACK;
    }
    if (a->vf[vf] && a->vf[vf]->ops->mailbox) {
        a->vf[vf]->ops->mailbox(a->vf[vf]->fn, levels(mbx));
    }
    /* Elsewhere PFU is seen with the next edge, a request then stands. */
    if (value & (IXGBE_PFMAILBOX_STS | IXGBE_PFMAILBOX_ACK |
                 IXGBE_PFMAILBOX_RVFU)) {
        ixgbe_adapter_state_stale(a, POOL_BIT(vf));
    }
}

void ixgbe_mailbox_mem_write(void *owner, unsigned index, uint32_t value,
                             uint32_t *stored)
{
    /* The VF sees it together with the edge that announces it. */
}

void ixgbe_mailbox_vflrec_write(void *owner, unsigned index, uint32_t value,
                                uint32_t *stored)
{
    *reg_at(owner, index ? IXGBE_VFLRE1 : IXGBE_VFLRE0) &= ~value;
    *stored = 0;
}
