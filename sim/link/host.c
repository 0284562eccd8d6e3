/*
 * Link protocol, host side: what was sent is kept until the VM has taken it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "link-internal.h"
#include "iovlab-trace.h"

typedef enum LinkHostState {
    HOST_GREETING,  /* HELLO expected */
    HOST_UP,        /* WELCOME sent: frames and messages flow */
    HOST_DOWN,      /* over */
} LinkHostState;

struct LinkHost {
    LinkStream stream;
    const LinkHostOps *ops;
    void *opaque;
    LinkHostState state;
    uint16_t role;
    uint64_t session;
    bool running;

    FrameQueue unacked;         /* tags: sequence numbers */
    uint16_t rx_window;
    uint64_t next_seq;
    bool blocked;               /* the owner waits for room() */

    FrameQueue pending;         /* of the VM, refused by the owner */
    uint16_t tx_window;
    uint64_t tx_received;
    uint64_t tx_taken;
    uint64_t tx_credited;
    bool delivering;

    bool draining;
    bool recalling;
    bool taken_away;
    uint64_t cookie;            /* last one used */
    uint64_t drain_cookie;
};

LinkHost *link_host_new(uint64_t session, uint16_t rx_window,
                        uint16_t tx_window, const LinkHostOps *ops,
                        void *opaque)
{
    LinkHost *link = g_new0(LinkHost, 1);

    link->session = session;
    link->rx_window = MAX(rx_window, 1);
    link->tx_window = MAX(tx_window, 1);
    link->ops = ops;
    link->opaque = opaque;
    link->next_seq = 1;
    link->blocked = true;
    frame_queue_init(&link->unacked, 0, 0);
    frame_queue_init(&link->pending, 0, 0);
    link_stream_init(&link->stream, &ops->io, opaque);
    link_stream_reset(&link->stream);
    return link;
}

void link_host_free(LinkHost *link)
{
    if (!link) {
        return;
    }
    frame_queue_clear(&link->unacked);
    frame_queue_clear(&link->pending);
    link_stream_clear(&link->stream);
    g_free(link);
}

bool link_host_is_up(const LinkHost *link)
{
    return link->state == HOST_UP;
}

bool link_host_running(const LinkHost *link)
{
    return link->state == HOST_UP && link->running;
}

uint64_t link_host_session(const LinkHost *link)
{
    return link->session;
}

uint32_t link_host_unacked(const LinkHost *link)
{
    return link->unacked.count;
}

static void set_state(LinkHost *link, LinkHostState state)
{
    trace_link_host_state(link->session, link->state, state);
    link->state = state;
}

static void note_taken(LinkHost *link)
{
    link->tx_taken++;
    link_stream_want_flush(&link->stream);
}

void link_host_tx_last(LinkHost *link)
{
    uint32_t count = link->pending.count;

    if (link->delivering) {
        return;
    }
    link->delivering = true;
    while (count--) {
        Frame *frame = frame_ref(frame_queue_peek(&link->pending)->frame);

        frame_queue_pop(&link->pending);
        note_taken(link);
        link->ops->tx_last(link->opaque, frame);
        frame_unref(frame);
    }
    link->delivering = false;
}

static void go_down(LinkHost *link, uint32_t code, const char *why)
{
    if (link->state == HOST_DOWN) {
        return;
    }
    trace_link_host_down(link->session, code, why);
    set_state(link, HOST_DOWN);
    link->stream.dead = true;
    link->running = false;
    link->draining = false;
    link->recalling = false;
    link_host_tx_last(link);
    frame_queue_clear(&link->pending);
    link->ops->down(link->opaque, code, why);
}

static void fail(LinkHost *link, uint32_t code, const char *why)
{
    link_stream_put_error(&link->stream, code, why);
    go_down(link, code, why);
}

void link_host_disconnected(LinkHost *link)
{
    go_down(link, 0, "disconnected");
}

void link_host_close(LinkHost *link, uint32_t code, const char *why)
{
    if (link->state != HOST_DOWN) {
        fail(link, code, why);
    }
}

/* --- frames to the VM ----------------------------------------------------- */

bool link_host_can_send_frame(const LinkHost *link)
{
    return link->state == HOST_UP && link->running && !link->recalling &&
           !link->taken_away && link->unacked.count < link->rx_window;
}

