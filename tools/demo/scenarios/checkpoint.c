/*
 * A checkpoint of a VM whose traffic is on its VF.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

enum { PATH_MS = 60000 };

static void run(Lab *lab)
{
    lab_run_for(lab, 1000);
    if (!lab_checkpoint(lab, 0, "before") ||
        !lab_expect_event(lab, "vfs-detached") ||
        !lab_wait_path(lab, 0, "vf", PATH_MS)) {
        return;
    }
    lab_run_for(lab, 1500);
    lab_expect(lab, 0, LAB_A, "vf");
}

const Scenario scenario_checkpoint = {
    .name = "checkpoint",
    .promise = "the VF is taken for a checkpoint and given back; the VM "
               "goes on and nothing is lost",
    .run = run,
};
