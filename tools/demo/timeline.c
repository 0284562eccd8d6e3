/*
 * The timeline: one SVG that shows where the VM was, which path carried its
 * traffic, how much, how fast, and every event.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report.h"

#include <math.h>

#define WIDTH 1180
#define LEFT 110
#define RIGHT 30
#define PLOT_W (WIDTH - LEFT - RIGHT)
#define BAND_H 26
#define RATE_H 170
#define RTT_H 110
#define ROW_H 18

static const char *style =
    "text{font:13px system-ui,'DejaVu Sans',sans-serif;fill:#222}"
    ".title{font-size:20px;font-weight:600}.sub{fill:#555}"
    ".axis{stroke:#bbb;stroke-width:1}.grid{stroke:#eee}"
    ".tick{font-size:11px;fill:#666}.label{font-weight:600}"
    ".in{fill:none;stroke:#1f5fbf;stroke-width:1.6}"
    ".out{fill:none;stroke:#d9730d;stroke-width:1.6}"
    ".rtt{fill:#7a3fb0}.ev{stroke:#999;stroke-dasharray:2 3}"
    ".no{font-size:10px;fill:#444}.ok{fill:#16794c}.bad{fill:#c0262d}"
    /* readable where an event's line runs through it */
    ".tick,.sub{paint-order:stroke;stroke:#fff;stroke-width:4px}";

typedef struct Plot {
    GString *s;
    const Report *r;
    double t0, t1;              /* ms shown */
} Plot;

static double x_of(const Plot *p, double t_ms)
{
    double t = CLAMP(t_ms, p->t0, p->t1);

    return LEFT + (t - p->t0) / (p->t1 - p->t0) * PLOT_W;
}

static void text(Plot *p, double x, double y, const char *cls,
                 const char *anchor, const char *fmt, ...) G_GNUC_PRINTF(6, 7);

static void text(Plot *p, double x, double y, const char *cls,
                 const char *anchor, const char *fmt, ...)
{
    va_list ap;
    g_autofree char *plain = NULL;
    g_autofree char *escaped = NULL;

    va_start(ap, fmt);
    plain = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    escaped = g_markup_escape_text(plain, -1);
    g_string_append_printf(p->s, "<text x='%.1f' y='%.1f' class='%s' "
                           "text-anchor='%s'>%s</text>\n", x, y, cls, anchor,
                           escaped);
}

static void line(Plot *p, double x1, double y1, double x2, double y2,
                 const char *cls)
{
    g_string_append_printf(p->s, "<line x1='%.1f' y1='%.1f' x2='%.1f' "
                           "y2='%.1f' class='%s'/>\n", x1, y1, x2, y2, cls);
}

static const char *span_colour(const char *what)
{
    if (g_str_equal(what, "vf")) {
        return "#bfe3c8";
    }
    if (g_str_equal(what, "synthetic")) {
        return "#cfdcf3";
    }
    if (g_str_equal(what, "stopped")) {
        return "#f3c9c9";
    }
    return g_str_equal(what, "B") ? "#f3e3bf" : "#e4e4e4";
}

static const char *span_text(const char *what)
{
    if (g_str_equal(what, "vf")) {
        return "VF";
    }
    if (g_str_equal(what, "A")) {
        return "host A";
    }
    return g_str_equal(what, "B") ? "host B" : what;
}

static void band(Plot *p, double y, const char *label, const GPtrArray *spans)
{
    text(p, LEFT - 10, y + 18, "label", "end", "%s", label);
    for (guint i = 0; i < spans->len; i++) {
        const ReportSpan *s = spans->pdata[i];
        double x1 = x_of(p, s->t_ms);
        double x2 = i + 1 < spans->len
                    ? x_of(p, ((ReportSpan *)spans->pdata[i + 1])->t_ms)
                    : x_of(p, p->t1);

        g_string_append_printf(p->s, "<rect x='%.1f' y='%.1f' width='%.1f' "
                               "height='%d' fill='%s' stroke='#fff'/>\n", x1,
                               y, MAX(x2 - x1, 1), BAND_H,
                               span_colour(s->what));
        if (x2 - x1 > 60) {
            text(p, (x1 + x2) / 2, y + 18, "t", "middle", "%s",
                 span_text(s->what));
        }
    }
}

