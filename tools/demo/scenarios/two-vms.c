/*
 * Two VMs of one host talk through the adapter's embedded switch.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

/* ARP and the like may cross the wire; thousands of frames may not. */
enum { WIRE_ALLOWANCE = 60 };

static void run(Lab *lab)
{
    uint64_t before = lab_wire_frames(lab, LAB_A);
    uint64_t wire;

    lab_run_for(lab, 4000);
    wire = lab_wire_frames(lab, LAB_A) - before;
    report_note(lab_report(lab), "frames on A's wire meanwhile: %"
                G_GUINT64_FORMAT, wire);
    if (wire > WIRE_ALLOWANCE) {
        report_fail(lab_report(lab), "traffic between the VMs showed on the "
                    "wire: %" G_GUINT64_FORMAT " frames", wire);
    }
    lab_expect(lab, 0, LAB_A, "vf");
    lab_expect(lab, 1, LAB_A, "vf");
}

const Scenario scenario_two_vms = {
    .name = "two-vms",
    .promise = "two VMs on VFs of A: their traffic stays in the embedded "
               "switch and never shows on the wire",
    .setup = { .vms = 2, .between_vms = true },
    .run = run,
};
