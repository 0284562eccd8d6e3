/*
 * PF driver: address entries, VLAN tables, multicast table.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pf_driver.h"
#include "iovlab-trace.h"

#define BIT64(n) (1ull << (n))
/* VLANs that a VF without trust may ask for; i40e and ice allow as many. */
#define OWN_VLANS_MAX 8

static uint64_t address_pools(const IxgbePfDriver *pf, const PfAddress *a)
{
    uint64_t pools = a->own;

    if (a->place == IXGBE_PF_DEFAULT_POOL) {
        pools |= BIT64(pf->pool);
    } else if (a->place >= 0) {
        pools |= BIT64(a->place);
    }
    return pools;
}

static PfAddress *address_find(IxgbePfDriver *pf, const uint8_t *mac)
{
    for (unsigned i = 0; i < IXGBE_RAR_ENTRIES; i++) {
        PfAddress *a = &pf->address[i];

        if ((a->place != PF_PLACE_NONE || a->own) &&
            !memcmp(a->mac, mac, 6)) {
            return a;
        }
    }
    return NULL;
}

static PfAddress *address_get(IxgbePfDriver *pf, const uint8_t *mac)
{
    PfAddress *a = address_find(pf, mac);

    for (unsigned i = 0; !a && i < IXGBE_RAR_ENTRIES; i++) {
        if (pf->address[i].place == PF_PLACE_NONE && !pf->address[i].own) {
            a = &pf->address[i];
            memcpy(a->mac, mac, 6);
        }
    }
    return a;
}

/*
 * Writes the entry.  New pools are added before old ones go, so that the
 * address is never nobody's in between.
 */
static void address_apply(IxgbePfDriver *pf, const PfAddress *a)
{
    unsigned i = a - pf->address;
    uint64_t pools = address_pools(pf, a);
    uint32_t lo = pf_read(pf, IXGBE_MPSAR_LO(i));
    uint32_t hi = pf_read(pf, IXGBE_MPSAR_HI(i));

    if (!pools) {
        pf_write(pf, IXGBE_RAH(i), 0);
        pf_write(pf, IXGBE_RAL(i), 0);
    } else {
        pf_write(pf, IXGBE_MPSAR_LO(i), lo | (uint32_t)pools);
        pf_write(pf, IXGBE_MPSAR_HI(i), hi | (uint32_t)(pools >> 32));
        pf_write(pf, IXGBE_RAL(i), rd_le32(a->mac));
        pf_write(pf, IXGBE_RAH(i), rd_le16(a->mac + 4) | IXGBE_RAH_AV);
    }
    pf_write(pf, IXGBE_MPSAR_LO(i), pools);
    pf_write(pf, IXGBE_MPSAR_HI(i), pools >> 32);
}

bool pf_address_own(IxgbePfDriver *pf, const uint8_t *mac, unsigned vf,
                    bool on)
{
    PfAddress *a = on ? address_get(pf, mac) : address_find(pf, mac);

    if (!a) {
        return !on;
    }
    a->own = on ? a->own | BIT64(vf) : a->own & ~BIT64(vf);
    address_apply(pf, a);
    return true;
}

void pf_address_own_clear(IxgbePfDriver *pf, unsigned vf)
{
    for (unsigned i = 0; i < IXGBE_RAR_ENTRIES; i++) {
        if (pf->address[i].own & BIT64(vf)) {
            pf->address[i].own &= ~BIT64(vf);
            address_apply(pf, &pf->address[i]);
        }
    }
}

/* What was the VF's is the default pool's: it stays reachable. */
void pf_address_leave_vf(IxgbePfDriver *pf, unsigned vf)
{
    for (unsigned i = 0; i < IXGBE_RAR_ENTRIES; i++) {
        if (pf->address[i].place == (int)vf) {
            pf->address[i].place = IXGBE_PF_DEFAULT_POOL;
            address_apply(pf, &pf->address[i]);
        }
    }
}

bool ixgbe_pf_driver_filter(IxgbePfDriver *pf, const uint8_t mac[6], int vf)
{
    PfAddress *a;
    int from;

    if (vf < IXGBE_PF_DEFAULT_POOL || vf >= (int)pf->num_vfs) {
        return false;
    }
    a = address_get(pf, mac);
    if (!a) {
        return false;
    }
    from = a->place;
    if (from >= 0 && from != vf) {
        pf->vf[from].check_rests = true;
        pf_vf_apply_spoof(pf, from);
    }
    a->place = vf;
    address_apply(pf, a);
    if (vf >= 0) {
        ixgbe_pf_driver_vf_check_again(pf, vf);
    }
    trace_ixgbe_pf_filter_move(rd_be16(mac), rd_be32(mac + 2), from, vf);
    return true;
}

void ixgbe_pf_driver_filter_remove(IxgbePfDriver *pf, const uint8_t mac[6])
{
    PfAddress *a = address_find(pf, mac);

    if (a) {
        a->place = PF_PLACE_NONE;
        address_apply(pf, a);
    }
}

int ixgbe_pf_driver_filter_place(const IxgbePfDriver *pf, const uint8_t mac[6])
{
    const PfAddress *a = address_find((IxgbePfDriver *)pf, mac);

    return a ? a->place : PF_PLACE_NONE;
}

/* --- VLANs --------------------------------------------------------------- */

static bool is_uplink(const IxgbePfDriver *pf, unsigned vid)
{
    return pf->uplink_vlans[vid / 64] >> (vid % 64) & 1;
}

static int vlvf_find(const IxgbePfDriver *pf, unsigned vid)
{
    for (unsigned i = 0; i < IXGBE_VLVF_ENTRIES; i++) {
        if (pf->vlvf[i].pools && pf->vlvf[i].vid == vid) {
            return i;
        }
    }
    return -1;
}

