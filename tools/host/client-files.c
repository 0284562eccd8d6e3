/*
 * Files that callers name: see client-files.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/client-files.h"

#include "base/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EACH_CALLER "%u"

/* --- the directories ------------------------------------------------------ */

typedef struct Root {
    char *path;                 /* as it is listed, "%u" filled in */
    char *anchor;               /* the part that the owner made himself */
    bool own;                   /* a caller's own */
    bool ours;                  /* below the host's directory: made if missing */
} Root;

static void root_clear(Root *root)
{
    g_free(root->path);
    g_free(root->anchor);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Root, root_clear)

static void root_init(Root *root, const ClientFiles *files, uid_t uid,
                      const char *entry)
{
    g_autofree char *user = g_strdup_printf("%u", (unsigned)uid);
    g_auto(GStrv) parts = g_strsplit(entry, EACH_CALLER, -1);
    g_autofree char *filled = g_strjoinv(user, parts);
    g_autofree char *before = g_path_get_dirname(parts[0]);

    root->own = parts[1] != NULL;
    root->ours = !g_path_is_absolute(entry);
    root->path = g_canonicalize_filename(filled, files->dir);
    /* Who makes a directory for himself may make a link instead. */
    root->anchor = root->own ? g_canonicalize_filename(before, files->dir) :
        g_strdup(root->path);
}

/* What follows @anchor in @path if that is below @root, else NULL. */
static const char *below(const char *path, const char *root,
                         const char *anchor)
{
    size_t len = strlen(root);

    if (strncmp(path, root, len) != 0 || path[len] != '/') {
        return NULL;
    }
    path += strlen(anchor);
    return path + (*path == '/');
}

/* The anchor may be known by the name without links, too. */
static const char *below_root(const Root *root, const char *path)
{
    const char *rest = below(path, root->path, root->anchor);
    char *real = rest ? NULL : realpath(root->anchor, NULL);

    if (real) {
        g_autofree char *full = g_strconcat(real, root->path +
                                            strlen(root->anchor), NULL);

        rest = below(path, full, real);
        free(real);
    }
    return rest;
}

bool client_directories_check(const char *list, char **why)
{
    g_auto(GStrv) entries = g_strsplit(list, ":", -1);

    for (char **e = entries; *list && *e; e++) {
        g_auto(GStrv) parts = g_strsplit(*e, EACH_CALLER, -1);
        g_auto(GStrv) names = g_strsplit(*e, "/", -1);

        if (!**e || g_str_equal(*e, "/")) {
            *why = g_strdup("directories with ':' between are needed");
            return false;
        }
        if (g_strv_contains((const char *const *)names, "..")) {
            *why = g_strdup_printf("'%s' has a '..'", *e);
            return false;
        }
        for (char **p = parts; *p; p++) {
            if (strchr(*p, '%')) {
                *why = g_strdup_printf("'%s': of '%%' only '%%u', the user's "
                                       "number, is known", *e);
                return false;
            }
        }
    }
    return true;
}

/* --- finding -------------------------------------------------------------- */

static bool not_there(const ClientFiles *files, uid_t uid, const char *path,
                      ClientUse use, char **entries, PropError *error)
{
    const char *verb = use == CLIENT_WRITES ? "write" : "read";
    g_autoptr(GString) dirs = g_string_new(NULL);

    for (char **e = entries; *e; e++) {
        g_auto(Root) root = { 0 };

        root_init(&root, files, uid, *e);
        g_string_append_printf(dirs, "%s%s", e == entries ? "" : " or ",
                               root.path);
    }
    return prop_fail(error, ERR_NOT_ALLOWED, "'%s': user %u may have the host "
                     "%s %s%s (its owner sets Client%sDirectories of host "
                     "'%s')", path, (unsigned)uid, verb,
                     dirs->len ? "files only below " : "no file", dirs->str,
                     use == CLIENT_WRITES ? "Write" : "Read", files->host);
}

