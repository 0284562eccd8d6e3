/*
 * PF driver: what VFs ask for through their mailboxes (spec/ixgbe_mbx.h).
 *
 * A reply is written whether or not the VF still holds the buffer: since API
 * 1.5 a VF driver holds it until it has seen the acknowledgement, which it
 * gets together with the reply.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "pf_driver.h"
#include "iovlab-trace.h"

#define DWORDS 16

typedef struct Message {
    uint32_t dword[DWORDS];
} Message;

static bool mac_valid(const uint8_t *mac)
{
    return !(mac[0] & 1) && (rd_be32(mac) || rd_be16(mac + 4));
}

static void message_mac(const Message *m, uint8_t mac[6])
{
    wr_le32(mac, m->dword[1]);
    wr_le16(mac + 4, m->dword[2]);
}

static unsigned message_info(const Message *m)
{
    return m->dword[0] >> IXGBE_MBX_INFO_SHIFT & IXGBE_MBX_INFO_MASK;
}

static void send_message(IxgbePfDriver *pf, unsigned vf, const Message *m,
                         unsigned dwords)
{
    for (unsigned i = 0; i < dwords; i++) {
        pf_write(pf, IXGBE_PFMBMEM(vf) + 4 * i, m->dword[i]);
    }
    pf_write(pf, IXGBE_PFMAILBOX(vf), IXGBE_PFMAILBOX_STS);
}

/* A VF in the middle of a request is told when it is done. */
void pf_mailbox_ping(IxgbePfDriver *pf, unsigned vf)
{
    PfVf *v = &pf->vf[vf];
    Message m = { { IXGBE_MBX_PING } };

    pf_write(pf, IXGBE_PFMAILBOX(vf), IXGBE_PFMAILBOX_PFU);
    v->ping = !(pf_read(pf, IXGBE_PFMAILBOX(vf)) & IXGBE_PFMAILBOX_PFU);
    if (v->ping) {
        return;
    }
    if (v->clear_to_send) {
        m.dword[0] |= IXGBE_MBX_CTS;
    }
    send_message(pf, vf, &m, 1);
}

/* Settings that the VF's driver made go; the owner's stay. */
void pf_vf_reset(IxgbePfDriver *pf, unsigned vf)
{
    PfVf *v = &pf->vf[vf];

    v->clear_to_send = false;
    v->rx_off = false;
    v->info.ready = false;
    v->info.api = IXGBE_MBX_API_10;
    v->xcast = IXGBE_MBX_XCAST_MULTI;
    v->macvlans = false;
    pf_multicast_set(pf, vf, NULL, 0);
    pf_address_own_clear(pf, vf);
    pf_vlan_clear(pf, vf);
    pf_vlan_port(pf, vf);
    pf_vf_apply_policy(pf, vf);
    pf_vf_apply_enable(pf, vf);
}

static void reset_message(IxgbePfDriver *pf, unsigned vf)
{
    PfVf *v = &pf->vf[vf];
    Message m = { { IXGBE_MBX_RESET } };

    pf_vf_reset(pf, vf);
    v->clear_to_send = true;
    v->info.ready = true;
    pf_vf_apply_policy(pf, vf);
    if (mac_valid(v->info.mac)) {
        m.dword[0] |= IXGBE_MBX_ACK;
        m.dword[1] = rd_le32(v->info.mac);
        m.dword[2] = rd_le16(v->info.mac + 4);
    } else {
        m.dword[0] |= IXGBE_MBX_NACK;
    }
    m.dword[3] = pf_read(pf, IXGBE_MCSTCTRL) & IXGBE_MCSTCTRL_MO;
    send_message(pf, vf, &m, 4);
    pf->ops->event(pf->opaque, IXGBE_PF_VF_READY, vf);
}

static bool set_mac(IxgbePfDriver *pf, unsigned vf, Message *m)
{
    PfVf *v = &pf->vf[vf];
    uint8_t mac[6];
    int place;

    message_mac(m, mac);
    if (!mac_valid(mac)) {
        return false;
    }
    if (!memcmp(mac, v->info.mac, 6)) {
        return true;
    }
    if (v->mac_fixed && !v->info.trusted) {
        return false;
    }
    place = ixgbe_pf_driver_filter_place(pf, v->info.mac);
    if (place == (int)vf) {
        if (!ixgbe_pf_driver_filter(pf, mac, vf)) {
            return false;
        }
        ixgbe_pf_driver_filter_remove(pf, v->info.mac);
    }
    memcpy(v->info.mac, mac, 6);
    pf->ops->event(pf->opaque, IXGBE_PF_VF_MAC, vf);
    return true;
}

