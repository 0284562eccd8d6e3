/*
 * The pool of dynamic addresses: see mac-pool.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/mac-pool.h"

#include <string.h>

static uint64_t number_of(const uint8_t mac[6])
{
    uint64_t number = 0;

    for (int i = 0; i < 6; i++) {
        number = number << 8 | mac[i];
    }
    return number;
}

static void to_mac(uint64_t number, uint8_t mac[6])
{
    for (int i = 5; i >= 0; i--) {
        mac[i] = number;
        number >>= 8;
    }
}

void mac_pool_init(MacPool *pool, const uint8_t ipv4[4])
{
    const uint8_t minimum[6] = { 0x00, 0x15, 0x5d, ipv4[2], ipv4[3], 0x00 };

    memset(pool, 0, sizeof(*pool));
    memcpy(pool->minimum, minimum, 6);
    memcpy(pool->maximum, minimum, 6);
    pool->maximum[5] = 0xff;
}

bool mac_pool_set(MacPool *pool, const uint8_t minimum[6],
                  const uint8_t maximum[6])
{
    if (memcmp(minimum, maximum, 3) != 0 || (minimum[0] & 1) ||
        number_of(minimum) == 0 || number_of(minimum) > number_of(maximum)) {
        return false;
    }
    memcpy(pool->minimum, minimum, 6);
    memcpy(pool->maximum, maximum, 6);
    if (pool->next < number_of(minimum) || pool->next > number_of(maximum)) {
        pool->next = 0;
    }
    return true;
}

bool mac_pool_take(MacPool *pool, bool (*used)(void *opaque,
                                               const uint8_t mac[6]),
                   void *opaque, uint8_t mac[6])
{
    uint64_t first = number_of(pool->minimum), last = number_of(pool->maximum);
    uint64_t number = pool->next ? pool->next : first;

    /* At most 2^24 addresses: the three first bytes are the same. */
    for (uint64_t i = 0; i <= last - first; i++) {
        uint8_t candidate[6];

        to_mac(number, candidate);
        number = number == last ? first : number + 1;
        if (!used(opaque, candidate)) {
            memcpy(mac, candidate, 6);
            pool->next = number;
            return true;
        }
    }
    return false;
}

uint64_t mac_pool_size(const MacPool *pool)
{
    return number_of(pool->maximum) - number_of(pool->minimum) + 1;
}

bool mac_pool_has(const MacPool *pool, const uint8_t mac[6])
{
    return number_of(mac) >= number_of(pool->minimum) &&
           number_of(mac) <= number_of(pool->maximum);
}

bool mac_pool_overlap(const MacPool *a, const MacPool *b)
{
    return number_of(a->minimum) <= number_of(b->maximum) &&
           number_of(b->minimum) <= number_of(a->maximum);
}
