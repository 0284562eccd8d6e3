/*
 * The VF on its own: the adapter and its PF driver are in this process, and a
 * QEMU netdev is the wire.  The VM sees what VFIO would give it of a real
 * card: a VF, and a PF driver that answers its mailbox, out of sight.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "iovlab/ixgbe_adapter.h"
#include "iovlab/ixgbe_pf_driver.h"
#include "net/ixgbe-vf.h"

#define WATCHDOG_MS 1000
/* 82599's own address, which nobody on the wire hears of. */
static const uint8_t pf_mac[6] = { 0x02, 0x00, 0x5e, 0x82, 0x59, 0x90 };

typedef struct VfWire {
    IxgbeVf *s;
    NICState *nic;
    IxgbeAdapter *adapter;
    IxgbeAdapterPort *port;
    IxgbePfDriver *pf;
    QEMUBH *adapter_bh;
    QEMUBH *pf_bh;
    QEMUTimer *timer;
    QEMUTimer *watchdog;
    uint32_t causes;            /* EICR, for the PF driver */
    bool blocked;               /* the netdev still holds a frame */
} VfWire;

/* --- adapter ---------------------------------------------------------------- */

static void vf_wire_sent(NetClientState *nc, ssize_t len)
{
    VfWire *w = qemu_get_nic_opaque(nc);

    w->blocked = false;
    ixgbe_adapter_wire_room(w->adapter);
}

static bool vf_wire_tx(void *opaque, Frame *frame)
{
    VfWire *w = opaque;

    if (w->blocked) {
        return false;
    }
    w->s->sending++;
    /* 0: queued in QEMU, and vf_wire_sent() follows. */
    w->blocked = qemu_send_packet_async(qemu_get_queue(w->nic), frame->data,
                                        frame->len, vf_wire_sent) == 0;
    w->s->sending--;
    return true;
}

static void vf_wire_cause(void *opaque, uint32_t eicr)
{
    VfWire *w = opaque;

    w->causes |= eicr;
    qemu_bh_schedule(w->pf_bh);
}

static uint64_t vf_wire_clock(void *opaque)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static void vf_wire_set_timer(void *opaque, uint64_t deadline)
{
    VfWire *w = opaque;

    if (deadline == UINT64_MAX) {
        timer_del(w->timer);
    } else {
        timer_mod_ns(w->timer, deadline);
    }
}

static void vf_wire_schedule(void *opaque)
{
    qemu_bh_schedule(((VfWire *)opaque)->adapter_bh);
}

static const IxgbeAdapterOps vf_wire_adapter_ops = {
    .wire_tx = vf_wire_tx,
    .cause = vf_wire_cause,
    .clock_ns = vf_wire_clock,
    .set_timer = vf_wire_set_timer,
    .schedule = vf_wire_schedule,
};

static void vf_wire_run(void *opaque)
{
    ixgbe_adapter_run(((VfWire *)opaque)->adapter);
}

static void vf_wire_timer(void *opaque)
{
    ixgbe_adapter_timer(((VfWire *)opaque)->adapter);
}

/* --- adapter to function ------------------------------------------------------ */

static IxgbeRxResult vf_wire_rx(void *opaque, Frame *frame,
                                const IxgbeRxMeta *meta)
{
    VfWire *w = opaque;

    return ixgbe_function_rx(w->s->fn, frame->data, frame->len, meta);
}

static void vf_wire_tx_room(void *opaque)
{
    ixgbe_function_tx_room(((VfWire *)opaque)->s->fn);
}

static void vf_wire_state(void *opaque, const IxgbePortState *state)
{
    ixgbe_function_set_state(((VfWire *)opaque)->s->fn, state);
}

static const IxgbeAdapterPortOps vf_wire_port_ops = {
    .rx = vf_wire_rx,
    .tx_room = vf_wire_tx_room,
    .state = vf_wire_state,
};

/* --- PF driver ------------------------------------------------------------------ */

