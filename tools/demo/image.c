/*
 * Asks scripts/guest-image for the guest's kernel and initramfs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "image.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

/* The checkout: what the scripts export, else two levels above the program. */
static char *source_root(void)
{
    const char *root = g_getenv("IOVLAB_ROOT");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *build = g_path_get_dirname(self);

    return root ? g_strdup(root) : g_path_get_dirname(build);
}

bool image_prepare(const ImageArgs *args, bool quiet, Image *image,
                   GError **error)
{
    g_autofree char *root = source_root();
    g_autofree char *script = g_build_filename(root, "scripts", "guest-image",
                                               NULL);
    g_autofree char *agent = g_strdup_printf(
        "%s/build/guest/iovlab-agent:/bin/iovlab-agent", root);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GSubprocess) process = NULL;
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    g_auto(GStrv) lines = NULL;

    g_ptr_array_add(argv, script);
    if (args->package) {
        g_ptr_array_add(argv, (char *)"--kernel-package");
        g_ptr_array_add(argv, args->package);
    }
    if (args->kernel) {
        g_ptr_array_add(argv, (char *)"--kernel");
        g_ptr_array_add(argv, args->kernel);
        g_ptr_array_add(argv, (char *)"--modules");
        g_ptr_array_add(argv, args->modules);
    }
    g_ptr_array_add(argv, (char *)"--add");
    g_ptr_array_add(argv, agent);
    g_ptr_array_add(argv, NULL);
    if (!quiet) {
        printf("            the guest's kernel and initramfs are made ready\n");
        fflush(stdout);
    }
    process = g_subprocess_newv((const char *const *)argv->pdata,
                                G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                G_SUBPROCESS_FLAGS_STDERR_PIPE, error);
    if (!process || !g_subprocess_communicate_utf8(process, NULL, NULL, &out,
                                                   &err, error)) {
        return false;
    }
    if (!g_subprocess_get_successful(process)) {
        const char *why = g_strstrip(err);

        /* The script says who it is; so does whoever shows this. */
        if (g_str_has_prefix(why, "iovlab: ")) {
            why += strlen("iovlab: ");
        }
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                    *why ? why : "scripts/guest-image failed");
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
