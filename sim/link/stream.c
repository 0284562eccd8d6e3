/*
 * Link protocol: messages to and from a byte stream.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "link-internal.h"

void link_stream_init(LinkStream *s, const LinkIo *io, void *opaque)
{
    s->io = io;
    s->opaque = opaque;
    s->dead = true;
}

void link_stream_reset(LinkStream *s)
{
    s->out_head = 0;
    s->out_len = 0;
    s->in_len = 0;
    s->flush_asked = false;
    s->overflow = false;
    s->dead = false;
    s->epoch++;
}

void link_stream_clear(LinkStream *s)
{
    g_clear_pointer(&s->out, g_free);
    s->out_size = 0;
}

void link_stream_want_flush(LinkStream *s)
{
    if (!s->flush_asked) {
        s->flush_asked = true;
        s->io->want_flush(s->opaque, false);
    }
}

/* Room for @len more bytes at the end of the buffer. */
static uint8_t *reserve(LinkStream *s, size_t len)
{
    if (s->out_len + len > LINK_OUT_MAX) {
        s->overflow = true;
        return NULL;
    }
    if (s->out_head + s->out_len + len > s->out_size) {
        if (s->out_len + len > s->out_size) {
            s->out_size = MAX(s->out_size * 2, s->out_len + len + 4096);
            s->out = g_realloc(s->out, s->out_size);
        }
        memmove(s->out, s->out + s->out_head, s->out_len);
        s->out_head = 0;
    }
    s->out_len += len;
    return s->out + s->out_head + s->out_len - len;
}

void link_stream_put(LinkStream *s, LinkType type, const void *body,
                     size_t len, const void *more, size_t more_len)
{
    LinkHeader *header;
    uint8_t *p;

    p = reserve(s, sizeof(*header) + len + more_len);
    if (!p) {
        return;
    }
    header = (LinkHeader *)p;
    wr_le32(&header->len, len + more_len);
    wr_le16(&header->type, type);
    wr_le16(&header->flags, 0);
    p += sizeof(*header);
    if (len) {
        memcpy(p, body, len);
    }
    if (more_len) {
        memcpy(p + len, more, more_len);
    }
    link_stream_want_flush(s);
}

void link_stream_put_u64(LinkStream *s, LinkType type, uint64_t value)
{
    uint8_t body[8];

    wr_le64(body, value);
    link_stream_put(s, type, body, sizeof(body), NULL, 0);
}

void link_stream_put_error(LinkStream *s, uint32_t code, const char *why)
{
    LinkError error = { 0 };

    wr_le32(&error.code, code);
    g_strlcpy(error.text, why, sizeof(error.text));
    link_stream_put(s, LINK_ERROR, &error, sizeof(error), NULL, 0);
}

bool link_stream_flush(LinkStream *s)
{
    s->flush_asked = false;
    while (s->out_len) {
        ssize_t n = s->io->write(s->opaque, s->out + s->out_head, s->out_len);

        if (n < 0) {
            s->out_len = 0;
            break;
        }
        if (n == 0) {
            s->flush_asked = true;
            s->io->want_flush(s->opaque, true);
            return false;
        }
        s->out_head += n;
        s->out_len -= n;
    }
    s->out_head = 0;
    return true;
}

static const char *dispatch(const uint8_t *message, LinkHandler *handler,
                            void *opaque)
{
    const LinkHeader *header = (const LinkHeader *)message;

    return handler(opaque, rd_le16(&header->type), message + sizeof(*header),
                   rd_le32(&header->len));
}

/*
 * Size of the message at @p of which @len bytes are here; the header's size
 * while that is not complete; 0 if it cannot be one.
 */
static size_t message_size(const uint8_t *p, size_t len)
{
    const LinkHeader *header = (const LinkHeader *)p;

    if (len < sizeof(*header)) {
        return sizeof(*header);
    }
    if (rd_le32(&header->len) > LINK_BODY_MAX || rd_le16(&header->flags)) {
        return 0;
    }
    return sizeof(*header) + rd_le32(&header->len);
}

const char *link_stream_input(LinkStream *s, const uint8_t *data, size_t len,
                              LinkHandler *handler, void *opaque)
{
    uint32_t epoch = s->epoch;
    const char *why = NULL;

    while (len && !why && !s->dead && s->epoch == epoch) {
        const uint8_t *message = s->in_len ? s->in : data;
        size_t size = message_size(message, s->in_len ? s->in_len : len);

        if (!size) {
            return "bad header";
        }
        if (!s->in_len && len >= MAX(size, sizeof(LinkHeader))) {
            data += size;
            len -= size;
            why = dispatch(message, handler, opaque);
        } else {
            size_t n = MIN(size - s->in_len, len);

            memcpy(s->in + s->in_len, data, n);
            s->in_len += n;
            data += n;
            len -= n;
            if (s->in_len >= sizeof(LinkHeader) &&
                message_size(s->in, s->in_len) == s->in_len) {
                s->in_len = 0;
                why = dispatch(s->in, handler, opaque);
            }
        }
        if (!why && s->overflow) {
            why = "the peer does not read";
        }
    }
    return why;
}