static uint32_t vf_wire_pf_read(void *opaque, uint32_t offset)
{
    return ixgbe_adapter_mmio_read(((VfWire *)opaque)->adapter, offset, 4);
}

static void vf_wire_pf_write(void *opaque, uint32_t offset, uint32_t value)
{
    ixgbe_adapter_mmio_write(((VfWire *)opaque)->adapter, offset, value, 4);
}

static void vf_wire_pf_num_vfs(void *opaque, unsigned count)
{
    ixgbe_adapter_set_num_vfs(((VfWire *)opaque)->adapter, count);
}

/* Nobody else is on this adapter: the VF may take any address. */
static void vf_wire_follow_mac(VfWire *w)
{
    uint8_t mac[6];

    ixgbe_pf_driver_vf_mac(w->pf, w->s->vf, mac);
    if (memcmp(mac, w->s->mac.a, sizeof(mac))) {
        ixgbe_pf_driver_filter_remove(w->pf, w->s->mac.a);
        memcpy(w->s->mac.a, mac, sizeof(mac));
    }
    ixgbe_pf_driver_filter(w->pf, mac, w->s->vf);
    qemu_format_nic_info_str(qemu_get_queue(w->nic), mac);
}

static void vf_wire_pf_event(void *opaque, IxgbePfEvent event, unsigned vf)
{
    VfWire *w = opaque;

    if (event == IXGBE_PF_VF_MAC && w->pf && vf == w->s->vf) {
        vf_wire_follow_mac(w);
    }
}

static const IxgbePfDriverOps vf_wire_pf_ops = {
    .read = vf_wire_pf_read,
    .write = vf_wire_pf_write,
    .set_num_vfs = vf_wire_pf_num_vfs,
    .event = vf_wire_pf_event,
};

static void vf_wire_pf_run(void *opaque)
{
    VfWire *w = opaque;
    uint32_t causes = w->causes;

    w->causes = 0;
    if (w->pf) {
        ixgbe_pf_driver_interrupt(w->pf, causes);
    }
}

static void vf_wire_watch(void *opaque)
{
    VfWire *w = opaque;

    ixgbe_pf_driver_watchdog(w->pf);
    timer_mod(w->watchdog,
              qemu_clock_get_ms(QEMU_CLOCK_VIRTUAL) + WATCHDOG_MS);
}

static void vf_wire_start_pf(VfWire *w)
{
    IxgbeVf *s = w->s;

    w->pf = ixgbe_pf_driver_new(s->vf + 1, &vf_wire_pf_ops, w);
    ixgbe_pf_driver_vf_assign_number(w->pf, s->vf);
    ixgbe_pf_driver_vf_set_mac(w->pf, s->vf, s->mac.a);
    ixgbe_pf_driver_vf_set_spoof_check(w->pf, s->vf, false);
    ixgbe_pf_driver_vf_set_trust(w->pf, s->vf, true);
    ixgbe_pf_driver_vf_set_multicast(w->pf, s->vf, true);
    ixgbe_pf_driver_vf_set_query_rss(w->pf, s->vf, true);
    ixgbe_pf_driver_vf_enable(w->pf, s->vf, true);
    ixgbe_pf_driver_filter(w->pf, s->mac.a, s->vf);
}

/* --- netdev ---------------------------------------------------------------------- */

static ssize_t vf_wire_receive(NetClientState *nc, const uint8_t *buf,
                               size_t len)
{
    VfWire *w = qemu_get_nic_opaque(nc);
    g_autofree uint8_t *padded = NULL;
    Frame *frame;

    if (len < 60) {
        padded = g_malloc0(60);
        memcpy(padded, buf, len);
        buf = padded;
    }
    frame = frame_new(buf, MAX(len, 60));
    if (frame) {
        ixgbe_adapter_wire_rx(w->adapter, frame);
        frame_unref(frame);
    }
    return len;
}

static void vf_wire_link_changed(NetClientState *nc)
{
    VfWire *w = qemu_get_nic_opaque(nc);

    ixgbe_adapter_set_cable(w->adapter, !nc->link_down);
}

