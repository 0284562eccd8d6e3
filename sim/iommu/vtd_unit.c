/*
 * The unit as a whole: making, resetting, global commands.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/vtd_private.h"
#include "iovlab-trace.h"

void vtd_unit_config_default(VtdUnitConfig *config)
{
    *config = (VtdUnitConfig) {
        .aw_bits = 48,
        .haw_bits = 46,
        .interrupt_remapping = true,
        .eim = true,
        .pass_through = true,
        .snoop_control = true,
        .coherent = true,
        .dma_drain = true,
        .set_root_invalidates = true,
        .compress_faults = true,
        .fault_records = 8,
        .iotlb_entries = 4096,
        .iotlb_ways = 4,
        .context_entries = 256,
        .context_ways = 4,
        .irte_entries = 1024,
        .irte_ways = 4,
        .structure_entries = 64,
        .structure_ways = 4,
    };
}

char *vtd_unit_config_check(const VtdUnitConfig *c)
{
    const struct {
        const char *name;
        uint32_t entries, ways;
    } caches[] = {
        { "IOTLB", c->iotlb_entries, c->iotlb_ways },
        { "context cache", c->context_entries, c->context_ways },
        { "interrupt-entry cache", c->irte_entries, c->irte_ways },
        /* This one may be absent. */
        { "paging-structure cache", MAX(c->structure_entries, 1),
          c->structure_entries ? c->structure_ways : 1 },
    };

    if (c->aw_bits != 39 && c->aw_bits != 48 && c->aw_bits != 57) {
        return g_strdup_printf("address width is %u bits, but a unit has "
                               "39, 48 or 57", c->aw_bits);
    }
    if (c->haw_bits < 32 || c->haw_bits > 52) {
        return g_strdup_printf("host address width is %u bits, but must be "
                               "between 32 and 52", c->haw_bits);
    }
    if (c->fault_records < 1 || c->fault_records > VTD_FRCD_MAX) {
        return g_strdup_printf("%u fault records, but a unit has 1 to %u",
                               c->fault_records, VTD_FRCD_MAX);
    }
    if (c->first_stage && !c->scalable_mode) {
        return g_strdup("first-stage translation needs scalable mode");
    }
    if (c->page_requests && !(c->scalable_mode && c->device_tlb)) {
        return g_strdup("page requests need scalable mode and device TLBs");
    }
    if (c->eim && !c->interrupt_remapping) {
        return g_strdup("extended interrupt mode needs interrupt remapping");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(caches); i++) {
        if (!vtd_cache_geometry_ok(caches[i].entries, caches[i].ways)) {
            return g_strdup_printf("%s of %u entries in %u ways: both must be "
                                   "powers of two, at most %u and %u",
                                   caches[i].name, caches[i].entries,
                                   caches[i].ways, VTD_CACHE_MAX_ENTRIES,
                                   VTD_CACHE_MAX_WAYS);
        }
    }
    return NULL;
}

VtdUnit *vtd_unit_new(const VtdUnitConfig *config, const VtdUnitOps *ops,
                      void *opaque)
{
    VtdUnit *u = g_new0(VtdUnit, 1);

    u->cfg = *config;
    u->ops = ops;
    u->opaque = opaque;
    vtd_cache_init(&u->contexts, config->context_entries, config->context_ways,
                   sizeof(VtdContext));
    vtd_cache_init(&u->devices, config->context_entries, config->context_ways,
                   sizeof(VtdDevice));
    vtd_cache_init(&u->pages, config->iotlb_entries, config->iotlb_ways,
                   sizeof(VtdPage));
    vtd_cache_init(&u->irtes, config->irte_entries, config->irte_ways,
                   sizeof(VtdEntry));
    if (config->structure_entries) {
        vtd_cache_init(&u->tables, config->structure_entries,
                       config->structure_ways, sizeof(VtdTable));
    }
    vtd_regs_init(u);
    vtd_unit_reset(u);
    return u;
}

void vtd_unit_free(VtdUnit *u)
{
    if (u) {
        vtd_cache_destroy(&u->devices);
        vtd_cache_destroy(&u->contexts);
        vtd_cache_destroy(&u->pages);
        vtd_cache_destroy(&u->irtes);
        vtd_cache_destroy(&u->tables);
        g_free(u);
    }
}

void vtd_unit_reset(VtdUnit *u)
{
    vtd_regs_reset(u);
    u->root_table = 0;
    u->root_mode = VTD_TTM_LEGACY;
    u->irt_table = 0;
    u->irt_entries = 0;
    u->eime = false;
    u->next_record = 0;
    u->fault_log = 0;
    u->fault_log_records = u->fault_log_next = 0;
    u->drain = VTD_DRAIN_NONE;
    u->devices_pending = 0;
    u->device_lost = false;
    u->loaded = false;
    vtd_status_latch(u);
    vtd_cache_clear(&u->devices);
    vtd_cache_clear(&u->contexts);
    vtd_cache_clear(&u->irtes);
    vtd_iotlb_flush_all(u);
    trace_vtd_unit_reset();
}

