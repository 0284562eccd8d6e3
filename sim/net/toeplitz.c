/*
 * Toeplitz hash: see iovlab/toeplitz.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/toeplitz.h"

uint32_t toeplitz_hash(const uint8_t key[TOEPLITZ_KEY_LEN], const void *data,
                       size_t len)
{
    const uint8_t *p = data;
    uint64_t window = rd_be64(key);
    uint32_t hash = 0;

    len = MIN(len, TOEPLITZ_KEY_LEN - 4);
    for (size_t i = 0; i < len; i++) {
        for (int bit = 7; bit >= 0; bit--) {
            if (p[i] >> bit & 1) {
                hash ^= window >> 32;
            }
            window <<= 1;
        }
        /* The window holds 64 bits of key from byte i on. */
        window |= i + 8 < TOEPLITZ_KEY_LEN ? key[i + 8] : 0;
    }
    return hash;
}

static unsigned pick_type(unsigned types, const FrameInfo *info)
{
    unsigned ports = 0;
    unsigned addresses;

    if (info->ip_version == 4) {
        addresses = RSS_HASH_IPV4;
        if (info->l4 && info->protocol == FRAME_PROTO_TCP) {
            ports = RSS_HASH_TCP_IPV4;
        } else if (info->l4 && info->protocol == FRAME_PROTO_UDP) {
            ports = RSS_HASH_UDP_IPV4;
        }
    } else if (info->ip_version == 6) {
        addresses = RSS_HASH_IPV6;
        if (info->l4 && info->protocol == FRAME_PROTO_TCP) {
            ports = RSS_HASH_TCP_IPV6;
        } else if (info->l4 && info->protocol == FRAME_PROTO_UDP) {
            ports = RSS_HASH_UDP_IPV6;
        }
    } else {
        return 0;
    }
    return types & ports ? ports : types & addresses;
}

unsigned toeplitz_hash_frame(const uint8_t key[TOEPLITZ_KEY_LEN],
                             unsigned types, const uint8_t *frame,
                             const FrameInfo *info, uint32_t *hash)
{
    const uint8_t *ip = frame + info->l3;
    unsigned type = pick_type(types, info);
    uint8_t input[36];
    size_t len;

    *hash = 0;
    if (!type) {
        return 0;
    }
    if (info->ip_version == 4) {
        memcpy(input, ip + 12, 8);
        len = 8;
    } else {
        memcpy(input, ip + 8, 32);
        len = 32;
    }
    if (type & ~(RSS_HASH_IPV4 | RSS_HASH_IPV6)) {
        memcpy(input + len, frame + info->l4, 4);
        len += 4;
    }
    *hash = toeplitz_hash(key, input, len);
    return type;
}
