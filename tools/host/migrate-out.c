/*
 * A live migration, seen from the host that the VM leaves.
 *
 *   prepare     the destination starts its QEMU and waits
 *   detach      the VM gives its VFs up; traffic is synthetic
 *   transfer    QEMU's own migration, from one QEMU to the other
 *   hand-over   frames that the VM had not taken go to the destination, then
 *               those that still arrive here, until the fence
 *   finish      the destination has it all: this QEMU ends
 *
 * The fence: the destination's first frame from the VM's address (its
 * announcement) comes to us through the top-of-rack switch behind every frame
 * that the switch had still sent here.  After it nothing more can come.
 *
 * Until QEMU says "completed" every failure leads back: the VM goes on here
 * and gets its VFs again.  If QEMU is silent about being cancelled, the
 * destination says whether the VM runs there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

#include "base/daemon.h"
#include "base/framing.h"
#include "base/jsonline.h"

#include <string.h>

enum {
    FENCE_LIMIT_MS = 1000,
    FINISH_LIMIT_MS = 10000,
    DETACH_SLACK_MS = 15000,
    DOWNTIME_LIMIT_MS = 300,
};
#define MAX_BANDWIDTH (G_GINT64_CONSTANT(8) << 30)

typedef enum OutState {
    OUT_PREPARE,
    OUT_DETACH,
    OUT_TRANSFER,
    OUT_CANCELLING,         /* QEMU was told to give up */
    OUT_ABANDONING,         /* it is silent: the destination is asked */
    OUT_HANDOVER,
    OUT_FINISH,
} OutState;

static const char *const out_names[] = {
    "prepare", "detach", "transfer", "cancelling", "abandoning", "hand-over",
    "finish",
};

struct MigrateOut {
    Vm *vm;
    Host *host;
    char *to;
    ControlRequest *request;
    ControlRequest *cancel;
    IovClient *peer;
    FrameStream *handover;
    char *uri;
    OutState state;
    char *why;              /* of a cancellation */
    const char *code;
    guint timer;            /* of the whole, until completed */
    guint limit;            /* of cancelling, the fence, then of finishing */
    bool completed;         /* QEMU's word: the VM is at the destination */
    bool late;              /* the same, while the destination is asked */
    bool handed[NICS_MAX];
    bool fenced[NICS_MAX];
    bool ended[NICS_MAX];
    unsigned frames;        /* handed over */
    double start_ms;
    double stop_ms;
};

static void set_state(MigrateOut *m, OutState state)
{
    m->state = state;
    vm_event(m->vm, "migrate-state", "s:state", out_names[state], NULL);
}

static void out_free(MigrateOut *m)
{
    m->vm->out = NULL;
    g_clear_handle_id(&m->timer, g_source_remove);
    g_clear_handle_id(&m->limit, g_source_remove);
    frame_stream_free(m->handover);
    iov_client_free(m->peer);
    g_free(m->to);
    g_free(m->uri);
    g_free(m->why);
    g_free(m);
}

static void transfer_completed(MigrateOut *m);

/* --- back -------------------------------------------------------------- */

/* The VM stays here; the destination hears it from the closed connection. */
static void end_here(MigrateOut *m, const char *code, const char *why,
                     bool cancelled)
{
    Vm *vm = m->vm;
    ControlRequest *request = g_steal_pointer(&m->request);
    ControlRequest *cancel = g_steal_pointer(&m->cancel);

    vm_event(vm, "migrate-failed", "s:code", code, "s:reason", why,
             "s:state", out_names[m->state], NULL);
    VM_FOR_EACH_NIC(vm, nic) {
        datapath_thaw(nic->dp);
    }
    if (request) {
        control_fail(request, code, "migration of '%s' to '%s': %s",
                     vm->config.name, m->to, why);
    }
    if (cancel && cancelled) {
        control_reply(cancel, NULL);
    } else if (cancel) {
        control_fail(cancel, code, "migration of '%s' to '%s': %s",
                     vm->config.name, m->to, why);
    }
    out_free(m);
}

