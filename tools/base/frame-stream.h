/*
 * A stream socket that carries frames (base/framing.h): a wire, a port of the
 * top-of-rack switch, a hand-over between hosts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_FRAME_STREAM_H
#define TOOLS_FRAME_STREAM_H

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct FrameStream FrameStream;

typedef struct FrameStreamOps {
    void (*frame)(void *opaque, const uint8_t *frame, size_t len);
    /* Output that was backed up has gone.  May be NULL. */
    void (*room)(void *opaque);
    /* Once, and not after frame_stream_free(). */
    void (*closed)(void *opaque, const char *why);
} FrameStreamOps;

FrameStream *frame_stream_new(GSocket *socket, const FrameStreamOps *ops,
                              void *opaque);
/* Fails if nobody listens at @path. */
FrameStream *frame_stream_connect(const char *path, const FrameStreamOps *ops,
                                  void *opaque, GError **error);
/* NULL is allowed; what was sent still goes out. */
void frame_stream_free(FrameStream *fs);
/* Room for one more frame in the output (4 MiB). */
bool frame_stream_has_room(const FrameStream *fs);
/* Always queues; a caller that may not lose frames asks for room before. */
bool frame_stream_send(FrameStream *fs, const void *frame, size_t len);
size_t frame_stream_pending(const FrameStream *fs);
void frame_stream_pause(FrameStream *fs, bool pause);

#endif
