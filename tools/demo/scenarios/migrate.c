/*
 * The story that must always work.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

static void run(Lab *lab)
{
    lab_run_for(lab, 1500);
    if (lab_migrate(lab, 0, LAB_B) &&
        lab_wait_path(lab, 0, "vf", 30000) &&
        lab_expect(lab, 0, LAB_B, "vf")) {
        lab_run_for(lab, 1500);
    }
}

const Scenario scenario_migrate = {
    .name = "migrate",
    .promise = "the VM moves from a VF of A to a VF of B and no frame is "
               "lost or doubled",
    .run = run,
};
