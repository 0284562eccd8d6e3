/*
 * A VM that arrives: by live migration from another host, or from a file.
 *
 * The VM's frames that arrive here wait until the source host has handed over
 * what is older.  The VM's place is announced the moment it runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/daemon.h"
#include "base/jsonline.h"
#include "base/stream.h"

#include <glib/gstdio.h>
#include <unistd.h>

/* A source that is silent this long after the VM runs has nothing more. */
#define BACKLOG_LIMIT_MS 5000

struct MigrateIn {
    Vm *vm;
    Host *host;
    char *file;             /* restored from; NULL: a migration */
    int fd;                 /* the same, if QEMU is to open that; or -1 */
    char *uri;
    char *network;          /* that carries it; NULL: not named */
    ControlRequest *request;    /* prepare or restore, until answered */
    ControlRequest *finish;
    uint64_t watch;         /* of the source's control connection */
    struct Listener *listener;
    FrameStream *handover;
    bool ended[NICS_MAX];   /* its backlog has come */
    bool linked[NICS_MAX];  /* its device says that the VM runs */
    bool running;
    double resume_ms;
    bool kept;              /* the VM is one that stays when it is off */
    unsigned frames;
    guint limit;
};

static bool all_here(const MigrateIn *m)
{
    VM_FOR_EACH_NIC(m->vm, nic) {
        if (!m->ended[nic->index] || !m->linked[nic->index]) {
            return false;
        }
    }
    return true;
}

static void in_free(MigrateIn *m)
{
    m->vm->in = NULL;
    if (m->watch) {
        control_unwatch(m->host->control, m->watch);
    }
    g_clear_handle_id(&m->limit, g_source_remove);
    listener_free(m->listener);
    frame_stream_free(m->handover);
    if (m->fd >= 0) {
        close(m->fd);
    }
    g_free(m->file);
    g_free(m->uri);
    g_free(m->network);
    g_free(m);
}

static void end_backlog(MigrateIn *m, unsigned nic)
{
    if (!m->ended[nic]) {
        m->ended[nic] = true;
        datapath_backlog_end(m->vm->nic[nic]->dp);
    }
}

/* The VM is here with all its frames: it may have VFs. */
static void complete(MigrateIn *m)
{
    Vm *vm = m->vm;
    JsonObject *object = iov_args("s:vm", vm->config.name, NULL);
    ControlRequest *request = m->finish ? m->finish : m->request;

    vm_event(vm, "arrived", "i:frames", (int)m->frames, NULL);
    json_object_set_double_member(object, "resume-ms", m->resume_ms);
    if (request) {
        control_reply_object(request, object);
    } else {
        json_object_unref(object);
    }
    vm->kept |= m->kept;
    in_free(m);
    vm->detached = false;
    vm->restoring = false;
    VM_FOR_EACH_NIC(vm, nic) {
        nic_refresh(nic);
    }
    vm_update_wanted(vm);
    host_state_changed(vm->host);
}

static void check_complete(MigrateIn *m)
{
    if (m->running && all_here(m) && (m->finish || m->file || !m->watch)) {
        complete(m);
    }
}

static gboolean backlog_timeout(gpointer opaque)
{
    MigrateIn *m = opaque;

    m->limit = 0;
    vm_event(m->vm, "hand-over-timeout", NULL);
    VM_FOR_EACH_NIC(m->vm, nic) {
        end_backlog(m, nic->index);
        m->linked[nic->index] = true;
    }
    check_complete(m);
    return G_SOURCE_REMOVE;
}

void migrate_in_running(MigrateIn *m)
{
    Vm *vm = m->vm;

    if (m->running) {
        return;
    }
    m->running = true;
    m->resume_ms = host_now_ms();
    vm->state = VM_RUNNING;
    vm_event(vm, "vm-resumed", NULL);
    VM_FOR_EACH_NIC(vm, nic) {
        nic_connect(nic);
        nic_announce(nic, true);
    }
    m->limit = g_timeout_add(BACKLOG_LIMIT_MS, backlog_timeout, m);
    check_complete(m);
}

/* What the guest's driver can do has been said before this. */
void migrate_in_linked(MigrateIn *m, VmNic *nic)
{
    m->linked[nic->index] = true;
    if (m->running) {
        check_complete(m);
    } else {
        migrate_in_running(m);
    }
}

void migrate_in_finish(MigrateIn *m, ControlRequest *request)
{
    if (m->finish || m->file) {
        control_fail(request, ERR_STATE, "not expected now");
        return;
    }
    m->finish = request;
    check_complete(m);
}

