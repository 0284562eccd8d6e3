/*
 * Translations and remapped interrupts a second, natively: hits, misses, and
 * how both fall with the working set and the number of domains.
 *
 * Prints one line of JSON for each measurement.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <time.h>

#include "iovlab/vtd_unit.h"

#define MEM_SIZE (64ULL << 20)
#define ROOT 0x1000ULL
#define CONTEXT 0x2000ULL
#define IRT 0x10000ULL
#define TABLES 0x100000ULL
#define SECONDS 0.25
#define BATCH 65536

/* Of the processor, so that a busy machine does not count; microseconds. */
static gint64 cpu_time(void)
{
    return clock() * (1000000 / CLOCKS_PER_SEC);
}

static uint8_t *mem;
static uint64_t next_table;

static bool mem_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    if (!iov_in_range(addr, len, MEM_SIZE)) {
        return false;
    }
    memcpy(buf, mem + addr, len);
    return true;
}

static bool mem_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    if (!iov_in_range(addr, len, MEM_SIZE)) {
        return false;
    }
    memcpy(mem + addr, buf, len);
    return true;
}

static void send_msi(void *opaque, uint64_t address, uint32_t data)
{
}

static const VtdUnitOps ops = {
    .mem_read = mem_read,
    .mem_write = mem_write,
    .send_msi = send_msi,
};

static uint64_t table_new(void)
{
    uint64_t page = next_table;

    next_table += VTD_PAGE_SIZE;
    memset(mem + page, 0, VTD_PAGE_SIZE);
    return page;
}

static void map_page(uint64_t table, uint64_t iova)
{
    for (unsigned level = 4; level > 1; level--) {
        uint64_t at = table + (iova >> (12 + 9 * (level - 1)) & 511) * 8;

        if (!rd_le64(mem + at)) {
            wr_le64(mem + at, table_new() | VTD_SS_R | VTD_SS_W);
        }
        table = rd_le64(mem + at) & VTD_PAGE_MASK;
    }
    wr_le64(mem + table + (iova >> 12 & 511) * 8,
            (iova + 0x100000000) | VTD_SS_R | VTD_SS_W);
}

/* @domains devices with @pages pages each; everything on. */
static VtdUnit *set_up(unsigned domains, unsigned pages)
{
    VtdUnitConfig c;
    VtdUnit *u;

    vtd_unit_config_default(&c);
    u = vtd_unit_new(&c, &ops, NULL);
    memset(mem, 0, TABLES);
    next_table = TABLES;
    wr_le64(mem + ROOT, CONTEXT | VTD_ROOT_P);
    for (unsigned d = 0; d < domains; d++) {
        uint64_t table = table_new();

        wr_le64(mem + CONTEXT + d * 16, table | VTD_CTX_P);
        wr_le64(mem + CONTEXT + d * 16 + 8,
                (uint64_t)(d + 1) << VTD_CTX_DID_SHIFT | VTD_AW_4LEVEL);
        for (unsigned i = 0; i < pages; i++) {
            map_page(table, (uint64_t)i << 12);
        }
    }
    for (unsigned i = 0; i < 4096; i++) {
        wr_le64(mem + IRT + i * 16, VTD_IRTE_P | 0x41 << 16);
    }
    vtd_unit_mmio_write(u, VTD_RTADDR, ROOT, 8);
    vtd_unit_mmio_write(u, VTD_GCMD, VTD_GCMD_SRTP, 4);
    vtd_unit_mmio_write(u, VTD_GCMD, VTD_GCMD_TE, 4);
    vtd_unit_mmio_write(u, VTD_IRTA, IRT | VTD_IRTA_EIME | 11, 8);
    vtd_unit_mmio_write(u, VTD_GCMD, VTD_GCMD_TE | VTD_GCMD_SIRTP, 4);
    vtd_unit_mmio_write(u, VTD_GCMD, VTD_GCMD_TE | VTD_GCMD_IRE, 4);
    return u;
}