static double nice_step(double range, int ticks)
{
    double raw = range / ticks;
    double mag = pow(10, floor(log10(raw)));
    double norm = raw / mag;

    return (norm <= 1 ? 1 : norm <= 2 ? 2 : norm <= 5 ? 5 : 10) * mag;
}

static void y_axis(Plot *p, double y, double h, double max, const char *label,
                   const char *unit)
{
    double step = nice_step(max, 4);

    text(p, LEFT - 10, y - 8, "label", "end", "%s", label);
    text(p, LEFT, y - 8, "tick", "start", "%s", unit);
    for (double v = 0; v <= max + step / 100; v += step) {
        double yy = y + h - v / max * h;

        line(p, LEFT, yy, LEFT + PLOT_W, yy, "grid");
        text(p, LEFT - 8, yy + 4, "tick", "end", "%g", v);
    }
    line(p, LEFT, y, LEFT, y + h, "axis");
    line(p, LEFT, y + h, LEFT + PLOT_W, y + h, "axis");
}

static void curve(Plot *p, double y, double h, double max, const char *cls,
                  bool to_guest)
{
    const GArray *samples = p->r->samples;

    g_string_append_printf(p->s, "<polyline class='%s' points='", cls);
    for (guint i = 0; i < samples->len; i++) {
        const ReportSample *v = &g_array_index(samples, ReportSample, i);
        double rate = to_guest ? v->to_guest : v->from_guest;

        if (v->t_ms >= p->t0 && v->t_ms <= p->t1) {
            g_string_append_printf(p->s, "%.1f,%.1f ", x_of(p, v->t_ms),
                                   y + h - MIN(rate, max) / max * h);
        }
    }
    g_string_append(p->s, "'/>\n");
}

static void rates(Plot *p, double y)
{
    double max = 1;

    for (guint i = 0; i < p->r->samples->len; i++) {
        const ReportSample *v = &g_array_index(p->r->samples, ReportSample, i);

        max = MAX(max, MAX(v->to_guest, v->from_guest));
    }
    max = nice_step(max * 1.05, 4) * ceil(max * 1.05 / nice_step(max * 1.05, 4));
    y_axis(p, y, RATE_H, max, "frames/s",
           "as the peer sends (blue) and receives (orange)");
    curve(p, y, RATE_H, max, "in", true);
    curve(p, y, RATE_H, max, "out", false);
}

static void round_trips(Plot *p, double y)
{
    double max = 1;

    for (guint i = 0; i < p->r->samples->len; i++) {
        const ReportSample *v = &g_array_index(p->r->samples, ReportSample, i);

        max = MAX(max, v->rtt_ms);
    }
    y_axis(p, y, RTT_H, max, "round trip", "ms, ping to the guest's kernel");
    for (guint i = 0; i < p->r->samples->len; i++) {
        const ReportSample *v = &g_array_index(p->r->samples, ReportSample, i);

        if (v->rtt_ms >= 0 && v->t_ms >= p->t0 && v->t_ms <= p->t1) {
            g_string_append_printf(p->s, "<circle class='rtt' cx='%.1f' "
                                   "cy='%.1f' r='1.8'/>\n", x_of(p, v->t_ms),
                                   y + RTT_H - v->rtt_ms / max * RTT_H);
        }
    }
}

static void time_axis(Plot *p, double y)
{
    double step = nice_step(p->t1 - p->t0, 12);

    for (double t = ceil(p->t0 / step) * step; t <= p->t1; t += step) {
        line(p, x_of(p, t), y, x_of(p, t), y + 5, "axis");
        text(p, x_of(p, t), y + 18, "tick", "middle", "%g s", t / 1000);
    }
}

/*
 * Numbered lines through the picture.  Events that are closer together than
 * their numbers are wide share one label.
 */
static void event_lines(Plot *p, double top, double bottom)
{
    const GPtrArray *events = p->r->events;
    double last_label = -100;
    int row = 0;

    for (guint first = 0, end; first < events->len; first = end) {
        double x = x_of(p, ((ReportEvent *)events->pdata[first])->t_ms);

        line(p, x, top, x, bottom, "ev");
        for (end = first + 1; end < events->len; end++) {
            double next = x_of(p, ((ReportEvent *)events->pdata[end])->t_ms);

            if (next - x > 14) {
                break;
            }
            line(p, next, top, next, bottom, "ev");
        }
        row = x - last_label < 30 ? (row + 1) % 3 : 0;
        last_label = x;
        if (end - first == 1) {
            text(p, x, top - 4 - row * 11, "no", "middle", "%u", end);
        } else {
            text(p, x, top - 4 - row * 11, "no", "middle", "%u-%u", first + 1,
                 end);
        }
    }
}