/* --- a source that does not know where its VM is ------------------------ */

typedef struct Abandon {
    Host *host;
    char *vm;
    ControlRequest *request;
} Abandon;

/* Its events came before this answer: it is known whether it came. */
static void abandon_status(void *opaque, JsonNode *ret, const char *error)
{
    Abandon *a = opaque;
    Vm *vm = host_find_vm(a->host, a->vm);
    JsonObject *status = ret && JSON_NODE_HOLDS_OBJECT(ret) ?
        json_node_get_object(ret) : NULL;
    /* It may also have come paused. */
    bool here = !g_str_equal(json_str(status, "status", ""), "inmigrate");

    if (!status || !vm || !vm->in) {
        control_fail(a->request, ERR_FAILED, "QEMU ended on host '%s'",
                     a->host->name);
    } else {
        here |= vm->in->running;
        vm_event(vm, "migrate-abandoned", "b:here", here, NULL);
        if (!here) {
            vm_kill(vm, "the source gave up");
        }
        control_reply_object(a->request, iov_args("b:here", here, NULL));
    }
    g_free(a->vm);
    g_free(a);
}

void migrate_in_abandon(MigrateIn *m, ControlRequest *request)
{
    Abandon *a;

    if (m->file || !m->vm->qmp) {
        control_fail(request, ERR_STATE, "not expected now");
        return;
    }
    a = g_new0(Abandon, 1);
    a->host = m->host;
    a->vm = g_strdup(m->vm->config.name);
    a->request = request;
    qmp_execute(m->vm->qmp, "query-status", NULL, abandon_status, a);
}

/* --- frames from the source -------------------------------------------- */

static void handover_frame(void *opaque, const uint8_t *data, size_t len)
{
    MigrateIn *m = opaque;
    Frame *frame;
    unsigned nic;

    if (len < 1 || data[0] >= NICS_MAX || !m->vm->nic[data[0]] ||
        m->ended[data[0]]) {
        return;
    }
    nic = data[0];
    if (len == 1) {
        nic_event(m->vm->nic[nic], "backlog-end", NULL);
        end_backlog(m, nic);
        check_complete(m);
        return;
    }
    frame = len - 1 >= FRAME_MIN ? frame_new(data + 1, len - 1) : NULL;
    if (frame) {
        m->frames++;
        datapath_backlog_push(m->vm->nic[nic]->dp, frame);
        frame_unref(frame);
    }
}

static void handover_closed(void *opaque, const char *why)
{
    MigrateIn *m = opaque;

    frame_stream_free(m->handover);
    m->handover = NULL;
    if (m->running) {
        VM_FOR_EACH_NIC(m->vm, nic) {
            end_backlog(m, nic->index);
        }
        check_complete(m);
    }
}

static const FrameStreamOps handover_ops = {
    .frame = handover_frame,
    .closed = handover_closed,
};

static void handover_accept(void *opaque, GSocket *socket)
{
    MigrateIn *m = opaque;

    if (!m->handover) {
        m->handover = frame_stream_new(socket, &handover_ops, m);
    }
}

/* --- start and failure ------------------------------------------------- */

void migrate_in_vm_gone(MigrateIn *m)
{
    if (m->request) {
        control_fail(m->request, ERR_FAILED, "QEMU ended on host '%s'",
                     m->host->name);
    }
    if (m->finish) {
        control_fail(m->finish, ERR_FAILED, "QEMU ended on host '%s'",
                     m->host->name);
    }
    in_free(m);
}

/* The source's connection ended. */
static void source_gone(void *opaque)
{
    MigrateIn *m = opaque;

    m->watch = 0;
    if (!m->running) {
        vm_destroy(m->vm, "the source gave up");
        return;
    }
    vm_event(m->vm, "source-gone", NULL);
    check_complete(m);
}

static void incoming_reply(void *opaque, JsonNode *ret, const char *error)
{
    MigrateIn *m = ((Vm *)opaque)->in;
    ControlRequest *request;
    g_autofree char *handover = NULL;

    if (!m) {
        return;
    }
    if (error) {
        if (m->request) {
            request = g_steal_pointer(&m->request);
            control_fail(request, ERR_FAILED, "%s", error);
        }
        vm_destroy(m->vm, error);
        return;
    }
    if (m->file) {
        return;
    }
    request = g_steal_pointer(&m->request);
    handover = vm_path(m->vm, "handover.sock");
    control_reply_object(request, iov_args("s:uri", m->uri,
                                           "s:handover", handover,
                                           "s:network", m->network ?
                                           m->network : "", NULL));
}

