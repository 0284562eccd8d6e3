/*
 * -device hv-net: the synthetic NIC (sim/netvsp) on VMBus.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "system/runstate.h"

#include "common/vmstate-blob.h"
#include "vmbus/hv-net.h"
#include "iovlab-trace.h"

const char *hv_net_name(HvNet *s)
{
    return DEVICE(s)->id ? DEVICE(s)->id : HV_VMBUS_DEVICE(s)->instance;
}

/* the model's owner */

static bool nic_tx_frame(void *opaque, const uint8_t *frame, size_t len)
{
    HvNet *s = opaque;

    return s->backend->tx_frame(s, frame, len);
}

static void nic_rx_ready(void *opaque)
{
    HvNet *s = opaque;

    s->backend->rx_ready(s);
}

static void nic_rx_waits(void *opaque)
{
    qemu_bh_schedule(((HvNet *)opaque)->rx_flush);
}

static void rx_flush(void *opaque)
{
    HvNet *s = opaque;

    if (s->nic) {
        netvsp_rx_flush(s->nic);
    }
}

static void nic_status(void *opaque)
{
    HvNet *s = opaque;

    if (s->backend->status && s->nic) {
        s->backend->status(s);
    }
}

static void nic_switch_datapath(void *opaque, uint64_t cookie, bool to_vf)
{
    HvNet *s = opaque;

    trace_hv_net_datapath_switch(hv_net_name(s), cookie, to_vf);
    if (s->backend->switch_datapath) {
        s->backend->switch_datapath(s, cookie, to_vf);
    } else {
        netvsp_datapath_done(s->nic, cookie);
    }
}

static void nic_drained(void *opaque)
{
    HvNet *s = opaque;

    if (s->backend->drained) {
        s->backend->drained(s);
    }
}

static void nic_released(void *opaque)
{
    hv_vmbus_device_released(HV_VMBUS_DEVICE(opaque));
}

static const NetvspOps nic_ops = {
    .tx_frame = nic_tx_frame,
    .rx_ready = nic_rx_ready,
    .rx_waits = nic_rx_waits,
    .status = nic_status,
    .switch_datapath = nic_switch_datapath,
    .drained = nic_drained,
    .released = nic_released,
};

bool hv_net_offer(HvNet *s, bool link_up, Error **errp)
{
    NetvspConfig config = {
        .instance_id = HV_VMBUS_DEVICE(s)->instance_id,
        .mac_spoofing = s->mac_spoofing,
        .link_up = link_up,
        .speed_mbps = s->speed,
        .mtu = s->mtu,
        .max_channels = s->max_channels,
        .rsc = s->rsc,
        .name = DEVICE(s)->id,
    };

    memcpy(config.mac, s->conf.macaddr.a, sizeof(config.mac));
    s->nic = netvsp_new(hv_vmbus_device_bus(HV_VMBUS_DEVICE(s)), &config,
                        &nic_ops, s);
    if (!s->nic) {
        error_setg(errp, "no channel is free on the VMBus");
        return false;
    }
    trace_hv_net_offer(hv_net_name(s));
    return true;
}

/* a netdev */

static HvNet *from_net_client(NetClientState *nc)
{
    return qemu_get_nic_opaque(nc);
}

static bool netdev_can_receive(NetClientState *nc)
{
    return netvsp_can_receive(from_net_client(nc)->nic);
}

static ssize_t netdev_receive(NetClientState *nc, const uint8_t *buf,
                              size_t size)
{
    HvNet *s = from_net_client(nc);

    return netvsp_rx_frame(s->nic, buf, size) == NETVSP_RX_NO_ROOM ? 0 : size;
}

static void netdev_link_status_changed(NetClientState *nc)
{
    netvsp_set_link(from_net_client(nc)->nic, !nc->link_down);
}

static void netdev_announce(NetClientState *nc)
{
    netvsp_announce(from_net_client(nc)->nic);
}

static NetClientInfo netdev_info = {
    .type = NET_CLIENT_DRIVER_NIC,
    .size = sizeof(NICState),
    .can_receive = netdev_can_receive,
    .receive = netdev_receive,
    .link_status_changed = netdev_link_status_changed,
    .announce = netdev_announce,
};

static void netdev_sent(NetClientState *nc, ssize_t len)
{
    HvNet *s = from_net_client(nc);

    s->tx_queued = false;
    netvsp_tx_ready(s->nic);
}

static bool netdev_tx_frame(HvNet *s, const uint8_t *frame, size_t len)
{
    if (s->tx_queued) {
        return false;
    }
    /* A result of 0: the net layer keeps this one frame for its peer. */
    s->tx_queued = qemu_send_packet_async(qemu_get_queue(s->netdev_nic), frame,
                                          len, netdev_sent) == 0;
    return true;
}

static void netdev_rx_ready(HvNet *s)
{
    qemu_flush_queued_packets(qemu_get_queue(s->netdev_nic));
}

