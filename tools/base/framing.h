/*
 * Frames on a byte stream: a 32-bit big-endian length and then the frame, the
 * form of QEMU's `-netdev stream`.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_FRAMING_H
#define TOOLS_FRAMING_H

#include "iovlab/bytes.h"

/* Room for a jumbo frame and what hand-over puts before it. */
#define FRAMING_MAX 16384

/*
 * Looks at the start of @data.  Returns the bytes that the record takes (its
 * content is then *frame, *frame_len), 0 if it is incomplete, -1 if its length
 * is above FRAMING_MAX.
 */
gssize framing_parse(const uint8_t *data, size_t len, const uint8_t **frame,
                     size_t *frame_len);
/* Writes the four bytes of the length. */
void framing_header(uint8_t header[4], size_t frame_len);

#endif
