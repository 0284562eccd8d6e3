/*
 * What the parts of the laboratory share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DEMO_LAB_PRIVATE_H
#define DEMO_LAB_PRIVATE_H

#include "lab.h"
#include "../client.h"

/* Streams by number: even ones go to a VM, odd ones come from it. */
#define LAB_STREAM_SIZE 256
#define LAB_TO_GUEST 0
#define LAB_FROM_GUEST 1
#define LAB_BOOT_MS 120000
#define LAB_SETTLE_MS 10000

typedef struct LabVm {
    char *name;
    char *mac;
    char *ip;
    GSocketConnection *agent;   /* to the VM's agent where it runs now */
    LabHost agent_host;
    GString *agent_in;
    unsigned agent_id;          /* of the last request */
    bool booted;
    char *migration_end;        /* how the last migration ended, or NULL */
    bool migration_active;
    bool without_vf;            /* a save or migration has taken it */
    char *path;                 /* as the last event said */
    bool vf_settled;            /* the VF's queues are active as well */
    LabHost place;
    char *late_dma;             /* what the last VF used, for replay */
    char *late_msi;
} LabVm;

typedef struct LabSubscription {
    Lab *lab;
    LabHost host;
} LabSubscription;

struct Lab {
    LabOptions options;
    LabSetup setup;
    Report *report;
    char *run_dir;
    IovClient *clients[LAB_HOSTS];
    LabSubscription subscriptions[LAB_HOSTS];
    IovClient *tor;
    Peer *peer;
    LabVm vms[LAB_VMS];
    unsigned n_vms;
    bool closing;               /* lab_free() is at it */
    bool started;               /* traffic runs */
    int64_t t0_us;
    bool vf_noted;              /* report->vf_before is known */
    bool migrate_replied;       /* of the one migration under way */
    char *migrate_error;
};

/* The user wants it to end. */
bool lab_interrupted(void);
const char *lab_host_name(LabHost host);
double lab_ms(const Lab *lab, int64_t t_us);
void lab_say(Lab *lab, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* Runs the main context until @done says so or the time is over. */
bool lab_wait(Lab *lab, unsigned ms, bool (*done)(Lab *lab, void *opaque),
              void *opaque);

/* One `iovlab` command to its end; false: noted, with what it printed. */
bool lab_command(Lab *lab, const char *first, ...) G_GNUC_NULL_TERMINATED;

/* `show vm` of a VM where it is; caller unrefs. */
JsonObject *lab_show_vm(Lab *lab, unsigned vm);

/* lab_steps.c: the VF that the first VM has at the end. */
void lab_note_final_vf(Lab *lab);

/* lab_events.c */
void lab_events_subscribe(Lab *lab, LabHost host);

/* lab_agent.c */
bool lab_agent_wait(Lab *lab, unsigned vm, unsigned ms);
void lab_agent_drop(LabVm *vm);

/* lab_traffic.c */
bool lab_traffic_start(Lab *lab);
void lab_traffic_finish(Lab *lab);

/* lab_check.c: the guest's log has no warning, the counters are noted. */
void lab_check_consoles(Lab *lab);
void lab_collect_counters(Lab *lab);

#endif
