/*
 * Entries of an ACL as text: ACTION:DIRECTION[:NAME=VALUE,...]
 *
 * ACTION Allow, Deny or Meter; DIRECTION Inbound, Outbound or Both; names:
 * local and remote (a MAC address, an IP address or prefix, or ANY), and for an
 * extended entry weight, protocol, localport, remoteport (N or N-M).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/port-settings.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const char *const actions[] = { "Allow", "Deny", "Meter" };
static const char *const directions[] = {
    [VSWITCH_INBOUND] = "Inbound",
    [VSWITCH_OUTBOUND] = "Outbound",
    [VSWITCH_INBOUND | VSWITCH_OUTBOUND] = "Both",
};

static int index_of(const char *const *names, unsigned count, const char *text)
{
    for (unsigned i = 0; text && i < count; i++) {
        if (names[i] && g_ascii_strcasecmp(names[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

/* --- addresses ----------------------------------------------------------- */

static void mask(VswitchAddress *a)
{
    for (unsigned i = 0; i < sizeof(a->bytes); i++) {
        unsigned bits = a->prefix > i * 8 ? MIN(a->prefix - i * 8, 8u) : 0;

        a->bytes[i] &= 0xff << (8 - bits);
    }
}

static bool parse_mac(const char *text, VswitchAddress *a)
{
    if (strlen(text) != 17) {
        return false;
    }
    for (unsigned i = 0; i < 6; i++) {
        const char *p = text + i * 3;

        if (!g_ascii_isxdigit(p[0]) || !g_ascii_isxdigit(p[1]) ||
            (i < 5 && p[2] != '-' && p[2] != ':')) {
            return false;
        }
        a->bytes[i] = g_ascii_xdigit_value(p[0]) * 16 +
            g_ascii_xdigit_value(p[1]);
    }
    a->kind = VSWITCH_ADDRESS_MAC;
    a->prefix = 48;
    return true;
}

static bool parse_address(const char *text, VswitchAddress *a)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    guint64 prefix;

    *a = (VswitchAddress) { 0 };
    if (g_ascii_strcasecmp(text, "ANY") == 0 || parse_mac(text, a)) {
        return true;
    }
    if (inet_pton(AF_INET, parts[0] ? parts[0] : "", a->bytes) == 1) {
        a->kind = VSWITCH_ADDRESS_IPV4;
        a->prefix = 32;
    } else if (inet_pton(AF_INET6, parts[0] ? parts[0] : "", a->bytes) == 1) {
        a->kind = VSWITCH_ADDRESS_IPV6;
        a->prefix = 128;
    } else {
        return false;
    }
    if (parts[1]) {
        if (!g_ascii_string_to_unsigned(parts[1], 10, 0, a->prefix, &prefix,
                                        NULL)) {
            return false;
        }
        a->prefix = prefix;
        mask(a);
    }
    return true;
}

static char *format_address(const VswitchAddress *a)
{
    char text[INET6_ADDRSTRLEN];
    const uint8_t *b = a->bytes;

    switch (a->kind) {
    case VSWITCH_ADDRESS_MAC:
        return g_strdup_printf("%02X-%02X-%02X-%02X-%02X-%02X", b[0], b[1],
                               b[2], b[3], b[4], b[5]);
    case VSWITCH_ADDRESS_IPV4:
    case VSWITCH_ADDRESS_IPV6:
        inet_ntop(a->kind == VSWITCH_ADDRESS_IPV4 ? AF_INET : AF_INET6, b,
                  text, sizeof(text));
        return g_strdup_printf("%s/%u", text, a->prefix);
    default:
        return g_strdup("ANY");
    }
}

/* --- members ------------------------------------------------------------- */

static bool parse_ports(const char *text, uint16_t ports[2])
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 2);
    guint64 first, last;

    if (!ends[0] || !g_ascii_string_to_unsigned(ends[0], 10, 0, UINT16_MAX,
                                                &first, NULL)) {
        return false;
    }
    last = first;
    if (ends[1] && !g_ascii_string_to_unsigned(ends[1], 10, first, UINT16_MAX,
                                               &last, NULL)) {
        return false;
    }
    ports[0] = first;
    ports[1] = last;
    return true;
}

