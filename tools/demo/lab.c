/*
 * The laboratory's processes: see lab.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "lab_private.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

const char *lab_host_name(LabHost host)
{
    return host == LAB_A ? "A" : "B";
}

double lab_ms(const Lab *lab, int64_t t_us)
{
    return lab->t0_us ? (t_us - lab->t0_us) / 1000.0 : 0;
}

void lab_say(Lab *lab, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    if (lab->options.quiet) {
        return;
    }
    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    if (lab->t0_us) {
        printf("%8.3f s  %s\n",
               lab_ms(lab, g_get_monotonic_time()) / 1000, text);
    } else {
        printf("            %s\n", text);
    }
    fflush(stdout);
}

Report *lab_report(Lab *lab)
{
    return lab->report;
}

Lab *lab_new(const LabOptions *options, Report *report)
{
    Lab *lab = g_new0(Lab, 1);

    lab->options = *options;
    lab->report = report;
    lab->run_dir = g_dir_make_tmp("iovlab-demo-XXXXXX", NULL);
    g_setenv("IOVLAB_RUN", lab->run_dir, TRUE);
    return lab;
}

static bool true_after(Lab *lab, void *opaque)
{
    return false;
}

static gboolean wake(gpointer opaque)
{
    return G_SOURCE_CONTINUE;
}

/* Interrupted: the scenario is cut short, the laboratory is cleared away. */
static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    interrupted = 1;
}

bool lab_interrupted(void)
{
    return interrupted;
}

static void watch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal,
                                .sa_flags = SA_RESETHAND };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

bool lab_wait(Lab *lab, unsigned ms, bool (*done)(Lab *lab, void *opaque),
              void *opaque)
{
    int64_t end = g_get_monotonic_time() + ms * 1000LL;
    guint tick = g_timeout_add(20, wake, NULL);
    bool ok = false;

    while (!(ok = done(lab, opaque)) && g_get_monotonic_time() < end &&
           !interrupted) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(tick);
    return ok;
}

void lab_run_for(Lab *lab, unsigned ms)
{
    lab_wait(lab, ms, true_after, NULL);
}

typedef struct Child {
    bool exited;
    char *output;
} Child;

static void child_done(GObject *source, GAsyncResult *result, gpointer opaque)
{
    Child *child = opaque;

    g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result,
                                         &child->output, NULL, NULL);
    child->exited = true;
}

bool lab_command(Lab *lab, const char *first, ...)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *line = NULL;
    g_autoptr(GSubprocess) process = NULL;
    g_autoptr(GError) error = NULL;
    Child child = { 0 };
    va_list ap;
    bool ok;

    g_ptr_array_add(argv, self);
    va_start(ap, first);
    for (const char *arg = first; arg; arg = va_arg(ap, const char *)) {
        g_ptr_array_add(argv, (char *)arg);
    }
    va_end(ap);
    g_ptr_array_add(argv, NULL);
    line = g_strjoinv(" ", (char **)argv->pdata + 1);
    process = g_subprocess_newv((const char *const *)argv->pdata,
                                G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                G_SUBPROCESS_FLAGS_STDERR_MERGE, &error);
    if (!process) {
        report_fail(lab->report, "iovlab %s: %s", line, error->message);
        return false;
    }
    g_subprocess_communicate_utf8_async(process, NULL, NULL, child_done,
                                        &child);
    while (!child.exited && !(interrupted && !lab->closing)) {
        g_main_context_iteration(NULL, TRUE);
    }
    if (!child.exited) {
        g_subprocess_force_exit(process);
        while (!child.exited) {
            g_main_context_iteration(NULL, TRUE);
        }
    }
    ok = g_subprocess_get_successful(process);
    if (!ok) {
        g_strstrip(child.output ? child.output : (child.output = g_strdup("")));
        report_fail(lab->report, "iovlab %s: %s", line, child.output);
    }
    g_free(child.output);
    return ok;
}

