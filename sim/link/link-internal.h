/*
 * What both ends of the link protocol share: framing, checks, output buffer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_LINK_INTERNAL_H
#define SIM_LINK_INTERNAL_H

#include "iovlab/link.h"

/* A peer that lets this much output pile up does not read: it is cut off. */
#define LINK_OUT_MAX (16 * 1024 * 1024)
/* Above this the VM side takes no further frame from its device. */
#define LINK_OUT_HIGH (1024 * 1024)

typedef struct LinkStream {
    const LinkIo *io;
    void *opaque;
    uint8_t *out;
    size_t out_head;
    size_t out_len;
    size_t out_size;
    bool flush_asked;
    bool overflow;
    bool dead;                  /* input is ignored from here on */
    uint32_t epoch;             /* changes when the stream starts again */
    size_t in_len;
    uint8_t in[sizeof(LinkHeader) + LINK_BODY_MAX];
} LinkStream;

/* Returns NULL, or why the connection must end. */
typedef const char *LinkHandler(void *opaque, LinkType type,
                                const uint8_t *body, size_t len);

void link_stream_init(LinkStream *s, const LinkIo *io, void *opaque);
void link_stream_reset(LinkStream *s);
void link_stream_clear(LinkStream *s);
void link_stream_put(LinkStream *s, LinkType type, const void *body,
                     size_t len, const void *more, size_t more_len);
void link_stream_put_u64(LinkStream *s, LinkType type, uint64_t value);
void link_stream_put_error(LinkStream *s, uint32_t code, const char *why);
void link_stream_want_flush(LinkStream *s);
bool link_stream_flush(LinkStream *s);
/* Returns why the connection must end, or NULL. */
const char *link_stream_input(LinkStream *s, const uint8_t *data, size_t len,
                              LinkHandler *handler, void *opaque);

/* Whether a side of @role may send this; NULL or what is wrong. */
const char *link_message_check(LinkType type, bool from_host, uint16_t role,
                               const uint8_t *body, size_t len);
/* For messages of a role, as opposed to the protocol's own. */
bool link_message_is_role(LinkType type);

#endif
