/*
 * The VF whose adapter is in a host process: the VM's end of a link
 * (spec/link.h, VF role).
 *
 * The device starts only when the host has accepted it and told its address:
 * the guest's driver reads the address as soon as it finds the device.  Later
 * the connection may be lost; then the link is down and the PF is gone, as the
 * driver sees it, until the chardev connects again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "chardev/char-socket.h"
#include "migration/blocker.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "system/runstate.h"
#include "common/vcpu-rounds.h"
#include "iovlab/link.h"
#include "iommu/vtd-iommu.h"
#include "net/ixgbe-vf.h"
#include "spec/ixgbe_regs.h"

#define START_TIMEOUT_MS 5000
#define STATS_INTERVAL_MS 1000
#define READ_SIZE 65536
/* A VF that faults all the time is reported this often. */
#define FAULT_INTERVAL_MS 100
/*
 * After the driver has seen the link up: its carrier, the kernel thread that
 * activates the queues, and one for good measure.
 */
#define SETTLE_ROUNDS 3
#define SETTLE_MIN_MS 20
#define SETTLE_POLL_MS 5
/*
 * Linux's service task forgets an event that comes while it runs, and looks at
 * the link again two seconds later: a driver that has not looked is told again.
 */
#define SETTLE_REMIND_MS 50
/* A driver that does not look at the link for so long never will. */
#define SETTLE_GIVE_UP_MS 10000

typedef struct VfLink {
    IxgbeVf *s;
    LinkVm *link;
    QEMUBH *flush;
    guint watch;                /* for output that was blocked */
    QEMUTimer *stats_timer;
    LinkVfStats stats;          /* as last told */
    bool has_state;
    IxgbePortState state;
    Notifier fault_notifier;
    bool watches_faults;
    int64_t fault_told;         /* when, in ms */
    HvrFault fault;             /* that was told last */
    uint32_t faults;            /* equal ones since */
    QEMUTimer *settle_timer;    /* the link is up; VF_SETTLED to be told */
    VcpuRounds rounds;          /* since the driver saw it */
    int64_t settle_since;       /* when the link came up, or was seen, in ms */
    int64_t reminded;           /* when the driver was told last, in ms */
    Error *blocker;
    char *down_reason;
    bool peer_closed;           /* the socket is closed already */
    bool close;                 /* after the next flush */
} VfLink;

/* --- stream ----------------------------------------------------------------- */

static ssize_t vf_link_write(void *opaque, const void *buf, size_t len)
{
    VfLink *l = opaque;
    int n = qemu_chr_fe_write(&l->s->link, buf, len);

    if (n < 0) {
        return errno == EAGAIN ? 0 : -1;
    }
    return n;
}

static void vf_link_flush(void *opaque)
{
    VfLink *l = opaque;

    link_vm_flush(l->link);
    if (l->close) {
        l->close = false;
        qemu_chr_fe_disconnect(&l->s->link);
    }
}

static gboolean vf_link_writable(void *do_not_use, GIOCondition cond,
                                 void *opaque)
{
    VfLink *l = opaque;

    l->watch = 0;
    link_vm_flush(l->link);
    return G_SOURCE_REMOVE;
}

static void vf_link_want_flush(void *opaque, bool blocked)
{
    VfLink *l = opaque;

    if (!blocked) {
        qemu_bh_schedule(l->flush);
    } else if (!l->watch) {
        l->watch = qemu_chr_fe_add_watch(&l->s->link, G_IO_OUT | G_IO_HUP,
                                         vf_link_writable, l);
    }
}

static void vf_link_unwatch(VfLink *l)
{
    if (l->watch) {
        g_source_remove(l->watch);
        l->watch = 0;
    }
}

static int vf_link_can_read(void *opaque)
{
    return READ_SIZE;
}

static void vf_link_read(void *opaque, const uint8_t *buf, int size)
{
    VfLink *l = opaque;

    link_vm_input(l->link, buf, size);
}

