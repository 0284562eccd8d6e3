/*
 * The run directory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/rundir.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_LEN_MAX 32

/* The directory is in /tmp, where another user may have made it before. */
static bool in_tmp;

const char *rundir(void)
{
    static char *dir;

    if (!dir) {
        const char *env = g_getenv("IOVLAB_RUN");
        const char *xdg = g_getenv("XDG_RUNTIME_DIR");

        if (env && *env) {
            dir = g_canonicalize_filename(env, NULL);
        } else if (xdg && *xdg) {
            dir = g_build_filename(xdg, "iovlab", NULL);
        } else {
            dir = g_strdup_printf("/tmp/iovlab-%u", (unsigned)getuid());
            in_tmp = true;
        }
    }
    return dir;
}

char *rundir_path(const char *first, ...)
{
    GPtrArray *parts = g_ptr_array_new();
    char *path;
    va_list ap;

    g_ptr_array_add(parts, (char *)rundir());
    va_start(ap, first);
    for (const char *part = first; part; part = va_arg(ap, const char *)) {
        g_ptr_array_add(parts, (char *)part);
    }
    va_end(ap);
    g_ptr_array_add(parts, NULL);
    path = g_build_filenamev((char **)parts->pdata);
    g_ptr_array_free(parts, TRUE);
    return path;
}

bool rundir_make(const char *path, GError **error)
{
    struct stat st;

    if (g_mkdir_with_parents(path, 0700) != 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "%s: %s", path, g_strerror(errno));
        return false;
    }
    if (in_tmp && (lstat(rundir(), &st) != 0 || !S_ISDIR(st.st_mode) ||
                   st.st_uid != getuid())) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                    "%s is not a directory of yours: set IOVLAB_RUN to one",
                    rundir());
        return false;
    }
    return true;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GStrv rundir_hosts(void)
{
    g_autofree char *path = rundir_path("hosts", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    GPtrArray *names = g_ptr_array_new();
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        if (name_valid(name)) {
            g_ptr_array_add(names, g_strdup(name));
        }
    }
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (GStrv)g_ptr_array_free(names, FALSE);
}

bool name_valid(const char *name)
{
    size_t len = strlen(name);

    return len >= 1 && len <= NAME_LEN_MAX && name[0] != '-' &&
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
               "0123456789_-") == len;
}
