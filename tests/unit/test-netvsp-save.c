/*
 * NetVSP: saved and loaded in every state, whole and damaged.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-guest.h"

#include "iovlab/checksum.h"

static const uint8_t other[6] = { 2, 0, 0, 0, 0, 9 };

static GBytes *save(NetvspGuest *ng)
{
    StateWriter w;

    vmbus_bus_hold(ng->g->bus, true);
    state_writer_init(&w);
    vmbus_bus_save(ng->g->bus, &w);
    netvsp_save(ng->nic, &w);
    return state_writer_finish(&w);
}

/* A machine with the same memory that has loaded @bytes, or NULL. */
static FakeGuest *load(NetvspGuest *ng, const void *data, size_t len,
                       Netvsp **nic, NetvspGuest *owner)
{
    FakeGuest *to = fake_guest_clone(ng->g);
    StateReader r;
    bool ok;

    *nic = netvsp_new(to->bus, &ng->config, &ng_owner_ops, owner);
    vmbus_bus_hold(to->bus, true);
    state_reader_init(&r, data, len);
    ok = vmbus_bus_load(to->bus, &r) && netvsp_load(*nic, &r);
    g_assert_cmpint(ok, ==, state_ok(&r));
    if (r.error) {
        g_test_message("%s", r.error);
    }
    state_reader_clear(&r);
    if (!ok) {
        netvsp_free(*nic);
        fake_guest_free(to);
        *nic = NULL;
        return NULL;
    }
    return to;
}

/* The guest goes on elsewhere. */
static void migrate(NetvspGuest *ng)
{
    g_autoptr(GBytes) bytes = save(ng);
    Netvsp *nic;
    FakeGuest *to = load(ng, g_bytes_get_data(bytes, NULL),
                         g_bytes_get_size(bytes), &nic, ng);

    g_assert_nonnull(to);
    if (ng->ch) {
        fake_channel_move(ng->ch, to);
    }
    for (unsigned i = 1; i < NETVSP_CHANNELS_MAX; i++) {
        if (ng->sub[i]) {
            fake_channel_move(ng->sub[i], to);
        }
    }
    netvsp_free(ng->nic);
    fake_guest_free(ng->g);
    ng->nic = nic;
    ng->g = to;
    vmbus_bus_hold(to->bus, false);
    netvsp_resume(nic);
    ng_run(ng);
}

static void set_up(NetvspGuest **ng, gconstpointer data)
{
    *ng = ng_new();
    if (data) {
        ng_up(*ng, GPOINTER_TO_UINT(data));
    }
}

static void tear_down(NetvspGuest **ng, gconstpointer data)
{
    ng_free(*ng);
}

/* Before each step of the probe. */
static void test_probe_steps(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    RndisInitialize init = { .major = GUINT32_TO_LE(1) };
    uint32_t filter = GUINT32_TO_LE(NG_FILTER);
    uint8_t frame[128];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 40);

    migrate(ng);
    ng_open(ng);
    migrate(ng);
    g_assert_cmpint(ng_init(ng, NVSP_VERSION_61), ==, NVSP_STATUS_SUCCESS);
    migrate(ng);
    ng_config(ng, 1500, NVSP_CAP_SRIOV);
    migrate(ng);
    ng_buffers(ng);
    migrate(ng);
    g_free(ng_request(ng, RNDIS_MSG_INITIALIZE, &init, sizeof(init), &len));
    migrate(ng);
    g_assert_cmphex(ng_set(ng, OID_GEN_CURRENT_PACKET_FILTER, &filter, 4), ==,
                    0);
    migrate(ng);
    len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 40);
    g_assert_cmpint(netvsp_rx_frame(ng->nic, frame, len), ==,
                    NETVSP_RX_TAKEN);
    g_free(ng_receive(ng, ng->ch, true, NULL, &len));
    migrate(ng);
    ng_close(ng);
    migrate(ng);
    ng_up(ng, NVSP_VERSION_5);
}

