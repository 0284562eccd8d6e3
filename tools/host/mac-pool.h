/*
 * The pool of dynamic addresses of a host: one range, given in turn.
 *
 * By default it is 00-15-5D-x-y-00 to -ff, with the last two bytes of the
 * host's IPv4 address as x and y.  Two hosts whose addresses end alike have the
 * same pool.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_MAC_POOL_H
#define TOOLS_HOST_MAC_POOL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct MacPool {
    uint8_t minimum[6];
    uint8_t maximum[6];
    uint64_t next;              /* 0: none was given yet */
} MacPool;

void mac_pool_init(MacPool *pool, const uint8_t ipv4[4]);
/*
 * Another range; false (and the pool as before) if it is no range of stations'
 * addresses with the same three first bytes.
 */
bool mac_pool_set(MacPool *pool, const uint8_t minimum[6],
                  const uint8_t maximum[6]);
/*
 * The address behind the last one that is not @used; false if all are in use,
 * and then the pool is as before.
 */
bool mac_pool_take(MacPool *pool, bool (*used)(void *opaque,
                                               const uint8_t mac[6]),
                   void *opaque, uint8_t mac[6]);
/* How many addresses there are, and whether one is of them. */
uint64_t mac_pool_size(const MacPool *pool);
bool mac_pool_has(const MacPool *pool, const uint8_t mac[6]);
bool mac_pool_overlap(const MacPool *a, const MacPool *b);

#endif
