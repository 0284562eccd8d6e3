/*
 * iovlab run: a VM on a host, with the console in this terminal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmd/cmd.h"

#include "base/jsonline.h"
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct RunArgs {
    char *host, *name;
    char *kernel, *initrd, *modules, *package, *append, *disk;
    char **macs;
    int memory, smp, nics, weight;
    gboolean detach;
    char **extra;               /* QEMU's options, not owned */
} RunArgs;

static void run_args_clear(RunArgs *a)
{
    g_free(a->host);
    g_free(a->name);
    g_free(a->kernel);
    g_free(a->initrd);
    g_free(a->modules);
    g_free(a->package);
    g_free(a->append);
    g_free(a->disk);
    g_strfreev(a->macs);
}

static void parse(RunArgs *a, int argc, char **argv)
{
    const GOptionEntry entries[] = {
        { "host", 'H', 0, G_OPTION_ARG_STRING, &a->host, "host to run on",
          "NAME" },
        { "name", 'n', 0, G_OPTION_ARG_STRING, &a->name, "name of the VM",
          "VM" },
        { "kernel", 'k', 0, G_OPTION_ARG_FILENAME, &a->kernel,
          "kernel (with none of --kernel, --kernel-package, --disk: Debian's)",
          "FILE" },
        { "initrd", 'i', 0, G_OPTION_ARG_FILENAME, &a->initrd,
          "initial RAM disk of --kernel", "FILE" },
        { "modules", 0, 0, G_OPTION_ARG_FILENAME, &a->modules,
          "make an initial RAM disk with the drivers of --kernel from here",
          "DIR" },
        { "kernel-package", 0, 0, G_OPTION_ARG_FILENAME, &a->package,
          "kernel and drivers of a Debian package", "FILE.deb" },
        { "append", 'a', 0, G_OPTION_ARG_STRING, &a->append,
          "kernel command line (default console=ttyS0)", "TEXT" },
        { "disk", 'd', 0, G_OPTION_ARG_FILENAME, &a->disk, "disk image",
          "FILE" },
        { "memory", 'm', 0, G_OPTION_ARG_INT, &a->memory,
          "MiB of memory (default 512)", "N" },
        { "smp", 's', 0, G_OPTION_ARG_INT, &a->smp,
          "virtual processors (default 1)", "N" },
        { "nics", 0, 0, G_OPTION_ARG_INT, &a->nics,
          "network adapters, 0 to 8 (default 1)", "N" },
        { "mac", 0, 0, G_OPTION_ARG_STRING_ARRAY, &a->macs,
          "address of the next adapter (default: from the host's pool)",
          "MAC" },
        { "iov-weight", 'w', 0, G_OPTION_ARG_INT, &a->weight,
          "IovWeight of the adapters, 0 to 100 (default 100; 0: no VF)",
          "N" },
        { "detach", 0, 0, G_OPTION_ARG_NONE, &a->detach,
          "do not join the console", NULL },
        { NULL },
    };
    g_auto(GStrv) rest = NULL;

    a->extra = cmd_split_rest(&argc, argv);
    rest = cmd_parse(cmd_current(), entries, argc, argv, 0, 0);
}

/* Something to boot from is among QEMU's own options. */
static bool extra_boots(char **extra)
{
    static const char *const options[] = {
        "-kernel", "-drive", "-blockdev", "-cdrom", "-hda", "-hdb", "-pflash",
        "-bios", "-fda", NULL,
    };

    for (; extra && *extra; extra++) {
        const char *name = *extra + g_str_has_prefix(*extra, "--");

        if (g_strv_contains(options, name)) {
            return true;
        }
    }
    return false;
}

static void check(const RunArgs *a)
{
    if (!a->host || !a->name) {
        cmd_fail(EXIT_USAGE, "--host and --name are needed");
    }
    if (a->kernel && a->package) {
        cmd_fail(EXIT_USAGE, "give --kernel or --kernel-package, not both");
    }
    if (a->modules && !a->kernel) {
        cmd_fail(EXIT_USAGE, "--modules are those of --kernel: give both");
    }
    if (a->initrd && !a->kernel) {
        cmd_fail(EXIT_USAGE, "--initrd is for --kernel: give both");
    }
    if (a->modules && a->initrd) {
        cmd_fail(EXIT_USAGE, "--modules makes an initial RAM disk of its own: "
                 "give it or --initrd");
    }
}

