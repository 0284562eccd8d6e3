/*
 * The scenario's traffic: started, ended, counted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "lab_private.h"

#include <gio/gio.h>

enum { BETWEEN = 2, TCP_KBYTES = 400, SETTLE_MS = 1500, TCP_END_MS = 45000,
       TCP_POLL_MS = 500 };

static bool agent_ok(Lab *lab, unsigned vm, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);

static bool agent_ok(Lab *lab, unsigned vm, const char *fmt, ...)
{
    g_autofree char *command = NULL;
    JsonObject *answer;
    va_list ap;
    bool ok;

    va_start(ap, fmt);
    command = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    answer = lab_agent(lab, vm, command);
    if (!answer) {
        return false;
    }
    ok = json_object_get_boolean_member_with_default(answer, "ok", FALSE);
    json_object_unref(answer);
    if (!ok) {
        report_fail(lab->report, "%s: the guest refused '%s'",
                    lab->vms[vm].name, command);
    }
    return ok;
}

static bool start_tcp(Lab *lab)
{
    uint64_t seed = lab->options.seed;

    peer_tcp_config(lab->peer, TCP_KBYTES, seed, ~seed);
    return agent_ok(lab, 0, "tcp %s %u %u %" G_GUINT64_FORMAT " %"
                    G_GUINT64_FORMAT, PEER_TCP_IP, peer_tcp_port(lab->peer),
                    (unsigned)TCP_KBYTES, ~seed, seed);
}

bool lab_traffic_start(Lab *lab)
{
    const LabVm *vm = lab->vms;
    unsigned rate = lab->options.rate;

    lab->t0_us = g_get_monotonic_time();
    lab->started = true;
    report_span(lab->report->path, 0, vm->path ? vm->path : "synthetic");
    report_span(lab->report->place, 0, "A");
    if (lab->setup.between_vms) {
        lab_say(lab, "streams between the VMs start, %u frames a second each",
                rate);
        return agent_ok(lab, 0, "send %d %s %u %d", BETWEEN, vm[1].ip, rate,
                        LAB_STREAM_SIZE) &&
               agent_ok(lab, 1, "send %d %s %u %d", BETWEEN + 1, vm[0].ip,
                        rate, LAB_STREAM_SIZE);
    }
    lab_say(lab, "traffic starts: %u frames a second each way, and TCP", rate);
    if (!peer_stream_start(lab->peer, LAB_TO_GUEST, vm->ip, vm->mac, rate,
                           LAB_STREAM_SIZE)) {
        report_fail(lab->report, "the peer could not start its stream");
        return false;
    }
    return agent_ok(lab, 0, "send %d %s %u %d", LAB_FROM_GUEST, PEER_IP, rate,
                    LAB_STREAM_SIZE) && start_tcp(lab);
}

static gint64 member(JsonObject *o, const char *name)
{
    return json_object_get_int_member_with_default(o, name, 0);
}

/* The entry of @stream in an agent's report; borrowed. */
static JsonObject *agent_stream(JsonObject *report, const char *list,
                                unsigned stream)
{
    JsonArray *a = json_object_has_member(report, list)
                   ? json_object_get_array_member(report, list) : NULL;

    for (guint i = 0; a && i < json_array_get_length(a); i++) {
        JsonObject *o = json_array_get_object_element(a, i);

        if (member(o, "stream") == stream) {
            return o;
        }
    }
    return NULL;
}

/* Descriptors of ixgbevf's receive ring, as it makes it by itself. */
enum { VF_RING = 512 };

