/*
 * Eight network adapters in one VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

enum { ADAPTERS = 8, PATH_MS = 60000 };

static void run(Lab *lab)
{
    for (unsigned i = 0; i < ADAPTERS - 1; i++) {
        if (!lab_expect_nic(lab, 0, i, "State", "VfActive", PATH_MS)) {
            return;
        }
    }
    if (!lab_expect_object(lab, "adapter", "NumAllocatedVFs", "7")) {
        return;
    }
    lab_run_for(lab, 500);
    /* The guest's network driver takes the VF; nobody brings the NIC up. */
    if (!lab_nic_add(lab, 0, ADAPTERS - 1) ||
        !lab_expect_nic(lab, 0, ADAPTERS - 1, "GuestConnected", "true",
                        PATH_MS) ||
        !lab_expect_nic(lab, 0, ADAPTERS - 1, "IovUsage", "1", PATH_MS) ||
        !lab_expect_object(lab, "adapter", "NumAllocatedVFs", "8") ||
        !lab_expect_object(lab, "switch", "IovVirtualFunctionsInUse", "8")) {
        return;
    }
    lab_run_for(lab, 1500);
    lab_expect(lab, 0, LAB_A, "vf");
}

const Scenario scenario_eight_nics = {
    .name = "eight-nics",
    .promise = "eight adapters of a VM each have a VF, the eighth was added "
               "while the VM ran",
    .setup = { .nics = 7 },
    .run = run,
};
