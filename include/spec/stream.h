/*
 * The traffic that proves a scenario: sequence-numbered UDP datagrams and a
 * TCP transfer of known content.  Spoken by the guest's agent and the peer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_STREAM_H
#define SPEC_STREAM_H

#include <stdint.h>

#define STREAM_UDP_PORT 7777
#define STREAM_MAGIC 0x566f4901u
#define STREAM_SEQ_MAX (1u << 26)   /* a day at 776 frames a second */

/* UDP payload, little-endian, followed by padding to the wanted length. */
typedef struct __attribute__((packed)) StreamHeader {
    uint32_t magic;
    uint32_t stream;            /* number of the stream */
    uint64_t seq;               /* from 0 */
    uint64_t sent_ns;           /* sender's monotonic clock */
} StreamHeader;
_Static_assert(sizeof(StreamHeader) == 24, "StreamHeader");

/*
 * Byte @offset of the TCP transfer with this seed: the transfer needs no copy
 * of what was sent, and a byte that is lost, doubled or moved shows.
 */
static inline uint8_t stream_tcp_byte(uint64_t seed, uint64_t offset)
{
    uint64_t z = seed + (offset / 8 + 1) * 0x9e3779b97f4a7c15ULL;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    return z >> (offset % 8 * 8);
}

#endif
