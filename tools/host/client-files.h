/*
 * Files that callers of the control socket name who are not the host's owner.
 *
 * The host process reads and writes with its owner's rights, so others may only
 * name files below directories that the owner listed, in two properties of the
 * host: ClientReadDirectories and ClientWriteDirectories.  An entry that has "%u"
 * stands for a directory of each caller's own, by the number of the user.  What
 * is there already is replaced only if it is the caller's: in a directory of its
 * own, or a file that belongs to it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_CLIENT_FILES_H
#define TOOLS_HOST_CLIENT_FILES_H

#include "base/beneath.h"
#include "host/props.h"

#include <sys/types.h>

#define CLIENT_DIRECTORIES "files/%u"

typedef struct ClientFiles {
    const char *host;           /* name, for messages */
    const char *dir;            /* of the host: relative entries are below */
    const char *read;           /* directories, with ':' between */
    const char *write;
} ClientFiles;

typedef enum ClientUse { CLIENT_READS, CLIENT_WRITES } ClientUse;

typedef struct ClientFile {
    Beneath place;
    uid_t uid;                  /* the caller */
    bool own;                   /* the directory is that caller's alone */
    int fd;                     /* -1: not open */
} ClientFile;

/* A list of directories; false and a line in *why that the caller frees. */
bool client_directories_check(const char *list, char **why);

/*
 * All of these: false with an error, ERR_NOT_ALLOWED if it is not for this
 * caller.  @path as the caller gave it; it must be absolute.
 */

/* Opens a file that is read from f->fd. */
bool client_file_open(const ClientFiles *files, uid_t uid, const char *path,
                      ClientFile *f, PropError *error);
/* A place for a file; what is there stays as it is. */
bool client_file_find(const ClientFiles *files, uid_t uid, const char *path,
                      ClientFile *f, PropError *error);
/* Makes the file in a place that was found, to be written by f->fd. */
bool client_file_create(ClientFile *f, PropError *error);
/*
 * A file that QEMU will open by its name, now and later: nobody but the owner
 * may be able to put another there.
 */
bool client_file_for_vm(const ClientFiles *files, uid_t uid, const char *path,
                        ClientUse use, PropError *error);

/* f->fd, from now on the caller's. */
int client_file_take_fd(ClientFile *f);
/* The file that was made is not wanted. */
void client_file_remove(ClientFile *f);
/* Closes it; nothing if it is clear or was never set. */
void client_file_clear(ClientFile *f);
/* A name for @fd in another process of this user, valid until it is closed. */
char *client_fd_path(int fd);

#endif
