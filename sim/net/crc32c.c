/*
 * CRC32c: see iovlab/crc32c.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/crc32c.h"

/* The polynomial 0x1edc6f41, bits reversed. */
#define POLYNOMIAL 0x82f63b78u

static uint32_t table[256];

static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t v = i;

        for (int bit = 0; bit < 8; bit++) {
            v = v & 1 ? v >> 1 ^ POLYNOMIAL : v >> 1;
        }
        table[i] = v;
    }
}

uint32_t crc32c_add(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *p = data;

    if (!table[1]) {
        make_table();
    }
    while (len--) {
        crc = crc >> 8 ^ table[(crc ^ *p++) & 0xff];
    }
    return crc;
}

uint32_t crc32c_sctp(const uint8_t *sctp, size_t len)
{
    static const uint8_t zero[4];
    uint32_t crc = crc32c_add(~0u, sctp, 8);

    crc = crc32c_add(crc, zero, 4);
    return ~crc32c_add(crc, sctp + 12, len - 12);
}
