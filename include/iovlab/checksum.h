/*
 * The Internet checksum (RFC 1071) of IP, TCP and UDP: sums, insertion,
 * validation.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_CHECKSUM_H
#define IOVLAB_CHECKSUM_H

#include "iovlab/eth.h"

/*
 * Adds bytes to a running sum.  Every run but the last has an even length.
 * The sum is opaque until folded.
 */
uint64_t csum_add(uint64_t sum, const void *p, size_t len);
/* Adds one 16-bit field, given in host order. */
uint64_t csum_add16(uint64_t sum, uint16_t v);
/* The folded sum, not complemented, in host order. */
uint16_t csum_fold(uint64_t sum);
/* The value for a header field: complemented. */
uint16_t csum_finish(uint64_t sum);
/*
 * Sum of the pseudo header.  @ip is a whole IPv4 or IPv6 header (20 or 40
 * bytes are read); @len counts the L4 header and what follows it.
 */
uint64_t csum_pseudo(const uint8_t *ip, unsigned ip_version, uint8_t protocol,
                     uint32_t len);

/* Length and offset (within the L4 header) of the checksum field, or -1. */
int csum_field_offset(uint8_t protocol);

/*
 * Writes the IPv4 header checksum.  False, with the frame untouched, if there
 * is no whole IPv4 header.
 */
bool csum_insert_ip(uint8_t *frame, const FrameInfo *info);
/*
 * Writes the TCP or UDP checksum, with the pseudo header.  UDP gets 0xffff for
 * 0 (RFC 768).  False if there is no such header, its length is wrong, or its
 * pseudo header is not all in the frame (FrameInfo.routed).
 */
bool csum_insert_l4(uint8_t *frame, const FrameInfo *info);
/*
 * Sums [start, end) as it stands, seed included, and writes the result at
 * @field: what hardware does that is told offsets only.  A field equal to zero
 * becomes 0xffff if @udp.  False if the range or the field is outside @len.
 */
bool csum_insert_range(uint8_t *frame, size_t len, size_t start, size_t end,
                       size_t field, bool udp);

typedef enum CsumVerdict {
    CSUM_NONE,              /* nothing to check: other protocol, fragment,
                               UDP without checksum, truncated packet */
    CSUM_GOOD,
    CSUM_BAD,
} CsumVerdict;

typedef struct CsumResult {
    CsumVerdict ip;
    CsumVerdict l4;
} CsumResult;

void csum_validate(const uint8_t *frame, size_t len, const FrameInfo *info,
                   CsumResult *result);

#endif
