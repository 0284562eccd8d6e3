/*
 * Writes pcapng files (draft-ietf-opsawg-pcapng): one section, any number of
 * Ethernet interfaces with names, nanosecond time stamps, comments.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_PCAPNG_H
#define IOVLAB_PCAPNG_H

#include "iovlab/bytes.h"

typedef struct Pcapng Pcapng;

/* NULL with *error set (errno text, owned by the caller). */
Pcapng *pcapng_open(const char *path, const char *comment, char **error);
/* False if something could not be written. */
bool pcapng_close(Pcapng *p);
bool pcapng_flush(Pcapng *p);

/* Returns the number of the interface. */
unsigned pcapng_interface(Pcapng *p, const char *name, const char *comment);

typedef enum PcapngDirection {
    PCAPNG_UNKNOWN = 0,
    PCAPNG_IN = 1,
    PCAPNG_OUT = 2,
} PcapngDirection;

/* @ns since 1970; @comment may be NULL. */
void pcapng_frame(Pcapng *p, unsigned interface, uint64_t ns,
                  PcapngDirection direction, const void *frame, size_t len,
                  const char *comment);

#endif
