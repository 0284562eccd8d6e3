/*
 * Two ends of a link and the stream between them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "link-pair.h"

static void make_frame(uint8_t *buf, size_t len, uint32_t number)
{
    memset(buf, number & 0xff, len);
    wr_le32(buf, number);
}

static ssize_t stream_write(LinkPair *p, GByteArray *to, const void *buf,
                            size_t len)
{
    size_t room = p->stream_room > to->len ? p->stream_room - to->len : 0;
    size_t n = MIN(room, len);

    if (n > 1) {
        n = g_rand_int_range(p->rand, 1, n + 1);
    }
    g_byte_array_append(to, buf, n);
    return n;
}

static ssize_t vm_write(void *opaque, const void *buf, size_t len)
{
    LinkPair *p = opaque;

    return stream_write(p, p->to_host, buf, len);
}

static ssize_t host_write(void *opaque, const void *buf, size_t len)
{
    LinkPair *p = opaque;

    return stream_write(p, p->to_vm, buf, len);
}

static void want_flush(void *opaque, bool blocked)
{
}

static void vm_up(void *opaque)
{
    ((LinkPair *)opaque)->vm_up++;
}

static void vm_down(void *opaque, uint32_t code, const char *why)
{
    LinkPair *p = opaque;

    p->vm_down++;
    p->vm_down_code = code;
}

static LinkTake vm_frame(void *opaque, const uint8_t *data, size_t len,
                         const IxgbeRxMeta *meta)
{
    LinkPair *p = opaque;
    uint32_t number = rd_le32(data);

    if (!p->ring_room) {
        return LINK_WAIT;
    }
    for (size_t i = 4; i < len; i++) {
        g_assert_cmpuint(data[i], ==, number & 0xff);
    }
    g_assert_cmpuint(meta->rss_hash, ==, number);
    p->ring_room--;
    g_array_append_val(p->guest, number);
    return LINK_TAKEN;
}

static void vm_tx_room(void *opaque)
{
    ((LinkPair *)opaque)->tx_rooms++;
}

static void vm_drain(void *opaque)
{
    ((LinkPair *)opaque)->drain_asked = true;
}

static void message(void *opaque, LinkType type, const void *body, size_t len)
{
    ((LinkPair *)opaque)->last_message = type;
}

static const LinkVmOps vm_ops = {
    .io = { .write = vm_write, .want_flush = want_flush },
    .up = vm_up,
    .down = vm_down,
    .frame = vm_frame,
    .tx_room = vm_tx_room,
    .drain = vm_drain,
    .message = message,
};

static uint32_t host_hello(void *opaque, const LinkHello *hello,
                           const char **why)
{
    LinkPair *p = opaque;

    if (!p->refuse) {
        link_trim_taken(&p->port, p->port_session, &hello->last);
    }
    return p->refuse;
}

static void host_down(void *opaque, uint32_t code, const char *why)
{
    LinkPair *p = opaque;

    p->host_down++;
    p->host_down_code = code;
}

static bool host_tx(void *opaque, Frame *frame)
{
    LinkPair *p = opaque;
    uint32_t number = rd_le32(frame->data);

    if (!p->tx_room) {
        return false;
    }
    p->tx_room--;
    g_array_append_val(p->from_guest, number);
    return true;
}

static void host_tx_last(void *opaque, Frame *frame)
{
    LinkPair *p = opaque;
    uint32_t number = rd_le32(frame->data);

    g_assert_cmpuint(p->host_down, ==, 0);
    g_array_append_val(p->from_guest, number);
}

static void pump_port(LinkPair *p)
{
    FrameSlot *slot;

    while ((slot = frame_queue_peek(&p->port))) {
        if (!link_host_send_frame(p->host, slot->frame, &slot->meta)) {
            break;
        }
        frame_queue_pop(&p->port);
    }
}

static void host_room(void *opaque)
{
    pump_port(opaque);
}

static void host_runstate(void *opaque, bool running, const LinkLast *last)
{
    LinkPair *p = opaque;

    p->running = running;
    link_trim_taken(&p->port, p->port_session, last);
}

static void host_drained(void *opaque)
{
    ((LinkPair *)opaque)->drained++;
}

static void host_recalled(void *opaque, FrameQueue *frames)
{
    LinkPair *p = opaque;

    p->recalled++;
    p->port_session = 0;
    frame_queue_prepend(&p->port, frames);
}

static void host_pong(void *opaque, uint64_t cookie)
{
    ((LinkPair *)opaque)->pongs++;
}

static const LinkHostOps host_ops = {
    .io = { .write = host_write, .want_flush = want_flush },
    .hello = host_hello,
    .down = host_down,
    .tx = host_tx,
    .tx_last = host_tx_last,
    .room = host_room,
    .runstate = host_runstate,
    .drained = host_drained,
    .recalled = host_recalled,
    .pong = host_pong,
    .message = message,
};

void link_pair_init(LinkPair *p, uint32_t seed)
{
    *p = (LinkPair) {
        .rand = g_rand_new_with_seed(seed),
        .to_vm = g_byte_array_new(),
        .to_host = g_byte_array_new(),
        .guest = g_array_new(false, false, sizeof(uint32_t)),
        .from_guest = g_array_new(false, false, sizeof(uint32_t)),
        .stream_room = 8192,
        .ring_room = 1000000,
        .tx_room = 1000000,
        .session = 100,
    };
    frame_queue_init(&p->port, 0, 0);
    p->vm = link_vm_new(LINK_ROLE_NIC, "vm1", 0, &vm_ops, p);
}

void link_pair_clear(LinkPair *p)
{
    link_vm_free(p->vm);
    link_host_free(p->host);
    frame_queue_clear(&p->port);
    g_byte_array_unref(p->to_vm);
    g_byte_array_unref(p->to_host);
    g_array_unref(p->guest);
    g_array_unref(p->from_guest);
    g_rand_free(p->rand);
}

void link_pair_connect(LinkPair *p, bool incoming)
{
    g_assert_null(p->host);
    p->host = link_host_new(++p->session, 8, 8, &host_ops, p);
    link_vm_connected(p->vm, incoming);
}

void link_pair_break(LinkPair *p)
{
    FrameQueue frames;

    g_byte_array_set_size(p->to_vm, 0);
    g_byte_array_set_size(p->to_host, 0);
    link_vm_disconnected(p->vm);
    link_host_disconnected(p->host);
    frame_queue_init(&frames, 0, 0);
    link_host_take_frames(p->host, &frames);
    p->port_session = link_host_session(p->host);
    frame_queue_prepend(&p->port, &frames);
    frame_queue_clear(&frames);
    g_clear_pointer(&p->host, link_host_free);
}

static size_t move(LinkPair *p, GByteArray *from, bool to_host, size_t max)
{
    size_t n = MIN(from->len, max);

    if (n > 1) {
        n = g_rand_int_range(p->rand, 1, n + 1);
    }
    if (n) {
        g_autofree uint8_t *piece = g_memdup2(from->data, n);

        g_byte_array_remove_range(from, 0, n);
        if (to_host) {
            link_host_input(p->host, piece, n);
        } else {
            link_vm_input(p->vm, piece, n);
        }
    }
    return n;
}

void link_pair_run(LinkPair *p, size_t bytes)
{
    size_t moved;

    do {
        link_vm_flush(p->vm);
        link_host_flush(p->host);
        moved = move(p, p->to_host, true, bytes);
        bytes -= moved;
        if (bytes) {
            size_t n = move(p, p->to_vm, false, bytes);

            bytes -= n;
            moved += n;
        }
    } while (bytes && (moved || p->to_host->len || p->to_vm->len));
}

void link_pair_deliver(LinkPair *p, uint32_t number)
{
    IxgbeRxMeta meta = { .rss_hash = number };
    Frame *frame = frame_alloc(g_rand_int_range(p->rand, 14, 1600));

    make_frame(frame->data, frame->len, number);
    frame_queue_push(&p->port, frame, &meta, 0);
    frame_unref(frame);
    if (p->host) {
        pump_port(p);
    }
}

bool link_pair_guest_sends(LinkPair *p, uint32_t number)
{
    uint8_t frame[64];

    make_frame(frame, sizeof(frame), number);
    return link_vm_send_frame(p->vm, frame, sizeof(frame));
}

void link_pair_expect(const GArray *numbers, unsigned count)
{
    g_assert_cmpuint(numbers->len, ==, count);
    for (unsigned i = 0; i < count; i++) {
        g_assert_cmpuint(g_array_index(numbers, uint32_t, i), ==, i);
    }
}