static NetClientInfo vf_wire_net_info = {
    .type = NET_CLIENT_DRIVER_NIC,
    .size = sizeof(NICState),
    .receive = vf_wire_receive,
    .link_status_changed = vf_wire_link_changed,
};

/* life */

static bool vf_wire_start(IxgbeVf *s, Error **errp)
{
    VfWire *w;
    IxgbeAdapterConfig config = { .port = 0 };

    if (s->vf >= IXGBE_POOLS - 1) {
        error_setg(errp, "vf is 0 to %d, not %u", IXGBE_POOLS - 2, s->vf);
        return false;
    }
    qemu_macaddr_default_if_unset(&s->conf.macaddr);
    ixgbe_vf_set_mac(s, s->conf.macaddr.a);
    w = g_new0(VfWire, 1);
    w->s = s;
    s->behind = w;
    memcpy(config.mac, pf_mac, sizeof(config.mac));
    w->adapter_bh = qemu_bh_new(vf_wire_run, w);
    w->pf_bh = qemu_bh_new(vf_wire_pf_run, w);
    w->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, vf_wire_timer, w);
    w->watchdog = timer_new_ms(QEMU_CLOCK_VIRTUAL, vf_wire_watch, w);
    w->adapter = ixgbe_adapter_new(&config, &vf_wire_adapter_ops, w);
    w->nic = qemu_new_nic(&vf_wire_net_info, &s->conf,
                          object_get_typename(OBJECT(s)), DEVICE(s)->id,
                          &DEVICE(s)->mem_reentrancy_guard, w);
    qemu_format_nic_info_str(qemu_get_queue(w->nic), s->mac.a);
    vf_wire_start_pf(w);
    w->port = ixgbe_adapter_attach(w->adapter, s->vf, &vf_wire_port_ops, w);
    ixgbe_function_set_port(s->fn, &ixgbe_adapter_port_ops, w->port);
    ixgbe_adapter_set_cable(w->adapter,
                            !qemu_get_queue(w->nic)->link_down);
    vf_wire_watch(w);
    return true;
}

static void vf_wire_stop(IxgbeVf *s)
{
    VfWire *w = s->behind;

    ixgbe_function_set_port(s->fn, NULL, NULL);
    ixgbe_adapter_detach(w->port);
    g_clear_pointer(&w->pf, ixgbe_pf_driver_free);
    qemu_del_nic(w->nic);
    ixgbe_adapter_free(w->adapter);
    qemu_bh_delete(w->adapter_bh);
    qemu_bh_delete(w->pf_bh);
    timer_free(w->timer);
    timer_free(w->watchdog);
    s->behind = NULL;
    g_free(w);
}

static void vf_wire_set_running(IxgbeVf *s, bool running)
{
}

static void vf_wire_save(IxgbeVf *s, StateWriter *writer)
{
    VfWire *w = s->behind;

    ixgbe_adapter_save(w->adapter, writer);
    ixgbe_pf_driver_save(w->pf, writer);
    state_put_u32(writer, w->causes);
    state_put_bytes(writer, s->mac.a, sizeof(s->mac.a));
}

static bool vf_wire_load(IxgbeVf *s, StateReader *r)
{
    VfWire *w = s->behind;
    bool ok = ixgbe_adapter_load(w->adapter, r) &&
              ixgbe_pf_driver_load(w->pf, r);

    w->causes = state_get_u32(r);
    state_get_bytes(r, s->mac.a, sizeof(s->mac.a));
    ixgbe_vf_set_mac(s, s->mac.a);
    qemu_format_nic_info_str(qemu_get_queue(w->nic), s->mac.a);
    qemu_bh_schedule(w->adapter_bh);
    qemu_bh_schedule(w->pf_bh);
    return ok && state_ok(r);
}

const IxgbeVfBackend ixgbe_vf_wire_backend = {
    .start = vf_wire_start,
    .stop = vf_wire_stop,
    .set_running = vf_wire_set_running,
    .save = vf_wire_save,
    .load = vf_wire_load,
};
