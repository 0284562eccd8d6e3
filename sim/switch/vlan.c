/*
 * VLANs at the ports of a switch: which frames may pass, and in which form.
 *
 * Inside the switch a frame has a VID (0: none).  An access port's frames are
 * untagged outside; uplinks and the ports of a plain bridge pass tags as they
 * are; a trunk does so for its VIDs; any other port has no VLANs at all.
 *
 * In a private VLAN (RFC 5517) promiscuous ports send in the primary VLAN, the
 * others in their secondary one; who hears which VLAN makes the difference.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "switch-internal.h"

#define TCI_VID 0x0fff
#define TCI_PRIORITY 0xe000

static bool passes_tags(const VswitchPort *port)
{
    return port->sw->kind == VSWITCH_TOR || port->config.uplink;
}

static bool trunk_has(const VswitchPort *port, uint16_t vid)
{
    return !port->config.vids ||
           (port->vids[vid / 64] >> (vid % 64) & 1);
}

static bool frame_tag(const Frame *frame, uint16_t *tci)
{
    if (frame->len < FRAME_ETH_LEN + FRAME_VLAN_LEN ||
        rd_be16(frame->data + 12) != FRAME_TYPE_VLAN) {
        return false;
    }
    *tci = rd_be16(frame->data + 14);
    return true;
}

static Frame *make_untagged(const Frame *tagged)
{
    Frame *frame = frame_alloc(tagged->len - FRAME_VLAN_LEN);

    memcpy(frame->data, tagged->data, 12);
    memcpy(frame->data + 12, tagged->data + 16, tagged->len - 16);
    return frame;
}

static Frame *make_tagged(const Frame *untagged, uint16_t tci)
{
    Frame *frame = frame_alloc(untagged->len + FRAME_VLAN_LEN);

    if (frame) {
        memcpy(frame->data, untagged->data, 12);
        wr_be16(frame->data + 12, FRAME_TYPE_VLAN);
        wr_be16(frame->data + 14, tci);
        memcpy(frame->data + 16, untagged->data + 12, untagged->len - 12);
    }
    return frame;
}

/* The VLAN of what the port sends untagged. */
static uint16_t own_vid(const VswitchPort *port)
{
    const VswitchPortConfig *config = &port->config;

    return (config->pvlan == VSWITCH_PVLAN_ISOLATED ||
            config->pvlan == VSWITCH_PVLAN_COMMUNITY ?
            config->secondary_vid : config->access_vid) & TCI_VID;
}

/* A tag of no VLAN, or none: the frame becomes one of the port's VLAN. */
static void enter_own(VswitchFrame *vf, const VswitchPort *port)
{
    if (vf->tagged && !vf->untagged) {
        vf->untagged = make_untagged(vf->tagged);
    }
    frame_unref(vf->tagged);
    vf->tagged = NULL;
    vf->vid = own_vid(port);
    vf->tci = (vf->tci & ~TCI_VID) | vf->vid;
}

/* The VM's priority does not count: the tag says 0. */
static void clear_priority(VswitchFrame *vf)
{
    if (!vf->untagged) {
        vf->untagged = make_untagged(vf->tagged);
    }
    frame_unref(vf->tagged);
    vf->tagged = NULL;
    vf->tci &= ~TCI_PRIORITY;
}

/*
 * Switches take a priority tag off: one that has a VLAN's tag behind it would
 * come out as a frame of that VLAN.
 */
static bool hides_vlan(const VswitchFrame *vf)
{
    return vf->tagged && !vf->vid &&
           rd_be16(vf->tagged->data + 2 * FRAME_ADDR_LEN + FRAME_VLAN_LEN) ==
           FRAME_TYPE_VLAN;
}

bool vswitch_frame_enter(VswitchFrame *vf, VswitchPort *port, Frame *frame)
{
    const VswitchPortConfig *config = &port->config;
    uint16_t tci;

    *vf = (VswitchFrame) { .from = port };
    if (frame_tag(frame, &tci)) {
        vf->tci = tci;
        vf->vid = tci & TCI_VID;
        vf->tagged = frame_ref(frame);
    } else {
        vf->untagged = frame_ref(frame);
    }
    if (passes_tags(port)) {
        return true;
    }
    if (hides_vlan(vf) ||
        (vf->vid && !(config->trunk && trunk_has(port, vf->vid)))) {
        return false;
    }
    if (!config->priority && (vf->tci & TCI_PRIORITY)) {
        clear_priority(vf);
    }
    if (!vf->vid && own_vid(port)) {
        enter_own(vf, port);
    }
    return true;
}

static bool pvlan_hears(const VswitchPort *port, uint16_t vid)
{
    const VswitchPortConfig *config = &port->config;

    switch (config->pvlan) {
    case VSWITCH_PVLAN_COMMUNITY:
        return vid == config->access_vid || vid == config->secondary_vid;
    case VSWITCH_PVLAN_PROMISCUOUS:
        return vid == config->access_vid ||
               (config->vids && (port->vids[vid / 64] >> (vid % 64) & 1));
    default:
        return vid == config->access_vid;
    }
}

bool vswitch_frame_member(const VswitchFrame *vf, const VswitchPort *port)
{
    if (passes_tags(port)) {
        return true;
    }
    if (port->config.pvlan) {
        return pvlan_hears(port, vf->vid);
    }
    if (vf->vid == port->config.access_vid) {
        return true;
    }
    return vf->vid && port->config.trunk && trunk_has(port, vf->vid);
}

Frame *vswitch_frame_leave(VswitchFrame *vf, const VswitchPort *port)
{
    bool tag;

    if (passes_tags(port) || (vf->vid && port->config.trunk &&
                              vf->vid != port->config.access_vid)) {
        /* As it came, except that a VLAN needs its tag. */
        tag = vf->vid ? true : vf->tagged != NULL;
    } else {
        tag = false;
    }
    if (tag && !vf->tagged) {
        vf->tagged = make_tagged(vf->untagged, vf->tci);
    }
    if (!tag && !vf->untagged) {
        vf->untagged = make_untagged(vf->tagged);
    }
    return tag ? vf->tagged : vf->untagged;
}

void vswitch_frame_clear(VswitchFrame *vf)
{
    frame_unref(vf->tagged);
    frame_unref(vf->untagged);
    vf->tagged = NULL;
    vf->untagged = NULL;
}

Frame *vswitch_announcement(const uint8_t mac[6], uint16_t vid)
{
    Frame *frame = frame_alloc(FRAME_MIN_LEN);
    Frame *tagged;
    uint8_t *p = frame->data;

    memset(p, 0, frame->len);
    memset(p, 0xff, 6);
    memcpy(p + 6, mac, 6);
    wr_be16(p + 12, 0x8035);            /* RARP */
    wr_be16(p + 14, 1);                 /* Ethernet */
    wr_be16(p + 16, FRAME_TYPE_IPV4);
    p[18] = 6;
    p[19] = 4;
    wr_be16(p + 20, 3);                 /* reverse request */
    memcpy(p + 22, mac, 6);
    memcpy(p + 32, mac, 6);
    if (!vid) {
        return frame;
    }
    tagged = make_tagged(frame, vid & TCI_VID);
    frame_unref(frame);
    return tagged;
}
