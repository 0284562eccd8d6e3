/*
 * NetVSP: the whole state, saved and loaded.
 *
 * Everything in the stream is checked against what the bus loaded before: a
 * conversation needs an open channel, a buffer needs its GPADL, a section's
 * owner needs a queue.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-internal.h"

/* 2: receive segment coalescing. */
#define SAVE_VERSION 2

static void save_port(const Netvsp *n, StateWriter *w)
{
    state_put_bytes(w, n->permanent_mac, sizeof(n->permanent_mac));
    state_put_bytes(w, n->mac, sizeof(n->mac));
    state_put_bool(w, n->mac_spoofing);
    state_put_bool(w, n->link_up);
    state_put_u32(w, n->speed_mbps);
    state_put_u32(w, n->port_mtu);
    state_put_bool(w, n->vf_allocated);
    state_put_u32(w, n->vf_serial);
    state_put_bool(w, n->announce);
}

static void load_port(Netvsp *n, StateReader *r)
{
    state_get_bytes(r, n->permanent_mac, sizeof(n->permanent_mac));
    state_get_bytes(r, n->mac, sizeof(n->mac));
    n->mac_spoofing = state_get_bool(r);
    n->link_up = state_get_bool(r);
    n->speed_mbps = state_get_u32(r);
    n->port_mtu = state_get_u32_max(r, NETVSP_MTU_MAX, "port MTU");
    n->vf_allocated = state_get_bool(r);
    n->vf_serial = state_get_u32(r);
    n->announce = state_get_bool(r);
}

static void save_buffers(const Netvsp *n, StateWriter *w)
{
    state_put_bool(w, n->recv.gpadl != NULL);
    if (n->recv.gpadl) {
        state_put_u32(w, vmbus_gpadl_id(n->recv.gpadl));
        state_put_u32(w, n->recv.section_size);
        state_put_blob(w, n->recv.owner, n->recv.sections);
    }
    state_put_bool(w, n->send.gpadl != NULL);
    if (n->send.gpadl) {
        state_put_u32(w, vmbus_gpadl_id(n->send.gpadl));
    }
}

static void load_owners(Netvsp *n, StateReader *r, const uint8_t *owner,
                        size_t sections)
{
    NetvspRecvBuf *b = &n->recv;

    if (sections != b->sections) {
        state_fail(r, "%zu receive sections, the buffer has %u", sections,
                   b->sections);
        return;
    }
    b->free_count = 0;
    for (uint32_t i = b->sections; i-- > 0;) {
        if ((owner[i] & ~NETVSP_SECTION_PART) > n->sub_channels + 1 ||
            owner[i] == NETVSP_SECTION_PART) {
            state_fail(r, "receive section %u belongs to queue %u", i,
                       owner[i]);
            return;
        }
        b->owner[i] = owner[i];
        if (!owner[i]) {
            b->free[b->free_count++] = i;
        }
    }
}

static void load_buffers(Netvsp *n, StateReader *r)
{
    VmbusChannel *ch = n->queues[0]->ch;

    if (state_get_bool(r)) {
        uint32_t id = state_get_u32(r);
        uint32_t size = state_get_u32_max(r, 2 * NETVSP_FRAME_MAX,
                                          "receive section size");
        size_t sections;
        const uint8_t *owner = state_get_blob(r, NETVSP_SECTIONS_MAX,
                                              &sections);
        VmbusGpadl *gpadl = state_ok(r) ? vmbus_channel_gpadl_get(ch, id)
                                        : NULL;

        if (!gpadl || size < NETVSP_SECTION_MIN ||
            !netvsp_recv_buf_set(n, gpadl, size)) {
            vmbus_gpadl_put(gpadl);
            state_fail(r, "receive buffer GPADL 0x%x", id);
            return;
        }
        load_owners(n, r, owner, sections);
    }
    if (state_get_bool(r)) {
        uint32_t id = state_get_u32(r);
        VmbusGpadl *gpadl = state_ok(r) ? vmbus_channel_gpadl_get(ch, id)
                                        : NULL;

        if (!gpadl) {
            state_fail(r, "send buffer GPADL 0x%x", id);
            return;
        }
        netvsp_send_buf_set(n, gpadl);
    }
}