/* As a driver sees a PF that went away. */
static void vf_link_lost(VfLink *l)
{
    l->state.links = 0;
    l->state.rx_enable = false;
    l->state.tx_enable = false;
    l->state.pf_reset_done = false;
    l->state.vfmailbox = 0;
    ixgbe_function_set_state(l->s->fn, &l->state);
}

static void vf_link_event(void *opaque, QEMUChrEvent event)
{
    VfLink *l = opaque;

    if (event == CHR_EVENT_OPENED && !link_vm_is_up(l->link)) {
        l->close = false;
        link_vm_connected(l->link, runstate_check(RUN_STATE_INMIGRATE));
    } else if (event == CHR_EVENT_CLOSED) {
        vf_link_unwatch(l);
        l->peer_closed = true;
        link_vm_disconnected(l->link);
        l->peer_closed = false;
    }
}

/* --- from the host -------------------------------------------------------------- */

static void vf_link_up(void *opaque)
{
    VfLink *l = opaque;

    /* A host that begins anew has to know it. */
    if (pci_get_word(PCI_DEVICE(l->s)->config + PCI_COMMAND) &
        PCI_COMMAND_MASTER) {
        uint8_t on[4];

        wr_le32(on, 1);
        link_vm_send(l->link, LINK_VF_BUS_MASTER, on, sizeof(on));
    }
}

static void vf_link_down(void *opaque, uint32_t code, const char *why)
{
    VfLink *l = opaque;

    g_free(l->down_reason);
    l->down_reason = g_strdup(why);
    if (l->has_state) {
        warn_report("%s: the host process is gone: %s", ixgbe_vf_name(l->s),
                    why);
        vf_link_lost(l);
    }
    l->close = !l->peer_closed;
    qemu_bh_schedule(l->flush);
}

static LinkTake vf_link_frame(void *opaque, const uint8_t *data, size_t len,
                              const IxgbeRxMeta *meta)
{
    VfLink *l = opaque;

    return ixgbe_function_rx(l->s->fn, data, len, meta) == IXGBE_RX_WAIT ?
           LINK_WAIT : LINK_TAKEN;
}

static void vf_link_tx_room(void *opaque)
{
    ixgbe_function_tx_room(((VfLink *)opaque)->s->fn);
}

static void vf_link_drained(void *opaque)
{
    link_vm_drained(((VfLink *)opaque)->link);
}

static void vf_link_drain(void *opaque)
{
    VfLink *l = opaque;

    ixgbe_function_drain(l->s->fn, vf_link_drained, l);
}

/*
 * A Linux guest sends on the VF once its carrier is on, but another kernel
 * thread activates the VF's queues only later, and until then what it sends is
 * lost.  Nothing that the guest does shows that this has happened, so the host
 * hears when it must have: the driver saw the link, and then each VCPU had its
 * turn, however slow this machine is.
 */
static void vf_link_settle(void *opaque)
{
    VfLink *l = opaque;
    int64_t now = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);

    if (!l->rounds.turns && ixgbe_function_link_seen(l->s->fn)) {
        vcpu_rounds_start(&l->rounds);
        l->settle_since = now;
    }
    if (!l->rounds.turns && now - l->reminded >= SETTLE_REMIND_MS) {
        l->reminded = now;
        ixgbe_function_link_remind(l->s->fn);
    }
    if (l->rounds.turns && vcpu_rounds_poll(&l->rounds) >= SETTLE_ROUNDS &&
        now - l->settle_since >= SETTLE_MIN_MS) {
        vcpu_rounds_clear(&l->rounds);
        link_vm_send(l->link, LINK_VF_SETTLED, NULL, 0);
    } else if (now - l->settle_since < SETTLE_GIVE_UP_MS) {
        timer_mod(l->settle_timer, now + SETTLE_POLL_MS);
    }
}

static void vf_link_settle_start(VfLink *l, bool link_up)
{
    vcpu_rounds_clear(&l->rounds);
    timer_del(l->settle_timer);
    if (link_up) {
        l->settle_since = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
        l->reminded = l->settle_since;
        timer_mod(l->settle_timer, l->settle_since + SETTLE_POLL_MS);
    }
}