static void test_sections_outstanding(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[128];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 40);
    uint64_t ids[3];
    unsigned more = 0;
    size_t n;

    for (unsigned i = 0; i < 3; i++) {
        netvsp_rx_frame(ng->nic, frame, len);
    }
    g_free(ng_receive(ng, ng->ch, false, &ids[0], &n));
    migrate(ng);
    /* What was in the ring is read there, and all three are still out. */
    g_free(ng_receive(ng, ng->ch, false, &ids[1], &n));
    g_free(ng_receive(ng, ng->ch, false, &ids[2], &n));
    netvsp_drain(ng->nic);
    g_assert_cmpuint(ng->owner.drained, ==, 0);
    for (unsigned i = 0; i < 3; i++) {
        ng_complete(ng, ng->ch, ids[i]);
    }
    ng_run(ng);
    g_assert_cmpuint(ng->owner.drained, ==, 1);
    while (netvsp_rx_frame(ng->nic, frame, len) == NETVSP_RX_TAKEN) {
        g_free(ng_receive(ng, ng->ch, false, NULL, &n));
        more++;
    }
    g_assert_cmpuint(more, ==, ng->sections - 4);
}

/* A large send half gone: the rest leaves the other host, nothing twice. */
static void test_half_a_large_send(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[8192], msg[8192];
    size_t len = ng_frame(frame, other, FRAME_PROTO_TCP, 1, 5000);
    NgPpi ppi = { RNDIS_PPI_LSO, NDIS_LSO_V2 | 34u << 20 | 1000 };
    uint64_t id;

    ng->owner.tx_room = 2;
    id = ng_tx_pages(ng, ng->ch, msg, ng_rndis(msg, frame, len, &ppi, 1), 0);
    ng_run(ng);
    g_assert_cmpuint(ng->owner.frames->len, ==, 2);
    ng->owner.tx_room = UINT_MAX;
    migrate(ng);
    g_assert_cmpuint(ng_tx_status(ng, ng->ch, id), ==, NVSP_STATUS_SUCCESS);
    g_assert_cmpuint(ng->owner.frames->len, ==, 5);
    for (unsigned i = 0; i < 5; i++) {
        const uint8_t *p = g_bytes_get_data(
            g_ptr_array_index(ng->owner.frames, i), NULL);

        g_assert_cmpuint(rd_be32(p + 38), ==, i * 1000);
    }
}

static void test_switch_pending(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    NvspSwitchDataPath msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_SWITCH_DATA_PATH),
        .path = GUINT32_TO_LE(NVSP_DATAPATH_VF),
    };
    uint64_t id = ng_send(ng, &msg, sizeof(msg), true);
    g_autoptr(FakePacket) pkt = NULL;
    NetvspStatus status;

    ng_run(ng);
    g_assert_cmpuint(ng->owner.switches, ==, 1);
    migrate(ng);
    g_assert_cmpuint(ng->owner.switches, ==, 2);
    g_assert_true(ng->owner.to_vf);
    netvsp_datapath_done(ng->nic, ng->owner.cookie);
    pkt = ng_expect(ng, ng->ch, VM_PKT_COMP);
    g_assert_cmphex(pkt->trans_id, ==, id);
    g_assert_cmpuint(pkt->len, ==, 0);
    migrate(ng);
    netvsp_get_status(ng->nic, &status);
    g_assert_true(status.datapath_vf);
    g_assert_cmpuint(ng->owner.switches, ==, 2);
}

static void test_switch_answered(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    NvspSwitchDataPath msg = {
        .type = GUINT32_TO_LE(NVSP_MSG_SWITCH_DATA_PATH),
    };
    uint64_t id = ng_send(ng, &msg, sizeof(msg), true);
    g_autoptr(FakePacket) pkt = NULL;

    ng_run(ng);
    /* Answered while the machine stands: the completion travels. */
    vmbus_bus_hold(ng->g->bus, true);
    netvsp_datapath_done(ng->nic, ng->owner.cookie);
    migrate(ng);
    pkt = ng_expect(ng, ng->ch, VM_PKT_COMP);
    g_assert_cmphex(pkt->trans_id, ==, id);
}

static void test_told_state(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;

    netvsp_set_vf(ng->nic, true, 5);
    fake_packet_free(ng_expect(ng, ng->ch, VM_PKT_DATA_INBAND));
    migrate(ng);
    /* Nothing is said twice; what is different here is said. */
    g_assert_true(ng_quiet(ng, ng->ch));
    netvsp_set_link(ng->nic, false);
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_MEDIA_DISCONNECT);
    netvsp_set_vf(ng->nic, false, 0);
    fake_packet_free(ng_expect(ng, ng->ch, VM_PKT_DATA_INBAND));
}

