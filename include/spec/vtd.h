/*
 * Intel VT-d: all of the architecture that the model knows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SPEC_VTD_H
#define SPEC_VTD_H

#include "spec/vtd_faults.h"
#include "spec/vtd_interrupt.h"
#include "spec/vtd_invalidation.h"
#include "spec/vtd_regs.h"
#include "spec/vtd_tables.h"

#endif
