/*
 * Requests of the control socket.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/control.h"
#include "base/framing.h"
#include "base/jsonline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ControlArg args[] = {
    { "vm", CONTROL_NAME, true },
    { "count", CONTROL_INT, false, 0, 8 },
    { "flag", CONTROL_BOOL },
    { "text", CONTROL_TEXT },
    { "config", CONTROL_OBJECT },
    { "list", CONTROL_STRINGS },
    { NULL },
};

static const ControlCommand commands[] = {
    { "run", args, NULL, "" },
    { "show", NULL, NULL, "" },
    { NULL },
};

static void one_line(const uint8_t *line, size_t len)
{
    const ControlCommand *command;
    g_autofree char *text = NULL;
    JsonObject *parsed;
    const char *code;
    int64_t id;

    if (control_parse(commands, (const char *)line, len, &command, &parsed,
                      &id, &code, &text)) {
        json_object_unref(parsed);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *frame;
    size_t frame_len;
    gssize n;

    framing_parse(data, size, &frame, &frame_len);
    while (size && (n = json_line_find(data, size)) >= 0) {
        one_line(data, n);
        data += n + 1;
        size -= n + 1;
    }
    one_line(data, size);
    return 0;
}
