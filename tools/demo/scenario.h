/*
 * A scenario: a short file of its own with a promise that can fail.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DEMO_SCENARIO_H
#define DEMO_SCENARIO_H

#include "lab.h"

typedef struct Scenario {
    const char *name;
    const char *promise;        /* one line, for a person */
    LabSetup setup;
    /*
     * The story, with the VMs of @setup on their VFs and traffic running.
     * Loss, doubles, content and the guest's log are checked by the caller.
     */
    void (*run)(Lab *lab);
} Scenario;

/* All scenarios, the default first, ended by NULL. */
extern const Scenario *const scenarios[];

#endif
