/*
 * One JSON object per line: the form of the control sockets and of QMP.
 *
 * Parsing treats its input as hostile: length and nesting are bounded before
 * the JSON library sees a byte.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOOLS_JSONLINE_H
#define TOOLS_JSONLINE_H

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#define JSON_LINE_MAX (1024 * 1024)
#define JSON_DEPTH_MAX 16

/* The caller owns the object.  @len bytes, newline excluded. */
JsonObject *json_line_parse(const char *line, size_t len, GError **error);
/* One line with its newline; the caller frees it. */
char *json_line_format(JsonObject *object);
/* Indented, for people; @node is not taken. */
char *json_pretty(JsonNode *node);

/* A member if it is there and of the right type, else the default. */
const char *json_str(JsonObject *object, const char *name, const char *dflt);
int64_t json_int(JsonObject *object, const char *name, int64_t dflt);
bool json_bool(JsonObject *object, const char *name, bool dflt);
/* Borrowed; NULL if absent or of another type. */
JsonObject *json_obj(JsonObject *object, const char *name);
JsonArray *json_arr(JsonObject *object, const char *name);

/*
 * Splits a byte run into lines: returns the length of the first complete
 * line (newline excluded), -1 if there is none yet, -2 if it is too long.
 */
gssize json_line_find(const uint8_t *data, size_t len);
/*
 * Takes the first line as an object that the caller owns, and returns the
 * bytes that it takes, newline included.  Without one *object is NULL: 0 if
 * there is no complete line yet, -1 if it is too long or no object.
 */
gssize json_line_take(const uint8_t *data, size_t len, JsonObject **object);

#endif
