/*
 * `iovlab demo`: runs a scenario and leaves its report.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "demo.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "../host/host.h"
#include "../image.h"
#include "scenario.h"

enum { EXIT_KEPT = 0, EXIT_BROKEN = 1, EXIT_USAGE = 2 };

typedef struct DemoArgs {
    char *json;
    char *report_dir;
    char *scenario;
    gboolean list;
    ImageArgs image;
    int smp;
    int rate;
    gint64 seed;
    gboolean quiet;
} DemoArgs;

static int usage_error(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

static int usage_error(const char *fmt, ...)
{
    va_list ap;

    fputs("iovlab demo: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

static void list_scenarios(void)
{
    for (size_t i = 0; scenarios[i]; i++) {
        printf("%-16s %s%s\n", scenarios[i]->name, scenarios[i]->promise,
               i ? "" : " (default)");
    }
}

static const Scenario *find_scenario(const char *name)
{
    for (size_t i = 0; scenarios[i]; i++) {
        if (!name || g_str_equal(scenarios[i]->name, name)) {
            return scenarios[i];
        }
    }
    return NULL;
}

static bool write_file(const char *dir, const char *name, const char *text,
                       GError **error)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return g_file_set_contents(path, text, -1, error);
}

static bool write_report(const Report *report, const DemoArgs *args)
{
    g_autoptr(JsonNode) node = report_json(report);
    g_autofree char *json = json_to_string(node, TRUE);
    g_autofree char *svg = report_svg(report);
    g_autoptr(GError) error = NULL;
    bool ok = write_file(args->report_dir, "report.json", json, &error) &&
              write_file(args->report_dir, "timeline.svg", svg, &error);

    if (ok && args->json && g_str_equal(args->json, "-")) {
        puts(json);
    } else if (ok && args->json) {
        ok = g_file_set_contents(args->json, json, -1, &error);
    }
    if (!ok) {
        fprintf(stderr, "iovlab demo: %s\n", error->message);
    }
    return ok;
}

static bool run_scenario(const Scenario *scenario, const DemoArgs *args,
                         const Image *image)
{
    Report *report = report_new(scenario->name, scenario->promise);
    LabOptions options = {
        .kernel = image->kernel,
        .initrd = image->initrd,
        .report_dir = args->report_dir,
        .smp = args->smp,
        .rate = args->rate,
        .seed = args->seed,
        .quiet = args->quiet,
    };
    Lab *lab = lab_new(&options, report);
    bool kept;

    report->smp = args->smp;
    report->rate = args->rate;
    report->seed = args->seed;
    if (lab_start(lab, &scenario->setup)) {
        scenario->run(lab);
    }
    lab_finish(lab);
    lab_free(lab);
    kept = write_report(report, args) && report_passed(report);
    if (!args->quiet) {
        report_print(report, args->report_dir);
    }
    report_free(report);
    return kept;
}

static bool parse(DemoArgs *args, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "scenario", 0, 0, G_OPTION_ARG_STRING, &args->scenario,
          "Run scenario NAME (default: migrate)", "NAME" },
        { "list-scenarios", 0, 0, G_OPTION_ARG_NONE, &args->list,
          "List the scenarios with their promises", NULL },
        { "json", 0, 0, G_OPTION_ARG_FILENAME, &args->json,
          "Write the report as JSON to FILE, - for standard output", "FILE" },
        { "report", 0, 0, G_OPTION_ARG_FILENAME, &args->report_dir,
          "Leave report, timeline, captures and logs in DIR "
          "(default: report/SCENARIO)", "DIR" },
        { "kernel-package", 0, 0, G_OPTION_ARG_FILENAME,
          &args->image.package, "Boot the kernel of a Debian package",
          "FILE.deb" },
        { "kernel", 0, 0, G_OPTION_ARG_FILENAME, &args->image.kernel,
          "Boot this kernel; needs --modules", "FILE" },
        { "modules", 0, 0, G_OPTION_ARG_FILENAME, &args->image.modules,
          "Modules of --kernel: a directory with modules.dep or .ko files",
          "DIR" },
        { "smp", 0, 0, G_OPTION_ARG_INT, &args->smp,
          "Virtual processors of the guest, 1 to 8 (default: 2)", "N" },
        { "rate", 0, 0, G_OPTION_ARG_INT, &args->rate,
          "Frames a second in each direction (default: 1000)", "N" },
        { "seed", 0, 0, G_OPTION_ARG_INT64, &args->seed,
          "Seed of the TCP transfer's content (default: 1)", "N" },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &args->quiet,
          "No progress, no summary", NULL },
        { NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(context,
        "Runs a scenario on two simulated hosts and a stock guest kernel.\n"
        "The exit status is 0 only if the scenario's promise held.");
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

/* What an earlier run left would be taken for this one's. */
static void clear_report(const char *dir)
{
    static const char *const ours[] = { ".log", ".pcapng", "report.json",
                                        "timeline.svg" };
    g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
    const char *name;

    while (d && (name = g_dir_read_name(d))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
            if (g_str_has_suffix(name, ours[i])) {
                g_unlink(path);
                break;
            }
        }
    }
}

