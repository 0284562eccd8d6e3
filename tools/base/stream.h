/*
 * A non-blocking stream socket in the main loop: bytes in through a callback,
 * bytes out through a queue.
 *
 * Everything runs in the thread of the default main context.  A callback may
 * close or free the stream it was called for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_STREAM_H
#define TOOLS_STREAM_H

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Stream Stream;

typedef struct StreamOps {
    /*
     * Bytes have come; @data is all that was not consumed yet.  Returns how
     * many were consumed (0: waits for more), or -1 to close the stream.
     */
    gssize (*input)(void *opaque, const uint8_t *data, size_t len);
    /* The output queue ran empty.  May be NULL. */
    void (*room)(void *opaque);
    /* The peer closed, or an error: @why is for a person.  Called once, and
       not after stream_free(). */
    void (*closed)(void *opaque, const char *why);
} StreamOps;

/* Takes a reference to @socket. */
Stream *stream_new(GSocket *socket, const StreamOps *ops, void *opaque);
/* Connects to a Unix socket; NULL with @error set. */
Stream *stream_connect_unix(const char *path, const StreamOps *ops,
                            void *opaque, GError **error);
/* No callback comes after this.  @stream may be NULL. */
void stream_free(Stream *stream);
/* As stream_free(), once what was written has gone out (or failed to). */
void stream_free_later(Stream *stream);
/* Queues bytes and sends what the socket takes.  False once closed. */
bool stream_write(Stream *stream, const void *data, size_t len);
/* Bytes queued and not yet sent. */
size_t stream_pending(const Stream *stream);
/*
 * Reads what is in the socket already, at most a chunk, as the main loop would.
 * False: there was nothing.  Not from the stream's own callbacks.
 */
bool stream_read_now(Stream *stream);
/* While paused nothing is read: the peer's output backs up. */
void stream_pause(Stream *stream, bool pause);
GSocket *stream_socket(Stream *stream);

/*
 * A listening Unix socket.  A stale file is replaced; a live one is an error
 * (G_IO_ERROR_ADDRESS_IN_USE).  The file is removed by listener_free().
 */
typedef struct Listener Listener;
typedef void (*ListenerAccept)(void *opaque, GSocket *socket);
Listener *listener_new(const char *path, ListenerAccept accept, void *opaque,
                       GError **error);
void listener_free(Listener *listener);

/* Connects and blocks for at most a moment; for probing and clients. */
GSocket *unix_connect(const char *path, GError **error);

#endif