static void vf_link_rules(IxgbeTxRules *rules, const LinkVfState *msg)
{
    rules->tcp_first = rd_le16(&msg->tx_tcp_first);
    rules->tcp_middle = rd_le16(&msg->tx_tcp_middle);
    rules->tcp_last = rd_le16(&msg->tx_tcp_last);
    rules->vlan_type = rd_le16(&msg->tx_vlan_type);
    rules->outer_type = rd_le16(&msg->tx_outer_type);
    rules->pad = msg->tx_pad;
}

static void vf_link_state(VfLink *l, const LinkVfState *msg)
{
    uint32_t changed = l->state.links ^ rd_le32(&msg->links);

    l->state.links = rd_le32(&msg->links);
    l->state.rx_enable = msg->rx_enable;
    l->state.tx_enable = msg->tx_enable;
    l->state.tx_vlan_insert = msg->tx_vlan_insert;
    l->state.pf_reset_done = msg->pf_reset_done;
    l->state.rx_flags = msg->rx_flags;
    l->state.vlan_type = rd_le16(&msg->vlan_type);
    l->state.outer_type = rd_le16(&msg->outer_type);
    l->state.moderation = msg->moderation < IXGBE_MODERATIONS ?
                          msg->moderation : IXGBE_MODERATION_DEFAULT;
    l->state.vfmailbox = rd_le32(&msg->vfmailbox);
    for (unsigned i = 0; i < IXGBE_MBX_DWORDS; i++) {
        l->state.mbmem[i] = rd_le32(&msg->mbmem[i]);
    }
    vf_link_rules(&l->state.tx_rules, msg);
    l->has_state = true;
    ixgbe_vf_set_mac(l->s, msg->mac);
    ixgbe_function_set_state(l->s->fn, &l->state);
    if (changed & IXGBE_LINKS_UP) {
        vf_link_settle_start(l, l->state.links & IXGBE_LINKS_UP);
    }
}

static void vf_link_message(void *opaque, LinkType type, const void *body,
                            size_t len)
{
    if (type == LINK_VF_STATE) {
        vf_link_state(opaque, body);
    }
}

static const LinkVmOps vf_link_ops = {
    .io = { .write = vf_link_write, .want_flush = vf_link_want_flush },
    .up = vf_link_up,
    .down = vf_link_down,
    .frame = vf_link_frame,
    .tx_room = vf_link_tx_room,
    .drain = vf_link_drain,
    .message = vf_link_message,
};

/* --- from the function ------------------------------------------------------------ */

static void vf_link_send_u32(VfLink *l, LinkType type, uint32_t value)
{
    uint8_t body[4];

    wr_le32(body, value);
    link_vm_send(l->link, type, body, sizeof(body));
}

static bool vf_port_tx(void *port, unsigned queue, const uint8_t *frame,
                       size_t len, const IxgbeTxMeta *meta)
{
    return link_vm_send_frame(((VfLink *)port)->link, frame, len);
}

static void vf_port_rx_room(void *port)
{
    link_vm_rx_room(((VfLink *)port)->link);
}

static void vf_port_reset(void *port, bool flr)
{
    vf_link_send_u32(port, LINK_VF_RESET, flr);
}

static void vf_port_mailbox(void *port, uint32_t value)
{
    vf_link_send_u32(port, LINK_VF_MAILBOX, value);
}

static void vf_port_mailbox_mem(void *port, unsigned index, uint32_t value)
{
    VfLink *l = port;
    LinkVfMbmem msg;

    l->state.mbmem[index] = value;
    wr_le32(&msg.index, index);
    wr_le32(&msg.value, value);
    link_vm_send(l->link, LINK_VF_MBMEM, &msg, sizeof(msg));
}

static void vf_port_bus_master(void *port, bool on)
{
    vf_link_send_u32(port, LINK_VF_BUS_MASTER, on);
}

static const IxgbePortOps vf_port_ops = {
    .tx = vf_port_tx,
    .rx_room = vf_port_rx_room,
    .reset = vf_port_reset,
    .mailbox = vf_port_mailbox,
    .mailbox_mem = vf_port_mailbox_mem,
    .bus_master = vf_port_bus_master,
};

