/*
 * Fuzz target: RNDIS messages, data and control, in sections and in pages,
 * with an owner that refuses some of the frames.
 *
 * The input is operations: flags, a choice, two bytes of length, and that many
 * bytes of RNDIS message behind a header that is made right most of the time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPERATIONS_MAX 50
#define MESSAGE_MAX 4096

static const uint32_t oids[] = {
    OID_GEN_CURRENT_PACKET_FILTER, OID_GEN_RNDIS_CONFIG_PARAMETER,
    OID_GEN_RECEIVE_SCALE_PARAMETERS, OID_TCP_OFFLOAD_PARAMETERS,
    OID_802_3_MULTICAST_LIST, OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES,
    OID_GEN_SUPPORTED_LIST, OID_GEN_FRIENDLY_NAME,
};

static void read_all(NetvspGuest *ng)
{
    FakePacket *pkt;

    while ((pkt = fake_channel_recv(ng->ch))) {
        if (pkt->type == VM_PKT_DATA_USING_XFER_PAGES) {
            static const uint8_t done[8] = { NVSP_MSG_RNDIS_PKT_COMPLETE };

            fake_channel_send(ng->ch, VM_PKT_COMP, 0, pkt->trans_id, NULL, 0,
                              done, sizeof(done));
        }
        fake_packet_free(pkt);
    }
}

/* Gives the bytes a sensible header; returns the message's length. */
static size_t dress(uint8_t *msg, size_t len, uint8_t flags, uint8_t choice)
{
    bool control = flags & 1;

    wr_le32(msg, control ? 2 + choice % 7 : RNDIS_MSG_PACKET);
    wr_le32(msg + 4, flags & 2 ? len : rd_le32(msg + 4));
    if (control && len >= 28 && flags & 4) {
        wr_le32(msg + 12, oids[choice / 8 % G_N_ELEMENTS(oids)]);
        wr_le32(msg + 16, len - 28);
        wr_le32(msg + 20, 20);
    } else if (!control && len >= 44 && flags & 4) {
        /* @choice says how much of the body is per-packet information. */
        uint32_t ppi = MIN((uint32_t)(choice & 3) * 16, len - 44);

        wr_le32(msg + 8, 36 + ppi);
        wr_le32(msg + 12, len - 44 - ppi);
        wr_le32(msg + 28, 36);
        wr_le32(msg + 32, ppi);
        for (uint32_t at = 44; at + 16 <= 44 + ppi; at += 16) {
            wr_le32(msg + at, 16);
            wr_le32(msg + at + 4, msg[at + 4] & 15);
            wr_le32(msg + at + 8, 12);
        }
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    NetvspGuest *ng = ng_new();
    uint64_t gpa = fake_guest_alloc(ng->g, 2);
    size_t pos = 0;

    ng_up(ng, NVSP_VERSION_61);
    for (unsigned i = 0; i < OPERATIONS_MAX && pos + 4 <= size; i++) {
        uint8_t flags = data[pos];
        uint8_t choice = data[pos + 1];
        size_t len = MIN(MIN(rd_le16(data + pos + 2), size - pos - 4),
                         MESSAGE_MAX - 8);
        uint8_t msg[MESSAGE_MAX] = { 0 };
        NvspRndisPacket m = {
            .type = GUINT32_TO_LE(NVSP_MSG_RNDIS_PKT),
            .channel = GUINT32_TO_LE(flags & 1),
        };
        uint8_t desc[64];
        size_t desc_len = 0;

        memcpy(msg + 8, data + pos + 4, len);
        pos += 4 + len;
        len = dress(msg, len + 8, flags, choice);
        if (flags & 8) {
            m.section_bytes = GUINT32_TO_LE(len);
            fake_gpadl_write(ng->g, ng->send, 0, msg, len);
        } else {
            m.section = GUINT32_TO_LE(NVSP_NO_SECTION);
            desc_len = fake_gpa_desc(desc, gpa, len);
            fake_guest_write(ng->g, gpa, msg, len);
        }
        ng->owner.tx_room = flags & 16 ? choice & 3 : UINT_MAX;
        fake_channel_send(ng->ch, desc_len ? VM_PKT_DATA_USING_GPA_DIRECT
                                           : VM_PKT_DATA_INBAND,
                          1, i, desc, desc_len, &m, sizeof(m));
        ng_run(ng);
        ng->owner.tx_room = UINT_MAX;
        netvsp_tx_ready(ng->nic);
        netvsp_rx_frame(ng->nic, msg + 8, len - 8);
        ng_run(ng);
        read_all(ng);
        g_ptr_array_set_size(ng->owner.frames, 0);
    }
    ng_free(ng);
    return 0;
}
