/*
 * Link protocol, VM side: frames for the guest wait here until the device has
 * put them in the guest's ring; what the guest sends goes out within the
 * host's credit.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "link-internal.h"
#include "iovlab-trace.h"

typedef enum LinkVmState {
    VM_IDLE,        /* no stream, or one that failed */
    VM_GREETING,    /* HELLO sent, WELCOME expected */
    VM_UP,          /* frames and messages flow */
} LinkVmState;

typedef enum LinkDrainState {
    DRAIN_NONE,     /* not asked */
    DRAIN_TAKING,   /* frames before DRAIN are still to be taken */
    DRAIN_GUEST,    /* the device waits for its guest to consume them */
} LinkDrainState;

struct LinkVm {
    LinkStream stream;
    const LinkVmOps *ops;
    void *opaque;
    char *vm;
    uint32_t index;
    uint16_t role;
    LinkVmState state;
    bool running;
    bool incoming;
    bool offering;
    bool offer_again;

    FrameQueue rx;              /* received, not taken; tags: numbers */
    uint16_t rx_window;
    uint64_t session;
    uint64_t received;          /* last sequence number received */
    uint64_t taken;
    uint64_t acked;
    LinkLast last;              /* in host order; of an earlier session */
    bool last_untold;

    uint16_t tx_window;
    uint64_t sent;
    uint64_t credit;
    bool tx_blocked;

    LinkDrainState drain;
    uint64_t drain_cookie;
    uint64_t drain_seq;
};

LinkVm *link_vm_new(uint16_t role, const char *vm, uint32_t index,
                    const LinkVmOps *ops, void *opaque)
{
    LinkVm *link = g_new0(LinkVm, 1);

    link->role = role;
    link->vm = g_strdup(vm);
    link->index = index;
    link->ops = ops;
    link->opaque = opaque;
    frame_queue_init(&link->rx, 0, 0);
    link_stream_init(&link->stream, &ops->io, opaque);
    return link;
}

void link_vm_free(LinkVm *link)
{
    if (!link) {
        return;
    }
    frame_queue_clear(&link->rx);
    link_stream_clear(&link->stream);
    g_free(link->vm);
    g_free(link);
}

bool link_vm_is_up(const LinkVm *link)
{
    return link->state == VM_UP;
}

static void set_state(LinkVm *link, LinkVmState state)
{
    trace_link_vm_state(link->vm, link->role, link->index, link->state, state);
    link->state = state;
}

/* The connection is gone: what was not taken is the host's again. */
static void drop_session(LinkVm *link)
{
    if (link->session && !link->last_untold) {
        link->last.session = link->session;
        link->last.taken = link->taken;
        link->last_untold = true;
    } else if (link->last.session) {
        link->last_untold = true;
    }
    link->session = 0;
    link->drain = DRAIN_NONE;
    link->tx_blocked = true;
    frame_queue_clear(&link->rx);
    link->stream.dead = true;
}

static void go_down(LinkVm *link, uint32_t code, const char *why)
{
    if (link->state == VM_IDLE) {
        return;
    }
    trace_link_vm_down(link->vm, link->role, link->index, code, why);
    set_state(link, VM_IDLE);
    drop_session(link);
    link->ops->down(link->opaque, code, why);
}

static void fail(LinkVm *link, uint32_t code, const char *why)
{
    link_stream_put_error(&link->stream, code, why);
    go_down(link, code, why);
}

static void put_last(const LinkVm *link, LinkLast *last)
{
    wr_le64(&last->session, link->last.session);
    wr_le64(&last->taken, link->last.taken);
}

void link_vm_connected(LinkVm *link, bool incoming)
{
    LinkHello hello = { 0 };

    if (link->state != VM_IDLE) {
        drop_session(link);
    }
    link_stream_reset(&link->stream);
    link->incoming = incoming;
    link->tx_blocked = true;
    set_state(link, VM_GREETING);
    wr_le32(&hello.magic, LINK_MAGIC);
    wr_le16(&hello.version, LINK_VERSION);
    wr_le16(&hello.role, link->role);
    g_strlcpy(hello.vm, link->vm, sizeof(hello.vm));
    wr_le32(&hello.index, link->index);
    hello.incoming = incoming;
    put_last(link, &hello.last);
    link->last_untold = false;
    link_stream_put(&link->stream, LINK_HELLO, &hello, sizeof(hello), NULL, 0);
}

void link_vm_disconnected(LinkVm *link)
{
    go_down(link, 0, "disconnected");
}

/* --- frames for the guest ------------------------------------------------- */

static void note_taken(LinkVm *link)
{
    link->taken++;
    link_stream_want_flush(&link->stream);
}

static void put_ack(LinkVm *link)
{
    if (link->state == VM_UP && link->acked != link->taken) {
        link->acked = link->taken;
        link_stream_put_u64(&link->stream, LINK_ACK, link->taken);
    }
}

