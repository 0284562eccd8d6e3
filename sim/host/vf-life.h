/*
 * The life of the VF of one VM network adapter: granted, plugged into the VM,
 * used, ejected or revoked.  A table of transitions; what is done at each is
 * the owner's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_HOST_VF_LIFE_H
#define SIM_HOST_VF_LIFE_H

#include <stdbool.h>

typedef struct VfLife VfLife;

typedef enum VfState {
    VF_SYNTHETIC,       /* no VF is wanted; traffic is on the synthetic NIC */
    VF_WAITING,         /* a VF is wanted and cannot be had now */
    VF_ASSIGNED,        /* a VF is allocated; its devices are being added */
    VF_PRESENT,         /* the guest has the VF, its traffic is synthetic */
    VF_ACTIVE,          /* the guest's traffic is on the VF */
    VF_EJECTING,        /* the guest was asked to give the VF up */
    VF_REMOVING,        /* the guest gave it up; its bus is withdrawn */
    VF_REVOKING,        /* taken by surprise; its bus is withdrawn */
    VF_STATES,
} VfState;

typedef enum VfEvent {
    VF_EV_WANT,         /* a VF is wanted from now on */
    VF_EV_UNWANT,       /* no VF is wanted any more */
    VF_EV_RETRY,        /* whatever was in the way may be gone */
    VF_EV_PLUGGED,      /* the devices are in the VM */
    VF_EV_PLUG_FAILED,  /* they could not be added */
    VF_EV_ON_VF,        /* the guest moved its traffic to the VF */
    VF_EV_ON_SYNTHETIC, /* the guest's traffic is on the synthetic NIC */
    VF_EV_EJECTED,      /* the VF left the VM */
    VF_EV_BUS_GONE,     /* the virtual PCI bus left the VM */
    VF_EV_REVOKE,       /* take it at once */
    VF_EV_TIMEOUT,      /* the timer ran out */
    VF_EVENTS,
} VfEvent;

typedef struct VfLifeOps {
    /* Allocates and programs a VF.  False: none to be had now. */
    bool (*grant)(void *opaque);
    /* Associates and adds the devices; PLUGGED or PLUG_FAILED follows. */
    void (*plug)(void *opaque);
    /* Asks the guest; EJECTED follows if it answers. */
    void (*eject)(void *opaque);
    /* Moves the traffic to the synthetic NIC and cuts the VF off. */
    void (*revoke)(void *opaque);
    /* Withdraws the bus; BUS_GONE follows. */
    void (*withdraw)(void *opaque);
    /* Resets the VF and gives it back to the adapter. */
    void (*release)(void *opaque);
    void (*changed)(void *opaque, VfState from, VfState to);
    /* One TIMEOUT after @ms; 0 stops the clock. */
    void (*timer)(void *opaque, unsigned ms);
} VfLifeOps;

#define VF_EJECT_LIMIT_MS   60000   /* until surprise removal */
#define VF_WITHDRAW_LIMIT_MS 5000   /* until the bus counts as gone */

VfLife *vf_life_new(const VfLifeOps *ops, void *opaque);
void vf_life_free(VfLife *life);
VfState vf_life_state(const VfLife *life);
bool vf_life_wanted(const VfLife *life);
/* Whether the adapter's VF is in this VM's hands. */
bool vf_life_has_vf(const VfLife *life);
/* Nothing is under way: no VF, or a VF in the guest. */
bool vf_life_settled(const VfLife *life);
void vf_life_set_eject_limit(VfLife *life, unsigned ms);
unsigned vf_life_eject_limit(const VfLife *life);
void vf_life_event(VfLife *life, VfEvent event);
/* Whether the table has an entry for this event in this state. */
bool vf_life_accepts(VfState state, VfEvent event);
const char *vf_state_name(VfState state);
const char *vf_event_name(VfEvent event);
/* A VM that is taken back after the host process restarted. */
void vf_life_adopt(VfLife *life, VfState state, bool wanted);

#endif