static bool parse_protocol(const char *text, int *protocol)
{
    static const struct {
        const char *name;
        int number;
    } names[] = { { "icmp", 1 }, { "tcp", 6 }, { "udp", 17 },
                  { "icmpv6", 58 }, { "any", VSWITCH_PROTOCOL_ANY } };
    guint64 number;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_ascii_strcasecmp(names[i].name, text) == 0) {
            *protocol = names[i].number;
            return true;
        }
    }
    if (!g_ascii_string_to_unsigned(text, 10, 0, 255, &number, NULL)) {
        return false;
    }
    *protocol = number;
    return true;
}

static bool parse_member(const char *text, VswitchAcl *acl)
{
    const char *value = strchr(text, '=');
    g_autofree char *name = value ? g_strndup(text, value - text) : NULL;
    guint64 weight;

    if (!value++) {
        return false;
    }
    if (g_ascii_strcasecmp(name, "local") == 0) {
        return parse_address(value, &acl->local);
    }
    if (g_ascii_strcasecmp(name, "remote") == 0) {
        return parse_address(value, &acl->remote);
    }
    acl->extended = true;
    if (g_ascii_strcasecmp(name, "weight") == 0) {
        if (!g_ascii_string_to_unsigned(value, 10, 1, UINT16_MAX, &weight,
                                        NULL)) {
            return false;
        }
        acl->weight = weight;
        return true;
    }
    if (g_ascii_strcasecmp(name, "protocol") == 0) {
        return parse_protocol(value, &acl->protocol);
    }
    if (g_ascii_strcasecmp(name, "localport") == 0) {
        return parse_ports(value, acl->local_ports);
    }
    if (g_ascii_strcasecmp(name, "remoteport") == 0) {
        return parse_ports(value, acl->remote_ports);
    }
    return false;
}

bool port_acl_parse(const char *text, VswitchAcl *acl, char **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 3);
    int action = index_of(actions, G_N_ELEMENTS(actions), parts[0]);
    int direction = parts[0] ? index_of(directions, G_N_ELEMENTS(directions),
                                        parts[1]) : -1;
    g_auto(GStrv) members = NULL;

    memset(acl, 0, sizeof(*acl));
    acl->protocol = VSWITCH_PROTOCOL_ANY;
    acl->local_ports[1] = acl->remote_ports[1] = UINT16_MAX;
    if (action < 0 || direction < 0) {
        *error = g_strdup_printf(
            "'%s': an entry is Allow, Deny or Meter, ':', Inbound, Outbound "
            "or Both, and then ':' and NAME=VALUE with ',' between", text);
        return false;
    }
    acl->action = action;
    acl->directions = direction;
    members = g_strsplit(parts[2] ? parts[2] : "", ",", -1);
    for (char **m = members; *m; m++) {
        if (!parse_member(*m, acl)) {
            *error = g_strdup_printf(
                "'%s': local, remote (an address, a prefix or ANY), weight (1 "
                "to 65535), protocol, localport or remoteport (N or N-M) is "
                "needed", *m);
            return false;
        }
    }
    if (acl->extended && (!acl->weight || action == VSWITCH_ACL_METER)) {
        *error = g_strdup_printf("'%s': an entry with a protocol or ports "
                                 "has a weight, and is no meter", text);
        return false;
    }
    return true;
}

static void append_ports(GString *text, const char *name,
                         const uint16_t ports[2])
{
    if (ports[0] == 0 && ports[1] == UINT16_MAX) {
        return;
    }
    g_string_append_printf(text, ",%s=%u", name, ports[0]);
    if (ports[1] != ports[0]) {
        g_string_append_printf(text, "-%u", ports[1]);
    }
}

char *port_acl_format(const VswitchAcl *acl)
{
    g_autofree char *local = format_address(&acl->local);
    g_autofree char *remote = format_address(&acl->remote);
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "%s:%s:local=%s,remote=%s",
                           actions[acl->action], directions[acl->directions],
                           local, remote);
    if (acl->extended) {
        g_string_append_printf(text, ",weight=%u", acl->weight);
        if (acl->protocol != VSWITCH_PROTOCOL_ANY) {
            g_string_append_printf(text, ",protocol=%d", acl->protocol);
        }
        append_ports(text, "localport", acl->local_ports);
        append_ports(text, "remoteport", acl->remote_ports);
    }
    return g_string_free(text, FALSE);
}
