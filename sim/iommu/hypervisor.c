/*
 * The simulated hypervisor: domains of requester ids and their interrupts.
 *
 * See iovlab/hypervisor.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iommu/hypervisor_private.h"
#include "iovlab-trace.h"

#define DOMAIN_MAX 0xffff

static void free_pages_fill(Hypervisor *hv, uint64_t size)
{
    /* Pushed from the end, so that the lowest page is taken first. */
    for (uint64_t i = size / VTD_PAGE_SIZE; i > HVR_FIXED_PAGES; i--) {
        uint64_t page = hv->base + (i - 1) * VTD_PAGE_SIZE;

        g_array_append_val(hv->free_pages, page);
    }
}

static void fixed_pages_clear(Hypervisor *hv)
{
    for (unsigned i = 0; i < HVR_FIXED_PAGES * VTD_PAGE_SIZE / 8; i++) {
        hypervisor_write64(hv, hv->base + i * 8, 0);
    }
}

Hypervisor *hypervisor_new(VtdUnit *unit, uint64_t table_spa,
                           uint64_t table_size, const HypervisorOps *ops,
                           void *opaque)
{
    Hypervisor *hv = g_new0(Hypervisor, 1);

    hv->unit = unit;
    hv->ops = ops;
    hv->opaque = opaque;
    hv->base = table_spa;
    hv->free_pages = g_array_new(false, false, sizeof(uint64_t));
    hv->retired = g_array_new(false, false, sizeof(HvrRetired));
    hv->domains = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    free_pages_fill(hv, table_size);
    fixed_pages_clear(hv);
    hypervisor_unit_start(hv);
    return hv;
}

void hypervisor_free(Hypervisor *hv)
{
    if (hv) {
        g_hash_table_destroy(hv->domains);
        g_array_free(hv->retired, true);
        g_array_free(hv->free_pages, true);
        g_free(hv->ram);
        g_free(hv);
    }
}

static bool domain_test(const Hypervisor *hv, unsigned id)
{
    return hv->domain_used[id / 8] & 1 << id % 8;
}

/* Domain 0 is left alone: caching mode has a use of its own for it. */
static uint16_t domain_new(Hypervisor *hv)
{
    for (unsigned i = 0; i < DOMAIN_MAX; i++) {
        uint16_t id = hv->next_domain % DOMAIN_MAX + 1;

        hv->next_domain = id;
        if (!domain_test(hv, id)) {
            hv->domain_used[id / 8] |= 1 << id % 8;
            return id;
        }
    }
    return 0;
}

static void domain_free(Hypervisor *hv, uint16_t id)
{
    hv->domain_used[id / 8] &= ~(1 << id % 8);
}

/* Gives back what the unit has let go of. */
static void reap(Hypervisor *hv)
{
    for (unsigned i = hv->retired->len; i > 0; i--) {
        HvrRetired r = g_array_index(hv->retired, HvrRetired, i - 1);

        if (hypervisor_synced(hv, r.sequence)) {
            g_array_remove_index_fast(hv->retired, i - 1);
            hypervisor_table_free(hv, r.table);
            if (r.domain) {
                domain_free(hv, r.domain);
            }
        }
    }
}

static void retire(Hypervisor *hv, uint64_t table, uint16_t domain)
{
    HvrRetired r = {
        .sequence = hypervisor_sync(hv),
        .table = table,
        .domain = domain,
    };

    g_array_append_val(hv->retired, r);
    reap(hv);
}

static HvrDomain *domain_of(const Hypervisor *hv, uint16_t rid)
{
    return g_hash_table_lookup(hv->domains, GUINT_TO_POINTER(rid));
}

bool hypervisor_granted(const Hypervisor *hv, uint16_t rid)
{
    return domain_of(hv, rid) != NULL;
}

bool hypervisor_grant(Hypervisor *hv, uint16_t rid, char **error)
{
    HvrDomain *d;
    uint64_t table;
    uint16_t id;

    if (hypervisor_granted(hv, rid)) {
        return true;
    }
    reap(hv);
    table = hypervisor_table_new(hv);
    id = table ? domain_new(hv) : 0;
    if (!id || !hypervisor_context_set(hv, rid, id, table)) {
        if (id) {
            domain_free(hv, id);
        }
        if (table) {
            hypervisor_table_free(hv, table);
        }
        *error = g_strdup_printf("the IOMMU has no memory left for the tables "
                                 "of requester %04x", rid);
        return false;
    }
    d = g_new0(HvrDomain, 1);
    d->rid = rid;
    d->id = id;
    d->table = table;
    g_hash_table_insert(hv->domains, GUINT_TO_POINTER(rid), d);
    trace_hypervisor_grant(rid, id, table);
    return true;
}