/* --- what the IOMMU blocked ----------------------------------------------------- */

static void vf_link_tell_fault(VfLink *l, const HvrFault *fault,
                               uint32_t count)
{
    LinkVfFault msg = { .reason = fault->reason,
                        .kind = fault->write | fault->interrupt << 1 };

    wr_le16(&msg.rid, fault->rid);
    wr_le32(&msg.count, count);
    wr_le64(&msg.address, fault->address);
    link_vm_send(l->link, LINK_VF_FAULT, &msg, sizeof(msg));
    l->fault_told = qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
    l->fault = *fault;
    l->faults = 0;
}

static void vf_link_fault(Notifier *notifier, void *data)
{
    VfLink *l = container_of(notifier, VfLink, fault_notifier);
    const HvrFault *fault = data;
    bool again = fault->reason == l->fault.reason &&
                 fault->write == l->fault.write &&
                 fault->interrupt == l->fault.interrupt;

    if (fault->rid != l->s->rid) {
        return;
    }
    if (!again || qemu_clock_get_ms(QEMU_CLOCK_REALTIME) - l->fault_told >
                  FAULT_INTERVAL_MS) {
        vf_link_tell_fault(l, fault, l->faults + 1);
    } else {
        l->faults++;
    }
}

static bool vf_link_watch_faults(VfLink *l, Error **errp)
{
    DeviceState *above = BUS(pci_get_bus(PCI_DEVICE(l->s)))->parent;
    VtdIommu *iommu;

    if (!above || !object_dynamic_cast(OBJECT(above), "hv-vpci-host")) {
        return true;
    }
    iommu = vtd_iommu_hypervisor(errp);
    if (!iommu) {
        return false;
    }
    l->fault_notifier.notify = vf_link_fault;
    vtd_iommu_add_fault_notifier(iommu, &l->fault_notifier);
    l->watches_faults = true;
    return true;
}

/* --- once a second --------------------------------------------------------------- */

static void vf_link_stats(void *opaque)
{
    VfLink *l = opaque;
    IxgbeFunctionStats stats;
    LinkVfStats msg;

    if (l->faults) {
        vf_link_tell_fault(l, &l->fault, l->faults);
    }
    ixgbe_function_stats(l->s->fn, &stats);
    wr_le64(&msg.rx_frames, stats.rx_frames);
    wr_le64(&msg.rx_bytes, stats.rx_bytes);
    wr_le64(&msg.rx_multicast, stats.rx_multicast);
    wr_le64(&msg.tx_frames, stats.tx_frames);
    wr_le64(&msg.tx_bytes, stats.tx_bytes);
    wr_le64(&msg.rx_dropped, stats.rx_dropped);
    if (memcmp(&msg, &l->stats, sizeof(msg)) &&
        link_vm_send(l->link, LINK_VF_STATS, &msg, sizeof(msg))) {
        l->stats = msg;
    }
    timer_mod(l->stats_timer,
              qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + STATS_INTERVAL_MS);
}

/* --- starting ----------------------------------------------------------------------- */

static bool vf_link_wait_readable(SocketChardev *chr, int64_t deadline)
{
    int64_t left = deadline - qemu_clock_get_ms(QEMU_CLOCK_REALTIME);
    GPollFD fd = { .fd = chr->sioc ? chr->sioc->fd : -1, .events = G_IO_IN };

    return fd.fd >= 0 && left > 0 && g_poll(&fd, 1, left) > 0;
}

/*
 * Says HELLO and waits for the first VF_STATE, reading the socket directly:
 * the main loop is not entered from within device_add.
 */