static bool start_host(Lab *lab, LabHost host)
{
    const LabSetup *s = &lab->setup;
    g_autofree char *vfs = g_strdup_printf("%u", host == LAB_B && s->vfs_b
                                           ? s->vfs_b : 8);
    g_autofree char *limit = g_strdup_printf("%u", s->eject_limit_ms
                                             ? s->eject_limit_ms : 60000);
    bool sriov = !(host == LAB_B && s->no_sriov_b);
    const char *name = lab_host_name(host);
    g_autoptr(GError) error = NULL;

    const char *machine = host == LAB_A && s->machine_a ? s->machine_a :
        "ChipsetFlaw=false";

    if (!(sriov ? lab_command(lab, "host", "start", name, "--vfs", vfs,
                              "--eject-limit", limit, "--set", machine, NULL)
                : lab_command(lab, "host", "start", name, "--no-sriov",
                              "--eject-limit", limit, NULL))) {
        return false;
    }
    lab->clients[host] = iov_client_host(name, &error);
    if (!lab->clients[host]) {
        report_fail(lab->report, "host %s: %s", name, error->message);
        return false;
    }
    lab_events_subscribe(lab, host);
    return true;
}

static bool start_peer(Lab *lab)
{
    g_autofree char *path = NULL;
    g_autoptr(JsonNode) node = NULL;
    g_autoptr(GError) error = NULL;

    lab->tor = iov_client_tor(&error);
    if (!lab->tor) {
        report_fail(lab->report, "top-of-rack switch: %s", error->message);
        return false;
    }
    node = iov_client_call(lab->tor, "port-add",
                           iov_args("s:port", "peer", NULL), &error);
    if (!node) {
        report_fail(lab->report, "top-of-rack switch: %s", error->message);
        return false;
    }
    path = g_build_filename(lab->run_dir, "tor", "peer.sock", NULL);
    lab->peer = peer_new(path, &error);
    if (!lab->peer) {
        report_fail(lab->report, "%s", error->message);
        return false;
    }
    return true;
}

static bool boot_vm(Lab *lab, unsigned i)
{
    LabVm *vm = &lab->vms[i];
    g_autofree char *smp = g_strdup_printf("%u", lab->options.smp);
    unsigned n_nics = i == 0 && lab->setup.nics ? lab->setup.nics : 1;
    g_autofree char *nics = g_strdup_printf("%u", n_nics);
    GString *more = g_string_new(NULL);
    g_autofree char *append = NULL;
    const char *host;

    vm->name = g_strdup_printf("vm%u", i + 1);
    vm->mac = g_strdup_printf("00:15:5d:77:00:%02x", i + 1);
    vm->ip = g_strdup_printf("10.77.0.%u", i + 11);
    vm->agent_in = g_string_new(NULL);
    vm->place = i == 1 && lab->setup.second_on_b ? LAB_B : LAB_A;
    host = lab_host_name(vm->place);
    for (unsigned n = 1; n < n_nics; n++) {
        g_string_append_printf(more, ",10.%u.0.11/%d", 77 + n, PEER_PREFIX);
    }
    append = g_strdup_printf("console=ttyS0 iovlab.ip=%s/%d%s "
                             "iovlab.agent=/dev/ttyS1", vm->ip, PEER_PREFIX,
                             more->str);
    g_string_free(more, TRUE);
    lab_say(lab, "%s boots on host %s", vm->name, host);
    vm->booted = lab_command(lab, "run", "--host", host, "--name", vm->name,
                             "--kernel", lab->options.kernel, "--initrd",
                             lab->options.initrd, "--smp", smp, "--nics",
                             nics, "--mac", vm->mac, "--append", append,
                             "--detach", NULL);
    return vm->booted;
}

/* A capture of one port into the report; a port that is not there is none. */
static void capture(Lab *lab, IovClient *client, const char *owner,
                    const char *port)
{
    g_autofree char *name = g_strdup_printf("%s-%s.pcapng", owner, port);
    g_autofree char *dir = g_canonicalize_filename(lab->options.report_dir,
                                                   NULL);
    g_autofree char *file = g_build_filename(dir, name, NULL);
    JsonNode *node = iov_client_call(client, "capture",
                                     iov_args("s:port", port, "s:file", file,
                                              NULL), NULL);

    g_clear_pointer(&node, json_node_unref);
}

static void start_captures(Lab *lab)
{
    static const char *const ports[] = { "A", "B", "peer" };

    for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
        capture(lab, lab->tor, "tor", ports[i]);
    }
    for (LabHost h = 0; h < LAB_HOSTS; h++) {
        for (unsigned i = 0; i < lab->n_vms; i++) {
            g_autofree char *port = g_strdup_printf("vm%u.0", i + 1);

            capture(lab, lab->clients[h], lab_host_name(h), port);
        }
    }
}

static char *read_kernel_name(JsonObject *hello)
{
    return g_strdup(json_object_get_string_member_with_default(hello, "kernel",
                                                               NULL));
}