static void free_irtes_of(Hypervisor *hv, uint16_t rid)
{
    for (unsigned i = 0; i < HVR_IRTES; i++) {
        if (hv->irtes[i].used && hv->irtes[i].rid == rid) {
            hypervisor_irte_free(hv, i, 1);
        }
    }
}

static void end_grant(Hypervisor *hv, HvrDomain *d)
{
    uint64_t table = d->table;
    uint16_t id = d->id, rid = d->rid;

    trace_hypervisor_revoke(rid, id);
    hypervisor_context_clear(hv, rid);
    hypervisor_flush_domain(hv, rid, id);
    free_irtes_of(hv, rid);
    g_hash_table_remove(hv->domains, GUINT_TO_POINTER(rid));
    retire(hv, table, id);
}

void hypervisor_revoke(Hypervisor *hv, uint16_t rid)
{
    HvrDomain *d = domain_of(hv, rid);

    if (d) {
        end_grant(hv, d);
    } else {
        free_irtes_of(hv, rid);
    }
}

void hypervisor_reset(Hypervisor *hv)
{
    GHashTableIter it;
    gpointer d;

    for (g_hash_table_iter_init(&it, hv->domains);
         g_hash_table_iter_next(&it, NULL, &d);
         g_hash_table_iter_init(&it, hv->domains)) {
        end_grant(hv, d);
    }
    for (unsigned i = 0; hv->irtes_used && i < HVR_IRTES; i++) {
        hypervisor_irte_free(hv, i, 1);
    }
}

/* Whole pages only, and only where an SPA is. */
static bool clean_ram(const HvrRam *in, HvrRam *out)
{
    uint64_t end;

    if (in->size > HVR_GPA_LIMIT || in->gpa > HVR_GPA_LIMIT - in->size) {
        return false;
    }
    end = (in->gpa + in->size) & VTD_PAGE_MASK;
    *out = *in;
    out->gpa = (in->gpa + VTD_PAGE_SIZE - 1) & VTD_PAGE_MASK;
    out->size = end > out->gpa ? end - out->gpa : 0;
    return out->size;
}

static bool same_ram(const Hypervisor *hv, const HvrRam *ram, size_t count)
{
    bool same = count == hv->ram_count;

    for (size_t i = 0; same && i < count; i++) {
        same = ram[i].gpa == hv->ram[i].gpa &&
               ram[i].size == hv->ram[i].size &&
               ram[i].writable == hv->ram[i].writable;
    }
    return same;
}

/* A new table behind the old domain id; without one the grant ends. */
static void remap(Hypervisor *hv, HvrDomain *d)
{
    uint64_t old = d->table;
    uint64_t table = hypervisor_table_new(hv);

    if (!table) {
        trace_hypervisor_remap_failed(d->rid);
        end_grant(hv, d);
        return;
    }
    d->table = table;
    hypervisor_context_set(hv, d->rid, d->id, table);
    hypervisor_flush_domain(hv, d->rid, d->id);
    retire(hv, old, 0);
}

void hypervisor_set_ram(Hypervisor *hv, const HvrRam *ram, size_t count)
{
    HvrRam *kept = g_new0(HvrRam, count + 1);
    size_t n = 0;
    GList *domains;

    for (size_t i = 0; i < count; i++) {
        if (clean_ram(&ram[i], &kept[n])) {
            n++;
        }
    }
    if (same_ram(hv, kept, n)) {
        g_free(kept);
        return;
    }
    g_free(hv->ram);
    hv->ram = kept;
    hv->ram_count = n;
    trace_hypervisor_ram(n);
    domains = g_hash_table_get_values(hv->domains);
    for (GList *l = domains; l; l = l->next) {
        remap(hv, l->data);
    }
    g_list_free(domains);
}

void hypervisor_use(const Hypervisor *hv, HypervisorUse *use)
{
    use->domains = g_hash_table_size(hv->domains);
    use->table_pages = hv->table_pages;
    use->irtes = hv->irtes_used;
}
