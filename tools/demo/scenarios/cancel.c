/*
 * The migration is cancelled half-way.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

static void run(Lab *lab)
{
    lab_run_for(lab, 1000);
    if (lab_migrate_begin(lab, 0, LAB_B) &&
        lab_migrate_wait_active(lab, 0) &&
        lab_migrate_cancel(lab, 0) &&
        lab_migrate_wait(lab, 0, "cancelled") &&
        lab_wait_path(lab, 0, "vf", 30000) &&
        lab_expect(lab, 0, LAB_A, "vf")) {
        lab_run_for(lab, 1500);
    }
}

const Scenario scenario_cancel = {
    .name = "cancel",
    .promise = "the migration is cancelled half-way: the VF comes back on A",
    .run = run,
};
