/*
 * Saved device state: a flat little-endian byte stream with named sections.
 *
 * Models under sim/ save and load themselves through these two types, so that
 * the loaders can be fuzzed natively; hw/ carries the bytes in QEMU's
 * migration stream.  A stream is hostile input: the reader never reads past
 * its end, remembers the first error, and returns zeroes after it, so a loader
 * may read a whole section and check once.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_STATE_H
#define IOVLAB_STATE_H

#include "iovlab/bytes.h"

typedef struct StateWriter {
    GByteArray *bytes;
} StateWriter;

typedef struct StateReader {
    const uint8_t *data;
    size_t len;
    size_t pos;
    char *error;              /* first error, owned; NULL while all is well */
} StateReader;

void state_writer_init(StateWriter *w);
/* Ends writing: the caller owns the bytes. */
GBytes *state_writer_finish(StateWriter *w);

void state_put_u8(StateWriter *w, uint8_t v);
void state_put_u16(StateWriter *w, uint16_t v);
void state_put_u32(StateWriter *w, uint32_t v);
void state_put_u64(StateWriter *w, uint64_t v);
void state_put_bool(StateWriter *w, bool v);
void state_put_bytes(StateWriter *w, const void *p, size_t len);
/* A length (u32) and then the bytes: read it back with state_get_blob(). */
void state_put_blob(StateWriter *w, const void *p, size_t len);
/* Opens a section: a four-character tag and a version. */
void state_put_section(StateWriter *w, const char tag[4], uint16_t version);

void state_reader_init(StateReader *r, const void *data, size_t len);
void state_reader_clear(StateReader *r);

uint8_t state_get_u8(StateReader *r);
uint16_t state_get_u16(StateReader *r);
uint32_t state_get_u32(StateReader *r);
uint64_t state_get_u64(StateReader *r);
bool state_get_bool(StateReader *r);
bool state_get_bytes(StateReader *r, void *p, size_t len);
/* Points into the reader's data; NULL (and an error) if longer than max. */
const uint8_t *state_get_blob(StateReader *r, size_t max, size_t *len);
/* As state_get_u32, with an error if the value is above max. */
uint32_t state_get_u32_max(StateReader *r, uint32_t max, const char *what);
/* Checks the tag; returns the version (1..max_version), or 0 on error. */
uint16_t state_get_section(StateReader *r, const char tag[4],
                           uint16_t max_version);
/* As state_get_section(), if earlier versions are not understood. */
bool state_get_section_only(StateReader *r, const char tag[4],
                            uint16_t version);

/* Records an error of the loader's own; the first one stays. */
void state_fail(StateReader *r, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
bool state_ok(const StateReader *r);

#endif