static bool set_multicast(IxgbePfDriver *pf, unsigned vf, Message *m)
{
    uint16_t hashes[PF_MC_HASHES];
    unsigned count = MIN(message_info(m), PF_MC_HASHES);

    for (unsigned i = 0; i < count; i++) {
        hashes[i] = m->dword[1 + i / 2] >> (i % 2 * 16);
    }
    pf_multicast_set(pf, vf, hashes, count);
    pf_vf_apply_policy(pf, vf);
    return true;
}

static bool set_vlan(IxgbePfDriver *pf, unsigned vf, Message *m)
{
    unsigned vid = m->dword[1] & 0xfff;
    bool add = message_info(m);

    if (pf->vf[vf].info.vid) {
        return false;
    }
    /* Untagged frames cannot be given up. */
    return !vid && !add ? true : pf_vlan_own(pf, vid, vf, add);
}

/*
 * One frame size for all on this chip: long frames only for a driver that
 * knows (API 1.1); any other cannot be allowed to receive.
 */
static bool set_lpe(IxgbePfDriver *pf, unsigned vf, Message *m)
{
    PfVf *v = &pf->vf[vf];
    uint32_t size = m->dword[1];
    bool knows = v->info.api != IXGBE_MBX_API_10;

    v->rx_off = size < 68 || size > PF_MAX_FRAME || (size > 1518 && !knows);
    pf_vf_apply_enable(pf, vf);
    return !v->rx_off;
}

static bool set_macvlan(IxgbePfDriver *pf, unsigned vf, Message *m)
{
    PfVf *v = &pf->vf[vf];
    unsigned index = message_info(m);
    uint8_t mac[6];

    if (index && v->mac_fixed && !v->info.trusted) {
        return false;
    }
    if (index <= 1) {
        pf_address_own_clear(pf, vf);
        v->macvlans = false;
    }
    if (!index) {
        pf_vf_apply_spoof(pf, vf);
        return true;
    }
    message_mac(m, mac);
    if (!mac_valid(mac) || !pf_address_own(pf, mac, vf, true)) {
        return false;
    }
    v->macvlans = true;
    pf_vf_apply_spoof(pf, vf);
    return true;
}

static bool negotiate(IxgbePfDriver *pf, unsigned vf, Message *m)
{
    uint32_t api = m->dword[1];

    if (api > IXGBE_MBX_API_15 || api == IXGBE_MBX_API_20) {
        return false;
    }
    pf->vf[vf].info.api = api;
    return true;
}

static bool get_queues(IxgbePfDriver *pf, unsigned vf, Message *m)
{
    const PfVf *v = &pf->vf[vf];

    if (v->info.api == IXGBE_MBX_API_10) {
        return false;
    }
    m->dword[1] = v->info.queues ? v->info.queues : pf->queues_per_pool;
    m->dword[2] = m->dword[1];
    m->dword[3] = v->info.vid || v->info.qos;
    m->dword[4] = 0;
    return true;
}

static bool get_reta(IxgbePfDriver *pf, unsigned vf, Message *m)
{
    const PfVf *v = &pf->vf[vf];

    if (v->info.api < IXGBE_MBX_API_12 || !v->query_rss) {
        return false;
    }
    memset(&m->dword[1], 0, 8 * sizeof(m->dword[0]));
    for (unsigned i = 0; i < 128; i++) {
        uint32_t entry = pf_read(pf, IXGBE_RETA(i / 4)) >> (i % 4 * 8);

        m->dword[1 + i / 16] |= (entry & 3) << (i % 16 * 2);
    }
    return true;
}

static bool get_rss_key(IxgbePfDriver *pf, unsigned vf, Message *m)
{
    const PfVf *v = &pf->vf[vf];

    if (v->info.api < IXGBE_MBX_API_12 || !v->query_rss) {
        return false;
    }
    for (unsigned i = 0; i < 10; i++) {
        m->dword[1 + i] = pf_read(pf, IXGBE_RSSRK(i));
    }
    return true;
}

static bool update_xcast(IxgbePfDriver *pf, unsigned vf, Message *m)
{
    PfVf *v = &pf->vf[vf];
    uint32_t mode = m->dword[1];

    /* The chip has no unicast promiscuous mode for a pool. */
    if (v->info.api < IXGBE_MBX_API_12 || mode >= IXGBE_MBX_XCAST_PROMISC) {
        return false;
    }
    if (!v->info.trusted) {
        mode = MIN(mode, IXGBE_MBX_XCAST_MULTI);
    }
    v->xcast = mode;
    m->dword[1] = mode;
    pf_vf_apply_policy(pf, vf);
    return true;
}

