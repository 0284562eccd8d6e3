/*
 * Receive filters and pool selection, 7.1.1 and 7.10.3.
 *
 * The register values are turned into a hash of addresses and bit maps of
 * pools when they change, so that a frame costs the same with 1 VF and 64.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter.h"

#define TYPE_MAC_CONTROL 0x8808
#define OPCODE_PAUSE 1

static unsigned mac_hash(uint64_t mac)
{
    return (mac * 0x9e3779b97f4a7c15ull) >> 56;
}

static void mac_insert(IxgbeFilters *f, uint64_t mac, uint64_t pools)
{
    unsigned n = mac_hash(mac);

    while (f->mac[n].mac && f->mac[n].mac != mac) {
        n = (n + 1) % MAC_SLOTS;
    }
    f->mac[n].mac = mac;
    f->mac[n].pools |= pools;
}

static const MacSlot *mac_find(const IxgbeFilters *f, uint64_t mac)
{
    for (unsigned n = mac_hash(mac); f->mac[n].mac; n = (n + 1) % MAC_SLOTS) {
        if (f->mac[n].mac == mac) {
            return &f->mac[n];
        }
    }
    return NULL;
}

uint64_t ixgbe_mac_pools(const IxgbeAdapter *a, uint64_t mac)
{
    const MacSlot *slot = mac_find(&a->filters, mac);

    return slot ? slot->pools : 0;
}

static void refresh_mac(IxgbeAdapter *a)
{
    const uint32_t *ral = reg_at(a, IXGBE_RAL(0));
    const uint32_t *rah = reg_at(a, IXGBE_RAH(0));
    const uint32_t *lo = reg_at(a, IXGBE_MPSAR_LO(0));
    const uint32_t *hi = reg_at(a, IXGBE_MPSAR_HI(0));

    memset(a->filters.mac, 0, sizeof(a->filters.mac));
    for (unsigned i = 0; i < IXGBE_RAR_ENTRIES; i++) {
        uint8_t mac[6];

        if (!(rah[i] & IXGBE_RAH_AV)) {
            continue;
        }
        wr_le32(mac, ral[i]);
        wr_le16(mac + 4, rah[i]);
        if (mac_key(mac)) {
            mac_insert(&a->filters, mac_key(mac),
                       (uint64_t)hi[i] << 32 | lo[i]);
        }
    }
}

static void refresh_vlan(IxgbeAdapter *a)
{
    const uint32_t *vlvf = reg_at(a, IXGBE_VLVF(0));
    const uint32_t *vlvfb = reg_at(a, IXGBE_VLVFB(0));
    IxgbeFilters *f = &a->filters;

    memset(f->vlan_slot, 0, sizeof(f->vlan_slot));
    memset(f->vlan_pools, 0, sizeof(f->vlan_pools));
    for (unsigned i = 0; i < IXGBE_VLVF_ENTRIES; i++) {
        unsigned vid = vlvf[i] & 0xfff;

        if (!(vlvf[i] & IXGBE_VLVF_VIEN)) {
            continue;
        }
        if (!f->vlan_slot[vid]) {
            f->vlan_slot[vid] = i + 1;
        }
        f->vlan_pools[f->vlan_slot[vid] - 1] |=
            (uint64_t)vlvfb[2 * i + 1] << 32 | vlvfb[2 * i];
    }
}

static uint64_t bit_if(uint32_t value, uint32_t mask, unsigned pool)
{
    return value & mask ? POOL_BIT(pool) : 0;
}

static void refresh_pools(IxgbeAdapter *a)
{
    const uint32_t *vmolr = reg_at(a, IXGBE_VMOLR(0));
    const uint32_t *spoof = reg_at(a, IXGBE_PFVFSPOOF(0));
    IxgbeFilters *f = &a->filters;

    f->aupe = f->rompe = f->rope = f->bam = f->mpe = 0;
    f->mac_spoof = f->vlan_spoof = 0;
    for (unsigned p = 0; p < IXGBE_POOLS; p++) {
        f->aupe |= bit_if(vmolr[p], IXGBE_VMOLR_AUPE, p);
        f->rompe |= bit_if(vmolr[p], IXGBE_VMOLR_ROMPE, p);
        f->rope |= bit_if(vmolr[p], IXGBE_VMOLR_ROPE, p);
        f->bam |= bit_if(vmolr[p], IXGBE_VMOLR_BAM, p);
        f->mpe |= bit_if(vmolr[p], IXGBE_VMOLR_MPE, p);
        f->mac_spoof |= bit_if(spoof[p / 8], 1u << (p % 8), p);
        f->vlan_spoof |= bit_if(spoof[p / 8], 0x100u << (p % 8), p);
    }
    f->rx_pools = (uint64_t)reg(a, IXGBE_VFRE(1)) << 32 |
                  reg(a, IXGBE_VFRE(0));
    f->mirrors = false;
    for (unsigned i = 0; i < MIRROR_RULES; i++) {
        f->mirrors |= (reg(a, IXGBE_MRCTL(i)) & 0xf) != 0;
    }
}

void ixgbe_filters_refresh(IxgbeAdapter *a)
{
    if (!a->stale) {
        return;
    }
    if (a->stale & STALE_MAC) {
        refresh_mac(a);
    }
    if (a->stale & STALE_VLAN) {
        refresh_vlan(a);
    }
    if (a->stale & STALE_POOL) {
        refresh_pools(a);
    }
    if (a->stale & STALE_RSS) {
        ixgbe_rss_refresh(a);
    }
    if (a->stale & STALE_TUPLE) {
        ixgbe_tuple_refresh(a);
    }
    ixgbe_rx_rules_refresh(a);
    ixgbe_pktbuf_refresh(a);
    a->stale = 0;
}

bool ixgbe_adapter_two_tags(const IxgbeAdapter *a)
{
    return reg(a, IXGBE_CTRL_EXT) & IXGBE_CTRL_EXT_EXTENDED_VLAN;
}

bool ixgbe_frame_tag(const IxgbeAdapter *a, const Frame *frame, uint16_t *tci)
{
    size_t at = 2 * FRAME_ADDR_LEN;

    if (ixgbe_adapter_two_tags(a) &&
        rd_be16(frame->data + at) == reg(a, IXGBE_EXVET) >> 16) {
        at += FRAME_VLAN_LEN;
    }
    if (frame->len < at + FRAME_VLAN_LEN + 2 ||
        rd_be16(frame->data + at) !=
        (reg(a, IXGBE_VLNCTRL) & IXGBE_VLNCTRL_VET)) {
        return false;
    }
    *tci = rd_be16(frame->data + at + 2);
    return true;
}

bool ixgbe_frame_vlan(const IxgbeAdapter *a, const Frame *frame, uint16_t *vid)
{
    uint16_t tci;
    bool tagged = ixgbe_frame_tag(a, frame, &tci);

    if (tagged) {
        *vid = tci & 0xfff;
    }
    return tagged;
}

/* 8.2.3.7 MCSTCTRL.MO: which 12 bits of the address are the hash. */
static unsigned address_hash(const IxgbeAdapter *a, const uint8_t *mac)
{
    static const uint8_t shift[4] = { 4, 3, 2, 0 };
    unsigned low = shift[reg(a, IXGBE_MCSTCTRL) & IXGBE_MCSTCTRL_MO];

    return ((mac[4] >> low) | (mac[5] << (8 - low))) & 0xfff;
}

