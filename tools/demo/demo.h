/*
 * `iovlab demo`.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

/* Runs the command; @argv[0] is its name.  Returns the exit status. */
int demo_main(int argc, char **argv);

#endif
