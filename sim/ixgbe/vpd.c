/*
 * Vital product data: see ixgbe_vpd.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/ixgbe_vpd.h"

#include <string.h>

#define TAG_NAME 0x82
#define TAG_READ_ONLY 0x90
#define TAG_END 0x78

static void put_tag(GByteArray *vpd, uint8_t tag, const void *data,
                    uint16_t len)
{
    const uint8_t head[3] = { tag, len & 0xff, len >> 8 };

    g_byte_array_append(vpd, head, sizeof(head));
    g_byte_array_append(vpd, data, len);
}

static void put_field(GByteArray *fields, const char name[2],
                      const void *data, uint8_t len)
{
    g_byte_array_append(fields, (const uint8_t *)name, 2);
    g_byte_array_append(fields, &len, 1);
    g_byte_array_append(fields, data, len);
}

/* RV: the sum of all bytes up to and with its first is 0. */
static uint8_t checksum(const GByteArray *vpd)
{
    uint8_t sum = 0;

    for (guint i = 0; i < vpd->len; i++) {
        sum -= vpd->data[i];
    }
    return sum;
}

GBytes *ixgbe_vpd_new(const uint8_t mac[6])
{
    static const char name[] = "82599 10 Gigabit Ethernet, modelled by "
                               "iovlab";
    static const char part[] = "E66560-002";
    g_autoptr(GByteArray) fields = g_byte_array_new();
    GByteArray *vpd = g_byte_array_new();
    g_autofree char *serial =
        g_strdup_printf("%02X%02X%02X%02X%02X%02X", mac[0], mac[1], mac[2],
                        mac[3], mac[4], mac[5]);
    uint8_t rv = 0;
    guint at;

    put_tag(vpd, TAG_NAME, name, strlen(name));
    put_field(fields, "PN", part, strlen(part));
    put_field(fields, "SN", serial, strlen(serial));
    put_field(fields, "RV", &rv, 1);
    put_tag(vpd, TAG_READ_ONLY, fields->data, fields->len);
    at = vpd->len - 1;
    vpd->data[at] = checksum(vpd);
    g_byte_array_append(vpd, (const uint8_t[]){ TAG_END }, 1);
    return g_byte_array_free_to_bytes(vpd);
}
