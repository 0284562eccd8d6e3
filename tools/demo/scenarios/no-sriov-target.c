/*
 * The destination cannot give a VF at all.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

static void run(Lab *lab)
{
    lab_run_for(lab, 1000);
    if (lab_migrate(lab, 0, LAB_B) &&
        lab_expect(lab, 0, LAB_B, "synthetic") &&
        lab_expect_status(lab, 0, "SR-IOV")) {
        lab_run_for(lab, 1500);
        lab_expect(lab, 0, LAB_B, "synthetic");
    }
}

const Scenario scenario_no_sriov_target = {
    .name = "no-sriov-target",
    .promise = "B's adapter has no SR-IOV: the VM ends on the synthetic path "
               "and says why",
    .setup = { .no_sriov_b = true },
    .run = run,
};
