/*
 * hv-net whose port is in a host process: the VM's end of a link
 * (spec/link.h, NIC role).
 *
 * The NIC is offered to the guest when the host has told its address.  If the
 * host process goes away, frames of the guest wait in its ring for it to come
 * back.  After a while they cannot: the guest may be waiting, with locks held,
 * for an answer that is behind them in the ring.  From then on the port is as
 * one with its cable pulled: link down, frames dropped, data path switches
 * granted, until a host answers again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "system/runstate.h"

#include "common/vcpu-rounds.h"
#include "iovlab/link.h"
#include "vmbus/hv-net.h"
#include "iovlab-trace.h"

#define READ_SIZE 65536
#define GONE_MS 5000
/*
 * The longest hold of transmit after the data path moved to the VF, for a
 * guest whose VF never settles; and how often anew.
 */
#define HOLD_MS 4000
#define HOLD_REPEAT_MS 5
/*
 * A queue that sends nothing, although every VCPU had this many turns, has
 * nothing to send: the hold goes on without it.  One queue holds up nobody else
 * and is given the time in which a slow guest comes to send again, or to
 * announce its addresses, which it is asked for and which stops the queue, too.
 */
#define SILENT_ROUNDS 10
#define SILENT_MS 100
#define SILENT_ALONE_MS 1000
/*
 * Linux's netvsc acts on one link event in so much time, the next one waits.  A
 * guest that had one just now would speak too late, and whatever happens to
 * its link next would wait behind it.
 */
#define LINK_EVENT_MS 2000
#define STATUS_INTERVAL_MS 1000

typedef struct NicLink {
    HvNet *s;
    LinkVm *link;
    QEMUBH *flush;
    guint watch;                /* for output that was blocked */
    QEMUTimer *gone_timer;
    QEMUTimer *status_timer;
    QEMUTimer *hold_timer;      /* transmit is held */
    int64_t hold_until_ms;
    bool held_told;             /* of this hold */
    bool announced;             /* the silent guest was asked to say a word */
    uint32_t link_events;       /* told to the guest, and when the last */
    int64_t link_event_ms;
    VcpuRounds rounds;          /* since it began */
    LinkNicStatus status;       /* as last told */
    bool configured;            /* the host told the port's settings */
    LinkNicConfig config;
    bool has_vf;                /* and the VF's */
    LinkNicVf vf;
    bool gone;                  /* no host for GONE_MS */
    bool warned;
    bool switching;
    uint64_t cookie;            /* of the unanswered data path switch */
    bool peer_closed;           /* the socket is closed already */
    bool close;                 /* after the next flush */
} NicLink;

/* stream */

static ssize_t link_write(void *opaque, const void *buf, size_t len)
{
    NicLink *l = opaque;
    int n = qemu_chr_fe_write(&l->s->link, buf, len);

    if (n < 0) {
        return errno == EAGAIN ? 0 : -1;
    }
    return n;
}

static void link_flush(void *opaque)
{
    NicLink *l = opaque;

    link_vm_flush(l->link);
    if (l->close) {
        l->close = false;
        qemu_chr_fe_disconnect(&l->s->link);
    }
}

static gboolean link_writable(void *do_not_use, GIOCondition cond,
                              void *opaque)
{
    NicLink *l = opaque;

    l->watch = 0;
    link_vm_flush(l->link);
    return G_SOURCE_REMOVE;
}

static void link_want_flush(void *opaque, bool blocked)
{
    NicLink *l = opaque;

    if (!blocked) {
        qemu_bh_schedule(l->flush);
    } else if (!l->watch) {
        l->watch = qemu_chr_fe_add_watch(&l->s->link, G_IO_OUT | G_IO_HUP,
                                         link_writable, l);
    }
}

static void link_unwatch(NicLink *l)
{
    if (l->watch) {
        g_source_remove(l->watch);
        l->watch = 0;
    }
}

static int link_can_read(void *opaque)
{
    return READ_SIZE;
}

static void link_read(void *opaque, const uint8_t *buf, int size)
{
    NicLink *l = opaque;

    link_vm_input(l->link, buf, size);
}

static void link_event(void *opaque, QEMUChrEvent event)
{
    NicLink *l = opaque;

    if (event == CHR_EVENT_OPENED && !link_vm_is_up(l->link)) {
        l->close = false;
        link_vm_connected(l->link, runstate_check(RUN_STATE_INMIGRATE));
    } else if (event == CHR_EVENT_CLOSED) {
        link_unwatch(l);
        l->peer_closed = true;
        link_vm_disconnected(l->link);
        l->peer_closed = false;
    }
}

