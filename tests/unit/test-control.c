/*
 * The control socket's request parser, and a server with its client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/control.h"
#include "base/jsonline.h"
#include "client.h"

#include <glib/gstdio.h>
#include <string.h>

static void cmd_echo(void *opaque, ControlRequest *request, JsonObject *args)
{
    control_reply_object(request, json_object_ref(args));
}

static void cmd_fail(void *opaque, ControlRequest *request, JsonObject *args)
{
    control_fail(request, ERR_NOT_FOUND, "no VM 'x'");
}

static void cmd_gone(void *opaque);

static ControlServer *server;

static void cmd_watch(void *opaque, ControlRequest *request, JsonObject *args)
{
    control_watch(request, cmd_gone, opaque);
    control_reply(request, NULL);
}

static const ControlArg echo_args[] = {
    { "name", CONTROL_NAME, true },
    { "count", CONTROL_INT, false, 1, 8 },
    { "flag", CONTROL_BOOL },
    { "list", CONTROL_STRINGS },
    { NULL },
};

static const ControlCommand commands[] = {
    { "echo", echo_args, cmd_echo, "" },
    { "fail", NULL, cmd_fail, "" },
    { "watch", NULL, cmd_watch, "" },
    { NULL },
};
static const ControlCommand *const tables[] = { commands, NULL };

static char *parse(const char *line)
{
    const ControlCommand *command;
    g_autofree char *text = NULL;
    JsonObject *args;
    const char *code;
    int64_t id;

    if (control_parse(commands, line, strlen(line), &command, &args, &id,
                      &code, &text)) {
        json_object_unref(args);
        return g_strdup("ok");
    }
    g_assert_nonnull(text);
    return g_strdup(code);
}

static void test_parse(void)
{
    static const struct {
        const char *line;
        const char *code;
    } cases[] = {
        { "{\"execute\":\"echo\",\"arguments\":{\"name\":\"a\"}}", "ok" },
        { "  {\"execute\":\"fail\"}", "ok" },
        { "", ERR_BAD_REQUEST },
        { "[]", ERR_BAD_REQUEST },
        { "{", ERR_BAD_REQUEST },
        { "{}", ERR_BAD_REQUEST },
        { "var x = {\"execute\":\"fail\"}", ERR_BAD_REQUEST },
        { "{\"execute\":\"fail\",\"arguments\":[]}", ERR_BAD_REQUEST },
        { "{\"execute\":\"nothing\"}", ERR_UNKNOWN_COMMAND },
        { "{\"execute\":\"echo\"}", ERR_BAD_ARGUMENT },
        { "{\"execute\":\"echo\",\"arguments\":{\"name\":\"../x\"}}",
          ERR_BAD_ARGUMENT },
        { "{\"execute\":\"echo\",\"arguments\":{\"name\":\"a\",\"count\":9}}",
          ERR_BAD_ARGUMENT },
        { "{\"execute\":\"echo\",\"arguments\":{\"name\":\"a\",\"count\":1.5}}",
          ERR_BAD_ARGUMENT },
        { "{\"execute\":\"echo\",\"arguments\":{\"name\":\"a\",\"flag\":1}}",
          ERR_BAD_ARGUMENT },
        { "{\"execute\":\"echo\",\"arguments\":{\"name\":\"a\",\"list\":[1]}}",
          ERR_BAD_ARGUMENT },
        { "{\"execute\":\"echo\",\"arguments\":{\"name\":\"a\",\"b\":1}}",
          ERR_BAD_ARGUMENT },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *code = parse(cases[i].line);

        g_assert_cmpstr(code, ==, cases[i].code);
    }
}

static void test_deep_nesting(void)
{
    g_autofree char *deep = g_strnfill(500000, '[');
    g_autofree char *line = g_strconcat("{\"execute\":", deep, NULL);
    g_autofree char *code = parse(line);

    g_assert_cmpstr(code, ==, ERR_BAD_REQUEST);
}

static bool gone;

static void cmd_gone(void *opaque)
{
    gone = true;
}

static int events;

static void on_event(void *opaque, JsonObject *event)
{
    g_assert_cmpstr(json_str(event, "event", ""), ==, "thing");
    events++;
}

static void emit(void)
{
    g_autoptr(JsonObject) event = json_object_new();

    json_object_set_string_member(event, "event", "thing");
    control_emit(server, event);
}

static void test_server(void)
{
    g_autofree char *dir = g_dir_make_tmp("iovlab-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "c.sock", NULL);
    g_autoptr(GError) error = NULL;
    JsonNode *result;
    IovClient *client;

    server = control_server_new(path, tables, NULL, &error);
    g_assert_no_error(error);
    g_assert_null(control_server_new(path, tables, NULL, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
    g_clear_error(&error);

    client = iov_client_path(path, &error);
    g_assert_no_error(error);
    emit();
    iov_client_subscribe(client, true, on_event, NULL);
    result = iov_client_call(client, "echo", iov_args("s:name", "x", NULL),
                             &error);
    g_assert_no_error(error);
    g_assert_cmpstr(json_str(json_node_get_object(result), "name", ""), ==,
                    "x");
    json_node_unref(result);
    emit();
    g_assert_null(iov_client_call(client, "fail", NULL, &error));
    g_assert_error(error, IOV_CLIENT_ERROR, IOV_CLIENT_USAGE);
    g_assert_cmpint(events, ==, 2);

    result = iov_client_call(client, "watch", NULL, NULL);
    json_node_unref(result);
    g_assert_false(gone);
    iov_client_free(client);
    while (!gone) {
        g_main_context_iteration(NULL, TRUE);
    }
    control_server_free(server);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/control/parse", test_parse);
    g_test_add_func("/control/deep-nesting", test_deep_nesting);
    g_test_add_func("/control/server", test_server);
    return g_test_run();
}
