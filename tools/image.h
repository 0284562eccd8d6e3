/*
 * The guest's kernel and initramfs, made by scripts/guest-image.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_IMAGE_H
#define TOOLS_IMAGE_H

#include <glib.h>
#include <stdbool.h>

/* With neither package nor kernel it is Debian's. */
typedef struct ImageArgs {
    char *package;              /* a .deb, or NULL */
    char *kernel;               /* or NULL */
    char *modules;              /* of the kernel; NULL: all is built in */
    bool agent;                 /* the traffic agent goes in as well */
    /* The script speaks to the user itself, and an error has no message. */
    bool loud;
} ImageArgs;

typedef struct Image {
    char *kernel;
    char *initrd;
} Image;

/* Runs the script; false with one line that says what to do. */
bool image_prepare(const ImageArgs *args, Image *image, GError **error);
void image_clear(Image *image);
void image_args_clear(ImageArgs *args);

#endif
