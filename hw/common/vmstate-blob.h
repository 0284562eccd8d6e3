/*
 * A model's saved state (iovlab/state.h) as one field of a device's VMState.
 *
 * The device keeps a GBytes: filled in pre_save, read in post_load, freed
 * after either.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_HW_VMSTATE_BLOB_H
#define IOVLAB_HW_VMSTATE_BLOB_H

#include "migration/vmstate.h"
#include "iovlab/state.h"

/* Longer blobs are an error on both sides. */
#define VMSTATE_BLOB_MAX (64u * 1024 * 1024)

/* The field is a GBytes pointer, owned by the device; NULL saves as empty. */
extern const VMStateInfo vmstate_info_blob;

/*
 * For post_load.  Begins to read @blob, which may be NULL; close ends it, frees
 * the blob, and returns what post_load does: 0, or -EINVAL after a message
 * about device @name if not @ok.
 */
void vmstate_blob_open(StateReader *r, GBytes *blob);
int vmstate_blob_close(StateReader *r, GBytes **blob, bool ok,
                       const char *name);

#define VMSTATE_BLOB(_field, _state) \
    VMSTATE_SINGLE(_field, _state, 0, vmstate_info_blob, GBytes *)

#endif
