/*
 * The top-of-rack switch: a process where the wires of hosts meet.
 *
 * Each port is a listening socket in the run directory; who connects is on
 * that port (base/framing.h), the same as QEMU's `-netdev stream`.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_TOR_H
#define TOOLS_TOR_H

/* Runs until told to end. */
int tor_main(void);

#endif
