/*
 * Who may do what: a policy of operations, roles, scopes and assignments.
 *
 * A policy is a text file, one statement a line:
 *
 *   role NAME = OPERATION...        or * for all of them
 *   scope NAME = VM...              VMs by name
 *   assign user NAME|NUMBER role ROLE [scope SCOPE]
 *   assign group NAME|NUMBER role ROLE [scope SCOPE]
 *
 * '#' begins a comment.  An assignment without a scope is for the host and all
 * of its VMs, one with a scope for that scope's VMs only.  The owner of the host
 * process may do everything; who is not named may do nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_ROLES_H
#define TOOLS_HOST_ROLES_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef enum Operation {
    OP_VIEW_HOST,
    OP_CONFIGURE_HOST,
    OP_CREATE_SWITCH,
    OP_DELETE_SWITCH,
    OP_CONFIGURE_SWITCH,
    OP_CONFIGURE_ADAPTER,
    OP_CAPTURE,
    OP_CREATE_VM,
    OP_DELETE_VM,
    OP_VIEW_VM,
    OP_CONFIGURE_VM,
    OP_CONFIGURE_VM_ADAPTER,
    OP_START_VM,
    OP_STOP_VM,
    OP_PAUSE_VM,
    OP_SAVE_VM,
    OP_CHECKPOINT_VM,
    OP_MIGRATE_VM,
    OP_CONSOLE,
    OPERATIONS,
} Operation;

/* As it is written in a policy: "CheckpointVirtualMachine". */
const char *operation_name(Operation op);
/* One line for people. */
const char *operation_text(Operation op);

typedef struct Roles Roles;

/* Reads a policy; NULL with an error that names the line. */
Roles *roles_parse(const char *text, char **error);
Roles *roles_load(const char *path, char **error);
void roles_free(Roles *roles);

typedef struct Caller {
    uid_t uid;
    const gid_t *groups;
    unsigned n_groups;
} Caller;

/*
 * Whether @caller may do @op with VM @vm (NULL: with the host).  @scope tells
 * (may be NULL) in which scope that was looked for: a name, "host" if there is
 * none.
 */
bool roles_allow(const Roles *roles, const Caller *caller, Operation op,
                 const char *vm, const char **scope);

#endif