static bool table_has(const IxgbeAdapter *a, uint32_t table, unsigned bit)
{
    return reg_at(a, table)[bit / 32] >> (bit % 32) & 1;
}

static bool mta_hit(const IxgbeAdapter *a, const uint8_t *mac)
{
    return (reg(a, IXGBE_MCSTCTRL) & IXGBE_MCSTCTRL_MFE) &&
           table_has(a, IXGBE_MTA(0), address_hash(a, mac));
}

/*
 * Pools that the address selects.  *passed: whether the MAC's own filters let
 * it in (they do not see frames of the switch).
 */
static uint64_t address_pools(const IxgbeAdapter *a, const uint8_t *dst,
                              bool *passed)
{
    const IxgbeFilters *f = &a->filters;
    uint32_t fctrl = reg(a, IXGBE_FCTRL);
    uint64_t pools = 0;
    const MacSlot *slot;

    if (frame_is_broadcast(dst)) {
        *passed = fctrl & (IXGBE_FCTRL_BAM | IXGBE_FCTRL_MPE);
        return f->bam;
    }
    slot = mac_find(f, mac_key(dst));
    if (slot) {
        pools = slot->pools;
    }
    if (frame_is_multicast(dst)) {
        bool hit = mta_hit(a, dst);

        pools |= f->mpe | (hit ? f->rompe : 0);
        *passed = slot || hit || (fctrl & IXGBE_FCTRL_MPE) ||
                  (f->mpe && ixgbe_adapter_vt(a));
        return pools;
    }
    *passed = slot || (fctrl & IXGBE_FCTRL_UPE);
    if ((f->rope || !ixgbe_adapter_vt(a)) &&
        table_has(a, IXGBE_UTA(0), address_hash(a, dst))) {
        *passed = true;
        pools |= f->rope;
    }
    return pools;
}

