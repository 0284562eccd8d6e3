/*
 * Credentials of a Unix socket's peer: see caller.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE     /* struct ucred */
#endif
#include "base/caller.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOBODY 65534

static bool is_owner(uid_t uid)
{
    return uid == geteuid() || uid == 0;
}

void caller_of_socket(GSocket *socket, ControlCaller *caller)
{
    int fd = g_socket_get_fd(socket);
    struct ucred peer;
    socklen_t len = sizeof(peer);

    memset(caller, 0, sizeof(*caller));
    caller->uid = NOBODY;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return;
    }
    caller->uid = peer.uid;
    caller->owner = is_owner(peer.uid);
    caller->groups[caller->n_groups++] = peer.gid;
#ifdef SO_PEERGROUPS
    len = (CONTROL_GROUPS_MAX - 1) * sizeof(gid_t);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, caller->groups + 1,
                   &len) == 0) {
        caller->n_groups += len / sizeof(gid_t);
    }
#endif
}

bool caller_become(ControlCaller *caller, const char *user, char **error)
{
    const struct passwd *entry;
    int count = CONTROL_GROUPS_MAX;
    guint64 number;

    if (!caller->owner) {
        *error = g_strdup("only the owner of the process may act as another "
                          "user");
        return false;
    }
    if (g_ascii_string_to_unsigned(user, 10, 0, NOBODY, &number, NULL)) {
        entry = getpwuid(number);
    } else {
        entry = getpwnam(user);
        number = entry ? entry->pw_uid : NOBODY;
        if (!entry) {
            *error = g_strdup_printf("there is no user '%s'", user);
            return false;
        }
    }
    memset(caller, 0, sizeof(*caller));
    caller->uid = number;
    caller->owner = is_owner(number);
    if (entry) {
        if (getgrouplist(entry->pw_name, entry->pw_gid, caller->groups,
                         &count) < 0) {
            count = CONTROL_GROUPS_MAX;
        }
        caller->n_groups = count;
    }
    return true;
}
