/*
 * The control sockets' client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "client.h"

#include "base/control.h"
#include "base/jsonline.h"
#include "base/rundir.h"
#include "base/stream.h"

G_DEFINE_QUARK(iov-client-error, iov_client_error)

typedef struct IovPending {
    int64_t id;
    IovReply reply;
    void *opaque;
} IovPending;

struct IovClient {
    gatomicrefcount refs;
    Stream *stream;
    GList *pending;
    int64_t next_id;
    IovEvent event;
    void *event_opaque;
    IovClosed closed;
    void *closed_opaque;
    bool dead;
    bool freed;
};

static void iov_client_unref(IovClient *c)
{
    if (g_atomic_ref_count_dec(&c->refs)) {
        g_list_free_full(c->pending, g_free);
        g_free(c);
    }
}

static char last_class[32];

const char *iov_client_error_class(void)
{
    return last_class;
}

static int error_code(const char *class)
{
    static const char *const usage[] = {
        ERR_BAD_REQUEST, ERR_UNKNOWN_COMMAND, ERR_BAD_ARGUMENT,
        ERR_NOT_FOUND, ERR_EXISTS, ERR_BUSY, ERR_UNKNOWN_PROPERTY,
        ERR_READ_ONLY, ERR_IN_USE, NULL,
    };

    return g_strv_contains(usage, class) ? IOV_CLIENT_USAGE :
        IOV_CLIENT_FAILED;
}

static void client_answer(IovClient *c, IovPending *p, JsonObject *object)
{
    JsonObject *wrong = json_obj(object, "error");
    g_autoptr(GError) error = NULL;

    if (wrong) {
        const char *class = json_str(wrong, "class", ERR_FAILED);

        g_strlcpy(last_class, class, sizeof(last_class));

        error = g_error_new(IOV_CLIENT_ERROR, error_code(class), "%s",
                            json_str(wrong, "desc", class));
    } else if (!json_object_has_member(object, "return")) {
        error = g_error_new(IOV_CLIENT_ERROR, IOV_CLIENT_FAILED,
                            "answer makes no sense");
    }
    if (p->reply) {
        p->reply(p->opaque, error ? NULL :
                 json_object_get_member(object, "return"), error);
    }
    g_free(p);
}

static void client_line(IovClient *c, JsonObject *object)
{
    int64_t id = json_int(object, "id", -1);

    if (json_object_has_member(object, "event")) {
        if (c->event) {
            c->event(c->event_opaque, object);
        }
        return;
    }
    for (GList *l = c->pending; l; l = l->next) {
        IovPending *p = l->data;

        if (p->id == id) {
            c->pending = g_list_delete_link(c->pending, l);
            client_answer(c, p, object);
            return;
        }
    }
}

static gssize client_input(void *opaque, const uint8_t *data, size_t len)
{
    IovClient *c = opaque;
    g_autoptr(JsonObject) object = NULL;
    gssize n = json_line_take(data, len, &object);

    if (!object) {
        return n;
    }
    g_atomic_ref_count_inc(&c->refs);
    client_line(c, object);
    iov_client_unref(c);
    return n;
}

static void client_closed(void *opaque, const char *why)
{
    IovClient *c = opaque;

    g_atomic_ref_count_inc(&c->refs);
    c->dead = true;
    while (c->pending && !c->freed) {
        IovPending *p = c->pending->data;
        g_autoptr(GError) error = g_error_new(IOV_CLIENT_ERROR,
                                              IOV_CLIENT_CLOSED,
                                              "connection closed before the "
                                              "answer came");

        c->pending = g_list_delete_link(c->pending, c->pending);
        if (p->reply) {
            p->reply(p->opaque, NULL, error);
        }
        g_free(p);
    }
    if (!c->freed && c->closed) {
        c->closed(c->closed_opaque);
    }
    iov_client_unref(c);
}

static const StreamOps client_ops = {
    .input = client_input,
    .closed = client_closed,
};

IovClient *iov_client_path(const char *path, GError **error)
{
    IovClient *c = g_new0(IovClient, 1);
    const char *as = g_getenv("IOVLAB_AS");

    g_atomic_ref_count_init(&c->refs);
    c->next_id = 1;
    c->stream = stream_connect_unix(path, &client_ops, c, error);
    if (!c->stream) {
        iov_client_unref(c);
        return NULL;
    }
    if (as && *as) {
        iov_client_send(c, "act-as", iov_args("s:user", as, NULL), NULL, NULL);
    }
    return c;
}

static IovClient *client_at(const char *path, const char *what, GError **error)
{
    g_autoptr(GError) inner = NULL;
    IovClient *c = iov_client_path(path, &inner);

    if (!c) {
        if (g_error_matches(inner, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
            g_error_matches(inner, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)) {
            g_set_error(error, IOV_CLIENT_ERROR, IOV_CLIENT_UNREACHABLE,
                        "%s does not run", what);
        } else {
            g_set_error(error, IOV_CLIENT_ERROR, IOV_CLIENT_UNREACHABLE,
                        "%s cannot be reached: %s", what, inner->message);
        }
    }
    return c;
}

IovClient *iov_client_host(const char *host, GError **error)
{
    g_autofree char *path = NULL;
    g_autofree char *what = g_strdup_printf("host '%s'", host);

    if (!name_valid(host)) {
        g_set_error(error, IOV_CLIENT_ERROR, IOV_CLIENT_USAGE,
                    "'%s' is not a host name", host);
        return NULL;
    }
    path = rundir_path("hosts", host, "control.sock", NULL);
    return client_at(path, what, error);
}

IovClient *iov_client_tor(GError **error)
{
    g_autofree char *path = rundir_path("tor", "control.sock", NULL);

    return client_at(path, "the top-of-rack switch", error);
}

void iov_client_free(IovClient *c)
{
    if (c) {
        c->freed = true;
        stream_free(c->stream);
        iov_client_unref(c);
    }
}

bool iov_client_is_closed(const IovClient *c)
{
    return c->dead;
}

void iov_client_on_closed(IovClient *c, IovClosed closed, void *opaque)
{
    c->closed = closed;
    c->closed_opaque = opaque;
}

void iov_client_subscribe(IovClient *c, bool history, IovEvent event,
                          void *opaque)
{
    c->event = event;
    c->event_opaque = opaque;
    iov_client_send(c, "subscribe", iov_args("b:history", history, NULL),
                    NULL, NULL);
}

void iov_client_send(IovClient *c, const char *command, JsonObject *args,
                     IovReply reply, void *opaque)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autofree char *line = NULL;
    IovPending *p = g_new0(IovPending, 1);

    p->id = c->next_id++;
    p->reply = reply;
    p->opaque = opaque;
    c->pending = g_list_append(c->pending, p);
    json_object_set_string_member(object, "execute", command);
    if (args) {
        json_object_set_object_member(object, "arguments", args);
    }
    json_object_set_int_member(object, "id", p->id);
    line = json_line_format(object);
    /* Who hears at once that nobody will answer may free it. */
    g_atomic_ref_count_inc(&c->refs);
    if (!stream_write(c->stream, line, strlen(line)) && c->dead &&
        !c->freed) {
        /* Closed before: nobody will answer. */
        client_closed(c, "closed");
    }
    iov_client_unref(c);
}