static bool vf_link_handshake(VfLink *l, Error **errp)
{
    SocketChardev *chr =
        (SocketChardev *)object_dynamic_cast(OBJECT(l->s->link.chr),
                                             TYPE_CHARDEV_SOCKET);
    int64_t deadline = qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
                       START_TIMEOUT_MS;
    g_autofree uint8_t *buf = g_malloc(READ_SIZE);

    if (!chr) {
        error_setg(errp, "link= must name a socket chardev");
        return false;
    }
    if (!l->s->link.chr->be_open && chr->reconnect_time_ms) {
        error_setg(errp, "link=%s is not connected to a host process",
                   CHARDEV(chr)->label);
        return false;
    }
    if (qemu_chr_fe_wait_connected(&l->s->link, errp) < 0) {
        return false;
    }
    link_vm_connected(l->link, runstate_check(RUN_STATE_INMIGRATE));
    while (!l->has_state && !l->down_reason) {
        int n;

        link_vm_flush(l->link);
        if (!vf_link_wait_readable(chr, deadline)) {
            error_setg(errp, "the host process did not answer within %d s",
                       START_TIMEOUT_MS / 1000);
            return false;
        }
        n = CHARDEV_GET_CLASS(chr)->chr_sync_read(CHARDEV(chr), buf,
                                                  READ_SIZE);
        if (n <= 0) {
            error_setg(errp, "the host process closed the connection");
            return false;
        }
        link_vm_input(l->link, buf, n);
    }
    if (l->down_reason) {
        error_setg(errp, "the host process refused VF %u of VM '%s': %s",
                   l->s->vf, l->s->vm, l->down_reason);
        return false;
    }
    return true;
}

static void vf_link_free(VfLink *l)
{
    ixgbe_function_set_port(l->s->fn, NULL, NULL);
    if (l->watches_faults) {
        notifier_remove(&l->fault_notifier);
    }
    vf_link_unwatch(l);
    link_vm_free(l->link);
    qemu_bh_delete(l->flush);
    timer_free(l->stats_timer);
    timer_free(l->settle_timer);
    vcpu_rounds_clear(&l->rounds);
    g_free(l->down_reason);
    g_free(l);
}

static bool vf_link_start(IxgbeVf *s, Error **errp)
{
    VfLink *l = g_new0(VfLink, 1);

    l->s = s;
    l->flush = qemu_bh_new(vf_link_flush, l);
    l->stats_timer = timer_new_ms(QEMU_CLOCK_REALTIME, vf_link_stats, l);
    l->settle_timer = timer_new_ms(QEMU_CLOCK_REALTIME, vf_link_settle, l);
    l->link = link_vm_new(LINK_ROLE_VF, s->vm, s->vf, &vf_link_ops, l);
    ixgbe_function_set_port(s->fn, &vf_port_ops, l);
    error_setg(&l->blocker, "%s is a VF of this host's adapter: detach the "
               "VF first", ixgbe_vf_name(s));
    if (!vf_link_handshake(l, errp)) {
        error_free(l->blocker);
        vf_link_free(l);
        return false;
    }
    if (migrate_add_blocker(&l->blocker, errp) < 0) {
        vf_link_free(l);
        return false;
    }
    if (!vf_link_watch_faults(l, errp)) {
        migrate_del_blocker(&l->blocker);
        vf_link_free(l);
        return false;
    }
    s->behind = l;
    qemu_chr_fe_set_handlers(&s->link, vf_link_can_read, vf_link_read,
                             vf_link_event, NULL, l, NULL, true);
    vf_link_stats(l);
    return true;
}

static void vf_link_stop(IxgbeVf *s)
{
    VfLink *l = s->behind;

    link_vm_flush(l->link);
    qemu_chr_fe_set_handlers(&s->link, NULL, NULL, NULL, NULL, NULL, NULL,
                             true);
    migrate_del_blocker(&l->blocker);
    s->behind = NULL;
    vf_link_free(l);
    qemu_chr_fe_disconnect(&s->link);
}

static void vf_link_set_running(IxgbeVf *s, bool running)
{
    VfLink *l = s->behind;

    link_vm_set_running(l->link, running);
    if (!running) {
        link_vm_flush(l->link);
    }
}

const IxgbeVfBackend ixgbe_vf_link_backend = {
    .start = vf_link_start,
    .stop = vf_link_stop,
    .set_running = vf_link_set_running,
};
