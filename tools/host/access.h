/*
 * What callers of the control socket may do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_ACCESS_H
#define TOOLS_HOST_ACCESS_H

#include "host/host.h"

extern const ControlGuard host_guard;

bool access_sees_vm(const Host *host, const ControlCaller *caller,
                    const char *vm);
bool access_sees_host(const Host *host, const ControlCaller *caller);

bool access_check_file(const void *config, JsonNode *value, PropError *error);
bool access_apply_file(void *object, PropError *error);

#define ACCESS_ROWS \
    { .name = "PolicyFile", .type = PROP_FILE, .when = PROP_ALWAYS, \
      .field = offsetof(HostConfig, policy_file), .max = 4000, .dflt = "", \
      .check = access_check_file, .apply = access_apply_file, \
      .text = "file with roles, scopes and assignments, see access.md; " \
      "empty: only the owner of the host process may do anything", \
      .backing = "asked for every command on the control socket; setting it " \
      "reads it again", \
      .differs = "the authorization store (AzMan) of Hyper-V before 2016" }

#endif