static void save_rndis(const Netvsp *n, StateWriter *w)
{
    state_put_u32(w, n->filter);
    state_put_blob(w, n->multicast, n->multicasts * 6);
    state_put_bool(w, n->offload.rx_ip4);
    state_put_bool(w, n->offload.rx_tcp4);
    state_put_bool(w, n->offload.rx_udp4);
    state_put_bool(w, n->offload.rx_tcp6);
    state_put_bool(w, n->offload.rx_udp6);
    state_put_bool(w, n->rss.enabled);
    state_put_u32(w, n->rss.hash_information);
    state_put_bytes(w, n->rss.key, sizeof(n->rss.key));
    state_put_u32(w, n->rss.entries);
    for (unsigned i = 0; i < n->rss.entries; i++) {
        state_put_u16(w, n->rss.table[i]);
    }
    state_put_u8(w, n->link_told);
    state_put_bool(w, n->link_told_early);
    state_put_u32(w, n->speed_told);
    state_put_bool(w, n->vf_told);
    state_put_u32(w, n->vf_told_serial);
    state_put_u32(w, n->control.length);
    for (GList *l = n->control.head; l; l = l->next) {
        gsize len;
        const void *p = g_bytes_get_data(l->data, &len);

        state_put_blob(w, p, len);
    }
}

static void load_rndis(Netvsp *n, StateReader *r)
{
    const uint8_t *p;
    uint32_t count;
    uint8_t told;
    size_t len;

    n->filter = state_get_u32(r);
    p = state_get_blob(r, sizeof(n->multicast), &len);
    n->multicasts = len / 6;
    if (p) {
        memcpy(n->multicast, p, n->multicasts * 6);
    }
    n->offload.rx_ip4 = state_get_bool(r);
    n->offload.rx_tcp4 = state_get_bool(r);
    n->offload.rx_udp4 = state_get_bool(r);
    n->offload.rx_tcp6 = state_get_bool(r);
    n->offload.rx_udp6 = state_get_bool(r);
    n->rss.enabled = state_get_bool(r);
    n->rss.hash_information = state_get_u32(r);
    state_get_bytes(r, n->rss.key, sizeof(n->rss.key));
    n->rss.entries = state_get_u32_max(r, NETVSP_RSS_TABLE, "RSS entries");
    for (unsigned i = 0; i < n->rss.entries; i++) {
        n->rss.table[i] = state_get_u16(r);
    }
    if (n->rss.enabled && !n->rss.entries) {
        state_fail(r, "RSS without a table");
        n->rss.enabled = false;
    }
    told = state_get_u8(r);
    n->link_told = MIN(told, NETVSP_LINK_UP);
    n->link_told_early = state_get_bool(r);
    n->speed_told = state_get_u32(r);
    n->vf_told = state_get_bool(r);
    n->vf_told_serial = state_get_u32(r);
    count = state_get_u32_max(r, NETVSP_CONTROL_WAIT_MAX, "control messages");
    for (uint32_t i = 0; i < count && state_ok(r); i++) {
        p = state_get_blob(r, NETVSP_CONTROL_BYTES, &len);
        if (p) {
            g_queue_push_tail(&n->control, g_bytes_new(p, len));
        }
    }
}

static void load_subchannels(Netvsp *n, StateReader *r)
{
    uint32_t count = state_get_u32_max(r, NETVSP_CHANNELS_MAX - 1,
                                       "sub-channels");

    for (uint32_t i = 1; i <= count && state_ok(r); i++) {
        NetvspQueue *q = netvsp_queue_new(n, i);

        q->tx_done = state_get_u32(r);
        if (!state_ok(r) || !netvsp_queue_offer(q, true)) {
            state_fail(r, "sub-channel %u is not on the bus", i);
            g_free(q);
            return;
        }
        q->open = vmbus_channel_is_open(q->ch);
        n->queues[i] = q;
        n->sub_channels = i;
    }
}

static void put_counters(const NetvspCounters *c, StateWriter *w)
{
    const uint64_t *v = (const uint64_t *)c;

    for (unsigned i = 0; i < sizeof(*c) / sizeof(*v); i++) {
        state_put_u64(w, v[i]);
    }
}

static void get_counters(NetvspCounters *c, StateReader *r)
{
    uint64_t *v = (uint64_t *)c;

    for (unsigned i = 0; i < sizeof(*c) / sizeof(*v); i++) {
        v[i] = state_get_u64(r);
    }
}

static void save_rsc(const Netvsp *n, StateWriter *w)
{
    const NetvspRecvBuf *b = &n->recv;

    state_put_bool(w, n->rsc_allowed);
    state_put_bool(w, n->offload.rsc_ip4);
    state_put_bool(w, n->offload.rsc_ip6);
    state_put_u64(w, n->rsc_counters.packets);
    state_put_u64(w, n->rsc_counters.octets);
    state_put_u64(w, n->rsc_counters.events);
    state_put_u64(w, n->rsc_counters.aborts);
    for (uint32_t i = 0; i < b->sections; i++) {
        if (b->owner[i]) {
            state_put_u16(w, b->next[i]);
        }
    }
}

