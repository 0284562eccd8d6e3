/*
 * Saved device state: see iovlab/state.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "iovlab/state.h"

#include <stdarg.h>

void state_writer_init(StateWriter *w)
{
    w->bytes = g_byte_array_new();
}

GBytes *state_writer_finish(StateWriter *w)
{
    GBytes *bytes = g_byte_array_free_to_bytes(w->bytes);

    w->bytes = NULL;
    return bytes;
}

void state_put_bytes(StateWriter *w, const void *p, size_t len)
{
    if (len) {
        g_byte_array_append(w->bytes, p, len);
    }
}

void state_put_u8(StateWriter *w, uint8_t v)
{
    state_put_bytes(w, &v, 1);
}

void state_put_bool(StateWriter *w, bool v)
{
    state_put_u8(w, v);
}

#define PUT(bits)                                               \
    void state_put_u##bits(StateWriter *w, uint##bits##_t v)    \
    {                                                           \
        uint8_t b[sizeof(v)];                                   \
        wr_le##bits(b, v);                                      \
        state_put_bytes(w, b, sizeof(b));                       \
    }
PUT(16)
PUT(32)
PUT(64)

void state_put_blob(StateWriter *w, const void *p, size_t len)
{
    state_put_u32(w, len);
    state_put_bytes(w, p, len);
}

void state_put_section(StateWriter *w, const char tag[4], uint16_t version)
{
    state_put_bytes(w, tag, 4);
    state_put_u16(w, version);
}

void state_reader_init(StateReader *r, const void *data, size_t len)
{
    *r = (StateReader) { .data = data, .len = len };
}

void state_reader_clear(StateReader *r)
{
    g_clear_pointer(&r->error, g_free);
}

bool state_ok(const StateReader *r)
{
    return !r->error;
}

void state_fail(StateReader *r, const char *fmt, ...)
{
    va_list ap;

    if (r->error) {
        return;
    }
    va_start(ap, fmt);
    r->error = g_strdup_vprintf(fmt, ap);
    va_end(ap);
}

bool state_get_bytes(StateReader *r, void *p, size_t len)
{
    if (r->error || !iov_in_range(r->pos, len, r->len)) {
        state_fail(r, "saved state ends at byte %zu, %zu more expected",
                   r->len, len);
        if (len) {
            memset(p, 0, len);
        }
        return false;
    }
    if (len) {
        memcpy(p, r->data + r->pos, len);
    }
    r->pos += len;
    return true;
}

uint8_t state_get_u8(StateReader *r)
{
    uint8_t v;

    state_get_bytes(r, &v, 1);
    return v;
}

bool state_get_bool(StateReader *r)
{
    uint8_t v = state_get_u8(r);

    if (v > 1) {
        state_fail(r, "boolean of value %u at byte %zu", v, r->pos - 1);
    }
    return v == 1;
}

#define GET(bits)                                               \
    uint##bits##_t state_get_u##bits(StateReader *r)            \
    {                                                           \
        uint8_t b[bits / 8];                                    \
        state_get_bytes(r, b, sizeof(b));                       \
        return rd_le##bits(b);                                  \
    }
GET(16)
GET(32)
GET(64)

uint32_t state_get_u32_max(StateReader *r, uint32_t max, const char *what)
{
    uint32_t v = state_get_u32(r);

    if (v > max) {
        state_fail(r, "%s is %" G_GUINT32_FORMAT ", at most %" G_GUINT32_FORMAT
                   " allowed", what, v, max);
        return 0;
    }
    return v;
}

const uint8_t *state_get_blob(StateReader *r, size_t max, size_t *len)
{
    uint32_t n = state_get_u32(r);
    const uint8_t *p;

    *len = 0;
    if (n > max) {
        state_fail(r, "blob of %" G_GUINT32_FORMAT " bytes, at most %zu allowed",
                   n, max);
    }
    if (!state_ok(r) || !iov_in_range(r->pos, n, r->len)) {
        state_fail(r, "saved state ends within a blob");
        return NULL;
    }
    p = r->data + r->pos;
    r->pos += n;
    *len = n;
    return p;
}

uint16_t state_get_section(StateReader *r, const char tag[4],
                           uint16_t max_version)
{
    char got[4];
    uint16_t version;

    state_get_bytes(r, got, 4);
    version = state_get_u16(r);
    if (state_ok(r) && memcmp(got, tag, 4) != 0) {
        state_fail(r, "section %.4s expected at byte %zu", tag, r->pos - 6);
    }
    if (state_ok(r) && (version == 0 || version > max_version)) {
        state_fail(r, "section %.4s has version %u, at most %u is known",
                   tag, version, max_version);
    }
    return state_ok(r) ? version : 0;
}

bool state_get_section_only(StateReader *r, const char tag[4],
                            uint16_t version)
{
    uint16_t got = state_get_section(r, tag, version);

    if (state_ok(r) && got != version) {
        state_fail(r, "section %.4s has version %u, only %u is known", tag,
                   got, version);
    }
    return state_ok(r);
}