/*
 * 7.10.3.3: the pools that may have a frame of this VLAN.  A VLAN that the
 * filter table has but no pool asked for is the default pool's.
 */
static uint64_t vlan_pools(const IxgbeAdapter *a, const Frame *frame)
{
    const IxgbeFilters *f = &a->filters;
    bool filter = reg(a, IXGBE_VLNCTRL) & IXGBE_VLNCTRL_VFE;
    uint16_t vid;

    if (!ixgbe_frame_vlan(a, frame, &vid)) {
        return f->aupe;
    }
    if (filter && !table_has(a, IXGBE_VFTA(0), vid)) {
        return 0;
    }
    if (f->vlan_slot[vid]) {
        return f->vlan_pools[f->vlan_slot[vid] - 1];
    }
    return filter ? POOL_BIT(ixgbe_adapter_default_pool(a)) : UINT64_MAX;
}

static bool vlan_passes(const IxgbeAdapter *a, const Frame *frame)
{
    uint16_t vid;

    return !ixgbe_frame_vlan(a, frame, &vid) ||
           !(reg(a, IXGBE_VLNCTRL) & IXGBE_VLNCTRL_VFE) ||
           table_has(a, IXGBE_VFTA(0), vid);
}

/* 8.2.3.7 FCTRL, 8.2.3.22 MFLCN: frames between MACs are not the host's. */
static bool mac_control_passes(const IxgbeAdapter *a, const Frame *frame)
{
    uint32_t fctrl = reg(a, IXGBE_FCTRL);
    uint32_t mflcn = reg(a, IXGBE_MFLCN);

    if (rd_be16(frame->data + 2 * FRAME_ADDR_LEN) != TYPE_MAC_CONTROL) {
        return true;
    }
    if (!(fctrl & IXGBE_FCTRL_PMCF) && !(mflcn & IXGBE_MFLCN_PMCF)) {
        return false;
    }
    return frame->len < FRAME_ETH_LEN + 2 ||
           rd_be16(frame->data + FRAME_ETH_LEN) != OPCODE_PAUSE ||
           !((fctrl & IXGBE_FCTRL_DPF) || (mflcn & IXGBE_MFLCN_DPF));
}

uint64_t ixgbe_pools_from_wire(IxgbeAdapter *a, const Frame *frame)
{
    uint32_t vt = reg(a, IXGBE_VT_CTL);
    uint64_t fallback = vt & IXGBE_VT_CTL_DIS_DEFPL
                        ? 0 : POOL_BIT(ixgbe_adapter_default_pool(a));
    uint64_t pools;
    bool passed;

    pools = address_pools(a, frame->data, &passed);
    if (!passed || !vlan_passes(a, frame) || !mac_control_passes(a, frame)) {
        return 0;
    }
    if (!(vt & IXGBE_VT_CTL_ENA)) {
        return POOL_BIT(0);
    }
    if (!pools) {
        return fallback;
    }
    pools &= vlan_pools(a, frame);
    if (!(vt & IXGBE_VT_CTL_REPLEN) && frame_is_multicast(frame->data) &&
        (pools & (pools - 1))) {
        pools = fallback;
    }
    return pools;
}

uint64_t ixgbe_pools_local(IxgbeAdapter *a, const Frame *frame)
{
    bool passed;
    uint64_t pools = address_pools(a, frame->data, &passed) &
                     vlan_pools(a, frame);

    if (!(reg(a, IXGBE_VT_CTL) & IXGBE_VT_CTL_REPLEN) &&
        frame_is_multicast(frame->data) && (pools & (pools - 1))) {
        pools = POOL_BIT(ixgbe_adapter_default_pool(a)) & pools;
    }
    return pools;
}
