/*
 * The control socket: requests and replies as JSON lines, and events.
 *
 * docs/control-protocol.md describes it.  A server has a table of commands;
 * arguments are checked against the table before a handler runs, so a handler
 * sees only names and types it declared.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_CONTROL_H
#define TOOLS_CONTROL_H

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct ControlServer ControlServer;
typedef struct ControlRequest ControlRequest;

typedef enum ControlType {
    CONTROL_NAME,           /* text that name_valid() accepts */
    CONTROL_TEXT,
    CONTROL_INT,            /* within min..max */
    CONTROL_BOOL,
    CONTROL_OBJECT,
    CONTROL_STRINGS,        /* array of texts */
} ControlType;

typedef struct ControlArg {
    const char *name;       /* NULL ends a list */
    ControlType type;
    bool required;
    int64_t min;
    int64_t max;
} ControlArg;

/* Must answer @request once, now or later. */
typedef void (*ControlHandler)(void *opaque, ControlRequest *request,
                               JsonObject *args);

typedef struct ControlCommand {
    const char *name;       /* NULL ends a table */
    const ControlArg *args; /* NULL: none */
    ControlHandler run;
    const char *help;
} ControlCommand;

/* Stable codes of errors; the text beside them is for people. */
#define ERR_BAD_REQUEST     "bad-request"
#define ERR_UNKNOWN_COMMAND "unknown-command"
#define ERR_BAD_ARGUMENT    "bad-argument"
#define ERR_NOT_FOUND       "not-found"
#define ERR_EXISTS          "exists"
#define ERR_BUSY            "busy"
#define ERR_STATE           "wrong-state"
#define ERR_UNKNOWN_PROPERTY "unknown-property"
#define ERR_READ_ONLY       "read-only"
#define ERR_IN_USE          "in-use"
#define ERR_MAC_EXHAUSTED   "mac-exhausted"
#define ERR_MAC_IN_USE      "mac-in-use"
#define ERR_NO_NETWORK      "no-network"
#define ERR_NOT_ALLOWED     "not-allowed"
#define ERR_FAILED          "failed"
#define ERR_CANCELLED       "cancelled"
#define ERR_TIMEOUT         "timeout"

/* Who is at the other end of a connection. */
#define CONTROL_GROUPS_MAX 64
typedef struct ControlCaller {
    uid_t uid;
    gid_t groups[CONTROL_GROUPS_MAX];
    unsigned n_groups;
    bool owner;             /* the user of this process, or root */
} ControlCaller;

typedef struct ControlGuard {
    /* False: *code and *text (taken) say why. */
    bool (*allow)(void *opaque, const ControlCaller *caller,
                  const char *command, JsonObject *args, const char **code,
                  char **text);
    /* Whether a subscriber gets an event. */
    bool (*sees)(void *opaque, const ControlCaller *caller,
                 JsonObject *event);
} ControlGuard;

/* @tables: of commands, ended by NULL. */
ControlServer *control_server_new(const char *path,
                                  const ControlCommand *const *tables,
                                  void *opaque, GError **error);
void control_server_free(ControlServer *server);
/* Without a guard only the owner is served. */
void control_server_guard(ControlServer *server, const ControlGuard *guard);
/* Valid until the request is answered. */
const ControlCaller *control_request_caller(ControlRequest *request);

/* Takes @value; NULL answers with an empty object.  Ends @request. */
void control_reply(ControlRequest *request, JsonNode *value);
void control_reply_object(ControlRequest *request, JsonObject *object);
/* Ends @request with an error. */
void control_fail(ControlRequest *request, const char *code,
                  const char *fmt, ...) G_GNUC_PRINTF(3, 4);

/*
 * Ties something to the connection that a request came from: @gone is called
 * once when that connection ends.  Valid until the request is answered;
 * returns an id for control_unwatch().
 */
typedef void (*ControlGone)(void *opaque);
uint64_t control_watch(ControlRequest *request, ControlGone gone,
                       void *opaque);
void control_unwatch(ControlServer *server, uint64_t id);

/* Sends an event to every subscriber and keeps it for later ones. */
void control_emit(ControlServer *server, JsonObject *event);

/*
 * Parses and checks one line.  On success *command and *args (owned; never
 * NULL) are set; on failure *code and *text (owned).  *id is -1 if the line
 * gave none.
 */
bool control_parse(const ControlCommand *commands, const char *line,
                   size_t len, const ControlCommand **command,
                   JsonObject **args, int64_t *id, const char **code,
                   char **text);

#endif