bool link_host_send_frame(LinkHost *link, Frame *frame, const IxgbeRxMeta *meta)
{
    LinkFrame head = { 0 };

    if (!link_host_can_send_frame(link)) {
        link->blocked = true;
        return false;
    }
    if (frame->len < FRAME_MIN) {
        return true;
    }
    wr_le64(&head.seq, link->next_seq);
    if (meta) {
        head.queue = meta->queue;
        head.meta = (meta->loopback ? LINK_META_LOOPBACK : 0) |
                    (meta->multicast ? LINK_META_MULTICAST : 0);
        head.rss_type = meta->rss_type;
        wr_le32(&head.rss_hash, meta->rss_hash);
        head.rss_mask = meta->rss_mask;
        head.etqf = meta->etqf;
        head.events = meta->events;
        wr_le32(&head.status, meta->status);
    }
    frame_queue_push(&link->unacked, frame, meta, link->next_seq);
    link->next_seq++;
    link_stream_put(&link->stream, LINK_FRAME, &head, sizeof(head),
                    frame->data, frame->len);
    return true;
}

static void check_room(LinkHost *link)
{
    if (link->blocked && link_host_can_send_frame(link)) {
        link->blocked = false;
        link->ops->room(link->opaque);
    }
}

static void drop_taken(FrameQueue *q, uint64_t taken, uint32_t *count)
{
    for (FrameSlot *slot = frame_queue_peek(q);
         slot && slot->tag && slot->tag <= taken;
         slot = frame_queue_peek(q)) {
        frame_queue_pop(q);
        (*count)++;
    }
}

static const char *handle_ack(LinkHost *link, uint64_t taken)
{
    uint32_t count = 0;

    if (taken >= link->next_seq ||
        taken < link->next_seq - 1 - link->unacked.count) {
        return "ACK out of range";
    }
    drop_taken(&link->unacked, taken, &count);
    check_room(link);
    return NULL;
}

void link_host_take_frames(LinkHost *link, FrameQueue *to)
{
    link->taken_away = true;
    frame_queue_append(to, &link->unacked);
}

uint32_t link_trim_taken(FrameQueue *frames, uint64_t session,
                         const LinkLast *last)
{
    uint32_t count = 0;

    if (session && rd_le64(&last->session) == session) {
        drop_taken(frames, rd_le64(&last->taken), &count);
    }
    return count;
}

/* --- frames of the VM ----------------------------------------------------- */

void link_host_tx_room(LinkHost *link)
{
    uint32_t budget = link->pending.count;

    if (link->delivering) {
        return;
    }
    link->delivering = true;
    while (budget-- && link->state == HOST_UP && link->pending.count) {
        Frame *frame = frame_ref(frame_queue_peek(&link->pending)->frame);
        bool taken = link->ops->tx(link->opaque, frame);

        frame_unref(frame);
        if (!taken || link->state != HOST_UP) {
            break;
        }
        frame_queue_pop(&link->pending);
        note_taken(link);
    }
    link->delivering = false;
}

static const char *handle_frame(LinkHost *link, const uint8_t *body,
                                size_t len)
{
    const LinkFrame *head = (const LinkFrame *)body;
    Frame *frame;

    if (link->tx_received - link->tx_credited >= link->tx_window) {
        return "more frames than the window";
    }
    link->tx_received++;
    frame = frame_new(body + sizeof(*head), len - sizeof(*head));
    frame_queue_push(&link->pending, frame, NULL, 0);
    frame_unref(frame);
    if (link->pending.count == 1) {
        link_host_tx_room(link);
    }
    return NULL;
}

/* --- control -------------------------------------------------------------- */

bool link_host_send(LinkHost *link, LinkType type, const void *body,
                    size_t len)
{
    if (link->state != HOST_UP || !link_message_is_role(type) ||
        link_message_check(type, true, link->role, body, len)) {
        return false;
    }
    link_stream_put(&link->stream, type, body, len, NULL, 0);
    return true;
}

bool link_host_ping(LinkHost *link, uint64_t cookie)
{
    if (link->state != HOST_UP) {
        return false;
    }
    link_stream_put_u64(&link->stream, LINK_PING, cookie);
    return true;
}

bool link_host_drain(LinkHost *link)
{
    if (link->state != HOST_UP || link->draining || link->recalling) {
        return false;
    }
    link->draining = true;
    link->drain_cookie = ++link->cookie;
    link_stream_put_u64(&link->stream, LINK_DRAIN, link->cookie);
    trace_link_host_drain(link->session, link->cookie, link->unacked.count);
    return true;
}

bool link_host_recall(LinkHost *link)
{
    if (link->state != HOST_UP || link->recalling) {
        return false;
    }
    link->recalling = true;
    link_stream_put_u64(&link->stream, LINK_RECALL, ++link->cookie);
    trace_link_host_recall(link->session, link->cookie, link->unacked.count);
    return true;
}

