/*
 * Frame check sequence: see iovlab/fcs.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/fcs.h"

/* The polynomial 0x04c11db7, bits reversed. */
#define POLYNOMIAL 0xedb88320u

uint32_t frame_fcs(const uint8_t *frame, size_t len)
{
    uint32_t crc = ~0u;

    while (len--) {
        crc ^= *frame++;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        }
    }
    return ~crc;
}
