/*
 * An adapter with functions that only count, for tests: VFs in pools 0..N-1,
 * the PF in pool N, programmed through registers as a PF driver would.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_ADAPTER_RIG_H
#define TESTS_ADAPTER_RIG_H

#include "iovlab/eth.h"
#include "iovlab/ixgbe_adapter.h"
#include "spec/ixgbe_pf_regs.h"
#include "spec/ixgbe_regs.h"

#define RIG_VFS 4
#define RIG_PF RIG_VFS                  /* index of the PF's end, its pool */
#define RIG_WIRE (RIG_VFS + 1)
#define RIG_QPP 4                       /* queues of a pool */

typedef struct RigEnd {
    IxgbeAdapterPort *port;
    unsigned frames;
    unsigned room;
    unsigned rooms;                     /* tx_room() calls */
    Frame *last;
    IxgbeRxMeta meta;
    IxgbePortState state;
    uint32_t edges;                     /* of vfmailbox, collected */
    uint8_t numbers[64];
} RigEnd;

typedef struct Rig {
    IxgbeAdapter *adapter;
    RigEnd end[RIG_VFS + 2];
    uint64_t now;
    uint64_t timer;
    uint32_t causes;
    bool scheduled;
    uint64_t wire_ns;                   /* how long a frame takes to leave */
} Rig;

extern const uint8_t RIG_MAC[RIG_VFS + 1][6];   /* VF 0.., PF */
extern const uint8_t RIG_PEER[6], RIG_BCAST[6], RIG_MCAST[6];

/* With registers as after power on, cable plugged. */
void rig_init(Rig *r);
void rig_init_config(Rig *r, const IxgbeAdapterConfig *config);
/* As a PF driver sets it up: pools, addresses, VEB, anti-spoofing off. */
void rig_program(Rig *r);
void rig_clear(Rig *r);
void rig_write(Rig *r, uint32_t offset, uint32_t value);
uint32_t rig_read(Rig *r, uint32_t offset);
void rig_set(Rig *r, uint32_t offset, uint32_t bits);
void rig_unset(Rig *r, uint32_t offset, uint32_t bits);
void rig_run(Rig *r);

/* vid < 0: no tag.  The last byte is @number.  Free with frame_unref(). */
Frame *rig_frame(const uint8_t *dst, const uint8_t *src, int vid, size_t len,
                 uint8_t number);
/* From an end (a VF, RIG_PF or RIG_WIRE), and run.  False: no room. */
bool rig_send(Rig *r, unsigned from, const uint8_t *dst, const uint8_t *src,
              int vid);
/* Bit map of ends that got exactly one frame since; fails on more. */
unsigned rig_got(Rig *r);
#define GOT(end) (1u << (end))

#endif
