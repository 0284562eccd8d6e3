/*
 * A host described in a file.
 *
 *   # comment
 *   [host]                     the machine; at most once
 *   ChipsetFlaw = true
 *   [adapter Ethernet]         objects in the order of their making
 *   RequestedVFs = 7
 *   [switch External]
 *   IovEnabled = true
 *   [vm web]
 *   Kernel = vmlinuz           relative to the file
 *   [nic web.0]
 *   IovWeight = 100
 *
 * A section names a kind and an object, a line a property of its table.  What
 * is wrong is told with file and line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host-file.h"

#include <string.h>

#define FILE_BYTES_MAX (1024 * 1024)

struct HostFile {
    char *path;
    GPtrArray *sections;        /* of Section */
};

typedef struct Section {
    const ObjectKind *kind;
    char *name;
    unsigned line;
    JsonObject *values;
    GHashTable *lines;          /* of each property, by its table's name */
} Section;

static void section_free(gpointer opaque)
{
    Section *s = opaque;

    g_free(s->name);
    json_object_unref(s->values);
    g_hash_table_unref(s->lines);
    g_free(s);
}

void host_file_free(HostFile *file)
{
    if (file) {
        g_ptr_array_unref(file->sections);
        g_free(file->path);
        g_free(file);
    }
}

/* --- reading ------------------------------------------------------------ */

static bool wrong(const HostFile *file, unsigned line, PropError *error,
                  const char *fmt, ...) G_GNUC_PRINTF(4, 5);

static bool wrong(const HostFile *file, unsigned line, PropError *error,
                  const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    return prop_fail(error, ERR_BAD_ARGUMENT, "%s:%u: %s", file->path, line,
                     text);
}

static Section *find_section(const HostFile *file, const ObjectKind *kind,
                             const char *name)
{
    for (guint i = 0; i < file->sections->len; i++) {
        Section *s = file->sections->pdata[i];

        if (s->kind == kind && g_str_equal(s->name, name)) {
            return s;
        }
    }
    return NULL;
}

/* "[KIND NAME]", the brackets gone. */
static bool begin_section(HostFile *file, char *text, unsigned line,
                          PropError *error)
{
    g_auto(GStrv) words = g_strsplit_set(g_strstrip(text), " \t", 2);
    const ObjectKind *kind = words[0] ? object_kind(words[0]) : NULL;
    const char *name = words[0] && words[1] ? g_strstrip(words[1]) : "";
    Section *s, *before;

    if (!kind || (kind != &host_kind && !kind->create)) {
        return wrong(file, line, error, "'%s' is no kind of object that a "
                     "file can have", words[0] ? words[0] : "");
    }
    if ((kind == &host_kind) != !*name) {
        return wrong(file, line, error, kind == &host_kind ?
                     "[host] has no name: `iovlab host start` gives it" :
                     "a name is needed after the kind");
    }
    before = find_section(file, kind, name);
    if (before) {
        return wrong(file, line, error, "%s%s%s is in line %u already",
                     kind->name, *name ? " " : "", name, before->line);
    }
    s = g_new0(Section, 1);
    s->kind = kind;
    s->name = g_strdup(name);
    s->line = line;
    s->values = json_object_new();
    s->lines = g_hash_table_new(g_str_hash, g_str_equal);
    g_ptr_array_add(file->sections, s);
    return true;
}

static bool add_value(HostFile *file, Section *s, char *text, unsigned line,
                      PropError *error)
{
    char *equals = strchr(text, '=');
    g_autofree char *full = NULL;
    g_autofree char *dir = NULL;
    g_autoptr(JsonNode) value = NULL;
    PropError bad = { 0 };
    const Property *p;
    const char *given;

    if (!equals) {
        return wrong(file, line, error, "PROPERTY = VALUE is needed");
    }
    *equals = '\0';
    p = prop_find(s->kind, g_strstrip(text));
    if (!p || p->field == PROP_NO_FIELD) {
        return wrong(file, line, error, p ? "%s of a %s cannot be set" :
                     "'%s' is no property of a %s", text, s->kind->title);
    }
    if (g_hash_table_contains(s->lines, p->name)) {
        return wrong(file, line, error, "%s is in line %u already", p->name,
                     GPOINTER_TO_UINT(g_hash_table_lookup(s->lines,
                                                          p->name)));
    }
    given = g_strstrip(equals + 1);
    if (p->type == PROP_FILE && *given) {
        dir = g_path_get_dirname(file->path);
        full = g_canonicalize_filename(given, dir);
        given = full;
    }
    value = prop_parse(p, given, &bad);
    if (!value || !prop_check(p, NULL, value, &bad)) {
        wrong(file, line, error, "%s", bad.text);
        prop_error_clear(&bad);
        return false;
    }
    json_object_set_member(s->values, p->name, g_steal_pointer(&value));
    g_hash_table_insert(s->lines, (gpointer)p->name, GUINT_TO_POINTER(line));
    return true;
}

static bool read_line(HostFile *file, char *text, unsigned line,
                      PropError *error)
{
    size_t len;

    g_strstrip(text);
    len = strlen(text);
    if (!len || *text == '#') {
        return true;
    }
    if (*text == '[') {
        if (text[len - 1] != ']') {
            return wrong(file, line, error, "']' is missing");
        }
        text[len - 1] = '\0';
        return begin_section(file, text + 1, line, error);
    }
    if (!file->sections->len) {
        return wrong(file, line, error, "a section such as [host] must come "
                     "first");
    }
    return add_value(file, file->sections->pdata[file->sections->len - 1],
                     text, line, error);
}

HostFile *host_file_parse(const char *path, const char *text, size_t len,
                          PropError *error)
{
    HostFile *file = g_new0(HostFile, 1);
    g_auto(GStrv) lines = NULL;

    file->path = g_canonicalize_filename(path, NULL);
    file->sections = g_ptr_array_new_with_free_func(section_free);
    if (len > FILE_BYTES_MAX || !g_utf8_validate(text, len, NULL)) {
        prop_fail(error, ERR_BAD_ARGUMENT, "%s: no text of at most 1 MiB",
                  path);
        goto failed;
    }
    lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        if (!read_line(file, lines[i], i + 1, error)) {
            goto failed;
        }
    }
    return file;

failed:
    host_file_free(file);
    return NULL;
}

HostFile *host_file_read(const char *path, PropError *error)
{
    g_autoptr(GError) gerror = NULL;
    g_autofree char *text = NULL;
    gsize len;

    if (!g_file_get_contents(path, &text, &len, &gerror)) {
        prop_fail(error, ERR_NOT_FOUND, "%s", gerror->message);
        return NULL;
    }
    return host_file_parse(path, text, len, error);
}

/* --- making ------------------------------------------------------------- */

bool host_file_load_host(const HostFile *file, HostConfig *config,
                         PropError *error)
{
    Section *s = find_section(file, &host_kind, "");

    return !s || props_load(&host_kind, config, s->values, error);
}

bool host_file_create(const HostFile *file, struct Host *host,
                      PropError *error)
{
    for (guint i = 0; i < file->sections->len; i++) {
        Section *s = file->sections->pdata[i];
        PropError bad = { 0 };

        if (s->kind == &host_kind || object_find(host, s->kind, s->name)) {
            continue;
        }
        if (object_create(host, s->kind, s->name, s->values, NULL, &bad) ==
            OBJECT_FAILED) {
            wrong(file, s->line, error, "%s %s: %s", s->kind->name, s->name,
                  bad.text);
            prop_error_clear(&bad);
            return false;
        }
    }
    return true;
}
