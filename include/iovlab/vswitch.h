/*
 * Two learning switches: the parent partition's software switch and the
 * top-of-rack switch.
 *
 * A port's frames wait in a queue until the port's owner takes them: while it
 * does not, or while the port is held, the frames are the switch's and keep
 * their order; the owner may also take the whole queue to another host.  No
 * call delivers a frame: vswitch_run() does, a bounded number, and is asked
 * for with ops->schedule.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_VSWITCH_H
#define IOVLAB_VSWITCH_H

#include "iovlab/frame.h"
#include "iovlab/port_policy.h"

typedef struct Vswitch Vswitch;
typedef struct VswitchPort VswitchPort;

typedef enum VswitchKind {
    /*
     * Software switch: addresses of ports are configured; only ports that may
     * spoof, and uplinks, are learned from.  Unicast that is nobody's goes to
     * the uplink.
     */
    VSWITCH_HOST,
    /* Plain bridge: learns, ages, floods what it does not know. */
    VSWITCH_TOR,
} VswitchKind;

typedef struct VswitchOps {
    uint64_t (*clock_ns)(void *opaque);
    void (*schedule)(void *opaque);
    /*
     * Two stations seem to have one address: @at has it, and it was also seen
     * behind @other.  May be NULL.  Can come often.
     */
    void (*conflict)(void *opaque, const uint8_t mac[6], VswitchPort *at,
                     VswitchPort *other);
} VswitchOps;

Vswitch *vswitch_new(VswitchKind kind, const VswitchOps *ops, void *opaque);
/* Removes every port. */
void vswitch_free(Vswitch *sw);
void vswitch_run(Vswitch *sw);
/* Learned addresses live this long; 300 s at first. */
void vswitch_set_aging(Vswitch *sw, uint64_t ns);

typedef struct VswitchPortOps {
    /*
     * A frame for the port's owner; take a reference to keep it.  False: not
     * now, it comes again after vswitch_port_room().  May put frames into
     * ports of the switch, but not take any out of this port's queue.
     */
    bool (*deliver)(void *opaque, Frame *frame);
    /* A copy of every frame, NULL if nobody looks.  @in: from the owner. */
    void (*tap)(void *opaque, Frame *frame, bool in);
} VswitchPortOps;

/* NDIS packet filter bits that count here. */
enum {
    VSWITCH_FILTER_DIRECTED      = 0x01,
    VSWITCH_FILTER_MULTICAST     = 0x02,
    VSWITCH_FILTER_ALL_MULTICAST = 0x04,
    VSWITCH_FILTER_BROADCAST     = 0x08,
    VSWITCH_FILTER_PROMISCUOUS   = 0x20,
};

/* A port in a private VLAN: access_vid is the primary VLAN. */
typedef enum VswitchPvlan {
    VSWITCH_PVLAN_NONE,
    VSWITCH_PVLAN_ISOLATED,     /* speaks with promiscuous ports only */
    VSWITCH_PVLAN_COMMUNITY,    /* and with its secondary VLAN's ports */
    VSWITCH_PVLAN_PROMISCUOUS,  /* with all of vids, its secondary VLANs */
} VswitchPvlan;

#define VSWITCH_TEAM_MAX 8

typedef struct VswitchPortConfig {
    uint8_t mac[6];             /* all zero: none (TOR, uplink) */
    bool uplink;                /* VSWITCH_HOST: the adapter's default pool */
    bool connected;             /* link up: else nothing in or out */
    bool spoofing;              /* any source address; learned from */
    /*
     * The VM's unicast is on its VF: frames for its address go to the uplink,
     * where the embedded switch has its filter.
     */
    bool datapath_vf;
    uint16_t access_vid;        /* the port is in this VLAN, untagged; 0: none */
    bool trunk;                 /* tagged frames pass, if in vids (NULL: all) */
    const uint64_t *vids;       /* bit map of 4,096; copied */
    VswitchPvlan pvlan;
    uint16_t secondary_vid;     /* of an isolated or a community port */
    /* IeeePriorityTag: the VM's 802.1p priority passes, else it becomes 0. */
    bool priority;
    /*
     * AllowTeaming: addresses of the VM's other adapters that may be sent from
     * here as well.
     */
    uint8_t team[VSWITCH_TEAM_MAX][6];
    unsigned n_team;
    uint32_t filter;            /* VSWITCH_FILTER_* */
    uint32_t queue_frames;      /* limits of the queue; 0: none */
    size_t queue_bytes;
} VswitchPortConfig;

