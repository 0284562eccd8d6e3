/*
 * PF driver: its memory in a migration stream.  What it programmed is in the
 * adapter's state; this is what only the driver knows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "ixgbe/pf_driver.h"

#define STATE_VERSION 2

static void save_vf(const PfVf *v, StateWriter *w)
{
    state_put_bool(w, v->info.assigned);
    state_put_bool(w, v->info.enabled);
    state_put_bool(w, v->info.ready);
    state_put_bool(w, v->info.spoof_check);
    state_put_bool(w, v->info.trusted);
    state_put_bool(w, v->info.multicast);
    state_put_bytes(w, v->info.mac, sizeof(v->info.mac));
    state_put_u8(w, v->info.qos);
    state_put_u16(w, v->info.vid);
    state_put_u32(w, v->info.rate_mbps);
    state_put_u8(w, v->info.link_state);
    state_put_u32(w, v->info.api);
    state_put_u8(w, v->info.queues);
    state_put_bool(w, v->mac_fixed);
    state_put_bool(w, v->clear_to_send);
    state_put_bool(w, v->rx_off);
    state_put_bool(w, v->query_rss);
    state_put_bool(w, v->check_rests);
    state_put_bool(w, v->macvlans);
    state_put_bool(w, v->ping);
    state_put_u32(w, v->xcast);
    state_put_u8(w, v->hash_count);
    for (unsigned i = 0; i < v->hash_count; i++) {
        state_put_u16(w, v->hashes[i]);
    }
}

static void load_vf(IxgbePfDriver *pf, PfVf *v, StateReader *r)
{
    uint8_t link_state;

    v->info.assigned = state_get_bool(r);
    v->info.enabled = state_get_bool(r);
    v->info.ready = state_get_bool(r);
    v->info.spoof_check = state_get_bool(r);
    v->info.trusted = state_get_bool(r);
    v->info.multicast = state_get_bool(r);
    state_get_bytes(r, v->info.mac, sizeof(v->info.mac));
    v->info.qos = state_get_u8(r) & 7;
    v->info.vid = state_get_u16(r) & 0xfff;
    v->info.rate_mbps = state_get_u32(r);
    link_state = state_get_u8(r);
    v->info.link_state = MIN(link_state, IXGBE_PF_LINK_DISABLE);
    v->info.api = state_get_u32(r);
    v->info.queues = state_get_u8(r);
    v->info.queues = MIN(v->info.queues, pf->queues_per_pool);
    v->mac_fixed = state_get_bool(r);
    v->clear_to_send = state_get_bool(r);
    v->rx_off = state_get_bool(r);
    v->query_rss = state_get_bool(r);
    v->check_rests = state_get_bool(r);
    v->macvlans = state_get_bool(r);
    v->ping = state_get_bool(r);
    v->xcast = state_get_u32(r);
    v->hash_count = state_get_u8(r);
    if (v->hash_count > PF_MC_HASHES) {
        state_fail(r, "a VF with %u multicast groups", v->hash_count);
        v->hash_count = 0;
    }
    for (unsigned i = 0; i < v->hash_count; i++) {
        v->hashes[i] = state_get_u16(r) & 0xfff;
        pf->mta_users[v->hashes[i]]++;
    }
}

static void save_filters(const IxgbePfDriver *pf, StateWriter *w)
{
    for (unsigned i = 0; i < IXGBE_RAR_ENTRIES; i++) {
        state_put_bytes(w, pf->address[i].mac, 6);
        state_put_u32(w, pf->address[i].place - PF_PLACE_NONE);
        state_put_u64(w, pf->address[i].own);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(pf->uplink_vlans); i++) {
        state_put_u64(w, pf->uplink_vlans[i]);
    }
    for (unsigned i = 0; i < IXGBE_VLVF_ENTRIES; i++) {
        state_put_u16(w, pf->vlvf[i].vid);
        state_put_u64(w, pf->vlvf[i].pools);
    }
}

static void load_filters(IxgbePfDriver *pf, StateReader *r)
{
    for (unsigned i = 0; i < IXGBE_RAR_ENTRIES; i++) {
        state_get_bytes(r, pf->address[i].mac, 6);
        pf->address[i].place = PF_PLACE_NONE + (int)
            state_get_u32_max(r, pf->num_vfs - 1 - PF_PLACE_NONE,
                              "place of an address");
        pf->address[i].own = state_get_u64(r);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(pf->uplink_vlans); i++) {
        pf->uplink_vlans[i] = state_get_u64(r);
    }
    for (unsigned i = 0; i < IXGBE_VLVF_ENTRIES; i++) {
        pf->vlvf[i].vid = state_get_u16(r) & 0xfff;
        pf->vlvf[i].pools = state_get_u64(r);
    }
}

void ixgbe_pf_driver_save(const IxgbePfDriver *pf, StateWriter *w)
{
    state_put_section(w, "PFDR", STATE_VERSION);
    state_put_u32(w, pf->num_vfs);
    state_put_bool(w, pf->link_up);
    state_put_u64(w, pf->spoofed);
    for (unsigned vf = 0; vf < pf->num_vfs; vf++) {
        save_vf(&pf->vf[vf], w);
    }
    save_filters(pf, w);
}

bool ixgbe_pf_driver_load(IxgbePfDriver *pf, StateReader *r)
{
    IxgbePfDriver *new = g_new0(IxgbePfDriver, 1);
    bool ok;

    new->ops = pf->ops;
    new->opaque = pf->opaque;
    new->num_vfs = pf->num_vfs;
    new->pool = pf->pool;
    new->queues_per_pool = pf->queues_per_pool;
    state_get_section_only(r, "PFDR", STATE_VERSION);
    if (state_get_u32(r) != pf->num_vfs) {
        state_fail(r, "the adapter has %u VFs here", pf->num_vfs);
    }
    new->link_up = state_get_bool(r);
    new->spoofed = state_get_u64(r);
    for (unsigned vf = 0; vf < new->num_vfs && state_ok(r); vf++) {
        load_vf(new, &new->vf[vf], r);
    }
    load_filters(new, r);
    ok = state_ok(r);
    if (ok) {
        *pf = *new;
    }
    g_free(new);
    return ok;
}