static bool netdev_start(HvNet *s, Error **errp)
{
    DeviceState *dev = DEVICE(s);

    qemu_macaddr_default_if_unset(&s->conf.macaddr);
    if (!hv_net_offer(s, true, errp)) {
        return false;
    }
    s->netdev_nic = qemu_new_nic(&netdev_info, &s->conf, TYPE_HV_NET, dev->id,
                                 &dev->mem_reentrancy_guard, s);
    netdev_link_status_changed(qemu_get_queue(s->netdev_nic));
    qemu_format_nic_info_str(qemu_get_queue(s->netdev_nic),
                             s->conf.macaddr.a);
    return true;
}

static void netdev_stop(HvNet *s)
{
    qemu_del_nic(s->netdev_nic);
}

static void netdev_loaded(HvNet *s)
{
    netvsp_set_mac_spoofing(s->nic, s->mac_spoofing);
    netvsp_set_rsc(s->nic, s->rsc);
    netdev_link_status_changed(qemu_get_queue(s->netdev_nic));
}

const HvNetBackend hv_net_netdev_backend = {
    .start = netdev_start,
    .stop = netdev_stop,
    .tx_frame = netdev_tx_frame,
    .rx_ready = netdev_rx_ready,
    .loaded = netdev_loaded,
};

/* life */

static void hv_net_run_state(void *opaque, bool running, RunState state)
{
    HvNet *s = opaque;

    if (!running) {
        rx_flush(s);
    }
    if (s->backend->set_running) {
        s->backend->set_running(s, running);
    }
    if (running && s->nic) {
        netvsp_resume(s->nic);
    }
}

static bool check_properties(HvNet *s, Error **errp)
{
    bool link = qemu_chr_fe_backend_connected(&s->link);

    if (link && s->conf.peers.ncs[0]) {
        error_setg(errp, "give either netdev= or link=, not both");
    } else if (link && (!s->vm || !*s->vm)) {
        error_setg(errp, "link= needs vm=NAME, the VM's name in the host "
                   "process");
    } else if (s->max_channels < 1 || s->max_channels > NETVSP_CHANNELS_MAX) {
        error_setg(errp, "max-channels=%u is not from 1 to %u",
                   s->max_channels, NETVSP_CHANNELS_MAX);
    } else if (s->mtu < 68 || s->mtu > NETVSP_MTU_MAX) {
        error_setg(errp, "mtu=%u is not from 68 to %u", s->mtu,
                   NETVSP_MTU_MAX);
    } else {
        return true;
    }
    return false;
}

static void hv_net_realize(HvVmbusDevice *dev, Error **errp)
{
    HvNet *s = HV_NET(dev);

    if (!check_properties(s, errp)) {
        return;
    }
    s->rx_flush = qemu_bh_new_guarded(rx_flush, s,
                                      &DEVICE(s)->mem_reentrancy_guard);
    s->backend = qemu_chr_fe_backend_connected(&s->link)
                 ? &hv_net_link_backend : &hv_net_netdev_backend;
    if (!s->backend->start(s, errp)) {
        g_clear_pointer(&s->rx_flush, qemu_bh_delete);
        return;
    }
    s->runstate = qdev_add_vm_change_state_handler(DEVICE(s),
                                                   hv_net_run_state, s);
    if (runstate_is_running()) {
        hv_net_run_state(s, true, RUN_STATE_RUNNING);
    }
}

static void hv_net_unrealize(HvVmbusDevice *dev)
{
    HvNet *s = HV_NET(dev);

    g_clear_pointer(&s->unplug_timer, timer_free);
    qemu_del_vm_change_state_handler(s->runstate);
    s->backend->stop(s);
    g_clear_pointer(&s->nic, netvsp_free);
    g_clear_pointer(&s->rx_flush, qemu_bh_delete);
}

/*
 * Withdraws the offer once the guest, whose link is down by then, has come to
 * rest (see netvsp_is_idle()).  Linux acts on a link that goes down after up to
 * two seconds.  A guest that never rests does not put it off for ever.
 */
#define UNPLUG_LOOK_MS 50
#define UNPLUG_QUIET_LOOKS 6
#define UNPLUG_LOOKS 200

static void unplug_again(HvNet *s)
{
    timer_mod(s->unplug_timer,
              qemu_clock_get_ms(QEMU_CLOCK_VIRTUAL) + UNPLUG_LOOK_MS);
}

static void unplug_look(void *opaque)
{
    HvNet *s = opaque;
    uint64_t activity = netvsp_activity(s->nic);

    if (activity == s->unplug_activity && netvsp_is_idle(s->nic)) {
        s->unplug_quiet++;
    } else {
        s->unplug_quiet = 0;
        s->unplug_activity = activity;
    }
    if (s->unplug_quiet >= UNPLUG_QUIET_LOOKS ||
        ++s->unplug_looks >= UNPLUG_LOOKS) {
        trace_hv_net_unplug(hv_net_name(s), s->unplug_looks,
                            s->unplug_quiet >= UNPLUG_QUIET_LOOKS);
        netvsp_rescind(s->nic);
    } else {
        unplug_again(s);
    }
}

