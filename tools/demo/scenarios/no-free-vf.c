/*
 * The destination's only VF is another VM's when the VM arrives.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

static void run(Lab *lab)
{
    lab_run_for(lab, 1000);
    if (!lab_migrate(lab, 0, LAB_B) ||
        !lab_expect(lab, 0, LAB_B, "synthetic") ||
        !lab_expect_status(lab, 0, "VF")) {
        return;
    }
    lab_run_for(lab, 1500);
    if (lab_expect(lab, 0, LAB_B, "synthetic") && lab_detach(lab, 1) &&
        lab_wait_path(lab, 0, "vf", 30000)) {
        lab_run_for(lab, 1500);
    }
}

const Scenario scenario_no_free_vf = {
    .name = "no-free-vf",
    .promise = "B's only VF is in use; when it is freed the VM gets it "
               "without being asked",
    .setup = { .vms = 2, .vfs_b = 1, .second_on_b = true },
    .run = run,
};
