/*
 * The destination's QEMU dies during the migration.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

static void run(Lab *lab)
{
    lab_run_for(lab, 1000);
    if (lab_migrate_begin(lab, 0, LAB_B) &&
        lab_migrate_wait_active(lab, 0) &&
        lab_kill_target(lab, 0, LAB_B) &&
        lab_migrate_wait(lab, 0, "failed") &&
        lab_wait_path(lab, 0, "vf", 30000) &&
        lab_expect(lab, 0, LAB_A, "vf")) {
        lab_run_for(lab, 1500);
    }
}

const Scenario scenario_target_dies = {
    .name = "target-dies",
    .promise = "B's QEMU is killed during the migration: the VM goes on at A "
               "with its VF",
    .run = run,
};
