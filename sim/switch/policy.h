/*
 * The policies of one port, as the files of the switch share them.
 *
 * Each policy is a file and a function that says whether a frame passes; the
 * pipeline (policy.c) calls those that are set.  A port without policies has
 * no PortPolicy.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SIM_SWITCH_POLICY_H
#define SIM_SWITCH_POLICY_H

#include "iovlab/port_policy.h"
#include "packet.h"

#include <glib.h>

typedef struct PolicyBucket {
    uint64_t rate;              /* of bits or frames a second; 0: no limit */
    uint64_t burst_ns;
    uint64_t until;             /* ns */
    uint64_t rest;              /* of a division by rate */
} PolicyBucket;

typedef struct PortPolicy {
    VswitchPolicy set;          /* without the list */
    VswitchAcl *acls;
    unsigned n_acls;
    PolicyBucket rate;
    PolicyBucket storm;
} PortPolicy;

/* policy.c; NULL if @p asks for nothing.  Frees or reuses @old. */
PortPolicy *policy_set(PortPolicy *old, const VswitchPolicy *p, uint64_t now);
void policy_free(PortPolicy *policy);
/*
 * What the VM sends, before it is switched.  @last: it will not send it again,
 * and is let through by the limit of bandwidth.
 */
VswitchDrop policy_outbound(PortPolicy *policy, const uint8_t *frame,
                            uint32_t len, uint64_t now, bool last);
/* What is for the VM. */
VswitchDrop policy_inbound(PortPolicy *policy, const uint8_t *frame,
                           uint32_t len);

/* True if the frame passes. */
bool policy_router_guard(const SwitchPacket *p);
bool policy_dhcp_guard(const SwitchPacket *p);
bool policy_acl(PortPolicy *policy, const SwitchPacket *p, bool out);
bool policy_bandwidth(PortPolicy *policy, uint32_t len, uint64_t now,
                      bool last);
bool policy_storm(PortPolicy *policy, uint64_t now);

void policy_acl_set(PortPolicy *policy, const VswitchAcl *acls,
                    unsigned count);
void policy_bandwidth_set(PortPolicy *policy, const VswitchPolicy *p,
                          uint64_t now);
/* Nanoseconds until the port may send again, 0: now. */
uint64_t policy_bandwidth_wait(const PortPolicy *policy, uint64_t now);

#endif
