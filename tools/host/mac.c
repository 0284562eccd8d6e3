/*
 * Ethernet addresses as text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/mac.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

char *mac_format(const uint8_t mac[6])
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
                           mac[2], mac[3], mac[4], mac[5]);
}

bool mac_parse(const char *text, uint8_t mac[6])
{
    unsigned b[6];
    char end;

    if (strlen(text) != 17 ||
        strspn(text, "0123456789abcdefABCDEF:-") != 17) {
        return false;
    }
    if (sscanf(text, "%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%c",
               &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6) {
        return false;
    }
    if ((b[0] & 1) || !(b[0] | b[1] | b[2] | b[3] | b[4] | b[5])) {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        mac[i] = b[i];
    }
    return true;
}