void migrate_in_qmp_ready(MigrateIn *m)
{
    Qmp *qmp = m->vm->qmp;

    qmp_execute(qmp, "migrate-set-capabilities",
                migrate_capabilities(!m->file), NULL, NULL);
    qmp_execute(qmp, "migrate-incoming", iov_args("s:uri", m->uri, NULL),
                incoming_reply, m->vm);
}

static void cont_reply(void *opaque, JsonNode *ret, const char *error)
{
}

void migrate_in_qmp_event(MigrateIn *m, const char *event, JsonObject *data)
{
    const char *status = json_str(data, "status", "");

    if (g_str_equal(event, "RESUME")) {
        migrate_in_running(m);
    } else if (g_str_equal(event, "MIGRATION")) {
        vm_event(m->vm, "migration", "s:status", status, NULL);
        if (m->file && g_str_equal(status, "completed") && !m->running) {
            /* It may have been saved while it was paused. */
            qmp_execute(m->vm->qmp, "cont", NULL, cont_reply, NULL);
        }
    }
}

static MigrateIn *in_new(Host *host, VmConfig *config, uint32_t serial,
                         ControlRequest *request, const char *file)
{
    g_autofree char *error = NULL;
    MigrateIn *m;
    bool kept = false;
    Vm *vm = host_find_vm(host, config->name);

    if (vm && file && vm->state == VM_OFF) {
        /* It is this one that was saved. */
        kept = vm->kept;
        vm_release(vm);
        vm = NULL;
    }
    if (vm) {
        control_fail(request, ERR_EXISTS, "host '%s' has a VM '%s' already",
                     host->name, config->name);
        vm_config_clear(config);
        return NULL;
    }
    vm = vm_start(host, config, true, &error);
    if (!vm) {
        control_fail(request, ERR_FAILED, "%s", error);
        vm_config_clear(config);
        return NULL;
    }
    m = g_new0(MigrateIn, 1);
    m->vm = vm;
    m->host = host;
    m->request = request;
    m->file = g_strdup(file);
    m->fd = -1;
    m->kept = kept;
    vm->in = m;
    vm->detached = true;
    vm->next_serial = MAX(serial, 1);
    VM_FOR_EACH_NIC(vm, nic) {
        if (file) {
            m->ended[nic->index] = true;
        } else {
            datapath_backlog_begin(nic->dp);
        }
    }
    return m;
}

void migrate_in_prepare(Host *host, ControlRequest *request, JsonObject *args)
{
    PropError wrong = { 0 };
    g_autofree char *socket = NULL;
    g_autofree char *handover = NULL;
    g_autofree char *network = NULL;
    g_autoptr(GError) gerror = NULL;
    VmConfig config;
    MigrateIn *m;

    if (!host_choose_network(host, json_str(args, "from", ""),
                             json_str(args, "networks", ""), &network,
                             &wrong)) {
        control_fail(request, wrong.code, "%s", wrong.text);
        prop_error_clear(&wrong);
        return;
    }
    if (!vm_config_from_json(&config, json_obj(args, "config"), &wrong)) {
        control_fail(request, wrong.code, "%s", wrong.text);
        prop_error_clear(&wrong);
        return;
    }
    m = in_new(host, &config, json_int(args, "serial", 1), request, NULL);
    if (!m) {
        return;
    }
    m->kept = json_bool(args, "kept", false);
    m->network = g_steal_pointer(&network);
    socket = vm_path(m->vm, "migrate.sock");
    handover = vm_path(m->vm, "handover.sock");
    g_unlink(socket);
    m->uri = g_strdup_printf("unix:%s", socket);
    m->listener = listener_new(handover, handover_accept, m, &gerror);
    if (!m->listener) {
        m->request = NULL;
        control_fail(request, ERR_FAILED, "%s", gerror->message);
        vm_destroy(m->vm, "no hand-over socket");
        return;
    }
    m->watch = control_watch(request, source_gone, m);
    vm_event(m->vm, "migrate-prepared", "s:from", json_str(args, "from", ""),
             NULL);
}

void migrate_in_restore(Host *host, ControlRequest *request, VmConfig *config,
                        uint32_t serial, const char *file, uint64_t offset,
                        int fd)
{
    MigrateIn *m = in_new(host, config, serial, request, file);
    g_autofree char *name = fd >= 0 ? client_fd_path(fd) : g_strdup(file);

    if (!m) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    m->fd = fd;
    m->vm->restoring = true;
    m->uri = g_strdup_printf("file:%s,offset=%" PRIu64, name, offset);
    vm_event(m->vm, "restore-start", "s:file", file, NULL);
}
