/*
 * DMA and an interrupt of a VF that come after it was taken away.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

static void run(Lab *lab)
{
    lab_run_for(lab, 1000);
    if (!lab_note_requests(lab, 0) || !lab_replay_allowed(lab, 0) ||
        !lab_detach(lab, 0) || !lab_replay_late(lab, 0)) {
        return;
    }
    lab_run_for(lab, 1000);
    if (lab_attach(lab, 0)) {
        lab_run_for(lab, 1000);
    }
}

const Scenario scenario_revoked_dma = {
    .name = "revoked-dma",
    .promise = "a late DMA and a late interrupt of a removed VF are blocked "
               "and recorded; no byte of the guest changes",
    .run = run,
};
