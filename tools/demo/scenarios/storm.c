/*
 * Attach and detach, again and again, under traffic.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../scenario.h"

enum { ROUNDS = 50 };

static void expect_no_leak(Lab *lab, JsonObject *before, JsonObject *after)
{
    static const char *const names[] = {
        "relids", "gpadls", "iommu_domains", "iommu_pages", "irtes",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        gint64 a = json_object_get_int_member_with_default(before, names[i],
                                                           -1);
        gint64 b = json_object_get_int_member_with_default(after, names[i],
                                                           -2);

        if (a != b) {
            report_fail(lab_report(lab), "%s: %" G_GINT64_FORMAT
                        " before the storm, %" G_GINT64_FORMAT " after",
                        names[i], a, b);
        }
    }
}

static void run(Lab *lab)
{
    g_autoptr(JsonObject) before = lab_resources(lab, 0);
    g_autoptr(JsonObject) after = NULL;

    for (int i = 0; i < ROUNDS; i++) {
        if (!lab_detach(lab, 0) || !lab_attach(lab, 0)) {
            report_fail(lab_report(lab), "round %d of %d did not end", i + 1,
                        ROUNDS);
            return;
        }
    }
    after = lab_resources(lab, 0);
    if (before && after) {
        expect_no_leak(lab, before, after);
    }
    report_note(lab_report(lab), "%d rounds of detach and attach", ROUNDS);
}

const Scenario scenario_storm = {
    .name = "storm",
    .promise = "50 detach/attach rounds under traffic: nothing lost, nothing "
               "leaked",
    .run = run,
};
