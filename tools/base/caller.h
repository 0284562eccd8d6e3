/*
 * Who is at the other end of a Unix socket, by the kernel's word.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_CALLER_H
#define TOOLS_CALLER_H

#include "base/control.h"

#include <gio/gio.h>

/* Nobody (no owner, no groups) if the kernel does not tell. */
void caller_of_socket(GSocket *socket, ControlCaller *caller);
/*
 * The owner takes another user's place, by name or number; false with an error
 * (owned by the caller) for anyone else, or if there is no such user.
 */
bool caller_become(ControlCaller *caller, const char *user, char **error);

#endif
