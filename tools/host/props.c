/*
 * The machinery of property tables: see props.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/props.h"

#include "base/control.h"
#include "base/rundir.h"
#include "host/mac.h"

#include <string.h>

/* --- errors ------------------------------------------------------------ */

bool prop_fail(PropError *error, const char *code, const char *fmt, ...)
{
    va_list ap;

    if (error && !error->code) {
        error->code = code;
        va_start(ap, fmt);
        error->text = g_strdup_vprintf(fmt, ap);
        va_end(ap);
    }
    return false;
}

void prop_error_clear(PropError *error)
{
    g_clear_pointer(&error->text, g_free);
    error->code = NULL;
}

/* --- values ------------------------------------------------------------ */

static JsonNode *value_node(GType type)
{
    JsonNode *node = json_node_new(JSON_NODE_VALUE);
    GValue value = G_VALUE_INIT;

    g_value_init(&value, type);
    json_node_set_value(node, &value);
    g_value_unset(&value);
    return node;
}

JsonNode *prop_int(uint64_t value)
{
    JsonNode *node = value_node(G_TYPE_INT64);

    json_node_set_int(node, MIN(value, (uint64_t)G_MAXINT64));
    return node;
}

JsonNode *prop_text(const char *value)
{
    JsonNode *node = value_node(G_TYPE_STRING);

    json_node_set_string(node, value ? value : "");
    return node;
}

JsonNode *prop_take_text(char *value)
{
    JsonNode *node = prop_text(value);

    g_free(value);
    return node;
}

JsonNode *prop_bool(bool value)
{
    JsonNode *node = value_node(G_TYPE_BOOLEAN);

    json_node_set_boolean(node, value);
    return node;
}

JsonNode *prop_object(JsonObject *value)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    json_node_take_object(node, value);
    return node;
}

JsonNode *prop_array(JsonArray *value)
{
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);

    json_node_take_array(node, value);
    return node;
}

static GType type_of(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) :
        G_TYPE_INVALID;
}

