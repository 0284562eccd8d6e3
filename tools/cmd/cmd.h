/*
 * The iovlab command: subcommands and what they share.
 *
 * Exit status: 0 done, 1 the operation failed, 2 it was asked for wrongly
 * (options, names, files, a host that does not run), with one line on
 * standard error that says what to do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

#include "client.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef struct Command {
    const char *name;       /* one or two words; NULL ends the table */
    const char *args;       /* for the usage line */
    const char *help;       /* one line */
    int (*run)(int argc, char **argv);
} Command;

/*
 * Parses @argv (options of @entries anywhere, --help handled) and leaves the
 * operands.  Exits with EXIT_USAGE if an option is wrong or there are fewer
 * than @min or more than @max operands (-1: any number).
 */
GStrv cmd_parse(const Command *command, const GOptionEntry *entries,
                int argc, char **argv, int min, int max);
/* The same, with a text behind the options (may be NULL). */
GStrv cmd_parse_described(const Command *command, const GOptionEntry *entries,
                          const char *text, int argc, char **argv, int min,
                          int max);
/* What comes after "--", taken out of @argc; NULL if there is none. */
char **cmd_split_rest(int *argc, char **argv);
/* The table entry for the running command. */
const Command *cmd_current(void);

void cmd_fail(int status, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3) G_GNUC_NORETURN;
/* Exits with the status that suits the error. */
void cmd_fail_error(const GError *error) G_GNUC_NORETURN;
/* A host's client, or exits. */
IovClient *cmd_host(const char *name);
/*
 * The host that has @vm, and a client of it, or exits; @host (may be NULL)
 * limits the search.  The name is owned by the caller.
 */
IovClient *cmd_host_of_vm(const char *vm, const char *host, char **name);
/* Calls, or exits with the error. */
JsonNode *cmd_call(IovClient *client, const char *command, JsonObject *args);

/*
 * At most @width characters, with a '~' if there were more; the number of an
 * adapter at the end of a name stays.  The caller frees it.
 */
char *cmd_shorten(const char *text, size_t width);
/* @text in lines of a terminal's width, each after @indent. */
void cmd_print_wrapped(const char *indent, const char *text);

/* Waits until the process at the other end is gone; frees @client. */
void cmd_wait_gone(IovClient *client);

int cmd_host_start(int argc, char **argv);
int cmd_host_stop(int argc, char **argv);
int cmd_tor(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_console(int argc, char **argv);
int cmd_vf_attach(int argc, char **argv);
int cmd_vf_detach(int argc, char **argv);
int cmd_migrate(int argc, char **argv);
int cmd_save(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_capture(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_new(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_restart(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_reset(int argc, char **argv);
int cmd_checkpoint(int argc, char **argv);
int cmd_revert(int argc, char **argv);
int cmd_top(int argc, char **argv);

/* Joins the terminal to a VM's console until Ctrl-] or the VM's end. */
int console_attach(const char *path);
/* Makes sure that the top-of-rack switch runs. */
bool tor_ensure(GError **error);

#endif
