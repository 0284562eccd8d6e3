/*
 * Asks scripts/guest-image for the guest's kernel and initramfs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "image.h"

#include <gio/gio.h>
#include <string.h>

/* The checkout: what the scripts export, else two levels above the program. */
static char *source_root(void)
{
    const char *root = g_getenv("IOVLAB_ROOT");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *build = g_path_get_dirname(self);

    return root ? g_strdup(root) : g_path_get_dirname(build);
}

static void add_option(GPtrArray *argv, const char *option, const char *value)
{
    if (value) {
        g_ptr_array_add(argv, g_strdup(option));
        g_ptr_array_add(argv, g_strdup(value));
    }
}

static GPtrArray *command_line(const ImageArgs *args)
{
    g_autofree char *root = source_root();
    g_autofree char *agent = g_strdup_printf(
        "%s/build/guest/iovlab-agent:/bin/iovlab-agent", root);
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, g_build_filename(root, "scripts", "guest-image",
                                           NULL));
    add_option(argv, "--kernel-package", args->package);
    add_option(argv, "--kernel", args->kernel);
    add_option(argv, "--modules", args->modules);
    add_option(argv, "--add", args->agent ? agent : NULL);
    g_ptr_array_add(argv, NULL);
    return argv;
}

static void set_error(GError **error, const ImageArgs *args, char *err)
{
    const char *why = err ? g_strstrip(err) : "";

    /* The script says who it is; so does whoever shows this. */
    if (g_str_has_prefix(why, "iovlab: ")) {
        why += strlen("iovlab: ");
    }
    if (!*why && !args->loud) {
        why = "scripts/guest-image failed";
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", why);
}

bool image_prepare(const ImageArgs *args, Image *image, GError **error)
{
    g_autoptr(GPtrArray) argv = command_line(args);
    g_autoptr(GSubprocess) process = NULL;
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    g_auto(GStrv) lines = NULL;

    process = g_subprocess_newv((const char *const *)argv->pdata,
                                G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                (args->loud ? 0 :
                                 G_SUBPROCESS_FLAGS_STDERR_PIPE), error);
    if (!process || !g_subprocess_communicate_utf8(process, NULL, NULL, &out,
                                                   &err, error)) {
        return false;
    }
    if (!g_subprocess_get_successful(process)) {
        set_error(error, args, err);
        return false;
    }
    lines = g_strsplit(g_strstrip(out), "\n", -1);
    if (g_strv_length(lines) < 2) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    "scripts/guest-image did not name a kernel and an initrd");
        return false;
    }
    image->kernel = g_strdup(lines[g_strv_length(lines) - 2]);
    image->initrd = g_strdup(lines[g_strv_length(lines) - 1]);
    return true;
}

void image_clear(Image *image)
{
    g_clear_pointer(&image->kernel, g_free);
    g_clear_pointer(&image->initrd, g_free);
}

void image_args_clear(ImageArgs *args)
{
    g_clear_pointer(&args->package, g_free);
    g_clear_pointer(&args->kernel, g_free);
    g_clear_pointer(&args->modules, g_free);
}
