/*
 * Requests of the control socket: parsing and checking, no sockets.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/control.h"

#include "base/jsonline.h"
#include "base/rundir.h"

static const ControlArg *find_arg(const ControlArg *args, const char *name)
{
    for (; args && args->name; args++) {
        if (g_str_equal(args->name, name)) {
            return args;
        }
    }
    return NULL;
}

static bool all_strings(JsonNode *node)
{
    JsonArray *array;

    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        return false;
    }
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);

        if (!JSON_NODE_HOLDS_VALUE(item) ||
            json_node_get_value_type(item) != G_TYPE_STRING) {
            return false;
        }
    }
    return true;
}

/* NULL if the value is as declared, else what is wrong (owned). */
static char *check_value(const ControlArg *arg, JsonNode *node)
{
    GType type = JSON_NODE_HOLDS_VALUE(node) ?
        json_node_get_value_type(node) : G_TYPE_INVALID;

    switch (arg->type) {
    case CONTROL_NAME:
        if (type != G_TYPE_STRING) {
            return g_strdup("must be a text");
        }
        if (!name_valid(json_node_get_string(node))) {
            return g_strdup("must be 1 to 32 letters, digits, '_' or '-'");
        }
        return NULL;
    case CONTROL_TEXT:
        return type == G_TYPE_STRING ? NULL : g_strdup("must be a text");
    case CONTROL_INT:
        if (type != G_TYPE_INT64) {
            return g_strdup("must be an integer");
        }
        if (json_node_get_int(node) < arg->min ||
            json_node_get_int(node) > arg->max) {
            return g_strdup_printf("must be between %" G_GINT64_FORMAT
                                   " and %" G_GINT64_FORMAT,
                                   arg->min, arg->max);
        }
        return NULL;
    case CONTROL_BOOL:
        return type == G_TYPE_BOOLEAN ? NULL :
            g_strdup("must be true or false");
    case CONTROL_OBJECT:
        return JSON_NODE_HOLDS_OBJECT(node) ? NULL :
            g_strdup("must be an object");
    case CONTROL_STRINGS:
        return all_strings(node) ? NULL : g_strdup("must be a list of texts");
    }
    return g_strdup("has an unknown type");
}

static char *check_args(const ControlCommand *command, JsonObject *args)
{
    g_autoptr(GList) names = json_object_get_members(args);

    for (GList *l = names; l; l = l->next) {
        const ControlArg *arg = find_arg(command->args, l->data);
        g_autofree char *wrong = NULL;

        if (!arg) {
            return g_strdup_printf("%s: no argument '%s'", command->name,
                                   (char *)l->data);
        }
        wrong = check_value(arg, json_object_get_member(args, l->data));
        if (wrong) {
            return g_strdup_printf("%s: '%s' %s", command->name,
                                   (char *)l->data, wrong);
        }
    }
    for (const ControlArg *arg = command->args; arg && arg->name; arg++) {
        if (arg->required && !json_object_has_member(args, arg->name)) {
            return g_strdup_printf("%s: argument '%s' is missing",
                                   command->name, arg->name);
        }
    }
    return NULL;
}

bool control_parse(const ControlCommand *commands, const char *line,
                   size_t len, const ControlCommand **command,
                   JsonObject **args, int64_t *id, const char **code,
                   char **text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) object = json_line_parse(line, len, &error);
    const char *name;
    JsonObject *given;

    *id = -1;
    *code = ERR_BAD_REQUEST;
    if (!object) {
        *text = g_strdup(error->message);
        return false;
    }
    *id = json_int(object, "id", -1);
    name = json_str(object, "execute", NULL);
    if (!name) {
        *text = g_strdup("request has no 'execute'");
        return false;
    }
    while (commands->name && !g_str_equal(commands->name, name)) {
        commands++;
    }
    if (!commands->name) {
        *code = ERR_UNKNOWN_COMMAND;
        *text = g_strdup_printf("no command '%s'", name);
        return false;
    }
    given = json_obj(object, "arguments");
    if (!given && json_object_has_member(object, "arguments")) {
        *text = g_strdup("'arguments' must be an object");
        return false;
    }
    given = given ? json_object_ref(given) : json_object_new();
    *text = check_args(commands, given);
    if (*text) {
        *code = ERR_BAD_ARGUMENT;
        json_object_unref(given);
        return false;
    }
    *command = commands;
    *args = given;
    return true;
}
