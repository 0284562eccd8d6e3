/*
 * What the files of the switch share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_SWITCH_INTERNAL_H
#define SIM_SWITCH_INTERNAL_H

#include "iovlab/eth.h"
#include "iovlab/vswitch.h"
#include "policy.h"

#define VSWITCH_VIDS 4096
/* A guest that may spoof cannot fill more memory than this. */
#define VSWITCH_LEARNED_MAX 16384

/* Station: address in bits 47:0, VID above. */
typedef struct VswitchEntry {
    uint64_t key;
    VswitchPort *port;
    uint64_t seen;              /* ns */
    VswitchPort *before;        /* where it was before it moved */
    uint64_t moved;             /* ns: the first of a run of moves */
    unsigned back;              /* moves of that run that went back */
} VswitchEntry;

struct Vswitch {
    VswitchKind kind;
    const VswitchOps *ops;
    void *opaque;
    GPtrArray *ports;
    GHashTable *owners;         /* configured address -> VswitchPort */
    GHashTable *learned;        /* key -> VswitchEntry */
    uint64_t aging;
    uint64_t swept;             /* ns: when the table was last full */
    uint64_t moves;
    uint64_t next_id;           /* of ports */
    bool scheduled;
    unsigned mirrors;           /* ports that are a mirror's destination */
    unsigned weighted;          /* ports that have a minimum weight */
};

struct VswitchPort {
    Vswitch *sw;
    char *name;
    VswitchPortConfig config;
    uint64_t vids[VSWITCH_VIDS / 64];
    uint64_t address;           /* config.mac as a key, 0: none */
    const VswitchPortOps *ops;
    void *opaque;
    FrameQueue queue;
    bool held;
    bool blocked;
    PortPolicy *policy;         /* NULL: none is set */
    uint64_t id;                /* in the tags of frames at the uplink */
    uint64_t waiting;           /* its bytes at the uplink */
    VswitchPortStats stats;
};

static inline uint64_t vswitch_key(const uint8_t *mac, uint16_t vid)
{
    return (uint64_t)vid << 48 | (uint64_t)rd_be16(mac) << 32 |
           rd_be32(mac + 2);
}

void vswitch_schedule(Vswitch *sw);

/* fdb.c */
void vswitch_learn(VswitchPort *port, const uint8_t *mac, uint16_t vid);
VswitchPort *vswitch_learned_port(Vswitch *sw, const uint8_t *mac,
                                  uint16_t vid);

/* mirror.c */
void vswitch_mirror(VswitchPort *from, Frame *frame);

/* share.c: a frame of @from waits at an uplink, and has left it. */
void vswitch_share_add(VswitchPort *from, size_t len);
void vswitch_share_sent(Vswitch *sw, uint64_t id, size_t len);
bool vswitch_share_left(const VswitchPort *port);

/* vlan.c: a frame in its VLAN, with and without a tag, made when needed. */
typedef struct VswitchFrame {
    VswitchPort *from;
    Frame *tagged;
    Frame *untagged;
    uint16_t tci;
    uint16_t vid;
    bool flooded;
} VswitchFrame;

/* False if the port may not send it.  @frame stays the caller's. */
bool vswitch_frame_enter(VswitchFrame *vf, VswitchPort *port, Frame *frame);
bool vswitch_frame_member(const VswitchFrame *vf, const VswitchPort *port);
/* The form in which it leaves the port; owned by @vf. */
Frame *vswitch_frame_leave(VswitchFrame *vf, const VswitchPort *port);
void vswitch_frame_clear(VswitchFrame *vf);

#endif