static void roll_back(MigrateOut *m, const char *code, const char *why)
{
    Vm *vm = m->vm;

    end_here(m, code, why, true);
    vm->detached = false;
    vm_update_wanted(vm);
}

/* --- QEMU does not answer ------------------------------------------------ */

/*
 * The VM cannot run at both hosts: QEMU's stream ends when the destination's
 * QEMU does.  So the destination says where it is, or it is not known.
 */
static void end_unanswered(MigrateOut *m, bool given_up)
{
    unsigned limit = m->host->config.cancel_limit_ms;
    g_autofree char *why = given_up ?
        g_strdup_printf("QEMU did not answer in %u ms; host '%s' has given up, "
                        "so the VM is here", limit, m->to) :
        g_strdup_printf("QEMU did not answer in %u ms, and host '%s' did not "
                        "say whether the VM runs there", limit, m->to);
    Vm *vm = m->vm;
    bool late = m->late;

    end_here(m, ERR_TIMEOUT, why, false);
    vm_not_answering(vm, late ? LATE_NONE : given_up ? LATE_HERE :
                     LATE_UNKNOWN);
    if (late && given_up) {
        vm_continue(vm);
    }
}

static void abandon_reply(void *opaque, JsonNode *result, const GError *error)
{
    MigrateOut *m = opaque;
    bool there = result && JSON_NODE_HOLDS_OBJECT(result) &&
        json_bool(json_node_get_object(result), "here", false);

    if (m->state != OUT_ABANDONING) {
        return;
    }
    if (there || (error && m->late)) {
        m->vm->silent = !m->late;
        transfer_completed(m);
    } else {
        end_unanswered(m, !error);
    }
}

static gboolean abandon_timeout(gpointer opaque)
{
    MigrateOut *m = opaque;

    m->limit = 0;
    if (m->late) {
        transfer_completed(m);
    } else {
        end_unanswered(m, false);
    }
    return G_SOURCE_REMOVE;
}

static gboolean cancel_timeout(gpointer opaque)
{
    MigrateOut *m = opaque;

    vm_event(m->vm, "migrate-unanswered", NULL);
    set_state(m, OUT_ABANDONING);
    m->limit = g_timeout_add(m->host->config.cancel_limit_ms, abandon_timeout,
                             m);
    /* The last that is done with it: a peer that is gone ends it all. */
    iov_client_send(m->peer, "migrate-abandon",
                    iov_args("s:vm", m->vm->config.name, NULL),
                    abandon_reply, m);
    return G_SOURCE_REMOVE;
}

/* Gives up: at once if QEMU is not yet at work, else when it says so. */
static void give_up(MigrateOut *m, const char *code, const char *why)
{
    if (m->completed || m->state == OUT_CANCELLING ||
        m->state == OUT_ABANDONING) {
        return;
    }
    if (m->state != OUT_TRANSFER || !m->vm->qmp) {
        roll_back(m, code, why);
        return;
    }
    m->code = code;
    m->why = g_strdup(why);
    set_state(m, OUT_CANCELLING);
    m->limit = g_timeout_add(m->host->config.cancel_limit_ms, cancel_timeout,
                             m);
    qmp_execute(m->vm->qmp, "migrate_cancel", NULL, NULL, NULL);
}

static gboolean out_timeout(gpointer opaque)
{
    MigrateOut *m = opaque;

    m->timer = 0;
    give_up(m, ERR_TIMEOUT, "time limit exceeded");
    return G_SOURCE_REMOVE;
}

void migrate_out_cancel(MigrateOut *m, ControlRequest *request)
{
    if (m->completed) {
        control_fail(request, ERR_STATE, "the VM has left already");
        return;
    }
    if (m->cancel) {
        control_fail(request, ERR_BUSY, "the migration is being cancelled");
        return;
    }
    m->cancel = request;
    vm_event(m->vm, "migrate-cancel", NULL);
    give_up(m, ERR_CANCELLED, "cancelled");
}

