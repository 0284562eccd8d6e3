/*
 * Files beneath a directory: see beneath.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE     /* O_PATH */
#endif
#include "base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

bool beneath_is_ours(const struct stat *st)
{
    return (st->st_uid == geteuid() || st->st_uid == 0) &&
        !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static bool fail(char **why, const char *path, const char *text)
{
    *why = g_strdup_printf("'%s': %s", path, text);
    return false;
}

/* Takes one step; the directory before is closed. */
static bool enter(Beneath *place, const char *name, int flags)
{
    int fd = openat(place->dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC | flags);
    int saved = errno;
    struct stat st;

    if (place->dir >= 0) {
        close(place->dir);
    }
    place->dir = fd;
    place->exclusive = place->exclusive && fd >= 0 && fstat(fd, &st) == 0 &&
        beneath_is_ours(&st);
    errno = saved;
    return fd >= 0;
}

static bool is_name(const char *name)
{
    return *name && !g_str_equal(name, ".") && !g_str_equal(name, "..");
}

bool beneath_find(const char *anchor, const char *path, Beneath *place,
                  char **why)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    char **name = names;

    *place = (Beneath) { .dir = -1, .exclusive = true };
    for (; *name; name++) {
        if (!is_name(*name)) {
            return fail(why, path, "no path below a directory");
        }
    }
    if (name == names) {
        return fail(why, path, "a name is needed");
    }
    if (!enter(place, anchor, 0)) {
        return fail(why, anchor, g_strerror(errno));
    }
    for (name = names; name[1]; name++) {
        if (!enter(place, *name, O_NOFOLLOW)) {
            return fail(why, path, errno == ENOTDIR || errno == ELOOP ?
                        "a symbolic link or no directory is on the way" :
                        g_strerror(errno));
        }
    }
    place->name = g_strdup(*name);
    return true;
}

void beneath_clear(Beneath *place)
{
    if (place->name) {
        close(place->dir);
        g_clear_pointer(&place->name, g_free);
    }
}

bool beneath_stat(const Beneath *place, struct stat *st)
{
    return fstatat(place->dir, place->name, st, AT_SYMLINK_NOFOLLOW) == 0;
}

int beneath_open(const Beneath *place, char **why)
{
    /* Not blocking: a pipe would stop the host. */
    int fd = openat(place->dir, place->name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0) {
        fail(why, place->name, errno == ELOOP ? "a symbolic link" :
             g_strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        fail(why, place->name, "no regular file");
        close(fd);
        return -1;
    }
    return fd;
}

int beneath_create(const Beneath *place)
{
    return openat(place->dir, place->name, O_WRONLY | O_CREAT | O_EXCL |
                  O_NOFOLLOW | O_CLOEXEC, 0600);
}

bool beneath_remove(const Beneath *place)
{
    return unlinkat(place->dir, place->name, 0) == 0;
}