static int check(DemoArgs *args, int argc, char **argv,
                 const Scenario **scenario)
{
    g_autofree char *qemu = NULL;
    g_autofree char *why = NULL;

    if (argc > 1) {
        return usage_error("what is '%s'?  See iovlab demo --help", argv[1]);
    }
    *scenario = find_scenario(args->scenario);
    if (!*scenario) {
        return usage_error("no scenario '%s'; --list-scenarios lists them, and "
                           "docs/testing.md what is a guest test instead",
                           args->scenario);
    }
    if (args->smp < 1 || args->smp > 8) {
        return usage_error("--smp takes 1 to 8");
    }
    if (args->rate < 1 || args->rate > 20000) {
        return usage_error("--rate takes 1 to 20000 frames a second");
    }
    if (!args->image.kernel != !args->image.modules) {
        return usage_error("--kernel and --modules go together");
    }
    if (args->image.kernel && args->image.package) {
        return usage_error("give --kernel-package or --kernel, not both");
    }
    qemu = vm_find_qemu(&why);
    if (!qemu) {
        return usage_error("%s", why);
    }
    if (!args->report_dir) {
        args->report_dir = g_build_filename("report", (*scenario)->name, NULL);
    }
    if (g_mkdir_with_parents(args->report_dir, 0777) < 0) {
        return usage_error("cannot make the report folder %s: %s",
                           args->report_dir, g_strerror(errno));
    }
    clear_report(args->report_dir);
    return EXIT_KEPT;
}

int demo_main(int argc, char **argv)
{
    DemoArgs args = { .smp = 2, .rate = 1000, .seed = 1 };
    const Scenario *scenario = NULL;
    g_autoptr(GError) error = NULL;
    Image image = { 0 };
    int status;

    g_set_prgname("iovlab demo");
    /* Numbers in the report have a point, whatever the user's language. */
    setlocale(LC_NUMERIC, "C");

    if (!parse(&args, &argc, &argv, &error)) {
        return usage_error("%s; see iovlab demo --help", error->message);
    }
    if (args.list) {
        list_scenarios();
        return EXIT_KEPT;
    }
    status = check(&args, argc, argv, &scenario);
    if (status != EXIT_KEPT) {
        return status;
    }
    /* Standard output is the JSON's alone then. */
    args.quiet |= args.json && g_str_equal(args.json, "-");
    if (!args.quiet) {
        puts("            the guest's kernel and initramfs are made ready");
        fflush(stdout);
    }
    args.image.agent = true;
    if (!image_prepare(&args.image, &image, &error)) {
        return usage_error("%s", error->message);
    }
    status = run_scenario(scenario, &args, &image) ? EXIT_KEPT : EXIT_BROKEN;
    image_clear(&image);
    g_free(args.json);
    g_free(args.report_dir);
    g_free(args.scenario);
    image_args_clear(&args.image);
    return status;
}