/* status */

static void send_status(NicLink *l)
{
    NetvspStatus now;
    LinkNicStatus msg = { 0 };

    if (!l->s->nic) {
        return;
    }
    netvsp_get_status(l->s->nic, &now);
    if (now.link_events != l->link_events) {
        l->link_events = now.link_events;
        l->link_event_ms = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
    }
    if (!link_vm_is_up(l->link)) {
        return;
    }
    memcpy(msg.mac, now.mac, sizeof(msg.mac));
    msg.connected = now.connected;
    msg.sriov = now.sriov;
    wr_le32(&msg.nvsp_version, now.nvsp_version);
    wr_le32(&msg.packet_filter, now.packet_filter);
    wr_le16(&msg.mtu, now.mtu);
    msg.datapath_vf = now.datapath_vf;
    msg.sub_channels = now.sub_channels;
    wr_le64(&msg.rx_frames, netvsp_rx_counters(l->s->nic)->frames);
    wr_le64(&msg.tx_frames, netvsp_tx_counters(l->s->nic)->frames);
    if (memcmp(&msg, &l->status, sizeof(msg)) != 0 &&
        link_vm_send(l->link, LINK_NIC_STATUS, &msg, sizeof(msg))) {
        l->status = msg;
    }
}

static void link_status(HvNet *s)
{
    send_status(s->behind);
}

static void status_timer(void *opaque)
{
    NicLink *l = opaque;

    send_status(l);
    timer_mod(l->status_timer,
              qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + STATUS_INTERVAL_MS);
}

/* a host that is gone */

static void start_gone_timer(NicLink *l)
{
    if (!l->gone && !link_vm_is_up(l->link) && runstate_is_running()) {
        timer_mod(l->gone_timer,
                  qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + GONE_MS);
    }
}

static void gone(void *opaque)
{
    NicLink *l = opaque;

    if (link_vm_is_up(l->link)) {
        return;
    }
    trace_hv_net_link_gone(hv_net_name(l->s));
    l->gone = true;
    if (!l->s->nic) {
        return;
    }
    netvsp_set_link(l->s->nic, false);
    if (l->switching) {
        l->switching = false;
        netvsp_datapath_done(l->s->nic, l->cookie);
    }
    netvsp_tx_ready(l->s->nic);
}

/* from the host */

static void apply_config(NicLink *l)
{
    Netvsp *nic = l->s->nic;

    if (!nic || !l->configured) {
        return;
    }
    netvsp_set_mac(nic, l->config.mac);
    netvsp_set_mac_spoofing(nic, l->config.mac_spoofing);
    netvsp_set_rsc(nic, l->config.rsc);
    netvsp_set_mtu(nic, rd_le16(&l->config.mtu));
    netvsp_set_speed(nic, rd_le32(&l->config.speed_mbps));
    netvsp_set_link(nic, l->config.link_up && !l->gone);
    if (l->has_vf) {
        netvsp_set_vf(nic, l->vf.allocated, rd_le32(&l->vf.serial));
    }
}

static void link_up(void *opaque)
{
    NicLink *l = opaque;

    trace_hv_net_link_up(hv_net_name(l->s));
    timer_del(l->gone_timer);
    l->gone = false;
    l->warned = false;
    memset(&l->status, 0xff, sizeof(l->status));
    send_status(l);
    if (l->s->nic) {
        netvsp_resume(l->s->nic);
    }
}

static void link_down(void *opaque, uint32_t code, const char *why)
{
    NicLink *l = opaque;

    trace_hv_net_link_down(hv_net_name(l->s), code, why);
    if (!l->warned) {
        l->warned = true;
        warn_report("%s: no host process: %s", hv_net_name(l->s), why);
    }
    l->close = !l->peer_closed;
    qemu_bh_schedule(l->flush);
    start_gone_timer(l);
}

static LinkTake link_frame(void *opaque, const uint8_t *data, size_t len,
                           const IxgbeRxMeta *meta)
{
    NicLink *l = opaque;

    if (!l->s->nic) {
        return LINK_TAKEN;
    }
    return netvsp_rx_frame(l->s->nic, data, len) == NETVSP_RX_NO_ROOM
           ? LINK_WAIT : LINK_TAKEN;
}

