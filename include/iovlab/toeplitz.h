/*
 * Receive side scaling: the Toeplitz hash of a frame's addresses and ports.
 *
 * Source: Microsoft's "RSS Hashing Functions" and "RSS hashing types", whose
 * verification vectors the tests use; 82599 datasheet 7.1.2.8.1 uses the same
 * function.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_TOEPLITZ_H
#define IOVLAB_TOEPLITZ_H

#include "iovlab/eth.h"

#define TOEPLITZ_KEY_LEN 40

/* What may be hashed.  Ports win over addresses alone. */
enum {
    RSS_HASH_IPV4     = 1 << 0,
    RSS_HASH_TCP_IPV4 = 1 << 1,
    RSS_HASH_UDP_IPV4 = 1 << 2,
    RSS_HASH_IPV6     = 1 << 3,
    RSS_HASH_TCP_IPV6 = 1 << 4,
    RSS_HASH_UDP_IPV6 = 1 << 5,
};

/* @data of at most 36 bytes; bytes beyond that are not hashed. */
uint32_t toeplitz_hash(const uint8_t key[TOEPLITZ_KEY_LEN], const void *data,
                       size_t len);

/*
 * Hash of a frame.  @types is a set of RSS_HASH_*.  Returns the one that was
 * used, or 0 (and hash 0) if none applies.
 */
unsigned toeplitz_hash_frame(const uint8_t key[TOEPLITZ_KEY_LEN],
                             unsigned types, const uint8_t *frame,
                             const FrameInfo *info, uint32_t *hash);

#endif
