/*
 * The PF driver of A's adapter is restarted under the VMs that use its VFs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

enum { PATH_MS = 60000, ROUNDS = 2 };

static bool restart_once(Lab *lab)
{
    if (!lab_restart(lab, "Ethernet")) {
        return false;
    }
    for (unsigned vm = 0; vm < 2; vm++) {
        if (!lab_wait_path(lab, vm, "vf", PATH_MS) ||
            !lab_expect_nic(lab, vm, 0, "StatusDescription",
                            "OK (SR-IOV active)", PATH_MS)) {
            return false;
        }
    }
    lab_run_for(lab, 1000);
    return true;
}

static void run(Lab *lab)
{
    lab_run_for(lab, 1000);
    for (int i = 0; i < ROUNDS; i++) {
        if (!restart_once(lab)) {
            return;
        }
    }
    lab_expect_event(lab, "adapter-restarted");
    lab_expect(lab, 0, LAB_A, "vf");
    lab_expect(lab, 1, LAB_A, "vf");
}

const Scenario scenario_restart_adapter = {
    .name = "restart-adapter",
    .promise = "the PF driver restarts: every VM falls back to the synthetic "
               "path and gets a VF again, nothing is lost",
    .setup = { .vms = 2 },
    .run = run,
};
