/*
 * Length-prefixed frames.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/framing.h"

gssize framing_parse(const uint8_t *data, size_t len, const uint8_t **frame,
                     size_t *frame_len)
{
    uint32_t want;

    if (len < 4) {
        return 0;
    }
    want = rd_be32(data);
    if (want > FRAMING_MAX) {
        return -1;
    }
    if (len - 4 < want) {
        return 0;
    }
    *frame = data + 4;
    *frame_len = want;
    return 4 + (gssize)want;
}

void framing_header(uint8_t header[4], size_t frame_len)
{
    wr_be32(header, frame_len);
}
