/*
 * A guest that never answers the eject.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

enum { FREEZE_S = 9 };

static void run(Lab *lab)
{
    JsonObject *answer;

    lab_run_for(lab, 1000);
    answer = lab_agent(lab, 0, "freeze " G_STRINGIFY(9));
    if (!answer || !json_object_get_boolean_member_with_default(answer, "ok",
                                                                FALSE)) {
        report_fail(lab_report(lab), "the guest could not be frozen");
        g_clear_pointer(&answer, json_object_unref);
        return;
    }
    json_object_unref(answer);
    if (lab_migrate(lab, 0, LAB_B)) {
        lab_run_for(lab, FREEZE_S * 1000);
        if (lab_wait_path(lab, 0, "vf", 60000)) {
            lab_run_for(lab, 1500);
        }
    }
}

const Scenario scenario_frozen_guest = {
    .name = "frozen-guest",
    .promise = "a guest that does not answer the eject loses the VF by "
               "surprise; the migration goes on",
    .setup = { .eject_limit_ms = 3000, .surprise = true },
    .run = run,
};