static void load_rsc(Netvsp *n, StateReader *r)
{
    NetvspRecvBuf *b = &n->recv;

    n->rsc_allowed = state_get_bool(r);
    n->offload.rsc_ip4 = state_get_bool(r);
    n->offload.rsc_ip6 = state_get_bool(r);
    n->rsc_counters.packets = state_get_u64(r);
    n->rsc_counters.octets = state_get_u64(r);
    n->rsc_counters.events = state_get_u64(r);
    n->rsc_counters.aborts = state_get_u64(r);
    for (uint32_t i = 0; state_ok(r) && i < b->sections; i++) {
        if (b->owner[i]) {
            b->next[i] = state_get_u16(r);
        }
        if (b->next[i] > b->sections) {
            state_fail(r, "receive section %u is followed by %u", i,
                       b->next[i]);
        }
    }
}

void netvsp_save(Netvsp *n, StateWriter *w)
{
    netvsp_rx_flush(n);
    state_put_section(w, "NVSP", SAVE_VERSION);
    state_put_u8(w, n->state);
    state_put_u32(w, n->version);
    state_put_u32(w, n->ndis_version);
    state_put_u16(w, n->guest_mtu);
    state_put_u64(w, n->capabilities);
    save_port(n, w);
    state_put_u32(w, n->queues[0]->tx_done);
    state_put_u32(w, n->sub_channels);
    for (unsigned i = 1; i <= n->sub_channels; i++) {
        state_put_u32(w, n->queues[i]->tx_done);
    }
    state_put_bool(w, n->table_due);
    save_buffers(n, w);
    save_rndis(n, w);
    state_put_bool(w, n->datapath.vf);
    state_put_u8(w, n->datapath.state);
    state_put_bool(w, n->datapath.to_vf);
    state_put_u64(w, n->datapath.trans_id);
    state_put_u64(w, n->datapath.cookie);
    state_put_u64(w, n->next_cookie);
    put_counters(&n->rx, w);
    put_counters(&n->tx, w);
    save_rsc(n, w);
}

static void load_datapath(Netvsp *n, StateReader *r)
{
    uint8_t state;

    n->datapath.vf = state_get_bool(r);
    state = state_get_u8(r);
    n->datapath.to_vf = state_get_bool(r);
    n->datapath.trans_id = state_get_u64(r);
    n->datapath.cookie = state_get_u64(r);
    n->next_cookie = state_get_u64(r);
    if (state >= NETVSP_SWITCHES) {
        state_fail(r, "data path switch in state %u", state);
        return;
    }
    n->datapath.state = state;
}

static void check_conversation(const Netvsp *n, StateReader *r, uint8_t state)
{
    bool open = vmbus_channel_is_open(n->queues[0]->ch);

    if (state >= NETVSP_STATES) {
        state_fail(r, "NIC in state %u", state);
    } else if (open != (state != NETVSP_CLOSED)) {
        state_fail(r, "NIC in state %u, its channel is %s", state,
                   open ? "open" : "closed");
    } else if ((state >= NETVSP_NEGOTIATED) != nvsp_version_known(n->version)) {
        state_fail(r, "NVSP version 0x%x in state %u", n->version, state);
    } else if (n->guest_mtu && (n->guest_mtu < NETVSP_MTU_MIN ||
                                n->guest_mtu > NETVSP_MTU_MAX)) {
        state_fail(r, "guest's MTU is %u", n->guest_mtu);
    }
}

/* Of a NIC that nobody has open nothing would ever be given back. */
static void check_closed(const Netvsp *n, StateReader *r)
{
    if (n->sub_channels || n->recv.gpadl || n->send.gpadl ||
        n->control.length || n->datapath.state != NETVSP_SWITCH_IDLE) {
        state_fail(r, "a NIC whose channel is closed has a conversation");
    }
}

bool netvsp_load(Netvsp *n, StateReader *r)
{
    uint16_t version;
    uint8_t state;

    netvsp_reset_conversation(n);
    version = state_get_section(r, "NVSP", SAVE_VERSION);
    state = state_get_u8(r);
    n->version = state_get_u32(r);
    n->ndis_version = state_get_u32(r);
    n->guest_mtu = state_get_u16(r);
    n->capabilities = state_get_u64(r);
    check_conversation(n, r, state);
    if (!state_ok(r)) {
        return false;
    }
    load_port(n, r);
    n->queues[0]->tx_done = state_get_u32(r);
    load_subchannels(n, r);
    n->table_due = state_get_bool(r);
    load_buffers(n, r);
    load_rndis(n, r);
    load_datapath(n, r);
    get_counters(&n->rx, r);
    get_counters(&n->tx, r);
    if (version >= 2) {
        load_rsc(n, r);
    }
    if (state == NETVSP_CLOSED) {
        check_closed(n, r);
    }
    if (!state_ok(r)) {
        return false;
    }
    n->state = state;
    n->queues[0]->open = state != NETVSP_CLOSED;
    netvsp_status_changed(n);
    return true;
}
