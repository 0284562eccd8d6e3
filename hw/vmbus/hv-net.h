/*
 * -device hv-net: what its files share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef IOVLAB_HW_HV_NET_H
#define IOVLAB_HW_HV_NET_H

#include "chardev/char-fe.h"
#include "net/net.h"

#include "iovlab/netvsp.h"
#include "vmbus/hv-vmbus.h"

#define TYPE_HV_NET "hv-net"
OBJECT_DECLARE_SIMPLE_TYPE(HvNet, HV_NET)

/* What the NIC is plugged into: a netdev, or a port in a host process. */
typedef struct HvNetBackend {
    bool (*start)(HvNet *s, Error **errp);
    void (*stop)(HvNet *s);
    /* The VM runs or stands still. */
    void (*set_running)(HvNet *s, bool running);
    bool (*tx_frame)(HvNet *s, const uint8_t *frame, size_t len);
    void (*rx_ready)(HvNet *s);
    void (*status)(HvNet *s);
    /* NULL: granted at once. */
    void (*switch_datapath)(HvNet *s, uint64_t cookie, bool to_vf);
    void (*drained)(HvNet *s);
    /* The model was loaded: says again what the backend knows better. */
    void (*loaded)(HvNet *s);
    /* Its part of the migration stream.  May be NULL. */
    void (*save)(HvNet *s, StateWriter *w);
    bool (*load)(HvNet *s, StateReader *r);
} HvNetBackend;

extern const HvNetBackend hv_net_netdev_backend;
extern const HvNetBackend hv_net_link_backend;

struct HvNet {
    HvVmbusDevice parent_obj;

    Netvsp *nic;                /* NULL until the NIC is offered */
    const HvNetBackend *backend;
    void *behind;
    NICState *netdev_nic;
    VMChangeStateEntry *runstate;
    GBytes *saved;              /* only while saving or loading */
    QEMUTimer *unplug_timer;    /* device_del waits for a quiet guest */
    unsigned unplug_looks;
    unsigned unplug_quiet;      /* looks in turn that saw nothing new */
    uint64_t unplug_activity;
    QEMUBH *rx_flush;           /* ends receive segment coalescing */
    bool tx_queued;             /* the netdev has a frame it could not take */

    /* properties */
    NICConf conf;
    CharBackend link;
    char *vm;
    uint32_t index;
    uint16_t max_channels;
    uint16_t mtu;
    uint32_t speed;
    bool mac_spoofing;
    bool rsc;
};

/* Makes the model, which offers the NIC.  @link_up as the backend sees it. */
bool hv_net_offer(HvNet *s, bool link_up, Error **errp);
/* A name of the device for messages; valid until the next call. */
const char *hv_net_name(HvNet *s);

#endif
