/*
 * Where the processes of one laboratory meet: the run directory.
 *
 *   hosts/NAME/control.sock   control socket of a host
 *   hosts/NAME/host.log       its log
 *   hosts/NAME/state.json     what a restarted host process takes back
 *   hosts/NAME/vm/VM/...      sockets and logs of a VM
 *   tor/control.sock          control socket of the top-of-rack switch
 *   tor/PORT.sock             a port of it
 *
 * $IOVLAB_RUN, else $XDG_RUNTIME_DIR/iovlab, else /tmp/iovlab-UID.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_RUNDIR_H
#define TOOLS_RUNDIR_H

#include <glib.h>
#include <stdbool.h>

const char *rundir(void);
/* Joins below the run directory; the caller frees it. */
char *rundir_path(const char *first, ...) G_GNUC_NULL_TERMINATED;
/* Makes a directory with its parents, for the owner only. */
bool rundir_make(const char *path, GError **error);
/* Names of hosts with a directory, sorted; free with g_strfreev(). */
GStrv rundir_hosts(void);
/* Names of hosts, VMs and ports: 1 to 32 of [A-Za-z0-9_-], no leading '-'. */
bool name_valid(const char *name);

#endif
