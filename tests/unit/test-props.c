/*
 * Property tables: every row makes sense, and setting is a transaction.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/control.h"
#include "host/props.h"
#include "host/reasons.h"

#include <string.h>

/* --- the tables of the product ------------------------------------------- */

static void check_row(const ObjectKind *kind, const Property *p)
{
    g_test_message("%s.%s", kind->name, p->name);
    g_assert_true(prop_find(kind, p->name) == p);
    g_assert_nonnull(p->text);
    g_assert_nonnull(p->backing);
    g_assert_nonnull(p->differs);
    if (p->field == PROP_NO_FIELD) {
        g_assert_nonnull(p->get);
        g_assert_cmpint(p->when, ==, PROP_SHOWN);
        return;
    }
    g_assert_cmpint(p->when, !=, PROP_SHOWN);
    g_assert_cmpuint(p->field, <, kind->config_size);
    g_assert_nonnull(p->dflt);
    g_assert_true(p->type != PROP_ENUM || p->words);
    g_assert_true(p->type != PROP_INT || p->min <= p->max);
}

static void test_tables(void)
{
    for (const ObjectKind *const *k = object_kinds; *k; k++) {
        g_autofree void *config = g_malloc0((*k)->config_size + 1);
        g_autofree void *copy = g_malloc0((*k)->config_size + 1);
        PropError error = { 0 };

        g_assert_true(object_kind((*k)->name) == *k);
        for (const Property *p = (*k)->properties; p->name; p++) {
            check_row(*k, p);
        }
        if ((*k)->config_size) {
            g_autoptr(JsonObject) saved = NULL;
            g_autoptr(JsonObject) again = NULL;

            props_init(*k, config);
            saved = props_save(*k, config);
            props_init(*k, copy);
            g_assert_true(props_load(*k, copy, saved, &error));
            again = props_save(*k, copy);
            g_assert_cmpuint(json_object_get_size(saved), ==,
                             json_object_get_size(again));
            props_clear(*k, config);
            props_clear(*k, copy);
        }
    }
}

static void test_reasons(void)
{
    for (unsigned i = 0; i < REASONS; i++) {
        g_assert_nonnull(reason_rows[i].code);
        g_assert_nonnull(reason_rows[i].text);
        g_assert_nonnull(reason_rows[i].remedy);
        for (unsigned j = 0; j < i; j++) {
            g_assert_cmpstr(reason_rows[i].code, !=, reason_rows[j].code);
        }
    }
}

/* --- a kind of the test's own --------------------------------------------- */

typedef struct Config {
    bool flag;
    uint64_t number;
    char *text;
    unsigned word;
    uint8_t mac[6];
    uint64_t fixed;
} Config;

typedef struct Object {
    Config config;
    bool off;
    bool refuse;                /* apply_number() fails */
    uint64_t applied;           /* the number that was applied last */
} Object;

static bool apply_number(void *opaque, PropError *error)
{
    Object *o = opaque;

    if (o->refuse && o->config.number != 1) {
        return prop_fail(error, ERR_FAILED, "not that number");
    }
    o->applied = o->config.number;
    return true;
}

static bool check_text(const void *config, JsonNode *value, PropError *error)
{
    return !g_str_equal(json_node_get_string(value), "bad") ||
        prop_fail(error, ERR_BAD_ARGUMENT, "bad text");
}

static bool refuse(void *opaque, PropError *error)
{
    return prop_fail(error, ERR_FAILED, "never");
}

static const char *const words[] = { "None", "Some", NULL };

#define FIELD(name) offsetof(Config, name)

static const Property properties[] = {
    { .name = "Flag", .type = PROP_BOOL, .when = PROP_ALWAYS,
      .field = FIELD(flag), .dflt = "true" },
    { .name = "Number", .type = PROP_INT, .when = PROP_ALWAYS,
      .field = FIELD(number), .min = 1, .max = 9, .dflt = "1",
      .apply = apply_number },
    { .name = "Text", .type = PROP_TEXT, .when = PROP_OFF,
      .field = FIELD(text), .max = 5, .dflt = "abc", .check = check_text },
    { .name = "Word", .type = PROP_ENUM, .when = PROP_ALWAYS,
      .field = FIELD(word), .words = words, .dflt = "None" },
    { .name = "Mac", .type = PROP_MAC, .when = PROP_ALWAYS,
      .field = FIELD(mac), .dflt = "" },
    { .name = "Fixed", .type = PROP_INT, .when = PROP_CREATION,
      .field = FIELD(fixed), .max = 9, .dflt = "4" },
    { .name = "Refused", .type = PROP_INT, .when = PROP_ALWAYS,
      .field = FIELD(fixed), .max = 9, .dflt = "4", .apply = refuse },
    { .name = NULL },
};

