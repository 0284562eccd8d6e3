/*
 * Files beneath a directory by names that others choose.
 *
 * No name leads out of the directory, neither by ".." nor by a symbolic link,
 * and what was looked at is what is opened: every step is from a directory that
 * is open already.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_BENEATH_H
#define TOOLS_BENEATH_H

#include <stdbool.h>
#include <sys/stat.h>

/* A name in a directory that is open; there need be no file of that name. */
typedef struct Beneath {
    int dir;
    char *name;
    /* Only this process's user and root can change what names mean here. */
    bool exclusive;
} Beneath;

/*
 * Walks from the directory @anchor (links in its own name are followed) along
 * @path, which is relative to it.  False, with nothing to clear and a line in
 * *why that the caller frees, if a step is missing, a link, or "..".
 */
bool beneath_find(const char *anchor, const char *path, Beneath *place,
                  char **why);
void beneath_clear(Beneath *place);
/* What has the name now, links not followed; false: nothing has. */
bool beneath_stat(const Beneath *place, struct stat *st);
/* A regular file to read from; -1 and *why as above. */
int beneath_open(const Beneath *place, char **why);
/* A new file, for the owner only, to write to; -1 with errno (EEXIST). */
int beneath_create(const Beneath *place);
/* False with errno. */
bool beneath_remove(const Beneath *place);
/* Others than this process's user and root cannot write to it. */
bool beneath_is_ours(const struct stat *st);

#endif
