/*
 * The laboratory of a scenario: two hosts, the top-of-rack switch, the traffic
 * peer and the virtual machines, with the steps that scenarios are made of.
 *
 * Every step that can fail returns false after noting in the report what was
 * expected and what was seen; a scenario then simply returns.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DEMO_LAB_H
#define DEMO_LAB_H

#include <json-glib/json-glib.h>

#include "peer.h"
#include "report.h"

#define LAB_VMS 2

typedef enum LabHost { LAB_A, LAB_B, LAB_HOSTS } LabHost;

typedef struct LabOptions {
    const char *kernel;         /* files made by scripts/guest-image */
    const char *initrd;
    const char *report_dir;
    unsigned smp;
    unsigned rate;              /* frames a second, each way */
    uint64_t seed;
    bool quiet;                 /* no progress on standard output */
} LabOptions;

/* How the hosts are made; every number has a sensible default of 0. */
typedef struct LabSetup {
    unsigned vms;               /* 0: one */
    unsigned vfs_b;             /* VFs of B's adapter, 0: as many as A's */
    bool no_sriov_b;
    unsigned eject_limit_ms;    /* 0: Hyper-V's minute */
    /*
     * The VF is taken by surprise: what the guest still sends into it, and
     * what lies in its receive ring, is lost (and noted), as with any card
     * that was pulled.
     */
    bool surprise;
    bool between_vms;           /* streams run between the VMs, not the peer */
    unsigned nics;              /* of the first VM, 0: one */
    const char *machine_a;      /* a property of A's machine, as of set host */
    bool no_vf_at_first;        /* the scenario begins on the synthetic path */
    bool second_on_b;           /* the second VM is on B, and only fills it */
} LabSetup;

typedef struct Lab Lab;

Lab *lab_new(const LabOptions *options, Report *report);
/* Stops every process of the laboratory and frees it. */
void lab_free(Lab *lab);

/* Hosts up, VMs booted, each on a VF, traffic running. */
bool lab_start(Lab *lab, const LabSetup *setup);
/* Traffic ends, everything is counted and checked: 0 lost, 0 doubled. */
void lab_finish(Lab *lab);

/* Lets the traffic run. */
void lab_run_for(Lab *lab, unsigned ms);

bool lab_attach(Lab *lab, unsigned vm);
bool lab_detach(Lab *lab, unsigned vm);
bool lab_migrate(Lab *lab, unsigned vm, LabHost to);
/* Starts a migration and returns at once. */
bool lab_migrate_begin(Lab *lab, unsigned vm, LabHost to);
/* Waits until the VM's migration has ended: "completed", "cancelled"... */
bool lab_migrate_wait(Lab *lab, unsigned vm, const char *expected);
bool lab_migrate_cancel(Lab *lab, unsigned vm);
/* Waits until the migration moves memory (the VF is already gone). */
bool lab_migrate_wait_active(Lab *lab, unsigned vm);
bool lab_save(Lab *lab, unsigned vm, const char *file);
bool lab_restore(Lab *lab, unsigned vm, LabHost host, const char *file);
/* Kills the QEMU process that waits for the VM at @host. */
bool lab_kill_target(Lab *lab, unsigned vm, LabHost host);

/* `iovlab set KIND NAME PROPERTY=VALUE`, on whichever host has it. */
bool lab_set(Lab *lab, const char *kind, const char *name, const char *value);
/* The same, and it must be refused with this code. */
bool lab_set_refused(Lab *lab, const char *kind, const char *name,
                     const char *value, const char *code);
/* `iovlab restart adapter NAME` on A; it ends when the driver is up again. */
bool lab_restart(Lab *lab, const char *adapter);
/* A property of the VM's adapter, as text, is @expected within @ms. */
bool lab_expect_nic(Lab *lab, unsigned vm, unsigned nic, const char *property,
                    const char *expected, unsigned ms);
/* A property of one of host A's objects; the first of a list. */
bool lab_expect_object(Lab *lab, const char *kind, const char *property,
                       const char *expected);
bool lab_nic_add(Lab *lab, unsigned vm, unsigned nic);
bool lab_nic_remove(Lab *lab, unsigned vm, unsigned nic);
bool lab_checkpoint(Lab *lab, unsigned vm, const char *name);
/* An event of this name came from A since it started. */
bool lab_expect_event(Lab *lab, const char *event);

/* Waits until the VM's traffic is on "vf" or "synthetic". */
bool lab_wait_path(Lab *lab, unsigned vm, const char *path, unsigned ms);
/* The VM is on @host with this path, now. */
bool lab_expect(Lab *lab, unsigned vm, LabHost host, const char *path);
/* The adapter's status text of the VM's NIC contains @text. */
bool lab_expect_status(Lab *lab, unsigned vm, const char *text);

/* One line to the guest's agent, one line of JSON back; caller unrefs. */
JsonObject *lab_agent(Lab *lab, unsigned vm, const char *command);

/* A QMP command to the VM's QEMU; @arguments is taken.  NULL: noted. */
JsonNode *lab_qmp(Lab *lab, unsigned vm, const char *command,
                  JsonObject *arguments);

Report *lab_report(Lab *lab);
/*
 * What the VM's devices hold: relids, gpadls, iommu_domains, iommu_pages,
 * irtes.  Caller unrefs; NULL: noted.
 */
JsonObject *lab_resources(Lab *lab, unsigned vm);
/* Notes where the VM's VF last wrote and its first MSI. */
bool lab_note_requests(Lab *lab, unsigned vm);
/* A DMA of the noted VF, which still has its grant, is let through. */
bool lab_replay_allowed(Lab *lab, unsigned vm);
/*
 * The noted VF is gone: a DMA write to where it last wrote and its MSI must be
 * blocked and recorded, and the guest's memory be as before.
 */
bool lab_replay_late(Lab *lab, unsigned vm);
/* Frames that A's uplink put on the wire, for checks of the switch. */
uint64_t lab_wire_frames(Lab *lab, LabHost host);

#endif