/* Set while the machine stands: the guest hears of it when it runs. */
static void test_indication_travels(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;

    vmbus_bus_hold(ng->g->bus, true);
    netvsp_announce(ng->nic);
    migrate(ng);
    g_assert_cmphex(ng_indication(ng), ==, RNDIS_STATUS_MEDIA_CONNECT);
    g_assert_cmphex(ng_indication(ng), ==, 0);
}

static void test_subchannels(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    uint8_t frame[128], msg[256];
    size_t len = ng_frame(frame, other, FRAME_PROTO_UDP, 1, 40);
    NetvspStatus status;
    uint64_t id;

    g_assert_cmpuint(ng_subchannels(ng, 3), ==, 3);
    fake_packet_free(ng_expect(ng, ng->ch, VM_PKT_DATA_INBAND));
    migrate(ng);
    netvsp_get_status(ng->nic, &status);
    g_assert_cmpuint(status.sub_channels, ==, 3);
    id = ng_tx_pages(ng, ng->sub[2], msg, ng_rndis(msg, frame, len, NULL, 0),
                     0);
    g_assert_cmpuint(ng_tx_status(ng, ng->sub[2], id), ==,
                     NVSP_STATUS_SUCCESS);
    ng_close(ng);
    ng_up(ng, NVSP_VERSION_61);
    g_assert_cmpuint(ng_subchannels(ng, 2), ==, 2);
}

static void test_subchannels_half_open(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    NvspSubchannel ask = {
        .type = GUINT32_TO_LE(NVSP_MSG_SUBCHANNEL),
        .operation = GUINT32_TO_LE(NVSP_SUBCHANNEL_ALLOCATE),
        .count = GUINT32_TO_LE(2),
    };
    uint32_t relids[2];
    g_autoptr(FakePacket) table = NULL;

    ng_send(ng, &ask, sizeof(ask), true);
    fake_packet_free(ng_expect(ng, ng->ch, VM_PKT_COMP));
    for (unsigned i = 0; i < 2; i++) {
        relids[i] = rd_le32(&fake_guest_take_offer(ng->g)->relid);
    }
    ng->sub[1] = fake_channel_open(ng->g, relids[0], NG_RING_PAGES, NULL, 0);
    migrate(ng);
    ng->sub[2] = fake_channel_open(ng->g, relids[1], NG_RING_PAGES, NULL, 0);
    /* The table follows when the last one is open. */
    table = ng_expect(ng, ng->ch, VM_PKT_DATA_INBAND);
    g_assert_cmpuint(rd_le32(table->payload), ==,
                     NVSP_MSG_SEND_INDIRECTION_TABLE);
}

static NetvspGuest *sink;

/* Loads bytes that may be wrong; what loads must also run. */
static void try_load(NetvspGuest *ng, const uint8_t *data, size_t len,
                     bool must_fail)
{
    Netvsp *nic;
    FakeGuest *to = load(ng, data, len, &nic, sink);
    uint8_t frame[128];
    size_t n = ng_frame(frame, ng_mac, FRAME_PROTO_TCP, 1, 40);

    g_assert_true(!to || !must_fail);
    if (to) {
        vmbus_bus_hold(to->bus, false);
        netvsp_resume(nic);
        vmbus_bus_run(to->bus);
        netvsp_rx_frame(nic, frame, n);
        netvsp_drain(nic);
        vmbus_bus_run(to->bus);
        netvsp_free(nic);
        fake_guest_free(to);
    }
}

static NetvspGuest *busy_guest(void)
{
    NetvspGuest *ng = ng_new();
    uint8_t frame[128];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 40);

    ng_up(ng, NVSP_VERSION_61);
    ng_subchannels(ng, 2);
    netvsp_rx_frame(ng->nic, frame, len);
    netvsp_set_vf(ng->nic, true, 3);
    ng_run(ng);
    return ng;
}

static void test_truncated(void)
{
    NetvspGuest *ng = busy_guest();
    g_autoptr(GBytes) bytes = save(ng);
    size_t len = g_bytes_get_size(bytes);

    sink = ng;
    for (size_t n = 0; n < len; n += n < 100 || n + 1500 > len ? 1 : 97) {
        g_autofree uint8_t *cut = g_memdup2(g_bytes_get_data(bytes, NULL), n);

        try_load(ng, cut, n, true);
    }
    ng_free(ng);
}

