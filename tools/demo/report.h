/*
 * What a scenario leaves behind: report.json, timeline.svg and a summary.
 *
 * Times are milliseconds since the scenario's traffic began, on the clock that
 * both hosts, the peer and the runner share (CLOCK_MONOTONIC).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DEMO_REPORT_H
#define DEMO_REPORT_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ReportStream {
    char *name;
    uint64_t sent, received, lost, duplicated, reordered;
    double longest_gap_ms;
    uint64_t first_lost, end_lost;      /* equal: none */
} ReportStream;

typedef struct ReportEvent {
    double t_ms;
    char *host;                 /* "A", "B", "guest", "peer", "demo" */
    char *event;
} ReportEvent;

typedef struct ReportSpan {
    double t_ms;                /* holds from here on */
    char *what;                 /* path: "synthetic", "vf"; place: host */
} ReportSpan;

typedef struct ReportSample {
    double t_ms;
    double to_guest, from_guest;        /* frames a second */
    double rtt_ms;                      /* negative: none came back */
} ReportSample;

typedef struct Report {
    char *scenario;
    char *promise;
    char *kernel;
    unsigned smp;
    unsigned rate;
    uint64_t seed;
    double duration_ms;
    GPtrArray *failures;        /* char *, empty: the promise held */
    GPtrArray *notes;           /* char *, facts worth a line */
    GPtrArray *streams;         /* ReportStream */
    GPtrArray *events;          /* ReportEvent, by time */
    GPtrArray *path;            /* ReportSpan */
    GPtrArray *place;           /* ReportSpan */
    GArray *samples;            /* ReportSample */
    uint64_t tcp_bytes;
    bool tcp_used, tcp_intact;
    double migration_total_ms, migration_downtime_ms;   /* < 0: none */
    char *vf_before, *vf_after; /* NULL: none */
    JsonObject *counters;
} Report;

Report *report_new(const char *scenario, const char *promise);
void report_free(Report *r);

void report_fail(Report *r, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void report_note(Report *r, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* Events of two hosts may arrive out of order; they are kept by time. */
void report_event(Report *r, double t_ms, const char *host,
                  const char *event);
/* Appends a span unless it repeats the last one. */
void report_span(GPtrArray *spans, double t_ms, const char *what);
bool report_passed(const Report *r);

/* The document that --json writes; caller unrefs. */
JsonNode *report_json(const Report *r);
/* The timeline, one self-contained SVG document; caller frees. */
char *report_svg(const Report *r);
/* A summary for a terminal of 80 columns, to standard output. */
void report_print(const Report *r, const char *dir);

#endif