static int vlvf_free(const IxgbePfDriver *pf)
{
    for (unsigned i = 0; i < IXGBE_VLVF_ENTRIES; i++) {
        if (!pf->vlvf[i].pools) {
            return i;
        }
    }
    return -1;
}

/*
 * An entry exists only for a VLAN of some VF: one that is in the filter table
 * alone is the default pool's, so the uplink can be in any number of VLANs.
 */
static void vlvf_apply(IxgbePfDriver *pf, unsigned entry, unsigned vid)
{
    uint64_t pools = pf->vlvf[entry].pools;

    if (pools && is_uplink(pf, vid)) {
        pools |= BIT64(pf->pool);
    }
    pf_write(pf, IXGBE_VLVFB(2 * entry), pools);
    pf_write(pf, IXGBE_VLVFB(2 * entry + 1), pools >> 32);
    pf_write(pf, IXGBE_VLVF(entry), pools ? IXGBE_VLVF_VIEN | vid : 0);
}

bool pf_vlan_member(IxgbePfDriver *pf, unsigned vid, unsigned vf, bool on)
{
    int entry = vlvf_find(pf, vid);

    if (entry < 0 && on) {
        entry = vlvf_free(pf);
    }
    if (entry < 0) {
        return !on;
    }
    pf->vlvf[entry].vid = vid;
    if (on) {
        pf->vlvf[entry].pools |= BIT64(vf);
        pf_set_bit(pf, IXGBE_VFTA(0), vid, true);
    } else {
        pf->vlvf[entry].pools &= ~BIT64(vf);
    }
    vlvf_apply(pf, entry, vid);
    if (!pf->vlvf[entry].pools) {
        pf_set_bit(pf, IXGBE_VFTA(0), vid, is_uplink(pf, vid));
    }
    return true;
}

void pf_vlan_clear(IxgbePfDriver *pf, unsigned vf)
{
    for (unsigned i = 0; i < IXGBE_VLVF_ENTRIES; i++) {
        if (pf->vlvf[i].pools & BIT64(vf)) {
            pf_vlan_member(pf, pf->vlvf[i].vid, vf, false);
        }
    }
}

bool pf_vlan_own(IxgbePfDriver *pf, unsigned vid, unsigned vf, bool on)
{
    unsigned count = 0;

    for (unsigned i = 0; i < IXGBE_VLVF_ENTRIES; i++) {
        count += (pf->vlvf[i].pools & BIT64(vf)) && pf->vlvf[i].vid &&
                 pf->vlvf[i].vid != vid;
    }
    if (on && count >= OWN_VLANS_MAX && !pf->vf[vf].info.trusted) {
        return false;
    }
    return pf_vlan_member(pf, vid, vf, on);
}

/* Is a VLAN of the table the port VLAN of some VF that is in it? */
static bool vlvf_is_port(const IxgbePfDriver *pf, unsigned entry)
{
    for (unsigned vf = 0; vf < pf->num_vfs; vf++) {
        if ((pf->vlvf[entry].pools & BIT64(vf)) &&
            pf->vf[vf].info.vid == pf->vlvf[entry].vid) {
            return true;
        }
    }
    return false;
}

/*
 * There are fewer VFs than entries: if the table is full, one of them has none
 * but VFs that asked for its VLAN.
 */
void pf_vlan_port(IxgbePfDriver *pf, unsigned vf)
{
    unsigned vid = pf->vf[vf].info.vid;
    unsigned i = 0;

    if (pf_vlan_member(pf, vid, vf, true)) {
        return;
    }
    while (i < IXGBE_VLVF_ENTRIES - 1 && vlvf_is_port(pf, i)) {
        i++;
    }
    trace_ixgbe_pf_vlan_taken(pf->vlvf[i].vid, pf->vlvf[i].pools, vid);
    pf_set_bit(pf, IXGBE_VFTA(0), pf->vlvf[i].vid,
               is_uplink(pf, pf->vlvf[i].vid));
    pf->vlvf[i].pools = 0;
    pf_vlan_member(pf, vid, vf, true);
}

bool ixgbe_pf_driver_uplink_vlan(IxgbePfDriver *pf, uint16_t vid, bool on)
{
    int entry;

    if (vid >= 4096) {
        return false;
    }
    entry = vlvf_find(pf, vid);
    if (on) {
        pf->uplink_vlans[vid / 64] |= BIT64(vid % 64);
    } else {
        pf->uplink_vlans[vid / 64] &= ~BIT64(vid % 64);
    }
    pf_set_bit(pf, IXGBE_VFTA(0), vid, on || entry >= 0);
    if (entry >= 0) {
        vlvf_apply(pf, entry, vid);
    }
    return true;
}

/* --- multicast ----------------------------------------------------------- */

void pf_multicast_set(IxgbePfDriver *pf, unsigned vf, const uint16_t *hashes,
                      unsigned count)
{
    PfVf *v = &pf->vf[vf];

    for (unsigned i = 0; i < v->hash_count; i++) {
        if (!--pf->mta_users[v->hashes[i]]) {
            pf_set_bit(pf, IXGBE_MTA(0), v->hashes[i], false);
        }
    }
    v->hash_count = MIN(count, PF_MC_HASHES);
    for (unsigned i = 0; i < v->hash_count; i++) {
        v->hashes[i] = hashes[i] & 0xfff;
        if (!pf->mta_users[v->hashes[i]]++) {
            pf_set_bit(pf, IXGBE_MTA(0), v->hashes[i], true);
        }
    }
}
