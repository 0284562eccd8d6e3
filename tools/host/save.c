/*
 * Saving a VM to a file and restoring it.
 *
 * The file: a header of HEADER_SIZE bytes, one line of JSON padded with zeroes
 * (what VM this is), and then QEMU's migration stream.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/access.h"
#include "host/host.h"

#include "base/jsonline.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_SIZE 65536
#define SAVE_MAGIC "iovlab-vm-2"

struct Save {
    Vm *vm;
    ControlRequest *request;
    char *file;
    ClientFile client;      /* the same, of a user other than the owner */
    bool checkpoint;        /* the VM goes on */
    bool was_running;
    bool written;           /* the file has a header, and is no VM yet */
};

static void save_end(Save *s)
{
    if (s->written && s->client.place.name) {
        client_file_remove(&s->client);
    } else if (s->written) {
        unlink(s->file);
    }
    s->vm->save = NULL;
    client_file_clear(&s->client);
    g_free(s->file);
    g_free(s);
}

/* A VM that is to run on; it may go meanwhile. */
typedef struct Continue {
    Host *host;
    char *vm;
    unsigned tries;
} Continue;

enum { CONTINUE_MS = 50, CONTINUE_TRIES = 200 };

static void continue_replied(void *opaque, JsonNode *ret, const char *error);

static gboolean continue_vm(gpointer opaque)
{
    Continue *c = opaque;
    Vm *vm = host_find_vm(c->host, c->vm);

    if (vm && vm->qmp) {
        qmp_execute(vm->qmp, "cont", NULL, continue_replied, c);
    } else {
        g_free(c->vm);
        g_free(c);
    }
    return G_SOURCE_REMOVE;
}

/* QEMU says "completed" a moment before it lets the VM go on. */
static void continue_replied(void *opaque, JsonNode *ret, const char *error)
{
    Continue *c = opaque;
    Vm *vm = host_find_vm(c->host, c->vm);

    if (error && vm && ++c->tries < CONTINUE_TRIES) {
        g_timeout_add(CONTINUE_MS, continue_vm, c);
        return;
    }
    if (error && vm) {
        vm_event(vm, "resume-failed", "s:text", error, NULL);
    }
    g_free(c->vm);
    g_free(c);
}

void vm_continue(Vm *vm)
{
    Continue *c = g_new0(Continue, 1);

    c->host = vm->host;
    c->vm = g_strdup(vm->config.name);
    continue_vm(c);
}

/* It runs on, and may have VFs again. */
static void go_on(Vm *vm, bool was_running)
{
    if (was_running) {
        vm_continue(vm);
    }
    vm->detached = false;
    vm_update_wanted(vm);
}

static void save_failed(Save *s, const char *code, const char *why)
{
    Vm *vm = s->vm;
    ControlRequest *request = s->request;
    bool was_running = s->was_running;

    vm_event(vm, "save-failed", "s:reason", why, NULL);
    control_fail(request, code, "'%s' was not saved: %s", vm->config.name,
                 why);
    save_end(s);
    go_on(vm, was_running);
}

void save_vm_gone(Save *s)
{
    control_fail(s->request, ERR_FAILED, "the VM ended");
    save_end(s);
}

/* A file that can be written to from the start; -1 with errno. */
static int open_file(const char *file)
{
    /* Not blocking: a pipe would stop the host. */
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK,
                  0600);
    struct stat st;

    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        errno = EINVAL;
        fd = -1;
    }
    return fd;
}

/* The file, new; -1 with an error that the caller frees. */
static int make_file(Save *s, char **error)
{
    PropError wrong = { 0 };
    int fd;

    if (!s->client.place.name) {
        fd = open_file(s->file);
        if (fd < 0) {
            *error = g_strdup_printf("%s: %s", s->file, g_strerror(errno));
        }
        return fd;
    }
    if (!client_file_create(&s->client, &wrong)) {
        *error = wrong.text;
        return -1;
    }
    /* QEMU opens it again by this one. */
    return s->client.fd;
}

static bool write_header(Save *s, char **error)
{
    g_autoptr(JsonObject) object = iov_args("s:magic", SAVE_MAGIC, "i:serial",
                                            (int)s->vm->next_serial, NULL);
    g_autofree char *line = NULL;
    g_autofree char *header = g_malloc0(HEADER_SIZE);
    bool ok;
    int fd;

    json_object_set_object_member(object, "config",
                                  vm_config_to_json(&s->vm->config));
    line = json_line_format(object);
    if (strlen(line) >= HEADER_SIZE) {
        *error = g_strdup("the VM's configuration is too long");
        return false;
    }
    memcpy(header, line, strlen(line));
    fd = make_file(s, error);
    if (fd < 0) {
        return false;
    }
    s->written = true;
    ok = write(fd, header, HEADER_SIZE) == HEADER_SIZE;
    if (!ok) {
        *error = g_strdup_printf("%s: %s", s->file, g_strerror(errno));
    }
    if (fd != s->client.fd) {
        close(fd);
    }
    return ok;
}

