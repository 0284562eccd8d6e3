/*
 * The control server: connections, replies, events.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/control.h"

#include "base/caller.h"
#include "base/jsonline.h"
#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* A subscriber that reads slower than this is cut off. */
#define OUTPUT_MAX (16 * 1024 * 1024)
#define HISTORY_MAX 4096
#define CLIENTS_MAX 64

typedef struct ControlClient {
    ControlServer *server;
    Stream *stream;         /* NULL once closed */
    unsigned refs;          /* requests not answered, and the connection */
    bool subscribed;
    ControlCaller caller;
} ControlClient;

struct ControlRequest {
    ControlClient *client;
    int64_t id;
};

typedef struct ControlWatch {
    uint64_t id;
    ControlClient *client;
    ControlGone gone;
    void *opaque;
} ControlWatch;

struct ControlServer {
    Listener *listener;
    int lock;               /* of the socket's directory */
    const ControlCommand *const *tables;
    const ControlGuard *guard;
    void *opaque;
    GList *clients;
    GQueue history;         /* past events: JsonObject */
    GList *watches;
    uint64_t next_watch;
};

static void client_unref(ControlClient *c)
{
    if (--c->refs == 0) {
        g_free(c);
    }
}

/* @last_words: what it was told and did not read yet is kept for it. */
static void client_close(ControlClient *c, bool last_words)
{
    ControlServer *server = c->server;
    GList *next;

    if (!c->stream) {
        return;
    }
    if (last_words) {
        stream_free_later(c->stream);
    } else {
        stream_free(c->stream);
    }
    c->stream = NULL;
    server->clients = g_list_remove(server->clients, c);
    for (GList *l = server->watches; l; l = next) {
        ControlWatch *w = l->data;

        next = l->next;
        if (w->client == c) {
            server->watches = g_list_delete_link(server->watches, l);
            w->gone(w->opaque);
            g_free(w);
            next = server->watches;     /* gone() may have changed the list */
        }
    }
    client_unref(c);
}

static void client_write(ControlClient *c, const char *line)
{
    if (c->stream && stream_pending(c->stream) < OUTPUT_MAX) {
        stream_write(c->stream, line, strlen(line));
    } else {
        client_close(c, false);
    }
}

static void client_send(ControlClient *c, JsonObject *object)
{
    g_autofree char *line = json_line_format(object);

    client_write(c, line);
}

static void request_end(ControlRequest *request, JsonObject *object)
{
    ControlClient *c = request->client;

    if (request->id >= 0) {
        json_object_set_int_member(object, "id", request->id);
    }
    client_send(c, object);
    json_object_unref(object);
    client_unref(c);
    g_free(request);
}

void control_reply(ControlRequest *request, JsonNode *value)
{
    JsonObject *object = json_object_new();

    if (value) {
        json_object_set_member(object, "return", value);
    } else {
        json_object_set_object_member(object, "return", json_object_new());
    }
    request_end(request, object);
}

void control_reply_object(ControlRequest *request, JsonObject *object)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    json_node_take_object(node, object);
    control_reply(request, node);
}

static JsonObject *error_object(const char *code, const char *text)
{
    JsonObject *object = json_object_new();
    JsonObject *error = json_object_new();

    json_object_set_string_member(error, "class", code);
    json_object_set_string_member(error, "desc", text);
    json_object_set_object_member(object, "error", error);
    return object;
}

void control_fail(ControlRequest *request, const char *code,
                  const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    request_end(request, error_object(code, text));
}

static bool client_allowed(ControlClient *c, const char *command,
                           JsonObject *args, const char **code, char **text)
{
    ControlServer *server = c->server;

    if (server->guard) {
        return server->guard->allow(server->opaque, &c->caller, command, args,
                                    code, text);
    }
    if (!c->caller.owner) {
        *code = ERR_NOT_ALLOWED;
        *text = g_strdup("only the owner of the process may do this");
    }
    return c->caller.owner;
}

static void client_event(ControlClient *c, JsonObject *event, const char *line)
{
    ControlServer *server = c->server;

    if (c->caller.owner || (server->guard &&
        server->guard->sees(server->opaque, &c->caller, event))) {
        client_write(c, line);
    }
}

static void client_subscribe(ControlClient *c, int64_t id, bool history)
{
    g_autoptr(JsonObject) object = json_object_new();

    json_object_set_object_member(object, "return", json_object_new());
    if (id >= 0) {
        json_object_set_int_member(object, "id", id);
    }
    client_send(c, object);
    c->subscribed = true;
    for (GList *l = c->server->history.head; history && l && c->stream;
         l = l->next) {
        g_autofree char *line = json_line_format(l->data);

        client_event(c, l->data, line);
    }
}

/* For the owner who wants to see what another user sees. */
static void client_act_as(ControlClient *c, int64_t id, const char *user)
{
    g_autoptr(JsonObject) answer = NULL;
    g_autofree char *error = NULL;

    if (caller_become(&c->caller, user, &error)) {
        answer = json_object_new();
        json_object_set_object_member(answer, "return", json_object_new());
    } else {
        answer = error_object(ERR_NOT_ALLOWED, error);
    }
    if (id >= 0) {
        json_object_set_int_member(answer, "id", id);
    }
    client_send(c, answer);
}

