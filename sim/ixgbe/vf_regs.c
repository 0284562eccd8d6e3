/*
 * The VF's view: BAR0 as a table over queues and interrupt block.  Datasheet
 * 8.3.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"
#include "ixgbe/queue_regs.h"

/* --- interrupts --------------------------------------------------------------- */

static uint32_t read_eicr(void *owner, unsigned index, uint32_t stored)
{
    IxgbeFunction *fn = owner;

    return ixgbe_intr_read_causes(&fn->intr);
}

static void write_eicr(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    IxgbeFunction *fn = owner;

    ixgbe_intr_clear_causes(&fn->intr, value, 0);
}

static uint32_t read_eics(void *owner, unsigned index, uint32_t stored)
{
    IxgbeFunction *fn = owner;

    return fn->intr.eicr;
}

static void write_eics(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    IxgbeFunction *fn = owner;

    ixgbe_intr_raise_soft(&fn->intr, value, 0);
}

static uint32_t read_eims(void *owner, unsigned index, uint32_t stored)
{
    IxgbeFunction *fn = owner;

    return fn->intr.eims;
}

static void write_eims(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    IxgbeFunction *fn = owner;

    ixgbe_intr_unmask(&fn->intr, value, 0);
}

static void write_eimc(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    IxgbeFunction *fn = owner;

    ixgbe_intr_mask(&fn->intr, value, 0);
}

static uint32_t read_eiac(void *owner, unsigned index, uint32_t stored)
{
    return ((IxgbeFunction *)owner)->intr.eiac;
}

static void write_eiac(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    ((IxgbeFunction *)owner)->intr.eiac = *stored;
}

static uint32_t read_eiam(void *owner, unsigned index, uint32_t stored)
{
    return ((IxgbeFunction *)owner)->intr.eiam;
}

static void write_eiam(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    ((IxgbeFunction *)owner)->intr.eiam = *stored;
}

static uint32_t read_eitr(void *owner, unsigned index, uint32_t stored)
{
    IxgbeFunction *fn = owner;

    return fn->intr.eitr[index];
}

static void write_eitr(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    IxgbeFunction *fn = owner;

    ixgbe_intr_set_throttle(&fn->intr, index, value);
}

static uint8_t ivar_vector(uint32_t ivar, unsigned entry)
{
    uint8_t value = ivar >> (entry * 8);

    return value & IXGBE_IVAR_VALID ? value & 3 : IXGBE_NO_VECTOR;
}

/* Four entries: receive and transmit of an even queue, then of an odd one. */
void ixgbe_vf_apply_ivar(IxgbeFunction *fn)
{
    for (unsigned q = 0; q < fn->queues; q++) {
        uint32_t ivar = *ixgbe_regs_at(&fn->regs, IXGBE_VTIVAR(q / 2));

        fn->rx[q].vector = ivar_vector(ivar, (q & 1) * 2);
        fn->tx[q].vector = ivar_vector(ivar, (q & 1) * 2 + 1);
    }
    ixgbe_intr_map_queues(&fn->intr);
    fn->other_vector =
        ivar_vector(*ixgbe_regs_at(&fn->regs, IXGBE_VTIVAR_MISC), 0);
}

static void write_ivar(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    ixgbe_vf_apply_ivar(owner);
}

/* --- general, mailbox ----------------------------------------------------------- */

static void write_vfctrl(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    if (value & IXGBE_VFCTRL_RST) {
        ixgbe_function_reset(owner, IXGBE_RESET_SW);
    }
}

static uint32_t read_vflinks(void *owner, unsigned index, uint32_t stored)
{
    IxgbeFunction *fn = owner;

    fn->link_seen = fn->state.links & IXGBE_LINKS_UP;
    return fn->state.links;
}

/* 8.2.3.5 FRTIMER: microseconds 9:0, milliseconds 19:10, seconds 31:20. */
static uint32_t read_frtimer(void *owner, unsigned index, uint32_t stored)
{
    IxgbeFunction *fn = owner;
    uint64_t us = fn->ops->clock_ns(fn->opaque) / 1000;

    return us % 1000 | us / 1000 % 1000 << 10 | (us / 1000000 & 0xfff) << 20;
}

