/*
 * iovlab-properties: writes or checks the pages of objects and reasons in
 * docs/.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "host/props.h"
#include "host/reasons.h"

static const char *when_text(const Property *p)
{
    switch (p->when) {
    case PROP_CREATION:
        return "when it is made";
    case PROP_OFF:
        return "while the VM is off";
    case PROP_ALWAYS:
        return "always";
    default:
        return "";
    }
}

static const char *guard_text(const Property *p)
{
    switch (p->guard) {
    case PROP_BY_OWNER:
        return "- By: the owner of the host process only ([access](access.md))"
            "\n";
    case PROP_READS:
        return "- By users with a role: only a file below "
            "ClientReadDirectories of the host ([access](access.md))\n";
    case PROP_WRITES:
        return "- By users with a role: only a file below "
            "ClientWriteDirectories of the host ([access](access.md))\n";
    default:
        return "";
    }
}

static void add_property(GString *page, const Property *p)
{
    g_autofree char *range = prop_range(p);

    g_string_append_printf(page, "### %s\n\n%c%s.\n\n", p->name,
                           g_ascii_toupper(*p->text), p->text + 1);
    if (p->when != PROP_SHOWN) {
        g_string_append_printf(page, "- Can be set %s: %s; default %s\n",
                               when_text(p), range,
                               *p->dflt ? p->dflt : "empty");
        g_string_append(page, guard_text(p));
    }
    g_string_append_printf(page, "- Behind it: %s\n- Hyper-V: %s\n\n",
                           p->backing, p->differs);
}

static char *kind_page(const ObjectKind *kind)
{
    GString *page = g_string_new(NULL);

    g_string_append_printf(page, "# %c%s\n\n%s\n\n"
        "This page is made of the table of its properties "
        "(`tools/host/`) by `build/tools/iovlab-properties`.\n\n",
        g_ascii_toupper(*kind->title), kind->title + 1, kind->about);
    g_string_append_printf(page, "    iovlab show %s\n", kind->name);
    if (kind->config_size) {
        g_string_append_printf(page, "    iovlab set %s NAME "
                               "PROPERTY=VALUE...\n", kind->name);
    }
    if (kind->create) {
        g_string_append_printf(page, "    iovlab new %s NAME "
                               "[PROPERTY=VALUE...]\n    iovlab remove %s "
                               "NAME\n", kind->name, kind->name);
    }
    if (kind->restart) {
        g_string_append_printf(page, "    iovlab restart %s NAME\n",
                               kind->name);
    }
    g_string_append(page, "\n| property | can be set | values | default |\n"
                    "|---|---|---|---|\n");
    for (const Property *p = kind->properties; p->name; p++) {
        g_autofree char *range = p->when ? prop_range(p) : g_strdup("");

        g_string_append_printf(page, "| `%s` | %s | %s | %s |\n", p->name,
                               when_text(p), range, p->when ? p->dflt : "");
    }
    g_string_append(page, "\n## What each means\n\n");
    for (const Property *p = kind->properties; p->name; p++) {
        add_property(page, p);
    }
    g_string_truncate(page, page->len - 1);
    return g_string_free(page, FALSE);
}

static char *reasons_page(void)
{
    GString *page = g_string_new(
        "# Reasons\n\n"
        "Why there is no VF.  Each has a code that stays and a text that may "
        "say more than here.  `IovSupportReasons`, `SriovSupportReasons` and "
        "`StatusReasons` list all that hold at the time; `ReasonCode` of an "
        "adapter is the first of them.\n\n"
        "This page is made of the table in `tools/host/reasons.c` by "
        "`build/tools/iovlab-properties`.\n\n"
        "| code | of | text | what to do |\n|---|---|---|---|\n");

    for (unsigned i = 0; i < REASONS; i++) {
        const ReasonRow *row = &reason_rows[i];

        g_string_append_printf(page, "| `%s` | %s | %s | %s |\n", row->code,
                               row->of, row->text, row->remedy);
    }
    return g_string_free(page, FALSE);
}

static bool put_page(const char *dir, const char *name, const char *page,
                     bool write)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *old = NULL;
    g_autoptr(GError) error = NULL;

    if (write) {
        if (!g_file_set_contents(path, page, -1, &error)) {
            fprintf(stderr, "%s\n", error->message);
        }
        return !error;
    }
    if (g_file_get_contents(path, &old, NULL, NULL) && !strcmp(old, page)) {
        return true;
    }
    fprintf(stderr, "%s is not what the tables say: run "
            "build/tools/iovlab-properties --write docs\n", path);
    return false;
}

int main(int argc, char **argv)
{
    bool write = argc == 3 && !strcmp(argv[1], "--write");
    g_autofree char *reasons = reasons_page();
    bool ok = true;

    if (argc != 3 || (!write && strcmp(argv[1], "--check"))) {
        fprintf(stderr, "Usage: iovlab-properties --check|--write DOCS\n");
        return 2;
    }
    for (const ObjectKind *const *k = object_kinds; *k; k++) {
        g_autofree char *name = g_strdup_printf("object-%s.md", (*k)->name);
        g_autofree char *page = kind_page(*k);

        ok &= put_page(argv[2], name, page, write);
    }
    ok &= put_page(argv[2], "reasons.md", reasons, write);
    return ok ? 0 : 1;
}
