/*
 * More queue pairs than one: RSS on the VF.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

enum { PATH_MS = 60000 };

/* The guest's VF driver counts frames of a second receive queue. */
static bool has_two_queues(Lab *lab)
{
    g_autoptr(JsonObject) report = lab_agent(lab, 0, "report");
    JsonArray *list = report && json_object_has_member(report, "netdevs") ?
        json_object_get_array_member(report, "netdevs") : NULL;

    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *dev = json_array_get_object_element(list, i);
        const char *driver = json_object_get_string_member(dev, "driver");
        JsonObject *stats = json_object_get_object_member(dev, "stats");

        if (g_str_equal(driver, "ixgbevf")) {
            return json_object_has_member(stats, "rx_queue_1_packets");
        }
    }
    report_fail(lab_report(lab), "the guest has no ixgbevf");
    return false;
}

static bool set_pairs(Lab *lab, const char *value, const char *assigned)
{
    return lab_set(lab, "nic", "vm1.0", value) &&
           lab_expect_nic(lab, 0, 0, "IovQueuePairsAssigned", assigned,
                          PATH_MS) &&
           lab_expect_nic(lab, 0, 0, "State", "VfActive", PATH_MS) &&
           lab_wait_path(lab, 0, "vf", PATH_MS);
}

static void run(Lab *lab)
{
    lab_run_for(lab, 500);
    if (has_two_queues(lab)) {
        report_fail(lab_report(lab), "a VF of one queue pair has two");
        return;
    }
    if (!set_pairs(lab, "IovQueuePairsRequested=2", "2")) {
        return;
    }
    if (!has_two_queues(lab)) {
        report_fail(lab_report(lab), "a VF of two queue pairs has one");
        return;
    }
    lab_run_for(lab, 2000);
    if (!set_pairs(lab, "IovQueuePairsRequested=1000", "4") ||
        !lab_set(lab, "nic", "vm1.0", "IovInterruptModeration=High")) {
        return;
    }
    lab_run_for(lab, 1500);
    if (set_pairs(lab, "IovQueuePairsRequested=1", "1")) {
        lab_run_for(lab, 1000);
    }
}

const Scenario scenario_queue_pairs = {
    .name = "queue-pairs",
    .promise = "more than one queue pair gives RSS on the VF, clipped to "
               "what the adapter has; nothing is lost",
    .run = run,
};
