/*
 * A VF on a bench: memory, a clock, a port that records, and a driver's moves.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_IXGBE_RIG_H
#define TESTS_IXGBE_RIG_H

#include "iovlab/ixgbe_function.h"
#include "spec/ixgbe_desc.h"
#include "spec/ixgbe_regs.h"

#define RIG_MEMORY (1u << 20)
/* Where the rings and buffers of queue q are. */
#define RIG_RX_RING(q)   (0x10000u + 0x1000u * (q))
#define RIG_TX_RING(q)   (0x20000u + 0x1000u * (q))
#define RIG_RX_BUFFER(i) (0x40000u + 0x800u * (i))
#define RIG_TX_BUFFER    0x80000u
/* The function's own BAR 0 as a bus address. */
#define RIG_BAR          0xfe000000u
#define RIG_RING         32             /* descriptors */

typedef struct Rig {
    IxgbeFunction *fn;
    uint8_t *memory;
    uint64_t now;
    uint64_t timer;
    bool scheduled;
    uint64_t fault_from;        /* addresses from here fault */
    uint64_t bytes_read;        /* by DMA */
    unsigned interrupts[3];
    /* port */
    GPtrArray *sent;            /* of GBytes */
    IxgbeTxMeta meta[256];      /* of the frames sent, by number */
    unsigned tx_credit;         /* frames that the port takes */
    unsigned rx_rooms;
    unsigned resets;
    unsigned flrs;
    uint32_t mailbox;
    IxgbePortState state;
} Rig;

void rig_init(Rig *rig, const IxgbeVfConfig *config);
/* A PF, whose queues 0 to 7 are where a VF's are. */
void rig_init_pf(Rig *rig);
void rig_clear(Rig *rig);
/* Runs what was scheduled, and timers that are due. */
void rig_run(Rig *rig);
void rig_advance(Rig *rig, uint64_t ns);

uint32_t rig_read(Rig *rig, uint32_t offset);
void rig_write(Rig *rig, uint32_t offset, uint32_t value);

/* Sets queue 0 up as Linux does, with buffers of 2 KB given to the device. */
void rig_start_rx(Rig *rig, uint32_t srrctl, unsigned buffers);
void rig_start_tx(Rig *rig);
/* Vector 0 for queue 0, vector 1 for other causes, all unmasked. */
void rig_start_interrupts(Rig *rig);
/* The PF's vector 0 for its queue 0, moderated, unmasked. */
void rig_start_pf_interrupts(Rig *rig, unsigned interval_us);
void rig_unmask_pf(Rig *rig);

IxgbeRxResult rig_receive(Rig *rig, const void *frame, size_t len);
/* Receive descriptor @i as written back. */
IxgbeRxAdvWb rig_rx_desc(Rig *rig, unsigned i);

/* Puts a transmit descriptor at the tail, without moving the register. */
void rig_tx_desc(Rig *rig, uint64_t address, uint32_t cmd, uint32_t olinfo);
void rig_tx_context(Rig *rig, unsigned maclen, unsigned iplen, unsigned l4len,
                    unsigned mss, uint32_t tucmd, uint16_t tag, unsigned idx);
/* Moves the tail register and runs. */
void rig_tx_kick(Rig *rig);
const uint8_t *rig_sent(Rig *rig, unsigned n, size_t *len);

/* An Ethernet/IPv4/TCP or UDP frame with right checksums; returns its length. */
size_t rig_ipv4_frame(uint8_t *frame, uint8_t protocol, size_t payload);

#endif
