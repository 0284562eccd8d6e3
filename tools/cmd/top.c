/*
 * iovlab top: every VM's network adapters, once a second.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmd/cmd.h"

#include "base/jsonline.h"
#include "base/rundir.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { INTERVAL_MS = 1000, COLUMNS = 80, ROWS = 24 };
#define CLEAR "\033[H\033[2J"
#define BOLD "\033[7m"
#define PLAIN "\033[0m"

/* Frames counted at the last look. */
typedef struct Count {
    int64_t to, from;
    int64_t at_us;
} Count;

typedef struct Top {
    char **only;            /* hosts; NULL: all */
    GHashTable *counts;     /* "host/vm.n" to Count */
    unsigned columns, rows;
    bool live;
} Top;

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
    ended = 1;
}

static void measure_screen(Top *top)
{
    struct winsize size;

    top->columns = COLUMNS;
    top->rows = ROWS;
    if (top->live && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_col >= 40 && size.ws_row >= 4) {
        top->columns = size.ws_col;
        top->rows = size.ws_row;
    }
}

/* --- what is there ------------------------------------------------------- */

typedef struct Line {
    char *host;
    JsonObject *nic;
    double to, from;        /* frames a second; below 0: not known yet */
} Line;

static void line_free(gpointer opaque)
{
    Line *line = opaque;

    g_free(line->host);
    json_object_unref(line->nic);
    g_free(line);
}

static void rates(Top *top, Line *line)
{
    g_autofree char *key = g_strconcat(line->host, "/",
                                       json_str(line->nic, "Name", ""), NULL);
    JsonObject *frames = json_obj(line->nic, "Frames");
    Count *count = g_hash_table_lookup(top->counts, key);
    Count now = {
        .to = json_int(frames, "SyntheticSent", 0) +
            json_int(frames, "VfSent", 0),
        .from = json_int(frames, "SyntheticReceived", 0) +
            json_int(frames, "VfReceived", 0),
        .at_us = g_get_monotonic_time(),
    };

    line->to = line->from = -1;
    if (count && now.at_us > count->at_us) {
        double seconds = (now.at_us - count->at_us) / 1e6;

        line->to = MAX(now.to - count->to, 0) / seconds;
        line->from = MAX(now.from - count->from, 0) / seconds;
    }
    if (!count) {
        count = g_new0(Count, 1);
        g_hash_table_insert(top->counts, g_steal_pointer(&key), count);
    }
    *count = now;
}

/* @hosts_up: how many answered. */
static GPtrArray *look(Top *top, unsigned *hosts_up)
{
    g_auto(GStrv) all = rundir_hosts();
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);

    *hosts_up = 0;
    for (char **h = top->only ? top->only : all; *h; h++) {
        IovClient *client = iov_client_host(*h, NULL);
        g_autoptr(JsonNode) node = client ?
            iov_client_call(client, "show", iov_args("s:object", "nic", NULL),
                            NULL) : NULL;
        JsonArray *nics = node ? json_arr(json_node_get_object(node), "nic") :
            NULL;

        iov_client_free(client);
        *hosts_up += nics != NULL;
        for (guint i = 0; nics && i < json_array_get_length(nics); i++) {
            Line *line = g_new0(Line, 1);

            line->host = g_strdup(*h);
            line->nic = json_object_ref(json_array_get_object_element(nics,
                                                                      i));
            rates(top, line);
            g_ptr_array_add(lines, line);
        }
    }
    return lines;
}

/* --- the picture --------------------------------------------------------- */

/* At most as long as the screen is wide. */
static void put(const Top *top, const char *before, const char *text)
{
    g_autofree char *cut = g_utf8_strlen(text, -1) > (glong)top->columns ?
        g_utf8_substring(text, 0, top->columns) : g_strdup(text);

    printf("%s%s%s\n", before, cut, *before ? PLAIN : "");
}

static char *rate_text(double rate)
{
    return rate < 0 ? g_strdup("-") : g_strdup_printf("%.0f", rate);
}