static bool get_link_state(IxgbePfDriver *pf, unsigned vf, Message *m)
{
    const PfVf *v = &pf->vf[vf];

    if (v->info.api < IXGBE_MBX_API_12) {
        return false;
    }
    m->dword[1] = v->info.link_state != IXGBE_PF_LINK_DISABLE;
    return true;
}

typedef bool Handler(IxgbePfDriver *pf, unsigned vf, Message *m);

static Handler *const handlers[] = {
    [IXGBE_MBX_SET_MAC] = set_mac,
    [IXGBE_MBX_SET_MULTICAST] = set_multicast,
    [IXGBE_MBX_SET_VLAN] = set_vlan,
    [IXGBE_MBX_SET_LPE] = set_lpe,
    [IXGBE_MBX_SET_MACVLAN] = set_macvlan,
    [IXGBE_MBX_NEGOTIATE] = negotiate,
    [IXGBE_MBX_GET_QUEUES] = get_queues,
    [IXGBE_MBX_GET_RETA] = get_reta,
    [IXGBE_MBX_GET_RSS_KEY] = get_rss_key,
    [IXGBE_MBX_UPDATE_XCAST] = update_xcast,
    [IXGBE_MBX_GET_LINK_STATE] = get_link_state,
};

static void request(IxgbePfDriver *pf, unsigned vf)
{
    PfVf *v = &pf->vf[vf];
    Message m;
    uint32_t type;
    bool done;

    for (unsigned i = 0; i < DWORDS; i++) {
        m.dword[i] = pf_read(pf, IXGBE_PFMBMEM(vf) + 4 * i);
    }
    pf_write(pf, IXGBE_PFMAILBOX(vf), IXGBE_PFMAILBOX_ACK);
    trace_ixgbe_pf_mailbox_request(vf, m.dword[0], m.dword[1]);
    if (m.dword[0] & (IXGBE_MBX_ACK | IXGBE_MBX_NACK)) {
        return;
    }
    if (m.dword[0] == IXGBE_MBX_RESET) {
        reset_message(pf, vf);
        return;
    }
    if (!v->clear_to_send) {
        m.dword[0] |= IXGBE_MBX_NACK;
        send_message(pf, vf, &m, 1);
        return;
    }
    type = m.dword[0] & IXGBE_MBX_TYPE;
    done = type < G_N_ELEMENTS(handlers) && handlers[type] &&
           handlers[type](pf, vf, &m);
    m.dword[0] |= IXGBE_MBX_CTS | (done ? IXGBE_MBX_ACK : IXGBE_MBX_NACK);
    send_message(pf, vf, &m, DWORDS);
    trace_ixgbe_pf_mailbox_reply(vf, m.dword[0]);
}

static void resets(IxgbePfDriver *pf)
{
    for (unsigned word = 0; word < 2; word++) {
        uint32_t bits = pf_read(pf, word ? IXGBE_VFLRE1 : IXGBE_VFLRE0);

        if (!bits) {
            continue;
        }
        pf_write(pf, IXGBE_VFLREC(word), bits);
        for (unsigned i = 0; i < 32; i++) {
            unsigned vf = word * 32 + i;

            if ((bits >> i & 1) && vf < pf->num_vfs) {
                pf_vf_reset(pf, vf);
                pf->ops->event(pf->opaque, IXGBE_PF_VF_RESET, vf);
            }
        }
    }
}

void pf_mailbox_task(IxgbePfDriver *pf)
{
    static const Message nack = { { IXGBE_MBX_NACK } };

    resets(pf);
    for (unsigned word = 0; word < 4; word++) {
        uint32_t bits = pf_read(pf, IXGBE_PFMBICR(word));

        if (!bits) {
            continue;
        }
        pf_write(pf, IXGBE_PFMBICR(word), bits);
        for (unsigned i = 0; i < 16; i++) {
            unsigned vf = word * 16 + i;

            if (vf >= pf->num_vfs) {
                break;
            }
            if (bits >> i & 1) {
                request(pf, vf);
            } else if ((bits >> i & 0x10000) && !pf->vf[vf].clear_to_send) {
                /* It reads what it should not: it has to start over. */
                send_message(pf, vf, &nack, 1);
            }
            if ((bits >> i & 0x10001) && pf->vf[vf].ping) {
                pf_mailbox_ping(pf, vf);
            }
        }
    }
}
