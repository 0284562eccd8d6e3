/*
 * Fuzz target: NVSP messages, and the port's owner in between, behind a guest
 * that probed as Linux does.
 *
 * The input is operations: what, a choice, a length, and that many bytes.
 * Messages get a known type most of the time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPERATIONS_MAX 100

static const uint8_t types[] = {
    NVSP_MSG_INIT, NVSP_MSG_NDIS_VERSION, NVSP_MSG_SEND_RECV_BUF,
    NVSP_MSG_REVOKE_RECV_BUF, NVSP_MSG_SEND_SEND_BUF,
    NVSP_MSG_REVOKE_SEND_BUF, NVSP_MSG_RNDIS_PKT, NVSP_MSG_RNDIS_PKT_COMPLETE,
    NVSP_MSG_NDIS_CONFIG, NVSP_MSG_VF_ASSOCIATION, NVSP_MSG_SWITCH_DATA_PATH,
    NVSP_MSG_SUBCHANNEL, NVSP_MSG_SEND_INDIRECTION_TABLE,
};

static void read_all(NetvspGuest *ng, bool complete)
{
    FakePacket *pkt;

    while ((pkt = fake_channel_recv(ng->ch))) {
        if (complete && pkt->type == VM_PKT_DATA_USING_XFER_PAGES) {
            static const uint8_t done[8] = { NVSP_MSG_RNDIS_PKT_COMPLETE };

            fake_channel_send(ng->ch, VM_PKT_COMP, 0, pkt->trans_id, NULL, 0,
                              done, sizeof(done));
        }
        fake_packet_free(pkt);
    }
}

static void message(NetvspGuest *ng, uint8_t choice, const uint8_t *p,
                    size_t len)
{
    static const uint16_t kinds[] = {
        VM_PKT_DATA_INBAND, VM_PKT_DATA_INBAND, VM_PKT_COMP,
        VM_PKT_DATA_USING_GPA_DIRECT,
    };
    uint8_t msg[4 + 255] = { 0 };
    uint8_t desc[64];
    uint16_t kind = kinds[choice >> 5 & 3];
    size_t desc_len = 0;

    if (kind == VM_PKT_DATA_USING_GPA_DIRECT) {
        desc_len = MIN(len, sizeof(desc));
        memcpy(desc, p, desc_len);
    }
    wr_le32(msg, types[(choice & 31) % G_N_ELEMENTS(types)]);
    memcpy(msg + 4, p, len);
    if (rd_le32(msg) == NVSP_MSG_SEND_RECV_BUF && len && p[0] & 1) {
        wr_le32(msg + 4, ng->recv->id);
        wr_le16(msg + 8, NVSP_RECV_BUF_ID);
    } else if (rd_le32(msg) == NVSP_MSG_SEND_SEND_BUF && len && p[0] & 1) {
        wr_le32(msg + 4, ng->send->id);
    }
    fake_channel_send(ng->ch, kind, choice >> 7, len ? p[0] : 1, desc,
                      desc_len, msg, 4 + len);
}

static void owner(NetvspGuest *ng, uint8_t choice, const uint8_t *p,
                  size_t len)
{
    switch (choice % 9) {
    case 0:
        netvsp_rx_frame(ng->nic, p, len);
        break;
    case 1:
        netvsp_set_link(ng->nic, choice & 16);
        break;
    case 2:
        netvsp_set_vf(ng->nic, choice & 16, choice);
        break;
    case 3:
        netvsp_datapath_done(ng->nic, ng->owner.cookie);
        break;
    case 4:
        netvsp_drain(ng->nic);
        break;
    case 5:
        netvsp_announce(ng->nic);
        netvsp_resume(ng->nic);
        break;
    case 6:
        vmbus_bus_hold(ng->g->bus, choice & 16);
        break;
    case 7:
        ng->owner.tx_room = choice >> 4;
        netvsp_tx_ready(ng->nic);
        break;
    default:
        if (choice > 250) {
            netvsp_rescind(ng->nic);
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    NetvspGuest *ng = ng_new();
    size_t pos = 0;

    if (size && data[0] & 1) {
        ng_up(ng, NVSP_VERSION_61);
    } else {
        ng_open(ng);
        ng->recv = fake_gpadl_create(ng->g, ng->ch->relid, NG_RECV_BYTES);
        ng->send = fake_gpadl_create(ng->g, ng->ch->relid, NG_SEND_BYTES);
    }
    for (unsigned i = 0; i < OPERATIONS_MAX && pos + 3 <= size; i++) {
        const uint8_t *p = data + pos + 3;
        size_t len = MIN(data[pos + 2], size - pos - 3);

        if (data[pos] & 6) {
            message(ng, data[pos + 1], p, len);
        } else {
            owner(ng, data[pos + 1], p, len);
        }
        ng_run(ng);
        if (data[pos] & 8) {
            read_all(ng, data[pos] & 16);
            ng_run(ng);
        }
        pos += 3 + len;
    }
    ng_free(ng);
    return 0;
}
