/*
 * Saved to a file and restored.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

static void run(Lab *lab)
{
    lab_run_for(lab, 1000);
    if (lab_save(lab, 0, "vm1.state")) {
        lab_run_for(lab, 500);
        if (lab_restore(lab, 0, LAB_A, "vm1.state") &&
            lab_wait_path(lab, 0, "vf", 30000) &&
            lab_expect(lab, 0, LAB_A, "vf")) {
            lab_run_for(lab, 1500);
        }
    }
}

const Scenario scenario_save_restore = {
    .name = "save-restore",
    .promise = "saved to a file and restored: the VF is removed before and "
               "given back after",
    .run = run,
};