static void test_damaged(void)
{
    NetvspGuest *ng = busy_guest();
    g_autoptr(GBytes) bytes = save(ng);
    size_t len = g_bytes_get_size(bytes);
    g_autofree uint8_t *copy = g_memdup2(g_bytes_get_data(bytes, NULL), len);
    const uint8_t *tag = memmem(copy, len, "NVSP", 4);

    sink = ng;
    for (size_t at = tag - copy; at < len; at++) {
        static const uint8_t values[] = { 0, 1, 0x7f, 0xff };
        uint8_t good = copy[at];

        for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
            copy[at] = values[i];
            try_load(ng, copy, len, false);
        }
        copy[at] = good;
    }
    ng_free(ng);
}

/* A NIC that is closed cannot have been asked to move its data path. */
static void test_closed_and_switching(void)
{
    NetvspGuest *ng = ng_new();
    g_autoptr(GBytes) bytes = save(ng);
    size_t len = g_bytes_get_size(bytes);
    g_autofree uint8_t *copy = g_memdup2(g_bytes_get_data(bytes, NULL), len);
    /* Coalescing, counters, three numbers of 64 bits and to_vf follow. */
    size_t coalescing = 3 + 4 * 8;
    size_t at = len - coalescing - 2 * sizeof(NetvspCounters) - 3 * 8 - 1 - 1;

    sink = ng;
    try_load(ng, copy, len, false);
    g_assert_cmpuint(copy[at], ==, 0);
    copy[at] = 1;
    try_load(ng, copy, len, true);
    ng_free(ng);
}

/* A coalesced packet that is out keeps its sections together. */
static void test_coalesced_out(NetvspGuest **f, gconstpointer data)
{
    NetvspGuest *ng = *f;
    g_autoptr(FakePacket) pkt = NULL;
    NdisOffloadParameters on = {
        .header = { NDIS_OBJECT_DEFAULT, 3, GUINT16_TO_LE(sizeof(on)) },
        .rsc_ip4 = NDIS_PARAM_TX,
        .rsc_ip6 = NDIS_PARAM_TX,
    };
    uint8_t out[1024];
    size_t len = sizeof(out);

    ng_set(ng, OID_TCP_OFFLOAD_PARAMETERS, &on, sizeof(on));
    g_assert_true(ng_segments(ng->nic, 3, 100));
    netvsp_rx_flush(ng->nic);
    pkt = ng_expect(ng, ng->ch, VM_PKT_DATA_USING_XFER_PAGES);
    g_assert_cmpuint(pkt->desc_len, ==, sizeof(VmbusXferPageHeader) +
                                        3 * sizeof(VmbusXferPageRange));
    migrate(ng);
    g_assert_false(netvsp_is_idle(ng->nic));
    ng_complete(ng, ng->ch, pkt->trans_id);
    ng_run(ng);
    g_assert_true(netvsp_is_idle(ng->nic));
    ng_query(ng, OID_TCP_RSC_STATISTICS, NULL, 0, out, &len);
    g_assert_cmpuint(rd_le64(out + offsetof(NdisRscStatistics, packets)), ==,
                     3);
    len = sizeof(out);
    ng_query(ng, OID_TCP_OFFLOAD_CURRENT_CONFIG, NULL, 0, out, &len);
    g_assert_cmpuint(out[offsetof(NdisOffload, rsc_ip4)], ==, 1);
}

#define ADD(name, version, fn) \
    g_test_add("/netvsp-save/" name, NetvspGuest *, \
               GUINT_TO_POINTER(version), set_up, fn, tear_down)

int main(int argc, char **argv)
{
    const uint32_t up = NVSP_VERSION_61;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/netvsp-save/closed-and-switching",
                    test_closed_and_switching);
    ADD("probe-steps", 0, test_probe_steps);
    ADD("sections", up, test_sections_outstanding);
    ADD("coalesced", up, test_coalesced_out);
    ADD("half-large-send", up, test_half_a_large_send);
    ADD("switch/pending", up, test_switch_pending);
    ADD("switch/answered", up, test_switch_answered);
    ADD("told", up, test_told_state);
    ADD("indication", up, test_indication_travels);
    ADD("subchannels/open", up, test_subchannels);
    ADD("subchannels/half-open", up, test_subchannels_half_open);
    g_test_add_func("/netvsp-save/hostile/truncated", test_truncated);
    g_test_add_func("/netvsp-save/hostile/damaged", test_damaged);
    return g_test_run();
}
