/*
 * CRC32c (Castagnoli), the checksum of SCTP (RFC 9260, appendix A).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_CRC32C_H
#define IOVLAB_CRC32C_H

#include "iovlab/bytes.h"

/* Running value: start with ~0 and complement the result. */
uint32_t crc32c_add(uint32_t crc, const void *p, size_t len);

/*
 * The checksum of an SCTP packet of @len bytes (at least 12), its field
 * counted as zero; goes into the field at offset 8 in little-endian order.
 */
uint32_t crc32c_sctp(const uint8_t *sctp, size_t len);

#endif
