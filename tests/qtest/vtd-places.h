/*
 * Where the device tests of vtd-iommu have the unit, a function behind it, and
 * their tables in guest RAM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_VTD_PLACES_H
#define TESTS_QTEST_VTD_PLACES_H

#include "spec/vtd.h"

#define UNIT 0xfed90000ULL
#define BAR 0xc0000000ULL
#define SID 0x0020              /* 00:04.0 */

/* In guest RAM. */
#define ROOT 0x100000ULL
#define CONTEXT 0x101000ULL
#define TABLE 0x102000ULL       /* four of them, top first */
#define QUEUE 0x108000ULL
#define STATUS 0x109000ULL
#define IRT 0x10a000ULL
#define PAGE 0x200000ULL
/* Where no memory is, within the host's address width. */
#define OUTSIDE 0x200000000000ULL

#define RW (VTD_SS_R | VTD_SS_W)

#endif
