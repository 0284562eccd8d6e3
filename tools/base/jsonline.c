/*
 * JSON lines, with bounds checked before parsing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/jsonline.h"

#include <gio/gio.h>
#include <string.h>

/* Deepest nesting of brackets outside strings. */
static bool depth_ok(const char *line, size_t len)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < len; i++) {
        char c = line[i];

        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX) {
                return false;
            }
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return true;
}

JsonObject *json_line_parse(const char *line, size_t len, GError **error)
{
    g_autoptr(JsonParser) parser = NULL;
    JsonNode *root;

    if (len > JSON_LINE_MAX || !depth_ok(line, len)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    "line is too long or nested too deeply");
        return NULL;
    }
    if (!g_utf8_validate_len(line, len, NULL)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    "line is not UTF-8 text");
        return NULL;
    }
    while (len && g_ascii_isspace(*line)) {
        line++;
        len--;
    }
    /* The library also reads assignments and comments: JSON only, here. */
    if (!len || *line != '{') {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    "line is not a JSON object");
        return NULL;
    }
    parser = json_parser_new();
    if (!json_parser_load_from_data(parser, line, len, error)) {
        return NULL;
    }
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    "line is not a JSON object");
        return NULL;
    }
    return json_object_ref(json_node_get_object(root));
}

static char *format_node(JsonNode *node, bool pretty)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();

    json_generator_set_root(generator, node);
    json_generator_set_pretty(generator, pretty);
    return json_generator_to_data(generator, NULL);
}

char *json_line_format(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_alloc();
    g_autofree char *text = NULL;

    json_node_init_object(node, object);
    text = format_node(node, false);
    return g_strconcat(text, "\n", NULL);
}

char *json_pretty(JsonNode *node)
{
    g_autofree char *text = format_node(node, true);

    return g_strconcat(text, "\n", NULL);
}

static JsonNode *value(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_VALUE(node) ? node : NULL;
}

const char *json_str(JsonObject *object, const char *name, const char *dflt)
{
    JsonNode *node = value(object, name);

    return node && json_node_get_value_type(node) == G_TYPE_STRING ?
        json_node_get_string(node) : dflt;
}

int64_t json_int(JsonObject *object, const char *name, int64_t dflt)
{
    JsonNode *node = value(object, name);

    return node && json_node_get_value_type(node) == G_TYPE_INT64 ?
        json_node_get_int(node) : dflt;
}

bool json_bool(JsonObject *object, const char *name, bool dflt)
{
    JsonNode *node = value(object, name);

    return node && json_node_get_value_type(node) == G_TYPE_BOOLEAN ?
        json_node_get_boolean(node) : dflt;
}

JsonObject *json_obj(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_OBJECT(node) ?
        json_node_get_object(node) : NULL;
}

JsonArray *json_arr(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_ARRAY(node) ?
        json_node_get_array(node) : NULL;
}

gssize json_line_find(const uint8_t *data, size_t len)
{
    const uint8_t *end = memchr(data, '\n', MIN(len, JSON_LINE_MAX + 1));

    if (end) {
        return end - data;
    }
    return len > JSON_LINE_MAX ? -2 : -1;
}

gssize json_line_take(const uint8_t *data, size_t len, JsonObject **object)
{
    gssize n = json_line_find(data, len);

    *object = n < 0 ? NULL : json_line_parse((const char *)data, n, NULL);
    if (*object) {
        return n + 1;
    }
    return n == -1 ? 0 : -1;
}