static void link_tx_room(void *opaque)
{
    NicLink *l = opaque;

    if (l->s->nic) {
        netvsp_tx_ready(l->s->nic);
    }
}

static void link_drain(void *opaque)
{
    NicLink *l = opaque;

    if (l->s->nic) {
        netvsp_drain(l->s->nic);
    } else {
        link_vm_drained(l->link);
    }
}

static void handle_config(NicLink *l, const LinkNicConfig *config)
{
    Error *err = NULL;

    l->config = *config;
    l->configured = true;
    memcpy(l->s->conf.macaddr.a, config->mac, sizeof(config->mac));
    if (!l->s->nic && !hv_net_offer(l->s, config->link_up, &err)) {
        error_report_err(err);
        return;
    }
    apply_config(l);
    send_status(l);
}

/*
 * Linux's netvsc sends on the channel of the VF's queue once it has a VF, so
 * only so many channels matter.
 */
static bool queues_stopped(NicLink *l, int64_t now)
{
    int64_t since = l->hold_until_ms - HOLD_MS;
    unsigned queues = l->vf.queues ? l->vf.queues : UINT_MAX;

    if (netvsp_tx_stopped(l->s->nic, queues)) {
        return true;
    }
    if (vcpu_rounds_poll(&l->rounds) < SILENT_ROUNDS ||
        now - since < SILENT_MS) {
        return false;
    }
    if (!l->announced && queues == 1 &&
        l->link_event_ms + LINK_EVENT_MS < since + SILENT_ALONE_MS) {
        l->announced = true;
        trace_hv_net_link_hold(hv_net_name(l->s), "asks for a word");
        netvsp_announce(l->s->nic);
    }
    return queues != 1 || now - since >= SILENT_ALONE_MS;
}

/*
 * A Linux guest that moved its traffic to the VF loses what it sends between
 * the VF's carrier coming on and the activation of the VF's queues, which
 * follows from another kernel thread.  So the host brings the VF's link up only
 * when the guest's transmit queues have stopped, and until the VF has settled
 * (hw/net/ixgbe-vf-link.c) they wait: a ring that looks nearly full stops a
 * queue at the next packet, and it continues on the VF.
 */
static void hold_timer(void *opaque)
{
    NicLink *l = opaque;
    int64_t now = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
    bool hold = l->s->nic && now < l->hold_until_ms;

    if (l->s->nic) {
        netvsp_hold_tx(l->s->nic, hold);
    }
    if (hold) {
        if (!l->held_told && queues_stopped(l, now)) {
            trace_hv_net_link_hold(hv_net_name(l->s), "queues stopped");
            l->held_told = link_vm_send(l->link, LINK_NIC_HELD, NULL, 0);
        }
        timer_mod(l->hold_timer, now + HOLD_REPEAT_MS);
    }
}

static void hold_transmit(NicLink *l)
{
    l->hold_until_ms = qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + HOLD_MS;
    l->held_told = false;
    l->announced = false;
    vcpu_rounds_start(&l->rounds);
    trace_hv_net_link_hold(hv_net_name(l->s), "begins");
    hold_timer(l);
}

static void release_transmit(NicLink *l)
{
    if (l->hold_until_ms) {
        trace_hv_net_link_hold(hv_net_name(l->s), "ends");
    }
    l->hold_until_ms = 0;
    timer_del(l->hold_timer);
    hold_timer(l);
}

static void handle_datapath_done(NicLink *l, const LinkDatapath *msg)
{
    uint64_t cookie = rd_le64(&msg->cookie);

    if (l->switching && cookie == l->cookie && l->s->nic) {
        l->switching = false;
        netvsp_datapath_done(l->s->nic, cookie);
        if (msg->to_vf) {
            hold_transmit(l);
        } else {
            release_transmit(l);
        }
    }
}

static void link_message(void *opaque, LinkType type, const void *body,
                         size_t len)
{
    NicLink *l = opaque;

    switch (type) {
    case LINK_NIC_CONFIG:
        handle_config(l, body);
        break;
    case LINK_NIC_VF:
        memcpy(&l->vf, body, sizeof(l->vf));
        l->has_vf = true;
        apply_config(l);
        break;
    case LINK_NIC_DATAPATH_DONE:
        handle_datapath_done(l, body);
        break;
    case LINK_NIC_VF_SETTLED:
        release_transmit(l);
        break;
    case LINK_NIC_ANNOUNCE:
        if (l->s->nic) {
            netvsp_announce(l->s->nic);
        }
        break;
    default:
        break;
    }
}

