/*
 * The PF's wire: a QEMU netdev.  Its link is the cable.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/core/cpu.h"
#include "net/eth.h"
#include "net/ixgbe.h"

/* 60 bytes without FCS. */
#define FRAME_PADDED ETH_ZLEN

static void ixgbe_wire_sent(NetClientState *nc, ssize_t len)
{
    IxgbePf *s = qemu_get_nic_opaque(nc);

    s->wire_blocked = false;
    ixgbe_adapter_wire_room(ixgbe_card_adapter(s->card));
}

bool ixgbe_wire_tx(void *opaque, Frame *frame)
{
    IxgbePf *s = opaque;

    if (s->wire_blocked) {
        return false;
    }
    s->sending++;
    /* 0: queued in QEMU, and ixgbe_wire_sent() follows. */
    s->wire_blocked = qemu_send_packet_async(qemu_get_queue(s->nic),
                                             frame->data, frame->len,
                                             ixgbe_wire_sent) == 0;
    s->sending--;
    return true;
}

/*
 * A frame that a VCPU sends on another card of its guest is received in the
 * same turn, as a frame from one VF to another is; what comes by the main loop
 * comes in numbers, and is received together.
 */
static void ixgbe_wire_take(IxgbeAdapter *adapter, Frame *frame)
{
    if (current_cpu) {
        ixgbe_adapter_begin(adapter);
    }
    ixgbe_adapter_wire_rx(adapter, frame);
    if (current_cpu) {
        ixgbe_adapter_end(adapter);
    }
}

static ssize_t ixgbe_wire_receive(NetClientState *nc, const uint8_t *buf,
                                  size_t len)
{
    IxgbePf *s = qemu_get_nic_opaque(nc);
    uint8_t padded[FRAME_PADDED] = { 0 };
    Frame *frame;

    if (len < FRAME_PADDED) {
        memcpy(padded, buf, len);
        frame = frame_new(padded, FRAME_PADDED);
    } else {
        frame = frame_new(buf, len);
    }
    if (frame) {
        ixgbe_wire_take(ixgbe_card_adapter(s->card), frame);
        frame_unref(frame);
    }
    return len;
}

static void ixgbe_wire_link_changed(NetClientState *nc)
{
    IxgbePf *s = qemu_get_nic_opaque(nc);

    ixgbe_adapter_set_cable(ixgbe_card_adapter(s->card), !nc->link_down);
}

static NetClientInfo ixgbe_net_info = {
    .type = NET_CLIENT_DRIVER_NIC,
    .size = sizeof(NICState),
    .receive = ixgbe_wire_receive,
    .link_status_changed = ixgbe_wire_link_changed,
};

void ixgbe_wire_start(IxgbePf *s)
{
    DeviceState *dev = DEVICE(s);

    s->nic = qemu_new_nic(&ixgbe_net_info, &s->conf,
                          object_get_typename(OBJECT(s)), dev->id,
                          &dev->mem_reentrancy_guard, s);
    qemu_format_nic_info_str(qemu_get_queue(s->nic), s->conf.macaddr.a);
    ixgbe_wire_link_changed(qemu_get_queue(s->nic));
}
