/*
 * A client of the control sockets of hosts and of the top-of-rack switch.
 *
 * Everything runs in the default main context.  Calls are asynchronous with a
 * callback; iov_client_call() is the same and runs the main context until the
 * answer is there.  docs/control-protocol.md lists the commands.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

#include <json-glib/json-glib.h>
#include <stdarg.h>
#include <stdbool.h>

typedef struct IovClient IovClient;

#define IOV_CLIENT_ERROR iov_client_error_quark()
GQuark iov_client_error_quark(void);

typedef enum IovClientError {
    IOV_CLIENT_UNREACHABLE,     /* no such host, or it does not run */
    IOV_CLIENT_USAGE,           /* the request was wrong: names, values */
    IOV_CLIENT_FAILED,          /* the operation was tried and failed */
    IOV_CLIENT_CLOSED,          /* the connection ended before the answer */
} IovClientError;

/* Code of the last error that a host answered with; "" if none did. */
const char *iov_client_error_class(void);

/* @event is borrowed; fields: event, host, t_ms and the event's own. */
typedef void (*IovEvent)(void *opaque, JsonObject *event);
/* Exactly one of @result (borrowed) and @error is set. */
typedef void (*IovReply)(void *opaque, JsonNode *result, const GError *error);
typedef void (*IovClosed)(void *opaque);

/* NULL with @error set if it does not run. */
IovClient *iov_client_host(const char *host, GError **error);
IovClient *iov_client_tor(GError **error);
IovClient *iov_client_path(const char *path, GError **error);
void iov_client_free(IovClient *client);

/* From now on (with @history: from the start, as far as kept). */
void iov_client_subscribe(IovClient *client, bool history, IovEvent event,
                          void *opaque);
bool iov_client_is_closed(const IovClient *client);
void iov_client_on_closed(IovClient *client, IovClosed closed, void *opaque);

/* Takes @args (may be NULL). */
void iov_client_send(IovClient *client, const char *command, JsonObject *args,
                     IovReply reply, void *opaque);
/* The caller owns the result. */
JsonNode *iov_client_call(IovClient *client, const char *command,
                          JsonObject *args, GError **error);

/*
 * Builds arguments: pairs of a name with a type letter before it, and a value:
 * "s:vm", "text", "i:nic", 0, "b:force", TRUE, NULL.  Integers are int.
 */
JsonObject *iov_args(const char *first, ...) G_GNUC_NULL_TERMINATED;
/* The pairs and the NULL are in @ap. */
JsonObject *iov_args_va(va_list ap);

#endif