static void finish_recall(LinkHost *link)
{
    FrameQueue frames;

    frame_queue_init(&frames, 0, 0);
    link->recalling = false;
    link->draining = false;
    link->next_seq -= link->unacked.count;
    frame_queue_append(&frames, &link->unacked);
    trace_link_host_recalled(link->session, frames.count);
    link->ops->recalled(link->opaque, &frames);
    frame_queue_clear(&frames);
    check_room(link);
}

static const char *handle_drained(LinkHost *link, uint64_t cookie)
{
    if (link->draining && cookie == link->drain_cookie) {
        link->draining = false;
        trace_link_host_drained(link->session, cookie);
        if (!link->recalling) {
            link->ops->drained(link->opaque);
        }
        return NULL;
    }
    if (link->recalling && cookie == link->cookie) {
        finish_recall(link);
        return NULL;
    }
    return "DRAINED without DRAIN";
}

static const char *handle_runstate(LinkHost *link, const uint8_t *body)
{
    const LinkRunstate *state = (const LinkRunstate *)body;
    LinkLast last;

    memcpy(&last, &state->last, sizeof(last));
    link->running = state->running;
    link->ops->runstate(link->opaque, link->running, &last);
    check_room(link);
    return NULL;
}

static const char *handle_hello(LinkHost *link, const uint8_t *body)
{
    LinkWelcome welcome = { 0 };
    LinkHello hello;
    const char *why = NULL;
    uint32_t code;

    memcpy(&hello, body, sizeof(hello));
    if (rd_le16(&hello.version) != LINK_VERSION) {
        if (link->ops->other_version) {
            link->ops->other_version(link->opaque, &hello);
        }
        fail(link, LINK_ERR_VERSION, "this host speaks another version");
        return NULL;
    }
    link->role = rd_le16(&hello.role);
    code = link->ops->hello(link->opaque, &hello, &why);
    if (link->state != HOST_GREETING) {
        return NULL;
    }
    if (code) {
        fail(link, code, why ? why : "refused");
        return NULL;
    }
    wr_le16(&welcome.version, LINK_VERSION);
    wr_le16(&welcome.rx_window, link->rx_window);
    wr_le16(&welcome.tx_window, link->tx_window);
    wr_le64(&welcome.session, link->session);
    link_stream_put(&link->stream, LINK_WELCOME, &welcome, sizeof(welcome),
                    NULL, 0);
    set_state(link, HOST_UP);
    return NULL;
}

static const char *handle(void *opaque, LinkType type, const uint8_t *body,
                          size_t len)
{
    LinkHost *link = opaque;
    const char *why = link_message_check(type, false, link->role, body, len);

    if (why) {
        return why;
    }
    if (type == LINK_ERROR) {
        const LinkError *error = (const LinkError *)body;
        g_autofree char *text = g_utf8_make_valid(error->text, -1);

        go_down(link, rd_le32(&error->code), text);
        return NULL;
    }
    if ((link->state == HOST_GREETING) != (type == LINK_HELLO)) {
        return "message out of place";
    }
    switch (type) {
    case LINK_HELLO:
        return handle_hello(link, body);
    case LINK_FRAME:
        return handle_frame(link, body, len);
    case LINK_ACK:
        return handle_ack(link, rd_le64(body));
    case LINK_PING:
        link_stream_put(&link->stream, LINK_PONG, body, len, NULL, 0);
        return NULL;
    case LINK_PONG:
        link->ops->pong(link->opaque, rd_le64(body));
        return NULL;
    case LINK_DRAINED:
        return handle_drained(link, rd_le64(body));
    case LINK_RUNSTATE:
        return handle_runstate(link, body);
    default:
        link->ops->message(link->opaque, type, body, len);
        return NULL;
    }
}

void link_host_input(LinkHost *link, const void *data, size_t len)
{
    const char *why;

    if (link->state == HOST_DOWN) {
        return;
    }
    why = link_stream_input(&link->stream, data, len, handle, link);
    if (why) {
        link_host_close(link, LINK_ERR_PROTOCOL, why);
    }
}

bool link_host_flush(LinkHost *link)
{
    if (link->state == HOST_UP && link->tx_credited != link->tx_taken) {
        link->tx_credited = link->tx_taken;
        link_stream_put_u64(&link->stream, LINK_CREDIT, link->tx_taken);
    }
    return link_stream_flush(&link->stream);
}