static void check_drain(LinkVm *link)
{
    if (link->drain == DRAIN_TAKING && link->taken >= link->drain_seq) {
        link->drain = DRAIN_GUEST;
        link->ops->drain(link->opaque);
    }
}

/* Offers one frame; a device that makes room while refusing is asked again. */
static LinkTake offer(LinkVm *link, const uint8_t *data, size_t len,
                      const IxgbeRxMeta *meta)
{
    LinkTake take;

    link->offering = true;
    link->offer_again = false;
    take = link->ops->frame(link->opaque, data, len, meta);
    if (take == LINK_WAIT && link->offer_again) {
        take = link->ops->frame(link->opaque, data, len, meta);
    }
    link->offering = false;
    return take;
}

static void offer_waiting(LinkVm *link)
{
    uint32_t budget = link->rx.count;
    uint64_t session = link->session;

    while (budget-- && link->running && link->session == session) {
        FrameSlot *slot = frame_queue_peek(&link->rx);
        IxgbeRxMeta meta;
        Frame *frame;
        LinkTake take;

        if (!slot) {
            break;
        }
        frame = frame_ref(slot->frame);
        meta = slot->meta;
        take = offer(link, frame->data, frame->len, &meta);
        frame_unref(frame);
        if (take == LINK_WAIT || link->session != session) {
            break;
        }
        frame_queue_pop(&link->rx);
        note_taken(link);
    }
    if (link->session == session) {
        check_drain(link);
    }
}

void link_vm_rx_room(LinkVm *link)
{
    if (link->offering) {
        link->offer_again = true;
    } else if (link->state == VM_UP && link->running) {
        offer_waiting(link);
    }
}

static const char *handle_frame(LinkVm *link, const uint8_t *body, size_t len)
{
    const LinkFrame *head = (const LinkFrame *)body;
    IxgbeRxMeta meta = {
        .queue = head->queue,
        .loopback = head->meta & LINK_META_LOOPBACK,
        .multicast = head->meta & LINK_META_MULTICAST,
        .rss_type = head->rss_type,
        .rss_hash = rd_le32(&head->rss_hash),
        .rss_mask = head->rss_mask,
        .etqf = head->etqf,
        .events = head->events,
        .status = rd_le32(&head->status) & IXGBE_RX_STATUS,
    };
    const uint8_t *data = body + sizeof(*head);
    uint64_t session = link->session;
    Frame *frame;

    len -= sizeof(*head);
    if (rd_le64(&head->seq) != link->received + 1) {
        return "frame out of sequence";
    }
    if (link->received - link->acked >= link->rx_window) {
        return "more frames than the window";
    }
    link->received++;
    if (link->running && !link->rx.count && !link->offering) {
        LinkTake take = offer(link, data, len, &meta);

        if (link->session != session) {
            return NULL;
        }
        if (take == LINK_TAKEN) {
            note_taken(link);
            return NULL;
        }
    }
    frame = frame_new(data, len);
    frame_queue_push(&link->rx, frame, &meta, link->received);
    frame_unref(frame);
    trace_link_vm_frame_wait(link->vm, link->role, link->index, link->received);
    return NULL;
}

/* --- frames of the guest -------------------------------------------------- */

bool link_vm_can_send_frame(const LinkVm *link)
{
    return link->state == VM_UP &&
           link->sent - link->credit < link->tx_window &&
           link->stream.out_len < LINK_OUT_HIGH;
}

bool link_vm_send_frame(LinkVm *link, const void *data, size_t len)
{
    LinkFrame head = { 0 };

    if (!link_vm_can_send_frame(link)) {
        link->tx_blocked = true;
        return false;
    }
    if (len < FRAME_MIN || len > FRAME_MAX) {
        trace_link_vm_frame_bad(link->vm, link->role, link->index, len);
        return true;
    }
    link->sent++;
    link_stream_put(&link->stream, LINK_FRAME, &head, sizeof(head), data, len);
    return true;
}

static void check_tx_room(LinkVm *link)
{
    if (link->tx_blocked && link_vm_can_send_frame(link)) {
        link->tx_blocked = false;
        link->ops->tx_room(link->opaque);
    }
}

static const char *handle_credit(LinkVm *link, uint64_t credit)
{
    if (credit < link->credit || credit > link->sent) {
        return "credit out of range";
    }
    link->credit = credit;
    check_tx_room(link);
    return NULL;
}

/* --- control -------------------------------------------------------------- */

bool link_vm_send(LinkVm *link, LinkType type, const void *body, size_t len)
{
    if (link->state != VM_UP || !link_message_is_role(type) ||
        link_message_check(type, false, link->role, body, len)) {
        return false;
    }
    link_stream_put(&link->stream, type, body, len, NULL, 0);
    return true;
}

static void put_runstate(LinkVm *link)
{
    LinkRunstate state = { .running = link->running };

    if (link->running && link->last_untold) {
        put_last(link, &state.last);
        link->last_untold = false;
    }
    link_stream_put(&link->stream, LINK_RUNSTATE, &state, sizeof(state),
                    NULL, 0);
}