static void add_stream(Lab *lab, const char *name, uint64_t sent,
                       JsonObject *rx)
{
    ReportStream *s = g_new0(ReportStream, 1);

    s->name = g_strdup(name);
    s->sent = sent;
    if (rx) {
        s->received = member(rx, "received");
        s->duplicated = member(rx, "duplicated");
        s->reordered = member(rx, "reordered");
        s->longest_gap_ms = member(rx, "longest_gap_ns") / 1e6;
        if (json_object_has_member(rx, "first_missing")) {
            JsonArray *m = json_object_get_array_member(rx, "first_missing");

            s->first_lost = json_array_get_int_element(m, 0);
            s->end_lost = json_array_get_int_element(m, 1);
        }
    }
    s->lost = sent > s->received ? sent - s->received : 0;
    g_ptr_array_add(lab->report->streams, s);
    if (sent == 0) {
        report_fail(lab->report, "%s: no frame was sent", name);
    }
    if (s->lost && lab->setup.surprise &&
        g_str_equal(name, "guest-to-peer")) {
        report_note(lab->report, "%" G_GUINT64_FORMAT " frames that the guest "
                    "sent into the pulled VF are lost", s->lost);
    } else if (s->lost && lab->setup.surprise && s->lost <= VF_RING) {
        report_note(lab->report, "%" G_GUINT64_FORMAT " frames that lay in the "
                    "pulled VF's ring are lost: the guest did not take them",
                    s->lost);
    } else if (s->lost) {
        report_fail(lab->report, "%s: %" G_GUINT64_FORMAT " lost", name,
                    s->lost);
    }
    if (s->duplicated) {
        report_fail(lab->report, "%s: %" G_GUINT64_FORMAT " doubled", name,
                    s->duplicated);
    }
}

static void add_from_guest(Lab *lab, JsonObject *report)
{
    JsonObject *tx = agent_stream(report, "senders", LAB_FROM_GUEST);
    PeerStream p;
    JsonObject *rx = json_object_new();

    peer_stream_get(lab->peer, LAB_FROM_GUEST, &p);
    json_object_set_int_member(rx, "received", p.received);
    json_object_set_int_member(rx, "duplicated", p.duplicated);
    json_object_set_int_member(rx, "reordered", p.reordered);
    json_object_set_int_member(rx, "longest_gap_ns", p.longest_gap_ns);
    if (p.first_missing != p.end_missing) {
        JsonArray *m = json_array_new();

        json_array_add_int_element(m, p.first_missing);
        json_array_add_int_element(m, p.end_missing);
        json_object_set_array_member(rx, "first_missing", m);
    }
    add_stream(lab, "guest-to-peer", tx ? member(tx, "sent") : 0, rx);
    json_object_unref(rx);
}

static void add_tcp(Lab *lab, JsonObject *report)
{
    JsonObject *guest = json_object_has_member(report, "tcp")
                        ? json_object_get_object_member(report, "tcp") : NULL;
    PeerTcp peer;
    uint64_t guest_sent = guest ? member(guest, "sent") : 0;
    uint64_t guest_received = guest ? member(guest, "received") : 0;
    bool guest_intact = guest && json_object_get_boolean_member_with_default(
                                     guest, "intact", FALSE);

    peer_tcp_get(lab->peer, &peer);
    lab->report->tcp_used = true;
    lab->report->tcp_bytes = peer.received + guest_received;
    lab->report->tcp_intact = guest_intact && peer.intact && peer.done &&
                              guest_sent == peer.received &&
                              peer.sent == guest_received &&
                              lab->report->tcp_bytes > 0;
    if (!lab->report->tcp_intact) {
        report_fail(lab->report, "TCP: guest sent %" G_GUINT64_FORMAT
                    ", peer got %" G_GUINT64_FORMAT "; peer sent %"
                    G_GUINT64_FORMAT ", guest got %" G_GUINT64_FORMAT
                    "; content %s%s", guest_sent, peer.received, peer.sent,
                    guest_received,
                    guest_intact && peer.intact ? "right" : "wrong",
                    peer.done ? "" : "; connection not closed in order");
    }
}