void migrate_out_vm_gone(MigrateOut *m)
{
    if (m->request) {
        control_fail(m->request, ERR_FAILED, "the VM ended");
        m->request = NULL;
    }
    if (m->cancel) {
        control_fail(m->cancel, ERR_FAILED, "the VM ended");
        m->cancel = NULL;
    }
    out_free(m);
}

/* --- finish ------------------------------------------------------------ */

static void finished(MigrateOut *m, JsonObject *result)
{
    double resume_ms = m->stop_ms;
    JsonNode *node = result ? json_object_get_member(result, "resume-ms") :
        NULL;
    ControlRequest *request = g_steal_pointer(&m->request);
    g_autoptr(JsonObject) object = json_object_new();
    Vm *vm = m->vm;

    if (node && JSON_NODE_HOLDS_VALUE(node)) {
        resume_ms = json_node_get_double(node);
    }
    json_object_set_string_member(object, "vm", vm->config.name);
    json_object_set_string_member(object, "to", m->to);
    json_object_set_double_member(object, "total-ms",
                                  host_now_ms() - m->start_ms);
    json_object_set_double_member(object, "downtime-ms",
                                  resume_ms - m->stop_ms);
    json_object_set_int_member(object, "frames-handed-over", m->frames);
    vm_event(vm, "migrate-completed", "s:to", m->to,
             "i:total_ms", (int)(host_now_ms() - m->start_ms),
             "i:downtime_ms", (int)(resume_ms - m->stop_ms),
             "i:frames_handed_over", (int)m->frames, NULL);
    if (request) {
        control_reply_object(request, json_object_ref(object));
    }
    if (m->cancel) {
        control_fail(m->cancel, ERR_STATE, "the VM has left already");
        m->cancel = NULL;
    }
    out_free(m);
    vm_destroy_left(vm, "migrated");
}

static void finish_reply(void *opaque, JsonNode *result, const GError *error)
{
    MigrateOut *m = opaque;

    if (m->state != OUT_FINISH) {
        return;
    }
    if (error) {
        vm_event(m->vm, "migrate-peer-error", "s:text", error->message, NULL);
    }
    finished(m, result && JSON_NODE_HOLDS_OBJECT(result) ?
             json_node_get_object(result) : NULL);
}

static gboolean finish_timeout(gpointer opaque)
{
    MigrateOut *m = opaque;

    m->limit = 0;
    finished(m, NULL);
    return G_SOURCE_REMOVE;
}

static gboolean send_finish(gpointer opaque)
{
    MigrateOut *m = opaque;

    m->limit = g_timeout_add(FINISH_LIMIT_MS, finish_timeout, m);
    iov_client_send(m->peer, "migrate-finish",
                    iov_args("s:vm", m->vm->config.name, NULL),
                    finish_reply, m);
    return G_SOURCE_REMOVE;
}

/* Not from within a walk over the adapters: a peer that is gone ends it all. */
static void start_finish(MigrateOut *m)
{
    set_state(m, OUT_FINISH);
    g_clear_handle_id(&m->limit, g_source_remove);
    m->limit = g_idle_add(send_finish, m);
}

/* --- hand-over --------------------------------------------------------- */

static void send_record(MigrateOut *m, unsigned nic, const Frame *frame)
{
    uint8_t record[1 + FRAME_MAX];

    if (!m->handover) {
        return;
    }
    record[0] = nic;
    if (frame) {
        memcpy(record + 1, frame->data, frame->len);
        m->frames++;
    }
    frame_stream_send(m->handover, record, 1 + (frame ? frame->len : 0));
}

