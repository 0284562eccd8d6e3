/*
 * Long-lived processes: start in the background, tell the starter when ready.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_DAEMON_H
#define TOOLS_DAEMON_H

#include <glib.h>
#include <stdbool.h>

/*
 * Forks.  In the child returns true, detached, with standard output and error
 * in @log (appended).  In the parent waits for daemon_ready() or
 * daemon_failed() in the child and exits with 0 or 2.
 */
bool daemon_start(const char *log, GError **error);
void daemon_ready(void);
/* Prints to the starter, or to standard error in the foreground. */
void daemon_failed(const char *fmt, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

/* One line with the time, to standard error. */
void daemon_log(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

#endif
