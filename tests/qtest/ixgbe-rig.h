/*
 * ixgbe, or a VF of it, behind a root port of q35, for the device tests: all
 * configuration goes through ECAM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_IXGBE_RIG_H
#define TESTS_QTEST_IXGBE_RIG_H

#include "libqtest.h"
#include "libqos/pci.h"
#include "libqos/pci-pc.h"
#include "hw/pci/pci_ids.h"
#include "hw/pci/pci_regs.h"
#include "spec/ixgbe_desc.h"
#include "spec/ixgbe_pf_regs.h"
#include "spec/ixgbe_regs.h"

#define ECAM 0xb0000000ull
#define PORT QPCI_DEVFN(4, 0)
#define PF_BAR0 0xe0000000u
#define PF_BAR4 0xe0040000u
#define VF_BAR0 0xe0100000u
#define VF_BAR3 0xe0200000u
#define IO_BAR 0xc000u
#define VFS 64
#define SRIOV 0x160
#define PCIE 0xa0
#define RING 0x100000
#define BUFFER 0x110000
#define MESSAGE 0x120000

typedef struct Pf {
    QTestState *qts;
    QPCIBus *bus;
} Pf;

uint64_t config_at(unsigned bus, unsigned devfn, unsigned offset);
uint32_t pf_config(Pf *pf, unsigned offset);
unsigned vf_devfn(unsigned vf);
/* The PF's BARs and those of its VFs, and decoding. */
void set_bars(Pf *pf);
/* The same for a VF of its own instead of the PF. */
void set_vf_bars(Pf *pf);
void enable_vfs(Pf *pf, unsigned count);

/* @netdev: options of a netdev of id n0; @more: options of the device. */
void start(Pf *pf, const char *netdev, const char *device, const char *more);
/* A fixture: a hub that nobody else is at; @data: options of the device. */
void setup(Pf *pf, gconstpointer data);
void teardown(Pf *pf, gconstpointer data);

uint32_t get(Pf *pf, uint32_t offset);
void set(Pf *pf, uint32_t offset, uint32_t value);
uint32_t vf_get(Pf *pf, unsigned vf, uint32_t offset);
void vf_set(Pf *pf, unsigned vf, uint32_t offset, uint32_t value);
/* Asserts that the registers answer. */
void alive(Pf *pf);

#endif