static void hand_over_waiting(MigrateOut *m, VmNic *nic)
{
    FrameQueue frames;
    FrameSlot slot;
    Frame *frame;

    frame_queue_init(&frames, 0, 0);
    datapath_take(nic->dp, &frames);
    while ((frame = frame_queue_take(&frames, &slot))) {
        send_record(m, nic->index, frame);
        frame_unref(frame);
    }
    frame_queue_clear(&frames);
}

/* Behind the fence: what is left, the end mark, and the port goes. */
static void end_nic(MigrateOut *m, VmNic *nic)
{
    unsigned before = m->frames;

    host_net_settle(m->host);
    hand_over_waiting(m, nic);
    send_record(m, nic->index, NULL);
    m->ended[nic->index] = true;
    nic_disconnect(nic);
    nic_event(nic, "handed-over", "b:fenced", m->fenced[nic->index],
              "i:late", (int)(m->frames - before), NULL);
}

static void check_ended(MigrateOut *m)
{
    VM_FOR_EACH_NIC(m->vm, nic) {
        if (!m->ended[nic->index]) {
            return;
        }
    }
    if (m->state == OUT_HANDOVER) {
        start_finish(m);
    }
}

static void hand_over_nic(MigrateOut *m, VmNic *nic)
{
    if (!m->completed || m->handed[nic->index] ||
        !datapath_is_frozen(nic->dp)) {
        return;
    }
    m->handed[nic->index] = true;
    host_net_settle(m->host);
    nic_event(nic, "hand-over", "i:frames", (int)datapath_backlog(nic->dp),
              NULL);
    hand_over_waiting(m, nic);
    if (m->fenced[nic->index]) {
        end_nic(m, nic);
        check_ended(m);
    }
}

static gboolean fence_timeout(gpointer opaque)
{
    MigrateOut *m = opaque;

    m->limit = 0;
    VM_FOR_EACH_NIC(m->vm, nic) {
        hand_over_nic(m, nic);
        if (!m->ended[nic->index]) {
            end_nic(m, nic);
        }
    }
    check_ended(m);
    return G_SOURCE_REMOVE;
}

void migrate_out_fence(Adapter *adapter, const uint8_t *frame, size_t len)
{
    Host *host = adapter->host;
    GList *next;

    for (GList *l = host->vms; l; l = next) {
        Vm *vm = l->data;
        MigrateOut *m = vm->out;

        next = l->next;
        for (VmNic *nic = m ? vm_nic(vm, 0) : NULL; nic;
             nic = vm_nic(vm, nic->index + 1)) {
            unsigned i = nic->index;

            if (memcmp(frame + 6, nic->config->mac, 6) != 0 || m->fenced[i] ||
                nic_adapter(nic) != adapter ||
                (m->state != OUT_TRANSFER && m->state != OUT_HANDOVER)) {
                continue;
            }
            m->fenced[i] = true;
            nic_event(nic, "fence", NULL);
            if (m->handed[i] && !m->ended[i]) {
                end_nic(m, nic);
                check_ended(m);
            }
            break;
        }
    }
}

/* --- transfer ---------------------------------------------------------- */

static void freeze_all(MigrateOut *m)
{
    VM_FOR_EACH_NIC(m->vm, nic) {
        datapath_freeze(nic->dp);
    }
}

void migrate_out_nic_frozen(MigrateOut *m, VmNic *nic)
{
    nic_event(nic, "frozen", "i:backlog", (int)datapath_backlog(nic->dp),
              NULL);
    hand_over_nic(m, nic);
}

void migrate_out_runstate(MigrateOut *m, bool running)
{
    if (m->completed ||
        (m->state != OUT_TRANSFER && m->state != OUT_CANCELLING &&
         m->state != OUT_ABANDONING)) {
        return;
    }
    if (!running) {
        freeze_all(m);
    } else {
        VM_FOR_EACH_NIC(m->vm, nic) {
            datapath_thaw(nic->dp);
        }
    }
}

