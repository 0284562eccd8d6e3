/*
 * What a scenario is judged by besides its frames: the guest's log, and the
 * counters of both ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "lab_private.h"

#include <string.h>

/* A kernel that says one of these is not well. */
static const char *const alarms[] = {
    "WARNING:", "BUG:", "Oops", "Call Trace:", "Kernel panic",
    "general protection fault", "self-detected stall", "detected stalls",
    "blocked for more than", "Unable to handle", "unexpectedly",
    "NETDEV WATCHDOG",
};

static void check_console(Lab *lab, const char *path, const char *host,
                          const char *vm)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return;
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **l = lines; *l; l++) {
        for (size_t i = 0; i < G_N_ELEMENTS(alarms); i++) {
            if (strstr(*l, alarms[i])) {
                report_fail(lab->report, "%s on %s, guest's log: %s", vm, host,
                            g_strstrip(*l));
                return;
            }
        }
    }
}

void lab_check_consoles(Lab *lab)
{
    for (LabHost h = 0; h < LAB_HOSTS; h++) {
        for (unsigned i = 0; i < lab->n_vms; i++) {
            g_autofree char *path = g_build_filename(
                lab->run_dir, "hosts", lab_host_name(h), "vm",
                lab->vms[i].name ? lab->vms[i].name : "", "console.log", NULL);

            check_console(lab, path, lab_host_name(h), lab->vms[i].name);
        }
    }
}

/* What the guest's own queues dropped never reached a device. */
static void note_qdisc_drops(JsonObject *out, JsonObject *dev)
{
    gint64 drops = json_object_get_int_member_with_default(dev, "qdisc_drops",
                                                           0);

    if (drops) {
        g_autofree char *name = g_strdup_printf("qdisc_drops_%s",
            json_object_get_string_member_with_default(dev, "name", "?"));

        json_object_set_int_member(out, name, drops);
    }
}

/* The guest's own counters that tell the paths apart. */
static JsonObject *guest_counters(JsonObject *report)
{
    static const char *const names[] = {
        "vf_rx_packets", "vf_tx_packets", "vf_rx_bytes", "vf_tx_bytes",
        "vf_tx_dropped",
    };
    JsonObject *out = json_object_new();
    JsonArray *netdevs = json_object_has_member(report, "netdevs")
                         ? json_object_get_array_member(report, "netdevs")
                         : NULL;

    for (guint i = 0; netdevs && i < json_array_get_length(netdevs); i++) {
        JsonObject *dev = json_array_get_object_element(netdevs, i);
        JsonObject *stats = json_object_get_object_member(dev, "stats");

        note_qdisc_drops(out, dev);
        if (!stats || !json_object_has_member(stats, names[0])) {
            continue;
        }
        for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
            json_object_set_int_member(out, names[n],
                json_object_get_int_member_with_default(stats, names[n], 0));
        }
    }
    return out;
}

void lab_collect_counters(Lab *lab)
{
    JsonObject *counters = lab->report->counters;

    for (unsigned i = 0; i < lab->n_vms; i++) {
        g_autoptr(JsonObject) agent = lab_agent(lab, i, "report");
        g_autofree char *name = g_strdup_printf("guest-%s", lab->vms[i].name);

        if (agent) {
            json_object_set_object_member(counters, name,
                                          guest_counters(agent));
        }
    }
    for (LabHost h = 0; h < LAB_HOSTS; h++) {
        g_autofree char *name = g_strdup_printf("adapter-%s",
                                                lab_host_name(h));
        JsonNode *node = lab->clients[h]
                         ? iov_client_call(lab->clients[h], "show",
                                           iov_args("s:object", "adapter", NULL),
                                           NULL)
                         : NULL;

        if (node) {
            json_object_set_member(counters, name, node);
        }
    }
}
