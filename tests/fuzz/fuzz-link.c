/*
 * Fuzz target: both ends of the link protocol.
 *
 * The first byte says which end is fed and how far a valid prologue goes; the
 * rest are pieces (u8 length, bytes) that the end reads.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Fuzz {
    LinkVm *vm;
    LinkHost *host;
    unsigned calls;
} Fuzz;

static ssize_t sink(void *opaque, const void *buf, size_t len)
{
    Fuzz *f = opaque;

    return f->calls++ % 5 ? (ssize_t)len : 0;
}

static void want_flush(void *opaque, bool blocked)
{
}

static void up(void *opaque)
{
}

static void down(void *opaque, uint32_t code, const char *why)
{
}

static LinkTake take(void *opaque, const uint8_t *data, size_t len,
                     const IxgbeRxMeta *meta)
{
    Fuzz *f = opaque;

    return f->calls++ % 3 ? LINK_TAKEN : LINK_WAIT;
}

static void tx_room(void *opaque)
{
    static const uint8_t frame[60];
    Fuzz *f = opaque;

    link_vm_send_frame(f->vm, frame, sizeof(frame));
}

static void drain(void *opaque)
{
    Fuzz *f = opaque;

    link_vm_drained(f->vm);
}

static void message(void *opaque, LinkType type, const void *body, size_t len)
{
}

static const LinkVmOps vm_ops = {
    { sink, want_flush }, up, down, take, tx_room, drain, message,
};

static uint32_t hello(void *opaque, const LinkHello *body, const char **why)
{
    return rd_le32(&body->index) % 7 == 6 ? LINK_ERR_UNKNOWN : 0;
}

static bool tx(void *opaque, Frame *frame)
{
    Fuzz *f = opaque;

    return f->calls++ % 3;
}

static void tx_last(void *opaque, Frame *frame)
{
}

static void room(void *opaque)
{
}

static void runstate(void *opaque, bool running, const LinkLast *last)
{
    Fuzz *f = opaque;
    Frame *frame = frame_alloc(60);

    memset(frame->data, 0, 60);
    for (int i = 0; i < 6; i++) {
        link_host_send_frame(f->host, frame, NULL);
    }
    frame_unref(frame);
    link_host_drain(f->host);
}

static void drained(void *opaque)
{
    Fuzz *f = opaque;

    link_host_recall(f->host);
}

static void recalled(void *opaque, FrameQueue *frames)
{
}

static void pong(void *opaque, uint64_t cookie)
{
}

static const LinkHostOps host_ops = {
    { sink, want_flush }, hello, down, tx, tx_last, room, runstate, drained,
    recalled, pong, message,
};

static void put(uint8_t *msg, uint16_t type, const void *body, size_t len)
{
    wr_le32(msg, len);
    wr_le16(msg + 4, type);
    wr_le16(msg + 6, 0);
    memcpy(msg + 8, body, len);
}

static void start_vm(Fuzz *f, uint8_t how)
{
    LinkWelcome welcome = { 0 };
    uint8_t msg[8 + sizeof(welcome)];

    f->vm = link_vm_new(how & 2 ? LINK_ROLE_VF : LINK_ROLE_NIC, "vm", 0,
                        &vm_ops, f);
    link_vm_set_running(f->vm, how & 4);
    link_vm_connected(f->vm, how & 8);
    if (how & 16) {
        wr_le16(&welcome.version, LINK_VERSION);
        wr_le16(&welcome.rx_window, 4);
        wr_le16(&welcome.tx_window, 4);
        wr_le64(&welcome.session, 7);
        put(msg, LINK_WELCOME, &welcome, sizeof(welcome));
        link_vm_input(f->vm, msg, sizeof(msg));
    }
}

static void start_host(Fuzz *f, uint8_t how)
{
    LinkHello h = { 0 };
    LinkRunstate r = { .running = 1 };
    uint8_t msg[8 + sizeof(h)];

    f->host = link_host_new(7, 4, 4, &host_ops, f);
    if (how & 16) {
        wr_le32(&h.magic, LINK_MAGIC);
        wr_le16(&h.version, LINK_VERSION);
        wr_le16(&h.role, how & 2 ? LINK_ROLE_VF : LINK_ROLE_NIC);
        strcpy(h.vm, "vm");
        put(msg, LINK_HELLO, &h, sizeof(h));
        link_host_input(f->host, msg, 8 + sizeof(h));
    }
    if (how & 4) {
        put(msg, LINK_RUNSTATE, &r, sizeof(r));
        link_host_input(f->host, msg, 8 + sizeof(r));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Fuzz f = { 0 };
    uint8_t how;

    if (!size) {
        return 0;
    }
    how = *data++;
    size--;
    if (how & 1) {
        start_vm(&f, how);
    } else {
        start_host(&f, how);
    }
    while (size) {
        size_t n = MIN((size_t)data[0], size - 1);

        if (f.vm) {
            link_vm_input(f.vm, data + 1, n);
            link_vm_rx_room(f.vm);
            link_vm_flush(f.vm);
        } else {
            link_host_input(f.host, data + 1, n);
            link_host_tx_room(f.host);
            link_host_flush(f.host);
        }
        data += n + 1;
        size -= n + 1;
    }
    link_vm_free(f.vm);
    link_host_free(f.host);
    if (frame_live()) {
        abort();
    }
    return 0;
}
