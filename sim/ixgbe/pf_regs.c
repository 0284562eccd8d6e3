/*
 * The PF's view: the registers of queues and interrupts in its BAR0.  The rest
 * of BAR0 is the adapter's (adapter_regs.c).  Datasheet 8.2.3.5 to 8.2.3.11.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/function.h"
#include "ixgbe/pf_regs.h"
#include "ixgbe/queue_regs.h"
#include "spec/ixgbe_pf_regs.h"

static uint32_t read_psrtype(void *owner, unsigned index, uint32_t stored)
{
    return ((IxgbeFunction *)owner)->psrtype[index];
}

static void write_psrtype(void *owner, unsigned index, uint32_t value,
                          uint32_t *stored)
{
    ((IxgbeFunction *)owner)->psrtype[index] = value;
}

/* One bit for all queues, VFs' too. */
void ixgbe_pf_apply_rxcsum(IxgbeFunction *pf)
{
    uint32_t rxcsum = *ixgbe_regs_at(&pf->regs, IXGBE_RXCSUM);

    /* Until a driver writes the register nobody looks at the field. */
    pf->packet_checksum = (rxcsum & IXGBE_RXCSUM_IPPCSE) &&
                          !(rxcsum & IXGBE_RXCSUM_PCSD);
    for (unsigned vf = 0; vf < IXGBE_POOLS; vf++) {
        if (pf->window[vf]) {
            pf->window[vf]->packet_checksum = pf->packet_checksum;
        }
    }
}

static void write_rxcsum(void *owner, unsigned index, uint32_t value,
                         uint32_t *stored)
{
    ixgbe_pf_apply_rxcsum(owner);
}

#define ONE(row_name, at, sec, about, ...)                                 \
    { .name = row_name, .offset = at, .section = sec, .text = about,       \
      __VA_ARGS__ }
#define SOME(row_name, at, n, sec, about, ...)                             \
    ONE(row_name, at, sec, about, .count = n, __VA_ARGS__)
/* Receive queues are in two places. */
#define RXQ(row_name, at, mask, hooks, about)                              \
    QUEUE_ROW(row_name, at(0), 0, 64, mask, hooks, "8.2.3.8", about),      \
    QUEUE_ROW(row_name, at(64), 64, 64, mask, hooks, "8.2.3.8", about)
#define TXQ(row_name, at, mask, hooks, about)                              \
    QUEUE_ROW(row_name, at(0), 0, IXGBE_QUEUES, mask, hooks, "8.2.3.9",    \
              about)
#define EITR_MASK \
    (IXGBE_EITR_INTERVAL | IXGBE_EITR_LLI | IXGBE_EITR_CNT_WDIS)

