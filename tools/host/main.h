/*
 * Runs a host process until it is told to end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_MAIN_H
#define TOOLS_HOST_MAIN_H

#include <stdbool.h>

#define HOST_VFS_DEFAULT 7
#define HOST_VFS_MAX 63

struct HostOptions {
    const char *name;
    bool sriov;
    bool switch_iov;
    unsigned num_vfs;
    unsigned eject_limit_ms;    /* 0: as it is otherwise */
    char **properties;          /* of the host, PROPERTY=VALUE; NULL: none */
    const char *file;           /* that describes it; NULL: none */
};
typedef struct HostOptions HostOptions;

/* In a process of its own (base/daemon.h) or in the foreground. */
int host_main(const HostOptions *options);

#endif
