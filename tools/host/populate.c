/*
 * What a host begins with: its machine, and the objects in it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/access.h"
#include "host/host-file.h"
#include "host/main.h"

#include <string.h>

/* PROPERTY=VALUE of the command line. */
static bool load_properties(HostConfig *config, char **properties,
                            PropError *error)
{
    for (char **p = properties; p && *p; p++) {
        g_auto(GStrv) pair = g_strsplit(*p, "=", 2);
        g_autoptr(JsonObject) values = json_object_new();

        if (g_strv_length(pair) != 2) {
            return prop_fail(error, ERR_BAD_ARGUMENT, "'%s': PROPERTY=VALUE "
                             "is needed", *p);
        }
        json_object_set_string_member(values, pair[0], pair[1]);
        if (!props_load(&host_kind, config, values, error)) {
            return false;
        }
    }
    return true;
}

/* One adapter and one switch over it, as a host without a file has. */
static bool usual_objects(Host *host, const HostOptions *options,
                          PropError *error)
{
    g_autoptr(JsonObject) adapter =
        iov_args("b:SriovCapable", options->sriov,
                 "i:RequestedVFs", (int)options->num_vfs, NULL);
    g_autoptr(JsonObject) sw =
        iov_args("b:IovEnabled", options->switch_iov, NULL);

    return object_create(host, &adapter_kind, "Ethernet", adapter, NULL,
                         error) == OBJECT_DONE &&
        object_create(host, &switch_kind, "External", sw, NULL, error) ==
        OBJECT_DONE;
}

bool host_populate(Host *host, const HostOptions *options, PropError *error)
{
    HostFile *file = NULL;
    bool ok = true;

    props_init(&host_kind, &host->config);
    host_state_settings(host);
    if (options->file) {
        file = host_file_read(options->file, error);
        if (!file) {
            return false;
        }
        ok = host_file_load_host(file, &host->config, error);
    }
    if (options->eject_limit_ms) {
        host->config.eject_limit_ms = options->eject_limit_ms;
    }
    ok = ok && load_properties(&host->config, options->properties, error) &&
        host_mac_update(host, error) && access_apply_file(host, error) &&
        (file ? host_file_create(file, host, error) :
         usual_objects(host, options, error));
    host_file_free(file);
    return ok;
}
