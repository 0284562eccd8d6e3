/*
 * A port of the card on a bench: adapter, PF and VFs over one memory, and the
 * moves of the drivers on top.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_CARD_RIG_H
#define TESTS_CARD_RIG_H

#include "iovlab/ixgbe_card.h"
#include "spec/ixgbe_desc.h"
#include "spec/ixgbe_pf_regs.h"
#include "spec/ixgbe_regs.h"

#define RIG_MEMORY (1u << 20)
#define RIG_VFS 4
#define RIG_PF RIG_VFS                  /* index of the PF, and its pool */
#define RIG_QPP 4                       /* queues of a pool */
#define RIG_RING 32
/* Rings and buffers of function f. */
#define RIG_RX_RING(f)   (0x10000u + 0x1000u * (f))
#define RIG_TX_RING(f)   (0x20000u + 0x1000u * (f))
#define RIG_RX_BUFFER(f) (0x40000u + 0x10000u * (f))
#define RIG_TX_BUFFER(f) (0x30000u + 0x1000u * (f))
/* The PF's BAR 0, and VFs' behind it, as bus addresses. */
#define RIG_PF_BAR       0xfe000000u
#define RIG_VF_BAR(vf)   (0xfe100000u + 0x4000u * (vf))

typedef struct Rig Rig;

typedef struct RigFunction {
    Rig *rig;
    unsigned index;
    IxgbeFunction *fn;
    unsigned dma;               /* accesses with its requester id */
    unsigned interrupts[64];
    unsigned tx_tail;
    bool scheduled;
    uint64_t timer;
} RigFunction;

struct Rig {
    IxgbeCard *card;
    RigFunction f[RIG_VFS + 1];
    uint8_t *memory;
    uint64_t now;
    uint64_t timer;
    bool scheduled;
    bool line;
    unsigned wire_frames;
    size_t wire_len;
    void (*at_wire)(Rig *rig);  /* what a frame on the wire sets off */
};

extern const uint8_t RIG_MAC[RIG_VFS + 1][6];   /* VF 0.., PF */

/* As after power on, cable plugged, VFs there but not enabled. */
void rig_init(Rig *rig);
void rig_clear(Rig *rig);
/* Runs what was scheduled, and timers that are due. */
void rig_run(Rig *rig);
void rig_advance(Rig *rig, uint64_t ns);

/* PF registers, a VF's registers. */
uint32_t rig_get(Rig *rig, uint32_t offset);
void rig_set(Rig *rig, uint32_t offset, uint32_t value);
uint32_t rig_vf_get(Rig *rig, unsigned vf, uint32_t offset);
void rig_vf_set(Rig *rig, unsigned vf, uint32_t offset, uint32_t value);

/* As a PF driver sets up @vfs VFs with pools of RIG_QPP queues. */
void rig_program(Rig *rig, unsigned vfs);
/* Queue 0 of a function, as its driver sees it, with buffers of 2 KB. */
void rig_start_queues(Rig *rig, unsigned f);
/* All of these: a card whose PF and VFs have their queues going. */
void rig_init_running(Rig *rig);
/* Puts a frame of @len bytes for @dst on the wire, or on a function's ring. */
void rig_wire_frame(Rig *rig, const uint8_t *dst, size_t len);
void rig_send(Rig *rig, unsigned f, const uint8_t *dst, size_t len);
/* @count frames and one move of the tail; nothing is run. */
void rig_ring(Rig *rig, unsigned f, const uint8_t *dst, size_t len,
              unsigned count);
/* Frames that were written to the function's ring so far. */
unsigned rig_received(Rig *rig, unsigned f);

#endif
