/*
 * The register map of the adapter half: the rows of its blocks, joined.
 *
 * Reset values are those that drivers and specification updates show; where
 * neither says anything, 0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"
#include "ixgbe/rows.h"

static const IxgbeRowBlock *const blocks[] = {
    &ixgbe_rows_control,
    &ixgbe_rows_link,
    &ixgbe_rows_dma,
    &ixgbe_rows_filters,
    &ixgbe_rows_classes,
    &ixgbe_rows_tuples,
    &ixgbe_rows_fdir,
    &ixgbe_rows_pools,
    &ixgbe_rows_txsched,
    &ixgbe_rows_flow,
    &ixgbe_rows_ipsec,
    &ixgbe_rows_timesync,
    &ixgbe_rows_stats,
    &ixgbe_rows_pins,
    &ixgbe_rows_timers,
    &ixgbe_rows_nvm,
    &ixgbe_rows_sfp,
    &ixgbe_rows_mdio,
    &ixgbe_rows_semaphore,
    &ixgbe_rows_wake,
    &ixgbe_rows_management,
    &ixgbe_rows_pcie,
    &ixgbe_rows_fcoe,
    &ixgbe_rows_macsec,
    &ixgbe_rows_diagnostic,
};

void ixgbe_write_pools(void *owner, unsigned index, uint32_t value,
                       uint32_t *stored)
{
    ((IxgbeAdapter *)owner)->stale |= STALE_POOL;
}

void ixgbe_write_enable(void *owner, unsigned index, uint32_t value,
                        uint32_t *stored)
{
    IxgbeAdapter *a = owner;

    a->stale |= STALE_POOL;
    ixgbe_adapter_state_stale(a, UINT64_MAX);
}

void ixgbe_write_schedule(void *owner, unsigned index, uint32_t value,
                          uint32_t *stored)
{
    ixgbe_adapter_schedule(owner);
}

/* The joined table lives as long as the program, as a table of one would. */
static const IxgbeReg *join_rows(size_t *count)
{
    IxgbeReg *rows;

    *count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) {
        *count += blocks[i]->count;
    }
    rows = g_new(IxgbeReg, *count);
    *count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) {
        memcpy(rows + *count, blocks[i]->rows,
               blocks[i]->count * sizeof(*rows));
        *count += blocks[i]->count;
    }
    return rows;
}

const IxgbeRegMap *ixgbe_adapter_regmap(void)
{
    static IxgbeRegMap *map;

    if (!map) {
        size_t count;
        const IxgbeReg *rows = join_rows(&count);

        map = ixgbe_regmap_new("adapter", rows, count, IXGBE_PF_BAR0_SIZE);
    }
    return map;
}

char *ixgbe_adapter_register_page(void)
{
    return ixgbe_regmap_markdown(ixgbe_adapter_regmap(),
                                 "82599 registers: adapter half");
}