static void transfer_completed(MigrateOut *m)
{
    m->completed = true;
    g_clear_handle_id(&m->timer, g_source_remove);
    g_clear_handle_id(&m->limit, g_source_remove);
    set_state(m, OUT_HANDOVER);
    m->limit = g_timeout_add(FENCE_LIMIT_MS, fence_timeout, m);
    freeze_all(m);
    VM_FOR_EACH_NIC(m->vm, nic) {
        /* Without a wire there is nothing that could still come. */
        m->fenced[nic->index] |= !nic_adapter(nic);
        hand_over_nic(m, nic);
    }
    check_ended(m);
}

void migrate_out_qmp_event(MigrateOut *m, const char *event, JsonObject *data)
{
    const char *status = json_str(data, "status", "");

    if (g_str_equal(event, "STOP")) {
        m->stop_ms = host_now_ms();
        return;
    }
    if (!g_str_equal(event, "MIGRATION")) {
        return;
    }
    vm_event(m->vm, "migration", "s:status", status, NULL);
    if (g_str_equal(status, "completed")) {
        if (m->state == OUT_ABANDONING) {
            /* The destination may be ending its QEMU: its word counts. */
            m->late = true;
        } else if (!m->completed) {
            transfer_completed(m);
        }
    } else if (g_str_equal(status, "failed") ||
               g_str_equal(status, "cancelled")) {
        roll_back(m, m->code ? m->code : ERR_FAILED,
                  m->why ? m->why : "QEMU's migration failed");
    }
}

/* The event of a failure comes before the reply: the VM, not what it ended. */
static void migrate_reply(void *opaque, JsonNode *ret, const char *error)
{
    MigrateOut *m = ((Vm *)opaque)->out;

    if (error && m && m->state == OUT_TRANSFER) {
        roll_back(m, ERR_FAILED, error);
    }
}

JsonObject *migrate_capabilities(bool return_path)
{
    JsonObject *args = json_object_new();
    JsonArray *list = json_array_new();

    json_array_add_object_element(list, iov_args("s:capability", "events",
                                                 "b:state", TRUE, NULL));
    json_array_add_object_element(list,
                                  iov_args("s:capability", "return-path",
                                           "b:state", return_path, NULL));
    json_object_set_array_member(args, "capabilities", list);
    return args;
}

static void start_transfer(MigrateOut *m)
{
    Qmp *qmp = m->vm->qmp;
    JsonObject *parameters = json_object_new();

    if (!qmp) {
        roll_back(m, ERR_FAILED, "QEMU is not connected");
        return;
    }
    set_state(m, OUT_TRANSFER);
    /*
     * A switch that does not know a silent guest's address floods: frames
     * would then be at both hosts when the VM runs at the other.
     */
    VM_FOR_EACH_NIC(m->vm, nic) {
        nic_announce(nic, false);
    }
    json_object_set_int_member(parameters, "max-bandwidth", MAX_BANDWIDTH);
    json_object_set_int_member(parameters, "downtime-limit",
                               DOWNTIME_LIMIT_MS);
    qmp_execute(qmp, "migrate-set-capabilities", migrate_capabilities(true),
                NULL, NULL);
    qmp_execute(qmp, "migrate-set-parameters", parameters, NULL, NULL);
    qmp_execute(qmp, "migrate", iov_args("s:uri", m->uri, NULL),
                migrate_reply, m->vm);
}

/* --- prepare and detach ------------------------------------------------ */

static bool no_vf(Vm *vm, void *opaque)
{
    VM_FOR_EACH_NIC(vm, nic) {
        VfState state = vf_life_state(nic->life);

        if ((state != VF_SYNTHETIC && state != VF_WAITING) ||
            datapath_state(nic->dp) != DATAPATH_ON_SYNTHETIC) {
            return false;
        }
    }
    return true;
}

