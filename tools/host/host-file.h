/*
 * A host described in a file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_FILE_H
#define TOOLS_HOST_FILE_H

#include "host/host.h"

typedef struct HostFile HostFile;

/*
 * NULL with an error that names file, line and reason.  @text ends with a NUL
 * at @len; files that it names are relative to @path.
 */
HostFile *host_file_parse(const char *path, const char *text, size_t len,
                          PropError *error);
HostFile *host_file_read(const char *path, PropError *error);
void host_file_free(HostFile *file);
/* What [host] says. */
bool host_file_load_host(const HostFile *file, HostConfig *config,
                         PropError *error);
/* Makes the objects that the host does not have yet. */
bool host_file_create(const HostFile *file, struct Host *host,
                      PropError *error);

#endif
