/*
 * IovWeight set on a running VM takes the VF and gives it back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

enum { PATH_MS = 60000 };

static bool round_of(Lab *lab, const char *weight)
{
    if (!lab_set(lab, "nic", "vm1.0", "IovWeight=0") ||
        !lab_wait_path(lab, 0, "synthetic", PATH_MS) ||
        !lab_expect_nic(lab, 0, 0, "State", "Synthetic", PATH_MS) ||
        !lab_expect_nic(lab, 0, 0, "IovUsage", "0", 0) ||
        !lab_expect_nic(lab, 0, 0, "StatusDescription", "OK", 0)) {
        return false;
    }
    lab_run_for(lab, 1000);
    if (!lab_set(lab, "nic", "vm1.0", weight) ||
        !lab_wait_path(lab, 0, "vf", PATH_MS) ||
        !lab_expect_nic(lab, 0, 0, "IovUsage", "1", 0) ||
        !lab_expect_nic(lab, 0, 0, "StatusDescription", "OK (SR-IOV active)",
                        PATH_MS)) {
        return false;
    }
    lab_run_for(lab, 1000);
    return true;
}

static void run(Lab *lab)
{
    lab_run_for(lab, 1000);
    if (!round_of(lab, "IovWeight=1") || !round_of(lab, "IovWeight=100")) {
        return;
    }
    lab_set_refused(lab, "nic", "vm1.0", "IovWeight=101", "bad-argument");
    lab_set_refused(lab, "nic", "vm1.0", "IovUsage=0", "read-only");
    lab_set_refused(lab, "nic", "vm1.9", "IovWeight=0", "not-found");
    lab_expect(lab, 0, LAB_A, "vf");
}

const Scenario scenario_weight_toggle = {
    .name = "weight-toggle",
    .promise = "IovWeight 0 takes the VF of a running VM, any other "
               "value gives one; nothing is lost",
    .run = run,
};
