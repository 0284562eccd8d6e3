/*
 * Fuzz target: the NIC's saved state.
 *
 * A busy guest is saved once.  The input patches that stream (two bytes of
 * offset and a value each; the first two bytes cut it short); it is loaded
 * beside the bus's, and what loads must run.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "netvsp-guest.h"

#include "iovlab/checksum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static NetvspGuest *source;
static GBytes *bus_state;
static GBytes *nic_state;

/* Two segments that become one packet, if the guest wants that. */
static void coalesce(Netvsp *nic)
{
    ng_segments(nic, 2, 40);
    netvsp_rx_flush(nic);
}

static void prepare(void)
{
    NdisOffloadParameters on = {
        .header = { NDIS_OBJECT_DEFAULT, 3, GUINT16_TO_LE(sizeof(on)) },
        .rsc_ip4 = NDIS_PARAM_TX,
        .rsc_ip6 = NDIS_PARAM_TX,
    };
    uint8_t frame[128];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_UDP, 1, 40);
    NvspSwitchDataPath ask = {
        .type = GUINT32_TO_LE(NVSP_MSG_SWITCH_DATA_PATH),
        .path = GUINT32_TO_LE(NVSP_DATAPATH_VF),
    };
    StateWriter w;

    source = ng_new();
    ng_up(source, NVSP_VERSION_61);
    ng_set(source, OID_TCP_OFFLOAD_PARAMETERS, &on, sizeof(on));
    ng_subchannels(source, 2);
    coalesce(source->nic);
    netvsp_rx_frame(source->nic, frame, len);
    netvsp_set_vf(source->nic, true, 3);
    ng_send(source, &ask, sizeof(ask), true);
    ng_run(source);
    vmbus_bus_hold(source->g->bus, true);
    state_writer_init(&w);
    vmbus_bus_save(source->g->bus, &w);
    bus_state = state_writer_finish(&w);
    state_writer_init(&w);
    netvsp_save(source->nic, &w);
    nic_state = state_writer_finish(&w);
}

static void run_loaded(FakeGuest *g, Netvsp *nic)
{
    uint8_t frame[128];
    size_t len = ng_frame(frame, ng_mac, FRAME_PROTO_TCP, 1, 40);
    StateWriter w;

    vmbus_bus_hold(g->bus, false);
    netvsp_resume(nic);
    vmbus_bus_run(g->bus);
    netvsp_rx_frame(nic, frame, len);
    coalesce(nic);
    netvsp_drain(nic);
    netvsp_datapath_done(nic, source->owner.cookie);
    vmbus_bus_run(g->bus);
    state_writer_init(&w);
    netvsp_save(nic, &w);
    g_bytes_unref(state_writer_finish(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *copy = NULL;
    gsize bus_len, len;
    const void *bus;
    FakeGuest *g;
    StateReader r;
    Netvsp *nic;

    if (!source) {
        prepare();
    }
    bus = g_bytes_get_data(bus_state, &bus_len);
    len = g_bytes_get_size(nic_state);
    copy = g_memdup2(g_bytes_get_data(nic_state, NULL), len);
    for (size_t at = 2; at + 3 <= size; at += 3) {
        copy[rd_le16(data + at) % len] = data[at + 2];
    }
    if (size >= 2) {
        len = MIN(len, rd_le16(data) ? rd_le16(data) : len);
    }
    g = fake_guest_clone(source->g);
    nic = netvsp_new(g->bus, &source->config, &ng_owner_ops, source);
    vmbus_bus_hold(g->bus, true);
    state_reader_init(&r, bus, bus_len);
    g_assert_true(vmbus_bus_load(g->bus, &r));
    state_reader_clear(&r);
    state_reader_init(&r, copy, len);
    if (netvsp_load(nic, &r)) {
        run_loaded(g, nic);
    }
    state_reader_clear(&r);
    netvsp_free(nic);
    fake_guest_free(g);
    g_ptr_array_set_size(source->owner.frames, 0);
    return 0;
}
