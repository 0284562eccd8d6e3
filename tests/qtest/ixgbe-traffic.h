/*
 * Frames for the ixgbe device tests: rings of PF and VFs, and the wire.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_IXGBE_TRAFFIC_H
#define TESTS_QTEST_IXGBE_TRAFFIC_H

#include "ixgbe-rig.h"

#define RING_SIZE 64u           /* descriptors */
#define RX_BUFFER 2048u
#define MAX_FRAME 15872u        /* 82599 datasheet 7.1.1: 15.5 KB */
#define PF_POOL 8u              /* of program(), with two queues a pool */
#define PF_QUEUE (2 * PF_POOL)
/* Nobody is at it but the wire. */
#define PEER 0xfe

typedef struct Ring {
    Pf *pf;
    uint64_t regs;              /* RDBAL or TDBAL of the queue */
    uint64_t base;              /* of the descriptors */
    uint64_t buffers;
    unsigned next;              /* tail, or the next to be written back */
} Ring;

/* Offsets in a queue's block; PF and VF have the same. */
enum { Q_BAL = 0, Q_BAH = 4, Q_LEN = 8, Q_HEAD = 0x10, Q_SRRCTL = 0x14,
       Q_TAIL = 0x18, Q_CTL = 0x28, Q_RSCCTL = 0x2c, Q_WBAL = 0x38,
       Q_WBAH = 0x3c };

uint32_t ring_get(Ring *ring, unsigned reg);
void ring_set(Ring *ring, unsigned reg, uint32_t value);

/* The wire: a socket with each frame behind its length. */
typedef struct Wire {
    int fd;
} Wire;

/* A fixture: a card with a wire, its VFs enabled and its pools set up. */
typedef struct Card {
    Pf pf;
    Wire wire;
} Card;

void card_start(Card *card, gconstpointer data);
void card_stop(Card *card, gconstpointer data);
/* Pools of two queues: VF n has pool n and address n, the PF PF_POOL. */
void program(Pf *pf, unsigned vfs);

/* @place: which part of guest memory; a ring of its own each. */
void rx_place(Ring *ring, Pf *pf, uint64_t regs, unsigned place);
void pf_rx(Ring *ring, Card *card, unsigned place);
void pf_tx(Ring *ring, Card *card, unsigned place);
void vf_rx(Ring *ring, Card *card, unsigned vf, unsigned place);
void vf_tx(Ring *ring, Card *card, unsigned vf, unsigned place);
/* @srrctl: SRRCTL without BSIZEPKT, which is RX_BUFFER. */
void rx_open(Ring *ring, uint32_t srrctl);
void tx_open(Ring *ring);

/* One descriptor that sends @len bytes at @address. */
void tx_desc(Ring *ring, uint64_t address, uint32_t cmd, uint32_t olinfo);
void tx_frame(Ring *ring, const void *frame, size_t len);
/* Has the ring been emptied (within two seconds)? */
bool tx_done(Ring *ring);
/* The next frame, within two seconds; SIZE_MAX if none comes. */
size_t rx_take(Ring *ring, uint8_t *frame);
void wire_send(Wire *wire, const void *frame, size_t len);
size_t wire_take(Card *card, uint8_t *frame);

/* A frame from one address to another with contents that follow from @len. */
void make_frame(uint8_t *frame, unsigned to, unsigned from, size_t len);
/* Asserts that a frame goes from VF 1 to VF 2, and one to the wire. */
void still_passes(Card *card);
/* Time for the device to do what it has to. */
void work(Pf *pf);

#endif
