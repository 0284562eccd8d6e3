/*
 * The list of scenarios; the first is the default.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "scenario.h"

#define SCENARIOS(X) \
    X(migrate) X(no_sriov_target) X(no_free_vf) X(frozen_guest) X(cancel) \
    X(target_dies) X(save_restore) X(two_vms) X(storm) X(revoked_dma) \
    X(weight_toggle) X(queue_pairs) X(eight_nics) \
    X(untrusted_chipset) X(checkpoint) X(restart_adapter)

#define DECLARE(name) extern const Scenario scenario_##name;
SCENARIOS(DECLARE)

#define LIST(name) &scenario_##name,
const Scenario *const scenarios[] = { SCENARIOS(LIST) NULL };