static void report(const char *name, unsigned domains, unsigned pages,
                   uint64_t count, double seconds, double hit_ratio)
{
    printf("{\"bench\": \"iommu\", \"case\": \"%s\", \"domains\": %u, "
           "\"pages\": %u, \"per_second\": %.0f, \"ns\": %.1f, "
           "\"hit_ratio\": %.3f}\n", name, domains, pages, count / seconds,
           seconds * 1e9 / count, hit_ratio);
}

static void bench_dma(unsigned domains, unsigned pages)
{
    VtdUnit *u = set_up(domains, pages);
    VtdUnitStats before, after;
    static VtdRequest requests[BATCH];
    uint64_t count = 0;
    uint32_t x = 1;
    gint64 start, now;

    for (unsigned i = 0; i < BATCH; i++) {
        requests[i].sid = (x >> 4) % domains;
        requests[i].address = (uint64_t)((x >> 12) % pages) << 12;
        x = x * 1664525 + 1013904223;
    }
    for (unsigned i = 0; i < domains * pages; i++) {
        VtdRequest r = { .sid = i % domains, .address = i / domains << 12 };
        VtdTranslation t;

        vtd_unit_translate(u, &r, &t, NULL);
    }
    vtd_unit_stats(u, &before);
    start = cpu_time();
    do {
        for (unsigned i = 0; i < BATCH; i++) {
            VtdTranslation t;

            if (!vtd_unit_translate(u, &requests[i], &t, NULL)) {
                fprintf(stderr, "bench-iommu: a mapped page was blocked\n");
                exit(1);
            }
        }
        count += BATCH;
        now = cpu_time();
    } while (now - start < SECONDS * 1e6);
    vtd_unit_stats(u, &after);
    report("dma", domains, pages, count, (now - start) / 1e6,
           (double)(after.iotlb_hits - before.iotlb_hits) / count);
    vtd_unit_free(u);
}

/* Each access after an invalidation of its page: always a full walk. */
static void bench_miss(void)
{
    VtdUnit *u = set_up(1, 1);
    uint64_t count = 0;
    gint64 start = cpu_time(), now;

    do {
        for (unsigned i = 0; i < BATCH; i++) {
            VtdRequest r = { 0 };
            VtdTranslation t;

            vtd_unit_mmio_write(u, VTD_IVA, 0, 8);
            vtd_unit_mmio_write(u, VTD_IOTLB, VTD_IOTLB_IVT |
                                3ULL << VTD_IOTLB_IIRG_SHIFT | 1ULL << 32, 8);
            vtd_unit_translate(u, &r, &t, NULL);
        }
        count += BATCH;
        now = cpu_time();
    } while (now - start < SECONDS * 1e6);
    report("dma-invalidate-and-walk", 1, 1, count, (now - start) / 1e6, 0);
    vtd_unit_free(u);
}

static void bench_interrupt(unsigned entries)
{
    VtdUnit *u = set_up(1, 1);
    VtdUnitStats stats;
    uint64_t count = 0;
    uint32_t x = 1;
    gint64 start = cpu_time(), now;

    do {
        for (unsigned i = 0; i < BATCH; i++) {
            VtdInterrupt irq;

            vtd_unit_remap(u, 0, VTD_MSI_BASE | VTD_MSI_REMAPPABLE |
                           (x >> 8) % entries << VTD_MSI_HANDLE_SHIFT, 0, &irq,
                           NULL);
            x = x * 1664525 + 1013904223;
        }
        count += BATCH;
        now = cpu_time();
    } while (now - start < SECONDS * 1e6);
    vtd_unit_stats(u, &stats);
    report("interrupt", 1, entries, count, (now - start) / 1e6,
           (double)stats.irte_hits / count);
    vtd_unit_free(u);
}

int main(void)
{
    static const unsigned pages[] = { 1, 16, 256, 1024, 4096, 65536 };
    static const unsigned domains[] = { 4, 16, 64, 256 };

    mem = g_malloc0(MEM_SIZE);
    for (unsigned i = 0; i < G_N_ELEMENTS(pages); i++) {
        bench_dma(1, pages[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(domains); i++) {
        bench_dma(domains[i], 16);
    }
    bench_miss();
    bench_interrupt(16);
    bench_interrupt(4096);
    g_free(mem);
    return 0;
}
