/*
 * The report as data, as JSON and as a summary: see report.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>

static void stream_free(gpointer p)
{
    ReportStream *s = p;

    g_free(s->name);
    g_free(s);
}

static void event_free(gpointer p)
{
    ReportEvent *e = p;

    g_free(e->host);
    g_free(e->event);
    g_free(e);
}

static void span_free(gpointer p)
{
    ReportSpan *s = p;

    g_free(s->what);
    g_free(s);
}

Report *report_new(const char *scenario, const char *promise)
{
    Report *r = g_new0(Report, 1);

    r->scenario = g_strdup(scenario);
    r->promise = g_strdup(promise);
    r->failures = g_ptr_array_new_with_free_func(g_free);
    r->notes = g_ptr_array_new_with_free_func(g_free);
    r->streams = g_ptr_array_new_with_free_func(stream_free);
    r->events = g_ptr_array_new_with_free_func(event_free);
    r->path = g_ptr_array_new_with_free_func(span_free);
    r->place = g_ptr_array_new_with_free_func(span_free);
    r->samples = g_array_new(FALSE, FALSE, sizeof(ReportSample));
    r->migration_total_ms = r->migration_downtime_ms = -1;
    r->counters = json_object_new();
    return r;
}

void report_free(Report *r)
{
    if (!r) {
        return;
    }
    g_ptr_array_unref(r->failures);
    g_ptr_array_unref(r->notes);
    g_ptr_array_unref(r->streams);
    g_ptr_array_unref(r->events);
    g_ptr_array_unref(r->path);
    g_ptr_array_unref(r->place);
    g_array_unref(r->samples);
    json_object_unref(r->counters);
    g_free(r->scenario);
    g_free(r->promise);
    g_free(r->kernel);
    g_free(r->vf_before);
    g_free(r->vf_after);
    g_free(r);
}

void report_fail(Report *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_ptr_array_add(r->failures, g_strdup_vprintf(fmt, ap));
    va_end(ap);
}

void report_note(Report *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_ptr_array_add(r->notes, g_strdup_vprintf(fmt, ap));
    va_end(ap);
}

void report_event(Report *r, double t_ms, const char *host, const char *event)
{
    ReportEvent *e = g_new0(ReportEvent, 1);
    guint at = r->events->len;

    *e = (ReportEvent) { t_ms, g_strdup(host), g_strdup(event) };
    while (at && ((ReportEvent *)r->events->pdata[at - 1])->t_ms > t_ms) {
        at--;
    }
    g_ptr_array_insert(r->events, at, e);
}

void report_span(GPtrArray *spans, double t_ms, const char *what)
{
    ReportSpan *last = spans->len ? spans->pdata[spans->len - 1] : NULL;
    ReportSpan *s;

    if (last && g_strcmp0(last->what, what) == 0) {
        return;
    }
    s = g_new0(ReportSpan, 1);
    *s = (ReportSpan) { t_ms, g_strdup(what) };
    g_ptr_array_add(spans, s);
}

bool report_passed(const Report *r)
{
    return r->failures->len == 0;
}

static double round_ms(double ms)
{
    return (long long)(ms * 1000 + (ms < 0 ? -0.5 : 0.5)) / 1000.0;
}

static JsonArray *strings_json(const GPtrArray *strings)
{
    JsonArray *a = json_array_new();

    for (guint i = 0; i < strings->len; i++) {
        json_array_add_string_element(a, strings->pdata[i]);
    }
    return a;
}

static JsonArray *streams_json(const Report *r)
{
    JsonArray *a = json_array_new();

    for (guint i = 0; i < r->streams->len; i++) {
        const ReportStream *s = r->streams->pdata[i];
        JsonObject *o = json_object_new();

        json_object_set_string_member(o, "name", s->name);
        json_object_set_int_member(o, "sent", s->sent);
        json_object_set_int_member(o, "received", s->received);
        json_object_set_int_member(o, "lost", s->lost);
        json_object_set_int_member(o, "duplicated", s->duplicated);
        json_object_set_int_member(o, "reordered", s->reordered);
        json_object_set_double_member(o, "longest_gap_ms",
                                      round_ms(s->longest_gap_ms));
        json_array_add_object_element(a, o);
    }
    return a;
}

static JsonArray *events_json(const Report *r)
{
    JsonArray *a = json_array_new();

    for (guint i = 0; i < r->events->len; i++) {
        const ReportEvent *e = r->events->pdata[i];
        JsonObject *o = json_object_new();

        json_object_set_double_member(o, "t_ms", round_ms(e->t_ms));
        json_object_set_string_member(o, "host", e->host);
        json_object_set_string_member(o, "event", e->event);
        json_array_add_object_element(a, o);
    }
    return a;
}

static JsonArray *spans_json(const GPtrArray *spans, const char *name)
{
    JsonArray *a = json_array_new();

    for (guint i = 0; i < spans->len; i++) {
        const ReportSpan *s = spans->pdata[i];
        JsonObject *o = json_object_new();

        json_object_set_double_member(o, "t_ms", round_ms(s->t_ms));
        json_object_set_string_member(o, name, s->what);
        json_array_add_object_element(a, o);
    }
    return a;
}

static void set_text_or_null(JsonObject *o, const char *name, const char *text)
{
    if (text) {
        json_object_set_string_member(o, name, text);
    } else {
        json_object_set_null_member(o, name);
    }
}

JsonNode *report_json(const Report *r)
{
    JsonObject *o = json_object_new();
    JsonObject *guest = json_object_new();
    JsonObject *tcp = json_object_new();
    JsonObject *vf = json_object_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    json_object_set_string_member(o, "result",
                                  report_passed(r) ? "pass" : "fail");
    json_object_set_string_member(o, "scenario", r->scenario);
    json_object_set_string_member(o, "promise", r->promise);
    json_object_set_array_member(o, "failures", strings_json(r->failures));
    json_object_set_array_member(o, "notes", strings_json(r->notes));
    set_text_or_null(guest, "kernel", r->kernel);
    json_object_set_int_member(guest, "smp", r->smp);
    json_object_set_object_member(o, "guest", guest);
    json_object_set_int_member(o, "rate", r->rate);
    json_object_set_int_member(o, "seed", r->seed);
    json_object_set_double_member(o, "duration_ms", round_ms(r->duration_ms));
    json_object_set_array_member(o, "streams", streams_json(r));
    json_object_set_int_member(tcp, "bytes", r->tcp_bytes);
    json_object_set_boolean_member(tcp, "intact", r->tcp_intact);
    json_object_set_object_member(o, "tcp", tcp);
    if (r->migration_total_ms >= 0) {
        JsonObject *m = json_object_new();

        json_object_set_double_member(m, "total_ms",
                                      round_ms(r->migration_total_ms));
        json_object_set_double_member(m, "downtime_ms",
                                      round_ms(r->migration_downtime_ms));
        json_object_set_object_member(o, "migration", m);
    } else {
        json_object_set_null_member(o, "migration");
    }
    json_object_set_array_member(o, "events", events_json(r));
    set_text_or_null(vf, "before", r->vf_before);
    set_text_or_null(vf, "after", r->vf_after);
    json_object_set_object_member(o, "vf", vf);
    json_object_set_array_member(o, "path", spans_json(r->path, "path"));
    json_object_set_array_member(o, "place", spans_json(r->place, "host"));
    json_object_set_object_member(o, "counters",
                                  json_object_ref(r->counters));
    json_node_take_object(node, o);
    return node;
}

static void print_streams(const Report *r)
{
    printf("  %-16s %9s %9s %6s %8s %9s %12s\n", "stream", "sent", "received",
           "lost", "doubled", "reordered", "longest gap");
    for (guint i = 0; i < r->streams->len; i++) {
        const ReportStream *s = r->streams->pdata[i];

        printf("  %-16s %9" G_GUINT64_FORMAT " %9" G_GUINT64_FORMAT
               " %6" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT
               " %9" G_GUINT64_FORMAT " %9.1f ms\n", s->name, s->sent,
               s->received, s->lost, s->duplicated, s->reordered,
               s->longest_gap_ms);
        if (s->first_lost != s->end_lost) {
            printf("    first frames lost: %" G_GUINT64_FORMAT " to %"
                   G_GUINT64_FORMAT "\n", s->first_lost, s->end_lost - 1);
        }
    }
}

void report_print(const Report *r, const char *dir)
{
    printf("\n%s: %s\n", r->scenario, r->promise);
    printf("  guest kernel %s, %u VCPU%s, %.1f s of traffic\n\n",
           r->kernel ? r->kernel : "unknown", r->smp, r->smp == 1 ? "" : "s",
           r->duration_ms / 1000);
    print_streams(r);
    if (r->tcp_used) {
        printf("\n  TCP: %.1f MB, content %s\n", r->tcp_bytes / 1e6,
               r->tcp_intact ? "intact" : "DAMAGED");
    }
    if (r->migration_total_ms >= 0) {
        printf("  migration: %.0f ms in all, guest stopped for %.0f ms\n",
               r->migration_total_ms, r->migration_downtime_ms);
    }
    printf("  VF before: %s; after: %s\n", r->vf_before ? r->vf_before : "none",
           r->vf_after ? r->vf_after : "none");
    for (guint i = 0; i < r->notes->len; i++) {
        printf("  %s\n", (char *)r->notes->pdata[i]);
    }
    if (dir) {
        printf("\n  report: %s/report.json, timeline: %s/timeline.svg\n", dir,
               dir);
    }
    for (guint i = 0; i < r->failures->len; i++) {
        printf("  NOT KEPT: %s\n", (char *)r->failures->pdata[i]);
    }
    printf("\n%s\n", report_passed(r) ? "PASS: the promise held"
                                      : "FAIL: the promise did not hold");
}