static void hv_net_unplug_request(HvVmbusDevice *dev, Error **errp)
{
    HvNet *s = HV_NET(dev);

    if (!s->nic) {
        hv_vmbus_device_released(dev);
    } else if (!vmbus_bus_version(hv_vmbus_device_bus(dev))) {
        netvsp_rescind(s->nic);
    } else if (!s->unplug_timer) {
        netvsp_leave(s->nic);
        s->unplug_activity = netvsp_activity(s->nic);
        s->unplug_timer = timer_new_ms(QEMU_CLOCK_VIRTUAL, unplug_look, s);
        unplug_again(s);
    }
}

/* migration */

static int hv_net_pre_save(void *opaque)
{
    HvNet *s = opaque;
    StateWriter w;

    state_writer_init(&w);
    state_put_bool(&w, s->nic != NULL);
    if (s->nic) {
        netvsp_save(s->nic, &w);
    }
    if (s->backend->save) {
        s->backend->save(s, &w);
    }
    s->saved = state_writer_finish(&w);
    return 0;
}

static int hv_net_post_save(void *opaque)
{
    HvNet *s = opaque;

    g_clear_pointer(&s->saved, g_bytes_unref);
    return 0;
}

static bool load_model(HvNet *s, StateReader *r)
{
    if (!state_get_bool(r)) {
        return state_ok(r);
    }
    if (!s->nic && !hv_net_offer(s, false, NULL)) {
        state_fail(r, "no channel is free on the VMBus");
        return false;
    }
    return netvsp_load(s->nic, r);
}

static int hv_net_post_load(void *opaque, int version_id)
{
    HvNet *s = opaque;
    StateReader r;
    bool ok;

    vmstate_blob_open(&r, s->saved);
    ok = load_model(s, &r);
    if (ok && s->backend->load) {
        ok = s->backend->load(s, &r);
    }
    if (ok && s->nic) {
        s->backend->loaded(s);
    }
    return vmstate_blob_close(&r, &s->saved, ok, hv_net_name(s));
}

static const VMStateDescription vmstate_hv_net = {
    .name = TYPE_HV_NET,
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = hv_net_pre_save,
    .post_save = hv_net_post_save,
    .post_load = hv_net_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BLOB(saved, HvNet),
        VMSTATE_END_OF_LIST()
    }
};

/* type */

static const Property hv_net_properties[] = {
    DEFINE_NIC_PROPERTIES(HvNet, conf),
    DEFINE_PROP_CHR("link", HvNet, link),
    DEFINE_PROP_STRING("vm", HvNet, vm),
    DEFINE_PROP_UINT32("nic", HvNet, index, 0),
    DEFINE_PROP_UINT16("max-channels", HvNet, max_channels,
                       NETVSP_CHANNELS_MAX),
    DEFINE_PROP_UINT16("mtu", HvNet, mtu, 9000),
    DEFINE_PROP_UINT32("speed", HvNet, speed, 10000),
    DEFINE_PROP_BOOL("mac-spoofing", HvNet, mac_spoofing, false),
    DEFINE_PROP_BOOL("rsc", HvNet, rsc, true),
};

static const struct {
    const char *name;
    const char *text;
} descriptions[] = {
    { "mac", "permanent address (default: made up; with link=, the host's)" },
    { "netdev", "network backend to connect to" },
    { "link", "socket chardev to the host process, in place of netdev" },
    { "vm", "name of this VM in the host process (with link=)" },
    { "nic", "number of this NIC in the VM, from 0 (with link=)" },
    { "max-channels", "channels the guest may have, 1 to 64 (default 64); "
                      "Linux opens one for each CPU" },
    { "mtu", "largest MTU that the port carries (default 9000; with link=, "
             "the host's)" },
    { "speed", "link speed in Mbit/s told to the guest (default 10000; with "
               "link=, the host's)" },
    { "mac-spoofing", "let the guest change its address (default off; with "
                      "link=, the host's)" },
    { "rsc", "receive segment coalescing, for guests that turn it on "
             "(default on; with link=, the host's)" },
};

static void hv_net_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    HvVmbusDeviceClass *vc = HV_VMBUS_DEVICE_CLASS(oc);

    dc->desc = "Hyper-V synthetic NIC (VMBus)";
    dc->vmsd = &vmstate_hv_net;
    set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
    vc->realize = hv_net_realize;
    vc->unrealize = hv_net_unrealize;
    vc->unplug_request = hv_net_unplug_request;
    device_class_set_props(dc, hv_net_properties);
    for (unsigned i = 0; i < G_N_ELEMENTS(descriptions); i++) {
        object_class_property_set_description(oc, descriptions[i].name,
                                              descriptions[i].text);
    }
}

static const TypeInfo hv_net_types[] = {
    {
        .name = TYPE_HV_NET,
        .parent = TYPE_HV_VMBUS_DEVICE,
        .instance_size = sizeof(HvNet),
        .class_init = hv_net_class_init,
    },
};

DEFINE_TYPES(hv_net_types)