static uint32_t read_mbmem(void *owner, unsigned index, uint32_t stored)
{
    return ((IxgbeFunction *)owner)->state.mbmem[index];
}

static void write_mbmem(void *owner, unsigned index, uint32_t value,
                        uint32_t *stored)
{
    IxgbeFunction *fn = owner;

    fn->state.mbmem[index] = value;
    if (fn->port_ops) {
        fn->port_ops->mailbox_mem(fn->port, index, value);
    }
}

static uint32_t read_mailbox(void *owner, unsigned index, uint32_t stored)
{
    return ixgbe_vf_mailbox_read(owner);
}

static void write_mailbox(void *owner, unsigned index, uint32_t value,
                          uint32_t *stored)
{
    ixgbe_vf_mailbox_write(owner, value);
}

static uint32_t read_psrtype(void *owner, unsigned index, uint32_t stored)
{
    return *((IxgbeFunction *)owner)->psrtype;
}

static void write_psrtype(void *owner, unsigned index, uint32_t value,
                          uint32_t *stored)
{
    *((IxgbeFunction *)owner)->psrtype = value;
}

/* --- counters: 8.3.5.7; octets include the FCS ---------------------------------- */

#define COUNTER(name, expression)                                          \
    static uint32_t read_##name(void *owner, unsigned index,               \
                                uint32_t stored)                           \
    {                                                                      \
        const IxgbeFunctionStats *s = &((IxgbeFunction *)owner)->stats;    \
        return expression;                                                 \
    }

COUNTER(vfgprc, s->rx_frames)
COUNTER(vfmprc, s->rx_multicast)
COUNTER(vfgptc, s->tx_frames)
COUNTER(vfgorc_lsb, s->rx_bytes + 4 * s->rx_frames)
COUNTER(vfgorc_msb, (s->rx_bytes + 4 * s->rx_frames) >> 32 & 0xf)
COUNTER(vfgotc_lsb, s->tx_bytes + 4 * s->tx_frames)
COUNTER(vfgotc_msb, (s->tx_bytes + 4 * s->tx_frames) >> 32 & 0xf)

/* --- the table ------------------------------------------------------------------- */

#define RXQ(row_name, at, mask, hooks, sec, about)                         \
    QUEUE_ROW(row_name, at, 0, IXGBE_VF_QUEUES, mask, hooks, sec, about)