static void detached(Vm *vm, void *opaque, bool ok)
{
    MigrateOut *m = opaque;

    if (vm->out != m || m->state != OUT_DETACH) {
        return;
    }
    if (!ok) {
        roll_back(m, ERR_TIMEOUT, "the VF could not be taken away");
        return;
    }
    vm_event(vm, "vfs-detached", NULL);
    start_transfer(m);
}

void vm_detach_vfs(Vm *vm, VmWaited waited, void *opaque)
{
    unsigned limit = 0;

    vm->detached = true;
    vm_update_wanted(vm);
    VM_FOR_EACH_NIC(vm, nic) {
        limit = MAX(limit, vf_life_eject_limit(nic->life));
    }
    vm_wait(vm, no_vf, limit + DETACH_SLACK_MS, waited, opaque);
}

static void handover_frame(void *opaque, const uint8_t *frame, size_t len)
{
    /* The destination has nothing to say here. */
}

static void handover_closed(void *opaque, const char *why)
{
    MigrateOut *m = opaque;

    frame_stream_free(m->handover);
    m->handover = NULL;
    if (m->state != OUT_FINISH) {
        vm_event(m->vm, "hand-over-closed", "s:reason", why, NULL);
    }
}

static const FrameStreamOps handover_ops = {
    .frame = handover_frame,
    .closed = handover_closed,
};

static void prepare_reply(void *opaque, JsonNode *result, const GError *error)
{
    MigrateOut *m = opaque;
    JsonObject *object = result && JSON_NODE_HOLDS_OBJECT(result) ?
        json_node_get_object(result) : NULL;
    const char *path = json_str(object, "handover", "");
    g_autoptr(GError) failed = NULL;

    if (m->state != OUT_PREPARE) {
        return;
    }
    if (error) {
        roll_back(m, g_str_equal(iov_client_error_class(), ERR_NO_NETWORK) ?
                  ERR_NO_NETWORK : ERR_FAILED, error->message);
        return;
    }
    if (*json_str(object, "network", "")) {
        vm_event(m->vm, "migrate-network", "s:network",
                 json_str(object, "network", ""), NULL);
    }
    m->uri = g_strdup(json_str(object, "uri", ""));
    m->handover = frame_stream_connect(path, &handover_ops, m, &failed);
    if (!m->handover) {
        roll_back(m, ERR_FAILED, failed->message);
        return;
    }
    set_state(m, OUT_DETACH);
    vm_detach_vfs(m->vm, detached, m);
}

static void peer_closed(void *opaque)
{
    MigrateOut *m = opaque;

    give_up(m, ERR_FAILED, "the destination host went away");
}

void migrate_out_start(Vm *vm, ControlRequest *request, const char *to,
                       unsigned timeout_s)
{
    g_autoptr(GError) error = NULL;
    IovClient *peer = iov_client_host(to, &error);
    JsonObject *args;
    MigrateOut *m;

    if (!peer) {
        control_fail(request, ERR_NOT_FOUND, "%s", error->message);
        return;
    }
    m = g_new0(MigrateOut, 1);
    m->vm = vm;
    m->host = vm->host;
    m->to = g_strdup(to);
    m->request = request;
    m->peer = peer;
    m->start_ms = m->stop_ms = host_now_ms();
    vm->out = m;
    vm_event(vm, "migrate-start", "s:to", to, NULL);
    m->timer = g_timeout_add_seconds(timeout_s, out_timeout, m);
    iov_client_on_closed(peer, peer_closed, m);
    args = iov_args("s:from", vm->host->name,
                    "i:serial", (int)vm->next_serial, "b:kept", vm->kept,
                    NULL);
    json_object_set_object_member(args, "config",
                                  vm_config_to_json(&vm->config));
    json_object_set_string_member(args, "networks",
                                  vm->host->config.networks);
    set_state(m, OUT_PREPARE);
    iov_client_send(peer, "migrate-prepare", args, prepare_reply, m);
}
