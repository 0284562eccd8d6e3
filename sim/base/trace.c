/*
 * The native end of trace events: IOVLAB_TRACE="vmbus_*,ixgbe_reg_*" prints
 * the events whose names match.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab-trace.h"

#include <glib.h>
#include <stdarg.h>
#include <stdio.h>

enum { TRACE_UNKNOWN = 0, TRACE_ON = 1, TRACE_OFF = -1 };

bool sim_trace_enabled(int *state, const char *name)
{
    if (*state == TRACE_UNKNOWN) {
        const char *patterns = g_getenv("IOVLAB_TRACE");
        g_auto(GStrv) list = g_strsplit(patterns ? patterns : "", ",", -1);

        *state = TRACE_OFF;
        for (char **p = list; *p; p++) {
            if (g_pattern_match_simple(*p, name)) {
                *state = TRACE_ON;
            }
        }
    }
    return *state == TRACE_ON;
}

void sim_trace_print(const char *fmt, ...)
{
    va_list ap;
    g_autofree char *text = NULL;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    fprintf(stderr, "%.6f %s\n", g_get_monotonic_time() / 1e6, text);
}
