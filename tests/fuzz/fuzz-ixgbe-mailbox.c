/*
 * Fuzz target: what a VF can do to the PF driver through its mailbox.
 *
 * The input is requests: how (u8), VF (u8), 16 dwords.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "adapter-rig.h"
#include "iovlab/ixgbe_pf_driver.h"
#include "spec/ixgbe_mbx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Host {
    Rig rig;
    IxgbePfDriver *pf;
} Host;

static uint32_t pf_read(void *opaque, uint32_t offset)
{
    return rig_read(opaque, offset);
}

static void pf_write(void *opaque, uint32_t offset, uint32_t value)
{
    rig_write(opaque, offset, value);
}

static void set_num_vfs(void *opaque, unsigned count)
{
    ixgbe_adapter_set_num_vfs(((Rig *)opaque)->adapter, count);
}

static void event(void *opaque, IxgbePfEvent event, unsigned vf)
{
}

static const IxgbePfDriverOps ops = { pf_read, pf_write, set_num_vfs, event };

static void serve(Host *h)
{
    for (int i = 0; i < 4 && (h->rig.causes || h->rig.scheduled); i++) {
        uint32_t causes = h->rig.causes;

        h->rig.causes = 0;
        ixgbe_pf_driver_interrupt(h->pf, causes);
        rig_run(&h->rig);
    }
}

static void policy(Host *h, uint8_t how, unsigned vf)
{
    ixgbe_pf_driver_vf_set_trust(h->pf, vf, how & 1);
    ixgbe_pf_driver_vf_set_multicast(h->pf, vf, how & 2);
    ixgbe_pf_driver_vf_set_query_rss(h->pf, vf, how & 4);
    ixgbe_pf_driver_vf_set_vlan(h->pf, vf, how & 8 ? how : 0, 0);
    if (how & 16) {
        ixgbe_pf_driver_vf_free(h->pf, vf);
        ixgbe_pf_driver_vf_assign_number(h->pf, vf);
        ixgbe_pf_driver_vf_enable(h->pf, vf, true);
    }
}

static void request(Host *h, uint8_t how, unsigned vf, const uint8_t *msg)
{
    const IxgbePortOps *port = &ixgbe_adapter_port_ops;
    void *end = h->rig.end[vf].port;

    port->mailbox(end, IXGBE_VFMAILBOX_VFU);
    for (unsigned i = 0; i < IXGBE_MBX_DWORDS; i++) {
        port->mailbox_mem(end, i, rd_le32(msg + 4 * i));
    }
    if (!(how & 1)) {
        /* Mostly a type that exists. */
        port->mailbox_mem(end, 0, (rd_le32(msg) & 0xff0000) |
                          (msg[0] % 0x11));
    }
    port->mailbox(end, how & 2 ? IXGBE_VFMAILBOX_ACK : IXGBE_VFMAILBOX_REQ);
    if (how & 4) {
        port->reset(end, true);
    }
    serve(h);
    rig_send(&h->rig, vf, RIG_MAC[(vf + 1) % RIG_VFS], RIG_MAC[vf],
             how & 8 ? 5 : -1);
    for (unsigned i = 0; i < G_N_ELEMENTS(h->rig.end); i++) {
        h->rig.end[i].frames = 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t reset[IXGBE_MBX_DWORDS] = { IXGBE_MBX_RESET };
    Host h;

    rig_init(&h.rig);
    h.pf = ixgbe_pf_driver_new(RIG_VFS, &ops, &h);
    for (unsigned vf = 0; vf < RIG_VFS; vf++) {
        ixgbe_pf_driver_vf_assign(h.pf);
        ixgbe_pf_driver_vf_enable(h.pf, vf, true);
        if (vf < 2) {
            ixgbe_pf_driver_vf_set_mac(h.pf, vf, RIG_MAC[vf]);
            ixgbe_pf_driver_filter(h.pf, RIG_MAC[vf], vf);
        }
        request(&h, 1, vf, (const uint8_t *)reset);
    }
    for (; size >= 66; data += 66, size -= 66) {
        if (data[0] & 0x80) {
            policy(&h, data[0], data[1] % RIG_VFS);
        }
        request(&h, data[0], data[1] % RIG_VFS, data + 2);
    }
    ixgbe_pf_driver_free(h.pf);
    rig_clear(&h.rig);
    return 0;
}