static const LinkVmOps link_ops = {
    .io = { .write = link_write, .want_flush = link_want_flush },
    .up = link_up,
    .down = link_down,
    .frame = link_frame,
    .tx_room = link_tx_room,
    .drain = link_drain,
    .message = link_message,
};

/* from the NIC */

static bool link_tx_frame(HvNet *s, const uint8_t *frame, size_t len)
{
    NicLink *l = s->behind;

    return link_vm_send_frame(l->link, frame, len) || l->gone;
}

static void link_rx_ready(HvNet *s)
{
    link_vm_rx_room(((NicLink *)s->behind)->link);
}

static void link_switch_datapath(HvNet *s, uint64_t cookie, bool to_vf)
{
    NicLink *l = s->behind;
    LinkDatapath msg = { .to_vf = to_vf };

    if (l->gone) {
        netvsp_datapath_done(s->nic, cookie);
        return;
    }
    l->switching = true;
    l->cookie = cookie;
    wr_le64(&msg.cookie, cookie);
    /* Without a connection it is asked for again when there is one. */
    link_vm_send(l->link, LINK_NIC_DATAPATH, &msg, sizeof(msg));
}

static void link_nic_drained(HvNet *s)
{
    link_vm_drained(((NicLink *)s->behind)->link);
}

/* life */

static bool link_start(HvNet *s, Error **errp)
{
    NicLink *l = g_new0(NicLink, 1);
    bool own_mac = s->conf.macaddr.a[0] | s->conf.macaddr.a[1] |
                   s->conf.macaddr.a[2];

    l->s = s;
    s->behind = l;
    l->flush = qemu_bh_new(link_flush, l);
    l->gone_timer = timer_new_ms(QEMU_CLOCK_REALTIME, gone, l);
    l->status_timer = timer_new_ms(QEMU_CLOCK_REALTIME, status_timer, l);
    l->hold_timer = timer_new_ms(QEMU_CLOCK_REALTIME, hold_timer, l);
    l->link = link_vm_new(LINK_ROLE_NIC, s->vm, s->index, &link_ops, l);
    qemu_macaddr_default_if_unset(&s->conf.macaddr);
    /* A NIC that is to be loaded has to be there before. */
    if ((own_mac || runstate_check(RUN_STATE_INMIGRATE)) &&
        !hv_net_offer(s, false, errp)) {
        s->backend->stop(s);
        return false;
    }
    qemu_chr_fe_set_handlers(&s->link, link_can_read, link_read, link_event,
                             NULL, l, NULL, true);
    status_timer(l);
    return true;
}

static void link_stop(HvNet *s)
{
    NicLink *l = s->behind;

    link_vm_flush(l->link);
    qemu_chr_fe_set_handlers(&s->link, NULL, NULL, NULL, NULL, NULL, NULL,
                             true);
    link_unwatch(l);
    timer_free(l->gone_timer);
    timer_free(l->status_timer);
    timer_free(l->hold_timer);
    vcpu_rounds_clear(&l->rounds);
    qemu_bh_delete(l->flush);
    link_vm_free(l->link);
    s->behind = NULL;
    g_free(l);
    qemu_chr_fe_disconnect(&s->link);
}

static void link_set_running(HvNet *s, bool running)
{
    NicLink *l = s->behind;

    link_vm_set_running(l->link, running);
    if (running) {
        start_gone_timer(l);
    } else {
        timer_del(l->gone_timer);
        release_transmit(l);
        send_status(l);
        link_vm_flush(l->link);
    }
}

static void link_loaded(HvNet *s)
{
    apply_config(s->behind);
    send_status(s->behind);
}

static void link_save(HvNet *s, StateWriter *w)
{
    link_vm_save(((NicLink *)s->behind)->link, w);
}

static bool link_load(HvNet *s, StateReader *r)
{
    return link_vm_load(((NicLink *)s->behind)->link, r);
}

const HvNetBackend hv_net_link_backend = {
    .start = link_start,
    .stop = link_stop,
    .set_running = link_set_running,
    .tx_frame = link_tx_frame,
    .rx_ready = link_rx_ready,
    .status = link_status,
    .switch_datapath = link_switch_datapath,
    .drained = link_nic_drained,
    .loaded = link_loaded,
    .save = link_save,
    .load = link_load,
};