/* @ops and @opaque outlive the port, @name is copied. */
VswitchPort *vswitch_port_new(Vswitch *sw, const char *name,
                              const VswitchPortConfig *config,
                              const VswitchPortOps *ops, void *opaque);
/* Frames in its queue are dropped: take them before. */
void vswitch_port_free(VswitchPort *port);
const char *vswitch_port_name(const VswitchPort *port);
void vswitch_port_configure(VswitchPort *port,
                            const VswitchPortConfig *config);
/* The configuration in force; vids is NULL if every VID may pass. */
const VswitchPortConfig *vswitch_port_config(const VswitchPort *port);

/* Takes effect with the next frame; @policy is copied. */
void vswitch_port_set_policy(VswitchPort *port, const VswitchPolicy *policy);
/* Borrowed until the next change; *count entries with their meters. */
const VswitchAcl *vswitch_port_acls(const VswitchPort *port, unsigned *count);

/*
 * When the owner may put in the next frame, so that none is dropped: 0 now,
 * else in nanoseconds; UINT64_MAX: once the uplink has sent some.
 */
uint64_t vswitch_port_send_wait(const VswitchPort *port);
/* A port has a minimum weight: the uplink should hold back little. */
bool vswitch_is_shared(const Vswitch *sw);
/* A frame of the owner's; the caller keeps its reference. */
void vswitch_port_input(VswitchPort *port, Frame *frame);
/*
 * The same for what a VM had sent before it left: a limit of bandwidth counts
 * it, and does not hold it back any more.
 */
void vswitch_port_input_last(VswitchPort *port, Frame *frame);
/* The same for a frame of the host's own in the port's name: no policies. */
void vswitch_port_announce(VswitchPort *port, Frame *frame);
/* deliver() can be tried again. */
void vswitch_port_room(VswitchPort *port);

/* A held port's frames wait in its queue. */
void vswitch_port_hold(VswitchPort *port, bool hold);
bool vswitch_port_held(const VswitchPort *port);
/*
 * The frames that wait, in order.  The owner may take frames out, put some
 * back in front (frame_queue_prepend()) or behind; vswitch_port_room() after.
 */
FrameQueue *vswitch_port_queue(VswitchPort *port);

typedef struct VswitchPortStats {
    uint64_t in_frames, in_bytes;       /* from the owner */
    uint64_t in_spoofed;                /* dropped: source address */
    uint64_t in_vlan;                   /* dropped: VLAN */
    uint64_t in_dropped;                /* dropped: port not connected */
    uint64_t out_frames, out_bytes;     /* taken by the owner */
    uint64_t out_dropped;               /* dropped: queue at its limit */
    uint64_t out_flooded;               /* of out: because nobody knew */
    uint64_t out_mirrored;              /* copies for a mirror's destination */
    uint64_t policy[VSWITCH_DROPS];     /* dropped: by a policy */
} VswitchPortStats;

void vswitch_port_stats(const VswitchPort *port, VswitchPortStats *stats);

/* --- what it learned ----------------------------------------------------- */

/* The port behind which @mac is (in @vid), or NULL. */
VswitchPort *vswitch_lookup(Vswitch *sw, const uint8_t mac[6], uint16_t vid);
/* Times an address was seen behind another port than before. */
uint64_t vswitch_moves(const Vswitch *sw);
unsigned vswitch_learned(const Vswitch *sw);
void vswitch_forget(Vswitch *sw, VswitchPort *port);

/*
 * The frame that tells switches where a station is: a broadcast RARP reverse
 * request from @mac (RFC 903), as hypervisors send after a migration.
 */
Frame *vswitch_announcement(const uint8_t mac[6], uint16_t vid);

#endif