void vtd_unit_drained(VtdUnit *u)
{
    VtdDrain drain = u->drain;

    u->drain = VTD_DRAIN_NONE;
    if (drain == VTD_DRAIN_QUEUE) {
        vtd_queue_drained(u);
    } else if (drain == VTD_DRAIN_IOTLB_REG) {
        /* Software may have enabled the queue meanwhile. */
        vtd_iotlb_command_done(u);
        vtd_queue_run(u);
    } else if (drain == VTD_DRAIN_DEVICES) {
        /* The head is still at the wait descriptor. */
        vtd_queue_run(u);
    }
}

void vtd_status_latch(VtdUnit *u)
{
    uint32_t gsts = vtd_reg32(u, VTD_GSTS);

    u->te = gsts & VTD_GCMD_TE;
    u->ire = gsts & VTD_GCMD_IRE;
    u->cfi = gsts & VTD_GCMD_CFI;
    vtd_protect_latch(u);
}

static void invalidate_translations(VtdUnit *u)
{
    vtd_invalidate_context(u, VTD_GRAN_GLOBAL, 0, 0, 0);
    vtd_invalidate_pasid_cache(u, VTD_PC_GLOBAL, 0, 0);
    vtd_invalidate_iotlb(u, VTD_GRAN_GLOBAL, 0, 0, 0, false);
}

/* SRTP, 11.4.4.1.  With ESRTPS it is a global invalidation as well. */
static void set_root(VtdUnit *u)
{
    uint64_t rtaddr = vtd_reg64(u, VTD_RTADDR);

    u->root_table = rtaddr & VTD_PAGE_MASK;
    u->root_mode = (rtaddr & VTD_RTADDR_TTM_MASK) >> VTD_RTADDR_TTM_SHIFT;
    if (!u->cfg.scalable_mode && u->root_mode != VTD_TTM_LEGACY) {
        /* 7.1.3, RTA.1: without SMTS and ADMS there is no other mode. */
        u->root_mode = VTD_TTM_RESERVED;
    }
    trace_vtd_unit_root_set(u->root_table, u->root_mode);
    if (u->cfg.set_root_invalidates) {
        invalidate_translations(u);
    }
}

/* SIRTP, 11.4.4.1. */
static void set_interrupt_table(VtdUnit *u)
{
    uint64_t irta = vtd_reg64(u, VTD_IRTA);

    u->irt_table = irta & VTD_PAGE_MASK;
    u->irt_entries = 2U << (irta & VTD_IRTA_S_MASK);
    u->eime = u->cfg.eim && (irta & VTD_IRTA_EIME);
    trace_vtd_unit_irt_set(u->irt_table, u->irt_entries, u->eime);
    if (u->cfg.set_root_invalidates) {
        vtd_invalidate_irte(u, true, 0, 0);
    }
}

void vtd_command(VtdUnit *u, uint32_t value)
{
    uint32_t levels = VTD_GCMD_TE | VTD_GCMD_QIE;
    uint32_t status = vtd_reg32(u, VTD_GSTS);
    uint32_t changed;

    if (u->cfg.interrupt_remapping) {
        levels |= VTD_GCMD_IRE | VTD_GCMD_CFI;
        if (value & VTD_GCMD_SIRTP) {
            set_interrupt_table(u);
            status |= VTD_GCMD_SIRTP;
        }
    }
    if (u->cfg.fault_log) {
        levels |= VTD_GCMD_EAFL;
        if (value & VTD_GCMD_SFL) {
            vtd_fault_log_set(u);
            status |= VTD_GCMD_SFL;
        }
    }
    if (value & VTD_GCMD_SRTP) {
        set_root(u);
        status |= VTD_GCMD_SRTP;
    }
    /* WBF needs nothing: the status bit is clear again when it can be read. */
    changed = (status ^ value) & levels;
    status ^= changed;
    vtd_set32(u, VTD_GSTS, status);
    vtd_status_latch(u);
    if (!u->te && !u->ire) {
        /* 7.2.1 */
        u->next_record = 0;
    }
    trace_vtd_unit_status(status);
    if (changed & VTD_GCMD_QIE) {
        vtd_queue_enable(u, status & VTD_GCMD_QIE);
    }
    /* 11.4.4.1: what switching off takes along. */
    if ((changed & ~status & VTD_GCMD_TE) && u->cfg.scalable_mode) {
        invalidate_translations(u);
    }
    if ((changed & ~status & VTD_GCMD_IRE) && u->cfg.set_root_invalidates) {
        vtd_invalidate_irte(u, true, 0, 0);
    }
    if (changed & (VTD_GCMD_TE | VTD_GCMD_IRE)) {
        VtdInvalidated all = { .what = VTD_INV_ALL };

        if (u->ops->invalidated) {
            u->ops->invalidated(u->opaque, &all);
        }
        if (u->ops->irte_invalidated) {
            u->ops->irte_invalidated(u->opaque, 0, 0);
        }
    }
}

bool vtd_unit_translating(const VtdUnit *u)
{
    return u->te;
}

bool vtd_unit_remapping(const VtdUnit *u)
{
    return u->ire;
}

void vtd_unit_stats(const VtdUnit *u, VtdUnitStats *stats)
{
    *stats = u->stats;
    stats->iotlb_used = u->pages.used;
    stats->scalable = vtd_scalable(u);
}
