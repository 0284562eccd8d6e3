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

/* What callers who are not the owner may have the host read and write. */
ClientFiles access_files(const Host *host);
/*
 * Paths and properties that a command carries and that are not for everyone
 * who may run it (access-values.c).
 */
bool access_values(Host *host, const ControlCaller *caller,
                   const char *command, JsonObject *args, PropError *error);
/* The same of a VM's settings that come out of a file; @old: NULL or now's. */
bool access_settings(const Host *host, const ControlCaller *caller,
                     const VmSettings *settings, const VmSettings *old,
                     PropError *error);
/* Answers a request that was refused while it was done; clears @error. */
void access_refuse(Host *host, ControlRequest *request, Operation op,
                   const char *vm, PropError *error);

bool access_check_directories(const void *config, JsonNode *value,
                              PropError *error);
bool access_check_file(const void *config, JsonNode *value, PropError *error);
bool access_apply_file(void *object, PropError *error);

#define ACCESS_ROWS \
    { .name = "PolicyFile", .type = PROP_FILE, .when = PROP_ALWAYS, \
      .guard = PROP_BY_OWNER, \
      .field = offsetof(HostConfig, policy_file), .max = 4000, .dflt = "", \
      .check = access_check_file, .apply = access_apply_file, \
      .text = "file with roles, scopes and assignments, see access.md; " \
      "empty: only the owner of the host process may do anything", \
      .backing = "asked for every command on the control socket; setting it " \
      "reads it again", \
      .differs = "the authorization store (AzMan) of Hyper-V before 2016" }, \
    { .name = "ClientReadDirectories", .type = PROP_TEXT, \
      .when = PROP_ALWAYS, .guard = PROP_BY_OWNER, \
      .field = offsetof(HostConfig, client_read), .max = 4000, \
      .dflt = CLIENT_DIRECTORIES, .check = access_check_directories, \
      .text = "directories with ':' between, below which users with a role " \
      "may have the host read: restore, Kernel, InitialRamDisk; relative " \
      "ones are below the host's in the run directory, %u is the number of " \
      "the user; empty: none", \
      .backing = "the file is opened step by step from there, following no " \
      "symbolic link; the owner is not limited", \
      .differs = "not there: the account of the VM's worker process has the " \
      "rights; libvirt has storage pools" }, \
    { .name = "ClientWriteDirectories", .type = PROP_TEXT, \
      .when = PROP_ALWAYS, .guard = PROP_BY_OWNER, \
      .field = offsetof(HostConfig, client_write), .max = 4000, \
      .dflt = CLIENT_DIRECTORIES, .check = access_check_directories, \
      .text = "the same for what the host writes: save, capture, Disk", \
      .backing = "a file that is there is replaced only if it belongs to " \
      "the user, or the entry has %u", \
      .differs = "not there, as above" }

#endif
