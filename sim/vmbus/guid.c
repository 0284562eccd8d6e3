/*
 * GUIDs as text: the first three groups are little-endian on the wire.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vmbus-internal.h"

/* Wire byte of each pair of hex digits, in the order of the text. */
static const uint8_t guid_order[16] = {
    3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15
};

static bool dash_before(unsigned byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool vmbus_guid_parse(const char *text, VmbusGuid *guid)
{
    VmbusGuid out;
    const char *p = text;

    for (unsigned i = 0; i < 16; i++) {
        if (dash_before(i) && *p++ != '-') {
            return false;
        }
        if (!g_ascii_isxdigit(p[0]) || !g_ascii_isxdigit(p[1])) {
            return false;
        }
        out.b[guid_order[i]] = g_ascii_xdigit_value(p[0]) << 4 |
                               g_ascii_xdigit_value(p[1]);
        p += 2;
    }
    if (*p) {
        return false;
    }
    *guid = out;
    return true;
}

void vmbus_guid_format(const VmbusGuid *guid, char text[37])
{
    static const char digits[] = "0123456789abcdef";
    char *p = text;

    for (unsigned i = 0; i < 16; i++) {
        uint8_t b = guid->b[guid_order[i]];

        if (dash_before(i)) {
            *p++ = '-';
        }
        *p++ = digits[b >> 4];
        *p++ = digits[b & 15];
    }
    *p = '\0';
}
