/*
 * One connection of a VM's device: a socket under a LinkHost.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/daemon.h"
#include "base/stream.h"

#include <string.h>

/* Output that is not yet in the socket; the rest waits in the LinkHost. */
#define OUTPUT_HIGH (256 * 1024)

struct LinkEnd {
    Host *host;
    Stream *stream;
    LinkHost *link;
    VmNic *nic;             /* NULL before HELLO and after the end */
    DatapathSide side;
    LinkLast last;          /* of HELLO */
    guint flush_idle;
    guint free_idle;
    bool announced;         /* nic_side_up() was called */
    bool closing;
};

LinkHost *link_end_link(LinkEnd *end)
{
    return end->link;
}

uint64_t link_end_session(LinkEnd *end)
{
    return link_host_session(end->link);
}

static gboolean end_free(gpointer opaque)
{
    LinkEnd *end = opaque;

    end->host->ends = g_list_remove(end->host->ends, end);
    if (end->flush_idle) {
        g_source_remove(end->flush_idle);
    }
    stream_free_later(end->stream);
    link_host_free(end->link);
    g_free(end);
    return G_SOURCE_REMOVE;
}

void link_end_destroy(LinkEnd *end)
{
    g_clear_handle_id(&end->free_idle, g_source_remove);
    end_free(end);
}

/* --- the stream under the link ----------------------------------------- */

static ssize_t end_write(void *opaque, const void *buf, size_t len)
{
    LinkEnd *end = opaque;

    if (stream_pending(end->stream) > OUTPUT_HIGH) {
        return 0;
    }
    return stream_write(end->stream, buf, len) ? (ssize_t)len : -1;
}

static gboolean end_flush(gpointer opaque)
{
    LinkEnd *end = opaque;

    end->flush_idle = 0;
    link_host_flush(end->link);
    return G_SOURCE_REMOVE;
}

static void end_want_flush(void *opaque, bool blocked)
{
    LinkEnd *end = opaque;

    if (!blocked && !end->flush_idle) {
        end->flush_idle = g_idle_add_full(G_PRIORITY_DEFAULT, end_flush, end,
                                          NULL);
    }
}

/* --- the link's callbacks ---------------------------------------------- */

static VmNic *find_vf(Vm *vm, uint32_t index)
{
    VM_FOR_EACH_NIC(vm, nic) {
        if (nic->vf >= 0 && nic_vf_number(nic) == index) {
            return nic;
        }
    }
    return NULL;
}

/* The adapter that a device is for, and its side; NULL with the reason. */
static VmNic *nic_of_hello(Host *host, const LinkHello *hello,
                           DatapathSide *side, const char **why)
{
    uint32_t index = GUINT32_FROM_LE(hello->index);
    Vm *vm = host_find_vm(host, hello->vm);
    VmNic *nic;

    if (!vm) {
        *why = "no such VM on this host";
        return NULL;
    }
    if (GUINT16_FROM_LE(hello->role) == LINK_ROLE_NIC) {
        *side = DATAPATH_NIC;
        nic = index < NICS_MAX ? vm->nic[index] : NULL;
    } else {
        *side = DATAPATH_VF;
        nic = find_vf(vm, index);
    }
    if (!nic) {
        *why = *side == DATAPATH_NIC ? "VM has no such network adapter" :
            "this VF is not the VM's";
    }
    return nic;
}

static void end_other_version(void *opaque, const LinkHello *hello)
{
    LinkEnd *end = opaque;
    uint16_t version = GUINT16_FROM_LE(hello->version);
    const char *why;
    DatapathSide side;
    VmNic *nic = nic_of_hello(end->host, hello, &side, &why);

    /* The device tries again and again. */
    if (nic && nic->other_version != version) {
        nic->other_version = version;
        nic_event(nic, "link-version", "i:vm-version", version,
                  "i:host-version", LINK_VERSION, NULL);
    }
}

static uint32_t end_hello(void *opaque, const LinkHello *hello,
                          const char **why)
{
    LinkEnd *end = opaque;
    DatapathSide side;
    VmNic *nic = nic_of_hello(end->host, hello, &side, why);

    if (!nic) {
        return LINK_ERR_UNKNOWN;
    }
    if (nic->end[side]) {
        *why = "device is connected already";
        return LINK_ERR_BUSY;
    }
    end->nic = nic;
    end->side = side;
    end->last = hello->last;
    nic->end[side] = end;
    nic->other_version = 0;
    return 0;
}

static void end_down(void *opaque, uint32_t code, const char *why)
{
    LinkEnd *end = opaque;
    VmNic *nic = end->nic;
    FrameQueue untaken;

    end->nic = NULL;
    end->closing = true;
    if (nic) {
        nic->end[end->side] = NULL;
        if (end->announced) {
            frame_queue_init(&untaken, 0, 0);
            link_host_take_frames(end->link, &untaken);
            if (end->side == DATAPATH_NIC) {
                nic->old_session = link_host_session(end->link);
            }
            nic_side_down(nic, end->side, &untaken);
            frame_queue_clear(&untaken);
        }
    } else if (code) {
        daemon_log("link refused: %s", why ? why : "?");
    }
    if (!end->free_idle) {
        end->free_idle = g_idle_add(end_free, end);
    }
}

