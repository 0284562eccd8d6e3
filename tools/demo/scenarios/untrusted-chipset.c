/*
 * A chipset that is known for a flaw.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

enum { PATH_MS = 60000 };

static void run(Lab *lab)
{
    lab_run_for(lab, 1000);
    if (!lab_expect_object(lab, "host", "IovSupport", "false") ||
        !lab_expect_object(lab, "host", "IovSupportReasons",
                           "ChipsetUntrusted") ||
        !lab_expect_object(lab, "switch", "IovSupportReasons",
                           "ChipsetUntrusted") ||
        !lab_expect_object(lab, "adapter", "NumVFs", "0") ||
        !lab_expect_nic(lab, 0, 0, "ReasonCode", "ChipsetUntrusted", 10000) ||
        !lab_expect_nic(lab, 0, 0, "Status", "Degraded", 0) ||
        !lab_expect_status(lab, 0, "chipset")) {
        return;
    }
    if (!lab_set(lab, "host", "A", "IovEnableOverride=true") ||
        !lab_wait_path(lab, 0, "vf", PATH_MS) ||
        !lab_expect_event(lab, "iov-override")) {
        return;
    }
    lab_run_for(lab, 1500);
    if (!lab_set(lab, "host", "A", "IovEnableOverride=false") ||
        !lab_wait_path(lab, 0, "synthetic", PATH_MS) ||
        !lab_expect_nic(lab, 0, 0, "ReasonCode", "ChipsetUntrusted",
                        PATH_MS)) {
        return;
    }
    lab_run_for(lab, 1000);
}

const Scenario scenario_untrusted_chipset = {
    .name = "untrusted-chipset",
    .promise = "a flawed chipset gives no VF until it is overridden, and "
               "none again after",
    .setup = { .machine_a = "ChipsetFlaw=true", .no_vf_at_first = true },
    .run = run,
};
