/*
 * The hypervisor's saved state: grants and interrupt entries, not tables.
 *
 * The other host's memory is laid out anew, so its tables are of no use.  An
 * interrupt entry keeps its index: the guest's devices hold messages with it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/hypervisor_private.h"

#define STATE_VERSION 1

static int by_rid(gconstpointer a, gconstpointer b)
{
    return GPOINTER_TO_INT(a) - GPOINTER_TO_INT(b);
}

void hypervisor_save(const Hypervisor *hv, StateWriter *w)
{
    GList *rids = g_list_sort(g_hash_table_get_keys(hv->domains), by_rid);

    state_put_section(w, "HVRS", STATE_VERSION);
    state_put_u32(w, g_list_length(rids));
    for (GList *l = rids; l; l = l->next) {
        state_put_u16(w, GPOINTER_TO_UINT(l->data));
    }
    g_list_free(rids);
    state_put_u32(w, hv->irtes_used);
    for (unsigned i = 0; i < HVR_IRTES; i++) {
        const HvrIrte *e = &hv->irtes[i];

        if (e->used) {
            state_put_u16(w, i);
            state_put_u16(w, e->rid);
            state_put_bool(w, e->set);
            state_put_u32(w, e->irq.dest_apic_id);
            state_put_u8(w, e->irq.vector);
            state_put_bool(w, e->irq.logical);
            state_put_bool(w, e->irq.lowest_priority);
        }
    }
}

static void load_grants(Hypervisor *hv, StateReader *r)
{
    uint32_t count = state_get_u32_max(r, 65536, "number of grants");

    for (uint32_t i = 0; i < count && state_ok(r); i++) {
        uint16_t rid = state_get_u16(r);
        char *error = NULL;

        if (state_ok(r) && !hypervisor_grant(hv, rid, &error)) {
            state_fail(r, "%s", error);
            g_free(error);
        }
    }
}

static void load_irte(Hypervisor *hv, StateReader *r)
{
    uint16_t index = state_get_u16(r);
    uint16_t rid = state_get_u16(r);
    bool set = state_get_bool(r);
    HvrInterrupt irq = { 0 };

    irq.dest_apic_id = state_get_u32(r);
    irq.vector = state_get_u8(r);
    irq.logical = state_get_bool(r);
    irq.lowest_priority = state_get_bool(r);
    if (index >= HVR_IRTES || hv->irtes[index].used) {
        state_fail(r, "interrupt entry %u does not exist or comes twice",
                   index);
    }
    if (state_ok(r)) {
        hypervisor_irte_restore(hv, index, rid);
        if (set) {
            hypervisor_irte_set(hv, index, &irq);
        }
    }
}

bool hypervisor_load(Hypervisor *hv, StateReader *r)
{
    uint32_t count;

    hypervisor_reset(hv);
    state_get_section(r, "HVRS", STATE_VERSION);
    load_grants(hv, r);
    count = state_get_u32_max(r, HVR_IRTES, "number of interrupt entries");
    for (uint32_t i = 0; i < count && state_ok(r); i++) {
        load_irte(hv, r);
    }
    if (!state_ok(r)) {
        hypervisor_reset(hv);
        return false;
    }
    return true;
}
