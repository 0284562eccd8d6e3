/*
 * The files that people write: hosts and policies of access.  The first byte
 * says which.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host-file.h"
#include "host/roles.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_host(const char *text, size_t len)
{
    PropError error = { 0 };
    HostConfig config = { 0 };
    HostFile *file;

    props_init(&host_kind, &config);
    file = host_file_parse("/nowhere/host", text, len, &error);
    if (file) {
        g_assert_null(error.text);
        host_file_load_host(file, &config, &error);
        host_file_free(file);
    } else {
        g_assert_nonnull(error.text);
        g_assert_nonnull(strstr(error.text, "/nowhere/host:"));
    }
    prop_error_clear(&error);
    props_clear(&host_kind, &config);
}

static void read_policy(const char *text)
{
    const Caller caller = { .uid = 1000 };
    g_autofree char *error = NULL;
    Roles *roles = roles_parse(text, &error);

    if (!roles) {
        g_assert_nonnull(error);
        return;
    }
    for (Operation op = 0; op < OPERATIONS; op++) {
        roles_allow(roles, &caller, op, "web", NULL);
        roles_allow(roles, &caller, op, NULL, NULL);
    }
    roles_free(roles);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = NULL;

    if (!size) {
        return 0;
    }
    text = g_strndup((const char *)data + 1, size - 1);
    if (data[0] & 1) {
        read_policy(text);
    } else {
        read_host(text, strlen(text));
    }
    return 0;
}