static void *config_of(void *object)
{
    return &((Object *)object)->config;
}

static bool is_off(void *object)
{
    return ((Object *)object)->off;
}

static const ObjectKind kind = {
    .name = "thing", .title = "thing", .properties = properties,
    .config_size = sizeof(Config), .config = config_of, .is_off = is_off,
};

/* @pairs as of `iovlab set`; @code: of the error, NULL: none. */
static void set(Object *o, const char *pairs, const char *code)
{
    g_auto(GStrv) list = g_strsplit(pairs, " ", -1);
    g_autoptr(JsonObject) values = json_object_new();
    g_autoptr(JsonObject) before = props_save(&kind, &o->config);
    g_autoptr(JsonObject) after = NULL;
    g_autofree char *a = NULL;
    g_autofree char *b = NULL;
    PropError error = { 0 };
    bool ok;

    for (char **p = list; *p; p++) {
        g_auto(GStrv) pair = g_strsplit(*p, "=", 2);

        json_object_set_string_member(values, pair[0], pair[1]);
    }
    ok = props_set(&kind, o, values, &error);
    g_assert_cmpstr(error.code, ==, code);
    g_assert_true(ok == !code);
    if (!ok) {
        g_autoptr(JsonNode) x = prop_object(json_object_ref(before));
        g_autoptr(JsonNode) y = NULL;

        after = props_save(&kind, &o->config);
        y = prop_object(json_object_ref(after));
        a = json_to_string(x, FALSE);
        b = json_to_string(y, FALSE);
        g_assert_cmpstr(a, ==, b);
    }
    prop_error_clear(&error);
}

static void test_set(void)
{
    Object o = { .off = true };

    props_init(&kind, &o.config);
    g_assert_true(o.config.flag);
    g_assert_cmpstr(o.config.text, ==, "abc");
    set(&o, "Flag=off number=5 Text=xyz Word=some Mac=00-15-5d-0a-0b-0c",
        NULL);
    g_assert_false(o.config.flag);
    g_assert_cmpuint(o.applied, ==, 5);
    g_assert_cmpuint(o.config.word, ==, 1);
    g_assert_cmpuint(o.config.mac[5], ==, 0x0c);
    set(&o, "Mac=", NULL);
    g_assert_cmpuint(o.config.mac[5], ==, 0);
    props_clear(&kind, &o.config);
}

static void test_wrong(void)
{
    Object o = { .off = true };

    props_init(&kind, &o.config);
    set(&o, "Flag=maybe", ERR_BAD_ARGUMENT);
    set(&o, "Number=0", ERR_BAD_ARGUMENT);
    set(&o, "Number=10", ERR_BAD_ARGUMENT);
    set(&o, "Number=-1", ERR_BAD_ARGUMENT);
    set(&o, "Number=99999999999999999999999", ERR_BAD_ARGUMENT);
    set(&o, "Number=2x", ERR_BAD_ARGUMENT);
    set(&o, "Text=abcdef", ERR_BAD_ARGUMENT);
    set(&o, "Number=3 Text=bad", ERR_BAD_ARGUMENT);
    set(&o, "Word=other", ERR_BAD_ARGUMENT);
    set(&o, "Mac=01:00:00:00:00:00", ERR_BAD_ARGUMENT);
    set(&o, "Mac=hello", ERR_BAD_ARGUMENT);
    set(&o, "Nothing=1", ERR_UNKNOWN_PROPERTY);
    set(&o, "Fixed=3", ERR_READ_ONLY);
    o.off = false;
    set(&o, "Text=x", ERR_STATE);
    props_clear(&kind, &o.config);
}

/* What was applied before the refused one is applied back. */
static void test_rollback(void)
{
    Object o = { .off = true };

    props_init(&kind, &o.config);
    set(&o, "Number=1", NULL);
    set(&o, "Number=7 Text=new Refused=2", ERR_FAILED);
    g_assert_cmpuint(o.applied, ==, 1);
    o.refuse = true;
    set(&o, "Flag=false Number=3", ERR_FAILED);
    g_assert_true(o.config.flag);
    props_clear(&kind, &o.config);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/props/tables", test_tables);
    g_test_add_func("/props/reasons", test_reasons);
    g_test_add_func("/props/set", test_set);
    g_test_add_func("/props/wrong", test_wrong);
    g_test_add_func("/props/rollback", test_rollback);
    return g_test_run();
}
