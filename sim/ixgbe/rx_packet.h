/*
 * One received frame on its way into a ring: what the descriptor will say, and
 * the pieces that are written.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_IXGBE_RX_PACKET_H
#define SIM_IXGBE_RX_PACKET_H

#include "ixgbe/function.h"

#include "iovlab/eth.h"
#include "iovlab/fcs.h"

/* 15.5 KB in buffers of 1 KB, and one for a header of its own. */
#define IXGBE_RX_DESCS_MAX 17
/* In front of a tag, behind it, FCS. */
#define RX_PIECES 3

typedef struct IxgbeRxPacket {
    const IxgbeRxMeta *meta;
    const uint8_t *frame;       /* as it came; info is about it */
    FrameInfo info;
    struct {
        const uint8_t *data;
        size_t len;
    } piece[RX_PIECES];
    size_t len;                 /* of all pieces: what goes to the host */
    size_t stripped;            /* bytes of a tag that was taken out */
    uint8_t fcs[FRAME_FCS_LEN];
    uint16_t tci;               /* of that tag */

    uint32_t type;              /* info of the write-back, bits 15:0 */
    uint32_t hash;              /* its second word */
    uint32_t status;            /* its status and errors, but for DD and EOP */

    size_t header;              /* bytes for the header buffer */
    uint32_t header_bits;       /* SPH and HDR_LEN */
    size_t buffer;              /* size of a packet buffer */
    unsigned count;             /* descriptors */
} IxgbeRxPacket;

/* False if the queue's set-up cannot take it. */
bool ixgbe_rx_packet_init(IxgbeRxPacket *p, const IxgbeRxq *q,
                          const uint8_t *frame, size_t len,
                          const IxgbeRxMeta *meta);
/* Writes bytes [offset, offset + len) of the packet to guest memory. */
bool ixgbe_rx_packet_write(IxgbeFunction *fn, const IxgbeRxPacket *p,
                           uint64_t address, size_t offset, size_t len);

/* rxq.c, for rsc.c */
static inline bool ixgbe_rxq_legacy(const IxgbeRxq *q)
{
    return (q->srrctl & IXGBE_SRRCTL_DESCTYPE) == IXGBE_SRRCTL_LEGACY;
}

/* Reads the addresses of descriptor @i; @header may be NULL. */
bool ixgbe_rxq_fetch(IxgbeRxq *q, uint32_t i, uint64_t *packet,
                     uint64_t *header);
bool ixgbe_rxq_write_back(IxgbeRxq *q, uint32_t i, const void *wb);
/* Data was written up to descriptor @last: the driver has something to do. */
void ixgbe_rxq_written(IxgbeRxq *q, uint32_t last);
/* DMA failed. */
void ixgbe_rxq_stop(IxgbeRxq *q);

#endif