void link_vm_set_running(LinkVm *link, bool running)
{
    if (link->running == running) {
        return;
    }
    link->running = running;
    if (link->state == VM_UP) {
        put_ack(link);
        put_runstate(link);
        link_vm_rx_room(link);
    }
}

static const char *handle_welcome(LinkVm *link, const uint8_t *body)
{
    const LinkWelcome *welcome = (const LinkWelcome *)body;

    if (rd_le16(&welcome->version) != LINK_VERSION) {
        return "protocol version";
    }
    link->session = rd_le64(&welcome->session);
    link->rx_window = rd_le16(&welcome->rx_window);
    link->tx_window = rd_le16(&welcome->tx_window);
    link->received = 0;
    link->taken = 0;
    link->acked = 0;
    link->sent = 0;
    link->credit = 0;
    link->drain = DRAIN_NONE;
    set_state(link, VM_UP);
    put_runstate(link);
    link->ops->up(link->opaque);
    if (link->state == VM_UP) {
        check_tx_room(link);
    }
    return NULL;
}

static const char *handle_drain(LinkVm *link, uint64_t cookie)
{
    if (link->drain != DRAIN_NONE) {
        return "DRAIN within DRAIN";
    }
    link->drain = DRAIN_TAKING;
    link->drain_cookie = cookie;
    link->drain_seq = link->received;
    trace_link_vm_drain(link->vm, link->role, link->index, cookie,
                        link->received - link->taken);
    check_drain(link);
    return NULL;
}

void link_vm_drained(LinkVm *link)
{
    if (link->state != VM_UP || link->drain != DRAIN_GUEST) {
        return;
    }
    link->drain = DRAIN_NONE;
    put_ack(link);
    link_stream_put_u64(&link->stream, LINK_DRAINED, link->drain_cookie);
    trace_link_vm_drained(link->vm, link->role, link->index,
                          link->drain_cookie);
}

static const char *handle_recall(LinkVm *link, uint64_t cookie)
{
    trace_link_vm_recall(link->vm, link->role, link->index, cookie,
                         link->rx.count);
    frame_queue_clear(&link->rx);
    link->received = link->taken;
    link->drain = DRAIN_NONE;
    put_ack(link);
    link_stream_put_u64(&link->stream, LINK_DRAINED, cookie);
    return NULL;
}

static void handle_error(LinkVm *link, const uint8_t *body)
{
    const LinkError *error = (const LinkError *)body;
    g_autofree char *text = g_utf8_make_valid(error->text, -1);

    go_down(link, rd_le32(&error->code), text);
}

static const char *handle(void *opaque, LinkType type, const uint8_t *body,
                          size_t len)
{
    LinkVm *link = opaque;
    const char *why = link_message_check(type, true, link->role, body, len);

    if (why) {
        return why;
    }
    if (type == LINK_ERROR) {
        handle_error(link, body);
        return NULL;
    }
    if ((link->state == VM_GREETING) != (type == LINK_WELCOME)) {
        return "message out of place";
    }
    switch (type) {
    case LINK_WELCOME:
        return handle_welcome(link, body);
    case LINK_FRAME:
        return handle_frame(link, body, len);
    case LINK_PING:
        link_stream_put(&link->stream, LINK_PONG, body, len, NULL, 0);
        return NULL;
    case LINK_PONG:
        return "PONG without PING";
    case LINK_CREDIT:
        return handle_credit(link, rd_le64(body));
    case LINK_DRAIN:
        return handle_drain(link, rd_le64(body));
    case LINK_RECALL:
        return handle_recall(link, rd_le64(body));
    default:
        link->ops->message(link->opaque, type, body, len);
        return NULL;
    }
}

void link_vm_input(LinkVm *link, const void *data, size_t len)
{
    const char *why;

    if (link->state == VM_IDLE) {
        return;
    }
    why = link_stream_input(&link->stream, data, len, handle, link);
    if (why && link->state != VM_IDLE) {
        fail(link, LINK_ERR_PROTOCOL, why);
    }
}

bool link_vm_flush(LinkVm *link)
{
    bool done;

    put_ack(link);
    done = link_stream_flush(&link->stream);
    check_tx_room(link);
    return done;
}

void link_vm_save(const LinkVm *link, StateWriter *w)
{
    bool current = link->session && !link->last_untold;

    state_put_section(w, "LNKV", 1);
    state_put_u64(w, current ? link->session : link->last.session);
    state_put_u64(w, current ? link->taken : link->last.taken);
}

bool link_vm_load(LinkVm *link, StateReader *r)
{
    if (!state_get_section(r, "LNKV", 1)) {
        return false;
    }
    link->last.session = state_get_u64(r);
    link->last.taken = state_get_u64(r);
    link->last_untold = link->last.session != 0;
    return state_ok(r);
}