static const IxgbeReg pf_rows[] = {
    ONE("EICR", IXGBE_EICR, "8.2.3.5", "causes; GPIE.OCD keeps 31:16 over "
        "a read", .access = IXGBE_REG_RC_W1C, .read = ixgbe_pf_read_eicr,
        .write = ixgbe_pf_write_eicr),
    ONE("EICS", IXGBE_EICS, "8.2.3.5", "raises; a read does not clear",
        .access = IXGBE_REG_W1S, .read = ixgbe_pf_read_eics,
        .write = ixgbe_pf_write_eics),
    ONE("EIMS", IXGBE_EIMS, "8.2.3.5", "unmasks", .access = IXGBE_REG_W1S,
        .read = ixgbe_pf_read_eims, .write = ixgbe_pf_write_eims),
    ONE("EIMC", IXGBE_EIMC, "8.2.3.5", "masks", .access = IXGBE_REG_WO,
        .write = ixgbe_pf_write_eimc),
    ONE("EIAC", IXGBE_EIAC, "8.2.3.5", "causes that a message clears; "
        "vectors from 16 on always are", .read = ixgbe_pf_read_eiac,
        .write = ixgbe_pf_write_eiac),
    ONE("EIAM", IXGBE_EIAM, "8.2.3.5", "causes that a message masks "
        "(GPIE.EIAME), or a read of EICR", .read = ixgbe_pf_read_eiam,
        .write = ixgbe_pf_write_eiam),
    SOME("EICR_EX", IXGBE_EICR_EX(0), 2, "8.2.3.5", "vectors with a cause",
         .access = IXGBE_REG_W1C, .read = ixgbe_pf_read_eicr_ex,
         .write = ixgbe_pf_write_eicr_ex),
    SOME("EICS_EX", IXGBE_EICS_EX(0), 2, "8.2.3.5", "raises",
         .access = IXGBE_REG_W1S, .read = ixgbe_pf_read_eicr_ex,
         .write = ixgbe_pf_write_eics_ex),
    SOME("EIMS_EX", IXGBE_EIMS_EX(0), 2, "8.2.3.5", "unmasks",
         .access = IXGBE_REG_W1S, .read = ixgbe_pf_read_eims_ex,
         .write = ixgbe_pf_write_eims_ex),
    SOME("EIMC_EX", IXGBE_EIMC_EX(0), 2, "8.2.3.5", "masks",
         .access = IXGBE_REG_WO, .write = ixgbe_pf_write_eimc_ex),
    SOME("EIAM_EX", IXGBE_EIAM_EX(0), 2, "8.2.3.5", "as EIAM",
         .read = ixgbe_pf_read_eiam_ex, .write = ixgbe_pf_write_eiam_ex),
    SOME("EITR", IXGBE_EITR(0), 24, "8.2.3.5", "moderation, steps of 2 us",
         .wmask = EITR_MASK, .read = ixgbe_pf_read_eitr,
         .write = ixgbe_pf_write_eitr),
    SOME("EITR", IXGBE_EITR_HIGH(24), IXGBE_EITRS - 24, "8.2.3.5",
         "from 64 on kept: VFs have theirs", .first = 24,
         .wmask = EITR_MASK, .read = ixgbe_pf_read_eitr,
         .write = ixgbe_pf_write_eitr),
    ONE("EITRSEL", IXGBE_EITRSEL, "8.2.3.5", "kept: VFs have their EITR"),
    ONE("GPIE", IXGBE_GPIE, "8.2.3.5", "Multiple_MSIX, OCD, EIMEN, EIAME",
        .write = ixgbe_pf_write_ivar),
    SOME("IVAR", IXGBE_IVAR(0), 64, "8.2.3.5", "queue to vector; without "
         "GPIE.Multiple_MSIX to a bit of EICR", .wmask = IXGBE_IVAR_MASK,
         .write = ixgbe_pf_write_ivar),
    ONE("IVAR_MISC", IXGBE_IVAR_MISC, "8.2.3.5", "TCP timer, other causes",
        .wmask = IXGBE_IVAR_MASK & 0xffff, .write = ixgbe_pf_write_ivar),
    SOME("RSCINT", IXGBE_RSCINT(0), IXGBE_QUEUES, "8.2.3.5", "kept"),

    RXQ("RDBAL", IXGBE_RDBAL, IXGBE_RING_ALIGN_MASK, rdbal, "ring, low"),
    RXQ("RDBAH", IXGBE_RDBAH, 0, rdbah, "ring, high"),
    RXQ("RDLEN", IXGBE_RDLEN, IXGBE_RING_LEN_MASK, rdlen, "ring, bytes"),
    RXQ("DCA_RXCTRL", IXGBE_DCA_RXCTRL, 0, rx_dca,
        "storage; after a reset 0xb200"),
    RXQ("RDH", IXGBE_RDH, IXGBE_RING_INDEX_MASK, rdh, "head"),
    RXQ("SRRCTL", IXGBE_SRRCTL, 0, srrctl,
        "buffers, descriptor type, DROP_EN; after a reset 0x402"),
    RXQ("RDT", IXGBE_RDT, IXGBE_RING_INDEX_MASK, rdt, "tail"),
    RXQ("RXDCTL", IXGBE_RXDCTL, 0, rxdctl,
        "ENABLE, VME; RLPML is storage, as on silicon"),
    RXQ("RSCCTL", IXGBE_RSCCTL, 0, rscctl, "coalescing"),
    SOME("SRRCTL_A", IXGBE_SRRCTL_ALIAS(0), 16, "8.2.3.8", NULL,
         .alias = "SRRCTL"),
    SOME("DCA_RXCTRL_A", IXGBE_DCA_RXCTRL_ALIAS(0), 16, "8.2.3.11", NULL,
         .alias = "DCA_RXCTRL"),
    ONE("RSCDBU", IXGBE_RSCDBU, "8.2.3.8", "kept", .reset = 0x20),
    ONE("RXCSUM", IXGBE_RXCSUM, "8.2.3.7", "PCSD: hash or checksum",
        .write = write_rxcsum),
    SOME("PSRTYPE", IXGBE_PSRTYPE(0), IXGBE_POOLS, "8.2.3.7",
         "headers to split; RQPL: log2 of a pool's RSS queues",
         .read = read_psrtype, .write = write_psrtype),
    SOME("PSRTYPE_A", IXGBE_PSRTYPE_ALIAS(0), 16, "8.2.3.7", NULL,
         .alias = "PSRTYPE"),

    TXQ("TDBAL", IXGBE_TDBAL, IXGBE_RING_ALIGN_MASK, tdbal, "ring, low"),
    TXQ("TDBAH", IXGBE_TDBAH, 0, tdbah, "ring, high"),
    TXQ("TDLEN", IXGBE_TDLEN, IXGBE_RING_LEN_MASK, tdlen, "ring, bytes"),
    TXQ("DCA_TXCTRL", IXGBE_DCA_TXCTRL, 0, tx_dca,
        "storage; after a reset 0x2a00"),
    TXQ("TDH", IXGBE_TDH, IXGBE_RING_INDEX_MASK, tdh, "head"),
    TXQ("TDT", IXGBE_TDT, IXGBE_RING_INDEX_MASK, tdt, "tail"),
    TXQ("TXDCTL", IXGBE_TXDCTL, 0, txdctl, "ENABLE, WTHRESH"),
    TXQ("TDWBAL", IXGBE_TDWBAL, IXGBE_TDWBAL_ADDR | IXGBE_TDWBAL_EN, tdwbal,
        "head write-back, low"),
    TXQ("TDWBAH", IXGBE_TDWBAH, 0, tdwbah, "head write-back, high"),

    ONE("DCA_ID", IXGBE_DCA_ID, "8.2.3.11", "kept: no DCA"),
    ONE("DCA_CTRL", IXGBE_DCA_CTRL, "8.2.3.11", "kept: no DCA",
        .reset = 0x1),
};

const IxgbeRegMap *ixgbe_pf_regmap(void)
{
    static IxgbeRegMap *map;

    if (!map) {
        map = ixgbe_regmap_new("pf", pf_rows, G_N_ELEMENTS(pf_rows),
                               IXGBE_PF_BAR0_SIZE);
    }
    return map;
}

char *ixgbe_pf_register_page(void)
{
    return ixgbe_regmap_markdown(ixgbe_pf_regmap(),
                                 "82599 registers: queues and interrupts of "
                                 "the PF");
}
