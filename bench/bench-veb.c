/*
 * Benchmark: frames a second through the embedded switch, VF to VF, on one
 * core, with 1, 8 and 63 VFs active.
 *
 * The functions at the ends take frames and count them; what is measured is
 * the adapter: filters, switch, packet buffer, counters.  For scale: 10GbE
 * line rate is 14.88 million frames of 64 bytes a second, 812,744 of 1,518.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/ixgbe_adapter.h"
#include "iovlab/ixgbe_pf_driver.h"

#include <stdio.h>

#define VFS 63
#define BATCH 64
#define SECONDS 1

typedef struct Bench {
    IxgbeAdapter *adapter;
    IxgbePfDriver *pf;
    IxgbeAdapterPort *port[VFS];
    uint64_t received;
    uint32_t causes;
} Bench;

static bool wire_tx(void *opaque, Frame *frame)
{
    return true;
}

static void cause(void *opaque, uint32_t eicr)
{
    ((Bench *)opaque)->causes |= eicr;
}

static uint64_t clock_ns(void *opaque)
{
    return g_get_monotonic_time() * 1000;
}

static void set_timer(void *opaque, uint64_t deadline_ns)
{
}

static void schedule(void *opaque)
{
}

static const IxgbeAdapterOps adapter_ops = {
    wire_tx, cause, clock_ns, set_timer, schedule,
};

static uint32_t pf_read(void *opaque, uint32_t offset)
{
    return ixgbe_adapter_mmio_read(((Bench *)opaque)->adapter, offset, 4);
}

static void pf_write(void *opaque, uint32_t offset, uint32_t value)
{
    ixgbe_adapter_mmio_write(((Bench *)opaque)->adapter, offset, value, 4);
}

static void set_num_vfs(void *opaque, unsigned count)
{
    ixgbe_adapter_set_num_vfs(((Bench *)opaque)->adapter, count);
}

static void event(void *opaque, IxgbePfEvent event, unsigned vf)
{
}

static const IxgbePfDriverOps pf_ops = {
    pf_read, pf_write, set_num_vfs, event,
};

static IxgbeRxResult rx(void *opaque, Frame *frame, const IxgbeRxMeta *meta)
{
    ((Bench *)opaque)->received++;
    return IXGBE_RX_DONE;
}

static void tx_room(void *opaque)
{
}

static void state(void *opaque, const IxgbePortState *state)
{
}

static const IxgbeAdapterPortOps port_ops = { rx, tx_room, state };

static void vf_mac(uint8_t mac[6], unsigned vf)
{
    memset(mac, 0, 6);
    mac[0] = 2;
    mac[5] = vf;
}

static void start(Bench *b)
{
    static const IxgbeAdapterConfig config = { .mac = { 0, 27, 33, 1, 2, 3 } };

    b->adapter = ixgbe_adapter_new(&config, &adapter_ops, b);
    ixgbe_adapter_set_cable(b->adapter, true);
    b->pf = ixgbe_pf_driver_new(VFS, &pf_ops, b);
    for (unsigned vf = 0; vf < VFS; vf++) {
        uint8_t mac[6];

        vf_mac(mac, vf);
        b->port[vf] = ixgbe_adapter_attach(b->adapter, vf, &port_ops, b);
        ixgbe_pf_driver_vf_assign(b->pf);
        ixgbe_pf_driver_vf_set_mac(b->pf, vf, mac);
        ixgbe_pf_driver_filter(b->pf, mac, vf);
        ixgbe_pf_driver_vf_enable(b->pf, vf, true);
    }
    ixgbe_adapter_run(b->adapter);
}

/* Each of @active pairs sends in turn; lengths are without FCS. */
static double measure(Bench *b, unsigned active, size_t len)
{
    static const IxgbeTxMeta meta;
    g_autofree uint8_t *data = g_malloc0(len);
    gint64 begin = g_get_monotonic_time(), end;
    unsigned turn = 0;

    wr_be16(data + 12, 0x0800);
    b->received = 0;
    do {
        for (unsigned i = 0; i < BATCH; i++, turn++) {
            unsigned from = turn % active;

            vf_mac(data, (from + 1) % MAX(active, 2));
            vf_mac(data + 6, from);
            ixgbe_adapter_port_ops.tx(b->port[from], 0, data, len, &meta);
        }
        ixgbe_adapter_run(b->adapter);
        end = g_get_monotonic_time();
    } while (end - begin < SECONDS * G_USEC_PER_SEC);
    return b->received * 1e6 / (end - begin);
}

int main(void)
{
    static const unsigned active[] = { 1, 8, 63 };
    static const size_t sizes[] = { 64, 1518 };
    Bench b = { 0 };

    start(&b);
    printf("%-10s %12s %16s %10s\n", "VFs", "frame bytes", "frames/s", "Gbit/s");
    for (unsigned s = 0; s < G_N_ELEMENTS(sizes); s++) {
        for (unsigned a = 0; a < G_N_ELEMENTS(active); a++) {
            double rate = measure(&b, active[a], sizes[s] - 4);

            printf("%-10u %12zu %16.0f %10.2f\n", active[a], sizes[s], rate,
                   rate * sizes[s] * 8 / 1e9);
        }
    }
    ixgbe_pf_driver_free(b.pf);
    ixgbe_adapter_free(b.adapter);
    return 0;
}
