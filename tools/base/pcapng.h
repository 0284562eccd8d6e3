/*
 * Writes captures in the pcapng format (one interface, nanosecond times).
 *
 * Source: draft-ietf-opsawg-pcapng, sections 4.1 to 4.3.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_PCAPNG_H
#define TOOLS_PCAPNG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Pcapng Pcapng;

typedef enum PcapngDirection {
    PCAPNG_UNKNOWN = 0,
    PCAPNG_INBOUND = 1,     /* towards the port's own device */
    PCAPNG_OUTBOUND = 2,
} PcapngDirection;

/* Makes the file; @interface is the name shown in it. */
Pcapng *pcapng_open(const char *path, const char *interface, GError **error);
/* The same in a file that is open; @fd is taken, @path for messages. */
Pcapng *pcapng_open_fd(int fd, const char *path, const char *interface,
                       GError **error);
void pcapng_write(Pcapng *pcap, PcapngDirection direction,
                  const void *frame, size_t len);
/* False, with the reason, if not all of it is in the file. */
bool pcapng_close(Pcapng *pcap, GError **error);

#endif
