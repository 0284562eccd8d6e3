/*
 * What a switch has learned: stations and the ports behind which they are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "switch-internal.h"
#include "iovlab-trace.h"

#define CONFLICT_NS 10000000000ull
#define CONFLICT_BACK 4
#define SWEEP_NS 1000000000ull

static gboolean is_old(gpointer key, gpointer value, gpointer opaque)
{
    const VswitchEntry *entry = value;
    const Vswitch *sw = opaque;

    return sw->ops->clock_ns(sw->opaque) - entry->seen > sw->aging;
}

/*
 * Makes room in a full table; false if there is none.  Rarely: a guest that
 * makes up addresses would have the whole table searched for each frame.
 */
static bool sweep(Vswitch *sw)
{
    uint64_t now = sw->ops->clock_ns(sw->opaque);

    if (sw->swept && now - sw->swept < SWEEP_NS) {
        return false;
    }
    sw->swept = now;
    return g_hash_table_foreach_remove(sw->learned, is_old, sw) > 0;
}

/*
 * A station that moves stays at its new place, but for a frame or two that were
 * still on their way.  One that goes to and fro is two stations.
 */
static void move(VswitchEntry *entry, VswitchPort *port, const uint8_t *mac)
{
    Vswitch *sw = port->sw;
    VswitchPort *other = entry->port;
    uint64_t now = sw->ops->clock_ns(sw->opaque);

    if (entry->before != port || now - entry->moved > CONFLICT_NS) {
        entry->moved = now;
        entry->back = 0;
    } else if (++entry->back == CONFLICT_BACK) {
        entry->back = 0;
        entry->moved = now;
        if (sw->ops->conflict) {
            sw->ops->conflict(sw->opaque, mac, port, other);
        }
    }
    entry->before = other;
    entry->port = port;
}

void vswitch_learn(VswitchPort *port, const uint8_t *mac, uint16_t vid)
{
    Vswitch *sw = port->sw;
    uint64_t key = vswitch_key(mac, vid);
    VswitchEntry *entry = g_hash_table_lookup(sw->learned, &key);

    if (!entry) {
        if (g_hash_table_size(sw->learned) >= VSWITCH_LEARNED_MAX &&
            !sweep(sw)) {
            return;
        }
        entry = g_new0(VswitchEntry, 1);
        entry->key = key;
        entry->port = port;
        g_hash_table_insert(sw->learned, &entry->key, entry);
        trace_vswitch_station_learn(port->name, key);
    } else if (entry->port != port) {
        trace_vswitch_station_move(entry->port->name, port->name, key);
        move(entry, port, mac);
        sw->moves++;
    }
    entry->seen = sw->ops->clock_ns(sw->opaque);
}

VswitchPort *vswitch_learned_port(Vswitch *sw, const uint8_t *mac,
                                  uint16_t vid)
{
    uint64_t key = vswitch_key(mac, vid);
    VswitchEntry *entry = g_hash_table_lookup(sw->learned, &key);

    if (entry && is_old(NULL, entry, sw)) {
        g_hash_table_remove(sw->learned, &key);
        entry = NULL;
    }
    return entry ? entry->port : NULL;
}

static gboolean is_behind(gpointer key, gpointer value, gpointer port)
{
    VswitchEntry *entry = value;

    if (entry->before == port) {
        entry->before = NULL;
    }
    return entry->port == port;
}

void vswitch_forget(Vswitch *sw, VswitchPort *port)
{
    g_hash_table_foreach_remove(sw->learned, is_behind, port);
}

unsigned vswitch_learned(const Vswitch *sw)
{
    return g_hash_table_size(sw->learned);
}

uint64_t vswitch_moves(const Vswitch *sw)
{
    return sw->moves;
}
