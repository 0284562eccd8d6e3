/*
 * The table of a VF's life in a VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/vf-life.h"

#include "iovlab-trace.h"

#include <glib.h>

struct VfLife {
    const VfLifeOps *ops;
    void *opaque;
    VfState state;
    bool wanted;
    bool held;              /* the adapter's VF is allocated to this VM */
    unsigned eject_ms;
};

typedef void (*VfAction)(VfLife *life);

/* --- actions ----------------------------------------------------------- */

static void enter(VfLife *life, VfState to)
{
    VfState from = life->state;

    life->state = to;
    if (from != to) {
        life->ops->changed(life->opaque, from, to);
    }
}

static void release(VfLife *life)
{
    if (life->held) {
        life->held = false;
        life->ops->release(life->opaque);
    }
}

static void do_try(VfLife *life)
{
    if (!life->ops->grant(life->opaque)) {
        return;
    }
    life->held = true;
    enter(life, VF_ASSIGNED);
    life->ops->plug(life->opaque);
}

static void do_eject(VfLife *life)
{
    life->ops->timer(life->opaque, life->eject_ms);
    life->ops->eject(life->opaque);
}

/* The devices are in; perhaps nobody wants them any more. */
static void do_plugged(VfLife *life)
{
    if (!life->wanted) {
        enter(life, VF_EJECTING);
        do_eject(life);
    }
}

static void do_withdraw(VfLife *life)
{
    release(life);
    life->ops->timer(life->opaque, VF_WITHDRAW_LIMIT_MS);
    life->ops->withdraw(life->opaque);
}

static void do_revoke(VfLife *life)
{
    life->ops->revoke(life->opaque);
    do_withdraw(life);
}

/* Nothing of the VF is left: start again if one is wanted. */
static void do_finish(VfLife *life)
{
    life->ops->timer(life->opaque, 0);
    release(life);
    if (life->wanted) {
        enter(life, VF_WAITING);
        do_try(life);
    }
}

static void do_plug_failed(VfLife *life)
{
    release(life);
    if (!life->wanted) {
        enter(life, VF_SYNTHETIC);
    }
}

/* --- the table --------------------------------------------------------- */

typedef struct VfTransition {
    VfState next;
    VfAction action;        /* after the state was entered */
    bool valid;
} VfTransition;

#define TO(state, act) { .next = VF_##state, .action = act, .valid = true }

static const VfTransition table[VF_STATES][VF_EVENTS] = {
    [VF_SYNTHETIC] = {
        [VF_EV_WANT]         = TO(WAITING, do_try),
        [VF_EV_UNWANT]       = TO(SYNTHETIC, NULL),
        [VF_EV_ON_SYNTHETIC] = TO(SYNTHETIC, NULL),
    },
    [VF_WAITING] = {
        [VF_EV_WANT]         = TO(WAITING, do_try),
        [VF_EV_RETRY]        = TO(WAITING, do_try),
        [VF_EV_UNWANT]       = TO(SYNTHETIC, NULL),
        [VF_EV_REVOKE]       = TO(WAITING, NULL),
        [VF_EV_ON_SYNTHETIC] = TO(WAITING, NULL),
    },
    [VF_ASSIGNED] = {
        [VF_EV_WANT]         = TO(ASSIGNED, NULL),
        [VF_EV_UNWANT]       = TO(ASSIGNED, NULL),
        [VF_EV_PLUGGED]      = TO(PRESENT, do_plugged),
        [VF_EV_PLUG_FAILED]  = TO(WAITING, do_plug_failed),
        [VF_EV_ON_VF]        = TO(ACTIVE, NULL),
        [VF_EV_ON_SYNTHETIC] = TO(ASSIGNED, NULL),
        [VF_EV_REVOKE]       = TO(REVOKING, do_revoke),
    },
    [VF_PRESENT] = {
        [VF_EV_WANT]         = TO(PRESENT, NULL),
        [VF_EV_UNWANT]       = TO(EJECTING, do_eject),
        [VF_EV_PLUGGED]      = TO(PRESENT, do_plugged),
        [VF_EV_ON_VF]        = TO(ACTIVE, NULL),
        [VF_EV_ON_SYNTHETIC] = TO(PRESENT, NULL),
        [VF_EV_EJECTED]      = TO(REMOVING, do_withdraw),
        [VF_EV_BUS_GONE]     = TO(SYNTHETIC, do_finish),
        [VF_EV_REVOKE]       = TO(REVOKING, do_revoke),
    },
    [VF_ACTIVE] = {
        [VF_EV_WANT]         = TO(ACTIVE, NULL),
        [VF_EV_UNWANT]       = TO(EJECTING, do_eject),
        [VF_EV_PLUGGED]      = TO(ACTIVE, do_plugged),
        [VF_EV_ON_VF]        = TO(ACTIVE, NULL),
        [VF_EV_ON_SYNTHETIC] = TO(PRESENT, NULL),
        [VF_EV_EJECTED]      = TO(REMOVING, do_withdraw),
        [VF_EV_BUS_GONE]     = TO(SYNTHETIC, do_finish),
        [VF_EV_REVOKE]       = TO(REVOKING, do_revoke),
    },
    [VF_EJECTING] = {
        [VF_EV_WANT]         = TO(EJECTING, NULL),
        [VF_EV_UNWANT]       = TO(EJECTING, NULL),
        [VF_EV_ON_VF]        = TO(EJECTING, NULL),
        [VF_EV_ON_SYNTHETIC] = TO(EJECTING, NULL),
        [VF_EV_EJECTED]      = TO(REMOVING, do_withdraw),
        [VF_EV_BUS_GONE]     = TO(SYNTHETIC, do_finish),
        [VF_EV_TIMEOUT]      = TO(REVOKING, do_revoke),
        [VF_EV_REVOKE]       = TO(REVOKING, do_revoke),
    },
    [VF_REMOVING] = {
        [VF_EV_WANT]         = TO(REMOVING, NULL),
        [VF_EV_UNWANT]       = TO(REMOVING, NULL),
        [VF_EV_ON_SYNTHETIC] = TO(REMOVING, NULL),
        [VF_EV_BUS_GONE]     = TO(SYNTHETIC, do_finish),
        [VF_EV_TIMEOUT]      = TO(SYNTHETIC, do_finish),
        [VF_EV_REVOKE]       = TO(REMOVING, NULL),
    },
    [VF_REVOKING] = {
        [VF_EV_WANT]         = TO(REVOKING, NULL),
        [VF_EV_UNWANT]       = TO(REVOKING, NULL),
        [VF_EV_ON_SYNTHETIC] = TO(REVOKING, NULL),
        [VF_EV_EJECTED]      = TO(REVOKING, NULL),
        [VF_EV_BUS_GONE]     = TO(SYNTHETIC, do_finish),
        [VF_EV_TIMEOUT]      = TO(SYNTHETIC, do_finish),
        [VF_EV_REVOKE]       = TO(REVOKING, NULL),
    },
};