static bool find(const ClientFiles *files, uid_t uid, const char *path,
                 ClientUse use, ClientFile *f, PropError *error)
{
    const char *list = use == CLIENT_WRITES ? files->write : files->read;
    g_auto(GStrv) entries = g_strsplit(list, ":", -1);
    g_autofree char *full = g_canonicalize_filename(path, "/");
    g_autofree char *why = NULL;

    *f = (ClientFile) { .uid = uid, .fd = -1 };
    for (char **e = entries; g_path_is_absolute(path) && *e; e++) {
        g_auto(Root) root = { 0 };
        const char *rest;

        root_init(&root, files, uid, *e);
        rest = below_root(&root, full);
        if (!rest) {
            continue;
        }
        if (root.ours && use == CLIENT_WRITES &&
            g_mkdir_with_parents(root.path, 0700) != 0) {
            return prop_fail(error, ERR_FAILED, "%s: %s", root.path,
                             g_strerror(errno));
        }
        f->own = root.own;
        return beneath_find(root.anchor, rest, &f->place, &why) ||
            prop_fail(error, ERR_BAD_ARGUMENT, "%s", why);
    }
    return not_there(files, uid, path, use, entries, error);
}

/* --- reading and writing -------------------------------------------------- */

bool client_file_open(const ClientFiles *files, uid_t uid, const char *path,
                      ClientFile *f, PropError *error)
{
    g_autofree char *why = NULL;

    if (!find(files, uid, path, CLIENT_READS, f, error)) {
        return false;
    }
    f->fd = beneath_open(&f->place, &why);
    if (f->fd < 0) {
        client_file_clear(f);
        return prop_fail(error, ERR_BAD_ARGUMENT, "%s", why);
    }
    return true;
}

/* What is there, if anything, may be replaced. */
static bool is_callers(const ClientFile *f, PropError *error)
{
    struct stat st;

    if (!beneath_stat(&f->place, &st)) {
        return true;
    }
    if (!S_ISREG(st.st_mode)) {
        return prop_fail(error, ERR_NOT_ALLOWED, "'%s' is there, and no "
                         "regular file", f->place.name);
    }
    return f->own || st.st_uid == f->uid ||
        prop_fail(error, ERR_NOT_ALLOWED, "'%s' is there and does not belong "
                  "to user %u", f->place.name, (unsigned)f->uid);
}

bool client_file_find(const ClientFiles *files, uid_t uid, const char *path,
                      ClientFile *f, PropError *error)
{
    if (!find(files, uid, path, CLIENT_WRITES, f, error)) {
        return false;
    }
    if (!is_callers(f, error)) {
        client_file_clear(f);
        return false;
    }
    return true;
}

bool client_file_create(ClientFile *f, PropError *error)
{
    f->fd = beneath_create(&f->place);
    if (f->fd < 0 && errno == EEXIST) {
        /* Another file instead: the old one may have more names. */
        if (!is_callers(f, error)) {
            return false;
        }
        f->fd = beneath_remove(&f->place) ? beneath_create(&f->place) : -1;
    }
    return f->fd >= 0 || prop_fail(error, ERR_BAD_ARGUMENT, "%s: %s",
                                   f->place.name, g_strerror(errno));
}

bool client_file_for_vm(const ClientFiles *files, uid_t uid, const char *path,
                        ClientUse use, PropError *error)
{
    g_autofree char *full = g_canonicalize_filename(path, "/");
    ClientFile f;
    struct stat st;
    bool ok = false;

    if (!find(files, uid, path, use, &f, error)) {
        return false;
    }
    if (!g_str_equal(full, path) || strchr(path, ',')) {
        prop_fail(error, ERR_BAD_ARGUMENT, "'%s': a path without '..' and "
                  "commas is needed", path);
    } else if (!beneath_stat(&f.place, &st) || !S_ISREG(st.st_mode)) {
        prop_fail(error, ERR_BAD_ARGUMENT, "'%s': no regular file", path);
    } else if (!f.place.exclusive || !beneath_is_ours(&st)) {
        prop_fail(error, ERR_NOT_ALLOWED, "'%s': others than the owner of "
                  "host '%s' can change it or its directory", path,
                  files->host);
    } else if (use == CLIENT_WRITES && !f.own) {
        prop_fail(error, ERR_NOT_ALLOWED, "'%s': it would be written to, and "
                  "is in no directory of user %u alone (%%u in "
                  "ClientWriteDirectories of host '%s')", path, (unsigned)uid,
                  files->host);
    } else {
        ok = true;
    }
    client_file_clear(&f);
    return ok;
}

int client_file_take_fd(ClientFile *f)
{
    int fd = f->fd;

    f->fd = -1;
    return fd;
}

void client_file_remove(ClientFile *f)
{
    if (f->place.name) {
        beneath_remove(&f->place);
    }
}

void client_file_clear(ClientFile *f)
{
    if (f->place.name && f->fd >= 0) {
        close(f->fd);
    }
    f->fd = -1;
    beneath_clear(&f->place);
}

char *client_fd_path(int fd)
{
    return g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), fd);
}