static void save_done(Save *s)
{
    Vm *vm = s->vm;
    bool checkpoint = s->checkpoint;
    bool was_running = s->was_running;

    vm_event(vm, checkpoint ? "checkpoint-made" : "saved", "s:file", s->file,
             NULL);
    control_reply_object(s->request, iov_args("s:vm", vm->config.name,
                                              "s:file", s->file, NULL));
    s->written = false;
    save_end(s);
    if (checkpoint) {
        go_on(vm, was_running);
    } else {
        vm_destroy(vm, "saved");
    }
}

void save_qmp_event(Save *s, const char *event, JsonObject *data)
{
    const char *status = json_str(data, "status", "");
    Vm *vm = s->vm;

    if (!g_str_equal(event, "MIGRATION")) {
        return;
    }
    vm_event(vm, "migration", "s:status", status, NULL);
    if (g_str_equal(status, "completed")) {
        save_done(s);
    } else if (g_str_equal(status, "failed") ||
               g_str_equal(status, "cancelled")) {
        save_failed(s, ERR_FAILED, "QEMU could not write it");
    }
}

/* The event of a failure comes before the reply: the VM, not what it ended. */
static void migrate_reply(void *opaque, JsonNode *ret, const char *error)
{
    Save *s = ((Vm *)opaque)->save;

    if (error && s) {
        save_failed(s, ERR_FAILED, error);
    }
}

static void save_detached(Vm *vm, void *opaque, bool ok)
{
    Save *s = opaque;
    g_autofree char *error = NULL;
    g_autofree char *name = NULL;
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
    name = s->client.place.name ? client_fd_path(s->client.fd) :
        g_strdup(s->file);
    uri = g_strdup_printf("file:%s,offset=%d", name, HEADER_SIZE);
    qmp_execute(vm->qmp, "migrate-set-capabilities",
                migrate_capabilities(false), NULL, NULL);
    qmp_execute(vm->qmp, "migrate", iov_args("s:uri", uri, NULL),
                migrate_reply, vm);
}

void save_start(Vm *vm, ControlRequest *request, const char *file,
                bool checkpoint)
{
    const ControlCaller *caller = control_request_caller(request);
    const ClientFiles files = access_files(vm->host);
    ClientFile place = { .fd = -1 };
    PropError error = { 0 };
    Save *s;

    /* A checkpoint's place is not the caller's choice. */
    if (!caller->owner && !checkpoint &&
        !client_file_find(&files, caller->uid, file, &place, &error)) {
        access_refuse(vm->host, request, OP_SAVE_VM, vm->config.name, &error);
        return;
    }
    if (!g_path_is_absolute(file) || strchr(file, ',')) {
        control_fail(request, ERR_BAD_ARGUMENT,
                     "'%s': an absolute path without commas is needed", file);
        client_file_clear(&place);
        return;
    }
    s = g_new0(Save, 1);
    s->client = place;
    s->vm = vm;
    s->request = request;
    s->file = g_strdup(file);
    s->checkpoint = checkpoint;
    s->was_running = vm->state == VM_RUNNING;
    vm->save = s;
    vm_event(vm, checkpoint ? "checkpoint-start" : "save-start", "s:file",
             file, NULL);
    vm_detach_vfs(vm, save_detached, s);
}

/*
 * What a file has before QEMU's stream; false with an error.  @fd is the file,
 * or -1 if it is to be opened.
 */
