/*
 * Ethernet addresses as text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_HOST_MAC_H
#define TOOLS_HOST_MAC_H

#include <stdbool.h>
#include <stdint.h>

/* "00:15:5d:01:02:03"; the caller frees it. */
char *mac_format(const uint8_t mac[6]);
/* Six hexadecimal bytes with ':' or '-' between; a station's address. */
bool mac_parse(const char *text, uint8_t mac[6]);

#endif