/* All of it if there is room, else the first code and how many more. */
static char *status_text(const Top *top, JsonObject *nic)
{
    const char *text = json_str(nic, "StatusDescription", "");
    const char *code = json_str(nic, "ReasonCode", "");
    JsonArray *reasons = json_arr(nic, "StatusReasons");
    unsigned count = reasons ? json_array_get_length(reasons) : 0;

    if (top->columns < COLUMNS + (unsigned)strlen(text) && *code &&
        !g_str_equal(json_str(nic, "Status", "OK"), "OK")) {
        return count > 1 ? g_strdup_printf("%s +%u", code, count - 1) :
            g_strdup(code);
    }
    return g_strdup(text);
}

static void put_line(const Top *top, const Line *line)
{
    g_autofree char *name = cmd_shorten(json_str(line->nic, "Name", ""), 14);
    g_autofree char *host = cmd_shorten(line->host, 8);
    g_autofree char *status = status_text(top, line->nic);
    g_autofree char *to = rate_text(line->to);
    g_autofree char *from = rate_text(line->from);
    const char *vf = json_str(line->nic, "VirtualFunction", "");
    g_autofree char *text =
        g_strdup_printf("%-14s %-8s %-9s %7s %7s %-5s %s", name, host,
                        json_str(line->nic, "Path", ""), to, from,
                        *vf ? vf : "-", status);

    put(top, "", text);
}

static void draw(Top *top, GPtrArray *lines, unsigned hosts)
{
    g_autofree char *head =
        g_strdup_printf("iovlab top: %u host%s, %u network adapter%s%s",
                        hosts, hosts == 1 ? "" : "s", lines->len,
                        lines->len == 1 ? "" : "s",
                        top->live ? "   (q ends)" : "");
    unsigned room;

    measure_screen(top);
    room = top->live && top->rows > 3 ? top->rows - 3 : lines->len;
    if (lines->len > room) {
        room--;
    }
    printf("%s", top->live ? CLEAR : "");
    put(top, "", head);
    put(top, top->live ? BOLD : "", "Adapter        Host     Path       "
        " to/s  from/s VF    Status");
    for (guint i = 0; i < lines->len && i < room; i++) {
        put_line(top, lines->pdata[i]);
    }
    if (lines->len > room) {
        g_autofree char *more = g_strdup_printf("... and %u more: `iovlab top "
                                                "HOST`, or a taller terminal",
                                                lines->len - room);

        put(top, "", more);
    }
    fflush(stdout);
}

/* Waits for the next look; true: it is to end. */
static bool wait_key(const Top *top)
{
    struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
    char key;

    if (!top->live || !isatty(STDIN_FILENO)) {
        g_usleep(INTERVAL_MS * 1000);
        return ended;
    }
    return (poll(&fd, 1, INTERVAL_MS) > 0 &&
            (read(STDIN_FILENO, &key, 1) < 1 || key == 'q')) || ended;
}

static void watch(Top *top)
{
    struct termios saved, raw;
    bool keys = top->live && isatty(STDIN_FILENO) &&
        tcgetattr(STDIN_FILENO, &saved) == 0;
    struct sigaction action = { .sa_handler = on_signal };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (keys) {
        raw = saved;
        raw.c_lflag &= ~(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    do {
        unsigned hosts;
        g_autoptr(GPtrArray) lines = look(top, &hosts);

        draw(top, lines, hosts);
    } while (!wait_key(top));
    if (keys) {
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    }
}

int cmd_top(int argc, char **argv)
{
    g_auto(GStrv) args = cmd_parse(cmd_current(), NULL, argc, argv, 0, -1);
    Top top = { .only = args[0] ? args : NULL,
                .live = isatty(STDOUT_FILENO) };
    g_autoptr(GPtrArray) lines = NULL;
    unsigned hosts;

    for (char **h = args; *h; h++) {
        iov_client_free(cmd_host(*h));
    }
    top.counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                       g_free);
    lines = look(&top, &hosts);
    if (!hosts) {
        cmd_fail(EXIT_USAGE, "no host runs: start one with `iovlab host start "
                 "NAME`");
    }
    measure_screen(&top);
    if (top.live) {
        watch(&top);
    } else {
        /* Two looks make the rates of one picture. */
        g_usleep(INTERVAL_MS * 1000);
        g_ptr_array_unref(lines);
        lines = look(&top, &hosts);
        draw(&top, lines, hosts);
    }
    g_hash_table_unref(top.counts);
    return EXIT_DONE;
}