static int word_index(const Property *p, const char *text)
{
    for (int i = 0; p->words[i]; i++) {
        if (g_ascii_strcasecmp(p->words[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

char *prop_range(const Property *p)
{
    g_autofree char *words = NULL;

    switch (p->type) {
    case PROP_BOOL:
        return g_strdup("true or false");
    case PROP_INT:
        return g_strdup_printf("%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                               p->min, p->max);
    case PROP_ENUM:
        words = g_strjoinv(", ", (char **)p->words);
        return g_strdup_printf("one of %s", words);
    case PROP_FILE:
        return g_strdup("a file");
    case PROP_MAC:
        return g_strdup("an address such as 00:15:5d:01:02:03");
    default:
        return g_strdup("a text");
    }
}

static bool wrong_value(const Property *p, PropError *error)
{
    g_autofree char *range = prop_range(p);

    return prop_fail(error, ERR_BAD_ARGUMENT, "%s is %s", p->name, range);
}

static JsonNode *parse_bool(const char *text)
{
    static const char *const yes[] = { "true", "on", "yes", "1", NULL };
    static const char *const no[] = { "false", "off", "no", "0", NULL };
    g_autofree char *low = g_ascii_strdown(text, -1);

    if (g_strv_contains(yes, low) || g_strv_contains(no, low)) {
        return prop_bool(g_strv_contains(yes, low));
    }
    return NULL;
}

static JsonNode *parse_int(const char *text)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &value, NULL)) {
        return NULL;
    }
    return prop_int(value);
}

JsonNode *prop_parse(const Property *p, const char *text, PropError *error)
{
    JsonNode *node = p->type == PROP_BOOL ? parse_bool(text) :
        p->type == PROP_INT ? parse_int(text) : prop_text(text);

    if (!node) {
        wrong_value(p, error);
    }
    return node;
}

bool prop_check(const Property *p, const void *config, JsonNode *value,
                PropError *error)
{
    GType type = type_of(value);
    uint8_t mac[6];
    bool ok = false;

    switch (p->type) {
    case PROP_BOOL:
        ok = type == G_TYPE_BOOLEAN;
        break;
    case PROP_INT:
        ok = type == G_TYPE_INT64 && json_node_get_int(value) >= 0 &&
            (uint64_t)json_node_get_int(value) >= p->min &&
            (uint64_t)json_node_get_int(value) <= p->max;
        break;
    case PROP_ENUM:
        ok = type == G_TYPE_STRING &&
            word_index(p, json_node_get_string(value)) >= 0;
        break;
    case PROP_MAC:
        ok = type == G_TYPE_STRING && (!*json_node_get_string(value) ||
            mac_parse(json_node_get_string(value), mac));
        break;
    case PROP_TEXT:
    case PROP_FILE:
        ok = type == G_TYPE_STRING;
        if (ok && p->max && strlen(json_node_get_string(value)) > p->max) {
            return prop_fail(error, ERR_BAD_ARGUMENT, "%s has at most %"
                             G_GUINT64_FORMAT " bytes", p->name, p->max);
        }
        break;
    default:
        break;
    }
    if (!ok) {
        return wrong_value(p, error);
    }
    return !p->check || p->check(config, value, error);
}

/* --- fields ------------------------------------------------------------ */

static void *field_of(const Property *p, void *config)
{
    return (char *)config + p->field;
}

static void store(const Property *p, void *config, JsonNode *value)
{
    void *field = field_of(p, config);

    switch (p->type) {
    case PROP_BOOL:
        *(bool *)field = json_node_get_boolean(value);
        break;
    case PROP_INT:
        *(uint64_t *)field = json_node_get_int(value);
        break;
    case PROP_ENUM:
        *(unsigned *)field = word_index(p, json_node_get_string(value));
        break;
    case PROP_TEXT:
    case PROP_FILE:
        g_free(*(char **)field);
        *(char **)field = json_node_dup_string(value);
        break;
    case PROP_MAC:
        memset(field, 0, 6);
        mac_parse(json_node_get_string(value), field);
        break;
    default:
        break;
    }
}

static JsonNode *load(const Property *p, const void *config)
{
    const void *field = field_of(p, (void *)config);
    static const uint8_t none[6];

    switch (p->type) {
    case PROP_BOOL:
        return prop_bool(*(const bool *)field);
    case PROP_INT:
        return prop_int(*(const uint64_t *)field);
    case PROP_ENUM:
        return prop_text(p->words[*(const unsigned *)field]);
    case PROP_MAC:
        return memcmp(field, none, 6) == 0 ? prop_text("") :
            prop_take_text(mac_format(field));
    default:
        return prop_text(*(char *const *)field);
    }
}

static bool owns_text(const Property *p)
{
    return p->field != PROP_NO_FIELD &&
        (p->type == PROP_TEXT || p->type == PROP_FILE);
}

void props_init(const ObjectKind *kind, void *config)
{
    memset(config, 0, kind->config_size);
    for (const Property *p = kind->properties; p->name; p++) {
        if (p->field != PROP_NO_FIELD) {
            g_autoptr(JsonNode) value = prop_parse(p, p->dflt ? p->dflt : "",
                                                   NULL);

            store(p, config, value);
        }
    }
}

void props_clear(const ObjectKind *kind, void *config)
{
    for (const Property *p = kind->properties; p->name; p++) {
        if (owns_text(p)) {
            g_clear_pointer((char **)field_of(p, config), g_free);
        }
    }
}

void props_copy(const ObjectKind *kind, void *to, const void *from)
{
    memcpy(to, from, kind->config_size);
    for (const Property *p = kind->properties; p->name; p++) {
        if (owns_text(p)) {
            char **field = field_of(p, to);

            *field = g_strdup(*field);
        }
    }
}

JsonObject *props_save(const ObjectKind *kind, const void *config)
{
    JsonObject *object = json_object_new();

    for (const Property *p = kind->properties; p->name; p++) {
        if (p->field != PROP_NO_FIELD) {
            json_object_set_member(object, p->name, load(p, config));
        }
    }
    return object;
}

/* --- kinds ------------------------------------------------------------- */

const Property *prop_find(const ObjectKind *kind, const char *name)
{
    for (const Property *p = kind->properties; p->name; p++) {
        if (g_ascii_strcasecmp(p->name, name) == 0) {
            return p;
        }
    }
    return NULL;
}

const ObjectKind *object_kind(const char *name)
{
    for (const ObjectKind *const *k = object_kinds; *k; k++) {
        if (g_str_equal((*k)->name, name)) {
            return *k;
        }
    }
    return NULL;
}

void *object_find(struct Host *host, const ObjectKind *kind, const char *name)
{
    g_autoptr(GList) list = kind->list(host);

    for (GList *l = list; l; l = l->next) {
        g_autofree char *own = kind->name_of(l->data);

        if (g_str_equal(own, name)) {
            return l->data;
        }
    }
    return NULL;
}

/* --- storing many ------------------------------------------------------ */

/* The value of the right type, or NULL with an error. */
static JsonNode *converted(const ObjectKind *kind, const char *name,
                           JsonNode *given, const Property **found,
                           PropError *error)
{
    const Property *p = prop_find(kind, name);

    *found = p;
    if (!p) {
        prop_fail(error, ERR_UNKNOWN_PROPERTY, "%s has no property '%s'",
                  kind->title, name);
        return NULL;
    }
    if (p->field == PROP_NO_FIELD) {
        prop_fail(error, ERR_READ_ONLY, "%s cannot be set", p->name);
        return NULL;
    }
    if (type_of(given) == G_TYPE_STRING) {
        return prop_parse(p, json_node_get_string(given), error);
    }
    return json_node_copy(given);
}

static bool store_all(const ObjectKind *kind, void *config, JsonObject *values,
                      bool creation, bool off, GPtrArray *changed,
                      PropError *error)
{
    g_autoptr(GList) names = json_object_get_members(values);

    for (GList *l = names; l; l = l->next) {
        const Property *p;
        g_autoptr(JsonNode) value =
            converted(kind, l->data, json_object_get_member(values, l->data),
                      &p, error);

        if (!value) {
            return false;
        }
        if (!creation && p->when == PROP_CREATION) {
            return prop_fail(error, ERR_READ_ONLY, "%s is chosen when the %s "
                             "is made and does not change", p->name,
                             kind->title);
        }
        if (!creation && p->when == PROP_OFF && !off) {
            return prop_fail(error, ERR_STATE, "%s can be set only while the "
                             "VM is off", p->name);
        }
        if (!prop_check(p, config, value, error)) {
            return false;
        }
        store(p, config, value);
        if (changed) {
            g_ptr_array_add(changed, (gpointer)p);
        }
    }
    return true;
}

bool props_load(const ObjectKind *kind, void *config, JsonObject *values,
                PropError *error)
{
    g_autofree void *copy = g_malloc(kind->config_size);

    props_copy(kind, copy, config);
    if (!store_all(kind, copy, values, true, true, NULL, error)) {
        props_clear(kind, copy);
        return false;
    }
    props_clear(kind, config);
    memcpy(config, copy, kind->config_size);
    return true;
}

bool props_set(const ObjectKind *kind, void *object, JsonObject *values,
               PropError *error)
{
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    bool off = kind->is_off && kind->is_off(object);
    g_autofree void *old = NULL;
    g_autofree void *new = NULL;
    void *config;

    if (!kind->config_size) {
        return prop_fail(error, ERR_READ_ONLY, "nothing of a %s can be set",
                         kind->title);
    }
    config = kind->config(object);
    old = g_malloc(kind->config_size);
    new = g_malloc(kind->config_size);
    memcpy(old, config, kind->config_size);
    props_copy(kind, new, config);
    if (!store_all(kind, new, values, false, off, changed, error)) {
        props_clear(kind, new);
        return false;
    }
    memcpy(config, new, kind->config_size);
    for (guint i = 0; i < changed->len; i++) {
        const Property *p = changed->pdata[i];

        if (!p->apply || p->apply(object, error)) {
            continue;
        }
        memcpy(config, old, kind->config_size);
        while (i-- > 0) {
            p = changed->pdata[i];
            if (p->apply) {
                p->apply(object, NULL);
            }
        }
        props_clear(kind, new);
        return false;
    }
    props_clear(kind, old);
    return true;
}

JsonObject *props_show(const ObjectKind *kind, void *object)
{
    const void *config = kind->config_size ? kind->config(object) : NULL;
    JsonObject *shown = json_object_new();

    for (const Property *p = kind->properties; p->name; p++) {
        json_object_set_member(shown, p->name, p->get ? p->get(object) :
                               load(p, config));
    }
    return shown;
}