static void copy_samples(Lab *lab)
{
    g_autoptr(GArray) samples = peer_samples(lab->peer);
    const double per_second = 1000.0 / PEER_SAMPLE_MS;

    for (guint i = 0; i < samples->len; i++) {
        const PeerSample *p = &g_array_index(samples, PeerSample, i);
        ReportSample s = {
            .t_ms = lab_ms(lab, p->t_us),
            .to_guest = p->to_guest * per_second,
            .from_guest = p->from_guest * per_second,
            .rtt_ms = p->rtt_us < 0 ? -1 : p->rtt_us / 1000.0,
        };

        if (s.t_ms >= 0) {
            g_array_append_val(lab->report->samples, s);
        }
    }
}

static bool tcp_done(Lab *lab, void *opaque)
{
    PeerTcp tcp;

    peer_tcp_get(lab->peer, &tcp);
    return tcp.done || !tcp.connected;
}

/*
 * The guest's report once its TCP transfer has ended, or when it does not end:
 * what the peer has sent may still be in flight.  NULL if the guest is silent.
 */
static JsonObject *guest_report(Lab *lab)
{
    JsonObject *report = NULL;

    for (unsigned ms = 0; ms < TCP_END_MS; ms += TCP_POLL_MS) {
        JsonObject *tcp;

        g_clear_pointer(&report, json_object_unref);
        report = lab_agent(lab, 0, "report");
        tcp = report && json_object_has_member(report, "tcp")
              ? json_object_get_object_member(report, "tcp") : NULL;
        if (!tcp ||
            json_object_get_boolean_member_with_default(tcp, "done", TRUE)) {
            break;
        }
        lab_run_for(lab, TCP_POLL_MS);
    }
    return report;
}

static void finish_with_peer(Lab *lab)
{
    PeerStream p;
    JsonObject *report;

    peer_stream_stop(lab->peer, LAB_TO_GUEST);
    agent_ok(lab, 0, "stop %d", LAB_FROM_GUEST);
    peer_tcp_finish(lab->peer);
    agent_ok(lab, 0, "tcp-finish");
    lab_wait(lab, TCP_END_MS, tcp_done, NULL);
    lab_run_for(lab, SETTLE_MS);
    report = guest_report(lab);
    if (!report) {
        return;
    }
    peer_stream_get(lab->peer, LAB_TO_GUEST, &p);
    add_stream(lab, "peer-to-guest", p.sent,
               agent_stream(report, "receivers", LAB_TO_GUEST));
    add_from_guest(lab, report);
    add_tcp(lab, report);
    json_object_unref(report);
}

static void finish_between(Lab *lab)
{
    g_autoptr(JsonObject) one = NULL;
    g_autoptr(JsonObject) two = NULL;
    JsonObject *tx1, *tx2;

    agent_ok(lab, 0, "stop %d", BETWEEN);
    agent_ok(lab, 1, "stop %d", BETWEEN + 1);
    lab_run_for(lab, SETTLE_MS);
    one = lab_agent(lab, 0, "report");
    two = lab_agent(lab, 1, "report");
    if (!one || !two) {
        return;
    }
    tx1 = agent_stream(one, "senders", BETWEEN);
    tx2 = agent_stream(two, "senders", BETWEEN + 1);
    add_stream(lab, "vm1-to-vm2", tx1 ? member(tx1, "sent") : 0,
               agent_stream(two, "receivers", BETWEEN));
    add_stream(lab, "vm2-to-vm1", tx2 ? member(tx2, "sent") : 0,
               agent_stream(one, "receivers", BETWEEN + 1));
}

void lab_traffic_finish(Lab *lab)
{
    const char *failure;

    lab->report->duration_ms = lab_ms(lab, g_get_monotonic_time());
    lab_say(lab, "traffic ends; counting");
    if (lab->setup.between_vms) {
        finish_between(lab);
    } else {
        finish_with_peer(lab);
    }
    copy_samples(lab);
    failure = peer_failure(lab->peer);
    if (failure) {
        report_fail(lab->report, "peer: %s", failure);
    }
}
