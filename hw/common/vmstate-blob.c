/*
 * A model's saved state as one field of a device's VMState.
 *
 * In the stream: a 32-bit big-endian length, then the bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "migration/qemu-file-types.h"
#include "vmstate-blob.h"

/* Memory is taken as the data comes, whatever length the stream claims. */
#define VMSTATE_BLOB_STEP (64u * 1024)

static int vmstate_blob_get(QEMUFile *f, void *pv, size_t size,
                            const VMStateField *field)
{
    GBytes **blob = pv;
    uint32_t left = qemu_get_be32(f);
    g_autoptr(GByteArray) bytes = NULL;

    if (left > VMSTATE_BLOB_MAX) {
        error_report("%s: %u bytes of state, more than %u", field->name,
                     left, VMSTATE_BLOB_MAX);
        return -EINVAL;
    }
    bytes = g_byte_array_new();
    while (left) {
        size_t step = MIN(left, VMSTATE_BLOB_STEP);
        guint at = bytes->len;

        g_byte_array_set_size(bytes, at + step);
        if (qemu_get_buffer(f, bytes->data + at, step) != step) {
            error_report("%s: the state ends early", field->name);
            return -EIO;
        }
        left -= step;
    }
    g_clear_pointer(blob, g_bytes_unref);
    *blob = g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
    return 0;
}

static int vmstate_blob_put(QEMUFile *f, void *pv, size_t size,
                            const VMStateField *field, JSONWriter *vmdesc)
{
    GBytes *blob = *(GBytes **)pv;
    gsize len = 0;
    const void *data = blob ? g_bytes_get_data(blob, &len) : NULL;

    if (len > VMSTATE_BLOB_MAX) {
        error_report("%s: %zu bytes of state, more than %u", field->name,
                     (size_t)len, VMSTATE_BLOB_MAX);
        return -EINVAL;
    }
    qemu_put_be32(f, len);
    if (len) {
        qemu_put_buffer(f, data, len);
    }
    return 0;
}

const VMStateInfo vmstate_info_blob = {
    .name = "iovlab-blob",
    .get = vmstate_blob_get,
    .put = vmstate_blob_put,
};

void vmstate_blob_open(StateReader *r, GBytes *blob)
{
    gsize size = 0;
    const void *data = blob ? g_bytes_get_data(blob, &size) : NULL;

    state_reader_init(r, data, size);
}

int vmstate_blob_close(StateReader *r, GBytes **blob, bool ok,
                       const char *name)
{
    if (!ok) {
        error_report("%s: %s", name,
                     r->error ? r->error : "its saved state is invalid");
    }
    state_reader_clear(r);
    g_clear_pointer(blob, g_bytes_unref);
    return ok ? 0 : -EINVAL;
}
