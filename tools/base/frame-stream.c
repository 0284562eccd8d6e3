/*
 * Frames over a stream socket.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/frame-stream.h"

#include "base/framing.h"
#include "base/stream.h"

#define OUTPUT_HIGH (4 * 1024 * 1024)

struct FrameStream {
    Stream *stream;
    const FrameStreamOps *ops;
    void *opaque;
};

static gssize fs_input(void *opaque, const uint8_t *data, size_t len)
{
    FrameStream *fs = opaque;
    const uint8_t *frame;
    size_t frame_len;
    gssize used = framing_parse(data, len, &frame, &frame_len);

    if (used > 0) {
        fs->ops->frame(fs->opaque, frame, frame_len);
    }
    return used;
}

static void fs_room(void *opaque)
{
    FrameStream *fs = opaque;

    if (fs->ops->room) {
        fs->ops->room(fs->opaque);
    }
}

static void fs_closed(void *opaque, const char *why)
{
    FrameStream *fs = opaque;

    fs->ops->closed(fs->opaque, why);
}

static const StreamOps fs_ops = {
    .input = fs_input,
    .room = fs_room,
    .closed = fs_closed,
};

FrameStream *frame_stream_new(GSocket *socket, const FrameStreamOps *ops,
                              void *opaque)
{
    FrameStream *fs = g_new0(FrameStream, 1);

    fs->ops = ops;
    fs->opaque = opaque;
    fs->stream = stream_new(socket, &fs_ops, fs);
    return fs;
}

FrameStream *frame_stream_connect(const char *path, const FrameStreamOps *ops,
                                  void *opaque, GError **error)
{
    g_autoptr(GSocket) socket = unix_connect(path, error);

    return socket ? frame_stream_new(socket, ops, opaque) : NULL;
}

void frame_stream_free(FrameStream *fs)
{
    if (fs) {
        stream_free_later(fs->stream);
        g_free(fs);
    }
}

bool frame_stream_has_room(const FrameStream *fs)
{
    return stream_pending(fs->stream) < OUTPUT_HIGH;
}

bool frame_stream_send(FrameStream *fs, const void *frame, size_t len)
{
    uint8_t buf[4 + FRAMING_MAX];

    if (len > FRAMING_MAX) {
        return false;
    }
    framing_header(buf, len);
    memcpy(buf + 4, frame, len);
    return stream_write(fs->stream, buf, 4 + len);
}

size_t frame_stream_pending(const FrameStream *fs)
{
    return stream_pending(fs->stream);
}

void frame_stream_pause(FrameStream *fs, bool pause)
{
    stream_pause(fs->stream, pause);
}
