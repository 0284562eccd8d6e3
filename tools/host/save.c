/*
 * Saving a VM to a file and restoring it.
 *
 * The file: a header of HEADER_SIZE bytes, one line of JSON padded with zeroes
 * (what VM this is), and then QEMU's migration stream.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/jsonline.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define HEADER_SIZE 65536
#define SAVE_MAGIC "iovlab-vm-2"

struct Save {
    Vm *vm;
    ControlRequest *request;
    char *file;
};

static void save_end(Save *s)
{
    s->vm->save = NULL;
    g_free(s->file);
    g_free(s);
}

static void save_failed(Save *s, const char *code, const char *why)
{
    Vm *vm = s->vm;
    ControlRequest *request = s->request;

    vm_event(vm, "save-failed", "s:reason", why, NULL);
    control_fail(request, code, "'%s' was not saved: %s", vm->config.name,
                 why);
    save_end(s);
    vm->detached = false;
    vm_update_wanted(vm);
}

void save_vm_gone(Save *s)
{
    control_fail(s->request, ERR_FAILED, "the VM ended");
    save_end(s);
}

static bool write_header(Save *s, char **error)
{
    g_autoptr(JsonObject) object = iov_args("s:magic", SAVE_MAGIC, "i:serial",
                                            (int)s->vm->next_serial, NULL);
    g_autofree char *line = NULL;
    g_autofree char *header = g_malloc0(HEADER_SIZE);
    int fd;

    json_object_set_object_member(object, "config",
                                  vm_config_to_json(&s->vm->config));
    line = json_line_format(object);
    if (strlen(line) >= HEADER_SIZE) {
        *error = g_strdup("the VM's configuration is too long");
        return false;
    }
    memcpy(header, line, strlen(line));
    fd = open(s->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, header, HEADER_SIZE) != HEADER_SIZE ||
        close(fd) != 0) {
        *error = g_strdup_printf("%s: %s", s->file, g_strerror(errno));
        return false;
    }
    return true;
}

void save_qmp_event(Save *s, const char *event, JsonObject *data)
{
    const char *status = json_str(data, "status", "");
    Vm *vm = s->vm;
    ControlRequest *request = s->request;
    g_autofree char *file = NULL;

    if (!g_str_equal(event, "MIGRATION")) {
        return;
    }
    vm_event(vm, "migration", "s:status", status, NULL);
    if (g_str_equal(status, "completed")) {
        file = g_strdup(s->file);
        vm_event(vm, "saved", "s:file", file, NULL);
        control_reply_object(request, iov_args("s:vm", vm->config.name,
                                               "s:file", file, NULL));
        save_end(s);
        vm_destroy(vm, "saved");
    } else if (g_str_equal(status, "failed") ||
               g_str_equal(status, "cancelled")) {
        save_failed(s, ERR_FAILED, "QEMU could not write it");
    }
}

static void migrate_reply(void *opaque, JsonNode *ret, const char *error)
{
    Save *s = opaque;

    if (error) {
        save_failed(s, ERR_FAILED, error);
    }
}

static void save_detached(Vm *vm, void *opaque, bool ok)
{
    Save *s = opaque;
    g_autofree char *error = NULL;
    g_autofree char *uri = NULL;

    if (vm->save != s) {
        return;
    }
    if (!ok || !vm->qmp) {
        save_failed(s, ERR_TIMEOUT, "the VF could not be taken away");
        return;
    }
    vm_event(vm, "vfs-detached", NULL);
    if (!write_header(s, &error)) {
        save_failed(s, ERR_BAD_ARGUMENT, error);
        return;
    }
    uri = g_strdup_printf("file:%s,offset=%d", s->file, HEADER_SIZE);
    qmp_execute(vm->qmp, "migrate-set-capabilities",
                migrate_capabilities(false), NULL, NULL);
    qmp_execute(vm->qmp, "migrate", iov_args("s:uri", uri, NULL),
                migrate_reply, s);
}

void save_start(Vm *vm, ControlRequest *request, const char *file)
{
    Save *s;

    if (!g_path_is_absolute(file) || strchr(file, ',')) {
        control_fail(request, ERR_BAD_ARGUMENT,
                     "'%s': an absolute path without commas is needed", file);
        return;
    }
    s = g_new0(Save, 1);
    s->vm = vm;
    s->request = request;
    s->file = g_strdup(file);
    vm->save = s;
    vm_event(vm, "save-start", "s:file", file, NULL);
    vm_detach_vfs(vm, save_detached, s);
}

void restore_start(Host *host, ControlRequest *request, const char *file)
{
    g_autofree char *header = g_malloc0(HEADER_SIZE + 1);
    g_autoptr(JsonObject) object = NULL;
    PropError wrong = { 0 };
    VmConfig config;
    ssize_t n = -1;
    gssize len;
    int fd;

    fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, header, HEADER_SIZE);
        close(fd);
    }
    if (n != HEADER_SIZE || strchr(file, ',') || !g_path_is_absolute(file)) {
        control_fail(request, ERR_BAD_ARGUMENT, "'%s': no saved VM there",
                     file);
        return;
    }
    len = json_line_find((uint8_t *)header, HEADER_SIZE);
    object = len > 0 ? json_line_parse(header, len, NULL) : NULL;
    if (!object || !g_str_equal(json_str(object, "magic", ""), SAVE_MAGIC)) {
        control_fail(request, ERR_BAD_ARGUMENT, "'%s' is not a saved VM",
                     file);
        return;
    }
    if (!vm_config_from_json(&config, json_obj(object, "config"), &wrong)) {
        control_fail(request, wrong.code, "'%s': %s", file, wrong.text);
        prop_error_clear(&wrong);
        return;
    }
    migrate_in_restore(host, request, &config, json_int(object, "serial", 1),
                       file, HEADER_SIZE);
}