#define COUNT(row_name, at, hook, sec, about)                              \
    { .name = row_name, .offset = at, .access = IXGBE_REG_RO,              \
      .read = read_##hook, .section = sec, .text = about }
#define KEPT IXGBE_RESET_FLR | IXGBE_RESET_SW

static const IxgbeReg vf_rows[] = {
    { .name = "VFCTRL", .offset = IXGBE_VFCTRL, .access = IXGBE_REG_WO,
      .wmask = IXGBE_VFCTRL_RST, .write = write_vfctrl,
      .section = "8.3.5", .text = "RST resets queues and interrupts" },
    { .name = "VFSTATUS", .offset = IXGBE_VFSTATUS, .access = IXGBE_REG_RO,
      .section = "8.3.5", .text = "read to flush posted writes" },
    { .name = "VFLINKS", .offset = IXGBE_VFLINKS, .access = IXGBE_REG_RO,
      .read = read_vflinks, .section = "8.3.5",
      .text = "the adapter's LINKS" },
    { .name = "VFFRTIMER", .offset = IXGBE_VFFRTIMER,
      .access = IXGBE_REG_RO, .read = read_frtimer, .section = "8.3.5",
      .text = "free running" },
    { .name = "VFRXMEMWRAP", .offset = IXGBE_VFRXMEMWRAP,
      .access = IXGBE_REG_RO, .section = "8.3.5",
      .text = "always 0: frames are not kept in packet memory" },

    { .name = "VTEICR", .offset = IXGBE_VTEICR, .access = IXGBE_REG_RC_W1C,
      .wmask = IXGBE_VT_CAUSES, .read = read_eicr, .write = write_eicr,
      .section = "8.3.5", .text = "causes, one for each vector" },
    { .name = "VTEICS", .offset = IXGBE_VTEICS, .access = IXGBE_REG_W1S,
      .wmask = IXGBE_VT_CAUSES, .read = read_eics, .write = write_eics,
      .section = "8.3.5", .text = "raises; a read does not clear" },
    { .name = "VTEIMS", .offset = IXGBE_VTEIMS, .access = IXGBE_REG_W1S,
      .wmask = IXGBE_VT_CAUSES, .read = read_eims, .write = write_eims,
      .section = "8.3.5", .text = "unmasks" },
    { .name = "VTEIMC", .offset = IXGBE_VTEIMC, .access = IXGBE_REG_WO,
      .wmask = IXGBE_VT_CAUSES, .write = write_eimc,
      .section = "8.3.5", .text = "masks" },
    { .name = "VTEIAC", .offset = IXGBE_VTEIAC, .wmask = IXGBE_VT_CAUSES,
      .read = read_eiac, .write = write_eiac, .section = "8.3.5",
      .text = "causes that a message clears" },
    { .name = "VTEIAM", .offset = IXGBE_VTEIAM, .wmask = IXGBE_VT_CAUSES,
      .read = read_eiam, .write = write_eiam, .section = "8.3.5",
      .text = "causes that a message masks" },
    { .name = "VTIVAR", .offset = IXGBE_VTIVAR(0), .count = 4,
      .wmask = 0x83838383, .write = write_ivar, .section = "8.3.5",
      .text = "queue to vector" },
    { .name = "VTIVAR_MISC", .offset = IXGBE_VTIVAR_MISC, .wmask = 0x83,
      .write = write_ivar, .section = "8.3.5",
      .text = "mailbox and link to vector" },
    { .name = "VTRSCINT", .offset = IXGBE_VTRSCINT(0), .count = 3,
      .section = "8.3.5", .text = "storage only: no RSC" },
    { .name = "VTEITR", .offset = IXGBE_VTEITR(0),
      .count = IXGBE_VF_VECTORS,
      .wmask = IXGBE_EITR_INTERVAL | IXGBE_EITR_LLI | IXGBE_EITR_CNT_WDIS,
      .read = read_eitr, .write = write_eitr, .section = "8.3.5",
      .text = "moderation, steps of 2 us" },

    { .name = "VFMBMEM", .offset = IXGBE_VFMBMEM(0),
      .count = IXGBE_MBX_DWORDS, .read = read_mbmem, .write = write_mbmem,
      .keep = KEPT, .section = "8.3.5", .text = "shared with the PF" },
    { .name = "VFMAILBOX", .offset = IXGBE_VFMAILBOX, .wmask = 0x7,
      .read = read_mailbox, .write = write_mailbox, .keep = KEPT,
      .section = "8.3.5",
      .text = "PFSTS, PFACK, RSTD clear when read" },
    { .name = "VFPSRTYPE", .offset = IXGBE_VFPSRTYPE,
      .read = read_psrtype, .write = write_psrtype, .keep = KEPT,
      .section = "8.3.5",
      .text = "headers to split; RQPL: log2 of the RSS queues in use" },

    RXQ("VFRDBAL", IXGBE_VFRDBAL(0), IXGBE_RING_ALIGN_MASK, rdbal,
        "8.3.5", "ring, low"),
    RXQ("VFRDBAH", IXGBE_VFRDBAH(0), 0, rdbah, "8.3.5", "ring, high"),
    RXQ("VFRDLEN", IXGBE_VFRDLEN(0), IXGBE_RING_LEN_MASK, rdlen,
        "8.3.5", "ring, bytes"),
    RXQ("VFDCA_RXCTRL", IXGBE_VFDCA_RXCTRL(0), 0, rx_dca, "8.3.5",
        "storage; after power on 0xb200"),
    RXQ("VFRDH", IXGBE_VFRDH(0), IXGBE_RING_INDEX_MASK, rdh, "8.3.5",
        "head"),
    RXQ("VFSRRCTL", IXGBE_VFSRRCTL(0), 0, srrctl, "8.3.5",
        "buffers, descriptor type, DROP_EN; after power on 0x402"),
    RXQ("VFRDT", IXGBE_VFRDT(0), IXGBE_RING_INDEX_MASK, rdt, "8.3.5",
        "tail"),
    RXQ("VFRXDCTL", IXGBE_VFRXDCTL(0), 0, rxdctl, "8.3.5",
        "ENABLE, VME; RLPML is storage, as on silicon"),
    RXQ("VFRSCCTL", IXGBE_VFRSCCTL(0), 0, rscctl, "8.3.5",
        "storage only: no RSC"),

    RXQ("VFTDBAL", IXGBE_VFTDBAL(0), IXGBE_RING_ALIGN_MASK, tdbal,
        "8.3.5", "ring, low"),
    RXQ("VFTDBAH", IXGBE_VFTDBAH(0), 0, tdbah, "8.3.5", "ring, high"),
    RXQ("VFTDLEN", IXGBE_VFTDLEN(0), IXGBE_RING_LEN_MASK, tdlen,
        "8.3.5", "ring, bytes"),
    RXQ("VFDCA_TXCTRL", IXGBE_VFDCA_TXCTRL(0), 0, tx_dca, "8.3.5",
        "storage; after power on 0x2a00"),
    RXQ("VFTDH", IXGBE_VFTDH(0), IXGBE_RING_INDEX_MASK, tdh, "8.3.5",
        "head"),
    RXQ("VFTDT", IXGBE_VFTDT(0), IXGBE_RING_INDEX_MASK, tdt, "8.3.5",
        "tail"),
    RXQ("VFTXDCTL", IXGBE_VFTXDCTL(0), 0, txdctl, "8.3.5",
        "ENABLE, WTHRESH"),
    RXQ("VFTDWBAL", IXGBE_VFTDWBAL(0),
        IXGBE_TDWBAL_ADDR | IXGBE_TDWBAL_EN, tdwbal, "8.3.5",
        "head write-back, low"),
    RXQ("VFTDWBAH", IXGBE_VFTDWBAH(0), 0, tdwbah, "8.3.5",
        "head write-back, high"),

    COUNT("VFGPRC", IXGBE_VFGPRC, vfgprc, "8.3.5", "frames received"),
    COUNT("VFGORC_LSB", IXGBE_VFGORC_LSB, vfgorc_lsb, "8.3.5",
          "octets received, with FCS"),
    COUNT("VFGORC_MSB", IXGBE_VFGORC_MSB, vfgorc_msb, "8.3.5",
          "bits 35:32"),
    COUNT("VFMPRC", IXGBE_VFMPRC, vfmprc, "8.3.5",
          "multicast frames received"),
    COUNT("VFGPTC", IXGBE_VFGPTC, vfgptc, "8.3.5", "frames sent"),
    COUNT("VFGOTC_LSB", IXGBE_VFGOTC_LSB, vfgotc_lsb, "8.3.5",
          "octets sent, with FCS"),
    COUNT("VFGOTC_MSB", IXGBE_VFGOTC_MSB, vfgotc_msb, "8.3.5",
          "bits 35:32"),
};

const IxgbeRegMap *ixgbe_vf_regmap(void)
{
    static IxgbeRegMap *map;

    if (!map) {
        map = ixgbe_regmap_new("vf", vf_rows, G_N_ELEMENTS(vf_rows),
                               IXGBE_VF_BAR0_SIZE);
    }
    return map;
}

char *ixgbe_vf_register_page(void)
{
    return ixgbe_regmap_markdown(ixgbe_vf_regmap(),
                                 "Registers of the 82599's VF (BAR0)");
}