/* A kernel that comes with drivers gets an initial RAM disk made of them. */
static void make_image(RunArgs *a)
{
    ImageArgs args = { .package = a->package, .kernel = a->kernel,
                       .modules = a->modules, .loud = true };
    g_autoptr(GError) error = NULL;
    Image image = { 0 };

    if (!a->modules && !a->package &&
        (a->kernel || a->disk || extra_boots(a->extra))) {
        return;
    }
    if (!image_prepare(&args, &image, &error)) {
        if (!*error->message) {
            exit(EXIT_USAGE);
        }
        cmd_fail(EXIT_USAGE, "%s", error->message);
    }
    g_free(a->kernel);
    a->kernel = image.kernel;
    a->initrd = image.initrd;
}

static void set_path(JsonObject *values, const char *property,
                     const char *option, const char *path)
{
    g_autofree char *full = path ? g_canonicalize_filename(path, NULL) : NULL;

    if (full) {
        if (access(full, R_OK) != 0) {
            cmd_fail(EXIT_USAGE, "--%s: no readable file '%s'", option, path);
        }
        json_object_set_string_member(values, property, full);
    }
}

/* Adapters: a count, addresses in turn, one weight. */
static JsonArray *nic_list(int count, char **macs, int weight)
{
    JsonArray *array = json_array_new();

    if (count < 0 || count > 8) {
        cmd_fail(EXIT_USAGE, "--nics is 0 to 8");
    }
    for (int i = 0; i < count; i++) {
        JsonObject *nic = iov_args("i:index", i, NULL);
        JsonObject *values = iov_args("i:IovWeight", weight, NULL);

        if (macs && *macs) {
            json_object_set_string_member(values, "MacAddress", *macs++);
        }
        json_object_set_object_member(nic, "properties", values);
        json_array_add_object_element(array, nic);
    }
    if (macs && *macs) {
        cmd_fail(EXIT_USAGE, "there are more --mac than --nics");
    }
    return array;
}

static char *quoted(char **words)
{
    GString *text = g_string_new(NULL);

    for (; words && *words; words++) {
        g_autofree char *word = g_shell_quote(*words);

        g_string_append_printf(text, "%s%s", text->len ? " " : "", word);
    }
    return g_string_free(text, FALSE);
}

static JsonObject *make_config(const RunArgs *a)
{
    g_autofree char *options = quoted(a->extra);
    JsonObject *config = iov_args("s:name", a->name, NULL);
    JsonObject *values = iov_args("i:MemoryMB", a->memory,
                                  "i:ProcessorCount", a->smp,
                                  "s:QemuOptions", options, NULL);

    set_path(values, "Kernel", "kernel", a->kernel);
    set_path(values, "InitialRamDisk", "initrd", a->initrd);
    set_path(values, "Disk", "disk", a->disk);
    if (a->append) {
        json_object_set_string_member(values, "KernelCommandLine", a->append);
    }
    json_object_set_object_member(config, "properties", values);
    json_object_set_array_member(config, "nics",
                                 nic_list(a->nics, a->macs, a->weight));
    return config;
}

int cmd_run(int argc, char **argv)
{
    RunArgs a = { .memory = 512, .smp = 1, .nics = 1, .weight = 100 };
    JsonObject *run = json_object_new();
    g_autoptr(JsonNode) node = NULL;
    IovClient *client;

    parse(&a, argc, argv);
    check(&a);
    client = cmd_host(a.host);
    make_image(&a);
    json_object_set_object_member(run, "config", make_config(&a));
    node = cmd_call(client, "run", run);
    iov_client_free(client);
    if (a.detach) {
        printf("VM %s runs on host %s\n", a.name, a.host);
    }
    run_args_clear(&a);
    return a.detach ? EXIT_DONE :
        console_attach(json_str(json_node_get_object(node), "console", ""));
}