/* WELCOME is out: the NIC may use the side.  Before anything else comes. */
static void end_ensure_up(LinkEnd *end)
{
    if (end->nic && !end->announced && link_host_is_up(end->link)) {
        end->announced = true;
        nic_side_up(end->nic, end->side, &end->last);
    }
}

static bool end_tx(void *opaque, Frame *frame)
{
    LinkEnd *end = opaque;

    end_ensure_up(end);
    return !end->nic || nic_tx(end->nic, end->side, frame);
}

static void end_tx_last(void *opaque, Frame *frame)
{
    LinkEnd *end = opaque;

    end_ensure_up(end);
    if (end->nic) {
        nic_tx_last(end->nic, end->side, frame);
    }
}

static void end_room(void *opaque)
{
    LinkEnd *end = opaque;

    if (end->nic) {
        datapath_room(end->nic->dp, end->side);
    }
}

static void end_runstate(void *opaque, bool running, const LinkLast *last)
{
    LinkEnd *end = opaque;

    end_ensure_up(end);
    if (end->nic && end->side == DATAPATH_NIC) {
        nic_runstate(end->nic, running);
    }
    end_room(end);
}

static void end_drained(void *opaque)
{
    LinkEnd *end = opaque;

    if (end->nic) {
        datapath_drained(end->nic->dp, end->side);
    }
}

static void end_recalled(void *opaque, FrameQueue *frames)
{
    LinkEnd *end = opaque;

    if (end->nic) {
        datapath_recalled(end->nic->dp, end->side, frames);
    }
}

static void end_message(void *opaque, LinkType type, const void *body,
                        size_t len)
{
    LinkEnd *end = opaque;

    end_ensure_up(end);
    if (end->nic) {
        nic_message(end->nic, type, body, len);
    }
}

static void end_pong(void *opaque, uint64_t cookie)
{
}

static const LinkHostOps end_ops = {
    .io = { .write = end_write, .want_flush = end_want_flush },
    .hello = end_hello,
    .other_version = end_other_version,
    .down = end_down,
    .tx = end_tx,
    .tx_last = end_tx_last,
    .room = end_room,
    .runstate = end_runstate,
    .drained = end_drained,
    .recalled = end_recalled,
    .pong = end_pong,
    .message = end_message,
};

/* --- the socket's callbacks -------------------------------------------- */

/* Frames that may be on their way when the guest leaves its VF. */
enum { LEAVING_CHUNKS = 16 };

/*
 * A guest that leaves its VF has sent what is in the VF's socket before what
 * is in the synthetic NIC's; the main loop may see both at once.
 */
static void vf_first(const LinkEnd *end)
{
    VmNic *nic = end->nic;
    bool any = false;

    for (int i = 0; i < LEAVING_CHUNKS; i++) {
        LinkEnd *vf = nic ? nic->end[DATAPATH_VF] : NULL;

        if (!vf || vf->closing || datapath_on_vf(nic->dp) ||
            !stream_read_now(vf->stream)) {
            break;
        }
        any = true;
    }
    if (any) {
        host_net_settle(end->host);
    }
}

static gssize end_input(void *opaque, const uint8_t *data, size_t len)
{
    LinkEnd *end = opaque;

    if (end->closing) {
        return len;
    }
    if (end->side == DATAPATH_NIC) {
        vf_first(end);
    }
    link_host_input(end->link, data, len);
    end_ensure_up(end);
    return len;
}

static void end_stream_room(void *opaque)
{
    LinkEnd *end = opaque;

    link_host_flush(end->link);
}

static void end_closed(void *opaque, const char *why)
{
    LinkEnd *end = opaque;

    if (!end->closing) {
        link_host_disconnected(end->link);
    }
}

static const StreamOps end_stream_ops = {
    .input = end_input,
    .room = end_stream_room,
    .closed = end_closed,
};

void link_end_accept(void *opaque, GSocket *socket)
{
    Host *host = opaque;
    LinkEnd *end = g_new0(LinkEnd, 1);
    uint64_t session = ((uint64_t)g_random_int() << 32 | g_random_int()) | 1;

    end->host = host;
    end->stream = stream_new(socket, &end_stream_ops, end);
    end->link = link_host_new(session, LINK_DEFAULT_WINDOW,
                              LINK_DEFAULT_WINDOW, &end_ops, end);
    host->ends = g_list_append(host->ends, end);
}

void link_end_close(LinkEnd *end, uint32_t code, const char *why)
{
    link_host_close(end->link, code, why);
    link_host_flush(end->link);
    if (!end->closing) {
        end_down(end, code, why);
    }
}