/* The server's own commands. */
static const ControlArg subscribe_args[] = {
    { "history", CONTROL_BOOL },
    { NULL },
};
static const ControlArg act_as_args[] = {
    { "user", CONTROL_TEXT, true },
    { NULL },
};
static const ControlCommand own_commands[] = {
    { "act-as", act_as_args, NULL, "Be another user on this connection" },
    { "subscribe", subscribe_args, NULL, "Send events on this connection" },
    { NULL },
};

static void client_line(ControlClient *c, const char *line, size_t len)
{
    g_autoptr(JsonObject) args = NULL;
    g_autofree char *text = NULL;
    const ControlCommand *command;
    ControlRequest *request;
    const char *code;
    int64_t id;

    if (control_parse(own_commands, line, len, &command, &args, &id, &code,
                      &text)) {
        if (g_str_equal(command->name, "act-as")) {
            client_act_as(c, id, json_str(args, "user", ""));
        } else {
            client_subscribe(c, id, json_bool(args, "history", false));
        }
        return;
    }
    for (const ControlCommand *const *table = c->server->tables;
         *table && g_str_equal(code, ERR_UNKNOWN_COMMAND); table++) {
        g_clear_pointer(&text, g_free);
        if (control_parse(*table, line, len, &command, &args, &id, &code,
                          &text)) {
            if (!client_allowed(c, command->name, args, &code, &text)) {
                break;
            }
            request = g_new0(ControlRequest, 1);
            request->client = c;
            request->id = id;
            c->refs++;
            command->run(c->server->opaque, request, args);
            return;
        }
    }
    {
        g_autoptr(JsonObject) error = error_object(code, text);

        if (id >= 0) {
            json_object_set_int_member(error, "id", id);
        }
        client_send(c, error);
    }
}

static gssize client_input(void *opaque, const uint8_t *data, size_t len)
{
    ControlClient *c = opaque;
    gssize n = json_line_find(data, len);

    if (n < 0) {
        return n == -1 ? 0 : -1;
    }
    if (n > 0) {
        c->refs++;
        client_line(c, (const char *)data, n);
        client_unref(c);
    }
    return n + 1;
}

static void client_closed(void *opaque, const char *why)
{
    client_close(opaque, false);
}

static const StreamOps client_ops = {
    .input = client_input,
    .closed = client_closed,
};

static void server_accept(void *opaque, GSocket *socket)
{
    ControlServer *server = opaque;
    ControlClient *c;

    if (g_list_length(server->clients) >= CLIENTS_MAX) {
        return;
    }
    c = g_new0(ControlClient, 1);
    c->server = server;
    c->refs = 1;
    caller_of_socket(socket, &c->caller);
    c->stream = stream_new(socket, &client_ops, c);
    server->clients = g_list_append(server->clients, c);
}

/* One server in a directory, also of two that start at once; -1: it has one. */
static int lock_directory(const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        return fd;
    }
    if (errno == EWOULDBLOCK) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                    "%s: another process listens there", path);
    } else {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s",
                    dir, g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

ControlServer *control_server_new(const char *path,
                                  const ControlCommand *const *tables,
                                  void *opaque, GError **error)
{
    ControlServer *server = g_new0(ControlServer, 1);

    server->tables = tables;
    server->opaque = opaque;
    server->next_watch = 1;
    g_queue_init(&server->history);
    server->lock = lock_directory(path, error);
    server->listener = server->lock < 0 ? NULL :
        listener_new(path, server_accept, server, error);
    if (!server->listener) {
        if (server->lock >= 0) {
            close(server->lock);
        }
        g_free(server);
        return NULL;
    }
    return server;
}

void control_server_free(ControlServer *server)
{
    if (server) {
        listener_free(server->listener);
        /* Before the clients know: one may wait for that to start another. */
        close(server->lock);
        while (server->clients) {
            client_close(server->clients->data, true);
        }
        g_queue_clear_full(&server->history,
                           (GDestroyNotify)json_object_unref);
        g_list_free_full(server->watches, g_free);
        g_free(server);
    }
}

void control_server_guard(ControlServer *server, const ControlGuard *guard)
{
    server->guard = guard;
}

const ControlCaller *control_request_caller(ControlRequest *request)
{
    return &request->client->caller;
}

uint64_t control_watch(ControlRequest *request, ControlGone gone, void *opaque)
{
    ControlServer *server = request->client->server;
    ControlWatch *w = g_new0(ControlWatch, 1);

    w->id = server->next_watch++;
    w->client = request->client;
    w->gone = gone;
    w->opaque = opaque;
    server->watches = g_list_append(server->watches, w);
    return w->id;
}

void control_unwatch(ControlServer *server, uint64_t id)
{
    for (GList *l = server->watches; l; l = l->next) {
        ControlWatch *w = l->data;

        if (w->id == id) {
            server->watches = g_list_delete_link(server->watches, l);
            g_free(w);
            return;
        }
    }
}

void control_emit(ControlServer *server, JsonObject *event)
{
    g_autofree char *line = json_line_format(event);
    g_autoptr(GList) clients = g_list_copy(server->clients);

    /* One that is cut off may end a migration, with events of its own. */
    for (GList *l = clients; l; l = l->next) {
        ((ControlClient *)l->data)->refs++;
    }
    for (GList *l = clients; l; l = l->next) {
        ControlClient *c = l->data;

        if (c->subscribed && c->stream) {
            client_event(c, event, line);
        }
        client_unref(c);
    }
    g_queue_push_tail(&server->history, json_object_ref(event));
    if (server->history.length > HISTORY_MAX) {
        json_object_unref(g_queue_pop_head(&server->history));
    }
}
