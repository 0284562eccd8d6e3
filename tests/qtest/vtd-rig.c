/*
 * vtd-iommu and vtd-test-endpoint on q35: see vtd-rig.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "vtd-rig.h"

static void config_write(Rig *rig, unsigned offset, uint32_t value)
{
    qtest_outl(rig->qts, 0xcf8, 0x80000000 | SID << 8 | offset);
    qtest_outl(rig->qts, 0xcfc, value);
}

void set(Rig *rig, unsigned offset, uint32_t value)
{
    qtest_writel(rig->qts, BAR + offset, value);
}

uint32_t get(Rig *rig, unsigned offset)
{
    return qtest_readl(rig->qts, BAR + offset);
}

void gcmd(Rig *rig, uint32_t bits)
{
    uint32_t levels = VTD_GCMD_TE | VTD_GCMD_QIE | VTD_GCMD_IRE |
                      VTD_GCMD_EAFL;
    uint32_t now = qtest_readl(rig->qts, UNIT + VTD_GSTS);

    qtest_writel(rig->qts, UNIT + VTD_GCMD, (now & levels) | bits);
}

void enable_queue(Rig *rig, unsigned width)
{
    rig->width = width;
    rig->tail = 0;
    qtest_writeq(rig->qts, UNIT + VTD_IQA, QUEUE |
                 (width == 32 ? VTD_IQA_DW : 0));
    qtest_writel(rig->qts, UNIT + VTD_IQT, 0);
    gcmd(rig, VTD_GCMD_QIE);
}

void queue(Rig *rig, uint64_t lo, uint64_t hi)
{
    qtest_writeq(rig->qts, QUEUE + rig->tail, lo);
    qtest_writeq(rig->qts, QUEUE + rig->tail + 8, hi);
    if (rig->width == 32) {
        qtest_writeq(rig->qts, QUEUE + rig->tail + 16, 0);
        qtest_writeq(rig->qts, QUEUE + rig->tail + 24, 0);
    }
    rig->tail = (rig->tail + rig->width) % 4096;
    qtest_writel(rig->qts, UNIT + VTD_IQT, rig->tail);
}

void queue_wait(Rig *rig, uint32_t value)
{
    queue(rig, VTD_DESC_WAIT | VTD_DESC_WAIT_SW | (uint64_t)value << 32,
          STATUS);
}

uint32_t status(Rig *rig)
{
    return qtest_readl(rig->qts, STATUS);
}

void start_bare(Rig *rig, const char *options)
{
    rig->qts = qtest_initf("-machine q35 -nodefaults %s "
                           "-device vtd-test-endpoint,id=te,addr=4", options);
    config_write(rig, 0x10, BAR);
    config_write(rig, 0x04, 6);
    g_assert_cmphex(get(rig, VTE_ID), ==, VTE_ID_VALUE);
}

void stop(Rig *rig)
{
    qtest_quit(rig->qts);
}

void build_second(Rig *rig)
{
    for (unsigned i = 0; i < 3; i++) {
        qtest_writeq(rig->qts, TABLE + i * 0x1000,
                     (TABLE + (i + 1) * 0x1000) | RW);
    }
    qtest_writeq(rig->qts, TABLE + 0x3000, PAGE | RW);
    qtest_writeq(rig->qts, TABLE + 0x3008, OTHER | RW);
}

void start(Rig *rig, unsigned type)
{
    start_bare(rig, LEGACY);
    qtest_writeq(rig->qts, ROOT, CONTEXT | VTD_ROOT_P);
    qtest_writeq(rig->qts, CONTEXT + SID * 16,
                 TABLE | VTD_CTX_P | type << VTD_CTX_TT_SHIFT);
    qtest_writeq(rig->qts, CONTEXT + SID * 16 + 8,
                 VTD_AW_4LEVEL | DOMAIN << VTD_CTX_DID_SHIFT);
    build_second(rig);
    qtest_writeq(rig->qts, UNIT + VTD_RTADDR, ROOT);
    gcmd(rig, VTD_GCMD_SRTP);
    gcmd(rig, VTD_GCMD_TE);
    enable_queue(rig, 16);
}

void build_scalable_with(Rig *rig, const char *options, unsigned pgtt)
{
    static const uint32_t pasids[] = { 0, PASID };

    start_bare(rig, options);
    qtest_writeq(rig->qts, ROOT, CONTEXT | VTD_ROOT_P);
    qtest_writeq(rig->qts, CONTEXT + SID * 32, DIRECTORY | VTD_SMC_P |
                 VTD_SMC_DTE | VTD_SMC_PASIDE | VTD_SMC_PRE);
    qtest_writeq(rig->qts, DIRECTORY, PASIDS | VTD_PDE_P);
    build_second(rig);
    for (unsigned i = 0; i < 3; i++) {
        qtest_writeq(rig->qts, FIRST + i * 0x1000,
                     (FIRST + (i + 1) * 0x1000) | PWU);
    }
    qtest_writeq(rig->qts, FIRST + 0x3000, PAGE | PWU);
    for (unsigned i = 0; i < G_N_ELEMENTS(pasids); i++) {
        uint64_t at = PASIDS + pasids[i] * VTD_PASID_ENTRY_SIZE;

        qtest_writeq(rig->qts, at, TABLE | VTD_PE_P |
                     VTD_AW_4LEVEL << VTD_PE_AW_SHIFT |
                     pgtt << VTD_PE_PGTT_SHIFT);
        qtest_writeq(rig->qts, at + 8, DOMAIN | VTD_PE1_PWSNP);
        qtest_writeq(rig->qts, at + 16, FIRST);
    }
}

void build_scalable(Rig *rig, unsigned pgtt)
{
    build_scalable_with(rig, SCALABLE, pgtt);
}

void enable_scalable(Rig *rig)
{
    qtest_writeq(rig->qts, UNIT + VTD_PQA, REQUESTS);
    qtest_writeq(rig->qts, UNIT + VTD_RTADDR, ROOT |
                 VTD_TTM_SCALABLE << VTD_RTADDR_TTM_SHIFT);
    gcmd(rig, VTD_GCMD_SRTP);
    gcmd(rig, VTD_GCMD_TE);
    enable_queue(rig, 32);
}

void start_scalable(Rig *rig, unsigned pgtt)
{
    build_scalable(rig, pgtt);
    enable_scalable(rig);
}

void enable_remapping(Rig *rig)
{
    qtest_writeq(rig->qts, UNIT + VTD_IRTA, IRT | VTD_IRTA_EIME | 7);
    gcmd(rig, VTD_GCMD_SIRTP);
    gcmd(rig, VTD_GCMD_IRE);
}

unsigned act(Rig *rig, unsigned command, uint64_t address, unsigned length,
             uint32_t flags)
{
    qtest_writeq(rig->qts, BAR + VTE_ADDRESS, address);
    set(rig, VTE_LENGTH, length);
    set(rig, VTE_FLAGS, flags);
    set(rig, VTE_COMMAND, command);
    return get(rig, VTE_STATUS);
}

Record take(Rig *rig, unsigned index)
{
    uint64_t at = UNIT + VTD_FRCD + index * 16;
    uint64_t hi = qtest_readq(rig->qts, at + 8);
    Record r = {
        .reason = hi & VTD_FRCD_F ? hi >> VTD_FRCD_FR_SHIFT & 0xff : 0,
        .sid = hi,
        .info = qtest_readq(rig->qts, at),
        .has_pasid = hi & VTD_FRCD_PP,
        .pasid = hi >> VTD_FRCD_PV_SHIFT & 0xfffff,
    };

    qtest_writel(rig->qts, at + 12, VTD_FRCD_F >> 32);
    return r;
}

Record take_first(Rig *rig)
{
    uint32_t fsts = qtest_readl(rig->qts, UNIT + VTD_FSTS);

    return take(rig, fsts >> VTD_FSTS_FRI_SHIFT & 0xff);
}