static bool read_header(const char *file, int fd, VmConfig *config,
                        uint32_t *serial, PropError *error)
{
    g_autofree char *header = g_malloc0(HEADER_SIZE + 1);
    g_autoptr(JsonObject) object = NULL;
    PropError wrong = { 0 };
    ssize_t n = -1;
    bool opened = fd < 0;
    gssize len;

    if (opened) {
        fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (fd >= 0) {
        n = read(fd, header, HEADER_SIZE);
    }
    if (fd >= 0 && opened) {
        close(fd);
    }
    if (n != HEADER_SIZE || strchr(file, ',') || !g_path_is_absolute(file)) {
        return prop_fail(error, ERR_BAD_ARGUMENT, "'%s': no saved VM there",
                         file);
    }
    len = json_line_find((uint8_t *)header, HEADER_SIZE);
    object = len > 0 ? json_line_parse(header, len, NULL) : NULL;
    if (!object || !g_str_equal(json_str(object, "magic", ""), SAVE_MAGIC)) {
        return prop_fail(error, ERR_BAD_ARGUMENT, "'%s' is not a saved VM",
                         file);
    }
    if (!vm_config_from_json(config, json_obj(object, "config"), &wrong)) {
        prop_fail(error, wrong.code, "'%s': %s", file, wrong.text);
        prop_error_clear(&wrong);
        return false;
    }
    *serial = CLAMP(json_int(object, "serial", 1), 1, INT32_MAX);
    return true;
}

/* A VM that is here may be again what it is. */
static bool may_restore(Host *host, ControlRequest *request,
                        const VmConfig *config, PropError *error)
{
    Vm *vm = host_find_vm(host, config->name);

    return access_settings(host, control_request_caller(request), &config->s,
                           vm ? &vm->config.s : NULL, error);
}

void restore_start(Host *host, ControlRequest *request, const char *file)
{
    const ControlCaller *caller = control_request_caller(request);
    const ClientFiles files = access_files(host);
    ClientFile client = { .fd = -1 };
    PropError error = { 0 };
    VmConfig config = { 0 };
    uint32_t serial;

    if ((!caller->owner &&
         !client_file_open(&files, caller->uid, file, &client, &error)) ||
        !read_header(file, client.fd, &config, &serial, &error) ||
        !may_restore(host, request, &config, &error)) {
        access_refuse(host, request, OP_SAVE_VM, config.name, &error);
        vm_config_clear(&config);
        client_file_clear(&client);
        return;
    }
    migrate_in_restore(host, request, &config, serial, file, HEADER_SIZE,
                       client_file_take_fd(&client));
    client_file_clear(&client);
}

/* --- checkpoints --------------------------------------------------------- */

char *checkpoint_file(const Vm *vm, const char *name)
{
    g_autofree char *base = g_strconcat(name, ".checkpoint", NULL);

    return vm_path(vm, base);
}

char *checkpoint_names(const Vm *vm)
{
    g_autoptr(GDir) dir = g_dir_open(vm->dir, 0, NULL);
    GString *names = g_string_new(NULL);
    const char *file;

    while (dir && (file = g_dir_read_name(dir))) {
        if (g_str_has_suffix(file, ".checkpoint")) {
            g_string_append_printf(names, "%s%.*s", names->len ? " " : "",
                                   (int)(strlen(file) - 11), file);
        }
    }
    return g_string_free(names, FALSE);
}

unsigned checkpoint_count(const Vm *vm)
{
    g_autofree char *names = checkpoint_names(vm);
    g_auto(GStrv) list = g_strsplit(names, " ", -1);

    return *names ? g_strv_length(list) : 0;
}

void checkpoint_remove(Vm *vm, ControlRequest *request, const char *name)
{
    g_autofree char *file = checkpoint_file(vm, name);

    if (unlink(file) == 0) {
        vm_event(vm, "checkpoint-removed", "s:checkpoint", name, NULL);
        control_reply(request, NULL);
    } else if (errno == ENOENT) {
        control_fail(request, ERR_NOT_FOUND, "VM '%s' has no checkpoint '%s'",
                     vm->config.name, name);
    } else {
        control_fail(request, ERR_FAILED, "%s: %s", file, g_strerror(errno));
    }
}

void checkpoints_remove_all(const Vm *vm)
{
    g_autofree char *names = checkpoint_names(vm);
    g_auto(GStrv) list = g_strsplit(names, " ", -1);

    for (char **name = list; *names && *name; name++) {
        g_autofree char *file = checkpoint_file(vm, *name);

        unlink(file);
    }
}

/* A VM that goes back: waits for its QEMU's end, which has the sockets. */
typedef struct Revert {
    Host *host;
    ControlRequest *request;
    VmConfig config;
    uint32_t serial;
    char *file;
    GPid pid;
    unsigned tries;
} Revert;

enum { REVERT_POLL_MS = 50, REVERT_POLLS = 200 };

static gboolean revert_poll(gpointer opaque)
{
    Revert *r = opaque;

    if (r->pid > 0 && kill(r->pid, 0) == 0 && ++r->tries < REVERT_POLLS) {
        return G_SOURCE_CONTINUE;
    }
    migrate_in_restore(r->host, r->request, &r->config, r->serial, r->file,
                       HEADER_SIZE, -1);
    g_free(r->file);
    g_free(r);
    return G_SOURCE_REMOVE;
}

void checkpoint_revert(Vm *vm, ControlRequest *request, const char *name)
{
    g_autofree char *file = checkpoint_file(vm, name);
    PropError error = { 0 };
    Revert *r = g_new0(Revert, 1);

    if (!read_header(file, -1, &r->config, &r->serial, &error)) {
        control_fail(request, ERR_NOT_FOUND, "VM '%s' has no checkpoint '%s'",
                     vm->config.name, name);
        prop_error_clear(&error);
        g_free(r);
        return;
    }
    r->host = vm->host;
    r->request = request;
    r->file = g_steal_pointer(&file);
    r->pid = vm->pid;
    /* A serial is never used twice in a VM, not even in another past. */
    r->serial = MAX(r->serial, vm->next_serial);
    vm_event(vm, "revert", "s:checkpoint", name, NULL);
    if (vm->state != VM_OFF) {
        vm_destroy(vm, "reverted");
    }
    g_timeout_add(REVERT_POLL_MS, revert_poll, r);
}
