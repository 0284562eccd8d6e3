/*
 * The flow director: what it sees of a frame, and its hash.  7.1.2.7.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fdir.h"

#include "spec/ixgbe_filter_regs.h"

#define HASH_MASK 0x7fff
#define PROTO_IPV4 4

/*
 * The stream is 42 bytes and starts with the VLAN tag, so addresses and ports
 * are half a word off.  The key repeats every 32 bits: all words of the stream
 * fall on one another, in one phase (@high) or half a word later (@low).  The
 * stream's ends, pool, type and tag, meet across the seam, where the first bit
 * of the extended key is not used.
 */
uint32_t ixgbe_fdir_hash(const FdirFlow *flow, uint32_t key)
{
    uint32_t edge = flow->word[FDIR_EDGE];
    uint32_t all = 0;
    uint32_t high, low, first;
    uint32_t hash = 0;

    for (unsigned i = FDIR_SRC; i < FDIR_WORDS; i++) {
        all ^= flow->word[i];
    }
    first = all >> 16 | all << 16;
    high = all ^ edge ^ edge >> 16;
    low = first ^ edge ^ edge << 16;
    if (key & 1) {
        hash ^= first;
    }
    for (uint32_t bits = key & 0xfffe; bits; bits &= bits - 1) {
        hash ^= low >> __builtin_ctz(bits);
    }
    for (uint32_t bits = key >> 16; bits; bits &= bits - 1) {
        hash ^= high >> __builtin_ctz(bits);
    }
    return hash & HASH_MASK;
}

/* L4 type of FDIRCMD and the mask of the ports; 0: none of its types. */
static unsigned l4_type(const FdirMasks *m, const FrameInfo *info,
                        uint32_t *ports)
{
    *ports = 0;
    if (!info->l4) {
        return 0;
    }
    switch (info->protocol) {
    case FRAME_PROTO_UDP:
        *ports = m->udp;
        return 1;
    case FRAME_PROTO_TCP:
        *ports = m->tcp;
        return 2;
    case FRAME_PROTO_SCTP:
        *ports = m->sctp;
        return 3;
    default:
        return 0;
    }
}

static void extract_ipv6(const FdirMasks *m, const uint8_t *ip,
                         FdirFlow *flow)
{
    for (unsigned i = 0; i < 4; i++) {
        flow->word[FDIR_SRC + i] = rd_be32(ip + 8 + 4 * i) & m->src6[i];
    }
    if (!m->perfect) {
        for (unsigned i = 0; i < 4; i++) {
            flow->word[FDIR_DST + i] = rd_be32(ip + 24 + 4 * i) & m->dst6[i];
        }
    } else if (!(m->fdirm & IXGBE_FDIRM_DIPV6) && m->has_local6 &&
               !memcmp(ip + 24, m->local6, 16)) {
        flow->word[FDIR_DST] = 0x01000000;
    }
}

bool ixgbe_fdir_extract(const FdirMasks *m, const uint8_t *frame, size_t len,
                        const FrameInfo *info, FdirFlow *flow)
{
    bool any_l4 = m->fdirm & IXGBE_FDIRM_L4P;
    const uint8_t *ip = frame + info->l3;
    uint32_t ports, vlan = 0;
    unsigned type = l4_type(m, info, &ports);

    if (!info->ip_version || (!type && !any_l4) ||
        info->protocol == PROTO_IPV4 || info->protocol == FRAME_PROTO_IPV6) {
        return false;
    }
    *flow = (FdirFlow) { 0 };
    if (info->ip_version == 4) {
        flow->word[FDIR_SRC] = rd_be32(ip + 12) & m->src4;
        flow->word[FDIR_DST] = rd_be32(ip + 16) & m->dst4;
    } else {
        extract_ipv6(m, ip, flow);
    }
    if (type) {
        flow->word[FDIR_PORTS] = rd_be32(frame + info->l4) & ports;
    }
    if (info->tagged) {
        vlan = info->vlan_tci;
        vlan &= m->fdirm & IXGBE_FDIRM_VLANID ? 0xf000 : 0xffff;
        vlan &= m->fdirm & IXGBE_FDIRM_VLANP ? 0x0fff : 0xffff;
    }
    if (!(m->fdirm & IXGBE_FDIRM_FLEX) && iov_in_range(m->flex, 2, len)) {
        flow->word[FDIR_FLEX] = (uint32_t)rd_be16(frame + m->flex) << 16;
    }
    type = (any_l4 ? 0 : type) | (info->ip_version == 6 ? 4 : 0);
    flow->word[FDIR_EDGE] = type << 16 | vlan;
    return true;
}
