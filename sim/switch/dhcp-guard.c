/*
 * DhcpGuard: a VM may not speak as a DHCP server or relay.
 *
 * Clients take what comes to their port and do not look where it comes from, so
 * the destination port decides as well as the source port.  Towards the
 * servers' port, where clients send too, the message itself does (RFC 2131 2,
 * field `op`; RFC 8415 7.3).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "policy.h"

#include "iovlab/eth.h"

enum {
    UDP_LEN = 8,
    V4_SERVER = 67, V4_CLIENT = 68,
    V6_CLIENT = 546, V6_SERVER = 547,
    OP_REPLY = 2,
};

/* DHCPv6 messages that a client sends (RFC 8415 7.3, RFC 5007, RFC 5460). */
static bool client_message(uint8_t type)
{
    switch (type) {
    case 1: case 3: case 4: case 5: case 6: case 8: case 9: case 11:
        return true;            /* SOLICIT ... INFORMATION-REQUEST */
    default:
        return false;
    }
}

bool policy_dhcp_guard(const SwitchPacket *p)
{
    bool v6 = p->ip_version == 6;
    uint16_t client = v6 ? V6_CLIENT : V4_CLIENT;
    uint16_t server = v6 ? V6_SERVER : V4_SERVER;
    uint8_t first;

    if (p->unreadable) {
        return false;
    }
    if (!p->ip_version || p->protocol != FRAME_PROTO_UDP ||
        p->later_fragment) {
        return true;
    }
    if (!p->ports) {
        return false;
    }
    if (p->dst_port == client || p->src_port == server) {
        return false;
    }
    if (p->dst_port != server) {
        return true;
    }
    if (p->l4_len <= UDP_LEN) {
        return false;
    }
    first = p->frame[p->l4 + UDP_LEN];
    return v6 ? client_message(first) : first != OP_REPLY;
}