static bool all_settled(Lab *lab, void *opaque)
{
    for (unsigned i = 0; i < lab->n_vms; i++) {
        if (g_strcmp0(lab->vms[i].path, "vf") == 0 &&
            !lab->vms[i].vf_settled) {
            return false;
        }
    }
    return true;
}

/*
 * A guest that begins to send in the moment between the carrier of its VF and
 * the activation of the VF's queue loses that by its own doing (docs/guests.md).
 */
static void wait_settled(Lab *lab)
{
    lab_wait(lab, LAB_SETTLE_MS, all_settled, NULL);
}

bool lab_start(Lab *lab, const LabSetup *setup)
{
    watch_signals();
    lab->setup = *setup;
    lab->n_vms = setup->vms ? setup->vms : 1;
    lab_say(lab, "hosts A and B and their top-of-rack switch start");
    if (!start_host(lab, LAB_A) || !start_host(lab, LAB_B) ||
        !start_peer(lab)) {
        return false;
    }
    for (unsigned i = 0; i < lab->n_vms; i++) {
        if (!boot_vm(lab, i)) {
            return false;
        }
    }
    for (unsigned i = 0; i < lab->n_vms; i++) {
        JsonObject *hello;

        if (!lab_agent_wait(lab, i, LAB_BOOT_MS)) {
            return false;
        }
        hello = lab_agent(lab, i, "ping");
        if (hello && i == 0) {
            lab->report->kernel = read_kernel_name(hello);
        }
        g_clear_pointer(&hello, json_object_unref);
    }
    lab_say(lab, "the guest is up: Linux %s", lab->report->kernel);
    wait_settled(lab);
    start_captures(lab);
    if (!lab_traffic_start(lab)) {
        return false;
    }
    for (unsigned i = 0; i < lab->n_vms && !setup->no_vf_at_first; i++) {
        if (!lab_attach(lab, i)) {
            return false;
        }
    }
    return true;
}

static void keep_file(Lab *lab, const char *from, const char *name)
{
    g_autoptr(GFile) src = g_file_new_for_path(from);
    g_autofree char *path = g_build_filename(lab->options.report_dir, name,
                                             NULL);
    g_autoptr(GFile) dst = g_file_new_for_path(path);

    g_file_copy(src, dst, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, NULL);
}

/* Logs and captures of the run directory that a person may want. */
static void keep_files(Lab *lab, const char *dir, const char *prefix)
{
    g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
    const char *name;

    while (d && (name = g_dir_read_name(d))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_autofree char *flat = g_strdup_printf("%s%s", prefix, name);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            g_autofree char *sub = g_strdup_printf("%s-", flat);

            keep_files(lab, path, sub);
        } else if (g_str_has_suffix(name, ".log") ||
                   g_str_has_suffix(name, ".pcapng")) {
            keep_file(lab, path, flat);
        }
    }
}

static void remove_tree(const char *dir)
{
    g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
    const char *name;

    while (d && (name = g_dir_read_name(d))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR) &&
            !g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
            remove_tree(path);
        } else {
            g_unlink(path);
        }
    }
    g_rmdir(dir);
}

void lab_finish(Lab *lab)
{
    if (interrupted) {
        report_fail(lab->report, "interrupted");
        return;
    }
    if (lab->started) {
        lab_note_final_vf(lab);
        lab_traffic_finish(lab);
        lab_collect_counters(lab);
    }
    lab_check_consoles(lab);
}

void lab_free(Lab *lab)
{
    for (unsigned i = 0; i < LAB_VMS; i++) {
        LabVm *vm = &lab->vms[i];

        lab_agent_drop(vm);
        if (vm->agent_in) {
            g_string_free(vm->agent_in, TRUE);
        }
        g_free(vm->name);
        g_free(vm->mac);
        g_free(vm->ip);
        g_free(vm->path);
        g_free(vm->migration_end);
        g_free(vm->late_dma);
        g_free(vm->late_msi);
    }
    peer_free(lab->peer);
    for (LabHost h = 0; h < LAB_HOSTS; h++) {
        g_clear_pointer(&lab->clients[h], iov_client_free);
    }
    g_clear_pointer(&lab->tor, iov_client_free);
    g_free(lab->migrate_error);
    lab->closing = true;
    keep_files(lab, lab->run_dir, "");
    lab_command(lab, "stop", "--all", NULL);
    keep_files(lab, lab->run_dir, "");
    remove_tree(lab->run_dir);
    g_free(lab->run_dir);
    g_free(lab);
}
