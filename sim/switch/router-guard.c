/*
 * RouterGuard: a VM may not speak as a router.
 *
 * Dropped: router advertisements and redirects, of ICMPv6 (RFC 4861 4.2 and
 * 4.5) and of ICMP (RFC 1256; RFC 792, redirect), wherever they hide: behind
 * tags, SNAP or extension headers.  A first fragment that does not show its
 * ICMP header, and a chain that cannot be followed, are dropped as well
 * (RFC 7113 3): an honest sender makes neither.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "policy.h"

enum {
    PROTO_ICMP = 1,
    PROTO_ICMPV6 = 58,
    ICMP_REDIRECT = 5,
    ICMP_ROUTER_ADVERTISEMENT = 9,
    ICMPV6_ROUTER_ADVERTISEMENT = 134,
    ICMPV6_REDIRECT = 137,
};

bool policy_router_guard(const SwitchPacket *p)
{
    uint8_t type;

    if (p->unreadable) {
        return false;
    }
    if (p->later_fragment ||
        !((p->ip_version == 6 && p->protocol == PROTO_ICMPV6) ||
          (p->ip_version == 4 && p->protocol == PROTO_ICMP))) {
        return true;
    }
    if (!p->l4_len) {
        return false;
    }
    type = p->frame[p->l4];
    if (p->ip_version == 6) {
        return type != ICMPV6_ROUTER_ADVERTISEMENT && type != ICMPV6_REDIRECT;
    }
    return type != ICMP_ROUTER_ADVERTISEMENT && type != ICMP_REDIRECT;
}
