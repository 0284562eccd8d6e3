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
#define HOST_EJECT_DEFAULT_MS 60000

typedef struct HostOptions {
    const char *name;
    bool sriov;
    bool switch_iov;
    unsigned num_vfs;
    unsigned eject_limit_ms;
} HostOptions;

/* In a process of its own (base/daemon.h) or in the foreground. */
int host_main(const HostOptions *options);

#endif
