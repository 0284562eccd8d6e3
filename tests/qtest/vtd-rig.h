/*
 * vtd-iommu and vtd-test-endpoint on q35, for the device tests: tables in guest
 * RAM, the queue, and what the endpoint does.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_VTD_RIG_H
#define TESTS_QTEST_VTD_RIG_H

#include "libqtest.h"
#include "iommu/vtd-test-endpoint.h"
#include "vtd-places.h"

#define DIRECTORY 0x10b000ULL
#define PASIDS 0x10c000ULL
#define FIRST 0x10d000ULL       /* four of them, top first */
#define REQUESTS 0x112000ULL
#define OTHER 0x210000ULL

#define PWU (VTD_FS_P | VTD_FS_W | VTD_FS_U)
#define DOMAIN 5
#define PASID 9
#define LEGACY "-device vtd-iommu,device-iotlb=on"
#define SCALABLE "-device vtd-iommu,device-iotlb=on,x-scalable-mode=on"

#define REMAPPABLE (VTD_MSI_BASE | VTD_MSI_REMAPPABLE)
#define SVT(type, sq, sid) ((uint64_t)(type) << VTD_IRTE_SVT_SHIFT | \
                            (uint64_t)(sq) << VTD_IRTE_SQ_SHIFT | (sid))

typedef struct Rig {
    QTestState *qts;
    uint32_t tail;
    unsigned width;             /* of descriptors, bytes */
} Rig;

/* Registers of the endpoint. */
void set(Rig *rig, unsigned offset, uint32_t value);
uint32_t get(Rig *rig, unsigned offset);
/* The levels that are on, and @bits. */
void gcmd(Rig *rig, uint32_t bits);

/* Descriptors of @width bytes; one at the tail; a wait that writes @value. */
void enable_queue(Rig *rig, unsigned width);
void queue(Rig *rig, uint64_t lo, uint64_t hi);
void queue_wait(Rig *rig, uint32_t value);
/* What the last wait has written. */
uint32_t status(Rig *rig);

/* QEMU with @options and the endpoint at 00:04.0, nothing enabled. */
void start_bare(Rig *rig, const char *options);
void stop(Rig *rig);
/* Second-stage tables with pages at 0 and 0x1000. */
void build_second(Rig *rig);
/* Legacy mode with translation type @type. */
void start(Rig *rig, unsigned type);
/* Scalable mode: RID_PASID 0 and PASID with the same entry. */
void start_scalable(Rig *rig, unsigned pgtt);
/* The same in two steps: tables, which a test may then change; on. */
void build_scalable(Rig *rig, unsigned pgtt);
void build_scalable_with(Rig *rig, const char *options, unsigned pgtt);
void enable_scalable(Rig *rig);
/* The interrupt table of 256 entries, EIME, on. */
void enable_remapping(Rig *rig);

/* What becomes of an access. */
unsigned act(Rig *rig, unsigned command, uint64_t address, unsigned length,
             uint32_t flags);

typedef struct Record {
    unsigned reason;            /* 0: none was pending */
    uint16_t sid;
    uint64_t info;
    bool has_pasid;
    uint32_t pasid;
} Record;

/* The record at @index, the oldest one; cleared. */
Record take(Rig *rig, unsigned index);
Record take_first(Rig *rig);

#endif
