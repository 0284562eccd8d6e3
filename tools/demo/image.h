/*
 * The guest's kernel and initramfs, made by scripts/guest-image.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DEMO_IMAGE_H
#define DEMO_IMAGE_H

#include <glib.h>
#include <stdbool.h>

typedef struct ImageArgs {
    char *package;              /* a .deb, or NULL */
    char *kernel;               /* with modules, or NULL */
    char *modules;
} ImageArgs;

typedef struct Image {
    char *kernel;
    char *initrd;
} Image;

/* Runs the script; false with one line that says what to do. */
bool image_prepare(const ImageArgs *args, bool quiet, Image *image,
                   GError **error);
void image_clear(Image *image);
void image_args_clear(ImageArgs *args);

#endif
