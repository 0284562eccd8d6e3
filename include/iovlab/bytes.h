/*
 * Little-endian and big-endian access to unaligned bytes.
 *
 * Everything a guest or a peer writes is little-endian (VMBus, RNDIS, the
 * 82599, VT-d) or big-endian (Ethernet and IP).  Wire structures are packed
 * and their fields are read through these helpers only.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_BYTES_H
#define IOVLAB_BYTES_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define IOV_PACKED __attribute__((packed))

/* Wire-format sizes are checked where the format is declared. */
#define IOV_SIZE_CHECK(type, size) \
    G_STATIC_ASSERT(sizeof(type) == (size))

#define IOV_ACCESSORS(bits, order, conv)                                   \
    static inline uint##bits##_t rd_##order##bits(const void *p)           \
    {                                                                      \
        uint##bits##_t v;                                                  \
        memcpy(&v, p, sizeof(v));                                          \
        return conv(v);                                                    \
    }                                                                      \
    static inline void wr_##order##bits(void *p, uint##bits##_t v)         \
    {                                                                      \
        v = conv(v);                                                       \
        memcpy(p, &v, sizeof(v));                                          \
    }

IOV_ACCESSORS(16, le, GUINT16_FROM_LE)
IOV_ACCESSORS(32, le, GUINT32_FROM_LE)
IOV_ACCESSORS(64, le, GUINT64_FROM_LE)
IOV_ACCESSORS(16, be, GUINT16_FROM_BE)
IOV_ACCESSORS(32, be, GUINT32_FROM_BE)
IOV_ACCESSORS(64, be, GUINT64_FROM_BE)

/* True if [offset, offset + len) lies within [0, size).  Cannot overflow. */
static inline bool iov_in_range(uint64_t offset, uint64_t len, uint64_t size)
{
    return offset <= size && len <= size - offset;
}

#endif
