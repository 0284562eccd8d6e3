/*
 * Protected memory: two regions that no DMA reaches which nothing translates,
 * be it that translation is off, passes the request through, or was done by
 * the device.  What is translated is the page tables' business.
 *
 * Source: VT-d 4.1, 11.4.8.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

/* A region is whole units of 2M; the limit's unit is in it. */
#define UNIT_MASK (VTD_PM_UNIT - 1ULL)

static bool in_region(uint64_t address, uint64_t base, uint64_t limit)
{
    return address >= base && address <= (limit | UNIT_MASK);
}

bool vtd_protected(const VtdUnit *u, uint64_t address)
{
    return u->protecting &&
           (in_region(address, vtd_reg32(u, VTD_PLMBASE),
                      vtd_reg32(u, VTD_PLMLIMIT)) ||
            in_region(address, vtd_reg64(u, VTD_PHMBASE),
                      vtd_reg64(u, VTD_PHMLIMIT)));
}

void vtd_protect_latch(VtdUnit *u)
{
    u->protecting = vtd_reg32(u, VTD_PMEN) & VTD_PMEN_PRS;
}

/* Without the capability the registers are not there. */
void vtd_protect_written(VtdUnit *u)
{
    uint32_t pmen = vtd_reg32(u, VTD_PMEN) & VTD_PMEN_EPM;
    VtdInvalidated all = { .what = VTD_INV_ALL };

    if (!u->cfg.protected_memory) {
        memset(u->regs + VTD_PMEN, 0, VTD_PHMLIMIT + 8 - VTD_PMEN);
        return;
    }
    vtd_set64(u, VTD_PHMBASE, vtd_reg64(u, VTD_PHMBASE) & ~vtd_beyond_haw(u));
    vtd_set64(u, VTD_PHMLIMIT,
              vtd_reg64(u, VTD_PHMLIMIT) & ~vtd_beyond_haw(u));
    vtd_set32(u, VTD_PMEN, pmen | (pmen ? VTD_PMEN_PRS : 0));
    vtd_protect_latch(u);
    trace_vtd_unit_protect(u->protecting);
    if (u->ops->invalidated) {
        u->ops->invalidated(u->opaque, &all);
    }
}
