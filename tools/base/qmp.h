/*
 * A client of QEMU's machine protocol (QMP), asynchronous.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_QMP_H
#define TOOLS_QMP_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

typedef struct Qmp Qmp;

typedef struct QmpOps {
    /* Greeting and capabilities are done: commands may go. */
    void (*ready)(void *opaque);
    /* @data may be NULL. */
    void (*event)(void *opaque, const char *name, JsonObject *data);
    /* Connection is gone.  Once, and not after qmp_free(). */
    void (*closed)(void *opaque, const char *why);
} QmpOps;

/*
 * @ret is what the command returned (borrowed), or NULL with @error (a text
 * for a person).  Each command gets exactly one call, also when the connection
 * ends; none after qmp_free().
 */
typedef void (*QmpReply)(void *opaque, JsonNode *ret, const char *error);

Qmp *qmp_connect(const char *path, const QmpOps *ops, void *opaque,
                 GError **error);
void qmp_free(Qmp *qmp);
/* Takes @arguments (may be NULL).  @reply may be NULL. */
void qmp_execute(Qmp *qmp, const char *command, JsonObject *arguments,
                 QmpReply reply, void *opaque);

/* An object from name, string value pairs, ended by NULL; for arguments. */
JsonObject *qmp_args(const char *name, ...) G_GNUC_NULL_TERMINATED;

#endif