static void event_list(Plot *p, double y)
{
    guint n = p->r->events->len;
    guint rows = (n + 1) / 2;

    text(p, LEFT, y, "label", "start", "Events");
    for (guint i = 0; i < n; i++) {
        const ReportEvent *e = p->r->events->pdata[i];
        double x = LEFT + i / rows * (PLOT_W / 2.0);
        double yy = y + (i % rows + 1) * ROW_H;

        text(p, x + 18, yy, "tick", "end", "%u", i + 1);
        text(p, x + 78, yy, "tick", "end", "%.0f ms", e->t_ms);
        text(p, x + 90, yy, "t", "start", "%s", e->host);
        text(p, x + 134, yy, "t", "start", "%.62s", e->event);
    }
}

static void verdict(Plot *p)
{
    const Report *r = p->r;
    g_autoptr(GString) sums = g_string_new(NULL);
    bool ok = report_passed(r);

    for (guint i = 0; i < r->streams->len; i++) {
        const ReportStream *s = r->streams->pdata[i];

        g_string_append_printf(sums, "%s: %" G_GUINT64_FORMAT " sent, %"
                               G_GUINT64_FORMAT " lost, %" G_GUINT64_FORMAT
                               " doubled.  ", s->name, s->sent, s->lost,
                               s->duplicated);
    }
    if (r->migration_total_ms >= 0) {
        g_string_append_printf(sums, "Guest stopped for %.0f ms.",
                               r->migration_downtime_ms);
    }
    text(p, 20, 32, "title", "start", "iovlab %s", r->scenario);
    text(p, WIDTH - RIGHT, 32, ok ? "title ok" : "title bad", "end", "%s",
         ok ? "promise held" : "promise NOT held");
    text(p, 20, 54, "sub", "start", "%s", r->promise);
    text(p, 20, 74, "t", "start", "%s", sums->str);
}

/* For who sees such a picture for the first time. */
static void legend(Plot *p, double y)
{
    static const struct { const char *what, *text; double x; } entries[] = {
        { "vf", "VF: the guest drives its share of the host's network card "
          "itself", LEFT },
        { "synthetic", "synthetic: through the host's software switch",
          LEFT + 410 },
        { "stopped", "the guest stands still", LEFT + 710 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(entries); i++) {
        g_string_append_printf(p->s, "<rect x='%.1f' y='%.1f' width='10' "
                               "height='10' fill='%s'/>\n", entries[i].x,
                               y - 9, span_colour(entries[i].what));
        text(p, entries[i].x + 15, y, "tick", "start", "%s", entries[i].text);
    }
}

char *report_svg(const Report *r)
{
    double y_place = 128, y_path = y_place + BAND_H + 4;
    double y_rate = y_path + BAND_H + 54, y_rtt = y_rate + RATE_H + 40;
    double y_axis_t = y_rtt + RTT_H, y_events = y_axis_t + 50;
    guint rows = (r->events->len + 1) / 2;
    double height = y_events + (rows + 1) * ROW_H + 20;
    Plot p = { .s = g_string_new(NULL), .r = r, .t0 = 0,
               .t1 = MAX(r->duration_ms, 1) };

    g_string_append_printf(p.s, "<svg xmlns='http://www.w3.org/2000/svg' "
                           "width='%d' height='%.0f' viewBox='0 0 %d %.0f'>\n"
                           "<title>iovlab %s</title><style>%s</style>\n"
                           "<rect width='100%%' height='100%%' fill='#fff'/>\n",
                           WIDTH, height, WIDTH, height, r->scenario, style);
    verdict(&p);
    band(&p, y_place, "VM runs on", r->place);
    band(&p, y_path, "data path", r->path);
    event_lines(&p, y_place - 6, y_axis_t);
    legend(&p, y_path + BAND_H + 16);
    rates(&p, y_rate);
    round_trips(&p, y_rtt);
    time_axis(&p, y_axis_t);
    event_list(&p, y_events);
    g_string_append(p.s, "</svg>\n");
    return g_string_free(p.s, FALSE);
}