typedef struct CallState {
    bool done;
    JsonNode *result;
    GError *error;
} CallState;

static void call_reply(void *opaque, JsonNode *result, const GError *error)
{
    CallState *call = opaque;

    call->done = true;
    call->result = result ? json_node_copy(result) : NULL;
    call->error = error ? g_error_copy(error) : NULL;
}

JsonNode *iov_client_call(IovClient *c, const char *command, JsonObject *args,
                          GError **error)
{
    CallState call = { 0 };

    iov_client_send(c, command, args, call_reply, &call);
    while (!call.done) {
        g_main_context_iteration(NULL, TRUE);
    }
    if (call.error) {
        g_propagate_error(error, call.error);
    }
    return call.result;
}

static void add_pair(JsonObject *object, const char *name, va_list *ap)
{
    switch (name[0]) {
    case 's':
        json_object_set_string_member(object, name + 2,
                                      va_arg(*ap, const char *));
        break;
    case 'i':
        json_object_set_int_member(object, name + 2, va_arg(*ap, int));
        break;
    default:
        json_object_set_boolean_member(object, name + 2, va_arg(*ap, int));
        break;
    }
}

JsonObject *iov_args_va(va_list ap)
{
    JsonObject *object = json_object_new();
    const char *name;
    va_list copy;

    va_copy(copy, ap);
    while ((name = va_arg(copy, const char *))) {
        add_pair(object, name, &copy);
    }
    va_end(copy);
    return object;
}

JsonObject *iov_args(const char *first, ...)
{
    JsonObject *object = json_object_new();
    const char *name = first;
    va_list ap;

    va_start(ap, first);
    while (name) {
        add_pair(object, name, &ap);
        name = va_arg(ap, const char *);
    }
    va_end(ap);
    return object;
}