static const char *const state_names[VF_STATES] = {
    [VF_SYNTHETIC] = "Synthetic",
    [VF_WAITING] = "Waiting",
    [VF_ASSIGNED] = "VfAssigned",
    [VF_PRESENT] = "VfPresent",
    [VF_ACTIVE] = "VfActive",
    [VF_EJECTING] = "Ejecting",
    [VF_REMOVING] = "Removing",
    [VF_REVOKING] = "Revoking",
};

static const char *const event_names[VF_EVENTS] = {
    [VF_EV_WANT] = "want",
    [VF_EV_UNWANT] = "unwant",
    [VF_EV_RETRY] = "retry",
    [VF_EV_PLUGGED] = "plugged",
    [VF_EV_PLUG_FAILED] = "plug-failed",
    [VF_EV_ON_VF] = "on-vf",
    [VF_EV_ON_SYNTHETIC] = "on-synthetic",
    [VF_EV_EJECTED] = "ejected",
    [VF_EV_BUS_GONE] = "bus-gone",
    [VF_EV_REVOKE] = "revoke",
    [VF_EV_TIMEOUT] = "timeout",
};

VfLife *vf_life_new(const VfLifeOps *ops, void *opaque)
{
    VfLife *life = g_new0(VfLife, 1);

    life->ops = ops;
    life->opaque = opaque;
    life->eject_ms = VF_EJECT_LIMIT_MS;
    return life;
}

void vf_life_free(VfLife *life)
{
    g_free(life);
}

VfState vf_life_state(const VfLife *life)
{
    return life->state;
}

bool vf_life_wanted(const VfLife *life)
{
    return life->wanted;
}

bool vf_life_has_vf(const VfLife *life)
{
    return life->held;
}

bool vf_life_settled(const VfLife *life)
{
    return life->state == VF_SYNTHETIC || life->state == VF_WAITING ||
        life->state == VF_PRESENT || life->state == VF_ACTIVE;
}

void vf_life_set_eject_limit(VfLife *life, unsigned ms)
{
    life->eject_ms = ms;
}

unsigned vf_life_eject_limit(const VfLife *life)
{
    return life->eject_ms;
}

bool vf_life_accepts(VfState state, VfEvent event)
{
    return table[state][event].valid;
}

const char *vf_state_name(VfState state)
{
    return (unsigned)state < VF_STATES ? state_names[state] : "?";
}

const char *vf_event_name(VfEvent event)
{
    return (unsigned)event < VF_EVENTS ? event_names[event] : "?";
}

void vf_life_event(VfLife *life, VfEvent event)
{
    const VfTransition *t = &table[life->state][event];

    if (event == VF_EV_WANT || event == VF_EV_UNWANT) {
        life->wanted = event == VF_EV_WANT;
    }
    if (!t->valid) {
        trace_host_vf_event_refused(life, vf_state_name(life->state),
                                    vf_event_name(event));
        return;
    }
    trace_host_vf_state(life, vf_state_name(life->state),
                        vf_event_name(event), vf_state_name(t->next));
    enter(life, t->next);
    if (t->action) {
        t->action(life);
    }
}

void vf_life_adopt(VfLife *life, VfState state, bool wanted)
{
    life->state = state;
    life->wanted = wanted;
    life->held = state >= VF_ASSIGNED && state <= VF_EJECTING;
}
