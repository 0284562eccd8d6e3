/*
 * Access control lists of a port.
 *
 * Basic entries: the most specific one that matches decides, an address of a
 * station being more specific than any IP prefix; of two alike the one that
 * denies.  Extended entries: the one of the highest weight that matches.  A
 * frame passes if neither denies it; where nothing matches it passes.
 *
 * A fragment does not show its ports.  It is taken to have those that an entry
 * denies, and never those that an entry allows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "policy.h"

enum { RANK_MAC = 1000, RANK_IP = 1 };

static bool prefix_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;

    return memcmp(a, b, bytes) == 0 &&
           (!rest || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0);
}

static bool address_matches(const VswitchAddress *a, const SwitchPacket *p,
                            uint32_t mac, uint32_t ip)
{
    switch (a->kind) {
    case VSWITCH_ADDRESS_ANY:
        return true;
    case VSWITCH_ADDRESS_MAC:
        return prefix_equal(a->bytes, p->frame + mac, a->prefix);
    case VSWITCH_ADDRESS_IPV4:
        return p->ip_version == 4 &&
               prefix_equal(a->bytes, p->frame + ip, a->prefix);
    case VSWITCH_ADDRESS_IPV6:
        return p->ip_version == 6 &&
               prefix_equal(a->bytes, p->frame + ip, a->prefix);
    }
    return false;
}

/* More is more specific; prefixes of both families compare by their part. */
static unsigned address_rank(const VswitchAddress *a)
{
    switch (a->kind) {
    case VSWITCH_ADDRESS_MAC:
        return RANK_MAC + a->prefix;
    case VSWITCH_ADDRESS_IPV4:
        return RANK_IP + a->prefix * 4;
    case VSWITCH_ADDRESS_IPV6:
        return RANK_IP + a->prefix;
    default:
        return 0;
    }
}

static bool any_port(const uint16_t ports[2])
{
    return ports[0] == 0 && ports[1] == UINT16_MAX;
}

static bool port_matches(const uint16_t ports[2], uint16_t port)
{
    return port >= ports[0] && port <= ports[1];
}

static bool l4_matches(const VswitchAcl *acl, const SwitchPacket *p, bool out)
{
    if (!acl->extended) {
        return true;
    }
    if (acl->protocol != VSWITCH_PROTOCOL_ANY) {
        if (!p->ip_version) {
            return false;
        }
        if (p->unreadable) {
            return acl->action == VSWITCH_ACL_DENY;
        }
        if (p->protocol != acl->protocol) {
            return false;
        }
    }
    if (any_port(acl->local_ports) && any_port(acl->remote_ports)) {
        return true;
    }
    if (!p->ports) {
        return (p->fragment || p->unreadable) &&
               acl->action == VSWITCH_ACL_DENY;
    }
    return port_matches(acl->local_ports, out ? p->src_port : p->dst_port) &&
           port_matches(acl->remote_ports, out ? p->dst_port : p->src_port);
}

static bool matches(const VswitchAcl *acl, const SwitchPacket *p, bool out)
{
    const uint32_t dst_mac = 0, src_mac = 6;

    return (acl->directions & (out ? VSWITCH_OUTBOUND : VSWITCH_INBOUND)) &&
           address_matches(&acl->local, p, out ? src_mac : dst_mac,
                           out ? p->src : p->dst) &&
           address_matches(&acl->remote, p, out ? dst_mac : src_mac,
                           out ? p->dst : p->src) &&
           l4_matches(acl, p, out);
}

/* Whether @a is to be heard before @b, both matching. */
static bool before(const VswitchAcl *a, const VswitchAcl *b)
{
    unsigned rank_a, rank_b;

    if (a->extended) {
        return a->weight > b->weight;
    }
    rank_a = address_rank(&a->local) + address_rank(&a->remote);
    rank_b = address_rank(&b->local) + address_rank(&b->remote);
    if (rank_a != rank_b) {
        return rank_a > rank_b;
    }
    return a->action == VSWITCH_ACL_DENY && b->action != VSWITCH_ACL_DENY;
}

bool policy_acl(PortPolicy *policy, const SwitchPacket *p, bool out)
{
    VswitchAcl *basic = NULL, *extended = NULL, *meter = NULL;

    for (unsigned i = 0; i < policy->n_acls; i++) {
        VswitchAcl *acl = &policy->acls[i];
        VswitchAcl **best = acl->action == VSWITCH_ACL_METER ? &meter :
            acl->extended ? &extended : &basic;

        if (matches(acl, p, out) && (!*best || before(acl, *best))) {
            *best = acl;
        }
    }
    if (meter) {
        meter->frames++;
        meter->bytes += p->len;
    }
    return (!basic || basic->action == VSWITCH_ACL_ALLOW) &&
           (!extended || extended->action == VSWITCH_ACL_ALLOW);
}

static bool same_address(const VswitchAddress *a, const VswitchAddress *b)
{
    return a->kind == b->kind && a->prefix == b->prefix &&
           memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool vswitch_acl_same(const VswitchAcl *a, const VswitchAcl *b)
{
    return a->action == b->action && a->directions == b->directions &&
           a->extended == b->extended && a->weight == b->weight &&
           a->protocol == b->protocol &&
           memcmp(a->local_ports, b->local_ports, sizeof(a->local_ports)) == 0 &&
           memcmp(a->remote_ports, b->remote_ports,
                  sizeof(a->remote_ports)) == 0 &&
           same_address(&a->local, &b->local) &&
           same_address(&a->remote, &b->remote);
}

void policy_acl_set(PortPolicy *policy, const VswitchAcl *acls, unsigned count)
{
    VswitchAcl *copy;

    count = MIN(count, VSWITCH_ACLS_MAX);
    copy = g_memdup2(acls, count * sizeof(*acls));
    for (unsigned i = 0; i < count; i++) {
        copy[i].frames = copy[i].bytes = 0;
        for (unsigned j = 0; j < policy->n_acls; j++) {
            /* A meter that stays goes on counting. */
            if (vswitch_acl_same(&policy->acls[j], &copy[i])) {
                copy[i].frames = policy->acls[j].frames;
                copy[i].bytes = policy->acls[j].bytes;
            }
        }
    }
    g_free(policy->acls);
    policy->acls = copy;
    policy->n_acls = count;
}
