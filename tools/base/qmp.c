/*
 * QMP over a Unix socket: commands in order, replies by id, events.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/qmp.h"

#include "base/jsonline.h"
#include "base/stream.h"

typedef struct QmpPending {
    int64_t id;
    QmpReply reply;
    void *opaque;
} QmpPending;

struct Qmp {
    gatomicrefcount refs;
    Stream *stream;
    const QmpOps *ops;
    void *opaque;
    GQueue pending;         /* of QmpPending */
    int64_t next_id;
    bool ready;
    bool freed;
};

static void qmp_unref(Qmp *qmp)
{
    if (g_atomic_ref_count_dec(&qmp->refs)) {
        g_queue_clear_full(&qmp->pending, g_free);
        g_free(qmp);
    }
}

static void qmp_send(Qmp *qmp, const char *command, JsonObject *arguments,
                     int64_t id)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autofree char *line = NULL;

    json_object_set_string_member(object, "execute", command);
    if (arguments) {
        json_object_set_object_member(object, "arguments", arguments);
    }
    json_object_set_int_member(object, "id", id);
    line = json_line_format(object);
    stream_write(qmp->stream, line, strlen(line));
}

static QmpPending *qmp_take(Qmp *qmp, int64_t id)
{
    for (GList *l = qmp->pending.head; l; l = l->next) {
        QmpPending *p = l->data;

        if (p->id == id) {
            g_queue_delete_link(&qmp->pending, l);
            return p;
        }
    }
    return NULL;
}

static void qmp_reply(Qmp *qmp, JsonObject *object)
{
    g_autofree QmpPending *p = qmp_take(qmp, json_int(object, "id", -1));
    JsonObject *error = json_obj(object, "error");

    if (!p || !p->reply) {
        return;
    }
    p->reply(p->opaque,
             error ? NULL : json_object_get_member(object, "return"),
             error ? json_str(error, "desc", "unknown error") : NULL);
}

static void qmp_line(Qmp *qmp, JsonObject *object)
{
    const char *event = json_str(object, "event", NULL);

    if (json_object_has_member(object, "QMP")) {
        qmp_send(qmp, "qmp_capabilities", NULL, 0);
    } else if (event) {
        qmp->ops->event(qmp->opaque, event, json_obj(object, "data"));
    } else if (!qmp->ready && json_int(object, "id", -1) == 0) {
        qmp->ready = true;
        qmp->ops->ready(qmp->opaque);
    } else {
        qmp_reply(qmp, object);
    }
}

static gssize qmp_input(void *opaque, const uint8_t *data, size_t len)
{
    Qmp *qmp = opaque;
    g_autoptr(JsonObject) object = NULL;
    gssize n = json_line_take(data, len, &object);

    if (!object) {
        return n;
    }
    g_atomic_ref_count_inc(&qmp->refs);
    qmp_line(qmp, object);
    qmp_unref(qmp);
    return n;
}

/* Who still waits for an answer hears that there will be none. */
static void fail_pending(Qmp *qmp, const char *why)
{
    QmpPending *p;

    while ((p = g_queue_pop_head(&qmp->pending))) {
        if (p->reply) {
            p->reply(p->opaque, NULL, why);
        }
        g_free(p);
    }
}

static void qmp_closed(void *opaque, const char *why)
{
    Qmp *qmp = opaque;

    g_atomic_ref_count_inc(&qmp->refs);
    fail_pending(qmp, "QEMU closed the connection");
    if (!qmp->freed) {
        qmp->ops->closed(qmp->opaque, why);
    }
    qmp_unref(qmp);
}

static const StreamOps qmp_stream_ops = {
    .input = qmp_input,
    .closed = qmp_closed,
};

Qmp *qmp_connect(const char *path, const QmpOps *ops, void *opaque,
                 GError **error)
{
    Qmp *qmp = g_new0(Qmp, 1);

    g_atomic_ref_count_init(&qmp->refs);
    qmp->ops = ops;
    qmp->opaque = opaque;
    qmp->next_id = 1;
    g_queue_init(&qmp->pending);
    qmp->stream = stream_connect_unix(path, &qmp_stream_ops, qmp, error);
    if (!qmp->stream) {
        qmp_unref(qmp);
        return NULL;
    }
    return qmp;
}

void qmp_free(Qmp *qmp)
{
    if (qmp) {
        qmp->freed = true;
        fail_pending(qmp, "the VM ended");
        stream_free(qmp->stream);
        qmp_unref(qmp);
    }
}

void qmp_execute(Qmp *qmp, const char *command, JsonObject *arguments,
                 QmpReply reply, void *opaque)
{
    QmpPending *p = g_new0(QmpPending, 1);

    p->id = qmp->next_id++;
    p->reply = reply;
    p->opaque = opaque;
    g_queue_push_tail(&qmp->pending, p);
    qmp_send(qmp, command, arguments, p->id);
}

JsonObject *qmp_args(const char *name, ...)
{
    JsonObject *object = json_object_new();
    va_list ap;

    va_start(ap, name);
    for (; name; name = va_arg(ap, const char *)) {
        json_object_set_string_member(object, name, va_arg(ap, const char *));
    }
    va_end(ap);
    return object;
}
